/*
 * What monitor mode keeps of a request, between its three files.
 */

#ifndef NGX_MFA_MONITOR_H
#define NGX_MFA_MONITOR_H

#include "ngx_mfa_module.h"

#pragma GCC visibility push(hidden)


typedef enum {
    NGX_MFA_MONITOR_HOST = 0,
    NGX_MFA_MONITOR_METHOD,
    NGX_MFA_MONITOR_PATH,
    NGX_MFA_MONITOR_AGENT,
    NGX_MFA_MONITOR_MODE,       /* Sec-Fetch-Mode, -Site, -Dest */
    NGX_MFA_MONITOR_SITE,
    NGX_MFA_MONITOR_DEST,
    NGX_MFA_MONITOR_TYPE,
    NGX_MFA_MONITOR_TEXTS
} ngx_mfa_monitor_text_e;

typedef struct {
    const ngx_mfa_realm_t     *realm;
    ngx_array_t               *stripped;    /* ngx_str_t, of removed */
    uint64_t                   removed;
    mfa_str_t                  would;
    ngx_uint_t                 answer;      /* status */
    const char                *auth;        /* scheme, of a few; or NULL */
    const char                *upgrade;     /* "websocket", "other", NULL */
    mfa_address_t              address;
    mfa_str_t                  text[NGX_MFA_MONITOR_TEXTS];
    ngx_uint_t                 is_page;
} ngx_mfa_monitor_fact_t;

/* copies */
void ngx_mfa_monitor_add(const ngx_mfa_monitor_fact_t *fact);


/* in the table */

#define NGX_MFA_MONITOR_TEXT  256       /* bytes kept of a text, at most */

typedef struct {
    ngx_mfa_monitor_fact_t  fact;       /* realm NULL: free */
    u_char                  bytes[NGX_MFA_MONITOR_TEXTS]
                                 [NGX_MFA_MONITOR_TEXT];
    size_t                  key;        /* bytes of the path */
    size_t                  shared;     /* of those to be written */
    ngx_uint_t              count;      /* to be written */
    mfa_time_t              written_at; /* 0: never */
    mfa_time_t              first_at;
    mfa_time_t              last_at;
    mfa_time_t              least;      /* between two requests; 0: none */
    mfa_time_t              most;
} ngx_mfa_monitor_entry_t;


/* ngx_mfa_monitor_line.c */

/* bytes kept of each text */
extern const size_t  ngx_mfa_monitor_max[NGX_MFA_MONITOR_TEXTS];

/* one line of JSON with the count, to the event log */
void ngx_mfa_monitor_line(const ngx_mfa_monitor_entry_t *entry);

#pragma GCC visibility pop

#endif /* NGX_MFA_MONITOR_H */
