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


void
mfa_factor_defaults(mfa_factor_settings_t *settings)
{
    settings->totp.digits = 6;
    settings->totp.window = 1;
    settings->totp.algorithm = MFA_TOTP_SHA1;
    settings->password_min = 12;
    settings->common_passwords = mfa_str(MFA_DATA_DIR "/common-passwords.txt");
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


static const mfa_bounds_t  password_min_bounds = { 8, 64 };

const mfa_option_t  mfa_factor_options[] = {

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
