/*
 * Borrowed strings: compare, cut, read a number.
 *
 * Never allocates, and never looks past len: there may be no zero byte.
 */

#include "mfa_base.h"


#define STR_NUMBER_DIGITS  18


mfa_str_t
mfa_str_from(const char *text)
{
    if (text == NULL) {
        return mfa_null;
    }

    return (mfa_str_t) { text, strlen(text) };
}


mfa_str_t
mfa_str_bytes(const void *data, size_t len)
{
    return (mfa_str_t) { data, len };
}


bool
mfa_str_eq(mfa_str_t a, mfa_str_t b)
{
    if (a.len != b.len) {
        return false;
    }

    return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}


bool
mfa_str_eq_c(mfa_str_t a, const char *text)
{
    return mfa_str_eq(a, mfa_str_from(text));
}


int
mfa_str_cmp(mfa_str_t a, mfa_str_t b)
{
    int     diff;
    size_t  len;

    len = a.len < b.len ? a.len : b.len;
    diff = len == 0 ? 0 : memcmp(a.data, b.data, len);

    if (diff != 0) {
        return diff;
    }

    return (a.len > b.len) - (a.len < b.len);
}


bool
mfa_str_has_prefix(mfa_str_t s, mfa_str_t prefix)
{
    if (s.len < prefix.len) {
        return false;
    }

    return prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0;
}


static bool
str_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


mfa_str_t
mfa_str_trim(mfa_str_t s)
{
    while (s.len > 0 && str_is_space(s.data[0])) {
        s.data++;
        s.len--;
    }

    while (s.len > 0 && str_is_space(s.data[s.len - 1])) {
        s.len--;
    }

    return s;
}


mfa_str_t
mfa_str_split(mfa_str_t *s, char sep)
{
    mfa_str_t    head;
    const char  *found;

    head = *s;
    found = s->len == 0 ? NULL : memchr(s->data, sep, s->len);

    if (found == NULL) {
        *s = mfa_null;
        return head;
    }

    head.len = (size_t) (found - s->data);
    s->data = found + 1;
    s->len -= head.len + 1;

    return head;
}


mfa_status_t
mfa_str_number(mfa_str_t s, int64_t *n)
{
    size_t   i;
    int64_t  sum;

    *n = 0;

    if (s.len == 0 || s.len > STR_NUMBER_DIGITS) {
        return MFA_INVALID;
    }

    sum = 0;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return MFA_INVALID;
        }

        sum = sum * 10 + (s.data[i] - '0');
    }

    *n = sum;

    return MFA_OK;
}
