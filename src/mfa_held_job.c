/*
 * Held forms: the jobs that keep one and that take it out again (L9), and
 * what the configuration says of them.
 *
 * Nothing here decides who may pass; the gate has, before it asks. A fault
 * means that nothing is kept, or nothing passed on. Contract: mfa.h.
 */

#include "mfa_job.h"


#define FIELD  mfa_str(MFA_HELD_FIELD "=")


mfa_status_t
mfa_realm_held(mfa_realm_t *realm, mfa_error_t *error)
{
    const mfa_store_settings_t  *store = &realm->store;

    if (realm->legacy.held_form > MFA_HELD_FORM_MAX) {
        mfa_error_set(error, "\"held_form\" is more than %d bytes, which is "
                      "the most that is kept", MFA_HELD_FORM_MAX);
        return MFA_CONFIG;
    }

    /* an engine with a probe lives in a folder */

    if (store->engine == NULL || store->engine->probe == NULL) {
        return MFA_OK;
    }

    realm->held_folder = mfa_arena_printf(realm->arena, MFA_STR_FMT "/held",
                                          MFA_STR_ARG(store->place));

    return realm->held_folder.data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


static bool
is_origin_of(const mfa_realm_t *realm, mfa_str_t origin)
{
    size_t                      i;
    const mfa_page_settings_t  *pages = &realm->pages;

    if (mfa_str_eq(origin, realm->send.origin.text)) {
        return true;
    }

    for (i = 0; i < pages->application_count; i++) {
        if (pages->applications[i].host.len > 0
            && mfa_str_eq(origin, pages->applications[i].origin.text))
        {
            return true;
        }
    }

    return false;
}


mfa_verdict_t
mfa_hold_judge(const mfa_realm_t *realm, const mfa_request_t *request)
{
    bool  is_ours;

    is_ours = request->origin.data != NULL
              ? is_origin_of(realm, request->origin)
              : mfa_str_eq_c(request->sec_fetch_site, "same-origin");

    return is_ours ? MFA_VERDICT_PASS : MFA_VERDICT_DENY;
}


bool
mfa_resend_is_field(mfa_str_t field)
{
    mfa_id_t  id;

    return field.len == MFA_RESEND_FIELD
           && mfa_str_has_prefix(field, FIELD)
           && mfa_page_id(mfa_str_bytes(field.data + FIELD.len, MFA_ID_TEXT),
                          &id) == MFA_OK;
}


/* MFA_NOT_FOUND: the body is no such field */

static mfa_status_t
field_id(mfa_job_t *job, mfa_str_t field, mfa_str_t *text, mfa_id_t *id)
{
    mfa_status_t  st;

    if (!mfa_resend_is_field(field)) {
        return MFA_NOT_FOUND;
    }

    st = mfa_page_id(mfa_str_bytes(field.data + FIELD.len, MFA_ID_TEXT), id);

    return st == MFA_OK ? mfa_id_text(job->arena, id, text) : st;
}


typedef struct {
    const uint8_t  *session;
    mfa_id_t        id;
    mfa_held_t     *held;
} held_look_t;


static mfa_status_t
held_look(mfa_tx_t *tx, void *arg)
{
    held_look_t  *look = arg;

    return mfa_held_find(tx, look->session, &look->id, look->held);
}


static void
job_begin(mfa_job_t *job)
{
    job->work.address = &job->request.address;
    job->work.host = job->request.host;
}


void
mfa_hold(mfa_job_t *job, mfa_hold_t *hold)
{
    mfa_str_t     text;
    mfa_held_t    held;
    held_look_t   look = { .session = hold->session, .held = &held };
    mfa_status_t  st;

    job_begin(job);
    hold->id = mfa_null;

    /* the button was pressed too late: the form is kept already */

    if (field_id(job, hold->body, &text, &look.id) == MFA_OK) {
        if (mfa_view(&job->work, held_look, &look) == MFA_OK) {
            hold->id = text;
        }

        return;
    }

    st = mfa_held_keep(&job->work, hold->session, &hold->held, hold->body);

    if (st == MFA_OK) {
        st = mfa_id_text(job->arena, &hold->held.id, &hold->id);
    }

    if (mfa_status_is_fault(st)) {
        mfa_log(job->mfa->realm->ports, MFA_LOG_WARN,
                "a form was not kept: %s", mfa_status_text(st));
    }
}


static mfa_str_t
held_cookie(const mfa_realm_t *realm, const mfa_strs_t *cookies)
{
    size_t     i;
    unsigned   count;
    mfa_str_t  value;

    value = mfa_null;
    count = 0;

    for (i = 0; i < cookies->count; i++) {
        mfa_cookie_find(cookies->items[i], realm->page.held_cookie, &value,
                        &count);
    }

    return count == 1 ? value : mfa_null;
}


bool
mfa_resend_has_cookie(const mfa_realm_t *realm, const mfa_strs_t *cookies)
{
    return held_cookie(realm, cookies).len > 0;
}


/* one whose body is gone is of no more use to anybody */

static mfa_status_t
held_body(mfa_job_t *job, mfa_resend_t *resend)
{
    char          *room;
    mfa_status_t   st, ended;
    mfa_held_t    *held = &resend->held;

    room = resend->room(resend->ctx, (size_t) held->size);
    if (room == NULL) {
        return MFA_UNAVAILABLE;
    }

    st = mfa_held_body(&job->work, held, room);

    if (st == MFA_OK) {
        resend->body = mfa_str_bytes(room, (size_t) held->size);
        return MFA_OK;
    }

    if (st == MFA_DAMAGED || st == MFA_NOT_FOUND) {
        mfa_log(job->mfa->realm->ports, MFA_LOG_ERROR,
                "a form that was kept cannot be read: %s",
                mfa_status_text(st));

        ended = mfa_held_discard(&job->work, &held->user, &held->id);
        (void) ended;           /* or its time ends it */
    }

    return st;
}


mfa_status_t
mfa_resend_take(mfa_job_t *job, mfa_resend_t *resend)
{
    held_look_t         look = { .session = resend->session,
                                 .held = &resend->held };
    mfa_status_t        st;
    const mfa_realm_t  *realm = job->mfa->realm;

    job_begin(job);
    resend->id = mfa_null;
    resend->body = mfa_null;

    st = field_id(job, resend->field, &resend->id, &look.id);

    if (st == MFA_OK
        && mfa_held_judge(realm->keys, resend->id, resend->session,
                          held_cookie(realm, &resend->cookies))
           != MFA_VERDICT_PASS)
    {
        st = MFA_NOT_FOUND;
    }

    if (st == MFA_OK) {
        st = mfa_view(&job->work, held_look, &look);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (resend->held.sent_at != 0) {
        return MFA_EXISTS;
    }

    if (!mfa_str_eq(resend->held.host, resend->host)
        || !mfa_str_eq(resend->held.address, resend->address))
    {
        return MFA_NOT_FOUND;
    }

    st = held_body(job, resend);

    return st == MFA_OK ? mfa_held_spend(&job->work, &resend->held) : st;
}


mfa_status_t
mfa_resend_page(const mfa_realm_t *realm, mfa_str_t host, mfa_str_t id,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_str_t                 page, location;
    mfa_status_t              st;
    const mfa_page_env_t     *env = &realm->page;
    const mfa_application_t  *application;

    memset(reply, 0, sizeof(*reply));

    application = mfa_application_at(env->settings, host, mfa_null);
    page = mfa_held_page(arena, env->portal, id);

    location = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT,
                                MFA_STR_ARG(application != NULL
                                            && !application->is_shared
                                            ? application->origin.text
                                            : env->send->origin.text),
                                MFA_STR_ARG(page));

    if (page.data == NULL || location.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_reply_headers(arena, env, reply);
    if (st != MFA_OK) {
        return st;
    }

    reply->status = 303;

    return mfa_reply_header(arena, reply, "Location", location);
}
