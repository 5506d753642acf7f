/*
 * The list of common passwords: read once, then only searched.
 *
 * A line out of order would hide others from the search, so it refuses the
 * whole list.
 */

#include "mfa_base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


#define PASSLIST_FILE_MAX  (16 * 1024 * 1024)

struct mfa_passlist_s {
    size_t     count;
    size_t     size;            /* of text; offsets has one for each line */
    char      *text;
    uint32_t  *offsets;         /* and one more: where the next would start */
};


static mfa_str_t
passlist_line(const mfa_passlist_t *list, size_t i)
{
    return mfa_str_bytes(list->text + list->offsets[i],
                         list->offsets[i + 1] - list->offsets[i] - 1);
}


static mfa_status_t
passlist_size(int fd, const char *path, mfa_error_t *error, size_t *size)
{
    struct stat  sb;

    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
        mfa_error_set(error, "password list \"%s\" is not a regular file",
                      path);
        return MFA_CONFIG;
    }

    if (sb.st_size > PASSLIST_FILE_MAX) {
        mfa_error_set(error, "password list \"%s\" is larger than %d bytes",
                      path, PASSLIST_FILE_MAX);
        return MFA_CONFIG;
    }

    *size = (size_t) sb.st_size;

    return MFA_OK;
}


/* the file, with a newline at its end; it may shrink while it is read */

static mfa_status_t
passlist_read(mfa_passlist_t *list, int fd, const char *path,
    mfa_error_t *error)
{
    size_t        size, len;
    ssize_t       n;
    mfa_status_t  st;

    st = passlist_size(fd, path, error, &size);
    if (st != MFA_OK) {
        return st;
    }

    list->text = malloc(size + 1);
    if (list->text == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    for (len = 0; len < size; len += (size_t) n) {
        n = read(fd, list->text + len, size - len);

        if (n < 0 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n < 0) {
            mfa_error_set(error, "password list \"%s\" cannot be read", path);
            return MFA_CONFIG;
        }

        if (n == 0) {
            break;
        }
    }

    if (len > 0 && list->text[len - 1] != '\n') {
        list->text[len++] = '\n';
    }

    list->size = len;

    return MFA_OK;
}


static mfa_status_t
passlist_index(mfa_passlist_t *list)
{
    size_t  i, lines;

    lines = 0;

    for (i = 0; i < list->size; i++) {
        lines += list->text[i] == '\n';
    }

    list->offsets = malloc((lines + 1) * sizeof(uint32_t));
    if (list->offsets == NULL) {
        return MFA_NO_MEMORY;
    }

    list->offsets[0] = 0;

    for (i = 0; i < list->size; i++) {
        if (list->text[i] == '\n') {
            list->offsets[++list->count] = (uint32_t) (i + 1);
        }
    }

    return MFA_OK;
}


static const char *
passlist_fault(const mfa_passlist_t *list, size_t i)
{
    size_t     k;
    mfa_str_t  line;

    line = passlist_line(list, i);

    if (line.len == 0) {
        return "is empty";
    }

    for (k = 0; k < line.len; k++) {
        if ((unsigned char) line.data[k] < 0x20 || line.data[k] == 0x7f) {
            return "has a control byte (or ends in a carriage return)";
        }

        if (line.data[k] >= 'A' && line.data[k] <= 'Z') {
            return "has an upper-case letter";
        }
    }

    if (i > 0 && mfa_str_cmp(passlist_line(list, i - 1), line) > 0) {
        return "is out of order, sort the file with LC_ALL=C";
    }

    return NULL;
}


static mfa_status_t
passlist_load(mfa_passlist_t *list, int fd, const char *path,
    mfa_error_t *error)
{
    size_t         i;
    const char    *fault;
    mfa_status_t   st;

    st = passlist_read(list, fd, path, error);
    if (st != MFA_OK) {
        return st;
    }

    st = passlist_index(list);
    if (st != MFA_OK) {
        mfa_error_set(error, "out of memory");
        return st;
    }

    for (i = 0; i < list->count; i++) {
        fault = passlist_fault(list, i);

        if (fault != NULL) {
            mfa_error_set(error, "password list \"%s\": line %zu %s", path,
                          i + 1, fault);
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_passlist_open(const char *path, mfa_error_t *error,
    mfa_passlist_t **list)
{
    int              fd;
    char             text[128];
    mfa_status_t     st;
    mfa_passlist_t  *fresh;

    *list = NULL;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        mfa_error_set(error, "password list \"%s\" cannot be opened (%s)",
                      path, strerror_r(errno, text, sizeof(text)));
        return MFA_CONFIG;
    }

    fresh = calloc(1, sizeof(mfa_passlist_t));

    if (fresh == NULL) {
        mfa_error_set(error, "out of memory");
        st = MFA_NO_MEMORY;

    } else {
        st = passlist_load(fresh, fd, path, error);
    }

    (void) close(fd);

    if (st != MFA_OK) {
        mfa_passlist_close(&fresh);
        return st;
    }

    *list = fresh;

    return MFA_OK;
}


void
mfa_passlist_close(mfa_passlist_t **list)
{
    if (list == NULL || *list == NULL) {
        return;
    }

    free((*list)->offsets);
    free((*list)->text);
    free(*list);
    *list = NULL;
}


size_t
mfa_passlist_count(const mfa_passlist_t *list)
{
    return list->count;
}


/* as mfa_str_cmp, with the ASCII case of typed folded: no copy to wipe */

static int
passlist_cmp(mfa_str_t typed, mfa_str_t line)
{
    size_t         i;
    unsigned char  a, b;

    for (i = 0; i < typed.len && i < line.len; i++) {
        a = (unsigned char) typed.data[i];
        b = (unsigned char) line.data[i];

        if (a >= 'A' && a <= 'Z') {
            a = (unsigned char) (a - 'A' + 'a');
        }

        if (a != b) {
            return a < b ? -1 : 1;
        }
    }

    return (typed.len > line.len) - (typed.len < line.len);
}


static bool
passlist_find(const mfa_passlist_t *list, mfa_str_t typed)
{
    int     diff;
    size_t  low, high, middle;

    low = 0;
    high = list->count;

    while (low < high) {
        middle = low + (high - low) / 2;
        diff = passlist_cmp(typed, passlist_line(list, middle));

        if (diff == 0) {
            return true;
        }

        if (diff < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return false;
}


/* digit by digit from the end, for a listed word may end in digits itself */

bool
mfa_passlist_has(const mfa_passlist_t *list, mfa_str_t password)
{
    char  last;

    for ( /* void */ ; password.len > 0; password.len--) {
        if (passlist_find(list, password)) {
            return true;
        }

        last = password.data[password.len - 1];

        if (last < '0' || last > '9') {
            return false;
        }
    }

    return false;
}
