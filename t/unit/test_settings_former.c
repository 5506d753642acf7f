/*
 * An app that its owner changes or removes in the settings: its secret is
 * kept for the hint alone (30 days), and opens nothing.
 */

#include "mfa_device_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
begin(const char *kinds)
{
    login_t  here = { .user = &ann };

    world = flow_world(flow_lines, kinds, &ann);
    settings_login(&v, world, &here);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static void
press(const char *fields)
{
    visitor_open(&v, "/mfa/security", NULL);
    assert_string_equal(v.url, "/mfa/security");
    visitor_submit(&v, fields);
}


typedef struct {
    mfa_status_t  st;
    bool          is_old;           /* the secret of add_record() */
    bool          is_disabled;
} former_t;


static mfa_status_t
read_former(mfa_tx_t *tx, void *arg)
{
    former_t             *former = arg;
    mfa_factor_record_t   record;

    former->st = mfa_former_get(tx, &ann, mfa_str("totp"), &record);

    if (former->st == MFA_OK) {
        former->is_old = mfa_str_eq_c(record.secret, "12345678901234567890");
        former->is_disabled = record.is_disabled;
    }

    return mfa_status_is_fault(former->st) ? former->st : MFA_OK;
}


static bool
is_kept(void)
{
    former_t  former = { .st = MFA_OK };

    world_update(world, read_former, &former);

    if (former.st == MFA_NOT_FOUND) {
        return false;
    }

    assert_int_equal(former.st, MFA_OK);
    assert_true(former.is_old);
    assert_true(former.is_disabled);

    return true;
}


/* the next login with a code of the old entry: told apart, and not let in */

static void
assert_hint(void)
{
    visitor_t  other;

    world->now += 2 * MFA_MINUTE;
    flow_browser(&other, world, 20);

    if (visitor_sees(&other, ">Authenticator app</a>")) {
        follow(&other, "Authenticator app");
    }

    right_app_code(&other);
    assert_true(visitor_sees(&other, "That code comes from the entry of the "
                                     "device that was replaced on"));
    assert_true(visitor_sees(&other, "Invalid verification code."));
    assert_false(is_logged_in(&other));
    visitor_done(&other);
}


static void
a_changed_app_is_kept_when_the_new_one_is_proved(void **state)
{
    char  secret[64];

    (void) state;

    begin("totp");
    press("do=change&subject=totp");
    visitor_secret(&v, secret, sizeof(secret));
    submit_code(&v, "000000", "continue");
    assert_false(is_kept());

    visitor_send_app_code(&v, secret, 0);
    assert_string_equal(v.url, "/mfa/security");
    assert_true(is_kept());
    assert_hint();
    end();
}


static void
an_app_that_its_owner_removed_is_kept(void **state)
{
    char  secret[64];

    (void) state;

    begin("totp sms");
    press("do=remove&subject=totp");
    assert_false(is_kept());
    visitor_submit(&v, "do=remove");
    assert_false(settings_has(world, ann, "totp"));
    assert_true(is_kept());

    press("do=add&subject=totp");
    visitor_secret(&v, secret, sizeof(secret));
    visitor_send_app_code(&v, secret, 0);
    assert_string_equal(v.url, "/mfa/security");
    assert_hint();
    end();
}


/* nothing but the secret of an app helps anybody */
static void
of_a_number_nothing_is_kept(void **state)
{
    (void) state;

    begin("totp sms");
    press("do=change&subject=sms");
    visitor_submit(&v, "country=GB&phone=07700+900777&do=send");
    submit_sent_code(&v, "sms");
    assert_string_equal(v.url, "/mfa/security");
    assert_false(is_kept());
    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_changed_app_is_kept_when_the_new_one_is_proved),
        cmocka_unit_test(an_app_that_its_owner_removed_is_kept),
        cmocka_unit_test(of_a_number_nothing_is_kept),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
