/*
 * Users are found by address and by name: entries keyed by digests, which
 * change in the transaction of the record, never apart from it.
 *
 * Contract: mfa_model.h, "users".
 */

#include "mfa_record.h"


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


mfa_status_t
mfa_user_index_check(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *old, mfa_str_t *taken)
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

    return user->user.len > 0
           ? index_put(tx, MFA_TABLE_USER_NAME, user->user, &user->id)
           : MFA_OK;
}


mfa_status_t
mfa_user_index_move(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *old)
{
    mfa_status_t  st;

    st = user_move_name(tx, user, old);
    if (st != MFA_OK) {
        return st;
    }

    st = user_each_email(tx, old, user, user_delete_email);
    if (st != MFA_OK) {
        return st;
    }

    return user_each_email(tx, user, old, user_put_email);
}
