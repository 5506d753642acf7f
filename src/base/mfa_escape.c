/*
 * Escapes: percent-encoding for addresses, JSON for lines of a log.
 */

#include "mfa_base.h"


#define ESCAPE_MAX  ((size_t) 1 << 28)


static bool
percent_is_plain(char c, const char *keep)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9'))
    {
        return true;
    }

    return c != '\0'
           && (strchr("-._~", c) != NULL
               || (keep != NULL && strchr(keep, c) != NULL));
}


mfa_status_t
mfa_percent_encode(mfa_arena_t *arena, mfa_str_t s, const char *keep,
    mfa_str_t *out)
{
    char    *text;
    size_t   i, n;

    static const char  hex[] = "0123456789ABCDEF";

    *out = mfa_null;

    if (s.len > ESCAPE_MAX) {
        return MFA_NO_MEMORY;
    }

    for (i = 0, n = 0; i < s.len; i++) {
        n += percent_is_plain(s.data[i], keep) ? 1 : 3;
    }

    text = mfa_arena_alloc(arena, n + 1);
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0, n = 0; i < s.len; i++) {
        if (percent_is_plain(s.data[i], keep)) {
            text[n++] = s.data[i];
            continue;
        }

        text[n++] = '%';
        text[n++] = hex[(unsigned char) s.data[i] >> 4];
        text[n++] = hex[(unsigned char) s.data[i] & 15];
    }

    *out = mfa_str_bytes(text, n);

    return MFA_OK;
}


static bool
json_is_tail(mfa_str_t s, size_t i)
{
    return i < s.len && ((unsigned char) s.data[i] & 0xc0) == 0x80;
}


/*
 * The code point that s starts with, and its length; length 0 when s does
 * not start with UTF-8 (RFC 3629: shortest form, no surrogates).
 */

static uint32_t
json_code_point(mfa_str_t s, size_t *len)
{
    size_t    i, want;
    uint32_t  c;

    static const uint32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    *len = 0;
    c = (unsigned char) s.data[0];

    if (c < 0x80) {
        *len = 1;
        return c;
    }

    if (c < 0xc0 || c > 0xf7) {
        return 0;
    }

    want = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    c &= 0x7fu >> want;

    for (i = 1; i < want; i++) {
        if (!json_is_tail(s, i)) {
            return 0;
        }

        c = c << 6 | ((unsigned char) s.data[i] & 0x3f);
    }

    if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 0;
    }

    *len = want;

    return c;
}


static bool
json_is_plain(uint32_t c)
{
    return c >= 0x20 && c != '"' && c != '\\' && !(c >= 0x7f && c <= 0x9f)
           && c != 0x2028 && c != 0x2029;
}


static void
json_put_escape(mfa_buf_t *buf, uint32_t c)
{
    switch (c) {

    case '"':
        mfa_buf_puts(buf, "\\\"");
        break;

    case '\\':
        mfa_buf_puts(buf, "\\\\");
        break;

    case '\n':
        mfa_buf_puts(buf, "\\n");
        break;

    case '\r':
        mfa_buf_puts(buf, "\\r");
        break;

    case '\t':
        mfa_buf_puts(buf, "\\t");
        break;

    default:
        mfa_buf_printf(buf, "\\u%04x", (unsigned) c);
    }
}


/* a byte that is not UTF-8 becomes U+FFFD, so that the line stays JSON */

void
mfa_json_put(mfa_buf_t *buf, mfa_str_t s)
{
    size_t    len, plain;
    uint32_t  c;

    plain = 0;

    while (plain < s.len) {
        c = json_code_point(mfa_str_bytes(s.data + plain, s.len - plain),
                            &len);

        if (len > 0 && json_is_plain(c)) {
            plain += len;
            continue;
        }

        mfa_buf_put(buf, mfa_str_bytes(s.data, plain));
        json_put_escape(buf, len == 0 ? 0xfffd : c);

        plain += len == 0 ? 1 : len;
        s = mfa_str_bytes(s.data + plain, s.len - plain);
        plain = 0;
    }

    mfa_buf_put(buf, s);
}


int
mfa_hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
}


mfa_status_t
mfa_percent_decode(mfa_str_t s, char plus, char *buf, mfa_str_t *out)
{
    int     high, low;
    size_t  i, len;

    len = 0;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] != '%') {
            buf[len++] = (s.data[i] == '+') ? plus : s.data[i];
            continue;
        }

        if (s.len - i < 3) {
            return MFA_INVALID;
        }

        high = mfa_hex_value(s.data[i + 1]);
        low = mfa_hex_value(s.data[i + 2]);

        if (high < 0 || low < 0) {
            return MFA_INVALID;
        }

        buf[len++] = (char) (high * 16 + low);
        i += 2;
    }

    *out = mfa_str_bytes(buf, len);

    return MFA_OK;
}
