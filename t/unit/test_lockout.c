/*
 * Too many tries: what is held, for how long, who is told, and what the
 * pages say. Through the whole core, with the time set.
 */

#include "mfa_visitor.h"


#define ANN       "ann.employee@example.org"
#define PASSWORD  "copper+kettle+nine"


typedef struct {
    world_t    *world;
    visitor_t   v;
    char        secret[64];
} person_t;


static void
send_app_code(visitor_t *v, const char *secret, int steps)
{
    char  code[16], body[64];

    visitor_app_code(v, secret, steps, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(v, body);
}


/* a code that is surely wrong: none of the window */

static void
send_wrong_code(visitor_t *v, const char *secret)
{
    int    i;
    char   code[16], near[16], body[64];
    bool   is_free;

    static unsigned  next = 100000;

    do {
        (void) snprintf(code, sizeof(code), "%06u", next++);
        is_free = true;

        for (i = -1; i <= 1; i++) {
            visitor_app_code(v, secret, i, near);
            is_free = is_free && strcmp(code, near) != 0;
        }
    } while (!is_free);

    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(v, body);
}


static void
login(visitor_t *v, const char *password)
{
    char  body[256];

    visitor_open(v, "/mfa/login", NULL);
    (void) snprintf(body, sizeof(body), "email=" ANN "&password=%s", password);
    visitor_submit(v, body);
}


static void
person_open(person_t *p, const char *store)
{
    char  code[16], body[64];

    memset(p, 0, sizeof(*p));

    p->world = world_open(store, NULL);
    world_person(p->world, ANN, NULL);
    visitor_init(&p->v, p->world);

    visitor_open(&p->v, "/mfa/register", NULL);
    visitor_submit(&p->v, "email=" ANN);
    world_code(p->world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(&p->v, body);
    visitor_submit(&p->v, "new_password=" PASSWORD "&confirm_password="
                   PASSWORD "&first_name=Ann&surname=Employee&do=continue");
    visitor_secret(&p->v, p->secret, sizeof(p->secret));
    send_app_code(&p->v, p->secret, 0);
    assert_true(visitor_sees(&p->v, "Thank you for registering"));

    visitor_done(&p->v);
    visitor_init(&p->v, p->world);

    p->world->now += 2 * MFA_MINUTE;
}


static void
person_close(person_t *p)
{
    visitor_done(&p->v);
    world_close(p->world);
}


/* B2 L6 X61: -1, 0, +1 and nothing else */
static void
only_the_steps_next_to_now_are_accepted(void **state)
{
    size_t    i;
    person_t  p;

    static const struct {
        int   steps;
        bool  is_accepted;
    }  cases[] = {
        { -10, false }, { -2, false }, { 2, false }, { 10, false },
        { -1, true }, { 0, true }, { 1, true }
    };

    (void) state;

    person_open(&p, "memory:window");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        login(&p.v, PASSWORD);
        send_app_code(&p.v, p.secret, cases[i].steps);

        assert_int_equal(visitor_sees(&p.v, "Your applications"),
                         cases[i].is_accepted);

        p.v.cookies[0][0] = '\0';
        p.world->now += MFA_HOUR;
    }

    person_close(&p);
}


/* L6 B3 X62 */
static void
a_code_works_once(void **state)
{
    person_t   p;
    visitor_t  other;

    (void) state;

    person_open(&p, "memory:once");

    login(&p.v, PASSWORD);
    send_app_code(&p.v, p.secret, 0);
    assert_true(visitor_sees(&p.v, "Your applications"));

    visitor_init(&other, p.world);
    login(&other, PASSWORD);
    send_app_code(&other, p.secret, 0);
    assert_true(visitor_sees(&other, "Invalid verification code."));

    /* an earlier step of the window is no way round it */

    send_app_code(&other, p.secret, -1);
    assert_true(visitor_sees(&other, "Invalid verification code."));

    visitor_done(&other);
    person_close(&p);
}


static void
find_owner(const char *text, void *arg)
{
    bool  *is_found = arg;

    *is_found = strstr(text, "To: <" ANN ">") != NULL
                && strstr(text, "Wrong codes") != NULL;
}


/* L5 B5 B6 X66 X67: over browsers, counted before the check, owner told */
static void
five_wrong_codes_from_any_browsers_hold_the_factor(void **state)
{
    bool       is_told;
    size_t     i, letters;
    person_t   p;
    visitor_t  other[5];

    (void) state;

    person_open(&p, "memory:hold");
    letters = world_mail(p.world, NULL, NULL);

    for (i = 0; i < 5; i++) {
        visitor_init(&other[i], p.world);
        other[i].address = (uint8_t) (30 + i);
        login(&other[i], PASSWORD);
        send_wrong_code(&other[i], p.secret);
        assert_true(visitor_sees(&other[i], i < 4 ? "Tries left"
                                                  : "locked until"));
    }

    is_told = false;
    assert_int_equal(world_mail(p.world, find_owner, &is_told), letters + 1);
    assert_true(is_told);

    /* the right one is held as well, a restart of the login refills
     * nothing, and after the hold it is accepted */

    login(&p.v, PASSWORD);
    assert_true(visitor_sees(&p.v, "locked until"));
    send_app_code(&p.v, p.secret, 0);
    assert_false(visitor_sees(&p.v, "Your applications"));

    p.world->now += 16 * MFA_MINUTE;
    login(&p.v, PASSWORD);
    send_app_code(&p.v, p.secret, 0);
    assert_true(visitor_sees(&p.v, "Your applications"));

    for (i = 0; i < 5; i++) {
        visitor_done(&other[i]);
    }

    person_close(&p);
}


/* B6 X67: ten a day, fifty in a row and the factor is switched off */
static void
fifty_wrong_codes_switch_the_factor_off(void **state)
{
    size_t    i;
    person_t  p;

    (void) state;

    person_open(&p, "memory:fifty");

    i = 0;

    do {
        p.world->now += 3 * MFA_HOUR;
        login(&p.v, PASSWORD);
        assert_true(visitor_sees(&p.v, "<h1>Verify</h1>"));
        send_wrong_code(&p.v, p.secret);
    } while (++i < 400 && !visitor_sees(&p.v, "switched off"));

    assert_in_range(i, 40, 399);

    p.world->now += 30 * MFA_DAY;
    login(&p.v, PASSWORD);
    assert_true(visitor_sees(&p.v, "has been switched off"));
    send_app_code(&p.v, p.secret, 0);
    assert_false(visitor_sees(&p.v, "Your applications"));

    person_close(&p);
}


/* B7 X68: what is no code costs the owner nothing */
static void
what_is_no_code_costs_the_owner_no_try(void **state)
{
    size_t    i;
    char      body[256];
    person_t  p;

    static const char *const  typed[] = {
        "", "12345", "1234567", "%EF%BC%91%EF%BC%92%EF%BC%93456", "0x1E240",
        "1e5", "-1234a", "123456%00", "null", "%5B%5D"
    };

    (void) state;

    person_open(&p, "memory:form");
    login(&p.v, PASSWORD);

    for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        (void) snprintf(body, sizeof(body), "code=%s&do=continue", typed[i]);
        visitor_submit(&p.v, body);
        assert_true(visitor_sees(&p.v, "Invalid verification code."));
        assert_false(visitor_sees(&p.v, "Tries left"));

        p.world->now += 20 * MFA_SECOND;
    }

    send_wrong_code(&p.v, p.secret);
    assert_true(visitor_sees(&p.v, "Tries left: 4"));

    person_close(&p);
}


/* L14 H1 X54: waits grow, the right one is refused while held, the page is
 * the same for somebody who does not exist */
static void
too_many_passwords_lead_to_try_again_later_for_all(void **state)
{
    size_t      i, k;
    char       *pages[2], body[128];
    person_t    p;
    visitor_t   v;

    static const char *const  names[] = { ANN, "nina@example.org" };

    (void) state;

    person_open(&p, "memory:later");

    for (k = 0; k < 2; k++) {
        visitor_init(&v, p.world);
        v.address = (uint8_t) (40 + k);

        for (i = 0; i < 12; i++) {
            visitor_open(&v, "/mfa/login", NULL);
            (void) snprintf(body, sizeof(body), "email=%s&password=wrong-one",
                            names[k]);
            visitor_submit(&v, body);

            if (v.status == 429) {
                break;
            }
        }

        assert_in_range(i, 5, 10);
        assert_true(visitor_sees(&v, "Try again later"));
        assert_true(visitor_sees(&v, "Human Resources"));

        pages[k] = strdup(v.page);
        visitor_done(&v);
    }

    assert_string_equal(pages[0], pages[1]);

    login(&p.v, PASSWORD);
    assert_int_equal(p.v.status, 429);

    p.world->now += 2 * MFA_MINUTE;
    login(&p.v, PASSWORD);
    assert_true(visitor_sees(&p.v, "<h1>Verify</h1>"));

    free(pages[0]);
    free(pages[1]);
    person_close(&p);
}


static mfa_status_t
clear_waits(mfa_tx_t *tx, void *arg)
{
    mfa_str_t     subject;
    mfa_user_t    user;
    mfa_status_t  st;

    (void) arg;

    st = mfa_user_by_email(tx, mfa_str(ANN), &user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_limit_person(tx, &user, user.email, &subject);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_limit_clear(tx, MFA_LIMIT_LOGIN_PERSON, subject);
}


/* O3: staff can end the wait of a person they have spoken to */
static void
staff_can_end_the_wait_after_wrong_passwords(void **state)
{
    size_t    i;
    person_t  p;

    (void) state;

    person_open(&p, "memory:unlock");

    for (i = 0; i < 12 && p.v.status != 429; i++) {
        login(&p.v, "wrong-one");
    }

    login(&p.v, PASSWORD);
    assert_int_equal(p.v.status, 429);

    world_update(p.world, clear_waits, NULL);
    p.v.address++;

    login(&p.v, PASSWORD);
    assert_true(visitor_sees(&p.v, "<h1>Verify</h1>"));

    person_close(&p);
}


/* J13 CK2: a clock that steps back revives neither code nor session */
static void
a_clock_that_steps_back_revives_nothing(void **state)
{
    char       cookie[1024];
    person_t   p;

    (void) state;

    person_open(&p, "memory:clock");

    login(&p.v, PASSWORD);
    send_app_code(&p.v, p.secret, 0);
    assert_true(visitor_sees(&p.v, "Your applications"));
    (void) snprintf(cookie, sizeof(cookie), "%s", p.v.cookies[0]);

    /* time passes, something is written, then the clock goes back */

    p.world->now += 2 * MFA_HOUR;
    visitor_open(&p.v, "/mfa/register", NULL);
    visitor_submit(&p.v, "email=nina%40example.org");

    p.world->now -= 2 * MFA_HOUR;
    (void) snprintf(p.v.cookies[0], sizeof(p.v.cookies[0]), "%s", cookie);
    visitor_open(&p.v, "/mfa/", NULL);
    assert_string_equal(p.v.url, "/mfa/login");

    person_close(&p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(only_the_steps_next_to_now_are_accepted),
        cmocka_unit_test(a_code_works_once),
        cmocka_unit_test(five_wrong_codes_from_any_browsers_hold_the_factor),
        cmocka_unit_test(fifty_wrong_codes_switch_the_factor_off),
        cmocka_unit_test(what_is_no_code_costs_the_owner_no_try),
        cmocka_unit_test(too_many_passwords_lead_to_try_again_later_for_all),
        cmocka_unit_test(staff_can_end_the_wait_after_wrong_passwords),
        cmocka_unit_test(a_clock_that_steps_back_revives_nothing)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
