/*
 * The outbox at work: who takes a message, and what became of it.
 *
 * A row goes when somebody took it, refused it for good, or its time is
 * over. Until then it is either due or held by one worker for a while; what
 * a dead worker held comes due again by itself.
 * Contract: mfa_model.h, "messages".
 */

#include "mfa_purge.h"


#define OUTBOX_REF          4       /* bytes of the id named in events */

#define OUTBOX_RETRY_FIRST  (30 * MFA_SECOND)
#define OUTBOX_RETRY_MOST   (15 * MFA_MINUTE)

/* rows that one lease looks at on its way to one that can be sent */
#define OUTBOX_LOOK_MOST    50


/* names neither the address nor a value; user: whose mail it was, or empty */

static mfa_status_t
outbox_user_event(mfa_tx_t *tx, const mfa_id_t *id, const char *name,
    const char *reason, mfa_str_t user)
{
    mfa_str_t     ref;
    mfa_event_t   event;
    mfa_status_t  st;

    st = mfa_hex_encode(tx->work->arena,
                        mfa_str_bytes(id->bytes, OUTBOX_REF), &ref);
    if (st != MFA_OK) {
        return st;
    }

    event = (mfa_event_t) {
        .name = name,
        .result = reason == NULL ? "ok" : "fail",
        .reason = reason,
        .user = user,
        .flow = ref
    };

    return mfa_event_add(tx, &event);
}


static mfa_status_t
outbox_event(mfa_tx_t *tx, const mfa_id_t *id, const char *name,
    const char *reason)
{
    return outbox_user_event(tx, id, name, reason, mfa_null);
}


/* staff see on a person's page that mail to them is refused */

static mfa_status_t
outbox_refused(mfa_tx_t *tx, const mfa_message_t *message,
    const char *reason)
{
    mfa_str_t     text;
    mfa_user_t    user;
    mfa_status_t  st;

    text = mfa_null;
    st = MFA_NOT_FOUND;

    if (mfa_str_eq_c(message->channel, "mail")) {
        st = mfa_user_by_email(tx, message->to, &user);
    }

    if (st == MFA_OK) {
        st = mfa_id_text(tx->work->arena, &user.id, &text);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return outbox_user_event(tx, &message->id, "message.refused", reason,
                             text);
}


/* its row is gone, and it will never arrive */

static mfa_status_t
outbox_lost(mfa_tx_t *tx, const mfa_message_t *message, const char *name,
    const char *reason)
{
    mfa_status_t  st;

    st = mfa_code_refused(tx, message);
    if (st != MFA_OK) {
        return st;
    }

    return outbox_event(tx, &message->id, name, reason);
}


mfa_status_t
mfa_message_expire(mfa_tx_t *tx, mfa_str_t key)
{
    mfa_str_t      value;
    mfa_status_t   st;
    mfa_message_t  message;

    st = mfa_txn_get(tx->txn, MFA_TABLE_MESSAGE, key, tx->work->arena,
                     &value);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_message_open(tx, key, value, &message);

    /* values that do not open hide whose code it was; the row goes */

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        message = (mfa_message_t) { .attempts = 0 };
        st = mfa_message_key_read(key, &message);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_MESSAGE, key);
    if (st != MFA_OK) {
        return st;
    }

    return outbox_lost(tx, &message, "message.expired", "late");
}


static mfa_status_t
outbox_drop_damaged(mfa_tx_t *tx, mfa_str_t key, const mfa_id_t *id)
{
    mfa_status_t  st;

    mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
            "a message in the outbox is damaged and was removed");

    st = mfa_txn_delete(tx->txn, MFA_TABLE_MESSAGE, key);
    if (st != MFA_OK) {
        return st;
    }

    return outbox_event(tx, id, "message.refused", "damaged");
}


/*
 * The first row that is due and can be sent. One that is damaged is removed
 * too: at the head of the outbox it would stop all others. One of a newer
 * version waits for a newer worker. After a long row of such it is another
 * turn's affair, so that this update stays short.
 */

static mfa_status_t
outbox_first(mfa_tx_t *tx, mfa_message_t *message)
{
    unsigned      looked;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    cursor = (mfa_cursor_t) { .table = MFA_TABLE_MESSAGE };

    for (looked = 0; looked < OUTBOX_LOOK_MOST; looked++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_message_open(tx, cursor.key, cursor.value, message);

        if (st == MFA_OK && message->due_at > tx->now) {
            return MFA_NOT_FOUND;
        }

        if (st == MFA_OK && message->expires_at > tx->now) {
            return MFA_OK;
        }

        if (st == MFA_NEWER) {
            continue;
        }

        if (st == MFA_OK) {
            st = mfa_message_expire(tx, cursor.key);

        } else if (st == MFA_DAMAGED) {
            st = outbox_drop_damaged(tx, cursor.key, &message->id);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_NOT_FOUND;
}


mfa_status_t
mfa_message_lease(mfa_tx_t *tx, mfa_time_t lease_ms, mfa_message_t *message)
{
    mfa_status_t   st;
    mfa_message_t  found;

    *message = (mfa_message_t) { .attempts = 0 };

    st = outbox_first(tx, &found);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_message_remove(tx, &found);
    if (st != MFA_OK) {
        return st;
    }

    /* counted now: an attempt that kills its worker was one as well */

    found.attempts++;
    found.due_at = tx->now + lease_ms;

    st = mfa_message_write(tx, &found);
    if (st != MFA_OK) {
        return st;
    }

    *message = found;

    return MFA_OK;
}


mfa_status_t
mfa_message_sent(mfa_tx_t *tx, const mfa_message_t *message)
{
    mfa_status_t  st;

    st = mfa_code_sent(tx, message);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_message_remove(tx, message);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    if (mfa_str_eq_c(message->channel, MFA_CHANNEL_NONE)) {
        return MFA_OK;
    }

    return outbox_event(tx, &message->id, "message.sent", NULL);
}


static mfa_time_t
outbox_wait(uint64_t attempts)
{
    uint64_t    i;
    mfa_time_t  wait;

    wait = OUTBOX_RETRY_FIRST;

    for (i = 1; i < attempts && wait < OUTBOX_RETRY_MOST; i++) {
        wait *= 2;
    }

    return wait < OUTBOX_RETRY_MOST ? wait : OUTBOX_RETRY_MOST;
}


mfa_status_t
mfa_message_retry(mfa_tx_t *tx, const mfa_message_t *message,
    mfa_time_t due_at, const char *reason)
{
    mfa_status_t   st;
    mfa_message_t  later;

    st = mfa_message_remove(tx, message);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    later = *message;
    later.due_at = tx->now + outbox_wait(message->attempts);

    if (later.due_at < due_at) {
        later.due_at = due_at;
    }

    if (later.due_at >= later.expires_at) {
        return outbox_lost(tx, message, "message.expired", reason);
    }

    st = mfa_message_write(tx, &later);
    if (st != MFA_OK) {
        return st;
    }

    return outbox_event(tx, &message->id, "message.retry", reason);
}


mfa_status_t
mfa_message_hurry(mfa_tx_t *tx, const mfa_message_t *message)
{
    mfa_status_t   st;
    mfa_message_t  now;

    st = mfa_message_get(tx, message, &now);
    if (st != MFA_OK || now.due_at <= tx->now) {
        return st;
    }

    st = mfa_message_remove(tx, &now);
    if (st != MFA_OK) {
        return st;
    }

    now.due_at = tx->now;

    return mfa_message_write(tx, &now);
}


mfa_status_t
mfa_message_refused(mfa_tx_t *tx, const mfa_message_t *message,
    const char *reason)
{
    mfa_status_t  st;

    st = mfa_message_remove(tx, message);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_refused(tx, message);

    return (st == MFA_OK) ? outbox_refused(tx, message, reason) : st;
}
