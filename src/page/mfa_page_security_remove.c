/*
 * Security settings: the question before a way to verify is removed (S2).
 */

#include "mfa_page_security.h"


typedef struct {
    mfa_id_t       user;
    mfa_methods_t  methods;
} remove_case_t;


static mfa_status_t
remove_read(mfa_tx_t *tx, void *arg)
{
    remove_case_t  *at = arg;

    return mfa_methods_read(tx, &at->user, &at->methods);
}


/* recovery codes stand in for a way to verify, and go with the last one */

static bool
is_last(const mfa_methods_t *methods, mfa_str_t subject)
{
    size_t  i;

    for (i = 0; i < methods->count; i++) {
        if (!mfa_str_eq(methods->records[i].kind, subject)
            && !mfa_str_eq_c(methods->records[i].kind, "recovery"))
        {
            return false;
        }
    }

    return !mfa_str_eq_c(subject, "recovery");
}


/* what the person can still verify with afterwards */

static void
others_fill(mfa_visit_t *visit, const mfa_methods_t *methods,
    mfa_str_t subject, mfa_value_t *map)
{
    size_t                      i;
    mfa_value_t                *list, *item;
    const mfa_factor_t         *factor;
    const mfa_factor_record_t  *record;

    list = mfa_value_set_list(map, "others");

    for (i = 0; i < methods->count; i++) {
        record = &methods->records[i];
        factor = mfa_factor_by_name(record->kind);

        if (mfa_str_eq(record->kind, subject) || factor == NULL
            || record->is_disabled)
        {
            continue;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "other",
                          mfa_words_get(visit->env->words, factor->label));
        mfa_value_set_flag(map, "has_others", true);
    }
}


static mfa_status_t
remove_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    char                *kind;
    mfa_str_t            subject;
    mfa_status_t         st;
    remove_case_t        at;
    const mfa_factor_t  *factor;

    subject = visit->step.flow.subject;
    factor = mfa_factor_by_name(subject);

    if (factor == NULL) {
        return MFA_DAMAGED;
    }

    memset(&at, 0, sizeof(at));
    at.user = visit->step.flow.user;

    st = mfa_view(visit->work, remove_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    /* "is_totp": what else there is to do depends on the method */

    kind = mfa_arena_cstr(visit->work->arena,
                          mfa_arena_printf(visit->work->arena, "is_%s",
                                           factor->name));
    if (kind == NULL) {
        return MFA_NO_MEMORY;
    }

    mfa_value_set_flag(map, kind, true);

    if (is_last(&at.methods, subject)) {
        mfa_value_set_flag(map, "is_last", true);

    } else {
        others_fill(visit, &at.methods, subject, map);
    }

    return mfa_method_fill(visit, factor,
                           mfa_methods_of(&at.methods, factor->name), map);
}


/* a form that names no button leaves everything as it is */

static const mfa_page_action_t  remove_actions[] = {
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { "remove", MFA_EVENT_REMOVE, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_security_remove = {
    .path = "security/remove",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "security_remove.html",
    .actions = remove_actions,
    .fill = remove_fill,
};
