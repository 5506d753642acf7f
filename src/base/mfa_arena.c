/*
 * The arena of one job, and the buffer that grows inside one.
 *
 * Every byte handed out is wiped when the arena closes, so what lives here
 * needs no wipe of its own. Never shared between threads at one time.
 */

#include "mfa_base.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>


#define ARENA_ALIGN        ((size_t) 16)
#define ARENA_BLOCK_FIRST  ((size_t) 8 * 1024)
#define ARENA_BLOCK_MOST   ((size_t) 256 * 1024)
#define ARENA_SIZE_MAX     (SIZE_MAX / 4)
#define ARENA_BUF_FIRST    ((size_t) 128)

typedef struct arena_block_s  arena_block_t;

struct arena_block_s {
    arena_block_t           *next;
    size_t                   size;
    size_t                   used;
    alignas(16) char         data[];
};

struct mfa_arena_s {
    arena_block_t  *blocks;         /* the newest first; it alone is filled */
    char           *last;           /* the newest piece, which may grow */
    size_t          block_size;     /* of the next block */
    size_t          given;
    size_t          limit;
    bool            has_failed;
};


static size_t
arena_round(size_t size)
{
    return (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
}


static arena_block_t *
arena_block_make(size_t size, arena_block_t *next)
{
    arena_block_t  *block;

    block = malloc(sizeof(arena_block_t) + size);
    if (block == NULL) {
        return NULL;
    }

    block->next = next;
    block->size = size;
    block->used = 0;

    return block;
}


static arena_block_t *
arena_block_add(mfa_arena_t *arena, size_t least)
{
    size_t          size;
    arena_block_t  *block;

    size = arena->block_size < least ? least : arena->block_size;

    block = arena_block_make(size, arena->blocks);
    if (block == NULL) {
        return NULL;
    }

    arena->blocks = block;

    if (arena->block_size < ARENA_BLOCK_MOST) {
        arena->block_size *= 2;
    }

    return block;
}


/* the arena itself is the first piece of its first block */

static void
arena_begin(mfa_arena_t *arena, arena_block_t *block, size_t limit)
{
    block->used = arena_round(sizeof(mfa_arena_t));

    *arena = (mfa_arena_t) {
        .blocks = block,
        .block_size = 2 * ARENA_BLOCK_FIRST,
        .limit = limit,
    };
}


mfa_arena_t *
mfa_arena_open(size_t limit)
{
    mfa_arena_t    *arena;
    arena_block_t  *block;

    block = arena_block_make(ARENA_BLOCK_FIRST, NULL);
    if (block == NULL) {
        return NULL;
    }

    arena = (mfa_arena_t *) (void *) block->data;
    arena_begin(arena, block, limit);

    return arena;
}


static void
arena_block_free(arena_block_t *block)
{
    mfa_wipe(block->data, block->used);
    free(block);
}


/* all but the oldest block, which holds the arena */

static arena_block_t *
arena_shrink(const mfa_arena_t *arena)
{
    arena_block_t  *block, *next;

    for (block = arena->blocks; block->next != NULL; block = next) {
        next = block->next;
        arena_block_free(block);
    }

    return block;
}


void
mfa_arena_close(mfa_arena_t **arena)
{
    if (arena == NULL || *arena == NULL) {
        return;
    }

    arena_block_free(arena_shrink(*arena));
    *arena = NULL;
}


void
mfa_arena_clear(mfa_arena_t *arena)
{
    size_t          own;
    arena_block_t  *block;

    block = arena_shrink(arena);
    own = arena_round(sizeof(mfa_arena_t));

    mfa_wipe(block->data + own, block->used - own);
    arena_begin(arena, block, arena->limit);
}


void *
mfa_arena_alloc(mfa_arena_t *arena, size_t size)
{
    char           *piece;
    size_t          room;
    arena_block_t  *block;

    if (arena == NULL) {
        return NULL;
    }

    /* nothing counts as one byte, so that a loop of nothings ends too */

    if (size == 0) {
        size = 1;
    }

    if (size > ARENA_SIZE_MAX || size > arena->limit - arena->given) {
        arena->has_failed = true;
        return NULL;
    }

    room = arena_round(size);
    block = arena->blocks;

    if (block->size - block->used < room) {
        block = arena_block_add(arena, room);
    }

    if (block == NULL) {
        arena->has_failed = true;
        return NULL;
    }

    piece = block->data + block->used;
    memset(piece, 0, room);

    block->used += room;
    arena->given += size;
    arena->last = piece;

    return piece;
}


bool
mfa_arena_has_failed(const mfa_arena_t *arena)
{
    return arena == NULL || arena->has_failed;
}


mfa_status_t
mfa_arena_copy(mfa_arena_t *arena, mfa_str_t s, mfa_str_t *out)
{
    char  *copy;

    *out = mfa_null;

    /* len + 1 may wrap: alloc refuses SIZE_MAX long before */

    copy = mfa_arena_alloc(arena, s.len == SIZE_MAX ? s.len : s.len + 1);
    if (copy == NULL) {
        return MFA_NO_MEMORY;
    }

    if (s.len > 0) {
        memcpy(copy, s.data, s.len);
    }

    *out = mfa_str_bytes(copy, s.len);

    return MFA_OK;
}


char *
mfa_arena_cstr(mfa_arena_t *arena, mfa_str_t s)
{
    char  *copy;

    copy = mfa_arena_alloc(arena, s.len == SIZE_MAX ? s.len : s.len + 1);

    if (copy != NULL && s.len > 0) {
        memcpy(copy, s.data, s.len);
    }

    return copy;
}


mfa_str_t
mfa_arena_printf(mfa_arena_t *arena, const char *fmt, ...)
{
    int      n;
    char    *text;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    if (n < 0) {
        if (arena != NULL) {
            arena->has_failed = true;
        }

        return mfa_null;
    }

    text = mfa_arena_alloc(arena, (size_t) n + 1);
    if (text == NULL) {
        return mfa_null;
    }

    va_start(args, fmt);
    (void) vsnprintf(text, (size_t) n + 1, fmt, args);
    va_end(args);

    return mfa_str_bytes(text, (size_t) n);
}


/* the newest piece grows where it stands while its block has room */

static bool
arena_extend(mfa_arena_t *arena, const char *piece, size_t size, size_t more)
{
    size_t          old, room;
    arena_block_t  *block;

    if (arena == NULL || piece == NULL || piece != arena->last
        || more > arena->limit - arena->given)
    {
        return false;
    }

    block = arena->blocks;
    old = arena_round(size);
    room = arena_round(size + more);

    if (block->size - block->used < room - old) {
        return false;
    }

    memset(block->data + block->used, 0, room - old);
    block->used += room - old;
    arena->given += more;

    return true;
}


void
mfa_buf_init(mfa_buf_t *buf, mfa_arena_t *arena, size_t max)
{
    if (max > ARENA_SIZE_MAX) {
        max = ARENA_SIZE_MAX;
    }

    *buf = (mfa_buf_t) { .arena = arena, .max = max };
}


/*
 * Room for len more bytes and a zero byte, which is not counted in max.
 */

static bool
buf_reserve(mfa_buf_t *buf, size_t len)
{
    char    *data;
    size_t   size;

    if (buf->has_failed || len > buf->max - buf->len) {
        buf->has_failed = true;
        return false;
    }

    if (len < buf->size - buf->len) {
        return true;
    }

    size = buf->size * 2;

    if (size < ARENA_BUF_FIRST) {
        size = ARENA_BUF_FIRST;
    }

    if (size < buf->len + len + 1) {
        size = buf->len + len + 1;
    }

    if (size > buf->max + 1) {
        size = buf->max + 1;
    }

    if (arena_extend(buf->arena, buf->data, buf->size, size - buf->size)) {
        buf->size = size;
        return true;
    }

    data = mfa_arena_alloc(buf->arena, size);
    if (data == NULL) {
        buf->has_failed = true;
        return false;
    }

    if (buf->len > 0) {
        memcpy(data, buf->data, buf->len);
    }

    buf->data = data;
    buf->size = size;

    return true;
}


void
mfa_buf_put(mfa_buf_t *buf, mfa_str_t s)
{
    if (!buf_reserve(buf, s.len) || s.len == 0) {
        return;
    }

    memcpy(buf->data + buf->len, s.data, s.len);
    buf->len += s.len;
}


void
mfa_buf_puts(mfa_buf_t *buf, const char *text)
{
    mfa_buf_put(buf, mfa_str_from(text));
}


void
mfa_buf_putc(mfa_buf_t *buf, char c)
{
    mfa_buf_put(buf, mfa_str_bytes(&c, 1));
}


void
mfa_buf_printf(mfa_buf_t *buf, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    if (n < 0) {
        buf->has_failed = true;
        return;
    }

    if (!buf_reserve(buf, (size_t) n)) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(buf->data + buf->len, (size_t) n + 1, fmt, args);
    va_end(args);

    buf->len += (size_t) n;
}


mfa_status_t
mfa_buf_str(const mfa_buf_t *buf, mfa_str_t *out)
{
    *out = mfa_null;

    if (buf->has_failed) {
        return MFA_NO_MEMORY;
    }

    *out = buf->data == NULL ? mfa_str("") : mfa_str_bytes(buf->data, buf->len);

    return MFA_OK;
}
