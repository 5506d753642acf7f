/*
 * The list of common passwords.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


static char  path[] = "/tmp/mfa_test_passlist_XXXXXX";


static int
setup(void **state)
{
    int  fd;

    (void) state;

    fd = mkstemp(path);

    return fd < 0 || close(fd) != 0;
}


static int
teardown(void **state)
{
    (void) state;

    return unlink(path);
}


static void
write_file(mfa_str_t text)
{
    FILE  *f;

    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}


static mfa_passlist_t *
open_list(mfa_str_t text)
{
    mfa_error_t      error;
    mfa_passlist_t  *list;

    write_file(text);
    assert_int_equal(mfa_passlist_open(path, &error, &list), MFA_OK);
    assert_non_null(list);

    return list;
}


static void
refused(mfa_str_t text, const char *message)
{
    mfa_error_t      error;
    mfa_passlist_t  *list;

    write_file(text);
    assert_int_equal(mfa_passlist_open(path, &error, &list), MFA_CONFIG);
    assert_null(list);

    if (strstr(error.text, message) == NULL) {
        print_error("\"%s\" is not in \"%s\"\n", message, error.text);
        fail();
    }
}


/* A4 */

static void
listed_words_are_found_in_any_case_and_with_digits(void **state)
{
    mfa_passlist_t  *list;

    (void) state;

    list = open_list(mfa_str("abc1\nletmein\npassword\nqwerty\n"
                             "stra\xc3\x9f" "e\n"));

    assert_int_equal(mfa_passlist_count(list), 5);
    assert_true(mfa_passlist_has(list, mfa_str("abc1")));
    assert_true(mfa_passlist_has(list, mfa_str("stra\xc3\x9f" "e")));
    assert_true(mfa_passlist_has(list, mfa_str("PassWord")));
    assert_true(mfa_passlist_has(list, mfa_str("Password2026")));
    assert_true(mfa_passlist_has(list, mfa_str("abc123")));
    assert_true(mfa_passlist_has(list, mfa_str("QWERTY0")));

    assert_false(mfa_passlist_has(list, mfa_null));
    assert_false(mfa_passlist_has(list, mfa_str("")));
    assert_false(mfa_passlist_has(list, mfa_str("abc")));
    assert_false(mfa_passlist_has(list, mfa_str("abc2")));
    assert_false(mfa_passlist_has(list, mfa_str("1password")));
    assert_false(mfa_passlist_has(list, mfa_str("passwords")));
    assert_false(mfa_passlist_has(list, mfa_str("pass1word")));
    assert_false(mfa_passlist_has(list, mfa_str("passwor")));
    assert_false(mfa_passlist_has(list, mfa_str("password\0")));
    assert_false(mfa_passlist_has(list, mfa_str("password\n")));
    assert_false(mfa_passlist_has(list, mfa_str("letmein\npassword")));
    assert_false(mfa_passlist_has(list, mfa_str("2026")));
    assert_false(mfa_passlist_has(list, mfa_str("\xff\xff")));

    mfa_passlist_close(&list);
    assert_null(list);
    mfa_passlist_close(&list);
    mfa_passlist_close(NULL);
}


static void
a_list_without_a_last_newline_or_without_words_is_fine(void **state)
{
    mfa_passlist_t  *list;

    (void) state;

    list = open_list(mfa_str("a\na\nb"));
    assert_int_equal(mfa_passlist_count(list), 3);
    assert_true(mfa_passlist_has(list, mfa_str("b")));
    mfa_passlist_close(&list);

    list = open_list(mfa_str(""));
    assert_int_equal(mfa_passlist_count(list), 0);
    assert_false(mfa_passlist_has(list, mfa_str("b")));
    mfa_passlist_close(&list);
}


static void
a_list_that_hides_words_is_refused_with_its_line(void **state)
{
    mfa_error_t      error;
    mfa_passlist_t  *list;

    (void) state;

    refused(mfa_str("a\nc\nb\n"), "line 3 is out of order");
    refused(mfa_str("ab\na\n"), "line 2 is out of order");
    refused(mfa_str("\xc3\xa9\nz\n"), "line 2 is out of order");
    refused(mfa_str("a\nB\n"), "line 2 has an upper-case letter");
    refused(mfa_str("a\r\nb\r\n"), "line 1 has a control byte");
    refused(mfa_str("a\nb\0c\n"), "line 2 has a control byte");
    refused(mfa_str("a\n\nb\n"), "line 2 is empty");
    refused(mfa_str("\n"), "line 1 is empty");

    assert_int_equal(mfa_passlist_open("/tmp", &error, &list), MFA_CONFIG);
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_int_equal(mfa_passlist_open("/nonexistent", &error, &list),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "No such file"));
}


static void
a_file_beyond_16_mib_is_refused_unread(void **state)
{
    mfa_error_t      error;
    mfa_passlist_t  *list;

    (void) state;

    write_file(mfa_str("a\n"));
    assert_int_equal(truncate(path, 16 * 1024 * 1024 + 1), 0);
    assert_int_equal(mfa_passlist_open(path, &error, &list), MFA_CONFIG);
    assert_non_null(strstr(error.text, "larger than"));
    assert_int_equal(truncate(path, 0), 0);
}


/* A4: each of 50,000 is found, and none of their neighbours */

static void
all_words_of_a_long_list_are_found(void **state)
{
    char            *text, word[16];
    size_t           i, len;
    mfa_passlist_t  *list;

    (void) state;

    text = malloc(50000 * 8 + 1);
    assert_non_null(text);

    for (i = 0; i < 50000; i++) {
        snprintf(text + i * 8, 9, "w%05zux\n", i * 2 % 100000);
    }

    list = open_list(mfa_str_bytes(text, 50000 * 8));
    free(text);
    assert_int_equal(mfa_passlist_count(list), 50000);

    for (i = 0; i < 100000; i++) {
        len = (size_t) snprintf(word, sizeof(word), "w%05zuX", i);

        if (mfa_passlist_has(list, mfa_str_bytes(word, len)) != (i % 2 == 0)) {
            fail();
        }
    }

    mfa_passlist_close(&list);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(listed_words_are_found_in_any_case_and_with_digits),
        cmocka_unit_test(
            a_list_without_a_last_newline_or_without_words_is_fine),
        cmocka_unit_test(a_list_that_hides_words_is_refused_with_its_line),
        cmocka_unit_test(a_file_beyond_16_mib_is_refused_unread),
        cmocka_unit_test(all_words_of_a_long_list_are_found),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
