/*
 * Hex, base32, base64url and base64, as in RFC 4648.
 *
 * A decoder takes one text for each string of bytes and no other: two
 * spellings of one token would be two tokens to a cache or a log. Symbols
 * are computed, not looked up: which line of a table the processor holds
 * would tell which symbols a secret has.
 */

#include "mfa_base.h"

#include <endian.h>


#define CODEC_MAX  ((size_t) 1 << 30)

typedef unsigned (*codec_symbol_pt)(unsigned n);


/* n when low <= c <= high, else 0, without a branch; all but n below 2^31 */

static inline unsigned
codec_in(unsigned c, unsigned low, unsigned high, unsigned n)
{
    return (0u - ((low - 1 - c) >> 31 & (c - high - 1) >> 31)) & n;
}


static inline unsigned
base32_symbol(unsigned n)
{
    return 'A' + n + codec_in(n, 26, 31, (unsigned) ('2' - 26 - 'A'));
}


static inline unsigned
base64_alnum(unsigned n)
{
    return codec_in(n, 0, 25, 'A' + n)
           + codec_in(n, 26, 51, 'a' + n - 26)
           + codec_in(n, 52, 61, '0' + n - 52);
}


static inline unsigned
base64_symbol(unsigned n)
{
    return base64_alnum(n) + codec_in(n, 62, 62, '+')
           + codec_in(n, 63, 63, '/');
}


static inline unsigned
base64url_symbol(unsigned n)
{
    return base64_alnum(n) + codec_in(n, 62, 62, '-')
           + codec_in(n, 63, 63, '_');
}


/* wraps to a number beyond the alphabet for any other byte */

static inline unsigned
base32_value(unsigned c)
{
    return codec_in(c, 'A', 'Z', c - 'A' + 1)
           + codec_in(c, 'a', 'z', c - 'a' + 1)
           + codec_in(c, '2', '7', c - '2' + 27)
           - 1;
}


/* width: bits in a symbol. Inlined, so that each alphabet has a loop of its
 * own without a call for every symbol */

static inline __attribute__((always_inline)) mfa_status_t
codec_encode(mfa_arena_t *arena, mfa_str_t bytes, unsigned width,
    codec_symbol_pt symbol, mfa_str_t *out)
{
    char      *text;
    size_t     i, n;
    unsigned   acc, bits, mask;

    *out = mfa_null;

    if (bytes.len > CODEC_MAX) {
        return MFA_NO_MEMORY;
    }

    text = mfa_arena_alloc(arena, (bytes.len * 8 + width - 1) / width + 1);
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    mask = (1u << width) - 1;
    acc = 0;
    bits = 0;
    n = 0;

    for (i = 0; i < bytes.len; i++) {
        acc = (acc << 8 | (unsigned char) bytes.data[i]) & 0xffff;

        for (bits += 8; bits >= width; /* void */ ) {
            bits -= width;
            text[n++] = (char) symbol(acc >> bits & mask);
        }
    }

    if (bits > 0) {
        text[n++] = (char) symbol(acc << (width - bits) & mask);
    }

    *out = mfa_str_bytes(text, n);

    return MFA_OK;
}


/*
 * text.len * 5 / 8 bytes into buf. What is left over after the last byte must
 * be less than a symbol, and zero.
 */

static mfa_status_t
base32_decode(mfa_str_t text, uint8_t *buf)
{
    size_t    i, n;
    unsigned  acc, bits, v, bad;

    acc = 0;
    bits = 0;
    bad = 0;
    n = 0;

    for (i = 0; i < text.len; i++) {
        v = base32_value((unsigned char) text.data[i]);
        bad |= v >> 5;

        acc = (acc << 5 | v) & 0xffff;
        bits += 5;

        if (bits >= 8) {
            bits -= 8;
            buf[n++] = (uint8_t) (acc >> bits);
        }
    }

    if (bad != 0 || bits >= 5 || (acc & ((1u << bits) - 1)) != 0) {
        mfa_wipe(buf, n);
        return MFA_INVALID;
    }

    return MFA_OK;
}


/* one byte in each of eight lanes */

static inline uint64_t
lanes_of(unsigned byte)
{
    return byte * UINT64_C(0x0101010101010101);
}


/* 0xff in each lane of low to high, for lanes below 0x80 */

static inline uint64_t
lanes_in(uint64_t w, unsigned low, unsigned high)
{
    uint64_t  m;

    m = (w + lanes_of(0x80 - low)) & ~(w + lanes_of(0x7f - high))
        & lanes_of(0x80);

    return (m << 1) - (m >> 7);
}


/*
 * Eight symbols, the first in the highest lane, to 48 bits. At once, because
 * the gate decodes a token for each request. *bad is not zero when one of
 * them is no symbol.
 */

static inline uint64_t
base64url_group(uint64_t w, uint64_t *bad)
{
    uint64_t  upper, lower, digit, dash, line, v;

    upper = lanes_in(w, 'A', 'Z');
    lower = lanes_in(w, 'a', 'z');
    digit = lanes_in(w, '0', '9');
    dash = lanes_in(w, '-', '-');
    line = lanes_in(w, '_', '_');

    *bad |= (w & lanes_of(0x80)) | ~(upper | lower | digit | dash | line);

    v = w - (upper & lanes_of('A')) - (lower & lanes_of('a' - 26))
        + (digit & lanes_of(52 - '0')) + (dash & lanes_of(62 - '-'))
        - (line & lanes_of('_' - 63));

    v = (v & UINT64_C(0x3f003f003f003f00)) >> 2
        | (v & UINT64_C(0x003f003f003f003f));
    v = (v & UINT64_C(0x0fff00000fff0000)) >> 4
        | (v & UINT64_C(0x00000fff00000fff));

    return (v & UINT64_C(0x00ffffff00000000)) >> 8
           | (v & UINT64_C(0x0000000000ffffff));
}


/* fewer than eight symbols; the bits after the last whole byte must be zero */

static void
base64url_tail(mfa_str_t text, uint8_t *buf, uint64_t *bad)
{
    size_t    i, len;
    uint64_t  w;

    w = 0;

    for (i = 0; i < 8; i++) {
        w = w << 8 | (i < text.len ? (unsigned char) text.data[i] : 'A');
    }

    w = base64url_group(w, bad);
    len = text.len * 6 / 8;

    for (i = 0; i < len; i++) {
        buf[i] = (uint8_t) (w >> (40 - 8 * i));
    }

    *bad |= w & ((UINT64_C(1) << (48 - 8 * len)) - 1);
}


/* text.len * 6 / 8 bytes into buf */

static mfa_status_t
base64url_decode(mfa_str_t text, uint8_t *buf)
{
    size_t    i, n;
    uint64_t  w, bad;

    bad = text.len % 4 == 1;
    n = 0;

    for (i = 0; text.len - i >= 8; i += 8) {
        memcpy(&w, text.data + i, 8);
        w = htobe64(base64url_group(be64toh(w), &bad) << 16);
        memcpy(buf + n, &w, 6);
        n += 6;
    }

    if (i < text.len) {
        base64url_tail(mfa_str_bytes(text.data + i, text.len - i), buf + n,
                       &bad);
    }

    if (bad != 0) {
        mfa_wipe(buf, text.len * 6 / 8);
        return MFA_INVALID;
    }

    return MFA_OK;
}


static uint8_t *
codec_room(mfa_arena_t *arena, mfa_str_t text, size_t len)
{
    return text.len > CODEC_MAX ? NULL : mfa_arena_alloc(arena, len + 1);
}


/* four bytes, the first in the highest lane, to eight symbols */

static inline uint64_t
hex_group(uint64_t w)
{
    uint64_t  letters;

    w = (w << 16 | w) & UINT64_C(0x0000ffff0000ffff);
    w = (w << 8 | w) & UINT64_C(0x00ff00ff00ff00ff);
    w = (w << 4 | w) & lanes_of(0x0f);

    letters = (w + lanes_of(6)) >> 4 & lanes_of(1);

    return w + lanes_of('0') + letters * ('a' - '0' - 10);
}


mfa_status_t
mfa_hex_encode(mfa_arena_t *arena, mfa_str_t bytes, mfa_str_t *out)
{
    char      *text;
    size_t     i;
    uint32_t   four;
    uint64_t   w;

    *out = mfa_null;

    if (bytes.len > CODEC_MAX) {
        return MFA_NO_MEMORY;
    }

    text = mfa_arena_alloc(arena, bytes.len * 2 + 1);
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; bytes.len - i >= 4; i += 4) {
        memcpy(&four, bytes.data + i, 4);
        w = htobe64(hex_group(be32toh(four)));
        memcpy(text + 2 * i, &w, 8);
    }

    if (i < bytes.len) {
        four = 0;
        memcpy(&four, bytes.data + i, bytes.len - i);
        w = htobe64(hex_group(be32toh(four)));
        memcpy(text + 2 * i, &w, 2 * (bytes.len - i));
    }

    *out = mfa_str_bytes(text, bytes.len * 2);

    return MFA_OK;
}


mfa_status_t
mfa_base32_encode(mfa_arena_t *arena, mfa_str_t bytes, mfa_str_t *out)
{
    return codec_encode(arena, bytes, 5, base32_symbol, out);
}


mfa_status_t
mfa_base32_decode(mfa_arena_t *arena, mfa_str_t text, mfa_str_t *out)
{
    size_t         len;
    uint8_t       *buf;
    mfa_status_t   st;

    *out = mfa_null;
    len = text.len / 8 * 5 + text.len % 8 * 5 / 8;

    buf = codec_room(arena, text, len);
    if (buf == NULL) {
        return MFA_NO_MEMORY;
    }

    st = base32_decode(text, buf);

    if (st == MFA_OK) {
        *out = mfa_str_bytes(buf, len);
    }

    return st;
}


mfa_status_t
mfa_base64url_encode(mfa_arena_t *arena, mfa_str_t bytes, mfa_str_t *out)
{
    return codec_encode(arena, bytes, 6, base64url_symbol, out);
}


mfa_status_t
mfa_base64url_decode(mfa_arena_t *arena, mfa_str_t text, mfa_str_t *out)
{
    size_t         len;
    uint8_t       *buf;
    mfa_status_t   st;

    *out = mfa_null;
    len = text.len / 8 * 6 + text.len % 8 * 6 / 8;

    buf = codec_room(arena, text, len);
    if (buf == NULL) {
        return MFA_NO_MEMORY;
    }

    st = base64url_decode(text, buf);

    if (st == MFA_OK) {
        *out = mfa_str_bytes(buf, len);
    }

    return st;
}


mfa_status_t
mfa_base64url_decode_fixed(mfa_str_t text, uint8_t *buf, size_t len)
{
    if (len > CODEC_MAX || text.len != (len * 8 + 5) / 6) {
        mfa_wipe(buf, len);
        return MFA_INVALID;
    }

    return base64url_decode(text, buf);
}


mfa_status_t
mfa_base64_encode(mfa_arena_t *arena, mfa_str_t bytes, mfa_str_t *out)
{
    char          *text;
    size_t         len;
    mfa_str_t      bare;
    mfa_status_t   st;

    *out = mfa_null;

    st = codec_encode(arena, bytes, 6, base64_symbol, &bare);
    if (st != MFA_OK) {
        return st;
    }

    len = (bare.len + 3) / 4 * 4;

    text = mfa_arena_alloc(arena, len + 1);
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    memset(text, '=', len);
    memcpy(text, bare.data, bare.len);

    *out = mfa_str_bytes(text, len);

    return MFA_OK;
}
