/* Cookies: one cookie of an exact name, or none. D9, D10 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/mfa_base.h"


#define NAME  "__Host-mfa"


static void
finds(mfa_str_t header, const char *wanted)
{
    unsigned   count;
    mfa_str_t  value;

    value = mfa_null;
    count = 0;

    mfa_cookie_find(header, mfa_str(NAME), &value, &count);

    assert_int_equal(count, 1);
    assert_true(mfa_str_eq_c(value, wanted));
}


static void
finds_none(mfa_str_t header)
{
    unsigned   count;
    mfa_str_t  value;

    value = mfa_null;
    count = 0;

    mfa_cookie_find(header, mfa_str(NAME), &value, &count);

    assert_int_equal(count, 0);
    assert_int_equal(value.len, 0);
}


static void
a_cookie_is_found_anywhere(void **state)
{
    (void) state;

    finds(mfa_str(NAME "=abc"), "abc");
    finds(mfa_str("a=1; " NAME "=abc"), "abc");
    finds(mfa_str(NAME "=abc; b=2"), "abc");
    finds(mfa_str("a=1;" NAME "=abc;b=2"), "abc");
    finds(mfa_str(";; " NAME "=abc;"), "abc");
    finds(mfa_str(NAME "="), "");
    finds(mfa_str(NAME "=a=b=="), "a=b==");
}


static void
blanks_around_are_trimmed_and_nothing_else(void **state)
{
    (void) state;

    finds(mfa_str(" \t" NAME "\t = abc\t ;"), "abc");
    finds(mfa_str(NAME "=a b"), "a b");
    finds(mfa_str(NAME "=\xc2\xa0" "abc"), "\xc2\xa0" "abc");
    finds(mfa_str(NAME "=abc\v"), "abc\v");
    finds_none(mfa_str("\xc2\xa0" NAME "=abc"));
    finds_none(mfa_str("\xe2\x80\x80" NAME "=abc"));
    finds_none(mfa_str("\v" NAME "=abc"));
    finds_none(mfa_str(NAME "\r=abc"));
}


static void
the_name_is_exact(void **state)
{
    (void) state;

    finds_none(mfa_str("__host-mfa=abc"));
    finds_none(mfa_str("__HOST-MFA=abc"));
    finds_none(mfa_str("x" NAME "=abc"));
    finds_none(mfa_str(NAME "x=abc"));
    finds_none(mfa_str("__Host-mf=abc"));
    finds_none(mfa_str("%5f%5fHost-mfa=abc"));
    finds_none(mfa_str(NAME "[0]=abc"));
    finds_none(mfa_str(NAME "\0=abc"));
    finds_none(mfa_str("\"" NAME "\"=abc"));
}


static void
quotes_versions_and_commas_mean_nothing(void **state)
{
    (void) state;

    finds(mfa_str(NAME "=\"abc\""), "\"abc\"");
    finds(mfa_str("$Version=1; " NAME "=abc; $Path=/"), "abc");
    finds(mfa_str(NAME "=abc, b=2"), "abc, b=2");
    finds(mfa_str(NAME "=%61bc"), "%61bc");
    finds_none(mfa_str("a=1, " NAME "=abc"));

    /* a quote does not hide a semicolon */

    finds(mfa_str("a=\"x; " NAME "=abc\""), "abc\"");
}


static void
pairs_without_name_are_ignored(void **state)
{
    (void) state;

    finds_none(mfa_null);
    finds_none(mfa_str(""));
    finds_none(mfa_str(";"));
    finds_none(mfa_str(NAME));
    finds_none(mfa_str("=" NAME "=abc"));
    finds_none(mfa_str("= " NAME));
    finds_none(mfa_str(" =abc"));
    finds(mfa_str("=x; " NAME "; " NAME "=abc"), "abc");
}


static void
an_empty_name_finds_nothing(void **state)
{
    unsigned   count;
    mfa_str_t  value;

    (void) state;

    value = mfa_null;
    count = 0;
    mfa_cookie_find(mfa_str("=abc; a=1"), mfa_null, &value, &count);

    assert_int_equal(count, 0);
}


/* D9, X36 */

static void
two_cookies_of_the_name_are_none(void **state)
{
    size_t                  i;
    unsigned                count;
    mfa_str_t               value;

    static const mfa_str_t  headers[] = {
        mfa_str_static(NAME "=live; " NAME "=junk"),
        mfa_str_static(NAME "=junk; " NAME "=live"),
        mfa_str_static(NAME "=live; " NAME "=live"),
        mfa_str_static(NAME "=live; a=1; " NAME "="),
        mfa_str_static(NAME "=; " NAME "=live"),
    };

    (void) state;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        value = mfa_null;
        count = 0;
        mfa_cookie_find(headers[i], mfa_str(NAME), &value, &count);

        assert_int_equal(count, 2);
        assert_int_equal(value.len, 0);
    }
}


/* D9, X36 */

static void
two_headers_count_together(void **state)
{
    unsigned   count;
    mfa_str_t  value;

    (void) state;

    value = mfa_null;
    count = 0;
    mfa_cookie_find(mfa_str("a=1"), mfa_str(NAME), &value, &count);
    mfa_cookie_find(mfa_str(NAME "=one"), mfa_str(NAME), &value, &count);
    mfa_cookie_find(mfa_str("b=2"), mfa_str(NAME), &value, &count);

    assert_int_equal(count, 1);
    assert_true(mfa_str_eq_c(value, "one"));

    mfa_cookie_find(mfa_str(NAME "=two"), mfa_str(NAME), &value, &count);
    mfa_cookie_find(mfa_str(NAME "=three"), mfa_str(NAME), &value, &count);

    assert_int_equal(count, 3);
    assert_int_equal(value.len, 0);
}


/* D10 */

static void
a_large_header_is_read_once(void **state)
{
    size_t        i, len;
    unsigned      count;
    mfa_str_t     value;
    static char   header[16 * 1024];

    (void) state;

    len = 0;

    for (i = 0; i < 400; i++) {
        len += (size_t) snprintf(header + len, sizeof(header) - len,
                                 "name%u=value-of-some-length-%u; ",
                                 (unsigned) i, (unsigned) i);
    }

    assert_true(len < sizeof(header));
    memset(header + len, ';', sizeof(header) - len);
    memcpy(header + sizeof(header) - 14, NAME "=abc", 14);

    for (i = 0; i < 1000; i++) {
        value = mfa_null;
        count = 0;
        mfa_cookie_find(mfa_str_bytes(header, sizeof(header)), mfa_str(NAME),
                        &value, &count);

        assert_int_equal(count, 1);
        assert_true(mfa_str_eq_c(value, "abc"));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_cookie_is_found_anywhere),
        cmocka_unit_test(blanks_around_are_trimmed_and_nothing_else),
        cmocka_unit_test(the_name_is_exact),
        cmocka_unit_test(quotes_versions_and_commas_mean_nothing),
        cmocka_unit_test(pairs_without_name_are_ignored),
        cmocka_unit_test(an_empty_name_finds_nothing),
        cmocka_unit_test(two_cookies_of_the_name_are_none),
        cmocka_unit_test(two_headers_count_together),
        cmocka_unit_test(a_large_header_is_read_once),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
