/*
 * What the tests of codes share: the calls of the model, each in an update
 * of its own, for a code of flow 1, 2, ... that goes to ann@example.org.
 */

#ifndef MFA_TEST_CODE_H
#define MFA_TEST_CODE_H

#include "mfa_test_model.h"


typedef struct {
    mfa_code_place_t   place;
    mfa_str_t          typed;
    mfa_code_t         code;
    mfa_code_answer_t  answer;
    uint64_t           left;
    mfa_str_t          found;           /* all bytes of the table */
    mfa_status_t       st;
} call_t;


static inline mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static inline mfa_status_t
tx_issue(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_code_issue(tx, &call->place, &call->code));
}


static inline mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_code_look(tx, &call->place, &call->code));
}


static inline mfa_status_t
tx_use(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_code_use(tx, &call->place, call->typed,
                                       &call->answer, &call->left));
}


/* as the outbox does when the server took the mail with this reference */

static inline mfa_status_t
tx_sent(mfa_tx_t *tx, void *arg)
{
    call_t         *call = arg;
    mfa_pair_t      value = { mfa_str("reference"), call->code.reference };
    mfa_message_t   message = {
        .values = { &value, 1 },
        .code_flow = call->place.flow,
        .code_purpose = call->place.purpose
    };

    return answered(call, mfa_message_sent(tx, &message));
}


static inline mfa_status_t
tx_all_bytes(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_buf_t      buf;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_CODE };
    mfa_status_t   st;

    mfa_buf_init(&buf, tx->work->arena, 65536);

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        mfa_buf_put(&buf, cursor.key);
        mfa_buf_put(&buf, cursor.value);
    }

    return st == MFA_NOT_FOUND ? mfa_buf_str(&buf, &call->found) : st;
}


static inline call_t
place(uint8_t flow)
{
    call_t  call = {
        .place = {
            .purpose = mfa_str("register"),
            .destination = mfa_str("ann@example.org")
        }
    };

    memset(call.place.flow.bytes, flow, MFA_ID_SIZE);
    memset(call.place.user.bytes, 5, MFA_ID_SIZE);

    return call;
}


static inline void
issue(fixture_t *f, call_t *call)
{
    update(f, tx_issue, call);
    assert_int_equal(call->st, MFA_OK);
    call->typed = call->code.code;
}


static inline mfa_code_answer_t
use(fixture_t *f, call_t *call)
{
    update(f, tx_use, call);
    assert_int_equal(call->st, MFA_OK);

    return call->answer;
}


/* another code than the right one, of the same length */

static inline mfa_str_t
wrong(fixture_t *f, mfa_str_t code)
{
    char  *text = mfa_arena_cstr(f->arena, code);

    assert_non_null(text);
    text[0] = text[0] == '9' ? '0' : (char) (text[0] + 1);

    return mfa_str_bytes(text, code.len);
}

#endif /* MFA_TEST_CODE_H */
