/*
 * Our cookies stay between the browser and the gateway.
 *
 * After the header of a request is read they are cut out of Cookie, on all
 * locations of a server that has our directives; the context keeps what
 * came in, for the gate and the portal. Also says which cookies of an
 * application are to be dropped.
 */

#include "ngx_mfa_module.h"


/* what some browser or application may take for white space or nothing */

static ngx_uint_t
ngx_mfa_cookie_is_blank(u_char c)
{
    return c <= ' ' || c >= 0x7f || c == '=';
}


ngx_uint_t
ngx_mfa_cookie_is_ours(ngx_mfa_main_conf_t *mmcf, u_char *name,
    size_t len)
{
    while (len && ngx_mfa_cookie_is_blank(*name)) {
        name++;
        len--;
    }

    while (len && ngx_mfa_cookie_is_blank(name[len - 1])) {
        len--;
    }

    return mfa_strs_has(&mmcf->cookies, mfa_str_bytes(name, len));
}


/* does the value hold one of our names at all? */

static ngx_uint_t
ngx_mfa_cookie_may_hold(ngx_mfa_main_conf_t *mmcf, const ngx_str_t *value)
{
    size_t             i;
    const mfa_str_t   *name;

    for (i = 0; i < mmcf->cookies.count; i++) {
        name = &mmcf->cookies.items[i];

        if (value->len >= name->len
            && memmem(value->data, value->len, name->data, name->len))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_mfa_cookie_cut(ngx_http_request_t *r, ngx_mfa_main_conf_t *mmcf,
    ngx_str_t *value)
{
    u_char  *p, *end, *last, *semi, *name_end, *out;

    out = ngx_pnalloc(r->pool, value->len);
    if (out == NULL) {
        return NGX_ERROR;
    }

    last = out;
    p = value->data;
    end = p + value->len;

    while (p < end) {
        semi = ngx_strlchr(p, end, ';');

        if (semi == NULL) {
            semi = end;
        }

        while (p < semi && (*p == ' ' || *p == '\t')) {
            p++;
        }

        /* "=name=value" is a cookie without a name that looks like ours */

        name_end = p;

        while (name_end < semi && *name_end == '=') {
            name_end++;
        }

        while (name_end < semi && *name_end != '=') {
            name_end++;
        }

        if (p < semi
            && !ngx_mfa_cookie_is_ours(mmcf, p, (size_t) (name_end - p)))
        {
            if (last > out) {
                *last++ = ';';
                *last++ = ' ';
            }

            last = ngx_cpymem(last, p, semi - p);
        }

        p = semi + 1;
    }

    value->data = out;
    value->len = (size_t) (last - out);

    return NGX_OK;
}


#if (NGX_MFA_HAS_NEXT)

/* $http_cookie and $cookie_NAME walk these links */

static void
ngx_mfa_cookie_unlink(ngx_http_request_t *r)
{
    ngx_table_elt_t  **link;

    link = &r->headers_in.cookie;

    while (*link) {
        if ((*link)->value.len == 0) {
            *link = (*link)->next;

        } else {
            link = &(*link)->next;
        }
    }
}

#else

static void
ngx_mfa_cookie_unlink(ngx_http_request_t *r)
{
    ngx_uint_t         i, n;
    ngx_table_elt_t  **h;

    h = r->headers_in.cookies.elts;

    for (i = 0, n = 0; i < r->headers_in.cookies.nelts; i++) {
        if (h[i]->value.len) {
            h[n++] = h[i];
        }
    }

    r->headers_in.cookies.nelts = n;
}

#endif


/* the strip below finds an empty key; keeps the value for the gate */

static ngx_int_t
ngx_mfa_cookie_take(ngx_http_request_t *r, ngx_mfa_main_conf_t *mmcf,
    ngx_table_elt_t *h, ngx_uint_t *is_empty)
{
    mfa_str_t      *items;
    ngx_mfa_ctx_t  *ctx;

    ctx = ngx_mfa_ctx_make(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ctx->cookies.items == NULL) {
        ctx->cookies.items = ngx_palloc(r->pool,
                                        MFA_LIST_MAX * sizeof(mfa_str_t));
        if (ctx->cookies.items == NULL) {
            return NGX_ERROR;
        }
    }

    items = ctx->cookies.items;

    if (ctx->cookies.count == MFA_LIST_MAX) {
        return NGX_HTTP_REQUEST_HEADER_TOO_LARGE;
    }

    items[ctx->cookies.count++] = ngx_mfa_str(&h->value);

    if (ngx_mfa_cookie_cut(r, mmcf, &h->value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (h->value.len == 0) {
        *is_empty = 1;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_mfa_cookie_is_header(const ngx_table_elt_t *h)
{
    return h->key.len == sizeof("Cookie") - 1
           && ngx_strncmp(h->lowcase_key, "cookie", sizeof("cookie") - 1)
              == 0;
}


static ngx_int_t
ngx_mfa_cookie_drop_empty(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_mfa_cookie_unlink(r);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].value.len == 0
                && ngx_mfa_cookie_is_header(&h[i]))
            {
                h[i].key.len = 0;
            }
        }
    }

    return ngx_mfa_identity_strip(r);
}


ngx_int_t
ngx_mfa_cookie_clean(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_uint_t            i, is_found, is_empty;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    ngx_mfa_srv_conf_t   *mscf;
    ngx_mfa_main_conf_t  *mmcf;

    mscf = ngx_http_get_module_srv_conf(r, ngx_mfa_module);

    if (!mscf->is_ours) {
        return NGX_DECLINED;
    }

    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    is_found = 0;
    is_empty = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_mfa_identity_is_ours(mmcf, &h[i])) {
                is_found = 1;
                ngx_mfa_monitor_removed(r, mmcf, &h[i]);
                continue;
            }

            if (!ngx_mfa_cookie_is_header(&h[i])
                || !ngx_mfa_cookie_may_hold(mmcf, &h[i].value))
            {
                continue;
            }

            rc = ngx_mfa_cookie_take(r, mmcf, &h[i], &is_empty);

            if (rc != NGX_OK) {
                return rc == NGX_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
            }
        }
    }

    if (is_empty) {
        rc = ngx_mfa_cookie_drop_empty(r);

    } else if (is_found) {
        rc = ngx_mfa_identity_strip(r);

    } else {
        rc = NGX_OK;
    }

    return rc == NGX_OK ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}
