/*
 * A line of a log: a note of monitor mode, or something else.
 *
 * Refuses what the gateway does not write. Of an error log only lines that
 * begin as nginx begins them are ours, and visitors can write such lines.
 */

#include <arpa/inet.h>
#include <time.h>

#include "mfactl_monitor.h"


#define LINE_COUNT_MAX  1000000000
#define LINE_TEXT_MAX   512


static const char *const  line_woulds[MONITOR_WOULDS] = {
    "login", "step_up", "no_access", "unavailable"
};


/* 2026-11-22T10:00:00.123Z, as mfa_time_text writes it */

static bool
line_time(mfa_str_t text, mfa_time_t *at)
{
    int        i, n[7];
    struct tm  tm;
    size_t     k;
    char       again[MFA_TIME_TEXT_SIZE];

    static const struct { size_t from, len; }  parts[] = {
        { 0, 4 }, { 5, 2 }, { 8, 2 }, { 11, 2 }, { 14, 2 }, { 17, 2 },
        { 20, 3 }
    };

    if (text.len != MFA_TIME_TEXT_SIZE - 1) {
        return false;
    }

    for (i = 0; i < 7; i++) {
        n[i] = 0;

        for (k = 0; k < parts[i].len; k++) {
            n[i] = n[i] * 10 + (text.data[parts[i].from + k] - '0');
        }
    }

    memset(&tm, 0, sizeof(tm));
    tm.tm_year = n[0] - 1900;
    tm.tm_mon = n[1] - 1;
    tm.tm_mday = n[2];
    tm.tm_hour = n[3];
    tm.tm_min = n[4];
    tm.tm_sec = n[5];

    if (n[0] < 2000 || n[0] > 2200) {
        return false;
    }

    *at = (mfa_time_t) timegm(&tm) * MFA_SECOND + n[6];

    /* what is written otherwise is no time of ours */

    mfa_time_text(*at, again);

    return mfa_str_eq_c(text, again);
}


static bool
line_text(const json_t *object, const char *name, mfa_str_t *value)
{
    const json_t  *item;

    *value = mfa_null;

    item = json_object_get(object, name);

    if (item == NULL) {
        return true;
    }

    if (!json_is_string(item)
        || json_string_length(item) > LINE_TEXT_MAX)
    {
        return false;
    }

    *value = mfa_str_bytes(json_string_value(item),
                           json_string_length(item));
    return true;
}


static bool
line_count(const json_t *object, uint64_t *count)
{
    json_int_t     n;
    const json_t  *item;

    item = json_object_get(object, "count");
    n = json_integer_value(item);

    if (!json_is_integer(item) || n < 1 || n > LINE_COUNT_MAX) {
        return false;
    }

    *count = (uint64_t) n;

    return true;
}


static bool
line_address(mfa_str_t text, mfa_address_t *address)
{
    char  copy[MFA_ADDRESS_TEXT_SIZE];

    *address = (mfa_address_t) { .len = 0 };

    if (text.len == 0) {
        return true;
    }

    if (text.len >= sizeof(copy) || memchr(text.data, '\0', text.len)) {
        return false;
    }

    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';

    if (inet_pton(AF_INET, copy, address->bytes) == 1) {
        address->len = 4;

    } else if (inet_pton(AF_INET6, copy, address->bytes) == 1) {
        address->len = 16;
    }

    return address->len > 0;
}


static bool
line_gap(const json_t *object, monitor_note_t *note)
{
    const json_t  *gap;

    note->gap_least = 0;
    note->gap_most = 0;

    gap = json_object_get(object, "gap");

    if (gap == NULL) {
        return true;
    }

    note->gap_least = json_integer_value(json_array_get(gap, 0));
    note->gap_most = json_integer_value(json_array_get(gap, 1));

    return json_array_size(gap) == 2 && note->gap_least > 0
           && note->gap_most >= note->gap_least
           && note->gap_most < 1000 * MFA_DAY;
}


static bool
line_would(mfa_str_t text, monitor_would_t *would)
{
    unsigned  i;

    for (i = 0; i < MONITOR_WOULDS; i++) {
        if (mfa_str_eq_c(text, line_woulds[i])) {
            *would = (monitor_would_t) i;
            return true;
        }
    }

    return false;
}


static bool
line_note(monitor_note_t *note)
{
    bool           is_good;
    mfa_str_t      would, address, load, time;
    const json_t  *removed, *first;

    is_good = line_text(note->json, "would", &would)
              && line_text(note->json, "address", &address)
              && line_text(note->json, "load", &load)
              && line_text(note->json, "host", &note->host)
              && line_text(note->json, "method", &note->method)
              && line_text(note->json, "path", &note->path)
              && line_text(note->json, "agent", &note->agent)
              && line_text(note->json, "mode", &note->mode)
              && line_text(note->json, "site", &note->site)
              && line_text(note->json, "auth", &note->auth)
              && line_text(note->json, "upgrade", &note->upgrade)
              && line_text(note->json, "first", &time)
              && line_would(would, &note->would)
              && line_address(address, &note->address)
              && line_gap(note->json, note)
              && note->method.len > 0 && note->path.len > 0
              && (mfa_str_eq_c(load, "page") || mfa_str_eq_c(load, "call"));

    if (!is_good) {
        return false;
    }

    note->first_at = note->at;

    if (time.len > 0
        && (!line_time(time, &note->first_at) || note->first_at > note->at))
    {
        return false;
    }

    note->is_page = mfa_str_eq_c(load, "page");
    note->is_below = json_is_true(json_object_get(note->json, "below"));

    removed = json_object_get(note->json, "removed");
    first = json_array_get(removed, 0);

    note->removed = json_is_string(first)
                    ? mfa_str_bytes(json_string_value(first),
                                    json_string_length(first))
                    : mfa_null;

    return note->removed.len <= 63;
}


/* "2026/11/22 10:00:00 [notice] 71#71: mfa: event {" */

static bool
line_error_log(mfa_str_t *text)
{
    size_t     i;
    mfa_str_t  rest, numbers;

    static const char  form[] = "0000/00/00 00:00:00 [notice] ";

    if (text->len < sizeof(form)) {
        return false;
    }

    for (i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == '0' ? text->data[i] < '0' || text->data[i] > '9'
                           : text->data[i] != form[i])
        {
            return false;
        }
    }

    rest = mfa_str_bytes(text->data + i, text->len - i);
    numbers = mfa_str_split(&rest, ' ');

    for (i = 0; i < numbers.len; i++) {
        if (strchr("0123456789#:", numbers.data[i]) == NULL) {
            return false;
        }
    }

    if (!mfa_str_has_prefix(rest, mfa_str("mfa: event {"))) {
        return false;
    }

    *text = mfa_str_bytes(rest.data + 11, rest.len - 11);

    return true;
}


void
monitor_line_end(monitor_note_t *note)
{
    json_decref(note->json);
    note->json = NULL;
}


monitor_line_t
monitor_line_read(mfa_str_t text, monitor_note_t *note)
{
    mfa_str_t       event, time;
    monitor_line_t  kind;

    static const char  mark[] = "\"event\":\"monitor";

    *note = (monitor_note_t) { .count = 0 };

    text = mfa_str_trim(text);

    if (text.len == 0 || text.data[0] != '{') {
        if (!line_error_log(&text)) {
            return MONITOR_FOREIGN;
        }

        note->is_error_log = true;
    }

    /* most lines need no parser; in a string the quotes are escaped */

    if (memmem(text.data, text.len, mark, sizeof(mark) - 1) == NULL) {
        return text.data[text.len - 1] == '}' ? MONITOR_OTHER
                                              : MONITOR_BROKEN;
    }

    note->json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES,
                            NULL);

    if (!json_is_object(note->json)
        || !line_text(note->json, "event", &event)
        || !line_text(note->json, "time", &time)
        || !line_time(time, &note->at)
        || !line_count(note->json, &note->count))
    {
        kind = MONITOR_BROKEN;

    } else if (mfa_str_eq_c(event, "monitor.dropped")) {
        kind = MONITOR_DROPPED;

    } else {
        kind = mfa_str_eq_c(event, "monitor") && line_note(note)
               ? MONITOR_NOTE : MONITOR_BROKEN;
    }

    if (kind == MONITOR_BROKEN) {
        monitor_line_end(note);
    }

    return kind;
}
