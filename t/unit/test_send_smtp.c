/*
 * The SMTP sender against a server that fails on request, smtp_server.py.
 *
 * The sender is compiled in here with shorter times, so that a server that
 * never answers does not hold the test for half a minute.
 */

#define SMTP_CONNECT_SEC  5L
#define SMTP_COMMAND_SEC  2L
#define SMTP_TOTAL_SEC    4L

#include "../../src/send/mfa_send_smtp.c"

#include "mfa_smtp_fixture.h"

/* I1, X101: inside TLS only; one sender, one recipient, one letter */

static void
a_letter_goes_by_starttls_with_a_login(void **state)
{
    mfa_str_t          log, raw, msg;
    mfa_send_result_t  result;

    (void) state;

    result = send_once("", "smtp", "localhost", LOGIN);
    assert_int_equal(result.outcome, MFA_SEND_DONE);

    log = read_text("log");
    assert_true(text_has(log, "C EHLO people.example.org\n"));
    assert_true(text_has(log, "C STARTTLS\nTLS\n"));
    assert_true(text_has(log, "C MAIL FROM:<no-reply@example.org>"));
    assert_int_equal(text_count(log, "RCPT TO:"), 1);
    assert_true(text_has(log, "C RCPT TO:<ann.employee@example.org>\n"));
    assert_int_equal(text_count(log, "LETTER"), 1);
    assert_true(strstr(log.data, "C AUTH") > strstr(log.data, "TLS\nC EHLO"));

    /* I2: dots are stuffed on the way and gone on the other side */

    raw = read_text("raw.1");
    msg = read_text("msg.1");
    assert_true(text_has(raw, "\r\n..hidden\r\n...\r\nend\r\n"));
    assert_true(text_has(msg, "\r\n.hidden\r\n..\r\nend\r\n"));
    assert_int_equal(text_count(raw, "\n"), text_count(raw, "\r\n"));
    assert_int_equal(t.errors, 0);
}


static void
a_letter_goes_by_implicit_tls(void **state)
{
    mfa_send_result_t  result;

    (void) state;

    result = send_once("tls=implicit", "smtps", "127.0.0.1", LOGIN);
    assert_int_equal(result.outcome, MFA_SEND_DONE);
    assert_true(text_has(read_text("log"), "CONNECT\nTLS\nC EHLO"));
}


/* I1: loopback alone may be plain, and may log in so */

static void
loopback_needs_no_tls(void **state)
{
    mfa_send_result_t  result;

    (void) state;

    result = send_once("tls=off", "smtp", "127.0.0.1", "");
    assert_int_equal(result.outcome, MFA_SEND_DONE);

    result = send_once("tls=off", "smtp", "127.0.0.1",
                       "user=relay password_file=pass");
    assert_int_equal(result.outcome, MFA_SEND_DONE);
    assert_false(text_has(read_text("log"), "TLS"));
}


static void
one_connection_serves_many_letters(void **state)
{
    int                 i;
    void               *connection;
    mfa_str_t           log;
    mfa_send_result_t   result;

    (void) state;

    connection = server_connect("smtp", "localhost", LOGIN);

    for (i = 0; i < 3; i++) {
        result = server_send(connection);
        assert_int_equal(result.outcome, MFA_SEND_DONE);
    }

    mfa_sender_smtp.close(&connection);

    log = read_text("log");
    assert_int_equal(text_count(log, "CONNECT"), 1);
    assert_int_equal(text_count(log, "LETTER"), 3);
}


typedef struct {
    const char          *mode;
    const char          *words;
    mfa_send_outcome_t   outcome;
    bool                 is_down;
    bool                 is_alarm;
    const char          *reason;
} fault_t;


static void
check_fault(const fault_t *fault, bool is_in_clear_ok)
{
    char               path[128];
    mfa_str_t          log;
    mfa_send_result_t  result;

    t.errors = 0;
    snprintf(path, sizeof(path), "%s/log", t.dir);
    unlink(path);

    result = send_once(fault->mode, "smtp", "localhost", fault->words);
    log = read_text("log");

    if (result.outcome != fault->outcome || result.is_down != fault->is_down
        || strstr(result.reason, fault->reason) == NULL
        || (t.errors != 0) != fault->is_alarm)
    {
        fail_msg("\"%s\": outcome %d, down %d, errors %u, \"%s\"\n%.*s",
                 fault->mode, result.outcome, result.is_down, t.errors,
                 result.reason, MFA_STR_ARG(log));
    }

    if (!is_in_clear_ok) {
        assert_false(text_has(log, "C AUTH"));
        assert_false(text_has(log, "C MAIL"));
        assert_false(text_has(log, "LETTER"));
    }

    assert_null(strstr(result.reason, "@"));
    assert_null(strstr(result.reason, "482193"));
    assert_null(strstr(t.log, "s3cret"));
    assert_null(strstr(t.log, "@"));
}


/* ML2, ML3, I4: 4xx is later, 5xx about the letter is the end */

static void
replies_decide_between_later_and_never(void **state)
{
    size_t                i;

    static const fault_t  faults[] = {
        { "greeting=421", LOGIN, MFA_SEND_LATER, false, false, "421 at the" },
        { "ehlo=421", LOGIN, MFA_SEND_LATER, false, false, "421 at the" },
        { "starttls=454", LOGIN, MFA_SEND_LATER, false, false, "454 at the" },
        { "auth=454", LOGIN, MFA_SEND_LATER, false, false, "454 at AUTH" },
        { "mail=451", LOGIN, MFA_SEND_LATER, false, false, "451 at MAIL" },
        { "rcpt=451", LOGIN, MFA_SEND_LATER, false, false, "451 at RCPT" },
        { "data=451", LOGIN, MFA_SEND_LATER, false, false, "451 at DATA" },
        { "dot=451", LOGIN, MFA_SEND_LATER, false, false, "451 at DATA" },

        { "greeting=554", LOGIN, MFA_SEND_LATER, false, true, "554 at the" },
        { "ehlo=550", LOGIN, MFA_SEND_LATER, false, true, "550 at the" },
        { "auth=535", LOGIN, MFA_SEND_LATER, false, true, "535 at AUTH" },
        { "mail=550", LOGIN, MFA_SEND_LATER, false, true, "550 at MAIL" },
        { "mail=530", NO_USER, MFA_SEND_LATER, false, true, "530 at MAIL" },
        { "rcpt=550", LOGIN, MFA_SEND_REFUSED, false, false, "550 at RCPT" },
        { "data=554", LOGIN, MFA_SEND_REFUSED, false, false, "554 at DATA" },
        { "dot=552", LOGIN, MFA_SEND_REFUSED, false, false, "552 at DATA" },
    };

    (void) state;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        check_fault(&faults[i], true);
    }
}


/* ML6, I1: no trusted TLS, no letter and no password; and an alarm */

static void
without_trusted_tls_nothing_is_sent(void **state)
{
    size_t                i;

    static const fault_t  faults[] = {
        { "tls=off", LOGIN, MFA_SEND_LATER, true, true, "no trusted TLS" },
        { "cert=wrong", "user=relay password_file=pass ca_file=wrong.pem",
          MFA_SEND_LATER, true, true, "no trusted TLS" },
        { "cert=wrong", LOGIN, MFA_SEND_LATER, true, true, "no trusted TLS" },
        { "cert=expired",
          "user=relay password_file=pass ca_file=expired.pem",
          MFA_SEND_LATER, true, true, "no trusted TLS" },
        { "", "tls=on", MFA_SEND_LATER, true, true, "no trusted TLS" },
        { "inject", LOGIN, MFA_SEND_LATER, true, false, "" },
        { "starttls=drop", LOGIN, MFA_SEND_LATER, true, false, "broke" },
    };

    (void) state;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        check_fault(&faults[i], false);
    }
}


/* ML4, I5: a server that holds the line is left in time */

static void
a_silent_server_is_left_in_time(void **state)
{
    size_t                i;
    mfa_time_t            started, most;

    static const fault_t  faults[] = {
        { "greeting=hang", LOGIN, MFA_SEND_LATER, true, false, "in time" },
        { "dot=hang", LOGIN, MFA_SEND_LATER, false, false, "in time" },
        { "mail=drip", LOGIN, MFA_SEND_LATER, true, false, "in time" },
    };

    (void) state;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        started = mfa_port_now(&t.ports);
        check_fault(&faults[i], true);

        /* once a relay has greeted, libcurl also waits for it to part */

        most = i == 0 ? SMTP_TOTAL_SEC : SMTP_TOTAL_SEC + SMTP_COMMAND_SEC;

        if (mfa_port_now(&t.ports) - started >= most * MFA_SECOND) {
            fail_msg("%s took %lld ms", faults[i].mode,
                     (long long) (mfa_port_now(&t.ports) - started));
        }
    }
}


/* I5: what the route before left of the attempt */

static void
a_letter_with_little_time_gives_up_in_it(void **state)
{
    void               *connection;
    mfa_time_t          started;
    mfa_letter_t        hasty = letter;
    mfa_send_result_t   result = { .outcome = MFA_SEND_LATER };

    (void) state;

    hasty.time = 1500;
    write_file("mode", "greeting=hang", 0600);
    connection = server_connect("smtp", "localhost", LOGIN);

    started = mfa_port_now(&t.ports);
    mfa_sender_smtp.send(connection, &hasty, t.arena, &result);
    assert_true(mfa_port_now(&t.ports) - started
                < hasty.time + MFA_SECOND / 2);
    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_true(result.is_down);

    mfa_sender_smtp.close(&connection);
}


/* ML5: after the final dot it is later, and not a server that is not there */

static void
a_broken_connection_is_later(void **state)
{
    size_t                i;

    static const fault_t  faults[] = {
        { "greeting=drop", LOGIN, MFA_SEND_LATER, true, false, "" },
        { "rcpt=drop", LOGIN, MFA_SEND_LATER, true, false, "broke" },
        { "data=drop", LOGIN, MFA_SEND_LATER, false, false, "broke" },
        { "dot=drop", LOGIN, MFA_SEND_LATER, false, false, "broke" },
    };

    (void) state;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        check_fault(&faults[i], true);
    }

    assert_int_equal(text_count(read_text("log"), "LETTER"), 1);
}


/* ML1, I5 */

static void
a_server_that_is_not_there_counts_as_down(void **state)
{
    int                 port;
    mfa_send_result_t   result;

    (void) state;

    port = t.port;
    t.port = 1;
    result = send_once("", "smtp", "127.0.0.1", LOGIN);
    t.port = port;

    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_true(result.is_down);
    assert_non_null(strstr(result.reason, "does not accept"));
}


/* ML7: whatever the server says, memory is bounded */

static void
endless_replies_are_cut_off(void **state)
{
    struct rusage      before, after;
    mfa_send_result_t  result;

    (void) state;

    getrusage(RUSAGE_SELF, &before);

    result = send_once("mail=many", "smtp", "localhost", LOGIN);
    assert_int_equal(result.outcome, MFA_SEND_LATER);
    assert_non_null(strstr(result.reason, "without end"));
    assert_true(result.is_down);

    result = send_once("mail=long", "smtp", "localhost", LOGIN);
    assert_true(result.outcome == MFA_SEND_DONE || result.is_down);

    result = send_once("mail=nul", "smtp", "localhost", LOGIN);
    assert_int_not_equal(result.outcome, MFA_SEND_REFUSED);

    result = send_once("rcpt=bare", "smtp", "localhost", LOGIN);
    assert_int_not_equal(result.outcome, MFA_SEND_REFUSED);

    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
}


/* X101, I2: nothing is even connected for such a letter */

static void
a_letter_with_a_forged_address_is_refused(void **state)
{
    void               *connection;
    mfa_letter_t        forged;
    mfa_send_result_t   result = { .outcome = MFA_SEND_LATER };

    (void) state;

    forged = letter;
    forged.to = mfa_str("a@example.org>\r\nRCPT TO:<x@example.org");

    connection = server_connect("smtp", "localhost", LOGIN);
    mfa_sender_smtp.send(connection, &forged, t.arena, &result);
    mfa_sender_smtp.close(&connection);

    assert_int_equal(result.outcome, MFA_SEND_REFUSED);
    assert_false(text_has(read_text("log"), "CONNECT"));
}


/* I2: stuffing holds where libcurl's buffers meet */

static void
a_long_letter_arrives_as_it_was_made(void **state)
{
    int                 i;
    void               *connection;
    mfa_buf_t           buf;
    mfa_str_t           mime, got;
    mfa_letter_t        big;
    char                name[32];
    mfa_send_result_t   result = { .outcome = MFA_SEND_LATER };

    (void) state;

    mfa_buf_init(&buf, t.arena, 512 * 1024);

    for (i = 0; i < 20000; i++) {
        mfa_buf_puts(&buf, i % 3 == 0 ? ".\n" : "...dots\n");
    }

    big = letter;
    assert_int_equal(mfa_buf_str(&buf, &big.text), MFA_OK);
    assert_int_equal(mfa_mime_build(&big, t.arena, &mime), MFA_OK);

    connection = server_connect("smtp", "localhost", LOGIN);
    mfa_sender_smtp.send(connection, &big, t.arena, &result);
    mfa_sender_smtp.close(&connection);
    assert_int_equal(result.outcome, MFA_SEND_DONE);

    i = atoi(strstr(read_text("log").data, "LETTER ") + 7);
    snprintf(name, sizeof(name), "msg.%d", i);
    got = read_text(name);
    assert_true(mfa_str_eq(got, mime));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_letter_goes_by_starttls_with_a_login),
        TEST(a_letter_goes_by_implicit_tls),
        TEST(loopback_needs_no_tls),
        TEST(one_connection_serves_many_letters),
        TEST(replies_decide_between_later_and_never),
        TEST(without_trusted_tls_nothing_is_sent),
        TEST(a_silent_server_is_left_in_time),
        TEST(a_letter_with_little_time_gives_up_in_it),
        TEST(a_broken_connection_is_later),
        TEST(a_server_that_is_not_there_counts_as_down),
        TEST(endless_replies_are_cut_off),
        TEST(a_letter_with_a_forged_address_is_refused),
        TEST(a_long_letter_arrives_as_it_was_made),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, server_start, server_stop);
}
