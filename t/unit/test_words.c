/* Words: what a .po file may hold, and what is found in it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


#define HEADER                                                                \
    "# German\n"                                                              \
    "msgid \"\"\n"                                                            \
    "msgstr \"\"\n"                                                           \
    "\"Content-Type: text/plain; charset=UTF-8\\n\"\n"                        \
    "\n"


static char          path[] = "/tmp/mfa_test_words_XXXXXX";
static mfa_error_t   error;
static mfa_words_t  *words;


static int
setup(void **state)
{
    int  fd;

    (void) state;

    fd = mkstemp(path);
    if (fd == -1) {
        return -1;
    }

    return close(fd);
}


static int
teardown(void **state)
{
    (void) state;

    return unlink(path);
}


static int
close_words(void **state)
{
    (void) state;

    mfa_words_close(&words);
    assert_null(words);

    return 0;
}


static mfa_status_t
open_words(mfa_str_t text)
{
    FILE  *file;

    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);

    error.text[0] = '\0';

    return mfa_words_open(path, &error, &words);
}


static void
means(const char *english, const char *wanted)
{
    assert_true(mfa_str_eq_c(mfa_words_get(words, mfa_str_from(english)),
                             wanted));
}


static void
fails(mfa_str_t text, const char *what, unsigned line)
{
    char  wanted[600];

    assert_int_equal(open_words(text), MFA_CONFIG);
    assert_null(words);

    (void) snprintf(wanted, sizeof(wanted), "%s in %s:%u", what, path, line);
    assert_string_equal(error.text, wanted);
}


static void
a_text_is_found_by_its_english(void **state)
{
    (void) state;

    assert_int_equal(open_words(mfa_str(HEADER
        "#: html/login.html:7\n"
        "#. a note\n"
        "msgid \"Continue\"\n"
        "msgstr \"Weiter\"\n"
        "\n"
        "msgid \"Back\"\n"
        "msgstr \"Zur\xc3\xbc" "ck\"\n"
        "msgid\"Apple\"\n"
        "msgstr\t\"Apfel\"\n")), MFA_OK);

    means("Continue", "Weiter");
    means("Back", "Zur\xc3\xbc" "ck");
    means("Apple", "Apfel");
    means("continue", "continue");
    means("Contin", "Contin");
    means("Other", "Other");
    means("", "");
}


static void
what_is_not_translated_stays_the_same_text(void **state)
{
    mfa_str_t  text;

    (void) state;

    assert_int_equal(open_words(mfa_str("msgid \"A\"\nmsgstr \"\"\n")),
                     MFA_OK);

    text = mfa_str("A");
    assert_ptr_equal(mfa_words_get(words, text).data, text.data);
    assert_ptr_equal(mfa_words_get(NULL, text).data, text.data);
}


static void
long_texts_go_over_lines(void **state)
{
    (void) state;

    assert_int_equal(open_words(mfa_str(
        "msgid \"\"\n"
        "\"one \"\n"
        "  \"two\"\n"
        "msgstr \"eins\"\n"
        "\" zwei\"\r\n")), MFA_OK);

    means("one two", "eins zwei");
}


static void
escapes_are_undone(void **state)
{
    (void) state;

    assert_int_equal(open_words(mfa_str(
        "msgid \"a\\\"b\"\n"
        "msgstr \"\\t1\\n2\\\\3\\\"\"\n")), MFA_OK);

    means("a\"b", "\t1\n2\\3\"");
}


static void
a_fuzzy_text_is_not_used(void **state)
{
    (void) state;

    assert_int_equal(open_words(mfa_str(
        "#, fuzzy\n"
        "msgid \"\"\n"
        "msgstr \"header\"\n"
        "msgid \"A\"\n"
        "msgstr \"a\"\n"
        "#, c-format, fuzzy\n"
        "msgid \"B\"\n"
        "msgstr \"b\"\n"
        "#, c-format\n"
        "msgid \"C\"\n"
        "msgstr \"c\"\n"
        "#~ msgid \"D\"\n"
        "#~ msgstr \"d\"\n")), MFA_OK);

    means("A", "a");
    means("B", "B");
    means("C", "c");
    means("D", "D");
}


static void
an_empty_file_has_no_words(void **state)
{
    (void) state;

    assert_int_equal(open_words(mfa_str("")), MFA_OK);
    means("A", "A");
}


static void
what_we_do_not_support_is_refused(void **state)
{
    (void) state;

    fails(mfa_str("\nmsgctxt \"x\"\nmsgid \"A\"\nmsgstr \"\"\n"),
          "unsupported \"msgctxt\"", 2);
    fails(mfa_str("msgid \"A\"\nmsgid_plural \"B\"\nmsgstr[0] \"\"\n"),
          "unsupported \"msgid_plural\"", 2);
    fails(mfa_str("msgid \"A\"\nmsgstr[0] \"\"\n"),
          "unsupported \"msgstr[0]\"", 2);
    fails(mfa_str("hello\n"), "unsupported \"hello\"", 1);
    fails(mfa_str("\xef\xbb\xbf" "msgid \"A\"\nmsgstr \"\"\n"),
          "unsupported \"\xef\xbb\xbf" "msgid\"", 1);
}


static void
a_broken_file_is_refused_with_its_line(void **state)
{
    (void) state;

    fails(mfa_str(HEADER "msgid \"A\nmsgstr \"\"\n"),
          "broken string \"\"A\"", 6);
    fails(mfa_str("msgid A\n"), "missing quote at \"A\"", 1);
    fails(mfa_str("msgid\n"), "missing quote at \"\"", 1);
    fails(mfa_str("msgid \"A\" x\n"), "broken string \"\"A\" x\"", 1);
    fails(mfa_str("msgid \"A\\\n"), "broken string \"\"A\\\"", 1);
    fails(mfa_str("msgid \"\\x41\"\n"), "unknown escape \"\\x\"", 1);
    fails(mfa_str("msgstr \"\"\n"), "unexpected \"msgstr\"", 1);
    fails(mfa_str("\"\"\n"), "unexpected \"string\"", 1);
    fails(mfa_str("msgid \"A\"\nmsgstr \"\"\nmsgstr \"\"\n"),
          "unexpected \"msgstr\"", 3);
    fails(mfa_str("\nmsgid \"A\"\n"), "no \"msgstr\" after \"msgid\"", 2);
    fails(mfa_str("msgid \"A\"\n\nmsgid \"B\"\nmsgstr \"\"\n"),
          "no \"msgstr\" after \"msgid\"", 1);
    fails(mfa_str("msgid \"A\"\nmsgstr \"\xff\"\n"),
          "invalid \"UTF-8\"", 2);
}


static void
a_text_may_stand_there_once(void **state)
{
    (void) state;

    fails(mfa_str("msgid \"B\"\nmsgstr \"b\"\n"
                  "msgid \"A\"\nmsgstr \"a\"\n"
                  "msgid \"B\"\nmsgstr \"\"\n"),
          "duplicate \"msgid\" \"B\"", 5);
}


static void
a_file_that_is_not_there_is_named(void **state)
{
    (void) state;

    assert_int_equal(mfa_words_open("/nowhere/de.po", &error, &words),
                     MFA_CONFIG);
    assert_string_equal(error.text, "open() \"/nowhere/de.po\" failed "
                                    "(2: No such file or directory)");

    assert_int_equal(mfa_words_open("/dev/null", &error, &words), MFA_CONFIG);
    assert_string_equal(error.text, "\"/dev/null\" is not a file");
}


static void
a_file_has_at_most_a_mebibyte(void **state)
{
    size_t        size;
    char         *text;
    const size_t  most = 1024 * 1024;

    (void) state;

    text = malloc(most + 1);
    assert_non_null(text);
    memset(text, '\n', most + 1);

    assert_int_equal(open_words(mfa_str_bytes(text, most)), MFA_OK);
    mfa_words_close(&words);

    /* as many words as fit: each one has its room before it is refused */

    for (size = 0; size + 18 <= most; size += 18) {
        memcpy(text + size, "msgid\"x\"\nmsgstr\"\"\n", 18);
    }

    fails(mfa_str_bytes(text, size), "duplicate \"msgid\" \"x\"", 3);

    assert_int_equal(open_words(mfa_str_bytes(text, most + 1)), MFA_CONFIG);
    assert_null(words);
    free(text);
}


static void
many_words_are_all_found(void **state)
{
    size_t        i, len;
    char          english[32], german[32];
    static char   text[512 * 1024];

    (void) state;

    len = 0;

    for (i = 0; i < 5000; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len,
                                 "msgid \"%u e\"\nmsgstr \"%u d\"\n",
                                 (unsigned) (i * 7919 % 5000),
                                 (unsigned) (i * 7919 % 5000));
    }

    assert_int_equal(open_words(mfa_str_bytes(text, len)), MFA_OK);

    for (i = 0; i < 5000; i++) {
        (void) snprintf(english, sizeof(english), "%u e", (unsigned) i);
        (void) snprintf(german, sizeof(german), "%u d", (unsigned) i);
        means(english, german);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_teardown(a_text_is_found_by_its_english,
                                  close_words),
        cmocka_unit_test_teardown(what_is_not_translated_stays_the_same_text,
                                  close_words),
        cmocka_unit_test_teardown(long_texts_go_over_lines, close_words),
        cmocka_unit_test_teardown(escapes_are_undone, close_words),
        cmocka_unit_test_teardown(a_fuzzy_text_is_not_used, close_words),
        cmocka_unit_test_teardown(an_empty_file_has_no_words, close_words),
        cmocka_unit_test_teardown(what_we_do_not_support_is_refused,
                                  close_words),
        cmocka_unit_test_teardown(a_broken_file_is_refused_with_its_line,
                                  close_words),
        cmocka_unit_test_teardown(a_text_may_stand_there_once, close_words),
        cmocka_unit_test_teardown(a_file_that_is_not_there_is_named,
                                  close_words),
        cmocka_unit_test_teardown(a_file_has_at_most_a_mebibyte, close_words),
        cmocka_unit_test_teardown(many_words_are_all_found, close_words),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
