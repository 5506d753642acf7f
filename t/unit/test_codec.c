/*
 * Hex, base32, base64, base64url, percent and JSON.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../src/base/mfa_base.h"


typedef mfa_status_t (*encode_pt)(mfa_arena_t *arena, mfa_str_t in,
    mfa_str_t *out);


static int
setup(void **state)
{
    *state = mfa_arena_open(1 << 22);

    return *state == NULL;
}


static int
teardown(void **state)
{
    mfa_arena_t  *arena = *state;

    mfa_arena_close(&arena);

    return 0;
}


static void
check(encode_pt encode, mfa_arena_t *arena, mfa_str_t in, const char *want)
{
    mfa_str_t  out;

    assert_int_equal(encode(arena, in, &out), MFA_OK);
    assert_string_equal(out.data, want);
    assert_int_equal(out.len, strlen(want));
}


static void
refused(encode_pt decode, mfa_arena_t *arena, mfa_str_t in)
{
    mfa_str_t  out;

    assert_int_equal(decode(arena, in, &out), MFA_INVALID);
    assert_null(out.data);
}


/* RFC 4648 section 10 */

static void
the_vectors_of_rfc_4648_hold(void **state)
{
    size_t     i;
    mfa_str_t  in, back;

    static const char *const  text[] = {
        "", "f", "fo", "foo", "foob", "fooba", "foobar"
    };

    static const char *const  base64[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"
    };

    static const char *const  base64url[] = {
        "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"
    };

    static const char *const  base32[] = {
        "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"
    };

    static const char *const  hex[] = {
        "", "66", "666f", "666f6f", "666f6f62", "666f6f6261", "666f6f626172"
    };

    for (i = 0; i < 7; i++) {
        in = mfa_str_from(text[i]);

        check(mfa_base64_encode, *state, in, base64[i]);
        check(mfa_base64url_encode, *state, in, base64url[i]);
        check(mfa_base32_encode, *state, in, base32[i]);
        check(mfa_hex_encode, *state, in, hex[i]);

        check(mfa_base64url_decode, *state, mfa_str_from(base64url[i]),
              text[i]);
        check(mfa_base32_decode, *state, mfa_str_from(base32[i]), text[i]);
    }

    assert_int_equal(mfa_base32_decode(*state, mfa_str("mzxw6ytboi"), &back),
                     MFA_OK);
    assert_string_equal(back.data, "foobar");

    check(mfa_base64_encode, *state, mfa_str("\xfb\xff\xfe"), "+//+");
    check(mfa_base64url_encode, *state, mfa_str("\xfb\xff\xfe"), "-__-");
    check(mfa_hex_encode, *state, mfa_str("\x00\x9a\xff"), "009aff");
}


static void
every_byte_has_its_two_hex_digits(void **state)
{
    char       want[2 * 256 + 1];
    size_t     i;
    uint8_t    bytes[256];

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) i;
        (void) snprintf(want + 2 * i, 3, "%02x", (unsigned) i);
    }

    check(mfa_hex_encode, *state, mfa_str_bytes(bytes, sizeof(bytes)), want);
}


static void
all_lengths_come_back(void **state)
{
    size_t     i, len;
    uint8_t    bytes[80], fixed[80];
    mfa_str_t  in, text, back;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) (i * 167 + 91);
    }

    for (len = 0; len <= sizeof(bytes); len++) {
        in = mfa_str_bytes(bytes, len);

        assert_int_equal(mfa_base32_encode(*state, in, &text), MFA_OK);
        assert_int_equal(mfa_base32_decode(*state, text, &back), MFA_OK);
        assert_true(mfa_str_eq(in, back));

        assert_int_equal(mfa_base64url_encode(*state, in, &text), MFA_OK);
        assert_int_equal(mfa_base64url_decode(*state, text, &back), MFA_OK);
        assert_true(mfa_str_eq(in, back));

        assert_int_equal(mfa_base64url_decode_fixed(text, fixed, len), MFA_OK);
        assert_memory_equal(fixed, bytes, len);
    }
}


static void
a_second_spelling_is_refused(void **state)
{
    /* bits that no byte has, a lone symbol, padding, blanks, other alphabets */

    refused(mfa_base64url_decode, *state, mfa_str("Zh"));
    refused(mfa_base64url_decode, *state, mfa_str("Zm9"));
    refused(mfa_base64url_decode, *state, mfa_str("Z"));
    refused(mfa_base64url_decode, *state, mfa_str("Zm9vY"));
    refused(mfa_base64url_decode, *state, mfa_str("A"));
    refused(mfa_base64url_decode, *state, mfa_str("AAAAA"));
    refused(mfa_base64url_decode, *state, mfa_str("AAAAAAAAA"));
    refused(mfa_base64url_decode, *state, mfa_str("Zg=="));
    refused(mfa_base64url_decode, *state, mfa_str("Zm 9v"));
    refused(mfa_base64url_decode, *state, mfa_str("Zm9v\n"));
    refused(mfa_base64url_decode, *state, mfa_str("+//+"));
    refused(mfa_base64url_decode, *state, mfa_str("Zm9\0"));

    refused(mfa_base32_decode, *state, mfa_str("MZ"));
    refused(mfa_base32_decode, *state, mfa_str("M"));
    refused(mfa_base32_decode, *state, mfa_str("A"));
    refused(mfa_base32_decode, *state, mfa_str("AAA"));
    refused(mfa_base32_decode, *state, mfa_str("AAAAAA"));
    refused(mfa_base32_decode, *state, mfa_str("MZX"));
    refused(mfa_base32_decode, *state, mfa_str("MZXW6Y"));
    refused(mfa_base32_decode, *state, mfa_str("MY======"));
    refused(mfa_base32_decode, *state, mfa_str("MZXW1YTB"));
    refused(mfa_base32_decode, *state, mfa_str("MZXW 6YTB"));
}


static void
exactly_the_symbols_of_the_alphabet_are_taken(void **state)
{
    int           c;
    char          text[24];
    size_t        at, len;
    unsigned      n32, n64;
    mfa_str_t     out;
    const char   *found;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    /* at each place of a text, among neighbours of two kinds */

    for (at = 0; at < 20; at++) {
        n32 = 0;
        n64 = 0;

        for (c = 0; c < 256; c++) {
            memset(text, c % 2 ? 'A' : '_', sizeof(text));
            text[at] = (char) c;

            found = c == 0 ? NULL : strchr(alphabet, c);
            len = mfa_base64url_decode(*state, mfa_str_bytes(text, 20), &out)
                  == MFA_OK ? out.len : 0;

            assert_int_equal(len, found ? 15 : 0);

            if (len > 0) {
                n64++;
                assert_int_equal((((unsigned char) out.data[at / 4 * 3] << 16
                                 | (unsigned char) out.data[at / 4 * 3 + 1] << 8
                                 | (unsigned char) out.data[at / 4 * 3 + 2])
                                 >> (18 - 6 * (at % 4))) & 63,
                                 found - alphabet);
            }

            memset(text, 'A', sizeof(text));
            text[at] = (char) c;
            n32 += mfa_base32_decode(*state, mfa_str_bytes(text, 24), &out)
                   == MFA_OK;
        }

        assert_int_equal(n64, 64);
        assert_int_equal(n32, 32 + 26);
    }
}


/* D1: the token of a cookie is decoded without an arena */

static void
a_token_of_another_length_is_refused(void **state)
{
    uint8_t    buf[MFA_TOKEN_SIZE + 1];
    size_t     i;
    mfa_str_t  text;

    (void) state;

    text = mfa_str("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    assert_int_equal(text.len, MFA_TOKEN_TEXT);

    buf[MFA_TOKEN_SIZE] = 0x5a;
    assert_int_equal(mfa_base64url_decode_fixed(text, buf, MFA_TOKEN_SIZE),
                     MFA_OK);
    assert_int_equal(buf[MFA_TOKEN_SIZE], 0x5a);

    for (i = 0; i < MFA_TOKEN_SIZE; i++) {
        assert_int_equal(buf[i], i);
    }

    for (i = 0; i < MFA_TOKEN_TEXT; i++) {
        text.len = i;
        assert_int_equal(mfa_base64url_decode_fixed(text, buf,
                         MFA_TOKEN_SIZE), MFA_INVALID);
    }

    text = mfa_str("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9");
    assert_int_equal(mfa_base64url_decode_fixed(text, buf, MFA_TOKEN_SIZE),
                     MFA_INVALID);
    assert_int_equal(buf[0] | buf[31], 0);

    text = mfa_str("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A");
    assert_int_equal(mfa_base64url_decode_fixed(text, buf, MFA_TOKEN_SIZE),
                     MFA_INVALID);
}


static void
percent_encodes_all_that_is_not_unreserved(void **state)
{
    mfa_str_t  out;

    assert_int_equal(mfa_percent_encode(*state,
                     mfa_str("aZ0-._~ /?&=%\0\xc3\xa9"), NULL, &out), MFA_OK);
    assert_string_equal(out.data, "aZ0-._~%20%2F%3F%26%3D%25%00%C3%A9");

    assert_int_equal(mfa_percent_encode(*state, mfa_str("/a b\0?"), "/?",
                     &out), MFA_OK);
    assert_string_equal(out.data, "/a%20b%00?");

    assert_int_equal(mfa_percent_encode(*state, mfa_null, "", &out), MFA_OK);
    assert_string_equal(out.data, "");
}


static void
check_json(mfa_arena_t *arena, mfa_str_t in, const char *want)
{
    mfa_buf_t  buf;
    mfa_str_t  out;

    mfa_buf_init(&buf, arena, 4096);
    mfa_json_put(&buf, in);
    assert_int_equal(mfa_buf_str(&buf, &out), MFA_OK);
    assert_int_equal(out.len, strlen(want));
    assert_memory_equal(out.data, want, out.len);
}


static void
json_stays_one_line_of_utf8(void **state)
{
    check_json(*state, mfa_null, "");
    check_json(*state, mfa_str("plain \xc3\xa9 \xf0\x9f\x98\x80"),
               "plain \xc3\xa9 \xf0\x9f\x98\x80");
    check_json(*state, mfa_str("\"\\\n\r\t\b\0\x1b\x7f"),
               "\\\"\\\\\\n\\r\\t\\u0008\\u0000\\u001b\\u007f");
    check_json(*state, mfa_str("a\xc2\x9b" "b\xe2\x80\xa8\xe2\x80\xa9"),
               "a\\u009bb\\u2028\\u2029");

    /* not UTF-8: alone, cut, too long, a surrogate, beyond the last */

    check_json(*state, mfa_str("a\xff" "b"), "a\\ufffdb");
    check_json(*state, mfa_str("\x80\xc3"), "\\ufffd\\ufffd");
    check_json(*state, mfa_str("\xc0\x8a"), "\\ufffd\\ufffd");
    check_json(*state, mfa_str("\xe0\x80\x8a"), "\\ufffd\\ufffd\\ufffd");
    check_json(*state, mfa_str("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
    check_json(*state, mfa_str("\xf4\x90\x80\x80"),
               "\\ufffd\\ufffd\\ufffd\\ufffd");
    check_json(*state, mfa_str("\xe2\x82"), "\\ufffd\\ufffd");
    check_json(*state, mfa_str("\xf8\x88\x80\x80\x80z"),
               "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffdz");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_hold),
        cmocka_unit_test(every_byte_has_its_two_hex_digits),
        cmocka_unit_test(all_lengths_come_back),
        cmocka_unit_test(a_second_spelling_is_refused),
        cmocka_unit_test(exactly_the_symbols_of_the_alphabet_are_taken),
        cmocka_unit_test(a_token_of_another_length_is_refused),
        cmocka_unit_test(percent_encodes_all_that_is_not_unreserved),
        cmocka_unit_test(json_stays_one_line_of_utf8),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
