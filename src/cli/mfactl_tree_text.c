/*
 * The text of a configuration: a file or standard input, as a whole.
 */

#include <errno.h>
#include <stdlib.h>

#include "mfactl_lint.h"


#define TEXT_MAX  (64 * 1024 * 1024)


static mfa_status_t
tree_read_stream(mfa_arena_t *arena, FILE *stream, mfa_str_t *text)
{
    char          *data;
    size_t         len, room, n;
    mfa_status_t   st;

    room = 256 * 1024;
    len = 0;

    data = malloc(room);

    while (data != NULL && len < TEXT_MAX) {
        n = fread(data + len, 1, room - len, stream);
        len += n;

        if (n == 0) {
            break;
        }

        if (len == room) {
            void  *grown = realloc(data, 2 * room);

            if (grown == NULL) {
                free(data);
            }

            data = grown;
            room *= 2;
        }
    }

    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    if (ferror(stream) || len >= TEXT_MAX) {
        free(data);
        errno = len >= TEXT_MAX ? EFBIG : errno;
        return MFA_NOT_FOUND;
    }

    st = mfa_arena_copy(arena, mfa_str_bytes(data, len), text);

    free(data);

    return st;
}


mfa_status_t
mfactl_tree_text(mfa_arena_t *arena, const char *name, mfa_str_t *text)
{
    FILE          *stream;
    mfa_status_t   st;

    *text = mfa_null;

    if (strcmp(name, "-") == 0) {
        return tree_read_stream(arena, stdin, text);
    }

    stream = fopen(name, "re");
    if (stream == NULL) {
        return MFA_NOT_FOUND;
    }

    st = tree_read_stream(arena, stream, text);

    (void) fclose(stream);              /* was only read */

    return st;
}
