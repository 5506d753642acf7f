/*
 * The QR code: its path is read back and compared, module by module.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <qrencode.h>
#include <stdlib.h>

#include "../../src/base/mfa_base.h"


#define QUIET  4
#define SIDE   200

static const char  uri[] =
    "otpauth://totp/Example%20Organisation:first.last%40example.org?"
    "secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Example%20Organisation"
    "&algorithm=SHA1&digits=6&period=30";


static int
setup(void **state)
{
    *state = mfa_arena_open((size_t) 1 << 24);

    return *state == NULL;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_arena_close(&arena);

    return 0;
}


static mfa_str_t
draw(mfa_arena_t *arena, mfa_str_t text, mfa_str_t label)
{
    mfa_str_t  svg;

    assert_int_equal(mfa_qr_svg(arena, text, label, &svg), MFA_OK);

    return svg;
}


static long
number(const char **p)
{
    char  *end;
    long   n;

    n = strtol(*p, &end, 10);
    assert_ptr_not_equal(*p, end);
    *p = end;

    return n;
}


/* draws the path: M x y.5, m dx 0, h n */

static void
read_path(const char *svg, uint8_t seen[SIDE][SIDE])
{
    long         x, y, n;
    const char  *p;

    p = strstr(svg, " d=\"");
    assert_non_null(p);
    x = 0;
    y = 0;

    for (p += 4; *p != '"'; /* void */ ) {
        switch (*p++) {

        case 'M':
            x = number(&p);
            assert_int_equal(*p++, ' ');
            y = number(&p);
            assert_memory_equal(p, ".5", 2);
            p += 2;
            break;

        case 'm':
            x += number(&p);
            assert_memory_equal(p, " 0", 2);
            p += 2;
            break;

        case 'h':
            for (n = number(&p); n > 0; n--) {
                assert_in_range(x, 0, SIDE - 1);
                assert_in_range(y, 0, SIDE - 1);
                assert_int_equal(seen[y][x], 0);
                seen[y][x++] = 1;
            }

            break;

        default:
            fail();
        }
    }
}


static void
check_modules(mfa_arena_t *arena, const char *text)
{
    int         x, y, width;
    bool        is_dark;
    char        box[64];
    QRcode     *code;
    mfa_str_t   svg;

    static uint8_t  seen[SIDE][SIDE];

    memset(seen, 0, sizeof(seen));
    svg = draw(arena, mfa_str_from(text), mfa_str("Code"));
    read_path(svg.data, seen);

    code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    assert_non_null(code);
    width = code->width;

    snprintf(box, sizeof(box), "viewBox=\"0 0 %d %d\"", width + 2 * QUIET,
             width + 2 * QUIET);
    assert_non_null(strstr(svg.data, box));
    snprintf(box, sizeof(box), "<rect width=\"%d\" height=\"%d\" "
             "fill=\"#fff\"/>", width + 2 * QUIET, width + 2 * QUIET);
    assert_non_null(strstr(svg.data, box));

    for (y = 0; y < SIDE; y++) {
        for (x = 0; x < SIDE; x++) {
            is_dark = x >= QUIET && x < width + QUIET && y >= QUIET
                      && y < width + QUIET
                      && (code->data[(y - QUIET) * width + x - QUIET] & 1);
            assert_int_equal(seen[y][x], is_dark);
        }
    }

    QRcode_free(code);
}


/* C4 */

static void
every_module_is_drawn_and_the_quiet_zone_is_white(void **state)
{
    check_modules(*state, "A");
    check_modules(*state, uri);
}


static void
it_is_small_and_has_nothing_a_policy_forbids(void **state)
{
    mfa_str_t  svg;

    svg = draw(*state, mfa_str_from(uri), mfa_str("Code for your app"));

    assert_true(sizeof(uri) - 1 >= 150);
    assert_true(svg.len < 10000);
    assert_memory_equal(svg.data, "<svg ", 5);
    assert_memory_equal(svg.data + svg.len - 6, "</svg>", 6);
    assert_non_null(strstr(svg.data, "class=\"qr\""));
    assert_non_null(strstr(svg.data, "role=\"img\" "
                                     "aria-label=\"Code for your app\""));
    assert_null(strstr(svg.data, "style="));
    assert_null(strstr(svg.data, "href"));
    assert_null(strstr(svg.data, "<script"));
    assert_true(strstr(svg.data, "<rect") < strstr(svg.data, "<path"));

    /* the secret is in the modules and nowhere else */

    assert_null(strstr(svg.data, "ABCDEFGH"));
}


static void
the_label_is_escaped(void **state)
{
    mfa_str_t  svg;

    svg = draw(*state, mfa_str("A"), mfa_str("\"><b a='&'>"));
    assert_non_null(strstr(svg.data,
                    "aria-label=\"&quot;&gt;&lt;b a=&#39;&amp;&#39;&gt;\""));
    assert_null(strstr(svg.data, "<b"));
}


static void
what_no_code_can_hold_is_refused(void **state)
{
    char         big[4000];
    mfa_str_t    svg;
    mfa_arena_t *small;

    memset(big, 'x', sizeof(big));

    assert_int_equal(mfa_qr_svg(*state, mfa_null, mfa_null, &svg),
                     MFA_INVALID);
    assert_int_equal(mfa_qr_svg(*state, mfa_str_bytes(big, sizeof(big)),
                                mfa_null, &svg), MFA_INVALID);
    assert_null(svg.data);

    assert_int_equal(mfa_qr_svg(*state, mfa_str_bytes(big, 2048), mfa_null,
                                &svg), MFA_OK);
    assert_true(svg.len < 100000);

    small = mfa_arena_open(1000);
    assert_int_equal(mfa_qr_svg(small, mfa_str_from(uri), mfa_null, &svg),
                     MFA_NO_MEMORY);
    assert_null(svg.data);
    mfa_arena_close(&small);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_module_is_drawn_and_the_quiet_zone_is_white),
        cmocka_unit_test(it_is_small_and_has_nothing_a_policy_forbids),
        cmocka_unit_test(the_label_is_escaped),
        cmocka_unit_test(what_no_code_can_hold_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
