/*
 * How long is left of a session: for the script of an application, which
 * warns before the end (L8).
 *
 * JSON, no page. Looking touches nothing; a POST says that a person did
 * something, and counts as their activity.
 */

#include "mfa_page.h"


/* nobody clicks more often; a script that does costs no commit each time */
#define SESSION_STEP  (10 * MFA_SECOND)


static mfa_status_t
session_none(mfa_visit_t *visit)
{
    visit->reply->status = 401;
    visit->reply->body = mfa_str("{\"state\":\"none\"}\n");

    return mfa_reply_header(visit->work->arena, visit->reply,
                            "WWW-Authenticate", mfa_str("MFA-Session"));
}


static mfa_time_t
seconds_left(mfa_time_t from, mfa_time_t lasts, mfa_time_t now)
{
    return (from + lasts > now) ? (from + lasts - now) / MFA_SECOND : 0;
}


/* up to a minute of activity may not be in the store yet: then it says less
 * than there is */

static mfa_status_t
session_live(mfa_visit_t *visit)
{
    mfa_time_t                   now, idle, limit;
    const mfa_session_t         *session = &visit->who.session;
    const mfa_model_settings_t  *settings = visit->work->model->settings;

    now = mfa_port_now(visit->work->model->ports);

    limit = seconds_left(session->started_at, settings->session_limit, now);
    idle = seconds_left(session->seen_at, settings->idle_timeout, now);

    visit->reply->status = 200;
    visit->reply->body = mfa_arena_printf(visit->work->arena,
                                          "{\"state\":\"live\","
                                          "\"idle_seconds\":%lld,"
                                          "\"limit_seconds\":%lld}\n",
                                          (long long) (idle < limit ? idle
                                                                    : limit),
                                          (long long) limit);

    return visit->reply->body.data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


static mfa_status_t
session_answer(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = (visit->who.verdict == MFA_VERDICT_PASS) ? session_live(visit)
                                                  : session_none(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_reply_headers(visit->work->arena, visit->env, visit->reply);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(visit->work->arena, visit->reply, "Content-Type",
                            mfa_str("application/json"));
}


static mfa_status_t
session_get(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_who(visit);

    return (st == MFA_OK) ? session_answer(visit) : st;
}


/* whether it is alive is asked again where it is written: what is over is
 * not revived */

static mfa_status_t
session_extend(mfa_tx_t *tx, void *arg)
{
    mfa_visit_t    *visit = arg;
    mfa_status_t    st;
    mfa_session_t  *session = &visit->who.session;

    st = mfa_session_look(tx, visit->session, &visit->who);

    if (st != MFA_OK || visit->who.verdict != MFA_VERDICT_PASS) {
        return st;
    }

    st = mfa_session_touch(tx, session->key, tx->now);

    if (st == MFA_OK) {
        session->seen_at = tx->now;
    }

    return st;
}


/*
 * No token: a script of an application cannot have one, and there is nothing
 * to win. All that another site could do with a forged request is to keep a
 * session from its idle end, never past its limit; and Origin, or
 * Sec-Fetch-Site, which no page can write, must say that the request comes
 * from this very host. Other origins cannot read the answer: no header of
 * CORS is ever sent.
 */

static mfa_status_t
session_post(mfa_visit_t *visit)
{
    mfa_time_t    now;
    mfa_status_t  st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    now = mfa_port_now(visit->work->model->ports);

    if (visit->who.verdict == MFA_VERDICT_PASS
        && now - visit->who.session.seen_at >= SESSION_STEP)
    {
        st = mfa_update(visit->work, session_extend, visit);
        if (st != MFA_OK) {
            return st;
        }
    }

    return session_answer(visit);
}


const mfa_page_t  mfa_page_session = {
    .path = "session",
    .get = session_get,
    .post = session_post,
    .is_anywhere = true,
    .has_no_token = true,
};
