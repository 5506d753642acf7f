/*
 * The brand: colours that can be read, logos that are pictures, templates
 * that keep their fields.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/page/mfa_page.h"


static unsigned
contrast(const char *one, const char *two)
{
    mfa_colour_t  a, b;

    assert_int_equal(mfa_colour_parse(mfa_str_from(one), &a), MFA_OK);
    assert_int_equal(mfa_colour_parse(mfa_str_from(two), &b), MFA_OK);
    assert_int_equal(mfa_colour_contrast(a, b), mfa_colour_contrast(b, a));

    return mfa_colour_contrast(a, b);
}


/* the ratios that WCAG's own formula gives */
static void
contrast_is_that_of_wcag(void **state)
{
    (void) state;

    assert_int_equal(contrast("#000000", "#ffffff"), 2100);
    assert_int_equal(contrast("#fff", "#FFFFFF"), 100);
    assert_int_equal(contrast("#767676", "#ffffff"), 454);
    assert_int_equal(contrast("#777777", "#ffffff"), 447);
    assert_int_equal(contrast("#ff0000", "#ffffff"), 399);
    assert_int_equal(contrast("#0000ff", "#ffffff"), 859);
    assert_int_equal(contrast("#1d70b8", "#ffffff"), 516);
}


static void
what_is_no_colour_is_refused(void **state)
{
    size_t        i;
    mfa_colour_t  colour;

    static const char *const  bad[] = {
        "", "#", "red", "#12345", "#1234567", "#12345g", "1d70b8",
        "#1d70b8;}body{display:none", "#ggg", "#12"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mfa_colour_parse(mfa_str_from(bad[i]), &colour),
                         MFA_INVALID);
    }
}


static bool
has(mfa_str_t text, const char *part)
{
    return text.len > 0
           && memmem(text.data, text.len, part, strlen(part)) != NULL;
}


static void
style_of(mfa_arena_t *arena, const char *colour, const char *dark,
    mfa_strs_t *warnings, mfa_str_t *style)
{
    mfa_brand_settings_t  brand = { .has_colour = true,
                                    .has_dark = dark != NULL };

    memset(warnings, 0, sizeof(*warnings));

    assert_int_equal(mfa_colour_parse(mfa_str_from(colour), &brand.colour),
                     MFA_OK);

    if (dark != NULL) {
        assert_int_equal(mfa_colour_parse(mfa_str_from(dark), &brand.dark),
                         MFA_OK);
    }

    assert_int_equal(mfa_brand_style(&brand, arena, warnings, style), MFA_OK);
}


static void
text_on_a_colour_is_what_can_be_read(void **state)
{
    mfa_str_t     style;
    mfa_strs_t    warnings;
    mfa_arena_t  *arena;

    (void) state;

    arena = mfa_arena_open(64 * 1024);

    style_of(arena, "#1d70b8", NULL, &warnings, &style);
    assert_int_equal(warnings.count, 0);
    assert_true(has(style, "--brand:#1d70b8;--on-brand:#ffffff;"));
    assert_true(has(style, "--link:#1d70b8;"));
    assert_true(has(style, "@media (prefers-color-scheme: dark){:root{"));

    /* yellow: black on it, links stay as they are, and the operator knows */

    style_of(arena, "#ffd500", "#ffd500", &warnings, &style);
    assert_int_equal(warnings.count, 1);
    assert_true(has(warnings.items[0], "1.29:1"));
    assert_true(has(warnings.items[0], "text on it is black"));
    assert_true(has(style, "--on-button:#000000;"));
    assert_false(has(mfa_str_split(&style, '@'), "--link"));
    assert_true(has(style, "--link:#ffd500;"));

    style_of(arena, "#1d70b8", "#101010", &warnings, &style);
    assert_int_equal(warnings.count, 1);
    assert_true(has(warnings.items[0], "dark pages"));

    mfa_arena_close(&arena);
}


static const char *
type_of(mfa_str_t body)
{
    const char  *type, *suffix;

    type = mfa_logo_type(body, &suffix);

    return type != NULL ? type : "none";
}


static void
a_logo_is_known_by_its_bytes(void **state)
{
    (void) state;

    assert_string_equal(type_of(mfa_str("\x89PNG\r\n\x1a\n....")),
                        "image/png");
    assert_string_equal(type_of(mfa_str("\xff\xd8\xff\xe0")), "image/jpeg");
    assert_string_equal(type_of(mfa_str("GIF89a...")), "image/gif");
    assert_string_equal(type_of(mfa_str("RIFF....WEBPVP8 ")), "image/webp");
    assert_string_equal(type_of(mfa_str("<svg xmlns=\"x\"/>")),
                        "image/svg+xml");
    assert_string_equal(type_of(mfa_str("\xef\xbb\xbf<?xml version=\"1.0\"?>\n"
                                        "<!-- a > b -->\n<!DOCTYPE svg>\n"
                                        "<svg>")), "image/svg+xml");

    assert_string_equal(type_of(mfa_null), "none");
    assert_string_equal(type_of(mfa_str("<html><svg>")), "none");
    assert_string_equal(type_of(mfa_str("<svgx>")), "none");
    assert_string_equal(type_of(mfa_str("<svg")), "none");
    assert_string_equal(type_of(mfa_str("<!-- <svg>")), "none");
    assert_string_equal(type_of(mfa_str("<svg \xff>")), "none");
    assert_string_equal(type_of(mfa_str("<svg \0>")), "none");
    assert_string_equal(type_of(mfa_str("\x89PNG")), "none");
    assert_string_equal(type_of(mfa_str("RIFF....WAVE")), "none");
    assert_string_equal(type_of(mfa_str("%PDF-1.4")), "none");
}


/* templates */

static char  root[] = "/tmp/mfa-brand-XXXXXX";


static void
put_file(const char *name, const char *text)
{
    char   path[128];
    FILE  *file;

    (void) snprintf(path, sizeof(path), "%s/%s", root, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}


static int
make_folders(void **state)
{
    char  path[128];

    (void) state;

    assert_non_null(mkdtemp(root));
    (void) snprintf(path, sizeof(path), "%s/ours", root);
    assert_int_equal(mkdir(path, 0700), 0);
    (void) snprintf(path, sizeof(path), "%s/own", root);

    return mkdir(path, 0700);
}


static int
remove_folders(void **state)
{
    char  command[128];

    (void) state;
    (void) snprintf(command, sizeof(command), "rm -rf %s", root);

    return system(command);
}


static void
covers(const char *own, const char *wanted)
{
    char              ours[128], over[128], text[400];
    mfa_error_t       error = { "" };
    mfa_status_t      st;
    mfa_templates_t  *set, *shipped;

    put_file("own/page.html", own);
    (void) snprintf(ours, sizeof(ours), "%s/ours", root);
    (void) snprintf(over, sizeof(over), "%s/own", root);

    assert_int_equal(mfa_templates_open(ours, over, &error, &set), MFA_OK);
    assert_int_equal(mfa_templates_open(ours, NULL, &error, &shipped),
                     MFA_OK);

    st = mfa_templates_cover(set, shipped, over, &error);

    if (wanted == NULL) {
        assert_string_equal(error.text, "");
        assert_int_equal(st, MFA_OK);

    } else {
        (void) snprintf(text, sizeof(text), "missing field%s in %s/page.html"
                        ":2", wanted, over);
        assert_int_equal(st, MFA_CONFIG);
        assert_string_equal(error.text, text);
    }

    mfa_templates_close(&set);
    mfa_templates_close(&shipped);
}


/* E2: a form without its token would never be accepted */
static void
a_template_in_the_place_of_ours_keeps_its_fields(void **state)
{
    (void) state;

    put_file("ours/page.html",
             "<form>{{> hidden}}<input id=\"c\" name=\"code\">"
             "<button name=\"do\" value=\"resend\">x</button></form>");
    put_file("ours/hidden.html",
             "<input type=\"hidden\" name=\"token\" value=\"{{token}}\">");

    covers("<b>\n<form><input name=\"code\">{{> hidden}}"
           "<button class=\"z\" name=\"do\" value=\"resend\">y</button>", NULL);
    covers("<b>\n<form><input type=\"hidden\" value=\"{{token}}\" "
           "name=\"token\"><input name=\"code\">"
           "<button name=\"do\" value=\"resend\">y</button>", NULL);
    covers("<b>\n<form><input name=\"code\">"
           "<button name=\"do\" value=\"resend\">y</button>", " \"token\"");
    covers("<b>\n<form>{{> hidden}}"
           "<button name=\"do\" value=\"resend\">y</button>", " \"code\"");
    covers("<b>\n<form><input name=\"code\">{{> hidden}}"
           "<button name=\"do\" value=\"send\">y</button>",
           " with the value 'resend' \"do\"");
    covers("<b>\n<form><p name=\"code\">{{> hidden}}"
           "<button name=\"do\" value=\"resend\">y</button>", " \"code\"");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(contrast_is_that_of_wcag),
        cmocka_unit_test(what_is_no_colour_is_refused),
        cmocka_unit_test(text_on_a_colour_is_what_can_be_read),
        cmocka_unit_test(a_logo_is_known_by_its_bytes),
        cmocka_unit_test(a_template_in_the_place_of_ours_keeps_its_fields)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
