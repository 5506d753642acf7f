/*
 * Limits: what is counted, when it is refused, what is given back.
 */

#include "mfa_test_limit.h"

#include <pthread.h>


/* H1, H9, X70: 3 an hour and 6 a day to one address */

static void
a_budget_is_booked_until_it_is_used_up(void **state)
{
    call_t      call = mailbox("ann@example.org");
    call_t      other = mailbox("bob@example.org");
    fixture_t  *f = *state;

    assert_int_equal(book_all(f, tx_book, &call), 3);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_HOUR);
    assert_int_equal(book(f, &other), MFA_OK);

    f->now += MFA_HOUR - 1;
    assert_int_equal(book(f, &call), MFA_LIMITED);

    f->now += 1;
    assert_int_equal(book_all(f, tx_book, &call), 3);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_DAY);

    f->now += 12 * MFA_HOUR;
    assert_int_equal(book(f, &call), MFA_LIMITED);

    f->now = call.retry_at - 1;
    assert_int_equal(book(f, &call), MFA_LIMITED);

    f->now += 1;
    assert_int_equal(book(f, &call), MFA_OK);
}


/* H9: 10 an hour and 30 a day after a right password */

static void
a_person_may_be_sent_more(void **state)
{
    int         hour, sum = 0;
    call_t      call = { .kind = MFA_LIMIT_SEND_PERSON,
                         .subject = mfa_str("user:1") };
    fixture_t  *f = *state;

    assert_int_equal(book_all(f, tx_book, &call), 10);
    sum = 10;

    for (hour = 1; hour < 24; hour++) {
        f->now += MFA_HOUR;
        sum += book_all(f, tx_book, &call);
    }

    assert_int_equal(sum, 30);
}


static void
kinds_do_not_share_a_budget(void **state)
{
    call_t      call = mailbox("ann@example.org"), other = call;
    fixture_t  *f = *state;

    other.kind = MFA_LIMIT_SEND_PERSON;

    assert_int_equal(book_all(f, tx_book, &call), 3);
    assert_int_equal(book_all(f, tx_book, &other), 10);
}


/* H1, X54: 5 are free, then the waits grow */

static void
waits_grow_from_the_sixth_failure_in_a_row(void **state)
{
    int         i;
    call_t      call = person("user:1");
    fixture_t  *f = *state;

    static const mfa_time_t  waits[] = { 2, 4, 8, 16, 32, 60, 60 };

    f->settings.limits[MFA_LIMIT_LOGIN_PERSON].most[0] = 100;

    for (i = 0; i < 5; i++) {
        assert_int_equal(book(f, &call), MFA_OK);
    }

    for (i = 0; i < 7; i++) {
        assert_int_equal(book(f, &call), MFA_OK);
        assert_int_equal(book(f, &call), MFA_LIMITED);
        assert_int_equal(call.retry_at, f->now + waits[i] * MFA_SECOND);

        f->now = call.retry_at - 1;
        assert_int_equal(book(f, &call), MFA_LIMITED);
        f->now += 1;
    }

    assert_int_equal(book(f, &call), MFA_OK);
    update(f, tx_refund, &call);

    for (i = 0; i < 5; i++) {
        assert_int_equal(book(f, &call), MFA_OK);
    }
}


/* X54: twelve wrong ones; held for the rest of the hour, then accepted */

static void
ten_failures_an_hour_are_the_end(void **state)
{
    int         i, booked = 0;
    call_t      call = person("user:1");
    fixture_t  *f = *state;

    for (i = 0; i < 12; i++) {
        booked += book(f, &call) == MFA_OK;
        f->now += MFA_MINUTE;
    }

    assert_int_equal(booked, 10);
    assert_int_equal(book(f, &call), MFA_LIMITED);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_HOUR);

    f->now = call.retry_at;
    assert_int_equal(book(f, &call), MFA_OK);
    update(f, tx_refund, &call);
    assert_int_equal(call.st, MFA_OK);
}


/* H3, X57: what alice's own log-ins give back is only their own booking */

static void
a_success_does_not_refill_the_budget_of_the_day(void **state)
{
    int         hour, i, failures = 0;
    call_t      call = person("user:alice");
    fixture_t  *f = *state;

    for (hour = 0; hour < 24; hour++) {
        for (i = 0; i < 8; i++) {

            /* the attacker fails, then the owner comes in */

            failures += book(f, &call) == MFA_OK;

            if (book(f, &call) == MFA_OK) {
                update(f, tx_refund, &call);
            }
        }

        f->now += MFA_HOUR;
    }

    assert_in_range(failures, 29, 30);
}


static void
a_refund_gives_back_exactly_one(void **state)
{
    call_t      call = mailbox("ann@example.org");
    fixture_t  *f = *state;

    assert_int_equal(book_all(f, tx_book, &call), 3);
    update(f, tx_refund, &call);
    assert_int_equal(book_all(f, tx_book, &call), 1);

    f->now += MFA_DAY;
    update(f, tx_refund, &call);
    update(f, tx_refund, &call);
    assert_int_equal(book_all(f, tx_book, &call), 3);
}


/* whoever only ever succeeds leaves nothing behind */

static void
a_booking_given_back_leaves_no_record(void **state)
{
    call_t      call = person("user:1");
    fixture_t  *f = *state;

    assert_int_equal(book(f, &call), MFA_OK);
    update(f, tx_refund, &call);
    update(f, tx_all_bytes, &call);
    assert_int_equal(call.count, 0);
}


/* H6 */

static void
a_refused_booking_and_a_look_write_nothing(void **state)
{
    int         i;
    call_t      call = mailbox("ann@example.org");
    mfa_str_t   before;
    fixture_t  *f = *state;

    update(f, tx_look, &call);
    assert_int_equal(call.st, MFA_OK);
    update(f, tx_all_bytes, &call);
    assert_int_equal(call.count, 0);

    assert_int_equal(book_all(f, tx_book, &call), 3);
    update(f, tx_all_bytes, &call);
    before = call.found;

    for (i = 0; i < 5; i++) {
        f->now += MFA_MINUTE;
        assert_int_equal(book(f, &call), MFA_LIMITED);
        update(f, tx_look, &call);
        assert_int_equal(call.st, MFA_LIMITED);
        assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_HOUR);
    }

    update(f, tx_all_bytes, &call);
    assert_true(mfa_str_eq(before, call.found));
}


/* subjects are addresses and names: only digests of them are kept */

static void
a_subject_is_not_in_the_store(void **state)
{
    call_t      call = mailbox("ann@example.org");
    fixture_t  *f = *state;

    assert_int_equal(book(f, &call), MFA_OK);
    update(f, tx_all_bytes, &call);
    assert_int_equal(call.count, 1);
    assert_null(memmem(call.found.data, call.found.len, "ann", 3));
}


/* J13, CK4 */

static void
a_clock_that_steps_back_shortens_no_wait(void **state)
{
    call_t      call = mailbox("ann@example.org");
    fixture_t  *f = *state;

    f->now += MFA_DAY;
    assert_int_equal(book_all(f, tx_book, &call), 3);

    f->now -= 20 * MFA_HOUR;
    assert_int_equal(book(f, &call), MFA_LIMITED);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_DAY + MFA_HOUR);

    f->now -= 20 * MFA_DAY;
    assert_int_equal(book(f, &call), MFA_LIMITED);
}


static void
odd_subjects_are_refused(void **state)
{
    char        text[256];
    call_t      call = mailbox("");
    fixture_t  *f = *state;

    memset(text, 'x', sizeof(text));

    assert_int_equal(book(f, &call), MFA_INVALID);
    call.subject = mfa_str_bytes(text, 255);
    assert_int_equal(book(f, &call), MFA_INVALID);
    call.subject.len = 254;
    assert_int_equal(book(f, &call), MFA_OK);
    call.kind = MFA_LIMIT_COUNT;
    assert_int_equal(book(f, &call), MFA_INVALID);
}


#define TRIERS  20

typedef struct {
    fixture_t    *f;
    call_t        call;
    mfa_status_t  st;
    pthread_t     thread;
} trier_t;


static void *
try(void *arg)
{
    trier_t     *trier = arg;
    mfa_work_t   work = { .model = &trier->f->model };

    work.arena = mfa_arena_open(1024 * 1024);
    trier->st = mfa_update(&work, tx_book, &trier->call);
    mfa_arena_close(&work.arena);

    return NULL;
}


/* H1: parallel tries cannot overshoot */

static void
parallel_tries_book_no_more_than_the_budget(void **state)
{
    int         i, booked = 0;
    trier_t     triers[TRIERS];
    fixture_t  *f = *state;

    for (i = 0; i < TRIERS; i++) {
        triers[i] = (trier_t) { .f = f, .call = mailbox("ann@example.org") };
        assert_int_equal(pthread_create(&triers[i].thread, NULL, try,
                                        &triers[i]), 0);
    }

    for (i = 0; i < TRIERS; i++) {
        pthread_join(triers[i].thread, NULL);
        assert_int_equal(triers[i].st, MFA_OK);
        booked += triers[i].call.st == MFA_OK;
    }

    assert_int_equal(booked, 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_budget_is_booked_until_it_is_used_up),
        each(a_person_may_be_sent_more),
        each(kinds_do_not_share_a_budget),
        each(waits_grow_from_the_sixth_failure_in_a_row),
        each(ten_failures_an_hour_are_the_end),
        each(a_success_does_not_refill_the_budget_of_the_day),
        each(a_refund_gives_back_exactly_one),
        each(a_booking_given_back_leaves_no_record),
        each(a_refused_booking_and_a_look_write_nothing),
        each(a_subject_is_not_in_the_store),
        each(a_clock_that_steps_back_shortens_no_wait),
        each(odd_subjects_are_refused),
        each(parallel_tries_book_no_more_than_the_budget)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
