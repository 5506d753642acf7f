/*
 * The settings where changes need an approval (D5, A1), and where policy
 * demands two methods (C8): what is refused however it is asked for, the
 * request instead of it, and its end.
 */

#include "mfa_device_ask.h"


#define SAM  "sam.staff@example.org"

static world_t    *world;
static visitor_t   v;
static visitor_t   other;           /* another browser of Ann's, logged in */
static mfa_id_t    ann;


static void
approval_lines(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "helpdesk_group", "helpdesk");
    WORLD_LINE(at, "factor_change", "approval");
}


static void
approval_two_lines(world_t *at)
{
    approval_lines(at);
    WORLD_LINE(at, "second_factor", "required", "methods=2");
}


/* device_reset off: a request of the settings does not depend on it */

static void
group_lines(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "device_reset", "off");
    WORLD_LINE(at, "factor_change", "approval", "group=managers");
    WORLD_LINE(at, "second_factor", "required", "methods=2",
               "group=managers");
}


static void
begin(void (*lines)(world_t *), const char *kinds)
{
    login_t  here = { .user = &ann }, there = { .user = &ann };

    world = flow_world(lines, kinds, &ann);
    world_person(world, SAM, "helpdesk");

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


/* a form of the settings made by hand, whatever the page shows */

static void
press(const char *fields)
{
    visitor_open(&v, "/mfa/security", NULL);
    assert_string_equal(v.url, "/mfa/security");
    visitor_submit(&v, fields);
}


static void
assert_refused(const char *fields)
{
    press(fields);

    if (strcmp(v.url, "/mfa/security") != 0
        || !visitor_sees(&v, "That is no longer possible"))
    {
        fail_msg("%s led to %s", fields, v.url);
    }
}


static bool
lives(visitor_t *who)
{
    visitor_open(who, "/mfa/", NULL);

    return visitor_sees(who, "Your applications");
}


static mfa_status_t
join_managers(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_get(tx, arg, &user);

    if (st == MFA_OK) {
        st = mfa_strs_add(tx->work->arena, &user.groups,
                          mfa_str("managers"));
    }

    return (st == MFA_OK) ? mfa_user_save(tx, &user, NULL) : st;
}


static void
submit_request(void)
{
    press("do=request&subject=totp");
    assert_true(strncmp(v.url, "/mfa/reset-request?", 19) == 0);
    visitor_submit(&v, "do=submit");
    assert_string_equal(v.url, "/mfa/security");
    assert_true(visitor_sees(&v, "Your reset request was submitted."));
}


/* D5 X90: forged, with a fresh factor and with an old one */
static void
changes_are_refused_however_they_are_asked_for(void **state)
{
    size_t  i, n;

    static const char *const  forms[] = {
        "do=change&subject=totp", "do=change&subject=sms",
        "do=remove&subject=sms", "do=remove&subject=totp",
        "do=add&subject=email"
    };

    (void) state;

    begin(approval_lines, "totp sms recovery");

    /* nor is the journey of a request moved to another deed */

    press("do=request&subject=sms");
    flow_go(&v, "security/remove");
    assert_true(strncmp(v.url, "/mfa/reset-request?", 19) == 0);
    flow_go(&v, "secure/email");
    assert_true(strncmp(v.url, "/mfa/reset-request?", 19) == 0);
    visitor_submit(&v, "do=remove");
    assert_true(settings_has(world, ann, "sms"));

    for (n = 0; n < 2; n++) {
        for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
            assert_refused(forms[i]);
        }

        world->now += 11 * MFA_MINUTE;
    }

    assert_true(settings_has(world, ann, "sms totp"));
    assert_false(settings_has(world, ann, "email"));
    assert_true(lives(&other));
    assert_int_equal(world_mail(world, NULL, NULL), 0);

    end();
}


/* D5: begun before the line was there, or before one joined the group */
static void
a_journey_begun_before_the_policy_ends_without_a_change(void **state)
{
    (void) state;

    begin(group_lines, "totp sms");

    press("do=remove&subject=sms");
    assert_true(visitor_sees(&v, "Remove Text message?"));
    world_update(world, join_managers, &ann);
    visitor_submit(&v, "do=remove");

    assert_string_equal(v.url, "/mfa/security");
    assert_true(settings_has(world, ann, "sms"));
    assert_refused("do=change&subject=totp");
    submit_request();

    end();
}


/* D5 A1 S1: the buttons lead to the request; what stands goes on */
static void
the_request_shows_on_the_settings_with_its_words(void **state)
{
    char    phrase[128];
    desk_t  desk;

    (void) state;

    begin(approval_lines, "totp sms");

    visitor_open(&v, "/mfa/security", NULL);
    assert_true(visitor_sees(&v, "value=\"request\" aria-label=\"Change "
                                 "Authenticator app\""));
    assert_true(visitor_sees(&v, "value=\"request\" aria-label=\"Remove "
                                 "Text message\""));
    assert_false(visitor_sees(&v, "value=\"add\""));
    assert_false(visitor_sees(&v, "value=\"change\""));
    assert_false(visitor_sees(&v, "value=\"remove\""));

    press("do=request&subject=totp");
    assert_true(visitor_sees(&v, "<h1>Multi-Factor Authentication Reset"));
    assert_true(visitor_sees(&v, "your current way to verify stays valid"));
    assert_true(visitor_sees(&v, ">Submit reset request</button>"));
    assert_false(visitor_sees(&v, "Back to Verify"));
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);

    visitor_submit(&v, "do=cancel");
    assert_string_equal(v.url, "/mfa/security");
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);

    submit_request();
    desk = desk_read(world, ann);
    assert_int_equal(desk.request.state, MFA_REQUEST_OPEN);
    (void) snprintf(phrase, sizeof(phrase), "<strong>%s</strong>",
                    desk.phrase);
    assert_true(visitor_sees(&v, phrase));
    assert_true(visitor_sees(&v, "<h3>Reset pending</h3>"));
    assert_true(visitor_sees(&v, ">Cancel request</button>"));
    assert_false(visitor_sees(&v, "value=\"request\""));
    assert_int_equal(events_of(world, "\"request.open\""), 1);

    /* once, told to staff and to the person; nothing ended */

    assert_refused("do=request&subject=totp");
    assert_refused("do=change&subject=totp");
    assert_true(lives(&other));
    (void) world_mail(world, NULL, NULL);
    assert_int_equal(world->letters, 3);

    /* the old app logs in meanwhile */

    flow_again(&other);
    flow_go(&other, "verify/totp");
    right_app_code(&other);
    assert_true(is_logged_in(&other));

    end();
}


/* D13: the factor is fresh when the request is sent, not only when begun */
static void
a_request_needs_a_fresh_factor_and_its_end_does_not(void **state)
{
    (void) state;

    begin(approval_lines, "totp");

    press("do=request&subject=totp");
    world->now += 11 * MFA_MINUTE;
    visitor_submit(&v, "do=submit");
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);
    assert_true(visitor_sees(&v, "Verify once more"));
    right_app_code(&v);
    assert_true(strncmp(v.url, "/mfa/reset-request?", 19) == 0);
    visitor_submit(&v, "do=cancel");

    world->now += 11 * MFA_MINUTE;
    press("do=request&subject=totp");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    flow_go(&v, "reset-request");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    visitor_submit(&v, "do=submit");
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);
    flow_go(&v, "verify/totp");
    right_app_code(&v);
    assert_true(strncmp(v.url, "/mfa/reset-request?", 19) == 0);
    visitor_submit(&v, "do=submit");
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);

    world->now += 11 * MFA_MINUTE;
    press("do=end-request");
    assert_string_equal(v.url, "/mfa/security");
    assert_true(visitor_sees(&v, "The reset request was cancelled."));
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);

    end();
}


/* A1 C10: told to all addresses, once; never somebody else's */
static void
a_request_is_cancelled_by_its_own_person_only(void **state)
{
    char       token[128], body[256];
    login_t    hers;
    mfa_id_t   eve;
    letters_t  letters;
    visitor_t  thief;

    (void) state;

    begin(approval_lines, "totp");
    eve = settings_person(world, EVE, NULL, "totp");
    hers = (login_t) { .user = &eve };
    settings_login(&thief, world, &hers);
    submit_request();
    (void) world_mail(world, NULL, NULL);

    visitor_open(&thief, "/mfa/security", NULL);
    visitor_submit(&thief, "do=end-request");
    assert_true(visitor_sees(&thief, "There was no reset request any more."));
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);

    /* no token, a foreign one, no session */

    visitor_hidden(&thief, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "do=end-request&token=%s", token);
    visitor_open(&v, "/mfa/security", body);
    assert_int_equal(v.status, 403);
    visitor_open(&v, "/mfa/security", "do=end-request");
    assert_int_equal(v.status, 403);
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);
    visitor_open(&v, "/mfa/security?do=end-request", NULL);
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);

    press("do=end-request");
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);
    letters = settings_letters(world, "was cancelled with the");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);
    assert_int_equal(letters.eve, 0);

    press("do=end-request");
    assert_true(visitor_sees(&v, "There was no reset request any more."));
    assert_int_equal(settings_letters(world, "was cancelled with").ann, 0);

    /* and another one can be made */

    submit_request();

    visitor_done(&thief);
    end();
}


/* A4: by the password and a mailed code, everything is set up anew */
static void
an_approval_is_used_at_the_next_login(void **state)
{
    char  secret[64], code[16];

    (void) state;

    begin(group_lines, "totp sms");
    world_update(world, join_managers, &ann);
    submit_request();
    desk_approve(world, ann);

    visitor_open(&v, "/mfa/security", NULL);
    assert_true(visitor_sees(&v, "<h3>Your reset was approved</h3>"));
    assert_true(visitor_sees(&v, ">Cancel request</button>"));
    assert_refused("do=change&subject=totp");

    flow_browser(&other, world, 9);
    assert_true(visitor_sees(&other, "Your reset was approved"));
    visitor_submit(&other, "do=reset");
    world_code(world, code);
    submit_code(&other, code, "verify");
    visitor_submit(&other, "do=continue");
    device_app(&other, secret);
    visitor_send_app_code(&other, secret, 0);
    assert_true(device_is_done(&other));
    assert_false(settings_has(world, ann, "sms"));
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);
    assert_false(lives(&v));

    end();
}


/* an approval that was cancelled opens nothing */
static void
a_cancelled_approval_is_none(void **state)
{
    (void) state;

    begin(approval_lines, "totp");
    submit_request();
    desk_approve(world, ann);
    press("do=end-request");

    flow_browser(&other, world, 9);
    assert_false(visitor_sees(&other, "Your reset was approved"));
    visitor_submit(&other, "do=reset");
    assert_false(strncmp(other.url, "/mfa/device-reset/code", 22) == 0);

    end();
}


/* D5 E6: what policy demands and is missing is added without asking */
static void
a_missing_method_is_added_and_no_further_one(void **state)
{
    char  secret[64];

    (void) state;

    begin(approval_two_lines, "sms recovery");

    press("do=add&subject=totp");
    visitor_secret(&v, secret, sizeof(secret));

    /* another tab is faster: then this one is a third */

    visitor_open(&other, "/mfa/security", NULL);
    visitor_submit(&other, "do=add&subject=email");
    visitor_submit(&other, "address=0&do=send");
    submit_sent_code(&other, "mail");
    assert_true(settings_has(world, ann, "email"));

    visitor_send_app_code(&v, secret, 0);
    assert_false(settings_has(world, ann, "totp"));
    assert_refused("do=add&subject=totp");

    end();
}


/* recovery codes are no method: made and dropped as ever */
static void
recovery_codes_are_ones_own(void **state)
{
    (void) state;

    begin(approval_lines, "totp recovery");

    press("do=recovery");
    assert_true(strncmp(v.url, "/mfa/recovery-codes", 19) == 0);
    visitor_submit(&v, "do=continue");

    press("do=remove&subject=recovery");
    assert_true(visitor_sees(&v, "Remove Recovery code?"));

    end();
}


/* D5: there is no request where people change by themselves */
static void
without_approval_there_is_no_request_of_the_settings(void **state)
{
    (void) state;

    begin(flow_lines, "totp sms");
    assert_refused("do=request&subject=totp");
    assert_refused("do=request");
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);

    end();
}


static void
two_of_lines(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "second_factor", "required", "methods=2");
}


/* C8 S2: with two demanded the second one stays, one that is off is none */
static void
not_below_the_number_that_is_demanded(void **state)
{
    (void) state;

    begin(two_of_lines, "totp sms recovery");
    visitor_open(&v, "/mfa/security", NULL);
    assert_false(visitor_sees(&v, "value=\"remove\""));
    assert_true(visitor_sees(&v, "value=\"change\""));
    assert_refused("do=remove&subject=sms");
    assert_refused("do=remove&subject=totp");

    press("do=change&subject=sms");
    assert_true(visitor_sees(&v, "Phone number"));
    visitor_submit(&v, "do=cancel");
    end();

    begin(two_of_lines, "totp sms email");
    world_update(world, world_disable_sms, &ann);
    assert_refused("do=remove&subject=totp");
    press("do=remove&subject=sms");
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "sms"));
    assert_refused("do=remove&subject=email");
    end();
}


/* C8: two tabs, each removing one of three */
static void
two_removals_at_once_leave_what_is_demanded(void **state)
{
    (void) state;

    begin(two_of_lines, "totp sms email");

    press("do=remove&subject=sms");
    visitor_open(&other, "/mfa/security", NULL);
    visitor_submit(&other, "do=remove&subject=email");
    assert_true(visitor_sees(&other, "Remove Email?"));

    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "sms"));
    visitor_submit(&other, "do=remove");
    assert_true(settings_has(world, ann, "email"));

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(changes_are_refused_however_they_are_asked_for),
        cmocka_unit_test(
            a_journey_begun_before_the_policy_ends_without_a_change),
        cmocka_unit_test(the_request_shows_on_the_settings_with_its_words),
        cmocka_unit_test(a_request_needs_a_fresh_factor_and_its_end_does_not),
        cmocka_unit_test(a_request_is_cancelled_by_its_own_person_only),
        cmocka_unit_test(an_approval_is_used_at_the_next_login),
        cmocka_unit_test(a_cancelled_approval_is_none),
        cmocka_unit_test(a_missing_method_is_added_and_no_further_one),
        cmocka_unit_test(recovery_codes_are_ones_own),
        cmocka_unit_test(without_approval_there_is_no_request_of_the_settings),
        cmocka_unit_test(not_below_the_number_that_is_demanded),
        cmocka_unit_test(two_removals_at_once_leave_what_is_demanded)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
