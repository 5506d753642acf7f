/*
 * Replies: headers, redirects, rendering.
 *
 * Every reply of ours carries the headers of security.md E1.
 */

#include "mfa_page.h"


mfa_status_t
mfa_reply_header(mfa_arena_t *arena, mfa_reply_t *reply, const char *name,
    mfa_str_t value)
{
    return mfa_pairs_add(arena, &reply->headers, mfa_str_from(name), value);
}


mfa_status_t
mfa_reply_headers(mfa_arena_t *arena, const mfa_page_env_t *env,
    mfa_reply_t *reply)
{
    size_t        i;
    mfa_status_t  st;

    static const mfa_pair_t  headers[] = {
        { mfa_str_static("Cache-Control"), mfa_str_static("no-store") },
        { mfa_str_static("X-Content-Type-Options"),
          mfa_str_static("nosniff") },
        { mfa_str_static("Referrer-Policy"),
          mfa_str_static("same-origin") },
        { mfa_str_static("Cross-Origin-Opener-Policy"),
          mfa_str_static("same-origin") },
        { mfa_str_static("Cross-Origin-Resource-Policy"),
          mfa_str_static("same-origin") }
    };

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        st = mfa_pairs_add(arena, &reply->headers, headers[i].name,
                           headers[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = mfa_reply_header(arena, reply, "Content-Security-Policy",
                          (env != NULL && env->csp.len > 0)
                          ? env->csp
                          : mfa_str("default-src 'none'; style-src 'self'; "
                                    "img-src 'self'; form-action 'self'; "
                                    "frame-ancestors 'none'; "
                                    "base-uri 'none'"));
    if (st != MFA_OK || env == NULL || !env->send->origin.is_https) {
        return st;
    }

    return mfa_reply_header(arena, reply, "Strict-Transport-Security",
                            mfa_str(MFA_HSTS));
}


mfa_str_t
mfa_visit_param(mfa_visit_t *visit, const char *name, mfa_str_t value)
{
    mfa_str_t  encoded;

    if (value.len == 0
        || mfa_percent_encode(visit->work->arena, value, "/", &encoded)
           != MFA_OK)
    {
        return mfa_null;
    }

    return mfa_arena_printf(visit->work->arena, "%s=" MFA_STR_FMT, name,
                            MFA_STR_ARG(encoded));
}


mfa_status_t
mfa_visit_redirect_to(mfa_visit_t *visit, mfa_str_t location)
{
    mfa_arena_t   *arena = visit->work->arena;
    mfa_status_t   st;

    if (location.data == NULL) {
        return MFA_NO_MEMORY;
    }

    visit->reply->status = 303;

    st = mfa_reply_headers(arena, visit->env, visit->reply);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(arena, visit->reply, "Location", location);
}


mfa_status_t
mfa_visit_redirect(mfa_visit_t *visit, mfa_str_t path, mfa_str_t query)
{
    mfa_str_t  location;

    location = mfa_arena_printf(visit->work->arena,
                                MFA_STR_FMT MFA_STR_FMT "%s" MFA_STR_FMT,
                                MFA_STR_ARG(visit->env->portal),
                                MFA_STR_ARG(path), query.len > 0 ? "?" : "",
                                MFA_STR_ARG(query));

    return mfa_visit_redirect_to(visit, location);
}


mfa_status_t
mfa_visit_go(mfa_visit_t *visit, mfa_str_t target)
{
    if (target.len > 0 && mfa_visit_is_target(visit, target)) {
        return mfa_visit_redirect_to(visit, target);
    }

    return mfa_visit_redirect(visit, mfa_null, mfa_null);
}


/* the way back: to the flow that was interrupted, or to the target */

static mfa_str_t
later_query(mfa_visit_t *visit, mfa_str_t seconds)
{
    mfa_str_t  flow, back;

    flow = mfa_pairs_get(&visit->form, mfa_str("flow"));

    back = (flow.len > 0) ? mfa_visit_param(visit, "&flow", flow)
                          : mfa_visit_param(visit, "&to",
                                            mfa_visit_target(visit));

    return mfa_arena_printf(visit->work->arena,
                            "seconds=" MFA_STR_FMT "%s" MFA_STR_FMT,
                            MFA_STR_ARG(seconds),
                            mfa_str_eq_c(visit->path, "login")
                                ? "&unlock=1" : "",
                            MFA_STR_ARG(back));
}


mfa_status_t
mfa_visit_later(mfa_visit_t *visit, mfa_time_t retry_at)
{
    mfa_str_t     text;
    mfa_time_t    wait;
    mfa_status_t  st;

    wait = retry_at - mfa_port_now(visit->work->model->ports);
    wait = (wait > 0) ? (wait + MFA_SECOND - 1) / MFA_SECOND : 1;

    text = mfa_arena_printf(visit->work->arena, "%lld", (long long) wait);

    st = mfa_visit_redirect(visit, mfa_str("later"),
                            later_query(visit, text));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(visit->work->arena, visit->reply, "Retry-After",
                            text);
}


mfa_value_t *
mfa_visit_values(mfa_visit_t *visit, const mfa_flow_t *flow, mfa_str_t target)
{
    mfa_str_t                 id, token;
    mfa_value_t              *map;
    const mfa_application_t  *application;

    map = mfa_value_map(visit->work->arena);

    mfa_send_values(visit->env->send, visit->env->words, map);
    mfa_visit_language_values(visit, map);
    mfa_value_set_str(map, "portal", visit->env->portal);

    if (visit->env->brand != NULL) {
        mfa_value_set_str(map, "logo", visit->env->brand->logo.name);
    }

    if (target.len > 0) {
        mfa_value_set_str(map, "to", target);
        mfa_value_set_str(map, "to_query",
                          mfa_visit_param(visit, "?to", target));
    }

    application = mfa_visit_application(visit, target);
    if (application != NULL) {
        mfa_value_set_str(map, "application",
                          mfa_words_get(visit->env->words,
                                        application->label));
    }

    id = mfa_null;

    if (flow != NULL
        && mfa_id_text(visit->work->arena, &flow->id, &id) == MFA_OK)
    {
        mfa_value_set_str(map, "flow", id);
    }

    if (mfa_visit_token(visit, id, &token) == MFA_OK) {
        mfa_value_set_str(map, "token", token);
    }

    return map;
}


mfa_status_t
mfa_visit_render(mfa_visit_t *visit, unsigned status, const char *template,
    const mfa_value_t *map)
{
    mfa_arena_t   *arena = visit->work->arena;
    mfa_status_t   st;

    st = mfa_template_render(visit->env->templates, mfa_str_from(template),
                             map, visit->env->words, arena,
                             &visit->reply->body);
    if (st != MFA_OK) {
        return st;
    }

    visit->reply->status = status;

    st = mfa_reply_headers(arena, visit->env, visit->reply);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_language_headers(visit);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(arena, visit->reply, "Content-Type",
                            mfa_str("text/html; charset=utf-8"));
}


void
mfa_visit_error(mfa_visit_t *visit, mfa_value_t *map, mfa_str_t field,
    mfa_str_t word)
{
    char         *name;
    mfa_str_t     text;
    mfa_value_t  *item;

    text = mfa_words_get(visit->env->words, word);

    if (visit->errors == NULL) {
        visit->errors = mfa_value_set_list(map, "errors");
        mfa_value_set_flag(map, "has_errors", true);
    }

    item = mfa_value_add_map(visit->errors);

    mfa_value_set_str(item, "field", field);
    mfa_value_set_str(item, "text", text);

    name = mfa_arena_cstr(visit->work->arena,
                          mfa_arena_printf(visit->work->arena,
                                           "error_" MFA_STR_FMT,
                                           MFA_STR_ARG(field)));
    if (name != NULL) {
        mfa_value_set_str(map, name, text);
    }
}
