/*
 * Pages as they are read: a GET never changes anything (E3 X100 H6), a
 * target leads nowhere else (E5 X95), what people type is shown and never
 * run (E4 X98).
 */

#include "mfa_visitor_ask.h"


static const char *const  paths[] = {
    "", "login", "verify", "prove", "register", "register/code",
    "register/details", "register/exists", "register/done", "secure",
    "verify/choose", "verify/totp", "secure/choose", "secure/totp",
    "recovery-codes", "recovery-codes/text", "security", "logout",
    "logged-out", "later", "password-reset", "password-reset/code",
    "password-reset/new", "password-reset/done", "style.css", "nowhere"
};

#define PATHS  (sizeof(paths) / sizeof(paths[0]))


/* what a scanner of mail, a prefetch or a crawler does with addresses */

static void
read_everything(visitor_t *v)
{
    char           flow[64], url[256], *page;
    size_t         i;
    visitor_t      own;
    mfa_method_t   method;
    world_dump_t   before, after;

    /* with the person's own cookies, which stay as they are */

    own = *v;
    visitor_hidden(v, "flow", flow, sizeof(flow));
    page = v->page;
    v->page = NULL;
    world_dump(v->world, &before);

    for (i = 0; i < 4 * PATHS; i++) {
        method = (i % 2 == 0) ? MFA_METHOD_GET : MFA_METHOD_HEAD;

        (void) snprintf(url, sizeof(url), "/mfa/%s?do=continue&code=123456"
                        "&to=/ess/x%s%s", paths[i / 4],
                        (i % 4 < 2) ? "&flow=" : "", (i % 4 < 2) ? flow : "");

        {
            ask_t  ask = { .method = method, .url = url,
                           .fetch_site = "none" };

            assert_in_range(ask_status(v, &ask), 200, 429);
        }
    }

    world_dump(v->world, &after);

    if (!world_dump_equal(&before, &after)) {
        fail_msg("a read changed the store at %s", own.url);
    }

    free(v->page);
    memcpy(v->cookies, own.cookies, sizeof(own.cookies));
    v->page = page;
}


/* E3 X100: at every step of registration and login */
static void
reading_every_page_at_every_step_changes_nothing(void **state)
{
    char       secret[64], code[16], body[64];
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("lmdb", NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);

    visitor_open(&v, "/mfa/login", NULL);
    read_everything(&v);
    visitor_submit(&v, "email=" ASK_ANN "&password=wrong");
    visitor_open(&v, "/mfa/register", NULL);
    read_everything(&v);
    visitor_submit(&v, "email=" ASK_ANN);
    world_code(world, code);
    read_everything(&v);
    visitor_submit(&v, "code=000000&do=verify");
    read_everything(&v);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(&v, body);
    read_everything(&v);
    visitor_submit(&v, "new_password=" ASK_PASSWORD "&confirm_password="
                   ASK_PASSWORD "&first_name=Ann&surname=Employee");
    read_everything(&v);
    visitor_secret(&v, secret, sizeof(secret));
    visitor_send_app_code(&v, secret, 0);
    read_everything(&v);
    visitor_submit(&v, "do=continue");
    visitor_open(&v, "/mfa/logout", NULL);
    read_everything(&v);

    v.cookies[0][0] = '\0';
    world->now += MFA_MINUTE;
    visitor_login(&v, "/mfa/login", ASK_ANN);
    read_everything(&v);
    visitor_send_app_code(&v, secret, 0);
    assert_true(visitor_sees(&v, "Your applications"));
    read_everything(&v);

    visitor_done(&v);
    world_close(world);
}


/* H6: anonymous reads are free */
static void
ten_thousand_strangers_leave_no_record(void **state)
{
    ask_t         ask;
    size_t        i;
    world_t      *world;
    visitor_t     v;
    world_dump_t  before, after;

    static const char *const  urls[] = {
        "/mfa/login", "/mfa/register", "/mfa/", "/mfa/login?to=/ess/",
        "/mfa/verify?flow=00112233445566778899aabbccddeeff"
    };

    (void) state;

    world = world_open("memory:strangers", NULL);
    visitor_init(&v, world);
    world_dump(world, &before);

    for (i = 0; i < 10000; i++) {
        ask = (ask_t) { .url = urls[i % 5], .cookies = "" };
        v.address = (uint8_t) i;

        if (ask_status(&v, &ask) >= 400) {
            fail_msg("%s: %u", ask.url, v.status);
        }
    }

    world_dump(world, &after);
    assert_true(world_dump_equal(&before, &after));

    visitor_done(&v);
    world_close(world);
}


/* E5 X95: the targets; those with is_kept are paths of this origin */

static const struct {
    const char  *to;
    bool         is_kept;
}  targets[] = {
    { "https://evil.example/", false },
    { "https:evil.example", false },
    { "//evil.example/", false },
    { "///evil.example/", false },
    { "/\\evil.example/", false },
    { "/%5cevil.example/", false },
    { "/%255cevil.example/", false },
    { "%2f%2fevil.example/", false },
    { "/%2fevil.example/", false },
    { "%5c%5cevil.example", false },
    { "\\\\evil.example", false },
    { "javascript:alert(1)", false },
    { "data:text/html,x", false },
    { "evil.example", false },
    { "", false },
    { "/mfa/logout", false },
    { "/mfa/../mfa/logout", false },
    { "/%2e%2e/mfa/logout", false },
    { "/a%09b", false },
    { "/a%0d%0aX-Evil:%201", false },
    { "/%250d%250aX-Evil:%201", false },
    { "/%00", false },
    { "/a%e2%80%a8b", false },
    { "/@evil.example", true },
    { "/a//evil.example", true },
    { "/ess/page", true },
    { "/ess/page%3fa%3d1%26b%3d2", true }
};

#define TARGETS  (sizeof(targets) / sizeof(targets[0]))


static void
check_location(const visitor_t *v, size_t i)
{
    size_t  k;

    assert_int_equal(v->status, 303);

    for (k = 0; v->location[k] != '\0'; k++) {
        assert_in_range((unsigned char) v->location[k], 0x21, 0x7e);
    }

    if (targets[i].is_kept
        ? (v->location[0] != '/' || v->location[1] == '/'
           || strncmp(v->location, "/mfa/", 5) == 0)
        : strcmp(v->location, "/mfa/") != 0)
    {
        fail_msg("\"%s\" leads to %s", targets[i].to, v->location);
    }
}


/* L1 E5 X95: through a whole login, then for somebody who is logged in */
static void
no_target_leads_out_of_this_origin(void **state)
{
    char       secret[64], url[8192], big[3500];
    size_t     i;
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open_with("memory:targets", WORLD_ORIGIN, NULL);
    world_hash_cheaply(world);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_enrol(&v, ASK_ANN, secret);

    for (i = 0; i < TARGETS; i++) {
        char   code[16], body[512], token[128], flow[128];
        ask_t  ask;

        (void) snprintf(url, sizeof(url), "/mfa/login?to=%s", targets[i].to);
        visitor_login(&v, url, ASK_ANN);

        /* the last step without its redirect being followed */

        visitor_hidden(&v, "token", token, sizeof(token));
        visitor_hidden(&v, "flow", flow, sizeof(flow));
        visitor_app_code(&v, secret, 0, code);
        (void) snprintf(body, sizeof(body), "token=%s&flow=%s&code=%s"
                        "&to=https://evil.example", token, flow, code);
        ask = ask_form("/mfa/verify", body);
        (void) ask_status(&v, &ask);
        check_location(&v, i);

        visitor_ask(&v, url, NULL);
        check_location(&v, i);

        (void) snprintf(url, sizeof(url), "/mfa/?to=%s", targets[i].to);
        visitor_ask(&v, url, NULL);

        if (v.status != 200) {
            check_location(&v, i);
        }

        v.cookies[0][0] = '\0';
        world->now += MFA_MINUTE;
    }

    /* 3 KiB */

    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    big[0] = '/';
    (void) snprintf(url, sizeof(url), "/mfa/login?to=%s", big);
    visitor_login(&v, url, ASK_ANN);
    visitor_send_app_code(&v, secret, 0);
    assert_string_equal(v.url, "/mfa/");

    visitor_done(&v);
    world_close(world);
}


/* E4 X98: what would run if it were not escaped */

static const char *const  scripts[] = {
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>", "</title><script>alert(1)</script>",
    "{{brand}}", "{{{brand}}}", "{{> head}}", "&lt;b&gt;", "<!--", "]]>"
};


static void
percent(const char *text, char *out, size_t size)
{
    size_t  len;

    for (len = 0; *text != '\0' && len + 4 < size; text++) {
        len += (size_t) snprintf(out + len, size - len, "%%%02x",
                                 (unsigned char) *text);
    }
}


/* the marks of a template are no harm on a page, as long as they stay */

static void
check_page(const visitor_t *v, const char *script)
{
    static const char *const  live[] = {
        "<script", "<img", "<svg onload", "onerror=alert(1)>", "\">\"",
        "<!-- ", "]]>"
    };
    size_t  i;

    for (i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
        if (visitor_sees(v, live[i])) {
            fail_msg("%s: \"%s\" of %s", v->url, live[i], script);
        }
    }

    if (script[0] != '{' && visitor_sees(v, script)) {
        fail_msg("%s: %s", v->url, script);
    }
}


static void
letter_check(const char *text, void *arg)
{
    char        *folded;
    size_t       len;
    const char  *html;

    (void) arg;

    html = strstr(text, "Content-Type: text/html");
    assert_non_null(html);

    /* quoted-printable: soft line ends out */

    folded = calloc(1, strlen(html) + 1);
    assert_non_null(folded);

    for (len = 0; *html != '\0'; html++) {
        if (html[0] == '=' && (html[1] == '\n' || html[1] == '\r')) {
            html += (html[1] == '\r') ? 2 : 1;
            continue;
        }

        folded[len++] = *html;
    }

    assert_null(strstr(folded, "<script"));
    assert_null(strstr(folded, "<img"));
    assert_null(strstr(folded, "<svg"));

    free(folded);
}


/* logged in by now, under a name that is the script */

static void
look_at_names(visitor_t *v, const char *script)
{
    /* a name is shown letter by letter, not looked into */

    if (strcmp(script, "{{brand}}") == 0) {
        assert_true(visitor_sees(v, "<strong>{{brand}} {{brand}}</strong>"));
    }

    if (strcmp(script, "&lt;b&gt;") == 0) {
        assert_true(visitor_sees(v, "<strong>&amp;lt;b&amp;gt; "));
    }

    visitor_open(v, "/mfa/security", NULL);
    check_page(v, script);
    visitor_open(v, "/mfa/logout", NULL);
    check_page(v, script);

    {
        ask_t  ask = { .url = "/mss/x", .asked = script,
                       .cause = MFA_CAUSE_NO_ACCESS, .agent = script };

        assert_int_equal(ask_status(v, &ask), 403);
        check_page(v, script);
    }
}


static void
type_in_every_field(visitor_t *v, const char *script)
{
    char  value[256], body[4096], url[4096], secret[64];

    percent(script, value, sizeof(value));

    (void) snprintf(url, sizeof(url), "/mfa/login?to=/ess/%s&notice=%s&%s=1",
                    value, value, value);
    visitor_open(v, url, NULL);
    check_page(v, script);

    (void) snprintf(body, sizeof(body), "email=%s&password=%s", value, value);
    visitor_submit(v, body);
    check_page(v, script);
    assert_true(visitor_sees(v, "Invalid login."));

    (void) snprintf(url, sizeof(url), "/mfa/later?seconds=%s&flow=%s&to=%s",
                    value, value, value);
    visitor_open(v, url, NULL);
    check_page(v, script);

    (void) snprintf(url, sizeof(url), "/mfa/logged-out?to=/ess/%s", value);
    visitor_open(v, url, NULL);
    check_page(v, script);

    (void) snprintf(url, sizeof(url), "/mfa/%s", script);
    visitor_open(v, url, NULL);
    check_page(v, script);

    visitor_open(v, "/mfa/register", NULL);
    (void) snprintf(body, sizeof(body), "email=%s@example.org", value);
    visitor_submit(v, body);
    check_page(v, script);

    visitor_open(v, "/mfa/register", NULL);
    visitor_submit(v, "email=" ASK_ANN);
    (void) snprintf(body, sizeof(body), "code=%s&do=%s", value, value);
    visitor_submit(v, body);
    check_page(v, script);
    visitor_send_code(v);

    (void) snprintf(body, sizeof(body), "new_password=short&confirm_password="
                    "x&first_name=%s&surname=%s", value, value);
    visitor_submit(v, body);
    check_page(v, script);

    (void) snprintf(body, sizeof(body), "new_password=" ASK_PASSWORD
                    "&confirm_password=" ASK_PASSWORD
                    "&first_name=%s&surname=%s", value, value);
    visitor_submit(v, body);
    check_page(v, script);

    visitor_secret(v, secret, sizeof(secret));
    visitor_send_app_code(v, secret, 0);
    check_page(v, script);
    visitor_submit(v, "do=continue");
    assert_true(visitor_sees(v, "Your applications"));
    check_page(v, script);

    look_at_names(v, script);
}


static void
what_people_type_never_runs(void **state)
{
    size_t     i;
    world_t   *world;
    visitor_t  v;

    (void) state;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        world = world_open_with("memory:scripts", WORLD_ORIGIN, NULL);
        world_hash_cheaply(world);
        world_person(world, ASK_ANN, NULL);
        visitor_init(&v, world);

        type_in_every_field(&v, scripts[i]);
        assert_true(world_mail(world, letter_check, NULL) >= 2);

        visitor_done(&v);
        world_close(world);
    }
}


static mfa_status_t
disable(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_by_email(tx, mfa_str_from(arg), &user);
    if (st != MFA_OK) {
        return st;
    }

    user.is_disabled = true;

    return mfa_user_save(tx, &user, NULL);
}


static void
blank_all(char *page, const char *text)
{
    char    *at;
    size_t   len = strlen(text);

    for (at = strstr(page, text); at != NULL; at = strstr(at, text)) {
        memset(at, '#', len);
    }
}


static char *
page_without_names(const visitor_t *v, const char *email)
{
    char         flow[64], token[128], reference[8];
    char        *page;
    const char  *mark = "Reference in the message</dt><dd>";

    visitor_hidden(v, "flow", flow, sizeof(flow));
    visitor_hidden(v, "token", token, sizeof(token));
    (void) snprintf(reference, sizeof(reference), "%.4s",
                    strstr(v->page, mark) + strlen(mark));

    page = strdup(v->page);
    blank_all(page, flow);
    blank_all(page, token);
    blank_all(page, reference);
    blank_all(page, email);

    return page;
}


/* C1 X79: known, registered, disabled, unknown, foreign */
static void
every_address_gets_the_same_page_and_the_same_work(void **state)
{
    char          secret[64], body[512], *first, *page;
    size_t        i, grown, first_grown;
    world_t      *world;
    visitor_t     v;
    world_dump_t  before, after;

    static char  emails[][32] = {
        ASK_ANN, "emma.existed@example.org", "dave.disable@example.org",
        "nina.nowhere@example.org", "nina.nowhere@example.net"
    };

    (void) state;

    world = world_open_with("memory:same", WORLD_ORIGIN, NULL);
    world_hash_cheaply(world);
    visitor_init(&v, world);
    world_person(world, emails[0], NULL);
    world_person(world, emails[1], NULL);
    world_person(world, emails[2], NULL);
    visitor_enrol(&v, emails[1], secret);
    world_update(world, disable, emails[2]);
    world->now += MFA_DAY;

    first = NULL;
    first_grown = 0;

    for (i = 0; i < sizeof(emails) / sizeof(emails[0]); i++) {
        memset(v.cookies, 0, sizeof(v.cookies));
        v.address = (uint8_t) (80 + i);
        visitor_open(&v, "/mfa/register", NULL);
        world_dump(world, &before);
        (void) snprintf(body, sizeof(body), "email=%s", emails[i]);
        visitor_submit(&v, body);
        world_dump(world, &after);

        page = page_without_names(&v, emails[i]);
        grown = (after.count - after.records[MFA_TABLE_LIMIT])
                - (before.count - before.records[MFA_TABLE_LIMIT]);
        if (first == NULL) {
            first = page;
            first_grown = grown;
            continue;
        }

        assert_string_equal(page, first);
        assert_int_equal(grown, first_grown);
        free(page);
    }

    free(first);
    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(reading_every_page_at_every_step_changes_nothing),
        cmocka_unit_test(ten_thousand_strangers_leave_no_record),
        cmocka_unit_test(no_target_leads_out_of_this_origin),
        cmocka_unit_test(what_people_type_never_runs),
        cmocka_unit_test(
            every_address_gets_the_same_page_and_the_same_work)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
