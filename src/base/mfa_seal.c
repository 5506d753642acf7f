/*
 * Sealing: XChaCha20-Poly1305 under the key that seals, bound to a place.
 *
 *     version (1)   length of the key's id (1)   id   nonce (24)   text, tag
 *
 * The tag covers all that stands before the nonce and the place. What does
 * not open is damaged, and nobody is told which part of it.
 */

#include "mfa_base.h"

#include <sodium.h>


#define SEAL_VERSION   1
#define SEAL_HEAD      2
#define SEAL_NONCE     crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_TAG       crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL_TEXT_MAX  ((size_t) 1 << 28)

_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == MFA_DIGEST_SIZE,
               "a sub-key is a key of the cipher");


static mfa_status_t
seal_aad(mfa_str_t id, mfa_str_t bound, mfa_arena_t *arena, mfa_str_t *aad)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, SEAL_TEXT_MAX);

    mfa_buf_putc(&buf, SEAL_VERSION);
    mfa_buf_putc(&buf, (char) id.len);
    mfa_buf_put(&buf, id);
    mfa_buf_put(&buf, bound);

    return mfa_buf_str(&buf, aad);
}


mfa_status_t
mfa_seal(const mfa_keys_t *keys, const mfa_ports_t *ports, mfa_str_t plain,
    mfa_str_t bound, mfa_buf_t *out)
{
    uint8_t        nonce[SEAL_NONCE], *cipher;
    mfa_str_t      id, aad, result;
    mfa_status_t   st;
    const uint8_t *key;

    id = mfa_keys_id(keys);
    key = mfa_keys_find(keys, id, MFA_KEY_SEAL);

    if (key == NULL) {
        return MFA_BUG;
    }

    if (plain.len > SEAL_TEXT_MAX) {
        return MFA_INVALID;
    }

    st = seal_aad(id, bound, out->arena, &aad);
    if (st != MFA_OK) {
        return st;
    }

    cipher = mfa_arena_alloc(out->arena, plain.len + SEAL_TAG);
    if (cipher == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_port_random(ports, nonce, sizeof(nonce));
    if (st != MFA_OK) {
        return st;
    }

    if (crypto_aead_xchacha20poly1305_ietf_encrypt(cipher, NULL,
            (const uint8_t *) plain.data, plain.len,
            (const uint8_t *) aad.data, aad.len, NULL, nonce, key) != 0)
    {
        return MFA_CRYPTO;
    }

    mfa_buf_put(out, mfa_str_bytes(aad.data, SEAL_HEAD + id.len));
    mfa_buf_put(out, mfa_str_bytes(nonce, sizeof(nonce)));
    mfa_buf_put(out, mfa_str_bytes(cipher, plain.len + SEAL_TAG));

    return mfa_buf_str(out, &result);
}


/* cuts len bytes off; false when there are fewer */

static bool
seal_take(mfa_str_t *rest, size_t len, mfa_str_t *part)
{
    if (rest->len < len) {
        return false;
    }

    *part = mfa_str_bytes(rest->data, len);
    *rest = mfa_str_bytes(rest->data + len, rest->len - len);

    return true;
}


mfa_status_t
mfa_unseal(const mfa_keys_t *keys, mfa_str_t sealed, mfa_str_t bound,
    mfa_arena_t *arena, mfa_str_t *plain)
{
    uint8_t        *text;
    mfa_str_t       head, id, nonce, aad;
    mfa_status_t    st;
    const uint8_t  *key;

    *plain = mfa_null;

    if (!seal_take(&sealed, SEAL_HEAD, &head)
        || head.data[0] != SEAL_VERSION
        || !seal_take(&sealed, (unsigned char) head.data[1], &id)
        || !seal_take(&sealed, SEAL_NONCE, &nonce)
        || sealed.len < SEAL_TAG || sealed.len > SEAL_TEXT_MAX + SEAL_TAG)
    {
        return MFA_DAMAGED;
    }

    key = mfa_keys_find(keys, id, MFA_KEY_SEAL);
    if (key == NULL) {
        return MFA_DAMAGED;
    }

    st = seal_aad(id, bound, arena, &aad);
    if (st != MFA_OK) {
        return st;
    }

    text = mfa_arena_alloc(arena, sealed.len - SEAL_TAG + 1);
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL,
            (const uint8_t *) sealed.data, sealed.len,
            (const uint8_t *) aad.data, aad.len,
            (const uint8_t *) nonce.data, key) != 0)
    {
        return MFA_DAMAGED;
    }

    *plain = mfa_str_bytes(text, sealed.len - SEAL_TAG);

    return MFA_OK;
}
