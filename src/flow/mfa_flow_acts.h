/*
 * Flows, part: the acts that the tables of the kinds share.
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_ACTS_H
#define MFA_FLOW_ACTS_H

#pragma GCC visibility push(hidden)


/*
 * The form of REGISTER_DETAILS (mfa_flow_details.c): every fault of it goes
 * into the flow's errors, what may be shown again into typed.
 */
mfa_status_t mfa_flow_details_judge(mfa_step_t *step) MFA_MUST_CHECK;

/* new_password and confirm_password alone; names: those of the person, which
 * a password must not be made of */
mfa_status_t mfa_flow_password_judge(mfa_step_t *step, mfa_str_t first_name,
    mfa_str_t surname) MFA_MUST_CHECK;

/* what follows a form without fault: MFA_HASH for its new_password, MFA_OK
 * once step->hash is of it */
mfa_status_t mfa_flow_password_want(mfa_step_t *step) MFA_MUST_CHECK;

/*
 * What a mailed reset closes (mfa_flow_hold.c; D4, C6): one that was made at
 * that moment (0: none) holds until a login with more than the mailbox, or
 * for recovery_hold.
 */
bool mfa_flow_mail_is_held(const mfa_tx_t *tx, mfa_time_t mailed_at);

/* does a mailed password stand, of somebody who had finished registering? A
 * mailed code adds nothing to it */
bool mfa_flow_mail_is_alone(const mfa_tx_t *tx, const mfa_user_t *user);

/* a login is complete: step->user is cleared of both where flow.amr has more
 * than password, mail and device; not saved */
void mfa_flow_mail_proved(mfa_step_t *step);
void mfa_flow_mail_clear(mfa_user_t *user);

/* is a code by mail a second factor now? Not after a mailed password reset,
 * unless it is the first method of a registration. Deny first */
mfa_status_t mfa_flow_mail_counts(mfa_tx_t *tx, const mfa_id_t *user,
    bool *counts) MFA_MUST_CHECK;

/*
 * Journeys that begin with a mailed code (mfa_flow_mailed.c). judge: PASS:
 * this address (flow.email) gets a letter; the answer is the same either way.
 */

typedef struct {
    const char     *kind;
    unsigned        state;              /* where the code is asked for */
    const char     *event;
    mfa_status_t  (*judge)(mfa_step_t *step, mfa_user_t *user,
                           mfa_verdict_t *verdict);
} mfa_mailed_t;

/* MFA_INVALID: not an address. MFA_LIMITED: retry_at */
mfa_status_t mfa_flow_mailed_start(mfa_step_t *step,
    const mfa_mailed_t *mailed, mfa_str_t typed) MFA_MUST_CHECK;
mfa_status_t mfa_flow_mailed_again(mfa_step_t *step,
    const mfa_mailed_t *mailed, mfa_outcome_t *outcome) MFA_MUST_CHECK;


/* codes sent by mail (mfa_flow_code.c) */

mfa_status_t mfa_flow_code_issue(mfa_step_t *step, bool may_send)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_again(mfa_step_t *step, bool may_send,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_check(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_code_place_t mfa_flow_code_place(const mfa_flow_t *flow);

/*
 * A code of a factor, to a destination; purpose "verify" or "secure". The
 * address it goes to is of the user and proved or about to be. Budgets of
 * the person and, for SMS and calls, of the number. *outcome PASS: queued.
 */
mfa_code_place_t mfa_flow_factor_place(const mfa_step_t *step,
    const char *purpose, const mfa_factor_t *factor, mfa_str_t destination);
mfa_status_t mfa_flow_factor_send(mfa_step_t *step,
    const mfa_code_place_t *place, const mfa_factor_t *factor,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;
/* one try of it, answered in words; the address's budget is booked */
mfa_status_t mfa_flow_factor_check(mfa_step_t *step,
    const mfa_code_place_t *place, mfa_outcome_t *outcome) MFA_MUST_CHECK;

/* asked again too soon? then nothing is booked; *is_first: never before */
mfa_status_t mfa_flow_code_look(mfa_step_t *step,
    const mfa_code_place_t *place, bool *is_recent, bool *is_first)
    MFA_MUST_CHECK;

/* why a code was not right, beside its field; left: tries */
mfa_status_t mfa_flow_code_refused(mfa_step_t *step,
    mfa_code_answer_t answer, uint64_t left) MFA_MUST_CHECK;

/* the second factor (mfa_flow_verify.c) */

/*
 * What a person can prove (mfa_flow_proof.c): records whose factor this
 * program knows, also where the realm no longer lets people set it up. The
 * last used first, then recovery codes, if any are left, then what is
 * disabled.
 */

typedef struct {
    const mfa_factor_t   *factor;
    mfa_factor_record_t   record;
} mfa_proof_t;

typedef struct {
    mfa_proof_t  items[MFA_FACTORS_MAX];
    size_t       count;
} mfa_proofs_t;

mfa_status_t mfa_flow_proofs(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_proofs_t *proofs) MFA_MUST_CHECK;

bool mfa_flow_is_recovery(const mfa_factor_t *factor);

/* is it neither disabled nor held now? deny first */
mfa_verdict_t mfa_flow_may_try(const mfa_tx_t *tx,
    const mfa_factor_record_t *record);

/* why it may not be tried now, in words */
mfa_status_t mfa_flow_verify_limited(mfa_step_t *step,
    const mfa_factor_record_t *record, mfa_time_t retry_at) MFA_MUST_CHECK;

/* the record of step->factor, else that of the first proof; MFA_INVALID:
 * there is none */
mfa_status_t mfa_flow_proof_find(mfa_step_t *step, mfa_proof_t *proof)
    MFA_MUST_CHECK;

/*
 * One try, judged; PASS has spent the proof and added to flow.amr, and
 * nothing more: the kind goes on. The proof is one of step->factor; NULL: of
 * the only or last used one. Codes that were sent are of the purpose
 * "verify.KIND".
 */
mfa_status_t mfa_flow_prove(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* after a wrong proof: a word that helps, its values into flow.typed; may
 * change record->told_step, which is then to be written */
mfa_status_t mfa_flow_advise(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_factor_record_t *record, mfa_str_t typed, mfa_str_t *advice)
    MFA_MUST_CHECK;

/* a login is complete with it: session, remembered device, where to; MORE:
 * policy wants more methods than the person has */
mfa_status_t mfa_flow_verify(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* MFA_EVENT_SEND and MFA_EVENT_RESEND */
mfa_status_t mfa_flow_verify_send(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* enrolment and the end page (mfa_flow_secure.c) */

/*
 * One state holds all of an enrolment: the secret of an app waits in
 * flow.secret from the begin on, a number or address that a code was sent to
 * in flow.destination. Which method it is says step->factor (NULL: the only
 * one allowed, else the app). Codes are of the purpose "secure.KIND".
 * Outcomes of confirm: PASS, MORE (policy wants one more method: same
 * state), EXISTS, DENY.
 */
mfa_status_t mfa_flow_secure_send(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* once more to the destination that the flow has */
mfa_status_t mfa_flow_secure_again(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* kinds of a user that are no recovery codes, also unknown ones */
mfa_status_t mfa_flow_methods(mfa_step_t *step, mfa_strs_t *kinds)
    MFA_MUST_CHECK;

/* does policy want more than these, and is there one to set up? */
bool mfa_flow_wants_more(const mfa_step_t *step, const mfa_strs_t *kinds);

/* the record is kept and told of; nothing else (for "settings") */
mfa_status_t mfa_flow_secure_prove(mfa_step_t *step, mfa_outcome_t *outcome,
    mfa_factor_record_t *record) MFA_MUST_CHECK;

/* ten codes into flow.secret (joined by spaces) and the record; told
 * (mfa_flow_recovery.c) */
mfa_status_t mfa_flow_recovery(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

mfa_status_t mfa_flow_secure_begin(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_secure_renew(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_secure_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_finish(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/*
 * Remembered devices (mfa_flow_device.c). One browser may be remembered for
 * a few people: the cookie holds a device of each, joined by '.'.
 */

/* GOOD: the second factor may be skipped, and only it. COPIED: the person
 * was told, all devices are gone */
mfa_status_t mfa_flow_device_use(mfa_step_t *step,
    mfa_device_answer_t *answer) MFA_MUST_CHECK;

/* this browser from now on, where the realm allows it and the form asks */
mfa_status_t mfa_flow_device_keep(mfa_step_t *step) MFA_MUST_CHECK;


/* small words of the acts (mfa_flow_act.c) */

mfa_status_t mfa_flow_error(mfa_step_t *step, const char *field,
    mfa_str_t word) MFA_MUST_CHECK;
mfa_status_t mfa_flow_typed(mfa_step_t *step, const char *name,
    mfa_str_t value) MFA_MUST_CHECK;
mfa_status_t mfa_flow_event(mfa_step_t *step, const char *name,
    const char *result, const char *reason) MFA_MUST_CHECK;

/* the same about a factor; NULL: none */
mfa_status_t mfa_flow_factor_event(mfa_step_t *step, const char *name,
    const char *result, const char *reason, const mfa_factor_t *factor)
    MFA_MUST_CHECK;

/* passes a status on; MFA_LIMITED leaves an event of that name behind */
mfa_status_t mfa_flow_limited(mfa_work_t *work, const char *name,
    mfa_status_t st) MFA_MUST_CHECK;

/* MFA_LIMITED beyond the budget of this address for codes; gives back */
mfa_status_t mfa_flow_code_book(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_refund(mfa_step_t *step) MFA_MUST_CHECK;

/* a full session for step->user, the old one of this browser ended;
 * MFA_EXPIRED: amr rests on a trusted sign-on that is no more */
mfa_status_t mfa_flow_session(mfa_step_t *step, unsigned amr) MFA_MUST_CHECK;

/* what a journey begins with: a password, or the word of a trusted service;
 * an empty session: a password */
unsigned mfa_flow_amr(const mfa_session_t *session);

/* step->session is set when one of step->user lives in this browser;
 * MFA_EXPIRED otherwise */
mfa_status_t mfa_flow_session_need(mfa_step_t *step) MFA_MUST_CHECK;

/* all sessions of the user but step->session; none is fine */
mfa_status_t mfa_flow_session_end_others(mfa_step_t *step) MFA_MUST_CHECK;

/* the language of step->user, else that of the request, for messages */
mfa_str_t mfa_flow_language(const mfa_step_t *step);

/* it becomes that of step->user, where they chose it or have none; not saved */
void mfa_flow_learn_language(mfa_step_t *step);

/* "22:41", the time of day where the server stands */
mfa_str_t mfa_flow_clock(mfa_step_t *step, mfa_time_t at);

/* one message to every address on record (E7) */
mfa_status_t mfa_flow_tell(mfa_step_t *step, const char *kind,
    const char *what, mfa_str_t factor) MFA_MUST_CHECK;

/* the same in two parts: what is said, and to whom */
mfa_status_t mfa_flow_tell_values(mfa_step_t *step, const char *what,
    mfa_str_t factor, mfa_pairs_t *values) MFA_MUST_CHECK;
mfa_status_t mfa_flow_tell_all(mfa_step_t *step, const char *kind,
    const mfa_pairs_t *values) MFA_MUST_CHECK;

/* that a recovery code was used, and how many are left */
mfa_status_t mfa_flow_tell_recovery(mfa_step_t *step, mfa_str_t factor,
    size_t left) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_ACTS_H */
