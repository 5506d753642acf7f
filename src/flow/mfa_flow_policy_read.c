/*
 * The lines second_factor, device_reset and factor_change: for all, and for
 * groups, each once.
 */

#include "mfa_flow.h"


#define METHODS_MOST  2
#define YEAR_LEAST    2000
#define LINES_FIRST   8


static mfa_status_t
line_add(mfa_flow_settings_t *settings, const mfa_policy_line_t *line,
    mfa_arena_t *arena)
{
    size_t              count = settings->line_count, room;
    mfa_status_t        st;
    mfa_policy_line_t  *lines;

    if (count == MFA_POLICY_LINES_MAX) {
        return MFA_INVALID;
    }

    /* room is LINES_FIRST, then doubled: full at every power of two */

    if (count == 0 || (count >= LINES_FIRST && (count & (count - 1)) == 0)) {
        room = (count == 0) ? LINES_FIRST : 2 * count;

        lines = mfa_arena_alloc(arena, room * sizeof(mfa_policy_line_t));
        if (lines == NULL) {
            return MFA_NO_MEMORY;
        }

        if (count > 0) {
            memcpy(lines, settings->lines,
                   count * sizeof(mfa_policy_line_t));
        }

        settings->lines = lines;
    }

    lines = settings->lines;
    lines[count] = *line;

    st = mfa_arena_copy(arena, line->group, &lines[count].group);
    if (st == MFA_OK) {
        settings->line_count++;
    }

    return st;
}


static bool
line_has(const mfa_flow_settings_t *settings, mfa_policy_part_t part,
    mfa_str_t group)
{
    size_t  i;

    for (i = 0; i < settings->line_count; i++) {
        if (settings->lines[i].part == part
            && mfa_str_eq(settings->lines[i].group, group))
        {
            return true;
        }
    }

    return false;
}


static mfa_status_t
group_add(const mfa_line_t *line, mfa_flow_settings_t *settings,
    const mfa_policy_line_t *made, mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_status_t  st;

    if (made->group.len == 0) {
        mfa_error_set(error, "empty group in \"" MFA_STR_FMT "\"",
                      MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    if (line_has(settings, made->part, made->group)) {
        mfa_error_set(error, "\"" MFA_STR_FMT "\" is duplicate for group \""
                      MFA_STR_FMT "\"", MFA_STR_ARG(line->name),
                      MFA_STR_ARG(made->group));
        return MFA_CONFIG;
    }

    st = line_add(settings, made, arena);
    if (st != MFA_OK) {
        mfa_error_set(error, (st == MFA_INVALID)
                             ? "too many groups in \"" MFA_STR_FMT "\""
                             : "out of memory in \"" MFA_STR_FMT "\"",
                      MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


/*
 * What was read counts for the groups that the line names, or for all. The
 * words that are no groups have been read.
 */

static mfa_status_t
line_keep(const mfa_line_t *line, mfa_flow_settings_t *settings,
    mfa_policy_line_t *made, mfa_arena_t *arena, mfa_error_t *error)
{
    size_t        i, before = settings->line_count;
    unsigned      bit = 1u << made->part;
    mfa_status_t  st;

    for (i = 1; i < line->nargs; i++) {
        if (mfa_parse_named(line->args[i], "group", &made->group) != MFA_OK) {
            continue;
        }

        st = group_add(line, settings, made, arena, error);
        if (st != MFA_OK) {
            settings->line_count = before;
            return st;
        }
    }

    if (settings->line_count > before) {
        return MFA_OK;
    }

    if (settings->policy_given & bit) {
        mfa_error_set(error, "\"" MFA_STR_FMT "\" is duplicate, a second one "
                      "needs \"group=NAME\"", MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    settings->policy_given |= bit;
    mfa_policy_copy(&settings->policy, made->part, &made->policy);

    return MFA_OK;
}


static bool
is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}


mfa_status_t
mfa_policy_day(mfa_str_t text, mfa_time_t *at)
{
    int64_t    year, month, day, length, days, y;
    mfa_str_t  rest = text, part;

    static const int64_t  lengths[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-') {
        return MFA_INVALID;
    }

    part = mfa_str_split(&rest, '-');

    if (mfa_str_number(part, &year) != MFA_OK || year < YEAR_LEAST) {
        return MFA_INVALID;
    }

    part = mfa_str_split(&rest, '-');

    if (mfa_str_number(part, &month) != MFA_OK || month < 1 || month > 12
        || mfa_str_number(rest, &day) != MFA_OK)
    {
        return MFA_INVALID;
    }

    length = lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);

    if (day < 1 || day > length) {
        return MFA_INVALID;
    }

    y = year - 1;
    days = 365 * (year - 1970) + (y / 4 - y / 100 + y / 400)
           - (1969 / 4 - 1969 / 100 + 1969 / 400) + day - 1;

    while (--month > 0) {
        days += lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
    }

    *at = days * MFA_DAY;

    return MFA_OK;
}


/* the words between "required" and the groups */

typedef struct {
    bool  has_methods;
    bool  has_from;
    bool  has_grace;
} given_t;


/* MFA_CONFIG with a message; MFA_INVALID: no such word, or once too often */

static mfa_status_t
required_word(mfa_str_t word, mfa_policy_t *policy, given_t *given,
    mfa_error_t *error)
{
    bool       *seen;
    mfa_str_t   value;

    if (mfa_parse_named(word, "methods", &value) == MFA_OK) {
        seen = &given->has_methods;

        if (mfa_str_number(value, &policy->methods) != MFA_OK
            || policy->methods < 1 || policy->methods > METHODS_MOST)
        {
            return MFA_INVALID;
        }

    } else if (mfa_parse_named(word, "from", &value) == MFA_OK) {
        seen = &given->has_from;

        if (mfa_policy_day(value, &policy->from) != MFA_OK) {
            mfa_error_set(error, "invalid date \"" MFA_STR_FMT "\" in "
                          "\"second_factor\", it must be a day such as "
                          "2027-01-18", MFA_STR_ARG(value));
            return MFA_CONFIG;
        }

    } else if (mfa_parse_named(word, "grace", &value) == MFA_OK) {
        seen = &given->has_grace;

        if (mfa_parse_time(value, &policy->grace) != MFA_OK
            || policy->grace > MFA_GRACE_MAX)
        {
            mfa_error_set(error, "invalid grace \"" MFA_STR_FMT "\" in "
                          "\"second_factor\", it must be a time of at most "
                          "45d", MFA_STR_ARG(value));
            return MFA_CONFIG;
        }

    } else {
        return MFA_INVALID;
    }

    if (*seen) {
        return MFA_INVALID;
    }

    *seen = true;

    return MFA_OK;
}


static mfa_status_t
second_factor_words(const mfa_line_t *line, mfa_policy_t *policy,
    mfa_error_t *error)
{
    size_t        i;
    given_t       given;
    mfa_str_t     group;
    mfa_status_t  st;

    memset(&given, 0, sizeof(given));

    if (line->nargs < 1) {
        return MFA_INVALID;
    }

    policy->is_optional = mfa_str_eq_c(line->args[0], "optional");

    if (!policy->is_optional && !mfa_str_eq_c(line->args[0], "required")) {
        return MFA_INVALID;
    }

    for (i = 1; i < line->nargs; i++) {
        if (mfa_parse_named(line->args[i], "group", &group) == MFA_OK) {
            continue;
        }

        st = policy->is_optional
             ? MFA_INVALID
             : required_word(line->args[i], policy, &given, error);

        if (st != MFA_OK) {
            return st;
        }
    }

    if (given.has_from != given.has_grace) {
        mfa_error_set(error, "\"%s\" needs \"%s\" in \"second_factor\"",
                      given.has_from ? "from" : "grace",
                      given.has_from ? "grace" : "from");
        return MFA_CONFIG;
    }

    return MFA_OK;
}


mfa_status_t
mfa_policy_read_second_factor(const mfa_line_t *line,
    mfa_flow_settings_t *settings, mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_status_t       st;
    mfa_policy_line_t  made;

    memset(&made, 0, sizeof(made));

    made.part = MFA_POLICY_SECOND_FACTOR;
    made.policy.methods = 1;

    st = second_factor_words(line, &made.policy, error);

    if (st == MFA_INVALID) {
        mfa_error_set(error, "invalid \"second_factor\", it must be "
                      "\"required [methods=1|2] [from=YYYY-MM-DD "
                      "grace=TIME] [group=NAME...]\" or "
                      "\"optional [group=NAME...]\"");
        return MFA_CONFIG;
    }

    if (st != MFA_OK) {
        return st;
    }

    return line_keep(line, settings, &made, arena, error);
}


/* "WORD [group=NAME...]"; MFA_INVALID: it is not */

static mfa_status_t
word_read(const mfa_line_t *line, const mfa_enum_t *words, int *value)
{
    size_t     i;
    mfa_str_t  group;

    if (line->nargs < 1) {
        return MFA_INVALID;
    }

    for (i = 1; i < line->nargs; i++) {
        if (mfa_parse_named(line->args[i], "group", &group) != MFA_OK) {
            return MFA_INVALID;
        }
    }

    for (i = 0; words[i].name != NULL; i++) {
        if (mfa_str_eq_c(line->args[0], words[i].name)) {
            *value = words[i].value;
            return MFA_OK;
        }
    }

    return MFA_INVALID;
}


mfa_status_t
mfa_policy_read_device_reset(const mfa_line_t *line,
    mfa_flow_settings_t *settings, mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_policy_line_t  made;

    static const mfa_enum_t  words[] = {
        { "email", MFA_DEVICE_RESET_EMAIL },
        { "approval", MFA_DEVICE_RESET_APPROVAL },
        { "off", MFA_DEVICE_RESET_OFF },
        { NULL, 0 }
    };

    memset(&made, 0, sizeof(made));

    made.part = MFA_POLICY_DEVICE_RESET;

    if (word_read(line, words, &made.policy.device_reset) != MFA_OK) {
        mfa_error_set(error, "invalid \"device_reset\", it must be "
                      "\"email\", \"approval\" or \"off\", then "
                      "[group=NAME...]");
        return MFA_CONFIG;
    }

    return line_keep(line, settings, &made, arena, error);
}


mfa_status_t
mfa_policy_read_factor_change(const mfa_line_t *line,
    mfa_flow_settings_t *settings, mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_policy_line_t  made;

    static const mfa_enum_t  words[] = {
        { "self", MFA_FACTOR_CHANGE_SELF },
        { "approval", MFA_FACTOR_CHANGE_APPROVAL },
        { NULL, 0 }
    };

    memset(&made, 0, sizeof(made));

    made.part = MFA_POLICY_FACTOR_CHANGE;

    if (word_read(line, words, &made.policy.factor_change) != MFA_OK) {
        mfa_error_set(error, "invalid \"factor_change\", it must be "
                      "\"self\" or \"approval\", then [group=NAME...]");
        return MFA_CONFIG;
    }

    return line_keep(line, settings, &made, arena, error);
}
