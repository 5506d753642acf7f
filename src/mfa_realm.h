/*
 * A realm as configured. Private to mfa.c and mfa_realm.c; everything in it
 * is read-only once mfa_realm_end has returned.
 */

#ifndef MFA_REALM_H
#define MFA_REALM_H

#include "mfa.h"

#pragma GCC visibility push(hidden)

#define MFA_REALM_TABLES  7

struct mfa_realm_s {
    mfa_str_t               name;
    const mfa_ports_t      *ports;
    mfa_arena_t            *arena;
    uint64_t                seen[MFA_REALM_TABLES];

    mfa_str_t               key_file;
    mfa_str_t               event_log;
    mfa_trusted_t           trusted[MFA_TRUSTED_MAX];
    size_t                  trusted_count;
    mfa_store_settings_t    store;
    mfa_model_settings_t    model;
    mfa_send_settings_t     send;
    mfa_factor_settings_t   factor;
    mfa_flow_settings_t     flow;
    mfa_page_settings_t     pages;
    mfa_str_t               store_text;

    mfa_keys_t             *keys;
    mfa_templates_t        *templates;
    mfa_words_t            *words;
    mfa_passlist_t         *common;

    mfa_flow_env_t          flow_env;
    mfa_page_env_t          page;
    mfa_strs_t              cookies;
    mfa_strs_t              warnings;
};


/* mfa_realm_warn.c: adds to warnings; all lines are there */
mfa_status_t mfa_realm_warn(mfa_realm_t *realm) MFA_MUST_CHECK;

/* mfa_trusted.c: the option "trusted_identity" */
MFA_OPTION_SETTER(mfa_trusted_set);

/* checks and completes the applications on other hosts; MFA_CONFIG */
mfa_status_t mfa_realm_hosts(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_REALM_H */
