/*
 * The gate: may this request reach what the location serves?
 *
 * Decides on the location nginx chose, never on a URI of its own reading.
 * Deny comes first everywhere; a fault denies and answers 503. Where the
 * guard is on it never answers NGX_DECLINED.
 */

#include "ngx_mfa_module.h"


typedef mfa_status_t (*ngx_mfa_check_pt)(mfa_t *mfa, const mfa_strs_t *cookies,
    mfa_time_t now, mfa_identity_t **identity, mfa_verdict_t *verdict);


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


/* a session counts where the trusted sign-on says the same as it did, and on
 * the host that its token is for */

static ngx_uint_t
ngx_mfa_gate_is_bound(ngx_http_request_t *r, const ngx_mfa_decision_t *d)
{
    if (ngx_mfa_trusted_judge(r, d->realm, d->identity) != MFA_VERDICT_PASS) {
        return 0;
    }

    return d->identity->host.len == 0
           || mfa_identity_judge_host(d->identity,
                                      ngx_mfa_host_other(r, d->realm))
              == MFA_VERDICT_PASS;
}


/* a pass without a fault and an identity; everything else is a deny. Whose
 * session it was is known where nothing but its time is over (L9) */

static void
ngx_mfa_gate_settle(ngx_http_request_t *r, ngx_mfa_decision_t *d)
{
    ngx_uint_t  is_bound;

    d->is_known = 1;

    is_bound = d->status == MFA_OK
               && d->identity
               && ngx_mfa_gate_is_bound(r, d);

    if (!is_bound) {
        d->verdict = MFA_VERDICT_DENY;
    }

    if (d->verdict == MFA_VERDICT_PASS || d->identity == NULL) {
        return;
    }

    if (is_bound && d->identity->state != MFA_SESSION_REVOKED) {
        d->past = d->identity;
        d->identity = NULL;
        return;
    }

    mfa_identity_release(&d->identity);
}


static void
ngx_mfa_gate_wait_done(void *data)
{
    ngx_mfa_decision_t  *d = data;

    ngx_mfa_gate_settle(d->waiting, d);

    if (d->verdict == MFA_VERDICT_PASS) {
        d->now = mfa_port_now(&ngx_mfa_worker_ports);

        if (d->is_person) {
            mfa_check_note(d->mfa, d->identity, d->now);
        }
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
    ngx_mfa_gate_settle(r, d);

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
    ngx_mfa_check_pt     check;
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
        ngx_mfa_gate_settle(r, d);
        return NGX_OK;
    }

    d->now = mfa_port_now(&ngx_mfa_worker_ports);

    d->is_person = ngx_mfa_activity_is_person(r, realm) ? 1 : 0;

    check = d->is_person ? mfa_check : mfa_check_unseen;

    d->status = check(d->mfa, &ctx->cookies, d->now, &d->identity,
                      &d->verdict);

    if (d->status == MFA_AGAIN) {
        d->verdict = MFA_VERDICT_DENY;
        return ngx_mfa_gate_wait(r, d);
    }

    ngx_mfa_gate_settle(r, d);

    return NGX_OK;
}


mfa_identity_t *
ngx_mfa_gate_identity(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_decision_t  *d;

    ctx = ngx_mfa_ctx_get(r);

    for (d = ctx ? ctx->decisions : NULL; d; d = d->next) {
        if (d->realm == realm
            && d->is_known
            && d->verdict == MFA_VERDICT_PASS)
        {
            return d->identity;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_mfa_gate_is_any(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return clcf->satisfy == NGX_HTTP_SATISFY_ANY;
}


static ngx_mfa_gate_answer_e
ngx_mfa_gate_weigh(ngx_mfa_loc_conf_t *mlcf, const ngx_mfa_decision_t *d)
{
    if (d->status != MFA_OK || d->verdict != MFA_VERDICT_PASS) {

        if (mlcf->level.level == MFA_LEVEL_OPEN) {
            return NGX_MFA_GATE_NOBODY;
        }

        return d->status != MFA_OK ? NGX_MFA_GATE_UNAVAILABLE
                                   : NGX_MFA_GATE_LOGIN;
    }

    if (mfa_level_judge(mlcf->realm->realm, &mlcf->level, d->identity, d->now)
        != MFA_VERDICT_PASS)
    {
        return NGX_MFA_GATE_STEP_UP;
    }

    /* rules that an open location inherits would shut it */

    if (mlcf->level.level != MFA_LEVEL_OPEN
        && mfa_rules_judge(&mlcf->rules, d->identity) != MFA_VERDICT_PASS)
    {
        return NGX_MFA_GATE_NO_ACCESS;
    }

    return NGX_MFA_GATE_PASS;
}


/* what others see of an answer: under "satisfy any", in subrequests, and in
 * a location with "mfa_check" */

static ngx_uint_t
ngx_mfa_gate_status(ngx_mfa_gate_answer_e answer)
{
    switch (answer) {

    case NGX_MFA_GATE_LOGIN:
    case NGX_MFA_GATE_STEP_UP:
        return NGX_HTTP_UNAUTHORIZED;

    case NGX_MFA_GATE_NO_ACCESS:
        return NGX_HTTP_FORBIDDEN;

    default:
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }
}


static ngx_int_t
ngx_mfa_gate_pass(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_decision_t *d, ngx_mfa_gate_answer_e answer)
{
    mfa_identity_t  *identity;

    identity = answer == NGX_MFA_GATE_PASS ? d->identity : NULL;

    /* an application that is only watched never saw an empty Remote-User */

    if (ngx_mfa_identity_set(r, mlcf->is_monitor && identity == NULL
                                ? NULL : mlcf->headers, identity) != NGX_OK
        || ngx_mfa_upstream_set(r, mlcf, identity) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r == r->main
        && identity
        && !mlcf->is_monitor
        && ngx_mfa_tunnel_watch(r, mlcf->realm, identity) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* an open location leaves it to others, as one without a guard does */

    return mlcf->level.level == MFA_LEVEL_OPEN || mlcf->is_monitor
           ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_mfa_gate_turn_away(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_decision_t *d, ngx_mfa_gate_answer_e answer)
{
    ngx_int_t   rc;
    ngx_uint_t  is_step_up;

    is_step_up = answer == NGX_MFA_GATE_STEP_UP;

    if (ngx_mfa_gate_is_any(r)) {
        return ngx_mfa_answer_leave(r, mlcf->headers,
                                    ngx_mfa_gate_status(answer), is_step_up);
    }

    if (answer == NGX_MFA_GATE_LOGIN || answer == NGX_MFA_GATE_STEP_UP) {
        rc = ngx_mfa_held_keep(r, mlcf, d, is_step_up);

        return rc != NGX_DECLINED ? rc
                                  : ngx_mfa_answer_refuse(r, mlcf,
                                                          is_step_up);
    }

    return ngx_mfa_answer_by_portal(r, mlcf,
                                    answer == NGX_MFA_GATE_NO_ACCESS
                                    ? MFA_CAUSE_NO_ACCESS
                                    : MFA_CAUSE_UNAVAILABLE);
}


static ngx_int_t
ngx_mfa_gate_judge(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_decision_t *d)
{
    ngx_int_t              rc;
    ngx_mfa_gate_answer_e  answer;

    answer = ngx_mfa_gate_weigh(mlcf, d);

    ngx_mfa_metric_count(mlcf->realm, mlcf->is_monitor
                                      && answer < NGX_MFA_GATE_NOBODY
                                      ? MFA_METRIC_MONITOR
                                      : (mfa_metric_t)
                                        (MFA_METRIC_GATE_UNAVAILABLE
                                         + (int) answer));

    if (mlcf->is_monitor) {
        ngx_mfa_monitor_note(r, mlcf, answer);
        return ngx_mfa_gate_pass(r, mlcf, d, answer);
    }

    rc = ngx_mfa_logout_catch(r, mlcf, answer);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (answer == NGX_MFA_GATE_PASS || answer == NGX_MFA_GATE_NOBODY) {
        ngx_mfa_ctx_get(r)->is_passed = answer == NGX_MFA_GATE_PASS;
        return ngx_mfa_gate_pass(r, mlcf, d, answer);
    }

    return ngx_mfa_gate_turn_away(r, mlcf, d, answer);
}


/* a location that is not guarded: what an earlier one said goes */

static ngx_int_t
ngx_mfa_gate_unguarded(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
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


/* what is answered whoever asks */

static ngx_int_t
ngx_mfa_gate_before(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_int_t  rc;

    if (ngx_mfa_answer_is_change_password(r, mlcf->realm)) {
        return ngx_mfa_answer_change_password(r, mlcf->realm);
    }

    rc = ngx_mfa_logout_redirect(r, mlcf->realm);

    if (rc != NGX_DECLINED) {
        return rc;
    }

#if defined(NGX_HTTP_CONNECT)
    if (r->method == NGX_HTTP_CONNECT) {
        ngx_mfa_exchange_drain(r);
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, 405));
    }
#endif

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
        ctx->is_step_up = 0;
        ctx->is_monitored = 0;
        ctx->is_passed = 0;
    }

    if (mlcf->realm == NULL || mlcf->is_portal) {
        return ngx_mfa_gate_unguarded(r, mlcf, ctx);
    }

    if (ctx && ctx->cause != MFA_CAUSE_ASKED) {
        /* the way to the portal led elsewhere */
        return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r,
                          ctx->cause == MFA_CAUSE_NO_ACCESS ? 403 : 503));
    }

    rc = mlcf->is_monitor ? NGX_DECLINED : ngx_mfa_gate_before(r, mlcf);

    if (rc != NGX_DECLINED) {
        return rc;
    }

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
    ngx_int_t              rc;
    ngx_mfa_ctx_t         *ctx;
    ngx_mfa_loc_conf_t    *mlcf;
    ngx_mfa_decision_t    *d;
    ngx_mfa_gate_answer_e  answer;

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

    if (rc != NGX_OK) {
        return NGX_HTTP_FORBIDDEN;
    }

    answer = ngx_mfa_gate_weigh(mlcf, d);

    if (mlcf->is_monitor) {
        ngx_mfa_monitor_note(r, mlcf, answer);
    }

    if (answer == NGX_MFA_GATE_PASS || answer == NGX_MFA_GATE_NOBODY
        || mlcf->is_monitor)
    {
        rc = ngx_mfa_gate_pass(r, mlcf, d, answer);

        return rc == NGX_OK || rc == NGX_DECLINED ? NGX_DECLINED
                                                  : NGX_HTTP_FORBIDDEN;
    }

    return ngx_mfa_gate_status(answer) == NGX_HTTP_UNAUTHORIZED
           ? NGX_HTTP_UNAUTHORIZED : NGX_HTTP_FORBIDDEN;
}
