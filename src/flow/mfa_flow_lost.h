/*
 * Flows, second part: a lost phone, and requests for a reset with approval.
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_LOST_H
#define MFA_FLOW_LOST_H

#pragma GCC visibility push(hidden)


/*
 * A lost phone (mfa_flow_reset_device.c), after the right password: a login
 * whose flow.action says on what grounds a second factor is set up anew,
 * "reset" (a mailed code alone), "approved" (and staff), "pass" (read out by
 * staff). Nothing changes before the new one is confirmed; no session comes
 * of it (D2, D3, C7).
 */

/* is this flow such a journey, and may it set up that factor? Codes by mail
 * are no new factor where a mailed code was the grounds */
bool mfa_flow_is_reset(const mfa_flow_t *flow);
bool mfa_flow_reset_takes(const mfa_flow_t *flow, const mfa_factor_t *factor);

/* what the verify page may offer step->user */

typedef struct {
    bool                 is_mail;       /* Reset device */
    bool                 is_closed;     /* after a mailed password (C6) */
    bool                 is_request;    /* a request may be submitted */
    bool                 has_request;   /* one stands: request is set */
    bool                 is_approved;
    bool                 has_pass;
    mfa_reset_request_t  request;
} mfa_reset_offer_t;

mfa_status_t mfa_flow_reset_look(mfa_tx_t *tx, const mfa_step_t *step,
    mfa_reset_offer_t *offer) MFA_MUST_CHECK;

mfa_status_t mfa_flow_reset_begin(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_reset_code(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_reset_again(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_reset_change(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_reset_cancel(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_reset_go_on(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_reset_pass(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* EXISTS: no longer possible; the flow is back at its verify pages */
mfa_status_t mfa_flow_reset_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* a wrong code of an app: is it of the one that was replaced? A word and its
 * values go to the flow; *advice stays as it is otherwise
 * (mfa_flow_former.c) */
mfa_status_t mfa_flow_former_advise(mfa_step_t *step, mfa_str_t typed,
    mfa_str_t *advice) MFA_MUST_CHECK;

/* before a method goes: the secret of an app is kept for that advice; of
 * anything else nothing is */
mfa_status_t mfa_flow_former_keep(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_str_t kind) MFA_MUST_CHECK;

/*
 * Numbers that get codes of this person, each once (mfa_flow_number.c); and
 * after a deed a text message to each of before that is none of theirs any
 * more. send: NULL, or without SMS: nothing is sent. In the deed's update.
 */
mfa_status_t mfa_flow_numbers(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_strs_t *numbers) MFA_MUST_CHECK;
mfa_status_t mfa_flow_numbers_tell(mfa_tx_t *tx,
    const mfa_send_settings_t *send, const mfa_id_t *user,
    const mfa_strs_t *before) MFA_MUST_CHECK;

/* requests for a reset with approval (mfa_flow_reset_request.c) */

/* outside any transaction: finds step->staff, at most 50 */
mfa_status_t mfa_flow_request_prepare(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_request_submit(mfa_step_t *step,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;

/*
 * The link in the person's letter; no flow, no session. MFA_NOT_FOUND: it is
 * wrong, used, or its request is over.
 */
mfa_status_t mfa_flow_request_read(mfa_step_t *step, mfa_str_t reference,
    mfa_str_t token, mfa_reset_request_t *request) MFA_MUST_CHECK;
mfa_status_t mfa_flow_request_cancel(mfa_step_t *step, mfa_str_t reference,
    mfa_str_t token) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_LOST_H */
