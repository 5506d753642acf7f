/*
 * What the tests of limits share: the calls of the model, each in an update
 * of its own.
 */

#ifndef MFA_TEST_LIMIT_H
#define MFA_TEST_LIMIT_H

#include "mfa_test_model.h"


typedef struct {
    mfa_limit_kind_t  kind;
    mfa_str_t         subject;
    mfa_time_t        retry_at;
    mfa_status_t      st;
    mfa_str_t         found;            /* all bytes of the table */
    size_t            count;
    size_t            first;            /* of the names of a flood */
} call_t;


static inline mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static inline mfa_status_t
tx_book(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_limit_book(tx, call->kind, call->subject,
                                         &call->retry_at));
}


static inline mfa_status_t
tx_refund(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_limit_refund(tx, call->kind, call->subject));
}


static inline mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_limit_look(tx, call->kind, call->subject,
                                         &call->retry_at));
}


static inline mfa_status_t
tx_book_address(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_limit_book_address(tx, call->kind,
                                                 &call->retry_at));
}


static inline mfa_status_t
tx_refund_address(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_limit_refund_address(tx, call->kind));
}


static inline mfa_status_t
tx_all_bytes(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_buf_t      buf;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_LIMIT };
    mfa_status_t   st;

    call->count = 0;
    mfa_buf_init(&buf, tx->work->arena, 8 * 1024 * 1024);

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        mfa_buf_put(&buf, cursor.key);
        mfa_buf_put(&buf, cursor.value);
        call->count++;
    }

    return st == MFA_NOT_FOUND ? mfa_buf_str(&buf, &call->found) : st;
}


static inline mfa_status_t
book(fixture_t *f, call_t *call)
{
    update(f, tx_book, call);

    return call->st;
}


/* how many are booked before one is refused */

static inline int
book_all(fixture_t *f, mfa_tx_fn fn, call_t *call)
{
    int  n;

    for (n = 0; n < 10000; n++) {
        update(f, fn, call);

        if (call->st == MFA_LIMITED) {
            return n;
        }

        assert_int_equal(call->st, MFA_OK);
    }

    return n;
}


static inline call_t
mailbox(const char *address)
{
    return (call_t) { .kind = MFA_LIMIT_SEND_MAILBOX,
                      .subject = mfa_str_from(address) };
}


static inline call_t
person(const char *id)
{
    return (call_t) { .kind = MFA_LIMIT_LOGIN_PERSON,
                      .subject = mfa_str_from(id) };
}

#endif /* MFA_TEST_LIMIT_H */
