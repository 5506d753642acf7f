/*
 * A provider that fails on request (t/lib/mfa_provider.py), and a sender that
 * is configured by its line: for the tests of what goes over HTTP.
 */

#ifndef MFA_PROVIDER_FIXTURE_H
#define MFA_PROVIDER_FIXTURE_H

#include "mfa_fixture.h"

#include "../../src/send/mfa_send.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>


typedef struct {
    pid_t                 pid;
    int                   out;          /* of the provider */
    int                   port;
    int                   tls_port;
    char                  dir[64];
    mfa_time_t            now;
    unsigned              errors;       /* lines of the log at that level */
    char                  log[2048];
    char                  message[512]; /* what configure said */
    mfa_ports_t           ports;
    mfa_arena_t          *arena;
    mfa_send_settings_t   settings;
    unsigned              asked;        /* requests before this test */
} provider_t;

static provider_t  t;


static inline mfa_time_t
provider_now(void *ctx)
{
    (void) ctx;

    return t.now;
}


static inline void
provider_log(void *ctx, mfa_log_level_t level, const char *line)
{
    size_t  len;

    (void) ctx;

    t.errors += level == MFA_LOG_ERROR ? 1 : 0;
    len = strlen(t.log);
    snprintf(t.log + len, sizeof(t.log) - len, "%s\n", line);
}


static inline void
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


static inline mfa_str_t
read_text(const char *name)
{
    char    *data;
    char     path[128];
    FILE    *file;
    size_t   len;

    snprintf(path, sizeof(path), "%s/%s", t.dir, name);
    data = mfa_arena_alloc(t.arena, 256 * 1024);
    assert_non_null(data);

    file = fopen(path, "r");
    if (file == NULL) {
        return mfa_null;
    }

    len = fread(data, 1, 256 * 1024 - 1, file);
    fclose(file);

    return mfa_str_bytes(data, len);
}


static inline bool
text_has(mfa_str_t text, const char *part)
{
    return text.len != 0
           && memmem(text.data, text.len, part, strlen(part)) != NULL;
}


/* how many requests there were in all */

static inline unsigned
count_requests(void)
{
    size_t     i;
    unsigned   n;
    mfa_str_t  text;

    text = read_text("requests");
    n = 0;

    for (i = 0; i < text.len; i++) {
        n += text.data[i] == '\n';
    }

    return n;
}


static inline int
provider_start(void **state)
{
    int      fds[2];
    char     text[32] = "";
    size_t   len;
    ssize_t  n;

    (void) state;

    assert_int_equal(mfa_crypto_open(), MFA_OK);
    snprintf(t.dir, sizeof(t.dir), "/tmp/mfa_provider.XXXXXX");
    assert_non_null(mkdtemp(t.dir));
    assert_int_equal(pipe(fds), 0);

    t.pid = fork();
    assert_true(t.pid >= 0);

    if (t.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl("/usr/bin/python3", "python3", "t/lib/mfa_provider.py", t.dir,
              (char *) NULL);
        _exit(127);
    }

    close(fds[1]);
    t.out = fds[0];

    for (len = 0; strchr(text, '\n') == NULL; len += (size_t) n) {
        n = read(t.out, text + len, sizeof(text) - 1 - len);
        assert_true(n > 0);
    }

    return sscanf(text, "%d %d", &t.port, &t.tls_port) == 2 ? 0 : -1;
}


static inline int
provider_stop(void **state)
{
    (void) state;

    kill(t.pid, SIGKILL);
    waitpid(t.pid, NULL, 0);
    close(t.out);
    fixture_remove(t.dir);

    return 0;
}


#define SERVICE   "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define SECRET    "11111111-2222-4333-8444-555555555555"
#define TEMPLATE  "f33517ff-2a88-4f6e-b855-c550268ce08a"

static inline int
setup(void **state)
{
    (void) state;

    t.arena = mfa_arena_open((size_t) 64 * 1024 * 1024);
    assert_non_null(t.arena);

    t.ports = mfa_ports_system;
    t.ports.log = provider_log;
    t.ports.now = provider_now;
    t.now = FIXTURE_NOW;
    t.errors = 0;
    t.log[0] = '\0';
    memset(&t.settings, 0, sizeof(t.settings));

    write_file("mode", "", 0600);
    write_file("key", "s3cret\n", 0600);
    write_file("pair", "SK0123:s3cret\n", 0600);
    write_file("notify", "council-" SERVICE "-" SECRET "\n", 0600);
    write_file("json", "{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}\n", 0644);
    t.asked = count_requests();

    return 0;
}


static inline int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&t.arena);

    return 0;
}


/* "sms vonage key=a 'x y'": parted by blanks; ~ stands for one inside */

static inline mfa_status_t
configure(const char *words)
{
    char          prefix[80], *p;
    uint64_t      seen;
    mfa_str_t     rest, args[12];
    mfa_line_t    line = { .args = args };
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    snprintf(prefix, sizeof(prefix), "%s/", t.dir);
    rest = mfa_str_from(mfa_arena_cstr(t.arena, mfa_str_from(words)));
    line.name = mfa_str_split(&rest, ' ');

    while (rest.len != 0 && line.nargs < 12) {
        args[line.nargs] = mfa_str_split(&rest, ' ');
        p = mfa_arena_cstr(t.arena, args[line.nargs]);
        args[line.nargs++] = mfa_str_from(p);

        while ((p = strchr(p, '~')) != NULL) {
            *p = ' ';
        }
    }

    line.prefix = prefix;
    seen = 0;

    st = mfa_option_apply(mfa_send_options, &seen, &line, &t.settings,
                          t.arena, &error);
    snprintf(t.message, sizeof(t.message), "%s", error.text);

    return st;
}


static const mfa_letter_t  letter = {
    .to = mfa_str_static("+447700900123"),
    .id = mfa_str_static("00112233445566778899aabbccddeeff"),
    .text = mfa_str_static("482193 is your code for A&B \"x\".\n\n"
                           "@people.example.org #482193"),
    .language = mfa_str_static("en"),
    .code = mfa_str_static("482193"),
    .date = FIXTURE_NOW
};


/* words of the line, then the base address; "%s" at its end is filled in */

static inline mfa_send_result_t
send_letter(const char *words, const char *base, const mfa_letter_t *what)
{
    char                line[512];
    void               *connection;
    mfa_send_result_t   result = { .outcome = MFA_SEND_LATER };
    const mfa_route_t  *route;

    memset(&t.settings, 0, sizeof(t.settings));
    snprintf(line, sizeof(line), "%s url=%s", words, base);

    if (configure(line) != MFA_OK) {
        fail_msg("%s: %s", line, t.message);
    }

    route = t.settings.sms_count != 0 ? t.settings.sms : t.settings.voice;
    assert_int_equal(route->sender->open(route->settings, &t.ports,
                                         &connection), MFA_OK);
    route->sender->send(connection, what, t.arena, &result);
    route->sender->close(&connection);
    assert_null(connection);

    return result;
}


static inline const char *
plain_base(const char *path)
{
    return mfa_arena_printf(t.arena, "http://127.0.0.1:%d%s", t.port,
                            path).data;
}


static inline mfa_send_result_t
send_in_mode(const char *mode, const char *words)
{
    write_file("mode", mode, 0600);

    return send_letter(words, plain_base(""), &letter);
}

#endif /* MFA_PROVIDER_FIXTURE_H */
