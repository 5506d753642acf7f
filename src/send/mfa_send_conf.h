/*
 * What the senders share when they read their lines: words, files, numbers;
 * private to this folder.
 */

#ifndef MFA_SEND_CONF_H
#define MFA_SEND_CONF_H

#include "mfa_send.h"

#pragma GCC visibility push(hidden)


typedef struct {
    const mfa_line_t  *line;
    mfa_arena_t       *arena;
    mfa_error_t       *error;
} mfa_send_conf_t;

/* sets the message */
mfa_status_t mfa_send_conf_no_memory(const mfa_send_conf_t *conf)
    MFA_MUST_CHECK;


typedef struct {
    const char  *name;          /* "key_file"; NULL: not in this line */
    bool         is_required;
    mfa_str_t    value;         /* what was written; never empty if it was */
} mfa_send_param_t;

/*
 * The words after the first, "name=value", each once and none that is not
 * in params; the error names the one that is wrong or missing.
 */
mfa_status_t mfa_send_conf_params(const mfa_send_conf_t *conf,
    mfa_send_param_t *params, size_t count) MFA_MUST_CHECK;

/* the same for a line that starts with a bare word: "twilio", not "twilio:" */
mfa_status_t mfa_send_conf_words(const mfa_send_conf_t *conf,
    mfa_send_param_t *params, size_t count) MFA_MUST_CHECK;


typedef struct {
    const char  *name;          /* "password_file" */
    size_t       max;
    bool         is_secret;     /* must be closed to group and world */
} mfa_send_file_t;

/* text is followed by a zero byte; path is relative to the line's prefix */
mfa_status_t mfa_send_conf_file(const mfa_send_conf_t *conf,
    const mfa_send_file_t *file, mfa_str_t path, mfa_str_t *text)
    MFA_MUST_CHECK;

/* a file closed to others with one line: a password, a key */
mfa_status_t mfa_send_conf_secret(const mfa_send_conf_t *conf,
    const char *name, mfa_str_t path, mfa_str_t *secret) MFA_MUST_CHECK;

/* certificates in PEM form, for "ca_file=" */
mfa_status_t mfa_send_conf_ca(const mfa_send_conf_t *conf, mfa_str_t path,
    char **pem) MFA_MUST_CHECK;


/* "+", then 7 to 15 digits, the first not 0 (ITU-T E.164) */
bool mfa_send_is_e164(mfa_str_t s);

/* what an SMS may name as its sender: an E.164 number with or without "+",
 * a short code, or 1 to 11 letters, digits and blanks with a letter */
bool mfa_send_is_originator(mfa_str_t s);

/* ASCII letters and digits, from least to most of them */
bool mfa_send_is_alnum(mfa_str_t s, size_t least, size_t most);

/* 8-4-4-4-12 hex digits */
bool mfa_send_is_uuid(mfa_str_t s);

#pragma GCC visibility pop

#endif /* MFA_SEND_CONF_H */
