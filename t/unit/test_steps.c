/*
 * Every step of every journey, against everything people do with a browser:
 * refresh, Back, bookmarks, two tabs, a page left open. Always a page that
 * says where they are; never a fault, never a second effect (C12, X75, the
 * rules for all screens in the product).
 */

#include "mfa_visitor.h"


#define ANN       "ann.employee@example.org"
#define PASSWORD  "copper+kettle+nine"

#define DETAILS   "new_password=" PASSWORD "&confirm_password=" PASSWORD      \
                  "&first_name=Ann&surname=Employee&do=continue"


static void
send_code(visitor_t *v)
{
    char  code[16], body[64];

    world_code(v->world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(v, body);
}


static void
send_app_code(visitor_t *v, const char *secret)
{
    char  code[16], body[64];

    visitor_app_code(v, secret, 0, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(v, body);
}


/* the steps: each brings a new visitor there */

static void
at_login(visitor_t *v)
{
    visitor_open(v, "/mfa/login?to=/ess/", NULL);
}


static void
at_login_refused(visitor_t *v)
{
    at_login(v);
    visitor_submit(v, "email=" ANN "&password=wrong");
}


static void
at_register(visitor_t *v)
{
    visitor_open(v, "/mfa/register?to=/ess/", NULL);
}


static void
at_code(visitor_t *v)
{
    at_register(v);
    visitor_submit(v, "email=" ANN);
}


static void
at_code_refused(visitor_t *v)
{
    at_code(v);
    visitor_submit(v, "code=000000&do=verify");
}


static void
at_details(visitor_t *v)
{
    at_code(v);
    send_code(v);
}


static void
at_secure(visitor_t *v)
{
    at_details(v);
    visitor_submit(v, DETAILS);
}


static void
at_done(visitor_t *v)
{
    char  secret[64];

    at_secure(v);
    visitor_secret(v, secret, sizeof(secret));
    send_app_code(v, secret);
}


static void
at_home(visitor_t *v)
{
    at_done(v);
    visitor_submit(v, "do=continue");
    assert_string_equal(v->url, "/ess/");
    visitor_open(v, "/mfa/", NULL);
}


static void
at_exists(visitor_t *v)
{
    at_done(v);
    v->cookies[0][0] = '\0';
    v->world->now += MFA_HOUR;
    at_code(v);
    send_code(v);
}


static void
at_verify(visitor_t *v)
{
    at_done(v);
    v->cookies[0][0] = '\0';
    at_login(v);
    visitor_submit(v, "email=" ANN "&password=" PASSWORD);
}


static void
at_prove(visitor_t *v)
{
    at_secure(v);
    memset(v->cookies, 0, sizeof(v->cookies));
    at_login(v);
    visitor_submit(v, "email=" ANN "&password=" PASSWORD);
}


static void
at_logout(visitor_t *v)
{
    at_done(v);
    visitor_open(v, "/mfa/logout", NULL);
}


static void
at_logged_out(visitor_t *v)
{
    at_logout(v);
    visitor_submit(v, "x=1");
}


static const struct {
    const char  *title;
    void       (*go)(visitor_t *v);
}  steps[] = {
    { "Login", at_login },
    { "Login", at_login_refused },
    { "Register", at_register },
    { "Register", at_code },
    { "Register", at_code_refused },
    { "Register", at_details },
    { "Secure your account", at_secure },
    { "Register", at_done },
    { "Your applications", at_home },
    { "Register", at_exists },
    { "Verify", at_verify },
    { "Verify your email address", at_prove },
    { "Log out?", at_logout },
    { "You have logged out", at_logged_out }
};

#define STEPS  (sizeof(steps) / sizeof(steps[0]))


/* what people do: each leaves a page behind that is looked at */

static void
do_refresh(visitor_t *v)
{
    visitor_open(v, v->url, NULL);
}


static void
do_refresh_twice(visitor_t *v)
{
    do_refresh(v);
    do_refresh(v);
}


static void
do_repeat_the_last_form(visitor_t *v)
{
    if (v->action[0] != '\0') {
        visitor_open(v, v->action, v->body);
    }
}


static void
do_back_and_send_again(visitor_t *v)
{
    if (v->action[0] != '\0') {
        visitor_open(v, v->action, v->body);
        visitor_open(v, v->action, v->body);
    }
}


static void
do_bookmark(visitor_t *v)
{
    v->url[strcspn(v->url, "?")] = '\0';
    visitor_open(v, v->url, NULL);
}


static void
do_unknown_flow(visitor_t *v)
{
    char  url[512];

    v->url[strcspn(v->url, "?")] = '\0';
    (void) snprintf(url, sizeof(url), "%.256s?flow="
                    "00112233445566778899aabbccddeeff", v->url);
    visitor_open(v, url, NULL);
}


static void
do_leave_overnight_and_refresh(visitor_t *v)
{
    v->world->now += 10 * MFA_HOUR;
    do_refresh(v);
}


static void
do_leave_overnight_and_send(visitor_t *v)
{
    v->world->now += 10 * MFA_HOUR;

    if (strstr(v->page, "<form") != NULL) {
        visitor_submit(v, "code=123456&do=continue&email=" ANN
                       "&password=" PASSWORD);
    }
}


static void
do_second_tab(visitor_t *v)
{
    char  url[sizeof(v->url)];

    (void) snprintf(url, sizeof(url), "%s", v->url);

    visitor_open(v, "/mfa/login", NULL);
    visitor_open(v, "/mfa/register", NULL);
    visitor_open(v, url, NULL);
}


static void
do_other_browser(visitor_t *v)
{
    memset(v->cookies, 0, sizeof(v->cookies));
    do_refresh(v);
}


static void
do_every_other_page(visitor_t *v)
{
    size_t  i;
    char    flow[64], url[256];

    static const char *const  paths[] = {
        "", "login", "verify", "prove", "register", "register/code",
        "register/details", "register/exists", "register/done", "secure",
        "security", "logout", "logged-out", "password-reset",
        "password-reset/code", "password-reset/new", "password-reset/done"
    };

    visitor_hidden(v, "flow", flow, sizeof(flow));

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void) snprintf(url, sizeof(url), "/mfa/%s%s%s", paths[i],
                        flow[0] != '\0' ? "?flow=" : "", flow);
        visitor_open(v, url, NULL);
        assert_int_equal(v->status, 200);
        assert_true(visitor_sees(v, "<h1>"));
    }
}


static const struct {
    const char  *name;
    void       (*act)(visitor_t *v);
    bool         is_still_there;        /* the same step afterwards */
}  deeds[] = {
    { "refresh", do_refresh, true },
    { "refresh twice", do_refresh_twice, true },
    { "repeat the last form", do_repeat_the_last_form, false },
    { "back and send again", do_back_and_send_again, false },
    { "bookmark", do_bookmark, false },
    { "unknown flow", do_unknown_flow, false },
    { "overnight, refresh", do_leave_overnight_and_refresh, false },
    { "overnight, send", do_leave_overnight_and_send, false },
    { "second tab", do_second_tab, true },
    { "other browser", do_other_browser, false },
    { "every other page", do_every_other_page, false }
};

#define DEEDS  (sizeof(deeds) / sizeof(deeds[0]))


static void
try_one(size_t step, size_t deed)
{
    char       title[128], store[64];
    world_t   *world;
    visitor_t  v;

    (void) snprintf(store, sizeof(store), "memory:s%zud%zu", step, deed);

    world = world_open(store, NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    steps[step].go(&v);

    (void) snprintf(title, sizeof(title), "<h1>%s</h1>", steps[step].title);

    if (!visitor_sees(&v, title)) {
        fail_msg("step %zu is not reached: %s %u\n%s", step, v.url, v.status,
                 v.page);
    }

    deeds[deed].act(&v);

    if (v.status >= 400 || (v.status == 200 && !visitor_sees(&v, "<h1>"))) {
        fail_msg("step %zu, %s: %s %u\n%s", step, deeds[deed].name, v.url,
                 v.status, v.page);
    }

    if (deeds[deed].is_still_there && !visitor_sees(&v, title)) {
        fail_msg("step %zu, %s: now %s\n%s", step, deeds[deed].name, v.url,
                 v.page);
    }

    visitor_done(&v);
    world_close(world);
}


static void
a_normal_page_follows_whatever_the_browser_does(void **state)
{
    size_t  step, deed;

    (void) state;

    for (step = 0; step < STEPS; step++) {
        for (deed = 0; deed < DEEDS; deed++) {
            try_one(step, deed);
        }
    }
}


/* no lost journey where it can be kept: the target survives the flow */
static void
an_expired_journey_starts_again_with_its_target(void **state)
{
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:target", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    at_code(&v);
    world->now += 61 * MFA_MINUTE;
    do_refresh(&v);

    assert_true(visitor_sees(&v, "<h1>Register</h1>"));
    assert_true(visitor_sees(&v, "had been open for too long"));
    assert_true(visitor_sees(&v, "name=\"to\" value=\"/ess/\""));

    visitor_done(&v);
    world_close(world);
}


/* C12: the same password form twice makes one user, one secret */
static void
a_form_sent_twice_has_one_effect(void **state)
{
    char       secret[64], again[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:twice", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    at_secure(&v);
    visitor_secret(&v, secret, sizeof(secret));

    do_repeat_the_last_form(&v);
    visitor_secret(&v, again, sizeof(again));
    assert_string_equal(again, secret);

    visitor_done(&v);
    world_close(world);
}


/* C4: the secret changes only when somebody asks for a new one */
static void
a_new_qr_code_comes_only_when_asked_for(void **state)
{
    char       secret[64], again[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:renew", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    at_secure(&v);
    visitor_secret(&v, secret, sizeof(secret));

    do_refresh(&v);
    visitor_secret(&v, again, sizeof(again));
    assert_string_equal(again, secret);

    visitor_submit(&v, "do=renew");
    visitor_secret(&v, again, sizeof(again));
    assert_string_not_equal(again, secret);

    send_app_code(&v, secret);
    assert_true(visitor_sees(&v, "Invalid verification code."));
    send_app_code(&v, again);
    assert_true(visitor_sees(&v, "Thank you for registering"));

    visitor_done(&v);
    world_close(world);
}


/* D3 X34: a right password alone opens nothing */
static void
a_password_alone_opens_nothing(void **state)
{
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:alone", NULL);
    world_person(world, ANN, NULL);
    visitor_init(&v, world);

    at_verify(&v);
    assert_string_equal(v.cookies[0], "");

    visitor_open(&v, "/mfa/security", NULL);
    assert_string_equal(v.url, "/mfa/login?to=/mfa/security");
    visitor_open(&v, "/mfa/secure", NULL);
    assert_false(visitor_sees(&v, "class=\"key\""));

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_normal_page_follows_whatever_the_browser_does),
        cmocka_unit_test(an_expired_journey_starts_again_with_its_target),
        cmocka_unit_test(a_form_sent_twice_has_one_effect),
        cmocka_unit_test(a_new_qr_code_comes_only_when_asked_for),
        cmocka_unit_test(a_password_alone_opens_nothing)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
