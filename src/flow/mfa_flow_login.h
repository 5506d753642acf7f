/*
 * What the files of a login tell each other about its password: the budgets
 * it is booked on, and what follows a wrong and a right one.
 *
 * Only files of this folder include this header.
 */

#ifndef MFA_FLOW_LOGIN_H
#define MFA_FLOW_LOGIN_H

#include "mfa_flow.h"

#pragma GCC visibility push(hidden)


/* a try of a password of this user, from this browser: a known one books its
 * own budget, others that of the account (H2) */

typedef struct {
    mfa_limit_kind_t  kind;
    mfa_str_t         subject;
} mfa_budget_t;

mfa_status_t mfa_budget_known(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_budget_t *budget)
    MFA_MUST_CHECK;
mfa_status_t mfa_budget_find(mfa_step_t *step, mfa_tx_t *tx,
    mfa_budget_t *budget) MFA_MUST_CHECK;

/* inside mfa_login_start: step->tx is set */

mfa_status_t mfa_login_refused(mfa_step_t *step, const mfa_login_t *login)
    MFA_MUST_CHECK;

/* its booking is given back, the row of failures ends; step->user is set */
mfa_status_t mfa_login_accepted(mfa_step_t *step, const mfa_login_t *login)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_LOGIN_H */
