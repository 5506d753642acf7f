/*
 * What the files of the settings share. Private to them.
 */

#ifndef MFA_FLOW_SETTINGS_H
#define MFA_FLOW_SETTINGS_H

#include "mfa_flow.h"

#pragma GCC visibility push(hidden)


#define MFA_SETTINGS_STALE                                                    \
    MFA_WORD("This can no longer be done: your settings have changed "        \
             "meanwhile.")


/* step->user and step->session of the live session of this browser, as the
 * first thing of a transaction; MFA_NOT_FOUND: none */
mfa_status_t mfa_settings_who(mfa_tx_t *tx, mfa_step_t *step) MFA_MUST_CHECK;


/* what may be done (mfa_flow_judge.c) */

/* was a second factor proved within factor_fresh? (D13) */
bool mfa_settings_is_fresh(const mfa_step_t *step, mfa_time_t now);

/* can the flow's action be done now, and which outcome leads there? DENY: it
 * cannot */
mfa_status_t mfa_settings_judge(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;


/* deeds (mfa_flow_deed.c) */

/* the journey is over; notice: for the page of the settings, may be empty */
void mfa_settings_over(mfa_step_t *step, mfa_str_t notice);

/* what the first screen of an outcome needs; the factor is fresh */
mfa_status_t mfa_settings_enter(mfa_step_t *step, mfa_outcome_t outcome)
    MFA_MUST_CHECK;

mfa_status_t mfa_settings_secure(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_settings_remove(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_settings_password(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_settings_request(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_settings_cancel(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_settings_codes_seen(mfa_step_t *step,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;


/* a request for a reset (mfa_flow_reset_request.c): nobody is asked whether
 * it may be. PASS: it is open; DENY: too many letters, the notice says so */
mfa_status_t mfa_flow_request_make(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;


/*
 * A new password (mfa_flow_password.c). prepare: MFA_HASH for the current
 * one, then for the new one; MFA_LIMITED. change: judged again; PASS: it is
 * the user's and told of, nothing else.
 */

mfa_status_t mfa_settings_password_prepare(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_settings_password_change(mfa_step_t *step,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_SETTINGS_H */
