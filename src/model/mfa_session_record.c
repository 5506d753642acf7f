/*
 * The record of a session: its bytes, its index entry, its age.
 *
 * Contract: mfa_record.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define SESSION_VERSION     2
#define SESSION_RECORD_MAX  384

/* who comes back the next morning is told why they must log in again */
#define SESSION_GRACE       MFA_DAY


mfa_str_t
mfa_session_key(const uint8_t key[MFA_DIGEST_SIZE])
{
    return mfa_str_bytes(key, MFA_DIGEST_SIZE);
}


mfa_str_t
mfa_session_user_key(const mfa_id_t *user, const uint8_t key[MFA_DIGEST_SIZE],
    uint8_t bytes[MFA_SESSION_USER_KEY])
{
    memcpy(bytes, user->bytes, MFA_ID_SIZE);
    memcpy(bytes + MFA_ID_SIZE, key, MFA_DIGEST_SIZE);

    return mfa_str_bytes(bytes, MFA_SESSION_USER_KEY);
}


/* times are kept as distances from started_at, which makes them short */

mfa_status_t
mfa_session_put(mfa_tx_t *tx, const mfa_session_t *session)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, SESSION_RECORD_MAX);
    mfa_pack_number(&buf, SESSION_VERSION);
    mfa_buf_put(&buf, mfa_id_str(&session->user));
    mfa_pack_number(&buf, session->epoch);
    mfa_pack_number(&buf, session->amr);
    mfa_pack_time(&buf, session->started_at);
    mfa_pack_time(&buf, session->seen_at - session->started_at);
    mfa_pack_time(&buf, session->factor_at == 0 ? 0
                        : session->factor_at - session->started_at + 1);
    mfa_pack_str(&buf, mfa_str_bytes(session->address.bytes,
                                     session->address.len));
    mfa_pack_str(&buf, session->agent);
    mfa_pack_number(&buf, session->is_partial);
    mfa_pack_str(&buf, session->trusted);

    if (session->trusted.len > 0) {
        mfa_buf_put(&buf, mfa_str_bytes(session->proof, MFA_DIGEST_SIZE));
    }

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_SESSION,
                       mfa_session_key(session->key), record);
}


static mfa_str_t
session_take(mfa_unpack_t *in, size_t len)
{
    mfa_str_t  s;

    if (in->rest.len < len) {
        in->is_damaged = true;
        in->rest = mfa_null;
        return mfa_null;
    }

    s = mfa_str_bytes(in->rest.data, len);
    in->rest.data += len;
    in->rest.len -= len;

    return s;
}


/* what version 2 added */

static void
session_unpack_more(mfa_unpack_t *in, mfa_session_t *session)
{
    mfa_str_t  proof;

    session->is_partial = mfa_unpack_number(in) != 0;
    session->trusted = mfa_unpack_str(in);

    if (session->trusted.len > 0) {
        proof = session_take(in, MFA_DIGEST_SIZE);

        if (proof.len > 0) {
            memcpy(session->proof, proof.data, MFA_DIGEST_SIZE);
        }
    }
}


static mfa_status_t
session_unpack(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_session_t *session)
{
    uint64_t      version;
    mfa_str_t     id, address;
    mfa_time_t    seen, factor;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *session = (mfa_session_t) { .epoch = 0 };

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    id = session_take(&in, MFA_ID_SIZE);
    session->epoch = mfa_unpack_number(&in);
    session->amr = (unsigned) mfa_unpack_number(&in);
    session->started_at = mfa_unpack_time(&in);
    seen = mfa_unpack_time(&in);
    factor = mfa_unpack_time(&in);
    address = mfa_unpack_str(&in);
    session->agent = mfa_unpack_str(&in);

    if (version >= 2) {
        session_unpack_more(&in, session);
    }

    /* no sum may go past the end of time */

    in.is_damaged |= key.len != MFA_DIGEST_SIZE
                     || address.len > sizeof(session->address.bytes)
                     || session->started_at > INT64_MAX / 4
                     || seen > INT64_MAX / 4 || factor > INT64_MAX / 4;

    st = mfa_record_end(tx, &in, version, SESSION_VERSION, "session");

    if (st != MFA_OK) {
        *session = (mfa_session_t) { .epoch = 0 };
        return st;
    }

    memcpy(session->key, key.data, MFA_DIGEST_SIZE);
    memcpy(session->user.bytes, id.data, MFA_ID_SIZE);
    session->seen_at = session->started_at + seen;
    session->factor_at = factor == 0 ? 0 : session->started_at + factor - 1;
    session->address.len = (uint8_t) address.len;

    if (address.len > 0) {
        memcpy(session->address.bytes, address.data, address.len);
    }

    return MFA_OK;
}


mfa_status_t
mfa_session_get(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE],
    mfa_session_t *session)
{
    mfa_str_t     record;
    mfa_status_t  st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_SESSION, mfa_session_key(key),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    return session_unpack(tx, mfa_session_key(key), record, session);
}


mfa_session_state_t
mfa_session_age(const mfa_model_settings_t *settings,
    const mfa_session_t *session, mfa_time_t at)
{
    mfa_time_t  idle_at, limit_at;

    idle_at = session->seen_at + settings->idle_timeout;
    limit_at = session->started_at + settings->session_limit;

    if (at < idle_at && at < limit_at) {
        return MFA_SESSION_LIVE;
    }

    return idle_at <= limit_at ? MFA_SESSION_IDLE : MFA_SESSION_OLD;
}


mfa_session_state_t
mfa_session_judge(const mfa_tx_t *tx, const mfa_session_t *session,
    const mfa_user_t *user)
{
    if (user == NULL
        || user->epoch != session->epoch
        || mfa_user_may_log_in(user) != MFA_VERDICT_PASS)
    {
        return MFA_SESSION_REVOKED;
    }

    return mfa_session_age(tx->work->model->settings, session, tx->now);
}


mfa_status_t
mfa_session_delete(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t key[MFA_DIGEST_SIZE])
{
    uint8_t       bytes[MFA_SESSION_USER_KEY];
    mfa_status_t  st;

    st = mfa_txn_delete(tx->txn, MFA_TABLE_SESSION, mfa_session_key(key));
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_session_hosts_delete(tx, key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_SESSION_USER,
                        mfa_session_user_key(user, key, bytes));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_session_is_live(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_live)
{
    mfa_status_t   st;
    mfa_session_t  session;

    *is_live = false;

    st = session_unpack(tx, key, record, &session);

    if (st == MFA_OK) {
        *is_live = mfa_session_age(tx->work->model->settings, &session,
                                   tx->now) == MFA_SESSION_LIVE;
    }

    return st;
}


mfa_status_t
mfa_session_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_user_t           user;
    mfa_status_t         st;
    mfa_session_t        session;
    mfa_session_state_t  state;

    *is_over = false;

    st = session_unpack(tx, key, record, &session);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_get(tx, &session.user, &user);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    state = mfa_session_judge(tx, &session, st == MFA_OK ? &user : NULL);

    if ((state == MFA_SESSION_IDLE || state == MFA_SESSION_OLD)
        && mfa_session_age(tx->work->model->settings, &session,
                           tx->now - SESSION_GRACE) == MFA_SESSION_LIVE)
    {
        return MFA_OK;
    }

    *is_over = state != MFA_SESSION_LIVE;

    return MFA_OK;
}
