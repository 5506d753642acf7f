/*
 * The journey of a login: password, second factor, session.
 *
 * Whatever goes wrong at the password, the person is told one thing, and
 * the same work is done for a person who does not exist (A6). Somebody
 * without a second factor is led to set one up, from another browser than
 * the one that set the password only after a mailed code (C3); as long as
 * policy lets them wait, they may go on without (Y1).
 */

#include "mfa_flow_login.h"
#include "mfa_flow_settings.h"


enum {
    LOGIN_VERIFY = 1,
    LOGIN_PROVE,
    LOGIN_SECURE,
    LOGIN_DONE,
    LOGIN_RESET_CODE,
    LOGIN_RESET_VERIFIED,
    LOGIN_RESET_SECURE,
    LOGIN_RESET_DONE,
    LOGIN_OFFER
};


typedef struct {
    mfa_step_t     *step;
    mfa_login_t    *login;
    mfa_verdict_t  *verdict;
} login_case_t;


/* the password was right: its tries are given back, an old hash renewed */

static mfa_status_t
login_settle(mfa_step_t *step, const mfa_login_t *login)
{
    mfa_status_t  st;

    st = mfa_login_accepted(step, login);
    if (st != MFA_OK || login->upgraded.len == 0) {
        return st;
    }

    step->user.password = login->upgraded;

    return mfa_user_save(step->tx, &step->user, NULL);
}


/*
 * The second factor is asked for, unless this browser is remembered and
 * policy wants nothing more of the person: then the login is complete.
 */

static mfa_status_t
login_by_device(mfa_step_t *step, const mfa_strs_t *kinds)
{
    mfa_status_t         st;
    mfa_device_answer_t  answer;

    step->flow.state = LOGIN_VERIFY;

    if (kinds->count == 0 || mfa_flow_wants_more(step, kinds)) {
        return MFA_OK;
    }

    st = mfa_flow_device_use(step, &answer);
    if (st != MFA_OK || answer != MFA_DEVICE_GOOD) {
        return st;
    }

    step->flow.state = MFA_FLOW_ENDED;
    step->flow.amr |= MFA_AMR_DEVICE;
    step->is_over = true;
    step->go = step->flow.target;

    return mfa_flow_session(step, step->flow.amr);
}


/* nothing to be asked for: set one up, or later, or not at all */

static mfa_status_t
login_without(mfa_step_t *step, const mfa_grace_t *grace)
{
    /* staff removed the methods of somebody whose password came by mail, or
     * the time to set one up is over: a request or a pass leads on, the
     * mailbox does not (C6, C11) */

    if (grace->is_late || mfa_flow_mail_is_alone(step->tx, &step->user)) {
        step->flow.state = LOGIN_VERIFY;
        return MFA_OK;
    }

    if (grace->may_wait && grace->policy.is_optional && !step->is_step_up) {
        if (step->user.registered_at == 0) {
            step->user.registered_at = step->tx->now;
        }

        return mfa_flow_end_by_password(step);
    }

    if (mfa_equal_ct(step->user.browser, step->browser, MFA_DIGEST_SIZE)) {
        step->flow.state = LOGIN_SECURE;

        return mfa_flow_secure_begin(step);
    }

    /* a code is sent to whom it is of use (R9) */

    if (grace->may_wait) {
        step->flow.state = LOGIN_OFFER;
        return MFA_OK;
    }

    step->flow.state = LOGIN_PROVE;

    return mfa_flow_code_issue(step, true);
}


/* a kind that this program does not know is asked for all the same: setting
 * up another instead of it would be a way around it */

static mfa_status_t
login_first_screen(mfa_step_t *step)
{
    mfa_strs_t    kinds;
    mfa_grace_t   grace;
    mfa_status_t  st;

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_grace(step->tx, step->env->settings, &step->user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    return grace.has_methods ? login_by_device(step, &kinds)
                             : login_without(step, &grace);
}


/*
 * A location that wants no more than the password: the login ends here. What
 * was due beyond it stays due, and is asked for elsewhere (Y3).
 */

static mfa_status_t
login_by_password(mfa_step_t *step)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    st = mfa_flow_grace(step->tx, step->env->settings, &step->user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    step->is_partial = !grace.may_wait;

    return mfa_flow_end_by_password(step);
}


static mfa_status_t
login_flow(mfa_step_t *step)
{
    mfa_status_t  st;

    st = mfa_flow_make(step->tx, mfa_str("login"),
                       step->work->model->settings->login_time, &step->flow);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(step->flow.browser, step->browser, MFA_DIGEST_SIZE);

    step->flow.user = step->user.id;
    step->flow.has_user = true;
    step->flow.email = step->user.email;
    step->flow.target = step->target;
    step->flow.amr = mfa_flow_amr(&step->session);
    step->is_partial = false;

    if (step->is_step_up) {
        step->flow.action = mfa_str("step-up");
    }

    st = step->is_one ? login_by_password(step) : login_first_screen(step);
    if (st != MFA_OK) {
        return st;
    }

    if (step->is_over) {
        return mfa_flow_event(step, "login", "ok",
                              (step->flow.amr & MFA_AMR_DEVICE) ? "device"
                                                                : "password");
    }

    st = mfa_flow_event(step, "login.password", "ok", NULL);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_save(step->tx, &step->flow);
}


static mfa_status_t
login_open(mfa_tx_t *tx, void *arg)
{
    login_case_t  *at = arg;
    mfa_step_t    *step = at->step;
    mfa_status_t   st;

    step->tx = tx;
    step->has_mail = false;
    step->is_over = false;
    step->token = mfa_null;
    step->device = mfa_null;
    step->proved = mfa_null;
    step->go = mfa_null;
    *at->verdict = MFA_VERDICT_DENY;

    if (at->login->verdict != MFA_VERDICT_PASS) {
        return mfa_login_refused(step, at->login);
    }

    st = mfa_user_get(tx, &at->login->user, &step->user);
    if (st != MFA_OK) {
        return st;
    }

    /* changed, locked or disabled while the hash was running */

    if (mfa_user_may_log_in(&step->user) != MFA_VERDICT_PASS
        || !mfa_str_eq(step->user.password, at->login->encoded))
    {
        return mfa_login_refused(step, at->login);
    }

    st = login_settle(step, at->login);
    if (st != MFA_OK) {
        return st;
    }

    st = login_flow(step);
    if (st != MFA_OK) {
        return st;
    }

    *at->verdict = MFA_VERDICT_PASS;

    return MFA_OK;
}


mfa_status_t
mfa_login_start(mfa_step_t *step, const mfa_login_t *login,
    mfa_verdict_t *verdict)
{
    mfa_login_t   copy;
    login_case_t  at;
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    copy = *login;

    at.step = step;
    at.login = &copy;
    at.verdict = verdict;

    st = mfa_update(step->work, login_open, &at);

    if (st != MFA_OK) {
        *verdict = MFA_VERDICT_DENY;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


/* no password again: the session says that it was right */

static mfa_status_t
login_continue(mfa_tx_t *tx, void *arg)
{
    mfa_step_t    *step = arg;
    mfa_status_t   st;

    st = mfa_settings_who(tx, step);
    if (st != MFA_OK) {
        return st;
    }

    /* a journey after the password lasts no longer than its login would; a
     * trusted sign-on is proved by each request */

    if ((step->session.amr & MFA_AMR_TRUSTED) == 0
        && tx->now - step->session.started_at
           >= step->work->model->settings->login_time)
    {
        return MFA_EXPIRED;
    }

    /* what a device spares is just what is wanted now */

    step->old_device = mfa_null;
    step->is_one = false;
    step->is_step_up = true;

    return login_flow(step);
}


mfa_status_t
mfa_login_continue(mfa_step_t *step)
{
    return mfa_update(step->work, login_continue, step);
}


/* in another browser, while policy lets them wait: yes, today */

static mfa_status_t
login_offer(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_code_issue(step, true);
}


/* finishing a registration from another browser */

static mfa_status_t
login_prove(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    st = mfa_flow_code_check(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    return mfa_flow_secure_begin(step);
}


static mfa_status_t
login_resend(mfa_step_t *step, mfa_outcome_t *outcome)
{
    return mfa_flow_code_again(step, true, outcome);
}


/* whoever decides on a request is found before its transaction */

static mfa_status_t
login_prepare(mfa_step_t *step, mfa_flow_event_t event)
{
    if (event != MFA_EVENT_REQUEST || step->flow.state != LOGIN_VERIFY) {
        return MFA_OK;
    }

    return mfa_flow_request_prepare(step);
}


static const mfa_move_t  login_moves[] = {

    { LOGIN_VERIFY, MFA_EVENT_CODE, mfa_flow_verify,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { LOGIN_VERIFY, MFA_EVENT_CODE, mfa_flow_verify,
      MFA_OUTCOME_MORE, LOGIN_SECURE },
    { LOGIN_VERIFY, MFA_EVENT_CODE, mfa_flow_verify,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_VERIFY, MFA_EVENT_SEND, mfa_flow_verify_send,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },
    { LOGIN_VERIFY, MFA_EVENT_SEND, mfa_flow_verify_send,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_VERIFY, MFA_EVENT_RESEND, mfa_flow_verify_send,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },
    { LOGIN_VERIFY, MFA_EVENT_RESEND, mfa_flow_verify_send,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_PROVE, MFA_EVENT_CODE, login_prove,
      MFA_OUTCOME_PASS, LOGIN_SECURE },
    { LOGIN_PROVE, MFA_EVENT_CODE, login_prove,
      MFA_OUTCOME_DENY, LOGIN_PROVE },

    { LOGIN_PROVE, MFA_EVENT_RESEND, login_resend,
      MFA_OUTCOME_PASS, LOGIN_PROVE },
    { LOGIN_PROVE, MFA_EVENT_RESEND, login_resend,
      MFA_OUTCOME_DENY, LOGIN_PROVE },

    { LOGIN_PROVE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { LOGIN_PROVE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_PROVE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_DENY, LOGIN_PROVE },

    { LOGIN_OFFER, MFA_EVENT_CONTINUE, login_offer,
      MFA_OUTCOME_PASS, LOGIN_PROVE },

    { LOGIN_OFFER, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { LOGIN_OFFER, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_OFFER, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_DENY, LOGIN_OFFER },

    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_PASS, LOGIN_DONE },
    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_MORE, LOGIN_SECURE },
    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_DENY, LOGIN_SECURE },

    { LOGIN_SECURE, MFA_EVENT_NEW_SECRET, mfa_flow_secure_renew,
      MFA_OUTCOME_PASS, LOGIN_SECURE },

    { LOGIN_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_PASS, LOGIN_SECURE },
    { LOGIN_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_DENY, LOGIN_SECURE },

    { LOGIN_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_PASS, LOGIN_SECURE },
    { LOGIN_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_DENY, LOGIN_SECURE },

    { LOGIN_SECURE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { LOGIN_SECURE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_SECURE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_DENY, LOGIN_SECURE },

    { LOGIN_DONE, MFA_EVENT_RECOVERY, mfa_flow_recovery,
      MFA_OUTCOME_PASS, LOGIN_DONE },

    { LOGIN_DONE, MFA_EVENT_CONTINUE, mfa_flow_finish,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    /* a lost phone */

    { LOGIN_VERIFY, MFA_EVENT_RESET, mfa_flow_reset_begin,
      MFA_OUTCOME_PASS, LOGIN_RESET_CODE },
    { LOGIN_VERIFY, MFA_EVENT_RESET, mfa_flow_reset_begin,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_VERIFY, MFA_EVENT_REQUEST, mfa_flow_request_submit,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },
    { LOGIN_VERIFY, MFA_EVENT_REQUEST, mfa_flow_request_submit,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_VERIFY, MFA_EVENT_PASS, mfa_flow_reset_pass,
      MFA_OUTCOME_PASS, LOGIN_RESET_SECURE },
    { LOGIN_VERIFY, MFA_EVENT_PASS, mfa_flow_reset_pass,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_RESET_CODE, MFA_EVENT_CODE, mfa_flow_reset_code,
      MFA_OUTCOME_PASS, LOGIN_RESET_VERIFIED },
    { LOGIN_RESET_CODE, MFA_EVENT_CODE, mfa_flow_reset_code,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_RESET_CODE, MFA_EVENT_CODE, mfa_flow_reset_code,
      MFA_OUTCOME_DENY, LOGIN_RESET_CODE },

    { LOGIN_RESET_CODE, MFA_EVENT_RESEND, mfa_flow_reset_again,
      MFA_OUTCOME_PASS, LOGIN_RESET_CODE },
    { LOGIN_RESET_CODE, MFA_EVENT_RESEND, mfa_flow_reset_again,
      MFA_OUTCOME_DENY, LOGIN_RESET_CODE },

    { LOGIN_RESET_CODE, MFA_EVENT_CHANGE_EMAIL, mfa_flow_reset_change,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },

    { LOGIN_RESET_CODE, MFA_EVENT_CANCEL, mfa_flow_reset_cancel,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },
    { LOGIN_RESET_VERIFIED, MFA_EVENT_CANCEL, mfa_flow_reset_cancel,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },
    { LOGIN_RESET_SECURE, MFA_EVENT_CANCEL, mfa_flow_reset_cancel,
      MFA_OUTCOME_PASS, LOGIN_VERIFY },

    { LOGIN_RESET_VERIFIED, MFA_EVENT_CONTINUE, mfa_flow_reset_go_on,
      MFA_OUTCOME_PASS, LOGIN_RESET_SECURE },
    { LOGIN_RESET_VERIFIED, MFA_EVENT_CONTINUE, mfa_flow_reset_go_on,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },

    { LOGIN_RESET_SECURE, MFA_EVENT_CODE, mfa_flow_reset_confirm,
      MFA_OUTCOME_PASS, LOGIN_RESET_DONE },
    { LOGIN_RESET_SECURE, MFA_EVENT_CODE, mfa_flow_reset_confirm,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_RESET_SECURE, MFA_EVENT_CODE, mfa_flow_reset_confirm,
      MFA_OUTCOME_DENY, LOGIN_RESET_SECURE },

    { LOGIN_RESET_SECURE, MFA_EVENT_NEW_SECRET, mfa_flow_secure_renew,
      MFA_OUTCOME_PASS, LOGIN_RESET_SECURE },

    { LOGIN_RESET_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_PASS, LOGIN_RESET_SECURE },
    { LOGIN_RESET_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_DENY, LOGIN_RESET_SECURE },

    { LOGIN_RESET_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_PASS, LOGIN_RESET_SECURE },
    { LOGIN_RESET_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_DENY, LOGIN_RESET_SECURE },

    { 0, 0, NULL, 0, 0 }
};


static const mfa_screen_t  login_screens[] = {
    { LOGIN_VERIFY, "verify" },
    { LOGIN_VERIFY, "verify/" },
    { LOGIN_VERIFY, "deadline" },
    { LOGIN_VERIFY, "device-reset" },
    { LOGIN_VERIFY, "device-reset/closed" },
    { LOGIN_VERIFY, "reset-request" },
    { LOGIN_VERIFY, "reset-request/sent" },
    { LOGIN_PROVE, "prove" },
    { LOGIN_OFFER, "set-up" },
    { LOGIN_SECURE, "secure" },
    { LOGIN_SECURE, "secure/" },
    { LOGIN_DONE, "register/done" },
    { LOGIN_DONE, "recovery-codes" },
    { LOGIN_RESET_CODE, "device-reset/code" },
    { LOGIN_RESET_VERIFIED, "device-reset/verified" },
    { LOGIN_RESET_SECURE, "secure" },
    { LOGIN_RESET_SECURE, "secure/" },
    { LOGIN_RESET_DONE, "device-reset/done" },
    { 0, NULL }
};


const mfa_flow_kind_t  mfa_flow_login = {
    .name = "login",
    .moves = login_moves,
    .screens = login_screens,
    .home = "login",
    .prepare = login_prepare,
};
