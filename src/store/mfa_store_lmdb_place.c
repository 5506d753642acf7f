/*
 * LMDB: the folder and the files in it, before they are opened.
 *
 * Makes the file of the reader table and nothing else; removes nothing.
 * The layout of a meta page is that of LMDB 0.9, data version 1.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "mfa_store_lmdb.h"

#define META_MAGIC        0xbeefc0de
#define META_VERSION      1
#define META_FLAG         8             /* P_META */
#define READER_SIZE       64            /* MDB_reader fills a cache line */
#define READER_HEAD       4096          /* room for what stands before it */

typedef struct {
    uint32_t     magic;
    const char  *name;
} lmdb_fs_t;

/*
 * A mapped file and its locks must be the same memory for all processes. FUSE
 * and what lies on another machine do not promise that.
 */

static const lmdb_fs_t  lmdb_bad_fs[] = {
    { NFS_SUPER_MAGIC,       "NFS"    },
    { SMB_SUPER_MAGIC,       "SMB"    },
    { 0xff534d42,            "CIFS"   },
    { 0xfe534d42,            "SMB2"   },
    { 0x65735546,            "FUSE"   },
    { V9FS_MAGIC,            "9p"     },
    { 0x00c36400,            "Ceph"   },
    { 0x0bd00bd0,            "Lustre" },
    { AFS_SUPER_MAGIC,       "AFS"    },
    { 0x5346414f,            "AFS"    },
    { CODA_SUPER_MAGIC,      "Coda"   },
    { 0x47504653,            "GPFS"   },
    { 0x786f4256,            "vboxsf" },
};


const char *
mfa_store_lmdb_bad_fs(long magic)
{
    size_t  i;

    for (i = 0; i < sizeof(lmdb_bad_fs) / sizeof(lmdb_bad_fs[0]); i++) {
        if (lmdb_bad_fs[i].magic == (uint32_t) magic) {
            return lmdb_bad_fs[i].name;
        }
    }

    return NULL;
}


static mfa_status_t
place_check_fs(int folder, const char *path, mfa_error_t *error)
{
    const char     *name;
    struct statfs   fs;
    struct statvfs  vfs;

    if (fstatfs(folder, &fs) != 0 || fstatvfs(folder, &vfs) != 0) {
        mfa_error_set(error, "cannot look at the file system of \"%s\": %s",
                      path, strerror(errno));
        return MFA_STORE;
    }

    name = mfa_store_lmdb_bad_fs((long) fs.f_type);
    if (name != NULL) {
        mfa_error_set(error, "\"%s\" is on %s; the store must be on a local "
                      "disk", path, name);
        return MFA_CONFIG;
    }

    if ((vfs.f_flag & ST_RDONLY) != 0) {
        mfa_error_set(error, "\"%s\" is on a file system that is mounted "
                      "read-only", path);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static mfa_status_t
place_check_owner(int folder, const char *path, bool is_opener,
    mfa_error_t *error)
{
    uid_t        uid;
    struct stat  sb;

    if (fstat(folder, &sb) != 0) {
        mfa_error_set(error, "cannot look at \"%s\": %s", path,
                      strerror(errno));
        return MFA_STORE;
    }

    /* the master, as root, looks at what will be the workers' */

    uid = geteuid();

    if (sb.st_uid != uid && (is_opener || uid != 0)) {
        mfa_error_set(error, "\"%s\" belongs to user %u, not to user %u who "
                      "opens the store", path, (unsigned) sb.st_uid,
                      (unsigned) uid);
        return MFA_CONFIG;
    }

    if ((sb.st_mode & 077) != 0 || (sb.st_mode & 0700) != 0700) {
        mfa_error_set(error, "\"%s\" has mode %04o, it must be 0700", path,
                      (unsigned) (sb.st_mode & 07777));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


mfa_status_t
mfa_store_lmdb_folder(const char *path, bool is_opener, mfa_error_t *error,
    int *folder)
{
    int           fd;
    mfa_status_t  st;

    *folder = -1;

    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        mfa_error_set(error, "cannot open the folder \"%s\": %s", path,
                      strerror(errno));
        return errno == EMFILE || errno == ENFILE ? MFA_STORE : MFA_CONFIG;
    }

    st = place_check_owner(fd, path, is_opener, error);

    if (st == MFA_OK) {
        st = place_check_fs(fd, path, error);
    }

    if (st != MFA_OK) {
        (void) close(fd);               /* it was only looked at */
        return st;
    }

    *folder = fd;

    return MFA_OK;
}


mfa_status_t
mfa_store_lmdb_folder_lock(int folder, mfa_error_t *error)
{
    int64_t          until;
    struct timespec  pause;

    until = mfa_store_clock_ms() + LMDB_WAIT_MS;
    pause.tv_sec = 0;
    pause.tv_nsec = 2000000;

    while (flock(folder, LOCK_EX | LOCK_NB) != 0) {

        if (errno != EWOULDBLOCK && errno != EINTR) {
            mfa_error_set(error, "cannot lock the folder: %s",
                          strerror(errno));
            return MFA_STORE;
        }

        if (mfa_store_clock_ms() >= until) {
            mfa_error_set(error, "another process has been opening the store "
                          "for too long");
            return MFA_STORE_BUSY;
        }

        (void) nanosleep(&pause, NULL);     /* a shorter pause does no harm */
    }

    return MFA_OK;
}


void
mfa_store_lmdb_folder_unlock(int folder)
{
    (void) flock(folder, LOCK_UN);          /* cannot fail on our own lock */
}


static uint64_t
place_number(const uint8_t *bytes, size_t size)
{
    uint16_t  n16;
    uint32_t  n32;
    uint64_t  n64;

    switch (size) {

    case 2:
        memcpy(&n16, bytes, 2);
        return n16;

    case 4:
        memcpy(&n32, bytes, 4);
        return n32;

    default:
        memcpy(&n64, bytes, 8);
        return n64;
    }
}


mfa_status_t
mfa_store_lmdb_meta(const uint8_t bytes[LMDB_META_SIZE], lmdb_meta_t *meta)
{
    if ((place_number(bytes + 10, 2) & META_FLAG) == 0
        || place_number(bytes + 16, 4) != META_MAGIC
        || place_number(bytes + 20, 4) != META_VERSION)
    {
        return MFA_DAMAGED;
    }

    meta->psize = place_number(bytes + 40, 4);
    meta->free_root = place_number(bytes + 80, 8);
    meta->main_entries = place_number(bytes + 120, 8);
    meta->main_root = place_number(bytes + 128, 8);
    meta->last_page = place_number(bytes + 136, 8);
    meta->txnid = place_number(bytes + 144, 8);

    if (meta->psize < 512 || meta->psize > 65536
        || (meta->psize & (meta->psize - 1)) != 0
        || meta->last_page < 1 || meta->last_page > INT64_MAX / 65536)
    {
        return MFA_DAMAGED;
    }

    return MFA_OK;
}


static mfa_status_t
place_read_meta(int fd, uint64_t at, lmdb_meta_t *meta)
{
    uint8_t  bytes[LMDB_META_SIZE];

    if (pread(fd, bytes, sizeof(bytes), (off_t) at)
        != (ssize_t) sizeof(bytes))
    {
        return MFA_DAMAGED;
    }

    return mfa_store_lmdb_meta(bytes, meta);
}


static mfa_status_t
place_check_data(int fd, uint64_t size, mfa_error_t *error)
{
    uint64_t      pages;
    lmdb_meta_t   meta, other;

    if (size == 0) {
        mfa_error_set(error, LMDB_DATA_NAME " is empty; restore a backup, or "
                      "remove the file to begin with nothing");
        return MFA_DAMAGED;
    }

    if (place_read_meta(fd, 0, &meta) != MFA_OK
        || place_read_meta(fd, meta.psize, &other) != MFA_OK
        || other.psize != meta.psize)
    {
        mfa_error_set(error, LMDB_DATA_NAME " is damaged: its first two pages "
                      "are not those of a store of LMDB 0.9");
        return MFA_DAMAGED;
    }

    if (other.txnid > meta.txnid) {
        meta = other;
    }

    pages = size / meta.psize;

    if ((meta.main_root != LMDB_NO_PAGE && meta.main_root >= pages)
        || (meta.free_root != LMDB_NO_PAGE && meta.free_root >= pages))
    {
        mfa_error_set(error, LMDB_DATA_NAME " is damaged: it was cut to %llu "
                      "of %llu bytes", (unsigned long long) size,
                      (unsigned long long) ((meta.last_page + 1)
                                            * meta.psize));
        return MFA_DAMAGED;
    }

    return MFA_OK;
}


static mfa_status_t
place_check_file(int fd, const char *name, struct stat *sb,
    mfa_error_t *error)
{
    if (fstat(fd, sb) != 0) {
        mfa_error_set(error, "cannot look at %s: %s", name, strerror(errno));
        return MFA_STORE;
    }

    if (!S_ISREG(sb->st_mode) || sb->st_uid != geteuid()
        || (sb->st_mode & 077) != 0)
    {
        mfa_error_set(error, "%s must be a file of this user with mode 0600",
                      name);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


mfa_status_t
mfa_store_lmdb_data(int folder, mfa_error_t *error, uint64_t *inode)
{
    int           fd;
    struct stat   sb;
    mfa_status_t  st;

    *inode = 0;

    fd = openat(folder, LMDB_DATA_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1) {

        if (errno == ENOENT) {
            return MFA_OK;
        }

        mfa_error_set(error, "cannot open " LMDB_DATA_NAME ": %s",
                      strerror(errno));
        return errno == EACCES || errno == ELOOP ? MFA_CONFIG : MFA_STORE;
    }

    st = place_check_file(fd, LMDB_DATA_NAME, &sb, error);

    if (st == MFA_OK) {
        *inode = (uint64_t) sb.st_ino;
        st = place_check_data(fd, (uint64_t) sb.st_size, error);
    }

    (void) close(fd);                   /* it was only read */

    return st;
}


/*
 * A hole in a mapped file is a SIGBUS on the day the disk is full. It grows
 * only when nobody has it mapped: others would look past their own mapping.
 */

static mfa_status_t
place_fill_readers(int fd, off_t size, int64_t readers, bool is_alone,
    mfa_error_t *error)
{
    off_t  wanted;

    wanted = (off_t) (readers * READER_SIZE + READER_HEAD);

    if (!is_alone || size > wanted) {
        wanted = size;
    }

    if (size < wanted && ftruncate(fd, wanted) != 0) {
        mfa_error_set(error, "cannot write " LMDB_LOCK_NAME ": %s",
                      strerror(errno));
        return MFA_STORE;
    }

    if (wanted != 0 && fallocate(fd, 0, 0, wanted) != 0
        && errno != EOPNOTSUPP)
    {
        mfa_error_set(error, "cannot write " LMDB_LOCK_NAME ": %s",
                      strerror(errno));
        return MFA_STORE;
    }

    return MFA_OK;
}


mfa_status_t
mfa_store_lmdb_readers(int folder, int64_t readers, bool is_alone,
    mfa_error_t *error, uint64_t *inode)
{
    int           fd;
    struct stat   sb;
    mfa_status_t  st;

    *inode = 0;

    fd = openat(folder, LMDB_LOCK_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC
                | (is_alone ? O_CREAT : 0), 0600);
    if (fd == -1) {

        if (errno == ENOENT) {
            return MFA_OK;
        }

        mfa_error_set(error, "cannot open " LMDB_LOCK_NAME ": %s",
                      strerror(errno));
        return errno == EACCES || errno == ELOOP ? MFA_CONFIG : MFA_STORE;
    }

    st = place_check_file(fd, LMDB_LOCK_NAME, &sb, error);

    if (st == MFA_OK) {
        *inode = (uint64_t) sb.st_ino;
        st = place_fill_readers(fd, sb.st_size, readers, is_alone, error);
    }

    (void) close(fd);                   /* no data of ours is in it */

    return st;
}
