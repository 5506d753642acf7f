/*
 * Password hashes of our own form: argon2id, then a MAC under the pepper.
 *
 *     KEYID$argon2id$v=19$m=19456,t=2,p=1$SALT$MAC
 *
 * Runs for tens of milliseconds: never on the event loop, never inside a
 * transaction. Whatever is not surely right denies.
 */

#include "mfa_base.h"

#include <errno.h>
#include <sodium.h>


/* what a damaged record may make a thread do at most */
#define PWHASH_MEMORY_MAX  (1024 * 1024)
#define PWHASH_MEMORY_MIN  8
#define PWHASH_PASSES_MAX  64

#define PWHASH_SCHEME      "argon2id$v=19$"

typedef struct {
    mfa_str_t          key_id;
    mfa_pwhash_cost_t  cost;
    uint8_t            salt[MFA_PWHASH_SALT];
    uint8_t            mac[MFA_DIGEST_SIZE];
} pwhash_t;


static bool
pwhash_is_cost(const mfa_pwhash_cost_t *cost)
{
    return cost->memory_kib >= PWHASH_MEMORY_MIN
           && cost->memory_kib <= PWHASH_MEMORY_MAX
           && cost->passes >= 1
           && cost->passes <= PWHASH_PASSES_MAX;
}


mfa_status_t
mfa_argon2id(const mfa_pwhash_cost_t *cost, mfa_str_t password,
    const uint8_t salt[MFA_PWHASH_SALT], uint8_t tag[MFA_DIGEST_SIZE])
{
    int          rc;
    const char  *bytes;

    memset(tag, 0, MFA_DIGEST_SIZE);

    if (!pwhash_is_cost(cost) || password.len > MFA_PASSWORD_MAX) {
        return MFA_INVALID;
    }

    bytes = password.data == NULL ? "" : password.data;
    errno = 0;

    rc = crypto_pwhash(tag, MFA_DIGEST_SIZE, bytes, password.len, salt,
                       cost->passes, (size_t) cost->memory_kib * 1024,
                       crypto_pwhash_ALG_ARGON2ID13);

    if (rc == 0) {
        return MFA_OK;
    }

    mfa_wipe(tag, MFA_DIGEST_SIZE);

    return errno == ENOMEM ? MFA_NO_MEMORY : MFA_CRYPTO;
}


/* argon2id, then HMAC-SHA-256 under the pepper of that key */

static mfa_status_t
pwhash_mac(const uint8_t pepper[MFA_DIGEST_SIZE],
    const mfa_pwhash_cost_t *cost, mfa_str_t password, const uint8_t *salt,
    uint8_t mac[MFA_DIGEST_SIZE])
{
    uint8_t       tag[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    st = mfa_argon2id(cost, password, salt, tag);

    if (st == MFA_OK) {
        st = mfa_hmac_sha256(mfa_str_bytes(pepper, MFA_DIGEST_SIZE),
                             mfa_str_bytes(tag, sizeof(tag)), mac);
    }

    mfa_wipe(tag, sizeof(tag));

    return st;
}


static mfa_status_t
pwhash_format(const pwhash_t *hash, mfa_arena_t *arena, mfa_str_t *encoded)
{
    mfa_str_t     salt, mac;
    mfa_status_t  st;

    st = mfa_base64url_encode(arena, mfa_str_bytes(hash->salt,
                              sizeof(hash->salt)), &salt);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base64url_encode(arena, mfa_str_bytes(hash->mac,
                              sizeof(hash->mac)), &mac);
    if (st != MFA_OK) {
        return st;
    }

    *encoded = mfa_arena_printf(arena, MFA_STR_FMT "$" PWHASH_SCHEME
                                "m=%u,t=%u,p=1$" MFA_STR_FMT "$" MFA_STR_FMT,
                                MFA_STR_ARG(hash->key_id),
                                (unsigned) hash->cost.memory_kib,
                                (unsigned) hash->cost.passes,
                                MFA_STR_ARG(salt), MFA_STR_ARG(mac));

    return encoded->data == NULL ? MFA_NO_MEMORY : MFA_OK;
}


mfa_status_t
mfa_pwhash_make(const mfa_keys_t *keys, const mfa_ports_t *ports,
    const mfa_pwhash_cost_t *cost, mfa_str_t password, mfa_arena_t *arena,
    mfa_str_t *encoded)
{
    pwhash_t        hash;
    mfa_status_t    st;
    const uint8_t  *pepper;

    *encoded = mfa_null;

    hash = (pwhash_t) { .key_id = mfa_keys_id(keys), .cost = *cost };

    pepper = mfa_keys_find(keys, hash.key_id, MFA_KEY_PEPPER);
    if (pepper == NULL) {
        return MFA_BUG;
    }

    st = mfa_port_random(ports, hash.salt, sizeof(hash.salt));

    if (st == MFA_OK) {
        st = pwhash_mac(pepper, cost, password, hash.salt, hash.mac);
    }

    if (st == MFA_OK) {
        st = pwhash_format(&hash, arena, encoded);
    }

    mfa_wipe(&hash, sizeof(hash));

    return st;
}


/* "m=NUMBER" */

static bool
pwhash_number(mfa_str_t word, mfa_str_t name, uint32_t *n)
{
    int64_t  number;

    if (!mfa_str_has_prefix(word, name)) {
        return false;
    }

    word = mfa_str_bytes(word.data + name.len, word.len - name.len);

    if (mfa_str_number(word, &number) != MFA_OK || number > UINT32_MAX) {
        return false;
    }

    *n = (uint32_t) number;

    return true;
}


static bool
pwhash_parse_cost(mfa_str_t text, mfa_pwhash_cost_t *cost)
{
    return pwhash_number(mfa_str_split(&text, ','), mfa_str("m="),
                         &cost->memory_kib)
           && pwhash_number(mfa_str_split(&text, ','), mfa_str("t="),
                            &cost->passes)
           && mfa_str_eq_c(text, "p=1")
           && pwhash_is_cost(cost);
}


static bool
pwhash_parse(mfa_str_t encoded, pwhash_t *hash)
{
    mfa_str_t  rest, cost, salt;

    *hash = (pwhash_t) { .key_id = mfa_null };

    rest = encoded;
    hash->key_id = mfa_str_split(&rest, '$');

    if (hash->key_id.len == 0
        || !mfa_str_has_prefix(rest, mfa_str(PWHASH_SCHEME)))
    {
        return false;
    }

    (void) mfa_str_split(&rest, '$');
    (void) mfa_str_split(&rest, '$');

    cost = mfa_str_split(&rest, '$');
    salt = mfa_str_split(&rest, '$');

    return pwhash_parse_cost(cost, &hash->cost)
           && mfa_base64url_decode_fixed(salt, hash->salt,
                                         sizeof(hash->salt)) == MFA_OK
           && mfa_base64url_decode_fixed(rest, hash->mac,
                                         sizeof(hash->mac)) == MFA_OK;
}


static mfa_status_t
pwhash_check_ours(const mfa_keys_t *keys, mfa_str_t password,
    const pwhash_t *hash, mfa_verdict_t *verdict)
{
    uint8_t         mac[MFA_DIGEST_SIZE];
    mfa_status_t    st;
    const uint8_t  *pepper;

    *verdict = MFA_VERDICT_DENY;

    pepper = mfa_keys_find(keys, hash->key_id, MFA_KEY_PEPPER);
    if (pepper == NULL) {
        return MFA_CONFIG;
    }

    st = pwhash_mac(pepper, &hash->cost, password, hash->salt, mac);

    if (st == MFA_OK && mfa_equal_ct(mac, hash->mac, sizeof(mac))) {
        *verdict = MFA_VERDICT_PASS;
    }

    mfa_wipe(mac, sizeof(mac));

    return st;
}


/* the work of a check whose result nobody wants */

static mfa_status_t
pwhash_dummy(const mfa_pwhash_cost_t *cost, mfa_str_t password)
{
    uint8_t       tag[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    static const uint8_t  salt[MFA_PWHASH_SALT];

    st = mfa_argon2id(cost, password, salt, tag);

    mfa_wipe(tag, sizeof(tag));

    return st;
}


mfa_status_t
mfa_pwhash_check(const mfa_keys_t *keys, const mfa_pwhash_cost_t *cost,
    mfa_str_t password, mfa_str_t encoded, mfa_verdict_t *verdict)
{
    pwhash_t      hash;
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    if (password.len > MFA_PASSWORD_MAX) {
        return MFA_INVALID;
    }

    if (encoded.len == 0) {
        return pwhash_dummy(cost, password);
    }

    if (pwhash_parse(encoded, &hash)) {
        st = pwhash_check_ours(keys, password, &hash, verdict);
        mfa_wipe(&hash, sizeof(hash));
        return st;
    }

    if (!mfa_oldhash_is_known_form(encoded)) {
        return MFA_DAMAGED;
    }

    /* an imported hash must not answer sooner than nobody at all */

    st = pwhash_dummy(cost, password);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_oldhash_check(password, encoded, verdict);
}


bool
mfa_pwhash_is_outdated(const mfa_keys_t *keys, const mfa_pwhash_cost_t *cost,
    mfa_str_t encoded)
{
    bool      is_same;
    pwhash_t  hash;

    is_same = pwhash_parse(encoded, &hash)
              && mfa_str_eq(hash.key_id, mfa_keys_id(keys))
              && hash.cost.memory_kib == cost->memory_kib
              && hash.cost.passes == cost->passes;

    mfa_wipe(&hash, sizeof(hash));

    return !is_same;
}


bool
mfa_pwhash_is_known_form(mfa_str_t encoded)
{
    bool      is_ours;
    pwhash_t  hash;

    is_ours = pwhash_parse(encoded, &hash);

    mfa_wipe(&hash, sizeof(hash));

    return is_ours || mfa_oldhash_is_known_form(encoded);
}
