/*
 * The budgets of passwords: what a try is booked on before it is looked at,
 * and what becomes of the booking (H1 to H3, A12, H11).
 *
 * Browsers that nobody knows share the small budget of the account, so a
 * stranger can use it up; a known browser has its own, which no stranger
 * touches, and passes where its source is held. For a name that nobody has
 * the same is done as for one that somebody has (A6).
 */

#include "mfa_flow_login.h"


typedef struct {
    mfa_step_t   *step;
    mfa_login_t  *login;
} book_case_t;


mfa_status_t
mfa_budget_known(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_budget_t *budget)
{
    mfa_buf_t  buf;

    budget->kind = MFA_LIMIT_LOGIN_BROWSER;

    mfa_buf_init(&buf, tx->work->arena, MFA_ID_SIZE + MFA_DIGEST_SIZE);
    mfa_buf_put(&buf, mfa_id_str(user));
    mfa_buf_put(&buf, mfa_str_bytes(browser, MFA_DIGEST_SIZE));

    return mfa_buf_str(&buf, &budget->subject);
}


mfa_status_t
mfa_budget_find(mfa_step_t *step, mfa_tx_t *tx, mfa_budget_t *budget)
{
    bool          is_known;
    mfa_status_t  st;

    st = mfa_known_look(tx, &step->user.id, step->browser, &is_known);
    if (st != MFA_OK) {
        return st;
    }

    if (is_known) {
        return mfa_budget_known(tx, &step->user.id, step->browser, budget);
    }

    budget->kind = MFA_LIMIT_LOGIN_PERSON;

    return mfa_limit_person(tx, &step->user, step->user.email,
                            &budget->subject);
}


/*
 * MFA_NOT_FOUND: nobody of that address; *user is all zero then. Somebody's
 * record is read all the same, which takes as long as a person's own (A7).
 */

static mfa_status_t
login_nobody(mfa_tx_t *tx)
{
    mfa_user_t    somebody;
    mfa_status_t  st;

    st = mfa_user_next(tx, NULL, &somebody);

    return st == MFA_OK ? MFA_NOT_FOUND : st;
}


static mfa_status_t
login_user(mfa_tx_t *tx, mfa_str_t typed, mfa_user_t *user)
{
    mfa_str_t     email;
    mfa_status_t  st;

    memset(user, 0, sizeof(*user));

    st = mfa_email_canonical(tx->work->arena, typed, &email);
    if (st == MFA_INVALID) {
        return MFA_NOT_FOUND;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_by_email(tx, email, user);

    if (st != MFA_OK) {
        memset(user, 0, sizeof(*user));
    }

    return st == MFA_NOT_FOUND ? login_nobody(tx) : st;
}


/* all or none: a refusal ends the update */

static mfa_status_t
login_budget(mfa_tx_t *tx, const book_case_t *at, const mfa_id_t *user)
{
    mfa_step_t    *step = at->step;
    mfa_budget_t   budget;
    mfa_status_t   st;

    if (at->login->is_known) {
        st = mfa_budget_known(tx, user, step->browser, &budget);
        if (st != MFA_OK) {
            return st;
        }

        return mfa_limit_book(tx, budget.kind, budget.subject,
                              &step->retry_at);
    }

    st = mfa_spray_look(tx, &step->retry_at);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_book_address(tx, MFA_LIMIT_LOGIN_ADDRESS,
                                &step->retry_at);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_limit_book(tx, MFA_LIMIT_LOGIN_PERSON, at->login->person,
                          &step->retry_at);
}


static mfa_status_t
login_book(mfa_tx_t *tx, void *arg)
{
    mfa_user_t          user;
    mfa_login_t        *login;
    book_case_t        *at = arg;
    mfa_status_t        st;
    const mfa_user_t   *found;

    login = at->login;
    login->encoded = mfa_null;
    login->is_known = false;
    login->is_closed = true;
    login->is_last = false;

    st = login_user(tx, login->typed, &user);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    found = (st == MFA_OK) ? &user : NULL;

    st = mfa_limit_person(tx, found, login->typed, &login->person);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_known_look(tx, &user.id, at->step->browser, &login->is_known);
    if (st != MFA_OK) {
        return st;
    }

    st = login_budget(tx, at, &user.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_password_row_book(tx, found, login->typed, &login->is_closed,
                               &login->is_last);
    if (st != MFA_OK) {
        return st;
    }

    /* somebody who may not log in, or not from here, is checked against
     * nothing, at the same cost */

    login->user = user.id;

    if (mfa_user_may_log_in(&user) == MFA_VERDICT_PASS
        && (login->is_known || !login->is_closed))
    {
        login->encoded = user.password;
    }

    return MFA_OK;
}


mfa_status_t
mfa_login_prepare(mfa_step_t *step, mfa_login_t *login)
{
    book_case_t  at;

    at.step = step;
    at.login = login;

    return mfa_flow_limited(step->work, "login",
                            mfa_update_reserved(step->work, login_book, &at));
}


/* the row is full: its owner hears of it, once */

static mfa_status_t
login_close(mfa_step_t *step, const mfa_login_t *login)
{
    mfa_event_t   event;
    mfa_status_t  st;

    st = mfa_user_get(step->tx, &login->user, &step->user);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    memset(&event, 0, sizeof(event));

    event.name = "login.closed";
    event.result = "limited";
    event.reason = "password";

    st = mfa_id_text(step->work->arena, &login->user, &event.user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_event_add(step->tx, &event);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_tell(step, "login_closed", "is_closed", mfa_null);
}


static const char *
refused_reason(const mfa_login_t *login, bool is_known)
{
    if (!is_known) {
        return "unknown";
    }

    if (login->encoded.len > 0) {
        return "password";
    }

    return (login->is_closed && !login->is_known) ? "closed" : "user";
}


mfa_status_t
mfa_login_refused(mfa_step_t *step, const mfa_login_t *login)
{
    bool          is_known;
    mfa_id_t      nobody;
    mfa_event_t   event;
    mfa_status_t  st;

    memset(&event, 0, sizeof(event));
    memset(&nobody, 0, sizeof(nobody));

    is_known = memcmp(&login->user, &nobody, sizeof(nobody)) != 0;

    event.name = "login";
    event.result = "fail";
    event.reason = refused_reason(login, is_known);

    if (is_known) {
        st = mfa_id_text(step->work->arena, &login->user, &event.user);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = mfa_event_add(step->tx, &event);

    if (st == MFA_OK && !login->is_known) {
        st = mfa_spray_failed(step->tx, login->person);
    }

    if (st == MFA_OK) {
        st = mfa_fleet_failed(step->tx);
    }

    if (st != MFA_OK || !login->is_last || login->encoded.len == 0) {
        return st;
    }

    return login_close(step, login);
}


mfa_status_t
mfa_login_accepted(mfa_step_t *step, const mfa_login_t *login)
{
    mfa_budget_t  budget;
    mfa_status_t  st;

    if (login->is_known) {
        st = mfa_budget_known(step->tx, &step->user.id, step->browser,
                              &budget);

        if (st == MFA_OK) {
            st = mfa_limit_refund(step->tx, budget.kind, budget.subject);
        }

    } else {
        st = mfa_limit_refund(step->tx, MFA_LIMIT_LOGIN_PERSON,
                              login->person);

        if (st == MFA_OK) {
            st = mfa_limit_refund_address(step->tx, MFA_LIMIT_LOGIN_ADDRESS);
        }
    }

    return (st == MFA_OK) ? mfa_password_row_clear(step->tx, &step->user)
                          : st;
}
