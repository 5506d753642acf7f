/*
 * One person, for staff: the facts. Shows what stands; changes nothing. No
 * secret and no whole phone number is ever in it.
 */

#include "mfa_page_staff.h"


mfa_status_t
mfa_person_read(mfa_tx_t *tx, void *arg)
{
    mfa_status_t   st;
    mfa_person_t  *person = arg;

    st = mfa_staff_look(tx, &person->id, &person->view);

    if (st == MFA_OK) {
        st = mfa_methods_read(tx, &person->id, &person->methods);
    }

    if (st == MFA_OK) {
        st = mfa_flow_grace(tx, person->settings, &person->view.user,
                            &person->grace);
    }

    return (st == MFA_OK) ? mfa_traces_read(tx, &person->id, &person->traces)
                          : st;
}


/* what policy asks of this person, in plain words (S4, Y1) */

static void
policy_fill(mfa_visit_t *visit, const mfa_person_t *person, mfa_value_t *map)
{
    mfa_str_t           date;
    const mfa_grace_t  *grace = &person->grace;

    if (grace->policy.is_optional) {
        mfa_value_set_flag(map, "policy_optional", true);
        return;
    }

    mfa_value_set_flag(map, "policy_two", grace->policy.methods > 1);
    mfa_value_set_flag(map, "policy_one", grace->policy.methods <= 1);

    if (grace->policy.from == 0) {
        return;
    }

    date = mfa_visit_date(visit, grace->deadline);

    mfa_value_set_str(map,
                      mfa_port_now(visit->work->model->ports)
                      < grace->deadline ? "policy_until" : "policy_since",
                      date);
    mfa_value_set_flag(map, "is_extended",
                       person->view.user.deadline_at == grace->deadline);
}


/* every flag is set, so that no item shows one of the list around it */

void
mfa_person_state(const mfa_user_t *user, mfa_value_t *map)
{
    bool  is_locked, is_new;

    is_locked = !user->is_disabled && user->is_locked;
    is_new = !user->is_disabled && !is_locked && user->registered_at == 0;

    mfa_value_set_flag(map, "is_disabled", user->is_disabled);
    mfa_value_set_flag(map, "is_locked", is_locked);
    mfa_value_set_flag(map, "is_unregistered", is_new);
    mfa_value_set_flag(map, "is_active",
                       !user->is_disabled && !is_locked && !is_new);
}


static mfa_value_t *
block_add(mfa_value_t *map, mfa_value_t **list, const char *flag)
{
    mfa_value_t  *item;

    if (*list == NULL) {
        *list = mfa_value_set_list(map, "blocks");
        mfa_value_set_flag(map, "has_blocks", true);
    }

    item = mfa_value_add_map(*list);
    mfa_value_set_flag(item, flag, true);

    return item;
}


static void
block_method(mfa_visit_t *visit, const mfa_factor_record_t *record,
    mfa_value_t *map, mfa_value_t **list)
{
    mfa_time_t           now;
    mfa_value_t         *item;
    const mfa_factor_t  *factor;

    now = mfa_port_now(visit->work->model->ports);
    factor = mfa_factor_by_name(record->kind);

    if (factor == NULL
        || (!record->is_disabled && record->held_until <= now))
    {
        return;
    }

    item = block_add(map, list, record->is_disabled ? "block_off"
                                                    : "block_held");

    mfa_value_set_str(item, "method",
                      mfa_words_get(visit->env->words, factor->label));
    mfa_value_set_str(item, "until",
                      mfa_staff_moment(visit, record->held_until));
    mfa_value_set_str(item, "count",
                      mfa_arena_printf(visit->work->arena, "%llu",
                                       (unsigned long long)
                                       record->failures));
}


static void
block_mail(mfa_visit_t *visit, const mfa_traces_t *traces, mfa_value_t *map,
    mfa_value_t **list)
{
    size_t        i;
    mfa_value_t  *item;

    for (i = 0; i < traces->activity_count; i++) {
        if (mfa_str_eq_c(traces->activity[i].name, "message.refused")) {
            item = block_add(map, list, "block_mail");
            mfa_value_set_str(item, "when",
                              mfa_staff_moment(visit,
                                               traces->activity[i].at));
            return;
        }
    }
}


/* what keeps this person from logging in right now, the worst first */

static void
blocks_fill(mfa_visit_t *visit, const mfa_person_t *person, mfa_value_t *map)
{
    size_t                   i;
    mfa_value_t             *list, *item;
    const mfa_staff_view_t  *view = &person->view;

    list = NULL;

    if (view->user.is_disabled) {
        (void) block_add(map, &list, "block_disabled");
    }

    if (view->user.is_locked) {
        (void) block_add(map, &list, "block_locked");
    }

    if (view->user.registered_at == 0) {
        (void) block_add(map, &list, "block_unregistered");

    } else if (person->grace.is_late) {
        item = block_add(map, &list, "block_late");
        mfa_value_set_str(item, "ended",
                          mfa_visit_date(visit, person->grace.deadline));

    } else if (!view->has_factor && !person->grace.may_wait) {
        (void) block_add(map, &list, "block_no_method");
    }

    if (view->is_row_closed) {
        (void) block_add(map, &list, "block_row");

    } else if (view->limited_until > 0) {
        item = block_add(map, &list, "block_limited");
        mfa_value_set_str(item, "until",
                          mfa_staff_moment(visit, view->limited_until));
    }

    for (i = 0; i < person->methods.count; i++) {
        block_method(visit, &person->methods.records[i], map, &list);
    }

    block_mail(visit, &person->traces, map, &list);
}


static mfa_status_t
methods_fill(mfa_visit_t *visit, const mfa_methods_t *methods,
    mfa_value_t *map)
{
    size_t                      i;
    mfa_value_t                *list, *item;
    mfa_status_t                st;
    const mfa_factor_t         *factor;
    const mfa_factor_record_t  *record;

    list = mfa_value_set_list(map, "methods");

    for (i = 0; i < methods->count; i++) {
        record = &methods->records[i];
        factor = mfa_factor_by_name(record->kind);

        if (factor == NULL || mfa_str_eq_c(record->kind, "recovery")) {
            continue;
        }

        item = mfa_value_add_map(list);
        mfa_value_set_str(item, "shown", mfa_null);
        mfa_value_set_flag(map, "has_methods", true);

        st = mfa_method_fill(visit, factor, record, item);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static void
strings_fill(const mfa_strs_t *items, const char *name, const char *value,
    mfa_value_t *map)
{
    size_t        i;
    mfa_value_t  *list;

    list = mfa_value_set_list(map, name);

    for (i = 0; i < items->count; i++) {
        mfa_value_set_str(mfa_value_add_map(list), value, items->items[i]);
    }
}


static void
facts_fill(mfa_visit_t *visit, const mfa_user_t *user, mfa_value_t *map)
{
    size_t        i;
    mfa_value_t  *list, *item;

    mfa_value_set_str(map, "user", user->user);
    mfa_value_set_str(map, "email", user->email);
    mfa_value_set_str(map, "manager", user->manager);
    mfa_value_set_str(map, "registered",
                      mfa_visit_date(visit, user->registered_at));
    mfa_value_set_str(map, "login",
                      user->login_at != 0
                      ? mfa_staff_moment(visit, user->login_at) : mfa_null);

    strings_fill(&user->other_emails, "others", "other", map);
    strings_fill(&user->groups, "groups", "group", map);
    mfa_value_set_flag(map, "has_groups", user->groups.count > 0);

    list = mfa_value_set_list(map, "attrs");

    for (i = 0; i < user->attrs.count; i++) {
        item = mfa_value_add_map(list);
        mfa_value_set_str(item, "attr", user->attrs.items[i].name);
        mfa_value_set_str(item, "value", user->attrs.items[i].value);
    }
}


mfa_status_t
mfa_person_fill(mfa_visit_t *visit, const mfa_person_t *person,
    mfa_value_t *map)
{
    mfa_str_t                name;
    mfa_value_t             *item;
    mfa_status_t             st;
    const mfa_staff_view_t  *view = &person->view;

    st = mfa_user_full_name(visit->work->arena, &view->user, &name);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_str(map, "person", name.len > 0 ? name : view->user.user);

    facts_fill(visit, &view->user, map);
    mfa_person_state(&view->user, map);
    blocks_fill(visit, person, map);
    policy_fill(visit, person, map);

    if (view->has_request) {
        item = mfa_value_set_map(map, "request");
        mfa_value_set_str(item, "phrase", view->request.phrase);
        mfa_value_set_str(item, "made",
                          mfa_staff_moment(visit, view->request.made_at));
        mfa_value_set_str(item, "until",
                          mfa_staff_moment(visit, view->request.expires_at));
        mfa_value_set_flag(item, "is_approved",
                           view->request.state == MFA_REQUEST_APPROVED);
    }

    mfa_value_set_flag(map, "has_pass", view->has_pass);

    st = methods_fill(visit, &person->methods, map);
    if (st != MFA_OK) {
        return st;
    }

    mfa_recovery_fill(visit, &person->methods, map);

    return mfa_traces_fill(visit, &person->traces, map);
}
