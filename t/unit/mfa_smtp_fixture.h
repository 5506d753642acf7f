/*
 * A mail server that fails on request (smtp_server.py), and the sender under
 * test: for the tests of SMTP, which compile the sender in.
 */

#ifndef MFA_SMTP_FIXTURE_H
#define MFA_SMTP_FIXTURE_H

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

#endif /* MFA_SMTP_FIXTURE_H */
