/*
 * The rules of a location: mfa_allow group=NAME user=NAME.
 *
 * The words of a line are alternatives, every line must hold.
 */

#include "mfa.h"


mfa_status_t
mfa_rules_add(mfa_rules_t *rules, const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error)
{
    size_t       i;
    mfa_str_t    value;
    mfa_strs_t  *lines, *added;

    lines = mfa_arena_alloc(arena, (rules->count + 1) * sizeof(*lines));

    if (line->nargs == 0 || lines == NULL) {
        mfa_error_set(error, "invalid number of arguments in \"mfa_allow\" "
                      "directive");
        return MFA_CONFIG;
    }

    if (rules->count > 0) {
        memcpy(lines, rules->lines, rules->count * sizeof(*lines));
    }

    added = &lines[rules->count];

    for (i = 0; i < line->nargs; i++) {
        if ((mfa_parse_named(line->args[i], "group", &value) != MFA_OK
             && mfa_parse_named(line->args[i], "user", &value) != MFA_OK)
            || value.len == 0
            || mfa_strs_add(arena, added, line->args[i]) != MFA_OK)
        {
            mfa_error_set(error, "invalid parameter \"" MFA_STR_FMT "\" in "
                          "\"mfa_allow\", it must be \"group=NAME\" or "
                          "\"user=NAME\"", MFA_STR_ARG(line->args[i]));
            return MFA_CONFIG;
        }
    }

    rules->lines = lines;
    rules->count++;

    return MFA_OK;
}


static bool
word_fits(mfa_str_t word, const mfa_identity_t *identity)
{
    mfa_str_t  value;

    if (mfa_parse_named(word, "group", &value) == MFA_OK) {
        return mfa_strs_has(&identity->group_list, value);
    }

    if (mfa_parse_named(word, "user", &value) == MFA_OK) {
        return mfa_str_eq(identity->user, value);
    }

    return false;
}


mfa_verdict_t
mfa_rules_judge(const mfa_rules_t *rules, const mfa_identity_t *identity)
{
    bool    fits;
    size_t  i, k;

    for (i = 0; i < rules->count; i++) {
        fits = false;

        for (k = 0; k < rules->lines[i].count && !fits; k++) {
            fits = word_fits(rules->lines[i].items[k], identity);
        }

        if (!fits) {
            return MFA_VERDICT_DENY;
        }
    }

    return MFA_VERDICT_PASS;
}
