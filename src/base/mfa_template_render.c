/*
 * Templates: a page made from one of a set, values and words.
 *
 * Values are not trusted and are escaped where they are put. Templates and
 * translations are trusted: the text of {{#t}} is HTML as it stands, with
 * entities and simple markup if need be, and so is its translation; only the
 * values inside are escaped. Words are part of their line, so white space
 * around them stays. A translation that cannot be parsed is passed over for
 * the English text, because a slip in a .po file must not take a page away.
 *
 * A value that is not there shows nothing, and so does a flag, a map or a
 * list. False are: what is not there, a flag that is off, an empty string and
 * an empty list.
 */

#include "mfa_template_parse.h"


/* partials in loops multiply: no page needs this many nodes */
#define PAGE_STEPS_MAX  (256 * 1024)


/* values in scope, the innermost first */

typedef struct scope_s  scope_t;

struct scope_s {
    const mfa_value_t  *value;
    const scope_t      *outer;
};

typedef struct {
    const mfa_templates_t  *set;
    const mfa_words_t      *words;
    mfa_arena_t            *arena;
    mfa_buf_t               out;
    mfa_str_t               indent;         /* of the partials around */
    size_t                  steps;
    bool                    is_html;
    bool                    is_line_start;
} page_t;


static void  page_put_nodes(page_t *page, const mfa_template_t *tpl,
    size_t from, size_t to, const scope_t *scope);


/* "a.b" is b of the nearest a: a miss inside it is not sought further out */

static const mfa_value_t *
scope_find(const scope_t *scope, mfa_str_t name)
{
    mfa_str_t           first;
    const mfa_value_t  *value;

    if (mfa_str_eq_c(name, ".")) {
        return scope->value;
    }

    first = mfa_str_split(&name, '.');
    value = NULL;

    for ( /* void */ ; scope != NULL && value == NULL; scope = scope->outer) {
        value = mfa_value_get(scope->value, first);
    }

    while (name.len != 0) {
        value = mfa_value_get(value, mfa_str_split(&name, '.'));
    }

    return value;
}


static bool
value_is_true(const mfa_value_t *value)
{
    if (value == NULL) {
        return false;
    }

    switch (value->kind) {
    case MFA_VALUE_STR:
        return value->text.len != 0;
    case MFA_VALUE_FLAG:
        return value->flag;
    case MFA_VALUE_MAP:
        return true;
    case MFA_VALUE_LIST:
        return value->first != NULL;
    }

    return false;
}


/* a partial with a line of its own indents each line of its text */

static void
page_put_indent(page_t *page)
{
    if (page->is_line_start) {
        mfa_buf_put(&page->out, page->indent);
    }

    page->is_line_start = false;
}


static void
page_put_text(page_t *page, mfa_str_t text)
{
    mfa_str_t  line;

    if (page->indent.len == 0) {
        mfa_buf_put(&page->out, text);
        page->is_line_start = text.data[text.len - 1] == '\n';

        return;
    }

    while (text.len != 0) {
        line = mfa_str_split(&text, '\n');

        if (line.len != 0) {
            page_put_indent(page);
            mfa_buf_put(&page->out, line);
        }

        /* the split leaves an address when there was a line break */

        if (text.data != NULL) {
            mfa_buf_putc(&page->out, '\n');
            page->is_line_start = true;
        }
    }
}


static const char *
html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}


static void
page_put_html(page_t *page, mfa_str_t s)
{
    size_t       i, done;
    const char  *entity;

    done = 0;

    for (i = 0; i < s.len; i++) {
        entity = html_entity(s.data[i]);

        if (entity != NULL) {
            mfa_buf_put(&page->out, mfa_str_bytes(s.data + done, i - done));
            mfa_buf_puts(&page->out, entity);
            done = i + 1;
        }
    }

    mfa_buf_put(&page->out, mfa_str_bytes(s.data + done, s.len - done));
}


/* a line break inside a value starts no line of the template: no indent */

static void
page_put_value(page_t *page, const mfa_node_t *node, const scope_t *scope)
{
    const mfa_value_t  *value;

    page_put_indent(page);

    value = scope_find(scope, node->text);

    if (value == NULL || value->kind != MFA_VALUE_STR
        || value->text.len == 0)
    {
        return;
    }

    if (node->kind == MFA_NODE_VALUE && page->is_html) {
        page_put_html(page, value->text);

    } else {
        mfa_buf_put(&page->out, value->text);
    }
}


static void
page_put_section(page_t *page, const mfa_template_t *tpl, size_t at,
    const scope_t *scope)
{
    scope_t             inner;
    const mfa_value_t  *value, *item;

    value = scope_find(scope, tpl->nodes[at].text);

    if (!value_is_true(value)) {
        return;
    }

    inner = (scope_t) { .value = value, .outer = scope };

    if (value->kind != MFA_VALUE_LIST) {
        page_put_nodes(page, tpl, at + 1, tpl->nodes[at].end, &inner);
        return;
    }

    for (item = value->first; item != NULL; item = item->next) {
        inner.value = item;
        page_put_nodes(page, tpl, at + 1, tpl->nodes[at].end, &inner);
    }
}


static void
page_put_inverted(page_t *page, const mfa_template_t *tpl, size_t at,
    const scope_t *scope)
{
    if (!value_is_true(scope_find(scope, tpl->nodes[at].text))) {
        page_put_nodes(page, tpl, at + 1, tpl->nodes[at].end, scope);
    }
}


static void
page_put_partial(page_t *page, const mfa_node_t *node, const scope_t *scope)
{
    mfa_str_t              outer;
    const mfa_template_t  *tpl;

    outer = page->indent;
    tpl = &page->set->items[node->partial];

    if (node->indent.len != 0) {
        page->indent = mfa_arena_printf(page->arena, MFA_STR_FMT MFA_STR_FMT,
                                        MFA_STR_ARG(outer),
                                        MFA_STR_ARG(node->indent));
    }

    page_put_nodes(page, tpl, 0, tpl->count, scope);
    page->indent = outer;
}


static void
page_put_words(page_t *page, const mfa_template_t *tpl, size_t at,
    const scope_t *scope)
{
    mfa_str_t          text;
    mfa_template_t     foreign;
    const mfa_node_t  *node;

    node = &tpl->nodes[at];
    text = mfa_words_get(page->words, node->text);

    if (text.data != node->text.data) {
        foreign = (mfa_template_t) { .source = text };

        if (mfa_template_parse_words(page->arena, &foreign) == MFA_OK) {
            page_put_nodes(page, &foreign, 0, foreign.count, scope);
            return;
        }
    }

    page_put_nodes(page, tpl, at + 1, node->end, scope);
}


static void
page_put_nodes(page_t *page, const mfa_template_t *tpl, size_t from,
    size_t to, const scope_t *scope)
{
    size_t             at;
    const mfa_node_t  *node;

    for (at = from; at < to; at++) {
        node = &tpl->nodes[at];

        if (page->steps == PAGE_STEPS_MAX || page->out.has_failed) {
            page->out.has_failed = true;
            return;
        }

        page->steps++;

        switch (node->kind) {

        case MFA_NODE_TEXT:
            page_put_text(page, node->text);
            break;

        case MFA_NODE_VALUE:
        case MFA_NODE_RAW:
            page_put_value(page, node, scope);
            break;

        case MFA_NODE_SECTION:
            page_put_section(page, tpl, at, scope);
            at = node->end - 1;
            break;

        case MFA_NODE_INVERTED:
            page_put_inverted(page, tpl, at, scope);
            at = node->end - 1;
            break;

        case MFA_NODE_PARTIAL:
            page_put_partial(page, node, scope);
            break;

        case MFA_NODE_WORDS:
            page_put_words(page, tpl, at, scope);
            at = node->end - 1;
            break;
        }
    }
}


static bool
page_is_html(mfa_str_t name)
{
    mfa_str_t  suffix;

    suffix = mfa_str(".txt");

    return name.len < suffix.len
           || memcmp(name.data + name.len - suffix.len, suffix.data,
                     suffix.len) != 0;
}


mfa_status_t
mfa_template_render(const mfa_templates_t *set, mfa_str_t name,
    const mfa_value_t *values, const mfa_words_t *words, mfa_arena_t *arena,
    mfa_str_t *out)
{
    page_t                 page;
    scope_t                scope;
    mfa_status_t           st;
    const mfa_template_t  *tpl;

    *out = mfa_null;

    tpl = mfa_template_find(set, name);
    if (tpl == NULL) {
        return MFA_NOT_FOUND;
    }

    page = (page_t) { .set = set, .words = words, .arena = arena,
                      .is_html = page_is_html(name), .is_line_start = true };
    scope = (scope_t) { .value = values, .outer = NULL };

    mfa_buf_init(&page.out, arena, MFA_PAGE_MAX);
    page_put_nodes(&page, tpl, 0, tpl->count, &scope);

    st = mfa_buf_str(&page.out, out);

    /* a value that could not be built would be a page that lies */

    if (mfa_arena_has_failed(arena)) {
        *out = mfa_null;
        return MFA_NO_MEMORY;
    }

    return st;
}
