/*
 * Wrong passwords in a row, without a right one in between (A12).
 *
 * A counter beside the user and not in it, so that a guess does not rewrite
 * the whole record. It is counted for the password of today: a new one
 * starts afresh, whoever set it. Names that nobody has are counted as well,
 * by their slots, at the same cost. Contract: mfa_model_flow.h.
 */

#include "mfa_model.h"


static mfa_status_t
row_subject(mfa_tx_t *tx, const mfa_user_t *user, mfa_str_t typed,
    mfa_str_t *subject)
{
    mfa_str_t     person;
    mfa_status_t  st;

    *subject = mfa_null;

    st = mfa_limit_person(tx, user, typed, &person);
    if (st != MFA_OK) {
        return st;
    }

    *subject = mfa_arena_printf(tx->work->arena, MFA_STR_FMT ":%lld",
                                MFA_STR_ARG(person),
                                user != NULL ? (long long) user->password_at
                                             : 0LL);

    return (subject->data == NULL) ? MFA_NO_MEMORY : MFA_OK;
}


static mfa_status_t
row_is_full(mfa_tx_t *tx, mfa_str_t subject, bool *is_full)
{
    mfa_time_t    retry_at;
    mfa_status_t  st;

    st = mfa_limit_look(tx, MFA_LIMIT_PASSWORD_ROW, subject, &retry_at);

    *is_full = (st != MFA_OK);

    return (st == MFA_LIMITED) ? MFA_OK : st;
}


mfa_status_t
mfa_password_row_book(mfa_tx_t *tx, const mfa_user_t *user, mfa_str_t typed,
    bool *is_closed, bool *is_last)
{
    mfa_str_t     subject;
    mfa_time_t    retry_at;
    mfa_status_t  st;

    *is_closed = true;
    *is_last = false;

    st = row_subject(tx, user, typed, &subject);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_book(tx, MFA_LIMIT_PASSWORD_ROW, subject, &retry_at);

    if (st == MFA_LIMITED) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    *is_closed = false;

    return row_is_full(tx, subject, is_last);
}


mfa_status_t
mfa_password_row_look(mfa_tx_t *tx, const mfa_user_t *user, bool *is_closed)
{
    mfa_str_t     subject;
    mfa_status_t  st;

    *is_closed = true;

    st = row_subject(tx, user, user->email, &subject);
    if (st != MFA_OK) {
        return st;
    }

    return row_is_full(tx, subject, is_closed);
}


mfa_status_t
mfa_password_row_clear(mfa_tx_t *tx, const mfa_user_t *user)
{
    mfa_str_t     subject;
    mfa_status_t  st;

    st = row_subject(tx, user, user->email, &subject);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_clear(tx, MFA_LIMIT_PASSWORD_ROW, subject);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}
