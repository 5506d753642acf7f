/* Return targets: a path of this origin, outside our own pages. E5 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/mfa_base.h"


static bool
is_safe(mfa_str_t target)
{
    return mfa_target_is_safe(target, mfa_str("/mfa/"));
}


static void
a_path_of_this_origin_is_safe(void **state)
{
    size_t                  i;

    static const mfa_str_t  good[] = {
        mfa_str_static("/"),
        mfa_str_static("/app/"),
        mfa_str_static("/app/page.php?id=7&x=%41"),
        mfa_str_static("/a//evil"),
        mfa_str_static("/@evil"),
        mfa_str_static("/https://evil"),
        mfa_str_static("/a?to=https://evil.example.org/"),
        mfa_str_static("/a?b=/mfa/"),
        mfa_str_static("/a?b=../mfa/"),
        mfa_str_static("/a#top"),
        mfa_str_static("/Zo%C3%AB"),
        mfa_str_static("/a.b/..c/d../..."),
        mfa_str_static("/a%20b"),
        mfa_str_static("/a%252fb"),
        mfa_str_static("/mfax"),
        mfa_str_static("/mf"),
        mfa_str_static("/x/mfa/"),
        mfa_str_static("/MFA/"),
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(is_safe(good[i]));
    }
}


/* X95 */

static void
another_origin_is_refused(void **state)
{
    size_t                  i;

    static const mfa_str_t  bad[] = {
        mfa_str_static(""),
        mfa_str_static("https://evil"),
        mfa_str_static("//evil"),
        mfa_str_static("///evil"),
        mfa_str_static("/\\evil"),
        mfa_str_static("/%5cevil"),
        mfa_str_static("/%5Cevil"),
        mfa_str_static("/%2fevil"),
        mfa_str_static("/%2Fevil"),
        mfa_str_static("%2f%2fevil"),
        mfa_str_static("%2fevil"),
        mfa_str_static("\\\\evil"),
        mfa_str_static("\\/evil"),
        mfa_str_static("https:evil"),
        mfa_str_static("javascript:alert(1)"),
        mfa_str_static("data:text/html,x"),
        mfa_str_static("evil"),
        mfa_str_static("?a"),
        mfa_str_static(" /a"),
        mfa_str_static("\t//evil"),
        mfa_str_static("/a\\b"),
        mfa_str_static("/a?b=\\"),
        mfa_str_static("/a?b=%5c"),
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(is_safe(bad[i]));
    }
}


/* X95 */

static void
control_bytes_are_refused(void **state)
{
    (void) state;

    assert_false(is_safe(mfa_str("/\t/evil")));
    assert_false(is_safe(mfa_str("/\n/evil")));
    assert_false(is_safe(mfa_str("/a\r\nSet-Cookie: x=1")));
    assert_false(is_safe(mfa_str("/%09/evil")));
    assert_false(is_safe(mfa_str("/a%0d%0aSet-Cookie:%20x=1")));
    assert_false(is_safe(mfa_str("/a\0b")));
    assert_false(is_safe(mfa_str("/a%00b")));
    assert_false(is_safe(mfa_str("/a\x7f")));
    assert_false(is_safe(mfa_str("/a?b=%0a")));
    assert_false(is_safe(mfa_str("/a%c2%85")));
    assert_false(is_safe(mfa_str("/a\xe2\x80\xa8")));
    assert_false(is_safe(mfa_str("/a%e2%80%a8")));
}


/* X95 */

static void
our_own_pages_are_refused(void **state)
{
    size_t                  i;

    static const mfa_str_t  bad[] = {
        mfa_str_static("/mfa"),
        mfa_str_static("/mfa/"),
        mfa_str_static("/mfa/logout"),
        mfa_str_static("/mfa/logout?x"),
        mfa_str_static("/mfa?x"),
        mfa_str_static("/mfa#x"),
        mfa_str_static("/mfa//logout"),
        mfa_str_static("/%6dfa/"),
        mfa_str_static("/%6D%66%61/logout"),
        mfa_str_static("/mfa%2flogout"),
        mfa_str_static("/mfa%2Flogout"),
        mfa_str_static("/x/../mfa/logout"),
        mfa_str_static("/./mfa/logout"),
        mfa_str_static("/x/..//mfa/logout"),
        mfa_str_static("/x//../mfa/logout"),
        mfa_str_static("/x/%2e%2e/mfa/logout"),
        mfa_str_static("/x/.%2E/mfa/logout"),
        mfa_str_static("/%2e/mfa/logout"),
        mfa_str_static("/x/a%2fb/../../mfa/logout"),
        mfa_str_static("/x%2f..%2fmfa/logout"),
        mfa_str_static("/mfa/../mfa/logout"),
        mfa_str_static("/x/y/../../mfa"),
        mfa_str_static("/x/.."),
        mfa_str_static("/x/.//evil"),
        mfa_str_static("/..//evil"),
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(is_safe(bad[i]));
    }
}


static void
the_portal_may_be_written_in_any_way(void **state)
{
    mfa_str_t  target;

    (void) state;

    target = mfa_str("/a/login/x");

    assert_false(mfa_target_is_safe(target, mfa_str("/a/login/")));
    assert_false(mfa_target_is_safe(target, mfa_str("/a/login")));
    assert_false(mfa_target_is_safe(target, mfa_str("/")));
    assert_true(mfa_target_is_safe(target, mfa_str("/a/log/")));
    assert_true(mfa_target_is_safe(target, mfa_null));

    assert_false(mfa_target_is_safe(mfa_str("/a//login/x"),
                                    mfa_str("/a/login/")));
    assert_false(mfa_target_is_safe(mfa_str("/a/%2flogin"),
                                    mfa_str("/a/login/")));
}


static void
a_broken_escape_is_refused(void **state)
{
    (void) state;

    assert_false(is_safe(mfa_str("/%")));
    assert_false(is_safe(mfa_str("/%2")));
    assert_false(is_safe(mfa_str("/%2/evil")));
    assert_false(is_safe(mfa_str("/%zz")));
    assert_false(is_safe(mfa_str("/a?b=%u0041")));
    assert_false(is_safe(mfa_str_bytes("/%41", 3)));
}


/* X95 */

static void
a_target_has_at_most_2048_bytes(void **state)
{
    static char  text[3 * 1024];

    (void) state;

    memset(text, 'a', sizeof(text));
    text[0] = '/';

    assert_true(is_safe(mfa_str_bytes(text, 2048)));
    assert_false(is_safe(mfa_str_bytes(text, 2049)));
    assert_false(is_safe(mfa_str_bytes(text, sizeof(text))));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_path_of_this_origin_is_safe),
        cmocka_unit_test(another_origin_is_refused),
        cmocka_unit_test(control_bytes_are_refused),
        cmocka_unit_test(our_own_pages_are_refused),
        cmocka_unit_test(the_portal_may_be_written_in_any_way),
        cmocka_unit_test(a_broken_escape_is_refused),
        cmocka_unit_test(a_target_has_at_most_2048_bytes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
