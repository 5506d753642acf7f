/*
 * What the settings may do as things stand; deny first.
 *
 * Asked when a journey begins, after its second factor, and in the
 * transaction of the deed.
 */

#include "mfa_flow_settings.h"


mfa_verdict_t
mfa_settings_may_remove(const mfa_strs_t *kinds, mfa_str_t kind,
    const mfa_policy_t *policy)
{
    size_t  i, left;

    if (!mfa_strs_has(kinds, kind)) {
        return MFA_VERDICT_DENY;
    }

    if (policy->is_optional || mfa_str_eq_c(kind, "recovery")) {
        return MFA_VERDICT_PASS;
    }

    left = 0;

    for (i = 0; i < kinds->count; i++) {
        if (!mfa_str_eq(kinds->items[i], kind)
            && !mfa_str_eq_c(kinds->items[i], "recovery"))
        {
            left++;
        }
    }

    return (left > 0 && left >= (size_t) policy->methods)
           ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
}


mfa_verdict_t
mfa_settings_may(const mfa_policy_t *policy, mfa_str_t action,
    size_t methods)
{
    bool  is_self = policy->factor_change == MFA_FACTOR_CHANGE_SELF;

    if (mfa_str_eq_c(action, "add")
        && (is_self || methods == 0 || methods < (size_t) policy->methods))
    {
        return MFA_VERDICT_PASS;
    }

    if (is_self
        && (mfa_str_eq_c(action, "change") || mfa_str_eq_c(action, "remove")))
    {
        return MFA_VERDICT_PASS;
    }

    return (!is_self && mfa_str_eq_c(action, "request"))
           ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
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
removal_judge(mfa_step_t *step, const mfa_policy_t *policy,
    mfa_verdict_t *verdict)
{
    size_t        i;
    mfa_str_t     kind, subject = step->flow.subject;
    mfa_strs_t    useful;
    mfa_proofs_t  proofs;
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    memset(&useful, 0, sizeof(useful));

    st = mfa_strs_add(step->work->arena, &useful, subject);

    if (st == MFA_OK) {
        st = mfa_flow_proofs(step->tx, &step->user.id, &proofs);
    }

    for (i = 0; st == MFA_OK && i < proofs.count; i++) {
        kind = mfa_str_from(proofs.items[i].factor->name);

        if (!mfa_str_eq(kind, subject) && !mfa_str_eq_c(kind, "recovery")
            && !proofs.items[i].record.is_disabled)
        {
            st = mfa_strs_add(step->work->arena, &useful, kind);
        }
    }

    if (st != MFA_OK) {
        return st;
    }

    /* nor may recovery codes be the only thing that still works */

    if (useful.count == 1 && !policy->is_optional) {
        return MFA_OK;
    }

    *verdict = mfa_settings_may_remove(&useful, subject, policy);

    return MFA_OK;
}


/* a request of one's own, while there is none and something to be reset */

static mfa_status_t
request_judge(mfa_step_t *step, size_t methods, mfa_verdict_t *verdict)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    *verdict = MFA_VERDICT_DENY;

    st = mfa_flow_reset_look(step->tx, step, &offer);

    if (st == MFA_OK && methods > 0 && !offer.has_request) {
        *verdict = MFA_VERDICT_PASS;
    }

    return st;
}


/* add, change, remove, request: policy first, then what the person has */

static mfa_status_t
method_judge(mfa_step_t *step, const mfa_strs_t *kinds,
    mfa_outcome_t *outcome)
{
    bool                 has_it, is_allowed;
    size_t               methods;
    mfa_str_t            action = step->flow.action;
    mfa_str_t            subject = step->flow.subject;
    mfa_status_t         st;
    mfa_policy_t         policy;
    mfa_verdict_t        verdict;
    const mfa_factor_t  *factor;

    mfa_flow_policy(step->env->settings, &step->user, &policy);

    factor = mfa_factor_by_name(subject);
    has_it = mfa_strs_has(kinds, subject);
    is_allowed = factor != NULL
                 && mfa_factor_is_allowed(step->env->factors, factor);
    methods = kinds->count
              - (mfa_strs_has(kinds, mfa_str("recovery")) ? 1 : 0);

    /* recovery codes are no method: to be without them needs nobody */

    if (mfa_settings_may(&policy, action, methods) != MFA_VERDICT_PASS
        && !(mfa_str_eq_c(action, "remove")
             && mfa_str_eq_c(subject, "recovery")))
    {
        return MFA_OK;
    }

    if (mfa_str_eq_c(action, "request")) {
        st = request_judge(step, methods, &verdict);

        if (st == MFA_OK && verdict == MFA_VERDICT_PASS) {
            *outcome = MFA_OUTCOME_REQUEST;
        }

        return st;
    }

    if (mfa_str_eq_c(action, "remove")) {
        if (!has_it) {
            return MFA_OK;
        }

        st = removal_judge(step, &policy, &verdict);

        if (st == MFA_OK && verdict == MFA_VERDICT_PASS) {
            *outcome = MFA_OUTCOME_REMOVE;
        }

        return st;
    }

    if (is_allowed && has_it == mfa_str_eq_c(action, "change")) {
        *outcome = MFA_OUTCOME_SECURE;
    }

    return MFA_OK;
}


mfa_status_t
mfa_settings_judge(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t     action = step->flow.action;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    if (mfa_str_eq_c(action, "password")) {
        *outcome = MFA_OUTCOME_PASSWORD;
        return MFA_OK;
    }

    if (mfa_str_eq_c(action, "step-up")) {
        *outcome = MFA_OUTCOME_PASS;
        return MFA_OK;
    }

    if (mfa_str_eq_c(action, "recovery")) {
        st = mfa_flow_methods(step, &kinds);

        if (st == MFA_OK && kinds.count > 0
            && step->env->factors->recovery_codes)
        {
            *outcome = MFA_OUTCOME_RECOVERY;
        }

        return st;
    }

    st = mfa_factor_record_kinds(step->tx, &step->user.id, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    return method_judge(step, &kinds, outcome);
}
