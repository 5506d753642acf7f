/*
 * The first journey through the core, without nginx: register, set up an
 * app, log in, log out. Real store, real templates, real letters.
 */

#include "mfa_visitor.h"


#define ANN       "ann.employee@example.org"
#define PASSWORD  "copper+kettle+nine"


static void
register_to_details(visitor_t *v, const char *target)
{
    char  url[256], code[16], body[64];

    (void) snprintf(url, sizeof(url), "/mfa/register%s", target);

    visitor_open(v, url, NULL);
    visitor_submit(v, "email=" ANN);
    assert_true(visitor_sees(v, "Verification code has been sent to your"));

    world_code(v->world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(v, body);
    assert_true(visitor_sees(v, "Email address verified. You can now"));
}


static void
register_to_secure(visitor_t *v, const char *target)
{
    register_to_details(v, target);

    visitor_submit(v, "new_password=" PASSWORD "&confirm_password=" PASSWORD
                   "&first_name=Ann&surname=Employee&do=continue");
    assert_true(visitor_sees(v, "Secure your account"));
}


static void
register_whole(visitor_t *v, const char *target, char secret[64])
{
    char  code[16], body[64];

    register_to_secure(v, target);

    visitor_secret(v, secret, 64);
    visitor_app_code(v, secret, 0, code);

    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(v, body);
    assert_true(visitor_sees(v, "Thank you for registering"));
}


static void
login_to_verify(visitor_t *v)
{
    visitor_open(v, "/mfa/login", NULL);
    visitor_submit(v, "email=" ANN "&password=" PASSWORD);
}


/* R1 R2 R4 R7 E1 E3 L1 */
static void
a_person_registers_and_arrives_where_they_wanted(void **state)
{
    char       secret[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("lmdb", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    register_whole(&v, "?to=/mss/report%3Fq%3D1", secret);

    visitor_submit(&v, "do=continue");
    assert_int_equal(v.status, 303);
    assert_string_equal(v.location, "/mss/report?q=1");

    visitor_open(&v, "/mfa/", NULL);
    assert_true(visitor_sees(&v, "Your applications"));
    assert_true(visitor_sees(&v, "Employee Self Service"));
    assert_false(visitor_sees(&v, "Manager Self Service"));

    visitor_done(&v);
    world_close(world);
}


/* E3 L5 B2 */
static void
a_phone_with_a_wrong_clock_is_helped_while_it_is_set_up(void **state)
{
    char       secret[64], code[16], body[64];
    visitor_t  v;

    (void) state;

    visitor_init(&v, world_open("memory:clock", NULL));
    world_person(v.world, ANN, NULL);
    register_to_secure(&v, "");
    visitor_secret(&v, secret, sizeof(secret));
    visitor_app_code(&v, secret, 6, code);

    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(&v, body);

    assert_true(visitor_sees(&v, "Invalid verification code."));
    assert_true(visitor_sees(&v, "3 minutes fast"));

    visitor_done(&v);
    world_close(v.world);
}


/* L1 L3 L6 B4 D3 */
static void
a_login_takes_password_and_a_fresh_code(void **state)
{
    char       secret[64], code[16], body[64], old[1024];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:login", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    register_whole(&v, "", secret);
    visitor_app_code(&v, secret, 0, code);
    (void) snprintf(old, sizeof(old), "%s", v.cookies[0]);

    /* a second browser: the code that confirmed the enrolment is spent */

    visitor_done(&v);
    visitor_init(&v, world);
    login_to_verify(&v);
    assert_true(visitor_sees(&v, "<h1>Verify</h1>"));
    assert_string_equal(v.cookies[0], "");

    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(&v, body);
    assert_true(visitor_sees(&v, "Invalid verification code."));
    assert_true(visitor_sees(&v, "Tries left: 4"));
    assert_true(visitor_sees(&v, "<title>Error: Verify"));

    world->now += MFA_TOTP_STEP;
    visitor_app_code(&v, secret, 0, code);
    (void) snprintf(body, sizeof(body), "code=%.3s+%s&do=continue", code,
                    code + 3);
    visitor_submit(&v, body);
    assert_string_equal(v.url, "/mfa/");
    assert_string_not_equal(v.cookies[0], "");
    assert_string_not_equal(v.cookies[0], old);
    assert_true(visitor_sees(&v, "Your applications"));

    visitor_done(&v);
    world_close(world);
}


/* L2 A6 C1 */
static void
every_failed_login_looks_the_same(void **state)
{
    char        secret[64], *first;
    size_t      i;
    world_t    *world;
    visitor_t   v;

    static const char *const  bodies[] = {
        "email=" ANN "&password=wrong-password",
        "email=nina%40example.org&password=wrong-password",
        "email=max.manager%40example.org&password=wrong-password",
        "email=no-address&password=wrong-password",
        "email=" ANN "&password="
    };

    (void) state;

    world = world_open("memory:same", NULL);
    world_person(world, ANN, NULL);
    world_person(world, "max.manager@example.org", "managers");
    visitor_init(&v, world);

    register_whole(&v, "", secret);
    visitor_done(&v);

    first = NULL;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        visitor_init(&v, world);
        v.address = (uint8_t) (20 + i);

        visitor_open(&v, "/mfa/login", NULL);
        visitor_submit(&v, bodies[i]);

        assert_string_equal(v.url, "/mfa/login");
        assert_int_equal(v.status, 200);
        assert_true(visitor_sees(&v, "Invalid login."));
        assert_true(visitor_sees(&v, "What to check"));
        assert_false(visitor_sees(&v, "wrong-password"));

        if (first == NULL) {
            first = strdup(strstr(v.page, "What to check"));
        }

        assert_string_equal(strstr(v.page, "What to check"), first);
        visitor_done(&v);
    }

    free(first);
    world_close(world);
}


/* R3 C1: the same page and the same work, but no letter */
static void
an_address_that_may_not_register_gets_the_page_and_no_letter(void **state)
{
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:none", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=nina%40example.org");
    assert_true(visitor_sees(&v, "Verification code has been sent to your"));
    assert_true(visitor_sees(&v, "nina@example.org"));
    assert_int_equal(world_mail(world, NULL, NULL), 0);

    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ANN);
    assert_int_equal(world_mail(world, NULL, NULL), 1);

    visitor_done(&v);
    world_close(world);
}


/* R5 C1 */
static void
only_the_owner_of_the_mailbox_learns_that_the_user_exists(void **state)
{
    char       secret[64], code[16], body[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:exists", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);
    register_whole(&v, "", secret);
    visitor_done(&v);

    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ANN);
    assert_false(visitor_sees(&v, "already exists"));

    world_code(world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(&v, body);
    assert_true(visitor_sees(&v, "The specified user already exists."));
    assert_true(visitor_sees(&v, "One registration serves all"));

    visitor_done(&v);
    world_close(world);
}


/* R6 C3 X81 */
static void
an_unfinished_registration_goes_on_in_the_same_browser_only(void **state)
{
    char       code[16], body[64];
    world_t   *world;
    visitor_t  v, other;

    (void) state;

    world = world_open("memory:resume", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);
    register_to_secure(&v, "");

    world->now += 20 * MFA_DAY;

    login_to_verify(&v);
    assert_true(visitor_sees(&v, "Secure your account"));

    visitor_init(&other, world);
    login_to_verify(&other);
    assert_true(visitor_sees(&other, "Verify your email address"));
    assert_false(visitor_sees(&other, "class=\"key\""));

    world_code(world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(&other, body);
    assert_true(visitor_sees(&other, "Secure your account"));

    visitor_done(&other);
    visitor_done(&v);
    world_close(world);
}


/* E2 X93: token, origin, browser; nothing happens */
static void
a_foreign_form_is_refused(void **state)
{
    char       body[512], token[128];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:foreign", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    visitor_ask(&v, "/mfa/register", "email=" ANN);
    assert_int_equal(v.status, 403);

    visitor_open(&v, "/mfa/register", NULL);
    visitor_hidden(&v, "token", token, sizeof(token));

    visitor_ask(&v, "/mfa/register", "email=" ANN "&token=AAAA");
    assert_int_equal(v.status, 403);

    (void) snprintf(body, sizeof(body), "email=" ANN "&token=%s&flow="
                    "00112233445566778899aabbccddeeff", token);
    visitor_ask(&v, "/mfa/register", body);
    assert_int_equal(v.status, 403);

    assert_int_equal(world_mail(world, NULL, NULL), 0);

    visitor_done(&v);
    world_close(world);
}


/* L10 D6 */
static void
logging_out_ends_the_session_for_good(void **state)
{
    char       secret[64], cookie[1024];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:logout", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);
    register_whole(&v, "", secret);

    (void) snprintf(cookie, sizeof(cookie), "%s", v.cookies[0]);

    visitor_open(&v, "/mfa/logout?to=/ess/x", NULL);
    assert_true(visitor_sees(&v, "Log out?"));
    visitor_submit(&v, "x=1");
    assert_true(visitor_sees(&v, "You have logged out"));
    assert_true(visitor_sees(&v, "login?to=/ess/"));
    assert_string_equal(v.cookies[0], "");

    (void) snprintf(v.cookies[0], sizeof(v.cookies[0]), "%s", cookie);
    visitor_open(&v, "/mfa/", NULL);
    assert_string_equal(v.url, "/mfa/login");

    visitor_done(&v);
    world_close(world);
}


/* L8 D5 */
static void
an_idle_session_is_told_why(void **state)
{
    char       secret[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:idle", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);
    register_whole(&v, "", secret);

    world->now += 61 * MFA_MINUTE;
    visitor_open(&v, "/mfa/", NULL);
    assert_true(visitor_sees(&v, "You were logged out after 1 hour without "
                             "activity. Log in again to continue."));

    visitor_done(&v);
    world_close(world);
}


/* R4 A4 */
static void
a_bad_password_is_refused_with_its_reason_and_names_are_kept(void **state)
{
    size_t     i;
    char       body[512];
    world_t   *world;
    visitor_t  v;

    static const struct {
        const char  *password;
        const char  *confirm;
        const char  *reason;
    }  cases[] = {
        { "short", "short", "too short" },
        { "password1234", "password1234", "most used passwords" },
        { "ann.employee1", "ann.employee1", "too close to a name" },
        { PASSWORD, "another+password", "not the same" },
        { "", "", "Enter a password" }
    };

    (void) state;

    world = world_open("memory:details", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);
    register_to_details(&v, "");
    assert_true(visitor_sees(&v, "value=\"Ann\""));

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) snprintf(body, sizeof(body), "new_password=%s&confirm_password"
                        "=%s&first_name=Anna&surname=O%%27Employee"
                        "&do=continue", cases[i].password, cases[i].confirm);
        visitor_submit(&v, body);

        assert_true(visitor_sees(&v, cases[i].reason));
        assert_true(visitor_sees(&v, "<title>Error: "));
        assert_true(visitor_sees(&v, "value=\"O&#39;Employee\""));
    }

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_person_registers_and_arrives_where_they_wanted),
        cmocka_unit_test(
            a_phone_with_a_wrong_clock_is_helped_while_it_is_set_up),
        cmocka_unit_test(a_login_takes_password_and_a_fresh_code),
        cmocka_unit_test(every_failed_login_looks_the_same),
        cmocka_unit_test(
            an_address_that_may_not_register_gets_the_page_and_no_letter),
        cmocka_unit_test(
            only_the_owner_of_the_mailbox_learns_that_the_user_exists),
        cmocka_unit_test(
            an_unfinished_registration_goes_on_in_the_same_browser_only),
        cmocka_unit_test(a_foreign_form_is_refused),
        cmocka_unit_test(logging_out_ends_the_session_for_good),
        cmocka_unit_test(an_idle_session_is_told_why),
        cmocka_unit_test(
            a_bad_password_is_refused_with_its_reason_and_names_are_kept)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
