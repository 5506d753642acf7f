/*
 * Codes by mail where no password was proved: strangers can use up what a
 * mailbox may get; a browser that its owner is known in has some more (H9).
 */

#include "mfa_flow_ask.h"


#define BEN  "ben.employee@example.org"


typedef struct {
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   home;           /* Ann logged in here once */
    unsigned    next;           /* address of the next stranger */
} known_t;


static void
known_open(known_t *k)
{
    memset(k, 0, sizeof(*k));

    k->world = flow_world(flow_lines, "totp", &k->ann);

    flow_browser(&k->home, k->world, 7);
    right_app_code(&k->home);
    assert_true(is_logged_in(&k->home));
    k->home.cookies[0][0] = '\0';
    k->next = 20;
}


static void
known_close(known_t *k)
{
    visitor_done(&k->home);
    world_close(k->world);
}


/* how many letters with a code one more journey brought the address */

static size_t
ask(known_t *k, visitor_t *v, const char *path, const char *email)
{
    char       body[128];
    letters_t  letters;

    v->address = (uint8_t) (20 + k->next++ % 200);
    k->world->now += 2 * MFA_SECOND;

    visitor_open(v, path, NULL);
    (void) snprintf(body, sizeof(body), "email=%s", email);
    visitor_submit(v, body);

    /* whoever asks, and however often, sees one and the same page */

    assert_int_equal(v->status, 200);
    assert_true(visitor_sees(v, "Please enter code below"));

    letters = settings_letters(k->world, "code");

    return strcmp(email, ANN) == 0 ? letters.ann : letters.home;
}


static size_t
strangers_ask(known_t *k, int times, const char *email)
{
    int        i;
    size_t     sent;
    visitor_t  v;

    sent = 0;

    for (i = 0; i < times; i++) {
        visitor_init(&v, k->world);
        sent += ask(k, &v, i % 2 ? "/mfa/unlock" : "/mfa/password-reset",
                    email);
        visitor_done(&v);
    }

    return sent;
}


/* H9: "6/day to one address over all purposes, +6/day for known devices" */
static void
a_known_browser_has_six_more_a_day_behind_what_strangers_used_up(
    void **state)
{
    int      i;
    size_t   sent;
    known_t  k;

    (void) state;

    known_open(&k);

    sent = strangers_ask(&k, 5, ANN);
    k.world->now += MFA_HOUR;
    sent += strangers_ask(&k, 5, ANN);
    k.world->now += MFA_HOUR;
    sent += strangers_ask(&k, 5, ANN);
    assert_int_equal(sent, 6);

    sent = 0;

    for (i = 0; i < 8; i++) {
        sent += ask(&k, &k.home, i % 2 ? "/mfa/password-reset" : "/mfa/unlock",
                    ANN);
        assert_int_equal(strangers_ask(&k, 1, ANN), 0);
    }

    assert_int_equal(sent, 6);

    /* the next day both have theirs again */

    k.world->now += MFA_DAY;
    assert_int_equal(strangers_ask(&k, 4, ANN), 3);
    assert_int_equal(ask(&k, &k.home, "/mfa/unlock", ANN), 1);

    known_close(&k);
}


/* within the hour of the attack too */
static void
the_hour_of_strangers_is_not_that_of_a_known_browser(void **state)
{
    known_t  k;

    (void) state;

    known_open(&k);

    assert_int_equal(strangers_ask(&k, 4, ANN), 3);
    assert_int_equal(ask(&k, &k.home, "/mfa/password-reset", ANN), 1);

    known_close(&k);
}


/* known to Ann is not known to anybody else */
static void
a_browser_of_somebody_else_has_nothing_more(void **state)
{
    int      i;
    size_t   before;
    known_t  k;

    (void) state;

    known_open(&k);
    (void) settings_person(k.world, BEN, "ben.home@example.org", "totp");
    before = world_mail(k.world, NULL, NULL);

    for (i = 0; i < 10; i++) {
        k.world->now += (i == 5) * MFA_HOUR;
        (void) ask(&k, &k.home, "/mfa/password-reset", BEN);
    }

    assert_int_equal(world_mail(k.world, NULL, NULL) - before, 6);

    known_close(&k);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            a_known_browser_has_six_more_a_day_behind_what_strangers_used_up),
        cmocka_unit_test(the_hour_of_strangers_is_not_that_of_a_known_browser),
        cmocka_unit_test(a_browser_of_somebody_else_has_nothing_more)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
