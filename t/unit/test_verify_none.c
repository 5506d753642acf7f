/*
 * Verify for somebody who has no proof left, as staff removed it after a
 * mailed password: no field for a code that cannot be right, but who can
 * help, and how (D4, C6). And what stands on the other verify pages.
 */

#include "mfa_device_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
off_lines(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "device_reset", "off");
}


static mfa_status_t
remove_app(mfa_tx_t *tx, void *arg)
{
    return mfa_factor_record_delete(tx, arg, mfa_str("totp"));
}


/* secured, then a mailed password, then staff took the app away */

static void
begin(void (*lines)(world_t *))
{
    mfa_user_t  set;

    world = flow_world(lines, "totp", &ann);

    memset(&set, 0, sizeof(set));
    set.mailed_password_at = world->now;
    ann_write(world, ann, set);
    world_update(world, remove_app, &ann);

    world->now += MFA_MINUTE;
    flow_browser(&v, world, 9);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static void
assert_none(visitor_t *who)
{
    assert_true(strncmp(who->url, "/mfa/verify?", 12) == 0);
    assert_true(visitor_sees(who, "has no way to verify that could be used"));
    assert_false(visitor_sees(who, "authentication app"));
    assert_false(visitor_sees(who, "name=\"code\""));
    assert_false(visitor_sees(who, "device-reset?"));
    assert_false(is_logged_in(who));
}


/* D4 A1: ask, then staff approve, then a code by mail and a new app */
static void
who_has_no_proof_is_led_to_a_request(void **state)
{
    char       secret[64];
    visitor_t  later;

    (void) state;

    begin(flow_lines);
    assert_none(&v);
    assert_true(visitor_sees(&v, "Your password was reset with a code"));

    follow(&v, "Reset Multi-Factor Authentication");
    visitor_submit(&v, "do=submit");
    assert_true(strncmp(v.url, "/mfa/reset-request/sent", 23) == 0);
    flow_go(&v, "verify");
    assert_none(&v);
    assert_true(visitor_sees(&v, "Reset pending"));

    world->now += MFA_MINUTE;
    desk_approve(world, ann);
    flow_browser(&later, world, 10);
    assert_true(visitor_sees(&later, "Your reset was approved"));
    assert_false(visitor_sees(&later, "Your password was reset with a code"));
    visitor_submit(&later, "do=reset");

    {
        char  code[16];

        world_code(world, code);
        submit_code(&later, code, "verify");
    }

    visitor_submit(&later, "do=continue");
    device_app(&later, secret);
    visitor_send_app_code(&later, secret, 0);
    assert_true(device_is_done(&later));
    visitor_done(&later);

    end();
}


/* D4 A4: the pass is taken on this very page */
static void
who_has_no_proof_can_use_a_pass(void **state)
{
    char    body[64], secret[64];
    desk_t  desk;

    (void) state;

    begin(off_lines);
    assert_none(&v);
    assert_true(visitor_sees(&v, "they will check who you are"));
    assert_false(visitor_sees(&v, "reset-request"));

    desk = desk_pass(world, ann);
    flow_go(&v, "verify");
    visitor_submit(&v, "pass=AAAAABBBBB&do=pass");
    assert_none(&v);
    assert_true(visitor_sees(&v, "This helpdesk pass is wrong"));

    (void) snprintf(body, sizeof(body), "pass=%s&do=pass", desk.pass);
    visitor_submit(&v, body);
    device_app(&v, secret);
    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));

    end();
}


static mfa_status_t
request_made(mfa_tx_t *tx, void *arg)
{
    mfa_str_t            token;
    mfa_user_t           user;
    mfa_status_t         st;
    mfa_reset_request_t  request;

    memset(&request, 0, sizeof(request));

    st = mfa_user_get(tx, arg, &user);

    return (st == MFA_OK)
           ? mfa_reset_request_open(tx, &user, &request, &token) : st;
}


/* whoever needs it has no code: it stands above the field for one */
static void
an_approved_reset_stands_above_the_code(void **state)
{
    size_t       i;
    const char  *box, *field;

    static const char *const  pages[] = {
        "verify/totp", "verify/sms", "verify/recovery", "verify/choose"
    };

    (void) state;

    world = flow_world(flow_lines, "totp sms recovery", &ann);
    world_update(world, request_made, &ann);
    desk_approve(world, ann);
    flow_browser(&v, world, 10);

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        flow_go(&v, pages[i]);
        box = strstr(v.page, "Your reset was approved");
        field = strstr(v.page, i == 3 ? "class=\"choices\""
                                          : "id=\"code\"");
        assert_non_null(box);
        assert_non_null(field);
        assert_true(box < field);
    }

    end();
}


/* no list without a line in it */
static void
a_list_of_other_ways_has_some(void **state)
{
    (void) state;

    world = flow_world(flow_lines, "totp", &ann);
    flow_browser(&v, world, 9);
    assert_true(visitor_sees(&v, "name=\"code\""));
    assert_false(visitor_sees(&v, "<ul class=\"links\">"));
    end();

    world = flow_world(flow_lines, "totp recovery", &ann);
    flow_browser(&v, world, 9);
    assert_true(visitor_sees(&v, "<ul class=\"links\">"));
    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(who_has_no_proof_is_led_to_a_request),
        cmocka_unit_test(who_has_no_proof_can_use_a_pass),
        cmocka_unit_test(an_approved_reset_stands_above_the_code),
        cmocka_unit_test(a_list_of_other_ways_has_some),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
