/*
 * Forms: what is no form of ours is refused and changes nothing (A9 X49 X51
 * E2 X93 X94).
 */

#include "mfa_visitor_ask.h"


static void
token_body(const visitor_t *v, const char *fields, char *body, size_t size)
{
    char  token[128], flow[128];

    visitor_hidden(v, "token", token, sizeof(token));
    visitor_hidden(v, "flow", flow, sizeof(flow));

    (void) snprintf(body, size, "token=%s%s%s&%s", token,
                    flow[0] != '\0' ? "&flow=" : "", flow, fields);
}


static const struct {
    const char  *query;
    const char  *fields;
}  doubles[] = {
    { "", "email=" ASK_ANN "&email=eve@example.org" },
    { "", "email=" ASK_ANN "&email=" ASK_ANN },
    { "", "email=" ASK_ANN "&%65mail=eve@example.org" },
    { "", "email[]=" ASK_ANN }, { "", "email%5b%5D=" ASK_ANN },
    { "", "email[0]=" ASK_ANN }, { "", "email=" ASK_ANN "&x[a]=1" },
    { "", "email=" ASK_ANN "&token=AAAA" },
    { "", "email=" ASK_ANN "&=1" }, { "", "email=" ASK_ANN "&x=%zz" },
    { "", "email=" ASK_ANN "&x=%4" },
    { "?email=eve@example.org", "email=" ASK_ANN },
    { "?email=" ASK_ANN, "email=" ASK_ANN },
    { "?token=AAAA", "email=" ASK_ANN },
    { "?%65mail=x", "email=" ASK_ANN },
    { "?to=/a&to=/b", "email=" ASK_ANN },
    { "?to[]=/a", "email=" ASK_ANN }
};

#define DOUBLES  (sizeof(doubles) / sizeof(doubles[0]))


/* a thousand fields, or a name of 100,000 bytes */

static void
many_bytes(bool is_one_name, char *fields, size_t size)
{
    size_t  k, len;

    len = (size_t) snprintf(fields, size, "email=" ASK_ANN "&");

    for (k = 0; k < 1000 && !is_one_name; k++) {
        len += (size_t) snprintf(fields + len, size - len, "f%zu=1&", k);
    }

    if (is_one_name) {
        memset(fields + len, 'n', 100000);
        fields[len + 100000] = '\0';
    }
}


/* A9 X51: 400, no letter, not a byte of the store */
static void
a_field_that_can_be_read_twice_is_refused(void **state)
{
    char          url[64];
    size_t        i;
    world_t      *world;
    visitor_t     v;
    world_dump_t  before, after;

    static char  body[200 * 1024], fields[150 * 1024];

    (void) state;

    world = world_open("memory:fields", NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    world_dump(world, &before);

    for (i = 0; i < DOUBLES + 2; i++) {
        ask_t   ask;
        char   *page;

        if (i < DOUBLES) {
            (void) snprintf(fields, sizeof(fields), "%s", doubles[i].fields);

        } else {
            many_bytes(i == DOUBLES, fields, sizeof(fields));
        }

        (void) snprintf(url, sizeof(url), "/mfa/register%s",
                        i < DOUBLES ? doubles[i].query : "");

        page = strdup(v.page);
        token_body(&v, fields, body, sizeof(body));
        ask = ask_form(url, body);

        if (ask_status(&v, &ask) != 400) {
            fail_msg("%s %.80s: %u", url, fields, v.status);
        }

        free(v.page);
        v.page = page;
    }

    world_dump(world, &after);
    assert_true(world_dump_equal(&before, &after));
    assert_int_equal(world_mail(world, NULL, NULL), 0);

    /* the same form as it should be has its effect */

    visitor_submit(&v, "email=" ASK_ANN);
    assert_int_equal(world_mail(world, NULL, NULL), 1);

    visitor_done(&v);
    world_close(world);
}


static const struct {
    mfa_method_t  method;
    const char   *path;
    const char   *type;
    unsigned      status;
    const char   *allow;
}  kinds[] = {
    { MFA_METHOD_POST, "login", NULL, 415, "" },
    { MFA_METHOD_POST, "login", "", 415, "" },
    { MFA_METHOD_POST, "login", "text/plain", 415, "" },
    { MFA_METHOD_POST, "login", "application/json", 415, "" },
    { MFA_METHOD_POST, "login", "text/xml", 415, "" },
    { MFA_METHOD_POST, "login", "multipart/form-data; boundary=x", 415,
      "" },
    { MFA_METHOD_POST, "login", "application/x-www-form-urlencoded2",
      415, "" },
    { MFA_METHOD_POST, "login", "text/plain; " FORM_TYPE, 415, "" },
    { MFA_METHOD_POST, "", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_OTHER, "security", FORM_TYPE, 405, "GET, HEAD, POST" },
    { MFA_METHOD_POST, "logged-out", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_POST, "later", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_POST, "style.css", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_POST, "password-reset/done", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_POST, "register/exists", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_OTHER, "login", FORM_TYPE, 405, "GET, HEAD, POST" },
    { MFA_METHOD_OTHER, "", FORM_TYPE, 405, "GET, HEAD" },
    { MFA_METHOD_OTHER, "nowhere", FORM_TYPE, 404, "" },
    { MFA_METHOD_POST, "nowhere", FORM_TYPE, 404, "" },
    { MFA_METHOD_GET, "nowhere", NULL, 404, "" },
    { MFA_METHOD_GET, "Login", NULL, 404, "" },
    { MFA_METHOD_GET, "login/", NULL, 404, "" },
    { MFA_METHOD_GET, "login.html", NULL, 404, "" },
    { MFA_METHOD_GET, "verify;x", NULL, 404, "" }
};


/* X49 E8: types, methods, addresses; no credentials from a query */
static void
what_is_no_form_is_refused_by_its_kind(void **state)
{
    char          body[512];
    size_t        i;
    world_t      *world;
    answer_t      answer;
    visitor_t     v;
    world_dump_t  before, after;

    (void) state;

    world = world_open("memory:kinds", NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/login", NULL);
    token_body(&v, "email=" ASK_ANN "&password=" ASK_PASSWORD, body,
               sizeof(body));
    world_dump(world, &before);

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char   url[64];
        ask_t  ask;

        (void) snprintf(url, sizeof(url), "/mfa/%s", kinds[i].path);
        ask = ask_form(url, body);
        ask.method = kinds[i].method;
        ask.content_type = kinds[i].type;

        ask_send(&v, &ask, &answer);

        if (answer.status != kinds[i].status) {
            fail_msg("row %zu: %u", i, answer.status);
        }

        assert_string_equal(answer_header(&answer, "Allow"), kinds[i].allow);
        answer_done(&answer);
    }

    visitor_open(&v, "/mfa/login?email=" ASK_ANN "&password=" ASK_PASSWORD,
                 NULL);
    assert_false(visitor_sees(&v, ASK_PASSWORD));
    assert_false(visitor_sees(&v, ASK_ANN));

    world_dump(world, &after);
    assert_true(world_dump_equal(&before, &after));

    {
        ask_t  ask = ask_form("/mfa/login", body);

        ask.content_type = FORM_TYPE "; charset=UTF-8";
        assert_int_equal(ask_status(&v, &ask), 303);
    }

    visitor_done(&v);
    world_close(world);
}


/* X93: every way in which a form of ours can come from somewhere else */

typedef struct {
    visitor_t  eve;             /* in a registration of her own */
    visitor_t  twin;            /* the same browser in another flow */
    size_t     refused;
} foes_t;


static void
must_refuse(visitor_t *v, foes_t *foes, ask_t ask, const char *what)
{
    char  *page;

    page = strdup(v->page);

    if (ask_status(v, &ask) != 403) {
        fail_msg("%s %s: %u", ask.url, what, v->status);
    }

    foes->refused++;
    free(v->page);
    v->page = page;
}


static void
attack_tokens(visitor_t *v, foes_t *foes, const char *url,
    const char *fields)
{
    char   body[2048], mine[128], flow[128], eve[128], twin[128], query[512];
    char   eve_flow[128];
    ask_t  ask;

    visitor_hidden(v, "token", mine, sizeof(mine));
    visitor_hidden(v, "flow", flow, sizeof(flow));
    visitor_hidden(&foes->eve, "token", eve, sizeof(eve));
    visitor_hidden(&foes->eve, "flow", eve_flow, sizeof(eve_flow));
    visitor_hidden(&foes->twin, "token", twin, sizeof(twin));

#define ATTACK(what, target, ...)                                             \
    (void) snprintf(body, sizeof(body), __VA_ARGS__);                         \
    ask = ask_form(target, body);                                             \
    must_refuse(v, foes, ask, what)

    ATTACK("no token", url, "flow=%s&%s", flow, fields);
    ATTACK("empty token", url, "token=&flow=%s&%s", flow, fields);
    ATTACK("junk token", url, "token=%c%s&flow=%s&%s",
           mine[0] == 'A' ? 'B' : 'A', mine + 1, flow, fields);
    ATTACK("long token", url, "token=%sA&flow=%s&%s", mine, flow, fields);
    ATTACK("eve's token", url, "token=%s&flow=%s&%s", eve, flow, fields);
    ATTACK("eve's token and flow", url, "token=%s&flow=%s&%s", eve, eve_flow,
           fields);
    ATTACK("my token, eve's flow", url, "token=%s&flow=%s&%s", mine,
           eve_flow, fields);
    ATTACK("token of my other flow", url, "token=%s&flow=%s&%s", twin, flow,
           fields);

    (void) snprintf(query, sizeof(query), "%s?token=%s", url, mine);
    ATTACK("token in the query", query, "flow=%s&%s", flow, fields);

    (void) snprintf(body, sizeof(body), "token=%s&flow=%s&%s", mine, flow,
                    fields);
    ask = ask_form(url, body);
    ask.cookies = "";
    must_refuse(v, foes, ask, "without cookies");

    ask.cookies = foes->eve.cookies[1];
    must_refuse(v, foes, ask, "in eve's browser");
}


static void
attack_origins(visitor_t *v, foes_t *foes, const char *url,
    const char *fields)
{
    char    body[2048];
    ask_t   ask;
    size_t  i;

    static const char *const  origins[] = {
        "null", "https://evil.example", "", "http://people.example.org",
        "https://people.example.org:8443", "https://people.example.org/",
        "https://people.example.org.evil.example", "https://example.org",
        "https://x.people.example.org", "https://people.example.or"
    };
    static const char *const  sites[] = {
        "cross-site", "same-site", "none", "", "SAME-ORIGIN"
    };

    token_body(v, fields, body, sizeof(body));

    for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        ask = ask_form(url, body);
        ask.origin = origins[i];
        must_refuse(v, foes, ask, origins[i]);
    }

    for (i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        ask = ask_form(url, body);
        ask.origin = NULL;
        ask.fetch_site = sites[i];
        must_refuse(v, foes, ask, sites[i]);
    }
}


/* all attacks with the fields of a form that would work, then the form */

static void
attack_then_submit(visitor_t *v, foes_t *foes, const char *fields,
    bool has_effect)
{
    char          url[256];
    world_dump_t  before, after;

    visitor_action(v, url, sizeof(url));
    world_dump(v->world, &before);

    attack_tokens(v, foes, url, fields);
    attack_origins(v, foes, url, fields);

    world_dump(v->world, &after);
    assert_true(world_dump_equal(&before, &after));

    visitor_submit(v, fields);

    world_dump(v->world, &after);
    if (world_dump_equal(&before, &after) == has_effect) {
        fail_msg("%s: %s", url, has_effect ? "no effect" : "an effect");
    }
}


static void
attack_mailed_code(visitor_t *v, foes_t *foes)
{
    char  code[16], body[64];

    world_code(v->world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    attack_then_submit(v, foes, body, true);
}


static void
attack_app_code(visitor_t *v, foes_t *foes, const char *secret)
{
    char  code[16], body[64];

    visitor_app_code(v, secret, 0, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    attack_then_submit(v, foes, body, true);
}


/* E2 X93 X94: each POST address of a registration, a login, a logout */
static void
a_form_from_elsewhere_is_refused_and_changes_nothing(void **state)
{
    char       secret[64];
    foes_t     foes;
    world_t   *world;
    visitor_t  v;

    static const char  login[] = "email=" ASK_ANN "&password=" ASK_PASSWORD;

    (void) state;

    world = world_open("memory:foes", NULL);
    world_person(world, ASK_ANN, NULL);
    world_person(world, "eve@example.org", NULL);
    memset(&foes, 0, sizeof(foes));

    visitor_init(&foes.eve, world);
    visitor_open(&foes.eve, "/mfa/register", NULL);
    visitor_submit(&foes.eve, "email=eve@example.org");
    (void) world_mail(world, NULL, NULL);

    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    foes.twin = v;
    foes.twin.page = NULL;
    visitor_open(&foes.twin, "/mfa/register", NULL);
    visitor_submit(&foes.twin, "email=nina@example.org");

    attack_then_submit(&v, &foes, "email=" ASK_ANN, true);
    attack_mailed_code(&v, &foes);
    attack_then_submit(&v, &foes, "new_password=" ASK_PASSWORD
                       "&confirm_password=" ASK_PASSWORD "&first_name=Ann"
                       "&surname=Employee", true);
    visitor_secret(&v, secret, sizeof(secret));

    /* from another browser: a mailed code before it goes on */

    visitor_done(&v);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/login", NULL);
    attack_then_submit(&v, &foes, login, true);
    assert_true(visitor_sees(&v, "Verify your email address"));
    attack_mailed_code(&v, &foes);
    visitor_secret(&v, secret, sizeof(secret));
    attack_app_code(&v, &foes, secret);
    assert_true(visitor_sees(&v, "Thank you for registering"));
    attack_then_submit(&v, &foes, "do=continue", true);

    visitor_open(&v, "/mfa/logout", NULL);
    attack_then_submit(&v, &foes, "x=1", true);
    assert_true(visitor_sees(&v, "You have logged out"));

    world->now += MFA_MINUTE;
    visitor_login(&v, "/mfa/login", ASK_ANN);
    attack_app_code(&v, &foes, secret);
    assert_true(visitor_sees(&v, "Your applications"));

    assert_int_equal(foes.refused, 9 * (11 + 15));

    visitor_done(&v);
    visitor_done(&foes.eve);
    visitor_done(&foes.twin);
    world_close(world);
}


/* E2: browsers without Origin, and such as say nothing at all */
static void
a_form_of_ours_counts_without_an_origin(void **state)
{
    char       body[512];
    size_t     i;
    world_t   *world;
    visitor_t  v;

    (void) state;

    world = world_open("memory:origin", NULL);
    visitor_init(&v, world);
    visitor_open(&v, "/mfa/register", NULL);
    token_body(&v, "email=nobody@example.org", body, sizeof(body));

    for (i = 0; i < 3; i++) {
        ask_t  ask = ask_form("/mfa/register", body);

        ask.origin = (i == 0) ? WORLD_ORIGIN : NULL;
        ask.fetch_site = (i == 2) ? NULL : "same-origin";

        assert_int_equal(ask_status(&v, &ask), 303);
    }

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_field_that_can_be_read_twice_is_refused),
        cmocka_unit_test(what_is_no_form_is_refused_by_its_kind),
        cmocka_unit_test(
            a_form_from_elsewhere_is_refused_and_changes_nothing),
        cmocka_unit_test(a_form_of_ours_counts_without_an_origin)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
