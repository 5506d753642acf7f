/*
 * request list, show, approve, refuse: resets that staff must approve.
 *
 * The operator is a member of staff without an account, known by the name
 * the system has for them: where two must approve, one operator is one of
 * the two. Nothing changes for the person before they set up anew.
 */

#include "mfactl.h"


#define LIST_COLUMNS   "id:16 email:36 state:9 phrase:22 approvals:9 " \
                       "made_at:24 expires_at:24"
#define LIST_BATCH     (MFACTL_VIEW_MAX / 2)

typedef struct {
    mfa_id_t  after;
    bool      has_after;
    bool      is_end;
    bool      is_all;
    json_t   *rows;
} list_t;


static const char *
request_state(mfa_request_state_t state)
{
    static const char *const  names[] = {
        [MFA_REQUEST_OPEN] = "open",
        [MFA_REQUEST_APPROVED] = "approved",
        [MFA_REQUEST_REFUSED] = "refused",
        [MFA_REQUEST_CANCELLED] = "cancelled",
        [MFA_REQUEST_USED] = "used",
        [MFA_REQUEST_EXPIRED] = "expired"
    };

    return (size_t) state < sizeof(names) / sizeof(names[0])
           && names[state] != NULL ? names[state] : "unknown";
}


static bool
request_stands(const mfa_reset_request_t *request)
{
    return request->state == MFA_REQUEST_OPEN
           || request->state == MFA_REQUEST_APPROVED;
}


static json_t *
request_row(mfa_tx_t *tx, const mfa_reset_request_t *request,
    const mfa_user_t *user)
{
    char       count[32];
    json_t    *row;
    mfa_str_t  id, name;

    if (mfa_id_text(tx->work->arena, &request->id, &id) != MFA_OK
        || mfa_user_full_name(tx->work->arena, user, &name) != MFA_OK)
    {
        id = mfa_null;
        name = mfa_null;
    }

    (void) snprintf(count, sizeof(count), "%zu of %zu",
                    request->approval_count, request->approvals_needed);

    row = json_object();
    mfactl_set(row, "id", mfactl_of(tx)->is_json
                          ? id : mfa_str_bytes(id.data, id.len / 2));
    mfactl_set(row, "email", user->email);
    mfactl_set(row, "user", user->user);
    mfactl_set(row, "name", name);
    mfactl_set(row, "state", mfa_str_from(request_state(request->state)));
    mfactl_set(row, "phrase", request->phrase);
    mfactl_set(row, "approvals", mfa_str_from(count));
    mfactl_set_time(row, "made_at", request->made_at);
    mfactl_set_time(row, "decided_at", request->decided_at);
    mfactl_set_time(row, "expires_at", request->expires_at);

    return row;
}


/* somebody who was deleted meanwhile has no address */

static mfa_status_t
request_user(mfa_tx_t *tx, const mfa_reset_request_t *request,
    mfa_user_t *user)
{
    mfa_status_t  st;

    st = mfa_user_get(tx, &request->user, user);

    if (st == MFA_NOT_FOUND) {
        *user = (mfa_user_t) { .id = request->user };
        return MFA_OK;
    }

    return st;
}


static mfa_status_t
list_add(mfa_tx_t *tx, list_t *list, const mfa_reset_request_t *request)
{
    mfa_user_t    user;
    mfa_status_t  st;

    if (!list->is_all && !request_stands(request)) {
        return MFA_OK;
    }

    st = request_user(tx, request, &user);

    if (st == MFA_OK) {
        json_array_append_new(list->rows, request_row(tx, request, &user));
    }

    return st;
}


static mfa_status_t
list_read(mfa_tx_t *tx, void *arg)
{
    size_t                i;
    list_t               *list = arg;
    mfa_id_t              after;
    mfa_status_t          st;
    mfa_reset_request_t   request;

    json_array_clear(list->rows);
    list->is_end = false;
    after = list->after;

    for (i = 0; i < LIST_BATCH; i++) {
        st = mfa_reset_request_next(tx, list->has_after || i > 0 ? &after
                                                                 : NULL,
                                    &request);

        if (st == MFA_NOT_FOUND) {
            list->is_end = true;
            return MFA_OK;
        }

        if (st == MFA_OK) {
            st = list_add(tx, list, &request);
        }

        if (st != MFA_OK) {
            return st;
        }

        after = request.id;
    }

    list->after = after;
    list->has_after = true;

    return MFA_OK;
}


mfactl_exit_t
mfactl_request_list(mfactl_t *ctl)
{
    size_t          i;
    json_t         *row;
    list_t          list = { .is_all = ctl->is_all };
    mfa_status_t    st;
    mfactl_exit_t   code;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    list.rows = json_array();

    st = mfactl_turn(ctl, MFACTL_VIEW, list_read, &list);

    if (st == MFA_OK) {
        mfactl_list_begin(ctl, LIST_COLUMNS);
    }

    while (st == MFA_OK) {
        json_array_foreach(list.rows, i, row) {
            mfactl_list_row(ctl, LIST_COLUMNS, json_incref(row));
        }

        if (list.is_end) {
            break;
        }

        st = mfactl_turn(ctl, MFACTL_VIEW, list_read, &list);
    }

    if (ctl->has_list) {
        mfactl_list_end(ctl);
    }

    json_decref(list.rows);

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "list the requests");
}


/* one request, by the first digits of its id */

typedef struct {
    const char           *typed;
    mfa_str_t             note;
    mfa_reset_request_t   request;
    mfa_user_t            user;
    json_t               *object;
    bool                  is_doubtful;  /* the digits fit more than one */
    const char           *why;          /* not possible as things stand */
} deed_t;


static mfa_status_t
request_fits(mfa_tx_t *tx, const deed_t *deed, const mfa_id_t *id, bool *fits)
{
    mfa_str_t     hex;
    mfa_status_t  st;

    st = mfa_id_text(tx->work->arena, id, &hex);

    *fits = st == MFA_OK && mfa_str_has_prefix(hex,
                                               mfa_str_from(deed->typed));

    return st;
}


/*
 * Ids that begin with the digits stand side by side: from the least of them
 * on, two at most have to be looked at.
 */

static mfa_status_t
request_find(mfa_tx_t *tx, deed_t *deed)
{
    bool                  fits;
    size_t                i;
    mfa_id_t              least = { { 0 } };
    mfa_status_t          st;
    mfa_reset_request_t   next;

    for (i = 0; deed->typed[i] != '\0'; i++) {
        least.bytes[i / 2] |= (uint8_t) (mfa_hex_value(deed->typed[i])
                                         << (i % 2 == 0 ? 4 : 0));
    }

    deed->is_doubtful = false;

    st = mfa_reset_request_get(tx, &least, &deed->request);

    if (st == MFA_NOT_FOUND) {
        st = mfa_reset_request_next(tx, &least, &deed->request);
    }

    if (st == MFA_OK) {
        st = request_fits(tx, deed, &deed->request.id, &fits);
    }

    if (st != MFA_OK || !fits) {
        return st == MFA_OK ? MFA_NOT_FOUND : st;
    }

    st = mfa_reset_request_next(tx, &deed->request.id, &next);

    if (st == MFA_OK) {
        st = request_fits(tx, deed, &next.id, &deed->is_doubtful);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return deed->is_doubtful ? MFA_INVALID
                             : request_user(tx, &deed->request, &deed->user);
}


static json_t *
show_approval(const mfa_approval_t *approval, const char *why)
{
    json_t  *item;

    item = json_object();
    mfactl_set(item, "by", approval->name);
    mfactl_set_time(item, "at", approval->at);
    mfactl_set(item, why, approval->statement);

    return item;
}


static void
show_approvals(const mfa_reset_request_t *request, json_t *object)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < request->approval_count; i++) {
        json_array_append_new(list, show_approval(&request->approvals[i],
                                                  "statement"));
    }

    json_object_set_new(object, "approved_by", list);

    if (request->refusal.name.len > 0) {
        json_object_set_new(object, "refused_by",
                            show_approval(&request->refusal, "reason"));
    }
}


static mfa_status_t
show_read(mfa_tx_t *tx, void *arg)
{
    char                        address[MFA_ADDRESS_TEXT_SIZE];
    deed_t                     *deed = arg;
    mfa_status_t                st;
    const mfa_reset_request_t  *request = &deed->request;

    json_decref(deed->object);
    deed->object = NULL;

    st = request_find(tx, deed);
    if (st != MFA_OK) {
        return st;
    }

    mfa_address_text(&request->address, address);

    deed->object = request_row(tx, request, &deed->user);
    mfactl_set(deed->object, "address", mfa_str_from(address));
    mfactl_set(deed->object, "agent", request->agent);
    show_approvals(request, deed->object);

    return MFA_OK;
}


static mfactl_exit_t
request_fault(mfactl_t *ctl, const deed_t *deed, mfa_status_t st,
    const char *what)
{
    if (deed->is_doubtful || st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, deed->is_doubtful
                           ? "more than one request begins with \"%s\""
                           : "there is no request \"%s\"", deed->typed);
    }

    if (deed->why != NULL) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "%s", deed->why);
    }

    return mfactl_fail_status(ctl, st, what);
}


static mfactl_exit_t
request_open(mfactl_t *ctl, deed_t *deed)
{
    deed->typed = ctl->args[0];

    if (!mfactl_is_id(deed->typed)) {
        return mfactl_fail(ctl, MFACTL_USAGE, "an ID is %d or more digits of "
                           "those that \"request list\" shows",
                           MFACTL_ID_LEAST);
    }

    return mfactl_open(ctl);
}


mfactl_exit_t
mfactl_request_show(mfactl_t *ctl)
{
    deed_t          deed = { .typed = NULL };
    mfa_status_t    st;
    mfactl_exit_t   code;

    code = request_open(ctl, &deed);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_VIEW, show_read, &deed);
    if (st != MFA_OK) {
        return request_fault(ctl, &deed, st, "show the request");
    }

    mfactl_put(ctl, deed.object);

    return MFACTL_DONE;
}


static mfa_status_t
deed_event(mfa_tx_t *tx, const deed_t *deed, const char *name)
{
    mfa_event_t  event = { .name = name, .note = deed->note };

    return mfactl_event_add(tx, &event, &deed->request.user);
}


/* the last approval tells the person how to go on (A4) */

static mfa_status_t
approve_write(mfa_tx_t *tx, deed_t *deed)
{
    mfa_status_t     st;
    const mfa_user_t  staff = { .first_name = mfactl_of(tx)->operator };
    mfactl_letter_t  letter = { .flag = "approved" };

    st = mfa_reset_request_approve(tx, &deed->request, &staff, deed->note);

    if (st == MFA_EXISTS) {
        deed->why = "you have approved this request already; somebody else "
                    "must approve it as well";
        return st;
    }

    if (st == MFA_INVALID) {
        deed->why = "this request is no longer open";
    }

    if (st != MFA_OK || deed->request.state != MFA_REQUEST_APPROVED) {
        return st;
    }

    letter.until = deed->request.expires_at;

    return mfactl_tell(tx, &deed->user, &letter);
}


static mfa_status_t
approve_run(mfa_tx_t *tx, void *arg)
{
    deed_t        *deed = arg;
    mfa_status_t   st;

    deed->why = NULL;

    st = request_find(tx, deed);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_user_may_log_in(&deed->user) != MFA_VERDICT_PASS
        || deed->user.registered_at == 0)
    {
        deed->why = "this person cannot log in now: they are locked, "
                    "disabled, deleted or not registered";
        return MFA_INVALID;
    }

    st = approve_write(tx, deed);

    return st == MFA_OK ? deed_event(tx, deed, "staff.approve") : st;
}


static mfa_status_t
refuse_run(mfa_tx_t *tx, void *arg)
{
    deed_t           *deed = arg;
    mfa_status_t      st;
    const mfa_user_t  staff = { .first_name = mfactl_of(tx)->operator };
    mfactl_letter_t   letter = { .flag = "refused" };

    deed->why = NULL;

    st = request_find(tx, deed);

    if (st == MFA_OK) {
        st = mfa_reset_request_refuse(tx, &deed->request, &staff, deed->note);
        deed->why = st == MFA_INVALID ? "this request is no longer open"
                                      : NULL;
    }

    if (st == MFA_OK && deed->user.email.len > 0) {
        st = mfactl_tell(tx, &deed->user, &letter);
    }

    return st == MFA_OK ? deed_event(tx, deed, "staff.refuse") : st;
}


typedef struct {
    const char     *option;
    const char     *name;
    const char     *value;
    mfactl_turn_t   turn;
    mfa_tx_fn       fn;
} act_t;


static mfactl_exit_t
act_do(mfactl_t *ctl, const act_t *act)
{
    deed_t          deed = { .typed = NULL };
    json_t         *object;
    mfa_str_t       id;
    const char     *why;
    mfa_status_t    st;
    mfactl_exit_t   code;

    if (act->value == NULL) {
        return mfactl_fail(ctl, MFACTL_USAGE, "%s takes an ID and %s TEXT",
                           act->name, act->option);
    }

    if (mfactl_note(act->value, &deed.note, &why) != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "what follows %s %s",
                           act->option, why);
    }

    code = request_open(ctl, &deed);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, act->turn, act->fn, &deed);
    if (st != MFA_OK) {
        return request_fault(ctl, &deed, st, act->name);
    }

    if (mfa_id_text(ctl->work.arena, &deed.request.id, &id) != MFA_OK) {
        id = mfa_null;
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str_from(act->name));
    mfactl_set(object, "id", id);
    mfactl_set(object, "email", deed.user.email);
    mfactl_set(object, "state",
               mfa_str_from(request_state(deed.request.state)));
    json_object_set_new(object, "approvals", json_integer((json_int_t)
                        deed.request.approval_count));
    json_object_set_new(object, "approvals_needed", json_integer((json_int_t)
                        deed.request.approvals_needed));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_request_approve(mfactl_t *ctl)
{
    const act_t  act = {
        .option = "--statement",
        .name = "request.approve",
        .value = ctl->statement,
        .turn = MFACTL_UPDATE,
        .fn = approve_run
    };

    return act_do(ctl, &act);
}


mfactl_exit_t
mfactl_request_refuse(mfactl_t *ctl)
{
    const act_t  act = {
        .option = "--reason",
        .name = "request.refuse",
        .value = ctl->reason,
        .turn = MFACTL_UPDATE_RESERVED,
        .fn = refuse_run
    };

    return act_do(ctl, &act);
}
