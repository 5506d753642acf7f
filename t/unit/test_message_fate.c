/*
 * Messages: what became of one is told to the code that rides in it, an
 * attempt without an answer is not forgotten, and rows of an earlier version
 * are still sent.
 */

#include "mfa_test_model.h"


#define LEASE    MFA_MINUTE
#define PURPOSE  mfa_str("verify.sms")


typedef struct {
    mfa_code_place_t   place;
    mfa_code_t         code;
    mfa_message_t      message;
    mfa_message_t      found;
    mfa_time_t         due_at;
    const char        *reason;
    mfa_str_t          typed;
    mfa_code_answer_t  answer;
    unsigned           table;
    mfa_str_t          key;
    mfa_str_t          bytes;
    mfa_status_t       st;
} call_t;


static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


/* a code for the place, and the message it rides in */

static mfa_status_t
tx_send(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_pair_t     value;
    mfa_status_t   st;

    st = mfa_code_issue(tx, &call->place, &call->code);
    if (st != MFA_OK) {
        return answered(call, st);
    }

    value = (mfa_pair_t) { mfa_str("reference"), call->code.reference };

    call->message = (mfa_message_t) {
        .channel = mfa_str("sms"),
        .kind = mfa_str("code"),
        .to = mfa_str("+441632960123"),
        .values = { &value, 1 },
        .code_flow = call->place.flow,
        .code_purpose = call->place.purpose,
        .expires_at = tx->now + 10 * MFA_MINUTE
    };

    st = mfa_message_queue(tx, &call->message);
    call->message.values = (mfa_pairs_t) { .count = 0 };

    return answered(call, st);
}


static mfa_status_t
tx_look(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_code_look(tx, &call->place, &call->code));
}


static mfa_status_t
tx_use(mfa_tx_t *tx, void *arg)
{
    call_t    *call = arg;
    uint64_t   left;

    return answered(call, mfa_code_use(tx, &call->place, call->typed,
                                       &call->answer, &left));
}


static mfa_status_t
tx_lease(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_lease(tx, LEASE, &call->found));
}


static mfa_status_t
tx_sent(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_sent(tx, &call->found));
}


static mfa_status_t
tx_refused(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_refused(tx, &call->found,
                                              call->reason));
}


static mfa_status_t
tx_retry(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_retry(tx, &call->found, 0,
                                            call->reason));
}


static mfa_status_t
tx_retry_at(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_retry(tx, &call->found,
                                            call->due_at, call->reason));
}


static mfa_status_t
tx_raw_first(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = call->table };
    mfa_status_t   st;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    call->key = cursor.key;
    call->bytes = cursor.value;

    return answered(call, st);
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, call->table, call->key, call->bytes);
}


static call_t
place(uint8_t flow)
{
    call_t  call = {
        .place = { .purpose = PURPOSE,
                   .destination = mfa_str("+441632960123") },
        .reason = "21610"
    };

    memset(call.place.flow.bytes, flow, MFA_ID_SIZE);

    return call;
}


static void
send_code(fixture_t *f, call_t *call)
{
    update(f, tx_send, call);
    assert_int_equal(call->st, MFA_OK);
    call->typed = call->code.code;
}


static void
lease(fixture_t *f, call_t *call)
{
    update(f, tx_lease, call);
    assert_int_equal(call->st, MFA_OK);
}


static mfa_time_t
refused_at(fixture_t *f, call_t *call)
{
    update(f, tx_look, call);
    assert_int_equal(call->st, MFA_OK);

    return call->code.refused_at;
}


/* ML3: the page can say at once that nothing will come */

static void
a_code_learns_that_its_message_was_refused(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    send_code(f, &call);
    assert_int_equal(call.code.refused_at, 0);
    lease(f, &call);
    assert_int_equal(refused_at(f, &call), 0);

    f->now += MFA_SECOND;
    update(f, tx_refused, &call);
    assert_int_equal(refused_at(f, &call), f->now);
    assert_int_equal(call.code.sent_at, 0);

    /* the one after it has its own fate */

    f->now += MFA_MINUTE;
    send_code(f, &call);
    assert_int_equal(refused_at(f, &call), 0);
}


static void
a_late_refusal_is_not_of_the_code_that_stands(void **state)
{
    call_t      call = place(1), late;
    fixture_t  *f = *state;

    send_code(f, &call);
    lease(f, &call);
    late = call;

    f->now += 31 * MFA_SECOND;
    send_code(f, &call);
    update(f, tx_refused, &late);
    assert_int_equal(refused_at(f, &call), 0);
}


static void
what_was_taken_is_not_refused_any_more(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    send_code(f, &call);
    lease(f, &call);
    call.table = MFA_TABLE_MESSAGE;
    update(f, tx_raw_first, &call);
    update(f, tx_sent, &call);

    /* the row came back by a fault, and is refused the second time */

    update(f, tx_raw_put, &call);
    update(f, tx_refused, &call);
    assert_int_equal(f->work.events.lines.count, 1);
    assert_int_equal(refused_at(f, &call), 0);
    assert_true(call.code.sent_at != 0);
}


/* refused by one worker, taken from another that was slow: it may arrive */

static void
what_was_taken_after_all_may_arrive(void **state)
{
    call_t      call = place(1), slow;
    fixture_t  *f = *state;

    send_code(f, &call);
    lease(f, &call);
    slow = call;

    f->now += LEASE;
    lease(f, &call);
    update(f, tx_refused, &call);
    assert_true(refused_at(f, &call) != 0);

    update(f, tx_sent, &slow);
    assert_int_equal(refused_at(f, &call), 0);
    assert_int_equal(call.code.sent_at, f->now);
}


/* I4: out of time on the way to the next message, at a retry, in the purge */

static void
a_code_learns_that_its_message_came_too_late(void **state)
{
    call_t              call = place(1);
    size_t              removed;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_MESSAGE };

    send_code(f, &call);
    f->now += 10 * MFA_MINUTE;
    update(f, tx_lease, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    assert_int_equal(refused_at(f, &call), f->now);

    call = place(2);
    send_code(f, &call);
    f->now += 10 * MFA_MINUTE - 1;
    lease(f, &call);
    update(f, tx_retry, &call);
    assert_int_equal(refused_at(f, &call), f->now);

    call = place(3);
    send_code(f, &call);
    f->now += 10 * MFA_MINUTE;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    assert_true(removed > 0);
    assert_int_equal(refused_at(f, &call), f->now);
}


static void
a_code_does_not_mind_a_second_attempt(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    send_code(f, &call);
    lease(f, &call);
    update(f, tx_retry, &call);
    assert_int_equal(refused_at(f, &call), 0);
}


/* ML8: one attempt without an answer is retried at most once, so it must be
 * known to the next worker */

static void
an_unclear_attempt_is_not_forgotten(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    send_code(f, &call);
    lease(f, &call);
    assert_false(call.found.is_unclear);

    call.found.is_unclear = true;
    update(f, tx_retry, &call);
    f->now += 30 * MFA_SECOND;
    lease(f, &call);
    assert_true(call.found.is_unclear);
    assert_int_equal(call.found.attempts, 2);

    f->now += LEASE;
    lease(f, &call);
    assert_true(call.found.is_unclear);
}


/* ML8: 429 with Retry-After */

static void
a_message_waits_as_long_as_the_other_side_asked(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    call.reason = "429";
    send_code(f, &call);
    lease(f, &call);

    call.due_at = f->now + 5 * MFA_MINUTE;
    call.found.is_unclear = true;
    update(f, tx_retry_at, &call);

    f->now += 5 * MFA_MINUTE - 1;
    update(f, tx_lease, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    f->now += 1;
    lease(f, &call);
    assert_true(call.found.is_unclear);

    /* but never sooner than the schedule has it: the second wait is 60 s */

    call.due_at = f->now + MFA_SECOND;
    update(f, tx_retry_at, &call);
    f->now += 60 * MFA_SECOND - 1;
    update(f, tx_lease, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    f->now += 1;
    lease(f, &call);

    /* whoever says "next year" has refused it */

    call.due_at = INT64_MAX;
    update(f, tx_retry_at, &call);
    assert_int_equal(refused_at(f, &call), f->now);
    assert_int_equal(f->work.events.lines.count, 0);
    update(f, tx_lease, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
}


/* cuts off the fields that later versions added at the end */

static void
write_first_version(fixture_t *f, call_t *call, int version, size_t cut)
{
    char  *bytes;

    update(f, tx_raw_first, call);
    assert_int_equal(call->st, MFA_OK);
    assert_int_equal(call->bytes.data[0], version);

    bytes = mfa_arena_alloc(f->arena, call->bytes.len);
    assert_non_null(bytes);
    memcpy(bytes, call->bytes.data, call->bytes.len);
    bytes[0] = 1;
    call->bytes = mfa_str_bytes(bytes, call->bytes.len - cut);
    update(f, tx_raw_put, call);
}


static void
a_code_of_the_first_version_is_good(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    send_code(f, &call);
    call.table = MFA_TABLE_CODE;
    write_first_version(f, &call, 3, 4);

    assert_int_equal(refused_at(f, &call), 0);
    f->now += 20 * MFA_MINUTE;
    update(f, tx_use, &call);
    assert_int_equal(call.answer, MFA_CODE_RIGHT);
}


/* the values of a row are sealed with its version */

static void
a_message_of_the_first_version_is_sent(void **state)
{
    size_t          at;
    call_t          call = place(1);
    mfa_buf_t       buf;
    mfa_str_t       bound, plain;
    fixture_t      *f = *state;
    mfa_message_t   m;
    const mfa_pair_t  pair = { mfa_str("reference"), mfa_str("ABCD") };
    mfa_pairs_t     values;

    send_code(f, &call);
    call.table = MFA_TABLE_MESSAGE;
    update(f, tx_raw_first, &call);
    at = call.key.len - MFA_ID_SIZE;
    memcpy(m.id.bytes, call.key.data + at, MFA_ID_SIZE);

    mfa_buf_init(&buf, f->arena, 64);
    mfa_pack_number(&buf, MFA_TABLE_MESSAGE);
    mfa_pack_str(&buf, mfa_id_str(&m.id));
    mfa_pack_number(&buf, 1);
    assert_int_equal(mfa_buf_str(&buf, &bound), MFA_OK);

    values = (mfa_pairs_t) { mfa_arena_alloc(f->arena, sizeof(pair)), 1 };
    values.items[0] = pair;
    mfa_buf_init(&buf, f->arena, 256);
    mfa_pack_pairs(&buf, &values);
    assert_int_equal(mfa_buf_str(&buf, &plain), MFA_OK);

    mfa_buf_init(&buf, f->arena, 512);
    assert_int_equal(mfa_seal(f->keys, &f->ports, plain, bound, &buf),
                     MFA_OK);
    assert_int_equal(mfa_buf_str(&buf, &plain), MFA_OK);

    mfa_buf_init(&buf, f->arena, 1024);
    mfa_pack_number(&buf, 1);
    mfa_pack_time(&buf, f->now);
    mfa_pack_time(&buf, f->now + MFA_HOUR);
    mfa_pack_number(&buf, 0);
    mfa_pack_str(&buf, mfa_str("mail"));
    mfa_pack_str(&buf, mfa_str("code"));
    mfa_pack_str(&buf, mfa_str("ann@example.org"));
    mfa_pack_str(&buf, mfa_str("en"));
    mfa_pack_str(&buf, mfa_id_str(&call.place.flow));
    mfa_pack_str(&buf, mfa_str("register"));
    mfa_pack_str(&buf, plain);
    assert_int_equal(mfa_buf_str(&buf, &call.bytes), MFA_OK);
    update(f, tx_raw_put, &call);

    lease(f, &call);
    assert_true(mfa_str_eq_c(call.found.to, "ann@example.org"));
    assert_true(mfa_str_eq_c(mfa_pairs_get(&call.found.values,
                                           mfa_str("reference")), "ABCD"));
    assert_false(call.found.is_unclear);

    /* written again, as one of this version */

    f->now += LEASE;
    lease(f, &call);
    assert_true(mfa_str_eq_c(mfa_pairs_get(&call.found.values,
                                           mfa_str("reference")), "ABCD"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_code_learns_that_its_message_was_refused),
        each(a_late_refusal_is_not_of_the_code_that_stands),
        each(what_was_taken_is_not_refused_any_more),
        each(what_was_taken_after_all_may_arrive),
        each(a_code_learns_that_its_message_came_too_late),
        each(a_code_does_not_mind_a_second_attempt),
        each(an_unclear_attempt_is_not_forgotten),
        each(a_message_waits_as_long_as_the_other_side_asked),
        each(a_code_of_the_first_version_is_good),
        each(a_message_of_the_first_version_is_sent)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
