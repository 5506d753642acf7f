/*
 * What stands in a value: variables, where they come from, names of headers.
 */

#include "mfactl_lint.h"


#define WORD_DEPTH_MAX  6               /* "set" of "set" of ... */

static const char *const  client_variables[] = {
    "http_", "arg_", "cookie_", "args", "query_string", "request_uri", "uri",
    "document_uri", "host", "request", "request_body", "1", "2", "3", "4",
    "5", "6", "7", "8", "9", NULL
};

static const char *const  identity_default[] = {
    "Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups"
};

typedef struct {
    const lint_place_t  *place;
    const char *const   *names;
    bool                 is_source;     /* what "map" looks at counts */
} search_t;


static bool
word_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_';
}


/* the next variable of a text, without its '$'; false: no more */

static bool
word_variable(mfa_str_t *text, mfa_str_t *name)
{
    size_t  i, start;

    for (i = 0; i + 1 < text->len; i++) {
        if (text->data[i] != '$') {
            continue;
        }

        start = i + 1 + (text->data[i + 1] == '{' ? 1u : 0u);

        for (i = start; i < text->len && word_is_name(text->data[i]); i++) {
            /* void */
        }

        *name = mfa_str_bytes(text->data + start, i - start);
        text->data += i;
        text->len -= i;

        return true;
    }

    return false;
}


static bool
word_is_one(mfa_str_t name, const char *const *names)
{
    size_t  len;

    for ( /* void */ ; *names != NULL; names++) {
        len = strlen(*names);

        if (mfa_str_eq_c(name, *names)
            || ((*names)[len - 1] == '_'
                && mfa_str_has_prefix(name, mfa_str_from(*names))))
        {
            return true;
        }
    }

    return false;
}


static bool word_search(const search_t *search, mfa_str_t text,
    unsigned depth);


/* "set $name VALUE" anywhere in the server */

static bool
word_set(const search_t *search, const mfactl_node_t *block, mfa_str_t name,
    unsigned depth)
{
    mfa_str_t             word;
    const mfactl_node_t  *node;

    for (node = block->first; node != NULL; node = node->next) {
        word = mfactl_tree_word(node, 1);

        if (mfa_str_eq_c(mfactl_tree_word(node, 0), "set")
            && mfa_str_has_prefix(word, mfa_str("$"))
            && mfa_str_eq(mfa_str_bytes(word.data + 1, word.len - 1), name)
            && word_search(search, mfactl_tree_word(node, 2), depth))
        {
            return true;
        }

        if (word_set(search, node, name, depth)) {
            return true;
        }
    }

    return false;
}


static bool
word_map(const search_t *search, mfa_str_t name, unsigned depth)
{
    mfa_str_t             word;
    const mfactl_node_t  *map, *row;

    map = mfactl_tree_find(search->place->server->node->parent, "map");

    for ( /* void */ ; map != NULL; map = mfactl_tree_next(map->next, "map")) {
        word = mfactl_tree_word(map, 2);

        if (word.len == 0
            || !mfa_str_eq(mfa_str_bytes(word.data + 1, word.len - 1), name))
        {
            continue;
        }

        if (search->is_source
            && word_search(search, mfactl_tree_word(map, 1), depth))
        {
            return true;
        }

        for (row = map->first; row != NULL; row = row->next) {
            if (word_search(search, mfactl_tree_word(row, 1), depth)) {
                return true;
            }
        }
    }

    return false;
}


static bool
word_search(const search_t *search, mfa_str_t text, unsigned depth)
{
    mfa_str_t  name;

    while (word_variable(&text, &name)) {
        if (name.len == 0) {
            continue;
        }

        if (word_is_one(name, search->names)) {
            return true;
        }

        if (depth < WORD_DEPTH_MAX
            && (word_set(search, search->place->server->node, name, depth + 1)
                || word_map(search, name, depth + 1)))
        {
            return true;
        }
    }

    return false;
}


bool
lint_is_from_client(const lint_place_t *place, mfa_str_t text)
{
    search_t  search = { .place = place, .names = client_variables };

    return word_search(&search, text, 0);
}


bool
lint_has_variable(const lint_place_t *place, mfa_str_t text,
    const char *const *names)
{
    search_t  search = { .place = place, .names = names, .is_source = true };

    return word_search(&search, text, 0);
}


const mfactl_node_t *
lint_realm(const lint_t *lint, mfa_str_t name)
{
    const mfactl_node_t  *node;

    node = mfactl_tree_find(lint->http, "mfa_realm");

    while (node != NULL && !mfa_str_eq(mfactl_tree_word(node, 1), name)) {
        node = mfactl_tree_next(node->next, "mfa_realm");
    }

    return node;
}


static char
word_fold(char c)
{
    if (c == '_' || c == '.') {
        return '-';
    }

    return c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c;
}


bool
lint_same_header(mfa_str_t a, mfa_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return false;
    }

    for (i = 0; i < a.len; i++) {
        if (word_fold(a.data[i]) != word_fold(b.data[i])) {
            return false;
        }
    }

    return true;
}


size_t
lint_identity(const lint_place_t *place, mfa_str_t names[4])
{
    size_t                i;
    const mfactl_node_t  *node;

    node = lint_get(place, "mfa_identity_headers");

    if (node == NULL) {
        for (i = 0; i < 4; i++) {
            names[i] = mfa_str_from(identity_default[i]);
        }

        return 4;
    }

    if (mfa_str_eq_c(mfactl_tree_word(node, 1), "off")) {
        return 0;
    }

    for (i = 0; i < 4 && i + 1 < node->count; i++) {
        names[i] = mfactl_tree_word(node, i + 1);
    }

    return i;
}
