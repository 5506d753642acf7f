/*
 * Templates: what the Mustache specification asks of the tags we have.
 */

#include "mfa_template_fixture.h"


/* three items whose "n" is 1, 2, 3 */

static mfa_value_t *
set_list(const char *name)
{
    mfa_value_t  *list;

    list = mfa_value_set_list(values, name);
    set_str(mfa_value_add_map(list), "n", "1");
    set_str(mfa_value_add_map(list), "n", "2");
    set_str(mfa_value_add_map(list), "n", "3");

    return list;
}

static void
text_without_tags_stays_as_it_is(void **state)
{
    (void) state;

    renders("", "");
    renders("plain } }} { \n<b>\n\n", "plain } }} { \n<b>\n\n");
}


/* E4, X98 */

static void
values_are_escaped_in_html(void **state)
{
    (void) state;

    set_str(values, "x", "<script a=\"1\" b='2'>&amp;");

    renders("[{{x}}]", "[&lt;script a=&quot;1&quot; b=&#39;2&#39;&gt;"
                       "&amp;amp;]");
    renders("[{{{x}}}]", "[<script a=\"1\" b='2'>&amp;]");
    renders("[{{&x}}]", "[<script a=\"1\" b='2'>&amp;]");

    set_str(values, "x", "<");
    renders("[{{& x }} {{{ x }}} {{ x }}]", "[< < &lt;]");
}


static void
values_are_not_escaped_in_text(void **state)
{
    (void) state;

    set_str(values, "x", "<a&'\">");
    put_file(root, "mail/a.txt", "{{x}}{{{x}}}\n");
    put_file(root, "mail/a.html", "{{x}}");

    file_renders("mail/a.txt", "<a&'\"><a&'\">\n");
    file_renders("mail/a.html", "&lt;a&amp;&#39;&quot;&gt;");
}


static void
a_value_is_never_read_as_a_template(void **state)
{
    (void) state;

    set_str(values, "x", "{{y}} {{{y}}} {{#t}}A{{/t}}");
    set_str(values, "y", "secret");
    renders("{{x}}", "{{y}} {{{y}}} {{#t}}A{{/t}}");
    renders("{{#t}}A {{x}}{{/t}}", "A {{y}} {{{y}}} {{#t}}A{{/t}}");
}


static void
a_missing_value_shows_nothing(void **state)
{
    (void) state;

    set_str(values, "s", "x");
    mfa_value_set_flag(values, "flag", true);
    (void) mfa_value_set_map(values, "map");
    (void) set_list("list");

    renders("[{{a}}{{{a}}}{{&a.b.c}}{{s.x}}{{flag}}{{map}}{{list}}{{.}}]",
            "[]");
}


static void
white_space_around_values_stays(void **state)
{
    (void) state;

    set_str(values, "x", "7");
    renders("| {{x}} |\n  {{x}}\n{{ x }}\t{{\nx\n}}",
            "| 7 |\n  7\n7\t7");
}


static void
dotted_names_go_down(void **state)
{
    mfa_value_t  *a, *b;

    (void) state;

    a = mfa_value_set_map(values, "a");
    b = mfa_value_set_map(a, "b");
    set_str(b, "c", "deep");
    set_str(values, "c", "top");

    renders("{{a.b.c}}|{{a.c}}|{{#a.b}}{{c}}{{/a.b}}|{{#a}}{{c}}{{/a}}",
            "deep||deep|top");

    /* the nearest "a" decides, even when it has no "b" */

    a = mfa_value_set_map(mfa_value_set_map(values, "in"), "a");
    set_str(a, "x", "1");
    renders("{{#in}}[{{a.b.c}}]{{/in}}", "[]");
}


static void
a_section_shows_what_is_true(void **state)
{
    (void) state;

    mfa_value_set_flag(values, "on", true);
    mfa_value_set_flag(values, "off", false);
    set_str(values, "s", "x");
    set_str(values, "empty", "");
    (void) mfa_value_set_map(values, "map");
    (void) mfa_value_set_list(values, "none");
    (void) set_list("list");

    renders("{{#on}}1{{/on}}{{#off}}2{{/off}}{{#s}}3{{/s}}{{#empty}}4"
            "{{/empty}}{{#map}}5{{/map}}{{#none}}6{{/none}}{{#list}}7"
            "{{/list}}{{#no}}8{{/no}}{{#no.no}}9{{/no.no}}", "135777");
    renders("{{^on}}1{{/on}}{{^off}}2{{/off}}{{^s}}3{{/s}}{{^empty}}4"
            "{{/empty}}{{^map}}5{{/map}}{{^none}}6{{/none}}{{^list}}7"
            "{{/list}}{{^no}}8{{/no}}{{^no.no}}9{{/no.no}}", "24689");
}


static void
a_section_goes_over_a_list(void **state)
{
    mfa_value_t  *inner, *item;

    (void) state;

    item = mfa_value_add_map(set_list("list"));
    set_str(item, "n", "<");
    inner = mfa_value_set_list(item, "in");
    set_str(mfa_value_add_map(inner), "m", "x");
    set_str(mfa_value_add_map(inner), "m", "y");
    set_str(values, "top", "!");

    renders("{{#list}}({{n}}{{top}}{{#in}}{{m}}{{n}}{{/in}}){{/list}}",
            "(1!)(2!)(3!)(&lt;!x&lt;y&lt;)");
}


static void
a_section_of_a_text_is_its_own_value(void **state)
{
    (void) state;

    set_str(values, "s", "a&b");
    renders("{{#s}}{{.}} {{{.}}} {{s}}{{/s}}", "a&amp;b a&b a&amp;b");
}


static void
an_inner_value_hides_an_outer_one(void **state)
{
    mfa_value_t  *map;

    (void) state;

    set_str(values, "x", "out");
    set_str(values, "y", "far");
    map = mfa_value_set_map(values, "map");
    set_str(map, "x", "in");

    renders("{{x}}{{#map}}{{x}}{{y}}{{/map}}{{x}}", "outinfarout");
}


static void
the_last_value_of_a_name_counts(void **state)
{
    (void) state;

    (void) set_list("x");
    set_str(values, "x", "1");
    set_str(values, "x", "2");
    renders("{{x}}", "2");

    (void) set_list("x");
    renders("{{#x}}{{n}}{{/x}}", "123");
    (void) mfa_value_set_list(values, "x");
    renders("{{#x}}{{n}}{{/x}}{{^x}}none{{/x}}", "none");
}


static void
block_tags_alone_on_a_line_take_it_with_them(void **state)
{
    (void) state;

    mfa_value_set_flag(values, "on", true);

    renders("a\n{{#on}}\nb\n{{/on}}\nc\n", "a\nb\nc\n");
    renders("a\n  {{#on}}  \nb\n\t{{/on}}\t\nc\n", "a\nb\nc\n");
    renders("a\r\n{{#on}}\r\nb\r\n{{/on}}\r\nc", "a\r\nb\r\nc");
    renders("  {{#on}}\nb\n  {{/on}}", "b\n");
    renders("{{^off}}\nb\n{{/off}}\n", "b\n");
    renders("a\n  {{! a comment }}\nb", "a\nb");
    renders("a\n  {{! two\n  lines }}\nb", "a\nb");
    renders("{{! x }}\nb{{! y }}", "b");
    renders("{{#on}}\n{{#on}}\nb\n{{/on}}\n{{/on}}\n", "b\n");
}


static void
block_tags_beside_text_leave_it_alone(void **state)
{
    (void) state;

    mfa_value_set_flag(values, "on", true);

    renders(" | {{#on}}\t|\t{{/on}} | \n", " | \t|\t | \n");
    renders(" {{#on}}A{{/on}}\n {{#on}}B{{/on}}\n", " A\n B\n");
    renders("a {{! x }} b {{! y }}\n", "a  b \n");
    renders("  {{#on}}{{/on}}\n", "  \n");
    renders("{{x}}  \n  {{x}}\n", "  \n  \n");
}


static void
a_partial_is_put_where_it_is_named(void **state)
{
    (void) state;

    set_str(values, "x", "<7>");
    put_file(root, "p.html", "[{{x}}]");
    put_file(root, "mail/p.html", "[mail]");
    put_file(root, "mail/p.txt", "[{{x}} {{>mail/q}}]");
    put_file(root, "mail/q.txt", "q");
    put_file(root, "mail/a.txt", "{{>mail/p}}");

    renders("a{{>p}}b{{> mail/p }}", "a[&lt;7&gt;]b[mail]");
    file_renders("mail/a.txt", "[<7> q]");
}


static void
a_partial_alone_on_a_line_is_indented(void **state)
{
    (void) state;

    set_str(values, "x", "<\n-");
    put_file(root, "p.html", "|\n{{{x}}}\n|\n");
    put_file(root, "q.html", "1\n\n  {{>p}}\n{{#no}}\n{{/no}}\n2");
    put_file(root, "r.html", ">\n>");
    put_file(root, "s.html", "a{{{x}}}b{{no}}c\n{{no}}d");

    renders("\\\n {{>p}}\n/\n", "\\\n |\n <\n-\n |\n/\n");
    renders(" {{>q}}\n", " 1\n\n   |\n   <\n-\n   |\n 2");
    renders("| {{>r}}\n", "| >\n>\n");
    renders("{{x}}  {{>r}}\n", "&lt;\n-  >\n>\n");
    renders("|\r\n{{>r}}\r\n|", "|\r\n>\n>|");
    renders("  {{>r}}\n>", "  >\n  >>");
    renders("  {{>r}}", "  >\n  >");
    renders("  {{>s}}", "  a<\n-bc\n  d");
}


#define TEST(name)                                                            \
    cmocka_unit_test_setup_teardown(name, template_setup, template_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(text_without_tags_stays_as_it_is),
        TEST(values_are_escaped_in_html),
        TEST(values_are_not_escaped_in_text),
        TEST(a_value_is_never_read_as_a_template),
        TEST(a_missing_value_shows_nothing),
        TEST(white_space_around_values_stays),
        TEST(dotted_names_go_down),
        TEST(a_section_shows_what_is_true),
        TEST(a_section_goes_over_a_list),
        TEST(a_section_of_a_text_is_its_own_value),
        TEST(an_inner_value_hides_an_outer_one),
        TEST(the_last_value_of_a_name_counts),
        TEST(block_tags_alone_on_a_line_take_it_with_them),
        TEST(block_tags_beside_text_leave_it_alone),
        TEST(a_partial_is_put_where_it_is_named),
        TEST(a_partial_alone_on_a_line_is_indented),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
