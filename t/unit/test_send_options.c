/*
 * The options brand, support, public_url and mail, and what templates see.
 */

#include "mfa_fixture.h"

#include "../../src/send/mfa_send.h"


typedef struct {
    char                 dir[64];
    char                 message[512];
    uint64_t             seen;
    mfa_arena_t         *arena;
    mfa_send_settings_t  settings;
} options_t;

static options_t  o;


static int
setup(void **state)
{
    (void) state;

    memset(&o, 0, sizeof(o));
    snprintf(o.dir, sizeof(o.dir), "/tmp/mfa_options.XXXXXX");
    o.arena = mfa_arena_open((size_t) 16 * 1024 * 1024);

    return mkdtemp(o.dir) == NULL || o.arena == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&o.arena);
    fixture_remove(o.dir);

    return 0;
}


/* words are parted by '|' */

static mfa_status_t
apply(const char *text)
{
    char          prefix[80];
    mfa_str_t     rest, args[8];
    mfa_line_t    line = { .args = args };
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    snprintf(prefix, sizeof(prefix), "%s/", o.dir);
    rest = mfa_str_from(mfa_arena_cstr(o.arena, mfa_str_from(text)));
    line.name = mfa_str_split(&rest, '|');
    line.prefix = prefix;

    while (rest.len != 0 && line.nargs < 8) {
        args[line.nargs++] = mfa_str_split(&rest, '|');
    }

    st = mfa_option_apply(mfa_send_options, &o.seen, &line, &o.settings,
                          o.arena, &error);
    snprintf(o.message, sizeof(o.message), "%s", error.text);

    return st;
}


static void
accepted(const char *text)
{
    o.seen = 0;
    memset(&o.settings, 0, sizeof(o.settings));

    if (apply(text) != MFA_OK) {
        fail_msg("%s: %s", text, o.message);
    }
}


static void
refused(const char *text, const char *message)
{
    mfa_status_t  st;

    o.seen = 0;
    memset(&o.settings, 0, sizeof(o.settings));
    st = apply(text);

    if (st != MFA_CONFIG || strstr(o.message, message) == NULL) {
        fail_msg("%s: %s: %s", text, mfa_status_text(st), o.message);
    }
}


static void
check_str(mfa_str_t s, const char *wanted)
{
    if (!mfa_str_eq_c(s, wanted)) {
        fail_msg("\"" MFA_STR_FMT "\" is not \"%s\"", MFA_STR_ARG(s), wanted);
    }
}


static void
an_origin_has_one_spelling(void **state)
{
    size_t        i;
    mfa_origin_t  origin;

    static const struct {
        const char  *url;
        const char  *text;
        const char  *host;
        unsigned     port;
        bool         is_https;
        bool         is_loopback;
    } rows[] = {
        { "https://People.Example.ORG", "https://people.example.org",
          "people.example.org", 443, true, false },
        { "https://people.example.org:443", "https://people.example.org",
          "people.example.org", 443, true, false },
        { "https://people.example.org:8443",
          "https://people.example.org:8443", "people.example.org", 8443,
          true, false },
        { "http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1",
          8080, false, true },
        { "http://localhost", "http://localhost", "localhost", 80, false,
          true },
        { "http://people.localhost:80", "http://people.localhost",
          "people.localhost", 80, false, true },
        { "http://[::1]:8080", "http://[::1]:8080", "[::1]", 8080, false,
          true },
        { "https://192.0.2.7", "https://192.0.2.7", "192.0.2.7", 443, true,
          false },
        { "https://[2001:DB8::1]", "https://[2001:db8::1]", "[2001:db8::1]",
          443, true, false },
        { "https://intranet", "https://intranet", "intranet", 443, true,
          false },
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(mfa_origin_parse(o.arena, mfa_str_from(rows[i].url),
                                          &origin), MFA_OK);
        check_str(origin.text, rows[i].text);
        check_str(origin.host, rows[i].host);
        assert_int_equal(origin.port, rows[i].port);
        assert_int_equal(origin.is_https, rows[i].is_https);
        assert_int_equal(origin.is_loopback, rows[i].is_loopback);
    }
}


static void
what_is_no_origin_is_refused(void **state)
{
    size_t                   i;
    mfa_origin_t             origin;
    mfa_status_t             st;

    static const char *const  bad[] = {
        "", "https://", "people.example.org", "ftp://people.example.org",
        "HTTPS://people.example.org", "http://people.example.org",
        "http://127.0.0.1.example.org", "http://localhost.example.org",
        "https://people.example.org/", "https://people.example.org/mfa",
        "https://people.example.org?x", "https://people.example.org#x",
        "https://ann@people.example.org", "https://people.example.org:",
        "https://people.example.org:0", "https://people.example.org:65536",
        "https://people.example.org:080", "https://people.example.org:8x",
        "https://people..example.org", "https://.example.org",
        "https://example.org.", "https://-a.example.org",
        "https://a-.example.org", "https://a_b.example.org",
        "https://people.example.org\r\nX: y", "https://people example.org",
        "https://*.example.org", "https://1.2.3", "https://0x7f.1",
        "https://256.1.1.1", "http://127.1", "https://[::1", "https://[]",
        "https://[0:0:0:0:0:0:0:1]", "https://[::1]x", "https://::1",
        "https://k\xc3\xb6ln.example.org",
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        st = mfa_origin_parse(o.arena, mfa_str_from(bad[i]), &origin);

        if (st != MFA_INVALID || origin.text.len != 0) {
            fail_msg("%s: %s", bad[i], mfa_status_text(st));
        }
    }

    assert_int_equal(mfa_origin_parse(o.arena,
                                      mfa_str("https://a\0b.example.org"),
                                      &origin), MFA_INVALID);
}


static void
the_lines_of_a_realm_are_taken(void **state)
{
    (void) state;

    accepted("brand|Example Council");
    check_str(o.settings.brand, "Example Council");

    accepted("support|Human Resources|mail=HR@example.org"
             "|phone=01632 960000|chat=https://chat.example.org/");
    check_str(o.settings.support.name, "Human Resources");
    check_str(o.settings.support.mail, "hr@example.org");
    check_str(o.settings.support.phone, "01632 960000");
    check_str(o.settings.support.chat, "https://chat.example.org/");

    accepted("public_url|https://people.example.org");
    check_str(o.settings.origin.text, "https://people.example.org");

    accepted("mail|maildir:mail|from=Example Council <No-Reply@example.org>");
    check_str(o.settings.mail_from_name, "Example Council");
    check_str(o.settings.mail_from, "no-reply@example.org");
    assert_string_equal(o.settings.mail[0].sender->name, "maildir");

    accepted("mail|smtp://mail.example.org:587|from=A <a@example.org>");
    assert_string_equal(o.settings.mail[0].sender->name, "smtp");
    assert_string_equal(o.settings.mail[0].sender->channel, "mail");
    assert_non_null(o.settings.mail[0].settings);
}


static void
wrong_lines_are_named(void **state)
{
    (void) state;

    refused("brand", "needs one name");
    refused("brand|Example\r\nCouncil", "needs one name");
    refused("brand|Exa\xe2\x80\xa8mple", "needs one name");
    refused("brand|a|b", "needs one name");

    refused("support|Human Resources", "needs a name and one or more");
    refused("support|HR|mail=nobody", "invalid \"mail=nobody\"");
    refused("support|HR|phone=call us", "invalid \"phone=call us\"");
    refused("support|HR|chat=http://chat.example.org", "invalid \"chat=");
    refused("support|HR|chat=https://x\" onclick=\"y", "invalid \"chat=");
    refused("support|HR|chat=javascript:alert(1)", "invalid \"chat=");
    refused("support|HR|fax=1", "invalid \"fax=1\"");
    refused("support|HR|phone=1|phone=2", "duplicate \"phone=2\"");

    refused("public_url|http://people.example.org", "it must be \"https://");
    refused("public_url|https://people.example.org/x", "without a path");
    refused("public_url", "invalid number of arguments");

    refused("mail", "invalid number of arguments");
    refused("mail|pigeon://loft|from=A <a@example.org>", "it must be \"smtp");
    refused("mail|smtp|from=A <a@example.org>", "it must be \"smtp");
    refused("mail|smtp://mail.example.org",
            "\"mail\" needs \"from=NAME <ADDRESS>\"");
    refused("mail|maildir:mail", "\"mail\" needs \"from=NAME <ADDRESS>\"");
    refused("mail|maildir:mail|from=a@example.org", "needs \"from=");
    refused("mail|maildir:mail|from=<a@example.org>", "needs \"from=");
    refused("mail|maildir:mail|from=A <a@example.org> x", "needs \"from=");
    refused("mail|maildir:mail|from=A\nB <a@example.org>", "needs \"from=");
    refused("mail|maildir:mail|from=A <a@example.org>|from=B <b@example.org>",
            "once");
    refused("mail|maildir:none/mail|from=A <a@example.org>",
            "cannot be found");
    refused("mail|maildir:|from=A <a@example.org>", "it must be");
    refused("mail|maildir:mail|tls=off|from=A <a@example.org>", "invalid");
}


/* adds to a file of the folder */

static void
write_file(const char *name, const char *text, mode_t mode)
{
    int   fd;
    char  path[128];

    snprintf(path, sizeof(path), "%s/%s", o.dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}


/* I1, I5: what would send a password in the clear, or to nobody, is wrong */

static void
the_words_of_smtp_are_checked(void **state)
{
    size_t                    i;
    char                      text[256];

    static const char *const  fine[] = {
        "smtp://mail.example.org",
        "smtp://mail.example.org:25|tls=off",
        "smtp://[::1]:2525",
        "smtps://mail.example.org|user=u|password_file=pass",
        "smtp://127.0.0.1|tls=off|user=u|password_file=pass",
    };

    static const char *const  wrong[][2] = {
        { "smtp://mail.example.org|user=u", "needs \"password_file=\"" },
        { "smtp://mail.example.org|password_file=pass", "needs \"user=\"" },
        { "smtp://mail.example.org|user=u|password_file=none",
          "cannot be read: No such file" },
        { "smtp://mail.example.org|user=u|password_file=open",
          "open to group or world" },
        { "smtp://mail.example.org|user=u|password_file=empty",
          "must have one line" },
        { "smtp://mail.example.org|user=u|password_file=two",
          "must have one line" },
        { "smtp://mail.example.org|user=u|password_file=long",
          "File too large" },
        { "smtp://mail.example.org|tls=off|user=u|password_file=pass",
          "in the clear" },
        { "smtps://mail.example.org|tls=off", "contradicts" },
        { "smtp://mail.example.org|tls=off|ca_file=x", "contradicts" },
        { "smtp://mail.example.org|tls=maybe", "must be \"on\" or \"off\"" },
        { "smtp://mail.example.org|ca_file=pass", "no certificate" },
        { "smtp://mail.example.org|ca_file=", "invalid or duplicate" },
        { "smtp://mail.example.org|tls=on|tls=on", "invalid or duplicate" },
        { "smtp://mail.example.org|colour=red", "invalid or duplicate" },
        { "smtp://relay:pw@mail.example.org", "it must be" },
        { "smtp://mail.example.org/path", "it must be" },
        { "smtp://mail.example.org:0", "it must be" },
        { "smtp:mail.example.org", "it must be" },
        { "smtp://", "it must be" },
    };

    (void) state;

    write_file("pass", "s3cret\n", 0600);
    write_file("open", "s3cret\n", 0640);
    write_file("empty", "\n", 0600);
    write_file("two", "s3cret\nmore\n", 0600);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';

    for (i = 0; i < 5; i++) {
        write_file("long", text, 0600);
    }

    for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        snprintf(text, sizeof(text), "mail|%s|from=A <a@example.org>",
                 fine[i]);
        accepted(text);
    }

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "mail|%s|from=A <a@example.org>",
                 wrong[i][0]);
        refused(text, wrong[i][1]);
        assert_null(strstr(o.message, "s3cret"));
    }
}


static void
every_line_is_required_once(void **state)
{
    mfa_error_t  error;

    (void) state;

    assert_int_equal(apply("brand|Example Council"), MFA_OK);
    assert_int_equal(apply("brand|Example Council"), MFA_CONFIG);
    assert_non_null(strstr(o.message, "duplicate"));
    assert_int_equal(apply("colour|red"), MFA_NOT_FOUND);

    assert_int_equal(mfa_option_complete(mfa_send_options, o.seen, &error),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "\"support\""));

    assert_int_equal(apply("support|HR|phone=01632 960000"), MFA_OK);
    assert_int_equal(apply("public_url|http://127.0.0.1:8080"), MFA_OK);
    assert_int_equal(mfa_option_complete(mfa_send_options, o.seen, &error),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "\"mail\""));

    assert_int_equal(apply("mail|maildir:m|from=A <a@example.org>"), MFA_OK);
    assert_int_equal(mfa_option_complete(mfa_send_options, o.seen, &error),
                     MFA_OK);

    /* a backup for mail, and no more; text messages and calls need not be */

    assert_int_equal(apply("mail|maildir:n"), MFA_OK);
    assert_int_equal(o.settings.mail_count, 2);
    assert_int_equal(apply("mail|maildir:o"), MFA_CONFIG);
    assert_non_null(strstr(o.message, "given 3 times"));
}


/* checking a configuration leaves no trace on disk */

static void
configuring_a_maildir_makes_nothing(void **state)
{
    char  path[80];

    (void) state;

    accepted("mail|maildir:mail/|from=A <a@example.org>");
    snprintf(path, sizeof(path), "%s/mail", o.dir);
    assert_int_equal(access(path, F_OK), -1);
}


static void
templates_see_who_we_are(void **state)
{
    char              path[80];
    FILE             *file;
    mfa_str_t         text;
    mfa_error_t       error;
    mfa_value_t      *map;
    mfa_templates_t  *set;

    (void) state;

    snprintf(path, sizeof(path), "%s/a.txt", o.dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("{{brand}}|{{origin}}|{{support.name}}|{{support.mail}}|"
          "{{#support.phone}}phone{{/support.phone}}|{{support.chat}}", file);
    fclose(file);

    assert_int_equal(mfa_templates_open(o.dir, NULL, &error, &set), MFA_OK);
    assert_int_equal(apply("brand|Example Council"), MFA_OK);
    assert_int_equal(apply("support|HR|mail=hr@example.org"), MFA_OK);
    assert_int_equal(apply("public_url|https://people.example.org"), MFA_OK);

    map = mfa_value_map(o.arena);
    mfa_send_values(&o.settings, NULL, map);
    assert_int_equal(mfa_template_render(set, mfa_str("a.txt"), map, NULL,
                                         o.arena, &text), MFA_OK);
    check_str(text, "Example Council|https://people.example.org|HR|"
                    "hr@example.org||");
    mfa_templates_close(&set);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(an_origin_has_one_spelling),
        TEST(what_is_no_origin_is_refused),
        TEST(the_lines_of_a_realm_are_taken),
        TEST(wrong_lines_are_named),
        TEST(the_words_of_smtp_are_checked),
        TEST(every_line_is_required_once),
        TEST(configuring_a_maildir_makes_nothing),
        TEST(templates_see_who_we_are),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
