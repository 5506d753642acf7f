/*
 * Rules: what answers before the gate, and what may answer instead of it.
 */

#include "mfactl_lint.h"


/* is this the gate's own door: the portal, or the realm's public_url? */

static bool
gate_is_own(const lint_t *lint, const lint_place_t *place, mfa_str_t target)
{
    mfa_str_t             url, rest;
    const lint_place_t   *other;
    const mfactl_node_t  *realm;

    for (other = lint->places; other != NULL; other = other->next) {
        if (other->is_portal && other->server == place->server
            && other->match != LINT_REGEX
            && mfa_str_has_prefix(target, other->path))
        {
            return true;
        }
    }

    realm = lint_realm(lint, place->realm);
    url = mfactl_tree_word(mfactl_tree_find(realm, "public_url"), 1);

    while (url.len > 0 && url.data[url.len - 1] == '/') {
        url.len--;
    }

    if (url.len == 0 || !mfa_str_has_prefix(target, url)) {
        return false;
    }

    rest = mfa_str_bytes(target.data + url.len, target.len - url.len);

    return rest.len == 0 || mfa_str_has_prefix(rest, mfa_str("/"))
           || mfa_str_has_prefix(rest, mfa_str("$request_uri"))
           || mfa_str_has_prefix(rest, mfa_str("$uri"));
}


static void
gate_return(lint_t *lint, const lint_place_t *place,
    const mfactl_node_t *node)
{
    int64_t    code;
    mfa_str_t  target;

    target = mfactl_tree_word(node, 2);

    if (mfa_str_number(mfactl_tree_word(node, 1), &code) != MFA_OK) {
        code = 302;
        target = mfactl_tree_word(node, 1);
    }

    /* a refusal without a word is a refusal */

    if (code >= 400 && target.len == 0) {
        return;
    }

    if (code >= 300 && code < 400 && gate_is_own(lint, place, target)) {
        return;
    }

    lint_add(lint, "return-before-gate", node, "\"return " MFA_STR_FMT "\" in "
             "guarded " MFA_STR_FMT " is not guarded",
             MFA_STR_ARG(mfactl_tree_word(node, 1)),
             MFA_STR_ARG(lint_name(lint, place)));
}


static void
gate_rewrite(lint_t *lint, const lint_place_t *place,
    const mfactl_node_t *node)
{
    mfa_str_t  target, flag;

    target = mfactl_tree_word(node, 2);
    flag = mfactl_tree_word(node, 3);

    if (!mfa_str_eq_c(flag, "redirect") && !mfa_str_eq_c(flag, "permanent")
        && !mfa_str_has_prefix(target, mfa_str("http://"))
        && !mfa_str_has_prefix(target, mfa_str("https://"))
        && !mfa_str_has_prefix(target, mfa_str("$scheme")))
    {
        return;
    }

    if (gate_is_own(lint, place, target)) {
        return;
    }

    lint_add(lint, "return-before-gate", node, "the redirect of \"rewrite\" "
             "in guarded " MFA_STR_FMT " is not guarded",
             MFA_STR_ARG(lint_name(lint, place)));
}


static void
gate_answers(lint_t *lint, const lint_place_t *place)
{
    mfa_str_t             name;
    const mfactl_node_t  *node;

    for (node = place->node->first; node != NULL; node = node->next) {
        name = mfactl_tree_word(node, 0);

        if (mfa_str_eq_c(name, "return")) {
            gate_return(lint, place, node);

        } else if (mfa_str_eq_c(name, "rewrite")) {
            gate_rewrite(lint, place, node);
        }
    }
}


/* the level whose "allow" and "deny" are in force */

static const mfactl_node_t *
gate_allow(const lint_place_t *place)
{
    const mfactl_node_t  *allow, *deny;

    allow = lint_get(place, "allow");
    deny = lint_get(place, "deny");

    for ( /* void */ ; place != NULL; place = place->parent) {
        if ((allow != NULL && allow->parent == place->node)
            || (deny != NULL && deny->parent == place->node))
        {
            return place->node;
        }
    }

    return allow != NULL ? allow->parent : NULL;
}


static void
gate_satisfy(lint_t *lint, const lint_place_t *place)
{
    mfa_str_t             name, value;
    const mfactl_node_t  *node;

    if (!lint_is(place, "satisfy", "any")) {
        return;
    }

    node = gate_allow(place);
    node = node == NULL ? NULL : node->first;

    for ( /* void */ ; node != NULL; node = node->next) {
        name = mfactl_tree_word(node, 0);
        value = mfactl_tree_word(node, 1);

        if (mfa_str_eq_c(name, "deny") && mfa_str_eq_c(value, "all")) {
            break;
        }

        if (mfa_str_eq_c(name, "allow") && lint_is_wide(value, 8, 32)) {
            lint_add(lint, "satisfy-any-wide", node, "\"allow " MFA_STR_FMT
                     "\" opens guarded " MFA_STR_FMT, MFA_STR_ARG(value),
                     MFA_STR_ARG(lint_name(lint, place)));
        }
    }

    if (!mfa_str_eq_c(lint_value(place, "auth_basic", "off"), "off")) {
        lint_add(lint, "satisfy-any-other", lint_get(place, "auth_basic"),
                 "a password of \"auth_basic\" opens guarded " MFA_STR_FMT,
                 MFA_STR_ARG(lint_name(lint, place)));
    }

    if (!place->is_asked
        && !mfa_str_eq_c(lint_value(place, "auth_request", "off"), "off"))
    {
        lint_add(lint, "satisfy-any-other", lint_get(place, "auth_request"),
                 "\"auth_request\" alone opens guarded " MFA_STR_FMT,
                 MFA_STR_ARG(lint_name(lint, place)));
    }
}


static bool
gate_says_yes(const lint_place_t *target)
{
    int64_t               code;
    const mfactl_node_t  *node;

    if (target->is_portal) {
        return true;
    }

    node = mfactl_tree_find(target->node, "return");

    if (node != NULL
        && mfa_str_number(mfactl_tree_word(node, 1), &code) == MFA_OK)
    {
        return code >= 200 && code < 300;
    }

    return !target->is_guarded && target->pass == NULL;
}


/* does anything open in the server make subrequests? */

static bool
gate_has_includes(const lint_t *lint, const lint_place_t *server)
{
    const lint_place_t  *place;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->server == server && !place->is_guarded
            && !place->is_portal
            && (lint_is(place, "ssi", "on")
                || lint_get(place, "add_before_body") != NULL
                || lint_get(place, "add_after_body") != NULL))
        {
            return true;
        }
    }

    return false;
}


static void
gate_auth_request(lint_t *lint, const lint_place_t *place)
{
    mfa_str_t             uri;
    const lint_place_t   *target;
    const mfactl_node_t  *node;

    node = lint_get(place, "auth_request");
    uri = mfactl_tree_word(node, 1);

    if (node == NULL || mfa_str_eq_c(uri, "off") || place->is_portal) {
        return;
    }

    target = lint_choose(lint, place->server, uri);

    if (target != place && gate_says_yes(target)) {
        lint_add(lint, "auth-request-open", node, "\"auth_request "
                 MFA_STR_FMT "\" leads to " MFA_STR_FMT ", which is open",
                 MFA_STR_ARG(uri), MFA_STR_ARG(lint_name(lint, target)));
    }

    if (place->is_asked && gate_has_includes(lint, place->server)) {
        lint_add(lint, "auth-request-subrequest", node, MFA_STR_FMT
                 " is guarded by \"auth_request\" alone, and an open page of "
                 "the server may include it",
                 MFA_STR_ARG(lint_name(lint, place)));
    }
}


/* each is told of once, where it stands */

static void
gate_monitor(lint_t *lint, const lint_place_t *place)
{
    const mfactl_node_t  *mfa;

    mfa = lint_get(place, "mfa");

    if (mfa != NULL && mfa_str_eq_c(mfactl_tree_word(mfa, 2), "monitor")) {
        lint_add(lint, "monitor-mode", mfa, "\"mfa " MFA_STR_FMT
                 " monitor\" guards nothing",
                 MFA_STR_ARG(mfactl_tree_word(mfa, 1)));
    }
}


void
lint_rules_gate(lint_t *lint)
{
    const lint_place_t  *place;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->kind == LINT_STREAM || place->is_closed) {
            continue;
        }

        if (place->is_guarded) {
            gate_monitor(lint, place);
            gate_answers(lint, place);
            gate_satisfy(lint, place);
        }

        if (place->server->has_guard || place->is_asked) {
            gate_auth_request(lint, place);
        }
    }
}
