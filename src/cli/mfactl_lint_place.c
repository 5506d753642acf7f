/*
 * The places of a configuration that answer requests, and what is in force
 * at each: guard, realm, settings that are inherited.
 *
 * Says nothing about right or wrong. What it does not understand it leaves
 * unguarded, so that a rule speaks rather than keeps silent.
 */

#include "mfactl_lint.h"


static lint_place_t *
place_add(lint_t *lint, lint_kind_t kind, const mfactl_node_t *node,
    lint_place_t *parent)
{
    lint_place_t  *place;

    place = mfa_arena_alloc(lint->arena, sizeof(lint_place_t));

    if (place == NULL) {
        lint->has_failed = true;
        return NULL;
    }

    place->kind = kind;
    place->node = node;
    place->parent = parent;
    place->server = parent != NULL ? parent->server : place;
    place->match = parent != NULL ? parent->match : LINT_PREFIX;
    place->path = parent != NULL ? parent->path : mfa_str("/");
    place->is_hidden = parent != NULL && parent->is_hidden;

    if (lint->last == NULL) {
        lint->places = place;

    } else {
        lint->last->next = place;
    }

    lint->last = place;

    return place;
}


static void
place_match(lint_place_t *place)
{
    mfa_str_t  word;

    word = mfactl_tree_word(place->node, 1);

    place->match = LINT_PREFIX;
    place->path = place->node->count > 2 ? mfactl_tree_word(place->node, 2)
                                         : word;

    if (place->node->count > 2) {
        place->match = mfa_str_eq_c(word, "=") ? LINT_EXACT
                       : mfa_str_eq_c(word, "^~") ? LINT_PREFIX_FIRST
                       : LINT_REGEX;
        return;
    }

    /* nginx takes the sign without a blank behind it as well */

    if (mfa_str_has_prefix(word, mfa_str("@"))) {
        place->match = LINT_NAMED;
        place->is_hidden = true;

    } else if (mfa_str_has_prefix(word, mfa_str("="))) {
        place->match = LINT_EXACT;
        place->path = mfa_str_bytes(word.data + 1, word.len - 1);

    } else if (mfa_str_has_prefix(word, mfa_str("^~"))) {
        place->match = LINT_PREFIX_FIRST;
        place->path = mfa_str_bytes(word.data + 2, word.len - 2);

    } else if (mfa_str_has_prefix(word, mfa_str("~"))) {
        place->match = LINT_REGEX;
        place->path = mfa_str_bytes(word.data + 1, word.len - 1);

        if (mfa_str_has_prefix(place->path, mfa_str("*"))) {
            place->path.data++;
            place->path.len--;
        }
    }
}


const mfactl_node_t *
lint_get(const lint_place_t *place, const char *name)
{
    const mfactl_node_t  *found, *block;

    block = NULL;

    for ( /* void */ ; place != NULL; place = place->parent) {
        block = place->node;
        found = mfactl_tree_find(block, name);

        if (found != NULL) {
            return found;
        }
    }

    return block == NULL ? NULL : mfactl_tree_find(block->parent, name);
}


mfa_str_t
lint_value(const lint_place_t *place, const char *name, const char *fallback)
{
    const mfactl_node_t  *node;

    node = lint_get(place, name);

    return node == NULL ? mfa_str_from(fallback) : mfactl_tree_word(node, 1);
}


bool
lint_is(const lint_place_t *place, const char *name, const char *value)
{
    return mfa_str_eq_c(lint_value(place, name, ""), value);
}


/* a server that answers every request by a fixed line of its own */

static bool
place_is_closed(const mfactl_node_t *server)
{
    int64_t               code;
    mfa_str_t             word;
    const mfactl_node_t  *node;

    node = mfactl_tree_find(server, "return");
    word = mfactl_tree_word(node, 1);

    if (node == NULL) {
        return false;
    }

    /* "return URL" is a redirect; a text is for the rule about "return" */

    return mfa_str_number(word, &code) != MFA_OK || code >= 300;
}


static void
place_guard(lint_place_t *place)
{
    mfa_str_t             level;
    const mfactl_node_t  *mfa;

    mfa = lint_get(place, "mfa");
    level = lint_value(place, "mfa_level", "");

    place->is_portal = mfactl_tree_find(place->node, "mfa_portal") != NULL
                       || (place->kind == LINT_IF && place->parent->is_portal);

    if (mfa != NULL && !mfa_str_eq_c(mfactl_tree_word(mfa, 1), "off")) {
        place->realm = mfactl_tree_word(mfa, 1);
    }

    place->is_said = (mfa != NULL && place->realm.len == 0)
                     || mfa_str_eq_c(level, "open");
    place->is_guarded = place->realm.len > 0 && !place->is_portal
                        && !mfa_str_eq_c(level, "open");

    if (mfactl_tree_find(place->node, "internal") != NULL) {
        place->is_hidden = true;
    }

    place->is_closed = place_is_closed(place->server->node);
}


static void
place_block(lint_t *lint, const mfactl_node_t *block, lint_place_t *parent)
{
    mfa_str_t             name;
    lint_place_t         *place;
    const mfactl_node_t  *node;

    for (node = block->first; node != NULL; node = node->next) {
        name = mfactl_tree_word(node, 0);

        if (mfa_str_eq_c(name, "location")) {
            place = place_add(lint, LINT_LOCATION, node, parent);

        } else if (mfa_str_eq_c(name, "if")
                   || mfa_str_eq_c(name, "limit_except"))
        {
            place = place_add(lint, LINT_IF, node, parent);

        } else {
            continue;
        }

        if (place == NULL) {
            return;
        }

        if (place->kind == LINT_LOCATION) {
            place_match(place);
        }

        place_guard(place);
        place_block(lint, node, place);
    }
}


static void
place_servers(lint_t *lint, const mfactl_node_t *block, lint_kind_t kind)
{
    lint_place_t         *server;
    const mfactl_node_t  *node;

    node = mfactl_tree_find(block, "server");

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, "server"))
    {
        if (node->first == NULL) {
            continue;
        }

        server = place_add(lint, kind, node, NULL);
        if (server == NULL) {
            return;
        }

        if (kind == LINT_SERVER) {
            place_guard(server);
            place_block(lint, node, server);
        }
    }
}


static bool
place_same_target(const lint_place_t *place, mfa_str_t uri)
{
    if (place->match == LINT_NAMED || place->match == LINT_EXACT) {
        return mfa_str_eq(place->path, uri);
    }

    return place->match == LINT_REGEX
           || mfa_str_has_prefix(uri, place->path);
}


/*
 * "auth_request" with a guarded target asks the gate; where the target is
 * elsewhere somebody is asked at least. An open one guards nothing.
 */

static void
place_auth_request(lint_t *lint, lint_place_t *place)
{
    mfa_str_t            uri;
    const lint_place_t  *target;

    uri = lint_value(place, "auth_request", "off");

    if (mfa_str_eq_c(uri, "off") || place->is_guarded || place->is_portal) {
        return;
    }

    target = lint_choose(lint, place->server, uri);

    if (target == NULL || target == place || target->is_portal) {
        return;
    }

    place->is_guarded = target->is_guarded || target->pass != NULL;
    place->is_asked = place->is_guarded;

    if (target->is_guarded) {
        place->realm = target->realm;
    }
}


void
lint_places(lint_t *lint)
{
    lint_place_t         *place;
    const mfactl_node_t  *stream;

    lint->http = mfactl_tree_find(lint->root, "http");
    stream = mfactl_tree_find(lint->root, "stream");

    if (lint->http != NULL) {
        place_servers(lint, lint->http, LINT_SERVER);
    }

    if (stream != NULL) {
        place_servers(lint, stream, LINT_STREAM);
    }

    lint_backends(lint);

    for (place = lint->places; place != NULL; place = place->next) {
        place_auth_request(lint, place);
    }

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->is_guarded && !place->is_closed) {
            place->server->has_guard = true;
        }
    }
}


mfa_str_t
lint_name(const lint_t *lint, const lint_place_t *place)
{
    mfa_str_t  name;

    while (place->kind == LINT_IF) {
        place = place->parent;
    }

    if (place->kind == LINT_LOCATION) {
        return mfa_arena_printf(lint->arena, "location " MFA_STR_FMT
                                MFA_STR_FMT,
                                MFA_STR_ARG(place->node->count > 2
                                            ? mfa_arena_printf(lint->arena,
                                                  MFA_STR_FMT " ",
                                                  MFA_STR_ARG(place->node
                                                              ->words[1]))
                                            : mfa_str("")),
                                MFA_STR_ARG(mfactl_tree_word(place->node,
                                    place->node->count > 2 ? 2 : 1)));
    }

    name = lint_value(place, "server_name", "");

    return mfa_arena_printf(lint->arena, "server %s" MFA_STR_FMT,
                            name.len == 0 ? "without a name" : "",
                            MFA_STR_ARG(name));
}


const lint_place_t *
lint_choose(const lint_t *lint, const lint_place_t *server, mfa_str_t path)
{
    const lint_place_t  *place, *best;

    best = server;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server != server || place->kind != LINT_LOCATION
            || place->match == LINT_REGEX || !place_same_target(place, path))
        {
            continue;
        }

        if (place->match == LINT_EXACT || place->match == LINT_NAMED) {
            return place;
        }

        if (best == server || place->path.len >= best->path.len) {
            best = place;
        }
    }

    return best;
}


mfa_str_t
lint_regex_start(mfa_str_t regex)
{
    size_t  n;

    if (!mfa_str_has_prefix(regex, mfa_str("^"))
        || (regex.len > 0 && memchr(regex.data, '|', regex.len) != NULL))
    {
        return mfa_str("");
    }

    regex.data++;
    regex.len--;

    for (n = 0; n < regex.len; n++) {
        if (strchr(".[({\\*+?$", regex.data[n]) != NULL) {
            break;
        }
    }

    /* what may be there or not is no beginning */

    if (n > 0 && n < regex.len && strchr("*?{", regex.data[n]) != NULL) {
        n--;
    }

    return mfa_str_bytes(regex.data, n);
}


bool
lint_overlaps(const lint_place_t *a, const lint_place_t *b)
{
    mfa_str_t  x, y;

    x = a->match == LINT_REGEX ? lint_regex_start(a->path) : a->path;
    y = b->match == LINT_REGEX ? lint_regex_start(b->path) : b->path;

    if (a->match == LINT_EXACT && b->match == LINT_EXACT) {
        return mfa_str_eq(x, y);
    }

    return mfa_str_has_prefix(x, y) || mfa_str_has_prefix(y, x);
}
