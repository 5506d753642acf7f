/*
 * Settings of the journeys: defaults, and the option table that reads them.
 */

#include "mfa_flow.h"


#define FRESH_LEAST  MFA_MINUTE
#define FRESH_MOST   (20 * MFA_MINUTE)          /* security.md 4.6 */


void
mfa_flow_defaults(mfa_flow_settings_t *settings)
{
    static const mfa_flow_settings_t  defaults = {
        .registration = MFA_REGISTRATION_ROSTER,
        .factor_fresh = 10 * MFA_MINUTE,
        .policy = { .methods = 1 }
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


static mfa_status_t
set_second_factor(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    (void) option;

    return mfa_policy_read_second_factor(line, target, arena, error);
}


static mfa_status_t
set_device_reset(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    (void) option;

    return mfa_policy_read_device_reset(line, target, arena, error);
}


static mfa_status_t
set_factor_change(const mfa_option_t *option, const mfa_line_t *line,
    void *target, mfa_arena_t *arena, mfa_error_t *error)
{
    (void) option;

    return mfa_policy_read_factor_change(line, target, arena, error);
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


const mfa_option_t  mfa_flow_options[] = {

    { .name = "registration",
      .syntax = "roster | domains NAME... | open | off",
      .fallback = "roster",
      .help = "Who may register: people whose address is on the roster, "
              "addresses of these domains, everybody, or nobody.",
      .set = set_registration },

    { .name = "second_factor",
      .syntax = "required [methods=NUMBER] [from=DATE grace=TIME] "
                "[group=NAME...] | optional [group=NAME...]",
      .fallback = "required",
      .help = "Whether people must have a second factor, how many different "
              "ones (1 or 2), and from when: people on the roster on that "
              "day have the grace (45d at most) from it, others from the day "
              "they are added. group= makes it the line of a group, which "
              "beats the line for all; for people in several, the strictest "
              "counts.",
      .set = set_second_factor,
      .is_many = 1 },

    { .name = "factor_fresh",
      .syntax = "TIME",
      .fallback = "10m",
      .help = "How long after a second factor people may change their "
              "security settings without another one (1m to 20m).",
      .set = set_factor_fresh,
      .offset = offsetof(mfa_flow_settings_t, factor_fresh) },

    { .name = "device_reset",
      .syntax = "email | approval | off [group=NAME...]",
      .fallback = "email",
      .help = "What people do who lost their second factor: set up another "
              "after a mailed code, ask staff to approve that, or contact "
              "support. group= as in second_factor; off is stricter than "
              "approval, approval than email.",
      .set = set_device_reset,
      .is_many = 1 },

    { .name = "factor_change",
      .syntax = "self | approval [group=NAME...]",
      .fallback = "self",
      .help = "Whether people change and remove their ways to verify by "
              "themselves in the security settings, or ask for a reset that "
              "staff approve. group= as in second_factor; approval is "
              "stricter than self.",
      .set = set_factor_change,
      .is_many = 1 },

    MFA_OPTION_END
};
