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


static mfa_status_t
tx_refuse(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_reset_request_t   old = call->request;

    return answer(call, mfa_reset_request_refuse(tx, &old, &call->staff,
                                                 call->statement));
}


static mfa_status_t
refuse(fixture_t *f, call_t *call, const char *name, const char *reason)
{
    memset(call->staff.id.bytes, name[0], MFA_ID_SIZE);
    call->staff.first_name = mfa_str_from(name);
    call->statement = mfa_str_from(reason);
    assert_int_equal(mfa_update(fixture_work(f), tx_refuse, call), MFA_OK);

    return call->st;
}


/* A3: open or approved, until it is used */
static void
who_refused_a_request_and_why_is_kept(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(refuse(f, &call, "sam", " "), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
    assert_int_equal(call.request.refusal.name.len, 0);

    f->now += MFA_HOUR;
    assert_int_equal(refuse(f, &call, "sam", " it was\nher sister "), MFA_OK);
    assert_int_equal(state(f, &call), MFA_REQUEST_REFUSED);
    assert_true(mfa_str_eq_c(call.request.refusal.name, "sam"));
    assert_true(mfa_str_eq_c(call.request.refusal.statement,
                             "it was her sister"));
    assert_int_equal(call.request.refusal.at, f->now);
    assert_int_equal(call.request.refusal.staff.bytes[0], 's');
    assert_int_equal(call.request.approval_count, 1);

    assert_int_equal(refuse(f, &call, "ada", "once more"), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_REFUSED);
    assert_true(mfa_str_eq_c(call.request.refusal.name, "sam"));

    update(f, tx_open, &call);
    call.id = call.request.id;
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_OK);
    assert_int_equal(refuse(f, &call, "sam", "too late"), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_USED);
}


/* the row as version 1 wrote it: without who refused, 20 bytes of nobody */

#define NOBODY_BYTES  (1 + MFA_ID_SIZE + 1 + 1 + 1)

static mfa_status_t
tx_make_old(mfa_tx_t *tx, void *arg)
{
    char           row[8192];
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_REQUEST };
    mfa_status_t   st;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    assert_in_range(cursor.value.len, NOBODY_BYTES, sizeof(row));
    memcpy(row, cursor.value.data, cursor.value.len);
    assert_int_equal(row[0], 2);
    row[0] = (char) call->count;

    return mfa_txn_put(tx->txn, MFA_TABLE_REQUEST, cursor.key,
                       mfa_str_bytes(row, cursor.value.len - NOBODY_BYTES));
}


static void
an_older_row_is_read_and_written_anew(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);

    call.count = 1;
    assert_int_equal(mfa_update(fixture_work(f), tx_make_old, &call), MFA_OK);
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
    assert_int_equal(call.request.approval_count, 1);
    assert_int_equal(call.request.refusal.name.len, 0);

    assert_int_equal(refuse(f, &call, "sam", "not her"), MFA_OK);
    assert_int_equal(state(f, &call), MFA_REQUEST_REFUSED);
    assert_true(mfa_str_eq_c(call.request.refusal.name, "sam"));
}


static void
a_new_row_without_its_end_is_damaged(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    call.count = 2;
    assert_int_equal(mfa_update(fixture_work(f), tx_make_old, &call), MFA_OK);
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
        each(who_refused_a_request_and_why_is_kept),
        each(an_older_row_is_read_and_written_anew),
        each(a_new_row_without_its_end_is_damaged),
        each(without_randomness_there_is_no_request)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
