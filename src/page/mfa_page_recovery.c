/*
 * Recovery codes: shown once, while the flow that made them stands there
 * (E8, B15). As a page, and as a text to keep.
 */

#include "mfa_page.h"


#define RECOVERY_TEXT_MAX  4096


/* the state that shows codes begins before they are made */

static mfa_status_t
recovery_choose(mfa_visit_t *visit)
{
    const mfa_flow_t  *flow = &visit->step.flow;

    if (flow->secret.len == 0
        && mfa_str_eq_c(mfa_flow_screen(flow), "register/done"))
    {
        visit->go = "register/done";
    }

    return MFA_OK;
}


/* codes are made as their page is first shown */

static mfa_str_t
made_date(mfa_visit_t *visit)
{
    return mfa_visit_date(visit, mfa_port_now(visit->work->model->ports));
}


static mfa_status_t
recovery_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_str_t     rest;
    mfa_value_t  *list, *item;

    rest = visit->step.flow.secret;
    list = mfa_value_set_list(map, "codes");

    /* on paper they are next to those of other organisations */

    mfa_value_set_str(map, "account", visit->step.user.email);
    mfa_value_set_str(map, "made", made_date(visit));

    while (rest.len > 0) {
        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "recovery_code", mfa_str_split(&rest, ' '));
    }

    return MFA_OK;
}


static const mfa_page_action_t  recovery_actions[] = {
    { "continue", MFA_EVENT_CONTINUE, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_recovery_codes = {
    .path = "recovery-codes",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "recovery_codes.html",
    .actions = recovery_actions,
    .fill = recovery_fill,
    .choose = recovery_choose,
};


static void
put_line(mfa_visit_t *visit, mfa_buf_t *buf, mfa_str_t word)
{
    mfa_buf_put(buf, mfa_words_get(visit->env->words, word));
    mfa_buf_puts(buf, "\r\n");
}


static mfa_status_t
text_body(mfa_visit_t *visit, mfa_str_t *body)
{
    mfa_buf_t  buf;
    mfa_str_t  rest;

    mfa_buf_init(&buf, visit->work->arena, RECOVERY_TEXT_MAX);

    mfa_buf_put(&buf, visit->env->send->brand);
    mfa_buf_puts(&buf, ": ");
    put_line(visit, &buf, MFA_WORD("Recovery codes"));
    mfa_buf_put(&buf, visit->step.user.email);
    mfa_buf_puts(&buf, ", ");
    mfa_buf_put(&buf, visit->env->send->origin.text);
    mfa_buf_puts(&buf, ", ");
    mfa_buf_put(&buf, made_date(visit));
    mfa_buf_puts(&buf, "\r\n\r\n");
    put_line(visit, &buf, MFA_WORD("Each code works once, in place of a code "
                                   "from your device. Keep them where only "
                                   "you can find them."));
    mfa_buf_puts(&buf, "\r\n");

    rest = visit->step.flow.secret;

    while (rest.len > 0) {
        mfa_buf_put(&buf, mfa_str_split(&rest, ' '));
        mfa_buf_puts(&buf, "\r\n");
    }

    return mfa_buf_str(&buf, body);
}


static mfa_status_t
text_reply(mfa_visit_t *visit)
{
    mfa_arena_t   *arena = visit->work->arena;
    mfa_reply_t   *reply = visit->reply;
    mfa_status_t   st;

    st = text_body(visit, &reply->body);
    if (st != MFA_OK) {
        return st;
    }

    reply->status = 200;

    st = mfa_reply_headers(arena, visit->env, reply);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_reply_header(arena, reply, "Content-Type",
                          mfa_str("text/plain; charset=utf-8"));
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(arena, reply, "Content-Disposition",
                            mfa_str("attachment; filename="
                                    "\"recovery-codes.txt\""));
}


/* whoever comes too late goes to the page, which says where they are */

static mfa_status_t
text_get(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_step(visit);

    if (st == MFA_OK) {
        st = mfa_flow_read(&visit->step);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND && st != MFA_EXPIRED) {
        return st;
    }

    if (st == MFA_OK && visit->step.flow.secret.len > 0
        && mfa_flow_has_screen(&visit->step.flow, mfa_str("recovery-codes")))
    {
        return text_reply(visit);
    }

    return mfa_visit_redirect(visit, mfa_str("recovery-codes"),
                              mfa_visit_param(visit, "flow",
                                              mfa_pairs_get(&visit->query,
                                                            mfa_str("flow"))));
}


const mfa_page_t  mfa_page_recovery_text = {
    .path = "recovery-codes/text",
    .get = text_get,
};
