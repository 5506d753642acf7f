/*
 * The rest of a registration: password and name (R4), an address that is
 * registered already (R5), the end with the offer of recovery codes (R7,
 * E8).
 */

#include "mfa_page.h"


static const mfa_page_action_t  details_actions[] = {
    { "continue", MFA_EVENT_DETAILS, NULL },
    { "change", MFA_EVENT_CHANGE_EMAIL, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_register_details = {
    .path = "register/details",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .is_hashing = true,
    .template = "register_details.html",
    .actions = details_actions,
    .fill = mfa_page_password_rule,
};


const mfa_page_t  mfa_page_register_exists = {
    .path = "register/exists",
    .get = mfa_page_flow_get,
    .template = "register_exists.html",
};


typedef struct {
    mfa_visit_t  *visit;
    mfa_strs_t    kinds;
} done_case_t;


static mfa_status_t
look_kinds(mfa_tx_t *tx, void *arg)
{
    done_case_t  *at = arg;

    return mfa_factor_record_kinds(tx, &at->visit->step.user.id, &at->kinds);
}


/* recovery codes are offered to those who have none (E8) */

static mfa_status_t
done_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    done_case_t   at;
    mfa_status_t  st;

    if (!visit->env->flow->factors->recovery_codes) {
        return MFA_OK;
    }

    memset(&at, 0, sizeof(at));

    at.visit = visit;

    st = mfa_view(visit->work, look_kinds, &at);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "has_offer",
                       !mfa_strs_has(&at.kinds, mfa_str("recovery")));

    return MFA_OK;
}


static const mfa_page_action_t  done_actions[] = {
    { "continue", MFA_EVENT_CONTINUE, NULL },
    { "recovery", MFA_EVENT_RECOVERY, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_register_done = {
    .path = "register/done",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "register_done.html",
    .actions = done_actions,
    .fill = done_fill,
};
