/*
 * The pages of staff: what each shows, to whom they exist, what a forged or
 * stale form does, the way through a fresh factor and back (A3, A5, C9, D13,
 * E2).
 */

#include "mfa_staff_fixture.h"


static world_t    *world;
static people_t    p;
static visitor_t   v;
static login_t     here;
static char        page_of_ann[64];


static void
enter(const mfa_id_t *who)
{
    visitor_done(&v);
    here = (login_t) { .user = who };
    settings_login(&v, world, &here);
}


static void
begin(void (*lines)(world_t *), const char *who)
{
    mfa_str_t     hex;
    mfa_arena_t  *arena;

    world = staff_world("memory:again", lines, &p);
    visitor_init(&v, world);

    enter(strcmp(who, "sam") == 0 ? &p.sam
          : strcmp(who, "ada") == 0 ? &p.ada
          : strcmp(who, "max") == 0 ? &p.max : &p.eve);

    arena = mfa_arena_open(4096);
    assert_int_equal(mfa_id_text(arena, &p.ann, &hex), MFA_OK);
    (void) snprintf(page_of_ann, sizeof(page_of_ann),
                    "/mfa/people/" MFA_STR_FMT, MFA_STR_ARG(hex));
    mfa_arena_close(&arena);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static void
sees(const char *text)
{
    if (!visitor_sees(&v, text)) {
        fail_msg("no \"%s\" at %s (%u) in\n%s", text, v.url, v.status,
                 v.page);
    }
}


static void
sees_not(const char *text)
{
    if (visitor_sees(&v, text)) {
        fail_msg("\"%s\" at %s in\n%s", text, v.url, v.page);
    }
}


/* the form of the search stands first; ours goes to the page itself */

static void
press(const char *url, const char *fields)
{
    char  body[4096], token[128];

    visitor_open(&v, url, NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&whom=%s&%s", token,
                    strncmp(url, "/mfa/people/", 12) == 0 ? url + 12 : "",
                    fields);
    visitor_open(&v, url, body);
}


static const char *const  addresses[] = {
    "/mfa/people", "/mfa/requests", "/mfa/team", page_of_ann
};


static void
for_everybody_else_the_pages_do_not_exist(void **state)
{
    char    body[256], token[128];
    size_t  i;

    (void) state;

    begin(staff_lines, "eve");
    visitor_open(&v, "/mfa/security", NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&do=disable&reason=because",
                    token);

    for (i = 0; i < 4; i++) {
        visitor_ask(&v, addresses[i], NULL);
        assert_int_equal(v.status, 404);
        visitor_ask(&v, addresses[i], body);
        assert_int_equal(v.status, 404);
    }

    visitor_open(&v, "/mfa/", NULL);
    sees_not("People");
    sees_not("Reset requests");
    end();

    begin(settings_lines, "sam");

    for (i = 0; i < 4; i++) {
        visitor_ask(&v, addresses[i], NULL);
        assert_int_equal(v.status, 404);
    }

    end();
}


/* a page left open overnight, a bookmark */
static void
without_a_session_staff_log_in_and_come_back(void **state)
{
    (void) state;

    begin(staff_lines, "sam");
    v.cookies[0][0] = '\0';
    visitor_ask(&v, page_of_ann, NULL);
    assert_int_equal(v.status, 303);
    assert_non_null(strstr(v.location, "/mfa/login?to=/mfa/people/"));
    end();
}


static void
home_links_to_the_pages_of_those_who_have_them(void **state)
{
    asked_t  asked = { .user = &p.ann };

    (void) state;

    begin(staff_lines, "sam");
    world_update(world, ask_reset, &asked);
    visitor_open(&v, "/mfa/", NULL);
    sees(">People</a>");
    sees(">Reset requests</a>");
    sees("1 waiting");
    sees_not("People who report to you");

    enter(&p.max);
    visitor_open(&v, "/mfa/", NULL);
    sees("People who report to you");
    sees_not(">Reset requests</a>");
    end();
}


static void
people_are_found_by_name_address_and_attribute(void **state)
{
    (void) state;

    begin(staff_lines, "sam");
    visitor_open(&v, "/mfa/people", NULL);
    sees("<h1>People</h1>");
    sees_not("Found");

    visitor_open(&v, "/mfa/people?q=EMPLOYEE+ann", NULL);
    sees("Ann Employee");
    sees("active");
    sees_not("Eve Other");

    visitor_open(&v, "/mfa/people?q=ann.home%40example.org", NULL);
    sees("Ann Employee");

    visitor_open(&v, "/mfa/people?q=example.org", NULL);
    sees("Eve Other");
    sees("Ada Admin");

    visitor_open(&v, "/mfa/people?q=%3Cscript%3E", NULL);
    sees("Nobody was found.");
    sees("&lt;script&gt;");
    end();
}


static void
results_come_twenty_a_page(void **state)
{
    char        next[256];
    size_t      pages, rows;
    const char *at;

    (void) state;

    begin(staff_lines, "sam");
    world_update(world, add_many, NULL);
    visitor_open(&v, "/mfa/people?q=crew", NULL);

    for (pages = 1, rows = 0; ; pages++) {
        for (at = v.page; (at = strstr(at, "<h3><a href")) != NULL; at++) {
            rows++;
        }

        at = strstr(v.page, "&amp;after=");
        if (at == NULL) {
            break;
        }

        (void) snprintf(next, sizeof(next),
                        "/mfa/people?q=crew&after=%.32s", at + 11);
        visitor_open(&v, next, NULL);
        assert_true(pages < 6);
    }

    assert_int_equal(rows, 45);
    assert_int_equal(pages, 3);
    end();
}


static mfa_status_t
hold_app(mfa_tx_t *tx, void *arg)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, arg, mfa_str("totp"), &record);

    if (st == MFA_OK) {
        record.failures = 5;
        record.held_until = tx->now + 15 * MFA_MINUTE;
        st = mfa_factor_record_put(tx, &record);
    }

    return st;
}


/* never a secret, never a whole number */
static void
a_persons_page_says_what_blocks_them(void **state)
{
    (void) state;

    begin(staff_lines, "sam");
    visitor_open(&v, page_of_ann, NULL);
    sees("<h1>Ann Employee</h1>");
    sees("<p>Nothing.</p>");
    sees("Authenticator app");
    sees("Not logged in anywhere.");
    sees_not("12345678901234567890");
    sees_not(APP_SECRET);

    world_update(world, hold_app, &p.ann);
    visitor_open(&v, page_of_ann, NULL);
    sees("Authenticator app: locked until ");
    sees("after 5 wrong codes");

    press(page_of_ann, "do=disable&reason=left+us");
    sees("The person is disabled.");
    sees("Disabled by the operator or by staff.");
    sees("Account disabled by staff");
    sees(">Enable</button>");

    visitor_open(&v, "/mfa/people/00000000000000000000000000000000", NULL);
    assert_int_equal(v.status, 404);
    visitor_open(&v, "/mfa/people/x", NULL);
    assert_int_equal(v.status, 404);
    end();
}


/* A12 M3: and what staff can do about it */
static void
a_full_row_of_wrong_passwords_is_told_to_staff(void **state)
{
    row_t  row = { &p.ann, 99 };

    (void) state;

    begin(staff_lines, "sam");
    world_update(world, fail_password, &row);
    visitor_open(&v, page_of_ann, NULL);
    sees("<p>Nothing.</p>");

    row.count = 1;
    world_update(world, fail_password, &row);
    visitor_open(&v, page_of_ann, NULL);
    sees_not("<p>Nothing.</p>");
    sees("After 100 wrong passwords in a row");
    sees("Browsers the person has logged in from before still work.");
    sees("<strong>Send an unlock code</strong>");
    sees("<strong>Unlock</strong>, below, opens every browser.");

    press(page_of_ann, "do=unlock&reason=her+badge");
    sees("The person is unlocked.");
    sees("<p>Nothing.</p>");
    sees_not("100 wrong passwords");
    end();
}


static void
a_refused_mail_is_shown_to_staff(void **state)
{
    (void) state;

    begin(staff_lines, "sam");
    world_update(world, refuse_mail, NULL);
    visitor_open(&v, page_of_ann, NULL);
    sees("The last mail was refused by a mail server (");
    end();
}


static void
a_fault_in_the_form_keeps_what_was_typed(void **state)
{
    (void) state;

    begin(staff_lines, "sam");
    press(page_of_ann, "do=add&address=nonsense&reason=told+by+phone");
    sees("<title>Error:");
    sees("href=\"#address-add-\"");
    sees("id=\"address-add-\"");
    sees("value=\"nonsense\"");
    sees("value=\"told by phone\"");
    sees("<details class=\"box\" open>");

    visitor_open(&v, page_of_ann, NULL);
    sees_not("nonsense");

    press(page_of_ann, "do=unlock&reason=");
    sees("Enter a reason.");
    end();
}


/* shown once, on the next page only */
static void
a_pass_is_shown_once(void **state)
{
    const char  *at;

    (void) state;

    begin(staff_lines, "sam");
    press(page_of_ann, "do=pass&reason=called+back");
    sees("Helpdesk pass</h2>");
    at = strstr(v.page, "class=\"key\">");
    assert_non_null(at);
    assert_int_equal(strspn(at + 12, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
                     MFA_PASS_CHARACTERS);

    visitor_open(&v, page_of_ann, NULL);
    sees_not("class=\"key\">");
    sees("A helpdesk pass of this person can be used now.");
    end();
}


/* C9 A3: no form, and 403 for one that is sent all the same */
static void
nobody_has_buttons_for_themselves_or_above(void **state)
{
    char             url[64], body[512], token[128];
    size_t           i;
    mfa_str_t        hex;
    mfa_arena_t     *arena;
    const mfa_id_t  *ids[] = { &p.sam, &p.ada };

    (void) state;

    begin(staff_lines, "sam");
    arena = mfa_arena_open(4096);

    visitor_open(&v, page_of_ann, NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&do=unlock&reason=because",
                    token);

    for (i = 0; i < 2; i++) {
        assert_int_equal(mfa_id_text(arena, ids[i], &hex), MFA_OK);
        (void) snprintf(url, sizeof(url), "/mfa/people/" MFA_STR_FMT,
                        MFA_STR_ARG(hex));
        visitor_open(&v, url, NULL);
        assert_int_equal(v.status, 200);
        sees(i == 0 ? "This is you." : "higher rank than you");
        sees_not("<form");

        visitor_ask(&v, url, body);
        assert_int_equal(v.status, 403);
    }

    mfa_arena_close(&arena);
    end();
}


static void
forged(const char *token, unsigned status)
{
    char  body[512];

    (void) snprintf(body, sizeof(body), "%s%s&do=disable&reason=because",
                    token[0] != '\0' ? "token=" : "x=1", token);
    visitor_ask(&v, page_of_ann, body);
    assert_int_equal(v.status, status);
    (void) snprintf(body, sizeof(body), "%s%s&do=approve&reason=because",
                    token[0] != '\0' ? "token=" : "x=1", token);
    visitor_ask(&v, "/mfa/requests", body);
    assert_int_equal(v.status, status);
}


/* E2 */
static void
a_forged_form_does_nothing(void **state)
{
    char       token[128];
    visitor_t  other;

    (void) state;

    begin(staff_lines, "sam");
    visitor_open(&v, page_of_ann, NULL);
    visitor_init(&other, world);
    visitor_open(&other, "/mfa/login", NULL);
    visitor_hidden(&other, "token", token, sizeof(token));

    forged("", 403);
    forged(token, 403);
    forged("AAAA", 403);

    visitor_open(&v, page_of_ann, NULL);
    sees("active");
    sees_not("disabled by staff");
    visitor_done(&other);
    end();
}


/* D13: through a fresh factor, back, and nothing typed is lost */
static void
a_stale_factor_is_asked_for_and_the_page_comes_back(void **state)
{
    char  code[16], body[64], token[128], form[512];

    (void) state;

    begin(staff_lines, "sam");
    visitor_open(&v, page_of_ann, NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    world->now += 11 * MFA_MINUTE;

    (void) snprintf(form, sizeof(form), "token=%s&whom=%s&do=disable"
                    "&subject=&reason=left+us", token, page_of_ann + 12);
    visitor_open(&v, page_of_ann, form);
    sees("<h1>Verify</h1>");
    sees("what belongs to other people");

    visitor_app_code(&v, APP_SECRET, 0, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(&v, body);
    assert_string_equal(v.url, page_of_ann);
    sees("nothing has been done yet");
    sees("value=\"left us\"");
    sees("active");

    /* a page that is only looked at asks as well, and writes nothing */

    world->now += 11 * MFA_MINUTE;
    visitor_open(&v, "/mfa/people", NULL);
    sees("<h1>Verify to go on</h1>");
    visitor_submit(&v, "do=verify");
    visitor_app_code(&v, APP_SECRET, 0, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(&v, body);
    sees("<h1>People</h1>");
    end();
}


/* A3 X89 */
static void
a_request_is_approved_with_a_statement(void **state)
{
    char         id[64], form[512];
    asked_t      asked = { .user = &p.ann }, own = { .user = &p.sam };
    mfa_str_t    hex;
    mfa_arena_t  *arena;

    (void) state;

    begin(staff_lines, "sam");
    world_update(world, ask_reset, &asked);
    arena = mfa_arena_open(4096);
    assert_int_equal(mfa_id_text(arena, &asked.request.id, &hex), MFA_OK);
    (void) snprintf(id, sizeof(id), MFA_STR_FMT, MFA_STR_ARG(hex));
    mfa_arena_close(&arena);

    visitor_open(&v, "/mfa/requests", NULL);
    sees("<h1>Reset requests</h1>");
    sees("Ann Employee");
    sees(asked.phrase);
    sees("198.51.100.44");
    sees("I have verified this person's identity by");

    (void) snprintf(form, sizeof(form), "do=approve&reason=&whom=%s", id);
    visitor_submit(&v, form);
    sees("<title>Error:");
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_OPEN);

    (void) snprintf(form, sizeof(form), "do=approve&reason=her+badge&whom=%s",
                    id);
    visitor_submit(&v, form);
    sees("The request is approved.");
    sees("Approved by Sam Helper");
    sees("her badge");
    sees("No request is waiting.");
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_APPROVED);

    world_update(world, ask_reset, &own);
    visitor_open(&v, "/mfa/requests", NULL);
    sees("This is your own request.");
    sees_not(">Approve</button>");

    world->now += 15 * MFA_DAY;
    enter(&p.sam);
    visitor_open(&v, "/mfa/requests", NULL);
    sees_not("her badge");
    end();
}


/* A5 */
static void
managers_see_names_and_addresses_only(void **state)
{
    (void) state;

    begin(staff_lines, "max");
    visitor_open(&v, "/mfa/team", NULL);
    sees("<h1>People who report to you</h1>");
    sees("Ann Employee");
    sees(ANN_HOME);
    sees_not("Sam Helper");
    sees_not("Eve Other");
    sees_not("Authenticator");

    visitor_ask(&v, page_of_ann, NULL);
    assert_int_equal(v.status, 404);
    visitor_ask(&v, "/mfa/people", NULL);
    assert_int_equal(v.status, 404);
    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(for_everybody_else_the_pages_do_not_exist),
        cmocka_unit_test(without_a_session_staff_log_in_and_come_back),
        cmocka_unit_test(home_links_to_the_pages_of_those_who_have_them),
        cmocka_unit_test(people_are_found_by_name_address_and_attribute),
        cmocka_unit_test(results_come_twenty_a_page),
        cmocka_unit_test(a_persons_page_says_what_blocks_them),
        cmocka_unit_test(a_full_row_of_wrong_passwords_is_told_to_staff),
        cmocka_unit_test(a_refused_mail_is_shown_to_staff),
        cmocka_unit_test(a_fault_in_the_form_keeps_what_was_typed),
        cmocka_unit_test(a_pass_is_shown_once),
        cmocka_unit_test(nobody_has_buttons_for_themselves_or_above),
        cmocka_unit_test(a_forged_form_does_nothing),
        cmocka_unit_test(a_stale_factor_is_asked_for_and_the_page_comes_back),
        cmocka_unit_test(a_request_is_approved_with_a_statement),
        cmocka_unit_test(managers_see_names_and_addresses_only),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
