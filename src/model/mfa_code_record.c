/*
 * The record of a code: its bytes, its age, and what becomes of it without
 * anybody typing it: its message was taken or lost, its flow ended.
 *
 * Knows no code, only hashes. Contract: mfa_record.h, mfa_purge.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define CODE_VERSION      3

#define CODE_PURPOSE_MAX  64
#define CODE_RECORD_MAX   512


mfa_status_t
mfa_code_record_key(mfa_arena_t *arena, const mfa_id_t *flow, mfa_str_t purpose,
    mfa_str_t *key)
{
    mfa_buf_t  buf;

    if (purpose.len == 0 || purpose.len > CODE_PURPOSE_MAX) {
        return MFA_INVALID;
    }

    mfa_buf_init(&buf, arena, MFA_ID_SIZE + CODE_PURPOSE_MAX);
    mfa_buf_put(&buf, mfa_id_str(flow));
    mfa_buf_put(&buf, purpose);

    return mfa_buf_str(&buf, key);
}


mfa_status_t
mfa_code_record_write(mfa_tx_t *tx, mfa_str_t key,
    const mfa_code_record_t *record)
{
    mfa_buf_t     buf;
    mfa_str_t     value;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, CODE_RECORD_MAX);
    mfa_pack_number(&buf, CODE_VERSION);
    mfa_pack_str(&buf, record->mac);
    mfa_pack_str(&buf, record->reference);
    mfa_pack_str(&buf, record->earlier_mac);
    mfa_pack_time(&buf, record->made_at);
    mfa_pack_time(&buf, record->sent_at);
    mfa_pack_time(&buf, record->next_at);
    mfa_pack_number(&buf, record->tries);
    mfa_pack_number(&buf, record->issues);
    mfa_pack_time(&buf, record->lifetime);
    mfa_pack_time(&buf, record->limit);
    mfa_pack_time(&buf, record->refused_at);
    mfa_pack_number(&buf, record->is_long ? 1 : 0);

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_CODE, key, value);
}


static bool
code_is_mac(mfa_str_t mac)
{
    return mac.len == 0 || mac.len == MFA_DIGEST_SIZE;
}


static mfa_status_t
code_decode(mfa_tx_t *tx, mfa_str_t value, mfa_code_record_t *record)
{
    uint64_t      version;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, value, tx->work->arena);

    version = mfa_unpack_number(&in);
    record->mac = mfa_unpack_str(&in);
    record->reference = mfa_unpack_str(&in);
    record->earlier_mac = mfa_unpack_str(&in);
    record->made_at = mfa_unpack_time(&in);
    record->sent_at = mfa_unpack_time(&in);
    record->next_at = mfa_unpack_time(&in);
    record->tries = mfa_unpack_number(&in);
    record->issues = mfa_unpack_number(&in);
    record->lifetime = mfa_unpack_time(&in);
    record->limit = mfa_unpack_time(&in);
    record->refused_at = mfa_unpack_time(&in);
    record->is_long = version >= 3 && mfa_unpack_number(&in) != 0;

    st = mfa_record_end(tx, &in, version, CODE_VERSION, "code");
    if (st != MFA_OK) {
        return st;
    }

    if (!code_is_mac(record->mac) || !code_is_mac(record->earlier_mac)) {
        return MFA_DAMAGED;
    }

    return MFA_OK;
}


static mfa_time_t
code_limit(const mfa_tx_t *tx, const mfa_code_record_t *record)
{
    return record->limit != 0 ? record->limit
                              : tx->work->model->settings->code_limit;
}


static mfa_time_t
code_lifetime(const mfa_tx_t *tx, const mfa_code_record_t *record)
{
    return record->lifetime != 0 ? record->lifetime
                                 : tx->work->model->settings->code_lifetime;
}


/* over for good: nothing of it, not even the waiting, counts any more */

static bool
code_is_past(const mfa_tx_t *tx, const mfa_code_record_t *record)
{
    return tx->now - code_limit(tx, record) >= record->made_at
           && tx->now >= record->next_at;
}


bool
mfa_code_record_is_expired(const mfa_tx_t *tx, const mfa_code_record_t *record)
{
    if (tx->now - code_limit(tx, record) >= record->made_at) {
        return true;
    }

    return record->sent_at != 0
           && tx->now - code_lifetime(tx, record) >= record->sent_at;
}


mfa_status_t
mfa_code_record_read(mfa_tx_t *tx, mfa_str_t key, mfa_code_record_t *record)
{
    mfa_str_t     value;
    mfa_status_t  st;

    *record = (mfa_code_record_t) { .made_at = 0 };

    st = mfa_txn_get(tx->txn, MFA_TABLE_CODE, key, tx->work->arena, &value);
    if (st != MFA_OK) {
        return st;
    }

    st = code_decode(tx, value, record);
    if (st != MFA_OK) {
        return st;
    }

    if (code_is_past(tx, record)) {
        *record = (mfa_code_record_t) { .made_at = 0 };
        return MFA_NOT_FOUND;
    }

    return MFA_OK;
}


/*
 * The code that rides in a message, if it is the one that stands:
 * MFA_NOT_FOUND otherwise. A code that was taken once stays so.
 */

static mfa_status_t
code_of_message(mfa_tx_t *tx, const mfa_message_t *message, mfa_str_t *key,
    mfa_code_record_t *record)
{
    mfa_str_t     reference;
    mfa_status_t  st;

    if (message->code_purpose.len == 0) {
        return MFA_NOT_FOUND;
    }

    st = mfa_code_record_key(tx->work->arena, &message->code_flow,
                             message->code_purpose, key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_record_read(tx, *key, record);
    if (st != MFA_OK) {
        return st;
    }

    reference = mfa_pairs_get(&message->values, mfa_str("reference"));

    if (record->sent_at != 0 || !mfa_str_eq(record->reference, reference)) {
        return MFA_NOT_FOUND;
    }

    return MFA_OK;
}


/* a code that cannot be read must not make its message go out again */

static mfa_status_t
code_no_trouble(mfa_status_t st)
{
    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    return st;
}


mfa_status_t
mfa_code_sent(mfa_tx_t *tx, const mfa_message_t *message)
{
    mfa_str_t          key;
    mfa_status_t       st;
    mfa_code_record_t  record;

    st = code_of_message(tx, message, &key, &record);
    if (st != MFA_OK) {
        return code_no_trouble(st);
    }

    record.sent_at = tx->now;
    record.refused_at = 0;

    return mfa_code_record_write(tx, key, &record);
}


mfa_status_t
mfa_code_refused(mfa_tx_t *tx, const mfa_message_t *message)
{
    mfa_str_t          key;
    mfa_status_t       st;
    mfa_code_record_t  record;

    st = code_of_message(tx, message, &key, &record);
    if (st != MFA_OK) {
        return code_no_trouble(st);
    }

    record.refused_at = tx->now;

    return mfa_code_record_write(tx, key, &record);
}


mfa_status_t
mfa_code_delete_all(mfa_tx_t *tx, const mfa_id_t *flow)
{
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    cursor = (mfa_cursor_t) {
        .table = MFA_TABLE_CODE,
        .prefix = mfa_id_str(flow)
    };

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_txn_delete(tx->txn, MFA_TABLE_CODE, cursor.key);
        if (st != MFA_OK) {
            return st;
        }
    }
}


mfa_status_t
mfa_code_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_status_t       st;
    mfa_code_record_t  found;

    (void) key;                 /* the record alone tells */

    *is_over = false;

    st = code_decode(tx, record, &found);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = code_is_past(tx, &found);

    return MFA_OK;
}
