/*
 * Pages of staff: who gets them, and what their forms have in common.
 *
 * For everybody else these addresses do not exist: 404, whatever is sent to
 * them. Who may do what is judged again in the deed itself.
 */

#include <time.h>

#include "mfa_page_staff.h"


#define STAFF_TYPED_MAX   1400          /* bytes of a notice */


/* has the realm anybody who is staff at all? */

static bool
staff_has_pages(const mfa_model_settings_t *settings)
{
    return settings->helpdesk_group.len > 0 || settings->admin_group.len > 0;
}


mfa_status_t
mfa_staff_is_manager(mfa_visit_t *visit, mfa_time_t time, bool *is_manager)
{
    mfa_status_t       st;
    mfa_staff_found_t  found;

    *is_manager = false;

    st = mfa_staff_team(visit->work, &visit->who.user, 1, time, &found);
    if (st == MFA_OK) {
        *is_manager = found.count > 0;
    }

    return st;
}


static mfa_str_t
staff_here(mfa_visit_t *visit)
{
    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT MFA_STR_FMT,
                            MFA_STR_ARG(visit->env->portal),
                            MFA_STR_ARG(visit->path));
}


static mfa_status_t
staff_login(mfa_visit_t *visit)
{
    return mfa_visit_redirect(visit, mfa_str("login"),
                              mfa_visit_param(visit, "to",
                                              staff_here(visit)));
}


static mfa_status_t
staff_ask(mfa_visit_t *visit, bool is_stuck)
{
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_str(map, "here", visit->path);
    mfa_value_set_flag(map, "is_stuck", is_stuck);

    return mfa_visit_render(visit, 200, "staff_verify.html", map);
}


/* forms: what they leave travels in the sealed notice, line by line */

static bool
staff_may_keep(mfa_str_t typed)
{
    return mfa_text_is_utf8(typed) && !mfa_text_has_control(typed);
}


static mfa_status_t
staff_keep(mfa_visit_t *visit, const mfa_staff_left_t *left)
{
    size_t            i;
    mfa_buf_t         buf;
    mfa_status_t      st;
    mfa_notice_t      notice;
    const mfa_str_t   parts[] = {
        left->name, left->subject, left->whom, left->pass, left->reason,
        left->address, left->also
    };

    memset(&notice, 0, sizeof(notice));
    mfa_buf_init(&buf, visit->work->arena, STAFF_TYPED_MAX);

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (staff_may_keep(parts[i])
            && buf.len + parts[i].len + 8 < STAFF_TYPED_MAX)
        {
            mfa_buf_put(&buf, parts[i]);
        }

        mfa_buf_putc(&buf, '\n');
    }

    st = mfa_buf_str(&buf, &notice.email);
    if (st != MFA_OK) {
        return st;
    }

    notice.page = mfa_str_from(visit->page->path);
    notice.field = left->field;
    notice.word = left->word;

    return mfa_notice_set(visit, &notice);
}


static mfa_status_t
staff_leave(mfa_visit_t *visit, const mfa_staff_left_t *left)
{
    mfa_status_t  st;

    st = staff_keep(visit, left);

    return (st == MFA_OK) ? mfa_visit_redirect(visit, visit->path, mfa_null)
                          : st;
}


static bool
staff_is_pressed(const mfa_visit_t *visit, const char *name)
{
    return visit->request->method == MFA_METHOD_POST
           && mfa_str_eq_c(mfa_pairs_get(&visit->form, mfa_str("do")), name);
}


mfa_str_t
mfa_staff_value(const mfa_visit_t *visit)
{
    mfa_str_t  address;

    address = mfa_pairs_get(&visit->form, mfa_str("address"));

    return address.len > 0 ? address
                           : mfa_pairs_get(&visit->form, mfa_str("date"));
}


/* a form that came too late: what was typed waits for a fresh factor */

static mfa_status_t
staff_keep_form(mfa_visit_t *visit)
{
    mfa_staff_left_t    left;
    const mfa_pairs_t  *form = &visit->form;

    if (staff_is_pressed(visit, "verify")) {
        return MFA_OK;
    }

    memset(&left, 0, sizeof(left));

    left.field = mfa_str("reason");
    left.word = MFA_WORD("You had to verify once more, so nothing has been "
                         "done yet. Press the button again.");
    left.name = mfa_pairs_get(form, mfa_str("do"));
    left.subject = mfa_pairs_get(form, mfa_str("subject"));
    left.whom = mfa_pairs_get(form, mfa_str("whom"));
    left.reason = mfa_pairs_get(form, mfa_str("reason"));
    left.address = mfa_staff_value(visit);

    return staff_keep(visit, &left);
}


/* through a fresh factor, and back to this page (D13) */

static mfa_status_t
staff_verify(mfa_visit_t *visit)
{
    mfa_step_t   *step = &visit->step;
    mfa_status_t  st;

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    step->target = staff_here(visit);

    st = mfa_settings_start(step, mfa_str("step-up"), mfa_null);

    switch (st) {

    case MFA_OK:
        break;

    case MFA_NOT_FOUND:
        return staff_login(visit);

    case MFA_INVALID:
        return mfa_visit_redirect(visit, visit->path, mfa_str("stuck=1"));

    case MFA_LIMITED:
        return mfa_visit_later(visit, step->retry_at);

    default:
        return st;
    }

    visit->has_mail = step->has_mail;

    st = staff_keep_form(visit);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_to_flow(visit);
}


mfa_status_t
mfa_staff_gate(mfa_visit_t *visit, bool is_for_team, bool *is_here)
{
    bool                         may;
    mfa_status_t                 st;
    const mfa_model_settings_t  *settings = visit->work->model->settings;

    *is_here = false;

    if (!is_for_team && !staff_has_pages(settings)) {
        return mfa_visit_fault(visit, 404);
    }

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return staff_login(visit);
    }

    may = mfa_user_rank(settings, &visit->who.user) > MFA_RANK_USER;

    if (is_for_team) {
        st = mfa_staff_is_manager(visit, MFA_STAFF_TIME, &may);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (!may) {
        return mfa_visit_fault(visit, 404);
    }

    if (!mfa_staff_is_fresh(visit->env->flow, &visit->who.session,
                            mfa_port_now(visit->work->model->ports)))
    {
        return visit->request->method == MFA_METHOD_POST
               ? staff_verify(visit)
               : staff_ask(visit,
                           mfa_pairs_get(&visit->query,
                                         mfa_str("stuck")).len > 0);
    }

    if (staff_is_pressed(visit, "verify")) {
        return mfa_visit_redirect(visit, visit->path, mfa_null);
    }

    *is_here = true;

    return mfa_visit_browser(visit);
}


mfa_status_t
mfa_staff_take(mfa_visit_t *visit, mfa_staff_left_t *left)
{
    mfa_str_t     text;
    mfa_status_t  st;
    mfa_notice_t  notice;

    memset(left, 0, sizeof(*left));

    st = mfa_notice_take(visit, &notice);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    text = notice.email;

    left->word = notice.word;
    left->field = notice.field;
    left->name = mfa_str_split(&text, '\n');
    left->subject = mfa_str_split(&text, '\n');
    left->whom = mfa_str_split(&text, '\n');
    left->pass = mfa_str_split(&text, '\n');
    left->reason = mfa_str_split(&text, '\n');
    left->address = mfa_str_split(&text, '\n');
    left->also = mfa_str_split(&text, '\n');

    return MFA_OK;
}


bool
mfa_staff_is_of(const mfa_staff_left_t *left, const char *name,
    mfa_str_t subject, mfa_str_t whom)
{
    return left->field.len > 0 && mfa_str_eq_c(left->name, name)
           && mfa_str_eq(left->subject, subject)
           && mfa_str_eq(left->whom, whom);
}


typedef struct {
    mfa_visit_t  *visit;
    mfa_str_t     key;
    mfa_value_t  *map, *item;
} staff_form_t;


static void
staff_form_error(const staff_form_t *form, mfa_str_t field, mfa_str_t word)
{
    char         *name;
    mfa_arena_t  *arena = form->visit->work->arena;

    name = mfa_arena_cstr(arena, mfa_arena_printf(arena, "wrong_" MFA_STR_FMT,
                                                  MFA_STR_ARG(field)));
    if (name == NULL) {
        return;
    }

    mfa_visit_error(form->visit, form->map,
                    mfa_arena_printf(arena, MFA_STR_FMT "-" MFA_STR_FMT,
                                     MFA_STR_ARG(field),
                                     MFA_STR_ARG(form->key)), word);
    mfa_value_set_str(form->item, name,
                      mfa_words_get(form->visit->env->words, word));
}


void
mfa_staff_form(mfa_visit_t *visit, const mfa_staff_left_t *left,
    mfa_str_t key, mfa_value_t *map, mfa_value_t *item)
{
    const staff_form_t  form = { visit, key, map, item };

    /* in the order of the fields */

    if (left->also.len > 0) {
        staff_form_error(&form, mfa_str("address"), left->also);
    }

    staff_form_error(&form, left->field, left->word);
    mfa_value_set_flag(item, "is_open", true);
    mfa_value_set_str(item, "reason", left->reason);
    mfa_value_set_str(item, "address", left->address);
}


mfa_status_t
mfa_staff_press(mfa_visit_t *visit, mfa_staff_deed_t *deed)
{
    mfa_status_t       st;
    mfa_verdict_t      verdict;
    mfa_staff_left_t   left;

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_staff_do(&visit->step, deed, &verdict);
    visit->has_mail = visit->step.has_mail;

    memset(&left, 0, sizeof(left));

    left.word = deed->word;
    left.name = mfa_str_from(deed->name);
    left.subject = deed->subject;
    left.whom = mfa_pairs_get(&visit->form, mfa_str("whom"));

    switch (st) {

    case MFA_OK:
        left.pass = deed->pass;

        return (verdict == MFA_VERDICT_PASS) ? staff_leave(visit, &left)
                                             : mfa_visit_fault(visit, 403);

    case MFA_EXISTS:
        return staff_leave(visit, &left);

    case MFA_NOT_FOUND:
        return mfa_visit_fault(visit, 404);

    case MFA_EXPIRED:
        return staff_verify(visit);

    case MFA_INVALID:
        left.field = deed->field;
        left.also = deed->also;
        left.reason = deed->reason;
        left.address = deed->value;

        return (left.word.len > 0) ? staff_leave(visit, &left) : st;

    default:
        return st;
    }
}


mfa_status_t
mfa_staff_id(mfa_str_t text, mfa_id_t *id)
{
    int     high, low;
    size_t  i;

    if (text.len != MFA_ID_TEXT) {
        return MFA_NOT_FOUND;
    }

    for (i = 0; i < MFA_ID_SIZE; i++) {
        high = mfa_hex_value(text.data[2 * i]);
        low = mfa_hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return MFA_NOT_FOUND;
        }

        id->bytes[i] = (uint8_t) (high * 16 + low);
    }

    return MFA_OK;
}


mfa_str_t
mfa_staff_moment(mfa_visit_t *visit, mfa_time_t at)
{
    time_t     seconds;
    struct tm  tm;
    mfa_str_t  date, today;

    date = mfa_visit_date(visit, at);
    today = mfa_visit_date(visit, mfa_port_now(visit->work->model->ports));
    seconds = (time_t) (at / MFA_SECOND);

    if (date.len == 0 || localtime_r(&seconds, &tm) == NULL) {
        return date;
    }

    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT "%s%02d:%02d",
                            MFA_STR_ARG(mfa_str_eq(date, today) ? mfa_null
                                                                : date),
                            mfa_str_eq(date, today) ? "" : ", ", tm.tm_hour,
                            tm.tm_min);
}


mfa_str_t
mfa_staff_place(mfa_visit_t *visit, const mfa_address_t *address)
{
    char  text[MFA_ADDRESS_TEXT_SIZE];

    if (address->len == 0) {
        return mfa_null;
    }

    mfa_address_text(address, text);

    return mfa_arena_printf(visit->work->arena, "%s", text);
}
