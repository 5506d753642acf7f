/*
 * The base: bytes, memory, codecs, crypto, templates, words, options, ports.
 *
 * Rank 0. Knows nothing of users, pages, stores or nginx. Everything above
 * may include this header; it includes nothing of ours.
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


/* codecs; all of them refuse what is not canonical with MFA_INVALID */

/* lower-case hex, RFC 4648 section 8 */
mfa_status_t mfa_hex_encode(mfa_arena_t *arena, mfa_str_t bytes,
    mfa_str_t *out) MFA_MUST_CHECK;

/* base32 without padding, RFC 4648 section 6; decoding accepts lower case */
mfa_status_t mfa_base32_encode(mfa_arena_t *arena, mfa_str_t bytes,
    mfa_str_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_base32_decode(mfa_arena_t *arena, mfa_str_t text,
    mfa_str_t *out) MFA_MUST_CHECK;

/* base64url without padding, RFC 4648 section 5 */
mfa_status_t mfa_base64url_encode(mfa_arena_t *arena, mfa_str_t bytes,
    mfa_str_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_base64url_decode(mfa_arena_t *arena, mfa_str_t text,
    mfa_str_t *out) MFA_MUST_CHECK;

/*
 * base64url of exactly len bytes into buf, without an arena; for the gate.
 */
mfa_status_t mfa_base64url_decode_fixed(mfa_str_t text, uint8_t *buf,
    size_t len) MFA_MUST_CHECK;

/* standard base64 with padding, RFC 4648 section 4, for mail */
mfa_status_t mfa_base64_encode(mfa_arena_t *arena, mfa_str_t bytes,
    mfa_str_t *out) MFA_MUST_CHECK;

/* percent-encode all but RFC 3986 unreserved bytes and those in keep */
mfa_status_t mfa_percent_encode(mfa_arena_t *arena, mfa_str_t s,
    const char *keep, mfa_str_t *out) MFA_MUST_CHECK;

/* escapes for a JSON string (RFC 8259), without the quotes; for log lines */
void mfa_json_put(mfa_buf_t *buf, mfa_str_t s);

/* 2026-11-21T21:40:01.123Z, RFC 3339 */
#define MFA_TIME_TEXT_SIZE  25
void mfa_time_text(mfa_time_t t, char text[MFA_TIME_TEXT_SIZE]);

/*
 * record codec: fields in a fixed order, numbers as varints, strings with
 * their length first. A reader keeps going after a fault and tells at the
 * end; reading past the end of an older, shorter record gives zero and
 * empty values, so new fields go at the end.
 */

void mfa_pack_number(mfa_buf_t *buf, uint64_t n);
void mfa_pack_time(mfa_buf_t *buf, mfa_time_t t);      /* 0 and up */
void mfa_pack_str(mfa_buf_t *buf, mfa_str_t s);
void mfa_pack_strs(mfa_buf_t *buf, const mfa_strs_t *list);
void mfa_pack_pairs(mfa_buf_t *buf, const mfa_pairs_t *list);

typedef struct {
    mfa_str_t     rest;
    mfa_arena_t  *arena;        /* for the arrays of lists */
    bool          is_damaged;
} mfa_unpack_t;

void mfa_unpack_init(mfa_unpack_t *in, mfa_str_t record, mfa_arena_t *arena);
uint64_t mfa_unpack_number(mfa_unpack_t *in);
mfa_time_t mfa_unpack_time(mfa_unpack_t *in);
mfa_str_t mfa_unpack_str(mfa_unpack_t *in);            /* borrows record */
void mfa_unpack_strs(mfa_unpack_t *in, mfa_strs_t *list);
void mfa_unpack_pairs(mfa_unpack_t *in, mfa_pairs_t *list);

/* MFA_OK or MFA_DAMAGED */
mfa_status_t mfa_unpack_end(const mfa_unpack_t *in) MFA_MUST_CHECK;


/* text that people and headers bring */

bool mfa_text_is_utf8(mfa_str_t s);

/* true when s has bytes below 0x20, 0x7f, or U+0080-9F, U+2028, U+2029 */
bool mfa_text_has_control(mfa_str_t s);

/* number of code points of valid UTF-8 */
size_t mfa_text_length(mfa_str_t s);

#define MFA_EMAIL_MAX  254

/*
 * The one canonical form of an e-mail address: trimmed, ASCII only,
 * lower-cased, one @, a dot-atom local part (RFC 5322 section 3.2.3) of 1 to
 * 64 bytes and a domain of RFC 1123 labels with at least one dot.
 * MFA_INVALID for anything else: quoted forms, comments, lists, controls.
 */
mfa_status_t mfa_email_canonical(mfa_arena_t *arena, mfa_str_t typed,
    mfa_str_t *out) MFA_MUST_CHECK;

/*
 * A value for an HTTP header: printable ASCII as it is, everything else and
 * '%' percent-encoded from UTF-8, cut at max bytes on an encoding boundary.
 */
mfa_status_t mfa_header_value(mfa_arena_t *arena, mfa_str_t s, size_t max,
    mfa_str_t *out) MFA_MUST_CHECK;

/* spaces, hyphens, dashes and NBSP dropped; MFA_INVALID unless exactly
 * digits ASCII digits remain and typed was at most 32 bytes */
mfa_status_t mfa_digits_clean(mfa_arena_t *arena, mfa_str_t typed,
    size_t digits, mfa_str_t *out) MFA_MUST_CHECK;


/* HTTP parts; each parser is linear in its input */

#define MFA_FORM_FIELDS_MAX  32
#define MFA_FORM_NAME_MAX    64

/*
 * application/x-www-form-urlencoded (WHATWG URL section 5.1) of a body or a
 * query. MFA_INVALID: a repeated name, a name ending in ']', too many fields,
 * a broken escape, a name that is empty or too long.
 */
mfa_status_t mfa_form_parse(mfa_arena_t *arena, mfa_str_t text,
    mfa_pairs_t *fields) MFA_MUST_CHECK;

/*
 * The value of the one cookie of that exact name in a Cookie header
 * (RFC 6265bis section 5.8.3). May be called for each of several headers
 * with the same *value and *count, which the caller sets to empty and 0;
 * *count tells how often the name was seen. More than one: no cookie.
 */
void mfa_cookie_find(mfa_str_t header, mfa_str_t name, mfa_str_t *value,
    unsigned *count);

#define MFA_TARGET_MAX  2048

/*
 * A return target: a path of this origin with its query. One leading '/',
 * not followed by '/' or '\', no control bytes, no backslash, not below
 * portal (the prefix of our own pages). The check is made on the bytes as
 * they stand and again after one percent-decoding.
 */
bool mfa_target_is_safe(mfa_str_t target, mfa_str_t portal);


/* crypto (OpenSSL, libsodium; no other file of the tree may use them) */

#define MFA_DIGEST_SIZE  32         /* SHA-256 */
#define MFA_TOKEN_SIZE   32         /* 256 random bits */
#define MFA_TOKEN_TEXT   43         /* the same in base64url */

/*
 * Once per process before any other crypto call, and again in each worker
 * after fork (fetches algorithms; cheap). MFA_CRYPTO when the library lacks
 * an algorithm.
 */
mfa_status_t mfa_crypto_open(void) MFA_MUST_CHECK;
void mfa_crypto_close(void);

void mfa_wipe(void *data, size_t len);
bool mfa_equal_ct(const void *a, const void *b, size_t len);

mfa_status_t mfa_sha256(mfa_str_t s, uint8_t digest[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/* HMAC-SHA-1 of RFC 2104, only for TOTP */
#define MFA_SHA1_SIZE  20
mfa_status_t mfa_hmac_sha1(mfa_str_t key, mfa_str_t s,
    uint8_t mac[MFA_SHA1_SIZE]) MFA_MUST_CHECK;
mfa_status_t mfa_hmac_sha256(mfa_str_t key, mfa_str_t s,
    uint8_t mac[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/* over the parts, each with its length first: 64 bits, big-endian */
mfa_status_t mfa_hmac_sha256_parts(mfa_str_t key, const mfa_str_t *parts,
    size_t count, uint8_t mac[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/* a fresh 256-bit token in base64url */
mfa_status_t mfa_token_make(const mfa_ports_t *ports, mfa_arena_t *arena,
    mfa_str_t *text) MFA_MUST_CHECK;

/* uniform over all strings of that many symbols (rejection sampling) */
mfa_status_t mfa_random_digits(const mfa_ports_t *ports, size_t count,
    mfa_arena_t *arena, mfa_str_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_random_letters(const mfa_ports_t *ports, size_t count,
    mfa_arena_t *arena, mfa_str_t *out) MFA_MUST_CHECK;  /* A-Z without I, O */


/*
 * keys: the key file, outside the store.
 *
 * Text; '#' starts a comment; each other line is "ID KEY": ID 1 to 16 of
 * [a-z0-9], KEY 32 bytes in base64url. The first key seals, the others only
 * open. At most 4. Sub-keys are derived with HKDF-SHA-256 (RFC 5869), one
 * per use, so that no key serves two purposes.
 */

typedef struct mfa_keys_s  mfa_keys_t;

typedef enum {
    MFA_KEY_SEAL,           /* records and cookies */
    MFA_KEY_CODE,           /* one-time codes at rest */
    MFA_KEY_PEPPER,         /* password hashes */
    MFA_KEY_FORM,           /* tokens in forms */
    MFA_KEY_SUBJECT,        /* digests of addresses and names in counters */
    MFA_KEY_USE_COUNT
} mfa_key_use_t;

/* the message an operator gets, without file and line, which are known */
typedef struct {
    char  text[512];
} mfa_error_t;

void mfa_error_set(mfa_error_t *error, const char *fmt, ...) MFA_PRINTF(2, 3);

/*
 * Reads the file (blocks). MFA_CONFIG with a message when it is missing,
 * readable by group or world, owned by neither root nor the effective user,
 * or malformed. Memory is locked and kept out of core dumps where allowed.
 */
mfa_status_t mfa_keys_open(const char *path, mfa_error_t *error,
    mfa_keys_t **keys) MFA_MUST_CHECK;
void mfa_keys_close(mfa_keys_t **keys);

/* id of the key that seals now */
mfa_str_t mfa_keys_id(const mfa_keys_t *keys);

/*
 * The sub-key of the key of that id: MFA_DIGEST_SIZE bytes, borrowed; NULL
 * when there is no such key. For the base's own files.
 */
const uint8_t *mfa_keys_find(const mfa_keys_t *keys, mfa_str_t id,
    mfa_key_use_t use);

/* the text of a new key file with one key; blocks only in getrandom */
mfa_status_t mfa_keys_make(const mfa_ports_t *ports, mfa_str_t id,
    mfa_arena_t *arena, mfa_str_t *text) MFA_MUST_CHECK;

/*
 * HMAC-SHA-256 under the sub-key of the first key over the parts, each with
 * its length first, so that no two lists of parts are the same bytes.
 */
mfa_status_t mfa_keys_mac(const mfa_keys_t *keys, mfa_key_use_t use,
    const mfa_str_t *parts, size_t count, uint8_t mac[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/*
 * The same under each key in turn: MFA_OK when one of them gives mac,
 * MFA_NOT_FOUND otherwise. Constant time for one number of keys.
 */
mfa_status_t mfa_keys_mac_check(const mfa_keys_t *keys, mfa_key_use_t use,
    const mfa_str_t *parts, size_t count, const uint8_t mac[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/*
 * XChaCha20-Poly1305 with a random 192-bit nonce. bound: the place the
 * sealed bytes belong to (table, user, record, version), not stored; opening
 * at another place fails with MFA_DAMAGED.
 */
mfa_status_t mfa_seal(const mfa_keys_t *keys, const mfa_ports_t *ports,
    mfa_str_t plain, mfa_str_t bound, mfa_buf_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_unseal(const mfa_keys_t *keys, mfa_str_t sealed,
    mfa_str_t bound, mfa_arena_t *arena, mfa_str_t *plain) MFA_MUST_CHECK;


/*
 * password hashes: argon2id (RFC 9106, p = 1), then HMAC-SHA-256 with the
 * pepper. Text form: $argon2id$v=19$m=19456,t=2,p=1$SALT$MAC, KEYID in front
 * of the first '$'. Old hashes from an import are in crypt(5) form.
 *
 * These two take tens of milliseconds: only in the hash threads.
 */

#define MFA_PASSWORD_MAX  1024

typedef struct {
    uint32_t  memory_kib;
    uint32_t  passes;
} mfa_pwhash_cost_t;

/*
 * argon2id with p = 1, without the pepper: for the two calls below and the
 * test of them. MFA_INVALID: a cost out of bounds, a password too long.
 */
#define MFA_PWHASH_SALT  16
mfa_status_t mfa_argon2id(const mfa_pwhash_cost_t *cost, mfa_str_t password,
    const uint8_t salt[MFA_PWHASH_SALT], uint8_t tag[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

mfa_status_t mfa_pwhash_make(const mfa_keys_t *keys, const mfa_ports_t *ports,
    const mfa_pwhash_cost_t *cost, mfa_str_t password, mfa_arena_t *arena,
    mfa_str_t *encoded) MFA_MUST_CHECK;

/*
 * MFA_OK with the verdict; a malformed hash is MFA_DAMAGED, one whose key is
 * not in the key file MFA_CONFIG. An empty encoded
 * runs argon2id on a fixed salt at that cost and denies, so that a person
 * who does not exist takes the same time.
 */
mfa_status_t mfa_pwhash_check(const mfa_keys_t *keys,
    const mfa_pwhash_cost_t *cost, mfa_str_t password, mfa_str_t encoded,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

/*
 * The crypt(5) half of the two calls around this one, which are the ones to
 * use: bcrypt, yescrypt, SHA-256, SHA-512 and MD5, of bearable cost.
 */
bool mfa_oldhash_is_known_form(mfa_str_t encoded);
mfa_status_t mfa_oldhash_check(mfa_str_t password, mfa_str_t encoded,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

/* made with another scheme, cost or key than a new one would be */
bool mfa_pwhash_is_outdated(const mfa_keys_t *keys,
    const mfa_pwhash_cost_t *cost, mfa_str_t encoded);

/* a form that mfa_pwhash_check would take: crypt(5) or ours; for the import */
bool mfa_pwhash_is_known_form(mfa_str_t encoded);


/*
 * common passwords: a text file, one a line, sorted by bytes, lower case.
 */

typedef struct mfa_passlist_s  mfa_passlist_t;

mfa_status_t mfa_passlist_open(const char *path, mfa_error_t *error,
    mfa_passlist_t **list) MFA_MUST_CHECK;              /* reads the file */
void mfa_passlist_close(mfa_passlist_t **list);
size_t mfa_passlist_count(const mfa_passlist_t *list);

/* ASCII case is folded; also true for a listed word plus digits at its end */
bool mfa_passlist_has(const mfa_passlist_t *list, mfa_str_t password);


/* QR code (ISO/IEC 18004, level M) as one inline SVG element with a quiet
 * zone of 4 modules on a white box; label becomes its accessible name */
mfa_status_t mfa_qr_svg(mfa_arena_t *arena, mfa_str_t text, mfa_str_t label,
    mfa_str_t *svg) MFA_MUST_CHECK;


/*
 * words: what people read, in a language. One gettext .po file a language,
 * the msgid is the English text. Read once, then read-only.
 */

typedef struct mfa_words_s  mfa_words_t;

/* reads DIR/LANG.po (blocks); the error names file and line */
mfa_status_t mfa_words_open(const char *path, mfa_error_t *error,
    mfa_words_t **words) MFA_MUST_CHECK;
void mfa_words_close(mfa_words_t **words);

/* the translation, or text itself where there is none; NULL words is fine */
mfa_str_t mfa_words_get(const mfa_words_t *words, mfa_str_t text);

/* marks an English text in C that must be in every .po file */
#define MFA_WORD(text)  mfa_str(text)
#define MFA_WORD_STATIC(text)  mfa_str_static(text)


/*
 * values for a template: a tree in an arena. Builders tolerate NULL and
 * leave the failure to the arena, which the rendering looks at.
 * Names and strings are borrowed.
 */

typedef struct mfa_value_s  mfa_value_t;

mfa_value_t *mfa_value_map(mfa_arena_t *arena);
void mfa_value_set_str(mfa_value_t *map, const char *name, mfa_str_t s);
void mfa_value_set_flag(mfa_value_t *map, const char *name, bool flag);
mfa_value_t *mfa_value_set_map(mfa_value_t *map, const char *name);
mfa_value_t *mfa_value_set_list(mfa_value_t *map, const char *name);
mfa_value_t *mfa_value_add_map(mfa_value_t *list);      /* one more item */


/*
 * templates: Mustache (the specification's interpolation, sections,
 * inverted sections, partials and comments; no lambdas, no set delimiters),
 * HTML-escaping on for {{name}}, off for {{{name}}} and {{&name}}.
 *
 * One addition: {{#t}}English text with {{name}}{{/t}} looks the inner
 * text up in the words, white space folded, and renders what it finds as a
 * template with the same values. A nested section inside t is an error.
 *
 * In templates whose name ends in ".txt" nothing is escaped.
 */

typedef struct mfa_templates_s  mfa_templates_t;

/*
 * Reads all *.html and *.txt below dir, also in sub-folders (blocks). Files
 * of the same relative name in override win; override may be NULL. Names
 * are relative paths with suffix: "login.html", "mail/code.txt"; a partial
 * {{> head}} is "head" plus the suffix of the template that names it.
 * MFA_CONFIG with file and line for: an unclosed tag or section, a partial
 * that does not exist or calls itself, an unknown tag kind.
 */
mfa_status_t mfa_templates_open(const char *dir, const char *override_dir,
    mfa_error_t *error, mfa_templates_t **set) MFA_MUST_CHECK;
void mfa_templates_close(mfa_templates_t **set);

#define MFA_PAGE_MAX  (256 * 1024)

/* MFA_NOT_FOUND: no such template */
mfa_status_t mfa_template_render(const mfa_templates_t *set, mfa_str_t name,
    const mfa_value_t *values, const mfa_words_t *words, mfa_arena_t *arena,
    mfa_str_t *out) MFA_MUST_CHECK;

/* calls fn with each text inside {{#t}}, folded; for the test of words */
void mfa_templates_each_word(const mfa_templates_t *set,
    void (*fn)(mfa_str_t text, void *arg), void *arg);


/*
 * options: the lines of a realm, read by nginx or by mfactl, set through
 * tables that stand beside the code that uses them.
 */

typedef struct {
    mfa_str_t         name;
    const mfa_str_t  *args;         /* the words after the name */
    size_t            nargs;
    const char       *prefix;       /* relative paths start here, ends in / */
} mfa_line_t;

typedef struct mfa_option_s  mfa_option_t;

struct mfa_option_s {
    const char    *name;
    const char    *syntax;          /* "TIME", "on | off", "NAME PATH [LABEL]" */
    const char    *fallback;        /* shown in the reference; NULL: none */
    const char    *help;            /* one sentence, for the reference */
    mfa_status_t (*set)(const mfa_option_t *option, const mfa_line_t *line,
        void *target, mfa_arena_t *arena, mfa_error_t *error);
    size_t         offset;          /* of the field in target */
    const void    *data;            /* for the setter: enum table, bounds */
    unsigned       is_many:1;       /* may be given more than once */
    unsigned       is_required:1;
};

#define MFA_OPTION_END  { .name = NULL }

/*
 * Finds the option and sets it in target; arena lives as long as target.
 * seen: one bit per row of the table (at most 64 rows), kept by the caller.
 * MFA_NOT_FOUND: not in this table. MFA_CONFIG: a message is in error
 * ("invalid value \"maybe\", it must be \"on\" or \"off\"", "is duplicate").
 */
mfa_status_t mfa_option_apply(const mfa_option_t *table, uint64_t *seen,
    const mfa_line_t *line, void *target, mfa_arena_t *arena,
    mfa_error_t *error) MFA_MUST_CHECK;

/* MFA_CONFIG naming the first required option that was not seen */
mfa_status_t mfa_option_complete(const mfa_option_t *table, uint64_t seen,
    mfa_error_t *error) MFA_MUST_CHECK;

/* setters; the field at offset has the type in brackets */

typedef struct {
    const char  *name;
    int          value;
} mfa_enum_t;                       /* ends with name NULL */

typedef struct {
    int64_t  least;
    int64_t  most;
} mfa_bounds_t;

#define MFA_OPTION_SETTER(name)                                               \
    mfa_status_t name(const mfa_option_t *option, const mfa_line_t *line,     \
        void *target, mfa_arena_t *arena, mfa_error_t *error)

MFA_OPTION_SETTER(mfa_option_set_flag);       /* [bool] on, off */
MFA_OPTION_SETTER(mfa_option_set_str);        /* [mfa_str_t] one word */
MFA_OPTION_SETTER(mfa_option_set_path);       /* [mfa_str_t] made absolute */
MFA_OPTION_SETTER(mfa_option_set_strs);       /* [mfa_strs_t] one or more */
MFA_OPTION_SETTER(mfa_option_set_enum);       /* [int] data: mfa_enum_t[] */
MFA_OPTION_SETTER(mfa_option_set_number);     /* [int64_t] data: mfa_bounds_t */
MFA_OPTION_SETTER(mfa_option_set_time);       /* [mfa_time_t] 30s 15m 1h 45d */
MFA_OPTION_SETTER(mfa_option_set_size);       /* [int64_t] bytes: 64k 1m 8g */

mfa_status_t mfa_parse_time(mfa_str_t text, mfa_time_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_parse_size(mfa_str_t text, int64_t *out) MFA_MUST_CHECK;

/* a path made absolute with line->prefix; data ends with a zero byte */
mfa_status_t mfa_parse_path(const mfa_line_t *line, mfa_str_t text,
    mfa_arena_t *arena, mfa_str_t *out) MFA_MUST_CHECK;

/* the value of a word "name=value"; MFA_NOT_FOUND when it is another */
mfa_status_t mfa_parse_named(mfa_str_t word, const char *name,
    mfa_str_t *value) MFA_MUST_CHECK;


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

#pragma GCC visibility pop

#endif /* MFA_BASE_H */
