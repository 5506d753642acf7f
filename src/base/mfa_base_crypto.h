/*
 * The base: crypto, keys, sealing, passwords, QR codes.
 *
 * Part of mfa_base.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_BASE_CRYPTO_H
#define MFA_BASE_CRYPTO_H

#pragma GCC visibility push(hidden)


/* crypto (OpenSSL, libsodium; no other file of the tree may use them) */

#define MFA_DIGEST_SIZE  32         /* SHA-256 */
#define MFA_TOKEN_SIZE   32         /* 256 random bits */
#define MFA_TOKEN_TEXT   43         /* the same in base64url */

/*
 * Once per process before any other crypto call, and again in each worker
 * after fork (fetches algorithms; cheap). MFA_CRYPTO when the library lacks
 * an algorithm.
 */
mfa_status_t mfa_crypto_open(void) MFA_MUST_CHECK;
void mfa_crypto_close(void);

void mfa_wipe(void *data, size_t len);
bool mfa_equal_ct(const void *a, const void *b, size_t len);

mfa_status_t mfa_sha256(mfa_str_t s, uint8_t digest[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/* HMAC-SHA-1 of RFC 2104, only for TOTP */
#define MFA_SHA1_SIZE  20
mfa_status_t mfa_hmac_sha1(mfa_str_t key, mfa_str_t s,
    uint8_t mac[MFA_SHA1_SIZE]) MFA_MUST_CHECK;
mfa_status_t mfa_hmac_sha256(mfa_str_t key, mfa_str_t s,
    uint8_t mac[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/* over the parts, each with its length first: 64 bits, big-endian */
mfa_status_t mfa_hmac_sha256_parts(mfa_str_t key, const mfa_str_t *parts,
    size_t count, uint8_t mac[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/* a fresh 256-bit token in base64url */
mfa_status_t mfa_token_make(const mfa_ports_t *ports, mfa_arena_t *arena,
    mfa_str_t *text) MFA_MUST_CHECK;

/* uniform over all strings of that many symbols (rejection sampling) */
mfa_status_t mfa_random_digits(const mfa_ports_t *ports, size_t count,
    mfa_arena_t *arena, mfa_str_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_random_letters(const mfa_ports_t *ports, size_t count,
    mfa_arena_t *arena, mfa_str_t *out) MFA_MUST_CHECK;  /* A-Z without I, O */


/*
 * A file with a secret, read whole into buf of file->size bytes, which the
 * caller wipes (blocks). MFA_CONFIG with a message that begins with what it
 * is and its path: missing, too large, readable by group or world, owned by
 * neither root nor the effective user.
 */

typedef struct {
    const char  *what;              /* "key file" */
    const char  *path;
    size_t       size;
} mfa_keyfile_t;

mfa_status_t mfa_keyfile_read(const mfa_keyfile_t *file, char *buf,
    mfa_str_t *text, mfa_error_t *error) MFA_MUST_CHECK;


/*
 * keys: the key file, outside the store.
 *
 * Text; '#' starts a comment; each other line is "ID KEY": ID 1 to 16 of
 * [a-z0-9], KEY 32 bytes in base64url. The first key seals, the others only
 * open. At most 4. Sub-keys are derived with HKDF-SHA-256 (RFC 5869), one
 * per use, so that no key serves two purposes.
 */

typedef struct mfa_keys_s  mfa_keys_t;

typedef enum {
    MFA_KEY_SEAL,           /* records and cookies */
    MFA_KEY_CODE,           /* one-time codes at rest */
    MFA_KEY_PEPPER,         /* password hashes */
    MFA_KEY_FORM,           /* tokens in forms */
    MFA_KEY_SUBJECT,        /* digests of addresses and names in counters */
    MFA_KEY_AUDIT,          /* the chain of the audit */
    MFA_KEY_USE_COUNT
} mfa_key_use_t;

/*
 * Reads the file (blocks). MFA_CONFIG with a message when it is missing,
 * readable by group or world, owned by neither root nor the effective user,
 * or malformed. Memory is locked and kept out of core dumps where allowed.
 */
mfa_status_t mfa_keys_open(const char *path, mfa_error_t *error,
    mfa_keys_t **keys) MFA_MUST_CHECK;
void mfa_keys_close(mfa_keys_t **keys);

/* is there a key that stands in both, under whatever id? */
bool mfa_keys_are_shared(const mfa_keys_t *one, const mfa_keys_t *other);

/* id of the key that seals now */
mfa_str_t mfa_keys_id(const mfa_keys_t *keys);

/*
 * The sub-key of the key of that id: MFA_DIGEST_SIZE bytes, borrowed; NULL
 * when there is no such key. For the base's own files.
 */
const uint8_t *mfa_keys_find(const mfa_keys_t *keys, mfa_str_t id,
    mfa_key_use_t use);

/* the text of a new key file with one key; blocks only in getrandom */
mfa_status_t mfa_keys_make(const mfa_ports_t *ports, mfa_str_t id,
    mfa_arena_t *arena, mfa_str_t *text) MFA_MUST_CHECK;

/*
 * HMAC-SHA-256 under the sub-key of the first key over the parts, each with
 * its length first, so that no two lists of parts are the same bytes.
 */
mfa_status_t mfa_keys_mac(const mfa_keys_t *keys, mfa_key_use_t use,
    const mfa_str_t *parts, size_t count, uint8_t mac[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/*
 * The same under each key in turn: MFA_OK when one of them gives mac,
 * MFA_NOT_FOUND otherwise. Constant time for one number of keys.
 */
mfa_status_t mfa_keys_mac_check(const mfa_keys_t *keys, mfa_key_use_t use,
    const mfa_str_t *parts, size_t count, const uint8_t mac[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/*
 * XChaCha20-Poly1305 with a random 192-bit nonce. bound: the place the
 * sealed bytes belong to (table, user, record, version), not stored; opening
 * at another place fails with MFA_DAMAGED.
 */
mfa_status_t mfa_seal(const mfa_keys_t *keys, const mfa_ports_t *ports,
    mfa_str_t plain, mfa_str_t bound, mfa_buf_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_unseal(const mfa_keys_t *keys, mfa_str_t sealed,
    mfa_str_t bound, mfa_arena_t *arena, mfa_str_t *plain) MFA_MUST_CHECK;


/*
 * signers: private keys for ES256, which is ECDSA on P-256 with SHA-256 (RFC
 * 7518 section 3.4), one PEM file each. What they sign others can check.
 */

#define MFA_SIGNATURE_SIZE  64          /* R and S */

typedef struct mfa_signer_s  mfa_signer_t;

/*
 * Reads the file by the rules of mfa_keyfile_read. MFA_CONFIG with a message
 * that begins with what it is. The arena holds the public half and outlives
 * the signer; the private half is wiped by mfa_signer_close.
 */
mfa_status_t mfa_signer_open(const char *what, const char *path,
    mfa_arena_t *arena, mfa_error_t *error, mfa_signer_t **signer)
    MFA_MUST_CHECK;
void mfa_signer_close(mfa_signer_t **signer);

/* the thumbprint of the public key (RFC 7638) */
mfa_str_t mfa_signer_id(const mfa_signer_t *signer);

/* the public key as a JWK (RFC 7517): kty, crv, x, y, kid, use, alg */
mfa_str_t mfa_signer_jwk(const mfa_signer_t *signer);

/* some tens of microseconds of CPU; never waits */
mfa_status_t mfa_signer_sign(const mfa_signer_t *signer, mfa_str_t s,
    uint8_t signature[MFA_SIGNATURE_SIZE]) MFA_MUST_CHECK;

/* the PEM of a new key (PKCS #8) */
mfa_status_t mfa_signer_make(mfa_arena_t *arena, mfa_str_t *pem)
    MFA_MUST_CHECK;


/*
 * password hashes: argon2id (RFC 9106, p = 1), then HMAC-SHA-256 with the
 * pepper. Text form: $argon2id$v=19$m=19456,t=2,p=1$SALT$MAC, KEYID in front
 * of the first '$'. Old hashes from an import are in crypt(5) form.
 *
 * These two take tens of milliseconds: only in the hash threads.
 */

#define MFA_PASSWORD_MAX  1024

typedef struct {
    uint32_t  memory_kib;
    uint32_t  passes;
} mfa_pwhash_cost_t;

/*
 * argon2id with p = 1, without the pepper: for the two calls below and the
 * test of them. MFA_INVALID: a cost out of bounds, a password too long.
 */
#define MFA_PWHASH_SALT  16
mfa_status_t mfa_argon2id(const mfa_pwhash_cost_t *cost, mfa_str_t password,
    const uint8_t salt[MFA_PWHASH_SALT], uint8_t tag[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

mfa_status_t mfa_pwhash_make(const mfa_keys_t *keys, const mfa_ports_t *ports,
    const mfa_pwhash_cost_t *cost, mfa_str_t password, mfa_arena_t *arena,
    mfa_str_t *encoded) MFA_MUST_CHECK;

/*
 * MFA_OK with the verdict; a malformed hash is MFA_DAMAGED, one whose key is
 * not in the key file MFA_CONFIG. An empty encoded
 * runs argon2id on a fixed salt at that cost and denies, so that a person
 * who does not exist takes the same time.
 */
mfa_status_t mfa_pwhash_check(const mfa_keys_t *keys,
    const mfa_pwhash_cost_t *cost, mfa_str_t password, mfa_str_t encoded,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

/*
 * The crypt(5) half of the two calls around this one, which are the ones to
 * use: bcrypt, yescrypt, SHA-256, SHA-512 and MD5, of bearable cost.
 */
bool mfa_oldhash_is_known_form(mfa_str_t encoded);
mfa_status_t mfa_oldhash_check(mfa_str_t password, mfa_str_t encoded,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

/* made with another scheme, cost or key than a new one would be */
bool mfa_pwhash_is_outdated(const mfa_keys_t *keys,
    const mfa_pwhash_cost_t *cost, mfa_str_t encoded);

/* a form that mfa_pwhash_check would take: crypt(5) or ours; for the import */
bool mfa_pwhash_is_known_form(mfa_str_t encoded);


/*
 * common passwords: a text file, one a line, sorted by bytes, lower case.
 */

typedef struct mfa_passlist_s  mfa_passlist_t;

mfa_status_t mfa_passlist_open(const char *path, mfa_error_t *error,
    mfa_passlist_t **list) MFA_MUST_CHECK;              /* reads the file */
void mfa_passlist_close(mfa_passlist_t **list);
size_t mfa_passlist_count(const mfa_passlist_t *list);

/* ASCII case is folded; also true for a listed word plus digits at its end */
bool mfa_passlist_has(const mfa_passlist_t *list, mfa_str_t password);


/* QR code (ISO/IEC 18004, level M) as one inline SVG element with a quiet
 * zone of 4 modules on a white box; label becomes its accessible name */
mfa_status_t mfa_qr_svg(mfa_arena_t *arena, mfa_str_t text, mfa_str_t label,
    mfa_str_t *svg) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_BASE_CRYPTO_H */
