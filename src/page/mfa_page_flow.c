/*
 * What all pages of a flow have in common: find the flow, show the screen
 * where the person is, make the move that a button asks for.
 *
 * A page that is none of the person's present screens sends them to the
 * first of these, so Back, bookmarks and second tabs always end on a page
 * that fits (C12).
 */

#include "mfa_page.h"




static bool
is_settings(const mfa_visit_t *visit)
{
    return mfa_str_eq_c(visit->step.flow.kind, "settings");
}


/* of the settings, but not about them: it leads elsewhere */

static bool
is_step_up(const mfa_visit_t *visit)
{
    return mfa_str_eq_c(visit->step.flow.action, "step-up");
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


static mfa_str_t
flow_query(mfa_visit_t *visit)
{
    mfa_str_t  id;

    if (mfa_id_text(visit->work->arena, &visit->step.flow.id, &id) != MFA_OK)
    {
        return mfa_null;
    }

    return mfa_visit_param(visit, "flow", id);
}


/*
 * Links from one method to another say so: what is wrong with the one that
 * was tried is not said of the other.
 */

static bool
is_new(const mfa_visit_t *visit)
{
    return mfa_pairs_get(&visit->query, mfa_str("new")).data != NULL;
}


static mfa_status_t
go_to(mfa_visit_t *visit, mfa_str_t path)
{
    mfa_str_t  query;

    query = flow_query(visit);

    if (is_new(visit)) {
        query = join_query(visit, query, mfa_str("new=1"));
    }

    return mfa_visit_redirect(visit, path, query);
}


static mfa_status_t
go_to_screen(mfa_visit_t *visit)
{
    return go_to(visit, mfa_flow_screen(&visit->step.flow));
}


/* settings end where they began, which says what came of them */

static mfa_status_t
go_to_settings(mfa_visit_t *visit, mfa_str_t word)
{
    mfa_notice_t  notice;
    mfa_status_t  st;

    memset(&notice, 0, sizeof(notice));

    notice.page = mfa_str("security");
    notice.word = word;

    if (word.len > 0) {
        st = mfa_notice_set(visit, &notice);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_visit_redirect(visit, notice.page, mfa_null);
}


/*
 * The flow is over or was never there. Somebody who is logged in by now
 * goes on to where they wanted; others start again, and are told why.
 */

static mfa_status_t
go_on_without_flow(mfa_visit_t *visit, mfa_status_t why)
{
    bool          is_of_settings;
    mfa_str_t     target, home;
    mfa_status_t  st;

    target = mfa_null;
    home = mfa_str("login");
    is_of_settings = (why == MFA_EXPIRED && is_settings(visit)
                      && !is_step_up(visit));

    if (is_of_settings) {
        target = mfa_arena_printf(visit->work->arena, MFA_STR_FMT "security",
                                  MFA_STR_ARG(visit->env->portal));

    } else if (why == MFA_EXPIRED) {
        target = visit->step.flow.target;
        home = is_step_up(visit) ? home : mfa_flow_home(&visit->step.flow);
    }

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict == MFA_VERDICT_PASS) {
        return is_of_settings
               ? go_to_settings(visit,
                                MFA_WORD("That page had been open for too "
                                         "long or was already used. This is "
                                         "how your settings stand."))
               : mfa_visit_go(visit, target);
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


/* a word of the flow in the person's language, with the values it names,
 * which are among those the flow keeps for the page */

static mfa_str_t
flow_word(mfa_visit_t *visit, mfa_str_t word)
{
    return mfa_words_fill(visit->env->words, word, &visit->step.flow.typed,
                          visit->work->arena);
}


/* what the second factor is for: a part of an application, other people's
 * pages, or one's own settings, as for every change of these */

static void
step_up_why(const mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_str_t  path = visit->step.flow.target;

    if (!is_step_up(visit)) {
        return;
    }

    if (!mfa_str_has_prefix(path, visit->env->portal)) {
        mfa_value_set_flag(map, "is_step_up", true);
        return;
    }

    path.data += visit->env->portal.len;
    path.len -= visit->env->portal.len;

    mfa_value_set_flag(map, "is_staff", !mfa_str_eq_c(path, "security"));
}


static mfa_status_t
flow_values(mfa_visit_t *visit, mfa_value_t *map)
{
    char              *name;
    size_t             i;
    const mfa_flow_t  *flow = &visit->step.flow;

    mfa_value_set_str(map, "email", flow->email);
    mfa_value_set_str(map, "here", visit->path);
    mfa_value_set_str(map, "link_query",
                      join_query(visit, flow_query(visit),
                                 mfa_str("new=1")));
    mfa_value_set_flag(map, "is_settings", is_settings(visit));

    step_up_why(visit, map);

    if (is_new(visit)) {
        return MFA_OK;
    }

    if (flow->notice.len > 0) {
        mfa_value_set_str(map, "notice", flow_word(visit, flow->notice));
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
                        flow_word(visit, flow->errors.items[i].value));
    }

    return MFA_OK;
}


static mfa_status_t
flow_show(mfa_visit_t *visit)
{
    mfa_value_t   *map;
    mfa_status_t   st;

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

    return mfa_visit_render(visit, 200,
                            visit->template != NULL ? visit->template
                                                    : visit->page->template,
                            map);
}


/* the flow, when this page is one of its present screens; MFA_INVALID: it
 * is not */

static mfa_status_t
flow_find(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_step(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_read(&visit->step);
    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_flow_has_screen(&visit->step.flow, visit->path)) {
        return MFA_INVALID;
    }

    return MFA_OK;
}


/* what the page is about; *is_here: there is such a page for this person */

static mfa_status_t
flow_choose(mfa_visit_t *visit, bool *is_here)
{
    mfa_status_t  st;

    *is_here = true;

    if (visit->page->choose == NULL) {
        return MFA_OK;
    }

    st = visit->page->choose(visit);
    if (st != MFA_NOT_FOUND) {
        return st;
    }

    *is_here = false;

    return MFA_OK;
}


mfa_status_t
mfa_page_flow_get(mfa_visit_t *visit)
{
    bool          is_here;
    mfa_status_t  st;

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = flow_find(visit);
    if (st != MFA_OK) {
        return flow_answer(visit, st);
    }

    st = flow_choose(visit, &is_here);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->go != NULL) {
        return go_to(visit, mfa_str_from(visit->go));
    }

    return is_here ? flow_show(visit) : mfa_visit_fault(visit, 404);
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


static const mfa_page_action_t *
flow_action(const mfa_visit_t *visit)
{
    mfa_str_t                 pressed;
    const mfa_page_action_t  *action;

    pressed = mfa_pairs_get(&visit->form, mfa_str("do"));

    for (action = visit->page->actions; action->value != NULL; action++) {
        if (mfa_str_eq_c(pressed, action->value)) {
            return action;
        }
    }

    return visit->page->actions;
}


/* the page after a move: where the flow says, else this one as long as it
 * is a screen of the state; a button of another factor leads to its page */

static mfa_status_t
go_after_move(mfa_visit_t *visit)
{
    mfa_str_t                 path, folder;
    const mfa_page_action_t  *action;

    if (visit->step.screen.len > 0) {
        return go_to(visit, visit->step.screen);
    }

    path = visit->path;
    action = flow_action(visit);

    if (action->factor != NULL) {
        folder = path;
        folder = mfa_str_split(&folder, '/');

        path = mfa_arena_printf(visit->work->arena, MFA_STR_FMT "/%s",
                                MFA_STR_ARG(folder), action->factor);
    }

    if (!mfa_flow_has_screen(&visit->step.flow, path)) {
        return go_to_screen(visit);
    }

    return go_to(visit, path);
}


static mfa_status_t
flow_moved(mfa_visit_t *visit)
{
    bool           is_end;
    mfa_step_t    *step = &visit->step;
    mfa_status_t   st;

    st = mfa_visit_keep(visit);
    if (st != MFA_OK) {
        return st;
    }

    is_end = step->is_over || step->flow.state == MFA_FLOW_ENDED;

    if (is_end && is_settings(visit) && !is_step_up(visit)
        && step->go.len == 0)
    {
        return go_to_settings(visit, step->flow.notice);
    }

    if (step->is_over) {
        return mfa_visit_go(visit, step->go);
    }

    return is_end ? change_email(visit) : go_after_move(visit);
}


static mfa_status_t  flow_resume(mfa_visit_t *visit);


static mfa_status_t
flow_move(mfa_visit_t *visit)
{
    mfa_step_t    *step = &visit->step;
    mfa_status_t   st;

    st = mfa_flow_prepare(step, visit->event);

    if (st == MFA_HASH) {
        memset(&visit->hash, 0, sizeof(visit->hash));

        visit->hash.is_wanted = true;
        visit->hash.is_check = step->want.is_check;
        visit->hash.password = step->want.password;
        visit->hash.encoded = step->want.encoded;
        visit->resume = flow_resume;

        return MFA_HASH;
    }

    if (st == MFA_OK) {
        st = mfa_flow_move(step, visit->event);
    }

    return (st == MFA_OK) ? flow_moved(visit) : flow_answer(visit, st);
}


static mfa_status_t
flow_resume(mfa_visit_t *visit)
{
    mfa_step_t  *step = &visit->step;

    if (visit->hash.status != MFA_OK) {
        return visit->hash.status;
    }

    if (visit->hash.is_check) {
        step->checked = visit->hash.verdict;
        step->is_checked = true;

    } else {
        step->hash = visit->hash.made;
    }

    return flow_move(visit);
}


mfa_status_t
mfa_page_flow_post(mfa_visit_t *visit)
{
    bool                      is_here;
    mfa_status_t              st;
    const mfa_page_action_t  *action;

    st = flow_find(visit);
    if (st != MFA_OK) {
        return flow_answer(visit, st);
    }

    st = flow_choose(visit, &is_here);
    if (st != MFA_OK) {
        return st;
    }

    /* staff removed the method while its form lay there */

    if (!is_here) {
        return go_to_screen(visit);
    }

    action = flow_action(visit);
    visit->event = action->event;

    if (action->factor != NULL) {
        visit->step.factor = mfa_factor_by_name(mfa_str_from(action->factor));
    }

    return flow_move(visit);
}
