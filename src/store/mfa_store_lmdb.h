/*
 * Between the files of the LMDB engine; nobody else includes this.
 *
 *   mfa_store_lmdb.c         transactions and the descriptor
 *   mfa_store_lmdb_env.c     open, close, open again
 *   mfa_store_lmdb_gate.c    who may be inside; resizing; return codes
 *   mfa_store_lmdb_read.c    parked readers
 *   mfa_store_lmdb_room.c    how much is used
 *   mfa_store_lmdb_place.c   the folder and its files, without opening them
 *   mfa_store_lmdb_check.c   reading every page without trusting any
 */

#ifndef MFA_STORE_LMDB_H
#define MFA_STORE_LMDB_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "mfa_store.h"
#include "mfa_store_lock.h"

#pragma GCC visibility push(hidden)


#define LMDB_DATA_NAME    "data.mdb"
#define LMDB_LOCK_NAME    "lock.mdb"

#define LMDB_WAIT_MS      2000      /* for other writers, for a resize */
#define LMDB_REOPEN_MS    5000      /* security.md J5 */

#define LMDB_CLOSED       0x80000000u   /* somebody is resizing, reopening */
#define LMDB_BROKEN       0x40000000u   /* LMDB wants to be reopened */
#define LMDB_INSIDE       0x3fffffffu   /* how many use the environment */

#define LMDB_PARKED       32

/* one cache line each, so that threads do not share one */
typedef struct {
    _Atomic(MDB_txn *)  txn;
    char                pad[64 - sizeof(_Atomic(MDB_txn *))];
} lmdb_slot_t;

typedef struct {
    /* whoever uses env is counted in gate; who set LMDB_CLOSED has it alone */
    _Atomic uint32_t       gate;
    char                   pad[60];
    lmdb_slot_t            slots[LMDB_PARKED];

    MDB_env               *env;
    MDB_dbi                dbi;
    size_t                 psize;
    uint64_t               generation;      /* how often it was reopened */
    int64_t                reopened_ms;

    pthread_mutex_t        mutex;           /* for the waits at the gate */
    pthread_cond_t         cond;
    bool                   has_mutex;
    bool                   has_cond;

    mfa_store_lock_t      *lock;
    int                    folder;
    char                  *path;
    dev_t                  dev;
    ino_t                  ino;
    pid_t                  pid;
    mfa_store_settings_t   settings;
    const mfa_ports_t     *ports;

    _Atomic int64_t        disk_free;       /* as of disk_ms */
    _Atomic int64_t        disk_ms;
    _Atomic int64_t        logged_ms;
    _Atomic int            level;           /* of use, as last logged */
} lmdb_t;


/* place: all of these may block */

/* the name of a file system that cannot share memory and locks, or NULL */
const char *mfa_store_lmdb_bad_fs(long magic);

/* is_opener: the effective user must own the folder */
mfa_status_t mfa_store_lmdb_folder(const char *path, bool is_opener,
    mfa_error_t *error, int *folder) MFA_MUST_CHECK;

/* at most LMDB_WAIT_MS for flock(2) on the folder; given back with it */
mfa_status_t mfa_store_lmdb_folder_lock(int folder, mfa_error_t *error)
    MFA_MUST_CHECK;
void mfa_store_lmdb_folder_unlock(int folder);

/* the data file before LMDB trusts it; no file yet is fine, *inode is 0 */
mfa_status_t mfa_store_lmdb_data(int folder, mfa_error_t *error,
    uint64_t *inode) MFA_MUST_CHECK;

/*
 * The file of the reader table, with its blocks on disk. Never while LMDB
 * has it open in this process: closing a second descriptor of a file drops
 * all of the process's fcntl(2) locks on it, by which LMDB knows who lives.
 */
mfa_status_t mfa_store_lmdb_readers(int folder, int64_t readers,
    bool is_alone, mfa_error_t *error, uint64_t *inode) MFA_MUST_CHECK;


/* env */

mfa_status_t mfa_store_lmdb_open(const mfa_store_settings_t *settings,
    const mfa_ports_t *ports, mfa_error_t *error, void **engine)
    MFA_MUST_CHECK;
void mfa_store_lmdb_close(void *engine);

/* the names in the folder still lead to the files that are open */
bool mfa_store_lmdb_is_current(const lmdb_t *lmdb);

/* closes and opens; the caller has the environment alone */
mfa_status_t mfa_store_lmdb_restart(lmdb_t *lmdb, mfa_error_t *error)
    MFA_MUST_CHECK;


/* gate */

mfa_status_t mfa_store_lmdb_gate_open(lmdb_t *lmdb) MFA_MUST_CHECK;
void mfa_store_lmdb_gate_close(lmdb_t *lmdb);

/*
 * Until leave, env stays as it is. MFA_AGAIN when that cannot be at once and
 * may_wait is false.
 */
mfa_status_t mfa_store_lmdb_enter(lmdb_t *lmdb, bool may_wait)
    MFA_MUST_CHECK;
void mfa_store_lmdb_leave(lmdb_t *lmdb);

/* from now on enter reopens first, or says that it cannot */
void mfa_store_lmdb_break(lmdb_t *lmdb);

/* another process has made the map larger; not from inside */
mfa_status_t mfa_store_lmdb_resize(lmdb_t *lmdb) MFA_MUST_CHECK;

/* a store that fails does so for every request: one line a second */
void mfa_store_lmdb_log(lmdb_t *lmdb, const char *what, const char *reason);

/* a return code of LMDB, which is not MDB_SUCCESS, as ours; logs a fault */
mfa_status_t mfa_store_lmdb_fault(lmdb_t *lmdb, int rc, const char *what)
    MFA_MUST_CHECK;


/*
 * read: take enters and renews a parked reader, give parks it and leaves.
 */
mfa_status_t mfa_store_lmdb_take(lmdb_t *lmdb, bool may_wait, MDB_txn **txn,
    unsigned *slot) MFA_MUST_CHECK;
void mfa_store_lmdb_give(lmdb_t *lmdb, MDB_txn *txn, unsigned slot);

/* ends all parked readers; the caller has the environment alone */
void mfa_store_lmdb_unpark(lmdb_t *lmdb);


/* room */

#define LMDB_ALARM_SHARE   70           /* percent; security.md J4 */
#define LMDB_NORMAL_SHARE  85
#define LMDB_WHOLE_SHARE   100

typedef struct {
    int64_t  used;
    int64_t  room;
} lmdb_use_t;

/* as txn sees it; a return code of LMDB */
int mfa_store_lmdb_use(lmdb_t *lmdb, MDB_txn *txn, lmdb_use_t *use)
    MFA_MUST_CHECK;

bool mfa_store_lmdb_is_over(const lmdb_use_t *use, int64_t percent);

/* one line each time the use passes the alarm, or the stop */
void mfa_store_lmdb_watch(lmdb_t *lmdb, const lmdb_use_t *use);


/*
 * check: every page that the last commit refers to, by pread(2), so that a
 * damaged file is named and not stepped on. The caller is inside.
 */
mfa_status_t mfa_store_lmdb_walk(lmdb_t *lmdb,
    void (*progress)(unsigned percent, void *arg), void *arg,
    uint64_t *records, mfa_error_t *error) MFA_MUST_CHECK;

/* the data file is shorter than the pages LMDB has ever given out */
bool mfa_store_lmdb_is_short(const lmdb_t *lmdb);

/* what a meta page of LMDB 0.9 (data version 1) says */
typedef struct {
    uint64_t  psize;
    uint64_t  free_root;
    uint64_t  main_root;
    uint64_t  main_entries;
    uint64_t  last_page;
    uint64_t  txnid;
} lmdb_meta_t;

#define LMDB_META_SIZE  152
#define LMDB_NO_PAGE    UINT64_MAX

/* MFA_DAMAGED when these are not the bytes of a meta page */
mfa_status_t mfa_store_lmdb_meta(const uint8_t bytes[LMDB_META_SIZE],
    lmdb_meta_t *meta) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_STORE_LMDB_H */
