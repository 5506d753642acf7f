/*
 * Rules: what a server listens to, and how it reads requests and addresses.
 */

#include "mfactl_lint.h"


#define SERVER_HEADER_MAX  (64 * 1024)


const mfactl_node_t *
lint_listen_next(const lint_place_t *server, const mfactl_node_t *listen)
{
    return listen == NULL ? mfactl_tree_find(server->node, "listen")
                          : mfactl_tree_next(listen->next, "listen");
}


lint_address_t
lint_listen_address(const mfactl_node_t *listen)
{
    return lint_address(listen == NULL ? mfa_str("80")
                                       : mfactl_tree_word(listen, 1), "80");
}


static bool
server_has_word(const mfactl_node_t *listen, const char *word)
{
    size_t  i;

    for (i = 2; listen != NULL && i < listen->count; i++) {
        if (mfa_str_eq_c(listen->words[i], word)) {
            return true;
        }
    }

    return false;
}


static bool
server_listens(const lint_place_t *server, lint_address_t address,
    bool is_default)
{
    lint_address_t        own;
    const mfactl_node_t  *listen;

    listen = lint_listen_next(server, NULL);

    do {
        own = lint_listen_address(listen);

        if (mfa_str_eq(own.host, address.host)
            && mfa_str_eq(own.port, address.port)
            && (!is_default || server_has_word(listen, "default_server")))
        {
            return true;
        }

        listen = listen == NULL ? NULL : lint_listen_next(server, listen);
    } while (listen != NULL);

    return false;
}


/* the one that is named so, else the first of the address */

static const lint_place_t *
server_default(const lint_t *lint, lint_address_t address)
{
    const lint_place_t  *place, *first;

    first = NULL;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->kind != LINT_SERVER) {
            continue;
        }

        if (server_listens(place, address, true)) {
            return place;
        }

        if (first == NULL && server_listens(place, address, false)) {
            first = place;
        }
    }

    return first;
}


bool
lint_is_default(const lint_t *lint, const lint_place_t *server)
{
    const mfactl_node_t  *listen;

    if (server->kind != LINT_SERVER) {
        return false;
    }

    listen = lint_listen_next(server, NULL);

    do {
        if (server_default(lint, lint_listen_address(listen)) == server) {
            return true;
        }

        listen = listen == NULL ? NULL : lint_listen_next(server, listen);
    } while (listen != NULL);

    return false;
}


/* is it guarded, or does it read the requests of one that is? */

static bool
server_matters(const lint_t *lint, const lint_place_t *server)
{
    const lint_place_t   *other;
    const mfactl_node_t  *listen;

    if (server->has_guard) {
        return true;
    }

    for (other = lint->places; other != NULL; other = other->next) {
        if (!other->has_guard || other->kind != LINT_SERVER) {
            continue;
        }

        listen = lint_listen_next(server, NULL);

        do {
            if (server_listens(other, lint_listen_address(listen), false)) {
                return true;
            }

            listen = listen == NULL ? NULL
                                    : lint_listen_next(server, listen);
        } while (listen != NULL);
    }

    return false;
}


static bool
server_is_demo(const lint_t *lint, const lint_place_t *server)
{
    mfa_str_t             url;
    const lint_place_t   *place;
    const mfactl_node_t  *realm;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server == server && place->realm.len > 0) {
            realm = lint_realm(lint, place->realm);
            url = mfactl_tree_word(mfactl_tree_find(realm, "public_url"), 1);

            /* the module takes http:// for a loopback host alone */

            return mfa_str_has_prefix(url, mfa_str("http://"));
        }
    }

    return false;
}


/* if ($scheme = http) { return 301 https://...; } */

static bool
server_redirects_http(const lint_place_t *server)
{
    const mfactl_node_t  *node, *answer;

    node = mfactl_tree_find(server->node, "if");

    for ( /* void */ ; node != NULL; node = mfactl_tree_next(node->next, "if"))
    {
        answer = mfactl_tree_find(node, "return");

        if (mfa_str_eq_c(mfactl_tree_word(node, 1), "($scheme")
            && mfa_str_eq_c(mfactl_tree_word(node, 2), "=")
            && mfa_str_has_prefix(mfactl_tree_word(node, 3), mfa_str("http"))
            && !mfa_str_has_prefix(mfactl_tree_word(node, 3),
                                   mfa_str("https"))
            && mfa_str_has_prefix(mfactl_tree_word(answer, 2),
                                  mfa_str("https://")))
        {
            return true;
        }
    }

    return false;
}


static void
server_plain(lint_t *lint, const lint_place_t *server)
{
    lint_address_t        address;
    const mfactl_node_t  *listen;

    if (server_is_demo(lint, server) || server_redirects_http(server)
        || lint_is(server, "ssl", "on"))
    {
        return;
    }

    listen = lint_listen_next(server, NULL);

    do {
        address = lint_listen_address(listen);

        if (!server_has_word(listen, "ssl")
            && !server_has_word(listen, "quic")
            && !lint_is_loopback(address.host))
        {
            lint_add(lint, "plain-http", listen != NULL ? listen
                                                        : server->node,
                     "guarded " MFA_STR_FMT " listens without TLS on port "
                     MFA_STR_FMT, MFA_STR_ARG(lint_name(lint, server)),
                     MFA_STR_ARG(address.port));
        }

        listen = listen == NULL ? NULL : lint_listen_next(server, listen);
    } while (listen != NULL);
}


static void
server_flag(lint_t *lint, const lint_place_t *server, const char *name,
    const char *bad, const char *id)
{
    const mfactl_node_t  *node;

    node = lint_get(server, name);

    if (node != NULL && mfa_str_eq_c(mfactl_tree_word(node, 1), bad)) {
        lint_add(lint, id, node, "\"%s %s\" where requests of a guarded "
                 "server are read", name, bad);
    }
}


static void
server_real_ip(lint_t *lint, const lint_place_t *place)
{
    const mfactl_node_t  *node;

    node = lint_get(place, "set_real_ip_from");

    for ( /* void */ ; node != NULL;
          node = mfactl_tree_next(node->next, "set_real_ip_from"))
    {
        if (lint_is_wide(mfactl_tree_word(node, 1), 8, 32)) {
            lint_add(lint, "real-ip-trusts-all", node, "\"set_real_ip_from "
                     MFA_STR_FMT "\" believes strangers",
                     MFA_STR_ARG(mfactl_tree_word(node, 1)));
        }
    }
}


/* "64k"; 0: not a size */

static int64_t
server_size(mfa_str_t text)
{
    int64_t  n, unit;

    unit = 1;

    if (text.len > 0 && strchr("kKmM", text.data[text.len - 1]) != NULL) {
        unit = strchr("kK", text.data[text.len - 1]) != NULL ? 1024
                                                             : 1024 * 1024;
        text.len--;
    }

    return text.len < 10 && mfa_str_number(text, &n) == MFA_OK ? n * unit : 0;
}


static void
server_headers(lint_t *lint, const lint_place_t *server)
{
    mfa_str_t             size;
    const mfactl_node_t  *node;

    node = lint_get(server, "large_client_header_buffers");
    size = mfactl_tree_word(node, 2);

    if (server_size(size) > SERVER_HEADER_MAX) {
        lint_add(lint, "large-header-buffers", node, "header buffers of "
                 MFA_STR_FMT " for strangers", MFA_STR_ARG(size));
    }
}


static void
server_networks(lint_t *lint)
{
    size_t                i;
    const mfactl_node_t  *realm, *node;

    realm = mfactl_tree_find(lint->http, "mfa_realm");

    for ( /* void */ ; realm != NULL;
          realm = mfactl_tree_next(realm->next, "mfa_realm"))
    {
        node = mfactl_tree_find(realm, "trusted_networks");

        for (i = 1; node != NULL && i < node->count; i++) {
            if (lint_is_wide(node->words[i], 8, 32)) {
                lint_add(lint, "trusted-networks-wide", node, "\""
                         MFA_STR_FMT "\" is no office",
                         MFA_STR_ARG(node->words[i]));
            }
        }
    }
}


void
lint_rules_server(lint_t *lint)
{
    const lint_place_t  *place;

    server_networks(lint);

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server->has_guard) {
            server_real_ip(lint, place);
        }

        if (place->kind != LINT_SERVER || !server_matters(lint, place)) {
            continue;
        }

        server_flag(lint, place, "merge_slashes", "off",
                    "merge-slashes-off");
        server_flag(lint, place, "underscores_in_headers", "on",
                    "underscores-in-headers");
        server_flag(lint, place, "ignore_invalid_headers", "off",
                    "invalid-headers");
        server_headers(lint, place);

        if (place->has_guard) {
            server_plain(lint, place);
        }
    }
}
