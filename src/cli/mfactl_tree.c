/*
 * nginx's whole configuration as a tree, from files or from "nginx -T".
 *
 * Keeps every line of every block and judges none. Blocks of Lua are gone
 * through as Lua, since nginx does so; nothing else is skipped.
 */

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>

#include "mfactl_lint.h"


#define TREE_DEPTH_MAX  64                  /* blocks and includes */
#define TREE_FILES_MAX  10000

#define TREE_MARK       "# configuration file "

typedef struct {
    const char  *name;
    const char  *data;
    size_t       len;
} dump_t;

typedef struct {
    mfa_arena_t     *arena;
    mfa_error_t     *error;
    const char      *prefix;
    dump_t          *dumps;                 /* of "nginx -T", or NULL */
    size_t           dump_count;
    size_t           files;
    unsigned         depth;
    mfactl_words_t   line;
} tree_t;

static mfa_status_t tree_file(tree_t *tree, const char *name,
    mfactl_node_t *block, const mfactl_file_t *from);


static mfa_status_t
tree_no_memory(tree_t *tree)
{
    mfa_error_set(tree->error, "out of memory");

    return MFA_NO_MEMORY;
}


static mfa_status_t
tree_wrong(tree_t *tree, const mfactl_file_t *file, const char *what)
{
    mfa_error_set(tree->error, "%s in %s:%u", what, file->name, file->line);

    return MFA_CONFIG;
}


static const char *
tree_folder(tree_t *tree, const char *file)
{
    const char  *slash;

    slash = strrchr(file, '/');

    return mfa_arena_cstr(tree->arena, slash == NULL ? mfa_str("./")
                          : mfa_str_bytes(file, (size_t) (slash - file) + 1));
}


/* the files of "nginx -T"; the line behind a name is line 1 of the file */

static mfa_status_t
tree_split(tree_t *tree, mfa_str_t text)
{
    dump_t     *dump;
    mfa_str_t   line, name;

    dump = NULL;

    tree->dumps = mfa_arena_alloc(tree->arena,
                                  TREE_FILES_MAX * sizeof(dump_t));
    if (tree->dumps == NULL) {
        return tree_no_memory(tree);
    }

    while (text.len > 0) {
        line = mfa_str_split(&text, '\n');

        if (!mfa_str_has_prefix(line, mfa_str(TREE_MARK))
            || line.data[line.len - 1] != ':')
        {
            if (dump != NULL) {
                dump->len = (size_t) (line.data + line.len - dump->data);
            }

            continue;
        }

        if (tree->dump_count == TREE_FILES_MAX) {
            mfa_error_set(tree->error, "too many files are included");
            return MFA_CONFIG;
        }

        name = mfa_str_bytes(line.data + sizeof(TREE_MARK) - 1,
                             line.len - sizeof(TREE_MARK));
        dump = &tree->dumps[tree->dump_count++];
        dump->name = mfa_arena_cstr(tree->arena, name);
        dump->data = line.data + line.len + 1;

        if (dump->name == NULL) {
            return tree_no_memory(tree);
        }
    }

    return MFA_OK;
}


static int
tree_by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}


static mfa_status_t
tree_include_dump(tree_t *tree, const char *pattern, mfactl_node_t *block,
    const mfactl_file_t *file)
{
    size_t         i, n;
    mfa_status_t   st;
    const char   **names;

    n = 0;

    names = mfa_arena_alloc(tree->arena,
                            (tree->dump_count + 1) * sizeof(char *));
    if (names == NULL) {
        return tree_no_memory(tree);
    }

    for (i = 0; i < tree->dump_count; i++) {
        if (fnmatch(pattern, tree->dumps[i].name, FNM_PATHNAME|FNM_PERIOD)
            == 0)
        {
            names[n++] = tree->dumps[i].name;
        }
    }

    if (n == 0 && strpbrk(pattern, "*?[") == NULL) {
        return tree_wrong(tree, file, "the text of what \"include\" names is "
                          "not there (is it all of \"nginx -T\"?)");
    }

    qsort(names, n, sizeof(char *), tree_by_name);

    st = MFA_OK;

    for (i = 0; i < n && st == MFA_OK; i++) {
        st = tree_file(tree, names[i], block, file);
    }

    return st;
}


static mfa_status_t
tree_include_files(tree_t *tree, const char *pattern, mfactl_node_t *block,
    const mfactl_file_t *file)
{
    int           rc;
    size_t        i;
    glob_t        found;
    const char   *name;
    mfa_status_t  st;

    if (strpbrk(pattern, "*?[") == NULL) {
        return tree_file(tree, pattern, block, file);
    }

    rc = glob(pattern, 0, NULL, &found);

    if (rc == GLOB_NOMATCH) {
        return MFA_OK;
    }

    if (rc != 0) {
        return tree_wrong(tree, file, "cannot list what \"include\" names");
    }

    st = MFA_OK;

    for (i = 0; i < found.gl_pathc && st == MFA_OK; i++) {
        name = mfa_arena_cstr(tree->arena, mfa_str_from(found.gl_pathv[i]));

        st = name == NULL ? tree_no_memory(tree)
                          : tree_file(tree, name, block, file);
    }

    globfree(&found);

    return st;
}


static mfa_status_t
tree_include(tree_t *tree, mfactl_node_t *block, const mfactl_file_t *file)
{
    mfa_str_t  path;

    if (tree->line.count != 2) {
        return tree_wrong(tree, file, "invalid number of arguments in "
                          "\"include\" directive");
    }

    path = mfa_arena_printf(tree->arena, "%s" MFA_STR_FMT,
                            mfa_str_has_prefix(tree->line.items[1],
                                               mfa_str("/"))
                            ? "" : tree->prefix,
                            MFA_STR_ARG(tree->line.items[1]));
    if (path.data == NULL) {
        return tree_no_memory(tree);
    }

    return tree->dumps != NULL
           ? tree_include_dump(tree, path.data, block, file)
           : tree_include_files(tree, path.data, block, file);
}


static mfactl_node_t *
tree_add(tree_t *tree, mfactl_node_t *block, const mfactl_file_t *file)
{
    size_t          size;
    mfactl_node_t  *node;

    size = tree->line.count * sizeof(mfa_str_t);
    node = mfa_arena_alloc(tree->arena, sizeof(mfactl_node_t));

    if (node == NULL) {
        return NULL;
    }

    node->words = mfa_arena_alloc(tree->arena, size);
    if (node->words == NULL) {
        return NULL;
    }

    memcpy(node->words, tree->line.items, size);
    node->count = tree->line.count;
    node->file = file->name;
    node->line = tree->line.number;
    node->parent = block;

    if (block->last == NULL) {
        block->first = node;

    } else {
        block->last->next = node;
    }

    block->last = node;

    return node;
}


/* the braces of Lua: not those in its strings and comments */

static mfa_status_t
tree_skip_lua(tree_t *tree, mfactl_file_t *file)
{
    char      c, quote;
    unsigned  depth;

    depth = 1;
    quote = '\0';

    while (file->pos < file->len && depth > 0) {
        c = file->data[file->pos++];

        if (c == '\n') {
            file->line++;
            quote = '\0';

        } else if (quote != '\0') {
            file->pos += (c == '\\' && file->pos < file->len) ? 1 : 0;
            quote = (c == quote) ? '\0' : quote;

        } else if (c == '"' || c == '\'') {
            quote = c;

        } else if (c == '-' && file->pos < file->len
                   && file->data[file->pos] == '-')
        {
            while (file->pos < file->len && file->data[file->pos] != '\n') {
                file->pos++;
            }

        } else if (c == '{') {
            depth++;

        } else if (c == '}') {
            depth--;
        }
    }

    return depth == 0 ? MFA_OK
                      : tree_wrong(tree, file, "unexpected end of file, "
                                   "expecting \"}\"");
}


static bool
tree_is_lua(mfa_str_t name)
{
    mfa_str_t  end;

    end = mfa_str("_by_lua_block");

    return name.len > end.len
           && memcmp(name.data + name.len - end.len, end.data, end.len) == 0;
}


static mfa_status_t tree_lines(tree_t *tree, mfactl_file_t *file,
    mfactl_node_t *block, bool is_block);


static mfa_status_t
tree_line(tree_t *tree, mfactl_file_t *file, mfactl_node_t *block)
{
    mfactl_node_t  *node;

    if (tree->line.end == MFACTL_END_LINE
        && mfa_str_eq_c(tree->line.items[0], "include"))
    {
        return tree_include(tree, block, file);
    }

    node = tree_add(tree, block, file);
    if (node == NULL) {
        return tree_no_memory(tree);
    }

    if (tree->line.end == MFACTL_END_LINE) {
        return MFA_OK;
    }

    return tree_is_lua(node->words[0]) ? tree_skip_lua(tree, file)
                                       : tree_lines(tree, file, node, true);
}


static mfa_status_t
tree_lines(tree_t *tree, mfactl_file_t *file, mfactl_node_t *block,
    bool is_block)
{
    mfactl_end_t  end;
    mfa_status_t  st;

    if (++tree->depth > TREE_DEPTH_MAX) {
        return tree_wrong(tree, file, "too many blocks or includes in each "
                          "other");
    }

    for ( ;; ) {
        st = mfactl_words_read(&tree->line, file);
        if (st != MFA_OK) {
            return st;
        }

        end = tree->line.end;

        if (end == MFACTL_END_BLOCK || end == MFACTL_END_FILE) {
            break;
        }

        st = tree_line(tree, file, block);
        if (st != MFA_OK) {
            return st;
        }
    }

    tree->depth--;

    if (end == MFACTL_END_BLOCK && !is_block) {
        return tree_wrong(tree, file, "unexpected \"}\"");
    }

    if (end == MFACTL_END_FILE && is_block) {
        return tree_wrong(tree, file, "unexpected end of file, expecting "
                          "\"}\"");
    }

    return MFA_OK;
}


static mfa_status_t
tree_file(tree_t *tree, const char *name, mfactl_node_t *block,
    const mfactl_file_t *from)
{
    size_t         i;
    mfa_str_t      text;
    mfa_status_t   st;
    mfactl_file_t  file;

    if (++tree->files > TREE_FILES_MAX) {
        return tree_wrong(tree, from, "too many files are included");
    }

    text = mfa_null;

    if (tree->dumps == NULL) {
        st = mfactl_tree_text(tree->arena, name, &text);

        if (st != MFA_OK) {
            mfa_error_set(tree->error, "cannot read \"%s\": %s in %s:%u",
                          name, st == MFA_NO_MEMORY ? "out of memory"
                          : strerror(errno), from->name, from->line);
            return MFA_CONFIG;
        }
    }

    for (i = 0; i < tree->dump_count; i++) {
        if (strcmp(tree->dumps[i].name, name) == 0) {
            text = mfa_str_bytes(tree->dumps[i].data, tree->dumps[i].len);
            break;
        }
    }

    file = (mfactl_file_t) { .name = name, .data = text.data,
                             .len = text.len, .line = 1 };

    return tree_lines(tree, &file, block, false);
}


static bool
tree_is_dump(mfa_str_t text)
{
    mfa_str_t  line;

    while (text.len > 0) {
        line = mfa_str_split(&text, '\n');

        if (mfa_str_has_prefix(line, mfa_str(TREE_MARK))) {
            return true;
        }

        /* what nginx says of itself comes first where both were caught */

        if (line.len > 0 && !mfa_str_has_prefix(line, mfa_str("nginx:"))) {
            return false;
        }
    }

    return false;
}


mfa_status_t
mfactl_tree_read(mfa_arena_t *arena, const char *name, mfactl_node_t **root,
    mfa_error_t *error)
{
    tree_t         tree = { .arena = arena, .error = error };
    mfa_str_t      text;
    mfa_status_t   st;
    mfactl_file_t  file;

    tree.line.arena = arena;
    tree.line.error = error;
    tree.line.is_kept = true;

    st = mfactl_tree_text(arena, name, &text);

    if (st != MFA_OK) {
        mfa_error_set(error, "cannot read \"%s\": %s", name,
                      st == MFA_NO_MEMORY ? "out of memory"
                                          : strerror(errno));
        return MFA_CONFIG;
    }

    file = (mfactl_file_t) { .name = strcmp(name, "-") == 0 ? "stdin" : name,
                             .data = text.data, .len = text.len, .line = 1 };

    if (tree_is_dump(text)) {
        st = tree_split(&tree, text);
        if (st != MFA_OK) {
            return st;
        }

        file.name = tree.dumps[0].name;
        file.data = tree.dumps[0].data;
        file.len = tree.dumps[0].len;
    }

    tree.prefix = tree_folder(&tree, file.name);
    *root = mfa_arena_alloc(arena, sizeof(mfactl_node_t));

    if (tree.prefix == NULL || *root == NULL) {
        return tree_no_memory(&tree);
    }

    (*root)->file = file.name;

    return tree_lines(&tree, &file, *root, false);
}


mfa_str_t
mfactl_tree_word(const mfactl_node_t *node, size_t i)
{
    return node != NULL && i < node->count ? node->words[i] : mfa_str("");
}


const mfactl_node_t *
mfactl_tree_next(const mfactl_node_t *node, const char *name)
{
    while (node != NULL && !mfa_str_eq_c(mfactl_tree_word(node, 0), name)) {
        node = node->next;
    }

    return node;
}


const mfactl_node_t *
mfactl_tree_find(const mfactl_node_t *block, const char *name)
{
    return block == NULL ? NULL : mfactl_tree_next(block->first, name);
}
