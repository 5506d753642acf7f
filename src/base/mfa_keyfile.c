/*
 * Files that hold a secret: whose they are, who may read them, what is in
 * them. Keeps no copy; no message may ever hold a part of what was read.
 */

#include "mfa_base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>


static mfa_status_t
keyfile_check(int fd, const mfa_keyfile_t *file, mfa_error_t *error)
{
    struct stat  sb;

    if (fstat(fd, &sb) != 0) {
        mfa_error_set(error, "%s \"%s\" cannot be examined", file->what,
                      file->path);
        return MFA_CONFIG;
    }

    if (!S_ISREG(sb.st_mode)) {
        mfa_error_set(error, "%s \"%s\" is not a regular file", file->what,
                      file->path);
        return MFA_CONFIG;
    }

    if (sb.st_uid != 0 && sb.st_uid != geteuid()) {
        mfa_error_set(error, "%s \"%s\" is owned by user id %lu, chown it to "
                      "root", file->what, file->path,
                      (unsigned long) sb.st_uid);
        return MFA_CONFIG;
    }

    if ((sb.st_mode & 077) != 0) {
        mfa_error_set(error, "%s \"%s\" is open to group or others, chmod "
                      "0400 it", file->what, file->path);
        return MFA_CONFIG;
    }

    if (sb.st_size > (off_t) file->size) {
        mfa_error_set(error, "%s \"%s\" is larger than %zu bytes",
                      file->what, file->path, file->size);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


/* at most size bytes; the file may have grown since it was looked at */

static ssize_t
keyfile_read_all(int fd, char *buf, size_t size)
{
    size_t   len;
    ssize_t  n;

    for (len = 0; len < size; len += (size_t) n) {
        n = read(fd, buf + len, size - len);

        if (n < 0 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n < 0) {
            return -1;
        }

        if (n == 0) {
            break;
        }
    }

    return (ssize_t) len;
}


mfa_status_t
mfa_keyfile_read(const mfa_keyfile_t *file, char *buf, mfa_str_t *text,
    mfa_error_t *error)
{
    int           fd;
    char          why[128];
    ssize_t       len;
    mfa_status_t  st;

    *text = mfa_null;

    /* not to wait for the other end if this is a pipe */

    fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        mfa_error_set(error, "%s \"%s\" cannot be opened (%s)", file->what,
                      file->path, strerror_r(errno, why, sizeof(why)));
        return MFA_CONFIG;
    }

    st = keyfile_check(fd, file, error);

    if (st == MFA_OK) {
        len = keyfile_read_all(fd, buf, file->size);

        if (len < 0) {
            mfa_error_set(error, "%s \"%s\" cannot be read", file->what,
                          file->path);
            st = MFA_CONFIG;

        } else {
            *text = mfa_str_bytes(buf, (size_t) len);
        }
    }

    (void) close(fd);

    return st;
}
