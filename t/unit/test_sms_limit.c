/*
 * SMS and calls: how often they are sent, and where to no more (H8).
 */

#include "mfa_test_model.h"


typedef struct {
    mfa_str_t      number;
    mfa_time_t     retry_at;
    unsigned       table;
    mfa_str_t      found;               /* all bytes of the table */
    mfa_str_t      key;
    mfa_str_t      bytes;
    size_t         count;
    mfa_status_t   st;
} call_t;


static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static mfa_status_t
tx_book(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_sms_book(tx, call->number, &call->retry_at));
}


static mfa_status_t
tx_done(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_sms_done(tx, call->number));
}


static mfa_status_t
tx_all_bytes(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_buf_t      buf;
    mfa_cursor_t   cursor = { .table = call->table };
    mfa_status_t   st;

    call->count = 0;
    mfa_buf_init(&buf, tx->work->arena, 8 * 1024 * 1024);

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        mfa_buf_put(&buf, cursor.key);
        mfa_buf_put(&buf, cursor.value);
        call->key = cursor.key;
        call->count++;
    }

    return st == MFA_NOT_FOUND ? mfa_buf_str(&buf, &call->found) : st;
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, call->table, call->key, call->bytes);
}


/* the nth number of a route of ten thousand */

static call_t
to(fixture_t *f, const char *route, unsigned n)
{
    call_t  call = { .st = MFA_OK };

    call.number = mfa_arena_printf(f->arena, "%s%04u", route, n);
    assert_non_null(call.number.data);

    return call;
}


static mfa_status_t
book(fixture_t *f, const char *route, unsigned n)
{
    call_t  call = to(f, route, n);

    update(f, tx_book, &call);

    return call.st;
}


static void
done(fixture_t *f, const char *route, unsigned n)
{
    call_t  call = to(f, route, n);

    update(f, tx_done, &call);
    assert_int_equal(call.st, MFA_OK);
}


/* count messages, back of which come back */

static void
traffic(fixture_t *f, const char *route, unsigned count, unsigned back)
{
    unsigned  i;

    for (i = 0; i < count; i++) {
        assert_int_equal(book(f, route, i), MFA_OK);

        if (i < back) {
            done(f, route, i);
        }
    }
}


static call_t
look(fixture_t *f, unsigned table)
{
    call_t  call = { .table = table };

    update(f, tx_all_bytes, &call);

    return call;
}


/* H8: 10 an hour and 30 a day to one number */

static void
one_number_gets_a_few(void **state)
{
    int         i;
    call_t      call;
    fixture_t  *f = *state;

    call = to(f, "+44770090", 123);

    for (i = 0; i < 30; i++) {
        if (i > 0 && i % 10 == 0) {
            update(f, tx_book, &call);
            assert_int_equal(call.st, MFA_LIMITED);
            assert_int_equal(call.retry_at, f->now + MFA_HOUR);
            f->now += MFA_HOUR;
        }

        update(f, tx_book, &call);
        assert_int_equal(call.st, MFA_OK);
        update(f, tx_done, &call);
    }

    f->now += MFA_HOUR;
    update(f, tx_book, &call);
    assert_int_equal(call.st, MFA_LIMITED);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_DAY);

    f->now = FIXTURE_NOW + MFA_DAY;
    update(f, tx_book, &call);
    assert_int_equal(call.st, MFA_OK);
}


/* H8, X104: 1,000 numbers of one prefix */

static void
one_route_gets_a_hundred_a_day(void **state)
{
    unsigned    i, sent = 0;
    fixture_t  *f = *state;

    for (i = 0; i < 1000; i++) {
        if (book(f, "+44770090", i) == MFA_OK) {
            done(f, "+44770090", i);
            sent++;
        }
    }

    assert_int_equal(sent, 100);
    assert_int_equal(book(f, "+44770091", 0), MFA_OK);
    assert_int_equal(book(f, "+44163296", 0), MFA_OK);

    f->now += MFA_DAY;
    assert_int_equal(book(f, "+44770090", 5), MFA_OK);
}


/* H8: the bill of a day */

static void
all_numbers_together_get_a_thousand_a_day(void **state)
{
    char        route[16];
    unsigned    i;
    fixture_t  *f = *state;

    f->settings.limits[MFA_LIMIT_SMS_ALL].most[0] = 50;

    for (i = 0; i < 50; i++) {
        snprintf(route, sizeof(route), "+4477009%u", i);
        assert_int_equal(book(f, route, i), MFA_OK);
    }

    assert_int_equal(book(f, "+44163296", 0), MFA_LIMITED);

    /* what is refused is not counted: neither number nor route */

    f->now += MFA_DAY;
    f->settings.limits[MFA_LIMIT_SMS_NUMBER].most[0] = 1;
    f->settings.limits[MFA_LIMIT_SMS_ROUTE].most[0] = 1;
    assert_int_equal(book(f, "+44163296", 0), MFA_OK);
    assert_int_equal(book(f, "+44163296", 1), MFA_LIMITED);
    assert_int_equal(book(f, "+44163297", 0), MFA_OK);
}


/* H8: fewer than 20 in 100 of the last 50 */

static void
a_route_where_few_codes_come_back_is_blocked_for_a_day(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    traffic(f, "+44770090", 49, 9);
    f->now += MFA_MINUTE;
    assert_int_equal(book(f, "+44770090", 100), MFA_OK);

    call = to(f, "+44770090", 101);
    f->now += MFA_MINUTE;
    update(f, tx_book, &call);
    assert_int_equal(call.st, MFA_LIMITED);
    assert_int_equal(call.retry_at, f->now - MFA_MINUTE + MFA_DAY);
    assert_int_equal(book(f, "+44770091", 0), MFA_OK);

    /* asking again does not prolong it */

    f->now += MFA_HOUR;
    update(f, tx_book, &call);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_MINUTE + MFA_DAY);

    f->now = call.retry_at - 1;
    assert_int_equal(book(f, "+44770090", 101), MFA_LIMITED);
    f->now += 1;
    assert_int_equal(book(f, "+44770090", 101), MFA_OK);

    /* and it is judged anew, not by what was before */

    traffic(f, "+44770090", 49, 0);
    assert_int_equal(book(f, "+44770090", 102), MFA_LIMITED);
}


static void
a_route_where_enough_codes_come_back_stays_open(void **state)
{
    fixture_t  *f = *state;

    traffic(f, "+44770090", 50, 10);
    assert_int_equal(book(f, "+44770090", 100), MFA_OK);

    /* one more that is lost, and the first that came back is of the past */

    assert_int_equal(book(f, "+44770090", 101), MFA_LIMITED);

    /* the code of the last one is typed at last */

    done(f, "+44770090", 100);
    assert_int_equal(book(f, "+44770090", 101), MFA_OK);
}


/* whoever types one right code often has sent it once */

static void
a_completion_counts_once_for_each_that_was_sent(void **state)
{
    int         i;
    fixture_t  *f = *state;

    traffic(f, "+44770090", 1, 1);

    for (i = 0; i < 100; i++) {
        done(f, "+44770090", 0);
    }

    traffic(f, "+44770090", 49, 0);
    assert_int_equal(book(f, "+44770090", 100), MFA_LIMITED);

    /* of a route that nothing was sent to there is nothing to count */

    done(f, "+44770091", 0);
    assert_int_equal(look(f, MFA_TABLE_ROUTE).count, 1);
}


/* a refused booking is no message that was lost */

static void
a_refused_booking_is_not_judged(void **state)
{
    int         i;
    call_t      before, after;
    fixture_t  *f = *state;

    f->settings.limits[MFA_LIMIT_SMS_NUMBER].most[0] = 1;
    assert_int_equal(book(f, "+44770090", 1), MFA_OK);
    before = look(f, MFA_TABLE_ROUTE);

    for (i = 0; i < 60; i++) {
        assert_int_equal(book(f, "+44770090", 1), MFA_LIMITED);
    }

    after = look(f, MFA_TABLE_ROUTE);
    assert_true(mfa_str_eq(before.found, after.found));
}


static void
what_is_no_number_is_refused(void **state)
{
    size_t      i;
    call_t      call = { .st = MFA_OK };
    fixture_t  *f = *state;

    static const mfa_str_t  bad[] = {
        mfa_str_static(""), mfa_str_static("+"), mfa_str_static("+123456"),
        mfa_str_static("+1234567890123456"), mfa_str_static("447700900123"),
        mfa_str_static("+44 7700900123"), mfa_str_static("+4477009001x3"),
        mfa_str_static("+44770090012\0"), mfa_str_static("07700900123")
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        call.number = bad[i];
        update(f, tx_book, &call);
        assert_int_equal(call.st, MFA_INVALID);
        update(f, tx_done, &call);
        assert_int_equal(call.st, MFA_INVALID);
    }

    assert_int_equal(look(f, MFA_TABLE_ROUTE).count, 0);
    assert_int_equal(look(f, MFA_TABLE_LIMIT).count, 0);
}


/* J8: whose telephone rings is nobody's who reads the store */

static void
no_number_is_in_the_store(void **state)
{
    size_t      i;
    call_t      all;
    fixture_t  *f = *state;

    static const unsigned  tables[] = { MFA_TABLE_ROUTE, MFA_TABLE_LIMIT };

    assert_int_equal(book(f, "+44770090", 123), MFA_OK);
    done(f, "+44770090", 123);

    for (i = 0; i < 2; i++) {
        all = look(f, tables[i]);
        assert_true(all.count > 0);
        assert_null(memmem(all.found.data, all.found.len, "44770090", 8));
        assert_null(memmem(all.found.data, all.found.len, "0123", 4));
    }
}


/* a fault denies: nothing is sent on a guess */

static void
a_route_that_cannot_be_read_gets_nothing(void **state)
{
    size_t      i;
    call_t      call, row;
    fixture_t  *f = *state;

    static const mfa_str_t  rows[] = {
        mfa_str_static("\001damaged!"), mfa_str_static("\001\063\000\000"),
        mfa_str_static("\002newer")
    };

    assert_int_equal(book(f, "+44770090", 1), MFA_OK);
    row = look(f, MFA_TABLE_ROUTE);

    for (i = 0; i < 3; i++) {
        row.bytes = rows[i];
        update(f, tx_raw_put, &row);
        call = to(f, "+44770090", 2);
        update(f, tx_book, &call);
        assert_true(mfa_status_is_fault(call.st));
    }
}


static void
an_idle_route_is_purged(void **state)
{
    size_t              removed;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_ROUTE };

    assert_int_equal(book(f, "+44770090", 1), MFA_OK);
    f->now += 30 * MFA_DAY - 1;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1, &removed),
                     MFA_OK);
    assert_int_equal(removed, 0);

    f->now += 1;
    cursor = (mfa_purge_cursor_t) { .table = MFA_TABLE_ROUTE };
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1, &removed),
                     MFA_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(look(f, MFA_TABLE_ROUTE).count, 0);
}


/* H8 */

static void
bookings_outlive_a_restart(void **state)
{
    int         i;
    fixture_t  *f = *state;

    for (i = 0; i < 10; i++) {
        assert_int_equal(book(f, "+44770090", 1), MFA_OK);
    }

    if (strcmp(f->engine, "lmdb") == 0) {
        fixture_restart(f);
    }

    assert_int_equal(book(f, "+44770090", 1), MFA_LIMITED);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(one_number_gets_a_few),
        each(one_route_gets_a_hundred_a_day),
        each(all_numbers_together_get_a_thousand_a_day),
        each(a_route_where_few_codes_come_back_is_blocked_for_a_day),
        each(a_route_where_enough_codes_come_back_stays_open),
        each(a_completion_counts_once_for_each_that_was_sent),
        each(a_refused_booking_is_not_judged),
        each(what_is_no_number_is_refused),
        each(no_number_is_in_the_store),
        each(a_route_that_cannot_be_read_gets_nothing),
        each(an_idle_route_is_purged),
        each(bookings_outlive_a_restart)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
