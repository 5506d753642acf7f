/*
 * Security settings: a person's own page (S1 to S4).
 *
 * A GET shows what stands. A button starts a journey that changes one thing,
 * or ends a session or a remembered browser; every one leads back here. A
 * button of a page that has gone stale changes nothing and says so.
 */

#include "mfa_page_security.h"


typedef struct {
    mfa_id_t       user;
    mfa_methods_t  methods;
    mfa_change_t   change;
    mfa_traces_t   traces;
} security_case_t;


static mfa_status_t
security_read(mfa_tx_t *tx, void *arg)
{
    mfa_status_t      st;
    security_case_t  *at = arg;

    st = mfa_methods_read(tx, &at->user, &at->methods);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_reset_request_of(tx, &at->user, &at->change.request);
    at->change.has_request = (st == MFA_OK);

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return mfa_traces_read(tx, &at->user, &at->traces);
}


static mfa_status_t
security_login(mfa_visit_t *visit)
{
    mfa_str_t  here;

    here = mfa_arena_printf(visit->work->arena, MFA_STR_FMT "%s",
                            MFA_STR_ARG(visit->env->portal),
                            visit->page->path);

    return mfa_visit_redirect(visit, mfa_str("login"),
                              mfa_visit_param(visit, "to", here));
}


static mfa_status_t
security_notice(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_status_t  st;
    mfa_notice_t  notice;

    st = mfa_notice_take(visit, &notice);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    mfa_value_set_str(map, "notice",
                      mfa_words_get(visit->env->words, notice.word));

    return MFA_OK;
}


static mfa_status_t
security_get(mfa_visit_t *visit)
{
    mfa_value_t      *map;
    mfa_status_t      st;
    security_case_t   at;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return security_login(visit);
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    memset(&at, 0, sizeof(at));
    at.user = visit->who.user.id;
    mfa_flow_policy(visit->env->flow->settings, &visit->who.user,
                    &at.change.policy);

    st = mfa_view(visit->work, security_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_str(map, "email", visit->who.user.email);
    mfa_value_set_str(map, "password_date",
                      mfa_visit_date(visit, visit->who.user.password_at));

    st = mfa_methods_fill(visit, &at.methods, &at.change, map);
    if (st != MFA_OK) {
        return st;
    }

    mfa_recovery_fill(visit, &at.methods, map);

    st = mfa_traces_fill(visit, &at.traces, map);
    if (st != MFA_OK) {
        return st;
    }

    st = security_notice(visit, map);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_render(visit, 200, "security.html", map);
}


/* buttons */

static mfa_status_t
security_back(mfa_visit_t *visit, mfa_str_t word)
{
    mfa_notice_t  notice;
    mfa_status_t  st;

    memset(&notice, 0, sizeof(notice));

    notice.page = mfa_str_from(visit->page->path);
    notice.word = word;

    st = mfa_notice_set(visit, &notice);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_redirect(visit, notice.page, mfa_null);
}


static mfa_status_t
security_stale(mfa_visit_t *visit)
{
    return security_back(visit,
                         MFA_WORD("That is no longer possible: your "
                                  "settings have changed since that "
                                  "page was opened. This is how they "
                                  "stand now."));
}


/* a first method: there is none to ask for before it, so it is set up as
 * after a login, with what is asked for there (C3) */

static mfa_status_t
security_first(mfa_visit_t *visit)
{
    mfa_status_t     st;
    security_case_t  at;

    memset(&at, 0, sizeof(at));
    at.user = visit->who.user.id;

    st = mfa_view(visit->work, security_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    if (at.methods.kinds.count > 0) {
        return security_stale(visit);
    }

    visit->step.target = mfa_arena_printf(visit->work->arena,
                                          MFA_STR_FMT "%s",
                                          MFA_STR_ARG(visit->env->portal),
                                          visit->page->path);

    return mfa_visit_continue(visit);
}


static mfa_status_t
security_start(mfa_visit_t *visit, mfa_str_t action)
{
    mfa_step_t   *step = &visit->step;
    mfa_status_t  st;

    st = mfa_settings_start(step, action,
                            mfa_pairs_get(&visit->form, mfa_str("subject")));

    if (st == MFA_INVALID && mfa_str_eq_c(action, "add")) {
        return security_first(visit);
    }

    switch (st) {

    case MFA_OK:
        break;

    case MFA_NOT_FOUND:
        return security_login(visit);

    case MFA_INVALID:
        return security_stale(visit);

    case MFA_LIMITED:
        return mfa_visit_later(visit, step->retry_at);

    default:
        return st;
    }

    visit->has_mail = step->has_mail;

    return mfa_visit_to_flow(visit);
}


static mfa_status_t
security_end(mfa_visit_t *visit, mfa_str_t action)
{
    mfa_status_t  st;

    (void) action;

    st = mfa_settings_end_session(&visit->step,
                                  mfa_pairs_get(&visit->form,
                                                mfa_str("ref")));
    if (st == MFA_NOT_FOUND) {
        return security_back(visit,
                             MFA_WORD("That session had already ended."));
    }

    if (st != MFA_OK) {
        return st;
    }

    return security_back(visit, MFA_WORD("The session was ended."));
}


static mfa_status_t
security_end_others(mfa_visit_t *visit, mfa_str_t action)
{
    mfa_status_t  st;

    (void) action;

    st = mfa_settings_end_others(&visit->step);
    if (st == MFA_NOT_FOUND) {
        return security_login(visit);
    }

    if (st != MFA_OK) {
        return st;
    }

    return security_back(visit,
                         MFA_WORD("You are logged out everywhere else."));
}


static mfa_status_t
security_forget(mfa_visit_t *visit, mfa_str_t action)
{
    mfa_status_t  st;

    (void) action;

    st = mfa_settings_forget_device(&visit->step,
                                    mfa_pairs_get(&visit->form,
                                                  mfa_str("ref")));
    if (st == MFA_NOT_FOUND) {
        return security_back(visit,
                             MFA_WORD("That browser was no longer "
                                      "remembered."));
    }

    if (st != MFA_OK) {
        return st;
    }

    return security_back(visit,
                         MFA_WORD("The browser is forgotten. Its next login "
                                  "asks for a code again."));
}


static mfa_status_t
security_end_request(mfa_visit_t *visit, mfa_str_t action)
{
    mfa_status_t  st;

    (void) action;

    st = mfa_settings_end_request(&visit->step);
    if (st == MFA_NOT_FOUND) {
        return security_back(visit,
                             MFA_WORD("There was no reset request any "
                                      "more."));
    }

    if (st != MFA_OK) {
        return st;
    }

    visit->has_mail = visit->step.has_mail;

    return security_back(visit,
                         MFA_WORD("The reset request was cancelled. Nothing "
                                  "was changed."));
}


typedef struct {
    const char    *value;           /* of the button named "do" */
    mfa_status_t (*act)(mfa_visit_t *visit, mfa_str_t action);
} security_button_t;

static const security_button_t  security_buttons[] = {
    { "add", security_start },
    { "change", security_start },
    { "remove", security_start },
    { "password", security_start },
    { "recovery", security_start },
    { "request", security_start },
    { "end-request", security_end_request },
    { "end", security_end },
    { "end-others", security_end_others },
    { "forget", security_forget },
};


static mfa_status_t
security_post(mfa_visit_t *visit)
{
    size_t        i;
    mfa_str_t     pressed;
    mfa_status_t  st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return security_login(visit);
    }

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    pressed = mfa_pairs_get(&visit->form, mfa_str("do"));

    for (i = 0; i < sizeof(security_buttons) / sizeof(security_buttons[0]);
         i++)
    {
        if (mfa_str_eq_c(pressed, security_buttons[i].value)) {
            return security_buttons[i].act(visit, pressed);
        }
    }

    return mfa_visit_redirect(visit, mfa_str_from(visit->page->path),
                              mfa_null);
}


const mfa_page_t  mfa_page_security = {
    .path = "security",
    .get = security_get,
    .post = security_post,
    .needs_full = true,
};
