/*
 * outbox list, retry, drop: messages that wait to be sent.
 *
 * Shows where a message goes with all but the end hidden, and never what is
 * in it. Rows that are never sent, which make the work for an unknown
 * address the same, are not shown.
 */

#include "mfactl.h"


#define LIST_COLUMNS  "id:16 channel:7 kind:16 to:36 age:8 attempts:8 due_at"
#define LOOK_BATCH    (MFACTL_VIEW_MAX / 2)
#define RETRY_BATCH   200

typedef struct {
    mfactl_t       *ctl;
    const char     *typed;              /* digits of an id; NULL: any */
    mfa_message_t   after;
    bool            has_after;
    bool            is_end;
    json_t         *rows;               /* NULL: gather places */
    mfa_message_t  *places;             /* due_at and id alone */
    size_t          count;
} look_t;


/* a destination that cannot be masked is not shown */

static void
outbox_destination(mfa_tx_t *tx, const mfa_message_t *message, json_t *row)
{
    mfa_str_t     shown;
    mfa_status_t  st;

    st = mfa_str_eq_c(message->channel, "mail")
         ? mfa_factor_by_name(mfa_str("email"))->mask(tx->work->arena,
                                                      message->to, &shown)
         : mfa_phone_mask(tx->work->arena, message->to, &shown);

    mfactl_set(row, "to", st == MFA_OK ? shown : mfa_null);
}


static mfa_status_t
outbox_row(mfa_tx_t *tx, const mfa_message_t *message, mfa_str_t id,
    json_t *rows)
{
    char         age[32];
    json_t      *row;
    mfa_time_t   minutes;

    row = json_object();

    mfactl_set(row, "id", mfa_str_bytes(id.data, MFACTL_ID_SHOWN));
    mfactl_set(row, "channel", message->channel);
    mfactl_set(row, "kind", message->kind);
    outbox_destination(tx, message, row);

    if (mfactl_of(tx)->is_json) {
        json_object_set_new(row, "age", json_integer((tx->now
                            - message->made_at) / MFA_SECOND));

    } else {
        minutes = (tx->now - message->made_at) / MFA_MINUTE;

        (void) snprintf(age, sizeof(age), "%lld:%02lld",
                        (long long) minutes / 60, (long long) minutes % 60);
        mfactl_set(row, "age", mfa_str_from(age));
    }

    json_object_set_new(row, "attempts",
                        json_integer((json_int_t) message->attempts));
    json_object_set_new(row, "is_unclear", json_boolean(message->is_unclear));
    mfactl_set_time(row, "made_at", message->made_at);
    mfactl_set_time(row, "due_at", message->due_at);
    mfactl_set_time(row, "expires_at", message->expires_at);
    json_array_append_new(rows, row);

    return MFA_OK;
}


static mfa_status_t
look_at(mfa_tx_t *tx, look_t *look, const mfa_message_t *message)
{
    mfa_str_t     id;
    mfa_status_t  st;

    st = mfa_id_text(tx->work->arena, &message->id, &id);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_str_eq_c(message->channel, MFA_CHANNEL_NONE)
        || (look->typed != NULL
            && !mfa_str_has_prefix(id, mfa_str_from(look->typed))))
    {
        return MFA_OK;
    }

    if (look->rows != NULL) {
        return outbox_row(tx, message, id, look->rows);
    }

    look->places[look->count++] = (mfa_message_t) {
        .id = message->id,
        .due_at = message->due_at
    };

    return MFA_OK;
}


/* one that is damaged is the gateway's to remove */

static mfa_status_t
look_read(mfa_tx_t *tx, void *arg)
{
    size_t          i;
    look_t         *look = arg;
    mfa_status_t    st;
    mfa_message_t   message, after;

    json_array_clear(look->rows);
    look->count = 0;
    look->is_end = false;
    after = look->after;

    for (i = 0; i < LOOK_BATCH; i++) {
        st = mfa_message_next(tx, look->has_after || i > 0 ? &after : NULL,
                              &message);

        if (st == MFA_NOT_FOUND) {
            look->is_end = true;
            return MFA_OK;
        }

        if (st != MFA_OK && st != MFA_DAMAGED && st != MFA_NEWER) {
            return st;
        }

        if (st == MFA_OK) {
            st = look_at(tx, look, &message);
            if (st != MFA_OK) {
                return st;
            }
        }

        after = (mfa_message_t) {
            .id = message.id,
            .due_at = message.due_at
        };
    }

    look->after = after;
    look->has_after = true;

    return MFA_OK;
}


mfactl_exit_t
mfactl_outbox_list(mfactl_t *ctl)
{
    size_t          i;
    json_t         *row;
    look_t          look = { .ctl = ctl };
    mfa_status_t    st;
    mfactl_exit_t   code;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    look.rows = json_array();

    st = mfactl_turn(ctl, MFACTL_VIEW, look_read, &look);

    if (st == MFA_OK) {
        mfactl_list_begin(ctl, LIST_COLUMNS);
    }

    while (st == MFA_OK) {
        json_array_foreach(look.rows, i, row) {
            mfactl_list_row(ctl, LIST_COLUMNS, json_incref(row));
        }

        if (look.is_end) {
            break;
        }

        st = mfactl_turn(ctl, MFACTL_VIEW, look_read, &look);
    }

    if (ctl->has_list) {
        mfactl_list_end(ctl);
    }

    json_decref(look.rows);

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "list the outbox");
}


/* the one message that the digits mean; another view looks at the next part */

static mfa_status_t
outbox_find(look_t *look, mfa_message_t *place, bool *is_doubtful)
{
    size_t        i, found;
    mfa_status_t  st;

    *is_doubtful = false;
    found = 0;

    do {
        st = mfactl_turn(look->ctl, MFACTL_VIEW, look_read, look);

        for (i = 0; st == MFA_OK && i < look->count; i++) {
            *place = look->places[i];
            found++;
        }

    } while (st == MFA_OK && !look->is_end);

    *is_doubtful = found > 1;

    return st != MFA_OK ? st : found == 1 ? MFA_OK
                        : found == 0 ? MFA_NOT_FOUND : MFA_INVALID;
}


/* one update over some of them */

typedef struct {
    const mfa_message_t  *places;
    size_t                count;
    size_t                done;
    bool                  is_drop;
} act_t;


static mfa_status_t
act_event(mfa_tx_t *tx, const act_t *act, const mfa_message_t *message)
{
    mfa_event_t   event = { .name = act->is_drop ? "outbox.drop"
                                                 : "outbox.retry" };
    mfa_status_t  st;

    st = mfa_id_text(tx->work->arena, &message->id, &event.flow);
    if (st != MFA_OK) {
        return st;
    }

    event.flow.len = MFACTL_ID_LEAST;

    return mfactl_event_add(tx, &event, NULL);
}


/* what was sent, or moved by an attempt, meanwhile is passed over */

static mfa_status_t
act_run(mfa_tx_t *tx, void *arg)
{
    act_t          *act = arg;
    size_t          i;
    mfa_status_t    st;
    mfa_message_t   message;

    act->done = 0;

    for (i = 0; i < act->count; i++) {
        st = mfa_message_get(tx, &act->places[i], &message);

        if (st == MFA_NOT_FOUND) {
            continue;
        }

        if (st == MFA_OK) {
            st = act->is_drop ? mfa_message_refused(tx, &message, "mfactl")
                              : mfa_message_hurry(tx, &message);
        }

        if (st == MFA_OK) {
            st = act_event(tx, act, &message);
        }

        if (st != MFA_OK) {
            return st;
        }

        act->done++;
    }

    return MFA_OK;
}


static mfactl_exit_t
act_report(mfactl_t *ctl, const act_t *act, size_t done)
{
    json_t  *object;

    object = json_object();
    mfactl_set(object, "done", act->is_drop ? mfa_str("outbox.drop")
                                            : mfa_str("outbox.retry"));
    json_object_set_new(object, "messages", json_integer((json_int_t) done));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


static mfa_message_t *
act_places(mfactl_t *ctl)
{
    return mfa_arena_alloc(ctl->arena, LOOK_BATCH * sizeof(mfa_message_t));
}


static mfactl_exit_t
act_one(mfactl_t *ctl, act_t *act)
{
    bool            is_doubtful;
    look_t          look = { .ctl = ctl, .typed = ctl->args[0] };
    mfa_status_t    st;
    mfa_message_t   place;

    look.places = act_places(ctl);

    st = look.places == NULL ? MFA_NO_MEMORY
                             : outbox_find(&look, &place, &is_doubtful);

    if (st == MFA_OK) {
        act->places = &place;
        act->count = 1;

        st = mfactl_turn(ctl, act->is_drop ? MFACTL_UPDATE_RESERVED
                                           : MFACTL_UPDATE, act_run, act);
    }

    if (st == MFA_INVALID) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "more than one message "
                           "begins with \"%s\"", look.typed);
    }

    if (st == MFA_NOT_FOUND || (st == MFA_OK && act->done == 0)) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no message \"%s\", "
                           "or it was sent just now", look.typed);
    }

    return st == MFA_OK ? act_report(ctl, act, act->done)
                        : mfactl_fail_status(ctl, st, "do this");
}


/* what is moved to the front is behind us: each is met once */

static mfactl_exit_t
act_all(mfactl_t *ctl, act_t *act)
{
    size_t        at, done;
    look_t        look = { .ctl = ctl };
    mfa_status_t  st;

    done = 0;
    look.places = act_places(ctl);

    st = look.places == NULL ? MFA_NO_MEMORY : MFA_OK;

    while (st == MFA_OK && !look.is_end) {
        st = mfactl_turn(ctl, MFACTL_VIEW, look_read, &look);

        for (at = 0; st == MFA_OK && at < look.count; at += act->count) {
            act->places = look.places + at;
            act->count = look.count - at < RETRY_BATCH ? look.count - at
                                                       : RETRY_BATCH;

            st = mfactl_turn(ctl, MFACTL_UPDATE, act_run, act);
            done += st == MFA_OK ? act->done : 0;
        }
    }

    return st == MFA_OK ? act_report(ctl, act, done)
                        : mfactl_fail_status(ctl, st, "retry all");
}


static mfactl_exit_t
act_open(mfactl_t *ctl)
{
    if (ctl->nargs == 1 && !mfactl_is_id(ctl->args[0])) {
        return mfactl_fail(ctl, MFACTL_USAGE, "an ID is %d or more digits of "
                           "those that \"outbox list\" shows",
                           MFACTL_ID_LEAST);
    }

    return mfactl_open(ctl);
}


mfactl_exit_t
mfactl_outbox_retry(mfactl_t *ctl)
{
    act_t           act = { .is_drop = false };
    mfactl_exit_t   code;

    if ((ctl->nargs == 1) == ctl->is_all) {
        return mfactl_fail(ctl, MFACTL_USAGE, "outbox retry takes one of ID, "
                           "--all");
    }

    code = act_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    return ctl->is_all ? act_all(ctl, &act) : act_one(ctl, &act);
}


mfactl_exit_t
mfactl_outbox_drop(mfactl_t *ctl)
{
    act_t           act = { .is_drop = true };
    mfactl_exit_t   code;

    code = act_open(ctl);

    return code == MFACTL_DONE ? act_one(ctl, &act) : code;
}
