/* Former secrets: kept to tell their owner, never to let anybody in. */

#include "mfa_test_model.h"


#define KIND    mfa_str("totp")
#define SECRET  "12345678901234567890"

typedef struct {
    mfa_factor_record_t  record;
    mfa_status_t         st;
    bool                 is_found;
} call_t;


static mfa_status_t
tx_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_former_put(tx, &call->record);
}


static mfa_status_t
tx_get(mfa_tx_t *tx, void *arg)
{
    call_t     *call = arg;
    mfa_id_t    user = call->record.user;

    call->st = mfa_former_get(tx, &user, KIND, &call->record);
    call->record.user = user;

    return MFA_OK;
}


/* the row into the table of factors, where it would be a way in */

static mfa_status_t
tx_promote(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_cursor_t          cursor = { .table = MFA_TABLE_FORMER };
    mfa_status_t          st;
    mfa_factor_record_t   found;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_put(tx->txn, MFA_TABLE_FACTOR, cursor.key, cursor.value);
    if (st != MFA_OK) {
        return st;
    }

    call->st = mfa_factor_record_get(tx, &call->record.user, KIND, &found);
    assert_int_equal(found.secret.len, 0);

    return MFA_OK;
}


static mfa_status_t
tx_move(mfa_tx_t *tx, void *arg)
{
    char           key[64];
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_FORMER };
    mfa_status_t   st;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    memset(call->record.user.bytes, 0x66, MFA_ID_SIZE);
    memcpy(key, cursor.key.data, cursor.key.len);
    memcpy(key, call->record.user.bytes, MFA_ID_SIZE);

    return mfa_txn_put(tx->txn, MFA_TABLE_FORMER,
                       mfa_str_bytes(key, cursor.key.len), cursor.value);
}


static mfa_status_t
tx_search(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_FORMER };
    mfa_status_t   st;

    call->is_found = false;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        call->is_found |= memmem(cursor.value.data, cursor.value.len, SECRET,
                                 sizeof(SECRET) - 1) != NULL;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
tx_delete_user(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_user_delete(tx, &call->record.user);
}


static void
put(fixture_t *f, call_t *call)
{
    mfa_user_t  user;

    fixture_user(f, "ann@example.org", &user);

    *call = (call_t) { .record = { .user = user.id, .kind = KIND,
                                   .secret = mfa_str(SECRET),
                                   .added_at = 1, .last_step = 7 } };

    assert_int_equal(mfa_update(fixture_work(f), tx_put, call), MFA_OK);
}


static mfa_status_t
get(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_view(fixture_work(f), tx_get, call), MFA_OK);

    return call->st;
}


static void
a_former_secret_comes_back_with_the_day_of_its_end(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    f->now += MFA_DAY;
    assert_int_equal(get(f, &call), MFA_OK);
    assert_true(mfa_str_eq_c(call.record.secret, SECRET));
    assert_true(mfa_str_eq(call.record.kind, KIND));
    assert_true(call.record.added_at == FIXTURE_NOW);
}


/* D3: whatever takes the record for a factor finds it disabled */
static void
a_former_secret_is_no_factor(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_true(call.record.is_disabled);
}


/* J8 */
static void
a_row_put_among_the_factors_does_not_open(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    assert_int_equal(mfa_update(fixture_work(f), tx_promote, &call), MFA_OK);
    assert_true(mfa_status_is_fault(call.st));
}


/* J8 */
static void
a_row_put_under_another_user_does_not_open(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    assert_int_equal(mfa_update(fixture_work(f), tx_move, &call), MFA_OK);
    assert_int_equal(get(f, &call), MFA_DAMAGED);
    assert_int_equal(call.record.secret.len, 0);
}


/* J10 */
static void
the_store_does_not_hold_the_secret(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    assert_int_equal(mfa_view(fixture_work(f), tx_search, &call), MFA_OK);
    assert_false(call.is_found);
}


/* N5 */
static void
after_thirty_days_it_is_gone(void **state)
{
    size_t               removed;
    call_t               call;
    fixture_t           *f = *state;
    mfa_purge_cursor_t   cursor = { .len = 0 };

    put(f, &call);
    f->now += 30 * MFA_DAY - 1;
    assert_int_equal(get(f, &call), MFA_OK);
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(removed, 0);

    f->now += 1;
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_int_equal(removed, 1);
    f->now -= MFA_DAY;
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
}


static void
the_last_replaced_one_is_kept(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    f->now += MFA_DAY;
    call.record.secret = mfa_str("another secret");
    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_OK);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_true(mfa_str_eq_c(call.record.secret, "another secret"));
    assert_true(call.record.added_at == FIXTURE_NOW + MFA_DAY);
}


static void
it_goes_with_its_user(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    assert_int_equal(mfa_update(fixture_work(f), tx_delete_user, &call),
                     MFA_OK);
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
}


static void
what_does_not_fit_is_refused(void **state)
{
    char        big[4000] = { 0 };
    call_t      call;
    fixture_t  *f = *state;

    put(f, &call);
    call.record.secret = mfa_str_bytes(big, sizeof(big));
    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_INVALID);

    call.record.secret = mfa_str(SECRET);
    call.record.kind = mfa_null;
    assert_int_equal(mfa_update(fixture_work(f), tx_put, &call), MFA_INVALID);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_former_secret_comes_back_with_the_day_of_its_end),
        each(a_former_secret_is_no_factor),
        each(a_row_put_among_the_factors_does_not_open),
        each(a_row_put_under_another_user_does_not_open),
        each(the_store_does_not_hold_the_secret),
        each(after_thirty_days_it_is_gone),
        each(the_last_replaced_one_is_kept),
        each(it_goes_with_its_user),
        each(what_does_not_fit_is_refused)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
