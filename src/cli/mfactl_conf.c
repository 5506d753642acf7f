/*
 * The reader of nginx's configuration: blocks, includes, realms.
 *
 * Follows the main context, "http" and "mfa_realm"; all other blocks are
 * gone through by their braces and nothing in them is opened. What nginx
 * would refuse is refused here with file and line.
 */

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mfactl.h"


#define CONF_DEPTH_MAX   64                 /* blocks and includes */
#define CONF_FILE_MAX    (16 * 1024 * 1024)
#define CONF_FILES_MAX   10000

typedef enum {
    PLACE_MAIN,
    PLACE_HTTP,
    PLACE_REALM,
    PLACE_OTHER
} place_t;

typedef struct {
    mfa_arena_t    *arena;
    mfactl_conf_t  *conf;
    mfa_error_t    *error;
    unsigned        depth;
    unsigned        files;
    place_t         place;
    mfactl_words_t  line;           /* the one being read */
} reader_t;

static mfa_status_t conf_file(reader_t *reader, const char *name,
    const mfactl_file_t *from);


static mfa_status_t
conf_no_memory(reader_t *reader)
{
    mfa_error_set(reader->error, "out of memory");

    return MFA_NO_MEMORY;
}


static mfa_status_t
conf_wrong(reader_t *reader, const mfactl_file_t *file, const char *what)
{
    mfa_error_set(reader->error, "%s in %s:%u", what, file->name, file->line);

    return MFA_CONFIG;
}


static mfa_status_t
conf_unexpected(reader_t *reader, const mfactl_file_t *file, char c)
{
    mfa_error_set(reader->error, "unexpected \"%c\" in %s:%u", c, file->name,
                  file->line);

    return MFA_CONFIG;
}


/* relative to the folder of the main file, as nginx does it */

static mfa_status_t
conf_include(reader_t *reader, const mfactl_file_t *file)
{
    int           rc;
    size_t        i;
    glob_t        found;
    mfa_str_t     path;
    mfa_status_t  st;

    if (reader->line.count != 2) {
        return conf_wrong(reader, file, "invalid number of arguments in "
                          "\"include\" directive");
    }

    path = mfa_arena_printf(reader->arena, "%s" MFA_STR_FMT,
                            reader->line.items[1].len > 0
                            && reader->line.items[1].data[0] == '/'
                            ? "" : reader->conf->prefix,
                            MFA_STR_ARG(reader->line.items[1]));
    if (path.data == NULL) {
        return conf_no_memory(reader);
    }

    if (strpbrk(path.data, "*?[") == NULL) {
        return conf_file(reader, path.data, file);
    }

    rc = glob(path.data, 0, NULL, &found);

    if (rc == GLOB_NOMATCH) {
        return MFA_OK;
    }

    if (rc != 0) {
        return conf_wrong(reader, file, "cannot list what \"include\" names");
    }

    st = MFA_OK;

    for (i = 0; i < found.gl_pathc && st == MFA_OK; i++) {
        path = mfa_arena_printf(reader->arena, "%s", found.gl_pathv[i]);

        st = path.data == NULL ? conf_no_memory(reader)
                               : conf_file(reader, path.data, file);
    }

    globfree(&found);

    return st;
}


static void *
conf_grow(mfa_arena_t *arena, void *items, size_t count, size_t *room,
    size_t size)
{
    void  *grown;

    if (count < *room) {
        return items;
    }

    *room = (*room == 0) ? 16 : 2 * *room;

    grown = mfa_arena_alloc(arena, *room * size);

    if (grown != NULL && count > 0) {
        memcpy(grown, items, count * size);
    }

    return grown;
}


static mfa_status_t
conf_keep_line(reader_t *reader, const mfactl_file_t *file)
{
    size_t           nargs;
    mfa_str_t       *args;
    mfactl_line_t   *line;
    mfactl_block_t  *block;

    nargs = reader->line.count - 1;
    block = &reader->conf->blocks[reader->conf->count - 1];

    block->lines = conf_grow(reader->arena, block->lines, block->count,
                             &block->room, sizeof(mfactl_line_t));
    args = mfa_arena_alloc(reader->arena, (nargs + 1) * sizeof(mfa_str_t));

    if (block->lines == NULL || args == NULL) {
        return conf_no_memory(reader);
    }

    memcpy(args, reader->line.items + 1, nargs * sizeof(mfa_str_t));

    line = &block->lines[block->count++];
    line->line.name = reader->line.items[0];
    line->line.args = args;
    line->line.nargs = nargs;
    line->line.prefix = reader->conf->prefix;
    line->file = file->name;
    line->number = reader->line.number;

    return MFA_OK;
}


static mfa_status_t
conf_keep_block(reader_t *reader, const mfactl_file_t *file)
{
    size_t           i;
    mfactl_conf_t   *conf;
    mfactl_block_t  *block;

    conf = reader->conf;

    if (reader->line.count != 2) {
        return conf_wrong(reader, file, "invalid number of arguments in "
                          "\"mfa_realm\" directive");
    }

    for (i = 0; i < conf->count; i++) {
        if (mfa_str_eq(conf->blocks[i].name, reader->line.items[1])) {
            return conf_wrong(reader, file, "duplicate realm");
        }
    }

    conf->blocks = conf_grow(reader->arena, conf->blocks, conf->count,
                             &conf->room, sizeof(mfactl_block_t));
    if (conf->blocks == NULL) {
        return conf_no_memory(reader);
    }

    block = &conf->blocks[conf->count++];
    *block = (mfactl_block_t) { .name = reader->line.items[1],
                                .file = file->name,
                                .number = reader->line.number };
    return MFA_OK;
}


static mfa_status_t
conf_block_start(reader_t *reader, const mfactl_file_t *file)
{
    mfa_str_t  name;

    name = reader->line.items[0];

    if (reader->place == PLACE_REALM) {
        return conf_unexpected(reader, file, '{');
    }

    if (reader->place == PLACE_MAIN && mfa_str_eq_c(name, "http")) {
        reader->place = PLACE_HTTP;
        return MFA_OK;
    }

    if (reader->place == PLACE_HTTP && mfa_str_eq_c(name, "mfa_realm")) {
        reader->place = PLACE_REALM;
        return conf_keep_block(reader, file);
    }

    reader->place = PLACE_OTHER;

    return MFA_OK;
}


static mfa_status_t
conf_line_done(reader_t *reader, const mfactl_file_t *file)
{
    if (reader->place == PLACE_OTHER) {
        return MFA_OK;
    }

    if (mfa_str_eq_c(reader->line.items[0], "include")) {
        return conf_include(reader, file);
    }

    if (reader->place == PLACE_REALM) {
        return conf_keep_line(reader, file);
    }

    if (reader->place == PLACE_MAIN && reader->line.count >= 2
        && mfa_str_eq_c(reader->line.items[0], "user"))
    {
        reader->conf->user = reader->line.items[1];
    }

    return MFA_OK;
}


/* up to the end of the block, or of the file where there is none */

static mfa_status_t
conf_lines(reader_t *reader, mfactl_file_t *file, bool is_block)
{
    mfactl_end_t  end;
    place_t       place;
    mfa_status_t  st;

    if (++reader->depth > CONF_DEPTH_MAX) {
        return conf_wrong(reader, file, "too many blocks or includes in each "
                          "other");
    }

    for ( ;; ) {
        reader->line.is_kept = reader->place != PLACE_OTHER;

        st = mfactl_words_read(&reader->line, file);
        end = reader->line.end;

        if (st == MFA_OK && end == MFACTL_END_LINE) {
            st = conf_line_done(reader, file);
        }

        if (st != MFA_OK) {
            return st;
        }

        if (end == MFACTL_END_BLOCK_START) {
            place = reader->place;

            st = conf_block_start(reader, file);
            if (st != MFA_OK) {
                return st;
            }

            st = conf_lines(reader, file, true);
            if (st != MFA_OK) {
                return st;
            }

            reader->place = place;
        }

        if (end == MFACTL_END_BLOCK || end == MFACTL_END_FILE) {
            break;
        }
    }

    reader->depth--;

    if (end == MFACTL_END_BLOCK && !is_block) {
        return conf_unexpected(reader, file, '}');
    }

    if (end == MFACTL_END_FILE && is_block) {
        return conf_wrong(reader, file, "unexpected end of file, expecting "
                          "\"}\"");
    }

    return MFA_OK;
}


static mfa_status_t
conf_load(reader_t *reader, const char *name, mfactl_file_t *file)
{
    char         *data;
    FILE         *stream;
    bool          is_good;
    struct stat   sb;

    stream = fopen(name, "re");
    if (stream == NULL) {
        return MFA_NOT_FOUND;
    }

    is_good = fstat(fileno(stream), &sb) == 0 && S_ISREG(sb.st_mode)
              && sb.st_size <= CONF_FILE_MAX;

    if (!is_good) {
        (void) fclose(stream);          /* was only read */
        errno = EINVAL;
        return MFA_NOT_FOUND;
    }

    data = mfa_arena_alloc(reader->arena, (size_t) sb.st_size + 1);

    if (data == NULL) {
        (void) fclose(stream);
        return MFA_NO_MEMORY;
    }

    *file = (mfactl_file_t) { .name = name, .data = data, .line = 1 };
    file->len = fread(data, 1, (size_t) sb.st_size, stream);

    is_good = !ferror(stream);

    (void) fclose(stream);

    return is_good ? MFA_OK : MFA_NOT_FOUND;
}


static mfa_status_t
conf_file(reader_t *reader, const char *name, const mfactl_file_t *from)
{
    mfa_status_t   st;
    mfactl_file_t  file;

    if (++reader->files > CONF_FILES_MAX && from != NULL) {
        return conf_wrong(reader, from, "too many files are included");
    }

    st = conf_load(reader, name, &file);

    if (st == MFA_NO_MEMORY) {
        return conf_no_memory(reader);
    }

    if (st != MFA_OK && from == NULL) {
        mfa_error_set(reader->error, "cannot read \"%s\": %s", name,
                      strerror(errno));
        return MFA_CONFIG;
    }

    if (st != MFA_OK) {
        mfa_error_set(reader->error, "cannot read \"%s\": %s in %s:%u", name,
                      strerror(errno), from->name, from->line);
        return MFA_CONFIG;
    }

    return conf_lines(reader, &file, false);
}


mfa_status_t
mfactl_conf_read(mfa_arena_t *arena, const char *file, mfactl_conf_t *conf,
    mfa_error_t *error)
{
    reader_t     reader = { .arena = arena, .conf = conf, .error = error,
                            .place = PLACE_MAIN };
    mfa_str_t    prefix;
    const char  *slash;

    *conf = (mfactl_conf_t) { .count = 0 };

    slash = strrchr(file, '/');
    prefix = slash == NULL ? mfa_str("./")
                           : mfa_str_bytes(file, (size_t) (slash - file) + 1);

    conf->prefix = mfa_arena_cstr(arena, prefix);
    reader.line.arena = arena;
    reader.line.error = error;

    if (conf->prefix == NULL) {
        return conf_no_memory(&reader);
    }

    return conf_file(&reader, file, NULL);
}
