/*
 * What a location demands of a session: every level against every session,
 * under every policy (Y1, Y3).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/mfa.h"


/* 2027-01-18, and two days around it */

#define FROM    (INT64_C(1800230400) * MFA_SECOND)
#define NOW     (FROM + 10 * MFA_DAY)
#define BEFORE  (FROM - 100 * MFA_DAY)

#define YES  MFA_VERDICT_PASS
#define NO   MFA_VERDICT_DENY


static mfa_line_t
line_of(const char *name, const char *const *words, mfa_str_t *args)
{
    mfa_line_t  line = { .name = mfa_str_from(name), .args = args,
                         .prefix = "/" };

    for ( /* void */ ; words[line.nargs] != NULL; line.nargs++) {
        args[line.nargs] = mfa_str_from(words[line.nargs]);
    }

    return line;
}


static mfa_realm_t *
realm_of(const char *const *policy)
{
    mfa_str_t     args[8];
    mfa_line_t    line;
    mfa_error_t   error;
    mfa_realm_t  *realm;

    assert_int_equal(mfa_realm_begin(mfa_str("staff"), &mfa_ports_system,
                                     &realm), MFA_OK);

    if (policy[0] != NULL) {
        line = line_of("second_factor", policy, args);
        assert_int_equal(mfa_realm_line(realm, &line, &error), MFA_OK);
    }

    return realm;
}


static mfa_status_t
set(mfa_level_t *level, const char *const *words, mfa_error_t *error)
{
    mfa_str_t   args[8];
    mfa_line_t  line;

    line = line_of("mfa_level", words, args);
    error->text[0] = '\0';

    return mfa_level_set(level, &line, error);
}


/* sessions, in the order of the columns below */

enum { PASSWORD, PARTIAL, TWO, OLD, DEVICE, TRUSTED, TRUSTED_MFA, SESSIONS };

static mfa_identity_t
session_of(int which)
{
    mfa_identity_t  identity;

    static const unsigned  amr[SESSIONS] = {
        MFA_AMR_PWD, MFA_AMR_PWD, MFA_AMR_PWD | MFA_AMR_OTP,
        MFA_AMR_PWD | MFA_AMR_SMS, MFA_AMR_PWD | MFA_AMR_DEVICE,
        MFA_AMR_TRUSTED, MFA_AMR_TRUSTED | MFA_AMR_TRUSTED_MFA
    };

    memset(&identity, 0, sizeof(identity));

    identity.verdict = MFA_VERDICT_PASS;
    identity.amr_bits = amr[which];
    identity.is_partial = which == PARTIAL;
    identity.added_at = BEFORE;
    identity.factor_at = which == TWO ? NOW - MFA_MINUTE
                         : which == OLD ? NOW - MFA_HOUR : 0;

    return identity;
}


static const struct {
    const char     *policy[6];
    const char     *level;              /* NULL: none in force */
    mfa_verdict_t   verdicts[SESSIONS];
} rows[] = {

    /*                           pwd  part two  old  dev  tru  tru+mfa */

    { { NULL }, NULL,          { NO,  NO,  YES, YES, YES, YES, YES } },
    { { NULL }, "open",        { YES, YES, YES, YES, YES, YES, YES } },
    { { NULL }, "one",         { YES, YES, YES, YES, YES, YES, YES } },
    { { NULL }, "two",         { NO,  NO,  YES, YES, NO,  NO,  YES } },
    { { NULL }, "fresh=10m",   { NO,  NO,  YES, NO,  NO,  NO,  YES } },
    { { NULL }, "fresh=1h",    { NO,  NO,  YES, NO,  NO,  NO,  YES } },
    { { NULL }, "fresh=61m",   { NO,  NO,  YES, YES, NO,  NO,  YES } },

    { { "optional", NULL }, NULL,
                               { YES, NO,  YES, YES, YES, YES, YES } },
    { { "optional", NULL }, "one",
                               { YES, YES, YES, YES, YES, YES, YES } },
    { { "optional", NULL }, "two",
                               { NO,  NO,  YES, YES, NO,  NO,  YES } },
    { { "optional", NULL }, "fresh=10m",
                               { NO,  NO,  YES, NO,  NO,  NO,  YES } },

    /* ten days after that day: in time, and too late */

    { { "required", "from=2027-01-18", "grace=11d", NULL }, NULL,
                               { YES, NO,  YES, YES, YES, YES, YES } },
    { { "required", "from=2027-01-18", "grace=10d", NULL }, NULL,
                               { NO,  NO,  YES, YES, YES, YES, YES } },
    { { "required", "from=2027-01-18", "grace=11d", NULL }, "two",
                               { NO,  NO,  YES, YES, NO,  NO,  YES } }
};


/* Y1 Y3 */
static void
each_session_passes_what_it_is_enough_for(void **state)
{
    int              k;
    size_t           i;
    mfa_level_t      level;
    mfa_error_t      error;
    mfa_realm_t     *realm;
    mfa_identity_t   identity;

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        realm = realm_of(rows[i].policy);
        level = (mfa_level_t) { .level = MFA_LEVEL_POLICY };

        if (rows[i].level != NULL) {
            const char  *words[] = { rows[i].level, NULL };

            assert_int_equal(set(&level, words, &error), MFA_OK);
        }

        for (k = 0; k < SESSIONS; k++) {
            identity = session_of(k);

            if (mfa_level_judge(realm, &level, &identity, NOW)
                != rows[i].verdicts[k])
            {
                fail_msg("row %d, session %d", (int) i, k);
            }
        }

        mfa_realm_free(&realm);
    }
}


/* Y1: who is added later has the days from then on; staff may extend them */
static void
the_deadline_is_the_persons_own(void **state)
{
    mfa_level_t      level = { .level = MFA_LEVEL_POLICY };
    mfa_realm_t     *realm;
    mfa_identity_t   identity;

    static const char *const  policy[] = { "required", "from=2027-01-18",
                                           "grace=5d", NULL };

    (void) state;

    realm = realm_of(policy);
    identity = session_of(PASSWORD);

    assert_int_equal(mfa_level_judge(realm, &level, &identity, NOW), NO);

    identity.added_at = NOW - 5 * MFA_DAY + 1;
    assert_int_equal(mfa_level_judge(realm, &level, &identity, NOW), YES);

    identity.added_at = NOW - 5 * MFA_DAY;
    assert_int_equal(mfa_level_judge(realm, &level, &identity, NOW), NO);

    identity.deadline_at = NOW + 1;
    assert_int_equal(mfa_level_judge(realm, &level, &identity, NOW), YES);

    identity.deadline_at = NOW;
    assert_int_equal(mfa_level_judge(realm, &level, &identity, NOW), NO);

    mfa_realm_free(&realm);
}


/* O2 */
static void
a_wrong_line_is_refused_with_a_reason(void **state)
{
    size_t       i;
    mfa_level_t  level;
    mfa_error_t  error;

    static const char *const  lines[][3] = {
        { NULL }, { "", NULL }, { "three", NULL }, { "two", "fresh=1m", NULL },
        { "fresh=", NULL }, { "fresh=0", NULL }, { "fresh=59s", NULL },
        { "fresh=25h", NULL }, { "fresh=ten", NULL }, { "Two", NULL }
    };

    static const char *const  good[] = { "two", NULL };

    (void) state;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        memset(&level, 0, sizeof(level));
        assert_int_equal(set(&level, lines[i], &error), MFA_CONFIG);
        assert_non_null(strstr(error.text, "\"mfa_level"));
    }

    memset(&level, 0, sizeof(level));
    assert_int_equal(set(&level, good, &error), MFA_OK);
    assert_int_equal(set(&level, good, &error), MFA_CONFIG);
    assert_non_null(strstr(error.text, "duplicate"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_session_passes_what_it_is_enough_for),
        cmocka_unit_test(the_deadline_is_the_persons_own),
        cmocka_unit_test(a_wrong_line_is_refused_with_a_reason)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
