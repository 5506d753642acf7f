/*
 * People who report to you: their manager corrects or adds an address (A5).
 *
 * Names and addresses; nothing else can be seen or done here.
 */

#include "mfa_page_staff.h"


typedef struct {
    mfa_visit_t              *visit;
    const mfa_staff_found_t  *found;
    const mfa_staff_left_t   *left;
    mfa_value_t              *map;
    mfa_value_t              *list;
} team_case_t;


static void
team_form(team_case_t *at, const char *deed, mfa_str_t subject,
    mfa_str_t whom, mfa_value_t *list)
{
    mfa_str_t     key;
    mfa_value_t  *item;

    item = mfa_value_add_map(list);
    key = mfa_arena_printf(at->visit->work->arena,
                           MFA_STR_FMT "-" MFA_STR_FMT, MFA_STR_ARG(whom),
                           MFA_STR_ARG(subject));

    mfa_value_set_str(item, "deed", mfa_str_from(deed));
    mfa_value_set_flag(item, "is_add", subject.len == 0);
    mfa_value_set_str(item, "subject", subject);
    mfa_value_set_str(item, "key", key);

    if (mfa_staff_is_of(at->left, deed, subject, whom)) {
        mfa_staff_form(at->visit, at->left, key, at->map, item);
    }
}


static mfa_status_t
team_person(team_case_t *at, const mfa_user_t *user)
{
    size_t        i;
    mfa_str_t     id, name;
    mfa_value_t  *item, *list;
    mfa_status_t  st;

    st = mfa_id_text(at->visit->work->arena, &user->id, &id);

    if (st == MFA_OK) {
        st = mfa_user_full_name(at->visit->work->arena, user, &name);
    }

    if (st != MFA_OK) {
        return st;
    }

    item = mfa_value_add_map(at->list);

    mfa_value_set_str(item, "whom", id);
    mfa_value_set_str(item, "person", name.len > 0 ? name : user->user);

    list = mfa_value_set_list(item, "forms");

    if (user->email.len > 0) {
        team_form(at, "correct", user->email, id, list);
    }

    for (i = 0; i < user->other_emails.count; i++) {
        team_form(at, "correct", user->other_emails.items[i], id, list);
    }

    team_form(at, "add", mfa_null, id, list);

    return MFA_OK;
}


static mfa_status_t
team_read(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    mfa_user_t     user;
    team_case_t   *at = arg;
    mfa_status_t   st;

    for (i = 0; i < at->found->count; i++) {
        st = mfa_user_get(tx, &at->found->ids[i], &user);

        if (st == MFA_OK) {
            st = team_person(at, &user);
        }

        if (st != MFA_OK && st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
team_get(mfa_visit_t *visit)
{
    bool                is_here;
    team_case_t         at;
    mfa_status_t        st;
    mfa_staff_left_t    left;
    mfa_staff_found_t   found;

    st = mfa_staff_gate(visit, true, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    st = mfa_staff_team(visit->work, &visit->who.user, MFA_STAFF_MOST,
                        MFA_STAFF_TIME, &found);

    if (st == MFA_OK) {
        st = mfa_staff_take(visit, &left);
    }

    if (st != MFA_OK) {
        return st;
    }

    at.visit = visit;
    at.found = &found;
    at.left = &left;
    at.map = mfa_visit_values(visit, NULL, mfa_null);
    at.list = mfa_value_set_list(at.map, "people");

    mfa_value_set_flag(at.map, "has_more", found.has_more);

    if (left.field.len == 0) {
        mfa_value_set_str(at.map, "notice",
                          mfa_words_get(visit->env->words, left.word));
    }

    st = mfa_view(visit->work, team_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_render(visit, 200, "team.html", at.map);
}


static mfa_status_t
team_post(mfa_visit_t *visit)
{
    bool              is_here;
    mfa_str_t         pressed;
    mfa_status_t      st;
    mfa_staff_deed_t  deed;

    st = mfa_staff_gate(visit, true, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    memset(&deed, 0, sizeof(deed));

    pressed = mfa_pairs_get(&visit->form, mfa_str("do"));

    if (mfa_str_eq_c(pressed, "correct")) {
        deed.name = "correct";

    } else if (mfa_str_eq_c(pressed, "add")) {
        deed.name = "add";

    } else {
        return mfa_visit_redirect(visit, visit->path, mfa_null);
    }

    if (mfa_staff_id(mfa_pairs_get(&visit->form, mfa_str("whom")),
                     &deed.user) != MFA_OK)
    {
        return mfa_visit_fault(visit, 404);
    }

    deed.reason = mfa_pairs_get(&visit->form, mfa_str("reason"));
    deed.subject = mfa_pairs_get(&visit->form, mfa_str("subject"));
    deed.value = mfa_pairs_get(&visit->form, mfa_str("address"));

    return mfa_staff_press(visit, &deed);
}


const mfa_page_t  mfa_page_team = {
    .path = "team",
    .get = team_get,
    .post = team_post,
};
