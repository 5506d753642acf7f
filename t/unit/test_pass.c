/* Passes: ten characters, one person, one hour, five tries, once. */

#include "mfa_test_model.h"


typedef struct {
    mfa_user_t     user, staff;
    bool           has_no_staff;
    mfa_str_t      pass;
    char           typed[80];
    mfa_verdict_t  verdict;
    bool           is_alive;
    mfa_id_t       from, to;
    mfa_str_t      needle;
    bool           is_found;
    mfa_status_t   st;
} call_t;


static mfa_status_t
tx_make(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->st = mfa_pass_make(tx, &call->user,
                             call->has_no_staff ? NULL : &call->staff,
                             &call->pass);

    return mfa_status_is_fault(call->st) ? call->st : MFA_OK;
}


static mfa_status_t
tx_use(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->st = mfa_pass_use(tx, &call->user.id, mfa_str_from(call->typed),
                            &call->verdict);

    return call->st;
}


static mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_pass_look(tx, &call->user.id, &call->is_alive);
}


/* the row of one person under another, as who can write to the store might */

static mfa_status_t
tx_copy(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_str_t      row;
    mfa_status_t   st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_PASS, mfa_id_str(&call->from),
                     tx->work->arena, &row);

    return st == MFA_OK ? mfa_txn_put(tx->txn, MFA_TABLE_PASS,
                                      mfa_id_str(&call->to), row)
                        : st;
}


static mfa_status_t
tx_search(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_PASS };
    mfa_status_t   st;

    call->is_found = false;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        call->is_found |= memmem(cursor.value.data, cursor.value.len,
                                 call->needle.data, call->needle.len) != NULL;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static void
make(fixture_t *f, call_t *call)
{
    *call = (call_t) { .verdict = MFA_VERDICT_PASS };
    fixture_user(f, "ann@example.org", &call->user);
    memset(call->staff.id.bytes, 0x55, MFA_ID_SIZE);
    assert_int_equal(mfa_update(fixture_work(f), tx_make, call), MFA_OK);
    assert_int_equal(call->st, MFA_OK);
}


static mfa_verdict_t
use(fixture_t *f, call_t *call, const char *typed)
{
    snprintf(call->typed, sizeof(call->typed), "%s", typed);
    call->verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_update(fixture_work(f), tx_use, call), MFA_OK);

    return call->verdict;
}


static mfa_verdict_t
use_pass(fixture_t *f, call_t *call)
{
    char  typed[32];

    snprintf(typed, sizeof(typed), MFA_STR_FMT, MFA_STR_ARG(call->pass));

    return use(f, call, typed);
}


static bool
is_alive(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_view(fixture_work(f), tx_look, call), MFA_OK);

    return call->is_alive;
}


static void
a_pass_works_once(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);
    assert_int_equal(call.pass.len, MFA_PASS_CHARACTERS);
    assert_true(is_alive(f, &call));

    f->now += MFA_HOUR - 1;
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_PASS);
    assert_false(is_alive(f, &call));
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);
}


static void
a_pass_lives_an_hour(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);
    f->now += MFA_HOUR;
    assert_false(is_alive(f, &call));
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);
}


/* J13 */
static void
a_clock_that_steps_back_revives_no_pass(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);
    f->now += 2 * MFA_HOUR;
    fixture_user(f, "bob@example.org", &(mfa_user_t) { .epoch = 0 });
    f->now -= 2 * MFA_HOUR;
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);
}


/* H1: each try is counted before it is looked at */
static void
after_five_wrong_tries_the_right_one_is_refused(void **state)
{
    int         i;
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);

    for (i = 0; i < 5; i++) {
        assert_true(is_alive(f, &call));
        assert_int_equal(use(f, &call, i % 2 ? "0000000000" : "no pass"),
                         MFA_VERDICT_DENY);
    }

    assert_false(is_alive(f, &call));
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);
}


static void
the_fifth_try_may_still_be_right(void **state)
{
    int         i;
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);

    for (i = 0; i < 4; i++) {
        assert_int_equal(use(f, &call, "ZZZZZZZZZZ"), MFA_VERDICT_DENY);
    }

    fixture_restart(f);

    if (strcmp(f->engine, "lmdb") == 0) {
        assert_int_equal(use_pass(f, &call), MFA_VERDICT_PASS);
    }
}


/* as people hear and type them */
static void
letters_that_look_alike_and_gaps_do_not_matter(void **state)
{
    char         typed[64];
    size_t       i, n;
    call_t       call;
    fixture_t   *f = *state;

    make(f, &call);
    n = 0;

    for (i = 0; i < call.pass.len; i++) {
        char  c = call.pass.data[i];

        assert_non_null(strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c));

        typed[n++] = c == '0' ? 'o' : c == '1' ? (i % 2 ? 'l' : 'I')
                     : c >= 'A' ? (char) (c - 'A' + 'a') : c;

        if (i % 4 == 3) {
            typed[n++] = i == 3 ? '-' : ' ';
        }
    }

    typed[n] = '\0';
    assert_int_equal(use(f, &call, typed), MFA_VERDICT_PASS);
}


static void
more_or_fewer_characters_are_no_pass(void **state)
{
    char        typed[32];
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);

    snprintf(typed, sizeof(typed), MFA_STR_FMT "0", MFA_STR_ARG(call.pass));
    assert_int_equal(use(f, &call, typed), MFA_VERDICT_DENY);

    typed[9] = '\0';
    assert_int_equal(use(f, &call, typed), MFA_VERDICT_DENY);
    assert_int_equal(use(f, &call, ""), MFA_VERDICT_DENY);
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_PASS);
}


static void
a_new_pass_ends_the_one_before(void **state)
{
    call_t      call;
    mfa_str_t   first, second;
    fixture_t  *f = *state;

    make(f, &call);
    first = call.pass;
    assert_int_equal(mfa_update(fixture_work(f), tx_make, &call), MFA_OK);
    second = call.pass;
    assert_false(mfa_str_eq(first, second));

    call.pass = first;
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);
    call.pass = second;
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_PASS);
}


/* C9 B9: to another person, and with the row put under another person */
static void
a_pass_is_good_for_nobody_else(void **state)
{
    call_t      call;
    mfa_user_t  ann, eve;
    fixture_t  *f = *state;

    make(f, &call);
    ann = call.user;
    fixture_user(f, "eve@example.org", &eve);

    call.user = eve;
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);

    call.from = ann.id;
    call.to = eve.id;
    assert_int_equal(mfa_update(fixture_work(f), tx_copy, &call), MFA_OK);
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_DENY);

    call.user = ann;
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_PASS);
}


/* A3 */
static void
staff_make_no_pass_for_themselves(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);
    call.staff = call.user;
    assert_int_equal(mfa_update(fixture_work(f), tx_make, &call), MFA_OK);
    assert_int_equal(call.st, MFA_INVALID);
    assert_int_equal(call.pass.len, 0);

    call.has_no_staff = true;
    assert_int_equal(mfa_update(fixture_work(f), tx_make, &call), MFA_OK);
    assert_int_equal(use_pass(f, &call), MFA_VERDICT_PASS);
}


/* J10 */
static void
the_store_does_not_hold_the_pass(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);
    call.needle = call.pass;
    assert_int_equal(mfa_view(fixture_work(f), tx_search, &call), MFA_OK);
    assert_false(call.is_found);
}


/* J12 */
static void
without_randomness_there_is_no_pass(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make(f, &call);
    f->is_random_broken = true;
    assert_int_equal(mfa_update(fixture_work(f), tx_make, &call), MFA_CRYPTO);
    assert_int_equal(call.pass.len, 0);
}


static void
a_past_pass_is_purged_and_goes_with_its_user(void **state)
{
    size_t               removed;
    call_t               call;
    fixture_t           *f = *state;
    mfa_purge_cursor_t   cursor = { .len = 0 };

    make(f, &call);
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_true(is_alive(f, &call));

    f->now += MFA_HOUR;
    cursor.len = 0;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(removed, 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_pass_works_once),
        each(a_pass_lives_an_hour),
        each(a_clock_that_steps_back_revives_no_pass),
        each(after_five_wrong_tries_the_right_one_is_refused),
        each(the_fifth_try_may_still_be_right),
        each(letters_that_look_alike_and_gaps_do_not_matter),
        each(more_or_fewer_characters_are_no_pass),
        each(a_new_pass_ends_the_one_before),
        each(a_pass_is_good_for_nobody_else),
        each(staff_make_no_pass_for_themselves),
        each(the_store_does_not_hold_the_pass),
        each(without_randomness_there_is_no_pass),
        each(a_past_pass_is_purged_and_goes_with_its_user)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
