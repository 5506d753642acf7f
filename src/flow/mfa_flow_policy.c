/*
 * What the organisation asks of a person (Y1, D1, D5): the lines of the
 * realm, and which of them count for whom.
 *
 * Decides from settings and the user's record alone: nothing is kept of it,
 * so that a new line or another group counts at the next request.
 */

#include "mfa_flow.h"


mfa_time_t
mfa_policy_deadline(const mfa_policy_t *policy, const mfa_user_t *user)
{
    mfa_time_t  deadline;

    if (policy->is_optional) {
        return INT64_MAX;
    }

    if (policy->from == 0) {
        return 0;
    }

    /* everybody who was there on that day; others count from their own */

    deadline = policy->grace + (user->added_at < policy->from
                                ? policy->from : user->added_at);

    return user->deadline_at > deadline ? user->deadline_at : deadline;
}


static void
second_factor_copy(mfa_policy_t *policy, const mfa_policy_t *from)
{
    policy->is_optional = from->is_optional;
    policy->from = from->from;
    policy->grace = from->grace;
}


static void
second_factor_merge(mfa_policy_t *policy, const mfa_policy_t *other,
    const mfa_user_t *user)
{
    if (other->methods > policy->methods) {
        policy->methods = other->methods;
    }

    if (mfa_policy_deadline(other, user) < mfa_policy_deadline(policy, user))
    {
        second_factor_copy(policy, other);
    }
}


void
mfa_policy_copy(mfa_policy_t *policy, mfa_policy_part_t part,
    const mfa_policy_t *from)
{
    switch (part) {

    case MFA_POLICY_SECOND_FACTOR:
        policy->methods = from->methods;
        second_factor_copy(policy, from);
        break;

    case MFA_POLICY_DEVICE_RESET:
        policy->device_reset = from->device_reset;
        break;

    case MFA_POLICY_FACTOR_CHANGE:
        policy->factor_change = from->factor_change;
        break;
    }
}


/* the stricter of both */

static void
part_merge(mfa_policy_t *policy, const mfa_policy_line_t *line,
    const mfa_user_t *user)
{
    const mfa_policy_t  *other = &line->policy;

    switch (line->part) {

    case MFA_POLICY_SECOND_FACTOR:
        second_factor_merge(policy, other, user);
        break;

    case MFA_POLICY_DEVICE_RESET:
        if (other->device_reset > policy->device_reset) {
            policy->device_reset = other->device_reset;
        }

        break;

    case MFA_POLICY_FACTOR_CHANGE:
        if (other->factor_change > policy->factor_change) {
            policy->factor_change = other->factor_change;
        }

        break;
    }
}


void
mfa_flow_policy(const mfa_flow_settings_t *settings, const mfa_user_t *user,
    mfa_policy_t *policy)
{
    size_t                    i;
    unsigned                  bit, found;
    const mfa_policy_line_t  *line;

    found = 0;
    *policy = settings->policy;

    for (i = 0; i < settings->line_count; i++) {
        line = &settings->lines[i];
        bit = 1u << line->part;

        if (!mfa_strs_has(&user->groups, line->group)) {
            continue;
        }

        if (found & bit) {
            part_merge(policy, line, user);

        } else {
            mfa_policy_copy(policy, line->part, &line->policy);
        }

        found |= bit;
    }
}


mfa_verdict_t
mfa_policy_judge(const mfa_flow_settings_t *settings, const mfa_user_t *user,
    unsigned amr, bool is_partial, mfa_time_t now)
{
    mfa_policy_t  policy;

    if (is_partial) {
        return MFA_VERDICT_DENY;
    }

    if (mfa_amr_has_factor(amr) || (amr & (MFA_AMR_DEVICE | MFA_AMR_TRUSTED)))
    {
        return MFA_VERDICT_PASS;
    }

    /* by password alone: is no second factor asked of them now? */

    mfa_flow_policy(settings, user, &policy);

    return now < mfa_policy_deadline(&policy, user) ? MFA_VERDICT_PASS
                                                    : MFA_VERDICT_DENY;
}
