/*
 * Reminders: which of them a person has got about the end of their time to
 * set up a second factor (Y1).
 *
 * Keeps what was sent and for which deadline; who is to be reminded, and
 * when, is the affair of flow/. Contract: mfa_model_flow.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define REMINDED_VERSION     1
#define REMINDED_RECORD_MAX  64

/* rows of the outbox that are looked at to know whether there is room */
#define ROOM_LOOK            500


static mfa_status_t
reminded_decode(mfa_tx_t *tx, mfa_str_t value, mfa_reminded_t *reminded)
{
    uint64_t      version;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, value, tx->work->arena);
    version = mfa_unpack_number(&in);
    reminded->deadline_at = mfa_unpack_time(&in);
    reminded->days = mfa_unpack_number(&in);

    st = mfa_record_end(tx, &in, version, REMINDED_VERSION, "reminder");

    if (st != MFA_OK) {
        *reminded = (mfa_reminded_t) { .deadline_at = 0 };
    }

    return st;
}


mfa_status_t
mfa_reminded_get(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_reminded_t *reminded)
{
    mfa_str_t     value;
    mfa_status_t  st;

    *reminded = (mfa_reminded_t) { .deadline_at = 0 };

    st = mfa_txn_get(tx->txn, MFA_TABLE_REMINDED, mfa_id_str(user),
                     tx->work->arena, &value);
    if (st != MFA_OK) {
        return st;
    }

    return reminded_decode(tx, value, reminded);
}


mfa_status_t
mfa_reminded_put(mfa_tx_t *tx, const mfa_id_t *user,
    const mfa_reminded_t *reminded)
{
    mfa_buf_t     buf;
    mfa_str_t     value;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, REMINDED_RECORD_MAX);
    mfa_pack_number(&buf, REMINDED_VERSION);
    mfa_pack_time(&buf, reminded->deadline_at);
    mfa_pack_number(&buf, reminded->days);

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_REMINDED, mfa_id_str(user), value);
}


mfa_status_t
mfa_reminded_next(mfa_tx_t *tx, const mfa_id_t *after, mfa_id_t *user)
{
    mfa_cursor_t  cursor = { .table = MFA_TABLE_USER };
    mfa_status_t  st;

    if (after != NULL) {
        cursor.key = mfa_id_str(after);
    }

    do {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
        if (st != MFA_OK) {
            return st;
        }
    } while (cursor.key.len != MFA_ID_SIZE);

    memcpy(user->bytes, cursor.key.data, MFA_ID_SIZE);

    return MFA_OK;
}


mfa_status_t
mfa_reminded_room(mfa_tx_t *tx, size_t most, bool *has_room)
{
    size_t         looked, due;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_MESSAGE };
    mfa_status_t   st;
    mfa_message_t  message;

    *has_room = false;
    due = 0;

    for (looked = 0; looked < ROOM_LOOK; looked++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            *has_room = true;
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_message_key_read(cursor.key, &message);

        if (st == MFA_OK && message.due_at <= tx->now && ++due >= most) {
            return MFA_OK;
        }
    }

    return MFA_OK;
}


/* once the deadline has passed, or the person is gone, it tells nothing */

mfa_status_t
mfa_reminded_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_str_t       user;
    mfa_status_t    st;
    mfa_reminded_t  reminded;

    *is_over = false;

    st = reminded_decode(tx, record, &reminded);
    if (st != MFA_OK) {
        return st;
    }

    if (tx->now >= reminded.deadline_at) {
        *is_over = true;
        return MFA_OK;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_USER, key, tx->work->arena, &user);

    *is_over = (st == MFA_NOT_FOUND);

    return *is_over ? MFA_OK : st;
}
