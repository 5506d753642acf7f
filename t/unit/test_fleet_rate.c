/*
 * The alarm on the rate of failed logins over all people (H11): what an hour
 * has is held against the median of the week before it.
 */

#include "mfa_test_model.h"


#define ALARM  "\"event\":\"alarm\",\"result\":\"limited\"," \
               "\"reason\":\"failures\""

typedef struct {
    mfa_str_t  record;
    size_t     rows;
    size_t     sprays;
} rate_t;


static mfa_status_t
tx_failed(mfa_tx_t *tx, void *arg)
{
    (void) arg;

    return mfa_fleet_failed(tx);
}


static mfa_status_t
tx_read(mfa_tx_t *tx, void *arg)
{
    rate_t        *r = arg;
    mfa_status_t   st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, mfa_str("fleet.failures"),
                     tx->work->arena, &r->record);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static mfa_status_t
tx_write(mfa_tx_t *tx, void *arg)
{
    rate_t  *r = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_META, mfa_str("fleet.failures"),
                       r->record);
}


static mfa_status_t
tx_audit(mfa_tx_t *tx, void *arg)
{
    rate_t        *r = arg;
    mfa_audit_t    row = { .number = 0 };
    mfa_status_t   st;

    r->rows = 0;
    r->sprays = 0;

    while ((st = mfa_audit_next(tx, row.number, &row)) == MFA_OK) {
        r->rows += memmem(row.line.data, row.line.len, ALARM,
                          sizeof(ALARM) - 1) != NULL;
        r->sprays += memmem(row.line.data, row.line.len, "spray", 5) != NULL;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static mfa_status_t
tx_alarm(mfa_tx_t *tx, void *arg)
{
    (void) arg;

    return mfa_alarm(tx, "spray");
}


/* so many failures now; how many alarms there were */

static size_t
failures(fixture_t *f, int count)
{
    int         i;
    size_t      k, alarms;
    mfa_str_t   line;

    alarms = 0;

    for (i = 0; i < count; i++) {
        update(f, tx_failed, NULL);

        for (k = 0; k < f->work.events.lines.count; k++) {
            line = f->work.events.lines.items[k];
            alarms += memmem(line.data, line.len, ALARM, sizeof(ALARM) - 1)
                      != NULL;
        }
    }

    return alarms;
}


static void
hour_begins(fixture_t *f)
{
    f->now += MFA_HOUR - f->now % MFA_HOUR;
}


/* hours of so many failures each, no alarm in any */

static void
quiet_hours(fixture_t *f, int hours, int each_hour)
{
    int  i;

    for (i = 0; i < hours; i++) {
        assert_int_equal(failures(f, each_hour), 0);
        hour_begins(f);
    }
}


/* H11 */
static void
more_than_five_times_the_median_of_the_week_is_an_alarm(void **state)
{
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 7 * 24, 12);

    assert_int_equal(failures(f, 5 * 12), 0);
    f->log[0] = '\0';
    assert_int_equal(failures(f, 1), 1);
    assert_non_null(strstr(f->log, "alarm: failures"));
    assert_int_equal(f->errors, 0);
}


static void
the_alarm_comes_once_an_hour(void **state)
{
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 30, 1);

    assert_int_equal(failures(f, 200), 1);
    f->now += MFA_HOUR / 2;
    assert_int_equal(failures(f, 100), 0);

    hour_begins(f);
    assert_int_equal(failures(f, 200), 1);
}


/* a Monday morning of every week is no news, nor is one bad hour the rule */
static void
the_median_forgets_single_hours_and_old_ones(void **state)
{
    int         day;
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 24, 1);

    /* one bad hour a day makes no bad hour usual */

    for (day = 0; day < 7; day++) {
        assert_int_equal(failures(f, 60), 1);
        hour_begins(f);
        quiet_hours(f, 23, 1);
    }

    /* a realm that grew: after a week the new hours are what is usual */

    for (day = 0; day < 90; day++) {
        (void) failures(f, 40);
        hour_begins(f);
    }

    assert_int_equal(failures(f, 200), 0);
    assert_int_equal(failures(f, 1), 1);
}


/* a small realm: two people who forget their password are no flood */
static void
a_few_failures_are_none_however_quiet_the_week_was(void **state)
{
    fixture_t  *f = *state;

    hour_begins(f);
    (void) failures(f, 1);
    f->now += 8 * MFA_DAY;

    assert_int_equal(failures(f, 50), 0);
    assert_int_equal(failures(f, 1), 1);
}


static void
the_first_day_has_no_rule(void **state)
{
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 23, 1);
    assert_int_equal(failures(f, 300), 0);
    hour_begins(f);
    assert_int_equal(failures(f, 300), 1);
}


static void
hours_without_a_failure_count_as_none(void **state)
{
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 70, 30);
    f->now += 71 * MFA_HOUR;

    assert_int_equal(failures(f, 50), 0);
    assert_int_equal(failures(f, 1), 1);
}


static void
it_outlives_the_worker(void **state)
{
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 30, 1);
    assert_int_equal(failures(f, 50), 0);
    fixture_restart(f);
    assert_int_equal(failures(f, 1), 1);
    fixture_restart(f);
    assert_int_equal(failures(f, 1), 0);
}


/* H7: a week of failures */
static void
it_takes_one_small_row(void **state)
{
    rate_t      r = { .rows = 0 };
    fixture_t  *f = *state;

    hour_begins(f);
    quiet_hours(f, 2 * 7 * 24, 3);
    update(f, tx_read, &r);
    assert_in_range(r.record.len, 1, 7 * 24 * 5 + 64);
}


/* a login must not fail because a number cannot be read */
static void
a_damaged_row_is_begun_anew_and_a_newer_one_left_alone(void **state)
{
    rate_t      r = { .rows = 0 };
    fixture_t  *f = *state;

    static const uint8_t  damaged[] = { 1, 1, 1, 0, 0xff, 0xff, 0x7f };
    static const uint8_t  newer[] = { 2, 9, 9 };

    hour_begins(f);

    r.record = mfa_str_bytes(damaged, sizeof(damaged));
    update(f, tx_write, &r);
    assert_int_equal(failures(f, 60), 0);
    f->errors = 0;
    hour_begins(f);
    quiet_hours(f, 24, 1);
    assert_int_equal(failures(f, 60), 1);

    r.record = mfa_str_bytes(newer, sizeof(newer));
    update(f, tx_write, &r);
    assert_int_equal(failures(f, 60), 0);
    f->errors = 0;
    update(f, tx_read, &r);
    assert_int_equal(r.record.len, sizeof(newer));
    assert_memory_equal(r.record.data, newer, sizeof(newer));
}


/* it is a stranger who sets it off; the audit has it all the same, and not
 * without an end (H7, audit of issue 4) */
static void
an_alarm_has_a_row_in_the_audit_but_only_the_first_ones(void **state)
{
    int         i;
    rate_t      r = { .rows = 0 };
    fixture_t  *f = *state;

    assert_non_null(f->work.address);

    hour_begins(f);
    quiet_hours(f, 30, 1);

    assert_int_equal(failures(f, 60), 1);
    update(f, tx_audit, &r);
    assert_int_equal(r.rows, 1);

    for (i = 0; i < 100; i++) {
        update(f, tx_alarm, NULL);
        assert_int_equal(f->work.events.lines.count, 1);
    }

    update(f, tx_audit, &r);
    assert_int_equal(r.sprays, 10);
    assert_int_equal(r.rows, 1);

    for (i = 0; i < 23 * 20; i++) {
        f->now += MFA_HOUR / 20;
        update(f, tx_alarm, NULL);
    }

    update(f, tx_audit, &r);
    assert_int_equal(r.sprays, 50);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(more_than_five_times_the_median_of_the_week_is_an_alarm),
        each(the_alarm_comes_once_an_hour),
        each(the_median_forgets_single_hours_and_old_ones),
        each(a_few_failures_are_none_however_quiet_the_week_was),
        each(the_first_day_has_no_rule),
        each(hours_without_a_failure_count_as_none),
        on("lmdb", it_outlives_the_worker),
        each(it_takes_one_small_row),
        each(a_damaged_row_is_begun_anew_and_a_newer_one_left_alone),
        each(an_alarm_has_a_row_in_the_audit_but_only_the_first_ones)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
