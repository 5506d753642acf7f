/*
 * The log of revocations: rows in the order of their numbers, a mark with
 * the number of the last one, and who asks after them.
 *
 * Never decides: a row makes others ask about a session, and that is judged
 * by what the store says of it. Contract: mfa_model_revoked.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define MARK_VERSION     1
#define REVOKED_VERSION  1
#define REVOKED_MAX      64

#define META_REVOKED     mfa_str("revoked")

#define REVOKED_KEY      8


static mfa_str_t
revoked_key(uint64_t number, uint8_t bytes[REVOKED_KEY])
{
    size_t  i;

    for (i = REVOKED_KEY; i > 0; i--) {
        bytes[i - 1] = (uint8_t) number;
        number >>= 8;
    }

    return mfa_str_bytes(bytes, REVOKED_KEY);
}


static uint64_t
revoked_number(mfa_str_t key)
{
    size_t    i;
    uint64_t  number;

    number = 0;

    for (i = 0; i < key.len && i < REVOKED_KEY; i++) {
        number = number << 8 | (uint8_t) key.data[i];
    }

    return number;
}


/* no mark yet is the number 0; so is one that cannot be read, for then the
 * numbers begin anew, which readers take for missing rows */

static mfa_status_t
mark_read(mfa_tx_t *tx, uint64_t *number)
{
    uint64_t      version;
    mfa_str_t     record;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *number = 0;

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_REVOKED, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    *number = mfa_unpack_number(&in);

    st = mfa_record_end(tx, &in, version, MARK_VERSION, "revocation mark");

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        *number = 0;
        return MFA_OK;
    }

    return st;
}


static mfa_status_t
mark_write(mfa_tx_t *tx, uint64_t number)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, REVOKED_MAX);
    mfa_pack_number(&buf, MARK_VERSION);
    mfa_pack_number(&buf, number);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, META_REVOKED, record);
}


mfa_status_t
mfa_revoked_add(mfa_tx_t *tx, const mfa_id_t *user)
{
    uint8_t       bytes[REVOKED_KEY];
    uint64_t      number;
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    st = mark_read(tx, &number);

    if (st == MFA_OK) {
        st = mark_write(tx, ++number);
    }

    if (st != MFA_OK || tx->is_full) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, REVOKED_MAX);
    mfa_pack_number(&buf, REVOKED_VERSION);
    mfa_pack_str(&buf, mfa_id_str(user));
    mfa_pack_time(&buf, tx->now);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_REVOKED, revoked_key(number, bytes),
                       record);
}


static mfa_status_t
revoked_decode(mfa_tx_t *tx, mfa_str_t record, mfa_id_t *user,
    mfa_time_t *at)
{
    uint64_t      version;
    mfa_str_t     id;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    id = mfa_unpack_str(&in);
    *at = mfa_unpack_time(&in);

    in.is_damaged |= id.len != MFA_ID_SIZE;

    st = mfa_record_end(tx, &in, version, REVOKED_VERSION, "revocation");

    if (st == MFA_OK) {
        memcpy(user->bytes, id.data, MFA_ID_SIZE);
    }

    return st;
}


mfa_status_t
mfa_revoked_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_id_t      user;
    mfa_time_t    at;
    mfa_status_t  st;

    (void) key;

    *is_over = false;

    st = revoked_decode(tx, record, &user, &at);

    if (st == MFA_OK) {
        *is_over = tx->now - at >= MFA_REVOKED_KEEP;
    }

    return st;
}


/* MFA_NOT_FOUND: the row with the next number cannot be had */

static mfa_status_t
watch_row(mfa_tx_t *tx, mfa_watch_t *watch, mfa_cursor_t *cursor)
{
    mfa_time_t    at;
    mfa_status_t  st;

    st = mfa_txn_next(tx->txn, cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    if (cursor->key.len != REVOKED_KEY
        || revoked_number(cursor->key) != watch->number + 1)
    {
        return MFA_NOT_FOUND;
    }

    st = revoked_decode(tx, cursor->value, &watch->users[watch->user_count],
                        &at);

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_NOT_FOUND;
    }

    if (st == MFA_OK) {
        watch->user_count++;
        watch->number++;
    }

    return st;
}


static mfa_status_t
watch_rows(mfa_tx_t *tx, mfa_watch_t *watch)
{
    uint8_t       bytes[REVOKED_KEY];
    uint64_t      last;
    mfa_cursor_t  cursor = { .table = MFA_TABLE_REVOKED };
    mfa_status_t  st;

    watch->is_all = false;
    watch->user_count = 0;

    st = mark_read(tx, &last);
    if (st != MFA_OK) {
        return st;
    }

    if (!watch->has_number) {
        watch->has_number = true;
        watch->number = last;
    }

    cursor.key = revoked_key(watch->number, bytes);

    /* a mark that went back is of another log */

    watch->is_all = last < watch->number
                    || last - watch->number > MFA_REVOKED_MOST;

    while (!watch->is_all && watch->number < last) {
        st = watch_row(tx, watch, &cursor);

        if (st != MFA_OK && st != MFA_NOT_FOUND) {
            return st;
        }

        watch->is_all = st == MFA_NOT_FOUND;
    }

    if (watch->is_all) {
        watch->user_count = 0;
        watch->number = last;
    }

    return MFA_OK;
}


static mfa_status_t
watch_answer(mfa_tx_t *tx, mfa_ask_t *ask)
{
    mfa_time_t     idle_at, limit_at;
    mfa_user_t     user;
    mfa_status_t   st;
    mfa_session_t  session;

    ask->state = MFA_SESSION_NONE;
    ask->over_at = 0;

    st = mfa_session_get(tx, ask->key, &session);
    if (st != MFA_OK) {
        return st;
    }

    ask->state = MFA_SESSION_REVOKED;

    st = mfa_user_get(tx, &session.user, &user);
    if (st != MFA_OK) {
        return st;
    }

    ask->state = mfa_session_judge(tx, &session, &user);

    idle_at = session.seen_at + tx->work->model->settings->idle_timeout;
    limit_at = session.started_at + tx->work->model->settings->session_limit;

    ask->over_at = idle_at < limit_at ? idle_at : limit_at;

    return MFA_OK;
}


static mfa_status_t
watch_in(mfa_tx_t *tx, void *arg)
{
    size_t              i;
    mfa_status_t        st;
    mfa_watch_t        *watch = ((mfa_watch_t **) arg)[0];
    const mfa_watch_t  *given = ((mfa_watch_t **) arg)[1];

    watch->number = given->number;
    watch->has_number = given->has_number;
    watch->ask_count = given->ask_count;
    memcpy(watch->asks, given->asks, given->ask_count * sizeof(mfa_ask_t));

    st = watch_rows(tx, watch);

    for (i = 0; st == MFA_OK && i < watch->ask_count; i++) {
        st = watch_answer(tx, &watch->asks[i]);

        /* what is not there or cannot be read does not live */

        if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
            st = MFA_OK;
        }
    }

    return st;
}


mfa_status_t
mfa_watch_look(mfa_work_t *work, mfa_watch_t *watch)
{
    mfa_watch_t   *both[2];
    mfa_status_t   st;

    if (watch->ask_count > MFA_ASKS_MOST) {
        return MFA_BUG;
    }

    both[0] = mfa_arena_alloc(work->arena, sizeof(mfa_watch_t));
    both[1] = watch;

    if (both[0] == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_view(work, watch_in, both);

    if (st == MFA_OK) {
        *watch = *both[0];
    }

    return st;
}
