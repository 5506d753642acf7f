/* Requests: who asked, who approved, what may become of one. */

#include "mfa_test_request.h"
#include "../../src/model/mfa_record.h"


/* A1 A2 */
static void
a_request_is_open_and_says_who_asked_from_where(void **arg)
{
    call_t                call;
    uint8_t               digest[MFA_DIGEST_SIZE];
    fixture_t            *f = *arg;
    mfa_reset_request_t  *r = &call.request;

    ask(f, &call);
    assert_int_equal(mfa_sha256(call.token, digest), MFA_OK);
    assert_int_equal(call.token.len, MFA_TOKEN_TEXT);
    memset(r, 0, sizeof(*r));

    assert_int_equal(state(f, &call), MFA_REQUEST_OPEN);
    assert_memory_equal(r->user.bytes, call.user.id.bytes, MFA_ID_SIZE);
    assert_true(r->made_at == f->now);
    assert_true(r->expires_at == f->now + 14 * MFA_DAY);
    assert_true(mfa_str_eq_c(r->agent, "Firefox on Windows"));
    assert_memory_equal(&r->address, &f->address, sizeof(f->address));
    assert_memory_equal(r->cancel, digest, MFA_DIGEST_SIZE);
    assert_int_equal(r->approvals_needed, 1);
    assert_int_equal(r->approval_count, 0);
}


/* A2 */
static void
the_match_phrase_is_two_different_words(void **arg)
{
    size_t       i;
    call_t       call;
    fixture_t   *f = *arg;
    mfa_str_t    first, second;

    ask(f, &call);

    for (i = 0; i < 300; i++) {
        second = call.request.phrase;
        first = mfa_str_split(&second, ' ');
        assert_in_range(first.len, 3, 7);
        assert_in_range(second.len, 3, 7);
        assert_false(mfa_str_eq(first, second));

        assert_int_equal(become(f, &call, MFA_REQUEST_CANCELLED), MFA_OK);
        update(f, tx_open, &call);
        assert_int_equal(call.st, MFA_OK);
    }
}


/* A2 */
static void
every_word_is_another_short_one(void **arg)
{
    size_t      i, j;
    mfa_str_t   word;

    (void) arg;

    for (i = 0; i < MFA_REQUEST_WORDS; i++) {
        word = mfa_request_word((uint8_t) i);
        assert_in_range(word.len, 3, 7);
        assert_int_equal(strspn(word.data, "abcdefghijklmnopqrstuvwxyz"),
                         word.len);

        for (j = 0; j < i; j++) {
            assert_false(mfa_str_eq(word, mfa_request_word((uint8_t) j)));
        }
    }
}


static void
a_second_request_finds_the_first(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    update(f, tx_open, &call);
    assert_int_equal(call.st, MFA_EXISTS);
    assert_int_equal(call.token.len, 0);
    assert_memory_equal(call.request.id.bytes, call.id.bytes, MFA_ID_SIZE);
    assert_int_equal(count(f, &call), 1);

    /* an approved one stands as well */

    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    update(f, tx_open, &call);
    assert_int_equal(call.st, MFA_EXISTS);
    assert_int_equal(call.request.state, MFA_REQUEST_APPROVED);
}


/* C9 A4: 72 hours */
static void
one_approval_is_enough_and_lives_72_hours(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    f->now += MFA_DAY;
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(call.state, MFA_REQUEST_APPROVED);

    f->now += 72 * MFA_HOUR - 1;
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
    assert_true(mfa_str_eq_c(call.request.approvals[0].name, "tom"));
    assert_true(mfa_str_eq(call.request.approvals[0].statement,
                           call.statement));

    f->now += 1;
    assert_int_equal(state(f, &call), MFA_REQUEST_EXPIRED);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_INVALID);
}


/* C9 X89 */
static void
an_approval_is_used_once(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_INVALID);
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_OK);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_USED);
}


/* C9 X89: twice is one effect; the copy of before is no way around it */
static void
nobody_approves_twice(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    f->settings.approvals = 2;
    ask(f, &call);
    assert_int_equal(call.request.approvals_needed, 2);
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(call.state, MFA_REQUEST_OPEN);
    assert_int_equal(approve(f, &call, "tom"), MFA_EXISTS);
    assert_int_equal(state(f, &call), MFA_REQUEST_OPEN);
    assert_int_equal(approve(f, &call, "sam"), MFA_OK);
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
    assert_int_equal(approve(f, &call, "ada"), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
    assert_int_equal(call.request.approval_count, 2);
}


/* M3: two operators at the command line have no user, but names */
static void
operators_without_a_user_are_told_apart_by_name(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    f->settings.approvals = 2;
    ask(f, &call);

    call.staff = (mfa_user_t) { .first_name = mfa_str("root") };
    update(f, tx_approve, &call);
    assert_int_equal(call.st, MFA_OK);
    update(f, tx_approve, &call);
    assert_int_equal(call.st, MFA_EXISTS);

    call.staff.first_name = mfa_str("olga");
    update(f, tx_approve, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
}


/* C9 */
static void
some_groups_need_four_eyes(void **arg)
{
    call_t       call;
    mfa_str_t    board = mfa_str("board");
    fixture_t   *f = *arg;

    f->settings.approvals_groups = (mfa_strs_t) { &board, 1 };
    ask(f, &call);
    assert_int_equal(call.request.approvals_needed, 1);

    assert_int_equal(become(f, &call, MFA_REQUEST_REFUSED), MFA_OK);
    call.user.groups = (mfa_strs_t) { &board, 1 };
    update(f, tx_open, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(call.request.approvals_needed, 2);
}


/* C9 X89 */
static void
nobody_approves_their_own(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    call.staff = call.user;
    update(f, tx_approve, &call);
    assert_int_equal(call.st, MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_OPEN);
    assert_int_equal(call.request.approval_count, 0);
}


/* A3: the box must be filled; what is in it is one line */
static void
an_approval_needs_a_statement(void **arg)
{
    char        big[MFA_STATEMENT_MAX + 1];
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    call.statement = mfa_null;
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    call.statement = mfa_str(" \r\n\t ");
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    call.statement = mfa_str("\xff\xfe");
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    call.statement = mfa_str("a\033[2J");
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    memset(big, 'x', sizeof(big));
    call.statement = mfa_str_bytes(big, sizeof(big));
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_OPEN);

    call.statement = mfa_str(" seen at\nthe desk ");
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(state(f, &call), MFA_REQUEST_APPROVED);
    assert_true(mfa_str_eq_c(call.request.approvals[0].statement,
                             "seen at the desk"));
}


/* C9 X89: user cancels, then tom approves, with the copy of before */
static void
what_was_cancelled_or_refused_stays_so(void **arg)
{
    call_t                call;
    fixture_t            *f = *arg;
    mfa_reset_request_t   before;

    ask(f, &call);
    before = call.request;
    assert_int_equal(become(f, &call, MFA_REQUEST_CANCELLED), MFA_OK);
    call.request = before;
    assert_int_equal(approve(f, &call, "tom"), MFA_INVALID);
    assert_int_equal(call.state, MFA_REQUEST_CANCELLED);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_INVALID);
    assert_int_equal(become(f, &call, MFA_REQUEST_REFUSED), MFA_INVALID);
    assert_int_equal(become(f, &call, MFA_REQUEST_OPEN), MFA_INVALID);
    assert_int_equal(become(f, &call, MFA_REQUEST_APPROVED), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_CANCELLED);

    update(f, tx_of, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    update(f, tx_open, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_memory_not_equal(call.request.id.bytes, call.id.bytes,
                            MFA_ID_SIZE);
}


/* C9: an approval can still be taken back by whoever noticed */
static void
an_approved_request_can_be_cancelled(void **arg)
{
    call_t      call;
    fixture_t  *f = *arg;

    ask(f, &call);
    assert_int_equal(approve(f, &call, "tom"), MFA_OK);
    assert_int_equal(become(f, &call, MFA_REQUEST_CANCELLED), MFA_OK);
    assert_int_equal(become(f, &call, MFA_REQUEST_USED), MFA_INVALID);
    assert_int_equal(state(f, &call), MFA_REQUEST_CANCELLED);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_request_is_open_and_says_who_asked_from_where),
        each(the_match_phrase_is_two_different_words),
        cmocka_unit_test(every_word_is_another_short_one),
        each(a_second_request_finds_the_first),
        each(one_approval_is_enough_and_lives_72_hours),
        each(an_approval_is_used_once),
        each(nobody_approves_twice),
        each(operators_without_a_user_are_told_apart_by_name),
        each(some_groups_need_four_eyes),
        each(nobody_approves_their_own),
        each(an_approval_needs_a_statement),
        each(what_was_cancelled_or_refused_stays_so),
        each(an_approved_request_can_be_cancelled)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
