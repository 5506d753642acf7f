/*
 * mfa_check: this location answers other proxies, which ask before they pass
 * a request on ("auth_request" of another nginx, "forward_auth").
 *
 * 204 with the identity in the answer's headers, 401 or 403: nothing else,
 * and no body is read (F7). The gate has judged before this runs.
 */

#include "ngx_mfa_module.h"


static ngx_int_t
ngx_mfa_check_header(ngx_http_request_t *r, const ngx_mfa_header_t *name,
    mfa_str_t value)
{
    ngx_table_elt_t  *h;

    if (name->key.len == 0 || value.len == 0) {
        return NGX_OK;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_mfa_set_next(h);
    h->hash = 1;
    h->key = name->key;
    h->value.len = value.len;
    h->value.data = ngx_pnalloc(r->pool, value.len);

    if (h->value.data == NULL) {
        h->hash = 0;
        return NGX_ERROR;
    }

    ngx_memcpy(h->value.data, value.data, value.len);

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_check_identity(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_uint_t             i;
    const mfa_identity_t  *identity;

    identity = ngx_mfa_gate_identity(r, mlcf->realm);

    for (i = 0; identity && i < mlcf->headers->count; i++) {
        if (ngx_mfa_check_header(r, &mlcf->headers->header[i],
                                 ngx_mfa_identity_value(identity, i))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_check_handler(ngx_http_request_t *r)
{
    ngx_mfa_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    if (r == r->main) {
        ngx_mfa_exchange_drain(r);
    }

    if (ngx_mfa_check_identity(r, mlcf) != NGX_OK) {
        return NGX_HTTP_FORBIDDEN;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->headers_out.content_length_n = -1;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


char *
ngx_mfa_check_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (mlcf->is_check) {
        return "is duplicate";
    }

    if (clcf->handler) {
        return "conflicts with another handler of this location";
    }

    mlcf->is_check = 1;
    clcf->handler = ngx_mfa_check_handler;

    return NGX_CONF_OK;
}
