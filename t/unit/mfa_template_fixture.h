/*
 * What the tests of templates start from: a folder of their own, a map of
 * values, and the page that a text becomes. A failing set-up fails the test.
 */

#ifndef MFA_TEMPLATE_FIXTURE_H
#define MFA_TEMPLATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/base/mfa_base.h"


static char              root[64], over[96];
static mfa_arena_t      *arena;
static mfa_error_t       error;
static mfa_templates_t  *set;
static mfa_words_t      *words;
static mfa_value_t      *values;


static int
remove_entry(const char *path, const struct stat *info, int kind,
    struct FTW *walk)
{
    (void) info;
    (void) kind;
    (void) walk;

    return remove(path);
}


static inline void
put_file(const char *dir, const char *name, const char *text)
{
    FILE  *file;
    char   path[256];

    (void) snprintf(path, sizeof(path), "%s/%s", dir, name);

    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_not_equal(fputs(text, file), EOF);
    assert_int_equal(fclose(file), 0);
}


static inline int
template_setup(void **state)
{
    char  mail[96];

    (void) state;

    (void) snprintf(root, sizeof(root), "/tmp/mfa_test_template_XXXXXX");

    if (mkdtemp(root) == NULL) {
        return -1;
    }

    (void) snprintf(mail, sizeof(mail), "%s/mail", root);
    (void) snprintf(over, sizeof(over), "%s/.over", root);

    if (mkdir(mail, 0700) == -1 || mkdir(over, 0700) == -1) {
        return -1;
    }

    arena = mfa_arena_open(4 * 1024 * 1024);
    values = mfa_value_map(arena);

    return values == NULL;
}


static inline int
template_teardown(void **state)
{
    (void) state;

    mfa_templates_close(&set);
    mfa_words_close(&words);
    mfa_arena_close(&arena);

    return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}


static inline void
file_renders(const char *name, const char *wanted)
{
    mfa_str_t  out;

    mfa_templates_close(&set);
    assert_int_equal(mfa_templates_open(root, NULL, &error, &set), MFA_OK);
    assert_int_equal(mfa_template_render(set, mfa_str_from(name), values,
                                         words, arena, &out), MFA_OK);
    assert_string_equal(mfa_arena_cstr(arena, out), wanted);
}


static inline void
renders(const char *text, const char *wanted)
{
    put_file(root, "a.html", text);
    file_renders("a.html", wanted);
}


static inline void
set_str(mfa_value_t *map, const char *name, const char *text)
{
    mfa_value_set_str(map, name, mfa_str_from(text));
}


#endif /* MFA_TEMPLATE_FIXTURE_H */
