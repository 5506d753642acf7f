/*
 * Time-based one-time passwords against the vectors of their RFCs, and the
 * window, the drift, the step that is spent, the address for the app.
 *
 * RFC 6238 also has vectors for SHA-512; hardly an app knows it, so it is
 * not offered and those six are left out.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/factor/mfa_factor.h"


extern const mfa_factor_t  mfa_factor_totp;

#define STEP  INT64_C(60000000)         /* now, in steps of 30 s */
#define NOW   (STEP * MFA_TOTP_STEP)

static const char  secret_sha1[] = "12345678901234567890";
static const char  secret_sha256[] = "12345678901234567890123456789012";


/* B1: RFC 4226 appendix D */
static void
codes_are_those_of_rfc_4226(void **state)
{
    char      code[MFA_TOTP_DIGITS_MAX + 1];
    uint64_t  i;

    const mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    static const char *const  vectors[] = {
        "755224", "287082", "359152", "969429", "338314", "254676", "287922",
        "162583", "399871", "520489"
    };

    (void) state;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_int_equal(mfa_totp_code(&totp, mfa_str_from(secret_sha1), i,
                                       code), MFA_OK);
        assert_string_equal(code, vectors[i]);
    }
}


/* B1: RFC 6238 appendix B, eight digits */
static void
codes_are_those_of_rfc_6238(void **state)
{
    char                 code[MFA_TOTP_DIGITS_MAX + 1];
    size_t               i;
    uint64_t             step;
    mfa_totp_settings_t  totp = { 8, 1, MFA_TOTP_SHA1 };

    static const struct {
        uint64_t     seconds;
        const char  *sha1;
        const char  *sha256;
    }  vectors[] = {
        { UINT64_C(59), "94287082", "46119246" },
        { UINT64_C(1111111109), "07081804", "68084774" },
        { UINT64_C(1111111111), "14050471", "67062674" },
        { UINT64_C(1234567890), "89005924", "91819424" },
        { UINT64_C(2000000000), "69279037", "90698825" },
        { UINT64_C(20000000000), "65353130", "77737706" }
    };

    (void) state;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        step = vectors[i].seconds / 30;

        totp.algorithm = MFA_TOTP_SHA1;
        assert_int_equal(mfa_totp_code(&totp, mfa_str_from(secret_sha1),
                                       step, code), MFA_OK);
        assert_string_equal(code, vectors[i].sha1);

        totp.algorithm = MFA_TOTP_SHA256;
        assert_int_equal(mfa_totp_code(&totp, mfa_str_from(secret_sha256),
                                       step, code), MFA_OK);
        assert_string_equal(code, vectors[i].sha256);
    }
}


static mfa_factor_record_t
record_of(uint64_t last_step)
{
    mfa_factor_record_t  record;

    memset(&record, 0, sizeof(record));

    record.kind = mfa_str("totp");
    record.secret = mfa_str_from(secret_sha1);
    record.last_step = last_step;

    return record;
}


static mfa_status_t
match_at(const mfa_totp_settings_t *totp, uint64_t last_step, int64_t steps,
    uint64_t *step)
{
    char                 code[MFA_TOTP_DIGITS_MAX + 1];
    mfa_factor_record_t  record;

    record = record_of(last_step);

    assert_int_equal(mfa_totp_code(totp, record.secret,
                                   (uint64_t) (STEP + steps), code), MFA_OK);

    return mfa_totp_match(totp, &record, mfa_str_from(code), NOW, step);
}


/* B2 L6 */
static void
the_window_is_one_step_or_none(void **state)
{
    int64_t              steps;
    uint64_t             step;
    mfa_status_t         st;
    mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    (void) state;

    for (totp.window = 0; totp.window <= 1; totp.window++) {
        for (steps = -12; steps <= 12; steps++) {
            st = match_at(&totp, 0, steps, &step);

            if (steps < -totp.window || steps > totp.window) {
                assert_int_equal(st, MFA_NOT_FOUND);
                continue;
            }

            assert_int_equal(st, MFA_OK);
            assert_int_equal(step, STEP + steps);
        }
    }
}


/* B2: to the millisecond */
static void
a_step_begins_and_ends_on_the_half_minute(void **state)
{
    char                       code[MFA_TOTP_DIGITS_MAX + 1];
    uint64_t                   step;
    mfa_str_t                  typed;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 6, 0, MFA_TOTP_SHA1 };

    (void) state;

    record = record_of(0);

    assert_int_equal(mfa_totp_code(&totp, record.secret, STEP, code),
                     MFA_OK);
    typed = mfa_str_from(code);

    assert_int_equal(mfa_totp_match(&totp, &record, typed, NOW - 1, &step),
                     MFA_NOT_FOUND);
    assert_int_equal(mfa_totp_match(&totp, &record, typed, NOW, &step),
                     MFA_OK);
    assert_int_equal(mfa_totp_match(&totp, &record, typed,
                                    NOW + MFA_TOTP_STEP - 1, &step), MFA_OK);
    assert_int_equal(mfa_totp_match(&totp, &record, typed,
                                    NOW + MFA_TOTP_STEP, &step),
                     MFA_NOT_FOUND);
}


/* B3 B4 L6: neither the last step again nor one before it */
static void
only_a_step_after_the_last_one_counts(void **state)
{
    int64_t                    last, steps;
    uint64_t                   step;
    mfa_status_t               st;
    const mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    (void) state;

    for (last = -2; last <= 2; last++) {
        for (steps = -1; steps <= 1; steps++) {
            st = match_at(&totp, (uint64_t) (STEP + last), steps, &step);
            assert_int_equal(st, steps > last ? MFA_OK : MFA_NOT_FOUND);
        }
    }
}


/* B2: told apart for the log, refused all the same */
static void
a_clock_that_is_off_is_seen_up_to_ten_steps(void **state)
{
    char                       code[MFA_TOTP_DIGITS_MAX + 1];
    int                        drift;
    bool                       is_drift;
    int64_t                    steps;
    const mfa_totp_settings_t  totp = { 8, 1, MFA_TOTP_SHA1 };

    (void) state;

    for (steps = -13; steps <= 13; steps++) {
        assert_int_equal(mfa_totp_code(&totp, mfa_str_from(secret_sha1),
                                       (uint64_t) (STEP + steps), code),
                         MFA_OK);
        assert_int_equal(mfa_totp_is_drift(&totp, mfa_str_from(secret_sha1),
                                           mfa_str_from(code), NOW,
                                           &is_drift, &drift), MFA_OK);
        assert_int_equal(is_drift, steps >= -10 && steps <= 10);
        assert_int_equal(drift, is_drift ? steps : 0);
    }

    assert_int_equal(mfa_totp_is_drift(&totp, mfa_str_from(secret_sha1),
                                       mfa_str("123"), NOW, &is_drift,
                                       &drift), MFA_OK);
    assert_false(is_drift);
    assert_int_equal(drift, 0);
}


typedef struct {
    mfa_str_t     word;
    mfa_str_t     minutes;
    mfa_arena_t  *arena;
} advice_t;


/* what is said of the code of that many steps from now */

static void
advise_at(mfa_totp_settings_t totp, mfa_factor_record_t *record,
    int64_t steps, advice_t *advice)
{
    char                    code[MFA_TOTP_DIGITS_MAX + 1];
    mfa_tx_t                tx = { .now = NOW };
    mfa_work_t              work = { .arena = advice->arena };
    mfa_pairs_t             values = { .count = 0 };
    mfa_factor_case_t       at;
    mfa_factor_settings_t   settings;

    mfa_factor_defaults(&settings);
    settings.totp = totp;
    tx.work = &work;
    at = (mfa_factor_case_t) { .settings = &settings, .tx = &tx };

    assert_int_equal(mfa_totp_code(&totp, record->secret,
                                   (uint64_t) (STEP + steps), code), MFA_OK);
    assert_int_equal(mfa_factor_totp.advise(&at, record, mfa_str_from(code),
                                            &advice->word, &values), MFA_OK);
    advice->minutes = mfa_pairs_get(&values, mfa_str("minutes"));
}


static bool
says(const advice_t *advice, const char *part)
{
    return advice->word.len > 0
           && memmem(advice->word.data, advice->word.len, part,
                     strlen(part)) != NULL;
}


/*
 * B2 B3, gate 3: who guesses the code of some minutes later and is told so
 * has won nothing
 */
static void
a_code_to_come_that_was_told_of_is_never_accepted(void **state)
{
    char                       code[MFA_TOTP_DIGITS_MAX + 1];
    int64_t                    steps;
    uint64_t                   step;
    advice_t                   advice;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 8, 1, MFA_TOTP_SHA1 };

    (void) state;

    advice.arena = mfa_arena_open(64 * 1024);

    for (steps = 2; steps <= 10; steps++) {
        record = record_of(0);
        record.added_at = NOW - MFA_DAY;

        advise_at(totp, &record, steps, &advice);
        assert_true(says(&advice, "fast"));
        assert_int_equal(record.told_step, STEP + steps);

        assert_int_equal(mfa_totp_code(&totp, record.secret,
                                       (uint64_t) (STEP + steps), code),
                         MFA_OK);
        assert_int_equal(mfa_totp_match(&totp, &record, mfa_str_from(code),
                                        NOW + steps * MFA_TOTP_STEP, &step),
                         MFA_NOT_FOUND);
    }

    mfa_arena_close(&advice.arena);
}


/* L5 B2 */
static void
a_clock_that_is_slow_is_talked_about(void **state)
{
    int64_t                    steps;
    advice_t                   advice;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 8, 1, MFA_TOTP_SHA1 };
    const mfa_totp_settings_t  narrow = { 8, 0, MFA_TOTP_SHA1 };

    static const char *const  minutes[] = {
        "", "", "1", "1", "2", "2", "3", "3", "4", "4", "5"
    };

    (void) state;

    advice.arena = mfa_arena_open(64 * 1024);
    record = record_of(0);
    record.added_at = NOW - MFA_DAY;

    for (steps = 2; steps <= 10; steps++) {
        advise_at(totp, &record, -steps, &advice);
        assert_true(says(&advice, "slow"));
        assert_false(says(&advice, "fast"));
        assert_true(mfa_str_eq_c(advice.minutes, minutes[steps]));
        assert_int_equal(says(&advice, "{{minutes}}"), steps > 3);
    }

    advise_at(narrow, &record, -1, &advice);
    assert_true(says(&advice, "less than a minute slow"));

    for (steps = 11; steps <= 13; steps++) {
        advise_at(totp, &record, -steps, &advice);
        assert_int_equal(advice.word.len, 0);
    }

    mfa_arena_close(&advice.arena);
}


/* L5 B2 */
static void
a_clock_that_is_fast_is_talked_about(void **state)
{
    int64_t                    steps;
    advice_t                   advice;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 8, 1, MFA_TOTP_SHA1 };

    (void) state;

    advice.arena = mfa_arena_open(64 * 1024);
    record = record_of(0);

    for (steps = 2; steps <= 10; steps++) {
        advise_at(totp, &record, steps, &advice);
        assert_true(says(&advice, "fast"));
        assert_false(says(&advice, "slow"));
    }

    assert_true(mfa_str_eq_c(advice.minutes, "5"));

    mfa_arena_close(&advice.arena);
}


/* B3 B4 L6: the code is right, but it was used; a right one is not judged */
static void
a_spent_code_is_called_so(void **state)
{
    int64_t                    steps;
    advice_t                   advice;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 8, 1, MFA_TOTP_SHA1 };

    (void) state;

    advice.arena = mfa_arena_open(64 * 1024);
    record = record_of((uint64_t) STEP);
    record.added_at = NOW - MFA_DAY;

    for (steps = -1; steps <= 0; steps++) {
        advise_at(totp, &record, steps, &advice);
        assert_true(says(&advice, "used before"));
    }

    advise_at(totp, &record, 1, &advice);
    assert_int_equal(advice.word.len, 0);

    mfa_arena_close(&advice.arena);
}


/* B7: a prefix or an extension of the code is not the code */
static void
a_code_of_another_length_never_fits(void **state)
{
    char                       code[MFA_TOTP_DIGITS_MAX + 4];
    size_t                     len;
    uint64_t                   step;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    (void) state;

    record = record_of(0);

    memset(code, '0', sizeof(code));
    assert_int_equal(mfa_totp_code(&totp, record.secret, STEP, code),
                     MFA_OK);

    for (len = 0; len <= sizeof(code); len++) {
        assert_int_equal(mfa_totp_match(&totp, &record,
                                        mfa_str_bytes(code, len), NOW, &step),
                         len == 6 ? MFA_OK : MFA_NOT_FOUND);
    }
}


/* a clock at or before 1970 gives no way in and no fault */
static void
the_first_steps_of_all_are_handled(void **state)
{
    uint64_t                   step;
    mfa_factor_record_t        record;
    const mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    (void) state;

    record = record_of(0);

    assert_int_equal(mfa_totp_match(&totp, &record, mfa_str("755224"), 0,
                                    &step), MFA_NOT_FOUND);
    assert_int_equal(mfa_totp_match(&totp, &record, mfa_str("287082"), 0,
                                    &step), MFA_OK);
    assert_int_equal(step, 1);
    assert_int_equal(mfa_totp_match(&totp, &record, mfa_str("000000"),
                                    -5 * MFA_DAY, &step), MFA_NOT_FOUND);
}


/* E1: the Key Uri Format; what is a default is not said */
static void
the_address_for_the_app_is_complete_and_escaped(void **state)
{
    size_t        i;
    mfa_str_t     uri;
    mfa_arena_t  *arena;

    static const struct {
        mfa_totp_settings_t  totp;
        const char          *issuer;
        const char          *uri;
    }  cases[] = {
        { { 6, 1, MFA_TOTP_SHA1 }, "Example Council",
          "otpauth://totp/Example%20Council:ann@example.org"
          "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
          "&issuer=Example%20Council" },
        { { 8, 0, MFA_TOTP_SHA256 }, "A&B: C?#",
          "otpauth://totp/A%26B%3A%20C%3F%23:ann@example.org"
          "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
          "&issuer=A%26B%3A%20C%3F%23&digits=8&algorithm=SHA256" }
    };

    (void) state;

    arena = mfa_arena_open(64 * 1024);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mfa_totp_uri(&cases[i].totp,
                                      mfa_str_from(cases[i].issuer),
                                      mfa_str("ann@example.org"),
                                      mfa_str_from(secret_sha1), arena, &uri),
                         MFA_OK);
        assert_int_equal(uri.len, strlen(cases[i].uri));
        assert_memory_equal(uri.data, cases[i].uri, uri.len);
    }

    mfa_arena_close(&arena);
}


static mfa_status_t
apply(const char *name, const char *const *words, size_t count,
    mfa_factor_settings_t *settings, mfa_arena_t *arena)
{
    size_t        i;
    uint64_t      seen = 0;
    mfa_str_t     args[4];
    mfa_line_t    line = { .name = mfa_str_from(name), .args = args,
                           .nargs = count, .prefix = "/" };
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    for (i = 0; i < count; i++) {
        args[i] = mfa_str_from(words[i]);
    }

    mfa_factor_defaults(settings);

    st = mfa_option_apply(mfa_factor_options, &seen, &line, settings, arena,
                          &error);
    assert_true(st == MFA_OK || error.text[0] != '\0');

    return st;
}


/* B1 B2: never wider than one step, never an algorithm that apps lack */
static void
the_option_takes_only_what_is_safe(void **state)
{
    size_t                  i;
    mfa_arena_t            *arena;
    mfa_factor_settings_t   settings;

    static const char *const  good[] = {
        "digits=8", "window=0", "algorithm=sha256"
    };
    static const char *const  bad[] = {
        "digits=5", "digits=7", "digits=10", "digits=", "digits=-6",
        "window=2", "window=-1", "window=", "algorithm=sha512",
        "algorithm=md5", "algorithm=", "period=60", "8", ""
    };

    (void) state;

    arena = mfa_arena_open(64 * 1024);

    assert_int_equal(apply("totp", good, 3, &settings, arena), MFA_OK);
    assert_int_equal(settings.totp.digits, 8);
    assert_int_equal(settings.totp.window, 0);
    assert_int_equal(settings.totp.algorithm, MFA_TOTP_SHA256);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(apply("totp", &bad[i], 1, &settings, arena),
                         MFA_CONFIG);
    }

    assert_int_equal(apply("totp", bad, 0, &settings, arena), MFA_CONFIG);

    mfa_arena_close(&arena);
}


static int
open_crypto(void **state)
{
    (void) state;

    return mfa_crypto_open() == MFA_OK ? 0 : -1;
}


static int
close_crypto(void **state)
{
    (void) state;

    mfa_crypto_close();

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(codes_are_those_of_rfc_4226),
        cmocka_unit_test(codes_are_those_of_rfc_6238),
        cmocka_unit_test(the_window_is_one_step_or_none),
        cmocka_unit_test(a_step_begins_and_ends_on_the_half_minute),
        cmocka_unit_test(only_a_step_after_the_last_one_counts),
        cmocka_unit_test(a_clock_that_is_off_is_seen_up_to_ten_steps),
        cmocka_unit_test(a_code_to_come_that_was_told_of_is_never_accepted),
        cmocka_unit_test(a_clock_that_is_slow_is_talked_about),
        cmocka_unit_test(
            a_clock_that_is_fast_is_talked_about),
        cmocka_unit_test(a_spent_code_is_called_so),
        cmocka_unit_test(a_code_of_another_length_never_fits),
        cmocka_unit_test(the_first_steps_of_all_are_handled),
        cmocka_unit_test(the_address_for_the_app_is_complete_and_escaped),
        cmocka_unit_test(the_option_takes_only_what_is_safe)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
