/*
 * Users: the people, found by id, address or name.
 *
 * The indexes are keyed by digests and change in the transaction of the
 * record, never apart from it. Contract: mfa_model.h.
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


/* MFA_NOT_FOUND: nobody has it */

static mfa_status_t
index_get(mfa_tx_t *tx, mfa_table_t table, mfa_str_t text, mfa_id_t *id)
{
    uint8_t       digest[MFA_DIGEST_SIZE];
    mfa_str_t     value;
    mfa_status_t  st;

    st = mfa_sha256(text, digest);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_get(tx->txn, table, mfa_str_bytes(digest, sizeof(digest)),
                     tx->work->arena, &value);
    if (st != MFA_OK) {
        return st;
    }

    if (value.len != MFA_ID_SIZE) {
        mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
                "an index record of a user is damaged");
        return MFA_DAMAGED;
    }

    memcpy(id->bytes, value.data, MFA_ID_SIZE);

    return MFA_OK;
}


static mfa_status_t
index_put(mfa_tx_t *tx, mfa_table_t table, mfa_str_t text, const mfa_id_t *id)
{
    uint8_t       digest[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    st = mfa_sha256(text, digest);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, table, mfa_str_bytes(digest, sizeof(digest)),
                       mfa_id_str(id));
}


static mfa_status_t
index_delete(mfa_tx_t *tx, mfa_table_t table, mfa_str_t text)
{
    uint8_t       digest[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    st = mfa_sha256(text, digest);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, table, mfa_str_bytes(digest, sizeof(digest)));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


/* an entry without its user would be a half-written pair: damage */

static mfa_status_t
index_user(mfa_tx_t *tx, mfa_table_t table, mfa_str_t text, mfa_user_t *user)
{
    mfa_id_t      id;
    mfa_status_t  st;

    *user = (mfa_user_t) { .is_disabled = true };

    st = index_get(tx, table, text, &id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_get(tx, &id, user);

    if (st == MFA_NOT_FOUND) {
        mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
                "an index record names a user who does not exist");
        return MFA_DAMAGED;
    }

    return st;
}


static bool
user_has_email(const mfa_user_t *user, mfa_str_t email)
{
    return (user->email.len > 0 && mfa_str_eq(user->email, email))
           || mfa_strs_has(&user->other_emails, email);
}


mfa_status_t
mfa_user_by_email(mfa_tx_t *tx, mfa_str_t email, mfa_user_t *user)
{
    mfa_status_t  st;

    st = index_user(tx, MFA_TABLE_USER_EMAIL, email, user);

    if (st == MFA_OK && !user_has_email(user, email)) {
        *user = (mfa_user_t) { .is_disabled = true };
        return MFA_DAMAGED;
    }

    return st;
}


mfa_status_t
mfa_user_by_name(mfa_tx_t *tx, mfa_str_t name, mfa_user_t *user)
{
    mfa_status_t  st;

    st = index_user(tx, MFA_TABLE_USER_NAME, name, user);

    if (st == MFA_OK && !mfa_str_eq(user->user, name)) {
        *user = (mfa_user_t) { .is_disabled = true };
        return MFA_DAMAGED;
    }

    return st;
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


/* is it free, or this user's own already? */

static mfa_status_t
index_check(mfa_tx_t *tx, mfa_table_t table, mfa_str_t text,
    const mfa_id_t *id, mfa_str_t *taken)
{
    mfa_id_t      found;
    mfa_status_t  st;

    st = index_get(tx, table, text, &found);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (memcmp(found.bytes, id->bytes, MFA_ID_SIZE) == 0) {
        return MFA_OK;
    }

    if (taken != NULL) {
        *taken = text;
    }

    return MFA_EXISTS;
}


/* all of it is looked at before the first write */

static mfa_status_t
user_check_taken(mfa_tx_t *tx, const mfa_user_t *user, const mfa_user_t *old,
    mfa_str_t *taken)
{
    size_t        i;
    mfa_str_t     email;
    mfa_status_t  st;

    st = MFA_OK;

    if (!mfa_str_eq(user->user, old->user)) {
        st = index_check(tx, MFA_TABLE_USER_NAME, user->user, &user->id,
                         taken);
    }

    if (st == MFA_OK && user->email.len > 0
        && !user_has_email(old, user->email))
    {
        st = index_check(tx, MFA_TABLE_USER_EMAIL, user->email, &user->id,
                         taken);
    }

    for (i = 0; i < user->other_emails.count && st == MFA_OK; i++) {
        email = user->other_emails.items[i];

        if (!user_has_email(old, email)) {
            st = index_check(tx, MFA_TABLE_USER_EMAIL, email, &user->id,
                             taken);
        }
    }

    return st;
}


/* entries of that user for addresses that the other does not have */

static mfa_status_t
user_each_email(mfa_tx_t *tx, const mfa_user_t *user, const mfa_user_t *other,
    mfa_status_t (*fn)(mfa_tx_t *tx, mfa_str_t email, const mfa_id_t *id))
{
    size_t        i;
    mfa_str_t     email;
    mfa_status_t  st;

    st = MFA_OK;

    if (user->email.len > 0 && !user_has_email(other, user->email)) {
        st = fn(tx, user->email, &user->id);
    }

    for (i = 0; i < user->other_emails.count && st == MFA_OK; i++) {
        email = user->other_emails.items[i];

        if (!user_has_email(other, email)) {
            st = fn(tx, email, &user->id);
        }
    }

    return st;
}


static mfa_status_t
user_put_email(mfa_tx_t *tx, mfa_str_t email, const mfa_id_t *id)
{
    return index_put(tx, MFA_TABLE_USER_EMAIL, email, id);
}


static mfa_status_t
user_delete_email(mfa_tx_t *tx, mfa_str_t email, const mfa_id_t *id)
{
    (void) id;

    return index_delete(tx, MFA_TABLE_USER_EMAIL, email);
}


static mfa_status_t
user_move_name(mfa_tx_t *tx, const mfa_user_t *user, const mfa_user_t *old)
{
    mfa_status_t  st;

    if (mfa_str_eq(user->user, old->user)) {
        return MFA_OK;
    }

    if (old->user.len > 0) {
        st = index_delete(tx, MFA_TABLE_USER_NAME, old->user);
        if (st != MFA_OK) {
            return st;
        }
    }

    return index_put(tx, MFA_TABLE_USER_NAME, user->user, &user->id);
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

    st = user_check_taken(tx, user, old, taken);
    if (st != MFA_OK) {
        return st;
    }

    st = user_move_name(tx, user, old);
    if (st != MFA_OK) {
        return st;
    }

    st = user_each_email(tx, old, user, user_delete_email);
    if (st != MFA_OK) {
        return st;
    }

    st = user_each_email(tx, user, old, user_put_email);
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

    return user_write(tx, user, &old, taken);
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
    mfa_user_t    user;
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

    st = user_each_email(tx, &user, &(mfa_user_t) { .epoch = 0 },
                         user_delete_email);
    if (st != MFA_OK) {
        return st;
    }

    st = index_delete(tx, MFA_TABLE_USER_NAME, user.user);
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
