/*
 * Sprays: one source that fails at many people is held, and nobody else is.
 */

#include "mfa_test_model.h"


typedef struct {
    char          person[32];
    mfa_time_t    retry_at;
    mfa_status_t  st;
    size_t        rows;
    size_t        largest;
} spray_t;


static mfa_status_t
tx_failed(mfa_tx_t *tx, void *arg)
{
    spray_t  *s = arg;

    return mfa_spray_failed(tx, mfa_str_from(s->person));
}


static mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    spray_t  *s = arg;

    s->st = mfa_spray_look(tx, &s->retry_at);

    return mfa_status_is_fault(s->st) ? s->st : MFA_OK;
}


static mfa_status_t
tx_rows(mfa_tx_t *tx, void *arg)
{
    spray_t       *s = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_SOURCE };
    mfa_status_t   st;

    s->rows = 0;
    s->largest = 0;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        s->rows++;
        s->largest = (cursor.value.len > s->largest) ? cursor.value.len
                                                     : s->largest;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static void
fail_at(fixture_t *f, int first, int count)
{
    int      i;
    spray_t  s;

    for (i = first; i < first + count; i++) {
        (void) snprintf(s.person, sizeof(s.person), "user:%d", i);
        update(f, tx_failed, &s);
    }
}


static bool
is_held(fixture_t *f)
{
    spray_t  s;

    memset(&s, 0, sizeof(s));
    update(f, tx_look, &s);

    assert_true(s.st == MFA_OK || s.st == MFA_LIMITED);
    assert_int_equal(s.retry_at > f->now, s.st == MFA_LIMITED);

    return s.st == MFA_LIMITED;
}


/* H11 X58 */

static void
eleven_people_in_ten_minutes_hold_the_source_for_an_hour(void **state)
{
    fixture_t  *f = *state;

    fail_at(f, 0, 10);
    assert_false(is_held(f));

    f->log[0] = '\0';
    fail_at(f, 10, 1);
    assert_true(is_held(f));
    assert_non_null(strstr(f->log, "alarm: spray"));
    assert_int_equal(f->errors, 0);

    f->now += MFA_HOUR - 1;
    assert_true(is_held(f));
    f->now += 1;
    assert_false(is_held(f));

    /* and it starts from nothing */

    fail_at(f, 0, 10);
    assert_false(is_held(f));
    fail_at(f, 10, 1);
    assert_true(is_held(f));
}


static void
the_alarm_is_an_event_and_comes_once(void **state)
{
    int         i;
    size_t      alarms = 0;
    spray_t     s;
    fixture_t  *f = *state;

    static const char  mark[] = "\"event\":\"alarm\",\"result\":\"limited\","
                                "\"reason\":\"spray\"";

    for (i = 0; i < 40; i++) {
        (void) snprintf(s.person, sizeof(s.person), "user:%d", i);
        update(f, tx_failed, &s);

        if (f->work.events.lines.count > 0) {
            assert_non_null(memmem(f->work.events.lines.items[0].data,
                                   f->work.events.lines.items[0].len,
                                   mark, sizeof(mark) - 1));
            alarms++;
        }
    }

    assert_int_equal(alarms, 1);
}


static void
one_person_who_fails_often_is_no_spray(void **state)
{
    int         i;
    fixture_t  *f = *state;

    for (i = 0; i < 300; i++) {
        fail_at(f, i % 10, 1);
    }

    assert_false(is_held(f));
}


static void
people_of_one_office_who_fail_now_and_then_are_none(void **state)
{
    int         i;
    fixture_t  *f = *state;

    for (i = 0; i < 20; i++) {
        fail_at(f, 10 * i, 10);
        f->now += 10 * MFA_MINUTE;
        assert_false(is_held(f));
    }
}


static void
another_source_is_free_and_a_64_is_one_source(void **state)
{
    int         i;
    fixture_t  *f = *state;

    fail_at(f, 0, 11);
    assert_true(is_held(f));

    f->address.bytes[3]++;
    assert_false(is_held(f));

    f->address.len = 16;
    memset(f->address.bytes, 0x20, 16);

    for (i = 0; i < 11; i++) {
        f->address.bytes[15] = (uint8_t) i;
        fail_at(f, i, 1);
    }

    f->address.bytes[8] = 9;
    assert_true(is_held(f));
    f->address.bytes[7] = 9;
    assert_false(is_held(f));
}


static void
without_an_address_nothing_is_held_or_kept(void **state)
{
    spray_t     s;
    fixture_t  *f = *state;

    f->address.len = 0;
    fail_at(f, 0, 50);
    assert_false(is_held(f));

    update(f, tx_rows, &s);
    assert_int_equal(s.rows, 0);
}


/* trusted_networks: a hundred times as many; the row stays small */

static void
a_trusted_network_is_held_after_a_thousand(void **state)
{
    spray_t        s;
    fixture_t     *f = *state;
    mfa_network_t  network = { .base = { { 203, 0, 113, 0 }, 4 }, .bits = 24 };

    f->settings.trusted_networks = (mfa_networks_t) { &network, 1 };

    fail_at(f, 0, 900);
    assert_false(is_held(f));

    update(f, tx_rows, &s);
    assert_int_equal(s.rows, 1);
    assert_in_range(s.largest, 1, 2100);

    /* two bytes for each: a few fall together */

    fail_at(f, 900, 150);
    assert_true(is_held(f));
    update(f, tx_rows, &s);
    assert_in_range(s.largest, 1, 64);
}


static void
a_hold_outlives_the_worker(void **state)
{
    fixture_t  *f = *state;

    fail_at(f, 0, 11);
    fixture_restart(f);
    assert_true(is_held(f));
}


static void
what_is_over_is_purged(void **state)
{
    size_t               i, removed;
    spray_t              s;
    fixture_t           *f = *state;
    mfa_purge_cursor_t   cursor = { .table = MFA_TABLE_SOURCE };

    fail_at(f, 0, 5);
    f->address.bytes[3]++;
    fail_at(f, 0, 11);

    f->now += 10 * MFA_MINUTE;

    for (i = 0; i < 3; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                         MFA_OK);
    }

    update(f, tx_rows, &s);
    assert_int_equal(s.rows, 1);
    assert_true(is_held(f));

    f->now += MFA_HOUR;

    for (i = 0; i < 3; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                         MFA_OK);
    }

    update(f, tx_rows, &s);
    assert_int_equal(s.rows, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(eleven_people_in_ten_minutes_hold_the_source_for_an_hour),
        each(the_alarm_is_an_event_and_comes_once),
        each(one_person_who_fails_often_is_no_spray),
        each(people_of_one_office_who_fail_now_and_then_are_none),
        each(another_source_is_free_and_a_64_is_one_source),
        each(without_an_address_nothing_is_held_or_kept),
        each(a_trusted_network_is_held_after_a_thousand),
        on("lmdb", a_hold_outlives_the_worker),
        each(what_is_over_is_purged)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
