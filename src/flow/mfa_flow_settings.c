/*
 * The journey of the settings: somebody who is logged in changes one thing
 * of how they prove who they are (S1, S2).
 *
 * Every deed needs a second factor that is fresh at that very moment (D13),
 * not only when the journey began. What follows a deed (letters, sessions,
 * devices, other journeys) is in its transaction.
 */

#include "mfa_flow_settings.h"


enum {
    SETTINGS_VERIFY = 1,
    SETTINGS_SECURE,
    SETTINGS_REMOVE,
    SETTINGS_PASSWORD,
    SETTINGS_CODES,
    SETTINGS_REQUEST
};


typedef struct {
    mfa_step_t  *step;
    mfa_str_t    action;
    mfa_str_t    subject;
} settings_case_t;


static mfa_status_t
settings_flow(mfa_step_t *step, const settings_case_t *at)
{
    mfa_status_t  st;

    st = mfa_flow_make(step->tx, mfa_str("settings"),
                       step->work->model->settings->login_time, &step->flow);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(step->flow.browser, step->browser, MFA_DIGEST_SIZE);

    step->flow.user = step->user.id;
    step->flow.has_user = true;
    step->flow.email = step->user.email;
    step->flow.action = at->action;
    step->flow.subject = at->subject;
    step->flow.target = mfa_str_eq_c(at->action, "step-up")
                        ? step->target : mfa_null;
    step->flow.amr = mfa_flow_amr(&step->session)
                     | (step->session.amr & ~(unsigned) MFA_AMR_DEVICE);

    return MFA_OK;
}


static unsigned
settings_state(mfa_outcome_t outcome)
{
    switch (outcome) {

    case MFA_OUTCOME_SECURE:
        return SETTINGS_SECURE;

    case MFA_OUTCOME_REMOVE:
        return SETTINGS_REMOVE;

    case MFA_OUTCOME_PASSWORD:
        return SETTINGS_PASSWORD;

    case MFA_OUTCOME_RECOVERY:
        return SETTINGS_CODES;

    case MFA_OUTCOME_REQUEST:
        return SETTINGS_REQUEST;

    default:
        return MFA_FLOW_ENDED;
    }
}


/* MFA_INVALID: nothing that could be proved now */

static mfa_status_t
settings_ask_factor(mfa_step_t *step)
{
    mfa_status_t  st;
    mfa_proofs_t  proofs;

    st = mfa_flow_proofs(step->tx, &step->user.id, &proofs);
    if (st != MFA_OK) {
        return st;
    }

    if (proofs.count == 0 || proofs.items[0].record.is_disabled) {
        return MFA_INVALID;
    }

    step->flow.state = SETTINGS_VERIFY;

    return MFA_OK;
}


mfa_status_t
mfa_settings_who(mfa_tx_t *tx, mfa_step_t *step)
{
    mfa_status_t        st;
    mfa_session_view_t  view;

    step->tx = tx;
    step->has_mail = false;
    step->is_over = false;
    step->token = mfa_null;
    step->device = mfa_null;
    step->proved = mfa_null;
    step->screen = mfa_null;

    st = mfa_session_look(tx, step->old_session, &view);
    if (st != MFA_OK) {
        return st;
    }

    if (view.verdict != MFA_VERDICT_PASS) {
        return MFA_NOT_FOUND;
    }

    step->user = view.user;
    step->session = view.session;

    /* events name the person though no journey has begun */

    memset(&step->flow, 0, sizeof(step->flow));

    step->flow.user = step->user.id;
    step->flow.has_user = true;

    return MFA_OK;
}


static mfa_status_t
settings_open(mfa_tx_t *tx, void *arg)
{
    mfa_status_t      st;
    mfa_outcome_t     outcome;
    settings_case_t  *at = arg;
    mfa_step_t       *step = at->step;

    st = mfa_settings_who(tx, step);
    if (st != MFA_OK) {
        return st;
    }

    st = settings_flow(step, at);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_settings_judge(step, &outcome);
    if (st != MFA_OK) {
        return st;
    }

    if (outcome == MFA_OUTCOME_DENY) {
        return MFA_INVALID;
    }

    if (outcome != MFA_OUTCOME_PASS && mfa_settings_is_fresh(step, tx->now)) {
        step->flow.state = settings_state(outcome);
        st = mfa_settings_enter(step, outcome);

    } else {
        st = settings_ask_factor(step);
    }

    return (st == MFA_OK) ? mfa_flow_save(tx, &step->flow) : st;
}


mfa_status_t
mfa_settings_start(mfa_step_t *step, mfa_str_t action, mfa_str_t subject)
{
    settings_case_t  at;

    at.step = step;
    at.action = action;
    at.subject = subject;

    return mfa_update(step->work, settings_open, &at);
}


/* the factor is proved: a new session of this browser says when (D3) */

static mfa_status_t
settings_rise(mfa_step_t *step)
{
    mfa_status_t        st;
    mfa_session_view_t  view;

    st = mfa_flow_session(step, step->flow.amr);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_look(step->tx, step->token, &view);
    if (st != MFA_OK) {
        return st;
    }

    step->session = view.session;

    return MFA_OK;
}


static mfa_status_t
settings_verify(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t     former;
    mfa_status_t  st;

    st = mfa_flow_prove(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    st = settings_rise(step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_settings_judge(step, outcome);
    if (st != MFA_OK) {
        return st;
    }

    if (*outcome == MFA_OUTCOME_DENY) {
        *outcome = MFA_OUTCOME_PASS;
        mfa_settings_over(step, MFA_SETTINGS_STALE);

        return MFA_OK;
    }

    /* that was all: staff go back to their page */

    if (*outcome == MFA_OUTCOME_PASS) {
        mfa_settings_over(step, mfa_null);
        step->go = step->flow.target;

        return MFA_OK;
    }

    /* what comes next looks for the session that this browser has now */

    former = step->old_session;
    step->old_session = step->token;

    st = mfa_settings_enter(step, *outcome);

    step->old_session = former;

    return st;
}


static mfa_status_t
settings_prepare(mfa_step_t *step, mfa_flow_event_t event)
{
    unsigned  state = step->flow.state;

    if (event == MFA_EVENT_PASSWORD) {
        return (state == SETTINGS_PASSWORD)
               ? mfa_settings_password_prepare(step) : MFA_INVALID;
    }

    if (event == MFA_EVENT_REQUEST) {
        return (state == SETTINGS_REQUEST)
               ? mfa_flow_request_prepare(step) : MFA_INVALID;
    }

    return MFA_OK;
}


static const mfa_move_t  settings_moves[] = {

    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_SECURE, SETTINGS_SECURE },
    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_REMOVE, SETTINGS_REMOVE },
    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_PASSWORD, SETTINGS_PASSWORD },
    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_RECOVERY, SETTINGS_CODES },
    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_REQUEST, SETTINGS_REQUEST },
    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { SETTINGS_VERIFY, MFA_EVENT_CODE, settings_verify,
      MFA_OUTCOME_DENY, SETTINGS_VERIFY },

    { SETTINGS_VERIFY, MFA_EVENT_SEND, mfa_flow_verify_send,
      MFA_OUTCOME_PASS, SETTINGS_VERIFY },
    { SETTINGS_VERIFY, MFA_EVENT_SEND, mfa_flow_verify_send,
      MFA_OUTCOME_DENY, SETTINGS_VERIFY },

    { SETTINGS_VERIFY, MFA_EVENT_RESEND, mfa_flow_verify_send,
      MFA_OUTCOME_PASS, SETTINGS_VERIFY },
    { SETTINGS_VERIFY, MFA_EVENT_RESEND, mfa_flow_verify_send,
      MFA_OUTCOME_DENY, SETTINGS_VERIFY },

    { SETTINGS_VERIFY, MFA_EVENT_CANCEL, mfa_settings_cancel,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { SETTINGS_SECURE, MFA_EVENT_CODE, mfa_settings_secure,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { SETTINGS_SECURE, MFA_EVENT_CODE, mfa_settings_secure,
      MFA_OUTCOME_EXISTS, MFA_FLOW_ENDED },
    { SETTINGS_SECURE, MFA_EVENT_CODE, mfa_settings_secure,
      MFA_OUTCOME_MORE, SETTINGS_VERIFY },
    { SETTINGS_SECURE, MFA_EVENT_CODE, mfa_settings_secure,
      MFA_OUTCOME_DENY, SETTINGS_SECURE },

    { SETTINGS_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_PASS, SETTINGS_SECURE },
    { SETTINGS_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_DENY, SETTINGS_SECURE },

    { SETTINGS_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_PASS, SETTINGS_SECURE },
    { SETTINGS_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_DENY, SETTINGS_SECURE },

    { SETTINGS_SECURE, MFA_EVENT_NEW_SECRET, mfa_flow_secure_renew,
      MFA_OUTCOME_PASS, SETTINGS_SECURE },

    { SETTINGS_SECURE, MFA_EVENT_CANCEL, mfa_settings_cancel,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { SETTINGS_REMOVE, MFA_EVENT_REMOVE, mfa_settings_remove,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { SETTINGS_REMOVE, MFA_EVENT_REMOVE, mfa_settings_remove,
      MFA_OUTCOME_EXISTS, MFA_FLOW_ENDED },
    { SETTINGS_REMOVE, MFA_EVENT_REMOVE, mfa_settings_remove,
      MFA_OUTCOME_MORE, SETTINGS_VERIFY },

    { SETTINGS_REMOVE, MFA_EVENT_CANCEL, mfa_settings_cancel,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { SETTINGS_PASSWORD, MFA_EVENT_PASSWORD, mfa_settings_password,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { SETTINGS_PASSWORD, MFA_EVENT_PASSWORD, mfa_settings_password,
      MFA_OUTCOME_EXISTS, MFA_FLOW_ENDED },
    { SETTINGS_PASSWORD, MFA_EVENT_PASSWORD, mfa_settings_password,
      MFA_OUTCOME_MORE, SETTINGS_VERIFY },
    { SETTINGS_PASSWORD, MFA_EVENT_PASSWORD, mfa_settings_password,
      MFA_OUTCOME_DENY, SETTINGS_PASSWORD },

    { SETTINGS_PASSWORD, MFA_EVENT_CANCEL, mfa_settings_cancel,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { SETTINGS_CODES, MFA_EVENT_CONTINUE, mfa_settings_codes_seen,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { SETTINGS_REQUEST, MFA_EVENT_REQUEST, mfa_settings_request,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { SETTINGS_REQUEST, MFA_EVENT_REQUEST, mfa_settings_request,
      MFA_OUTCOME_EXISTS, MFA_FLOW_ENDED },
    { SETTINGS_REQUEST, MFA_EVENT_REQUEST, mfa_settings_request,
      MFA_OUTCOME_MORE, SETTINGS_VERIFY },
    { SETTINGS_REQUEST, MFA_EVENT_REQUEST, mfa_settings_request,
      MFA_OUTCOME_DENY, SETTINGS_REQUEST },

    { SETTINGS_REQUEST, MFA_EVENT_CANCEL, mfa_settings_cancel,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { 0, 0, NULL, 0, 0 }
};


static const mfa_screen_t  settings_screens[] = {
    { SETTINGS_VERIFY, "verify" },
    { SETTINGS_VERIFY, "verify/" },
    { SETTINGS_SECURE, "secure" },
    { SETTINGS_SECURE, "secure/" },
    { SETTINGS_REMOVE, "security/remove" },
    { SETTINGS_PASSWORD, "security/password" },
    { SETTINGS_CODES, "recovery-codes" },
    { SETTINGS_REQUEST, "reset-request" },
    { 0, NULL }
};


const mfa_flow_kind_t  mfa_flow_settings = {
    .name = "settings",
    .moves = settings_moves,
    .screens = settings_screens,
    .home = "security",
    .is_for_session = true,
    .prepare = settings_prepare,
};
