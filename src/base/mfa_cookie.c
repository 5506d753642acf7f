/*
 * One cookie out of a Cookie header.
 *
 * No quotes, no $Version, no commas, no escapes, no Unicode: a pair is what
 * stands between two semicolons, its name what stands before the first '='.
 * A cookie that is there twice is no cookie, whichever comes first.
 */

#include "mfa_base.h"


static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}


static mfa_str_t
cookie_trim(mfa_str_t s)
{
    while (s.len != 0 && is_blank(s.data[0])) {
        s.data++;
        s.len--;
    }

    while (s.len != 0 && is_blank(s.data[s.len - 1])) {
        s.len--;
    }

    return s;
}


void
mfa_cookie_find(mfa_str_t header, mfa_str_t name, mfa_str_t *value,
    unsigned *count)
{
    mfa_str_t  pair, key;

    while (header.len != 0) {
        pair = mfa_str_split(&header, ';');

        if (pair.len == 0 || memchr(pair.data, '=', pair.len) == NULL) {
            continue;
        }

        key = cookie_trim(mfa_str_split(&pair, '='));

        if (key.len == 0 || !mfa_str_eq(key, name)) {
            continue;
        }

        *value = (*count == 0) ? cookie_trim(pair) : mfa_null;
        *count += 1;
    }
}
