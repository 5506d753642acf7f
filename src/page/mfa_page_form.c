/*
 * Cookies, tokens in forms, and who is visiting.
 *
 * A form counts only when it comes from a page of ours in the same browser;
 * the check denies first.
 */

#include "mfa_page.h"


/* "; Domain=example.org" where cookies are shared, and only there */

static mfa_str_t
cookie_domain(const mfa_visit_t *visit)
{
    const mfa_application_t    *application;
    const mfa_page_settings_t  *settings = visit->env->settings;

    application = mfa_application_at(settings, visit->request->host, mfa_null);

    if (settings->cookie_domain.len == 0
        || (application != NULL && !application->is_shared))
    {
        return mfa_str("");
    }

    return mfa_arena_printf(visit->work->arena, "; Domain=" MFA_STR_FMT,
                            MFA_STR_ARG(settings->cookie_domain));
}


/* an empty value takes the cookie away; seconds 0: until the browser ends */

static mfa_status_t
set_cookie_for(mfa_visit_t *visit, mfa_str_t name, mfa_str_t value,
    mfa_time_t seconds, const char *sites)
{
    mfa_str_t     text, age, domain;
    mfa_arena_t  *arena = visit->work->arena;

    domain = cookie_domain(visit);

    age = (value.len == 0 || seconds > 0)
          ? mfa_arena_printf(arena, "; Max-Age=%lld",
                             value.len == 0 ? 0LL : (long long) seconds)
          : mfa_str("");

    text = mfa_arena_printf(arena, MFA_STR_FMT "=" MFA_STR_FMT "; Path=/; "
                            "HttpOnly; SameSite=%s%s" MFA_STR_FMT MFA_STR_FMT,
                            MFA_STR_ARG(name), MFA_STR_ARG(value), sites,
                            visit->env->send->origin.is_https ? "; Secure"
                                                              : "",
                            MFA_STR_ARG(domain), MFA_STR_ARG(age));
    if (text.data == NULL || age.data == NULL || domain.data == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_reply_header(arena, visit->reply, "Set-Cookie", text);
}


static mfa_status_t
set_cookie(mfa_visit_t *visit, mfa_str_t name, mfa_str_t value,
    mfa_time_t seconds)
{
    return set_cookie_for(visit, name, value, seconds, "Lax");
}


mfa_status_t
mfa_visit_set_strict(mfa_visit_t *visit, mfa_str_t name, mfa_str_t value,
    mfa_time_t lifetime)
{
    return set_cookie_for(visit, name, value, lifetime / MFA_SECOND,
                          "Strict");
}


mfa_status_t
mfa_visit_set_cookie(mfa_visit_t *visit, mfa_str_t name, mfa_str_t value)
{
    return set_cookie(visit, name, value, 0);
}


mfa_status_t
mfa_visit_keep_cookie(mfa_visit_t *visit, mfa_str_t name, mfa_str_t value,
    mfa_time_t keep)
{
    return set_cookie(visit, name, value, keep / MFA_SECOND);
}


static mfa_status_t
set_device(mfa_visit_t *visit, mfa_str_t value)
{
    mfa_time_t  keep;

    keep = visit->work->model->settings->remember_device;

    return set_cookie(visit, visit->env->device_cookie, value,
                      keep / MFA_SECOND);
}


/* kept for as long as a known browser is known (H2) */

static mfa_status_t
set_browser(mfa_visit_t *visit)
{
    mfa_str_t  value;

    value = mfa_arena_printf(visit->work->arena,
                             MFA_STR_FMT "%s" MFA_STR_FMT "%s" MFA_STR_FMT,
                             MFA_STR_ARG(visit->browser),
                             visit->mark.len > 0 ? "." : "",
                             MFA_STR_ARG(visit->mark),
                             visit->last.len > 0 ? "~" : "",
                             MFA_STR_ARG(visit->last));
    if (value.data == NULL) {
        return MFA_NO_MEMORY;
    }

    return set_cookie(visit, visit->env->browser_cookie, value,
                      MFA_KNOWN_KEEP / MFA_SECOND);
}


mfa_status_t
mfa_visit_enter(mfa_visit_t *visit, mfa_str_t person)
{
    mfa_str_t     former;
    mfa_status_t  st;

    former = visit->last;

    st = mfa_last_make(visit->env->keys, visit->work->arena, visit->browser,
                       person, &visit->last);

    if (st == MFA_OK && !mfa_str_eq(former, visit->last)) {
        st = mfa_visit_expire(visit);

        if (st == MFA_OK && former.len > 0) {
            st = mfa_visit_clear(visit);
        }
    }

    return (st == MFA_OK) ? set_browser(visit) : st;
}


/* a browser that has just shown whose it is gets the mark of that (4.6) */

static mfa_status_t
keep_browser(mfa_visit_t *visit)
{
    mfa_status_t       st;
    const mfa_step_t  *step = &visit->step;

    if (visit->browser.len == 0
        || (step->proved.len == 0 && step->token.len == 0))
    {
        return MFA_OK;
    }

    if (step->proved.len > 0) {
        st = mfa_mark_make(visit->env->keys, visit->work->arena,
                           visit->browser, step->proved, &visit->mark);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_visit_enter(visit, step->proved.len > 0
                                  ? step->proved
                                  : mfa_id_str(&step->user.id));
}


mfa_status_t
mfa_visit_keep(mfa_visit_t *visit)
{
    mfa_status_t       st;
    const mfa_step_t  *step = &visit->step;

    visit->has_mail = step->has_mail;

    if (step->token.len > 0) {
        st = mfa_visit_set_cookie(visit, visit->env->session_cookie,
                                  step->token);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = keep_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    return (step->device.len > 0) ? set_device(visit, step->device)
                                  : MFA_OK;
}


mfa_status_t
mfa_visit_browser(mfa_visit_t *visit)
{
    mfa_status_t  st;

    if (visit->browser.len > 0) {
        return MFA_OK;
    }

    st = mfa_token_make(visit->work->model->ports, visit->work->arena,
                        &visit->browser);
    if (st != MFA_OK) {
        return st;
    }

    return set_browser(visit);
}


static mfa_status_t
browser_digest(mfa_visit_t *visit, uint8_t digest[MFA_DIGEST_SIZE])
{
    return mfa_sha256(visit->browser, digest);
}


mfa_status_t
mfa_visit_token(mfa_visit_t *visit, mfa_str_t flow, mfa_str_t *token)
{
    uint8_t          mac[MFA_DIGEST_SIZE];
    mfa_status_t     st;
    const mfa_str_t  parts[] = { visit->browser, flow };

    *token = mfa_null;

    if (visit->browser.len == 0) {
        return MFA_NOT_FOUND;
    }

    st = mfa_keys_mac(visit->env->keys, MFA_KEY_FORM, parts, 2, mac);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_base64url_encode(visit->work->arena,
                                mfa_str_bytes(mac, sizeof(mac)), token);
}


static mfa_status_t
judge_token(mfa_visit_t *visit, mfa_verdict_t *verdict)
{
    uint8_t          mac[MFA_DIGEST_SIZE];
    mfa_str_t        token;
    mfa_status_t     st;
    const mfa_str_t  parts[] = {
        visit->browser, mfa_pairs_get(&visit->form, mfa_str("flow"))
    };

    *verdict = MFA_VERDICT_DENY;

    token = mfa_pairs_get(&visit->form, mfa_str("token"));

    st = mfa_base64url_decode_fixed(token, mac, sizeof(mac));
    if (st != MFA_OK) {
        return MFA_OK;
    }

    st = mfa_keys_mac_check(visit->env->keys, MFA_KEY_FORM, parts, 2, mac);
    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    *verdict = MFA_VERDICT_PASS;

    return MFA_OK;
}


/*
 * Where did it come from? Browsers say it in Origin, or in Sec-Fetch-Site;
 * one that says neither is judged by its token alone.
 */

static mfa_verdict_t
judge_origin(const mfa_visit_t *visit)
{
    const mfa_request_t  *request = visit->request;

    if (request->origin.data != NULL) {
        return mfa_str_eq(request->origin, mfa_visit_origin(visit))
               ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
    }

    if (request->sec_fetch_site.data != NULL) {
        return mfa_str_eq_c(request->sec_fetch_site, "same-origin")
               ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
    }

    return MFA_VERDICT_PASS;
}


mfa_verdict_t
mfa_visit_judge_origin(const mfa_visit_t *visit)
{
    const mfa_request_t  *request = visit->request;

    return (request->origin.data != NULL
            || request->sec_fetch_site.data != NULL)
           ? judge_origin(visit) : MFA_VERDICT_DENY;
}


mfa_status_t
mfa_visit_judge_form(mfa_visit_t *visit, mfa_verdict_t *verdict)
{
    *verdict = MFA_VERDICT_DENY;

    if (visit->browser.len == 0
        || judge_origin(visit) != MFA_VERDICT_PASS)
    {
        return MFA_OK;
    }

    return judge_token(visit, verdict);
}


static mfa_status_t
look_session(mfa_tx_t *tx, void *arg)
{
    mfa_visit_t  *visit = arg;

    return mfa_session_look(tx, visit->session, &visit->who);
}


mfa_status_t
mfa_visit_who(mfa_visit_t *visit)
{
    memset(&visit->who, 0, sizeof(visit->who));

    visit->who.verdict = MFA_VERDICT_DENY;
    visit->who.state = MFA_SESSION_NONE;

    if (visit->session.len == 0) {
        return MFA_OK;
    }

    return mfa_view(visit->work, look_session, visit);
}


/* pages of ours are no targets, but for those that ask people to log in
 * before they are shown */

static bool
is_own_target(mfa_str_t path)
{
    size_t     i;
    mfa_str_t  folder;

    if (mfa_str_eq_c(path, "security") || mfa_str_eq_c(path, "people")
        || mfa_str_eq_c(path, "requests") || mfa_str_eq_c(path, "team"))
    {
        return true;
    }

    folder = mfa_str_has_prefix(path, mfa_str("held/")) ? mfa_str("held/")
                                                        : mfa_str("people/");

    if (path.len != folder.len + MFA_ID_TEXT
        || !mfa_str_has_prefix(path, folder))
    {
        return false;
    }

    for (i = folder.len; i < path.len; i++) {
        if (mfa_hex_value(path.data[i]) < 0) {
            return false;
        }
    }

    return true;
}


bool
mfa_visit_is_target(const mfa_visit_t *visit, mfa_str_t target)
{
    mfa_str_t  path;

    path = target;

    if (mfa_ticket_application(visit, target) != NULL
        || mfa_application_is_address(visit->env->settings, target,
                                      visit->env->portal))
    {
        return true;
    }

    if (mfa_str_has_prefix(target, visit->env->portal)) {
        path.data += visit->env->portal.len;
        path.len -= visit->env->portal.len;

        return is_own_target(path);
    }

    return mfa_target_is_safe(target, visit->env->portal);
}


mfa_str_t
mfa_visit_target(mfa_visit_t *visit)
{
    mfa_str_t  target;

    target = mfa_pairs_get(&visit->query, mfa_str("to"));

    if (target.data == NULL) {
        target = mfa_pairs_get(&visit->form, mfa_str("to"));
    }

    if (target.data == NULL || !mfa_visit_is_target(visit, target)) {
        return mfa_null;
    }

    return target;
}


mfa_status_t
mfa_page_id(mfa_str_t text, mfa_id_t *id)
{
    int     high, low;
    size_t  i;

    if (text.len != MFA_ID_TEXT) {
        return MFA_NOT_FOUND;
    }

    for (i = 0; i < MFA_ID_SIZE; i++) {
        high = mfa_hex_value(text.data[2 * i]);
        low = mfa_hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return MFA_NOT_FOUND;
        }

        id->bytes[i] = (uint8_t) (high * 16 + low);
    }

    return MFA_OK;
}


mfa_status_t
mfa_visit_step(mfa_visit_t *visit)
{
    mfa_str_t     flow;
    mfa_step_t   *step = &visit->step;
    mfa_status_t  st;

    memset(step, 0, sizeof(*step));

    step->env = visit->env->flow;
    step->work = visit->work;
    step->fields = &visit->form;
    step->agent = visit->request->user_agent;
    step->language = visit->language;
    step->is_chosen = visit->is_chosen;
    step->old_session = visit->session;
    step->old_device = visit->device;
    step->portal = visit->env->portal;
    step->target = mfa_visit_target(visit);

    st = browser_digest(visit, step->browser);
    if (st != MFA_OK) {
        return st;
    }

    flow = mfa_pairs_get(visit->request->method == MFA_METHOD_POST
                         ? &visit->form : &visit->query, mfa_str("flow"));

    return mfa_page_id(flow, &step->id);
}
