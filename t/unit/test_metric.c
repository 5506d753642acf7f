/*
 * What is counted: which events count where, only once they are true, and
 * how it is printed for Prometheus. O4, N2.
 */

#include "mfa_fixture.h"


static fixture_t  *f;
static mfa_tally_t tally;

typedef struct {
    const char   *name, *result, *reason, *factor;
    mfa_metric_t  metric;
} counted_t;


static void
count(const char *name, const char *result, const char *reason,
    const char *factor)
{
    mfa_event_t  event = { .name = name, .result = result, .reason = reason,
                           .factor = factor };

    memset(&tally, 0, sizeof(tally));
    mfa_tally_event(&tally, &event);
}


static unsigned
counted(void)
{
    size_t    i;
    unsigned  n;

    for (i = 0, n = 0; i < MFA_METRIC_COUNT; i++) {
        n += tally.counts[i];
    }

    return n;
}


static void
each_event_counts_in_its_series(void **state)
{
    size_t  i;

    static const counted_t  list[] = {
        { "login", "ok", NULL, "totp", MFA_METRIC_LOGIN_FACTOR },
        { "login", "ok", NULL, "totp", MFA_METRIC_CHECKED_OK_TOTP },
        { "login", "ok", "device", NULL, MFA_METRIC_LOGIN_DEVICE },
        { "login", "fail", "password", NULL, MFA_METRIC_LOGIN_NO_PASSWORD },
        { "login", "fail", "unknown", NULL, MFA_METRIC_LOGIN_UNKNOWN },
        { "login", "fail", "drift", "totp", MFA_METRIC_LOGIN_NO_CODE },
        { "login", "fail", "drift", "totp", MFA_METRIC_CHECKED_FAIL_TOTP },
        { "login", "fail", "new one", NULL, MFA_METRIC_LOGIN_OTHER },
        { "login", "limited", "code", "sms", MFA_METRIC_LOGIN_LIMITED_CODE },
        { "verify", "fail", "code", "voice",
          MFA_METRIC_CHECKED_FAIL_VOICE },
        { "code", "fail", "code", NULL, MFA_METRIC_MAILED_FAIL },
        { "code.send", "limited", "number", "sms",
          MFA_METRIC_CODE_SMS_LIMITED },
        { "code.send", "limited", NULL, NULL, MFA_METRIC_CODE_MAIL_LIMITED },
        { "factor.change", "ok", NULL, "email", MFA_METRIC_ENROL_OK_EMAIL },
        { "alarm", "limited", "spray", NULL, MFA_METRIC_ALARM_SPRAY },
        { "alarm", "limited", "later one", NULL, MFA_METRIC_ALARM_OTHER },
        { "session.end", "ok", "logout", NULL, MFA_METRIC_SESSION_LOGOUT },
        { "session.end", "ok", NULL, NULL, MFA_METRIC_SESSION_OTHER },
        { "message.expired", "fail", "late", NULL, MFA_METRIC_EXPIRED },
    };

    (void) state;

    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        count(list[i].name, list[i].result, list[i].reason, list[i].factor);

        if (tally.counts[list[i].metric] != 1) {
            fail_msg("%s %s", list[i].name, list[i].result);
        }
    }
}


static void
an_event_counts_once_in_a_family(void **state)
{
    (void) state;

    /* logins, codes_checked, events */

    count("login", "ok", NULL, "totp");
    assert_int_equal(counted(), 3);

    count("login", "fail", "password", NULL);
    assert_int_equal(counted(), 2);

    /* a name that begins as another one does is another one */

    count("login.password", "ok", NULL, NULL);
    assert_int_equal(counted(), 1);
    assert_int_equal(tally.counts[MFA_METRIC_EVENT_OK], 1);

    count("log", "ok", NULL, NULL);
    assert_int_equal(counted(), 1);

    mfa_tally_event(NULL, &(mfa_event_t) { .name = "login" });
    mfa_tally_count(NULL, MFA_METRIC_COMMIT);
}


static mfa_status_t
tell(mfa_tx_t *tx, void *arg)
{
    mfa_status_t  st;
    mfa_event_t   event = { .name = "session.start", .result = "ok" };

    st = mfa_event_add(tx, &event);

    return st == MFA_OK ? *(mfa_status_t *) arg : st;
}


static void
only_what_was_committed_is_counted(void **state)
{
    mfa_work_t    *work;
    mfa_status_t   want = MFA_LIMITED;

    (void) state;

    memset(&tally, 0, sizeof(tally));
    work = fixture_work(f);
    work->tally = &tally;

    assert_int_equal(mfa_update(work, tell, &want), MFA_LIMITED);
    assert_int_equal(counted(), 0);

    want = MFA_STORE_FULL;
    assert_int_equal(mfa_update(work, tell, &want), MFA_STORE_FULL);
    assert_int_equal(tally.counts[MFA_METRIC_COMMIT_FULL], 1);
    assert_int_equal(tally.counts[MFA_METRIC_SESSION_START], 0);

    want = MFA_OK;
    assert_int_equal(mfa_update(work, tell, &want), MFA_OK);
    assert_int_equal(mfa_update(work, tell, &want), MFA_OK);
    assert_int_equal(tally.counts[MFA_METRIC_SESSION_START], 2);
    assert_int_equal(tally.counts[MFA_METRIC_COMMIT], 2);

    work->tally = NULL;
    assert_int_equal(mfa_update(work, tell, &want), MFA_OK);
    assert_int_equal(tally.counts[MFA_METRIC_COMMIT], 2);
}


static void
deliveries_count_by_channel(void **state)
{
    (void) state;

    memset(&tally, 0, sizeof(tally));
    mfa_tally_delivery(&tally, mfa_str("mail"), MFA_DELIVERY_SENT);
    mfa_tally_delivery(&tally, mfa_str("sms"), MFA_DELIVERY_DOWN);
    mfa_tally_delivery(&tally, mfa_str("voice"), MFA_DELIVERY_REFUSED);
    mfa_tally_delivery(&tally, mfa_str("none"), MFA_DELIVERY_SENT);
    mfa_tally_code(&tally, mfa_str("sms"));
    mfa_tally_code(&tally, mfa_str("none"));

    assert_int_equal(tally.counts[MFA_METRIC_MAIL_SENT], 1);
    assert_int_equal(tally.counts[MFA_METRIC_SMS_DOWN], 1);
    assert_int_equal(tally.counts[MFA_METRIC_VOICE_REFUSED], 1);
    assert_int_equal(tally.counts[MFA_METRIC_CODE_SMS], 1);
    assert_int_equal(counted(), 4);
}


static int64_t
reading(const mfa_readings_t *readings, mfa_metric_t metric)
{
    size_t  i;

    for (i = 0; i < readings->count; i++) {
        if (readings->items[i].metric == metric) {
            return readings->items[i].value;
        }
    }

    return -1;
}


static void
gauges_are_read_from_the_store(void **state)
{
    bool                is_over;
    mfa_readings_t      readings = { .count = 0 };
    mfa_gauge_cursor_t  cursor = { .live = 0 };

    (void) state;

    assert_int_equal(mfa_gauges_read(fixture_work(f), &readings), MFA_OK);
    assert_int_equal(reading(&readings, MFA_METRIC_OUTBOX_MAIL), 0);
    assert_int_equal(reading(&readings, MFA_METRIC_OLDEST_SMS), 0);
    assert_int_equal(reading(&readings, MFA_METRIC_CLOCK_BEHIND), 0);
    assert_true(reading(&readings, MFA_METRIC_STORE_USED) >= 0);

    assert_int_equal(mfa_gauge_sessions(fixture_work(f), &cursor, 10, &readings,
                                        &is_over), MFA_OK);
    assert_true(is_over);
    assert_int_equal(reading(&readings, MFA_METRIC_SESSIONS), 0);
}


static void
series_of_a_family_stand_together(void **state)
{
    size_t               i, k;
    mfa_buf_t            buf;
    mfa_str_t            text;
    mfa_work_t          *work;
    mfa_metric_realm_t  *realms;

    (void) state;

    work = fixture_work(f);

    realms = mfa_arena_alloc(work->arena, 2 * sizeof(*realms));
    assert_non_null(realms);

    realms[0].name = mfa_str("staff");
    realms[1].name = mfa_str("a\"b\\c\nd");

    for (k = 0; k < 2; k++) {
        for (i = 0; i < MFA_METRIC_COUNT; i++) {
            realms[k].values[i] = mfa_metric_is_gauge((mfa_metric_t) i)
                                  ? MFA_METRIC_UNKNOWN : 1500;
        }
    }

    realms[0].values[MFA_METRIC_CLOCK_BEHIND] = 1500;

    mfa_buf_init(&buf, work->arena, 1024 * 1024);
    mfa_metrics_print(&buf, realms, 2);
    mfa_buf_putc(&buf, '\0');
    assert_int_equal(mfa_buf_str(&buf, &text), MFA_OK);

    assert_non_null(strstr(text.data, "# TYPE nginx_mfa_logins_total counter\n"
                           "nginx_mfa_logins_total{realm=\"staff\",result=\""
                           "ok\",reason=\"device\"} 1500\n"
                           "nginx_mfa_logins_total{realm=\"a\\\"b\\\\c\\nd\""));
    assert_non_null(strstr(text.data, "\nnginx_mfa_clock_behind_seconds{"
                           "realm=\"staff\"} 1.500\n"));
    assert_null(strstr(text.data, "nginx_mfa_sessions{"));
    assert_non_null(strstr(text.data, "\nnginx_mfa_job_seconds_sum{realm=\""
                           "staff\"} 0.001500\n"));
    assert_non_null(strstr(text.data, "\nnginx_mfa_job_seconds_bucket{realm="
                           "\"staff\",le=\"+Inf\"} 1500\n"));
}


static int
open_lmdb(void **state)
{
    (void) state;

    f = fixture_open("lmdb");

    return 0;
}


static int
open_again(void **state)
{
    (void) state;

    f = fixture_open("memory:again");

    return 0;
}


static int
close_it(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


#define each(fn)                                                              \
    cmocka_unit_test_setup_teardown(fn, open_lmdb, close_it),                 \
    cmocka_unit_test_setup_teardown(fn, open_again, close_it)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_event_counts_in_its_series),
        cmocka_unit_test(an_event_counts_once_in_a_family),
        cmocka_unit_test(deliveries_count_by_channel),
        each(only_what_was_committed_is_counted),
        each(gauges_are_read_from_the_store),
        each(series_of_a_family_stand_together)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
