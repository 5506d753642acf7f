/* The record of a user: what newer fields are in an older record. */

#include "mfa_test_model.h"


typedef struct {
    mfa_user_t   user;
    mfa_str_t    record;
} call_t;


static mfa_status_t
tx_save(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_user_save(tx, &call->user, NULL);
}


static mfa_status_t
tx_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_user_get(tx, &call->user.id, &call->user);
}


static mfa_status_t
tx_raw(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_get(tx->txn, MFA_TABLE_USER, mfa_id_str(&call->user.id),
                       tx->work->arena, &call->record);
}


static mfa_status_t
tx_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_USER, mfa_id_str(&call->user.id),
                       call->record);
}


/* C6, Y1 */
static void
moments_kept_with_a_user_come_back(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    fixture_user(f, "ann@example.org", &call.user);
    call.user.mailed_password_at = 5;
    call.user.mailed_device_at = f->now;
    call.user.deadline_at = f->now + 1;
    call.user.secured_at = f->now + 2;
    assert_int_equal(mfa_update(fixture_work(f), tx_save, &call), MFA_OK);
    call.user.mailed_password_at = 0;
    call.user.mailed_device_at = 0;
    call.user.deadline_at = 0;
    call.user.secured_at = 0;
    assert_int_equal(mfa_view(fixture_work(f), tx_get, &call), MFA_OK);
    assert_true(call.user.mailed_password_at == 5);
    assert_true(call.user.mailed_device_at == f->now);
    assert_true(call.user.deadline_at == f->now + 1);
    assert_true(call.user.secured_at == f->now + 2);
}


/* J14: the same bytes without the new fields, under the number of before */
static void
a_record_of_before_is_read(void **state)
{
    char        *bytes;
    call_t       call;
    fixture_t   *f = *state;

    fixture_user(f, "ann@example.org", &call.user);
    assert_int_equal(mfa_view(fixture_work(f), tx_raw, &call), MFA_OK);

    bytes = mfa_arena_alloc(f->arena, call.record.len);
    assert_non_null(bytes);
    memcpy(bytes, call.record.data, call.record.len);
    assert_int_equal(bytes[0], 4);
    bytes[0] = 1;
    call.record = mfa_str_bytes(bytes, call.record.len - 5);

    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_OK);
    call.user.mailed_password_at = 7;
    assert_int_equal(mfa_view(fixture_work(f), tx_get, &call), MFA_OK);
    assert_true(mfa_str_eq_c(call.user.email, "ann@example.org"));
    assert_true(call.user.mailed_password_at == 0);
    assert_true(call.user.mailed_device_at == 0);
    assert_true(call.user.registered_at != 0);
    assert_true(call.user.secured_at == call.user.registered_at);

    bytes[0] = 5;
    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), tx_get, &call), MFA_NEWER);
    assert_true(call.user.is_disabled);
}


/* J14: nobody had a language before */
static void
the_language_came_with_the_fourth_version(void **state)
{
    char        *bytes;
    call_t       call;
    fixture_t   *f = *state;

    fixture_user(f, "ann@example.org", &call.user);
    call.user.secured_at = f->now;
    assert_int_equal(mfa_update(fixture_work(f), tx_save, &call), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), tx_raw, &call), MFA_OK);

    bytes = mfa_arena_alloc(f->arena, call.record.len);
    assert_non_null(bytes);
    memcpy(bytes, call.record.data, call.record.len);
    bytes[0] = 3;
    call.record = mfa_str_bytes(bytes, call.record.len - 1);

    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_OK);
    call.user.language = mfa_str("cy");
    assert_int_equal(mfa_view(fixture_work(f), tx_get, &call), MFA_OK);
    assert_int_equal(call.user.language.len, 0);
    assert_true(call.user.secured_at == f->now);

    call.user.language = mfa_str("cy");
    assert_int_equal(mfa_update(fixture_work(f), tx_save, &call), MFA_OK);
    call.user.language = mfa_null;
    assert_int_equal(mfa_view(fixture_work(f), tx_get, &call), MFA_OK);
    assert_true(mfa_str_eq_c(call.user.language, "cy"));

    /* it stands in a header of mail */

    call.user.language = mfa_str("cy\r\nBcc: x@example.org");
    assert_int_equal(mfa_update(fixture_work(f), tx_save, &call),
                     MFA_INVALID);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(moments_kept_with_a_user_come_back),
        each(a_record_of_before_is_read),
        each(the_language_came_with_the_fourth_version)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
