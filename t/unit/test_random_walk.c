/*
 * Three browsers and eight people at random through every page (C12 O6 D3):
 * no fault, no session without a right code, and always logged in just as a
 * model beside it says.
 */

#include "mfa_visitor_ask.h"


#define WALKERS  3
#define PEOPLE   8
#define DEAD     64

/* a walk of one thread teaches ThreadSanitizer nothing, slowly */

#if defined(__SANITIZE_THREAD__)
#define STEPS    2000
#else
#define STEPS    20000
#endif

#define CHANCE(walk, percent)  (roll(walk, 100) < (percent))


typedef struct {
    char        email[64];
    char        secret[64];         /* of the app; empty: none enrolled */
    char        code[16];           /* mailed last */
    uint64_t    last_step;          /* of the app, spent */
} person_t;

typedef struct {
    visitor_t    v;
    person_t    *who;               /* logged in; NULL: nobody */
    mfa_time_t   since;
    char         typed[16];         /* the code sent in this step */
    char         pending[64];       /* the secret shown last */
} walker_t;

typedef struct {
    world_t    *world;
    uint64_t    seed;
    person_t    people[PEOPLE];
    walker_t    walkers[WALKERS];
    char        dead[DEAD][1024];   /* cookies of sessions that ended */
    unsigned    deaths;
    unsigned    logins;
    unsigned    enrolments;
    unsigned    logouts;
    unsigned    step;
} walk_t;

static const char *const  paths[] = {
    "", "login", "verify", "prove", "register", "register/code",
    "register/details", "register/exists", "register/done", "secure",
    "security", "logout", "logged-out", "later", "password-reset",
    "password-reset/code", "password-reset/verified",
    "password-reset/new", "password-reset/done", "password-reset/closed",
    "style.css", "nowhere"
};

#define PATHS  (sizeof(paths) / sizeof(paths[0]))


static unsigned
roll(walk_t *walk, unsigned sides)
{
    uint64_t  x;

    walk->seed += UINT64_C(0x9e3779b97f4a7c15);
    x = walk->seed;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);

    return (unsigned) ((x ^ (x >> 31)) % sides);
}


static person_t *
any_person(walk_t *walk)
{
    return &walk->people[roll(walk, PEOPLE)];
}


static void
letter_to(const char *text, void *arg)
{
    char     code[16] = "", mark[80];
    size_t   i;
    walk_t  *walk = arg;

    world_find_code(text, code);

    for (i = 0; i < PEOPLE; i++) {
        (void) snprintf(mark, sizeof(mark), "To: <%s>",
                        walk->people[i].email);

        if (code[0] != '\0' && strstr(text, mark) != NULL) {
            (void) snprintf(walk->people[i].code,
                            sizeof(walk->people[i].code), "%s", code);
        }
    }
}


static void
submit(walker_t *w, const char *fields)
{
    if (visitor_sees(&w->v, "action=\"")) {
        visitor_submit(&w->v, fields);
    }
}


/* mostly right for somebody, and sometimes for another or for nobody */

static void
submit_app_code(walk_t *walk, walker_t *w, const char *secret)
{
    char      body[64];
    unsigned  kind = roll(walk, 100);

    if (kind < 80 && secret[0] != '\0') {
        visitor_app_code(&w->v, secret, (int) roll(walk, 3) - 1, w->typed);

    } else if (kind < 90 && walk->people[0].secret[0] != '\0') {
        visitor_app_code(&w->v, walk->people[0].secret, 0, w->typed);

    } else {
        (void) snprintf(w->typed, sizeof(w->typed), "%06u",
                        roll(walk, 1000000));
    }

    (void) snprintf(body, sizeof(body), "code=%s&do=continue", w->typed);
    submit(w, body);
}


static void
submit_mailed_code(walk_t *walk, walker_t *w)
{
    char       body[64];
    size_t     i;
    unsigned   kind = roll(walk, 100);
    person_t  *person = any_person(walk);

    (void) world_mail(walk->world, letter_to, walk);

    for (i = 0; i < PEOPLE; i++) {
        if (visitor_sees(&w->v, walk->people[i].email)) {
            person = &walk->people[i];
        }
    }

    if (kind < 10) {
        submit(w, "do=resend");

    } else if (kind < 14) {
        submit(w, "do=change");

    } else {
        (void) snprintf(body, sizeof(body), "code=%s&do=verify",
                        kind < 90 ? person->code : "123456");
        submit(w, body);
    }
}


static void
submit_details(walk_t *walk, walker_t *w)
{
    unsigned  kind = roll(walk, 100);

    if (kind < 5) {
        submit(w, "do=change");

    } else if (kind < 20) {
        submit(w, "new_password=short&confirm_password=x&first_name=");

    } else {
        submit(w, "new_password=" ASK_PASSWORD "&confirm_password="
               ASK_PASSWORD "&first_name=Ann&surname=Employee");
    }
}


static void
submit_login(walk_t *walk, walker_t *w)
{
    char  body[256];

    (void) snprintf(body, sizeof(body), "email=%s&password=%s",
                    any_person(walk)->email,
                    CHANCE(walk, 90) ? ASK_PASSWORD : "wrong");
    submit(w, body);
}


static void
submit_verify(walk_t *walk, walker_t *w)
{
    size_t     i;
    char       url[256];
    person_t  *person = any_person(walk);

    /* the page does not say whose it is; the form sent last does */

    for (i = 0; i < PEOPLE; i++) {
        (void) snprintf(url, sizeof(url), "email=%s&",
                        walk->people[i].email);

        if (strstr(w->v.body, url) != NULL) {
            person = &walk->people[i];
        }
    }

    submit_app_code(walk, w, person->secret);
}


/* what the page invites to */

static void
go_on(walk_t *walk, walker_t *w)
{
    char        body[128];
    visitor_t  *v = &w->v;

    if (visitor_sees(v, "action=\"/mfa/login\"")) {
        submit_login(walk, w);

    } else if (visitor_sees(v, "action=\"/mfa/register\"")) {
        (void) snprintf(body, sizeof(body), "email=%s",
                        any_person(walk)->email);
        submit(w, body);

    } else if (visitor_sees(v, "action=\"/mfa/register/code\"")
               || visitor_sees(v, "action=\"/mfa/prove\""))
    {
        submit_mailed_code(walk, w);

    } else if (visitor_sees(v, "action=\"/mfa/register/details\"")) {
        submit_details(walk, w);

    } else if (visitor_sees(v, "action=\"/mfa/secure\"")) {
        if (CHANCE(walk, 5)) {
            submit(w, "do=renew");

        } else {
            submit_app_code(walk, w, w->pending);
        }

    } else if (visitor_sees(v, "action=\"/mfa/verify\"")) {
        submit_verify(walk, w);

    } else if (visitor_sees(v, "action=\"")) {
        submit(w, "do=continue");       /* the end page, Log out? */

    } else {
        visitor_open(v, CHANCE(walk, 60) ? "/mfa/login" : "/mfa/register",
                     NULL);
    }
}


/* any page, with a flow of one's own, of somebody else, or of nobody */

static void
wander(walk_t *walk, walker_t *w)
{
    char        url[512], flow[128];
    walker_t   *other = &walk->walkers[roll(walk, WALKERS)];

    flow[0] = '\0';

    if (other->v.page != NULL) {
        visitor_hidden(&other->v, "flow", flow, sizeof(flow));
    }

    if (CHANCE(walk, 10)) {
        (void) snprintf(flow, sizeof(flow), "junk");
    }

    (void) snprintf(url, sizeof(url), "/mfa/%s%s%s%s", paths[roll(walk,
                    PATHS)], flow[0] != '\0' ? "?flow=" : "?x=", flow,
                    CHANCE(walk, 20) ? "&to=/ess/page" : "");
    visitor_open(&w->v, url, NULL);
}


/* a POST to any page, with any token that lies about */

static void
post_anywhere(walk_t *walk, walker_t *w)
{
    char       url[128], body[512], token[128], flow[128];
    ask_t      ask;
    walker_t  *other = &walk->walkers[roll(walk, WALKERS)];

    token[0] = flow[0] = '\0';

    if (other->v.page != NULL) {
        visitor_hidden(&other->v, "token", token, sizeof(token));
        visitor_hidden(&other->v, "flow", flow, sizeof(flow));
    }

    (void) snprintf(url, sizeof(url), "/mfa/%s", paths[roll(walk, PATHS)]);
    (void) snprintf(body, sizeof(body), "token=%s&flow=%s&do=%s&code=123456",
                    token, flow, CHANCE(walk, 50) ? "continue" : "resend");
    ask = ask_form(url, body);
    (void) ask_status(&w->v, &ask);
}


static void
repeat(walker_t *w)
{
    char         action[256], body[8192];
    const char  *code;

    if (w->v.action[0] != '\0') {
        (void) snprintf(action, sizeof(action), "%s", w->v.action);
        (void) snprintf(body, sizeof(body), "%s", w->v.body);

        /* it may count now that it did not count for being too early */

        code = strstr(body, "&code=");

        if (code != NULL) {
            (void) snprintf(w->typed, sizeof(w->typed), "%.6s", code + 6);
        }

        visitor_open(&w->v, action, body);
    }
}


static void
bury(walk_t *walk, const char *cookie)
{
    if (cookie[0] != '\0') {
        (void) snprintf(walk->dead[walk->deaths++ % DEAD],
                        sizeof(walk->dead[0]), "%s", cookie);
    }
}


/* who the home page says it is, with that session cookie; NULL: nobody */

static person_t *
look_home(walk_t *walk, const char *cookie)
{
    char        mark[80];
    size_t      i;
    ask_t       ask = { .url = "/mfa/", .cookies = cookie };
    person_t   *found;
    visitor_t   eyes;

    visitor_init(&eyes, walk->world);
    found = NULL;

    if (ask_status(&eyes, &ask) == 200) {
        for (i = 0; i < PEOPLE; i++) {
            (void) snprintf(mark, sizeof(mark), "(%s)",
                            walk->people[i].email);

            if (visitor_sees(&eyes, mark)) {
                found = &walk->people[i];
            }
        }

        assert_non_null(found);
    }

    visitor_done(&eyes);

    return found;
}


/* a session began: was there a code that could open it? */

static void
check_new_session(walk_t *walk, walker_t *w)
{
    int        steps;
    char       code[16];
    uint64_t   step;
    person_t  *who;

    who = look_home(walk, w->v.cookies[0]);
    assert_non_null(who);

    if (who->secret[0] == '\0') {
        (void) snprintf(who->secret, sizeof(who->secret), "%s", w->pending);
        walk->enrolments++;

    } else {
        walk->logins++;
    }

    for (steps = 1; steps >= -1; steps--) {
        visitor_app_code(&w->v, who->secret, steps, code);
        step = (uint64_t) (walk->world->now / MFA_TOTP_STEP + steps);

        if (strcmp(code, w->typed) == 0 && step > who->last_step) {
            break;
        }
    }

    if (steps < -1) {
        fail_msg("step %u: a session of %s for code \"%s\"", walk->step,
                 who->email, w->typed);
    }

    who->last_step = step;
    w->who = who;
    w->since = walk->world->now;
}


static void
check(walk_t *walk, walker_t *w, const char *cookie)
{
    person_t  *who, *expected;

    if (w->v.status >= 500) {
        fail_msg("step %u: %s: %u", walk->step, w->v.url, w->v.status);
    }

    if (strcmp(w->v.cookies[0], cookie) != 0) {
        bury(walk, cookie);

        if (w->v.cookies[0][0] != '\0') {
            check_new_session(walk, w);

        } else {
            walk->logouts += (w->who != NULL);
            w->who = NULL;
        }
    }

    expected = (w->who != NULL && walk->world->now - w->since < MFA_HOUR)
               ? w->who : NULL;
    who = look_home(walk, w->v.cookies[0]);

    if (who != expected) {
        fail_msg("step %u: %s, not %s", walk->step,
                 who != NULL ? who->email : "nobody",
                 expected != NULL ? expected->email : "nobody");
    }

    if (walk->deaths > 0) {
        assert_null(look_home(walk, walk->dead[roll(walk, walk->deaths < DEAD
                                                    ? walk->deaths : DEAD)]));
    }
}


static void
pass_time(walk_t *walk)
{
    unsigned  kind = roll(walk, 1000);

    walk->world->now += 1 + roll(walk, 20000);

    if (kind < 20) {
        walk->world->now += 20 * MFA_MINUTE + roll(walk, 3000000);

    } else if (kind < 30) {
        walk->world->now += 6 * MFA_HOUR + roll(walk, 30000000);
    }
}


static void
take_step(walk_t *walk)
{
    char        cookie[1024];
    unsigned    kind = roll(walk, 100);
    walker_t   *w = &walk->walkers[roll(walk, WALKERS)];

    pass_time(walk);

    (void) snprintf(cookie, sizeof(cookie), "%s", w->v.cookies[0]);
    w->typed[0] = '\0';

    if (w->v.page == NULL) {
        visitor_open(&w->v, "/mfa/login", NULL);
    }

    if (visitor_sees(&w->v, "class=\"key\">")) {
        visitor_secret(&w->v, w->pending, sizeof(w->pending));
    }

    if (kind < 15) {
        wander(walk, w);

    } else if (kind < 18) {
        post_anywhere(walk, w);

    } else if (kind < 22) {
        repeat(w);

    } else if (kind < 24) {
        visitor_open(&w->v, "/mfa/logout", NULL);
        submit(w, "x=1");

    } else if (kind < 25) {
        memset(w->v.cookies, 0, sizeof(w->v.cookies));
        cookie[0] = '\0';
        w->who = NULL;
        visitor_open(&w->v, "/mfa/login", NULL);

    } else {
        go_on(walk, w);
    }

    check(walk, w, cookie);
}


static void
a_random_walk_meets_no_fault_and_no_wrong_session(void **state)
{
    size_t   i;
    walk_t  *walk;

    (void) state;

    walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);

    walk->seed = 20261122;
    walk->world = world_open_with("memory:walk", WORLD_ORIGIN, NULL);
    world_hash_cheaply(walk->world);

    for (i = 0; i < PEOPLE; i++) {
        (void) snprintf(walk->people[i].email, sizeof(walk->people[i].email),
                        "person%zu@example.org", i);

        /* the last one is on no roster */

        if (i + 1 < PEOPLE) {
            world_person(walk->world, walk->people[i].email, NULL);
        }
    }

    for (i = 0; i < WALKERS; i++) {
        visitor_init(&walk->walkers[i].v, walk->world);
        walk->walkers[i].v.address = (uint8_t) (10 + i);
    }

    for (walk->step = 0; walk->step < STEPS; walk->step++) {
        take_step(walk);
    }

    print_message("# %u logins, %u enrolments, %u logouts\n", walk->logins,
                  walk->enrolments, walk->logouts);

    /* the walk got everywhere, or it would prove nothing */

    assert_in_range(walk->enrolments, 2, PEOPLE - 1);
    assert_true(walk->logins >= STEPS / 200);
    assert_true(walk->logouts >= STEPS / 400);

    for (i = 0; i < WALKERS; i++) {
        visitor_done(&walk->walkers[i].v);
    }

    world_close(walk->world);
    free(walk);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_random_walk_meets_no_fault_and_no_wrong_session)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
