/*
 * The rules of a location, mfa_allow and mfa_level: read here, judged in the
 * core.
 */

#include "ngx_mfa_module.h"


char *
ngx_mfa_rules_allow(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    mfa_line_t           *line;
    mfa_error_t           error;
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);

    line = ngx_mfa_realm_words(cf);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    mlcf->rules_file = cf->conf_file->file.name.data;
    mlcf->rules_line = cf->conf_file->line;

    error.text[0] = '\0';

    if (mfa_rules_add(&mlcf->rules, line, mmcf->arena, &error) == MFA_OK) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error.text);

    return NGX_CONF_ERROR;
}


char *
ngx_mfa_rules_level(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    mfa_line_t   *line;
    mfa_error_t   error;

    line = ngx_mfa_realm_words(cf);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    mlcf->level_file = cf->conf_file->file.name.data;
    mlcf->level_line = cf->conf_file->line;

    error.text[0] = '\0';

    if (mfa_level_set(&mlcf->level, line, &error) == MFA_OK) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error.text);

    return NGX_CONF_ERROR;
}


static char *
ngx_mfa_rules_useless(ngx_conf_t *cf, const char *name, u_char *file,
    ngx_uint_t line)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"%s\" protects nothing where no \"mfa NAME\" is in "
                  "force in %s:%ui", name, file, line);

    return NGX_CONF_ERROR;
}


char *
ngx_mfa_rules_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf)
{
    if (conf->rules.count > 0 && conf->realm == NULL) {
        return ngx_mfa_rules_useless(cf, "mfa_allow", conf->rules_file,
                                     conf->rules_line);
    }

    if (conf->level.is_given && conf->realm == NULL) {
        return ngx_mfa_rules_useless(cf, "mfa_level", conf->level_file,
                                     conf->level_line);
    }

    if (!conf->level.is_given) {
        conf->level = prev->level;
    }

    if (conf->rules.count > 0) {
        if (conf->level.level == MFA_LEVEL_OPEN) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"mfa_allow\" protects nothing where \"mfa_level "
                          "open\" is in force in %s:%ui",
                          conf->rules_file, conf->rules_line);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    /* an open location does not judge by them, but those in it may */

    conf->rules = prev->rules;

    return NGX_CONF_OK;
}
