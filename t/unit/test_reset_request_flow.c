/*
 * A reset with approval, the person's side (A1, A2, A4, C9): the request,
 * its letters, the link that stops it, and what an approval is good for.
 */

#include "mfa_device_ask.h"


#define SAM  "sam.staff@example.org"
#define TOM  "tom.admin@example.org"

static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
desk_lines(world_t *at)
{
    flow_lines(at);
    WORLD_LINE(at, "helpdesk_group", "helpdesk");
    WORLD_LINE(at, "admin_group", "admins");
}


static void
approval_lines(world_t *at)
{
    desk_lines(at);
    WORLD_LINE(at, "device_reset", "approval");
}


static void
begin_with(void (*lines)(world_t *))
{
    world = flow_world(lines, "totp", &ann);
    world_person(world, SAM, "helpdesk");
    world_person(world, TOM, "admins");
    world_person(world, "eve.other@example.org", "managers");
    flow_browser(&v, world, 9);
}


static void
begin(void)
{
    begin_with(approval_lines);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


/* ends on the page of the request that was sent */

static void
request_submit(visitor_t *who)
{
    follow(who, "Reset Multi-Factor Authentication");
    assert_true(visitor_sees(who, "<h1>Multi-Factor Authentication Reset"
                                  "</h1>"));
    visitor_submit(who, "do=submit");
    assert_true(strncmp(who->url, "/mfa/reset-request/sent", 23) == 0);
}


/* letters of one request: to whom, with which words */

typedef struct {
    char    phrase[64];
    size_t  sam, tom, eve, ann, home, phrases;
    char    link[256];
} told_t;


static void
read_told(const char *text, void *arg)
{
    size_t       len;
    told_t      *told = arg;
    const char  *at;

    told->sam += strstr(text, "To: <" SAM) != NULL;
    told->tom += strstr(text, "To: <" TOM) != NULL;
    told->eve += strstr(text, "To: <eve") != NULL;
    told->ann += strstr(text, "To: <" ANN ">") != NULL;
    told->home += strstr(text, "To: <" ANN_HOME) != NULL;
    told->phrases += strstr(text, "request: ") != NULL
                     && strstr(text, told->phrase) != NULL;

    /* the plain text stands first, quoted as little as can be */

    at = strstr(text, "/mfa/reset-request/cancel?r");
    if (at == NULL || told->link[0] != '\0') {
        return;
    }

    for (len = 0; *at != '\0' && len + 1 < sizeof(told->link); at++) {
        if (at[0] == '=' && (at[1] == '\r' || at[1] == '\n')) {
            at += strspn(at + 1, "\r\n");
            continue;
        }

        if (strncmp(at, "=3D", 3) == 0) {
            told->link[len++] = '=';
            at += 2;
            continue;
        }

        if (strchr("\r\n \"<", *at) != NULL) {
            break;
        }

        told->link[len++] = *at;
    }

    told->link[len] = '\0';
}


static told_t
request_told(void)
{
    told_t  told;

    memset(&told, 0, sizeof(told));
    (void) snprintf(told.phrase, sizeof(told.phrase), "%s",
                    desk_read(world, ann).phrase);
    (void) world_mail(world, read_told, &told);

    return told;
}


/* A1 A2 C9 */
static void
a_request_tells_staff_and_the_person(void **state)
{
    char    phrase[80];
    told_t  told;

    (void) state;

    begin();

    follow(&v, "Reset Multi-Factor Authentication");
    assert_true(visitor_sees(&v, "Staff contact you"));
    assert_true(visitor_sees(&v, "your current way to verify stays valid"));
    assert_true(visitor_sees(&v, ">Submit reset request</button>"));
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);

    visitor_submit(&v, "do=submit");
    assert_true(strncmp(v.url, "/mfa/reset-request/sent", 23) == 0);

    told = request_told();
    (void) snprintf(phrase, sizeof(phrase), "<dd>%s</dd>", told.phrase);
    assert_true(strlen(told.phrase) > 5);
    assert_true(visitor_sees(&v, phrase));

    assert_int_equal(told.sam, 1);
    assert_int_equal(told.tom, 1);
    assert_int_equal(told.eve, 0);
    assert_int_equal(told.ann, 1);
    assert_int_equal(told.home, 1);
    assert_int_equal(told.phrases, 2);      /* staff's alone */
    assert_string_not_equal(told.link, "");
    assert_int_equal(events_of(world, "\"request.open\""), 1);

    /* a second visit shows the same one, and tells nobody again */

    flow_go(&v, "verify");
    follow(&v, "Reset pending");
    assert_true(visitor_sees(&v, phrase));
    flow_go(&v, "reset-request");
    assert_true(visitor_sees(&v, phrase));
    flow_go(&v, "verify");
    visitor_submit(&v, "do=submit");
    assert_int_equal(request_told().sam, 0);

    /* the old device works meanwhile */

    flow_go(&v, "verify");
    right_app_code(&v);
    assert_true(is_logged_in(&v));

    end();
}


/* A2: everybody who may decide, behind hundreds who may not, but never more
 * than fifty letters */
static void
at_most_fifty_members_are_told(void **state)
{
    int   i;
    char  email[64];

    (void) state;

    begin();

    for (i = 0; i < 620; i++) {
        (void) snprintf(email, sizeof(email), "person%d@example.org", i);
        world_person(world, email, i % 10 == 0 ? "helpdesk" : "managers");
    }

    request_submit(&v);

    /* one turn sends a few */

    for (i = 0; i < 5; i++) {
        (void) world_mail(world, NULL, NULL);
    }

    assert_int_equal(world->letters, 50 + 2);

    end();
}


/* A2: no session, a GET changes nothing, once */
static void
the_link_cancels_after_a_post(void **state)
{
    char        body[256];
    told_t      told;
    visitor_t   home;

    (void) state;

    begin();
    request_submit(&v);
    told = request_told();

    visitor_init(&home, world);
    home.address = 44;
    visitor_open(&home, told.link, NULL);
    assert_int_equal(home.status, 200);
    assert_true(visitor_sees(&home, "<h1>Cancel reset request</h1>"));
    assert_false(visitor_sees(&home, told.phrase));
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);

    (void) snprintf(body, sizeof(body), "do=cancel&%s",
                    strchr(told.link, '?') + 1);
    visitor_submit(&home, body);
    assert_true(visitor_sees(&home, "The reset request was cancelled."));
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);
    assert_int_equal(settings_letters(world, "was cancelled with the").home,
                     1);

    visitor_open(&home, told.link, NULL);
    assert_true(visitor_sees(&home, "This link is no longer valid."));
    visitor_done(&home);

    end();
}


/* a wrong link is a page like any other, and opens nothing */
static void
a_wrong_link_says_it_is_not_valid(void **state)
{
    size_t     i;
    char       link[300];
    told_t     told;
    visitor_t  home;

    static const char *const  links[] = {
        "/mfa/reset-request/cancel", "/mfa/reset-request/cancel?r=&t=",
        "/mfa/reset-request/cancel?r=00&t=AA",
        "/mfa/reset-request/cancel?r=zz000000000000000000000000000000&t=A"
    };

    (void) state;

    begin();
    request_submit(&v);
    told = request_told();

    visitor_init(&home, world);

    for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        visitor_open(&home, links[i], NULL);
        assert_int_equal(home.status, 200);
        assert_true(visitor_sees(&home, "This link is no longer valid."));
    }

    /* one character of the token changed */

    (void) snprintf(link, sizeof(link), "%s", told.link);
    i = strlen(link) - 4;
    link[i] = (link[i] == 'A') ? 'B' : 'A';
    visitor_open(&home, link, NULL);
    assert_true(visitor_sees(&home, "This link is no longer valid."));
    assert_false(visitor_sees(&home, told.phrase));
    visitor_done(&home);

    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);

    end();
}


/* from Verify to the page of the new app, by approval */

static void
approved_open(visitor_t *who, char secret[64])
{
    char  code[16];

    assert_true(visitor_sees(who, "Your reset was approved"));
    visitor_submit(who, "do=reset");
    assert_true(strncmp(who->url, "/mfa/device-reset/code", 22) == 0);
    assert_true(visitor_sees(who, "***"));
    assert_false(visitor_sees(who, ANN));
    assert_false(visitor_sees(who, "Change email"));

    world_code(world, code);
    submit_code(who, code, "verify");
    visitor_submit(who, "do=continue");
    device_app(who, secret);
}


/* A4 C9 X89 */
static void
an_approval_leads_to_a_new_device_once(void **state)
{
    char  secret[64];

    (void) state;

    begin();
    request_submit(&v);
    (void) request_told();
    desk_approve(world, ann);

    world->now += MFA_HOUR;
    flow_again(&v);
    approved_open(&v, secret);

    /* not before it is confirmed */

    assert_true(device_opens(world, ANN_SECRET));
    assert_int_equal(desk_read(world, ann).request.state,
                     MFA_REQUEST_APPROVED);

    visitor_send_app_code(&v, secret, 0);
    assert_true(device_is_done(&v));
    assert_false(is_logged_in(&v));
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);
    assert_int_equal(ann_read(world, ann).user.mailed_device_at, 0);

    assert_false(device_opens(world, ANN_SECRET));
    assert_true(device_opens(world, secret));

    flow_again(&v);
    assert_false(visitor_sees(&v, "Your reset was approved"));
    visitor_submit(&v, "do=reset");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);

    end();
}


/* X89: expired, cancelled and refused count for nothing, at the last step
 * too */
static void
an_approval_that_is_over_changes_nothing(void **state)
{
    int     way;
    char    secret[64];
    desk_t  desk;

    (void) state;

    for (way = 0; way < 3; way++) {
        begin();
        request_submit(&v);
        (void) request_told();
        desk_approve(world, ann);

        if (way == 2) {
            world->now += 72 * MFA_HOUR - 2 * MFA_MINUTE;
        }

        flow_again(&v);
        approved_open(&v, secret);

        if (way == 2) {
            world->now += 2 * MFA_MINUTE + 1;

        } else {
            desk = (desk_t) { .user = ann, .close = way == 0
                              ? MFA_REQUEST_CANCELLED : MFA_REQUEST_REFUSED };
            world_update(world, desk_work, &desk);
            assert_int_equal(desk.st, MFA_OK);
        }

        visitor_send_app_code(&v, secret, 0);
        assert_false(device_is_done(&v));
        assert_true(visitor_sees(&v, "This reset is no longer possible."));
        assert_false(device_opens(world, secret));
        assert_true(device_opens(world, ANN_SECRET));

        end();
    }
}


/* an open request is no approval */
static void
an_open_request_opens_nothing(void **state)
{
    (void) state;

    begin();
    request_submit(&v);
    (void) request_told();

    flow_go(&v, "verify");
    visitor_submit(&v, "do=reset");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    visitor_submit(&v, "do=reset&email=" ANN);
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    assert_int_equal(world_mail(world, NULL, NULL), 4);

    end();
}


/* C6: who reads the mailbox cannot use what somebody else was approved */
static void
an_approval_from_before_a_mailed_password_is_not_for_its_reader(void **state)
{
    char       phrase[64];
    visitor_t  thief;

    (void) state;

    begin();
    request_submit(&v);
    (void) request_told();
    (void) snprintf(phrase, sizeof(phrase), "%s",
                    desk_read(world, ann).phrase);
    desk_approve(world, ann);

    visitor_init(&thief, world);
    thief.address = 66;
    world->now += MFA_MINUTE;
    reset_open(&thief, ANN);
    reset_set(&thief);
    assert_true(reset_login(&thief, ANN, RESET_NEW_PASSWORD));

    assert_false(visitor_sees(&thief, "Your reset was approved"));
    visitor_submit(&thief, "do=reset");
    assert_true(strncmp(thief.url, "/mfa/verify", 11) == 0);
    flow_go(&thief, "reset-request/sent");
    assert_false(visitor_sees(&thief, phrase));

    /* a request of their own is another one, which staff judge anew */

    flow_go(&thief, "verify");
    request_submit(&thief);
    assert_false(visitor_sees(&thief, phrase));
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);
    assert_false(is_logged_in(&thief));
    visitor_done(&thief);

    end();
}


/* D4: the closed page offers the request, and leads to it */
static void
the_closed_page_offers_a_request(void **state)
{
    mfa_user_t  set;

    (void) state;

    begin_with(desk_lines);

    /* not while Reset device is open */

    flow_go(&v, "reset-request");
    assert_true(strncmp(v.url, "/mfa/verify", 11) == 0);
    visitor_submit(&v, "do=submit");
    assert_int_equal(desk_read(world, ann).st, MFA_NOT_FOUND);

    memset(&set, 0, sizeof(set));
    set.mailed_password_at = world->now - MFA_MINUTE;
    ann_write(world, ann, set);

    follow(&v, "Reset device");
    request_submit(&v);
    assert_int_equal(desk_read(world, ann).request.state, MFA_REQUEST_OPEN);

    desk_approve(world, ann);
    flow_go(&v, "verify");
    assert_true(visitor_sees(&v, "Your reset was approved"));

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_request_tells_staff_and_the_person),
        cmocka_unit_test(at_most_fifty_members_are_told),
        cmocka_unit_test(the_link_cancels_after_a_post),
        cmocka_unit_test(a_wrong_link_says_it_is_not_valid),
        cmocka_unit_test(an_approval_leads_to_a_new_device_once),
        cmocka_unit_test(an_approval_that_is_over_changes_nothing),
        cmocka_unit_test(an_open_request_opens_nothing),
        cmocka_unit_test(
            an_approval_from_before_a_mailed_password_is_not_for_its_reader),
        cmocka_unit_test(the_closed_page_offers_a_request),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
