/*
 * What mfactl probe asks for: locations and header names, from arguments and
 * from nginx's configuration.
 */

#include "mfactl_probe.h"


mfa_status_t
probe_where_path(probe_where_t *where, mfa_str_t path)
{
    size_t  i;

    for (i = 0; i < where->count; i++) {
        if (mfa_str_eq(where->paths[i], path)) {
            return MFA_OK;
        }
    }

    if (where->count == PROBE_PATHS_MAX || path.len > 2048
        || !mfa_str_has_prefix(path, mfa_str("/"))
        || mfa_text_has_control(path)
        || memchr(path.data, ' ', path.len) != NULL)
    {
        return MFA_INVALID;
    }

    where->paths[where->count++] = path;

    return MFA_OK;
}


mfa_status_t
probe_where_name(probe_where_t *where, mfa_str_t name)
{
    char    c;
    size_t  i;

    for (i = 0; i < where->name_count; i++) {
        if (lint_same_header(where->names[i], name)) {
            return MFA_OK;
        }
    }

    if (where->name_count == PROBE_NAMES_MAX || name.len == 0
        || name.len > 63)
    {
        return MFA_INVALID;
    }

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-' || c == '_'))
        {
            return MFA_INVALID;
        }
    }

    where->names[where->name_count++] = name;

    return MFA_OK;
}


/* one text that a plain expression fits; mfa_null: it is not plain */

static mfa_str_t
where_sample(mfa_arena_t *arena, mfa_str_t regex)
{
    char       c;
    size_t     i;
    mfa_str_t  text;
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 2048);

    if (mfa_str_has_prefix(regex, mfa_str("^"))) {
        regex.data++;
        regex.len--;

    } else {
        mfa_buf_puts(&buf, "/mfaprobe");
    }

    for (i = 0; i < regex.len; i++) {
        c = regex.data[i];

        if (c == '$') {
            break;
        }

        if (c == '\\') {
            c = ++i < regex.len ? regex.data[i] : '\0';
            mfa_buf_putc(&buf, c == 'd' ? '1' : c == 'w' ? 'x' : c);

        } else if (c == '(') {
            if (i + 1 < regex.len && regex.data[i + 1] == '?') {
                return mfa_null;
            }

        } else if (c == '|') {
            while (i < regex.len && regex.data[i] != ')') {
                i++;
            }

        } else if (c == '[' || c == '{') {
            return mfa_null;

        } else if (strchr(")*+?", c) == NULL) {
            mfa_buf_putc(&buf, c == '.' ? 'x' : c);
        }
    }

    return mfa_buf_str(&buf, &text) == MFA_OK ? text : mfa_null;
}


/* "people.example.org", ".example.org", "*.example.org", "www.example.*" */

static bool
where_is_name(mfa_str_t pattern, mfa_str_t host)
{
    mfa_str_t  end;

    if (mfa_str_eq(pattern, host)) {
        return true;
    }

    if (mfa_str_has_prefix(pattern, mfa_str("*"))
        || mfa_str_has_prefix(pattern, mfa_str(".")))
    {
        end = pattern;
        end.data += end.data[0] == '*' ? 1 : 0;
        end.len -= end.data != pattern.data ? 1 : 0;

        return (end.len > 1 && host.len > end.len
                && memcmp(host.data + host.len - end.len, end.data, end.len)
                   == 0)
               || (pattern.data[0] == '.'
                   && mfa_str_eq(mfa_str_bytes(end.data + 1, end.len - 1),
                                 host));
    }

    return pattern.len > 2 && pattern.data[pattern.len - 1] == '*'
           && mfa_str_has_prefix(host, mfa_str_bytes(pattern.data,
                                                     pattern.len - 1));
}


static bool
where_answers(const lint_place_t *server, mfa_str_t host)
{
    size_t                i;
    const mfactl_node_t  *node;

    node = mfactl_tree_find(server->node, "server_name");

    for (i = 1; node != NULL && i < node->count; i++) {
        if (where_is_name(node->words[i], host)) {
            return true;
        }
    }

    return false;
}


/* names that "proxy_set_header" gives values of ours */

static mfa_status_t
where_set(const lint_place_t *place, probe_where_t *where)
{
    static const char *const  ours[] = { "mfa_", NULL };

    mfa_status_t          st;
    const mfactl_node_t  *node;

    st = MFA_OK;
    node = place->pass == NULL ? NULL : lint_get(place, "proxy_set_header");

    for ( /* void */ ; node != NULL && st == MFA_OK;
          node = mfactl_tree_next(node->next, "proxy_set_header"))
    {
        if (lint_has_variable(place, mfactl_tree_word(node, 2), ours)) {
            st = probe_where_name(where, mfactl_tree_word(node, 1));
        }
    }

    return st;
}


static mfa_status_t
where_place(mfa_arena_t *arena, const lint_place_t *place,
    probe_where_t *where)
{
    size_t        i, count;
    mfa_str_t     path, names[4];
    mfa_status_t  st;

    count = lint_identity(place, names);

    for (i = 0; i < count; i++) {
        st = probe_where_name(where, names[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = where_set(place, where);

    if (st != MFA_OK || place->kind == LINT_IF || place->is_hidden) {
        return st;
    }

    path = place->match == LINT_REGEX ? where_sample(arena, place->path)
                                      : place->path;

    if (path.len == 0 || probe_where_path(where, path) == MFA_INVALID) {
        return mfa_strs_add(arena, &where->left, place->path);
    }

    return MFA_OK;
}


mfa_status_t
probe_where_conf(mfa_arena_t *arena, const char *file, mfa_str_t host,
    probe_where_t *where, mfa_error_t *error)
{
    bool                 is_known;
    lint_t               lint = { .arena = arena };
    mfa_status_t         st;
    mfactl_node_t       *root;
    const lint_place_t  *place;

    st = mfactl_tree_read(arena, file, &root, error);
    if (st != MFA_OK) {
        return st;
    }

    lint.root = root;
    lint_places(&lint);

    is_known = false;

    for (place = lint.places; place != NULL; place = place->next) {
        is_known = is_known || (place->kind == LINT_SERVER
                                && where_answers(place, host));
    }

    for (place = lint.places; place != NULL; place = place->next) {

        /* a host that none names is answered by a default server */

        if (place->kind == LINT_STREAM || place->is_closed
            || (is_known ? !where_answers(place->server, host)
                         : !lint_is_default(&lint, place->server)))
        {
            continue;
        }

        st = where_place(arena, place, where);

        if (st != MFA_OK) {
            mfa_error_set(error, "too many locations or headers in %s:%u",
                          place->node->file, place->node->line);
            return MFA_CONFIG;
        }
    }

    if (lint.has_failed) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    return MFA_OK;
}
