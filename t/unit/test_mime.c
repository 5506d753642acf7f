/*
 * Letters as bytes.
 */

#include "mfa_fixture.h"

#include "../../src/send/mfa_send.h"


static const mfa_letter_t  plain = {
    .from_name = mfa_str_static("Example Council"),
    .from = mfa_str_static("no-reply@example.org"),
    .to = mfa_str_static("ann.employee@example.org"),
    .id = mfa_str_static("00112233445566778899aabbccddeeff"),
    .host = mfa_str_static("people.example.org"),
    .subject = mfa_str_static("Your Example Council verification code"),
    .text = mfa_str_static("Your code:\n\n482193\n"),
    .html = mfa_str_static("<p>482193</p>\n"),
    .language = mfa_str_static("en"),
    .date = INT64_C(1795297201123)          /* 2026-11-21T21:40:01.123Z */
};

static mfa_arena_t  *arena;
static mfa_letter_t  letter;


static int
setup(void **state)
{
    (void) state;

    arena = mfa_arena_open((size_t) 64 * 1024 * 1024);
    letter = plain;

    return arena == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&arena);

    return 0;
}


static mfa_str_t
build(void)
{
    mfa_str_t  mime;

    assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_OK);

    return mime;
}


static bool
has(mfa_str_t s, const char *part)
{
    return memmem(s.data, s.len, part, strlen(part)) != NULL;
}


/* I2: CRLF only, nothing but ASCII, no line longer than it may be */

static void
check_lines(mfa_str_t mime, size_t most)
{
    size_t     i;
    mfa_str_t  line;

    assert_true(mime.len > 2);
    assert_memory_equal(mime.data + mime.len - 2, "\r\n", 2);

    while (mime.len != 0) {
        line = mfa_str_split(&mime, '\n');
        assert_true(line.len != 0 && line.data[line.len - 1] == '\r');
        line.len--;

        if (line.len > most) {
            fail_msg("%zu bytes: " MFA_STR_FMT, line.len, MFA_STR_ARG(line));
        }

        for (i = 0; i < line.len; i++) {
            assert_true((line.data[i] >= ' ' && line.data[i] <= '~')
                        || line.data[i] == '\t');
        }
    }
}


static void
a_letter_is_built_to_the_byte(void **state)
{
    mfa_str_t  mime;

    static const char  wanted[] =
        "From: \"Example Council\" <no-reply@example.org>\r\n"
        "To: <ann.employee@example.org>\r\n"
        "Subject: Your Example Council verification code\r\n"
        "Date: Sat, 21 Nov 2026 21:40:01 +0000\r\n"
        "Message-ID: <00112233445566778899aabbccddeeff@people.example.org>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        "Content-Language: en\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative;\r\n"
        " boundary=\"=_00112233445566778899aabbccddeeff\"\r\n"
        "\r\n"
        "--=_00112233445566778899aabbccddeeff\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Your code:\r\n"
        "\r\n"
        "482193\r\n"
        "\r\n"
        "--=_00112233445566778899aabbccddeeff\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "<p>482193</p>\r\n"
        "\r\n"
        "--=_00112233445566778899aabbccddeeff--\r\n";

    (void) state;

    mime = build();
    assert_int_equal(mime.len, sizeof(wanted) - 1);
    assert_memory_equal(mime.data, wanted, mime.len);
    check_lines(mime, 76);
}


static void
without_html_there_is_one_part(void **state)
{
    mfa_str_t  mime;

    (void) state;

    letter.html = mfa_null;
    mime = build();

    assert_true(has(mime, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    assert_false(has(mime, "multipart"));
    assert_false(has(mime, "--"));
    check_lines(mime, 76);
}


static void
a_name_that_is_not_ascii_is_encoded(void **state)
{
    mfa_str_t  mime;

    (void) state;

    letter.from_name = mfa_str("Stadt K\xc3\xb6ln");
    letter.subject = mfa_str("Stadt K\xc3\xb6ln");
    mime = build();

    assert_true(has(mime, "From: =?UTF-8?B?U3RhZHQgS8O2bG4=?=\r\n"
                          " <no-reply@example.org>\r\n"));
    assert_true(has(mime, "Subject: =?UTF-8?B?U3RhZHQgS8O2bG4=?=\r\n"));
    check_lines(mime, 76);
}


/* RFC 2047 section 5 (3): no character is cut in two */

static void
a_long_name_is_encoded_in_whole_characters(void **state)
{
    size_t     words;
    mfa_str_t  mime, line, text;

    (void) state;

    letter.subject = mfa_str("a"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
    mime = build();
    check_lines(mime, 76);

    /* 1 + 12 * 3 bytes make 52 symbols of base64, 24 bytes make 32 */

    words = 0;

    while (mime.len != 0) {
        line = mfa_str_split(&mime, '\n');
        text = mfa_str_trim(line);

        if (has(text, "=?UTF-8?B?")) {
            words++;
            assert_true(text.len == 9 + 12 + 52 || text.len == 12 + 32);
        }
    }

    assert_int_equal(words, 2);
}


static void
quotes_and_look_alikes_in_a_name_are_harmless(void **state)
{
    mfa_str_t  mime;

    (void) state;

    letter.from_name = mfa_str("\"HR\" \\ <boss@example.com>");
    letter.subject = mfa_str("=?UTF-8?B?eA==?=");
    mime = build();

    assert_true(has(mime, "From: \"\\\"HR\\\" \\\\ <boss@example.com>\"\r\n"
                          " <no-reply@example.org>\r\n")
                || has(mime, "From: \"\\\"HR\\\" \\\\ <boss@example.com>\" "
                             "<no-reply@example.org>\r\n"));
    assert_false(has(mime, "=?UTF-8?B?eA==?="));
    check_lines(mime, 76);
}


static void
quoted_printable_keeps_every_byte(void **state)
{
    mfa_str_t  mime;

    (void) state;

    letter.html = mfa_null;
    letter.text = mfa_str(
        "a=b \n"
        "tab\t\r\n"
        "caf\xc3\xa9\n"
        "1234567890123456789012345678901234567890123456789012345678901234567"
        "8901234567890\n"
        "bare\rreturn, nul\0end\n"
        "trailing ");
    mime = build();
    check_lines(mime, 76);

    assert_true(has(mime, "\r\n\r\na=3Db=20\r\ntab=09\r\ncaf=C3=A9\r\n"));
    assert_true(has(mime,
        "\r\n12345678901234567890123456789012345678901234567890123456789012"
        "3456789012345=\r\n67890\r\n"));
    assert_true(has(mime, "bare=0Dreturn, nul=00end\r\ntrailing=20\r\n"));
}


/* a break inside an encoded byte would damage it */

static void
no_escape_is_cut_by_the_end_of_a_line(void **state)
{
    char       text[200];
    size_t     pad;
    mfa_str_t  mime, line;

    (void) state;

    letter.html = mfa_null;

    for (pad = 68; pad < 78; pad++) {
        memset(text, 'x', pad);
        memcpy(text + pad, "\xe2\x82\xac", 3);
        memset(text + pad + 3, 'y', 5);
        letter.text = mfa_str_bytes(text, pad + 8);

        mime = build();
        check_lines(mime, 76);

        while (mime.len != 0) {
            line = mfa_str_split(&mime, '\n');
            assert_true(line.len < 3 || line.data[line.len - 3] != '=');
        }
    }
}


/* I2, X101 */

static void
what_could_end_a_header_is_refused(void **state)
{
    size_t                  i;
    mfa_str_t               mime;

    static const mfa_str_t  bad[] = {
        mfa_str_static("a@example.org\r\nBcc: x@example.org"),
        mfa_str_static("a@example.org\nBcc: x@example.org"),
        mfa_str_static("a@example.org\r"),
        mfa_str_static("a@example.org\0"),
        mfa_str_static("a@example.org\xe2\x80\xa8"),
        mfa_str_static("a@example.org\xe2\x80\xa9"),
        mfa_str_static("a@example.org\xc2\x85"),
        mfa_str_static("a@example.org\x7f"),
        mfa_str_static("\xff@example.org"),
    };

    static const mfa_str_t  addresses[] = {
        mfa_str_static("a@example.org,b@example.org"),
        mfa_str_static("a@example.org>\r\nRCPT TO:<x@example.org"),
        mfa_str_static("a(comment)@example.org"),
        mfa_str_static("\"a b\"@example.org"),
        mfa_str_static("A@example.org"),
        mfa_str_static(" a@example.org"),
        mfa_str_static("a@example"),
        mfa_str_static("a"),
        mfa_str_static(""),
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        letter = plain;
        letter.from_name = bad[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);
        assert_int_equal(mime.len, 0);

        letter = plain;
        letter.subject = bad[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);

        letter = plain;
        letter.to = bad[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);

        letter = plain;
        letter.from = bad[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);

        letter = plain;
        letter.host = bad[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);
    }

    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        letter = plain;
        letter.to = addresses[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);

        letter = plain;
        letter.from = addresses[i];
        assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);
    }
}


/* an address of 254 bytes has no place to break: 998 is the hard limit */

static void
the_longest_values_stay_below_the_hard_limit(void **state)
{
    char       to[255], name[257], subject[257];
    mfa_str_t  mime;

    (void) state;

    memset(to, 'a', sizeof(to));
    memcpy(to + 50, "@", 1);
    to[110] = '.';
    to[170] = '.';
    to[230] = '.';
    letter.to = mfa_str_bytes(to, 254);

    memset(name, '"', sizeof(name));
    letter.from_name = mfa_str_bytes(name, 256);
    memset(subject, 'x', sizeof(subject));
    letter.subject = mfa_str_bytes(subject, 256);

    mime = build();
    check_lines(mime, 300);

    letter.subject = mfa_str_bytes(subject, 257);
    assert_int_equal(mfa_mime_build(&letter, arena, &mime), MFA_INVALID);
}


static void
an_arena_that_is_full_is_told(void **state)
{
    mfa_str_t     mime;
    mfa_arena_t  *small;

    (void) state;

    small = mfa_arena_open(512);
    assert_non_null(small);
    assert_int_equal(mfa_mime_build(&letter, small, &mime), MFA_NO_MEMORY);
    mfa_arena_close(&small);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_letter_is_built_to_the_byte),
        TEST(without_html_there_is_one_part),
        TEST(a_name_that_is_not_ascii_is_encoded),
        TEST(a_long_name_is_encoded_in_whole_characters),
        TEST(quotes_and_look_alikes_in_a_name_are_harmless),
        TEST(quoted_printable_keeps_every_byte),
        TEST(no_escape_is_cut_by_the_end_of_a_line),
        TEST(what_could_end_a_header_is_refused),
        TEST(the_longest_values_stay_below_the_hard_limit),
        TEST(an_arena_that_is_full_is_told),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
