/*
 * The rest of a registration: password and name (R4), an address that is
 * registered already (R5), the end (R7).
 */

#include "mfa_page.h"


static mfa_status_t
details_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_str_t  least;

    least = mfa_arena_printf(visit->work->arena, "%d",
                             (int) visit->env->flow->factors->password_min);

    mfa_value_set_str(map, "password_min", least);

    return MFA_OK;
}


static const mfa_page_action_t  details_actions[] = {
    { "continue", MFA_EVENT_DETAILS },
    { "change", MFA_EVENT_CHANGE_EMAIL },
    { NULL, 0 }
};


const mfa_page_t  mfa_page_register_details = {
    .path = "register/details",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .is_hashing = true,
    .template = "register_details.html",
    .actions = details_actions,
    .fill = details_fill,
};


const mfa_page_t  mfa_page_register_exists = {
    .path = "register/exists",
    .get = mfa_page_flow_get,
    .template = "register_exists.html",
};


static const mfa_page_action_t  done_actions[] = {
    { "continue", MFA_EVENT_CONTINUE },
    { NULL, 0 }
};


const mfa_page_t  mfa_page_register_done = {
    .path = "register/done",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "register_done.html",
    .actions = done_actions,
};
