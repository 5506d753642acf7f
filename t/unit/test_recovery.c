/*
 * Recovery codes: what is drawn, how they may be typed, that each counts
 * once and for its own user alone.
 */

#include "mfa_fixture.h"

#include "../../src/factor/mfa_factor.h"


extern const mfa_factor_t  mfa_factor_recovery;

typedef struct {
    mfa_factor_settings_t  settings;
    mfa_user_t             user;
    mfa_strs_t             codes;
    mfa_str_t              typed;
    mfa_status_t           st;
    mfa_verdict_t          verdict;
    size_t                 left;
} step_t;


static mfa_status_t
make_in(mfa_tx_t *tx, void *arg)
{
    step_t               *step = arg;
    mfa_status_t          st;
    mfa_factor_record_t   record;

    record = (mfa_factor_record_t) { .user = step->user.id,
                                     .kind = mfa_str("recovery"),
                                     .added_at = tx->now };

    st = mfa_recovery_make(tx, &step->user.id, &step->codes, &record.secret);
    if (st != MFA_OK) {
        return st;
    }

    step->left = mfa_recovery_left(&record);

    return mfa_factor_record_put(tx, &record);
}


/* as a journey does: judge, and keep what is left in the same transaction */

static mfa_status_t
use_in(mfa_tx_t *tx, void *arg)
{
    step_t               *step = arg;
    uint64_t              last;
    mfa_status_t          st;
    mfa_factor_case_t     at;
    mfa_factor_record_t   record;

    st = mfa_factor_record_get(tx, &step->user.id, mfa_str("recovery"),
                               &record);
    if (st != MFA_OK) {
        return st;
    }

    at = (mfa_factor_case_t) { .settings = &step->settings, .tx = tx,
                               .user = &step->user };

    step->verdict = MFA_VERDICT_PASS;
    step->st = mfa_factor_recovery.verify(&at, &record, step->typed,
                                          &step->verdict, &last);

    step->left = mfa_recovery_left(&record);

    if (step->st != MFA_OK || step->verdict != MFA_VERDICT_PASS) {
        return MFA_OK;
    }

    assert_int_equal(last, 0);

    return mfa_factor_record_put(tx, &record);
}


static void
set_up(fixture_t *f, step_t *step)
{
    *step = (step_t) { .left = 0 };
    mfa_factor_defaults(&step->settings);
    fixture_user(f, "ann@example.org", &step->user);

    assert_int_equal(mfa_update(fixture_work(f), make_in, step), MFA_OK);
    assert_int_equal(step->codes.count, MFA_RECOVERY_CODES);
    assert_int_equal(step->left, MFA_RECOVERY_CODES);
}


static mfa_verdict_t
try_code(fixture_t *f, step_t *step, mfa_str_t typed)
{
    step->typed = typed;
    assert_int_equal(mfa_update(fixture_work(f), use_in, step), MFA_OK);

    return (step->st == MFA_OK) ? step->verdict : MFA_VERDICT_DENY;
}


/* B15 X77 */
static void
a_spent_code_is_refused(void **state)
{
    size_t      i, j;
    step_t      step;
    fixture_t  *f = *state;

    set_up(f, &step);

    for (i = 0; i < MFA_RECOVERY_CODES; i++) {
        assert_int_equal(try_code(f, &step, step.codes.items[i]),
                         MFA_VERDICT_PASS);
        assert_int_equal(step.left, MFA_RECOVERY_CODES - 1 - i);

        for (j = 0; j <= i; j++) {
            assert_int_equal(try_code(f, &step, step.codes.items[j]),
                             MFA_VERDICT_DENY);
            assert_int_equal(step.st, MFA_OK);
        }

        assert_int_equal(step.left, MFA_RECOVERY_CODES - 1 - i);
    }
}


/* B15: whatever the order, the others stay */
static void
spending_one_leaves_the_others(void **state)
{
    size_t      i;
    step_t      step;
    fixture_t  *f = *state;

    static const size_t  order[] = { 4, 9, 0, 8, 1, 7, 2, 6, 3, 5 };

    set_up(f, &step);

    for (i = 0; i < MFA_RECOVERY_CODES; i++) {
        assert_int_equal(try_code(f, &step, step.codes.items[order[i]]),
                         MFA_VERDICT_PASS);
        assert_int_equal(step.left, MFA_RECOVERY_CODES - 1 - i);
    }
}


/* B15 X77 */
static void
a_new_set_kills_the_old(void **state)
{
    size_t      i;
    step_t      step, old;
    fixture_t  *f = *state;

    set_up(f, &step);
    old = step;

    assert_int_equal(mfa_update(fixture_work(f), make_in, &step), MFA_OK);

    for (i = 0; i < MFA_RECOVERY_CODES; i++) {
        assert_int_equal(try_code(f, &step, old.codes.items[i]),
                         MFA_VERDICT_DENY);
    }

    assert_int_equal(step.left, MFA_RECOVERY_CODES);
    assert_int_equal(try_code(f, &step, step.codes.items[0]),
                     MFA_VERDICT_PASS);
}


/* B9: also where somebody copied the record */
static void
a_set_counts_for_its_own_user_alone(void **state)
{
    step_t      step;
    fixture_t  *f = *state;
    mfa_id_t    id;

    set_up(f, &step);

    id = step.user.id;
    step.user.id.bytes[0] ^= 1;
    assert_int_equal(mfa_update(fixture_work(f), use_in, &step),
                     MFA_NOT_FOUND);
    step.user.id = id;

    assert_int_equal(try_code(f, &step, step.codes.items[0]),
                     MFA_VERDICT_PASS);
}


static mfa_status_t
copied_in(mfa_tx_t *tx, void *arg)
{
    step_t               *step = arg;
    uint64_t              last;
    mfa_status_t          st;
    mfa_factor_case_t     at;
    mfa_factor_record_t   record;

    at = (mfa_factor_case_t) { .settings = &step->settings, .tx = tx,
                               .user = &step->user };

    st = mfa_factor_record_get(tx, &step->user.id, mfa_str("recovery"),
                               &record);
    if (st != MFA_OK) {
        return st;
    }

    record.user.bytes[15] ^= 1;
    step->st = mfa_factor_recovery.verify(&at, &record, step->codes.items[0],
                                          &step->verdict, &last);
    assert_int_equal(step->st, MFA_OK);
    assert_int_equal(step->verdict, MFA_VERDICT_DENY);
    assert_int_equal(mfa_recovery_left(&record), MFA_RECOVERY_CODES);

    /* a damaged record is a fault, not somebody let in */

    record.user.bytes[15] ^= 1;

    for ( ;; ) {
        step->verdict = MFA_VERDICT_PASS;
        record.secret.len--;

        if (record.secret.len % MFA_DIGEST_SIZE != 0) {
            step->st = mfa_factor_recovery.verify(&at, &record,
                                                  step->codes.items[0],
                                                  &step->verdict, &last);
            assert_int_equal(step->st, MFA_DAMAGED);
            assert_int_equal(step->verdict, MFA_VERDICT_DENY);
            assert_int_equal(mfa_recovery_left(&record), 0);
        }

        if (record.secret.len == 1) {
            return MFA_OK;
        }
    }
}


static void
a_copied_or_damaged_record_lets_nobody_in(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    set_up(f, &step);
    assert_int_equal(mfa_view(fixture_work(f), copied_in, &step), MFA_OK);
}


/* B7 B15: not even a try */
static void
what_is_no_code_is_invalid(void **state)
{
    char        text[80];
    size_t      i;
    step_t      step;
    mfa_str_t   typed;
    fixture_t  *f = *state;

    static const char *const  bad[] = {
        "", " ", "-", "0", "123456", "0000-0000-0000-000",
        "0000-0000-0000-00000", "0000-0000-0000-000U",
        "0000-0000-0000-000u", "0000_0000_0000_0000",
        "0000.0000.0000.0000", "0000-0000-0000-000+",
        "0000-0000-0000-000\xc3\x98",
        "\xef\xbc\x90""000-0000-0000-0000", "0000-0000-0000-0000\n",
        "0000-0000-0000-0000\xff",
        "0000 0000 0000 0000"
        "                                                  "
    };

    set_up(f, &step);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        typed = mfa_str_from(bad[i]);

        assert_false(mfa_factor_recovery.has_form(&step.settings, f->arena,
                                                  typed));
        assert_int_equal(try_code(f, &step, typed), MFA_VERDICT_DENY);
        assert_int_equal(step.st, MFA_INVALID);
        assert_int_equal(step.verdict, MFA_VERDICT_DENY);
        assert_int_equal(step.left, MFA_RECOVERY_CODES);
    }

    /* a zero byte is no end */

    memcpy(text, step.codes.items[0].data, step.codes.items[0].len);
    text[step.codes.items[0].len] = '\0';
    assert_int_equal(try_code(f, &step,
                              mfa_str_bytes(text,
                                            step.codes.items[0].len + 1)),
                     MFA_VERDICT_DENY);
    assert_int_equal(step.st, MFA_INVALID);
}


/* one symbol off is another code */
static void
a_code_nearly_right_is_wrong(void **state)
{
    char        text[32];
    size_t      i, len;
    step_t      step;
    fixture_t  *f = *state;

    set_up(f, &step);
    len = step.codes.items[3].len;

    for (i = 0; i < len; i++) {
        memcpy(text, step.codes.items[3].data, len);

        if (text[i] == '-') {
            continue;
        }

        text[i] = (text[i] == '7') ? '8' : '7';
        assert_int_equal(try_code(f, &step, mfa_str_bytes(text, len)),
                         MFA_VERDICT_DENY);
        assert_int_equal(step.st, MFA_OK);
        assert_int_equal(step.left, MFA_RECOVERY_CODES);
    }
}


/* how people copy from paper */

static void
type_code(char *text, size_t size, mfa_str_t code, size_t way)
{
    char    c;
    size_t  i, len;

    len = 0;

    for (i = 0; i < code.len && len + 2 < size; i++) {
        c = code.data[i];

        if (c == '-' && way == 0) {
            continue;
        }

        if (c == '-' && way == 1) {
            c = ' ';
        }

        if (way == 2 && c >= 'A' && c <= 'Z') {
            c = (char) (c - 'A' + 'a');
        }

        if (way == 3 && (c == '0' || c == '1')) {
            c = (c == '0') ? 'O' : 'I';
        }

        if (way == 4 && (c == '0' || c == '1')) {
            c = (c == '0') ? 'o' : 'l';
        }

        text[len++] = c;
    }

    if (way == 5) {
        text[len++] = ' ';
    }

    text[len] = '\0';
}


/* E8 */
static void
a_code_may_be_typed_in_any_usual_way(void **state)
{
    char        text[64];
    size_t      way;
    step_t      step;
    mfa_str_t   typed;
    fixture_t  *f = *state;

    set_up(f, &step);

    for (way = 0; way <= 5; way++) {
        type_code(text, sizeof(text), step.codes.items[way], way);
        typed = mfa_str_from(text);

        assert_true(mfa_factor_recovery.has_form(&step.settings, f->arena,
                                                 typed));
        assert_int_equal(try_code(f, &step, typed), MFA_VERDICT_PASS);
    }
}


/* B15: ten of 80 bits, all symbols of the alphabet and no others */
static void
codes_are_long_and_all_different(void **state)
{
    size_t      i, j, set, zeros, ones;
    step_t      step;
    mfa_str_t   code;
    fixture_t  *f = *state;

    zeros = 0;
    ones = 0;
    set_up(f, &step);

    for (set = 0; set < 20; set++) {
        for (i = 0; i < MFA_RECOVERY_CODES; i++) {
            code = step.codes.items[i];
            assert_int_equal(code.len, 19);

            for (j = 0; j < code.len; j++) {
                assert_int_equal(code.data[j] == '-', j % 5 == 4);
                assert_true(code.data[j] == '-'
                            || (code.data[j] >= '0' && code.data[j] <= '9')
                            || (code.data[j] >= 'A' && code.data[j] <= 'Z'
                                && strchr("ILOU", code.data[j]) == NULL));
                zeros += (code.data[j] == '0');
                ones += (code.data[j] == 'Z');
            }

            for (j = 0; j < i; j++) {
                assert_false(mfa_str_eq(code, step.codes.items[j]));
            }
        }

        assert_int_equal(mfa_update(fixture_work(f), make_in, &step),
                         MFA_OK);
    }

    /* 3,200 symbols: 100 of each are to be expected */

    assert_in_range(zeros, 50, 150);
    assert_in_range(ones, 50, 150);
}


static mfa_status_t
look_in(mfa_tx_t *tx, void *arg)
{
    size_t                i;
    char                  plain[16];
    step_t               *step = arg;
    mfa_str_t             code;
    mfa_status_t          st;
    mfa_factor_record_t   record;

    st = mfa_factor_record_get(tx, &step->user.id, mfa_str("recovery"),
                               &record);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < step->codes.count; i++) {
        code = step->codes.items[i];
        type_code(plain, sizeof(plain), code, 0);

        assert_null(memmem(record.secret.data, record.secret.len, code.data,
                           code.len));
        assert_null(memmem(record.secret.data, record.secret.len, plain, 8));
    }

    return MFA_OK;
}


/* B15: hashed, even inside the seal */
static void
no_code_stands_in_the_record(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    set_up(f, &step);
    assert_int_equal(mfa_view(fixture_work(f), look_in, &step), MFA_OK);
}


/* without randomness there are no codes, rather than known ones */
static void
a_broken_source_gives_no_codes(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    set_up(f, &step);
    f->is_random_broken = true;

    assert_int_equal(mfa_update(fixture_work(f), make_in, &step),
                     MFA_CRYPTO);
    assert_int_equal(step.codes.count, 0);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_spent_code_is_refused),
        FIXTURE_TEST(spending_one_leaves_the_others),
        FIXTURE_TEST(a_new_set_kills_the_old),
        FIXTURE_TEST(a_set_counts_for_its_own_user_alone),
        FIXTURE_TEST_ON(a_copied_or_damaged_record_lets_nobody_in, "memory"),
        FIXTURE_TEST_ON(what_is_no_code_is_invalid, "memory"),
        FIXTURE_TEST_ON(a_code_nearly_right_is_wrong, "memory"),
        FIXTURE_TEST_ON(a_code_may_be_typed_in_any_usual_way, "memory"),
        FIXTURE_TEST_ON(codes_are_long_and_all_different, "memory"),
        FIXTURE_TEST_ON(no_code_stands_in_the_record, "memory"),
        FIXTURE_TEST_ON(a_broken_source_gives_no_codes, "memory"),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
