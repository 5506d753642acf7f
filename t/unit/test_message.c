/*
 * Messages: the outbox, from the transaction of the cause to the end.
 */

#include "mfa_test_model.h"

#define LEASE  MFA_MINUTE
#define CODE   "804613"


typedef struct {
    mfa_message_t   message;
    mfa_message_t   found;
    mfa_user_t      user;
    const char     *reason;
    mfa_str_t       key;
    mfa_str_t       bytes;
    size_t          count;
    mfa_strs_t      to;
    mfa_status_t    st;
} call_t;


static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static mfa_status_t
tx_queue(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_queue(tx, &call->message));
}


static mfa_status_t
tx_queue_all(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_queue_all(tx, &call->user,
                                                &call->message));
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
tx_retry(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_retry(tx, &call->found, 0,
                                            call->reason));
}


static mfa_status_t
tx_refused(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_message_refused(tx, &call->found,
                                              call->reason));
}


/* through the public call */

static mfa_status_t
tx_list(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_status_t          st;
    mfa_message_t         message;
    const mfa_message_t  *after = NULL;

    call->count = 0;
    call->to.count = 0;

    while ((st = mfa_message_next(tx, after, &message)) == MFA_OK) {
        call->count++;
        st = mfa_strs_add(tx->work->arena, &call->to, message.to);
        assert_int_equal(st, MFA_OK);
        call->found = message;
        after = &call->found;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
tx_raw_first(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_MESSAGE };
    mfa_status_t   st;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    call->key = cursor.key;
    call->bytes = cursor.value;

    return st;
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_MESSAGE, call->key, call->bytes);
}


static call_t
mail(fixture_t *f, const char *to)
{
    mfa_pair_t  *values;

    values = mfa_arena_alloc(f->arena, 2 * sizeof(mfa_pair_t));
    assert_non_null(values);
    values[0] = (mfa_pair_t) { mfa_str("code"), mfa_str(CODE) };
    values[1] = (mfa_pair_t) { mfa_str("reference"), mfa_str("ABCD") };

    return (call_t) {
        .message = {
            .channel = mfa_str("mail"),
            .kind = mfa_str("code"),
            .to = mfa_str_from(to),
            .values = { values, 2 },
            .language = mfa_str("en"),
            .expires_at = f->now + 30 * MFA_MINUTE
        }
    };
}


static void
queue(fixture_t *f, call_t *call)
{
    update(f, tx_queue, call);
    assert_int_equal(call->st, MFA_OK);
}


static mfa_status_t
lease(fixture_t *f, call_t *call)
{
    update(f, tx_lease, call);

    return call->st;
}


static size_t
count(fixture_t *f)
{
    call_t  call = { .count = 0 };

    assert_int_equal(mfa_view(fixture_work(f), tx_list, &call), MFA_OK);

    return call.count;
}


/* the one event of the last work has this, and never says to whom */

static void
assert_event(fixture_t *f, const char *name, const char *reason)
{
    mfa_str_t  line;

    assert_int_equal(f->work.events.lines.count, 1);
    line = f->work.events.lines.items[0];

    assert_non_null(memmem(line.data, line.len, name, strlen(name)));
    assert_non_null(memmem(line.data, line.len, reason, strlen(reason)));
    assert_null(memmem(line.data, line.len, "example.org", 11));
    assert_null(memmem(line.data, line.len, CODE, strlen(CODE)));
}


static void
a_queued_message_is_leased_whole(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    memset(call.message.code_flow.bytes, 3, MFA_ID_SIZE);
    call.message.code_purpose = mfa_str("register");
    queue(f, &call);

    assert_int_equal(lease(f, &call), MFA_OK);
    assert_memory_equal(call.found.id.bytes, call.message.id.bytes,
                        MFA_ID_SIZE);
    assert_true(mfa_str_eq_c(call.found.channel, "mail"));
    assert_true(mfa_str_eq_c(call.found.kind, "code"));
    assert_true(mfa_str_eq_c(call.found.to, "ann@example.org"));
    assert_true(mfa_str_eq_c(call.found.language, "en"));
    assert_true(mfa_str_eq_c(call.found.code_purpose, "register"));
    assert_int_equal(call.found.code_flow.bytes[15], 3);
    assert_true(mfa_str_eq_c(mfa_pairs_get(&call.found.values,
                                           mfa_str("code")), CODE));
    assert_int_equal(call.found.made_at, FIXTURE_NOW);
    assert_int_equal(call.found.due_at, FIXTURE_NOW + LEASE);
    assert_int_equal(call.found.expires_at, FIXTURE_NOW + 30 * MFA_MINUTE);
    assert_int_equal(call.found.attempts, 1);
}


static void
messages_come_in_the_order_they_are_due(void **state)
{
    int         i;
    fixture_t  *f = *state;
    call_t      call;

    static const char *const  to[] = {
        "a@example.org", "b@example.org", "c@example.org"
    };

    for (i = 0; i < 3; i++) {
        call = mail(f, to[i]);
        queue(f, &call);
        f->now += 1;
    }

    for (i = 0; i < 3; i++) {
        assert_int_equal(lease(f, &call), MFA_OK);
        assert_true(mfa_str_eq_c(call.found.to, to[i]));
    }

    assert_int_equal(lease(f, &call), MFA_NOT_FOUND);
}


/* B8, J10: the code waits sealed */

static void
values_are_sealed_in_the_store(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    queue(f, &call);
    update(f, tx_raw_first, &call);
    assert_null(memmem(call.bytes.data, call.bytes.len, CODE, strlen(CODE)));
    assert_null(memmem(call.bytes.data, call.bytes.len, "ABCD", 4));

    assert_int_equal(lease(f, &call), MFA_OK);
    update(f, tx_raw_first, &call);
    assert_null(memmem(call.bytes.data, call.bytes.len, CODE, strlen(CODE)));
}


/* J8: sealed values of one row do not open in another; the rest goes on */

static void
a_damaged_row_is_removed_and_stops_nobody(void **state)
{
    char        raw[24] = { 0 };
    fixture_t  *f = *state;
    call_t      a = mail(f, "a@example.org"), b = mail(f, "b@example.org");

    queue(f, &a);
    update(f, tx_raw_first, &a);
    f->now += MFA_SECOND;
    queue(f, &b);

    a.key = mfa_str_bytes(raw, sizeof(raw));
    update(f, tx_raw_put, &a);
    raw[23] = 1;
    a.bytes = mfa_str("\001no message");
    update(f, tx_raw_put, &a);

    assert_int_equal(lease(f, &b), MFA_OK);
    assert_true(mfa_str_eq_c(b.found.to, "a@example.org"));
    assert_int_equal(f->work.events.lines.count, 2);
    assert_true(f->errors > 0);
    assert_int_equal(count(f), 2);
    assert_int_equal(lease(f, &b), MFA_OK);
}


static void
a_row_of_a_newer_version_waits(void **state)
{
    char        raw[24] = { 0 };
    fixture_t  *f = *state;
    call_t      call = mail(f, "a@example.org");

    queue(f, &call);
    call.key = mfa_str_bytes(raw, sizeof(raw));
    call.bytes = mfa_str("\004what nobody knows yet");
    update(f, tx_raw_put, &call);

    assert_int_equal(lease(f, &call), MFA_OK);
    assert_int_equal(lease(f, &call), MFA_NOT_FOUND);
    update(f, tx_raw_first, &call);
    assert_memory_equal(call.key.data, raw, sizeof(raw));
}


/* I4, ML9: what a dead worker held comes due again by itself */
static void
a_lease_runs_out(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org"), late;

    queue(f, &call);
    assert_int_equal(lease(f, &call), MFA_OK);
    late = call;

    f->now += LEASE - 1;
    assert_int_equal(lease(f, &call), MFA_NOT_FOUND);

    f->now += 1;
    assert_int_equal(lease(f, &call), MFA_OK);
    assert_int_equal(call.found.attempts, 2);
    assert_int_equal(count(f), 1);

    /* the one thought dead ends its attempt: not its message any more */

    late.reason = "timeout";
    update(f, tx_retry, &late);
    update(f, tx_refused, &late);
    assert_int_equal(count(f), 1);
    assert_int_equal(f->work.events.lines.count, 0);

    update(f, tx_sent, &call);
    assert_int_equal(count(f), 0);
}


/* I4: 0 lost by a restart */

static void
a_message_outlives_a_restart(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    queue(f, &call);
    assert_int_equal(lease(f, &call), MFA_OK);

    if (strcmp(f->engine, "lmdb") == 0) {
        fixture_restart(f);
    }

    f->now += LEASE;
    assert_int_equal(lease(f, &call), MFA_OK);
}


static void
a_sent_message_goes_and_is_told(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    queue(f, &call);
    assert_int_equal(lease(f, &call), MFA_OK);
    update(f, tx_sent, &call);
    assert_event(f, "\"message.sent\"", "\"ok\"");
    assert_int_equal(count(f), 0);

    f->now += LEASE;
    assert_int_equal(lease(f, &call), MFA_NOT_FOUND);
}


static mfa_status_t
tx_damage_code(mfa_tx_t *tx, void *arg)
{
    char     key[MFA_ID_SIZE + 8];
    call_t  *call = arg;

    memcpy(key, call->message.code_flow.bytes, MFA_ID_SIZE);
    memcpy(key + MFA_ID_SIZE, "register", 8);

    return mfa_txn_put(tx->txn, MFA_TABLE_CODE,
                       mfa_str_bytes(key, sizeof(key)), mfa_str("\001\377"));
}


/* ML9: it was taken, so it must go, or it would be sent again and again */

static void
a_sent_message_goes_though_its_code_is_damaged(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    call.message.code_purpose = mfa_str("register");
    update(f, tx_damage_code, &call);
    queue(f, &call);
    assert_int_equal(lease(f, &call), MFA_OK);
    update(f, tx_sent, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(count(f), 0);
}


/* I4: 30 s, 1, 2, 4, 8 min, then every 15 min, until the code dies */

static void
a_message_is_tried_again_by_the_schedule(void **state)
{
    size_t      i;
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    static const mfa_time_t  waits[] = { 30, 60, 120, 240, 480, 900, 900 };

    call.message.expires_at = f->now + MFA_HOUR;
    call.reason = "451";
    queue(f, &call);

    for (i = 0; i < 7; i++) {
        assert_int_equal(lease(f, &call), MFA_OK);
        update(f, tx_retry, &call);
        assert_event(f, "\"message.retry\"", "\"451\"");

        f->now += waits[i] * MFA_SECOND - 1;
        assert_int_equal(lease(f, &call), MFA_NOT_FOUND);
        f->now += 1;
    }

    /* 45 min and a half are over; the next attempt would be too late */

    assert_int_equal(lease(f, &call), MFA_OK);
    assert_int_equal(call.found.attempts, 8);
    update(f, tx_retry, &call);
    assert_event(f, "\"message.expired\"", "\"451\"");
    assert_int_equal(count(f), 0);
}


static void
a_message_refused_for_good_goes(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    call.reason = "550";
    queue(f, &call);
    assert_int_equal(lease(f, &call), MFA_OK);
    update(f, tx_refused, &call);
    assert_event(f, "\"message.refused\"", "\"550\"");
    assert_int_equal(count(f), 0);
}


/* B10: nobody gets a mail with a dead code */

static void
expired_messages_are_not_sent(void **state)
{
    int         i;
    fixture_t  *f = *state;
    call_t      call = mail(f, "ann@example.org");

    for (i = 0; i < 60; i++) {
        queue(f, &call);
    }

    f->now += 30 * MFA_MINUTE;
    call = mail(f, "bob@example.org");
    queue(f, &call);

    assert_int_equal(lease(f, &call), MFA_NOT_FOUND);
    assert_int_equal(f->work.events.lines.count, 50);
    assert_int_equal(count(f), 11);

    assert_int_equal(lease(f, &call), MFA_OK);
    assert_true(mfa_str_eq_c(call.found.to, "bob@example.org"));
    assert_int_equal(f->work.events.lines.count, 10);
    assert_int_equal(count(f), 1);
}


/* E7 */

static void
all_addresses_of_a_user_get_a_notice_once(void **state)
{
    fixture_t  *f = *state;
    call_t      call = mail(f, "nobody@example.org");
    mfa_str_t   others[] = {
        mfa_str_static("ann.private@example.org"),
        mfa_str_static("ann@example.org"),
        mfa_str_static("Ann.Private@example.org")
    };

    call.user.email = mfa_str("ann@example.org");
    call.user.other_emails = (mfa_strs_t) { others, 3 };
    update(f, tx_queue_all, &call);
    assert_int_equal(call.st, MFA_OK);

    assert_int_equal(mfa_view(fixture_work(f), tx_list, &call), MFA_OK);
    assert_int_equal(call.count, 2);
    assert_true(mfa_strs_has(&call.to, mfa_str("ann@example.org")));
    assert_true(mfa_strs_has(&call.to, mfa_str("ann.private@example.org")));
}


static void
refuse(fixture_t *f, call_t *call)
{
    update(f, tx_queue, call);
    assert_int_equal(call->st, MFA_INVALID);
    assert_int_equal(count(f), 0);
}


/* I2 for what goes past the pages */

static void
odd_messages_are_refused(void **state)
{
    char        big[5000];
    fixture_t  *f = *state;
    call_t      call;

    memset(big, 'x', sizeof(big));

    call = mail(f, "ann@example.org\r\nBcc: eve@example.org");
    refuse(f, &call);

    call = mail(f, "");
    refuse(f, &call);

    call = mail(f, "ann@example.org");
    call.message.expires_at = f->now;
    refuse(f, &call);

    call = mail(f, "ann@example.org");
    call.message.values.items[0].value = mfa_str_bytes(big, 4096);
    refuse(f, &call);

    call = mail(f, "ann@example.org");
    call.message.kind = mfa_str_bytes(big, 65);
    refuse(f, &call);

    call = mail(f, "ann@example.org");
    call.message.values.items[0].value = mfa_str_bytes(big, 4000);
    queue(f, &call);
    assert_int_equal(lease(f, &call), MFA_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_queued_message_is_leased_whole),
        each(messages_come_in_the_order_they_are_due),
        each(values_are_sealed_in_the_store),
        each(a_damaged_row_is_removed_and_stops_nobody),
        each(a_row_of_a_newer_version_waits),
        each(a_lease_runs_out),
        each(a_message_outlives_a_restart),
        each(a_sent_message_goes_and_is_told),
        each(a_sent_message_goes_though_its_code_is_damaged),
        each(a_message_is_tried_again_by_the_schedule),
        each(a_message_refused_for_good_goes),
        each(expired_messages_are_not_sent),
        each(all_addresses_of_a_user_get_a_notice_once),
        each(odd_messages_are_refused)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
