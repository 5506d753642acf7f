/*
 * Change password, by somebody who is logged in and has just verified (A11).
 *
 * The current password is checked and the new one made in the hash thread;
 * neither is ever shown again.
 */

#include "mfa_page.h"


mfa_status_t
mfa_page_password_rule(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_str_t  least;

    least = mfa_arena_printf(visit->work->arena, "%d",
                             (int) visit->env->flow->factors->password_min);

    mfa_value_set_str(map, "password_min", least);

    return MFA_OK;
}


static mfa_status_t
password_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_value_set_str(map, "email", visit->step.user.email);

    return mfa_page_password_rule(visit, map);
}


static const mfa_page_action_t  password_actions[] = {
    { "change", MFA_EVENT_PASSWORD, NULL },
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_security_password = {
    .path = "security/password",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .is_hashing = true,
    .template = "change_password.html",
    .actions = password_actions,
    .fill = password_fill,
};
