/*
 * The breaker of the fleet (B14): wrong codes over many journeys make codes
 * longer, and refuse nobody.
 */

#include "mfa_flow_ask.h"


#define WORDS  "The code has ten letters and digits"


static void
fleet_lines(world_t *world)
{
    flow_lines(world);
    WORLD_LINE(world, "trusted_networks", "192.0.2.0/24");
    WORLD_LINE(world, "registration", "open");
    WORLD_LINE(world, "limit", "fleet_codes", "20/10m");
}


static size_t
alarms(const world_t *world)
{
    return events_of(world, "\"event\":\"alarm\",\"result\":\"limited\","
                            "\"reason\":\"codes\"");
}


static void
begin(visitor_t *v, const char *path, int n)
{
    char  body[64];

    visitor_open(v, path, NULL);
    (void) snprintf(body, sizeof(body), "email=person%d%%40example.org", n);
    visitor_submit(v, body);
    assert_true(visitor_sees(v, "Please enter code below"));
}


/* one wrong code in each of many journeys, each of another address */

static void
guess(visitor_t *v, int first, int count)
{
    int  i;

    for (i = first; i < first + count; i++) {
        begin(v, "/mfa/password-reset", i);
        submit_code(v, "000000", "verify");
        assert_true(visitor_sees(v, "Invalid verification code."));
        v->world->now += 10 * MFA_SECOND;
        (void) world_mail(v->world, NULL, NULL);
    }
}


/* the code that stands alone on a line of the last letter */

static void
find_long(const char *text, void *arg)
{
    char        *code = arg;
    size_t       len;
    const char  *line;

    for (line = text; line != NULL; line = strchr(line, '\n')) {
        line += (*line == '\n');
        len = strcspn(line, "\r\n");

        if (len == 11 && line[5] == '-'
            && strspn(line, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 5
            && strspn(line + 6, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 5)
        {
            memcpy(code, line, 11);
            code[11] = '\0';
        }
    }
}


static void
long_code(world_t *world, char code[16])
{
    code[0] = '\0';
    (void) world_mail(world, find_long, code);
    assert_string_not_equal(code, "");
}


/* B14 X76: the attack, and what honest people see meanwhile */
static void
guesses_over_the_fleet_make_new_codes_long(void **state)
{
    char        code[16], typed[32];
    size_t      i;
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   evil, early, v;

    (void) state;

    world = flow_world(fleet_lines, "totp", &ann);
    visitor_init(&evil, world);
    visitor_init(&early, world);
    visitor_init(&v, world);

    guess(&evil, 0, 20);
    assert_int_equal(alarms(world), 0);

    begin(&early, "/mfa/register", 900);
    world_code(world, code);
    assert_int_equal(strlen(code), 6);

    guess(&evil, 20, 1);
    assert_int_equal(alarms(world), 1);
    guess(&evil, 21, 30);
    assert_int_equal(alarms(world), 1);

    /* a code from before works as it was sent */

    submit_code(&early, code, "verify");
    assert_true(visitor_sees(&early, "Email address verified."));

    /* a new one is long; typed small, with a space, and with O for 0 */

    begin(&v, "/mfa/register", 901);
    assert_true(visitor_sees(&v, WORDS));
    assert_true(visitor_sees(&v, "inputmode=\"text\""));
    long_code(world, code);

    submit_code(&v, "123456", "verify");
    assert_true(visitor_sees(&v, "Invalid verification code."));

    (void) snprintf(typed, sizeof(typed), "%.5s+%.5s", code, code + 6);

    for (i = 0; typed[i] != '\0'; i++) {
        if (typed[i] >= 'A' && typed[i] <= 'Z') {
            typed[i] = (char) (typed[i] - 'A' + 'a');

        } else if (typed[i] == '0') {
            typed[i] = 'o';

        } else if (typed[i] == '1') {
            typed[i] = 'l';
        }
    }

    submit_code(&v, typed, "verify");
    assert_true(visitor_sees(&v, "Email address verified."));

    visitor_done(&evil);
    visitor_done(&early);
    visitor_done(&v);
    world_close(world);
}


/* an hour later they are short again; one alarm an hour while it goes on */
static void
it_ends_after_an_hour_and_alarms_once_an_hour(void **state)
{
    int         i;
    char        code[16];
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   evil, v;

    (void) state;

    world = flow_world(fleet_lines, "totp", &ann);
    visitor_init(&evil, world);
    visitor_init(&v, world);

    guess(&evil, 0, 21);
    assert_int_equal(alarms(world), 1);

    world->now += 58 * MFA_MINUTE;
    begin(&v, "/mfa/register", 901);
    assert_true(visitor_sees(&v, WORDS));

    world->now += 2 * MFA_MINUTE;
    begin(&v, "/mfa/register", 902);
    assert_false(visitor_sees(&v, WORDS));
    assert_true(visitor_sees(&v, "inputmode=\"numeric\""));
    world_code(world, code);

    for (i = 0; i < 4; i++) {
        world->events[0] = '\0';
        guess(&evil, 100 + 100 * i, 60);
        assert_int_equal(alarms(world), 1);
        world->now += 65 * MFA_MINUTE - 600 * MFA_SECOND;
    }

    visitor_done(&evil);
    visitor_done(&v);
    world_close(world);
}


/* a few wrong codes of honest people are no attack */
static void
wrong_codes_now_and_then_are_none(void **state)
{
    int         i;
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   v;

    (void) state;

    world = flow_world(fleet_lines, "totp", &ann);
    visitor_init(&v, world);

    for (i = 0; i < 5; i++) {
        guess(&v, 100 * i, 20);
        world->now += 7 * MFA_MINUTE;
    }

    assert_int_equal(alarms(world), 0);

    visitor_done(&v);
    world_close(world);
}


/* after a proved password nothing changes */
static void
codes_after_a_right_password_neither_count_nor_grow(void **state)
{
    int         i;
    char        code[16];
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   v;

    (void) state;

    world = flow_world(fleet_lines, "email", &ann);

    for (i = 0; i < 3; i++) {
        flow_browser(&v, world, 7);
        visitor_submit(&v, "do=send");
        world_code(world, code);

        submit_code(&v, "000000", "verify");
        world->now += 40 * MFA_MINUTE;
        visitor_done(&v);
    }

    assert_int_equal(alarms(world), 0);

    visitor_init(&v, world);
    guess(&v, 0, 21);
    assert_int_equal(alarms(world), 1);
    visitor_done(&v);

    flow_browser(&v, world, 7);
    visitor_submit(&v, "do=send");
    world_code(world, code);
    submit_code(&v, code, "verify");
    assert_true(is_logged_in(&v));

    visitor_done(&v);
    world_close(world);
}


static void
proved_lines(world_t *world)
{
    flow_lines(world);
    WORLD_LINE(world, "limit", "fleet_codes", "3/1d");
}


/* the mailed code before an unfinished registration goes on (R6) */
static void
nor_those_of_an_unfinished_registration(void **state)
{
    int         i;
    char        code[16];
    world_t    *world;
    mfa_id_t    ann;
    visitor_t   v;

    (void) state;

    world = flow_world(proved_lines, "", &ann);

    for (i = 0; i < 5; i++) {
        flow_browser(&v, world, 7);
        assert_true(visitor_sees(&v, "Verify your email address"));
        submit_code(&v, "000000", "verify");
        assert_true(visitor_sees(&v, "Invalid verification code."));
        visitor_done(&v);
        world->now += 10 * MFA_MINUTE;
    }

    assert_int_equal(alarms(world), 0);

    visitor_init(&v, world);
    guess(&v, 0, 4);
    assert_int_equal(alarms(world), 1);
    visitor_done(&v);

    flow_browser(&v, world, 7);
    assert_false(visitor_sees(&v, WORDS));
    world_code(world, code);
    visitor_done(&v);
    world_close(world);
}


static void
a_long_code_is_cleaned_of_what_people_type(void **state)
{
    size_t        i;
    mfa_str_t     out;
    mfa_arena_t  *arena;

    static const struct {
        const char  *typed;
        const char  *clean;
    }  cases[] = {
        { "4F7KQ-2M9XT", "4F7KQ2M9XT" },
        { " 4f7kq 2m9xt ", "4F7KQ2M9XT" },
        { "oO0iIlL1-Zz", "0001111" "1ZZ" },
        { "4F7KQ\xe2\x80\x93" "2M9XT", "4F7KQ2M9XT" },
        { "4F7KQ-2M9X", NULL },
        { "4F7KQ-2M9XTT", NULL },
        { "4F7KQ-2M9XU", NULL },
        { "4F7KQ-2M9X\xc3\xa9", NULL },
        { "", NULL },
        { "- - - -", NULL }
    };

    (void) state;

    arena = mfa_arena_open(4096);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mfa_code_long_clean(arena,
                                             mfa_str_from(cases[i].typed),
                                             &out),
                         cases[i].clean != NULL ? MFA_OK : MFA_INVALID);

        if (cases[i].clean != NULL) {
            assert_true(mfa_str_eq_c(out, cases[i].clean));
        }
    }

    assert_int_equal(mfa_code_long_clean(arena, mfa_str_bytes("4F7KQ2M9X", 10),
                                         &out), MFA_INVALID);
    mfa_arena_close(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(guesses_over_the_fleet_make_new_codes_long),
        cmocka_unit_test(it_ends_after_an_hour_and_alarms_once_an_hour),
        cmocka_unit_test(wrong_codes_now_and_then_are_none),
        cmocka_unit_test(codes_after_a_right_password_neither_count_nor_grow),
        cmocka_unit_test(nor_those_of_an_unfinished_registration),
        cmocka_unit_test(a_long_code_is_cleaned_of_what_people_type)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
