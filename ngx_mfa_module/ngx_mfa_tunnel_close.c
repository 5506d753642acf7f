/*
 * What of an ended session is closed, and how (D14, D15).
 *
 * Both sides of a tunnel at once; HTTP/1.1 loses its connection, HTTP/2 its
 * stream. Nothing here asks why.
 */

#include "ngx_mfa_module.h"


/* what was just forwarded may finish; in seconds */
#define NGX_MFA_TUNNEL_YOUNG  3


/*
 * D15: the answer to a request of before the end may still come. A stream of
 * events is no such answer, nor is a GET that takes its time: a long poll.
 */

ngx_uint_t
ngx_mfa_tunnel_may_close(ngx_http_request_t *r)
{
    static const ngx_str_t  stream = ngx_string("text/event-stream");

    /* a thread that works on it may not be interrupted */

    if (r->blocked) {
        return 0;
    }

    if (r->upstream && r->upstream->upgrade) {
        return 1;
    }

    if (r->header_sent
        && r->headers_out.content_type.len >= stream.len
        && ngx_strncasecmp(r->headers_out.content_type.data, stream.data,
                           stream.len)
           == 0)
    {
        return 1;
    }

    return (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
           && ngx_time() - r->start_sec >= NGX_MFA_TUNNEL_YOUNG;
}


void
ngx_mfa_tunnel_close(ngx_http_request_t *r)
{
    ngx_connection_t  *c;
#if (NGX_HTTP_V2)
    ngx_event_t       *wev;

    wev = r->stream ? r->stream->connection->connection->write : NULL;
#endif

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "mfa: the session has ended, closing what it kept open");

    /* the cleanup of an upstream takes one away */

    if (r->write_event_handler) {
        r->count++;
    }

    r->keepalive = 0;

    ngx_http_finalize_request(r, NGX_HTTP_CLOSE);
    ngx_http_run_posted_requests(c);

#if (NGX_HTTP_V2)

    /* other streams of the connection may be silent for long */

    if (wev) {
        ngx_post_event(wev, &ngx_posted_events);
    }

#endif
}
