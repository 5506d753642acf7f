/*
 * What text messages and calls say: html/sms and html/voice, rendered.
 */

#include "mfa_routes_fixture.h"


/* E4, L3: the code first, whose it is, and at the end what a browser reads */

static void
a_text_message_fits_and_ends_with_its_origin(void **state)
{
    size_t       i;
    const char  *last;

    (void) state;

    settings.brand = mfa_str("Example Council");
    code_pairs[2].value = mfa_str("5");
    queue_sms();
    check_asked(1, 0);
    code_pairs[2].value = mfa_str("20");

    assert_memory_equal(ways[FIRST].text, "482193 ", 7);
    assert_non_null(strstr(ways[FIRST].text, "Example Council"));
    assert_non_null(strstr(ways[FIRST].text, "5 minutes"));
    assert_string_equal(ways[FIRST].code, "482193");

    /* one SMS: 160 characters that take 7 bits each */

    assert_true(strlen(ways[FIRST].text) <= 160);

    for (i = 0; ways[FIRST].text[i] != '\0'; i++) {
        char  c = ways[FIRST].text[i];

        assert_true(c == '\n' || (c >= ' ' && c <= 'z'));
        assert_null(strchr("`[]\\^", c));
    }

    /* origin-bound one-time codes */

    last = strrchr(ways[FIRST].text, '\n');
    assert_non_null(last);
    assert_string_equal(last - 1, "\n\n@people.example.org #482193");

    /* nobody is to get used to answering */

    assert_null(strchr(ways[FIRST].text, '?'));
    assert_null(strstr(ways[FIRST].text, "http"));
    assert_null(strstr(ways[FIRST].text, "eply"));
    assert_null(strstr(ways[FIRST].text, "{{"));
}


/* said one by one, twice */

static void
a_call_says_the_code_twice(void **state)
{
    unsigned     n;
    const char  *at;

    (void) state;

    queue_to("voice", "+447700900123");
    (void) run(10);
    assert_int_equal(ways[CALLS].asked, 1);
    assert_int_equal(ways[FIRST].asked, 0);

    n = 0;

    for (at = ways[CALLS].text; (at = strstr(at, "4, 8, 2, 1, 9, 3")) != NULL;
         at++)
    {
        n++;
    }

    assert_int_equal(n, 2);
    assert_null(strstr(ways[CALLS].text, "482193"));
    assert_non_null(strstr(ways[CALLS].text, "Example <Council>"));
    assert_non_null(strstr(ways[CALLS].text, "20 minutes"));
    assert_null(strstr(ways[CALLS].text, "{{"));
    assert_string_equal(ways[CALLS].code, "482193");
}


/* C7: short, whose it is and whom to call; nothing to press, no number of
 * the account and no name */

static void
a_number_that_is_gone_is_told_in_one_short_text(void **state)
{
    const char     *text = ways[FIRST].text;
    mfa_message_t   message = { .channel = mfa_str("sms") };

    (void) state;

    settings.brand = mfa_str("Example Council");
    settings.support.name = mfa_str("Human Resources");
    settings.support.phone = mfa_str("01632 960100");

    message.kind = mfa_str("notice");
    message.to = mfa_str("+447700900123");
    message.language = mfa_str("en");
    message.expires_at = f->now + MFA_DAY;

    assert_int_equal(mfa_update(fixture_work(f), tx_queue, &message), MFA_OK);
    check_asked(1, 0);

    assert_string_equal(text, "Example Council no longer uses this phone "
                        "number to verify you. If you did not expect that, "
                        "contact Human Resources at once. 01632 960100");
    assert_true(strlen(text) <= 160);
    assert_string_equal(ways[FIRST].code, "");
}


/* what has no words for a phone is not sent to one */

static void
a_kind_without_words_is_refused(void **state)
{
    mfa_message_t  message = { .channel = mfa_str("sms") };

    (void) state;

    message.kind = mfa_str("invite");
    message.to = mfa_str("+447700900123");
    message.language = mfa_str("en");
    message.expires_at = f->now + MFA_DAY;

    assert_int_equal(mfa_update(fixture_work(f), tx_queue, &message), MFA_OK);
    check_asked(0, 0);
    assert_true(has_event("message.refused"));
    assert_int_equal(f->errors, 1);
}


static void
apply(const char *name, const char *folder)
{
    char          place[128];
    uint64_t      seen;
    mfa_str_t     args[1];
    mfa_line_t    line = { .args = args, .nargs = 1, .prefix = "/" };
    mfa_error_t   error;

    snprintf(place, sizeof(place), "maildir:%s/%s", f->dir, folder);
    assert_int_equal(mfa_arena_copy(f->arena, mfa_str_from(place), &args[0]),
                     MFA_OK);
    line.name = mfa_str_from(name);
    seen = 0;
    assert_int_equal(mfa_option_apply(mfa_send_options, &seen, &line,
                                      &settings, f->arena, &error), MFA_OK);
}


static size_t
read_one(const char *folder, char *text, size_t size)
{
    DIR            *dir;
    char            path[512];
    FILE           *file;
    size_t          len;
    struct dirent  *entry;

    snprintf(path, sizeof(path), "%s/%s/new", f->dir, folder);
    dir = opendir(path);
    assert_non_null(dir);
    len = 0;

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s/new/%s", f->dir, folder,
                     entry->d_name);
            file = fopen(path, "r");
            assert_non_null(file);
            len = fread(text, 1, size - 1, file);
            fclose(file);
        }
    }

    closedir(dir);
    text[len] = '\0';

    return len;
}


/* the senders of the demo */

static void
a_maildir_gets_what_phones_would(void **state)
{
    char  text[4096];

    (void) state;

    mfa_delivery_close(&delivery);
    settings.sms_count = 0;
    settings.voice_count = 0;
    apply("sms", "texts");
    apply("voice", "calls");
    delivery_reopen();

    queue_sms();
    queue_to("voice", "+441632960001");
    (void) run(10);
    assert_int_equal(outbox_count(), 0);

    assert_true(read_one("texts", text, sizeof(text)) > 0);
    assert_memory_equal(text, "To: +447700900123\n", 18);
    assert_non_null(strstr(text, "\n\n482193 is your"));
    assert_null(strchr(text, '\r'));

    assert_true(read_one("calls", text, sizeof(text)) > 0);
    assert_memory_equal(text, "To: +441632960001\n", 18);
    assert_non_null(strstr(text, "4, 8, 2, 1, 9, 3."));
}


int
main(void)
{
    static char  memory[] = "memory", again[] = "memory:again";

    const struct CMUnitTest  tests[] = {
#define TEST(name)                                                            \
        { #name, name, setup_routes, teardown, memory },                      \
        { #name " (again)", name, setup_routes, teardown, again }
        TEST(a_text_message_fits_and_ends_with_its_origin),
        TEST(a_call_says_the_code_twice),
        TEST(a_number_that_is_gone_is_told_in_one_short_text),
        TEST(a_kind_without_words_is_refused),
        TEST(a_maildir_gets_what_phones_would),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
