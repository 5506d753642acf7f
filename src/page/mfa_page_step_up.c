/*
 * Step up: somebody who is logged in is asked for what is missing, and goes
 * on to the page they wanted (Y3).
 *
 * The code itself is asked for on the pages of Verify. Who has nothing to
 * verify with now is told so first: this page never leads on by itself to
 * one that would send them back here.
 */

#include "mfa_page_security.h"


bool
mfa_visit_is_partial(const mfa_visit_t *visit)
{
    mfa_time_t                 now;
    const mfa_session_view_t  *who = &visit->who;

    if (who->verdict != MFA_VERDICT_PASS) {
        return false;
    }

    now = mfa_port_now(visit->work->model->ports);

    return mfa_policy_judge(visit->env->flow->settings, &who->user,
                            who->session.amr, who->session.is_partial, now)
           != MFA_VERDICT_PASS;
}


/* again: also somebody who is logged in gives the password once more */

static mfa_status_t
step_up_login(mfa_visit_t *visit, bool is_again)
{
    mfa_str_t  to, query;

    to = mfa_visit_param(visit, "to", visit->step.target);

    query = mfa_arena_printf(visit->work->arena, "%s%s" MFA_STR_FMT,
                             is_again ? "again=1" : "",
                             is_again && to.len > 0 ? "&" : "",
                             MFA_STR_ARG(to));

    return mfa_visit_redirect(visit, mfa_str("login"), query);
}


static mfa_status_t
step_up_go(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_keep(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->step.is_over) {
        return mfa_visit_go(visit, visit->step.go);
    }

    return mfa_visit_to_flow(visit);
}


typedef struct {
    mfa_id_t       user;
    mfa_methods_t  methods;
} step_up_case_t;


static mfa_status_t
step_up_read(mfa_tx_t *tx, void *arg)
{
    step_up_case_t  *at = arg;

    return mfa_methods_read(tx, &at->user, &at->methods);
}


/* nothing that could be proved now: what the button does, before it is done
 * (it may send a mail) */

static mfa_status_t
step_up_show(mfa_visit_t *visit)
{
    mfa_value_t     *map;
    mfa_status_t     st;
    step_up_case_t   at;

    memset(&at, 0, sizeof(at));
    at.user = visit->step.user.id;

    st = mfa_view(visit->work, step_up_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, visit->step.target);

    mfa_value_set_flag(map, "has_methods", at.methods.kinds.count > 0);

    return mfa_visit_render(visit, 200, "step_up.html", map);
}


static mfa_status_t
step_up_get(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_settings_start(&visit->step, mfa_str("step-up"), mfa_null);

    switch (st) {

    case MFA_OK:
        return step_up_go(visit);

    case MFA_INVALID:
        return step_up_show(visit);

    case MFA_NOT_FOUND:
        return step_up_login(visit, false);

    default:
        return st;
    }
}


mfa_status_t
mfa_visit_continue(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_login_continue(&visit->step);

    switch (st) {

    case MFA_OK:
        return step_up_go(visit);

    case MFA_NOT_FOUND:
        return step_up_login(visit, false);

    case MFA_EXPIRED:
        return step_up_login(visit, true);

    case MFA_LIMITED:
        return mfa_visit_later(visit, visit->step.retry_at);

    default:
        return st;
    }
}


static mfa_status_t
step_up_post(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return mfa_visit_continue(visit);
}


const mfa_page_t  mfa_page_step_up = {
    .path = "step-up",
    .get = step_up_get,
    .post = step_up_post
};
