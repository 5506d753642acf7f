/*
 * The same proof from 64 threads at once, over a real store: it counts once
 * (B3 X63 X75 X70 H1). Every thread holds a whole request before any runs.
 */

#include <pthread.h>

#include "mfa_visitor_ask.h"


#define THREADS  64


typedef struct {
    pthread_t           thread;
    pthread_barrier_t  *barrier;
    mfa_job_t          *job;
    char                cookies[4096];
    char                body[1024];
    char                location[512];
    unsigned            status;
    unsigned            sessions;       /* cookies with a session */
    unsigned            events;         /* lines with the mark looked for */
    const char         *mark;
} runner_t;

typedef struct {
    unsigned  sessions;
    unsigned  events;
    unsigned  redirects;
    unsigned  busy;
    unsigned  others;
} tally_t;


static void *
run(void *arg)
{
    runner_t  *runner = arg;

    (void) pthread_barrier_wait(runner->barrier);

    while (mfa_run(runner->job) == MFA_HASH) {
        mfa_hash(runner->job);
    }

    return NULL;
}


static void
runner_look(runner_t *runner)
{
    size_t              i;
    mfa_str_t           value;
    const mfa_strs_t   *events;
    const mfa_reply_t  *reply;

    reply = mfa_job_reply(runner->job);
    events = mfa_job_events(runner->job);

    runner->status = reply->status;

    for (i = 0; i < reply->headers.count; i++) {
        value = reply->headers.items[i].value;

        if (mfa_str_eq_c(reply->headers.items[i].name, "Location")) {
            (void) snprintf(runner->location, sizeof(runner->location),
                            MFA_STR_FMT, MFA_STR_ARG(value));
        }

        if (mfa_str_has_prefix(value, mfa_str("__Host-mfa_session="))
            && !mfa_str_has_prefix(value, mfa_str("__Host-mfa_session=;")))
        {
            runner->sessions++;
        }
    }

    for (i = 0; i < events->count; i++) {
        runner->events += memmem(events->items[i].data, events->items[i].len,
                                 runner->mark, strlen(runner->mark)) != NULL;
    }
}


/*
 * Thread i sends the form of visitors[i % count], with the fields of all;
 * each from its own address, as an attacker with many would.
 */

static tally_t
race(visitor_t *visitors, size_t count, const char *fields, const char *mark)
{
    char               action[256], token[128], flow[128];
    ask_t              ask;
    size_t             i;
    tally_t            tally = { 0, 0, 0, 0, 0 };
    runner_t          *runners;
    visitor_t         *v;
    pthread_barrier_t  barrier;

    runners = calloc(THREADS, sizeof(*runners));
    assert_non_null(runners);
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);

    for (i = 0; i < THREADS; i++) {
        v = &visitors[i % count];
        v->address = (uint8_t) (100 + i);

        visitor_action(v, action, sizeof(action));
        visitor_hidden(v, "token", token, sizeof(token));
        visitor_hidden(v, "flow", flow, sizeof(flow));
        visitor_cookie_header(v, runners[i].cookies,
                              sizeof(runners[i].cookies));
        (void) snprintf(runners[i].body, sizeof(runners[i].body),
                        "token=%s&flow=%s&%s", token, flow, fields);

        runners[i].barrier = &barrier;
        runners[i].mark = mark;
        runners[i].job = mfa_job_open(v->world->mfa);
        assert_non_null(runners[i].job);

        ask = ask_form(action, runners[i].body);
        ask_fill(v, &ask, runners[i].cookies, runners[i].job);

        /* the path borrows action, which the next one overwrites */

        assert_int_equal(mfa_arena_copy(mfa_job_arena(runners[i].job),
                                        mfa_job_request(runners[i].job)->path,
                                        &mfa_job_request(runners[i].job)
                                            ->path), MFA_OK);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run,
                                        &runners[i]), 0);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(runners[i].thread, NULL), 0);
        runner_look(&runners[i]);

        tally.sessions += runners[i].sessions;
        tally.events += runners[i].events;
        tally.redirects += runners[i].status == 303;
        tally.busy += runners[i].status == 503;
        tally.others += runners[i].status != 303 && runners[i].status != 503;

        /* a store that is busy says so, and lets nobody in */

        assert_false(runners[i].status == 503 && runners[i].sessions > 0);
        mfa_job_close(&runners[i].job);
    }

    (void) pthread_barrier_destroy(&barrier);
    free(runners);

    assert_int_equal(tally.others, 0);
    assert_true(tally.redirects > 0);

    return tally;
}


static size_t
count_records(world_t *world, unsigned table)
{
    world_dump_t  dump;

    world_dump(world, &dump);

    return dump.records[table];
}


static world_t *
ann_enrolled(visitor_t *v, char secret[64])
{
    world_t  *world;

    world = world_open_with("lmdb", WORLD_ORIGIN, NULL);
    world_hash_cheaply(world);
    world_person(world, ASK_ANN, NULL);
    visitor_init(v, world);
    visitor_enrol(v, ASK_ANN, secret);

    return world;
}


static void
app_code_fields(const visitor_t *v, const char *secret, char *body,
    size_t size)
{
    char  code[16];

    visitor_app_code(v, secret, 0, code);
    (void) snprintf(body, size, "code=%s&do=continue", code);
}


/* B3 X63: one journey */
static void
one_code_in_one_login_opens_one_session(void **state)
{
    char       secret[64], body[64];
    size_t     sessions;
    tally_t    tally;
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = ann_enrolled(&v, secret);
    visitor_login(&v, "/mfa/login", ASK_ANN);
    sessions = count_records(world, MFA_TABLE_SESSION);

    app_code_fields(&v, secret, body, sizeof(body));
    tally = race(&v, 1, body, "session.start");

    assert_int_equal(tally.sessions, 1);
    assert_int_equal(tally.events, 1);
    assert_int_equal(count_records(world, MFA_TABLE_SESSION), sessions + 1);

    /* the journey is over: a fresh code needs the password again */

    world->now += MFA_MINUTE;
    visitor_send_app_code(&v, secret, 0);
    assert_string_equal(v.cookies[0], "");
    assert_true(visitor_sees(&v, "<h1>Login</h1>"));
    assert_int_equal(count_records(world, MFA_TABLE_SESSION), sessions + 1);

    visitor_done(&v);
    world_close(world);
}


/* B3 X62 X63: as many journeys as threads, each past its password */
static void
one_code_in_many_logins_opens_one_session(void **state)
{
    char        secret[64], body[64];
    size_t      i, sessions;
    tally_t     tally;
    world_t    *world;
    visitor_t  *visitors;

    (void) state;

    visitors = calloc(THREADS, sizeof(*visitors));
    assert_non_null(visitors);

    world = ann_enrolled(&visitors[0], secret);

    for (i = 0; i < THREADS; i++) {
        if (i > 0) {
            visitor_init(&visitors[i], world);
        }

        visitors[i].address = (uint8_t) (100 + i);
        visitor_login(&visitors[i], "/mfa/login", ASK_ANN);
        assert_true(visitor_sees(&visitors[i], "<h1>Verify</h1>"));
    }

    sessions = count_records(world, MFA_TABLE_SESSION);

    app_code_fields(&visitors[0], secret, body, sizeof(body));
    tally = race(visitors, THREADS, body, "session.start");

    assert_int_equal(tally.sessions, 1);
    assert_int_equal(tally.events, 1);
    assert_int_equal(count_records(world, MFA_TABLE_SESSION), sessions + 1);

    for (i = 0; i < THREADS; i++) {
        visitor_done(&visitors[i]);
    }

    free(visitors);
    world_close(world);
}


/* H1 B5: parallel guesses get no more tries than guesses in a row */
static void
wrong_codes_at_once_get_five_tries(void **state)
{
    char       secret[64], body[64];
    tally_t    tally;
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = ann_enrolled(&v, secret);
    visitor_login(&v, "/mfa/login", ASK_ANN);

    /* a code of an hour ago: of the right form, and wrong */

    world->now -= MFA_HOUR;
    app_code_fields(&v, secret, body, sizeof(body));
    world->now += MFA_HOUR;

    tally = race(&v, 1, body, "\"result\":\"fail\"");

    assert_int_equal(tally.sessions, 0);
    assert_int_equal(tally.events, 5);

    visitor_open(&v, v.url, NULL);
    assert_true(visitor_sees(&v, "locked until"));
    visitor_send_app_code(&v, secret, 0);
    assert_false(visitor_sees(&v, "Your applications"));

    visitor_done(&v);
    world_close(world);
}


/* B8 B11: a mailed code takes one journey on, once */
static void
a_mailed_code_counts_once(void **state)
{
    char       code[16], body[64];
    tally_t    tally;
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open_with("lmdb", WORLD_ORIGIN, NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ASK_ANN);
    world_code(world, code);

    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    tally = race(&v, 1, body, "\"event\":\"code\",\"result\":\"ok\"");

    assert_int_equal(tally.events, 1);
    assert_int_equal(tally.sessions, 0);
    assert_int_equal(count_records(world, MFA_TABLE_CODE), 0);

    visitor_open(&v, v.url, NULL);
    assert_true(visitor_sees(&v, "Email address verified."));

    visitor_done(&v);
    world_close(world);
}


/* X70: twenty and more asks at once send one letter */
static void
many_asks_at_once_send_one_letter(void **state)
{
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open_with("lmdb", WORLD_ORIGIN, NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ASK_ANN);
    assert_int_equal(world_mail(world, NULL, NULL), 1);

    world->now += 31 * MFA_SECOND;
    (void) race(&v, 1, "do=resend", "x");
    assert_int_equal(world_mail(world, NULL, NULL), 2);

    visitor_done(&v);
    world_close(world);
}


/* X75: the form with the password makes one user with one secret */
static void
the_details_count_once(void **state)
{
    char       code[16], secret[64], again[64], body[64];
    tally_t    tally;
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open_with("lmdb", WORLD_ORIGIN, NULL);
    world_hash_cheaply(world);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ASK_ANN);
    world_code(world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(&v, body);

    tally = race(&v, 1, "new_password=" ASK_PASSWORD "&confirm_password="
                 ASK_PASSWORD "&first_name=Ann&surname=Employee",
                 "password.set");

    assert_int_equal(tally.events, 1);
    assert_int_equal(tally.sessions, 0);
    assert_int_equal(count_records(world, MFA_TABLE_USER), 1);

    visitor_open(&v, v.url, NULL);
    visitor_secret(&v, secret, sizeof(secret));
    visitor_open(&v, v.url, NULL);
    visitor_secret(&v, again, sizeof(again));
    assert_string_equal(secret, again);

    /* E3 B4: and the confirmation makes one factor and one session */

    app_code_fields(&v, secret, body, sizeof(body));
    tally = race(&v, 1, body, "factor.add\",\"result\":\"ok");

    assert_int_equal(tally.sessions, 1);
    assert_int_equal(count_records(world, MFA_TABLE_FACTOR), 1);
    assert_int_equal(count_records(world, MFA_TABLE_SESSION), 1);

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(one_code_in_one_login_opens_one_session),
        cmocka_unit_test(one_code_in_many_logins_opens_one_session),
        cmocka_unit_test(wrong_codes_at_once_get_five_tries),
        cmocka_unit_test(a_mailed_code_counts_once),
        cmocka_unit_test(many_asks_at_once_send_one_letter),
        cmocka_unit_test(the_details_count_once)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
