/*
 * The rows of a CSV file (RFC 4180), read as a whole through libcsv.
 *
 * Bounded in bytes and rows. The memory is an arena's, which wipes it: there
 * may be password hashes in it, and no message may hold one.
 */

#include <csv.h>
#include <stdlib.h>

#include "mfactl.h"


#define CSV_BYTES_MAX  ((size_t) 512 * 1024 * 1024)
#define CSV_ROWS_MAX   2000000
#define CSV_LINE_MAX   (64 * 1024)

typedef struct {
    mfa_arena_t   *arena;
    mfactl_csv_t  *csv;
    mfa_error_t   *error;
    mfa_status_t   st;
    mfa_str_t     *values;          /* of the row being read */
    size_t         count;           /* columns, or more than there are */
    unsigned       line;            /* where that row began */
    bool           has_header;
} parse_t;


static void
parse_header(parse_t *parse, mfa_str_t value)
{
    if (parse->st != MFA_OK) {
        return;
    }

    if (parse->csv->columns.count == 0
        && mfa_str_has_prefix(value, mfa_str("\xef\xbb\xbf")))
    {
        value = mfa_str_bytes(value.data + 3, value.len - 3);
    }

    if (value.len > 0 && memchr(value.data, ';', value.len) != NULL) {
        mfa_error_set(parse->error, "line %u: columns are separated by "
                      "commas, not by semicolons", parse->line);
        parse->st = MFA_INVALID;
        return;
    }

    parse->st = mfactl_columns_add(&parse->csv->columns, value, parse->arena,
                                   parse->error);
}


static void
parse_value(void *data, size_t len, void *arg)
{
    parse_t       *parse = arg;
    mfa_status_t   st;

    if (!parse->has_header) {
        parse_header(parse, mfa_str_bytes(data, len));
        return;
    }

    if (parse->st == MFA_OK && parse->values == NULL) {
        parse->values = mfa_arena_alloc(parse->arena,
                                        parse->csv->columns.count
                                        * sizeof(mfa_str_t));
        if (parse->values == NULL) {
            parse->st = MFA_NO_MEMORY;
        }
    }

    if (parse->st == MFA_OK && parse->count < parse->csv->columns.count) {
        st = mfa_arena_copy(parse->arena, mfa_str_bytes(data, len),
                            &parse->values[parse->count]);
        parse->st = st;
    }

    parse->count++;
}


static void
parse_header_end(parse_t *parse)
{
    const mfactl_columns_t  *columns = &parse->csv->columns;

    parse->has_header = true;

    if (parse->st == MFA_OK && !mfactl_columns_have(columns, MFACTL_EMAIL)
        && !mfactl_columns_have(columns, MFACTL_USER))
    {
        mfa_error_set(parse->error, "line %u: the header has neither "
                      "\"email\" nor \"user\"", parse->line);
        parse->st = MFA_INVALID;
    }
}


static mfactl_row_t *
parse_room(parse_t *parse)
{
    mfactl_csv_t  *csv = parse->csv;
    mfactl_row_t  *rows;

    if (csv->count == CSV_ROWS_MAX) {
        mfa_error_set(parse->error, "more than %d rows", CSV_ROWS_MAX);
        parse->st = MFA_INVALID;
        return NULL;
    }

    if (csv->count == csv->room) {
        csv->room = csv->room == 0 ? 1024 : 2 * csv->room;

        rows = mfa_arena_alloc(parse->arena,
                               csv->room * sizeof(mfactl_row_t));
        if (rows == NULL) {
            parse->st = MFA_NO_MEMORY;
            return NULL;
        }

        if (csv->count > 0) {
            memcpy(rows, csv->rows, csv->count * sizeof(mfactl_row_t));
        }

        csv->rows = rows;
    }

    return &csv->rows[csv->count++];
}


static void
parse_row(int c, void *arg)
{
    size_t         wanted;
    parse_t       *parse = arg;
    mfa_str_t      reason;
    mfactl_row_t  *row;

    (void) c;

    if (!parse->has_header) {
        parse_header_end(parse);
        return;
    }

    if (parse->st != MFA_OK) {
        return;
    }

    row = parse_room(parse);
    if (row == NULL) {
        return;
    }

    wanted = parse->csv->columns.count;

    *row = (mfactl_row_t) { .line = parse->line, .values = parse->values };

    if (parse->count != wanted) {
        reason = mfa_arena_printf(parse->arena, "%zu values, the header has "
                                  "%zu columns", parse->count, wanted);

        row->reason = mfa_arena_cstr(parse->arena, reason);
    }

    parse->values = NULL;
    parse->count = 0;
}


/* line by line, so that it is known on which one a row begins */

static mfa_status_t
parse_lines(parse_t *parse, struct csv_parser *parser, FILE *file)
{
    char      *text;
    size_t     size, bytes;
    ssize_t    len;
    unsigned   line;

    text = NULL;
    size = 0;
    bytes = 0;

    for (line = 1; parse->st == MFA_OK; line++) {
        len = getline(&text, &size, file);
        if (len <= 0) {
            break;
        }

        bytes += (size_t) len;

        if (len > CSV_LINE_MAX || bytes > CSV_BYTES_MAX) {
            mfa_error_set(parse->error, "line %u: the %s is too long", line,
                          len > CSV_LINE_MAX ? "line" : "file");
            parse->st = MFA_INVALID;
            break;
        }

        /* 0: between two rows; the struct is part of libcsv's interface */

        if (parser->pstate == 0) {
            parse->line = line;
        }

        if (csv_parse(parser, text, (size_t) len, parse_value, parse_row,
                      parse)
            != (size_t) len)
        {
            mfa_error_set(parse->error, "line %u: quotes in disorder; a quote "
                          "in a value is written twice, in a value in quotes",
                          line);
            parse->st = MFA_INVALID;
        }
    }

    if (parse->st == MFA_OK && ferror(file)) {
        mfa_error_set(parse->error, "cannot be read");
        parse->st = MFA_INVALID;
    }

    if (text != NULL) {
        mfa_wipe(text, size);
        free(text);
    }

    return parse->st;
}


mfa_status_t
mfactl_csv_read(FILE *file, mfa_arena_t *arena, mfactl_csv_t *csv,
    mfa_error_t *error)
{
    parse_t            parse = { .arena = arena, .csv = csv, .error = error,
                                 .line = 1 };
    mfa_status_t       st;
    struct csv_parser  parser;

    *csv = (mfactl_csv_t) { .count = 0 };
    error->text[0] = '\0';

    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    st = parse_lines(&parse, &parser, file);

    if (st == MFA_OK
        && csv_fini(&parser, parse_value, parse_row, &parse) != 0)
    {
        mfa_error_set(error, "line %u: a quote that is not closed",
                      parse.line);
        st = MFA_INVALID;
    }

    if (st == MFA_OK) {
        st = parse.st;
    }

    if (parser.entry_buf != NULL) {
        mfa_wipe(parser.entry_buf, parser.entry_size);
    }

    csv_free(&parser);

    if (st == MFA_OK && !parse.has_header) {
        mfa_error_set(error, "there is no header");
        st = MFA_INVALID;
    }

    if (st != MFA_OK && error->text[0] == '\0') {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    return st;
}
