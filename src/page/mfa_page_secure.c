/*
 * Secure your account: a second factor is set up (E1 to E6).
 *
 * The secret of an app is on its page and nowhere else: not in an address,
 * a title or a log. Numbers and addresses are shown masked.
 */

#include "mfa_page.h"


typedef struct {
    mfa_visit_t  *visit;
    mfa_value_t  *map;          /* NULL: only what the person has */
    mfa_strs_t    kinds;
} secure_case_t;


static mfa_status_t
look_kinds(mfa_tx_t *tx, void *arg)
{
    mfa_status_t       st;
    secure_case_t     *at = arg;
    mfa_step_t        *step = &at->visit->step;
    mfa_code_place_t   place;

    st = mfa_factor_record_kinds(tx, &step->user.id, &at->kinds);

    if (st != MFA_OK || at->map == NULL || step->factor == NULL
        || step->factor->channel == NULL)
    {
        return st;
    }

    place = mfa_flow_factor_place(step, "secure", step->factor,
                                  step->flow.destination);

    return mfa_visit_code_values(at->visit, tx, &place, step->factor,
                                 at->map);
}


static bool
is_open(const secure_case_t *at, const mfa_factor_t *factor)
{
    const mfa_flow_t  *flow = &at->visit->step.flow;

    if (factor->secure_template == NULL || mfa_flow_is_reset(flow)) {
        return factor->secure_template != NULL
               && mfa_flow_reset_takes(flow, factor);
    }

    return !mfa_strs_has(&at->kinds, mfa_str_from(factor->name));
}


/* methods that can still be set up, the first of them in *first */

static size_t
open_count(const secure_case_t *at, const mfa_factor_t **first)
{
    size_t                        i, count;
    const mfa_factor_settings_t  *settings;

    count = 0;
    *first = NULL;
    settings = at->visit->env->flow->factors;

    for (i = 0; i < settings->allowed_count; i++) {
        if (is_open(at, settings->allowed[i])) {
            *first = (count++ == 0) ? settings->allowed[i] : *first;
        }
    }

    return count;
}


static mfa_status_t
choose_factor(mfa_visit_t *visit, const mfa_factor_t *factor)
{
    if (factor == NULL || factor->secure_template == NULL) {
        return MFA_NOT_FOUND;
    }

    visit->step.factor = factor;
    visit->template = factor->secure_template;

    return MFA_OK;
}


/* settings are about one method, which the flow names */

static mfa_status_t
choose_subject(mfa_visit_t *visit)
{
    mfa_str_t  subject = visit->step.flow.subject;

    if (visit->rest.len > 0 && !mfa_str_eq(visit->rest, subject)) {
        visit->go = "secure";
    }

    return choose_factor(visit, mfa_factor_by_name(subject));
}


static mfa_status_t
choose_first(mfa_visit_t *visit, const secure_case_t *at)
{
    const mfa_factor_t  *first;

    if (open_count(at, &first) > 1) {
        visit->go = "secure/choose";
        return MFA_OK;
    }

    /* all are set up by now, in another tab: the move will say so */

    if (first == NULL && visit->env->flow->factors->allowed_count > 0) {
        first = visit->env->flow->factors->allowed[0];
    }

    return choose_factor(visit, first);
}


static mfa_status_t
choose_list(mfa_visit_t *visit, const secure_case_t *at)
{
    const mfa_factor_t  *first;

    if (open_count(at, &first) < 2) {
        visit->go = "secure";
        return MFA_OK;
    }

    visit->template = "secure_choose.html";

    return MFA_OK;
}


static mfa_status_t
secure_choose(mfa_visit_t *visit)
{
    mfa_status_t          st;
    secure_case_t         at;
    const mfa_factor_t   *factor;

    if (mfa_str_eq_c(visit->step.flow.kind, "settings")) {
        return choose_subject(visit);
    }

    memset(&at, 0, sizeof(at));

    at.visit = visit;

    st = mfa_view(visit->work, look_kinds, &at);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->rest.len == 0) {
        return choose_first(visit, &at);
    }

    if (mfa_str_eq_c(visit->rest, "choose")) {
        return choose_list(visit, &at);
    }

    factor = mfa_factor_by_name(visit->rest);

    if (factor == NULL
        || !mfa_factor_is_allowed(visit->env->flow->factors, factor))
    {
        return MFA_NOT_FOUND;
    }

    /* Back to the one before, where policy wants two */

    if (!is_open(&at, factor)) {
        visit->go = "secure";
    }

    return choose_factor(visit, factor);
}


static void
apps_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    size_t                      i, count;
    mfa_value_t                *list, *item;
    const mfa_page_settings_t  *settings = visit->env->settings;

    /* none of the operator's own: ours, which stand behind the count */

    count = settings->app_count;

    if (count == 0) {
        while (count < MFA_APPS_MAX && settings->apps[count].name.len > 0) {
            count++;
        }
    }

    list = mfa_value_set_list(map, "apps");

    for (i = 0; i < count; i++) {
        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "name",
                          mfa_words_get(visit->env->words,
                                        settings->apps[i].name));
        mfa_value_set_str(item, "hint",
                          mfa_words_get(visit->env->words,
                                        settings->apps[i].hint));
    }
}


static void
countries_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    size_t                        i, count;
    mfa_str_t                     chosen, iso;
    mfa_value_t                  *list, *item;
    const mfa_country_t          *countries;
    const mfa_factor_settings_t  *settings = visit->env->flow->factors;

    chosen = mfa_pairs_get(&visit->step.flow.typed, mfa_str("country"));

    if (chosen.len == 0) {
        chosen = settings->default_country;
    }

    countries = mfa_countries(&count);
    list = mfa_value_set_list(map, "countries");

    for (i = 0; i < count; i++) {
        iso = mfa_str_from(countries[i].iso);

        if (!mfa_factor_has_country(settings, iso)) {
            continue;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "iso", iso);
        mfa_value_set_str(item, "dial", mfa_str_from(countries[i].code));
        mfa_value_set_str(item, "country_name",
                          mfa_words_get(visit->env->words,
                                        countries[i].name));
        mfa_value_set_flag(item, "is_chosen", mfa_str_eq(iso, chosen));
    }
}


static mfa_status_t
addresses_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    size_t             i;
    mfa_str_t          address, shown;
    mfa_value_t       *list, *item;
    mfa_status_t       st;
    const mfa_user_t  *user = &visit->step.user;

    list = mfa_value_set_list(map, "addresses");

    for (i = 0; i <= user->other_emails.count; i++) {
        address = (i == 0) ? user->email : user->other_emails.items[i - 1];

        if (address.len == 0) {
            continue;
        }

        st = visit->step.factor->mask(visit->work->arena, address, &shown);
        if (st != MFA_OK) {
            return st;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "number",
                          mfa_arena_printf(visit->work->arena, "%u",
                                           (unsigned) i));
        mfa_value_set_str(item, "shown", shown);
        mfa_value_set_flag(item, "is_first", i == 0);
    }

    mfa_value_set_flag(map, "has_addresses", user->other_emails.count > 0);

    return MFA_OK;
}


/* the choice among methods: which are there, which are set up already */

static void
methods_fill(const secure_case_t *at, mfa_value_t *map)
{
    size_t                        i;
    char                          flag[32];
    char                         *name;
    mfa_value_t                  *list, *item;
    mfa_visit_t                  *visit = at->visit;
    const mfa_factor_t           *factor;
    const mfa_factor_settings_t  *settings = visit->env->flow->factors;

    list = mfa_value_set_list(map, "methods");

    for (i = 0; i < settings->allowed_count; i++) {
        factor = settings->allowed[i];

        if (factor->secure_template == NULL
            || (mfa_flow_is_reset(&visit->step.flow) && !is_open(at, factor)))
        {
            continue;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "kind", mfa_str_from(factor->name));
        mfa_value_set_str(item, "label",
                          mfa_words_get(visit->env->words, factor->label));
        mfa_value_set_flag(item, "is_set_up", !is_open(at, factor));

        if (!is_open(at, factor)) {
            mfa_value_set_flag(map, "has_one", true);
        }

        (void) snprintf(flag, sizeof(flag), "is_%s", factor->name);

        name = mfa_arena_cstr(visit->work->arena, mfa_str_from(flag));
        if (name != NULL) {
            mfa_value_set_flag(item, name, true);
        }
    }
}


static bool
is_offered(const secure_case_t *at, const char *name)
{
    const mfa_factor_t  *factor;

    factor = mfa_factor_by_name(mfa_str_from(name));

    return factor != NULL && is_open(at, factor)
           && mfa_factor_is_allowed(at->visit->env->flow->factors, factor);
}


/* a code was sent to a number, or to an address: this page's kind of place */

static bool
is_destination_of(const mfa_factor_t *factor, mfa_str_t destination)
{
    bool  is_number;

    is_number = (destination.len > 0 && destination.data[0] == '+');

    return destination.len > 0
           && is_number == (strcmp(factor->channel, "mail") != 0);
}


/* the destination that was typed last: its form shows what is wrong */

static bool
is_refused(const mfa_flow_t *flow)
{
    const mfa_pairs_t  *errors = &flow->errors;

    return mfa_pairs_get(errors, mfa_str("phone")).len > 0
           || mfa_pairs_get(errors, mfa_str("country")).len > 0
           || mfa_pairs_get(errors, mfa_str("address")).len > 0;
}


/* the form for another one leads back to the code that was sent */

static mfa_status_t
other_fill(secure_case_t *at)
{
    mfa_str_t      shown;
    mfa_visit_t   *visit = at->visit;
    mfa_status_t   st;

    st = visit->step.factor->mask(visit->work->arena,
                                  visit->step.flow.destination, &shown);

    if (st == MFA_OK) {
        mfa_value_set_str(at->map, "sent_to", shown);
    }

    return st;
}


/* a link of our own ("new") says nothing of what was refused before */

static mfa_status_t
sent_fill(secure_case_t *at)
{
    mfa_visit_t         *visit = at->visit;
    const mfa_factor_t  *factor = visit->step.factor;

    if (factor == NULL || factor->channel == NULL
        || !is_destination_of(factor, visit->step.flow.destination))
    {
        return MFA_OK;
    }

    if (mfa_pairs_get(&visit->query, mfa_str("change")).data != NULL
        || (is_refused(&visit->step.flow)
            && mfa_pairs_get(&visit->query, mfa_str("new")).data == NULL))
    {
        return other_fill(at);
    }

    return mfa_view(visit->work, look_kinds, at);
}


static mfa_status_t
secure_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_status_t          st;
    secure_case_t         at;
    const mfa_factor_t   *factor = visit->step.factor, *first;

    memset(&at, 0, sizeof(at));

    at.visit = visit;

    st = mfa_view(visit->work, look_kinds, &at);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "is_reset",
                       mfa_flow_is_reset(&visit->step.flow));

    st = mfa_visit_later_values(visit, map);
    if (st != MFA_OK) {
        return st;
    }

    if (factor == NULL) {
        methods_fill(&at, map);
        return MFA_OK;
    }

    if (!mfa_str_eq_c(visit->step.flow.kind, "settings")) {
        mfa_value_set_flag(map, "has_other", open_count(&at, &first) > 1);
        mfa_value_set_flag(map, "has_sms", is_offered(&at, "sms"));
        mfa_value_set_flag(map, "has_voice", is_offered(&at, "voice"));
    }

    if (factor->channel == NULL) {
        apps_fill(visit, map);

        return factor->show(visit->env->flow->factors, visit->env->send,
                            visit->step.user.email, visit->step.flow.secret,
                            visit->work->arena, map);
    }

    if (strcmp(factor->channel, "mail") == 0) {
        st = addresses_fill(visit, map);
        if (st != MFA_OK) {
            return st;
        }

    } else {
        countries_fill(visit, map);
    }

    at.map = map;

    return sent_fill(&at);
}


static const mfa_page_action_t  secure_actions[] = {
    { "continue", MFA_EVENT_CODE, NULL },
    { "verify", MFA_EVENT_CODE, NULL },
    { "send", MFA_EVENT_SEND, NULL },
    { "resend", MFA_EVENT_RESEND, NULL },
    { "call", MFA_EVENT_SEND, "voice" },
    { "recall", MFA_EVENT_RESEND, "voice" },
    { "renew", MFA_EVENT_NEW_SECRET, NULL },
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { "later", MFA_EVENT_LATER, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_secure = {
    .path = "secure",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .actions = secure_actions,
    .fill = secure_fill,
    .choose = secure_choose,
};


const mfa_page_t  mfa_page_secure_by = {
    .path = "secure/",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .actions = secure_actions,
    .fill = secure_fill,
    .choose = secure_choose,
};
