/*
 * The journey of registration: R1 to R7 of the product.
 *
 * Up to the right code every address sees and costs the same: known,
 * unknown, disabled, not allowed (C1). No password before the address is
 * proved.
 */

#include "mfa_flow.h"


enum {
    REGISTER_CODE = 1,
    REGISTER_DETAILS,
    REGISTER_EXISTS,
    REGISTER_SECURE,
    REGISTER_DONE
};


static bool
domain_is_listed(const mfa_strs_t *domains, mfa_str_t email)
{
    mfa_str_t  domain;

    domain = email;
    (void) mfa_str_split(&domain, '@');

    return mfa_strs_has(domains, domain);
}


/*
 * May this address register now? *user is set when it is on a record
 * (*is_known).
 */

static mfa_status_t
register_judge(mfa_step_t *step, mfa_user_t *user, bool *is_known,
    mfa_verdict_t *verdict)
{
    mfa_status_t                st;
    const mfa_flow_settings_t  *settings = step->env->settings;

    *verdict = MFA_VERDICT_DENY;

    st = mfa_user_by_email(step->tx, step->flow.email, user);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    *is_known = (st == MFA_OK);

    if (settings->registration == MFA_REGISTRATION_OFF) {
        return MFA_OK;
    }

    if (*is_known) {
        *verdict = mfa_user_may_log_in(user);
        return MFA_OK;
    }

    if (settings->registration == MFA_REGISTRATION_OPEN
        || (settings->registration == MFA_REGISTRATION_DOMAINS
            && domain_is_listed(&settings->domains, step->flow.email)))
    {
        *verdict = MFA_VERDICT_PASS;
    }

    return MFA_OK;
}


static mfa_status_t
register_may_send(mfa_step_t *step, mfa_user_t *user, mfa_verdict_t *verdict)
{
    bool  is_known;

    return register_judge(step, user, &is_known, verdict);
}


static const mfa_mailed_t  register_mailed = {
    "register", REGISTER_CODE, "register.start", register_may_send
};


mfa_status_t
mfa_register_start(mfa_step_t *step, mfa_str_t typed)
{
    return mfa_flow_mailed_start(step, &register_mailed, typed);
}


static mfa_status_t
register_resend(mfa_step_t *step, mfa_outcome_t *outcome)
{
    return mfa_flow_mailed_again(step, &register_mailed, outcome);
}


/*
 * Finished, or has a password from elsewhere: log in, or reset it. Who set
 * a password here but never got to a factor starts afresh (C2).
 */

static bool
is_registered(const mfa_user_t *user)
{
    static const uint8_t  nobody[MFA_DIGEST_SIZE];

    return user->registered_at != 0
           || (user->password.len > 0
               && memcmp(user->browser, nobody, sizeof(nobody)) == 0);
}


static mfa_status_t
register_code(mfa_step_t *step, mfa_outcome_t *outcome)
{
    bool           is_known;
    mfa_user_t     user;
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    st = mfa_flow_code_check(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    st = register_judge(step, &user, &is_known, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        return mfa_flow_error(step, "code",
                              MFA_WORD("Invalid verification code."));
    }

    step->flow.amr |= MFA_AMR_EMAIL;

    if (is_known && is_registered(&user)) {
        *outcome = MFA_OUTCOME_EXISTS;
        return MFA_OK;
    }

    *outcome = MFA_OUTCOME_PASS;

    if (!is_known) {
        return MFA_OK;
    }

    st = mfa_flow_typed(step, "first_name", user.first_name);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_typed(step, "surname", user.surname);
}


static mfa_status_t
register_change_email(mfa_step_t *step, mfa_outcome_t *outcome)
{
    (void) step;

    *outcome = MFA_OUTCOME_PASS;

    return MFA_OK;
}


/* the form is judged before its password costs a hash, and again after */

static mfa_status_t
register_prepare(mfa_step_t *step, mfa_flow_event_t event)
{
    mfa_status_t  st;

    if (event != MFA_EVENT_DETAILS) {
        return MFA_OK;
    }

    if (step->flow.state != REGISTER_DETAILS) {
        return MFA_INVALID;
    }

    step->flow.errors.count = 0;
    step->flow.typed.count = 0;

    st = mfa_flow_details_judge(step);
    if (st != MFA_OK) {
        return st;
    }

    return (step->flow.errors.count > 0) ? MFA_OK
                                         : mfa_flow_password_want(step);
}


static void
user_set_details(mfa_step_t *step, mfa_user_t *user)
{
    mfa_time_t  now = step->tx->now;

    user->first_name = mfa_str_trim(mfa_pairs_get(step->fields,
                                                  mfa_str("first_name")));
    user->surname = mfa_str_trim(mfa_pairs_get(step->fields,
                                               mfa_str("surname")));
    user->password = step->hash;
    user->password_at = now;
    user->password_failures = 0;

    memcpy(user->browser, step->browser, MFA_DIGEST_SIZE);

    mfa_flow_learn_language(step);
}


static mfa_status_t
details_save_user(mfa_step_t *step, bool is_known)
{
    mfa_user_t    *user = &step->user;
    mfa_status_t   st;

    if (!is_known) {
        st = mfa_user_make(step->tx, user);
        if (st != MFA_OK) {
            return st;
        }

        user->email = step->flow.email;
        user->user = step->flow.email;
        user->added_at = step->tx->now;
        user_set_details(step, user);

        return mfa_user_add(step->tx, user, NULL);
    }

    user_set_details(step, user);

    /* whoever used an unfinished password before is out */

    return mfa_session_end_all(step->tx, user);
}


/* the deadline is also of people who never registered in time (C11): their
 * password is set, the rest is for staff to open */

static mfa_status_t
register_secure(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    st = mfa_flow_grace(step->tx, step->env->settings, &step->user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    if (grace.is_late) {
        *outcome = MFA_OUTCOME_EXISTS;
        step->screen = mfa_str("deadline");

        return MFA_OK;
    }

    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_secure_begin(step);
}


static mfa_status_t
register_details(mfa_step_t *step, mfa_outcome_t *outcome)
{
    bool           is_known;
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_details_judge(step);
    if (st != MFA_OK || step->flow.errors.count > 0) {
        return st;
    }

    if (step->hash.len == 0) {
        return MFA_BUG;
    }

    st = register_judge(step, &step->user, &is_known, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS
        || (is_known && is_registered(&step->user)))
    {
        *outcome = MFA_OUTCOME_EXISTS;
        return MFA_OK;
    }

    st = details_save_user(step, is_known);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.user = step->user.id;
    step->flow.has_user = true;
    step->flow.typed.count = 0;

    /* the address was proved as an address, not as a factor */

    step->flow.amr = MFA_AMR_PWD;

    st = mfa_flow_delete_all(step->tx, &step->user.id, &step->flow.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_event(step, "password.set", "ok", NULL);

    return (st == MFA_OK) ? register_secure(step, outcome) : st;
}


static const mfa_move_t  register_moves[] = {

    { REGISTER_CODE, MFA_EVENT_CODE, register_code,
      MFA_OUTCOME_PASS, REGISTER_DETAILS },
    { REGISTER_CODE, MFA_EVENT_CODE, register_code,
      MFA_OUTCOME_EXISTS, REGISTER_EXISTS },
    { REGISTER_CODE, MFA_EVENT_CODE, register_code,
      MFA_OUTCOME_DENY, REGISTER_CODE },

    { REGISTER_CODE, MFA_EVENT_RESEND, register_resend,
      MFA_OUTCOME_PASS, REGISTER_CODE },
    { REGISTER_CODE, MFA_EVENT_RESEND, register_resend,
      MFA_OUTCOME_DENY, REGISTER_CODE },

    { REGISTER_CODE, MFA_EVENT_CHANGE_EMAIL, register_change_email,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { REGISTER_DETAILS, MFA_EVENT_CHANGE_EMAIL, register_change_email,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { REGISTER_DETAILS, MFA_EVENT_DETAILS, register_details,
      MFA_OUTCOME_PASS, REGISTER_SECURE },
    { REGISTER_DETAILS, MFA_EVENT_DETAILS, register_details,
      MFA_OUTCOME_EXISTS, REGISTER_EXISTS },
    { REGISTER_DETAILS, MFA_EVENT_DETAILS, register_details,
      MFA_OUTCOME_DENY, REGISTER_DETAILS },

    { REGISTER_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_PASS, REGISTER_DONE },
    { REGISTER_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_MORE, REGISTER_SECURE },
    { REGISTER_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_EXISTS, REGISTER_EXISTS },
    { REGISTER_SECURE, MFA_EVENT_CODE, mfa_flow_secure_in_time,
      MFA_OUTCOME_DENY, REGISTER_SECURE },

    { REGISTER_SECURE, MFA_EVENT_NEW_SECRET, mfa_flow_secure_renew,
      MFA_OUTCOME_PASS, REGISTER_SECURE },

    { REGISTER_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_PASS, REGISTER_SECURE },
    { REGISTER_SECURE, MFA_EVENT_SEND, mfa_flow_secure_send,
      MFA_OUTCOME_DENY, REGISTER_SECURE },

    { REGISTER_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_PASS, REGISTER_SECURE },
    { REGISTER_SECURE, MFA_EVENT_RESEND, mfa_flow_secure_again,
      MFA_OUTCOME_DENY, REGISTER_SECURE },

    { REGISTER_SECURE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },
    { REGISTER_SECURE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_EXISTS, REGISTER_EXISTS },
    { REGISTER_SECURE, MFA_EVENT_LATER, mfa_flow_later,
      MFA_OUTCOME_DENY, REGISTER_SECURE },

    { REGISTER_DONE, MFA_EVENT_RECOVERY, mfa_flow_recovery,
      MFA_OUTCOME_PASS, REGISTER_DONE },

    { REGISTER_DONE, MFA_EVENT_CONTINUE, mfa_flow_finish,
      MFA_OUTCOME_PASS, MFA_FLOW_ENDED },

    { 0, 0, NULL, 0, 0 }
};


static const mfa_screen_t  register_screens[] = {
    { REGISTER_CODE, "register/code" },
    { REGISTER_DETAILS, "register/details" },
    { REGISTER_EXISTS, "register/exists" },
    { REGISTER_EXISTS, "deadline" },
    { REGISTER_SECURE, "secure" },
    { REGISTER_SECURE, "secure/" },
    { REGISTER_DONE, "register/done" },
    { REGISTER_DONE, "recovery-codes" },
    { 0, NULL }
};


const mfa_flow_kind_t  mfa_flow_register = {
    .name = "register",
    .moves = register_moves,
    .screens = register_screens,
    .home = "register",
    .prepare = register_prepare,
};
