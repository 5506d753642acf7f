/*
 * Codes by mail in a registration: how long they live, what kills them, to
 * whom they go and what the page says (R2 R3, B8 to B12).
 */

#include "mfa_visitor_ask.h"


#define ANN  ASK_ANN


static void
start(visitor_t *v, const char *email)
{
    char  body[512];

    visitor_open(v, "/mfa/register", NULL);
    (void) snprintf(body, sizeof(body), "email=%s", email);
    visitor_submit(v, body);
    assert_true(visitor_sees(v, "Verification code has been sent to your"));
}


static void
type_code(visitor_t *v, const char *code)
{
    char  body[64];

    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(v, body);
}


static void
type_wrong_code(visitor_t *v, const char *code, unsigned more)
{
    char  wrong[16];

    (void) snprintf(wrong, sizeof(wrong), "%06u",
                    (unsigned) (strtoul(code, NULL, 10) + more) % 1000000);
    type_code(v, wrong);
}


static bool
is_verified(const visitor_t *v)
{
    return visitor_sees(v, "Email address verified. You can now continue.");
}


static world_t *
ann_opens(visitor_t *v, const char *store)
{
    world_t  *world;

    world = world_open(store, NULL);
    world_person(world, ANN, NULL);
    visitor_init(v, world);

    return world;
}


static void
ann_leaves(visitor_t *v)
{
    world_t  *world = v->world;

    visitor_done(v);
    world_close(world);
}


/* "ABCD" after a mark, of page or letter */

static void
copy_reference(const char *text, const char *mark, char reference[8])
{
    const char  *at;

    at = strstr(text, mark);
    assert_non_null(at);

    memcpy(reference, at + strlen(mark), MFA_CODE_REFERENCE);
    reference[MFA_CODE_REFERENCE] = '\0';
}


static void
letter_reference(const char *text, void *arg)
{
    copy_reference(text, "Its reference is ", arg);
}


static void
page_reference(const visitor_t *v, char reference[8])
{
    copy_reference(v->page, "Reference in the message</dt><dd>", reference);
}


/* R2: what the page names; I3: the code is not in the subject */

static void
check_letter(const char *text, void *arg)
{
    char         code[16] = "";
    const char  *subject, *end;

    (void) arg;

    world_find_code(text, code);
    assert_int_equal(strlen(code), 6);

    subject = strstr(text, "Subject: ");
    assert_non_null(subject);
    end = strstr(subject, "\n");
    assert_null(memmem(subject, (size_t) (end - subject), code, 6));

    assert_non_null(strstr(text, "To: <" ANN ">"));
    assert_null(strstr(text, "http://"));
    assert_null(strstr(text, "https://"));
}


static void
the_page_names_sender_and_address_and_what_to_check(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:names");
    start(&v, " Ann.Employee@EXAMPLE.org ");

    assert_true(visitor_sees(&v, "<dd>" ANN "</dd>"));
    assert_true(visitor_sees(&v, "<dd>no-reply@example.org</dd>"));
    assert_true(visitor_sees(&v, "Allow up to 10 minutes"));
    assert_true(visitor_sees(&v, "junk folder"));
    assert_true(visitor_sees(&v, "Is this the address Human Resources has"));
    assert_true(visitor_sees(&v, "autocomplete=\"one-time-code\""));
    assert_int_equal(world_mail(v.world, check_letter, NULL), 1);

    ann_leaves(&v);
}


/* R3 B12: so that a late letter is recognised */
static void
page_and_letter_show_the_same_reference(void **state)
{
    char       page[8], letter[8], next[8];
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:reference");
    start(&v, ANN);
    page_reference(&v, page);
    assert_int_equal(world_mail(v.world, letter_reference, letter), 1);
    assert_string_equal(page, letter);

    v.world->now += MFA_MINUTE;
    visitor_submit(&v, "do=resend");
    page_reference(&v, next);
    assert_string_not_equal(next, page);
    assert_int_equal(world_mail(v.world, letter_reference, letter), 2);
    assert_string_equal(next, letter);

    ann_leaves(&v);
}


/* R3 X70: and the person is told which one to use */
static void
a_newer_code_kills_the_older_one(void **state)
{
    char       old[16], code[16];
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:newer");
    start(&v, ANN);
    world_code(v.world, old);

    v.world->now += MFA_MINUTE;
    visitor_submit(&v, "do=resend");
    assert_true(visitor_sees(&v, "A new code has been sent."));
    world_code(v.world, code);
    assert_string_not_equal(old, code);

    type_code(&v, old);
    assert_true(visitor_sees(&v, "This code is from an earlier message. A "
                             "newer code was sent"));
    assert_false(is_verified(&v));

    type_code(&v, code);
    assert_true(is_verified(&v));

    ann_leaves(&v);
}


/* B11 X69 */
static void
after_five_wrong_codes_the_right_one_is_refused(void **state)
{
    char       code[16], left[32];
    unsigned   i;
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:five");
    start(&v, ANN);
    world_code(v.world, code);

    for (i = 1; i <= 4; i++) {
        type_wrong_code(&v, code, i);
        (void) snprintf(left, sizeof(left), "Tries left: %u", 5 - i);
        assert_true(visitor_sees(&v, "Invalid verification code."));
        assert_true(visitor_sees(&v, left));
    }

    type_wrong_code(&v, code, 5);
    assert_true(visitor_sees(&v, "Too many wrong codes. Press Send new"));
    type_code(&v, code);
    assert_true(visitor_sees(&v, "Too many wrong codes. Press Send new"));
    assert_false(is_verified(&v));

    v.world->now += MFA_MINUTE;
    visitor_submit(&v, "do=resend");
    world_code(v.world, code);
    type_code(&v, code);
    assert_true(is_verified(&v));

    ann_leaves(&v);
}


/* B12 X70: 30 s, then twice as long each time; nothing is sent before */
static void
another_code_can_be_asked_for_after_a_wait_that_grows(void **state)
{
    size_t      letters;
    mfa_time_t  wait;
    visitor_t   v;

    (void) state;

    (void) ann_opens(&v, "memory:spacing");
    start(&v, ANN);
    letters = 1;

    for (wait = 30; wait <= 120; wait *= 2) {
        v.world->now += (wait - 1) * MFA_SECOND;
        visitor_submit(&v, "do=resend");
        assert_true(visitor_sees(&v, "A code was sent a moment ago."));
        assert_int_equal(world_mail(v.world, NULL, NULL), letters);

        v.world->now += 2 * MFA_SECOND;
        visitor_submit(&v, "do=resend");
        assert_true(visitor_sees(&v, "A new code has been sent."));

        /* the fourth of an hour is quietly not sent (H9) */

        letters += (letters < 3);
        assert_int_equal(world_mail(v.world, NULL, NULL), letters);
    }

    ann_leaves(&v);
}


/* H9 X70: over all journeys and browsers; the page is the same */
static void
the_seventh_code_of_a_day_is_quietly_not_sent(void **state)
{
    size_t     i;
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:seventh");

    for (i = 1; i <= 8; i++) {
        memset(v.cookies, 0, sizeof(v.cookies));
        v.address = (uint8_t) (50 + i);
        start(&v, ANN);
        assert_false(visitor_sees(&v, "limit"));
        assert_int_equal(world_mail(v.world, NULL, NULL), i < 6 ? i : 6);
        v.world->now += 61 * MFA_MINUTE;
    }

    v.world->now += 17 * MFA_HOUR;
    start(&v, ANN);
    assert_int_equal(world_mail(v.world, NULL, NULL), 7);

    ann_leaves(&v);
}


/* B10 X74: from the moment the server took it, at most 30 min in all */
static void
a_code_lives_from_its_acceptance_and_not_beyond_its_limit(void **state)
{
    char       code[16];
    size_t     i;
    visitor_t  v;

    static const struct {
        mfa_time_t  delivered;      /* seconds after its making */
        mfa_time_t  typed;
        bool        is_right;
    }  cases[] = {
        { 0, 19 * 60 + 59, true },
        { 0, 20 * 60, false },
        { 0, 20 * 60 + 1, false },
        { 5 * 60, 24 * 60 + 59, true },
        { 5 * 60, 25 * 60 + 1, false },
        { 12 * 60, 29 * 60 + 59, true },
        { 12 * 60, 30 * 60 + 1, false },
        { 28 * 60, 30 * 60 + 1, false }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) ann_opens(&v, "memory:life");
        start(&v, ANN);

        v.world->now += cases[i].delivered * MFA_SECOND;
        world_code(v.world, code);
        v.world->now += (cases[i].typed - cases[i].delivered) * MFA_SECOND;
        type_code(&v, code);

        if (is_verified(&v) != cases[i].is_right) {
            fail_msg("case %zu: %s", i, v.page);
        }

        if (!cases[i].is_right) {
            assert_true(visitor_sees(&v, "This code has expired. Press Send "
                                     "new code."));
        }

        ann_leaves(&v);
    }
}


/* a letter that cannot be delivered before its code is dead is not sent */
static void
a_letter_with_a_dead_code_is_not_sent(void **state)
{
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:dead");
    start(&v, ANN);
    v.world->now += 31 * MFA_MINUTE;
    assert_int_equal(world_mail(v.world, NULL, NULL), 0);

    ann_leaves(&v);
}


/* B9 X72: of this journey, of this browser, of this address */
static void
a_code_works_only_where_it_was_asked_for(void **state)
{
    char       code[16], eve_code[16], body[128], flow[64];
    world_t   *world;
    visitor_t  v, tab, eve;

    (void) state;

    world = ann_opens(&v, "memory:bound");
    world_person(world, "eve@example.org", NULL);

    start(&v, ANN);
    world_code(world, code);
    visitor_hidden(&v, "flow", flow, sizeof(flow));

    /* another tab of the same browser, the same address */

    tab = v;
    tab.page = NULL;
    start(&tab, ANN);
    (void) world_mail(world, NULL, NULL);
    type_code(&tab, code);
    assert_true(visitor_sees(&tab, "Invalid verification code."));

    /* eve has a right code of her own: for her own address alone */

    visitor_init(&eve, world);
    eve.address = 66;
    start(&eve, "eve@example.org");
    world_code(world, eve_code);
    (void) snprintf(body, sizeof(body), "code=%s&email=" ANN "&user=" ANN
                    "&do=verify", eve_code);
    visitor_submit(&eve, body);
    assert_true(is_verified(&eve));
    assert_true(visitor_sees(&eve, "<dd>eve@example.org</dd>"));
    assert_false(visitor_sees(&eve, ANN));

    /* nor does she see Ann's journey when she learns its name */

    (void) snprintf(body, sizeof(body), "/mfa/register/code?flow=%s", flow);
    visitor_open(&eve, body, NULL);
    assert_false(visitor_sees(&eve, ANN));
    assert_string_equal(eve.url, "/mfa/login?notice=ended");

    type_code(&v, code);
    assert_true(is_verified(&v));

    visitor_done(&tab);
    visitor_done(&eve);
    ann_leaves(&v);
}


/* B8: used once, even by whoever sends the same form again */
static void
a_right_code_is_gone(void **state)
{
    char       code[16], flow[64], body[8192];
    visitor_t  v;

    (void) state;

    (void) ann_opens(&v, "memory:gone");
    start(&v, ANN);
    visitor_hidden(&v, "flow", flow, sizeof(flow));
    world_code(v.world, code);
    type_code(&v, code);
    assert_true(is_verified(&v));

    (void) snprintf(body, sizeof(body), "%s", v.body);
    visitor_open(&v, "/mfa/register/code", body);
    assert_true(is_verified(&v));
    assert_non_null(strstr(v.url, flow));

    ann_leaves(&v);
}


/* who may register */

static void
by_domain(world_t *world)
{
    WORLD_LINE(world, "registration", "domains", "example.net",
               "staff.example.com");
}


static void
by_anybody(world_t *world)
{
    WORLD_LINE(world, "registration", "open");
}


static void
by_nobody(world_t *world)
{
    WORLD_LINE(world, "registration", "off");
}


static const struct {
    void       (*more)(world_t *world);
    const char  *email;
    bool         has_letter;
}  policies[] = {
    { NULL, ANN, true },
    { NULL, "new@example.net", false },
    { by_domain, ANN, true },
    { by_domain, "new@example.net", true },
    { by_domain, "New@EXAMPLE.NET", true },
    { by_domain, "new@staff.example.com", true },
    { by_domain, "new@example.com", false },
    { by_domain, "new@sub.example.net", false },
    { by_domain, "new@notexample.net", false },
    { by_domain, "example.net@example.com", false },
    { by_anybody, "new@example.com", true },
    { by_anybody, ANN, true },
    { by_nobody, "new@example.net", false },
    { by_nobody, ANN, false }
};


/* R3 C1: the answer is the same, the letter is not */
static void
a_letter_goes_only_to_those_who_may_register(void **state)
{
    size_t     i;
    char       body[512], token[128];
    world_t   *world;
    visitor_t  v;

    (void) state;

    for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        world = world_open_with("memory:policy", WORLD_ORIGIN,
                                policies[i].more);
        world_person(world, ANN, NULL);
        visitor_init(&v, world);

        /* the form of the login has the same token; with registration off
         * there is none on the page */

        visitor_open(&v, "/mfa/login", NULL);
        visitor_hidden(&v, "token", token, sizeof(token));
        (void) snprintf(body, sizeof(body), "token=%s&email=%s", token,
                        policies[i].email);
        visitor_open(&v, "/mfa/register", body);

        assert_true(visitor_sees(&v, "Verification code has been sent"));

        if (world_mail(world, NULL, NULL) != policies[i].has_letter) {
            fail_msg("case %zu, %s", i, policies[i].email);
        }

        visitor_open(&v, "/mfa/register", NULL);
        assert_int_equal(visitor_sees(&v, "You cannot register here by "
                                      "yourself"),
                         policies[i].more == by_nobody);

        visitor_done(&v);
        world_close(world);
    }
}


/* R3 R4: somebody new, of a listed domain, gets all the way */
static void
somebody_new_of_a_listed_domain_registers(void **state)
{
    char       secret[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open_with("memory:newcomer", WORLD_ORIGIN, by_domain);
    visitor_init(&v, world);

    visitor_enrol(&v, "new@example.net", secret);
    visitor_login(&v, "/mfa/login", "new@example.net");
    visitor_send_app_code(&v, secret, 0);
    assert_true(visitor_sees(&v, "Your applications"));

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_page_names_sender_and_address_and_what_to_check),
        cmocka_unit_test(page_and_letter_show_the_same_reference),
        cmocka_unit_test(a_newer_code_kills_the_older_one),
        cmocka_unit_test(after_five_wrong_codes_the_right_one_is_refused),
        cmocka_unit_test(
            another_code_can_be_asked_for_after_a_wait_that_grows),
        cmocka_unit_test(the_seventh_code_of_a_day_is_quietly_not_sent),
        cmocka_unit_test(
            a_code_lives_from_its_acceptance_and_not_beyond_its_limit),
        cmocka_unit_test(a_letter_with_a_dead_code_is_not_sent),
        cmocka_unit_test(a_code_works_only_where_it_was_asked_for),
        cmocka_unit_test(a_right_code_is_gone),
        cmocka_unit_test(a_letter_goes_only_to_those_who_may_register),
        cmocka_unit_test(somebody_new_of_a_listed_domain_registers)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
