/*
 * The audit: every event of an update is a row, and each thing that can be
 * done to the rows without the key is found.
 */

#include "mfa_test_audit.h"


static mfa_status_t
tx_next(mfa_tx_t *tx, void *arg)
{
    audit_t  *call = arg;

    call->st = mfa_audit_next(tx, call->number, &call->row);

    return MFA_OK;
}


static mfa_status_t
next(fixture_t *f, uint64_t after, mfa_audit_t *row)
{
    audit_t  call = { .number = after };

    assert_int_equal(mfa_view(fixture_work(f), tx_next, &call), MFA_OK);
    *row = call.row;

    return call.st;
}


/* M3 N1: the lines of the event log, in their order, without a gap */
static void
the_events_of_an_update_are_rows_in_order(void **state)
{
    size_t        i;
    audit_t       call = { .many = 3 };
    mfa_strs_t    lines;
    mfa_audit_t   row;
    fixture_t    *f = *state;

    audit_add(f, 2);
    assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call), MFA_OK);
    lines = f->work.events.lines;
    assert_int_equal(lines.count, 3);
    row.number = 0;

    for (i = 1; i <= 5; i++) {
        assert_int_equal(next(f, row.number, &row), MFA_OK);
        assert_int_equal(row.number, i);
        assert_true(mfa_str_has_prefix(row.line, mfa_str("{\"time\":\"2026-")));

        if (i > 2) {
            assert_true(mfa_str_eq(row.line, lines.items[i - 3]));
        }
    }

    assert_int_equal(next(f, 5, &row), MFA_NOT_FOUND);
    assert_audit_good(f, 6);
}


static void
what_was_not_committed_has_no_row(void **state)
{
    audit_t     call = { .many = 2, .fails = true };
    fixture_t  *f = *state;

    audit_add(f, 1);
    assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call),
                     MFA_INVALID);
    audit_add(f, 1);
    assert_audit_good(f, 3);
}


static void
an_empty_audit_is_good(void **state)
{
    fixture_t  *f = *state;

    assert_audit_good(f, 1);
}


static void
a_row_costs_forty_bytes_more_than_its_line(void **state)
{
    mfa_audit_t   row;
    fixture_t    *f = *state;

    audit_add(f, 1);
    assert_int_equal(next(f, 0, &row), MFA_OK);
    assert_in_range(row_get(f, 1).len - row.line.len, 36, 45);
}


/* N3 */
static void
a_removed_row_is_found_at_either_end_and_in_the_middle(void **state)
{
    size_t       i;
    uint64_t     places[] = { 1, 4, ROWS };
    mfa_str_t    row;
    fixture_t   *f = *state;

    audit_add(f, ROWS);

    for (i = 0; i < 3; i++) {
        row = row_get(f, places[i]);
        row_delete(f, places[i]);
        assert_audit_damaged(f, places[i]);
        row_put(f, places[i], row);
        assert_audit_good(f, ROWS + 1);
    }
}


static void
a_tail_that_was_cut_off_is_found(void **state)
{
    uint64_t    i;
    fixture_t  *f = *state;

    audit_add(f, ROWS);

    for (i = 3; i <= ROWS; i++) {
        row_delete(f, i);
    }

    assert_audit_damaged(f, 3);
    row_delete(f, 1);
    row_delete(f, 2);
    assert_audit_damaged(f, 1);
}


/* the line, the moment, the MAC: each byte of a row counts */
static void
a_changed_byte_is_found(void **state)
{
    int          at;
    mfa_str_t    row;
    fixture_t   *f = *state;

    audit_add(f, 3);
    row = row_get(f, 2);

    for (at = 0; at < (int) row.len; at++) {
        row_put(f, 2, changed(f, row, at));
        assert_int_not_equal(audit_check(f, 100, NULL), MFA_NOT_FOUND);
    }

    row_put(f, 2, changed(f, row, 20));
    assert_audit_damaged(f, 2);
}


static void
two_rows_that_were_swapped_are_found(void **state)
{
    mfa_str_t   two, three;
    fixture_t  *f = *state;

    audit_add(f, ROWS);
    two = row_get(f, 2);
    three = row_get(f, 3);
    row_put(f, 2, three);
    row_put(f, 3, two);
    assert_audit_damaged(f, 2);
}


/* a row taken out and all later ones moved up, the mark being left */
static void
rows_that_were_moved_up_are_found(void **state)
{
    uint64_t    i;
    fixture_t  *f = *state;

    audit_add(f, ROWS);

    for (i = 4; i < ROWS; i++) {
        row_put(f, i, row_get(f, i + 1));
    }

    row_delete(f, ROWS);
    assert_audit_damaged(f, 4);
}


/* a row of ours again, under a number between, before or behind the others */
static void
a_row_that_was_put_in_is_found(void **state)
{
    char         between[9];
    mfa_str_t    row, key;
    fixture_t   *f = *state;

    audit_add(f, ROWS);
    row = row_get(f, 5);

    memcpy(between, audit_key(f, 5).data, 8);
    between[8] = 'x';
    key = mfa_str_bytes(between, sizeof(between));
    raw_put(f, MFA_TABLE_AUDIT, key, row);
    assert_audit_damaged(f, 6);
    raw_delete(f, MFA_TABLE_AUDIT, key);

    key = mfa_str("\x01");
    raw_put(f, MFA_TABLE_AUDIT, key, row);
    assert_int_equal(audit_check(f, 100, NULL), MFA_DAMAGED);
    raw_delete(f, MFA_TABLE_AUDIT, key);

    key = mfa_str_bytes("\0", 1);
    raw_put(f, MFA_TABLE_AUDIT, key, row);
    assert_audit_damaged(f, 1);
    raw_delete(f, MFA_TABLE_AUDIT, key);

    row_put(f, 0, row);
    assert_audit_damaged(f, 1);
    row_delete(f, 0);

    row_put(f, ROWS + 1, row_get(f, ROWS));
    assert_audit_damaged(f, ROWS + 1);
    row_delete(f, ROWS + 1);

    row_put(f, ROWS + 900, row);
    assert_audit_damaged(f, ROWS + 1);
    row_delete(f, ROWS + 900);
    assert_audit_good(f, ROWS + 1);
}


/* the mark itself, written to fit what is left: it has a MAC of its own */
static void
a_changed_mark_is_found(void **state)
{
    int          at;
    mfa_str_t    mark;
    fixture_t   *f = *state;

    audit_add(f, 3);
    mark = raw_get(f, MFA_TABLE_META, MARK);
    assert_true(mark.len > 64);

    for (at = 0; at < (int) mark.len; at++) {
        raw_put(f, MFA_TABLE_META, MARK, changed(f, mark, at));
        assert_int_not_equal(audit_check(f, 100, NULL), MFA_NOT_FOUND);
    }

    raw_put(f, MFA_TABLE_META, MARK, changed(f, mark, 1));
    row_delete(f, 3);
    assert_audit_damaged(f, 0);

    raw_delete(f, MFA_TABLE_META, MARK);
    assert_audit_damaged(f, 0);
}


/* between two steps of a check the end was cut and the mark put back */
static void
a_mark_put_back_during_a_check_is_found(void **state)
{
    audit_t      call = { .most = 7 };
    uint64_t     i;
    mfa_str_t    mark;
    fixture_t   *f = *state;

    audit_add(f, 4);
    mark = raw_get(f, MFA_TABLE_META, MARK);
    audit_add(f, 4);

    assert_int_equal(mfa_view(fixture_work(f), audit_tx_check, &call), MFA_OK);
    assert_int_equal(call.st, MFA_OK);

    raw_put(f, MFA_TABLE_META, MARK, mark);
    assert_audit_damaged(f, 5);

    for (i = 5; i <= 8; i++) {
        row_delete(f, i);
    }

    assert_int_equal(mfa_view(fixture_work(f), audit_tx_check, &call), MFA_OK);
    assert_int_equal(call.st, MFA_DAMAGED);
}


/* people can go on, and it is seen for ever after */
static void
after_a_lost_mark_the_chain_goes_on_behind_a_gap(void **state)
{
    size_t        i;
    uint64_t      at;
    mfa_audit_t   row;
    fixture_t    *f = *state;

    for (i = 0; i < 2; i++) {
        audit_add(f, 3);
        f->errors = 0;

        if (i == 0) {
            raw_delete(f, MFA_TABLE_META, MARK);

        } else {
            raw_put(f, MFA_TABLE_META, MARK, mfa_str("\x01zz"));
        }

        audit_add(f, 2);
        assert_true(f->errors > 0);
        assert_int_equal(audit_check(f, 2, &at), MFA_DAMAGED);
        assert_int_equal(at, 4);
    }

    assert_int_equal(next(f, 3, &row), MFA_OK);
    assert_int_equal(row.number, 5);
    assert_int_equal(next(f, 9, &row), MFA_OK);
    assert_int_equal(row.number, 11);
}


/* all rows and the mark spoilt: no new beginning with a clean sheet */
static void
a_spoilt_mark_without_rows_is_no_new_audit(void **state)
{
    mfa_str_t   mark;
    fixture_t  *f = *state;

    audit_add(f, 1);
    row_delete(f, 1);
    mark = changed(f, raw_get(f, MFA_TABLE_META, MARK), 1);
    raw_put(f, MFA_TABLE_META, MARK, mark);
    assert_audit_damaged(f, 0);
    audit_add(f, 1);
    assert_audit_damaged(f, 1);

    row_delete(f, 2);
    raw_put(f, MFA_TABLE_META, MARK, mfa_str("\x01zz"));
    audit_add(f, 1);
    assert_audit_damaged(f, 1);
}


/* J14 */
static void
a_mark_of_a_newer_program_stops_the_update(void **state)
{
    audit_t     call = { .many = 1 };
    fixture_t  *f = *state;

    audit_add(f, 1);
    raw_put(f, MFA_TABLE_META, MARK, mfa_str("\x63new"));
    assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call),
                     MFA_NEWER);
    assert_int_equal(audit_check(f, 10, NULL), MFA_NEWER);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(the_events_of_an_update_are_rows_in_order),
        each(what_was_not_committed_has_no_row),
        each(an_empty_audit_is_good),
        each(a_row_costs_forty_bytes_more_than_its_line),
        each(a_removed_row_is_found_at_either_end_and_in_the_middle),
        each(a_tail_that_was_cut_off_is_found),
        each(a_changed_byte_is_found),
        each(two_rows_that_were_swapped_are_found),
        each(rows_that_were_moved_up_are_found),
        each(a_row_that_was_put_in_is_found),
        each(a_changed_mark_is_found),
        each(a_mark_put_back_during_a_check_is_found),
        each(after_a_lost_mark_the_chain_goes_on_behind_a_gap),
        each(a_spoilt_mark_without_rows_is_no_new_audit),
        each(a_mark_of_a_newer_program_stops_the_update)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
