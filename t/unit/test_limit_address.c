/*
 * Limits: whom a booking counts for, and what a flood leaves behind.
 */

#include "mfa_test_limit.h"


#define NAMES        50000
#define NAMES_A_TURN 1000
#define SLOTS        16384


static void
set_address(fixture_t *f, const char *hex)
{
    size_t    i;
    unsigned  byte;

    f->address = (mfa_address_t) { .len = (uint8_t) (strlen(hex) / 2) };

    for (i = 0; i < f->address.len; i++) {
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        f->address.bytes[i] = (uint8_t) byte;
    }
}


/* 4.6: 10 a minute, 60 an hour from one address */

static void
an_ipv4_client_has_a_budget_of_its_own(void **state)
{
    int         minute, sum;
    call_t      call = { .kind = MFA_LIMIT_LOGIN_ADDRESS };
    fixture_t  *f = *state;

    assert_int_equal(book_all(f, tx_book_address, &call), 10);
    assert_int_equal(call.retry_at, FIXTURE_NOW + MFA_MINUTE);

    set_address(f, "cb007108");
    assert_int_equal(book_all(f, tx_book_address, &call), 10);

    for (sum = 10, minute = 1; minute < 60; minute++) {
        f->now += MFA_MINUTE;
        sum += book_all(f, tx_book_address, &call);
    }

    assert_int_equal(sum, 60);
}


static void
a_mapped_ipv4_client_is_the_same_client(void **state)
{
    call_t      call = { .kind = MFA_LIMIT_LOGIN_ADDRESS };
    fixture_t  *f = *state;

    assert_int_equal(book_all(f, tx_book_address, &call), 10);

    set_address(f, "00000000000000000000ffffcb007107");
    assert_int_equal(book_all(f, tx_book_address, &call), 0);

    set_address(f, "00000000000000000000ffffcb007108");
    assert_int_equal(book_all(f, tx_book_address, &call), 10);
}


/* the /48 is used up by four of its /64, all or none is booked */

static void
an_ipv6_client_is_counted_by_64_and_by_48(void **state)
{
    int         i, sum = 0;
    char        hex[33];
    call_t      call = { .kind = MFA_LIMIT_LOGIN_ADDRESS };
    fixture_t  *f = *state;

    set_address(f, "20010db8000100010000000000000001");
    assert_int_equal(book_all(f, tx_book_address, &call), 10);
    set_address(f, "20010db800010001ffffffffffffffff");
    assert_int_equal(book_all(f, tx_book_address, &call), 0);

    for (i = 2; i < 8; i++) {
        snprintf(hex, sizeof(hex), "20010db80001%04x0000000000000001", i);
        set_address(f, hex);
        sum += book_all(f, tx_book_address, &call);
    }

    assert_int_equal(sum, 30);
    update(f, tx_all_bytes, &call);
    assert_int_equal(call.count, 5);

    set_address(f, "20010db8000200010000000000000001");
    assert_int_equal(book_all(f, tx_book_address, &call), 10);

    set_address(f, "20010db8000100010000000000000001");
    update(f, tx_refund_address, &call);
    assert_int_equal(book_all(f, tx_book_address, &call), 1);
}


static void
a_trusted_network_has_a_hundred_times_the_budget(void **state)
{
    call_t         call = { .kind = MFA_LIMIT_LOGIN_ADDRESS };
    fixture_t     *f = *state;
    mfa_network_t  network = {
        .base = { .bytes = { 203, 0, 113 }, .len = 4 }, .bits = 24
    };

    f->settings.trusted_networks = (mfa_networks_t) { &network, 1 };

    assert_int_equal(book_all(f, tx_book_address, &call), 1000);

    set_address(f, "c6336407");
    assert_int_equal(book_all(f, tx_book_address, &call), 10);
}


static void
a_client_without_an_address_is_not_counted(void **state)
{
    int         i;
    call_t      call = { .kind = MFA_LIMIT_LOGIN_ADDRESS };
    fixture_t  *f = *state;

    f->address.len = 0;

    for (i = 0; i < 100; i++) {
        update(f, tx_book_address, &call);
        assert_int_equal(call.st, MFA_OK);
    }

    update(f, tx_all_bytes, &call);
    assert_int_equal(call.count, 0);
}


static mfa_status_t
tx_flood(mfa_tx_t *tx, void *arg)
{
    char           name[48];
    size_t         i;
    call_t        *call = arg;
    mfa_str_t      subject;
    mfa_time_t     retry_at;
    mfa_status_t   st;

    for (i = call->first; i < call->first + NAMES_A_TURN; i++) {
        snprintf(name, sizeof(name), "n%zu@example.org", i);

        st = mfa_limit_person(tx, NULL, mfa_str_from(name), &subject);
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_limit_book(tx, MFA_LIMIT_LOGIN_PERSON, subject, &retry_at);
        if (st != MFA_OK && st != MFA_LIMITED) {
            return st;
        }
    }

    return MFA_OK;
}


/*
 * H7, H10: 50,000 names fill the slots; a million are no more of them. An
 * ordered store may leave its pages half empty and adds some bytes a record.
 */

static void
a_flood_of_unknown_names_does_not_grow_the_store(void **state)
{
    size_t             bytes;
    call_t             call = { .first = 0 };
    fixture_t         *f = *state;
    mfa_work_t         work;
    mfa_store_stat_t   before, after;

    assert_int_equal(mfa_store_stat(f->store, &before), MFA_OK);

    for ( ; call.first < NAMES; call.first += NAMES_A_TURN) {
        work = *fixture_work(f);
        work.arena = mfa_arena_open(FIXTURE_ARENA);
        assert_non_null(work.arena);
        assert_int_equal(mfa_update(&work, tx_flood, &call), MFA_OK);
        mfa_arena_close(&work.arena);
        f->now += MFA_SECOND;
    }

    assert_int_equal(mfa_store_stat(f->store, &after), MFA_OK);
    update(f, tx_all_bytes, &call);

    bytes = 2 * (call.found.len + call.count * 16);

    assert_in_range(call.count, SLOTS / 2, SLOTS);
    assert_in_range(bytes, 1, 4 * 1024 * 1024);

    if (strcmp(f->engine, "lmdb") == 0) {
        assert_true(after.used_bytes - before.used_bytes <= 4 * 1024 * 1024);
    }
}


static mfa_status_t
tx_persons(mfa_tx_t *tx, void *arg)
{
    mfa_str_t    *subjects = arg;
    mfa_user_t    user = { .id = { { 1 } } };
    mfa_status_t  st;

    st = mfa_limit_person(tx, &user, mfa_str("ann@example.org"),
                          &subjects[0]);

    if (st == MFA_OK) {
        st = mfa_limit_person(tx, &user, mfa_str("a.b@example.org"),
                              &subjects[1]);
    }

    if (st == MFA_OK) {
        st = mfa_limit_person(tx, NULL, mfa_str("ann@example.org"),
                              &subjects[2]);
    }

    return st;
}


static void
a_person_is_counted_under_any_address(void **state)
{
    mfa_str_t   subjects[3];
    fixture_t  *f = *state;

    assert_int_equal(mfa_view(fixture_work(f), tx_persons, subjects),
                     MFA_OK);
    assert_true(mfa_str_eq(subjects[0], subjects[1]));
    assert_false(mfa_str_eq(subjects[0], subjects[2]));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(an_ipv4_client_has_a_budget_of_its_own),
        each(a_mapped_ipv4_client_is_the_same_client),
        each(an_ipv6_client_is_counted_by_64_and_by_48),
        each(a_trusted_network_has_a_hundred_times_the_budget),
        each(a_client_without_an_address_is_not_counted),
        each(a_flood_of_unknown_names_does_not_grow_the_store),
        each(a_person_is_counted_under_any_address)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
