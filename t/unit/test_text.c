/* Text: UTF-8, control characters, header values, typed digits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/mfa_base.h"


static mfa_arena_t  *arena;


static int
setup(void **state)
{
    (void) state;

    arena = mfa_arena_open(64 * 1024);

    return arena == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&arena);

    return 0;
}


static void
well_formed_utf8_is_accepted(void **state)
{
    (void) state;

    assert_true(mfa_text_is_utf8(mfa_null));
    assert_true(mfa_text_is_utf8(mfa_str("plain")));
    assert_true(mfa_text_is_utf8(mfa_str("a\0b")));
    assert_true(mfa_text_is_utf8(mfa_str("\xc2\x80 \xdf\xbf")));
    assert_true(mfa_text_is_utf8(mfa_str("\xe0\xa0\x80 \xed\x9f\xbf")));
    assert_true(mfa_text_is_utf8(mfa_str("\xef\xbf\xbf")));
    assert_true(mfa_text_is_utf8(mfa_str("\xf0\x90\x80\x80")));
    assert_true(mfa_text_is_utf8(mfa_str("\xf4\x8f\xbf\xbf")));
}


static void
malformed_utf8_is_refused(void **state)
{
    size_t                  i;

    static const mfa_str_t  bad[] = {
        mfa_str_static("\x80"),                 /* a continuation alone */
        mfa_str_static("\xc3"),                 /* cut */
        mfa_str_static("\xe2\x82"),
        mfa_str_static("\xf0\x9f\x98"),
        mfa_str_static("\xc0\xaf"),             /* longer than needed */
        mfa_str_static("\xc1\xbf"),
        mfa_str_static("\xe0\x9f\xbf"),
        mfa_str_static("\xf0\x8f\xbf\xbf"),
        mfa_str_static("\xed\xa0\x80"),         /* a surrogate */
        mfa_str_static("\xf4\x90\x80\x80"),     /* beyond U+10FFFF */
        mfa_str_static("\xf5\x80\x80\x80"),
        mfa_str_static("\xff"),
        mfa_str_static("\xe2\x28\xa1"),
        mfa_str_static("\xe2\x82\x28"),
        mfa_str_static("ok \xc3 ok"),
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(mfa_text_is_utf8(bad[i]));
    }
}


/* X101 */

static void
controls_and_line_separators_are_found(void **state)
{
    (void) state;

    assert_true(mfa_text_has_control(mfa_str("a\r\nb")));
    assert_true(mfa_text_has_control(mfa_str("\t")));
    assert_true(mfa_text_has_control(mfa_str("a\0")));
    assert_true(mfa_text_has_control(mfa_str("\x7f")));
    assert_true(mfa_text_has_control(mfa_str("x\xc2\x85")));
    assert_true(mfa_text_has_control(mfa_str("x\xc2\x9f y")));
    assert_true(mfa_text_has_control(mfa_str("x\xe2\x80\xa8")));
    assert_true(mfa_text_has_control(mfa_str("\xe2\x80\xa9x")));

    assert_false(mfa_text_has_control(mfa_null));
    assert_false(mfa_text_has_control(mfa_str(" ~\xc2\xa0")));
    assert_false(mfa_text_has_control(mfa_str("\xe2\x80\xa7\xe2\x80\xaa")));
    assert_false(mfa_text_has_control(mfa_str("Zo\xc3\xab")));
}


static void
length_counts_code_points(void **state)
{
    (void) state;

    assert_int_equal(mfa_text_length(mfa_null), 0);
    assert_int_equal(mfa_text_length(mfa_str("abc")), 3);
    assert_int_equal(mfa_text_length(mfa_str("Zo\xc3\xab")), 3);
    assert_int_equal(mfa_text_length(mfa_str("\xf0\x9f\x98\x80!")), 2);
}


static void
header_is(mfa_str_t s, size_t max, const char *wanted)
{
    mfa_str_t  out;

    assert_int_equal(mfa_header_value(arena, s, max, &out), MFA_OK);
    assert_int_equal(out.len, strlen(wanted));
    assert_memory_equal(out.data, wanted, out.len);
}


static void
header_value_is_printable_ascii(void **state)
{
    (void) state;

    header_is(mfa_null, 100, "");
    header_is(mfa_str("Ann Lee, 7~"), 100, "Ann Lee, 7~");
    header_is(mfa_str("100%"), 100, "100%25");
    header_is(mfa_str("a\r\nX-Mfa-User: eve"), 100,
              "a%0D%0AX-Mfa-User: eve");
    header_is(mfa_str("Zo\xc3\xab"), 100, "Zo%C3%AB");
    header_is(mfa_str("\xff\x00\x7f"), 100, "%FF%00%7F");
}


static void
header_value_is_cut_between_code_points(void **state)
{
    (void) state;

    header_is(mfa_str("abcdef"), 4, "abcd");
    header_is(mfa_str("abc"), 0, "");
    header_is(mfa_str("a\xc3\xab!"), 6, "a");
    header_is(mfa_str("a\xc3\xab!"), 7, "a%C3%AB");
    header_is(mfa_str("%%"), 5, "%25");
    header_is(mfa_str("\xf0\x9f\x98\x80"), 11, "");
    header_is(mfa_str("\xf0\x9f\x98\x80"), 12, "%F0%9F%98%80");
}


static void
digits_are(mfa_str_t typed, const char *wanted)
{
    mfa_str_t  out;

    assert_int_equal(mfa_digits_clean(arena, typed, 6, &out), MFA_OK);
    assert_true(mfa_str_eq_c(out, wanted));
}


/* B7, X68 */

static void
digits_may_be_grouped(void **state)
{
    (void) state;

    digits_are(mfa_str("123456"), "123456");
    digits_are(mfa_str(" 123 456 "), "123456");
    digits_are(mfa_str("123-456"), "123456");
    digits_are(mfa_str("123\xc2\xa0" "456"), "123456");
    digits_are(mfa_str("123\xe2\x80\xaf" "456"), "123456");
    digits_are(mfa_str("123\xe2\x80\x90" "456"), "123456");
    digits_are(mfa_str("123\xe2\x80\x93" "456"), "123456");
    digits_are(mfa_str("12\xe2\x80\x95" "34\xe2\x88\x92" "56"), "123456");
    digits_are(mfa_str("1-2-3-4-5-6"), "123456");
}


/* B7, X68 */

static void
anything_but_digits_is_refused(void **state)
{
    size_t                  i;
    mfa_str_t               out;

    static const mfa_str_t  bad[] = {
        mfa_str_static(""),
        mfa_str_static("      "),
        mfa_str_static("12345"),
        mfa_str_static("1234567"),
        mfa_str_static("+12345"),
        mfa_str_static("+123456"),
        mfa_str_static("-12345"),
        mfa_str_static("0x1E240"),
        mfa_str_static("1e5"),
        mfa_str_static("123456\n"),
        mfa_str_static("123\t456"),
        mfa_str_static("123456\0"),
        mfa_str_static("12345\0"),
        mfa_str_static("null"),
        mfa_str_static("[]"),
        mfa_str_static("123.456"),
        mfa_str_static("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93"
                       "\xef\xbc\x94\xef\xbc\x95\xef\xbc\x96"),
        mfa_str_static("\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6"),
        mfa_str_static("12345\xe2\x80\x8b" "6"),
        mfa_str_static("123456\xe2\x80"),
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        out = mfa_str("left");
        assert_int_equal(mfa_digits_clean(arena, bad[i], 6, &out),
                         MFA_INVALID);
        assert_int_equal(out.len, 0);
    }

    assert_int_equal(mfa_digits_clean(arena, mfa_str(""), 0, &out),
                     MFA_INVALID);
}


static void
more_than_32_typed_bytes_are_refused(void **state)
{
    char       typed[10240];
    mfa_str_t  out;

    (void) state;

    memset(typed, ' ', sizeof(typed));
    memcpy(typed, "123456", 6);

    assert_int_equal(mfa_digits_clean(arena, mfa_str_bytes(typed, 32), 6,
                                      &out), MFA_OK);
    assert_int_equal(mfa_digits_clean(arena, mfa_str_bytes(typed, 33), 6,
                                      &out), MFA_INVALID);
    assert_int_equal(mfa_digits_clean(arena,
                                      mfa_str_bytes(typed, sizeof(typed)), 6,
                                      &out), MFA_INVALID);

    memset(typed, '7', sizeof(typed));
    assert_int_equal(mfa_digits_clean(arena, mfa_str_bytes(typed, 32), 32,
                                      &out), MFA_OK);
}


static void
a_full_arena_is_a_fault(void **state)
{
    mfa_str_t     out;
    mfa_arena_t  *tiny;

    (void) state;

    tiny = mfa_arena_open(4);
    assert_non_null(tiny);

    assert_int_equal(mfa_digits_clean(tiny, mfa_str("123456"), 6, &out),
                     MFA_NO_MEMORY);
    assert_int_equal(mfa_header_value(tiny, mfa_str("abcdef"), 100, &out),
                     MFA_NO_MEMORY);

    mfa_arena_close(&tiny);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(well_formed_utf8_is_accepted),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(controls_and_line_separators_are_found),
        cmocka_unit_test(length_counts_code_points),
        cmocka_unit_test(header_value_is_printable_ascii),
        cmocka_unit_test(header_value_is_cut_between_code_points),
        cmocka_unit_test(digits_may_be_grouped),
        cmocka_unit_test(anything_but_digits_is_refused),
        cmocka_unit_test(more_than_32_typed_bytes_are_refused),
        cmocka_unit_test(a_full_arena_is_a_fault),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
