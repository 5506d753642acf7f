/*
 * Login: address and password.
 *
 * One message for everything that can be wrong (L2). Whom a trusted single
 * sign-on names is asked for neither (Y4).
 */

#include "mfa_page.h"


/* the gate names a location that wants no more than a password */

static bool
is_level_one(const mfa_pairs_t *from)
{
    return mfa_str_eq_c(mfa_pairs_get(from, mfa_str("level")), "one");
}


/* the password once more, of somebody who is logged in */

static bool
is_again(const mfa_visit_t *visit)
{
    return mfa_pairs_get(&visit->query, mfa_str("again")).len > 0
           && visit->who.verdict == MFA_VERDICT_PASS;
}


/* "1 hour", "90 minutes" */

static mfa_str_t
duration_text(mfa_visit_t *visit, mfa_time_t time)
{
    bool                is_hours;
    mfa_pair_t          number;
    mfa_arena_t        *arena = visit->work->arena;
    const mfa_words_t  *words = visit->env->words;
    const mfa_pairs_t   values = { &number, 1 };

    if (time == MFA_HOUR) {
        return mfa_words_get(words, MFA_WORD("1 hour"));
    }

    is_hours = time % MFA_HOUR == 0;

    number.name = mfa_str("n");
    number.value = mfa_arena_printf(arena, "%d", is_hours
                                    ? (int) (time / MFA_HOUR)
                                    : (int) ((time + MFA_MINUTE - 1)
                                             / MFA_MINUTE));

    return mfa_words_fill(words, is_hours ? MFA_WORD("{{n}} hours")
                                          : MFA_WORD("{{n}} minutes"),
                          &values, arena);
}


static void
say_why(mfa_visit_t *visit, mfa_value_t *map)
{
    const mfa_model_settings_t  *settings = visit->work->model->settings;

    if (visit->who.state == MFA_SESSION_IDLE) {
        mfa_value_set_str(map, "idle",
                          duration_text(visit, settings->idle_timeout));
        return;
    }

    if (visit->who.state == MFA_SESSION_OLD) {
        mfa_value_set_str(map, "limit",
                          duration_text(visit, settings->session_limit));
        return;
    }

    if (mfa_str_eq_c(mfa_pairs_get(&visit->query, mfa_str("notice")),
                     "ended"))
    {
        mfa_value_set_flag(map, "is_ended", true);
    }
}


/* somebody the other service knows and we do not: no form would help */

static mfa_status_t
login_stranger(mfa_visit_t *visit)
{
    mfa_str_t     name;
    mfa_value_t  *map;

    name = visit->request->trusted;
    name.len = (name.len < MFA_TRUSTED_VALUE_MAX) ? name.len
                                                  : MFA_TRUSTED_VALUE_MAX;

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_flag(map, "is_stranger", true);
    mfa_value_set_str(map, "trusted", name);

    return mfa_visit_render(visit, 403, "no_access.html", map);
}


/* pictures and frames of other sites would begin sessions without end, and
 * push out those the person has */

static bool
is_person(const mfa_request_t *request)
{
    return request->method == MFA_METHOD_GET
           && (request->sec_fetch_mode.data == NULL
               || mfa_str_eq_c(request->sec_fetch_mode, "navigate"))
           && (request->sec_fetch_dest.data == NULL
               || mfa_str_eq_c(request->sec_fetch_dest, "document"));
}


static mfa_status_t
login_trusted(mfa_visit_t *visit)
{
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    if (!is_person(visit->request)) {
        return mfa_visit_fault(visit, 403);
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    visit->step.trusted = visit->request->trusted_amr;

    st = mfa_trusted_start(&visit->step, visit->request->trusted, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        return login_stranger(visit);
    }

    st = mfa_visit_keep(visit);

    return (st == MFA_OK) ? mfa_visit_go(visit, visit->step.go) : st;
}


static mfa_status_t
login_get(mfa_visit_t *visit)
{
    mfa_str_t      target;
    mfa_value_t   *map;
    mfa_status_t   st;
    mfa_notice_t   notice;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    target = mfa_visit_target(visit);

    if (visit->who.verdict == MFA_VERDICT_PASS && !is_again(visit)) {
        return mfa_visit_go(visit, target);
    }

    if (visit->request->trusted.len > 0) {
        return login_trusted(visit);
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, target);

    st = mfa_notice_take(visit, &notice);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    mfa_value_set_str(map, "email", notice.email);
    mfa_value_set_flag(map, "is_one", is_level_one(&visit->query));
    mfa_value_set_flag(map, "is_again", is_again(visit));

    if (notice.word.len > 0) {
        mfa_visit_error(visit, map, notice.field, notice.word);

    } else {
        say_why(visit, map);
    }

    return mfa_visit_render(visit, 200, "login.html", map);
}


static mfa_status_t
login_go_on(mfa_visit_t *visit)
{
    mfa_status_t      st;
    mfa_verdict_t     verdict;

    st = mfa_login_start(&visit->step, &visit->login, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        visit->has_mail = visit->step.has_mail;

        return mfa_notice_refuse(visit, visit->login.typed,
                                 MFA_WORD("Invalid login."));
    }

    st = mfa_visit_keep(visit);
    if (st != MFA_OK) {
        return st;
    }

    /* a remembered device: nothing more is asked for */

    if (visit->step.is_over) {
        return mfa_visit_go(visit, visit->step.go);
    }

    return mfa_visit_to_flow(visit);
}


static mfa_status_t
login_resume(mfa_visit_t *visit)
{
    visit->login.verdict = MFA_VERDICT_DENY;

    if (visit->hash.status != MFA_OK) {
        return visit->hash.status;
    }

    visit->login.verdict = visit->hash.verdict;
    visit->login.upgraded = visit->hash.made;

    return login_go_on(visit);
}


/* the page that can end the wait finds the address typed here */

static mfa_status_t
login_later(mfa_visit_t *visit)
{
    mfa_status_t  st;
    mfa_notice_t  notice;

    memset(&notice, 0, sizeof(notice));

    notice.page = mfa_str("unlock");

    st = mfa_email_canonical(visit->work->arena, visit->login.typed,
                             &notice.email);
    if (st != MFA_OK && st != MFA_INVALID) {
        return st;
    }

    st = mfa_notice_set(visit, &notice);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_later(visit, visit->step.retry_at);
}


static mfa_status_t
login_post(mfa_visit_t *visit)
{
    mfa_login_t   *login = &visit->login;
    mfa_status_t   st;

    if (visit->request->trusted.len > 0) {
        return mfa_visit_redirect(visit, mfa_str("login"),
                                  mfa_visit_param(visit, "to",
                                                  mfa_visit_target(visit)));
    }

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    memset(login, 0, sizeof(*login));

    visit->step.is_one = is_level_one(&visit->form);

    login->typed = mfa_str_trim(mfa_pairs_get(&visit->form,
                                              mfa_str("email")));
    login->password = mfa_pairs_get(&visit->form, mfa_str("password"));

    st = mfa_login_prepare(&visit->step, login);
    if (st == MFA_LIMITED) {
        return login_later(visit);
    }

    if (st != MFA_OK) {
        return st;
    }

    /* bytes that no password can have are refused before a hash, whoever
     * it is (A3) */

    if (!mfa_password_is_sane(login->password)) {
        return login_go_on(visit);
    }

    memset(&visit->hash, 0, sizeof(visit->hash));

    visit->hash.is_wanted = true;
    visit->hash.is_check = true;
    visit->hash.password = login->password;
    visit->hash.encoded = login->encoded;
    visit->resume = login_resume;

    return MFA_HASH;
}


const mfa_page_t  mfa_page_login = {
    .path = "login",
    .get = login_get,
    .post = login_post,
    .is_hashing = true
};
