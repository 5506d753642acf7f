/*
 * What all pages of a flow have in common: find the flow, show the screen
 * where the person is, make the move that a button asks for.
 *
 * A page that is not the person's present screen sends them there, so Back,
 * bookmarks and second tabs always end on a page that fits (C12).
 */

#include "mfa_page.h"


static mfa_str_t
flow_query(mfa_visit_t *visit, const mfa_flow_t *flow)
{
    mfa_str_t  id;

    if (mfa_id_text(visit->work->arena, &flow->id, &id) != MFA_OK) {
        return mfa_null;
    }

    return mfa_visit_param(visit, "flow", id);
}


static mfa_status_t
go_to_screen(mfa_visit_t *visit)
{
    const mfa_flow_t  *flow = &visit->step.flow;

    return mfa_visit_redirect(visit, mfa_flow_screen(flow),
                              flow_query(visit, flow));
}


static mfa_str_t
join_query(mfa_visit_t *visit, mfa_str_t a, mfa_str_t b)
{
    if (a.len == 0 || b.len == 0) {
        return (a.len == 0) ? b : a;
    }

    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT "&" MFA_STR_FMT,
                            MFA_STR_ARG(a), MFA_STR_ARG(b));
}


/*
 * The flow is over or was never there. Somebody who is logged in by now
 * goes on to where they wanted; others start again, and are told why.
 */

static mfa_status_t
go_on_without_flow(mfa_visit_t *visit, mfa_status_t why)
{
    mfa_str_t     target, home;
    mfa_status_t  st;

    target = mfa_null;
    home = mfa_str("login");

    if (why == MFA_EXPIRED) {
        target = visit->step.flow.target;
        home = mfa_flow_home(&visit->step.flow);
    }

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict == MFA_VERDICT_PASS) {
        return mfa_visit_go(visit, target);
    }

    return mfa_visit_redirect(visit, home,
                              join_query(visit, mfa_str("notice=ended"),
                                         mfa_visit_param(visit, "to",
                                                         target)));
}


/* statuses of reading and moving that are answers, not faults */

static mfa_status_t
flow_answer(mfa_visit_t *visit, mfa_status_t st)
{
    switch (st) {

    case MFA_NOT_FOUND:
    case MFA_EXPIRED:
        return go_on_without_flow(visit, st);

    case MFA_INVALID:
        return go_to_screen(visit);

    case MFA_LIMITED:
        return mfa_visit_later(visit, visit->step.retry_at);

    default:
        return st;
    }
}


static mfa_status_t
flow_values(mfa_visit_t *visit, mfa_value_t *map)
{
    char              *name;
    size_t             i;
    const mfa_flow_t  *flow = &visit->step.flow;

    mfa_value_set_str(map, "email", flow->email);

    if (flow->notice.len > 0) {
        mfa_value_set_str(map, "notice",
                          mfa_words_get(visit->env->words, flow->notice));
    }

    for (i = 0; i < flow->typed.count; i++) {
        name = mfa_arena_cstr(visit->work->arena, flow->typed.items[i].name);
        if (name == NULL) {
            return MFA_NO_MEMORY;
        }

        mfa_value_set_str(map, name, flow->typed.items[i].value);
    }

    for (i = 0; i < flow->errors.count; i++) {
        mfa_visit_error(visit, map, flow->errors.items[i].name,
                        flow->errors.items[i].value);
    }

    return MFA_OK;
}


mfa_status_t
mfa_page_flow_get(mfa_visit_t *visit)
{
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_step(visit);

    if (st == MFA_OK) {
        st = mfa_flow_read(&visit->step);
    }

    if (st != MFA_OK) {
        return flow_answer(visit, st);
    }

    if (!mfa_str_eq_c(mfa_flow_screen(&visit->step.flow),
                      visit->page->path))
    {
        return go_to_screen(visit);
    }

    map = mfa_visit_values(visit, &visit->step.flow,
                           visit->step.flow.target);

    st = flow_values(visit, map);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->page->fill != NULL) {
        st = visit->page->fill(visit, map);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_visit_render(visit, 200, visit->page->template, map);
}


/* back to the first page with the address filled in */

static mfa_status_t
change_email(mfa_visit_t *visit)
{
    mfa_str_t      home;
    mfa_notice_t   notice;
    mfa_status_t   st;

    memset(&notice, 0, sizeof(notice));

    home = mfa_flow_home(&visit->step.flow);

    notice.page = home;
    notice.email = visit->step.flow.email;

    st = mfa_notice_set(visit, &notice);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_redirect(visit, home,
                              mfa_visit_param(visit, "to",
                                              visit->step.flow.target));
}


static mfa_status_t
flow_moved(mfa_visit_t *visit)
{
    mfa_step_t    *step = &visit->step;
    mfa_status_t   st;

    visit->has_mail = step->has_mail;

    if (step->token.len > 0) {
        st = mfa_visit_set_cookie(visit, visit->env->session_cookie,
                                  step->token);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (step->is_over) {
        return mfa_visit_go(visit, step->go);
    }

    if (step->flow.state == MFA_FLOW_ENDED) {
        return change_email(visit);
    }

    return go_to_screen(visit);
}


static mfa_status_t
flow_move(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_flow_move(&visit->step, visit->event);

    return (st == MFA_OK) ? flow_moved(visit) : flow_answer(visit, st);
}


static mfa_status_t
flow_resume(mfa_visit_t *visit)
{
    if (visit->hash.status != MFA_OK) {
        return visit->hash.status;
    }

    visit->step.hash = visit->hash.made;

    return flow_move(visit);
}


static mfa_flow_event_t
flow_event(const mfa_visit_t *visit)
{
    mfa_str_t                 pressed;
    const mfa_page_action_t  *action;

    pressed = mfa_pairs_get(&visit->form, mfa_str("do"));

    for (action = visit->page->actions; action->value != NULL; action++) {
        if (mfa_str_eq_c(pressed, action->value)) {
            return action->event;
        }
    }

    return visit->page->actions[0].event;
}


mfa_status_t
mfa_page_flow_post(mfa_visit_t *visit)
{
    mfa_status_t  st;

    visit->event = flow_event(visit);

    st = mfa_visit_step(visit);

    if (st == MFA_OK) {
        st = mfa_flow_prepare(&visit->step, visit->event);
    }

    if (st == MFA_HASH) {
        memset(&visit->hash, 0, sizeof(visit->hash));

        visit->hash.is_wanted = true;
        visit->hash.password = mfa_pairs_get(&visit->form,
                                             mfa_str("new_password"));
        visit->resume = flow_resume;

        return MFA_HASH;
    }

    return (st == MFA_OK) ? flow_move(visit) : flow_answer(visit, st);
}
