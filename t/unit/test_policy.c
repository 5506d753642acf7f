/*
 * What the organisation asks of a person: lines for all and for groups, the
 * strictest of them, deadlines, and what is left to the person (Y1, D1, D5,
 * C8, C11).
 */

#include "mfa_policy_fixture.h"


/* Y1 D1 D5 */
static void
without_a_line_everybody_needs_one_factor_at_once(void **state)
{
    desk_t        d;
    mfa_policy_t  policy;

    (void) state;

    begin(&d);
    policy = policy_of(&d, "managers");

    assert_false(policy.is_optional);
    assert_int_equal(policy.methods, 1);
    assert_int_equal(policy.from, 0);
    assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_EMAIL);
    assert_int_equal(policy.factor_change, MFA_FACTOR_CHANGE_SELF);
    assert_int_equal(deadline_of(&d, ""), 0);

    end(&d);
}


/* Y1: each part by itself, laxer or stricter */
static void
a_line_of_a_group_beats_the_line_for_all(void **state)
{
    desk_t        d;
    mfa_policy_t  policy;

    (void) state;

    begin(&d);
    accept(&d, "second_factor required methods=2");
    accept(&d, "second_factor optional group=kiosk");
    accept(&d, "device_reset off");
    accept(&d, "device_reset email group=kiosk group=guests");
    accept(&d, "factor_change approval");
    accept(&d, "factor_change self group=guests");

    policy = policy_of(&d, "");
    assert_int_equal(policy.methods, 2);
    assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_OFF);
    assert_int_equal(policy.factor_change, MFA_FACTOR_CHANGE_APPROVAL);

    policy = policy_of(&d, "kiosk");
    assert_true(policy.is_optional);
    assert_int_equal(policy.methods, 1);
    assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_EMAIL);
    assert_int_equal(policy.factor_change, MFA_FACTOR_CHANGE_APPROVAL);

    policy = policy_of(&d, "guests");
    assert_false(policy.is_optional);
    assert_int_equal(policy.methods, 2);
    assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_EMAIL);
    assert_int_equal(policy.factor_change, MFA_FACTOR_CHANGE_SELF);

    /* a name that only begins alike is another group */

    policy = policy_of(&d, "kiosks Kiosk");
    assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_OFF);

    end(&d);
}


/* Y1: in either order of lines and of groups */
static void
of_several_groups_the_strictest_counts(void **state)
{
    size_t        i;
    desk_t        d;
    mfa_policy_t  policy;

    static const char *const  lines[][8] = {
        { "second_factor optional group=a", "second_factor required group=b",
          "device_reset approval group=a", "device_reset email group=b",
          "device_reset off group=c", "factor_change self group=a",
          "factor_change approval group=b", NULL },
        { "factor_change approval group=b", "factor_change self group=a",
          "device_reset off group=c", "device_reset email group=b",
          "device_reset approval group=a", "second_factor required group=b",
          "second_factor optional group=a", NULL }
    };
    const char *const  *line;

    (void) state;

    for (i = 0; i < 2; i++) {
        begin(&d);
        accept(&d, "second_factor optional");

        for (line = lines[i]; *line != NULL; line++) {
            accept(&d, *line);
        }

        policy = policy_of(&d, "a");
        assert_true(policy.is_optional);
        assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_APPROVAL);

        policy = policy_of(&d, i == 0 ? "a b" : "b a");
        assert_false(policy.is_optional);
        assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_APPROVAL);
        assert_int_equal(policy.factor_change, MFA_FACTOR_CHANGE_APPROVAL);

        policy = policy_of(&d, "b c a");
        assert_int_equal(policy.device_reset, MFA_DEVICE_RESET_OFF);

        end(&d);
    }
}


/* E6 Y1: two are asked of whom any group asks for two */
static void
methods_are_the_largest_of_the_groups(void **state)
{
    desk_t        d;
    mfa_policy_t  policy;

    (void) state;

    begin(&d);
    accept(&d, "second_factor required methods=2 from=2027-01-18 grace=45d "
               "group=late");
    accept(&d, "second_factor required group=now");

    policy = policy_of(&d, "late now");
    assert_int_equal(policy.methods, 2);
    assert_int_equal(policy.from, 0);
    policy = policy_of(&d, "now");
    assert_int_equal(policy.methods, 1);

    end(&d);
}


/* C11 Y1: a date for everybody then there, one's own for later ones */
static void
a_deadline_is_of_the_day_or_of_the_person(void **state)
{
    desk_t  d;

    (void) state;

    begin(&d);
    accept(&d, "second_factor required from=2027-01-18 grace=45d");

    d.user.added_at = 0;
    assert_int_equal(deadline_of(&d, ""), FROM + 45 * MFA_DAY);
    d.user.added_at = FROM - 1;
    assert_int_equal(deadline_of(&d, ""), FROM + 45 * MFA_DAY);
    d.user.added_at = FROM;
    assert_int_equal(deadline_of(&d, ""), FROM + 45 * MFA_DAY);
    d.user.added_at = FROM + 10 * MFA_DAY + 12345;
    assert_int_equal(deadline_of(&d, ""), FROM + 55 * MFA_DAY + 12345);

    accept(&d, "second_factor optional group=kiosk");
    accept(&d, "second_factor required group=admins");
    assert_int_equal(deadline_of(&d, "kiosk"), INT64_MAX);
    assert_int_equal(deadline_of(&d, "admins"), 0);
    assert_int_equal(deadline_of(&d, "kiosk admins"), 0);

    end(&d);
}


/* Y1: which of two is earlier may depend on the day one was added */
static void
the_earlier_deadline_of_this_person_counts(void **state)
{
    desk_t  d;

    (void) state;

    begin(&d);
    accept(&d, "second_factor required from=2027-01-01 grace=45d group=a");
    accept(&d, "second_factor required from=2027-01-18 grace=10d group=b");
    accept(&d, "second_factor optional group=c");

    d.user.added_at = FROM - 30 * MFA_DAY;
    assert_int_equal(deadline_of(&d, "a"), FROM + 28 * MFA_DAY);
    assert_int_equal(deadline_of(&d, "b"), FROM + 10 * MFA_DAY);
    assert_int_equal(deadline_of(&d, "a b"), FROM + 10 * MFA_DAY);
    assert_int_equal(deadline_of(&d, "c a"), FROM + 28 * MFA_DAY);

    d.user.added_at = FROM + 40 * MFA_DAY;
    assert_int_equal(deadline_of(&d, "a"), FROM + 85 * MFA_DAY);
    assert_int_equal(deadline_of(&d, "b a"), FROM + 50 * MFA_DAY);

    end(&d);
}


/* C11 Y1: staff's extension, only where there is a date, never earlier */
static void
an_extension_is_only_ever_later(void **state)
{
    desk_t  d;

    (void) state;

    begin(&d);
    accept(&d, "second_factor required from=2027-01-18 grace=10d");
    accept(&d, "second_factor required group=now");
    accept(&d, "second_factor optional group=kiosk");
    accept(&d, "second_factor required from=2027-01-01 grace=1d group=early");

    d.user.added_at = 0;
    d.user.deadline_at = FROM + 9 * MFA_DAY;
    assert_int_equal(deadline_of(&d, ""), FROM + 10 * MFA_DAY);
    d.user.deadline_at = FROM + 30 * MFA_DAY;
    assert_int_equal(deadline_of(&d, ""), FROM + 30 * MFA_DAY);
    assert_int_equal(deadline_of(&d, "now"), 0);
    assert_int_equal(deadline_of(&d, "now early"), 0);
    assert_int_equal(deadline_of(&d, "early now"), 0);
    assert_int_equal(deadline_of(&d, "kiosk"), INT64_MAX);
    assert_int_equal(deadline_of(&d, "kiosk early"), FROM + 30 * MFA_DAY);
    d.user.added_at = FROM + 25 * MFA_DAY;
    assert_int_equal(deadline_of(&d, ""), FROM + 35 * MFA_DAY);

    end(&d);
}


/* C8 S2: never below what is demanded */
static void
enough_methods_must_be_left(void **state)
{
    mfa_str_t     kinds[4] = { mfa_str("totp"), mfa_str("recovery"),
                               mfa_str("sms"), mfa_str("email") };
    mfa_strs_t    list = { kinds, 3 };
    mfa_policy_t  policy = { .methods = 2 };

    (void) state;

    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("sms"), &policy),
                     MFA_VERDICT_DENY);
    list.count = 4;
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("sms"), &policy),
                     MFA_VERDICT_PASS);
    policy.methods = 1;
    list.count = 1;
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("totp"),
                                             &policy), MFA_VERDICT_DENY);
    policy.methods = 0;
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("totp"),
                                             &policy), MFA_VERDICT_DENY);
    policy.is_optional = true;
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("totp"),
                                             &policy), MFA_VERDICT_PASS);
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("sms"), &policy),
                     MFA_VERDICT_DENY);
}


/* D5: what policy leaves to the person */
static void
with_approval_only_what_is_missing_is_ones_own(void **state)
{
    size_t        i;
    mfa_policy_t  policy;

    static const struct {
        int          change;
        int64_t      demanded;
        const char  *action;
        size_t       has;
        int          verdict;
    }  cases[] = {
        { MFA_FACTOR_CHANGE_SELF, 1, "add", 1, MFA_VERDICT_PASS },
        { MFA_FACTOR_CHANGE_SELF, 1, "change", 1, MFA_VERDICT_PASS },
        { MFA_FACTOR_CHANGE_SELF, 1, "remove", 2, MFA_VERDICT_PASS },
        { MFA_FACTOR_CHANGE_SELF, 1, "request", 1, MFA_VERDICT_DENY },
        { MFA_FACTOR_CHANGE_SELF, 1, "steal", 1, MFA_VERDICT_DENY },
        { MFA_FACTOR_CHANGE_APPROVAL, 1, "add", 0, MFA_VERDICT_PASS },
        { MFA_FACTOR_CHANGE_APPROVAL, 1, "add", 1, MFA_VERDICT_DENY },
        { MFA_FACTOR_CHANGE_APPROVAL, 2, "add", 1, MFA_VERDICT_PASS },
        { MFA_FACTOR_CHANGE_APPROVAL, 2, "add", 2, MFA_VERDICT_DENY },
        { MFA_FACTOR_CHANGE_APPROVAL, 1, "change", 1, MFA_VERDICT_DENY },
        { MFA_FACTOR_CHANGE_APPROVAL, 1, "remove", 3, MFA_VERDICT_DENY },
        { MFA_FACTOR_CHANGE_APPROVAL, 1, "request", 1, MFA_VERDICT_PASS },
        { MFA_FACTOR_CHANGE_APPROVAL, 1, "", 1, MFA_VERDICT_DENY },
        { 7, 1, "change", 1, MFA_VERDICT_DENY }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&policy, 0, sizeof(policy));
        policy.methods = cases[i].demanded;
        policy.factor_change = cases[i].change;

        assert_int_equal(mfa_settings_may(&policy,
                                          mfa_str_from(cases[i].action),
                                          cases[i].has), cases[i].verdict);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(without_a_line_everybody_needs_one_factor_at_once),
        cmocka_unit_test(a_line_of_a_group_beats_the_line_for_all),
        cmocka_unit_test(of_several_groups_the_strictest_counts),
        cmocka_unit_test(methods_are_the_largest_of_the_groups),
        cmocka_unit_test(a_deadline_is_of_the_day_or_of_the_person),
        cmocka_unit_test(the_earlier_deadline_of_this_person_counts),
        cmocka_unit_test(an_extension_is_only_ever_later),
        cmocka_unit_test(enough_methods_must_be_left),
        cmocka_unit_test(with_approval_only_what_is_missing_is_ones_own)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
