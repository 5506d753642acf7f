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


/*
 * Where the way in begins: on the host of this application itself where it
 * has cookies of its own, else at public_url. NULL: there. A portal's own
 * address can only come here where the portal is missing.
 */

static const mfa_application_t *
refuse_place(const mfa_page_env_t *env, const mfa_request_t *request)
{
    const mfa_application_t  *application;

    application = mfa_application_at(env->settings, request->host,
                                     request->path);

    return (application != NULL && !application->is_shared
            && !mfa_str_has_prefix(request->path, env->portal))
           ? application : NULL;
}


/* the page to come back to; empty where it is none of ours */

static mfa_status_t
refuse_target(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_str_t *target)
{
    mfa_str_t                 path, origin;
    const mfa_application_t  *application;

    if (request->held.len > 0) {
        *target = mfa_held_page(arena, env->portal, request->held);
        return target->data != NULL ? MFA_OK : MFA_NO_MEMORY;
    }

    origin = mfa_null;

    application = mfa_application_at(env->settings, request->host,
                                     request->path);

    if (application != NULL && application->is_shared) {
        origin = application->origin.text;
    }

    *target = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT "%s" MFA_STR_FMT,
                               MFA_STR_ARG(origin),
                               MFA_STR_ARG(request->path),
                               request->query.len > 0 ? "?" : "",
                               MFA_STR_ARG(request->query));
    if (target->data == NULL) {
        return MFA_NO_MEMORY;
    }

    path = mfa_str_bytes(target->data + origin.len, target->len - origin.len);

    if (!mfa_target_is_safe(path, env->portal)
        || (origin.len > 0
            && !mfa_application_is_address(env->settings, *target,
                                           env->portal)))
    {
        *target = mfa_null;
    }

    return MFA_OK;
}


/* "level" opens nothing: the session it makes is a partial one */

static const char *
refuse_more(const mfa_refusal_t *refusal, bool is_there)
{
    if (refusal->is_step_up) {
        return is_there ? "step=up" : "";
    }

    return refusal->is_one ? "level=one" : "";
}


/* the page of the portal, without a query */

static mfa_str_t
refuse_page(const mfa_page_env_t *env, const mfa_refusal_t *refusal,
    const mfa_request_t *request, mfa_arena_t *arena)
{
    const char               *page;
    const mfa_application_t  *there;

    there = refuse_place(env, request);
    page = refusal->is_step_up ? "step-up" : "login";

    return mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT "%s",
                            MFA_STR_ARG(there != NULL
                                        ? there->origin.text
                                        : env->send->origin.text),
                            MFA_STR_ARG(env->portal),
                            there != NULL ? "ticket" : page);
}


static mfa_status_t
refuse_page_load(const mfa_page_env_t *env, const mfa_refusal_t *refusal,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_str_t     location, page, target, encoded;
    mfa_status_t  st;
    const char   *more, *mark;

    st = refuse_target(env, request, arena, &target);

    if (st == MFA_OK) {
        st = mfa_percent_encode(arena, target, "/", &encoded);
    }

    if (st != MFA_OK) {
        return st;
    }

    page = refuse_page(env, refusal, request, arena);
    more = refuse_more(refusal, refuse_place(env, request) != NULL);
    mark = target.len > 0 ? "&" : "?";

    location = mfa_arena_printf(arena, MFA_STR_FMT "%s" MFA_STR_FMT "%s%s",
                                MFA_STR_ARG(page),
                                target.len > 0 ? "?to=" : "",
                                MFA_STR_ARG(encoded),
                                more[0] != '\0' ? mark : "", more);
    if (page.data == NULL || location.data == NULL) {
        return MFA_NO_MEMORY;
    }

    reply->status = 303;

    return mfa_reply_header(arena, reply, "Location", location);
}


/* RFC 9470 names the error and, in seconds, the age that is allowed */

static mfa_str_t
refuse_challenge(const mfa_refusal_t *refusal, mfa_arena_t *arena)
{
    if (!refusal->is_step_up) {
        return mfa_str("MFA-Session");
    }

    if (refusal->fresh == 0) {
        return mfa_str("MFA-Session "
                       "error=\"insufficient_user_authentication\"");
    }

    return mfa_arena_printf(arena, "MFA-Session "
                            "error=\"insufficient_user_authentication\", "
                            "max_age=%ld",
                            (long) (refusal->fresh / MFA_SECOND));
}


static mfa_status_t
refuse_call(const mfa_page_env_t *env, const mfa_refusal_t *refusal,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_str_t     challenge, page;
    mfa_status_t  st;

    challenge = refuse_challenge(refusal, arena);
    page = refuse_page(env, refusal, request, arena);

    reply->status = 401;
    reply->body = mfa_arena_printf(arena, "{\"error\":\"%s\",\"login\":\""
                                   MFA_STR_FMT "\"}\n",
                                   refusal->is_step_up ? "step_up_required"
                                                       : "login_required",
                                   MFA_STR_ARG(page));
    if (challenge.data == NULL || page.data == NULL
        || reply->body.data == NULL)
    {
        return MFA_NO_MEMORY;
    }

    st = mfa_reply_header(arena, reply, "Content-Type",
                          mfa_str("application/json"));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(arena, reply, "WWW-Authenticate", challenge);
}


mfa_status_t
mfa_page_refuse(const mfa_page_env_t *env, const mfa_refusal_t *refusal,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_status_t  st;

    memset(reply, 0, sizeof(*reply));

    st = mfa_reply_headers(arena, env, reply);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_str_eq_c(request->path, PROBE_PATH)) {
        reply->status = 404;
        return MFA_OK;
    }

    if (mfa_is_page_load(request)) {
        return refuse_page_load(env, refusal, request, arena, reply);
    }

    return refuse_call(env, refusal, request, arena, reply);
}


/* logged out people are sent on to Login from there (P3) */

mfa_status_t
mfa_page_change_password(const mfa_page_env_t *env, mfa_arena_t *arena,
    mfa_reply_t *reply)
{
    mfa_str_t     target;
    mfa_status_t  st;

    memset(reply, 0, sizeof(*reply));

    st = mfa_reply_headers(arena, env, reply);
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
