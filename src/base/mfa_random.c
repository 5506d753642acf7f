/*
 * Tokens, digits and letters from the random port.
 *
 * Every string of a length is as likely as any other: a byte that would
 * favour some symbol is thrown away, never folded.
 */

#include "mfa_base.h"


#define RANDOM_CHUNK  64

/* a port that never gives a usable byte must not hold a thread for ever */
#define RANDOM_CHUNKS_MAX  4096


mfa_status_t
mfa_token_make(const mfa_ports_t *ports, mfa_arena_t *arena, mfa_str_t *text)
{
    uint8_t       bytes[MFA_TOKEN_SIZE];
    mfa_status_t  st;

    *text = mfa_null;

    st = mfa_port_random(ports, bytes, sizeof(bytes));

    if (st == MFA_OK) {
        st = mfa_base64url_encode(arena, mfa_str_bytes(bytes, sizeof(bytes)),
                                  text);
    }

    mfa_wipe(bytes, sizeof(bytes));

    return st;
}


static size_t
random_pick(const uint8_t *bytes, mfa_str_t alphabet, char *text, size_t room)
{
    size_t    i, n;
    unsigned  fair;

    fair = 256 - 256 % (unsigned) alphabet.len;
    n = 0;

    for (i = 0; i < RANDOM_CHUNK && n < room; i++) {
        if (bytes[i] < fair) {
            text[n++] = alphabet.data[bytes[i] % alphabet.len];
        }
    }

    return n;
}


static mfa_status_t
random_symbols(const mfa_ports_t *ports, mfa_str_t alphabet, size_t count,
    mfa_arena_t *arena, mfa_str_t *out)
{
    char          *text;
    size_t         n, chunks;
    uint8_t        bytes[RANDOM_CHUNK];
    mfa_status_t   st;

    *out = mfa_null;

    if (count == 0 || count > RANDOM_CHUNKS_MAX) {
        return MFA_INVALID;
    }

    text = mfa_arena_alloc(arena, count + 1);
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    st = MFA_OK;
    n = 0;

    for (chunks = 0; n < count && chunks < RANDOM_CHUNKS_MAX; chunks++) {
        st = mfa_port_random(ports, bytes, sizeof(bytes));
        if (st != MFA_OK) {
            break;
        }

        n += random_pick(bytes, alphabet, text + n, count - n);
    }

    mfa_wipe(bytes, sizeof(bytes));

    if (st != MFA_OK) {
        return st;
    }

    if (n < count) {
        return MFA_CRYPTO;
    }

    *out = mfa_str_bytes(text, count);

    return MFA_OK;
}


mfa_status_t
mfa_random_digits(const mfa_ports_t *ports, size_t count, mfa_arena_t *arena,
    mfa_str_t *out)
{
    return random_symbols(ports, mfa_str("0123456789"), count, arena, out);
}


mfa_status_t
mfa_random_letters(const mfa_ports_t *ports, size_t count, mfa_arena_t *arena,
    mfa_str_t *out)
{
    return random_symbols(ports, mfa_str("ABCDEFGHJKLMNPQRSTUVWXYZ"), count,
                          arena, out);
}
