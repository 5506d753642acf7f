/*
 * What the tests of the LMDB engine share: a folder with a store, single
 * records, and other processes that hold a transaction open.
 */

#ifndef MFA_TEST_LMDB_H
#define MFA_TEST_LMDB_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/store/mfa_store.h"
#include "../../src/store/mfa_store_lmdb.h"

#define ARENA_MAX    ((size_t) 16 << 20)

extern const mfa_store_engine_t  mfa_store_lmdb;

typedef struct {
    char           folder[64];
    mfa_store_t   *store;
    mfa_error_t    error;
} world_t;


static inline mfa_status_t
open_store(world_t *world, int64_t size, int64_t limit, mfa_store_t **store)
{
    mfa_store_settings_t  settings;

    memset(&settings, 0, sizeof(settings));
    settings.engine = &mfa_store_lmdb;
    settings.place = mfa_str_from(world->folder);
    settings.size = size;
    settings.limit = limit;
    settings.readers = 64;
    world->error.text[0] = '\0';

    return mfa_store_open(&settings, &mfa_ports_system, &world->error, store);
}


static inline mfa_status_t
open_usual(world_t *world)
{
    return open_store(world, 64 << 20, 32 << 20, &world->store);
}


static inline int
set_up(void **state)
{
    world_t  *world;

    world = calloc(1, sizeof(world_t));
    if (world == NULL) {
        return -1;
    }

    (void) snprintf(world->folder, sizeof(world->folder),
                    "/tmp/mfa_test_lmdb.XXXXXX");
    *state = world;

    return mkdtemp(world->folder) == NULL ? -1 : 0;
}


static inline const char *
path_of(const world_t *world, const char *name)
{
    static char  path[128];

    (void) snprintf(path, sizeof(path), "%s/%s", world->folder, name);

    return path;
}


static inline int
tear_down(void **state)
{
    size_t       i;
    world_t     *world;
    const char  *names[] = { "data.mdb", "lock.mdb", "writer.lock", "else" };

    world = *state;
    mfa_store_close(&world->store);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) unlink(path_of(world, names[i]));
    }

    (void) rmdir(world->folder);
    free(world);

    return 0;
}


/* one record */

typedef struct {
    const char  *key;
    char         value[64];
    size_t       size;              /* of a larger one, made of zeros */
} record_t;


static inline mfa_status_t
run_put(mfa_txn_t *txn, void *arg)
{
    record_t           *record = arg;
    static const char   zeros[60000];

    return mfa_txn_put(txn, 0, mfa_str_from(record->key),
                       record->size == 0
                       ? mfa_str_from(record->value)
                       : mfa_str_bytes(zeros, record->size));
}


static inline mfa_status_t
run_get(mfa_txn_t *txn, void *arg)
{
    record_t      *record = arg;
    mfa_str_t      value;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    arena = mfa_arena_open(ARENA_MAX);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_txn_get(txn, 0, mfa_str_from(record->key), arena, &value);
    record->value[0] = '\0';

    if (st == MFA_OK && value.len < sizeof(record->value)) {
        memcpy(record->value, value.data, value.len);
        record->value[value.len] = '\0';
    }

    mfa_arena_close(&arena);

    return st;
}


static inline mfa_status_t
put(mfa_store_t *store, const char *key, const char *value)
{
    record_t  record = { .key = key };

    (void) snprintf(record.value, sizeof(record.value), "%s", value);

    return mfa_store_update(store, run_put, &record);
}


static inline mfa_status_t
put_size(mfa_store_t *store, unsigned key, size_t size)
{
    char      text[16];
    record_t  record = { .key = text, .size = size };

    (void) snprintf(text, sizeof(text), "%06u", key);

    return mfa_store_update_reserved(store, run_put, &record);
}


static inline mfa_status_t
get(mfa_store_t *store, const char *key, const char *value)
{
    record_t      record = { .key = key };
    mfa_status_t  st;

    st = mfa_store_view(store, run_get, &record);

    return st == MFA_OK && strcmp(record.value, value) != 0 ? MFA_INVALID
                                                            : st;
}


/*
 * Another process with the store open. It says '.' when it is where it
 * should be, and goes on when it is told.
 */

typedef struct {
    pid_t  pid;
    int    from;
    int    to;
} child_t;

typedef void (*child_fn)(world_t *world, int from, int to);


static inline void
child_say(int to)
{
    (void) !write(to, ".", 1);
}


static inline void
child_wait(int from)
{
    char  c;

    (void) !read(from, &c, 1);
}


static inline void
child_start(child_t *child, world_t *world, child_fn fn)
{
    int  up[2], down[2];

    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe(down), 0);

    child->pid = fork();

    if (child->pid == 0) {

        /* a test that fails must not leave it behind, stopped or waiting */

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) close(up[0]);
        (void) close(down[1]);
        fn(world, down[0], up[1]);
        _exit(0);
    }

    (void) close(up[1]);
    (void) close(down[0]);
    child->from = up[0];
    child->to = down[1];
}


static inline void
child_kill(child_t *child)
{
    int  status;

    (void) kill(child->pid, SIGKILL);
    (void) waitpid(child->pid, &status, 0);
    (void) close(child->from);
    (void) close(child->to);
}


typedef struct {
    int  from;
    int  to;
} hold_t;


static inline mfa_status_t
run_hold(mfa_txn_t *txn, void *arg)
{
    hold_t    *hold = arg;
    record_t   record = { .key = "unfinished", .value = "1" };

    if (hold->from == -1) {
        return MFA_BUG;
    }

    (void) run_put(txn, &record);       /* a view refuses it, and goes on */
    child_say(hold->to);
    child_wait(hold->from);

    return MFA_OK;
}


static inline void
child_holds_write(world_t *world, int from, int to)
{
    hold_t  hold = { from, to };

    if (open_usual(world) == MFA_OK) {
        (void) !mfa_store_update(world->store, run_hold, &hold);
    }
}


static inline mfa_status_t
run_hold_read(mfa_txn_t *txn, void *arg)
{
    hold_t    *hold = arg;
    record_t   record = { .key = "a" };

    (void) !run_get(txn, &record);
    child_say(hold->to);
    child_wait(hold->from);

    return MFA_OK;
}


static inline void
child_holds_read(world_t *world, int from, int to)
{
    hold_t  hold = { from, to };

    if (open_store(world, 1 << 20, 1 << 20, &world->store) == MFA_OK) {
        (void) !mfa_store_view(world->store, run_hold_read, &hold);
    }
}


#define TEST(fn)  cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif /* MFA_TEST_LMDB_H */
