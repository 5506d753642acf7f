/*
 * Prints the options of a realm as docs/directives.md shows them, from the
 * tables that nginx and mfactl read; t/style/reference.t compares.
 *
 *   print_reference                    the options, as Markdown
 *   print_reference defaults           one line for each default that is
 *                                      not what the program starts with
 *   print_reference try NAME WORD ...  one line of a realm: "ok" or why not
 *
 * Part of the tests; linked with the core, never installed.
 */

#include "../../src/mfa.h"


#define WORDS_MAX   32
#define ARENA_SIZE  (1024 * 1024)


/* bounds */

typedef struct {
    int64_t      value;
    const char  *name;
} unit_t;

static const unit_t  time_units[] = {
    { MFA_DAY, "d" }, { MFA_HOUR, "h" }, { MFA_MINUTE, "m" },
    { MFA_SECOND, "s" }, { 1, "ms" }
};

static const unit_t  size_units[] = {
    { (int64_t) 1 << 30, "g" }, { (int64_t) 1 << 20, "m" },
    { (int64_t) 1 << 10, "k" }, { 1, "" }
};

static const unit_t  plain_units[] = { { 1, "" } };


static const unit_t *
units_of(const mfa_option_t *option)
{
    if (option->set == mfa_option_set_time) {
        return time_units;
    }

    if (option->set == mfa_option_set_size) {
        return size_units;
    }

    return option->set == mfa_option_set_number ? plain_units : NULL;
}


static void
print_amount(const unit_t *units, int64_t n)
{
    while (units->value != 1 && (n == 0 || n % units->value != 0)) {
        units++;
    }

    printf("%lld%s", (long long) (n / units->value), units->name);
}


static void
print_bounds(const mfa_option_t *option)
{
    const unit_t        *units;
    const mfa_bounds_t  *bounds;

    units = units_of(option);
    bounds = option->data;

    if (units == NULL || bounds == NULL) {
        return;
    }

    printf("- **Bounds:** ");
    print_amount(units, bounds->least);
    printf(" to ");
    print_amount(units, bounds->most);
    printf("\n");
}


static void
print_option(const mfa_option_t *option)
{
    printf("\n### %s\n\n", option->name);
    printf("- **Syntax:** `%s %s;`\n", option->name, option->syntax);
    printf("- **Default:** %s\n", option->fallback != NULL ? option->fallback
                                  : option->is_required ? "— (required)"
                                                        : "—");
    print_bounds(option);
    printf("- **Context:** `mfa_realm`%s\n",
           option->is_many ? ", more than once" : "");
    printf("\n%s\n", option->help);
}


static void
print_all(void)
{
    const mfa_option_t         *option;
    const mfa_option_t *const  *table;

    for (table = mfa_realm_options(); *table != NULL; table++) {
        for (option = *table; option->name != NULL; option++) {
            print_option(option);
        }
    }
}


/* defaults: what is printed as one must change nothing when it is written */

typedef union {
    mfa_model_settings_t   model;
    mfa_factor_settings_t  factor;
    mfa_flow_settings_t    flow;
} settings_t;


static bool
apply(const mfa_option_t *table, const char *name, mfa_str_t words,
    settings_t *settings, mfa_arena_t *arena)
{
    uint64_t      seen;
    mfa_str_t     args[WORDS_MAX];
    mfa_line_t    line;
    mfa_error_t   error;

    line.name = mfa_str_from(name);
    line.args = args;
    line.nargs = 0;
    line.prefix = "/";

    while (words.len > 0 && line.nargs < WORDS_MAX) {
        args[line.nargs] = mfa_str_split(&words, ' ');

        if (args[line.nargs].len > 0) {
            line.nargs++;
        }
    }

    seen = 0;

    return mfa_option_apply(table, &seen, &line, settings, arena, &error)
           == MFA_OK;
}


/* a line leaves a mark, so that a second one is refused: no value */

static void
forget_lines(const mfa_option_t *table, const settings_t *defaults,
    settings_t *settings)
{
    size_t  i;

    /* the same word at another place is the same value */

    if (table == mfa_factor_options
        && mfa_str_eq(settings->factor.default_country,
                      defaults->factor.default_country))
    {
        settings->factor.default_country = defaults->factor.default_country;
    }

    if (table == mfa_flow_options) {
        settings->flow.policy_given = 0;
    }

    if (table != mfa_model_options) {
        return;
    }

    settings->model.given = 0;

    for (i = 0; i < MFA_LIMIT_COUNT; i++) {
        settings->model.limits[i].is_given = false;
    }
}


static void
check_table(const mfa_option_t *table, const settings_t *defaults,
    mfa_arena_t *arena)
{
    bool                 is_fine;
    mfa_str_t            rest, line;
    settings_t           settings;
    const mfa_option_t  *option;

    for (option = table; option->name != NULL; option++) {

        /* the default of a path is words about a place, not a value */

        if (option->fallback == NULL || option->set == mfa_option_set_path
            || strncmp(option->fallback, "that of ", 8) == 0)
        {
            continue;
        }

        settings = *defaults;
        is_fine = true;
        rest = mfa_str_from(option->fallback);

        while (rest.len > 0) {
            line = mfa_str_split(&rest, ';');
            is_fine &= apply(table, option->name, line, &settings, arena);
        }

        forget_lines(table, defaults, &settings);

        if (!is_fine || memcmp(&settings, defaults, sizeof(settings)) != 0) {
            printf("%s: %s\n", option->name, option->fallback);
        }
    }
}


static void
check_defaults(mfa_arena_t *arena)
{
    settings_t  defaults;

    memset(&defaults, 0, sizeof(defaults));
    mfa_model_defaults(&defaults.model);
    check_table(mfa_model_options, &defaults, arena);

    memset(&defaults, 0, sizeof(defaults));
    mfa_factor_defaults(&defaults.factor);
    check_table(mfa_factor_options, &defaults, arena);

    memset(&defaults, 0, sizeof(defaults));
    mfa_flow_defaults(&defaults.flow);
    check_table(mfa_flow_options, &defaults, arena);
}


static int
try_line(int argc, char **argv)
{
    int            i;
    mfa_str_t      args[WORDS_MAX];
    mfa_line_t     line;
    mfa_realm_t   *realm;
    mfa_error_t    error;
    mfa_status_t   st;

    st = mfa_realm_begin(mfa_str("test"), &mfa_ports_system, &realm);
    if (st != MFA_OK || argc > WORDS_MAX) {
        return 1;
    }

    line.name = mfa_str_from(argv[0]);
    line.args = args;
    line.nargs = (size_t) argc - 1;
    line.prefix = "/";

    for (i = 1; i < argc; i++) {
        args[i - 1] = mfa_str_from(argv[i]);
    }

    error.text[0] = '\0';
    st = mfa_realm_line(realm, &line, &error);

    printf("%s\n", st == MFA_OK ? "ok" : error.text);

    mfa_realm_free(&realm);

    return 0;
}


int
main(int argc, char **argv)
{
    mfa_arena_t  *arena;

    if (argc > 2 && strcmp(argv[1], "try") == 0) {
        return try_line(argc - 2, argv + 2);
    }

    if (argc == 1) {
        print_all();
        return 0;
    }

    arena = mfa_arena_open(ARENA_SIZE);
    if (arena == NULL) {
        return 1;
    }

    check_defaults(arena);
    mfa_arena_close(&arena);

    return 0;
}
