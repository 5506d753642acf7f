/*
 * A lost, new or changed phone (D1 to D4, A4): after the right password a
 * second factor is set up anew, on the grounds of a mailed code, of an
 * approval by staff, or of a pass that staff read out.
 *
 * Never makes a session, and nothing of the person changes before the new
 * factor is confirmed; then everything changes in that one transaction
 * (C7). One mailbox alone is never enough twice in a row (C6).
 */

#include "mfa_flow.h"


#define RESET_MAIL      "reset"
#define RESET_APPROVED  "approved"
#define RESET_PASS      "pass"


bool
mfa_flow_is_reset(const mfa_flow_t *flow)
{
    return mfa_str_eq_c(flow->kind, "login")
           && (mfa_str_eq_c(flow->action, RESET_MAIL)
               || mfa_str_eq_c(flow->action, RESET_APPROVED)
               || mfa_str_eq_c(flow->action, RESET_PASS));
}


static bool
is_by_mail(const mfa_factor_t *factor)
{
    return factor->channel != NULL && strcmp(factor->channel, "mail") == 0;
}


bool
mfa_flow_reset_takes(const mfa_flow_t *flow, const mfa_factor_t *factor)
{
    return mfa_flow_is_reset(flow)
           && (!mfa_str_eq_c(flow->action, RESET_MAIL) || !is_by_mail(factor));
}


/* the person's way; a realm of codes by mail alone has no app or phone to set
 * up after a mailed code, and who is held for staff no mailbox (C11) */

static int
reset_way(const mfa_step_t *step, const mfa_grace_t *grace)
{
    size_t                        i;
    const mfa_factor_settings_t  *factors = step->env->factors;

    if (grace->policy.device_reset != MFA_DEVICE_RESET_EMAIL) {
        return grace->policy.device_reset;
    }

    for (i = 0; i < factors->allowed_count && !grace->is_late; i++) {
        if (!is_by_mail(factors->allowed[i])) {
            return MFA_DEVICE_RESET_EMAIL;
        }
    }

    return MFA_DEVICE_RESET_APPROVAL;
}


/*
 * A request that is older than a mailed password is not of whoever typed
 * that password: neither its phrase nor its approval is for them, also when
 * recovery_hold is over (C6).
 */

static mfa_status_t
look_request(mfa_tx_t *tx, const mfa_user_t *user, mfa_reset_offer_t *offer)
{
    mfa_status_t  st;

    st = mfa_reset_request_of(tx, &user->id, &offer->request);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    if (offer->request.made_at <= user->mailed_password_at) {
        return MFA_OK;
    }

    offer->has_request = true;
    offer->is_approved = offer->request.state == MFA_REQUEST_APPROVED;

    return MFA_OK;
}


mfa_status_t
mfa_flow_reset_look(mfa_tx_t *tx, const mfa_step_t *step,
    mfa_reset_offer_t *offer)
{
    int           way;
    mfa_grace_t   grace;
    mfa_status_t  st;

    memset(offer, 0, sizeof(*offer));

    offer->is_closed = true;

    st = mfa_flow_grace(tx, step->env->settings, &step->user, &grace);

    if (st == MFA_OK) {
        st = look_request(tx, &step->user, offer);
    }

    if (st == MFA_OK) {
        st = mfa_pass_look(tx, &step->user.id, &offer->has_pass);
    }

    if (st != MFA_OK) {
        return st;
    }

    way = reset_way(step, &grace);
    offer->is_mail = (way == MFA_DEVICE_RESET_EMAIL);
    offer->is_closed = offer->is_mail
                       && mfa_flow_mail_is_held(tx,
                                               step->user.mailed_password_at);
    offer->is_request = offer->is_closed
                        || way == MFA_DEVICE_RESET_APPROVAL;

    return MFA_OK;
}


/* back to the proofs the person has */

static void
reset_leave(mfa_step_t *step)
{
    step->flow.action = mfa_null;
    step->flow.secret = mfa_null;
    step->flow.email = step->user.email;
}


/* may this journey go on as things stand? asked at each of its steps;
 * EXISTS: it may not, and the flow has left it */

static mfa_status_t
reset_gate(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t          action = step->flow.action;
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_reset_look(step->tx, step, &offer);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_str_eq_c(action, RESET_PASS)
        || (mfa_str_eq_c(action, RESET_APPROVED) && offer.is_approved)
        || (mfa_str_eq_c(action, RESET_MAIL) && offer.is_mail
            && !offer.is_closed))
    {
        *outcome = MFA_OUTCOME_PASS;
        return MFA_OK;
    }

    *outcome = MFA_OUTCOME_EXISTS;

    reset_leave(step);

    if (offer.is_closed) {
        step->screen = mfa_str("device-reset/closed");

    } else {
        step->flow.notice = MFA_WORD("This reset is no longer possible. "
                                     "Verify with what you have, or ask for "
                                     "a reset again.");
    }

    return mfa_flow_event(step, "device.reset", "fail", "closed");
}


static bool
is_own(const mfa_step_t *step)
{
    return mfa_str_eq(step->flow.email, step->user.email)
           || mfa_strs_has(&step->user.other_emails, step->flow.email);
}


/*
 * An address that is not of this account gets the same pages and a row that
 * is never sent (X85). flow.destination remembers where the last code went,
 * so that going back and on again stays possible while it is fresh.
 */

static mfa_status_t
reset_send(mfa_step_t *step, mfa_outcome_t *outcome)
{
    bool              is_recent, is_first;
    mfa_status_t      st;
    mfa_code_place_t  place;

    place = mfa_flow_code_place(&step->flow);

    st = mfa_flow_code_look(step, &place, &is_recent, &is_first);
    if (st != MFA_OK) {
        return st;
    }

    if (is_recent && !mfa_str_eq(step->flow.destination, step->flow.email)) {
        reset_leave(step);

        return mfa_flow_error(step, "email",
                              MFA_WORD("A code was sent a moment ago. Wait a "
                                       "little before you ask for another."));
    }

    *outcome = MFA_OUTCOME_PASS;

    if (is_recent) {
        return MFA_OK;
    }

    step->flow.destination = step->flow.email;

    st = mfa_flow_code_issue(step, is_own(step));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "device.reset", "ok", "asked");
}


/* the address of the form; DENY with an error: none at all */

static mfa_status_t
reset_address(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t     typed, email;
    mfa_status_t  st;

    typed = mfa_str_trim(mfa_pairs_get(step->fields, mfa_str("email")));

    if (typed.len <= MFA_EMAIL_MAX && mfa_text_is_utf8(typed)) {
        st = mfa_flow_typed(step, "typed_email", typed);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = mfa_email_canonical(step->work->arena, typed, &email);

    if (st == MFA_INVALID) {
        return mfa_flow_error(step, "email",
                              MFA_WORD("Enter an email address in the form "
                                       "name@example.org."));
    }

    if (st != MFA_OK) {
        return st;
    }

    step->flow.action = mfa_str(RESET_MAIL);
    step->flow.email = email;

    return reset_send(step, outcome);
}


mfa_status_t
mfa_flow_reset_begin(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_reset_look(step->tx, step, &offer);
    if (st != MFA_OK) {
        return st;
    }

    if (offer.is_approved) {
        step->flow.action = mfa_str(RESET_APPROVED);
        step->flow.email = step->user.email;

        return reset_send(step, outcome);
    }

    if (!offer.is_mail) {
        return MFA_INVALID;
    }

    if (offer.is_closed) {
        step->screen = mfa_str("device-reset/closed");

        return mfa_flow_event(step, "device.reset", "fail", "closed");
    }

    return reset_address(step, outcome);
}


mfa_status_t
mfa_flow_reset_again(mfa_step_t *step, mfa_outcome_t *outcome)
{
    return mfa_flow_code_again(step, is_own(step), outcome);
}


mfa_status_t
mfa_flow_reset_code(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    st = mfa_flow_code_check(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    if (!is_own(step)) {
        return mfa_flow_error(step, "code",
                              MFA_WORD("Invalid verification code."));
    }

    return reset_gate(step, outcome);
}


mfa_status_t
mfa_flow_reset_cancel(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;
    reset_leave(step);

    return MFA_OK;
}


/* only the way by mail lets people name an address */

mfa_status_t
mfa_flow_reset_change(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t     email = step->flow.email;
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    if (!mfa_str_eq_c(step->flow.action, RESET_MAIL)) {
        return MFA_INVALID;
    }

    st = mfa_flow_typed(step, "typed_email", email);
    if (st != MFA_OK) {
        return st;
    }

    step->screen = mfa_str("device-reset");

    return mfa_flow_reset_cancel(step, outcome);
}


mfa_status_t
mfa_flow_reset_go_on(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    st = reset_gate(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    return mfa_flow_secure_begin(step);
}


mfa_status_t
mfa_flow_reset_pass(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_code_book(step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_pass_use(step->tx, &step->user.id,
                      mfa_pairs_get(step->fields, mfa_str("pass")), &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        st = mfa_flow_error(step, "pass",
                            MFA_WORD("This helpdesk pass is wrong, or no "
                                     "longer works."));
        if (st != MFA_OK) {
            return st;
        }

        return mfa_flow_event(step, "pass.use", "fail", "code");
    }

    st = mfa_flow_code_refund(step);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    step->flow.action = mfa_str(RESET_PASS);

    st = mfa_flow_event(step, "pass.use", "ok", NULL);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_secure_begin(step);
}


/* the secret of an app that goes is kept for the hint alone; the record of
 * the new kind, which stands already, stays */

static mfa_status_t
switch_records(mfa_step_t *step, const mfa_strs_t *kinds,
    const mfa_factor_record_t *app, mfa_str_t kept)
{
    size_t        i;
    mfa_status_t  st;

    if (app->secret.len > 0) {
        st = mfa_former_put(step->tx, app);
        if (st != MFA_OK) {
            return st;
        }
    }

    for (i = 0; i < kinds->count; i++) {
        if (mfa_str_eq(kinds->items[i], kept)) {
            continue;
        }

        st = mfa_factor_record_delete(step->tx, &step->user.id,
                                      kinds->items[i]);
        if (st != MFA_OK && st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


/* an approval is used once; a request that nobody decided on is not needed
 * any more */

static mfa_status_t
switch_request(mfa_step_t *step)
{
    mfa_status_t         st;
    mfa_reset_request_t  request;

    st = mfa_reset_request_of(step->tx, &step->user.id, &request);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    return mfa_reset_request_close(step->tx, &request,
                                   mfa_str_eq_c(step->flow.action,
                                                RESET_APPROVED)
                                   ? MFA_REQUEST_USED
                                   : MFA_REQUEST_CANCELLED);
}


static mfa_status_t
switch_account(mfa_step_t *step)
{
    mfa_user_t    *user = &step->user;
    mfa_status_t   st;

    if (mfa_str_eq_c(step->flow.action, RESET_MAIL)) {
        user->mailed_device_at = step->tx->now;

    } else {
        mfa_flow_mail_clear(user);
    }

    if (user->secured_at == 0) {
        mfa_flow_secured(user, step->tx->now);
    }

    user->password_failures = 0;

    st = mfa_flow_delete_all(step->tx, &user->id, &step->flow.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_device_delete_all(step->tx, &user->id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_session_end_all(step->tx, user);
}


/* what the person had, before the new record may take its place */

static mfa_status_t
switch_read(mfa_step_t *step, mfa_strs_t *kinds, mfa_factor_record_t *app)
{
    mfa_status_t  st;

    st = mfa_factor_record_kinds(step->tx, &step->user.id, kinds);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_factor_record_get(step->tx, &step->user.id, mfa_str("totp"),
                               app);

    if (st == MFA_NOT_FOUND) {
        memset(app, 0, sizeof(*app));
        return MFA_OK;
    }

    return st;
}


mfa_status_t
mfa_flow_reset_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_strs_t           kinds, numbers;
    mfa_status_t         st;
    mfa_factor_record_t  app, record;

    st = reset_gate(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    st = mfa_flow_numbers(step->tx, &step->user.id, &numbers);
    if (st == MFA_OK) {
        st = switch_read(step, &kinds, &app);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_secure_prove(step, outcome, &record);
    if (st != MFA_OK || *outcome == MFA_OUTCOME_DENY) {
        return st;
    }

    /* a factor that this journey may not set up */

    if (*outcome != MFA_OUTCOME_PASS) {
        return MFA_INVALID;
    }

    st = switch_records(step, &kinds, &app, record.kind);

    if (st == MFA_OK) {
        st = mfa_flow_numbers_tell(step->tx, step->env->send,
                                   &step->user.id, &numbers);
    }

    if (st == MFA_OK) {
        st = switch_request(step);
    }

    if (st != MFA_OK) {
        return st;
    }

    step->flow.secret = mfa_null;
    step->flow.destination = mfa_null;
    step->flow.email = step->user.email;

    return switch_account(step);
}
