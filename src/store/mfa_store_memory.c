/*
 * The memory engine: for tests, and to keep the slot honest. Nothing
 * survives a close; every open is a store of its own.
 *
 * The records are a sorted array of pointers. A view keeps the array it
 * found; the first write of an update works on a copy, which the commit
 * makes the one that the next view finds. What was replaced is freed when
 * nobody is inside.
 *
 * memory:again answers MFA_AGAIN to every second peek and version, and runs
 * the function of an update twice, the first time for nothing, so that
 * callers are ready for both.
 */

#include <errno.h>
#include <stdlib.h>

#include "mfa_store_lock.h"
#include "mfa_store_memory.h"

#define MEMORY_WAIT_MS       2000
#define MEMORY_NORMAL_SHARE  85

extern const mfa_store_engine_t  mfa_store_memory;


static void
memory_free_records(memory_record_t *record)
{
    memory_record_t  *next;

    for ( /* void */ ; record != NULL; record = next) {
        next = record->gone;
        free(record);
    }
}


static void
memory_free_made(memory_record_t *record)
{
    memory_record_t  *next;

    for ( /* void */ ; record != NULL; record = next) {
        next = record->made;
        free(record);
    }
}


static void
memory_free_arrays(memory_array_t *array)
{
    memory_array_t  *next;

    for ( /* void */ ; array != NULL; array = next) {
        next = array->gone;
        free(array);
    }
}


static memory_array_t *
memory_enter(memory_t *memory)
{
    memory_array_t  *array;

    (void) pthread_mutex_lock(&memory->mutex);      /* a plain mutex */

    memory->inside++;
    array = memory->current;

    (void) pthread_mutex_unlock(&memory->mutex);

    return array;
}


static void
memory_leave(memory_t *memory)
{
    memory_array_t   *arrays;
    memory_record_t  *records;

    arrays = NULL;
    records = NULL;

    (void) pthread_mutex_lock(&memory->mutex);

    memory->inside--;

    if (memory->inside == 0) {
        arrays = memory->old_arrays;
        records = memory->old_records;
        memory->old_arrays = NULL;
        memory->old_records = NULL;
    }

    (void) pthread_mutex_unlock(&memory->mutex);

    memory_free_arrays(arrays);
    memory_free_records(records);
}


static void
memory_begin(memory_txn_t *txn, memory_t *memory, bool is_writer)
{
    memset(txn, 0, sizeof(memory_txn_t));
    txn->base.engine = &mfa_store_memory;
    txn->memory = memory;
    txn->is_writer = is_writer;
    txn->array = memory_enter(memory);
}


static void
memory_abort(memory_txn_t *txn)
{
    if (txn->is_copied) {
        free(txn->array);
    }

    memory_free_made(txn->made);
    memory_leave(txn->memory);
}


static void
memory_commit(memory_txn_t *txn)
{
    memory_t         *memory;
    memory_record_t  *next;

    memory = txn->memory;

    (void) pthread_mutex_lock(&memory->mutex);

    if (txn->is_copied) {
        memory->current->gone = memory->old_arrays;
        memory->old_arrays = memory->current;
        memory->current = txn->array;
    }

    for ( /* void */ ; txn->gone != NULL; txn->gone = next) {
        next = txn->gone->gone;
        txn->gone->gone = memory->old_records;
        memory->old_records = txn->gone;
    }

    (void) pthread_mutex_unlock(&memory->mutex);

    memory_leave(memory);
}


static bool
memory_says_again(memory_t *memory)
{
    return memory->is_again
           && (atomic_fetch_add(&memory->questions, 1) & 1) != 0;
}


static mfa_status_t
memory_view(void *engine, bool may_wait, mfa_txn_fn fn, void *arg)
{
    memory_t      *memory;
    mfa_status_t   st;
    memory_txn_t   txn;

    memory = engine;

    if (!may_wait && memory_says_again(memory)) {
        return MFA_AGAIN;
    }

    memory_begin(&txn, memory, false);

    st = fn(&txn.base, arg);

    memory_abort(&txn);

    return txn.fault != MFA_OK ? txn.fault : st;
}


static mfa_status_t
memory_write(memory_t *memory, int64_t room, mfa_txn_fn fn, void *arg)
{
    int64_t       before;
    memory_txn_t  txn;
    mfa_status_t  st;

    memory_begin(&txn, memory, true);
    before = txn.array->used;

    st = before >= room && room < memory->limit ? MFA_STORE_FULL
                                                : fn(&txn.base, arg);

    if (txn.fault != MFA_OK) {
        st = txn.fault;
    }

    if (st == MFA_OK && txn.array->used > before && txn.array->used >= room) {
        st = MFA_STORE_FULL;
    }

    if (st == MFA_OK) {
        memory_commit(&txn);

    } else {
        memory_abort(&txn);
    }

    return st;
}


static mfa_status_t
memory_update(void *engine, bool is_reserved, mfa_txn_fn fn, void *arg)
{
    int            rc;
    int64_t        room;
    memory_t      *memory;
    mfa_status_t   st;
    memory_txn_t   txn;

    memory = engine;

    rc = mfa_store_lock_wait(&memory->writer,
                             mfa_store_clock_ms() + MEMORY_WAIT_MS);
    if (rc != 0) {
        return rc == ETIMEDOUT ? MFA_STORE_BUSY : MFA_BUG;
    }

    room = is_reserved ? memory->limit
                       : memory->limit / 100 * MEMORY_NORMAL_SHARE;

    if (memory->is_again) {
        memory_begin(&txn, memory, true);
        st = fn(&txn.base, arg);
        memory_abort(&txn);
        (void) st;                      /* the second run is the answer */
    }

    st = memory_write(memory, room, fn, arg);

    (void) pthread_mutex_unlock(&memory->writer);

    return st;
}


static mfa_status_t
memory_version(void *engine, uint64_t *version)
{
    memory_t  *memory;

    memory = engine;

    if (memory_says_again(memory)) {
        return MFA_AGAIN;
    }

    *version = memory_enter(memory)->version;
    memory_leave(memory);

    return MFA_OK;
}


static uint64_t
memory_txn_version(const mfa_txn_t *base)
{
    const memory_txn_t  *txn;

    txn = (const memory_txn_t *) base;

    return txn->is_copied ? txn->array->version - 1 : txn->array->version;
}


static mfa_status_t
memory_stat(void *engine, mfa_store_stat_t *stat)
{
    memory_t              *memory;
    const memory_array_t  *array;

    memory = engine;
    array = memory_enter(memory);

    stat->used_bytes = array->used;
    stat->limit_bytes = memory->limit;
    stat->size_bytes = memory->limit;
    stat->version = array->version;

    memory_leave(memory);

    return MFA_OK;
}


static mfa_status_t
memory_clean(void *engine)
{
    (void) engine;

    return MFA_OK;
}


static mfa_status_t
memory_check(void *engine, void (*progress)(unsigned percent, void *arg),
    void *arg, uint64_t *records, mfa_error_t *error)
{
    size_t                 i;
    memory_t              *memory;
    mfa_status_t           st;
    const memory_array_t  *array;

    (void) progress;                    /* it is done before a second is */
    (void) arg;

    memory = engine;
    st = MFA_OK;
    array = memory_enter(memory);

    for (i = 1; i < array->count && st == MFA_OK; i++) {
        if (mfa_str_cmp(mfa_store_memory_key(array->records[i - 1]),
                        mfa_store_memory_key(array->records[i])) >= 0)
        {
            mfa_error_set(error, "record %zu is out of order", i);
            st = MFA_DAMAGED;
        }
    }

    *records = array->count;

    memory_leave(memory);

    return st;
}


static void
memory_close(void *engine)
{
    size_t     i;
    memory_t  *memory;

    memory = engine;

    for (i = 0; i < memory->current->count; i++) {
        free(memory->current->records[i]);
    }

    free(memory->current);
    memory_free_arrays(memory->old_arrays);
    memory_free_records(memory->old_records);

    (void) pthread_mutex_destroy(&memory->writer);
    (void) pthread_mutex_destroy(&memory->mutex);
    free(memory);
}


static mfa_status_t
memory_open(const mfa_store_settings_t *settings, const mfa_ports_t *ports,
    mfa_error_t *error, void **engine)
{
    memory_t             *memory;
    pthread_mutexattr_t   attr;

    (void) ports;

    *engine = NULL;

    memory = calloc(1, sizeof(memory_t));

    if (memory != NULL) {
        memory->current = mfa_store_memory_copy(NULL, 16);
    }

    if (memory == NULL || memory->current == NULL
        || pthread_mutexattr_init(&attr) != 0)
    {
        mfa_error_set(error, "out of memory");

        if (memory != NULL) {
            free(memory->current);
        }

        free(memory);
        return MFA_NO_MEMORY;
    }

    memory->limit = settings->limit;
    memory->is_again = mfa_str_eq_c(settings->place, "again");

    /* on Linux none of these can fail */

    (void) pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    (void) pthread_mutex_init(&memory->writer, &attr);
    (void) pthread_mutexattr_destroy(&attr);
    (void) pthread_mutex_init(&memory->mutex, NULL);

    *engine = memory;

    return MFA_OK;
}


const mfa_store_engine_t  mfa_store_memory = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .view = memory_view,
    .update = memory_update,
    .version = memory_version,
    .txn_version = memory_txn_version,
    .get = mfa_store_memory_get,
    .put = mfa_store_memory_put,
    .del = mfa_store_memory_del,
    .next = mfa_store_memory_next,
    .stat = memory_stat,
    .clean = memory_clean,
    .check = memory_check,
};
