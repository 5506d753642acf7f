/*
 * The location that serves a path today, as lines for a location of its own.
 *
 * Copies only what it understands wholly; what says who may pass is left
 * out, and where such lines are in force nothing is copied: to put others in
 * their place is for a person to decide.
 */

#include "mfactl_monitor.h"


/* lines that "satisfy any" would turn into a way past the gate */

static const char *const  place_rules[] = {
    "satisfy", "allow", "deny", "auth_basic", "auth_request", "auth_jwt"
};


void
monitor_quote(mfa_buf_t *buf, mfa_str_t s)
{
    mfa_buf_putc(buf, '"');
    mfa_json_put(buf, s);
    mfa_buf_putc(buf, '"');
}


static bool
word_is_plain(mfa_str_t word)
{
    char    c;
    size_t  i;

    for (i = 0; i < word.len; i++) {
        c = word.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || (c != '\0' && strchr("_./:=@%+,~*?^$()[]|!&-", c) != NULL)))
        {
            return false;
        }
    }

    return word.len > 0;
}


static void
place_word(mfa_buf_t *buf, mfa_str_t word)
{
    char    c;
    size_t  i;

    if (word_is_plain(word)) {
        mfa_buf_put(buf, word);
        return;
    }

    mfa_buf_putc(buf, '"');

    for (i = 0; i < word.len; i++) {
        c = word.data[i];

        if (c == '\n') {
            mfa_buf_puts(buf, "\\n");
            continue;
        }

        if (c == '"' || c == '\\') {
            mfa_buf_putc(buf, '\\');
        }

        mfa_buf_putc(buf, c);
    }

    mfa_buf_putc(buf, '"');
}


/* "http://app/x" has a path that nginx puts in place of the location's */

static bool
word_has_uri(mfa_str_t url)
{
    size_t       i;
    const char  *host;

    if (url.len == 0) {
        return false;
    }

    host = memmem(url.data, url.len, "://", 3);

    if (host == NULL) {
        return false;
    }

    for (i = (size_t) (host - url.data) + 3; i < url.len; i++) {
        if (url.data[i] == '/') {
            return true;
        }
    }

    return false;
}


static bool
word_has_variable(mfa_str_t word)
{
    return word.len > 0 && memchr(word.data, '$', word.len) != NULL;
}


static void
place_line(const lint_place_t *from, const monitor_place_t *place,
    const mfactl_node_t *node, mfa_buf_t *lines)
{
    bool       is_moved;
    size_t     i;
    mfa_str_t  name;

    name = mfactl_tree_word(node, 0);

    is_moved = from->kind == LINT_LOCATION && node->count == 2
               && ((mfa_str_eq_c(name, "proxy_pass")
                    && word_has_uri(node->words[1]))
                   || mfa_str_eq_c(name, "alias"))
               && !word_has_variable(node->words[1]);

    mfa_buf_puts(lines, "    ");

    for (i = 0; i < node->count; i++) {
        if (i > 0) {
            mfa_buf_putc(lines, ' ');
        }

        place_word(lines, node->words[i]);
    }

    /* plain, as the caller has seen */

    if (is_moved) {
        mfa_buf_put(lines, mfa_str_bytes(place->path.data + from->path.len,
                                         place->path.len - from->path.len));
    }

    mfa_buf_puts(lines, ";\n");
}


const lint_place_t *
monitor_place_server(const lint_t *lint, mfa_str_t host)
{
    size_t                i;
    const lint_place_t   *place, *only;
    const mfactl_node_t  *names;
    unsigned              guarded;

    only = NULL;
    guarded = 0;

    place = lint == NULL ? NULL : lint->places;

    for ( /* void */ ; place != NULL; place = place->next) {
        if (place->kind != LINT_SERVER || !place->has_guard) {
            continue;
        }

        only = place;
        guarded++;

        for (names = mfactl_tree_find(place->node, "server_name");
             names != NULL;
             names = mfactl_tree_next(names->next, "server_name"))
        {
            for (i = 1; i < names->count; i++) {
                if (host.len > 0 && mfa_str_eq(names->words[i], host)) {
                    return place;
                }
            }
        }
    }

    return guarded == 1 ? only : NULL;
}


/* may a regular expression take the path before a prefix does? */

static bool
place_is_doubtful(const lint_t *lint, const lint_place_t *from,
    mfa_str_t path)
{
    lint_place_t         own = { .match = LINT_EXACT, .path = path };
    const lint_place_t  *place;

    if (from->kind == LINT_LOCATION && from->match == LINT_PREFIX_FIRST) {
        return false;
    }

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server == from->server && place->kind == LINT_LOCATION
            && place->match == LINT_REGEX && lint_overlaps(&own, place))
        {
            return true;
        }
    }

    return false;
}


static const char *
place_why_not(const lint_t *lint, const lint_place_t *from,
    const monitor_place_t *place)
{
    size_t                i;
    const mfactl_node_t  *node;

    if (!from->is_guarded) {
        return "it is not guarded any more";
    }

    if (from->kind == LINT_LOCATION
        && (from->match == LINT_EXACT
            || (place->is_below && mfa_str_eq(from->path, place->path))))
    {
        return "write the lines about satisfy, allow and deny into it";
    }

    if (from->parent != NULL && from->parent->kind == LINT_LOCATION) {
        return "it is inside another location: write this one there too";
    }

    for (i = 0; i < sizeof(place_rules) / sizeof(place_rules[0]); i++) {
        if (lint_get(from, place_rules[i]) != NULL) {
            return "it has rules of its own (satisfy, allow, deny, auth_...)"
                   ", which these lines would replace";
        }
    }

    if (place_is_doubtful(lint, from, place->path)) {
        return "a location with a regular expression may take it instead";
    }

    for (node = from->node->first; node != NULL && from->kind != LINT_SERVER;
         node = node->next)
    {
        if (node->first != NULL
            && !mfa_str_eq_c(mfactl_tree_word(node, 0), "location"))
        {
            return "it has a block in it, which is not copied";
        }
    }

    return NULL;
}


bool
monitor_place_copy(const lint_t *lint, monitor_place_t *place,
    mfa_buf_t *lines)
{
    mfa_str_t             name;
    const lint_place_t   *server, *from;
    const mfactl_node_t  *node;

    place->name = mfa_null;

    server = monitor_place_server(lint, place->host);

    if (server == NULL) {
        place->why = "put in what the location has that serves it today";
        return false;
    }

    from = lint_choose(lint, server, place->path);

    place->name = lint_name(lint, from);
    place->where = mfa_arena_printf(lint->arena, "%s:%u", from->node->file,
                                    from->node->line);
    place->why = place_why_not(lint, from, place);

    if (place->why != NULL) {
        return false;
    }

    if (from->kind == LINT_SERVER) {
        return true;                    /* all of it is inherited */
    }

    for (node = from->node->first; node != NULL; node = node->next) {
        name = mfactl_tree_word(node, 0);

        if (!mfa_str_eq_c(name, "location")) {
            place_line(from, place, node, lines);
        }
    }

    return true;
}
