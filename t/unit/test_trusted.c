/*
 * Y4: somebody whom another service proved is logged in without any factor
 * of ours, and nothing of it holds without that proof.
 */

#include "mfa_flow_ask.h"


#define LOGIN   "/mfa/login?to=/ess/"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
few_lines(world_t *of)
{
    flow_lines(of);
    WORLD_LINE(of, "sessions_per_user", "1");
}


static void
begin(const char *kinds)
{
    world = flow_world(few_lines, kinds, &ann);
    visitor_init(&v, world);
    v.trusted = ANN;
    v.trusted_amr = "hwk mfa";
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


static bool
lives(void)
{
    visitor_ask(&v, "/mfa/", NULL);

    return v.status == 200 && visitor_sees(&v, "Your applications");
}


typedef struct {
    mfa_session_t  sessions[4];
    size_t         count;
    char           amr[64];
} seen_t;


static mfa_status_t
look(mfa_tx_t *tx, void *arg)
{
    seen_t         *seen = arg;
    mfa_status_t    st;
    mfa_session_t  *sessions;

    st = mfa_session_list(tx, &ann, &sessions, &seen->count);

    if (st == MFA_OK && seen->count > 0) {
        seen->sessions[0] = sessions[0];
        (void) snprintf(seen->amr, sizeof(seen->amr), MFA_STR_FMT,
                        MFA_STR_ARG(mfa_session_amr(&sessions[0],
                                                    tx->work->arena)));
    }

    return st;
}


static seen_t
sessions(void)
{
    seen_t  seen;

    memset(&seen, 0, sizeof(seen));
    world_update(world, look, &seen);

    return seen;
}


/* Y4 */

static void
a_trusted_person_is_logged_in_without_a_form(void **state)
{
    seen_t  seen;

    (void) state;

    begin("totp");
    visitor_open(&v, LOGIN, NULL);

    assert_string_equal(v.url, "/ess/");
    assert_true(is_logged_in(&v));
    assert_true(lives());

    seen = sessions();
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.amr, "hwk mfa");
    assert_int_equal(seen.sessions[0].amr,
                     MFA_AMR_TRUSTED | MFA_AMR_TRUSTED_MFA);
    assert_non_null(strstr(world->events, "\"reason\":\"trusted\""));

    end();
}


/* Y4, D9: the cookie alone, or beside another's proof, is nothing */

static void
a_trusted_session_falls_with_its_proof(void **state)
{
    (void) state;

    begin("totp");
    visitor_open(&v, LOGIN, NULL);

    v.trusted = NULL;
    assert_false(lives());
    visitor_open(&v, "/mfa/security", NULL);
    assert_true(visitor_sees(&v, "Password"));
    assert_string_equal(v.url, "/mfa/login?to=/mfa/security");

    v.trusted = EVE;
    assert_false(lives());

    v.trusted = ANN;
    assert_true(lives());

    end();
}


/* Y4: nor do the forms of a page that its owner opened do anything */

static void
a_form_without_the_proof_does_nothing(void **state)
{
    seen_t  seen;

    (void) state;

    begin("totp");
    visitor_open(&v, LOGIN, NULL);
    visitor_open(&v, "/mfa/security", NULL);

    v.trusted = NULL;
    visitor_submit(&v, "do=password");
    assert_null(strstr(v.url, "/mfa/security/password"));
    assert_true(visitor_sees(&v, "Login"));

    v.trusted = ANN;
    assert_true(lives());
    seen = sessions();
    assert_int_equal(seen.count, 1);

    end();
}


/* Y4: a session of our own does not count beside the proof of anybody */

static void
a_session_of_ours_ends_where_another_person_is_proved(void **state)
{
    (void) state;

    begin("totp");
    v.trusted = NULL;
    visitor_open(&v, "/mfa/login", NULL);
    visitor_submit(&v, "email=" ANN "&password=copper+kettle+nine");
    visitor_send_app_code(&v, ANN_SECRET, 0);
    assert_true(lives());

    v.trusted = EVE;
    assert_false(lives());
    visitor_open(&v, LOGIN, NULL);
    assert_int_equal(v.status, 403);

    end();
}


/* Y4: strangers, the locked, the disabled, half a registration */

static mfa_status_t
change(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_get(tx, &ann, &user);
    if (st != MFA_OK) {
        return st;
    }

    user.is_locked = strcmp(arg, "locked") == 0;
    user.is_disabled = strcmp(arg, "disabled") == 0;

    if (strcmp(arg, "foreign") == 0) {
        user.is_on_roster = false;
        user.registered_at = 0;
    }

    return mfa_user_save(tx, &user, NULL);
}


static void
nobody_else_is_let_in(void **state)
{
    size_t  i;
    char    what[16];

    static const char *const  names[] = { "locked", "disabled", "foreign" };

    static const char *const  strangers[] = {
        EVE, "x", "ann", " ", "ann.employee@example.org.",
        "ann.employee@example.org,max", "\xff\xfe", "Ann Employee"
    };

    (void) state;

    begin("totp");

    for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        v.trusted = strangers[i];
        visitor_open(&v, LOGIN, NULL);

        assert_int_equal(v.status, 403);
        assert_false(is_logged_in(&v));
        assert_false(visitor_sees(&v, "type=\"password\""));

        v.cookies[0][0] = '\0';
    }

    v.trusted = ANN;

    for (i = 0; i < 3; i++) {
        v.cookies[0][0] = '\0';
        (void) snprintf(what, sizeof(what), "%s", names[i]);
        world_update(world, change, what);
        visitor_open(&v, LOGIN, NULL);
        assert_int_equal(v.status, 403);
        assert_false(is_logged_in(&v));
    }

    assert_non_null(strstr(world->events, "\"result\":\"fail\""));

    end();
}


/* Y4: as for every login, the oldest session ends */

static void
sessions_per_user_hold(void **state)
{
    visitor_t  other;

    (void) state;

    begin("totp");
    visitor_open(&v, LOGIN, NULL);

    visitor_init(&other, world);
    other.trusted = ANN;
    other.trusted_amr = "hwk mfa";
    world->now += MFA_SECOND;
    visitor_open(&other, LOGIN, NULL);
    visitor_done(&other);

    assert_int_equal(sessions().count, 1);
    assert_false(lives());

    end();
}


/* Y4, H2: no password was given here */

static void
the_browser_is_not_known_from_then_on(void **state)
{
    (void) state;

    begin("totp");
    visitor_open(&v, LOGIN, NULL);
    assert_null(strchr(v.cookies[1], '.'));

    end();
}


/* Y4, Y3: a code of ours is added; the proof and its words stay */

static void
a_step_up_keeps_the_trusted_proof(void **state)
{
    (void) state;

    begin("totp");
    v.trusted_amr = "wia";
    visitor_open(&v, LOGIN, NULL);
    visitor_open(&v, "/mfa/step-up?to=/ess/", NULL);
    visitor_send_app_code(&v, ANN_SECRET, 0);

    assert_string_equal(v.url, "/ess/");
    assert_string_equal(sessions().amr, "wia otp");
    assert_int_equal(sessions().count, 1);
    assert_true(lives());

    v.trusted = NULL;
    assert_false(lives());

    end();
}


/* Y4: the right code alone is no login where the proof went away */

static void
a_step_up_without_the_proof_is_no_login(void **state)
{
    (void) state;

    begin("totp");
    v.trusted_amr = "wia";
    visitor_open(&v, LOGIN, NULL);
    visitor_open(&v, "/mfa/step-up?to=/ess/", NULL);

    v.trusted = NULL;
    visitor_send_app_code(&v, ANN_SECRET, 0);
    assert_false(lives());
    assert_string_not_equal(sessions().amr, "wia otp");

    v.trusted = ANN;
    assert_true(lives());
    assert_string_equal(sessions().amr, "wia");

    end();
}


/* Y4: no session rests on a proof that is not there */

typedef struct {
    unsigned        amr;
    bool            has_proof;
    const char     *words;
    mfa_status_t    st;
    mfa_session_t   session;
} issue_t;


static mfa_status_t
issue(mfa_tx_t *tx, void *arg)
{
    uint8_t             proof[MFA_DIGEST_SIZE];
    issue_t            *at = arg;
    mfa_step_t          step;
    mfa_status_t        st;
    mfa_session_view_t  view;

    memset(&step, 0, sizeof(step));
    memset(proof, 7, sizeof(proof));

    step.tx = tx;
    step.work = tx->work;
    step.trusted = mfa_str_from(at->words);

    tx->work->proof = at->has_proof ? proof : NULL;

    st = mfa_user_get(tx, &ann, &step.user);
    if (st != MFA_OK) {
        return st;
    }

    at->st = mfa_flow_session(&step, at->amr);

    if (at->st == MFA_OK) {
        st = mfa_session_look(tx, step.token, &view);
        at->session = view.session;
        assert_int_equal(view.verdict, MFA_VERDICT_PASS);
    }

    tx->work->proof = NULL;

    return st;
}


static void
no_session_rests_on_a_proof_that_is_not_there(void **state)
{
    size_t   i;
    issue_t  at;

    static const issue_t  cases[] = {
        { MFA_AMR_TRUSTED, false, "", MFA_EXPIRED, { .epoch = 0 } },
        { MFA_AMR_TRUSTED | MFA_AMR_OTP, true, "", MFA_EXPIRED,
          { .epoch = 0 } },
        { MFA_AMR_TRUSTED_MFA, true, "", MFA_EXPIRED, { .epoch = 0 } },
        { MFA_AMR_TRUSTED, false, "hwk", MFA_EXPIRED, { .epoch = 0 } },
        { MFA_AMR_PWD, true, "hwk", MFA_EXPIRED, { .epoch = 0 } },
        { MFA_AMR_TRUSTED, true, "hwk", MFA_OK, { .epoch = 0 } },
        { MFA_AMR_PWD | MFA_AMR_OTP, false, "", MFA_OK, { .epoch = 0 } }
    };

    (void) state;

    begin("totp");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        at = cases[i];
        at.st = MFA_BUG;
        world_update(world, issue, &at);
        assert_int_equal(at.st, cases[i].st);
    }

    end();
}


/* Y4, D4: the other service may be the mailbox itself */

static void
a_mailed_password_is_held_all_the_same(void **state)
{
    mfa_step_t  step;

    (void) state;

    memset(&step, 0, sizeof(step));

    step.user.mailed_password_at = 1;
    step.flow.amr = MFA_AMR_TRUSTED | MFA_AMR_TRUSTED_MFA | MFA_AMR_EMAIL;
    mfa_flow_mail_proved(&step);
    assert_int_equal(step.user.mailed_password_at, 1);

    step.flow.amr |= MFA_AMR_OTP;
    mfa_flow_mail_proved(&step);
    assert_int_equal(step.user.mailed_password_at, 0);
}


/* Y4: amr and proof of a session against what a request claims */

static void
a_session_counts_only_as_it_was_proved(void **state)
{
    uint8_t         other[MFA_DIGEST_SIZE];
    mfa_realm_t    *realm;
    mfa_identity_t  one;

    (void) state;

    begin("");

    memset(&one, 0, sizeof(one));
    one.amr_bits = MFA_AMR_TRUSTED;
    assert_int_equal(mfa_trusted_proof(world->realm, mfa_str("ann"),
                                       one.proof), MFA_OK);

    assert_int_equal(mfa_trusted_judge(world->realm, &one, mfa_str("ann")),
                     MFA_VERDICT_PASS);
    assert_int_equal(mfa_trusted_judge(world->realm, &one, mfa_str("Ann")),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_trusted_judge(world->realm, &one, mfa_str("")),
                     MFA_VERDICT_DENY);

    /* the same name in another realm is another proof */

    assert_int_equal(mfa_realm_begin(mfa_str("other"), &world->ports, &realm),
                     MFA_OK);
    assert_int_equal(mfa_trusted_judge(realm, &one, mfa_str("ann")),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_trusted_proof(realm, mfa_str("ann"), other), MFA_OK);
    assert_memory_not_equal(one.proof, other, MFA_DIGEST_SIZE);
    mfa_realm_free(&realm);

    one.amr_bits = MFA_AMR_PWD | MFA_AMR_OTP;
    assert_int_equal(mfa_trusted_judge(world->realm, &one, mfa_str("")),
                     MFA_VERDICT_PASS);
    assert_int_equal(mfa_trusted_judge(world->realm, &one, mfa_str("ann")),
                     MFA_VERDICT_DENY);

    end();
}


#define each(name)  cmocka_unit_test(name)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_trusted_person_is_logged_in_without_a_form),
        each(a_trusted_session_falls_with_its_proof),
        each(a_form_without_the_proof_does_nothing),
        each(a_session_of_ours_ends_where_another_person_is_proved),
        each(nobody_else_is_let_in),
        each(sessions_per_user_hold),
        each(the_browser_is_not_known_from_then_on),
        each(a_step_up_keeps_the_trusted_proof),
        each(a_step_up_without_the_proof_is_no_login),
        each(no_session_rests_on_a_proof_that_is_not_there),
        each(a_mailed_password_is_held_all_the_same),
        each(a_session_counts_only_as_it_was_proved)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
