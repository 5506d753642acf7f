/*
 * The glue: carries requests from nginx to the core and replies back.
 *
 * The only code that may say ngx_. It decides nothing about people: the gate
 * asks mfa_check, the portal runs a job, the timers run mfa_keep and
 * mfa_deliver. Configuration is read-only once the workers run; what
 * changes lives in a request's context, a job or ngx_mfa_worker.c.
 */

#ifndef NGX_MFA_MODULE_H
#define NGX_MFA_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

#include "../src/mfa.h"

#if !(NGX_THREADS)
#error the MFA module needs an nginx configured with --with-threads
#endif

#pragma GCC visibility push(hidden)


/* a realm as nginx knows it */

typedef struct ngx_mfa_trusted_s  ngx_mfa_trusted_t;

typedef struct {
    ngx_str_t                  name;
    mfa_realm_t               *realm;
    ngx_str_t                  portal;      /* empty: no location seen */
    ngx_open_file_t           *event_log;   /* neither this nor syslog: */
    ngx_syslog_peer_t         *syslog;      /* the error log */
    ngx_uint_t                 metric;      /* place among the counters, from
                                               1; 0: it has none */

    u_char                    *file;        /* of the block */
    ngx_uint_t                 line;
    u_char                    *used_file;   /* of the first "mfa NAME" */
    ngx_uint_t                 used_line;
    u_char                    *monitor_file;    /* of the first that has
                                                   "monitor" */
    ngx_uint_t                 monitor_line;
    ngx_uint_t                 monitor_count;

    ngx_mfa_trusted_t         *trusted;     /* NULL: none */
    size_t                     trusted_count;
} ngx_mfa_realm_t;


/* the request headers that tell an application who the person is */

typedef enum {
    NGX_MFA_USER = 0,
    NGX_MFA_EMAIL,
    NGX_MFA_NAME,
    NGX_MFA_GROUPS,
    NGX_MFA_IDENTITY_COUNT
} ngx_mfa_identity_e;

typedef struct {
    ngx_str_t                  key;         /* "Remote-User"; may be empty */
    ngx_str_t                  lowcase;
    ngx_uint_t                 hash;
} ngx_mfa_header_t;

typedef struct {
    ngx_mfa_header_t           header[NGX_MFA_IDENTITY_COUNT];
    ngx_uint_t                 count;       /* 0: off */
} ngx_mfa_headers_t;


typedef struct {
    ngx_array_t                realms;      /* ngx_mfa_realm_t * */
    mfa_arena_t               *arena;       /* of the rules */
    mfa_strs_t                 cookies;     /* our names, of all realms */

    ngx_array_t                stripped;    /* ngx_str_t: "remote-user" */
    uint64_t                   lengths;     /* bit n: a name has n bytes */
    ngx_uint_t                 is_monitor;  /* "monitor" stands somewhere */

    ngx_thread_pool_t         *pool;
    ngx_thread_pool_t         *hash_pool;
    ngx_thread_pool_t         *send_pool;
} ngx_mfa_main_conf_t;

typedef struct {
    ngx_mfa_realm_t           *realm;
    ngx_str_t                  prefix;
} ngx_mfa_portal_place_t;

typedef struct {
    ngx_array_t                portals;     /* ngx_mfa_portal_place_t */
    ngx_uint_t                 is_ours;     /* "mfa" stands somewhere in it */
    u_char                    *status_file; /* metrics or health without */
    ngx_uint_t                 status_line; /* "allow=" stand there */
} ngx_mfa_srv_conf_t;

typedef struct ngx_mfa_assertion_s  ngx_mfa_assertion_t;
typedef struct ngx_mfa_basic_s      ngx_mfa_basic_t;

typedef enum {
    NGX_MFA_UNSET = 0,
    NGX_MFA_OFF,
    NGX_MFA_ON
} ngx_mfa_state_e;

typedef struct {
    ngx_mfa_state_e            state;
    ngx_str_t                  name;        /* as written */
    ngx_mfa_realm_t           *realm;       /* resolved; NULL: not guarded */
    u_char                    *file;        /* where "mfa" stands */
    ngx_uint_t                 line;

    mfa_rules_t                rules;
    u_char                    *rules_file;
    ngx_uint_t                 rules_line;
    mfa_level_t                level;
    u_char                    *level_file;
    ngx_uint_t                 level_line;
    ngx_mfa_headers_t         *headers;
    ngx_mfa_assertion_t       *assertion;   /* NULL: none */
    ngx_mfa_basic_t           *basic;       /* NULL: none */
    ngx_flag_t                 cache;
    ngx_uint_t                 is_portal;
    u_char                    *portal_file;
    ngx_uint_t                 portal_line;
    ngx_uint_t                 is_check;    /* "mfa_check" */
    ngx_uint_t                 is_status;   /* metrics or health */
    ngx_str_t                  status_realm;    /* empty: all */
    mfa_networks_t             status_allow;    /* none: local only */
    ngx_uint_t                 is_monitor;  /* "mfa NAME monitor" */
} ngx_mfa_loc_conf_t;


/* a task: the only way into a thread */

typedef struct ngx_mfa_task_s  ngx_mfa_task_t;

struct ngx_mfa_task_s {
    ngx_thread_task_t          task;
    ngx_http_request_t        *request;     /* NULL: belongs to no request */
    void                     (*run)(void *data);    /* in a thread */
    void                     (*done)(void *data);   /* on the loop, always;
                                                       may be NULL */
    void                      *data;
    unsigned                   is_busy:1;
};

/*
 * NGX_OK: run will be called in a thread, then done on the loop, then the
 * request's write_event_handler, which must be set before and must return
 * at once while is_busy. NGX_ERROR: nothing was changed (queue full).
 */
ngx_int_t ngx_mfa_task_post(ngx_mfa_task_t *task, ngx_thread_pool_t *pool);


/* what is known of a request; lives in a pool cleanup of the main request,
 * where an internal redirect cannot wipe it */

typedef struct ngx_mfa_decision_s  ngx_mfa_decision_t;

struct ngx_mfa_decision_s {
    const ngx_mfa_realm_t     *realm;
    mfa_t                     *mfa;
    mfa_time_t                 now;         /* when it was made */
    mfa_verdict_t              verdict;     /* of the session alone */
    mfa_status_t               status;
    mfa_identity_t            *identity;    /* held; NULL unless PASS */
    mfa_identity_t            *past;        /* held; of a session whose time
                                               is over; or NULL */
    ngx_mfa_task_t             task;
    ngx_http_request_t        *waiting;     /* who posted the task */
    ngx_mfa_decision_t        *next;
    unsigned                   is_known:1;
    unsigned                   is_person:1; /* who started the request */
};

/* what the location makes of a session; deny comes first */

typedef enum {
    NGX_MFA_GATE_UNAVAILABLE = 0,
    NGX_MFA_GATE_LOGIN,
    NGX_MFA_GATE_STEP_UP,
    NGX_MFA_GATE_NO_ACCESS,
    NGX_MFA_GATE_NOBODY,        /* "mfa_level open", and nobody is known */
    NGX_MFA_GATE_PASS
} ngx_mfa_gate_answer_e;

/* what an application that knows only HTTP Basic was told */

typedef enum {
    NGX_MFA_BASIC_NONE = 0,
    NGX_MFA_BASIC_NOBODY,
    NGX_MFA_BASIC_SOMEBODY
} ngx_mfa_basic_e;

typedef struct ngx_mfa_portal_s  ngx_mfa_portal_t;
typedef struct ngx_mfa_held_s  ngx_mfa_held_t;
typedef struct ngx_mfa_tunnel_s  ngx_mfa_tunnel_t;
typedef struct ngx_mfa_forward_s  ngx_mfa_forward_t;

typedef struct {
    mfa_strs_t                 cookies;     /* Cookie headers as received */
    ngx_mfa_decision_t        *decisions;   /* one a realm */
    ngx_mfa_held_t            *held;        /* a form that is kept or sent */
    ngx_mfa_portal_t          *portal;

    ngx_queue_t                open;        /* of ngx_mfa_tunnel.c; next NULL:
                                               not in a queue */
    ngx_http_request_t        *request;
    mfa_identity_t            *watched;     /* of one of the decisions */
    const ngx_mfa_realm_t     *watched_realm;
    ngx_mfa_tunnel_t          *tunnel;      /* open for long */

    mfa_cause_t                cause;       /* the gate sends to the portal */
    ngx_str_t                  asked;       /* r->uri then, for a logout */
    ngx_mfa_forward_t         *forward;     /* NULL: no such logout */
    ngx_uint_t                 denied;      /* by "satisfy any": status */
    ngx_mfa_basic_e            basic;
    uint64_t                   removed;     /* bit n: of stripped, monitor */
    ngx_mfa_gate_answer_e      would;       /* of is_monitored, is_noted */
    unsigned                   is_step_up:1;    /* and logged in */
    unsigned                   is_sent:1;   /* the answer is one of ours */
    unsigned                   is_identity_set:1;
    unsigned                   is_monitored:1;  /* others are asked first */
    unsigned                   is_passed:1;     /* by the gate, here */
    unsigned                   is_noted:1;
} ngx_mfa_ctx_t;

/* ngx_mfa_ctx.c */

/* NULL: there is none */
ngx_mfa_ctx_t *ngx_mfa_ctx_get(ngx_http_request_t *r);
/* NULL: out of memory */
ngx_mfa_ctx_t *ngx_mfa_ctx_make(ngx_http_request_t *r);


/* ngx_mfa_realm.c */

char *ngx_mfa_realm_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_mfa_realm_t *ngx_mfa_realm_find(ngx_mfa_main_conf_t *mmcf,
    ngx_str_t *name);
ngx_int_t ngx_mfa_realm_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf);
ngx_int_t ngx_mfa_realm_pools(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf);
/* a line for the core from the words of the directive; NULL: no memory */
mfa_line_t *ngx_mfa_realm_words(ngx_conf_t *cf);


/* ngx_mfa_apart.c: several realms of one configuration; a realm that has
 * just ended against those before it, then all */

ngx_int_t ngx_mfa_apart_end(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_realm_t *realm);
ngx_int_t ngx_mfa_apart_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf);


/* ngx_mfa_activity.c */

/* does the request count as activity of a person (L8)? */
ngx_uint_t ngx_mfa_activity_is_person(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);


/* ngx_mfa_gate.c */

ngx_int_t ngx_mfa_gate_access(ngx_http_request_t *r);
ngx_int_t ngx_mfa_gate_preaccess(ngx_http_request_t *r);
/* whom the gate knows of this request, in this realm; or NULL */
mfa_identity_t *ngx_mfa_gate_identity(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);

/* ngx_mfa_held.c: a form that came after the end of a session (L9) */

/* somebody is about to be refused, is_step_up: who is logged in. NGX_DECLINED:
 * nothing to keep, refuse as ever. Else the phases end with this */
ngx_int_t ngx_mfa_held_keep(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_decision_t *d, ngx_uint_t is_step_up);
/* the one that was kept of this request, for its answer; or empty */
mfa_str_t ngx_mfa_held_id(ngx_http_request_t *r);

/* ngx_mfa_held_send.c */

/* just before the content, when all rules have been asked. NGX_DECLINED: go
 * on, with the form that was kept if it is its turn. Else the phases end */
ngx_int_t ngx_mfa_held_send(ngx_http_request_t *r);
ngx_int_t ngx_mfa_held_hook(ngx_conf_t *cf);

/* ngx_mfa_logout.c: addresses of applications that are ours to answer (L10).
 * NGX_DECLINED: this is none. Else the phases end with this */

/* legacy_url; asks for no session */
ngx_int_t ngx_mfa_logout_redirect(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);
/* logout_url; after the decision, whatever it is. NGX_DECLINED also where the
 * application is to get the request first */
ngx_int_t ngx_mfa_logout_catch(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf, ngx_mfa_gate_answer_e answer);
/* on to the portal, which ends the session and answers */
ngx_int_t ngx_mfa_logout_now(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf);

/* ngx_mfa_forward.c: "logout_url PATH forward" */

/* ngx_mfa_logout_catch found one; NGX_ERROR: no memory */
ngx_int_t ngx_mfa_forward_want(ngx_http_request_t *r);
/* precontent phase, behind the access rules of the location */
ngx_int_t ngx_mfa_forward_handler(ngx_http_request_t *r);
/* what the application set, for the answer to the logout */
mfa_strs_t ngx_mfa_forward_cookies(const ngx_mfa_ctx_t *ctx);
void ngx_mfa_forward_free(ngx_mfa_forward_t *forward);

/* ngx_mfa_tunnel.c: what stays open ends with its session (L12, D14) */

/* a main request passes; NGX_ERROR: no memory. Its context holds identity */
ngx_int_t ngx_mfa_tunnel_watch(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm, mfa_identity_t *identity);
/* the request is over */
void ngx_mfa_tunnel_forget(ngx_mfa_ctx_t *ctx);
ngx_int_t ngx_mfa_tunnel_init(ngx_cycle_t *cycle, ngx_mfa_main_conf_t *mmcf);
void ngx_mfa_tunnel_exit(void);

/* ngx_mfa_tunnel_close.c: the session of this request is over */

ngx_uint_t ngx_mfa_tunnel_may_close(ngx_http_request_t *r);
void ngx_mfa_tunnel_close(ngx_http_request_t *r);

/* ngx_mfa_upstream.c: more that an application is told (U3, U4) */

/* mfa_assertion_header and mfa_upstream_basic of the location; identity may
 * be NULL: nobody. Other values of these headers go in any case */
ngx_int_t ngx_mfa_upstream_set(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf, mfa_identity_t *identity);
char *ngx_mfa_upstream_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf);

/* ngx_mfa_assertion.c */

char *ngx_mfa_assertion_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_mfa_assertion_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf);
ngx_int_t ngx_mfa_assertion_set(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf, mfa_identity_t *identity);

/* ngx_mfa_basic.c */

char *ngx_mfa_basic_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_mfa_basic_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf);
ngx_int_t ngx_mfa_basic_set(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    const mfa_identity_t *identity);
/* "satisfy any": others may let the request in, without the client's own */
ngx_int_t ngx_mfa_basic_leave(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf);
/* a header that this file has set, and its end */
ngx_uint_t ngx_mfa_basic_is_ours(const ngx_table_elt_t *h);
void ngx_mfa_basic_forget(ngx_http_request_t *r);
/* does the answer ask the browser for a password? */
ngx_uint_t ngx_mfa_basic_is_refused(ngx_http_request_t *r,
    const ngx_mfa_ctx_t *ctx);

/* ngx_mfa_monitor.c: "mfa NAME monitor" lets everything through */

/* after all is read: what cannot be, and the warning at each start */
ngx_int_t ngx_mfa_monitor_place(ngx_conf_t *cf, ngx_mfa_loc_conf_t *mlcf);
ngx_int_t ngx_mfa_monitor_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf);
/* what the gate would have answered goes to the event log; of a main request
 * unless a rule of nginx refuses it today as well */
void ngx_mfa_monitor_note(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_gate_answer_e answer);
/* a client's copy of an identity header is about to go */
void ngx_mfa_monitor_removed(ngx_http_request_t *r,
    ngx_mfa_main_conf_t *mmcf, const ngx_table_elt_t *h);
/* "login", "step_up", "no_access", "unavailable"; empty: nothing noted */
mfa_str_t ngx_mfa_monitor_would(ngx_http_request_t *r);

/* ngx_mfa_monitor_table.c */

/* the worker leaves: writes what is only counted yet */
void ngx_mfa_monitor_exit(void);

/* ngx_mfa_answer.c */

/* ends the phases with a result of ngx_mfa_exchange_send */
ngx_int_t ngx_mfa_answer_final(ngx_http_request_t *r, ngx_int_t rc);
/* "satisfy any": a bare 401 or 403, for others to overrule */
ngx_int_t ngx_mfa_answer_leave(ngx_http_request_t *r,
    ngx_mfa_headers_t *headers, ngx_uint_t status, ngx_uint_t is_step_up);
/* 303 to Login or to the step up, or 401 */
ngx_int_t ngx_mfa_answer_refusal(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf, ngx_uint_t is_step_up, mfa_arena_t *arena,
    mfa_reply_t *reply);
ngx_int_t ngx_mfa_answer_refuse(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf, ngx_uint_t is_step_up);
/* a page of the portal with 403 or 503, or the bare status */
ngx_int_t ngx_mfa_answer_by_portal(ngx_http_request_t *r,
    ngx_mfa_loc_conf_t *mlcf, mfa_cause_t cause);
/* the portal of this realm in this server, or NULL */
ngx_mfa_portal_place_t *ngx_mfa_answer_portal(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);
ngx_uint_t ngx_mfa_answer_is_change_password(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);
ngx_int_t ngx_mfa_answer_change_password(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);

/* ngx_mfa_rules.c */

char *ngx_mfa_rules_allow(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_mfa_rules_level(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_mfa_rules_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf);

/* ngx_mfa_trusted.c */

char *ngx_mfa_trusted_line(ngx_conf_t *cf, ngx_mfa_realm_t *realm);
ngx_int_t ngx_mfa_trusted_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_realm_t *realm);
/* whom a trusted single sign-on names in this request, and the words for
 * what it proved; empty: nobody. Borrows from the request */
mfa_str_t ngx_mfa_trusted_value(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm, mfa_str_t *amr);
/* does a live session count in this request? deny first */
mfa_verdict_t ngx_mfa_trusted_judge(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm, const mfa_identity_t *identity);

/* ngx_mfa_check.c */

char *ngx_mfa_check_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_mfa_identity.c */

extern ngx_mfa_headers_t  ngx_mfa_identity_default;

char *ngx_mfa_identity_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_mfa_identity_collect(ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_headers_t *headers);
/* one more name in headers; NULL, or what is wrong with it */
const char *ngx_mfa_identity_header(ngx_conf_t *cf,
    ngx_mfa_headers_t *headers, ngx_str_t *name);
/* one character of a name of a header, as applications compare them */
u_char ngx_mfa_identity_fold(u_char c);
ngx_uint_t ngx_mfa_identity_is_ours(const ngx_mfa_main_conf_t *mmcf,
    const ngx_table_elt_t *h);
/* a fresh list of request headers without ours and those with empty keys */
ngx_int_t ngx_mfa_identity_strip(ngx_http_request_t *r);
/* removes our headers and, unless headers is NULL, sets each once */
ngx_int_t ngx_mfa_identity_set(ngx_http_request_t *r,
    ngx_mfa_headers_t *headers, const mfa_identity_t *identity);
/* of the n-th header; identity may be NULL: empty */
mfa_str_t ngx_mfa_identity_value(const mfa_identity_t *identity,
    ngx_uint_t n);

/* ngx_mfa_cookie.c */

/* post-read phase: client's copies of our headers and our cookies go */
ngx_int_t ngx_mfa_cookie_clean(ngx_http_request_t *r);
/* does a name of a cookie mean one of ours to some browser or parser? */
ngx_uint_t ngx_mfa_cookie_is_ours(ngx_mfa_main_conf_t *mmcf, u_char *name,
    size_t len);

/* ngx_mfa_variable.c */

ngx_int_t ngx_mfa_variable_add(ngx_conf_t *cf);

/* ngx_mfa_filter.c */

ngx_int_t ngx_mfa_filter_init(ngx_conf_t *cf);
/* a value of Set-Cookie */
ngx_uint_t ngx_mfa_filter_is_our_cookie(ngx_mfa_main_conf_t *mmcf,
    ngx_str_t *value);

/* ngx_mfa_hash.c */

/* waiting for a hash, in one worker: one second's work of four processors */
#define NGX_MFA_HASH_QUEUE   64
/* of these, for browsers that are known; and for one person among them */
#define NGX_MFA_HASH_KNOWN   16
#define NGX_MFA_HASH_PERSON  2

typedef struct {
    ngx_uint_t  is_placed;
    ngx_uint_t  is_known;
    uint64_t    person;             /* where it is known */
} ngx_mfa_hash_place_t;

/* once in each thread that hashes: gives way to everything else */
void ngx_mfa_hash_thread(void);
/* a place among those who wait; NGX_BUSY: there is none. Event loop only */
ngx_int_t ngx_mfa_hash_enter(ngx_mfa_hash_place_t *place,
    mfa_hashing_t hashing, uint64_t person);
void ngx_mfa_hash_leave(ngx_mfa_hash_place_t *place);

/* ngx_mfa_portal.c */

char *ngx_mfa_portal_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_mfa_portal_handler(ngx_http_request_t *r);
void ngx_mfa_portal_limits(ngx_conf_t *cf);
void ngx_mfa_portal_free(ngx_mfa_portal_t *portal);

/* ngx_mfa_host.c */

ngx_uint_t ngx_mfa_host_is_public(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);
/* the host of an application that is not public_url's; empty: neither */
mfa_str_t ngx_mfa_host_other(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm);

/* ngx_mfa_exchange.c */

static inline mfa_str_t
ngx_mfa_str(const ngx_str_t *s)
{
    return mfa_str_bytes(s->data, s->len);
}


/* len 0: a unix socket */
void ngx_mfa_exchange_address(ngx_http_request_t *r,
    mfa_address_t *address);
/* borrows from the request; for the event loop */
void ngx_mfa_exchange_request(ngx_http_request_t *r, mfa_request_t *request);
/* copies into the job's arena; for a thread */
ngx_int_t ngx_mfa_exchange_copy(const mfa_request_t *request,
    mfa_arena_t *arena, mfa_request_t *copy);
/* the path and query the browser asked for, as it wrote them */
void ngx_mfa_exchange_asked(ngx_http_request_t *r, mfa_str_t *path,
    mfa_str_t *query);
/* an arena that dies with the request; NULL: no memory */
mfa_arena_t *ngx_mfa_exchange_arena(ngx_http_request_t *r, size_t limit);
/* the request's body is of no use: a small one is read over, else the
 * connection closes; no 100 Continue */
void ngx_mfa_exchange_drain(ngx_http_request_t *r);
/* reply into headers_out, after all others are dropped */
ngx_int_t ngx_mfa_exchange_headers(ngx_http_request_t *r,
    const mfa_reply_t *reply);
ngx_int_t ngx_mfa_exchange_body(ngx_http_request_t *r,
    const mfa_reply_t *reply);
/* headers and body; result for ngx_http_finalize_request. What reply points
 * to must live as long as r->pool */
ngx_int_t ngx_mfa_exchange_send(ngx_http_request_t *r,
    const mfa_reply_t *reply);
/* the fixed text of mfa_plain_reply, or JSON for a 403 or 503 that no
 * person reads */
void ngx_mfa_exchange_text(ngx_http_request_t *r, unsigned status,
    ngx_uint_t is_page, mfa_reply_t *reply);
ngx_int_t ngx_mfa_exchange_plain(ngx_http_request_t *r, unsigned status);

#include "ngx_mfa_metric.h"

/* ngx_mfa_worker.c */

extern const mfa_ports_t  ngx_mfa_worker_ports;

ngx_int_t ngx_mfa_worker_init(ngx_cycle_t *cycle);
void ngx_mfa_worker_exit(ngx_cycle_t *cycle);
/* NULL: the realm is not open in this worker */
mfa_t *ngx_mfa_worker_mfa(const ngx_mfa_realm_t *realm);
/* a message was queued in this worker */
void ngx_mfa_worker_mail(const ngx_mfa_realm_t *realm);


/* the list of Cookie headers: an array before nginx 1.23.0 */

#if (nginx_version >= 1023000)
#define NGX_MFA_HAS_NEXT  1
#define ngx_mfa_set_next(h)  (h)->next = NULL
#else
#define NGX_MFA_HAS_NEXT  0
#define ngx_mfa_set_next(h)
#endif

#pragma GCC visibility pop

extern ngx_module_t  ngx_mfa_module;

#endif /* NGX_MFA_MODULE_H */
