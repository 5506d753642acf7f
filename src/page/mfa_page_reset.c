/*
 * A forgotten password (P1): the address, what follows its code, the new
 * password, the end, and the page that says why a mailbox alone is not
 * enough (D4). The page of the code is in mfa_page_code.c.
 */

#include "mfa_page.h"


const mfa_page_t  mfa_page_password_reset = {
    .path = "password-reset",
    .get = mfa_page_start_get,
    .post = mfa_page_start_post,
    .start = mfa_reset_start,
    .template = "password_reset.html",
};


static const mfa_page_action_t  verified_actions[] = {
    { "continue", MFA_EVENT_CONTINUE, NULL },
    { "change", MFA_EVENT_CHANGE_EMAIL, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_password_reset_verified = {
    .path = "password-reset/verified",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "password_reset_verified.html",
    .actions = verified_actions,
};


static const mfa_page_action_t  new_actions[] = {
    { "continue", MFA_EVENT_PASSWORD, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_password_reset_new = {
    .path = "password-reset/new",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .is_hashing = true,
    .template = "password_reset_new.html",
    .actions = new_actions,
    .fill = mfa_page_password_rule,
};


const mfa_page_t  mfa_page_password_reset_done = {
    .path = "password-reset/done",
    .get = mfa_page_flow_get,
    .template = "password_reset_done.html",
};


typedef struct {
    mfa_visit_t          *visit;
    mfa_factor_record_t   record;
    size_t                left;
    bool                  is_after_device;
} closed_case_t;


static mfa_status_t
look_closed(mfa_tx_t *tx, void *arg)
{
    mfa_status_t       st;
    closed_case_t     *at = arg;
    const mfa_user_t  *user = &at->visit->step.user;

    at->left = 0;
    at->is_after_device = mfa_flow_mail_is_held(tx, user->mailed_device_at);

    st = mfa_factor_record_get(tx, &user->id, mfa_str("recovery"),
                               &at->record);

    if (st == MFA_OK) {
        at->left = mfa_recovery_left(&at->record);
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


/* from when on, where time alone reopens it */

static void
set_opens(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_time_t  hold, opens;

    hold = visit->work->model->settings->recovery_hold;

    if (hold == 0) {
        return;
    }

    opens = visit->step.user.mailed_device_at + hold;

    mfa_value_set_str(map, "opens", mfa_visit_date(visit, opens));
    mfa_value_set_str(map, "opens_at", mfa_flow_clock(&visit->step, opens));
}


/* the field is there for whoever has codes left; held or switched off it
 * says so instead */

static mfa_status_t
closed_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_time_t     now;
    mfa_status_t   st;
    closed_case_t  at;

    memset(&at, 0, sizeof(at));

    at.visit = visit;

    st = mfa_view(visit->work, look_closed, &at);
    if (st != MFA_OK) {
        return st;
    }

    now = mfa_port_now(visit->work->model->ports);

    mfa_value_set_flag(map, "has_codes",
                       at.left > 0 && !at.record.is_disabled);

    if (at.left > 0 && at.record.held_until > now) {
        mfa_value_set_str(map, "until",
                          mfa_flow_clock(&visit->step,
                                         at.record.held_until));
    }

    mfa_value_set_flag(map, "is_after_device", at.is_after_device);

    if (at.is_after_device) {
        set_opens(visit, map);
    }

    return MFA_OK;
}


static const mfa_page_action_t  closed_actions[] = {
    { "verify", MFA_EVENT_CODE, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_password_reset_closed = {
    .path = "password-reset/closed",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "password_reset_closed.html",
    .actions = closed_actions,
    .fill = closed_fill,
};
