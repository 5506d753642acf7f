/*
 * The rules of a location: the words of a line are alternatives, every line
 * must hold (Y2).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/mfa.h"


#define WORDS_MAX  8


static mfa_status_t
add(mfa_rules_t *rules, const char *const *words, mfa_arena_t *arena,
    mfa_error_t *error)
{
    mfa_str_t   args[WORDS_MAX];
    mfa_line_t  line = { .name = mfa_str("mfa_allow"), .args = args,
                         .prefix = "/" };

    for ( /* void */ ; words[line.nargs] != NULL; line.nargs++) {
        args[line.nargs] = mfa_str_from(words[line.nargs]);
    }

    error->text[0] = '\0';

    return mfa_rules_add(rules, &line, arena, error);
}


static mfa_identity_t
identity_of(const char *user, const char *const *groups, mfa_arena_t *arena)
{
    size_t          i;
    mfa_identity_t  identity;

    memset(&identity, 0, sizeof(identity));

    identity.user = mfa_str_from(user);
    identity.verdict = MFA_VERDICT_PASS;

    for (i = 0; groups[i] != NULL; i++) {
        assert_int_equal(mfa_strs_add(arena, &identity.group_list,
                                      mfa_str_from(groups[i])), MFA_OK);
    }

    return identity;
}


static const struct {
    const char     *lines[3][WORDS_MAX];
    const char     *user;
    const char     *groups[4];
    mfa_verdict_t   verdict;
}  cases[] = {

    /* no rule: everybody who is logged in */

    { { { NULL } }, "ann", { NULL }, MFA_VERDICT_PASS },

    /* one word */

    { { { "group=managers" } }, "ann", { "managers" }, MFA_VERDICT_PASS },
    { { { "group=managers" } }, "ann", { "staff", "managers" },
      MFA_VERDICT_PASS },
    { { { "group=managers" } }, "ann", { "staff" }, MFA_VERDICT_DENY },
    { { { "group=managers" } }, "ann", { NULL }, MFA_VERDICT_DENY },
    { { { "user=ann" } }, "ann", { NULL }, MFA_VERDICT_PASS },
    { { { "user=ann" } }, "max", { "ann" }, MFA_VERDICT_DENY },

    /* a group is not a user, nor a part or another case of its name */

    { { { "group=ann" } }, "ann", { NULL }, MFA_VERDICT_DENY },
    { { { "group=managers" } }, "managers", { NULL }, MFA_VERDICT_DENY },
    { { { "group=managers" } }, "ann", { "manager" }, MFA_VERDICT_DENY },
    { { { "group=managers" } }, "ann", { "managers2" }, MFA_VERDICT_DENY },
    { { { "group=managers" } }, "ann", { "Managers" }, MFA_VERDICT_DENY },
    { { { "group=managers" } }, "ann", { "staff,managers" },
      MFA_VERDICT_DENY },
    { { { "user=ann" } }, "Ann", { NULL }, MFA_VERDICT_DENY },
    { { { "user=ann" } }, "", { NULL }, MFA_VERDICT_DENY },

    /* words of a line: or */

    { { { "group=managers", "user=ann" } }, "ann", { NULL },
      MFA_VERDICT_PASS },
    { { { "group=managers", "user=ann" } }, "max", { "managers" },
      MFA_VERDICT_PASS },
    { { { "group=managers", "user=ann" } }, "max", { "staff" },
      MFA_VERDICT_DENY },
    { { { "group=a", "group=b", "group=c" } }, "max", { "c" },
      MFA_VERDICT_PASS },

    /* lines: and */

    { { { "group=managers" }, { "group=finance" } }, "ann",
      { "managers", "finance" }, MFA_VERDICT_PASS },
    { { { "group=managers" }, { "group=finance" } }, "ann",
      { "managers" }, MFA_VERDICT_DENY },
    { { { "group=managers" }, { "group=finance" } }, "ann",
      { "finance" }, MFA_VERDICT_DENY },
    { { { "group=a", "group=b" }, { "user=ann" }, { "group=c" } }, "ann",
      { "b", "c" }, MFA_VERDICT_PASS },
    { { { "group=a", "group=b" }, { "user=ann" }, { "group=c" } }, "ann",
      { "a", "b" }, MFA_VERDICT_DENY },

    /* a value may hold what stands between name and value */

    { { { "group=a=b" } }, "ann", { "a=b" }, MFA_VERDICT_PASS },
    { { { "user=ann.employee@example.org" } }, "ann.employee@example.org",
      { NULL }, MFA_VERDICT_PASS }
};


static void
words_of_a_line_are_alternatives_and_every_line_must_hold(void **state)
{
    size_t           i, k;
    mfa_arena_t     *arena;
    mfa_error_t      error;
    mfa_rules_t      rules;
    mfa_identity_t   identity;

    (void) state;

    arena = mfa_arena_open(1024 * 1024);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&rules, 0, sizeof(rules));

        for (k = 0; k < 3 && cases[i].lines[k][0] != NULL; k++) {
            assert_int_equal(add(&rules, cases[i].lines[k], arena, &error),
                             MFA_OK);
        }

        identity = identity_of(cases[i].user, cases[i].groups, arena);

        if (mfa_rules_judge(&rules, &identity) != cases[i].verdict) {
            fail_msg("case %zu: wrong verdict", i);
        }
    }

    mfa_arena_close(&arena);
}


/* O2: a mistake is named, and leaves the rules as they were */
static void
a_word_that_is_no_rule_is_refused(void **state)
{
    size_t        i;
    mfa_arena_t  *arena;
    mfa_error_t   error;
    mfa_rules_t   rules;

    static const char *const  good[] = { "group=staff", NULL };
    static const char *const  bad[][3] = {
        { "managers" }, { "group=" }, { "user=" }, { "groups=managers" },
        { "Group=managers" }, { "group" }, { "=managers" }, { "" },
        { "all" }, { "group=a", "b" }, { "!group=managers" }, { NULL }
    };

    (void) state;

    arena = mfa_arena_open(1024 * 1024);
    memset(&rules, 0, sizeof(rules));

    assert_int_equal(add(&rules, good, arena, &error), MFA_OK);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(add(&rules, bad[i], arena, &error), MFA_CONFIG);
        assert_non_null(strstr(error.text, "\"mfa_allow\""));
        assert_int_equal(rules.count, 1);
        assert_int_equal(rules.lines[0].count, 1);
    }

    mfa_arena_close(&arena);
}


/* memory that fails is an error, never a rule less */
static void
a_rule_that_does_not_fit_into_memory_is_an_error(void **state)
{
    size_t        limit;
    mfa_arena_t  *arena;
    mfa_error_t   error;
    mfa_rules_t   rules;
    mfa_status_t  st;

    static const char *const  words[] = { "group=a", "group=b", NULL };

    (void) state;

    for (limit = 0; limit < 4096; limit += 8) {
        arena = mfa_arena_open(limit);
        memset(&rules, 0, sizeof(rules));

        st = add(&rules, words, arena, &error);

        assert_int_equal(rules.count, st == MFA_OK ? 1 : 0);
        assert_true(st == MFA_OK || error.text[0] != '\0');

        if (st == MFA_OK) {
            assert_int_equal(rules.lines[0].count, 2);
        }

        mfa_arena_close(&arena);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            words_of_a_line_are_alternatives_and_every_line_must_hold),
        cmocka_unit_test(a_word_that_is_no_rule_is_refused),
        cmocka_unit_test(a_rule_that_does_not_fit_into_memory_is_an_error)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
