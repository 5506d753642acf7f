/*
 * Flows, fourth part: a trusted single sign-on.
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_TRUSTED_H
#define MFA_FLOW_TRUSTED_H

#pragma GCC visibility push(hidden)


#define MFA_TRUSTED_VALUE_MAX  254

/*
 * Somebody whom another service has proved (Y4): value is the name of a
 * person on the roster, or an address of theirs; step->trusted has the words
 * for what was proved, work->proof is of the value. One update.
 *
 * *verdict PASS: a session began; step->token, step->go. DENY: nobody of
 * that name may log in; nothing else is tried.
 */
mfa_status_t mfa_trusted_start(mfa_step_t *step, mfa_str_t value,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_TRUSTED_H */
