/*
 * Pages, second part: how the gate adapts to applications that do not change.
 *
 * Part of mfa_page.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_PAGE_LEGACY_H
#define MFA_PAGE_LEGACY_H

#pragma GCC visibility push(hidden)


/* paths are compared with nginx's normalised r->uri; they may answer or
 * refuse, never open */

typedef struct {
    mfa_str_t  path;            /* "/mss/logout" */
    bool       is_forward;      /* the application gets the request first */
} mfa_logout_url_t;

typedef struct {
    mfa_str_t  old;             /* "/portal/login.jsp" */
    mfa_str_t  new;             /* a path, or an address of an application */
} mfa_legacy_url_t;

typedef struct {
    mfa_strs_t  names;          /* of the application's own cookies */
    mfa_str_t   path;           /* empty: see mfa_legacy_cookies */
    mfa_str_t   domain;         /* empty: of the host alone */
} mfa_application_cookies_t;

#define MFA_LOGOUT_URLS_MAX          32
#define MFA_LEGACY_URLS_MAX          256
#define MFA_APPLICATION_COOKIES_MAX  32
#define MFA_HELD_FORM_MAX            (32 * 1024 * 1024)

typedef struct {
    int64_t                    held_form;       /* bytes; 0: off */
    mfa_strs_t                 idle_ignore;     /* "/ess/poll", "/ess/live/" */
    mfa_logout_url_t           logout_urls[MFA_LOGOUT_URLS_MAX];
    size_t                     logout_url_count;
    mfa_legacy_url_t           legacy_urls[MFA_LEGACY_URLS_MAX];
    size_t                     legacy_url_count;
    mfa_application_cookies_t  cookies[MFA_APPLICATION_COOKIES_MAX];
    size_t                     cookie_count;
} mfa_legacy_settings_t;

extern const mfa_option_t  mfa_legacy_options[];

void mfa_legacy_defaults(mfa_legacy_settings_t *settings);

/* the place itself, or below one that ends with '/' */
bool mfa_legacy_is_at(mfa_str_t path, mfa_str_t place);

/* a path of the list, or below one that ends with '/' */
bool mfa_legacy_is_ignored(const mfa_legacy_settings_t *settings,
    mfa_str_t path);

/* what a request says of who started it; data NULL: it does not say */

typedef struct {
    mfa_str_t  path;            /* nginx's normalised r->uri */
    mfa_str_t  purpose;         /* Sec-Purpose, or Purpose */
    mfa_str_t  site;            /* Sec-Fetch-Site, */
    mfa_str_t  mode;            /* -Mode, */
    mfa_str_t  dest;            /* -Dest, */
    mfa_str_t  user;            /* -User */
    mfa_str_t  user_agent;
    bool       is_upgrade;      /* a handshake of a WebSocket, say */
} mfa_signs_t;

/* does it count as activity of a person? Event loop (mfa_legacy_person.c) */
bool mfa_legacy_is_person(const mfa_legacy_settings_t *settings,
    const mfa_signs_t *signs);

/* a value of Sec-Purpose or Purpose: the browser guesses ahead */
bool mfa_legacy_is_prefetch(mfa_str_t purpose);

/* the exact path; NULL: none */
const mfa_logout_url_t *mfa_legacy_logout(
    const mfa_legacy_settings_t *settings, mfa_str_t path);

/* the exact path, or below an old one that ends with '/': then *rest is what
 * stands behind it. NULL: none */
const mfa_legacy_url_t *mfa_legacy_find(const mfa_legacy_settings_t *settings,
    mfa_str_t path, mfa_str_t *rest);


/*
 * Forms that were kept (mfa_page_held.c, L9). Their page sets a cookie with
 * a token for each of the last that were shown: who has it was shown the
 * form in this session, which is what lets the gate send it.
 */

#define MFA_HELD_FIELD  "mfa_held"      /* of the form that sends one */

/* the page of one, as a path of a host with a portal; and the path of one */
bool mfa_held_is_page(mfa_str_t target, mfa_str_t portal);
mfa_str_t mfa_held_page(mfa_arena_t *arena, mfa_str_t portal, mfa_str_t id);

/* deny first; session: its key, value: of the cookie */
mfa_verdict_t mfa_held_judge(const mfa_keys_t *keys, mfa_str_t id,
    const uint8_t session[MFA_DIGEST_SIZE], mfa_str_t value);

/* 32 digits in hex; MFA_NOT_FOUND */
mfa_status_t mfa_page_id(mfa_str_t text, mfa_id_t *id) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_PAGE_LEGACY_H */
