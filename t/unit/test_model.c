/* Transactions, the clock's mark, events, the schema, settings, addresses. */

#include "mfa_fixture.h"

#include <arpa/inet.h>


typedef struct {
    mfa_time_t    now;
    unsigned      runs;
    unsigned      events;
    mfa_status_t  status;
} try_t;


static mfa_status_t
try_in(mfa_tx_t *tx, void *arg)
{
    try_t         *try = arg;
    unsigned       i;
    mfa_event_t    event = { .name = "login", .result = "fail",
                             .reason = "password", .factor = "totp",
                             .user = mfa_str("00ff"), .flow = mfa_str("ref") };
    mfa_status_t   st;

    try->now = tx->now;
    try->runs++;

    for (i = 0; i < try->events; i++) {
        st = mfa_event_add(tx, &event);
        if (st != MFA_OK) {
            return st;
        }
    }

    return try->status;
}


static mfa_status_t
put_schema_in(mfa_tx_t *tx, void *arg)
{
    return mfa_txn_put(tx->txn, MFA_TABLE_META, mfa_str("schema"),
                       *(mfa_str_t *) arg);
}


static mfa_status_t
get_clock_in(mfa_tx_t *tx, void *arg)
{
    return mfa_txn_get(tx->txn, MFA_TABLE_META, mfa_str("clock"),
                       tx->work->arena, arg);
}


static mfa_time_t
now_in_view(fixture_t *f)
{
    try_t  try = { .status = MFA_OK };

    assert_int_equal(mfa_view(fixture_work(f), try_in, &try), MFA_OK);

    return try.now;
}


static void
update(fixture_t *f)
{
    try_t  try = { .status = MFA_OK };

    assert_int_equal(mfa_update(fixture_work(f), try_in, &try), MFA_OK);
}


/* J13 */

static void
a_clock_that_steps_back_stands_still(void **state)
{
    fixture_t   *f = *state;
    mfa_time_t   mark;

    f->now += MFA_HOUR;
    mark = f->now;
    update(f);

    f->now -= 30 * MFA_DAY;
    assert_int_equal(now_in_view(f), mark);

    update(f);
    assert_int_equal(now_in_view(f), mark);

    f->now = mark + 1;
    assert_int_equal(now_in_view(f), mark + 1);
}


/* J13 */

static void
the_mark_of_the_clock_survives_a_restart(void **state)
{
    fixture_t   *f = *state;
    mfa_time_t   mark;

    f->now += MFA_HOUR;
    mark = f->now;
    update(f);
    f->now -= 2 * MFA_HOUR;
    fixture_restart(f);

    assert_int_equal(now_in_view(f), mark);
}


static void
the_mark_is_written_once_a_second(void **state)
{
    fixture_t  *f = *state;
    mfa_str_t   before, after;

    f->now += MFA_MINUTE;
    update(f);
    assert_int_equal(mfa_view(fixture_work(f), get_clock_in, &before), MFA_OK);

    f->now += 999;
    update(f);
    assert_int_equal(mfa_view(fixture_work(f), get_clock_in, &after), MFA_OK);
    assert_true(mfa_str_eq(before, after));

    f->now += 1;
    update(f);
    assert_int_equal(mfa_view(fixture_work(f), get_clock_in, &after), MFA_OK);
    assert_false(mfa_str_eq(before, after));
}


static void
a_view_writes_nothing(void **state)
{
    fixture_t  *f = *state;
    mfa_str_t   before, after;

    update(f);
    assert_int_equal(mfa_view(fixture_work(f), get_clock_in, &before), MFA_OK);

    f->now += MFA_HOUR;
    (void) now_in_view(f);

    assert_int_equal(mfa_view(fixture_work(f), get_clock_in, &after), MFA_OK);
    assert_true(mfa_str_eq(before, after));
}


/* N1 */

static void
an_event_is_one_line_of_json(void **state)
{
    fixture_t   *f = *state;
    mfa_work_t  *work = fixture_work(f);
    try_t        try = { .events = 1, .status = MFA_OK };

    f->now = 1790000000123;
    assert_int_equal(mfa_update(work, try_in, &try), MFA_OK);
    assert_int_equal(work->events.lines.count, 1);
    assert_true(mfa_str_eq_c(work->events.lines.items[0],
        "{\"time\":\"2026-09-21T14:13:20.123Z\",\"event\":\"login\","
        "\"result\":\"fail\",\"reason\":\"password\",\"user\":\"00ff\","
        "\"address\":\"203.0.113.7\",\"flow\":\"ref\",\"factor\":\"totp\"}"));
}


static mfa_status_t
forged_event_in(mfa_tx_t *tx, void *arg)
{
    mfa_event_t  event = { .name = "login", .result = "ok",
                           .flow = mfa_str("a\"}\n{\"b") };

    (void) arg;

    return mfa_event_add(tx, &event);
}


/* N3 */

static void
an_event_cannot_be_forged(void **state)
{
    fixture_t   *f = *state;
    mfa_work_t  *work = fixture_work(f);
    mfa_str_t    line;

    work->address = NULL;
    assert_int_equal(mfa_update(work, forged_event_in, NULL), MFA_OK);

    line = work->events.lines.items[0];
    assert_null(memchr(line.data, '\n', line.len));
    assert_non_null(memmem(line.data, line.len, "a\\\"}", 4));
    assert_null(memmem(line.data, line.len, "address", 7));
    assert_null(memmem(line.data, line.len, "reason", 6));
}


static void
events_of_a_failed_update_are_not_told(void **state)
{
    fixture_t   *f = *state;
    mfa_work_t  *work = fixture_work(f);
    try_t        try = { .events = 2, .status = MFA_LIMITED };

    assert_int_equal(mfa_update(work, try_in, &try), MFA_LIMITED);
    assert_int_equal(work->events.lines.count, 0);

    /* a run that is repeated tells once; older events stay in front */

    try.status = MFA_OK;
    assert_int_equal(mfa_update(work, try_in, &try), MFA_OK);
    assert_int_equal(work->events.lines.count, 2);

    try.events = 100;
    assert_int_equal(mfa_update(work, try_in, &try), MFA_OK);
    assert_int_equal(work->events.lines.count, 102);

    assert_int_equal(mfa_update_reserved(work, try_in, &try), MFA_OK);
    assert_int_equal(work->events.lines.count, 202);
    assert_non_null(work->events.lines.items[201].data);

    try.events = 0;
    assert_int_equal(mfa_update(work, try_in, &try), MFA_OK);
    assert_int_equal(work->events.lines.count, 202);
}


static void
an_event_without_memory_fails_the_update(void **state)
{
    fixture_t   *f = *state;
    mfa_work_t  *work = fixture_work(f);
    try_t        try = { .events = 50, .status = MFA_OK };

    work->arena = mfa_arena_open(4096);
    assert_int_equal(mfa_update(work, try_in, &try), MFA_NO_MEMORY);
    assert_int_equal(work->events.lines.count, 0);
    mfa_arena_close(&work->arena);
}


/* J14 */

static void
a_store_of_a_later_schema_is_refused(void **state)
{
    fixture_t    *f = *state;
    mfa_str_t     later = mfa_str("\x03"), bad = mfa_str("\x01\x01");
    mfa_error_t   error = { "" };

    assert_int_equal(mfa_model_prepare(fixture_work(f), &error), MFA_OK);
    assert_string_equal(error.text, "");

    assert_int_equal(mfa_update(fixture_work(f), put_schema_in, &later),
                     MFA_OK);
    assert_int_equal(mfa_model_prepare(fixture_work(f), &error), MFA_NEWER);
    assert_non_null(strstr(error.text, "schema 3"));

    assert_int_equal(mfa_update(fixture_work(f), put_schema_in, &bad),
                     MFA_OK);
    assert_int_equal(mfa_model_prepare(fixture_work(f), &error), MFA_DAMAGED);
}


/* one more line of the same realm */

static mfa_status_t
apply_more(fixture_t *f, const char *text)
{
    size_t        n = 0;
    uint64_t      seen = 0;
    mfa_str_t     rest = mfa_str_from(text), words[8];
    mfa_line_t    line;
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    while (rest.len > 0) {
        words[n++] = mfa_str_split(&rest, ' ');
    }

    line = (mfa_line_t) { .name = words[0], .args = words + 1,
                          .nargs = n - 1, .prefix = "/" };

    st = mfa_option_apply(mfa_model_options, &seen, &line, &f->settings,
                          f->arena, &error);

    assert_true((st == MFA_OK) == (error.text[0] == '\0'));

    return st;
}


static mfa_status_t
apply(fixture_t *f, const char *text)
{
    mfa_model_defaults(&f->settings);

    return apply_more(f, text);
}


/* H8, B10, L13 */

static void
sms_and_devices_are_limited_by_default(void **state)
{
    fixture_t               *f = *state;
    mfa_model_settings_t    *s = &f->settings;
    const mfa_limit_rule_t  *rule;

    mfa_model_defaults(s);
    assert_int_equal(s->sms_lifetime, 5 * MFA_MINUTE);
    assert_int_equal(s->sms_limit, 10 * MFA_MINUTE);
    assert_int_equal(s->remember_device, 0);

    rule = &s->limits[MFA_LIMIT_SMS_NUMBER];
    assert_int_equal(rule->most[0], 10);
    assert_int_equal(rule->window[0], MFA_HOUR);
    assert_int_equal(rule->most[1], 30);
    assert_int_equal(rule->window[1], MFA_DAY);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_ROUTE].most[0], 100);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_ROUTE].window[0], MFA_DAY);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_ALL].most[0], 1000);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_ALL].window[0], MFA_DAY);
}


/* the second line would win in silence: a slip, or somebody's trick */

static void
a_limit_is_given_once(void **state)
{
    size_t      i, j;
    fixture_t  *f = *state;

    static const char *const  lines[] = {
        "limit code_tries 3", "limit totp_tries 3", "limit totp_day 3",
        "limit totp_most 3", "limit login_person 3/1h",
        "limit sms_number 3/1h", "limit sms_all 3/1h"
    };

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        mfa_model_defaults(&f->settings);

        for (j = 0; j < sizeof(lines) / sizeof(lines[0]); j++) {
            assert_int_equal(apply_more(f, lines[j]), MFA_OK);
        }

        assert_int_equal(f->settings.code_tries, 3);
        assert_int_equal(apply_more(f, lines[i]), MFA_CONFIG);
    }

    assert_int_equal(apply(f, "limit code_tries 4"), MFA_OK);
    assert_int_equal(apply_more(f, "limit code_tries 5"), MFA_CONFIG);
    assert_int_equal(f->settings.code_tries, 4);
    assert_int_equal(apply_more(f, "limit totp_most 5"), MFA_OK);
}


static void
settings_are_read(void **state)
{
    fixture_t             *f = *state;
    mfa_model_settings_t  *s = &f->settings;

    assert_int_equal(apply(f, "idle_timeout 30m"), MFA_OK);
    assert_int_equal(s->idle_timeout, 30 * MFA_MINUTE);
    assert_int_equal(apply(f, "session_limit 8h"), MFA_OK);
    assert_int_equal(s->session_limit, 8 * MFA_HOUR);
    assert_int_equal(apply(f, "sessions_per_user 3"), MFA_OK);
    assert_int_equal(s->sessions_per_user, 3);
    assert_int_equal(apply(f, "code_digits 8"), MFA_OK);
    assert_int_equal(s->code_digits, 8);
    assert_int_equal(apply(f, "hash_cost memory=64m passes=3"), MFA_OK);
    assert_int_equal(s->hash_cost.memory_kib, 65536);
    assert_int_equal(s->hash_cost.passes, 3);
    assert_int_equal(apply(f, "limit login_person 5/1h 9/2d"), MFA_OK);
    assert_int_equal(s->limits[MFA_LIMIT_LOGIN_PERSON].most[1], 9);
    assert_int_equal(s->limits[MFA_LIMIT_LOGIN_PERSON].window[1],
                     2 * MFA_DAY);
    assert_int_equal(apply(f, "limit send_mailbox 2/1h"), MFA_OK);
    assert_int_equal(s->limits[MFA_LIMIT_SEND_MAILBOX].most[0], 2);
    assert_int_equal(s->limits[MFA_LIMIT_SEND_MAILBOX].most[1], 0);
    assert_int_equal(apply(f, "limit totp_most 100"), MFA_OK);
    assert_int_equal(s->totp_most, 100);
    assert_int_equal(apply(f, "limit sms_number 3/1h 5/1d"), MFA_OK);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_NUMBER].most[1], 5);
    assert_int_equal(apply(f, "limit sms_route 9/1d"), MFA_OK);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_ROUTE].most[0], 9);
    assert_int_equal(apply(f, "limit sms_all 99/1d"), MFA_OK);
    assert_int_equal(s->limits[MFA_LIMIT_SMS_ALL].most[0], 99);
    assert_int_equal(apply(f, "sms_lifetime 2m"), MFA_OK);
    assert_int_equal(s->sms_lifetime, 2 * MFA_MINUTE);
    assert_int_equal(apply(f, "sms_limit 4m"), MFA_OK);
    assert_int_equal(s->sms_limit, 4 * MFA_MINUTE);
    assert_int_equal(apply(f, "remember_device 30d"), MFA_OK);
    assert_int_equal(s->remember_device, 30 * MFA_DAY);
    assert_int_equal(apply(f, "remember_device off"), MFA_OK);
    assert_int_equal(s->remember_device, 0);
    assert_int_equal(apply(f, "trusted_networks 192.0.2.0/24 2001:db8::/32"),
                     MFA_OK);
    assert_int_equal(s->trusted_networks.count, 2);
}


static void
settings_out_of_bounds_are_refused(void **state)
{
    size_t      i;
    fixture_t  *f = *state;

    static const char *const  lines[] = {
        "idle_timeout 0", "idle_timeout 25h", "session_limit 25h",
        "sessions_per_user 0", "sessions_per_user 65", "code_digits 5",
        "code_digits 11", "code_lifetime 31m", "code_limit 31m",
        "hash_cost", "hash_cost memory=18m", "hash_cost passes=1",
        "hash_cost memory=19m passes=2 passes=3", "hash_cost 19m",
        "limit", "limit login_person", "limit nobody 3",
        "limit login_person 10", "limit login_person 10/1h 30/1d 9/2d",
        "limit login_person 0/1h", "limit login_person 1/0s",
        "limit login_person 1/8d", "limit login_person -1/1h",
        "limit totp_most 101", "limit totp_most 0", "limit totp_most 5/1h",
        "limit totp_tries 5 6", "limit code_tries 11",
        "sms_lifetime 11m", "sms_lifetime 30s", "sms_limit 11m",
        "sms_limit 59s", "limit sms_number 10", "limit sms_all 0/1d",
        "remember_device 91d", "remember_device 23h", "remember_device 0",
        "remember_device on", "remember_device", "remember_device off 30d",
        "trusted_networks", "trusted_networks 192.0.2.1/24",
        "trusted_networks 192.0.2.0/33", "trusted_networks 192.0.2.0/",
        "trusted_networks example.org", "trusted_networks 2001:db8::/129",
    };

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (apply(f, lines[i]) != MFA_CONFIG) {
            fail_msg("\"%s\" was taken", lines[i]);
        }
    }
}


static mfa_address_t
address(const char *text)
{
    mfa_address_t  a = { .len = 0 };

    if (inet_pton(AF_INET, text, a.bytes) == 1) {
        a.len = 4;

    } else {
        assert_int_equal(inet_pton(AF_INET6, text, a.bytes), 1);
        a.len = 16;
    }

    return a;
}


static bool
trusts(fixture_t *f, const char *text)
{
    mfa_address_t  a = address(text);

    return mfa_networks_have(&f->settings.trusted_networks, &a);
}


static void
networks_have_their_addresses(void **state)
{
    fixture_t            *f = *state;
    const mfa_address_t   none = { .len = 0 };

    assert_int_equal(apply(f, "trusted_networks 192.0.2.128/25 "
                           "203.0.113.9 2001:db8:8000::/33"), MFA_OK);

    assert_true(trusts(f, "192.0.2.128"));
    assert_true(trusts(f, "192.0.2.255"));
    assert_false(trusts(f, "192.0.2.127"));
    assert_false(trusts(f, "192.0.3.128"));
    assert_true(trusts(f, "203.0.113.9"));
    assert_false(trusts(f, "203.0.113.8"));
    assert_true(trusts(f, "::ffff:192.0.2.200"));
    assert_true(trusts(f, "2001:db8:ffff::1"));
    assert_false(trusts(f, "2001:db8:7fff::1"));
    assert_false(mfa_networks_have(&f->settings.trusted_networks, &none));

    mfa_model_defaults(&f->settings);
    assert_false(trusts(f, "192.0.2.128"));
}


static void
addresses_have_one_text(void **state)
{
    char           text[MFA_ADDRESS_TEXT_SIZE];
    mfa_address_t  a;

    (void) state;

    a = address("2001:db8:0:0::1");
    mfa_address_text(&a, text);
    assert_string_equal(text, "2001:db8::1");

    a = address("::ffff:203.0.113.7");
    mfa_address_text(&a, text);
    assert_string_equal(text, "203.0.113.7");

    a.len = 0;
    mfa_address_text(&a, text);
    assert_string_equal(text, "");
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_clock_that_steps_back_stands_still),
        FIXTURE_TEST_ON(the_mark_of_the_clock_survives_a_restart, "lmdb"),
        FIXTURE_TEST(the_mark_is_written_once_a_second),
        FIXTURE_TEST(a_view_writes_nothing),
        FIXTURE_TEST(an_event_is_one_line_of_json),
        FIXTURE_TEST(an_event_cannot_be_forged),
        FIXTURE_TEST(events_of_a_failed_update_are_not_told),
        FIXTURE_TEST(an_event_without_memory_fails_the_update),
        FIXTURE_TEST(a_store_of_a_later_schema_is_refused),
        FIXTURE_TEST(settings_are_read),
        FIXTURE_TEST(sms_and_devices_are_limited_by_default),
        FIXTURE_TEST(a_limit_is_given_once),
        FIXTURE_TEST(settings_out_of_bounds_are_refused),
        FIXTURE_TEST(networks_have_their_addresses),
        FIXTURE_TEST(addresses_have_one_text),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
