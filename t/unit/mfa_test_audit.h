/*
 * An audit of some rows, and what somebody can do to it who has the store
 * but not the key file.
 */

#ifndef MFA_TEST_AUDIT_H
#define MFA_TEST_AUDIT_H

#include "mfa_test_model.h"


#define ROWS       8
#define AUDIT_KEY  8
#define MARK       mfa_str("audit")

typedef struct {
    size_t       many;              /* events to add */
    mfa_id_t     user;
    bool         is_nobody;         /* an event that names no user */
    bool         fails;
    unsigned     table;
    mfa_str_t    from, to;          /* rows by key */
    mfa_str_t    value;
    uint64_t     number;
    uint8_t      mac[MFA_DIGEST_SIZE];
    size_t       most;
    size_t       calls;
    mfa_audit_t  row;
    mfa_status_t st;
} audit_t;


static inline mfa_str_t
audit_key(fixture_t *f, uint64_t number)
{
    size_t     i;
    uint8_t    bytes[AUDIT_KEY];
    mfa_str_t  key;

    for (i = 0; i < AUDIT_KEY; i++) {
        bytes[i] = (uint8_t) (number >> (8 * (AUDIT_KEY - 1 - i)));
    }

    assert_int_equal(mfa_arena_copy(f->arena,
                                    mfa_str_bytes(bytes, AUDIT_KEY), &key),
                     MFA_OK);

    return key;
}


static inline mfa_status_t
audit_tx_add(mfa_tx_t *tx, void *arg)
{
    size_t        i;
    audit_t      *call = arg;
    mfa_event_t   event = { .name = "factor.remove", .result = "ok",
                            .factor = "totp" };
    mfa_status_t  st = MFA_OK;

    if (!call->is_nobody) {
        st = mfa_id_text(tx->work->arena, &call->user, &event.user);
    }

    for (i = 0; i < call->many && st == MFA_OK; i++) {
        st = mfa_event_add(tx, &event);
    }

    return call->fails ? MFA_INVALID : st;
}


/* in an update each, one second apart */

static inline void
audit_add(fixture_t *f, size_t many)
{
    audit_t  call = { .many = 1 };

    memset(call.user.bytes, 0x11, MFA_ID_SIZE);

    while (many-- > 0) {
        f->now += MFA_SECOND;
        assert_int_equal(mfa_update(fixture_work(f), audit_tx_add, &call),
                         MFA_OK);
    }
}


static inline mfa_status_t
audit_tx_get(mfa_tx_t *tx, void *arg)
{
    audit_t  *call = arg;

    call->st = mfa_txn_get(tx->txn, call->table, call->from, tx->work->arena,
                           &call->value);

    return MFA_OK;
}


static inline mfa_status_t
audit_tx_put(mfa_tx_t *tx, void *arg)
{
    audit_t  *call = arg;

    return mfa_txn_put(tx->txn, call->table, call->to, call->value);
}


static inline mfa_status_t
audit_tx_delete(mfa_tx_t *tx, void *arg)
{
    audit_t  *call = arg;

    return mfa_txn_delete(tx->txn, call->table, call->from);
}


/* empty: there is none */

static inline mfa_str_t
raw_get(fixture_t *f, unsigned table, mfa_str_t key)
{
    audit_t  call = { .table = table, .from = key };

    assert_int_equal(mfa_view(fixture_work(f), audit_tx_get, &call), MFA_OK);

    return call.st == MFA_OK ? call.value : mfa_null;
}


static inline void
raw_put(fixture_t *f, unsigned table, mfa_str_t key, mfa_str_t value)
{
    audit_t  call = { .table = table, .to = key, .value = value };

    assert_int_equal(mfa_update(fixture_work(f), audit_tx_put, &call), MFA_OK);
}


static inline void
raw_delete(fixture_t *f, unsigned table, mfa_str_t key)
{
    audit_t  call = { .table = table, .from = key };

    assert_int_equal(mfa_update(fixture_work(f), audit_tx_delete, &call),
                     MFA_OK);
}


static inline mfa_str_t
row_get(fixture_t *f, uint64_t number)
{
    return raw_get(f, MFA_TABLE_AUDIT, audit_key(f, number));
}


static inline void
row_put(fixture_t *f, uint64_t number, mfa_str_t value)
{
    raw_put(f, MFA_TABLE_AUDIT, audit_key(f, number), value);
}


static inline void
row_delete(fixture_t *f, uint64_t number)
{
    raw_delete(f, MFA_TABLE_AUDIT, audit_key(f, number));
}


/* one byte of a value is another; at is counted from the end where < 0 */

static inline mfa_str_t
changed(fixture_t *f, mfa_str_t value, int at)
{
    char  *bytes;

    bytes = mfa_arena_alloc(f->arena, value.len);
    assert_non_null(bytes);
    memcpy(bytes, value.data, value.len);
    bytes[at < 0 ? (int) value.len + at : at] ^= 1;

    return mfa_str_bytes(bytes, value.len);
}


static inline mfa_status_t
audit_tx_check(mfa_tx_t *tx, void *arg)
{
    audit_t  *call = arg;

    call->calls++;
    call->st = mfa_audit_check(tx, &call->number, call->mac, call->most);

    return MFA_OK;
}


/* to its end, in steps; *number is where it ended */

static inline mfa_status_t
audit_check(fixture_t *f, size_t most, uint64_t *number)
{
    audit_t  call = { .most = most };

    do {
        assert_true(call.calls < 1000);
        assert_int_equal(mfa_view(fixture_work(f), audit_tx_check, &call),
                         MFA_OK);
    } while (call.st == MFA_OK);

    if (number != NULL) {
        *number = call.number;
    }

    return call.st;
}


/* whatever the steps, it is found, and at that number */

#define assert_audit_damaged(f, at)                                           \
    do {                                                                      \
        uint64_t  number_;                                                    \
                                                                              \
        assert_int_equal(audit_check(f, 100, &number_), MFA_DAMAGED);         \
        assert_int_equal(number_, at);                                        \
        assert_int_equal(audit_check(f, 1, &number_), MFA_DAMAGED);           \
        assert_int_equal(number_, at);                                        \
    } while (0)

#define assert_audit_good(f, next)                                            \
    do {                                                                      \
        uint64_t  number_;                                                    \
                                                                              \
        assert_int_equal(audit_check(f, 100, &number_), MFA_NOT_FOUND);       \
        assert_int_equal(number_, next);                                      \
        assert_int_equal(audit_check(f, 3, &number_), MFA_NOT_FOUND);         \
        assert_int_equal(number_, next);                                      \
    } while (0)

#endif /* MFA_TEST_AUDIT_H */
