/*
 * Flows: what is kept of a journey in progress.
 *
 * Knows no state and no move. A flow belongs to one browser: with the digest
 * of another cookie it does not exist. Only the pending secret and
 * destination are sealed.
 * Contract: mfa_model.h, "flows".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define FLOW_VERSION     2

#define FLOW_KIND_MAX    32
#define FLOW_NOTICE_MAX  512
#define FLOW_SECRET_MAX  1024
#define FLOW_PAIRS_MAX   16
#define FLOW_PAIR_MAX    512        /* of a name, and of a value */
#define FLOW_RECORD_MAX  (48 * 1024)

/* an ended journey can be told from one that never was for this long */
#define FLOW_KEEP        MFA_HOUR

/* what is sealed, in this order */
typedef enum {
    FLOW_SECRET,
    FLOW_DESTINATION,
    FLOW_PARTS
} flow_part_t;

typedef struct {
    uint64_t   version;             /* of the record: bound into the seals */
    mfa_str_t  parts[FLOW_PARTS];
} flow_sealed_t;


static mfa_status_t
flow_user_key(mfa_arena_t *arena, const mfa_id_t *user, const mfa_id_t *flow,
    mfa_str_t *key)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 2 * MFA_ID_SIZE);
    mfa_buf_put(&buf, mfa_id_str(user));
    mfa_buf_put(&buf, mfa_id_str(flow));

    return mfa_buf_str(&buf, key);
}


/* the place a sealed part belongs to */

static mfa_status_t
flow_bound(mfa_arena_t *arena, const mfa_id_t *flow, uint64_t version,
    flow_part_t part, mfa_str_t *bound)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 64);
    mfa_pack_number(&buf, MFA_TABLE_FLOW);
    mfa_pack_str(&buf, mfa_id_str(flow));
    mfa_pack_number(&buf, version);

    /* the first version knew one part and did not name it */

    if (version > 1) {
        mfa_pack_number(&buf, part);
    }

    return mfa_buf_str(&buf, bound);
}


static mfa_status_t
flow_seal(mfa_tx_t *tx, const mfa_id_t *id, flow_part_t part,
    mfa_str_t plain, mfa_str_t *sealed)
{
    mfa_buf_t           buf;
    mfa_str_t           bound;
    mfa_status_t        st;
    const mfa_model_t  *model;

    *sealed = mfa_null;
    model = tx->work->model;

    if (plain.len == 0) {
        return MFA_OK;
    }

    st = flow_bound(tx->work->arena, id, FLOW_VERSION, part, &bound);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, 2 * FLOW_SECRET_MAX);

    st = mfa_seal(model->keys, model->ports, plain, bound, &buf);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_buf_str(&buf, sealed);
}


static mfa_status_t
flow_unseal(mfa_tx_t *tx, const mfa_id_t *id, const flow_sealed_t *sealed,
    flow_part_t part, mfa_str_t *plain)
{
    mfa_str_t     bound;
    mfa_status_t  st;

    *plain = mfa_null;

    if (sealed->parts[part].len == 0) {
        return MFA_OK;
    }

    st = flow_bound(tx->work->arena, id, sealed->version, part, &bound);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_unseal(tx->work->model->keys, sealed->parts[part], bound,
                      tx->work->arena, plain);
}


static bool
flow_pairs_fit(const mfa_pairs_t *pairs)
{
    size_t  i;

    if (pairs->count > FLOW_PAIRS_MAX) {
        return false;
    }

    for (i = 0; i < pairs->count; i++) {
        if (pairs->items[i].name.len > FLOW_PAIR_MAX
            || pairs->items[i].value.len > FLOW_PAIR_MAX)
        {
            return false;
        }
    }

    return true;
}


static bool
flow_fits(const mfa_flow_t *flow)
{
    return flow->kind.len > 0
           && flow->kind.len <= FLOW_KIND_MAX
           && flow->email.len <= MFA_EMAIL_MAX
           && flow->target.len <= MFA_TARGET_MAX
           && flow->notice.len <= FLOW_NOTICE_MAX
           && flow->secret.len <= FLOW_SECRET_MAX
           && flow->destination.len <= MFA_EMAIL_MAX
           && flow->action.len <= FLOW_KIND_MAX
           && flow->subject.len <= FLOW_KIND_MAX
           && flow->started_at >= 0
           && flow->expires_at >= flow->started_at
           && flow_pairs_fit(&flow->errors)
           && flow_pairs_fit(&flow->typed);
}


static mfa_status_t
flow_encode(mfa_tx_t *tx, const mfa_flow_t *flow, mfa_str_t *record)
{
    mfa_buf_t     buf;
    mfa_str_t     secret, destination;
    mfa_status_t  st;

    st = flow_seal(tx, &flow->id, FLOW_SECRET, flow->secret, &secret);
    if (st != MFA_OK) {
        return st;
    }

    st = flow_seal(tx, &flow->id, FLOW_DESTINATION, flow->destination,
                   &destination);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, FLOW_RECORD_MAX);
    mfa_pack_number(&buf, FLOW_VERSION);
    mfa_pack_time(&buf, flow->started_at);
    mfa_pack_time(&buf, flow->expires_at);
    mfa_pack_number(&buf, flow->revision);
    mfa_pack_str(&buf, mfa_str_bytes(flow->browser, MFA_DIGEST_SIZE));
    mfa_pack_str(&buf, flow->kind);
    mfa_pack_number(&buf, flow->state);
    mfa_pack_str(&buf, flow->has_user ? mfa_id_str(&flow->user) : mfa_null);
    mfa_pack_str(&buf, flow->email);
    mfa_pack_str(&buf, flow->target);
    mfa_pack_str(&buf, flow->notice);
    mfa_pack_pairs(&buf, &flow->errors);
    mfa_pack_pairs(&buf, &flow->typed);
    mfa_pack_str(&buf, secret);
    mfa_pack_number(&buf, flow->amr);
    mfa_pack_str(&buf, destination);
    mfa_pack_str(&buf, flow->action);
    mfa_pack_str(&buf, flow->subject);

    return mfa_buf_str(&buf, record);
}


static unsigned
flow_unpack_unsigned(mfa_unpack_t *in)
{
    uint64_t  n;

    n = mfa_unpack_number(in);

    if (n > UINT32_MAX) {
        in->is_damaged = true;
        return 0;
    }

    return (unsigned) n;
}


/* everything but what stays sealed in *sealed */

static mfa_status_t
flow_decode(mfa_tx_t *tx, const mfa_id_t *id, mfa_str_t record,
    mfa_flow_t *flow, flow_sealed_t *sealed)
{
    mfa_str_t     browser, user;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *flow = (mfa_flow_t) { .id = *id };

    mfa_unpack_init(&in, record, tx->work->arena);

    sealed->version = mfa_unpack_number(&in);
    flow->started_at = mfa_unpack_time(&in);
    flow->expires_at = mfa_unpack_time(&in);
    flow->revision = mfa_unpack_number(&in);
    browser = mfa_unpack_str(&in);
    flow->kind = mfa_unpack_str(&in);
    flow->state = flow_unpack_unsigned(&in);
    user = mfa_unpack_str(&in);
    flow->email = mfa_unpack_str(&in);
    flow->target = mfa_unpack_str(&in);
    flow->notice = mfa_unpack_str(&in);
    mfa_unpack_pairs(&in, &flow->errors);
    mfa_unpack_pairs(&in, &flow->typed);
    sealed->parts[FLOW_SECRET] = mfa_unpack_str(&in);
    flow->amr = flow_unpack_unsigned(&in);
    sealed->parts[FLOW_DESTINATION] = mfa_unpack_str(&in);
    flow->action = mfa_unpack_str(&in);
    flow->subject = mfa_unpack_str(&in);

    st = mfa_record_end(tx, &in, sealed->version, FLOW_VERSION, "flow");
    if (st != MFA_OK) {
        return st;
    }

    if (browser.len != MFA_DIGEST_SIZE
        || (user.len != 0 && user.len != MFA_ID_SIZE))
    {
        return MFA_DAMAGED;
    }

    memcpy(flow->browser, browser.data, MFA_DIGEST_SIZE);

    if (user.len > 0) {
        memcpy(flow->user.bytes, user.data, MFA_ID_SIZE);
        flow->has_user = true;
    }

    return MFA_OK;
}


static mfa_status_t
flow_read(mfa_tx_t *tx, const mfa_id_t *id, mfa_flow_t *flow,
    flow_sealed_t *sealed)
{
    mfa_str_t     record;
    mfa_status_t  st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_FLOW, mfa_id_str(id),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    return flow_decode(tx, id, record, flow, sealed);
}


static mfa_status_t
flow_unindex(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *flow)
{
    mfa_str_t     key;
    mfa_status_t  st;

    st = flow_user_key(tx->work->arena, user, flow, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_FLOW_USER, key);

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_flow_make(mfa_tx_t *tx, mfa_str_t kind, mfa_time_t lifetime,
    mfa_flow_t *flow)
{
    *flow = (mfa_flow_t) {
        .kind = kind,
        .started_at = tx->now,
        .expires_at = tx->now + lifetime
    };

    return mfa_port_random(tx->work->model->ports, flow->id.bytes,
                           MFA_ID_SIZE);
}


/*
 * A flow that was saved once and is gone has been ended by somebody else,
 * say by a change of the password: saving it must not bring it back. For
 * that it has to be made or got in the same transaction.
 */

mfa_status_t
mfa_flow_save(mfa_tx_t *tx, mfa_flow_t *flow)
{
    mfa_str_t      record, key;
    mfa_flow_t     old;
    mfa_status_t   st;
    flow_sealed_t  sealed;

    if (!flow_fits(flow)) {
        return MFA_INVALID;
    }

    st = flow_read(tx, &flow->id, &old, &sealed);

    if (st == MFA_OK) {
        flow->revision = old.revision + 1;

    } else if (st == MFA_NOT_FOUND && flow->revision == 0) {
        old = (mfa_flow_t) { .has_user = false };
        flow->revision = 1;

    } else {
        return st;
    }

    if (old.has_user
        && (!flow->has_user
            || memcmp(old.user.bytes, flow->user.bytes, MFA_ID_SIZE) != 0))
    {
        st = flow_unindex(tx, &old.user, &flow->id);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (flow->has_user) {
        st = flow_user_key(tx->work->arena, &flow->user, &flow->id, &key);
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_txn_put(tx->txn, MFA_TABLE_FLOW_USER, key, mfa_null);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = flow_encode(tx, flow, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_FLOW, mfa_id_str(&flow->id),
                       record);
}


static mfa_status_t
flow_open(mfa_tx_t *tx, const mfa_id_t *id,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_flow_t *flow)
{
    mfa_status_t   st;
    flow_sealed_t  sealed;

    st = flow_read(tx, id, flow, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_equal_ct(flow->browser, browser, MFA_DIGEST_SIZE)) {
        return MFA_NOT_FOUND;
    }

    if (tx->now >= flow->expires_at) {
        return MFA_EXPIRED;
    }

    st = flow_unseal(tx, id, &sealed, FLOW_SECRET, &flow->secret);
    if (st != MFA_OK) {
        return st;
    }

    return flow_unseal(tx, id, &sealed, FLOW_DESTINATION,
                       &flow->destination);
}


mfa_status_t
mfa_flow_get(mfa_tx_t *tx, const mfa_id_t *id,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_flow_t *flow)
{
    mfa_flow_t    found;
    mfa_status_t  st;

    /*
     * id may stand in *flow; whoever gets no flow sees none of it. Of one
     * that is over its own browser learns where it led, no sealed part.
     */

    st = flow_open(tx, id, browser, &found);

    if (st == MFA_EXPIRED) {
        found.secret = mfa_null;
        found.destination = mfa_null;
    }

    *flow = (st == MFA_OK || st == MFA_EXPIRED)
            ? found : (mfa_flow_t) { .state = 0 };

    return st;
}


mfa_status_t
mfa_flow_delete(mfa_tx_t *tx, const mfa_id_t *id)
{
    mfa_flow_t     flow;
    mfa_status_t   st;
    flow_sealed_t  sealed;

    st = flow_read(tx, id, &flow, &sealed);

    /* what cannot be read can still go; its index row then leads nowhere */

    if (st == MFA_OK && flow.has_user) {
        st = flow_unindex(tx, &flow.user, id);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND && st != MFA_DAMAGED
        && st != MFA_NEWER)
    {
        return st;
    }

    st = mfa_code_delete_all(tx, id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_FLOW, mfa_id_str(id));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_flow_delete_all(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *but)
{
    mfa_id_t      id;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    cursor = (mfa_cursor_t) {
        .table = MFA_TABLE_FLOW_USER,
        .prefix = mfa_id_str(user)
    };

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (cursor.key.len != 2 * MFA_ID_SIZE) {
            return MFA_DAMAGED;
        }

        memcpy(id.bytes, cursor.key.data + MFA_ID_SIZE, MFA_ID_SIZE);

        if (but != NULL && memcmp(id.bytes, but->bytes, MFA_ID_SIZE) == 0) {
            continue;
        }

        st = mfa_flow_delete(tx, &id);
        if (st != MFA_OK) {
            return st;
        }

        st = flow_unindex(tx, user, &id);
        if (st != MFA_OK) {
            return st;
        }
    }
}


mfa_status_t
mfa_flow_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_id_t       id;
    mfa_flow_t     flow;
    mfa_status_t   st;
    flow_sealed_t  sealed;

    *is_over = false;

    if (key.len != MFA_ID_SIZE) {
        return MFA_DAMAGED;
    }

    memcpy(id.bytes, key.data, MFA_ID_SIZE);

    st = flow_decode(tx, &id, record, &flow, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = tx->now - FLOW_KEEP >= flow.expires_at;

    return MFA_OK;
}
