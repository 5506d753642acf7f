/*
 * The public face: wires the layers together, holds no logic of its own.
 * Contract: mfa.h. Realms (what is configured) are in mfa_realm.c.
 */

#include <stdlib.h>

#include "mfa_job.h"


#define DECISION_SLOTS  2048
#define JOB_ARENA       (8 * 1024 * 1024)
#define PURGE_LOOK      1000
#define AUDIT_LOOK      50
#define SEND_MOST       20
#define CLEAN_EVERY     (30 * MFA_SECOND)


static mfa_status_t
prepare_store(mfa_t *mfa, mfa_error_t *error)
{
    mfa_work_t    work;
    mfa_status_t  st;

    memset(&work, 0, sizeof(work));

    work.model = &mfa->model;
    work.arena = mfa_arena_open(JOB_ARENA);

    if (work.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_model_prepare(&work, error);

    mfa_arena_close(&work.arena);

    return st;
}


static mfa_status_t
open_parts(mfa_t *mfa, mfa_error_t *error)
{
    mfa_status_t        st;
    const mfa_realm_t  *realm = mfa->realm;

    st = mfa_store_open(&realm->store, realm->ports, error, &mfa->store);
    if (st != MFA_OK) {
        return st;
    }

    mfa->model.store = mfa->store;
    mfa->model.keys = realm->keys;
    mfa->model.ports = realm->ports;
    mfa->model.settings = &realm->model;
    mfa->model.held_folder = realm->held_folder;

    st = prepare_store(mfa, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_assertions_open(realm, &mfa->assertions);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_decisions_open(&mfa->model, DECISION_SLOTS, &mfa->decisions);
    if (st != MFA_OK || realm->templates == NULL) {
        return st;
    }

    st = mfa_busy_open(&realm->page, &mfa->model, &mfa->busy);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_delivery_open(&realm->send, realm->templates,
                             &realm->languages, realm->ports, &mfa->delivery);
}


mfa_status_t
mfa_open(const mfa_realm_t *realm, mfa_error_t *error, mfa_t **mfa)
{
    mfa_t         *self;
    mfa_status_t   st;

    *mfa = NULL;
    error->text[0] = '\0';

    self = calloc(1, sizeof(*self));
    if (self == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    self->realm = realm;

    st = open_parts(self, error);

    if (st != MFA_OK) {
        if (error->text[0] == '\0') {
            mfa_error_set(error, "%s", mfa_status_text(st));
        }

        mfa_close(&self);

        return st;
    }

    *mfa = self;

    return MFA_OK;
}


void
mfa_close(mfa_t **mfa)
{
    if (*mfa == NULL) {
        return;
    }

    mfa_delivery_close(&(*mfa)->delivery);
    mfa_busy_close(&(*mfa)->busy);
    mfa_decisions_close(&(*mfa)->decisions);
    mfa_assertions_close(&(*mfa)->assertions);
    mfa_store_close(&(*mfa)->store);

    free(*mfa);

    *mfa = NULL;
}


const mfa_realm_t *
mfa_realm_of(const mfa_t *mfa)
{
    return mfa->realm;
}


mfa_store_t *
mfa_store_of(mfa_t *mfa)
{
    return mfa->store;
}


const mfa_model_t *
mfa_model_of(const mfa_t *mfa)
{
    return &mfa->model;
}


const mfa_flow_settings_t *
mfa_flow_of(const mfa_t *mfa)
{
    return &mfa->realm->flow;
}


const mfa_send_settings_t *
mfa_send_of(const mfa_t *mfa)
{
    return &mfa->realm->send;
}


/* the one cookie of our name over all Cookie headers, or empty */

static mfa_str_t
session_token(const mfa_realm_t *realm, const mfa_strs_t *cookies)
{
    size_t     i;
    unsigned   count;
    mfa_str_t  token;

    token = mfa_null;
    count = 0;

    for (i = 0; i < cookies->count; i++) {
        mfa_cookie_find(cookies->items[i], realm->page.session_cookie, &token,
                        &count);
    }

    return (count == 1) ? token : mfa_null;
}


mfa_status_t
mfa_check_unseen(mfa_t *mfa, const mfa_strs_t *cookies, mfa_time_t now,
    mfa_identity_t **identity, mfa_verdict_t *verdict)
{
    mfa_str_t            token;
    mfa_session_state_t  state;

    *verdict = MFA_VERDICT_DENY;
    *identity = NULL;

    token = session_token(mfa->realm, cookies);
    if (token.len == 0) {
        return MFA_OK;
    }

    return mfa_decision_check_unseen(mfa->decisions, token, now, identity,
                                     verdict, &state);
}


mfa_status_t
mfa_check(mfa_t *mfa, const mfa_strs_t *cookies, mfa_time_t now,
    mfa_identity_t **identity, mfa_verdict_t *verdict)
{
    mfa_str_t            token;
    mfa_session_state_t  state;

    *verdict = MFA_VERDICT_DENY;
    *identity = NULL;

    token = session_token(mfa->realm, cookies);
    if (token.len == 0) {
        return MFA_OK;
    }

    return mfa_decision_check(mfa->decisions, token, now, identity, verdict,
                              &state);
}


mfa_status_t
mfa_check_wait(mfa_t *mfa, const mfa_strs_t *cookies,
    mfa_identity_t **identity, mfa_verdict_t *verdict)
{
    mfa_str_t            token;
    mfa_session_state_t  state;

    *verdict = MFA_VERDICT_DENY;
    *identity = NULL;

    token = session_token(mfa->realm, cookies);
    if (token.len == 0) {
        return MFA_OK;
    }

    return mfa_decision_read(&mfa->model, token, identity, verdict, &state);
}


void
mfa_check_note(mfa_t *mfa, const mfa_identity_t *identity, mfa_time_t now)
{
    mfa_decision_note(mfa->decisions, identity, now);
}


mfa_status_t
mfa_assert(mfa_t *mfa, mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, mfa_str_t *token)
{
    return mfa_assertions_give(mfa->assertions, identity, ask, token);
}


mfa_status_t
mfa_refuse(const mfa_realm_t *realm, const mfa_level_t *level,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_refusal_t  refusal = {
        .is_one = level->level == MFA_LEVEL_ONE,
    };

    return mfa_page_refuse(&realm->page, &refusal, request, arena, reply);
}


mfa_status_t
mfa_step_up(const mfa_realm_t *realm, const mfa_level_t *level,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_refusal_t  refusal = {
        .is_step_up = true,
        .fresh = level->fresh,
    };

    return mfa_page_refuse(&realm->page, &refusal, request, arena, reply);
}


mfa_status_t
mfa_change_password(const mfa_realm_t *realm, mfa_arena_t *arena,
    mfa_reply_t *reply)
{
    return mfa_page_change_password(&realm->page, arena, reply);
}


mfa_status_t
mfa_legacy_redirect(const mfa_realm_t *realm, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    return mfa_page_legacy_redirect(&realm->page, request, arena, reply);
}


mfa_logout_e
mfa_logout_judge(const mfa_realm_t *realm, const mfa_request_t *request)
{
    return mfa_page_logout_judge(&realm->page, request);
}


mfa_status_t
mfa_logout_ask(const mfa_realm_t *realm, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    return mfa_page_logout_ask(&realm->page, request, arena, reply);
}


void
mfa_realm_plain(const mfa_realm_t *realm, unsigned status,
    mfa_arena_t *arena, mfa_reply_t *reply)
{
    mfa_page_plain(&realm->page, status, arena, reply);
}


mfa_job_t *
mfa_job_open(mfa_t *mfa)
{
    mfa_job_t    *job;
    mfa_arena_t  *arena;

    arena = mfa_arena_open(JOB_ARENA);
    if (arena == NULL) {
        return NULL;
    }

    job = mfa_arena_alloc(arena, sizeof(*job));
    if (job == NULL) {
        mfa_arena_close(&arena);
        return NULL;
    }

    job->mfa = mfa;
    job->arena = arena;
    job->work.model = &mfa->model;
    job->work.arena = arena;
    job->work.tally = &job->tally;

    return job;
}


void
mfa_job_close(mfa_job_t **job)
{
    mfa_arena_t  *arena;

    if (*job == NULL) {
        return;
    }

    /* the job itself lives in its arena */

    arena = (*job)->arena;
    *job = NULL;

    mfa_arena_close(&arena);
}


mfa_arena_t *
mfa_job_arena(mfa_job_t *job)
{
    return job->arena;
}


mfa_request_t *
mfa_job_request(mfa_job_t *job)
{
    return &job->request;
}


/* whom a trusted single sign-on names, before any session is looked at */

static mfa_status_t
job_prove(mfa_job_t *job)
{
    if (job->request.trusted.len == 0) {
        return MFA_OK;
    }

    job->work.proof = job->proof;

    return mfa_trusted_proof(job->mfa->realm, job->request.trusted,
                             job->proof);
}


mfa_status_t
mfa_run(mfa_job_t *job)
{
    mfa_visit_t  *visit = &job->visit;

    if (!job->is_started) {
        job->is_started = true;
        job->work.address = &job->request.address;
        job->work.host = job->request.host;

        if (job_prove(job) != MFA_OK) {
            mfa_page_plain(&job->mfa->realm->page, 503, job->arena,
                           &job->reply);
            return MFA_OK;
        }

        visit->env = &job->mfa->realm->page;
        visit->work = &job->work;
        visit->request = &job->request;
        visit->reply = &job->reply;
    }

    return mfa_visit_run(visit);
}


void
mfa_hash(mfa_job_t *job)
{
    mfa_hash_do(&job->mfa->model, job->arena, &job->visit.hash);
}


mfa_hashing_t
mfa_hashing(const mfa_realm_t *realm, const mfa_request_t *request,
    uint64_t *person)
{
    return mfa_page_hashing(&realm->page, request, person);
}


const mfa_reply_t *
mfa_busy(const mfa_t *mfa, const mfa_request_t *request)
{
    return mfa->busy != NULL && mfa_is_page_load(request)
           ? mfa_busy_reply(mfa->busy, request) : NULL;
}


void
mfa_job_busy(mfa_job_t *job)
{
    const mfa_reply_t  *busy;

    busy = mfa_busy(job->mfa, &job->request);

    if (busy != NULL) {
        job->reply = *busy;
        return;
    }

    mfa_page_plain(&job->mfa->realm->page, 503, job->arena, &job->reply);
}


const mfa_reply_t *
mfa_job_reply(const mfa_job_t *job)
{
    return &job->reply;
}


const mfa_strs_t *
mfa_job_events(const mfa_job_t *job)
{
    return &job->work.events.lines;
}


bool
mfa_job_has_mail(const mfa_job_t *job)
{
    return job->visit.has_mail;
}


mfa_status_t
mfa_keep_prepare(mfa_job_t *job, mfa_time_t now, bool is_sweeper)
{
    mfa_t  *mfa = job->mfa;

    job->is_sweeper = is_sweeper;
    job->is_cleaner = now - mfa->cleaned_at >= CLEAN_EVERY
                      || now < mfa->cleaned_at;

    job->touch_count = mfa_decision_touches(mfa->decisions, now, mfa->touches,
                                            MFA_TOUCHES_MAX);

    if (job->is_cleaner) {
        mfa->cleaned_at = now;
    }

    return (job->touch_count > 0 || is_sweeper || job->is_cleaner)
           ? MFA_OK : MFA_NOT_FOUND;
}


static mfa_status_t
keep_remind(mfa_job_t *job)
{
    size_t        sent;
    mfa_t        *mfa = job->mfa;
    mfa_status_t  st;

    st = mfa_flow_remind(&job->work, &mfa->realm->flow, &mfa->reminded,
                         &sent);

    job->visit.has_mail = sent > 0;

    return st;
}


mfa_status_t
mfa_keep(mfa_job_t *job)
{
    size_t        removed;
    mfa_t        *mfa = job->mfa;
    mfa_status_t  st;

    if (job->touch_count > 0) {
        st = mfa_touches_write(&job->work, mfa->touches, job->touch_count);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (job->is_sweeper) {
        st = mfa_purge(&job->work, &mfa->cursor, PURGE_LOOK, &removed);
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_audit_purge(&job->work, AUDIT_LOOK, &removed);
        if (st != MFA_OK) {
            return st;
        }
    }

    /* not each second: where it cannot be done it says so in the log */

    if (job->is_sweeper && job->is_cleaner) {
        mfa_model_finish(&job->work);

        st = mfa_held_sweep(&job->work);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (job->is_cleaner) {
        st = mfa_store_clean(mfa->store);
        if (st != MFA_OK) {
            return st;
        }
    }

    return job->is_sweeper ? keep_remind(job) : MFA_OK;
}


mfa_status_t
mfa_deliver(mfa_job_t *job, mfa_time_t *wait_ms)
{
    *wait_ms = 5 * MFA_SECOND;

    if (job->mfa->delivery == NULL) {
        return MFA_UNAVAILABLE;
    }

    return mfa_delivery_run(job->mfa->delivery, &job->work, SEND_MOST,
                            wait_ms);
}
