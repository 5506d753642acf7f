/*
 * Whose store this is: a row with a MAC under the first key of the file.
 *
 * Sessions and remembered devices are found by plain digests, which need no
 * key. Without this row a store put in the place of another realm's would
 * let its people in there.
 */

#include "mfa_record.h"


#define KEY_VERSION  1
#define KEY_MAX      64

#define META_KEY     mfa_str("key")

typedef enum {
    KEY_FOREIGN = 0,
    KEY_NONE,               /* no row: a new store, or one of before it */
    KEY_FORMER,             /* ours, but no longer the first */
    KEY_FIRST
} key_state_t;


static mfa_status_t
key_mac(const mfa_tx_t *tx, uint8_t mac[MFA_DIGEST_SIZE])
{
    const mfa_str_t  part = mfa_str("store");

    return mfa_keys_mac(tx->work->model->keys, MFA_KEY_SUBJECT, &part, 1,
                        mac);
}


static mfa_status_t
key_judge(const mfa_tx_t *tx, mfa_str_t found, key_state_t *state)
{
    uint8_t          mac[MFA_DIGEST_SIZE];
    mfa_status_t     st;
    const mfa_str_t  part = mfa_str("store");

    if (found.len != MFA_DIGEST_SIZE) {
        return MFA_DAMAGED;
    }

    st = key_mac(tx, mac);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_equal_ct(mac, found.data, MFA_DIGEST_SIZE)) {
        *state = KEY_FIRST;
        return MFA_OK;
    }

    memcpy(mac, found.data, MFA_DIGEST_SIZE);

    st = mfa_keys_mac_check(tx->work->model->keys, MFA_KEY_SUBJECT, &part, 1,
                            mac);
    if (st == MFA_OK) {
        *state = KEY_FORMER;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
key_read(mfa_tx_t *tx, void *arg)
{
    uint64_t       version;
    mfa_str_t      record, found;
    key_state_t   *state;
    mfa_unpack_t   in;
    mfa_status_t   st;

    state = arg;
    *state = KEY_FOREIGN;

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_KEY, tx->work->arena,
                     &record);

    if (st == MFA_NOT_FOUND) {
        *state = KEY_NONE;
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    found = mfa_unpack_str(&in);

    st = mfa_record_end(tx, &in, version, KEY_VERSION, "key");

    return st == MFA_OK ? key_judge(tx, found, state) : st;
}


/* another process may have been first */

static mfa_status_t
key_write(mfa_tx_t *tx, void *arg)
{
    uint8_t        mac[MFA_DIGEST_SIZE];
    mfa_buf_t      buf;
    mfa_str_t      record;
    key_state_t   *state;
    mfa_status_t   st;

    state = arg;

    st = key_read(tx, state);
    if (st != MFA_OK || *state == KEY_FIRST || *state == KEY_FOREIGN) {
        return st;
    }

    st = key_mac(tx, mac);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, KEY_MAX);
    mfa_pack_number(&buf, KEY_VERSION);
    mfa_pack_str(&buf, mfa_str_bytes(mac, sizeof(mac)));

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, META_KEY, record);
}


mfa_status_t
mfa_model_key_check(mfa_work_t *work, mfa_error_t *error)
{
    key_state_t   state;
    mfa_status_t  st;

    state = KEY_FOREIGN;

    st = mfa_view(work, key_read, &state);

    if (st == MFA_OK && (state == KEY_NONE || state == KEY_FORMER)) {
        st = mfa_update_reserved(work, key_write, &state);

        /* full or read-only, but ours as far as anybody knows */

        if (st != MFA_OK && state != KEY_FOREIGN) {
            mfa_log(work->model->ports, MFA_LOG_WARN,
                    "the store does not name its key for now: %s",
                    mfa_status_text(st));
            return MFA_OK;
        }
    }

    if (st != MFA_OK) {
        mfa_error_set(error, "cannot read the key of the store: %s",
                      mfa_status_text(st));
        return st;
    }

    if (state == KEY_FOREIGN) {
        mfa_error_set(error, "the store belongs to another key file: it is "
                      "of another realm, or \"key_file\" lacks the key that "
                      "was in use");
        return MFA_CONFIG;
    }

    return MFA_OK;
}
