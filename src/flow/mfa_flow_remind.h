/*
 * Flows, reminders, and who is ready: people and the end of their time to
 * set up a second factor (Y1).
 *
 * Both judge by the functions that a login asks (mfa_flow_grace,
 * mfa_policy_deadline, mfa_flow_methods), so that what they say is what it
 * does.
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_REMIND_H
#define MFA_FLOW_REMIND_H

#pragma GCC visibility push(hidden)


/* what a login at a moment comes to, of somebody who knows their password */

typedef enum {
    MFA_READY_SHUT = 0,         /* disabled or locked: nothing */
    MFA_READY_BLOCKED,          /* no second factor, and staff must help */
    MFA_READY_AT_LOGIN,         /* none; the login has them set one up, where
                                   they have recovery codes after one */
    MFA_READY_WAITING,          /* none; not asked for before the deadline */
    MFA_READY_OPTIONAL,         /* none, and none is asked for */
    MFA_READY_ENROLLED
} mfa_ready_state_t;

typedef struct {
    mfa_ready_state_t  state;
    mfa_time_t         deadline;    /* that may block them; 0: none */
} mfa_ready_t;

/* as things stand but for the time, which is at */
mfa_status_t mfa_flow_ready(mfa_tx_t *tx,
    const mfa_flow_settings_t *settings, const mfa_user_t *user,
    mfa_time_t at, mfa_ready_t *ready) MFA_MUST_CHECK;


/*
 * Reminders by mail, 14, 7 and 1 day before the deadline, to people who
 * never had a second factor and could log in: locked, disabled or without a
 * password they could not. Each once for a deadline; of several
 * that are due only the last; none whose moment was over when the person
 * was added.
 *
 * One turn looks at a few people from *cursor on, queues letters for some of
 * them in one short update, and rests between two rounds. Does nothing at
 * all where no line of policy has a date. The cursor starts zeroed. *sent:
 * letters that were queued.
 */

typedef struct {
    mfa_id_t    after;
    bool        has_after;          /* within a round */
    bool        has_begun;          /* there was a round before */
    mfa_time_t  began_at;           /* the last round */
} mfa_remind_cursor_t;

mfa_status_t mfa_flow_remind(mfa_work_t *work,
    const mfa_flow_settings_t *settings, mfa_remind_cursor_t *cursor,
    size_t *sent) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_REMIND_H */
