/*
 * What the settings may do as things stand; deny first.
 *
 * Asked when a journey begins, after its second factor, and in the
 * transaction of the deed.
 */

#include "mfa_flow_settings.h"


mfa_verdict_t
mfa_settings_may_remove(const mfa_strs_t *kinds, mfa_str_t kind)
{
    size_t  i;

    if (!mfa_strs_has(kinds, kind)) {
        return MFA_VERDICT_DENY;
    }

    if (mfa_str_eq_c(kind, "recovery")) {
        return MFA_VERDICT_PASS;
    }

    for (i = 0; i < kinds->count; i++) {
        if (!mfa_str_eq(kinds->items[i], kind)
            && !mfa_str_eq_c(kinds->items[i], "recovery"))
        {
            return MFA_VERDICT_PASS;
        }
    }

    return MFA_VERDICT_DENY;
}


bool
mfa_settings_is_fresh(const mfa_step_t *step, mfa_time_t now)
{
    mfa_time_t  at = step->session.factor_at;

    return at > 0 && at <= now
           && now - at < step->env->settings->factor_fresh;
}


/*
 * What is left must be of use: a method that was switched off after too many
 * wrong codes is none.
 */

static mfa_status_t
removal_judge(mfa_step_t *step, const mfa_strs_t *kinds,
    mfa_verdict_t *verdict)
{
    size_t        i;
    mfa_str_t     kind;
    mfa_proofs_t  proofs;
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    if (mfa_settings_may_remove(kinds, step->flow.subject)
        != MFA_VERDICT_PASS)
    {
        return MFA_OK;
    }

    st = mfa_flow_proofs(step->tx, &step->user.id, &proofs);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < proofs.count; i++) {
        kind = mfa_str_from(proofs.items[i].factor->name);

        if (!mfa_str_eq(kind, step->flow.subject)
            && !mfa_str_eq_c(kind, "recovery")
            && !proofs.items[i].record.is_disabled)
        {
            *verdict = MFA_VERDICT_PASS;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_settings_judge(mfa_step_t *step, mfa_outcome_t *outcome)
{
    bool                 has_it, is_allowed;
    mfa_str_t            action = step->flow.action;
    mfa_strs_t           kinds;
    mfa_status_t         st;
    mfa_verdict_t        verdict;
    const mfa_factor_t  *factor;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_factor_record_kinds(step->tx, &step->user.id, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    factor = mfa_factor_by_name(step->flow.subject);
    has_it = mfa_strs_has(&kinds, step->flow.subject);
    is_allowed = factor != NULL
                 && mfa_factor_is_allowed(step->env->factors, factor);

    if (mfa_str_eq_c(action, "password")) {
        *outcome = MFA_OUTCOME_PASSWORD;

    } else if (mfa_str_eq_c(action, "staff")) {
        *outcome = MFA_OUTCOME_PASS;

    } else if (mfa_str_eq_c(action, "recovery")) {
        st = mfa_flow_methods(step, &kinds);

        if (st == MFA_OK && kinds.count > 0
            && step->env->factors->recovery_codes)
        {
            *outcome = MFA_OUTCOME_RECOVERY;
        }

    } else if ((mfa_str_eq_c(action, "add") && is_allowed && !has_it)
               || (mfa_str_eq_c(action, "change") && is_allowed && has_it))
    {
        *outcome = MFA_OUTCOME_SECURE;

    } else if (mfa_str_eq_c(action, "remove")) {
        st = removal_judge(step, &kinds, &verdict);

        if (st == MFA_OK && verdict == MFA_VERDICT_PASS) {
            *outcome = MFA_OUTCOME_REMOVE;
        }
    }

    return st;
}
