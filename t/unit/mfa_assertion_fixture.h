/*
 * Keys of signed assertions, and a verifier that shares nothing with the
 * maker: a decoder of its own and the library's other half.
 */

#ifndef MFA_ASSERTION_FIXTURE_H
#define MFA_ASSERTION_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "../../src/mfa_realm.h"


/* the key of RFC 7515 A.3; its thumbprint was computed by other means */

#define RFC_X   "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define RFC_Y   "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define RFC_ID  "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

static const char  rfc_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
    "-----END PRIVATE KEY-----\n";

static char          dir[64];
static mfa_arena_t  *arena;


static inline const char *
file_of(const char *name, const char *text, mode_t mode)
{
    int           fd;
    static char   path[4][128];
    static size_t next;

    next = (next + 1) % 4;

    (void) snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
    (void) unlink(path[next]);

    fd = open(path[next], O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);

    return path[next];
}


/* a verifier of its own */

static inline size_t
plain_of(const char *text, size_t len, uint8_t *out)
{
    int         value;
    size_t      i, n;
    uint32_t    bits;
    const char *at;

    static const char  set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_";

    bits = 0;
    n = 0;

    for (i = 0; i < len; i++) {
        at = memchr(set, text[i], 64);
        assert_non_null(at);
        value = (int) (at - set);
        bits = (bits << 6) | (uint32_t) value;

        if (i % 4 != 0) {
            out[n++] = (uint8_t) (bits >> (6 - 2 * (i % 4)));
        }
    }

    return n;
}


static inline EVP_PKEY *
public_of(const char *x, const char *y)
{
    uint8_t         point[65] = { 4 };
    EVP_PKEY       *key;
    const uint8_t  *p = point;

    /* SubjectPublicKeyInfo of P-256 in front of a point (RFC 5480) */

    static const uint8_t  head[] = {
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
        0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
        0x07, 0x03, 0x42, 0x00
    };
    uint8_t  info[sizeof(head) + sizeof(point)];

    assert_int_equal(plain_of(x, strlen(x), point + 1), 32);
    assert_int_equal(plain_of(y, strlen(y), point + 33), 32);
    memcpy(info, head, sizeof(head));
    memcpy(info + sizeof(head), point, sizeof(point));

    p = info;
    key = d2i_PUBKEY(NULL, &p, sizeof(info));
    assert_non_null(key);

    return key;
}


static inline bool
is_signed(EVP_PKEY *key, const char *token, size_t len)
{
    int          rc, size;
    uint8_t      raw[80], *der;
    const char  *dot;
    ECDSA_SIG   *sig;
    EVP_MD_CTX  *md;

    for (dot = token + len; dot > token && dot[-1] != '.'; dot--) {
        /* void */
    }

    if (plain_of(dot, (size_t) (token + len - dot), raw) != 64) {
        return false;
    }

    sig = ECDSA_SIG_new();
    assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL),
                                    BN_bin2bn(raw + 32, 32, NULL)), 1);
    der = NULL;
    size = i2d_ECDSA_SIG(sig, &der);
    assert_true(size > 0);

    md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key),
                     1);
    rc = EVP_DigestVerify(md, der, (size_t) size, (const uint8_t *) token,
                          (size_t) (dot - 1 - token));
    EVP_MD_CTX_free(md);
    ECDSA_SIG_free(sig);
    OPENSSL_free(der);

    return rc == 1;
}


static inline int
begin(void **state)
{
    (void) state;

    (void) snprintf(dir, sizeof(dir), "/tmp/mfa-assertion-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mfa_crypto_open(), MFA_OK);
    arena = mfa_arena_open(8 * 1024 * 1024);

    return arena != NULL ? 0 : -1;
}


static inline int
end(void **state)
{
    char  command[128];

    (void) state;

    mfa_arena_close(&arena);
    mfa_crypto_close();
    (void) snprintf(command, sizeof(command), "rm -rf %s", dir);

    return system(command);
}

#endif /* MFA_ASSERTION_FIXTURE_H */
