/*
 * The base: codecs, records, text that people bring, parts of HTTP.
 *
 * Part of mfa_base.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_BASE_TEXT_H
#define MFA_BASE_TEXT_H

#pragma GCC visibility push(hidden)


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

/*
 * Percent-decodes into buf, which has room for s; a '+' becomes plus.
 * MFA_INVALID: a broken escape.
 */
mfa_status_t mfa_percent_decode(mfa_str_t s, char plus, char *buf,
    mfa_str_t *out) MFA_MUST_CHECK;

/* 0 to 15, or -1 for what is no hex digit */
int mfa_hex_value(char c);

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

/* bytes of the space, hyphen, dash or NBSP that s begins with; 0: none */
size_t mfa_text_gap(mfa_str_t s);

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

#pragma GCC visibility pop

#endif /* MFA_BASE_TEXT_H */
