/*
 * The base: bytes, memory, codecs, crypto, templates, words, options, ports.
 *
 * Rank 0. Knows nothing of users, pages, stores or nginx. Everything above
 * includes this header, and with it the parts of its contract that stand in
 * mfa_base_text.h, _crypto.h, _page.h and _option.h.
 *
 * Rules that hold for every call unless its comment says otherwise
 *
 * - a status answers "did the call work?"; it must be looked at;
 * - an mfa_str_t borrows, it never owns; zero bytes inside are legal;
 * - what a call returns by pointer lives in the arena it was given;
 * - no call blocks, reads files or logs;
 * - every call may run in any thread, on its own arguments.
 */

#ifndef MFA_BASE_H
#define MFA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#pragma GCC visibility push(hidden)


/* where the package puts pages, words and lists; tests build with another */
#ifndef MFA_DATA_DIR
#define MFA_DATA_DIR        "/usr/share/nginx-mfa"
#endif

#define MFA_MUST_CHECK      __attribute__((warn_unused_result))
#define MFA_PRINTF(f, a)    __attribute__((format(printf, f, a)))


/* status: did the call work? */

/*      name          class   text                                        */
#define MFA_STATUS_MAP(X)                                                     \
    X(OK,             ANSWER, "ok")                                           \
    X(NOT_FOUND,      ANSWER, "not found")                                    \
    X(EXISTS,         ANSWER, "exists already")                               \
    X(INVALID,        ANSWER, "invalid")                                      \
    X(EXPIRED,        ANSWER, "expired")                                      \
    X(LIMITED,        ANSWER, "too many attempts")                            \
    X(AGAIN,          ANSWER, "cannot answer without waiting")                \
    X(HASH,           ANSWER, "a password hash is wanted")                    \
    X(NO_MEMORY,      FAULT,  "out of memory")                                \
    X(STORE,          FAULT,  "store failed")                                 \
    X(STORE_FULL,     FAULT,  "store is full")                                \
    X(STORE_BUSY,     FAULT,  "store is held by another writer")              \
    X(DAMAGED,        FAULT,  "record is damaged")                            \
    X(NEWER,          FAULT,  "record was written by a newer version")        \
    X(CRYPTO,         FAULT,  "cryptography failed")                          \
    X(CONFIG,         FAULT,  "configuration is wrong")                       \
    X(UNAVAILABLE,    FAULT,  "temporarily unavailable")                      \
    X(BUG,            FAULT,  "internal error")

typedef enum {
#define MFA_STATUS_ENUM(name, class, text)  MFA_##name,
    MFA_STATUS_MAP(MFA_STATUS_ENUM)
#undef MFA_STATUS_ENUM
    MFA_STATUS_COUNT
} mfa_status_t;

/* the text of a status, for logs; never shown to a visitor */
const char *mfa_status_text(mfa_status_t st);

/* a fault is a failure of ours, not an answer about the caller's question */
bool mfa_status_is_fault(mfa_status_t st);


/* verdict: may this person pass?  zero is no */

typedef enum {
    MFA_VERDICT_DENY = 0,
    MFA_VERDICT_PASS
} mfa_verdict_t;


/* milliseconds since 1970-01-01T00:00:00Z */

typedef int64_t  mfa_time_t;

#define MFA_SECOND  ((mfa_time_t) 1000)
#define MFA_MINUTE  (60 * MFA_SECOND)
#define MFA_HOUR    (60 * MFA_MINUTE)
#define MFA_DAY     (24 * MFA_HOUR)


/* strings */

typedef struct {
    const char  *data;
    size_t       len;
} mfa_str_t;

#define mfa_str(literal)   ((mfa_str_t) { "" literal, sizeof(literal) - 1 })
#define mfa_str_static(literal)  { "" literal, sizeof(literal) - 1 }
#define mfa_null           ((mfa_str_t) { NULL, 0 })

#define MFA_STR_FMT        "%.*s"
#define MFA_STR_ARG(s)     (int) (s).len, (s).data != NULL ? (s).data : ""

mfa_str_t mfa_str_from(const char *text);             /* NULL gives mfa_null */
mfa_str_t mfa_str_bytes(const void *data, size_t len);
bool mfa_str_eq(mfa_str_t a, mfa_str_t b);            /* not constant-time */
bool mfa_str_eq_c(mfa_str_t a, const char *text);
int mfa_str_cmp(mfa_str_t a, mfa_str_t b);            /* as memcmp, then len */
bool mfa_str_has_prefix(mfa_str_t s, mfa_str_t prefix);
mfa_str_t mfa_str_trim(mfa_str_t s);                  /* ASCII white space */

/*
 * Cut s at the first sep: returns what stands before it, leaves the rest in
 * *s; without sep returns all of it and leaves mfa_null.
 */
mfa_str_t mfa_str_split(mfa_str_t *s, char sep);

/* a decimal number of 1 to 18 digits; MFA_INVALID otherwise */
mfa_status_t mfa_str_number(mfa_str_t s, int64_t *n) MFA_MUST_CHECK;


/* arena: the memory of one job, wiped and freed as a whole */

typedef struct mfa_arena_s  mfa_arena_t;

/*
 * limit: bytes this arena may hand out in all. NULL when out of memory.
 */
mfa_arena_t *mfa_arena_open(size_t limit);

/* wipes every byte handed out, frees, sets *arena to NULL; NULL is fine */
void mfa_arena_close(mfa_arena_t **arena);

/* wipes every byte handed out; the arena is as new, and kept for the next */
void mfa_arena_clear(mfa_arena_t *arena);

/*
 * size bytes aligned for any type, zeroed. NULL when the limit or the memory
 * is reached; the arena then remembers that it failed, so that a chain of
 * builder calls can be checked once at its end.
 */
void *mfa_arena_alloc(mfa_arena_t *arena, size_t size);
bool mfa_arena_has_failed(const mfa_arena_t *arena);

/* copies; data is followed by a zero byte that len does not count */
mfa_status_t mfa_arena_copy(mfa_arena_t *arena, mfa_str_t s, mfa_str_t *out)
    MFA_MUST_CHECK;

/* a zero-terminated copy, NULL on failure; zero bytes in s cut it short */
char *mfa_arena_cstr(mfa_arena_t *arena, mfa_str_t s);

/* printf into the arena; data NULL on failure (the arena remembers) */
mfa_str_t mfa_arena_printf(mfa_arena_t *arena, const char *fmt, ...)
    MFA_PRINTF(2, 3);


/*
 * buffer: bytes that grow inside an arena, with a hard maximum.
 * Puts after a failure are no-ops; mfa_buf_str tells.
 */

typedef struct {
    mfa_arena_t  *arena;
    char         *data;
    size_t        len;
    size_t        size;
    size_t        max;
    bool          has_failed;
} mfa_buf_t;

void mfa_buf_init(mfa_buf_t *buf, mfa_arena_t *arena, size_t max);
void mfa_buf_put(mfa_buf_t *buf, mfa_str_t s);
void mfa_buf_puts(mfa_buf_t *buf, const char *text);
void mfa_buf_putc(mfa_buf_t *buf, char c);
void mfa_buf_printf(mfa_buf_t *buf, const char *fmt, ...) MFA_PRINTF(2, 3);

/* MFA_OK, or MFA_NO_MEMORY when any put failed */
mfa_status_t mfa_buf_str(const mfa_buf_t *buf, mfa_str_t *out) MFA_MUST_CHECK;


/* small lists that live in an arena */

#define MFA_LIST_MAX  64

typedef struct {
    mfa_str_t  *items;
    size_t      count;
} mfa_strs_t;

typedef struct {
    mfa_str_t  name;
    mfa_str_t  value;
} mfa_pair_t;

typedef struct {
    mfa_pair_t  *items;
    size_t       count;
} mfa_pairs_t;

/*
 * Append; items is moved as it grows. MFA_INVALID beyond MFA_LIST_MAX.
 * The strings are borrowed, not copied.
 */
mfa_status_t mfa_strs_add(mfa_arena_t *arena, mfa_strs_t *list, mfa_str_t s)
    MFA_MUST_CHECK;
mfa_status_t mfa_pairs_add(mfa_arena_t *arena, mfa_pairs_t *list,
    mfa_str_t name, mfa_str_t value) MFA_MUST_CHECK;

bool mfa_strs_has(const mfa_strs_t *list, mfa_str_t s);

/* the value of the first pair of that name; mfa_null when there is none */
mfa_str_t mfa_pairs_get(const mfa_pairs_t *list, mfa_str_t name);


/* ports: what the core is given by whoever hosts it; tests give their own */

typedef enum {
    MFA_LOG_ERROR = 0,      /* the operator must act */
    MFA_LOG_WARN,
    MFA_LOG_NOTICE,
    MFA_LOG_INFO,
    MFA_LOG_DEBUG
} mfa_log_level_t;

typedef struct {
    mfa_time_t    (*now)(void *ctx);
    /* fills buf from getrandom(2); anything but MFA_OK must end the job */
    mfa_status_t  (*random)(void *ctx, void *buf, size_t len);
    /* one line without its newline; any thread; never blocks for long */
    void          (*log)(void *ctx, mfa_log_level_t level, const char *line);
    void           *ctx;
} mfa_ports_t;

/* the machine's clock and getrandom(2), and a log to standard error */
extern const mfa_ports_t  mfa_ports_system;

mfa_time_t mfa_port_now(const mfa_ports_t *ports);
mfa_status_t mfa_port_random(const mfa_ports_t *ports, void *buf, size_t len)
    MFA_MUST_CHECK;

/* control bytes in the line are escaped; it is cut at 1,000 bytes */
void mfa_log(const mfa_ports_t *ports, mfa_log_level_t level,
    const char *fmt, ...) MFA_PRINTF(3, 4);


/* the message an operator gets, without file and line, which are known */
typedef struct {
    char  text[512];
} mfa_error_t;

void mfa_error_set(mfa_error_t *error, const char *fmt, ...) MFA_PRINTF(2, 3);

#pragma GCC visibility pop


/* the rest of the contract, by subject */

#include "mfa_base_text.h"
#include "mfa_base_crypto.h"
#include "mfa_base_page.h"
#include "mfa_base_option.h"


/* calls that have no bound do not compile */

#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strtok
#undef strncpy
#undef strncat
#define strcpy(...)    mfa_banned_strcpy
#define strcat(...)    mfa_banned_strcat
#define sprintf(...)   mfa_banned_sprintf
#define vsprintf(...)  mfa_banned_vsprintf
#define strtok(...)    mfa_banned_strtok
#define strncpy(...)   mfa_banned_strncpy
#define strncat(...)   mfa_banned_strncat

#endif /* MFA_BASE_H */
