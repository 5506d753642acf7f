/*
 * What the gate answers by itself at addresses of applications: an old one
 * that people have in their bookmarks, and that of an application's logout.
 *
 * Runs on the event loop: no store, no template. Leads to hosts of the realm
 * only, whatever the request says (E5, X95).
 */

#include "mfa_page.h"


static const mfa_application_t *
host_application(const mfa_page_env_t *env, const mfa_request_t *request)
{
    return mfa_application_at(env->settings, request->host, request->path);
}


static mfa_str_t
host_origin(const mfa_page_env_t *env, const mfa_request_t *request)
{
    const mfa_application_t  *application;

    application = host_application(env, request);

    return (application != NULL) ? application->origin.text
                                 : env->send->origin.text;
}


/* *path: of an address; the whole of a path */

static mfa_str_t
address_origin(mfa_str_t address, mfa_str_t *path)
{
    size_t       i;
    const char  *at;

    *path = address;

    at = memmem(address.data, address.len, "://", 3);
    if (at == NULL || address.data[0] == '/') {
        return mfa_str("");
    }

    for (i = (size_t) (at - address.data) + 3; i < address.len; i++) {
        if (address.data[i] == '/') {
            break;
        }
    }

    path->data += i;
    path->len -= i;

    return mfa_str_bytes(address.data, i);
}


/*
 * The path that replaces the one asked for, percent-encoded; one that a
 * browser might read as another host is left out: NEW alone then.
 */

static mfa_status_t
new_path(const mfa_str_t *new, mfa_str_t rest, mfa_arena_t *arena,
    mfa_str_t *path)
{
    mfa_str_t     encoded;
    mfa_status_t  st;

    *path = *new;

    if (rest.len == 0 || new->len == 0 || new->data[new->len - 1] != '/') {
        return MFA_OK;
    }

    st = mfa_percent_encode(arena, rest, "/", &encoded);
    if (st != MFA_OK) {
        return st;
    }

    *path = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT,
                             MFA_STR_ARG(*new), MFA_STR_ARG(encoded));
    if (path->data == NULL) {
        return MFA_NO_MEMORY;
    }

    if (!mfa_target_is_safe(*path, mfa_str(""))) {
        *path = *new;
    }

    return MFA_OK;
}


/* as it came; bytes that no header may have are encoded */

static mfa_str_t
new_query(mfa_str_t query, mfa_arena_t *arena)
{
    char                *text;
    size_t               i, len;
    static const char    hex[] = "0123456789ABCDEF";

    text = mfa_arena_alloc(arena, 3 * query.len + 1);
    if (text == NULL) {
        return mfa_null;
    }

    len = 0;

    for (i = 0; i < query.len; i++) {
        if (query.data[i] > ' ' && query.data[i] < 0x7f) {
            text[len++] = query.data[i];
            continue;
        }

        text[len++] = '%';
        text[len++] = hex[(unsigned char) query.data[i] >> 4];
        text[len++] = hex[(unsigned char) query.data[i] & 15];
    }

    return mfa_str_bytes(text, len);
}


/* an old address that moved to another host, asked for on that host */

static bool
is_here(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_str_t origin, mfa_str_t path)
{
    char       buf[MFA_TARGET_MAX];
    mfa_str_t  plain;

    return (origin.len == 0 || mfa_str_eq(origin, host_origin(env, request)))
           && path.len <= sizeof(buf)
           && mfa_percent_decode(path, '+', buf, &plain) == MFA_OK
           && mfa_str_eq(plain, request->path);
}


static mfa_status_t
redirect_reply(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_str_t location, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_status_t  st;

    if (location.data == NULL) {
        return MFA_NO_MEMORY;
    }

    memset(reply, 0, sizeof(*reply));

    /* what was sent goes nowhere: the application that knew it is gone */

    reply->status = request->method == MFA_METHOD_POST ? 303 : 302;

    st = mfa_reply_headers(arena, env, reply);

    return (st == MFA_OK) ? mfa_reply_header(arena, reply, "Location",
                                             location)
                          : st;
}


mfa_status_t
mfa_page_legacy_redirect(const mfa_page_env_t *env,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_str_t                rest, origin, new, path, query;
    mfa_status_t             st;
    const mfa_legacy_url_t  *url;

    if (request->method == MFA_METHOD_OTHER) {
        return MFA_NOT_FOUND;
    }

    url = mfa_legacy_find(env->legacy, request->path, &rest);
    if (url == NULL) {
        return MFA_NOT_FOUND;
    }

    origin = address_origin(url->new, &query);
    new = mfa_str_split(&query, '?');

    /* a query of its own, be it an empty one, takes the place of what came */

    if (query.data == NULL) {
        query = new_query(request->query, arena);
    }

    if (memchr(url->new.data, '?', url->new.len) != NULL) {
        rest = mfa_null;
    }

    st = new_path(&new, rest, arena, &path);
    if (st != MFA_OK) {
        return st;
    }

    if (is_here(env, request, origin, path)) {
        return MFA_NOT_FOUND;
    }

    return redirect_reply(env, request,
                          mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT
                                           "%s" MFA_STR_FMT,
                                           MFA_STR_ARG(origin),
                                           MFA_STR_ARG(path),
                                           query.len > 0 ? "?" : "",
                                           MFA_STR_ARG(query)),
                          arena, reply);
}


/* the Referer of a page on this very host */

static bool
is_referer(mfa_str_t referer, mfa_str_t origin)
{
    return mfa_str_has_prefix(referer, origin)
           && (referer.len == origin.len || referer.data[origin.len] == '/');
}


/*
 * Only what the browser says by itself counts. A page may name a picture
 * that somebody else wrote into it: what is not asked for by a person or a
 * script is never enough.
 */

static bool
is_from_us(const mfa_page_env_t *env, const mfa_request_t *request)
{
    mfa_str_t  origin, dest;

    origin = host_origin(env, request);
    dest = request->sec_fetch_dest;

    if (mfa_legacy_is_prefetch(request->sec_purpose)
        || mfa_legacy_is_prefetch(request->purpose))
    {
        return false;
    }

    if (dest.data != NULL
        && !mfa_str_eq_c(dest, "document") && !mfa_str_eq_c(dest, "empty")
        && !mfa_str_eq_c(dest, "frame") && !mfa_str_eq_c(dest, "iframe"))
    {
        return false;
    }

    if (request->origin.data != NULL
        && !mfa_str_eq(request->origin, origin))
    {
        return false;
    }

    if (request->sec_fetch_site.data != NULL) {
        return mfa_str_eq_c(request->sec_fetch_site, "same-origin");
    }

    if (request->sec_fetch_mode.data != NULL || dest.data != NULL) {
        return false;
    }

    return request->origin.data != NULL
           || is_referer(request->referer, origin);
}


mfa_logout_e
mfa_page_logout_judge(const mfa_page_env_t *env, const mfa_request_t *request)
{
    const mfa_logout_url_t  *url;

    url = mfa_legacy_logout(env->legacy, request->path);

    if (url == NULL || request->method == MFA_METHOD_OTHER) {
        return MFA_LOGOUT_NONE;
    }

    if (request->method == MFA_METHOD_HEAD || !is_from_us(env, request)) {
        return mfa_is_page_load(request) ? MFA_LOGOUT_ASK
                                         : MFA_LOGOUT_REFUSE;
    }

    return url->is_forward ? MFA_LOGOUT_FORWARD : MFA_LOGOUT_NOW;
}


mfa_str_t
mfa_legacy_home(const mfa_page_settings_t *settings, mfa_str_t host,
    mfa_str_t path)
{
    const mfa_application_t  *application;

    application = (host.len > 0) ? mfa_application_at(settings, host, path)
                                 : mfa_application_of(settings, path);

    if (application == NULL) {
        return mfa_null;
    }

    return application->is_shared ? application->link : application->path;
}


/* there where the session's cookie is: at the application's own host, unless
 * it shares those of public_url */

mfa_status_t
mfa_page_logout_ask(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_str_t                 home, encoded;
    mfa_status_t              st;
    const mfa_application_t  *there;

    there = host_application(env, request);
    home = mfa_legacy_home(env->settings, request->host, request->path);

    st = mfa_percent_encode(arena, home, "/", &encoded);
    if (st != MFA_OK) {
        return st;
    }

    memset(reply, 0, sizeof(*reply));

    reply->status = 303;

    st = mfa_reply_headers(arena, env, reply);
    if (st != MFA_OK) {
        return st;
    }

    home = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT "logout%s"
                            MFA_STR_FMT,
                            MFA_STR_ARG(there != NULL && !there->is_shared
                                        ? there->origin.text
                                        : env->send->origin.text),
                            MFA_STR_ARG(env->portal),
                            home.len > 0 ? "?to=" : "",
                            MFA_STR_ARG(encoded));

    return home.data != NULL
           ? mfa_reply_header(arena, reply, "Location", home)
           : MFA_NO_MEMORY;
}
