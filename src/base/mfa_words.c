/*
 * Words: one language, read from a gettext .po file.
 *
 * The English text is the key. Plural forms and contexts are refused rather
 * than half understood; what is not translated, or only guessed ("fuzzy"),
 * stays English. Read once, then never changed.
 */

#include "mfa_template_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


#define WORDS_FILE_MAX    (1024 * 1024)
#define WORDS_MEMORY_MAX  ((size_t) 8 * WORDS_FILE_MAX)

/* the bytes in a file that make one word: msgid"x", a line break, msgstr"" */
#define WORD_LEAST        17


typedef struct {
    mfa_str_t  id;
    mfa_str_t  text;
    unsigned   line;
} word_t;

struct mfa_words_s {
    mfa_arena_t        *arena;
    word_t             *items;      /* sorted by id */
    size_t              count;
    mfa_str_t           header;
    const mfa_words_t  *base;       /* what is not in here; NULL: none */
};

typedef enum {
    PO_START = 0,
    PO_ID,
    PO_TEXT
} po_state_t;

typedef struct {
    mfa_words_t  *words;
    mfa_error_t  *error;
    const char   *path;
    unsigned      line;
    po_state_t    state;
    word_t        word;             /* the one being read */
    bool          is_fuzzy;
    bool          is_next_fuzzy;
    char         *text;             /* unquoted texts, one after another */
    size_t        len;
} po_t;


static mfa_status_t
po_fault(const po_t *po, unsigned line, const char *what, mfa_str_t shown)
{
    mfa_error_set(po->error, "%s \"" MFA_STR_FMT "\" in %s:%u", what,
                  MFA_STR_ARG(shown), po->path, line);

    return MFA_CONFIG;
}


static mfa_status_t
po_io_fault(mfa_error_t *error, const char *call, const char *path)
{
    int  err;

    err = errno;

    mfa_error_set(error, "%s \"%s\" failed (%d: %s)", call, path, err,
                  strerror(err));

    return MFA_CONFIG;
}


static char
po_unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
        return c;
    default:
        return '\0';
    }
}


/* appends what stands between the quotes of line to s, the newest text */

static mfa_status_t
po_unquote(po_t *po, mfa_str_t line, mfa_str_t *s)
{
    char    c;
    size_t  i;

    if (line.len == 0 || line.data[0] != '"') {
        return po_fault(po, po->line, "missing quote at", line);
    }

    for (i = 1; i < line.len && line.data[i] != '"'; i++) {
        c = line.data[i];

        if (c == '\\' && i + 1 < line.len) {
            c = po_unescape(line.data[++i]);

            if (c == '\0') {
                return po_fault(po, po->line, "unknown escape",
                                mfa_str_bytes(line.data + i - 1, 2));
            }
        }

        po->text[po->len++] = c;
        s->len++;
    }

    if (i != line.len - 1) {
        return po_fault(po, po->line, "broken string", line);
    }

    return MFA_OK;
}


/* the header has an empty id */

static mfa_status_t
po_end_word(po_t *po)
{
    if (po->state == PO_ID) {
        return po_fault(po, po->word.line, "no \"msgstr\" after",
                        mfa_str("msgid"));
    }

    if (po->state == PO_TEXT && po->word.id.len != 0 && !po->is_fuzzy) {
        po->words->items[po->words->count++] = po->word;

    } else if (po->state == PO_TEXT && po->word.id.len == 0) {
        po->words->header = po->word.text;
    }

    po->state = PO_START;

    return MFA_OK;
}


static mfa_status_t
po_start_id(po_t *po, mfa_str_t quoted)
{
    mfa_status_t  st;

    st = po_end_word(po);
    if (st != MFA_OK) {
        return st;
    }

    po->state = PO_ID;
    po->word = (word_t) { .id = { po->text + po->len, 0 },
                          .line = po->line };
    po->is_fuzzy = po->is_next_fuzzy;
    po->is_next_fuzzy = false;

    return po_unquote(po, quoted, &po->word.id);
}


static mfa_status_t
po_start_text(po_t *po, mfa_str_t quoted)
{
    if (po->state != PO_ID) {
        return po_fault(po, po->line, "unexpected", mfa_str("msgstr"));
    }

    po->state = PO_TEXT;
    po->word.text = mfa_str_bytes(po->text + po->len, 0);

    return po_unquote(po, quoted, &po->word.text);
}


static mfa_status_t
po_continue(po_t *po, mfa_str_t quoted)
{
    if (po->state == PO_START) {
        return po_fault(po, po->line, "unexpected", mfa_str("string"));
    }

    return po_unquote(po, quoted, (po->state == PO_ID) ? &po->word.id
                                                       : &po->word.text);
}


static void
po_read_comment(po_t *po, mfa_str_t line)
{
    if (mfa_str_has_prefix(line, mfa_str("#,"))
        && memmem(line.data, line.len, "fuzzy", 5) != NULL)
    {
        po->is_next_fuzzy = true;
    }
}


static mfa_status_t
po_read_line(po_t *po, mfa_str_t line)
{
    size_t     len;
    mfa_str_t  keyword;

    line = mfa_str_trim(line);

    if (line.len == 0) {
        return MFA_OK;
    }

    if (line.data[0] == '#') {
        po_read_comment(po, line);
        return MFA_OK;
    }

    if (line.data[0] == '"') {
        return po_continue(po, line);
    }

    for (len = 0; len < line.len; len++) {
        if (strchr(" \t\"", line.data[len]) != NULL) {
            break;
        }
    }

    keyword = mfa_str_bytes(line.data, len);
    line = mfa_str_trim(mfa_str_bytes(line.data + len, line.len - len));

    if (mfa_str_eq_c(keyword, "msgid")) {
        return po_start_id(po, line);
    }

    if (mfa_str_eq_c(keyword, "msgstr")) {
        return po_start_text(po, line);
    }

    return po_fault(po, po->line, "unsupported", keyword);
}


static int
word_compare(const void *a, const void *b)
{
    int            order;
    const word_t  *one, *two;

    one = a;
    two = b;

    order = mfa_str_cmp(one->id, two->id);
    if (order != 0) {
        return order;
    }

    return (one->line > two->line) - (one->line < two->line);
}


static mfa_status_t
po_sort(const po_t *po)
{
    size_t   i;
    word_t  *items;

    items = po->words->items;

    if (po->words->count != 0) {
        qsort(items, po->words->count, sizeof(word_t), word_compare);
    }

    for (i = 1; i < po->words->count; i++) {
        if (mfa_str_eq(items[i - 1].id, items[i].id)) {
            return po_fault(po, items[i].line, "duplicate \"msgid\"",
                            items[i].id);
        }
    }

    return MFA_OK;
}


static mfa_status_t
po_read(po_t *po, mfa_str_t file)
{
    mfa_str_t     line;
    mfa_status_t  st;

    while (file.len != 0) {
        line = mfa_str_split(&file, '\n');
        po->line++;

        if (!mfa_text_is_utf8(line)) {
            return po_fault(po, po->line, "invalid", mfa_str("UTF-8"));
        }

        st = po_read_line(po, line);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = po_end_word(po);
    if (st != MFA_OK) {
        return st;
    }

    return po_sort(po);
}


static mfa_status_t
file_read_fd(int fd, const char *path, mfa_arena_t *arena,
    mfa_error_t *error, mfa_str_t *out)
{
    char         *data;
    size_t        len, size;
    ssize_t       n;
    struct stat   info;

    if (fstat(fd, &info) == -1) {
        return po_io_fault(error, "fstat()", path);
    }

    if (!S_ISREG(info.st_mode) || info.st_size > WORDS_FILE_MAX) {
        mfa_error_set(error, "\"%s\" is %s", path,
                      S_ISREG(info.st_mode) ? "too large" : "not a file");
        return MFA_CONFIG;
    }

    size = (size_t) info.st_size;

    data = mfa_arena_alloc(arena, size + 1);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    for (len = 0; len < size; len += (size_t) n) {
        n = read(fd, data + len, size - len);
        if (n <= 0) {
            return po_io_fault(error, "read()", path);
        }
    }

    *out = mfa_str_bytes(data, len);

    return MFA_OK;
}


static mfa_status_t
file_read(const char *path, mfa_arena_t *arena, mfa_error_t *error,
    mfa_str_t *out)
{
    int           fd;
    mfa_status_t  st;

    /* a pipe in the place of the file must not hang nginx -t */

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd == -1) {
        return po_io_fault(error, "open()", path);
    }

    st = file_read_fd(fd, path, arena, error, out);
    (void) close(fd);       /* it was only read */

    return st;
}


static mfa_status_t
words_fill(mfa_words_t *words, const char *path, mfa_error_t *error)
{
    po_t          po;
    mfa_str_t     file;
    mfa_status_t  st;

    st = file_read(path, words->arena, error, &file);
    if (st != MFA_OK) {
        return st;
    }

    po = (po_t) { .words = words, .error = error, .path = path };

    /* no text grows by unquoting */

    po.text = mfa_arena_alloc(words->arena, file.len + 1);
    words->items = mfa_arena_alloc(words->arena, (file.len / WORD_LEAST + 1)
                                                 * sizeof(word_t));

    if (mfa_arena_has_failed(words->arena)) {
        return MFA_NO_MEMORY;
    }

    return po_read(&po, file);
}


mfa_status_t
mfa_words_open(const char *path, mfa_error_t *error, mfa_words_t **words)
{
    mfa_arena_t   *arena;
    mfa_words_t   *opened;
    mfa_status_t   st;

    *words = NULL;

    arena = mfa_arena_open(WORDS_MEMORY_MAX);
    opened = mfa_arena_alloc(arena, sizeof(mfa_words_t));

    st = MFA_NO_MEMORY;

    if (opened != NULL) {
        opened->arena = arena;
        st = words_fill(opened, path, error);
    }

    if (st == MFA_NO_MEMORY) {
        mfa_error_set(error, "%s", mfa_status_text(st));
    }

    if (st != MFA_OK) {
        mfa_arena_close(&arena);
        return st;
    }

    *words = opened;

    return MFA_OK;
}


void
mfa_words_close(mfa_words_t **words)
{
    mfa_arena_t  *arena;

    if (words == NULL || *words == NULL) {
        return;
    }

    /* the words themselves live in their arena */

    arena = (*words)->arena;
    *words = NULL;

    mfa_arena_close(&arena);
}


/* what stands for text in this file alone; data NULL: nothing */

static mfa_str_t
words_find(const mfa_words_t *words, mfa_str_t text)
{
    size_t  low, high, middle;
    int     order;

    low = 0;
    high = words->count;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = mfa_str_cmp(text, words->items[middle].id);

        if (order == 0) {
            return words->items[middle].text.len != 0
                   ? words->items[middle].text : mfa_null;
        }

        if (order < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return mfa_null;
}


void
mfa_words_join(mfa_words_t *words, const mfa_words_t *base)
{
    words->base = base;
}


mfa_str_t
mfa_words_get(const mfa_words_t *words, mfa_str_t text)
{
    mfa_str_t  found;

    for ( /* void */ ; words != NULL; words = words->base) {
        found = words_find(words, text);

        if (found.data != NULL) {
            return found;
        }
    }

    return text;
}


mfa_str_t
mfa_words_header(const mfa_words_t *words, const char *name)
{
    mfa_str_t  rest, line, first;

    rest = words->header;

    while (rest.len != 0) {
        line = mfa_str_split(&rest, '\n');
        first = mfa_str_split(&line, ':');

        if (mfa_str_eq_c(first, name)) {
            return mfa_str_trim(line);
        }
    }

    return mfa_null;
}


mfa_status_t
mfa_words_check(const mfa_words_t *words, const char *path,
    mfa_error_t *error)
{
    size_t         i;
    po_t           po;
    mfa_str_t      value;
    const char    *fault;
    const word_t  *word;

    po = (po_t) { .path = path, .error = error };

    for (i = 0; i < words->count; i++) {
        word = &words->items[i];
        fault = mfa_words_fault(word->id, word->text, &value);

        if (fault != NULL) {
            return po_fault(&po, word->line, fault, value);
        }
    }

    return MFA_OK;
}
