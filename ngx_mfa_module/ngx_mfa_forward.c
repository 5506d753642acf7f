/*
 * "logout_url PATH forward": the application gets the request before the
 * session ends.
 *
 * The gate lets the request pass, so that every other rule of the location
 * is asked as well; here, just before the content, a copy of it goes to the
 * application in a subrequest, whose answer is dropped but for its cookies.
 * Then, or when the application takes too long, the session ends. Nothing of
 * it reaches the browser before (D6); the application's answer never does.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_FORWARD_TIMEOUT      5000
#define NGX_MFA_FORWARD_COOKIES      32
#define NGX_MFA_FORWARD_COOKIE_MAX   4096


typedef enum {
    NGX_MFA_FORWARD_WANTED = 0,
    NGX_MFA_FORWARD_BODY,           /* is being read */
    NGX_MFA_FORWARD_READY,
    NGX_MFA_FORWARD_SENT,
    NGX_MFA_FORWARD_OVER
} ngx_mfa_forward_e;

struct ngx_mfa_forward_s {
    ngx_http_request_t  *request;
    ngx_mfa_forward_e    state;
    ngx_str_t            uri;       /* the gate judged this one */
    ngx_event_t          timer;
    ngx_connection_t     dummy;     /* what nginx logs of the timer */
    ngx_uint_t           cookies;
    mfa_str_t            cookie[NGX_MFA_FORWARD_COOKIES];
};


ngx_int_t
ngx_mfa_forward_want(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t      *ctx;
    ngx_mfa_forward_t  *forward;

    ctx = ngx_mfa_ctx_make(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ctx->forward) {
        return NGX_OK;
    }

    forward = ngx_pcalloc(r->pool, sizeof(ngx_mfa_forward_t));
    if (forward == NULL) {
        return NGX_ERROR;
    }

    forward->request = r;
    forward->uri = r->uri;
    ctx->forward = forward;

    return NGX_OK;
}


static void
ngx_mfa_forward_timer_stop(ngx_mfa_forward_t *forward)
{
    if (forward->timer.timer_set) {
        ngx_del_timer(&forward->timer);
    }
}


void
ngx_mfa_forward_free(ngx_mfa_forward_t *forward)
{
    ngx_mfa_forward_timer_stop(forward);
}


mfa_strs_t
ngx_mfa_forward_cookies(const ngx_mfa_ctx_t *ctx)
{
    mfa_strs_t  list;

    ngx_memzero(&list, sizeof(mfa_strs_t));

    if (ctx->forward) {
        list.items = ctx->forward->cookie;
        list.count = ctx->forward->cookies;
    }

    return list;
}


static void
ngx_mfa_forward_keep(ngx_mfa_forward_t *forward, ngx_table_elt_t *h)
{
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_http_get_module_main_conf(forward->request, ngx_mfa_module);

    if (h->hash == 0
        || h->key.len != sizeof("Set-Cookie") - 1
        || ngx_strncasecmp(h->key.data, (u_char *) "Set-Cookie", h->key.len)
           != 0
        || h->value.len > NGX_MFA_FORWARD_COOKIE_MAX
        || forward->cookies == NGX_MFA_FORWARD_COOKIES
        || ngx_mfa_filter_is_our_cookie(mmcf, &h->value))
    {
        return;
    }

    forward->cookie[forward->cookies++] = ngx_mfa_str(&h->value);
}


/* whatever the application answered, and if it answered at all */

static ngx_int_t
ngx_mfa_forward_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_mfa_forward_t *forward = data;

    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    /* an error would become an error page of the location, or the end of
     * the whole request */

    rc = NGX_OK;

    if (forward->state != NGX_MFA_FORWARD_SENT) {
        return rc;
    }

    forward->state = NGX_MFA_FORWARD_OVER;
    ngx_mfa_forward_timer_stop(forward);

    for (part = &sr->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            ngx_mfa_forward_keep(forward, &h[i]);
        }
    }

    if (ngx_http_post_request(forward->request, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc;
}


static void
ngx_mfa_forward_timeout(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_mfa_forward_t   *forward;
    ngx_http_request_t  *r;

    c = ev->data;
    r = c->data;
    c = r->connection;
    forward = ngx_mfa_ctx_get(r)->forward;

    ngx_http_set_log_request(c->log, r);

    ngx_log_error(NGX_LOG_WARN, c->log, 0, "the application did not answer "
                  "its logout in time, the session ends without it");

    /* it may still answer, and the next request must not wait for that */

    forward->state = NGX_MFA_FORWARD_OVER;
    r->keepalive = 0;

    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_mfa_forward_send(ngx_http_request_t *r, ngx_mfa_forward_t *forward)
{
    ngx_http_request_t          *sr;
    ngx_http_post_subrequest_t  *ps;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_mfa_forward_done;
    ps->data = forward;

    forward->state = NGX_MFA_FORWARD_SENT;

    if (ngx_http_subrequest(r, &r->uri, &r->args, &sr, ps,
                            NGX_HTTP_SUBREQUEST_BACKGROUND)
        != NGX_OK)
    {
        forward->state = NGX_MFA_FORWARD_OVER;
        return NGX_ERROR;
    }

    sr->header_only = 1;
    sr->method = r->method;
    sr->method_name = r->method_name;

    forward->dummy.data = r;
    forward->dummy.fd = r->connection->fd;
    forward->timer.data = &forward->dummy;
    forward->timer.handler = ngx_mfa_forward_timeout;
    forward->timer.log = r->connection->log;
    ngx_add_timer(&forward->timer, NGX_MFA_FORWARD_TIMEOUT);

    return NGX_OK;
}


static void
ngx_mfa_forward_body_ready(ngx_http_request_t *r)
{
    ngx_mfa_ctx_get(r)->forward->state = NGX_MFA_FORWARD_READY;

    /* for the subrequest */

    r->preserve_body = 1;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_mfa_forward_read(ngx_http_request_t *r, ngx_mfa_forward_t *forward)
{
    ngx_int_t  rc;

    forward->state = NGX_MFA_FORWARD_BODY;

    rc = ngx_http_read_client_request_body(r, ngx_mfa_forward_body_ready);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


ngx_int_t
ngx_mfa_forward_handler(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_forward_t   *forward;
    ngx_mfa_loc_conf_t  *mlcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_mfa_ctx_get(r);
    forward = ctx ? ctx->forward : NULL;

    if (forward == NULL) {
        return NGX_DECLINED;
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    /* an error page, or a place that was reached by another redirect */

    if (mlcf->realm == NULL
        || mlcf->is_portal
        || r->uri.len != forward->uri.len
        || ngx_memcmp(r->uri.data, forward->uri.data, r->uri.len) != 0)
    {
        return NGX_DECLINED;
    }

    if (forward->state == NGX_MFA_FORWARD_WANTED
        && r->method == NGX_HTTP_POST)
    {
        return ngx_mfa_forward_read(r, forward);
    }

    if ((forward->state == NGX_MFA_FORWARD_WANTED
         || forward->state == NGX_MFA_FORWARD_READY)
        && ngx_mfa_forward_send(r, forward) != NGX_OK)
    {
        return ngx_mfa_logout_now(r, mlcf);
    }

    return forward->state == NGX_MFA_FORWARD_OVER
           ? ngx_mfa_logout_now(r, mlcf) : NGX_AGAIN;
}
