/*
 * The mark of a known browser (4.6): who gets one, and that nothing but the
 * key file makes one. All it is worth is a place to wait for a hash.
 */

#include "mfa_flow_ask.h"


#define COOKIE  "__Host-mfa_browser="
#define NUMBER  43
#define MARK    54


/* what the event loop is told of a login with this Cookie header */

static mfa_hashing_t
judge_path(world_t *world, const char *cookie, const char *path,
    uint64_t *person)
{
    mfa_job_t      *job;
    mfa_hashing_t   hashing;
    mfa_request_t  *request;

    job = mfa_job_open(world->mfa);
    assert_non_null(job);

    request = mfa_job_request(job);
    request->method = MFA_METHOD_POST;
    request->path = mfa_str_from(path);

    if (cookie != NULL) {
        assert_int_equal(mfa_strs_add(mfa_job_arena(job), &request->cookies,
                                      mfa_str_from(cookie)), MFA_OK);
    }

    hashing = mfa_hashing(mfa_realm_of(world->mfa), request, person);

    mfa_job_close(&job);

    return hashing;
}


static mfa_hashing_t
judge(world_t *world, const char *cookie)
{
    uint64_t  person;

    return judge_path(world, cookie, "/mfa/login", &person);
}


/* who was here last stands behind it, and is not what this is about */

static bool
has_mark(visitor_t *v)
{
    v->cookies[1][strcspn(v->cookies[1], "~")] = '\0';

    return strlen(v->cookies[1]) == strlen(COOKIE) + NUMBER + 1 + MARK
           && v->cookies[1][strlen(COOKIE) + NUMBER] == '.';
}


static void
a_second_factor_marks_a_browser_and_a_password_does_not(void **state)
{
    char        bare[256];
    world_t    *world;
    mfa_id_t    ann;
    uint64_t    one, two;
    visitor_t   v, w;

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);

    flow_browser(&v, world, 7);
    assert_false(has_mark(&v));
    assert_int_equal(judge(world, v.cookies[1]), MFA_HASHING_STRANGER);

    right_app_code(&v);
    assert_true(has_mark(&v));
    assert_int_equal(judge_path(world, v.cookies[1], "/mfa/login", &one),
                     MFA_HASHING_KNOWN);

    /* without its mark it is the same browser, of whom nobody knows */

    (void) snprintf(bare, sizeof(bare), "%.*s",
                    (int) strlen(COOKIE) + NUMBER, v.cookies[1]);
    assert_int_equal(judge(world, bare), MFA_HASHING_STRANGER);

    /* two browsers of one person are one person */

    world->now += 31 * MFA_SECOND;
    flow_browser(&w, world, 8);
    right_app_code(&w);
    assert_string_not_equal(v.cookies[1], w.cookies[1]);
    assert_int_equal(judge_path(world, w.cookies[1], "/mfa/login", &two),
                     MFA_HASHING_KNOWN);
    assert_true(one == two);

    visitor_done(&v);
    visitor_done(&w);
    world_close(world);
}


static void
nothing_else_makes_a_known_browser(void **state)
{
    char         text[2200];
    char         mark[MARK + 1];
    size_t       i;
    world_t     *world;
    mfa_id_t     ann;
    uint64_t     person;
    visitor_t    v, w;

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);
    flow_browser(&v, world, 7);
    right_app_code(&v);
    assert_true(has_mark(&v));
    memcpy(mark, v.cookies[1] + strlen(COOKIE) + NUMBER + 1, MARK + 1);
    assert_int_equal(judge(world, v.cookies[1]), MFA_HASHING_KNOWN);

    /* every character counts */

    for (i = 0; i < NUMBER + 1 + MARK; i++) {
        (void) snprintf(text, sizeof(text), "%s", v.cookies[1]);
        text[strlen(COOKIE) + i] = (text[strlen(COOKIE) + i] == 'Q') ? 'g'
                                                                     : 'Q';
        assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);
    }

    /* shorter, longer, twice, behind another number, none */

    (void) snprintf(text, sizeof(text), "%.*s",
                    (int) strlen(v.cookies[1]) - 1, v.cookies[1]);
    assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);
    (void) snprintf(text, sizeof(text), "%sA", v.cookies[1]);
    assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);
    (void) snprintf(text, sizeof(text), "%s.%s", v.cookies[1], mark);
    assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);
    (void) snprintf(text, sizeof(text), "%s; %s", v.cookies[1], v.cookies[1]);
    assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);

    visitor_init(&w, world);
    visitor_open(&w, "/mfa/login", NULL);
    (void) snprintf(text, sizeof(text), "%s.%s", w.cookies[1], mark);
    assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);
    (void) snprintf(text, sizeof(text), COOKIE ".%s", mark);
    assert_int_equal(judge(world, text), MFA_HASHING_STRANGER);
    assert_int_equal(judge(world, NULL), MFA_HASHING_STRANGER);

    /* pages that hash nothing need no place */

    assert_int_equal(judge_path(world, v.cookies[1], "/mfa/unlock", &person),
                     MFA_HASHING_NONE);
    assert_int_equal(judge_path(world, v.cookies[1], "/other", &person),
                     MFA_HASHING_NONE);

    visitor_done(&v);
    visitor_done(&w);
    world_close(world);
}


/* it is worth no login, no step of one, and no budget (H2) */
static void
a_mark_opens_nothing(void **state)
{
    int         i;
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   v, evil;

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);
    flow_browser(&v, world, 7);
    right_app_code(&v);

    /* with a mark of another person's browser, and her own budget gone */

    (void) settings_person(world, "bob.employee@example.org", NULL, "totp");
    visitor_init(&evil, world);
    (void) snprintf(evil.cookies[1], sizeof(evil.cookies[1]), "%s",
                    v.cookies[1]);

    for (i = 0; i < 30; i++) {
        evil.address = (uint8_t) (50 + i);
        world->now += 61 * MFA_SECOND;
        visitor_open(&evil, "/mfa/login", NULL);
        visitor_submit(&evil, "email=bob.employee%40example.org"
                       "&password=wrong");
    }

    assert_int_equal(evil.status, 429);
    assert_false(is_logged_in(&evil));

    visitor_done(&v);
    visitor_done(&evil);
    world_close(world);
}


/* those who are further along: a mailed code is right */
static void
a_mailed_code_marks_once_it_is_right(void **state)
{
    char        code[16];
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   v;

    (void) state;

    world = flow_world(flow_lines, "totp", &ann);

    visitor_init(&v, world);
    visitor_open(&v, "/mfa/password-reset", NULL);
    visitor_submit(&v, "email=" ANN);
    world_code(world, code);
    submit_code(&v, strcmp(code, "000000") ? "000000" : "111111", "verify");
    assert_false(has_mark(&v));

    submit_code(&v, code, "verify");
    assert_true(has_mark(&v));
    assert_int_equal(judge(world, v.cookies[1]), MFA_HASHING_KNOWN);

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            a_second_factor_marks_a_browser_and_a_password_does_not),
        cmocka_unit_test(nothing_else_makes_a_known_browser),
        cmocka_unit_test(a_mark_opens_nothing),
        cmocka_unit_test(a_mailed_code_marks_once_it_is_right)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
