/*
 * What a location demands of a session: mfa_level open | one | two |
 * fresh=TIME.
 *
 * Says whether a live session is enough, never whether it is live, and never
 * who the person is.
 */

#include "mfa_realm.h"


#define FRESH_MIN  MFA_MINUTE
#define FRESH_MAX  (24 * MFA_HOUR)


static mfa_status_t
level_fresh(mfa_level_t *level, mfa_str_t text, mfa_error_t *error)
{
    if (mfa_parse_time(text, &level->fresh) != MFA_OK
        || level->fresh < FRESH_MIN || level->fresh > FRESH_MAX)
    {
        mfa_error_set(error, "invalid time \"" MFA_STR_FMT "\" in "
                      "\"mfa_level fresh=\", it must be between 1m and 24h",
                      MFA_STR_ARG(text));
        return MFA_CONFIG;
    }

    level->level = MFA_LEVEL_TWO;

    return MFA_OK;
}


mfa_status_t
mfa_level_set(mfa_level_t *level, const mfa_line_t *line, mfa_error_t *error)
{
    size_t     i;
    mfa_str_t  fresh;

    static const mfa_enum_t  names[] = {
        { "open", MFA_LEVEL_OPEN },
        { "one", MFA_LEVEL_ONE },
        { "two", MFA_LEVEL_TWO },
        { NULL, 0 }
    };

    if (level->is_given) {
        mfa_error_set(error, "\"mfa_level\" directive is duplicate");
        return MFA_CONFIG;
    }

    level->is_given = true;

    if (line->nargs == 1
        && mfa_parse_named(line->args[0], "fresh", &fresh) == MFA_OK)
    {
        return level_fresh(level, fresh, error);
    }

    for (i = 0; line->nargs == 1 && names[i].name != NULL; i++) {
        if (mfa_str_eq_c(line->args[0], names[i].name)) {
            level->level = (mfa_level_e) names[i].value;
            return MFA_OK;
        }
    }

    mfa_error_set(error, "invalid value in \"mfa_level\", it must be "
                  "\"open\", \"one\", \"two\" or \"fresh=TIME\"");

    return MFA_CONFIG;
}


static mfa_verdict_t
level_policy(const mfa_realm_t *realm, const mfa_identity_t *identity,
    mfa_time_t now)
{
    mfa_user_t  user;

    memset(&user, 0, sizeof(user));

    user.groups = identity->group_list;
    user.added_at = identity->added_at;
    user.deadline_at = identity->deadline_at;

    return mfa_policy_judge(&realm->flow, &user, identity->amr_bits,
                            identity->is_partial, now);
}


static bool
level_is_fresh(const mfa_level_t *level, const mfa_identity_t *identity,
    mfa_time_t now)
{
    /* what another service proves comes with each request */

    if (level->fresh == 0 || (identity->amr_bits & MFA_AMR_TRUSTED_MFA)) {
        return true;
    }

    return identity->factor_at > 0 && now - identity->factor_at < level->fresh;
}


mfa_verdict_t
mfa_level_judge(const mfa_realm_t *realm, const mfa_level_t *level,
    const mfa_identity_t *identity, mfa_time_t now)
{
    if (level->level == MFA_LEVEL_OPEN || level->level == MFA_LEVEL_ONE) {
        return MFA_VERDICT_PASS;
    }

    if (level->level == MFA_LEVEL_TWO) {
        return mfa_amr_has_factor(identity->amr_bits)
               && level_is_fresh(level, identity, now)
               ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
    }

    return level_policy(realm, identity, now);
}
