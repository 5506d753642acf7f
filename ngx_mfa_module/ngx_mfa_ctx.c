/*
 * The context of a request: what our hooks know of it.
 *
 * Lives in a pool cleanup of the main request, where an internal redirect
 * cannot wipe it.
 */

#include "ngx_mfa_module.h"


static void
ngx_mfa_ctx_cleanup(void *data)
{
    ngx_mfa_ctx_t *ctx = data;

    ngx_mfa_decision_t  *d;

    ngx_mfa_tunnel_forget(ctx);

    for (d = ctx->decisions; d; d = d->next) {
        if (d->identity) {
            mfa_identity_release(&d->identity);
        }

        if (d->past) {
            mfa_identity_release(&d->past);
        }
    }

    if (ctx->forward) {
        ngx_mfa_forward_free(ctx->forward);
    }

    if (ctx->portal) {
        ngx_mfa_portal_free(ctx->portal);
    }
}


ngx_mfa_ctx_t *
ngx_mfa_ctx_get(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_pool_cleanup_t  *cln;

    r = r->main;
    ctx = ngx_http_get_module_ctx(r, ngx_mfa_module);

    if (ctx || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    /* an internal redirect wipes the contexts of all modules */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_mfa_ctx_cleanup) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_mfa_module);
            return ctx;
        }
    }

    return NULL;
}


ngx_mfa_ctx_t *
ngx_mfa_ctx_make(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_mfa_ctx_get(r);
    if (ctx) {
        return ctx;
    }

    cln = ngx_pool_cleanup_add(r->main->pool, sizeof(ngx_mfa_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_mfa_ctx_t));

    cln->handler = ngx_mfa_ctx_cleanup;

    ngx_http_set_ctx(r->main, ctx, ngx_mfa_module);

    return ctx;
}
