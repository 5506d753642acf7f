/*
 * Reminders: how much of it one turn of the sweeper does, several of them at
 * once, what is left in the store; and who is ready (Y1).
 */

#include "mfa_remind_fixture.h"

#include <sys/wait.h>


/* two gateways on one store, at the same time */

static void
two_workers_send_it_once(void **state)
{
    int         i, status, turns;
    pid_t       pids[2];
    size_t      sent;
    fixture_t  *f = *state;

    begin(f, 14);
    add_many(f, 35);

    for (i = 0; i < 2; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);

        if (pids[i] == 0) {
            f->seed += 1000 * (unsigned) (i + 1);
            f->store = NULL;
            fixture_store_open(f);

            for (turns = 0; turns < 10; turns++) {
                if (mfa_flow_remind(fixture_work(f), &settings, &cursor,
                                    &sent) != MFA_OK)
                {
                    _exit(1);
                }
            }

            mfa_store_close(&f->store);
            _exit(0);
        }
    }

    for (i = 0; i < 2; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }

    assert_int_equal(waiting(f), 35);
}


static void
without_a_date_nobody_is_looked_at(void **state)
{
    fixture_t          *f = *state;
    mfa_policy_line_t   line = { .group = mfa_str("free"),
                                 .part = MFA_POLICY_SECOND_FACTOR };

    memset(&cursor, 0, sizeof(cursor));
    mfa_flow_defaults(&settings);
    add_many(f, 3);

    line.policy.is_optional = true;
    settings.lines = &line;
    settings.line_count = 1;

    assert_int_equal(turn(f), 0);
    assert_false(cursor.has_begun);

    /* one line with a date, of a group that nobody is in */

    line.policy.is_optional = false;
    line.policy.from = f->now;
    assert_int_equal(turn(f), 0);
    assert_true(cursor.has_begun);
}


/* a turn is short, whoever many there are; and everybody has theirs */

static void
a_turn_is_bounded(void **state)
{
    size_t      i, sent, sum;
    fixture_t  *f = *state;

    begin(f, 14);
    add_many(f, 450);

    sum = 0;

    for (i = 0; i < 200 && sum < 450; i++) {
        sent = turn(f);
        assert_in_range(sent, 0, 20);
        sum += sent;

        if (i % 2 == 1) {
            assert_int_equal(deliver(f).count, i == 1 ? sum : 40);
        }

        if (sum == 440) {
            break;
        }
    }

    while (cursor.has_after) {
        sum += turn(f);
        (void) deliver(f);
    }

    assert_int_equal(sum, 450);
    assert_in_range(i, 20, 40);
}


/* the codes of people who log in wait behind what is due */

static void
the_outbox_is_never_filled(void **state)
{
    size_t      i, before;
    fixture_t  *f = *state;

    begin(f, 14);
    add_many(f, 100);

    for (i = 0; i < 20; i++) {
        (void) turn(f);
    }

    before = waiting(f);
    assert_in_range(before, 40, 60);
    assert_int_equal(turn(f), 0);

    /* what was in the way is gone */

    assert_int_equal(deliver(f).count, before);
    assert_int_equal(turn(f), 20);
}


static void
a_round_is_followed_by_a_rest(void **state)
{
    person_t    person = { .email = "new@example.org" };
    fixture_t  *f = *state;

    begin(f, 14);
    add_many(f, 10);

    assert_int_equal(turn(f), 10);
    assert_false(cursor.has_after);

    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);

    f->now += 15 * MFA_MINUTE - 1;
    assert_int_equal(turn(f), 0);
    f->now += 1;
    assert_int_equal(turn(f), 1);

    /* 100,000 people at 200 a second are less than an hour */

    assert_true(15 * 60 + 100000 / 200 < 3600);
}


static void
a_round_goes_over_all_in_turns(void **state)
{
    fixture_t  *f = *state;

    begin(f, 20);
    add_many(f, 401);

    assert_int_equal(turn(f), 0);
    assert_true(cursor.has_after);
    assert_int_equal(turn(f), 0);
    assert_true(cursor.has_after);
    assert_int_equal(turn(f), 0);
    assert_false(cursor.has_after);
}


typedef struct {
    mfa_id_t    id;
    unsigned    table;
    mfa_str_t   value;
    size_t      count;
} row_t;


static mfa_status_t
tx_row(mfa_tx_t *tx, void *arg)
{
    row_t  *row = arg;

    return mfa_txn_put(tx->txn, row->table, mfa_id_str(&row->id), row->value);
}


static mfa_status_t
tx_rows(mfa_tx_t *tx, void *arg)
{
    row_t         *row = arg;
    mfa_cursor_t   at = { .table = row->table };
    mfa_status_t   st;

    row->count = 0;

    while ((st = mfa_txn_next(tx->txn, &at, tx->work->arena)) == MFA_OK) {
        row->count++;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static size_t
marks(fixture_t *f)
{
    row_t  row = { .table = MFA_TABLE_REMINDED };

    assert_int_equal(mfa_view(fixture_work(f), tx_rows, &row), MFA_OK);

    return row.count;
}


/* a user and a mark that nobody can read keep no other from theirs */

static void
damage_stops_nobody_else(void **state)
{
    row_t       row = { .table = MFA_TABLE_USER, .value = mfa_str("\1junk") };
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 14);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);

    assert_int_equal(mfa_update(fixture_work(f), tx_row, &row), MFA_OK);

    row.table = MFA_TABLE_REMINDED;
    row.id = person.user.id;
    assert_int_equal(mfa_update(fixture_work(f), tx_row, &row), MFA_OK);

    assert_int_equal(round_of(f).count, 1);
    assert_int_equal(round_of(f).count, 0);
    assert_true(f->errors > 0);
}


static mfa_status_t
tx_delete(mfa_tx_t *tx, void *arg)
{
    person_t  *person = arg;

    return mfa_user_delete(tx, &person->user.id);
}


static void
purge(fixture_t *f)
{
    int                 i;
    size_t              removed;
    mfa_purge_cursor_t  at = { .table = 0 };

    for (i = 0; i < 5; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &at, 100, &removed),
                         MFA_OK);
    }
}


static void
a_mark_goes_with_its_deadline_or_its_user(void **state)
{
    person_t    ann = { .email = "ann@example.org" };
    person_t    bob = { .email = "bob@example.org" };
    fixture_t  *f = *state;

    begin(f, 14);
    ann.added_at = f->now - 100 * MFA_DAY;
    bob.added_at = ann.added_at;
    add(f, &ann);
    add(f, &bob);
    assert_int_equal(round_of(f).count, 2);

    purge(f);
    assert_int_equal(marks(f), 2);

    assert_int_equal(mfa_update(fixture_work(f), tx_delete, &ann), MFA_OK);
    purge(f);
    assert_int_equal(marks(f), 1);

    f->now += 14 * MFA_DAY - 1;
    purge(f);
    assert_int_equal(marks(f), 1);
    f->now += 1;
    purge(f);
    assert_int_equal(marks(f), 0);
}


typedef struct {
    const mfa_user_t  *user;
    mfa_ready_t        ready;
} ready_call_t;


static mfa_status_t
tx_ready(mfa_tx_t *tx, void *arg)
{
    ready_call_t  *call = arg;

    return mfa_flow_ready(tx, &settings, call->user, tx->now, &call->ready);
}


typedef struct {
    person_t           person;
    mfa_ready_state_t  before;
    mfa_ready_state_t  after;
} ready_row_t;

static ready_row_t  ready_rows[] = {
    { { .email = "none@example.org" },
      MFA_READY_WAITING, MFA_READY_BLOCKED },
    { { .email = "app@example.org", .factor = "totp" },
      MFA_READY_ENROLLED, MFA_READY_ENROLLED },
    { { .email = "locked@example.org", .is_locked = true },
      MFA_READY_SHUT, MFA_READY_SHUT },
    { { .email = "disabled@example.org", .factor = "totp",
        .is_disabled = true },
      MFA_READY_SHUT, MFA_READY_SHUT },
    { { .email = "free@example.org", .group = "free" },
      MFA_READY_OPTIONAL, MFA_READY_OPTIONAL },
    { { .email = "now@example.org", .group = "now" },
      MFA_READY_AT_LOGIN, MFA_READY_AT_LOGIN },
    { { .email = "more@example.org", .is_extended = true },
      MFA_READY_WAITING, MFA_READY_WAITING },
    { { .email = "once@example.org", .is_secured = true },
      MFA_READY_WAITING, MFA_READY_AT_LOGIN }
};

#define READY_ROWS  (sizeof(ready_rows) / sizeof(ready_rows[0]))


static void
ready_as(fixture_t *f, const ready_row_t *row, mfa_ready_state_t expected)
{
    ready_call_t  call = { .user = &row->person.user };

    assert_int_equal(mfa_view(fixture_work(f), tx_ready, &call), MFA_OK);

    if (call.ready.state != expected) {
        fail_msg("%s: %d", row->person.email, (int) call.ready.state);
    }

    if (expected == MFA_READY_SHUT) {
        return;
    }

    assert_int_equal(call.ready.deadline > 0,
                     expected == MFA_READY_BLOCKED
                     || (expected == MFA_READY_WAITING
                         && !row->person.is_secured));
}


/* what mfactl rollout says, at the last moment and at the first one after */

static void
who_is_ready_is_judged_as_at_a_login(void **state)
{
    size_t             i;
    fixture_t         *f = *state;
    mfa_policy_line_t  lines[] = {
        { .group = mfa_str("free"), .part = MFA_POLICY_SECOND_FACTOR,
          .policy = { .methods = 1, .is_optional = true } },
        { .group = mfa_str("now"), .part = MFA_POLICY_SECOND_FACTOR,
          .policy = { .methods = 1 } }
    };

    begin(f, 1);
    settings.lines = lines;
    settings.line_count = 2;

    for (i = 0; i < READY_ROWS; i++) {
        ready_rows[i].person.added_at = f->now - 100 * MFA_DAY;

        if (ready_rows[i].person.is_extended) {
            ready_rows[i].person.deadline_at = f->now + 5 * MFA_DAY;
        }

        add(f, &ready_rows[i].person);
    }

    f->now += MFA_DAY - 1;

    for (i = 0; i < READY_ROWS; i++) {
        ready_as(f, &ready_rows[i], ready_rows[i].before);
    }

    f->now += 1;

    for (i = 0; i < READY_ROWS; i++) {
        ready_as(f, &ready_rows[i], ready_rows[i].after);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        on("lmdb", two_workers_send_it_once),
        each(without_a_date_nobody_is_looked_at),
        each(a_turn_is_bounded),
        each(the_outbox_is_never_filled),
        each(a_round_is_followed_by_a_rest),
        each(a_round_goes_over_all_in_turns),
        each(damage_stops_nobody_else),
        each(a_mark_goes_with_its_deadline_or_its_user),
        each(who_is_ready_is_judged_as_at_a_login),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
