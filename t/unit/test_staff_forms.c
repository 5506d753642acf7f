/*
 * Forms of staff: every fault of one is told at once, and a request that was
 * approved can be refused as long as it was not used (A3).
 */

#include "mfa_staff_fixture.h"


static world_t    *world;
static people_t    p;
static visitor_t   v;
static char        page_of_ann[128];


static void
begin(void)
{
    login_t       login = { .user = &p.sam };
    mfa_str_t     hex;
    mfa_arena_t  *arena;

    world = staff_world("memory:again", staff_lines, &p);
    settings_login(&v, world, &login);

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


static void
press(const char *fields)
{
    char  body[4096], token[128];

    visitor_open(&v, page_of_ann, NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&whom=%s&%s", token,
                    page_of_ann + 12, fields);
    visitor_open(&v, page_of_ann, body);
}


static void
a_wrong_address_and_a_missing_reason_are_told_together(void **state)
{
    (void) state;

    begin();

    press("do=add&address=nonsense&reason=");
    sees("Enter a reason.");
    sees("Enter an email address like");
    sees("href=\"#address-add-\"");
    sees("href=\"#reason-add-\"");
    sees("id=\"address-wrong\"");
    sees("id=\"reason-wrong\"");
    sees("value=\"nonsense\"");
    assert_true(strstr(v.page, "href=\"#address-add-\"")
                < strstr(v.page, "href=\"#reason-add-\""));

    press("do=correct&subject=" ANN_HOME "&address=" ANN "&reason=");
    sees("Enter a reason.");
    sees("The person has this address already.");

    /* a good address beside a missing reason, and the reverse */

    press("do=add&address=ann.third%40example.org&reason=");
    sees("Enter a reason.");
    sees_not("address-wrong");
    press("do=add&address=nonsense&reason=told+by+phone");
    sees("Enter an email address like");
    sees_not("reason-wrong");

    end();
}


/* A3: who refused it, when and why stands with it */
static void
an_approved_request_can_be_refused_until_it_is_used(void **state)
{
    char          id[64], form[512];
    asked_t       asked = { .user = &p.ann };
    mfa_str_t     hex;
    mfa_arena_t  *arena;

    (void) state;

    begin();
    world_update(world, ask_reset, &asked);
    arena = mfa_arena_open(4096);
    assert_int_equal(mfa_id_text(arena, &asked.request.id, &hex), MFA_OK);
    (void) snprintf(id, sizeof(id), MFA_STR_FMT, MFA_STR_ARG(hex));
    mfa_arena_close(&arena);

    visitor_open(&v, "/mfa/requests", NULL);
    sees_not("Refuse after all");
    (void) snprintf(form, sizeof(form), "do=approve&reason=her+badge&whom=%s",
                    id);
    visitor_submit(&v, form);
    sees("Approved by Sam Helper");
    sees("Refuse after all");
    sees_not("<details class=\"box\" open>");

    (void) snprintf(form, sizeof(form), "do=refuse&reason=&whom=%s", id);
    visitor_submit(&v, form);
    sees("<title>Error:");
    sees("<details class=\"box\" open>");
    sees("id=\"reason-wrong\"");
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_APPROVED);

    (void) snprintf(form, sizeof(form),
                    "do=refuse&reason=it+was+her+%%3Csister%%3E&whom=%s", id);
    visitor_submit(&v, form);
    sees("The request is refused.");
    sees("Approved by Sam Helper");
    sees("Refused by Sam Helper (");
    sees("it was her &lt;sister&gt;");
    sees_not("Refuse after all");
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_REFUSED);

    end();
}


static mfa_status_t
use_reset(mfa_tx_t *tx, void *arg)
{
    asked_t  *asked = arg;

    return mfa_reset_request_close(tx, &asked->request, MFA_REQUEST_USED);
}


static void
approve(asked_t *asked)
{
    actor_t           tom;
    mfa_staff_deed_t  deed = { .name = "approve" };

    world_update(world, ask_reset, asked);
    deed.request = asked->request.id;
    actor_open(&tom, world, &p.tom);
    assert_int_equal(actor_do(&tom, &deed), MFA_OK);
    actor_close(&tom);
}


/* A3: nor one's own, nor above one's rank, nor what is used */
static void
no_button_where_it_could_do_nothing(void **state)
{
    asked_t  of_ann = { .user = &p.ann }, of_sam = { .user = &p.sam };

    (void) state;

    begin();
    approve(&of_sam);
    visitor_open(&v, "/mfa/requests", NULL);
    sees("Approved by Tom Helper");
    sees_not("Refuse after all");

    approve(&of_ann);
    visitor_open(&v, "/mfa/requests", NULL);
    sees("Refuse after all");

    world_update(world, use_reset, &of_ann);
    visitor_open(&v, "/mfa/requests", NULL);
    sees_not("Refuse after all");

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            a_wrong_address_and_a_missing_reason_are_told_together),
        cmocka_unit_test(an_approved_request_can_be_refused_until_it_is_used),
        cmocka_unit_test(no_button_where_it_could_do_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
