/*
 * The body of a request as a template; private to the sender "http".
 *
 * Mustache's interpolation and comments, over a fixed set of values: each
 * value is escaped for the place it goes to, and nothing can turn that off.
 */

#ifndef MFA_SEND_WEBHOOK_H
#define MFA_SEND_WEBHOOK_H

#include "mfa_send_http.h"

#pragma GCC visibility push(hidden)


typedef struct mfa_webhook_piece_s  mfa_webhook_piece_t;

typedef struct {
    mfa_webhook_piece_t  *pieces;
    size_t                count;
    bool                  is_form;      /* else JSON */
} mfa_webhook_body_t;

/*
 * Reads the text, which must outlive the body. The error names a tag that
 * is not known, and what would not be JSON, or a form, with some letters.
 */
mfa_status_t mfa_webhook_parse(const mfa_send_conf_t *conf, mfa_str_t text,
    bool is_form, mfa_webhook_body_t *body) MFA_MUST_CHECK;

mfa_status_t mfa_webhook_render(const mfa_webhook_body_t *body,
    const mfa_letter_t *letter, mfa_arena_t *arena, mfa_str_t *out)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_SEND_WEBHOOK_H */
