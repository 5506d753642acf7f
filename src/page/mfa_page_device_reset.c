/*
 * A lost, new or changed phone (D1 to D4): the offer on the verify pages,
 * the address to be verified, why it may be closed, the end. The page of
 * the code is in mfa_page_code.c; the new factor is set up on the pages
 * "secure".
 */

#include "mfa_page.h"


typedef struct {
    mfa_visit_t        *visit;
    mfa_reset_offer_t  *offer;
    bool                has_codes;
} offer_case_t;


static mfa_status_t
look_offer(mfa_tx_t *tx, void *arg)
{
    mfa_status_t          st;
    offer_case_t         *at = arg;
    mfa_factor_record_t   record;
    const mfa_id_t       *user = &at->visit->step.user.id;

    at->has_codes = false;

    st = mfa_factor_record_get(tx, user, mfa_str("recovery"), &record);

    if (st == MFA_OK) {
        at->has_codes = mfa_recovery_left(&record) > 0;

    } else if (st != MFA_NOT_FOUND) {
        return st;
    }

    return mfa_flow_reset_look(tx, &at->visit->step, at->offer);
}


mfa_status_t
mfa_visit_reset_offer(mfa_visit_t *visit, mfa_reset_offer_t *offer)
{
    offer_case_t  at = { visit, offer, false };

    return mfa_view(visit->work, look_offer, &at);
}


mfa_status_t
mfa_visit_reset_values(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    if (!mfa_str_eq_c(visit->step.flow.kind, "login")) {
        return MFA_OK;
    }

    st = mfa_visit_reset_offer(visit, &offer);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "is_approved", offer.is_approved);
    mfa_value_set_flag(map, "has_pass", offer.has_pass);
    mfa_value_set_flag(map, "has_request",
                       offer.has_request && !offer.is_approved);
    mfa_value_set_flag(map, "is_lost_mail",
                       offer.is_mail && !offer.is_approved);
    mfa_value_set_flag(map, "is_lost_request",
                       offer.is_request && !offer.is_mail
                       && !offer.has_request);
    mfa_value_set_flag(map, "is_lost_off",
                       !offer.is_mail && !offer.is_request
                       && !offer.has_request);

    return MFA_OK;
}


/* which of these pages is for this person now; each sends to the others */

static mfa_status_t
device_choose(mfa_visit_t *visit)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    st = mfa_visit_reset_offer(visit, &offer);
    if (st != MFA_OK) {
        return st;
    }

    if (!offer.is_mail || offer.is_approved) {
        visit->go = "verify";

    } else if (offer.is_closed) {
        visit->go = "device-reset/closed";
    }

    return MFA_OK;
}


/* the address is not filled in: whoever has the password alone need not
 * learn it */

static mfa_status_t
device_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_value_set_str(map, "email",
                      mfa_pairs_get(&visit->step.flow.typed,
                                    mfa_str("typed_email")));

    return MFA_OK;
}


static const mfa_page_action_t  device_actions[] = {
    { "send", MFA_EVENT_RESET, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_device_reset = {
    .path = "device-reset",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "device_reset.html",
    .actions = device_actions,
    .fill = device_fill,
    .choose = device_choose,
};


static mfa_status_t
closed_choose(mfa_visit_t *visit)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    st = mfa_visit_reset_offer(visit, &offer);
    if (st != MFA_OK) {
        return st;
    }

    if (offer.is_approved || !offer.is_closed) {
        visit->go = (offer.is_mail && !offer.is_approved) ? "device-reset"
                                                          : "verify";
    }

    return MFA_OK;
}


static mfa_status_t
closed_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_time_t         hold, opens;
    mfa_status_t       st;
    mfa_reset_offer_t  offer;
    offer_case_t       at = { visit, &offer, false };

    st = mfa_view(visit->work, look_offer, &at);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "has_codes", at.has_codes);
    mfa_value_set_flag(map, "has_request", offer.has_request);

    hold = visit->work->model->settings->recovery_hold;

    if (hold > 0) {
        opens = visit->step.user.mailed_password_at + hold;

        mfa_value_set_str(map, "opens", mfa_visit_date(visit, opens));
        mfa_value_set_str(map, "opens_at",
                          mfa_flow_clock(&visit->step, opens));
    }

    return MFA_OK;
}


const mfa_page_t  mfa_page_device_reset_closed = {
    .path = "device-reset/closed",
    .get = mfa_page_flow_get,
    .template = "device_reset_closed.html",
    .fill = closed_fill,
    .choose = closed_choose,
};


static const mfa_page_action_t  verified_actions[] = {
    { "continue", MFA_EVENT_CONTINUE, NULL },
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_device_reset_verified = {
    .path = "device-reset/verified",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "device_reset_verified.html",
    .actions = verified_actions,
};


const mfa_page_t  mfa_page_device_reset_done = {
    .path = "device-reset/done",
    .get = mfa_page_flow_get,
    .template = "device_reset_done.html",
};
