/* Ranks: the groups of a record say who may help whom. */

#include "mfa_test_model.h"


typedef struct {
    mfa_model_settings_t  settings;
    mfa_str_t             groups[4][2];
    mfa_user_t            ann, sam, tom, ada;
} people_t;


static void
person(mfa_user_t *user, uint8_t id, mfa_str_t groups[2], const char *group)
{
    *user = (mfa_user_t) { .groups = { groups, 2 } };
    memset(user->id.bytes, id, MFA_ID_SIZE);
    groups[0] = mfa_str("staff");
    groups[1] = mfa_str_from(group);
}


/* Ann is a user, Sam and Tom are of the helpdesk, Ada is an admin */

static void
people(people_t *p)
{
    mfa_model_defaults(&p->settings);
    p->settings.helpdesk_group = mfa_str("helpdesk");
    p->settings.admin_group = mfa_str("admins");

    person(&p->ann, 1, p->groups[0], "sales");
    person(&p->sam, 2, p->groups[1], "helpdesk");
    person(&p->tom, 3, p->groups[2], "helpdesk");
    person(&p->ada, 4, p->groups[3], "admins");
}


/* A3: every pair of ranks */
static void
staff_help_those_of_their_rank_and_below(void **state)
{
    people_t  p;

    (void) state;

    people(&p);

    assert_int_equal(mfa_user_rank(&p.settings, &p.ann), MFA_RANK_USER);
    assert_int_equal(mfa_user_rank(&p.settings, &p.sam), MFA_RANK_HELPDESK);
    assert_int_equal(mfa_user_rank(&p.settings, &p.ada), MFA_RANK_ADMIN);

    assert_int_equal(mfa_staff_may(&p.settings, &p.sam, &p.ann),
                     MFA_VERDICT_PASS);
    assert_int_equal(mfa_staff_may(&p.settings, &p.sam, &p.tom),
                     MFA_VERDICT_PASS);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ada, &p.ann),
                     MFA_VERDICT_PASS);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ada, &p.sam),
                     MFA_VERDICT_PASS);

    assert_int_equal(mfa_staff_may(&p.settings, &p.sam, &p.ada),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ann, &p.sam),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ann, &p.ada),
                     MFA_VERDICT_DENY);
}


/* A3 X89 */
static void
nobody_helps_themselves(void **state)
{
    people_t  p;

    (void) state;

    people(&p);

    assert_int_equal(mfa_staff_may(&p.settings, &p.ann, &p.ann),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_staff_may(&p.settings, &p.sam, &p.sam),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ada, &p.ada),
                     MFA_VERDICT_DENY);
}


/* an empty name of a group must not make everybody staff */
static void
without_groups_in_the_settings_nobody_is_staff(void **state)
{
    people_t  p;

    (void) state;

    people(&p);
    p.settings.helpdesk_group = mfa_null;
    p.settings.admin_group = mfa_str("");
    p.groups[1][1] = mfa_str("");
    p.groups[3][1] = mfa_null;

    assert_int_equal(mfa_user_rank(&p.settings, &p.sam), MFA_RANK_USER);
    assert_int_equal(mfa_user_rank(&p.settings, &p.ada), MFA_RANK_USER);
    assert_int_equal(mfa_staff_may(&p.settings, &p.sam, &p.ann),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ada, &p.ann),
                     MFA_VERDICT_DENY);
}


static void
staff_who_are_disabled_or_locked_help_nobody(void **state)
{
    people_t  p;

    (void) state;

    people(&p);
    p.sam.is_disabled = true;
    p.ada.is_locked = true;

    assert_int_equal(mfa_staff_may(&p.settings, &p.sam, &p.ann),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_staff_may(&p.settings, &p.ada, &p.ann),
                     MFA_VERDICT_DENY);
}


/* a name that only begins like the group, or is of another case */
static void
a_group_is_matched_as_a_whole(void **state)
{
    people_t  p;

    (void) state;

    people(&p);
    p.groups[1][1] = mfa_str("helpdesk2");
    p.groups[2][1] = mfa_str("Helpdesk");
    p.groups[3][1] = mfa_str("admin");

    assert_int_equal(mfa_user_rank(&p.settings, &p.sam), MFA_RANK_USER);
    assert_int_equal(mfa_user_rank(&p.settings, &p.tom), MFA_RANK_USER);
    assert_int_equal(mfa_user_rank(&p.settings, &p.ada), MFA_RANK_USER);
}


static void
who_is_in_both_groups_is_an_admin(void **state)
{
    people_t  p;

    (void) state;

    people(&p);
    p.groups[1][0] = mfa_str("admins");

    assert_int_equal(mfa_user_rank(&p.settings, &p.sam), MFA_RANK_ADMIN);
    assert_int_equal(mfa_staff_may(&p.settings, &p.tom, &p.sam),
                     MFA_VERDICT_DENY);
}


/* one line of the options, on settings of their own */

static mfa_status_t
apply(fixture_t *f, mfa_model_settings_t *settings, const char *name,
    const char *a, const char *b)
{
    uint64_t      seen = 0;
    mfa_str_t     args[2];
    mfa_line_t    line;
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    args[0] = mfa_str_from(a);
    args[1] = mfa_str_from(b);
    line = (mfa_line_t) { .name = mfa_str_from(name), .args = args,
                          .nargs = b != NULL ? 2 : 1, .prefix = "/" };

    st = mfa_option_apply(mfa_model_options, &seen, &line, settings, f->arena,
                          &error);

    assert_true(st == MFA_OK || error.text[0] != '\0');

    return st;
}


/* A3 D4 */
static void
the_settings_of_staff_are_read_and_bounded(void **state)
{
    fixture_t             *f = *state;
    mfa_model_settings_t   s;

    mfa_model_defaults(&s);
    assert_int_equal(s.approvals, 1);
    assert_true(s.audit_keep == 400 * MFA_DAY);
    assert_true(s.recovery_hold == 0);
    assert_int_equal(s.helpdesk_group.len, 0);

    assert_int_equal(apply(f, &s, "helpdesk_group", "desk", NULL), MFA_OK);
    assert_true(mfa_str_eq_c(s.helpdesk_group, "desk"));
    assert_int_equal(apply(f, &s, "admin_group", "it", NULL), MFA_OK);
    assert_true(mfa_str_eq_c(s.admin_group, "it"));

    assert_int_equal(apply(f, &s, "approvals", "2", "group=board"), MFA_OK);
    assert_int_equal(s.approvals, 1);
    assert_int_equal(s.approvals_groups.count, 1);
    assert_int_equal(apply(f, &s, "approvals", "2", NULL), MFA_OK);
    assert_int_equal(s.approvals, 2);
    assert_int_equal(apply(f, &s, "approvals", "0", NULL), MFA_CONFIG);
    assert_int_equal(apply(f, &s, "approvals", "3", NULL), MFA_CONFIG);
    assert_int_equal(apply(f, &s, "approvals", "1", "group=x"), MFA_CONFIG);
    assert_int_equal(apply(f, &s, "approvals", "2", "group="), MFA_CONFIG);
    assert_int_equal(apply(f, &s, "approvals", "2", "x"), MFA_CONFIG);

    assert_int_equal(apply(f, &s, "audit_keep", "1d", NULL), MFA_OK);
    assert_true(s.audit_keep == MFA_DAY);
    assert_int_equal(apply(f, &s, "audit_keep", "23h", NULL), MFA_CONFIG);
    assert_int_equal(apply(f, &s, "audit_keep", "3651d", NULL), MFA_CONFIG);

    assert_int_equal(apply(f, &s, "recovery_hold", "72h", NULL), MFA_OK);
    assert_true(s.recovery_hold == 72 * MFA_HOUR);
    assert_int_equal(apply(f, &s, "recovery_hold", "never", NULL), MFA_OK);
    assert_true(s.recovery_hold == 0);
    assert_int_equal(apply(f, &s, "recovery_hold", "23h", NULL), MFA_CONFIG);
    assert_int_equal(apply(f, &s, "recovery_hold", "0", NULL), MFA_CONFIG);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(staff_help_those_of_their_rank_and_below),
        cmocka_unit_test(nobody_helps_themselves),
        cmocka_unit_test(without_groups_in_the_settings_nobody_is_staff),
        cmocka_unit_test(staff_who_are_disabled_or_locked_help_nobody),
        cmocka_unit_test(a_group_is_matched_as_a_whole),
        cmocka_unit_test(who_is_in_both_groups_is_an_admin),
        on("memory", the_settings_of_staff_are_read_and_bounded)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
