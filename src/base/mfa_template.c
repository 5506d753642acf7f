/*
 * Templates: a set of files, read once and then never changed, so that
 * threads share it without a lock.
 *
 * Everything that can be wrong with a template is found here, at nginx -t:
 * mfa_template_render.c meets only sets that passed. Templates are written
 * by the operator and trusted.
 */

#include "mfa_template_parse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


#define SET_TEMPLATES_MAX  512
#define SET_FOLDERS_MAX    8        /* also the end of links that go round */
#define SET_HEIGHT_MAX     16       /* partials in partials */
#define SET_MEMORY_MAX     ((size_t) 64 * 1024 * 1024)


typedef struct {
    mfa_templates_t  *set;
    const char       *root;
    mfa_error_t      *error;
} scan_t;


static mfa_status_t
set_io_fault(mfa_error_t *error, const char *call, const char *path)
{
    int  err;

    err = errno;

    mfa_error_set(error, "%s \"%s\" failed (%d: %s)", call, path, err,
                  strerror(err));

    return MFA_CONFIG;
}


static mfa_status_t
set_no_memory(mfa_error_t *error)
{
    mfa_error_set(error, "%s", mfa_status_text(MFA_NO_MEMORY));

    return MFA_NO_MEMORY;
}


static mfa_str_t
name_suffix(mfa_str_t name)
{
    const char  *dot;

    dot = (name.len == 0) ? NULL : memrchr(name.data, '.', name.len);
    if (dot == NULL) {
        return mfa_null;
    }

    return mfa_str_bytes(dot, name.len - (size_t) (dot - name.data));
}


static bool
name_is_template(mfa_str_t name)
{
    mfa_str_t  suffix;

    suffix = name_suffix(name);

    return mfa_str_eq_c(suffix, ".html") || mfa_str_eq_c(suffix, ".txt");
}


static mfa_status_t
file_read(scan_t *scan, int fd, const char *path, mfa_str_t *out)
{
    char         *data;
    size_t        len, size;
    ssize_t       n;
    struct stat   info;

    if (fstat(fd, &info) == -1) {
        return set_io_fault(scan->error, "fstat()", path);
    }

    if (info.st_size > MFA_PAGE_MAX) {
        mfa_error_set(scan->error, "\"%s\" is too large", path);
        return MFA_CONFIG;
    }

    size = (size_t) info.st_size;

    data = mfa_arena_alloc(scan->set->arena, size + 1);
    if (data == NULL) {
        return set_no_memory(scan->error);
    }

    for (len = 0; len < size; len += (size_t) n) {
        n = read(fd, data + len, size - len);
        if (n <= 0) {
            return set_io_fault(scan->error, "read()", path);
        }
    }

    *out = mfa_str_bytes(data, len);

    if (!mfa_text_is_utf8(*out)) {
        mfa_error_set(scan->error, "\"%s\" is not UTF-8", path);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


/* the first of a name stays: the override is scanned before the rest */

static bool
set_has(const mfa_templates_t *set, mfa_str_t name)
{
    size_t  i;

    for (i = 0; i < set->count; i++) {
        if (mfa_str_eq(set->items[i].name, name)) {
            return true;
        }
    }

    return false;
}


static mfa_status_t
scan_file(scan_t *scan, mfa_str_t name, const char *path)
{
    int              fd;
    mfa_str_t        source;
    mfa_status_t     st;
    mfa_template_t  *tpl;

    if (!name_is_template(name) || set_has(scan->set, name)) {
        return MFA_OK;
    }

    if (scan->set->count == SET_TEMPLATES_MAX) {
        mfa_error_set(scan->error, "more than %d templates in \"%s\"",
                      SET_TEMPLATES_MAX, scan->root);
        return MFA_CONFIG;
    }

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd == -1) {
        return set_io_fault(scan->error, "open()", path);
    }

    st = file_read(scan, fd, path, &source);
    (void) close(fd);       /* it was only read */

    if (st != MFA_OK) {
        return st;
    }

    tpl = &scan->set->items[scan->set->count++];
    tpl->name = name;
    tpl->path = path;
    tpl->source = source;

    return MFA_OK;
}


static mfa_status_t  scan_folder(scan_t *scan, const char *below,
    unsigned depth);


/* below is the folder's name with a slash at its end, or empty */

static mfa_status_t
scan_entry(scan_t *scan, const char *below, const char *entry, unsigned depth)
{
    mfa_str_t     name, folder, path;
    struct stat   info;
    mfa_arena_t  *arena;

    if (entry[0] == '.') {
        return MFA_OK;
    }

    arena = scan->set->arena;
    name = mfa_arena_printf(arena, "%s%s", below, entry);
    folder = mfa_arena_printf(arena, "%s%s/", below, entry);
    path = mfa_arena_printf(arena, "%s/%s%s", scan->root, below, entry);

    if (mfa_arena_has_failed(arena)) {
        return set_no_memory(scan->error);
    }

    if (stat(path.data, &info) == -1) {
        return set_io_fault(scan->error, "stat()", path.data);
    }

    if (S_ISDIR(info.st_mode) && depth < SET_FOLDERS_MAX) {
        return scan_folder(scan, folder.data, depth + 1);
    }

    return S_ISREG(info.st_mode) ? scan_file(scan, name, path.data) : MFA_OK;
}


static mfa_status_t
scan_folder(scan_t *scan, const char *below, unsigned depth)
{
    DIR            *folder;
    mfa_str_t       path;
    mfa_status_t    st;
    struct dirent  *entry;

    path = mfa_arena_printf(scan->set->arena, "%s/%s", scan->root, below);
    if (path.data == NULL) {
        return set_no_memory(scan->error);
    }

    folder = opendir(path.data);
    if (folder == NULL) {
        return set_io_fault(scan->error, "opendir()", path.data);
    }

    st = MFA_OK;

    while (st == MFA_OK) {
        errno = 0;

        entry = readdir(folder);
        if (entry == NULL) {
            break;
        }

        st = scan_entry(scan, below, entry->d_name, depth);
    }

    if (st == MFA_OK && errno != 0) {
        st = set_io_fault(scan->error, "readdir()", path.data);
    }

    (void) closedir(folder);        /* it was only read */

    return st;
}


static mfa_status_t
set_scan(mfa_templates_t *set, const char *root, mfa_error_t *error)
{
    scan_t  scan;

    scan = (scan_t) { .set = set, .root = root, .error = error };

    return scan_folder(&scan, "", 0);
}


static int
template_compare(const void *a, const void *b)
{
    const mfa_template_t  *one, *two;

    one = a;
    two = b;

    return mfa_str_cmp(one->name, two->name);
}


const mfa_template_t *
mfa_template_find(const mfa_templates_t *set, mfa_str_t name)
{
    mfa_template_t  key;

    key = (mfa_template_t) { .name = name };

    return bsearch(&key, set->items, set->count, sizeof(mfa_template_t),
                   template_compare);
}


static mfa_status_t
template_resolve(mfa_templates_t *set, mfa_template_t *tpl,
    mfa_error_t *error)
{
    size_t                 i;
    mfa_str_t              name, suffix;
    mfa_node_t            *node;
    const mfa_template_t  *partial;

    suffix = name_suffix(tpl->name);

    for (i = 0; i < tpl->count; i++) {
        node = &tpl->nodes[i];

        if (node->kind != MFA_NODE_PARTIAL) {
            continue;
        }

        name = mfa_arena_printf(set->arena, MFA_STR_FMT MFA_STR_FMT,
                                MFA_STR_ARG(node->text), MFA_STR_ARG(suffix));
        if (name.data == NULL) {
            return set_no_memory(error);
        }

        partial = mfa_template_find(set, name);
        if (partial == NULL) {
            return mfa_template_fault(tpl, node->at, "missing partial", name,
                                      error);
        }

        node->partial = (size_t) (partial - set->items);
    }

    return MFA_OK;
}


/*
 * Follows the partials of tpl and sets its height. The height of what was
 * followed before is known, so each template is followed once.
 */

static mfa_status_t
template_measure(mfa_templates_t *set, mfa_template_t *tpl, unsigned depth,
    mfa_error_t *error)
{
    size_t            i;
    unsigned          height;
    mfa_status_t      st;
    mfa_template_t   *partial;
    const mfa_node_t *node;

    height = 1;
    tpl->is_open = true;

    for (i = 0; i < tpl->count; i++) {
        node = &tpl->nodes[i];

        if (node->kind != MFA_NODE_PARTIAL) {
            continue;
        }

        partial = &set->items[node->partial];

        if (partial->is_open) {
            return mfa_template_fault(tpl, node->at, "recursive partial",
                                      partial->name, error);
        }

        if (depth == SET_HEIGHT_MAX || partial->height >= SET_HEIGHT_MAX) {
            return mfa_template_fault(tpl, node->at, "too deep partial",
                                      partial->name, error);
        }

        if (partial->height == 0) {
            st = template_measure(set, partial, depth + 1, error);
            if (st != MFA_OK) {
                return st;
            }
        }

        if (height <= partial->height) {
            height = partial->height + 1;
        }
    }

    tpl->height = height;
    tpl->is_open = false;

    return MFA_OK;
}


/* each step over all templates, since a step needs the one before of all */

static mfa_status_t
set_check(mfa_templates_t *set, mfa_error_t *error)
{
    size_t        i;
    mfa_status_t  st;

    st = MFA_OK;

    for (i = 0; st == MFA_OK && i < set->count; i++) {
        st = mfa_template_parse(set->arena, &set->items[i], error);
    }

    for (i = 0; st == MFA_OK && i < set->count; i++) {
        st = template_resolve(set, &set->items[i], error);
    }

    for (i = 0; st == MFA_OK && i < set->count; i++) {
        if (set->items[i].height == 0) {
            st = template_measure(set, &set->items[i], 1, error);
        }
    }

    return st;
}


static mfa_templates_t *
set_make(void)
{
    mfa_arena_t      *arena;
    mfa_templates_t  *set;

    arena = mfa_arena_open(SET_MEMORY_MAX);
    set = mfa_arena_alloc(arena, sizeof(mfa_templates_t));

    if (set != NULL) {
        set->arena = arena;
        set->items = mfa_arena_alloc(arena, SET_TEMPLATES_MAX
                                            * sizeof(mfa_template_t));
    }

    if (mfa_arena_has_failed(arena)) {
        mfa_arena_close(&arena);
        return NULL;
    }

    return set;
}


mfa_status_t
mfa_templates_open(const char *dir, const char *override_dir,
    mfa_error_t *error, mfa_templates_t **set)
{
    mfa_status_t      st;
    mfa_templates_t  *opened;

    *set = NULL;

    opened = set_make();
    if (opened == NULL) {
        return set_no_memory(error);
    }

    st = MFA_OK;

    if (override_dir != NULL) {
        st = set_scan(opened, override_dir, error);
    }

    if (st == MFA_OK) {
        st = set_scan(opened, dir, error);
    }

    if (st == MFA_OK) {
        qsort(opened->items, opened->count, sizeof(mfa_template_t),
              template_compare);
        st = set_check(opened, error);
    }

    if (st == MFA_NO_MEMORY || st == MFA_BUG) {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    if (st != MFA_OK) {
        mfa_templates_close(&opened);
        return st;
    }

    *set = opened;

    return MFA_OK;
}


void
mfa_templates_close(mfa_templates_t **set)
{
    mfa_arena_t  *arena;

    if (set == NULL || *set == NULL) {
        return;
    }

    /* the set itself lives in its arena */

    arena = (*set)->arena;
    *set = NULL;

    mfa_arena_close(&arena);
}


void
mfa_templates_each_word(const mfa_templates_t *set,
    void (*fn)(mfa_str_t text, void *arg), void *arg)
{
    size_t                 i, j;
    const mfa_template_t  *tpl;

    for (i = 0; i < set->count; i++) {
        tpl = &set->items[i];

        for (j = 0; j < tpl->count; j++) {
            if (tpl->nodes[j].kind == MFA_NODE_WORDS) {
                fn(tpl->nodes[j].text, arg);
            }
        }
    }
}
