/*
 * A realm as configured. Private to mfa.c and mfa_realm.c; everything in it
 * is read-only once mfa_realm_end has returned.
 */

#ifndef MFA_REALM_H
#define MFA_REALM_H

#include "mfa.h"

#pragma GCC visibility push(hidden)

#define MFA_REALM_TABLES  9

#define MFA_ASSERTION_KEYS  4

typedef struct {
    mfa_strs_t     files;
    mfa_signer_t  *signers[MFA_ASSERTION_KEYS];     /* the first signs */
    size_t         count;
    mfa_str_t      head;            /* of each token, encoded, with its dot */
} mfa_assertion_keys_t;

struct mfa_realm_s {
    mfa_str_t               name;
    const mfa_ports_t      *ports;
    mfa_arena_t            *arena;
    uint64_t                seen[MFA_REALM_TABLES];

    mfa_str_t               key_file;
    mfa_str_t               event_log;      /* a file, or empty */
    bool                    has_syslog;     /* the glue knows where */
    mfa_trusted_t           trusted[MFA_TRUSTED_MAX];
    size_t                  trusted_count;
    mfa_assertion_keys_t    assertion;
    mfa_store_settings_t    store;
    mfa_model_settings_t    model;
    mfa_send_settings_t     send;
    mfa_factor_settings_t   factor;
    mfa_flow_settings_t     flow;
    mfa_page_settings_t     pages;
    mfa_legacy_settings_t   legacy;
    mfa_brand_settings_t    brand;
    mfa_str_t               store_text;
    mfa_str_t               held_folder;    /* of long bodies, or empty */

    mfa_keys_t             *keys;
    mfa_templates_t        *templates;
    mfa_words_t            *words[2 * MFA_LANGUAGES_MAX + 2];
    size_t                  words_count;
    mfa_languages_t         languages;
    mfa_passlist_t         *common;

    mfa_flow_env_t          flow_env;
    mfa_page_env_t          page;
    mfa_strs_t              cookies;
    mfa_strs_t              warnings;
};


/* mfa_realm_pages.c: templates, words, style sheet; adds to warnings */
mfa_status_t mfa_realm_read_pages(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;
void mfa_realm_free_pages(mfa_realm_t *realm);

/* mfa_realm_warn.c: adds to warnings; all lines are there */
mfa_status_t mfa_realm_warn(mfa_realm_t *realm) MFA_MUST_CHECK;

/* mfa_event_log.c: the option "event_log" */
MFA_OPTION_SETTER(mfa_event_log_set);

/* mfa_trusted.c: the option "trusted_identity" */
MFA_OPTION_SETTER(mfa_trusted_set);

/* mfa_assertion.c: the option "assertion_key", its files, an open realm's
 * tokens */
MFA_OPTION_SETTER(mfa_assertion_set);
mfa_status_t mfa_assertion_load(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;
void mfa_assertion_unload(mfa_realm_t *realm);
bool mfa_assertion_is_shared(const mfa_realm_t *one, const mfa_realm_t *other);

/* mfa_assertion_cache.c */
typedef struct mfa_assertions_s  mfa_assertions_t;

mfa_status_t mfa_assertions_open(const mfa_realm_t *realm,
    mfa_assertions_t **assertions) MFA_MUST_CHECK;
void mfa_assertions_close(mfa_assertions_t **assertions);
mfa_status_t mfa_assertions_give(mfa_assertions_t *assertions,
    mfa_identity_t *identity, const mfa_assertion_ask_t *ask,
    mfa_str_t *token) MFA_MUST_CHECK;

/* mfa_held_job.c: checks held_form, names the folder; MFA_CONFIG */
mfa_status_t mfa_realm_held(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

/* checks and completes the applications on other hosts; MFA_CONFIG */
mfa_status_t mfa_realm_hosts(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

/* mfa_realm_legacy.c: old and logout addresses that are none, or lead in
 * circles; before the portal is known, and after. MFA_CONFIG */
mfa_status_t mfa_realm_legacy_end(mfa_realm_t *realm, mfa_error_t *error)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_REALM_H */
