/*
 * Calls as a second factor, for people with a desk phone: where they may go.
 *
 * As for text messages, but a landline is reached too. Contract:
 * mfa_factor.h.
 */

#include "mfa_phone.h"


const mfa_factor_t  mfa_factor_voice = {
    .name = "voice",
    .amr = MFA_AMR_TEL,
    .label = MFA_WORD_STATIC("Voice call"),
    .channel = "voice",
    .secure_template = "secure_voice.html",
    .verify_template = "verify_voice.html",
    .destination = mfa_phone_destination,
    .mask = mfa_phone_mask,
};
