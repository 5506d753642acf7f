/*
 * What the delivery and the making of letters share; private to them.
 */

#ifndef MFA_LETTER_H
#define MFA_LETTER_H

#include "mfa_send.h"

#pragma GCC visibility push(hidden)


typedef struct {
    const mfa_send_settings_t  *settings;
    const mfa_templates_t      *templates;
    const mfa_languages_t      *languages;     /* NULL: English */
    const mfa_ports_t          *ports;
} mfa_letter_place_t;

/*
 * Renders mail/KIND.subject.txt, .txt and .html for a mail, CHANNEL/KIND.txt
 * for the other channels. The letter borrows from the message, the settings
 * and the arena. MFA_NOT_FOUND: the kind has no subject or no text; the html
 * of a mail may be missing. MFA_INVALID: there is no such phone number.
 */
mfa_status_t mfa_letter_make(const mfa_letter_place_t *place,
    const mfa_message_t *message, mfa_arena_t *arena, mfa_letter_t *made)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_LETTER_H */
