/*
 * Reset requests: staff approve or refuse what people have asked for (A3).
 *
 * Nobody has buttons for their own request, or for that of somebody of a
 * higher rank; the deed judges again.
 */

#include <stdlib.h>

#include "mfa_page_staff.h"


#define REQUESTS_SHOWN  (14 * MFA_DAY)


typedef struct {
    mfa_visit_t              *visit;
    const mfa_staff_found_t  *found;
    const mfa_staff_left_t   *left;
    mfa_reset_request_t      *items;
    mfa_user_t               *users;        /* of these, in the same order */
    size_t                   *order;
    size_t                    count;
    mfa_value_t              *map;
} requests_case_t;


static mfa_status_t
requests_read(mfa_tx_t *tx, void *arg)
{
    size_t            i;
    mfa_status_t      st;
    requests_case_t  *at = arg;

    at->count = 0;

    for (i = 0; i < at->found->count; i++) {
        st = mfa_reset_request_get(tx, &at->found->ids[i],
                                   &at->items[at->count]);

        if (st == MFA_OK) {
            st = mfa_user_get(tx, &at->items[at->count].user,
                              &at->users[at->count]);
        }

        if (st == MFA_OK) {
            at->count++;

        } else if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


/* open ones: who has waited longest first; then what was decided last */

static int
requests_compare(const void *a, const void *b, void *arg)
{
    bool                        open_x;
    mfa_time_t                  difference;
    const mfa_reset_request_t  *items = arg, *x, *y;

    x = &items[*(const size_t *) a];
    y = &items[*(const size_t *) b];

    open_x = x->state == MFA_REQUEST_OPEN;

    if (open_x != (y->state == MFA_REQUEST_OPEN)) {
        return open_x ? -1 : 1;
    }

    difference = open_x ? x->made_at - y->made_at
                        : y->decided_at - x->decided_at;

    return (difference > 0) - (difference < 0);
}


static const char *
state_flag(mfa_request_state_t state)
{
    switch (state) {

    case MFA_REQUEST_OPEN:
        return "is_open_one";

    case MFA_REQUEST_APPROVED:
        return "is_approved";

    case MFA_REQUEST_REFUSED:
        return "is_refused";

    case MFA_REQUEST_CANCELLED:
        return "is_cancelled";

    case MFA_REQUEST_USED:
        return "is_used";

    default:
        return "is_expired";
    }
}


/* who refused it, when and why; nothing of one that nobody refused */

static void
refusal_fill(mfa_visit_t *visit, const mfa_reset_request_t *request,
    mfa_value_t *item)
{
    mfa_value_t           *refusal;
    const mfa_approval_t  *by = &request->refusal;

    if (request->state != MFA_REQUEST_REFUSED || by->name.len == 0) {
        return;
    }

    refusal = mfa_value_add_map(mfa_value_set_list(item, "refusals"));

    mfa_value_set_str(refusal, "by", by->name);
    mfa_value_set_str(refusal, "statement", by->statement);
    mfa_value_set_str(refusal, "when", mfa_staff_moment(visit, by->at));
}


static void
approvals_fill(mfa_visit_t *visit, const mfa_reset_request_t *request,
    mfa_value_t *item)
{
    size_t        i;
    mfa_value_t  *list, *approval;

    list = mfa_value_set_list(item, "approvals");

    for (i = 0; i < request->approval_count; i++) {
        approval = mfa_value_add_map(list);

        mfa_value_set_str(approval, "by", request->approvals[i].name);
        mfa_value_set_str(approval, "statement",
                          request->approvals[i].statement);
        mfa_value_set_str(approval, "when",
                          mfa_staff_moment(visit, request->approvals[i].at));
    }
}


/* one that stands: may this member of staff decide it? */

static void
buttons_fill(requests_case_t *at, const mfa_reset_request_t *request,
    const mfa_user_t *user, mfa_str_t id, mfa_value_t *item)
{
    size_t             i;
    bool               has_approved;
    mfa_visit_t       *visit = at->visit;
    const mfa_user_t  *staff = &visit->who.user;

    has_approved = false;

    for (i = 0; i < request->approval_count; i++) {
        has_approved = has_approved
                       || memcmp(request->approvals[i].staff.bytes,
                                 staff->id.bytes, MFA_ID_SIZE) == 0;
    }

    mfa_value_set_flag(item, "needs_more", request->approvals_needed > 1);
    mfa_value_set_flag(item, "has_approved", has_approved);
    mfa_value_set_flag(item, "is_self",
                       memcmp(user->id.bytes, staff->id.bytes, MFA_ID_SIZE)
                       == 0);
    mfa_value_set_flag(item, "may_act",
                       mfa_staff_may(visit->work->model->settings, staff,
                                     user) == MFA_VERDICT_PASS);

    if (mfa_staff_is_of(at->left, "approve", mfa_null, id)
        || mfa_staff_is_of(at->left, "refuse", mfa_null, id))
    {
        mfa_staff_form(visit, at->left, id, at->map, item);
    }
}


static mfa_status_t
request_fill(requests_case_t *at, size_t n, mfa_value_t *item)
{
    mfa_str_t                   id, user, name;
    mfa_status_t                st;
    mfa_arena_t                *arena = at->visit->work->arena;
    const mfa_reset_request_t  *request = &at->items[n];

    st = mfa_id_text(arena, &request->id, &id);

    if (st == MFA_OK) {
        st = mfa_id_text(arena, &at->users[n].id, &user);
    }

    if (st == MFA_OK) {
        st = mfa_user_full_name(arena, &at->users[n], &name);
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_str(item, "id", id);
    mfa_value_set_str(item, "user_id", user);
    mfa_value_set_str(item, "person", name);
    mfa_value_set_str(item, "email", at->users[n].email);
    mfa_value_set_str(item, "phrase", request->phrase);
    mfa_value_set_str(item, "made",
                      mfa_staff_moment(at->visit, request->made_at));
    mfa_value_set_str(item, "decided",
                      mfa_staff_moment(at->visit, request->decided_at));
    mfa_value_set_str(item, "until",
                      mfa_staff_moment(at->visit, request->expires_at));
    mfa_value_set_str(item, "place",
                      mfa_staff_place(at->visit, &request->address));
    mfa_value_set_str(item, "browser",
                      mfa_agent_text(request->agent, at->visit->env->words,
                                     at->visit->work->arena));
    mfa_value_set_str(item, "reason", mfa_null);
    mfa_value_set_str(item, "wrong_reason", mfa_null);
    mfa_value_set_flag(item, state_flag(request->state), true);

    approvals_fill(at->visit, request, item);
    refusal_fill(at->visit, request, item);

    /* one that is approved can still be refused until it is used */

    if (request->state == MFA_REQUEST_OPEN
        || request->state == MFA_REQUEST_APPROVED)
    {
        buttons_fill(at, request, &at->users[n], id, item);
    }

    return MFA_OK;
}


static mfa_status_t
requests_fill(requests_case_t *at)
{
    bool          is_open;
    size_t        i;
    mfa_value_t  *open, *decided;
    mfa_status_t  st;

    for (i = 0; i < at->count; i++) {
        at->order[i] = i;
    }

    qsort_r(at->order, at->count, sizeof(size_t), requests_compare,
            at->items);

    open = mfa_value_set_list(at->map, "open");
    decided = mfa_value_set_list(at->map, "decided_ones");

    for (i = 0; i < at->count; i++) {
        is_open = at->items[at->order[i]].state == MFA_REQUEST_OPEN;

        mfa_value_set_flag(at->map, is_open ? "has_open" : "has_decided",
                           true);

        st = request_fill(at, at->order[i],
                          mfa_value_add_map(is_open ? open : decided));
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
requests_show(mfa_visit_t *visit, const mfa_staff_found_t *found,
    const mfa_staff_left_t *left)
{
    mfa_arena_t      *arena = visit->work->arena;
    mfa_status_t      st;
    requests_case_t   at;

    memset(&at, 0, sizeof(at));

    at.visit = visit;
    at.found = found;
    at.left = left;
    at.map = mfa_visit_values(visit, NULL, mfa_null);

    at.items = mfa_arena_alloc(arena, (found->count + 1)
                                      * sizeof(mfa_reset_request_t));
    at.users = mfa_arena_alloc(arena, (found->count + 1)
                                      * sizeof(mfa_user_t));
    at.order = mfa_arena_alloc(arena, (found->count + 1) * sizeof(size_t));

    if (at.items == NULL || at.users == NULL || at.order == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_view(visit->work, requests_read, &at);

    if (st == MFA_OK) {
        st = requests_fill(&at);
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(at.map, "has_more", found->has_more);

    if (left->field.len == 0) {
        mfa_value_set_str(at.map, "notice",
                          mfa_words_get(visit->env->words, left->word));
    }

    return mfa_visit_render(visit, 200, "requests.html", at.map);
}


static mfa_status_t
requests_get(mfa_visit_t *visit)
{
    bool                is_here;
    size_t              open;
    mfa_time_t          since;
    mfa_status_t        st;
    mfa_staff_left_t    left;
    mfa_staff_found_t   found;

    st = mfa_staff_gate(visit, false, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    since = mfa_port_now(visit->work->model->ports) - REQUESTS_SHOWN;

    st = mfa_staff_requests(visit->work, since, &found, &open);

    if (st == MFA_OK) {
        st = mfa_staff_take(visit, &left);
    }

    return (st == MFA_OK) ? requests_show(visit, &found, &left) : st;
}


static mfa_status_t
requests_post(mfa_visit_t *visit)
{
    bool              is_here;
    mfa_str_t         pressed;
    mfa_status_t      st;
    mfa_staff_deed_t  deed;

    st = mfa_staff_gate(visit, false, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    memset(&deed, 0, sizeof(deed));

    pressed = mfa_pairs_get(&visit->form, mfa_str("do"));

    if (mfa_str_eq_c(pressed, "approve")) {
        deed.name = "approve";

    } else if (mfa_str_eq_c(pressed, "refuse")) {
        deed.name = "refuse";

    } else {
        return mfa_visit_redirect(visit, visit->path, mfa_null);
    }

    if (mfa_staff_id(mfa_pairs_get(&visit->form, mfa_str("whom")),
                     &deed.request) != MFA_OK)
    {
        return mfa_visit_fault(visit, 404);
    }

    deed.reason = mfa_pairs_get(&visit->form, mfa_str("reason"));

    return mfa_staff_press(visit, &deed);
}


const mfa_page_t  mfa_page_requests = {
    .path = "requests",
    .get = requests_get,
    .post = requests_post,
};
