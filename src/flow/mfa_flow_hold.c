/*
 * One mailbox alone never takes an account (D4, C6): what a mailed reset
 * closes until somebody has proved more than the mailbox.
 */

#include "mfa_flow.h"


bool
mfa_flow_mail_is_held(const mfa_tx_t *tx, mfa_time_t mailed_at)
{
    mfa_time_t  hold = tx->work->model->settings->recovery_hold;

    if (mailed_at == 0) {
        return false;
    }

    return hold == 0 || tx->now < mailed_at + hold;
}


/*
 * Nothing but the mailbox is behind the password of somebody who was secured
 * before it: then mail may not set up what staff removed, nor verify.
 */

bool
mfa_flow_mail_is_alone(const mfa_tx_t *tx, const mfa_user_t *user)
{
    return user->secured_at != 0
           && user->secured_at <= user->mailed_password_at
           && mfa_flow_mail_is_held(tx, user->mailed_password_at);
}


void
mfa_flow_mail_clear(mfa_user_t *user)
{
    user->mailed_password_at = 0;
    user->mailed_device_at = 0;
}


void
mfa_flow_mail_proved(mfa_step_t *step)
{
    const unsigned  weak = MFA_AMR_PWD | MFA_AMR_EMAIL | MFA_AMR_DEVICE
                           | MFA_AMR_TRUSTED | MFA_AMR_TRUSTED_MFA;

    if (step->flow.amr & ~weak) {
        mfa_flow_mail_clear(&step->user);
    }
}


/*
 * A person of whom mail is the only method could not log in at all where
 * they had no method yet when they got their password.
 */

static mfa_status_t
has_another(mfa_tx_t *tx, const mfa_id_t *user, bool *found)
{
    size_t        i;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    *found = false;

    st = mfa_factor_record_kinds(tx, user, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < kinds.count; i++) {
        if (!mfa_str_eq_c(kinds.items[i], "email")
            && !mfa_str_eq_c(kinds.items[i], "recovery"))
        {
            *found = true;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_mail_counts(mfa_tx_t *tx, const mfa_id_t *id, bool *counts)
{
    bool          found;
    mfa_user_t    user;
    mfa_status_t  st;

    *counts = false;

    st = mfa_user_get(tx, id, &user);
    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_flow_mail_is_held(tx, user.mailed_password_at)) {
        *counts = true;
        return MFA_OK;
    }

    st = has_another(tx, id, &found);
    if (st != MFA_OK) {
        return st;
    }

    *counts = !found && !mfa_flow_mail_is_alone(tx, &user);

    return MFA_OK;
}
