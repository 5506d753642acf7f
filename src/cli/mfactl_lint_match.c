/*
 * Rules: addresses that miss the guarded location they were meant for.
 */

#include "mfactl_lint.h"


/* does the guard begin here, and not further out? */

static bool
match_begins(const lint_place_t *place)
{
    return place->kind == LINT_LOCATION && place->is_guarded
           && !place->is_hidden
           && (place->parent == NULL || !place->parent->is_guarded);
}


/* "return" is all it does */

static bool
match_serves(const lint_place_t *place)
{
    return !place->is_closed
           && mfactl_tree_find(place->node, "return") == NULL;
}


static bool
match_is_open(const lint_place_t *place)
{
    return !place->is_guarded && !place->is_portal && !place->is_hidden
           && match_serves(place);
}


static void
match_prefix(lint_t *lint, const lint_place_t *place)
{
    const lint_place_t  *rest;

    if (!match_begins(place) || place->path.len < 2
        || (place->match != LINT_PREFIX && place->match != LINT_PREFIX_FIRST))
    {
        return;
    }

    /* not "/": "location = /" answers for one address, not for the rest */

    rest = lint_choose(lint, place->server, mfa_str("/."));

    if (!match_is_open(rest)
        || (rest->is_said && !lint_same_backend(rest, place)))
    {
        return;
    }

    lint_add(lint, "prefix-only-guard", place->node, MFA_STR_FMT " is "
             "guarded; what does not begin so goes to " MFA_STR_FMT
             ", which is not", MFA_STR_ARG(lint_name(lint, place)),
             MFA_STR_ARG(lint_name(lint, rest)));
}


/* a guarded place that loses addresses to the regular expression */

static bool
match_loses(const lint_place_t *guarded, const lint_place_t *regex)
{
    if (guarded->server != regex->server || !guarded->is_guarded
        || guarded->is_hidden || guarded->kind == LINT_IF)
    {
        return false;
    }

    if (guarded->kind == LINT_LOCATION
        && (guarded->match == LINT_EXACT || guarded->match == LINT_NAMED
            || (guarded->match == LINT_PREFIX_FIRST
                && regex->parent != guarded)))
    {
        return false;
    }

    if (regex->is_said && !lint_same_backend(guarded, regex)) {
        return false;
    }

    return regex->parent->kind == LINT_LOCATION
           ? lint_overlaps(guarded, regex->parent)
           : lint_overlaps(guarded, regex);
}


static void
match_regex(lint_t *lint, const lint_place_t *place)
{
    const lint_place_t  *guarded;

    if (place->kind != LINT_LOCATION || place->match != LINT_REGEX
        || !match_is_open(place))
    {
        return;
    }

    for (guarded = lint->places; guarded != NULL; guarded = guarded->next) {
        if (match_loses(guarded, place)) {
            lint_add(lint, "regex-beside-guard", place->node, MFA_STR_FMT
                     " is open and takes addresses of guarded " MFA_STR_FMT,
                     MFA_STR_ARG(lint_name(lint, place)),
                     MFA_STR_ARG(lint_name(lint, guarded)));
            return;
        }
    }
}


static bool
match_is_below(const lint_place_t *place, const lint_place_t *guarded)
{
    if (guarded->server != place->server || !match_begins(guarded)) {
        return false;
    }

    if (guarded->match == LINT_REGEX) {
        return (place->match == LINT_EXACT
                || place->match == LINT_PREFIX_FIRST)
               && lint_regex_start(guarded->path).len > 1
               && lint_overlaps(place, guarded);
    }

    return guarded->match != LINT_EXACT
           && mfa_str_has_prefix(place->path, guarded->path);
}


static void
match_below(lint_t *lint, const lint_place_t *place)
{
    const lint_place_t  *guarded;

    if (place->kind != LINT_LOCATION || place->match == LINT_REGEX
        || !match_is_open(place) || place->is_said)
    {
        return;
    }

    for (guarded = lint->places; guarded != NULL; guarded = guarded->next) {
        if (match_is_below(place, guarded)) {
            lint_add(lint, "hole-below-guard", place->node, MFA_STR_FMT
                     " is open, below guarded " MFA_STR_FMT,
                     MFA_STR_ARG(lint_name(lint, place)),
                     MFA_STR_ARG(lint_name(lint, guarded)));
            return;
        }
    }
}


static void
match_alias(lint_t *lint, const lint_place_t *place)
{
    mfa_str_t             folder;
    const mfactl_node_t  *node;

    node = mfactl_tree_find(place->node, "alias");
    folder = mfactl_tree_word(node, 1);

    if (place->kind != LINT_LOCATION || node == NULL || folder.len == 0
        || place->path.len == 0
        || (place->match != LINT_PREFIX && place->match != LINT_PREFIX_FIRST)
        || place->path.data[place->path.len - 1] == '/'
        || folder.data[folder.len - 1] != '/')
    {
        return;
    }

    lint_add(lint, "alias-traversal", node, MFA_STR_FMT " serves files "
             "outside of " MFA_STR_FMT, MFA_STR_ARG(lint_name(lint, place)),
             MFA_STR_ARG(folder));
}


void
lint_rules_match(lint_t *lint)
{
    const lint_place_t  *place;

    for (place = lint->places; place != NULL; place = place->next) {
        if (place->kind == LINT_STREAM) {
            continue;
        }

        match_prefix(lint, place);
        match_regex(lint, place);
        match_below(lint, place);
        match_alias(lint, place);
    }
}
