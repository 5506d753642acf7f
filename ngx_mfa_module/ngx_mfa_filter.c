/*
 * The header filter: what leaves a server that has our directives.
 *
 * Cookies of our names from an application are dropped, guarded HTML is not
 * kept by browsers, and an error page of nginx where one of ours is due
 * becomes ours.
 */

#include "ngx_mfa_module.h"


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


static ngx_uint_t
ngx_mfa_filter_is(const ngx_table_elt_t *h, const char *name, size_t len)
{
    return h->hash
           && h->key.len == len
           && ngx_strncasecmp(h->key.data, (u_char *) (uintptr_t) name, len)
              == 0;
}

#define ngx_mfa_filter_is_header(h, name)                                     \
    ngx_mfa_filter_is(h, name, sizeof(name) - 1)


ngx_uint_t
ngx_mfa_filter_is_our_cookie(ngx_mfa_main_conf_t *mmcf, ngx_str_t *value)
{
    u_char  *p, *end;

    p = value->data;
    end = p + value->len;

    /* a browser sends a cookie without a name as its bare value */

    while (p < end && (*p <= ' ' || *p == '=')) {
        p++;
    }

    while (p < end && *p != '=' && *p != ';') {
        p++;
    }

    return ngx_mfa_cookie_is_ours(mmcf, value->data,
                                  (size_t) (p - value->data));
}


static void
ngx_mfa_filter_cookies(ngx_http_request_t *r, ngx_mfa_main_conf_t *mmcf)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_mfa_filter_is_header(&h[i], "Set-Cookie")
                && ngx_mfa_filter_is_our_cookie(mmcf, &h[i].value))
            {
                h[i].hash = 0;
            }
        }
    }
}


static ngx_uint_t
ngx_mfa_filter_is_html(const ngx_str_t *type)
{
    static const ngx_str_t  html = ngx_string("text/html");
    static const ngx_str_t  xhtml = ngx_string("application/xhtml+xml");

    return (type->len >= html.len
            && ngx_strncasecmp(type->data, html.data, html.len) == 0)
           || (type->len >= xhtml.len
               && ngx_strncasecmp(type->data, xhtml.data, xhtml.len) == 0);
}


/* L10: after a logout, Back shows nothing personal */

static ngx_int_t
ngx_mfa_filter_no_store(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_mfa_filter_is_header(&h[i], "Cache-Control")
                || ngx_mfa_filter_is_header(&h[i], "Expires")
                || ngx_mfa_filter_is_header(&h[i], "Pragma"))
            {
                h[i].hash = 0;
            }
        }
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "private, no-store");
    h->lowcase_key = NULL;
    ngx_mfa_set_next(h);

    return NGX_OK;
}


/* the answer nginx is about to send becomes reply */

static ngx_int_t
ngx_mfa_filter_replace(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    const mfa_reply_t *reply)
{
    ngx_int_t  rc;

    if (ngx_mfa_exchange_headers(r, reply) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->is_sent = 1;

    rc = ngx_http_next_header_filter(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    rc = ngx_mfa_exchange_body(r, reply);

    /* the caller goes on with its own body unless it is told not to */

    r->header_only = 1;

    return rc;
}


static ngx_int_t
ngx_mfa_filter_plain(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    unsigned status)
{
    mfa_reply_t    reply;
    mfa_request_t  request;

    ngx_mfa_exchange_request(r, &request);
    ngx_mfa_exchange_text(r, status, mfa_is_page_load(&request), &reply);

    return ngx_mfa_filter_replace(r, ctx, &reply);
}


static ngx_int_t
ngx_mfa_filter_refuse(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    ngx_mfa_loc_conf_t *mlcf)
{
    mfa_arena_t  *arena;
    mfa_reply_t   reply;

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    if (arena == NULL
        || ngx_mfa_answer_refusal(r, mlcf, ctx->is_step_up, arena, &reply)
           != NGX_OK)
    {
        return ngx_mfa_filter_plain(r, ctx, 503);
    }

    return ngx_mfa_filter_replace(r, ctx, &reply);
}


/* did the access phase end this request? An application may answer 401 too */

static ngx_uint_t
ngx_mfa_filter_is_at_access(ngx_http_request_t *r)
{
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    ph = &cmcf->phase_engine.handlers[r->phase_handler];

    return ph->checker == ngx_http_core_access_phase
           || ph->checker == ngx_http_core_post_access_phase;
}


/* a login is what helps nobody; the operator must help somebody (U4) */

static ngx_int_t
ngx_mfa_filter_application(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    ngx_mfa_loc_conf_t *mlcf)
{
    if (ctx->basic == NGX_MFA_BASIC_NOBODY && mlcf->realm) {
        return ngx_mfa_filter_refuse(r, ctx, mlcf);
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "mfa: the application answered 401 to the user and "
                  "password of \"mfa_upstream_basic\", which is answered "
                  "502");

    return ngx_mfa_filter_plain(r, ctx, 502);
}


static ngx_int_t
ngx_mfa_filter_ours(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    ngx_mfa_loc_conf_t *mlcf)
{
    ngx_uint_t  status;

    status = r->headers_out.status;

    if (mlcf->is_portal) {
        return status >= 400 ? ngx_mfa_filter_plain(r, ctx, (unsigned) status)
                             : NGX_DECLINED;
    }

    if (ctx->denied == 0
        || mlcf->realm == NULL
        || (status != NGX_HTTP_UNAUTHORIZED && status != NGX_HTTP_FORBIDDEN)
        || !ngx_mfa_filter_is_at_access(r))
    {
        return NGX_DECLINED;
    }

    if (ctx->denied == NGX_HTTP_UNAUTHORIZED) {
        return ngx_mfa_filter_refuse(r, ctx, mlcf);
    }

    return ngx_mfa_filter_plain(r, ctx, (unsigned) ctx->denied);
}


static ngx_int_t
ngx_mfa_filter_header(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_loc_conf_t  *mlcf;
    ngx_mfa_srv_conf_t  *mscf;

    mscf = ngx_http_get_module_srv_conf(r, ngx_mfa_module);

    if (r != r->main || !mscf->is_ours) {
        return ngx_http_next_header_filter(r);
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);
    ctx = ngx_mfa_ctx_get(r);

    if (ctx == NULL && mlcf->is_portal) {
        ctx = ngx_mfa_ctx_make(r);
    }

    if (ctx) {
        if (ctx->is_sent) {
            return ngx_http_next_header_filter(r);
        }

        rc = ngx_mfa_filter_ours(r, ctx, mlcf);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        if (ngx_mfa_basic_is_refused(r, ctx)) {
            return ngx_mfa_filter_application(r, ctx, mlcf);
        }
    }

    ngx_mfa_filter_cookies(r, ngx_http_get_module_main_conf(r,
                                                           ngx_mfa_module));

    if (mlcf->realm
        && !mlcf->is_monitor
        && !mlcf->cache
        && ngx_mfa_filter_is_html(&r->headers_out.content_type)
        && ngx_mfa_filter_no_store(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


ngx_int_t
ngx_mfa_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_mfa_filter_header;

    return NGX_OK;
}
