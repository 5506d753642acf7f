/*
 * What the gate answers by itself: to somebody it does not let in, and to
 * whoever looks for the page that changes a password.
 *
 * Runs on the event loop: no store, no template.
 */

#include "mfa_page.h"


/*
 * Password managers ask for this path first: only where it is 404 do they
 * believe that a change-password address which answers is really there.
 */
#define PROBE_PATH                                                            \
    "/.well-known/resource-that-should-not-exist-whose-status-code-"          \
    "should-not-be-200"


static mfa_status_t
refuse_page_load(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_str_t     target, encoded;
    mfa_status_t  st;

    target = mfa_arena_printf(arena, MFA_STR_FMT "%s" MFA_STR_FMT,
                              MFA_STR_ARG(request->path),
                              request->query.len > 0 ? "?" : "",
                              MFA_STR_ARG(request->query));
    if (target.data == NULL) {
        return MFA_NO_MEMORY;
    }

    encoded = mfa_null;

    if (mfa_target_is_safe(target, env->portal)) {
        st = mfa_percent_encode(arena, target, "/", &encoded);
        if (st != MFA_OK) {
            return st;
        }
    }

    reply->status = 303;

    target = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT "login%s"
                              MFA_STR_FMT, MFA_STR_ARG(env->send->origin.text),
                              MFA_STR_ARG(env->portal),
                              encoded.len > 0 ? "?to=" : "",
                              MFA_STR_ARG(encoded));
    if (target.data == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_reply_header(arena, reply, "Location", target);
}


static mfa_status_t
refuse_call(const mfa_page_env_t *env, mfa_arena_t *arena,
    mfa_reply_t *reply)
{
    mfa_str_t     login;
    mfa_status_t  st;

    login = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT "login",
                             MFA_STR_ARG(env->send->origin.text),
                             MFA_STR_ARG(env->portal));

    reply->status = 401;
    reply->body = mfa_arena_printf(arena, "{\"error\":\"login_required\","
                                   "\"login\":\"" MFA_STR_FMT "\"}\n",
                                   MFA_STR_ARG(login));
    if (login.data == NULL || reply->body.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_reply_header(arena, reply, "Content-Type",
                          mfa_str("application/json"));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(arena, reply, "WWW-Authenticate",
                            mfa_str("MFA-Session"));
}


mfa_status_t
mfa_page_refuse(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_status_t  st;

    memset(reply, 0, sizeof(*reply));

    st = mfa_reply_headers(arena, &env->send->origin, reply);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_str_eq_c(request->path, PROBE_PATH)) {
        reply->status = 404;
        return MFA_OK;
    }

    if (mfa_is_page_load(request)) {
        return refuse_page_load(env, request, arena, reply);
    }

    return refuse_call(env, arena, reply);
}


/* logged out people are sent on to Login from there (P3) */

mfa_status_t
mfa_page_change_password(const mfa_page_env_t *env, mfa_arena_t *arena,
    mfa_reply_t *reply)
{
    mfa_str_t     target;
    mfa_status_t  st;

    memset(reply, 0, sizeof(*reply));

    st = mfa_reply_headers(arena, &env->send->origin, reply);
    if (st != MFA_OK) {
        return st;
    }

    target = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT "security",
                              MFA_STR_ARG(env->send->origin.text),
                              MFA_STR_ARG(env->portal));
    if (target.data == NULL) {
        return MFA_NO_MEMORY;
    }

    reply->status = 302;

    return mfa_reply_header(arena, reply, "Location", target);
}
