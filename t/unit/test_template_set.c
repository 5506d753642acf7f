/*
 * Templates: words, overrides, limits, and what nginx -t says of a template
 * that is wrong.
 */

#include "mfa_template_fixture.h"


static void
fails(const char *text, const char *what, unsigned line)
{
    char  wanted[256];

    put_file(root, "a.html", text);
    mfa_templates_close(&set);

    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_null(set);

    (void) snprintf(wanted, sizeof(wanted), "%s in %s/a.html:%u", what, root,
                    line);
    assert_string_equal(error.text, wanted);
}


static void
set_words(const char *text)
{
    char  path[128];

    put_file(root, "de.po", text);
    (void) snprintf(path, sizeof(path), "%s/de.po", root);
    mfa_words_close(&words);
    assert_int_equal(mfa_words_open(path, &error, &words), MFA_OK);
}

static void
the_words_of_a_language_are_used(void **state)
{
    (void) state;

    set_str(values, "name", "<Ana>");
    set_str(values, "n", "3");

    renders("<p>{{#t}}Hello {{name}}{{/t}}</p>", "<p>Hello &lt;Ana&gt;</p>");

    set_words("msgid \"Hello {{name}}\"\n"
              "msgstr \"{{n}} &times; Hallo <b>{{name}}</b>{{&name}}\"\n"
              "msgid \"Bye\"\n"
              "msgstr \"\"\n");

    renders("<p>{{#t}}Hello {{name}}{{/t}}</p>",
            "<p>3 &times; Hallo <b>&lt;Ana&gt;</b><Ana></p>");
    renders("{{# t }}\n Hello\t {{name}}\n{{/ t }}",
            "3 &times; Hallo <b>&lt;Ana&gt;</b><Ana>");
    renders("{{#t}}Bye{{/t}}{{#t}}See you{{/t}}", "ByeSee you");
}


static void
words_are_folded_and_part_of_their_line(void **state)
{
    (void) state;

    renders("a\n  {{#t}}\n  one\r\n\t two  \n  {{/t}}\nb", "a\n  one two\nb");
    renders("{{#t}}x{{/t}} {{#t}} y {{/t}}\n", "x y\n");
}


static void
a_broken_translation_gives_way_to_english(void **state)
{
    size_t                    i;
    char                      text[128];

    static const char *const  bad[] = {
        "x {{name", "x {{#name}}y{{/name}}", "{{>head}}", "{{/t}}", "{{=x=}}",
        "{{! x }}", "{{na me}}", "{{",
    };

    (void) state;

    set_str(values, "name", "Ana");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void) snprintf(text, sizeof(text),
                        "msgid \"Hi {{name}}\"\nmsgstr \"%s\"\n", bad[i]);
        set_words(text);
        renders("{{#t}}Hi {{name}}{{/t}}", "Hi Ana");
    }
}


static void
count_word(mfa_str_t text, void *arg)
{
    mfa_strs_t  *list;

    list = arg;
    assert_int_equal(mfa_strs_add(arena, list, text), MFA_OK);
}


static void
each_word_is_told(void **state)
{
    mfa_strs_t  list;

    (void) state;

    put_file(root, "p.txt", "{{#t}}In  text{{/t}}");
    renders("{{#t}}One {{x}}{{/t}}{{#no}}{{#t}}Two{{/t}}{{/no}}", "One ");

    list = (mfa_strs_t) { NULL, 0 };
    mfa_templates_each_word(set, count_word, &list);

    assert_int_equal(list.count, 3);
    assert_true(mfa_strs_has(&list, mfa_str("One {{x}}")));
    assert_true(mfa_strs_has(&list, mfa_str("Two")));
    assert_true(mfa_strs_has(&list, mfa_str("In text")));
}


static void
an_override_wins(void **state)
{
    mfa_str_t  out;

    (void) state;

    put_file(root, "a.html", "given {{>p}}");
    put_file(root, "p.html", "p");
    put_file(over, "p.html", "mine");
    put_file(over, "q.html", "new");
    put_file(root, "style.css", "{{");
    put_file(root, ".a.html", "{{");

    assert_int_equal(mfa_templates_open(root, over, &error, &set), MFA_OK);
    assert_int_equal(mfa_template_render(set, mfa_str("a.html"), values, NULL,
                                         arena, &out), MFA_OK);
    assert_true(mfa_str_eq_c(out, "given mine"));
    assert_int_equal(mfa_template_render(set, mfa_str("q.html"), values, NULL,
                                         arena, &out), MFA_OK);
    assert_int_equal(mfa_template_render(set, mfa_str("r.html"), values, NULL,
                                         arena, &out), MFA_NOT_FOUND);
    assert_int_equal(mfa_template_render(set, mfa_str("style.css"), values,
                                         NULL, arena, &out), MFA_NOT_FOUND);
}


static void
a_broken_template_is_refused_with_its_line(void **state)
{
    (void) state;

    fails("a\n{{x", "unclosed tag \"{{x\"", 2);
    fails("{{", "unclosed tag \"{{\"", 1);
    fails("{{{x}}", "unclosed tag \"{{{x}}\"", 1);
    fails("{{! x", "unclosed tag \"{{! x\"", 1);
    fails("\n\n{{=<% %>=}}", "unknown tag \"{{=<% %>=}}\"", 3);
    fails("{{a b}}", "unknown tag \"{{a b}}\"", 1);
    fails("{{}}", "unknown tag \"{{}}\"", 1);
    fails("{{a..b}}", "unknown tag \"{{a..b}}\"", 1);
    fails("{{.a}}", "unknown tag \"{{.a}}\"", 1);
    fails("{{<a}}", "unknown tag \"{{<a}}\"", 1);
    fails("{{>../a}}", "unknown tag \"{{>../a}}\"", 1);
    fails("{{>*a}}", "unknown tag \"{{>*a}}\"", 1);
    fails("\n{{#a}}\n{{#b}}{{/b}}", "unclosed section \"a\"", 2);
    fails("{{/a}}", "unexpected end of section \"a\"", 1);
    fails("{{#a}}\n{{/b}}", "unexpected end of section \"b\"", 2);
    fails("{{#a}}{{#b}}{{/a}}{{/b}}", "unexpected end of section \"a\"", 1);
    fails("\n{{#t}}x", "unclosed section \"t\"", 2);
    fails("{{#t}} {{/t}}", "empty section \"t\"", 1);
    fails("{{#t}}\n{{#a}}x{{/a}}{{/t}}",
          "not a value inside \"t\": \"{{#a}}x{{/a}}{{/t}}\"", 2);
    fails("{{#t}}{{! x }}y{{/t}}",
          "not a value inside \"t\": \"{{! x }}y{{/t}}\"", 1);
    fails("\n{{>p}}", "missing partial \"p.html\"", 2);
    fails("{{>a}}", "recursive partial \"a.html\"", 1);
}


static void
partials_in_a_circle_are_refused(void **state)
{
    (void) state;

    put_file(root, "b.html", "{{>c}}");
    put_file(root, "c.html", "{{#no}}{{>a}}{{/no}}");
    put_file(root, "a.html", "{{>b}}");

    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "recursive partial \"a.html\" in "));
    assert_non_null(strstr(error.text, "/c.html:1"));
}


static void
partials_nest_at_most_16_deep(void **state)
{
    char      name[16], text[16];
    unsigned  i;

    (void) state;

    for (i = 0; i < 15; i++) {
        (void) snprintf(name, sizeof(name), "p%02u.html", i);
        (void) snprintf(text, sizeof(text), "{{>p%02u}}", i + 1);
        put_file(root, name, text);
    }

    put_file(root, "p15.html", "end");
    file_renders("p00.html", "end");
    renders("{{>p01}}", "end");

    /* one more: a.html is followed first, z.html after what it names */

    put_file(root, "z.html", "{{>p00}}");
    mfa_templates_close(&set);
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "too deep partial \"p00.html\" in "));
    assert_non_null(strstr(error.text, "/z.html:1"));

    put_file(root, "a.html", "{{>p00}}");
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "too deep partial \"p15.html\" in "));
}


static void
sections_nest_at_most_32_deep(void **state)
{
    size_t  i, len;
    char    text[1024];

    (void) state;

    len = 0;

    for (i = 0; i < 33; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len, "{{#a}}");
    }

    fails(text, "too deep section \"a\"", 1);
}


static void
a_folder_that_is_not_there_is_named(void **state)
{
    (void) state;

    assert_int_equal(mfa_templates_open("/nowhere", NULL, &error, &set),
                     MFA_CONFIG);
    assert_string_equal(error.text, "opendir() \"/nowhere/\" failed "
                                    "(2: No such file or directory)");
}


static void
a_template_is_utf8(void **state)
{
    (void) state;

    put_file(root, "a.html", "\xff");
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "/a.html\" is not UTF-8"));
}


static void
a_template_is_not_larger_than_a_page(void **state)
{
    char  *text;

    (void) state;

    text = mfa_arena_alloc(arena, MFA_PAGE_MAX + 2);
    assert_non_null(text);

    memset(text, 'a', MFA_PAGE_MAX);
    renders(text, text);

    text[MFA_PAGE_MAX] = 'a';
    put_file(root, "a.html", text);
    mfa_templates_close(&set);
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "/a.html\" is too large"));
}


static void
a_template_that_cannot_be_read_is_named(void **state)
{
    char  path[128];

    (void) state;

    (void) snprintf(path, sizeof(path), "%s/a.html", root);
    assert_int_equal(symlink("/nowhere/a.html", path), 0);

    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "/a.html\" failed (2: No such file"));
}


static void
a_set_has_at_most_512_templates(void **state)
{
    char      name[32];
    unsigned  i;

    (void) state;

    for (i = 0; i < 512; i++) {
        (void) snprintf(name, sizeof(name), "%u.txt", i);
        put_file(root, name, "{{#t}}One{{/t}}");
    }

    file_renders("511.txt", "One");

    put_file(root, "more.txt", "");
    mfa_templates_close(&set);
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set),
                     MFA_CONFIG);
    assert_non_null(strstr(error.text, "more than 512 templates in \""));
}


static void
a_page_without_memory_is_no_page(void **state)
{
    mfa_str_t     out;
    mfa_arena_t  *tiny;
    mfa_value_t  *map;

    (void) state;

    renders("{{x}} text", " text");

    tiny = mfa_arena_open(400);
    map = mfa_value_map(tiny);
    assert_null(mfa_value_add_map(mfa_value_set_list(NULL, "x")));

    while (!mfa_arena_has_failed(tiny)) {
        (void) mfa_value_add_map(mfa_value_set_list(map, "x"));
    }

    assert_int_equal(mfa_template_render(set, mfa_str("a.html"), map, NULL,
                                         tiny, &out), MFA_NO_MEMORY);
    assert_int_equal(out.len, 0);

    mfa_arena_close(&tiny);
}


static void
a_page_has_an_end(void **state)
{
    size_t        i;
    mfa_str_t     out;
    mfa_value_t  *list;

    (void) state;

    list = mfa_value_set_list(values, "l");

    for (i = 0; i < 300; i++) {
        (void) mfa_value_add_map(list);
    }

    renders("{{#l}}{{#l}}{{#no}}{{/no}}{{/l}}{{/l}}", "");

    put_file(root, "a.html",
             "{{#l}}{{#l}}{{#l}}{{#no}}{{/no}}{{/l}}{{/l}}{{/l}}");
    put_file(root, "b.html", "{{#l}}{{#l}}0123456789{{/l}}{{/l}}");
    mfa_templates_close(&set);
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set), MFA_OK);

    assert_int_equal(mfa_template_render(set, mfa_str("a.html"), values, NULL,
                                         arena, &out), MFA_NO_MEMORY);
    assert_int_equal(mfa_template_render(set, mfa_str("b.html"), values, NULL,
                                         arena, &out), MFA_NO_MEMORY);
}


#define TEST(name)                                                            \
    cmocka_unit_test_setup_teardown(name, template_setup, template_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(the_words_of_a_language_are_used),
        TEST(words_are_folded_and_part_of_their_line),
        TEST(a_broken_translation_gives_way_to_english),
        TEST(each_word_is_told),
        TEST(an_override_wins),
        TEST(a_broken_template_is_refused_with_its_line),
        TEST(partials_in_a_circle_are_refused),
        TEST(partials_nest_at_most_16_deep),
        TEST(sections_nest_at_most_32_deep),
        TEST(a_folder_that_is_not_there_is_named),
        TEST(a_template_is_utf8),
        TEST(a_template_is_not_larger_than_a_page),
        TEST(a_template_that_cannot_be_read_is_named),
        TEST(a_set_has_at_most_512_templates),
        TEST(a_page_without_memory_is_no_page),
        TEST(a_page_has_an_end),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
