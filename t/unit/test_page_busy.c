/*
 * Too many at once: the page that says so, in each language, for page loads
 * alone; it is the same for everybody (H4).
 */

#include "mfa_visitor_ask.h"


#define NO_TOKEN  "name=\"token\""

static void
world_lines(world_t *world)
{
    WORLD_LINE(world, "languages", "en", "cy");
}


static mfa_request_t
page_load(void)
{
    return (mfa_request_t) { .method = MFA_METHOD_POST,
                             .path = mfa_str("/mfa/login"),
                             .query = mfa_str("flow=of-somebody"),
                             .accept = mfa_str("text/html") };
}


static const mfa_reply_t *
ask(const world_t *world, mfa_request_t *request, const char *cookie,
    const char *accept)
{
    mfa_str_t           cookies[1] = { mfa_str_from(cookie) };
    const mfa_reply_t  *reply;

    request->cookies = (mfa_strs_t) { cookies, 1 };
    request->accept_language = mfa_str_from(accept);

    reply = mfa_busy(world->mfa, request);
    assert_non_null(reply);
    assert_int_equal(reply->status, 503);

    return reply;
}


static void
it_is_in_the_language_of_the_browser(void **state)
{
    world_t            *world;
    mfa_request_t       request = page_load();
    const mfa_reply_t  *english, *welsh;

    (void) state;

    world = world_open_with("memory:busy", "https://people.example.org",
                            world_lines);

    english = ask(world, &request, "a=b", "de");
    assert_non_null(strstr(english->body.data, "<h1>Please wait a minute"));

    welsh = ask(world, &request, "a=b", "cy-GB, en;q=0.5");
    assert_non_null(strstr(welsh->body.data, "<html lang=\"cy\">"));
    assert_null(strstr(welsh->body.data, "Please wait"));

    assert_ptr_equal(ask(world, &request, "__Host-mfa_lang=cy", "en"), welsh);
    assert_ptr_equal(ask(world, &request, "__Host-mfa_lang=xx", "en"), english);

    world_close(world);
}


static void
it_holds_nothing_of_anybody(void **state)
{
    size_t              i;
    unsigned            waits;
    world_t            *world;
    mfa_request_t       request = page_load();
    const mfa_reply_t  *reply;

    (void) state;

    world = world_open_with("memory:busy", "https://people.example.org",
                            world_lines);

    reply = ask(world, &request, "__Host-mfa_browser=x", "en");
    assert_null(strstr(reply->body.data, "of-somebody"));
    assert_null(strstr(reply->body.data, NO_TOKEN));
    waits = 0;

    for (i = 0; i < reply->headers.count; i++) {
        assert_false(mfa_str_eq_c(reply->headers.items[i].name,
                                  "Set-Cookie"));
        waits += mfa_str_eq_c(reply->headers.items[i].name, "Retry-After");
    }

    assert_int_equal(waits, 1);
    assert_ptr_equal(ask(world, &request, "__Host-mfa_browser=y", "en"), reply);

    world_close(world);
}


static void
a_program_is_told_without_a_page(void **state)
{
    world_t        *world;
    mfa_request_t   request = page_load();

    (void) state;

    world = world_open_with("memory:busy", "https://people.example.org",
                            world_lines);

    request.accept = mfa_str("application/json");
    assert_null(mfa_busy(world->mfa, &request));

    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(it_is_in_the_language_of_the_browser),
        cmocka_unit_test(it_holds_nothing_of_anybody),
        cmocka_unit_test(a_program_is_told_without_a_page),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
