/*
 * Recovery codes are made: ten, shown on one page (E8, B15).
 *
 * Only for somebody who is logged in and has another way to verify; codes
 * that were made before die.
 */

#include "mfa_flow.h"


static mfa_status_t
recovery_keep(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_strs_t *codes)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    memset(&record, 0, sizeof(record));

    record.user = step->user.id;
    record.kind = mfa_str_from(factor->name);
    record.added_at = step->tx->now;

    st = mfa_recovery_make(step->tx, &step->user.id, codes, &record.secret);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_factor_record_put(step->tx, &record);
}


/* they wait in the flow, sealed, for the page that shows them */

static mfa_status_t
recovery_show(mfa_step_t *step, const mfa_strs_t *codes)
{
    size_t     i;
    mfa_buf_t  buf;

    mfa_buf_init(&buf, step->work->arena, 1024);

    for (i = 0; i < codes->count; i++) {
        if (i > 0) {
            mfa_buf_putc(&buf, ' ');
        }

        mfa_buf_put(&buf, codes->items[i]);
    }

    return mfa_buf_str(&buf, &step->flow.secret);
}


/* may they be made? MFA_INVALID, MFA_EXPIRED */

static mfa_status_t
recovery_judge(mfa_step_t *step, const mfa_factor_t *factor)
{
    mfa_strs_t    kinds;
    mfa_status_t  st;

    st = mfa_flow_session_need(step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (factor == NULL || !step->env->factors->recovery_codes
        || kinds.count == 0)
    {
        return MFA_INVALID;
    }

    return MFA_OK;
}


/*
 * Asked for twice in one journey (Back, a second press) they stay the same.
 */

mfa_status_t
mfa_flow_recovery(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_strs_t           codes;
    mfa_status_t         st;
    const mfa_factor_t  *factor = mfa_factor_by_name(mfa_str("recovery"));

    *outcome = MFA_OUTCOME_DENY;

    st = recovery_judge(step, factor);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    step->screen = mfa_str("recovery-codes");

    if (step->flow.secret.len > 0) {
        return MFA_OK;
    }

    st = recovery_keep(step, factor, &codes);
    if (st != MFA_OK) {
        return st;
    }

    st = recovery_show(step, &codes);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.action = mfa_str("recovery");

    st = mfa_flow_tell(step, "notice", "recovery_made", factor->label);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_factor_event(step, "recovery.make", "ok", NULL, factor);
}
