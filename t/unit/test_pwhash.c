/*
 * Password hashes: ours and those of an import.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


#define KEY_A  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B  "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

static char          path[] = "/tmp/mfa_test_pwhash_XXXXXX";
static mfa_keys_t   *keys;

/* cheap: the argument is about bytes, not about time */
static const mfa_pwhash_cost_t  cost = { 64, 1 };


static mfa_keys_t *
open_keys(const char *text)
{
    FILE         *f;
    mfa_keys_t   *fresh;
    mfa_error_t   error;

    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(mfa_keys_open(path, &error, &fresh), MFA_OK);

    return fresh;
}


static int
setup(void **state)
{
    int  fd;

    fd = mkstemp(path);
    *state = mfa_arena_open((size_t) 1 << 26);

    if (fd < 0 || close(fd) != 0 || *state == NULL
        || mfa_crypto_open() != MFA_OK)
    {
        return 1;
    }

    keys = open_keys("k1 " KEY_A);

    return 0;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_keys_close(&keys);
    mfa_arena_close(&arena);
    mfa_crypto_close();

    return unlink(path);
}


static mfa_str_t
make(mfa_arena_t *arena, mfa_str_t password)
{
    mfa_str_t  encoded;

    assert_int_equal(mfa_pwhash_make(keys, &mfa_ports_system, &cost, password,
                                     arena, &encoded), MFA_OK);

    return encoded;
}


static bool
passes(mfa_str_t password, mfa_str_t encoded)
{
    mfa_verdict_t  verdict;

    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &cost, password, encoded,
                                      &verdict), MFA_OK);

    return verdict == MFA_VERDICT_PASS;
}


static void
damaged(mfa_str_t encoded)
{
    mfa_verdict_t  verdict;

    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &cost, mfa_str("correct horse"),
                                      encoded, &verdict), MFA_DAMAGED);
    assert_int_equal(verdict, MFA_VERDICT_DENY);
    assert_false(mfa_pwhash_is_known_form(encoded));
}


/* A5: made by the reference tool: argon2 SALT -id -k M -t T -p 1 -l 32 -r */

static void
argon2id_gives_what_the_reference_tool_gives(void **state)
{
    size_t     i;
    uint8_t    tag[MFA_DIGEST_SIZE];
    mfa_str_t  text;

    static const struct {
        mfa_pwhash_cost_t   cost;
        mfa_str_t           password;
        const char         *salt;
        const char         *tag;
    } rows[] = {
        { { 19456, 2 }, mfa_str_static("password"), "somesaltsomesalt",
          "2b5dc4054886ec957ef59c73b661c54dd6fb274590b278f657c6d96aac8fa6d1" },
        { { 47104, 1 }, mfa_str_static("correct horse battery staple"),
          "0123456789abcdef",
          "4060355392331feb45f443b3da3fb2995bc7e479f4ff440edaa3279afcf4b15c" },
        { { 64, 1 }, mfa_str_static("password"), "somesaltsomesalt",
          "e793d64ef75d58f503d4631b2b149f7f80127c5f3993d89b1c9b781e51d0b413" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(mfa_argon2id(&rows[i].cost, rows[i].password,
                         (const uint8_t *) rows[i].salt, tag), MFA_OK);
        assert_int_equal(mfa_hex_encode(*state, mfa_str_bytes(tag,
                         sizeof(tag)), &text), MFA_OK);
        assert_string_equal(text.data, rows[i].tag);
    }
}


static void
a_password_passes_and_another_does_not(void **state)
{
    mfa_str_t  a, b;

    a = make(*state, mfa_str("correct horse"));
    b = make(*state, mfa_str("correct horse"));

    assert_true(mfa_str_has_prefix(a,
                mfa_str("k1$argon2id$v=19$m=64,t=1,p=1$")));
    assert_false(mfa_str_eq(a, b));
    assert_true(mfa_pwhash_is_known_form(a));

    assert_true(passes(mfa_str("correct horse"), a));
    assert_true(passes(mfa_str("correct horse"), b));
    assert_false(passes(mfa_str("Correct horse"), a));
    assert_false(passes(mfa_str("correct horse "), a));
    assert_false(passes(mfa_null, a));
}


/* A1 */

static void
every_byte_of_a_password_counts(void **state)
{
    char       bytes[MFA_PASSWORD_MAX + 1];
    size_t     i;
    mfa_str_t  encoded, password;

    static const size_t  lengths[] = { 64, 72, 73, 128, 1024 };

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        memset(bytes, 'x', sizeof(bytes));
        password = mfa_str_bytes(bytes, lengths[i]);
        encoded = make(*state, password);
        assert_true(passes(password, encoded));

        bytes[lengths[i] - 1] = 'y';
        assert_false(passes(password, encoded));

        bytes[lengths[i] - 1] = 'x';
        password.len--;
        assert_false(passes(password, encoded));
    }

    encoded = make(*state, mfa_str("correct\0horse"));
    assert_true(passes(mfa_str("correct\0horse"), encoded));
    assert_false(passes(mfa_str("correct\0house"), encoded));
    assert_false(passes(mfa_str("correct"), encoded));
}


/* A3: refused before any work, whether the person exists or not */

static void
a_longer_password_is_refused(void **state)
{
    char           bytes[MFA_PASSWORD_MAX + 1];
    mfa_str_t      encoded, out, password;
    mfa_verdict_t  verdict;

    memset(bytes, 'x', sizeof(bytes));
    password = mfa_str_bytes(bytes, sizeof(bytes));
    encoded = make(*state, mfa_str_bytes(bytes, MFA_PASSWORD_MAX));

    assert_int_equal(mfa_pwhash_make(keys, &mfa_ports_system, &cost, password,
                                     *state, &out), MFA_INVALID);
    assert_null(out.data);

    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &cost, password, encoded,
                                      &verdict), MFA_INVALID);
    assert_int_equal(verdict, MFA_VERDICT_DENY);

    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &cost, password, mfa_null,
                                      &verdict), MFA_INVALID);
    assert_int_equal(verdict, MFA_VERDICT_DENY);
}


/* A6 */

static void
nobody_is_denied_after_the_same_work(void **state)
{
    mfa_verdict_t      verdict;
    mfa_pwhash_cost_t  impossible = { 0, 1 };

    (void) state;

    assert_false(passes(mfa_str("correct horse"), mfa_null));
    assert_false(passes(mfa_null, mfa_null));

    /* the work is done: with a cost that has none it is a fault */

    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &impossible, mfa_str("x"),
                                      mfa_null, &verdict), MFA_INVALID);
    assert_int_equal(verdict, MFA_VERDICT_DENY);

    /* and for an imported hash, which would give itself away by its speed */

    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &impossible,
                     mfa_str("correct horse"),
                     mfa_str("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"), &verdict),
                     MFA_INVALID);
    assert_int_equal(verdict, MFA_VERDICT_DENY);
}


/* A5, J10: a copy of the store without the key file tests no password */

static void
without_the_pepper_nothing_passes(void **state)
{
    mfa_str_t       encoded;
    mfa_keys_t     *mine;
    mfa_verdict_t   verdict;

    encoded = make(*state, mfa_str("correct horse"));
    mine = keys;

    keys = open_keys("k1 " KEY_B);
    assert_false(passes(mfa_str("correct horse"), encoded));
    mfa_keys_close(&keys);

    keys = open_keys("k2 " KEY_A);
    verdict = MFA_VERDICT_PASS;
    assert_int_equal(mfa_pwhash_check(keys, &cost, mfa_str("correct horse"),
                                      encoded, &verdict), MFA_CONFIG);
    assert_int_equal(verdict, MFA_VERDICT_DENY);
    mfa_keys_close(&keys);

    keys = mine;
}


/* J9 */

static void
a_rotated_pepper_still_verifies_and_is_outdated(void **state)
{
    mfa_str_t    encoded;
    mfa_keys_t  *mine;

    encoded = make(*state, mfa_str("correct horse"));
    mine = keys;

    keys = open_keys("k2 " KEY_B "\nk1 " KEY_A);
    assert_true(passes(mfa_str("correct horse"), encoded));
    assert_true(mfa_pwhash_is_outdated(keys, &cost, encoded));
    encoded = make(*state, mfa_str("correct horse"));
    assert_true(passes(mfa_str("correct horse"), encoded));
    assert_false(mfa_pwhash_is_outdated(keys, &cost, encoded));
    mfa_keys_close(&keys);

    keys = mine;
}


/* A5 */

static void
a_raised_cost_makes_it_outdated(void **state)
{
    mfa_str_t          encoded;
    mfa_pwhash_cost_t  memory = { 128, 1 }, time = { 64, 2 };

    encoded = make(*state, mfa_str("correct horse"));

    assert_false(mfa_pwhash_is_outdated(keys, &cost, encoded));
    assert_true(mfa_pwhash_is_outdated(keys, &memory, encoded));
    assert_true(mfa_pwhash_is_outdated(keys, &time, encoded));
    assert_true(mfa_pwhash_is_outdated(keys, &cost, mfa_null));
    assert_true(mfa_pwhash_is_outdated(keys, &cost,
                mfa_str("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80")));

    /* what was made at the old cost still passes */

    assert_true(passes(mfa_str("correct horse"), encoded));
}


static void
a_tampered_hash_passes_nobody(void **state)
{
    char           *copy;
    size_t          i;
    mfa_str_t       encoded;
    mfa_status_t    st;
    mfa_verdict_t   verdict;

    encoded = make(*state, mfa_str("correct horse"));
    copy = malloc(encoded.len);
    assert_non_null(copy);

    for (i = 0; i < encoded.len; i++) {
        memcpy(copy, encoded.data, encoded.len);
        copy[i] = copy[i] == '1' ? '2' : '1';
        verdict = MFA_VERDICT_PASS;
        st = mfa_pwhash_check(keys, &cost, mfa_str("correct horse"),
                              mfa_str_bytes(copy, encoded.len), &verdict);
        assert_int_equal(verdict, MFA_VERDICT_DENY);
        assert_true(st == MFA_OK || st == MFA_DAMAGED || st == MFA_CONFIG);
    }

    for (i = 1; i < encoded.len; i++) {
        damaged(mfa_str_bytes(encoded.data, i));
    }

    free(copy);
}


/* a forged record cannot make a thread take all memory or all day */

static void
damaged_forms_are_known_as_such(void **state)
{
    size_t  i;

#define TAIL  "$AAECAwQFBgcICQoLDA0ODw$" KEY_A

    static const mfa_str_t  forms[] = {
        mfa_str_static("x"),
        mfa_str_static("k1"),
        mfa_str_static("$argon2id$v=19$m=64,t=1,p=1" TAIL),
        mfa_str_static("k1$argon2i$v=19$m=64,t=1,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=16$m=64,t=1,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=4194304,t=1,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=64,t=1000,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=64,t=0,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=0,t=1,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=4294967360,t=1,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=64,t=1,p=2" TAIL),
        mfa_str_static("k1$argon2id$v=19$t=1,m=64,p=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=64,t=1,p=1,x=1" TAIL),
        mfa_str_static("k1$argon2id$v=19$m=64,t=1,p=1" TAIL "$"),
        mfa_str_static("k1$argon2id$v=19$m=64,t=1,p=1" TAIL "="),
        mfa_str_static("k1$argon2id$v=19$m=64,t=1,p=1$$"),
    };

    (void) state;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        damaged(forms[i]);
    }

    assert_true(mfa_pwhash_is_known_form(
                mfa_str("k9$argon2id$v=19$m=64,t=1,p=1" TAIL)));
}


static const mfa_str_t  imported[] = {
    mfa_str_static("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"),
    mfa_str_static("$5$abcdefghijklmnop$"
                   "eLlGDRRp0Ru9mPmgmlr4LXrFitzWX28EZT5eMNr5fN6"),
    mfa_str_static("$6$rounds=1000$abcdefghijklmnop$"
                   "K9ViLilDpRy6xLunKXsaoeGhKInKdDtpCLyoTSCkDcguT34R9cMK08/"
                   "eq3hGwOWWgyYCTwWqVmKpFAHjf73Mv/"),
    mfa_str_static("$2b$04$abcdefghijklmnopqrstuu"
                   "jydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    mfa_str_static("$2y$04$abcdefghijklmnopqrstuu"
                   "jydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    mfa_str_static("$y$j75$abcdefghijklmnop$"
                   "1kKL1r02wT4HlcktLfzeoOHd1GFgv7Ay4JeEbqGj80B"),
};


static void
imported_hashes_verify(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(imported) / sizeof(imported[0]); i++) {
        assert_true(mfa_pwhash_is_known_form(imported[i]));
        assert_true(passes(mfa_str("correct horse"), imported[i]));
        assert_false(passes(mfa_str("correct house"), imported[i]));
        assert_false(passes(mfa_null, imported[i]));
        assert_true(mfa_pwhash_is_outdated(keys, &cost, imported[i]));
    }
}


/* A1: crypt(3) would stop at the zero byte and let both of these in */

static void
an_imported_hash_denies_what_crypt_would_cut(void **state)
{
    char    bytes[MFA_PASSWORD_MAX];
    size_t  i;

    (void) state;

    memset(bytes, 'x', sizeof(bytes));

    for (i = 0; i < sizeof(imported) / sizeof(imported[0]); i++) {
        assert_false(passes(mfa_str("correct horse\0"), imported[i]));
        assert_false(passes(mfa_str("correct horse\0x"), imported[i]));
        assert_false(passes(mfa_str_bytes(bytes, sizeof(bytes)), imported[i]));
    }
}


static void
weak_foreign_and_costly_forms_are_not_known(void **state)
{
    size_t  i;

    static const mfa_str_t  forms[] = {
        mfa_str_static("abhfCpXqd4GrI"),
        mfa_str_static("_J9..abcdabcdabcdabc"),
        mfa_str_static("$3$$cfc43211ba8dc470832267827cac1407"),
        mfa_str_static("$2x$04$abcdefghijklmnopqrstuu"
                       "jydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
        mfa_str_static("$gy$j75$abcdefghijklmnop$"
                       "5ajbgv/UanA5M5qJVWF5whKEQl5QwuhPGXEZ6W8eONC"),
        mfa_str_static("$7$20..../....abcdefgh$"
                       "FxkQz81tOyfgJFzQYHgfFO8Pht0EbdxAsaA3xQB2Yw6"),
        mfa_str_static("{SSHA}AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
        mfa_str_static("{CRYPT}$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"),
        mfa_str_static("correct horse"),
        mfa_str_static("*"),
        mfa_str_static("!$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"),
        mfa_str_static("$1$abcdefgh$"),
        mfa_str_static("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm8"),
        mfa_str_static("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80\n"),
        mfa_str_static("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80:"),
        mfa_str_static("$1$abc\0efgh$y6iHhJNbuC0xpbk0w9pm80"),
        mfa_str_static("$2b$31$abcdefghijklmnopqrstuu"
                       "jydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
        mfa_str_static("$y$jFT$abcdefghijklmnop$"
                       "1kKL1r02wT4HlcktLfzeoOHd1GFgv7Ay4JeEbqGj80B"),
        mfa_str_static("$5$rounds=999999999$abcdefghijklmnop$"
                       "eLlGDRRp0Ru9mPmgmlr4LXrFitzWX28EZT5eMNr5fN6"),
    };

    (void) state;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        damaged(forms[i]);
    }

    assert_false(mfa_pwhash_is_known_form(mfa_null));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(argon2id_gives_what_the_reference_tool_gives),
        cmocka_unit_test(a_password_passes_and_another_does_not),
        cmocka_unit_test(every_byte_of_a_password_counts),
        cmocka_unit_test(a_longer_password_is_refused),
        cmocka_unit_test(nobody_is_denied_after_the_same_work),
        cmocka_unit_test(without_the_pepper_nothing_passes),
        cmocka_unit_test(a_rotated_pepper_still_verifies_and_is_outdated),
        cmocka_unit_test(a_raised_cost_makes_it_outdated),
        cmocka_unit_test(a_tampered_hash_passes_nobody),
        cmocka_unit_test(damaged_forms_are_known_as_such),
        cmocka_unit_test(imported_hashes_verify),
        cmocka_unit_test(an_imported_hash_denies_what_crypt_would_cut),
        cmocka_unit_test(weak_foreign_and_costly_forms_are_not_known),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
