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

#pragma GCC visibility pop

#endif /* MFA_REALM_H */
