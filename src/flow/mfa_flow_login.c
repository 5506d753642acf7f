/*
 * The journey of a login: password, second factor, session.
 *
 * Whatever goes wrong at the password, the person is told one thing, and
 * the same work is done for a person who does not exist (A6). Somebody
 * without a second factor is led to set one up, from another browser than
 * the one that set the password only after a mailed code (C3).
 */

#include "mfa_flow.h"


enum {
    LOGIN_VERIFY = 1,
    LOGIN_PROVE,
    LOGIN_SECURE,
    LOGIN_DONE
};


typedef struct {
    mfa_step_t     *step;
    mfa_login_t    *login;
    mfa_verdict_t  *verdict;
} login_case_t;


static mfa_status_t
login_user(mfa_tx_t *tx, mfa_str_t typed, mfa_user_t *user)
{
    mfa_str_t     email;
    mfa_status_t  st;

    st = mfa_email_canonical(tx->work->arena, typed, &email);
    if (st == MFA_INVALID) {
        return MFA_NOT_FOUND;
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_user_by_email(tx, email, user);
}


static mfa_status_t
login_subject(mfa_tx_t *tx, const mfa_login_t *login, mfa_user_t *user,
    mfa_str_t *subject)
{
    mfa_status_t  st;

    st = login_user(tx, login->typed, user);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    if (st == MFA_NOT_FOUND) {
        memset(user, 0, sizeof(*user));

        return mfa_limit_person(tx, NULL, login->typed, subject);
    }

    return mfa_limit_person(tx, user, login->typed, subject);
}


static mfa_status_t
login_book(mfa_tx_t *tx, void *arg)
{
    mfa_str_t      subject;
    mfa_user_t     user;
    login_case_t  *at = arg;
    mfa_status_t   st;

    at->login->encoded = mfa_null;

    st = mfa_limit_book_address(tx, MFA_LIMIT_LOGIN_ADDRESS,
                                &at->step->retry_at);
    if (st != MFA_OK) {
        return st;
    }

    st = login_subject(tx, at->login, &user, &subject);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_book(tx, MFA_LIMIT_LOGIN_PERSON, subject,
                        &at->step->retry_at);
    if (st != MFA_OK) {
        return st;
    }

    /* somebody who may not log in is checked against nothing, at the same
     * cost */

    at->login->user = user.id;

    if (mfa_user_may_log_in(&user) == MFA_VERDICT_PASS) {
        at->login->encoded = user.password;
    }

    return MFA_OK;
}


mfa_status_t
mfa_login_prepare(mfa_step_t *step, mfa_login_t *login)
{
    login_case_t  at;

    at.step = step;
    at.login = login;
    at.verdict = NULL;

    return mfa_flow_limited(step->work, "login",
                            mfa_update_reserved(step->work, login_book, &at));
}


static mfa_status_t
login_refused(mfa_tx_t *tx, const mfa_login_t *login)
{
    bool              is_known;
    mfa_id_t          nobody;
    mfa_event_t       event;
    mfa_status_t      st;

    memset(&event, 0, sizeof(event));
    memset(&nobody, 0, sizeof(nobody));

    is_known = memcmp(&login->user, &nobody, sizeof(nobody)) != 0;

    event.name = "login";
    event.result = "fail";
    event.reason = !is_known ? "unknown"
                   : (login->encoded.len == 0) ? "user" : "password";

    if (is_known) {
        st = mfa_id_text(tx->work->arena, &login->user, &event.user);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_event_add(tx, &event);
}


/* the password was right: its tries are given back, an old hash renewed */

static mfa_status_t
login_settle(mfa_tx_t *tx, const mfa_login_t *login, mfa_user_t *user)
{
    mfa_str_t     subject;
    mfa_status_t  st;

    st = mfa_limit_person(tx, user, login->typed, &subject);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_refund(tx, MFA_LIMIT_LOGIN_PERSON, subject);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_refund_address(tx, MFA_LIMIT_LOGIN_ADDRESS);
    if (st != MFA_OK || login->upgraded.len == 0) {
        return st;
    }

    user->password = login->upgraded;

    return mfa_user_save(tx, user, NULL);
}


static mfa_status_t
login_first_screen(mfa_step_t *step)
{
    mfa_strs_t    kinds;
    mfa_status_t  st;

    st = mfa_factor_record_kinds(step->tx, &step->user.id, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (kinds.count > 0) {
        step->flow.state = LOGIN_VERIFY;
        return MFA_OK;
    }

    if (mfa_equal_ct(step->user.browser, step->browser, MFA_DIGEST_SIZE)) {
        step->flow.state = LOGIN_SECURE;

        return mfa_flow_secure_begin(step);
    }

    step->flow.state = LOGIN_PROVE;

    return mfa_flow_code_issue(step, true);
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
    step->flow.amr = MFA_AMR_PWD;

    st = login_first_screen(step);
    if (st != MFA_OK) {
        return st;
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
    *at->verdict = MFA_VERDICT_DENY;

    if (at->login->verdict != MFA_VERDICT_PASS) {
        return login_refused(tx, at->login);
    }

    st = mfa_user_get(tx, &at->login->user, &step->user);
    if (st != MFA_OK) {
        return st;
    }

    /* changed, locked or disabled while the hash was running */

    if (mfa_user_may_log_in(&step->user) != MFA_VERDICT_PASS
        || !mfa_str_eq(step->user.password, at->login->encoded))
    {
        return login_refused(tx, at->login);
    }

    st = login_settle(tx, at->login, &step->user);
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


static const mfa_move_t  login_moves[] = {

    { LOGIN_VERIFY, MFA_EVENT_CODE, mfa_flow_verify,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { LOGIN_VERIFY, MFA_EVENT_CODE, mfa_flow_verify,
      MFA_OUTCOME_DENY, LOGIN_VERIFY },

    { LOGIN_PROVE, MFA_EVENT_CODE, login_prove,
      MFA_OUTCOME_PASS, LOGIN_SECURE },
    { LOGIN_PROVE, MFA_EVENT_CODE, login_prove,
      MFA_OUTCOME_DENY, LOGIN_PROVE },

    { LOGIN_PROVE, MFA_EVENT_RESEND, login_resend,
      MFA_OUTCOME_PASS, LOGIN_PROVE },
    { LOGIN_PROVE, MFA_EVENT_RESEND, login_resend,
      MFA_OUTCOME_DENY, LOGIN_PROVE },

    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_confirm,
      MFA_OUTCOME_PASS, LOGIN_DONE },
    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_confirm,
      MFA_OUTCOME_EXISTS, LOGIN_VERIFY },
    { LOGIN_SECURE, MFA_EVENT_CODE, mfa_flow_secure_confirm,
      MFA_OUTCOME_DENY, LOGIN_SECURE },

    { LOGIN_SECURE, MFA_EVENT_NEW_SECRET, mfa_flow_secure_renew,
      MFA_OUTCOME_PASS, LOGIN_SECURE },

    { LOGIN_DONE, MFA_EVENT_CONTINUE, mfa_flow_finish,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { 0, 0, NULL, 0, 0 }
};


static const mfa_screen_t  login_screens[] = {
    { LOGIN_VERIFY, "verify" },
    { LOGIN_PROVE, "prove" },
    { LOGIN_SECURE, "secure" },
    { LOGIN_DONE, "register/done" },
    { 0, NULL }
};


const mfa_flow_kind_t  mfa_flow_login = {
    .name = "login",
    .moves = login_moves,
    .screens = login_screens,
    .home = "login",
};
