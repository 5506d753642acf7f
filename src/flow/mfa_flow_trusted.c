/*
 * A trusted single sign-on: another service says who somebody is, and a
 * session of ours begins without any factor of ours (Y4).
 *
 * Where the value comes from is the operator's word; here it only names a
 * person. Roster, locks and groups hold as for everybody. It never marks a
 * browser as known: no password was given in it.
 */

#include "mfa_flow.h"


typedef struct {
    mfa_step_t     *step;
    mfa_str_t       value;
    mfa_verdict_t  *verdict;
} trusted_case_t;


/* the name first: an address can be given to somebody else one day */

static mfa_status_t
trusted_find(mfa_step_t *step, mfa_str_t value)
{
    mfa_str_t     email;
    mfa_status_t  st;

    if (value.len == 0 || value.len > MFA_TRUSTED_VALUE_MAX) {
        return MFA_NOT_FOUND;
    }

    st = mfa_user_by_name(step->tx, value, &step->user);
    if (st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_email_canonical(step->work->arena, value, &email);

    if (st == MFA_INVALID) {
        return MFA_NOT_FOUND;
    }

    return (st == MFA_OK) ? mfa_user_by_email(step->tx, email, &step->user)
                          : st;
}


static bool
trusted_has_mfa(mfa_str_t words)
{
    mfa_str_t  rest;

    rest = words;

    while (rest.data != NULL) {
        if (mfa_str_eq_c(mfa_str_split(&rest, ' '), "mfa")) {
            return true;
        }
    }

    return false;
}


static mfa_status_t
trusted_session(mfa_step_t *step)
{
    unsigned      amr;
    mfa_status_t  st;

    amr = MFA_AMR_TRUSTED
          | (trusted_has_mfa(step->trusted) ? MFA_AMR_TRUSTED_MFA : 0U);

    st = mfa_flow_session(step, amr);
    if (st != MFA_OK) {
        return st;
    }

    step->is_over = true;
    step->go = step->target;

    return mfa_flow_event(step, "login", "ok", "trusted");
}


/* who began to register by themselves and never proved the address is in no
 * roster */

static bool
trusted_is_member(const mfa_user_t *user)
{
    return user->is_on_roster || user->registered_at != 0;
}


static mfa_status_t
trusted_open(mfa_tx_t *tx, void *arg)
{
    trusted_case_t  *at = arg;
    mfa_step_t      *step = at->step;
    mfa_status_t     st;

    step->tx = tx;
    step->has_mail = false;
    step->is_over = false;
    step->is_partial = false;
    step->token = mfa_null;
    step->device = mfa_null;
    step->proved = mfa_null;
    step->go = mfa_null;
    *at->verdict = MFA_VERDICT_DENY;

    memset(&step->flow, 0, sizeof(step->flow));

    st = trusted_find(step, at->value);

    if (st == MFA_NOT_FOUND) {
        return mfa_flow_event(step, "login", "fail", "trusted");
    }

    if (st != MFA_OK) {
        return st;
    }

    step->flow.user = step->user.id;
    step->flow.has_user = true;

    if (mfa_user_may_log_in(&step->user) != MFA_VERDICT_PASS
        || !trusted_is_member(&step->user))
    {
        return mfa_flow_event(step, "login", "fail", "trusted");
    }

    st = trusted_session(step);
    if (st != MFA_OK) {
        return st;
    }

    *at->verdict = MFA_VERDICT_PASS;

    return MFA_OK;
}


mfa_status_t
mfa_trusted_start(mfa_step_t *step, mfa_str_t value, mfa_verdict_t *verdict)
{
    mfa_status_t    st;
    trusted_case_t  at;

    *verdict = MFA_VERDICT_DENY;

    if (step->work->proof == NULL || step->trusted.len == 0) {
        return MFA_BUG;
    }

    at.step = step;
    at.value = value;
    at.verdict = verdict;

    st = mfa_update(step->work, trusted_open, &at);

    if (st != MFA_OK) {
        *verdict = MFA_VERDICT_DENY;
    }

    return st;
}
