/*
 * Languages: which one somebody gets, what is said where a translation is
 * missing, dates in words.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


static const mfa_languages_t  languages = {
    .items = {
        { mfa_str_static("en"), mfa_str_static("English"), NULL },
        { mfa_str_static("cy"), mfa_str_static("Cymraeg"), NULL },
        { mfa_str_static("pt-BR"), mfa_str_static("Português"), NULL }
    },
    .count = 3
};


static const char *
accepted(const char *header)
{
    const mfa_language_t  *language;

    language = mfa_language_accept(&languages, mfa_str_from(header));

    return language != NULL ? language->code.data : "none";
}


/* RFC 9110 12.5.4, RFC 4647 3.4 */
static void
the_heaviest_range_that_there_is_a_language_for_wins(void **state)
{
    (void) state;

    assert_string_equal(accepted("cy"), "cy");
    assert_string_equal(accepted("CY-gb, en;q=0.9"), "cy");
    assert_string_equal(accepted("en;q=0.8,cy;q=0.9"), "cy");
    assert_string_equal(accepted("fr, de;q=0.9 , cy ; q=0.3"), "cy");
    assert_string_equal(accepted("en-GB,en;q=0.9,cy;q=0.8"), "en");
    assert_string_equal(accepted("cy;q=0.5, en;q=0.5"), "cy");
    assert_string_equal(accepted("cy;q=0, en;q=0.1"), "en");
    assert_string_equal(accepted("pt-br"), "pt-BR");
    assert_string_equal(accepted("pt-BR-x-old"), "pt-BR");
    assert_string_equal(accepted("cy-x-a-b-c"), "cy");
    assert_string_equal(accepted("cy;q=1.000"), "cy");
    assert_string_equal(accepted(",,cy,,"), "cy");
}


static void
who_asks_for_none_of_them_gets_none(void **state)
{
    (void) state;

    assert_string_equal(accepted(""), "none");
    assert_string_equal(accepted(NULL), "none");
    assert_string_equal(accepted("*"), "none");
    assert_string_equal(accepted("fr-FR, fr;q=0.9"), "none");
    assert_string_equal(accepted("pt"), "none");
    assert_string_equal(accepted("c"), "none");
    assert_string_equal(accepted("cym"), "none");
    assert_string_equal(accepted("cy;q=0"), "none");
}


static void
what_is_no_header_is_passed_over(void **state)
{
    (void) state;

    assert_string_equal(accepted("cy;q=2, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;q=-1, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;q=0.9999, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;q=1.001, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;q=0x1, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;q=, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;level=1, en;q=0.1"), "en");
    assert_string_equal(accepted("cy;"), "none");
    assert_string_equal(accepted("../../etc/passwd, cy;q=0.1"), "cy");
    assert_string_equal(accepted("<script>, \"cy\", cy;q=0.1"), "cy");
    assert_string_equal(accepted("-, --, -cy, cy-"), "cy");
}


/* a header of any length costs a bounded look */
static void
a_header_without_end_is_looked_at_from_the_front(void **state)
{
    char       *text;
    size_t      i;
    mfa_str_t   header;

    (void) state;

    text = malloc(200000);
    assert_non_null(text);

    for (i = 0; i < 200000; i++) {
        text[i] = "fr,"[i % 3];
    }

    memcpy(text, "cy,", 3);
    header = mfa_str_bytes(text, 200000);
    assert_true(mfa_str_eq_c(mfa_language_accept(&languages, header)->code,
                             "cy"));

    memcpy(text, "fr,", 3);
    memcpy(text + 199998, "cy", 2);
    assert_null(mfa_language_accept(&languages, header));

    memset(text, 'a', 200000);
    assert_null(mfa_language_accept(&languages, header));

    for (i = 0; i < 200000; i++) {
        text[i] = "a-"[i % 2];
    }

    assert_null(mfa_language_accept(&languages, header));
    assert_null(mfa_language_find(&languages, header));

    free(text);
}


static void
a_tag_is_told_from_what_would_be_a_path_or_markup(void **state)
{
    size_t  i;

    static const char *const  good[] = {
        "en", "cy", "gsw", "en-GB", "zh-Hant-TW", "pt-br"
    };

    static const char *const  bad[] = {
        "", "e", "EN", "engl", "en-", "-en", "en--GB", "en_GB", "en/..",
        "../en", "en.po", "en-GB\n", "e n", "en-abcdefghi",
        "en-aaaaaaaa-bbbbbbbb-cccccccc-dddddd", "c\xc5\xb5"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(mfa_language_is_tag(mfa_str_from(good[i])));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(mfa_language_is_tag(mfa_str_from(bad[i])));
    }

    assert_false(mfa_language_is_tag(mfa_str("en\0")));
    assert_true(mfa_str_eq_c(mfa_language_name(mfa_str("cy")), "Cymraeg"));
    assert_true(mfa_str_eq_c(mfa_language_name(mfa_str("en-GB")), "English"));
    assert_int_equal(mfa_language_name(mfa_str("tlh")).len, 0);
}


/* words */

static char  place[64];


static mfa_words_t *
words_of(const char *text)
{
    FILE         *file;
    mfa_error_t   error;
    mfa_words_t  *words;

    (void) snprintf(place, sizeof(place), "/tmp/mfa-language-%d.po",
                    (int) getpid());

    file = fopen(place, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mfa_words_open(place, &error, &words), MFA_OK);
    assert_int_equal(unlink(place), 0);

    return words;
}


static void
what_one_file_has_not_is_looked_up_in_the_next(void **state)
{
    mfa_words_t  *own, *ours, *english;

    (void) state;

    own = words_of("msgid \"\"\nmsgstr \"\"\n"
                   "\"Language: cy\\n\"\n\"X-Language-Name:  Cymraeg \\n\"\n"
                   "msgid \"Login\"\nmsgstr \"Dewch i mewn\"\n"
                   "msgid \"Help\"\nmsgstr \"\"\n");
    ours = words_of("msgid \"Login\"\nmsgstr \"Mewngofnodi\"\n"
                    "msgid \"Help\"\nmsgstr \"Cymorth\"\n"
                    "#, fuzzy\nmsgid \"Name\"\nmsgstr \"Guess\"\n");
    english = words_of("msgid \"Name\"\nmsgstr \"Your name\"\n"
                       "msgid \"Login\"\nmsgstr \"Sign in\"\n");

    mfa_words_join(own, ours);
    mfa_words_join(ours, english);

    assert_true(mfa_str_eq_c(mfa_words_get(own, mfa_str("Login")),
                             "Dewch i mewn"));
    assert_true(mfa_str_eq_c(mfa_words_get(own, mfa_str("Help")),
                             "Cymorth"));
    assert_true(mfa_str_eq_c(mfa_words_get(own, mfa_str("Name")),
                             "Your name"));
    assert_true(mfa_str_eq_c(mfa_words_get(own, mfa_str("Other")), "Other"));
    assert_true(mfa_str_eq_c(mfa_words_header(own, "X-Language-Name"),
                             "Cymraeg"));
    assert_int_equal(mfa_words_header(ours, "X-Language-Name").len, 0);

    mfa_words_close(&own);
    mfa_words_close(&ours);
    mfa_words_close(&english);
}


static void
fault_is(const char *text, const char *wanted)
{
    mfa_error_t   error = { "" };
    mfa_words_t  *words;

    words = words_of(text);

    if (wanted == NULL) {
        assert_int_equal(mfa_words_check(words, "cy.po", &error), MFA_OK);

    } else {
        assert_int_equal(mfa_words_check(words, "cy.po", &error), MFA_CONFIG);
        assert_string_equal(error.text, wanted);
    }

    mfa_words_close(&words);
}


static void
a_translation_has_the_values_of_its_text(void **state)
{
    (void) state;

    fault_is("msgid \"{{a}} and {{b}}\"\nmsgstr \"{{b}} a {{a}} {{b}}\"\n",
             NULL);
    fault_is("msgid \"{{a}}\"\nmsgstr \"\"\n", NULL);
    fault_is("msgid \"Hello\"\nmsgstr \"Helo {{ brand }}\"\n",
             "a value that \"msgid\" has not: \"{{ brand }}\" in cy.po:1");
    fault_is("\n\nmsgid \"{{a}} of {{b}}\"\nmsgstr \"o {{b}}\"\n",
             "a value is missing in \"msgstr\": \"{{a}}\" in cy.po:3");
    fault_is("msgid \"{{a}}\"\nmsgstr \"{{a\"\n",
             "unclosed tag \"{{a\" in cy.po:1");
    fault_is("msgid \"{{a}}\"\nmsgstr \"{{#a}}x{{/a}}\"\n",
             "not a value: \"{{#a}}\" in cy.po:1");

    /* what was escaped stays escaped */

    fault_is("msgid \"{{a}}\"\nmsgstr \"{{{a}}}\"\n",
             "a value that \"msgid\" has not: \"{{{a}}}\" in cy.po:1");
    fault_is("msgid \"{{a}}\"\nmsgstr \"{{&a}}\"\n",
             "a value that \"msgid\" has not: \"{{&a}}\" in cy.po:1");
}


static void
values_are_put_where_the_translation_has_them(void **state)
{
    mfa_str_t          text;
    mfa_arena_t       *arena;
    mfa_words_t       *words;
    mfa_pair_t         pairs[] = {
        { mfa_str_static("n"), mfa_str_static("5") },
        { mfa_str_static("x"), mfa_str_static("{{n}}") }
    };
    const mfa_pairs_t  values = { pairs, 2 };

    (void) state;

    arena = mfa_arena_open(64 * 1024);
    words = words_of("msgid \"{{n}} hours\"\nmsgstr \"{{n}} awr\"\n");

    text = mfa_words_fill(words, mfa_str("{{n}} hours"), &values, arena);
    assert_true(mfa_str_eq_c(text, "5 awr"));
    text = mfa_words_fill(NULL, mfa_str("{{n}}{{m}} of {{x}}."), &values,
                          arena);
    assert_true(mfa_str_eq_c(text, "5 of {{n}}."));
    text = mfa_words_fill(NULL, mfa_str("no value"), &values, arena);
    assert_true(mfa_str_eq_c(text, "no value"));

    mfa_words_close(&words);
    mfa_arena_close(&arena);
}


static void
dates_are_in_the_words_and_the_order_of_the_language(void **state)
{
    mfa_str_t     text;
    mfa_time_t    at, back;
    mfa_arena_t  *arena;
    mfa_words_t  *words;

    (void) state;

    (void) setenv("TZ", "UTC", 1);

    at = (mfa_time_t) 1804843800 * MFA_SECOND;      /* 12 March 2027 */
    arena = mfa_arena_open(64 * 1024);
    words = words_of("msgid \"March\"\nmsgstr \"Mawrth\"\n"
                     "msgid \"{{day}} {{month}} {{year}}\"\n"
                     "msgstr \"{{year}}, {{month}} {{day}}\"\n");

    assert_true(mfa_str_eq_c(mfa_date_day(NULL, at, arena), "12 March 2027"));
    assert_true(mfa_str_eq_c(mfa_date_moment(NULL, at, arena),
                             "12 March 2027, 09:30 UTC"));
    assert_true(mfa_str_eq_c(mfa_date_utc(words, at, arena),
                             "2027, Mawrth 12, 09:30 UTC"));
    assert_int_equal(mfa_date_day(NULL, 0, arena).len, 0);

    text = mfa_date_pack(at, arena);
    assert_int_equal(mfa_date_unpack(text, &back), MFA_OK);
    assert_true(back == at);
    assert_int_equal(mfa_date_pack(0, arena).len, 0);
    assert_int_equal(mfa_date_unpack(mfa_str("12 March 2027"), &back),
                     MFA_INVALID);
    assert_int_equal(mfa_date_unpack(mfa_str("-5"), &back), MFA_INVALID);
    assert_int_equal(mfa_date_unpack(mfa_null, &back), MFA_INVALID);

    mfa_words_close(&words);
    mfa_arena_close(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_heaviest_range_that_there_is_a_language_for_wins),
        cmocka_unit_test(who_asks_for_none_of_them_gets_none),
        cmocka_unit_test(what_is_no_header_is_passed_over),
        cmocka_unit_test(a_header_without_end_is_looked_at_from_the_front),
        cmocka_unit_test(a_tag_is_told_from_what_would_be_a_path_or_markup),
        cmocka_unit_test(what_one_file_has_not_is_looked_up_in_the_next),
        cmocka_unit_test(a_translation_has_the_values_of_its_text),
        cmocka_unit_test(values_are_put_where_the_translation_has_them),
        cmocka_unit_test(dates_are_in_the_words_and_the_order_of_the_language)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
