/*
 * Fuzz: return targets.
 *
 * A safe target, resolved the way a browser does and then the way nginx
 * does, is still on this origin and still not one of our own pages.
 */

#include "../../src/base/mfa_base.h"

#include <stdlib.h>


typedef struct {
    char    data[MFA_TARGET_MAX];
    size_t  len;
} path_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(bool holds)
{
    if (!holds) {
        abort();
    }
}


static int
hex(char c)
{
    const char        *found;
    static const char  digits[] = "0123456789abcdef";

    found = (c == '\0') ? NULL : strchr(digits, (c >= 'A' && c <= 'F')
                                                ? c + 32 : c);

    return (found == NULL) ? -1 : (int) (found - digits);
}


/* all escapes, or only those of a dot */

static void
decode(path_t *path, bool is_dot_only)
{
    int     byte;
    size_t  i, len;

    len = 0;

    for (i = 0; i < path->len; i++) {
        byte = -1;

        if (path->data[i] == '%' && path->len - i > 2
            && hex(path->data[i + 1]) >= 0 && hex(path->data[i + 2]) >= 0)
        {
            byte = hex(path->data[i + 1]) * 16 + hex(path->data[i + 2]);
        }

        if (byte >= 0 && (!is_dot_only || byte == '.')) {
            path->data[len++] = (char) byte;
            i += 2;

        } else {
            path->data[len++] = path->data[i];
        }
    }

    path->len = len;
}


/* takes dot segments out; is_merging: rows of slashes count as one */

static void
resolve(path_t *path, bool is_merging)
{
    bool    is_last;
    size_t  from, to, len;

    len = 0;
    from = 1;

    for ( ;; ) {
        for (to = from; to < path->len && path->data[to] != '/'; to++) {
            /* void */
        }

        is_last = to >= path->len;

        if (to - from == 2 && memcmp(path->data + from, "..", 2) == 0) {
            while (len > 0 && path->data[--len] != '/') {
                /* void */
            }

        } else if (!(to - from == 1 && path->data[from] == '.')
                   && !(is_merging && to == from && !is_last))
        {
            path->data[len++] = '/';
            memmove(path->data + len, path->data + from, to - from);
            len += to - from;
        }

        if (is_last) {
            break;
        }

        from = to + 1;
    }

    path->len = len;
}


static void
check_path(path_t *path)
{
    mfa_str_t  s;

    s = mfa_str_bytes(path->data, path->len);

    check(!mfa_str_has_prefix(s, mfa_str("//")));
    check(!mfa_str_eq_c(s, "/mfa"));
    check(!mfa_str_has_prefix(s, mfa_str("/mfa/")));
}


static void
take_path(path_t *path, const char *data, size_t size)
{
    for (path->len = 0; path->len < size; path->len++) {
        if (data[path->len] == '?' || data[path->len] == '#') {
            break;
        }
    }

    memcpy(path->data, data, path->len);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    path_t     path;
    mfa_str_t  target;

    target = mfa_str_bytes(data, size);

    if (!mfa_target_is_safe(target, mfa_str("/mfa/"))) {
        return 0;
    }

    check(size >= 1 && size <= MFA_TARGET_MAX && target.data[0] == '/');
    check(!mfa_text_has_control(target));
    check(memchr(data, '\\', size) == NULL);

    /* a browser, then nginx */

    take_path(&path, target.data, size);
    decode(&path, true);
    resolve(&path, false);
    check_path(&path);
    decode(&path, false);
    resolve(&path, true);
    check_path(&path);

    /* nginx alone */

    take_path(&path, target.data, size);
    decode(&path, false);
    resolve(&path, true);
    check_path(&path);

    return 0;
}
