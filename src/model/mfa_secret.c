/*
 * Secrets at rest, of a factor or of one that was replaced: one row for each
 * user and kind, sealed to that very place.
 *
 * Moved to another table, user, kind or version of record it does not open.
 * Contract: mfa_record.h.
 */

#include "mfa_record.h"


#define SECRET_MAX         2048
#define SECRET_SEALED_MAX  4096


mfa_status_t
mfa_secret_key(const mfa_id_t *user, mfa_str_t kind, mfa_secret_key_t *key)
{
    if (kind.len == 0 || kind.len > MFA_KIND_MAX) {
        return MFA_INVALID;
    }

    memcpy(key->bytes, user->bytes, MFA_ID_SIZE);
    memcpy(key->bytes + MFA_ID_SIZE, kind.data, kind.len);
    key->str = mfa_str_bytes(key->bytes, MFA_ID_SIZE + kind.len);

    return MFA_OK;
}


static mfa_status_t
secret_bound(mfa_arena_t *arena, const mfa_secret_place_t *place,
    mfa_str_t *bound)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 128);
    mfa_pack_number(&buf, place->table);
    mfa_pack_number(&buf, place->version);
    mfa_pack_str(&buf, place->key);

    return mfa_buf_str(&buf, bound);
}


mfa_status_t
mfa_secret_seal(mfa_tx_t *tx, const mfa_secret_place_t *place,
    mfa_str_t secret, mfa_str_t *sealed)
{
    mfa_buf_t           buf;
    mfa_str_t           bound;
    mfa_status_t        st;
    const mfa_model_t  *model;

    *sealed = mfa_null;
    model = tx->work->model;

    if (secret.len > SECRET_MAX) {
        return MFA_INVALID;
    }

    st = secret_bound(tx->work->arena, place, &bound);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, SECRET_SEALED_MAX);

    st = mfa_seal(model->keys, model->ports, secret, bound, &buf);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_buf_str(&buf, sealed);
}


mfa_status_t
mfa_secret_unseal(mfa_tx_t *tx, const mfa_secret_place_t *place,
    mfa_str_t sealed, mfa_str_t *secret)
{
    mfa_str_t     bound;
    mfa_status_t  st;

    st = secret_bound(tx->work->arena, place, &bound);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_unseal(tx->work->model->keys, sealed, bound, tx->work->arena,
                      secret);
}
