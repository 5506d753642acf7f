/*
 * The applications of a realm: which one somebody wants, which ones they
 * may be shown.
 *
 * A tile that is hidden protects nothing; mfa_allow does.
 */

#include "mfa_page.h"


const mfa_application_t *
mfa_application_of(const mfa_page_settings_t *settings, mfa_str_t target)
{
    size_t                    i;
    const mfa_application_t  *application, *found;

    found = NULL;

    for (i = 0; i < settings->application_count; i++) {
        application = &settings->applications[i];

        if (mfa_str_has_prefix(target, application->path)
            && (found == NULL || application->path.len > found->path.len))
        {
            found = application;
        }
    }

    return found;
}


static bool
is_for(const mfa_application_t *application, const mfa_user_t *user)
{
    size_t  i;

    if (application->groups.count == 0) {
        return true;
    }

    for (i = 0; i < application->groups.count; i++) {
        if (mfa_strs_has(&user->groups, application->groups.items[i])) {
            return true;
        }
    }

    return false;
}


void
mfa_application_tiles(const mfa_page_settings_t *settings,
    const mfa_user_t *user, mfa_value_t *map)
{
    size_t                    i;
    mfa_value_t              *list, *item;
    const mfa_application_t  *application;

    list = mfa_value_set_list(map, "applications");

    for (i = 0; i < settings->application_count; i++) {
        application = &settings->applications[i];

        if (!is_for(application, user)) {
            continue;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "name", application->name);
        mfa_value_set_str(item, "label", application->label);
        mfa_value_set_str(item, "path", application->path);

        mfa_value_set_flag(map, "has_applications", true);
    }
}
