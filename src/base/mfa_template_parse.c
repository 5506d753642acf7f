/*
 * Templates: from text to nodes.
 *
 * Mustache without lambdas and without a change of delimiters. A tag that
 * is not understood is an error with its line, never text of the page.
 * Works on text alone; files and partials are the business of mfa_template.c.
 */

#include "mfa_template_parse.h"


#define TAG_SHOWN_MAX  40


typedef struct {
    mfa_arena_t     *arena;
    mfa_template_t  *tpl;
    mfa_error_t     *error;
    mfa_str_t        source;
    size_t           pos;           /* what stands before it has its nodes */
    size_t           depth;
    size_t           open[MFA_TEMPLATE_DEPTH_MAX];
} parser_t;


static mfa_str_t
parse_slice(const parser_t *p, size_t from, size_t to)
{
    return mfa_str_bytes(p->source.data + from, to - from);
}


mfa_status_t
mfa_template_fault(const mfa_template_t *tpl, size_t at, const char *what,
    mfa_str_t name, mfa_error_t *error)
{
    size_t    i;
    unsigned  line;

    if (error == NULL) {
        return MFA_CONFIG;
    }

    line = 1;

    for (i = 0; i < at && i < tpl->source.len; i++) {
        if (tpl->source.data[i] == '\n') {
            line++;
        }
    }

    mfa_error_set(error, "%s \"" MFA_STR_FMT "\" in %s:%u", what,
                  MFA_STR_ARG(name), tpl->path, line);

    return MFA_CONFIG;
}


static mfa_status_t
parse_fault(const parser_t *p, const mfa_tag_t *tag, const char *what)
{
    return mfa_template_fault(p->tpl, tag->start, what, tag->name, p->error);
}


/* the beginning of a tag, as far as its line goes */

static mfa_status_t
parse_fault_at(const parser_t *p, size_t start, const char *what)
{
    mfa_str_t  shown;

    shown = parse_slice(p, start, p->source.len);
    shown = mfa_str_split(&shown, '\n');

    if (shown.len > TAG_SHOWN_MAX) {
        shown.len = TAG_SHOWN_MAX;
    }

    return mfa_template_fault(p->tpl, start, what, shown, p->error);
}


static mfa_status_t
parse_next(const parser_t *p, size_t from, mfa_tag_t *tag)
{
    const char    *fault;
    mfa_status_t   st;

    st = mfa_tag_next(p->source, from, tag, &fault);

    return (st == MFA_INVALID) ? parse_fault_at(p, tag->start, fault) : st;
}


/* room for every node that source can have: a tag, and a text before it */

static mfa_status_t
nodes_make(mfa_arena_t *arena, mfa_template_t *tpl)
{
    size_t  i, tags;

    tags = 0;

    for (i = 0; i + 1 < tpl->source.len; i++) {
        if (tpl->source.data[i] == '{' && tpl->source.data[i + 1] == '{') {
            tags++;
            i++;
        }
    }

    tpl->count = 0;
    tpl->size = 2 * tags + 1;
    tpl->nodes = mfa_arena_alloc(arena, tpl->size * sizeof(mfa_node_t));

    return (tpl->nodes != NULL) ? MFA_OK : MFA_NO_MEMORY;
}


static mfa_node_t *
node_add(parser_t *p, mfa_node_kind_t kind, mfa_str_t text, size_t at)
{
    mfa_node_t  *node;

    if (p->tpl->count == p->tpl->size) {
        return NULL;
    }

    node = &p->tpl->nodes[p->tpl->count++];
    node->kind = kind;
    node->text = text;
    node->at = at;

    return node;
}


static mfa_status_t
parse_text(parser_t *p, size_t to)
{
    mfa_str_t  text;

    text = parse_slice(p, p->pos, to);

    if (text.len != 0 && node_add(p, MFA_NODE_TEXT, text, p->pos) == NULL) {
        return MFA_BUG;
    }

    return MFA_OK;
}


/*
 * A block tag that is alone on its line takes the whole line with it, the
 * line break too: [*start, *end) grows to that.
 */

static bool
tag_is_alone(const parser_t *p, const mfa_tag_t *tag, size_t *start,
    size_t *end)
{
    size_t     from, to;
    mfa_str_t  s;

    s = p->source;
    from = tag->start;
    to = tag->end;

    while (from > 0 && (s.data[from - 1] == ' ' || s.data[from - 1] == '\t')) {
        from--;
    }

    if (from > 0 && s.data[from - 1] != '\n') {
        return false;
    }

    while (to < s.len && (s.data[to] == ' ' || s.data[to] == '\t')) {
        to++;
    }

    if (to + 1 < s.len && s.data[to] == '\r' && s.data[to + 1] == '\n') {
        to++;
    }

    if (to < s.len && s.data[to++] != '\n') {
        return false;
    }

    *start = from;
    *end = to;

    return true;
}


static mfa_status_t
parse_open(parser_t *p, const mfa_tag_t *tag)
{
    mfa_node_kind_t  kind;

    if (p->depth == MFA_TEMPLATE_DEPTH_MAX) {
        return parse_fault(p, tag, "too deep section");
    }

    kind = (tag->kind == MFA_TAG_SECTION) ? MFA_NODE_SECTION
                                          : MFA_NODE_INVERTED;

    if (node_add(p, kind, tag->name, tag->start) == NULL) {
        return MFA_BUG;
    }

    p->open[p->depth++] = p->tpl->count - 1;

    return MFA_OK;
}


static mfa_status_t
parse_close(parser_t *p, const mfa_tag_t *tag)
{
    mfa_node_t  *node;

    if (p->depth == 0) {
        return parse_fault(p, tag, "unexpected end of section");
    }

    node = &p->tpl->nodes[p->open[p->depth - 1]];

    if (!mfa_str_eq(node->text, tag->name)) {
        return parse_fault(p, tag, "unexpected end of section");
    }

    node->end = p->tpl->count;
    p->depth--;

    return MFA_OK;
}


static mfa_status_t
parse_block(parser_t *p, const mfa_tag_t *tag)
{
    bool           is_alone;
    size_t         start, end;
    mfa_node_t    *node;
    mfa_status_t   st;

    start = tag->start;
    end = tag->end;
    is_alone = tag_is_alone(p, tag, &start, &end);

    st = parse_text(p, start);
    if (st != MFA_OK) {
        return st;
    }

    p->pos = end;

    switch (tag->kind) {

    case MFA_TAG_SECTION:
    case MFA_TAG_INVERTED:
        return parse_open(p, tag);

    case MFA_TAG_CLOSE:
        return parse_close(p, tag);

    case MFA_TAG_PARTIAL:
        node = node_add(p, MFA_NODE_PARTIAL, tag->name, tag->start);
        if (node == NULL) {
            return MFA_BUG;
        }

        if (is_alone) {
            node->indent = parse_slice(p, start, tag->start);
        }

        return MFA_OK;

    default:
        return MFA_OK;
    }
}


static mfa_status_t
parse_value(parser_t *p, const mfa_tag_t *tag)
{
    mfa_status_t     st;
    mfa_node_kind_t  kind;

    st = parse_text(p, tag->start);
    if (st != MFA_OK) {
        return st;
    }

    p->pos = tag->end;
    kind = (tag->kind == MFA_TAG_RAW) ? MFA_NODE_RAW : MFA_NODE_VALUE;

    return node_add(p, kind, tag->name, tag->start) ? MFA_OK : MFA_BUG;
}


static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


/* white space runs become one space, those at the ends nothing */

static mfa_status_t
words_fold(mfa_arena_t *arena, mfa_str_t text, mfa_str_t *out)
{
    char    *data;
    size_t   i, len;

    text = mfa_str_trim(text);

    data = mfa_arena_alloc(arena, text.len + 1);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    len = 0;

    for (i = 0; i < text.len; i++) {
        if (!is_space(text.data[i])) {
            data[len++] = text.data[i];

        } else if (data[len - 1] != ' ') {
            data[len++] = ' ';
        }
    }

    *out = mfa_str_bytes(data, len);

    return MFA_OK;
}


/* source is a text of words: nothing but text and values */

static mfa_status_t
parse_words_inner(parser_t *p)
{
    mfa_tag_t     tag;
    mfa_status_t  st;

    for ( ;; ) {
        st = parse_next(p, p->pos, &tag);
        if (st == MFA_NOT_FOUND) {
            return parse_text(p, p->source.len);
        }

        if (st != MFA_OK) {
            return st;
        }

        if (tag.kind != MFA_TAG_VALUE && tag.kind != MFA_TAG_RAW) {
            return MFA_CONFIG;
        }

        st = parse_value(p, &tag);
        if (st != MFA_OK) {
            return st;
        }
    }
}


/* the {{/t}} of the words that tag opens */

static mfa_status_t
words_find_end(const parser_t *p, const mfa_tag_t *tag, mfa_tag_t *close)
{
    mfa_status_t  st;

    *close = *tag;

    do {
        st = parse_next(p, close->end, close);

    } while (st == MFA_OK
             && (close->kind == MFA_TAG_VALUE || close->kind == MFA_TAG_RAW));

    if (st == MFA_NOT_FOUND) {
        return parse_fault(p, tag, "unclosed section");
    }

    if (st != MFA_OK) {
        return st;
    }

    if (close->kind != MFA_TAG_CLOSE || !mfa_str_eq(close->name, tag->name)) {
        return parse_fault_at(p, close->start, "not a value inside \"t\":");
    }

    return MFA_OK;
}


static mfa_status_t
parse_words(parser_t *p, const mfa_tag_t *tag)
{
    size_t         node;
    mfa_tag_t      close;
    parser_t       inner;
    mfa_str_t      text;
    mfa_status_t   st;

    st = words_find_end(p, tag, &close);
    if (st != MFA_OK) {
        return st;
    }

    st = words_fold(p->arena, parse_slice(p, tag->end, close.start), &text);
    if (st != MFA_OK) {
        return st;
    }

    if (text.len == 0) {
        return parse_fault(p, tag, "empty section");
    }

    st = parse_text(p, tag->start);
    if (st != MFA_OK) {
        return st;
    }

    p->pos = close.end;
    node = p->tpl->count;

    if (node_add(p, MFA_NODE_WORDS, text, tag->start) == NULL) {
        return MFA_BUG;
    }

    inner = (parser_t) { .arena = p->arena, .tpl = p->tpl, .source = text };

    st = parse_words_inner(&inner);
    p->tpl->nodes[node].end = p->tpl->count;

    return (st == MFA_CONFIG) ? parse_fault(p, tag, "broken section") : st;
}


static mfa_status_t
parse_tag(parser_t *p, const mfa_tag_t *tag)
{
    if (tag->kind == MFA_TAG_VALUE || tag->kind == MFA_TAG_RAW) {
        return parse_value(p, tag);
    }

    if (tag->kind == MFA_TAG_SECTION && mfa_str_eq_c(tag->name, "t")) {
        return parse_words(p, tag);
    }

    return parse_block(p, tag);
}


mfa_status_t
mfa_template_parse(mfa_arena_t *arena, mfa_template_t *tpl,
    mfa_error_t *error)
{
    mfa_tag_t          tag;
    parser_t           p;
    mfa_status_t       st;
    const mfa_node_t  *node;

    p = (parser_t) { .arena = arena, .tpl = tpl, .error = error,
                     .source = tpl->source };

    st = nodes_make(arena, tpl);

    while (st == MFA_OK) {
        st = parse_next(&p, p.pos, &tag);

        if (st == MFA_OK) {
            st = parse_tag(&p, &tag);
        }
    }

    if (st != MFA_NOT_FOUND) {
        return st;
    }

    if (p.depth != 0) {
        node = &tpl->nodes[p.open[p.depth - 1]];

        return mfa_template_fault(tpl, node->at, "unclosed section",
                                  node->text, error);
    }

    return parse_text(&p, p.source.len);
}


mfa_status_t
mfa_template_parse_words(mfa_arena_t *arena, mfa_template_t *tpl)
{
    parser_t      p;
    mfa_status_t  st;

    p = (parser_t) { .arena = arena, .tpl = tpl, .source = tpl->source };

    st = nodes_make(arena, tpl);
    if (st != MFA_OK) {
        return st;
    }

    return parse_words_inner(&p);
}
