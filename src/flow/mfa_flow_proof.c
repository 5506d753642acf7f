/*
 * What a person can prove at a login or in the settings, and which of it
 * comes first.
 */

#include "mfa_flow.h"


mfa_status_t
mfa_flow_methods(mfa_step_t *step, mfa_strs_t *kinds)
{
    size_t        i;
    mfa_strs_t    all;
    mfa_status_t  st;

    memset(kinds, 0, sizeof(*kinds));

    st = mfa_factor_record_kinds(step->tx, &step->user.id, &all);

    for (i = 0; st == MFA_OK && i < all.count; i++) {
        if (!mfa_str_eq_c(all.items[i], "recovery")) {
            st = mfa_strs_add(step->work->arena, kinds, all.items[i]);
        }
    }

    return st;
}


bool
mfa_flow_wants_more(const mfa_step_t *step, const mfa_strs_t *kinds)
{
    size_t                        i;
    mfa_policy_t                  policy;
    const mfa_factor_settings_t  *settings = step->env->factors;

    mfa_flow_policy(step->env->settings, &step->user, &policy);

    if (kinds->count >= (size_t) policy.methods
        || step->tx->now < mfa_policy_deadline(&policy, &step->user))
    {
        return false;
    }

    for (i = 0; i < settings->allowed_count; i++) {
        if (!mfa_strs_has(kinds, mfa_str_from(settings->allowed[i]->name))) {
            return true;
        }
    }

    return false;
}


bool
mfa_flow_is_recovery(const mfa_factor_t *factor)
{
    return strcmp(factor->name, "recovery") == 0;
}


static int
proof_rank(const mfa_proof_t *proof)
{
    if (proof->record.is_disabled) {
        return 2;
    }

    return mfa_flow_is_recovery(proof->factor) ? 1 : 0;
}


/* offered before the other? equals keep the order of the registry */

static bool
proof_is_first(const mfa_proof_t *a, const mfa_proof_t *b)
{
    if (proof_rank(a) != proof_rank(b)) {
        return proof_rank(a) < proof_rank(b);
    }

    return a->record.used_at > b->record.used_at;
}


static void
proofs_add(mfa_proofs_t *proofs, const mfa_proof_t *proof)
{
    size_t  i;

    for (i = proofs->count;
         i > 0 && proof_is_first(proof, &proofs->items[i - 1]);
         i--)
    {
        proofs->items[i] = proofs->items[i - 1];
    }

    proofs->items[i] = *proof;
    proofs->count++;
}


/* may it be proved at all now? deny first */

static mfa_status_t
proof_counts(mfa_tx_t *tx, const mfa_id_t *user, const mfa_factor_t *factor,
    bool *counts)
{
    if (factor->channel != NULL && strcmp(factor->channel, "mail") == 0) {
        return mfa_flow_mail_counts(tx, user, counts);
    }

    *counts = true;

    return MFA_OK;
}


/* MFA_NOT_FOUND: there is no record, or it does not count */

static mfa_status_t
proof_get(mfa_tx_t *tx, const mfa_id_t *user, mfa_proof_t *proof)
{
    bool          counts;
    mfa_status_t  st;

    st = mfa_factor_record_get(tx, user, mfa_str_from(proof->factor->name),
                               &proof->record);
    if (st != MFA_OK) {
        return st;
    }

    st = proof_counts(tx, user, proof->factor, &counts);
    if (st != MFA_OK) {
        return st;
    }

    return counts ? MFA_OK : MFA_NOT_FOUND;
}


mfa_status_t
mfa_flow_proofs(mfa_tx_t *tx, const mfa_id_t *user, mfa_proofs_t *proofs)
{
    size_t                      i, count;
    mfa_proof_t                 proof;
    mfa_status_t                st;
    const mfa_factor_t *const  *factors;

    memset(proofs, 0, sizeof(*proofs));

    factors = mfa_factors(&count);

    for (i = 0; i < count && proofs->count < MFA_FACTORS_MAX; i++) {
        proof.factor = factors[i];

        st = proof_get(tx, user, &proof);
        if (st == MFA_NOT_FOUND) {
            continue;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (mfa_flow_is_recovery(proof.factor)
            && mfa_recovery_left(&proof.record) == 0)
        {
            continue;
        }

        proofs_add(proofs, &proof);
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_proof_find(mfa_step_t *step, mfa_proof_t *proof)
{
    mfa_status_t  st;
    mfa_proofs_t  proofs;

    if (step->factor != NULL) {
        proof->factor = step->factor;

        st = proof_get(step->tx, &step->user.id, proof);

        return (st == MFA_NOT_FOUND) ? MFA_INVALID : st;
    }

    st = mfa_flow_proofs(step->tx, &step->user.id, &proofs);
    if (st != MFA_OK) {
        return st;
    }

    if (proofs.count == 0) {
        return MFA_INVALID;
    }

    *proof = proofs.items[0];

    return MFA_OK;
}


mfa_verdict_t
mfa_flow_may_try(const mfa_tx_t *tx, const mfa_factor_record_t *record)
{
    if (record->is_disabled || record->held_until > tx->now) {
        return MFA_VERDICT_DENY;
    }

    return MFA_VERDICT_PASS;
}
