/*
 * mfactl monitor: what monitor mode noted, read and added up, and the lines
 * of configuration that would fit the clients that cannot log in.
 *
 * Private to that command. Everything in a log was written by visitors:
 * nothing of it becomes configuration unless it is plain.
 */

#ifndef MFACTL_MONITOR_H
#define MFACTL_MONITOR_H

#include "mfactl_lint.h"

#pragma GCC visibility push(hidden)


/* mfactl_monitor_line.c: one line of a log */

typedef enum {
    MONITOR_LOGIN,
    MONITOR_STEP_UP,
    MONITOR_NO_ACCESS,
    MONITOR_UNAVAILABLE,
    MONITOR_WOULDS
} monitor_would_t;

typedef enum {
    MONITOR_NOTE,
    MONITOR_DROPPED,            /* count of notes that were not written */
    MONITOR_OTHER,              /* another event */
    MONITOR_FOREIGN,            /* no line of ours */
    MONITOR_BROKEN
} monitor_line_t;

/* strings borrow from json */
typedef struct {
    mfa_time_t       at;
    mfa_time_t       first_at;
    monitor_would_t  would;
    uint64_t         count;
    mfa_time_t       gap_least; /* between two requests; 0: unknown */
    mfa_time_t       gap_most;
    mfa_address_t    address;
    mfa_str_t        host;
    mfa_str_t        method;
    mfa_str_t        path;
    mfa_str_t        agent;
    mfa_str_t        mode;      /* Sec-Fetch-Mode, -Site */
    mfa_str_t        site;
    mfa_str_t        auth;
    mfa_str_t        upgrade;
    mfa_str_t        removed;   /* the first of them */
    bool             is_page;
    bool             is_below;  /* of several paths, what they share */
    bool             is_error_log;  /* where visitors can write lines */
    json_t          *json;
} monitor_note_t;

/* after MONITOR_NOTE and MONITOR_DROPPED: monitor_line_end */
monitor_line_t monitor_line_read(mfa_str_t text, monitor_note_t *note);
void monitor_line_end(monitor_note_t *note);


/* mfactl_monitor_kind.c: what sort of client it is */

typedef enum {
    MONITOR_BROWSER,
    MONITOR_HEALTH,
    MONITOR_OFFICE,
    MONITOR_FEED,
    MONITOR_SCRIPT,
    MONITOR_SERVER,             /* names people by a header */
    MONITOR_PROGRAM,
    MONITOR_KINDS
} monitor_kind_t;

monitor_kind_t monitor_kind(const monitor_note_t *note);
const char *monitor_kind_name(monitor_kind_t kind);
const char *monitor_kind_why(monitor_kind_t kind);

/* loopback, 10/8, 172.16/12, 192.168/16, 169.254/16, fc00::/7, fe80::/10 */
bool monitor_is_private(const mfa_address_t *address);

/* can stand in a configuration as it is? */
bool monitor_is_plain_path(mfa_str_t path);
bool monitor_is_plain_host(mfa_str_t host);


/* mfactl_monitor_table.c: all of them */

#define MONITOR_CLIENTS_MAX  5000
#define MONITOR_PATHS_MAX    8

typedef struct {
    mfa_str_t   host;
    mfa_str_t   path;
    mfa_str_t   method;         /* of the first */
    bool        is_below;
    uint64_t    count;
    uint64_t    gaps;
    mfa_time_t  gap_least;
    mfa_time_t  gap_most;
} monitor_path_t;

typedef struct monitor_client_s  monitor_client_t;

struct monitor_client_s {
    monitor_client_t  *next;    /* of the same hash */
    mfa_address_t      address;
    mfa_str_t          agent;
    monitor_kind_t     kind;
    mfa_str_t          auth;
    mfa_str_t          upgrade;
    mfa_str_t          removed;
    uint64_t           count;
    uint64_t           pages;
    uint64_t           other_paths;     /* requests to paths beyond the max */
    mfa_time_t         first_at;
    mfa_time_t         last_at;
    monitor_path_t     paths[MONITOR_PATHS_MAX];
    size_t             path_count;
    bool               is_used;
    bool               is_error_log;
};

typedef struct {
    mfa_arena_t        *arena;
    mfa_time_t          since;          /* 0: all */
    monitor_client_t   *clients;
    size_t              count;          /* slots that were ever used */
    size_t              free_count;
    size_t              outside;
    monitor_client_t  **buckets;
    uint64_t            seed;

    mfa_time_t          first_at;
    mfa_time_t          last_at;
    uint64_t            lines[MONITOR_BROKEN + 1];
    uint64_t            old;            /* before since */
    uint64_t            error_log;
    uint64_t            dropped;        /* by the gateway */
    uint64_t            unlisted;       /* by us */
    uint64_t            requests;
    uint64_t            would[MONITOR_WOULDS];
    uint64_t            pages;          /* of browsers */
} monitor_table_t;

mfa_status_t monitor_table_init(monitor_table_t *table, mfa_arena_t *arena)
    MFA_MUST_CHECK;
mfa_status_t monitor_table_line(monitor_table_t *table, mfa_str_t text)
    MFA_MUST_CHECK;

/* a person in a browser: nothing breaks */
bool monitor_is_person(const monitor_client_t *client);

/* does anybody load pages with a browser from there? */
bool monitor_is_shared(const monitor_table_t *table,
    const mfa_address_t *address);

bool monitor_is_regular(const monitor_path_t *path);


/* mfactl_monitor_fit.c: lines of configuration; lint NULL: none was read */

mfa_status_t monitor_fit(const monitor_table_t *table, const lint_t *lint,
    mfa_buf_t *server, mfa_buf_t *realm) MFA_MUST_CHECK;

/* mfactl_monitor_place.c: the location that serves path today, its lines
 * without those about who may pass. false: *why it cannot be copied */
typedef struct {
    mfa_str_t    host;
    mfa_str_t    path;
    bool         is_below;
    const char  *why;
    mfa_str_t    name;          /* "location /ess/", or empty */
    mfa_str_t    where;         /* "file:line" */
} monitor_place_t;

bool monitor_place_copy(const lint_t *lint, monitor_place_t *place,
    mfa_buf_t *lines);

/* NULL: none, or not to be told */
const lint_place_t *monitor_place_server(const lint_t *lint, mfa_str_t host);

/* for a comment: quoted, one line whatever is in it */
void monitor_quote(mfa_buf_t *buf, mfa_str_t s);

#pragma GCC visibility pop

#endif /* MFACTL_MONITOR_H */
