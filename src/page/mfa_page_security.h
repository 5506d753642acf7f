/*
 * What the files of a person's own security settings share; private to them
 * and to home, which warns when recovery codes run out.
 */

#ifndef MFA_PAGE_SECURITY_H
#define MFA_PAGE_SECURITY_H

#include "mfa_page.h"

#pragma GCC visibility push(hidden)


/* the ways a person can prove who they are, as they stand */

typedef struct {
    mfa_strs_t           kinds;         /* unknown and disabled ones too */
    mfa_factor_record_t  records[MFA_FACTORS_MAX];
    size_t               count;
} mfa_methods_t;

mfa_status_t mfa_methods_read(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_methods_t *methods) MFA_MUST_CHECK;

/* NULL: not set up */
const mfa_factor_record_t *mfa_methods_of(const mfa_methods_t *methods,
    const char *kind);

/* what policy leaves to the person, and a reset that was asked for */

typedef struct {
    mfa_policy_t         policy;
    bool                 has_request;
    mfa_reset_request_t  request;
} mfa_change_t;

/* list "methods": those that may be set up or are; is_approval where changes
 * have to be asked for; map "request" while one stands */
mfa_status_t mfa_methods_fill(mfa_visit_t *visit,
    const mfa_methods_t *methods, const mfa_change_t *change,
    mfa_value_t *map) MFA_MUST_CHECK;

/* one of them: label, added, used, shown, is_off */
mfa_status_t mfa_method_fill(mfa_visit_t *visit, const mfa_factor_t *factor,
    const mfa_factor_record_t *record, mfa_value_t *map) MFA_MUST_CHECK;

/* map "recovery": left, is_low, is_none, is_spent, may_make; nothing where
 * the realm has none and the person neither */
void mfa_recovery_fill(mfa_visit_t *visit, const mfa_methods_t *methods,
    mfa_value_t *map);


/* what happened and what is open (mfa_page_security_list.c) */

typedef struct {
    mfa_session_t   *sessions;
    size_t           session_count;
    mfa_device_t    *devices;
    size_t           device_count;
    mfa_activity_t  *activity;
    size_t           activity_count;
} mfa_traces_t;

mfa_status_t mfa_traces_read(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_traces_t *traces) MFA_MUST_CHECK;

/* lists "sessions" (this one first), "devices", "activity" */
mfa_status_t mfa_traces_fill(mfa_visit_t *visit, const mfa_traces_t *traces,
    mfa_value_t *map) MFA_MUST_CHECK;

/* an event in plain words (mfa_page_activity.c); never its name */
mfa_str_t mfa_activity_word(const mfa_activity_t *item);

#pragma GCC visibility pop

#endif /* MFA_PAGE_SECURITY_H */
