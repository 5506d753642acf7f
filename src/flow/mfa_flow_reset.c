/*
 * The journey of a forgotten password: P1 and P2 of the product.
 *
 * Up to the right code every address sees and costs the same (C1). It never
 * logs in and never touches the second factor (C5); nothing of the person
 * changes before the last step. Where a mailbox alone could end up with the
 * account it stops, and goes on with a recovery code only (C6, B16).
 */

#include "mfa_flow.h"


enum {
    RESET_CODE = 1,
    RESET_VERIFIED,
    RESET_NEW,
    RESET_DONE,
    RESET_CLOSED
};


/*
 * Does this address get a letter? Only that of somebody who has a password
 * to forget and may log in. *user is set on PASS.
 */

static mfa_status_t
reset_judge(mfa_step_t *step, mfa_user_t *user, mfa_verdict_t *verdict)
{
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    st = mfa_user_by_email(step->tx, step->flow.email, user);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (user->registered_at != 0 || user->password.len > 0) {
        *verdict = mfa_user_may_log_in(user);
    }

    return MFA_OK;
}


static const mfa_mailed_t  reset_mailed = {
    "password-reset", RESET_CODE, "password.forgot", reset_judge
};


mfa_status_t
mfa_reset_start(mfa_step_t *step, mfa_str_t typed)
{
    return mfa_flow_mailed_start(step, &reset_mailed, typed);
}


static mfa_status_t
reset_resend(mfa_step_t *step, mfa_outcome_t *outcome)
{
    return mfa_flow_mailed_again(step, &reset_mailed, outcome);
}


static bool
has_only_mail(const mfa_strs_t *kinds)
{
    size_t  i;

    for (i = 0; i < kinds->count; i++) {
        if (!mfa_str_eq_c(kinds->items[i], "email")) {
            return false;
        }
    }

    return kinds->count > 0;
}


/*
 * May the mailbox alone set a new password? Not after it set up a second
 * factor, and not where it is the second factor. Deny first.
 */

static mfa_status_t
reset_may_go_on(mfa_step_t *step, mfa_verdict_t *verdict)
{
    mfa_strs_t    kinds;
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    if (step->flow.amr & MFA_AMR_RECOVERY) {
        *verdict = MFA_VERDICT_PASS;
        return MFA_OK;
    }

    if (mfa_flow_mail_is_held(step->tx, step->user.mailed_device_at)) {
        return MFA_OK;
    }

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (!has_only_mail(&kinds)) {
        *verdict = MFA_VERDICT_PASS;
    }

    return MFA_OK;
}


/* PASS: go on; EXISTS: to the page that says why not */

static mfa_status_t
reset_gate(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    *outcome = MFA_OUTCOME_DENY;

    st = reset_may_go_on(step, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict == MFA_VERDICT_PASS) {
        *outcome = MFA_OUTCOME_PASS;
        return MFA_OK;
    }

    *outcome = MFA_OUTCOME_EXISTS;

    return mfa_flow_event(step, "password.reset", "fail", "closed");
}


static mfa_status_t
reset_code(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_user_t     user;
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    st = mfa_flow_code_check(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    st = reset_judge(step, &user, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        return mfa_flow_error(step, "code",
                              MFA_WORD("Invalid verification code."));
    }

    /*
     * From here on the journey is the user's, and ends with the others. Up
     * to here nothing knew of it: a password that was set since it began
     * ends it now.
     */

    if (user.password_at > step->flow.started_at) {
        return MFA_EXPIRED;
    }

    step->user = user;
    step->flow.user = user.id;
    step->flow.has_user = true;
    step->flow.amr |= MFA_AMR_EMAIL;

    return reset_gate(step, outcome);
}


static mfa_status_t
reset_continue(mfa_step_t *step, mfa_outcome_t *outcome)
{
    return reset_gate(step, outcome);
}


static mfa_status_t
reset_change_email(mfa_step_t *step, mfa_outcome_t *outcome)
{
    (void) step;

    *outcome = MFA_OUTCOME_PASS;

    return MFA_OK;
}


/* the mailbox and a recovery code together are enough (D4) */

static mfa_status_t
reset_recovery(mfa_step_t *step, mfa_outcome_t *outcome)
{
    step->factor = mfa_factor_by_name(mfa_str("recovery"));

    if (step->factor == NULL) {
        *outcome = MFA_OUTCOME_DENY;
        return MFA_INVALID;
    }

    return mfa_flow_prove(step, outcome);
}


static mfa_status_t
reset_fault(mfa_step_t *step)
{
    return mfa_flow_password_judge(step, step->user.first_name,
                                   step->user.surname);
}


/* the form is judged before its password costs a hash, and again after */

static mfa_status_t
reset_prepare(mfa_step_t *step, mfa_flow_event_t event)
{
    mfa_status_t  st;

    if (event != MFA_EVENT_PASSWORD) {
        return MFA_OK;
    }

    if (step->flow.state != RESET_NEW) {
        return MFA_INVALID;
    }

    step->flow.errors.count = 0;
    step->flow.typed.count = 0;

    st = reset_fault(step);
    if (st != MFA_OK || step->flow.errors.count > 0) {
        return st;
    }

    return mfa_flow_password_want(step);
}


static void
user_set_password(mfa_step_t *step)
{
    mfa_user_t  *user = &step->user;

    user->password = step->hash;
    user->password_at = step->tx->now;
    user->password_failures = 0;

    /* the browser that reads the mail has not shown that it is trusted with
     * the rest of an unfinished registration (C3) */

    memset(user->browser, 0, MFA_DIGEST_SIZE);

    if (step->flow.amr & MFA_AMR_RECOVERY) {
        mfa_flow_mail_clear(user);

    } else {
        user->mailed_password_at = step->tx->now;
    }
}


static mfa_status_t
reset_settle(mfa_step_t *step)
{
    mfa_status_t  st;

    st = mfa_session_end_all(step->tx, &step->user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_device_delete_all(step->tx, &step->user.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_delete_all(step->tx, &step->user.id, &step->flow.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_tell(step, "notice", "password_reset", mfa_null);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "password.reset", "ok", NULL);
}


static mfa_status_t
reset_password(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    st = reset_fault(step);
    if (st != MFA_OK || step->flow.errors.count > 0) {
        return st;
    }

    if (step->hash.len == 0) {
        return MFA_BUG;
    }

    st = reset_gate(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    user_set_password(step);

    return reset_settle(step);
}


static const mfa_move_t  reset_moves[] = {

    { RESET_CODE, MFA_EVENT_CODE, reset_code,
      MFA_OUTCOME_PASS, RESET_VERIFIED },
    { RESET_CODE, MFA_EVENT_CODE, reset_code,
      MFA_OUTCOME_EXISTS, RESET_CLOSED },
    { RESET_CODE, MFA_EVENT_CODE, reset_code,
      MFA_OUTCOME_DENY, RESET_CODE },

    { RESET_CODE, MFA_EVENT_RESEND, reset_resend,
      MFA_OUTCOME_PASS, RESET_CODE },
    { RESET_CODE, MFA_EVENT_RESEND, reset_resend,
      MFA_OUTCOME_DENY, RESET_CODE },

    { RESET_CODE, MFA_EVENT_CHANGE_EMAIL, reset_change_email,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { RESET_VERIFIED, MFA_EVENT_CHANGE_EMAIL, reset_change_email,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { RESET_VERIFIED, MFA_EVENT_CONTINUE, reset_continue,
      MFA_OUTCOME_PASS, RESET_NEW },
    { RESET_VERIFIED, MFA_EVENT_CONTINUE, reset_continue,
      MFA_OUTCOME_EXISTS, RESET_CLOSED },

    { RESET_CLOSED, MFA_EVENT_CODE, reset_recovery,
      MFA_OUTCOME_PASS, RESET_NEW },
    { RESET_CLOSED, MFA_EVENT_CODE, reset_recovery,
      MFA_OUTCOME_DENY, RESET_CLOSED },

    { RESET_NEW, MFA_EVENT_PASSWORD, reset_password,
      MFA_OUTCOME_PASS, RESET_DONE },
    { RESET_NEW, MFA_EVENT_PASSWORD, reset_password,
      MFA_OUTCOME_EXISTS, RESET_CLOSED },
    { RESET_NEW, MFA_EVENT_PASSWORD, reset_password,
      MFA_OUTCOME_DENY, RESET_NEW },

    { 0, 0, NULL, 0, 0 }
};


static const mfa_screen_t  reset_screens[] = {
    { RESET_CODE, "password-reset/code" },
    { RESET_VERIFIED, "password-reset/verified" },
    { RESET_NEW, "password-reset/new" },
    { RESET_DONE, "password-reset/done" },
    { RESET_CLOSED, "password-reset/closed" },
    { 0, NULL }
};


const mfa_flow_kind_t  mfa_flow_password_reset = {
    .name = "password-reset",
    .moves = reset_moves,
    .screens = reset_screens,
    .home = "password-reset",
    .prepare = reset_prepare,
};
