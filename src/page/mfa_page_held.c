/*
 * A form that was kept: its owner is asked whether to send it (L9).
 *
 * What is in it is never shown, in no page and to nobody; where it goes and
 * when it came is. The button sends a small form to the address of the one
 * that was kept, where the gate puts that in its place. Who else logs in in
 * this browser lands where a login lands.
 */

#include <time.h>

#include "mfa_page.h"


/* tokens in the cookie, the newest first */
#define COOKIE_MOST   MFA_HELD_FORMS
#define PLACE_MAX     200


typedef struct {
    mfa_visit_t  *visit;
    mfa_id_t      id;
    mfa_held_t    held;
} held_case_t;


bool
mfa_held_is_page(mfa_str_t target, mfa_str_t portal)
{
    mfa_id_t   id;
    mfa_str_t  folder;

    folder = mfa_str("held/");

    if (!mfa_str_has_prefix(target, portal)) {
        return false;
    }

    target.data += portal.len;
    target.len -= portal.len;

    if (!mfa_str_has_prefix(target, folder)) {
        return false;
    }

    return mfa_page_id(mfa_str_bytes(target.data + folder.len,
                                     target.len - folder.len), &id) == MFA_OK;
}


mfa_str_t
mfa_held_page(mfa_arena_t *arena, mfa_str_t portal, mfa_str_t id)
{
    return mfa_arena_printf(arena, MFA_STR_FMT "held/" MFA_STR_FMT,
                            MFA_STR_ARG(portal), MFA_STR_ARG(id));
}


static mfa_verdict_t
token_judge(const mfa_keys_t *keys, const mfa_str_t parts[3], mfa_str_t token)
{
    uint8_t  mac[MFA_DIGEST_SIZE];

    if (mfa_base64url_decode_fixed(token, mac, sizeof(mac)) != MFA_OK
        || mfa_keys_mac_check(keys, MFA_KEY_FORM, parts, 3, mac) != MFA_OK)
    {
        return MFA_VERDICT_DENY;
    }

    return MFA_VERDICT_PASS;
}


mfa_verdict_t
mfa_held_judge(const mfa_keys_t *keys, mfa_str_t id,
    const uint8_t session[MFA_DIGEST_SIZE], mfa_str_t value)
{
    size_t           n;
    mfa_verdict_t    verdict;
    const mfa_str_t  parts[3] = {
        mfa_str("held"), id, mfa_str_bytes(session, MFA_DIGEST_SIZE)
    };

    verdict = MFA_VERDICT_DENY;

    for (n = 0; n < COOKIE_MOST && value.data != NULL; n++) {
        if (token_judge(keys, parts, mfa_str_split(&value, '.'))
            == MFA_VERDICT_PASS)
        {
            verdict = MFA_VERDICT_PASS;
        }
    }

    return verdict;
}


/* one that is there already is not put in again: reloading the page must not
 * push out that of another tab */

static mfa_status_t
cookie_put(held_case_t *at)
{
    size_t        n;
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_buf_t     buf;
    mfa_str_t     rest, one, token, value;
    mfa_status_t  st;
    mfa_visit_t  *visit = at->visit;

    const mfa_str_t  parts[3] = {
        mfa_str("held"), visit->rest,
        mfa_str_bytes(visit->who.session.key, MFA_DIGEST_SIZE)
    };

    st = mfa_keys_mac(visit->env->keys, MFA_KEY_FORM, parts, 3, mac);

    if (st == MFA_OK) {
        st = mfa_base64url_encode(visit->work->arena,
                                  mfa_str_bytes(mac, sizeof(mac)), &token);
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, visit->work->arena,
                 COOKIE_MOST * (MFA_TOKEN_TEXT + 1));
    mfa_buf_put(&buf, token);

    rest = visit->held;

    for (n = 1; n < COOKIE_MOST && rest.data != NULL; ) {
        one = mfa_str_split(&rest, '.');

        if (one.len == MFA_TOKEN_TEXT && !mfa_str_eq(one, token)
            && mfa_base64url_decode_fixed(one, mac, sizeof(mac)) == MFA_OK)
        {
            mfa_buf_putc(&buf, '.');
            mfa_buf_put(&buf, one);
            n++;
        }
    }

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_set_strict(visit, visit->env->held_cookie, value,
                                MFA_HELD_LIFE);
}


static mfa_status_t
held_read(mfa_tx_t *tx, void *arg)
{
    held_case_t   *at = arg;
    mfa_status_t   st;

    st = mfa_held_get(tx, &at->visit->who.user.id, &at->id, &at->held);

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
                "a form that was kept cannot be opened: %s",
                mfa_status_text(st));
        return MFA_NOT_FOUND;
    }

    return st;
}


/* "14:02", where the server stands */

static mfa_str_t
clock_text(mfa_visit_t *visit, mfa_time_t at)
{
    char       text[16];
    time_t     seconds;
    struct tm  tm;
    mfa_str_t  copy;

    seconds = (time_t) (at / MFA_SECOND);

    if (localtime_r(&seconds, &tm) == NULL
        || strftime(text, sizeof(text), "%H:%M", &tm) == 0
        || mfa_arena_copy(visit->work->arena, mfa_str_from(text), &copy)
           != MFA_OK)
    {
        return mfa_null;
    }

    return copy;
}


static const mfa_application_t *
held_application(const held_case_t *at)
{
    mfa_str_t                   path;
    const mfa_page_settings_t  *settings = at->visit->env->settings;

    path = at->held.address;
    path = mfa_str_split(&path, '?');

    return at->held.host.len > 0
           ? mfa_application_at(settings, at->held.host, path)
           : mfa_application_of(settings, path);
}


/* what the form was sent to: with its origin always, or a path with two
 * slashes would name a host */

static mfa_str_t
held_origin(const held_case_t *at)
{
    const mfa_application_t  *application;

    application = mfa_application_at(at->visit->env->settings, at->held.host,
                                     mfa_null);

    return application != NULL ? application->origin.text
                               : at->visit->env->send->origin.text;
}


/* the page stands where its cookie reaches the form: on that host, if it
 * has cookies of its own */

static bool
held_is_elsewhere(const held_case_t *at, mfa_str_t *origin)
{
    mfa_str_t                 host;
    const mfa_visit_t        *visit = at->visit;
    const mfa_application_t  *application;

    application = mfa_application_at(visit->env->settings, at->held.host,
                                     mfa_null);

    *origin = visit->env->send->origin.text;
    host = mfa_null;

    if (application != NULL && !application->is_shared) {
        *origin = application->origin.text;
        host = at->held.host;
    }

    application = mfa_application_at(visit->env->settings,
                                     visit->request->host, mfa_null);

    return !mfa_str_eq(host, visit->request->host)
           && !(host.len == 0 && application != NULL
                && application->is_shared);
}


/* back to where it came from, which is not the address of the form: that
 * may be none to be looked at */

static mfa_str_t
held_back(const held_case_t *at)
{
    const mfa_visit_t        *visit = at->visit;
    const mfa_application_t  *application;

    application = held_application(at);

    if (application == NULL) {
        return visit->env->portal;
    }

    if (application->host.len > 0 || visit->request->host.len == 0) {
        return application->link;
    }

    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT MFA_STR_FMT,
                            MFA_STR_ARG(visit->env->send->origin.text),
                            MFA_STR_ARG(application->path));
}


static mfa_str_t
held_place(const held_case_t *at)
{
    mfa_str_t     path;
    mfa_arena_t  *arena = at->visit->work->arena;

    path = at->held.address;
    path = mfa_str_split(&path, '?');

    return mfa_arena_printf(arena, MFA_STR_FMT "%.*s%s",
                            MFA_STR_ARG(held_origin(at)),
                            (int) (path.len < PLACE_MAX ? path.len
                                                        : PLACE_MAX),
                            path.data, path.len > PLACE_MAX ? "..." : "");
}


static mfa_status_t
held_show(held_case_t *at)
{
    mfa_value_t              *map;
    mfa_status_t              st;
    mfa_visit_t              *visit = at->visit;
    const mfa_application_t  *application;

    st = mfa_visit_browser(visit);

    if (st == MFA_OK && at->held.sent_at == 0) {
        st = cookie_put(at);
    }

    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);
    application = held_application(at);

    if (application != NULL) {
        mfa_value_set_str(map, "name", application->label);
    }

    mfa_value_set_str(map, "id", visit->rest);
    mfa_value_set_str(map, "field", mfa_str(MFA_HELD_FIELD));
    mfa_value_set_str(map, "at", clock_text(visit, at->held.kept_at));
    mfa_value_set_str(map, "place", held_place(at));
    mfa_value_set_str(map, "back", held_back(at));
    mfa_value_set_str(map, "action",
                      mfa_arena_printf(visit->work->arena,
                                       MFA_STR_FMT MFA_STR_FMT,
                                       MFA_STR_ARG(held_origin(at)),
                                       MFA_STR_ARG(at->held.address)));

    if (at->held.sent_at != 0) {
        mfa_value_set_str(map, "sent", clock_text(visit, at->held.sent_at));
    }

    return mfa_visit_render(visit, 200, "held.html", map);
}


/* people come here from the login; who is nobody goes there first */

static mfa_status_t
held_login(mfa_visit_t *visit)
{
    mfa_str_t                 to;
    const mfa_application_t  *application;

    application = mfa_application_at(visit->env->settings,
                                     visit->request->host, mfa_null);

    to = mfa_visit_param(visit, "to",
                         mfa_held_page(visit->work->arena, visit->env->portal,
                                       visit->rest));

    if (application != NULL && !application->is_shared) {
        return mfa_visit_redirect(visit, mfa_str("ticket"), to);
    }

    return mfa_visit_redirect_to(visit,
                                 mfa_arena_printf(visit->work->arena,
                                     MFA_STR_FMT MFA_STR_FMT "login?"
                                     MFA_STR_FMT,
                                     MFA_STR_ARG(visit->env->send->origin.text),
                                     MFA_STR_ARG(visit->env->portal),
                                     MFA_STR_ARG(to)));
}


/* MFA_OK: it is here and at->held is it; else the reply is made */

static mfa_status_t
held_find(held_case_t *at, bool *is_found)
{
    mfa_str_t     origin, page;
    mfa_status_t  st;
    mfa_visit_t  *visit = at->visit;

    *is_found = false;

    if (mfa_page_id(visit->rest, &at->id) != MFA_OK) {
        return mfa_visit_fault(visit, 404);
    }

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return held_login(visit);
    }

    st = mfa_view(visit->work, held_read, at);

    if (st == MFA_NOT_FOUND) {
        return mfa_visit_redirect(visit, mfa_null, mfa_null);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (held_is_elsewhere(at, &origin)) {
        page = mfa_held_page(visit->work->arena, visit->env->portal,
                             visit->rest);

        return mfa_visit_redirect_to(visit,
                                     mfa_arena_printf(visit->work->arena,
                                         MFA_STR_FMT MFA_STR_FMT,
                                         MFA_STR_ARG(origin),
                                         MFA_STR_ARG(page)));
    }

    *is_found = true;

    return MFA_OK;
}


static mfa_status_t
held_get(mfa_visit_t *visit)
{
    bool          is_found;
    held_case_t   at;
    mfa_status_t  st;

    memset(&at, 0, sizeof(at));
    at.visit = visit;

    st = held_find(&at, &is_found);

    return st == MFA_OK && is_found ? held_show(&at) : st;
}


static mfa_status_t
held_post(mfa_visit_t *visit)
{
    bool          is_found;
    held_case_t   at;
    mfa_status_t  st;

    memset(&at, 0, sizeof(at));
    at.visit = visit;

    st = held_find(&at, &is_found);
    if (st != MFA_OK || !is_found) {
        return st;
    }

    st = mfa_held_discard(visit->work, &visit->who.user.id, &at.id);

    /* sent a moment ago, in another tab */

    if (st == MFA_NOT_FOUND) {
        return held_get(visit);
    }

    return st == MFA_OK ? mfa_visit_redirect_to(visit, held_back(&at)) : st;
}


const mfa_page_t  mfa_page_held = {
    .path = "held/",
    .get = held_get,
    .post = held_post,
    .is_anywhere = true
};
