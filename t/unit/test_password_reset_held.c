/*
 * One mailbox alone never takes an account: what a mailed reset of the
 * password and one of the device close for each other (D4, C6, B16).
 */

#include "mfa_device_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
hold_lines(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "recovery_hold", "72h");
}


static void
begin_with(const char *kinds, void (*lines)(world_t *))
{
    world = flow_world(lines, kinds, &ann);
    visitor_init(&v, world);
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


static void
device_was_reset_by_mail(void)
{
    mfa_user_t  set;

    memset(&set, 0, sizeof(set));
    set.mailed_device_at = world->now;
    ann_write(world, ann, set);
}


/* ten codes that the test knows, instead of those Ann has */

typedef struct {
    mfa_id_t  user;
    char      code[32];
} made_t;


static mfa_status_t
make_codes(mfa_tx_t *tx, void *arg)
{
    made_t               *made = arg;
    mfa_strs_t            codes;
    mfa_status_t          st;
    mfa_factor_record_t   record;

    memset(&record, 0, sizeof(record));
    record.user = made->user;
    record.kind = mfa_str("recovery");
    record.added_at = tx->now;

    st = mfa_recovery_make(tx, &made->user, &codes, &record.secret);
    if (st != MFA_OK) {
        return st;
    }

    (void) snprintf(made->code, sizeof(made->code), MFA_STR_FMT,
                    MFA_STR_ARG(codes.items[0]));

    return mfa_factor_record_put(tx, &record);
}


static void
give_codes(char code[32])
{
    made_t  made;

    memset(&made, 0, sizeof(made));
    made.user = ann;
    world_update(world, make_codes, &made);
    (void) snprintf(code, 32, "%s", made.code);
}


/* X83: nothing the page offers sets a password */

static void
assert_closed(void)
{
    char   body[1024], token[128], flow[64];
    ann_t  before, after;

    static const char *const  paths[] = {
        "/mfa/password-reset/new", "/mfa/password-reset/verified",
        "/mfa/password-reset/code", "/mfa/password-reset/closed"
    };
    static const char *const  buttons[] = {
        "continue", "verify", "resend", "change", "remove"
    };

    size_t  i, k;

    assert_true(reset_is_closed(&v));
    assert_true(visitor_sees(&v, "<h1>Password reset</h1>"));
    assert_true(visitor_sees(&v, "Human Resources"));

    before = ann_read(world, ann);
    flow_go(&v, "password-reset/new");
    assert_true(reset_is_closed(&v));

    (void) snprintf(flow, sizeof(flow), "%.32s", strstr(v.url, "flow=") + 5);
    visitor_hidden(&v, "token", token, sizeof(token));

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        for (k = 0; k < sizeof(buttons) / sizeof(buttons[0]); k++) {
            (void) snprintf(body, sizeof(body), "token=%s&flow=%s&code=1"
                            "&new_password=" RESET_NEW_PASSWORD
                            "&confirm_password=" RESET_NEW_PASSWORD "&do=%s",
                            token, flow, buttons[k]);
            visitor_open(&v, paths[i], body);
            assert_false(reset_is_done(&v));
        }
    }

    after = ann_read(world, ann);
    assert_string_equal(before.password, after.password);
}


/* D4 C6: after a mailed device reset the mailbox sets no password */
static void
a_mailed_device_reset_closes_the_mailed_password_reset(void **state)
{
    (void) state;

    begin("totp");
    device_was_reset_by_mail();

    reset_prove(&v, ANN);
    assert_true(visitor_sees(&v, "that alone is not enough to set a new "
                                 "password"));
    assert_true(visitor_sees(&v, "Your way to verify was reset with a code "
                                 "sent by email"));
    assert_false(visitor_sees(&v, "Recovery code"));
    assert_closed();

    /* never by time: recovery_hold never */

    world->now += 400 * MFA_DAY;
    reset_prove(&v, ANN);
    assert_true(reset_is_closed(&v));

    end();
}


/* C1: before the right code nobody learns of it */
static void
what_is_closed_shows_only_after_the_code(void **state)
{
    (void) state;

    begin("totp");
    device_was_reset_by_mail();

    reset_ask(&v, ANN);
    assert_true(visitor_sees(&v, "Verification code has been sent"));
    submit_code(&v, "000000", "verify");
    assert_true(visitor_sees(&v, "Invalid verification code."));
    assert_false(visitor_sees(&v, "alone is not enough"));

    end();
}


/* D4: a tab that stands before the new password when the device is reset */
static void
a_device_reset_meanwhile_closes_the_last_step(void **state)
{
    (void) state;

    begin("totp");

    reset_open(&v, ANN);
    device_was_reset_by_mail();
    reset_set(&v);
    assert_closed();

    end();
}


/* recovery_hold 72h */
static void
time_reopens_where_the_realm_says_so(void **state)
{
    (void) state;

    begin_with("totp", hold_lines);
    device_was_reset_by_mail();

    reset_prove(&v, ANN);
    assert_true(reset_is_closed(&v));
    assert_true(visitor_sees(&v, "It will be possible again from "));

    world->now += 71 * MFA_HOUR;
    reset_prove(&v, ANN);
    assert_true(reset_is_closed(&v));

    world->now += 61 * MFA_MINUTE;
    reset_open(&v, ANN);
    reset_set(&v);
    assert_true(reset_is_done(&v));

    end();
}


/* B16 P2: who reads the mail has the second factor already */
static void
mail_as_only_factor_closes_the_reset(void **state)
{
    (void) state;

    begin("email");

    reset_prove(&v, ANN);
    assert_true(visitor_sees(&v, "Your codes for logging in come by email "
                                 "too."));
    assert_false(visitor_sees(&v, "Recovery code"));
    assert_closed();
    assert_non_null(strstr(world->events, "\"password.reset\",\"result\":"
                                          "\"fail\""));

    end();
}


/* D4 P2: mailbox and recovery code together are enough */
static void
a_recovery_code_goes_on(void **state)
{
    char       code[32];
    ann_t      after;
    letters_t  letters;

    (void) state;

    begin("email recovery");
    give_codes(code);
    device_was_reset_by_mail();

    reset_prove(&v, ANN);
    assert_true(reset_is_closed(&v));
    assert_true(visitor_sees(&v, ">Recovery code</label>"));

    submit_code(&v, "AAAA-AAAA-AAAA-AAAA", "verify");
    assert_true(reset_is_closed(&v));
    assert_true(visitor_sees(&v, "Invalid verification code."));

    (void) settings_letters(world, "none");
    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "<h1>New password</h1>"));
    letters = settings_letters(world, "A recovery code of your account was "
                                      "used");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);

    reset_set(&v);
    assert_true(reset_is_done(&v));
    assert_false(is_logged_in(&v));

    after = ann_read(world, ann);
    assert_int_equal(after.user.mailed_password_at, 0);
    assert_int_equal(after.user.mailed_device_at, 0);
    assert_true(reset_login(&v, ANN, RESET_NEW_PASSWORD));

    /* the code is spent */

    world->now += MFA_DAY;
    (void) world_mail(world, NULL, NULL);
    reset_prove(&v, ANN);
    submit_code(&v, code, "verify");
    assert_true(reset_is_closed(&v));

    end();
}


/* B5 B6 B7 */
static void
recovery_codes_are_not_guessed_here(void **state)
{
    char    code[32];
    size_t  i;

    (void) state;

    begin("email recovery");
    give_codes(code);
    reset_prove(&v, ANN);

    for (i = 0; i < 5; i++) {
        submit_code(&v, "AAAA-AAAA-AAAA-AAAA", "verify");
    }

    assert_true(visitor_sees(&v, "Verification is locked"));
    submit_code(&v, code, "verify");
    assert_true(reset_is_closed(&v));

    world->now += 16 * MFA_MINUTE;
    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "<h1>New password</h1>"));

    end();
}


/* an attacker with the mailbox after a reset: codes by mail are no second
 * factor of somebody who has another one (D4, C6) */
static void
codes_by_mail_do_not_count_after_a_mailed_reset(void **state)
{
    (void) state;

    begin("totp email");

    reset_open(&v, ANN);
    reset_set(&v);
    assert_true(reset_is_done(&v));

    assert_true(reset_login(&v, ANN, RESET_NEW_PASSWORD));
    assert_true(visitor_sees(&v, "authentication app"));
    assert_false(visitor_sees(&v, "Try another way"));

    flow_go(&v, "verify/choose");
    assert_false(visitor_sees(&v, "verify/email"));
    flow_go(&v, "verify/email");
    assert_int_equal(v.status, 404);
    flow_go(&v, "verify");
    visitor_submit(&v, "do=send");
    assert_false(is_logged_in(&v));

    /* the app proves that it is Ann, and mail counts again */

    flow_go(&v, "verify");
    right_app_code(&v);
    assert_true(is_logged_in(&v));
    assert_int_equal(ann_read(world, ann).user.mailed_password_at, 0);

    assert_true(reset_login(&v, ANN, RESET_NEW_PASSWORD));
    flow_go(&v, "verify/email");
    visitor_submit(&v, "do=send");
    submit_sent_code(&v, "mail");
    assert_true(is_logged_in(&v));

    end();
}


static void
marks_of_both(void)
{
    mfa_user_t  set;

    memset(&set, 0, sizeof(set));
    set.mailed_device_at = world->now;
    set.mailed_password_at = world->now;
    ann_write(world, ann, set);
}


/* mail was set up as the first method, after the mailed password */
static void
finish_after_marks(void)
{
    mfa_user_t  set;

    memset(&set, 0, sizeof(set));
    set.mailed_device_at = world->now;
    set.mailed_password_at = world->now;
    set.registered_at = world->now + 1;
    ann_write(world, ann, set);
}


/* C6: only a login with more than the mailbox lifts them */
static void
a_login_with_another_factor_lifts_both(void **state)
{
    char   code[32];
    ann_t  after;

    (void) state;

    begin("totp recovery");
    give_codes(code);
    marks_of_both();

    flow_browser(&v, world, 9);
    right_app_code(&v);
    assert_true(is_logged_in(&v));
    after = ann_read(world, ann);
    assert_int_equal(after.user.mailed_password_at, 0);
    assert_int_equal(after.user.mailed_device_at, 0);

    marks_of_both();
    assert_true(reset_login(&v, ANN, ASK_PASSWORD));
    flow_go(&v, "verify/recovery");
    submit_code(&v, code, "verify");
    assert_true(is_logged_in(&v));
    after = ann_read(world, ann);
    assert_int_equal(after.user.mailed_device_at, 0);

    end();
}


static void
a_login_by_mail_or_device_lifts_neither(void **state)
{
    char   code[16], body[64];
    ann_t  after;

    (void) state;

    begin("email");
    marks_of_both();
    finish_after_marks();

    flow_browser(&v, world, 9);
    visitor_submit(&v, "do=send");
    sent_code(&v, "mail", code);
    (void) snprintf(body, sizeof(body), "code=%s&remember=1&do=verify", code);
    visitor_submit(&v, body);
    assert_true(is_logged_in(&v));
    after = ann_read(world, ann);
    assert_int_not_equal(after.user.mailed_device_at, 0);

    assert_true(reset_login(&v, ANN, ASK_PASSWORD));
    assert_true(is_logged_in(&v));
    after = ann_read(world, ann);
    assert_int_not_equal(after.user.mailed_password_at, 0);
    assert_int_not_equal(after.user.mailed_device_at, 0);

    end();
}


/* D4 C6: staff removed what she had beside mail, after a mailed password */
static void
mail_left_alone_after_a_mailed_password_is_no_factor(void **state)
{
    (void) state;

    begin("email");
    marks_of_both();

    /* a pass gives the page a form */

    (void) desk_pass(world, ann);

    flow_browser(&v, world, 9);
    assert_true(reset_login(&v, ANN, ASK_PASSWORD));
    assert_true(visitor_sees(&v, "has no way to verify that could be used"));
    visitor_submit(&v, "do=send");
    assert_false(is_logged_in(&v));
    assert_false(visitor_sees(&v, "Send new code"));

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            a_mailed_device_reset_closes_the_mailed_password_reset),
        cmocka_unit_test(what_is_closed_shows_only_after_the_code),
        cmocka_unit_test(a_device_reset_meanwhile_closes_the_last_step),
        cmocka_unit_test(time_reopens_where_the_realm_says_so),
        cmocka_unit_test(mail_as_only_factor_closes_the_reset),
        cmocka_unit_test(a_recovery_code_goes_on),
        cmocka_unit_test(recovery_codes_are_not_guessed_here),
        cmocka_unit_test(codes_by_mail_do_not_count_after_a_mailed_reset),
        cmocka_unit_test(a_login_with_another_factor_lifts_both),
        cmocka_unit_test(a_login_by_mail_or_device_lifts_neither),
        cmocka_unit_test(mail_left_alone_after_a_mailed_password_is_no_factor),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
