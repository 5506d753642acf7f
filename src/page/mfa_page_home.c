/*
 * Your applications: where somebody is who wanted no page in particular
 * (L11).
 */

#include "mfa_page.h"


static mfa_status_t
home_get(mfa_visit_t *visit)
{
    mfa_str_t      target, name;
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    target = mfa_visit_target(visit);

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return mfa_visit_redirect(visit, mfa_str("login"),
                                  mfa_visit_param(visit, "to", target));
    }

    if (target.len > 0) {
        return mfa_visit_go(visit, target);
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_full_name(visit->work->arena, &visit->who.user, &name);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_str(map, "name", name);
    mfa_value_set_str(map, "email", visit->who.user.email);

    mfa_application_tiles(visit->env->settings, &visit->who.user, map);

    return mfa_visit_render(visit, 200, "home.html", map);
}


const mfa_page_t  mfa_page_home = {
    .path = "",
    .get = home_get,
};
