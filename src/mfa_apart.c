/*
 * Two realms of one configuration: what they must never share, and what a
 * browser would mix up. Looks at files; changes nothing.
 */

#include <sys/stat.h>

#include "mfa_realm.h"


#define APART_NAME_MAX  32

#define APART_COOKIES  6


/* the same folder, however it is written */

static bool
is_same_store(const mfa_realm_t *one, const mfa_realm_t *other)
{
    struct stat                  first, second;
    const mfa_store_settings_t  *a = &one->store, *b = &other->store;

    if (mfa_str_eq(one->store_text, other->store_text)) {
        return true;
    }

    if (a->engine != b->engine) {
        return false;
    }

    if (mfa_str_eq(a->place, b->place)) {
        return true;
    }

    return stat(a->place.data, &first) == 0
           && stat(b->place.data, &second) == 0
           && first.st_dev == second.st_dev
           && first.st_ino == second.st_ino;
}


mfa_status_t
mfa_realm_apart(const mfa_realm_t *one, const mfa_realm_t *other,
    mfa_error_t *error)
{
    if (is_same_store(one, other)) {
        mfa_error_set(error, "realms \"" MFA_STR_FMT "\" and \"" MFA_STR_FMT
                      "\" have the same store: each needs a folder of its "
                      "own", MFA_STR_ARG(one->name),
                      MFA_STR_ARG(other->name));
        return MFA_CONFIG;
    }

    if (mfa_keys_are_shared(one->keys, other->keys)) {
        mfa_error_set(error, "realms \"" MFA_STR_FMT "\" and \"" MFA_STR_FMT
                      "\" have the same key: what one of them sealed would "
                      "open in the other, make a \"key_file\" for each with "
                      "\"mfactl key new\"", MFA_STR_ARG(one->name),
                      MFA_STR_ARG(other->name));
        return MFA_CONFIG;
    }

    if (mfa_assertion_is_shared(one, other)) {
        mfa_error_set(error, "realms \"" MFA_STR_FMT "\" and \"" MFA_STR_FMT
                      "\" have the same \"assertion_key\": an application "
                      "of one would believe the other, make one for each "
                      "with \"mfactl key new-assertion\"",
                      MFA_STR_ARG(one->name), MFA_STR_ARG(other->name));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


/* host: without port, for browsers keep cookies of ports together */

static bool
is_under(mfa_str_t host, mfa_str_t domain)
{
    size_t  at;

    if (domain.len == 0 || host.len < domain.len) {
        return false;
    }

    at = host.len - domain.len;

    return mfa_str_eq(mfa_str_bytes(host.data + at, domain.len), domain)
           && (at == 0 || host.data[at - 1] == '.');
}


/* the hosts whose pages get cookies of the realm: index 0, then up */

static bool
host_at(const mfa_realm_t *realm, size_t i, mfa_str_t *host)
{
    if (i == 0) {
        *host = realm->send.origin.host;
        return true;
    }

    if (i <= realm->pages.application_count) {
        *host = realm->pages.applications[i - 1].origin.host;
        return true;
    }

    return false;
}


/* does a cookie of one come to a host of the other? */

static bool
reaches(const mfa_realm_t *one, const mfa_realm_t *other)
{
    size_t     i, n;
    mfa_str_t  host, own;

    for (i = 0; host_at(other, i, &host); i++) {
        if (host.len == 0) {
            continue;
        }

        if (is_under(host, one->pages.cookie_domain)) {
            return true;
        }

        for (n = 0; host_at(one, n, &own); n++) {
            if (mfa_str_eq(host, own)) {
                return true;
            }
        }
    }

    return false;
}


bool
mfa_realm_meets(const mfa_realm_t *one, const mfa_realm_t *other)
{
    return reaches(one, other) || reaches(other, one);
}


static bool
is_cookie_word(mfa_str_t name)
{
    char    c;
    size_t  i;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
            && !(c >= '0' && c <= '9') && c != '-' && c != '_')
        {
            return false;
        }
    }

    return name.len > 0 && name.len <= APART_NAME_MAX;
}


mfa_status_t
mfa_realm_name_cookies(mfa_realm_t *realm, mfa_error_t *error)
{
    size_t         i;
    mfa_str_t      name, *fields[APART_COOKIES];
    mfa_status_t   st;

    if (!is_cookie_word(realm->name)) {
        mfa_error_set(error, "its cookies meet those of another realm and "
                      "need its name, which must be 1 to %d of A-Z a-z 0-9 "
                      "- _", APART_NAME_MAX);
        return MFA_CONFIG;
    }

    fields[0] = &realm->page.session_cookie;
    fields[1] = &realm->page.browser_cookie;
    fields[2] = &realm->page.notice_cookie;
    fields[3] = &realm->page.device_cookie;
    fields[4] = &realm->page.language_cookie;
    fields[5] = &realm->page.held_cookie;

    for (i = 0; i < APART_COOKIES; i++) {
        name = mfa_arena_printf(realm->arena, MFA_STR_FMT "_" MFA_STR_FMT,
                                MFA_STR_ARG(*fields[i]),
                                MFA_STR_ARG(realm->name));

        /* the plain names stay ours: browsers may still have them */

        st = name.data == NULL ? MFA_NO_MEMORY
             : mfa_strs_add(realm->arena, &realm->cookies, name);

        if (st != MFA_OK) {
            mfa_error_set(error, "out of memory");
            return st;
        }

        *fields[i] = name;
    }

    return MFA_OK;
}
