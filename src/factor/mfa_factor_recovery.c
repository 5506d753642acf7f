/*
 * Recovery codes: ten on a sheet of paper, each stands in once for a lost
 * factor.
 *
 * The codes leave this file once, from mfa_recovery_make. What is kept are
 * hashes under a key of the set's own, which lies beside them in the sealed
 * secret: a code of years ago still counts after the key file was rotated,
 * which reseals secrets but cannot hash again what nobody knows.
 * Contract: mfa_factor.h.
 */

#include "mfa_factor.h"


#define RECOVERY_BYTES    10            /* 80 bits */
#define RECOVERY_SYMBOLS  16
#define RECOVERY_GROUP    4
#define RECOVERY_TYPED    64
#define RECOVERY_ROOM                                                         \
    ((MFA_RECOVERY_CODES + 1) * MFA_DIGEST_SIZE)

/* Crockford's: no I, L, O, U */
static const char  recovery_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";


/* 5 bits a symbol, most significant first; text has room for the symbols */

static void
recovery_spell(const uint8_t bytes[RECOVERY_BYTES],
    char text[RECOVERY_SYMBOLS])
{
    size_t    i, n;
    unsigned  bits, held;

    bits = 0;
    held = 0;
    n = 0;

    for (i = 0; i < RECOVERY_BYTES; i++) {
        bits = (bits << 8 | bytes[i]) & 0xfff;
        held += 8;

        while (held >= 5) {
            held -= 5;
            text[n++] = recovery_alphabet[bits >> held & 0x1f];
        }
    }
}


/* a letter as it is meant; 0: no symbol of the alphabet */

static char
recovery_symbol(char c)
{
    if (c >= 'a' && c <= 'z') {
        c = (char) (c - 'a' + 'A');
    }

    if (c == 'O') {
        return '0';
    }

    if (c == 'I' || c == 'L') {
        return '1';
    }

    return (c != '\0' && strchr(recovery_alphabet, c) != NULL) ? c : '\0';
}


/* the length of what may stand between symbols; 0: it is something else */

static size_t
recovery_gap(mfa_str_t s)
{
    size_t  i;

    static const char *const  gaps[] = {
        " ", "\t", "-",
        "\xc2\xa0",                                     /* U+00A0 */
        "\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92", /* U+2010 to */
        "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95", /* U+2015 */
        "\xe2\x80\xaf",                                 /* U+202F */
        "\xe2\x88\x92",                                 /* U+2212 */
    };

    for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
        if (mfa_str_has_prefix(s, mfa_str_from(gaps[i]))) {
            return strlen(gaps[i]);
        }
    }

    return 0;
}


static bool
recovery_clean(mfa_str_t typed, char text[RECOVERY_SYMBOLS])
{
    char    c;
    size_t  len, gap;

    if (typed.len > RECOVERY_TYPED) {
        return false;
    }

    for (len = 0; typed.len > 0; typed.data += gap, typed.len -= gap) {

        gap = recovery_gap(typed);
        if (gap > 0) {
            continue;
        }

        gap = 1;
        c = recovery_symbol(typed.data[0]);

        if (c == '\0' || len == RECOVERY_SYMBOLS) {
            return false;
        }

        text[len++] = c;
    }

    return len == RECOVERY_SYMBOLS;
}


/* bound to the user: a set copied to another record opens nothing there */

static mfa_status_t
recovery_mac(const uint8_t *key, const mfa_id_t *user,
    const char text[RECOVERY_SYMBOLS], uint8_t mac[MFA_DIGEST_SIZE])
{
    mfa_str_t  parts[2];

    parts[0] = mfa_id_str(user);
    parts[1] = mfa_str_bytes(text, RECOVERY_SYMBOLS);

    return mfa_hmac_sha256_parts(mfa_str_bytes(key, MFA_DIGEST_SIZE), parts,
                                 2, mac);
}


static mfa_str_t
recovery_groups(mfa_arena_t *arena, const char text[RECOVERY_SYMBOLS])
{
    size_t     i;
    mfa_buf_t  buf;
    mfa_str_t  code;

    mfa_buf_init(&buf, arena, 2 * RECOVERY_SYMBOLS);

    for (i = 0; i < RECOVERY_SYMBOLS; i++) {
        if (i > 0 && i % RECOVERY_GROUP == 0) {
            mfa_buf_putc(&buf, '-');
        }

        mfa_buf_putc(&buf, text[i]);
    }

    return (mfa_buf_str(&buf, &code) == MFA_OK) ? code : mfa_null;
}


/* one code into the list and its hash behind the key of the set */

static mfa_status_t
recovery_draw(mfa_tx_t *tx, const mfa_id_t *user, const uint8_t *key,
    mfa_strs_t *codes, uint8_t mac[MFA_DIGEST_SIZE])
{
    char          text[RECOVERY_SYMBOLS];
    uint8_t       bytes[RECOVERY_BYTES];
    mfa_str_t     code;
    mfa_status_t  st;

    st = mfa_port_random(tx->work->model->ports, bytes, sizeof(bytes));
    if (st != MFA_OK) {
        return st;
    }

    recovery_spell(bytes, text);
    code = recovery_groups(tx->work->arena, text);

    if (code.len == 0) {
        st = MFA_NO_MEMORY;

    } else if (mfa_strs_has(codes, code)) {
        st = MFA_CRYPTO;                /* of 80 bits: the source is broken */

    } else {
        st = mfa_strs_add(tx->work->arena, codes, code);
    }

    if (st == MFA_OK) {
        st = recovery_mac(key, user, text, mac);
    }

    mfa_wipe(bytes, sizeof(bytes));
    mfa_wipe(text, sizeof(text));

    return st;
}


mfa_status_t
mfa_recovery_make(mfa_tx_t *tx, const mfa_id_t *user, mfa_strs_t *codes,
    mfa_str_t *secret)
{
    size_t         i;
    uint8_t       *kept;
    mfa_strs_t     made = { .count = 0 };
    mfa_status_t   st;

    *codes = made;
    *secret = mfa_null;

    kept = mfa_arena_alloc(tx->work->arena, RECOVERY_ROOM);
    if (kept == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_port_random(tx->work->model->ports, kept, MFA_DIGEST_SIZE);

    for (i = 1; i <= MFA_RECOVERY_CODES && st == MFA_OK; i++) {
        st = recovery_draw(tx, user, kept, &made, kept + i * MFA_DIGEST_SIZE);
    }

    if (st != MFA_OK) {
        return st;
    }

    *codes = made;
    *secret = mfa_str_bytes(kept, RECOVERY_ROOM);

    return MFA_OK;
}


static bool
recovery_is_whole(mfa_str_t secret)
{
    return secret.len >= MFA_DIGEST_SIZE && secret.len <= RECOVERY_ROOM
           && secret.len % MFA_DIGEST_SIZE == 0;
}


size_t
mfa_recovery_left(const mfa_factor_record_t *record)
{
    if (!recovery_is_whole(record->secret)) {
        return 0;
    }

    return record->secret.len / MFA_DIGEST_SIZE - 1;
}


static bool
recovery_has_form(const mfa_factor_settings_t *settings, mfa_arena_t *arena,
    mfa_str_t typed)
{
    bool  has_form;
    char  text[RECOVERY_SYMBOLS];

    (void) settings;
    (void) arena;

    has_form = recovery_clean(typed, text);
    mfa_wipe(text, sizeof(text));

    return has_form;
}


/* which of them it is; 0: none. All are compared whatever comes first */

static size_t
recovery_find(mfa_str_t secret, const uint8_t mac[MFA_DIGEST_SIZE])
{
    size_t  i, found;

    found = 0;

    for (i = 1; i < secret.len / MFA_DIGEST_SIZE; i++) {
        if (mfa_equal_ct(secret.data + i * MFA_DIGEST_SIZE, mac,
                         MFA_DIGEST_SIZE))
        {
            found = i;
        }
    }

    return found;
}


static mfa_status_t
recovery_spend(mfa_arena_t *arena, size_t place, mfa_str_t *secret)
{
    mfa_buf_t  buf;
    mfa_str_t  before, after;

    before = mfa_str_bytes(secret->data, place * MFA_DIGEST_SIZE);
    after = mfa_str_bytes(secret->data + before.len + MFA_DIGEST_SIZE,
                          secret->len - before.len - MFA_DIGEST_SIZE);

    mfa_buf_init(&buf, arena, RECOVERY_ROOM);
    mfa_buf_put(&buf, before);
    mfa_buf_put(&buf, after);

    return mfa_buf_str(&buf, secret);
}


static mfa_status_t
recovery_verify(const mfa_factor_case_t *at, mfa_factor_record_t *record,
    mfa_str_t typed, mfa_verdict_t *verdict, uint64_t *step)
{
    char          text[RECOVERY_SYMBOLS];
    size_t        place;
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;
    *step = 0;

    if (!recovery_clean(typed, text)) {
        return MFA_INVALID;
    }

    if (!recovery_is_whole(record->secret)) {
        return MFA_DAMAGED;
    }

    st = recovery_mac((const uint8_t *) record->secret.data, &record->user,
                      text, mac);
    mfa_wipe(text, sizeof(text));

    if (st != MFA_OK) {
        return st;
    }

    place = recovery_find(record->secret, mac);
    if (place == 0) {
        return MFA_OK;
    }

    st = recovery_spend(at->tx->work->arena, place, &record->secret);
    if (st != MFA_OK) {
        return st;
    }

    *verdict = MFA_VERDICT_PASS;

    return MFA_OK;
}


const mfa_factor_t  mfa_factor_recovery = {
    .name = "recovery",
    .amr = MFA_AMR_RECOVERY,
    .label = MFA_WORD_STATIC("Recovery code"),
    .verify_template = "verify_recovery.html",
    .has_form = recovery_has_form,
    .verify = recovery_verify,
};
