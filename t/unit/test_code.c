/*
 * Codes: for whom one works, and how often.
 */

#include "mfa_test_code.h"


static void
a_code_is_right_once(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    issue(f, &call);
    assert_int_equal(call.code.code.len, 6);
    assert_int_equal(call.code.reference.len, MFA_CODE_REFERENCE);
    assert_int_equal(call.code.made_at, FIXTURE_NOW);
    assert_int_equal(call.code.sent_at, 0);
    assert_int_equal(call.code.left, 5);

    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);

    update(f, tx_look, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
}


/* the row as version 2 wrote it: without the mark of long codes at its end */

static mfa_status_t
tx_make_older(mfa_tx_t *tx, void *arg)
{
    mfa_buf_t      buf;
    mfa_str_t      value, rest;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_CODE };
    mfa_status_t   st;
    mfa_unpack_t   in;

    (void) arg;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, cursor.value, tx->work->arena);
    assert_int_equal(mfa_unpack_number(&in), 3);
    rest = mfa_str_bytes(cursor.value.data + 1, cursor.value.len - 2);

    mfa_buf_init(&buf, tx->work->arena, cursor.value.len);
    mfa_pack_number(&buf, 2);
    mfa_buf_put(&buf, rest);

    st = mfa_buf_str(&buf, &value);

    return (st == MFA_OK)
           ? mfa_txn_put(tx->txn, MFA_TABLE_CODE, cursor.key, value) : st;
}


static void
a_code_that_an_older_release_made_still_works(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    issue(f, &call);
    update(f, tx_make_older, &call);
    update(f, tx_look, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(call.code.left, 5);

    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);
}


/* B13 */

static void
a_code_has_as_many_digits_as_are_set(void **state)
{
    size_t      i;
    call_t      call = place(1);
    fixture_t  *f = *state;

    f->settings.code_digits = 10;
    issue(f, &call);
    assert_int_equal(call.code.code.len, 10);

    for (i = 0; i < 10; i++) {
        assert_in_range(call.code.code.data[i], '0', '9');
    }

    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
}


/* B8, J10 */

static void
a_code_is_not_in_the_store(void **state)
{
    int         i;
    call_t      call = place(1);
    fixture_t  *f = *state;

    f->settings.code_digits = 10;

    for (i = 0; i < 3; i++) {
        issue(f, &call);
        update(f, tx_all_bytes, &call);
        assert_true(call.found.len > 2 * MFA_DIGEST_SIZE);
        assert_null(memmem(call.found.data, call.found.len,
                           call.typed.data, call.typed.len));
        assert_null(memmem(call.found.data, call.found.len,
                           "ann@example.org", 15));
        f->now += 8 * MFA_MINUTE;
    }
}


/* B9, X71-X73 */

static void
a_code_works_only_where_it_was_made_for(void **state)
{
    call_t      call = place(1), other;
    fixture_t  *f = *state;

    issue(f, &call);

    other = call;
    other.place.destination = mfa_str("eve@example.org");
    assert_int_equal(use(f, &other), MFA_CODE_WRONG);

    other = call;
    other.place.user.bytes[15] ^= 1;
    assert_int_equal(use(f, &other), MFA_CODE_WRONG);

    other = call;
    other.place.purpose = mfa_str("resume");
    assert_int_equal(use(f, &other), MFA_CODE_EXPIRED);

    other = call;
    other.place.flow.bytes[15] ^= 1;
    assert_int_equal(use(f, &other), MFA_CODE_EXPIRED);

    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
}


/* B9: nor in a flow that has a code of its own */

static void
a_code_of_another_flow_is_a_wrong_one(void **state)
{
    call_t      call = place(1), other = place(2);
    fixture_t  *f = *state;

    issue(f, &call);
    issue(f, &other);

    other.typed = call.code.code;
    assert_int_equal(use(f, &other), MFA_CODE_WRONG);
    assert_int_equal(other.left, 4);
}


/* B11, X69 */

static void
five_wrong_tries_destroy_a_code(void **state)
{
    int         i;
    call_t      call = place(1);
    mfa_str_t   right;
    fixture_t  *f = *state;

    issue(f, &call);
    right = call.code.code;
    call.typed = wrong(f, right);

    for (i = 1; i <= 4; i++) {
        assert_int_equal(use(f, &call), MFA_CODE_WRONG);
        assert_int_equal(call.left, 5 - i);
    }

    assert_int_equal(use(f, &call), MFA_CODE_SPENT);
    assert_int_equal(call.left, 0);

    call.typed = right;
    assert_int_equal(use(f, &call), MFA_CODE_SPENT);

    update(f, tx_look, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(call.code.left, 0);

    f->now += 31 * MFA_SECOND;
    call.typed = right;
    assert_int_equal(use(f, &call), MFA_CODE_SPENT);

    issue(f, &call);
    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
}


/* B11: tries under other settings were tries as well */

static void
fewer_tries_by_setting_spend_a_code_at_once(void **state)
{
    call_t      call = place(1);
    mfa_str_t   right;
    fixture_t  *f = *state;

    issue(f, &call);
    right = call.code.code;
    call.typed = wrong(f, right);
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);

    f->settings.code_tries = 2;
    call.typed = right;
    assert_int_equal(use(f, &call), MFA_CODE_SPENT);

    f->settings.code_tries = 5;
    assert_int_equal(use(f, &call), MFA_CODE_SPENT);
}


static void
an_odd_entry_is_wrong_and_counts(void **state)
{
    char        many[5000];
    call_t      call = place(1);
    fixture_t  *f = *state;

    issue(f, &call);
    memset(many, '1', sizeof(many));

    call.typed = mfa_null;
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);
    assert_int_equal(call.left, 4);

    call.typed = mfa_str_bytes(many, sizeof(many));
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);

    call.typed = call.code.code;
    call.typed.len = 5;
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);
    assert_int_equal(call.left, 2);
}


/* B12, X70 */

static void
a_new_code_kills_the_old_one(void **state)
{
    call_t      call = place(1);
    mfa_str_t   first, second, third;
    fixture_t  *f = *state;

    issue(f, &call);
    first = call.code.code;
    f->now += 31 * MFA_SECOND;
    issue(f, &call);
    second = call.code.code;

    call.typed = first;
    assert_int_equal(use(f, &call), MFA_CODE_EARLIER);
    assert_int_equal(call.left, 4);

    f->now += 61 * MFA_SECOND;
    issue(f, &call);
    third = call.code.code;

    call.typed = first;
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);
    call.typed = second;
    assert_int_equal(use(f, &call), MFA_CODE_EARLIER);
    assert_int_equal(call.left, 3);
    call.typed = third;
    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
}


/* B9, B12: what was sent to another address is just wrong */

static void
an_earlier_code_is_told_only_to_its_owner(void **state)
{
    call_t      call = place(1);
    mfa_str_t   first;
    fixture_t  *f = *state;

    issue(f, &call);
    first = call.code.code;

    f->now += 31 * MFA_SECOND;
    call.place.destination = mfa_str("eve@example.org");
    issue(f, &call);

    call.typed = first;
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);
}


/* a key that only opens still knows the codes it made */

static void
a_code_made_under_an_older_key_is_right(void **state)
{
    char         path[128], old[512];
    call_t       call = place(1), fresh = place(2);
    FILE        *file;
    size_t       n;
    mfa_str_t    text;
    fixture_t   *f = *state;
    mfa_error_t  error;

    issue(f, &call);

    snprintf(path, sizeof(path), "%s/keys", f->dir);
    file = fopen(path, "r");
    assert_non_null(file);
    n = fread(old, 1, sizeof(old), file);
    fclose(file);

    assert_int_equal(mfa_keys_make(&f->ports, mfa_str("k2"), f->arena, &text),
                     MFA_OK);
    text = mfa_arena_printf(f->arena, MFA_STR_FMT "\n%.*s",
                            MFA_STR_ARG(text), (int) n, old);
    fixture_file(f, "keys", text);

    mfa_keys_close(&f->keys);
    assert_int_equal(mfa_keys_open(path, &error, &f->keys), MFA_OK);
    f->model.keys = f->keys;
    assert_true(mfa_str_eq_c(mfa_keys_id(f->keys), "k2"));

    issue(f, &fresh);
    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
    assert_int_equal(use(f, &fresh), MFA_CODE_RIGHT);
}


static void
a_code_outlives_a_restart(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    issue(f, &call);

    if (strcmp(f->engine, "lmdb") == 0) {
        fixture_restart(f);
    }

    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
}


static void
broken_randomness_issues_nothing(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    f->is_random_broken = true;
    update(f, tx_issue, &call);
    assert_int_equal(call.st, MFA_CRYPTO);
    assert_int_equal(call.code.code.len, 0);

    f->is_random_broken = false;
    update(f, tx_look, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_code_is_right_once),
        each(a_code_that_an_older_release_made_still_works),
        each(a_code_has_as_many_digits_as_are_set),
        each(a_code_is_not_in_the_store),
        each(a_code_works_only_where_it_was_made_for),
        each(a_code_of_another_flow_is_a_wrong_one),
        each(five_wrong_tries_destroy_a_code),
        each(fewer_tries_by_setting_spend_a_code_at_once),
        each(an_odd_entry_is_wrong_and_counts),
        each(a_new_code_kills_the_old_one),
        each(an_earlier_code_is_told_only_to_its_owner),
        each(a_code_made_under_an_older_key_is_right),
        each(a_code_outlives_a_restart),
        each(broken_randomness_issues_nothing)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
