/*
 * "Secure your account": a second factor is set up, and the end page.
 *
 * The secret of the flow counts for nothing until one right code of it was
 * seen; then record, session and letters are one transaction (E3, B4).
 */

#include "mfa_flow.h"


/* the only factor so far; the choice among several comes with the others */

static const mfa_factor_t *
secure_factor(void)
{
    return mfa_factor_by_name(mfa_str("totp"));
}


static mfa_factor_case_t
factor_case(mfa_step_t *step)
{
    mfa_factor_case_t  at;

    at.settings = step->env->factors;
    at.send = step->env->send;
    at.tx = step->tx;
    at.user = &step->user;

    return at;
}


mfa_status_t
mfa_flow_secure_begin(mfa_step_t *step)
{
    mfa_factor_case_t  at;

    at = factor_case(step);

    return secure_factor()->begin(&at, &step->flow.secret);
}


mfa_status_t
mfa_flow_secure_renew(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;

    step->flow.notice = MFA_WORD("This is a new QR code. The one before no "
                                 "longer works: delete its entry from your "
                                 "app.");

    return mfa_flow_secure_begin(step);
}


/* the factor is proved: from here on it is the user's */

static mfa_status_t
secure_keep(mfa_step_t *step, mfa_factor_record_t *record, uint64_t spent)
{
    mfa_status_t         st;
    const mfa_factor_t  *factor = secure_factor();

    record->added_at = step->tx->now;
    record->last_step = spent;

    st = mfa_factor_record_put(step->tx, record);
    if (st != MFA_OK) {
        return st;
    }

    step->user.registered_at = step->tx->now;
    step->user.password_failures = 0;

    /* other journeys, begun when there was no second factor, end here */

    st = mfa_flow_delete_all(step->tx, &step->user.id, &step->flow.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_end_all(step->tx, &step->user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_session(step, MFA_AMR_PWD | factor->amr);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_tell(step, "notice", "factor_added", factor->label);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.secret = mfa_null;

    return mfa_flow_event(step, "factor.add", "ok", NULL);
}


static mfa_status_t
secure_wrong(mfa_step_t *step)
{
    mfa_status_t  st;

    st = mfa_flow_error(step, "code",
                        MFA_WORD("Invalid verification code."));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "factor.add", "fail", "code");
}


mfa_status_t
mfa_flow_secure_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
{
    uint64_t              spent;
    mfa_strs_t            kinds;
    mfa_status_t          st;
    mfa_verdict_t         verdict;
    mfa_factor_case_t     at;
    mfa_factor_record_t   record;
    const mfa_factor_t   *factor = secure_factor();

    *outcome = MFA_OUTCOME_DENY;

    /* another tab was faster: what is enrolled is not replaced here */

    st = mfa_factor_record_kinds(step->tx, &step->user.id, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (kinds.count > 0) {
        *outcome = MFA_OUTCOME_EXISTS;
        return MFA_OK;
    }

    st = mfa_flow_code_book(step);
    if (st != MFA_OK) {
        return st;
    }

    memset(&record, 0, sizeof(record));

    record.user = step->user.id;
    record.kind = mfa_str_from(factor->name);
    record.secret = step->flow.secret;

    at = factor_case(step);

    st = factor->verify(&at, &record,
                        mfa_pairs_get(step->fields, mfa_str("code")),
                        &verdict, &spent);

    if (st == MFA_INVALID || (st == MFA_OK && verdict != MFA_VERDICT_PASS)) {
        return secure_wrong(step);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_code_refund(step);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    return secure_keep(step, &record, spent);
}


mfa_status_t
mfa_flow_finish(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;

    step->is_over = true;
    step->go = step->flow.target;

    return MFA_OK;
}
