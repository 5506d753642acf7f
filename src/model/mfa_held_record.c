/*
 * The row of a held form: what of it is sealed, and what is not.
 *
 * Outside of the seal stand times and sizes, which the purge and the limits
 * read; they are inside once more, and must be the same. Contract: mfa_held.h.
 */

#include "mfa_held.h"


#define HELD_VERSION   1
#define HELD_FORM_MAX  (4 * MFA_HELD_HEADER_MAX + MFA_HELD_ADDRESS_MAX)
#define HELD_SEALED    256              /* more than what a seal adds */

/* a row with another key than those of forms, and no person's */
#define HELD_SUM       mfa_str("sum")
#define HELD_SUM_MAX   32


mfa_str_t
mfa_held_key(const mfa_held_t *held, uint8_t bytes[MFA_HELD_KEY])
{
    memcpy(bytes, held->user.bytes, MFA_ID_SIZE);
    memcpy(bytes + MFA_ID_SIZE, held->id.bytes, MFA_ID_SIZE);

    return mfa_str_bytes(bytes, MFA_HELD_KEY);
}


mfa_status_t
mfa_held_bound(mfa_arena_t *arena, const mfa_held_t *held, const char *part,
    uint64_t piece, mfa_str_t *bound)
{
    uint8_t    bytes[MFA_HELD_KEY];
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 128);
    mfa_pack_number(&buf, MFA_TABLE_HELD);
    mfa_pack_number(&buf, HELD_VERSION);
    mfa_pack_str(&buf, mfa_held_key(held, bytes));
    mfa_pack_str(&buf, mfa_str_from(part));
    mfa_pack_number(&buf, piece);
    mfa_pack_number(&buf, held->size);

    return mfa_buf_str(&buf, bound);
}


static mfa_status_t
held_seal(mfa_work_t *work, const mfa_held_t *held, const char *part,
    mfa_str_t plain, mfa_str_t *sealed)
{
    mfa_buf_t           buf;
    mfa_str_t           bound;
    mfa_status_t        st;
    const mfa_model_t  *model = work->model;

    st = mfa_held_bound(work->arena, held, part, 0, &bound);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, work->arena, plain.len + HELD_SEALED);

    st = mfa_seal(model->keys, model->ports, plain, bound, &buf);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_buf_str(&buf, sealed);
}


/* the size that is bound to it is that of the body as it came: it stands in
 * the sealed part for good, while the row says 0 once the body is gone */

mfa_status_t
mfa_held_seal(mfa_work_t *work, const mfa_held_t *held, mfa_str_t *form)
{
    mfa_buf_t     buf;
    mfa_str_t     plain;
    mfa_held_t    place;
    mfa_status_t  st;

    mfa_buf_init(&buf, work->arena, HELD_FORM_MAX);
    mfa_pack_time(&buf, held->kept_at);
    mfa_pack_number(&buf, held->size);
    mfa_pack_number(&buf, held->is_file);
    mfa_pack_str(&buf, held->method);
    mfa_pack_str(&buf, held->host);
    mfa_pack_str(&buf, held->address);
    mfa_pack_str(&buf, held->type);
    mfa_pack_str(&buf, held->origin);
    mfa_pack_str(&buf, held->referer);

    st = mfa_buf_str(&buf, &plain);
    if (st != MFA_OK) {
        return st;
    }

    place = *held;
    place.size = 0;

    return held_seal(work, &place, "form", plain, form);
}


mfa_status_t
mfa_held_seal_body(mfa_work_t *work, mfa_held_t *held, mfa_str_t body)
{
    return held_seal(work, held, "body", body, &held->sealed);
}


mfa_status_t
mfa_held_write(mfa_tx_t *tx, const mfa_held_t *held, mfa_str_t form)
{
    uint8_t       bytes[MFA_HELD_KEY];
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, MFA_STORE_VALUE_MAX);
    mfa_pack_number(&buf, HELD_VERSION);
    mfa_pack_time(&buf, held->kept_at);
    mfa_pack_time(&buf, held->sent_at);
    mfa_pack_number(&buf, held->size);
    mfa_pack_number(&buf, held->is_file);
    mfa_pack_str(&buf, form);
    mfa_pack_str(&buf, held->sealed);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_HELD, mfa_held_key(held, bytes),
                       record);
}


mfa_status_t
mfa_held_decode(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_held_t *held, mfa_str_t *form)
{
    uint64_t      version;
    mfa_str_t     sealed;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *held = (mfa_held_t) { .size = 0 };

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    held->kept_at = mfa_unpack_time(&in);
    held->sent_at = mfa_unpack_time(&in);
    held->size = mfa_unpack_number(&in);
    held->is_file = mfa_unpack_number(&in) != 0;
    sealed = mfa_unpack_str(&in);
    held->sealed = mfa_unpack_str(&in);

    in.is_damaged |= key.len != MFA_HELD_KEY
                     || held->kept_at > INT64_MAX / 4
                     || held->sent_at > INT64_MAX / 4
                     || held->size > MFA_HELD_BYTES;

    st = mfa_record_end(tx, &in, version, HELD_VERSION, "held form");

    if (st != MFA_OK) {
        *held = (mfa_held_t) { .size = 0 };
        return st;
    }

    memcpy(held->user.bytes, key.data, MFA_ID_SIZE);
    memcpy(held->id.bytes, key.data + MFA_ID_SIZE, MFA_ID_SIZE);

    if (form != NULL) {
        *form = sealed;
    }

    return MFA_OK;
}


/* the seal is right: does what stands outside of it say the same? */

static bool
held_is_same(const mfa_held_t *held, mfa_time_t kept_at, uint64_t size,
    bool is_file)
{
    if (held->kept_at != kept_at) {
        return false;
    }

    return held->sent_at != 0 ? held->size == 0
                              : held->size == size && held->is_file == is_file;
}


mfa_status_t
mfa_held_unseal(mfa_tx_t *tx, mfa_held_t *held, mfa_str_t form)
{
    bool                is_file;
    uint64_t            size;
    mfa_str_t           bound, plain;
    mfa_held_t          place;
    mfa_time_t          kept_at;
    mfa_unpack_t        in;
    mfa_status_t        st;
    const mfa_model_t  *model = tx->work->model;

    place = *held;
    place.size = 0;

    st = mfa_held_bound(tx->work->arena, &place, "form", 0, &bound);

    if (st == MFA_OK) {
        st = mfa_unseal(model->keys, form, bound, tx->work->arena, &plain);
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, plain, tx->work->arena);
    kept_at = mfa_unpack_time(&in);
    size = mfa_unpack_number(&in);
    is_file = mfa_unpack_number(&in) != 0;
    held->method = mfa_unpack_str(&in);
    held->host = mfa_unpack_str(&in);
    held->address = mfa_unpack_str(&in);
    held->type = mfa_unpack_str(&in);
    held->origin = mfa_unpack_str(&in);
    held->referer = mfa_unpack_str(&in);

    in.is_damaged |= !held_is_same(held, kept_at, size, is_file);

    return mfa_unpack_end(&in);
}


bool
mfa_held_is_past(const mfa_tx_t *tx, const mfa_held_t *held)
{
    return tx->now - MFA_HELD_LIFE >= held->kept_at;
}


static mfa_status_t
held_sum_read(mfa_tx_t *tx, uint64_t *sum)
{
    uint64_t      version;
    mfa_str_t     record;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *sum = 0;

    st = mfa_txn_get(tx->txn, MFA_TABLE_HELD, HELD_SUM, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    *sum = mfa_unpack_number(&in);

    return mfa_record_end(tx, &in, version, HELD_VERSION, "sum of forms");
}


mfa_status_t
mfa_held_count(mfa_tx_t *tx, uint64_t added, uint64_t taken)
{
    uint64_t      sum;
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    st = held_sum_read(tx, &sum);
    if (st != MFA_OK) {
        return st;
    }

    sum -= sum < taken ? sum : taken;

    if (added > 0 && sum + added > MFA_HELD_ALL) {
        return MFA_LIMITED;
    }

    mfa_buf_init(&buf, tx->work->arena, HELD_SUM_MAX);
    mfa_pack_number(&buf, HELD_VERSION);
    mfa_pack_number(&buf, sum + added);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_HELD, HELD_SUM, record);
}


mfa_status_t
mfa_held_drop(mfa_tx_t *tx, const mfa_held_t *held)
{
    uint8_t       bytes[MFA_HELD_KEY];
    mfa_status_t  st;

    if (held->size > 0) {
        st = mfa_held_count(tx, 0, held->size);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_HELD, mfa_held_key(held, bytes));
}
