/*
 * What the pages of staff share. Private to them and to home, which links to
 * them.
 */

#ifndef MFA_PAGE_STAFF_H
#define MFA_PAGE_STAFF_H

#include "mfa_page_security.h"

#pragma GCC visibility push(hidden)


/*
 * Who is here, for a page of staff or (is_for_team) of managers. *is_here
 * false: the reply is ready: 404 for everybody else, the login, or the
 * question for a second factor that is fresh.
 */
mfa_status_t mfa_staff_gate(mfa_visit_t *visit, bool is_for_team,
    bool *is_here) MFA_MUST_CHECK;

/* does anybody report to this person? Looks for that long at most */
mfa_status_t mfa_staff_is_manager(mfa_visit_t *visit, mfa_time_t time,
    bool *is_manager) MFA_MUST_CHECK;


/*
 * A deed of a form: "do", "reason", "subject", "address". It ends in a 303
 * back to this page, which says what came of it.
 */
mfa_status_t mfa_staff_press(mfa_visit_t *visit, mfa_staff_deed_t *deed)
    MFA_MUST_CHECK;

/* of the form: "address", or the "date" of a deed that has one */
mfa_str_t mfa_staff_value(const mfa_visit_t *visit);

/* what such a form left for this page: taken once */

typedef struct {
    mfa_str_t  word;            /* of a deed that was done, or its error */
    mfa_str_t  field;           /* of an error: "reason", "address" */
    mfa_str_t  also;            /* word about the address, beside "reason" */
    mfa_str_t  name;            /* of the deed */
    mfa_str_t  subject;
    mfa_str_t  whom;            /* hex: the person or the request */
    mfa_str_t  reason;          /* as typed */
    mfa_str_t  address;
    mfa_str_t  pass;            /* made for whom */
} mfa_staff_left_t;

mfa_status_t mfa_staff_take(mfa_visit_t *visit, mfa_staff_left_t *left)
    MFA_MUST_CHECK;

/* is that error of this form? */
bool mfa_staff_is_of(const mfa_staff_left_t *left, const char *name,
    mfa_str_t subject, mfa_str_t whom);

/* the form of a deed in a list of such: what was typed, its error; its
 * fields are called "reason-KEY", "address-KEY" */
void mfa_staff_form(mfa_visit_t *visit, const mfa_staff_left_t *left,
    mfa_str_t key, mfa_value_t *map, mfa_value_t *item);

/* 32 hex digits */
mfa_status_t mfa_staff_id(mfa_str_t text, mfa_id_t *id) MFA_MUST_CHECK;

/* "12 March 2027, 14:02"; "14:02" on the day that is today */
mfa_str_t mfa_staff_moment(mfa_visit_t *visit, mfa_time_t at);

/* where a request came from, in text */
mfa_str_t mfa_staff_place(mfa_visit_t *visit, const mfa_address_t *address);


/* a person's page (mfa_page_person_view.c) */

typedef struct {
    mfa_id_t          id;
    mfa_staff_view_t  view;
    mfa_methods_t     methods;
    mfa_traces_t      traces;
    mfa_grace_t       grace;
    const mfa_flow_settings_t  *settings;   /* set by the caller */
} mfa_person_t;

mfa_status_t mfa_person_read(mfa_tx_t *tx, void *arg) MFA_MUST_CHECK;
mfa_status_t mfa_person_fill(mfa_visit_t *visit, const mfa_person_t *person,
    mfa_value_t *map) MFA_MUST_CHECK;

/* flags is_disabled, is_locked, is_unregistered, is_active of one person */
void mfa_person_state(const mfa_user_t *user, mfa_value_t *map);

#pragma GCC visibility pop

#endif /* MFA_PAGE_STAFF_H */
