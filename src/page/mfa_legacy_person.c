/*
 * Did a person start this request, or a script, a timer, the browser? Only
 * what people do keeps a session from its idle end (L8).
 *
 * Runs on the event loop for every request. When in doubt it was a person:
 * nobody who works is logged out because a browser says little.
 */

#include "mfa_page.h"


/*
 * Chromium since 76 and Firefox since 90 say "Sec-Fetch-User: ?1" where
 * somebody clicked, typed or sent a form. Safari has all the other Sec-Fetch
 * headers and never that one (WebKit bug 247697). On iOS all browsers are
 * Safari inside, and call themselves CriOS and FxiOS.
 */

static bool
marks_people(mfa_str_t agent)
{
    static const mfa_str_t  names[] = {
        mfa_str_static("Chrome/"), mfa_str_static("Chromium/"),
        mfa_str_static("Firefox/")
    };

    size_t  i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (agent.len >= names[i].len
            && memmem(agent.data, agent.len, names[i].data, names[i].len)
               != NULL)
        {
            return true;
        }
    }

    return false;
}


/* a page that loads itself again brings these along */

static bool
is_part_of_page(mfa_str_t dest)
{
    static const char *const  parts[] = {
        "image", "style", "script", "font", "manifest", "track", "report",
        "serviceworker"
    };

    size_t  i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (mfa_str_eq_c(dest, parts[i])) {
            return true;
        }
    }

    return false;
}


/* an address that was typed, or a bookmark, comes from no site */

static bool
is_marked(const mfa_signs_t *signs)
{
    if (!mfa_str_eq_c(signs->mode, "navigate")) {
        return !is_part_of_page(signs->dest);
    }

    return mfa_str_eq_c(signs->user, "?1")
           || mfa_str_eq_c(signs->site, "none");
}


bool
mfa_legacy_is_prefetch(mfa_str_t purpose)
{
    static const mfa_str_t  word = mfa_str_static("prefetch");

    return purpose.len >= word.len
           && memmem(purpose.data, purpose.len, word.data, word.len) != NULL;
}


bool
mfa_legacy_is_person(const mfa_legacy_settings_t *settings,
    const mfa_signs_t *signs)
{
    /* a handshake is tried again by the script whose line was lost */

    if (signs->is_upgrade
        || mfa_legacy_is_prefetch(signs->purpose)
        || mfa_legacy_is_ignored(settings, signs->path))
    {
        return false;
    }

    /* the agent last: it is the long one, and most need not be asked */

    return signs->mode.data == NULL
           || is_marked(signs)
           || !marks_people(signs->user_agent);
}
