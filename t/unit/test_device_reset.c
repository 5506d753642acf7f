/*
 * A lost phone (D1 to D4): the journey, leaving it at each step, what one
 * mailbox can do, the helpdesk pass, and codes of an entry not deleted.
 */

#include "mfa_device_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
totp_lines(world_t *at)
{
    WORLD_LINE(at, "recovery_codes", "on");
    WORLD_LINE(at, "remember_device", "30d");
}


static void
off_lines(world_t *at)
{
    totp_lines(at);
    WORLD_LINE(at, "device_reset", "off");
}


static void
begin_with(const char *kinds, void (*lines)(world_t *))
{
    world = flow_world(lines, kinds, &ann);
    flow_browser(&v, world, 9);
}


static void
begin(const char *kinds)
{
    begin_with(kinds, flow_lines);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


/* D2 D3 C7 */
static void
a_lost_phone_is_replaced_step_by_step(void **state)
{
    char       secret[64];
    ann_t      before, after;
    letters_t  letters;

    (void) state;

    begin("totp recovery");

    device_ask(&v, "Ann.Home%40Example.ORG");
    assert_true(strncmp(v.url, "/mfa/device-reset/code", 22) == 0);
    assert_true(visitor_sees(&v, "<h1>Reset device</h1>"));
    assert_true(visitor_sees(&v, "<dd>" ANN_HOME "</dd>"));

    {
        char  code[16];

        world_code(world, code);
        submit_code(&v, code, "verify");
    }

    assert_true(visitor_sees(&v, "Email address verified. You can now "
                                 "continue."));
    before = ann_read(world, ann);
    visitor_submit(&v, "do=continue");
    assert_true(visitor_sees(&v, "<h1>Secure your account</h1>"));
    assert_true(visitor_sees(&v, "the old one stays valid"));
    assert_false(visitor_sees(&v, "You can leave now and finish later"));
    assert_false(visitor_sees(&v, ">Email</a>"));

    device_app(&v, secret);
    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));
    assert_true(visitor_sees(&v, "Thank you for registering for multi-factor "
                                 "authentication."));
    assert_true(visitor_sees(&v, "delete its old Example Council entry"));
    assert_false(is_logged_in(&v));

    letters = settings_letters(world, "Your way to verify was reset");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);

    after = ann_read(world, ann);
    assert_true(after.user.epoch > before.user.epoch);
    assert_int_equal(after.user.mailed_device_at, world->now);
    assert_int_equal(flow_record(world, ann, "recovery").st, MFA_NOT_FOUND);
    assert_int_equal(events_of(world, "\"factor.reset\""), 1);

    follow(&v, "Continue");
    assert_true(strncmp(v.url, "/mfa/login", 10) == 0);
    assert_false(is_logged_in(&v));

    assert_false(device_opens(world, ANN_SECRET));
    assert_true(device_opens(world, secret));

    end();
}


/* D3 X86: whoever leaves has changed nothing */
static void
leaving_at_each_step_changes_nothing(void **state)
{
    int   step;
    char  secret[64];

    (void) state;

    for (step = 0; step < 5; step++) {
        begin("totp");
        secret[0] = '\0';

        if (step == 0) {
            device_open(&v);

        } else if (step == 1) {
            device_ask(&v, ANN);

        } else {
            device_prove(&v, ANN);
        }

        if (step >= 3) {
            visitor_submit(&v, "do=continue");
            device_app(&v, secret);
        }

        if (step == 4) {
            visitor_submit(&v, "do=continue&code=000000");
            assert_true(visitor_sees(&v, "Invalid verification code."));
        }

        assert_false(is_logged_in(&v));
        assert_int_equal(ann_read(world, ann).user.mailed_device_at, 0);

        if (secret[0] != '\0') {
            assert_false(device_opens(world, secret));
        }

        assert_true(device_opens(world, ANN_SECRET));
        end();
    }
}


/* C12: out again by the button, at each step that has one */
static void
a_reset_can_be_cancelled(void **state)
{
    char  secret[64];

    (void) state;

    begin("totp");

    device_ask(&v, ANN);
    visitor_submit(&v, "do=cancel");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);

    /* once more within the wait: the code that was sent still counts */

    device_ask(&v, ANN);
    assert_true(strncmp(v.url, "/mfa/device-reset/code", 22) == 0);
    {
        char  code[16];

        world_code(world, code);
        submit_code(&v, code, "verify");
    }
    visitor_submit(&v, "do=continue");
    device_app(&v, secret);
    visitor_submit(&v, "do=cancel");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);

    right_app_code(&v);
    assert_true(is_logged_in(&v));

    end();
}


/* X85: the same pages, no letter, nothing done */
static void
a_foreign_address_gets_the_same_page_and_no_code(void **state)
{
    char       own[16384];
    visitor_t  other;

    (void) state;

    begin("totp");

    device_ask(&v, ANN_HOME);
    (void) snprintf(own, sizeof(own), "%s", strstr(v.page, "<form"));
    assert_int_equal(world_mail(world, NULL, NULL), 1);

    flow_browser(&other, world, 10);
    device_ask(&other, "eve.other%40example.org");
    assert_true(strncmp(other.url, "/mfa/device-reset/code", 22) == 0);
    assert_true(visitor_sees(&other, "Verification code has been sent"));
    assert_int_equal(strlen(strstr(other.page, "<form")), strlen(own));
    assert_int_equal(world_mail(world, NULL, NULL), 1);

    submit_code(&other, "123456", "verify");
    assert_true(visitor_sees(&other, "Invalid verification code."));

    world->now += MFA_MINUTE;
    visitor_submit(&other, "do=resend");
    assert_int_equal(world_mail(world, NULL, NULL), 1);

    visitor_submit(&other, "do=change");
    assert_true(strncmp(other.url, "/mfa/device-reset", 17) == 0);
    assert_true(visitor_sees(&other, "value=\"eve.other@example.org\""));

    visitor_submit(&other, "email=nonsense&do=send");
    assert_true(visitor_sees(&other, "Enter an email address in the form"));
    visitor_done(&other);

    assert_true(device_opens(world, ANN_SECRET));

    end();
}


/* nobody can make the row of a foreign address right: even its own code
 * opens nothing */
static void
the_code_of_a_foreign_address_opens_nothing(void **state)
{
    char       code[16];
    waiting_t  waiting = { "none", code };

    (void) state;

    begin("totp");
    code[0] = '\0';

    device_ask(&v, "eve.other%40example.org");
    world_update(world, read_waiting, &waiting);
    assert_string_not_equal(code, "");

    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "Invalid verification code."));
    assert_true(strncmp(v.url, "/mfa/device-reset/code", 22) == 0);

    end();
}


/* X88: no page of the journey is there before its step */
static void
pages_of_later_steps_are_refused(void **state)
{
    size_t  i;

    static const char *const  paths[] = {
        "device-reset/code", "device-reset/verified", "device-reset/done",
        "secure", "secure/totp", "secure/sms"
    };

    (void) state;

    begin("totp");

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        flow_go(&v, paths[i]);
        assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    }

    end();
}


/* B17: a new number is proved in this very journey; the app goes */
static void
an_app_is_replaced_by_a_phone(void **state)
{
    (void) state;

    begin("totp");

    device_prove(&v, ANN);
    visitor_submit(&v, "do=continue");
    follow(&v, "Text message");
    visitor_submit(&v, "country=GB&phone=07700+900456&do=send");
    submit_sent_code(&v, "sms");
    assert_true(device_is_done(&v));

    assert_int_equal(flow_record(world, ann, "totp").st, MFA_NOT_FOUND);
    assert_int_equal(flow_record(world, ann, "sms").st, MFA_OK);
    assert_false(is_logged_in(&v));

    end();
}


/* a mailed code is no ground to make mail the factor */
static void
mail_is_no_new_factor_of_a_mailed_reset(void **state)
{
    (void) state;

    begin("totp");

    device_prove(&v, ANN);
    visitor_submit(&v, "do=continue");
    flow_go(&v, "secure/email");
    assert_false(strncmp(v.url, "/mfa/secure/email", 17) == 0);

    end();
}


/* every button that an attacker with the mailbox sees */

static void
assert_closed(visitor_t *thief)
{
    size_t  i;

    static const char *const  bodies[] = {
        "do=reset", "do=reset&email=" ANN, "do=send&email=" ANN,
        "do=continue", "do=verify&code=000000", "do=submit",
        "do=pass&pass=AAAAABBBBB", "do=renew", "do=resend", "do=cancel"
    };

    follow(thief, "Reset device");
    assert_true(strncmp(thief->url, "/mfa/device-reset/closed", 24) == 0);
    assert_true(visitor_sees(thief, "Your password was reset with a code "
                                    "sent by email"));
    assert_true(visitor_sees(thief, ">Reset Multi-Factor Authentication"));

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        flow_go(thief, "verify");
        visitor_submit(thief, bodies[i]);
        assert_false(is_logged_in(thief));
        assert_false(visitor_sees(thief, "class=\"key\""));
        assert_false(visitor_sees(thief, "Email address verified."));

        flow_go(thief, "device-reset/verified");
        assert_true(strncmp(thief->url, "/mfa/verify", 11) == 0);
    }
}


/* C6 D4 X83 */
static void
a_mailbox_alone_never_takes_an_account(void **state)
{
    visitor_t  thief;

    (void) state;

    begin("totp recovery");

    visitor_init(&thief, world);
    thief.address = 66;
    reset_open(&thief, ANN);
    reset_set(&thief);
    assert_true(reset_is_done(&thief));
    assert_true(reset_login(&thief, ANN, RESET_NEW_PASSWORD));

    assert_closed(&thief);
    visitor_done(&thief);

    assert_int_equal(flow_record(world, ann, "totp").st, MFA_OK);
    assert_int_equal(ann_read(world, ann).user.mailed_device_at, 0);

    end();
}


/* C6: a journey that began before the mailed password ends with it */
static void
a_reset_begun_before_does_not_survive_a_mailed_password(void **state)
{
    char        secret[64];
    mfa_user_t  set;

    (void) state;

    begin("totp");

    device_prove(&v, ANN);
    visitor_submit(&v, "do=continue");
    device_app(&v, secret);

    /* as if its flow had been missed */

    memset(&set, 0, sizeof(set));
    set.mailed_password_at = world->now;
    ann_write(world, ann, set);

    visitor_send_app_code(&v, secret, 0);
    assert_false(device_is_done(&v));
    assert_true(strncmp(v.url, "/mfa/device-reset/closed", 24) == 0);
    assert_true(device_opens(world, ANN_SECRET));

    end();
}


/* D4: the old factor opens it again */
static void
a_login_with_the_old_device_reopens_the_reset(void **state)
{
    mfa_user_t  set;

    (void) state;

    begin("totp");

    memset(&set, 0, sizeof(set));
    set.mailed_password_at = world->now;
    ann_write(world, ann, set);

    right_app_code(&v);
    assert_true(is_logged_in(&v));

    world->now += 2 * MFA_MINUTE;
    flow_again(&v);
    device_prove(&v, ANN);

    end();
}


/* D1 */
static void
off_says_whom_to_contact(void **state)
{
    (void) state;

    begin_with("totp", off_lines);

    assert_true(visitor_sees(&v, "I have lost or changed my phone"));
    assert_false(visitor_sees(&v, "Reset device"));

    flow_go(&v, "device-reset");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    visitor_submit(&v, "do=reset&email=" ANN);
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    assert_int_equal(world_mail(world, NULL, NULL), 0);

    end();
}


/* a pass leads to the enrolment, works once, and for its owner only */
static void
a_helpdesk_pass_lets_a_new_device_in(void **state)
{
    char    body[64], secret[64];
    desk_t  desk;

    (void) state;

    begin("totp");
    assert_false(visitor_sees(&v, "Helpdesk pass"));

    desk = desk_pass(world, ann);
    flow_go(&v, "verify");
    assert_true(visitor_sees(&v, ">Helpdesk pass</label>"));

    visitor_submit(&v, "do=pass&pass=AAAAA-BBBBB");
    assert_true(visitor_sees(&v, "This helpdesk pass is wrong"));

    (void) snprintf(body, sizeof(body), "do=pass&pass=%s", desk.pass);
    visitor_submit(&v, body);
    device_app(&v, secret);
    assert_false(is_logged_in(&v));
    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));
    assert_int_equal(ann_read(world, ann).user.mailed_device_at, 0);

    assert_false(device_opens(world, ANN_SECRET));
    assert_true(device_opens(world, secret));

    v.cookies[0][0] = '\0';
    flow_again(&v);
    assert_false(visitor_sees(&v, ">Helpdesk pass</label>"));
    visitor_submit(&v, body);
    assert_false(visitor_sees(&v, "class=\"key\""));

    end();
}


/* five wrong ones, and the right one is dead */
static void
a_pass_dies_after_five_wrong_tries(void **state)
{
    int     i;
    char    body[64];
    desk_t  desk;

    (void) state;

    begin("totp");
    desk = desk_pass(world, ann);

    for (i = 0; i < 5; i++) {
        visitor_submit(&v, "do=pass&pass=AAAAABBBBB");
    }

    (void) snprintf(body, sizeof(body), "do=pass&pass=%s", desk.pass);
    visitor_submit(&v, body);
    assert_false(visitor_sees(&v, "class=\"key\""));
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);

    end();
}


/* a code of the entry that was not deleted: said, and counted */
static void
a_code_of_the_replaced_device_is_told_apart(void **state)
{
    char        secret[64];
    visitor_t   other;

    (void) state;

    begin("totp");
    device_prove(&v, ANN);
    visitor_submit(&v, "do=continue");
    device_app(&v, secret);
    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));

    world->now += 2 * MFA_MINUTE;
    flow_browser(&other, world, 20);
    wrong_app_code(&other);
    assert_false(visitor_sees(&other, "was replaced on"));

    right_app_code(&other);
    assert_true(visitor_sees(&other, "That code comes from the entry of the "
                                     "device that was replaced on 15 January "
                                     "2027."));
    assert_true(visitor_sees(&other, "Invalid verification code."));
    assert_false(is_logged_in(&other));
    assert_int_equal(flow_record(world, ann, "totp").record.failures, 2);

    /* 30 days later nobody knows that secret */

    visitor_done(&other);
    world->now += 31 * MFA_DAY;
    flow_browser(&other, world, 21);
    right_app_code(&other);
    assert_false(visitor_sees(&other, "was replaced on"));
    visitor_done(&other);

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_lost_phone_is_replaced_step_by_step),
        cmocka_unit_test(leaving_at_each_step_changes_nothing),
        cmocka_unit_test(a_reset_can_be_cancelled),
        cmocka_unit_test(a_foreign_address_gets_the_same_page_and_no_code),
        cmocka_unit_test(the_code_of_a_foreign_address_opens_nothing),
        cmocka_unit_test(pages_of_later_steps_are_refused),
        cmocka_unit_test(an_app_is_replaced_by_a_phone),
        cmocka_unit_test(mail_is_no_new_factor_of_a_mailed_reset),
        cmocka_unit_test(a_mailbox_alone_never_takes_an_account),
        cmocka_unit_test(
            a_reset_begun_before_does_not_survive_a_mailed_password),
        cmocka_unit_test(a_login_with_the_old_device_reopens_the_reset),
        cmocka_unit_test(off_says_whom_to_contact),
        cmocka_unit_test(a_helpdesk_pass_lets_a_new_device_in),
        cmocka_unit_test(a_pass_dies_after_five_wrong_tries),
        cmocka_unit_test(a_code_of_the_replaced_device_is_told_apart),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
