/*
 * Digests, MACs, tokens, and digits that are as random as they look.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


#define THREADS  4

/* a port that gives these bytes over and over, and fails when they are none */

typedef struct {
    const uint8_t  *bytes;
    size_t          len;
    size_t          at;
    unsigned        calls;
} source_t;


static mfa_status_t
source_random(void *ctx, void *buf, size_t len)
{
    size_t     i;
    source_t  *source = ctx;

    source->calls++;

    if (source->len == 0) {
        memset(buf, 0x77, len / 2);
        return MFA_CRYPTO;
    }

    for (i = 0; i < len; i++) {
        ((uint8_t *) buf)[i] = source->bytes[source->at++ % source->len];
    }

    return MFA_OK;
}


static int
setup(void **state)
{
    *state = mfa_arena_open((size_t) 1 << 28);

    return *state == NULL || mfa_crypto_open() != MFA_OK;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_arena_close(&arena);
    mfa_crypto_close();

    return 0;
}


static void
check_hex(mfa_arena_t *arena, const uint8_t *bytes, size_t len,
    const char *want)
{
    mfa_str_t  text;

    assert_int_equal(mfa_hex_encode(arena, mfa_str_bytes(bytes, len), &text),
                     MFA_OK);
    assert_string_equal(text.data, want);
}


/* FIPS 180-4, the examples of NIST */

static void
sha256_gives_the_published_digests(void **state)
{
    char     a[1000];
    uint8_t  digest[MFA_DIGEST_SIZE];

    assert_int_equal(mfa_sha256(mfa_str("abc"), digest), MFA_OK);
    check_hex(*state, digest, sizeof(digest), "ba7816bf8f01cfea414140de5dae"
              "2223b00361a396177a9cb410ff61f20015ad");

    assert_int_equal(mfa_sha256(mfa_null, digest), MFA_OK);
    check_hex(*state, digest, sizeof(digest), "e3b0c44298fc1c149afbf4c8996f"
              "b92427ae41e4649b934ca495991b7852b855");

    assert_int_equal(mfa_sha256(mfa_str("abcdbcdecdefdefgefghfghighijhijkijkl"
                     "jklmklmnlmnomnopnopq"), digest), MFA_OK);
    check_hex(*state, digest, sizeof(digest), "248d6a61d20638b8e5c026930c3e"
              "6039a33ce45964ff2167f6ecedd419db06c1");

    memset(a, 'a', sizeof(a));
    assert_int_equal(mfa_sha256(mfa_str_bytes(a, sizeof(a)), digest), MFA_OK);
    check_hex(*state, digest, sizeof(digest), "41edece42d63e8d9bf515a9ba693"
              "2e1c20cbc9f5a5d134645adb5db1b9737ea3");
}


/* B1: RFC 2202 section 3, and RFC 4231 */

static void
hmac_gives_the_published_macs(void **state)
{
    char     key[131], data[50];
    uint8_t  sha1[MFA_SHA1_SIZE], sha256[MFA_DIGEST_SIZE];

    memset(key, 0x0b, 20);
    assert_int_equal(mfa_hmac_sha1(mfa_str_bytes(key, 20), mfa_str("Hi There"),
                     sha1), MFA_OK);
    check_hex(*state, sha1, 20, "b617318655057264e28bc0b6fb378c8ef146be00");
    assert_int_equal(mfa_hmac_sha256(mfa_str_bytes(key, 20),
                     mfa_str("Hi There"), sha256), MFA_OK);
    check_hex(*state, sha256, 32, "b0344c61d8db38535ca8afceaf0bf12b"
              "881dc200c9833da726e9376c2e32cff7");

    assert_int_equal(mfa_hmac_sha1(mfa_str("Jefe"),
                     mfa_str("what do ya want for nothing?"), sha1), MFA_OK);
    check_hex(*state, sha1, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");

    memset(key, 0xaa, sizeof(key));
    memset(data, 0xdd, sizeof(data));
    assert_int_equal(mfa_hmac_sha1(mfa_str_bytes(key, 20),
                     mfa_str_bytes(data, 50), sha1), MFA_OK);
    check_hex(*state, sha1, 20, "125d7342b9ac11cd91a39af48aa17b4f63f175d3");

    assert_int_equal(mfa_hmac_sha256(mfa_str_bytes(key, 131),
                     mfa_str("Test Using Larger Than Block-Size Key - "
                             "Hash Key First"), sha256), MFA_OK);
    check_hex(*state, sha256, 32, "60e431591ee0b67f0d8a26aacbf5b77f"
              "8e0bc6213728c5140546040f0ee37f54");

    /* an empty key is a key, not the one of the call before */

    assert_int_equal(mfa_hmac_sha256(mfa_null, mfa_null, sha256), MFA_OK);
    check_hex(*state, sha256, 32, "b613679a0814d9ec772f95d778c35fc5"
              "ff1697c493715653c6c712144292c5ad");
}


static void
parts_cannot_be_shifted_into_each_other(void **state)
{
    uint8_t    a[MFA_DIGEST_SIZE], b[MFA_DIGEST_SIZE];
    mfa_str_t  key, one[2], two[2];

    (void) state;

    key = mfa_str("key");
    one[0] = mfa_str("ab");
    one[1] = mfa_str("c");
    two[0] = mfa_str("a");
    two[1] = mfa_str("bc");

    assert_int_equal(mfa_hmac_sha256_parts(key, one, 2, a), MFA_OK);
    assert_int_equal(mfa_hmac_sha256_parts(key, two, 2, b), MFA_OK);
    assert_memory_not_equal(a, b, sizeof(a));

    assert_int_equal(mfa_hmac_sha256_parts(key, one, 1, b), MFA_OK);
    assert_memory_not_equal(a, b, sizeof(a));

    one[1] = mfa_null;
    assert_int_equal(mfa_hmac_sha256_parts(key, one, 2, a), MFA_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}


static void *
thread_sha256(void *arg)
{
    int      i;
    uint8_t  digest[MFA_DIGEST_SIZE], first[MFA_DIGEST_SIZE];

    if (mfa_sha256(mfa_str_from(arg), first) != MFA_OK) {
        return NULL;
    }

    for (i = 0; i < 2000; i++) {
        if (mfa_sha256(mfa_str_from(arg), digest) != MFA_OK
            || memcmp(first, digest, sizeof(digest)) != 0)
        {
            return NULL;
        }
    }

    return arg;
}


static void
threads_do_not_meet_in_a_digest(void **state)
{
    int        i;
    char       text[THREADS][24];
    void      *result;
    pthread_t  threads[THREADS];

    (void) state;

    for (i = 0; i < THREADS; i++) {
        snprintf(text[i], sizeof(text[i]), "text %d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, thread_sha256,
                                        text[i]), 0);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, text[i]);
    }
}


static void
opening_again_and_closing_once_leaves_it_open(void **state)
{
    uint8_t  digest[MFA_DIGEST_SIZE];

    assert_int_equal(mfa_crypto_open(), MFA_OK);
    mfa_crypto_close();
    assert_int_equal(mfa_sha256(mfa_str("abc"), digest), MFA_OK);

    /* closed, it answers with a fault and zeroes, and can be opened again */

    mfa_crypto_close();
    mfa_crypto_close();
    memset(digest, 1, sizeof(digest));
    assert_int_equal(mfa_sha256(mfa_str("abc"), digest), MFA_CRYPTO);
    assert_int_equal(digest[0] | digest[31], 0);
    memset(digest, 1, sizeof(digest));
    assert_int_equal(mfa_hmac_sha256(mfa_str("k"), mfa_str("abc"), digest),
                     MFA_CRYPTO);
    assert_int_equal(digest[0] | digest[31], 0);

    assert_int_equal(mfa_crypto_open(), MFA_OK);
    assert_int_equal(mfa_sha256(mfa_str("abc"), digest), MFA_OK);
    check_hex(*state, digest, 4, "ba7816bf");
}


/* a worker opens once more after the fork and closes at its end */

static void
a_forked_child_can_go_on(void **state)
{
    int      status;
    pid_t    pid;
    uint8_t  digest[MFA_DIGEST_SIZE], again[MFA_DIGEST_SIZE];

    (void) state;

    assert_int_equal(mfa_sha256(mfa_str("abc"), digest), MFA_OK);

    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        if (mfa_crypto_open() != MFA_OK
            || mfa_sha256(mfa_str("abc"), again) != MFA_OK
            || memcmp(digest, again, sizeof(digest)) != 0)
        {
            _exit(1);
        }

        mfa_crypto_close();
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}


static void
equality_sees_every_byte(void **state)
{
    size_t   i;
    uint8_t  a[32], b[32];

    (void) state;

    memset(a, 7, sizeof(a));

    for (i = 0; i < sizeof(a); i++) {
        memcpy(b, a, sizeof(a));
        assert_true(mfa_equal_ct(a, b, sizeof(a)));
        b[i] ^= 0x80;
        assert_false(mfa_equal_ct(a, b, sizeof(a)));
    }

    assert_true(mfa_equal_ct(a, b, 0));
}


/* D1 */

static void
a_token_is_all_256_bits_of_the_port(void **state)
{
    uint8_t      bytes[MFA_TOKEN_SIZE];
    source_t     source = { bytes, sizeof(bytes), 0, 0 };
    mfa_str_t    text;
    mfa_ports_t  ports = { .random = source_random, .ctx = &source };

    memset(bytes, 0xff, sizeof(bytes));
    bytes[31] = 0xfe;
    assert_int_equal(mfa_token_make(&ports, *state, &text), MFA_OK);
    assert_int_equal(text.len, MFA_TOKEN_TEXT);
    assert_string_equal(text.data,
                        "__________________________________________4");
}


/* J12, RN1: half a token is no token */

static void
without_randomness_there_is_nothing(void **state)
{
    uint8_t      buf[16];
    source_t     source = { NULL, 0, 0, 0 };
    mfa_str_t    text;
    mfa_ports_t  ports = { .random = source_random, .ctx = &source };

    assert_int_equal(mfa_token_make(&ports, *state, &text), MFA_CRYPTO);
    assert_null(text.data);
    assert_int_equal(mfa_random_digits(&ports, 6, *state, &text), MFA_CRYPTO);
    assert_null(text.data);
    assert_int_equal(mfa_random_letters(&ports, 6, *state, &text), MFA_CRYPTO);
    assert_null(text.data);

    assert_int_equal(mfa_port_random(&ports, buf, sizeof(buf)), MFA_CRYPTO);
    assert_int_equal(buf[0] | buf[7], 0);
}


/* B8: a byte that would make some digits likelier is thrown away */

static void
unfair_bytes_are_thrown_away(void **state)
{
    source_t     source;
    mfa_str_t    text;
    mfa_ports_t  ports = { .random = source_random, .ctx = &source };

    static const uint8_t  digits[] = { 255, 0, 250, 10, 249, 251, 20, 7, 253 };
    static const uint8_t  letters[] = { 255, 240, 0, 239, 241, 24, 8, 14 };
    static const uint8_t  stuck[] = { 250, 255 };

    source = (source_t) { digits, sizeof(digits), 0, 0 };
    assert_int_equal(mfa_random_digits(&ports, 5, *state, &text), MFA_OK);
    assert_string_equal(text.data, "00907");

    source = (source_t) { letters, sizeof(letters), 0, 0 };
    assert_int_equal(mfa_random_letters(&ports, 5, *state, &text), MFA_OK);
    assert_string_equal(text.data, "AZAJQ");

    source = (source_t) { stuck, sizeof(stuck), 0, 0 };
    assert_int_equal(mfa_random_digits(&ports, 1, *state, &text), MFA_CRYPTO);
    assert_null(text.data);

    assert_int_equal(mfa_random_digits(&ports, 0, *state, &text),
                     MFA_INVALID);
}


/* chi-square of counts that should all be alike */

static double
chi_square(const unsigned *counts, unsigned cells, unsigned total)
{
    double    diff, sum, want;
    unsigned  i;

    sum = 0;
    want = (double) total / cells;

    for (i = 0; i < cells; i++) {
        diff = counts[i] - want;
        sum += diff * diff / want;
    }

    return sum;
}


/*
 * B8: a million codes. The bounds are p = 1e-6 of each test (999 and 9
 * degrees of freedom), so that chance alone does not fail a build.
 */

static void
digits_are_uniform_and_may_start_with_zero(void **state)
{
    int            i, k;
    mfa_str_t      text;
    unsigned       zeros;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    static unsigned  heads[1000], tails[1000], places[6][10];

    (void) state;

    zeros = 0;

    for (i = 0; i < 1000000; i += 1000) {
        arena = mfa_arena_open(1 << 20);
        assert_non_null(arena);

        for (k = 0; k < 1000; k++) {
            st = mfa_random_digits(&mfa_ports_system, 6, arena, &text);

            if (st != MFA_OK || text.len != 6 || strspn(text.data, "0123456789")
                                                 != 6)
            {
                fail();
            }

            zeros += text.data[0] == '0';
            heads[(text.data[0] - '0') * 100 + (text.data[1] - '0') * 10
                  + text.data[2] - '0']++;
            tails[(text.data[3] - '0') * 100 + (text.data[4] - '0') * 10
                  + text.data[5] - '0']++;
            places[k % 6][text.data[k % 6] - '0']++;
        }

        mfa_arena_close(&arena);
    }

    assert_in_range(zeros, 98000, 102000);
    assert_true(chi_square(heads, 1000, 1000000) < 1228);
    assert_true(chi_square(tails, 1000, 1000000) < 1228);

    for (i = 0; i < 6; i++) {
        for (k = 0, zeros = 0; k < 10; k++) {
            zeros += places[i][k];
        }

        assert_true(chi_square(places[i], 10, zeros) < 45);
    }
}


static void
letters_have_no_i_and_no_o(void **state)
{
    size_t     i;
    unsigned   seen[256] = { 0 };
    mfa_str_t  text;

    assert_int_equal(mfa_random_letters(&mfa_ports_system, 4096, *state,
                                        &text), MFA_OK);
    assert_int_equal(text.len, 4096);

    for (i = 0; i < text.len; i++) {
        seen[(unsigned char) text.data[i]]++;
    }

    for (i = 0; i < 256; i++) {
        assert_int_equal(seen[i] > 0, i >= 'A' && i <= 'Z' && i != 'I'
                                      && i != 'O');
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(hmac_gives_the_published_macs),
        cmocka_unit_test(parts_cannot_be_shifted_into_each_other),
        cmocka_unit_test(threads_do_not_meet_in_a_digest),
        cmocka_unit_test(opening_again_and_closing_once_leaves_it_open),
        cmocka_unit_test(a_forked_child_can_go_on),
        cmocka_unit_test(equality_sees_every_byte),
        cmocka_unit_test(a_token_is_all_256_bits_of_the_port),
        cmocka_unit_test(without_randomness_there_is_nothing),
        cmocka_unit_test(unfair_bytes_are_thrown_away),
        cmocka_unit_test(digits_are_uniform_and_may_start_with_zero),
        cmocka_unit_test(letters_have_no_i_and_no_o),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
