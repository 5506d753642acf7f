/*
 * Text that people and headers bring: what it is, and one safe form of it.
 *
 * Nothing here folds, maps or repairs Unicode: text is taken as it stands
 * or refused, so that two different names can never become one.
 */

#include "mfa_base.h"


#define DIGITS_TYPED_MAX  32


/* the byte ranges of RFC 3629 section 4: what may follow a first byte */
typedef struct {
    uint8_t  first_low;
    uint8_t  first_high;
    uint8_t  second_low;
    uint8_t  second_high;
    uint8_t  size;
} utf8_form_t;


static const utf8_form_t  utf8_forms[] = {
    { 0x00, 0x7f, 0x00, 0x00, 1 },
    { 0xc2, 0xdf, 0x80, 0xbf, 2 },
    { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 },
    { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 },
    { 0xf1, 0xf3, 0x80, 0xbf, 4 },
    { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};


static const utf8_form_t *
utf8_form(uint8_t first)
{
    size_t  i;

    for (i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
        if (first >= utf8_forms[i].first_low
            && first <= utf8_forms[i].first_high)
        {
            return &utf8_forms[i];
        }
    }

    return NULL;
}


/* size of the code point that s begins with, 0 when it is not UTF-8 */

static size_t
utf8_size(mfa_str_t s)
{
    size_t              i;
    uint8_t             byte;
    const utf8_form_t  *form;

    form = utf8_form((uint8_t) s.data[0]);
    if (form == NULL || form->size > s.len) {
        return 0;
    }

    for (i = 1; i < form->size; i++) {
        byte = (uint8_t) s.data[i];

        if (byte < 0x80 || byte > 0xbf) {
            return 0;
        }
    }

    byte = (form->size > 1) ? (uint8_t) s.data[1] : 0;

    if (byte < form->second_low || byte > form->second_high) {
        return 0;
    }

    return form->size;
}


static mfa_str_t
text_skip(mfa_str_t s, size_t size)
{
    return mfa_str_bytes(s.data + size, s.len - size);
}


bool
mfa_text_is_utf8(mfa_str_t s)
{
    size_t  size;

    while (s.len != 0) {
        size = utf8_size(s);
        if (size == 0) {
            return false;
        }

        s = text_skip(s, size);
    }

    return true;
}


/* U+0080 to U+009F, U+2028, U+2029 */

static bool
text_has_wide_control(mfa_str_t s)
{
    uint8_t  second;

    if (s.len < 2) {
        return false;
    }

    second = (uint8_t) s.data[1];

    if ((uint8_t) s.data[0] == 0xc2) {
        return second >= 0x80 && second <= 0x9f;
    }

    return s.len >= 3
           && (memcmp(s.data, "\xe2\x80\xa8", 3) == 0
               || memcmp(s.data, "\xe2\x80\xa9", 3) == 0);
}


bool
mfa_text_has_control(mfa_str_t s)
{
    uint8_t  byte;

    while (s.len != 0) {
        byte = (uint8_t) s.data[0];

        if (byte < 0x20 || byte == 0x7f || text_has_wide_control(s)) {
            return true;
        }

        s = text_skip(s, 1);
    }

    return false;
}


size_t
mfa_text_length(mfa_str_t s)
{
    size_t  i, length;

    length = 0;

    for (i = 0; i < s.len; i++) {
        if (((uint8_t) s.data[i] & 0xc0) != 0x80) {
            length++;
        }
    }

    return length;
}


static void
text_percent(char *out, uint8_t byte)
{
    static const char  hex[] = "0123456789ABCDEF";

    out[0] = '%';
    out[1] = hex[byte >> 4];
    out[2] = hex[byte & 0x0f];
}


mfa_status_t
mfa_header_value(mfa_arena_t *arena, mfa_str_t s, size_t max, mfa_str_t *out)
{
    char    *data;
    bool     is_plain;
    size_t   i, len, size, room;

    *out = mfa_null;

    room = (s.len < max / 3) ? s.len * 3 : max;
    data = mfa_arena_alloc(arena, room + 1);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    len = 0;

    while (s.len != 0) {
        size = utf8_size(s);

        /* a byte that is not UTF-8 stands for itself */

        if (size == 0) {
            size = 1;
        }

        is_plain = s.data[0] >= 0x20 && s.data[0] <= 0x7e && s.data[0] != '%';

        if (len + (is_plain ? 1 : size * 3) > room) {
            break;
        }

        if (is_plain) {
            data[len++] = s.data[0];

        } else {
            for (i = 0; i < size; i++) {
                text_percent(data + len, (uint8_t) s.data[i]);
                len += 3;
            }
        }

        s = text_skip(s, size);
    }

    *out = mfa_str_bytes(data, len);

    return MFA_OK;
}


/* size of what people put between digits at the start of s, 0 for others */

size_t
mfa_text_gap(mfa_str_t s)
{
    size_t             i;

    static const char  *const gaps[] = {
        " ", "-",
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


mfa_status_t
mfa_digits_clean(mfa_arena_t *arena, mfa_str_t typed, size_t digits,
    mfa_str_t *out)
{
    char    kept[DIGITS_TYPED_MAX];
    size_t  len, gap;

    *out = mfa_null;

    if (digits == 0 || typed.len > DIGITS_TYPED_MAX) {
        return MFA_INVALID;
    }

    len = 0;

    while (typed.len != 0) {
        gap = mfa_text_gap(typed);

        if (gap == 0) {
            if (typed.data[0] < '0' || typed.data[0] > '9') {
                return MFA_INVALID;
            }

            kept[len++] = typed.data[0];
            gap = 1;
        }

        typed = text_skip(typed, gap);
    }

    if (len != digits) {
        return MFA_INVALID;
    }

    return mfa_arena_copy(arena, mfa_str_bytes(kept, len), out);
}
