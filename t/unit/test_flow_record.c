/*
 * Flows: what is kept of a journey, for whom, for how long.
 */

#include "mfa_test_model.h"


#define LIFE  (30 * MFA_MINUTE)

#define SECRET  "pending-secret-0123456789"


typedef struct {
    mfa_flow_t    flow;
    mfa_flow_t    found;
    uint8_t       browser[MFA_DIGEST_SIZE];
    mfa_id_t      user;
    mfa_id_t      but;
    bool          has_but;
    mfa_str_t     key;
    mfa_str_t     bytes;
    unsigned      table;
    size_t        count;
    mfa_status_t  st;
} call_t;


/* an answer commits, a fault does not */

static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


/* call->flow says what shall stand in the new flow */

static mfa_status_t
tx_make(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_flow_t     want;
    mfa_status_t   st;

    want = call->flow;

    st = mfa_flow_make(tx, mfa_str("login"), LIFE, &call->flow);
    if (st != MFA_OK) {
        return answered(call, st);
    }

    want.id = call->flow.id;
    want.kind = call->flow.kind;
    want.started_at = call->flow.started_at;
    want.expires_at = call->flow.expires_at;
    want.revision = 0;
    memcpy(want.browser, call->browser, MFA_DIGEST_SIZE);
    call->flow = want;

    return answered(call, mfa_flow_save(tx, &call->flow));
}


static mfa_status_t
tx_save(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_save(tx, &call->flow));
}


static mfa_status_t
tx_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_get(tx, &call->flow.id, call->browser,
                                       &call->found));
}


static mfa_status_t
tx_delete(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_delete(tx, &call->flow.id));
}


static mfa_status_t
tx_delete_all(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_delete_all(tx, &call->user,
                                              call->has_but ? &call->but
                                                            : NULL));
}


static mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = call->table };
    mfa_status_t   st;

    call->count = 0;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        call->count++;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
tx_raw_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_get(tx->txn, MFA_TABLE_FLOW, call->key, tx->work->arena,
                       &call->bytes);
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_FLOW, call->key, call->bytes);
}


static mfa_status_t
tx_code(mfa_tx_t *tx, void *arg)
{
    call_t            *call = arg;
    mfa_code_t         code;
    mfa_code_place_t   place = { .purpose = mfa_str("register") };

    place.flow = call->flow.id;

    return answered(call, mfa_code_issue(tx, &place, &code));
}


static size_t
count(fixture_t *f, unsigned table)
{
    call_t  call = { .table = table };

    assert_int_equal(mfa_view(fixture_work(f), tx_count, &call), MFA_OK);

    return call.count;
}


static void
make(fixture_t *f, call_t *call)
{
    memset(call->browser, 1, MFA_DIGEST_SIZE);

    update(f, tx_make, call);
    assert_int_equal(call->st, MFA_OK);
}


static void
save(fixture_t *f, call_t *call)
{
    update(f, tx_save, call);
    assert_int_equal(call->st, MFA_OK);
}


static void
make_for_user(fixture_t *f, uint8_t user, call_t *call)
{
    *call = (call_t) { .flow.has_user = true };
    memset(call->flow.user.bytes, user, MFA_ID_SIZE);
    make(f, call);
}


static mfa_status_t
get(fixture_t *f, call_t *call)
{
    update(f, tx_get, call);

    return call->st;
}


static void
assert_str(mfa_str_t found, const char *text)
{
    assert_int_equal(found.len, strlen(text));
    assert_memory_equal(found.data, text, found.len);
}


static bool
has_bytes(mfa_str_t hay, const char *needle)
{
    return memmem(hay.data, hay.len, needle, strlen(needle)) != NULL;
}


static void
a_saved_flow_is_found_by_its_browser(void **state)
{
    call_t       call;
    fixture_t   *f = *state;
    mfa_pair_t   typed[2] = {
        { mfa_str("first_name"), mfa_str("Ann") },
        { mfa_str("surname"), mfa_null }
    };
    mfa_pair_t   error = { mfa_str("code"), mfa_str("Invalid.") };

    call = (call_t) { .flow.state = 7 };
    call.flow.email = mfa_str("ann@example.org");
    call.flow.target = mfa_str("/ess/pay?month=3");
    call.flow.notice = mfa_str("Logged out.");
    call.flow.typed = (mfa_pairs_t) { typed, 2 };
    call.flow.errors = (mfa_pairs_t) { &error, 1 };
    call.flow.secret = mfa_str(SECRET);
    call.flow.amr = MFA_AMR_PWD | MFA_AMR_OTP;
    make(f, &call);
    assert_int_equal(call.flow.revision, 1);
    save(f, &call);

    assert_int_equal(get(f, &call), MFA_OK);
    assert_str(call.found.kind, "login");
    assert_int_equal(call.found.state, 7);
    assert_false(call.found.has_user);
    assert_str(call.found.email, "ann@example.org");
    assert_str(call.found.target, "/ess/pay?month=3");
    assert_str(call.found.notice, "Logged out.");
    assert_int_equal(call.found.typed.count, 2);
    assert_str(mfa_pairs_get(&call.found.typed, mfa_str("first_name")), "Ann");
    assert_str(mfa_pairs_get(&call.found.errors, mfa_str("code")),
               "Invalid.");
    assert_str(call.found.secret, SECRET);
    assert_int_equal(call.found.amr, MFA_AMR_PWD | MFA_AMR_OTP);
    assert_int_equal(call.found.revision, 2);
    assert_int_equal(call.found.started_at, FIXTURE_NOW);
    assert_int_equal(call.found.expires_at, FIXTURE_NOW + LIFE);
}


/* B9, C12 */

static void
another_browser_finds_no_flow(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    call = (call_t) { .flow.email = mfa_str("ann@example.org") };
    make(f, &call);

    call.browser[MFA_DIGEST_SIZE - 1] ^= 1;

    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
    assert_int_equal(call.found.email.len, 0);
    assert_int_equal(call.found.kind.len, 0);

    f->now += LIFE;
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
}


/* J13 */

static void
a_flow_expires_and_an_older_clock_does_not_revive_it(void **state)
{
    call_t      call = { .st = MFA_OK }, other = { .st = MFA_OK };
    fixture_t  *f = *state;

    make(f, &call);

    f->now += LIFE - 1;
    assert_int_equal(get(f, &call), MFA_OK);

    f->now += 1;
    assert_int_equal(get(f, &call), MFA_EXPIRED);

    /* its browser learns where it led, and nothing of its secret */

    assert_true(mfa_str_eq(call.found.kind, call.flow.kind));
    assert_int_equal(call.found.secret.len, 0);

    f->now += MFA_SECOND;
    make(f, &other);
    f->now -= LIFE;
    assert_int_equal(get(f, &call), MFA_EXPIRED);
}


/* J8: sealed, and bound to the row it was written in */

static void
a_pending_secret_is_sealed_in_its_row(void **state)
{
    call_t      a, b;
    fixture_t  *f = *state;

    a = (call_t) { .flow.secret = mfa_str(SECRET) };
    make(f, &a);

    b = (call_t) { .flow.secret = mfa_str("another") };
    make(f, &b);

    a.key = mfa_id_str(&a.flow.id);
    update(f, tx_raw_get, &a);
    assert_true(has_bytes(a.bytes, "login"));
    assert_false(has_bytes(a.bytes, SECRET));

    b.key = mfa_id_str(&b.flow.id);
    b.bytes = a.bytes;
    update(f, tx_raw_put, &b);
    assert_int_equal(get(f, &b), MFA_DAMAGED);
    assert_int_equal(b.found.secret.len, 0);
    assert_int_equal(get(f, &a), MFA_OK);
}


static void
a_damaged_or_newer_flow_is_refused_and_can_be_deleted(void **state)
{
    char        newer[] = { 3, 0, 0 };
    call_t      call;
    fixture_t  *f = *state;

    make_for_user(f, 7, &call);
    call.key = mfa_id_str(&call.flow.id);

    call.bytes = mfa_str_bytes(newer, sizeof(newer));
    update(f, tx_raw_put, &call);
    assert_int_equal(get(f, &call), MFA_NEWER);

    call.bytes = mfa_str("\001garbage that is no flow at all");
    update(f, tx_raw_put, &call);
    assert_int_equal(get(f, &call), MFA_DAMAGED);

    memset(call.user.bytes, 7, MFA_ID_SIZE);
    update(f, tx_delete_all, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(count(f, MFA_TABLE_FLOW), 0);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 0);
}


static void
refused(fixture_t *f, call_t *call)
{
    update(f, tx_make, call);
    assert_int_equal(call->st, MFA_INVALID);
    assert_int_equal(count(f, MFA_TABLE_FLOW), 0);
}


static void
fields_over_their_bounds_are_refused(void **state)
{
    size_t       i;
    call_t       call;
    mfa_str_t    big;
    fixture_t   *f = *state;
    mfa_pair_t   pairs[17];
    mfa_flow_t   good;

    static char  text[4096];

    memset(text, 'x', sizeof(text));
    big = mfa_str_bytes(text, 0);

    for (i = 0; i < 17; i++) {
        pairs[i] = (mfa_pair_t) { mfa_str("name"), mfa_str("value") };
    }

    good = (mfa_flow_t) { .state = 1 };
    call = (call_t) { .flow = good };

    big.len = MFA_TARGET_MAX + 1;
    call.flow.target = big;
    refused(f, &call);

    call.flow = good;
    big.len = 1025;
    call.flow.secret = big;
    refused(f, &call);

    call.flow = good;
    big.len = MFA_EMAIL_MAX + 1;
    call.flow.email = big;
    refused(f, &call);

    call.flow = good;
    call.flow.typed = (mfa_pairs_t) { pairs, 17 };
    refused(f, &call);

    call.flow = good;
    big.len = 513;
    pairs[15].value = big;
    call.flow.errors = (mfa_pairs_t) { pairs, 16 };
    refused(f, &call);

    call.flow = good;
    pairs[15].value.len = 512;
    call.flow.typed = (mfa_pairs_t) { pairs, 16 };
    call.flow.errors = call.flow.typed;
    big.len = 1024;
    call.flow.secret = big;
    big.len = MFA_TARGET_MAX;
    call.flow.target = big;
    make(f, &call);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_int_equal(call.found.secret.len, 1024);
}


/* C2: what is pending for a user ends with a change of the password */

static void
all_flows_of_a_user_but_one_go(void **state)
{
    call_t      call[4];
    fixture_t  *f = *state;

    make_for_user(f, 7, &call[0]);
    make_for_user(f, 7, &call[1]);
    make_for_user(f, 7, &call[2]);
    make_for_user(f, 8, &call[3]);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 4);

    memset(call[0].user.bytes, 7, MFA_ID_SIZE);
    call[0].but = call[1].flow.id;
    call[0].has_but = true;
    update(f, tx_delete_all, &call[0]);

    assert_int_equal(get(f, &call[0]), MFA_NOT_FOUND);
    assert_int_equal(get(f, &call[1]), MFA_OK);
    assert_int_equal(get(f, &call[2]), MFA_NOT_FOUND);
    assert_int_equal(get(f, &call[3]), MFA_OK);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 2);

    call[0].has_but = false;
    update(f, tx_delete_all, &call[0]);
    assert_int_equal(get(f, &call[1]), MFA_NOT_FOUND);
    assert_int_equal(get(f, &call[3]), MFA_OK);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 1);
}


static void
the_index_follows_the_user_of_a_flow(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make_for_user(f, 7, &call);

    memset(call.flow.user.bytes, 8, MFA_ID_SIZE);
    save(f, &call);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 1);

    memset(call.user.bytes, 7, MFA_ID_SIZE);
    update(f, tx_delete_all, &call);
    assert_int_equal(get(f, &call), MFA_OK);

    call.flow.has_user = false;
    save(f, &call);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 0);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_false(call.found.has_user);
}


/* C12: a page left open cannot bring back what a reset has ended */

static void
an_ended_flow_is_not_brought_back_by_saving_it(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    make_for_user(f, 7, &call);
    update(f, tx_delete, &call);
    assert_int_equal(call.st, MFA_OK);

    update(f, tx_save, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    assert_int_equal(count(f, MFA_TABLE_FLOW), 0);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 0);

    update(f, tx_delete, &call);
    assert_int_equal(call.st, MFA_OK);
}


static void
a_deleted_flow_takes_its_codes_along(void **state)
{
    call_t      call = { .st = MFA_OK }, other = { .st = MFA_OK };
    fixture_t  *f = *state;

    make(f, &call);
    update(f, tx_code, &call);

    make(f, &other);
    update(f, tx_code, &other);
    assert_int_equal(count(f, MFA_TABLE_CODE), 2);

    update(f, tx_delete, &call);
    assert_int_equal(count(f, MFA_TABLE_CODE), 1);
}


static mfa_status_t
tx_make_only(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_make(tx, mfa_str("login"), LIFE,
                                        &call->flow));
}


/* H6: a page that is only looked at leaves nothing in the store */

static void
a_flow_that_is_only_made_or_asked_for_writes_nothing(void **state)
{
    int         i;
    call_t      call = { .st = MFA_OK };
    fixture_t  *f = *state;

    for (i = 0; i < 100; i++) {
        update(f, tx_make_only, &call);
        assert_int_equal(call.st, MFA_OK);
        assert_int_equal(get(f, &call), MFA_NOT_FOUND);
    }

    assert_int_equal(count(f, MFA_TABLE_FLOW), 0);
}


static void
broken_randomness_makes_no_flow(void **state)
{
    call_t      call = { .st = MFA_OK };
    fixture_t  *f = *state;

    f->is_random_broken = true;
    update(f, tx_make, &call);
    assert_int_equal(call.st, MFA_CRYPTO);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_saved_flow_is_found_by_its_browser),
        each(another_browser_finds_no_flow),
        each(a_flow_expires_and_an_older_clock_does_not_revive_it),
        each(a_pending_secret_is_sealed_in_its_row),
        each(a_damaged_or_newer_flow_is_refused_and_can_be_deleted),
        each(fields_over_their_bounds_are_refused),
        each(all_flows_of_a_user_but_one_go),
        each(the_index_follows_the_user_of_a_flow),
        each(an_ended_flow_is_not_brought_back_by_saving_it),
        each(a_deleted_flow_takes_its_codes_along),
        each(a_flow_that_is_only_made_or_asked_for_writes_nothing),
        each(broken_randomness_makes_no_flow)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
