/*
 * Codes of a factor: sent by SMS, call or mail to somebody whose password is
 * proved, so the answers may be plain.
 *
 * Nothing is sent before every budget was booked: SMS and calls cost money,
 * and whoever owns a number may earn it (H8).
 */

#include "mfa_flow.h"


static bool
is_phone(const mfa_factor_t *factor)
{
    return strcmp(factor->channel, "mail") != 0;
}


mfa_code_place_t
mfa_flow_factor_place(const mfa_step_t *step, const char *purpose,
    const mfa_factor_t *factor, mfa_str_t destination)
{
    mfa_code_place_t             place;
    const mfa_model_settings_t  *settings = step->work->model->settings;

    memset(&place, 0, sizeof(place));

    place.flow = step->flow.id;
    place.purpose = mfa_arena_printf(step->work->arena, "%s.%s", purpose,
                                     factor->name);
    place.user = step->flow.user;
    place.destination = destination;

    if (is_phone(factor)) {
        place.lifetime = settings->sms_lifetime;
        place.limit = settings->sms_limit;
    }

    return place;
}


static mfa_status_t
factor_letter(mfa_step_t *step, const mfa_code_place_t *place,
    const mfa_factor_t *factor, const mfa_code_t *code)
{
    size_t                       i;
    mfa_time_t                   lifetime, limit;
    mfa_status_t                 st;
    mfa_message_t                message;
    const mfa_model_settings_t  *settings = step->work->model->settings;

    mfa_pair_t  values[] = {
        { mfa_str("code"), code->code },
        { mfa_str("reference"), code->reference },
        { mfa_str("minutes"), mfa_null },
        { mfa_str_has_prefix(place->purpose, mfa_str("verify."))
              ? mfa_str("is_verify") : mfa_str("is_secure"),
          mfa_str("1") }
    };

    lifetime = place->lifetime ? place->lifetime : settings->code_lifetime;
    limit = place->limit ? place->limit : settings->code_limit;

    values[2].value = mfa_arena_printf(step->work->arena, "%d",
                                       (int) (lifetime / MFA_MINUTE));

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str_from(factor->channel);
    message.kind = mfa_str("code");
    message.to = place->destination;
    message.language = mfa_flow_language(step);
    message.code_flow = place->flow;
    message.code_purpose = place->purpose;
    message.expires_at = step->tx->now + limit;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        st = mfa_pairs_add(step->work->arena, &message.values,
                           values[i].name, values[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    step->has_mail = true;

    return mfa_message_queue(step->tx, &message);
}


/* a number in the form of a journey that sets one up */

static bool
is_typed(const mfa_step_t *step, const mfa_code_place_t *place)
{
    return mfa_str_has_prefix(place->purpose, mfa_str("secure."))
           && mfa_pairs_get(step->fields, mfa_str("phone")).len > 0;
}


/* another number than the one the last code went to */

static bool
is_another(const mfa_step_t *step, const mfa_code_place_t *place)
{
    mfa_str_t  last = step->flow.destination;

    return last.len > 0 && last.data[0] == '+' && is_typed(step, place)
           && !mfa_str_eq(last, place->destination);
}


/* why nothing is sent; a number that was typed is shown beside it again */

static mfa_status_t
send_refused(mfa_step_t *step, const mfa_code_place_t *place, mfa_str_t word)
{
    size_t        i;
    mfa_str_t     typed;
    mfa_status_t  st;

    static const char *const  names[] = { "country", "phone" };

    if (!is_typed(step, place)) {
        step->flow.notice = word;
        return MFA_OK;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        typed = mfa_pairs_get(step->fields, mfa_str_from(names[i]));

        if (typed.len > MFA_EMAIL_MAX || !mfa_text_is_utf8(typed)) {
            continue;
        }

        st = mfa_flow_typed(step, names[i], typed);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_flow_error(step, "phone", word);
}


/* *is_free: booked, or else it is said why nothing is sent */

static mfa_status_t
send_book(mfa_step_t *step, const mfa_code_place_t *place,
    const mfa_factor_t *factor, bool *is_free)
{
    mfa_str_t     subject;
    mfa_time_t    retry_at;
    mfa_status_t  st;

    *is_free = false;

    subject = mfa_id_str(&step->user.id);

    st = mfa_limit_book(step->tx, MFA_LIMIT_SEND_PERSON, subject, &retry_at);

    if (st == MFA_LIMITED) {
        st = send_refused(step, place,
                          MFA_WORD("Too many codes were sent to you. Use "
                                   "another way to verify, or try again "
                                   "later."));
        if (st != MFA_OK) {
            return st;
        }

        return mfa_flow_factor_event(step, "code.send", "limited", "person",
                                     factor);
    }

    if (st == MFA_OK && is_phone(factor)) {
        st = mfa_sms_book(step->tx, place->destination, &retry_at);
    }

    if (st == MFA_LIMITED) {
        st = mfa_limit_refund(step->tx, MFA_LIMIT_SEND_PERSON, subject);
        if (st != MFA_OK) {
            return st;
        }

        st = send_refused(step, place,
                          MFA_WORD("No more messages can be sent to this "
                                   "number for now. Use another way to "
                                   "verify, or try again later."));
        if (st != MFA_OK) {
            return st;
        }

        return mfa_flow_factor_event(step, "code.send", "limited", "number",
                                     factor);
    }

    *is_free = (st == MFA_OK);

    return st;
}


/*
 * A number that was typed wrong is set right at once, the first time; a
 * person who asks for another code to the same number waits for it.
 */

static mfa_status_t
send_too_soon(mfa_step_t *step, mfa_code_place_t *place, bool *is_free)
{
    bool          is_new;
    mfa_str_t     word;
    mfa_code_t    code;
    mfa_status_t  st;

    is_new = is_another(step, place);

    st = mfa_code_look(step->tx, place, &code);
    if (st != MFA_OK) {
        return st;
    }

    place->is_corrected = is_new && code.is_first;
    *is_free = place->is_corrected;

    if (*is_free) {
        return MFA_OK;
    }

    word = MFA_WORD("A code was sent a moment ago. Wait a little before you "
                    "ask for another.");

    if (is_new) {
        return send_refused(step, place, word);
    }

    /* the page of that code, not the form */

    step->flow.notice = word;

    return MFA_OK;
}


/* may one be asked for now? without booking anything */

static mfa_status_t
send_judge(mfa_step_t *step, mfa_code_place_t *place,
    const mfa_factor_t *factor, bool *is_free)
{
    bool          is_recent, is_first;
    mfa_status_t  st;

    *is_free = false;

    if (!mfa_send_has(step->env->send, factor->channel)) {
        return send_refused(step, place,
                            MFA_WORD("Codes cannot be sent this way at the "
                                     "moment. Use another way to verify."));
    }

    st = mfa_flow_code_look(step, place, &is_recent, &is_first);
    if (st != MFA_OK) {
        return st;
    }

    if (is_recent) {
        return send_too_soon(step, place, is_free);
    }

    if (!is_first) {
        step->flow.notice = MFA_WORD("A new code has been sent. Use the one "
                                     "with the reference shown here.");
    }

    *is_free = true;

    return MFA_OK;
}


mfa_status_t
mfa_flow_factor_send(mfa_step_t *step, const mfa_code_place_t *to,
    const mfa_factor_t *factor, mfa_outcome_t *outcome)
{
    bool              is_free;
    mfa_code_t        code;
    mfa_status_t      st;
    mfa_code_place_t  place = *to;

    *outcome = MFA_OUTCOME_DENY;

    st = send_judge(step, &place, factor, &is_free);
    if (st != MFA_OK || !is_free) {
        return st;
    }

    st = send_book(step, &place, factor, &is_free);
    if (st != MFA_OK || !is_free) {
        return st;
    }

    st = mfa_code_issue(step->tx, &place, &code);
    if (st != MFA_OK) {
        return st;
    }

    st = factor_letter(step, &place, factor, &code);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_factor_event(step, "code.send", "ok", NULL, factor);
}


/* for a proof of a login or of the settings, first or again */

mfa_status_t
mfa_flow_verify_send(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_proof_t       proof;
    mfa_status_t      st;
    mfa_code_place_t  place;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_proof_find(step, &proof);
    if (st != MFA_OK) {
        return st;
    }

    if (proof.factor->channel == NULL) {
        return MFA_INVALID;
    }

    if (mfa_flow_may_try(step->tx, &proof.record) != MFA_VERDICT_PASS) {
        return mfa_flow_verify_limited(step, &proof.record,
                                       proof.record.held_until);
    }

    place = mfa_flow_factor_place(step, "verify", proof.factor,
                                  proof.record.secret);

    return mfa_flow_factor_send(step, &place, proof.factor, outcome);
}
