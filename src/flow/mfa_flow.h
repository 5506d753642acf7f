/*
 * Flows: the journeys as tables of states.
 *
 * Rank 5. A kind of flow is one file: a table of moves (state, event, what
 * is done, outcome, next state) and a table of screens. What is not listed
 * is refused. The driver in mfa_flow.c is the only writer of a state; each
 * move is one transaction. Nothing here knows HTTP or a template.
 */

#ifndef MFA_FLOW_H
#define MFA_FLOW_H

#include "../factor/mfa_factor.h"

/* settings, and what they ask of whom */

#include "mfa_flow_policy.h"

#pragma GCC visibility push(hidden)


/* what every journey of a realm is given; read-only */

typedef struct {
    const mfa_flow_settings_t    *settings;
    const mfa_factor_settings_t  *factors;
    const mfa_send_settings_t    *send;
    const mfa_passlist_t         *common;   /* NULL: no list */
} mfa_flow_env_t;


/* what a person can do on a screen of a flow */

typedef enum {
    MFA_EVENT_CODE = 0,         /* field code, of step->factor */
    MFA_EVENT_RESEND,
    MFA_EVENT_CHANGE_EMAIL,
    MFA_EVENT_DETAILS,          /* new_password, confirm, names */
    MFA_EVENT_NEW_SECRET,
    MFA_EVENT_CONTINUE,
    MFA_EVENT_SEND,             /* a code of step->factor, please; at an
                                   enrolment to the destination of the form */
    MFA_EVENT_RECOVERY,         /* make recovery codes */
    MFA_EVENT_REMOVE,           /* yes, remove it */
    MFA_EVENT_PASSWORD,         /* new_password, confirm; in the settings
                                   current_password too */
    MFA_EVENT_CANCEL,           /* leave the settings as they are */
    MFA_EVENT_RESET,            /* lost phone: a code to the address of the
                                   form, or of the record once approved */
    MFA_EVENT_REQUEST,          /* submit a request for a reset */
    MFA_EVENT_PASS,             /* field pass: of the helpdesk */
    MFA_EVENT_LATER             /* no second factor today (Y1) */
} mfa_flow_event_t;

/* what came of it; zero is no */

typedef enum {
    MFA_OUTCOME_DENY = 0,
    MFA_OUTCOME_PASS,
    MFA_OUTCOME_EXISTS,
    MFA_OUTCOME_MORE,           /* policy wants another method */
    MFA_OUTCOME_SECURE,         /* settings, by what the flow is for: */
    MFA_OUTCOME_REMOVE,
    MFA_OUTCOME_PASSWORD,
    MFA_OUTCOME_RECOVERY,
    MFA_OUTCOME_REQUEST
} mfa_outcome_t;

#define MFA_FLOW_ENDED  0       /* the state of every flow that is over */


/* argon2id, which only its own threads do */

typedef struct {
    bool       is_check;        /* password against encoded, else make one */
    mfa_str_t  password;
    mfa_str_t  encoded;
} mfa_hash_want_t;


/* one move of one flow, or its first: everything it reads and gives */

typedef struct {
    const mfa_flow_env_t  *env;
    mfa_work_t            *work;
    mfa_id_t               id;              /* of the flow; moves only */
    uint8_t                browser[MFA_DIGEST_SIZE];
    const mfa_pairs_t     *fields;          /* the form */
    mfa_str_t              target;          /* starts only; may be empty */
    mfa_str_t              agent;           /* User-Agent as it came */
    const mfa_language_t  *language;        /* of the request; may be NULL */
    bool                   is_chosen;       /* it was, and not negotiated */
    mfa_str_t              old_session;     /* token, ended at the next rise */
    mfa_str_t              old_device;      /* cookie of a remembered device */
    mfa_str_t              portal;          /* "/mfa/", for links in mail */
    mfa_str_t              trusted;         /* words of a trusted sign-on,
                                               of which work->proof is */
    bool                   is_one;          /* a login by password alone is
                                               enough for the target */
    bool                   is_step_up;      /* a login goes on: the second
                                               factor is wanted now */
    const mfa_factor_t    *factor;          /* the page's; NULL: none */

    /* the hash thread (mfa_flow_prepare): what is wanted, what came of it */
    mfa_hash_want_t        want;
    mfa_verdict_t          checked;         /* of a check; zero: deny */
    bool                   is_checked;
    mfa_str_t              hash;            /* of the new password */
    mfa_strs_t             staff;           /* addresses of those who decide
                                               on a request */

    /* while it runs */
    mfa_tx_t              *tx;
    mfa_user_t             user;            /* where flow.has_user */
    mfa_session_t          session;         /* of kinds that need one */
    bool                   is_partial;      /* what the next session is */

    /* what came of it */
    mfa_flow_t             flow;
    mfa_str_t              token;           /* a session began: its cookie */
    mfa_str_t              device;          /* new cookie of a device, or
                                               empty: keep what you have */
    mfa_str_t              proved;          /* whose this browser has just
                                               shown to be, in a few bytes */
    mfa_str_t              screen;          /* show this one of the state's,
                                               or empty: stay, else the first */
    bool                   is_over;         /* the journey is complete: */
    mfa_str_t              go;              /* go there; empty: home */
    mfa_time_t             retry_at;        /* with MFA_LIMITED */
    bool                   has_mail;
} mfa_step_t;

typedef struct {
    unsigned          state;
    mfa_flow_event_t  event;
    mfa_status_t    (*act)(mfa_step_t *step, mfa_outcome_t *outcome);
    mfa_outcome_t     outcome;
    unsigned          next;
} mfa_move_t;

/*
 * Several screens of one state stand together; the first is where people
 * are sent, the others may be gone to by links. One that ends in "/" stands
 * for all pages of factors below it ("verify/sms").
 */

typedef struct {
    unsigned     state;
    const char  *screen;        /* path below the portal: "register/code" */
} mfa_screen_t;

typedef struct {
    const char          *name;      /* kind of the record */
    const mfa_move_t    *moves;     /* ends with act NULL */
    const mfa_screen_t  *screens;   /* ends with screen NULL */
    const char          *home;      /* where to start again: "login" */

    /* moves only while a session of its user lives in this browser */
    bool                 is_for_session;

    /* see mfa_flow_prepare; NULL: nothing to do before any move */
    mfa_status_t       (*prepare)(mfa_step_t *step, mfa_flow_event_t event);
} mfa_flow_kind_t;

/* the screen of a flow; its kind's home when it has ended */
mfa_str_t mfa_flow_screen(const mfa_flow_t *flow);
mfa_str_t mfa_flow_home(const mfa_flow_t *flow);

/* is this page one of the present state's? */
bool mfa_flow_has_screen(const mfa_flow_t *flow, mfa_str_t path);

/*
 * What must be done before the move, outside any transaction. MFA_HASH: do
 * step->want, put what came of it into step->hash, or into step->checked
 * with is_checked, and call this again; after MFA_OK make the move.
 */
mfa_status_t mfa_flow_prepare(mfa_step_t *step, mfa_flow_event_t event)
    MFA_MUST_CHECK;

/*
 * The move; one durable transaction.
 *
 * MFA_OK         done; step->flow says where the person is now
 * MFA_NOT_FOUND  no such flow of this browser
 * MFA_EXPIRED    it ended; step->flow is set
 * MFA_INVALID    not possible in this state; step->flow is set
 * MFA_LIMITED    too many tries from this address; retry_at
 */
mfa_status_t mfa_flow_move(mfa_step_t *step, mfa_flow_event_t event)
    MFA_MUST_CHECK;

/* reads the flow and its user for a page, in a view; statuses as above */
mfa_status_t mfa_flow_read(mfa_step_t *step) MFA_MUST_CHECK;


/* registration: its first step; the answer is the same for every address */

/* MFA_INVALID: not an address. MFA_LIMITED: retry_at */
mfa_status_t mfa_register_start(mfa_step_t *step, mfa_str_t typed)
    MFA_MUST_CHECK;

/*
 * A forgotten password (mfa_flow_reset.c): its first step; the same answer
 * for every address. Statuses as above.
 */
mfa_status_t mfa_reset_start(mfa_step_t *step, mfa_str_t typed)
    MFA_MUST_CHECK;


/*
 * Held after wrong passwords (mfa_flow_unlock.c): a mailed code makes this
 * browser a known one of that account, which has a budget of its own. It
 * proves nothing else. The same answer for every address; statuses as above.
 */
mfa_status_t mfa_unlock_start(mfa_step_t *step, mfa_str_t typed)
    MFA_MUST_CHECK;


/* login: its first step, around the hash */

typedef struct {
    mfa_str_t      typed;           /* the address, as typed */
    mfa_str_t      password;
    mfa_id_t       user;            /* zero: nobody of that address */
    mfa_str_t      encoded;         /* what to check it against; may be
                                       empty, the hash then denies */
    mfa_verdict_t  verdict;         /* from the hash thread */
    mfa_str_t      upgraded;        /* a newer hash of it, or empty */

    /* what was booked (mfa_flow_budget.c) */
    mfa_str_t      person;          /* subject of the account's budget */
    bool           is_known;        /* of this browser's own budget */
    bool           is_closed;       /* after too many in a row (A12) */
    bool           is_last;         /* one more wrong one closes it */
} mfa_login_t;

/*
 * A remembered device (step->old_device) may end a login here: step->is_over
 * with token, device and go set.
 */

/* books the try and finds the hash; MFA_LIMITED: retry_at */
mfa_status_t mfa_login_prepare(mfa_step_t *step, mfa_login_t *login)
    MFA_MUST_CHECK;

/*
 * After the hash. *verdict PASS: the flow is at its first screen. DENY: say
 * "Invalid login." and nothing else.
 */
mfa_status_t mfa_login_start(mfa_step_t *step, const mfa_login_t *login,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

/*
 * Somebody who is logged in by password alone goes on to what it did not
 * ask of them, as after the password of a login; neither a device nor the
 * time that policy leaves spares it. MFA_NOT_FOUND: no live session.
 * MFA_EXPIRED: the password was given longer ago than a login lasts.
 */
mfa_status_t mfa_login_continue(mfa_step_t *step) MFA_MUST_CHECK;


/*
 * Settings (mfa_flow_settings.c): a person who is logged in changes one
 * thing. Without a second factor within factor_fresh the first screen asks
 * for one (D13); then by action:
 *
 * "add"       subject: a kind of factor not yet set up
 * "change"    subject: a kind that is; the old one counts until the new one
 *             is proved
 * "remove"    subject: a kind, never so that fewer are left than policy
 *             demands, recovery codes not counted (S2)
 * "request"   a reset that staff approve, instead of the three above where
 *             policy wants changes approved (D5)
 * "password"
 * "recovery"  ten new codes, the old ones die
 * "step-up"   nothing but the second factor; then on to step->target
 *
 * MFA_NOT_FOUND: no live session. MFA_INVALID: not possible as things stand
 * (the page has gone stale). MFA_OK: the flow is at its first screen. Every
 * end of it tells all addresses on record, in the same transaction (C10),
 * ends the other sessions and remembered devices, and leaves a notice.
 */
mfa_status_t mfa_settings_start(mfa_step_t *step, mfa_str_t action,
    mfa_str_t subject) MFA_MUST_CHECK;

/* would enough kinds be left without this one? deny first (C8) */
mfa_verdict_t mfa_settings_may_remove(const mfa_strs_t *kinds,
    mfa_str_t kind, const mfa_policy_t *policy);

/*
 * Does policy leave this action to the person, who has so many methods
 * (recovery codes not counted)? Deny first. With factor_change approval
 * "add" is theirs only as long as policy demands more than they have:
 * another method beside the old one would be a change that nobody approved.
 */
mfa_verdict_t mfa_settings_may(const mfa_policy_t *policy, mfa_str_t action,
    size_t methods);

/* one update each; step->old_session says who; MFA_NOT_FOUND: no session,
 * or no such thing of this person */
mfa_status_t mfa_settings_end_session(mfa_step_t *step,
    mfa_str_t reference) MFA_MUST_CHECK;
mfa_status_t mfa_settings_end_others(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_settings_forget_device(mfa_step_t *step,
    mfa_str_t reference) MFA_MUST_CHECK;
mfa_status_t mfa_settings_end_request(mfa_step_t *step) MFA_MUST_CHECK;

/* the first 16 hex digits of a session's key or of a device's id: enough to
 * tell a person's own apart, useless to anybody else */
mfa_status_t mfa_settings_reference(mfa_arena_t *arena, const uint8_t *bytes,
    mfa_str_t *reference) MFA_MUST_CHECK;

#pragma GCC visibility pop


/* what the tables of the kinds share */

#include "mfa_flow_acts.h"

/* people without a second factor */

#include "mfa_flow_grace.h"

/* a lost phone, requests for a reset */

#include "mfa_flow_lost.h"

/* what staff do and look at */

#include "mfa_flow_staff.h"

/* a trusted single sign-on */

#include "mfa_flow_trusted.h"

/* reminders, who is ready */

#include "mfa_flow_remind.h"


#endif /* MFA_FLOW_H */
