/*
 * The line  mail smtp://HOST ...  : what it must say.
 *
 * Connects to nothing. A password is kept in the settings, wiped with them,
 * and never printed.
 */

#include "mfa_send_conf.h"
#include "mfa_send_smtp.h"


#define SMTP_USER_MAX  256


/* the host is checked as that of an origin is; 443 means: none written */

static mfa_status_t
smtp_url(const mfa_send_conf_t *conf, mfa_smtp_settings_t *smtp)
{
    unsigned      port;
    mfa_str_t     url, rest, scheme;
    mfa_arena_t  *arena = conf->arena;
    mfa_origin_t  origin;
    mfa_status_t  st;

    url = conf->line->args[0];
    rest = url;
    scheme = mfa_str_split(&rest, ':');
    smtp->is_implicit = mfa_str_eq_c(scheme, "smtps");

    st = mfa_origin_parse(arena,
                          mfa_arena_printf(arena, "https:" MFA_STR_FMT,
                                           MFA_STR_ARG(rest)), &origin);
    if (st == MFA_NO_MEMORY || mfa_arena_has_failed(arena)) {
        return mfa_send_conf_no_memory(conf);
    }

    if (st != MFA_OK) {
        mfa_error_set(conf->error, "invalid value \"" MFA_STR_FMT "\" in "
                      "\"mail\", it must be \"smtp://HOST\" or "
                      "\"smtp://HOST:PORT\"", MFA_STR_ARG(url));
        return MFA_CONFIG;
    }

    port = origin.port;

    if (port == 443) {
        port = smtp->is_implicit ? 465 : 587;
    }

    smtp->is_loopback = origin.is_loopback;
    smtp->url = mfa_arena_printf(arena, "%s://" MFA_STR_FMT ":%u",
                                 smtp->is_implicit ? "smtps" : "smtp",
                                 MFA_STR_ARG(origin.host), port);

    return smtp->url.data != NULL ? MFA_OK : mfa_send_conf_no_memory(conf);
}


enum { SMTP_USER, SMTP_PASSWORD_FILE, SMTP_TLS, SMTP_CA_FILE, SMTP_PARAMS };


/* what must and must not stand together; sets has_tls */

static mfa_status_t
smtp_check(const mfa_send_param_t *params, mfa_error_t *error,
    mfa_smtp_settings_t *smtp)
{
    bool         is_off;
    mfa_str_t    user, password_file, tls, ca_file;
    const char  *fault;

    user = params[SMTP_USER].value;
    password_file = params[SMTP_PASSWORD_FILE].value;
    tls = params[SMTP_TLS].value;
    ca_file = params[SMTP_CA_FILE].value;
    is_off = mfa_str_eq_c(tls, "off");

    if (tls.len != 0 && !is_off && !mfa_str_eq_c(tls, "on")) {
        fault = "\"tls=\" must be \"on\" or \"off\"";

    } else if (user.len != 0 && password_file.len == 0) {
        fault = "\"user=\" needs \"password_file=\"";

    } else if (user.len == 0 && password_file.len != 0) {
        fault = "\"password_file=\" needs \"user=\"";

    } else if (is_off && (smtp->is_implicit || ca_file.len != 0)) {
        fault = "\"tls=off\" contradicts \"smtps:\" and \"ca_file=\"";

    } else if (is_off && user.len != 0 && !smtp->is_loopback) {
        fault = "\"tls=off\" would send the password in the clear";

    } else if (user.len > SMTP_USER_MAX || mfa_text_has_control(user)) {
        fault = "\"user=\" is malformed";

    } else {
        smtp->has_tls = smtp->is_implicit || tls.len != 0
                        || ca_file.len != 0 || !smtp->is_loopback;
        smtp->has_tls = smtp->has_tls && !is_off;

        return MFA_OK;
    }

    mfa_error_set(error, "%s in \"mail\"", fault);

    return MFA_CONFIG;
}


static mfa_status_t
smtp_files(const mfa_send_conf_t *conf, const mfa_send_param_t *params,
    mfa_smtp_settings_t *smtp)
{
    mfa_status_t  st;

    st = MFA_OK;

    if (params[SMTP_USER].value.len != 0) {
        st = mfa_arena_copy(conf->arena, params[SMTP_USER].value,
                            &smtp->user);
        if (st != MFA_OK) {
            return mfa_send_conf_no_memory(conf);
        }

        st = mfa_send_conf_secret(conf, "password_file",
                                  params[SMTP_PASSWORD_FILE].value,
                                  &smtp->password);
    }

    if (st == MFA_OK && params[SMTP_CA_FILE].value.len != 0) {
        st = mfa_send_conf_ca(conf, params[SMTP_CA_FILE].value, &smtp->ca);
    }

    return st;
}


mfa_status_t
mfa_smtp_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_status_t          st;
    mfa_send_conf_t       conf = { line, arena, error };
    mfa_smtp_settings_t  *smtp;

    mfa_send_param_t  params[SMTP_PARAMS] = {
        [SMTP_USER] = { .name = "user" },
        [SMTP_PASSWORD_FILE] = { .name = "password_file" },
        [SMTP_TLS] = { .name = "tls" },
        [SMTP_CA_FILE] = { .name = "ca_file" }
    };

    *settings = NULL;

    smtp = mfa_arena_alloc(arena, sizeof(mfa_smtp_settings_t));
    if (smtp == NULL) {
        return mfa_send_conf_no_memory(&conf);
    }

    st = smtp_url(&conf, smtp);

    if (st == MFA_OK) {
        st = mfa_send_conf_params(&conf, params, SMTP_PARAMS);
    }

    if (st == MFA_OK) {
        st = smtp_check(params, error, smtp);
    }

    if (st == MFA_OK) {
        st = smtp_files(&conf, params, smtp);
    }

    if (st == MFA_OK) {
        *settings = smtp;
    }

    return st;
}
