/*
 * A forgotten password: the journey of P1 and P2, what it ends, what it
 * leaves alone, and what it tells to nobody.
 */

#include "mfa_reset_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
begin(void)
{
    world = flow_world(flow_lines, "totp", &ann);
    visitor_init(&v, world);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


/* P1 */
static void
a_forgotten_password_is_reset_step_by_step(void **state)
{
    char  code[16];

    (void) state;

    begin();

    reset_ask(&v, "Ann.Employee%40Example.ORG");
    assert_true(visitor_sees(&v, "<title>Password reset - "));
    assert_true(visitor_sees(&v, "<h1>Password reset</h1>"));
    assert_true(visitor_sees(&v, "Verification code has been sent to your "
                                 "inbox. Please enter code below"));
    assert_true(visitor_sees(&v, "<dd>" ANN "</dd>"));
    assert_true(visitor_sees(&v, "no-reply@example.org"));
    assert_true(visitor_sees(&v, "Allow up to 10 minutes"));
    assert_true(visitor_sees(&v, ">Verify code</button>"));
    assert_true(visitor_sees(&v, ">Send new code</button>"));
    assert_true(visitor_sees(&v, ">Change email</button>"));

    world_code(world, code);
    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "<h1>Password reset</h1>"));
    assert_true(visitor_sees(&v, "Email address verified. You can now "
                                 "continue."));
    assert_true(visitor_sees(&v, ">Change email</button>"));

    visitor_submit(&v, "do=continue");
    assert_true(visitor_sees(&v, "<h1>New password</h1>"));
    assert_true(visitor_sees(&v, ">New password</label>"));
    assert_true(visitor_sees(&v, ">Confirm new password</label>"));
    assert_true(visitor_sees(&v, "At least 12 characters."));

    reset_set(&v);
    assert_true(visitor_sees(&v, "<h1>Password reset</h1>"));
    assert_true(visitor_sees(&v, "Your password has been successfully reset. "
                                 "Please visit your normal login URL and "
                                 "enter your new password."));

    follow(&v, "Continue");
    assert_string_equal(v.url, "/mfa/login?to=/ess/page");
    assert_true(visitor_sees(&v, "Employee Self Service"));

    end();
}


/* R2 P1: Change email goes back to the first page with the address */
static void
another_address_can_be_given(void **state)
{
    (void) state;

    begin();

    reset_ask(&v, ANN);
    visitor_submit(&v, "do=change");
    assert_true(strncmp(v.url, "/mfa/password-reset?", 20) == 0);
    assert_true(visitor_sees(&v, "value=\"" ANN "\""));

    reset_prove(&v, ANN);
    visitor_submit(&v, "do=change");
    assert_true(strncmp(v.url, "/mfa/password-reset?", 20) == 0);

    /* an address on record that is not the one of the login serves too */

    world->now += MFA_HOUR;
    reset_open(&v, ANN_HOME);
    reset_set(&v);
    assert_true(reset_is_done(&v));
    assert_true(reset_login(&v, ANN, RESET_NEW_PASSWORD));

    end();
}


static void
what_is_no_address_is_said_so(void **state)
{
    (void) state;

    begin();

    reset_ask(&v, "ann.employee");
    assert_true(visitor_sees(&v, "Error: "));
    assert_true(visitor_sees(&v, "Enter an email address in the form"));
    assert_true(visitor_sees(&v, "value=\"ann.employee\""));

    end();
}


/* a right code is gone: Back and its form again change nothing */
static void
a_right_code_is_spent(void **state)
{
    char  action[256], body[8192];

    (void) state;

    begin();

    reset_prove(&v, ANN);
    (void) snprintf(action, sizeof(action), "%s", v.action);
    (void) snprintf(body, sizeof(body), "%s", v.body);

    visitor_open(&v, action, body);
    assert_true(strncmp(v.url, "/mfa/password-reset/verified", 28) == 0);
    assert_int_equal(events_of(world, "\"code\",\"result\":\"ok\""), 1);

    end();
}


/* a browser of Ann that is logged in and remembered */

static void
ann_is_remembered(visitor_t *who, uint8_t address)
{
    char  code[16], body[64];

    flow_browser(who, world, address);
    visitor_app_code(who, ANN_SECRET, 0, code);
    (void) snprintf(body, sizeof(body), "code=%s&remember=1&do=continue",
                    code);
    visitor_submit(who, body);
    assert_true(is_logged_in(who));
    assert_string_not_equal(who->cookies[3], "");
}


static bool
has_session(visitor_t *who)
{
    visitor_open(who, "/mfa/security", NULL);

    return visitor_sees(who, "<h1>Security settings</h1>");
}


/* P2 C5 X82 */
static void
a_reset_ends_everything_and_logs_nobody_in(void **state)
{
    ann_t      before, after;
    record_t   app, app_after;
    visitor_t  old, pending;
    mfa_user_t set;
    letters_t  letters;

    static const uint8_t  nobody[MFA_DIGEST_SIZE];

    (void) state;

    begin();

    memset(&set, 0, sizeof(set));
    memset(set.browser, 7, MFA_DIGEST_SIZE);
    ann_write(world, ann, set);

    ann_is_remembered(&old, 50);
    assert_true(has_session(&old));

    world->now += 2 * MFA_MINUTE;
    flow_browser(&pending, world, 51);
    assert_true(visitor_sees(&pending, "<h1>Verify</h1>"));

    before = ann_read(world, ann);
    app = flow_record(world, ann, "totp");

    reset_open(&v, ANN);
    assert_false(is_logged_in(&v));
    (void) settings_letters(world, "none");
    reset_set(&v);
    assert_true(reset_is_done(&v));
    assert_false(is_logged_in(&v));
    assert_false(has_session(&v));

    after = ann_read(world, ann);
    app_after = flow_record(world, ann, "totp");

    assert_string_not_equal(after.password, before.password);
    assert_memory_equal(after.user.browser, nobody, sizeof(nobody));
    assert_int_equal(after.user.mailed_password_at, world->now);
    assert_int_equal(after.user.password_at, world->now);
    assert_memory_equal(app.secret, app_after.secret, app.len);
    assert_int_equal(app.record.last_step, app_after.record.last_step);

    assert_false(has_session(&old));
    right_app_code(&pending);
    assert_false(is_logged_in(&pending));

    letters = settings_letters(world, "was reset");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);
    assert_int_equal(events_of(world, "\"password.reset\""), 1);

    /* the device is forgotten, the second factor asked for */

    assert_false(reset_login(&old, ANN, ASK_PASSWORD));
    assert_true(reset_login(&old, ANN, RESET_NEW_PASSWORD));
    assert_true(visitor_sees(&old, "<h1>Verify</h1>"));
    right_app_code(&old);
    assert_true(is_logged_in(&old));
    visitor_open(&old, "/mfa/security", NULL);
    assert_true(visitor_sees(&old, "Password reset with a mailed code"));

    visitor_done(&old);
    visitor_done(&pending);
    end();
}


/* leaving at any step before the last changes nothing */
static void
leaving_at_any_step_changes_nothing(void **state)
{
    int        step;
    ann_t      before, after;
    visitor_t  who;

    (void) state;

    begin();
    before = ann_read(world, ann);

    for (step = 0; step < 3; step++) {
        visitor_init(&who, world);
        who.address = (uint8_t) (60 + step);
        world->now += 2 * MFA_HOUR;

        if (step == 0) {
            reset_ask(&who, ANN);

        } else if (step == 1) {
            reset_prove(&who, ANN);

        } else {
            reset_open(&who, ANN);
        }

        visitor_done(&who);
        (void) world_mail(world, NULL, NULL);

        after = ann_read(world, ann);
        assert_string_equal(after.password, before.password);
        assert_int_equal(after.user.epoch, before.user.epoch);
        assert_int_equal(after.user.mailed_password_at, 0);
    }

    assert_true(reset_login(&v, ANN, ASK_PASSWORD));

    end();
}


/* X75 C12: what lies further on cannot be asked for, nor sent twice */
static void
steps_are_neither_skipped_nor_repeated(void **state)
{
    char   action[256], body[8192], token[128], flow[64];
    ann_t  before, after;

    (void) state;

    begin();
    before = ann_read(world, ann);

    reset_ask(&v, ANN);
    flow_go(&v, "password-reset/new");
    assert_true(strncmp(v.url, "/mfa/password-reset/code", 24) == 0);
    flow_go(&v, "password-reset/closed");
    assert_true(strncmp(v.url, "/mfa/password-reset/code", 24) == 0);

    visitor_hidden(&v, "token", token, sizeof(token));
    visitor_hidden(&v, "flow", flow, sizeof(flow));
    (void) snprintf(body, sizeof(body), "token=%s&flow=%s&new_password="
                    RESET_NEW_PASSWORD "&confirm_password="
                    RESET_NEW_PASSWORD "&do=continue", token, flow);

    visitor_open(&v, "/mfa/password-reset/new", body);
    assert_true(strncmp(v.url, "/mfa/password-reset/code", 24) == 0);
    after = ann_read(world, ann);
    assert_string_equal(after.password, before.password);

    world->now += MFA_HOUR;
    (void) world_mail(world, NULL, NULL);
    reset_open(&v, ANN);
    reset_set(&v);
    (void) snprintf(action, sizeof(action), "%s", v.action);
    (void) snprintf(body, sizeof(body), "%s", v.body);

    visitor_open(&v, action, body);
    assert_true(reset_is_done(&v));
    assert_int_equal(events_of(world, "\"password.reset\""), 1);

    end();
}


/* P2: a reset ends the others, whatever step they stand at */
static void
parallel_tabs_end_with_the_first_reset(void **state)
{
    char       late[16];
    ann_t      set, after;
    visitor_t  first, waits, types;

    (void) state;

    begin();
    visitor_init(&first, world);
    visitor_init(&waits, world);
    visitor_init(&types, world);
    waits.address = 71;
    types.address = 72;

    reset_open(&waits, ANN);
    reset_ask(&types, ANN);
    world_code(world, late);

    world->now += MFA_MINUTE;
    reset_open(&first, ANN);
    reset_set(&first);
    assert_true(reset_is_done(&first));
    set = ann_read(world, ann);

    reset_set(&waits);
    assert_false(reset_is_done(&waits));
    assert_true(visitor_sees(&waits, "had been open for too long"));

    submit_code(&types, late, "verify");
    assert_true(visitor_sees(&types, "had been open for too long"));

    after = ann_read(world, ann);
    assert_string_equal(set.password, after.password);

    visitor_done(&first);
    visitor_done(&waits);
    visitor_done(&types);
    end();
}


/* A1 A4 */
static void
a_bad_password_is_refused_with_the_reason(void **state)
{
    (void) state;

    begin();
    reset_open(&v, ANN);

    visitor_submit(&v, "new_password=short&confirm_password=short");
    assert_true(visitor_sees(&v, "id=\"new-password-error\""));
    assert_false(visitor_sees(&v, "value=\"short\""));

    visitor_submit(&v, "new_password=" RESET_NEW_PASSWORD
                   "&confirm_password=other");
    assert_true(visitor_sees(&v, "The two passwords are not the same."));

    visitor_submit(&v, "new_password=employee.employee"
                   "&confirm_password=employee.employee");
    assert_true(visitor_sees(&v, "id=\"new-password-error\""));

    visitor_submit(&v, "do=continue");
    assert_true(visitor_sees(&v, "id=\"new-password-error\""));
    assert_int_equal(ann_read(world, ann).user.mailed_password_at, 0);

    reset_set(&v);
    assert_true(reset_is_done(&v));

    end();
}


static void
who_is_disabled_meanwhile_goes_no_further(void **state)
{
    mfa_user_t  set;

    (void) state;

    begin();
    reset_open(&v, ANN);

    memset(&set, 0, sizeof(set));
    set.is_disabled = true;
    ann_write(world, ann, set);

    reset_set(&v);
    assert_false(reset_is_done(&v));
    assert_int_equal(ann_read(world, ann).user.mailed_password_at, 0);

    end();
}


/* C3 R6: the browser that reads the mail is not the one that registered */
static void
an_unfinished_account_asks_for_a_mailed_code_again(void **state)
{
    (void) state;

    begin();
    (void) settings_person(world, EVE, NULL, "");

    reset_open(&v, EVE);
    reset_set(&v);
    assert_true(reset_is_done(&v));

    (void) world_mail(world, NULL, NULL);
    assert_true(reset_login(&v, EVE, RESET_NEW_PASSWORD));
    assert_true(strncmp(v.url, "/mfa/prove", 10) == 0);

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_forgotten_password_is_reset_step_by_step),
        cmocka_unit_test(another_address_can_be_given),
        cmocka_unit_test(what_is_no_address_is_said_so),
        cmocka_unit_test(a_right_code_is_spent),
        cmocka_unit_test(a_reset_ends_everything_and_logs_nobody_in),
        cmocka_unit_test(leaving_at_any_step_changes_nothing),
        cmocka_unit_test(steps_are_neither_skipped_nor_repeated),
        cmocka_unit_test(parallel_tabs_end_with_the_first_reset),
        cmocka_unit_test(a_bad_password_is_refused_with_the_reason),
        cmocka_unit_test(who_is_disabled_meanwhile_goes_no_further),
        cmocka_unit_test(an_unfinished_account_asks_for_a_mailed_code_again),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
