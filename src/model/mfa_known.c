/*
 * Known browsers: those in which a person once proved who they are.
 *
 * One is worth a budget of its own for the passwords of that person (H2),
 * never a step of a login. What cannot be read is a browser that nobody
 * knows. Contract: mfa_model_flow.h, "known browsers".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define KNOWN_VERSION     1
#define KNOWN_RECORD_MAX  32
#define KNOWN_KEY         (MFA_ID_SIZE + MFA_DIGEST_SIZE)


static mfa_str_t
known_key(const mfa_id_t *user, const uint8_t browser[MFA_DIGEST_SIZE],
    uint8_t bytes[KNOWN_KEY])
{
    memcpy(bytes, user->bytes, MFA_ID_SIZE);
    memcpy(bytes + MFA_ID_SIZE, browser, MFA_DIGEST_SIZE);

    return mfa_str_bytes(bytes, KNOWN_KEY);
}


static mfa_status_t
known_decode(const mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_time_t *used_at)
{
    uint64_t      version;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    *used_at = mfa_unpack_time(&in);

    st = mfa_record_end(tx, &in, version, KNOWN_VERSION, "known browser");
    if (st != MFA_OK) {
        return st;
    }

    return (key.len == KNOWN_KEY) ? MFA_OK : MFA_DAMAGED;
}


static bool
known_is_past(const mfa_tx_t *tx, mfa_time_t used_at)
{
    return tx->now - MFA_KNOWN_KEEP >= used_at;
}


mfa_status_t
mfa_known_look(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t browser[MFA_DIGEST_SIZE], bool *is_known)
{
    uint8_t       bytes[KNOWN_KEY];
    mfa_str_t     key, record;
    mfa_time_t    used_at;
    mfa_status_t  st;

    *is_known = false;

    key = known_key(user, browser, bytes);

    st = mfa_txn_get(tx->txn, MFA_TABLE_KNOWN, key, tx->work->arena, &record);

    if (st == MFA_OK) {
        st = known_decode(tx, key, record, &used_at);
    }

    if (st == MFA_OK) {
        *is_known = !known_is_past(tx, used_at);
    }

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    return st;
}


/* how many a user has, and the key of the one used longest ago; one that
 * cannot be read is older than all */

static mfa_status_t
known_oldest(mfa_tx_t *tx, const mfa_id_t *user, uint8_t oldest[KNOWN_KEY],
    size_t *count)
{
    mfa_time_t    used_at, least;
    mfa_cursor_t  cursor = { .table = MFA_TABLE_KNOWN,
                             .prefix = mfa_id_str(user) };
    mfa_status_t  st;

    least = INT64_MAX;

    for (*count = 0; /* void */ ; (*count)++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (known_decode(tx, cursor.key, cursor.value, &used_at) != MFA_OK) {
            used_at = 0;
        }

        if (used_at < least && cursor.key.len == KNOWN_KEY) {
            least = used_at;
            memcpy(oldest, cursor.key.data, KNOWN_KEY);
        }
    }
}


static mfa_status_t
known_make_room(mfa_tx_t *tx, const mfa_id_t *user)
{
    size_t        count;
    uint8_t       oldest[KNOWN_KEY];
    mfa_status_t  st;

    st = known_oldest(tx, user, oldest, &count);
    if (st != MFA_OK || count < MFA_KNOWN_MAX) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_KNOWN,
                        mfa_str_bytes(oldest, sizeof(oldest)));

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


mfa_status_t
mfa_known_add(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t browser[MFA_DIGEST_SIZE])
{
    bool          is_known;
    uint8_t       bytes[KNOWN_KEY];
    mfa_id_t      own;
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    own = *user;

    st = mfa_known_look(tx, &own, browser, &is_known);

    if (st == MFA_OK && !is_known) {
        st = known_make_room(tx, &own);
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, KNOWN_RECORD_MAX);
    mfa_pack_number(&buf, KNOWN_VERSION);
    mfa_pack_time(&buf, tx->now);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_KNOWN,
                       known_key(&own, browser, bytes), record);
}


mfa_status_t
mfa_known_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_id_t      own;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    own = *user;
    cursor = (mfa_cursor_t) { .table = MFA_TABLE_KNOWN,
                              .prefix = mfa_id_str(&own) };

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_txn_delete(tx->txn, MFA_TABLE_KNOWN, cursor.key);
        if (st != MFA_OK) {
            return st;
        }
    }
}


mfa_status_t
mfa_known_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_time_t    used_at;
    mfa_status_t  st;

    *is_over = false;

    st = known_decode(tx, key, record, &used_at);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = known_is_past(tx, used_at);

    return MFA_OK;
}
