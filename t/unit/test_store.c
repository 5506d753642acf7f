/*
 * The contract of mfa_store.h against every engine in registry.def: records
 * and scans. What holds between transactions is in test_store_rules.c.
 */

#include "mfa_test_store.h"


static void
what_was_put_is_got(void **state)
{
    world_t    *world = *state;
    mfa_str_t   value;

    assert_int_equal(put(world, 3, mfa_str("a\0b"), mfa_str("x\0y")), MFA_OK);
    assert_int_equal(get(world, 3, mfa_str("a\0b"), &value), MFA_OK);
    assert_str(value, "x\0y");
}


static void
what_was_not_put_is_not_found(void **state)
{
    world_t    *world = *state;
    mfa_str_t   value;

    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_NOT_FOUND);
    assert_null(value.data);
    assert_int_equal(put(world, 0, mfa_str("ab"), mfa_str("1")), MFA_OK);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_NOT_FOUND);
    assert_int_equal(get(world, 1, mfa_str("ab"), &value), MFA_NOT_FOUND);
}


static void
put_replaces(void **state)
{
    world_t    *world = *state;
    mfa_str_t   value;

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("one")), MFA_OK);
    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("three")), MFA_OK);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_OK);
    assert_str(value, "three");
}


static void
delete_removes_and_says_what_was_not_there(void **state)
{
    world_t    *world = *state;
    step_t      steps[] = {
        { 'p', 0, mfa_str_static("a"), mfa_str_static("1"), MFA_BUG },
        { 'd', 0, mfa_str_static("a"), { NULL, 0 }, MFA_BUG },
        { 'd', 0, mfa_str_static("a"), { NULL, 0 }, MFA_BUG },
        { 'd', 0, mfa_str_static("b"), { NULL, 0 }, MFA_BUG },
        { 'g', 0, mfa_str_static("a"), { NULL, 0 }, MFA_BUG },
    };
    mfa_str_t   value;

    assert_int_equal(update(world, steps, 5), MFA_OK);
    assert_int_equal(steps[1].st, MFA_OK);
    assert_int_equal(steps[2].st, MFA_NOT_FOUND);
    assert_int_equal(steps[3].st, MFA_NOT_FOUND);
    assert_int_equal(steps[4].st, MFA_NOT_FOUND);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_NOT_FOUND);
}


static void
an_update_reads_its_own_writes(void **state)
{
    world_t  *world = *state;
    step_t    steps[] = {
        { 'p', 0, mfa_str_static("a"), mfa_str_static("1"), MFA_BUG },
        { 'g', 0, mfa_str_static("a"), { NULL, 0 }, MFA_BUG },
        { 'p', 0, mfa_str_static("a"), mfa_str_static("2"), MFA_BUG },
        { 'g', 0, mfa_str_static("a"), { NULL, 0 }, MFA_BUG },
    };

    assert_int_equal(update(world, steps, 4), MFA_OK);
    assert_str(steps[1].value, "1");
    assert_str(steps[3].value, "2");
}


static void
an_update_that_fails_writes_nothing(void **state)
{
    world_t    *world = *state;
    step_t      steps[] = {
        { 'p', 0, mfa_str_static("a"), mfa_str_static("2"), MFA_BUG },
        { 'd', 0, mfa_str_static("b"), { NULL, 0 }, MFA_BUG },
        { 'p', 0, mfa_str_static("c"), mfa_str_static("2"), MFA_BUG },
        { 'f', 0, { NULL, 0 }, { NULL, 0 }, MFA_BUG },
    };
    uint64_t    before;
    mfa_str_t   value;

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("1")), MFA_OK);
    assert_int_equal(put(world, 0, mfa_str("b"), mfa_str("1")), MFA_OK);
    before = version(world);

    assert_int_equal(update(world, steps, 4), MFA_LIMITED);

    assert_int_equal(version(world), before);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_OK);
    assert_str(value, "1");
    assert_int_equal(get(world, 0, mfa_str("b"), &value), MFA_OK);
    assert_int_equal(get(world, 0, mfa_str("c"), &value), MFA_NOT_FOUND);
}


static void
a_write_in_a_view_is_a_bug(void **state)
{
    world_t    *world = *state;
    step_t      steps[] = {
        { 'p', 0, mfa_str_static("a"), mfa_str_static("1"), MFA_OK },
        { 'd', 0, mfa_str_static("a"), { NULL, 0 }, MFA_OK },
    };
    steps_t     all = { world, steps, 2 };
    mfa_str_t   value;

    assert_int_equal(mfa_store_view(world->store, run_steps, &all), MFA_BUG);
    assert_int_equal(steps[0].st, MFA_BUG);
    assert_int_equal(steps[1].st, MFA_BUG);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_NOT_FOUND);
}


static void
sizes_are_bounded(void **state)
{
    char        *big;
    world_t     *world = *state;
    mfa_str_t    key, value, found;
    const char   zeros[MFA_STORE_KEY_MAX + 1] = "";

    big = mfa_arena_alloc(world->arena, MFA_STORE_VALUE_MAX + 1);
    assert_non_null(big);
    memset(big, 'v', MFA_STORE_VALUE_MAX + 1);

    key = mfa_str_bytes(zeros, MFA_STORE_KEY_MAX);
    value = mfa_str_bytes(big, MFA_STORE_VALUE_MAX);

    assert_int_equal(put(world, 31, key, value), MFA_OK);
    assert_int_equal(get(world, 31, key, &found), MFA_OK);
    assert_true(mfa_str_eq(found, value));

    assert_int_equal(put(world, 32, key, value), MFA_BUG);
    assert_int_equal(get(world, 32, key, &found), MFA_BUG);
    key.len++;
    assert_int_equal(put(world, 31, key, mfa_str("")), MFA_INVALID);
    assert_int_equal(get(world, 31, key, &found), MFA_INVALID);
    value.len++;
    assert_int_equal(put(world, 31, mfa_str("k"), value), MFA_INVALID);
    assert_int_equal(get(world, 31, mfa_str("k"), &found), MFA_NOT_FOUND);
}


static void
empty_keys_and_values_are_records(void **state)
{
    world_t    *world = *state;
    mfa_str_t   value;

    assert_int_equal(put(world, 4, mfa_str(""), mfa_null), MFA_OK);
    assert_int_equal(put(world, 5, mfa_str("k"), mfa_str("")), MFA_OK);
    assert_int_equal(get(world, 4, mfa_str(""), &value), MFA_OK);
    assert_int_equal(value.len, 0);
    assert_int_equal(get(world, 5, mfa_str("k"), &value), MFA_OK);
    assert_int_equal(value.len, 0);
    assert_int_equal(get(world, 5, mfa_str(""), &value), MFA_NOT_FOUND);
}


static void
a_value_stays_as_it_was_read(void **state)
{
    world_t    *world = *state;
    mfa_str_t   value;

    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("old")), MFA_OK);
    assert_int_equal(get(world, 0, mfa_str("a"), &value), MFA_OK);
    assert_int_equal(put(world, 0, mfa_str("a"), mfa_str("new")), MFA_OK);
    assert_int_equal(put(world, 0, mfa_str("b"), mfa_str("new")), MFA_OK);
    assert_str(value, "old");
}


/* scans */

typedef struct {
    world_t       *world;
    mfa_cursor_t   cursor;
    size_t         most;
    bool           deletes;
    char           seen[256];
} scan_t;


static mfa_status_t
run_scan(mfa_txn_t *txn, void *arg)
{
    size_t         i, len;
    scan_t        *scan = arg;
    mfa_status_t   st;
    mfa_cursor_t   cursor;

    cursor = scan->cursor;
    scan->seen[0] = '\0';

    for (i = 0; i < scan->most; i++) {

        st = mfa_txn_next(txn, &cursor, scan->world->arena);
        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        len = strlen(scan->seen);
        (void) snprintf(scan->seen + len, sizeof(scan->seen) - len,
                        MFA_STR_FMT "=" MFA_STR_FMT " ",
                        MFA_STR_ARG(cursor.key), MFA_STR_ARG(cursor.value));

        if (scan->deletes) {
            st = mfa_txn_delete(txn, cursor.table, cursor.key);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    scan->cursor.key = cursor.key;

    return MFA_OK;
}


static void
a_scan_is_in_order_and_stays_in_its_prefix(void **state)
{
    world_t  *world = *state;
    scan_t    scan = { .world = world, .most = 100 };

    fill_for_scan(world);

    scan.cursor.table = 7;
    scan.cursor.prefix = mfa_str("b");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "b=v b1=v b1x=v b2=v b\xff=v ");

    scan.cursor.prefix = mfa_null;
    scan.cursor.key = mfa_null;
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "a=v b=v b1=v b1x=v b2=v b\xff=v c=v ");

    scan.cursor.prefix = mfa_str("bb");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "");

    scan.cursor.table = 6;
    scan.cursor.prefix = mfa_null;
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "");
}


static void
a_scan_starts_after_any_key(void **state)
{
    world_t  *world = *state;
    scan_t    scan = { .world = world, .most = 2 };

    fill_for_scan(world);
    assert_int_equal(put(world, 7, mfa_str(""), mfa_str("e")), MFA_OK);

    scan.cursor.table = 7;
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "=e a=v ");

    scan.cursor.key = mfa_str("");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "a=v b=v ");

    scan.cursor.key = mfa_str("b0");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "b1=v b1x=v ");

    /* a key before the prefix, and one behind it */

    scan.cursor.prefix = mfa_str("b1");
    scan.cursor.key = mfa_str("a");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "b1=v b1x=v ");
    scan.cursor.key = mfa_str("c");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "");
}


static void
a_scan_goes_on_in_a_later_transaction(void **state)
{
    world_t  *world = *state;
    step_t    steps[] = {
        { 'd', 7, mfa_str_static("b"), { NULL, 0 }, MFA_OK },
        { 'd', 7, mfa_str_static("b1"), { NULL, 0 }, MFA_OK },
        { 'p', 7, mfa_str_static("b0"), mfa_str_static("n"), MFA_OK },
        { 'p', 7, mfa_str_static("b11"), mfa_str_static("n"), MFA_OK },
    };
    scan_t    scan = { .world = world, .most = 2 };

    fill_for_scan(world);

    scan.cursor.table = 7;
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "a=v b=v ");

    assert_int_equal(update(world, steps, 4), MFA_OK);

    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "b0=n b11=n ");
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "b1x=v b2=v ");
}


static void
records_may_be_deleted_during_a_scan(void **state)
{
    world_t  *world = *state;
    scan_t    scan = { .world = world, .most = 100, .deletes = true };

    fill_for_scan(world);

    scan.cursor.table = 7;
    scan.cursor.prefix = mfa_str("b");
    assert_int_equal(mfa_store_update(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "b=v b1=v b1x=v b2=v b\xff=v ");

    scan.deletes = false;
    scan.cursor.prefix = mfa_null;
    scan.cursor.key = mfa_null;
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen, "a=v c=v ");

    scan.cursor.table = 8;
    scan.cursor.key = mfa_null;
    assert_int_equal(mfa_store_view(world->store, run_scan, &scan), MFA_OK);
    assert_string_equal(scan.seen,
                        "a=w b=w b1=w b1x=w b2=w b\xff=w c=w ");
}


static const case_t  cases[] = {
    CASE(what_was_put_is_got),
    CASE(what_was_not_put_is_not_found),
    CASE(put_replaces),
    CASE(delete_removes_and_says_what_was_not_there),
    CASE(an_update_reads_its_own_writes),
    CASE(an_update_that_fails_writes_nothing),
    CASE(a_write_in_a_view_is_a_bug),
    CASE(sizes_are_bounded),
    CASE(empty_keys_and_values_are_records),
    CASE(a_value_stays_as_it_was_read),
    CASE(a_scan_is_in_order_and_stays_in_its_prefix),
    CASE(a_scan_starts_after_any_key),
    CASE(a_scan_goes_on_in_a_later_transaction),
    CASE(records_may_be_deleted_during_a_scan),
};


int
main(void)
{
    return run_cases("store", cases, sizeof(cases) / sizeof(cases[0]));
}
