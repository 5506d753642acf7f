/*
 * The contract of mfa_store.h against every engine in registry.def: what
 * holds between transactions, when the store is full, after a fork.
 */

#include "mfa_test_store.h"


typedef struct {
    world_t       *world;
    mfa_str_t      before;
    mfa_str_t      after;
    uint64_t       version_before;
    uint64_t       version_after;
} snapshot_t;


static mfa_status_t
run_snapshot(mfa_txn_t *txn, void *arg)
{
    snapshot_t    *snapshot = arg;
    mfa_status_t   st;

    st = mfa_txn_get(txn, 0, mfa_str("a"), snapshot->world->arena,
                     &snapshot->before);
    snapshot->version_before = mfa_txn_version(txn);

    if (st == MFA_OK) {
        st = put(snapshot->world, 0, mfa_str("a"), mfa_str("2"));
    }

    if (st == MFA_OK) {
        st = mfa_txn_get(txn, 0, mfa_str("a"), snapshot->world->arena,
                         &snapshot->after);
    }

    snapshot->version_after = mfa_txn_version(txn);

    return st;
}


static void
a_view_does_not_see_what_is_committed_meanwhile(void **state)
{
    world_t     *world = *state;
    uint64_t     before;
    mfa_str_t    value;
    snapshot_t   snapshot = { .world = world };

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("1")), MFA_OK);
    before = version(world);

    assert_int_equal(mfa_store_view(world->store, run_snapshot, &snapshot),
                     MFA_OK);

    assert_str(snapshot.before, "1");
    assert_str(snapshot.after, "1");
    assert_int_equal(snapshot.version_before, before);
    assert_int_equal(snapshot.version_after, before);
    assert_int_not_equal(version(world), before);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_OK);
    assert_str(value, "2");
}


static mfa_status_t
run_nested(mfa_txn_t *txn, void *arg)
{
    (void) txn;

    return put(arg, 0, mfa_str("a"), mfa_str("1"));
}


static void
an_update_inside_an_update_is_a_bug_and_does_not_hang(void **state)
{
    world_t    *world = *state;
    mfa_str_t   value;

    assert_int_equal(mfa_store_update(world->store, run_nested, world),
                     MFA_BUG);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_NOT_FOUND);
    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("1")), MFA_OK);
}


static void
the_version_changes_with_every_commit_and_only_then(void **state)
{
    world_t    *world = *state;
    uint64_t    one, two;
    mfa_str_t   value;

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("1")), MFA_OK);
    one = version(world);

    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_OK);
    assert_int_equal(version(world), one);

    assert_int_equal(put(world, 0, mfa_str("b"), mfa_str("1")), MFA_OK);
    two = version(world);
    assert_int_not_equal(two, one);

    assert_int_equal(put(world, 0, mfa_str("b"), mfa_str("1")), MFA_OK);
    assert_int_not_equal(version(world), two);
    assert_int_not_equal(version(world), one);
}


static void
peek_reads_like_view_or_says_again(void **state)
{
    step_t         step = { 'g', 0, mfa_str_static("a"), { NULL, 0 },
                            MFA_BUG };
    world_t       *world = *state;
    steps_t        all = { world, &step, 1 };
    unsigned       i, answers;
    mfa_status_t   st;

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("1")), MFA_OK);
    answers = 0;

    for (i = 0; i < 10; i++) {
        st = mfa_store_peek(world->store, run_steps, &all);
        assert_true(st == MFA_OK || st == MFA_AGAIN);

        if (st == MFA_OK) {
            answers++;
            assert_str(step.value, "1");
        }
    }

    assert_true(answers >= 5);
}


/* J4, DK2: new things stop at 85 %, what makes things safer goes on */
static void
a_full_store_still_takes_what_is_reserved(void **state)
{
    char               key[32];
    world_t           *world = *state;
    uint64_t           n, records;
    mfa_str_t          value, found;
    mfa_error_t        error;
    mfa_status_t       st;
    mfa_store_stat_t   stat;

    value = mfa_str_bytes(mfa_arena_alloc(world->arena, 3000), 3000);
    st = MFA_OK;

    for (n = 0; n < 1000 && st == MFA_OK; n++) {
        (void) snprintf(key, sizeof(key), "%06u", (unsigned) n);
        st = put(world, 0, mfa_str_from(key), value);
    }

    assert_int_equal(st, MFA_STORE_FULL);
    assert_true(n > 50);
    n--;

    assert_int_equal(mfa_store_stat(world->store, &stat), MFA_OK);
    assert_int_equal(stat.limit_bytes, 1 << 20);
    assert_true(stat.used_bytes > stat.limit_bytes * 80 / 100);
    assert_true(stat.used_bytes < stat.limit_bytes * 87 / 100);

    /* the small one, and those up to the last */

    assert_int_equal(put_reserved(world, 1, mfa_str("counter"),
                                  mfa_str("1")), MFA_OK);

    for (st = MFA_OK; st == MFA_OK; n++) {
        assert_true(n < 1000);
        (void) snprintf(key, sizeof(key), "%06u", (unsigned) n);
        st = put_reserved(world, 0, mfa_str_from(key), value);
    }

    assert_int_equal(st, MFA_STORE_FULL);
    n--;

    /* what is there is there, and log-outs make room */

    assert_int_equal(get(world, 0, mfa_str("000000"), &found), MFA_OK);
    assert_true(mfa_str_eq(found, value));
    assert_int_equal(put(world, 0, mfa_str("x"), mfa_str("1")),
                     MFA_STORE_FULL);

    while (n > 10) {
        n--;
        (void) snprintf(key, sizeof(key), "%06u", (unsigned) n);
        assert_int_equal(delete_reserved(world, 0, mfa_str_from(key)),
                         MFA_OK);
    }

    assert_int_equal(put(world, 0, mfa_str("x"), mfa_str("1")), MFA_OK);
    assert_int_equal(mfa_store_check(world->store, NULL, NULL, &records,
                                     &error), MFA_OK);
    assert_int_equal(records, 12);
}


static void
check_counts_and_clean_works(void **state)
{
    world_t      *world = *state;
    uint64_t      records;
    mfa_error_t   error;

    assert_int_equal(mfa_store_check(world->store, NULL, NULL, &records,
                                     &error), MFA_OK);
    assert_int_equal(records, 0);
    fill_for_scan(world);
    assert_int_equal(mfa_store_check(world->store, NULL, NULL, &records,
                                     &error), MFA_OK);
    assert_int_equal(records, 14);
    assert_int_equal(mfa_store_clean(world->store), MFA_OK);
}


/* J1: nothing of a store is for a forked child */
static void
a_forked_child_gets_nothing(void **state)
{
    int                status;
    pid_t              pid;
    world_t           *world = *state;
    uint64_t           n;
    mfa_str_t          value;
    mfa_error_t        error;
    mfa_store_stat_t   stat;

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("1")), MFA_OK);

    pid = fork();

    if (pid == 0) {
        if (get(world, 0, mfa_str("a"), &value) != MFA_BUG
            || put(world, 0, mfa_str("a"), mfa_str("2")) != MFA_BUG
            || put_reserved(world, 0, mfa_str("a"), mfa_null) != MFA_BUG
            || mfa_store_version(world->store, &n) != MFA_BUG
            || mfa_store_stat(world->store, &stat) != MFA_BUG
            || mfa_store_clean(world->store) != MFA_BUG
            || mfa_store_check(world->store, NULL, NULL, &n, &error)
               != MFA_BUG)
        {
            _exit(1);
        }

        mfa_store_close(&world->store);
        _exit(world->store == NULL ? 0 : 2);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_OK);
    assert_str(value, "1");
    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("2")), MFA_OK);
}


/* a plain array as the model of a store, and many small steps */

#define WALK_KEYS   200
#define WALK_STEPS  3000

static void
a_random_walk_agrees_with_a_model(void **state)
{
    char            keys[WALK_KEYS][8], big[5000];
    size_t          i, key, lens[WALK_KEYS];
    step_t          step;
    world_t        *world = *state;
    uint32_t        seed;
    uint64_t        records, expected;
    mfa_str_t       value;
    mfa_error_t     error;
    mfa_arena_t    *arena;
    mfa_status_t    st;

    memset(lens, 0, sizeof(lens));      /* 0: not there, else length + 1 */
    memset(big, 'x', sizeof(big));
    seed = 12345;
    arena = world->arena;

    for (i = 0; i < WALK_KEYS; i++) {
        (void) snprintf(keys[i], sizeof(keys[i]), "k%05u",
                        (unsigned) (i * 7919 % 10007));
    }

    for (i = 0; i < WALK_STEPS; i++) {
        seed = seed * 1664525 + 1013904223;
        key = (seed >> 16) % WALK_KEYS;
        memset(&step, 0, sizeof(step));
        step.table = 2;
        step.key = mfa_str_from(keys[key]);

        world->arena = mfa_arena_open(ARENA_MAX);

        switch ((seed >> 8) % 5) {

        case 0:
            step.op = 'd';
            assert_int_equal(update(world, &step, 1), MFA_OK);
            assert_int_equal(step.st, lens[key] ? MFA_OK : MFA_NOT_FOUND);
            lens[key] = 0;
            break;

        case 1:
            st = get(world, 2, step.key, &value);
            assert_int_equal(st, lens[key] ? MFA_OK : MFA_NOT_FOUND);
            assert_int_equal(value.len, lens[key] ? lens[key] - 1 : 0);
            break;

        default:
            lens[key] = 1 + (seed >> 4) % ((seed & 64) != 0 ? 5000 : 200);
            assert_int_equal(put(world, 2, step.key,
                                 mfa_str_bytes(big, lens[key] - 1)), MFA_OK);
        }

        mfa_arena_close(&world->arena);
    }

    world->arena = arena;
    expected = 0;

    for (i = 0; i < WALK_KEYS; i++) {
        expected += lens[i] != 0;
        st = get(world, 2, mfa_str_from(keys[i]), &value);
        assert_int_equal(st, lens[i] ? MFA_OK : MFA_NOT_FOUND);
        assert_int_equal(value.len, lens[i] ? lens[i] - 1 : 0);
    }

    assert_int_equal(mfa_store_check(world->store, NULL, NULL, &records,
                                     &error), MFA_OK);
    assert_int_equal(records, expected);
}


static const case_t  cases[] = {
    CASE(a_view_does_not_see_what_is_committed_meanwhile),
    CASE(an_update_inside_an_update_is_a_bug_and_does_not_hang),
    CASE(the_version_changes_with_every_commit_and_only_then),
    CASE(peek_reads_like_view_or_says_again),
    CASE_LITTLE(a_full_store_still_takes_what_is_reserved),
    CASE(check_counts_and_clean_works),
    CASE(a_forked_child_gets_nothing),
    CASE(a_random_walk_agrees_with_a_model),
};


int
main(void)
{
    return run_cases("store_rules", cases, sizeof(cases) / sizeof(cases[0]));
}
