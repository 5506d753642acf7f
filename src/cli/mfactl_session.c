/*
 * session list, session end.
 *
 * A session is named by the digest of its token, or by the first digits of
 * it. The token itself is nowhere in the store and cannot be printed.
 */

#include "mfactl.h"


#define LIST_COLUMNS    "id:12 email:36 started_at:24 seen_at:24 amr:12 " \
                        "address:15 agent"
#define ID_LEAST        8               /* digits */
#define ID_SHOWN        12
#define END_BATCH       300

typedef struct {
    mfactl_t          *ctl;
    const mfa_user_t  *users;           /* a page of them */
    mfa_user_t         one;             /* or this user alone */
    size_t             count;
    size_t             at;              /* the first user of this turn */
    size_t             end;             /* the first one after it */
    json_t            *rows;
} list_t;


static json_t *
list_row(mfa_tx_t *tx, const mfa_user_t *user, const mfa_session_t *session,
    bool is_json)
{
    char       address[MFA_ADDRESS_TEXT_SIZE];
    json_t    *row;
    mfa_str_t  id;

    if (mfa_hex_encode(tx->work->arena, mfa_str_bytes(session->key,
                                                      MFA_DIGEST_SIZE), &id)
        != MFA_OK)
    {
        return json_null();
    }

    if (!is_json) {
        id.len = ID_SHOWN;
    }

    mfa_address_text(&session->address, address);

    row = json_object();
    mfactl_set(row, "id", id);
    mfactl_set(row, "email", user->email);
    mfactl_set(row, "user", user->user);
    mfactl_set_time(row, "started_at", session->started_at);
    mfactl_set_time(row, "seen_at", session->seen_at);
    mfactl_set_time(row, "factor_at", session->factor_at);
    mfactl_set(row, "amr", mfa_session_amr(session, tx->work->arena));
    mfactl_set(row, "address", mfa_str_from(address));
    mfactl_set(row, "agent", session->agent);

    return row;
}


/* users from at on, until enough records were looked at */

static mfa_status_t
list_read(mfa_tx_t *tx, void *arg)
{
    size_t          i, k, n, looked;
    list_t         *list = arg;
    mfa_status_t    st;
    mfa_session_t  *sessions;

    json_array_clear(list->rows);
    looked = 0;

    for (i = list->at; i < list->count; i++) {
        if (looked + MFA_LIST_MAX > MFACTL_VIEW_MAX) {
            break;
        }

        st = mfa_session_list(tx, &list->users[i].id, &sessions, &n);

        if (st == MFA_NOT_FOUND) {
            continue;
        }

        if (st != MFA_OK) {
            return st;
        }

        looked += 2 + n;

        for (k = 0; k < n; k++) {
            json_array_append_new(list->rows,
                                  list_row(tx, &list->users[i], &sessions[k],
                                           list->ctl->is_json));
        }
    }

    list->end = i;

    return MFA_OK;
}


static mfa_status_t
list_print(list_t *list)
{
    size_t        i;
    json_t       *row;
    mfa_status_t  st;

    st = MFA_OK;

    for (list->at = 0; list->at < list->count; list->at = list->end) {
        st = mfactl_turn(list->ctl, MFACTL_VIEW, list_read, list);
        if (st != MFA_OK) {
            break;
        }

        json_array_foreach(list->rows, i, row) {
            mfactl_list_row(list->ctl, LIST_COLUMNS, json_incref(row));
        }
    }

    return st;
}


/* what of a page outlives the turn that read it */

static mfa_status_t
list_keep(mfa_arena_t *arena, const mfactl_page_t *page, mfa_user_t *users)
{
    size_t        i;
    mfa_status_t  st;

    st = MFA_OK;

    for (i = 0; i < page->count && st == MFA_OK; i++) {
        users[i] = (mfa_user_t) { .id = page->users[i].id };

        st = mfa_arena_copy(arena, page->users[i].email, &users[i].email);

        if (st == MFA_OK) {
            st = mfa_arena_copy(arena, page->users[i].user, &users[i].user);
        }
    }

    return st;
}


static mfa_status_t
list_all(list_t *list)
{
    mfa_user_t     *users;
    mfa_arena_t    *arena;
    mfa_status_t    st;
    mfactl_page_t   page = { .count = 0 };

    do {
        st = mfactl_user_page(list->ctl, &page);
        if (st != MFA_OK) {
            break;
        }

        arena = mfa_arena_open(MFACTL_TURN_MAX);
        users = mfa_arena_alloc(arena, (page.count + 1)
                                       * sizeof(mfa_user_t));

        st = users == NULL ? MFA_NO_MEMORY : list_keep(arena, &page, users);

        list->users = users;
        list->count = page.count;

        /* the page goes with the next turn: where it ends is kept */

        if (page.count > 0) {
            page.after = page.users[page.count - 1].id;
            page.has_after = true;
            page.count = 0;
        }

        if (st == MFA_OK) {
            st = list_print(list);
        }

        mfa_arena_close(&arena);

    } while (st == MFA_OK && !page.is_end);

    return st;
}


typedef struct {
    const char  *typed;
    mfa_user_t   user;
} find_t;


static mfa_status_t
find_user(mfa_tx_t *tx, void *arg)
{
    find_t  *find = arg;

    return mfactl_user_find(tx, find->typed, &find->user);
}


static mfa_status_t
list_one(list_t *list)
{
    find_t        find = { .typed = list->ctl->args[0] };
    mfa_status_t  st;

    st = mfactl_turn(list->ctl, MFACTL_VIEW, find_user, &find);
    if (st != MFA_OK) {
        return st;
    }

    st = list_keep(list->ctl->arena,
                   &(mfactl_page_t) { .users = &find.user, .count = 1 },
                   &list->one);

    list->users = &list->one;
    list->count = 1;

    mfactl_list_begin(list->ctl, LIST_COLUMNS);

    return st == MFA_OK ? list_print(list) : st;
}


mfactl_exit_t
mfactl_session_list(mfactl_t *ctl)
{
    list_t         list = { .ctl = ctl };
    mfa_status_t   st;
    mfactl_exit_t  code;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    list.rows = json_array();

    if (ctl->nargs > 0) {
        st = list_one(&list);

    } else {
        mfactl_list_begin(ctl, LIST_COLUMNS);
        st = list_all(&list);
    }

    json_decref(list.rows);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           ctl->args[0]);
    }

    mfactl_list_end(ctl);

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "list the sessions");
}


/* end */

typedef struct {
    const char  *typed;                 /* a user, or the digits of an id */
    uint8_t      prefix[MFA_DIGEST_SIZE];
    size_t       prefix_len;
    uint8_t      last[MFA_DIGEST_SIZE];     /* all: where we are */
    bool         has_last;
    bool         is_end;
    bool         is_doubtful;           /* the digits fit more than one */
    uint64_t     ended;
} end_t;


static mfa_status_t
end_user(mfa_tx_t *tx, void *arg)
{
    end_t          *end = arg;
    mfa_user_t      user;
    mfa_status_t    st;
    mfa_session_t  *sessions;

    st = mfactl_user_find(tx, end->typed, &user);

    if (st == MFA_OK) {
        st = mfa_session_list(tx, &user.id, &sessions, &end->ended);
    }

    if (st == MFA_OK) {
        st = mfa_session_end_all(tx, &user);
    }

    return st == MFA_OK ? mfactl_event(tx, "session.end", &user.id) : st;
}


/* the keys of sessions whose digits begin as typed; the table's key is the
 * digest (mfa_model.h) */

static mfa_status_t
end_one(mfa_tx_t *tx, void *arg)
{
    end_t         *end = arg;
    uint8_t        key[MFA_DIGEST_SIZE];
    mfa_str_t      hex;
    mfa_status_t   st;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_SESSION };

    cursor.prefix = mfa_str_bytes(end->prefix, end->prefix_len);
    end->ended = 0;
    end->is_doubtful = false;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        st = mfa_hex_encode(tx->work->arena, cursor.key, &hex);
        if (st != MFA_OK) {
            return st;
        }

        if (cursor.key.len != MFA_DIGEST_SIZE
            || !mfa_str_has_prefix(hex, mfa_str_from(end->typed)))
        {
            continue;
        }

        if (end->ended++ > 0) {
            end->is_doubtful = true;
            return MFA_INVALID;
        }

        memcpy(key, cursor.key.data, MFA_DIGEST_SIZE);
    }

    if (st != MFA_NOT_FOUND || end->ended == 0) {
        return st;
    }

    st = mfa_session_end(tx, key);

    return st == MFA_OK ? mfactl_event(tx, "session.end", NULL) : st;
}


static mfa_status_t
end_batch(mfa_tx_t *tx, void *arg)
{
    end_t         *end = arg;
    uint8_t        last[MFA_DIGEST_SIZE];
    mfa_status_t   st;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_SESSION };

    end->ended = 0;
    end->is_end = false;
    memcpy(last, end->last, sizeof(last));

    if (end->has_last) {
        cursor.key = mfa_str_bytes(last, sizeof(last));
    }

    while (end->ended < END_BATCH) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            end->is_end = true;
            break;
        }

        if (st == MFA_OK && cursor.key.len != MFA_DIGEST_SIZE) {
            st = MFA_DAMAGED;
        }

        if (st == MFA_OK) {
            memcpy(last, cursor.key.data, sizeof(last));
            st = mfa_session_end(tx, last);
        }

        if (st != MFA_OK) {
            return st;
        }

        end->ended++;
    }

    return mfactl_event(tx, "session.end_all", NULL);
}


static mfa_status_t
end_all(mfactl_t *ctl, end_t *end)
{
    uint64_t      ended;
    mfa_status_t  st;

    ended = 0;

    do {
        st = mfactl_turn(ctl, MFACTL_UPDATE_RESERVED, end_batch, end);

        if (st == MFA_OK) {
            ended += end->ended;
        }

    } while (st == MFA_OK && !end->is_end);

    end->ended = ended;

    return st;
}


static bool
end_digits(const char *typed, end_t *end)
{
    int     digit;
    size_t  i, len;

    len = strlen(typed);

    if (len < ID_LEAST || len > 2 * MFA_DIGEST_SIZE) {
        return false;
    }

    for (i = 0; i < len; i++) {
        if (typed[i] >= '0' && typed[i] <= '9') {
            digit = typed[i] - '0';

        } else if (typed[i] >= 'a' && typed[i] <= 'f') {
            digit = typed[i] - 'a' + 10;

        } else {
            return false;
        }

        end->prefix[i / 2] = (uint8_t) (i % 2 == 0
                                        ? digit << 4
                                        : end->prefix[i / 2] | digit);
    }

    end->prefix_len = len / 2;

    return true;
}


mfactl_exit_t
mfactl_session_end(mfactl_t *ctl)
{
    end_t          end = { .typed = ctl->user };
    json_t        *object;
    mfa_status_t   st;
    mfactl_exit_t  code;

    if ((ctl->nargs > 0) + (ctl->user != NULL) + ctl->is_all != 1) {
        return mfactl_fail(ctl, MFACTL_USAGE, "session end takes one of ID, "
                           "--user EMAIL, --all");
    }

    if (ctl->nargs > 0) {
        end.typed = ctl->args[0];

        if (!end_digits(end.typed, &end)) {
            return mfactl_fail(ctl, MFACTL_USAGE, "an ID is %d or more "
                               "digits of those that \"session list\" shows",
                               ID_LEAST);
        }
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = ctl->is_all ? end_all(ctl, &end)
         : mfactl_turn(ctl, MFACTL_UPDATE_RESERVED,
                       ctl->user != NULL ? end_user : end_one, &end);

    if (st == MFA_NOT_FOUND || end.is_doubtful) {
        return mfactl_fail(ctl, MFACTL_REFUSED, end.is_doubtful
                           ? "more than one session begins with \"%s\""
                           : ctl->user != NULL ? "there is no user \"%s\""
                           : "there is no session \"%s\"", end.typed);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "end sessions");
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("session.end"));
    json_object_set_new(object, "ended",
                        json_integer((json_int_t) end.ended));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}
