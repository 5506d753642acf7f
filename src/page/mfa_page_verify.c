/*
 * Verify: the code of the authenticator app at a login (L3, L5).
 */

#include "mfa_page.h"


typedef struct {
    mfa_step_t           *step;
    mfa_factor_record_t   record;
} verify_case_t;


static mfa_status_t
look_record(mfa_tx_t *tx, void *arg)
{
    verify_case_t  *at = arg;

    at->step->tx = tx;

    return mfa_factor_record_get(tx, &at->step->user.id, mfa_str("totp"),
                                 &at->record);
}


static mfa_status_t
verify_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_time_t     now;
    mfa_status_t   st;
    verify_case_t  at;

    memset(&at, 0, sizeof(at));

    at.step = &visit->step;

    st = mfa_view(visit->work, look_record, &at);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    now = mfa_port_now(visit->work->model->ports);

    mfa_value_set_flag(map, "is_disabled", at.record.is_disabled);

    if (!at.record.is_disabled && at.record.held_until > now) {
        mfa_value_set_str(map, "until",
                          mfa_flow_clock(&visit->step,
                                         at.record.held_until));
    }

    return MFA_OK;
}


static const mfa_page_action_t  verify_actions[] = {
    { "continue", MFA_EVENT_CODE },
    { NULL, 0 }
};


const mfa_page_t  mfa_page_verify = {
    .path = "verify",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "verify.html",
    .actions = verify_actions,
    .fill = verify_fill,
};
