/*
 * What mfactl prints: lines and tables for people, JSON for programs.
 *
 * Whatever comes from the store or a file is printed through here: a name
 * with escape codes in it must never reach a terminal as it stands.
 */

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "mfactl.h"


#define OUT_LINE_MAX    2048
#define OUT_LABEL       16
#define PROGRESS_QUIET  (2 * MFA_SECOND)
#define PROGRESS_STEP   (MFA_SECOND / 5)


/* length of the character at s: 0 when it is one that a terminal obeys */

static size_t
out_length(mfa_str_t s)
{
    size_t         len;
    mfa_str_t      part;
    unsigned char  c;

    c = (unsigned char) s.data[0];
    len = (c < 0x80) ? 1 : (c < 0xe0) ? 2 : (c < 0xf0) ? 3 : 4;

    if (len > s.len) {
        return 0;
    }

    part = mfa_str_bytes(s.data, len);

    if (!mfa_text_is_utf8(part) || mfa_text_has_control(part)) {
        return 0;
    }

    /* U+202A-202E, U+2066-2069: they turn the order of what follows */

    if (len == 3 && c == 0xe2
        && ((memcmp(s.data, "\xe2\x80\xaa", 3) >= 0
             && memcmp(s.data, "\xe2\x80\xae", 3) <= 0)
            || (memcmp(s.data, "\xe2\x81\xa6", 3) >= 0
                && memcmp(s.data, "\xe2\x81\xa9", 3) <= 0)))
    {
        return 0;
    }

    return len;
}


void
mfactl_print(FILE *file, mfa_str_t s)
{
    size_t  len;

    while (s.len > 0) {
        len = out_length(s);

        if (len == 0) {
            fprintf(file, "\\x%02x", (unsigned) (unsigned char) s.data[0]);
            len = 1;

        } else {
            (void) fwrite(s.data, 1, len, file);    /* mfactl_out_end looks */
        }

        s.data += len;
        s.len -= len;
    }
}


/* \u007f is the one control byte that jansson leaves as it is */

static void
out_json(const json_t *value, size_t flags)
{
    char  *text, *c;

    text = json_dumps(value, flags | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
    if (text == NULL) {
        return;
    }

    for (c = text; *c != '\0'; c++) {
        if (*c == 0x7f) {
            fputs("\\u007f", stdout);

        } else {
            putchar(*c);
        }
    }

    free(text);
}


mfactl_exit_t
mfactl_fail(mfactl_t *ctl, mfactl_exit_t code, const char *fmt, ...)
{
    char      text[OUT_LINE_MAX];
    json_t   *object;
    va_list   args;

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    (void) fflush(stdout);              /* before what goes to stderr */

    /* half a list is no JSON: then the message goes beside it */

    if (!ctl->is_json || ctl->has_list) {
        fputs("mfactl: ", stderr);
        mfactl_print(stderr, mfa_str_from(text));
        fputc('\n', stderr);
        return code;
    }

    object = json_object();
    mfactl_set(object, "error", mfa_str_from(text));
    json_object_set_new(object, "exit", json_integer(code));
    mfactl_put(ctl, object);

    return code;
}


mfactl_exit_t
mfactl_fail_status(mfactl_t *ctl, mfa_status_t st, const char *what)
{
    return mfactl_fail(ctl, mfa_status_is_fault(st) ? MFACTL_FAULT
                                                    : MFACTL_REFUSED,
                       "cannot %s: %s", what, mfa_status_text(st));
}


void
mfactl_say(const mfactl_t *ctl, const char *fmt, ...)
{
    char     text[OUT_LINE_MAX];
    va_list  args;

    if (ctl->is_json) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    mfactl_print(stdout, mfa_str_from(text));
    putchar('\n');
}


static json_t *
out_text(mfa_str_t value)
{
    char    *copy;
    size_t   i;
    json_t  *text;

    text = json_stringn(value.data == NULL ? "" : value.data, value.len);

    if (text != NULL) {
        return text;
    }

    copy = malloc(value.len + 1);
    if (copy == NULL) {
        return json_null();
    }

    for (i = 0; i < value.len; i++) {
        copy[i] = ((unsigned char) value.data[i] < 0x80) ? value.data[i] : '?';
    }

    text = json_stringn(copy, value.len);
    free(copy);

    return text;
}


void
mfactl_set(json_t *object, const char *name, mfa_str_t value)
{
    json_object_set_new(object, name, out_text(value));
}


void
mfactl_set_time(json_t *object, const char *name, mfa_time_t at)
{
    char  text[MFA_TIME_TEXT_SIZE];

    if (at == 0) {
        json_object_set_new(object, name, json_null());
        return;
    }

    mfa_time_text(at, text);
    mfactl_set(object, name, mfa_str_from(text));
}


void
mfactl_set_list(json_t *object, const char *name, const mfa_strs_t *list)
{
    size_t   i;
    json_t  *array;

    array = json_array();

    for (i = 0; i < list->count; i++) {
        json_array_append_new(array, out_text(list->items[i]));
    }

    json_object_set_new(object, name, array);
}


/* one value for people, on one line; returns how many bytes it took */

static size_t
out_value(json_t *value)
{
    size_t       i, len;
    mfa_str_t    s;
    const char  *name;
    json_t      *item;
    char         number[32];

    len = 0;

    if (json_is_string(value)) {
        s = mfa_str_bytes(json_string_value(value),
                          json_string_length(value));
        s = s.len == 0 ? mfa_str("-") : s;
        mfactl_print(stdout, s);
        return mfa_text_length(s);
    }

    if ((json_is_array(value) && json_array_size(value) == 0)
        || (json_is_object(value) && json_object_size(value) == 0))
    {
        value = NULL;
    }

    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            len += i > 0 ? fwrite(", ", 1, 2, stdout) : 0;
            len += out_value(item);
        }

        return len;
    }

    if (json_is_object(value)) {
        json_object_foreach(value, name, item) {
            len += len > 0 ? fwrite(" ", 1, 1, stdout) : 0;
            mfactl_print(stdout, mfa_str_from(name));
            putchar('=');
            len += strlen(name) + 1 + out_value(item);
        }

        return len;
    }

    if (json_is_integer(value)) {
        (void) snprintf(number, sizeof(number), "%lld",
                        (long long) json_integer_value(value));

    } else {
        (void) snprintf(number, sizeof(number), "%s",
                        json_is_true(value) ? "yes"
                        : json_is_false(value) ? "no" : "-");
    }

    fputs(number, stdout);

    return strlen(number);
}


static void
out_pad(size_t used, size_t width)
{
    for ( /* void */ ; used < width; used++) {
        putchar(' ');
    }
}


void
mfactl_put(mfactl_t *ctl, json_t *object)
{
    json_t      *value;
    const char  *name;

    if (ctl->is_json) {
        out_json(object, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
        return;
    }

    json_object_foreach(object, name, value) {
        mfactl_print(stdout, mfa_str_from(name));
        putchar(':');
        out_pad(strlen(name) + 1, OUT_LABEL);
        putchar(' ');
        (void) out_value(value);
        putchar('\n');
    }

    json_decref(object);
}


/* the next "name:width"; false at the end */

static bool
out_column(mfa_str_t *columns, mfa_str_t *name, size_t *width)
{
    int64_t    n;
    mfa_str_t  word;

    if (columns->len == 0) {
        return false;
    }

    word = mfa_str_split(columns, ' ');
    *name = mfa_str_split(&word, ':');
    *width = (mfa_str_number(word, &n) == MFA_OK) ? (size_t) n : 0;

    return true;
}


void
mfactl_list_begin(mfactl_t *ctl, const char *columns)
{
    size_t     width;
    mfa_str_t  name, rest;

    ctl->has_list = true;

    if (ctl->is_json) {
        putchar('[');
        return;
    }

    rest = mfa_str_from(columns);

    while (out_column(&rest, &name, &width)) {
        mfactl_print(stdout, name);

        if (rest.len > 0) {
            out_pad(name.len, width);
            fputs("  ", stdout);
        }
    }

    putchar('\n');
}


void
mfactl_list_row(mfactl_t *ctl, const char *columns, json_t *row)
{
    size_t     len, width;
    json_t    *value;
    mfa_str_t  name, rest;

    if (ctl->is_json) {
        fputs(ctl->is_list_begun ? ",\n " : "\n ", stdout);
        ctl->is_list_begun = true;
        out_json(row, JSON_COMPACT);
        json_decref(row);
        return;
    }

    rest = mfa_str_from(columns);

    while (out_column(&rest, &name, &width)) {
        value = json_object_getn(row, name.data, name.len);
        len = out_value(value);

        if (rest.len > 0) {
            out_pad(len, width);
            fputs("  ", stdout);
        }
    }

    putchar('\n');
    json_decref(row);
}


void
mfactl_list_end(mfactl_t *ctl)
{
    if (ctl->is_json) {
        fputs(ctl->is_list_begun ? "\n]\n" : "]\n", stdout);
    }

    ctl->is_list_begun = false;
}


mfactl_exit_t
mfactl_out_end(mfactl_t *ctl, mfactl_exit_t code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return code;
    }

    ctl->is_json = false;

    return mfactl_fail(ctl, MFACTL_FAULT, "cannot write all of the output");
}


void
mfactl_progress_begin(const mfactl_t *ctl, mfactl_progress_t *progress)
{
    *progress = (mfactl_progress_t) { .is_terminal = isatty(STDERR_FILENO) };

    progress->began_at = mfa_port_now(&mfa_ports_system);
    progress->told_at = progress->began_at;
    progress->is_silent = ctl->is_json && !progress->is_terminal;
}


/* lines in a file are fewer than what a terminal can show in one line */

void
mfactl_progress_tell(mfactl_progress_t *progress, const char *what,
    uint64_t done, uint64_t all)
{
    mfa_time_t  now, step;

    now = mfa_port_now(&mfa_ports_system);
    step = progress->is_terminal ? PROGRESS_STEP : PROGRESS_QUIET;

    if (progress->is_silent || now - progress->told_at < step) {
        return;
    }

    progress->told_at = now;

    fprintf(stderr, "%s%s %llu of %llu%s", progress->is_terminal ? "\r" : "",
            what, (unsigned long long) done, (unsigned long long) all,
            progress->is_terminal ? " " : "\n");
}


void
mfactl_progress_end(const mfactl_progress_t *progress)
{
    if (progress->is_terminal && progress->told_at != progress->began_at) {
        fputc('\n', stderr);
    }
}
