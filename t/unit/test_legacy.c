/*
 * Addresses of applications that are ours to answer (L10, E3, X94, X95), and
 * which requests count as activity of a person (L8).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../src/page/mfa_page.h"


#define CHROME   "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/126.0 "         \
                 "Safari/537.36"
#define FIREFOX  "Mozilla/5.0 (X11; rv:127.0) Gecko/20100101 Firefox/127.0"
#define SAFARI   "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.5 " \
                 "Safari/605.1.15"
#define IOS      "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 CriOS/126.0 "     \
                 "Mobile/15E148 Safari/604.1"

static mfa_page_settings_t    settings;
static mfa_legacy_settings_t  legacy;
static mfa_send_settings_t    send_settings;
static mfa_page_env_t         env;
static mfa_arena_t           *arena;


static int
set_up(void **state)
{
    static const mfa_legacy_url_t  urls[] = {
        { mfa_str_static("/adfs/ls/"), mfa_str_static("/ess/") },
        { mfa_str_static("/old/"), mfa_str_static("/") },
        { mfa_str_static("/old/login.jsp"), mfa_str_static("/ess/start") },
        { mfa_str_static("/plain/"), mfa_str_static("/ess/?a=1/") },
        { mfa_str_static("/drop"), mfa_str_static("/ess/?") },
        { mfa_str_static("/pay/"),
          mfa_str_static("https://pay.example.net/pay/") }
    };

    (void) state;

    arena = mfa_arena_open(1024 * 1024);
    assert_non_null(arena);

    memset(&settings, 0, sizeof(settings));
    memset(&legacy, 0, sizeof(legacy));
    memset(&send_settings, 0, sizeof(send_settings));
    memset(&env, 0, sizeof(env));

    send_settings.origin.text = mfa_str("https://login.example.org");
    send_settings.origin.is_https = true;

    settings.applications[0] = (mfa_application_t) {
        .name = mfa_str("ESS"), .path = mfa_str("/ess/"),
        .link = mfa_str("/ess/") };
    settings.applications[1] = (mfa_application_t) {
        .name = mfa_str("PAY"), .path = mfa_str("/pay/"),
        .origin.text = mfa_str("https://pay.example.net"),
        .host = mfa_str("pay.example.net"),
        .link = mfa_str("https://pay.example.net/pay/") };
    settings.application_count = 2;

    memcpy(legacy.legacy_urls, urls, sizeof(urls));
    legacy.legacy_url_count = sizeof(urls) / sizeof(urls[0]);

    legacy.logout_urls[0].path = mfa_str("/ess/logout");
    legacy.logout_urls[1].path = mfa_str("/pay/bye");
    legacy.logout_urls[1].is_forward = true;
    legacy.logout_url_count = 2;

    env.settings = &settings;
    env.legacy = &legacy;
    env.send = &send_settings;
    env.portal = mfa_str("/mfa/");

    return 0;
}


static int
tear_down(void **state)
{
    (void) state;

    mfa_arena_close(&arena);

    return 0;
}


static void
assert_str(mfa_str_t got, const char *wanted)
{
    assert_string_equal(mfa_arena_cstr(arena, got), wanted);
}


/* where a request is sent; NULL: nowhere */

static const char *
leads(mfa_method_t method, const char *host, const char *path,
    const char *query)
{
    mfa_reply_t    reply;
    mfa_status_t   st;
    mfa_request_t  request;

    memset(&request, 0, sizeof(request));

    request.method = method;
    request.host = mfa_str_from(host);
    request.path = mfa_str_from(path);
    request.query = mfa_str_from(query);

    st = mfa_page_legacy_redirect(&env, &request, arena, &reply);

    if (st == MFA_NOT_FOUND) {
        return NULL;
    }

    assert_int_equal(st, MFA_OK);
    assert_int_equal(reply.status, method == MFA_METHOD_POST ? 303 : 302);

    return mfa_arena_cstr(arena, mfa_pairs_get(&reply.headers,
                                               mfa_str("Location")));
}

#define get(path, query)  leads(MFA_METHOD_GET, "", path, query)


/* L10 */

static void
an_old_address_leads_to_the_new_one(void **state)
{
    (void) state;

    assert_string_equal(get("/adfs/ls/", ""), "/ess/");
    assert_string_equal(get("/adfs/ls/", "wa=wsignin1.0&w=%2f"),
                        "/ess/?wa=wsignin1.0&w=%2f");
    assert_string_equal(get("/adfs/ls/leave/1", "y=2"), "/ess/leave/1?y=2");
    assert_string_equal(get("/old/login.jsp", "a"), "/ess/start?a");
    assert_string_equal(get("/plain/x", "q=1"), "/ess/?a=1/");
    assert_string_equal(get("/drop", "secret=1"), "/ess/");
    assert_string_equal(leads(MFA_METHOD_HEAD, "", "/old/x", ""), "/x");
    assert_string_equal(leads(MFA_METHOD_POST, "", "/old/x", "b=1"),
                        "/x?b=1");

    assert_null(get("/adfs/ls", ""));
    assert_null(get("/adfs/lsx", ""));
    assert_null(get("/drop/x", ""));
    assert_null(get("/old", ""));
    assert_null(leads(MFA_METHOD_OTHER, "", "/adfs/ls/", ""));
}


/* X95 */

static void
no_rest_of_a_path_leads_to_another_host(void **state)
{
    (void) state;

    assert_string_equal(get("/old//evil.example", ""), "/");
    assert_string_equal(get("/old///evil.example", ""), "/");
    assert_string_equal(get("/old/\\evil.example", ""), "/");
    assert_string_equal(get("/old/\\/evil.example", ""), "/");
    assert_string_equal(get("/old/@evil.example", ""), "/%40evil.example");
    assert_string_equal(get("/old/..", ""), "/");
    assert_string_equal(get("/old/a/../../x", ""), "/");
    assert_string_equal(get("/old/\r\nSet-Cookie: a", ""), "/");
    assert_string_equal(get("/old/a b\xc3\xa9?#", ""), "/a%20b%C3%A9%3F%23");
    assert_string_equal(get("/adfs/ls//evil.example", ""),
                        "/ess//evil.example");
    assert_string_equal(get("/adfs/ls/", "a\r\nb\xff c"),
                        "/ess/?a%0D%0Ab%FF%20c");
}


static void
one_that_moved_to_another_host_is_let_through_there(void **state)
{
    (void) state;

    assert_string_equal(get("/pay/list", "m=1"),
                        "https://pay.example.net/pay/list?m=1");
    assert_null(leads(MFA_METHOD_GET, "pay.example.net", "/pay/list", "m=1"));
    assert_null(leads(MFA_METHOD_GET, "pay.example.net", "/pay/", ""));
    assert_string_equal(leads(MFA_METHOD_GET, "pay.example.net", "/old/x",
                              ""), "/x");
}


typedef struct {
    mfa_method_t   method;
    const char    *origin;
    const char    *site;
    const char    *mode;
    const char    *dest;
    const char    *referer;
    const char    *purpose;
    mfa_logout_e   judged;
} ask_t;

#define OURS  "https://login.example.org"

static const ask_t  asks[] = {

    /* L10: a link, a form, a script of our own pages */

    { MFA_METHOD_GET, NULL, "same-origin", "navigate", "document", NULL,
      NULL, MFA_LOGOUT_NOW },
    { MFA_METHOD_GET, NULL, "same-origin", "navigate", "frame", NULL, NULL,
      MFA_LOGOUT_NOW },
    { MFA_METHOD_GET, NULL, "same-origin", "cors", "empty", NULL, NULL,
      MFA_LOGOUT_NOW },
    { MFA_METHOD_POST, OURS, "same-origin", "navigate", "document", NULL,
      NULL, MFA_LOGOUT_NOW },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, OURS "/ess/", NULL,
      MFA_LOGOUT_NOW },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, OURS, NULL, MFA_LOGOUT_NOW },
    { MFA_METHOD_POST, OURS, NULL, NULL, NULL, NULL, NULL, MFA_LOGOUT_NOW },
    { MFA_METHOD_POST, NULL, NULL, NULL, NULL, OURS "/ess/", NULL,
      MFA_LOGOUT_NOW },

    /* X94: others' pages; mails; nobody knows where from */

    { MFA_METHOD_GET, NULL, "cross-site", "navigate", "document", NULL, NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "same-site", "navigate", "document", NULL, NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "none", "navigate", "document", NULL, NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "cross-site", "navigate", "document",
      OURS "/ess/", NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "", "navigate", "document", OURS "/", NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "same-origin, same-origin", "navigate",
      "document", NULL, NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, "navigate", NULL, OURS "/", NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, NULL, NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, "", NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, OURS ".evil.example/", NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, OURS "@evil.example/", NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, OURS ":8443/", NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL,
      "https://evil.example/" OURS "/", NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, "https://pay.example.net/pay/",
      NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_POST, "https://evil.example", "cross-site", "navigate",
      "document", NULL, NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_POST, "null", "cross-site", "navigate", "document", NULL,
      NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_POST, "null", NULL, NULL, NULL, OURS "/", NULL,
      MFA_LOGOUT_ASK },
    { MFA_METHOD_POST, OURS, "cross-site", "navigate", "document", NULL,
      NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_POST, NULL, NULL, NULL, NULL, NULL, NULL, MFA_LOGOUT_ASK },

    /* E3: nobody asked for it */

    { MFA_METHOD_HEAD, NULL, "same-origin", "navigate", "document", NULL,
      NULL, MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "same-origin", "navigate", "document", NULL,
      "prefetch", MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "same-origin", "navigate", "document", NULL,
      "prefetch;prerender", MFA_LOGOUT_ASK },
    { MFA_METHOD_GET, NULL, "same-origin", "no-cors", "image", NULL, NULL,
      MFA_LOGOUT_REFUSE },
    { MFA_METHOD_GET, NULL, "same-origin", "no-cors", "script", NULL, NULL,
      MFA_LOGOUT_REFUSE },
    { MFA_METHOD_GET, NULL, "cross-site", "no-cors", "image", NULL, NULL,
      MFA_LOGOUT_REFUSE },
    { MFA_METHOD_POST, "https://evil.example", "cross-site", "no-cors",
      "empty", NULL, NULL, MFA_LOGOUT_REFUSE },
    { MFA_METHOD_OTHER, OURS, "same-origin", "cors", "empty", NULL, NULL,
      MFA_LOGOUT_NONE }
};


static mfa_request_t
asked(const ask_t *ask)
{
    mfa_request_t  request;

    memset(&request, 0, sizeof(request));

    request.method = ask->method;
    request.path = mfa_str("/ess/logout");
    request.accept = mfa_str("text/html");
    request.origin = mfa_str_from(ask->origin);
    request.sec_fetch_site = mfa_str_from(ask->site);
    request.sec_fetch_mode = mfa_str_from(ask->mode);
    request.sec_fetch_dest = mfa_str_from(ask->dest);
    request.referer = mfa_str_from(ask->referer);
    request.sec_purpose = mfa_str_from(ask->purpose);

    return request;
}


/* L10, E3, X94 */

static void
only_our_own_pages_log_out_at_once(void **state)
{
    size_t         i;
    mfa_logout_e   judged;
    mfa_request_t  request;

    (void) state;

    for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        request = asked(&asks[i]);
        judged = mfa_page_logout_judge(&env, &request);

        if (judged != asks[i].judged) {
            fail_msg("case %zu: %d, not %d", i, judged, asks[i].judged);
        }
    }
}


static void
a_logout_belongs_to_its_host(void **state)
{
    mfa_reply_t    reply;
    mfa_request_t  request;

    (void) state;

    request = asked(&asks[0]);
    request.path = mfa_str("/ess/logout/");
    assert_int_equal(mfa_page_logout_judge(&env, &request), MFA_LOGOUT_NONE);

    request.path = mfa_str("/pay/bye");
    request.host = mfa_str("pay.example.net");
    assert_int_equal(mfa_page_logout_judge(&env, &request),
                     MFA_LOGOUT_FORWARD);

    /* public_url is another origin there */

    request.sec_fetch_site = mfa_null;
    request.sec_fetch_mode = mfa_null;
    request.sec_fetch_dest = mfa_null;
    request.referer = mfa_str(OURS "/ess/");
    assert_int_equal(mfa_page_logout_judge(&env, &request), MFA_LOGOUT_ASK);

    request.referer = mfa_str("https://pay.example.net/pay/");
    assert_int_equal(mfa_page_logout_judge(&env, &request),
                     MFA_LOGOUT_FORWARD);

    assert_int_equal(mfa_page_logout_ask(&env, &request, arena, &reply),
                     MFA_OK);
    assert_int_equal(reply.status, 303);
    assert_str(mfa_pairs_get(&reply.headers, mfa_str("Location")),
               "https://pay.example.net/mfa/logout?to=/pay/");

    request.host = mfa_null;
    request.path = mfa_str("/ess/logout");
    assert_int_equal(mfa_page_logout_ask(&env, &request, arena, &reply),
                     MFA_OK);
    assert_str(mfa_pairs_get(&reply.headers, mfa_str("Location")),
               OURS "/mfa/logout?to=/ess/");
}


typedef struct {
    const char  *agent;
    const char  *mode;
    const char  *site;
    const char  *dest;
    const char  *user;
    const char  *purpose;
    bool         is_upgrade;
    bool         is_person;
} sign_t;

static const sign_t  signs[] = {

    /* clicks, forms, scripts, typed addresses */

    { CHROME, "navigate", "same-origin", "document", "?1", NULL, false,
      true },
    { FIREFOX, "navigate", "same-origin", "iframe", "?1", NULL, false, true },
    { CHROME, "navigate", "none", "document", NULL, NULL, false, true },
    { FIREFOX, "navigate", "none", "document", NULL, NULL, false, true },
    { CHROME, "cors", "same-origin", "empty", NULL, NULL, false, true },
    { CHROME, "no-cors", "same-origin", "video", NULL, NULL, false, true },

    /* meta refresh, location.reload, and what comes along */

    { CHROME, "navigate", "same-origin", "document", NULL, NULL, false,
      false },
    { FIREFOX, "navigate", "same-origin", "document", NULL, NULL, false,
      false },
    { CHROME, "navigate", "same-origin", "document", "?0", NULL, false,
      false },
    { CHROME, "no-cors", "same-origin", "image", NULL, NULL, false, false },
    { FIREFOX, "no-cors", "same-origin", "style", NULL, NULL, false, false },
    { CHROME, "cors", "same-origin", "script", NULL, NULL, false, false },

    /* Safari never says who did it, whatever it calls itself on a phone */

    { SAFARI, "navigate", "same-origin", "document", NULL, NULL, false,
      true },
    { IOS, "navigate", "same-origin", "document", NULL, NULL, false, true },
    { SAFARI, "no-cors", "same-origin", "image", NULL, NULL, false, true },
    { NULL, "navigate", "same-origin", "document", NULL, NULL, false, true },

    /* browsers and programs that say nothing */

    { CHROME, NULL, NULL, NULL, NULL, NULL, false, true },
    { NULL, NULL, NULL, NULL, NULL, NULL, false, true },

    /* guessed ahead, by any browser; handshakes */

    { CHROME, "navigate", "same-origin", "document", "?1", "prefetch", false,
      false },
    { SAFARI, "navigate", "none", "document", NULL, "prefetch;prerender",
      false, false },
    { NULL, NULL, NULL, NULL, NULL, "prefetch", false, false },
    { CHROME, "websocket", "same-origin", "empty", NULL, NULL, true, false },
    { NULL, NULL, NULL, NULL, NULL, NULL, true, false }
};


static mfa_signs_t
signs_of(const sign_t *sign)
{
    return (mfa_signs_t) {
        .path = mfa_str("/ess/page"),
        .purpose = mfa_str_from(sign->purpose),
        .site = mfa_str_from(sign->site),
        .mode = mfa_str_from(sign->mode),
        .dest = mfa_str_from(sign->dest),
        .user = mfa_str_from(sign->user),
        .user_agent = mfa_str_from(sign->agent),
        .is_upgrade = sign->is_upgrade
    };
}


/* L8 */

static void
what_people_do_counts_and_nothing_else(void **state)
{
    size_t       i;
    mfa_signs_t  is;

    (void) state;

    for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        is = signs_of(&signs[i]);

        if (mfa_legacy_is_person(&legacy, &is) != signs[i].is_person) {
            fail_msg("case %zu", i);
        }
    }
}


static void
ignored_paths_are_those_named_and_no_more(void **state)
{
    size_t       i;
    mfa_signs_t  is;

    static const char *const  ignored[] = { "/ess/poll", "/live/",
                                            "/live/a/b" };
    static const char *const  others[] = { "/ess/poll/", "/ess/pol",
                                           "/ess/polls", "/live", "/",
                                           "/ESS/POLL" };

    (void) state;

    assert_int_equal(mfa_strs_add(arena, &legacy.idle_ignore,
                                  mfa_str("/ess/poll")), MFA_OK);
    assert_int_equal(mfa_strs_add(arena, &legacy.idle_ignore,
                                  mfa_str("/live/")), MFA_OK);

    is = signs_of(&signs[0]);

    for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        is.path = mfa_str_from(ignored[i]);
        assert_false(mfa_legacy_is_person(&legacy, &is));
    }

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        is.path = mfa_str_from(others[i]);
        assert_true(mfa_legacy_is_person(&legacy, &is));
    }
}


#define legacy_test(name)                                                     \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        legacy_test(an_old_address_leads_to_the_new_one),
        legacy_test(no_rest_of_a_path_leads_to_another_host),
        legacy_test(one_that_moved_to_another_host_is_let_through_there),
        legacy_test(only_our_own_pages_log_out_at_once),
        legacy_test(a_logout_belongs_to_its_host),
        legacy_test(what_people_do_counts_and_nothing_else),
        legacy_test(ignored_paths_are_those_named_and_no_more),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
