/*
 * Sealing: what is sealed opens at its place, under its key, or not at all.
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

static char  path[] = "/tmp/mfa_test_seal_XXXXXX";

static const mfa_str_t  place = mfa_str_static("user 7 totp 1");
static const mfa_str_t  secret = mfa_str_static("twenty byte secret!\0");


static mfa_keys_t *
open_keys(const char *text)
{
    FILE         *f;
    mfa_keys_t   *keys;
    mfa_error_t   error;

    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_OK);

    return keys;
}


static int
setup(void **state)
{
    int  fd;

    fd = mkstemp(path);
    *state = mfa_arena_open((size_t) 1 << 26);

    return fd < 0 || close(fd) != 0 || *state == NULL
           || mfa_crypto_open() != MFA_OK;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_arena_close(&arena);
    mfa_crypto_close();

    return unlink(path);
}


static mfa_str_t
seal(mfa_arena_t *arena, const mfa_keys_t *keys, mfa_str_t plain,
    mfa_str_t bound)
{
    mfa_buf_t  buf;
    mfa_str_t  sealed;

    mfa_buf_init(&buf, arena, 1 << 20);
    assert_int_equal(mfa_seal(keys, &mfa_ports_system, plain, bound, &buf),
                     MFA_OK);
    assert_int_equal(mfa_buf_str(&buf, &sealed), MFA_OK);

    return sealed;
}


static void
opens(mfa_arena_t *arena, const mfa_keys_t *keys, mfa_str_t sealed,
    mfa_str_t want)
{
    mfa_str_t  plain;

    assert_int_equal(mfa_unseal(keys, sealed, place, arena, &plain), MFA_OK);
    assert_true(mfa_str_eq(plain, want));
}


static void
damaged(mfa_arena_t *arena, const mfa_keys_t *keys, mfa_str_t sealed,
    mfa_str_t bound)
{
    mfa_str_t  plain;

    assert_int_equal(mfa_unseal(keys, sealed, bound, arena, &plain),
                     MFA_DAMAGED);
    assert_null(plain.data);
}


/* J8 */

static void
what_is_sealed_opens_at_its_place_only(void **state)
{
    mfa_str_t    sealed;
    mfa_keys_t  *keys;

    keys = open_keys("k1 " KEY_A);
    sealed = seal(*state, keys, secret, place);

    opens(*state, keys, sealed, secret);
    opens(*state, keys, seal(*state, keys, mfa_null, place), mfa_null);

    damaged(*state, keys, sealed, mfa_str("user 8 totp 1"));
    damaged(*state, keys, sealed, mfa_str("user 7 totp 1\0"));
    damaged(*state, keys, sealed, mfa_str("user 7 totp "));
    damaged(*state, keys, sealed, mfa_null);

    mfa_keys_close(&keys);
}


/* J8: each bit of each byte, head, id, nonce, text and tag */

static void
any_flipped_bit_is_refused(void **state)
{
    char         *copy;
    size_t        i;
    mfa_str_t     sealed;
    mfa_keys_t   *keys;

    keys = open_keys("k1 " KEY_A "\nk0 " KEY_B "\n1 " KEY_B);
    sealed = seal(*state, keys, secret, place);

    copy = malloc(sealed.len);
    assert_non_null(copy);
    memcpy(copy, sealed.data, sealed.len);

    for (i = 0; i < sealed.len * 8; i++) {
        copy[i / 8] = (char) (copy[i / 8] ^ (1 << i % 8));
        damaged(*state, keys, mfa_str_bytes(copy, sealed.len), place);
        copy[i / 8] = (char) (copy[i / 8] ^ (1 << i % 8));
    }

    opens(*state, keys, mfa_str_bytes(copy, sealed.len), secret);
    free(copy);
    mfa_keys_close(&keys);
}


static void
cut_and_lengthened_bytes_are_refused(void **state)
{
    char         *copy;
    size_t        len;
    mfa_str_t     sealed;
    mfa_keys_t   *keys;

    keys = open_keys("k1 " KEY_A);
    sealed = seal(*state, keys, secret, place);

    for (len = 0; len < sealed.len; len++) {
        copy = malloc(len + (len == 0));
        assert_non_null(copy);
        memcpy(copy, sealed.data, len);
        damaged(*state, keys, mfa_str_bytes(copy, len), place);
        free(copy);
    }

    damaged(*state, keys, mfa_arena_printf(*state, "%0*d", 100, 0), place);
    sealed.len++;                           /* the buffer's own zero byte */
    damaged(*state, keys, sealed, place);
    mfa_keys_close(&keys);
}


/* J9 */

static void
an_old_key_opens_while_it_is_listed(void **state)
{
    mfa_str_t    sealed;
    mfa_keys_t  *keys;

    keys = open_keys("k1 " KEY_A);
    sealed = seal(*state, keys, secret, place);
    mfa_keys_close(&keys);

    keys = open_keys("k2 " KEY_B "\nk1 " KEY_A);
    opens(*state, keys, sealed, secret);
    mfa_keys_close(&keys);

    keys = open_keys("abcdefghij012345 " KEY_A);
    opens(*state, keys, seal(*state, keys, secret, place), secret);
    mfa_keys_close(&keys);

    /* and the first one seals */

    keys = open_keys("k2 " KEY_B "\nk1 " KEY_A);

    sealed = seal(*state, keys, secret, place);
    assert_memory_equal(sealed.data, "\x01\x02k2", 4);
    mfa_keys_close(&keys);

    keys = open_keys("k1 " KEY_A);
    damaged(*state, keys, sealed, place);
    mfa_keys_close(&keys);

    /* another key of the same name */

    keys = open_keys("k2 " KEY_A);
    damaged(*state, keys, sealed, place);
    mfa_keys_close(&keys);
}


/* J10: nothing of the text shows, and no two seals are alike */

static void
each_seal_has_its_own_nonce(void **state)
{
    size_t       i;
    mfa_str_t    a, b;
    mfa_keys_t  *keys;

    keys = open_keys("k1 " KEY_A);
    a = seal(*state, keys, secret, place);
    b = seal(*state, keys, secret, place);

    assert_int_equal(a.len, 1 + 1 + 2 + 24 + secret.len + 16);
    assert_memory_not_equal(a.data + 4, b.data + 4, 24);
    assert_memory_not_equal(a.data + 28, b.data + 28, secret.len);
    assert_null(memmem(a.data, a.len, "secret", 6));

    for (i = 4; i + 8 < a.len; i++) {
        assert_memory_not_equal(a.data + i, b.data + i, 8);
    }

    mfa_keys_close(&keys);
}


static mfa_status_t
broken_random(void *ctx, void *buf, size_t len)
{
    (void) ctx;

    memset(buf, 0, len);

    return MFA_CRYPTO;
}


/* J12, RN1: a nonce of zeroes is never used */

static void
without_randomness_nothing_is_sealed(void **state)
{
    mfa_buf_t    buf;
    mfa_str_t    sealed;
    mfa_keys_t  *keys;
    mfa_ports_t  ports = { .random = broken_random };

    keys = open_keys("k1 " KEY_A);
    mfa_buf_init(&buf, *state, 1 << 20);
    assert_int_equal(mfa_seal(keys, &ports, secret, place, &buf), MFA_CRYPTO);
    assert_int_equal(mfa_buf_str(&buf, &sealed), MFA_OK);
    assert_int_equal(sealed.len, 0);
    mfa_keys_close(&keys);
}


static void
a_full_arena_is_no_damage(void **state)
{
    size_t        limit;
    mfa_buf_t     buf;
    mfa_str_t     sealed, plain;
    mfa_keys_t   *keys;
    mfa_arena_t  *arena;
    mfa_status_t  st;

    keys = open_keys("k1 " KEY_A);
    sealed = seal(*state, keys, secret, place);

    for (limit = 0; limit < 300; limit++) {
        arena = mfa_arena_open(limit);
        st = mfa_unseal(keys, sealed, place, arena, &plain);
        assert_true(st == MFA_OK || (st == MFA_NO_MEMORY && !plain.data));

        mfa_buf_init(&buf, arena, 1 << 20);
        st = mfa_seal(keys, &mfa_ports_system, secret, place, &buf);
        assert_true(st == MFA_OK || st == MFA_NO_MEMORY);
        mfa_arena_close(&arena);
    }

    mfa_keys_close(&keys);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(what_is_sealed_opens_at_its_place_only),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(cut_and_lengthened_bytes_are_refused),
        cmocka_unit_test(an_old_key_opens_while_it_is_listed),
        cmocka_unit_test(each_seal_has_its_own_nonce),
        cmocka_unit_test(without_randomness_nothing_is_sealed),
        cmocka_unit_test(a_full_arena_is_no_damage),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
