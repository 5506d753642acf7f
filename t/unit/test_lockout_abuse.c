/*
 * Lock-out as a weapon: strangers who use up what an account has, day after
 * day, and what its owner notices of it. The attack first, then the owner.
 */

#include "mfa_flow_ask.h"


#define RIGHT  "copper+kettle+nine"
#define WRONG  "wrong+one"


typedef struct {
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   home;           /* Ann logged in here once */
    visitor_t   evil;
    unsigned    next;           /* address the stranger comes from */
    unsigned    guesses;
} abuse_t;


static void
try_password(visitor_t *v, const char *email, const char *password)
{
    char  body[256];

    visitor_open(v, "/mfa/login", NULL);
    (void) snprintf(body, sizeof(body), "email=%s&password=%s", email,
                    password);
    visitor_submit(v, body);
}


static bool
stands_at_verify(const visitor_t *v)
{
    return visitor_sees(v, "<h1>Verify</h1>");
}


static void
abuse_open(abuse_t *a, void (*lines)(world_t *))
{
    memset(a, 0, sizeof(*a));

    a->world = flow_world(lines, "totp", &a->ann);

    flow_browser(&a->home, a->world, 7);
    right_app_code(&a->home);
    assert_true(is_logged_in(&a->home));

    visitor_init(&a->evil, a->world);
    a->next = 20;
}


static void
abuse_close(abuse_t *a)
{
    visitor_done(&a->home);
    visitor_done(&a->evil);
    world_close(a->world);
}


/* one guess from one more address; false: not even looked at */

static bool
guess(abuse_t *a, const char *password)
{
    a->evil.address = (uint8_t) (20 + a->next++ % 200);
    a->world->events[0] = '\0';

    try_password(&a->evil, ANN, password);

    if (a->evil.status == 429) {
        return false;
    }

    a->guesses++;

    return true;
}


/* all of the hour's budget, waits and all */

static void
burn_hour(abuse_t *a)
{
    mfa_time_t  end;

    end = a->world->now + MFA_HOUR;

    while (a->world->now < end - 2 * MFA_MINUTE) {
        (void) guess(a, WRONG);
        a->world->now += 70 * MFA_SECOND;

        /* once it is gone, the rest of the hour is only waited for */

        if (a->evil.status == 429 && visitor_sees(&a->evil, "minutes")) {
            break;
        }
    }
}


static bool
owner_at_home(abuse_t *a)
{
    a->home.cookies[0][0] = '\0';
    a->world->now += 31 * MFA_SECOND;

    try_password(&a->home, ANN, RIGHT);

    if (!stands_at_verify(&a->home)) {
        return false;
    }

    right_app_code(&a->home);

    return is_logged_in(&a->home);
}


/* by mail, where a login is held; how long it took */

static mfa_time_t
owner_elsewhere(abuse_t *a, uint8_t address)
{
    char        code[16];
    mfa_time_t  start;
    visitor_t   v;

    start = a->world->now;

    visitor_init(&v, a->world);
    v.address = address;
    try_password(&v, ANN, RIGHT);

    if (v.status == 429) {
        follow(&v, "Send an unlock code");
        visitor_submit(&v, "email=" ANN);
        a->world->now += 20 * MFA_SECOND;
        world_code(a->world, code);
        submit_code(&v, code, "verify");
        assert_true(visitor_sees(&v, "This browser is unlocked."));
        try_password(&v, ANN, RIGHT);
    }

    assert_true(stands_at_verify(&v));
    a->world->now += 31 * MFA_SECOND;
    right_app_code(&v);
    assert_true(is_logged_in(&v));
    visitor_done(&v);

    return a->world->now - start;
}


/* X53 H2 H3, 4.6: a week, an hour at a time */
static void
the_owner_logs_in_every_time_through_a_week_of_abuse(void **state)
{
    int         hour;
    abuse_t     a;
    mfa_time_t  start, took;

    (void) state;

    abuse_open(&a, flow_lines);
    start = a.world->now;

    for (hour = 0; hour < 7 * 24; hour++) {
        burn_hour(&a);

        if (hour % 4 == 0) {
            assert_true(owner_at_home(&a));
        }

        if (hour % 24 == 9) {
            took = owner_elsewhere(&a, (uint8_t) (230 + hour / 24));
            assert_in_range(took, 1, 2 * MFA_MINUTE);
        }

        a.world->now = start + (hour + 1) * MFA_HOUR;
    }

    /* 4.3: 30 a day, whatever the owner does in between; and never again
     * once a hundred in a row have failed */

    assert_in_range(a.guesses, 100, 7 * 30 + 30);

    abuse_close(&a);
}


/* H3 X57: in the same hour and over the day */
static void
successes_of_the_owner_refill_nothing_for_others(void **state)
{
    int         i;
    abuse_t     a;
    visitor_t   v;

    (void) state;

    abuse_open(&a, flow_lines);

    for (i = 0; i < 60; i++) {
        (void) guess(&a, WRONG);

        /* in new browsers too, while they are free */

        visitor_init(&v, a.world);
        v.address = (uint8_t) (130 + i);
        try_password(&v, ANN, RIGHT);
        visitor_done(&v);

        if (i % 6 == 0) {
            assert_true(owner_at_home(&a));
        }

        a.world->now += 20 * MFA_SECOND;
    }

    assert_int_equal(a.guesses, 10);

    for (i = 0; i < 22; i++) {
        a.world->now += MFA_HOUR;
        burn_hour(&a);
        assert_true(owner_at_home(&a));
        a.world->now -= a.world->now % MFA_HOUR;
    }

    assert_in_range(a.guesses, 20, 30);

    abuse_close(&a);
}


static void
patient_lines(world_t *world)
{
    flow_lines(world);
    WORLD_LINE(world, "limit", "login_person", "1000/1h");
}


static void
find_closed(const char *text, void *arg)
{
    size_t  *count = arg;

    *count += strstr(text, "To: <" ANN ">") != NULL
              && strstr(text, "Many wrong passwords") != NULL;
}


static void
close_account(abuse_t *a)
{
    int  i;

    for (i = 0; i < 100; i++) {
        a->world->now += MFA_MINUTE;
        assert_true(guess(a, WRONG));
        assert_true(visitor_sees(&a->evil, "Invalid login."));
    }
}


static size_t
letters_about_it(abuse_t *a)
{
    size_t  count;

    count = 0;
    (void) world_mail(a->world, find_closed, &count);

    return count;
}


/* A12: after a hundred in a row */
static void
a_hundred_wrong_ones_close_the_account_for_strangers_only(void **state)
{
    abuse_t     a;
    visitor_t   v;

    (void) state;

    abuse_open(&a, patient_lines);
    close_account(&a);
    assert_int_equal(letters_about_it(&a), 1);

    /* the right one is refused in the same words, now and in a month */

    a.world->now += MFA_MINUTE;
    assert_true(guess(&a, RIGHT));
    assert_true(visitor_sees(&a.evil, "Invalid login."));
    assert_non_null(strstr(a.world->events, "\"reason\":\"closed\""));

    a.world->now += 30 * MFA_DAY;
    assert_true(guess(&a, RIGHT));
    assert_true(visitor_sees(&a.evil, "Invalid login."));
    assert_int_equal(letters_about_it(&a), 0);

    /* the owner at home notices nothing, and a right password ends it */

    assert_true(owner_at_home(&a));

    visitor_init(&v, a.world);
    v.address = 240;
    a.world->now += 2 * MFA_MINUTE;
    try_password(&v, ANN, RIGHT);
    assert_true(stands_at_verify(&v));
    visitor_done(&v);

    abuse_close(&a);
}


static void
a_mailed_code_opens_it_again(void **state)
{
    char        code[16];
    abuse_t     a;
    visitor_t   v;

    (void) state;

    abuse_open(&a, patient_lines);
    close_account(&a);

    visitor_init(&v, a.world);
    v.address = 240;
    a.world->now += 2 * MFA_MINUTE;
    try_password(&v, ANN, RIGHT);
    assert_true(visitor_sees(&v, "Invalid login."));
    (void) world_mail(a.world, NULL, NULL);

    follow(&v, "Send an unlock code");
    visitor_submit(&v, "email=" ANN);
    world_code(a.world, code);
    submit_code(&v, code, "verify");
    try_password(&v, ANN, RIGHT);
    assert_true(stands_at_verify(&v));

    visitor_done(&v);
    abuse_close(&a);
}


/* H11 X58: held, but not for those who are known */
static void
a_spray_holds_its_source_but_not_the_people_known_there(void **state)
{
    int         i, tries;
    char        email[64];
    abuse_t     a;
    visitor_t   v;

    (void) state;

    abuse_open(&a, flow_lines);
    visitor_init(&v, a.world);
    tries = 0;

    /* 500 accounts, one password each, from the address of Ann's office */

    for (i = 0; i < 500; i++) {
        (void) snprintf(email, sizeof(email), "person%d%%40example.org", i);
        try_password(&v, email, RIGHT);
        tries += v.status != 429;
        a.world->now += 7 * MFA_SECOND;

        if (v.status == 429 && visitor_sees(&v, "60 minutes")) {
            break;
        }
    }

    assert_in_range(tries, 11, 20);
    assert_int_equal(events_of(a.world, "\"reason\":\"spray\""), 1);

    assert_true(owner_at_home(&a));

    /* not even the right password of a known person from a new browser */

    try_password(&v, ANN, RIGHT);
    assert_int_equal(v.status, 429);

    v.address = 99;
    try_password(&v, ANN, RIGHT);
    assert_true(stands_at_verify(&v));

    visitor_done(&v);
    abuse_close(&a);
}


/* L13: a remembered device alone makes no browser known */
static void
a_browser_is_known_only_after_a_second_factor(void **state)
{
    int         i;
    abuse_t     a;
    visitor_t   v;

    (void) state;

    abuse_open(&a, flow_lines);

    visitor_init(&v, a.world);
    v.address = 99;
    try_password(&v, ANN, RIGHT);
    assert_true(stands_at_verify(&v));

    for (i = 0; i < 14; i++) {
        (void) guess(&a, WRONG);
        a.world->now += 65 * MFA_SECOND;
    }

    assert_int_equal(a.guesses, 10);
    try_password(&v, ANN, RIGHT);
    assert_int_equal(v.status, 429);

    visitor_done(&v);
    abuse_close(&a);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_owner_logs_in_every_time_through_a_week_of_abuse),
        cmocka_unit_test(successes_of_the_owner_refill_nothing_for_others),
        cmocka_unit_test(
            a_hundred_wrong_ones_close_the_account_for_strangers_only),
        cmocka_unit_test(a_mailed_code_opens_it_again),
        cmocka_unit_test(
            a_spray_holds_its_source_but_not_the_people_known_there),
        cmocka_unit_test(a_browser_is_known_only_after_a_second_factor)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
