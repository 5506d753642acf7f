/* What was proved and with which browser, in words. */

#include "mfa_fixture.h"


typedef struct {
    mfa_user_t     user;
    mfa_session_t  session;
} issue_t;


static mfa_status_t
issue_in(mfa_tx_t *tx, void *arg)
{
    issue_t    *issue = arg;
    mfa_str_t   token;

    issue->session.agent.len = MFA_AGENT_MAX + 2;

    return mfa_session_issue(tx, &issue->user, &issue->session, &token);
}


/* G5 */

static void
amr_claims_mfa_only_for_two_kinds(void **state)
{
    fixture_t  *f = *state;

    assert_true(mfa_str_eq_c(mfa_amr_text(0, f->arena), ""));
    assert_true(mfa_str_eq_c(mfa_amr_text(MFA_AMR_PWD, f->arena), "pwd"));
    assert_true(mfa_str_eq_c(mfa_amr_text(MFA_AMR_OTP | MFA_AMR_SMS,
                                          f->arena), "otp sms"));
    assert_true(mfa_str_eq_c(mfa_amr_text(MFA_AMR_PWD | MFA_AMR_OTP,
                                          f->arena), "pwd otp mfa"));
    assert_true(mfa_str_eq_c(mfa_amr_text(MFA_AMR_PWD | MFA_AMR_EMAIL,
                                          f->arena), "pwd email mfa"));
}


/* L13: it skips the second factor and is none */

static void
a_remembered_device_is_no_factor(void **state)
{
    issue_t     issue;
    fixture_t  *f = *state;

    assert_true(mfa_str_eq_c(mfa_amr_text(MFA_AMR_PWD | MFA_AMR_DEVICE,
                                          f->arena), "pwd device"));
    assert_true(mfa_str_eq_c(mfa_amr_text(MFA_AMR_PWD | MFA_AMR_OTP
                                          | MFA_AMR_DEVICE, f->arena),
                             "pwd otp device mfa"));

    fixture_user(f, "ann.employee@example.org", &issue.user);
    issue.session = (mfa_session_t) { .amr = MFA_AMR_PWD | MFA_AMR_DEVICE };
    issue.session.agent = mfa_str("Firefox on Windows, of Ann Employee's "
                                  "own, which has a very long name");
    assert_int_equal(mfa_update(fixture_work(f), issue_in, &issue), MFA_OK);
    assert_int_equal(issue.session.factor_at, 0);
}


static void
agents_have_plain_names(void **state)
{
    size_t      i;
    fixture_t  *f = *state;

    static const char *const  names[][2] = {
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101"
          " Firefox/130.0", "Firefox on Windows" },
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
          "(KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36 Edg/128.0",
          "Edge on Windows" },
        { "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like "
          "Gecko) Chrome/128.0 Mobile Safari/537.36", "Chrome on Android" },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit"
          "/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1",
          "Safari on iPhone" },
        { "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 "
          "(KHTML, like Gecko) Version/17.5 Safari/605", "Safari on macOS" },
        { "curl/8.0", "curl" },
        { "<script>Linux", "Browser on Linux" },
        { "\"\r\n", "Browser" },
        { "", "Browser" },
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(mfa_str_eq_c(mfa_agent_name(mfa_str_from(names[i][0]),
                                                f->arena), names[i][1]));
    }

    assert_true(mfa_str_eq_c(mfa_agent_name(mfa_null, f->arena), "Browser"));
}


static void
a_long_agent_is_cut_between_characters(void **state)
{
    char        wide[MFA_AGENT_MAX + 2];
    issue_t     issue;
    fixture_t  *f = *state;

    memset(wide, 'x', sizeof(wide));
    memcpy(wide + MFA_AGENT_MAX - 1, "\xc3\xab", 2);
    fixture_user(f, "ann.employee@example.org", &issue.user);
    issue.session = (mfa_session_t) { .amr = MFA_AMR_PWD };
    issue.session.agent = mfa_str_bytes(wide, sizeof(wide));
    assert_int_equal(mfa_update(fixture_work(f), issue_in, &issue), MFA_OK);
    assert_int_equal(issue.session.agent.len, MFA_AGENT_MAX - 1);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST_ON(amr_claims_mfa_only_for_two_kinds, "memory"),
        FIXTURE_TEST(a_remembered_device_is_no_factor),
        FIXTURE_TEST_ON(agents_have_plain_names, "memory"),
        FIXTURE_TEST(a_long_agent_is_cut_between_characters),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
