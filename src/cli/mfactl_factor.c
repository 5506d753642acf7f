/*
 * What is said of a user's factors, and user remove-factor.
 *
 * Shows kinds, states and moments, and of a number or an address only what
 * the pages show; never a secret.
 */

#include "mfactl.h"


#define NOTICE_KEEP   (7 * MFA_DAY)
#define KINDS_MAX     256

typedef struct {
    const char          *typed;
    mfa_str_t            kind;
    const mfa_factor_t  *factor;
    mfa_user_t           user;
    mfa_strs_t           left;          /* kinds */
    bool                 has_user;
} removal_t;


static mfa_status_t
factor_destination(mfa_arena_t *arena, const mfa_factor_t *factor,
    const mfa_factor_record_t *record, json_t *item)
{
    mfa_str_t     shown;
    mfa_status_t  st;

    if (factor == NULL || factor->mask == NULL) {
        return MFA_OK;
    }

    st = factor->mask(arena, record->secret, &shown);

    if (st == MFA_OK) {
        mfactl_set(item, "destination", shown);
    }

    return st;
}


static mfa_status_t
factor_item(mfa_tx_t *tx, const mfa_factor_record_t *record, json_t *list)
{
    json_t              *item;
    const char          *state;
    const mfa_factor_t  *factor;

    factor = mfa_factor_by_name(record->kind);

    state = record->is_disabled ? "disabled"
            : record->held_until > tx->now ? "held" : "ready";

    item = json_object();
    mfactl_set(item, "kind", record->kind);
    mfactl_set(item, "state", mfa_str_from(state));
    mfactl_set_time(item, "added_at", record->added_at);
    mfactl_set_time(item, "used_at", record->used_at);
    mfactl_set_time(item, "held_until", record->held_until);

    if (mfa_str_eq_c(record->kind, "recovery")) {
        json_object_set_new(item, "left",
            json_integer((json_int_t) mfa_recovery_left(record)));
    }

    json_array_append_new(list, item);

    return factor_destination(tx->work->arena, factor, record, item);
}


mfa_status_t
mfactl_factors(mfa_tx_t *tx, const mfa_id_t *user, json_t **list)
{
    size_t               i;
    mfa_strs_t           kinds;
    mfa_status_t         st;
    mfa_factor_record_t  record;

    *list = json_array();

    st = mfa_factor_record_kinds(tx, user, &kinds);

    for (i = 0; st == MFA_OK && i < kinds.count; i++) {
        st = mfa_factor_record_get(tx, user, kinds.items[i], &record);

        if (st == MFA_OK) {
            st = factor_item(tx, &record, *list);
        }
    }

    return st;
}


/* the letter of the pages, without a network address or a browser */

static mfa_status_t
removal_tell(mfa_tx_t *tx, const removal_t *removal)
{
    size_t         i;
    mfa_status_t   st;
    mfa_message_t  message;

    const mfa_pair_t  pairs[] = {
        { mfa_str("factor_removed"), mfa_str("1") },
        { mfa_str("factor"), removal->factor->label },
        { mfa_str("when"), mfa_date_pack(tx->now, tx->work->arena) },
        { mfa_str("name"), removal->user.first_name }
    };

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str("notice");
    message.expires_at = tx->now + NOTICE_KEEP;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        st = mfa_pairs_add(tx->work->arena, &message.values, pairs[i].name,
                           pairs[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_message_queue_all(tx, &removal->user, &message);
}


static mfa_status_t
removal_event(mfa_tx_t *tx, const removal_t *removal)
{
    mfa_event_t  event = { .name = "factor.remove",
                           .factor = removal->factor->name };

    return mfactl_event_add(tx, &event, &removal->user.id);
}


/* whatever the factor opened ends in the same commit: sessions, remembered
 * devices, journeys that stand half way behind it */

static mfa_status_t
removal_end_all(mfa_tx_t *tx, removal_t *removal)
{
    mfa_status_t  st;

    st = mfa_flow_delete_all(tx, &removal->user.id, NULL);

    if (st == MFA_OK) {
        st = mfa_device_delete_all(tx, &removal->user.id);
    }

    return st == MFA_OK ? mfa_session_end_all(tx, &removal->user) : st;
}


/* the old number is told as on the pages */

static mfa_status_t
removal_delete(mfa_tx_t *tx, const removal_t *removal)
{
    mfa_strs_t       numbers;
    mfa_status_t     st;
    const mfa_id_t  *user = &removal->user.id;

    st = mfa_flow_numbers(tx, user, &numbers);

    if (st == MFA_OK) {
        st = mfa_flow_former_keep(tx, user, removal->kind);
    }

    if (st == MFA_OK) {
        st = mfa_factor_record_delete(tx, user, removal->kind);
    }

    return st == MFA_OK
           ? mfa_flow_numbers_tell(tx, mfa_send_of(mfactl_of(tx)->mfa), user,
                                   &numbers)
           : st;
}


static mfa_status_t
removal_run(mfa_tx_t *tx, void *arg)
{
    removal_t     *removal = arg;
    mfa_status_t   st;

    removal->has_user = false;

    st = mfactl_user_find(tx, removal->typed, &removal->user);
    if (st != MFA_OK) {
        return st;
    }

    removal->has_user = true;

    st = removal_delete(tx, removal);

    if (st == MFA_OK) {
        st = removal_end_all(tx, removal);
    }

    if (st == MFA_OK) {
        st = removal_tell(tx, removal);
    }

    if (st == MFA_OK) {
        st = removal_event(tx, removal);
    }

    if (st == MFA_OK) {
        st = mfa_factor_record_kinds(tx, &removal->user.id, &removal->left);
    }

    return st;
}


static mfactl_exit_t
removal_unknown(mfactl_t *ctl)
{
    char                        text[KINDS_MAX] = "";
    size_t                      i, count, len;
    const mfa_factor_t *const  *factors;

    factors = mfa_factors(&count);
    len = 0;

    for (i = 0; i < count; i++) {
        (void) snprintf(text + len, sizeof(text) - len, " %s",
                        factors[i]->name);
        len = strlen(text);
    }

    return mfactl_fail(ctl, MFACTL_USAGE, "a kind of factor is one of:%s",
                       text);
}


static void
removal_report(mfactl_t *ctl, const removal_t *removal)
{
    json_t  *object;

    object = json_object();
    mfactl_set(object, "done", mfa_str("user.remove-factor"));
    mfactl_set(object, "email", removal->user.email);
    mfactl_set(object, "user", removal->user.user);
    mfactl_set(object, "kind", removal->kind);
    mfactl_set_list(object, "left", &removal->left);
    mfactl_put(ctl, object);
}


mfactl_exit_t
mfactl_user_remove_factor(mfactl_t *ctl)
{
    removal_t      removal = { .typed = ctl->args[0] };
    mfa_status_t   st;
    mfactl_exit_t  code;

    removal.kind = mfa_str_from(ctl->args[1]);
    removal.factor = mfa_factor_by_name(removal.kind);

    if (removal.factor == NULL) {
        return removal_unknown(ctl);
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_UPDATE_RESERVED, removal_run, &removal);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, removal.has_user
                           ? "\"%s\" has no factor of this kind"
                           : "there is no user \"%s\"", removal.typed);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "remove the factor");
    }

    removal_report(ctl, &removal);

    return MFACTL_DONE;
}
