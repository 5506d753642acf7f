/*
 * Fuzz: .po files.
 *
 * A file is taken or refused with a message; the words of one that was taken
 * are UTF-8 and never empty.
 */

#include "../../src/base/mfa_base.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(bool holds)
{
    if (!holds) {
        abort();
    }
}


/* each line of the file as it stands is looked up */

static void
check_words(const mfa_words_t *words, mfa_str_t file)
{
    mfa_str_t  line, text;

    while (file.len != 0) {
        line = mfa_str_split(&file, '"');
        text = mfa_words_get(words, line);

        check(text.len != 0 || line.len == 0);
        check(mfa_text_is_utf8(text) || text.data == line.data);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int           fd;
    char          path[64];
    mfa_error_t   error;
    mfa_words_t  *words;

    fd = memfd_create("words", MFD_CLOEXEC);
    if (fd == -1) {
        return 0;
    }

    check(write(fd, data, size) == (ssize_t) size);
    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

    error.text[0] = '\0';

    if (mfa_words_open(path, &error, &words) == MFA_OK) {
        check_words(words, mfa_str_bytes(data, size));

    } else {
        check(words == NULL && error.text[0] != '\0');
    }

    mfa_words_close(&words);
    (void) close(fd);

    return 0;
}
