/*
 * Changing one thing in the security settings goes through the same pages as
 * a login and an enrolment: what is different there, and where it ends.
 */

#include "mfa_factor_ask.h"
#include "mfa_settings_fixture.h"


typedef struct {
    world_t    *world;
    visitor_t   v;
    mfa_id_t    ann;
} scene_t;


/* Ann at her settings; her last factor that long ago */

static void
begin(scene_t *s, const char *kinds, mfa_time_t factor_ago)
{
    login_t  login;

    s->world = settings_world("memory:settings_pages");
    s->ann = settings_person(s->world, ANN, ANN_HOME, kinds);
    login = (login_t) { .user = &s->ann, .factor_ago = factor_ago };

    settings_login(&s->v, s->world, &login);
    visitor_open(&s->v, "/mfa/security", NULL);
}


static void
end(scene_t *s)
{
    visitor_done(&s->v);
    world_close(s->world);
}


/* a button of the settings, wherever it stands on the page */

static void
press(scene_t *s, const char *fields)
{
    char  token[128], body[256];

    visitor_hidden(&s->v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&%s", token, fields);
    visitor_open(&s->v, "/mfa/security", body);
}


/* S1, D5 */

static void
the_settings_fix_the_method(void **state)
{
    char     url[256];
    size_t   i;
    scene_t  s;

    static const char *const  names[] = { "choose", "totp", "email", "sms" };

    (void) state;

    begin(&s, "totp", 0);
    press(&s, "do=add&subject=sms");
    assert_true(visitor_sees(&s.v, "Phone number"));
    assert_true(visitor_sees(&s.v, ">Cancel</button>"));
    assert_false(visitor_sees(&s.v, "Choose another method"));
    assert_false(visitor_sees(&s.v, "Call me instead"));

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) snprintf(url, sizeof(url), "/mfa/secure/%s%.128s", names[i],
                        strchr(s.v.url, '?'));
        visitor_open(&s.v, url, NULL);
        assert_true(visitor_sees(&s.v, "Phone number"));
    }

    visitor_submit(&s.v, "country=GB&phone=07700+900123&do=send");
    submit_sent_code(&s.v, "sms");
    assert_string_equal(s.v.url, "/mfa/security");
    assert_true(visitor_sees(&s.v, "class=\"notice"));
    assert_true(settings_has(s.world, s.ann, "sms"));
    end(&s);
}


/* S1 */

static void
cancel_leads_back_and_changes_nothing(void **state)
{
    scene_t  s;

    (void) state;

    begin(&s, "totp", 0);
    press(&s, "do=add&subject=sms");
    visitor_submit(&s.v, "do=cancel");
    assert_string_equal(s.v.url, "/mfa/security");
    assert_false(settings_has(s.world, s.ann, "sms"));
    end(&s);
}


/* D13 */

static void
an_old_factor_is_asked_for_again_and_the_way_goes_on(void **state)
{
    scene_t  s;

    (void) state;

    begin(&s, "totp sms", 11 * MFA_MINUTE);
    press(&s, "do=add&subject=email");

    assert_true(visitor_sees(&s.v, "<h1>Choose how to verify</h1>"));
    assert_true(visitor_sees(&s.v, "prove that it is you"));
    assert_false(visitor_sees(&s.v, "Log in as somebody else"));

    follow(&s.v, "Text message");
    assert_false(visitor_sees(&s.v, "Remember this device"));
    assert_true(visitor_sees(&s.v, ">Cancel</button>"));
    visitor_submit(&s.v, "do=send");
    assert_false(visitor_sees(&s.v, "Remember this device"));
    submit_sent_code(&s.v, "sms");

    assert_true(strncmp(s.v.url, "/mfa/secure?", 12) == 0);
    assert_true(visitor_sees(&s.v, "Email address"));

    /* the settings, left from the choice itself */

    visitor_submit(&s.v, "do=cancel");
    assert_string_equal(s.v.url, "/mfa/security");

    s.world->now += 11 * MFA_MINUTE;
    visitor_open(&s.v, "/mfa/security", NULL);
    press(&s, "do=add&subject=email");
    assert_true(visitor_sees(&s.v, "<h1>Choose how to verify</h1>"));
    visitor_submit(&s.v, "do=cancel");
    assert_string_equal(s.v.url, "/mfa/security");

    end(&s);
}


/* C12: a page left open leads back to the settings, after a login if need
 * be */

static void
a_page_left_open_leads_back_to_the_settings(void **state)
{
    char     url[256];
    scene_t  s;

    (void) state;

    begin(&s, "totp", 0);
    press(&s, "do=add&subject=sms");
    (void) snprintf(url, sizeof(url), "%.255s", s.v.url);

    visitor_submit(&s.v, "do=cancel");
    visitor_open(&s.v, url, NULL);
    assert_string_equal(s.v.url, "/mfa/security");
    assert_true(visitor_sees(&s.v, "had been open for too long"));

    press(&s, "do=add&subject=sms");
    s.v.cookies[0][0] = '\0';
    visitor_open(&s.v, s.v.url, NULL);
    assert_true(visitor_sees(&s.v, "<h1>Login</h1>"));
    assert_true(strstr(s.v.url, "to=/mfa/security") != NULL);
    assert_true(visitor_sees(&s.v, "name=\"to\" value=\"/mfa/security\""));
    end(&s);
}


/* the settings are the one page of ours that a login may lead to */

static void
a_login_leads_to_the_settings_and_to_no_other_page_of_ours(void **state)
{
    size_t   i;
    char     url[256];
    scene_t  s;

    static const char *const  pages[] = {
        "/mfa/logout", "/mfa/security/", "/mfa/securityx", "/mfa/",
        "/mfa/security?x=1", "/mfa/security/remove", "/mfa/../mfa/security"
    };

    (void) state;

    begin(&s, "totp", 0);
    visitor_open(&s.v, "/mfa/login?to=/mfa/security", NULL);
    assert_string_equal(s.v.url, "/mfa/security");

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        (void) snprintf(url, sizeof(url), "/mfa/login?to=%s", pages[i]);
        visitor_open(&s.v, url, NULL);
        assert_string_equal(s.v.url, "/mfa/");
    }

    end(&s);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_settings_fix_the_method),
        cmocka_unit_test(cancel_leads_back_and_changes_nothing),
        cmocka_unit_test(an_old_factor_is_asked_for_again_and_the_way_goes_on),
        cmocka_unit_test(a_page_left_open_leads_back_to_the_settings),
        cmocka_unit_test(
            a_login_leads_to_the_settings_and_to_no_other_page_of_ours)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
