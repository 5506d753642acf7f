/*
 * Memory that fails at each place in turn (L9): always a reply, never a
 * crash, never a session with a fault, never a pass.
 *
 * Two ways to fail: the n-th call of malloc or calloc that our own code
 * makes, and an arena that holds only so many bytes more.
 */

#include <limits.h>

#include "mfa_test_malloc.h"
#include "mfa_visitor_ask.h"


static void
quiet(void *ctx, mfa_log_level_t level, const char *line)
{
    (void) ctx;
    (void) level;
    (void) line;
}


/* one request that is sent again and again */

typedef struct {
    const char  *name;
    ask_t        ask;
    unsigned     status;            /* of a reply that is whole */
    const char  *location;          /* how it starts then; NULL: a page */
    size_t       location_len;
    size_t       body_len;
    bool         has_session;
} deed_t;


static mfa_str_t
reply_cookie(const mfa_reply_t *reply, const char *name)
{
    size_t     i;
    mfa_str_t  value;

    for (i = 0; i < reply->headers.count; i++) {
        value = reply->headers.items[i].value;

        if (mfa_str_eq_c(reply->headers.items[i].name, "Set-Cookie")
            && mfa_str_has_prefix(value, mfa_str_from(name)))
        {
            return value;
        }
    }

    return mfa_null;
}


/* a whole reply, or one that says it cannot; nothing in between */

static bool
check_reply(const deed_t *deed, const mfa_reply_t *reply, size_t n)
{
    mfa_str_t  location, session;

    session = reply_cookie(reply, "__Host-mfa_session=");
    location = mfa_pairs_get(&reply->headers, mfa_str("Location"));

    if (reply->status == 503) {
        if (session.len > 0 || reply->body.len == 0 || location.len > 0) {
            fail_msg("%s, %zu: a fault with more than a fault", deed->name,
                     n);
        }

        return false;
    }

    if (reply->status != deed->status
        || reply->body.len != deed->body_len
        || location.len != deed->location_len
        || (session.len > 0) != deed->has_session)
    {
        fail_msg("%s, %zu: %u, to " MFA_STR_FMT ", %zu bytes", deed->name, n,
                 reply->status, MFA_STR_ARG(location), reply->body.len);
    }

    if (deed->location != NULL
        && !mfa_str_has_prefix(location, mfa_str_from(deed->location)))
    {
        fail_msg("%s, %zu: to " MFA_STR_FMT, deed->name, n,
                 MFA_STR_ARG(location));
    }

    return true;
}


/* the bytes that the arena of a job has left when its request is filled */

static size_t
arena_room(visitor_t *v, const deed_t *deed, const char *cookies)
{
    size_t      low, high, middle;
    mfa_job_t  *job;

    low = 0;
    high = (size_t) 64 * 1024 * 1024;

    while (high - low > 1) {
        middle = low + (high - low) / 2;
        job = mfa_job_open(v->world->mfa);
        ask_fill(v, &deed->ask, cookies, job);

        if (mfa_arena_alloc(mfa_job_arena(job), middle) != NULL) {
            low = middle;

        } else {
            high = middle;
        }

        mfa_job_close(&job);
    }

    return low;
}


/*
 * How a job fails: at the n-th call, after `taken` bytes of its arena were
 * taken (so that another piece is the one that needs the call); or, n being
 * 0, for good when there are no bytes left of those not taken.
 */

typedef struct {
    size_t  n;
    size_t  taken;
} failure_t;


static bool
run_failing(visitor_t *v, const deed_t *deed, const failure_t *how,
    bool *is_whole)
{
    bool        is_over;
    char        cookies[4096];
    mfa_job_t  *job;

    *is_whole = false;
    visitor_cookie_header(v, cookies, sizeof(cookies));

    job = mfa_job_open(v->world->mfa);
    assert_non_null(job);
    ask_fill(v, &deed->ask, cookies, job);

    if (how->taken > 0) {
        assert_non_null(mfa_arena_alloc(mfa_job_arena(job), how->taken));
    }

    arm(how->n > 0 ? (long) how->n : LONG_MAX);

    while (mfa_run(job) == MFA_HASH) {
        mfa_hash(job);
    }

    is_over = disarm();

    *is_whole = check_reply(deed, mfa_job_reply(job),
                            how->n * 1000000 + how->taken);
    mfa_job_close(&job);

    return is_over;
}


/* the same deed once, with all the memory there is, to know its reply */

static void
learn(visitor_t *v, deed_t *deed)
{
    answer_t   answer;
    visitor_t  copy;

    copy = *v;
    copy.page = NULL;

    ask_send(&copy, &deed->ask, &answer);

    deed->status = answer.status;
    deed->body_len = answer.body.len;
    deed->location_len = strlen(answer_header(&answer, "Location"));
    deed->has_session = strcmp(copy.cookies[0], v->cookies[0]) != 0;

    answer_done(&answer);
    visitor_done(&copy);
}


static world_t *
place_open(visitor_t *v, const char *store)
{
    world_t  *world;

    world = world_open_with(store, WORLD_ORIGIN, NULL);
    world_hash_cheaply(world);
    world_person(world, ASK_ANN, NULL);
    world->ports.log = quiet;
    visitor_init(v, world);

    return world;
}


static void
place_close(visitor_t *v)
{
    world_t  *world = v->world;

    visitor_done(v);
    world_close(world);
}


/*
 * Runs the deed through all failures. again puts back what it has used up,
 * where it has changed the store; may be NULL.
 */

typedef void (*again_fn)(visitor_t *v, deed_t *deed, void *arg);

typedef struct {
    visitor_t  *v;
    deed_t     *deed;
    again_fn    again;
    void       *arg;
    size_t      whole;
    size_t      failed;
} course_t;


static bool
course_step(course_t *course, size_t n, size_t taken)
{
    bool           is_whole, is_over;
    world_dump_t   before, after;

    const failure_t  how = { n, taken };

    world_dump(course->v->world, &before);
    is_over = run_failing(course->v, course->deed, &how, &is_whole);
    world_dump(course->v->world, &after);

    course->whole += is_whole;
    course->failed += !is_whole;

    if (course->again != NULL && !world_dump_equal(&before, &after)) {
        course->again(course->v, course->deed, course->arg);
    }

    return is_over;
}


#define FIRST_BLOCK  8192       /* of an arena */
#define SHIFT        16         /* what an arena rounds to */
#define STRIDE       48


static void
fail_everywhere(visitor_t *v, deed_t *deed, again_fn again, void *arg)
{
    char      cookies[4096];
    size_t    n, taken, room;
    course_t  course = { v, deed, again, arg, 0, 0 };

    for (n = 1;
         n < 1000 && !course_step(&course, n, FIRST_BLOCK / 2);
         n++)
    {
        /* void */
    }

    assert_true(course.whole > 0 && course.failed > 0);

    /* each commit to a disk takes its time */

    if (mfa_str_has_prefix(mfa_realm_store(v->world->realm),
                           mfa_str("lmdb")))
    {
        return;
    }

    for (taken = 1; taken < FIRST_BLOCK; taken += SHIFT) {
        for (n = 1; n <= 3; n++) {
            (void) course_step(&course, n, taken);
        }
    }

    assert_true(course.failed > 200);

    visitor_cookie_header(v, cookies, sizeof(cookies));
    room = arena_room(v, deed, cookies);
    course.whole = 0;
    course.failed = 0;

    for (taken = room; course.whole == 0; taken -= STRIDE) {
        (void) course_step(&course, 0, taken);
    }

    assert_true(course.failed > 50);
}


static void
a_login_page_is_whole_or_a_fault(void **state)
{
    deed_t     deed = { .name = "login page",
                        .ask = { .url = "/mfa/login?to=/ess/page" } };
    size_t     i;
    visitor_t  v;

    static const char *const  stores[] = { "memory:oom", "lmdb" };

    (void) state;

    for (i = 0; i < 2; i++) {
        (void) place_open(&v, stores[i]);
        visitor_open(&v, "/mfa/login", NULL);
        learn(&v, &deed);
        assert_int_equal(deed.status, 200);

        fail_everywhere(&v, &deed, NULL, NULL);
        place_close(&v);
    }
}


/* the limits of an address and of a mailbox are not what is tested here */

static void
register_again(visitor_t *v, deed_t *deed, void *arg)
{
    (void) deed;
    (void) arg;

    v->world->now += 2 * MFA_HOUR;
}


static void
a_registration_begins_whole_or_not_at_all(void **state)
{
    char          body[512], token[128];
    deed_t        deed = { .name = "registration",
                           .location = "/mfa/register/code?flow=" };
    size_t        i;
    visitor_t     v;

    static const char *const  stores[] = { "memory:oom", "lmdb" };

    (void) state;

    for (i = 0; i < 2; i++) {
        (void) place_open(&v, stores[i]);
        visitor_open(&v, "/mfa/register", NULL);
        visitor_hidden(&v, "token", token, sizeof(token));
        (void) snprintf(body, sizeof(body), "token=%s&email=" ASK_ANN, token);
        deed.ask = ask_form("/mfa/register", body);
        learn(&v, &deed);
        assert_int_equal(deed.status, 303);

        fail_everywhere(&v, &deed, register_again, NULL);
        place_close(&v);
    }
}


typedef struct {
    char  secret[64];
    char  body[512];
} verify_t;


/*
 * Past the password once more, with a code that was not used yet. Also after
 * a fault that came when all was committed: the code is spent then, and the
 * session is one that nobody holds.
 */

static void
verify_again(visitor_t *v, deed_t *deed, void *arg)
{
    char       code[16], token[128], flow[128];
    verify_t  *at = arg;

    v->cookies[0][0] = '\0';
    v->world->now += 2 * MFA_MINUTE;
    visitor_login(v, "/mfa/login?to=/ess/page", ASK_ANN);
    assert_true(visitor_sees(v, "<h1>Verify</h1>"));

    visitor_hidden(v, "token", token, sizeof(token));
    visitor_hidden(v, "flow", flow, sizeof(flow));
    visitor_app_code(v, at->secret, 0, code);
    (void) snprintf(at->body, sizeof(at->body), "token=%s&flow=%s&code=%s",
                    token, flow, code);
    deed->ask = ask_form("/mfa/verify", at->body);
}


static void
a_right_code_opens_a_session_or_nothing(void **state)
{
    deed_t     deed = { .name = "verify", .location = "/ess/page" };
    size_t     i;
    verify_t   at;
    visitor_t  v;

    static const char *const  stores[] = { "memory:oom", "lmdb" };

    (void) state;

    for (i = 0; i < 2; i++) {
        (void) place_open(&v, stores[i]);
        visitor_enrol(&v, ASK_ANN, at.secret);

        verify_again(&v, &deed, &at);
        learn(&v, &deed);
        assert_int_equal(deed.status, 303);
        assert_true(deed.has_session);

        verify_again(&v, &deed, &at);
        fail_everywhere(&v, &deed, verify_again, &at);

        place_close(&v);
    }
}


/* the gate: an identity with a pass, or no pass */
static void
the_gate_never_passes_with_a_fault(void **state)
{
    bool             is_over;
    char             secret[64], cookies[4096];
    long             n, faults;
    size_t           i;
    world_t         *world;
    visitor_t        v;
    mfa_str_t        header;
    mfa_strs_t       list = { &header, 1 };
    mfa_status_t     st;
    mfa_verdict_t    verdict;
    mfa_identity_t  *identity;

    (void) state;

    world = place_open(&v, "lmdb");
    visitor_enrol(&v, ASK_ANN, secret);
    visitor_login(&v, "/mfa/login", ASK_ANN);
    visitor_send_app_code(&v, secret, 0);
    visitor_cookie_header(&v, cookies, sizeof(cookies));
    header = mfa_str_from(cookies);

    for (i = 0; i < 2; i++) {
        faults = 0;

        for (n = 1, is_over = false; !is_over && n < 1000; n++) {

            /* a commit, so that nothing remembered answers */

            visitor_open(&v, "/mfa/register", NULL);
            visitor_submit(&v, "email=nina@example.org");
            world->now += 7 * MFA_SECOND;

            arm(n);
            st = (i == 0) ? mfa_check(world->mfa, &list, world->now,
                                      &identity, &verdict)
                          : mfa_check_wait(world->mfa, &list, &identity,
                                           &verdict);
            is_over = disarm();

            assert_true(verdict == MFA_VERDICT_DENY
                        || (st == MFA_OK && identity != NULL));
            assert_true(st != MFA_OK || verdict == MFA_VERDICT_PASS);
            faults += (st != MFA_OK);

            if (identity != NULL) {
                mfa_identity_release(&identity);
            }
        }

        assert_int_equal(st, MFA_OK);
        assert_int_equal(verdict, MFA_VERDICT_PASS);
        assert_true(faults > 0);
    }

    place_close(&v);
}


/* a letter is queued or sent, whatever fails; none is lost */
static void
a_delivery_without_memory_loses_no_letter(void **state)
{
    bool         is_over;
    long         n;
    world_t     *world;
    visitor_t    v;
    mfa_job_t   *job;
    mfa_time_t   wait_ms;

    (void) state;

    world = place_open(&v, "memory:oom");
    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ASK_ANN);

    for (n = 1, is_over = false; !is_over && n < 1000; n++) {
        arm(n);
        job = mfa_job_open(world->mfa);

        if (job != NULL) {
            (void) !mfa_deliver(job, &wait_ms);
        }

        is_over = disarm();
        mfa_job_close(&job);

        /* past the lease and the wait before another attempt */

        world->now += 40 * MFA_SECOND;
    }

    world->now += 5 * MFA_MINUTE;
    assert_true(n > 2);
    assert_in_range(world_mail(world, NULL, NULL), 1, 2);

    place_close(&v);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_login_page_is_whole_or_a_fault),
        cmocka_unit_test(a_registration_begins_whole_or_not_at_all),
        cmocka_unit_test(a_right_code_opens_a_session_or_nothing),
        cmocka_unit_test(the_gate_never_passes_with_a_fault),
        cmocka_unit_test(a_delivery_without_memory_loses_no_letter)
    };

    if (!malloc_can_fail) {
        print_message("1..0 # SKIP no malloc of ours under this sanitizer\n");
        return 0;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
