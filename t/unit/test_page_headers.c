/*
 * Headers and cookies of every reply we make: pages, redirects, faults, the
 * plain text that is left when no page can be made (E1 E8 E9 D2).
 */

#include "mfa_visitor_ask.h"


static const char *const  paths[] = {
    "", "login", "verify", "prove", "register", "register/code",
    "register/details", "register/exists", "register/done", "secure",
    "security", "logout", "logged-out", "later", "password-reset",
    "password-reset/code", "password-reset/verified",
    "password-reset/new", "password-reset/done", "password-reset/closed",
    "style.css", "no-such-page", "login/", "../login", "login?a=%zz",
    "login?a=1&a=2", "login?a[]=1", "later?seconds=40"
};

static const struct {
    const char  *name;
    const char  *value;
}  always[] = {
    { "Cache-Control", "no-store" },
    { "Content-Security-Policy", "default-src 'none'; style-src 'self'; "
      "img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
      "base-uri 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "same-origin" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" }
};

#define HSTS  "Strict-Transport-Security"


static size_t
count_headers(const mfa_pairs_t *headers, const char *name)
{
    size_t  i, count;

    count = 0;

    for (i = 0; i < headers->count; i++) {
        count += mfa_str_eq_c(headers->items[i].name, name);
    }

    return count;
}


static void
check_safe(const mfa_pairs_t *headers, const char *what)
{
    size_t      i, k;
    mfa_str_t   value;

    for (i = 0; i < headers->count; i++) {
        value = headers->items[i].value;

        if (mfa_str_has_prefix(headers->items[i].name,
                               mfa_str("Access-Control-")))
        {
            fail_msg("%s: CORS", what);
        }

        for (k = 0; k < value.len; k++) {
            if ((unsigned char) value.data[k] < 0x20
                || value.data[k] == 0x7f)
            {
                fail_msg("%s: control byte in " MFA_STR_FMT, what,
                         MFA_STR_ARG(headers->items[i].name));
            }
        }
    }
}


/* E1 E8: each header once, with that value; nothing that opens a door */

static void
check_headers(const mfa_pairs_t *headers, bool is_https, const char *what)
{
    size_t      i;
    mfa_str_t   value;

    for (i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        value = mfa_pairs_get(headers, mfa_str_from(always[i].name));

        if (count_headers(headers, always[i].name) != 1
            || !mfa_str_eq_c(value, always[i].value))
        {
            fail_msg("%s: %s: " MFA_STR_FMT, what, always[i].name,
                     MFA_STR_ARG(value));
        }
    }

    value = mfa_pairs_get(headers, mfa_str(HSTS));

    if (is_https != mfa_str_eq_c(value, "max-age=31536000")
        || count_headers(headers, HSTS) != is_https)
    {
        fail_msg("%s: " HSTS, what);
    }

    check_safe(headers, what);
}


static void
check_answer(const answer_t *answer, bool is_https, const char *what)
{
    const char  *type;

    check_headers(&answer->headers, is_https, what);

    type = answer_header(answer, "Content-Type");

    if (answer->body.len > 0
        && strstr(type, "; charset=utf-8") == NULL)
    {
        fail_msg("%s: type \"%s\"", what, type);
    }

    if (answer->status == 303
        && (answer->body.len != 0
            || count_headers(&answer->headers, "Location") != 1))
    {
        fail_msg("%s: redirect", what);
    }
}


static void
ask_all_pages(visitor_t *v, bool is_https)
{
    char          url[128];
    size_t        i;
    answer_t      answer;
    mfa_method_t  method;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void) snprintf(url, sizeof(url), "/mfa/%s", paths[i]);

        for (method = MFA_METHOD_GET; method <= MFA_METHOD_OTHER; method++) {
            ask_t  ask = { .method = method, .url = url,
                           .body = method == MFA_METHOD_POST ? "x=1" : NULL,
                           .content_type = FORM_TYPE };

            ask_send(v, &ask, &answer);
            check_answer(&answer, is_https, url);
            answer_done(&answer);
        }
    }
}


/* E1: on every page, for every method, for people logged in or not */
static void
every_reply_carries_the_headers(void **state)
{
    char       secret[64];
    size_t     i;
    world_t   *world;
    visitor_t  v;

    static const char *const  urls[] = {
        "https://people.example.org", "http://127.0.0.1:8080"
    };

    (void) state;

    for (i = 0; i < 2; i++) {
        world = world_open_with("memory:headers", urls[i], NULL);
        world_person(world, ASK_ANN, NULL);
        visitor_init(&v, world);

        ask_all_pages(&v, i == 0);

        if (i == 0) {
            visitor_enrol(&v, ASK_ANN, secret);
            visitor_login(&v, "/mfa/login", ASK_ANN);
            visitor_send_app_code(&v, secret, 0);
            assert_true(visitor_sees(&v, "Your applications"));
            ask_all_pages(&v, true);
        }

        visitor_done(&v);
        world_close(world);
    }
}


/* E1 E9: pages without an address of their own, with a reference */
static void
every_fault_carries_the_headers_and_says_nothing_of_itself(void **state)
{
    size_t     i;
    world_t   *world;
    answer_t   answer;
    visitor_t  v;

    static const struct {
        mfa_cause_t   cause;
        mfa_method_t  method;
        const char   *url;
        const char   *type;
        unsigned      status;
    }  cases[] = {
        { MFA_CAUSE_NO_ACCESS, MFA_METHOD_GET, "/mss/x", NULL, 403 },
        { MFA_CAUSE_UNAVAILABLE, MFA_METHOD_GET, "/mss/x", NULL, 503 },
        { MFA_CAUSE_MALFORMED, MFA_METHOD_POST, "/mfa/login", NULL, 400 },
        { MFA_CAUSE_MISDIRECTED, MFA_METHOD_GET, "/mfa/", NULL, 421 },
        { MFA_CAUSE_ASKED, MFA_METHOD_GET, "/mfa/none", NULL, 404 },
        { MFA_CAUSE_ASKED, MFA_METHOD_GET, "/elsewhere", NULL, 404 },
        { MFA_CAUSE_ASKED, MFA_METHOD_OTHER, "/mfa/login", NULL, 405 },
        { MFA_CAUSE_ASKED, MFA_METHOD_POST, "/mfa/login", "text/plain", 415 },
        { MFA_CAUSE_ASKED, MFA_METHOD_POST, "/mfa/login", FORM_TYPE, 403 },
        { MFA_CAUSE_ASKED, MFA_METHOD_GET, "/mfa/login?a=1&a=1", NULL, 400 }
    };

    (void) state;

    world = world_open("memory:faults", NULL);
    visitor_init(&v, world);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask_t  ask = { .method = cases[i].method, .cause = cases[i].cause,
                       .url = cases[i].url, .content_type = cases[i].type };

        ask_send(&v, &ask, &answer);

        assert_int_equal(answer.status, cases[i].status);
        check_answer(&answer, true, cases[i].url);
        assert_non_null(strstr(answer.body.data, "<h1>"));
        assert_non_null(strstr(answer.body.data, "Human Resources"));
        assert_null(strstr(answer.body.data, ".c:"));
        assert_null(strstr(answer.body.data, world->dir));

        if (cases[i].cause != MFA_CAUSE_NO_ACCESS) {
            assert_non_null(strstr(answer.body.data, "Reference for"));
        }

        assert_int_equal(answer_header(&answer, "Retry-After")[0] != '\0',
                         cases[i].status == 503);
        assert_int_equal(answer_header(&answer, "Allow")[0] != '\0',
                         cases[i].status == 405);

        answer_done(&answer);
    }

    visitor_done(&v);
    world_close(world);
}


/* E1: also what is sent when no hash can be run */
static void
a_reply_of_plain_text_carries_them_too(void **state)
{
    size_t              i;
    world_t            *world;
    mfa_job_t          *job;
    visitor_t           v;
    const mfa_reply_t  *reply;

    static const char *const  urls[] = {
        "https://people.example.org", "http://127.0.0.1:8080"
    };

    (void) state;

    for (i = 0; i < 2; i++) {
        world = world_open_with("memory:busy", urls[i], NULL);
        visitor_init(&v, world);

        {
            ask_t  ask = { .url = "/mfa/login" };

            job = mfa_job_open(world->mfa);
            ask_fill(&v, &ask, "", job);
            assert_int_equal(mfa_run(job), MFA_OK);
            mfa_job_busy(job);
        }

        reply = mfa_job_reply(job);

        assert_int_equal(reply->status, 503);
        check_headers(&reply->headers, i == 0, "busy");
        assert_int_equal(count_headers(&reply->headers, "Retry-After"), 1);
        assert_int_equal(count_headers(&reply->headers, "Set-Cookie"), 0);
        assert_true(reply->body.len > 0);

        mfa_job_close(&job);
        visitor_done(&v);
        world_close(world);
    }
}


/* all Set-Cookie of one journey through the whole portal */

typedef struct {
    size_t       seen;
    size_t       sessions;
    bool         is_https;
    const char  *host;
} cookies_t;


static void
check_cookie(mfa_str_t header, cookies_t *all)
{
    char        text[2048], wanted[2048];
    bool        is_browser;
    mfa_str_t   rest, pair, name;

    rest = header;
    pair = mfa_str_split(&rest, ';');
    name = mfa_str_split(&pair, '=');

    /* a browser stays known for 400 days (H2) */

    is_browser = memmem(name.data, name.len, "mfa_browser", 11) != NULL;

    (void) snprintf(text, sizeof(text), MFA_STR_FMT, MFA_STR_ARG(rest));
    (void) snprintf(wanted, sizeof(wanted), " Path=/; HttpOnly; SameSite=Lax"
                    "%s%s", all->is_https ? "; Secure" : "",
                    pair.len == 0 ? "; Max-Age=0"
                    : is_browser ? "; Max-Age=34560000" : "");

    assert_string_equal(text, wanted);
    assert_int_equal(mfa_str_has_prefix(name, mfa_str("__Host-")),
                     all->is_https);

    all->seen++;

    if (memmem(name.data, name.len, "mfa_session", 11) != NULL) {
        all->sessions++;
        assert_true(header.len <= 128);
        assert_true(pair.len == 0 || pair.len == MFA_TOKEN_TEXT);
    }
}


static void
check_cookies(const answer_t *answer, cookies_t *all)
{
    size_t  i;

    for (i = 0; i < answer->headers.count; i++) {
        if (mfa_str_eq_c(answer->headers.items[i].name, "Set-Cookie")) {
            check_cookie(answer->headers.items[i].value, all);
        }
    }
}


/* D2: https; the session comes with the last step, and goes at the logout */
static void
cookies_have_the_prefix_and_all_attributes(void **state)
{
    char       secret[64], code[16], body[8192], token[128], flow[128];
    ask_t      ask;
    world_t   *world;
    answer_t   answer;
    visitor_t  v;
    cookies_t  all = { .is_https = true };

    (void) state;

    world = world_open("memory:cookies", NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_enrol(&v, ASK_ANN, secret);
    v.cookies[1][0] = '\0';

    ask = (ask_t) { .url = "/mfa/login" };
    ask_send(&v, &ask, &answer);
    check_cookies(&answer, &all);
    assert_int_equal(all.seen, 1);
    answer_done(&answer);

    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s&email=" ASK_ANN
                    "&password=wrong", token);
    ask = ask_form("/mfa/login", body);
    ask_send(&v, &ask, &answer);
    check_cookies(&answer, &all);
    assert_int_equal(all.seen, 2);
    answer_done(&answer);

    visitor_login(&v, "/mfa/login", ASK_ANN);
    visitor_hidden(&v, "token", token, sizeof(token));
    visitor_hidden(&v, "flow", flow, sizeof(flow));
    visitor_app_code(&v, secret, 0, code);
    (void) snprintf(body, sizeof(body), "token=%s&flow=%s&code=%s", token,
                    flow, code);
    ask = ask_form("/mfa/verify", body);
    assert_int_equal(all.sessions, 0);
    ask_send(&v, &ask, &answer);
    check_cookies(&answer, &all);
    assert_int_equal(all.sessions, 1);
    answer_done(&answer);

    visitor_open(&v, "/mfa/logout", NULL);
    visitor_hidden(&v, "token", token, sizeof(token));
    (void) snprintf(body, sizeof(body), "token=%s", token);
    ask = ask_form("/mfa/logout", body);
    ask_send(&v, &ask, &answer);
    check_cookies(&answer, &all);
    assert_int_equal(all.sessions, 2);
    assert_string_equal(answer_header(&answer, "Clear-Site-Data"),
                        "\"cache\", \"storage\"");
    answer_done(&answer);

    visitor_done(&v);
    world_close(world);
}


/* D2: the demo on loopback: no prefix, no Secure, all else the same */
static void
cookies_of_a_loopback_demo_go_without_secure(void **state)
{
    ask_t      ask = { .url = "/mfa/login" };
    world_t   *world;
    answer_t   answer;
    visitor_t  v;
    cookies_t  all = { .is_https = false };

    (void) state;

    world = world_open_with("memory:demo", "http://127.0.0.1:8080", NULL);
    visitor_init(&v, world);

    ask_send(&v, &ask, &answer);
    check_cookies(&answer, &all);
    assert_int_equal(all.seen, 1);
    answer_done(&answer);

    assert_true(mfa_strs_has(mfa_realm_cookies(world->realm),
                             mfa_str("mfa_session")));
    assert_int_equal(mfa_realm_warnings(world->realm)->count, 1);

    visitor_done(&v);
    world_close(world);
}


/* D4 D9 D10: what is not ours, or is there twice, is nobody's session */
static void
a_doubled_or_chosen_session_is_no_session(void **state)
{
    char         secret[64], text[8192];
    size_t       i;
    world_t     *world;
    visitor_t    v;
    const char  *token;

    static const char  junk[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const char *const  forms[] = {
        "__Host-mfa_session=%s; __Host-mfa_session=%s",
        "__Host-mfa_session=%2$s; __Host-mfa_session=%1$s",
        "__Host-mfa_session=%1$s; x=%2$s; __Host-mfa_session=%1$s",
        "__Host-mfa_session=%2$s%1$.0s", "__Host-mfa_session=\"%s\"%.0s",
        "__host-mfa_session=%s%.0s", "mfa_session=%s%.0s",
        "__Host-mfa_session =%sx%.0s", "x=1, __Host-mfa_session=%s%.0s",
        "$Version=1; __Host-mfa_session=%s,x=%s", "%s%.0s", "=%s%.0s"
    };

    (void) state;

    world = world_open("memory:twice", NULL);
    world_person(world, ASK_ANN, NULL);
    visitor_init(&v, world);
    visitor_enrol(&v, ASK_ANN, secret);
    visitor_login(&v, "/mfa/login", ASK_ANN);
    visitor_send_app_code(&v, secret, 0);

    token = strchr(v.cookies[0], '=');
    assert_non_null(token);

    {
        ask_t  ask = { .url = "/mfa/", .cookies = v.cookies[0] };

        assert_int_equal(ask_status(&v, &ask), 200);
    }

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        ask_t  ask = { .url = "/mfa/", .cookies = text };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void) snprintf(text, sizeof(text), forms[i], token + 1, junk);
#pragma GCC diagnostic pop

        if (ask_status(&v, &ask) != 303
            || strcmp(v.location, "/mfa/login") != 0)
        {
            fail_msg("a session for: %s", text);
        }
    }

    visitor_done(&v);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_reply_carries_the_headers),
        cmocka_unit_test(
            every_fault_carries_the_headers_and_says_nothing_of_itself),
        cmocka_unit_test(a_reply_of_plain_text_carries_them_too),
        cmocka_unit_test(cookies_have_the_prefix_and_all_attributes),
        cmocka_unit_test(cookies_of_a_loopback_demo_go_without_secure),
        cmocka_unit_test(a_doubled_or_chosen_session_is_no_session)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
