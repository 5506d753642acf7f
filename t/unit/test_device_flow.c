/*
 * Remembered devices in journeys (L13): what they skip, for whom, how long,
 * and what happens to a copy.
 */

#include "mfa_flow_ask.h"


#define DEVICE  3                       /* of the visitor's cookies */

static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
prove_and_remember(visitor_t *who)
{
    char  code[16], body[64];

    visitor_app_code(who, ANN_SECRET, 0, code);
    (void) snprintf(body, sizeof(body), "code=%s&remember=1&do=continue",
                    code);
    visitor_submit(who, body);
    assert_true(is_logged_in(who));
}


/* Ann is logged in and her browser remembered */

static void
begin(void)
{
    world = flow_world(flow_lines, "totp", &ann);

    flow_browser(&v, world, 9);
    prove_and_remember(&v);
    assert_string_not_equal(v.cookies[DEVICE], "");

    world->now += 5 * MFA_MINUTE;
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static void
copy_cookie(char to[1024], const char *from)
{
    (void) snprintf(to, 1024, "%s", from);
}


/* L13: the second factor only; a new token at each use */
static void
a_remembered_device_skips_the_second_factor(void **state)
{
    char  former[1024];

    (void) state;

    begin();
    copy_cookie(former, v.cookies[DEVICE]);

    flow_again(&v);
    assert_true(is_logged_in(&v));
    assert_string_not_equal(v.cookies[DEVICE], former);

    /* never without the password */

    v.cookies[0][0] = '\0';
    visitor_open(&v, "/mfa/login", NULL);
    visitor_submit(&v, "email=" ANN "&password=wrong+password");
    assert_false(is_logged_in(&v));

    end();
}


/* L13 D13: a device is no second factor, and never a fresh one */
static void
a_device_is_never_a_fresh_factor(void **state)
{
    (void) state;

    begin();
    flow_again(&v);
    assert_true(is_logged_in(&v));

    visitor_open(&v, "/mfa/security", NULL);
    visitor_submit(&v, "do=password");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);

    right_app_code(&v);
    assert_true(strncmp(v.url, "/mfa/security/password", 22) == 0);

    end();
}


/* L13: who uses a token that was replaced has a copy, or it was copied */
static void
a_copy_ends_all_devices_and_is_told(void **state)
{
    char       former[1024];
    letters_t  letters;
    visitor_t  thief;

    (void) state;

    begin();
    copy_cookie(former, v.cookies[DEVICE]);

    flow_again(&v);
    assert_true(is_logged_in(&v));
    world->now += 5 * MFA_MINUTE;

    visitor_init(&thief, world);
    thief.address = 66;
    copy_cookie(thief.cookies[DEVICE], former);
    visitor_open(&thief, "/mfa/login", NULL);
    visitor_submit(&thief, "email=" ANN "&password=copper+kettle+nine");
    assert_false(is_logged_in(&thief));
    assert_true(visitor_sees(&thief, "<h1>Verify</h1>"));

    letters = settings_letters(world, "was copied");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);
    assert_int_equal(events_of(world, "\"device.copied\""), 1);

    /* the owner's is gone as well */

    flow_again(&v);
    assert_false(is_logged_in(&v));

    visitor_done(&thief);
    end();
}


/* L13: a device is of its user; a browser may hold one of each of three */
static void
a_device_is_good_for_its_own_user(void **state)
{
    (void) state;

    begin();
    (void) settings_person(world, EVE, NULL, "totp");

    v.cookies[0][0] = '\0';
    visitor_open(&v, "/mfa/login", NULL);
    visitor_submit(&v, "email=" EVE "&password=copper+kettle+nine");
    assert_false(is_logged_in(&v));
    prove_and_remember(&v);

    flow_again(&v);
    assert_true(is_logged_in(&v));

    v.cookies[0][0] = '\0';
    visitor_open(&v, "/mfa/login", NULL);
    visitor_submit(&v, "email=" EVE "&password=copper+kettle+nine");
    assert_true(is_logged_in(&v));

    end();
}


/* L13: not asked for, not remembered; past its time, or rubbish: nothing */
static void
what_is_no_device_counts_for_nothing(void **state)
{
    size_t  i;
    char    good[1024];

    static const char *const  rubbish[] = {
        "", ".", "....", "x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    };

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);
    flow_browser(&v, world, 9);
    right_app_code(&v);
    assert_true(is_logged_in(&v));
    assert_string_equal(v.cookies[DEVICE], "");
    end();

    begin();
    copy_cookie(good, v.cookies[DEVICE]);

    for (i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        (void) snprintf(v.cookies[DEVICE], sizeof(v.cookies[DEVICE]),
                        "__Host-mfa_device=%s", rubbish[i]);
        flow_again(&v);
        assert_false(is_logged_in(&v));
    }

    copy_cookie(v.cookies[DEVICE], good);
    world->now += 30 * MFA_DAY;
    flow_again(&v);
    assert_false(is_logged_in(&v));

    end();
}


/* L13: gone with every change of how one proves who one is */
static void
changes_end_remembered_devices(void **state)
{
    size_t  i;
    char    device[1024];

    static const char *const  deeds[] = {
        "do=password", "do=recovery", "do=add&subject=sms"
    };

    (void) state;

    for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        begin();
        copy_cookie(device, v.cookies[DEVICE]);

        visitor_open(&v, "/mfa/security", NULL);
        visitor_submit(&v, deeds[i]);

        if (i == 0) {
            visitor_submit(&v, "current_password=copper+kettle+nine"
                           "&new_password=silver+spoon+ten"
                           "&confirm_password=silver+spoon+ten&do=change");
            assert_string_equal(v.url, "/mfa/security");
        }

        if (i == 2) {
            visitor_submit(&v, "country=GB&phone=07700+900123&do=send");
            submit_sent_code(&v, "sms");
            assert_string_equal(v.url, "/mfa/security");
        }

        copy_cookie(v.cookies[DEVICE], device);
        v.cookies[0][0] = '\0';
        visitor_open(&v, "/mfa/login", NULL);
        visitor_submit(&v, i == 0
                       ? "email=" ANN "&password=silver+spoon+ten"
                       : "email=" ANN "&password=copper+kettle+nine");
        assert_false(is_logged_in(&v));
        assert_true(visitor_sees(&v, "<h1>"));
        assert_false(visitor_sees(&v, "Invalid login."));

        end();
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_remembered_device_skips_the_second_factor),
        cmocka_unit_test(a_device_is_never_a_fresh_factor),
        cmocka_unit_test(a_copy_ends_all_devices_and_is_told),
        cmocka_unit_test(a_device_is_good_for_its_own_user),
        cmocka_unit_test(what_is_no_device_counts_for_nothing),
        cmocka_unit_test(changes_end_remembered_devices)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
