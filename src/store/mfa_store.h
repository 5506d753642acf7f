/*
 * The store: ordered keys and values in serialisable transactions.
 *
 * Rank 1. Knows bytes, not users: what a table holds is the model's affair.
 *
 * A transaction is a function that may be run again from its start. In it
 * there are reads and writes and nothing else: no hashing of passwords, no
 * template, no network, no waiting. It gets its outcome out through arg.
 */

#ifndef MFA_STORE_H
#define MFA_STORE_H

#include "../base/mfa_base.h"

#pragma GCC visibility push(hidden)


typedef struct mfa_store_s         mfa_store_t;
typedef struct mfa_txn_s           mfa_txn_t;
typedef struct mfa_store_engine_s  mfa_store_engine_t;

typedef mfa_status_t (*mfa_txn_fn)(mfa_txn_t *txn, void *arg);

#define MFA_STORE_KEY_MAX    128            /* bytes, without the table */
#define MFA_STORE_VALUE_MAX  (64 * 1024)    /* bytes */
#define MFA_STORE_TABLES     32             /* a table is a number 0..31 */


/* the line  store ENGINE:PLACE [name=value ...];  */

typedef struct {
    const mfa_store_engine_t  *engine;
    mfa_str_t                  place;       /* what follows the colon */
    int64_t                    size;        /* size=64g, address space */
    int64_t                    limit;       /* limit=4g, of content */
    int64_t                    readers;     /* readers=8448 */
} mfa_store_settings_t;

/* one row, "store", target mfa_store_settings_t */
extern const mfa_option_t  mfa_store_options[];


/*
 * What can be seen of a store's place without opening it: the folder is
 * there, of a local file system, owned and writable as the workers need.
 * For nginx -t; changes nothing, may block.
 */
mfa_status_t mfa_store_probe(const mfa_store_settings_t *settings,
    mfa_error_t *error) MFA_MUST_CHECK;

/*
 * Opens; blocks. Never before a fork, and once per place in a process.
 * Files are made where there are none, mode 0600, and never removed.
 * MFA_CONFIG (wrong place, owner, mode, file system), MFA_DAMAGED,
 * MFA_STORE with a message otherwise.
 */
mfa_status_t mfa_store_open(const mfa_store_settings_t *settings,
    const mfa_ports_t *ports, mfa_error_t *error, mfa_store_t **store)
    MFA_MUST_CHECK;

/* no transaction may be open; NULL is fine; sets *store to NULL */
void mfa_store_close(mfa_store_t **store);


/*
 * Run fn over one consistent view. Returns what fn returned, or a fault of
 * the store (then fn may or may not have run). View may wait while the map
 * is being resized; peek never waits: MFA_AGAIN, ask again with view in a
 * thread that may.
 */
mfa_status_t mfa_store_view(mfa_store_t *store, mfa_txn_fn fn, void *arg)
    MFA_MUST_CHECK;
mfa_status_t mfa_store_peek(mfa_store_t *store, mfa_txn_fn fn, void *arg)
    MFA_MUST_CHECK;

/*
 * Run fn and commit when it returns MFA_OK; otherwise nothing is written
 * and what fn returned is returned. After MFA_OK the writes are on disk.
 * Blocks: for other writers (at most 2 s, then MFA_STORE_BUSY), for the
 * disk. MFA_STORE_FULL at 85 % of the limit or of the free disk.
 */
mfa_status_t mfa_store_update(mfa_store_t *store, mfa_txn_fn fn, void *arg)
    MFA_MUST_CHECK;

/*
 * The same, and may use the reserved last 15 %: for what makes things safer
 * (log-out, counters, locks, disabling, purge).
 */
mfa_status_t mfa_store_update_reserved(mfa_store_t *store, mfa_txn_fn fn,
    void *arg) MFA_MUST_CHECK;

/*
 * A number that changes with every commit of any process. What was read in
 * a transaction of this version is true while the version stands. Never
 * waits; MFA_AGAIN as with peek, MFA_NOT_FOUND: this engine has none.
 * The second form gives the version that a transaction reads.
 */
mfa_status_t mfa_store_version(mfa_store_t *store, uint64_t *version)
    MFA_MUST_CHECK;
uint64_t mfa_txn_version(const mfa_txn_t *txn);


/*
 * Inside a transaction. Values are copied into the arena.
 * get, next: MFA_NOT_FOUND; put replaces; delete: MFA_NOT_FOUND.
 */
mfa_status_t mfa_txn_get(mfa_txn_t *txn, unsigned table, mfa_str_t key,
    mfa_arena_t *arena, mfa_str_t *value) MFA_MUST_CHECK;
mfa_status_t mfa_txn_put(mfa_txn_t *txn, unsigned table, mfa_str_t key,
    mfa_str_t value) MFA_MUST_CHECK;
mfa_status_t mfa_txn_delete(mfa_txn_t *txn, unsigned table, mfa_str_t key)
    MFA_MUST_CHECK;

typedef struct {
    unsigned      table;
    mfa_str_t     prefix;           /* empty: the whole table */
    mfa_str_t     key;              /* in: the key left behind, mfa_null at
                                       the start; out: the key found */
    mfa_str_t     value;            /* out */
} mfa_cursor_t;

/*
 * The first record whose key has the prefix and is greater than key (data
 * NULL: the first at all). Holds nothing between calls, so the same cursor
 * may go on in a later transaction, and records may be changed meanwhile.
 */
mfa_status_t mfa_txn_next(mfa_txn_t *txn, mfa_cursor_t *cursor,
    mfa_arena_t *arena) MFA_MUST_CHECK;


/* for mfactl store stat, and the metrics; blocks briefly */

typedef struct {
    int64_t   used_bytes;
    int64_t   limit_bytes;          /* the smaller of limit and disk */
    int64_t   size_bytes;
    uint64_t  readers;
    uint64_t  readers_max;
    uint64_t  version;
} mfa_store_stat_t;

mfa_status_t mfa_store_stat(mfa_store_t *store, mfa_store_stat_t *stat)
    MFA_MUST_CHECK;

/* frees reader slots of dead processes; call every 30 s; never waits long */
mfa_status_t mfa_store_clean(mfa_store_t *store) MFA_MUST_CHECK;

/*
 * Reads every page and record; says how many and what is damaged. fn is
 * called about once a second with a share done of 0 to 100.
 */
mfa_status_t mfa_store_check(mfa_store_t *store,
    void (*progress)(unsigned percent, void *arg), void *arg,
    uint64_t *records, mfa_error_t *error) MFA_MUST_CHECK;


/*
 * An engine is one file whose only outside name is its descriptor, and one
 * line in registry.def. mfa_store.c does what all engines share: sizes of
 * keys and values, the choice of the engine. Engines see whole keys: the
 * table is their first byte.
 */

struct mfa_store_engine_s {
    const char    *name;
    mfa_status_t (*probe)(const mfa_store_settings_t *settings,
        mfa_error_t *error);
    mfa_status_t (*open)(const mfa_store_settings_t *settings,
        const mfa_ports_t *ports, mfa_error_t *error, void **engine);
    void         (*close)(void *engine);
    mfa_status_t (*view)(void *engine, bool may_wait, mfa_txn_fn fn,
        void *arg);
    mfa_status_t (*update)(void *engine, bool is_reserved, mfa_txn_fn fn,
        void *arg);
    mfa_status_t (*version)(void *engine, uint64_t *version);
    uint64_t     (*txn_version)(const mfa_txn_t *txn);
    mfa_status_t (*get)(mfa_txn_t *txn, mfa_str_t key, mfa_str_t *value);
    mfa_status_t (*put)(mfa_txn_t *txn, mfa_str_t key, mfa_str_t value);
    mfa_status_t (*del)(mfa_txn_t *txn, mfa_str_t key);
    mfa_status_t (*next)(mfa_txn_t *txn, mfa_str_t prefix, mfa_str_t after,
        mfa_str_t *key, mfa_str_t *value);
    mfa_status_t (*stat)(void *engine, mfa_store_stat_t *stat);
    mfa_status_t (*clean)(void *engine);
    mfa_status_t (*check)(void *engine,
        void (*progress)(unsigned percent, void *arg), void *arg,
        uint64_t *records, mfa_error_t *error);
};

/* every engine's txn starts with this */
struct mfa_txn_s {
    const mfa_store_engine_t  *engine;
};

#pragma GCC visibility pop

#endif /* MFA_STORE_H */
