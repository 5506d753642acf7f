/*
 * Requests: a person who lost a second factor asks, staff approve.
 *
 * A request changes nothing by itself: the old factor stays valid until the
 * new one is confirmed, which is the affair of flow/. Its state is read as
 * of now, so that no timer has to run for one to expire.
 * Contract: mfa_model_staff.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define REQUEST_OPEN_TIME      (14 * MFA_DAY)
#define REQUEST_APPROVED_TIME  (72 * MFA_HOUR)

/* a port that gives one byte for ever must not hold a thread */
#define REQUEST_DRAWS_MAX      4096


static bool
request_stands(const mfa_reset_request_t *request)
{
    return request->state == MFA_REQUEST_OPEN
           || request->state == MFA_REQUEST_APPROVED;
}


static void
request_age(const mfa_tx_t *tx, mfa_reset_request_t *request)
{
    if (request_stands(request) && tx->now >= request->expires_at) {
        request->state = MFA_REQUEST_EXPIRED;
    }
}


mfa_status_t
mfa_reset_request_get(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_reset_request_t *request)
{
    mfa_status_t  st;

    st = mfa_reset_request_read(tx, id, request);

    if (st == MFA_OK) {
        request_age(tx, request);
    }

    return st;
}


/* the id that the index holds for this user; MFA_NOT_FOUND */

static mfa_status_t
request_index(mfa_tx_t *tx, const mfa_id_t *user, mfa_id_t *id)
{
    mfa_str_t     value;
    mfa_status_t  st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_REQUEST_USER, mfa_id_str(user),
                     tx->work->arena, &value);
    if (st != MFA_OK) {
        return st;
    }

    if (value.len != MFA_ID_SIZE) {
        mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
                "an index record of a request is damaged");
        return MFA_DAMAGED;
    }

    memcpy(id->bytes, value.data, MFA_ID_SIZE);

    return MFA_OK;
}


mfa_status_t
mfa_reset_request_of(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_reset_request_t *request)
{
    mfa_id_t      id, own;
    mfa_status_t  st;

    own = *user;                /* it may be inside *request */
    *request = (mfa_reset_request_t) { .state = MFA_REQUEST_REFUSED };

    st = request_index(tx, &own, &id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_reset_request_get(tx, &id, request);
    if (st != MFA_OK) {
        return st;
    }

    if (memcmp(request->user.bytes, own.bytes, MFA_ID_SIZE) != 0) {
        *request = (mfa_reset_request_t) { .state = MFA_REQUEST_REFUSED };
        return MFA_DAMAGED;
    }

    return request_stands(request) ? MFA_OK : MFA_NOT_FOUND;
}


mfa_status_t
mfa_reset_request_next(mfa_tx_t *tx, const mfa_id_t *after,
    mfa_reset_request_t *request)
{
    mfa_id_t      id;
    mfa_cursor_t  cursor = { .table = MFA_TABLE_REQUEST, .key = mfa_null };
    mfa_status_t  st;

    if (after != NULL) {
        id = *after;
        cursor.key = mfa_id_str(&id);
    }

    *request = (mfa_reset_request_t) { .state = MFA_REQUEST_REFUSED };

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_reset_request_decode(tx, cursor.key, cursor.value, request);

    /* the caller must be able to go on behind one that cannot be read */

    if (cursor.key.len == MFA_ID_SIZE) {
        memcpy(request->id.bytes, cursor.key.data, MFA_ID_SIZE);
    }

    if (st == MFA_OK) {
        request_age(tx, request);
    }

    return st;
}


/* two different words, each pair as likely as any other */

static mfa_status_t
request_phrase(mfa_tx_t *tx, mfa_str_t *phrase)
{
    size_t        i;
    uint8_t       words[2];
    mfa_str_t     first, second;
    mfa_status_t  st;

    for (i = 0; i < REQUEST_DRAWS_MAX; i++) {
        st = mfa_port_random(tx->work->model->ports, words, sizeof(words));
        if (st != MFA_OK) {
            return st;
        }

        if (words[0] != words[1]) {
            break;
        }
    }

    if (i == REQUEST_DRAWS_MAX) {
        return MFA_CRYPTO;
    }

    first = mfa_request_word(words[0]);
    second = mfa_request_word(words[1]);

    *phrase = mfa_arena_printf(tx->work->arena, MFA_STR_FMT " " MFA_STR_FMT,
                               MFA_STR_ARG(first), MFA_STR_ARG(second));

    return phrase->data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


static size_t
request_needed(const mfa_tx_t *tx, const mfa_user_t *user)
{
    size_t                       i;
    const mfa_model_settings_t  *settings;

    settings = tx->work->model->settings;

    if (settings->approvals > 1) {
        return 2;
    }

    for (i = 0; i < settings->approvals_groups.count; i++) {
        if (mfa_strs_has(&user->groups, settings->approvals_groups.items[i])) {
            return 2;
        }
    }

    return 1;
}


/* id, phrase and the token of the link, which is kept as its digest */

static mfa_status_t
request_draw(mfa_tx_t *tx, mfa_reset_request_t *request, mfa_str_t *token)
{
    mfa_status_t        st;
    const mfa_ports_t  *ports;

    ports = tx->work->model->ports;

    st = mfa_port_random(ports, request->id.bytes, MFA_ID_SIZE);
    if (st != MFA_OK) {
        return st;
    }

    st = request_phrase(tx, &request->phrase);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_token_make(ports, tx->work->arena, token);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_sha256(*token, request->cancel);
}


static mfa_status_t
request_add(mfa_tx_t *tx, const mfa_reset_request_t *request)
{
    mfa_status_t  st;

    st = mfa_reset_request_write(tx, request);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_REQUEST_USER,
                       mfa_id_str(&request->user), mfa_id_str(&request->id));
}


mfa_status_t
mfa_reset_request_open(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_reset_request_t *request, mfa_str_t *cancel_token)
{
    mfa_str_t            token;
    mfa_status_t         st;
    mfa_reset_request_t  made;

    *cancel_token = mfa_null;

    made = (mfa_reset_request_t) {
        .user = user->id,
        .state = MFA_REQUEST_OPEN,
        .made_at = tx->now,
        .expires_at = tx->now + REQUEST_OPEN_TIME,
        .address = request->address,
        .agent = mfa_agent_cut(request->agent),
        .approvals_needed = request_needed(tx, user)
    };

    if (made.address.len == 0 && tx->work->address != NULL) {
        made.address = *tx->work->address;
    }

    st = mfa_reset_request_of(tx, &user->id, request);

    if (st != MFA_NOT_FOUND) {
        return st == MFA_OK ? MFA_EXISTS : st;
    }

    st = request_draw(tx, &made, &token);
    if (st != MFA_OK) {
        return st;
    }

    st = request_add(tx, &made);
    if (st != MFA_OK) {
        return st;
    }

    *request = made;
    *cancel_token = token;

    return MFA_OK;
}


/*
 * The same member of staff: by id, and where there is none, as for the
 * operator at the command line, by name.
 */

static bool
request_is_by(const mfa_approval_t *approval, const mfa_id_t *staff,
    mfa_str_t name)
{
    static const mfa_id_t  nobody;

    if (memcmp(approval->staff.bytes, staff->bytes, MFA_ID_SIZE) != 0) {
        return false;
    }

    return memcmp(staff->bytes, nobody.bytes, MFA_ID_SIZE) != 0
           || mfa_str_eq(approval->name, name);
}


static mfa_status_t
request_add_approval(mfa_tx_t *tx, mfa_reset_request_t *request,
    const mfa_user_t *staff, mfa_str_t statement)
{
    size_t        i;
    mfa_str_t     name;
    mfa_status_t  st;

    st = mfa_user_full_name(tx->work->arena, staff, &name);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < request->approval_count; i++) {
        if (request_is_by(&request->approvals[i], &staff->id, name)) {
            return MFA_EXISTS;
        }
    }

    if (request->approval_count >= MFA_APPROVALS_MAX) {
        return MFA_INVALID;
    }

    request->approvals[request->approval_count++] = (mfa_approval_t) {
        .staff = staff->id,
        .name = name,
        .statement = statement,
        .at = tx->now
    };

    return MFA_OK;
}


/* one line: the box on the page has room for several */

static mfa_status_t
request_line(mfa_arena_t *arena, mfa_str_t *text)
{
    char       c;
    size_t     i;
    mfa_buf_t  buf;

    *text = mfa_str_trim(*text);

    if (text->len > MFA_STATEMENT_MAX) {
        return MFA_INVALID;
    }

    mfa_buf_init(&buf, arena, MFA_STATEMENT_MAX);

    for (i = 0; i < text->len; i++) {
        c = text->data[i];
        mfa_buf_putc(&buf, (c == '\r' || c == '\n' || c == '\t') ? ' ' : c);
    }

    return mfa_buf_str(&buf, text);
}


mfa_status_t
mfa_reset_request_approve(mfa_tx_t *tx, mfa_reset_request_t *request,
    const mfa_user_t *staff, mfa_str_t statement)
{
    mfa_status_t         st;
    mfa_reset_request_t  found;

    st = request_line(tx->work->arena, &statement);
    if (st != MFA_OK) {
        return st;
    }

    /* the caller's copy may be of before somebody cancelled it */

    st = mfa_reset_request_get(tx, &request->id, &found);
    if (st != MFA_OK) {
        return st;
    }

    *request = found;

    if (found.state != MFA_REQUEST_OPEN || statement.len == 0
        || memcmp(found.user.bytes, staff->id.bytes, MFA_ID_SIZE) == 0)
    {
        return MFA_INVALID;
    }

    st = request_add_approval(tx, &found, staff, statement);
    if (st != MFA_OK) {
        return st;
    }

    if (found.approval_count >= found.approvals_needed) {
        found.state = MFA_REQUEST_APPROVED;
        found.decided_at = tx->now;
        found.expires_at = tx->now + REQUEST_APPROVED_TIME;
    }

    st = mfa_reset_request_write(tx, &found);

    if (st == MFA_OK) {
        *request = found;
    }

    return st;
}


/* only what was approved can be used; what stands can be stopped */

static bool
request_may_become(mfa_request_state_t from, mfa_request_state_t to)
{
    switch (to) {

    case MFA_REQUEST_USED:
        return from == MFA_REQUEST_APPROVED;

    case MFA_REQUEST_REFUSED:
    case MFA_REQUEST_CANCELLED:
        return from == MFA_REQUEST_OPEN || from == MFA_REQUEST_APPROVED;

    default:
        return false;
    }
}


/* another request of the same user may have taken the place */

static mfa_status_t
request_unindex(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *id)
{
    mfa_id_t      found;
    mfa_status_t  st;

    st = request_index(tx, user, &found);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    if (memcmp(found.bytes, id->bytes, MFA_ID_SIZE) != 0) {
        return MFA_OK;
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_REQUEST_USER, mfa_id_str(user));
}


/* refusal: kept with it, or NULL */

static mfa_status_t
request_close(mfa_tx_t *tx, mfa_reset_request_t *request,
    mfa_request_state_t state, const mfa_approval_t *refusal)
{
    mfa_status_t         st;
    mfa_reset_request_t  found;

    st = mfa_reset_request_get(tx, &request->id, &found);
    if (st != MFA_OK) {
        return st;
    }

    *request = found;

    if (!request_may_become(found.state, state)) {
        return MFA_INVALID;
    }

    found.state = state;
    found.decided_at = tx->now;

    if (refusal != NULL) {
        found.refusal = *refusal;
    }

    st = mfa_reset_request_write(tx, &found);
    if (st != MFA_OK) {
        return st;
    }

    st = request_unindex(tx, &found.user, &found.id);

    if (st == MFA_OK) {
        *request = found;
    }

    return st;
}


mfa_status_t
mfa_reset_request_close(mfa_tx_t *tx, mfa_reset_request_t *request,
    mfa_request_state_t state)
{
    return request_close(tx, request, state, NULL);
}


mfa_status_t
mfa_reset_request_refuse(mfa_tx_t *tx, mfa_reset_request_t *request,
    const mfa_user_t *staff, mfa_str_t reason)
{
    mfa_status_t    st;
    mfa_approval_t  refusal = { .staff = staff->id, .at = tx->now };

    st = request_line(tx->work->arena, &reason);

    if (st == MFA_OK) {
        st = mfa_user_full_name(tx->work->arena, staff, &refusal.name);
    }

    if (st != MFA_OK) {
        return st;
    }

    refusal.statement = reason;

    return (reason.len > 0)
           ? request_close(tx, request, MFA_REQUEST_REFUSED, &refusal)
           : MFA_INVALID;
}


mfa_status_t
mfa_reset_request_remove(mfa_tx_t *tx, mfa_str_t key)
{
    mfa_id_t             id;
    mfa_status_t         st;
    mfa_reset_request_t  request;

    memcpy(id.bytes, key.data, MFA_ID_SIZE);

    st = mfa_reset_request_read(tx, &id, &request);
    if (st != MFA_OK) {
        return st;
    }

    st = request_unindex(tx, &request.user, &id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_REQUEST, mfa_id_str(&id));
}


mfa_status_t
mfa_reset_request_forget(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_id_t      id, own;
    mfa_status_t  st;

    own = *user;

    st = request_index(tx, &own, &id);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_REQUEST_USER, mfa_id_str(&own));
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_REQUEST, mfa_id_str(&id));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}
