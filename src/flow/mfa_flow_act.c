/*
 * What the acts of several flows have in common: errors for the next page,
 * events, sessions, letters about changes.
 */

#include <time.h>

#include "mfa_flow.h"


mfa_status_t
mfa_flow_error(mfa_step_t *step, const char *field, mfa_str_t word)
{
    return mfa_pairs_add(step->work->arena, &step->flow.errors,
                         mfa_str_from(field), word);
}


mfa_status_t
mfa_flow_typed(mfa_step_t *step, const char *name, mfa_str_t value)
{
    return mfa_pairs_add(step->work->arena, &step->flow.typed,
                         mfa_str_from(name), value);
}


mfa_status_t
mfa_flow_factor_event(mfa_step_t *step, const char *name, const char *result,
    const char *reason, const mfa_factor_t *factor)
{
    mfa_str_t     text;
    mfa_event_t   event;
    mfa_status_t  st;

    memset(&event, 0, sizeof(event));

    event.name = name;
    event.result = result;
    event.reason = reason;
    event.factor = (factor != NULL) ? factor->name : NULL;
    event.agent = mfa_agent_name(step->agent, step->work->arena);

    /* what is done with one press has no journey */

    if (step->flow.kind.len > 0) {
        st = mfa_id_text(step->work->arena, &step->flow.id, &text);
        if (st != MFA_OK) {
            return st;
        }

        event.flow = text;
        event.flow.len = 8;
    }

    if (step->flow.has_user) {
        st = mfa_id_text(step->work->arena, &step->flow.user, &event.user);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_event_add(step->tx, &event);
}


mfa_status_t
mfa_flow_event(mfa_step_t *step, const char *name, const char *result,
    const char *reason)
{
    return mfa_flow_factor_event(step, name, result, reason, NULL);
}


mfa_status_t
mfa_flow_limited(mfa_work_t *work, const char *name, mfa_status_t st)
{
    mfa_event_t   event;
    mfa_status_t  noted;

    if (st != MFA_LIMITED) {
        return st;
    }

    memset(&event, 0, sizeof(event));

    event.name = name;
    event.result = "limited";

    noted = mfa_event_note(work, &event);

    return (noted == MFA_OK) ? MFA_LIMITED : noted;
}


mfa_status_t
mfa_flow_code_book(mfa_step_t *step)
{
    return mfa_limit_book_address(step->tx, MFA_LIMIT_CODE_ADDRESS,
                                  &step->retry_at);
}


mfa_status_t
mfa_flow_code_refund(mfa_step_t *step)
{
    return mfa_limit_refund_address(step->tx, MFA_LIMIT_CODE_ADDRESS);
}


/* *view stays empty without one */

static mfa_status_t
end_old_session(mfa_step_t *step, mfa_session_view_t *view)
{
    mfa_status_t  st;

    memset(view, 0, sizeof(*view));

    if (step->old_session.len == 0) {
        return MFA_OK;
    }

    st = mfa_session_look(step->tx, step->old_session, view);
    if (st != MFA_OK || view->state == MFA_SESSION_NONE) {
        return st;
    }

    st = mfa_session_end(step->tx, view->session.key);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


#define AMR_TRUSTED  ((unsigned) (MFA_AMR_TRUSTED | MFA_AMR_TRUSTED_MFA))


unsigned
mfa_flow_amr(const mfa_session_t *session)
{
    return (session->amr & MFA_AMR_TRUSTED) ? session->amr & AMR_TRUSTED
                                            : (unsigned) MFA_AMR_PWD;
}


/*
 * What a trusted sign-on proved stays with the next session of the same
 * person in this browser. A journey that rests on it ends with it: nothing
 * else says that they logged in at all.
 */

static mfa_status_t
session_trusted(mfa_step_t *step, const mfa_session_view_t *old,
    mfa_session_t *session)
{
    session->trusted = step->trusted;

    if (session->trusted.len == 0
        && old->verdict == MFA_VERDICT_PASS
        && memcmp(&old->user.id, &step->user.id, sizeof(mfa_id_t)) == 0)
    {
        session->trusted = old->session.trusted;
        session->amr |= old->session.amr & AMR_TRUSTED;
    }

    if (session->trusted.len == 0) {
        return (session->amr & AMR_TRUSTED) ? MFA_EXPIRED : MFA_OK;
    }

    if (step->work->proof == NULL || (session->amr & MFA_AMR_TRUSTED) == 0) {
        return MFA_EXPIRED;
    }

    memcpy(session->proof, step->work->proof, MFA_DIGEST_SIZE);

    return MFA_OK;
}


mfa_str_t
mfa_flow_language(const mfa_step_t *step)
{
    if (step->user.language.len > 0) {
        return step->user.language;
    }

    return step->language != NULL ? step->language->code : mfa_null;
}


/* what was chosen counts; what a browser asks for, until something is */

void
mfa_flow_learn_language(mfa_step_t *step)
{
    if (step->language != NULL
        && (step->is_chosen || step->user.language.len == 0))
    {
        step->user.language = step->language->code;
    }
}


mfa_status_t
mfa_flow_session(mfa_step_t *step, unsigned amr)
{
    mfa_status_t        st;
    mfa_session_t       session;
    mfa_session_view_t  old;

    st = end_old_session(step, &old);
    if (st != MFA_OK) {
        return st;
    }

    memset(&session, 0, sizeof(session));

    session.user = step->user.id;
    session.amr = amr;
    session.is_partial = step->is_partial;
    session.agent = mfa_agent_name(step->agent, step->work->arena);

    if (step->work->address != NULL) {
        session.address = *step->work->address;
    }

    st = session_trusted(step, &old, &session);
    if (st != MFA_OK) {
        return st;
    }

    mfa_flow_learn_language(step);

    st = mfa_session_issue(step->tx, &step->user, &session, &step->token);
    if (st != MFA_OK) {
        return st;
    }

    /* with a second factor of ours: this browser is known from now on (H2) */

    if (mfa_amr_has_factor(amr & ~AMR_TRUSTED)) {
        st = mfa_known_add(step->tx, &step->user.id, step->browser);
        if (st != MFA_OK) {
            return st;
        }

        step->proved = mfa_id_str(&step->user.id);
    }

    return mfa_flow_event(step, "session.start", "ok", NULL);
}


mfa_status_t
mfa_flow_session_need(mfa_step_t *step)
{
    mfa_status_t        st;
    mfa_session_view_t  view;

    memset(&step->session, 0, sizeof(step->session));

    st = mfa_session_look(step->tx, step->old_session, &view);
    if (st != MFA_OK) {
        return st;
    }

    if (view.verdict != MFA_VERDICT_PASS
        || memcmp(&view.user.id, &step->user.id, sizeof(mfa_id_t)) != 0)
    {
        return MFA_EXPIRED;
    }

    step->session = view.session;

    return MFA_OK;
}


mfa_status_t
mfa_flow_session_end_others(mfa_step_t *step)
{
    size_t          i, count;
    mfa_status_t    st;
    mfa_session_t  *sessions;

    do {
        st = mfa_session_list(step->tx, &step->user.id, &sessions, &count);
        if (st != MFA_OK) {
            return st;
        }

        for (i = 0; i < count; i++) {
            if (memcmp(sessions[i].key, step->session.key, MFA_DIGEST_SIZE)
                == 0)
            {
                continue;
            }

            st = mfa_session_end(step->tx, sessions[i].key);
            if (st != MFA_OK) {
                return st;
            }
        }

        /* a full list may have left some out */

    } while (count >= MFA_LIST_MAX);

    return MFA_OK;
}


mfa_str_t
mfa_flow_clock(mfa_step_t *step, mfa_time_t at)
{
    time_t     seconds;
    struct tm  tm;

    /* rounded up: at the minute shown the wait is over */

    seconds = (time_t) ((at + MFA_MINUTE - 1) / MFA_MINUTE * 60);

    if (localtime_r(&seconds, &tm) == NULL) {
        return mfa_null;
    }

    return mfa_arena_printf(step->work->arena, "%02d:%02d", tm.tm_hour,
                            tm.tm_min);
}


mfa_status_t
mfa_flow_tell_values(mfa_step_t *step, const char *what, mfa_str_t factor,
    mfa_pairs_t *values)
{
    char           text[MFA_ADDRESS_TEXT_SIZE];
    size_t         i;
    mfa_str_t      from;
    mfa_status_t   st;
    mfa_arena_t   *arena = step->work->arena;

    from = mfa_null;

    if (step->work->address != NULL && step->work->address->len != 0) {
        mfa_address_text(step->work->address, text);

        st = mfa_arena_copy(arena, mfa_str_from(text), &from);
        if (st != MFA_OK) {
            return st;
        }
    }

    {
        const mfa_pair_t  pairs[] = {
            { mfa_str_from(what), mfa_str("1") },
            { mfa_str("factor"), factor },
            { mfa_str("when"), mfa_date_pack(step->tx->now, arena) },
            { mfa_str("from"), from },
            { mfa_str("agent"), mfa_agent_name(step->agent, arena) },
            { mfa_str("name"), step->user.first_name }
        };

        for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
            st = mfa_pairs_add(arena, values, pairs[i].name, pairs[i].value);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_tell_all(mfa_step_t *step, const char *kind, const mfa_pairs_t *values)
{
    mfa_message_t  message;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str_from(kind);
    message.language = mfa_flow_language(step);
    message.expires_at = step->tx->now + 7 * MFA_DAY;
    message.values = *values;

    step->has_mail = true;

    return mfa_message_queue_all(step->tx, &step->user, &message);
}


mfa_status_t
mfa_flow_tell(mfa_step_t *step, const char *kind, const char *what,
    mfa_str_t factor)
{
    mfa_pairs_t   values;
    mfa_status_t  st;

    memset(&values, 0, sizeof(values));

    st = mfa_flow_tell_values(step, what, factor, &values);

    return (st == MFA_OK) ? mfa_flow_tell_all(step, kind, &values) : st;
}


mfa_status_t
mfa_flow_tell_recovery(mfa_step_t *step, mfa_str_t factor, size_t left)
{
    mfa_pairs_t   values;
    mfa_status_t  st;

    memset(&values, 0, sizeof(values));

    st = mfa_flow_tell_values(step, "recovery_used", factor, &values);

    if (st == MFA_OK) {
        st = mfa_pairs_add(step->work->arena, &values, mfa_str("left"),
                           mfa_arena_printf(step->work->arena, "%u",
                                            (unsigned) left));
    }

    return (st == MFA_OK) ? mfa_flow_tell_all(step, "notice", &values) : st;
}
