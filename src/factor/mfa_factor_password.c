/*
 * Passwords: what may become one.
 *
 * No rules of composition; length, common passwords and words that an
 * attacker tries first. Never changes a byte of what was typed.
 */

#include "mfa_factor.h"


/* shorter words are too likely to stand in a good password by chance */
#define CONTEXT_WORD_MIN  4


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


/*
 * What is left of the password when the word is taken out once; the whole
 * length when it does not stand in it.
 */

static size_t
length_without(mfa_str_t password, mfa_str_t word)
{
    size_t     i;
    mfa_str_t  rest;

    for (i = 0; i + word.len <= password.len; i++) {
        rest.data = password.data + i;
        rest.len = password.len - i;

        if (starts_without_case(rest, word)) {
            return password.len - word.len;
        }
    }

    return password.len;
}


/*
 * A long password may contain a name; one that is little more than the name
 * may not.
 */

static bool
is_mostly_context(const mfa_strs_t *context, mfa_str_t password)
{
    size_t     i, rest;
    mfa_str_t  word;

    for (i = 0; i < context->count; i++) {
        word = context->items[i];

        if (word.len < CONTEXT_WORD_MIN) {
            continue;
        }

        rest = length_without(password, word);

        if (rest < password.len && rest < 8) {
            return true;
        }
    }

    return false;
}


static bool
is_one_character(mfa_str_t password)
{
    size_t  i;

    for (i = 1; i < password.len; i++) {
        if (password.data[i] != password.data[0]) {
            return false;
        }
    }

    return true;
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

    if (is_one_character(password)
        || (common != NULL && mfa_passlist_has(common, password)))
    {
        return MFA_WORD("This is one of the most used passwords. Choose one "
                        "that is harder to guess.");
    }

    if (is_mostly_context(context, password)) {
        return MFA_WORD("This password is too close to a name or address "
                        "that others know. Choose another.");
    }

    return mfa_null;
}
