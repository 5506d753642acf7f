/*
 * Signers: keys on P-256, whose public half is published.
 *
 * The private half stands in the library's own memory, which clears it when
 * the key is freed; workers inherit it through fork. The library mixes the
 * key and the message into the nonce of each signature, so that generators
 * of two processes in one state give nothing away.
 */

#include "mfa_base.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>


#define SIGNER_FILE_MAX  8192
#define SIGNER_HALF      (MFA_SIGNATURE_SIZE / 2)
#define SIGNER_DER_MAX   80
#define SIGNER_CURVE     "prime256v1"

struct mfa_signer_s {
    EVP_PKEY   *key;
    mfa_str_t   id;
    mfa_str_t   jwk;
};


/* a file with a password must not ask for it on the terminal */

static int
signer_no_password(char *buf, int size, int is_writing, void *arg)
{
    (void) buf;
    (void) size;
    (void) is_writing;
    (void) arg;

    return -1;
}


static const char *
signer_read(mfa_str_t pem, EVP_PKEY **key)
{
    BIO   *bio;
    bool   is_named;
    char   curve[32];

    bio = BIO_new_mem_buf(pem.data, (int) pem.len);
    if (bio == NULL) {
        return "cannot be read";
    }

    *key = PEM_read_bio_PrivateKey(bio, NULL, signer_no_password, NULL);

    BIO_free(bio);

    if (*key == NULL) {
        return "holds no private key in PEM without a password, make one "
               "with \"mfactl key new-assertion\"";
    }

    is_named = EVP_PKEY_is_a(*key, "EC")
               && EVP_PKEY_get_group_name(*key, curve, sizeof(curve), NULL)
                  == 1;

    if (!is_named || !mfa_str_eq_c(mfa_str_from(curve), SIGNER_CURVE)) {
        return "holds a key that is not of the curve P-256, make one with "
               "\"mfactl key new-assertion\"";
    }

    return NULL;
}


/* a file can have halves that do not belong together */

static bool
signer_is_pair(EVP_PKEY *key)
{
    bool           is_pair;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    is_pair = ctx != NULL
              && EVP_PKEY_public_check(ctx) == 1
              && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);

    return is_pair;
}


static mfa_status_t
signer_coordinate(const EVP_PKEY *key, const char *name, mfa_arena_t *arena,
    mfa_str_t *text)
{
    bool      is_good;
    BIGNUM   *n;
    uint8_t   bytes[SIGNER_HALF];

    n = NULL;

    is_good = EVP_PKEY_get_bn_param(key, name, &n) == 1
              && BN_bn2binpad(n, bytes, SIGNER_HALF) == SIGNER_HALF;

    BN_free(n);

    return is_good ? mfa_base64url_encode(arena,
                                          mfa_str_bytes(bytes, SIGNER_HALF),
                                          text)
                   : MFA_CRYPTO;
}


/* RFC 7638 section 3.2: these members, in this order, without spaces */

static mfa_status_t
signer_publish(mfa_signer_t *signer, mfa_arena_t *arena)
{
    uint8_t       digest[MFA_DIGEST_SIZE];
    mfa_str_t     x, y;
    mfa_status_t  st;

    st = signer_coordinate(signer->key, OSSL_PKEY_PARAM_EC_PUB_X, arena, &x);
    if (st != MFA_OK) {
        return st;
    }

    st = signer_coordinate(signer->key, OSSL_PKEY_PARAM_EC_PUB_Y, arena, &y);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_sha256(mfa_arena_printf(arena,
                        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""
                        MFA_STR_FMT "\",\"y\":\"" MFA_STR_FMT "\"}",
                        MFA_STR_ARG(x), MFA_STR_ARG(y)), digest);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base64url_encode(arena, mfa_str_bytes(digest, sizeof(digest)),
                              &signer->id);
    if (st != MFA_OK) {
        return st;
    }

    signer->jwk = mfa_arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-256\","
                                   "\"x\":\"" MFA_STR_FMT "\",\"y\":\""
                                   MFA_STR_FMT "\",\"kid\":\"" MFA_STR_FMT
                                   "\",\"use\":\"sig\",\"alg\":\"ES256\"}",
                                   MFA_STR_ARG(x), MFA_STR_ARG(y),
                                   MFA_STR_ARG(signer->id));

    return mfa_arena_has_failed(arena) ? MFA_NO_MEMORY : MFA_OK;
}


static mfa_status_t
signer_load(const mfa_keyfile_t *file, mfa_arena_t *arena,
    mfa_error_t *error, mfa_signer_t *signer)
{
    char          buf[SIGNER_FILE_MAX];
    mfa_str_t     pem;
    const char   *why;
    mfa_status_t  st;

    st = mfa_keyfile_read(file, buf, &pem, error);
    why = st == MFA_OK ? signer_read(pem, &signer->key) : NULL;

    mfa_wipe(buf, sizeof(buf));

    if (st != MFA_OK) {
        return st;
    }

    if (why == NULL && !signer_is_pair(signer->key)) {
        why = "holds a private and a public key that do not belong together";
    }

    /* what the library thinks of the file is for nobody's next call */

    ERR_clear_error();

    if (why != NULL) {
        mfa_error_set(error, "%s \"%s\" %s", file->what, file->path, why);
        return MFA_CONFIG;
    }

    st = signer_publish(signer, arena);
    if (st != MFA_OK) {
        mfa_error_set(error, "%s \"%s\" cannot be used: %s", file->what,
                      file->path, mfa_status_text(st));
    }

    return st;
}


mfa_status_t
mfa_signer_open(const char *what, const char *path, mfa_arena_t *arena,
    mfa_error_t *error, mfa_signer_t **signer)
{
    mfa_signer_t   *fresh;
    mfa_status_t    st;
    mfa_keyfile_t   file = { what, path, SIGNER_FILE_MAX };

    *signer = NULL;

    fresh = mfa_arena_alloc(arena, sizeof(*fresh));
    if (fresh == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    st = signer_load(&file, arena, error, fresh);

    if (st != MFA_OK) {
        mfa_signer_close(&fresh);
        return st;
    }

    *signer = fresh;

    return MFA_OK;
}


void
mfa_signer_close(mfa_signer_t **signer)
{
    if (*signer == NULL) {
        return;
    }

    EVP_PKEY_free((*signer)->key);
    (*signer)->key = NULL;

    *signer = NULL;
}


mfa_str_t
mfa_signer_id(const mfa_signer_t *signer)
{
    return signer->id;
}


mfa_str_t
mfa_signer_jwk(const mfa_signer_t *signer)
{
    return signer->jwk;
}


/* the library writes DER, ES256 is R and S as they are */

static bool
signer_unpack(const uint8_t *der, size_t len,
    uint8_t signature[MFA_SIGNATURE_SIZE])
{
    bool           is_good;
    ECDSA_SIG     *sig;
    const BIGNUM  *r, *s;

    sig = d2i_ECDSA_SIG(NULL, &der, (long) len);
    if (sig == NULL) {
        return false;
    }

    ECDSA_SIG_get0(sig, &r, &s);

    is_good = BN_bn2binpad(r, signature, SIGNER_HALF) == SIGNER_HALF
              && BN_bn2binpad(s, signature + SIGNER_HALF, SIGNER_HALF)
                 == SIGNER_HALF;

    ECDSA_SIG_free(sig);

    return is_good;
}


mfa_status_t
mfa_signer_sign(const mfa_signer_t *signer, mfa_str_t s,
    uint8_t signature[MFA_SIGNATURE_SIZE])
{
    bool           is_good;
    size_t         len;
    uint8_t        digest[MFA_DIGEST_SIZE], der[SIGNER_DER_MAX];
    EVP_PKEY_CTX  *ctx;
    mfa_status_t   st;

    memset(signature, 0, MFA_SIGNATURE_SIZE);

    st = mfa_sha256(s, digest);
    if (st != MFA_OK) {
        return st;
    }

    len = sizeof(der);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, signer->key, NULL);

    is_good = ctx != NULL
              && EVP_PKEY_sign_init(ctx) == 1
              && EVP_PKEY_sign(ctx, der, &len, digest, sizeof(digest)) == 1
              && signer_unpack(der, len, signature);

    EVP_PKEY_CTX_free(ctx);

    return is_good ? MFA_OK : MFA_CRYPTO;
}


mfa_status_t
mfa_signer_make(mfa_arena_t *arena, mfa_str_t *pem)
{
    BIO           *bio;
    char          *data;
    long           len;
    EVP_PKEY      *key;
    mfa_status_t   st;

    *pem = mfa_null;

    /* memory that is cleared when it is freed */

    bio = BIO_new(BIO_s_secmem());
    key = EVP_EC_gen(SIGNER_CURVE);
    st = MFA_CRYPTO;

    if (bio != NULL && key != NULL
        && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
           == 1)
    {
        len = BIO_get_mem_data(bio, &data);
        st = mfa_arena_copy(arena, mfa_str_bytes(data, (size_t) len), pem);
    }

    EVP_PKEY_free(key);
    BIO_free(bio);

    return st;
}
