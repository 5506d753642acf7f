/*
 * The lines sms and voice: what they take, and what they say of a mistake.
 */

#include "mfa_provider_fixture.h"


static int
options_start(void **state)
{
    (void) state;

    snprintf(t.dir, sizeof(t.dir), "/tmp/mfa_options.XXXXXX");

    return mkdtemp(t.dir) == NULL ? -1 : 0;
}


static int
options_stop(void **state)
{
    (void) state;

    fixture_remove(t.dir);

    return 0;
}


static void
accepted(const char *words)
{
    memset(&t.settings, 0, sizeof(t.settings));

    if (configure(words) != MFA_OK) {
        fail_msg("%s: %s", words, t.message);
    }
}


/* N3: nor is a secret printed with what is wrong */

static void
refused(const char *words, const char *message)
{
    mfa_status_t  st;

    memset(&t.settings, 0, sizeof(t.settings));
    st = configure(words);

    if (st != MFA_CONFIG || strstr(t.message, message) == NULL) {
        fail_msg("%s: %s: %s", words, mfa_status_text(st), t.message);
    }

    assert_null(strstr(t.message, "s3cret"));
    assert_null(strstr(t.message, SECRET));
    assert_int_equal(t.settings.sms_count + t.settings.voice_count, 0);
}


#define TWILIO  "sms twilio account=AC0123456789abcdef0123456789abcdef" \
                " key_file=key"
#define CALL    "voice twilio account=AC0123456789abcdef0123456789abcdef" \
                " key_file=key"
#define BIRD    "sms messagebird key_file=key from=Council"
#define HTTP    "sms http url=https://sms.example.org/send body_file=json"


static void
every_provider_has_its_line(void **state)
{
    size_t                    i;

    static const char *const  lines[][2] = {
        { TWILIO " from=+441632960000", "twilio" },
        { TWILIO " from=447700", "twilio" },
        { TWILIO " from=Example~Co", "twilio" },
        { TWILIO " service=MG0123456789abcdef0123456789abcdef", "twilio" },
        { CALL " from=+441632960000", "twilio_voice" },
        { "sms govuk_notify key_file=notify template=" TEMPLATE,
          "govuk_notify" },
        { "sms govuk_notify key_file=notify template=" TEMPLATE
          " sender=" SERVICE, "govuk_notify" },
        { "sms vonage key=abcd1234 key_file=key from=Council", "vonage" },
        { "sms vonage key=abcd1234 key_file=key from=441632960000",
          "vonage" },
        { BIRD, "messagebird" },
        { BIRD " url=https://proxy.example.org:8443/bird/", "messagebird" },
        { BIRD " url=http://127.0.0.1:1", "messagebird" },
        { BIRD " url=http://[::1]:8080", "messagebird" },
        { BIRD " timeout=1s", "messagebird" },
        { BIRD " timeout=25", "messagebird" },
        { HTTP, "http" },
        { HTTP " success=^(OK|accepted)$ method=PATCH", "http" },
        { HTTP " content_type=application/vnd.example+json", "http" },
        { "sms http url=https://sms.example.org?a=1 body_file=form"
          " content_type=application/x-www-form-urlencoded", "http" },
        { "sms maildir:texts", "maildir_sms" },
        { "voice maildir:calls", "maildir_voice" },
    };

    (void) state;

    write_file("form", "to={{to_digits}}&text={{text}}\n", 0644);

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        accepted(lines[i][0]);
        assert_string_equal((t.settings.sms_count != 0 ? t.settings.sms
                             : t.settings.voice)->sender->name, lines[i][1]);
        assert_true(mfa_send_has(&t.settings, "sms")
                    != mfa_send_has(&t.settings, "voice"));
        assert_false(mfa_send_has(&t.settings, "mail"));
        assert_false(mfa_send_has(&t.settings, "pigeon"));
    }
}


static void
a_second_line_is_the_backup_and_a_third_is_wrong(void **state)
{
    (void) state;

    accepted(BIRD);
    assert_int_equal(configure("sms maildir:texts"), MFA_OK);
    assert_int_equal(t.settings.sms_count, 2);
    assert_string_equal(t.settings.sms[0].sender->name, "messagebird");
    assert_string_equal(t.settings.sms[1].sender->name, "maildir_sms");
    assert_ptr_not_equal(t.settings.sms[0].settings,
                         t.settings.sms[1].settings);

    assert_int_equal(configure("sms maildir:more"), MFA_CONFIG);
    assert_non_null(strstr(t.message, "\"sms\" is given 3 times"));
    assert_int_equal(t.settings.sms_count, 2);
    assert_int_equal(t.settings.voice_count, 0);
}


static void
mistakes_are_named(void **state)
{
    size_t                    i;

    static const char *const  wrong[][2] = {
        { "sms", "invalid number of arguments" },
        { "sms pigeon:loft", "it must be \"twilio\", \"govuk_notify\", "
          "\"vonage\", \"messagebird\", \"http\", \"maildir\"" },
        { "sms smtp://mail.example.org", "\"sms\", it must be" },
        { "voice vonage key=a key_file=key from=Council",
          "it must be \"twilio\", \"maildir\"" },
        { "voice http url=https://x.example.org body_file=json",
          "it must be" },
        { "sms twilio:x key_file=key", "without a \":\"" },
        { "sms maildir", "it must be \"maildir:PATH\"" },
        { "sms maildir:", "it must be \"maildir:PATH\"" },
        { "sms maildir:texts from=me", "invalid \"from=me\"" },
        { "sms maildir:none/texts", "cannot be found" },

        { "sms twilio key_file=key from=+441632960000",
          "\"sms twilio\" needs \"account=\"" },
        { "sms twilio account=AC01 from=+441632960000",
          "\"sms twilio\" needs \"key_file=\"" },
        { CALL, "\"voice twilio\" needs \"from=\"" },
        { TWILIO, "one of \"from=\" and \"service=\"" },
        { TWILIO " from=+441632960000 service=MG01", "one of" },
        { TWILIO " service=XX01", "messaging service" },
        { TWILIO " from=+0123", "\"from=\" must be a number" },
        { TWILIO " from=A.Very~Long~Name", "\"from=\" must be" },
        { TWILIO " from=+441632960000 colour=red", "\"colour=red\"" },
        { TWILIO " from=+441632960000 from=+441632960001", "duplicate" },
        { TWILIO " from=", "invalid or duplicate \"from=\"" },
        { TWILIO " from=+441632960000 =x", "\"=x\"" },
        { CALL " from=Council", "\"from=\" must be a number" },
        { CALL " from=+441632960000 service=MG01", "\"service=MG01\"" },
        { CALL " from=+441632960000 =x", "\"=x\"" },
        { "sms twilio account=../x key_file=key from=Council", "SID" },

        { "sms govuk_notify key_file=notify", "needs \"template=\"" },
        { "sms govuk_notify key_file=notify template=abc", "must be ids" },
        { "sms govuk_notify key_file=notify template=" TEMPLATE " sender=a",
          "must be ids" },
        { "sms govuk_notify key_file=key template=" TEMPLATE,
          "API key of GOV.UK Notify" },

        { "sms vonage key_file=key from=Council", "needs \"key=\"" },
        { "sms vonage key=a key_file=key", "needs \"from=\"" },
        { "sms vonage key=a&b=c key_file=key from=Council", "\"key=\"" },
        { "sms messagebird key_file=key from=TwelveLetter", "\"from=\"" },
        { "sms messagebird from=Council", "needs \"key_file=\"" },
    };

    (void) state;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        refused(wrong[i][0], wrong[i][1]);
    }
}


/* I6: nothing leaves in the clear, or without an end */

static void
what_is_common_is_bounded(void **state)
{
    size_t                    i;

    static const char *const  wrong[][2] = {
        { BIRD " url=http://sms.example.org", "loopback host" },
        { BIRD " url=ftp://sms.example.org", "loopback host" },
        { BIRD " url=https://u:p@sms.example.org", "plain address" },
        { BIRD " url=https://sms.example.org/?a=1", "plain address" },
        { BIRD " url=https://sms.example.org/#a", "plain address" },
        { BIRD " url=https://", "plain address" },
        { BIRD " url=sms.example.org", "plain address" },
        { BIRD " timeout=0s", "1s to 25s" },
        { BIRD " timeout=26s", "1s to 25s" },
        { BIRD " timeout=soon", "1s to 25s" },
        { BIRD " ca_file=none", "No such file" },
        { BIRD " ca_file=key", "no certificate" },
        { BIRD " url=http://127.0.0.1 ca_file=key", "contradicts" },
        { "sms messagebird key_file=none from=Council", "No such file" },
        { "sms messagebird key_file=open from=Council",
          "open to group or world" },
        { "sms messagebird key_file=empty from=Council", "one line" },
        { "sms messagebird key_file=two from=Council", "one line" },
        { "sms messagebird key_file=. from=Council", "not a regular file" },
    };

    (void) state;

    write_file("open", "s3cret\n", 0604);
    write_file("empty", "\n", 0600);
    write_file("two", "s3cret\nmore\n", 0600);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        refused(wrong[i][0], wrong[i][1]);
    }
}


static void
check_body(const char *text, const char *type, const char *message)
{
    char  line[256];

    write_file("body", text, 0644);
    snprintf(line, sizeof(line), "sms http url=https://sms.example.org "
             "body_file=body content_type=%s", type);

    if (message == NULL) {
        accepted(line);

    } else {
        refused(line, message);
    }
}


/* a value can never end the string or the field it stands in */

static void
a_body_that_a_value_could_break_is_refused(void **state)
{
    static const char  json[] = "application/json";
    static const char  form[] = "application/x-www-form-urlencoded";

    (void) state;

    check_body("{\"to\":\"{{to}}\"}", json, NULL);
    check_body("{\"to\":{{to_digits}}}", json, NULL);
    check_body("[\"{{! words }}{{text}}\"]\n\n", json, NULL);
    check_body("{\"text\":{{text}}}", json, "each tag inside a string");
    check_body("{\"code\":{{code}}}", json, "each tag inside a string");
    check_body("{\"a\":\"{{to}}\",\"a\":\"{{text}}\"}", json, "JSON");
    check_body("to={{to}}", json, "JSON");
    check_body("", json, "JSON");
    check_body("{\"to\":\"{{{to}}}\"}", json, "unknown tag");
    check_body("{\"to\":\"{{&to}}\"}", json, "unknown tag");
    check_body("{\"to\":\"{{#to}}x{{/to}}\"}", json, "unknown tag");
    check_body("{\"to\":\"{{name}}\"}", json, "unknown tag \"{{name}}\"");
    check_body("{\"to\":\"{{to\"}", json, "unclosed tag");
    check_body("{\"to\":\"{{to}}\"}\xff", json, "not UTF-8");

    check_body("to={{to}}&text={{text}}\n", form, NULL);
    check_body("to={{to}}\n&text={{text}}", form, "one line of form fields");
    check_body("{{text}}", form, "one line of form fields");
    check_body("", form, "one line of form fields");
    check_body("to={{to}}", "text/plain", "invalid value \"text/plain\"");
}


static void
the_words_of_a_gateway_are_checked(void **state)
{
    (void) state;

    refused("sms http body_file=json", "needs \"url=\"");
    refused("sms http url=https://sms.example.org", "needs \"body_file=\"");
    refused("sms http url=https://sms.example.org/{{to}} body_file=json",
            "plain address");
    refused("sms http url=http://sms.example.org/ body_file=json",
            "loopback host");
    refused(HTTP " method=GET", "\"method=\" must be");
    refused(HTTP " success=(", "no regular expression");
    refused(HTTP " header_file=none", "No such file");

    write_file("heads", "Authorization: Bearer s3cret\n", 0644);
    refused(HTTP " header_file=heads", "open to group or world");
    write_file("heads", "A: b\nAuthorization s3cret\n", 0600);
    refused(HTTP " header_file=heads", "line 2 is no header");
    write_file("heads", "Authorization: a\rX: s3cret\n", 0600);
    refused(HTTP " header_file=heads", "line 1 is no header");
    write_file("heads", "content-length: 5\n", 0600);
    refused(HTTP " header_file=heads", "line 1 is no header");
    write_file("heads", "Authorization: Bearer s3cret\r\nX-A: 1\r\n", 0600);
    accepted(HTTP " header_file=heads");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(every_provider_has_its_line),
        TEST(a_second_line_is_the_backup_and_a_third_is_wrong),
        TEST(mistakes_are_named),
        TEST(what_is_common_is_bounded),
        TEST(a_body_that_a_value_could_break_is_refused),
        TEST(the_words_of_a_gateway_are_checked),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, options_start, options_stop);
}
