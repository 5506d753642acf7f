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

#include "mfa_fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>


typedef struct {
    pid_t         pid;
    int           port;
    int           out;              /* of the server */
    char          dir[64];
    unsigned      errors;           /* lines of the log at that level */
    char          log[2048];
    mfa_ports_t   ports;
    mfa_arena_t  *arena;
    char          message[512];     /* what configure said */
} smtp_test_t;

static smtp_test_t  t;


static void
test_log(void *ctx, mfa_log_level_t level, const char *line)
{
    size_t  len;

    (void) ctx;

    t.errors += level == MFA_LOG_ERROR ? 1 : 0;
    len = strlen(t.log);
    snprintf(t.log + len, sizeof(t.log) - len, "%s\n", line);
}


static void
write_file(const char *name, const char *text, mode_t mode)
{
    int   fd;
    char  path[128];

    snprintf(path, sizeof(path), "%s/%s", t.dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}


static mfa_str_t
read_text(const char *name)
{
    char    *data;
    char     path[128];
    FILE    *file;
    size_t   len;

    snprintf(path, sizeof(path), "%s/%s", t.dir, name);
    data = mfa_arena_alloc(t.arena, 1024 * 1024);
    assert_non_null(data);

    file = fopen(path, "r");
    if (file == NULL) {
        return mfa_null;
    }

    len = fread(data, 1, 1024 * 1024 - 1, file);
    fclose(file);

    return mfa_str_bytes(data, len);
}


static bool
text_has(mfa_str_t text, const char *part)
{
    return text.len != 0
           && memmem(text.data, text.len, part, strlen(part)) != NULL;
}


static size_t
text_count(mfa_str_t text, const char *part)
{
    size_t       n;
    const char  *at, *end;

    n = 0;
    at = text.data;
    end = text.data + text.len;

    while (at != NULL
           && (at = memmem(at, (size_t) (end - at), part, strlen(part))))
    {
        n++;
        at++;
    }

    return n;
}


static int
server_start(void **state)
{
    int      fds[2];
    char     text[16] = "";
    ssize_t  n;

    (void) state;

    assert_int_equal(mfa_crypto_open(), MFA_OK);
    snprintf(t.dir, sizeof(t.dir), "/tmp/mfa_smtp.XXXXXX");
    assert_non_null(mkdtemp(t.dir));
    assert_int_equal(pipe(fds), 0);

    t.pid = fork();
    assert_true(t.pid >= 0);

    if (t.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl("/usr/bin/python3", "python3", "t/unit/smtp_server.py", t.dir,
              (char *) NULL);
        _exit(127);
    }

    close(fds[1]);
    t.out = fds[0];
    n = read(t.out, text, sizeof(text) - 1);
    assert_true(n > 0);
    t.port = atoi(text);

    return t.port > 0 ? 0 : -1;
}


static int
server_stop(void **state)
{
    (void) state;

    kill(t.pid, SIGKILL);
    waitpid(t.pid, NULL, 0);
    close(t.out);
    fixture_remove(t.dir);

    return 0;
}


static int
setup(void **state)
{
    char  path[128];

    (void) state;

    t.arena = mfa_arena_open((size_t) 64 * 1024 * 1024);
    assert_non_null(t.arena);

    t.ports = mfa_ports_system;
    t.ports.log = test_log;
    t.errors = 0;
    t.log[0] = '\0';

    snprintf(path, sizeof(path), "%s/log", t.dir);
    unlink(path);
    write_file("mode", "", 0600);
    write_file("pass", "s3cret\n", 0600);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&t.arena);

    return 0;
}


/* words: "%d" in the first is the port; the folder is the prefix */

static mfa_status_t
configure(const char *words, void **settings)
{
    char          text[512], prefix[80];
    mfa_str_t     rest, args[8];
    mfa_line_t    line = { .name = mfa_str("mail"), .args = args };
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    snprintf(prefix, sizeof(prefix), "%s/", t.dir);
    snprintf(text, sizeof(text), "%s", words);

    rest = mfa_str_from(mfa_arena_cstr(t.arena, mfa_str_from(text)));

    while (rest.len != 0 && line.nargs < 8) {
        args[line.nargs++] = mfa_str_split(&rest, ' ');
    }

    line.prefix = prefix;

    st = mfa_sender_smtp.configure(&line, t.arena, &error, settings);
    snprintf(t.message, sizeof(t.message), "%s", error.text);

    return st;
}


static void *
server_connect(const char *scheme, const char *host, const char *words)
{
    char   text[256];
    void  *settings, *connection;

    snprintf(text, sizeof(text), "%s://%s:%d %s", scheme, host, t.port,
             words);

    if (configure(text, &settings) != MFA_OK) {
        fail_msg("%s: %s", text, t.message);
    }

    assert_int_equal(mfa_sender_smtp.open(settings, &t.ports, &connection),
                     MFA_OK);

    return connection;
}


static const mfa_letter_t  letter = {
    .from_name = mfa_str_static("Example Council"),
    .from = mfa_str_static("no-reply@example.org"),
    .to = mfa_str_static("ann.employee@example.org"),
    .id = mfa_str_static("00112233445566778899aabbccddeeff"),
    .host = mfa_str_static("people.example.org"),
    .subject = mfa_str_static("Your Example Council verification code"),
    .text = mfa_str_static("482193\n\n.hidden\n..\nend\n"),
    .html = mfa_str_static("<p>482193</p>\n"),
    .language = mfa_str_static("en"),
    .date = INT64_C(1790000000000)
};


static mfa_send_result_t
server_send(void *connection)
{
    mfa_send_result_t  result = { .outcome = MFA_SEND_LATER };

    mfa_sender_smtp.send(connection, &letter, t.arena, &result);

    return result;
}


static mfa_send_result_t
send_once(const char *mode, const char *scheme, const char *host,
    const char *words)
{
    void               *connection;
    mfa_send_result_t   result;

    write_file("mode", mode, 0600);
    connection = server_connect(scheme, host, words);
    result = server_send(connection);
    mfa_sender_smtp.close(&connection);
    assert_null(connection);

    return result;
}


#define LOGIN    "user=relay password_file=pass ca_file=good.pem"
#define NO_USER  "ca_file=good.pem"


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
