/*
 * A reset with approval, the person's side (A1, A2): the request is made,
 * staff and the person hear of it, the person can stop it.
 *
 * A request changes nothing by itself (C9). What it leads to once staff have
 * approved it is in mfa_flow_reset_device.c.
 */

#include "mfa_flow_settings.h"


#define STAFF_MAX    50
#define STAFF_CHUNK  500
#define STAFF_ARENA  ((size_t) 32 * 1024 * 1024)


/* one part of the walk over all users, in memory of its own */

typedef struct {
    mfa_step_t  *step;
    mfa_id_t     after;
    bool         has_after;
    bool         is_over;
} staff_case_t;


static mfa_status_t
staff_add(staff_case_t *at, const mfa_user_t *user)
{
    mfa_str_t                    email;
    mfa_step_t                  *step = at->step;
    mfa_status_t                 st;
    const mfa_model_settings_t  *settings = step->work->model->settings;

    if (mfa_user_rank(settings, user) == MFA_RANK_USER
        || mfa_user_may_log_in(user) != MFA_VERDICT_PASS
        || user->email.len == 0
        || memcmp(&user->id, &step->user.id, sizeof(mfa_id_t)) == 0)
    {
        return MFA_OK;
    }

    st = mfa_arena_copy(step->work->arena, user->email, &email);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_strs_add(step->work->arena, &step->staff, email);
}


static mfa_status_t
staff_walk(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    mfa_user_t     user;
    mfa_status_t   st;
    staff_case_t  *at = arg;

    for (i = 0; i < STAFF_CHUNK && at->step->staff.count < STAFF_MAX; i++) {
        st = mfa_user_next(tx, at->has_after ? &at->after : NULL, &user);

        if (st == MFA_NOT_FOUND) {
            at->is_over = true;
            return MFA_OK;
        }

        /* one record that cannot be read silences nobody else */

        if (st != MFA_OK && st != MFA_DAMAGED && st != MFA_NEWER) {
            return st;
        }

        /* a key that is none would start the walk anew */

        if (at->has_after
            && memcmp(&user.id, &at->after, sizeof(mfa_id_t)) <= 0)
        {
            at->is_over = true;
            return MFA_OK;
        }

        at->after = user.id;
        at->has_after = true;

        if (st != MFA_OK) {
            continue;
        }

        st = staff_add(at, &user);
        if (st != MFA_OK) {
            return st;
        }
    }

    at->is_over = (at->step->staff.count >= STAFF_MAX);

    return MFA_OK;
}


/* at a login the way of a reset decides, in the settings their own judge */

static bool
may_request(const mfa_step_t *step, const mfa_reset_offer_t *offer)
{
    return offer->is_request || mfa_str_eq_c(step->flow.kind, "settings");
}


/* is it worth looking for them? The act decides again */

static mfa_status_t
staff_judge(mfa_tx_t *tx, void *arg)
{
    mfa_time_t          retry_at;
    mfa_status_t        st;
    staff_case_t       *at = arg;
    mfa_reset_offer_t   offer;

    st = mfa_flow_reset_look(tx, at->step, &offer);
    if (st != MFA_OK) {
        return st;
    }

    at->is_over = !may_request(at->step, &offer) || offer.has_request;

    st = mfa_limit_look(tx, MFA_LIMIT_SEND_PERSON,
                        mfa_id_str(&at->step->user.id), &retry_at);
    if (st == MFA_LIMITED) {
        at->is_over = true;
        return MFA_OK;
    }

    return st;
}


/* many short views: nothing is held while somebody else writes */

mfa_status_t
mfa_flow_request_prepare(mfa_step_t *step)
{
    mfa_work_t    work;
    mfa_status_t  st;
    staff_case_t  at;

    memset(&at, 0, sizeof(at));
    memset(&step->staff, 0, sizeof(step->staff));

    at.step = step;

    st = mfa_view(step->work, staff_judge, &at);

    while (st == MFA_OK && !at.is_over) {
        work = *step->work;
        work.arena = mfa_arena_open(STAFF_ARENA);
        if (work.arena == NULL) {
            return MFA_NO_MEMORY;
        }

        st = mfa_view(&work, staff_walk, &at);

        mfa_arena_close(&work.arena);
    }

    return st;
}


static mfa_status_t
tell_staff(mfa_step_t *step, const mfa_pairs_t *values)
{
    size_t         i;
    mfa_status_t   st;
    mfa_message_t  message;

    for (i = 0; i < step->staff.count; i++) {
        memset(&message, 0, sizeof(message));

        message.channel = mfa_str("mail");
        message.kind = mfa_str("request");
        message.to = step->staff.items[i];
        message.expires_at = step->tx->now + 7 * MFA_DAY;
        message.values = *values;

        st = mfa_message_queue(step->tx, &message);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_str_t
request_link(mfa_step_t *step, const char *path)
{
    return mfa_arena_printf(step->work->arena, MFA_STR_FMT MFA_STR_FMT "%s",
                            MFA_STR_ARG(step->env->send->origin.text),
                            MFA_STR_ARG(step->portal), path);
}


/* values of a letter: what, when, from where, and a link; the phrase for
 * staff alone, since it must not help who reads the person's mailbox */

static mfa_status_t
request_values(mfa_step_t *step, mfa_str_t phrase, mfa_str_t link,
    mfa_pairs_t *values)
{
    size_t        i;
    mfa_str_t     name;
    mfa_status_t  st;

    memset(values, 0, sizeof(*values));

    if (link.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_flow_tell_values(step, "is_request", mfa_null, values);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_full_name(step->work->arena, &step->user, &name);
    if (st != MFA_OK) {
        return st;
    }

    {
        const mfa_pair_t  pairs[] = {
            { mfa_str("phrase"), phrase },
            { mfa_str("link"), link },
            { mfa_str("person"), name },
            { mfa_str("person_email"), step->user.email }
        };

        for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
            st = mfa_pairs_add(step->work->arena, values, pairs[i].name,
                               pairs[i].value);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    return MFA_OK;
}


static mfa_status_t
request_tell(mfa_step_t *step, const mfa_reset_request_t *request,
    mfa_str_t token)
{
    char          path[256];
    mfa_str_t     id;
    mfa_pairs_t   values;
    mfa_status_t  st;

    st = request_values(step, request->phrase,
                        request_link(step, "requests"), &values);

    if (st == MFA_OK) {
        st = tell_staff(step, &values);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_id_text(step->work->arena, &request->id, &id);
    if (st != MFA_OK) {
        return st;
    }

    (void) snprintf(path, sizeof(path),
                    "reset-request/cancel?r=" MFA_STR_FMT "&t=" MFA_STR_FMT,
                    MFA_STR_ARG(id), MFA_STR_ARG(token));

    st = request_values(step, mfa_null, request_link(step, path), &values);

    return (st == MFA_OK) ? mfa_flow_tell_all(step, "request_made", &values)
                          : st;
}


/* PASS: open, or it was so before; DENY: too many letters already */

static mfa_status_t
request_open(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_str_t            token;
    mfa_time_t           retry_at;
    mfa_status_t         st;
    mfa_reset_request_t  request;

    st = mfa_limit_book(step->tx, MFA_LIMIT_SEND_PERSON,
                        mfa_id_str(&step->user.id), &retry_at);

    if (st == MFA_LIMITED) {
        step->flow.notice = MFA_WORD("Too many messages were sent to you. "
                                     "Try again later.");

        return mfa_flow_event(step, "request.open", "limited", NULL);
    }

    if (st != MFA_OK) {
        return st;
    }

    memset(&request, 0, sizeof(request));

    request.agent = mfa_agent_name(step->agent, step->work->arena);

    st = mfa_reset_request_open(step->tx, &step->user, &request, &token);
    if (st != MFA_OK) {
        return st;
    }

    st = request_tell(step, &request, token);
    if (st != MFA_OK) {
        return st;
    }

    *outcome = MFA_OUTCOME_PASS;

    return mfa_flow_event(step, "request.open", "ok", NULL);
}


/* the one that stands is of before a mailed password: not this person's */

static mfa_status_t
request_drop(mfa_step_t *step)
{
    mfa_status_t         st;
    mfa_reset_request_t  request;

    st = mfa_reset_request_of(step->tx, &step->user.id, &request);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    st = mfa_reset_request_close(step->tx, &request, MFA_REQUEST_CANCELLED);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "request.cancel", "ok", "password");
}


mfa_status_t
mfa_flow_request_make(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t  st;

    *outcome = MFA_OUTCOME_DENY;

    st = request_drop(step);

    return (st == MFA_OK) ? request_open(step, outcome) : st;
}


mfa_status_t
mfa_flow_request_submit(mfa_step_t *step, mfa_outcome_t *outcome)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    *outcome = MFA_OUTCOME_DENY;

    st = mfa_flow_reset_look(step->tx, step, &offer);
    if (st != MFA_OK) {
        return st;
    }

    if (!offer.is_request) {
        return MFA_INVALID;
    }

    if (offer.has_request) {
        *outcome = MFA_OUTCOME_PASS;

    } else {
        st = mfa_flow_request_make(step, outcome);
    }

    if (st == MFA_OK && *outcome == MFA_OUTCOME_PASS) {
        step->screen = mfa_str("reset-request/sent");
    }

    return st;
}


static bool
hex_to_id(mfa_str_t text, mfa_id_t *id)
{
    int     high, low;
    size_t  i;

    if (text.len != MFA_ID_TEXT) {
        return false;
    }

    for (i = 0; i < MFA_ID_SIZE; i++) {
        high = mfa_hex_value(text.data[2 * i]);
        low = mfa_hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        id->bytes[i] = (uint8_t) (high * 16 + low);
    }

    return true;
}


typedef struct {
    mfa_step_t           *step;
    mfa_str_t             reference;
    mfa_str_t             token;
    mfa_reset_request_t  *request;
} cancel_case_t;


static mfa_status_t
cancel_find(mfa_tx_t *tx, void *arg)
{
    uint8_t         digest[MFA_DIGEST_SIZE];
    mfa_id_t        id;
    mfa_status_t    st;
    cancel_case_t  *at = arg;

    if (at->token.len != MFA_TOKEN_TEXT || !hex_to_id(at->reference, &id)) {
        return MFA_NOT_FOUND;
    }

    st = mfa_sha256(at->token, digest);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_reset_request_get(tx, &id, at->request);
    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_equal_ct(digest, at->request->cancel, MFA_DIGEST_SIZE)
        || (at->request->state != MFA_REQUEST_OPEN
            && at->request->state != MFA_REQUEST_APPROVED))
    {
        return MFA_NOT_FOUND;
    }

    return mfa_user_get(tx, &at->request->user, &at->step->user);
}


mfa_status_t
mfa_flow_request_read(mfa_step_t *step, mfa_str_t reference, mfa_str_t token,
    mfa_reset_request_t *request)
{
    cancel_case_t  at = { step, reference, token, request };

    return mfa_view(step->work, cancel_find, &at);
}


/* step->user's; MFA_NOT_FOUND: it was decided on or used meanwhile */

static mfa_status_t
request_stop(mfa_step_t *step, mfa_reset_request_t *request, const char *how)
{
    mfa_status_t  st;

    st = mfa_reset_request_close(step->tx, request, MFA_REQUEST_CANCELLED);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_NOT_FOUND : st;
    }

    st = mfa_flow_tell(step, "notice", "request_cancelled", mfa_null);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "request.cancel", "ok", how);
}


static mfa_status_t
cancel_close(mfa_tx_t *tx, void *arg)
{
    mfa_status_t    st;
    cancel_case_t  *at = arg;
    mfa_step_t     *step = at->step;

    st = cancel_find(tx, at);
    if (st != MFA_OK) {
        return st;
    }

    step->tx = tx;
    memset(&step->flow, 0, sizeof(step->flow));

    step->flow.user = step->user.id;
    step->flow.has_user = true;

    return request_stop(step, at->request, "link");
}


mfa_status_t
mfa_flow_request_cancel(mfa_step_t *step, mfa_str_t reference,
    mfa_str_t token)
{
    mfa_reset_request_t  request;
    cancel_case_t        at = { step, reference, token, &request };

    return mfa_update(step->work, cancel_close, &at);
}


/* the session is enough: who stops a request makes nothing weaker */

static mfa_status_t
settings_stop(mfa_tx_t *tx, void *arg)
{
    mfa_step_t           *step = arg;
    mfa_status_t          st;
    mfa_reset_request_t   request;

    st = mfa_settings_who(tx, step);

    if (st == MFA_OK) {
        st = mfa_reset_request_of(tx, &step->user.id, &request);
    }

    return (st == MFA_OK) ? request_stop(step, &request, "settings") : st;
}


mfa_status_t
mfa_settings_end_request(mfa_step_t *step)
{
    return mfa_update(step->work, settings_stop, step);
}
