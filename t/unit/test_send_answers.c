/*
 * What is made of a provider's answer, and of none: I6, X105.
 */

#include "mfa_provider_fixture.h"

#include <time.h>


#define TWILIO  "sms twilio account=AC01 key_file=key from=+441632960000" \
                " timeout=1s"
#define NOTIFY  "sms govuk_notify key_file=notify template=" TEMPLATE \
                " timeout=1s"
#define VONAGE  "sms vonage key=abcd1234 key_file=key from=Council timeout=1s"
#define BIRD    "sms messagebird key_file=key from=Council timeout=1s"
#define HTTP    "sms http body_file=json timeout=1s success=^accepted"
#define CALL    "voice twilio account=AC01 key_file=key from=+441632960000" \
                " timeout=1s"

static const char *const  all[] = { TWILIO, NOTIFY, VONAGE, BIRD, HTTP, CALL };

#define ALL  (sizeof(all) / sizeof(all[0]))

enum { NOTHING, DOWN, UNCLEAR };


typedef struct {
    const char          *mode;
    const char          *words;         /* NULL: every provider */
    mfa_send_outcome_t   outcome;
    int                  how;
    mfa_time_t           retry_ms;
    const char          *reason;
} fault_t;


static void
check(const fault_t *fault, const char *words, unsigned requests)
{
    size_t              i;
    mfa_send_result_t   result;

    static const char *const  never[] = {
        "482193", "7700900123", "447700", "s3cret", SECRET, "@people"
    };

    t.asked = count_requests();
    result = send_in_mode(fault->mode, words);

    if (result.outcome != fault->outcome
        || result.is_down != (fault->how == DOWN)
        || result.is_unclear != (fault->how == UNCLEAR)
        || result.retry_ms != fault->retry_ms
        || strstr(result.reason, fault->reason) == NULL)
    {
        fail_msg("%s: %s: outcome %d, down %d, unclear %d, retry %lld: %s",
                 fault->mode, words, result.outcome, result.is_down,
                 result.is_unclear, (long long) result.retry_ms,
                 result.reason);
    }

    /* one request and no second one by itself */

    assert_int_equal(count_requests(), t.asked + requests);

    for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        assert_null(strstr(result.reason, never[i]));
        assert_null(strstr(t.log, never[i]));
    }
}


static void
check_all(const fault_t *faults, size_t count, unsigned requests)
{
    size_t  i, k;

    for (i = 0; i < count; i++) {
        for (k = 0; k < ALL; k++) {
            if (faults[i].words == NULL) {
                check(&faults[i], all[k], requests);
            }
        }

        if (faults[i].words != NULL) {
            check(&faults[i], faults[i].words, requests);
        }
    }
}

#define CHECK(faults, requests)                                               \
    check_all(faults, sizeof(faults) / sizeof(faults[0]), requests)


static void
a_yes_is_a_yes_in_the_body_too(void **state)
{
    static const fault_t  faults[] = {
        { "", NULL, MFA_SEND_DONE, NOTHING, 0, "" },
        { "wait=0.3", NULL, MFA_SEND_DONE, NOTHING, 0, "" },
    };

    (void) state;

    CHECK(faults, 1);
}


/* 200 or 201 with a failure inside: the body decides */

static void
a_no_inside_of_a_yes_is_a_no(void **state)
{
    static const fault_t  faults[] = {
        { "inside", VONAGE, MFA_SEND_REFUSED, NOTHING, 0, "take it (9)" },
        { "inside=6", VONAGE, MFA_SEND_REFUSED, NOTHING, 0, "(6)" },
        { "inside=447700900123", VONAGE, MFA_SEND_REFUSED, NOTHING, 0,
          "take it" },
        { "inside=1", VONAGE, MFA_SEND_LATER, NOTHING, 0, "(1)" },
        { "inside=5", VONAGE, MFA_SEND_LATER, NOTHING, 0, "(5)" },
        { "inside=-1", VONAGE, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "inside=0x", VONAGE, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "inside", TWILIO, MFA_SEND_REFUSED, NOTHING, 0, "(failed)" },
        { "inside", CALL, MFA_SEND_REFUSED, NOTHING, 0, "(failed)" },
        { "inside", NOTIFY, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "inside", BIRD, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "inside", HTTP, MFA_SEND_REFUSED, NOTHING, 0, "success=" },
    };

    (void) state;

    CHECK(faults, 1);
}


static void
a_status_is_a_verdict(void **state)
{
    static const fault_t  faults[] = {
        { "status=500", NULL, MFA_SEND_LATER, NOTHING, 0, "answered 500" },
        { "status=503 retry_after=7", NULL, MFA_SEND_LATER, NOTHING, 7000,
          "answered 503" },
        { "status=429", NULL, MFA_SEND_LATER, NOTHING, 0, "answered 429" },
        { "status=408", BIRD, MFA_SEND_LATER, NOTHING, 0, "answered 408" },
        { "status=425", BIRD, MFA_SEND_LATER, NOTHING, 0, "answered 425" },
        { "status=400 echo", NULL, MFA_SEND_REFUSED, NOTHING, 0,
          "answered 400" },
        { "status=404", NULL, MFA_SEND_REFUSED, NOTHING, 0, "answered 404" },
        { "status=400", TWILIO, MFA_SEND_REFUSED, NOTHING, 0, "400 (21211)" },
        { "status=400", NOTIFY, MFA_SEND_REFUSED, NOTHING, 0,
          "400 (BadRequestError)" },
        { "status=422", BIRD, MFA_SEND_REFUSED, NOTHING, 0, "422 (9)" },
        { "status=400 half", BIRD, MFA_SEND_REFUSED, NOTHING, 0, "400" },
    };

    static const fault_t  key = {
        "status=401", TWILIO, MFA_SEND_REFUSED, NOTHING, 0, "answered 401"
    };

    (void) state;

    CHECK(faults, 1);
    assert_int_equal(t.errors, 0);

    /* the operator must act */

    check(&key, TWILIO, 1);
    assert_int_equal(t.errors, 1);
}


/* seconds or a date, by our clock, never more than ten minutes */

static void
retry_after_is_heard_and_bounded(void **state)
{
    size_t      i;
    char        date[64], mode[128];
    time_t      at;
    struct tm   tm;
    fault_t     fault = { mode, BIRD, MFA_SEND_LATER, NOTHING, 0, "429" };

    static const struct {
        const char  *value;
        mfa_time_t   retry_ms;
    } rows[] = {
        { "30", 30 * MFA_SECOND },
        { "0", 0 },
        { "600", 10 * MFA_MINUTE },
        { "601", 10 * MFA_MINUTE },
        { "99999999999999999", 10 * MFA_MINUTE },
        { "99999999999999999999999999", 0 },
        { "-5", 0 },
        { "soon", 0 },
    };

    static const struct {
        int         seconds;
        mfa_time_t  retry_ms;
    } dates[] = {
        { 90, 90 * MFA_SECOND }, { -90, 0 }, { 86400, 10 * MFA_MINUTE }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(mode, sizeof(mode), "status=429 retry_after=%s",
                 rows[i].value);
        fault.retry_ms = rows[i].retry_ms;
        check(&fault, BIRD, 1);
    }

    for (i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        at = (time_t) (t.now / MFA_SECOND) + dates[i].seconds;
        assert_non_null(gmtime_r(&at, &tm));
        strftime(date, sizeof(date), "%a,%%20%d%%20%b%%20%Y%%20%H:%M:%S"
                 "%%20GMT", &tm);
        snprintf(mode, sizeof(mode), "status=429 retry_after=%s", date);
        fault.retry_ms = dates[i].retry_ms;
        check(&fault, BIRD, 1);
    }
}


/* asked, and no answer that could be read: it may have been taken */

static void
an_unclear_end_is_called_so(void **state)
{
    static const fault_t  every[] = {
        { "half", NULL, MFA_SEND_LATER, UNCLEAR, 0, "connection" },
        { "mute", NULL, MFA_SEND_LATER, UNCLEAR, 0, "connection" },
        { "reset", NULL, MFA_SEND_LATER, UNCLEAR, 0, "connection" },
    };

    static const fault_t  read[] = {
        { "garbage", TWILIO, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "garbage", NOTIFY, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "garbage", VONAGE, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "garbage", BIRD, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "empty", TWILIO, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "empty", NOTIFY, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "empty", VONAGE, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "empty", BIRD, MFA_SEND_LATER, UNCLEAR, 0, "be read" },
        { "huge", BIRD, MFA_SEND_LATER, UNCLEAR, 0, "without end" },
        { "heads", BIRD, MFA_SEND_LATER, UNCLEAR, 0, "without end" },
        { "wait=3", BIRD, MFA_SEND_LATER, UNCLEAR, 0, "in time" },
        { "drip", HTTP, MFA_SEND_LATER, UNCLEAR, 0, "in time" },
    };

    (void) state;

    CHECK(every, 1);
    CHECK(read, 1);
}


/* nothing was asked: another way may be tried at once */

static void
one_that_is_not_there_is_down(void **state)
{
    mfa_send_result_t  result;

    (void) state;

    /* the connection ends in the handshake */

    write_file("mode", "shut", 0600);
    result = send_letter(BIRD " ca_file=good.pem",
                         mfa_arena_printf(t.arena, "https://localhost:%d",
                                          t.tls_port).data, &letter);
    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_true(result.is_down);
    assert_false(result.is_unclear);

    result = send_letter(BIRD, "http://127.0.0.1:1", &letter);
    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_true(result.is_down);
    assert_false(result.is_unclear);
    assert_string_equal(result.reason,
                        "the provider does not accept connections");

    result = send_letter(BIRD, "http://nobody.localhost.localhost:1",
                         &letter);
    assert_true(result.is_down);
}


/* X105: neither to an address of the machine's own net nor to another scheme */

static void
a_redirect_is_not_followed(void **state)
{
    char     mode[128];
    fault_t  fault = { mode, NULL, MFA_SEND_REFUSED, NOTHING, 0,
                       "a redirect is not followed" };

    (void) state;

    snprintf(mode, sizeof(mode), "redirect=http://127.0.0.1:%d/messages",
             t.port);
    check_all(&fault, 1, 1);
    snprintf(mode, sizeof(mode), "redirect=http://169.254.169.254/");
    check_all(&fault, 1, 1);
    snprintf(mode, sizeof(mode), "redirect=file:///etc/passwd");
    check_all(&fault, 1, 1);
}


/* a code is what a template on their side has room for */

static void
notify_sends_nothing_without_a_code(void **state)
{
    mfa_letter_t       bare = letter;
    mfa_send_result_t  result;

    (void) state;

    bare.code = mfa_null;
    t.asked = count_requests();
    result = send_letter(NOTIFY, plain_base(""), &bare);
    assert_int_equal(result.outcome, MFA_SEND_REFUSED);
    assert_int_equal(count_requests(), t.asked);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_yes_is_a_yes_in_the_body_too),
        TEST(a_no_inside_of_a_yes_is_a_no),
        TEST(a_status_is_a_verdict),
        TEST(retry_after_is_heard_and_bounded),
        TEST(an_unclear_end_is_called_so),
        TEST(one_that_is_not_there_is_down),
        TEST(a_redirect_is_not_followed),
        TEST(notify_sends_nothing_without_a_code),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, provider_start, provider_stop);
}
