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

#pragma GCC visibility push(hidden)


/* settings: registration */

typedef enum {
    MFA_REGISTRATION_ROSTER = 0,
    MFA_REGISTRATION_DOMAINS,
    MFA_REGISTRATION_OPEN,
    MFA_REGISTRATION_OFF
} mfa_registration_t;

typedef struct {
    mfa_registration_t  registration;
    mfa_strs_t          domains;            /* lower case */
} mfa_flow_settings_t;

extern const mfa_option_t  mfa_flow_options[];


/* what every journey of a realm is given; read-only */

typedef struct {
    const mfa_flow_settings_t    *settings;
    const mfa_factor_settings_t  *factors;
    const mfa_send_settings_t    *send;
    const mfa_passlist_t         *common;   /* NULL: no list */
} mfa_flow_env_t;


/* what a person can do on a screen of a flow */

typedef enum {
    MFA_EVENT_CODE = 0,         /* field code */
    MFA_EVENT_RESEND,
    MFA_EVENT_CHANGE_EMAIL,
    MFA_EVENT_DETAILS,          /* new_password, confirm, names */
    MFA_EVENT_NEW_SECRET,
    MFA_EVENT_CONTINUE
} mfa_flow_event_t;

/* what came of it; zero is no */

typedef enum {
    MFA_OUTCOME_DENY = 0,
    MFA_OUTCOME_PASS,
    MFA_OUTCOME_EXISTS
} mfa_outcome_t;

#define MFA_FLOW_ENDED  0       /* the state of every flow that is over */


/* one move of one flow, or its first: everything it reads and gives */

typedef struct {
    const mfa_flow_env_t  *env;
    mfa_work_t            *work;
    mfa_id_t               id;              /* of the flow; moves only */
    uint8_t                browser[MFA_DIGEST_SIZE];
    const mfa_pairs_t     *fields;          /* the form */
    mfa_str_t              target;          /* starts only; may be empty */
    mfa_str_t              agent;           /* User-Agent as it came */
    mfa_str_t              old_session;     /* token, ended at the next rise */
    mfa_str_t              hash;            /* of the new password, made by
                                               the hash thread */

    /* while it runs */
    mfa_tx_t              *tx;
    mfa_user_t             user;            /* where flow.has_user */

    /* what came of it */
    mfa_flow_t             flow;
    mfa_str_t              token;           /* a session began: its cookie */
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

typedef struct {
    unsigned     state;
    const char  *screen;        /* path below the portal: "register/code" */
} mfa_screen_t;

typedef struct {
    const char          *name;      /* kind of the record */
    const mfa_move_t    *moves;     /* ends with act NULL */
    const mfa_screen_t  *screens;   /* ends with screen NULL */
    const char          *home;      /* where to start again: "login" */

    /* see mfa_flow_prepare; NULL: nothing to do before any move */
    mfa_status_t       (*prepare)(mfa_step_t *step, mfa_flow_event_t event);
} mfa_flow_kind_t;

/* the screen of a flow; its kind's home when it has ended */
mfa_str_t mfa_flow_screen(const mfa_flow_t *flow);
mfa_str_t mfa_flow_home(const mfa_flow_t *flow);

/*
 * What must be done before the move, outside any transaction. MFA_HASH:
 * hash the field "new_password", put it into step->hash, then make the move.
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


/* login: its first step, around the hash */

typedef struct {
    mfa_str_t      typed;           /* the address, as typed */
    mfa_str_t      password;
    mfa_id_t       user;            /* zero: nobody of that address */
    mfa_str_t      encoded;         /* what to check it against; may be
                                       empty, the hash then denies */
    mfa_verdict_t  verdict;         /* from the hash thread */
    mfa_str_t      upgraded;        /* a newer hash of it, or empty */
} mfa_login_t;

/* books the try and finds the hash; MFA_LIMITED: retry_at */
mfa_status_t mfa_login_prepare(mfa_step_t *step, mfa_login_t *login)
    MFA_MUST_CHECK;

/*
 * After the hash. *verdict PASS: the flow is at its first screen. DENY: say
 * "Invalid login." and nothing else.
 */
mfa_status_t mfa_login_start(mfa_step_t *step, const mfa_login_t *login,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;


/* shared acts, for the tables of the kinds */

/*
 * The form of REGISTER_DETAILS (mfa_flow_details.c): every fault of it goes
 * into the flow's errors, what may be shown again into typed.
 */
mfa_status_t mfa_flow_details_judge(mfa_step_t *step) MFA_MUST_CHECK;

/* codes sent by mail (mfa_flow_code.c) */

mfa_status_t mfa_flow_code_issue(mfa_step_t *step, bool may_send)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_again(mfa_step_t *step, bool may_send,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_check(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_code_place_t mfa_flow_code_place(const mfa_flow_t *flow);

/* one try of the second factor (mfa_flow_verify.c) */
mfa_status_t mfa_flow_verify(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* enrolment and the end page (mfa_flow_secure.c) */

mfa_status_t mfa_flow_secure_begin(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_secure_renew(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_secure_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_finish(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* small words of the acts (mfa_flow_act.c) */

mfa_status_t mfa_flow_error(mfa_step_t *step, const char *field,
    mfa_str_t word) MFA_MUST_CHECK;
mfa_status_t mfa_flow_typed(mfa_step_t *step, const char *name,
    mfa_str_t value) MFA_MUST_CHECK;
mfa_status_t mfa_flow_event(mfa_step_t *step, const char *name,
    const char *result, const char *reason) MFA_MUST_CHECK;

/* passes a status on; MFA_LIMITED leaves an event of that name behind */
mfa_status_t mfa_flow_limited(mfa_work_t *work, const char *name,
    mfa_status_t st) MFA_MUST_CHECK;

/* MFA_LIMITED beyond the budget of this address for codes; gives back */
mfa_status_t mfa_flow_code_book(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_refund(mfa_step_t *step) MFA_MUST_CHECK;

/* a full session for step->user, the old one of this browser ended */
mfa_status_t mfa_flow_session(mfa_step_t *step, unsigned amr) MFA_MUST_CHECK;

/* "22:41", the time of day where the server stands */
mfa_str_t mfa_flow_clock(mfa_step_t *step, mfa_time_t at);

/* one message to every address on record (E7) */
mfa_status_t mfa_flow_tell(mfa_step_t *step, const char *kind,
    const char *what, mfa_str_t factor) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_H */
