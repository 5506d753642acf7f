/*
 * Security settings: sessions, remembered browsers, recent activity, the
 * password, recovery codes (S1, S3, S4, D8).
 */

#include "mfa_settings_fixture.h"

#include "../../src/page/mfa_page_security.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;
static login_t     here;


static void
begin(const char *kinds)
{
    world = settings_world("memory:traces");
    ann = settings_person(world, ANN, ANN_HOME, kinds);
    here = (login_t) { .user = &ann };

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
press(const char *button, const char *reference)
{
    char  fields[128];

    (void) snprintf(fields, sizeof(fields), "do=%s&ref=%s", button,
                    reference);
    visitor_open(&v, "/mfa/security", NULL);
    visitor_submit(&v, fields);
}


static bool
is_in(visitor_t *visitor)
{
    visitor_open(visitor, "/mfa/security", NULL);

    return visitor_sees(visitor, "<h1>Security settings</h1>");
}


/* S3 D8 X45 */
static void
a_session_is_ended_from_another(void **state)
{
    login_t    away, far;
    visitor_t  other, third;

    (void) state;

    begin("totp");
    away = (login_t) { .user = &ann, .agent = "Safari on iPhone" };
    far = (login_t) { .user = &ann, .agent = "Edge on Windows" };
    settings_login(&other, world, &away);
    settings_login(&third, world, &far);

    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("Safari on iPhone");
    assert_sees("aria-label=\"End Safari on iPhone");
    assert_sees("198.51.100.9");
    assert_sees("Log out everywhere else");
    assert_true(strstr(v.page, "this session")
                < strstr(v.page, "Safari on iPhone"));

    press("end", away.reference);
    assert_string_equal(v.url, "/mfa/security");
    assert_sees("The session was ended.");
    assert_false(is_in(&other));
    assert_true(is_in(&third));

    press("end", away.reference);
    assert_sees("That session had already ended.");

    press("end-others", "");
    assert_sees("You are logged out everywhere else.");
    assert_false(visitor_sees(&v, "Edge on Windows"));
    assert_false(is_in(&third));
    assert_true(is_in(&v));

    visitor_done(&other);
    visitor_done(&third);
    end();
}


/* D8: a reference of somebody else's, however it was learnt, is nothing */
static void
sessions_of_others_cannot_be_ended(void **state)
{
    size_t     i;
    login_t    away;
    visitor_t  eve;
    mfa_id_t   eve_id;

    static const char *const  odd[] = {
        "", "0", "zzzzzzzzzzzzzzzz", "0000000000000000",
        "00000000000000000000000000000000000000000000000000000000000000000000"
    };

    (void) state;

    begin("totp");
    eve_id = settings_person(world, EVE, NULL, "totp");
    away = (login_t) { .user = &eve_id };
    settings_login(&eve, world, &away);

    assert_false(visitor_sees(&v, away.reference));

    press("end", away.reference);
    assert_sees("That session had already ended.");
    assert_true(is_in(&eve));

    press("end-others", "");
    assert_true(is_in(&eve));

    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        press("end", odd[i]);
        assert_sees("That session had already ended.");
        press("forget", odd[i]);
        assert_sees("That browser was no longer remembered.");
        assert_true(is_in(&v));
    }

    visitor_done(&eve);
    end();
}


typedef struct {
    const mfa_id_t  *user;
    mfa_id_t         id;
    char             reference[32];
} remembered_t;


static mfa_status_t
add_device(mfa_tx_t *tx, void *arg)
{
    mfa_str_t      cookie, reference;
    mfa_device_t   device;
    mfa_status_t   st;
    remembered_t  *remembered = arg;

    memset(&device, 0, sizeof(device));

    device.agent = mfa_str("Chrome on Android");
    device.address = (mfa_address_t) { { 203, 0, 113, 44 }, 4 };

    st = mfa_device_make(tx, remembered->user, &device, &cookie);

    if (st == MFA_OK) {
        st = mfa_settings_reference(tx->work->arena, device.id.bytes,
                                    &reference);
    }

    if (st != MFA_OK) {
        return st;
    }

    (void) snprintf(remembered->reference, sizeof(remembered->reference),
                    MFA_STR_FMT, MFA_STR_ARG(reference));

    return MFA_OK;
}


/* S3 L13 */
static void
a_remembered_browser_is_forgotten(void **state)
{
    mfa_id_t      eve_id;
    remembered_t  mine, foreign;

    (void) state;

    begin("totp");
    eve_id = settings_person(world, EVE, NULL, "totp");
    mine = (remembered_t) { .user = &ann };
    foreign = (remembered_t) { .user = &eve_id };

    world_update(world, add_device, &mine);
    world_update(world, add_device, &foreign);

    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("Chrome on Android");
    assert_sees("203.0.113.44");
    assert_sees("Remembered on 15 January 2027, until 14 February 2027");
    assert_sees("aria-label=\"Forget Chrome on Android");

    press("forget", foreign.reference);
    assert_sees("That browser was no longer remembered.");
    assert_sees("Chrome on Android");

    press("forget", mine.reference);
    assert_sees("The browser is forgotten.");
    assert_false(visitor_sees(&v, "Chrome on Android"));
    assert_sees("No browser is remembered.");

    press("forget", mine.reference);
    assert_sees("That browser was no longer remembered.");

    end();
}


typedef struct {
    mfa_id_t     user;
    const char  *name;
    const char  *result;
    const char  *factor;
    size_t       count;
} happened_t;


static mfa_status_t
add_event(mfa_tx_t *tx, void *arg)
{
    size_t        i;
    happened_t   *happened = arg;
    mfa_event_t   event = { .name = happened->name,
                            .result = happened->result,
                            .factor = happened->factor,
                            .agent = mfa_str("Opera on Linux") };
    mfa_status_t  st;

    st = mfa_id_text(tx->work->arena, &happened->user, &event.user);

    for (i = 0; i < happened->count && st == MFA_OK; i++) {
        st = mfa_event_add(tx, &event);
    }

    return st;
}


static void
happens(const char *name, const char *result, const char *factor,
    size_t count)
{
    happened_t  happened = { ann, name, result, factor, count };

    world_update(world, add_event, &happened);
}


/* S4: words, never the names of events; twenty of them */
static void
recent_activity_is_told_in_words(void **state)
{
    size_t       seen;
    const char  *at;

    (void) state;

    begin("totp sms");

    happens("factor.add", "ok", "sms", 1);
    happens("login", "ok", NULL, 1);
    happens("login", "fail", NULL, 1);
    happens("password.change", "ok", NULL, 1);

    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("Verification method added: Text message");
    assert_sees("Logged in");
    assert_sees("Login refused");
    assert_sees("Password changed");
    assert_sees("Opera on Linux");
    assert_false(visitor_sees(&v, "factor.add"));
    assert_false(visitor_sees(&v, "password.change"));
    assert_true(strstr(v.page, "Password changed")
                < strstr(v.page, "Verification method added"));

    happens("login", "ok", NULL, 50);
    visitor_open(&v, "/mfa/security", NULL);

    at = v.page;

    for (seen = 0; (at = strstr(at, "<p class=\"event\">")) != NULL; seen++)
    {
        at++;
    }

    assert_int_equal(seen, MFA_ACTIVITY_MAX);

    end();
}


/* S4: whatever comes to be written there one day */
static void
an_unknown_event_has_a_general_word(void **state)
{
    size_t          i;
    mfa_activity_t  item;

    static const char *const  names[] = {
        "", "zeppelin", "login.", "LOGIN", "<b>", "factor.explode"
    };

    (void) state;

    memset(&item, 0, sizeof(item));

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        item.name = mfa_str_from(names[i]);
        item.result = mfa_str("ok");

        assert_true(mfa_str_eq_c(mfa_activity_word(&item),
                                 "Security event"));
    }

    item.name = mfa_str("login");
    item.result = mfa_str("strange");
    assert_true(mfa_str_eq_c(mfa_activity_word(&item), "Security event"));
}


#define OLD  "copper+kettle+nine"
#define NEW  "violet+anchor+seven"


static void
change_password(const char *current, const char *new_one,
    const char *confirm)
{
    char  body[512];

    (void) snprintf(body, sizeof(body), "current_password=%s&new_password=%s"
                    "&confirm_password=%s&do=change", current, new_one,
                    confirm);
    visitor_submit(&v, body);
}


/* S1 A11 C10: wrong entries are said beside their field and change nothing */
static void
the_password_is_changed_by_who_knows_it(void **state)
{
    login_t     away;
    letters_t   letters;
    visitor_t   other;

    (void) state;

    begin("totp");
    away = (login_t) { .user = &ann };
    settings_login(&other, world, &away);

    press("password", "");
    assert_sees("<h1>Change password</h1>");
    assert_sees("autocomplete=\"current-password\"");
    assert_sees("autocomplete=\"new-password\"");
    assert_sees("At least 12 characters.");

    change_password("wrong+wrong+wrong", NEW, NEW);
    assert_sees("<title>Error: Change password");
    assert_sees("current-password-error");
    assert_false(visitor_sees(&v, "anchor"));

    change_password(OLD, NEW, "something+else+here");
    assert_sees("The two passwords are not the same.");

    change_password(OLD, "short", "short");
    assert_sees("new-password-error");

    assert_int_equal(settings_letters(world, "password was changed").ann, 0);
    assert_true(is_in(&other));

    press("password", "");
    change_password(OLD, NEW, NEW);
    assert_string_equal(v.url, "/mfa/security");
    assert_sees("class=\"notice\"");
    assert_sees("set on 15 January 2027");

    letters = settings_letters(world, "password was changed");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);
    assert_false(is_in(&other));
    assert_true(is_in(&v));

    /* the old one is dead, the new one lives */

    press("password", "");
    change_password(OLD, NEW, NEW);
    assert_sees("current-password-error");

    visitor_done(&other);
    end();
}


static void
a_password_form_may_be_left_as_it_is(void **state)
{
    (void) state;

    begin("totp");

    press("password", "");
    visitor_submit(&v, "do=cancel&current_password=&new_password=");
    assert_string_equal(v.url, "/mfa/security");
    assert_sees("set on 6 December 2026");
    assert_int_equal(settings_letters(world, "Subject").ann, 0);

    end();
}


typedef struct {
    mfa_id_t  user;
    size_t    spend;
} spend_t;


/* recovery codes of which that many are spent already */

static mfa_status_t
make_codes(mfa_tx_t *tx, void *arg)
{
    size_t               i;
    spend_t             *spend = arg;
    uint64_t             step;
    mfa_strs_t           codes;
    mfa_user_t           user;
    mfa_status_t         st;
    mfa_verdict_t        verdict;
    mfa_factor_record_t  record;
    const mfa_factor_t  *factor = mfa_factor_by_name(mfa_str("recovery"));
    mfa_factor_case_t    at = { .tx = tx, .user = &user };

    memset(&record, 0, sizeof(record));

    record.user = spend->user;
    record.kind = mfa_str("recovery");
    record.added_at = tx->now;

    st = mfa_user_get(tx, &spend->user, &user);

    if (st == MFA_OK) {
        st = mfa_recovery_make(tx, &spend->user, &codes, &record.secret);
    }

    for (i = 0; i < spend->spend && st == MFA_OK; i++) {
        st = factor->verify(&at, &record, codes.items[i], &verdict, &step);
        assert_int_equal(verdict, MFA_VERDICT_PASS);
    }

    assert_int_equal(mfa_recovery_left(&record),
                     MFA_RECOVERY_CODES - spend->spend);

    return (st == MFA_OK) ? mfa_factor_record_put(tx, &record) : st;
}


/* E8 */
static void
few_recovery_codes_are_warned_of(void **state)
{
    spend_t  spend;

    (void) state;

    begin("totp");

    visitor_open(&v, "/mfa/", NULL);
    assert_sees("You have no recovery codes.");

    spend = (spend_t) { ann, 6 };
    world_update(world, make_codes, &spend);
    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("4 left");
    assert_false(visitor_sees(&v, "Only a few recovery codes"));
    visitor_open(&v, "/mfa/", NULL);
    assert_false(visitor_sees(&v, "ecovery codes"));

    spend = (spend_t) { ann, 7 };
    world_update(world, make_codes, &spend);
    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("3 left");
    assert_sees("Only a few recovery codes are left.");
    visitor_open(&v, "/mfa/", NULL);
    assert_sees("Recovery codes left: 3.");

    spend = (spend_t) { ann, 10 };
    world_update(world, make_codes, &spend);
    visitor_open(&v, "/mfa/security", NULL);
    assert_sees("All recovery codes have been used.");
    visitor_open(&v, "/mfa/", NULL);
    assert_sees("You have no recovery codes.");

    end();
}


/* E8 C10: ten new ones, shown once, told of */
static void
new_recovery_codes_are_made_and_told_of(void **state)
{
    letters_t  letters;

    (void) state;

    begin("totp recovery");
    assert_sees("10 left");

    press("recovery", "");
    assert_string_not_equal(v.url, "/mfa/security");

    letters = settings_letters(world, "New recovery codes for");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_session_is_ended_from_another),
        cmocka_unit_test(sessions_of_others_cannot_be_ended),
        cmocka_unit_test(a_remembered_browser_is_forgotten),
        cmocka_unit_test(recent_activity_is_told_in_words),
        cmocka_unit_test(an_unknown_event_has_a_general_word),
        cmocka_unit_test(the_password_is_changed_by_who_knows_it),
        cmocka_unit_test(a_password_form_may_be_left_as_it_is),
        cmocka_unit_test(few_recovery_codes_are_warned_of),
        cmocka_unit_test(new_recovery_codes_are_made_and_told_of),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
