/*
 * Addresses of applications that are ours to answer: an old one that people
 * still have in their bookmarks, and that of an application's own logout.
 *
 * They answer or refuse; they open nothing. What is to be done the core says.
 */

#include "ngx_mfa_module.h"


ngx_int_t
ngx_mfa_logout_redirect(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    mfa_str_t                     rest;
    mfa_arena_t                  *arena;
    mfa_reply_t                   reply;
    mfa_status_t                  st;
    mfa_request_t                 request;
    const mfa_legacy_settings_t  *legacy;

    legacy = mfa_realm_legacy(realm->realm);

    if (legacy->legacy_url_count == 0
        || mfa_legacy_find(legacy, ngx_mfa_str(&r->uri), &rest) == NULL)
    {
        return NGX_DECLINED;
    }

    ngx_mfa_exchange_request(r, &request);

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    st = arena ? mfa_legacy_redirect(realm->realm, &request, arena, &reply)
               : MFA_NO_MEMORY;

    if (st == MFA_NOT_FOUND) {
        return NGX_DECLINED;
    }

    ngx_mfa_exchange_drain(r);

    return ngx_mfa_answer_final(r, st == MFA_OK
                                   ? ngx_mfa_exchange_send(r, &reply)
                                   : ngx_mfa_exchange_plain(r, 503));
}


static ngx_int_t
ngx_mfa_logout_ask(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    const mfa_request_t *request)
{
    mfa_arena_t  *arena;
    mfa_reply_t   reply;

    ngx_mfa_exchange_drain(r);

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    if (arena == NULL
        || mfa_logout_ask(mlcf->realm->realm, request, arena, &reply)
           != MFA_OK)
    {
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, 503));
    }

    return ngx_mfa_answer_final(r, ngx_mfa_exchange_send(r, &reply));
}


/* without a portal in this server: to the page that asks, where there is one */

ngx_int_t
ngx_mfa_logout_now(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_str_t                uri;
    ngx_mfa_ctx_t           *ctx;
    mfa_request_t            request;
    ngx_mfa_portal_place_t  *place;

    ctx = ngx_mfa_ctx_make(r);
    place = ngx_mfa_answer_portal(r, mlcf->realm);

    if (ctx == NULL || place == NULL || ctx->cause != MFA_CAUSE_ASKED) {
        ngx_mfa_exchange_request(r, &request);
        return ngx_mfa_logout_ask(r, mlcf, &request);
    }

    ngx_mfa_exchange_drain(r);

    ctx->cause = MFA_CAUSE_LOGOUT;
    ctx->asked = r->uri;
    uri = place->prefix;

    (void) ngx_http_internal_redirect(r, &uri, NULL);

    return ngx_mfa_answer_final(r, NGX_DONE);
}


ngx_int_t
ngx_mfa_logout_catch(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_gate_answer_e answer)
{
    mfa_request_t        request;
    const mfa_realm_t   *realm;

    realm = mlcf->realm->realm;

    if (mlcf->is_check
        || mfa_legacy_logout(mfa_realm_legacy(realm), ngx_mfa_str(&r->uri))
           == NULL)
    {
        return NGX_DECLINED;
    }

    ngx_mfa_exchange_request(r, &request);

    switch (mfa_logout_judge(realm, &request)) {

    case MFA_LOGOUT_NONE:
        return NGX_DECLINED;

    case MFA_LOGOUT_NOW:
        return ngx_mfa_logout_now(r, mlcf);

    case MFA_LOGOUT_FORWARD:

        /* the application is told by somebody who may use it, or not at all */

        if (answer != NGX_MFA_GATE_PASS) {
            return ngx_mfa_logout_now(r, mlcf);
        }

        return ngx_mfa_forward_want(r) == NGX_OK ? NGX_DECLINED : NGX_ERROR;

    case MFA_LOGOUT_ASK:
        return ngx_mfa_logout_ask(r, mlcf, &request);

    default:
        ngx_mfa_exchange_drain(r);
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, 403));
    }
}
