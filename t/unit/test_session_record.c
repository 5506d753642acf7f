/*
 * The record of a session: what version 2 added, and what a record of
 * version 1 says; the words of what was proved.
 */

#include "mfa_test_model.h"


#define OLD_MORE  2             /* bytes that version 1 lacks: no, nothing */

typedef struct {
    mfa_user_t          user;
    mfa_session_t       session;
    mfa_session_view_t  view;
    mfa_str_t           token;
    mfa_str_t           record;
} call_t;


static mfa_status_t
tx_issue(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_session_issue(tx, &call->user, &call->session, &call->token);
}


static mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_session_read(tx, call->token, &call->view);
}


static mfa_status_t
tx_raw(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_get(tx->txn, MFA_TABLE_SESSION,
                       mfa_str_bytes(call->session.key, MFA_DIGEST_SIZE),
                       tx->work->arena, &call->record);
}


static mfa_status_t
tx_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_SESSION,
                       mfa_str_bytes(call->session.key, MFA_DIGEST_SIZE),
                       call->record);
}


static void
issue(fixture_t *f, call_t *call)
{
    fixture_user(f, "ann@example.org", &call->user);
    assert_int_equal(mfa_update(fixture_work(f), tx_issue, call), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), tx_look, call), MFA_OK);
    assert_int_equal(call->view.verdict, MFA_VERDICT_PASS);
}


/* Y3 */
static void
a_session_that_owes_a_factor_says_so(void **state)
{
    call_t      call = { .session = { .amr = MFA_AMR_PWD,
                                      .is_partial = true } };
    fixture_t  *f = *state;

    issue(f, &call);
    assert_true(call.view.session.is_partial);
    assert_true(call.view.session.factor_at == 0);
    assert_true(mfa_str_eq_c(mfa_session_amr(&call.view.session, f->arena),
                             "pwd"));
}


/* Y4 */
static void
a_trusted_session_keeps_its_words_and_its_proof(void **state)
{
    call_t      call = { .session = { .amr = MFA_AMR_TRUSTED
                                             | MFA_AMR_TRUSTED_MFA,
                                      .trusted = mfa_str("hwk mfa") } };
    fixture_t  *f = *state;

    memset(call.session.proof, 0x5a, MFA_DIGEST_SIZE);
    issue(f, &call);

    assert_false(call.view.session.is_partial);
    assert_memory_equal(call.view.session.proof, call.session.proof,
                        MFA_DIGEST_SIZE);
    assert_true(call.view.session.factor_at == f->now);
    assert_true(mfa_str_eq_c(mfa_session_amr(&call.view.session, f->arena),
                             "hwk mfa"));

    call.view.session.amr |= MFA_AMR_OTP;
    assert_true(mfa_str_eq_c(mfa_session_amr(&call.view.session, f->arena),
                             "hwk mfa otp"));
}


/* Y4: what another service knows of somebody is no second factor of ours */
static void
a_trusted_session_without_mfa_has_used_no_factor(void **state)
{
    call_t      call = { .session = { .amr = MFA_AMR_TRUSTED,
                                      .trusted = mfa_str("fed") } };
    fixture_t  *f = *state;

    issue(f, &call);
    assert_true(call.view.session.factor_at == 0);
}


/* J14 */
static void
a_session_of_version_1_is_read(void **state)
{
    char       *bytes;
    call_t      call = { .session = { .amr = MFA_AMR_PWD | MFA_AMR_OTP } };
    fixture_t  *f = *state;

    issue(f, &call);
    assert_int_equal(mfa_view(fixture_work(f), tx_raw, &call), MFA_OK);

    bytes = mfa_arena_alloc(f->arena, call.record.len);
    assert_non_null(bytes);
    memcpy(bytes, call.record.data, call.record.len);
    assert_int_equal(bytes[0], 2);
    bytes[0] = 1;
    call.record = mfa_str_bytes(bytes, call.record.len - OLD_MORE);
    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_OK);

    assert_int_equal(mfa_view(fixture_work(f), tx_look, &call), MFA_OK);
    assert_int_equal(call.view.verdict, MFA_VERDICT_PASS);
    assert_false(call.view.session.is_partial);
    assert_int_equal(call.view.session.trusted.len, 0);
    assert_int_equal(call.view.session.amr, MFA_AMR_PWD | MFA_AMR_OTP);
}


/* a proof that was cut off is damage, not a session bound to nothing */
static void
a_trusted_session_without_its_proof_is_damaged(void **state)
{
    call_t      call = { .session = { .amr = MFA_AMR_TRUSTED,
                                      .trusted = mfa_str("fed") } };
    fixture_t  *f = *state;

    issue(f, &call);
    assert_int_equal(mfa_view(fixture_work(f), tx_raw, &call), MFA_OK);
    call.record.len -= 1;
    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), tx_look, &call), MFA_DAMAGED);
    assert_int_equal(call.view.verdict, MFA_VERDICT_DENY);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_session_that_owes_a_factor_says_so),
        each(a_trusted_session_keeps_its_words_and_its_proof),
        each(a_trusted_session_without_mfa_has_used_no_factor),
        each(a_session_of_version_1_is_read),
        each(a_trusted_session_without_its_proof_is_damaged)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
