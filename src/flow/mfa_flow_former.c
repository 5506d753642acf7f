/*
 * A wrong code, told apart: it comes from the entry of an app that was
 * replaced and not deleted.
 *
 * A code like that is a failure, and stays one: this file finds a sentence
 * and decides nothing.
 */

#include "mfa_flow.h"


/* a record that cannot be read may still be removed */

mfa_status_t
mfa_flow_former_keep(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    if (!mfa_str_eq_c(kind, "totp")) {
        return MFA_OK;
    }

    st = mfa_factor_record_get(tx, user, kind, &record);

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    return (st == MFA_OK) ? mfa_former_put(tx, &record) : st;
}


mfa_status_t
mfa_flow_former_advise(mfa_step_t *step, mfa_str_t typed, mfa_str_t *advice)
{
    uint64_t                    spent;
    mfa_str_t                   digits;
    mfa_status_t                st;
    mfa_factor_record_t         record;
    const mfa_totp_settings_t  *totp = &step->env->factors->totp;

    st = mfa_former_get(step->tx, &step->user.id, mfa_str("totp"), &record);

    /* without a row, or with one that cannot be read, there is no hint */

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_digits_clean(step->work->arena, typed, (size_t) totp->digits,
                          &digits);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_OK : st;
    }

    record.last_step = 0;

    st = mfa_totp_match(totp, &record, digits, step->tx->now, &spent);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    *advice = MFA_WORD("That code comes from the entry of the device that was "
                       "replaced on {{replaced}}. Use the newer entry in your "
                       "app, and delete the old one.");

    return mfa_flow_typed(step, "replaced",
                          mfa_date_day(step->language != NULL
                                       ? step->language->words : NULL,
                                       record.added_at, step->work->arena));
}
