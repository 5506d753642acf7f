/*
 * Purge: what is past its time goes, a few records at a turn.
 *
 * Looks in a view, removes in an update that looks again: between the two a
 * person may have come back. What cannot be read is left where it is. Knows
 * the order of the tables, not what makes a record of them past.
 * Contract: mfa_model.h, "purge".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


/* what one update may remove; a user takes other records along */
#define PURGE_COST_MOST   50
#define PURGE_COST_USER   8

/* what is copied in one view */
#define PURGE_ARENA       ((size_t) 4 * 1024 * 1024)
#define PURGE_BYTES_MOST  ((size_t) 1024 * 1024)


typedef mfa_status_t (*purge_is_over_fn)(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over);

typedef mfa_status_t (*purge_remove_fn)(mfa_tx_t *tx, mfa_str_t key);

typedef struct {
    mfa_table_t       table;
    unsigned          cost;
    purge_is_over_fn  is_over;
    purge_remove_fn   remove;           /* NULL: the row is all there is */
} purge_step_t;

typedef struct {
    const purge_step_t  *step;
    size_t               len;
    uint8_t              key[MFA_STORE_KEY_MAX];
} purge_dead_t;

typedef struct {
    mfa_purge_cursor_t  cursor;
    size_t              look;
    size_t              count;
    unsigned            cost;
    size_t              removed;
    purge_dead_t        dead[PURGE_COST_MOST];
} purge_t;


/* what has ended already is not told again as a revocation */

static mfa_status_t
purge_remove_session(mfa_tx_t *tx, mfa_str_t key)
{
    uint8_t        digest[MFA_DIGEST_SIZE];
    mfa_status_t   st;
    mfa_session_t  session;

    if (key.len != MFA_DIGEST_SIZE) {
        return MFA_DAMAGED;
    }

    memcpy(digest, key.data, MFA_DIGEST_SIZE);

    st = mfa_session_get(tx, digest, &session);

    if (st == MFA_OK) {
        st = mfa_session_delete(tx, &session.user, session.key);
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
purge_remove_flow(mfa_tx_t *tx, mfa_str_t key)
{
    mfa_id_t  id;

    memcpy(id.bytes, key.data, MFA_ID_SIZE);

    return mfa_flow_delete(tx, &id);
}


/* a password that no browser set is the operator's, from the import */

static bool
purge_password_stays(const mfa_user_t *user)
{
    size_t  i;

    if (!user->is_on_roster) {
        return false;
    }

    for (i = 0; i < sizeof(user->browser); i++) {
        if (user->browser[i] != 0) {
            return false;
        }
    }

    return true;
}


/*
 * Somebody who set a password and never got as far as a factor, and has not
 * been here for long. Whom staff locked out stays, or a new registration
 * would let them in.
 */

static mfa_status_t
purge_user_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_id_t      id;
    mfa_user_t    user;
    mfa_strs_t    kinds;
    mfa_time_t    keep;
    mfa_status_t  st;

    *is_over = false;

    if (key.len != MFA_ID_SIZE) {
        return MFA_DAMAGED;
    }

    memcpy(id.bytes, key.data, MFA_ID_SIZE);

    st = mfa_user_unpack(tx, &id, record, &user);
    if (st != MFA_OK) {
        return st;
    }

    keep = tx->work->model->settings->unfinished_keep;

    if (user.registered_at != 0
        || user.password.len == 0
        || user.is_disabled
        || user.is_locked
        || purge_password_stays(&user)
        || tx->now - keep < user.added_at
        || tx->now - keep < user.password_at
        || tx->now - keep < user.login_at)
    {
        return MFA_OK;
    }

    st = mfa_factor_record_kinds(tx, &id, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = kinds.count == 0;

    return MFA_OK;
}


static mfa_status_t
purge_user_event(mfa_tx_t *tx, const mfa_id_t *id, const char *name)
{
    mfa_event_t   event;
    mfa_status_t  st;

    event = (mfa_event_t) {
        .name = name,
        .result = "ok",
        .reason = "unfinished"
    };

    st = mfa_id_text(tx->work->arena, id, &event.user);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_event_add(tx, &event);
}


/* who is on the roster stays there, as if never having come */

static mfa_status_t
purge_remove_user(mfa_tx_t *tx, mfa_str_t key)
{
    mfa_id_t      id;
    mfa_user_t    user;
    mfa_status_t  st;

    memcpy(id.bytes, key.data, MFA_ID_SIZE);

    st = mfa_user_get(tx, &id, &user);
    if (st != MFA_OK) {
        return st;
    }

    if (!user.is_on_roster) {
        st = mfa_user_delete(tx, &id);
        if (st != MFA_OK) {
            return st;
        }

        return purge_user_event(tx, &id, "user.delete");
    }

    user.password = mfa_null;
    user.password_at = 0;
    user.password_failures = 0;
    memset(user.browser, 0, sizeof(user.browser));

    st = mfa_device_delete_all(tx, &id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_delete_all(tx, &id, NULL);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_end_all(tx, &user);
    if (st != MFA_OK) {
        return st;
    }

    return purge_user_event(tx, &id, "user.reset");
}


static const purge_step_t  purge_steps[] = {
    { MFA_TABLE_SESSION, 1, mfa_session_is_over, purge_remove_session },
    { MFA_TABLE_FLOW,    1, mfa_flow_is_over,    purge_remove_flow },
    { MFA_TABLE_CODE,    1, mfa_code_is_over, NULL },
    { MFA_TABLE_LIMIT,   1, mfa_limit_is_over, NULL },
    { MFA_TABLE_MESSAGE, 1, mfa_message_is_over, mfa_message_expire },
    { MFA_TABLE_DEVICE,  1, mfa_device_is_over, NULL },
    { MFA_TABLE_ROUTE,   1, mfa_route_is_over, NULL },
    { MFA_TABLE_REQUEST, 1, mfa_reset_request_is_over,
                                                 mfa_reset_request_remove },
    { MFA_TABLE_PASS,    1, mfa_pass_is_over, NULL },
    { MFA_TABLE_FORMER,  1, mfa_former_is_over, NULL },
    { MFA_TABLE_KNOWN,   1, mfa_known_is_over, NULL },
    { MFA_TABLE_SOURCE,  1, mfa_spray_is_over, NULL },
    { MFA_TABLE_REMINDED, 1, mfa_reminded_is_over, NULL },
    { MFA_TABLE_TICKET,  1, mfa_ticket_is_over, NULL },
    { MFA_TABLE_HELD,    1, mfa_held_is_over,    mfa_held_remove },
    { MFA_TABLE_SESSION_HOST,  1, mfa_session_host_is_over, NULL },
    { MFA_TABLE_SESSION_HOSTS, 1, mfa_session_hosts_is_over, NULL },
    { MFA_TABLE_REVOKED, 1, mfa_revoked_is_over, NULL },
    { MFA_TABLE_USER,    PURGE_COST_USER, purge_user_is_over,
                                                 purge_remove_user }
};

#define PURGE_STEPS  (sizeof(purge_steps) / sizeof(purge_steps[0]))


/* a cursor of nowhere starts at the first table */

static size_t
purge_step_at(const mfa_purge_cursor_t *cursor)
{
    size_t  i;

    for (i = 0; i < PURGE_STEPS; i++) {
        if (purge_steps[i].table == cursor->table) {
            return i;
        }
    }

    return 0;
}


/* one record that cannot be read must not keep all others for ever */

static mfa_status_t
purge_ask(mfa_tx_t *tx, const purge_step_t *step, mfa_str_t key,
    mfa_str_t record, bool *is_over)
{
    mfa_status_t  st;

    st = step->is_over(tx, key, record, is_over);

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        *is_over = false;
        return MFA_OK;
    }

    return st;
}


static mfa_status_t
purge_note(mfa_tx_t *tx, purge_t *purge, const purge_step_t *step,
    const mfa_cursor_t *at)
{
    bool           is_over;
    mfa_status_t   st;
    purge_dead_t  *dead;

    st = purge_ask(tx, step, at->key, at->value, &is_over);
    if (st != MFA_OK || !is_over) {
        return st;
    }

    dead = &purge->dead[purge->count++];
    dead->step = step;
    dead->len = at->key.len;
    memcpy(dead->key, at->key.data, at->key.len);

    purge->cost += step->cost;

    return MFA_OK;
}


/* the rest of one table, as far as this turn goes */

static mfa_status_t
purge_look_table(mfa_tx_t *tx, purge_t *purge, const purge_step_t *step,
    size_t *bytes)
{
    mfa_cursor_t         at;
    mfa_status_t         st;
    mfa_purge_cursor_t  *cursor;

    cursor = &purge->cursor;

    at = (mfa_cursor_t) { .table = step->table };

    if (cursor->len > 0) {
        at.key = mfa_str_bytes(cursor->key, cursor->len);
    }

    while (purge->look > 0
           && *bytes < PURGE_BYTES_MOST
           && purge->cost + step->cost <= PURGE_COST_MOST)
    {
        st = mfa_txn_next(tx->txn, &at, tx->work->arena);
        if (st != MFA_OK) {
            return st;
        }

        st = purge_note(tx, purge, step, &at);
        if (st != MFA_OK) {
            return st;
        }

        memcpy(cursor->key, at.key.data, at.key.len);
        cursor->len = at.key.len;
        *bytes += at.key.len + at.value.len;
        purge->look--;
    }

    return MFA_OK;
}


typedef struct {
    const mfa_purge_cursor_t  *cursor;
    size_t                     look;
    purge_t                   *purge;
} purge_look_t;


/* MFA_NOT_FOUND from a table: on with the next, once round at most */

static mfa_status_t
purge_look(mfa_tx_t *tx, void *arg)
{
    size_t         i, bytes, tables;
    purge_t       *purge;
    mfa_status_t   st;
    purge_look_t  *look;

    look = arg;
    purge = look->purge;

    purge->cursor = *look->cursor;
    purge->look = look->look;
    purge->count = 0;
    purge->cost = 0;

    i = purge_step_at(&purge->cursor);

    if (purge->cursor.table != purge_steps[i].table) {
        purge->cursor.len = 0;
    }

    bytes = 0;

    for (tables = 0; tables < PURGE_STEPS; tables++) {
        purge->cursor.table = purge_steps[i].table;

        st = purge_look_table(tx, purge, &purge_steps[i], &bytes);
        if (st != MFA_NOT_FOUND) {
            return st;
        }

        purge->cursor.len = 0;
        i = (i + 1) % PURGE_STEPS;
    }

    purge->cursor.table = purge_steps[i].table;

    return MFA_OK;
}


static mfa_status_t
purge_remove_one(mfa_tx_t *tx, purge_t *purge, const purge_dead_t *dead)
{
    bool          is_over;
    mfa_str_t     key, record;
    mfa_status_t  st;

    key = mfa_str_bytes(dead->key, dead->len);

    st = mfa_txn_get(tx->txn, dead->step->table, key, tx->work->arena,
                     &record);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = purge_ask(tx, dead->step, key, record, &is_over);
    if (st != MFA_OK || !is_over) {
        return st;
    }

    st = dead->step->remove != NULL
         ? dead->step->remove(tx, key)
         : mfa_txn_delete(tx->txn, dead->step->table, key);
    if (st != MFA_OK) {
        return st;
    }

    purge->removed++;

    return MFA_OK;
}


static mfa_status_t
purge_remove(mfa_tx_t *tx, void *arg)
{
    size_t        i;
    purge_t      *purge;
    mfa_status_t  st;

    purge = arg;
    purge->removed = 0;

    for (i = 0; i < purge->count; i++) {
        st = purge_remove_one(tx, purge, &purge->dead[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_purge(mfa_work_t *work, mfa_purge_cursor_t *cursor, size_t look,
    size_t *removed)
{
    purge_t       purge;
    mfa_work_t    looking;
    mfa_status_t  st;
    purge_look_t  args;

    *removed = 0;

    purge.count = 0;
    purge.removed = 0;

    args = (purge_look_t) { .cursor = cursor, .look = look,
                            .purge = &purge };

    /* what is looked at does not eat up the memory of the work */

    looking = (mfa_work_t) {
        .model = work->model,
        .arena = mfa_arena_open(PURGE_ARENA)
    };

    if (looking.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_view(&looking, purge_look, &args);

    mfa_arena_close(&looking.arena);

    if (st != MFA_OK) {
        return st;
    }

    /* what could not be removed has its next turn after all others */

    *cursor = purge.cursor;

    if (purge.count == 0) {
        return MFA_OK;
    }

    st = mfa_update_reserved(work, purge_remove, &purge);

    if (st == MFA_OK) {
        *removed = purge.removed;
    }

    return st;
}
