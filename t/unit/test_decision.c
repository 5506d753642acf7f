/* The gate's decisions: from the store, from the cache, and when it errs. */

#include "mfa_gate_fixture.h"


static mfa_status_t
spoil_in(mfa_tx_t *tx, void *arg)
{
    gate_t     *gate = arg;
    mfa_str_t   key = mfa_str_bytes(gate->session.key, MFA_DIGEST_SIZE);

    return mfa_txn_put(tx->txn, MFA_TABLE_SESSION, key, mfa_str("\x01"));
}


static void
a_live_session_passes_with_its_identity(void **state)
{
    unsigned   i;
    gate_t     gate;
    mfa_str_t  groups[] = { mfa_str("ess"), mfa_str("staff, all\xc3\xa9 %") };

    gate_open(&gate, *state);
    gate.user.groups = (mfa_strs_t) { groups, 2 };
    assert_int_equal(mfa_pairs_add(gate.f->arena, &gate.user.attrs,
                                   mfa_str("cost"), mfa_str("4\xc2\xa3")),
                     MFA_OK);
    gate_update(&gate, gate_save_in);

    for (i = 0; i < 4; i++) {
        assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
        assert_true(mfa_str_eq_c(gate.identity->user, GATE_ANN));
        assert_true(mfa_str_eq_c(gate.identity->email, GATE_ANN));
        assert_true(mfa_str_eq_c(gate.identity->name, "Ann Employee"));
        assert_true(mfa_str_eq_c(gate.identity->amr, "pwd otp mfa"));
        assert_true(mfa_str_eq_c(gate.identity->auth_time, "1790000000"));
        assert_int_equal(gate.identity->session.len, 64);
        assert_int_equal(gate.identity->factor_at, FIXTURE_NOW);

        /* G3: an own comma cannot be taken for the one between two */

        assert_true(mfa_str_eq_c(gate.identity->groups,
                                 "ess,staff%2C all%C3%A9 %25"));
        assert_int_equal(gate.identity->group_list.count, 2);
        assert_true(mfa_str_eq(gate.identity->group_list.items[1],
                               groups[1]));
        assert_true(mfa_str_eq_c(mfa_pairs_get(&gate.identity->attrs,
                                               mfa_str("cost")), "4%C2%A3"));
    }

    gate_close(&gate);
}


/* G6: what a request holds stays as it is while the cache goes on */

static void
an_identity_that_is_held_outlives_its_entry(void **state)
{
    gate_t           gate;
    mfa_identity_t  *held;

    gate_open(&gate, *state);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);

    held = gate.identity;
    gate.identity = NULL;

    gate.user.surname = mfa_str("100%");
    gate_update(&gate, gate_save_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    assert_true(mfa_str_eq_c(gate.identity->name, "Ann 100%25"));
    gate_close(&gate);

    assert_true(mfa_str_eq_c(held->name, "Ann Employee"));
    mfa_identity_release(&held);
    assert_null(held);
    mfa_identity_release(&held);
}


static void
too_many_groups_are_cut_between_two(void **state)
{
    size_t     i;
    gate_t     gate;
    mfa_str_t  groups[MFA_LIST_MAX], last;

    for (i = 0; i < MFA_LIST_MAX; i++) {
        groups[i] = mfa_str("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
    }

    gate_open(&gate, *state);
    gate.user.groups = (mfa_strs_t) { groups, MFA_LIST_MAX };
    gate_update(&gate, gate_save_in);

    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    assert_in_range(gate.identity->groups.len, 3900, 4096);
    assert_int_equal((gate.identity->groups.len + 1) % (18 * 6 + 1), 0);
    last = gate.identity->groups;
    assert_memory_equal(last.data + last.len - 6, "%C3%A9", 6);

    for (i = 0; i < MFA_LIST_MAX; i++) {
        groups[i] = mfa_str(",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,");
    }

    gate_update(&gate, gate_save_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    assert_in_range(gate.identity->groups.len, 3900, 4096);
    assert_int_equal((gate.identity->groups.len + 1) % (40 * 3 + 1), 0);
    gate_close(&gate);
}


/* D4 */

static void
an_unknown_token_is_denied_and_leaves_no_trace(void **state)
{
    unsigned  i;
    gate_t    gate;

    static const char *const  tokens[] = {
        "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
    };

    gate_open(&gate, *state);

    for (i = 0; i < 8; i++) {
        gate.token = mfa_str_from(tokens[i % 4]);
        assert_int_equal(gate_state(&gate), MFA_SESSION_NONE);
        assert_null(gate.identity);
    }

    gate.f->now += MFA_HOUR;
    assert_int_equal(gate_flush(&gate), 0);
    gate_close(&gate);
}


/* D6, D7: the next request sees it, cached or not */

static void
a_revocation_is_seen_by_the_next_request(void **state)
{
    gate_t  gate;

    gate_open(&gate, *state);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);

    gate.user.is_disabled = true;
    gate_update(&gate, gate_save_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_REVOKED);
    assert_int_equal(gate_state(&gate), MFA_SESSION_REVOKED);
    assert_non_null(gate.identity);

    gate.user.is_disabled = false;
    gate_update(&gate, gate_save_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);

    gate.user.epoch++;
    gate_update(&gate, gate_save_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_REVOKED);

    gate_issue(&gate);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    gate_update(&gate, gate_end_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_NONE);
    assert_null(gate.identity);

    gate_issue(&gate);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    gate_update(&gate, gate_delete_user_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_NONE);
    gate_close(&gate);
}


/* D5: in the cache as in the store */

static void
a_cached_session_grows_idle_and_old(void **state)
{
    gate_t      gate;
    mfa_time_t  start;

    gate_open(&gate, *state);
    start = gate.f->now;
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    gate.f->now += MFA_HOUR;
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    assert_non_null(gate.identity);
    assert_int_equal(gate_flush(&gate), 0);

    gate_issue(&gate);
    start = gate.f->now;

    while (gate.f->now < start + 12 * MFA_HOUR) {
        assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
        gate.f->now += 20 * MFA_MINUTE;
        gate_flush(&gate);
    }

    assert_int_equal(gate_state(&gate), MFA_SESSION_OLD);
    gate_close(&gate);
}


/* D5 */

static void
uses_are_written_at_most_once_a_minute(void **state)
{
    gate_t      gate;
    mfa_time_t  start;

    gate_open(&gate, *state);
    start = gate.f->now;

    gate.f->now = start + MFA_MINUTE - 1;
    (void) gate_state(&gate);
    (void) gate_state(&gate);
    assert_int_equal(gate_flush(&gate), 0);

    gate.f->now = start + MFA_MINUTE;
    (void) gate_state(&gate);
    (void) gate_state(&gate);
    (void) gate_state(&gate);
    assert_int_equal(gate_flush(&gate), 1);
    assert_int_equal(gate_seen_at(&gate), start + MFA_MINUTE);

    gate.f->now += 30 * MFA_SECOND;
    (void) gate_state(&gate);
    assert_int_equal(gate_flush(&gate), 0);
    gate.f->now += 30 * MFA_SECOND;
    (void) gate_state(&gate);
    assert_int_equal(gate_flush(&gate), 1);
    gate_close(&gate);
}


/* D5: where touches cannot be written, use keeps a session alive in here,
 * and no longer than it would have lived; threads know only the store */

static void
a_failed_touch_neither_denies_nor_extends(void **state)
{
    gate_t       gate;
    mfa_time_t   start;
    mfa_touch_t  lost[16];

    gate_open(&gate, *state);
    start = gate.f->now;

    while (gate.f->now < start + 12 * MFA_HOUR) {
        assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
        gate.f->now += 30 * MFA_MINUTE;
        assert_in_range(mfa_decision_touches(gate.cache, gate.f->now, lost,
                                             16), 0, 1);
    }

    assert_int_equal(gate_state(&gate), MFA_SESSION_OLD);
    gate_close(&gate);
}


/* D5 */

static void
a_touch_of_a_dead_session_does_nothing(void **state)
{
    gate_t       gate;
    mfa_time_t   seen_at;
    mfa_touch_t  touches[3];

    gate_open(&gate, *state);
    seen_at = gate.session.seen_at;
    gate.f->now += 2 * MFA_HOUR;

    memcpy(touches[0].key, gate.session.key, MFA_DIGEST_SIZE);
    touches[0].seen_at = gate.f->now;
    memset(touches[1].key, 0, MFA_DIGEST_SIZE);
    touches[1].seen_at = gate.f->now;
    assert_int_equal(mfa_touches_write(fixture_work(gate.f), touches, 2),
                     MFA_OK);
    assert_int_equal(mfa_touches_write(fixture_work(gate.f), touches, 0),
                     MFA_OK);
    assert_int_equal(gate_seen_at(&gate), seen_at);
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);

    gate_update(&gate, gate_end_in);
    assert_int_equal(mfa_touches_write(fixture_work(gate.f), touches, 2),
                     MFA_OK);
    assert_int_equal(gate_state(&gate), MFA_SESSION_NONE);
    gate_close(&gate);
}


/* three of them, where one would hold the lock and its pages for all */

static void
many_touches_take_turns_with_other_writers(void **state)
{
    size_t       i;
    gate_t       gate;
    uint64_t     before, after;
    mfa_touch_t  touches[1001];

    gate_open(&gate, *state);
    gate.f->now += 10 * MFA_MINUTE;
    memset(touches, 0, sizeof(touches));

    for (i = 0; i <= 1000; i += 500) {
        memcpy(touches[i].key, gate.session.key, MFA_DIGEST_SIZE);
        touches[i].seen_at = gate.f->now - (mfa_time_t) (1000 - i);
    }

    assert_int_equal(mfa_store_version(gate.f->store, &before), MFA_OK);
    assert_int_equal(mfa_touches_write(fixture_work(gate.f), touches, 1001),
                     MFA_OK);
    assert_int_equal(mfa_store_version(gate.f->store, &after), MFA_OK);
    assert_int_equal(after - before, 3);
    assert_int_equal(gate_seen_at(&gate), gate.f->now);
    gate_close(&gate);
}


/* many more sessions than slots: right answers, and no touch is lost */

static void
a_small_cache_answers_right_and_loses_no_touch(void **state)
{
    size_t       i, count;
    gate_t       gate;
    fixture_t   *f = *state;
    mfa_str_t    tokens[20];
    mfa_touch_t  touches[64];

    f->settings.sessions_per_user = 20;
    gate_open(&gate, f);
    mfa_decisions_close(&gate.cache);
    assert_int_equal(mfa_decisions_open(&f->model, 3, &gate.cache), MFA_BUG);
    assert_int_equal(mfa_decisions_open(&f->model, 2, &gate.cache), MFA_OK);
    tokens[0] = gate.token;

    for (i = 1; i < 20; i++) {
        gate_issue(&gate);
        tokens[i] = gate.token;
    }

    f->now += 2 * MFA_MINUTE;

    for (i = 0; i < 100; i++) {
        gate.token = tokens[i % 20];
        assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    }

    for (count = 0, i = 1; i > 0; count += i) {
        i = mfa_decision_touches(gate.cache, f->now, touches + count, 7);
    }

    assert_int_equal(count, 20);
    assert_int_equal(mfa_touches_write(fixture_work(f), touches, count),
                     MFA_OK);

    for (i = 0; i < 20; i++) {
        gate.token = tokens[i];
        assert_int_equal(gate_seen_at(&gate), f->now);
    }

    gate_close(&gate);
}


/* J13 */

static void
a_clock_that_steps_back_revives_nothing(void **state)
{
    gate_t  gate;

    gate_open(&gate, *state);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);

    gate.f->now += 2 * MFA_HOUR;
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    gate_update(&gate, gate_save_in);
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    gate.f->now -= 2 * MFA_HOUR;
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);

    /* neither in a worker that knows only the store */

    mfa_decisions_close(&gate.cache);
    assert_int_equal(mfa_decisions_open(&gate.f->model, GATE_SLOTS,
                                        &gate.cache), MFA_OK);
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    gate_close(&gate);
}


/* J13: nor where no commit has raised the mark */

static void
a_quiet_worker_keeps_its_own_time(void **state)
{
    gate_t  gate;

    gate_open(&gate, *state);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    gate.f->now += 2 * MFA_HOUR;
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    gate.f->now -= 2 * MFA_HOUR;
    assert_int_equal(gate_state(&gate), MFA_SESSION_IDLE);
    gate_close(&gate);
}


/* a fault is no pass */

static void
a_fault_denies(void **state)
{
    gate_t  gate;

    gate_open(&gate, *state);
    assert_int_equal(gate_state(&gate), MFA_SESSION_LIVE);
    gate_update(&gate, spoil_in);

    assert_int_equal(gate_ask(&gate), MFA_DAMAGED);
    assert_int_equal(gate.verdict, MFA_VERDICT_DENY);
    assert_null(gate.identity);
    assert_int_equal(gate_ask(&gate), MFA_DAMAGED);
    assert_null(gate.identity);
    gate_close(&gate);
}


/* the same decision may be made on the event loop and in a thread */

static void
a_thread_decides_the_same(void **state)
{
    gate_t               gate;
    mfa_verdict_t        verdict;
    mfa_identity_t      *identity;
    mfa_session_state_t  found;

    gate_open(&gate, *state);

    assert_int_equal(mfa_decision_read(&gate.f->model, gate.token, &identity,
                                       &verdict, &found), MFA_OK);
    assert_int_equal(verdict, MFA_VERDICT_PASS);
    assert_int_equal(identity->holders, 1);
    mfa_identity_release(&identity);

    assert_int_equal(mfa_decision_read(&gate.f->model, mfa_str("x"),
                                       &identity, &verdict, &found), MFA_OK);
    assert_int_equal(verdict, MFA_VERDICT_DENY);
    assert_null(identity);

    gate.f->now += MFA_HOUR;
    assert_int_equal(mfa_decision_read(&gate.f->model, gate.token, &identity,
                                       &verdict, &found), MFA_OK);
    assert_int_equal(verdict, MFA_VERDICT_DENY);
    assert_int_equal(found, MFA_SESSION_IDLE);
    mfa_identity_release(&identity);
    gate_close(&gate);
}


static mfa_verdict_t
ask_unseen(gate_t *gate)
{
    mfa_status_t  st;

    mfa_identity_release(&gate->identity);

    st = mfa_decision_check_unseen(gate->cache, gate->token, gate->f->now,
                                   &gate->identity, &gate->verdict,
                                   &gate->state);

    if (st == MFA_AGAIN) {
        st = mfa_decision_read(&gate->f->model, gate->token, &gate->identity,
                               &gate->verdict, &gate->state);
    }

    assert_int_equal(st, MFA_OK);

    return gate->verdict;
}


/* L8 */

static void
what_no_person_started_leaves_a_session_to_its_end(void **state)
{
    int          i;
    gate_t       gate;
    mfa_touch_t  touch;
    fixture_t   *f = *state;

    gate_open(&gate, f);

    /* in the cache and noted by a person at 10 minutes, polled since then */

    f->now += 10 * MFA_MINUTE;
    assert_int_equal(gate_ask(&gate), MFA_OK);
    assert_int_equal(gate.verdict, MFA_VERDICT_PASS);
    assert_int_equal(mfa_decision_touches(gate.cache, f->now, &touch, 1), 1);
    assert_int_equal(mfa_touches_write(fixture_work(f), &touch, 1), MFA_OK);

    for (i = 0; i < 59; i++) {
        f->now += MFA_MINUTE;
        assert_int_equal(ask_unseen(&gate), MFA_VERDICT_PASS);
    }

    assert_int_equal(mfa_decision_touches(gate.cache, f->now, &touch, 1), 0);

    f->now += MFA_MINUTE;
    assert_int_equal(ask_unseen(&gate), MFA_VERDICT_DENY);
    assert_int_equal(gate.state, MFA_SESSION_IDLE);

    /* nor does a person come in behind it */

    assert_int_equal(gate_ask(&gate), MFA_OK);
    assert_int_equal(gate.verdict, MFA_VERDICT_DENY);

    gate_close(&gate);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_live_session_passes_with_its_identity),
        FIXTURE_TEST(an_identity_that_is_held_outlives_its_entry),
        FIXTURE_TEST(too_many_groups_are_cut_between_two),
        FIXTURE_TEST(an_unknown_token_is_denied_and_leaves_no_trace),
        FIXTURE_TEST(a_revocation_is_seen_by_the_next_request),
        FIXTURE_TEST(a_cached_session_grows_idle_and_old),
        FIXTURE_TEST(what_no_person_started_leaves_a_session_to_its_end),
        FIXTURE_TEST(uses_are_written_at_most_once_a_minute),
        FIXTURE_TEST_ON(a_failed_touch_neither_denies_nor_extends, "lmdb"),
        FIXTURE_TEST(a_touch_of_a_dead_session_does_nothing),
        FIXTURE_TEST_ON(many_touches_take_turns_with_other_writers, "lmdb"),
        FIXTURE_TEST(a_small_cache_answers_right_and_loses_no_touch),
        FIXTURE_TEST(a_clock_that_steps_back_revives_nothing),
        FIXTURE_TEST_ON(a_quiet_worker_keeps_its_own_time, "lmdb"),
        FIXTURE_TEST(a_fault_denies),
        FIXTURE_TEST(a_thread_decides_the_same),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
