/*
 * Passwords: what may become one.
 *
 * No rules of composition; length, common passwords and words that an
 * attacker tries first. Never changes a byte of what was typed.
 */

#include "mfa_factor.h"


/* shorter words are too likely to stand in a good password by chance */
#define CONTEXT_WORD_MIN  4

/* a password with such words needs this much besides */
#define OTHER_BYTES_MIN   8


bool
mfa_password_is_sane(mfa_str_t password)
{
    return password.len > 0 && password.len <= MFA_PASSWORD_MAX
           && mfa_text_is_utf8(password);
}


static char
ascii_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char) (c - 'A' + 'a') : c;
}


static bool
starts_without_case(mfa_str_t s, mfa_str_t word)
{
    size_t  i;

    if (s.len < word.len) {
        return false;
    }

    for (i = 0; i < word.len; i++) {
        if (ascii_lower(s.data[i]) != ascii_lower(word.data[i])) {
            return false;
        }
    }

    return true;
}


/* the length of the longest context word that stands at the start; 0: none */

static size_t
context_at(const mfa_strs_t *context, mfa_str_t rest)
{
    size_t     i, longest;
    mfa_str_t  word;

    longest = 0;

    for (i = 0; i < context->count; i++) {
        word = context->items[i];

        if (word.len >= CONTEXT_WORD_MIN && word.len > longest
            && starts_without_case(rest, word))
        {
            longest = word.len;
        }
    }

    return longest;
}


/*
 * A long password may contain a name; one that is little more than names
 * may not, however often they stand in it.
 */

static bool
is_mostly_context(const mfa_strs_t *context, mfa_str_t password)
{
    bool       has_word;
    size_t     len, other;
    mfa_str_t  rest;

    other = 0;
    has_word = false;

    for (rest = password; rest.len > 0; /* void */) {
        len = context_at(context, rest);

        if (len > 0) {
            has_word = true;

        } else {
            other++;
            len = 1;
        }

        rest.data += len;
        rest.len -= len;
    }

    return has_word && other < OTHER_BYTES_MIN;
}


/* "aaaaaaaaaaaa", "abcabcabcabc", "secretsecret": as good as its piece */

static bool
is_repetition(mfa_str_t password)
{
    size_t  piece;

    for (piece = 1; piece <= password.len / 2; piece++) {
        if (password.len % piece == 0
            && memcmp(password.data, password.data + piece,
                      password.len - piece) == 0)
        {
            return true;
        }
    }

    return false;
}


mfa_str_t
mfa_password_fault(const mfa_factor_settings_t *settings,
    const mfa_passlist_t *common, const mfa_strs_t *context,
    mfa_str_t password)
{
    if (password.len == 0) {
        return MFA_WORD("Enter a password.");
    }

    if (password.len > MFA_PASSWORD_MAX) {
        return MFA_WORD("This password is too long. Use at most 1,024 "
                        "characters.");
    }

    if (!mfa_text_is_utf8(password)) {
        return MFA_WORD("This password has characters that cannot be used.");
    }

    if (mfa_text_length(password) < (size_t) settings->password_min) {
        return MFA_WORD("This password is too short.");
    }

    if (is_mostly_context(context, password)) {
        return MFA_WORD("This password is too close to a name or address "
                        "that others know. Choose another.");
    }

    if (is_repetition(password)
        || (common != NULL && mfa_passlist_has(common, password)))
    {
        return MFA_WORD("This is one of the most used passwords. Choose one "
                        "that is harder to guess.");
    }

    return mfa_null;
}
