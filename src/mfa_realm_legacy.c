/*
 * Old addresses and addresses of logouts, once all lines of a realm are
 * there: where they lead, and what they must not stand in the way of.
 *
 * What is wrong here would lead people in circles, or to other people's
 * hosts (X95). Contract: mfa_realm.h.
 */

#include "mfa_realm.h"


static mfa_status_t
old_wrong(mfa_error_t *error, mfa_str_t old, const char *why)
{
    mfa_error_set(error, "\"legacy_url " MFA_STR_FMT "\" %s",
                  MFA_STR_ARG(old), why);

    return MFA_CONFIG;
}


/* public_url's host, or that of an application */

static bool
is_of_realm(const mfa_realm_t *realm, mfa_str_t origin)
{
    size_t  i;

    if (mfa_str_eq(origin, realm->send.origin.text)) {
        return true;
    }

    for (i = 0; i < realm->pages.application_count; i++) {
        if (mfa_str_eq(origin, realm->pages.applications[i].origin.text)) {
            return true;
        }
    }

    return false;
}


/* *path: behind the host; the origin is written as all others are */

static mfa_status_t
new_address(mfa_realm_t *realm, mfa_legacy_url_t *url, mfa_str_t *origin,
    mfa_str_t *path, mfa_error_t *error)
{
    size_t        i;
    mfa_str_t     text;
    mfa_status_t  st;
    mfa_origin_t  parsed;

    *origin = mfa_null;
    *path = url->new;

    if (url->new.data[0] == '/') {
        return MFA_OK;
    }

    i = strlen(mfa_str_has_prefix(url->new, mfa_str("https:")) ? "https://"
                                                               : "http://");

    while (i < url->new.len && url->new.data[i] != '/') {
        i++;
    }

    *path = mfa_str_bytes(url->new.data + i, url->new.len - i);
    text = mfa_str_bytes(url->new.data, i);

    st = mfa_origin_parse(realm->arena, text, &parsed);
    if (st != MFA_OK && st != MFA_INVALID) {
        return st;
    }

    if (st == MFA_INVALID || path->len == 0
        || !is_of_realm(realm, parsed.text))
    {
        return old_wrong(error, url->old, "must lead to a path, or to an "
                         "address on the host of \"public_url\" or of an "
                         "application of the realm");
    }

    url->new = mfa_arena_printf(realm->arena, MFA_STR_FMT MFA_STR_FMT,
                                MFA_STR_ARG(parsed.text),
                                MFA_STR_ARG(*path));
    *origin = parsed.text;

    return (url->new.data != NULL) ? MFA_OK : MFA_NO_MEMORY;
}


/*
 * The new one must be none of the old ones. One that moved to another host
 * under the same path is seen there again and let through.
 */

static mfa_status_t
old_loops(const mfa_realm_t *realm, const mfa_legacy_url_t *url,
    mfa_str_t origin, mfa_str_t path, mfa_error_t *error)
{
    mfa_str_t                rest;
    const mfa_legacy_url_t  *next;

    path = mfa_str_split(&path, '?');

    if (!mfa_target_is_safe(path, mfa_null)) {
        return old_wrong(error, url->old, "leads to a path that is none");
    }

    next = mfa_legacy_find(&realm->legacy, path, &rest);

    if (next == NULL
        || (next == url && mfa_str_eq(path, url->old) && origin.len > 0
            && !mfa_str_eq(origin, realm->send.origin.text)))
    {
        return MFA_OK;
    }

    return old_wrong(error, url->old, "leads to an old address again");
}


static mfa_status_t
old_hides(const mfa_realm_t *realm, const mfa_legacy_url_t *url,
    mfa_str_t origin, mfa_error_t *error)
{
    size_t                    i;
    const mfa_application_t  *application;

    for (i = 0; i < realm->pages.application_count; i++) {
        application = &realm->pages.applications[i];

        if (mfa_legacy_is_at(application->path, url->old)
            && !(application->host.len > 0
                 && mfa_str_eq(application->origin.text, origin)))
        {
            return old_wrong(error, url->old, "is the place of an "
                             "application, which nobody would reach");
        }
    }

    for (i = 0; i < realm->legacy.logout_url_count; i++) {
        if (mfa_legacy_is_at(realm->legacy.logout_urls[i].path, url->old)) {
            return old_wrong(error, url->old, "is the place of a "
                             "\"logout_url\"");
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_realm_legacy_end(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t             i;
    mfa_str_t          origin, path;
    mfa_status_t       st;
    mfa_legacy_url_t  *url;

    for (i = 0; i < realm->legacy.legacy_url_count; i++) {
        url = &realm->legacy.legacy_urls[i];

        st = new_address(realm, url, &origin, &path, error);

        if (st == MFA_OK) {
            st = old_loops(realm, url, origin, path, error);
        }

        if (st == MFA_OK) {
            st = old_hides(realm, url, origin, error);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/* within the portal, or with the portal within */

static bool
meets(mfa_str_t place, mfa_str_t portal)
{
    return mfa_str_has_prefix(place, portal)
           || mfa_legacy_is_at(portal, place);
}


mfa_status_t
mfa_realm_check_portal(const mfa_realm_t *realm, mfa_error_t *error)
{
    size_t                        i;
    mfa_str_t                     path;
    const mfa_legacy_settings_t  *legacy = &realm->legacy;

    for (i = 0; i < legacy->legacy_url_count; i++) {
        if (meets(legacy->legacy_urls[i].old, realm->page.portal)) {
            return old_wrong(error, legacy->legacy_urls[i].old,
                             "is a place of the portal");
        }
    }

    for (i = 0; i < legacy->logout_url_count; i++) {
        path = legacy->logout_urls[i].path;

        if (mfa_str_has_prefix(path, realm->page.portal)) {
            mfa_error_set(error, "\"logout_url " MFA_STR_FMT "\" is a place "
                          "of the portal", MFA_STR_ARG(path));
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}
