/*
 * The record codec: numbers as varints (LEB128), strings with their length
 * first, lists with their count first.
 *
 * What is read may be damaged or forged: a count or a length is believed
 * only as far as there are bytes behind it.
 */

#include "mfa_base.h"


#define PACK_NUMBER_BYTES  10


void
mfa_pack_number(mfa_buf_t *buf, uint64_t n)
{
    char    bytes[PACK_NUMBER_BYTES];
    size_t  len;

    len = 0;

    while (n > 0x7f) {
        bytes[len++] = (char) (uint8_t) (n | 0x80);
        n >>= 7;
    }

    bytes[len++] = (char) n;

    mfa_buf_put(buf, mfa_str_bytes(bytes, len));
}


void
mfa_pack_time(mfa_buf_t *buf, mfa_time_t t)
{
    /* a moment that was computed wrong must not become "never" */

    if (t < 0) {
        buf->has_failed = true;
        return;
    }

    mfa_pack_number(buf, (uint64_t) t);
}


void
mfa_pack_str(mfa_buf_t *buf, mfa_str_t s)
{
    mfa_pack_number(buf, s.len);
    mfa_buf_put(buf, s);
}


void
mfa_pack_strs(mfa_buf_t *buf, const mfa_strs_t *list)
{
    size_t  i;

    mfa_pack_number(buf, list->count);

    for (i = 0; i < list->count; i++) {
        mfa_pack_str(buf, list->items[i]);
    }
}


void
mfa_pack_pairs(mfa_buf_t *buf, const mfa_pairs_t *list)
{
    size_t  i;

    mfa_pack_number(buf, list->count);

    for (i = 0; i < list->count; i++) {
        mfa_pack_str(buf, list->items[i].name);
        mfa_pack_str(buf, list->items[i].value);
    }
}


void
mfa_unpack_init(mfa_unpack_t *in, mfa_str_t record, mfa_arena_t *arena)
{
    *in = (mfa_unpack_t) { .rest = record, .arena = arena };
}


/* after damage nothing more is read: all that follows is zero and empty */

static void
unpack_damaged(mfa_unpack_t *in)
{
    in->is_damaged = true;
    in->rest = mfa_null;
}


uint64_t
mfa_unpack_number(mfa_unpack_t *in)
{
    size_t    i;
    uint8_t   byte;
    uint64_t  n;

    if (in->rest.len == 0) {
        return 0;
    }

    /* most are lengths and counts, of one byte */

    byte = (uint8_t) in->rest.data[0];

    if (byte < 0x80) {
        in->rest.data++;
        in->rest.len--;
        return byte;
    }

    n = 0;

    for (i = 0; i < in->rest.len && i < PACK_NUMBER_BYTES; i++) {
        byte = (uint8_t) in->rest.data[i];
        n |= (uint64_t) (byte & 0x7f) << (7 * i);

        if (byte & 0x80) {
            continue;
        }

        /* a zero at the end is a longer spelling; the tenth has one bit */

        if ((byte == 0 && i > 0) || (i == PACK_NUMBER_BYTES - 1 && byte > 1)) {
            break;
        }

        in->rest.data += i + 1;
        in->rest.len -= i + 1;

        return n;
    }

    unpack_damaged(in);

    return 0;
}


mfa_time_t
mfa_unpack_time(mfa_unpack_t *in)
{
    uint64_t  n;

    n = mfa_unpack_number(in);

    if (n > INT64_MAX) {
        unpack_damaged(in);
        return 0;
    }

    return (mfa_time_t) n;
}


mfa_str_t
mfa_unpack_str(mfa_unpack_t *in)
{
    uint64_t   len;
    mfa_str_t  s;

    len = mfa_unpack_number(in);

    if (len > in->rest.len) {
        unpack_damaged(in);
        return mfa_null;
    }

    s = mfa_str_bytes(in->rest.data, (size_t) len);

    if (len > 0) {
        in->rest.data += len;
        in->rest.len -= (size_t) len;
    }

    return s;
}


/* an item that a list has counted must be there, unlike a field at the end */

static mfa_str_t
unpack_item(mfa_unpack_t *in)
{
    if (in->rest.len == 0) {
        unpack_damaged(in);
    }

    return mfa_unpack_str(in);
}


/*
 * The array of a list: item_size bytes for each of *count items, of which
 * each has at least item_bytes bytes in the record. NULL when it is empty.
 */

static void *
unpack_array(mfa_unpack_t *in, size_t item_size, size_t item_bytes,
    size_t *count)
{
    void      *items;
    uint64_t   n;

    *count = 0;

    n = mfa_unpack_number(in);

    if (n == 0) {
        return NULL;
    }

    if (n > MFA_LIST_MAX || n * item_bytes > in->rest.len) {
        unpack_damaged(in);
        return NULL;
    }

    items = mfa_arena_alloc(in->arena, (size_t) n * item_size);
    if (items == NULL) {
        unpack_damaged(in);
        return NULL;
    }

    *count = (size_t) n;

    return items;
}


void
mfa_unpack_strs(mfa_unpack_t *in, mfa_strs_t *list)
{
    size_t  i;

    list->items = unpack_array(in, sizeof(mfa_str_t), 1, &list->count);

    for (i = 0; i < list->count; i++) {
        list->items[i] = unpack_item(in);
    }

    if (in->is_damaged) {
        *list = (mfa_strs_t) { NULL, 0 };
    }
}


void
mfa_unpack_pairs(mfa_unpack_t *in, mfa_pairs_t *list)
{
    size_t  i;

    list->items = unpack_array(in, sizeof(mfa_pair_t), 2, &list->count);

    for (i = 0; i < list->count; i++) {
        list->items[i].name = unpack_item(in);
        list->items[i].value = unpack_item(in);
    }

    if (in->is_damaged) {
        *list = (mfa_pairs_t) { NULL, 0 };
    }
}


/* bytes that nobody read are no record of ours */

mfa_status_t
mfa_unpack_end(const mfa_unpack_t *in)
{
    if (in->is_damaged || in->rest.len > 0) {
        return MFA_DAMAGED;
    }

    return MFA_OK;
}
