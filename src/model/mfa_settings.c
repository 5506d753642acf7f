/*
 * Settings of the model: defaults, and the option table that reads them.
 *
 * The bounds here are those that a configuration cannot leave; security.md
 * gives their arithmetic. Contract: mfa_model.h.
 */

#include "mfa_model.h"


#define HASH_MEMORY_KIB    19456
#define HASH_MEMORY_MOST   ((int64_t) 1024 * 1024)      /* KiB */
#define HASH_PASSES        2
#define HASH_PASSES_MOST   16
#define LIMIT_MOST         1000000
#define NETWORKS_MOST      256
#define SMS_MOST           (10 * MFA_MINUTE)
#define REMEMBER_LEAST     MFA_DAY
#define REMEMBER_MOST      (90 * MFA_DAY)
#define HOLD_LEAST         (24 * MFA_HOUR)
#define HOLD_MOST          (3650 * MFA_DAY)
#define PASSWORD_ROW       (3650 * MFA_DAY)     /* in effect: for ever */

#define field(name)  offsetof(mfa_model_settings_t, name)

typedef struct {
    const char    *name;
    size_t         offset;
    mfa_bounds_t   bounds;
} settings_number_t;

static const settings_number_t  settings_numbers[] = {
    { "code_tries", field(code_tries), { 1, 10 } },
    { "totp_tries", field(totp_tries), { 1, 20 } },
    { "totp_day", field(totp_day), { 1, 100 } },
    { "totp_most", field(totp_most), { 1, 100 } },
    { NULL, 0, { 0, 0 } }
};

static const mfa_enum_t  settings_limits[] = {
    { "login_person", MFA_LIMIT_LOGIN_PERSON },
    { "login_address", MFA_LIMIT_LOGIN_ADDRESS },
    { "start_address", MFA_LIMIT_START_ADDRESS },
    { "send_mailbox", MFA_LIMIT_SEND_MAILBOX },
    { "send_person", MFA_LIMIT_SEND_PERSON },
    { "code_address", MFA_LIMIT_CODE_ADDRESS },
    { "sms_number", MFA_LIMIT_SMS_NUMBER },
    { "sms_route", MFA_LIMIT_SMS_ROUTE },
    { "sms_all", MFA_LIMIT_SMS_ALL },
    { "login_browser", MFA_LIMIT_LOGIN_BROWSER },
    { "fleet_codes", MFA_LIMIT_FLEET_CODES },
    { "send_known", MFA_LIMIT_SEND_KNOWN },
    { NULL, 0 }
};

#define rule(most1, window1, most2, window2)                                  \
    { .most = { most1, most2 }, .window = { window1, window2 } }


void
mfa_model_defaults(mfa_model_settings_t *settings)
{
    static const mfa_model_settings_t  defaults = {
        .idle_timeout = MFA_HOUR,
        .session_limit = 12 * MFA_HOUR,
        .sessions_per_user = 10,
        .login_time = 30 * MFA_MINUTE,
        .registration_time = 60 * MFA_MINUTE,
        .unfinished_keep = 90 * MFA_DAY,
        .code_digits = 6,
        .code_lifetime = 20 * MFA_MINUTE,
        .code_limit = 30 * MFA_MINUTE,
        .sms_lifetime = 5 * MFA_MINUTE,
        .sms_limit = 10 * MFA_MINUTE,
        .approvals = 1,
        .audit_keep = 400 * MFA_DAY,
        .code_tries = 5,
        .totp_tries = 5,
        .totp_day = 10,
        .totp_most = 50,
        .limits = {
            [MFA_LIMIT_LOGIN_PERSON] = rule(10, MFA_HOUR, 30, MFA_DAY),
            [MFA_LIMIT_LOGIN_ADDRESS] = rule(10, MFA_MINUTE, 60, MFA_HOUR),
            [MFA_LIMIT_START_ADDRESS] = rule(10, MFA_HOUR, 0, 0),
            [MFA_LIMIT_SEND_MAILBOX] = rule(3, MFA_HOUR, 6, MFA_DAY),
            [MFA_LIMIT_SEND_PERSON] = rule(10, MFA_HOUR, 30, MFA_DAY),
            [MFA_LIMIT_CODE_ADDRESS] = rule(10, MFA_MINUTE, 60, MFA_HOUR),
            [MFA_LIMIT_SMS_NUMBER] = rule(10, MFA_HOUR, 30, MFA_DAY),
            [MFA_LIMIT_SMS_ROUTE] = rule(100, MFA_DAY, 0, 0),
            [MFA_LIMIT_SMS_ALL] = rule(1000, MFA_DAY, 0, 0),
            [MFA_LIMIT_LOGIN_BROWSER] = rule(10, MFA_HOUR, 0, 0),
            [MFA_LIMIT_FLEET_CODES] = rule(200, 10 * MFA_MINUTE, 0, 0),
            [MFA_LIMIT_PASSWORD_ROW] = rule(100, PASSWORD_ROW, 0, 0),
            [MFA_LIMIT_SEND_KNOWN] = rule(6, MFA_DAY, 0, 0),
            [MFA_LIMIT_ALARM_ROWS] = rule(10, MFA_HOUR, 50, MFA_DAY),
            [MFA_LIMIT_HELD_FORMS] = rule(30, MFA_HOUR, 100, MFA_DAY),
        },
        .hash_cost = { HASH_MEMORY_KIB, HASH_PASSES },
    };

    *settings = defaults;
}


static mfa_status_t
settings_invalid(const mfa_option_t *option, mfa_str_t value,
    const char *wanted, mfa_error_t *error)
{
    mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"%s\", "
                  "it must be %s", MFA_STR_ARG(value), option->name, wanted);

    return MFA_CONFIG;
}


static mfa_status_t
settings_nargs(const mfa_option_t *option, mfa_error_t *error)
{
    mfa_error_set(error, "invalid number of arguments in \"%s\" directive",
                  option->name);

    return MFA_CONFIG;
}


/* a line further down would quietly win over the one above it */

static mfa_status_t
limit_given_twice(mfa_str_t name, mfa_error_t *error)
{
    mfa_error_set(error, "\"limit " MFA_STR_FMT "\" is given twice",
                  MFA_STR_ARG(name));

    return MFA_CONFIG;
}


static mfa_status_t
limit_number(const mfa_option_t *option, const settings_number_t *number,
    const mfa_line_t *line, mfa_model_settings_t *settings,
    mfa_error_t *error)
{
    char          wanted[64];
    int64_t       n;
    unsigned      bit;
    mfa_status_t  st;

    bit = 1U << (number - settings_numbers);

    if (line->nargs != 2) {
        return settings_nargs(option, error);
    }

    st = mfa_str_number(line->args[1], &n);

    if (st != MFA_OK || n < number->bounds.least || n > number->bounds.most) {
        snprintf(wanted, sizeof(wanted), "a number from %d to %d",
                 (int) number->bounds.least, (int) number->bounds.most);
        return settings_invalid(option, line->args[1], wanted, error);
    }

    if (settings->given & bit) {
        return limit_given_twice(line->args[0], error);
    }

    memcpy((char *) settings + number->offset, &n, sizeof(n));
    settings->given |= bit;

    return MFA_OK;
}


/* "10/1h" */

static bool
limit_window(mfa_str_t text, int64_t *most, mfa_time_t *window)
{
    mfa_str_t  number;

    number = mfa_str_split(&text, '/');

    return mfa_str_number(number, most) == MFA_OK
           && *most >= 1 && *most <= LIMIT_MOST
           && mfa_parse_time(text, window) == MFA_OK
           && *window >= MFA_SECOND && *window <= 7 * MFA_DAY;
}


static mfa_status_t
limit_rule(const mfa_option_t *option, const mfa_line_t *line,
    mfa_limit_rule_t *rule, mfa_error_t *error)
{
    size_t            i;
    mfa_limit_rule_t  read = { .most = { 0 } };

    if (line->nargs < 2 || line->nargs > 1 + MFA_LIMIT_WINDOWS) {
        return settings_nargs(option, error);
    }

    for (i = 1; i < line->nargs; i++) {
        if (!limit_window(line->args[i], &read.most[i - 1],
                          &read.window[i - 1]))
        {
            return settings_invalid(option, line->args[i],
                                    "a number and a time of at most 7d, "
                                    "such as \"10/1h\"", error);
        }
    }

    if (rule->is_given) {
        return limit_given_twice(line->args[0], error);
    }

    *rule = read;
    rule->is_given = true;

    return MFA_OK;
}


static MFA_OPTION_SETTER(settings_set_limit)
{
    size_t                 i;
    mfa_str_t              name;
    mfa_model_settings_t  *settings;

    (void) arena;

    settings = target;

    if (line->nargs < 2) {
        return settings_nargs(option, error);
    }

    name = line->args[0];

    for (i = 0; settings_numbers[i].name != NULL; i++) {
        if (mfa_str_eq_c(name, settings_numbers[i].name)) {
            return limit_number(option, &settings_numbers[i], line,
                                settings, error);
        }
    }

    for (i = 0; settings_limits[i].name != NULL; i++) {
        if (mfa_str_eq_c(name, settings_limits[i].name)) {
            return limit_rule(option, line,
                              &settings->limits[settings_limits[i].value],
                              error);
        }
    }

    return settings_invalid(option, name, "the name of a limit", error);
}


static MFA_OPTION_SETTER(settings_set_networks)
{
    size_t           i;
    mfa_network_t   *items;
    mfa_networks_t  *networks;

    networks = (mfa_networks_t *) (void *) ((char *) target + option->offset);

    if (line->nargs == 0 || line->nargs > NETWORKS_MOST) {
        return settings_nargs(option, error);
    }

    items = mfa_arena_alloc(arena, line->nargs * sizeof(mfa_network_t));
    if (items == NULL) {
        mfa_error_set(error, "%s", mfa_status_text(MFA_NO_MEMORY));
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < line->nargs; i++) {
        if (!mfa_network_parse(line->args[i], &items[i])) {
            return settings_invalid(option, line->args[i],
                                    "a network such as \"203.0.113.0/24\" or "
                                    "\"2001:db8::/32\"", error);
        }
    }

    networks->items = items;
    networks->count = line->nargs;

    return MFA_OK;
}


static bool
hash_word(mfa_str_t word, int64_t *memory, int64_t *passes)
{
    mfa_str_t  value;

    if (mfa_parse_named(word, "memory", &value) == MFA_OK) {
        if (mfa_parse_size(value, memory) != MFA_OK || *memory % 1024 != 0) {
            return false;
        }

        *memory /= 1024;

        return *memory >= HASH_MEMORY_KIB && *memory <= HASH_MEMORY_MOST;
    }

    if (mfa_parse_named(word, "passes", &value) == MFA_OK) {
        return mfa_str_number(value, passes) == MFA_OK
               && *passes >= HASH_PASSES && *passes <= HASH_PASSES_MOST;
    }

    return false;
}


static MFA_OPTION_SETTER(settings_set_hash_cost)
{
    size_t                 i;
    int64_t                memory, passes;
    mfa_model_settings_t  *settings;

    (void) arena;

    settings = target;

    if (line->nargs == 0 || line->nargs > 2) {
        return settings_nargs(option, error);
    }

    memory = settings->hash_cost.memory_kib;
    passes = settings->hash_cost.passes;

    for (i = 0; i < line->nargs; i++) {
        if (!hash_word(line->args[i], &memory, &passes)) {
            return settings_invalid(option, line->args[i],
                                    "\"memory=\" 19m to 1g or \"passes=\" "
                                    "2 to 16", error);
        }
    }

    settings->hash_cost.memory_kib = (uint32_t) memory;
    settings->hash_cost.passes = (uint32_t) passes;

    return MFA_OK;
}


static MFA_OPTION_SETTER(settings_set_remember)
{
    mfa_model_settings_t  *settings;

    settings = target;

    if (line->nargs == 1 && mfa_str_eq_c(line->args[0], "off")) {
        settings->remember_device = 0;
        return MFA_OK;
    }

    return mfa_option_set_time(option, line, target, arena, error);
}


static MFA_OPTION_SETTER(settings_set_hold)
{
    mfa_model_settings_t  *settings;

    settings = target;

    if (line->nargs == 1 && mfa_str_eq_c(line->args[0], "never")) {
        settings->recovery_hold = 0;
        return MFA_OK;
    }

    return mfa_option_set_time(option, line, target, arena, error);
}


/* "2" is for everybody, "2 group=directors" for members of that group */

static MFA_OPTION_SETTER(settings_set_approvals)
{
    size_t                 i;
    int64_t                n;
    mfa_str_t              group;
    mfa_status_t           st;
    mfa_model_settings_t  *settings;

    settings = target;

    if (line->nargs == 0 || line->nargs > MFA_LIST_MAX) {
        return settings_nargs(option, error);
    }

    if (mfa_str_number(line->args[0], &n) != MFA_OK || n < 1 || n > 2) {
        return settings_invalid(option, line->args[0], "1 or 2", error);
    }

    for (i = 1; i < line->nargs; i++) {
        if (n != 2
            || mfa_parse_named(line->args[i], "group", &group) != MFA_OK
            || group.len == 0)
        {
            return settings_invalid(option, line->args[i],
                                    "\"group=NAME\" after \"2\"", error);
        }

        st = mfa_strs_add(arena, &settings->approvals_groups, group);
        if (st != MFA_OK) {
            mfa_error_set(error, "%s", mfa_status_text(st));
            return st;
        }
    }

    settings->approvals = line->nargs > 1 ? 1 : n;

    return MFA_OK;
}


#define bounds(least, most)  &(const mfa_bounds_t) { least, most }

const mfa_option_t  mfa_model_options[] = {
    { .name = "idle_timeout", .syntax = "TIME", .fallback = "1h",
      .help = "A session that nobody used for so long ends.",
      .set = mfa_option_set_time, .offset = field(idle_timeout),
      .data = bounds(2 * MFA_MINUTE, MFA_DAY) },

    { .name = "session_limit", .syntax = "TIME", .fallback = "12h",
      .help = "A session ends so long after its login, used or not.",
      .set = mfa_option_set_time, .offset = field(session_limit),
      .data = bounds(2 * MFA_MINUTE, MFA_DAY) },

    { .name = "sessions_per_user", .syntax = "NUMBER", .fallback = "10",
      .help = "With one more login the session unused for longest ends.",
      .set = mfa_option_set_number, .offset = field(sessions_per_user),
      .data = bounds(1, MFA_LIST_MAX) },

    { .name = "login_time", .syntax = "TIME", .fallback = "30m",
      .help = "How long a login may take from its first step.",
      .set = mfa_option_set_time, .offset = field(login_time),
      .data = bounds(MFA_MINUTE, MFA_DAY) },

    { .name = "registration_time", .syntax = "TIME", .fallback = "60m",
      .help = "How long a registration or a reset may take.",
      .set = mfa_option_set_time, .offset = field(registration_time),
      .data = bounds(MFA_MINUTE, MFA_DAY) },

    { .name = "unfinished_keep", .syntax = "TIME", .fallback = "90d",
      .help = "A user who registered without a second factor is kept so "
              "long.",
      .set = mfa_option_set_time, .offset = field(unfinished_keep),
      .data = bounds(MFA_DAY, 3650 * MFA_DAY) },

    { .name = "code_digits", .syntax = "NUMBER", .fallback = "6",
      .help = "Digits of a code that is sent.",
      .set = mfa_option_set_number, .offset = field(code_digits),
      .data = bounds(6, 10) },

    { .name = "code_lifetime", .syntax = "TIME", .fallback = "20m",
      .help = "How long a code lives once the mail server has taken it.",
      .set = mfa_option_set_time, .offset = field(code_lifetime),
      .data = bounds(MFA_MINUTE, 30 * MFA_MINUTE) },

    { .name = "code_limit", .syntax = "TIME", .fallback = "30m",
      .help = "How long a code lives at most from its making.",
      .set = mfa_option_set_time, .offset = field(code_limit),
      .data = bounds(MFA_MINUTE, 30 * MFA_MINUTE) },

    { .name = "sms_lifetime", .syntax = "TIME", .fallback = "5m",
      .help = "How long a code lives once the provider of SMS or calls has "
              "taken it.",
      .set = mfa_option_set_time, .offset = field(sms_lifetime),
      .data = bounds(MFA_MINUTE, SMS_MOST) },

    { .name = "sms_limit", .syntax = "TIME", .fallback = "10m",
      .help = "How long a code by SMS or call lives at most from its making.",
      .set = mfa_option_set_time, .offset = field(sms_limit),
      .data = bounds(MFA_MINUTE, SMS_MOST) },

    { .name = "remember_device", .syntax = "TIME | off", .fallback = "off",
      .help = "People may have a browser remembered for so long: it then "
              "needs no second factor.",
      .set = settings_set_remember, .offset = field(remember_device),
      .data = bounds(REMEMBER_LEAST, REMEMBER_MOST) },

    { .name = "helpdesk_group", .syntax = "GROUP", .fallback = NULL,
      .help = "Members of this group help people who are stuck, except "
              "admins and themselves; without it nobody does.",
      .set = mfa_option_set_str, .offset = field(helpdesk_group) },

    { .name = "admin_group", .syntax = "GROUP", .fallback = NULL,
      .help = "Members of this group help everybody but themselves.",
      .set = mfa_option_set_str, .offset = field(admin_group) },

    { .name = "approvals", .syntax = "1 | 2 [group=GROUP ...]",
      .fallback = "1",
      .help = "How many of the staff must approve a reset; with groups, two "
              "for their members and one for all others.",
      .set = settings_set_approvals },

    { .name = "audit_keep", .syntax = "TIME", .fallback = "400d",
      .help = "How long the audit keeps an event.",
      .set = mfa_option_set_time, .offset = field(audit_keep),
      .data = bounds(MFA_DAY, 3650 * MFA_DAY) },

    { .name = "recovery_hold", .syntax = "never | TIME", .fallback = "never",
      .help = "After a mailed reset of the password or of the device the "
              "other one is closed until staff or the old factor open it, "
              "or until this time has passed.",
      .set = settings_set_hold, .offset = field(recovery_hold),
      .data = bounds(HOLD_LEAST, HOLD_MOST) },

    { .name = "hash_cost", .syntax = "[memory=SIZE] [passes=NUMBER]",
      .fallback = "memory=19m passes=2",
      .help = "What one password hash (argon2id) costs; these are the least "
              "values.",
      .set = settings_set_hash_cost, .offset = field(hash_cost) },

    { .name = "trusted_networks", .syntax = "NETWORK ...", .fallback = NULL,
      .help = "Networks of many people behind one address: limits of an "
              "address are 100 times as high.",
      .set = settings_set_networks, .offset = field(trusted_networks) },

    { .name = "limit", .syntax = "NAME NUMBER[/TIME] [NUMBER/TIME]",
      .fallback = "login_person 10/1h 30/1d; login_address 10/1m 60/1h; "
                  "start_address 10/1h; send_mailbox 3/1h 6/1d; "
                  "send_person 10/1h 30/1d; code_address 10/1m 60/1h; "
                  "sms_number 10/1h 30/1d; sms_route 100/1d; "
                  "sms_all 1000/1d; login_browser 10/1h; "
                  "fleet_codes 200/10m; send_known 6/1d; "
                  "code_tries 5; totp_tries 5; totp_day 10; totp_most 50",
      .help = "How often something may be tried; code_tries and totp_ take "
              "a number alone.",
      .set = settings_set_limit, .is_many = 1 },

    MFA_OPTION_END
};
