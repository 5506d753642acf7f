/*
 * What applications leave in a browser: their own cookies, which know
 * nothing of our session, and what their scripts store.
 *
 * Goes with a logout, and where another person logs in to a browser that
 * somebody left without one. Never touches a cookie of ours.
 */

#include "mfa_page.h"


typedef struct {
    mfa_visit_t  *visit;
    mfa_str_t     name;
    mfa_str_t     domain;
    mfa_strs_t    paths;            /* done */
} expire_t;


static bool
has_prefix(mfa_str_t name, const char *prefix)
{
    return name.len >= strlen(prefix)
           && strncasecmp(name.data, prefix, strlen(prefix)) == 0;
}


/*
 * A browser takes a change of such a name only where the attributes are
 * those it had to be made with (RFC 6265bis 4.1.3).
 */

static mfa_status_t
expire_at(expire_t *expire, mfa_str_t path)
{
    bool          is_host, is_secure;
    mfa_str_t     text;
    mfa_arena_t  *arena = expire->visit->work->arena;

    is_host = has_prefix(expire->name, "__Host-");
    is_secure = is_host || has_prefix(expire->name, "__Secure-")
                || expire->visit->env->send->origin.is_https;

    if (is_host) {
        path = mfa_str("/");
    }

    if (mfa_strs_has(&expire->paths, path)) {
        return MFA_OK;
    }

    text = mfa_arena_printf(arena, MFA_STR_FMT "=; Path=" MFA_STR_FMT "%s"
                            MFA_STR_FMT "%s; Max-Age=0; "
                            "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                            MFA_STR_ARG(expire->name), MFA_STR_ARG(path),
                            expire->domain.len > 0 && !is_host
                            ? "; Domain=" : "",
                            MFA_STR_ARG(is_host ? mfa_null : expire->domain),
                            is_secure ? "; Secure" : "");

    if (text.data == NULL
        || mfa_strs_add(arena, &expire->paths, path) != MFA_OK)
    {
        return MFA_NO_MEMORY;
    }

    return mfa_reply_header(arena, expire->visit->reply, "Set-Cookie", text);
}


/* "/ess/" and "/ess": frameworks write the one or the other */

static mfa_status_t
expire_everywhere(expire_t *expire)
{
    size_t                      i;
    mfa_str_t                   path;
    mfa_status_t                st;
    const mfa_application_t    *application;
    const mfa_page_settings_t  *settings = expire->visit->env->settings;

    st = expire_at(expire, mfa_str("/"));

    for (i = 0; st == MFA_OK && i < settings->application_count; i++) {
        application = &settings->applications[i];
        path = application->path;

        if (!mfa_str_eq(application->host, expire->visit->request->host)) {
            continue;
        }

        st = expire_at(expire, path);

        if (st == MFA_OK && path.len > 1 && path.data[path.len - 1] == '/') {
            path.len--;
            st = expire_at(expire, path);
        }
    }

    return st;
}


mfa_status_t
mfa_visit_expire(mfa_visit_t *visit)
{
    size_t                            i, n;
    expire_t                          expire;
    mfa_status_t                      st;
    const mfa_application_cookies_t  *cookies;

    for (i = 0; i < visit->env->legacy->cookie_count; i++) {
        cookies = &visit->env->legacy->cookies[i];

        for (n = 0; n < cookies->names.count; n++) {
            expire = (expire_t) { .visit = visit,
                                  .name = cookies->names.items[n],
                                  .domain = cookies->domain };

            st = cookies->path.len > 0 ? expire_at(&expire, cookies->path)
                                       : expire_everywhere(&expire);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_visit_clear(mfa_visit_t *visit)
{
    return mfa_reply_header(visit->work->arena, visit->reply,
                            "Clear-Site-Data",
                            mfa_str("\"cache\", \"storage\""));
}
