/*
 * Known browsers and wrong passwords in a row: what the model keeps of them.
 */

#include "mfa_test_model.h"


typedef struct {
    mfa_user_t    user;
    uint8_t       browser[MFA_DIGEST_SIZE];
    bool          is_known;
    bool          is_nobody;
    bool          is_closed;
    bool          is_last;
    size_t        count;
    mfa_table_t   table;
    mfa_str_t     value;
} known_t;


static known_t
known_of(fixture_t *f, const char *email, uint8_t browser)
{
    known_t  k;

    memset(&k, 0, sizeof(k));
    fixture_user(f, email, &k.user);
    memset(k.browser, browser, sizeof(k.browser));
    k.table = MFA_TABLE_KNOWN;

    return k;
}


static mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_known_look(tx, &k->user.id, k->browser, &k->is_known);
}


static mfa_status_t
tx_add(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_known_add(tx, &k->user.id, k->browser);
}


static mfa_status_t
tx_change(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_device_delete_all(tx, &k->user.id);
}


static mfa_status_t
tx_delete_user(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_user_delete(tx, &k->user.id);
}


static mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    known_t       *k = arg;
    mfa_cursor_t   cursor = { .table = k->table };
    mfa_status_t   st;

    k->count = 0;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        k->count++;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static mfa_status_t
tx_spoil(mfa_tx_t *tx, void *arg)
{
    known_t       *k = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_KNOWN };
    mfa_status_t   st;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_KNOWN, cursor.key, k->value);
}


static bool
is_known(fixture_t *f, known_t *k)
{
    k->is_known = true;
    update(f, tx_look, k);

    return k->is_known;
}


/* H2 */

static void
a_browser_is_known_for_one_person_and_no_other(void **state)
{
    known_t     ann, eve;
    fixture_t  *f = *state;

    ann = known_of(f, "ann@example.org", 1);
    eve = known_of(f, "eve@example.org", 1);

    assert_false(is_known(f, &ann));
    update(f, tx_add, &ann);
    assert_true(is_known(f, &ann));
    assert_false(is_known(f, &eve));

    ann.browser[31] = 2;
    assert_false(is_known(f, &ann));

    memset(&ann.user.id, 0, sizeof(ann.user.id));
    assert_false(is_known(f, &ann));
}


static void
of_more_than_twenty_the_one_unused_for_longest_goes(void **state)
{
    uint8_t     i;
    known_t     ann, eve;
    fixture_t  *f = *state;

    ann = known_of(f, "ann@example.org", 0);
    eve = known_of(f, "eve@example.org", 0);
    update(f, tx_add, &eve);

    for (i = 0; i < MFA_KNOWN_MAX; i++) {
        memset(ann.browser, i, sizeof(ann.browser));
        update(f, tx_add, &ann);
        f->now += MFA_HOUR;
    }

    /* the first is used again, so the second is the oldest */

    memset(ann.browser, 0, sizeof(ann.browser));
    update(f, tx_add, &ann);
    f->now += MFA_HOUR;
    memset(ann.browser, 99, sizeof(ann.browser));
    update(f, tx_add, &ann);

    for (i = 0; i < MFA_KNOWN_MAX; i++) {
        memset(ann.browser, i, sizeof(ann.browser));
        assert_int_equal(is_known(f, &ann), i != 1);
    }

    update(f, tx_count, &ann);
    assert_int_equal(ann.count, MFA_KNOWN_MAX + 1);
    assert_true(is_known(f, &eve));
}


static void
after_four_hundred_days_it_is_forgotten_and_purged(void **state)
{
    size_t               i, removed, sum = 0;
    known_t              ann;
    fixture_t           *f = *state;
    mfa_purge_cursor_t   cursor = { .table = MFA_TABLE_KNOWN };

    ann = known_of(f, "ann@example.org", 1);
    update(f, tx_add, &ann);

    f->now += MFA_KNOWN_KEEP - 1;
    assert_true(is_known(f, &ann));

    for (i = 0; i < 2; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                         MFA_OK);
        sum += removed;
    }

    assert_int_equal(sum, 0);

    f->now += 1;
    assert_false(is_known(f, &ann));

    for (i = 0; i < 3; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                         MFA_OK);
    }

    update(f, tx_count, &ann);
    assert_int_equal(ann.count, 0);
}


/* section 4.6: revoked with a change of password or factor */

static void
a_change_of_password_or_factor_forgets_all(void **state)
{
    known_t     ann, eve;
    fixture_t  *f = *state;

    ann = known_of(f, "ann@example.org", 1);
    eve = known_of(f, "eve@example.org", 1);
    update(f, tx_add, &ann);
    update(f, tx_add, &eve);

    update(f, tx_change, &ann);
    assert_false(is_known(f, &ann));
    assert_true(is_known(f, &eve));

    update(f, tx_delete_user, &eve);
    update(f, tx_count, &eve);
    assert_int_equal(eve.count, 0);
}


static void
what_cannot_be_read_is_no_known_browser(void **state)
{
    size_t      i;
    known_t     ann;
    fixture_t  *f = *state;

    static const char  *const values[] = { "", "\x01", "\x02\x05", "\xff" };

    ann = known_of(f, "ann@example.org", 1);

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        update(f, tx_add, &ann);
        assert_true(is_known(f, &ann));

        ann.value = mfa_str_from(values[i]);
        update(f, tx_spoil, &ann);
        assert_false(is_known(f, &ann));
    }
}


/* wrong passwords in a row */

static mfa_status_t
tx_row(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_password_row_book(tx, k->is_nobody ? NULL : &k->user,
                                 mfa_str("x@example.org"), &k->is_closed,
                                 &k->is_last);
}


static mfa_status_t
tx_row_look(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_password_row_look(tx, &k->user, &k->is_closed);
}


static mfa_status_t
tx_row_clear(mfa_tx_t *tx, void *arg)
{
    known_t  *k = arg;

    return mfa_password_row_clear(tx, &k->user);
}


static bool
is_closed(fixture_t *f, known_t *k)
{
    k->is_closed = false;
    update(f, tx_row_look, k);

    return k->is_closed;
}


/* A12, also where they come a few a day for weeks */

static void
a_hundred_in_a_row_close_the_account_and_the_last_says_so(void **state)
{
    int         i;
    known_t     ann;
    fixture_t  *f = *state;

    ann = known_of(f, "ann@example.org", 1);

    for (i = 1; i <= 100; i++) {
        f->now += 9 * MFA_HOUR;
        assert_false(is_closed(f, &ann));
        update(f, tx_row, &ann);
        assert_false(ann.is_closed);
        assert_int_equal(ann.is_last, i == 100);
    }

    assert_true(is_closed(f, &ann));

    for (i = 0; i < 3; i++) {
        update(f, tx_row, &ann);
        assert_true(ann.is_closed);
        assert_false(ann.is_last);
    }

    f->now += 399 * MFA_DAY;
    assert_true(is_closed(f, &ann));
}


static void
a_right_one_or_a_new_password_ends_the_row(void **state)
{
    int         i;
    known_t     ann;
    fixture_t  *f = *state;

    ann = known_of(f, "ann@example.org", 1);
    update(f, tx_row_clear, &ann);

    for (i = 0; i < 99; i++) {
        update(f, tx_row, &ann);
    }

    update(f, tx_row_clear, &ann);

    for (i = 0; i < 100; i++) {
        assert_false(is_closed(f, &ann));
        update(f, tx_row, &ann);
    }

    assert_true(is_closed(f, &ann));

    ann.user.password_at += 1;
    assert_false(is_closed(f, &ann));
}


/* A6: the same work, and nobody's row is nobody else's */

static void
a_name_that_nobody_has_is_counted_too(void **state)
{
    int         i;
    known_t     nobody, ann;
    fixture_t  *f = *state;

    ann = known_of(f, "ann@example.org", 1);
    nobody = ann;
    nobody.is_nobody = true;

    for (i = 0; i < 100; i++) {
        update(f, tx_row, &nobody);
        assert_false(nobody.is_closed);
    }

    update(f, tx_row, &nobody);
    assert_true(nobody.is_closed);
    assert_false(is_closed(f, &ann));

    nobody.table = MFA_TABLE_LIMIT;
    update(f, tx_count, &nobody);
    assert_int_equal(nobody.count, 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_browser_is_known_for_one_person_and_no_other),
        each(of_more_than_twenty_the_one_unused_for_longest_goes),
        each(after_four_hundred_days_it_is_forgotten_and_purged),
        each(a_change_of_password_or_factor_forgets_all),
        each(what_cannot_be_read_is_no_known_browser),
        each(a_hundred_in_a_row_close_the_account_and_the_last_says_so),
        each(a_right_one_or_a_new_password_ends_the_row),
        each(a_name_that_nobody_has_is_counted_too)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
