/* Forms: fields that have one meaning only. A9 */

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

    arena = mfa_arena_open(1024 * 1024);

    return arena == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    mfa_arena_close(&arena);

    return 0;
}


static mfa_pairs_t
parsed(mfa_str_t text)
{
    mfa_pairs_t  fields;

    assert_int_equal(mfa_form_parse(arena, text, &fields), MFA_OK);

    return fields;
}


static void
is_refused(mfa_str_t text)
{
    mfa_pairs_t  fields;

    fields.count = 7;
    assert_int_equal(mfa_form_parse(arena, text, &fields), MFA_INVALID);
    assert_int_equal(fields.count, 0);
    assert_null(fields.items);
}


static bool
field_is(const mfa_pairs_t *fields, mfa_str_t name, mfa_str_t wanted)
{
    return mfa_str_eq(mfa_pairs_get(fields, name), wanted);
}


static void
fields_are_decoded(void **state)
{
    mfa_pairs_t  fields;

    (void) state;

    fields = parsed(mfa_str("email=ana%40example.org&name=Ana+Lee%2b"
                            "&empty=&bare&a%20b=%C3%ab"));

    assert_int_equal(fields.count, 5);
    assert_true(field_is(&fields, mfa_str("email"),
                         mfa_str("ana@example.org")));
    assert_true(field_is(&fields, mfa_str("name"), mfa_str("Ana Lee+")));
    assert_true(field_is(&fields, mfa_str("empty"), mfa_str("")));
    assert_true(field_is(&fields, mfa_str("bare"), mfa_str("")));
    assert_true(field_is(&fields, mfa_str("a b"), mfa_str("\xc3\xab")));
}


static void
only_the_first_equals_sign_cuts(void **state)
{
    mfa_pairs_t  fields;

    (void) state;

    fields = parsed(mfa_str("a=b=c=="));
    assert_true(field_is(&fields, mfa_str("a"), mfa_str("b=c==")));
}


static void
a_zero_byte_does_not_end_a_value(void **state)
{
    mfa_pairs_t  fields;

    (void) state;

    fields = parsed(mfa_str("a=x%00y"));
    assert_true(field_is(&fields, mfa_str("a"), mfa_str("x\0y")));
}


static void
nothing_between_ampersands_is_nothing(void **state)
{
    mfa_pairs_t  fields;

    (void) state;

    assert_int_equal(parsed(mfa_null).count, 0);
    assert_int_equal(parsed(mfa_str("&&&")).count, 0);

    fields = parsed(mfa_str("&a=1&&b=2&"));
    assert_int_equal(fields.count, 2);
    assert_true(field_is(&fields, mfa_str("b"), mfa_str("2")));
}


/* X51 */

static void
a_repeated_field_is_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("email=alice&email=eve"));
    is_refused(mfa_str("code=1&x=2&code=1"));
    is_refused(mfa_str("email=alice&%65mail=eve"));
    is_refused(mfa_str("a&a"));
    is_refused(mfa_str("a+b=1&a%20b=2"));

    /* names are compared as they are */

    assert_int_equal(parsed(mfa_str("a=1&A=2")).count, 2);
}


/* X51 */

static void
an_array_field_is_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("email[]=alice"));
    is_refused(mfa_str("email%5B%5D=alice"));
    is_refused(mfa_str("email[0]=alice"));
    is_refused(mfa_str("email[]"));
    is_refused(mfa_str("]=1"));
}


static void
a_broken_escape_is_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("a=%"));
    is_refused(mfa_str("a=%4"));
    is_refused(mfa_str("a=%zz"));
    is_refused(mfa_str("a=%4g"));
    is_refused(mfa_str("a=%-1"));
    is_refused(mfa_str("a=% 1"));
    is_refused(mfa_str("%=1"));
    is_refused(mfa_str("a=%4&b=1"));
    is_refused(mfa_str("ok=1&b%2=1"));

    /* the digit that would complete it is beyond the end */

    is_refused(mfa_str_bytes("a=%41", 4));
}


static void
a_field_without_name_is_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("=1"));
    is_refused(mfa_str("="));
    is_refused(mfa_str("a=1&=2"));
}


/* X51 */

static void
a_long_name_is_refused(void **state)
{
    size_t        len;
    static char   text[100000];

    (void) state;

    memset(text, 'n', sizeof(text));

    assert_int_equal(parsed(mfa_str_bytes(text, 64)).count, 1);
    is_refused(mfa_str_bytes(text, 65));
    is_refused(mfa_str_bytes(text, sizeof(text)));

    /* the bound is on the name, not on how it is written */

    for (len = 0; len < 64 * 3; len += 3) {
        memcpy(text + len, "%41", 3);
    }

    assert_int_equal(parsed(mfa_str_bytes(text, 64 * 3)).count, 1);
    is_refused(mfa_str_bytes(text, 64 * 3 + 1));
}


/* X51 */

static void
too_many_fields_are_refused(void **state)
{
    size_t     i;
    mfa_buf_t  buf;
    mfa_str_t  text;

    (void) state;

    mfa_buf_init(&buf, arena, 64 * 1024);

    for (i = 0; i < MFA_FORM_FIELDS_MAX; i++) {
        mfa_buf_printf(&buf, "f%u=1&", (unsigned) i);
    }

    assert_int_equal(mfa_buf_str(&buf, &text), MFA_OK);
    assert_int_equal(parsed(text).count, MFA_FORM_FIELDS_MAX);

    mfa_buf_puts(&buf, "one_more=1");
    assert_int_equal(mfa_buf_str(&buf, &text), MFA_OK);
    is_refused(text);

    for (i = 0; i < 1000; i++) {
        mfa_buf_printf(&buf, "&g%u", (unsigned) i);
    }

    assert_int_equal(mfa_buf_str(&buf, &text), MFA_OK);
    is_refused(text);
}


static void
a_full_arena_is_a_fault(void **state)
{
    mfa_arena_t  *tiny;
    mfa_pairs_t   fields;

    (void) state;

    tiny = mfa_arena_open(16);
    assert_int_equal(mfa_form_parse(tiny, mfa_str("abcdefgh=ijklmnopqrst"),
                                    &fields), MFA_NO_MEMORY);
    assert_int_equal(fields.count, 0);
    mfa_arena_close(&tiny);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(fields_are_decoded),
        cmocka_unit_test(only_the_first_equals_sign_cuts),
        cmocka_unit_test(a_zero_byte_does_not_end_a_value),
        cmocka_unit_test(nothing_between_ampersands_is_nothing),
        cmocka_unit_test(a_repeated_field_is_refused),
        cmocka_unit_test(an_array_field_is_refused),
        cmocka_unit_test(a_broken_escape_is_refused),
        cmocka_unit_test(a_field_without_name_is_refused),
        cmocka_unit_test(a_long_name_is_refused),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(a_full_arena_is_a_fault),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
