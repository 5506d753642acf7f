/*
 * LMDB: the gate. Whoever uses the environment is counted in; who resizes or
 * reopens it closes the gate, waits until it is empty, and opens it again.
 * Also what becomes of LMDB's return codes.
 */

#include <errno.h>
#include <time.h>

#include "mfa_store_lmdb.h"

#define GATE_LOG_MS  1000


mfa_status_t
mfa_store_lmdb_gate_open(lmdb_t *lmdb)
{
    int                 rc;
    pthread_condattr_t  attr;

    if (pthread_mutex_init(&lmdb->mutex, NULL) != 0) {
        return MFA_NO_MEMORY;
    }

    lmdb->has_mutex = true;

    if (pthread_condattr_init(&attr) != 0) {
        return MFA_NO_MEMORY;
    }

    rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);

    if (rc == 0) {
        rc = pthread_cond_init(&lmdb->cond, &attr);
        lmdb->has_cond = rc == 0;
    }

    (void) pthread_condattr_destroy(&attr);         /* cannot fail on Linux */

    return rc == 0 ? MFA_OK : MFA_NO_MEMORY;
}


void
mfa_store_lmdb_gate_close(lmdb_t *lmdb)
{
    if (lmdb->has_cond) {
        (void) pthread_cond_destroy(&lmdb->cond);
    }

    if (lmdb->has_mutex) {
        (void) pthread_mutex_destroy(&lmdb->mutex);
    }
}


static void
gate_deadline(struct timespec *ts)
{
    (void) clock_gettime(CLOCK_MONOTONIC, ts);      /* cannot fail */
    ts->tv_sec += LMDB_WAIT_MS / 1000;
}


void
mfa_store_lmdb_leave(lmdb_t *lmdb)
{
    uint32_t  gate;

    gate = atomic_fetch_sub_explicit(&lmdb->gate, 1, memory_order_acq_rel);

    if ((gate & LMDB_CLOSED) != 0 && (gate & LMDB_INSIDE) == 1) {
        (void) pthread_mutex_lock(&lmdb->mutex);
        (void) pthread_cond_broadcast(&lmdb->cond);
        (void) pthread_mutex_unlock(&lmdb->mutex);
    }
}


/* waits until mask & gate is zero; lmdb->mutex is held */

static mfa_status_t
gate_wait(lmdb_t *lmdb, uint32_t mask, const struct timespec *until)
{
    int  rc;

    rc = 0;

    while ((atomic_load(&lmdb->gate) & mask) != 0 && rc == 0) {
        rc = pthread_cond_timedwait(&lmdb->cond, &lmdb->mutex, until);
    }

    return (atomic_load(&lmdb->gate) & mask) == 0 ? MFA_OK : MFA_STORE_BUSY;
}


/* until gate_lift nobody is inside and nobody comes in */

static mfa_status_t
gate_shut(lmdb_t *lmdb)
{
    mfa_status_t     st;
    struct timespec  until;

    gate_deadline(&until);

    (void) pthread_mutex_lock(&lmdb->mutex);

    st = gate_wait(lmdb, LMDB_CLOSED, &until);

    if (st == MFA_OK) {
        (void) atomic_fetch_or(&lmdb->gate, LMDB_CLOSED);

        st = gate_wait(lmdb, LMDB_INSIDE, &until);
        if (st != MFA_OK) {
            (void) atomic_fetch_and(&lmdb->gate, ~LMDB_CLOSED);
            (void) pthread_cond_broadcast(&lmdb->cond);
        }
    }

    (void) pthread_mutex_unlock(&lmdb->mutex);

    return st;
}


static void
gate_lift(lmdb_t *lmdb)
{
    (void) pthread_mutex_lock(&lmdb->mutex);
    (void) atomic_fetch_and(&lmdb->gate, ~LMDB_CLOSED);
    (void) pthread_cond_broadcast(&lmdb->cond);
    (void) pthread_mutex_unlock(&lmdb->mutex);
}


void
mfa_store_lmdb_break(lmdb_t *lmdb)
{
    (void) atomic_fetch_or(&lmdb->gate, LMDB_BROKEN);
}


void
mfa_store_lmdb_log(lmdb_t *lmdb, const char *what, const char *reason)
{
    int64_t  now, last;

    now = mfa_store_clock_ms();
    last = atomic_load(&lmdb->logged_ms);

    if ((last == 0 || now - last >= GATE_LOG_MS)
        && atomic_compare_exchange_strong(&lmdb->logged_ms, &last, now))
    {
        mfa_log(lmdb->ports, MFA_LOG_ERROR, "store failed place=\"%s\" "
                "what=\"%s\" reason=\"%s\"", lmdb->path, what, reason);
    }
}


mfa_status_t
mfa_store_lmdb_fault(lmdb_t *lmdb, int rc, const char *what)
{
    if (rc == MDB_PANIC) {
        mfa_store_lmdb_break(lmdb);
    }

    mfa_store_lmdb_log(lmdb, what, mdb_strerror(rc));

    switch (rc) {

    case MDB_MAP_FULL:
    case MDB_READERS_FULL:
        return MFA_STORE_FULL;

    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return MFA_DAMAGED;

    case MDB_BAD_VALSIZE:
        return MFA_BUG;

    case ENOMEM:
        return MFA_NO_MEMORY;

    default:
        return MFA_STORE;
    }
}


static mfa_status_t
gate_restart(lmdb_t *lmdb)
{
    int64_t       now;
    mfa_error_t   error;
    mfa_status_t  st;

    st = gate_shut(lmdb);
    if (st != MFA_OK) {
        return st;
    }

    now = mfa_store_clock_ms();

    if ((atomic_load(&lmdb->gate) & LMDB_BROKEN) == 0) {
        gate_lift(lmdb);
        return MFA_OK;
    }

    if (lmdb->reopened_ms != 0 && now - lmdb->reopened_ms < LMDB_REOPEN_MS) {
        gate_lift(lmdb);
        return MFA_STORE;
    }

    lmdb->reopened_ms = now;

    st = mfa_store_lmdb_restart(lmdb, &error);

    if (st == MFA_OK) {
        (void) atomic_fetch_and(&lmdb->gate, ~LMDB_BROKEN);
        mfa_log(lmdb->ports, MFA_LOG_NOTICE, "store reopened "
                "place=\"%s\"", lmdb->path);

    } else {
        mfa_log(lmdb->ports, MFA_LOG_ERROR, "store not reopened "
                "place=\"%s\" reason=\"%s\"", lmdb->path, error.text);
    }

    gate_lift(lmdb);

    return st;
}


static mfa_status_t
gate_wait_open(lmdb_t *lmdb)
{
    mfa_status_t     st;
    struct timespec  until;

    gate_deadline(&until);

    (void) pthread_mutex_lock(&lmdb->mutex);
    st = gate_wait(lmdb, LMDB_CLOSED, &until);
    (void) pthread_mutex_unlock(&lmdb->mutex);

    return st;
}


mfa_status_t
mfa_store_lmdb_enter(lmdb_t *lmdb, bool may_wait)
{
    int           tries;
    uint32_t      gate;
    mfa_status_t  st;

    for (tries = 0; tries < 8; tries++) {

        gate = atomic_fetch_add_explicit(&lmdb->gate, 1,
                                         memory_order_acq_rel);

        if ((gate & (LMDB_CLOSED | LMDB_BROKEN)) == 0) {
            return MFA_OK;
        }

        mfa_store_lmdb_leave(lmdb);

        if (!may_wait) {
            return MFA_AGAIN;
        }

        st = (gate & LMDB_CLOSED) != 0 ? gate_wait_open(lmdb)
                                       : gate_restart(lmdb);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_STORE_BUSY;
}


mfa_status_t
mfa_store_lmdb_resize(lmdb_t *lmdb)
{
    int           rc;
    mfa_status_t  st;

    st = gate_shut(lmdb);
    if (st != MFA_OK) {
        return st;
    }

    /* 0: what the last writer's map was. The environment may be gone: then
     * somebody else found it broken meanwhile. */

    rc = lmdb->env == NULL ? MDB_SUCCESS : mdb_env_set_mapsize(lmdb->env, 0);

    if (rc != MDB_SUCCESS) {
        mfa_store_lmdb_break(lmdb);
        st = mfa_store_lmdb_fault(lmdb, rc, "cannot map the grown file");
    }

    gate_lift(lmdb);

    return st;
}
