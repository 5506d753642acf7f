/* Factor records: the sealed secret, the counting of tries, spent steps. */

#include "mfa_fixture.h"


#define KIND    mfa_str("totp")
#define SECRET  "12345678901234567890"

typedef struct {
    mfa_factor_record_t  record;
    uint64_t             left;
    uint64_t             step;
    mfa_time_t           retry_at;
    mfa_strs_t           kinds;
    mfa_str_t            from, to;
} step_t;


static mfa_status_t
put_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_factor_record_put(tx, &step->record);
}


static mfa_status_t
get_in(mfa_tx_t *tx, void *arg)
{
    step_t    *step = arg;
    mfa_id_t   user = step->record.user;
    mfa_str_t  kind = step->record.kind;

    return mfa_factor_record_get(tx, &user, kind, &step->record);
}


static mfa_status_t
book_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_factor_record_book(tx, &step->record, &step->left,
                                  &step->retry_at);
}


static mfa_status_t
pass_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_factor_record_pass(tx, &step->record, step->step);
}


static mfa_status_t
kinds_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_factor_record_kinds(tx, &step->record.user, &step->kinds);
}


static mfa_status_t
delete_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_factor_record_delete(tx, &step->record.user,
                                    step->record.kind);
}


/* the row of one key under another, as who can write to the store might */

static mfa_status_t
move_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_str_t      value;
    mfa_status_t   st;

    st = mfa_txn_get(tx->txn, MFA_TABLE_FACTOR, step->from, tx->work->arena,
                     &value);

    return st == MFA_OK ? mfa_txn_put(tx->txn, MFA_TABLE_FACTOR, step->to,
                                      value)
                        : st;
}


static void
enrol(fixture_t *f, step_t *step)
{
    *step = (step_t) { .record = { .kind = KIND, .secret = mfa_str(SECRET),
                                   .added_at = f->now } };
    memset(step->record.user.bytes, 0x11, MFA_ID_SIZE);

    assert_int_equal(mfa_update(fixture_work(f), put_in, step), MFA_OK);
}


/* as a worker that comes to the record for the first time */

static mfa_status_t
fail_once(fixture_t *f, step_t *step)
{
    mfa_status_t  st;

    st = mfa_view(fixture_work(f), get_in, step);

    return st == MFA_OK ? mfa_update(fixture_work(f), book_in, step) : st;
}


static void
fail_times(fixture_t *f, step_t *step, unsigned times)
{
    while (times-- > 0) {
        assert_int_equal(fail_once(f, step), MFA_OK);
    }
}


static mfa_status_t
pass(fixture_t *f, step_t *step, uint64_t n)
{
    step->step = n;

    return mfa_update(fixture_work(f), pass_in, step);
}


static void
a_record_comes_back(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    step.record.used_at = 2;
    step.record.last_step = 3;
    step.record.failures = 4;
    step.record.holds = 5;
    step.record.held_until = 6;
    step.record.day_at = 7;
    step.record.day_failures = 8;
    step.record.is_disabled = true;
    assert_int_equal(mfa_update(fixture_work(f), put_in, &step), MFA_OK);

    step.record = (mfa_factor_record_t) { .user = step.record.user,
                                          .kind = KIND };
    assert_int_equal(mfa_view(fixture_work(f), get_in, &step), MFA_OK);
    assert_true(mfa_str_eq_c(step.record.secret, SECRET));
    assert_true(mfa_str_eq(step.record.kind, KIND));
    assert_int_equal(step.record.added_at, FIXTURE_NOW);
    assert_int_equal(step.record.used_at, 2);
    assert_int_equal(step.record.last_step, 3);
    assert_int_equal(step.record.failures, 4);
    assert_int_equal(step.record.holds, 5);
    assert_int_equal(step.record.held_until, 6);
    assert_int_equal(step.record.day_at, 7);
    assert_int_equal(step.record.day_failures, 8);
    assert_true(step.record.is_disabled);
}


/* J8 */

static void
a_secret_moved_to_another_user_or_kind_does_not_open(void **state)
{
    char        from[20], to[20];
    size_t      i;
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    memset(from, 0x11, 16);
    memcpy(from + 16, "totp", 4);

    for (i = 0; i < 2; i++) {
        memcpy(to, from, sizeof(to));
        to[i == 0 ? 0 : 19] ^= 1;

        step.from = mfa_str_bytes(from, sizeof(from));
        step.to = mfa_str_bytes(to, sizeof(to));
        assert_int_equal(mfa_update(fixture_work(f), move_in, &step), MFA_OK);

        memcpy(step.record.user.bytes, to, MFA_ID_SIZE);
        step.record.kind = mfa_str_bytes(to + 16, 4);
        f->errors = 0;
        assert_int_equal(mfa_view(fixture_work(f), get_in, &step),
                         MFA_DAMAGED);
        assert_true(step.record.is_disabled);
        assert_int_equal(step.record.secret.len, 0);
        assert_int_equal(f->errors, 1);
    }
}


static mfa_status_t
raw_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_FACTOR };
    mfa_status_t   st;

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    step->to = cursor.value;

    return st;
}


/* J8, J10, J12: and without randomness nothing is sealed */

static void
a_secret_does_not_stand_in_the_store(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    assert_int_equal(mfa_view(fixture_work(f), raw_in, &step), MFA_OK);
    assert_true(step.to.len > sizeof(SECRET));
    assert_null(memmem(step.to.data, step.to.len, SECRET, 8));

    f->is_random_broken = true;
    assert_int_equal(mfa_update(fixture_work(f), book_in, &step), MFA_CRYPTO);
}


/* B6 */

static void
five_failures_hold_for_a_quarter_of_an_hour(void **state)
{
    unsigned    i;
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);

    for (i = 1; i <= 5; i++) {
        assert_int_equal(fail_once(f, &step), MFA_OK);
        assert_int_equal(step.left, 5 - i);
    }

    assert_int_equal(step.record.held_until, f->now + 15 * MFA_MINUTE);

    assert_int_equal(fail_once(f, &step), MFA_LIMITED);
    assert_int_equal(step.retry_at, f->now + 15 * MFA_MINUTE);
    assert_int_equal(step.record.failures, 5);
    assert_int_equal(step.left, 0);

    f->now += 15 * MFA_MINUTE - 1;
    assert_int_equal(fail_once(f, &step), MFA_LIMITED);
    f->now += 1;
    assert_int_equal(fail_once(f, &step), MFA_OK);
    assert_int_equal(step.left, 4);
}


/* B6 */

static void
holds_double_up_to_a_day(void **state)
{
    int64_t     minutes;
    unsigned    i;
    step_t      step;
    fixture_t  *f = *state;

    f->settings.totp_day = 100;
    f->settings.totp_most = 100;
    enrol(f, &step);
    minutes = 15;

    for (i = 0; i < 10; i++) {
        fail_times(f, &step, 5);
        assert_int_equal(step.record.held_until - f->now,
                         minutes * MFA_MINUTE);
        f->now = step.record.held_until;
        minutes = minutes * 2 < 24 * 60 ? minutes * 2 : 24 * 60;
    }
}


/* B6 */

static void
a_day_has_ten_failures(void **state)
{
    step_t       step;
    fixture_t   *f = *state;
    mfa_time_t   start;

    enrol(f, &step);
    start = f->now;

    fail_times(f, &step, 5);
    f->now += 15 * MFA_MINUTE;
    fail_times(f, &step, 5);
    assert_int_equal(step.left, 0);
    assert_int_equal(step.record.held_until, start + MFA_DAY);

    f->now = start + MFA_DAY - 1;
    assert_int_equal(fail_once(f, &step), MFA_LIMITED);
    assert_int_equal(step.retry_at, start + MFA_DAY);

    f->now += 1;
    fail_times(f, &step, 1);
    assert_int_equal(step.record.day_failures, 1);
    assert_int_equal(step.record.failures, 11);
}


/* B6: what an owner does right gives nobody a new budget for the day */

static void
success_does_not_refill_the_day(void **state)
{
    unsigned    i;
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);

    for (i = 0; i < 5; i++) {
        fail_times(f, &step, 2);
        assert_int_equal(fail_once(f, &step), i < 4 ? MFA_OK : MFA_LIMITED);

        if (i < 4) {
            assert_int_equal(pass(f, &step, 100 + i), MFA_OK);
            assert_int_equal(step.record.day_failures, 2 * (i + 1));
        }
    }
}


/* B6 */

static void
fifty_failures_in_a_row_disable_the_factor(void **state)
{
    unsigned     i;
    step_t       step;
    fixture_t   *f = *state;
    mfa_work_t  *work;

    enrol(f, &step);

    for (i = 0; i < 49; i++) {
        assert_int_equal(fail_once(f, &step), MFA_OK);
        assert_false(step.record.is_disabled);
        f->now = step.record.held_until > f->now ? step.record.held_until
                                                 : f->now;
    }

    assert_int_equal(step.left, 1);

    work = fixture_work(f);
    assert_int_equal(mfa_update(work, book_in, &step), MFA_OK);
    assert_true(step.record.is_disabled);
    assert_int_equal(work->events.lines.count, 1);
    assert_non_null(strstr(work->events.lines.items[0].data,
                           "\"event\":\"factor.disabled\""));
    assert_non_null(strstr(work->events.lines.items[0].data,
                           "\"user\":\"11111111111111111111111111111111\""));

    f->now += 100 * MFA_DAY;
    assert_int_equal(fail_once(f, &step), MFA_LIMITED);
    assert_int_equal(step.retry_at, 0);
}


/* B6: the last try counts if it is right */

static void
a_right_code_ends_the_row(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    fail_times(f, &step, 4);
    fail_times(f, &step, 1);
    assert_true(step.record.held_until > f->now);

    assert_int_equal(pass(f, &step, 7), MFA_OK);
    assert_int_equal(step.record.failures, 0);
    assert_int_equal(step.record.holds, 0);
    assert_int_equal(step.record.held_until, 0);
    assert_int_equal(step.record.day_failures, 4);
    assert_int_equal(step.record.used_at, f->now);

    fail_times(f, &step, 1);
    assert_int_equal(step.left, 4);
}


static void
a_factor_disabled_by_hand_stays_disabled(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    fail_times(f, &step, 1);
    step.record.is_disabled = true;
    assert_int_equal(mfa_update(fixture_work(f), put_in, &step), MFA_OK);

    assert_int_equal(pass(f, &step, 7), MFA_LIMITED);
    assert_int_equal(mfa_view(fixture_work(f), get_in, &step), MFA_OK);
    assert_true(step.record.is_disabled);
}


/* B3 */

static void
a_step_is_accepted_once(void **state)
{
    step_t      step, slow;
    fixture_t  *f = *state;

    enrol(f, &step);
    fail_times(f, &step, 1);
    slow = step;

    assert_int_equal(pass(f, &step, 1000), MFA_OK);
    assert_int_equal(pass(f, &step, 1000), MFA_EXISTS);
    assert_int_equal(pass(f, &step, 999), MFA_EXISTS);
    assert_int_equal(pass(f, &step, 0), MFA_EXISTS);

    /* who read the record before the step was spent is told as well */

    assert_int_equal(slow.record.last_step, 0);
    assert_int_equal(pass(f, &slow, 1000), MFA_EXISTS);
    assert_int_equal(pass(f, &slow, 1001), MFA_OK);
}


/* B3, B5 */

static void
counts_and_spent_steps_survive_a_restart(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    fail_times(f, &step, 1);
    assert_int_equal(pass(f, &step, 1000), MFA_OK);
    fail_times(f, &step, 5);

    fixture_restart(f);
    assert_int_equal(fail_once(f, &step), MFA_LIMITED);
    f->now += 15 * MFA_MINUTE;
    assert_int_equal(fail_once(f, &step), MFA_OK);
    assert_int_equal(step.record.failures, 6);
    assert_int_equal(pass(f, &step, 1000), MFA_EXISTS);
}


/* B5: two workers with the same old copy count two failures */

static void
failures_are_counted_on_the_stored_record(void **state)
{
    step_t      one, two;
    fixture_t  *f = *state;

    enrol(f, &one);
    two = one;

    assert_int_equal(mfa_update(fixture_work(f), book_in, &one), MFA_OK);
    assert_int_equal(mfa_update(fixture_work(f), book_in, &two), MFA_OK);
    assert_int_equal(two.record.failures, 2);
}


/* J13 */

static void
a_hold_is_not_shortened_by_the_clock(void **state)
{
    step_t       step;
    fixture_t   *f = *state;
    mfa_time_t   held_until;

    enrol(f, &step);
    fail_times(f, &step, 5);
    held_until = step.record.held_until;

    f->now -= 30 * MFA_DAY;
    assert_int_equal(fail_once(f, &step), MFA_LIMITED);
    assert_int_equal(step.retry_at, held_until);
}


/* an answer to a question of the old device is none for the new one */

static void
a_replaced_secret_cannot_be_passed_with_the_old(void **state)
{
    step_t      old, step;
    fixture_t  *f = *state;

    enrol(f, &old);
    fail_times(f, &old, 1);

    step = old;
    step.record.secret = mfa_str("another secret of 20");
    assert_int_equal(mfa_update(fixture_work(f), put_in, &step), MFA_OK);

    assert_int_equal(pass(f, &old, 5), MFA_NOT_FOUND);
    assert_int_equal(mfa_update(fixture_work(f), book_in, &old),
                     MFA_NOT_FOUND);
}


static void
a_kind_without_steps_passes_again(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    enrol(f, &step);
    fail_times(f, &step, 1);
    assert_int_equal(pass(f, &step, 0), MFA_OK);
    fail_times(f, &step, 1);
    assert_int_equal(pass(f, &step, 0), MFA_OK);
}


/* C8: who removes a factor can tell whether another remains */

static void
kinds_of_a_user_are_listed(void **state)
{
    step_t      step, other;
    fixture_t  *f = *state;

    enrol(f, &step);
    other = step;
    memset(other.record.user.bytes, 0x12, MFA_ID_SIZE);
    assert_int_equal(mfa_update(fixture_work(f), put_in, &other), MFA_OK);

    other = step;
    other.record.kind = mfa_str("sms");
    other.record.is_disabled = true;
    assert_int_equal(mfa_update(fixture_work(f), put_in, &other), MFA_OK);

    assert_int_equal(mfa_view(fixture_work(f), kinds_in, &step), MFA_OK);
    assert_int_equal(step.kinds.count, 2);
    assert_true(mfa_str_eq_c(step.kinds.items[0], "sms"));
    assert_true(mfa_str_eq_c(step.kinds.items[1], "totp"));

    assert_int_equal(mfa_update(fixture_work(f), delete_in, &other), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), kinds_in, &step), MFA_OK);
    assert_int_equal(step.kinds.count, 1);
    assert_int_equal(mfa_update(fixture_work(f), delete_in, &other),
                     MFA_NOT_FOUND);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_record_comes_back),
        FIXTURE_TEST(a_secret_moved_to_another_user_or_kind_does_not_open),
        FIXTURE_TEST(a_secret_does_not_stand_in_the_store),
        FIXTURE_TEST(five_failures_hold_for_a_quarter_of_an_hour),
        FIXTURE_TEST(holds_double_up_to_a_day),
        FIXTURE_TEST(a_day_has_ten_failures),
        FIXTURE_TEST(success_does_not_refill_the_day),
        FIXTURE_TEST(fifty_failures_in_a_row_disable_the_factor),
        FIXTURE_TEST(a_right_code_ends_the_row),
        FIXTURE_TEST(a_factor_disabled_by_hand_stays_disabled),
        FIXTURE_TEST(a_step_is_accepted_once),
        FIXTURE_TEST_ON(counts_and_spent_steps_survive_a_restart, "lmdb"),
        FIXTURE_TEST(failures_are_counted_on_the_stored_record),
        FIXTURE_TEST(a_hold_is_not_shortened_by_the_clock),
        FIXTURE_TEST(a_replaced_secret_cannot_be_passed_with_the_old),
        FIXTURE_TEST(a_kind_without_steps_passes_again),
        FIXTURE_TEST(kinds_of_a_user_are_listed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
