/*
 * What staff look at: people who are searched for, those who report to a
 * manager, requests, one person.
 *
 * Walks in short views, each with memory of its own, so that neither the
 * store nor this job grows with the roster. Changes nothing.
 */

#include "mfa_flow_staff_case.h"


#define LOOK_VIEW    1000               /* records */
#define LOOK_MEMORY  ((size_t) 32 * 1024 * 1024)
#define LOOK_WORDS   8


/* a walk: does this record belong to what is looked for? */

typedef struct look_s  look_t;

struct look_s {
    mfa_staff_found_t           *found;
    const mfa_model_settings_t  *settings;
    bool                         has_last;
    bool                         is_end;
    size_t                       most;
    size_t                       open;
    mfa_time_t                   time;
    mfa_strs_t                   words;
    const mfa_user_t            *manager;
    mfa_reports_cursor_t         reports;
    mfa_time_t                   since;
};


static char
lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char) (c | 0x20) : c;
}


static bool
text_has(mfa_str_t text, mfa_str_t word)
{
    size_t  i, k;

    for (i = 0; i + word.len <= text.len; i++) {
        for (k = 0; k < word.len; k++) {
            if (lower(text.data[i + k]) != lower(word.data[k])) {
                break;
            }
        }

        if (k == word.len) {
            return true;
        }
    }

    return false;
}


static bool
user_has(const mfa_user_t *user, mfa_str_t word)
{
    size_t  i;

    if (text_has(user->first_name, word) || text_has(user->surname, word)
        || text_has(user->user, word) || text_has(user->email, word))
    {
        return true;
    }

    for (i = 0; i < user->other_emails.count; i++) {
        if (text_has(user->other_emails.items[i], word)) {
            return true;
        }
    }

    for (i = 0; i < user->attrs.count; i++) {
        if (text_has(user->attrs.items[i].value, word)) {
            return true;
        }
    }

    return false;
}


static bool
user_is_meant(const look_t *look, const mfa_user_t *user)
{
    size_t  i;

    if (look->manager != NULL) {
        return mfa_manager_may(look->settings, look->manager, user)
               == MFA_VERDICT_PASS;
    }

    for (i = 0; i < look->words.count; i++) {
        if (!user_has(user, look->words.items[i])) {
            return false;
        }
    }

    return true;
}


static bool
look_keep(look_t *look, const mfa_id_t *id)
{
    mfa_staff_found_t  *found = look->found;

    found->ids[found->count++] = *id;

    return found->count >= look->most;
}


static mfa_status_t
look_users(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    look_t        *look = arg;
    mfa_user_t     user;
    mfa_status_t   st;

    for (i = 0; i < LOOK_VIEW; i++) {
        st = mfa_user_next(tx, look->has_last ? &look->found->last : NULL,
                           &user);

        if (st == MFA_NOT_FOUND) {
            look->is_end = true;
            look->found->has_more = false;

            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        look->found->last = user.id;
        look->has_last = true;

        if (user_is_meant(look, &user) && look_keep(look, &user.id)) {
            look->is_end = true;
            look->found->has_more = true;

            return MFA_OK;
        }
    }

    return MFA_OK;
}


/* by the index of the roster's column; a walk where that is not made yet */

static mfa_status_t
look_team(mfa_tx_t *tx, void *arg)
{
    bool           is_ready;
    size_t         i;
    look_t        *look = arg;
    mfa_user_t     user;
    mfa_status_t   st;

    st = mfa_user_reports_ready(tx, &is_ready);
    if (st != MFA_OK) {
        return st;
    }

    /* a walk that was begun is gone on with */

    if (!is_ready || look->has_last) {
        return look_users(tx, arg);
    }

    for (i = 0; i < LOOK_VIEW; i++) {
        st = mfa_user_reports_next(tx, look->manager, &look->reports, &user);

        if (st == MFA_NOT_FOUND) {
            look->is_end = true;
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (user_is_meant(look, &user) && look_keep(look, &user.id)) {
            look->is_end = true;
            look->found->has_more = true;

            return MFA_OK;
        }
    }

    return MFA_OK;
}


/* a request that cannot be read hides no other one */

static mfa_status_t
look_requests(mfa_tx_t *tx, void *arg)
{
    bool                  is_open;
    size_t                i;
    look_t               *look = arg;
    mfa_status_t          st;
    mfa_reset_request_t   request;

    for (i = 0; i < LOOK_VIEW; i++) {
        st = mfa_reset_request_next(tx, look->has_last ? &look->found->last
                                                       : NULL, &request);

        if (st == MFA_NOT_FOUND) {
            look->is_end = true;
            return MFA_OK;
        }

        if (st != MFA_OK && st != MFA_DAMAGED) {
            return st;
        }

        look->found->last = request.id;
        look->has_last = true;

        if (st == MFA_DAMAGED) {
            continue;
        }

        is_open = request.state == MFA_REQUEST_OPEN;
        look->open += is_open;

        if ((is_open || request.decided_at > look->since)
            && look_keep(look, &request.id))
        {
            look->is_end = true;
            look->found->has_more = true;

            return MFA_OK;
        }
    }

    return MFA_OK;
}


/* views until the end, or until the time is over */

static mfa_status_t
look_walk(mfa_work_t *work, look_t *look, mfa_tx_fn fn)
{
    mfa_time_t    end;
    mfa_work_t    turn;
    mfa_status_t  st;

    end = mfa_port_now(work->model->ports) + look->time;

    do {
        turn = *work;

        turn.arena = mfa_arena_open(LOOK_MEMORY);
        if (turn.arena == NULL) {
            return MFA_NO_MEMORY;
        }

        st = mfa_view(&turn, fn, look);

        mfa_arena_close(&turn.arena);

        if (st != MFA_OK) {
            return st;
        }

        if (!look->is_end && mfa_port_now(work->model->ports) > end) {
            look->found->has_more = true;
            look->found->is_cut = true;

            return MFA_OK;
        }

    } while (!look->is_end);

    return MFA_OK;
}


static mfa_status_t
look_words(mfa_arena_t *arena, mfa_str_t query, mfa_strs_t *words)
{
    mfa_str_t     word;
    mfa_status_t  st;

    while (query.data != NULL && words->count < LOOK_WORDS) {
        word = mfa_str_trim(mfa_str_split(&query, ' '));

        if (word.len == 0) {
            continue;
        }

        st = mfa_strs_add(arena, words, word);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


typedef struct {
    mfa_str_t   email;
    mfa_user_t  user;
} exact_t;


static mfa_status_t
look_exact(mfa_tx_t *tx, void *arg)
{
    exact_t  *exact = arg;

    return mfa_user_by_email(tx, exact->email, &exact->user);
}


mfa_status_t
mfa_staff_search(mfa_work_t *work, mfa_str_t query, const mfa_id_t *after,
    mfa_staff_found_t *found)
{
    look_t        look;
    exact_t       exact;
    mfa_status_t  st;

    memset(found, 0, sizeof(*found));
    memset(&look, 0, sizeof(look));

    /* a whole address needs no walk */

    st = mfa_email_canonical(work->arena, mfa_str_trim(query), &exact.email);

    if (st == MFA_OK && after == NULL) {
        st = mfa_view(work, look_exact, &exact);

        if (st == MFA_OK) {
            found->ids[found->count++] = exact.user.id;
            return MFA_OK;
        }
    }

    if (st != MFA_OK && st != MFA_INVALID && st != MFA_NOT_FOUND) {
        return st;
    }

    look.found = found;
    look.settings = work->model->settings;
    look.most = MFA_STAFF_PAGE;
    look.time = MFA_STAFF_TIME;

    if (after != NULL) {
        found->last = *after;
        look.has_last = true;
    }

    st = look_words(work->arena, query, &look.words);

    return (st == MFA_OK) ? look_walk(work, &look, look_users) : st;
}


mfa_status_t
mfa_staff_team(mfa_work_t *work, const mfa_user_t *manager, size_t most,
    mfa_time_t time, mfa_staff_found_t *found)
{
    look_t  look;

    memset(found, 0, sizeof(*found));
    memset(&look, 0, sizeof(look));

    look.found = found;
    look.settings = work->model->settings;
    look.manager = manager;
    look.time = time;
    look.most = (most < MFA_STAFF_MOST) ? most : MFA_STAFF_MOST;

    return look_walk(work, &look, look_team);
}


mfa_status_t
mfa_staff_requests(mfa_work_t *work, mfa_time_t since,
    mfa_staff_found_t *found, size_t *open)
{
    look_t        look;
    mfa_status_t  st;

    memset(found, 0, sizeof(*found));
    memset(&look, 0, sizeof(look));

    look.found = found;
    look.since = since;
    look.most = MFA_STAFF_MOST;
    look.time = MFA_STAFF_TIME;

    st = look_walk(work, &look, look_requests);
    *open = look.open;

    return st;
}


/* one person */

static mfa_status_t
look_request(mfa_tx_t *tx, mfa_staff_view_t *view)
{
    mfa_status_t  st;

    st = mfa_reset_request_of(tx, &view->user.id, &view->request);
    view->has_request = (st == MFA_OK);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


mfa_status_t
mfa_staff_look(mfa_tx_t *tx, const mfa_id_t *id, mfa_staff_view_t *view)
{
    size_t        i;
    mfa_str_t     subject;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    memset(view, 0, sizeof(*view));

    st = mfa_user_get(tx, id, &view->user);

    if (st == MFA_OK) {
        st = mfa_factor_record_kinds(tx, id, &kinds);
    }

    for (i = 0; st == MFA_OK && i < kinds.count; i++) {
        view->has_factor = view->has_factor
                           || !mfa_str_eq_c(kinds.items[i], "recovery");
    }

    if (st == MFA_OK) {
        st = look_request(tx, view);
    }

    if (st == MFA_OK) {
        st = mfa_pass_look(tx, id, &view->has_pass);
    }

    if (st == MFA_OK) {
        st = mfa_password_row_look(tx, &view->user, &view->is_row_closed);
    }

    if (st == MFA_OK) {
        st = mfa_limit_person(tx, &view->user, view->user.email, &subject);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_look(tx, MFA_LIMIT_LOGIN_PERSON, subject,
                        &view->limited_until);

    if (st == MFA_OK) {
        view->limited_until = 0;
    }

    return (st == MFA_LIMITED) ? MFA_OK : st;
}
