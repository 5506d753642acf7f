/* Requests at their end: past, purged, gone with their user, damaged. */

#include "mfa_test_request.h"


/* C9 */
static void
an_open_request_ends_after_fourteen_days(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    f->now += 14 * MFA_DAY - 1;
    assert_int_equal(state(f, &call), MFA_REQUEST_OPEN);
    f->now += 1;
    assert_int_equal(state(f, &call), MFA_REQUEST_EXPIRED);
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    assert_int_equal(become(f, &call, MFA_REQUEST_CANCELLED), MFA_INVALID);

    update(f, tx_of, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    update(f, tx_open, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(count(f, &call), 2);
}


/* N5: 90 days after the end, not after the beginning */
static void
requests_are_purged_ninety_days_after_their_end(void **arg)
{
    size_t               removed;
    call_t               call;
    fixture_t           *f = *arg;
    mfa_purge_cursor_t   cursor = { .len = 0 };

    ask(f, &call);
    f->now += (14 + 90) * MFA_DAY - 1;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(count(f, &call), 1);

    f->now += 1;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(count(f, &call), 0);
    update(f, tx_of, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    update(f, tx_get, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
}


/* a purge of an old request must not take the place of the new one along */
static void
purge_leaves_the_open_request_of_the_same_user(void **arg)
{
    size_t               removed;
    call_t               call;
    fixture_t           *f = *arg;
    mfa_purge_cursor_t   cursor = { .len = 0 };

    ask(f, &call);
    assert_int_equal(become(f, &call, MFA_REQUEST_REFUSED), MFA_OK);
    f->now += 90 * MFA_DAY;
    update(f, tx_open, &call);
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(count(f, &call), 1);
    update(f, tx_of, &call);
    assert_int_equal(call.st, MFA_OK);
}


static void
requests_go_with_their_user(void **arg)
{
    size_t               removed;
    call_t               call;
    fixture_t           *f = *arg;
    mfa_purge_cursor_t   cursor = { .len = 0 };

    ask(f, &call);
    assert_int_equal(become(f, &call, MFA_REQUEST_REFUSED), MFA_OK);
    update(f, tx_open, &call);
    assert_int_equal(count(f, &call), 2);
    assert_int_equal(mfa_update(fixture_work(f), tx_delete_user, &call),
                     MFA_OK);
    assert_int_equal(count(f, &call), 1);
    update(f, tx_of, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(count(f, &call), 0);
}


static void
a_damaged_request_is_told_and_opens_nothing(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(mfa_update(fixture_work(f), tx_spoil, &call), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), tx_of, &call), MFA_DAMAGED);
    assert_int_equal(call.request.state, MFA_REQUEST_REFUSED);
}


/* J12 */
static void
without_randomness_there_is_no_request(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    assert_int_equal(become(f, &call, MFA_REQUEST_REFUSED), MFA_OK);
    f->is_random_broken = true;
    assert_int_equal(mfa_update(fixture_work(f), tx_open, &call), MFA_CRYPTO);
    assert_int_equal(count(f, &call), 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(an_open_request_ends_after_fourteen_days),
        each(requests_are_purged_ninety_days_after_their_end),
        each(purge_leaves_the_open_request_of_the_same_user),
        each(requests_go_with_their_user),
        each(a_damaged_request_is_told_and_opens_nothing),
        each(without_randomness_there_is_no_request)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
