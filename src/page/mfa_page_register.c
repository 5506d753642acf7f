/*
 * Register: the address to be verified (R1).
 */

#include "mfa_page.h"


static mfa_status_t
register_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_value_set_flag(map, "is_off",
                       visit->env->flow->settings->registration
                       == MFA_REGISTRATION_OFF);

    return MFA_OK;
}


const mfa_page_t  mfa_page_register = {
    .path = "register",
    .get = mfa_page_start_get,
    .post = mfa_page_start_post,
    .start = mfa_register_start,
    .template = "register.html",
    .fill = register_fill,
};
