/*
 * What the files of staff (mfa_flow_staff*.c) share. Private to them.
 */

#ifndef MFA_FLOW_STAFF_CASE_H
#define MFA_FLOW_STAFF_CASE_H

#include "mfa_flow.h"

#pragma GCC visibility push(hidden)


/* one deed, inside its update */

typedef struct {
    mfa_step_t           *step;
    mfa_staff_deed_t     *deed;
    mfa_user_t            staff;        /* who does it */
    mfa_user_t            user;         /* to whom */
    mfa_reset_request_t   request;      /* of approve and refuse */
    mfa_str_t             note;         /* the reason, checked */
    mfa_str_t             former;       /* an address that was corrected, */
    mfa_str_t             changed;      /* and the new one, told as well */
    mfa_user_t            told;         /* with the addresses from before */
    const char           *factor;       /* removed, for the event; or NULL */
    mfa_time_t            until;        /* for the letter; 0: of the request */
} mfa_staff_case_t;

/*
 * A deed: MFA_OK, MFA_INVALID or MFA_EXISTS with deed->word. Writes what it
 * changes; events and letters follow where it is called.
 */
typedef mfa_status_t (*mfa_staff_fn)(mfa_tx_t *tx, mfa_staff_case_t *at);

typedef struct {
    const char    *name;
    const char    *event;           /* "staff.unlock" */
    mfa_staff_fn   fn;
    const char    *letter;          /* flag of the letter, or NULL: none */
    bool           is_for_manager;
    bool           is_sending;      /* once more only after a while */
} mfa_staff_kind_t;

/* NULL: there is no such deed */
const mfa_staff_kind_t *mfa_staff_kind(const char *name);

/* more time to set up a second factor (mfa_flow_staff_extend.c) */
mfa_status_t mfa_staff_extend(mfa_tx_t *tx, mfa_staff_case_t *at)
    MFA_MUST_CHECK;

/* the address of correct and add, as typed: MFA_INVALID with word and field */
mfa_status_t mfa_staff_address(mfa_tx_t *tx, mfa_staff_case_t *at,
    mfa_str_t *email) MFA_MUST_CHECK;

/* one letter to every address of at->told, and to at->changed */
mfa_status_t mfa_staff_tell(mfa_tx_t *tx, const mfa_staff_case_t *at,
    const char *flag) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_STAFF_CASE_H */
