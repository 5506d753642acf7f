/*
 * Security settings: the ways to prove who somebody is, and their recovery
 * codes (S1, S2). Shows what stands; changes nothing.
 */

#include "mfa_page_security.h"


#define RECOVERY  "recovery"


mfa_status_t
mfa_methods_read(mfa_tx_t *tx, const mfa_id_t *user, mfa_methods_t *methods)
{
    size_t        i;
    mfa_str_t     kind;
    mfa_status_t  st;

    memset(methods, 0, sizeof(*methods));

    st = mfa_factor_record_kinds(tx, user, &methods->kinds);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < methods->kinds.count; i++) {
        kind = methods->kinds.items[i];

        if (mfa_factor_by_name(kind) == NULL
            || methods->count == MFA_FACTORS_MAX)
        {
            continue;
        }

        st = mfa_factor_record_get(tx, user, kind,
                                   &methods->records[methods->count]);
        if (st != MFA_OK) {
            return st;
        }

        methods->count++;
    }

    return MFA_OK;
}


const mfa_factor_record_t *
mfa_methods_of(const mfa_methods_t *methods, const char *kind)
{
    size_t  i;

    for (i = 0; i < methods->count; i++) {
        if (mfa_str_eq_c(methods->records[i].kind, kind)) {
            return &methods->records[i];
        }
    }

    return NULL;
}


mfa_status_t
mfa_method_fill(mfa_visit_t *visit, const mfa_factor_t *factor,
    const mfa_factor_record_t *record, mfa_value_t *map)
{
    mfa_str_t     shown;
    mfa_status_t  st;

    mfa_value_set_str(map, "kind", mfa_str_from(factor->name));
    mfa_value_set_str(map, "label",
                      mfa_words_get(visit->env->words, factor->label));

    if (record == NULL) {
        return MFA_OK;
    }

    mfa_value_set_flag(map, "is_set_up", true);
    mfa_value_set_flag(map, "is_off", record->is_disabled);
    mfa_value_set_str(map, "added", mfa_visit_date(visit, record->added_at));
    mfa_value_set_str(map, "used", mfa_visit_date(visit, record->used_at));

    if (factor->channel == NULL || factor->mask == NULL) {
        return MFA_OK;
    }

    st = factor->mask(visit->work->arena, record->secret, &shown);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_str(map, "shown", shown);

    return MFA_OK;
}


/*
 * May it be removed? What is left must be of use: a method that was switched
 * off after too many wrong codes is none.
 */

static mfa_status_t
may_remove(mfa_visit_t *visit, const mfa_methods_t *methods,
    const mfa_factor_record_t *record, const mfa_policy_t *policy, bool *may)
{
    size_t                      i;
    mfa_strs_t                  useful;
    mfa_status_t                st;
    const mfa_factor_record_t  *other;

    *may = false;

    memset(&useful, 0, sizeof(useful));

    for (i = 0; i < methods->count; i++) {
        other = &methods->records[i];

        if (other->is_disabled && other != record) {
            continue;
        }

        st = mfa_strs_add(visit->work->arena, &useful, other->kind);
        if (st != MFA_OK) {
            return st;
        }
    }

    *may = mfa_settings_may_remove(&useful, record->kind, policy)
           == MFA_VERDICT_PASS;

    return MFA_OK;
}


/* recovery codes are none */

static size_t
methods_count(const mfa_methods_t *methods)
{
    return methods->kinds.count
           - (mfa_strs_has(&methods->kinds, mfa_str(RECOVERY)) ? 1 : 0);
}


static bool
may(const mfa_change_t *change, const mfa_methods_t *methods,
    const char *action)
{
    return mfa_settings_may(&change->policy, mfa_str_from(action),
                            methods_count(methods)) == MFA_VERDICT_PASS;
}


/*
 * The buttons of a row. Where changes are asked for, Change and Remove lead
 * to the request, and are gone while one stands (D5).
 */

static mfa_status_t
buttons_fill(mfa_visit_t *visit, const mfa_methods_t *methods,
    const mfa_change_t *change, const mfa_factor_t *factor, mfa_value_t *item)
{
    bool                        may_enrol, may_go, is_asked;
    mfa_status_t                st;
    const mfa_factor_record_t  *record;

    record = mfa_methods_of(methods, factor->name);
    may_enrol = factor->secure_template != NULL
                && mfa_factor_is_allowed(visit->env->flow->factors, factor);

    if (record == NULL) {
        mfa_value_set_flag(item, "may_add",
                           may_enrol && may(change, methods, "add"));
        return MFA_OK;
    }

    is_asked = may(change, methods, "request");

    if (is_asked && change->has_request) {
        mfa_value_set_flag(item, "is_pending", true);
        return MFA_OK;
    }

    st = may_remove(visit, methods, record, &change->policy, &may_go);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(item, "is_asked", is_asked);
    mfa_value_set_flag(item, "may_change", may_enrol);
    mfa_value_set_flag(item, "may_remove", may_go);

    return MFA_OK;
}


static mfa_status_t
method_add(mfa_visit_t *visit, const mfa_methods_t *methods,
    const mfa_change_t *change, const mfa_factor_t *factor, mfa_value_t *list)
{
    mfa_value_t                *item;
    mfa_status_t                st;
    const mfa_factor_record_t  *record;

    record = mfa_methods_of(methods, factor->name);

    if (record == NULL
        && (factor->secure_template == NULL
            || !mfa_factor_is_allowed(visit->env->flow->factors, factor)))
    {
        return MFA_OK;
    }

    item = mfa_value_add_map(list);

    st = buttons_fill(visit, methods, change, factor, item);

    return (st == MFA_OK) ? mfa_method_fill(visit, factor, record, item) : st;
}


static void
request_fill(mfa_visit_t *visit, const mfa_change_t *change,
    mfa_value_t *map)
{
    mfa_value_t                *item;
    const mfa_reset_request_t  *request = &change->request;

    if (!change->has_request) {
        return;
    }

    item = mfa_value_set_map(map, "request");

    mfa_value_set_str(item, "phrase", request->phrase);
    mfa_value_set_str(item, "made", mfa_visit_date(visit, request->made_at));
    mfa_value_set_flag(item, "is_approved",
                       request->state == MFA_REQUEST_APPROVED);
}


static bool
is_allowed(const mfa_factor_settings_t *settings, const mfa_factor_t *factor)
{
    size_t  i;

    for (i = 0; i < settings->allowed_count; i++) {
        if (settings->allowed[i] == factor) {
            return true;
        }
    }

    return false;
}


/* in the order of the realm; then what people still have from before */

mfa_status_t
mfa_methods_fill(mfa_visit_t *visit, const mfa_methods_t *methods,
    const mfa_change_t *change, mfa_value_t *map)
{
    size_t                        i, count;
    mfa_value_t                  *list;
    mfa_status_t                  st;
    const mfa_factor_t *const    *all;
    const mfa_factor_settings_t  *settings = visit->env->flow->factors;

    mfa_value_set_flag(map, "is_approval", may(change, methods, "request"));
    request_fill(visit, change, map);

    list = mfa_value_set_list(map, "methods");

    for (i = 0; i < settings->allowed_count; i++) {
        st = method_add(visit, methods, change, settings->allowed[i],
                        list);
        if (st != MFA_OK) {
            return st;
        }
    }

    all = mfa_factors(&count);

    for (i = 0; i < count; i++) {
        if (strcmp(all[i]->name, RECOVERY) == 0
            || is_allowed(settings, all[i]))
        {
            continue;
        }

        st = method_add(visit, methods, change, all[i], list);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


void
mfa_recovery_fill(mfa_visit_t *visit, const mfa_methods_t *methods,
    mfa_value_t *map)
{
    bool                        is_on;
    size_t                      left;
    mfa_value_t                *item;
    const mfa_factor_record_t  *record;

    is_on = visit->env->flow->factors->recovery_codes;
    record = mfa_methods_of(methods, RECOVERY);

    if (!is_on && record == NULL) {
        return;
    }

    left = (record != NULL) ? mfa_recovery_left(record) : 0;
    item = mfa_value_set_map(map, "recovery");

    mfa_value_set_str(item, "left",
                      mfa_arena_printf(visit->work->arena, "%zu", left));
    mfa_value_set_flag(item, "has_some", left > 0);
    mfa_value_set_flag(item, "is_low", left > 0 && left <= MFA_RECOVERY_LOW);
    mfa_value_set_flag(item, "is_spent", left == 0 && record != NULL);
    mfa_value_set_flag(item, "is_none", record == NULL);
    mfa_value_set_flag(item, "is_locked",
                       record != NULL && record->is_disabled);
    mfa_value_set_flag(item, "may_make", is_on);

    /* left over from before they were switched off */

    mfa_value_set_flag(item, "may_drop", !is_on);

    if (record != NULL) {
        mfa_value_set_str(item, "made",
                          mfa_visit_date(visit, record->added_at));
    }

    /* nobody needs a way back who has nothing to lose yet */

    mfa_value_set_flag(item, "is_short",
                       is_on && left <= MFA_RECOVERY_LOW
                       && methods->count > (record != NULL ? 1 : 0));
}
