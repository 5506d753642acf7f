/*
 * The pages of every second factor as a person meets them: setting one up,
 * proving it at a login, other ways, what became of a message.
 */

#include "mfa_factor_ask.h"


/* E6 */

static void
several_methods_are_offered_the_app_first(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);

    assert_true(strncmp(v.url, "/mfa/secure/choose?", 19) == 0);
    assert_true(stands_before(&v, ">Authenticator app</a>",
                              ">Text message</a>"));
    assert_true(stands_before(&v, ">Text message</a>", ">Voice call</a>"));
    assert_true(stands_before(&v, ">Voice call</a>", ">Email</a>"));
    assert_false(visitor_sees(&v, "✓"));

    follow(&v, "Authenticator app");
    assert_true(visitor_sees(&v, "Scan this QR code"));
    follow(&v, "If you don't own a smart device, click here to set up using "
           "SMS");
    assert_true(visitor_sees(&v, "Phone number"));
    ann_leaves(&v);
}


/* E4 */

static void
a_text_message_sets_up_a_phone(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    follow(&v, "Text message");

    assert_true(visitor_sees(&v, "<h1>Verify</h1>"));
    assert_true(visitor_sees(&v, "<option value=\"GB\" selected>"
                             "United Kingdom (+44)</option>"));
    assert_true(visitor_sees(&v, "Germany (+49)"));
    assert_false(visitor_sees(&v, "France"));
    assert_true(visitor_sees(&v, ">Send code</button>"));
    assert_true(visitor_sees(&v, ">Call me instead</button>"));

    visitor_submit(&v, "country=GB&phone=(07700)+900-123&do=send");

    assert_true(strncmp(v.url, "/mfa/secure/sms?", 16) == 0);
    assert_true(visitor_sees(&v, "Verification code sent to: "
                             "<span class=\"whole\">XXX-XXX-00123"));
    assert_true(visitor_sees(&v, "Enter your verification code below, or "
                             "send a new code"));
    assert_true(visitor_sees(&v, "I did not get a text message"));
    assert_true(visitor_sees(&v, "Is the number ending 00123 yours?"));
    assert_true(visitor_sees(&v, "waiting to be handed over"));
    assert_false(visitor_sees(&v, "07700"));

    submit_code(&v, "000000", "verify");
    assert_true(visitor_sees(&v, "Invalid verification code."));

    submit_sent_code(&v, "sms");
    assert_true(visitor_sees(&v, "Thank you for registering"));
    ann_leaves(&v);
}


/* E4: what was typed stays, and is explained; the number can be changed */

static void
a_wrong_number_is_kept_and_another_can_be_given(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    follow(&v, "Text message");
    visitor_submit(&v, "country=DE&phone=12%3Cx&do=send");

    assert_true(visitor_sees(&v, "<title>Error: "));
    assert_true(visitor_sees(&v, "href=\"#phone\""));
    assert_true(visitor_sees(&v, "value=\"12&lt;x\""));
    assert_true(visitor_sees(&v, "<option value=\"DE\" selected>"));

    visitor_submit(&v, "country=GB&phone=07700+900123&do=send");
    assert_true(visitor_sees(&v, "XXX-XXX-00123"));

    follow(&v, "Use another phone number");
    assert_true(visitor_sees(&v, "name=\"phone\""));
    v.world->now += 10 * MFA_MINUTE;
    visitor_submit(&v, "country=GB&phone=07700+900456&do=send");
    assert_true(visitor_sees(&v, "XXX-XXX-00456"));
    ann_leaves(&v);
}


/* E4, H8: the wait is for another code to the same number */

static void
a_mistyped_number_is_set_right_at_once_but_once(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    follow(&v, "Text message");
    visitor_submit(&v, "country=GB&phone=07700+900123&do=send");
    assert_true(visitor_sees(&v, "30 seconds after the last one"));

    follow(&v, "Use another phone number");
    visitor_submit(&v, "country=GB&phone=07700+900123&do=send");
    assert_true(visitor_sees(&v, "A code was sent a moment ago."));

    follow(&v, "Use another phone number");
    visitor_submit(&v, "country=GB&phone=07700+900456&do=send");
    assert_true(visitor_sees(&v, "XXX-XXX-00456"));
    assert_true(visitor_sees(&v, "60 seconds after the last one"));

    follow(&v, "Use another phone number");
    visitor_submit(&v, "country=GB&phone=07700+900789&do=send");
    assert_true(visitor_sees(&v, "<title>Error: "));
    assert_true(visitor_sees(&v, "href=\"#phone\""));
    assert_true(visitor_sees(&v, "value=\"07700 900789\""));
    assert_true(visitor_sees(&v, "XXX-XXX-00456</span></a>"));

    v.world->now += MFA_MINUTE + MFA_SECOND;
    visitor_submit(&v, "country=GB&phone=07700+900789&do=send");
    assert_true(visitor_sees(&v, "XXX-XXX-00789"));

    submit_sent_code(&v, "sms");
    assert_true(visitor_sees(&v, "Thank you for registering"));
    ann_leaves(&v);
}


static void
one_code_a_person(world_t *world)
{
    all_lines(world);
    WORLD_LINE(world, "limit", "send_person", "1/1h");
}


/* H8 */

static void
a_number_set_right_is_counted_like_any_other(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, one_code_a_person, NULL);
    follow(&v, "Text message");
    visitor_submit(&v, "country=GB&phone=07700+900123&do=send");
    assert_true(visitor_sees(&v, "XXX-XXX-00123"));

    follow(&v, "Use another phone number");
    visitor_submit(&v, "country=GB&phone=07700+900456&do=send");
    assert_true(visitor_sees(&v, "Too many codes were sent to you."));
    assert_true(visitor_sees(&v, "value=\"07700 900456\""));
    assert_false(visitor_sees(&v, "XXX-XXX-00456"));
    ann_leaves(&v);
}


/* E4 */

static void
call_me_instead_leads_to_a_call(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    follow(&v, "Text message");
    visitor_submit(&v, "country=GB&phone=01632+960123&do=call");

    assert_true(strncmp(v.url, "/mfa/secure/voice?", 18) == 0);
    assert_true(visitor_sees(&v, "XXX-XXX-60123"));
    assert_true(visitor_sees(&v, "I did not get a call"));
    assert_true(visitor_sees(&v, ">Call me again</button>"));

    submit_sent_code(&v, "voice");
    assert_true(visitor_sees(&v, "Thank you for registering"));

    ann_logs_in(&v);
    assert_true(visitor_sees(&v, ">Call me</button>"));
    assert_false(visitor_sees(&v, "Try another way"));
    ann_leaves(&v);
}


/* E5 */

static void
an_address_is_chosen_among_those_on_the_record(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, "ann.home@example.net");
    follow(&v, "Email");

    assert_true(visitor_sees(&v, "a***ee@example.org</label>"));
    assert_true(visitor_sees(&v, "a***me@example.net</label>"));
    assert_false(visitor_sees(&v, "ann.home@"));
    assert_true(visitor_sees(&v, "Ask your manager or Human Resources"));

    visitor_submit(&v, "address=7&do=send");
    assert_true(visitor_sees(&v, "<title>Error: "));

    visitor_submit(&v, "address=1&do=send");
    assert_true(visitor_sees(&v, "Verification code sent to: "
                             "<span class=\"whole\">a***me@example.net"));
    submit_sent_code(&v, "mail");
    assert_true(visitor_sees(&v, "Thank you for registering"));
    ann_leaves(&v);
}


/* E5 */

static void
the_only_address_is_shown_as_a_reminder(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    follow(&v, "Email");

    assert_true(visitor_sees(&v, "a***ee@example.org</dd>"));
    assert_false(visitor_sees(&v, "type=\"radio\""));
    assert_true(visitor_sees(&v, "Ask your manager or Human Resources"));
    visitor_submit(&v, "address=0&do=send");
    assert_true(visitor_sees(&v, "a***ee@example.org"));
    ann_leaves(&v);
}


/* E6, L4 */

static void
exactly_the_own_methods_are_listed_the_last_used_first(void **state)
{
    char       secret[64];
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, two_lines, NULL);
    ann_sets_up_two(&v, secret);
    ann_logs_in(&v);

    assert_true(strncmp(v.url, "/mfa/verify/choose?", 19) == 0);
    assert_true(visitor_sees(&v, "<h1>Choose how to verify</h1>"));
    assert_true(visitor_sees(&v, "XXX-XXX-00123"));
    assert_false(visitor_sees(&v, "Voice call"));
    assert_false(visitor_sees(&v, "Email</a>"));

    follow(&v, "Text message");
    visitor_submit(&v, "do=send");
    assert_true(visitor_sees(&v, "Verification code sent to: "
                             "<span class=\"whole\">XXX-XXX-00123"));
    submit_sent_code(&v, "sms");
    assert_string_equal(v.url, "/ess/page");

    ann_logs_in(&v);
    assert_true(stands_before(&v, ">Text message</a>",
                              ">Authenticator app</a>"));

    follow(&v, "Authenticator app");
    visitor_send_app_code(&v, secret, 0);
    assert_string_equal(v.url, "/ess/page");

    ann_logs_in(&v);
    assert_true(stands_before(&v, ">Authenticator app</a>",
                              ">Text message</a>"));
    ann_leaves(&v);
}


/* L3, L4: what was wrong with one way is not said of another */

static void
another_way_can_be_tried(void **state)
{
    char       secret[64];
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, two_lines, NULL);
    ann_sets_up_two(&v, secret);
    ann_logs_in(&v);

    follow(&v, "Authenticator app");
    submit_code(&v, "000000", "continue");
    assert_true(visitor_sees(&v, "Invalid verification code."));
    assert_true(visitor_sees(&v, "Tries left: 4"));

    follow(&v, "Try another way");
    assert_true(visitor_sees(&v, "Choose how to verify"));
    assert_false(visitor_sees(&v, "Invalid verification code."));

    follow(&v, "Text message");
    assert_false(visitor_sees(&v, "Invalid verification code."));
    assert_true(visitor_sees(&v, ">Send code</button>"));

    /* the first page of the step, and one that is not hers */

    visitor_open(&v, v.url, NULL);
    assert_true(visitor_sees(&v, ">Send code</button>"));
    ann_leaves(&v);
}


/* L4, C12 */

static void
methods_that_are_not_ones_own_have_no_page(void **state)
{
    char       url[256], flow[128];
    size_t     i;
    visitor_t  v;

    static const char *const  names[] = {
        "totp", "voice", "email", "recovery", "nonsense", "", "sms/more"
    };

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    ann_sets_up_sms(&v);
    ann_logs_in(&v);
    assert_true(strncmp(v.url, "/mfa/verify?", 12) == 0);
    (void) snprintf(flow, sizeof(flow), "%.127s", strchr(v.url, '?'));

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) snprintf(url, sizeof(url), "/mfa/verify/%s%s", names[i], flow);
        visitor_open(&v, url, NULL);
        assert_int_equal(v.status, 404);
    }

    /* the choice with nothing to choose, and pages of another step */

    (void) snprintf(url, sizeof(url), "/mfa/verify/choose%s", flow);
    visitor_open(&v, url, NULL);
    assert_true(visitor_sees(&v, "XXX-XXX-00123"));

    (void) snprintf(url, sizeof(url), "/mfa/secure/voice%s", flow);
    visitor_open(&v, url, NULL);
    assert_true(strncmp(v.url, "/mfa/verify?", 12) == 0);
    assert_true(visitor_sees(&v, "XXX-XXX-00123"));
    ann_leaves(&v);
}


/* the delivery of a code, for people whose password was proved */

static void
the_page_says_what_became_of_the_message(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    ann_sets_up_sms(&v);
    ann_logs_in(&v);
    visitor_submit(&v, "do=send");
    assert_true(visitor_sees(&v, "waiting to be handed over"));

    world_deliver(v.world);
    v.world->now += 7 * MFA_SECOND;
    visitor_open(&v, v.url, NULL);
    assert_true(visitor_sees(&v, "Handed to the provider 7 seconds ago."));

    v.world->now += 3 * MFA_MINUTE;
    visitor_open(&v, v.url, NULL);
    assert_true(visitor_sees(&v, "Handed to the provider 3 minutes ago."));
    ann_leaves(&v);
}


static mfa_status_t
refuse_all(mfa_tx_t *tx, void *arg)
{
    mfa_status_t   st;
    mfa_message_t  message;

    (void) arg;

    st = mfa_message_lease(tx, MFA_MINUTE, &message);

    return (st == MFA_OK) ? mfa_message_refused(tx, &message, "test") : st;
}


static void
a_refused_message_points_to_the_other_ways(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    ann_sets_up_sms(&v);
    world_deliver(v.world);
    ann_logs_in(&v);
    visitor_submit(&v, "do=send");
    world_update(v.world, refuse_all, NULL);
    visitor_open(&v, v.url, NULL);

    assert_true(visitor_sees(&v, "could not be delivered"));
    assert_false(visitor_sees(&v, "waiting to be handed over"));
    ann_leaves(&v);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(several_methods_are_offered_the_app_first),
        cmocka_unit_test(a_text_message_sets_up_a_phone),
        cmocka_unit_test(a_wrong_number_is_kept_and_another_can_be_given),
        cmocka_unit_test(a_mistyped_number_is_set_right_at_once_but_once),
        cmocka_unit_test(a_number_set_right_is_counted_like_any_other),
        cmocka_unit_test(call_me_instead_leads_to_a_call),
        cmocka_unit_test(an_address_is_chosen_among_those_on_the_record),
        cmocka_unit_test(the_only_address_is_shown_as_a_reminder),
        cmocka_unit_test(
            exactly_the_own_methods_are_listed_the_last_used_first),
        cmocka_unit_test(another_way_can_be_tried),
        cmocka_unit_test(methods_that_are_not_ones_own_have_no_page),
        cmocka_unit_test(the_page_says_what_became_of_the_message),
        cmocka_unit_test(a_refused_message_points_to_the_other_ways)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
