/*
 * Codes: sent to an address to prove that somebody reads what comes there.
 *
 * A code belongs to one flow, purpose, user and destination and can be used
 * once. Only its keyed hash is kept; the code itself leaves this file once,
 * from mfa_code_issue, and goes into a sealed message.
 * Contract: mfa_model.h, "codes".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define CODE_VERSION      1

#define CODE_PURPOSE_MAX  64
#define CODE_TYPED_MAX    64
#define CODE_RECORD_MAX   512

#define CODE_WAIT_FIRST   (30 * MFA_SECOND)
#define CODE_WAIT_MOST    (8 * MFA_MINUTE)


typedef struct {
    mfa_str_t   mac;                /* empty: no tries left, destroyed */
    mfa_str_t   reference;
    mfa_str_t   earlier_mac;        /* empty: there was none */
    mfa_time_t  made_at;
    mfa_time_t  sent_at;
    mfa_time_t  next_at;
    uint64_t    tries;
    uint64_t    issues;
} code_record_t;


static mfa_status_t
code_key(mfa_arena_t *arena, const mfa_id_t *flow, mfa_str_t purpose,
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


static mfa_status_t
code_write(mfa_tx_t *tx, mfa_str_t key, const code_record_t *record)
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
code_decode(mfa_tx_t *tx, mfa_str_t value, code_record_t *record)
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

    st = mfa_record_end(tx, &in, version, CODE_VERSION, "code");
    if (st != MFA_OK) {
        return st;
    }

    if (!code_is_mac(record->mac) || !code_is_mac(record->earlier_mac)) {
        return MFA_DAMAGED;
    }

    return MFA_OK;
}


/* over for good: nothing of it, not even the waiting, counts any more */

static bool
code_is_past(const mfa_tx_t *tx, const code_record_t *record)
{
    mfa_time_t  limit;

    limit = tx->work->model->settings->code_limit;

    return tx->now - limit >= record->made_at && tx->now >= record->next_at;
}


static bool
code_is_expired(const mfa_tx_t *tx, const code_record_t *record)
{
    const mfa_model_settings_t  *settings;

    settings = tx->work->model->settings;

    if (tx->now - settings->code_limit >= record->made_at) {
        return true;
    }

    return record->sent_at != 0
           && tx->now - settings->code_lifetime >= record->sent_at;
}


static uint64_t
code_left(const mfa_tx_t *tx, const code_record_t *record)
{
    uint64_t  most;

    most = (uint64_t) tx->work->model->settings->code_tries;

    if (record->mac.len == 0 || record->tries >= most) {
        return 0;
    }

    return most - record->tries;
}


/* MFA_NOT_FOUND: none, or one that is past */

static mfa_status_t
code_read(mfa_tx_t *tx, mfa_str_t key, code_record_t *record)
{
    mfa_str_t     value;
    mfa_status_t  st;

    *record = (code_record_t) { .made_at = 0 };

    st = mfa_txn_get(tx->txn, MFA_TABLE_CODE, key, tx->work->arena, &value);
    if (st != MFA_OK) {
        return st;
    }

    st = code_decode(tx, value, record);
    if (st != MFA_OK) {
        return st;
    }

    if (code_is_past(tx, record)) {
        *record = (code_record_t) { .made_at = 0 };
        return MFA_NOT_FOUND;
    }

    return MFA_OK;
}


#define CODE_PARTS  5

static void
code_parts(const mfa_code_place_t *place, mfa_str_t code,
    mfa_str_t parts[CODE_PARTS])
{
    parts[0] = code;
    parts[1] = mfa_id_str(&place->user);
    parts[2] = place->purpose;
    parts[3] = mfa_id_str(&place->flow);
    parts[4] = place->destination;
}


static void
code_describe(const mfa_tx_t *tx, const code_record_t *record,
    mfa_code_t *code)
{
    *code = (mfa_code_t) {
        .reference = record->reference,
        .made_at = record->made_at,
        .sent_at = record->sent_at,
        .next_at = record->next_at,
        .left = code_left(tx, record)
    };
}


static mfa_time_t
code_wait(uint64_t issues)
{
    uint64_t    i;
    mfa_time_t  wait;

    wait = CODE_WAIT_FIRST;

    for (i = 1; i < issues && wait < CODE_WAIT_MOST; i++) {
        wait *= 2;
    }

    return wait;
}


/* the code and its reference, and the hash that is kept in *mac */

static mfa_status_t
code_draw(mfa_tx_t *tx, const mfa_code_place_t *place, mfa_code_t *code,
    uint8_t mac[MFA_DIGEST_SIZE])
{
    mfa_str_t           parts[CODE_PARTS];
    mfa_arena_t        *arena;
    mfa_status_t        st;
    const mfa_model_t  *model;

    arena = tx->work->arena;
    model = tx->work->model;

    st = mfa_random_digits(model->ports,
                           (size_t) model->settings->code_digits, arena,
                           &code->code);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_random_letters(model->ports, MFA_CODE_REFERENCE, arena,
                            &code->reference);
    if (st != MFA_OK) {
        return st;
    }

    code_parts(place, code->code, parts);

    return mfa_keys_mac(model->keys, MFA_KEY_CODE, parts, CODE_PARTS, mac);
}


mfa_status_t
mfa_code_issue(mfa_tx_t *tx, const mfa_code_place_t *place, mfa_code_t *code)
{
    uint8_t        mac[MFA_DIGEST_SIZE];
    mfa_str_t      key;
    mfa_code_t     made;
    mfa_status_t   st;
    code_record_t  record;

    *code = (mfa_code_t) { .left = 0 };
    made = (mfa_code_t) { .made_at = tx->now };

    st = code_key(tx->work->arena, &place->flow, place->purpose, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = code_read(tx, key, &record);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    if (st == MFA_OK && tx->now < record.next_at) {
        code_describe(tx, &record, code);
        return MFA_LIMITED;
    }

    st = code_draw(tx, place, &made, mac);
    if (st != MFA_OK) {
        return st;
    }

    record.issues++;
    record.tries = 0;
    record.earlier_mac = record.mac;
    record.mac = mfa_str_bytes(mac, MFA_DIGEST_SIZE);
    record.reference = made.reference;
    record.made_at = tx->now;
    record.sent_at = 0;
    record.next_at = tx->now + code_wait(record.issues);

    st = code_write(tx, key, &record);
    if (st != MFA_OK) {
        return st;
    }

    code_describe(tx, &record, code);
    code->code = made.code;

    return MFA_OK;
}


mfa_status_t
mfa_code_look(mfa_tx_t *tx, const mfa_code_place_t *place, mfa_code_t *code)
{
    mfa_str_t      key;
    mfa_status_t   st;
    code_record_t  record;

    *code = (mfa_code_t) { .left = 0 };

    st = code_key(tx->work->arena, &place->flow, place->purpose, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = code_read(tx, key, &record);
    if (st != MFA_OK) {
        return st;
    }

    code_describe(tx, &record, code);

    /* how long to wait for the next one stands even after its death */

    if (code_is_expired(tx, &record)) {
        code->left = 0;
    }

    return MFA_OK;
}


/*
 * Both hashes are always computed, so that the time tells nothing. An
 * absent earlier code is compared with zeros, which no code gives.
 */

static mfa_status_t
code_match(mfa_tx_t *tx, const mfa_code_place_t *place,
    const code_record_t *record, mfa_str_t typed, mfa_code_answer_t *answer)
{
    uint8_t            macs[2][MFA_DIGEST_SIZE];
    mfa_str_t          parts[CODE_PARTS];
    mfa_status_t       st, earlier;
    const mfa_keys_t  *keys;

    *answer = MFA_CODE_WRONG;

    if (typed.len == 0 || typed.len > CODE_TYPED_MAX) {
        return MFA_OK;
    }

    keys = tx->work->model->keys;

    memset(macs, 0, sizeof(macs));
    memcpy(macs[0], record->mac.data, MFA_DIGEST_SIZE);

    if (record->earlier_mac.len > 0) {
        memcpy(macs[1], record->earlier_mac.data, MFA_DIGEST_SIZE);
    }

    code_parts(place, typed, parts);

    st = mfa_keys_mac_check(keys, MFA_KEY_CODE, parts, CODE_PARTS, macs[0]);
    earlier = mfa_keys_mac_check(keys, MFA_KEY_CODE, parts, CODE_PARTS,
                                 macs[1]);

    if (mfa_status_is_fault(st)) {
        return st;
    }

    if (mfa_status_is_fault(earlier)) {
        return earlier;
    }

    if (st == MFA_OK) {
        *answer = MFA_CODE_RIGHT;

    } else if (earlier == MFA_OK) {
        *answer = MFA_CODE_EARLIER;
    }

    return MFA_OK;
}


/* counts the try and looks at it; the record is written by the caller */

static mfa_status_t
code_try(mfa_tx_t *tx, const mfa_code_place_t *place, code_record_t *record,
    mfa_str_t typed, mfa_code_answer_t *answer)
{
    mfa_status_t  st;

    *answer = MFA_CODE_SPENT;

    if (code_left(tx, record) == 0) {
        record->mac = mfa_null;
        record->earlier_mac = mfa_null;
        return MFA_OK;
    }

    if (code_is_expired(tx, record)) {
        *answer = MFA_CODE_EXPIRED;
        return MFA_OK;
    }

    record->tries++;

    st = code_match(tx, place, record, typed, answer);
    if (st != MFA_OK) {
        *answer = MFA_CODE_WRONG;
        return st;
    }

    /* the last try was wrong: the code is destroyed, not only held */

    if (*answer != MFA_CODE_RIGHT && code_left(tx, record) == 0) {
        *answer = MFA_CODE_SPENT;
        record->mac = mfa_null;
        record->earlier_mac = mfa_null;
    }

    return MFA_OK;
}


mfa_status_t
mfa_code_use(mfa_tx_t *tx, const mfa_code_place_t *place, mfa_str_t typed,
    mfa_code_answer_t *answer, uint64_t *left)
{
    mfa_str_t          key;
    mfa_status_t       st;
    code_record_t      record;
    mfa_code_answer_t  found;

    *answer = MFA_CODE_WRONG;
    *left = 0;

    st = code_key(tx->work->arena, &place->flow, place->purpose, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = code_read(tx, key, &record);

    if (st == MFA_NOT_FOUND) {
        *answer = MFA_CODE_EXPIRED;
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = code_try(tx, place, &record, typed, &found);
    if (st != MFA_OK) {
        return st;
    }

    if (found == MFA_CODE_RIGHT) {
        st = mfa_txn_delete(tx->txn, MFA_TABLE_CODE, key);

    } else if (found != MFA_CODE_EXPIRED) {
        *left = code_left(tx, &record);
        st = code_write(tx, key, &record);
    }

    if (st != MFA_OK) {
        return st;
    }

    *answer = found;

    return MFA_OK;
}


mfa_status_t
mfa_code_sent(mfa_tx_t *tx, const mfa_id_t *flow, mfa_str_t purpose,
    mfa_str_t reference)
{
    mfa_str_t      key;
    mfa_status_t   st;
    code_record_t  record;

    st = code_key(tx->work->arena, flow, purpose, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = code_read(tx, key, &record);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    /* a message that was sent twice does not make its code live longer */

    if (record.sent_at != 0 || !mfa_str_eq(record.reference, reference)) {
        return MFA_OK;
    }

    record.sent_at = tx->now;

    return code_write(tx, key, &record);
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
    mfa_status_t   st;
    code_record_t  found;

    (void) key;                 /* the record alone tells */

    *is_over = false;

    st = code_decode(tx, record, &found);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = code_is_past(tx, &found);

    return MFA_OK;
}
