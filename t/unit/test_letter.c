/*
 * What the letters say: the templates of html/mail, rendered.
 */

#include "mfa_outbox_fixture.h"


/* I3, R3: the code is in the body, on a line of its own, and nowhere else */

static void
the_letter_with_a_code_says_what_it_must(void **state)
{
    size_t                    i;

    static const char *const  parts[] = {
        "\n482193\n", "20 minutes", "QRST", "10 minutes", "junk folder",
        "page Register", "If you did not ask for this code",
        "Human Resources", "hr@example.org", "01632 960000",
        "https://chat.example.org/", "ann.employee@example.org",
        "21 September 2026",
    };

    (void) state;

    queue_code();
    assert_int_equal(run(1), 1);

    assert_string_equal(fake.subject,
                        "Your Example <Council> verification code");

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(fake.text, parts[i]) == NULL) {
            fail_msg("\"%s\" is missing in\n%s", parts[i], fake.text);
        }
    }

    assert_null(strstr(fake.text, "not finished"));
    assert_null(strstr(fake.text, "people.example.org"));
    assert_null(strstr(fake.text, "{{"));
    assert_null(strstr(fake.text, "\n\n\n"));

    assert_non_null(strstr(fake.html, ">482193<"));
    assert_non_null(strstr(fake.html, "Example &lt;Council&gt;"));
    assert_null(strstr(fake.html, "{{"));
}


/* E7, B6: what happened, when, from where, and whom to ask; nothing remote */

static void
every_kind_has_its_letter(void **state)
{
    size_t      i, k;
    char        what[32];
    mfa_pair_t  pairs[] = {
        { mfa_str_static("what"), mfa_str_static("1") },
        { mfa_str_static("factor"), mfa_str_static("Authenticator <app>") },
        { mfa_str_static("when"), mfa_str_static("21 November 2026, 21:40") },
        { mfa_str_static("from"), mfa_str_static("203.0.113.7") },
        { mfa_str_static("agent"), mfa_str_static("Firefox on Windows") },
        { mfa_str_static("name"), mfa_str_static("Ann") },
        { mfa_str_static("brand"), mfa_str_static("Evil") },
        { mfa_str_static("support"), mfa_str_static("Evil") },
        { mfa_str_static("origin"), mfa_str_static("https://evil.example") },
    };

    static const char *const  bad[] = {
        "<img", "<script", "src=", "href=", "http://", "url(", "{{", "Evil",
        "evil", "<app>"
    };

    static const struct {
        const char  *kind;
        const char  *what;
        const char  *parts[6];
    } kinds[] = {
        { "notice", "factor_added",
          { "was added", "21 November 2026, 21:40", "203.0.113.7",
            "nothing needs doing", "If it was not you" } },
        { "notice", "factor_changed",
          { "was changed", "Firefox on Windows", "nothing needs doing" } },
        { "notice", "factor_removed",
          { "was removed", "Hello Ann", "nothing needs doing" } },
        { "factor_held", "is_held",
          { "knows your password", "203.0.113.7", "nothing needs doing" } },
        { "factor_disabled", "is_disabled",
          { "knows your password", "no longer accepted", "203.0.113.7" } },
        { "invite", "x",
          { "https://people.example.org", "Register", "authentication app",
            "ann.employee@example.org" } },
        { "code", "is_reset", { "the page Password reset", "minutes" } },
        { "code", "is_resume", { "not finished", "minutes" } },
        { "code", "is_verify", { "page Verify to finish logging in" } },
        { "code", "is_secure", { "set up this address as a way to verify" } },
    };

    (void) state;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        snprintf(what, sizeof(what), "%s", kinds[i].what);
        pairs[0].name = mfa_str_from(what);
        queue(kinds[i].kind, MFA_DAY, pairs, sizeof(pairs) / sizeof(pairs[0]));
        assert_int_equal(run(1), 1);

        for (k = 0; kinds[i].parts[k] != NULL; k++) {
            if (strstr(fake.text, kinds[i].parts[k]) == NULL
                || strstr(fake.html, kinds[i].parts[k]) == NULL)
            {
                fail_msg("%s: \"%s\" is missing in\n%s\n%s", kinds[i].kind,
                         kinds[i].parts[k], fake.text, fake.html);
            }
        }

        for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
            assert_null(strstr(fake.html, bad[k]));
        }

        assert_non_null(strstr(fake.text, "hr@example.org"));
        assert_non_null(strstr(fake.subject, "Example <Council>"));
    }
}


static void
make_template(const char *name, const char *text)
{
    char  path[64];

    snprintf(path, sizeof(path), "own/mail/%s", name);
    fixture_file(f, path, mfa_str_from(text));
}


static void
a_kind_without_templates_is_refused(void **state)
{
    char  path[128];

    (void) state;

    queue("no_such_kind", MFA_DAY, NULL, 0);
    assert_int_equal(run(10), 0);
    assert_true(has_event("message.refused"));
    assert_int_equal(f->errors, 1);
    assert_int_equal(outbox_count(), 0);

    snprintf(path, sizeof(path), "%s/own", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/own/mail", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);

    make_template("bare.subject.txt", "A {{brand}} subject\n");
    make_template("bare.txt", "Text\n");
    make_template("broken.subject.txt", "two\nlines\n");
    make_template("broken.txt", "Text\n");
    snprintf(path, sizeof(path), "%s/own", f->dir);
    templates_open("html", path);
    delivery_reopen();

    queue("bare", MFA_DAY, NULL, 0);
    assert_int_equal(run(10), 1);
    assert_string_equal(fake.subject, "A Example <Council> subject");
    assert_string_equal(fake.html, "");
}


static void
a_channel_nobody_serves_is_refused(void **state)
{
    mfa_message_t  message = { .channel = mfa_str("sms") };

    (void) state;

    message.kind = mfa_str("code");
    message.to = mfa_str("ann.employee@example.org");
    message.language = mfa_str("en");
    message.expires_at = f->now + MFA_DAY;

    assert_int_equal(mfa_update(fixture_work(f), tx_queue, &message), MFA_OK);
    assert_int_equal(run(10), 0);
    assert_true(has_event("message.refused"));
}


int
main(void)
{
    static char  memory[] = "memory", again[] = "memory:again";

    const struct CMUnitTest  tests[] = {
#define TEST(name)                                                            \
        { #name, name, setup, teardown, memory },                             \
        { #name " (again)", name, setup, teardown, again }
        TEST(the_letter_with_a_code_says_what_it_must),
        TEST(every_kind_has_its_letter),
        TEST(a_kind_without_templates_is_refused),
        TEST(a_channel_nobody_serves_is_refused),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
