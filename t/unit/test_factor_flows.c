/*
 * The rules of second factors over whole journeys: what counts, what is
 * spent, what a code is good for. Tried by people who press all the wrong
 * buttons, with the clock set.
 */

#include "mfa_flow_ask.h"


static mfa_id_t  ann;


/* B5 B6 X66: 12 wrong codes from 4 browsers are held at the fifth in total */
static void
wrong_codes_of_four_browsers_are_held_at_the_fifth(void **state)
{
    size_t      i, n, looked;
    world_t    *world;
    letters_t   letters;
    visitor_t   v[4];

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);
    looked = 0;

    for (i = 0; i < 4; i++) {
        flow_browser(&v[i], world, (uint8_t) (20 + i));
    }

    for (n = 0; n < 3; n++) {
        for (i = 0; i < 4; i++) {
            wrong_app_code(&v[i]);
            looked += visitor_sees(&v[i], "Invalid verification code.");
        }
    }

    /* the fifth is the one that earns the hold and says so */

    assert_int_equal(looked, 4);
    assert_int_equal(flow_record(world, ann, "totp").record.failures, 5);

    letters = settings_letters(world, "wrong verification codes");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);

    for (i = 0; i < 4; i++) {
        right_app_code(&v[i]);
        assert_false(is_logged_in(&v[i]));
        visitor_done(&v[i]);
    }

    world_close(world);
}


/* B5 B6 X67: starting again refills nothing; the hold ends by itself */
static void
a_login_begun_again_refills_nothing(void **state)
{
    int         n;
    world_t    *world;
    visitor_t   v;

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);
    flow_browser(&v, world, 9);

    for (n = 4; n > 0; n--) {
        char  left[32];

        wrong_app_code(&v);
        (void) snprintf(left, sizeof(left), "Tries left: %d", n);
        assert_true(visitor_sees(&v, left));

        flow_again(&v);
    }

    wrong_app_code(&v);
    assert_true(visitor_sees(&v, "Too many wrong codes."));

    flow_again(&v);
    right_app_code(&v);
    assert_false(is_logged_in(&v));

    world->now += 16 * MFA_MINUTE;
    flow_again(&v);
    right_app_code(&v);
    assert_true(is_logged_in(&v));

    visitor_done(&v);
    world_close(world);
}


/* B5: the codes of messages count on the same record, over messages */
static void
wrong_codes_of_messages_count_over_logins(void **state)
{
    int         n;
    char        code[16];
    world_t    *world;
    visitor_t   v;

    (void) state;

    world = flow_world(flow_lines, "sms", &ann);

    for (n = 0; n < 5; n++) {
        flow_browser(&v, world, (uint8_t) (30 + n));
        visitor_submit(&v, "do=send");
        submit_code(&v, "000000", "verify");
        visitor_done(&v);
    }

    assert_int_equal(flow_record(world, ann, "sms").record.failures, 5);

    flow_browser(&v, world, 40);
    visitor_submit(&v, "do=send");
    assert_true(visitor_sees(&v, "locked"));
    visitor_done(&v);

    /* held: nothing was sent, so nothing was paid */

    assert_int_equal(events_of(world, "\"code.send\""), 5);

    world->now += 16 * MFA_MINUTE;
    flow_browser(&v, world, 41);
    visitor_submit(&v, "do=send");
    sent_code(&v, "sms", code);
    submit_code(&v, code, "verify");
    assert_true(is_logged_in(&v));

    visitor_done(&v);
    world_close(world);
}


/* B7 X68 */
static void
what_is_no_code_costs_the_owner_nothing(void **state)
{
    size_t      i;
    world_t    *world;
    visitor_t   v;

    static const char *const  typed[] = {
        "code=&do=continue", "do=continue", "code=12345&do=continue",
        "code=1234567&do=continue", "code=0x1E240&do=continue",
        "code=-12345&do=continue", "code=123456%250a&do=continue",
        "code=null&do=continue"
    };

    (void) state;

    world = flow_world(flow_lines, "totp recovery", &ann);
    flow_browser(&v, world, 9);

    for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        visitor_submit(&v, typed[i]);
        assert_true(visitor_sees(&v, "Invalid verification code."));
        assert_false(visitor_sees(&v, "Tries left"));
    }

    assert_int_equal(flow_record(world, ann, "totp").record.failures, 0);

    visitor_done(&v);
    world_close(world);
}


/* L5 L6 B2 X61: told, counted, logged as drift, never accepted */
static void
a_code_of_a_wrong_clock_is_never_accepted(void **state)
{
    size_t      i;
    char        code[16];
    world_t    *world;
    visitor_t   v;

    static const int  steps[] = { -10, -2, 2, 10 };

    (void) state;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        world = flow_world(flow_lines, "totp", &ann);
        flow_browser(&v, world, 9);

        visitor_app_code(&v, ANN_SECRET, steps[i], code);
        submit_code(&v, code, "continue");

        assert_false(is_logged_in(&v));
        assert_true(visitor_sees(&v, "Invalid verification code."));
        assert_true(visitor_sees(&v, "Tries left: 4"));
        assert_int_equal(events_of(world, "\"drift\""), 1);

        if (steps[i] == -10) {
            assert_true(visitor_sees(&v, "5 minutes slow"));
        }

        visitor_done(&v);
        world_close(world);
    }
}


/* B10 X74 */
static void
a_code_by_message_lives_five_minutes(void **state)
{
    char        code[16];
    world_t    *world;
    visitor_t   v;

    (void) state;

    world = flow_world(flow_lines, "sms", &ann);
    flow_browser(&v, world, 9);

    visitor_submit(&v, "do=send");
    sent_code(&v, "sms", code);
    world->now += 5 * MFA_MINUTE + MFA_SECOND;
    submit_code(&v, code, "verify");
    assert_false(is_logged_in(&v));
    assert_true(visitor_sees(&v, "expired"));

    /* a dead code is no guess */

    assert_int_equal(flow_record(world, ann, "sms").record.failures, 0);

    visitor_submit(&v, "do=resend");
    sent_code(&v, "sms", code);
    world->now += 5 * MFA_MINUTE - MFA_SECOND;
    submit_code(&v, code, "verify");
    assert_true(is_logged_in(&v));

    visitor_done(&v);
    world_close(world);
}


/* B12 X70 */
static void
an_earlier_code_is_told_apart_and_costs_nothing(void **state)
{
    char        first[16], second[16];
    world_t    *world;
    visitor_t   v;

    (void) state;

    world = flow_world(flow_lines, "sms", &ann);
    flow_browser(&v, world, 9);

    visitor_submit(&v, "do=send");
    sent_code(&v, "sms", first);

    visitor_submit(&v, "do=resend");
    assert_true(visitor_sees(&v, "a moment ago"));

    world->now += 31 * MFA_SECOND;
    visitor_submit(&v, "do=resend");
    sent_code(&v, "sms", second);

    submit_code(&v, first, "verify");
    assert_true(visitor_sees(&v, "earlier message"));
    assert_int_equal(flow_record(world, ann, "sms").record.failures, 0);

    submit_code(&v, second, "verify");
    assert_true(is_logged_in(&v));

    visitor_done(&v);
    world_close(world);
}


/* B9 X72: a code is good for its journey, its method and its purpose */
static void
a_code_is_good_for_its_own_journey_and_method_only(void **state)
{
    char        code[16], mine[16];
    world_t    *world;
    visitor_t   v, other;

    (void) state;

    world = flow_world(flow_lines, "sms email", &ann);
    flow_browser(&v, world, 9);
    flow_browser(&other, world, 10);

    flow_go(&v, "verify/sms");
    visitor_submit(&v, "do=send");
    sent_code(&v, "sms", code);

    flow_go(&other, "verify/sms");
    visitor_submit(&other, "do=send");
    sent_code(&other, "sms", mine);
    assert_string_not_equal(code, mine);

    submit_code(&other, code, "verify");
    assert_false(is_logged_in(&other));

    flow_go(&v, "verify/email");
    visitor_submit(&v, "do=send");
    submit_code(&v, code, "verify");
    assert_false(is_logged_in(&v));

    flow_go(&v, "verify/sms");
    submit_code(&v, code, "verify");
    assert_true(is_logged_in(&v));

    visitor_done(&other);
    visitor_done(&v);
    world_close(world);
}


/* B9 B17: what was proved is the number the code went to */
static void
the_number_that_is_kept_is_the_one_that_was_proved(void **state)
{
    char        first[16];
    world_t    *world;
    visitor_t   v;
    record_t    found;

    (void) state;

    world = ann_secures(&v, flow_lines, NULL);

    follow(&v, "Text message");
    visitor_submit(&v, "country=GB&phone=07700+900111&do=send");
    sent_code(&v, "sms", first);

    world->now += 31 * MFA_SECOND;
    flow_go(&v, "secure/sms");
    visitor_submit(&v, "country=GB&phone=07700+900222&do=send");

    /* the code of the first number does not prove the second */

    submit_code(&v, first, "verify");
    assert_false(visitor_sees(&v, "Thank you for registering"));

    submit_sent_code(&v, "sms");
    assert_true(visitor_sees(&v, "Thank you for registering"));

    world_update(world, world_find_ann, &ann);
    found = flow_record(world, ann, "sms");
    assert_int_equal(found.st, MFA_OK);
    assert_int_equal(found.len, strlen("+447700900222"));
    assert_memory_equal(found.secret, "+447700900222", found.len);

    ann_leaves(&v);
}


/* H8 X104: beyond the budget of a number nothing is sent, and it is said */
static void
a_number_gets_no_more_than_its_budget(void **state)
{
    int         n;
    size_t      sent;
    world_t    *world;
    visitor_t   v;

    (void) state;

    world = flow_world(flow_lines, "sms", &ann);

    for (n = 0; n < 12; n++) {
        flow_browser(&v, world, (uint8_t) (50 + n));
        visitor_submit(&v, "do=send");

        if (n == 11) {
            assert_true(visitor_sees(&v, "No more messages can be sent")
                        || visitor_sees(&v, "Too many codes were sent"));
        }

        visitor_done(&v);
        world->now += 20 * MFA_SECOND;
    }

    sent = events_of(world, "\"code.send\"")
           - events_of(world, "\"result\":\"limited\"");
    assert_true(sent <= 10);
    assert_true(sent >= 3);

    world_close(world);
}


/* B15 X77 E7 */
static void
a_recovery_code_opens_one_session_and_is_told_of(void **state)
{
    char        code[32], body[64], *at;
    world_t    *world;
    letters_t   letters;
    visitor_t   v;

    (void) state;

    world = ann_secures(&v, flow_lines, ANN_HOME);
    ann_sets_up_sms(&v);

    visitor_submit(&v, "do=recovery");
    at = strstr(v.page, "-");

    while (at != NULL && !(at - v.page > 4 && at[5] == '-' && at[10] == '-'
                           && strspn(at - 4, "0123456789ABCDEFGHJKMNPQRSTVWX"
                                             "YZ") == 4))
    {
        at = strstr(at + 1, "-");
    }

    assert_non_null(at);
    (void) snprintf(code, sizeof(code), "%.19s", at - 4);
    (void) settings_letters(world, "x");

    ann_logs_in(&v);
    flow_go(&v, "verify/recovery");
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(&v, body);
    assert_true(is_logged_in(&v));

    letters = settings_letters(world, "recovery code of your account was "
                               "used");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);
    assert_int_equal(events_of(world, "\"recovery.use\""), 1);

    ann_logs_in(&v);
    flow_go(&v, "verify/recovery");
    visitor_submit(&v, body);
    assert_false(is_logged_in(&v));

    ann_leaves(&v);
}


/* E6: nobody gets in with half of what policy wants */
static void
where_two_methods_are_wanted_a_session_begins_after_both(void **state)
{
    char        secret[64];
    world_t    *world;
    visitor_t   v;

    (void) state;

    world = ann_secures(&v, two_lines, NULL);

    follow(&v, "Text message");
    visitor_submit(&v, "country=GB&phone=07700+900123&do=send");
    submit_sent_code(&v, "sms");
    assert_true(visitor_sees(&v, "second way to verify"));
    assert_false(is_logged_in(&v));

    /* gone home in between: the login asks for the rest */

    world->now += MFA_HOUR;
    visitor_login(&v, "/mfa/login", ASK_ANN);
    visitor_submit(&v, "do=send");
    submit_sent_code(&v, "sms");
    assert_false(is_logged_in(&v));
    assert_true(visitor_sees(&v, "one more way to verify"));

    follow(&v, "Authenticator app");
    visitor_secret(&v, secret, 64);
    visitor_send_app_code(&v, secret, 0);
    assert_true(visitor_sees(&v, "Thank you for registering"));
    assert_true(is_logged_in(&v));

    ann_leaves(&v);
}


/* E3: what came from elsewhere meanwhile is not replaced, nor added to */
static void
a_method_that_came_from_elsewhere_stands_alone(void **state)
{
    size_t      i;
    char        secret[64];
    world_t    *world;
    record_t    found;
    visitor_t   v;

    static const mfa_tx_fn  gifts[] = { world_give_app, world_give_phone };

    (void) state;

    for (i = 0; i < sizeof(gifts) / sizeof(gifts[0]); i++) {
        world = ann_secures(&v, flow_lines, NULL);
        follow(&v, "Authenticator app");
        visitor_secret(&v, secret, 64);

        world_update(world, world_find_ann, &ann);
        world_update(world, gifts[i], &ann);

        visitor_send_app_code(&v, secret, 0);
        assert_false(is_logged_in(&v));

        found = flow_record(world, ann, "totp");

        if (i == 0) {
            assert_memory_equal(found.secret, "12345678901234567890", 20);

        } else {
            assert_int_equal(found.st, MFA_NOT_FOUND);
        }

        ann_leaves(&v);
    }
}


/* E8 L10: shown to who is logged in, the same for Back and a second press */
static void
codes_of_the_end_page_are_shown_to_the_session_only(void **state)
{
    char        url[8192], *first;
    world_t    *world;
    record_t    before, after;
    visitor_t   v;

    (void) state;

    world = ann_secures(&v, flow_lines, NULL);
    ann_sets_up_sms(&v);

    (void) snprintf(url, sizeof(url), "%s", v.url);
    visitor_submit(&v, "do=recovery");
    first = strdup(v.page);

    world_update(world, world_find_ann, &ann);
    before = flow_record(world, ann, "recovery");
    assert_int_equal(mfa_recovery_left(&before.record), MFA_RECOVERY_CODES);

    visitor_open(&v, url, NULL);
    visitor_submit(&v, "do=recovery");
    assert_string_equal(v.page, first);
    after = flow_record(world, ann, "recovery");
    assert_memory_equal(before.secret, after.secret, after.len);

    (void) snprintf(url, sizeof(url), "%s", v.url);
    v.cookies[0][0] = '\0';
    visitor_open(&v, url, NULL);
    assert_true(strncmp(v.url, "/mfa/register?", 14) == 0);
    assert_false(visitor_sees(&v, "Recovery codes"));

    free(first);
    ann_leaves(&v);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(wrong_codes_of_four_browsers_are_held_at_the_fifth),
        cmocka_unit_test(a_login_begun_again_refills_nothing),
        cmocka_unit_test(wrong_codes_of_messages_count_over_logins),
        cmocka_unit_test(what_is_no_code_costs_the_owner_nothing),
        cmocka_unit_test(a_code_of_a_wrong_clock_is_never_accepted),
        cmocka_unit_test(a_code_by_message_lives_five_minutes),
        cmocka_unit_test(an_earlier_code_is_told_apart_and_costs_nothing),
        cmocka_unit_test(a_code_is_good_for_its_own_journey_and_method_only),
        cmocka_unit_test(the_number_that_is_kept_is_the_one_that_was_proved),
        cmocka_unit_test(a_number_gets_no_more_than_its_budget),
        cmocka_unit_test(a_recovery_code_opens_one_session_and_is_told_of),
        cmocka_unit_test(
            where_two_methods_are_wanted_a_session_begins_after_both),
        cmocka_unit_test(a_method_that_came_from_elsewhere_stands_alone),
        cmocka_unit_test(codes_of_the_end_page_are_shown_to_the_session_only)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
