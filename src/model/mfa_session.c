/*
 * Sessions: what a token is worth, and for how long.
 *
 * The token itself is never kept, only its SHA-256, so a copy of the store
 * opens nothing. A token that was not issued here is never taken over.
 * Contract: mfa_model.h.
 */

#include "mfa_record.h"


mfa_status_t
mfa_token_key(mfa_str_t token, uint8_t key[MFA_DIGEST_SIZE])
{
    uint8_t       raw[MFA_TOKEN_SIZE];
    mfa_status_t  st;

    if (mfa_base64url_decode_fixed(token, raw, sizeof(raw)) != MFA_OK) {
        return MFA_INVALID;
    }

    st = mfa_sha256(mfa_str_bytes(raw, sizeof(raw)), key);
    mfa_wipe(raw, sizeof(raw));

    return st;
}


static void
session_none(mfa_session_view_t *view)
{
    *view = (mfa_session_view_t) { .verdict = MFA_VERDICT_DENY,
                                   .state = MFA_SESSION_NONE,
                                   .user = { .is_disabled = true } };
}


/* of a token of its own, or of one for another host */

static mfa_status_t
session_of_key(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE],
    mfa_session_view_t *view)
{
    uint8_t       own[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    st = mfa_session_get(tx, key, &view->session);
    if (st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_session_host_get(tx, key, own, &view->host);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_session_get(tx, own, &view->session);
}


mfa_status_t
mfa_session_read(mfa_tx_t *tx, mfa_str_t token, mfa_session_view_t *view)
{
    uint8_t       key[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    session_none(view);

    st = mfa_token_key(token, key);

    if (st == MFA_INVALID) {
        return MFA_OK;
    }

    return st == MFA_OK ? mfa_session_read_key(tx, key, view) : st;
}


mfa_status_t
mfa_session_read_key(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE],
    mfa_session_view_t *view)
{
    mfa_status_t  st;

    session_none(view);

    st = session_of_key(tx, key, view);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    view->state = MFA_SESSION_REVOKED;

    st = mfa_user_get(tx, &view->session.user, &view->user);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    view->state = mfa_session_judge(tx, &view->session, &view->user);

    if (view->state == MFA_SESSION_LIVE) {
        view->verdict = MFA_VERDICT_PASS;
    }

    return MFA_OK;
}


bool
mfa_session_is_bound(unsigned amr, const uint8_t proof[MFA_DIGEST_SIZE],
    const uint8_t *claimed)
{
    if ((amr & MFA_AMR_TRUSTED) == 0) {
        return claimed == NULL;
    }

    return claimed != NULL && mfa_equal_ct(proof, claimed, MFA_DIGEST_SIZE);
}


mfa_status_t
mfa_session_look(mfa_tx_t *tx, mfa_str_t token, mfa_session_view_t *view)
{
    mfa_status_t  st;

    st = mfa_session_read(tx, token, view);

    /* what is made for one host is nothing on any other */

    if (st == MFA_OK && view->host.len > 0
        && !mfa_str_eq(view->host, tx->work->host))
    {
        session_none(view);
    }

    if (st == MFA_OK && view->verdict == MFA_VERDICT_PASS
        && !mfa_session_is_bound(view->session.amr, view->session.proof,
                                 tx->work->proof))
    {
        view->verdict = MFA_VERDICT_DENY;
        view->state = MFA_SESSION_UNPROVED;
    }

    return st;
}


mfa_status_t
mfa_session_end(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE])
{
    mfa_status_t   st;
    mfa_session_t  session;

    st = mfa_session_get(tx, key, &session);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_delete(tx, &session.user, session.key);

    return st == MFA_OK ? mfa_revoked_add(tx, &session.user) : st;
}


/* the next key of this user after the one in cursor */

static mfa_status_t
session_next_key(mfa_tx_t *tx, mfa_cursor_t *cursor,
    uint8_t key[MFA_DIGEST_SIZE])
{
    mfa_status_t  st;

    st = mfa_txn_next(tx->txn, cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    if (cursor->key.len != MFA_SESSION_USER_KEY) {
        return MFA_DAMAGED;
    }

    memcpy(key, cursor->key.data + MFA_ID_SIZE, MFA_DIGEST_SIZE);

    return MFA_OK;
}


mfa_status_t
mfa_session_end_all(mfa_tx_t *tx, mfa_user_t *user)
{
    uint8_t       key[MFA_DIGEST_SIZE];
    mfa_cursor_t  cursor = { .table = MFA_TABLE_SESSION_USER,
                             .prefix = mfa_id_str(&user->id) };
    mfa_status_t  st;

    for ( ;; ) {
        st = session_next_key(tx, &cursor, key);

        if (st == MFA_NOT_FOUND) {
            break;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_session_delete(tx, &user->id, key);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = mfa_held_delete_all(tx, &user->id);
    if (st != MFA_OK) {
        return st;
    }

    user->epoch++;

    return mfa_user_save(tx, user, NULL);
}


mfa_status_t
mfa_session_touch(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE],
    mfa_time_t seen_at)
{
    mfa_status_t   st;
    mfa_session_t  session;

    st = mfa_session_get(tx, key, &session);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (seen_at > tx->now) {
        seen_at = tx->now;
    }

    /* what was over at that moment is not revived by a late note of it */

    if (seen_at <= session.seen_at
        || mfa_session_age(tx->work->model->settings, &session, seen_at)
           != MFA_SESSION_LIVE)
    {
        return MFA_OK;
    }

    session.seen_at = seen_at;

    return mfa_session_put(tx, &session);
}


static void
session_sort(mfa_session_t *sessions, size_t count)
{
    size_t         i, j;
    mfa_session_t  session;

    for (i = 1; i < count; i++) {
        session = sessions[i];

        for (j = i;
             j > 0 && sessions[j - 1].started_at < session.started_at;
             j--)
        {
            sessions[j] = sessions[j - 1];
        }

        sessions[j] = session;
    }
}


/* over by time, and so lately that a form of it may still come (L9) */

static bool
session_is_recent(const mfa_tx_t *tx, const mfa_session_t *session,
    const mfa_user_t *user)
{
    return mfa_session_judge(tx, session, user) != MFA_SESSION_REVOKED
           && mfa_session_age(tx->work->model->settings, session,
                              tx->now - MFA_HELD_LIFE) == MFA_SESSION_LIVE;
}


/*
 * The live sessions of a user, newest first. With ends_dead the others are
 * removed on the way, and index entries that lead nowhere too.
 */

static mfa_status_t
session_gather(mfa_tx_t *tx, const mfa_user_t *user, bool ends_dead,
    mfa_session_t *sessions, size_t *count)
{
    uint8_t        key[MFA_DIGEST_SIZE];
    mfa_cursor_t   cursor = { .table = MFA_TABLE_SESSION_USER,
                              .prefix = mfa_id_str(&user->id) };
    mfa_status_t   st;
    mfa_session_t  session;

    *count = 0;

    while (*count < MFA_LIST_MAX) {
        st = session_next_key(tx, &cursor, key);

        if (st == MFA_NOT_FOUND) {
            break;
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_session_get(tx, key, &session);
        if (st != MFA_OK && st != MFA_NOT_FOUND) {
            return st;
        }

        if (st == MFA_OK
            && mfa_session_judge(tx, &session, user) == MFA_SESSION_LIVE)
        {
            sessions[(*count)++] = session;
            continue;
        }

        if (ends_dead && (st == MFA_NOT_FOUND
                          || !session_is_recent(tx, &session, user)))
        {
            st = mfa_session_delete(tx, &user->id, key);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    session_sort(sessions, *count);

    return MFA_OK;
}


mfa_status_t
mfa_session_list(mfa_tx_t *tx, const mfa_id_t *user, mfa_session_t **sessions,
    size_t *count)
{
    mfa_user_t    owner;
    mfa_status_t  st;

    *sessions = NULL;
    *count = 0;

    st = mfa_user_get(tx, user, &owner);
    if (st != MFA_OK) {
        return st;
    }

    *sessions = mfa_arena_alloc(tx->work->arena,
                                MFA_LIST_MAX * sizeof(mfa_session_t));
    if (*sessions == NULL) {
        return MFA_NO_MEMORY;
    }

    return session_gather(tx, &owner, false, *sessions, count);
}


static mfa_status_t
session_end_oldest(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_session_t *sessions, size_t *count)
{
    size_t        i, oldest;
    mfa_event_t   event = { .name = "session.end", .result = "ok",
                            .reason = "limit" };
    mfa_status_t  st;

    oldest = 0;

    for (i = 1; i < *count; i++) {
        if (sessions[i].seen_at <= sessions[oldest].seen_at) {
            oldest = i;
        }
    }

    st = mfa_session_delete(tx, &user->id, sessions[oldest].key);
    if (st != MFA_OK) {
        return st;
    }

    sessions[oldest] = sessions[--*count];

    st = mfa_revoked_add(tx, &user->id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_id_text(tx->work->arena, &user->id, &event.user);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_event_add(tx, &event);
}


/* leaves room for one more */

static mfa_status_t
session_make_room(mfa_tx_t *tx, const mfa_user_t *user)
{
    size_t          count, most;
    mfa_status_t    st;
    mfa_session_t  *sessions;

    most = (size_t) tx->work->model->settings->sessions_per_user;

    sessions = mfa_arena_alloc(tx->work->arena,
                               MFA_LIST_MAX * sizeof(mfa_session_t));
    if (sessions == NULL) {
        return MFA_NO_MEMORY;
    }

    st = session_gather(tx, user, true, sessions, &count);

    while (st == MFA_OK && count > 0 && count >= most) {
        st = session_end_oldest(tx, user, sessions, &count);
    }

    return st;
}


/* a fresh token and its digest; one that is taken is no chance but a fault */

static mfa_status_t
session_make_token(mfa_tx_t *tx, uint8_t key[MFA_DIGEST_SIZE],
    mfa_str_t *token)
{
    mfa_str_t           record;
    mfa_status_t        st;
    const mfa_model_t  *model;

    model = tx->work->model;

    st = mfa_token_make(model->ports, tx->work->arena, token);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_token_key(*token, key);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_BUG : st;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_SESSION, mfa_session_key(key),
                     tx->work->arena, &record);

    if (st == MFA_OK) {
        mfa_log(model->ports, MFA_LOG_ERROR, "a new session has the token "
                "of another: the randomness repeats");
        return MFA_CRYPTO;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_session_issue(mfa_tx_t *tx, mfa_user_t *user, mfa_session_t *session,
    mfa_str_t *token)
{
    uint8_t       bytes[MFA_SESSION_USER_KEY];
    mfa_status_t  st;

    *token = mfa_null;

    if (mfa_user_may_log_in(user) != MFA_VERDICT_PASS) {
        return MFA_INVALID;
    }

    st = session_make_room(tx, user);
    if (st != MFA_OK) {
        return st;
    }

    st = session_make_token(tx, session->key, token);
    if (st != MFA_OK) {
        *token = mfa_null;
        return st;
    }

    session->user = user->id;
    session->epoch = user->epoch;
    session->started_at = tx->now;
    session->seen_at = tx->now;
    session->factor_at = mfa_amr_has_factor(session->amr) ? tx->now : 0;
    session->agent = mfa_agent_cut(session->agent);

    if (session->address.len == 0 && tx->work->address != NULL) {
        session->address = *tx->work->address;
    }

    st = mfa_session_put(tx, session);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_put(tx->txn, MFA_TABLE_SESSION_USER,
                     mfa_session_user_key(&user->id, session->key, bytes),
                     mfa_str(""));
    if (st != MFA_OK) {
        return st;
    }

    user->login_at = tx->now;

    return mfa_user_save(tx, user, NULL);
}
