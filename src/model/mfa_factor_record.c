/*
 * Factor records: the sealed secret of a factor, and the tries at it.
 *
 * Failures are counted here, for the user and the factor, never for a
 * session, an address or a worker. What a try earns if it is wrong is
 * written before anybody looks at it. Contract: mfa_model.h.
 */

#include "mfa_record.h"


#define FACTOR_VERSION     2
#define FACTOR_RECORD_MAX  4096

#define FACTOR_HOLD        (15 * MFA_MINUTE)
#define FACTOR_HOLD_MOST   MFA_DAY

#define FACTOR_DISABLED    1


static mfa_secret_place_t
factor_place(const mfa_secret_key_t *key, uint64_t version)
{
    return (mfa_secret_place_t) { .table = MFA_TABLE_FACTOR,
                                  .version = version, .key = key->str };
}


static mfa_status_t
factor_unseal(mfa_tx_t *tx, const mfa_secret_key_t *key, uint64_t version,
    mfa_str_t sealed, mfa_str_t *secret)
{
    mfa_status_t        st;
    mfa_secret_place_t  place;

    place = factor_place(key, version);

    st = mfa_secret_unseal(tx, &place, sealed, secret);

    if (st == MFA_DAMAGED) {
        mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
                "the secret of a factor record does not open: its row was "
                "moved or changed, or its key is missing");
    }

    return st;
}


static mfa_status_t
factor_unpack(mfa_tx_t *tx, const mfa_secret_key_t *key, mfa_str_t bytes,
    mfa_factor_record_t *record)
{
    uint64_t      version, flags;
    mfa_str_t     sealed;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, bytes, tx->work->arena);
    version = mfa_unpack_number(&in);
    flags = mfa_unpack_number(&in);
    sealed = mfa_unpack_str(&in);
    record->added_at = mfa_unpack_time(&in);
    record->used_at = mfa_unpack_time(&in);
    record->last_step = mfa_unpack_number(&in);
    record->failures = mfa_unpack_number(&in);
    record->holds = mfa_unpack_number(&in);
    record->held_until = mfa_unpack_time(&in);
    record->day_at = mfa_unpack_time(&in);
    record->day_failures = mfa_unpack_number(&in);

    if (version >= 2) {
        record->told_step = mfa_unpack_number(&in);
    }

    record->is_disabled = (flags & FACTOR_DISABLED) != 0;

    st = mfa_record_end(tx, &in, version, FACTOR_VERSION, "factor");
    if (st != MFA_OK) {
        return st;
    }

    return factor_unseal(tx, key, version, sealed, &record->secret);
}


mfa_status_t
mfa_factor_record_get(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind,
    mfa_factor_record_t *record)
{
    mfa_id_t             id;
    mfa_str_t            bytes;
    mfa_status_t         st;
    mfa_secret_key_t     key;
    mfa_factor_record_t  found = { .is_disabled = true };

    id = *user;
    *record = found;            /* what is not read is of no use */

    st = mfa_secret_key(&id, kind, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_FACTOR, key.str, tx->work->arena,
                     &bytes);
    if (st != MFA_OK) {
        return st;
    }

    st = factor_unpack(tx, &key, bytes, &found);
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
mfa_factor_record_put(mfa_tx_t *tx, const mfa_factor_record_t *record)
{
    mfa_buf_t           buf;
    mfa_str_t           sealed, bytes;
    mfa_status_t        st;
    mfa_secret_key_t    key;
    mfa_secret_place_t  place;

    st = mfa_secret_key(&record->user, record->kind, &key);
    if (st != MFA_OK) {
        return st;
    }

    place = factor_place(&key, FACTOR_VERSION);

    st = mfa_secret_seal(tx, &place, record->secret, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, FACTOR_RECORD_MAX);
    mfa_pack_number(&buf, FACTOR_VERSION);
    mfa_pack_number(&buf, record->is_disabled ? FACTOR_DISABLED : 0);
    mfa_pack_str(&buf, sealed);
    mfa_pack_time(&buf, record->added_at);
    mfa_pack_time(&buf, record->used_at);
    mfa_pack_number(&buf, record->last_step);
    mfa_pack_number(&buf, record->failures);
    mfa_pack_number(&buf, record->holds);
    mfa_pack_time(&buf, record->held_until);
    mfa_pack_time(&buf, record->day_at);
    mfa_pack_number(&buf, record->day_failures);
    mfa_pack_number(&buf, record->told_step);

    st = mfa_buf_str(&buf, &bytes);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_FACTOR, key.str, bytes);
}


mfa_status_t
mfa_factor_record_delete(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind)
{
    mfa_status_t      st;
    mfa_secret_key_t  key;

    st = mfa_secret_key(user, kind, &key);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_FACTOR, key.str);
}


mfa_status_t
mfa_factor_record_kinds(mfa_tx_t *tx, const mfa_id_t *user, mfa_strs_t *kinds)
{
    mfa_str_t     kind;
    mfa_cursor_t  cursor = { .table = MFA_TABLE_FACTOR,
                             .prefix = mfa_id_str(user) };
    mfa_status_t  st;

    *kinds = (mfa_strs_t) { NULL, 0 };

    while (kinds->count < MFA_LIST_MAX) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        kind = mfa_str_bytes(cursor.key.data + MFA_ID_SIZE,
                             cursor.key.len - MFA_ID_SIZE);

        st = mfa_strs_add(tx->work->arena, kinds, kind);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/*
 * The record as it stands now; the caller's copy may be of an earlier
 * transaction. Another secret is another factor: MFA_NOT_FOUND.
 */

static mfa_status_t
factor_renew(mfa_tx_t *tx, mfa_factor_record_t *record)
{
    mfa_status_t         st;
    mfa_factor_record_t  found;

    st = mfa_factor_record_get(tx, &record->user, record->kind, &found);
    if (st != MFA_OK) {
        return st;
    }

    if (found.added_at != record->added_at
        || found.secret.len != record->secret.len
        || !mfa_equal_ct(found.secret.data, record->secret.data,
                         found.secret.len))
    {
        return MFA_NOT_FOUND;
    }

    *record = found;

    return MFA_OK;
}


static mfa_time_t
factor_hold(uint64_t holds)
{
    uint64_t    i;
    mfa_time_t  hold;

    hold = FACTOR_HOLD;

    for (i = 1; i < holds && hold < FACTOR_HOLD_MOST; i++) {
        hold *= 2;
    }

    return hold < FACTOR_HOLD_MOST ? hold : FACTOR_HOLD_MOST;
}


/* what the failure that was just counted earns */

static void
factor_count(const mfa_tx_t *tx, mfa_factor_record_t *record)
{
    const mfa_model_settings_t  *s;

    s = tx->work->model->settings;

    record->failures++;
    record->day_failures++;

    if (record->failures % (uint64_t) s->totp_tries == 0) {
        record->holds++;
        record->held_until = tx->now + factor_hold(record->holds);
    }

    if (record->day_failures >= (uint64_t) s->totp_day
        && record->held_until < record->day_at + MFA_DAY)
    {
        record->held_until = record->day_at + MFA_DAY;
    }

    if (record->failures >= (uint64_t) s->totp_most) {
        record->is_disabled = true;
    }
}


/* of three budgets the one that ends first */

static uint64_t
factor_left(const mfa_tx_t *tx, const mfa_factor_record_t *record)
{
    uint64_t                     left, tries;
    const mfa_model_settings_t  *s;

    s = tx->work->model->settings;

    if (record->is_disabled || record->held_until > tx->now) {
        return 0;
    }

    tries = (uint64_t) s->totp_tries;
    left = tries - record->failures % tries;

    if (left > (uint64_t) s->totp_day - record->day_failures) {
        left = (uint64_t) s->totp_day - record->day_failures;
    }

    if (left > (uint64_t) s->totp_most - record->failures) {
        left = (uint64_t) s->totp_most - record->failures;
    }

    return left;
}


static mfa_status_t
factor_event(mfa_tx_t *tx, const mfa_factor_record_t *record,
    const char *name, const char *reason)
{
    mfa_status_t  st;
    mfa_event_t   event = { .name = name, .result = "ok", .reason = reason };

    st = mfa_id_text(tx->work->arena, &record->user, &event.user);
    if (st != MFA_OK) {
        return st;
    }

    event.factor = mfa_arena_cstr(tx->work->arena, record->kind);

    return mfa_event_add(tx, &event);
}


mfa_status_t
mfa_factor_record_book(mfa_tx_t *tx, mfa_factor_record_t *record,
    uint64_t *left, mfa_time_t *retry_at)
{
    mfa_status_t                 st;
    const mfa_model_settings_t  *s;

    *left = 0;
    *retry_at = 0;

    s = tx->work->model->settings;

    st = factor_renew(tx, record);
    if (st != MFA_OK) {
        return st;
    }

    if (record->is_disabled) {
        return MFA_LIMITED;
    }

    if (record->held_until > tx->now) {
        *retry_at = record->held_until;
        return MFA_LIMITED;
    }

    if (record->day_at == 0 || tx->now >= record->day_at + MFA_DAY) {
        record->day_at = tx->now;
        record->day_failures = 0;
    }

    if (record->day_failures >= (uint64_t) s->totp_day) {
        *retry_at = record->day_at + MFA_DAY;
        return MFA_LIMITED;
    }

    factor_count(tx, record);
    *left = factor_left(tx, record);

    if (record->is_disabled) {
        st = factor_event(tx, record, "factor.disabled", "code");
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_factor_record_put(tx, record);
}


mfa_status_t
mfa_factor_record_pass(mfa_tx_t *tx, mfa_factor_record_t *record,
    uint64_t step)
{
    mfa_status_t  st;

    st = factor_renew(tx, record);
    if (st != MFA_OK) {
        return st;
    }

    /* a kind without steps is always at step 0 */

    if (step <= record->last_step && (step > 0 || record->last_step > 0)) {
        return MFA_EXISTS;
    }

    /* only the booking of this very try can have disabled it */

    if (record->is_disabled) {
        if (record->failures
            < (uint64_t) tx->work->model->settings->totp_most)
        {
            return MFA_LIMITED;
        }

        st = factor_event(tx, record, "factor.enabled", "code");
        if (st != MFA_OK) {
            return st;
        }
    }

    if (record->failures > 0 && record->day_failures > 0) {
        record->day_failures--;
    }

    record->is_disabled = false;
    record->failures = 0;
    record->holds = 0;
    record->held_until = 0;
    record->last_step = step;
    record->used_at = tx->now;

    return mfa_factor_record_put(tx, record);
}
