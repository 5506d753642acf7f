/*
 * Sessions on other hosts: second tokens, and the tickets that carry a
 * browser there (D12).
 *
 * Neither is a session: a row only leads to one, and to nothing where that
 * one is over. A ticket is gone before it is judged. Contract: mfa_model.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define HOST_VERSION     1
#define HOST_RECORD_MAX  (3 * MFA_DIGEST_SIZE + MFA_HOST_MAX)
#define HOSTS_KEY        (2 * MFA_DIGEST_SIZE)

/* both kinds of row; that of a token has no browser */

typedef struct {
    uint8_t     session[MFA_DIGEST_SIZE];
    uint8_t     browser[MFA_DIGEST_SIZE];
    mfa_str_t   host;
    mfa_time_t  made_at;
} host_record_t;


static mfa_status_t
host_write(mfa_tx_t *tx, mfa_table_t table, const uint8_t key[MFA_DIGEST_SIZE],
    const host_record_t *row)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, HOST_RECORD_MAX);
    mfa_pack_number(&buf, HOST_VERSION);
    mfa_pack_str(&buf, mfa_session_key(row->session));
    mfa_pack_str(&buf, row->host);
    mfa_pack_time(&buf, row->made_at);
    mfa_pack_str(&buf, table == MFA_TABLE_TICKET
                       ? mfa_session_key(row->browser) : mfa_null);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, table, mfa_session_key(key), record);
}


static mfa_status_t
host_decode(const mfa_tx_t *tx, mfa_table_t table, mfa_str_t record,
    host_record_t *row)
{
    uint64_t      version;
    mfa_str_t     session, browser;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *row = (host_record_t) { .made_at = 0 };

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    session = mfa_unpack_str(&in);
    row->host = mfa_unpack_str(&in);
    row->made_at = mfa_unpack_time(&in);
    browser = mfa_unpack_str(&in);

    in.is_damaged |= session.len != MFA_DIGEST_SIZE
                     || row->host.len == 0
                     || browser.len != (table == MFA_TABLE_TICKET
                                        ? MFA_DIGEST_SIZE : 0);

    st = mfa_record_end(tx, &in, version, HOST_VERSION, "session on a host");

    if (st != MFA_OK) {
        *row = (host_record_t) { .made_at = 0 };
        return st;
    }

    memcpy(row->session, session.data, MFA_DIGEST_SIZE);

    if (browser.len > 0) {
        memcpy(row->browser, browser.data, MFA_DIGEST_SIZE);
    }

    return MFA_OK;
}


static mfa_status_t
host_read(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE],
    host_record_t *row)
{
    mfa_str_t     record;
    mfa_status_t  st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_SESSION_HOST, mfa_session_key(key),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    return host_decode(tx, MFA_TABLE_SESSION_HOST, record, row);
}


static mfa_status_t
host_drop(mfa_tx_t *tx, mfa_table_t table, mfa_str_t key)
{
    mfa_status_t  st;

    st = mfa_txn_delete(tx->txn, table, key);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


mfa_status_t
mfa_session_host_get(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE],
    uint8_t session[MFA_DIGEST_SIZE], mfa_str_t *host)
{
    mfa_status_t   st;
    host_record_t  row;

    st = host_read(tx, key, &row);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(session, row.session, MFA_DIGEST_SIZE);
    *host = row.host;

    return MFA_OK;
}


mfa_status_t
mfa_session_hosts_delete(mfa_tx_t *tx, const uint8_t session[MFA_DIGEST_SIZE])
{
    mfa_cursor_t  cursor = { .table = MFA_TABLE_SESSION_HOSTS,
                             .prefix = mfa_session_key(session) };
    mfa_status_t  st;

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = host_drop(tx, MFA_TABLE_SESSION_HOST, cursor.value);
        if (st != MFA_OK) {
            return st;
        }

        st = host_drop(tx, MFA_TABLE_SESSION_HOSTS, cursor.key);
        if (st != MFA_OK) {
            return st;
        }
    }
}


/* MFA_NOT_FOUND unless it is live, and good for this request */

static mfa_status_t
host_session(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE])
{
    mfa_user_t     user;
    mfa_status_t   st;
    mfa_session_t  session;

    st = mfa_session_get(tx, key, &session);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_get(tx, &session.user, &user);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_session_judge(tx, &session, &user) == MFA_SESSION_LIVE
           && mfa_session_is_bound(session.amr, session.proof,
                                   tx->work->proof)
           ? MFA_OK : MFA_NOT_FOUND;
}


mfa_status_t
mfa_ticket_make(mfa_tx_t *tx, const uint8_t session[MFA_DIGEST_SIZE],
    mfa_str_t host, const uint8_t browser[MFA_DIGEST_SIZE], mfa_str_t *ticket)
{
    uint8_t        key[MFA_DIGEST_SIZE];
    mfa_status_t   st;
    host_record_t  row = { .host = host, .made_at = tx->now };

    *ticket = mfa_null;

    if (host.len == 0 || host.len > MFA_HOST_MAX) {
        return MFA_INVALID;
    }

    st = host_session(tx, session);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(row.session, session, MFA_DIGEST_SIZE);
    memcpy(row.browser, browser, MFA_DIGEST_SIZE);

    st = mfa_token_make(tx->work->model->ports, tx->work->arena, ticket);

    if (st == MFA_OK) {
        st = mfa_token_key(*ticket, key);
    }

    if (st == MFA_OK) {
        st = host_write(tx, MFA_TABLE_TICKET, key, &row);
    }

    if (st != MFA_OK) {
        *ticket = mfa_null;
        return (st == MFA_INVALID) ? MFA_BUG : st;
    }

    return MFA_OK;
}


mfa_status_t
mfa_ticket_look(mfa_tx_t *tx, mfa_str_t ticket, bool *is_known)
{
    uint8_t       key[MFA_DIGEST_SIZE];
    mfa_str_t     record;
    mfa_status_t  st;

    *is_known = false;

    st = mfa_token_key(ticket, key);

    if (st == MFA_OK) {
        st = mfa_txn_get(tx->txn, MFA_TABLE_TICKET, mfa_session_key(key),
                         tx->work->arena, &record);
    }

    *is_known = (st == MFA_OK);

    return (st == MFA_INVALID || st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static bool
ticket_is_past(const mfa_tx_t *tx, const host_record_t *row)
{
    return row->made_at > tx->now
           || tx->now - row->made_at >= MFA_TICKET_LIFE;
}


/* the key of the index: one token of a session for a host */

static mfa_status_t
hosts_key(const host_record_t *row, uint8_t bytes[HOSTS_KEY], mfa_str_t *key)
{
    memcpy(bytes, row->session, MFA_DIGEST_SIZE);
    *key = mfa_str_bytes(bytes, HOSTS_KEY);

    return mfa_sha256(row->host, bytes + MFA_DIGEST_SIZE);
}


/* the one before it goes */

static mfa_status_t
host_replace(mfa_tx_t *tx, mfa_str_t index, const uint8_t key[MFA_DIGEST_SIZE])
{
    mfa_str_t     former;
    mfa_status_t  st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_SESSION_HOSTS, index, tx->work->arena,
                     &former);

    if (st == MFA_OK) {
        st = host_drop(tx, MFA_TABLE_SESSION_HOST, former);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_SESSION_HOSTS, index,
                       mfa_session_key(key));
}


static mfa_status_t
host_issue(mfa_tx_t *tx, host_record_t *row, mfa_str_t *token)
{
    uint8_t       bytes[HOSTS_KEY], key[MFA_DIGEST_SIZE];
    mfa_str_t     index;
    mfa_status_t  st;

    st = hosts_key(row, bytes, &index);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_token_make(tx->work->model->ports, tx->work->arena, token);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_token_key(*token, key);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_BUG : st;
    }

    st = host_replace(tx, index, key);
    if (st != MFA_OK) {
        return st;
    }

    row->made_at = tx->now;

    return host_write(tx, MFA_TABLE_SESSION_HOST, key, row);
}


/* out of the store, whatever it is worth */

static mfa_status_t
ticket_take(mfa_tx_t *tx, mfa_str_t ticket, host_record_t *row)
{
    uint8_t       key[MFA_DIGEST_SIZE];
    mfa_str_t     record;
    mfa_status_t  st;

    st = mfa_token_key(ticket, key);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_NOT_FOUND : st;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_TICKET, mfa_session_key(key),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_TICKET, mfa_session_key(key));
    if (st != MFA_OK) {
        return st;
    }

    return host_decode(tx, MFA_TABLE_TICKET, record, row);
}


mfa_status_t
mfa_ticket_use(mfa_tx_t *tx, mfa_str_t ticket, mfa_str_t host,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_str_t *token)
{
    mfa_status_t   st;
    host_record_t  row;

    *token = mfa_null;

    st = ticket_take(tx, ticket, &row);
    if (st != MFA_OK) {
        return st;
    }

    if (ticket_is_past(tx, &row)
        || !mfa_str_eq(row.host, host)
        || !mfa_equal_ct(row.browser, browser, MFA_DIGEST_SIZE))
    {
        return MFA_NOT_FOUND;
    }

    st = host_session(tx, row.session);
    if (st != MFA_OK) {
        return st;
    }

    st = host_issue(tx, &row, token);

    if (st != MFA_OK) {
        *token = mfa_null;
    }

    return st;
}


mfa_status_t
mfa_ticket_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_status_t   st;
    host_record_t  row;

    (void) key;

    *is_over = false;

    st = host_decode(tx, MFA_TABLE_TICKET, record, &row);

    if (st == MFA_OK) {
        *is_over = ticket_is_past(tx, &row);
    }

    return st;
}


/* rows go with their session; the next two are for what was left behind */

mfa_status_t
mfa_session_host_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_status_t   st;
    host_record_t  row;
    mfa_session_t  session;

    (void) key;

    *is_over = false;

    st = host_decode(tx, MFA_TABLE_SESSION_HOST, record, &row);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_get(tx, row.session, &session);

    *is_over = (st == MFA_NOT_FOUND);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


mfa_status_t
mfa_session_hosts_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    uint8_t        own[MFA_DIGEST_SIZE];
    mfa_status_t   st;
    host_record_t  row;

    *is_over = false;

    if (key.len != HOSTS_KEY || record.len != MFA_DIGEST_SIZE) {
        return MFA_DAMAGED;
    }

    memcpy(own, record.data, MFA_DIGEST_SIZE);

    st = host_read(tx, own, &row);

    *is_over = (st == MFA_NOT_FOUND);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}
