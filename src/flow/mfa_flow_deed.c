/*
 * The deeds of the settings: each in one transaction with its letters and
 * with the end of what it makes stale.
 */

#include "mfa_flow_settings.h"


/* other journeys end with every deed; devices with every change of a way to
 * prove who one is (L13) */

static mfa_status_t
settle(mfa_step_t *step, bool ends_devices, bool ends_sessions)
{
    mfa_status_t  st;

    st = mfa_flow_delete_all(step->tx, &step->user.id, &step->flow.id);

    if (st == MFA_OK && ends_devices) {
        st = mfa_device_delete_all(step->tx, &step->user.id);
    }

    /* all known browsers went with them; this one has just proved itself */

    if (st == MFA_OK && ends_devices) {
        st = mfa_known_add(step->tx, &step->user.id, step->browser);
    }

    if (st == MFA_OK && ends_sessions) {
        st = mfa_flow_session_end_others(step);
    }

    return st;
}


void
mfa_settings_over(mfa_step_t *step, mfa_str_t notice)
{
    step->is_over = true;
    step->flow.notice = notice;
}


/* ten new codes; the page that shows them ends the journey */

static mfa_status_t
settings_recovery(mfa_step_t *step)
{
    mfa_status_t   st;
    mfa_outcome_t  outcome;

    st = mfa_flow_recovery(step, &outcome);
    if (st != MFA_OK) {
        return st;
    }

    return settle(step, true, false);
}


/* what the first screen of a deed needs; the factor is fresh */

mfa_status_t
mfa_settings_enter(mfa_step_t *step, mfa_outcome_t outcome)
{
    switch (outcome) {

    case MFA_OUTCOME_SECURE:

        /* asked for a factor in between: what waits is kept (C4) */

        if (step->flow.secret.len > 0 || step->flow.destination.len > 0) {
            return MFA_OK;
        }

        return mfa_flow_secure_begin(step);

    case MFA_OUTCOME_RECOVERY:
        return settings_recovery(step);

    default:
        return MFA_OK;
    }
}


/*
 * Before every deed. MORE: the factor is no longer fresh, ask again. EXISTS:
 * not possible any more, the journey is over. PASS: go on.
 */

static mfa_status_t
deed_judge(mfa_step_t *step, mfa_outcome_t wanted, mfa_outcome_t *outcome)
{
    mfa_status_t   st;
    mfa_outcome_t  possible;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_settings_judge(step, &possible);
    if (st != MFA_OK) {
        return st;
    }

    if (possible != wanted) {
        *outcome = MFA_OUTCOME_EXISTS;
        mfa_settings_over(step, MFA_SETTINGS_STALE);

        return MFA_OK;
    }

    if (mfa_settings_is_fresh(step, step->tx->now)) {
        *outcome = MFA_OUTCOME_PASS;
        return MFA_OK;
    }

    *outcome = MFA_OUTCOME_MORE;

    step->flow.notice = MFA_WORD("Some time has passed. Verify once more to "
                                 "go on.");

    return MFA_OK;
}


/* the app that "Change" replaces, for the hint to its owner; one that cannot
 * be read may still be replaced */

static mfa_status_t
former_read(mfa_step_t *step, mfa_factor_record_t *app)
{
    mfa_status_t  st;

    memset(app, 0, sizeof(*app));

    if (!mfa_str_eq_c(step->flow.action, "change")
        || !mfa_str_eq_c(step->flow.subject, "totp"))
    {
        return MFA_OK;
    }

    st = mfa_factor_record_get(step->tx, &step->user.id, step->flow.subject,
                               app);

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        memset(app, 0, sizeof(*app));
        return MFA_OK;
    }

    return st;
}


/* what was there before is read first: the new record takes its place */

static mfa_status_t
secure_prove(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_strs_t           numbers;
    mfa_status_t         st;
    mfa_factor_record_t  app, record;

    st = former_read(step, &app);

    if (st == MFA_OK) {
        st = mfa_flow_numbers(step->tx, &step->user.id, &numbers);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_secure_prove(step, outcome, &record);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    if (app.secret.len > 0) {
        st = mfa_former_put(step->tx, &app);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_flow_numbers_tell(step->tx, step->env->send, &step->user.id,
                                 &numbers);
}


mfa_status_t
mfa_settings_secure(mfa_step_t *step, mfa_outcome_t *outcome)
{
    bool          is_change;
    mfa_status_t  st;

    st = deed_judge(step, MFA_OUTCOME_SECURE, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    st = secure_prove(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    is_change = mfa_str_eq_c(step->flow.action, "change");

    if (is_change) {
        mfa_settings_over(step, MFA_WORD("Your way to verify was changed."));

    } else {
        mfa_settings_over(step, MFA_WORD("Your new way to verify is set up."));
    }

    return settle(step, true, is_change);
}


static mfa_status_t
remove_record(mfa_step_t *step)
{
    mfa_strs_t       numbers;
    mfa_status_t     st;
    const mfa_id_t  *user = &step->user.id;

    st = mfa_flow_numbers(step->tx, user, &numbers);

    if (st == MFA_OK) {
        st = mfa_flow_former_keep(step->tx, user, step->flow.subject);
    }

    if (st == MFA_OK) {
        st = mfa_factor_record_delete(step->tx, user, step->flow.subject);
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_numbers_tell(step->tx, step->env->send, user, &numbers);
}


mfa_status_t
mfa_settings_remove(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t         st;
    const mfa_factor_t  *factor;

    st = deed_judge(step, MFA_OUTCOME_REMOVE, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    st = remove_record(step);

    if (st == MFA_OK) {
        st = mfa_flow_unsecured(step);
    }

    if (st != MFA_OK) {
        return st;
    }

    factor = mfa_factor_by_name(step->flow.subject);

    st = mfa_flow_tell(step, "notice", "factor_removed",
                       (factor != NULL) ? factor->label
                                        : step->flow.subject);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_factor_event(step, "factor.remove", "ok", NULL, factor);
    if (st != MFA_OK) {
        return st;
    }

    mfa_settings_over(step, MFA_WORD("The way to verify was removed."));

    return settle(step, true, true);
}


mfa_status_t
mfa_settings_password(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    st = deed_judge(step, MFA_OUTCOME_PASSWORD, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    st = mfa_settings_password_change(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    mfa_settings_over(step, MFA_WORD("Your password was changed."));

    return settle(step, true, true);
}


/* nothing is changed by it: nothing ends */

mfa_status_t
mfa_settings_request(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    st = deed_judge(step, MFA_OUTCOME_REQUEST, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    st = mfa_flow_request_make(step, outcome);

    if (st == MFA_OK && *outcome == MFA_OUTCOME_PASS) {
        mfa_settings_over(step, MFA_WORD("Your reset request was "
                                         "submitted."));
    }

    return st;
}


mfa_status_t
mfa_settings_cancel(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;

    mfa_settings_over(step, mfa_null);

    return MFA_OK;
}


mfa_status_t
mfa_settings_codes_seen(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_PASS;

    mfa_settings_over(step, MFA_WORD("You have new recovery codes. The ones "
                                 "before no longer work."));

    return MFA_OK;
}
