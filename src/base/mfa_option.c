/*
 * Options: one line of a realm, found in a table and set in a struct.
 *
 * Knows the forms of values, never what an option means. Messages are
 * fragments in the way of nginx, without file, line and full stop.
 */

#include "mfa_base.h"


#define OPTION_ROWS_MAX  64


static mfa_status_t
option_check_nargs(const mfa_option_t *option, const mfa_line_t *line,
    size_t least, size_t most, mfa_error_t *error)
{
    if (line->nargs >= least && line->nargs <= most) {
        return MFA_OK;
    }

    mfa_error_set(error, "invalid number of arguments in \"%s\" directive",
                  option->name);

    return MFA_CONFIG;
}


static mfa_status_t
option_invalid(const mfa_option_t *option, mfa_str_t value, const char *wanted,
    mfa_error_t *error)
{
    mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"%s\", "
                  "it must be %s", MFA_STR_ARG(value), option->name, wanted);

    return MFA_CONFIG;
}


static mfa_status_t
option_no_memory(mfa_error_t *error)
{
    mfa_error_set(error, "%s", mfa_status_text(MFA_NO_MEMORY));

    return MFA_NO_MEMORY;
}


/* target is a struct of any type; offsetof made the place right */

static void *
option_field(const mfa_option_t *option, void *target)
{
    return (char *) target + option->offset;
}


mfa_status_t
mfa_option_apply(const mfa_option_t *table, uint64_t *seen,
    const mfa_line_t *line, void *target, mfa_arena_t *arena,
    mfa_error_t *error)
{
    size_t    row;
    uint64_t  bit;

    for (row = 0; table[row].name != NULL; row++) {
        if (mfa_str_eq_c(line->name, table[row].name)) {
            break;
        }
    }

    if (table[row].name == NULL) {
        return MFA_NOT_FOUND;
    }

    if (row >= OPTION_ROWS_MAX) {
        mfa_error_set(error, "too many rows in the table of \"%s\"",
                      table[row].name);
        return MFA_BUG;
    }

    bit = (uint64_t) 1 << row;

    if ((*seen & bit) && !table[row].is_many) {
        mfa_error_set(error, "\"%s\" directive is duplicate",
                      table[row].name);
        return MFA_CONFIG;
    }

    *seen |= bit;

    return table[row].set(&table[row], line, target, arena, error);
}


mfa_status_t
mfa_option_complete(const mfa_option_t *table, uint64_t seen,
    mfa_error_t *error)
{
    size_t  row;

    for (row = 0; row < OPTION_ROWS_MAX && table[row].name != NULL; row++) {
        if (table[row].is_required && !(seen & ((uint64_t) 1 << row))) {
            mfa_error_set(error, "\"%s\" directive is missing",
                          table[row].name);
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


MFA_OPTION_SETTER(mfa_option_set_flag)
{
    bool          *field;
    mfa_status_t   st;

    (void) arena;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    field = option_field(option, target);

    if (mfa_str_eq_c(line->args[0], "on")) {
        *field = true;

    } else if (mfa_str_eq_c(line->args[0], "off")) {
        *field = false;

    } else {
        return option_invalid(option, line->args[0], "\"on\" or \"off\"",
                              error);
    }

    return MFA_OK;
}


MFA_OPTION_SETTER(mfa_option_set_str)
{
    mfa_status_t  st;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_arena_copy(arena, line->args[0], option_field(option, target));

    return (st == MFA_OK) ? MFA_OK : option_no_memory(error);
}


MFA_OPTION_SETTER(mfa_option_set_path)
{
    mfa_status_t  st;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_parse_path(line, line->args[0], arena,
                        option_field(option, target));
    if (st == MFA_INVALID) {
        return option_invalid(option, line->args[0], "a path", error);
    }

    return (st == MFA_OK) ? MFA_OK : option_no_memory(error);
}


static mfa_status_t
option_add_str(mfa_strs_t *list, mfa_str_t s, mfa_arena_t *arena)
{
    mfa_str_t     copy;
    mfa_status_t  st;

    st = mfa_arena_copy(arena, s, &copy);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_strs_add(arena, list, copy);
}


MFA_OPTION_SETTER(mfa_option_set_strs)
{
    size_t        i;
    mfa_status_t  st;

    st = option_check_nargs(option, line, 1, SIZE_MAX, error);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < line->nargs; i++) {
        st = option_add_str(option_field(option, target), line->args[i],
                            arena);
        if (st == MFA_INVALID) {
            mfa_error_set(error, "too many values in \"%s\", "
                          "there may be %d", option->name, MFA_LIST_MAX);
            return MFA_CONFIG;
        }

        if (st != MFA_OK) {
            return option_no_memory(error);
        }
    }

    return MFA_OK;
}


/* "a", "b" or "c" */

static void
option_enum_names(const mfa_enum_t *names, char *text, size_t size)
{
    int          n;
    size_t       i, len;
    const char  *gap;

    len = 0;
    text[0] = '\0';

    for (i = 0; names[i].name != NULL; i++) {
        if (i == 0) {
            gap = "";

        } else {
            gap = (names[i + 1].name == NULL) ? " or " : ", ";
        }

        n = snprintf(text + len, size - len, "%s\"%s\"", gap, names[i].name);
        if (n < 0 || (size_t) n >= size - len) {
            return;
        }

        len += (size_t) n;
    }
}


MFA_OPTION_SETTER(mfa_option_set_enum)
{
    int               *field;
    char               text[256];
    size_t             i;
    mfa_status_t       st;
    const mfa_enum_t  *names;

    (void) arena;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    field = option_field(option, target);
    names = option->data;

    for (i = 0; names[i].name != NULL; i++) {
        if (mfa_str_eq_c(line->args[0], names[i].name)) {
            *field = names[i].value;
            return MFA_OK;
        }
    }

    option_enum_names(names, text, sizeof(text));

    return option_invalid(option, line->args[0], text, error);
}


static bool
option_is_within(const mfa_option_t *option, int64_t n)
{
    const mfa_bounds_t  *bounds;

    bounds = option->data;

    return bounds == NULL || (n >= bounds->least && n <= bounds->most);
}


MFA_OPTION_SETTER(mfa_option_set_number)
{
    char                 text[64];
    int64_t              n, *field;
    mfa_status_t         st;
    const mfa_bounds_t  *bounds;

    (void) arena;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_str_number(line->args[0], &n);
    if (st == MFA_OK && option_is_within(option, n)) {
        field = option_field(option, target);
        *field = n;
        return MFA_OK;
    }

    bounds = option->data;

    if (bounds == NULL) {
        return option_invalid(option, line->args[0], "a number", error);
    }

    (void) snprintf(text, sizeof(text), "a number from %lld to %lld",
                    (long long) bounds->least, (long long) bounds->most);

    return option_invalid(option, line->args[0], text, error);
}


/*
 * A number with the largest of the units that divides it, as an operator
 * would write it; the units go from large to small and end with factor 1.
 */

static void
option_amount(int64_t n, const mfa_enum_t *units, char *text, size_t size)
{
    while (units->value != 1 && (n == 0 || n % units->value != 0)) {
        units++;
    }

    (void) snprintf(text, size, "%lld%s", (long long) (n / units->value),
                    units->name);
}


/* what a value of these units must be, into text */

static void
option_range(const mfa_option_t *option, const char *noun,
    const mfa_enum_t *units, char *text, size_t size)
{
    char                 least[32], most[32];
    const mfa_bounds_t  *bounds;

    bounds = option->data;

    if (bounds == NULL) {
        (void) snprintf(text, size, "%s", noun);
        return;
    }

    option_amount(bounds->least, units, least, sizeof(least));
    option_amount(bounds->most, units, most, sizeof(most));

    (void) snprintf(text, size, "%s from %s to %s", noun, least, most);
}


MFA_OPTION_SETTER(mfa_option_set_time)
{
    char                     text[128];
    mfa_time_t               t, *field;
    mfa_status_t             st;

    static const mfa_enum_t  units[] = {
        { "d", (int) MFA_DAY }, { "h", (int) MFA_HOUR },
        { "m", (int) MFA_MINUTE }, { "s", (int) MFA_SECOND }, { "ms", 1 },
    };

    (void) arena;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_parse_time(line->args[0], &t);
    if (st == MFA_OK && option_is_within(option, t)) {
        field = option_field(option, target);
        *field = t;
        return MFA_OK;
    }

    option_range(option, "a time such as \"30s\", \"15m\" or \"45d\"", units,
                 text, sizeof(text));

    return option_invalid(option, line->args[0], text, error);
}


MFA_OPTION_SETTER(mfa_option_set_size)
{
    char                     text[128];
    int64_t                  n, *field;
    mfa_status_t             st;

    static const mfa_enum_t  units[] = {
        { "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 },
    };

    (void) arena;

    st = option_check_nargs(option, line, 1, 1, error);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_parse_size(line->args[0], &n);
    if (st == MFA_OK && option_is_within(option, n)) {
        field = option_field(option, target);
        *field = n;
        return MFA_OK;
    }

    option_range(option, "a size such as \"64k\", \"1m\" or \"8g\"", units,
                 text, sizeof(text));

    return option_invalid(option, line->args[0], text, error);
}
