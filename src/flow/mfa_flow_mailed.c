/*
 * The first step of journeys that begin with a mailed code: an address is
 * typed, and the page, the time and the work are the same for every one.
 */

#include "mfa_flow.h"


typedef struct {
    mfa_step_t          *step;
    const mfa_mailed_t  *mailed;
} mailed_case_t;


static mfa_status_t
mailed_begin(mfa_tx_t *tx, void *arg)
{
    mfa_str_t            email;
    mfa_user_t           user;
    mailed_case_t       *at = arg;
    mfa_step_t          *step = at->step;
    mfa_status_t         st;
    mfa_verdict_t        verdict;

    step->tx = tx;
    step->has_mail = false;

    st = mfa_limit_book_address(tx, MFA_LIMIT_START_ADDRESS, &step->retry_at);
    if (st != MFA_OK) {
        return st;
    }

    email = step->flow.email;

    /* a code may come late and live for half an hour */

    st = mfa_flow_make(tx, mfa_str_from(at->mailed->kind),
                       step->work->model->settings->registration_time,
                       &step->flow);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(step->flow.browser, step->browser, MFA_DIGEST_SIZE);

    step->flow.state = at->mailed->state;
    step->flow.email = email;
    step->flow.target = step->target;

    st = at->mailed->judge(step, &user, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_code_issue(step, verdict == MFA_VERDICT_PASS);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_event(step, at->mailed->event, "ok", NULL);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_save(tx, &step->flow);
}


mfa_status_t
mfa_flow_mailed_start(mfa_step_t *step, const mfa_mailed_t *mailed,
    mfa_str_t typed)
{
    mfa_status_t   st;
    mailed_case_t  at = { step, mailed };

    st = mfa_email_canonical(step->work->arena, typed, &step->flow.email);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_limited(step->work, mailed->event,
                            mfa_update(step->work, mailed_begin, &at));
}


mfa_status_t
mfa_flow_mailed_again(mfa_step_t *step, const mfa_mailed_t *mailed,
    mfa_outcome_t *outcome)
{
    mfa_user_t     user;
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    *outcome = MFA_OUTCOME_DENY;

    st = mailed->judge(step, &user, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_code_again(step, verdict == MFA_VERDICT_PASS, outcome);
}
