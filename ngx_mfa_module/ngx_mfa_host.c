/*
 * Which host a request came to: public_url's, that of an application, or
 * none of the realm.
 *
 * Compares names with what is configured; a name of a request never goes
 * anywhere else (F12).
 */

#include "ngx_mfa_module.h"


/* "host" or "host:port" of a Host header */

static ngx_uint_t
ngx_mfa_host_is_name(const ngx_str_t *host, const mfa_origin_t *origin)
{
    u_char     *p;
    size_t      len;
    ngx_int_t   port;

    len = origin->host.len;

    if (host->len < len
        || ngx_strncasecmp(host->data,
                           (u_char *) (uintptr_t) origin->host.data, len)
           != 0)
    {
        return 0;
    }

    if (host->len == len) {
        return 1;
    }

    p = host->data + len;

    if (*p++ != ':') {
        return 0;
    }

    port = ngx_atoi(p, (size_t) (host->data + host->len - p));

    return port != NGX_ERROR && port == (ngx_int_t) origin->port;
}


static ngx_uint_t
ngx_mfa_host_is(ngx_http_request_t *r, const mfa_origin_t *origin)
{
    /* with an absolute request line nginx's server name comes from there */

    return r->headers_in.server.len
           && ngx_mfa_host_is_name(&r->headers_in.server, origin)
           && (r->headers_in.host == NULL
               || ngx_mfa_host_is_name(&r->headers_in.host->value, origin));
}


ngx_uint_t
ngx_mfa_host_is_public(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    return ngx_mfa_host_is(r, mfa_realm_origin(realm->realm));
}


mfa_str_t
ngx_mfa_host_other(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    size_t               n;
    mfa_str_t            host;
    const mfa_origin_t  *origin;

    if (realm == NULL) {
        return mfa_null;
    }

    for (n = 0; /* void */ ; n++) {
        origin = mfa_realm_other(realm->realm, n, &host);

        if (origin == NULL || ngx_mfa_host_is(r, origin)) {
            return host;
        }
    }
}
