/*
 * LMDB: transactions, and the engine's descriptor.
 *
 * One environment and its main database; the first byte of a key is the
 * table. Pointers into the map leave this file only to mfa_store.c, which
 * copies at once.
 */

#include <unistd.h>

#include "mfa_store_lmdb.h"

typedef struct {
    mfa_txn_t      base;
    lmdb_t        *lmdb;
    MDB_txn       *txn;
    MDB_cursor    *cursor;
    uint64_t       version;
    mfa_status_t   fault;               /* the first, or MFA_OK */
    bool           is_writer;
} lmdb_txn_t;

extern const mfa_store_engine_t  mfa_store_lmdb;


static MDB_val
lmdb_val(mfa_str_t s)
{
    MDB_val  val;

    val.mv_size = s.len;
    val.mv_data = (void *) (uintptr_t) (s.len == 0 ? "" : s.data);

    return val;
}


static uint64_t
lmdb_version_of(const lmdb_t *lmdb, const MDB_txn *txn, bool is_writer)
{
    uint64_t  id;

    /* after a reopen the file may be another, with numbers of its own */

    id = (uint64_t) mdb_txn_id((MDB_txn *) (uintptr_t) txn);

    return (lmdb->generation << 48) ^ (is_writer ? id - 1 : id);
}


static void
lmdb_txn_init(lmdb_txn_t *txn, lmdb_t *lmdb, MDB_txn *opened, bool is_writer)
{
    txn->base.engine = &mfa_store_lmdb;
    txn->lmdb = lmdb;
    txn->txn = opened;
    txn->cursor = NULL;
    txn->version = lmdb_version_of(lmdb, opened, is_writer);
    txn->fault = MFA_OK;
    txn->is_writer = is_writer;
}


static void
lmdb_drop_cursor(lmdb_txn_t *txn)
{
    if (txn->cursor != NULL) {
        mdb_cursor_close(txn->cursor);
        txn->cursor = NULL;
    }
}


/* a fault is kept, so that a caller who overlooks it gets it once more */

static mfa_status_t
lmdb_txn_fault(lmdb_txn_t *txn, int rc, const char *what)
{
    mfa_status_t  st;

    st = mfa_store_lmdb_fault(txn->lmdb, rc, what);

    if (txn->fault == MFA_OK) {
        txn->fault = st;
    }

    return st;
}


static mfa_status_t
lmdb_get(mfa_txn_t *base, mfa_str_t key, mfa_str_t *value)
{
    int          rc;
    MDB_val      k, v;
    lmdb_txn_t  *txn;

    txn = (lmdb_txn_t *) base;
    k = lmdb_val(key);

    rc = mdb_get(txn->txn, txn->lmdb->dbi, &k, &v);

    if (rc == MDB_SUCCESS) {
        *value = mfa_str_bytes(v.mv_data, v.mv_size);
        return MFA_OK;
    }

    return rc == MDB_NOTFOUND ? MFA_NOT_FOUND
                              : lmdb_txn_fault(txn, rc, "cannot get");
}


static mfa_status_t
lmdb_put(mfa_txn_t *base, mfa_str_t key, mfa_str_t value)
{
    int          rc;
    MDB_val      k, v;
    lmdb_txn_t  *txn;

    txn = (lmdb_txn_t *) base;

    if (!txn->is_writer) {
        txn->fault = MFA_BUG;
        return MFA_BUG;
    }

    lmdb_drop_cursor(txn);

    k = lmdb_val(key);
    v = lmdb_val(value);

    rc = mdb_put(txn->txn, txn->lmdb->dbi, &k, &v, 0);

    return rc == MDB_SUCCESS ? MFA_OK : lmdb_txn_fault(txn, rc, "cannot put");
}


static mfa_status_t
lmdb_del(mfa_txn_t *base, mfa_str_t key)
{
    int          rc;
    MDB_val      k;
    lmdb_txn_t  *txn;

    txn = (lmdb_txn_t *) base;

    if (!txn->is_writer) {
        txn->fault = MFA_BUG;
        return MFA_BUG;
    }

    lmdb_drop_cursor(txn);

    k = lmdb_val(key);

    rc = mdb_del(txn->txn, txn->lmdb->dbi, &k, NULL);

    if (rc == MDB_SUCCESS) {
        return MFA_OK;
    }

    return rc == MDB_NOTFOUND ? MFA_NOT_FOUND
                              : lmdb_txn_fault(txn, rc, "cannot delete");
}


static mfa_status_t
lmdb_next(mfa_txn_t *base, mfa_str_t prefix, mfa_str_t after, mfa_str_t *key,
    mfa_str_t *value)
{
    int          rc;
    bool         is_after;
    MDB_val      k, v;
    lmdb_txn_t  *txn;

    txn = (lmdb_txn_t *) base;

    rc = MDB_SUCCESS;

    if (txn->cursor == NULL) {
        rc = mdb_cursor_open(txn->txn, txn->lmdb->dbi, &txn->cursor);
    }

    if (rc == MDB_SUCCESS) {
        is_after = after.data != NULL && mfa_str_cmp(after, prefix) >= 0;
        k = lmdb_val(is_after ? after : prefix);

        rc = mdb_cursor_get(txn->cursor, &k, &v, MDB_SET_RANGE);

        if (rc == MDB_SUCCESS && is_after
            && mfa_str_eq(mfa_str_bytes(k.mv_data, k.mv_size), after))
        {
            rc = mdb_cursor_get(txn->cursor, &k, &v, MDB_NEXT);
        }
    }

    if (rc == MDB_NOTFOUND) {
        return MFA_NOT_FOUND;
    }

    if (rc != MDB_SUCCESS) {
        return lmdb_txn_fault(txn, rc, "cannot scan");
    }

    *key = mfa_str_bytes(k.mv_data, k.mv_size);
    *value = mfa_str_bytes(v.mv_data, v.mv_size);

    return mfa_str_has_prefix(*key, prefix) ? MFA_OK : MFA_NOT_FOUND;
}


static uint64_t
lmdb_txn_version(const mfa_txn_t *base)
{
    return ((const lmdb_txn_t *) base)->version;
}


static mfa_status_t
lmdb_view(void *engine, bool may_wait, mfa_txn_fn fn, void *arg)
{
    lmdb_t        *lmdb;
    MDB_txn       *taken;
    unsigned       slot;
    lmdb_txn_t     txn;
    mfa_status_t   st;

    lmdb = engine;

    st = mfa_store_lmdb_take(lmdb, may_wait, &taken, &slot);
    if (st != MFA_OK) {
        return st;
    }

    lmdb_txn_init(&txn, lmdb, taken, false);

    st = fn(&txn.base, arg);

    lmdb_drop_cursor(&txn);
    mfa_store_lmdb_give(lmdb, taken, slot);

    return txn.fault != MFA_OK ? txn.fault : st;
}


static mfa_status_t
lmdb_version(void *engine, uint64_t *version)
{
    lmdb_t        *lmdb;
    MDB_txn       *taken;
    unsigned       slot;
    mfa_status_t   st;

    lmdb = engine;

    st = mfa_store_lmdb_take(lmdb, false, &taken, &slot);
    if (st != MFA_OK) {
        return st;
    }

    *version = lmdb_version_of(lmdb, taken, false);
    mfa_store_lmdb_give(lmdb, taken, slot);

    return MFA_OK;
}


static mfa_status_t
lmdb_write_begin(lmdb_t *lmdb, MDB_txn **txn)
{
    int           rc, tries;
    mfa_status_t  st;

    for (tries = 0; tries < 3; tries++) {

        st = mfa_store_lmdb_enter(lmdb, true);
        if (st != MFA_OK) {
            return st;
        }

        rc = mdb_txn_begin(lmdb->env, NULL, 0, txn);
        if (rc == MDB_SUCCESS) {
            return MFA_OK;
        }

        if (rc != MDB_MAP_RESIZED) {
            st = mfa_store_lmdb_fault(lmdb, rc, "cannot begin to write");
        }

        mfa_store_lmdb_leave(lmdb);

        if (rc == MDB_MAP_RESIZED) {
            st = mfa_store_lmdb_resize(lmdb);
        }

        if (st != MFA_OK && rc != MDB_PANIC) {
            return st;
        }
    }

    return MFA_STORE_BUSY;
}


/* fn between the two looks at the room; nothing is committed here */

static mfa_status_t
lmdb_write_run(lmdb_txn_t *txn, int64_t share, mfa_txn_fn fn, void *arg)
{
    int           rc;
    lmdb_t       *lmdb;
    lmdb_use_t    before, after;
    mfa_status_t  st;

    lmdb = txn->lmdb;

    rc = mfa_store_lmdb_use(lmdb, txn->txn, &before);
    if (rc != MDB_SUCCESS) {
        return mfa_store_lmdb_fault(lmdb, rc, "cannot count pages");
    }

    mfa_store_lmdb_watch(lmdb, &before);

    if (share == LMDB_NORMAL_SHARE
        && mfa_store_lmdb_is_over(&before, share))
    {
        return MFA_STORE_FULL;
    }

    st = fn(&txn->base, arg);

    lmdb_drop_cursor(txn);

    if (txn->fault != MFA_OK) {
        return txn->fault;
    }

    if (st != MFA_OK) {
        return st;
    }

    rc = mfa_store_lmdb_use(lmdb, txn->txn, &after);
    if (rc != MDB_SUCCESS) {
        return mfa_store_lmdb_fault(lmdb, rc, "cannot count pages");
    }

    /* who does not add may always go on, or a full store stays full */

    return after.used > before.used && mfa_store_lmdb_is_over(&after, share)
           ? MFA_STORE_FULL : MFA_OK;
}


static mfa_status_t
lmdb_write(lmdb_t *lmdb, int64_t share, mfa_txn_fn fn, void *arg)
{
    int           rc;
    MDB_txn      *begun;
    lmdb_txn_t    txn;
    mfa_status_t  st;

    st = lmdb_write_begin(lmdb, &begun);
    if (st != MFA_OK) {
        return st;
    }

    lmdb_txn_init(&txn, lmdb, begun, true);

    st = lmdb_write_run(&txn, share, fn, arg);

    if (st == MFA_OK) {
        rc = mdb_txn_commit(begun);

        if (rc != MDB_SUCCESS) {
            st = mfa_store_lmdb_fault(lmdb, rc, "cannot commit");
        }

    } else {
        mdb_txn_abort(begun);
    }

    mfa_store_lmdb_leave(lmdb);

    return st;
}


static mfa_status_t
lmdb_update(void *engine, bool is_reserved, mfa_txn_fn fn, void *arg)
{
    lmdb_t        *lmdb;
    mfa_status_t   st;

    lmdb = engine;

    st = mfa_store_lock_take(lmdb->lock, LMDB_WAIT_MS);
    if (st != MFA_OK) {
        mfa_store_lmdb_log(lmdb, "cannot begin to write",
                           mfa_status_text(st));
        return st;
    }

    st = lmdb_write(lmdb, is_reserved ? LMDB_WHOLE_SHARE : LMDB_NORMAL_SHARE,
                    fn, arg);

    mfa_store_lock_give(lmdb->lock);

    return st;
}


static mfa_status_t
lmdb_probe(const mfa_store_settings_t *settings, mfa_error_t *error)
{
    int            folder;
    char           path[4096];
    mfa_status_t   st;

    if (settings->place.len >= sizeof(path)) {
        mfa_error_set(error, "the path of the store is too long");
        return MFA_CONFIG;
    }

    memcpy(path, settings->place.data, settings->place.len);
    path[settings->place.len] = '\0';

    st = mfa_store_lmdb_folder(path, false, error, &folder);
    if (st != MFA_OK) {
        return st;
    }

    (void) close(folder);               /* it was only looked at */

    return MFA_OK;
}


static mfa_status_t
lmdb_stat(void *engine, mfa_store_stat_t *stat)
{
    int            rc;
    lmdb_t        *lmdb;
    MDB_txn       *taken;
    unsigned       slot;
    lmdb_use_t     use;
    MDB_envinfo    info;
    mfa_status_t   st;

    lmdb = engine;

    st = mfa_store_lmdb_take(lmdb, true, &taken, &slot);
    if (st != MFA_OK) {
        return st;
    }

    rc = mfa_store_lmdb_use(lmdb, taken, &use);

    if (rc == MDB_SUCCESS) {
        rc = mdb_env_info(lmdb->env, &info);
    }

    if (rc == MDB_SUCCESS) {
        stat->used_bytes = use.used;
        stat->limit_bytes = use.room;
        stat->size_bytes = (int64_t) info.me_mapsize;
        stat->readers = info.me_numreaders;
        stat->readers_max = info.me_maxreaders;
        stat->version = lmdb_version_of(lmdb, taken, false);

    } else {
        st = mfa_store_lmdb_fault(lmdb, rc, "cannot count pages");
    }

    mfa_store_lmdb_give(lmdb, taken, slot);

    return st;
}


static mfa_status_t
lmdb_clean(void *engine)
{
    int            rc, dead;
    lmdb_t        *lmdb;
    mfa_status_t   st;

    lmdb = engine;

    st = mfa_store_lmdb_enter(lmdb, true);
    if (st != MFA_OK) {
        return st;
    }

    dead = 0;
    rc = mdb_reader_check(lmdb->env, &dead);

    if (rc != MDB_SUCCESS) {
        st = mfa_store_lmdb_fault(lmdb, rc, "cannot clear dead readers");

    } else if (dead != 0) {
        mfa_log(lmdb->ports, MFA_LOG_NOTICE, "store cleared dead "
                "readers place=\"%s\" count=%d", lmdb->path, dead);
    }

    /* what is written to a file that has no name any more is lost, and what
     * is written to its successor is not seen here */

    if (!mfa_store_lmdb_is_current(lmdb)) {
        mfa_store_lmdb_break(lmdb);
        st = MFA_DAMAGED;
    }

    mfa_store_lmdb_leave(lmdb);

    return st;
}


static mfa_status_t
lmdb_check(void *engine, void (*progress)(unsigned percent, void *arg),
    void *arg, uint64_t *records, mfa_error_t *error)
{
    lmdb_t        *lmdb;
    mfa_status_t   st;

    lmdb = engine;

    st = mfa_store_lmdb_enter(lmdb, true);
    if (st != MFA_OK) {
        mfa_error_set(error, "the store cannot be read now");
        return st;
    }

    st = mfa_store_lmdb_walk(lmdb, progress, arg, records, error);

    mfa_store_lmdb_leave(lmdb);

    return st;
}


const mfa_store_engine_t  mfa_store_lmdb = {
    .name = "lmdb",
    .probe = lmdb_probe,
    .open = mfa_store_lmdb_open,
    .close = mfa_store_lmdb_close,
    .view = lmdb_view,
    .update = lmdb_update,
    .version = lmdb_version,
    .txn_version = lmdb_txn_version,
    .get = lmdb_get,
    .put = lmdb_put,
    .del = lmdb_del,
    .next = lmdb_next,
    .stat = lmdb_stat,
    .clean = lmdb_clean,
    .check = lmdb_check,
};
