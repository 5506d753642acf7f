/*
 * Security settings: what the page shows, who may press its buttons, and
 * what a stale or forged one does (S1, S2, C8, D13).
 */

#include "mfa_settings_fixture.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;
static login_t     here;


static void
begin(const char *kinds, mfa_time_t factor_ago)
{
    world = settings_world("memory:security");
    ann = settings_person(world, ANN, ANN_HOME, kinds);
    here = (login_t) { .user = &ann, .factor_ago = factor_ago };

    settings_login(&v, world, &here);
    visitor_open(&v, "/mfa/security", NULL);
    assert_int_equal(v.status, 200);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static void
assert_sees(const char *text)
{
    if (!visitor_sees(&v, text)) {
        fail_msg("no \"%s\" at %s in\n%s", text, v.url, v.page);
    }
}


static void
press(const char *fields)
{
    visitor_open(&v, "/mfa/security", NULL);
    visitor_submit(&v, fields);
}


/* S1 */
static void
the_page_shows_every_method_with_its_state(void **state)
{
    (void) state;

    begin("totp sms", 0);

    assert_sees("<h1>Security settings</h1>");
    assert_sees("set on 6 December 2026");
    assert_sees("<h3>Authenticator app</h3>");
    assert_sees("added on 6 December 2026, last used on 14 January 2027");
    assert_sees("XXX-XXX-00123");
    assert_sees("added on 6 December 2026, not used yet");
    assert_sees("aria-label=\"Change Authenticator app\"");
    assert_sees("aria-label=\"Remove Text message\"");
    assert_sees("aria-label=\"Set up Email\"");
    assert_sees("not set up");
    assert_sees("not made yet");
    assert_sees("this session");
    assert_sees("No browser is remembered.");
    assert_false(visitor_sees(&v, ANN_NUMBER));
    assert_false(visitor_sees(&v, "7700900"));
    assert_false(visitor_sees(&v, "Log out everywhere else"));

    end();
}


/* S1: what the realm does not offer is shown only to those who have it */
static void
without_more_methods_the_page_is_short(void **state)
{
    (void) state;

    world = world_open("memory:short", NULL);
    ann = settings_person(world, ANN, NULL, "totp");
    here = (login_t) { .user = &ann };
    settings_login(&v, world, &here);

    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("Authenticator app");
    assert_false(visitor_sees(&v, "Text message"));
    assert_false(visitor_sees(&v, "Remembered devices"));
    end();

    world = world_open("memory:short", NULL);
    ann = settings_person(world, ANN, NULL, "totp sms");
    here = (login_t) { .user = &ann };
    settings_login(&v, world, &here);

    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("Text message");
    assert_sees("Remove Text message");
    assert_false(visitor_sees(&v, "Change Text message"));
    end();
}


static mfa_status_t
disable_app(mfa_tx_t *tx, void *arg)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, arg, mfa_str("totp"), &record);
    if (st != MFA_OK) {
        return st;
    }

    record.is_disabled = true;

    return mfa_factor_record_put(tx, &record);
}


/* B6 */
static void
a_method_that_is_switched_off_says_so(void **state)
{
    (void) state;

    begin("totp sms", 0);
    assert_false(visitor_sees(&v, "switched off after too many wrong codes"));

    world_update(world, disable_app, &ann);
    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("switched off after too many wrong codes");

    /* the other one is now the last of use (C8) */

    assert_sees("aria-label=\"Remove Authenticator app\"");
    assert_false(visitor_sees(&v, "aria-label=\"Remove Text message\""));
    press("do=remove&subject=sms");
    assert_sees("That is no longer possible");

    end();
}


/* every page of it sends strangers to the login, and back afterwards */
static void
nobody_without_a_session_sees_or_changes_anything(void **state)
{
    char          body[512], token[128];
    world_dump_t  before, after;

    (void) state;

    begin("totp sms", 0);
    visitor_hidden(&v, "token", token, sizeof(token));
    v.cookies[0][0] = '\0';

    visitor_ask(&v, "/mfa/security", NULL);
    assert_int_equal(v.status, 303);
    assert_string_equal(v.location, "/mfa/login?to=/mfa/security");

    world_dump(world, &before);
    (void) snprintf(body, sizeof(body), "token=%s&do=remove&subject=sms",
                    token);
    visitor_ask(&v, "/mfa/security", body);
    assert_int_equal(v.status, 303);
    assert_string_equal(v.location, "/mfa/login?to=/mfa/security");
    (void) snprintf(body, sizeof(body), "token=%s&do=end-others", token);
    visitor_ask(&v, "/mfa/security", body);
    assert_int_equal(v.status, 303);
    world_dump(world, &after);
    assert_true(world_dump_equal(&before, &after));

    end();
}


/* E2: each button, without a token, with another browser's, from elsewhere */
static void
forged_forms_change_nothing(void **state)
{
    char          body[512], token[128], foreign[128];
    size_t        i;
    ask_t         ask;
    login_t       other;
    visitor_t     eve;
    mfa_id_t      eve_id;
    world_dump_t  before, after;

    static const char *const  buttons[] = {
        "do=add&subject=email", "do=change&subject=sms",
        "do=remove&subject=sms", "do=password", "do=recovery",
        "do=end&ref=0000000000000000", "do=end-others",
        "do=forget&ref=0000000000000000"
    };

    (void) state;

    begin("totp sms", 0);
    visitor_hidden(&v, "token", token, sizeof(token));

    eve_id = settings_person(world, EVE, NULL, "totp");
    other = (login_t) { .user = &eve_id };
    settings_login(&eve, world, &other);
    visitor_open(&eve, "/mfa/security", NULL);
    visitor_hidden(&eve, "token", foreign, sizeof(foreign));

    world_dump(world, &before);

    for (i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
        visitor_ask(&v, "/mfa/security", buttons[i]);
        assert_int_equal(v.status, 403);

        (void) snprintf(body, sizeof(body), "token=%s&%s", foreign,
                        buttons[i]);
        visitor_ask(&v, "/mfa/security", body);
        assert_int_equal(v.status, 403);

        (void) snprintf(body, sizeof(body), "token=%s&%s", token,
                        buttons[i]);
        ask = ask_form("/mfa/security", body);
        ask.origin = "https://evil.example";
        assert_int_equal(ask_status(&v, &ask), 403);
    }

    (void) snprintf(body, sizeof(body), "/mfa/security?token=%s&do=end-others",
                    token);
    visitor_ask(&v, body, NULL);
    assert_int_equal(v.status, 200);

    world_dump(world, &after);
    assert_true(world_dump_equal(&before, &after));

    visitor_done(&eve);
    end();
}


/* S2 C8 X90: the last one stays, whatever is pressed; recovery codes are
 * no method */
static void
the_last_method_cannot_be_removed(void **state)
{
    (void) state;

    begin("totp recovery", 0);
    assert_false(visitor_sees(&v, "aria-label=\"Remove"));

    press("do=remove&subject=totp");
    assert_string_equal(v.url, "/mfa/security");
    assert_sees("That is no longer possible");
    assert_true(settings_has(world, ann, "totp"));

    /* shown once */

    visitor_open(&v, "/mfa/security", NULL);
    assert_false(visitor_sees(&v, "That is no longer possible"));

    end();
}


/* S2 E7 C10: the question, then the deed; all addresses are told, also the
 * one that was the method */
static void
a_method_is_removed_after_a_question(void **state)
{
    login_t     away;
    letters_t   letters;
    visitor_t   other;

    (void) state;

    begin("totp email", 0);
    away = (login_t) { .user = &ann, .agent = "Safari on iPhone" };
    settings_login(&other, world, &away);

    press("do=remove&subject=email");
    assert_sees("<h1>Remove Email?</h1>");
    assert_sees("You can still verify with:");
    assert_sees("<strong>Authenticator app</strong>");

    visitor_submit(&v, "do=cancel");
    assert_string_equal(v.url, "/mfa/security");
    assert_true(settings_has(world, ann, "email"));

    press("do=remove&subject=email");
    assert_true(settings_has(world, ann, "email"));
    visitor_submit(&v, "do=remove");
    assert_string_equal(v.url, "/mfa/security");
    assert_sees("class=\"notice\"");
    assert_sees("aria-label=\"Set up Email\"");
    assert_false(settings_has(world, ann, "email"));
    assert_true(settings_has(world, ann, "totp"));

    letters = settings_letters(world, "was removed from your");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);

    visitor_open(&other, "/mfa/security", NULL);
    assert_true(visitor_sees(&other, "<h1>Login</h1>"));

    visitor_done(&other);
    end();
}


/* D13: a session alone is not enough, nor is the address of the page */
static void
an_old_factor_must_be_proved_again(void **state)
{
    char         url[256], body[512], token[128];
    const char  *flow;

    (void) state;

    begin("totp sms", 11 * MFA_MINUTE);

    press("do=password");
    assert_false(visitor_sees(&v, "Current password"));

    press("do=remove&subject=sms");
    assert_sees("<h1>Choose how to verify</h1>");
    flow = strstr(v.url, "flow=");
    assert_non_null(flow);

    (void) snprintf(url, sizeof(url), "/mfa/security/remove?%s", flow);
    visitor_open(&v, url, NULL);
    assert_false(visitor_sees(&v, "Remove Text message?"));

    (void) snprintf(url, sizeof(url), "/mfa/verify/totp?%.37s", flow);
    visitor_open(&v, url, NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&%.37s&do=remove", token,
                    strstr(v.url, "flow="));
    visitor_open(&v, "/mfa/security/remove", body);
    assert_true(settings_has(world, ann, "sms"));

    visitor_open(&v, url, NULL);
    visitor_send_app_code(&v, APP_SECRET, 0);
    assert_sees("Remove Text message?");

    /* and once more, by who stays on that page */

    world->now += 11 * MFA_MINUTE;
    visitor_submit(&v, "do=remove");
    assert_sees("<h1>Choose how to verify</h1>");
    assert_true(settings_has(world, ann, "sms"));

    end();
}


/* C12: the other tab has changed things meanwhile */
static void
buttons_of_stale_pages_change_nothing(void **state)
{
    size_t  i;

    static const char *const  stale[] = {
        "do=add&subject=sms", "do=change&subject=email",
        "do=remove&subject=email", "do=remove&subject=recovery",
        "do=add&subject=password", "do=remove", "do=add&subject=",
        "do=change&subject=%2e%2e%2ftotp"
    };

    (void) state;

    begin("totp sms", 0);

    for (i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
        press(stale[i]);
        assert_string_equal(v.url, "/mfa/security");

        if (!visitor_sees(&v, "That is no longer possible")) {
            fail_msg("%s", stale[i]);
        }
    }

    press("do=nothing");
    assert_string_equal(v.url, "/mfa/security");
    press("x=y");
    assert_string_equal(v.url, "/mfa/security");

    end();
}


/* C8 C12: two tabs, each about to remove what the other keeps */
static void
two_tabs_cannot_remove_both_methods(void **state)
{
    char  action[256], first[512];

    (void) state;

    begin("totp sms", 0);

    press("do=remove&subject=sms");
    visitor_submit(&v, "do=nothing");
    press("do=remove&subject=sms");
    assert_sees("Remove Text message?");
    visitor_hidden(&v, "flow", action, sizeof(action));
    (void) snprintf(first, sizeof(first), "/mfa/security/remove?flow=%s",
                    action);

    press("do=remove&subject=totp");
    assert_sees("Remove Authenticator app?");
    visitor_submit(&v, "do=remove");
    assert_string_equal(v.url, "/mfa/security");
    assert_false(settings_has(world, ann, "totp"));

    visitor_open(&v, first, NULL);
    assert_int_equal(v.status, 200);

    if (visitor_sees(&v, "Remove Text message?")) {
        visitor_submit(&v, "do=remove");
    }

    assert_int_equal(v.status, 200);
    assert_true(settings_has(world, ann, "sms"));

    end();
}


/* D3 B9: a journey is of one browser, and of one session in it */
static void
a_journey_of_another_is_nothing(void **state)
{
    char       url[256], body[512], token[128], foreign[128], cookie[1024];
    login_t    away;
    visitor_t  other;

    (void) state;

    begin("totp sms", 0);
    away = (login_t) { .user = &ann };
    settings_login(&other, world, &away);
    visitor_open(&other, "/mfa/security", NULL);
    visitor_hidden(&other, "token", foreign, sizeof(foreign));

    press("do=remove&subject=sms");
    assert_sees("Remove Text message?");
    (void) snprintf(url, sizeof(url), "%.200s", v.url);
    visitor_hidden(&v, "token", token, sizeof(token));

    visitor_open(&other, url, NULL);
    assert_false(visitor_sees(&other, "Remove Text message?"));
    (void) snprintf(body, sizeof(body), "token=%s&%s&do=remove", foreign,
                    strstr(url, "flow="));
    visitor_ask(&other, "/mfa/security/remove", body);
    assert_int_equal(other.status, 403);

    (void) snprintf(cookie, sizeof(cookie), "%s", v.cookies[0]);
    (void) snprintf(body, sizeof(body), "token=%s&%s&do=remove", token,
                    strstr(url, "flow="));
    v.cookies[0][0] = '\0';
    visitor_ask(&v, "/mfa/security/remove", body);
    assert_int_equal(v.status, 303);
    assert_true(settings_has(world, ann, "sms"));

    (void) snprintf(v.cookies[0], sizeof(v.cookies[0]), "%s", cookie);
    visitor_open(&v, "/mfa/security/remove", body);
    assert_false(settings_has(world, ann, "sms"));

    visitor_done(&other);
    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_page_shows_every_method_with_its_state),
        cmocka_unit_test(without_more_methods_the_page_is_short),
        cmocka_unit_test(a_method_that_is_switched_off_says_so),
        cmocka_unit_test(nobody_without_a_session_sees_or_changes_anything),
        cmocka_unit_test(forged_forms_change_nothing),
        cmocka_unit_test(the_last_method_cannot_be_removed),
        cmocka_unit_test(a_method_is_removed_after_a_question),
        cmocka_unit_test(an_old_factor_must_be_proved_again),
        cmocka_unit_test(buttons_of_stale_pages_change_nothing),
        cmocka_unit_test(two_tabs_cannot_remove_both_methods),
        cmocka_unit_test(a_journey_of_another_is_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
