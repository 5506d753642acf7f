/*
 * A worker's gate with one live session, asked as the glue asks it.
 */

#ifndef MFA_GATE_FIXTURE_H
#define MFA_GATE_FIXTURE_H

#include "mfa_fixture.h"


#define GATE_ANN    "ann.employee@example.org"
#define GATE_SLOTS  64

typedef struct {
    fixture_t            *f;
    mfa_decisions_t      *cache;
    mfa_user_t            user;
    mfa_session_t         session;
    mfa_str_t             token;
    mfa_identity_t       *identity;
    mfa_verdict_t         verdict;
    mfa_session_state_t   state;
} gate_t;


static inline mfa_status_t
gate_issue_in(mfa_tx_t *tx, void *arg)
{
    gate_t        *gate = arg;
    mfa_id_t       id = gate->user.id;
    mfa_status_t   st;

    gate->session = (mfa_session_t) { .amr = MFA_AMR_PWD | MFA_AMR_OTP };
    st = mfa_user_get(tx, &id, &gate->user);

    return st == MFA_OK ? mfa_session_issue(tx, &gate->user, &gate->session,
                                            &gate->token)
                        : st;
}


static inline mfa_status_t
gate_save_in(mfa_tx_t *tx, void *arg)
{
    gate_t  *gate = arg;

    return mfa_user_save(tx, &gate->user, NULL);
}


static inline mfa_status_t
gate_end_in(mfa_tx_t *tx, void *arg)
{
    gate_t  *gate = arg;

    return mfa_session_end(tx, gate->session.key);
}


static inline mfa_status_t
gate_delete_user_in(mfa_tx_t *tx, void *arg)
{
    gate_t  *gate = arg;

    return mfa_user_delete(tx, &gate->user.id);
}


static inline mfa_status_t
gate_seen_in(mfa_tx_t *tx, void *arg)
{
    gate_t              *gate = arg;
    mfa_status_t         st;
    mfa_session_view_t   view;

    st = mfa_session_look(tx, gate->token, &view);
    gate->session = view.session;

    return st;
}


static inline void
gate_issue(gate_t *gate)
{
    assert_int_equal(mfa_update(fixture_work(gate->f), gate_issue_in, gate),
                     MFA_OK);
}


static inline void
gate_open(gate_t *gate, fixture_t *f)
{
    *gate = (gate_t) { .f = f };
    fixture_user(f, GATE_ANN, &gate->user);
    gate_issue(gate);
    assert_int_equal(mfa_decisions_open(&f->model, GATE_SLOTS, &gate->cache),
                     MFA_OK);
}


static inline void
gate_close(gate_t *gate)
{
    mfa_identity_release(&gate->identity);
    mfa_decisions_close(&gate->cache);
}


/* as the glue does: where the loop would wait a thread reads, and notes */

static inline mfa_status_t
gate_ask(gate_t *gate)
{
    mfa_status_t  st;

    mfa_identity_release(&gate->identity);

    st = mfa_decision_check(gate->cache, gate->token, gate->f->now,
                            &gate->identity, &gate->verdict, &gate->state);

    if (st == MFA_AGAIN) {
        assert_null(gate->identity);
        assert_int_equal(gate->verdict, MFA_VERDICT_DENY);

        st = mfa_decision_read(&gate->f->model, gate->token, &gate->identity,
                               &gate->verdict, &gate->state);

        if (st == MFA_OK && gate->verdict == MFA_VERDICT_PASS) {
            mfa_decision_note(gate->cache, gate->identity, gate->f->now);
        }
    }

    assert_true((gate->verdict == MFA_VERDICT_PASS)
                == (gate->state == MFA_SESSION_LIVE));

    return st;
}


static inline mfa_session_state_t
gate_state(gate_t *gate)
{
    assert_int_equal(gate_ask(gate), MFA_OK);

    return gate->state;
}


static inline void
gate_update(gate_t *gate, mfa_tx_fn fn)
{
    assert_int_equal(mfa_update(fixture_work(gate->f), fn, gate), MFA_OK);
}


/* what the worker's timer does; how many sessions it wrote */

static inline size_t
gate_flush(gate_t *gate)
{
    size_t       count;
    mfa_touch_t  touches[16];

    count = mfa_decision_touches(gate->cache, gate->f->now, touches, 16);
    assert_int_equal(mfa_touches_write(fixture_work(gate->f), touches, count),
                     MFA_OK);

    return count;
}


static inline mfa_time_t
gate_seen_at(gate_t *gate)
{
    assert_int_equal(mfa_view(fixture_work(gate->f), gate_seen_in, gate),
                     MFA_OK);

    return gate->session.seen_at;
}

#endif /* MFA_GATE_FIXTURE_H */
