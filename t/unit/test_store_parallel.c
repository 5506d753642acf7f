/*
 * Threads and processes at once, against every engine: no update is lost, no
 * view sees half of one, and who must not wait does not. Run it under TSan.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/store/mfa_store.h"

#define THREADS     4
#define PROCESSES   2
#define ROUNDS      100
#define VALUE       20000               /* so that the file grows as well */

#define MFA_STORE(name)  extern const mfa_store_engine_t  mfa_store_##name;
#include "../../src/store/registry.def"
#undef MFA_STORE

typedef struct {
    mfa_store_t   *store;
    _Atomic int    faults;
    _Atomic int    writers;
    _Atomic int    peeks;
} shared_t;

static mfa_status_t
open_at(const mfa_store_engine_t *engine, const char *place, int64_t size,
    mfa_store_t **store)
{
    mfa_error_t           error;
    mfa_status_t          st;
    mfa_store_settings_t  settings;

    memset(&settings, 0, sizeof(settings));
    settings.engine = engine;
    settings.place = mfa_str_from(place);
    settings.size = size;
    settings.limit = 64 << 20;
    settings.readers = 200;

    st = mfa_store_open(&settings, &mfa_ports_system, &error, store);
    if (st != MFA_OK) {
        print_error("%s\n", error.text);
    }

    return st;
}


static unsigned
number_of(mfa_str_t value)
{
    unsigned  n;

    n = 0;

    if (value.len >= sizeof(n)) {
        memcpy(&n, value.data, sizeof(n));
    }

    return n;
}


static mfa_status_t
read_pair(mfa_txn_t *txn, mfa_arena_t *arena, unsigned *a, unsigned *b)
{
    mfa_str_t     value;
    mfa_status_t  st;

    st = mfa_txn_get(txn, 0, mfa_str("a"), arena, &value);
    *a = number_of(value);

    if (st == MFA_OK || st == MFA_NOT_FOUND) {
        st = mfa_txn_get(txn, 0, mfa_str("b"), arena, &value);
        *b = number_of(value);
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


/* two counters that always go up together, and something large */

static mfa_status_t
run_count(mfa_txn_t *txn, void *arg)
{
    char           big[VALUE], key[16];
    unsigned       a, b;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    (void) arg;

    arena = mfa_arena_open((size_t) 1 << 20);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = read_pair(txn, arena, &a, &b);

    if (st == MFA_OK && a != b) {
        st = MFA_BUG;
    }

    a++;
    memset(big, 'x', sizeof(big));
    (void) snprintf(key, sizeof(key), "%u", a);

    if (st == MFA_OK) {
        st = mfa_txn_put(txn, 0, mfa_str("a"), mfa_str_bytes(&a, sizeof(a)));
    }

    if (st == MFA_OK) {
        st = mfa_txn_put(txn, 1, mfa_str_from(key),
                         mfa_str_bytes(big, sizeof(big)));
    }

    if (st == MFA_OK) {
        st = mfa_txn_put(txn, 0, mfa_str("b"), mfa_str_bytes(&a, sizeof(a)));
    }

    mfa_arena_close(&arena);

    return st;
}


static mfa_status_t
run_look(mfa_txn_t *txn, void *arg)
{
    unsigned      *last = arg, a, b;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    arena = mfa_arena_open((size_t) 1 << 20);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = read_pair(txn, arena, &a, &b);

    if (st == MFA_OK && (a != b || a < *last)) {
        st = MFA_BUG;
    }

    *last = a;
    mfa_arena_close(&arena);

    return st;
}


static void *
thread_write(void *arg)
{
    int            i;
    shared_t      *shared = arg;
    unsigned       last;
    mfa_status_t   st;

    last = 0;

    for (i = 0; i < ROUNDS; i++) {
        do {
            st = mfa_store_update(shared->store, run_count, NULL);

            /* a disk that others keep busy may hold one commit for seconds */

        } while (st == MFA_STORE_BUSY);

        if (st == MFA_OK) {
            st = mfa_store_view(shared->store, run_look, &last);
        }

        if (st != MFA_OK) {
            print_error("writer: %s\n", mfa_status_text(st));
            (void) atomic_fetch_add(&shared->faults, 1);
            break;
        }
    }

    (void) atomic_fetch_sub(&shared->writers, 1);

    return NULL;
}


/* as the event loop does: version and peek, view only after MFA_AGAIN */

static void *
thread_peek(void *arg)
{
    shared_t      *shared = arg;
    unsigned       last;
    uint64_t       version;
    mfa_status_t   st;

    last = 0;

    while (atomic_load(&shared->writers) > 0) {
        st = mfa_store_version(shared->store, &version);

        if (st == MFA_OK) {
            st = mfa_store_peek(shared->store, run_look, &last);
        }

        if (st == MFA_AGAIN) {
            st = mfa_store_view(shared->store, run_look, &last);
        }

        if (st != MFA_OK) {
            print_error("reader: %s\n", mfa_status_text(st));
            (void) atomic_fetch_add(&shared->faults, 1);
            break;
        }

        (void) atomic_fetch_add(&shared->peeks, 1);
    }

    return NULL;
}


static void *
thread_clean(void *arg)
{
    shared_t          *shared = arg;
    mfa_store_stat_t   stat;

    while (atomic_load(&shared->writers) > 0) {

        if (mfa_store_clean(shared->store) != MFA_OK
            || mfa_store_stat(shared->store, &stat) != MFA_OK)
        {
            (void) atomic_fetch_add(&shared->faults, 1);
            break;
        }

        (void) usleep(500);
    }

    return NULL;
}


static int
work(mfa_store_t *store)
{
    int        i;
    shared_t   shared;
    pthread_t  threads[THREADS + 2];

    memset(&shared, 0, sizeof(shared));
    shared.store = store;
    atomic_store(&shared.writers, THREADS);

    for (i = 0; i < THREADS + 2; i++) {
        if (pthread_create(&threads[i], NULL,
                           i < THREADS ? thread_write
                           : i == THREADS ? thread_peek : thread_clean,
                           &shared) != 0)
        {
            return -1;
        }
    }

    for (i = 0; i < THREADS + 2; i++) {
        (void) pthread_join(threads[i], NULL);
    }

    return atomic_load(&shared.faults);
}


static unsigned
total(mfa_store_t *store)
{
    unsigned  last;

    last = 0;
    assert_int_equal(mfa_store_view(store, run_look, &last), MFA_OK);

    return last;
}


static void
threads_lose_no_update_in_memory(void **state)
{
    int           i;
    uint64_t      records;
    mfa_error_t   error;
    mfa_store_t  *store;
    const char   *places[] = { "test", "again" };

    (void) state;

    for (i = 0; i < 2; i++) {
        assert_int_equal(open_at(&mfa_store_memory, places[i], 64 << 20,
                                 &store), MFA_OK);
        assert_int_equal(work(store), 0);
        assert_int_equal(total(store), THREADS * ROUNDS);
        assert_int_equal(mfa_store_check(store, NULL, NULL, &records, &error),
                         MFA_OK);
        assert_int_equal(records, THREADS * ROUNDS + 2);
        mfa_store_close(&store);
    }
}


static int
child_work(const char *folder)
{
    int           faults;
    mfa_store_t  *store;

    if (open_at(&mfa_store_lmdb, folder, 64 << 20, &store) != MFA_OK) {
        return 1;
    }

    faults = work(store);
    mfa_store_close(&store);

    return faults == 0 ? 0 : 2;
}


/* J1, J3: each process opens for itself; the maps of the children are larger
 * than the parent's, so that it has to resize while its threads go on */
static void
processes_and_threads_lose_no_update_in_lmdb(void **state)
{
    int           i, status;
    char          folder[] = "/tmp/mfa_test_parallel.XXXXXX", path[128];
    pid_t         pids[PROCESSES];
    shared_t      shared;
    uint64_t      records;
    pthread_t     threads[2];
    mfa_error_t   error;
    mfa_store_t  *store;
    const char   *names[] = { "data.mdb", "lock.mdb", "writer.lock" };

    (void) state;
    assert_non_null(mkdtemp(folder));

    for (i = 0; i < PROCESSES; i++) {
        pids[i] = fork();

        if (pids[i] == 0) {
            _exit(child_work(folder));
        }
    }

    assert_int_equal(open_at(&mfa_store_lmdb, folder, 1 << 20, &store),
                     MFA_OK);
    memset(&shared, 0, sizeof(shared));
    shared.store = store;
    atomic_store(&shared.writers, 1);
    assert_int_equal(pthread_create(&threads[0], NULL, thread_peek, &shared),
                     0);
    assert_int_equal(pthread_create(&threads[1], NULL, thread_clean, &shared),
                     0);

    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }

    (void) atomic_fetch_sub(&shared.writers, 1);

    for (i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }

    assert_int_equal(atomic_load(&shared.faults), 0);
    assert_true(atomic_load(&shared.peeks) > 0);
    assert_int_equal(work(store), 0);

    assert_int_equal(total(store), (PROCESSES + 1) * THREADS * ROUNDS);
    assert_int_equal(mfa_store_check(store, NULL, NULL, &records, &error),
                     MFA_OK);
    assert_int_equal(records, (PROCESSES + 1) * THREADS * ROUNDS + 2);
    mfa_store_close(&store);

    for (i = 0; i < 3; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void) unlink(path);
    }

    (void) rmdir(folder);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(threads_lose_no_update_in_memory),
        cmocka_unit_test(processes_and_threads_lose_no_update_in_lmdb),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("store_parallel", tests, NULL, NULL);
}
