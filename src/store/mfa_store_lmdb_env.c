/*
 * LMDB: open, close, open again.
 *
 * An environment belongs to the process that opened it, once per folder: it
 * is never touched in a forked child, and a second one on the same folder
 * would drop the locks of the first when it is closed.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfa_store_lmdb.h"

#define ENV_OPEN_MAX  64

typedef struct {
    dev_t  dev;
    ino_t  ino;
    pid_t  pid;         /* of a child that inherited the table: not open */
} env_open_t;

static pthread_mutex_t  env_open_mutex = PTHREAD_MUTEX_INITIALIZER;
static env_open_t       env_opened[ENV_OPEN_MAX];


/* the folders this process has open */

static mfa_status_t
env_register(lmdb_t *lmdb, mfa_error_t *error)
{
    size_t        i;
    env_open_t   *empty, *at;
    mfa_status_t  st;

    empty = NULL;
    st = MFA_OK;

    (void) pthread_mutex_lock(&env_open_mutex);     /* static, cannot fail */

    for (i = 0; i < ENV_OPEN_MAX; i++) {
        at = &env_opened[i];

        if (at->pid != lmdb->pid) {
            empty = at;

        } else if (at->dev == lmdb->dev && at->ino == lmdb->ino) {
            st = MFA_BUG;
        }
    }

    if (st == MFA_OK && empty == NULL) {
        st = MFA_BUG;
    }

    if (st == MFA_OK) {
        empty->dev = lmdb->dev;
        empty->ino = lmdb->ino;
        empty->pid = lmdb->pid;
    }

    (void) pthread_mutex_unlock(&env_open_mutex);

    if (st != MFA_OK) {
        mfa_error_set(error, "\"%s\" is open in this process already",
                      lmdb->path);
    }

    return st;
}


static void
env_unregister(const lmdb_t *lmdb)
{
    size_t       i;
    env_open_t  *at;

    (void) pthread_mutex_lock(&env_open_mutex);

    for (i = 0; i < ENV_OPEN_MAX; i++) {
        at = &env_opened[i];

        if (at->pid == lmdb->pid && at->dev == lmdb->dev
            && at->ino == lmdb->ino)
        {
            at->pid = 0;
        }
    }

    (void) pthread_mutex_unlock(&env_open_mutex);
}


/* the environment; the gate is closed, or nobody else knows lmdb yet */

static void
env_stop(lmdb_t *lmdb)
{
    if (lmdb->env == NULL) {
        return;
    }

    mfa_store_lmdb_unpark(lmdb);
    mdb_env_close(lmdb->env);
    lmdb->env = NULL;
}


/* one reader for those who must not wait, and the handle of the database */

static int
env_first_read(lmdb_t *lmdb)
{
    int       rc, dead;
    MDB_txn  *txn;
    MDB_stat  stat;

    rc = mdb_reader_check(lmdb->env, &dead);
    if (rc != MDB_SUCCESS) {
        return rc;
    }

    rc = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);
    if (rc != MDB_SUCCESS) {
        return rc;
    }

    rc = mdb_dbi_open(txn, NULL, 0, &lmdb->dbi);

    if (rc == MDB_SUCCESS) {
        rc = mdb_stat(txn, lmdb->dbi, &stat);
    }

    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return rc;
    }

    lmdb->psize = stat.ms_psize;
    mdb_txn_reset(txn);
    atomic_store(&lmdb->slots[0].txn, txn);

    return MDB_SUCCESS;
}


static mfa_status_t
env_start(lmdb_t *lmdb, mfa_error_t *error)
{
    int  rc;

    rc = mdb_env_create(&lmdb->env);
    if (rc != MDB_SUCCESS) {
        lmdb->env = NULL;
        mfa_error_set(error, "cannot make an environment: %s",
                      mdb_strerror(rc));
        return MFA_NO_MEMORY;
    }

    rc = mdb_env_set_mapsize(lmdb->env, (size_t) lmdb->settings.size);

    if (rc == MDB_SUCCESS) {
        rc = mdb_env_set_maxreaders(lmdb->env,
                                    (unsigned) lmdb->settings.readers);
    }

    if (rc == MDB_SUCCESS) {
        rc = mdb_env_open(lmdb->env, lmdb->path, MDB_NOTLS | MDB_NORDAHEAD,
                          0600);
    }

    if (rc == MDB_SUCCESS) {
        rc = env_first_read(lmdb);
    }

    if (rc != MDB_SUCCESS) {
        env_stop(lmdb);
        mfa_error_set(error, "cannot open \"%s\": %s", lmdb->path,
                      mdb_strerror(rc));
        return rc == MDB_INVALID || rc == MDB_CORRUPTED
               || rc == MDB_VERSION_MISMATCH ? MFA_DAMAGED : MFA_STORE;
    }

    return MFA_OK;
}


/*
 * What was just made must have its names and first pages on disk before
 * anything is acknowledged; LMDB syncs the file only.
 */

static mfa_status_t
env_settle(lmdb_t *lmdb, mfa_error_t *error, uint64_t *inode)
{
    int           fd;
    struct stat   sb;
    uint64_t      records;
    mfa_status_t  st;

    if (mdb_env_get_fd(lmdb->env, &fd) != MDB_SUCCESS
        || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fstat(fd, &sb) != 0
        || (*inode == 0 && fsync(fd) != 0) || fsync(lmdb->folder) != 0)
    {
        mfa_error_set(error, "cannot sync \"%s\": %s", lmdb->path,
                      strerror(errno));
        return MFA_STORE;
    }

    *inode = (uint64_t) sb.st_ino;

    /* pages that were given out and back in one go need not be there; only
     * a look at all that is used tells such a file from one that was cut */

    if (!mfa_store_lmdb_is_short(lmdb)) {
        return MFA_OK;
    }

    st = mfa_store_lmdb_walk(lmdb, NULL, NULL, &records, error);

    return st;
}


static uint64_t
env_tag(uint64_t data, uint64_t readers)
{
    uint64_t  tag;

    tag = data * 0x9e3779b97f4a7c15u ^ readers;

    return tag == 0 ? 1 : tag;
}


bool
mfa_store_lmdb_is_current(const lmdb_t *lmdb)
{
    struct stat  data, readers;

    if (fstatat(lmdb->folder, LMDB_DATA_NAME, &data, AT_SYMLINK_NOFOLLOW) != 0
        || fstatat(lmdb->folder, LMDB_LOCK_NAME, &readers,
                   AT_SYMLINK_NOFOLLOW) != 0)
    {
        return false;
    }

    return mfa_store_lock_tag(lmdb->lock)
           == env_tag((uint64_t) data.st_ino, (uint64_t) readers.st_ino)
           && mfa_store_lock_is_current(lmdb->lock, lmdb->folder);
}


/* all that is done for an open and again for a reopen; folder is locked */

static mfa_status_t
env_enter_folder(lmdb_t *lmdb, bool is_alone, mfa_error_t *error)
{
    uint64_t      data, readers, tag;
    mfa_status_t  st;

    st = mfa_store_lmdb_data(lmdb->folder, error, &data);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_store_lmdb_readers(lmdb->folder, lmdb->settings.readers,
                                is_alone, error, &readers);
    if (st != MFA_OK) {
        return st;
    }

    /* others have these files open: with new ones beside them two writers
     * would know nothing of each other */

    tag = mfa_store_lock_tag(lmdb->lock);

    if (tag != 0 && tag != env_tag(data, readers)) {
        mfa_error_set(error, LMDB_DATA_NAME " or " LMDB_LOCK_NAME " in \"%s\" "
                      "was removed or replaced while the store is in use; "
                      "stop every process that uses it", lmdb->path);
        return MFA_DAMAGED;
    }

    st = env_start(lmdb, error);
    if (st != MFA_OK) {
        return st;
    }

    st = env_settle(lmdb, error, &data);
    if (st != MFA_OK) {
        env_stop(lmdb);
        return st;
    }

    mfa_store_lock_set_tag(lmdb->lock, env_tag(data, readers));

    return MFA_OK;
}


mfa_status_t
mfa_store_lmdb_restart(lmdb_t *lmdb, mfa_error_t *error)
{
    mfa_status_t  st;

    lmdb->generation++;
    env_stop(lmdb);

    st = mfa_store_lmdb_folder_lock(lmdb->folder, error);
    if (st != MFA_OK) {
        return st;
    }

    st = env_enter_folder(lmdb, false, error);
    mfa_store_lmdb_folder_unlock(lmdb->folder);

    return st;
}


static void
env_free(lmdb_t *lmdb)
{
    if (lmdb->folder != -1) {
        (void) close(lmdb->folder);         /* a folder has nothing to write */
    }

    free(lmdb->path);
    free(lmdb);
}


static mfa_status_t
env_make(const mfa_store_settings_t *settings, const mfa_ports_t *ports,
    mfa_error_t *error, lmdb_t **lmdb)
{
    void    *memory;
    lmdb_t  *made;

    *lmdb = NULL;

    if (posix_memalign(&memory, 64, sizeof(lmdb_t)) != 0) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    made = memory;
    memset(made, 0, sizeof(lmdb_t));

    made->folder = -1;
    made->pid = getpid();
    made->ports = ports;
    made->settings = *settings;
    made->settings.place = mfa_null;        /* it may not live as long */
    made->path = strndup(settings->place.data, settings->place.len);

    if (made->path == NULL || mfa_store_lmdb_gate_open(made) != MFA_OK) {
        mfa_error_set(error, "out of memory");
        mfa_store_lmdb_gate_close(made);
        env_free(made);
        return MFA_NO_MEMORY;
    }

    *lmdb = made;

    return MFA_OK;
}


static mfa_status_t
env_open_folder(lmdb_t *lmdb, mfa_error_t *error)
{
    bool          is_alone;
    struct stat   sb;
    mfa_status_t  st;

    st = mfa_store_lmdb_folder(lmdb->path, true, error, &lmdb->folder);
    if (st != MFA_OK) {
        return st;
    }

    if (fstat(lmdb->folder, &sb) != 0) {
        mfa_error_set(error, "cannot look at \"%s\": %s", lmdb->path,
                      strerror(errno));
        return MFA_STORE;
    }

    lmdb->dev = sb.st_dev;
    lmdb->ino = sb.st_ino;

    st = env_register(lmdb, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_store_lmdb_folder_lock(lmdb->folder, error);

    if (st == MFA_OK) {
        st = mfa_store_lock_open(lmdb->folder, error, &is_alone, &lmdb->lock);

        if (st == MFA_OK) {
            st = env_enter_folder(lmdb, is_alone, error);
        }

        if (st != MFA_OK) {
            mfa_store_lock_close(&lmdb->lock);
        }

        mfa_store_lmdb_folder_unlock(lmdb->folder);
    }

    if (st != MFA_OK) {
        env_unregister(lmdb);
    }

    return st;
}


mfa_status_t
mfa_store_lmdb_open(const mfa_store_settings_t *settings,
    const mfa_ports_t *ports, mfa_error_t *error, void **engine)
{
    lmdb_t        *lmdb;
    mfa_status_t   st;

    *engine = NULL;

    st = env_make(settings, ports, error, &lmdb);
    if (st != MFA_OK) {
        return st;
    }

    st = env_open_folder(lmdb, error);
    if (st != MFA_OK) {
        mfa_store_lmdb_gate_close(lmdb);
        env_free(lmdb);
        return st;
    }

    *engine = lmdb;

    return MFA_OK;
}


void
mfa_store_lmdb_close(void *engine)
{
    lmdb_t  *lmdb;

    lmdb = engine;

    /* in a child neither the environment nor any lock is ours, and those
     * who wait at the gate are not there */

    if (lmdb->pid == getpid()) {
        env_stop(lmdb);
        mfa_store_lock_close(&lmdb->lock);
        env_unregister(lmdb);
        mfa_store_lmdb_gate_close(lmdb);
    }

    env_free(lmdb);
}
