/*
 * Rules: ways to a guarded application that do not lead through the gate.
 */

#include "mfactl_lint.h"


/* is the hidden place named by "try_files", "error_page" and the like? */

static bool
reach_names(const mfactl_node_t *block, mfa_str_t path)
{
    size_t                i;
    mfa_str_t             name;
    const mfactl_node_t  *node;

    for (node = block->first; node != NULL; node = node->next) {
        name = mfactl_tree_word(node, 0);

        if (!mfa_str_eq_c(name, "try_files")
            && !mfa_str_eq_c(name, "error_page")
            && !mfa_str_eq_c(name, "rewrite")
            && !mfa_str_eq_c(name, "index")
            && !mfa_str_eq_c(name, "mirror")
            && !mfa_str_eq_c(name, "post_action"))
        {
            continue;
        }

        for (i = 1; i < node->count; i++) {
            if (mfa_str_has_prefix(node->words[i], path)) {
                return true;
            }
        }
    }

    return false;
}


/*
 * A place that no client may ask for is reached when an open place leads to
 * it, or a guarded one whose refusals are given to "error_page".
 */

static bool
reach_is_reached(const lint_t *lint, const lint_place_t *hidden)
{
    const lint_place_t  *place;

    if (!hidden->is_hidden) {
        return true;
    }

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server != hidden->server || place == hidden
            || place->is_portal
            || (place->is_guarded && !place->is_asked
                && !lint_is(place, "satisfy", "any")))
        {
            continue;
        }

        if (reach_names(place->node, hidden->path)) {
            return true;
        }

        /* what stands in the server is in force in its locations */

        if (place->kind != LINT_SERVER
            && reach_names(place->server->node, hidden->path))
        {
            return true;
        }
    }

    return false;
}


static bool
reach_overlaps(const lint_place_t *a, const lint_place_t *b)
{
    /* each path of one server has one place */

    if (a->server == b->server && a->is_same && b->is_same) {
        return false;
    }

    return mfa_str_has_prefix(a->sent, b->sent)
           || mfa_str_has_prefix(b->sent, a->sent);
}


/* does the server of the guarded place open the same paths on purpose? */

static bool
reach_is_agreed(const lint_t *lint, const lint_place_t *open,
    const lint_place_t *guarded)
{
    const lint_place_t  *place;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server == guarded->server && place->is_said
            && place != open && place->is_same && open->is_same
            && place->match != LINT_REGEX && lint_same_backend(place, open)
            && mfa_str_has_prefix(open->sent, place->sent))
        {
            return true;
        }
    }

    return false;
}


static bool
reach_is_hole(const lint_t *lint, const lint_place_t *open,
    const lint_place_t *guarded)
{
    if (!lint_same_backend(open, guarded)) {
        return false;
    }

    if (!open->is_said) {
        return true;
    }

    return reach_overlaps(open, guarded)
           && !reach_is_agreed(lint, open, guarded);
}


static void
reach_open(lint_t *lint, const lint_place_t *open,
    const lint_place_t *guarded)
{
    const char  *id;

    id = open->kind == LINT_STREAM ? "stream-to-application"
         : lint_is_default(lint, open->server) && !open->server->has_guard
           ? "default-server-open"
         : "upstream-unguarded";

    lint_add(lint, id, open->pass, MFA_STR_FMT " passes to the application "
             "of guarded " MFA_STR_FMT " (%s:%u)",
             MFA_STR_ARG(lint_name(lint, open)),
             MFA_STR_ARG(lint_name(lint, guarded)), guarded->node->file,
             guarded->node->line);
}


static void
reach_guarded(lint_t *lint, const lint_place_t *place,
    const lint_place_t *guarded)
{
    if (!lint_same_backend(place, guarded)) {
        return;
    }

    if (place->realm.len > 0 && guarded->realm.len > 0
        && !mfa_str_eq(place->realm, guarded->realm))
    {
        lint_add(lint, "upstream-two-realms", place->pass, MFA_STR_FMT
                 " and " MFA_STR_FMT " pass to one application, with the "
                 "realms " MFA_STR_FMT " and " MFA_STR_FMT,
                 MFA_STR_ARG(lint_name(lint, guarded)),
                 MFA_STR_ARG(lint_name(lint, place)),
                 MFA_STR_ARG(guarded->realm), MFA_STR_ARG(place->realm));
    }

    if (lint_get(guarded, "mfa_allow") != NULL
        && lint_get(place, "mfa_allow") == NULL
        && reach_overlaps(place, guarded))
    {
        lint_add(lint, "upstream-without-rule", place->pass, MFA_STR_FMT
                 " reaches without \"mfa_allow\" what " MFA_STR_FMT
                 " allows to some", MFA_STR_ARG(lint_name(lint, place)),
                 MFA_STR_ARG(lint_name(lint, guarded)));
    }
}


static void
reach_pairs(lint_t *lint, const lint_place_t *place)
{
    bool                 is_open, is_later;
    const lint_place_t  *guarded;

    is_open = !place->is_guarded && !place->is_portal
              && reach_is_reached(lint, place);
    is_later = false;

    for (guarded = lint->places; guarded != NULL; guarded = guarded->next) {
        is_later = is_later || guarded == place;

        if (guarded == place || !guarded->is_guarded || guarded->is_closed
            || guarded->pass == NULL)
        {
            continue;
        }

        if (is_open && reach_is_hole(lint, place, guarded)) {
            reach_open(lint, place, guarded);
            return;
        }

        /* of two realms the later line is named */

        if (place->is_guarded
            && (!is_later || mfa_str_eq(place->realm, guarded->realm)))
        {
            reach_guarded(lint, place, guarded);
        }
    }
}


/* a server of this nginx that is the guarded application itself */

static void
reach_port(lint_t *lint, const lint_place_t *server,
    const lint_place_t *guarded)
{
    size_t                i;
    lint_address_t        address, key;
    const mfactl_node_t  *listen;

    listen = lint_listen_next(server, NULL);

    for ( /* void */ ; listen != NULL;
          listen = lint_listen_next(server, listen))
    {
        address = lint_listen_address(listen);

        if (lint_is_loopback(address.host)) {
            continue;
        }

        for (i = 0; i < guarded->key_count; i++) {
            key = lint_address(guarded->keys[i], "");

            if (mfa_str_eq(key.port, address.port)
                && (mfa_str_eq_c(key.host, "loopback")
                    || mfa_str_eq(key.host, address.host)))
            {
                lint_add(lint, "backend-port-open", listen, "port "
                         MFA_STR_FMT " is the application of guarded "
                         MFA_STR_FMT " and is open to the network",
                         MFA_STR_ARG(address.port),
                         MFA_STR_ARG(lint_name(lint, guarded)));
            }
        }
    }
}


void
lint_rules_reach(lint_t *lint)
{
    const lint_place_t  *place, *guarded;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->is_closed) {
            continue;
        }

        if (place->pass != NULL) {
            reach_pairs(lint, place);
        }

        if (place->kind != LINT_SERVER || place->has_guard) {
            continue;
        }

        for (guarded = lint->places; guarded != NULL; guarded = guarded->next)
        {
            if (guarded->is_guarded && guarded->pass != NULL
                && !guarded->is_closed)
            {
                reach_port(lint, place, guarded);
            }
        }
    }
}
