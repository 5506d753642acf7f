/*
 * Pages: one screen a file, and the router that finds them.
 *
 * Rank 6. Turns a request into a reply: reads forms and cookies, asks the
 * flows and the model, fills a template. Knows HTTP; knows no nginx. A page
 * never decides who may pass: it shows what a flow or a session says.
 *
 * Every POST ends in a 303 to a page that can be fetched again.
 */

#ifndef MFA_PAGE_H
#define MFA_PAGE_H

#include "../flow/mfa_flow.h"
#include "mfa_page_legacy.h"
#include "mfa_page_brand.h"

#pragma GCC visibility push(hidden)


/* requests and replies of the portal */

typedef enum {
    MFA_METHOD_GET = 0,
    MFA_METHOD_HEAD,
    MFA_METHOD_POST,
    MFA_METHOD_OTHER
} mfa_method_t;

typedef enum {                  /* why the portal was called */
    MFA_CAUSE_ASKED = 0,        /* somebody asked for the page */
    MFA_CAUSE_NO_ACCESS,        /* the gate: rules refuse; page with 403 */
    MFA_CAUSE_UNAVAILABLE,      /* the gate: cannot decide; page with 503 */
    MFA_CAUSE_MALFORMED,        /* the glue: body too large ...; 400 or 413 */
    MFA_CAUSE_MISDIRECTED,      /* the glue: another host; 421 */
    MFA_CAUSE_LOGOUT            /* the gate: "logout_url", asked is the path */
} mfa_cause_t;

typedef struct {
    mfa_method_t   method;
    mfa_cause_t    cause;
    mfa_str_t      path;            /* nginx's normalised r->uri */
    mfa_str_t      query;           /* r->args as it stands */
    mfa_str_t      host;            /* of an application on another host, as
                                       the Host header names it; or empty */
    mfa_str_t      asked;           /* path?query wanted, for NO_ACCESS; the
                                       normalised path, for LOGOUT */
    mfa_strs_t     forwarded;       /* LOGOUT: Set-Cookie of the application,
                                       none of ours among them */
    mfa_str_t      body;
    mfa_str_t      held;            /* refused by the gate: id of the form that
                                       was kept; or empty */
    mfa_strs_t     cookies;         /* Cookie headers */

    /* headers; data NULL where the request has none */
    mfa_str_t      content_type;
    mfa_str_t      origin;
    mfa_str_t      referer;
    mfa_str_t      accept;
    mfa_str_t      accept_language;
    mfa_str_t      user_agent;
    mfa_str_t      x_requested_with;
    mfa_str_t      sec_fetch_site;
    mfa_str_t      sec_fetch_mode;
    mfa_str_t      sec_fetch_dest;
    mfa_str_t      sec_purpose;
    mfa_str_t      purpose;

    /* a trusted single sign-on: whom it names and the words for what it
     * proved; empty: nobody. Never of the client's own writing */
    mfa_str_t      trusted;
    mfa_str_t      trusted_amr;     /* "hwk mfa" */

    mfa_address_t  address;
} mfa_request_t;

#define MFA_BODY_MAX  (8 * 1024)

typedef struct {
    unsigned     status;
    mfa_pairs_t  headers;           /* in order; Set-Cookie may repeat */
    mfa_str_t    body;
} mfa_reply_t;

/*
 * Is it a page load, to be answered with a page and not with 401? A GET,
 * HEAD or POST with Sec-Fetch-Mode: navigate; without any Sec-Fetch-*, one
 * whose Accept names text/html and that has no X-Requested-With (L12).
 */
bool mfa_is_page_load(const mfa_request_t *request);

/* settings: application, app */

typedef struct {
    mfa_str_t     name;             /* "ESS" */
    mfa_str_t     path;             /* "/ess/" */
    mfa_str_t     label;            /* "Employee Self Service" */
    mfa_strs_t    groups;           /* empty: a tile for everybody */
    mfa_origin_t  origin;           /* of another host; empty: public_url's */
    mfa_str_t     host;             /* "pay.example.net:8443"; or empty */
    mfa_str_t     link;             /* origin, if another, and path */
    bool          is_shared;        /* of another host, which has our cookies
                                       all the same: cookie_domain */
} mfa_application_t;

typedef struct {
    mfa_str_t  name;                /* an authenticator app we recommend */
    mfa_str_t  hint;
} mfa_app_t;

#define MFA_APPLICATIONS_MAX  64
#define MFA_APPS_MAX          8

typedef struct {
    mfa_application_t  applications[MFA_APPLICATIONS_MAX];
    size_t             application_count;
    mfa_app_t          apps[MFA_APPS_MAX];
    size_t             app_count;
    mfa_str_t          html;        /* folder of the templates */
    mfa_str_t          cookie_domain;   /* "example.org"; empty: none */
} mfa_page_settings_t;

extern const mfa_option_t  mfa_page_options[];

void mfa_page_defaults(mfa_page_settings_t *settings);


/* what every page of a realm is given; read-only */

typedef struct {
    const mfa_page_settings_t  *settings;
    const mfa_legacy_settings_t *legacy;
    const mfa_flow_env_t       *flow;
    const mfa_send_settings_t  *send;
    const mfa_keys_t           *keys;
    const mfa_templates_t      *templates;
    const mfa_brand_settings_t *brand;
    const mfa_languages_t      *languages;
    const mfa_words_t          *words;          /* of the visit's language */
    mfa_str_t                   style;          /* style.css */
    mfa_str_t                   jwks;           /* jwks.json; empty: none */
    mfa_str_t                   csp;            /* Content-Security-Policy;
                                                   empty: without others */
    mfa_str_t                   portal;         /* "/mfa/" */
    mfa_str_t                   session_cookie;
    mfa_str_t                   device_cookie;
    mfa_str_t                   browser_cookie;
    mfa_str_t                   notice_cookie;
    mfa_str_t                   held_cookie;
    mfa_str_t                   language_cookie;
} mfa_page_env_t;


/* a hash that a page asked for, done in a hash thread */

typedef struct {
    bool           is_wanted;
    bool           is_check;        /* against encoded; else make one */
    mfa_str_t      password;
    mfa_str_t      encoded;
    mfa_status_t   status;
    mfa_verdict_t  verdict;         /* of the check */
    mfa_str_t      made;            /* new, or a better one after a check */
} mfa_hash_job_t;

/* CPU for tens of milliseconds; reads keys, cost, ports of the model */
void mfa_hash_do(const mfa_model_t *model, mfa_arena_t *arena,
    mfa_hash_job_t *hash);


/* one visit: a request on its way to a reply */

typedef struct mfa_visit_s  mfa_visit_t;
typedef struct mfa_page_s   mfa_page_t;

typedef mfa_status_t (*mfa_visit_fn)(mfa_visit_t *visit);

struct mfa_visit_s {
    const mfa_page_env_t  *env;
    mfa_work_t            *work;
    const mfa_request_t   *request;
    mfa_reply_t           *reply;
    const mfa_page_t      *page;
    mfa_page_env_t         own;             /* env, with its own words */
    const mfa_language_t  *language;
    const mfa_language_t  *asked;           /* for, by a link; or NULL */
    bool                   is_chosen;       /* by link or cookie */

    mfa_str_t              path;            /* below the portal */
    mfa_str_t              rest;            /* of it, behind the page's own */
    mfa_pairs_t            query;
    mfa_pairs_t            form;            /* of a POST */
    mfa_str_t              browser;         /* cookie; empty: none yet */
    mfa_str_t              last;            /* who was here; empty: unknown */
    mfa_str_t              mark;            /* behind it; empty: none */
    mfa_str_t              session;         /* cookie; empty: none */
    mfa_str_t              device;          /* cookie; empty: none */
    mfa_str_t              held;            /* cookie; empty: none */
    mfa_session_view_t     who;             /* after mfa_visit_who */

    mfa_value_t           *errors;          /* list, once there is one */
    mfa_hash_job_t         hash;
    mfa_visit_fn           resume;          /* after the hash */
    mfa_step_t             step;            /* of the flow */
    mfa_flow_event_t       event;
    const char            *template;        /* of a page that chooses */
    const char            *go;              /* another page of this state */
    mfa_login_t            login;
    bool                   has_mail;
};

/*
 * Runs the visit, or goes on with it after its hash. MFA_OK: the reply is
 * ready whatever happened. MFA_HASH: visit->hash is wanted. Nothing else.
 */
mfa_status_t mfa_visit_run(mfa_visit_t *visit) MFA_MUST_CHECK;


/* a page: one file, one line in registry.def */

typedef struct {
    const char        *value;               /* of the button named "do" */
    mfa_flow_event_t   event;
    const char        *factor;              /* NULL: that of the page */
} mfa_page_action_t;

struct mfa_page_s {
    const char               *path;         /* "register/code"; "" is home;
                                               "verify/": all below, by rest */
    mfa_visit_fn              get;
    mfa_visit_fn              post;         /* NULL: only GET and HEAD */

    bool                      is_hashing;   /* a POST may answer MFA_HASH */
    bool                      is_anywhere;  /* also on the hosts of other
                                               applications */
    bool                      has_no_token; /* a POST of a script: where it
                                               comes from is all that counts,
                                               and has to be said */
    bool                      needs_full;   /* not for a session of which
                                               more is asked: that first */

    /* pages of a flow (get and post are those of mfa_page_flow.c) */
    const char               *template;
    const mfa_page_action_t  *actions;      /* ends with value NULL; the
                                               first is the default */
    mfa_status_t            (*fill)(mfa_visit_t *visit, mfa_value_t *map);

    /* pages that begin a flow with an address (mfa_page_start.c) */
    mfa_status_t            (*start)(mfa_step_t *step, mfa_str_t typed);

    /* which factor and which template a page "verify/" is about; called
     * before a GET is shown and before a move. MFA_NOT_FOUND: no such page.
     * It may set visit->go: then a GET goes to that page instead */
    mfa_status_t            (*choose)(mfa_visit_t *visit);
};

mfa_status_t mfa_page_flow_get(mfa_visit_t *visit) MFA_MUST_CHECK;
mfa_status_t mfa_page_flow_post(mfa_visit_t *visit) MFA_MUST_CHECK;

/* template, start, and fill where there is more to show */
mfa_status_t mfa_page_start_get(mfa_visit_t *visit) MFA_MUST_CHECK;
mfa_status_t mfa_page_start_post(mfa_visit_t *visit) MFA_MUST_CHECK;

/* fill of a page with a new password (mfa_page_password.c) */
mfa_status_t mfa_page_password_rule(mfa_visit_t *visit, mfa_value_t *map)
    MFA_MUST_CHECK;


/*
 * Is more asked of this person than their session has proved? Judged as the
 * gate judges where no mfa_level is in force. False where nobody is logged in.
 */
bool mfa_visit_is_partial(const mfa_visit_t *visit);

/* after mfa_visit_step, in a POST: mfa_login_continue, and on to its page;
 * through Login where the password was given too long ago */
mfa_status_t mfa_visit_continue(mfa_visit_t *visit) MFA_MUST_CHECK;



/* replies (mfa_page_reply.c) */

#define MFA_HSTS  "max-age=31536000"

/* the headers of security.md E1, for every reply we make; env may be NULL */
mfa_status_t mfa_reply_headers(mfa_arena_t *arena, const mfa_page_env_t *env,
    mfa_reply_t *reply) MFA_MUST_CHECK;
mfa_status_t mfa_reply_header(mfa_arena_t *arena, mfa_reply_t *reply,
    const char *name, mfa_str_t value) MFA_MUST_CHECK;

/* 303 to a page of ours: PATH below the portal, a query or empty */
mfa_status_t mfa_visit_redirect(mfa_visit_t *visit, mfa_str_t path,
    mfa_str_t query) MFA_MUST_CHECK;

/* 303 to an address that the caller made; data NULL: no memory */
mfa_status_t mfa_visit_redirect_to(mfa_visit_t *visit, mfa_str_t location)
    MFA_MUST_CHECK;

/* 303 to where the person is now in the journey of visit->step */
mfa_status_t mfa_visit_to_flow(mfa_visit_t *visit) MFA_MUST_CHECK;

/* 303 to a checked target, or home where it is empty or not safe */
mfa_status_t mfa_visit_go(mfa_visit_t *visit, mfa_str_t target)
    MFA_MUST_CHECK;

/* 303 to "Try again later", with the time of the wait */
mfa_status_t mfa_visit_later(mfa_visit_t *visit, mfa_time_t retry_at)
    MFA_MUST_CHECK;

/* "NAME=VALUE" for a query, the value percent-encoded; empty value: "" */
mfa_str_t mfa_visit_param(mfa_visit_t *visit, const char *name,
    mfa_str_t value);

/* the values every template finds: brand, support, portal, application,
 * token; flow is NULL for pages outside of one */
mfa_value_t *mfa_visit_values(mfa_visit_t *visit, const mfa_flow_t *flow,
    mfa_str_t target);
mfa_status_t mfa_visit_render(mfa_visit_t *visit, unsigned status,
    const char *template, const mfa_value_t *map) MFA_MUST_CHECK;

/* an error beside a field and in the summary; word is looked up */
void mfa_visit_error(mfa_visit_t *visit, mfa_value_t *map, mfa_str_t field,
    mfa_str_t word);

/* the language (mfa_page_language.c): found before anything is said; kept,
 * for the browser and for whoever is logged in, where a link asked for it */
void mfa_visit_language(mfa_visit_t *visit);
void mfa_visit_speak(mfa_visit_t *visit, const mfa_language_t *language);

/* kept, else preferred, else the first; NULL: the realm has none */
const mfa_language_t *mfa_request_language(const mfa_page_env_t *env,
    const mfa_request_t *request);

mfa_status_t mfa_visit_choose_language(mfa_visit_t *visit) MFA_MUST_CHECK;
void mfa_visit_language_values(mfa_visit_t *visit, mfa_value_t *map);
mfa_status_t mfa_visit_language_headers(mfa_visit_t *visit) MFA_MUST_CHECK;

/* pages that have no address: 403, 404, 405, 503 ... */
mfa_status_t mfa_visit_fault(mfa_visit_t *visit, unsigned status)
    MFA_MUST_CHECK;
mfa_status_t mfa_visit_no_access(mfa_visit_t *visit) MFA_MUST_CHECK;


/* a fixed text with our headers: 400, 403, 405, 421, 503 when no page can
 * be made; never fails, needs no memory but the arena (may be NULL: then
 * headers are few) */
void mfa_plain_reply(unsigned status, mfa_arena_t *arena, mfa_reply_t *reply);

/*
 * May this request need a password hash, and whose is it? Path, method and
 * cookies are read. KNOWN: the browser has a mark (mfa_page_mark.c) of this
 * person, a digest. What is wrong with a mark makes a STRANGER.
 */

typedef enum {
    MFA_HASHING_NONE = 0,
    MFA_HASHING_STRANGER,
    MFA_HASHING_KNOWN
} mfa_hashing_t;

mfa_hashing_t mfa_page_hashing(const mfa_page_env_t *env,
    const mfa_request_t *request, uint64_t *person);

/* for a browser that has just shown whose it is; person: a few bytes */
mfa_status_t mfa_mark_make(const mfa_keys_t *keys, mfa_arena_t *arena,
    mfa_str_t browser, mfa_str_t person, mfa_str_t *mark) MFA_MUST_CHECK;

/* deny first */
mfa_verdict_t mfa_mark_judge(const mfa_keys_t *keys, mfa_str_t browser,
    mfa_str_t mark, uint64_t *person);

/* could it be one? */
bool mfa_mark_has_form(mfa_str_t mark);

/* who was in this browser last, to be compared and nothing else; it is worth
 * nothing anywhere */
#define MFA_LAST_TEXT  8

mfa_status_t mfa_last_make(const mfa_keys_t *keys, mfa_arena_t *arena,
    mfa_str_t browser, mfa_str_t person, mfa_str_t *last) MFA_MUST_CHECK;

/* the same where the realm is known: with all of its headers */
void mfa_page_plain(const mfa_page_env_t *env, unsigned status,
    mfa_arena_t *arena, mfa_reply_t *reply);

/* what is missing where the gate does not let somebody in */

typedef struct {
    bool        is_one;         /* a login by password alone would do */
    bool        is_step_up;     /* logged in, but not far enough */
    mfa_time_t  fresh;          /* the second factor must not be older than
                                   this; 0: any will do */
} mfa_refusal_t;

/* see mfa_refuse and mfa_step_up in mfa.h */
mfa_status_t mfa_page_refuse(const mfa_page_env_t *env,
    const mfa_refusal_t *refusal, const mfa_request_t *request,
    mfa_arena_t *arena, mfa_reply_t *reply) MFA_MUST_CHECK;

/* see mfa_change_password in mfa.h */
mfa_status_t mfa_page_change_password(const mfa_page_env_t *env,
    mfa_arena_t *arena, mfa_reply_t *reply) MFA_MUST_CHECK;


/* what a verify page offers somebody who lost a phone: flags is_lost_mail,
 * is_lost_request, is_lost_off, has_request, is_approved, has_pass
 * (mfa_page_device_reset.c) */
mfa_status_t mfa_visit_reset_values(mfa_visit_t *visit, mfa_value_t *map)
    MFA_MUST_CHECK;

/* the same as they stand, for pages that choose */
mfa_status_t mfa_visit_reset_offer(mfa_visit_t *visit,
    mfa_reset_offer_t *offer) MFA_MUST_CHECK;


/*
 * People without a second factor (mfa_page_deadline.c). Values: may_wait, and
 * with a deadline has_days, until, and one of days, is_one_day, is_last_day.
 */
mfa_status_t mfa_visit_grace(mfa_visit_t *visit, const mfa_user_t *user,
    mfa_grace_t *grace) MFA_MUST_CHECK;
void mfa_visit_grace_values(mfa_visit_t *visit, const mfa_grace_t *grace,
    mfa_value_t *map);

/* of the flow's user, where its pages have the button */
mfa_status_t mfa_visit_later_values(mfa_visit_t *visit, mfa_value_t *map)
    MFA_MUST_CHECK;


/* pages of factors (mfa_page_factor.c) */

/* "12 March 2027" where the server stands; empty for 0 */
mfa_str_t mfa_visit_date(mfa_visit_t *visit, mfa_time_t at);

/*
 * What the page of a code that was sent shows: shown (masked destination),
 * is_sent, reference, seconds_ago or is_waiting or is_refused, resend_at.
 * Only after a password was proved: it tells what became of the message.
 */
mfa_status_t mfa_visit_code_values(mfa_visit_t *visit, mfa_tx_t *tx,
    const mfa_code_place_t *place, const mfa_factor_t *factor,
    mfa_value_t *map) MFA_MUST_CHECK;


/* cookies and forms (mfa_page_form.c) */

mfa_status_t mfa_visit_set_cookie(mfa_visit_t *visit, mfa_str_t name,
    mfa_str_t value) MFA_MUST_CHECK;

/* beyond the end of the browser */
mfa_status_t mfa_visit_keep_cookie(mfa_visit_t *visit, mfa_str_t name,
    mfa_str_t value, mfa_time_t keep) MFA_MUST_CHECK;

/* the same, and never sent along by a request that another site begins */
mfa_status_t mfa_visit_set_strict(mfa_visit_t *visit, mfa_str_t name,
    mfa_str_t value, mfa_time_t lifetime) MFA_MUST_CHECK;

/* what a step gave for the browser to keep: session, device */
mfa_status_t mfa_visit_keep(mfa_visit_t *visit) MFA_MUST_CHECK;

/* makes sure that the browser has its cookie */
mfa_status_t mfa_visit_browser(mfa_visit_t *visit) MFA_MUST_CHECK;

/* the token for a form of this browser in this flow; "" outside of one */
mfa_status_t mfa_visit_token(mfa_visit_t *visit, mfa_str_t flow,
    mfa_str_t *token) MFA_MUST_CHECK;

/* PASS: Origin, Sec-Fetch-Site and token are right (E2); deny first */
mfa_status_t mfa_visit_judge_form(mfa_visit_t *visit, mfa_verdict_t *verdict)
    MFA_MUST_CHECK;

/* the same without a token: Origin or Sec-Fetch-Site must be there */
mfa_verdict_t mfa_visit_judge_origin(const mfa_visit_t *visit);

/* somebody is in; person: a few bytes. Where another one was here last, or
 * nobody knows who, what that one left behind goes. Sets the browser's
 * cookie */
mfa_status_t mfa_visit_enter(mfa_visit_t *visit, mfa_str_t person)
    MFA_MUST_CHECK;

/* visit->who; MFA_OK also without a session */
mfa_status_t mfa_visit_who(mfa_visit_t *visit) MFA_MUST_CHECK;

/* may people be sent there after a login? */
bool mfa_visit_is_target(const mfa_visit_t *visit, mfa_str_t target);

/* "to" of query or form when it is safe, else empty */
mfa_str_t mfa_visit_target(mfa_visit_t *visit);

/* fills visit->step for the flow named in query or form */
mfa_status_t mfa_visit_step(mfa_visit_t *visit) MFA_MUST_CHECK;


/* what a refused first step leaves for the next page: a sealed cookie */

typedef struct {
    mfa_str_t  page;                /* path of the page it is for */
    mfa_str_t  email;               /* as typed */
    mfa_str_t  field;
    mfa_str_t  word;                /* empty: no error */
} mfa_notice_t;

mfa_status_t mfa_notice_set(mfa_visit_t *visit, const mfa_notice_t *notice)
    MFA_MUST_CHECK;

/* back to the page of this visit: what was typed kept, word beside the
 * field "email" */
mfa_status_t mfa_notice_refuse(mfa_visit_t *visit, mfa_str_t typed,
    mfa_str_t word) MFA_MUST_CHECK;

/* MFA_NOT_FOUND: none for this page; shown once */
mfa_status_t mfa_notice_take(mfa_visit_t *visit, mfa_notice_t *notice)
    MFA_MUST_CHECK;


/* applications (mfa_page_application.c) */

/* the one that holds the target, a path of public_url or an address on
 * another host; NULL */
const mfa_application_t *mfa_application_of(
    const mfa_page_settings_t *settings, mfa_str_t target);

/* on this host, the one that holds the path, else any of that host; NULL */
const mfa_application_t *mfa_application_at(
    const mfa_page_settings_t *settings, mfa_str_t host, mfa_str_t path);

/* origin of an application on another host, its path or what is below it;
 * nothing else that is absolute (E5) */
bool mfa_application_is_address(const mfa_page_settings_t *settings,
    mfa_str_t target, mfa_str_t portal);

/* whose target it is, in the eyes of this visit; NULL */
const mfa_application_t *mfa_visit_application(const mfa_visit_t *visit,
    mfa_str_t target);

/* the tiles of visit->who, as list "applications" of maps: name, label,
 * path */
void mfa_application_tiles(mfa_visit_t *visit, mfa_value_t *map);

/* the origin that this visit is on */
mfa_str_t mfa_visit_origin(const mfa_visit_t *visit);


/* the way to another host (mfa_page_ticket.c) */

/* of the page at public_url that makes a ticket, which is a target too; NULL
 * for all else */
const mfa_application_t *mfa_ticket_application(const mfa_visit_t *visit,
    mfa_str_t target);


/* addresses of applications that are ours to answer (mfa_legacy_answer.c);
 * event loop, no store */

/* see mfa_legacy_redirect in mfa.h */
mfa_status_t mfa_page_legacy_redirect(const mfa_page_env_t *env,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
    MFA_MUST_CHECK;

typedef enum {
    MFA_LOGOUT_NONE = 0,        /* the path or the method is none of ours */
    MFA_LOGOUT_REFUSE,          /* no page load, and not from our pages */
    MFA_LOGOUT_ASK,             /* with the page "Log out?" */
    MFA_LOGOUT_NOW,
    MFA_LOGOUT_FORWARD          /* the application first, then NOW */
} mfa_logout_e;

/* see mfa_logout_judge and mfa_logout_ask in mfa.h */
mfa_logout_e mfa_page_logout_judge(const mfa_page_env_t *env,
    const mfa_request_t *request);
mfa_status_t mfa_page_logout_ask(const mfa_page_env_t *env,
    const mfa_request_t *request, mfa_arena_t *arena, mfa_reply_t *reply)
    MFA_MUST_CHECK;

/* the application that this path belongs to, on the host of the request, as
 * a target of that host; or empty */
mfa_str_t mfa_legacy_home(const mfa_page_settings_t *settings, mfa_str_t host,
    mfa_str_t path);

/* MFA_CAUSE_LOGOUT (mfa_page_logout.c) */
mfa_status_t mfa_visit_logout(mfa_visit_t *visit) MFA_MUST_CHECK;

/* application_cookies of this host expire (mfa_legacy_cookies.c) */
mfa_status_t mfa_visit_expire(mfa_visit_t *visit) MFA_MUST_CHECK;

/* Clear-Site-Data: cache and storage; cookies of devices stay */
mfa_status_t mfa_visit_clear(mfa_visit_t *visit) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_PAGE_H */
