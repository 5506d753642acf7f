/*
 * LMDB: how much is used, and of how much.
 *
 * Used is the pages of the two trees, which LMDB counts as it goes, so that
 * it costs nothing to know before and after each write. Pages that wait to
 * be used again are not in it. The room is the limit, or the file with what
 * the disk still has where that is less.
 */

#include <sys/statvfs.h>

#include "mfa_store_lmdb.h"

#define ROOM_FREE_DBI     0             /* the tree of free pages */
#define ROOM_META_PAGES   2
#define ROOM_DISK_MS      1000


static int64_t
room_disk_free(lmdb_t *lmdb)
{
    int64_t         now;
    struct statvfs  vfs;

    now = mfa_store_clock_ms();

    if (atomic_load(&lmdb->disk_ms) == 0
        || now - atomic_load(&lmdb->disk_ms) >= ROOM_DISK_MS)
    {
        if (fstatvfs(lmdb->folder, &vfs) != 0) {
            return 0;
        }

        atomic_store(&lmdb->disk_free,
                     (int64_t) (vfs.f_bavail * vfs.f_frsize));
        atomic_store(&lmdb->disk_ms, now);
    }

    return atomic_load(&lmdb->disk_free);
}


int
mfa_store_lmdb_use(lmdb_t *lmdb, MDB_txn *txn, lmdb_use_t *use)
{
    int          rc;
    size_t       pages;
    int64_t      file;
    MDB_stat     content, freed;
    MDB_envinfo  info;

    rc = mdb_stat(txn, lmdb->dbi, &content);

    if (rc == MDB_SUCCESS) {
        rc = mdb_stat(txn, ROOM_FREE_DBI, &freed);
    }

    if (rc == MDB_SUCCESS) {
        rc = mdb_env_info(lmdb->env, &info);
    }

    if (rc != MDB_SUCCESS) {
        return rc;
    }

    pages = content.ms_branch_pages + content.ms_leaf_pages
            + content.ms_overflow_pages + freed.ms_branch_pages
            + freed.ms_leaf_pages + freed.ms_overflow_pages
            + ROOM_META_PAGES;

    use->used = (int64_t) (pages * lmdb->psize);

    file = (int64_t) ((info.me_last_pgno + 1) * lmdb->psize)
           + room_disk_free(lmdb);

    use->room = lmdb->settings.limit < file ? lmdb->settings.limit : file;

    return MDB_SUCCESS;
}


bool
mfa_store_lmdb_is_over(const lmdb_use_t *use, int64_t percent)
{
    return use->used >= use->room / 100 * percent;
}


void
mfa_store_lmdb_watch(lmdb_t *lmdb, const lmdb_use_t *use)
{
    int  level, last;

    level = mfa_store_lmdb_is_over(use, LMDB_NORMAL_SHARE) ? 2
            : mfa_store_lmdb_is_over(use, LMDB_ALARM_SHARE) ? 1 : 0;

    last = atomic_exchange(&lmdb->level, level);

    if (level > last) {
        mfa_log(lmdb->ports, MFA_LOG_WARN, "store %s place=\"%s\" "
                "used=%lld room=%lld",
                level == 2 ? "full for new content" : "filling", lmdb->path,
                (long long) use->used, (long long) use->room);
    }
}
