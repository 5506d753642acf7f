/*
 * What the gate answers to a request that it does not let through.
 *
 * Decides nothing: the gate says why, here it becomes an answer, our own
 * under "satisfy all", a bare status under "satisfy any".
 */

#include "ngx_mfa_module.h"


/* the answer is complete; the phases end here */

ngx_int_t
ngx_mfa_answer_final(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/*
 * Under "satisfy any" others may still let the request in: they are asked
 * when this answers 401 or 403, and the header filter makes our own answer
 * of a 401 or 403 that stays.
 */

ngx_int_t
ngx_mfa_answer_leave(ngx_http_request_t *r, ngx_mfa_headers_t *headers,
    ngx_uint_t status, ngx_uint_t is_step_up)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_loc_conf_t  *mlcf;

    ctx = ngx_mfa_ctx_make(r);
    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    if (ctx == NULL
        || ngx_mfa_identity_set(r, headers, NULL) != NGX_OK
        || ngx_mfa_basic_leave(r, mlcf) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->denied = status;
    ctx->is_step_up = is_step_up ? 1 : 0;

    return status == NGX_HTTP_UNAUTHORIZED ? NGX_HTTP_UNAUTHORIZED
                                           : NGX_HTTP_FORBIDDEN;
}


ngx_int_t
ngx_mfa_answer_refusal(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_uint_t is_step_up, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_status_t    st;
    mfa_request_t   request;

    ngx_mfa_exchange_request(r, &request);
    ngx_mfa_exchange_asked(r, &request.path, &request.query);
    request.held = ngx_mfa_held_id(r);

    /* another proxy asks, not the browser whose headers it passed on */

    if (mlcf->is_check) {
        request.accept = mfa_null;
        request.sec_fetch_mode = mfa_null;
        request.sec_fetch_site = mfa_null;
    }

    st = is_step_up ? mfa_step_up(mlcf->realm->realm, &mlcf->level, &request,
                                  arena, reply)
                    : mfa_refuse(mlcf->realm->realm, &mlcf->level, &request,
                                 arena, reply);

    return st == MFA_OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_mfa_answer_refuse(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_uint_t is_step_up)
{
    mfa_arena_t  *arena;
    mfa_reply_t   reply;

    ngx_mfa_exchange_drain(r);

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    if (arena == NULL
        || ngx_mfa_answer_refusal(r, mlcf, is_step_up, arena, &reply)
           != NGX_OK)
    {
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, 503));
    }

    return ngx_mfa_answer_final(r, ngx_mfa_exchange_send(r, &reply));
}


ngx_mfa_portal_place_t *
ngx_mfa_answer_portal(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    ngx_uint_t               i;
    ngx_mfa_srv_conf_t      *mscf;
    ngx_mfa_portal_place_t  *place;

    mscf = ngx_http_get_module_srv_conf(r, ngx_mfa_module);
    place = mscf->portals.elts;

    for (i = 0; i < mscf->portals.nelts; i++) {
        if (place[i].realm == realm) {
            return &place[i];
        }
    }

    return NULL;
}


/*
 * Where password managers send people (P3). It answers and never opens: the
 * address may be the application's own where there is no portal.
 */

ngx_uint_t
ngx_mfa_answer_is_change_password(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm)
{
    static const ngx_str_t  path = ngx_string("/.well-known/change-password");

    return (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) != 0
           && r->uri.len == path.len
           && ngx_memcmp(r->uri.data, path.data, path.len) == 0
           && ngx_mfa_answer_portal(r, realm) != NULL;
}


ngx_int_t
ngx_mfa_answer_change_password(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm)
{
    mfa_arena_t  *arena;
    mfa_reply_t   reply;

    ngx_mfa_exchange_drain(r);

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    if (arena == NULL
        || mfa_change_password(realm->realm, arena, &reply) != MFA_OK)
    {
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, 503));
    }

    return ngx_mfa_answer_final(r, ngx_mfa_exchange_send(r, &reply));
}


ngx_int_t
ngx_mfa_answer_by_portal(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    mfa_cause_t cause)
{
    unsigned                 status;
    ngx_str_t                uri;
    mfa_request_t            request;
    ngx_mfa_ctx_t           *ctx;
    ngx_mfa_portal_place_t  *place;

    /* whoever asks for others knows 401 and 403 alone (F7) */

    status = cause == MFA_CAUSE_NO_ACCESS || mlcf->is_check ? 403 : 503;

    ngx_mfa_exchange_drain(r);
    ngx_mfa_exchange_request(r, &request);

    ctx = ngx_mfa_ctx_make(r);
    place = ngx_mfa_answer_portal(r, mlcf->realm);

    if (ctx == NULL
        || place == NULL
        || mlcf->is_check
        || ctx->cause != MFA_CAUSE_ASKED
        || ngx_mfa_worker_mfa(mlcf->realm) == NULL
        || !mfa_is_page_load(&request))
    {
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, status));
    }

    ctx->cause = cause;
    uri = place->prefix;

    (void) ngx_http_internal_redirect(r, &uri, NULL);

    return ngx_mfa_answer_final(r, NGX_DONE);
}
