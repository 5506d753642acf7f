/*
 * Verify: a proof of one of the person's own methods, and the choice among
 * them (L3 to L5). At a login, and before settings are changed.
 */

#include "mfa_page.h"


typedef struct {
    mfa_visit_t   *visit;
    mfa_value_t   *map;         /* NULL: only what the person has */
    mfa_proofs_t   proofs;
} verify_case_t;


static bool
is_recovery(const mfa_factor_t *factor)
{
    return strcmp(factor->name, "recovery") == 0;
}


/* methods of their own; recovery codes only stand in for these */

static size_t
own_count(const mfa_proofs_t *proofs)
{
    size_t  i, count;

    count = 0;

    for (i = 0; i < proofs->count; i++) {
        if (!is_recovery(proofs->items[i].factor)) {
            count++;
        }
    }

    return count;
}


/* the first of them; recovery codes alone where there is none */

static const mfa_proof_t *
own_first(const mfa_proofs_t *proofs)
{
    size_t  i;

    for (i = 0; i < proofs->count; i++) {
        if (!is_recovery(proofs->items[i].factor)) {
            return &proofs->items[i];
        }
    }

    return &proofs->items[0];
}


static const mfa_proof_t *
proof_find(const mfa_proofs_t *proofs, mfa_str_t name)
{
    size_t  i;

    for (i = 0; i < proofs->count; i++) {
        if (mfa_str_eq_c(name, proofs->items[i].factor->name)) {
            return &proofs->items[i];
        }
    }

    return NULL;
}


static mfa_status_t
look_proofs(mfa_tx_t *tx, void *arg)
{
    mfa_status_t        st;
    verify_case_t      *at = arg;
    mfa_step_t         *step = &at->visit->step;
    mfa_code_place_t    place;
    const mfa_proof_t  *proof;

    st = mfa_flow_proofs(tx, &step->user.id, &at->proofs);

    if (st != MFA_OK || at->map == NULL || step->factor == NULL
        || step->factor->channel == NULL)
    {
        return st;
    }

    proof = proof_find(&at->proofs, mfa_str_from(step->factor->name));
    if (proof == NULL) {
        return MFA_OK;
    }

    place = mfa_flow_factor_place(step, "verify", step->factor,
                                  proof->record.secret);

    return mfa_visit_code_values(at->visit, tx, &place, step->factor,
                                 at->map);
}


static mfa_status_t
choose_proof(mfa_visit_t *visit, const mfa_proof_t *proof)
{
    if (proof == NULL || proof->factor->verify_template == NULL) {
        return MFA_NOT_FOUND;
    }

    visit->step.factor = proof->factor;
    visit->template = proof->factor->verify_template;

    return MFA_OK;
}


/* staff have removed the last method: the page that says who can help, as
 * there is no code to type. Never had one: the page that says until when it
 * could be set up */

static mfa_status_t
choose_none(mfa_visit_t *visit)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    visit->template = "verify_none.html";

    st = mfa_visit_grace(visit, &visit->step.user, &grace);

    if (st == MFA_OK && grace.is_late
        && mfa_str_eq_c(visit->step.flow.kind, "login"))
    {
        visit->go = "deadline";
    }

    return st;
}


/* "verify": the only method, or the page that lists them */

static mfa_status_t
choose_first(mfa_visit_t *visit, const mfa_proofs_t *proofs)
{
    if (own_count(proofs) > 1) {
        visit->go = "verify/choose";
        return MFA_OK;
    }

    if (proofs->count == 0) {
        return choose_none(visit);
    }

    return choose_proof(visit, own_first(proofs));
}


static mfa_status_t
verify_choose(mfa_visit_t *visit)
{
    verify_case_t  at;
    mfa_status_t   st;

    memset(&at, 0, sizeof(at));

    at.visit = visit;

    st = mfa_view(visit->work, look_proofs, &at);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->rest.len == 0) {
        return choose_first(visit, &at.proofs);
    }

    if (!mfa_str_eq_c(visit->rest, "choose")) {
        return choose_proof(visit, proof_find(&at.proofs, visit->rest));
    }

    if (own_count(&at.proofs) < 2) {
        visit->go = "verify";
        return MFA_OK;
    }

    visit->template = "verify_choose.html";

    return MFA_OK;
}


/* held until a moment, or switched off for good */

static void
set_state(mfa_visit_t *visit, const mfa_factor_record_t *record,
    mfa_value_t *map)
{
    mfa_time_t  now;

    now = mfa_port_now(visit->work->model->ports);

    mfa_value_set_flag(map, "is_disabled", record->is_disabled);

    if (!record->is_disabled && record->held_until > now) {
        mfa_value_set_str(map, "until",
                          mfa_flow_clock(&visit->step, record->held_until));
    }
}


static mfa_status_t
set_methods(mfa_visit_t *visit, const mfa_proofs_t *proofs, mfa_value_t *map)
{
    size_t               i;
    mfa_str_t            shown;
    mfa_value_t         *list, *item;
    mfa_status_t         st;
    const mfa_proof_t   *proof;

    list = mfa_value_set_list(map, "methods");

    for (i = 0; i < proofs->count; i++) {
        proof = &proofs->items[i];

        if (is_recovery(proof->factor)) {
            continue;
        }

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "kind", mfa_str_from(proof->factor->name));
        mfa_value_set_str(item, "label",
                          mfa_words_get(visit->env->words,
                                        proof->factor->label));
        mfa_value_set_str(item, "until", mfa_null);
        set_state(visit, &proof->record, item);

        if (proof->factor->mask == NULL) {
            continue;
        }

        st = proof->factor->mask(visit->work->arena, proof->record.secret,
                                 &shown);
        if (st != MFA_OK) {
            return st;
        }

        mfa_value_set_str(item, "shown", shown);
    }

    return MFA_OK;
}


static void
set_number(mfa_visit_t *visit, mfa_value_t *map, const char *name,
    mfa_time_t number)
{
    mfa_value_set_str(map, name,
                      mfa_arena_printf(visit->work->arena, "%lld",
                                       (long long) number));
}


/* the other ways, as links */

static void
set_others(mfa_visit_t *visit, const mfa_proofs_t *proofs, mfa_value_t *map)
{
    bool                 is_on_recovery, has_other, has_recovery;
    const mfa_factor_t  *factor = visit->step.factor;

    is_on_recovery = (factor != NULL && is_recovery(factor));

    has_other = factor != NULL
                && own_count(proofs) > (is_on_recovery ? 0 : 1);
    has_recovery = !is_on_recovery
                   && proof_find(proofs, mfa_str("recovery")) != NULL;

    mfa_value_set_flag(map, "has_other", has_other);
    mfa_value_set_flag(map, "has_recovery", has_recovery);
    mfa_value_set_flag(map, "has_links", has_other || has_recovery);
}


/* for who has no proof at all: the ways that lead on from here */

static mfa_status_t
set_none(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    st = mfa_visit_reset_offer(visit, &offer);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "is_held",
                       offer.is_closed && !offer.is_approved);
    mfa_value_set_flag(map, "is_asking",
                       offer.is_request && !offer.has_request);
    mfa_value_set_flag(map, "is_mail_open",
                       offer.is_mail && !offer.is_closed
                       && !offer.is_approved);

    return MFA_OK;
}


static mfa_status_t
verify_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_time_t            remember;
    mfa_status_t          st;
    verify_case_t         at;
    const mfa_proof_t    *proof;

    memset(&at, 0, sizeof(at));

    at.visit = visit;
    at.map = map;

    st = mfa_view(visit->work, look_proofs, &at);
    if (st != MFA_OK) {
        return st;
    }

    set_others(visit, &at.proofs, map);

    st = mfa_visit_reset_values(visit, map);
    if (st != MFA_OK) {
        return st;
    }

    if (at.proofs.count == 0) {
        return set_none(visit, map);
    }

    remember = visit->work->model->settings->remember_device;

    if (remember > 0 && mfa_str_eq_c(visit->step.flow.kind, "login")) {
        set_number(visit, map, "remember_days",
                   (remember + MFA_DAY - 1) / MFA_DAY);
    }

    if (visit->step.factor == NULL) {
        return set_methods(visit, &at.proofs, map);
    }

    proof = proof_find(&at.proofs, mfa_str_from(visit->step.factor->name));

    if (proof != NULL) {
        set_state(visit, &proof->record, map);

        if (is_recovery(proof->factor)) {
            set_number(visit, map, "codes_left",
                       (mfa_time_t) mfa_recovery_left(&proof->record));
        }
    }

    return MFA_OK;
}


static const mfa_page_action_t  verify_actions[] = {
    { "continue", MFA_EVENT_CODE, NULL },
    { "verify", MFA_EVENT_CODE, NULL },
    { "send", MFA_EVENT_SEND, NULL },
    { "resend", MFA_EVENT_RESEND, NULL },
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { "reset", MFA_EVENT_RESET, NULL },
    { "pass", MFA_EVENT_PASS, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_verify = {
    .path = "verify",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .actions = verify_actions,
    .fill = verify_fill,
    .choose = verify_choose,
};


const mfa_page_t  mfa_page_verify_by = {
    .path = "verify/",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .actions = verify_actions,
    .fill = verify_fill,
    .choose = verify_choose,
};
