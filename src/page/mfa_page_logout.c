/*
 * Logging out: the question, the deed, and the page after it (L10).
 *
 * The session is gone from the store before the answer is sent (D6).
 */

#include "mfa_page.h"


/* the application somebody comes from, to log back in to */

static mfa_str_t
logout_target(mfa_visit_t *visit)
{
    mfa_str_t                 target, origin;
    const mfa_application_t  *application;

    target = mfa_visit_target(visit);

    if (visit->request->cause == MFA_CAUSE_LOGOUT) {
        target = mfa_legacy_home(visit->env->settings, visit->request->host,
                                 visit->request->asked);

    } else if (target.len == 0) {
        target = visit->request->referer;
        origin = visit->env->send->origin.text;

        if (mfa_str_has_prefix(target, origin)) {
            target.data += origin.len;
            target.len -= origin.len;

            application = mfa_application_of(visit->env->settings, target);

            return (application != NULL) ? application->link : mfa_null;
        }
    }

    application = mfa_visit_application(visit, target);

    return (application != NULL) ? application->link : mfa_null;
}


static mfa_status_t
logout_get(mfa_visit_t *visit)
{
    mfa_str_t      target;
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    target = logout_target(visit);

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return mfa_visit_redirect(visit, mfa_str("logged-out"),
                                  mfa_visit_param(visit, "to", target));
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, target);

    mfa_value_set_str(map, "email", visit->who.user.email);
    mfa_value_set_flag(map, "is_trusted",
                       (visit->who.session.amr & MFA_AMR_TRUSTED) != 0);

    return mfa_visit_render(visit, 200, "logout.html", map);
}


static mfa_status_t
logout_end(mfa_tx_t *tx, void *arg)
{
    mfa_visit_t         *visit = arg;
    mfa_event_t          event;
    mfa_status_t         st;
    mfa_session_view_t   view;

    st = mfa_session_look(tx, visit->session, &view);
    if (st != MFA_OK || view.state == MFA_SESSION_NONE) {
        return st;
    }

    st = mfa_session_end(tx, view.session.key);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    st = mfa_held_delete_all(tx, &view.session.user);
    if (st != MFA_OK) {
        return st;
    }

    memset(&event, 0, sizeof(event));

    event.name = "session.end";
    event.result = "ok";
    event.reason = "logout";

    st = mfa_id_text(tx->work->arena, &view.session.user, &event.user);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_event_add(tx, &event);
}


/* what an application set in its answer comes first: where it names one of
 * those that expire, the last word counts */

static mfa_status_t
logout_cookies(mfa_visit_t *visit)
{
    size_t             i;
    mfa_status_t       st;
    const mfa_strs_t  *forwarded = &visit->request->forwarded;

    st = mfa_visit_set_cookie(visit, visit->env->session_cookie, mfa_null);

    for (i = 0; st == MFA_OK && i < forwarded->count; i++) {
        st = mfa_reply_header(visit->work->arena, visit->reply, "Set-Cookie",
                              forwarded->items[i]);
    }

    return (st == MFA_OK) ? mfa_visit_expire(visit) : st;
}


static mfa_status_t
logout_post(mfa_visit_t *visit)
{
    mfa_str_t     target;
    mfa_status_t  st;

    if (visit->session.len > 0) {
        st = mfa_update_reserved(visit->work, logout_end, visit);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = logout_cookies(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_clear(visit);
    if (st != MFA_OK) {
        return st;
    }

    /* a script that asked has its own page to show */

    if (visit->request->cause == MFA_CAUSE_LOGOUT
        && !mfa_is_page_load(visit->request))
    {
        visit->reply->status = 204;
        return mfa_reply_headers(visit->work->arena, visit->env,
                                 visit->reply);
    }

    target = logout_target(visit);

    return mfa_visit_redirect(visit, mfa_str("logged-out"),
                              mfa_visit_param(visit, "to", target));
}


/* the gate has judged where it comes from */

mfa_status_t
mfa_visit_logout(mfa_visit_t *visit)
{
    return logout_post(visit);
}


const mfa_page_t  mfa_page_logout = {
    .path = "logout",
    .get = logout_get,
    .post = logout_post,
    .is_anywhere = true,
};


static mfa_status_t
logged_out_get(mfa_visit_t *visit)
{
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    /* logged in again meanwhile, and this page left open */

    if (visit->who.verdict == MFA_VERDICT_PASS) {
        return mfa_visit_redirect(visit, mfa_null, mfa_null);
    }

    map = mfa_visit_values(visit, NULL, logout_target(visit));

    mfa_value_set_flag(map, "is_trusted", visit->request->trusted.len > 0);

    return mfa_visit_render(visit, 200, "logged_out.html", map);
}


const mfa_page_t  mfa_page_logged_out = {
    .path = "logged-out",
    .get = logged_out_get,
    .is_anywhere = true,
};
