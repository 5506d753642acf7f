/*
 * Recovery codes and remembered devices as a person meets them, and what
 * people see of neither where the realm has none.
 */

#include "mfa_factor_ask.h"


typedef struct {
    char    items[MFA_RECOVERY_CODES + 2][32];
    size_t  count;
} codes_t;


static void
read_codes(const visitor_t *v, codes_t *codes)
{
    const char  *at;

    memset(codes, 0, sizeof(*codes));

    for (at = strstr(v->page, "<li><code>"); at != NULL;
         at = strstr(at, "<li><code>"))
    {
        at += strlen("<li><code>");
        assert_true(codes->count < MFA_RECOVERY_CODES + 2);
        (void) snprintf(codes->items[codes->count++], 32, "%.*s",
                        (int) strcspn(at, "<"), at);
    }
}


static void
ann_makes_codes(visitor_t *v, codes_t *codes)
{
    (void) ann_secures(v, all_lines, NULL);
    ann_sets_up_sms(v);

    assert_true(visitor_sees(v, "Make recovery codes"));
    visitor_submit(v, "do=recovery");
    assert_true(visitor_sees(v, "<h1>Recovery codes</h1>"));
    read_codes(v, codes);
    assert_int_equal(codes->count, MFA_RECOVERY_CODES);
}


/* E8, B15 */

static void
ten_codes_are_shown_once_after_enrolment(void **state)
{
    char       url[256], done[256];
    size_t     i;
    codes_t    codes, again;
    visitor_t  v;

    (void) state;

    ann_makes_codes(&v, &codes);
    (void) snprintf(url, sizeof(url), "%.255s", v.url);

    for (i = 0; i < codes.count; i++) {
        assert_int_equal(strlen(codes.items[i]), 19);
    }

    /* Back and refresh show the same ten, and none is made again */

    visitor_open(&v, url, NULL);
    read_codes(&v, &again);
    assert_memory_equal(&codes, &again, sizeof(codes));

    (void) snprintf(done, sizeof(done), "/mfa/register/done%s",
                    strchr(url, '?'));
    visitor_open(&v, done, NULL);
    assert_true(visitor_sees(&v, "Thank you for registering"));
    assert_false(visitor_sees(&v, "Make recovery codes"));

    visitor_open(&v, url, NULL);
    visitor_submit(&v, "do=continue");
    assert_string_equal(v.url, "/mfa/");

    visitor_open(&v, url, NULL);
    assert_false(visitor_sees(&v, codes.items[0]));
    ann_leaves(&v);
}


/* E8 */

static void
codes_can_be_taken_as_text_while_they_are_shown(void **state)
{
    char       url[256];
    size_t     i;
    codes_t    codes;
    answer_t   answer;
    visitor_t  v;
    ask_t      ask = { .url = url };

    (void) state;

    ann_makes_codes(&v, &codes);
    (void) snprintf(url, sizeof(url), "/mfa/recovery-codes/text%.128s",
                    strchr(v.url, '?'));

    ask_send(&v, &ask, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer_header(&answer, "Content-Type"),
                        "text/plain; charset=utf-8");
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-store");
    assert_string_equal(answer_header(&answer, "Content-Disposition"),
                        "attachment; filename=\"recovery-codes.txt\"");

    for (i = 0; i < codes.count; i++) {
        assert_non_null(strstr(answer.body.data, codes.items[i]));
    }

    answer_done(&answer);

    /* another browser with the same address sees nothing */

    memset(v.cookies, 0, sizeof(v.cookies));
    ask_send(&v, &ask, &answer);
    assert_int_equal(answer.status, 303);
    assert_null(strstr(answer.body.data, codes.items[0]));
    answer_done(&answer);
    ann_leaves(&v);
}


/* before codes were made their page leads to the end page */

static void
no_codes_are_shown_before_they_are_made(void **state)
{
    char       url[256];
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    ann_sets_up_sms(&v);

    (void) snprintf(url, sizeof(url), "/mfa/recovery-codes%.128s",
                    strchr(v.url, '?'));
    visitor_open(&v, url, NULL);
    assert_true(visitor_sees(&v, "Thank you for registering"));

    (void) snprintf(url, sizeof(url), "/mfa/recovery-codes/text%.128s",
                    strchr(v.url, '?'));
    visitor_open(&v, url, NULL);
    assert_true(visitor_sees(&v, "Thank you for registering"));
    ann_leaves(&v);
}


/* L3, B15 */

static void
a_recovery_code_opens_one_login(void **state)
{
    codes_t    codes;
    visitor_t  v;

    (void) state;

    ann_makes_codes(&v, &codes);
    visitor_submit(&v, "do=continue");

    ann_logs_in(&v);
    follow(&v, "Use a recovery code");
    assert_true(visitor_sees(&v, "<h1>Verify</h1>"));
    assert_true(visitor_sees(&v, ">Recovery code</label>"));
    assert_true(visitor_sees(&v, "autocomplete=\"off\""));
    assert_false(visitor_sees(&v, "inputmode=\"numeric\""));
    assert_true(visitor_sees(&v, "Codes not used yet: 10"));

    submit_code(&v, codes.items[3], "verify");
    assert_string_equal(v.url, "/ess/page");

    ann_logs_in(&v);
    follow(&v, "Use a recovery code");
    assert_true(visitor_sees(&v, "Codes not used yet: 9"));
    submit_code(&v, codes.items[3], "verify");
    assert_true(visitor_sees(&v, "<title>Error: "));
    assert_true(visitor_sees(&v, "<h1>Verify</h1>"));

    follow(&v, "Try another way");
    assert_true(visitor_sees(&v, ">Send code</button>"));
    ann_leaves(&v);
}


/* L13 */

static void
a_remembered_device_skips_the_second_factor_and_nothing_else(void **state)
{
    char       code[16], body[96];
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    ann_sets_up_sms(&v);
    ann_logs_in(&v);
    visitor_submit(&v, "do=send");
    assert_true(visitor_sees(&v, ">Remember this device</label>"));
    assert_true(visitor_sees(&v, "For 30 days"));

    sent_code(&v, "sms", code);
    (void) snprintf(body, sizeof(body), "code=%s&remember=1&do=verify", code);
    visitor_submit(&v, body);
    assert_string_equal(v.url, "/ess/page");
    assert_string_not_equal(v.cookies[3], "");

    ann_logs_in(&v);
    assert_string_equal(v.url, "/ess/page");
    assert_string_not_equal(v.cookies[0], "");

    /* the password is asked for all the same */

    v.cookies[0][0] = '\0';
    visitor_open(&v, "/mfa/login?to=/ess/page", NULL);
    visitor_submit(&v, "email=" ASK_ANN "&password=wrong");
    assert_true(visitor_sees(&v, "Invalid login."));
    assert_string_equal(v.cookies[0], "");

    /* another browser is not this device */

    v.cookies[3][0] = '\0';
    ann_logs_in(&v);
    assert_true(visitor_sees(&v, "<h1>Verify</h1>"));
    ann_leaves(&v);
}


/* D1: kept for its time, for us alone */

static void
the_cookie_of_a_device_is_kept_for_its_time(void **state)
{
    char        code[16], body[512], token[128], flow[64];
    size_t      i;
    bool        is_seen;
    ask_t       ask;
    answer_t    answer;
    visitor_t   v;
    mfa_pair_t  header;

    (void) state;

    (void) ann_secures(&v, all_lines, NULL);
    ann_sets_up_sms(&v);
    ann_logs_in(&v);
    visitor_submit(&v, "do=send");
    visitor_hidden(&v, "token", token, sizeof(token));
    visitor_hidden(&v, "flow", flow, sizeof(flow));
    sent_code(&v, "sms", code);
    (void) snprintf(body, sizeof(body), "token=%s&flow=%s&code=%s&remember=1"
                    "&do=verify", token, flow, code);

    ask = ask_form("/mfa/verify", body);
    ask_send(&v, &ask, &answer);
    is_seen = false;

    for (i = 0; i < answer.headers.count; i++) {
        header = answer.headers.items[i];

        if (mfa_str_has_prefix(header.value, mfa_str("__Host-mfa_device="))) {
            is_seen = true;
            assert_non_null(strstr(header.value.data, "; Path=/; HttpOnly; "
                                   "SameSite=Lax; Secure; Max-Age=2592000"));
        }
    }

    assert_true(is_seen);
    answer_done(&answer);
    ann_leaves(&v);
}


static void
plain_lines(world_t *world)
{
    WORLD_LINE(world, "recovery_codes", "off");
}


/* one method, nothing else allowed: the pages are as they were */

static void
where_only_an_app_is_allowed_nothing_else_is_offered(void **state)
{
    char       secret[64];
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, plain_lines, NULL);
    assert_true(strncmp(v.url, "/mfa/secure?", 12) == 0);
    assert_false(visitor_sees(&v, "using SMS"));
    assert_false(visitor_sees(&v, "Choose another method"));

    visitor_secret(&v, secret, sizeof(secret));
    visitor_send_app_code(&v, secret, 0);
    assert_true(visitor_sees(&v, "Thank you for registering"));
    assert_false(visitor_sees(&v, "Make recovery codes"));

    ann_logs_in(&v);
    assert_true(strncmp(v.url, "/mfa/verify?", 12) == 0);
    assert_false(visitor_sees(&v, "Try another way"));
    assert_false(visitor_sees(&v, "Use a recovery code"));
    assert_false(visitor_sees(&v, "Remember this device"));
    ann_leaves(&v);
}


/* the clock of the phone is 4 minutes slow: said, and still refused */

static void
a_wrong_clock_is_told_by_minutes(void **state)
{
    char       secret[64];
    visitor_t  v;

    (void) state;

    (void) ann_secures(&v, plain_lines, NULL);
    visitor_secret(&v, secret, sizeof(secret));
    visitor_send_app_code(&v, secret, 0);
    ann_logs_in(&v);

    visitor_send_app_code(&v, secret, -8);
    assert_true(strncmp(v.url, "/mfa/verify?", 12) == 0);
    assert_true(visitor_sees(&v, "about 4 minutes slow"));
    assert_false(visitor_sees(&v, "{{"));

    /* each failure counts */

    assert_true(visitor_sees(&v, "Tries left: 4"));
    ann_leaves(&v);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(ten_codes_are_shown_once_after_enrolment),
        cmocka_unit_test(codes_can_be_taken_as_text_while_they_are_shown),
        cmocka_unit_test(no_codes_are_shown_before_they_are_made),
        cmocka_unit_test(a_recovery_code_opens_one_login),
        cmocka_unit_test(
            a_remembered_device_skips_the_second_factor_and_nothing_else),
        cmocka_unit_test(the_cookie_of_a_device_is_kept_for_its_time),
        cmocka_unit_test(where_only_an_app_is_allowed_nothing_else_is_offered),
        cmocka_unit_test(a_wrong_clock_is_told_by_minutes)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
