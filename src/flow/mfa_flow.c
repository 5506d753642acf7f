/*
 * The driver of all flows: finds the move, runs it, writes the next state.
 *
 * The only writer of a state. What a table does not list does not happen.
 */

#include "mfa_flow.h"


#pragma GCC visibility push(hidden)
#define MFA_FLOW(name)  extern const mfa_flow_kind_t  mfa_flow_##name;
#include "registry.def"
#undef MFA_FLOW
#pragma GCC visibility pop

static const mfa_flow_kind_t *const  kinds[] = {
#define MFA_FLOW(name)  &mfa_flow_##name,
#include "registry.def"
#undef MFA_FLOW
};


static const mfa_flow_kind_t *
kind_by_name(mfa_str_t name)
{
    size_t  i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (mfa_str_eq_c(name, kinds[i]->name)) {
            return kinds[i];
        }
    }

    return NULL;
}


mfa_str_t
mfa_flow_home(const mfa_flow_t *flow)
{
    const mfa_flow_kind_t  *kind;

    kind = kind_by_name(flow->kind);

    return mfa_str_from(kind != NULL ? kind->home : "login");
}


mfa_str_t
mfa_flow_screen(const mfa_flow_t *flow)
{
    const mfa_screen_t     *screen;
    const mfa_flow_kind_t  *kind;

    kind = kind_by_name(flow->kind);
    if (kind == NULL) {
        return mfa_str("login");
    }

    for (screen = kind->screens; screen->screen != NULL; screen++) {
        if (screen->state == flow->state) {
            return mfa_str_from(screen->screen);
        }
    }

    return mfa_str_from(kind->home);
}


bool
mfa_flow_has_screen(const mfa_flow_t *flow, mfa_str_t path)
{
    mfa_str_t               name;
    const mfa_screen_t     *screen;
    const mfa_flow_kind_t  *kind;

    kind = kind_by_name(flow->kind);
    if (kind == NULL) {
        return false;
    }

    for (screen = kind->screens; screen->screen != NULL; screen++) {
        name = mfa_str_from(screen->screen);

        if (screen->state != flow->state) {
            continue;
        }

        if (mfa_str_eq(path, name)
            || (name.data[name.len - 1] == '/'
                && path.len > name.len && mfa_str_has_prefix(path, name)))
        {
            return true;
        }
    }

    return false;
}


static const mfa_move_t *
move_find(const mfa_flow_t *flow, mfa_flow_event_t event)
{
    const mfa_move_t       *move;
    const mfa_flow_kind_t  *kind;

    kind = kind_by_name(flow->kind);
    if (kind == NULL) {
        return NULL;
    }

    for (move = kind->moves; move->act != NULL; move++) {
        if (move->state == flow->state && move->event == event) {
            return move;
        }
    }

    return NULL;
}


/* the rows of one state and event stand together, one for each outcome */

static mfa_status_t
move_next(const mfa_move_t *move, mfa_outcome_t outcome, unsigned *next)
{
    const mfa_move_t  *row;

    for (row = move;
         row->act != NULL && row->state == move->state
         && row->event == move->event;
         row++)
    {
        if (row->outcome == outcome) {
            *next = row->next;
            return MFA_OK;
        }
    }

    return MFA_BUG;
}


/*
 * Where a session is needed: settings, and the codes that a registration
 * showed at its end (logging out closes that page too).
 */

static mfa_status_t
flow_judge_session(mfa_step_t *step)
{
    mfa_status_t            st;
    const mfa_flow_kind_t  *kind;

    kind = kind_by_name(step->flow.kind);

    if (kind != NULL && !kind->is_for_session
        && !mfa_str_eq_c(step->flow.action, "recovery"))
    {
        return MFA_OK;
    }

    st = mfa_flow_session_need(step);

    /* logged in again since, by less than was shown here */

    if (st == MFA_OK && step->session.is_partial
        && !mfa_str_eq_c(step->flow.action, "step-up"))
    {
        st = MFA_EXPIRED;
    }

    if (st != MFA_OK) {
        step->flow.secret = mfa_null;
        step->flow.destination = mfa_null;
    }

    return st;
}


/* the flow of this browser with its user; a user who may no longer log in
 * has no flow */

static mfa_status_t
flow_load(mfa_tx_t *tx, mfa_step_t *step)
{
    mfa_status_t  st;

    step->tx = tx;

    st = mfa_flow_get(tx, &step->id, step->browser, &step->flow);
    if (st != MFA_OK) {
        return st;
    }

    if (step->flow.state == MFA_FLOW_ENDED) {
        return MFA_EXPIRED;
    }

    if (!step->flow.has_user) {
        return MFA_OK;
    }

    st = mfa_user_get(tx, &step->flow.user, &step->user);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_user_may_log_in(&step->user) != MFA_VERDICT_PASS) {
        return MFA_NOT_FOUND;
    }

    return flow_judge_session(step);
}


static mfa_status_t
flow_read(mfa_tx_t *tx, void *arg)
{
    return flow_load(tx, arg);
}


mfa_status_t
mfa_flow_read(mfa_step_t *step)
{
    return mfa_view(step->work, flow_read, step);
}


mfa_status_t
mfa_flow_prepare(mfa_step_t *step, mfa_flow_event_t event)
{
    mfa_status_t            st;
    const mfa_flow_kind_t  *kind;

    st = mfa_flow_read(step);
    if (st != MFA_OK) {
        return st;
    }

    kind = kind_by_name(step->flow.kind);

    if (kind == NULL || kind->prepare == NULL) {
        return MFA_OK;
    }

    return kind->prepare(step, event);
}


typedef struct {
    mfa_step_t        *step;
    mfa_flow_event_t   event;
} turn_t;


static mfa_status_t
flow_turn(mfa_tx_t *tx, void *arg)
{
    turn_t            *turn = arg;
    mfa_step_t        *step = turn->step;
    mfa_status_t       st;
    mfa_outcome_t      outcome;
    const mfa_move_t  *move;

    step->token = mfa_null;
    step->device = mfa_null;
    step->proved = mfa_null;
    step->screen = mfa_null;
    step->go = mfa_null;
    step->is_over = false;
    step->has_mail = false;

    st = flow_load(tx, step);
    if (st != MFA_OK) {
        return st;
    }

    move = move_find(&step->flow, turn->event);
    if (move == NULL) {
        return MFA_INVALID;
    }

    step->flow.notice = mfa_null;
    step->flow.errors.count = 0;
    step->flow.typed.count = 0;

    outcome = MFA_OUTCOME_DENY;

    st = move->act(step, &outcome);
    if (st != MFA_OK) {
        return st;
    }

    st = move_next(move, outcome, &step->flow.state);
    if (st != MFA_OK) {
        return st;
    }

    if (step->flow.state == MFA_FLOW_ENDED) {
        step->flow.secret = mfa_null;
        step->flow.destination = mfa_null;
    }

    return mfa_flow_save(tx, &step->flow);
}


mfa_status_t
mfa_flow_move(mfa_step_t *step, mfa_flow_event_t event)
{
    turn_t  turn;

    turn.step = step;
    turn.event = event;

    return mfa_flow_limited(step->work, "code",
                            mfa_update(step->work, flow_turn, &turn));
}
