/*
 * The small values of a configuration line: times, sizes, paths, names.
 *
 * Written as nginx writes them, so that an operator has nothing to learn.
 * These say only that a value is wrong; the message is made by the caller,
 * which knows the name of the option.
 */

#include "mfa_base.h"

#include <limits.h>


#define PARSE_TIME_MAX  (3650 * MFA_DAY)


typedef struct {
    const char  *name;
    int64_t      factor;
} unit_t;


/* from large to small: "1h30m" is a time and "30m1h" is not */

static const unit_t  time_units[] = {
    { "y", 365 * MFA_DAY },
    { "M", 30 * MFA_DAY },
    { "w", 7 * MFA_DAY },
    { "d", MFA_DAY },
    { "h", MFA_HOUR },
    { "m", MFA_MINUTE },
    { "s", MFA_SECOND },
    { "ms", 1 },
    { NULL, 0 },
};

static const unit_t  size_units[] = {
    { "", 1 },
    { "k", (int64_t) 1 << 10 },
    { "K", (int64_t) 1 << 10 },
    { "m", (int64_t) 1 << 20 },
    { "M", (int64_t) 1 << 20 },
    { "g", (int64_t) 1 << 30 },
    { "G", (int64_t) 1 << 30 },
    { NULL, 0 },
};


/* takes the leading characters that are digits, or those that are not */

static mfa_str_t
parse_run(mfa_str_t *s, bool digits)
{
    bool       is_digit;
    mfa_str_t  run;

    run = *s;

    while (s->len != 0) {
        is_digit = s->data[0] >= '0' && s->data[0] <= '9';

        if (is_digit != digits) {
            break;
        }

        s->data++;
        s->len--;
    }

    run.len -= s->len;

    return run;
}


static const unit_t *
parse_unit(const unit_t *units, mfa_str_t name)
{
    for ( /* void */ ; units->name != NULL; units++) {
        if (mfa_str_eq_c(name, units->name)) {
            return units;
        }
    }

    return NULL;
}


mfa_status_t
mfa_parse_time(mfa_str_t text, mfa_time_t *out)
{
    int64_t        n, total;
    mfa_str_t      digits;
    mfa_status_t   st;
    const unit_t  *unit, *rest;

    *out = 0;

    st = mfa_str_number(text, &n);
    if (st == MFA_OK) {
        if (n > PARSE_TIME_MAX / MFA_SECOND) {
            return MFA_INVALID;
        }

        *out = n * MFA_SECOND;

        return MFA_OK;
    }

    if (text.len == 0) {
        return MFA_INVALID;
    }

    total = 0;
    rest = time_units;

    while (text.len != 0) {
        digits = parse_run(&text, true);

        st = mfa_str_number(digits, &n);
        if (st != MFA_OK) {
            return st;
        }

        unit = parse_unit(rest, parse_run(&text, false));
        if (unit == NULL || n > (PARSE_TIME_MAX - total) / unit->factor) {
            return MFA_INVALID;
        }

        total += n * unit->factor;
        rest = unit + 1;
    }

    *out = total;

    return MFA_OK;
}


mfa_status_t
mfa_parse_size(mfa_str_t text, int64_t *out)
{
    int64_t        n;
    mfa_status_t   st;
    const unit_t  *unit;

    *out = 0;

    st = mfa_str_number(parse_run(&text, true), &n);
    if (st != MFA_OK) {
        return st;
    }

    unit = parse_unit(size_units, text);
    if (unit == NULL || n > INT64_MAX / unit->factor) {
        return MFA_INVALID;
    }

    *out = n * unit->factor;

    return MFA_OK;
}


mfa_status_t
mfa_parse_path(const mfa_line_t *line, mfa_str_t text, mfa_arena_t *arena,
    mfa_str_t *out)
{
    mfa_buf_t  buf;
    mfa_str_t  prefix;

    *out = mfa_null;

    if (text.len == 0 || memchr(text.data, '\0', text.len) != NULL) {
        return MFA_INVALID;
    }

    prefix = (text.data[0] == '/') ? mfa_null : mfa_str_from(line->prefix);

    if ((text.data[0] != '/' && prefix.len == 0)
        || prefix.len + text.len >= PATH_MAX)
    {
        return MFA_INVALID;
    }

    mfa_buf_init(&buf, arena, PATH_MAX);
    mfa_buf_put(&buf, prefix);
    mfa_buf_put(&buf, text);
    mfa_buf_putc(&buf, '\0');

    if (mfa_buf_str(&buf, out) != MFA_OK) {
        return MFA_NO_MEMORY;
    }

    /* the zero byte ends the path and is not part of it */

    out->len--;

    return MFA_OK;
}


mfa_status_t
mfa_parse_named(mfa_str_t word, const char *name, mfa_str_t *value)
{
    mfa_str_t  key;

    *value = mfa_null;

    if (word.len == 0 || memchr(word.data, '=', word.len) == NULL) {
        return MFA_NOT_FOUND;
    }

    key = mfa_str_split(&word, '=');

    if (!mfa_str_eq_c(key, name)) {
        return MFA_NOT_FOUND;
    }

    *value = word;

    return MFA_OK;
}
