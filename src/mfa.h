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
 *   mfa_keep, mfa_watch      pool "mfa"             yes
 *   mfa_deliver              pool "mfa_send"        yes
 *
 * Where a call says "event loop" all such calls come from one thread.
 */

#ifndef MFA_H
#define MFA_H

#include "page/mfa_page.h"

#define MFA_VERSION  "0.1.0"

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

/* once it is set: an address of an application that is within the portal, or
 * around it; MFA_CONFIG */
mfa_status_t mfa_realm_check_portal(const mfa_realm_t *realm,
    mfa_error_t *error) MFA_MUST_CHECK;

mfa_str_t mfa_realm_name(const mfa_realm_t *realm);
const mfa_origin_t *mfa_realm_origin(const mfa_realm_t *realm);
/* the n-th origin of an application on another host, and its name in a
 * request->host; NULL behind the last. May come twice */
const mfa_origin_t *mfa_realm_other(const mfa_realm_t *realm, size_t n,
    mfa_str_t *host);
/* how it adapts to its applications */
const mfa_legacy_settings_t *mfa_realm_legacy(const mfa_realm_t *realm);
mfa_str_t mfa_realm_store(const mfa_realm_t *realm);    /* "lmdb:/path" */
mfa_str_t mfa_realm_event_log(const mfa_realm_t *realm);    /* or empty */
/* may messages go this way: "mail", "sms", "voice" */
bool mfa_realm_sends(const mfa_realm_t *realm, const char *channel);

/* warnings for nginx -t (http origin, e-mail factor ...), none: count 0 */
const mfa_strs_t *mfa_realm_warnings(const mfa_realm_t *realm);

/* exact names of our cookies: cut from requests, refused from applications */
const mfa_strs_t *mfa_realm_cookies(const mfa_realm_t *realm);

/*
 * Of two realms that have ended (mfa_apart.c). MFA_CONFIG: they share the
 * store or a key. They meet where a browser sends the cookies of both to one
 * host; then each is told to have its name in those of its own, before it is
 * opened. MFA_CONFIG: its name does not fit into one.
 */
mfa_status_t mfa_realm_apart(const mfa_realm_t *one, const mfa_realm_t *other,
    mfa_error_t *error) MFA_MUST_CHECK;
bool mfa_realm_meets(const mfa_realm_t *one, const mfa_realm_t *other);
mfa_status_t mfa_realm_name_cookies(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

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
const mfa_flow_settings_t *mfa_flow_of(const mfa_t *mfa);   /* for mfactl */
const mfa_send_settings_t *mfa_send_of(const mfa_t *mfa);   /* for mfactl */


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
 * What a location demands of a session (Y3): mfa_level open | one | two |
 * fresh=TIME. Without the directive: what policy asks of the person.
 */

typedef enum {
    MFA_LEVEL_POLICY = 0,
    MFA_LEVEL_OPEN,             /* nobody has to log in; who has is known */
    MFA_LEVEL_ONE,              /* the password is enough */
    MFA_LEVEL_TWO               /* two factors, whatever policy says; a
                                   remembered device is none */
} mfa_level_e;

typedef struct {
    mfa_level_e  level;
    mfa_time_t   fresh;         /* the second factor is not older; 0: any */
    bool         is_given;      /* by a line */
} mfa_level_t;

/* one line; MFA_CONFIG with a message for the operator */
mfa_status_t mfa_level_set(mfa_level_t *level, const mfa_line_t *line,
    mfa_error_t *error) MFA_MUST_CHECK;

/* is this live session enough? DENY: mfa_step_up. Event loop; no store */
mfa_verdict_t mfa_level_judge(const mfa_realm_t *realm,
    const mfa_level_t *level, const mfa_identity_t *identity,
    mfa_time_t now);

/*
 * Trusted single sign-on (Y4): trusted_identity $variable amr=WORDS
 * [network=NETWORK ...]. The core keeps the names; the glue knows what an
 * nginx variable is, and hands its value to mfa_trusted_judge and to jobs.
 */

#define MFA_TRUSTED_MAX  8

typedef struct {
    mfa_str_t       variable;       /* without '$' */
    mfa_str_t       amr;            /* "hwk mfa" */
    mfa_networks_t  networks;       /* believed only from there; 0: any */
} mfa_trusted_t;

/* in order; the first that has a value counts */
const mfa_trusted_t *mfa_realm_trusted(const mfa_realm_t *realm,
    size_t *count);

/* SHA-256 of the realm and the value */
mfa_status_t mfa_trusted_proof(const mfa_realm_t *realm, mfa_str_t value,
    uint8_t proof[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/*
 * Does this session count where the trusted sign-on of the request says
 * value (empty: nothing)? Deny first. Event loop; no store.
 */
mfa_verdict_t mfa_trusted_judge(const mfa_realm_t *realm,
    const mfa_identity_t *identity, mfa_str_t value);

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

/* the same as mfa_check for a request that no person started: a pass is no
 * activity, so the session comes to its idle end (L8) */
mfa_status_t mfa_check_unseen(mfa_t *mfa, const mfa_strs_t *cookies,
    mfa_time_t now, mfa_identity_t **identity, mfa_verdict_t *verdict)
    MFA_MUST_CHECK;


/* is the token good on this host (request->host)? To be asked after each
 * PASS of mfa_check: one made for another host opens nothing here (D12) */
mfa_verdict_t mfa_identity_judge_host(const mfa_identity_t *identity,
    mfa_str_t host);


/*
 * Signed assertions (U3): a JWT (RFC 7519) of ES256 for the application that
 * a request goes to, which can check that it came through the gate.
 */

typedef struct {
    mfa_str_t   header;             /* empty: off */
    mfa_str_t   audience;           /* empty: the application's name */
    mfa_time_t  lifetime;
} mfa_assertion_rule_t;

/* the words of a line "mfa_assertion_header"; MFA_CONFIG with a message. The
 * rule borrows them; whoever has a header checks its name */
mfa_status_t mfa_assertion_rule(mfa_assertion_rule_t *rule,
    const mfa_line_t *line, mfa_error_t *error) MFA_MUST_CHECK;

/* has the realm a key for them? */
bool mfa_realm_has_assertion(const mfa_realm_t *realm);

/* name of the application that holds the path on this host (request->host);
 * empty: none does */
mfa_str_t mfa_realm_application(const mfa_realm_t *realm, mfa_str_t host,
    mfa_str_t path);

typedef struct {
    mfa_str_t   audience;           /* lives as long as the realm */
    mfa_str_t   host;               /* that was asked for */
    mfa_time_t  lifetime;
    mfa_time_t  now;
} mfa_assertion_ask_t;

/*
 * Event loop; no store. *token is good until the next call: to be copied. One
 * is made at most twice in its lifetime for a session, audience and host, and
 * at once when anything changes that it says of the person.
 */
mfa_status_t mfa_assert(mfa_t *mfa, mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, mfa_str_t *token) MFA_MUST_CHECK;


/* what the gate answers */

/*
 * The answer to somebody the gate does not let in: 303 to Login with the
 * page (path and query of the request) as target, or 401 with JSON and
 * WWW-Authenticate. Event loop; no store. Only method, path, query and the
 * headers of the request are read.
 */
mfa_status_t mfa_refuse(const mfa_realm_t *realm,
    const mfa_level_t *level, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply) MFA_MUST_CHECK;

/*
 * The same to somebody who is logged in, where mfa_level_judge denies: 303
 * to the page that asks for what is missing, or 401 with the challenge of
 * RFC 9470.
 */
mfa_status_t mfa_step_up(const mfa_realm_t *realm, const mfa_level_t *level,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
    MFA_MUST_CHECK;

/*
 * The answer to /.well-known/change-password (P3): 302 to the page of the
 * settings. Event loop; no store.
 */
mfa_status_t mfa_change_password(const mfa_realm_t *realm,
    mfa_arena_t *arena, mfa_reply_t *reply) MFA_MUST_CHECK;

/*
 * legacy_url: 302 (303 to a POST) to the address that replaced the one asked
 * for, on a host of the realm whatever the path says. MFA_NOT_FOUND: it is
 * none, or would lead to itself. Event loop; no store, no session.
 */
mfa_status_t mfa_legacy_redirect(const mfa_realm_t *realm,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
    MFA_MUST_CHECK;

/*
 * logout_url: what is to be done with this request (L10). At once only where
 * the browser says that a page of this very host began it; a HEAD, a
 * prefetch, a picture never. Event loop; no store.
 */
mfa_logout_e mfa_logout_judge(const mfa_realm_t *realm,
    const mfa_request_t *request);

/* 303 to "Log out?", which leads back to the application */
mfa_status_t mfa_logout_ask(const mfa_realm_t *realm,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
    MFA_MUST_CHECK;

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
 * The page that says so, which lives until mfa_close; NULL: not a page load,
 * mfa_realm_plain will do. Event loop; only headers and cookies are read.
 */
const mfa_reply_t *mfa_busy(const mfa_t *mfa, const mfa_request_t *request);

/*
 * May this request need mfa_hash, and whose is it? Whoever knows that there
 * is no place left answers such a request with mfa_busy and makes no job of
 * it. KNOWN: a browser in which *person (a digest) has shown who
 * they are; it may be a copy of its cookie, so it is worth a place and no
 * more. Event loop; only method, path and cookies are read.
 */
mfa_hashing_t mfa_hashing(const mfa_realm_t *realm,
    const mfa_request_t *request, uint64_t *person);

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

/*
 * After mfa_keep in the same thread: where this worker sweeps, gauges are
 * read from the store every 10 seconds.
 */
void mfa_gauge(mfa_job_t *job);

/*
 * What a job has to count (to be zeroed by who took it), and what it read of
 * the store. Event loop, when the job is back.
 */
mfa_tally_t *mfa_job_tally(mfa_job_t *job);
const mfa_readings_t *mfa_job_readings(const mfa_job_t *job);

/*
 * What stays open longer than a request (mfa_model_revoked.h): rows of the
 * log of revocations, and answers about sessions. In a thread.
 */
mfa_status_t mfa_watch(mfa_t *mfa, mfa_watch_t *watch) MFA_MUST_CHECK;

/* event loop: was anything committed since *version was the store's? It is
 * now; true where nobody can say */
bool mfa_has_changed(mfa_t *mfa, uint64_t *version);

/* due messages; *wait_ms until the next turn */
mfa_status_t mfa_deliver(mfa_job_t *job, mfa_time_t *wait_ms) MFA_MUST_CHECK;

/* something was queued in this worker: deliver at once (set by mfa_run) */
bool mfa_job_has_mail(const mfa_job_t *job);


/*
 * Held forms (L9; mfa_held_job.c). Two jobs of the pool "mfa"; all strings
 * are the job's or live until it is back. What happened is in mfa_job_events.
 */

typedef struct {
    uint8_t        session[MFA_DIGEST_SIZE];    /* key of its session */
    mfa_held_t     held;        /* method to referer; id and user are set */
    mfa_str_t      body;
    mfa_str_t      id;          /* out, of the page; empty: none */
} mfa_hold_t;

/* does this request come from a page of its own host, or of public_url or
 * an application? A browser must say so. Event loop; no store */
mfa_verdict_t mfa_hold_judge(const mfa_realm_t *realm,
    const mfa_request_t *request);

/*
 * Keeps the form of somebody who is refused. A body that only asks for one
 * that was kept is not kept: its own id comes back. Whatever fails, nothing
 * is kept, and id stays empty.
 */
void mfa_hold(mfa_job_t *job, mfa_hold_t *hold);

typedef struct {
    uint8_t        session[MFA_DIGEST_SIZE];
    mfa_str_t      host;        /* as request->host */
    mfa_str_t      address;     /* path and query as asked */
    mfa_str_t      field;       /* the body of the request that asks */
    mfa_strs_t     cookies;     /* Cookie headers */
    mfa_str_t      id;          /* out, once the field is one */
    mfa_held_t     held;        /* out, with MFA_OK */
    mfa_str_t      body;        /* out, in memory of room */
    char        *(*room)(void *ctx, size_t size);       /* NULL: none now */
    void          *ctx;
} mfa_resend_t;

#define MFA_RESEND_FIELD  (sizeof(MFA_HELD_FIELD "=") - 1 + MFA_ID_TEXT)

/* has the request our cookie for it? Event loop; no store */
bool mfa_resend_has_cookie(const mfa_realm_t *realm, const mfa_strs_t *cookies);

/* is it such a field? */
bool mfa_resend_is_field(mfa_str_t field);

/*
 * Takes one that was kept, once. MFA_OK: it is spent, and on disk as such;
 * held and body are what is to be passed on. All else: the application gets
 * nothing; MFA_UNAVAILABLE and other faults: it is still there.
 */
mfa_status_t mfa_resend_take(mfa_job_t *job, mfa_resend_t *resend)
    MFA_MUST_CHECK;

/* 303 to the page of the form with this id. Event loop; no store */
mfa_status_t mfa_resend_page(const mfa_realm_t *realm, mfa_str_t host,
    mfa_str_t id, mfa_arena_t *arena, mfa_reply_t *reply) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_H */
