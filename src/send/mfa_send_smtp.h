/*
 * What the two files of the SMTP sender share; private to them.
 */

#ifndef MFA_SEND_SMTP_H
#define MFA_SEND_SMTP_H

#include "mfa_send.h"

#pragma GCC visibility push(hidden)


typedef struct {
    mfa_str_t   url;            /* "smtp://mail.example.org:587" */
    mfa_str_t   user;           /* empty: none; all are zero-terminated */
    mfa_str_t   password;
    char       *ca;             /* PEM; NULL: those of the system */
    bool        is_loopback;
    bool        is_implicit;    /* smtps */
    bool        has_tls;
} mfa_smtp_settings_t;

/* see configure in mfa_sender_s */
mfa_status_t mfa_smtp_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_SEND_SMTP_H */
