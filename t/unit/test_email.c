/* E-mail addresses: one canonical form, nothing else. A9, X52, X101 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/mfa_base.h"


#define LABEL_63                                                              \
    "a234567890123456789012345678901234567890123456789012345678901-3"


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
becomes(mfa_str_t typed, const char *wanted)
{
    mfa_str_t  out;

    assert_int_equal(mfa_email_canonical(arena, typed, &out), MFA_OK);
    assert_true(mfa_str_eq_c(out, wanted));
}


static void
is_refused(mfa_str_t typed)
{
    mfa_str_t  out;

    out = mfa_str("left");
    assert_int_equal(mfa_email_canonical(arena, typed, &out), MFA_INVALID);
    assert_int_equal(out.len, 0);
}


static void
an_address_is_lower_cased_and_trimmed(void **state)
{
    (void) state;

    becomes(mfa_str("alice@example.test"), "alice@example.test");
    becomes(mfa_str("ALICE@EXAMPLE.TEST"), "alice@example.test");
    becomes(mfa_str(" alice@example.test"), "alice@example.test");
    becomes(mfa_str("\talice@example.test  "), "alice@example.test");
    becomes(mfa_str("a@b.c"), "a@b.c");
    becomes(mfa_str("A.B-c_d@x-1.example.org"), "a.b-c_d@x-1.example.org");
    becomes(mfa_str("o'neil/x=y@1a.example.org"),
            "o'neil/x=y@1a.example.org");
}


static void
a_tagged_address_stays_another_address(void **state)
{
    (void) state;

    becomes(mfa_str("alice+1@example.test"), "alice+1@example.test");
}


static void
letters_that_look_like_ascii_are_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("al\xc4\xb1" "ce@example.test"));    /* dotless i */
    is_refused(mfa_str("alice@g\xc4\xb1thub.test"));
    is_refused(mfa_str("al\xc4\xb0" "ce@example.test"));    /* dotted I */
    is_refused(mfa_str("\xef\xbd\x81lice@example.test"));   /* full width */
    is_refused(mfa_str("alice\xef\xbc\xa0" "example.test"));
    is_refused(mfa_str("alice@example\xe3\x80\x82test"));
    is_refused(mfa_str("\xe2\x84\xaa" "ate@example.test")); /* kelvin sign */
    is_refused(mfa_str("alice@example.test\xc2\xa0"));
    is_refused(mfa_str("alice@\xffxample.test"));
}


static void
header_injection_is_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("alice@example.test\r\nBcc: eve@example.test"));
    is_refused(mfa_str("alice@example.test\n"));
    is_refused(mfa_str("alice@example.test\r"));
    is_refused(mfa_str("\nalice@example.test"));
    is_refused(mfa_str("alice@example.test%0d%0aBcc:"));
    is_refused(mfa_str("alice@example.test%0a"));
    is_refused(mfa_str("alice@example.test\xe2\x80\xa8"));
    is_refused(mfa_str("alice@example.test\xe2\x80\xa9" "b"));
    is_refused(mfa_str("alice\0eve@example.test"));
    is_refused(mfa_str("alice@example.test\0"));
    is_refused(mfa_str("a@b.test>\r\nRCPT TO:<x@y.test>"));
    is_refused(mfa_str("a@b.test> RCPT TO:<x"));
}


static void
more_than_one_address_is_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("alice@example.test,eve@example.test"));
    is_refused(mfa_str("alice@example.test, eve@example.test"));
    is_refused(mfa_str("alice@example.test;eve@example.test"));
    is_refused(mfa_str("alice@example.test eve@example.test"));
    is_refused(mfa_str("alice@example.test@eve.test"));
    is_refused(mfa_str("@relay.test:alice@example.test"));
}


static void
quoted_and_commented_forms_are_refused(void **state)
{
    (void) state;

    is_refused(mfa_str("\"alice\"@example.test"));
    is_refused(mfa_str("\"a b\"@example.test"));
    is_refused(mfa_str("alice(comment)@example.test"));
    is_refused(mfa_str("alice@example.test(comment)"));
    is_refused(mfa_str("Alice <alice@example.test>"));
    is_refused(mfa_str("<alice@example.test>"));
    is_refused(mfa_str("mailto:alice@example.test"));
    is_refused(mfa_str("al\\ice@example.test"));
    is_refused(mfa_str("al ice@example.test"));
    is_refused(mfa_str("alice @example.test"));
    is_refused(mfa_str("alice@[127.0.0.1]"));
}


static void
dots_stand_between_words_only(void **state)
{
    (void) state;

    is_refused(mfa_str(".alice@example.test"));
    is_refused(mfa_str("alice.@example.test"));
    is_refused(mfa_str("al..ice@example.test"));
    is_refused(mfa_str("alice@.example.test"));
    is_refused(mfa_str("alice@example..test"));
    is_refused(mfa_str("alice@example.test."));
    is_refused(mfa_str("."));
    is_refused(mfa_str(".@."));
}


static void
a_domain_is_made_of_labels(void **state)
{
    (void) state;

    is_refused(mfa_str("alice@localhost"));
    is_refused(mfa_str("alice@-example.test"));
    is_refused(mfa_str("alice@example-.test"));
    is_refused(mfa_str("alice@exa_mple.test"));
    is_refused(mfa_str("alice@exa%mple.test"));
    is_refused(mfa_str("alice@127.0.0.1"));
    becomes(mfa_str("a@" LABEL_63 ".test"), "a@" LABEL_63 ".test");
    is_refused(mfa_str("a@" LABEL_63 "4.test"));
}


static void
empty_parts_are_refused(void **state)
{
    (void) state;

    is_refused(mfa_null);
    is_refused(mfa_str(""));
    is_refused(mfa_str("   "));
    is_refused(mfa_str("alice"));
    is_refused(mfa_str("@"));
    is_refused(mfa_str("@example.test"));
    is_refused(mfa_str("alice@"));
}


static void
sizes_are_bounded(void **state)
{
    char  text[300];

    (void) state;

    /* 64 bytes before the @ and 189 after it: 254 in all */

    memset(text, 'b', sizeof(text));
    text[64] = '@';
    text[64 + 63] = '.';
    text[64 + 126] = '.';
    text[64 + 188] = '.';

    assert_int_equal(mfa_email_canonical(arena, mfa_str_bytes(text, 254),
                                         &(mfa_str_t) { NULL, 0 }), MFA_OK);
    is_refused(mfa_str_bytes(text, 255));
    is_refused(mfa_str_bytes(text, 300));

    text[64] = 'b';
    text[65] = '@';
    is_refused(mfa_str_bytes(text, 200));
}


static void
a_full_arena_is_a_fault(void **state)
{
    mfa_str_t     out;
    mfa_arena_t  *tiny;

    (void) state;

    tiny = mfa_arena_open(4);
    assert_int_equal(mfa_email_canonical(tiny, mfa_str("a@example.org"),
                                         &out), MFA_NO_MEMORY);
    mfa_arena_close(&tiny);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_address_is_lower_cased_and_trimmed),
        cmocka_unit_test(a_tagged_address_stays_another_address),
        cmocka_unit_test(letters_that_look_like_ascii_are_refused),
        cmocka_unit_test(header_injection_is_refused),
        cmocka_unit_test(more_than_one_address_is_refused),
        cmocka_unit_test(quoted_and_commented_forms_are_refused),
        cmocka_unit_test(dots_stand_between_words_only),
        cmocka_unit_test(a_domain_is_made_of_labels),
        cmocka_unit_test(empty_parts_are_refused),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(a_full_arena_is_a_fault),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
