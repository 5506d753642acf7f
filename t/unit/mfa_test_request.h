/*
 * Ann asks for a reset, staff answer; what the tests of requests share.
 */

#ifndef MFA_TEST_REQUEST_H
#define MFA_TEST_REQUEST_H

#include "mfa_test_model.h"


typedef struct {
    mfa_user_t           user, staff;
    mfa_reset_request_t  request;
    mfa_str_t            token;
    mfa_str_t            statement;
    mfa_request_state_t  state;
    mfa_id_t             id;
    size_t               count;
    mfa_status_t         st;
} call_t;


static inline mfa_status_t
answer(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static inline mfa_status_t
tx_open(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->request = (mfa_reset_request_t) {
        .agent = mfa_str("Firefox on Windows")
    };

    return answer(call, mfa_reset_request_open(tx, &call->user,
                                               &call->request, &call->token));
}


static inline mfa_status_t
tx_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answer(call, mfa_reset_request_get(tx, &call->id, &call->request));
}


static inline mfa_status_t
tx_of(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answer(call, mfa_reset_request_of(tx, &call->user.id,
                                             &call->request));
}


static inline mfa_status_t
tx_approve(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_reset_request_t   old = call->request;
    mfa_status_t          st;

    st = answer(call, mfa_reset_request_approve(tx, &old, &call->staff,
                                                call->statement));
    call->state = old.state;

    return st;
}


static inline mfa_status_t
tx_close(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_reset_request_t   old = call->request;

    return answer(call, mfa_reset_request_close(tx, &old, call->state));
}


static inline mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_status_t          st;
    mfa_reset_request_t   request;

    call->count = 0;
    st = mfa_reset_request_next(tx, NULL, &request);

    while (st == MFA_OK) {
        call->count++;
        st = mfa_reset_request_next(tx, &request.id, &request);
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static inline mfa_status_t
tx_delete_user(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_user_delete(tx, &call->user.id);
}


static inline mfa_status_t
tx_spoil(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_REQUEST };
    mfa_status_t   st;

    (void) call;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

    return st == MFA_OK ? mfa_txn_put(tx->txn, MFA_TABLE_REQUEST, cursor.key,
                                      mfa_str("\x01\x03xyz"))
                        : st;
}


static inline void
ask(fixture_t *f, call_t *call)
{
    *call = (call_t) { .statement = mfa_str("a call to the desk phone") };
    fixture_user(f, "ann@example.org", &call->user);
    assert_int_equal(mfa_update(fixture_work(f), tx_open, call), MFA_OK);
    assert_int_equal(call->st, MFA_OK);
    call->id = call->request.id;
}


static inline mfa_request_state_t
state(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_view(fixture_work(f), tx_get, call), MFA_OK);
    assert_int_equal(call->st, MFA_OK);

    return call->request.state;
}


static inline mfa_status_t
approve(fixture_t *f, call_t *call, const char *name)
{
    memset(call->staff.id.bytes, name[0], MFA_ID_SIZE);
    call->staff.first_name = mfa_str_from(name);
    assert_int_equal(mfa_update(fixture_work(f), tx_approve, call), MFA_OK);

    return call->st;
}


static inline mfa_status_t
become(fixture_t *f, call_t *call, mfa_request_state_t to)
{
    call->state = to;
    assert_int_equal(mfa_update(fixture_work(f), tx_close, call), MFA_OK);

    return call->st;
}


static inline size_t
count(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_view(fixture_work(f), tx_count, call), MFA_OK);

    return call->count;
}

#endif /* MFA_TEST_REQUEST_H */
