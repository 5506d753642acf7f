/*
 * People: staff search the roster by name, address or attribute. The people
 * of one page stand in the order of their names; pages come as the store has
 * them.
 */

#include <stdlib.h>
#include <strings.h>

#include "mfa_page_staff.h"


#define QUERY_MAX  200


typedef struct {
    const mfa_staff_found_t  *found;
    mfa_user_t               *users;
    size_t                    count;
} people_case_t;


static mfa_status_t
person_row(mfa_visit_t *visit, const mfa_user_t *user, mfa_value_t *list)
{
    mfa_str_t     id, name;
    mfa_value_t  *item;
    mfa_status_t  st;

    st = mfa_id_text(visit->work->arena, &user->id, &id);

    if (st == MFA_OK) {
        st = mfa_user_full_name(visit->work->arena, user, &name);
    }

    if (st != MFA_OK) {
        return st;
    }

    item = mfa_value_add_map(list);

    mfa_value_set_str(item, "id", id);
    mfa_value_set_str(item, "person", name.len > 0 ? name : user->user);
    mfa_value_set_str(item, "address", user->email);
    mfa_person_state(user, item);

    return MFA_OK;
}


static int
text_compare(mfa_str_t a, mfa_str_t b)
{
    int     difference;
    size_t  len;

    len = (a.len < b.len) ? a.len : b.len;
    difference = (len > 0) ? strncasecmp(a.data, b.data, len) : 0;

    return (difference != 0) ? difference
                             : (a.len > b.len) - (a.len < b.len);
}


static int
people_compare(const void *a, const void *b)
{
    int                difference;
    const mfa_user_t  *x = a, *y = b;

    difference = text_compare(x->surname, y->surname);

    if (difference == 0) {
        difference = text_compare(x->first_name, y->first_name);
    }

    return (difference != 0) ? difference : text_compare(x->email, y->email);
}


static mfa_status_t
people_read(mfa_tx_t *tx, void *arg)
{
    size_t          i;
    mfa_status_t    st;
    people_case_t  *at = arg;

    at->count = 0;

    for (i = 0; i < at->found->count; i++) {
        st = mfa_user_get(tx, &at->found->ids[i], &at->users[at->count]);

        if (st == MFA_OK) {
            at->count++;

        } else if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
people_show(mfa_visit_t *visit, const mfa_staff_found_t *found,
    mfa_value_t *map)
{
    size_t          i;
    mfa_value_t    *list;
    mfa_status_t    st;
    people_case_t   at = { .found = found };

    at.users = mfa_arena_alloc(visit->work->arena,
                               (found->count + 1) * sizeof(mfa_user_t));
    if (at.users == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_view(visit->work, people_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    qsort(at.users, at.count, sizeof(mfa_user_t), people_compare);

    list = mfa_value_set_list(map, "people");

    for (i = 0; st == MFA_OK && i < at.count; i++) {
        st = person_row(visit, &at.users[i], list);
    }

    return st;
}


static mfa_status_t
people_search(mfa_visit_t *visit, mfa_str_t query, mfa_value_t *map)
{
    mfa_id_t            id;
    mfa_str_t           after;
    mfa_status_t        st;
    mfa_staff_found_t   found;

    after = mfa_pairs_get(&visit->query, mfa_str("after"));
    st = mfa_staff_id(after, &id);

    st = mfa_staff_search(visit->work, query, (st == MFA_OK) ? &id : NULL,
                          &found);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "has_people", found.count > 0);
    mfa_value_set_flag(map, "is_later", after.len > 0);
    mfa_value_set_flag(map, "is_cut", found.is_cut);
    mfa_value_set_str(map, "q_query", mfa_visit_param(visit, "q", query));

    if (found.has_more) {
        st = mfa_id_text(visit->work->arena, &found.last, &after);
        if (st != MFA_OK) {
            return st;
        }

        mfa_value_set_str(map, "next", after);
    }

    return people_show(visit, &found, map);
}


static mfa_status_t
people_get(mfa_visit_t *visit)
{
    bool           is_here;
    mfa_str_t      query;
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_staff_gate(visit, false, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    query = mfa_str_trim(mfa_pairs_get(&visit->query, mfa_str("q")));

    if (query.len > 0 && query.len <= QUERY_MAX && mfa_text_is_utf8(query)
        && !mfa_text_has_control(query))
    {
        mfa_value_set_str(map, "q", query);
        mfa_value_set_flag(map, "is_searched", true);

        st = people_search(visit, query, map);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_visit_render(visit, 200, "people.html", map);
}


static mfa_status_t
people_post(mfa_visit_t *visit)
{
    bool          is_here;
    mfa_status_t  st;

    st = mfa_staff_gate(visit, false, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    return mfa_visit_redirect(visit, visit->path, mfa_null);
}


const mfa_page_t  mfa_page_people = {
    .path = "people",
    .get = people_get,
    .post = people_post,
};
