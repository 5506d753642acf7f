/*
 * The second factor of a login, or of somebody who changes settings: one
 * try, judged.
 *
 * The try is booked before it is looked at; what was right is spent in the
 * transaction that makes the session (B3, H1).
 */

#include "mfa_flow.h"


/* one try of one proof */

typedef struct {
    mfa_proof_t        proof;
    mfa_str_t          typed;           /* clean, where codes are sent */
    uint64_t           left;
    uint64_t           spent;           /* last_step of a right proof */
    mfa_str_t          secret;          /* of the record after it */
    mfa_verdict_t      verdict;
    mfa_code_answer_t  answer;          /* why it was not right */
} try_t;


/* a step-up is no login */

static const char *
verify_event(const mfa_step_t *step)
{
    return mfa_str_eq_c(step->flow.kind, "login") ? "login" : "verify";
}


mfa_status_t
mfa_flow_verify_limited(mfa_step_t *step, const mfa_factor_record_t *record,
    mfa_time_t retry_at)
{
    mfa_status_t  st;

    if (record->is_disabled || retry_at == 0) {
        st = mfa_flow_error(step, "code",
                            MFA_WORD("This way to verify has been switched "
                                     "off after too many wrong codes."));

    } else {
        st = mfa_flow_error(step, "code",
                            MFA_WORD("Too many wrong codes. Verification is "
                                     "locked for now."));
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_flow_typed(step, "until", mfa_flow_clock(step, retry_at));
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_factor_event(step, verify_event(step), "limited", "code",
                                 mfa_factor_by_name(record->kind));
}


static mfa_status_t
verify_malformed(mfa_step_t *step)
{
    return mfa_flow_error(step, "code",
                          MFA_WORD("Invalid verification code."));
}


/* MFA_INVALID: not the form of a proof; it costs the owner no try (B7) */

static mfa_status_t
try_clean(mfa_step_t *step, try_t *try)
{
    size_t               digits;
    mfa_str_t            typed;
    mfa_arena_t         *arena = step->work->arena;
    const mfa_factor_t  *factor = try->proof.factor;

    typed = mfa_pairs_get(step->fields, mfa_str("code"));
    try->typed = typed;

    if (factor->channel != NULL) {
        digits = (size_t) step->work->model->settings->code_digits;

        return mfa_digits_clean(arena, typed, digits, &try->typed);
    }

    if (factor->has_form != NULL
        && !factor->has_form(step->env->factors, arena, typed))
    {
        return MFA_INVALID;
    }

    return MFA_OK;
}


static mfa_factor_case_t
try_case(mfa_step_t *step)
{
    mfa_factor_case_t  at;

    at.settings = step->env->factors;
    at.send = step->env->send;
    at.tx = step->tx;
    at.user = &step->user;

    return at;
}


/* the proof is something that the person has */

static mfa_status_t
judge_own(mfa_step_t *step, try_t *try)
{
    mfa_status_t          st;
    mfa_verdict_t         verdict;
    mfa_factor_case_t     at;
    mfa_factor_record_t   record;

    at = try_case(step);
    record = try->proof.record;

    st = try->proof.factor->verify(&at, &record, try->typed, &verdict,
                                   &try->spent);
    if (st == MFA_INVALID) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    try->verdict = verdict;
    try->secret = record.secret;

    return MFA_OK;
}


/*
 * The proof is a code that was sent. before: the record without the booking
 * of this try, which an earlier code gives back: who knows one has the
 * phone.
 */

static mfa_status_t
judge_sent(mfa_step_t *step, const mfa_code_place_t *place, try_t *try,
    const mfa_factor_record_t *before)
{
    uint64_t             left;
    mfa_status_t         st;
    mfa_code_answer_t    answer;

    st = mfa_code_use(step->tx, place, try->typed, &answer, &left);
    if (st != MFA_OK) {
        return st;
    }

    try->answer = answer;
    try->left = (left < try->left) ? left : try->left;
    try->secret = try->proof.record.secret;

    if (answer == MFA_CODE_EARLIER) {
        try->proof.record = *before;

        return mfa_factor_record_put(step->tx, before);
    }

    if (answer == MFA_CODE_RIGHT) {
        try->verdict = MFA_VERDICT_PASS;
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_advise(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_factor_record_t *record, mfa_str_t typed, mfa_str_t *advice)
{
    size_t              i;
    mfa_pairs_t         values;
    mfa_status_t        st;
    mfa_factor_case_t   at;

    *advice = mfa_null;

    if (factor->advise == NULL) {
        return MFA_OK;
    }

    memset(&values, 0, sizeof(values));

    at = try_case(step);

    st = factor->advise(&at, record, typed, advice, &values);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < values.count; i++) {
        st = mfa_pairs_add(step->work->arena, &step->flow.typed,
                           values.items[i].name, values.items[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/* a wrong proof, but no hold: what may help */

static mfa_status_t
verify_advise(mfa_step_t *step, const try_t *try, mfa_str_t *advice)
{
    mfa_status_t         st;
    mfa_factor_record_t  record = try->proof.record;

    st = mfa_flow_advise(step, try->proof.factor, &record, try->typed,
                         advice);
    if (st != MFA_OK) {
        return st;
    }

    if (record.told_step == try->proof.record.told_step) {
        return MFA_OK;
    }

    return mfa_factor_record_put(step->tx, &record);
}


/* the owner hears of it when the wrong codes have earned a hold (B6, C13) */

static mfa_status_t
verify_held(mfa_step_t *step, const try_t *try)
{
    mfa_status_t                st;
    const mfa_factor_record_t  *record = &try->proof.record;

    st = record->is_disabled
         ? mfa_flow_tell(step, "factor_disabled", "is_disabled",
                         try->proof.factor->label)
         : mfa_flow_tell(step, "factor_held", "is_held",
                         try->proof.factor->label);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_verify_limited(step, record, record->held_until);
}


/* B2: a code of a clock that is wrong is told apart in the log */

static mfa_status_t
fail_reason(const mfa_step_t *step, const try_t *try, const char **reason)
{
    int                           drift;
    bool                          is_drift;
    mfa_str_t                     digits;
    mfa_status_t                  st;
    const mfa_factor_settings_t  *settings = step->env->factors;

    *reason = "code";

    if (strcmp(try->proof.factor->name, "totp") != 0) {
        return MFA_OK;
    }

    st = mfa_digits_clean(step->work->arena, try->typed,
                          (size_t) settings->totp.digits, &digits);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_OK : st;
    }

    st = mfa_totp_is_drift(&settings->totp, try->proof.record.secret, digits,
                           step->tx->now, &is_drift, &drift);

    /* within the window the clock is right, and the code was used before */

    if (st == MFA_OK && is_drift
        && (drift < 0 ? -drift : drift) > settings->totp.window)
    {
        *reason = "drift";
    }

    return st;
}


static mfa_status_t
verify_wrong(mfa_step_t *step, const try_t *try)
{
    const char    *reason;
    mfa_status_t   st;

    st = fail_reason(step, try, &reason);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_factor_event(step, verify_event(step), "fail", reason,
                               try->proof.factor);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_flow_may_try(step->tx, &try->proof.record) != MFA_VERDICT_PASS) {
        return verify_held(step, try);
    }

    st = verify_advise(step, try, &step->flow.notice);

    if (st == MFA_OK && strcmp(try->proof.factor->name, "totp") == 0) {
        st = mfa_flow_former_advise(step, try->typed, &step->flow.notice);
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_code_refused(step, try->answer, try->left);
}


/* a recovery code is gone once it was used, and its owner told (B15) */

static mfa_status_t
spend_recovery(mfa_step_t *step, try_t *try)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(step->tx, &step->user.id,
                               try->proof.record.kind, &record);
    if (st != MFA_OK) {
        return st;
    }

    record.secret = try->secret;

    st = mfa_factor_record_put(step->tx, &record);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_tell_recovery(step, try->proof.factor->label,
                                mfa_recovery_left(&record));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_factor_event(step, "recovery.use", "ok", NULL,
                                 try->proof.factor);
}


static mfa_status_t
verify_right(mfa_step_t *step, try_t *try)
{
    mfa_status_t         st;
    const mfa_factor_t  *factor = try->proof.factor;

    st = mfa_factor_record_pass(step->tx, &try->proof.record, try->spent);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_flow_is_recovery(factor)) {
        st = spend_recovery(step, try);

    } else if (factor->channel != NULL
               && strcmp(factor->channel, "mail") != 0)
    {
        st = mfa_sms_done(step->tx, try->proof.record.secret);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_code_refund(step);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.amr |= factor->amr;

    return mfa_flow_factor_event(step, verify_event(step), "ok", NULL,
                                 factor);
}


/* is the code that was sent dead, whatever is typed? Then it is no try */

static mfa_status_t
code_is_dead(mfa_step_t *step, const mfa_code_place_t *place, bool *is_dead)
{
    mfa_code_t    code;
    mfa_status_t  st;

    *is_dead = true;

    st = mfa_code_look(step->tx, place, &code);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    *is_dead = (st == MFA_OK && code.left == 0);

    return st;
}


static mfa_status_t
refuse_dead(mfa_step_t *step, const mfa_code_place_t *place, try_t *try)
{
    mfa_status_t  st;

    st = mfa_code_use(step->tx, place, try->typed, &try->answer, &try->left);
    if (st != MFA_OK) {
        return st;
    }

    /* a right answer here would be a fault of ours: it opens nothing */

    if (try->answer == MFA_CODE_RIGHT) {
        return MFA_BUG;
    }

    return mfa_flow_code_refused(step, try->answer, try->left);
}


static mfa_status_t
prove_try(mfa_step_t *step, try_t *try, mfa_outcome_t *outcome)
{
    bool                  is_dead;
    mfa_time_t            retry_at;
    mfa_status_t          st;
    mfa_code_place_t      place;
    mfa_factor_record_t   before;
    const mfa_factor_t   *factor = try->proof.factor;

    before = try->proof.record;
    is_dead = false;
    memset(&place, 0, sizeof(place));

    if (factor->channel != NULL) {
        place = mfa_flow_factor_place(step, "verify", factor, before.secret);

        st = code_is_dead(step, &place, &is_dead);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (is_dead && mfa_flow_may_try(step->tx, &before) == MFA_VERDICT_PASS) {
        return refuse_dead(step, &place, try);
    }

    st = mfa_factor_record_book(step->tx, &try->proof.record, &try->left,
                                &retry_at);
    if (st == MFA_LIMITED) {
        return mfa_flow_verify_limited(step, &try->proof.record, retry_at);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = (factor->channel != NULL) ? judge_sent(step, &place, try, &before)
                                   : judge_own(step, try);
    if (st != MFA_OK) {
        return st;
    }

    if (try->verdict != MFA_VERDICT_PASS) {
        return verify_wrong(step, try);
    }

    *outcome = MFA_OUTCOME_PASS;

    return verify_right(step, try);
}


mfa_status_t
mfa_flow_prove(mfa_step_t *step, mfa_outcome_t *outcome)
{
    try_t         try;
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    memset(&try, 0, sizeof(try));

    try.verdict = MFA_VERDICT_DENY;

    st = mfa_flow_code_book(step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_proof_find(step, &try.proof);
    if (st != MFA_OK) {
        return st;
    }

    st = try_clean(step, &try);
    if (st == MFA_INVALID) {
        return verify_malformed(step);
    }

    if (st != MFA_OK) {
        return st;
    }

    return prove_try(step, &try, outcome);
}


mfa_status_t
mfa_flow_verify(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_strs_t    kinds;
    mfa_status_t  st;

    st = mfa_flow_prove(step, outcome);
    if (st != MFA_OK || *outcome != MFA_OUTCOME_PASS) {
        return st;
    }

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_methods(step, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_flow_wants_more(step, &kinds)) {
        *outcome = MFA_OUTCOME_MORE;

        step->flow.subject = (kinds.count > 0) ? kinds.items[0] : mfa_null;
        step->flow.notice = MFA_WORD("Your organisation asks for one more "
                                     "way to verify. Set it up now.");

        return mfa_flow_secure_begin(step);
    }

    st = mfa_flow_device_keep(step);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    step->is_over = true;
    step->go = step->flow.target;

    mfa_flow_mail_proved(step);

    return mfa_flow_session(step, step->flow.amr);
}
