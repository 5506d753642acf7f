/*
 * The key file, and the sub-keys made from it.
 *
 * Keys stand in locked pages that no core dump has; workers inherit them
 * through fork, so they must stay readable in the child. No message, log or
 * other file may ever hold a part of one.
 */

#include "mfa_base.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>


#define KEYS_MAX       4
#define KEYS_ID_MAX    16
#define KEYS_FILE_MAX  4096
#define KEYS_SIZE      32

typedef struct {
    char     id[KEYS_ID_MAX];
    size_t   id_len;
    uint8_t  sub[MFA_KEY_USE_COUNT][MFA_DIGEST_SIZE];
} keys_row_t;

struct mfa_keys_s {
    size_t      count;
    keys_row_t  rows[KEYS_MAX];
};


/* what HKDF is told; a change of one of these orphans what it protects */

static const mfa_str_t  keys_info[MFA_KEY_USE_COUNT] = {
    [MFA_KEY_SEAL]    = mfa_str_static("ngx_mfa_module 1 seal"),
    [MFA_KEY_CODE]    = mfa_str_static("ngx_mfa_module 1 code"),
    [MFA_KEY_PEPPER]  = mfa_str_static("ngx_mfa_module 1 pepper"),
    [MFA_KEY_FORM]    = mfa_str_static("ngx_mfa_module 1 form"),
    [MFA_KEY_SUBJECT] = mfa_str_static("ngx_mfa_module 1 subject"),
    [MFA_KEY_AUDIT]   = mfa_str_static("ngx_mfa_module 1 audit"),
};


static mfa_status_t
keys_hkdf(EVP_KDF *kdf, uint8_t key[KEYS_SIZE], mfa_str_t info,
    uint8_t sub[MFA_DIGEST_SIZE])
{
    int           rc;
    char          digest[] = "SHA256", text[64];
    OSSL_PARAM    params[4];
    EVP_KDF_CTX  *ctx;

    ctx = EVP_KDF_CTX_new(kdf);
    if (ctx == NULL) {
        return MFA_CRYPTO;
    }

    /* OpenSSL takes no const here; info fits, it is one of the above */

    memcpy(text, info.data, info.len);

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key,
                                                  KEYS_SIZE);
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, text,
                                                  info.len);
    params[3] = OSSL_PARAM_construct_end();

    rc = EVP_KDF_derive(ctx, sub, MFA_DIGEST_SIZE, params);

    EVP_KDF_CTX_free(ctx);

    return rc == 1 ? MFA_OK : MFA_CRYPTO;
}


static mfa_status_t
keys_derive(keys_row_t *row, uint8_t key[KEYS_SIZE])
{
    size_t         use;
    EVP_KDF       *kdf;
    mfa_status_t   st;

    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    if (kdf == NULL) {
        return MFA_CRYPTO;
    }

    st = MFA_OK;

    for (use = 0; use < MFA_KEY_USE_COUNT && st == MFA_OK; use++) {
        st = keys_hkdf(kdf, key, keys_info[use], row->sub[use]);
    }

    EVP_KDF_free(kdf);

    return st;
}


static bool
keys_is_id(mfa_str_t id)
{
    size_t  i;

    if (id.len == 0 || id.len > KEYS_ID_MAX) {
        return false;
    }

    for (i = 0; i < id.len; i++) {
        if (!(id.data[i] >= 'a' && id.data[i] <= 'z')
            && !(id.data[i] >= '0' && id.data[i] <= '9'))
        {
            return false;
        }
    }

    return true;
}


static const keys_row_t *
keys_row(const mfa_keys_t *keys, mfa_str_t id)
{
    size_t  i;

    for (i = 0; i < keys->count; i++) {
        if (mfa_str_eq(id, mfa_str_bytes(keys->rows[i].id,
                                         keys->rows[i].id_len)))
        {
            return &keys->rows[i];
        }
    }

    return NULL;
}


static mfa_status_t
keys_add(mfa_keys_t *keys, mfa_str_t id, mfa_str_t text, const char **why)
{
    uint8_t        key[KEYS_SIZE];
    keys_row_t    *row;
    mfa_status_t   st;

    if (!keys_is_id(id)) {
        *why = "needs an ID of 1 to 16 of a-z and 0-9, a space and a KEY";
        return MFA_CONFIG;
    }

    if (keys_row(keys, id) != NULL) {
        *why = "has an ID that an earlier line has";
        return MFA_CONFIG;
    }

    if (keys->count == KEYS_MAX) {
        *why = "is a fifth key, at most 4 are possible";
        return MFA_CONFIG;
    }

    if (mfa_base64url_decode_fixed(text, key, sizeof(key)) != MFA_OK) {
        *why = "has a KEY that is not 32 bytes in base64url (43 symbols)";
        return MFA_CONFIG;
    }

    row = &keys->rows[keys->count];
    memcpy(row->id, id.data, id.len);
    row->id_len = id.len;

    st = keys_derive(row, key);

    mfa_wipe(key, sizeof(key));

    if (st != MFA_OK) {
        *why = "cannot be used, the library has no HKDF with SHA-256";
        return st;
    }

    keys->count++;

    return MFA_OK;
}


static mfa_status_t
keys_parse(mfa_keys_t *keys, mfa_str_t text, const char *path,
    mfa_error_t *error)
{
    size_t         i, number;
    mfa_str_t      line, id;
    const char    *why;
    mfa_status_t   st;

    for (number = 1; text.len > 0; number++) {
        line = mfa_str_split(&text, '\n');
        line = mfa_str_trim(mfa_str_split(&line, '#'));

        if (line.len == 0) {
            continue;
        }

        for (i = 0; i < line.len && line.data[i] != ' '
                    && line.data[i] != '\t'; i++)
        {
            /* void */
        }

        id = mfa_str_bytes(line.data, i);
        line = mfa_str_bytes(line.data + i, line.len - i);
        why = "";

        st = keys_add(keys, id, mfa_str_trim(line), &why);
        if (st != MFA_OK) {
            mfa_error_set(error, "key file \"%s\": line %zu %s", path, number,
                          why);
            return st;
        }
    }

    if (keys->count == 0) {
        mfa_error_set(error, "key file \"%s\" has no key, make one with "
                      "mfactl", path);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static mfa_status_t
keys_load(const char *path, mfa_error_t *error, mfa_keys_t *keys)
{
    char           text[KEYS_FILE_MAX];
    mfa_str_t      read;
    mfa_status_t   st;
    mfa_keyfile_t  file = { "key file", path, sizeof(text) };

    st = mfa_keyfile_read(&file, text, &read, error);

    if (st == MFA_OK) {
        st = keys_parse(keys, read, path, error);
    }

    mfa_wipe(text, sizeof(text));

    return st;
}


mfa_status_t
mfa_keys_open(const char *path, mfa_error_t *error, mfa_keys_t **keys)
{
    mfa_keys_t    *fresh;
    mfa_status_t   st;

    *keys = NULL;

    fresh = sodium_malloc(sizeof(mfa_keys_t));
    if (fresh == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    memset(fresh, 0, sizeof(mfa_keys_t));

    st = keys_load(path, error, fresh);

    if (st != MFA_OK) {
        sodium_free(fresh);
        return st;
    }

    /* a guard against ourselves; keys work without it */

    (void) sodium_mprotect_readonly(fresh);

    *keys = fresh;

    return MFA_OK;
}


/* sodium_free wipes */

void
mfa_keys_close(mfa_keys_t **keys)
{
    if (keys != NULL && *keys != NULL) {
        sodium_free(*keys);
        *keys = NULL;
    }
}


bool
mfa_keys_are_shared(const mfa_keys_t *one, const mfa_keys_t *other)
{
    bool    is_found;
    size_t  i, n;

    is_found = false;

    for (i = 0; i < one->count; i++) {
        for (n = 0; n < other->count; n++) {
            is_found |= mfa_equal_ct(one->rows[i].sub[MFA_KEY_SEAL],
                                     other->rows[n].sub[MFA_KEY_SEAL],
                                     MFA_DIGEST_SIZE);
        }
    }

    return is_found;
}


mfa_str_t
mfa_keys_id(const mfa_keys_t *keys)
{
    return mfa_str_bytes(keys->rows[0].id, keys->rows[0].id_len);
}


const uint8_t *
mfa_keys_find(const mfa_keys_t *keys, mfa_str_t id, mfa_key_use_t use)
{
    const keys_row_t  *row;

    row = keys_row(keys, id);

    if (row == NULL || (unsigned) use >= MFA_KEY_USE_COUNT) {
        return NULL;
    }

    return row->sub[use];
}


mfa_status_t
mfa_keys_make(const mfa_ports_t *ports, mfa_str_t id, mfa_arena_t *arena,
    mfa_str_t *text)
{
    mfa_str_t     key;
    mfa_status_t  st;

    *text = mfa_null;

    if (!keys_is_id(id)) {
        return MFA_INVALID;
    }

    st = mfa_token_make(ports, arena, &key);
    if (st != MFA_OK) {
        return st;
    }

    *text = mfa_arena_printf(arena,
                             "# Keys of ngx_mfa_module: ID KEY. The first "
                             "seals, all open.\n"
                             "# Keep this file mode 0400, and a copy apart "
                             "from copies of the store.\n"
                             MFA_STR_FMT " " MFA_STR_FMT "\n",
                             MFA_STR_ARG(id), MFA_STR_ARG(key));

    return text->data == NULL ? MFA_NO_MEMORY : MFA_OK;
}


static mfa_str_t
keys_sub(const mfa_keys_t *keys, size_t i, mfa_key_use_t use)
{
    return mfa_str_bytes(keys->rows[i].sub[use], MFA_DIGEST_SIZE);
}


mfa_status_t
mfa_keys_mac(const mfa_keys_t *keys, mfa_key_use_t use,
    const mfa_str_t *parts, size_t count, uint8_t mac[MFA_DIGEST_SIZE])
{
    memset(mac, 0, MFA_DIGEST_SIZE);

    if ((unsigned) use >= MFA_KEY_USE_COUNT) {
        return MFA_BUG;
    }

    return mfa_hmac_sha256_parts(keys_sub(keys, 0, use), parts, count, mac);
}


mfa_status_t
mfa_keys_mac_check(const mfa_keys_t *keys, mfa_key_use_t use,
    const mfa_str_t *parts, size_t count, const uint8_t mac[MFA_DIGEST_SIZE])
{
    bool          is_found;
    size_t        i;
    uint8_t       made[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    is_found = false;
    st = MFA_OK;

    if ((unsigned) use >= MFA_KEY_USE_COUNT) {
        return MFA_BUG;
    }

    for (i = 0; i < keys->count && st == MFA_OK; i++) {
        st = mfa_hmac_sha256_parts(keys_sub(keys, i, use), parts, count,
                                   made);

        is_found |= mfa_equal_ct(made, mac, MFA_DIGEST_SIZE);
    }

    mfa_wipe(made, sizeof(made));

    if (st != MFA_OK) {
        return st;
    }

    return is_found ? MFA_OK : MFA_NOT_FOUND;
}
