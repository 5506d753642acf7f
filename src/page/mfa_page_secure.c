/*
 * Secure your account: the authenticator app is set up (E1 to E3).
 *
 * The secret is on this page and nowhere else: not in an address, a title
 * or a log.
 */

#include "mfa_page.h"


static void
apps_fill(const mfa_page_settings_t *settings, mfa_value_t *map)
{
    size_t        i, count;
    mfa_value_t  *list, *item;

    /* none of the operator's own: ours, which stand behind the count */

    count = settings->app_count;

    if (count == 0) {
        while (count < MFA_APPS_MAX && settings->apps[count].name.len > 0) {
            count++;
        }
    }

    list = mfa_value_set_list(map, "apps");

    for (i = 0; i < count; i++) {
        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "name", settings->apps[i].name);
        mfa_value_set_str(item, "hint", settings->apps[i].hint);
    }
}


static mfa_status_t
secure_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    const mfa_factor_t  *factor;

    factor = mfa_factor_by_name(mfa_str("totp"));

    apps_fill(visit->env->settings, map);

    return factor->show(visit->env->flow->factors, visit->env->send,
                        visit->step.user.email, visit->step.flow.secret,
                        visit->work->arena, map);
}


static const mfa_page_action_t  secure_actions[] = {
    { "continue", MFA_EVENT_CODE },
    { "renew", MFA_EVENT_NEW_SECRET },
    { NULL, 0 }
};


const mfa_page_t  mfa_page_secure = {
    .path = "secure",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "secure.html",
    .actions = secure_actions,
    .fill = secure_fill,
};
