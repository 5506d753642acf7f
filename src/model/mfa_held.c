/*
 * Forms that came after the end of a session: whose they are, how many of
 * them, and that each is sent once.
 *
 * A form is its owner's alone; nobody else's id finds it. Its body is sealed
 * before a transaction begins, and spent before anybody gets it.
 * Contract: mfa_model_held.h.
 */

#include <unistd.h>

#include "mfa_held.h"
#include "mfa_purge.h"


typedef struct {
    const uint8_t  *session;
    mfa_held_t     *held;
    mfa_str_t       form;           /* sealed */
} held_keep_t;


/* whose session it is, or was until its time was over */

static mfa_status_t
held_owner(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE], mfa_id_t *user)
{
    mfa_user_t           owner;
    mfa_status_t         st;
    mfa_session_t        session;
    mfa_session_state_t  state;

    st = mfa_session_get(tx, key, &session);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_get(tx, &session.user, &owner);
    if (st != MFA_OK) {
        return st;
    }

    state = mfa_session_judge(tx, &session, &owner);

    if (state != MFA_SESSION_LIVE && state != MFA_SESSION_IDLE
        && state != MFA_SESSION_OLD)
    {
        return MFA_NOT_FOUND;
    }

    *user = session.user;

    return MFA_OK;
}


static mfa_status_t
held_event(mfa_tx_t *tx, const mfa_id_t *user, const char *name)
{
    mfa_event_t   event = { .name = name, .result = "ok" };
    mfa_status_t  st;

    st = mfa_id_text(tx->work->arena, user, &event.user);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_event_add(tx, &event);
}


/* the next row of this person; MFA_NOT_FOUND ends */

static mfa_status_t
held_next(mfa_tx_t *tx, mfa_cursor_t *cursor, mfa_held_t *held)
{
    mfa_status_t  st;

    do {
        st = mfa_txn_next(tx->txn, cursor, tx->work->arena);
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_held_decode(tx, cursor->key, cursor->value, held, NULL);
    } while (st == MFA_DAMAGED || st == MFA_NEWER);

    return st;
}


/* of those that were not sent yet: count, bytes, and the one kept first */

static mfa_status_t
held_survey(mfa_tx_t *tx, const mfa_id_t *user, size_t *count,
    uint64_t *bytes, mfa_held_t *oldest)
{
    mfa_id_t      own;
    mfa_held_t    held;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    own = *user;
    cursor = (mfa_cursor_t) { .table = MFA_TABLE_HELD,
                              .prefix = mfa_id_str(&own) };
    *count = 0;
    *bytes = 0;

    while ((st = held_next(tx, &cursor, &held)) == MFA_OK) {
        if (held.sent_at != 0) {
            continue;
        }

        if (*count == 0 || held.kept_at < oldest->kept_at) {
            *oldest = held;
        }

        *count += 1;
        *bytes += held.size;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
held_make_room(mfa_tx_t *tx, const mfa_held_t *held)
{
    size_t        count;
    uint64_t      bytes;
    mfa_held_t    oldest;
    mfa_status_t  st;

    for ( ;; ) {
        st = held_survey(tx, &held->user, &count, &bytes, &oldest);

        if (st != MFA_OK
            || count == 0
            || (count < MFA_HELD_FORMS
                && bytes + held->size <= MFA_HELD_BYTES))
        {
            return st;
        }

        st = mfa_held_drop(tx, &oldest);
        if (st != MFA_OK) {
            return st;
        }
    }
}


static mfa_status_t
held_keep_ask(mfa_tx_t *tx, void *arg)
{
    mfa_status_t   st;
    mfa_time_t     retry_at;
    held_keep_t   *keep = arg;

    st = held_owner(tx, keep->session, &keep->held->user);
    if (st != MFA_OK) {
        return st;
    }

    keep->held->kept_at = tx->now;

    return mfa_limit_look(tx, MFA_LIMIT_HELD_FORMS,
                          mfa_id_str(&keep->held->user), &retry_at);
}


static mfa_status_t
held_keep_in(mfa_tx_t *tx, void *arg)
{
    mfa_id_t       owner;
    mfa_time_t     retry_at;
    mfa_status_t   st;
    held_keep_t   *keep = arg;

    /* a logout may have come in between */

    st = held_owner(tx, keep->session, &owner);

    if (st == MFA_OK
        && memcmp(owner.bytes, keep->held->user.bytes, MFA_ID_SIZE) != 0)
    {
        st = MFA_NOT_FOUND;
    }

    if (st == MFA_OK) {
        st = mfa_limit_book(tx, MFA_LIMIT_HELD_FORMS, mfa_id_str(&owner),
                            &retry_at);
    }

    if (st == MFA_OK) {
        st = held_make_room(tx, keep->held);
    }

    if (st == MFA_OK) {
        st = mfa_held_count(tx, keep->held->size, 0);
    }

    if (st == MFA_OK) {
        st = mfa_held_write(tx, keep->held, keep->form);
    }

    return st == MFA_OK ? held_event(tx, &owner, "form.held") : st;
}


static bool
held_has_form(const mfa_held_t *held, mfa_str_t body)
{
    return body.len > 0 && body.len <= MFA_HELD_BYTES
           && held->method.len > 0 && held->method.len <= 16
           && held->host.len <= MFA_HOST_MAX
           && held->address.len > 0
           && held->address.len <= MFA_HELD_ADDRESS_MAX
           && held->type.len <= MFA_HELD_HEADER_MAX
           && held->origin.len <= MFA_HELD_HEADER_MAX
           && held->referer.len <= MFA_HELD_HEADER_MAX;
}


static mfa_status_t
held_keep_row(mfa_work_t *work, held_keep_t *keep)
{
    mfa_status_t  st;

    st = mfa_held_seal(work, keep->held, &keep->form);

    return st == MFA_OK ? mfa_update(work, held_keep_in, keep) : st;
}


/* the file is whole before there is a row, and locked until then */

static mfa_status_t
held_keep_file(mfa_work_t *work, held_keep_t *keep, mfa_str_t body)
{
    int           fd;
    mfa_status_t  st;

    st = mfa_held_file_write(work, keep->held, body, &fd);
    if (st != MFA_OK) {
        return st;
    }

    st = held_keep_row(work, keep);

    if (st != MFA_OK) {
        mfa_held_file_remove(work, keep->held);
    }

    (void) close(fd);                   /* it is on disk */

    return st;
}


mfa_status_t
mfa_held_keep(mfa_work_t *work, const uint8_t session[MFA_DIGEST_SIZE],
    mfa_held_t *held, mfa_str_t body)
{
    mfa_status_t  st;
    held_keep_t   keep = { .session = session, .held = held };

    if (!held_has_form(held, body)) {
        return MFA_INVALID;
    }

    st = mfa_view(work, held_keep_ask, &keep);

    if (st == MFA_OK) {
        st = mfa_port_random(work->model->ports, held->id.bytes, MFA_ID_SIZE);
    }

    if (st != MFA_OK) {
        return st;
    }

    held->sent_at = 0;
    held->size = body.len;
    held->is_file = body.len > MFA_HELD_INLINE;
    held->sealed = mfa_null;

    if (held->is_file) {
        return held_keep_file(work, &keep, body);
    }

    st = mfa_held_seal_body(work, held, body);

    return st == MFA_OK ? held_keep_row(work, &keep) : st;
}


static mfa_status_t
held_read(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *id,
    mfa_held_t *held, mfa_str_t *form)
{
    uint8_t       bytes[MFA_HELD_KEY];
    mfa_str_t     key, record;
    mfa_held_t    place;
    mfa_status_t  st;

    place = (mfa_held_t) { .user = *user, .id = *id };
    *held = (mfa_held_t) { .size = 0 };
    key = mfa_held_key(&place, bytes);

    st = mfa_txn_get(tx->txn, MFA_TABLE_HELD, key, tx->work->arena, &record);

    if (st == MFA_OK) {
        st = mfa_held_decode(tx, key, record, held, form);
    }

    return st == MFA_OK && mfa_held_is_past(tx, held) ? MFA_NOT_FOUND : st;
}


mfa_status_t
mfa_held_get(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *id,
    mfa_held_t *held)
{
    mfa_str_t     form;
    mfa_status_t  st;

    st = held_read(tx, user, id, held, &form);

    if (st == MFA_OK) {
        st = mfa_held_unseal(tx, held, form);
    }

    if (st != MFA_OK) {
        *held = (mfa_held_t) { .size = 0 };
    }

    return st;
}


mfa_status_t
mfa_held_find(mfa_tx_t *tx, const uint8_t session[MFA_DIGEST_SIZE],
    const mfa_id_t *id, mfa_held_t *held)
{
    mfa_id_t      user;
    mfa_status_t  st;

    *held = (mfa_held_t) { .size = 0 };

    st = held_owner(tx, session, &user);

    return st == MFA_OK ? mfa_held_get(tx, &user, id, held) : st;
}


mfa_status_t
mfa_held_body(mfa_work_t *work, const mfa_held_t *held, char *room)
{
    mfa_str_t     bound, plain;
    mfa_status_t  st;

    if (held->sent_at != 0 || held->size == 0) {
        return MFA_NOT_FOUND;
    }

    if (held->is_file) {
        return mfa_held_file_read(work, held, room);
    }

    st = mfa_held_bound(work->arena, held, "body", 0, &bound);

    if (st == MFA_OK) {
        st = mfa_unseal(work->model->keys, held->sealed, bound, work->arena,
                        &plain);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (plain.len != held->size) {
        return MFA_DAMAGED;
    }

    memcpy(room, plain.data, plain.len);

    return MFA_OK;
}


typedef struct {
    const mfa_id_t  *user;
    const mfa_id_t  *id;
    mfa_held_t       held;
} held_end_t;


/* what is left says when it was sent, and no longer what */

static mfa_status_t
held_spend_in(mfa_tx_t *tx, void *arg)
{
    mfa_str_t     form;
    held_end_t   *end = arg;
    mfa_status_t  st;

    st = held_read(tx, end->user, end->id, &end->held, &form);
    if (st != MFA_OK) {
        return st;
    }

    if (end->held.sent_at != 0) {
        return MFA_EXISTS;
    }

    st = mfa_held_count(tx, 0, end->held.size);
    if (st != MFA_OK) {
        return st;
    }

    end->held.sent_at = tx->now;
    end->held.size = 0;
    end->held.sealed = mfa_null;

    st = mfa_held_write(tx, &end->held, form);

    return st == MFA_OK ? held_event(tx, end->user, "form.sent") : st;
}


mfa_status_t
mfa_held_spend(mfa_work_t *work, const mfa_held_t *held)
{
    held_end_t    end = { .user = &held->user, .id = &held->id };
    mfa_status_t  st;

    st = mfa_update_reserved(work, held_spend_in, &end);

    if (st == MFA_OK && held->is_file) {
        mfa_held_file_remove(work, held);
    }

    return st;
}


static mfa_status_t
held_discard_in(mfa_tx_t *tx, void *arg)
{
    held_end_t   *end = arg;
    mfa_status_t  st;

    st = held_read(tx, end->user, end->id, &end->held, NULL);

    if (st == MFA_OK && end->held.sent_at != 0) {
        st = MFA_NOT_FOUND;
    }

    if (st == MFA_OK) {
        st = mfa_held_drop(tx, &end->held);
    }

    return st == MFA_OK ? held_event(tx, end->user, "form.discarded") : st;
}


mfa_status_t
mfa_held_discard(mfa_work_t *work, const mfa_id_t *user, const mfa_id_t *id)
{
    held_end_t    end = { .user = user, .id = id };
    mfa_status_t  st;

    st = mfa_update_reserved(work, held_discard_in, &end);

    if (st == MFA_OK && end.held.is_file) {
        mfa_held_file_remove(work, &end.held);
    }

    return st;
}


mfa_status_t
mfa_held_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_id_t      own;
    mfa_held_t    held;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    own = *user;
    cursor = (mfa_cursor_t) { .table = MFA_TABLE_HELD,
                              .prefix = mfa_id_str(&own) };

    while ((st = held_next(tx, &cursor, &held)) == MFA_OK) {
        st = mfa_held_drop(tx, &held);
        if (st != MFA_OK) {
            return st;
        }
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_held_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record, bool *is_over)
{
    mfa_held_t    held;
    mfa_status_t  st;

    *is_over = false;

    if (key.len != MFA_HELD_KEY) {
        return MFA_OK;                  /* the sum */
    }

    st = mfa_held_decode(tx, key, record, &held, NULL);

    if (st == MFA_OK) {
        *is_over = mfa_held_is_past(tx, &held);
    }

    return st;
}


/* its file is left to the sweep */

mfa_status_t
mfa_held_remove(mfa_tx_t *tx, mfa_str_t key)
{
    mfa_str_t     record;
    mfa_held_t    held;
    mfa_status_t  st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_HELD, key, tx->work->arena, &record);

    if (st == MFA_OK) {
        st = mfa_held_decode(tx, key, record, &held, NULL);
    }

    return st == MFA_OK ? mfa_held_drop(tx, &held) : st;
}
