/*
 * Which application a place passes requests to: names and addresses that
 * mean the same one, and the paths it sees.
 *
 * Nothing is resolved: "localhost" and the addresses of loopback are one,
 * other names are compared as they stand.
 */

#include <arpa/inet.h>

#include "mfactl_lint.h"


typedef struct {
    const char  *name;
    const char  *port;              /* of a name without one */
} pass_t;

static const pass_t  passes[] = {
    { "proxy_pass", "80" },
    { "fastcgi_pass", "" },
    { "uwsgi_pass", "" },
    { "scgi_pass", "" },
    { "grpc_pass", "80" },
    { "memcached_pass", "" },
};

#define PASSES  (sizeof(passes) / sizeof(passes[0]))


static mfa_str_t
backend_lower(lint_t *lint, mfa_str_t s)
{
    char    *text;
    size_t   i;

    text = mfa_arena_alloc(lint->arena, s.len + 1);

    if (text == NULL) {
        lint->has_failed = true;
        return mfa_str("");
    }

    for (i = 0; i < s.len; i++) {
        text[i] = s.data[i];

        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char) (text[i] + 'a' - 'A');
        }
    }

    return mfa_str_bytes(text, s.len);
}


bool
lint_is_loopback(mfa_str_t host)
{
    return mfa_str_eq_c(host, "localhost") || mfa_str_eq_c(host, "[::1]")
           || mfa_str_has_prefix(host, mfa_str("127."))
           || mfa_str_has_prefix(host, mfa_str("unix:"));
}


static bool
backend_is_number(mfa_str_t s)
{
    int64_t  n;

    return mfa_str_number(s, &n) == MFA_OK;
}


lint_address_t
lint_address(mfa_str_t text, const char *port)
{
    size_t          i;
    mfa_str_t       last;
    lint_address_t  address;

    address = (lint_address_t) { .host = text, .port = mfa_str_from(port) };

    if (mfa_str_has_prefix(text, mfa_str("unix:"))) {
        address.port = mfa_str("");
        return address;
    }

    if (backend_is_number(text)) {
        address.host = mfa_str("");
        address.port = text;
        return address;
    }

    for (i = text.len; i > 0 && text.data[i - 1] != ':'; i--) {
        if (text.data[i - 1] == ']') {
            i = 0;
            break;
        }
    }

    if (i > 0) {
        last = mfa_str_bytes(text.data + i, text.len - i);
        address.host.len = i - 1;
        address.port = last;
    }

    if (mfa_str_eq_c(address.host, "*")
        || mfa_str_eq_c(address.host, "0.0.0.0")
        || mfa_str_eq_c(address.host, "[::]"))
    {
        address.host = mfa_str("");
    }

    return address;
}


bool
lint_address_meets(lint_address_t a, lint_address_t b)
{
    if (!mfa_str_eq(a.port, b.port)) {
        return false;
    }

    return a.host.len == 0 || b.host.len == 0 || mfa_str_eq(a.host, b.host)
           || (lint_is_loopback(a.host) && lint_is_loopback(b.host)
               && a.port.len > 0);
}


bool
lint_is_wide(mfa_str_t network, unsigned v4, unsigned v6)
{
    int64_t         bits;
    mfa_str_t       address;
    unsigned char   bytes[16];
    char            text[64];

    if (mfa_str_eq_c(network, "all")) {
        return true;
    }

    address = mfa_str_split(&network, '/');

    if (network.len == 0 || address.len >= sizeof(text)
        || mfa_str_number(network, &bits) != MFA_OK)
    {
        return false;
    }

    memcpy(text, address.data, address.len);
    text[address.len] = '\0';

    if (inet_pton(AF_INET, text, bytes) == 1) {
        return bits < v4;
    }

    return inet_pton(AF_INET6, text, bytes) == 1 && bits < v6;
}


/* "app", "127.0.0.1:9001" or "unix:/x" as one word for what is the same */

static void
backend_key(lint_t *lint, lint_place_t *place, mfa_str_t text,
    const char *port)
{
    mfa_str_t       key;
    lint_address_t  address;

    if (place->key_count == LINT_KEYS_MAX) {
        return;
    }

    address = lint_address(text, port);

    if (lint_is_loopback(address.host) && address.port.len > 0) {
        address.host = mfa_str("loopback");
    }

    key = mfa_arena_printf(lint->arena, MFA_STR_FMT ":" MFA_STR_FMT,
                           MFA_STR_ARG(address.host),
                           MFA_STR_ARG(address.port));
    if (key.data == NULL) {
        lint->has_failed = true;
        return;
    }

    place->keys[place->key_count++] = key;
}


static void
backend_upstream(lint_t *lint, lint_place_t *place, mfa_str_t name)
{
    const mfactl_node_t  *node, *server;

    node = place->server->node->parent;
    node = mfactl_tree_find(node, "upstream");

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, "upstream"))
    {
        if (!mfa_str_eq(backend_lower(lint, mfactl_tree_word(node, 1)), name))
        {
            continue;
        }

        server = mfactl_tree_find(node, "server");

        for ( /* void */ ; server != NULL;
              server = mfactl_tree_next(server->next, "server"))
        {
            backend_key(lint, place,
                        backend_lower(lint, mfactl_tree_word(server, 1)),
                        "80");
        }
    }
}


static void
backend_sent(lint_place_t *place, mfa_str_t uri)
{
    const mfactl_node_t  *node;

    place->is_same = uri.len == 0 && place->match != LINT_NAMED;
    place->sent = uri;

    if (place->is_same) {
        place->sent = place->match == LINT_REGEX
                      ? lint_regex_start(place->path) : place->path;
    }

    /* what is rewritten may become anything; so may what has a variable */

    node = mfactl_tree_find(place->node, "rewrite");

    if (node != NULL
        || (uri.len > 0 && memchr(uri.data, '$', uri.len) != NULL))
    {
        place->is_same = false;
        place->sent = mfa_str("");
    }
}


static void
backend_pass(lint_t *lint, lint_place_t *place, const char *port)
{
    size_t     i;
    mfa_str_t  text, scheme;

    text = mfactl_tree_word(place->pass, 1);

    for (i = 0; i + 2 < text.len; i++) {
        if (memcmp(text.data + i, "://", 3) == 0) {
            scheme = mfa_str_bytes(text.data, i);
            port = mfa_str_eq_c(backend_lower(lint, scheme), "https")
                   || mfa_str_eq_c(scheme, "grpcs") ? "443" : port;
            text.data += i + 3;
            text.len -= i + 3;
            break;
        }
    }

    if (mfa_str_has_prefix(text, mfa_str("unix:"))) {
        for (i = 5; i < text.len && text.data[i] != ':'; i++) { /* void */ }

    } else {
        for (i = 0; i < text.len && text.data[i] != '/'; i++) { /* void */ }
    }

    backend_sent(place, mfa_str_has_prefix(text, mfa_str("unix:"))
                        ? mfa_str_bytes(text.data + i
                                        + (i < text.len ? 1 : 0),
                                        text.len - i - (i < text.len ? 1 : 0))
                        : mfa_str_bytes(text.data + i, text.len - i));

    text = backend_lower(lint, mfa_str_bytes(text.data, i));

    backend_key(lint, place, text, port);
    backend_upstream(lint, place, text);
}


void
lint_backends(lint_t *lint)
{
    size_t         i;
    lint_place_t  *place;

    for (place = lint->places; place != NULL; place = place->next) {
        for (i = 0; i < PASSES && place->pass == NULL; i++) {
            place->pass = mfactl_tree_find(place->node, passes[i].name);

            if (place->pass != NULL) {
                backend_pass(lint, place, passes[i].port);
            }
        }

        /* blocks of "limit_except" go on with what is around them */

        if (place->pass == NULL && place->kind == LINT_IF) {
            place->pass = place->parent->pass;
            place->sent = place->parent->sent;
            place->is_same = place->parent->is_same;
            place->key_count = place->parent->key_count;
            memcpy(place->keys, place->parent->keys, sizeof(place->keys));
        }
    }
}


bool
lint_same_backend(const lint_place_t *a, const lint_place_t *b)
{
    size_t  i, k;

    for (i = 0; i < a->key_count; i++) {
        for (k = 0; k < b->key_count; k++) {
            if (mfa_str_eq(a->keys[i], b->keys[k])) {
                return true;
            }
        }
    }

    return false;
}
