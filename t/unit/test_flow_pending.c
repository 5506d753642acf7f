/*
 * Flows: what is pending in them, where a factor is being set up or changed,
 * and records that an earlier version wrote.
 */

#include "mfa_test_model.h"


#define LIFE    (30 * MFA_MINUTE)
#define NUMBER  "+441632960123"
#define SECRET  "pending-secret-0123456789"


typedef struct {
    mfa_flow_t    flow;
    mfa_flow_t    found;
    mfa_str_t     bytes;
    mfa_status_t  st;
} call_t;


static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static mfa_status_t
tx_make(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_flow_t     want = call->flow;
    mfa_status_t   st;

    st = mfa_flow_make(tx, mfa_str("settings"), LIFE, &call->flow);
    if (st != MFA_OK) {
        return answered(call, st);
    }

    call->flow.secret = want.secret;
    call->flow.destination = want.destination;
    call->flow.action = want.action;
    call->flow.subject = want.subject;

    return answered(call, mfa_flow_save(tx, &call->flow));
}


static mfa_status_t
tx_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_get(tx, &call->flow.id,
                                       call->flow.browser, &call->found));
}


static mfa_status_t
tx_raw_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_get(tx->txn, MFA_TABLE_FLOW, mfa_id_str(&call->flow.id),
                       tx->work->arena, &call->bytes);
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_FLOW, mfa_id_str(&call->flow.id),
                       call->bytes);
}


static mfa_status_t
tx_save(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_flow_save(tx, &call->found));
}


static void
make(fixture_t *f, call_t *call)
{
    update(f, tx_make, call);
    assert_int_equal(call->st, MFA_OK);
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


static call_t
pending(void)
{
    return (call_t) {
        .flow = {
            .secret = mfa_str(SECRET),
            .destination = mfa_str(NUMBER),
            .action = mfa_str("add"),
            .subject = mfa_str("sms")
        }
    };
}


/* B17, J8: the number is nobody's until it is proved, and sealed till then */

static void
a_pending_destination_is_kept_sealed(void **state)
{
    call_t      call = pending();
    fixture_t  *f = *state;

    make(f, &call);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_str(call.found.secret, SECRET);
    assert_str(call.found.destination, NUMBER);
    assert_str(call.found.action, "add");
    assert_str(call.found.subject, "sms");

    update(f, tx_raw_get, &call);
    assert_true(has_bytes(call.bytes, "settings"));
    assert_false(has_bytes(call.bytes, "1632960123"));
    assert_false(has_bytes(call.bytes, SECRET));

    update(f, tx_save, &call);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_str(call.found.destination, NUMBER);
    assert_int_equal(call.found.revision, 2);
}


static void
what_is_not_pending_stays_empty(void **state)
{
    call_t      call = { .st = MFA_OK };
    fixture_t  *f = *state;

    make(f, &call);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_int_equal(call.found.secret.len, 0);
    assert_int_equal(call.found.destination.len, 0);
    assert_int_equal(call.found.action.len, 0);
    assert_int_equal(call.found.subject.len, 0);
}


static void
an_expired_flow_gives_neither_secret_nor_destination(void **state)
{
    call_t      call = pending();
    fixture_t  *f = *state;

    make(f, &call);
    f->now += LIFE;

    assert_int_equal(get(f, &call), MFA_EXPIRED);
    assert_int_equal(call.found.secret.len, 0);
    assert_int_equal(call.found.destination.len, 0);
    assert_str(call.found.action, "add");
    assert_str(call.found.subject, "sms");
}


/* the sealed bytes of the two parts of one record are no use for the other */

static void
a_destination_is_no_secret(void **state)
{
    size_t      first, last, len;
    char       *bytes;
    call_t      call = pending();
    fixture_t  *f = *state;

    call.flow.secret = mfa_str("same-length-13");
    call.flow.destination = mfa_str("+441632960123x");
    call.flow.action = mfa_str("");
    call.flow.subject = mfa_str("");
    make(f, &call);
    update(f, tx_raw_get, &call);

    /* ... length, secret, amr; length, destination, 0, 0 */

    bytes = mfa_arena_alloc(f->arena, call.bytes.len);
    assert_non_null(bytes);
    memcpy(bytes, call.bytes.data, call.bytes.len);

    for (len = 10; len < 127; len++) {
        last = call.bytes.len - 2 - len;
        first = last - 1 - 1 - len;

        if ((uint8_t) bytes[last - 1] == len
            && (uint8_t) bytes[first - 1] == len)
        {
            break;
        }
    }

    assert_in_range(len, 10, 126);
    memcpy(bytes + first, call.bytes.data + last, len);
    memcpy(bytes + last, call.bytes.data + first, len);
    call.bytes.data = bytes;
    update(f, tx_raw_put, &call);

    assert_int_equal(get(f, &call), MFA_DAMAGED);
    assert_int_equal(call.found.secret.len, 0);
    assert_int_equal(call.found.destination.len, 0);
}


static void
pending_fields_over_their_bounds_are_refused(void **state)
{
    call_t       call;
    fixture_t   *f = *state;
    mfa_str_t    big;

    static char  text[MFA_EMAIL_MAX + 1];

    memset(text, 'x', sizeof(text));
    big = mfa_str_bytes(text, sizeof(text));

    call = (call_t) { .flow.destination = big };
    update(f, tx_make, &call);
    assert_int_equal(call.st, MFA_INVALID);

    big.len = 33;
    call = (call_t) { .flow.action = big };
    update(f, tx_make, &call);
    assert_int_equal(call.st, MFA_INVALID);

    call = (call_t) { .flow.subject = big };
    update(f, tx_make, &call);
    assert_int_equal(call.st, MFA_INVALID);

    big.len = 32;
    call = (call_t) { .flow.subject = big, .flow.action = big };
    make(f, &call);
}


/* the record as it was before there was anything but a secret */

static void
write_first_version(fixture_t *f, call_t *call)
{
    mfa_buf_t           bound, sealed, buf;
    mfa_str_t           place, secret;
    const mfa_pairs_t   none = { .count = 0 };
    const mfa_flow_t   *flow = &call->flow;

    mfa_buf_init(&bound, f->arena, 64);
    mfa_pack_number(&bound, MFA_TABLE_FLOW);
    mfa_pack_str(&bound, mfa_id_str(&flow->id));
    mfa_pack_number(&bound, 1);
    assert_int_equal(mfa_buf_str(&bound, &place), MFA_OK);

    mfa_buf_init(&sealed, f->arena, 4096);
    assert_int_equal(mfa_seal(f->keys, &f->ports, mfa_str(SECRET), place,
                              &sealed), MFA_OK);
    assert_int_equal(mfa_buf_str(&sealed, &secret), MFA_OK);

    mfa_buf_init(&buf, f->arena, 4096);
    mfa_pack_number(&buf, 1);
    mfa_pack_time(&buf, f->now);
    mfa_pack_time(&buf, f->now + LIFE);
    mfa_pack_number(&buf, 4);
    mfa_pack_str(&buf, mfa_str_bytes(flow->browser, MFA_DIGEST_SIZE));
    mfa_pack_str(&buf, mfa_str("login"));
    mfa_pack_number(&buf, 3);
    mfa_pack_str(&buf, mfa_null);
    mfa_pack_str(&buf, mfa_str("ann@example.org"));
    mfa_pack_str(&buf, mfa_str("/ess/"));
    mfa_pack_str(&buf, mfa_null);
    mfa_pack_pairs(&buf, &none);
    mfa_pack_pairs(&buf, &none);
    mfa_pack_str(&buf, secret);
    mfa_pack_number(&buf, MFA_AMR_PWD);
    assert_int_equal(mfa_buf_str(&buf, &call->bytes), MFA_OK);

    update(f, tx_raw_put, call);
}


static void
a_flow_of_the_first_version_goes_on(void **state)
{
    call_t      call = { .st = MFA_OK };
    fixture_t  *f = *state;

    memset(call.flow.id.bytes, 9, MFA_ID_SIZE);
    memset(call.flow.browser, 1, MFA_DIGEST_SIZE);
    write_first_version(f, &call);

    assert_int_equal(get(f, &call), MFA_OK);
    assert_str(call.found.secret, SECRET);
    assert_str(call.found.email, "ann@example.org");
    assert_int_equal(call.found.amr, MFA_AMR_PWD);
    assert_int_equal(call.found.destination.len, 0);
    assert_int_equal(call.found.action.len, 0);

    call.found.destination = mfa_str(NUMBER);
    update(f, tx_save, &call);
    assert_int_equal(call.st, MFA_OK);

    update(f, tx_raw_get, &call);
    assert_int_equal(call.bytes.data[0], 2);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_str(call.found.secret, SECRET);
    assert_str(call.found.destination, NUMBER);
    assert_int_equal(call.found.revision, 5);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_pending_destination_is_kept_sealed),
        each(what_is_not_pending_stays_empty),
        each(an_expired_flow_gives_neither_secret_nor_destination),
        each(a_destination_is_no_secret),
        each(pending_fields_over_their_bounds_are_refused),
        each(a_flow_of_the_first_version_goes_on)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
