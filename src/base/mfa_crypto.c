/*
 * Digests, MACs, wiping, comparing: the doors to OpenSSL and libsodium.
 *
 * Algorithms are fetched once; a fetch by name for each call costs more than
 * the digest of a token itself. Must never keep a secret after a call.
 */

#include "mfa_base.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <sodium.h>


typedef struct {
    EVP_MD         *sha256;
    EVP_MAC        *hmac;
    EVP_MAC_CTX    *hmac_sha1;      /* never keyed: copied for each call */
    EVP_MAC_CTX    *hmac_sha256;
    pthread_key_t   thread_end;
    bool            has_thread_end;
    unsigned        users;
} crypto_t;


static pthread_mutex_t  crypto_lock = PTHREAD_MUTEX_INITIALIZER;
static crypto_t         crypto;

/* one digest context a thread, ready for SHA-256 */
static _Thread_local EVP_MD_CTX  *crypto_thread_md;


static void
crypto_thread_end(void *md)
{
    EVP_MD_CTX_free(md);
    crypto_thread_md = NULL;
}


static EVP_MAC_CTX *
crypto_hmac_template(const char *digest)
{
    char          name[16];
    EVP_MAC_CTX  *ctx;
    OSSL_PARAM    params[2];

    snprintf(name, sizeof(name), "%s", digest);

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
                                                 0);
    params[1] = OSSL_PARAM_construct_end();

    ctx = EVP_MAC_CTX_new(crypto.hmac);

    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


static mfa_status_t
crypto_fetch(void)
{
    if (sodium_init() < 0) {
        return MFA_CRYPTO;
    }

    crypto.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    crypto.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    if (crypto.sha256 == NULL || crypto.hmac == NULL) {
        return MFA_CRYPTO;
    }

    crypto.hmac_sha1 = crypto_hmac_template("SHA1");
    crypto.hmac_sha256 = crypto_hmac_template("SHA256");

    if (crypto.hmac_sha1 == NULL || crypto.hmac_sha256 == NULL) {
        return MFA_CRYPTO;
    }

    if (pthread_key_create(&crypto.thread_end, crypto_thread_end) != 0) {
        return MFA_CRYPTO;
    }

    crypto.has_thread_end = true;

    return MFA_OK;
}


/*
 * The key of the destructor goes with the last user: this code may be
 * unloaded next, and no thread may call into it at its end.
 */

static void
crypto_drop(void)
{
    EVP_MD_CTX_free(crypto_thread_md);
    crypto_thread_md = NULL;

    if (crypto.has_thread_end) {
        (void) pthread_key_delete(crypto.thread_end);
    }

    EVP_MAC_CTX_free(crypto.hmac_sha256);
    EVP_MAC_CTX_free(crypto.hmac_sha1);
    EVP_MAC_free(crypto.hmac);
    EVP_MD_free(crypto.sha256);

    crypto = (crypto_t) { .users = 0 };
}


mfa_status_t
mfa_crypto_open(void)
{
    mfa_status_t  st;

    st = MFA_OK;

    (void) pthread_mutex_lock(&crypto_lock);

    if (crypto.users == 0) {
        st = crypto_fetch();
    }

    if (st == MFA_OK) {
        crypto.users++;

    } else {
        crypto_drop();
    }

    (void) pthread_mutex_unlock(&crypto_lock);

    return st;
}


void
mfa_crypto_close(void)
{
    (void) pthread_mutex_lock(&crypto_lock);

    if (crypto.users > 0 && --crypto.users == 0) {
        crypto_drop();
    }

    (void) pthread_mutex_unlock(&crypto_lock);
}


void
mfa_wipe(void *data, size_t len)
{
    if (data != NULL && len > 0) {
        sodium_memzero(data, len);
    }
}


bool
mfa_equal_ct(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}


static EVP_MD_CTX *
crypto_md_make(void)
{
    EVP_MD_CTX  *md;

    if (crypto.sha256 == NULL) {
        return NULL;
    }

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NULL;
    }

    if (EVP_DigestInit_ex2(md, crypto.sha256, NULL) != 1
        || pthread_setspecific(crypto.thread_end, md) != 0)
    {
        EVP_MD_CTX_free(md);
        return NULL;
    }

    crypto_thread_md = md;

    return md;
}


mfa_status_t
mfa_sha256(mfa_str_t s, uint8_t digest[MFA_DIGEST_SIZE])
{
    unsigned     len;
    EVP_MD_CTX  *md;

    memset(digest, 0, MFA_DIGEST_SIZE);
    len = 0;

    md = crypto_thread_md != NULL ? crypto_thread_md : crypto_md_make();

    if (md == NULL
        || EVP_DigestInit_ex2(md, NULL, NULL) != 1
        || EVP_DigestUpdate(md, s.data, s.len) != 1
        || EVP_DigestFinal_ex(md, digest, &len) != 1
        || len != MFA_DIGEST_SIZE)
    {
        memset(digest, 0, MFA_DIGEST_SIZE);
        return MFA_CRYPTO;
    }

    return MFA_OK;
}


/* a copy of the template with the key set; freeing it wipes the key */

static EVP_MAC_CTX *
crypto_hmac_begin(const EVP_MAC_CTX *template, mfa_str_t key)
{
    EVP_MAC_CTX    *ctx;
    const uint8_t  *bytes;

    if (template == NULL) {
        return NULL;
    }

    /* a key of NULL would mean "the key of before" */

    bytes = (const uint8_t *) (key.data == NULL ? "" : key.data);

    ctx = EVP_MAC_CTX_dup(template);

    if (ctx != NULL && EVP_MAC_init(ctx, bytes, key.len, NULL) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


static bool
crypto_hmac_put(EVP_MAC_CTX *ctx, const void *data, size_t len)
{
    return len == 0 || EVP_MAC_update(ctx, data, len) == 1;
}


static mfa_status_t
crypto_hmac_end(EVP_MAC_CTX *ctx, bool is_good, uint8_t *mac, size_t size)
{
    size_t  len;

    len = 0;

    is_good = is_good
              && EVP_MAC_final(ctx, mac, &len, size) == 1
              && len == size;

    EVP_MAC_CTX_free(ctx);

    if (!is_good) {
        memset(mac, 0, size);
        return MFA_CRYPTO;
    }

    return MFA_OK;
}


static mfa_status_t
crypto_hmac(const EVP_MAC_CTX *template, mfa_str_t key, mfa_str_t s,
    uint8_t *mac, size_t size)
{
    EVP_MAC_CTX  *ctx;

    memset(mac, 0, size);

    ctx = crypto_hmac_begin(template, key);
    if (ctx == NULL) {
        return MFA_CRYPTO;
    }

    return crypto_hmac_end(ctx, crypto_hmac_put(ctx, s.data, s.len), mac,
                           size);
}


mfa_status_t
mfa_hmac_sha1(mfa_str_t key, mfa_str_t s, uint8_t mac[MFA_SHA1_SIZE])
{
    return crypto_hmac(crypto.hmac_sha1, key, s, mac, MFA_SHA1_SIZE);
}


mfa_status_t
mfa_hmac_sha256(mfa_str_t key, mfa_str_t s, uint8_t mac[MFA_DIGEST_SIZE])
{
    return crypto_hmac(crypto.hmac_sha256, key, s, mac, MFA_DIGEST_SIZE);
}


mfa_status_t
mfa_hmac_sha256_parts(mfa_str_t key, const mfa_str_t *parts, size_t count,
    uint8_t mac[MFA_DIGEST_SIZE])
{
    bool          is_good;
    size_t        i, j;
    uint8_t       head[8];
    EVP_MAC_CTX  *ctx;

    memset(mac, 0, MFA_DIGEST_SIZE);

    ctx = crypto_hmac_begin(crypto.hmac_sha256, key);
    if (ctx == NULL) {
        return MFA_CRYPTO;
    }

    is_good = true;

    for (i = 0; i < count && is_good; i++) {
        for (j = 0; j < sizeof(head); j++) {
            head[j] = (uint8_t) ((uint64_t) parts[i].len >> (56 - 8 * j));
        }

        is_good = crypto_hmac_put(ctx, head, sizeof(head))
                  && crypto_hmac_put(ctx, parts[i].data, parts[i].len);
    }

    return crypto_hmac_end(ctx, is_good, mac, MFA_DIGEST_SIZE);
}
