/*
 * Codes: sent to an address to prove that somebody reads what comes there.
 *
 * A code belongs to one flow, purpose, user and destination and can be used
 * once. Only its keyed hash is kept, see mfa_code_record.c; the code itself
 * leaves this file once, from mfa_code_issue, and goes into a sealed message.
 * Contract: mfa_model.h, "codes".
 */

#include "mfa_record.h"


#define CODE_TYPED_MAX    64

#define CODE_WAIT_FIRST   (30 * MFA_SECOND)
#define CODE_WAIT_MOST    (8 * MFA_MINUTE)


static uint64_t
code_left(const mfa_tx_t *tx, const mfa_code_record_t *record)
{
    uint64_t  most;

    most = (uint64_t) tx->work->model->settings->code_tries;

    if (record->mac.len == 0 || record->tries >= most) {
        return 0;
    }

    return most - record->tries;
}


static bool
code_is_first(const mfa_code_record_t *record)
{
    return record->issues == 1;
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
code_describe(const mfa_tx_t *tx, const mfa_code_record_t *record,
    mfa_code_t *code)
{
    *code = (mfa_code_t) {
        .reference = record->reference,
        .made_at = record->made_at,
        .sent_at = record->sent_at,
        .refused_at = record->refused_at,
        .next_at = record->next_at,
        .left = code_left(tx, record),
        .is_long = record->is_long,
        .is_first = code_is_first(record)
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

    st = place->is_long
         ? mfa_code_long_make(model->ports, arena, &code->code)
         : mfa_random_digits(model->ports,
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
    uint8_t            mac[MFA_DIGEST_SIZE];
    mfa_str_t          key;
    mfa_code_t         made;
    mfa_status_t       st;
    mfa_code_record_t  record;

    *code = (mfa_code_t) { .left = 0 };
    made = (mfa_code_t) { .made_at = tx->now };

    if (place->lifetime < 0 || place->limit < 0) {
        return MFA_INVALID;
    }

    st = mfa_code_record_key(tx->work->arena, &place->flow, place->purpose,
                             &key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_record_read(tx, key, &record);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    if (st == MFA_OK && tx->now < record.next_at
        && !(place->is_corrected && code_is_first(&record)))
    {
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
    record.refused_at = 0;
    record.lifetime = place->lifetime;
    record.limit = place->limit;
    record.is_long = place->is_long;
    record.next_at = tx->now + code_wait(record.issues);

    st = mfa_code_record_write(tx, key, &record);
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
    mfa_str_t          key;
    mfa_status_t       st;
    mfa_code_record_t  record;

    *code = (mfa_code_t) { .left = 0 };

    st = mfa_code_record_key(tx->work->arena, &place->flow, place->purpose,
                             &key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_record_read(tx, key, &record);
    if (st != MFA_OK) {
        return st;
    }

    code_describe(tx, &record, code);

    /* how long to wait for the next one stands even after its death */

    if (mfa_code_record_is_expired(tx, &record)) {
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
    const mfa_code_record_t *record, mfa_str_t typed, mfa_code_answer_t *answer)
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
code_try(mfa_tx_t *tx, const mfa_code_place_t *place, mfa_code_record_t *record,
    mfa_str_t typed, mfa_code_answer_t *answer)
{
    mfa_status_t  st;

    *answer = MFA_CODE_SPENT;

    if (code_left(tx, record) == 0) {
        record->mac = mfa_null;
        record->earlier_mac = mfa_null;
        return MFA_OK;
    }

    if (mfa_code_record_is_expired(tx, record)) {
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
    mfa_code_record_t  record;
    mfa_code_answer_t  found;

    *answer = MFA_CODE_WRONG;
    *left = 0;

    st = mfa_code_record_key(tx->work->arena, &place->flow, place->purpose,
                             &key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_record_read(tx, key, &record);

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
        st = mfa_code_record_write(tx, key, &record);
    }

    if (st != MFA_OK) {
        return st;
    }

    *answer = found;

    return MFA_OK;
}
