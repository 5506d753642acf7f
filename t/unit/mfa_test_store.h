/*
 * What the conformance tests of the store share: the engines, a world with
 * one of them open, transactions as lists of steps.
 */

#ifndef MFA_TEST_STORE_H
#define MFA_TEST_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/store/mfa_store.h"

#define ARENA_MAX   ((size_t) 64 << 20)
#define CASES_MAX   128
#define LITTLE      "size=1m limit=1m"

typedef struct {
    mfa_store_t  *store;
    mfa_arena_t  *arena;
    char          folder[64];
} world_t;

typedef struct {
    const char   *name;             /* of the test */
    const char   *place;            /* NULL: a new folder */
} engine_t;

static const engine_t  engines[] = {
#define MFA_STORE(name)  { #name, NULL },
#include "../../src/store/registry.def"
#undef MFA_STORE
    { "memory", "again" },
};

/* one step of a transaction, as data, so that it can be run again */
typedef struct {
    char          op;               /* 'p'ut, 'd'elete, 'g'et, 'f'ail */
    unsigned      table;
    mfa_str_t     key;
    mfa_str_t     value;
    mfa_status_t  st;               /* out */
} step_t;

typedef struct {
    world_t  *world;
    step_t   *steps;
    size_t    count;
} steps_t;


static inline mfa_status_t
apply(const char *place, const char *options, mfa_arena_t *arena,
    mfa_store_settings_t *settings, mfa_error_t *error)
{
    char        *words, *word, *rest;
    uint64_t     seen;
    mfa_str_t    args[8];
    mfa_line_t   line;

    words = mfa_arena_cstr(arena, mfa_arena_printf(arena, "%s %s", place,
                                                   options));
    assert_non_null(words);

    memset(&line, 0, sizeof(line));
    memset(settings, 0, sizeof(*settings));
    line.name = mfa_str("store");
    line.args = args;
    line.prefix = "/";
    seen = 0;
    rest = NULL;

    for (word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
    {
        args[line.nargs++] = mfa_str_from(word);
    }

    return mfa_option_apply(mfa_store_options, &seen, &line, settings, arena,
                            error);
}


static inline int
open_engine(world_t *world, const engine_t *engine, const char *options)
{
    mfa_str_t             place;
    mfa_error_t           error;
    mfa_store_settings_t  settings;

    world->arena = mfa_arena_open(ARENA_MAX);
    (void) snprintf(world->folder, sizeof(world->folder),
                    "/tmp/mfa_test_store.XXXXXX");

    if (world->arena == NULL || mkdtemp(world->folder) == NULL) {
        return -1;
    }

    place = mfa_arena_printf(world->arena, "%s:%s", engine->name,
                             engine->place == NULL ? world->folder
                                                   : engine->place);

    if (apply(place.data, options, world->arena, &settings, &error) != MFA_OK
        || mfa_store_probe(&settings, &error) != MFA_OK
        || mfa_store_open(&settings, &mfa_ports_system, &error, &world->store)
           != MFA_OK)
    {
        print_error("%s\n", error.text);
        return -1;
    }

    return 0;
}


static inline void
remove_folder(const char *folder)
{
    char         path[128];
    size_t       i;
    const char  *names[] = { "data.mdb", "lock.mdb", "writer.lock" };

    for (i = 0; i < 3; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void) unlink(path);
    }

    (void) rmdir(folder);
}


/* the state of a case comes in as its engine and goes on as its world */

static inline int
set_up_with(void **state, const char *options)
{
    world_t         *world;
    const engine_t  *engine;

    engine = *state;
    world = calloc(1, sizeof(world_t));
    if (world == NULL) {
        return -1;
    }

    *state = world;

    return open_engine(world, engine, options);
}


static inline int
set_up(void **state)
{
    return set_up_with(state, "");
}


static inline int
set_up_little(void **state)
{
    return set_up_with(state, LITTLE);
}


static inline int
tear_down(void **state)
{
    world_t  *world;

    world = *state;
    mfa_store_close(&world->store);
    mfa_arena_close(&world->arena);
    remove_folder(world->folder);
    free(world);

    return 0;
}


static inline mfa_status_t
run_steps(mfa_txn_t *txn, void *arg)
{
    size_t    i;
    step_t   *step;
    steps_t  *steps;

    steps = arg;

    for (i = 0; i < steps->count; i++) {
        step = &steps->steps[i];

        switch (step->op) {

        case 'p':
            step->st = mfa_txn_put(txn, step->table, step->key, step->value);
            break;

        case 'd':
            step->st = mfa_txn_delete(txn, step->table, step->key);
            break;

        case 'g':
            step->st = mfa_txn_get(txn, step->table, step->key,
                                   steps->world->arena, &step->value);
            break;

        default:
            return MFA_LIMITED;
        }
    }

    return MFA_OK;
}


static inline mfa_status_t
update(world_t *world, step_t *steps, size_t count)
{
    steps_t  all = { world, steps, count };

    return mfa_store_update(world->store, run_steps, &all);
}


static inline mfa_status_t
put(world_t *world, unsigned table, mfa_str_t key, mfa_str_t value)
{
    step_t        step = { 'p', table, key, value, MFA_OK };
    mfa_status_t  st;

    st = update(world, &step, 1);

    return st == MFA_OK ? step.st : st;
}


static inline mfa_status_t
put_reserved(world_t *world, unsigned table, mfa_str_t key, mfa_str_t value)
{
    step_t   step = { 'p', table, key, value, MFA_OK };
    steps_t  all = { world, &step, 1 };

    return mfa_store_update_reserved(world->store, run_steps, &all);
}


static inline mfa_status_t
delete_reserved(world_t *world, unsigned table, mfa_str_t key)
{
    step_t   step = { 'd', table, key, mfa_null, MFA_OK };
    steps_t  all = { world, &step, 1 };

    return mfa_store_update_reserved(world->store, run_steps, &all);
}


static inline mfa_status_t
get(world_t *world, unsigned table, mfa_str_t key, mfa_str_t *value)
{
    step_t        step = { 'g', table, key, mfa_null, MFA_OK };
    steps_t       all = { world, &step, 1 };
    mfa_status_t  st;

    st = mfa_store_view(world->store, run_steps, &all);
    *value = step.value;

    return st == MFA_OK ? step.st : st;
}


static inline uint64_t
version(world_t *world)
{
    uint64_t      v;
    unsigned      i;
    mfa_status_t  st;

    st = MFA_AGAIN;

    for (i = 0; i < 2 && st == MFA_AGAIN; i++) {
        st = mfa_store_version(world->store, &v);
    }

    assert_int_equal(st, MFA_OK);

    return v;
}


static inline void
fill_for_scan(world_t *world)
{
    size_t       i;
    const char  *keys[] = { "b2", "a", "b", "c", "b1", "b\xff", "b1x" };

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_int_equal(put(world, 7, mfa_str_from(keys[i]),
                             mfa_str("v")), MFA_OK);
        assert_int_equal(put(world, 8, mfa_str_from(keys[i]),
                             mfa_str("w")), MFA_OK);
    }
}


#define assert_str(s, text)                                                   \
    assert_true(mfa_str_eq(s, mfa_str(text)))


typedef struct {
    const char         *name;
    CMUnitTestFunction  fn;
    CMFixtureFunction   up;
} case_t;

#define CASE(fn)         { #fn, fn, set_up }
#define CASE_LITTLE(fn)  { #fn, fn, set_up_little }


/* every case against every engine; the state of a case is its engine first,
 * and then its world */

static inline int
run_cases(const char *group, const case_t *cases, size_t count)
{
    char               names[CASES_MAX][96];
    size_t             i, j, n;
    struct CMUnitTest  tests[CASES_MAX];

    memset(tests, 0, sizeof(tests));
    n = 0;

    for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        for (j = 0; j < count && n < CASES_MAX; j++) {
            (void) snprintf(names[n], sizeof(names[n]), "%s%s%s: %s",
                            engines[i].name, engines[i].place ? ":" : "",
                            engines[i].place ? engines[i].place : "",
                            cases[j].name);
            tests[n].name = names[n];
            tests[n].test_func = cases[j].fn;
            tests[n].setup_func = cases[j].up;
            tests[n].teardown_func = tear_down;
            tests[n].initial_state = (void *) (uintptr_t) &engines[i];
            n++;
        }
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}

#endif /* MFA_TEST_STORE_H */
