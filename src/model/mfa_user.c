/*
 * Users: the people, and what goes with them when they go.
 *
 * The indexes (mfa_user_index.c, mfa_user_reports.c) change in the
 * transaction of the record, never apart from it. Contract: mfa_model.h.
 */

#include "mfa_record.h"


mfa_verdict_t
mfa_user_may_log_in(const mfa_user_t *user)
{
    mfa_verdict_t  verdict;

    verdict = MFA_VERDICT_DENY;

    if (!user->is_disabled && !user->is_locked) {
        verdict = MFA_VERDICT_PASS;
    }

    return verdict;
}


mfa_str_t
mfa_id_str(const mfa_id_t *id)
{
    return mfa_str_bytes(id->bytes, MFA_ID_SIZE);
}


mfa_status_t
mfa_id_text(mfa_arena_t *arena, const mfa_id_t *id, mfa_str_t *hex)
{
    return mfa_hex_encode(arena, mfa_id_str(id), hex);
}


mfa_status_t
mfa_user_make(mfa_tx_t *tx, mfa_user_t *user)
{
    *user = (mfa_user_t) { .added_at = tx->now };

    return mfa_port_random(tx->work->model->ports, user->id.bytes,
                           MFA_ID_SIZE);
}


mfa_status_t
mfa_user_get(mfa_tx_t *tx, const mfa_id_t *id, mfa_user_t *user)
{
    mfa_id_t      found;
    mfa_str_t     record;
    mfa_status_t  st;

    found = *id;                /* id may be inside *user */
    *user = (mfa_user_t) { .is_disabled = true };

    st = mfa_txn_get(tx->txn, MFA_TABLE_USER, mfa_id_str(&found),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_user_unpack(tx, &found, record, user);
}


mfa_status_t
mfa_user_next(mfa_tx_t *tx, const mfa_id_t *after, mfa_user_t *user)
{
    mfa_id_t      id;
    mfa_cursor_t  cursor = { .table = MFA_TABLE_USER, .key = mfa_null };
    mfa_status_t  st;

    if (after != NULL) {
        id = *after;
        cursor.key = mfa_id_str(&id);
    }

    *user = (mfa_user_t) { .is_disabled = true };

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    if (cursor.key.len != MFA_ID_SIZE) {
        return MFA_DAMAGED;
    }

    memcpy(id.bytes, cursor.key.data, MFA_ID_SIZE);

    return mfa_user_unpack(tx, &id, cursor.value, user);
}


/* old is what stands; a zeroed one for a new user */

static mfa_status_t
user_write(mfa_tx_t *tx, const mfa_user_t *user, const mfa_user_t *old,
    mfa_str_t *taken)
{
    mfa_str_t     record;
    mfa_status_t  st;

    if (taken != NULL) {
        *taken = mfa_null;
    }

    st = mfa_user_pack(tx, user, &record);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_index_check(tx, user, old, taken);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_index_move(tx, user, old);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_reports_move(tx, user, old);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_USER, mfa_id_str(&user->id), record);
}


mfa_status_t
mfa_user_add(mfa_tx_t *tx, const mfa_user_t *user, mfa_str_t *taken)
{
    mfa_user_t    old;
    mfa_status_t  st;

    st = mfa_user_get(tx, &user->id, &old);

    if (st == MFA_OK) {
        mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
                "a new user has the id of another");
        return MFA_BUG;
    }

    if (st != MFA_NOT_FOUND) {
        return st;
    }

    old = (mfa_user_t) { .epoch = 0 };

    return user_write(tx, user, &old, taken);
}


/* all sessions of before stop counting with this record */

static bool
user_ends_sessions(const mfa_user_t *user, const mfa_user_t *old)
{
    return user->epoch != old->epoch
           || (mfa_user_may_log_in(user) != MFA_VERDICT_PASS
               && mfa_user_may_log_in(old) == MFA_VERDICT_PASS);
}


mfa_status_t
mfa_user_save(mfa_tx_t *tx, const mfa_user_t *user, mfa_str_t *taken)
{
    mfa_user_t    old;
    mfa_status_t  st;

    if (taken != NULL) {
        *taken = mfa_null;
    }

    st = mfa_user_get(tx, &user->id, &old);
    if (st != MFA_OK) {
        return st;
    }

    st = user_write(tx, user, &old, taken);

    return st == MFA_OK && user_ends_sessions(user, &old)
           ? mfa_revoked_add(tx, &user->id) : st;
}


static mfa_status_t
user_delete_factors(mfa_tx_t *tx, const mfa_id_t *id)
{
    size_t        i;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    st = mfa_factor_record_kinds(tx, id, &kinds);

    for (i = 0; st == MFA_OK && i < kinds.count; i++) {
        st = mfa_factor_record_delete(tx, id, kinds.items[i]);
    }

    return st;
}


/* what staff and replaced devices left; the audit stays */

static mfa_status_t
user_delete_staff(mfa_tx_t *tx, const mfa_id_t *id)
{
    mfa_status_t  st;

    st = mfa_reset_request_forget(tx, id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_pass_delete(tx, id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_former_delete_all(tx, id);
}


mfa_status_t
mfa_user_delete(mfa_tx_t *tx, const mfa_id_t *id)
{
    mfa_id_t      own;
    mfa_user_t    user, none;
    mfa_status_t  st;

    own = *id;

    st = mfa_user_get(tx, &own, &user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_end_all(tx, &user);
    if (st != MFA_OK) {
        return st;
    }

    st = user_delete_factors(tx, &own);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_device_delete_all(tx, &own);
    if (st != MFA_OK) {
        return st;
    }

    st = user_delete_staff(tx, &own);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_activity_delete(tx, &own);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_delete_all(tx, &own, NULL);
    if (st != MFA_OK) {
        return st;
    }

    none = (mfa_user_t) { .id = own };

    st = mfa_user_index_move(tx, &none, &user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_reports_move(tx, &none, &user);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_USER, mfa_id_str(&own));
}


mfa_status_t
mfa_user_full_name(mfa_arena_t *arena, const mfa_user_t *user,
    mfa_str_t *name)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 2 * MFA_NAME_MAX + MFA_EMAIL_MAX);
    mfa_buf_put(&buf, user->first_name);

    if (user->first_name.len > 0 && user->surname.len > 0) {
        mfa_buf_putc(&buf, ' ');
    }

    mfa_buf_put(&buf, user->surname);

    if (buf.len == 0) {
        mfa_buf_put(&buf, user->email);
    }

    return mfa_buf_str(&buf, name);
}
