/*
 * People without a second factor: what policy asks of them today, and what a
 * login does about it (Y1, C11).
 *
 * Denies first. Nothing here moves a deadline but mfa_flow_extend, which
 * staff alone reach.
 */

#include <time.h>

#include "mfa_flow.h"


/* kinds that this program does not know count as well; recovery codes only
 * while one is left */

static mfa_status_t
has_methods(mfa_tx_t *tx, const mfa_id_t *user, bool *found)
{
    size_t        i;
    mfa_strs_t    kinds;
    mfa_proofs_t  proofs;
    mfa_status_t  st;

    *found = true;

    st = mfa_flow_proofs(tx, user, &proofs);

    if (st == MFA_OK) {
        st = mfa_factor_record_kinds(tx, user, &kinds);
    }

    if (st != MFA_OK || proofs.count > 0) {
        return st;
    }

    *found = false;

    for (i = 0; i < kinds.count; i++) {
        if (!mfa_str_eq_c(kinds.items[i], "recovery")) {
            *found = true;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_grace(mfa_tx_t *tx, const mfa_flow_settings_t *settings,
    const mfa_user_t *user, mfa_grace_t *grace)
{
    bool          is_before, found;
    mfa_status_t  st;

    memset(grace, 0, sizeof(*grace));

    st = has_methods(tx, &user->id, &found);
    if (st != MFA_OK) {
        return st;
    }

    mfa_flow_policy(settings, user, &grace->policy);

    grace->deadline = mfa_policy_deadline(&grace->policy, user);
    grace->has_methods = found;
    grace->has_deadline = !found && !grace->policy.is_optional
                          && grace->policy.from > 0;

    is_before = tx->now < grace->deadline;

    /* a mailed password never opens what was secured once (C6) */

    grace->may_wait = !found && is_before
                      && !mfa_flow_mail_is_alone(tx, user);

    /* from whom staff took the last one was in time: that they took it is
     * the permission to set up another */

    grace->is_late = grace->has_deadline && !is_before
                     && user->secured_at == 0;

    return MFA_OK;
}


void
mfa_flow_secured(mfa_user_t *user, mfa_time_t now)
{
    user->secured_at = now;

    if (user->registered_at == 0) {
        user->registered_at = now;
    }
}


mfa_status_t
mfa_flow_unsecured(mfa_step_t *step)
{
    mfa_strs_t    kinds;
    mfa_status_t  st;
    mfa_policy_t  policy;

    mfa_flow_policy(step->env->settings, &step->user, &policy);

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK || kinds.count > 0 || !policy.is_optional) {
        return st;
    }

    st = mfa_factor_record_delete(step->tx, &step->user.id,
                                  mfa_str("recovery"));
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    step->user.secured_at = 0;

    return mfa_user_save(step->tx, &step->user, NULL);
}


mfa_status_t
mfa_flow_end_by_password(mfa_step_t *step)
{
    step->flow.state = MFA_FLOW_ENDED;
    step->is_over = true;
    step->go = step->flow.target;

    return mfa_flow_session(step, step->flow.amr);
}


static mfa_status_t
deadline_show(mfa_step_t *step, mfa_outcome_t *outcome)
{
    *outcome = MFA_OUTCOME_EXISTS;

    step->flow.secret = mfa_null;
    step->flow.destination = mfa_null;
    step->screen = mfa_str("deadline");

    return mfa_flow_event(step, "login", "fail", "deadline");
}


mfa_status_t
mfa_flow_later(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_grace(step->tx, step->env->settings, &step->user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    if (grace.is_late) {
        return deadline_show(step, outcome);
    }

    if (!grace.may_wait) {
        step->flow.notice = MFA_WORD("This can no longer be put off: a "
                                     "second factor is needed now.");
        return MFA_OK;
    }

    if (step->user.registered_at == 0) {
        step->user.registered_at = step->tx->now;
    }

    /* where more than the password is asked for, later leads elsewhere */

    if (mfa_str_eq_c(step->flow.action, "step-up")) {
        step->flow.target = mfa_null;
    }

    step->is_partial = false;

    st = mfa_flow_end_by_password(step);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_event(step, "login", "ok", "later");
}


mfa_status_t
mfa_flow_secure_in_time(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_grace(step->tx, step->env->settings, &step->user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    return grace.is_late ? deadline_show(step, outcome)
                         : mfa_flow_secure_confirm(step, outcome);
}


/* the last second of that day, in the days of whoever typed it */

static mfa_status_t
day_end(mfa_str_t day, mfa_time_t *at)
{
    time_t        seconds;
    struct tm     tm;
    mfa_time_t    start;
    mfa_status_t  st;

    st = mfa_policy_day(mfa_str_trim(day), &start);
    if (st != MFA_OK) {
        return st;
    }

    seconds = (time_t) (start / MFA_SECOND);

    if (gmtime_r(&seconds, &tm) == NULL) {
        return MFA_INVALID;
    }

    tm.tm_hour = 23;
    tm.tm_min = 59;
    tm.tm_sec = 59;
    tm.tm_isdst = -1;

    seconds = mktime(&tm);
    if (seconds == (time_t) -1) {
        return MFA_INVALID;
    }

    *at = (mfa_time_t) seconds * MFA_SECOND;

    return MFA_OK;
}


mfa_status_t
mfa_flow_extend(mfa_tx_t *tx, const mfa_flow_settings_t *settings,
    mfa_user_t *user, mfa_str_t day, mfa_str_t *word)
{
    mfa_time_t    at;
    mfa_grace_t   grace;
    mfa_status_t  st;

    st = mfa_flow_grace(tx, settings, user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    if (!grace.has_deadline) {
        *word = MFA_WORD("There is no deadline to extend: this person has a "
                         "second factor, or policy sets no date.");
        return MFA_EXISTS;
    }

    if (day_end(day, &at) != MFA_OK) {
        *word = MFA_WORD("Enter a day in the form 2027-01-31.");
        return MFA_INVALID;
    }

    if (at <= tx->now || at <= grace.deadline) {
        *word = MFA_WORD("Enter a day that is later than the deadline as it "
                         "stands, and not over yet.");
        return MFA_INVALID;
    }

    /* the last of these days ends when the 45 are over (C11) */

    if (at - MFA_DAY >= tx->now + MFA_GRACE_MAX) {
        *word = MFA_WORD("Enter a day within the next 45 days.");
        return MFA_INVALID;
    }

    if (at > tx->now + MFA_GRACE_MAX) {
        at = tx->now + MFA_GRACE_MAX;
    }

    user->deadline_at = at;

    return MFA_OK;
}
