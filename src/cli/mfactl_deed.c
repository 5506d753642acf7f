/*
 * What is done to one user: lock, unlock, disable, enable, delete.
 *
 * Locking, disabling and deleting end all sessions in the same commit; the
 * next request of the person is refused by every worker.
 */

#include "mfactl.h"


typedef struct deed_s  deed_t;

struct deed_s {
    const char     *typed;
    const char     *event;
    mfa_status_t  (*fn)(mfa_tx_t *tx, deed_t *deed);
    mfa_user_t      user;
    bool            is_noop;            /* it was so before */
};


static mfa_status_t
deed_run(mfa_tx_t *tx, void *arg)
{
    deed_t        *deed = arg;
    mfa_id_t       id;
    mfa_status_t   st;

    st = mfactl_user_find(tx, deed->typed, &deed->user);
    if (st != MFA_OK) {
        return st;
    }

    id = deed->user.id;

    st = deed->fn(tx, deed);
    if (st != MFA_OK) {
        return st;
    }

    return mfactl_event(tx, deed->event, &id);
}


static mfactl_exit_t
deed_do(mfactl_t *ctl, deed_t *deed)
{
    json_t         *object;
    mfa_status_t    st;
    mfactl_exit_t   code;

    deed->typed = ctl->args[0];

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_UPDATE_RESERVED, deed_run, deed);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           deed->typed);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, deed->event);
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str_from(deed->event));
    mfactl_set(object, "email", deed->user.email);
    mfactl_set(object, "user", deed->user.user);
    json_object_set_new(object, "was_so", json_boolean(deed->is_noop));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


static mfa_status_t
deed_lock(mfa_tx_t *tx, deed_t *deed)
{
    deed->is_noop = deed->user.is_locked;
    deed->user.is_locked = true;

    return mfa_session_end_all(tx, &deed->user);
}


static mfa_status_t
deed_disable(mfa_tx_t *tx, deed_t *deed)
{
    deed->is_noop = deed->user.is_disabled;
    deed->user.is_disabled = true;

    return mfa_session_end_all(tx, &deed->user);
}


static mfa_status_t
deed_enable(mfa_tx_t *tx, deed_t *deed)
{
    deed->is_noop = !deed->user.is_disabled;
    deed->user.is_disabled = false;

    return mfa_user_save(tx, &deed->user, NULL);
}


static mfa_status_t
deed_delete(mfa_tx_t *tx, deed_t *deed)
{
    mfa_id_t  id;

    id = deed->user.id;

    return mfa_user_delete(tx, &id);
}


/* holds and the switch that too many failures turned; the secret stays */

static mfa_status_t
deed_free_factor(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind,
    bool *was_held)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, user, kind, &record);
    if (st != MFA_OK) {
        return st;
    }

    if (!record.is_disabled && record.failures == 0 && record.holds == 0
        && record.held_until == 0 && record.day_failures == 0)
    {
        return MFA_OK;
    }

    *was_held = true;

    record.is_disabled = false;
    record.failures = 0;
    record.holds = 0;
    record.held_until = 0;
    record.day_at = 0;
    record.day_failures = 0;

    return mfa_factor_record_put(tx, &record);
}


static mfa_status_t
deed_free_limit(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject,
    bool *was_held)
{
    mfa_status_t  st;

    st = mfa_limit_clear(tx, kind, subject);
    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    *was_held = *was_held || st == MFA_OK;

    return st;
}


/* waits and budgets after wrong passwords, and of codes that were sent; the
 * row of a hundred wrong ones (A12) */

static mfa_status_t
deed_free_person(mfa_tx_t *tx, const mfa_user_t *user, bool *was_held)
{
    bool          is_closed;
    mfa_str_t     subject;
    mfa_status_t  st;

    st = mfa_password_row_look(tx, user, &is_closed);

    if (st == MFA_OK) {
        *was_held = *was_held || is_closed;
        st = mfa_password_row_clear(tx, user);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_person(tx, user, user->email, &subject);

    if (st == MFA_OK) {
        st = deed_free_limit(tx, MFA_LIMIT_LOGIN_PERSON, subject, was_held);
    }

    if (st == MFA_OK) {
        st = deed_free_limit(tx, MFA_LIMIT_SEND_PERSON,
                             mfa_id_str(&user->id), was_held);
    }

    return st;
}


static mfa_status_t
deed_unlock(mfa_tx_t *tx, deed_t *deed)
{
    bool          was_held;
    size_t        i;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    was_held = false;

    st = mfa_factor_record_kinds(tx, &deed->user.id, &kinds);

    for (i = 0; st == MFA_OK && i < kinds.count; i++) {
        st = deed_free_factor(tx, &deed->user.id, kinds.items[i], &was_held);
    }

    if (st == MFA_OK) {
        st = deed_free_person(tx, &deed->user, &was_held);
    }

    if (st != MFA_OK) {
        return st;
    }

    deed->is_noop = !deed->user.is_locked && !was_held;
    deed->user.is_locked = false;
    deed->user.password_failures = 0;

    return mfa_user_save(tx, &deed->user, NULL);
}


mfactl_exit_t
mfactl_user_lock(mfactl_t *ctl)
{
    return deed_do(ctl, &(deed_t) { .event = "user.lock", .fn = deed_lock });
}


mfactl_exit_t
mfactl_user_unlock(mfactl_t *ctl)
{
    return deed_do(ctl, &(deed_t) { .event = "user.unlock",
                                    .fn = deed_unlock });
}


mfactl_exit_t
mfactl_user_disable(mfactl_t *ctl)
{
    return deed_do(ctl, &(deed_t) { .event = "user.disable",
                                    .fn = deed_disable });
}


mfactl_exit_t
mfactl_user_enable(mfactl_t *ctl)
{
    return deed_do(ctl, &(deed_t) { .event = "user.enable",
                                    .fn = deed_enable });
}


mfactl_exit_t
mfactl_user_delete(mfactl_t *ctl)
{
    return deed_do(ctl, &(deed_t) { .event = "user.delete",
                                    .fn = deed_delete });
}
