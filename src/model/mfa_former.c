/*
 * Former secrets: of an app that was replaced, to tell its owner so.
 *
 * A code of the old entry is a failure like any other; all that a former
 * secret is good for is the sentence that says where the code came from. It
 * is handed out as disabled, so that nothing takes it for a factor.
 * Contract: mfa_model_staff.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define FORMER_VERSION     1
#define FORMER_RECORD_MAX  4096
#define FORMER_KEEP        (30 * MFA_DAY)


static mfa_secret_place_t
former_place(const mfa_secret_key_t *key, uint64_t version)
{
    return (mfa_secret_place_t) { .table = MFA_TABLE_FORMER,
                                  .version = version, .key = key->str };
}


typedef struct {
    uint64_t    version;
    mfa_time_t  replaced_at;
    mfa_str_t   sealed;
} former_row_t;


static mfa_status_t
former_decode(mfa_tx_t *tx, mfa_str_t value, former_row_t *row)
{
    mfa_unpack_t  in;

    mfa_unpack_init(&in, value, tx->work->arena);
    row->version = mfa_unpack_number(&in);
    row->replaced_at = mfa_unpack_time(&in);
    row->sealed = mfa_unpack_str(&in);

    return mfa_record_end(tx, &in, row->version, FORMER_VERSION, "former");
}


static bool
former_is_over(const mfa_tx_t *tx, const former_row_t *row)
{
    return tx->now - FORMER_KEEP >= row->replaced_at;
}


mfa_status_t
mfa_former_put(mfa_tx_t *tx, const mfa_factor_record_t *record)
{
    mfa_buf_t           buf;
    mfa_str_t           sealed, value;
    mfa_status_t        st;
    mfa_secret_key_t    key;
    mfa_secret_place_t  place;

    st = mfa_secret_key(&record->user, record->kind, &key);
    if (st != MFA_OK) {
        return st;
    }

    place = former_place(&key, FORMER_VERSION);

    st = mfa_secret_seal(tx, &place, record->secret, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, FORMER_RECORD_MAX);
    mfa_pack_number(&buf, FORMER_VERSION);
    mfa_pack_time(&buf, tx->now);
    mfa_pack_str(&buf, sealed);

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_FORMER, key.str, value);
}


static mfa_status_t
former_read(mfa_tx_t *tx, const mfa_secret_key_t *key,
    mfa_factor_record_t *record)
{
    mfa_str_t           value;
    mfa_status_t        st;
    former_row_t        row;
    mfa_secret_place_t  place;

    st = mfa_txn_get(tx->txn, MFA_TABLE_FORMER, key->str, tx->work->arena,
                     &value);
    if (st != MFA_OK) {
        return st;
    }

    st = former_decode(tx, value, &row);
    if (st != MFA_OK) {
        return st;
    }

    if (former_is_over(tx, &row)) {
        return MFA_NOT_FOUND;
    }

    record->added_at = row.replaced_at;
    place = former_place(key, row.version);

    return mfa_secret_unseal(tx, &place, row.sealed, &record->secret);
}


mfa_status_t
mfa_former_get(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind,
    mfa_factor_record_t *record)
{
    mfa_id_t             id;
    mfa_status_t         st;
    mfa_secret_key_t     key;
    mfa_factor_record_t  found = { .is_disabled = true };

    id = *user;                 /* it may be inside *record */
    *record = found;

    st = mfa_secret_key(&id, kind, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = former_read(tx, &key, &found);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_arena_copy(tx->work->arena, kind, &found.kind);
    if (st != MFA_OK) {
        return st;
    }

    found.user = id;
    *record = found;

    return MFA_OK;
}


mfa_status_t
mfa_former_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_id_t      own;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    own = *user;
    cursor = (mfa_cursor_t) { .table = MFA_TABLE_FORMER,
                              .prefix = mfa_id_str(&own) };

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_txn_delete(tx->txn, MFA_TABLE_FORMER, cursor.key);
        if (st != MFA_OK) {
            return st;
        }
    }
}


mfa_status_t
mfa_former_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_status_t  st;
    former_row_t  row;

    (void) key;                 /* the record alone tells */

    *is_over = false;

    st = former_decode(tx, record, &row);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = former_is_over(tx, &row);

    return MFA_OK;
}
