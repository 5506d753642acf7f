/*
 * The applications of a realm: which one somebody wants, which ones they
 * may be shown.
 *
 * A tile that is hidden protects nothing; mfa_allow does.
 */

#include "mfa_page.h"


static const mfa_application_t *
application_find(const mfa_page_settings_t *settings, mfa_str_t host,
    mfa_str_t path)
{
    size_t                    i;
    const mfa_application_t  *application, *found;

    found = NULL;

    for (i = 0; i < settings->application_count; i++) {
        application = &settings->applications[i];

        if (mfa_str_eq(application->host, host)
            && mfa_str_has_prefix(path, application->path)
            && (found == NULL || application->path.len > found->path.len))
        {
            found = application;
        }
    }

    return found;
}


/* *path: what stands behind the origin of an application on another host */

static const mfa_application_t *
application_by_address(const mfa_page_settings_t *settings, mfa_str_t target,
    mfa_str_t *path)
{
    size_t                    i;
    const mfa_application_t  *application;

    for (i = 0; i < settings->application_count; i++) {
        application = &settings->applications[i];
        *path = target;

        if (application->host.len == 0
            || !mfa_str_has_prefix(target, application->origin.text))
        {
            continue;
        }

        path->data += application->origin.text.len;
        path->len -= application->origin.text.len;

        /* ".evil.example", "@evil.example" and ":1" are other hosts */

        if (path->len > 0 && path->data[0] == '/') {
            return application_find(settings, application->host, *path);
        }
    }

    return NULL;
}


const mfa_application_t *
mfa_application_of(const mfa_page_settings_t *settings, mfa_str_t target)
{
    mfa_str_t  path;

    if (target.len > 0 && target.data[0] != '/') {
        return application_by_address(settings, target, &path);
    }

    return application_find(settings, mfa_null, target);
}


const mfa_application_t *
mfa_application_at(const mfa_page_settings_t *settings, mfa_str_t host,
    mfa_str_t path)
{
    size_t                    i;
    const mfa_application_t  *application;

    if (host.len == 0) {
        return NULL;
    }

    application = application_find(settings, host, path);

    for (i = 0; application == NULL && i < settings->application_count; i++) {
        if (mfa_str_eq(settings->applications[i].host, host)) {
            application = &settings->applications[i];
        }
    }

    return application;
}


bool
mfa_application_is_address(const mfa_page_settings_t *settings,
    mfa_str_t target, mfa_str_t portal)
{
    mfa_str_t  path;

    return target.len <= MFA_TARGET_MAX
           && application_by_address(settings, target, &path) != NULL
           && mfa_target_is_safe(path, portal);
}


const mfa_application_t *
mfa_visit_application(const mfa_visit_t *visit, mfa_str_t target)
{
    const mfa_application_t    *application;
    const mfa_page_settings_t  *settings = visit->env->settings;

    application = mfa_ticket_application(visit, target);

    if (application == NULL && visit->request->host.len > 0
        && target.len > 0 && target.data[0] == '/')
    {
        return mfa_application_at(settings, visit->request->host, target);
    }

    return (application != NULL) ? application
                                 : mfa_application_of(settings, target);
}


mfa_str_t
mfa_visit_origin(const mfa_visit_t *visit)
{
    const mfa_application_t  *application;

    application = mfa_application_at(visit->env->settings,
                                     visit->request->host, mfa_null);

    return (application != NULL) ? application->origin.text
                                 : visit->env->send->origin.text;
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


/* on the host of another application, paths of public_url need its name */

static mfa_str_t
application_link(mfa_visit_t *visit, const mfa_application_t *application)
{
    if (application->host.len > 0 || visit->request->host.len == 0) {
        return application->link;
    }

    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT MFA_STR_FMT,
                            MFA_STR_ARG(visit->env->send->origin.text),
                            MFA_STR_ARG(application->path));
}


void
mfa_application_tiles(mfa_visit_t *visit, mfa_value_t *map)
{
    size_t                      i;
    mfa_value_t                *list, *item;
    const mfa_application_t    *application;
    const mfa_page_settings_t  *settings = visit->env->settings;

    list = mfa_value_set_list(map, "applications");

    for (i = 0; i < settings->application_count; i++) {
        application = &settings->applications[i];

        if (!is_for(application, &visit->who.user)) {
            continue;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "name", application->name);
        mfa_value_set_str(item, "label",
                          mfa_words_get(visit->env->words,
                                        application->label));
        mfa_value_set_str(item, "path", application_link(visit, application));

        mfa_value_set_flag(map, "has_applications", true);
    }
}
