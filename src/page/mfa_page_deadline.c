/*
 * People without a second factor: how long they may still wait, the offer
 * to wait, and what is left after the deadline (Y1, C11).
 *
 * The dates are shown to whoever has the password, on their pages alone.
 */

#include "mfa_page.h"


typedef struct {
    mfa_visit_t       *visit;
    const mfa_user_t  *user;
    mfa_grace_t       *grace;
} grace_case_t;


static mfa_status_t
look_grace(mfa_tx_t *tx, void *arg)
{
    grace_case_t  *at = arg;

    return mfa_flow_grace(tx, at->visit->env->flow->settings, at->user,
                          at->grace);
}


mfa_status_t
mfa_visit_grace(mfa_visit_t *visit, const mfa_user_t *user,
    mfa_grace_t *grace)
{
    grace_case_t  at = { visit, user, grace };

    return mfa_view(visit->work, look_grace, &at);
}


void
mfa_visit_grace_values(mfa_visit_t *visit, const mfa_grace_t *grace,
    mfa_value_t *map)
{
    mfa_str_t   today, last;
    mfa_time_t  now, days;

    mfa_value_set_flag(map, "may_wait", grace->may_wait);

    if (!grace->may_wait || !grace->has_deadline) {
        return;
    }

    now = mfa_port_now(visit->work->model->ports);
    days = (grace->deadline - now + MFA_DAY - 1) / MFA_DAY;

    /* a deadline at midnight is over when its day begins */

    today = mfa_visit_date(visit, now);
    last = mfa_visit_date(visit, grace->deadline - MFA_SECOND);

    mfa_value_set_flag(map, "has_days", true);
    mfa_value_set_str(map, "until", mfa_visit_date(visit, grace->deadline));

    if (mfa_str_eq(today, last)) {
        mfa_value_set_flag(map, "is_last_day", true);

    } else if (days <= 1) {
        mfa_value_set_flag(map, "is_one_day", true);

    } else {
        mfa_value_set_str(map, "days",
                          mfa_arena_printf(visit->work->arena, "%lld",
                                           (long long) days));
    }
}


mfa_status_t
mfa_visit_later_values(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    if (mfa_str_eq_c(visit->step.flow.kind, "settings")
        || mfa_flow_is_reset(&visit->step.flow))
    {
        return MFA_OK;
    }

    st = mfa_visit_grace(visit, &visit->step.user, &grace);

    if (st == MFA_OK) {
        mfa_visit_grace_values(visit, &grace, map);
    }

    return st;
}


/* in another browser than the one that set the password: no code is sent
 * before it is wanted (R9) */

static const mfa_page_action_t  offer_actions[] = {
    { "continue", MFA_EVENT_CONTINUE, NULL },
    { "later", MFA_EVENT_LATER, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_set_up = {
    .path = "set-up",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "set_up.html",
    .actions = offer_actions,
    .fill = mfa_visit_later_values,
};


/* staff have given more time, or this was never about a deadline */

static mfa_status_t
deadline_choose(mfa_visit_t *visit)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    st = mfa_visit_grace(visit, &visit->step.user, &grace);

    if (st == MFA_OK && !grace.is_late
        && !(grace.has_deadline && grace.may_wait))
    {
        visit->go = mfa_str_eq_c(visit->step.flow.kind, "register")
                    ? "register/exists" : "verify";
    }

    return st;
}


static mfa_status_t
deadline_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_grace_t        grace;
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    st = mfa_visit_grace(visit, &visit->step.user, &grace);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "is_late", grace.is_late);
    mfa_value_set_str(map, "ended", mfa_visit_date(visit, grace.deadline));

    if (!mfa_str_eq_c(visit->step.flow.kind, "login")) {
        return MFA_OK;
    }

    st = mfa_visit_reset_values(visit, map);

    if (st == MFA_OK) {
        st = mfa_visit_reset_offer(visit, &offer);
    }

    if (st == MFA_OK) {
        mfa_value_set_flag(map, "may_ask",
                           grace.is_late && offer.is_request
                           && !offer.has_request);
    }

    return st;
}


static const mfa_page_action_t  deadline_actions[] = {
    { "pass", MFA_EVENT_PASS, NULL },
    { "reset", MFA_EVENT_RESET, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_deadline = {
    .path = "deadline",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "deadline.html",
    .actions = deadline_actions,
    .fill = deadline_fill,
    .choose = deadline_choose,
};
