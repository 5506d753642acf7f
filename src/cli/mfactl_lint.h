/*
 * mfactl lint and what it shares with mfactl probe: nginx's configuration as
 * a tree, the places in it that answer requests, findings.
 *
 * Private to those two commands. All memory is that of the program's arena.
 */

#ifndef MFACTL_LINT_H
#define MFACTL_LINT_H

#include "mfactl.h"

#pragma GCC visibility push(hidden)


/* mfactl_tree.c: the whole configuration */

typedef struct mfactl_node_s  mfactl_node_t;

struct mfactl_node_s {
    mfa_str_t      *words;          /* at least one */
    size_t          count;
    const char     *file;
    unsigned        line;           /* where it ends, as nginx counts */
    mfactl_node_t  *parent;
    mfactl_node_t  *first;          /* of a block */
    mfactl_node_t  *last;
    mfactl_node_t  *next;
};

/*
 * A file with what it includes; "-" is standard input. What "nginx -T"
 * printed is known by its "# configuration file" lines, and its includes are
 * looked up in it. MFA_CONFIG with file and line in error.
 */
mfa_status_t mfactl_tree_read(mfa_arena_t *arena, const char *name,
    mfactl_node_t **root, mfa_error_t *error) MFA_MUST_CHECK;

/* mfactl_tree_text.c; MFA_NOT_FOUND with errno: cannot be read */
mfa_status_t mfactl_tree_text(mfa_arena_t *arena, const char *name,
    mfa_str_t *text) MFA_MUST_CHECK;

/* the first of that name in a block, or NULL */
const mfactl_node_t *mfactl_tree_find(const mfactl_node_t *block,
    const char *name);
const mfactl_node_t *mfactl_tree_next(const mfactl_node_t *node,
    const char *name);

/* a word, or empty; 0 is the name */
mfa_str_t mfactl_tree_word(const mfactl_node_t *node, size_t i);


/* mfactl_lint_place.c: servers and locations */

typedef enum {
    LINT_SERVER,
    LINT_LOCATION,
    LINT_IF,                        /* "if" and "limit_except" */
    LINT_STREAM                     /* a server of "stream" */
} lint_kind_t;

typedef enum {
    LINT_PREFIX,
    LINT_PREFIX_FIRST,              /* ^~ */
    LINT_EXACT,
    LINT_REGEX,
    LINT_NAMED
} lint_match_t;

#define LINT_KEYS_MAX  16

typedef struct lint_place_s  lint_place_t;

struct lint_place_s {
    lint_kind_t           kind;
    const mfactl_node_t  *node;
    lint_place_t         *parent;
    lint_place_t         *server;   /* itself for a server */
    lint_place_t         *next;     /* in the order of the file */

    lint_match_t          match;    /* of the location, or the one around */
    mfa_str_t             path;

    mfa_str_t             realm;    /* empty: not guarded */
    bool                  is_guarded;
    bool                  is_asked;     /* ... by auth_request alone */
    bool                  is_said;  /* "mfa off" or "mfa_level open" */
    bool                  is_portal;
    bool                  is_closed;    /* the server answers before */
    bool                  is_hidden;    /* no client asks for it: @name */
    bool                  has_guard;    /* a server: something in it */

    const mfactl_node_t  *pass;     /* proxy_pass and its like, or NULL */
    mfa_str_t             keys[LINT_KEYS_MAX];  /* of its application */
    size_t                key_count;
    mfa_str_t             sent;     /* where the application sees path */
    bool                  is_same;  /* ... which is path itself */
};

typedef struct {
    const char           *id;
    const mfactl_node_t  *node;
    mfa_str_t             what;
    const char           *why;
    const char           *instead;
} lint_finding_t;

typedef struct {
    mfa_arena_t          *arena;
    const mfactl_node_t  *root;
    const mfactl_node_t  *http;     /* or NULL */
    lint_place_t         *places;
    lint_place_t         *last;
    lint_finding_t       *findings;
    size_t                count;
    size_t                room;
    bool                  has_failed;   /* out of memory */
} lint_t;

void lint_places(lint_t *lint);

/* in force at a place: of the nearest level that has any */
const mfactl_node_t *lint_get(const lint_place_t *place, const char *name);

/* its first argument, or fallback */
mfa_str_t lint_value(const lint_place_t *place, const char *name,
    const char *fallback);
bool lint_is(const lint_place_t *place, const char *name, const char *value);

/* "location /ess/", "server people.example.org" */
mfa_str_t lint_name(const lint_t *lint, const lint_place_t *place);

/* the place of this server that a plain path leads to, by prefixes alone */
const lint_place_t *lint_choose(const lint_t *lint,
    const lint_place_t *server, mfa_str_t path);

/* how a regular expression begins, if that is plain: "^/ess/.*" */
mfa_str_t lint_regex_start(mfa_str_t regex);

/* can a path be below both? regular expressions as far as they are plain */
bool lint_overlaps(const lint_place_t *a, const lint_place_t *b);

/* mfactl_lint_word.c: what stands in a value */

/* does a client's word get into this text, through "set" as well? */
bool lint_is_from_client(const lint_place_t *place, mfa_str_t text);

/*
 * Is one of these variables in it, through "set" and "map" as well? A name
 * that ends in '_' stands for all that begin so; NULL ends the list.
 */
bool lint_has_variable(const lint_place_t *place, mfa_str_t text,
    const char *const *names);

/* the realm's block, or NULL */
const mfactl_node_t *lint_realm(const lint_t *lint, mfa_str_t name);

/* "Remote_User" is "remote-user": the length and bytes with one separator */
bool lint_same_header(mfa_str_t a, mfa_str_t b);

/* names of the identity headers in force: their count, at most 4 */
size_t lint_identity(const lint_place_t *place, mfa_str_t names[4]);


/* mfactl_lint_backend.c: which application a place passes to */

void lint_backends(lint_t *lint);
bool lint_same_backend(const lint_place_t *a, const lint_place_t *b);

typedef struct {
    mfa_str_t  host;                /* empty: any */
    mfa_str_t  port;
} lint_address_t;

/* "[::]:443", "8080", "unix:/x", "*:80"; a missing port is port */
lint_address_t lint_address(mfa_str_t text, const char *port);
bool lint_is_loopback(mfa_str_t host);
bool lint_address_meets(lint_address_t a, lint_address_t b);

/* "10.0.0.0/8" with fewer bits than v4 or v6, or "all" */
bool lint_is_wide(mfa_str_t network, unsigned v4, unsigned v6);


/* mfactl_lint_server.c: where a server listens */

/* its "listen" lines; NULL first: it has none and listens on port 80 */
const mfactl_node_t *lint_listen_next(const lint_place_t *server,
    const mfactl_node_t *listen);
lint_address_t lint_listen_address(const mfactl_node_t *listen);
bool lint_is_default(const lint_t *lint, const lint_place_t *server);


/* mfactl_lint_hole.c */

/* text of the finding as printf; once for a node and an id */
void lint_add(lint_t *lint, const char *id, const mfactl_node_t *node,
    const char *fmt, ...) MFA_PRINTF(4, 5);

/* rules; each looks at all places */

void lint_rules_gate(lint_t *lint);         /* mfactl_lint_gate.c */
void lint_rules_match(lint_t *lint);        /* mfactl_lint_match.c */
void lint_rules_reach(lint_t *lint);        /* mfactl_lint_reach.c */
void lint_rules_server(lint_t *lint);       /* mfactl_lint_server.c */
void lint_rules_identity(lint_t *lint);     /* mfactl_lint_identity.c */

#pragma GCC visibility pop

#endif /* MFACTL_LINT_H */
