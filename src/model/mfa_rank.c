/*
 * Ranks: who is staff, and whom they may do something to (A3).
 *
 * By the groups of the record as they are now, so that somebody who leaves a
 * group loses the rank with the next request. Contract: mfa_model_staff.h.
 */

#include "mfa_model.h"


/* a group that the operator did not name has no members */

static bool
rank_is_member(const mfa_user_t *user, mfa_str_t group)
{
    return group.len > 0 && mfa_strs_has(&user->groups, group);
}


mfa_rank_t
mfa_user_rank(const mfa_model_settings_t *settings, const mfa_user_t *user)
{
    if (rank_is_member(user, settings->admin_group)) {
        return MFA_RANK_ADMIN;
    }

    if (rank_is_member(user, settings->helpdesk_group)) {
        return MFA_RANK_HELPDESK;
    }

    return MFA_RANK_USER;
}


mfa_verdict_t
mfa_staff_may(const mfa_model_settings_t *settings, const mfa_user_t *staff,
    const mfa_user_t *user)
{
    mfa_rank_t     rank;
    mfa_verdict_t  verdict;

    verdict = MFA_VERDICT_DENY;

    rank = mfa_user_rank(settings, staff);

    /* a record that could not be read is disabled, and so is nobody's staff */

    if (rank > MFA_RANK_USER
        && mfa_user_may_log_in(staff) == MFA_VERDICT_PASS
        && memcmp(staff->id.bytes, user->id.bytes, MFA_ID_SIZE) != 0
        && mfa_user_rank(settings, user) <= rank)
    {
        verdict = MFA_VERDICT_PASS;
    }

    return verdict;
}
