/*
 * Codes sent by mail, as a step of any flow: send, send again, check.
 *
 * The answer to a person never shows whether anything was sent.
 */

#include "mfa_flow.h"


mfa_code_place_t
mfa_flow_code_place(const mfa_flow_t *flow)
{
    mfa_code_place_t  place;

    memset(&place, 0, sizeof(place));

    place.flow = flow->id;
    place.purpose = mfa_flow_is_reset(flow) ? mfa_str("device-reset")
                                            : flow->kind;
    place.user = flow->user;
    place.destination = flow->email;

    return place;
}


/* which sentence of the letter says what the code is for */

static mfa_str_t
letter_variant(const mfa_flow_t *flow)
{
    if (mfa_str_eq_c(flow->kind, "register")) {
        return mfa_str("is_register");
    }

    if (mfa_str_eq_c(flow->kind, "password-reset")) {
        return mfa_str("is_reset");
    }

    if (mfa_str_eq_c(flow->kind, "unlock")) {
        return mfa_str("is_unlock");
    }

    return mfa_flow_is_reset(flow) ? mfa_str("is_device")
                                   : mfa_str("is_resume");
}


/*
 * Somebody who may not be written to gets a row of the channel "none",
 * which the delivery drops: the same work for every address (C1).
 */

static mfa_status_t
code_letter(mfa_step_t *step, const mfa_code_t *code, bool may_send)
{
    size_t                       i;
    mfa_status_t                 st;
    mfa_arena_t                 *arena = step->work->arena;
    mfa_message_t                message;
    const mfa_model_settings_t  *settings = step->work->model->settings;

    const mfa_pair_t  values[] = {
        { mfa_str("code"),
          mfa_code_show(arena, code->code, code->is_long) },
        { mfa_str("reference"), code->reference },
        { mfa_str("minutes"),
          mfa_arena_printf(arena, "%d",
                           (int) (settings->code_lifetime / MFA_MINUTE)) },
        { letter_variant(&step->flow), mfa_str("1") }
    };

    memset(&message, 0, sizeof(message));

    message.channel = may_send ? mfa_str("mail") : mfa_str(MFA_CHANNEL_NONE);
    message.kind = mfa_str("code");
    message.to = step->flow.email;
    message.language = mfa_flow_language(step);
    message.code_flow = step->flow.id;
    message.code_purpose = mfa_flow_code_place(&step->flow).purpose;
    message.expires_at = step->tx->now + settings->code_limit;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        st = mfa_pairs_add(arena, &message.values, values[i].name,
                           values[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    step->has_mail = true;

    return mfa_message_queue(step->tx, &message);
}


/*
 * Is this a browser that the owner of the address is known in? Asked for
 * every address at the same cost, whoever has it (C1).
 */

static mfa_status_t
is_known_here(mfa_step_t *step, bool *is_known)
{
    mfa_user_t    user;
    mfa_status_t  st;

    *is_known = false;

    st = mfa_user_by_email(step->tx, step->flow.email, &user);

    if (st == MFA_NOT_FOUND) {
        memset(&user, 0, sizeof(user));
        st = MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_known_look(step->tx, &user.id, step->browser, is_known);
}


/*
 * What strangers use up is the budget of the mailbox; a browser that its
 * owner is known in has some more behind that (H9).
 */

static mfa_status_t
book_mailbox(mfa_step_t *step, mfa_time_t *retry_at)
{
    bool          is_known;
    mfa_status_t  st;

    st = mfa_limit_book(step->tx, MFA_LIMIT_SEND_MAILBOX, step->flow.email,
                        retry_at);
    if (st != MFA_LIMITED) {
        return st;
    }

    st = is_known_here(step, &is_known);
    if (st != MFA_OK) {
        return st;
    }

    return is_known ? mfa_limit_book(step->tx, MFA_LIMIT_SEND_KNOWN,
                                     step->flow.email, retry_at)
                    : MFA_LIMITED;
}


/* beyond the budget of a mailbox nothing is sent, and nothing is said */

static mfa_status_t
book_send(mfa_step_t *step, bool *may_send)
{
    mfa_time_t    retry_at;
    mfa_status_t  st;

    if (step->flow.amr & MFA_AMR_PWD) {
        st = mfa_limit_book(step->tx, MFA_LIMIT_SEND_PERSON,
                            mfa_id_str(&step->flow.user), &retry_at);

    } else {
        st = book_mailbox(step, &retry_at);
    }

    if (st != MFA_LIMITED) {
        return st;
    }

    *may_send = false;

    return mfa_flow_event(step, "code.send", "limited", NULL);
}


static bool
is_unproved(const mfa_step_t *step)
{
    return (step->flow.amr & MFA_AMR_PWD) == 0;
}


/* while somebody tries codes over the fleet, those of journeys without a
 * proved password are long (B14) */

static mfa_status_t
code_make(mfa_step_t *step, mfa_code_t *code)
{
    mfa_status_t      st;
    mfa_code_place_t  place;

    place = mfa_flow_code_place(&step->flow);

    if (is_unproved(step)) {
        st = mfa_fleet_is_on(step->tx, &place.is_long);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_code_issue(step->tx, &place, code);
}


mfa_status_t
mfa_flow_code_issue(mfa_step_t *step, bool may_send)
{
    mfa_code_t    code;
    mfa_status_t  st;

    st = code_make(step, &code);
    if (st != MFA_OK) {
        return st;
    }

    st = book_send(step, &may_send);
    if (st != MFA_OK) {
        return st;
    }

    return code_letter(step, &code, may_send);
}


mfa_status_t
mfa_flow_code_look(mfa_step_t *step, const mfa_code_place_t *place,
    bool *is_recent, bool *is_first)
{
    mfa_code_t    code;
    mfa_status_t  st;

    *is_recent = false;
    *is_first = false;

    st = mfa_code_look(step->tx, place, &code);

    if (st == MFA_NOT_FOUND) {
        *is_first = true;
        return MFA_OK;
    }

    *is_recent = (st == MFA_OK && step->tx->now < code.next_at);

    return st;
}


/*
 * Beyond the budget of the mailbox nothing is sent, and the code that was
 * sent stays good; the page is the same (H9).
 */

static mfa_status_t
code_replace(mfa_step_t *step, bool may_send)
{
    bool          is_free;
    mfa_code_t    code;
    mfa_status_t  st;

    is_free = true;

    st = book_send(step, &is_free);
    if (st != MFA_OK || !is_free) {
        return st;
    }

    st = code_make(step, &code);
    if (st != MFA_OK) {
        return st;
    }

    return code_letter(step, &code, may_send);
}


mfa_status_t
mfa_flow_code_again(mfa_step_t *step, bool may_send, mfa_outcome_t *outcome)
{
    bool              is_recent, is_first;
    mfa_status_t      st;
    mfa_code_place_t  place;

    *outcome = MFA_OUTCOME_DENY;

    place = mfa_flow_code_place(&step->flow);

    st = mfa_flow_code_look(step, &place, &is_recent, &is_first);
    if (st != MFA_OK) {
        return st;
    }

    if (is_recent) {
        step->flow.notice = MFA_WORD("A code was sent a moment ago. Wait a "
                                     "little before you ask for another.");
        return MFA_OK;
    }

    st = code_replace(step, may_send);
    if (st != MFA_OK) {
        return st;
    }

    step->flow.notice = MFA_WORD("A new code has been sent. Use the one with "
                                 "the reference shown here.");
    *outcome = MFA_OUTCOME_PASS;

    return MFA_OK;
}


mfa_status_t
mfa_flow_code_refused(mfa_step_t *step, mfa_code_answer_t answer,
    uint64_t left)
{
    mfa_str_t     word;
    mfa_status_t  st;

    switch (answer) {

    case MFA_CODE_EARLIER:
        word = MFA_WORD("This code is from an earlier message. A newer code "
                        "was sent: use the one with the reference shown "
                        "here.");
        break;

    case MFA_CODE_EXPIRED:
        word = MFA_WORD("This code has expired. Press Send new code.");
        break;

    case MFA_CODE_SPENT:
        word = MFA_WORD("Too many wrong codes. Press Send new code.");
        break;

    default:
        word = MFA_WORD("Invalid verification code.");

        st = mfa_flow_typed(step, "left",
                            mfa_arena_printf(step->work->arena, "%u",
                                             (unsigned) left));
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_flow_error(step, "code", word);
}


/* as the code that stands was made; where none stands, as digits */

static mfa_status_t
code_clean(mfa_step_t *step, const mfa_code_place_t *place, mfa_str_t *typed)
{
    mfa_code_t    code;
    mfa_status_t  st;

    st = mfa_code_look(step->tx, place, &code);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    *typed = mfa_pairs_get(step->fields, mfa_str("code"));

    if (st == MFA_OK && code.is_long) {
        st = mfa_code_long_clean(step->work->arena, *typed, typed);

        /* the digits of the code before it: its owner is told so */

        if (st == MFA_OK) {
            return MFA_OK;
        }

        *typed = mfa_pairs_get(step->fields, mfa_str("code"));
    }

    return mfa_digits_clean(step->work->arena, *typed,
                            (size_t) step->work->model->settings->code_digits,
                            typed);
}


/* the answer in words; a guess where nothing was proved counts for all */

static mfa_status_t
check_wrong(mfa_step_t *step, mfa_code_answer_t answer, uint64_t left)
{
    mfa_status_t  st;

    st = mfa_flow_code_refused(step, answer, left);

    if (st == MFA_OK && is_unproved(step)
        && (answer == MFA_CODE_WRONG || answer == MFA_CODE_SPENT))
    {
        st = mfa_fleet_wrong(step->tx);
    }

    return (st == MFA_OK) ? mfa_flow_event(step, "code", "fail", "code") : st;
}


mfa_status_t
mfa_flow_factor_check(mfa_step_t *step, const mfa_code_place_t *place,
    mfa_outcome_t *outcome)
{
    uint64_t           left;
    mfa_str_t          typed;
    mfa_status_t       st;
    mfa_code_answer_t  answer;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_code_book(step);
    if (st != MFA_OK) {
        return st;
    }

    st = code_clean(step, place, &typed);

    /* what is no code at all costs the address a try, not the code (B7) */

    if (st == MFA_INVALID) {
        return mfa_flow_error(step, "code",
                              MFA_WORD("Invalid verification code."));
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_code_use(step->tx, place, typed, &answer, &left);
    if (st != MFA_OK) {
        return st;
    }

    if (answer != MFA_CODE_RIGHT) {
        return check_wrong(step, answer, left);
    }

    st = mfa_flow_code_refund(step);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_event(step, "code", "ok", NULL);
}


mfa_status_t
mfa_flow_code_check(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t      st;
    mfa_code_place_t  place;

    place = mfa_flow_code_place(&step->flow);

    st = mfa_flow_factor_check(step, &place, outcome);

    if (st == MFA_OK && *outcome == MFA_OUTCOME_PASS) {
        step->proved = step->flow.has_user ? mfa_id_str(&step->flow.user)
                                           : step->flow.email;
    }

    return st;
}
