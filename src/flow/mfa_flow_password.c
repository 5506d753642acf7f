/*
 * A person who is logged in changes the password: the current one is asked
 * for (A11), and costs a try of the person as at a login.
 */

#include "mfa_flow_login.h"
#include "mfa_flow_settings.h"


static mfa_status_t
wrong_current(mfa_step_t *step)
{
    return mfa_flow_error(step, "current_password",
                          MFA_WORD("This is not your current password."));
}


/* every fault that shows without a hash */

static mfa_status_t
password_judge(mfa_step_t *step)
{
    mfa_str_t     current, wanted;
    mfa_status_t  st;

    current = mfa_pairs_get(step->fields, mfa_str("current_password"));
    wanted = mfa_pairs_get(step->fields, mfa_str("new_password"));

    if (!mfa_password_is_sane(current)) {
        st = wrong_current(step);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = mfa_flow_password_judge(step, step->user.first_name,
                                 step->user.surname);
    if (st != MFA_OK || step->flow.errors.count > 0) {
        return st;
    }

    if (mfa_str_eq(current, wanted)) {
        return mfa_flow_error(step, "new_password",
                              MFA_WORD("The new password must differ from "
                                       "the current one."));
    }

    return MFA_OK;
}


static mfa_status_t
password_book(mfa_tx_t *tx, void *arg)
{
    mfa_step_t    *step = arg;
    mfa_budget_t   budget;
    mfa_status_t   st;

    st = mfa_budget_find(step, tx, &budget);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_limit_book(tx, budget.kind, budget.subject, &step->retry_at);
}


/* the try is booked before it is looked at (H1) */

static mfa_status_t
want_check(mfa_step_t *step)
{
    mfa_status_t  st;

    st = mfa_update(step->work, password_book, step);
    if (st != MFA_OK) {
        return mfa_flow_limited(step->work, "password.change", st);
    }

    step->hash = mfa_null;
    step->checked = MFA_VERDICT_DENY;

    step->want.is_check = true;
    step->want.password = mfa_pairs_get(step->fields,
                                        mfa_str("current_password"));
    step->want.encoded = step->user.password;

    return MFA_HASH;
}


mfa_status_t
mfa_settings_password_prepare(mfa_step_t *step)
{
    mfa_time_t    now;
    mfa_status_t  st;

    now = mfa_port_now(step->work->model->ports);

    /* the move will say so */

    if (!mfa_settings_is_fresh(step, now)) {
        return MFA_OK;
    }

    step->flow.errors.count = 0;
    step->flow.typed.count = 0;

    st = password_judge(step);
    if (st != MFA_OK || step->flow.errors.count > 0) {
        return st;
    }

    if (!step->is_checked) {
        return want_check(step);
    }

    if (step->checked != MFA_VERDICT_PASS) {
        return MFA_OK;
    }

    if (!step->want.is_check && step->hash.len > 0) {
        return MFA_OK;
    }

    /* encoded stays: it is what was checked */

    step->want.is_check = false;
    step->want.password = mfa_pairs_get(step->fields,
                                        mfa_str("new_password"));

    return MFA_HASH;
}


static mfa_status_t
password_refund(mfa_step_t *step)
{
    mfa_budget_t  budget;
    mfa_status_t  st;

    st = mfa_budget_find(step, step->tx, &budget);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_limit_refund(step->tx, budget.kind, budget.subject);
}


static mfa_status_t
password_set(mfa_step_t *step)
{
    mfa_status_t  st;

    step->user.password = step->hash;
    step->user.password_at = step->tx->now;
    step->user.password_failures = 0;

    st = mfa_user_save(step->tx, &step->user, NULL);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_tell(step, "notice", "password_changed", mfa_null);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "password.change", "ok", NULL);
}


mfa_status_t
mfa_settings_password_change(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    st = password_judge(step);
    if (st != MFA_OK || step->flow.errors.count > 0) {
        return st;
    }

    /* nothing was checked, or another password than the one that counts */

    if (!step->is_checked
        || !mfa_str_eq(step->want.encoded, step->user.password))
    {
        return MFA_INVALID;
    }

    if (step->checked != MFA_VERDICT_PASS) {
        st = wrong_current(step);
        if (st != MFA_OK) {
            return st;
        }

        return mfa_flow_event(step, "password.change", "fail", "password");
    }

    st = password_refund(step);
    if (st != MFA_OK) {
        return st;
    }

    if (step->want.is_check || step->hash.len == 0) {
        return MFA_INVALID;
    }

    *outcome = MFA_OUTCOME_PASS;

    return password_set(step);
}
