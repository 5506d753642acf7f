/*
 * Activity: the last events of a person, kept for the person to read.
 */

#include "mfa_test_model.h"


typedef struct {
    mfa_event_t      event;
    mfa_id_t         user;
    mfa_activity_t  *items;
    size_t           count;
    mfa_str_t        bytes;
    bool             is_failing;
    mfa_status_t     st;
} call_t;


static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static mfa_status_t
tx_event(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_status_t   st;

    st = mfa_id_text(tx->work->arena, &call->user, &call->event.user);
    if (st != MFA_OK) {
        return answered(call, st);
    }

    st = mfa_event_add(tx, &call->event);

    return call->is_failing ? MFA_STORE : answered(call, st);
}


static mfa_status_t
tx_list(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_activity_list(tx, &call->user, &call->items,
                                            &call->count));
}


static mfa_status_t
tx_raw_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_txn_get(tx->txn, MFA_TABLE_ACTIVITY,
                                      mfa_id_str(&call->user),
                                      tx->work->arena, &call->bytes));
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_ACTIVITY, mfa_id_str(&call->user),
                       call->bytes);
}


static mfa_status_t
tx_delete(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_user_delete(tx, &call->user));
}


static call_t
person(fixture_t *f, const char *email)
{
    call_t      call = { .st = MFA_OK };
    mfa_user_t  user;

    fixture_user(f, email, &user);
    call.user = user.id;

    return call;
}


static void
happen(fixture_t *f, call_t *call, const char *name, const char *result)
{
    call->event.name = name;
    call->event.result = result;
    update(f, tx_event, call);
    assert_int_equal(call->st, MFA_OK);
}


static void
list(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_view(fixture_work(f), tx_list, call), MFA_OK);
    assert_int_equal(call->st, MFA_OK);
}


/* S4 */

static void
the_last_events_come_newest_first(void **state)
{
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    call.event.agent = mfa_str("Firefox on Windows");
    happen(f, &call, "login", "ok");

    f->now += 5 * MFA_DAY + 1;
    f->address = (mfa_address_t) { .bytes = { 0x20, 1, 0xd, 0xb8 },
                                   .len = 16 };
    call.event.factor = "totp";
    call.event.agent = mfa_str("Safari on iPhone");
    happen(f, &call, "factor.add", "ok");

    f->now += 1;
    call.event.factor = NULL;
    call.event.agent = mfa_null;
    call.event.reason = "password";
    happen(f, &call, "login", "fail");

    list(f, &call);
    assert_int_equal(call.count, 3);
    assert_true(mfa_str_eq_c(call.items[0].name, "login"));
    assert_true(mfa_str_eq_c(call.items[0].result, "fail"));
    assert_int_equal(call.items[0].factor.len, 0);
    assert_int_equal(call.items[0].agent.len, 0);
    assert_int_equal(call.items[0].at, f->now);

    assert_true(mfa_str_eq_c(call.items[1].name, "factor.add"));
    assert_true(mfa_str_eq_c(call.items[1].factor, "totp"));
    assert_true(mfa_str_eq_c(call.items[1].agent, "Safari on iPhone"));
    assert_int_equal(call.items[1].address.len, 16);
    assert_int_equal(call.items[1].address.bytes[3], 0xb8);
    assert_int_equal(call.items[1].at, f->now - 1);

    assert_true(mfa_str_eq_c(call.items[2].agent, "Firefox on Windows"));
    assert_int_equal(call.items[2].address.len, 4);
    assert_int_equal(call.items[2].address.bytes[0], 203);
    assert_int_equal(call.items[2].at, FIXTURE_NOW);
}


static void
an_unknown_name_is_kept_as_it_is(void **state)
{
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    call.event.factor = "carrier_pigeon";
    happen(f, &call, "pigeon.home", "tired");
    happen(f, &call, "login", "ok");

    list(f, &call);
    assert_int_equal(call.count, 2);
    assert_true(mfa_str_eq_c(call.items[1].name, "pigeon.home"));
    assert_true(mfa_str_eq_c(call.items[1].result, "tired"));
    assert_true(mfa_str_eq_c(call.items[1].factor, "carrier_pigeon"));
}


/* performance.md, bytes per person: at most 25 for each event */

static void
twenty_events_are_kept_in_few_bytes(void **state)
{
    int         i;
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    static const char *const  agents[] = {
        "Firefox on Windows", "Safari on iPhone", "Chrome on Android"
    };

    for (i = 0; i < 50; i++) {
        f->address.bytes[3] = (uint8_t) (i % 5);
        call.event.factor = i % 2 == 0 ? "totp" : NULL;
        call.event.agent = mfa_str_from(agents[i % 3]);
        happen(f, &call, i == 30 ? "session.end" : "login", "ok");
        f->now += 7 * MFA_HOUR + 123;
    }

    list(f, &call);
    assert_int_equal(call.count, MFA_ACTIVITY_MAX);
    assert_true(mfa_str_eq_c(call.items[19].name, "session.end"));
    assert_int_equal(call.items[0].address.bytes[3], 4);

    update(f, tx_raw_get, &call);
    print_message("# a full ring: %zu bytes\n", call.bytes.len);
    assert_in_range(call.bytes.len, 100, 25 * MFA_ACTIVITY_MAX);
}


/* every event from another browser and network, with words of no table */

static void
a_ring_of_the_longest_events_fits(void **state)
{
    int         i;
    char        agent[MFA_AGENT_MAX + 10];
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    f->address.len = 16;
    call.event.factor = "a_factor_with_a_name_that_is_longer_than_all";

    for (i = 0; i < 25; i++) {
        memset(agent, 'a' + i, sizeof(agent));
        f->address.bytes[15] = (uint8_t) i;
        call.event.agent = mfa_str_bytes(agent, sizeof(agent));
        happen(f, &call, "an.event.with.a.name.that.is.longer.than.all",
               "a.result.with.a.name.that.is.longer.than.all");
        f->now += 400 * MFA_DAY;
    }

    list(f, &call);
    assert_int_equal(call.count, MFA_ACTIVITY_MAX);
    assert_int_equal(call.items[0].agent.len, MFA_AGENT_MAX);
    assert_int_equal(call.items[0].name.len, 32);
    assert_int_equal(call.items[0].address.bytes[15], 24);
    assert_int_equal(call.items[19].address.bytes[15], 5);
}


static void
what_is_not_about_security_is_left_out(void **state)
{
    size_t      i;
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    static const char *const  names[] = {
        "purge", "message.sent", "message.retry", "user.add"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        happen(f, &call, names[i], "ok");
        assert_int_equal(f->work.events.lines.count, 1);
    }

    list(f, &call);
    assert_int_equal(call.count, 0);
    update(f, tx_raw_get, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
}


static mfa_status_t
tx_nobody(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_event_add(tx, &call->event));
}


/* a name that nobody has must not grow the store (H6) */

static void
nothing_is_kept_for_nobody(void **state)
{
    size_t      i;
    fixture_t  *f = *state;
    call_t      call = { .event = { .name = "login", .result = "fail" } };

    static const mfa_str_t  users[] = {
        mfa_str_static(""), mfa_str_static("ann"),
        mfa_str_static("zz000000000000000000000000000000"),
        mfa_str_static("00112233445566778899aabbccddeeff"),
        mfa_str_static("00112233445566778899aabbccddeeff00")
    };

    memcpy(call.user.bytes, "\x00\x11\x22\x33\x44\x55\x66\x77"
                            "\x88\x99\xaa\xbb\xcc\xdd\xee\xff", MFA_ID_SIZE);

    for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        call.event.user = users[i];
        update(f, tx_nobody, &call);
        assert_int_equal(call.st, MFA_OK);
        update(f, tx_raw_get, &call);
        assert_int_equal(call.st, MFA_NOT_FOUND);
    }
}


/* A7: what is done for somebody is done for nobody as well, in one record
 * that no name makes longer */

static void
a_strangers_failure_is_written_for_nobody(void **state)
{
    size_t      i;
    fixture_t  *f = *state;
    call_t      call = { .event = { .name = "login", .result = "fail" } };

    for (i = 0; i < 2 * MFA_ACTIVITY_MAX; i++) {
        update(f, tx_nobody, &call);
        assert_int_equal(call.st, MFA_OK);
        update(f, tx_raw_get, &call);
        assert_int_equal(call.st, MFA_OK);
        assert_in_range(call.bytes.len, 1, 4096);
    }
}


static void
a_failed_update_leaves_no_trace(void **state)
{
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    happen(f, &call, "login", "ok");
    call.is_failing = true;
    call.event.name = "password.change";
    assert_int_equal(mfa_update(fixture_work(f), tx_event, &call), MFA_STORE);

    list(f, &call);
    assert_int_equal(call.count, 1);
    assert_true(mfa_str_eq_c(call.items[0].name, "login"));
}


/* damage costs the past of one list, not a login */

static void
a_damaged_record_is_begun_anew(void **state)
{
    size_t      i, len;
    char       *bytes;
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org"), whole;

    call.event.agent = mfa_str("Firefox on Windows");
    happen(f, &call, "login", "ok");
    happen(f, &call, "session.end", "ok");
    update(f, tx_raw_get, &call);
    whole = call;
    len = whole.bytes.len;

    bytes = mfa_arena_alloc(f->arena, len);
    assert_non_null(bytes);

    for (i = 0; i < 2 * len; i++) {
        memcpy(bytes, whole.bytes.data, len);
        bytes[i / 2] = (char) (bytes[i / 2] ^ (i % 2 == 0 ? 0x7f : 0x80));
        call.bytes = mfa_str_bytes(bytes, len);

        if (i / 2 == 0) {
            call.bytes = mfa_str_bytes("\000nothing", 8);
        }

        update(f, tx_raw_put, &call);
        list(f, &call);
        assert_in_range(call.count, 0, 2);
        happen(f, &call, "login", "fail");
        list(f, &call);
        assert_in_range(call.count, 1, 3);
        assert_true(mfa_str_eq_c(call.items[0].result, "fail"));
    }

    for (i = 0; i < len; i++) {
        call.bytes = mfa_str_bytes(whole.bytes.data, i);
        update(f, tx_raw_put, &call);
        happen(f, &call, "login", "fail");
        list(f, &call);
        assert_in_range(call.count, 1, 3);
    }
}


static void
a_record_of_a_newer_version_is_left_alone(void **state)
{
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    call.bytes = mfa_str("\002what nobody knows yet");
    update(f, tx_raw_put, &call);
    happen(f, &call, "login", "ok");
    list(f, &call);
    assert_int_equal(call.count, 0);

    update(f, tx_raw_get, &call);
    assert_true(mfa_str_eq_c(call.bytes, "\002what nobody knows yet"));
}


static void
activity_goes_with_its_user(void **state)
{
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org"),
                other = person(f, "bob@example.org");

    happen(f, &call, "login", "ok");
    happen(f, &other, "login", "ok");
    update(f, tx_delete, &call);
    assert_int_equal(call.st, MFA_OK);

    /* told after it, for the log alone */

    happen(f, &call, "user.delete", "ok");
    update(f, tx_raw_get, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);
    list(f, &other);
    assert_int_equal(other.count, 1);
}


/* the clock that stands still within its step */

static void
a_clock_that_steps_back_keeps_the_order(void **state)
{
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    f->now += 500;
    happen(f, &call, "login", "ok");
    f->now -= 400;
    happen(f, &call, "session.end", "ok");

    list(f, &call);
    assert_int_equal(call.count, 2);
    assert_true(mfa_str_eq_c(call.items[0].name, "session.end"));
    assert_int_equal(call.items[0].at, call.items[1].at);
}


/* the name of the browser is a member of the line, the last one */

static void
an_event_tells_the_browser(void **state)
{
    mfa_str_t   line;
    fixture_t  *f = *state;
    call_t      call = person(f, "ann@example.org");

    static const char  end[] = "\"factor\":\"totp\",\"agent\":\"Firefox\"}";

    call.event.factor = "totp";
    call.event.agent = mfa_str("Firefox");
    happen(f, &call, "login", "ok");
    line = f->work.events.lines.items[0];
    assert_true(line.len > sizeof(end));
    assert_memory_equal(line.data + line.len - strlen(end), end, strlen(end));

    call.event.agent = mfa_null;
    happen(f, &call, "login", "ok");
    line = f->work.events.lines.items[0];
    assert_null(memmem(line.data, line.len, "agent", 5));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(the_last_events_come_newest_first),
        each(an_unknown_name_is_kept_as_it_is),
        each(twenty_events_are_kept_in_few_bytes),
        each(a_ring_of_the_longest_events_fits),
        each(what_is_not_about_security_is_left_out),
        each(nothing_is_kept_for_nobody),
        each(a_strangers_failure_is_written_for_nobody),
        each(a_failed_update_leaves_no_trace),
        each(a_damaged_record_is_begun_anew),
        each(a_record_of_a_newer_version_is_left_alone),
        each(activity_goes_with_its_user),
        each(a_clock_that_steps_back_keeps_the_order),
        each(an_event_tells_the_browser)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
