/*
 * The journey of the settings: a deed needs a factor that is fresh at that
 * moment, is told to everybody on record, and ends what it makes stale.
 */

#include "mfa_flow_ask.h"


static world_t    *world;
static visitor_t   v;
static visitor_t   other;           /* another browser of Ann's, logged in */
static mfa_id_t    ann;


static void
begin(const char *kinds)
{
    login_t  here = { .user = &ann }, there = { .user = &ann };

    world = flow_world(flow_lines, kinds, &ann);

    settings_login(&v, world, &here);
    settings_login(&other, world, &there);
}


static void
end(void)
{
    visitor_done(&other);
    visitor_done(&v);
    world_close(world);
}


static void
press(const char *fields)
{
    visitor_open(&v, "/mfa/security", NULL);
    assert_string_equal(v.url, "/mfa/security");
    visitor_submit(&v, fields);
}


static bool
lives(visitor_t *who)
{
    visitor_open(who, "/mfa/", NULL);

    return visitor_sees(who, "Your applications");
}


static void
assert_told(const char *mark)
{
    letters_t  letters;

    letters = settings_letters(world, mark);

    if (letters.ann != 1 || letters.home != 1) {
        fail_msg("\"%s\": %zu to the first, %zu to the second address", mark,
                 letters.ann, letters.home);
    }
}


/* D13 D3 X90: a session alone is not enough; proving is a rise */
static void
an_old_factor_is_asked_for_and_proving_it_changes_the_session(void **state)
{
    char  former[1024];

    (void) state;

    begin("totp sms");
    world->now += 11 * MFA_MINUTE;
    (void) snprintf(former, sizeof(former), "%s", v.cookies[0]);

    press("do=remove&subject=sms");
    assert_false(visitor_sees(&v, "Remove Text message?"));

    flow_go(&v, "verify/totp");
    wrong_app_code(&v);
    assert_true(visitor_sees(&v, "Invalid verification code."));
    assert_string_equal(v.cookies[0], former);

    right_app_code(&v);
    assert_true(visitor_sees(&v, "Remove Text message?"));
    assert_string_not_equal(v.cookies[0], former);

    (void) snprintf(other.cookies[0], sizeof(other.cookies[0]), "%s",
                    former);
    assert_false(lives(&other));

    visitor_submit(&v, "do=remove");
    assert_string_equal(v.url, "/mfa/security");
    assert_false(settings_has(world, ann, "sms"));
    assert_true(lives(&v));

    end();
}


/* D13: fresh when the page was opened is not fresh at the deed */
static void
a_page_left_open_asks_again_before_the_deed(void **state)
{
    (void) state;

    begin("totp sms");

    press("do=remove&subject=sms");
    assert_true(visitor_sees(&v, "Remove Text message?"));

    world->now += 11 * MFA_MINUTE;
    visitor_submit(&v, "do=remove");
    assert_true(settings_has(world, ann, "sms"));

    flow_go(&v, "verify/totp");
    right_app_code(&v);
    assert_true(visitor_sees(&v, "Remove Text message?"));
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "sms"));

    end();
}


/* C10 D7 S1: removed, told, and out everywhere else */
static void
removing_a_method_is_told_and_ends_other_sessions(void **state)
{
    (void) state;

    begin("totp sms");
    assert_true(lives(&other));

    press("do=remove&subject=sms");
    visitor_submit(&v, "do=remove");

    assert_told("was removed from your account");
    assert_true(lives(&v));
    assert_false(lives(&other));
    assert_int_equal(events_of(world, "\"factor.remove\""), 1);

    end();
}


/* C8 S2: never the last, recovery codes do not count, nor what is off */
static void
the_last_method_that_works_stays(void **state)
{
    mfa_str_t     kinds[3] = { mfa_str("totp"), mfa_str("recovery"),
                               mfa_str("sms") };
    mfa_strs_t    list = { kinds, 2 };
    mfa_policy_t  one = { .methods = 1 };

    (void) state;

    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("totp"), &one),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("sms"), &one),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str(""), &one),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("recovery"), &one),
                     MFA_VERDICT_PASS);

    list.count = 3;
    assert_int_equal(mfa_settings_may_remove(&list, mfa_str("totp"), &one),
                     MFA_VERDICT_PASS);

    begin("totp recovery");
    press("do=remove&subject=totp");
    assert_string_equal(v.url, "/mfa/security");
    assert_true(settings_has(world, ann, "totp"));
    end();

    begin("totp sms");
    world_update(world, world_disable_sms, &ann);
    press("do=remove&subject=totp");
    assert_string_equal(v.url, "/mfa/security");
    assert_true(settings_has(world, ann, "totp"));
    end();
}


/* C10 E3 S2: the old number counts until the new one is proved */
static void
a_number_is_changed_when_the_new_one_is_proved(void **state)
{
    record_t  found;

    (void) state;

    begin("totp sms");

    press("do=change&subject=sms");
    visitor_submit(&v, "country=GB&phone=07700+900777&do=send");
    submit_code(&v, "000000", "verify");

    found = flow_record(world, ann, "sms");
    assert_memory_equal(found.secret, ANN_NUMBER, found.len);
    assert_true(lives(&other));

    press("do=change&subject=sms");
    world->now += MFA_MINUTE;
    visitor_submit(&v, "country=GB&phone=07700+900777&do=send");
    submit_sent_code(&v, "sms");
    assert_string_equal(v.url, "/mfa/security");

    found = flow_record(world, ann, "sms");
    assert_memory_equal(found.secret, "+447700900777", found.len);

    assert_told("was changed: Text message");
    assert_true(lives(&v));
    assert_false(lives(&other));

    end();
}


/* C10: added; other sessions stay, nothing was taken away */
static void
a_method_is_added_and_told_of(void **state)
{
    char  secret[64];

    (void) state;

    begin("sms");

    press("do=add&subject=totp");
    visitor_secret(&v, secret, sizeof(secret));
    assert_false(settings_has(world, ann, "totp"));

    visitor_send_app_code(&v, secret, 0);
    assert_string_equal(v.url, "/mfa/security");
    assert_true(settings_has(world, ann, "totp"));

    assert_told("was added to your account: Authenticator app");
    assert_true(lives(&other));

    /* B4: the code that confirmed it is spent */

    flow_again(&other);
    flow_go(&other, "verify/totp");
    visitor_send_app_code(&other, secret, 0);
    assert_false(is_logged_in(&other));

    end();
}


/* A11 C10: knows the current one, judged as any new one, told, alone */
static void
the_password_changes_for_who_knows_it(void **state)
{
    size_t  i;

    static const struct {
        const char  *fields;
        const char  *word;
    }  faults[] = {
        { "current_password=wrong+password+x&new_password=silver+spoon+ten"
          "&confirm_password=silver+spoon+ten",
          "This is not your current password." },
        { "current_password=&new_password=silver+spoon+ten"
          "&confirm_password=silver+spoon+ten",
          "This is not your current password." },
        { "current_password=copper+kettle+nine&new_password=short"
          "&confirm_password=short", "too short" },
        { "current_password=copper+kettle+nine"
          "&new_password=ann.employee.1&confirm_password=ann.employee.1",
          "too close to a name" },
        { "current_password=copper+kettle+nine"
          "&new_password=silver+spoon+ten&confirm_password=silver+spoon",
          "not the same" },
        { "current_password=copper+kettle+nine"
          "&new_password=copper+kettle+nine"
          "&confirm_password=copper+kettle+nine", "must differ" }
    };

    (void) state;

    begin("totp");
    press("do=password");

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        char  body[512];

        (void) snprintf(body, sizeof(body), "%s&do=change",
                        faults[i].fields);
        visitor_submit(&v, body);

        if (!visitor_sees(&v, faults[i].word)) {
            fail_msg("%s:\n%s", faults[i].word, v.page);
        }

        assert_true(lives(&other));
        press("do=password");
    }

    visitor_submit(&v, "current_password=copper+kettle+nine"
                   "&new_password=silver+spoon+ten"
                   "&confirm_password=silver+spoon+ten&do=change");
    assert_string_equal(v.url, "/mfa/security");
    assert_told("password of your account was changed");
    assert_true(lives(&v));
    assert_false(lives(&other));

    flow_again(&other);
    assert_true(visitor_sees(&other, "Invalid login."));

    visitor_open(&other, "/mfa/login", NULL);
    visitor_submit(&other, "email=" ANN "&password=silver+spoon+ten");
    assert_true(visitor_sees(&other, "<h1>Verify</h1>"));

    end();
}


/* H1: a stolen session cannot try passwords without end */
static void
tries_of_the_current_password_are_booked(void **state)
{
    int  n;

    (void) state;

    begin("totp");

    for (n = 0; n < 12 && v.status != 429; n++) {
        press("do=password");
        visitor_submit(&v, "current_password=wrong+password+x"
                       "&new_password=silver+spoon+ten"
                       "&confirm_password=silver+spoon+ten&do=change");
    }

    assert_int_equal(v.status, 429);
    assert_true(n > 4 && n < 12);

    end();
}


/* E8 B15 X77: ten new ones, the former set dead, told */
static void
new_recovery_codes_replace_the_old(void **state)
{
    record_t  before, after;

    (void) state;

    begin("totp recovery");
    before = flow_record(world, ann, "recovery");

    press("do=recovery");
    assert_true(strncmp(v.url, "/mfa/recovery-codes", 19) == 0);
    after = flow_record(world, ann, "recovery");
    assert_int_equal(mfa_recovery_left(&after.record), MFA_RECOVERY_CODES);
    assert_memory_not_equal(before.secret, after.secret, after.len);
    assert_told("New recovery codes were made");

    /* logged out: Back shows nothing of them */

    {
        char  url[8192], kept[1024];

        (void) snprintf(url, sizeof(url), "%s", v.url);
        (void) snprintf(kept, sizeof(kept), "%s", v.cookies[0]);
        v.cookies[0][0] = '\0';

        visitor_open(&v, url, NULL);
        assert_true(visitor_sees(&v, "<h1>Login</h1>"));

        (void) snprintf(v.cookies[0], sizeof(v.cookies[0]), "%s", kept);
        visitor_open(&v, url, NULL);
    }

    visitor_submit(&v, "do=continue");
    assert_string_equal(v.url, "/mfa/security");

    end();
}


/* D13: the journey belongs to the person and to a session that lives */
static void
a_journey_needs_a_session_of_its_own_person(void **state)
{
    char       url[8192];
    login_t    hers;
    mfa_id_t   eve;
    visitor_t  thief;

    (void) state;

    begin("totp sms");
    eve = settings_person(world, EVE, NULL, "totp");
    hers = (login_t) { .user = &eve };

    press("do=remove&subject=sms");
    (void) snprintf(url, sizeof(url), "%s", v.url);

    /* the same browser, but eve's session by now */

    settings_login(&thief, world, &hers);
    (void) snprintf(v.cookies[0], sizeof(v.cookies[0]), "%s",
                    thief.cookies[0]);

    visitor_submit(&v, "do=remove");
    assert_true(settings_has(world, ann, "sms"));
    visitor_open(&v, url, NULL);
    assert_false(visitor_sees(&v, "Remove Text message?"));

    visitor_done(&thief);
    end();
}


/* D13: whose only method is off cannot step up */
static void
without_a_method_that_works_nothing_is_changed(void **state)
{
    (void) state;

    begin("sms");
    world_update(world, world_disable_sms, &ann);
    world->now += 11 * MFA_MINUTE;

    press("do=add&subject=totp");
    assert_string_equal(v.url, "/mfa/security");
    press("do=password");
    assert_string_equal(v.url, "/mfa/security");

    end();
}


/* S1 C12: nothing is changed, nobody is told */
static void
a_journey_can_be_left(void **state)
{
    (void) state;

    begin("totp sms");

    press("do=remove&subject=sms");
    visitor_submit(&v, "do=cancel");
    assert_string_equal(v.url, "/mfa/security");
    assert_true(settings_has(world, ann, "sms"));
    assert_true(lives(&other));
    assert_int_equal(world_mail(world, NULL, NULL), 0);

    end();
}


/* D13 E6: bounds that a configuration cannot leave */
static void
options_keep_their_bounds(void **state)
{
    size_t               i;
    uint64_t             seen;
    mfa_str_t            args[2];
    mfa_line_t           line;
    mfa_arena_t         *arena;
    mfa_error_t          error;
    mfa_flow_settings_t  settings;

    static const struct {
        const char    *name;
        const char    *args[2];
        mfa_status_t   st;
    }  cases[] = {
        { "factor_fresh", { "20m", NULL }, MFA_OK },
        { "factor_fresh", { "1m", NULL }, MFA_OK },
        { "factor_fresh", { "21m", NULL }, MFA_CONFIG },
        { "factor_fresh", { "59s", NULL }, MFA_CONFIG },
        { "factor_fresh", { "soon", NULL }, MFA_CONFIG },
        { "second_factor", { "required", NULL }, MFA_OK },
        { "second_factor", { "required", "methods=2" }, MFA_OK },
        { "second_factor", { "required", "methods=3" }, MFA_CONFIG },
        { "second_factor", { "required", "methods=0" }, MFA_CONFIG },
        { "second_factor", { "required", "two" }, MFA_CONFIG },
        { "second_factor", { "off", NULL }, MFA_CONFIG }
    };

    (void) state;

    arena = mfa_arena_open(4096);
    mfa_flow_defaults(&settings);
    assert_int_equal(settings.factor_fresh, 10 * MFA_MINUTE);
    assert_int_equal(settings.policy.methods, 1);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&line, 0, sizeof(line));

        args[0] = mfa_str_from(cases[i].args[0]);
        args[1] = mfa_str_from(cases[i].args[1]);
        line.name = mfa_str_from(cases[i].name);
        line.args = args;
        line.nargs = (cases[i].args[1] != NULL) ? 2 : 1;
        seen = 0;
        mfa_flow_defaults(&settings);

        assert_int_equal(mfa_option_apply(mfa_flow_options, &seen, &line,
                                          &settings, arena, &error),
                         cases[i].st);
        assert_in_range(settings.factor_fresh, MFA_MINUTE, 20 * MFA_MINUTE);
        assert_in_range(settings.policy.methods, 1, 2);
    }

    mfa_arena_close(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            an_old_factor_is_asked_for_and_proving_it_changes_the_session),
        cmocka_unit_test(a_page_left_open_asks_again_before_the_deed),
        cmocka_unit_test(removing_a_method_is_told_and_ends_other_sessions),
        cmocka_unit_test(the_last_method_that_works_stays),
        cmocka_unit_test(a_number_is_changed_when_the_new_one_is_proved),
        cmocka_unit_test(a_method_is_added_and_told_of),
        cmocka_unit_test(the_password_changes_for_who_knows_it),
        cmocka_unit_test(tries_of_the_current_password_are_booked),
        cmocka_unit_test(new_recovery_codes_replace_the_old),
        cmocka_unit_test(a_journey_needs_a_session_of_its_own_person),
        cmocka_unit_test(without_a_method_that_works_nothing_is_changed),
        cmocka_unit_test(a_journey_can_be_left),
        cmocka_unit_test(options_keep_their_bounds)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
