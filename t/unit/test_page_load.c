/*
 * Page loads and other requests, and what the gate answers to each (L12, E5,
 * E7): a page load goes to Login, everything else gets 401 and JSON.
 */

#include "mfa_visitor_ask.h"


typedef struct {
    mfa_method_t  method;
    const char   *fetch_mode;
    const char   *fetch_site;
    const char   *accept;
    const char   *requested_with;
    bool          is_page_load;
} load_t;

#define CHROME  "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;"  \
                "q=0.8"

static const load_t  loads[] = {

    /* browsers that say what they do */

    { MFA_METHOD_GET, "navigate", "none", CHROME, NULL, true },
    { MFA_METHOD_GET, "navigate", "cross-site", CHROME, NULL, true },
    { MFA_METHOD_HEAD, "navigate", "same-origin", CHROME, NULL, true },
    { MFA_METHOD_POST, "navigate", "same-origin", CHROME, NULL, true },
    { MFA_METHOD_GET, "navigate", NULL, NULL, NULL, true },
    { MFA_METHOD_GET, "navigate", "none", "*/*", "XMLHttpRequest", true },
    { MFA_METHOD_GET, "cors", "same-origin", CHROME, NULL, false },
    { MFA_METHOD_GET, "no-cors", "same-origin", CHROME, NULL, false },
    { MFA_METHOD_GET, "same-origin", "same-origin", CHROME, NULL, false },
    { MFA_METHOD_GET, "websocket", "same-origin", CHROME, NULL, false },
    { MFA_METHOD_GET, "nested-navigate", "none", CHROME, NULL, false },
    { MFA_METHOD_GET, "Navigate", "none", CHROME, NULL, false },
    { MFA_METHOD_GET, "", "none", CHROME, NULL, false },
    { MFA_METHOD_GET, NULL, "same-origin", CHROME, NULL, false },
    { MFA_METHOD_POST, "cors", "same-origin", CHROME, NULL, false },

    /* browsers that do not, and programs */

    { MFA_METHOD_GET, NULL, NULL, CHROME, NULL, true },
    { MFA_METHOD_HEAD, NULL, NULL, CHROME, NULL, true },
    { MFA_METHOD_POST, NULL, NULL, CHROME, NULL, true },
    { MFA_METHOD_GET, NULL, NULL, "text/html", NULL, true },
    { MFA_METHOD_GET, NULL, NULL, "image/gif , text/html;q=0.1", NULL, true },
    { MFA_METHOD_GET, NULL, NULL, CHROME, "XMLHttpRequest", false },
    { MFA_METHOD_GET, NULL, NULL, CHROME, "", false },
    { MFA_METHOD_GET, NULL, NULL, "*/*", NULL, false },
    { MFA_METHOD_GET, NULL, NULL, "text/*", NULL, false },
    { MFA_METHOD_GET, NULL, NULL, "application/json", NULL, false },
    { MFA_METHOD_GET, NULL, NULL, "text/html5, xtext/html", NULL, false },
    { MFA_METHOD_GET, NULL, NULL, "application/json;x=text/html", NULL,
      false },
    { MFA_METHOD_GET, NULL, NULL, "", NULL, false },
    { MFA_METHOD_GET, NULL, NULL, NULL, NULL, false },

    /* methods that no page load has */

    { MFA_METHOD_OTHER, "navigate", "none", CHROME, NULL, false },
    { MFA_METHOD_OTHER, NULL, NULL, CHROME, NULL, false }
};


static mfa_request_t
load_request(const load_t *load)
{
    mfa_request_t  request;

    memset(&request, 0, sizeof(request));

    request.method = load->method;
    request.sec_fetch_mode = mfa_str_from(load->fetch_mode);
    request.sec_fetch_site = mfa_str_from(load->fetch_site);
    request.accept = mfa_str_from(load->accept);
    request.x_requested_with = mfa_str_from(load->requested_with);

    return request;
}


/* L12 E7 */
static void
page_loads_are_told_from_other_requests(void **state)
{
    size_t         i;
    mfa_request_t  request;

    (void) state;

    for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        request = load_request(&loads[i]);

        if (mfa_is_page_load(&request) != loads[i].is_page_load) {
            fail_msg("row %zu", i);
        }
    }
}


static const char *
header(const mfa_reply_t *reply, mfa_arena_t *arena, const char *name)
{
    char       *text;
    mfa_str_t   value;

    value = mfa_pairs_get(&reply->headers, mfa_str_from(name));

    if (value.data == NULL) {
        return "";
    }

    text = mfa_arena_cstr(arena, value);
    assert_non_null(text);

    return text;
}


static const mfa_level_t  any;


/* L1 L12: 303 for a page load, else 401 that says where to log in */
static void
each_kind_is_refused_in_its_own_way(void **state)
{
    size_t         i;
    world_t       *world;
    mfa_arena_t   *arena;
    mfa_reply_t    reply;
    mfa_request_t  request;

    static const char  json[] = "{\"error\":\"login_required\",\"login\":"
                                "\"https://people.example.org/mfa/login\"}\n";

    (void) state;

    world = world_open("memory:refuse", NULL);

    for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        arena = mfa_arena_open(64 * 1024);

        request = load_request(&loads[i]);
        request.path = mfa_str("/ess/payslip");
        request.query = mfa_str("month=3&year=2027");

        assert_int_equal(mfa_refuse(world->realm, &any, &request, arena,
                                    &reply), MFA_OK);
        assert_string_equal(header(&reply, arena, "Cache-Control"),
                            "no-store");

        if (loads[i].is_page_load) {
            assert_int_equal(reply.status, 303);
            assert_string_equal(header(&reply, arena, "Location"),
                                "https://people.example.org/mfa/login?to="
                                "/ess/payslip%3Fmonth%3D3%26year%3D2027");
            assert_string_equal(header(&reply, arena, "WWW-Authenticate"),
                                "");

        } else {
            assert_int_equal(reply.status, 401);
            assert_string_equal(header(&reply, arena, "Location"), "");
            assert_string_equal(header(&reply, arena, "WWW-Authenticate"),
                                "MFA-Session");
            assert_string_equal(header(&reply, arena, "Content-Type"),
                                "application/json");
            assert_true(mfa_str_eq_c(reply.body, json));
        }

        mfa_arena_close(&arena);
    }

    world_close(world);
}


/* Y3: a location that wants no more than a password says so to Login */
static void
a_location_of_level_one_is_named(void **state)
{
    world_t       *world;
    mfa_arena_t   *arena;
    mfa_reply_t    reply;
    mfa_level_t    one = { .level = MFA_LEVEL_ONE };
    mfa_request_t  request;

    (void) state;

    world = world_open("memory:one", NULL);
    arena = mfa_arena_open(64 * 1024);

    request = load_request(&loads[0]);
    request.path = mfa_str("/news/");

    assert_int_equal(mfa_refuse(world->realm, &one, &request, arena, &reply),
                     MFA_OK);
    assert_string_equal(header(&reply, arena, "Location"),
                        "https://people.example.org/mfa/login?to=/news/"
                        "&level=one");

    request.path = mfa_str("//evil.example");

    assert_int_equal(mfa_refuse(world->realm, &one, &request, arena, &reply),
                     MFA_OK);
    assert_string_equal(header(&reply, arena, "Location"),
                        "https://people.example.org/mfa/login?level=one");

    mfa_arena_close(&arena);
    world_close(world);
}


/* Y3: who is logged in is asked for what is missing, and for nothing else */
static void
a_step_up_is_asked_for_in_each_way(void **state)
{
    size_t         i;
    world_t       *world;
    mfa_arena_t   *arena;
    mfa_reply_t    reply;
    mfa_level_t    fresh = { .level = MFA_LEVEL_TWO,
                             .fresh = 10 * MFA_MINUTE };
    mfa_request_t  request;

    static const char  json[] = "{\"error\":\"step_up_required\",\"login\":"
                                "\"https://people.example.org/mfa/step-up\"}"
                                "\n";

    (void) state;

    world = world_open("memory:step", NULL);

    for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        arena = mfa_arena_open(64 * 1024);

        request = load_request(&loads[i]);
        request.path = mfa_str("/mss/pay");

        assert_int_equal(mfa_step_up(world->realm, &fresh, &request, arena,
                                     &reply), MFA_OK);

        if (loads[i].is_page_load) {
            assert_int_equal(reply.status, 303);
            assert_string_equal(header(&reply, arena, "Location"),
                                "https://people.example.org/mfa/step-up?to="
                                "/mss/pay");

        } else {
            assert_int_equal(reply.status, 401);
            assert_string_equal(header(&reply, arena, "WWW-Authenticate"),
                                "MFA-Session "
                                "error=\"insufficient_user_authentication\", "
                                "max_age=600");
            assert_true(mfa_str_eq_c(reply.body, json));
        }

        mfa_arena_close(&arena);
    }

    world_close(world);
}


/* E5 X95: what is no path of this origin is dropped, not repaired */
static void
an_unsafe_target_is_dropped(void **state)
{
    size_t         i;
    world_t       *world;
    mfa_arena_t   *arena;
    mfa_reply_t    reply;
    mfa_request_t  request;

    static char  big[3100];

    static const char *const  paths[] = {
        "//evil.example", "/\\evil.example", "/%5cevil.example",
        "\\\\evil.example", "https://evil.example/", "https:evil.example",
        "javascript:alert(1)", "data:text/html,x", "evil.example", "",
        "/mfa/logout", "/mfa", "/mfa/", "/%6dfa/logout", "//mfa/logout",
        "/x/../mfa/logout", "/a\r\nSet-Cookie: x=1", "/a%0d%0aX: y", "/a\tb",
        "/%00", "/%zz", big
    };

    (void) state;

    world = world_open("memory:target", NULL);

    memset(big, 'a', sizeof(big) - 1);
    big[0] = '/';
    big[sizeof(big) - 1] = '\0';

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        arena = mfa_arena_open(64 * 1024);

        request = load_request(&loads[0]);
        request.path = mfa_str_from(paths[i]);

        assert_int_equal(mfa_refuse(world->realm, &any, &request, arena,
                                    &reply), MFA_OK);
        assert_int_equal(reply.status, 303);

        if (strcmp(header(&reply, arena, "Location"),
                   "https://people.example.org/mfa/login") != 0)
        {
            fail_msg("\"%s\" leads to %s", paths[i],
                     header(&reply, arena, "Location"));
        }

        mfa_arena_close(&arena);
    }

    world_close(world);
}


/* L9: no memory is a fault that the caller sees, not half a reply */
static void
a_refusal_without_memory_is_a_fault(void **state)
{
    size_t         limit, complete;
    world_t       *world;
    mfa_arena_t   *arena;
    mfa_reply_t    reply;
    mfa_status_t   st;
    mfa_request_t  request;

    static char  path[1000];

    (void) state;

    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';

    world = world_open("memory:least", NULL);
    complete = 0;

    for (limit = 0; limit < 16384; limit++) {
        arena = mfa_arena_open(limit);

        request = load_request(&loads[limit % 2 == 0 ? 0 : 7]);
        request.path = mfa_str_from(path);

        st = mfa_refuse(world->realm, &any, &request, arena, &reply);

        if (st == MFA_OK) {
            complete++;
            assert_true((reply.status == 303
                         && mfa_pairs_get(&reply.headers,
                                          mfa_str("Location")).len > 1000)
                        || (reply.status == 401 && reply.body.len > 40));
        }

        mfa_arena_close(&arena);
    }

    assert_in_range(complete, 1, 16383);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(page_loads_are_told_from_other_requests),
        cmocka_unit_test(each_kind_is_refused_in_its_own_way),
        cmocka_unit_test(an_unsafe_target_is_dropped),
        cmocka_unit_test(a_location_of_level_one_is_named),
        cmocka_unit_test(a_step_up_is_asked_for_in_each_way),
        cmocka_unit_test(a_refusal_without_memory_is_a_fault)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
