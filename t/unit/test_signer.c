/*
 * The keys of signed assertions (U3, G4): what one may be, and what it signs.
 */

#include "mfa_assertion_fixture.h"


static const char  rfc_sec1[] =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
    "-----END EC PARAMETERS-----\n"
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

/* RFC 7515 A.3.1 */
static const char  rfc_token[] =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";


static void
the_verifier_takes_the_vector_and_no_other(void **state)
{
    char       token[sizeof(rfc_token)];
    size_t     i;
    EVP_PKEY  *key;

    (void) state;

    key = public_of(RFC_X, RFC_Y);
    assert_true(is_signed(key, rfc_token, strlen(rfc_token)));

    for (i = 5; i < sizeof(token) - 3; i += 7) {
        memcpy(token, rfc_token, sizeof(token));

        if (token[i] != '.') {
            token[i] = token[i] == 'A' ? 'B' : 'A';
            assert_false(is_signed(key, token, sizeof(token) - 1));
        }
    }

    EVP_PKEY_free(key);
}


static mfa_status_t
signer(const char *path, mfa_signer_t **out, mfa_error_t *error)
{
    error->text[0] = '\0';

    return mfa_signer_open("assertion_key", path, arena, error, out);
}


static void
a_key_has_the_thumbprint_of_rfc_7638(void **state)
{
    size_t         i;
    json_t        *jwk;
    mfa_str_t      text;
    mfa_error_t    error;
    mfa_signer_t  *one;

    static const char *const  forms[] = { rfc_key, rfc_sec1 };

    (void) state;

    for (i = 0; i < 2; i++) {
        assert_int_equal(signer(file_of("rfc.pem", forms[i], 0400), &one,
                                &error), MFA_OK);
        assert_true(mfa_str_eq_c(mfa_signer_id(one), RFC_ID));

        text = mfa_signer_jwk(one);
        jwk = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(jwk);
        assert_string_equal(json_string_value(json_object_get(jwk, "x")),
                            RFC_X);
        assert_string_equal(json_string_value(json_object_get(jwk, "y")),
                            RFC_Y);
        assert_string_equal(json_string_value(json_object_get(jwk, "kid")),
                            RFC_ID);
        assert_int_equal(json_object_size(jwk), 7);     /* and no "d" */
        json_decref(jwk);

        mfa_signer_close(&one);
        assert_null(one);
    }
}


static void
each_signature_is_another_and_right(void **state)
{
    size_t         i, len;
    char           token[512];
    uint8_t        raw[MFA_SIGNATURE_SIZE], last[MFA_SIGNATURE_SIZE] = { 0 };
    EVP_PKEY      *key;
    mfa_str_t      text;
    mfa_error_t    error;
    mfa_signer_t  *one;

    (void) state;

    key = public_of(RFC_X, RFC_Y);
    assert_int_equal(signer(file_of("rfc.pem", rfc_key, 0400), &one, &error),
                     MFA_OK);

    /* R and S that begin with zero bytes are among so many */

    for (i = 0; i < 1000; i++) {
        len = (size_t) snprintf(token, sizeof(token), "head.%zu", i);
        assert_int_equal(mfa_signer_sign(one, mfa_str_bytes(token, len), raw),
                         MFA_OK);
        assert_memory_not_equal(raw, last, sizeof(raw));
        memcpy(last, raw, sizeof(raw));

        assert_int_equal(mfa_base64url_encode(arena,
                                              mfa_str_bytes(raw, sizeof(raw)),
                                              &text), MFA_OK);
        assert_int_equal(text.len, 86);
        len += (size_t) snprintf(token + len, sizeof(token) - len, ".%s",
                                 text.data);
        assert_true(is_signed(key, token, len));
    }

    mfa_signer_close(&one);
    EVP_PKEY_free(key);
}


/* what is no key for this, by the words an operator reads */

static const char *
pem_of(EVP_PKEY *key, const char *password, bool is_public)
{
    BIO          *bio;
    char         *data;
    size_t        len;
    static char   text[4096];

    bio = BIO_new(BIO_s_mem());

    assert_int_equal(is_public
                     ? PEM_write_bio_PUBKEY(bio, key)
                     : PEM_write_bio_PKCS8PrivateKey(bio, key,
                           password != NULL ? EVP_aes_128_cbc() : NULL,
                           password, password != NULL ? 1 : 0, NULL, NULL),
                     1);

    len = (size_t) BIO_get_mem_data(bio, &data);
    assert_true(len < sizeof(text));
    memcpy(text, data, len);
    text[len] = '\0';

    BIO_free(bio);

    return text;
}


static void
refused(const char *path, const char *why)
{
    mfa_error_t    error;
    mfa_signer_t  *one;

    assert_int_equal(signer(path, &one, &error), MFA_CONFIG);
    assert_null(one);

    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }

    assert_non_null(strstr(error.text, path));
    assert_null(strstr(error.text, "PRIVATE"));
    assert_int_equal(ERR_peek_error(), 0);
}


static void
a_file_that_is_no_such_key_is_refused(void **state)
{
    char       big[9000];
    EVP_PKEY  *key;

    (void) state;

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';

    refused("/tmp/mfa-no-such-file", "cannot be opened");
    refused(dir, "not a regular file");
    refused(file_of("big", big, 0400), "larger than");
    refused(file_of("empty", "", 0400), "holds no private key");
    refused(file_of("text", "k1 abc\n", 0400), "holds no private key");
    refused(file_of("group", rfc_key, 0440), "chmod 0400");
    refused(file_of("world", rfc_key, 0404), "chmod 0400");

    key = EVP_EC_gen("P-384");
    refused(file_of("p384", pem_of(key, NULL, false), 0400), "P-256");
    EVP_PKEY_free(key);

    /* of the same size, and no curve of ours */
    key = EVP_EC_gen("secp256k1");
    refused(file_of("k1", pem_of(key, NULL, false), 0400), "P-256");
    EVP_PKEY_free(key);

    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    refused(file_of("ed", pem_of(key, NULL, false), 0400), "P-256");
    EVP_PKEY_free(key);

    key = EVP_EC_gen("P-256");
    refused(file_of("pub", pem_of(key, NULL, true), 0400),
            "holds no private key");
    refused(file_of("locked", pem_of(key, "x", false), 0400),
            "without a password");
    EVP_PKEY_free(key);
}


static void
halves_that_do_not_belong_together_are_refused(void **state)
{
    char  text[sizeof(rfc_key)], *at;

    (void) state;

    /* another private half before the public one of the RFC */

    memcpy(text, rfc_key, sizeof(text));
    at = strstr(text, "jpsQnnGQ");
    assert_non_null(at);
    at[2] = 'A';

    refused(file_of("halves", text, 0400), "belong together");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_verifier_takes_the_vector_and_no_other),
        cmocka_unit_test(a_key_has_the_thumbprint_of_rfc_7638),
        cmocka_unit_test(each_signature_is_another_and_right),
        cmocka_unit_test(a_file_that_is_no_such_key_is_refused),
        cmocka_unit_test(halves_that_do_not_belong_together_are_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, begin, end);
}
