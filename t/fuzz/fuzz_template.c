/*
 * Fuzz: templates. The input is a page, a partial and a translation with a
 * zero byte between them.
 *
 * A page is made or refused with a message; a value that should be escaped
 * never shows as it is; the same page is made twice.
 */

#include "../../src/base/mfa_base.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


/* between two bytes that no input may hold */
#define HOSTILE  "\x1c<'\">&\x1d"


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static char  root[] = "/dev/shm/mfa_fuzz_template_XXXXXX";


static void
check(bool holds)
{
    if (!holds) {
        abort();
    }
}


static void
put_file(const char *name, mfa_str_t text)
{
    FILE  *file;
    char   path[128];

    (void) snprintf(path, sizeof(path), "%s/%s", root, name);

    file = fopen(path, "w");
    check(file != NULL);

    if (text.len != 0) {
        check(fwrite(text.data, 1, text.len, file) == text.len);
    }

    check(fclose(file) == 0);
}


static void
remove_root(void)
{
    size_t                    i;
    char                      path[128];

    static const char *const  names[] = { "a.html", "p.html", "de.po" };

    for (i = 0; i < 3; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        (void) unlink(path);
    }

    (void) rmdir(root);
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;

    check(mkdtemp(root) != NULL);
    check(atexit(remove_root) == 0);

    return 0;
}


static mfa_value_t *
make_values(mfa_arena_t *arena)
{
    mfa_value_t  *values, *list;

    values = mfa_value_map(arena);
    mfa_value_set_str(values, "x", mfa_str(HOSTILE));
    mfa_value_set_flag(values, "y", true);

    list = mfa_value_set_list(values, "l");
    mfa_value_set_str(mfa_value_add_map(list), "n", mfa_str(HOSTILE));
    mfa_value_set_str(mfa_value_set_map(mfa_value_add_map(list), "m"), "n",
                      mfa_str(HOSTILE));

    return values;
}


static bool
has(mfa_str_t s, const char *text)
{
    return s.len != 0 && memmem(s.data, s.len, text, strlen(text)) != NULL;
}


static void
check_page(const mfa_templates_t *set, const mfa_words_t *words,
    mfa_str_t input)
{
    mfa_str_t      one, two;
    mfa_arena_t   *arena;
    mfa_value_t   *values;
    mfa_status_t   st;

    arena = mfa_arena_open(8 * 1024 * 1024);
    values = make_values(arena);

    st = mfa_template_render(set, mfa_str("a.html"), values, words, arena,
                             &one);

    if (st == MFA_OK) {
        st = mfa_template_render(set, mfa_str("a.html"), values, words, arena,
                                 &two);
        check(st == MFA_NO_MEMORY || mfa_str_eq(one, two));

        if (!has(input, "{{{") && !has(input, "{{&")) {
            check(!has(one, "\x1c<"));
        }

    } else {
        check(st == MFA_NO_MEMORY && one.len == 0);
    }

    mfa_arena_close(&arena);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char              path[128];
    mfa_str_t         input, rest;
    mfa_error_t       error;
    mfa_words_t      *words;
    mfa_templates_t  *set;

    input = mfa_str_bytes(data, size);

    if (has(input, "\x1c") || has(input, "\x1d")) {
        return 0;
    }

    rest = input;
    put_file("a.html", mfa_str_split(&rest, '\0'));
    put_file("p.html", mfa_str_split(&rest, '\0'));
    put_file("de.po", rest);

    (void) snprintf(path, sizeof(path), "%s/de.po", root);
    error.text[0] = '\0';

    if (mfa_words_open(path, &error, &words) != MFA_OK) {
        check(error.text[0] != '\0');
    }

    error.text[0] = '\0';

    if (mfa_templates_open(root, NULL, &error, &set) == MFA_OK) {
        check_page(set, words, input);

    } else {
        check(set == NULL && error.text[0] != '\0');
    }

    mfa_templates_close(&set);
    mfa_words_close(&words);

    return 0;
}
