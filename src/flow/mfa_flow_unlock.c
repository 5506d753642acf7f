/*
 * The journey of somebody who is held after wrong passwords, their own or a
 * stranger's: a mailed code makes this browser known for the account.
 *
 * Up to the right code every address sees and costs the same (C1). The code
 * proves nothing: the password and the second factor are asked for as ever.
 */

#include "mfa_flow_login.h"


enum {
    UNLOCK_CODE = 1,
    UNLOCK_DONE
};


/* who has a password to try and may log in. *user is set on PASS */

static mfa_status_t
unlock_judge(mfa_step_t *step, mfa_user_t *user, mfa_verdict_t *verdict)
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

    if (user->password.len > 0) {
        *verdict = mfa_user_may_log_in(user);
    }

    return MFA_OK;
}


static const mfa_mailed_t  unlock_mailed = {
    "unlock", UNLOCK_CODE, "unlock.start", unlock_judge
};


mfa_status_t
mfa_unlock_start(mfa_step_t *step, mfa_str_t typed)
{
    return mfa_flow_mailed_start(step, &unlock_mailed, typed);
}


static mfa_status_t
unlock_resend(mfa_step_t *step, mfa_outcome_t *outcome)
{
    return mfa_flow_mailed_again(step, &unlock_mailed, outcome);
}


/* a budget of its own for this browser, not yet used; the account's is left
 * as it is, or a stranger could have it refilled */

static mfa_status_t
unlock_settle(mfa_step_t *step, const mfa_user_t *user)
{
    mfa_budget_t  budget;
    mfa_status_t  st;

    st = mfa_known_add(step->tx, &user->id, step->browser);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_budget_known(step->tx, &user->id, step->browser, &budget);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_clear(step->tx, budget.kind, budget.subject);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_password_row_clear(step->tx, user);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.user = user->id;
    step->flow.has_user = true;

    return mfa_flow_event(step, "login.unlock", "ok", NULL);
}


static mfa_status_t
unlock_code(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_user_t     user;
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    st = mfa_flow_code_check(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    st = unlock_judge(step, &user, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        return mfa_flow_error(step, "code",
                              MFA_WORD("Invalid verification code."));
    }

    st = unlock_settle(step, &user);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    return MFA_OK;
}


static mfa_status_t
unlock_change_email(mfa_step_t *step, mfa_outcome_t *outcome)
{
    (void) step;

    *outcome = MFA_OUTCOME_PASS;

    return MFA_OK;
}


static const mfa_move_t  unlock_moves[] = {

    { UNLOCK_CODE, MFA_EVENT_CODE, unlock_code,
      MFA_OUTCOME_PASS, UNLOCK_DONE },
    { UNLOCK_CODE, MFA_EVENT_CODE, unlock_code,
      MFA_OUTCOME_DENY, UNLOCK_CODE },

    { UNLOCK_CODE, MFA_EVENT_RESEND, unlock_resend,
      MFA_OUTCOME_PASS, UNLOCK_CODE },
    { UNLOCK_CODE, MFA_EVENT_RESEND, unlock_resend,
      MFA_OUTCOME_DENY, UNLOCK_CODE },

    { UNLOCK_CODE, MFA_EVENT_CHANGE_EMAIL, unlock_change_email,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { 0, 0, NULL, 0, 0 }
};


static const mfa_screen_t  unlock_screens[] = {
    { UNLOCK_CODE, "unlock/code" },
    { UNLOCK_DONE, "unlock/done" },
    { 0, NULL }
};


const mfa_flow_kind_t  mfa_flow_unlock = {
    .name = "unlock",
    .moves = unlock_moves,
    .screens = unlock_screens,
    .home = "unlock",
};
