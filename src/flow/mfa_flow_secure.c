/*
 * "Secure your account": a second factor is set up, and the end page.
 *
 * What was typed or made counts for nothing until one right code of it was
 * seen; then record, session and letters are one transaction (E3, B4).
 */

#include "mfa_flow.h"


static bool
is_settings(const mfa_step_t *step)
{
    return mfa_str_eq_c(step->flow.kind, "settings");
}


static bool
is_change(const mfa_step_t *step)
{
    return is_settings(step) && mfa_str_eq_c(step->flow.action, "change");
}


/* which one is being set up; MFA_INVALID: none that may be */

static mfa_status_t
secure_factor(const mfa_step_t *step, const mfa_factor_t **factor)
{
    mfa_str_t                     subject;
    const mfa_factor_settings_t  *settings = step->env->factors;

    *factor = step->factor;

    if (is_settings(step)) {
        subject = step->flow.subject;

        if (*factor != NULL && !mfa_str_eq_c(subject, (*factor)->name)) {
            return MFA_INVALID;
        }

        *factor = mfa_factor_by_name(subject);

    } else if (*factor == NULL && settings->allowed_count == 1) {
        *factor = settings->allowed[0];

    } else if (*factor == NULL) {
        *factor = mfa_factor_by_name(mfa_str("totp"));
    }

    if (*factor == NULL || !mfa_factor_is_allowed(settings, *factor)) {
        return MFA_INVALID;
    }

    return MFA_OK;
}


static mfa_factor_case_t
factor_case(mfa_step_t *step)
{
    mfa_factor_case_t  at;

    at.settings = step->env->factors;
    at.send = step->env->send;
    at.tx = step->tx;
    at.user = &step->user;

    return at;
}


/*
 * A login or registration adds to what its own journey set up or proved
 * (flow.subject), and never replaces anything; settings do what they are
 * for.
 */

static mfa_status_t
secure_is_open(mfa_step_t *step, const mfa_factor_t *factor, bool *is_open)
{
    bool          has_it;
    size_t        i;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    /* what the person has counts until the new one is confirmed (D3) */

    *is_open = mfa_flow_reset_takes(&step->flow, factor);

    if (mfa_flow_is_reset(&step->flow)) {
        return MFA_OK;
    }

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    has_it = mfa_strs_has(&kinds, mfa_str_from(factor->name));

    if (is_settings(step)) {
        *is_open = (has_it == is_change(step));
        return MFA_OK;
    }

    for (i = 0; i < kinds.count; i++) {
        if (!mfa_str_eq(kinds.items[i], step->flow.subject)) {
            return MFA_OK;
        }
    }

    *is_open = !has_it;

    return MFA_OK;
}


/* an app's secret waits from now on, where an app may be set up */

mfa_status_t
mfa_flow_secure_begin(mfa_step_t *step)
{
    bool                 is_open;
    mfa_status_t         st;
    mfa_factor_case_t    at;
    const mfa_factor_t  *factor;

    step->flow.secret = mfa_null;
    step->flow.destination = mfa_null;

    factor = mfa_factor_by_name(is_settings(step) ? step->flow.subject
                                                  : mfa_str("totp"));

    if (factor == NULL || factor->begin == NULL
        || !mfa_factor_is_allowed(step->env->factors, factor))
    {
        return MFA_OK;
    }

    st = secure_is_open(step, factor, &is_open);
    if (st != MFA_OK || !is_open) {
        return st;
    }

    at = factor_case(step);

    return factor->begin(&at, &step->flow.secret);
}


mfa_status_t
mfa_flow_secure_renew(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t            secret;
    mfa_status_t         st;
    mfa_factor_case_t    at;
    const mfa_factor_t  *factor;

    *outcome = MFA_OUTCOME_PASS;

    st = secure_factor(step, &factor);
    if (st != MFA_OK) {
        return st;
    }

    if (factor->begin == NULL || step->flow.secret.len == 0) {
        return MFA_INVALID;
    }

    at = factor_case(step);

    st = factor->begin(&at, &secret);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.secret = secret;
    step->flow.notice = MFA_WORD("This is a new QR code. The one before no "
                                 "longer works: delete its entry from your "
                                 "app.");

    return MFA_OK;
}


/* a wrong number is shown again beside what is wrong with it */

static mfa_status_t
destination_refused(mfa_step_t *step, const char *field, mfa_str_t word)
{
    size_t        i;
    mfa_str_t     typed;
    mfa_status_t  st;

    static const char *const  names[] = { "country", "phone", "address" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        typed = mfa_pairs_get(step->fields, mfa_str_from(names[i]));

        if (typed.len == 0 || typed.len > MFA_EMAIL_MAX
            || !mfa_text_is_utf8(typed))
        {
            continue;
        }

        st = mfa_flow_typed(step, names[i], typed);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_flow_error(step, field, word);
}


static mfa_status_t
secure_send_to(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_str_t destination, mfa_outcome_t *outcome)
{
    mfa_status_t      st;
    mfa_code_place_t  place;

    place = mfa_flow_factor_place(step, "secure", factor, destination);

    st = mfa_flow_factor_send(step, &place, factor, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    /* a code counts for this very destination only (B9, B17) */

    step->flow.destination = destination;

    return MFA_OK;
}


/* MFA_INVALID: no factor that codes are sent for, or not one to set up */

static mfa_status_t
secure_sendable(mfa_step_t *step, const mfa_factor_t **factor)
{
    bool          is_open;
    mfa_status_t  st;

    st = secure_factor(step, factor);
    if (st != MFA_OK) {
        return st;
    }

    if ((*factor)->channel == NULL) {
        return MFA_INVALID;
    }

    st = secure_is_open(step, *factor, &is_open);
    if (st != MFA_OK) {
        return st;
    }

    return is_open ? MFA_OK : MFA_INVALID;
}


mfa_status_t
mfa_flow_secure_send(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t            destination, word;
    const char          *field;
    mfa_status_t         st;
    mfa_factor_case_t    at;
    const mfa_factor_t  *factor;

    *outcome = MFA_OUTCOME_DENY;

    st = secure_sendable(step, &factor);
    if (st != MFA_OK) {
        return st;
    }

    at = factor_case(step);
    field = "phone";
    word = mfa_null;

    st = factor->destination(&at, step->fields, &destination, &field, &word);

    if (st == MFA_INVALID) {
        return destination_refused(step, field, word);
    }

    if (st != MFA_OK) {
        return st;
    }

    return secure_send_to(step, factor, destination, outcome);
}


/* a number is called or gets a message, an address gets a letter */

static bool
is_destination_of(const mfa_factor_t *factor, mfa_str_t destination)
{
    bool  is_number;

    is_number = (destination.len > 0 && destination.data[0] == '+');

    return destination.len > 0
           && is_number == (strcmp(factor->channel, "mail") != 0);
}


/* also by another method to the same number: "Call me instead" */

mfa_status_t
mfa_flow_secure_again(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t         st;
    const mfa_factor_t  *factor;

    *outcome = MFA_OUTCOME_DENY;

    st = secure_sendable(step, &factor);
    if (st != MFA_OK) {
        return st;
    }

    if (!is_destination_of(factor, step->flow.destination)) {
        return MFA_INVALID;
    }

    return secure_send_to(step, factor, step->flow.destination, outcome);
}


static mfa_status_t
secure_wrong(mfa_step_t *step, const mfa_factor_t *factor)
{
    mfa_status_t  st;

    st = mfa_flow_error(step, "code",
                        MFA_WORD("Invalid verification code."));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_factor_event(step, "factor.add", "fail", "code", factor);
}


/* the app's own code, against the secret of this flow */

static mfa_status_t
check_own(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_factor_record_t *record, mfa_outcome_t *outcome)
{
    uint64_t            spent;
    mfa_status_t        st;
    mfa_verdict_t       verdict;
    mfa_factor_case_t   at;

    if (step->flow.secret.len == 0) {
        return MFA_INVALID;
    }

    st = mfa_flow_code_book(step);
    if (st != MFA_OK) {
        return st;
    }

    record->secret = step->flow.secret;

    at = factor_case(step);

    st = factor->verify(&at, record,
                        mfa_pairs_get(step->fields, mfa_str("code")),
                        &verdict, &spent);

    if (st == MFA_OK && verdict != MFA_VERDICT_PASS) {
        st = mfa_flow_advise(step, factor, record,
                             mfa_pairs_get(step->fields, mfa_str("code")),
                             &step->flow.notice);
        return (st == MFA_OK) ? secure_wrong(step, factor) : st;
    }

    if (st == MFA_INVALID) {
        return secure_wrong(step, factor);
    }

    if (st != MFA_OK) {
        return st;
    }

    /* the code that confirms is spent (B4) */

    record->last_step = spent;
    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_code_refund(step);
}


static mfa_status_t
check_sent(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_factor_record_t *record, mfa_outcome_t *outcome)
{
    mfa_status_t      st;
    mfa_code_place_t  place;

    if (!is_destination_of(factor, step->flow.destination)) {
        return mfa_flow_error(step, "code",
                              MFA_WORD("Ask for a code first."));
    }

    place = mfa_flow_factor_place(step, "secure", factor,
                                  step->flow.destination);

    st = mfa_flow_factor_check(step, &place, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    record->secret = step->flow.destination;

    return (strcmp(factor->channel, "mail") == 0)
           ? MFA_OK : mfa_sms_done(step->tx, record->secret);
}


/* proved: from here on it is the user's, and everybody hears of it (E7) */

static mfa_status_t
secure_keep(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_factor_record_t *record)
{
    const char    *what, *event;
    mfa_status_t   st;

    record->added_at = step->tx->now;

    st = mfa_factor_record_put(step->tx, record);
    if (st != MFA_OK) {
        return st;
    }

    if (factor->channel != NULL) {
        step->flow.destination = mfa_null;

    } else {
        step->flow.secret = mfa_null;
    }

    step->flow.amr |= factor->amr;

    if (mfa_flow_is_reset(&step->flow)) {
        what = "device_reset";
        event = "factor.reset";

    } else if (is_change(step)) {
        what = "factor_changed";
        event = "factor.change";

    } else {
        what = "factor_added";
        event = "factor.add";
    }

    st = mfa_flow_tell(step, "notice", what, factor->label);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_factor_event(step, event, "ok", NULL, factor);
}


mfa_status_t
mfa_flow_secure_prove(mfa_step_t *step, mfa_outcome_t *outcome,
    mfa_factor_record_t *record)
{
    bool                 is_open;
    mfa_status_t         st;
    const mfa_factor_t  *factor;

    *outcome = MFA_OUTCOME_DENY;

    st = secure_factor(step, &factor);
    if (st != MFA_OK) {
        return st;
    }

    /* another tab was faster: what is enrolled is not replaced here */

    st = secure_is_open(step, factor, &is_open);
    if (st != MFA_OK) {
        return st;
    }

    if (!is_open) {
        *outcome = MFA_OUTCOME_EXISTS;
        return MFA_OK;
    }

    memset(record, 0, sizeof(*record));

    record->user = step->user.id;
    record->kind = mfa_str_from(factor->name);

    st = (factor->channel != NULL)
         ? check_sent(step, factor, record, outcome)
         : check_own(step, factor, record, outcome);

    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    return secure_keep(step, factor, record);
}


/* the account is secured: other journeys, begun without this factor, end */

static mfa_status_t
secure_settle(mfa_step_t *step)
{
    mfa_status_t  st;

    mfa_flow_secured(&step->user, step->tx->now);
    step->user.password_failures = 0;

    st = mfa_flow_delete_all(step->tx, &step->user.id, &step->flow.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_device_delete_all(step->tx, &step->user.id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_session_end_all(step->tx, &step->user);
}


mfa_status_t
mfa_flow_secure_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_strs_t           kinds;
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_flow_secure_prove(step, outcome, &record);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    st = secure_settle(step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_flow_wants_more(step, &kinds)) {
        *outcome = MFA_OUTCOME_MORE;

        step->flow.subject = record.kind;
        step->screen = mfa_str("secure");
        step->flow.notice = MFA_WORD("This way to verify is set up. Now set "
                                     "up a second way to verify.");

        return (step->flow.secret.len == 0) ? mfa_flow_secure_begin(step)
                                            : MFA_OK;
    }

    step->flow.secret = mfa_null;
    step->flow.destination = mfa_null;

    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_session(step, step->flow.amr);
}


mfa_status_t
mfa_flow_finish(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;

    step->is_over = true;
    step->go = step->flow.target;

    return MFA_OK;
}
