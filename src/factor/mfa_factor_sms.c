/*
 * Text messages as a second factor: where they may go.
 *
 * The code itself, its life and its tries are the model's; a number counts
 * only once a code sent there has come back (B17). Contract: mfa_factor.h.
 */

#include "mfa_phone.h"


const mfa_factor_t  mfa_factor_sms = {
    .name = "sms",
    .amr = MFA_AMR_SMS,
    .label = MFA_WORD_STATIC("Text message"),
    .channel = "sms",
    .secure_template = "secure_sms.html",
    .verify_template = "verify_sms.html",
    .destination = mfa_phone_destination,
    .mask = mfa_phone_mask,
};
