/*
 * Long codes: what is mailed while the breaker of the fleet is on (B14).
 *
 * Ten symbols of Crockford's base 32 instead of digits: 50 bits, which
 * nobody guesses over any number of accounts. Knows the text of a code and
 * nothing of who may use it. Contract: mfa_model_flow.h, "codes".
 */

#include "mfa_record.h"


#define LONG_TYPED_MAX  64

/* no I, L, O, U */
static const char  long_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";


mfa_status_t
mfa_code_long_make(const mfa_ports_t *ports, mfa_arena_t *arena,
    mfa_str_t *code)
{
    char          text[MFA_CODE_LONG];
    size_t        i;
    uint8_t       bytes[MFA_CODE_LONG];
    mfa_status_t  st;

    *code = mfa_null;

    st = mfa_port_random(ports, bytes, sizeof(bytes));

    /* 32 symbols: the low bits of a byte favour none */

    if (st == MFA_OK) {
        for (i = 0; i < sizeof(text); i++) {
            text[i] = long_alphabet[bytes[i] & 0x1f];
        }

        st = mfa_arena_copy(arena, mfa_str_bytes(text, sizeof(text)), code);
    }

    mfa_wipe(bytes, sizeof(bytes));
    mfa_wipe(text, sizeof(text));

    return st;
}


/* a letter as it is meant; 0: no symbol of the alphabet */

static char
long_symbol(char c)
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

    return (c != '\0' && strchr(long_alphabet, c) != NULL) ? c : '\0';
}


mfa_status_t
mfa_code_long_clean(mfa_arena_t *arena, mfa_str_t typed, mfa_str_t *out)
{
    char    c, text[MFA_CODE_LONG];
    size_t  len, gap;

    *out = mfa_null;

    if (typed.len > LONG_TYPED_MAX) {
        return MFA_INVALID;
    }

    for (len = 0; typed.len > 0; typed.data += gap, typed.len -= gap) {

        gap = mfa_text_gap(typed);
        if (gap > 0) {
            continue;
        }

        gap = 1;
        c = long_symbol(typed.data[0]);

        if (c == '\0' || len == sizeof(text)) {
            return MFA_INVALID;
        }

        text[len++] = c;
    }

    if (len != sizeof(text)) {
        return MFA_INVALID;
    }

    return mfa_arena_copy(arena, mfa_str_bytes(text, len), out);
}


mfa_str_t
mfa_code_show(mfa_arena_t *arena, mfa_str_t code, bool is_long)
{
    if (!is_long || code.len != MFA_CODE_LONG) {
        return code;
    }

    return mfa_arena_printf(arena, "%.5s-%.5s", code.data, code.data + 5);
}
