/*
 * One line of nginx's configuration: words, quotes, comments, what ends it.
 *
 * Takes apart what nginx takes apart and refuses what it refuses. Expands no
 * variable. The end of a file is found by its length, zero bytes are bytes.
 */

#include "mfactl.h"


#define WORD_MAX   4096             /* as nginx: one buffer */
#define WORDS_MAX  1024


static mfa_status_t
line_wrong(mfactl_words_t *line, const mfactl_file_t *file, const char *what)
{
    mfa_error_set(line->error, "%s in %s:%u", what, file->name, file->line);

    return MFA_CONFIG;
}


static mfa_status_t
line_unexpected(mfactl_words_t *line, const mfactl_file_t *file, char c)
{
    mfa_error_set(line->error, "unexpected \"%c\" in %s:%u", c, file->name,
                  file->line);

    return MFA_CONFIG;
}


static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


/* a backslash stays, but before a quote, another one, and t, r, n */

static mfa_str_t
word_unescape(mfa_arena_t *arena, mfa_str_t raw)
{
    char    c, *text;
    size_t  i, n;

    text = mfa_arena_alloc(arena, raw.len + 1);
    if (text == NULL) {
        return mfa_null;
    }

    n = 0;

    for (i = 0; i < raw.len; i++) {
        c = raw.data[i];

        if (c == '\\' && i + 1 < raw.len) {
            switch (raw.data[i + 1]) {
            case '"':
            case '\'':
            case '\\':
                c = raw.data[++i];
                break;
            case 't':
                c = '\t';
                i++;
                break;
            case 'r':
                c = '\r';
                i++;
                break;
            case 'n':
                c = '\n';
                i++;
                break;
            default:
                break;
            }
        }

        text[n++] = c;
    }

    return mfa_str_bytes(text, n);
}


/* words of foreign blocks are gone through, not kept */

static mfa_status_t
line_add_word(mfactl_words_t *line, const mfactl_file_t *file, mfa_str_t raw)
{
    if (line->count == WORDS_MAX) {

        if (!line->is_kept) {
            return MFA_OK;
        }

        return line_wrong(line, file, "too many parameters");
    }

    if (line->is_kept) {
        raw = word_unescape(line->arena, raw);

        if (raw.data == NULL) {
            mfa_error_set(line->error, "out of memory");
            return MFA_NO_MEMORY;
        }
    }

    line->items[line->count++] = raw;

    return MFA_OK;
}


static void
line_skip_blanks(mfactl_file_t *file)
{
    char  c;

    for ( /* void */ ; file->pos < file->len; file->pos++) {
        c = file->data[file->pos];

        if (c == '#') {
            while (file->pos < file->len && file->data[file->pos] != '\n') {
                file->pos++;
            }

            if (file->pos == file->len) {
                return;
            }

            c = '\n';
        }

        if (!is_blank(c)) {
            return;
        }

        if (c == '\n') {
            file->line++;
        }
    }
}


/*
 * A word in quotes. pos is behind the first one, and then behind the last;
 * what follows must be a blank or the end of the line.
 */

static mfa_status_t
line_quoted_word(mfactl_words_t *line, mfactl_file_t *file, char quote)
{
    char          c;
    size_t        start;
    mfa_status_t  st;

    start = file->pos;

    for ( /* void */ ; file->pos < file->len; file->pos++) {
        c = file->data[file->pos];

        if (c == quote) {
            break;
        }

        if (c == '\n') {
            file->line++;
        }

        if (c == '\\' && file->pos + 1 < file->len) {
            file->pos++;

            if (file->data[file->pos] == '\n') {
                file->line++;
            }
        }

        if (file->pos - start > WORD_MAX) {
            return line_wrong(line, file, "too long parameter, probably a "
                              "missing quote");
        }
    }

    if (file->pos >= file->len) {
        return line_wrong(line, file, "unexpected end of file, expecting "
                          "\";\" or \"}\"");
    }

    st = line_add_word(line, file, mfa_str_bytes(file->data + start,
                                                 file->pos - start));
    file->pos++;

    if (st != MFA_OK || file->pos == file->len) {
        return st;
    }

    c = file->data[file->pos];

    /* nginx takes a bracket as the beginning of the next word */

    if (is_blank(c) || c == ';' || c == '{' || c == ')') {
        return MFA_OK;
    }

    return line_unexpected(line, file, c);
}


static mfa_status_t
line_plain_word(mfactl_words_t *line, mfactl_file_t *file)
{
    char      c;
    bool      is_variable;
    size_t    start;
    unsigned  lines;

    start = file->pos;
    is_variable = false;
    lines = 0;

    for ( /* void */ ; file->pos < file->len; file->pos++) {
        c = file->data[file->pos];

        if (c == '{' && is_variable) {          /* ${name} */
            continue;
        }

        if (is_blank(c) || c == ';' || c == '{') {
            break;
        }

        is_variable = (c == '$');

        if (c == '\\' && file->pos + 1 < file->len) {
            file->pos++;

            if (file->data[file->pos] == '\n') {
                lines++;
            }
        }

        if (file->pos - start > WORD_MAX) {
            return line_wrong(line, file, "too long parameter");
        }
    }

    file->line += lines;

    return line_add_word(line, file, mfa_str_bytes(file->data + start,
                                                   file->pos - start));
}


mfa_status_t
mfactl_words_read(mfactl_words_t *line, mfactl_file_t *file)
{
    char          c;
    mfa_status_t  st;

    line->count = 0;

    if (line->items == NULL) {
        line->items = mfa_arena_alloc(line->arena,
                                      WORDS_MAX * sizeof(mfa_str_t));
    }

    if (line->items == NULL) {
        mfa_error_set(line->error, "out of memory");
        return MFA_NO_MEMORY;
    }

    for ( ;; ) {
        line_skip_blanks(file);

        if (file->pos == file->len) {
            line->end = MFACTL_END_FILE;

            return line->count == 0
                   ? MFA_OK
                   : line_wrong(line, file, "unexpected end of file, "
                                "expecting \";\" or \"}\"");
        }

        c = file->data[file->pos];

        if (c == ';' || c == '{' || c == '}') {
            if ((line->count == 0) != (c == '}')) {
                return line_unexpected(line, file, c);
            }

            file->pos++;
            line->number = file->line;
            line->end = (c == ';') ? MFACTL_END_LINE
                        : (c == '{') ? MFACTL_END_BLOCK_START
                        : MFACTL_END_BLOCK;
            return MFA_OK;
        }

        if (c == '"' || c == '\'') {
            file->pos++;
            st = line_quoted_word(line, file, c);

        } else {
            st = line_plain_word(line, file);
        }

        if (st != MFA_OK) {
            return st;
        }
    }
}
