/* The log of revocations: what writes a row, what a reader makes of it. */

#include "mfa_test_model.h"


#define ANN  "ann.employee@example.org"
#define MAX  "max.manager@example.org"


typedef struct {
    mfa_user_t     user;
    mfa_session_t  session;
    mfa_str_t      token;
    const char    *email;
    unsigned       count;
    bool           is_new;
    bool           is_full;
} call_t;


static mfa_status_t
tx_issue(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_id_t       id;
    mfa_status_t   st;

    call->session = (mfa_session_t) { .amr = MFA_AMR_PWD | MFA_AMR_OTP };

    if (call->is_new) {
        st = mfa_user_make(tx, &call->user);
        if (st != MFA_OK) {
            return st;
        }

        call->user.user = mfa_str_bytes(call->email,
                                        strlen(call->email));
        call->user.email = mfa_str_bytes(call->email,
                                        strlen(call->email));
        call->user.registered_at = tx->now;

        st = mfa_user_add(tx, &call->user, NULL);
        if (st != MFA_OK) {
            return st;
        }
    }

    id = call->user.id;

    st = mfa_user_get(tx, &id, &call->user);

    return st == MFA_OK ? mfa_session_issue(tx, &call->user, &call->session,
                                            &call->token)
                        : st;
}


static mfa_status_t
tx_end(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    tx->is_full = call->is_full;

    return mfa_session_end(tx, call->session.key);
}


static mfa_status_t
tx_end_all(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_id_t       id = call->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &call->user);

    return st == MFA_OK ? mfa_session_end_all(tx, &call->user) : st;
}


static mfa_status_t
tx_disable(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_id_t       id = call->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &call->user);
    if (st != MFA_OK) {
        return st;
    }

    call->user.is_disabled = true;

    return mfa_user_save(tx, &call->user, NULL);
}


static mfa_status_t
tx_rename(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_id_t       id = call->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &call->user);
    if (st != MFA_OK) {
        return st;
    }

    call->user.first_name = mfa_str("Anna");

    return mfa_user_save(tx, &call->user, NULL);
}


static mfa_status_t
tx_delete(mfa_tx_t *tx, void *arg)
{
    call_t    *call = arg;
    mfa_id_t   id = call->user.id;

    return mfa_user_delete(tx, &id);
}


static mfa_status_t
tx_add(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    unsigned       i;
    mfa_status_t   st;

    for (i = 0, st = MFA_OK; st == MFA_OK && i < call->count; i++) {
        st = mfa_revoked_add(tx, &call->user.id);
    }

    return st;
}


/* the last row, of a version that is still to come, or cut short */

static mfa_status_t
tx_spoil(mfa_tx_t *tx, void *arg)
{
    const char    *record = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_REVOKED };
    mfa_status_t   st;

    do {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    } while (st == MFA_OK);

    return mfa_txn_put(tx->txn, MFA_TABLE_REVOKED, cursor.key,
                       mfa_str_bytes(record, strlen(record)));
}


static mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_REVOKED };

    for (call->count = 0;
         mfa_txn_next(tx->txn, &cursor, tx->work->arena) == MFA_OK;
         call->count++)
    {
        /* void */
    }

    return MFA_OK;
}


static call_t
person(fixture_t *f, const char *email)
{
    call_t  call = { .email = email, .is_new = true };

    update(f, tx_issue, &call);

    return call;
}


static mfa_watch_t *
watch_open(fixture_t *f)
{
    mfa_watch_t  *watch;

    watch = mfa_arena_alloc(f->arena, sizeof(*watch));
    assert_non_null(watch);
    assert_int_equal(mfa_watch_look(fixture_work(f), watch), MFA_OK);

    return watch;
}


static void
look(fixture_t *f, mfa_watch_t *watch)
{
    assert_int_equal(mfa_watch_look(fixture_work(f), watch), MFA_OK);
}


static void
expect_one(fixture_t *f, mfa_watch_t *watch, const mfa_id_t *user)
{
    look(f, watch);
    assert_false(watch->is_all);
    assert_int_equal(watch->user_count, 1);
    assert_memory_equal(watch->users[0].bytes, user->bytes, MFA_ID_SIZE);

    look(f, watch);
    assert_int_equal(watch->user_count, 0);
}


static mfa_session_state_t
asked(fixture_t *f, mfa_watch_t *watch, const call_t *call)
{
    watch->ask_count = 1;
    watch->asks[0].user = call->user.id;
    memcpy(watch->asks[0].key, call->session.key, MFA_DIGEST_SIZE);
    look(f, watch);
    watch->ask_count = 0;

    return watch->asks[0].state;
}


/* D14: each end leaves one row, of the user whose session it was */

static void
each_end_of_a_session_is_told(void **state)
{
    call_t        ann, max;
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    ann = person(f, ANN);
    max = person(f, MAX);
    watch = watch_open(f);

    update(f, tx_end, &ann);
    expect_one(f, watch, &ann.user.id);

    update(f, tx_end_all, &max);
    expect_one(f, watch, &max.user.id);

    update(f, tx_disable, &ann);
    expect_one(f, watch, &ann.user.id);

    update(f, tx_delete, &max);
    expect_one(f, watch, &max.user.id);
}


static void
what_ends_no_session_is_not_told(void **state)
{
    call_t        ann;
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    ann = person(f, ANN);
    watch = watch_open(f);

    ann.is_new = false;
    update(f, tx_issue, &ann);
    update(f, tx_rename, &ann);
    look(f, watch);
    assert_false(watch->is_all);
    assert_int_equal(watch->user_count, 0);
}


/* D8 */

static void
a_session_too_many_is_told(void **state)
{
    call_t        ann;
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    f->settings.sessions_per_user = 1;
    ann = person(f, ANN);
    watch = watch_open(f);

    ann.is_new = false;
    update(f, tx_issue, &ann);
    expect_one(f, watch, &ann.user.id);
}


static void
the_first_look_begins_at_the_end(void **state)
{
    call_t        ann;
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    ann = person(f, ANN);
    update(f, tx_end_all, &ann);

    watch = watch_open(f);
    assert_true(watch->has_number);
    assert_false(watch->is_all);
    assert_int_equal(watch->user_count, 0);
}


static void
missing_rows_mean_everybody(void **state)
{
    size_t              removed;
    call_t              ann, rows = { .count = 3 };
    fixture_t          *f = *state;
    mfa_watch_t        *watch;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_REVOKED };

    ann = person(f, ANN);
    rows.user = ann.user;
    watch = watch_open(f);
    update(f, tx_add, &rows);

    f->now += MFA_REVOKED_KEEP - 1;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    update(f, tx_count, &rows);
    assert_int_equal(rows.count, 3);

    f->now += 1;
    cursor = (mfa_purge_cursor_t) { .table = MFA_TABLE_REVOKED };
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 100, &removed),
                     MFA_OK);
    update(f, tx_count, &rows);
    assert_int_equal(rows.count, 0);

    look(f, watch);
    assert_true(watch->is_all);
    look(f, watch);
    assert_false(watch->is_all);

    /* the numbers go on */

    update(f, tx_end, &ann);
    expect_one(f, watch, &ann.user.id);
}


static void
more_rows_than_one_look_reads_mean_everybody(void **state)
{
    call_t        rows = { .count = MFA_REVOKED_MOST };
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    rows.user = person(f, ANN).user;
    watch = watch_open(f);

    update(f, tx_add, &rows);
    look(f, watch);
    assert_false(watch->is_all);
    assert_int_equal(watch->user_count, MFA_REVOKED_MOST);

    rows.count++;
    update(f, tx_add, &rows);
    look(f, watch);
    assert_true(watch->is_all);
    assert_int_equal(watch->user_count, 0);
}


static void
a_row_that_cannot_be_read_means_everybody(void **state)
{
    size_t              i;
    call_t              rows = { .count = 1 };
    fixture_t          *f = *state;
    mfa_watch_t        *watch;
    static const char  *records[] = { "", "\x01", "\x02 of a later version" };

    rows.user = person(f, ANN).user;
    watch = watch_open(f);

    for (i = 0; i < 3; i++) {
        update(f, tx_add, &rows);
        update(f, tx_spoil, (void *) (uintptr_t) records[i]);
        look(f, watch);
        assert_true(watch->is_all);
        look(f, watch);
        assert_false(watch->is_all);
    }
}


static void
a_log_that_went_back_means_everybody(void **state)
{
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    watch = watch_open(f);
    watch->number += 5;
    look(f, watch);
    assert_true(watch->is_all);
    look(f, watch);
    assert_false(watch->is_all);
}


/* in a store without room a row is left out, not the revocation */

static void
a_full_store_ends_sessions_all_the_same(void **state)
{
    call_t        ann, rows = { .count = 0 };
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    ann = person(f, ANN);
    watch = watch_open(f);

    ann.is_full = true;
    update(f, tx_end, &ann);
    update(f, tx_count, &rows);
    assert_int_equal(rows.count, 0);
    assert_int_equal(asked(f, watch, &ann), MFA_SESSION_NONE);
    assert_true(watch->is_all);
}


static void
an_answer_is_what_the_gate_would_say(void **state)
{
    call_t        ann, max;
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    ann = person(f, ANN);
    max = person(f, MAX);
    watch = watch_open(f);

    assert_int_equal(asked(f, watch, &ann), MFA_SESSION_LIVE);
    assert_int_equal(watch->asks[0].over_at,
                     f->now + f->settings.idle_timeout);

    f->now += f->settings.idle_timeout - 1;
    assert_int_equal(asked(f, watch, &ann), MFA_SESSION_LIVE);
    f->now += 1;
    assert_int_equal(asked(f, watch, &ann), MFA_SESSION_IDLE);

    f->settings.idle_timeout = f->settings.session_limit * 2;
    assert_int_equal(asked(f, watch, &max), MFA_SESSION_LIVE);
    assert_int_equal(watch->asks[0].over_at,
                     max.session.started_at + f->settings.session_limit);
    f->now = watch->asks[0].over_at;
    assert_int_equal(asked(f, watch, &max), MFA_SESSION_OLD);

    update(f, tx_disable, &max);
    assert_int_equal(asked(f, watch, &max), MFA_SESSION_REVOKED);
    update(f, tx_end, &ann);
    assert_int_equal(asked(f, watch, &ann), MFA_SESSION_NONE);
    assert_int_equal(watch->asks[0].over_at, 0);
}


static void
too_many_questions_are_a_bug(void **state)
{
    fixture_t    *f = *state;
    mfa_watch_t  *watch;

    watch = watch_open(f);
    watch->ask_count = MFA_ASKS_MOST + 1;
    assert_int_equal(mfa_watch_look(fixture_work(f), watch), MFA_BUG);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(each_end_of_a_session_is_told),
        each(what_ends_no_session_is_not_told),
        each(a_session_too_many_is_told),
        each(the_first_look_begins_at_the_end),
        each(missing_rows_mean_everybody),
        each(more_rows_than_one_look_reads_mean_everybody),
        each(a_row_that_cannot_be_read_means_everybody),
        each(a_log_that_went_back_means_everybody),
        each(a_full_store_ends_sessions_all_the_same),
        each(an_answer_is_what_the_gate_would_say),
        each(too_many_questions_are_a_bug)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
