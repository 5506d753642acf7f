/*
 * mfactl probe: forged headers through a running gateway. Private to it.
 */

#ifndef MFACTL_PROBE_H
#define MFACTL_PROBE_H

#include "mfactl_lint.h"

#pragma GCC visibility push(hidden)


#define PROBE_NAMES_MAX   16
#define PROBE_PATHS_MAX   512
#define PROBE_ANSWER_MAX  (64 * 1024)
#define PROBE_MARK_SIZE   48            /* "mfaprobe-RUN-NUMBER-NAME" */


/* mfactl_probe_wire.c: bytes as they are, over TCP or TLS */

typedef struct {
    const char  *url;               /* scheme, host and port */
    const char  *connect;           /* "127.0.0.1:8443" instead, or NULL */
    char        *ca;                /* PEM, or NULL */
} probe_wire_t;

mfa_status_t probe_wire_ready(void) MFA_MUST_CHECK;

/*
 * One request on a connection of its own; what came back, up to
 * PROBE_ANSWER_MAX bytes. MFA_UNAVAILABLE: no connection, with the reason.
 */
mfa_status_t probe_wire_ask(const probe_wire_t *wire, mfa_str_t request,
    mfa_arena_t *arena, mfa_str_t *answer, mfa_error_t *error) MFA_MUST_CHECK;


/* mfactl_probe_forge.c: the spellings */

typedef struct {
    mfa_str_t         host;         /* for "Host" */
    const char       *scheme;
    mfa_str_t         cookie;       /* or empty */
    const mfa_str_t  *names;
    size_t            count;
    unsigned          number;       /* of this request */
    const char       *run;          /* random, of this run */
} probe_forge_t;

/* how many there are of headers, of addresses, and one request's name */
size_t probe_headers(void);
size_t probe_targets(void);
const char *probe_header_name(size_t i);
const char *probe_target_name(size_t i);

/* the bytes of a request; header and target are numbers of spellings */
mfa_status_t probe_forge(mfa_arena_t *arena, const probe_forge_t *forge,
    size_t header, size_t target, mfa_str_t path, mfa_str_t *request)
    MFA_MUST_CHECK;

/* what the value of a name is in a request; count itself is the control */
mfa_str_t probe_mark(mfa_arena_t *arena, const probe_forge_t *forge,
    size_t name);


/* mfactl_probe_where.c: what to ask for */

typedef struct {
    mfa_str_t   paths[PROBE_PATHS_MAX];
    size_t      count;
    mfa_str_t   names[PROBE_NAMES_MAX];
    size_t      name_count;
    mfa_strs_t  left;               /* regular expressions not understood */
} probe_where_t;

mfa_status_t probe_where_path(probe_where_t *where, mfa_str_t path)
    MFA_MUST_CHECK;
mfa_status_t probe_where_name(probe_where_t *where, mfa_str_t name)
    MFA_MUST_CHECK;

/* locations and header names of the servers that answer for the host */
mfa_status_t probe_where_conf(mfa_arena_t *arena, const char *file,
    mfa_str_t host, probe_where_t *where, mfa_error_t *error) MFA_MUST_CHECK;


/* mfactl_probe_listen.c: an application that writes down what it gets */

typedef struct probe_listen_s  probe_listen_t;

/* "127.0.0.1:PORT", loopback alone */
mfa_status_t probe_listen_open(const char *address, probe_listen_t **listen,
    mfa_error_t *error) MFA_MUST_CHECK;
void probe_listen_close(probe_listen_t **listen);

/* what came before is forgotten */
void probe_listen_forget(probe_listen_t *listen);

/* the line of a header with this value, cut and copied; false: never came */
bool probe_listen_find(probe_listen_t *listen, mfa_str_t mark, char *line,
    size_t size);

#pragma GCC visibility pop

#endif /* MFACTL_PROBE_H */
