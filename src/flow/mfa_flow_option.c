/*
 * Settings of the journeys: defaults, and the option table that reads them.
 */

#include "mfa_flow.h"


#define METHODS_MOST  2
#define FRESH_LEAST   MFA_MINUTE
#define FRESH_MOST    (20 * MFA_MINUTE)         /* security.md 4.6 */


void
mfa_flow_defaults(mfa_flow_settings_t *settings)
{
    static const mfa_flow_settings_t  defaults = {
        .registration = MFA_REGISTRATION_ROSTER,
        .methods = 1,
        .factor_fresh = 10 * MFA_MINUTE
    };

    *settings = defaults;
}


static mfa_status_t
set_registration(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    size_t                i, rest;
    mfa_str_t             word;
    mfa_status_t          st;
    mfa_flow_settings_t  *settings = target;

    static const mfa_enum_t  words[] = {
        { "roster", MFA_REGISTRATION_ROSTER },
        { "domains", MFA_REGISTRATION_DOMAINS },
        { "open", MFA_REGISTRATION_OPEN },
        { "off", MFA_REGISTRATION_OFF },
        { NULL, 0 }
    };

    (void) option;

    word = (line->nargs > 0) ? line->args[0] : mfa_null;
    rest = (line->nargs > 0) ? line->nargs - 1 : 0;

    for (i = 0; words[i].name != NULL; i++) {
        if (mfa_str_eq_c(word, words[i].name)) {
            break;
        }
    }

    if (words[i].name == NULL
        || (words[i].value == MFA_REGISTRATION_DOMAINS) != (rest > 0))
    {
        mfa_error_set(error, "invalid \"registration\", it must be "
                      "\"roster\", \"domains NAME...\", \"open\" or \"off\"");
        return MFA_CONFIG;
    }

    settings->registration = (mfa_registration_t) words[i].value;

    for (i = 1; i < line->nargs; i++) {
        st = mfa_strs_add(arena, &settings->domains, line->args[i]);
        if (st != MFA_OK) {
            mfa_error_set(error, "too many domains in \"registration\"");
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


/* "required [methods=1|2]" */

static mfa_status_t
set_second_factor(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    int64_t               methods;
    mfa_str_t             value;
    mfa_flow_settings_t  *settings = target;

    (void) option;
    (void) arena;

    methods = 1;

    if (line->nargs < 1 || line->nargs > 2
        || !mfa_str_eq_c(line->args[0], "required")
        || (line->nargs == 2
            && (mfa_parse_named(line->args[1], "methods", &value) != MFA_OK
                || mfa_str_number(value, &methods) != MFA_OK
                || methods < 1 || methods > METHODS_MOST)))
    {
        mfa_error_set(error, "invalid \"second_factor\", it must be "
                      "\"required\" or \"required methods=2\"");
        return MFA_CONFIG;
    }

    settings->methods = methods;

    return MFA_OK;
}


static mfa_status_t
set_factor_fresh(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_status_t          st;
    mfa_flow_settings_t   wanted;
    mfa_flow_settings_t  *settings = target;

    wanted = *settings;

    st = mfa_option_set_time(option, line, &wanted, arena, error);
    if (st != MFA_OK) {
        return st;
    }

    if (wanted.factor_fresh < FRESH_LEAST || wanted.factor_fresh > FRESH_MOST)
    {
        mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in "
                      "\"factor_fresh\", it must be from 1m to 20m",
                      MFA_STR_ARG(line->args[0]));
        return MFA_CONFIG;
    }

    settings->factor_fresh = wanted.factor_fresh;

    return MFA_OK;
}


static const mfa_enum_t  device_reset_words[] = {
    { "email", MFA_DEVICE_RESET_EMAIL },
    { "approval", MFA_DEVICE_RESET_APPROVAL },
    { "off", MFA_DEVICE_RESET_OFF },
    { NULL, 0 }
};


const mfa_option_t  mfa_flow_options[] = {

    { .name = "registration",
      .syntax = "roster | domains NAME... | open | off",
      .fallback = "roster",
      .help = "Who may register: people whose address is on the roster, "
              "addresses of these domains, everybody, or nobody.",
      .set = set_registration },

    { .name = "second_factor",
      .syntax = "required [methods=NUMBER]",
      .fallback = "required",
      .help = "Whether people must have a second factor, and how many "
              "different ones (1 or 2).",
      .set = set_second_factor },

    { .name = "factor_fresh",
      .syntax = "TIME",
      .fallback = "10m",
      .help = "How long after a second factor people may change their "
              "security settings without another one (1m to 20m).",
      .set = set_factor_fresh,
      .offset = offsetof(mfa_flow_settings_t, factor_fresh) },

    { .name = "device_reset",
      .syntax = "email | approval | off",
      .fallback = "email",
      .help = "What people do who lost their second factor: set up another "
              "after a mailed code, ask staff to approve that, or contact "
              "support.",
      .set = mfa_option_set_enum,
      .data = device_reset_words,
      .offset = offsetof(mfa_flow_settings_t, device_reset) },

    MFA_OPTION_END
};
