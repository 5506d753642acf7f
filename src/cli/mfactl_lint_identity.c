/*
 * Rules: what applications are told of people, what caches and logs keep.
 */

#include "mfactl_lint.h"


static const char *const  ours[] = { "mfa_", NULL };
static const char *const  person[] = { "mfa_user", "mfa_email", "mfa_session",
                                       NULL };
static const char *const  person_or_cookie[] = { "mfa_user", "mfa_email",
                                                 "mfa_session", "cookie_",
                                                 "http_cookie",
                                                 "http_authorization", NULL };
static const char *const  form[] = { "request_body", "request_body_file",
                                     NULL };

/* how lines of a kind write the name of a request header */

typedef struct {
    const char  *line;
    const char  *pass;
    const char  *start;             /* of a parameter that is a header */
} line_t;

static const line_t  lines[] = {
    { "proxy_set_header", "proxy_pass", "" },
    { "grpc_set_header", "grpc_pass", "" },
    { "fastcgi_param", "fastcgi_pass", "HTTP_" },
    { "uwsgi_param", "uwsgi_pass", "HTTP_" },
    { "scgi_param", "scgi_pass", "HTTP_" },
};

#define LINES  (sizeof(lines) / sizeof(lines[0]))


static const line_t *
identity_lines(const lint_place_t *place)
{
    size_t  i;

    for (i = 0; i < LINES; i++) {
        if (mfa_str_eq_c(mfactl_tree_word(place->pass, 0), lines[i].pass)) {
            return &lines[i];
        }
    }

    return NULL;
}


static bool
identity_is_name(const lint_place_t *place, mfa_str_t name)
{
    size_t     i, count;
    mfa_str_t  names[4];

    count = lint_identity(place, names);

    for (i = 0; i < count; i++) {
        if (lint_same_header(names[i], name)) {
            return true;
        }
    }

    return false;
}


/* REMOTE_USER is what CGI calls it, HTTP_REMOTE_USER the header */

static bool
identity_is_param(const lint_place_t *place, const line_t *line,
    mfa_str_t name)
{
    mfa_str_t  start;

    start = mfa_str_from(line->start);

    if (start.len > 0 && mfa_str_has_prefix(name, start)) {
        name.data += start.len;
        name.len -= start.len;
    }

    return identity_is_name(place, name)
           || (start.len > 0 && mfa_str_eq_c(name, "REMOTE_USER"));
}


/* $http_remote_user is the header itself, which the gate has set */

static bool
identity_is_itself(const lint_place_t *place, mfa_str_t value)
{
    mfa_str_t  start;

    start = mfa_str("$http_");

    return mfa_str_has_prefix(value, start)
           && identity_is_name(place,
                               mfa_str_bytes(value.data + start.len,
                                             value.len - start.len));
}


/*
 * Behind it our own value, which wins. It is left out where nobody is
 * logged in, so that this is no cure in an open place.
 */

static bool
identity_is_mended(const lint_place_t *place, const mfactl_node_t *node)
{
    mfa_str_t             line;
    const mfactl_node_t  *later;

    line = mfactl_tree_word(node, 0);

    if (!place->is_guarded || lint_is(place, "satisfy", "any")) {
        return false;
    }

    for (later = node->next; later != NULL; later = later->next) {
        if (mfa_str_eq(mfactl_tree_word(later, 0), line)
            && mfa_str_eq(mfactl_tree_word(later, 1),
                          mfactl_tree_word(node, 1))
            && lint_has_variable(place, mfactl_tree_word(later, 2), ours))
        {
            return true;
        }
    }

    return false;
}


/* what the gate answered to "auth_request" */

static bool
identity_is_answer(const lint_place_t *place, mfa_str_t value)
{
    const mfactl_node_t  *node;

    node = place->is_asked ? lint_get(place, "auth_request_set") : NULL;

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, "auth_request_set"))
    {
        if (mfa_str_eq(mfactl_tree_word(node, 1), value)
            && mfa_str_has_prefix(mfactl_tree_word(node, 2),
                                  mfa_str("$upstream_http_")))
        {
            return true;
        }
    }

    return false;
}


/* $remote_user is what the client wrote unless "auth_basic" has checked it */

static bool
identity_is_forged(const lint_place_t *place, mfa_str_t value)
{
    return lint_is_from_client(place, value)
           || (mfa_str_eq_c(value, "$remote_user")
               && mfa_str_eq_c(lint_value(place, "auth_basic", "off"),
                               "off"));
}


static void
identity_overwritten(lint_t *lint, const lint_place_t *place)
{
    mfa_str_t             name, value;
    const line_t         *line;
    const mfactl_node_t  *node;

    line = identity_lines(place);
    node = line == NULL ? NULL : lint_get(place, line->line);

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, line->line))
    {
        name = mfactl_tree_word(node, 1);
        value = mfactl_tree_word(node, 2);

        if (value.len == 0 || !identity_is_param(place, line, name)
            || identity_is_itself(place, value)
            || lint_has_variable(place, value, ours)
            || identity_is_mended(place, node)
            || identity_is_answer(place, value)
            || (!place->is_guarded && !identity_is_forged(place, value)))
        {
            continue;
        }

        lint_add(lint, "identity-overwritten", node, "\"%s " MFA_STR_FMT " "
                 MFA_STR_FMT "\" in force in " MFA_STR_FMT, line->line,
                 MFA_STR_ARG(name), MFA_STR_ARG(value),
                 MFA_STR_ARG(lint_name(lint, place)));
    }
}


static bool
identity_repeats(const mfactl_node_t *first, mfa_str_t name)
{
    const mfactl_node_t  *node;
    mfa_str_t             line;

    line = mfactl_tree_word(first, 0);

    for (node = first; node != NULL; node = node->next) {
        if (mfa_str_eq(mfactl_tree_word(node, 0), line)
            && lint_same_header(mfactl_tree_word(node, 1), name))
        {
            return true;
        }
    }

    return false;
}


static void
identity_inherited(lint_t *lint, const lint_place_t *place)
{
    mfa_str_t             name;
    const line_t         *line;
    const lint_place_t   *outer;
    const mfactl_node_t  *first, *node;

    line = identity_lines(place);

    if (line == NULL || line->start[0] != '\0') {
        return;
    }

    first = lint_get(place, line->line);
    outer = place;

    while (outer != NULL && first != NULL && first->parent != outer->node) {
        outer = outer->parent;
    }

    if (first == NULL || outer == NULL) {
        return;
    }

    node = outer->parent != NULL
           ? lint_get(outer->parent, line->line)
           : mfactl_tree_find(outer->node->parent, line->line);

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, line->line))
    {
        name = mfactl_tree_word(node, 1);

        if (lint_has_variable(place, mfactl_tree_word(node, 2), ours)
            && !identity_is_name(place, name)
            && !identity_repeats(first, name))
        {
            lint_add(lint, "set-header-not-inherited", first, MFA_STR_FMT
                     " has lines of its own and loses \"%s " MFA_STR_FMT
                     "\" (%s:%u)", MFA_STR_ARG(lint_name(lint, outer)),
                     line->line, MFA_STR_ARG(name), node->file, node->line);
        }
    }
}


/* "proxy" of "proxy_pass", with what follows */

static mfa_str_t
identity_setting(const lint_t *lint, const lint_place_t *place,
    const char *name)
{
    mfa_str_t  pass;

    pass = mfactl_tree_word(place->pass, 0);

    pass.len -= pass.len > 5 ? sizeof("_pass") - 1 : 0;

    return mfa_arena_printf(lint->arena, MFA_STR_FMT "_%s",
                            MFA_STR_ARG(pass), name);
}


/* is this place passing to a guarded server of this nginx? */

static bool
identity_fronts(const lint_t *lint, const lint_place_t *place)
{
    size_t                i;
    lint_address_t        key, address;
    const lint_place_t   *server;
    const mfactl_node_t  *listen;

    for (server = lint->places; server != NULL; server = server->next) {
        if (!server->has_guard || server->kind != LINT_SERVER) {
            continue;
        }

        listen = lint_listen_next(server, NULL);

        for ( /* void */ ; listen != NULL;
              listen = lint_listen_next(server, listen))
        {
            address = lint_listen_address(listen);

            for (i = 0; i < place->key_count; i++) {
                key = lint_address(place->keys[i], "");

                if (mfa_str_eq(key.port, address.port)
                    && (mfa_str_eq(key.host, address.host)
                        || (mfa_str_eq_c(key.host, "loopback")
                            && (address.host.len == 0
                                || lint_is_loopback(address.host)))))
                {
                    return true;
                }
            }
        }
    }

    return false;
}


static void
identity_cache(lint_t *lint, const lint_place_t *place)
{
    bool        is_front;
    mfa_str_t   cache, key, name, no_cache, bypass;

    cache = identity_setting(lint, place, "cache");
    key = identity_setting(lint, place, "cache_key");
    no_cache = identity_setting(lint, place, "no_cache");
    bypass = identity_setting(lint, place, "cache_bypass");

    if (cache.data == NULL || key.data == NULL || no_cache.data == NULL
        || bypass.data == NULL)
    {
        lint->has_failed = true;
        return;
    }

    name = lint_value(place, cache.data, "off");
    is_front = !place->is_guarded && identity_fronts(lint, place);

    if (mfa_str_eq_c(name, "off") || (!place->is_guarded && !is_front)
        || lint_has_variable(place, lint_value(place, key.data, ""),
                             is_front ? person_or_cookie : person))
    {
        return;
    }

    /* logged in, nothing is put in nor taken out */

    if (lint_has_variable(place, lint_value(place, no_cache.data, ""),
                          is_front ? person_or_cookie : person)
        && lint_has_variable(place, lint_value(place, bypass.data, ""),
                             is_front ? person_or_cookie : person))
    {
        return;
    }

    lint_add(lint, "cache-shared", lint_get(place, cache.data), "\"%s "
             MFA_STR_FMT "\" in force in %s " MFA_STR_FMT ", with a key that "
             "does not tell people apart", cache.data, MFA_STR_ARG(name),
             is_front ? "front of the gate, in" : "guarded",
             MFA_STR_ARG(lint_name(lint, place)));
}


static void
identity_log(lint_t *lint, const lint_place_t *place)
{
    size_t                i;
    const mfactl_node_t  *node, *format;

    node = lint_get(place, "access_log");

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, "access_log"))
    {
        format = mfactl_tree_find(lint->http, "log_format");

        while (format != NULL
               && !mfa_str_eq(mfactl_tree_word(format, 1),
                              mfactl_tree_word(node, 2)))
        {
            format = mfactl_tree_next(format->next, "log_format");
        }

        for (i = 2; format != NULL && node->count > 2 && i < format->count;
             i++)
        {
            if (lint_has_variable(place, format->words[i], form)) {
                lint_add(lint, "log-shows-forms", node, "the log of the "
                         "portal, " MFA_STR_FMT ", has the format \""
                         MFA_STR_FMT "\" with $request_body",
                         MFA_STR_ARG(lint_name(lint, place)),
                         MFA_STR_ARG(mfactl_tree_word(node, 2)));
            }
        }
    }
}


/* what stands between "://" and the path decides where nginx connects to */

static void
identity_target(lint_t *lint, const lint_place_t *place)
{
    size_t     i;
    mfa_str_t  text, scheme;

    text = mfactl_tree_word(place->pass, 1);

    for (i = 0; i + 2 < text.len; i++) {
        if (memcmp(text.data + i, "://", 3) == 0) {
            scheme = mfa_str_bytes(text.data, i);
            text.data += scheme.len + 3;
            text.len -= scheme.len + 3;
            break;
        }
    }

    for (i = 0; i < text.len && text.data[i] != '/'; i++) { /* void */ }

    text.len = i;

    if (lint_is_from_client(place, text)) {
        lint_add(lint, "proxy-pass-from-client", place->pass, "\""
                 MFA_STR_FMT "\" in " MFA_STR_FMT " is the client's to choose",
                 MFA_STR_ARG(mfactl_tree_word(place->pass, 1)),
                 MFA_STR_ARG(lint_name(lint, place)));
    }
}


void
lint_rules_identity(lint_t *lint)
{
    const lint_place_t  *place;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->kind == LINT_STREAM || place->is_closed) {
            continue;
        }

        if (place->is_portal) {
            identity_log(lint, place);
        }

        if (place->pass == NULL || place->is_portal) {
            continue;
        }

        identity_target(lint, place);
        identity_cache(lint, place);

        if (place->server->has_guard) {
            identity_overwritten(lint, place);
            identity_inherited(lint, place);
        }
    }
}
