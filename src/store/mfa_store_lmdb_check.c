/*
 * LMDB: reading every page that the last commit refers to.
 *
 * By pread(2) and with bounds of its own: LMDB follows what it finds in its
 * map, and a damaged file would end the process. Holds one snapshot for as
 * long as it takes. Changes nothing. The layout is that of LMDB 0.9, data
 * version 1, on this machine's byte order.
 */

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfa_store_lmdb.h"

#define PAGE_HEAD      16
#define PAGE_BRANCH    0x01
#define PAGE_LEAF      0x02
#define PAGE_OVERFLOW  0x04
#define PAGE_KIND      0x6f             /* with leaf2 and sub-page, refused */
#define NODE_HEAD      8
#define NODE_BIG       0x01             /* the value is on pages of its own */
#define WALK_DEPTH     32
#define WALK_KEY       511

typedef struct {
    uint32_t        size;               /* of the value; branches: none */
    uint16_t        flags;
    uint16_t        key_len;
    uint64_t        child;
    const uint8_t  *key;
    const uint8_t  *value;
} walk_node_t;

typedef struct {
    lmdb_t         *lmdb;
    int             fd;
    size_t          psize;
    lmdb_meta_t     meta;
    uint8_t        *seen;               /* a bit per page */
    uint8_t        *pages;              /* a page per level */
    uint64_t        count;              /* pages looked at */
    uint64_t        records;
    bool            is_free_tree;
    uint8_t         last_key[WALK_KEY];
    size_t          last_key_len;
    int64_t         told_ms;
    void          (*progress)(unsigned percent, void *arg);
    void           *arg;
    mfa_error_t    *error;
} walk_t;


static uint16_t
walk_u16(const uint8_t *p)
{
    uint16_t  n;

    memcpy(&n, p, sizeof(n));

    return n;
}


static uint32_t
walk_u32(const uint8_t *p)
{
    uint32_t  n;

    memcpy(&n, p, sizeof(n));

    return n;
}


static uint64_t
walk_u64(const uint8_t *p)
{
    uint64_t  n;

    memcpy(&n, p, sizeof(n));

    return n;
}


static mfa_status_t
walk_damage(walk_t *walk, uint64_t page, const char *what)
{
    mfa_error_set(walk->error, LMDB_DATA_NAME " is damaged: page %llu of %llu "
                  "%s", (unsigned long long) page,
                  (unsigned long long) walk->meta.last_page, what);

    return MFA_DAMAGED;
}


static void
walk_tell(walk_t *walk)
{
    int64_t  now;

    if (walk->progress == NULL || walk->count % 64 != 0) {
        return;
    }

    now = mfa_store_clock_ms();

    if (now - walk->told_ms >= 1000) {
        walk->told_ms = now;
        walk->progress((unsigned) (walk->count * 100
                                   / (walk->meta.last_page + 1)), walk->arg);
    }
}


static mfa_status_t
walk_mark(walk_t *walk, uint64_t page)
{
    uint8_t  bit;

    if (page < 2 || page > walk->meta.last_page) {
        return walk_damage(walk, page, "does not exist but is referred to");
    }

    bit = (uint8_t) (1u << (page & 7));

    if ((walk->seen[page >> 3] & bit) != 0) {
        return walk_damage(walk, page, "is used twice");
    }

    walk->seen[page >> 3] |= bit;
    walk->count++;
    walk_tell(walk);

    return MFA_OK;
}


static mfa_status_t
walk_read(walk_t *walk, uint64_t page, void *bytes, size_t len)
{
    ssize_t   n;
    uint64_t  at;
    uint8_t  *to;

    to = bytes;
    at = page * walk->psize;

    while (len != 0) {
        n = pread(walk->fd, to, len, (off_t) at);

        if (n < 0) {
            return walk_damage(walk, page, "cannot be read");
        }

        if (n == 0) {
            return walk_damage(walk, page, "is cut off");
        }

        to += n;
        at += (uint64_t) n;
        len -= (size_t) n;
    }

    return MFA_OK;
}


/* the first page of a run, marked and with its header looked at */

static mfa_status_t
walk_load(walk_t *walk, uint64_t page, uint8_t *bytes, size_t len)
{
    mfa_status_t  st;

    st = walk_mark(walk, page);
    if (st != MFA_OK) {
        return st;
    }

    st = walk_read(walk, page, bytes, len);
    if (st != MFA_OK) {
        return st;
    }

    return walk_u64(bytes) == page ? MFA_OK
           : walk_damage(walk, page, "has the number of another page");
}


static mfa_status_t
walk_free_pages(walk_t *walk, uint64_t page, const uint8_t *value,
    size_t size)
{
    uint64_t      i, n;
    mfa_status_t  st;

    n = size < 8 ? UINT64_MAX : walk_u64(value);

    if (n > size / 8 - 1) {
        return walk_damage(walk, page, "has a broken list of free pages");
    }

    st = MFA_OK;

    for (i = 1; i <= n && st == MFA_OK; i++) {
        st = walk_mark(walk, walk_u64(value + i * 8));
    }

    return st;
}


/* a value on pages of its own; lists of free pages are followed */

static mfa_status_t
walk_overflow(walk_t *walk, uint64_t page, size_t size)
{
    uint8_t       head[PAGE_HEAD], *bytes;
    uint64_t      i, pages;
    mfa_status_t  st;

    st = walk_load(walk, page, head, sizeof(head));
    if (st != MFA_OK) {
        return st;
    }

    pages = (PAGE_HEAD - 1 + size) / walk->psize + 1;

    if ((walk_u16(head + 10) & PAGE_KIND) != PAGE_OVERFLOW
        || walk_u32(head + 12) < pages)
    {
        return walk_damage(walk, page, "is not the value it should be");
    }

    for (i = 1; i < walk_u32(head + 12) && st == MFA_OK; i++) {
        st = walk_mark(walk, page + i);
    }

    if (st != MFA_OK) {
        return st;
    }

    bytes = malloc(PAGE_HEAD + size);
    if (bytes == NULL) {
        mfa_error_set(walk->error, "out of memory");
        return MFA_NO_MEMORY;
    }

    st = walk_read(walk, page, bytes, PAGE_HEAD + size);

    if (st == MFA_OK && walk->is_free_tree) {
        st = walk_free_pages(walk, page, bytes + PAGE_HEAD, size);
    }

    free(bytes);

    return st;
}


static mfa_status_t
walk_node(walk_t *walk, const uint8_t *bytes, uint64_t page, size_t i,
    walk_node_t *node)
{
    bool      is_branch;
    size_t    at, need;
    uint64_t  low;

    is_branch = (walk_u16(bytes + 10) & PAGE_BRANCH) != 0;
    at = walk_u16(bytes + PAGE_HEAD + i * 2);

    if (at < walk_u16(bytes + 12) || at + NODE_HEAD > walk->psize) {
        return walk_damage(walk, page, "has a record outside itself");
    }

    low = (uint64_t) walk_u16(bytes + at)
          | (uint64_t) walk_u16(bytes + at + 2) << 16;

    node->flags = walk_u16(bytes + at + 4);
    node->key_len = walk_u16(bytes + at + 6);
    node->key = bytes + at + NODE_HEAD;
    node->value = node->key + node->key_len;
    node->size = is_branch ? 0 : (uint32_t) low;
    node->child = is_branch ? low | (uint64_t) node->flags << 32 : 0;

    need = is_branch ? 0 : (node->flags & NODE_BIG) != 0 ? 8 : node->size;

    if (node->key_len > WALK_KEY
        || at + NODE_HEAD + node->key_len + need > walk->psize)
    {
        return walk_damage(walk, page, "has a record that leaves it");
    }

    return MFA_OK;
}


static mfa_status_t
walk_order(walk_t *walk, uint64_t page, const walk_node_t *node)
{
    mfa_str_t  last, key;

    last = mfa_str_bytes(walk->last_key, walk->last_key_len);
    key = mfa_str_bytes(node->key, node->key_len);

    if (walk->last_key_len != 0 && mfa_str_cmp(last, key) >= 0) {
        return walk_damage(walk, page, "has keys out of order");
    }

    memcpy(walk->last_key, node->key, node->key_len);
    walk->last_key_len = node->key_len;

    return MFA_OK;
}


static mfa_status_t
walk_record(walk_t *walk, uint64_t page, const walk_node_t *node)
{
    mfa_status_t  st;

    if ((node->flags & ~NODE_BIG) != 0) {
        return walk_damage(walk, page, "has a record of another kind");
    }

    if (!walk->is_free_tree) {

        if (node->key_len < 1 || node->key_len > 1 + MFA_STORE_KEY_MAX
            || node->key[0] >= MFA_STORE_TABLES
            || node->size > MFA_STORE_VALUE_MAX)
        {
            return walk_damage(walk, page, "has a record that is not ours");
        }

        st = walk_order(walk, page, node);
        if (st != MFA_OK) {
            return st;
        }

        walk->records++;
    }

    if ((node->flags & NODE_BIG) != 0) {
        return walk_overflow(walk, walk_u64(node->value), node->size);
    }

    return walk->is_free_tree
           ? walk_free_pages(walk, page, node->value, node->size) : MFA_OK;
}


/* the depth of the recursion is bounded by WALK_DEPTH */

static mfa_status_t
walk_tree(walk_t *walk, uint64_t page, unsigned depth)
{
    size_t        i, count, lower;
    uint8_t      *bytes;
    unsigned      kind;
    walk_node_t   node;
    mfa_status_t  st;

    if (depth == WALK_DEPTH) {
        return walk_damage(walk, page, "is too deep");
    }

    bytes = walk->pages + depth * walk->psize;

    st = walk_load(walk, page, bytes, walk->psize);
    if (st != MFA_OK) {
        return st;
    }

    kind = walk_u16(bytes + 10) & PAGE_KIND;
    lower = walk_u16(bytes + 12);

    if ((kind != PAGE_BRANCH && kind != PAGE_LEAF) || lower < PAGE_HEAD
        || lower > walk->psize || walk_u16(bytes + 14) < lower)
    {
        return walk_damage(walk, page, "is not a page of records");
    }

    count = (lower - PAGE_HEAD) / 2;

    memset(&node, 0, sizeof(node));

    for (i = 0; i < count; i++) {
        st = walk_node(walk, bytes, page, i, &node);

        if (st == MFA_OK) {
            st = kind == PAGE_BRANCH
                 ? walk_tree(walk, node.child, depth + 1)
                 : walk_record(walk, page, &node);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
walk_both(walk_t *walk)
{
    mfa_status_t  st;

    st = MFA_OK;

    if (walk->meta.main_root != LMDB_NO_PAGE) {
        st = walk_tree(walk, walk->meta.main_root, 0);
    }

    if (st == MFA_OK && walk->records != walk->meta.main_entries) {
        mfa_error_set(walk->error, LMDB_DATA_NAME " is damaged: it should "
                      "have %llu records and has %llu",
                      (unsigned long long) walk->meta.main_entries,
                      (unsigned long long) walk->records);
        st = MFA_DAMAGED;
    }

    if (st == MFA_OK && walk->meta.free_root != LMDB_NO_PAGE) {
        walk->is_free_tree = true;
        st = walk_tree(walk, walk->meta.free_root, 0);
    }

    return st;
}


/* the meta page of the snapshot; two commits later it is written over */

static mfa_status_t
walk_find_meta(walk_t *walk, MDB_txn *txn)
{
    uint8_t       bytes[LMDB_META_SIZE];
    uint64_t      id;
    mfa_status_t  st;

    id = (uint64_t) mdb_txn_id(txn);

    st = walk_read(walk, id & 1, bytes, sizeof(bytes));
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_store_lmdb_meta(bytes, &walk->meta);

    if (st != MFA_OK || walk->meta.psize != walk->psize) {
        return walk_damage(walk, id & 1, "is not a first page");
    }

    return walk->meta.txnid == id ? MFA_OK : MFA_AGAIN;
}


static mfa_status_t
walk_begin(walk_t *walk, MDB_txn **txn)
{
    int           rc, tries;
    mfa_status_t  st;

    for (tries = 0; tries < 16; tries++) {

        rc = mdb_txn_begin(walk->lmdb->env, NULL, MDB_RDONLY, txn);
        if (rc != MDB_SUCCESS) {
            mfa_error_set(walk->error, "cannot begin to read: %s",
                          mdb_strerror(rc));
            return mfa_store_lmdb_fault(walk->lmdb, rc, "cannot check");
        }

        st = walk_find_meta(walk, *txn);
        if (st == MFA_OK) {
            return MFA_OK;
        }

        mdb_txn_abort(*txn);

        if (st != MFA_AGAIN) {
            return st;
        }
    }

    mfa_error_set(walk->error, "the store is being written too fast");

    return MFA_STORE_BUSY;
}


mfa_status_t
mfa_store_lmdb_walk(lmdb_t *lmdb,
    void (*progress)(unsigned percent, void *arg), void *arg,
    uint64_t *records, mfa_error_t *error)
{
    walk_t        walk;
    MDB_txn      *txn;
    mfa_status_t  st;

    memset(&walk, 0, sizeof(walk));
    walk.lmdb = lmdb;
    walk.psize = lmdb->psize;
    walk.progress = progress;
    walk.arg = arg;
    walk.error = error;
    walk.told_ms = mfa_store_clock_ms();

    if (mdb_env_get_fd(lmdb->env, &walk.fd) != MDB_SUCCESS) {
        mfa_error_set(error, "the store is not open");
        return MFA_STORE;
    }

    st = walk_begin(&walk, &txn);
    if (st != MFA_OK) {
        return st;
    }

    walk.seen = calloc(1, (size_t) (walk.meta.last_page / 8 + 1));
    walk.pages = malloc(WALK_DEPTH * walk.psize);

    if (walk.seen == NULL || walk.pages == NULL) {
        mfa_error_set(error, "out of memory");
        st = MFA_NO_MEMORY;

    } else {
        st = walk_both(&walk);
    }

    mdb_txn_abort(txn);
    free(walk.seen);
    free(walk.pages);

    *records = walk.records;

    return st;
}


bool
mfa_store_lmdb_is_short(const lmdb_t *lmdb)
{
    int          fd;
    struct stat  sb;
    MDB_envinfo  info;

    return mdb_env_get_fd(lmdb->env, &fd) != MDB_SUCCESS
           || fstat(fd, &sb) != 0
           || mdb_env_info(lmdb->env, &info) != MDB_SUCCESS
           || (uint64_t) sb.st_size
              < ((uint64_t) info.me_last_pgno + 1) * lmdb->psize;
}
