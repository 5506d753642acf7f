/*
 * The second factor of a login: one try, judged.
 *
 * The try is booked before it is looked at; the step of a right code is
 * spent in the transaction that makes the session (B3, H1).
 */

#include "mfa_flow.h"


static mfa_status_t
verify_limited(mfa_step_t *step, const mfa_factor_record_t *record,
    mfa_time_t retry_at)
{
    mfa_status_t  st;

    if (record->is_disabled || retry_at == 0) {
        st = mfa_flow_error(step, "code",
                            MFA_WORD("This way to verify has been switched "
                                     "off after too many wrong codes."));

    } else {
        st = mfa_flow_error(step, "code",
                            MFA_WORD("Too many wrong codes. Verification is "
                                     "locked for now."));
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_flow_typed(step, "until", mfa_flow_clock(step, retry_at));
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "login", "limited", "code");
}


/* the owner hears of it when the wrong codes have earned a hold (B6, C13) */

static mfa_status_t
verify_wrong(mfa_step_t *step, const mfa_factor_record_t *record,
    uint64_t left)
{
    mfa_str_t     count;
    mfa_status_t  st;

    st = mfa_flow_event(step, "login", "fail", "code");
    if (st != MFA_OK) {
        return st;
    }

    if (record->is_disabled) {
        st = mfa_flow_tell(step, "factor_disabled", "is_disabled",
                           mfa_factor_by_name(record->kind)->label);

    } else if (record->held_until > step->tx->now) {
        st = mfa_flow_tell(step, "factor_held", "is_held",
                           mfa_factor_by_name(record->kind)->label);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (record->is_disabled || record->held_until > step->tx->now) {
        return verify_limited(step, record, record->held_until);
    }

    count = mfa_arena_printf(step->work->arena, "%u", (unsigned) left);

    st = mfa_flow_typed(step, "left", count);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_error(step, "code",
                          MFA_WORD("Invalid verification code."));
}


static mfa_status_t
verify_right(mfa_step_t *step, mfa_factor_record_t *record, unsigned amr,
    uint64_t spent)
{
    mfa_status_t  st;

    st = mfa_factor_record_pass(step->tx, record, spent);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_code_refund(step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_event(step, "login", "ok", NULL);
    if (st != MFA_OK) {
        return st;
    }

    step->is_over = true;
    step->go = step->flow.target;

    return mfa_flow_session(step, step->flow.amr | amr);
}


static mfa_status_t
verify_malformed(mfa_step_t *step)
{
    return mfa_flow_error(step, "code",
                          MFA_WORD("Invalid verification code."));
}


/* is it the form of a code at all? else it costs the owner no try (B7) */

static bool
verify_has_form(mfa_step_t *step, mfa_str_t typed)
{
    mfa_str_t  digits;

    return mfa_digits_clean(step->work->arena, typed,
                            (size_t) step->env->factors->totp.digits,
                            &digits) == MFA_OK;
}


mfa_status_t
mfa_flow_verify(mfa_step_t *step, mfa_outcome_t *outcome)
{
    uint64_t              left, spent;
    mfa_str_t             typed;
    mfa_time_t            retry_at;
    mfa_status_t          st;
    mfa_verdict_t         verdict;
    mfa_factor_record_t   record;
    const mfa_factor_t   *factor = mfa_factor_by_name(mfa_str("totp"));

    mfa_factor_case_t  at = {
        .settings = step->env->factors,
        .send = step->env->send,
        .tx = step->tx,
        .user = &step->user
    };

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_code_book(step);
    if (st != MFA_OK) {
        return st;
    }

    typed = mfa_pairs_get(step->fields, mfa_str("code"));

    if (!verify_has_form(step, typed)) {
        return verify_malformed(step);
    }

    st = mfa_factor_record_get(step->tx, &step->user.id,
                               mfa_str_from(factor->name), &record);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_factor_record_book(step->tx, &record, &left, &retry_at);
    if (st == MFA_LIMITED) {
        return verify_limited(step, &record, retry_at);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = factor->verify(&at, &record, typed, &verdict, &spent);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        return verify_wrong(step, &record, left);
    }

    *outcome = MFA_OUTCOME_PASS;

    return verify_right(step, &record, factor->amr, spent);
}
