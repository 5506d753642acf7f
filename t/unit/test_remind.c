/*
 * Reminders before the time to set up a second factor ends: to whom, when,
 * and each once (Y1).
 */

#include "mfa_remind_fixture.h"


/* Y1 */

static void
letters_come_fourteen_seven_and_one_day_before(void **state)
{
    int         hour, left;
    char        days[64] = "";
    letter_t    letter;
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 20);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);

    for (hour = 0; hour < 25 * 24; hour += 6) {
        letter = round_of(f);
        left = 20 * 24 - hour;

        if (letter.count > 0) {
            assert_int_equal(letter.count, 1);
            assert_string_equal(letter.to, "ann@example.org");
            assert_true(left == 14 * 24 || left == 7 * 24 || left == 24);
            assert_int_equal(letter.is_last, left == 24);
            assert_int_not_equal(strlen(letter.until), 0);

            snprintf(days + strlen(days), sizeof(days) - strlen(days), "%s;",
                     letter.days);
        }

        f->now += 6 * MFA_HOUR;
    }

    assert_string_equal(days, "14;7;;");
}


static void
not_a_moment_too_early(void **state)
{
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 14);
    settings.policy.from += 1;
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);

    assert_int_equal(round_of(f).count, 0);
    f->now += 1;
    assert_int_equal(round_of(f).count, 1);
}


/* over restarts, other workers and reloads: the mark is in the store */

static void
each_comes_once(void **state)
{
    int         i;
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 14);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);

    assert_int_equal(round_of(f).count, 1);

    for (i = 0; i < 20; i++) {
        f->now += 8 * MFA_HOUR;

        if (strcmp(f->engine, "lmdb") == 0) {
            fixture_restart(f);
        }

        memset(&cursor, 0, sizeof(cursor));
        assert_int_equal(round_of(f).count, 0);
    }

    /* another line that leads to the same day */

    settings.policy.from -= 5 * MFA_DAY;
    settings.policy.grace += 5 * MFA_DAY;
    assert_int_equal(round_of(f).count, 0);

    f->now += 8 * MFA_HOUR;
    assert_int_equal(round_of(f).count, 1);
    assert_int_equal(round_of(f).count, 0);
}


static void
after_downtime_only_the_nearest_comes(void **state)
{
    letter_t    letter;
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 15);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);
    assert_int_equal(round_of(f).count, 0);

    /* ten days down: those of 14 and 7 days were due */

    f->now += 10 * MFA_DAY;
    letter = round_of(f);
    assert_int_equal(letter.count, 1);
    assert_string_equal(letter.days, "5");
    assert_int_equal(round_of(f).count, 0);

    f->now += 4 * MFA_DAY + 12 * MFA_HOUR;
    letter = round_of(f);
    assert_int_equal(letter.count, 1);
    assert_true(letter.is_last);

    f->now += MFA_DAY;
    assert_int_equal(round_of(f).count, 0);
}


static void
past_the_deadline_none_comes(void **state)
{
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 0);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);

    assert_int_equal(round_of(f).count, 0);
}


/* those whose moment was over before they were there */

static void
who_is_added_late_gets_those_still_ahead(void **state)
{
    int         day;
    char        seen[64] = "";
    letter_t    letter;
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 0);
    settings.policy.from = f->now - 100 * MFA_DAY;
    settings.policy.grace = 10 * MFA_DAY;
    add(f, &person);

    for (day = 0; day <= 10; day++) {
        letter = round_of(f);

        if (letter.count > 0) {
            snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
                     "%d;", day);
        }

        f->now += MFA_DAY;
    }

    assert_string_equal(seen, "3;9;");
}


static mfa_status_t
tx_extend(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    person_t     *person = arg;
    mfa_status_t  st;

    st = mfa_user_get(tx, &person->user.id, &user);
    if (st != MFA_OK) {
        return st;
    }

    user.deadline_at = person->deadline_at;

    return mfa_user_save(tx, &user, NULL);
}


static void
an_extension_starts_anew(void **state)
{
    letter_t    letter;
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 1);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);
    assert_true(round_of(f).is_last);

    person.deadline_at = f->now + 20 * MFA_DAY;
    assert_int_equal(mfa_update(fixture_work(f), tx_extend, &person), MFA_OK);
    assert_int_equal(round_of(f).count, 0);

    f->now += 5 * MFA_DAY;
    assert_int_equal(round_of(f).count, 0);
    f->now += MFA_DAY;
    letter = round_of(f);
    assert_string_equal(letter.days, "14");
    f->now += 7 * MFA_DAY;
    letter = round_of(f);
    assert_string_equal(letter.days, "7");
    f->now += 6 * MFA_DAY;
    assert_true(round_of(f).is_last);
    assert_int_equal(round_of(f).count, 0);
}


static void
only_who_could_log_in_without_a_factor_is_asked(void **state)
{
    size_t      i;
    letter_t    letter;
    fixture_t  *f = *state;
    person_t    persons[] = {
        { .email = "app@example.org", .factor = "totp" },
        { .email = "phone@example.org", .factor = "sms" },
        { .email = "later@example.org", .factor = "of.a.later.version" },
        { .email = "disabled@example.org", .is_disabled = true },
        { .email = "locked@example.org", .is_locked = true },
        { .email = "never@example.org", .has_no_password = true },
        { .email = "once@example.org", .is_secured = true },
        { .email = "recovery@example.org", .factor = "recovery" }
    };

    begin(f, 14);

    for (i = 0; i < sizeof(persons) / sizeof(persons[0]); i++) {
        persons[i].added_at = f->now - 100 * MFA_DAY;
        add(f, &persons[i]);
    }

    letter = round_of(f);
    assert_int_equal(letter.count, 1);
    assert_string_equal(letter.to, "recovery@example.org");
}


static mfa_status_t
tx_enrol(mfa_tx_t *tx, void *arg)
{
    person_t  *person = arg;

    return tx_factor(tx, &person->user.id, "totp");
}


static void
who_has_set_it_up_is_left_alone(void **state)
{
    person_t    person = { .email = "ann@example.org" };
    fixture_t  *f = *state;

    begin(f, 14);
    person.added_at = f->now - 100 * MFA_DAY;
    add(f, &person);
    assert_int_equal(round_of(f).count, 1);

    assert_int_equal(mfa_update(fixture_work(f), tx_enrol, &person), MFA_OK);
    f->now += 7 * MFA_DAY;
    assert_int_equal(round_of(f).count, 0);
    f->now += 6 * MFA_DAY;
    assert_int_equal(round_of(f).count, 0);
}


/* a group whose date is another, one that is free to choose, one at once */

static void
the_line_of_the_group_counts(void **state)
{
    size_t              i;
    letter_t            letter;
    fixture_t          *f = *state;
    mfa_policy_line_t   lines[] = {
        { .group = mfa_str("early"), .part = MFA_POLICY_SECOND_FACTOR },
        { .group = mfa_str("free"), .part = MFA_POLICY_SECOND_FACTOR },
        { .group = mfa_str("now"), .part = MFA_POLICY_SECOND_FACTOR }
    };
    person_t            persons[] = {
        { .email = "all@example.org" },
        { .email = "early@example.org", .group = "early" },
        { .email = "free@example.org", .group = "free" },
        { .email = "now@example.org", .group = "now" }
    };

    begin(f, 21);
    lines[0].policy = settings.policy;
    lines[0].policy.from -= 7 * MFA_DAY;
    lines[1].policy = (mfa_policy_t) { .methods = 1, .is_optional = true };
    lines[2].policy = (mfa_policy_t) { .methods = 1 };
    settings.lines = lines;
    settings.line_count = 3;

    for (i = 0; i < sizeof(persons) / sizeof(persons[0]); i++) {
        persons[i].added_at = f->now - 100 * MFA_DAY;
        add(f, &persons[i]);
    }

    letter = round_of(f);
    assert_int_equal(letter.count, 1);
    assert_string_equal(letter.to, "early@example.org");

    f->now += 7 * MFA_DAY;
    assert_int_equal(round_of(f).count, 2);
    assert_int_equal(round_of(f).count, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(letters_come_fourteen_seven_and_one_day_before),
        each(not_a_moment_too_early),
        each(each_comes_once),
        each(after_downtime_only_the_nearest_comes),
        each(past_the_deadline_none_comes),
        each(who_is_added_late_gets_those_still_ahead),
        each(an_extension_starts_anew),
        each(only_who_could_log_in_without_a_factor_is_asked),
        each(who_has_set_it_up_is_left_alone),
        each(the_line_of_the_group_counts),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
