/*
 * The public face of the core: what nginx's glue and mfactl call.
 *
 * A realm is loaded once (settings, templates, words, keys; in the master
 * and by nginx -t) and opened in each worker after fork (the store). Three
 * doors then: the gate asks mfa_check, the portal runs a job, the timers
 * run mfa_keep and mfa_deliver.
 *
 *   call                     where                  may wait
 *   mfa_realm_*              configuration          reads files
 *   mfa_open, mfa_close      worker start, exit     briefly
 *   mfa_check                event loop             no
 *   mfa_check_wait           pool "mfa"             yes
 *   mfa_run                  pool "mfa"             yes
 *   mfa_hash                 pool "mfa_hash"        yes (tens of ms of CPU)
 *   mfa_keep                 pool "mfa"             yes
 *   mfa_deliver              pool "mfa_send"        yes
 *
 * Where a call says "event loop" all such calls come from one thread.
 */

#ifndef MFA_H
#define MFA_H

#include "page/mfa_page.h"

#pragma GCC visibility push(hidden)


/* a realm as configured; read-only once loaded */

typedef struct mfa_realm_s  mfa_realm_t;

/* name is copied; ports must outlive the realm */
mfa_status_t mfa_realm_begin(mfa_str_t name, const mfa_ports_t *ports,
    mfa_realm_t **realm) MFA_MUST_CHECK;

/* one line of the block; MFA_CONFIG with a message for the operator */
mfa_status_t mfa_realm_line(mfa_realm_t *realm, const mfa_line_t *line,
    mfa_error_t *error) MFA_MUST_CHECK;

/*
 * All lines are there: checks what belongs together, reads keys, templates
 * and words, probes the store's place. Changes nothing on disk.
 */
mfa_status_t mfa_realm_end(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

/*
 * For mfactl: the same without templates, words, password list.
 */
mfa_status_t mfa_realm_end_store(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

void mfa_realm_free(mfa_realm_t **realm);

/* the location of the pages, begins and ends with '/'; default "/mfa/" */
mfa_status_t mfa_realm_set_portal(mfa_realm_t *realm, mfa_str_t prefix)
    MFA_MUST_CHECK;

mfa_str_t mfa_realm_name(const mfa_realm_t *realm);
mfa_str_t mfa_realm_portal(const mfa_realm_t *realm);
const mfa_origin_t *mfa_realm_origin(const mfa_realm_t *realm);
mfa_str_t mfa_realm_store(const mfa_realm_t *realm);    /* "lmdb:/path" */
mfa_str_t mfa_realm_event_log(const mfa_realm_t *realm);    /* or empty */

/* warnings for nginx -t (http origin, e-mail factor ...), none: count 0 */
const mfa_strs_t *mfa_realm_warnings(const mfa_realm_t *realm);

/* exact names of our cookies: cut from requests, refused from applications */
const mfa_strs_t *mfa_realm_cookies(const mfa_realm_t *realm);

/* every option of a realm in order, for the reference: ends with NULL */
const mfa_option_t *const *mfa_realm_options(void);


/* an opened realm, in one worker */

typedef struct mfa_s  mfa_t;

mfa_status_t mfa_open(const mfa_realm_t *realm, mfa_error_t *error,
    mfa_t **mfa) MFA_MUST_CHECK;
void mfa_close(mfa_t **mfa);

const mfa_realm_t *mfa_realm_of(const mfa_t *mfa);
mfa_store_t *mfa_store_of(mfa_t *mfa);                  /* for mfactl */
const mfa_model_t *mfa_model_of(const mfa_t *mfa);      /* for mfactl */


/* the gate */

/* rules of a location: mfa_allow group=a group=b user=c; lines are ANDed,
 * words of a line ORed */

typedef struct {
    mfa_strs_t  *lines;         /* words as written: "group=managers" */
    size_t       count;
} mfa_rules_t;

/* checks the words of one line and adds it; memory from arena */
mfa_status_t mfa_rules_add(mfa_rules_t *rules, const mfa_line_t *line,
    mfa_arena_t *arena, mfa_error_t *error) MFA_MUST_CHECK;

/* may this identity pass the rules? no rules: PASS */
mfa_verdict_t mfa_rules_judge(const mfa_rules_t *rules,
    const mfa_identity_t *identity);

/*
 * The gate's decision. Event loop only; no wait, no write. cookies: the
 * request's Cookie headers. *verdict is DENY first. After MFA_OK *identity
 * (if set) is held for the caller: mfa_identity_release.
 * MFA_AGAIN: ask mfa_check_wait in a thread, then mfa_check_note.
 * Two cookies of our name in one request: no session (D9).
 */
mfa_status_t mfa_check(mfa_t *mfa, const mfa_strs_t *cookies, mfa_time_t now,
    mfa_identity_t **identity, mfa_verdict_t *verdict) MFA_MUST_CHECK;
mfa_status_t mfa_check_wait(mfa_t *mfa, const mfa_strs_t *cookies,
    mfa_identity_t **identity, mfa_verdict_t *verdict) MFA_MUST_CHECK;
void mfa_check_note(mfa_t *mfa, const mfa_identity_t *identity,
    mfa_time_t now);


/* what the gate answers */

/*
 * The answer to somebody the gate does not let in: 303 to Login with the
 * page (path and query of the request) as target, or 401 with JSON and
 * WWW-Authenticate. Event loop; no store. Only method, path, query and the
 * headers of the request are read.
 */
mfa_status_t mfa_refuse(const mfa_realm_t *realm,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
    MFA_MUST_CHECK;

/*
 * The answer to /.well-known/change-password (P3): 302 to the page of the
 * settings. Event loop; no store.
 */
mfa_status_t mfa_change_password(const mfa_realm_t *realm,
    mfa_arena_t *arena, mfa_reply_t *reply) MFA_MUST_CHECK;

/* mfa_plain_reply with all headers of the realm */
void mfa_realm_plain(const mfa_realm_t *realm, unsigned status,
    mfa_arena_t *arena, mfa_reply_t *reply);


/*
 * a job: one request through the portal, or one turn of a timer.
 * One holder at a time: loop, thread, loop.
 */

typedef struct mfa_job_s  mfa_job_t;

/* NULL when out of memory */
mfa_job_t *mfa_job_open(mfa_t *mfa);

/* wipes and frees; NULL is fine; sets *job to NULL */
void mfa_job_close(mfa_job_t **job);

mfa_arena_t *mfa_job_arena(mfa_job_t *job);

/* to be filled on the loop, strings copied into the job's arena */
mfa_request_t *mfa_job_request(mfa_job_t *job);

/*
 * MFA_OK: the reply is ready, whatever went wrong on the way. MFA_HASH: let
 * mfa_hash run in a hash thread, then call mfa_run again. Nothing else.
 * When the hash cannot be run (queue full): mfa_job_busy, then the reply.
 */
mfa_status_t mfa_run(mfa_job_t *job) MFA_MUST_CHECK;
void mfa_hash(mfa_job_t *job);

/* event loop: the reply becomes 503 with Retry-After; no store, no wait */
void mfa_job_busy(mfa_job_t *job);

/*
 * May this request need mfa_hash? Whoever knows that the queue is full
 * answers such a request with mfa_realm_plain 503 and makes no job of it.
 * Event loop; only method and path are read.
 */
bool mfa_is_hashing(const mfa_realm_t *realm, const mfa_request_t *request);

const mfa_reply_t *mfa_job_reply(const mfa_job_t *job);

/* JSON lines of events, to be written by the loop when the job is back */
const mfa_strs_t *mfa_job_events(const mfa_job_t *job);

/*
 * Session touches, purge, reader slots. Prepare on the loop (takes the
 * touches over; MFA_NOT_FOUND: nothing to do this turn), run in a thread.
 * is_sweeper: this worker also purges; one worker of a gateway does. One
 * such job of an mfa_t at a time.
 */
mfa_status_t mfa_keep_prepare(mfa_job_t *job, mfa_time_t now, bool is_sweeper)
    MFA_MUST_CHECK;
mfa_status_t mfa_keep(mfa_job_t *job) MFA_MUST_CHECK;

/* due messages; *wait_ms until the next turn */
mfa_status_t mfa_deliver(mfa_job_t *job, mfa_time_t *wait_ms) MFA_MUST_CHECK;

/* something was queued in this worker: deliver at once (set by mfa_run) */
bool mfa_job_has_mail(const mfa_job_t *job);

#pragma GCC visibility pop

#endif /* MFA_H */
