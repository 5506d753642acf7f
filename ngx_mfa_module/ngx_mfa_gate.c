/*
 * The gate: may this request reach what the location serves?
 *
 * Decides on the location nginx chose, never on a URI of its own reading.
 * Deny comes first everywhere; a fault denies and answers 503. Where the
 * guard is on it never answers NGX_DECLINED.
 */

#include "ngx_mfa_module.h"


static void
ngx_mfa_gate_wait_run(void *data)
{
    ngx_mfa_decision_t  *d = data;

    ngx_mfa_ctx_t  *ctx;

    /* the request's memory is only read here, and blocked keeps it */

    ctx = ngx_mfa_ctx_get(d->waiting);

    d->status = mfa_check_wait(d->mfa, &ctx->cookies, &d->identity,
                               &d->verdict);
}


/* a pass without a fault and an identity; everything else is a deny */

static void
ngx_mfa_gate_settle(ngx_mfa_decision_t *d)
{
    d->is_known = 1;

    if (d->status != MFA_OK || d->identity == NULL) {
        d->verdict = MFA_VERDICT_DENY;
    }

    if (d->verdict != MFA_VERDICT_PASS && d->identity) {
        mfa_identity_release(&d->identity);
    }
}


static void
ngx_mfa_gate_wait_done(void *data)
{
    ngx_mfa_decision_t  *d = data;

    ngx_mfa_gate_settle(d);

    if (d->verdict == MFA_VERDICT_PASS) {
        mfa_check_note(d->mfa, d->identity,
                       mfa_port_now(&ngx_mfa_worker_ports));
    }
}


static void
ngx_mfa_gate_resume(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_decision_t  *d;

    ctx = ngx_mfa_ctx_get(r);

    for (d = ctx->decisions; d; d = d->next) {
        if (d->task.is_busy && d->waiting == r) {
            return;
        }
    }

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_mfa_gate_wait(ngx_http_request_t *r, ngx_mfa_decision_t *d)
{
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    d->waiting = r;
    d->task.request = r;
    d->task.run = ngx_mfa_gate_wait_run;
    d->task.done = ngx_mfa_gate_wait_done;
    d->task.data = d;

    r->write_event_handler = ngx_mfa_gate_resume;

    if (ngx_mfa_task_post(&d->task, mmcf->pool) == NGX_OK) {
        return NGX_AGAIN;
    }

    r->write_event_handler = ngx_http_core_run_phases;

    d->status = MFA_UNAVAILABLE;
    ngx_mfa_gate_settle(d);

    return NGX_OK;
}


static ngx_mfa_decision_t *
ngx_mfa_gate_decision(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    const ngx_mfa_realm_t *realm)
{
    ngx_mfa_decision_t  *d;

    /* a decision that a thread still works on belongs to who asked for it:
     * subrequests may ask at the same time */

    for (d = ctx->decisions; d; d = d->next) {
        if (d->realm == realm && (d->is_known || d->waiting == r)) {
            return d;
        }
    }

    d = ngx_pcalloc(r->pool, sizeof(ngx_mfa_decision_t));
    if (d == NULL) {
        return NULL;
    }

    d->verdict = MFA_VERDICT_DENY;
    d->status = MFA_UNAVAILABLE;
    d->realm = realm;
    d->mfa = ngx_mfa_worker_mfa(realm);

    d->next = ctx->decisions;
    ctx->decisions = d;

    return d;
}


/*
 * NGX_OK: *decision is known. NGX_AGAIN: the phases go on when a thread has
 * asked the store. NGX_ERROR: no memory.
 */

static ngx_int_t
ngx_mfa_gate_decide(ngx_http_request_t *r, const ngx_mfa_realm_t *realm,
    ngx_mfa_decision_t **decision)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_decision_t  *d;

    ctx = ngx_mfa_ctx_make(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    d = ngx_mfa_gate_decision(r, ctx, realm);
    if (d == NULL) {
        return NGX_ERROR;
    }

    *decision = d;

    if (d->is_known) {
        return NGX_OK;
    }

    if (d->mfa == NULL) {
        ngx_mfa_gate_settle(d);
        return NGX_OK;
    }

    d->status = mfa_check(d->mfa, &ctx->cookies,
                          mfa_port_now(&ngx_mfa_worker_ports), &d->identity,
                          &d->verdict);

    if (d->status == MFA_AGAIN) {
        d->verdict = MFA_VERDICT_DENY;
        return ngx_mfa_gate_wait(r, d);
    }

    ngx_mfa_gate_settle(d);

    return NGX_OK;
}


/* the answer is complete; the phases end here */

static ngx_int_t
ngx_mfa_gate_final(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_uint_t
ngx_mfa_gate_is_any(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return clcf->satisfy == NGX_HTTP_SATISFY_ANY;
}


/*
 * Under "satisfy any" others may still let the request in: they are asked
 * when this answers 401 or 403, and the header filter makes our own answer
 * of a 401 or 403 that stays.
 */

static ngx_int_t
ngx_mfa_gate_leave(ngx_http_request_t *r, ngx_mfa_headers_t *headers,
    ngx_uint_t status)
{
    ngx_mfa_ctx_t  *ctx;

    ctx = ngx_mfa_ctx_make(r);

    if (ctx == NULL
        || ngx_mfa_identity_set(r, headers, NULL) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->denied = status;

    return status == NGX_HTTP_UNAUTHORIZED ? NGX_HTTP_UNAUTHORIZED
                                           : NGX_HTTP_FORBIDDEN;
}


static ngx_int_t
ngx_mfa_gate_refuse(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    mfa_arena_t    *arena;
    mfa_reply_t     reply;
    mfa_request_t   request;

    ngx_mfa_exchange_drain(r);

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);
    if (arena == NULL) {
        return ngx_mfa_gate_final(r, ngx_mfa_exchange_plain(r, 503));
    }

    ngx_mfa_exchange_request(r, &request);
    ngx_mfa_exchange_asked(r, &request.path, &request.query);

    if (mfa_refuse(realm->realm, &request, arena, &reply) != MFA_OK) {
        return ngx_mfa_gate_final(r, ngx_mfa_exchange_plain(r, 503));
    }

    return ngx_mfa_gate_final(r, ngx_mfa_exchange_send(r, &reply));
}


/* the portal of this realm in this server, or NULL */

static ngx_mfa_portal_place_t *
ngx_mfa_gate_portal(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
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

static ngx_uint_t
ngx_mfa_gate_is_change_password(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm)
{
    static const ngx_str_t  path = ngx_string("/.well-known/change-password");

    return (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) != 0
           && r->uri.len == path.len
           && ngx_memcmp(r->uri.data, path.data, path.len) == 0
           && ngx_mfa_gate_portal(r, realm) != NULL;
}


static ngx_int_t
ngx_mfa_gate_change_password(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm)
{
    mfa_arena_t  *arena;
    mfa_reply_t   reply;

    ngx_mfa_exchange_drain(r);

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    if (arena == NULL
        || mfa_change_password(realm->realm, arena, &reply) != MFA_OK)
    {
        return ngx_mfa_gate_final(r, ngx_mfa_exchange_plain(r, 503));
    }

    return ngx_mfa_gate_final(r, ngx_mfa_exchange_send(r, &reply));
}


static ngx_int_t
ngx_mfa_gate_to_portal(ngx_http_request_t *r, const ngx_mfa_realm_t *realm,
    mfa_cause_t cause)
{
    unsigned                 status;
    ngx_str_t                uri;
    mfa_request_t            request;
    ngx_mfa_ctx_t           *ctx;
    ngx_mfa_portal_place_t  *place;

    status = cause == MFA_CAUSE_NO_ACCESS ? 403 : 503;

    ngx_mfa_exchange_drain(r);
    ngx_mfa_exchange_request(r, &request);

    ctx = ngx_mfa_ctx_make(r);
    place = ngx_mfa_gate_portal(r, realm);

    if (ctx == NULL
        || place == NULL
        || ctx->cause != MFA_CAUSE_ASKED
        || ngx_mfa_worker_mfa(realm) == NULL
        || !mfa_is_page_load(&request))
    {
        return ngx_mfa_gate_final(r, ngx_mfa_exchange_plain(r, status));
    }

    ctx->cause = cause;
    uri = place->prefix;

    (void) ngx_http_internal_redirect(r, &uri, NULL);

    return ngx_mfa_gate_final(r, NGX_DONE);
}


static ngx_int_t
ngx_mfa_gate_judge(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_decision_t *d)
{
    ngx_uint_t   denied;
    mfa_cause_t  cause;

    if (d->status != MFA_OK) {
        denied = NGX_HTTP_SERVICE_UNAVAILABLE;
        cause = MFA_CAUSE_UNAVAILABLE;

    } else if (d->verdict != MFA_VERDICT_PASS) {
        denied = NGX_HTTP_UNAUTHORIZED;
        cause = MFA_CAUSE_ASKED;

    } else if (mfa_rules_judge(&mlcf->rules, d->identity)
               != MFA_VERDICT_PASS)
    {
        denied = NGX_HTTP_FORBIDDEN;
        cause = MFA_CAUSE_NO_ACCESS;

    } else {
        if (ngx_mfa_identity_set(r, mlcf->headers, d->identity) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_OK;
    }

    if (ngx_mfa_gate_is_any(r)) {
        return ngx_mfa_gate_leave(r, mlcf->headers, denied);
    }

    if (denied == NGX_HTTP_UNAUTHORIZED) {
        return ngx_mfa_gate_refuse(r, mlcf->realm);
    }

    return ngx_mfa_gate_to_portal(r, mlcf->realm, cause);
}


/* a location that is not guarded: what an earlier one said goes */

static ngx_int_t
ngx_mfa_gate_open(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_ctx_t *ctx)
{
    if (ctx && ctx->is_identity_set
        && ngx_mfa_identity_set(r, NULL, NULL) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* people must be able to log in where "satisfy any" is in force */

    if (mlcf->is_portal && ngx_mfa_gate_is_any(r)) {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_mfa_gate_access(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_loc_conf_t  *mlcf;
    ngx_mfa_decision_t  *d;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);
    ctx = ngx_mfa_ctx_get(r);

    if (ctx) {
        ctx->denied = 0;
    }

    if (mlcf->realm == NULL || mlcf->is_portal) {
        return ngx_mfa_gate_open(r, mlcf, ctx);
    }

    if (ctx && ctx->cause != MFA_CAUSE_ASKED) {
        /* the way to the portal led elsewhere */
        return ngx_mfa_gate_final(r, ngx_mfa_exchange_plain(r,
                          ctx->cause == MFA_CAUSE_NO_ACCESS ? 403 : 503));
    }

    if (ngx_mfa_gate_is_change_password(r, mlcf->realm)) {
        return ngx_mfa_gate_change_password(r, mlcf->realm);
    }

#if defined(NGX_HTTP_CONNECT)
    if (r->method == NGX_HTTP_CONNECT) {
        ngx_mfa_exchange_drain(r);
        return ngx_mfa_gate_final(r, ngx_mfa_exchange_plain(r, 405));
    }
#endif

    rc = ngx_mfa_gate_decide(r, mlcf->realm, &d);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_mfa_gate_judge(r, mlcf, d);
}


/* nginx leaves subrequests out of the access phase (F3) */

ngx_int_t
ngx_mfa_gate_preaccess(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_loc_conf_t  *mlcf;
    ngx_mfa_decision_t  *d;

    if (r == r->main) {
        return NGX_DECLINED;
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    if (mlcf->realm == NULL) {
        ctx = ngx_mfa_ctx_get(r);

        if (ctx && ctx->is_identity_set
            && ngx_mfa_identity_set(r, NULL, NULL) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_DECLINED;
    }

    if (mlcf->is_portal) {
        return NGX_HTTP_FORBIDDEN;
    }

    rc = ngx_mfa_gate_decide(r, mlcf->realm, &d);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK || d->status != MFA_OK) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (d->verdict != MFA_VERDICT_PASS) {
        return NGX_HTTP_UNAUTHORIZED;
    }

    if (mfa_rules_judge(&mlcf->rules, d->identity) != MFA_VERDICT_PASS) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (ngx_mfa_identity_set(r, mlcf->headers, d->identity) != NGX_OK) {
        return NGX_HTTP_FORBIDDEN;
    }

    return NGX_DECLINED;
}
