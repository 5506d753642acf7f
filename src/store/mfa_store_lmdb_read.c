/*
 * LMDB: parked readers.
 *
 * A reader that was begun once and reset costs 11 to 17 ns to renew; to begin
 * one takes a lock that a stopped process may hold. So who must not wait only
 * ever renews. The first slot is left to those, the event loop foremost.
 */

#include "mfa_store_lmdb.h"


static unsigned
read_first_slot(bool may_wait)
{
    uint64_t  mixed;

    if (!may_wait) {
        return 0;
    }

    /* threads start apart, or all would pull at one cache line */

    mixed = ((uint64_t) pthread_self() >> 6) * 0x9e3779b97f4a7c15u;

    return 1 + (unsigned) (mixed >> 40) % (LMDB_PARKED - 1);
}


static MDB_txn *
read_unpark(lmdb_t *lmdb, unsigned slot)
{
    if (atomic_load_explicit(&lmdb->slots[slot].txn, memory_order_relaxed)
        == NULL)
    {
        return NULL;
    }

    return atomic_exchange_explicit(&lmdb->slots[slot].txn, NULL,
                                    memory_order_acquire);
}


static MDB_txn *
read_find(lmdb_t *lmdb, bool may_wait, unsigned *slot)
{
    MDB_txn   *txn;
    unsigned   i, first;

    first = read_first_slot(may_wait);

    for (i = 0; i < LMDB_PARKED; i++) {
        *slot = (first + i) % LMDB_PARKED;

        if (*slot == 0 && may_wait) {
            continue;
        }

        txn = read_unpark(lmdb, *slot);
        if (txn != NULL) {
            return txn;
        }
    }

    *slot = first;

    return NULL;
}


static bool
read_park_at(lmdb_t *lmdb, MDB_txn *txn, unsigned slot)
{
    MDB_txn  *empty;

    empty = NULL;

    return atomic_compare_exchange_strong_explicit(&lmdb->slots[slot].txn,
                                                   &empty, txn,
                                                   memory_order_release,
                                                   memory_order_relaxed);
}


static void
read_park(lmdb_t *lmdb, MDB_txn *txn, unsigned slot)
{
    unsigned  i;

    if (read_park_at(lmdb, txn, slot)) {
        return;
    }

    for (i = 0; i < LMDB_PARKED; i++) {
        if (read_park_at(lmdb, txn, i)) {
            return;
        }
    }

    mdb_txn_abort(txn);
}


/*
 * A new reader, with its snapshot. All slots of dead processes are given a
 * chance before the table is called full.
 */

static int
read_begin(lmdb_t *lmdb, MDB_txn **txn)
{
    int  rc, dead;

    rc = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, txn);

    if (rc == MDB_READERS_FULL
        && mdb_reader_check(lmdb->env, &dead) == MDB_SUCCESS && dead != 0)
    {
        rc = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, txn);
    }

    return rc;
}


/*
 * LMDB takes the number of the last commit first and its meta page after
 * that. Who is put to sleep in between finds that page written over by the
 * commit after the next, which may not be on disk nor finished, and would see
 * it disappear again in the next view. Then the number is too old, and the
 * reader is renewed: to be too late again takes two more commits.
 */

static int
read_renew(lmdb_t *lmdb, MDB_txn *txn, bool is_begun)
{
    int          rc;
    MDB_envinfo  info;

    for ( ;; ) {

        if (!is_begun) {
            rc = mdb_txn_renew(txn);
            if (rc != MDB_SUCCESS) {
                return rc;
            }
        }

        rc = mdb_env_info(lmdb->env, &info);
        if (rc != MDB_SUCCESS) {
            return rc;
        }

        if (info.me_last_txnid <= mdb_txn_id(txn) + 1) {
            return MDB_SUCCESS;
        }

        mdb_txn_reset(txn);
        is_begun = false;
    }
}


/*
 * A slot that is not ours any more: this process was taken for dead, and
 * others may have it by now. So the reader is not even aborted, which would
 * clear the slot, and the environment is opened again: the next slot would
 * be lost in the same way.
 */

static mfa_status_t
read_lost(lmdb_t *lmdb, bool may_wait, int rc)
{
    mfa_status_t  st;

    st = mfa_store_lmdb_fault(lmdb, rc, "cannot renew a reader");
    mfa_store_lmdb_break(lmdb);
    mfa_store_lmdb_leave(lmdb);

    return may_wait ? st : MFA_AGAIN;
}


static mfa_status_t
read_failed(lmdb_t *lmdb, bool may_wait, int rc)
{
    mfa_status_t  st;

    if (rc == MDB_MAP_RESIZED) {
        mfa_store_lmdb_leave(lmdb);
        return may_wait ? mfa_store_lmdb_resize(lmdb) : MFA_AGAIN;
    }

    st = mfa_store_lmdb_fault(lmdb, rc, "cannot read");
    mfa_store_lmdb_leave(lmdb);

    if (!may_wait) {
        return MFA_AGAIN;
    }

    return rc == MDB_PANIC ? MFA_OK : st;
}


/* one attempt; *txn NULL with MFA_OK: it was mended, once more */

static mfa_status_t
read_try(lmdb_t *lmdb, bool may_wait, MDB_txn **txn, unsigned *slot)
{
    int           rc;
    MDB_txn      *found;
    mfa_status_t  st;

    *txn = NULL;

    st = mfa_store_lmdb_enter(lmdb, may_wait);
    if (st != MFA_OK) {
        return st;
    }

    found = read_find(lmdb, may_wait, slot);

    if (found != NULL) {
        rc = read_renew(lmdb, found, false);

        if (rc != MDB_SUCCESS && rc != MDB_MAP_RESIZED && rc != MDB_PANIC) {
            return read_lost(lmdb, may_wait, rc);
        }

        if (rc != MDB_SUCCESS) {
            read_park(lmdb, found, *slot);
        }

    } else if (may_wait) {
        rc = read_begin(lmdb, &found);

        if (rc == MDB_SUCCESS) {
            rc = read_renew(lmdb, found, true);

            if (rc != MDB_SUCCESS) {
                read_park(lmdb, found, *slot);
            }
        }

    } else {
        mfa_store_lmdb_leave(lmdb);
        return MFA_AGAIN;
    }

    if (rc != MDB_SUCCESS) {
        return read_failed(lmdb, may_wait, rc);
    }

    *txn = found;

    return MFA_OK;
}


mfa_status_t
mfa_store_lmdb_take(lmdb_t *lmdb, bool may_wait, MDB_txn **txn,
    unsigned *slot)
{
    int           tries;
    mfa_status_t  st;

    for (tries = 0; tries < 3; tries++) {

        st = read_try(lmdb, may_wait, txn, slot);
        if (st != MFA_OK || *txn != NULL) {
            return st;
        }
    }

    return MFA_STORE_BUSY;
}


void
mfa_store_lmdb_give(lmdb_t *lmdb, MDB_txn *txn, unsigned slot)
{
    mdb_txn_reset(txn);
    read_park(lmdb, txn, slot);
    mfa_store_lmdb_leave(lmdb);
}


void
mfa_store_lmdb_unpark(lmdb_t *lmdb)
{
    MDB_txn   *txn;
    unsigned   i;

    for (i = 0; i < LMDB_PARKED; i++) {

        txn = atomic_exchange(&lmdb->slots[i].txn, NULL);
        if (txn != NULL) {
            mdb_txn_abort(txn);
        }
    }
}
