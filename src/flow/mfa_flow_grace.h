/*
 * Flows, fourth part: people without a second factor, before and after the
 * day from which one is asked of them (Y1, C11).
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_GRACE_H
#define MFA_FLOW_GRACE_H

#pragma GCC visibility push(hidden)


typedef struct {
    mfa_policy_t  policy;           /* of this person */
    mfa_time_t    deadline;         /* mfa_policy_deadline */
    bool          has_methods;      /* something to be asked for */
    bool          has_deadline;     /* of policy's from=, and still none */
    bool          may_wait;         /* now a password is enough */
    bool          is_late;          /* never had one and the deadline is over:
                                       nothing goes on without staff */
} mfa_grace_t;

/* as things stand in this transaction; zeroed, which allows nothing, on a
 * fault */
mfa_status_t mfa_flow_grace(mfa_tx_t *tx, const mfa_flow_settings_t *settings,
    const mfa_user_t *user, mfa_grace_t *grace) MFA_MUST_CHECK;

/* a second factor was set up; not saved */
void mfa_flow_secured(mfa_user_t *user, mfa_time_t now);

/* the last one was given up by its owner, where policy lets them (S2): saved,
 * recovery codes gone, which stand in for it. Otherwise nothing is done */
mfa_status_t mfa_flow_unsecured(mfa_step_t *step) MFA_MUST_CHECK;

/*
 * MFA_EVENT_LATER, "Remind me later". PASS: logged in by the password alone.
 * EXISTS: too late, the page "deadline" says so. DENY: policy does not allow
 * it (any more).
 */
mfa_status_t mfa_flow_later(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* as mfa_flow_secure_confirm; EXISTS, with the page "deadline", where the
 * deadline went by while the page lay open */
mfa_status_t mfa_flow_secure_in_time(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* a login that ends with the password: session, where to; the flow is over */
mfa_status_t mfa_flow_end_by_password(mfa_step_t *step) MFA_MUST_CHECK;

/*
 * Staff give more time: the whole of that day, "2027-01-31", where the server
 * stands, at most MFA_GRACE_MAX from now. Not saved. MFA_INVALID: word says
 * what is wrong with the day; MFA_EXISTS: word says why there is nothing to
 * extend.
 */
mfa_status_t mfa_flow_extend(mfa_tx_t *tx, const mfa_flow_settings_t *settings,
    mfa_user_t *user, mfa_str_t day, mfa_str_t *word) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_GRACE_H */
