/*
 * What the tests of held forms share: a person with a session, and forms of
 * theirs.
 */

#ifndef MFA_HELD_FIXTURE_H
#define MFA_HELD_FIXTURE_H

#include "mfa_test_model.h"


#define BODY     "note=4711&secret=kept-away\r\n"
#define ADDRESS  "/ess/claim?a=1"
#define LONG     ((size_t) 200 * 1000)

typedef struct {
    mfa_user_t      user;
    mfa_session_t   session;
    mfa_str_t       token;
    mfa_held_t      held;           /* kept last */
    mfa_held_t      found;
    mfa_id_t        id;
    mfa_status_t    st;
    size_t          rows;
    bool            is_found;
} call_t;


static inline mfa_status_t
tx_issue(mfa_tx_t *tx, void *arg)
{
    call_t    *call = arg;
    mfa_id_t   id = call->user.id;

    call->st = mfa_user_get(tx, &id, &call->user);

    if (call->st == MFA_OK) {
        call->st = mfa_session_issue(tx, &call->user, &call->session,
                                     &call->token);
    }

    return call->st;
}


static inline mfa_status_t
tx_end_all(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_id_t       id = call->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &call->user);

    return st == MFA_OK ? mfa_session_end_all(tx, &call->user) : st;
}


static inline mfa_status_t
tx_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->st = mfa_held_get(tx, &call->user.id, &call->id, &call->found);

    return MFA_OK;
}


static inline void
begin(fixture_t *f, call_t *call, const char *email)
{
    memset(call, 0, sizeof(*call));
    fixture_user(f, email, &call->user);
    update(f, tx_issue, call);
    assert_int_equal(call->st, MFA_OK);

    f->model.held_folder = mfa_arena_printf(f->arena, "%s/held", f->dir);
}


static inline mfa_status_t
keep(fixture_t *f, call_t *call, mfa_str_t body)
{
    mfa_status_t  st;

    call->held = (mfa_held_t) {
        .method = mfa_str("POST"), .address = mfa_str(ADDRESS),
        .type = mfa_str("text/plain"), .referer = mfa_str("/ess/form")
    };

    st = mfa_held_keep(fixture_work(f), call->session.key, &call->held, body);
    call->id = call->held.id;

    return st;
}


static inline mfa_status_t
get(fixture_t *f, call_t *call)
{
    update(f, tx_get, call);

    return call->st;
}


static inline char *
long_body(void)
{
    char    *body;
    size_t   i;

    body = malloc(LONG);
    assert_non_null(body);

    for (i = 0; i < LONG; i++) {
        body[i] = (char) (i * 7 + i / 256);
    }

    return body;
}

#endif /* MFA_HELD_FIXTURE_H */
