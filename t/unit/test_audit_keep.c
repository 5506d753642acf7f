/*
 * The audit over time: what it keeps, what it leaves out, what a purge may
 * take, other keys, a store that is full.
 */

#include "mfa_test_audit.h"


static size_t
purge(fixture_t *f, size_t most)
{
    size_t  removed;

    assert_int_equal(mfa_audit_purge(fixture_work(f), most, &removed), MFA_OK);
    assert_int_equal(f->work.events.lines.count, 0);

    return removed;
}


/* N5 */
static void
rows_past_their_time_go_and_the_chain_stays_good(void **state)
{
    fixture_t  *f = *state;

    audit_add(f, 4);
    f->now += 10 * MFA_DAY;
    audit_add(f, 4);
    assert_int_equal(purge(f, 100), 0);

    f->now += f->settings.audit_keep - 10 * MFA_DAY;
    assert_int_equal(purge(f, 3), 3);
    assert_audit_good(f, 9);
    assert_int_equal(purge(f, 3), 1);
    assert_int_equal(purge(f, 3), 0);
    assert_audit_good(f, 9);
    assert_int_equal(row_get(f, 4).len, 0);
    assert_int_not_equal(row_get(f, 5).len, 0);

    row_delete(f, 5);
    assert_audit_damaged(f, 5);
}


static void
the_numbers_go_on_when_all_rows_are_gone(void **state)
{
    fixture_t  *f = *state;

    audit_add(f, 4);
    f->now += f->settings.audit_keep;
    assert_int_equal(purge(f, 100), 4);
    assert_audit_good(f, 5);
    audit_add(f, 1);
    assert_int_not_equal(row_get(f, 5).len, 0);
    assert_audit_good(f, 6);

    row_delete(f, 5);
    assert_audit_damaged(f, 5);
}


static void
a_check_goes_on_when_a_purge_overtakes_it(void **state)
{
    audit_t     call = { .most = 2 };
    fixture_t  *f = *state;

    audit_add(f, 4);
    f->now += 10 * MFA_DAY;
    audit_add(f, 4);
    assert_int_equal(mfa_view(fixture_work(f), audit_tx_check, &call), MFA_OK);
    f->now += f->settings.audit_keep - 10 * MFA_DAY;
    assert_int_equal(purge(f, 100), 4);

    call.most = 100;
    assert_int_equal(mfa_view(fixture_work(f), audit_tx_check, &call), MFA_OK);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    assert_int_equal(call.number, 9);
}


/* a moment in a row: version, then 6 bytes; 1 in its first is far from now */

static mfa_str_t
made_old(fixture_t *f, mfa_str_t row)
{
    char  *bytes;

    bytes = mfa_arena_alloc(f->arena, row.len);
    assert_non_null(bytes);
    memcpy(bytes, row.data, row.len);
    bytes[6] = 0x01;                            /* about 1971 */

    return mfa_str_bytes(bytes, row.len);
}


/* rows made to look old, so that our own purge would sign their removal */
static void
a_purge_does_not_destroy_the_traces(void **state)
{
    uint64_t    i;
    fixture_t  *f = *state;

    audit_add(f, ROWS);

    for (i = 1; i <= ROWS; i++) {
        row_put(f, i, made_old(f, row_get(f, i)));
    }

    assert_int_equal(purge(f, 100), 0);
    assert_audit_damaged(f, 1);
}


/* the beginning is taken away, so that the rest would look like all of it */
static void
a_purge_does_not_hide_a_removed_beginning(void **state)
{
    fixture_t  *f = *state;

    audit_add(f, ROWS);
    row_delete(f, 1);
    row_delete(f, 2);
    assert_int_equal(purge(f, 100), 0);
    assert_audit_damaged(f, 1);
}


/* N5: damage is no reason to keep what is behind it for ever */
static void
damaged_rows_go_with_good_old_ones_behind_them(void **state)
{
    fixture_t  *f = *state;

    audit_add(f, 5);
    row_put(f, 2, changed(f, row_get(f, 2), -1));
    row_put(f, 3, mfa_str("\x01"));
    f->now += f->settings.audit_keep;
    assert_int_equal(purge(f, 100), 5);
    assert_audit_good(f, 6);
}


/* old rows put back before the foot must not move it back */
static void
rows_put_back_after_a_purge_are_found(void **state)
{
    mfa_str_t   one, two;
    fixture_t  *f = *state;

    audit_add(f, 4);
    one = row_get(f, 1);
    two = row_get(f, 2);
    f->now += 10 * MFA_DAY;
    audit_add(f, 1);
    f->now += f->settings.audit_keep - 10 * MFA_DAY;
    assert_int_equal(purge(f, 100), 4);

    row_put(f, 1, one);
    row_put(f, 2, two);
    assert_audit_damaged(f, 5);
    (void) purge(f, 100);
    assert_audit_good(f, 6);
}


/* J13 */
static void
a_clock_that_runs_ahead_and_back_leaves_a_good_chain(void **state)
{
    fixture_t  *f = *state;

    audit_add(f, 2);
    f->now += 5 * MFA_DAY;
    audit_add(f, 2);
    f->now -= 5 * MFA_DAY;
    audit_add(f, 2);
    assert_audit_good(f, 7);
}


/* H7 A7: they are counted, which writes and takes no room */
static void
events_of_strangers_take_no_room(void **state)
{
    size_t       i;
    audit_t      call = { .many = 1, .is_nobody = true };
    mfa_str_t    before, after;
    fixture_t   *f = *state;

    audit_add(f, 1);
    before = raw_get(f, MFA_TABLE_META, MARK);

    for (i = 0; i < 100; i++) {
        assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call),
                         MFA_OK);
        assert_int_equal(f->work.events.lines.count, 1);
    }

    after = raw_get(f, MFA_TABLE_META, MARK);
    assert_false(mfa_str_eq(before, after));
    assert_int_equal(before.len, after.len);
    assert_int_equal(row_get(f, 2).len, 0);
    assert_audit_good(f, 2);
}


/* M3: a timer and the command line have no address */
static void
events_of_the_operator_are_kept(void **state)
{
    audit_t      call = { .many = 1, .is_nobody = true };
    mfa_work_t  *work;
    fixture_t   *f = *state;

    work = fixture_work(f);
    work->address = NULL;
    assert_int_equal(mfa_update(work, audit_tx_add, &call), MFA_OK);
    assert_int_not_equal(row_get(f, 1).len, 0);
    assert_audit_good(f, 2);
}


/* the keys of the fixture behind a new one, which is the first from now on */

static void
add_key(fixture_t *f)
{
    char          path[128], text[512];
    FILE         *file;
    size_t        len;
    mfa_str_t     fresh;
    mfa_error_t   error = { "" };

    snprintf(path, sizeof(path), "%s/keys", f->dir);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(text, 1, sizeof(text), file);
    fclose(file);

    assert_int_equal(mfa_keys_make(&f->ports, mfa_str("k2"), f->arena, &fresh),
                     MFA_OK);
    fixture_file(f, "keys",
                 mfa_arena_printf(f->arena, MFA_STR_FMT "\n%.*s\n",
                                  MFA_STR_ARG(fresh), (int) len, text));

    mfa_keys_close(&f->keys);
    assert_int_equal(mfa_keys_open(path, &error, &f->keys), MFA_OK);
    f->model.keys = f->keys;
}


/* J9 */
static void
a_chain_goes_on_under_a_new_key(void **state)
{
    fixture_t  *f = *state;

    audit_add(f, 3);
    add_key(f);
    assert_audit_good(f, 4);
    audit_add(f, 3);
    assert_audit_good(f, 7);
    row_delete(f, 2);
    assert_audit_damaged(f, 2);
}


/* a key of somebody else makes no good chain */
static void
a_chain_under_a_foreign_key_is_found(void **state)
{
    mfa_str_t   row, mark;
    fixture_t  *f = *state, *other;

    other = fixture_open("memory:other");
    other->seed = 99;
    mfa_keys_close(&other->keys);
    fixture_keys_open(other);
    other->model.keys = other->keys;

    audit_add(f, 2);
    audit_add(other, 3);
    row = row_get(other, 3);
    mark = raw_get(other, MFA_TABLE_META, MARK);
    row_put(f, 3, row);
    assert_audit_damaged(f, 3);
    raw_put(f, MFA_TABLE_META, MARK, mark);
    assert_audit_damaged(f, 0);

    fixture_close(&other);
}


static mfa_status_t
tx_fill(mfa_tx_t *tx, void *arg)
{
    char     key[32];
    audit_t *call = arg;

    snprintf(key, sizeof(key), "%zu", call->calls);

    return mfa_txn_put(tx->txn, MFA_TABLE_CODE, mfa_str_from(key),
                       call->value);
}


/* up to its last byte */

static void
fill(fixture_t *f)
{
    size_t   len;
    audit_t  call = { .calls = 0 };

    static char  bytes[MFA_STORE_VALUE_MAX];

    for (len = sizeof(bytes); len > 0; ) {
        call.value = mfa_str_bytes(bytes, len);
        call.calls++;

        if (mfa_update_reserved(fixture_work(f), tx_fill, &call)
            == MFA_STORE_FULL)
        {
            len /= 2;
        }
    }
}


/* J4 M4: what makes things safer must not fail for its row */
static void
a_full_store_still_lets_safer_things_happen(void **state)
{
    audit_t       call = { .many = 1 };
    fixture_t    *f = *state;
    mfa_error_t   error = { "" };

    mfa_store_close(&f->store);
    f->store_settings.limit = 1024 * 1024;
    assert_int_equal(mfa_store_open(&f->store_settings, &f->ports, &error,
                                    &f->store), MFA_OK);
    f->model.store = f->store;

    audit_add(f, 2);
    fill(f);

    assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call),
                     MFA_STORE_FULL);
    assert_int_equal(mfa_update_reserved(fixture_work(f), audit_tx_add, &call),
                     MFA_OK);
    assert_int_equal(f->work.events.lines.count, 1);
    assert_audit_good(f, 3);
}


static void
a_reserved_update_has_its_rows(void **state)
{
    audit_t     call = { .many = 2 };
    fixture_t  *f = *state;

    assert_int_equal(mfa_update_reserved(fixture_work(f), audit_tx_add, &call),
                     MFA_OK);
    assert_audit_good(f, 3);
}


static mfa_status_t
tx_delete_user(mfa_tx_t *tx, void *arg)
{
    mfa_user_t  *user = arg;

    return mfa_user_delete(tx, &user->id);
}


/* M3 */
static void
the_audit_outlives_its_users(void **state)
{
    audit_t      call = { .many = 2 };
    mfa_user_t   user;
    fixture_t   *f = *state;

    fixture_user(f, "ann@example.org", &user);
    call.user = user.id;
    assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call), MFA_OK);
    assert_int_equal(mfa_update(fixture_work(f), tx_delete_user, &user),
                     MFA_OK);
    assert_audit_good(f, 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(rows_past_their_time_go_and_the_chain_stays_good),
        each(the_numbers_go_on_when_all_rows_are_gone),
        each(a_check_goes_on_when_a_purge_overtakes_it),
        each(a_purge_does_not_destroy_the_traces),
        each(a_purge_does_not_hide_a_removed_beginning),
        each(damaged_rows_go_with_good_old_ones_behind_them),
        each(rows_put_back_after_a_purge_are_found),
        each(a_clock_that_runs_ahead_and_back_leaves_a_good_chain),
        each(events_of_strangers_take_no_room),
        each(events_of_the_operator_are_kept),
        each(a_chain_goes_on_under_a_new_key),
        each(a_chain_under_a_foreign_key_is_found),
        on("memory", a_full_store_still_lets_safer_things_happen),
        each(a_reserved_update_has_its_rows),
        each(the_audit_outlives_its_users)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
