/* Sessions: issuing, judging, touching, ending. */

#include "mfa_fixture.h"

#include "../../src/model/mfa_purge.h"


#define ANN  "ann.employee@example.org"

typedef struct {
    mfa_user_t          user;
    mfa_session_t       session;
    mfa_session_view_t  view;
    mfa_session_t      *list;
    size_t              count;
    mfa_str_t           token;
    mfa_time_t          at;
    bool                is_over;
} step_t;


static mfa_status_t
issue_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_id_t       id = step->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &step->user);

    return st == MFA_OK ? mfa_session_issue(tx, &step->user, &step->session,
                                            &step->token)
                        : st;
}


static mfa_status_t
look_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_session_look(tx, step->token, &step->view);
}


static mfa_status_t
save_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_user_save(tx, &step->user, NULL);
}


static mfa_status_t
delete_user_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_user_delete(tx, &step->user.id);
}


static mfa_status_t
end_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_session_end(tx, step->session.key);
}


static mfa_status_t
end_all_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_id_t       id = step->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &step->user);

    return st == MFA_OK ? mfa_session_end_all(tx, &step->user) : st;
}


static mfa_status_t
touch_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_session_touch(tx, step->session.key, step->at);
}


static mfa_status_t
list_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_session_list(tx, &step->user.id, &step->list, &step->count);
}


static mfa_status_t
over_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_str_t      record, key;
    mfa_status_t   st;

    key = mfa_str_bytes(step->session.key, MFA_DIGEST_SIZE);
    st = mfa_txn_get(tx->txn, MFA_TABLE_SESSION, key, tx->work->arena,
                     &record);

    return st == MFA_OK ? mfa_session_is_over(tx, key, record, &step->is_over)
                        : st;
}


/* rows of the store in both tables of sessions */

static mfa_status_t
rows_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    unsigned       table;
    mfa_status_t   st;

    step->count = 0;

    for (table = MFA_TABLE_SESSION;
         table <= MFA_TABLE_SESSION_USER;
         table++)
    {
        mfa_cursor_t  cursor = { .table = table };

        while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena))
               == MFA_OK)
        {
            step->count++;
        }

        if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


static void
issue(fixture_t *f, step_t *step)
{
    step->session = (mfa_session_t) { .amr = MFA_AMR_PWD | MFA_AMR_OTP,
                                      .agent = mfa_str("Firefox on Linux") };

    assert_int_equal(mfa_update(fixture_work(f), issue_in, step), MFA_OK);
    assert_int_equal(step->token.len, MFA_TOKEN_TEXT);
}


static void
log_in(fixture_t *f, step_t *step)
{
    *step = (step_t) { .count = 0 };
    fixture_user(f, ANN, &step->user);
    issue(f, step);
}


static mfa_session_state_t
state_of(fixture_t *f, step_t *step)
{
    assert_int_equal(mfa_view(fixture_work(f), look_in, step), MFA_OK);
    assert_true((step->view.state == MFA_SESSION_LIVE)
                == (step->view.verdict == MFA_VERDICT_PASS));

    return step->view.state;
}


static void
touch(fixture_t *f, step_t *step, mfa_time_t at)
{
    step->at = at;
    assert_int_equal(mfa_update(fixture_work(f), touch_in, step), MFA_OK);
}


static void
a_new_session_is_live_and_comes_back_whole(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    log_in(f, &step);
    assert_int_equal(state_of(f, &step), MFA_SESSION_LIVE);
    assert_memory_equal(step.view.session.key, step.session.key,
                        MFA_DIGEST_SIZE);
    assert_memory_equal(&step.view.session.user, &step.user.id,
                        sizeof(mfa_id_t));
    assert_int_equal(step.view.session.amr, MFA_AMR_PWD | MFA_AMR_OTP);
    assert_int_equal(step.view.session.started_at, f->now);
    assert_int_equal(step.view.session.seen_at, f->now);
    assert_int_equal(step.view.session.factor_at, f->now);
    assert_int_equal(step.view.session.address.len, 4);
    assert_memory_equal(step.view.session.address.bytes, "\xcb\x00\x71\x07",
                        4);
    assert_true(mfa_str_eq_c(step.view.session.agent, "Firefox on Linux"));
    assert_int_equal(step.view.user.login_at, f->now);
    assert_true(mfa_str_eq_c(step.view.user.email, ANN));
}


/* D1 */

static void
the_store_holds_only_a_digest_of_the_token(void **state)
{
    step_t      step;
    uint8_t     raw[MFA_TOKEN_SIZE], digest[MFA_DIGEST_SIZE];
    fixture_t  *f = *state;
    mfa_str_t   first;

    log_in(f, &step);
    assert_int_equal(mfa_base64url_decode_fixed(step.token, raw, sizeof(raw)),
                     MFA_OK);
    assert_int_equal(mfa_sha256(mfa_str_bytes(raw, sizeof(raw)), digest),
                     MFA_OK);
    assert_memory_equal(step.session.key, digest, sizeof(digest));

    first = step.token;
    issue(f, &step);
    assert_false(mfa_str_eq(first, step.token));
}


/* D4 */

static void
a_token_that_is_not_ours_is_nobody(void **state)
{
    size_t      i;
    step_t      step;
    fixture_t  *f = *state;
    mfa_str_t   good;

    static const char *const  tokens[] = {
        "", "a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA",
    };

    log_in(f, &step);
    good = step.token;

    for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        step.token = mfa_str_from(tokens[i]);
        assert_int_equal(state_of(f, &step), MFA_SESSION_NONE);
        assert_int_equal(mfa_user_may_log_in(&step.view.user),
                         MFA_VERDICT_DENY);
    }

    step.token = mfa_str_bytes(good.data, good.len - 1);
    assert_int_equal(state_of(f, &step), MFA_SESSION_NONE);
    step.token = mfa_null;
    assert_int_equal(state_of(f, &step), MFA_SESSION_NONE);

    assert_int_equal(mfa_view(fixture_work(f), rows_in, &step), MFA_OK);
    assert_int_equal(step.count, 2);
}


/* D5 */

static void
an_idle_session_ends_after_an_hour(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    log_in(f, &step);
    f->now += MFA_HOUR - 1;
    assert_int_equal(state_of(f, &step), MFA_SESSION_LIVE);
    f->now += 1;
    assert_int_equal(state_of(f, &step), MFA_SESSION_IDLE);
    f->now += 30 * MFA_DAY;
    assert_int_equal(state_of(f, &step), MFA_SESSION_IDLE);
}


/* D5 */

static void
a_busy_session_ends_after_twelve_hours(void **state)
{
    unsigned     i;
    step_t       step;
    fixture_t   *f = *state;
    mfa_time_t   start;

    log_in(f, &step);
    start = f->now;

    for (i = 1; i < 12 * 12; i++) {
        f->now += 5 * MFA_MINUTE;
        assert_int_equal(state_of(f, &step), MFA_SESSION_LIVE);
        touch(f, &step, f->now);
    }

    f->now = start + 12 * MFA_HOUR - 1;
    assert_int_equal(state_of(f, &step), MFA_SESSION_LIVE);
    f->now += 1;
    assert_int_equal(state_of(f, &step), MFA_SESSION_OLD);
}


/* D5: a note of a use that comes late neither revives nor extends */

static void
a_touch_moves_forward_only_while_alive(void **state)
{
    step_t       step;
    fixture_t   *f = *state;
    mfa_time_t   start;

    log_in(f, &step);
    start = f->now;
    f->now += 50 * MFA_MINUTE;

    touch(f, &step, start + 40 * MFA_MINUTE);
    touch(f, &step, start + 30 * MFA_MINUTE);
    (void) state_of(f, &step);
    assert_int_equal(step.view.session.seen_at, start + 40 * MFA_MINUTE);

    touch(f, &step, f->now + MFA_DAY);
    (void) state_of(f, &step);
    assert_int_equal(step.view.session.seen_at, f->now);

    f->now += MFA_HOUR;
    touch(f, &step, f->now);
    assert_int_equal(state_of(f, &step), MFA_SESSION_IDLE);

    memset(step.session.key, 0, MFA_DIGEST_SIZE);
    touch(f, &step, f->now);
}


/* J13 */

static void
a_clock_that_steps_back_revives_no_session(void **state)
{
    step_t      step, other;
    fixture_t  *f = *state;

    log_in(f, &step);
    other = (step_t) { .count = 0 };
    fixture_user(f, "bob.manager@example.org", &other.user);

    f->now += 2 * MFA_HOUR;
    issue(f, &other);
    f->now -= 2 * MFA_HOUR;
    assert_int_equal(state_of(f, &step), MFA_SESSION_IDLE);
    assert_int_equal(state_of(f, &other), MFA_SESSION_LIVE);
}


/* D7 */

static void
a_disabled_locked_or_deleted_user_has_no_session(void **state)
{
    step_t      step, again;
    fixture_t  *f = *state;

    log_in(f, &step);

    step.user.is_disabled = true;
    assert_int_equal(mfa_update(fixture_work(f), save_in, &step), MFA_OK);
    assert_int_equal(state_of(f, &step), MFA_SESSION_REVOKED);

    step.user.is_disabled = false;
    step.user.is_locked = true;
    assert_int_equal(mfa_update(fixture_work(f), save_in, &step), MFA_OK);
    assert_int_equal(state_of(f, &step), MFA_SESSION_REVOKED);
    again = step;
    assert_int_equal(mfa_update(fixture_work(f), issue_in, &again),
                     MFA_INVALID);
    assert_int_equal(again.token.len, 0);

    step.user.is_locked = false;
    step.user.epoch++;
    assert_int_equal(mfa_update(fixture_work(f), save_in, &step), MFA_OK);
    assert_int_equal(state_of(f, &step), MFA_SESSION_REVOKED);

    assert_int_equal(mfa_update(fixture_work(f), delete_user_in, &step),
                     MFA_OK);
    assert_int_equal(state_of(f, &step), MFA_SESSION_NONE);
}


/* D6, D7 */

static void
ended_sessions_are_gone_from_both_tables(void **state)
{
    step_t      step, other;
    fixture_t  *f = *state;

    log_in(f, &step);
    other = (step_t) { .user = step.user };
    issue(f, &other);

    assert_int_equal(mfa_update(fixture_work(f), end_in, &step), MFA_OK);
    assert_int_equal(state_of(f, &step), MFA_SESSION_NONE);
    assert_int_equal(state_of(f, &other), MFA_SESSION_LIVE);
    assert_int_equal(mfa_update(fixture_work(f), end_in, &step),
                     MFA_NOT_FOUND);

    issue(f, &step);
    assert_int_equal(mfa_update(fixture_work(f), end_all_in, &step), MFA_OK);
    assert_int_equal(state_of(f, &step), MFA_SESSION_NONE);
    assert_int_equal(state_of(f, &other), MFA_SESSION_NONE);
    assert_int_equal(mfa_view(fixture_work(f), rows_in, &step), MFA_OK);
    assert_int_equal(step.count, 0);
    assert_true(step.user.epoch > 0);

    issue(f, &step);
    assert_int_equal(state_of(f, &step), MFA_SESSION_LIVE);
}


/* D8 */

static void
the_eleventh_session_ends_the_one_unused_longest(void **state)
{
    size_t       i;
    step_t       steps[11];
    fixture_t   *f = *state;
    mfa_user_t   user;

    fixture_user(f, ANN, &user);

    for (i = 0; i < 10; i++) {
        steps[i] = (step_t) { .user = user };
        f->now += MFA_SECOND;
        issue(f, &steps[i]);
    }

    f->now += MFA_SECOND;
    touch(f, &steps[0], f->now);
    steps[10] = (step_t) { .user = user };
    issue(f, &steps[10]);

    for (i = 0; i < 11; i++) {
        assert_int_equal(state_of(f, &steps[i]),
                         i == 1 ? MFA_SESSION_NONE : MFA_SESSION_LIVE);
    }

    assert_int_equal(f->work.events.lines.count, 0);
    assert_int_equal(mfa_view(fixture_work(f), list_in, &steps[0]), MFA_OK);
    assert_int_equal(steps[0].count, 10);
    assert_memory_equal(steps[0].list[0].key, steps[10].session.key,
                        MFA_DIGEST_SIZE);
    assert_memory_equal(steps[0].list[9].key, steps[0].session.key,
                        MFA_DIGEST_SIZE);
}


/* D8 */

static void
a_smaller_number_of_sessions_holds_from_the_next_login(void **state)
{
    size_t       i;
    step_t       step;
    fixture_t   *f = *state;
    mfa_work_t  *work;

    log_in(f, &step);

    for (i = 0; i < 6; i++) {
        issue(f, &step);
    }

    f->settings.sessions_per_user = 2;
    work = fixture_work(f);
    assert_int_equal(mfa_update(work, issue_in, &step), MFA_OK);
    assert_int_equal(work->events.lines.count, 6);
    assert_int_equal(mfa_view(fixture_work(f), rows_in, &step), MFA_OK);
    assert_int_equal(step.count, 4);
}


/* D8 */

static void
a_list_leaves_dead_sessions_out_and_a_login_removes_them(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    log_in(f, &step);
    f->now += MFA_HOUR + MFA_HELD_LIFE;
    assert_int_equal(mfa_view(fixture_work(f), list_in, &step), MFA_OK);
    assert_int_equal(step.count, 0);

    issue(f, &step);
    assert_int_equal(mfa_view(fixture_work(f), rows_in, &step), MFA_OK);
    assert_int_equal(step.count, 2);

    memset(step.user.id.bytes, 0, MFA_ID_SIZE);
    assert_int_equal(mfa_view(fixture_work(f), list_in, &step),
                     MFA_NOT_FOUND);
}


/* D5 L8: a worker may know a later use, and a person wants to be told why */

static void
purge_leaves_an_idle_session_for_a_day(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    log_in(f, &step);
    f->now += MFA_HOUR + MFA_DAY - MFA_MINUTE;
    assert_int_equal(mfa_view(fixture_work(f), over_in, &step), MFA_OK);
    assert_false(step.is_over);
    f->now += MFA_MINUTE;
    assert_int_equal(mfa_view(fixture_work(f), over_in, &step), MFA_OK);
    assert_true(step.is_over);
}


static mfa_status_t
spoil_in(mfa_tx_t *tx, void *arg)
{
    step_t     *step = arg;
    mfa_str_t   key = mfa_str_bytes(step->session.key, MFA_DIGEST_SIZE);

    return mfa_txn_put(tx->txn, MFA_TABLE_SESSION, key, step->session.agent);
}


/* J14 */

static void
a_damaged_or_newer_record_denies(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    log_in(f, &step);

    step.session.agent = mfa_str("\x03xyz");
    assert_int_equal(mfa_update(fixture_work(f), spoil_in, &step), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), look_in, &step), MFA_NEWER);
    assert_int_equal(step.view.verdict, MFA_VERDICT_DENY);

    step.session.agent = mfa_str("\x02xyz");
    assert_int_equal(mfa_update(fixture_work(f), spoil_in, &step), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), look_in, &step), MFA_DAMAGED);
    assert_int_equal(step.view.verdict, MFA_VERDICT_DENY);

    step.session.agent = mfa_str("");
    assert_int_equal(mfa_update(fixture_work(f), spoil_in, &step), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), look_in, &step), MFA_DAMAGED);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_new_session_is_live_and_comes_back_whole),
        FIXTURE_TEST(the_store_holds_only_a_digest_of_the_token),
        FIXTURE_TEST(a_token_that_is_not_ours_is_nobody),
        FIXTURE_TEST(an_idle_session_ends_after_an_hour),
        FIXTURE_TEST(a_busy_session_ends_after_twelve_hours),
        FIXTURE_TEST(a_touch_moves_forward_only_while_alive),
        FIXTURE_TEST(a_clock_that_steps_back_revives_no_session),
        FIXTURE_TEST(a_disabled_locked_or_deleted_user_has_no_session),
        FIXTURE_TEST(ended_sessions_are_gone_from_both_tables),
        FIXTURE_TEST(the_eleventh_session_ends_the_one_unused_longest),
        FIXTURE_TEST(a_smaller_number_of_sessions_holds_from_the_next_login),
        FIXTURE_TEST(a_list_leaves_dead_sessions_out_and_a_login_removes_them),
        FIXTURE_TEST(purge_leaves_an_idle_session_for_a_day),
        FIXTURE_TEST(a_damaged_or_newer_record_denies),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
