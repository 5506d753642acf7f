/*
 * The key file: who may own it, what stands in it, what comes out of it.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


#define KEY_A  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B  "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

static char  dir[] = "/tmp/mfa_test_keys_XXXXXX";
static char  path[64];


static int
setup(void **state)
{
    if (mkdtemp(dir) == NULL) {
        return 1;
    }

    snprintf(path, sizeof(path), "%s/key", dir);
    *state = mfa_arena_open(1 << 20);

    return *state == NULL || mfa_crypto_open() != MFA_OK;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_arena_close(&arena);
    mfa_crypto_close();

    return unlink(path) != 0 || rmdir(dir) != 0;
}


static void
write_file(mfa_str_t text, mode_t mode)
{
    FILE  *f;

    (void) unlink(path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}


static mfa_keys_t *
open_keys(mfa_str_t text)
{
    mfa_keys_t   *keys;
    mfa_error_t   error;

    write_file(text, 0400);
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_OK);
    assert_non_null(keys);

    return keys;
}


/* the message names the file, says what is wrong, and holds no key */

static void
refused(mfa_str_t text, mode_t mode, const char *message)
{
    mfa_keys_t   *keys;
    mfa_error_t   error;

    write_file(text, mode);
    error.text[0] = '\0';
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_CONFIG);
    assert_null(keys);

    if (strstr(error.text, message) == NULL) {
        print_error("\"%s\" is not in \"%s\"\n", message, error.text);
        fail();
    }

    assert_non_null(strstr(error.text, path));
    assert_null(strstr(error.text, "AAECAwQ"));
}


/* A10 */

static void
a_file_that_others_can_read_is_refused(void **state)
{
    mode_t     bit;
    mfa_str_t  text = mfa_str("k1 " KEY_A "\n");

    (void) state;

    for (bit = 01; bit <= 040; bit <<= 1) {
        refused(text, 0400 | bit, "chmod 0400");
    }

    refused(text, 0644, "chmod 0400");
}


/* A10 */

static void
a_file_of_somebody_else_is_refused(void **state)
{
    pid_t         pid;
    int           status;
    mfa_keys_t   *keys;
    mfa_error_t   error;

    (void) state;

    if (geteuid() != 0) {
        skip();
    }

    write_file(mfa_str("k1 " KEY_A "\n"), 0400);
    assert_int_equal(chown(path, 12345, 0), 0);
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_CONFIG);
    assert_non_null(strstr(error.text, "owned by user id 12345"));

    /* the user it belongs to may */

    assert_int_equal(chmod(dir, 0755), 0);
    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        _exit(setuid(12345) != 0
              || mfa_keys_open(path, &error, &keys) != MFA_OK);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}


/* A10 */

static void
what_is_missing_or_no_file_is_refused(void **state)
{
    mfa_keys_t   *keys;
    mfa_error_t   error;

    (void) state;

    (void) unlink(path);
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_CONFIG);
    assert_non_null(strstr(error.text, "No such file"));

    assert_int_equal(mfa_keys_open(dir, &error, &keys), MFA_CONFIG);
    assert_non_null(strstr(error.text, "not a regular file"));

    assert_int_equal(mkfifo(path, 0400), 0);
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_CONFIG);
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_null(keys);
}


/* A10 */

static void
a_malformed_file_is_refused_with_its_line(void **state)
{
    static char  big[5000];

    (void) state;

    refused(mfa_str(""), 0400, "has no key");
    refused(mfa_str("# k1 " KEY_A "\n\n"), 0400, "has no key");
    refused(mfa_str("\nk1\n"), 0400, "line 2 has a KEY");
    refused(mfa_str(KEY_A "\n"), 0400, "line 1 needs an ID");
    refused(mfa_str("K1 " KEY_A), 0400, "line 1 needs an ID");
    refused(mfa_str("abcdefghijklmnopq " KEY_A), 0400, "line 1 needs an ID");
    refused(mfa_str("k$1 " KEY_A), 0400, "line 1 needs an ID");
    refused(mfa_str("k1 AAECAwQFBgcICQoLDA0ODw"), 0400, "line 1 has a KEY");
    refused(mfa_str("k1 " KEY_A "A"), 0400, "line 1 has a KEY");
    refused(mfa_str("k1 " KEY_A " x"), 0400, "line 1 has a KEY");
    refused(mfa_str("k1 " KEY_A "\0"), 0400, "line 1 has a KEY");
    refused(mfa_str("k1 " KEY_A "\nk1 " KEY_B), 0400, "line 2 has an ID");
    refused(mfa_str("a " KEY_A "\nb " KEY_A "\nc " KEY_A "\nd " KEY_A
                    "\ne " KEY_A), 0400, "line 5 is a fifth key");

    memset(big, '#', sizeof(big));
    refused(mfa_str_bytes(big, sizeof(big)), 0400, "larger than");
    refused(mfa_str_bytes(big, 4096), 0400, "has no key");
}


static void
comments_blanks_and_missing_newlines_are_fine(void **state)
{
    mfa_keys_t  *keys;

    (void) state;

    keys = open_keys(mfa_str("# ours\r\n\r\n\tk2 \t" KEY_B "  # new\r\n"
                             "abcdefghij012345 " KEY_A));
    assert_true(mfa_str_eq_c(mfa_keys_id(keys), "k2"));
    assert_non_null(mfa_keys_find(keys, mfa_str("abcdefghij012345"),
                                  MFA_KEY_SEAL));
    assert_null(mfa_keys_find(keys, mfa_str("k3"), MFA_KEY_SEAL));
    assert_null(mfa_keys_find(keys, mfa_null, MFA_KEY_SEAL));
    assert_null(mfa_keys_find(keys, mfa_str("k2"), MFA_KEY_USE_COUNT));
    mfa_keys_close(&keys);
    assert_null(keys);
    mfa_keys_close(&keys);
    mfa_keys_close(NULL);
}


/* sub-key and MAC computed by another implementation of RFC 5869 and 2104 */

static void
a_mac_is_hmac_under_the_hkdf_of_the_key(void **state)
{
    uint8_t      mac[MFA_DIGEST_SIZE];
    mfa_str_t    parts[3] = { mfa_str_static("ab"), { NULL, 0 },
                              mfa_str_static("c") }, text;
    mfa_keys_t  *keys;

    keys = open_keys(mfa_str("k1 " KEY_A "\n"));

    assert_int_equal(mfa_hex_encode(*state, mfa_str_bytes(
                     mfa_keys_find(keys, mfa_str("k1"), MFA_KEY_CODE),
                     MFA_DIGEST_SIZE), &text), MFA_OK);
    assert_string_equal(text.data, "217258eab69699c20c8cc1b7327f4e4f"
                                   "089957b193703239dba286bd934cc0a7");

    assert_int_equal(mfa_keys_mac(keys, MFA_KEY_CODE, parts, 3, mac), MFA_OK);
    assert_int_equal(mfa_hex_encode(*state, mfa_str_bytes(mac, sizeof(mac)),
                                    &text), MFA_OK);
    assert_string_equal(text.data, "213d7fc1c2418666ea2167517bdbe9c6"
                                   "8c6731b9de1d340b0d92fcb2cb7227bf");

    assert_int_equal(mfa_keys_mac(keys, MFA_KEY_USE_COUNT, parts, 3, mac),
                     MFA_BUG);
    assert_int_equal(mac[0] | mac[31], 0);
    mfa_keys_close(&keys);
}


static void
no_key_serves_two_uses(void **state)
{
    unsigned     a, b;
    uint8_t      macs[MFA_KEY_USE_COUNT][MFA_DIGEST_SIZE];
    mfa_str_t    part = mfa_str("x");
    mfa_keys_t  *keys;

    (void) state;

    keys = open_keys(mfa_str("k1 " KEY_A "\n"));

    for (a = 0; a < MFA_KEY_USE_COUNT; a++) {
        assert_int_equal(mfa_keys_mac(keys, (mfa_key_use_t) a, &part, 1,
                                      macs[a]), MFA_OK);

        for (b = 0; b < a; b++) {
            assert_memory_not_equal(macs[a], macs[b], MFA_DIGEST_SIZE);
        }
    }

    mfa_keys_close(&keys);
}


/* J9: what the old key signed holds while it stands in the file */

static void
rotation_keeps_the_old_key_as_long_as_it_is_listed(void **state)
{
    uint8_t      mac[MFA_DIGEST_SIZE];
    mfa_str_t    part = mfa_str("code 123456"), other = mfa_str("code 123457");
    mfa_keys_t  *keys;

    (void) state;

    keys = open_keys(mfa_str("k1 " KEY_A "\n"));
    assert_int_equal(mfa_keys_mac(keys, MFA_KEY_CODE, &part, 1, mac), MFA_OK);
    mfa_keys_close(&keys);

    keys = open_keys(mfa_str("k2 " KEY_B "\nk1 " KEY_A "\n"));
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_CODE, &part, 1, mac),
                     MFA_OK);
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_CODE, &other, 1, mac),
                     MFA_NOT_FOUND);
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_FORM, &part, 1, mac),
                     MFA_NOT_FOUND);
    mac[31] ^= 1;
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_CODE, &part, 1, mac),
                     MFA_NOT_FOUND);
    mac[31] ^= 1;
    mfa_keys_close(&keys);

    keys = open_keys(mfa_str("k1 " KEY_A "\nk2 " KEY_B "\n"));
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_CODE, &part, 1, mac),
                     MFA_OK);
    mfa_keys_close(&keys);

    keys = open_keys(mfa_str("k2 " KEY_B "\n"));
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_CODE, &part, 1, mac),
                     MFA_NOT_FOUND);

    /* a fault is no answer, least of all to a MAC of zeroes */

    memset(mac, 0, sizeof(mac));
    mfa_crypto_close();
    assert_int_equal(mfa_keys_mac_check(keys, MFA_KEY_CODE, &part, 1, mac),
                     MFA_CRYPTO);
    assert_int_equal(mfa_crypto_open(), MFA_OK);
    mfa_keys_close(&keys);
}


static void
a_made_file_opens(void **state)
{
    mfa_str_t    text, other;
    mfa_keys_t  *keys;

    assert_int_equal(mfa_keys_make(&mfa_ports_system, mfa_str("2026"), *state,
                                   &text), MFA_OK);
    assert_int_equal(mfa_keys_make(&mfa_ports_system, mfa_str("2026"), *state,
                                   &other), MFA_OK);
    assert_false(mfa_str_eq(text, other));

    keys = open_keys(text);
    assert_true(mfa_str_eq_c(mfa_keys_id(keys), "2026"));
    mfa_keys_close(&keys);

    assert_int_equal(mfa_keys_make(&mfa_ports_system, mfa_str("no id"),
                                   *state, &text), MFA_INVALID);
    assert_null(text.data);
}


/* the flags of the mapping that p is in, as the kernel shows them */

static void
mapping_flags(const void *p, char *flags, size_t size)
{
    FILE           *f;
    char            line[512];
    bool            is_here;
    unsigned long   low, high;

    f = fopen("/proc/self/smaps", "r");
    assert_non_null(f);
    is_here = false;
    flags[0] = '\0';

    while (fgets(line, sizeof(line), f) != NULL) {
        if (sscanf(line, "%lx-%lx", &low, &high) == 2) {
            is_here = (uintptr_t) p >= low && (uintptr_t) p < high;
        }

        if (is_here && strncmp(line, "VmFlags:", 8) == 0) {
            snprintf(flags, size, "%s", line);
        }
    }

    assert_int_equal(fclose(f), 0);
}


/* J11: no core dump has the page, and a child (a worker) can read it */

static void
keys_are_left_out_of_core_dumps_and_survive_a_fork(void **state)
{
    int          status;
    char         flags[512];
    pid_t        pid;
    uint8_t      mac[MFA_DIGEST_SIZE], again[MFA_DIGEST_SIZE];
    mfa_str_t    part = mfa_str("x");
    mfa_keys_t  *keys;

    (void) state;

    keys = open_keys(mfa_str("k1 " KEY_A "\n"));
    mapping_flags(keys, flags, sizeof(flags));
    assert_non_null(strstr(flags, " dd"));
    assert_null(strstr(flags, " wf"));
    assert_null(strstr(flags, " wr"));

    assert_int_equal(mfa_keys_mac(keys, MFA_KEY_SEAL, &part, 1, mac), MFA_OK);

    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        if (mfa_keys_mac(keys, MFA_KEY_SEAL, &part, 1, again) != MFA_OK
            || memcmp(mac, again, sizeof(mac)) != 0)
        {
            _exit(1);
        }

        mfa_keys_close(&keys);
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    mfa_keys_close(&keys);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(a_file_of_somebody_else_is_refused),
        cmocka_unit_test(what_is_missing_or_no_file_is_refused),
        cmocka_unit_test(a_malformed_file_is_refused_with_its_line),
        cmocka_unit_test(comments_blanks_and_missing_newlines_are_fine),
        cmocka_unit_test(a_mac_is_hmac_under_the_hkdf_of_the_key),
        cmocka_unit_test(no_key_serves_two_uses),
        cmocka_unit_test(rotation_keeps_the_old_key_as_long_as_it_is_listed),
        cmocka_unit_test(a_made_file_opens),
        cmocka_unit_test(keys_are_left_out_of_core_dumps_and_survive_a_fork),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
