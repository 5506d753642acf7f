/*
 * Held after wrong passwords: who can still log in, and how a mailed code
 * ends the wait in one browser and does nothing else.
 */

#include "mfa_flow_ask.h"


typedef struct {
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   home;           /* Ann logged in here once */
    visitor_t   fresh;          /* Ann's new browser */
    visitor_t   evil;
} held_t;


static void
unlock_lines(world_t *world)
{
    flow_lines(world);
    WORLD_LINE(world, "trusted_networks", "192.0.2.0/24");
}


static void
try_password(visitor_t *v, const char *email, const char *password)
{
    char  body[256];

    visitor_open(v, "/mfa/login", NULL);
    (void) snprintf(body, sizeof(body), "email=%s&password=%s", email,
                    password);
    visitor_submit(v, body);
}


static void
log_out(visitor_t *v)
{
    v->cookies[0][0] = '\0';
    v->world->now += MFA_MINUTE;
}


static void
held_open(held_t *h)
{
    memset(h, 0, sizeof(*h));

    h->world = flow_world(unlock_lines, "totp", &h->ann);

    flow_browser(&h->home, h->world, 7);
    right_app_code(&h->home);
    assert_true(is_logged_in(&h->home));
    log_out(&h->home);

    visitor_init(&h->fresh, h->world);
    visitor_init(&h->evil, h->world);
    h->fresh.address = 20;
    h->evil.address = 66;
}


static void
held_close(held_t *h)
{
    visitor_done(&h->home);
    visitor_done(&h->fresh);
    visitor_done(&h->evil);
    world_close(h->world);
}


/* until the account's budget of the hour is gone */

static void
burn(held_t *h)
{
    int  i;

    for (i = 0; i < 20; i++) {
        try_password(&h->evil, ANN, "wrong+one");

        if (h->evil.status == 429 && strstr(h->evil.page, "minutes")) {
            return;
        }

        h->world->now += MFA_MINUTE;
    }

    fail_msg("the budget has no end");
}


static bool
stands_at_verify(const visitor_t *v)
{
    return visitor_sees(v, "<h1>Verify</h1>");
}


/* from Try again later; ends on the page of the code */

static void
unlock_ask(visitor_t *v, const char *email)
{
    char  body[128];

    follow(v, "Send an unlock code");
    assert_true(visitor_sees(v, "<h1>Unlock your login</h1>"));
    (void) snprintf(body, sizeof(body), "email=%s", email);
    visitor_submit(v, body);
    assert_true(visitor_sees(v, "Please enter code below"));
}


/* H2 X53 L14 */
static void
a_mailed_code_lets_a_new_browser_try_and_a_known_one_needs_none(void **state)
{
    char    code[16];
    held_t  h;

    (void) state;

    held_open(&h);
    burn(&h);

    try_password(&h.home, ANN, "copper+kettle+nine");
    assert_true(stands_at_verify(&h.home));
    right_app_code(&h.home);
    assert_true(is_logged_in(&h.home));

    try_password(&h.fresh, ANN, "copper+kettle+nine");
    assert_int_equal(h.fresh.status, 429);
    assert_true(visitor_sees(&h.fresh, "Send an unlock code"));

    /* the address that was typed is there already */

    follow(&h.fresh, "Send an unlock code");
    assert_true(visitor_sees(&h.fresh, "value=\"" ANN "\""));
    visitor_submit(&h.fresh, "email=" ANN);
    world_code(h.world, code);
    submit_code(&h.fresh, code, "verify");
    assert_true(visitor_sees(&h.fresh, "This browser is unlocked."));
    assert_false(is_logged_in(&h.fresh));

    try_password(&h.fresh, ANN, "copper+kettle+nine");
    assert_true(stands_at_verify(&h.fresh));
    right_app_code(&h.fresh);

    /* the code of this minute was used at home */

    h.world->now += MFA_MINUTE;
    right_app_code(&h.fresh);
    assert_true(is_logged_in(&h.fresh));

    /* the stranger got nothing of it */

    try_password(&h.evil, ANN, "copper+kettle+nine");
    assert_int_equal(h.evil.status, 429);

    held_close(&h);
}


/* it is no login, no factor, and no more than ten tries an hour */
static void
an_unlock_proves_nothing_and_gives_one_small_budget(void **state)
{
    int     i;
    char    code[16];
    held_t  h;

    (void) state;

    held_open(&h);
    burn(&h);

    /* somebody who reads the mailbox and nothing else */

    try_password(&h.evil, ANN, "wrong+one");
    unlock_ask(&h.evil, ANN);
    world_code(h.world, code);
    submit_code(&h.evil, code, "verify");
    assert_true(visitor_sees(&h.evil, "This browser is unlocked."));
    assert_false(is_logged_in(&h.evil));

    visitor_open(&h.evil, "/mfa/", NULL);
    assert_true(visitor_sees(&h.evil, "<h1>Login</h1>"));

    for (i = 0; i < 30; i++) {
        try_password(&h.evil, ANN, "wrong+one");

        if (h.evil.status == 429) {
            break;
        }

        assert_true(visitor_sees(&h.evil, "Invalid login."));
    }

    assert_int_equal(i, 10);

    /* another browser is held as before, and the home one is free */

    try_password(&h.fresh, ANN, "copper+kettle+nine");
    assert_int_equal(h.fresh.status, 429);
    try_password(&h.home, ANN, "copper+kettle+nine");
    assert_true(stands_at_verify(&h.home));

    held_close(&h);
}


static void
code_of(visitor_t *v, const char *email)
{
    try_password(v, email, "wrong+one");
    visitor_open(v, "/mfa/unlock", NULL);
    assert_true(strlen(v->page) > 0);
    visitor_submit(v, "email=nina%40example.org");
}


/* C1 A6: who has no account sees the same pages and gets no letter */
static void
an_address_that_nobody_has_sees_the_same(void **state)
{
    size_t      letters, i;
    held_t      h;
    const char  *at;

    static const char  *const words[] = {
        "Verification code has been sent to your inbox.",
        "Reference in the message", "Verify code", "Send new code"
    };

    (void) state;

    held_open(&h);
    letters = world_mail(h.world, NULL, NULL);

    code_of(&h.fresh, "nina%40example.org");

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        at = strstr(h.fresh.page, words[i]);

        if (at == NULL) {
            fail_msg("no \"%s\" in %s", words[i], h.fresh.page);
        }
    }

    submit_code(&h.fresh, "123456", "verify");
    assert_true(visitor_sees(&h.fresh, "Invalid verification code."));
    assert_true(visitor_sees(&h.fresh, "Tries left: 4"));
    assert_int_equal(world_mail(h.world, NULL, NULL), letters);

    held_close(&h);
}


/* a code of one browser opens nothing in another, and works once */
static void
a_code_is_bound_to_its_browser(void **state)
{
    char    code[16], url[8192];
    held_t  h;

    (void) state;

    held_open(&h);
    burn(&h);

    try_password(&h.evil, ANN, "wrong+one");
    unlock_ask(&h.evil, ANN);
    world_code(h.world, code);
    (void) snprintf(url, sizeof(url), "%s", h.evil.url);

    try_password(&h.fresh, ANN, "copper+kettle+nine");
    visitor_open(&h.fresh, url, NULL);
    assert_false(visitor_sees(&h.fresh, "Please enter code below"));

    h.world->now += MFA_MINUTE;
    try_password(&h.fresh, ANN, "copper+kettle+nine");
    unlock_ask(&h.fresh, ANN);
    submit_code(&h.fresh, code, "verify");
    assert_true(visitor_sees(&h.fresh, "Invalid verification code."));

    try_password(&h.fresh, ANN, "copper+kettle+nine");
    assert_int_equal(h.fresh.status, 429);

    held_close(&h);
}


static mfa_status_t
disable(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_get(tx, arg, &user);
    if (st != MFA_OK) {
        return st;
    }

    user.is_disabled = true;

    return mfa_user_save(tx, &user, NULL);
}


/* between the letter and the code */
static void
somebody_who_was_disabled_meanwhile_is_not_unlocked(void **state)
{
    char    code[16];
    held_t  h;

    (void) state;

    held_open(&h);
    burn(&h);

    try_password(&h.fresh, ANN, "copper+kettle+nine");
    unlock_ask(&h.fresh, ANN);
    world_code(h.world, code);

    world_update(h.world, disable, &h.ann);
    submit_code(&h.fresh, code, "verify");
    assert_true(visitor_sees(&h.fresh, "Invalid verification code."));

    held_close(&h);
}


/* L2: the page of another flow has no such link, a login's has */
static void
only_a_held_login_offers_it(void **state)
{
    int     i;
    held_t  h;

    (void) state;

    held_open(&h);

    for (i = 0; i < 1100; i++) {
        visitor_open(&h.fresh, "/mfa/register", NULL);
        visitor_submit(&h.fresh, "email=nina%40example.org");

        if (h.fresh.status == 429) {
            break;
        }
    }

    assert_int_equal(h.fresh.status, 429);
    assert_false(visitor_sees(&h.fresh, "unlock"));

    held_close(&h);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            a_mailed_code_lets_a_new_browser_try_and_a_known_one_needs_none),
        cmocka_unit_test(an_unlock_proves_nothing_and_gives_one_small_budget),
        cmocka_unit_test(an_address_that_nobody_has_sees_the_same),
        cmocka_unit_test(a_code_is_bound_to_its_browser),
        cmocka_unit_test(somebody_who_was_disabled_meanwhile_is_not_unlocked),
        cmocka_unit_test(only_a_held_login_offers_it)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
