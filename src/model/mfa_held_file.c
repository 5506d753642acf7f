/*
 * Long bodies of held forms: one file each, in a folder of their own beside
 * the store, sealed piece by piece.
 *
 * Nothing in it can be read without the key file; a piece that is missing,
 * changed or from elsewhere is found. A file without a row is nobody's: the
 * sweep removes it, unless somebody who writes it has it locked.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfa_held.h"


#define PIECE_HEAD    4                 /* its length, big-endian */
#define PIECE_SEALED  (MFA_HELD_PIECE + 256)
#define PIECE_ARENA   (8 * MFA_HELD_PIECE)

/* what is looked at in one turn of the sweep */
#define SWEEP_LOOK    200


/* -1: there is none, or none that is ours alone */

static int
file_folder(const mfa_work_t *work, bool makes)
{
    int          fd;
    char        *path;
    struct stat  sb;

    if (work->model->held_folder.len == 0) {
        return -1;
    }

    path = mfa_arena_cstr(work->arena, work->model->held_folder);

    if (path == NULL
        || (makes && mkdir(path, 0700) != 0 && errno != EEXIST))
    {
        return -1;
    }

    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd != -1
        && (fstat(fd, &sb) != 0 || sb.st_uid != geteuid()
            || (sb.st_mode & 077) != 0))
    {
        (void) close(fd);               /* it was only looked at */
        return -1;
    }

    return fd;
}


static void
file_name(const mfa_held_t *held, char name[MFA_HELD_NAME + 1])
{
    size_t   i;
    uint8_t  bytes[MFA_HELD_KEY];

    static const char  digits[] = "0123456789abcdef";

    (void) mfa_held_key(held, bytes);   /* for its bytes */

    for (i = 0; i < MFA_HELD_KEY; i++) {
        name[2 * i] = digits[bytes[i] >> 4];
        name[2 * i + 1] = digits[bytes[i] & 15];
    }

    name[MFA_HELD_NAME] = '\0';
}


static bool
file_key(const char *name, uint8_t bytes[MFA_HELD_KEY])
{
    int     high, low;
    size_t  i;

    if (strlen(name) != MFA_HELD_NAME) {
        return false;
    }

    for (i = 0; i < MFA_HELD_KEY; i++) {
        high = mfa_hex_value(name[2 * i]);
        low = mfa_hex_value(name[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        bytes[i] = (uint8_t) (high * 16 + low);
    }

    return true;
}


static bool
write_all(int fd, const char *data, size_t len)
{
    ssize_t  n;

    while (len > 0) {
        n = write(fd, data, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return false;
        }

        data += n;
        len -= (size_t) n;
    }

    return true;
}


static bool
read_all(int fd, char *data, size_t len)
{
    ssize_t  n;

    while (len > 0) {
        n = read(fd, data, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return false;
        }

        data += n;
        len -= (size_t) n;
    }

    return true;
}


static mfa_status_t
piece_write(mfa_work_t *work, const mfa_held_t *held, uint64_t piece,
    mfa_str_t plain, int fd)
{
    char                head[PIECE_HEAD];
    mfa_buf_t           buf;
    mfa_str_t           bound, sealed;
    mfa_status_t        st;
    mfa_arena_t        *arena;
    const mfa_model_t  *model = work->model;

    arena = mfa_arena_open(PIECE_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    mfa_buf_init(&buf, arena, PIECE_SEALED);

    st = mfa_held_bound(arena, held, "piece", piece, &bound);

    if (st == MFA_OK) {
        st = mfa_seal(model->keys, model->ports, plain, bound, &buf);
    }

    if (st == MFA_OK) {
        st = mfa_buf_str(&buf, &sealed);
    }

    if (st == MFA_OK) {
        head[0] = (char) (sealed.len >> 24);
        head[1] = (char) (sealed.len >> 16);
        head[2] = (char) (sealed.len >> 8);
        head[3] = (char) sealed.len;

        if (!write_all(fd, head, sizeof(head))
            || !write_all(fd, sealed.data, sealed.len))
        {
            st = MFA_STORE;
        }
    }

    mfa_arena_close(&arena);

    return st;
}


static mfa_status_t
pieces_write(mfa_work_t *work, const mfa_held_t *held, mfa_str_t body, int fd)
{
    uint64_t      piece;
    mfa_str_t     part;
    mfa_status_t  st;

    for (piece = 0; body.len > 0; piece++) {
        part = mfa_str_bytes(body.data, body.len < MFA_HELD_PIECE
                                        ? body.len : MFA_HELD_PIECE);

        st = piece_write(work, held, piece, part, fd);
        if (st != MFA_OK) {
            return st;
        }

        body.data += part.len;
        body.len -= part.len;
    }

    return fdatasync(fd) == 0 ? MFA_OK : MFA_STORE;
}


/* -1: it could not be made, or the sweep was faster */

static int
file_make(int folder, const char *name)
{
    int          fd;
    struct stat  sb;

    fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
                              | O_CLOEXEC, 0600);

    if (fd != -1
        && (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &sb) != 0
            || sb.st_nlink != 1))
    {
        (void) unlinkat(folder, name, 0);       /* or the sweep does it */
        (void) close(fd);                       /* nothing is in it */
        return -1;
    }

    return fd;
}


mfa_status_t
mfa_held_file_write(mfa_work_t *work, const mfa_held_t *held, mfa_str_t body,
    int *fd)
{
    int           folder;
    char          name[MFA_HELD_NAME + 1];
    mfa_status_t  st;

    *fd = -1;

    folder = file_folder(work, true);
    if (folder == -1) {
        return MFA_UNAVAILABLE;
    }

    file_name(held, name);

    st = MFA_STORE;
    *fd = file_make(folder, name);

    if (*fd != -1) {
        st = pieces_write(work, held, body, *fd);
    }

    if (*fd != -1 && st != MFA_OK) {
        (void) unlinkat(folder, name, 0);       /* or the sweep does it */
        (void) close(*fd);                      /* it is of no use */
        *fd = -1;
    }

    (void) close(folder);                       /* it was only looked at */

    return st;
}


static mfa_status_t
piece_read(mfa_work_t *work, const mfa_held_t *held, uint64_t piece,
    mfa_str_t room, int fd)
{
    char          *sealed, *out;
    size_t         len;
    uint8_t        head[PIECE_HEAD];
    mfa_str_t      bound, plain;
    mfa_status_t   st;
    mfa_arena_t   *arena;

    if (!read_all(fd, (char *) head, sizeof(head))) {
        return MFA_DAMAGED;
    }

    len = (size_t) head[0] << 24 | (size_t) head[1] << 16
          | (size_t) head[2] << 8 | (size_t) head[3];

    if (len > PIECE_SEALED) {
        return MFA_DAMAGED;
    }

    arena = mfa_arena_open(PIECE_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    sealed = mfa_arena_alloc(arena, len + 1);
    st = sealed != NULL ? MFA_OK : MFA_NO_MEMORY;

    if (st == MFA_OK && !read_all(fd, sealed, len)) {
        st = MFA_DAMAGED;
    }

    if (st == MFA_OK) {
        st = mfa_held_bound(arena, held, "piece", piece, &bound);
    }

    if (st == MFA_OK) {
        st = mfa_unseal(work->model->keys, mfa_str_bytes(sealed, len), bound,
                        arena, &plain);
    }

    if (st == MFA_OK && plain.len != room.len) {
        st = MFA_DAMAGED;
    }

    if (st == MFA_OK) {
        out = (char *) (uintptr_t) room.data;
        memcpy(out, plain.data, plain.len);
    }

    mfa_arena_close(&arena);

    return st;
}


static mfa_status_t
pieces_read(mfa_work_t *work, const mfa_held_t *held, char *room, int fd)
{
    char          more;
    size_t        left, len;
    uint64_t      piece;
    mfa_status_t  st;

    left = (size_t) held->size;

    for (piece = 0; left > 0; piece++) {
        len = left < MFA_HELD_PIECE ? left : MFA_HELD_PIECE;

        st = piece_read(work, held, piece, mfa_str_bytes(room, len), fd);
        if (st != MFA_OK) {
            return st;
        }

        room += len;
        left -= len;
    }

    return read_all(fd, &more, 1) ? MFA_DAMAGED : MFA_OK;
}


mfa_status_t
mfa_held_file_read(mfa_work_t *work, const mfa_held_t *held, char *room)
{
    int           fd, folder;
    char          name[MFA_HELD_NAME + 1];
    mfa_status_t  st;

    folder = file_folder(work, false);
    if (folder == -1) {
        return MFA_NOT_FOUND;
    }

    file_name(held, name);
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    st = errno == ENOENT ? MFA_NOT_FOUND : MFA_STORE;
    (void) close(folder);               /* it was only looked at */

    if (fd == -1) {
        return st;
    }

    st = pieces_read(work, held, room, fd);
    (void) close(fd);                   /* it was only read */

    return st;
}


void
mfa_held_file_remove(const mfa_work_t *work, const mfa_held_t *held)
{
    int   folder;
    char  name[MFA_HELD_NAME + 1];

    folder = file_folder(work, false);
    if (folder == -1) {
        return;
    }

    file_name(held, name);
    (void) unlinkat(folder, name, 0);   /* or the sweep does it */
    (void) close(folder);               /* it was only looked at */
}


typedef struct {
    uint8_t  key[MFA_HELD_KEY];
    bool     is_wanted;
} sweep_t;


/* a row that says of a file that it has it */

static mfa_status_t
sweep_look(mfa_tx_t *tx, void *arg)
{
    sweep_t       *sweep = arg;
    mfa_str_t      key, record;
    mfa_held_t     held;
    mfa_status_t   st;

    sweep->is_wanted = true;
    key = mfa_str_bytes(sweep->key, sizeof(sweep->key));

    st = mfa_txn_get(tx->txn, MFA_TABLE_HELD, key, tx->work->arena, &record);

    if (st == MFA_NOT_FOUND) {
        sweep->is_wanted = false;
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_held_decode(tx, key, record, &held, NULL);

    if (st == MFA_OK) {
        sweep->is_wanted = held.is_file && held.size > 0;
    }

    return st == MFA_DAMAGED || st == MFA_NEWER ? MFA_OK : st;
}


/* asked once it is locked: its writer lets go when the row is there */

static mfa_status_t
sweep_file(mfa_work_t *work, int folder, const char *name)
{
    int           fd;
    sweep_t       sweep;
    mfa_status_t  st;

    if (!file_key(name, sweep.key)) {
        return MFA_OK;
    }

    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1) {
        return MFA_OK;
    }

    st = MFA_OK;

    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        st = mfa_view(work, sweep_look, &sweep);

        if (st == MFA_OK && !sweep.is_wanted) {
            (void) unlinkat(folder, name, 0);   /* or the next turn does */
        }
    }

    (void) close(fd);                   /* which lets go of the lock */

    return st;
}


/* of so many, those of this turn: from anywhere in the folder, or what stands
 * behind others that stay would be there for ever */

static mfa_status_t
sweep_begin(mfa_work_t *work, DIR *dir)
{
    size_t        count;
    uint32_t      from;
    mfa_status_t  st;

    for (count = 0; readdir(dir) != NULL; count++) {
        continue;
    }

    rewinddir(dir);

    st = mfa_port_random(work->model->ports, &from, sizeof(from));
    if (st != MFA_OK || count <= SWEEP_LOOK) {
        return st;
    }

    for (from = (uint32_t) (from % count); from > 0; from--) {
        if (readdir(dir) == NULL) {
            break;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_held_sweep(mfa_work_t *work)
{
    int             folder;
    DIR            *dir;
    size_t          look;
    mfa_status_t    st;
    struct dirent  *entry;

    folder = file_folder(work, false);
    if (folder == -1) {
        return MFA_OK;
    }

    dir = fdopendir(folder);

    if (dir == NULL) {
        (void) close(folder);           /* it was only looked at */
        return MFA_NO_MEMORY;
    }

    st = sweep_begin(work, dir);

    for (look = 0; st == MFA_OK && look < SWEEP_LOOK; look++) {
        entry = readdir(dir);

        if (entry == NULL) {
            break;
        }

        st = sweep_file(work, folder, entry->d_name);
    }

    (void) closedir(dir);               /* and with it the folder */

    return st;
}
