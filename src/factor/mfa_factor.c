/*
 * The list of factors, and the options of all of them.
 */

#include "mfa_factor.h"


#pragma GCC visibility push(hidden)
#define MFA_FACTOR(name)  extern const mfa_factor_t  mfa_factor_##name;
#include "registry.def"
#undef MFA_FACTOR
#pragma GCC visibility pop

static const mfa_factor_t *const  factors[] = {
#define MFA_FACTOR(name)  &mfa_factor_##name,
#include "registry.def"
#undef MFA_FACTOR
};


const mfa_factor_t *const *
mfa_factors(size_t *count)
{
    *count = sizeof(factors) / sizeof(factors[0]);

    return factors;
}


const mfa_factor_t *
mfa_factor_by_name(mfa_str_t name)
{
    size_t  i;

    for (i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        if (mfa_str_eq_c(name, factors[i]->name)) {
            return factors[i];
        }
    }

    return NULL;
}


bool
mfa_factor_is_allowed(const mfa_factor_settings_t *settings,
    const mfa_factor_t *factor)
{
    size_t  i;

    if (factor == &mfa_factor_recovery) {
        return settings->recovery_codes;
    }

    for (i = 0; i < settings->allowed_count; i++) {
        if (settings->allowed[i] == factor) {
            return true;
        }
    }

    return false;
}


void
mfa_factor_countries(const mfa_factor_settings_t *settings,
    const mfa_str_t **items, size_t *count)
{
    *items = settings->sms_countries.items;
    *count = settings->sms_countries.count;

    if (*count == 0) {
        *items = &settings->default_country;
        *count = 1;
    }
}


bool
mfa_factor_has_country(const mfa_factor_settings_t *settings, mfa_str_t iso)
{
    size_t            i, count;
    const mfa_str_t  *items;

    mfa_factor_countries(settings, &items, &count);

    for (i = 0; i < count; i++) {
        if (mfa_str_eq(items[i], iso)) {
            return true;
        }
    }

    return false;
}


void
mfa_factor_defaults(mfa_factor_settings_t *settings)
{
    settings->totp.digits = 6;
    settings->totp.window = 1;
    settings->totp.algorithm = MFA_TOTP_SHA1;
    settings->password_min = 12;
    settings->common_passwords = mfa_str(MFA_DATA_DIR "/common-passwords.txt");
    settings->allowed[0] = &mfa_factor_totp;
    settings->allowed_count = 1;
    settings->recovery_codes = true;
    settings->default_country = mfa_str("GB");
    settings->sms_countries = (mfa_strs_t) { .count = 0 };
}


static mfa_status_t
set_totp_word(mfa_str_t word, mfa_totp_settings_t *totp)
{
    mfa_str_t     value;
    mfa_status_t  st;

    if (mfa_parse_named(word, "digits", &value) == MFA_OK) {
        st = mfa_str_number(value, &totp->digits);

        return (st == MFA_OK && (totp->digits == 6 || totp->digits == 8))
               ? MFA_OK : MFA_INVALID;
    }

    if (mfa_parse_named(word, "window", &value) == MFA_OK) {
        st = mfa_str_number(value, &totp->window);

        return (st == MFA_OK && totp->window <= 1) ? MFA_OK : MFA_INVALID;
    }

    if (mfa_parse_named(word, "algorithm", &value) != MFA_OK) {
        return MFA_INVALID;
    }

    if (mfa_str_eq_c(value, "sha1")) {
        totp->algorithm = MFA_TOTP_SHA1;
        return MFA_OK;
    }

    if (mfa_str_eq_c(value, "sha256")) {
        totp->algorithm = MFA_TOTP_SHA256;
        return MFA_OK;
    }

    return MFA_INVALID;
}


static mfa_status_t
set_totp(const mfa_option_t *option, const mfa_line_t *line, void *target,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t                  i;
    mfa_factor_settings_t  *settings = target;

    (void) option;
    (void) arena;

    if (line->nargs == 0) {
        mfa_error_set(error, "invalid number of arguments in \"totp\" "
                      "directive");
        return MFA_CONFIG;
    }

    for (i = 0; i < line->nargs; i++) {
        if (set_totp_word(line->args[i], &settings->totp) != MFA_OK) {
            mfa_error_set(error, "invalid parameter \"" MFA_STR_FMT "\" in "
                          "\"totp\", it must be \"digits=6\", \"digits=8\", "
                          "\"window=0\", \"window=1\", \"algorithm=sha1\" or "
                          "\"algorithm=sha256\"",
                          MFA_STR_ARG(line->args[i]));
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


/* every name but recovery, which is no method but a way back */

static mfa_status_t
factors_invalid(mfa_str_t word, mfa_error_t *error)
{
    char    names[256];
    size_t  i, len;

    names[0] = '\0';

    for (i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        if (factors[i] == &mfa_factor_recovery) {
            continue;
        }

        len = strlen(names);
        (void) snprintf(names + len, sizeof(names) - len, "%s\"%s\"",
                        len > 0 ? ", " : "", factors[i]->name);
    }

    mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"factors\", "
                  "it must be one of %s%s", MFA_STR_ARG(word), names,
                  mfa_str_eq_c(word, mfa_factor_recovery.name)
                  ? "; recovery codes have \"recovery_codes\"" : "");

    return MFA_CONFIG;
}


/* the app, where people may use it, is what they are shown first (B17) */

static void
factors_add(mfa_factor_settings_t *settings, const mfa_factor_t *factor)
{
    size_t  i;

    i = settings->allowed_count++;

    if (factor == &mfa_factor_totp) {
        for ( /* void */ ; i > 0; i--) {
            settings->allowed[i] = settings->allowed[i - 1];
        }
    }

    settings->allowed[i] = factor;
}


static MFA_OPTION_SETTER(set_factors)
{
    size_t                  i;
    const mfa_factor_t     *factor;
    mfa_factor_settings_t  *settings = target;

    (void) arena;

    if (line->nargs == 0) {
        mfa_error_set(error, "invalid number of arguments in \"%s\" "
                      "directive", option->name);
        return MFA_CONFIG;
    }

    settings->allowed_count = 0;

    for (i = 0; i < line->nargs; i++) {
        factor = mfa_factor_by_name(line->args[i]);

        if (factor == NULL || factor == &mfa_factor_recovery
            || settings->allowed_count == MFA_FACTORS_MAX)
        {
            return factors_invalid(line->args[i], error);
        }

        if (mfa_factor_is_allowed(settings, factor)) {
            mfa_error_set(error, "\"%s\" is given twice in \"%s\"",
                          factor->name, option->name);
            return MFA_CONFIG;
        }

        factors_add(settings, factor);
    }

    return MFA_OK;
}


static bool
is_given_before(const mfa_line_t *line, size_t place)
{
    size_t  i;

    for (i = 0; i < place; i++) {
        if (mfa_str_eq(line->args[i], line->args[place])) {
            return true;
        }
    }

    return false;
}


static mfa_status_t
check_countries(const mfa_option_t *option, const mfa_line_t *line,
    mfa_error_t *error)
{
    size_t  i;

    for (i = 0; i < line->nargs; i++) {
        if (mfa_country_by_iso(line->args[i]) == NULL) {
            mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in "
                          "\"%s\", it must be the code of a country as in "
                          "ISO 3166, such as \"GB\"",
                          MFA_STR_ARG(line->args[i]), option->name);
            return MFA_CONFIG;
        }

        if (is_given_before(line, i)) {
            mfa_error_set(error, "\"" MFA_STR_FMT "\" is given twice in "
                          "\"%s\"", MFA_STR_ARG(line->args[i]),
                          option->name);
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


static MFA_OPTION_SETTER(set_country)
{
    mfa_status_t  st;

    st = check_countries(option, line, error);

    return (st == MFA_OK)
           ? mfa_option_set_str(option, line, target, arena, error) : st;
}


static MFA_OPTION_SETTER(set_countries)
{
    mfa_status_t  st;

    st = check_countries(option, line, error);

    return (st == MFA_OK)
           ? mfa_option_set_strs(option, line, target, arena, error) : st;
}


static const mfa_bounds_t  password_min_bounds = { 8, 64 };

const mfa_option_t  mfa_factor_options[] = {

    { .name = "factors",
      .syntax = "NAME ...",
      .fallback = "totp",
      .help = "The second factors that people may set up, in the order in "
              "which they are shown: totp, sms, voice, email. An "
              "authenticator app always comes first, being the safest. A "
              "code by email proves no more than the mailbox does.",
      .set = set_factors },

    { .name = "recovery_codes",
      .syntax = "on | off",
      .fallback = "on",
      .help = "Whether people are given ten codes to print, each of which "
              "stands in once for a lost factor.",
      .set = mfa_option_set_flag,
      .offset = offsetof(mfa_factor_settings_t, recovery_codes) },

    { .name = "default_country",
      .syntax = "COUNTRY",
      .fallback = "GB",
      .help = "The country that is chosen beforehand where a phone number "
              "is asked for, as in ISO 3166.",
      .set = set_country,
      .offset = offsetof(mfa_factor_settings_t, default_country) },

    { .name = "sms_countries",
      .syntax = "COUNTRY ...",
      .fallback = "that of default_country",
      .help = "Countries to whose numbers text messages and calls are sent. "
              "Name no more than are needed: strangers earn money with "
              "messages to far-off numbers.",
      .set = set_countries,
      .offset = offsetof(mfa_factor_settings_t, sms_countries) },

    { .name = "totp",
      .syntax = "[digits=6 | digits=8] [window=0 | window=1] "
                "[algorithm=sha1 | algorithm=sha256]",
      .fallback = "digits=6 window=1 algorithm=sha1",
      .help = "The codes of authenticator apps. Many apps know only the "
              "default. The window is the number of 30-second steps accepted "
              "before and after the present one.",
      .set = set_totp },

    { .name = "password_min",
      .syntax = "NUMBER",
      .fallback = "12",
      .help = "The least number of characters of a new password, 8 to 64.",
      .set = mfa_option_set_number,
      .offset = offsetof(mfa_factor_settings_t, password_min),
      .data = &password_min_bounds },

    { .name = "common_passwords",
      .syntax = "FILE",
      .fallback = "common-passwords.txt of the installed package",
      .help = "Passwords that nobody may choose: one a line, lower case, "
              "sorted by bytes.",
      .set = mfa_option_set_path,
      .offset = offsetof(mfa_factor_settings_t, common_passwords) },

    MFA_OPTION_END
};
