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


/* shared acts, for the tables of the kinds */

/*
 * The form of REGISTER_DETAILS (mfa_flow_details.c): every fault of it goes
 * into the flow's errors, what may be shown again into typed.
 */
mfa_status_t mfa_flow_details_judge(mfa_step_t *step) MFA_MUST_CHECK;

/* new_password and confirm_password alone; names: those of the person, which
 * a password must not be made of */
mfa_status_t mfa_flow_password_judge(mfa_step_t *step, mfa_str_t first_name,
    mfa_str_t surname) MFA_MUST_CHECK;

/* what follows a form without fault: MFA_HASH for its new_password, MFA_OK
 * once step->hash is of it */
mfa_status_t mfa_flow_password_want(mfa_step_t *step) MFA_MUST_CHECK;

/*
 * What a mailed reset closes (mfa_flow_hold.c; D4, C6): one that was made at
 * that moment (0: none) holds until a login with more than the mailbox, or
 * for recovery_hold.
 */
bool mfa_flow_mail_is_held(const mfa_tx_t *tx, mfa_time_t mailed_at);

/* does a mailed password stand, of somebody who had finished registering? A
 * mailed code adds nothing to it */
bool mfa_flow_mail_is_alone(const mfa_tx_t *tx, const mfa_user_t *user);

/* a login is complete: step->user is cleared of both where flow.amr has more
 * than password, mail and device; not saved */
void mfa_flow_mail_proved(mfa_step_t *step);
void mfa_flow_mail_clear(mfa_user_t *user);

/* is a code by mail a second factor now? Not after a mailed password reset,
 * unless it is the first method of a registration. Deny first */
mfa_status_t mfa_flow_mail_counts(mfa_tx_t *tx, const mfa_id_t *user,
    bool *counts) MFA_MUST_CHECK;

/*
 * Journeys that begin with a mailed code (mfa_flow_mailed.c). judge: PASS:
 * this address (flow.email) gets a letter; the answer is the same either way.
 */

typedef struct {
    const char     *kind;
    unsigned        state;              /* where the code is asked for */
    const char     *event;
    mfa_status_t  (*judge)(mfa_step_t *step, mfa_user_t *user,
                           mfa_verdict_t *verdict);
} mfa_mailed_t;

/* MFA_INVALID: not an address. MFA_LIMITED: retry_at */
mfa_status_t mfa_flow_mailed_start(mfa_step_t *step,
    const mfa_mailed_t *mailed, mfa_str_t typed) MFA_MUST_CHECK;
mfa_status_t mfa_flow_mailed_again(mfa_step_t *step,
    const mfa_mailed_t *mailed, mfa_outcome_t *outcome) MFA_MUST_CHECK;


/* codes sent by mail (mfa_flow_code.c) */

mfa_status_t mfa_flow_code_issue(mfa_step_t *step, bool may_send)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_again(mfa_step_t *step, bool may_send,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_check(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_code_place_t mfa_flow_code_place(const mfa_flow_t *flow);

/*
 * A code of a factor, to a destination; purpose "verify" or "secure". The
 * address it goes to is of the user and proved or about to be. Budgets of
 * the person and, for SMS and calls, of the number. *outcome PASS: queued.
 */
mfa_code_place_t mfa_flow_factor_place(const mfa_step_t *step,
    const char *purpose, const mfa_factor_t *factor, mfa_str_t destination);
mfa_status_t mfa_flow_factor_send(mfa_step_t *step,
    const mfa_code_place_t *place, const mfa_factor_t *factor,
    mfa_outcome_t *outcome) MFA_MUST_CHECK;
/* one try of it, answered in words; the address's budget is booked */
mfa_status_t mfa_flow_factor_check(mfa_step_t *step,
    const mfa_code_place_t *place, mfa_outcome_t *outcome) MFA_MUST_CHECK;

/* asked again too soon? then nothing is booked; *is_first: never before */
mfa_status_t mfa_flow_code_look(mfa_step_t *step,
    const mfa_code_place_t *place, bool *is_recent, bool *is_first)
    MFA_MUST_CHECK;

/* why a code was not right, beside its field; left: tries */
mfa_status_t mfa_flow_code_refused(mfa_step_t *step,
    mfa_code_answer_t answer, uint64_t left) MFA_MUST_CHECK;

/* the second factor (mfa_flow_verify.c) */

/*
 * What a person can prove (mfa_flow_proof.c): records whose factor this
 * program knows, also where the realm no longer lets people set it up. The
 * last used first, then recovery codes, if any are left, then what is
 * disabled.
 */

typedef struct {
    const mfa_factor_t   *factor;
    mfa_factor_record_t   record;
} mfa_proof_t;

typedef struct {
    mfa_proof_t  items[MFA_FACTORS_MAX];
    size_t       count;
} mfa_proofs_t;

mfa_status_t mfa_flow_proofs(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_proofs_t *proofs) MFA_MUST_CHECK;

bool mfa_flow_is_recovery(const mfa_factor_t *factor);

/* is it neither disabled nor held now? deny first */
mfa_verdict_t mfa_flow_may_try(const mfa_tx_t *tx,
    const mfa_factor_record_t *record);

/* why it may not be tried now, in words */
mfa_status_t mfa_flow_verify_limited(mfa_step_t *step,
    const mfa_factor_record_t *record, mfa_time_t retry_at) MFA_MUST_CHECK;

/* the record of step->factor, else that of the first proof; MFA_INVALID:
 * there is none */
mfa_status_t mfa_flow_proof_find(mfa_step_t *step, mfa_proof_t *proof)
    MFA_MUST_CHECK;

/*
 * One try, judged; PASS has spent the proof and added to flow.amr, and
 * nothing more: the kind goes on. The proof is one of step->factor; NULL: of
 * the only or last used one. Codes that were sent are of the purpose
 * "verify.KIND".
 */
mfa_status_t mfa_flow_prove(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* after a wrong proof: a word that helps, its values into flow.typed; may
 * change record->told_step, which is then to be written */
mfa_status_t mfa_flow_advise(mfa_step_t *step, const mfa_factor_t *factor,
    mfa_factor_record_t *record, mfa_str_t typed, mfa_str_t *advice)
    MFA_MUST_CHECK;

/* a login is complete with it: session, remembered device, where to; MORE:
 * policy wants more methods than the person has */
mfa_status_t mfa_flow_verify(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* MFA_EVENT_SEND and MFA_EVENT_RESEND */
mfa_status_t mfa_flow_verify_send(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* enrolment and the end page (mfa_flow_secure.c) */

/*
 * One state holds all of an enrolment: the secret of an app waits in
 * flow.secret from the begin on, a number or address that a code was sent to
 * in flow.destination. Which method it is says step->factor (NULL: the only
 * one allowed, else the app). Codes are of the purpose "secure.KIND".
 * Outcomes of confirm: PASS, MORE (policy wants one more method: same
 * state), EXISTS, DENY.
 */
mfa_status_t mfa_flow_secure_send(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* once more to the destination that the flow has */
mfa_status_t mfa_flow_secure_again(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/* kinds of a user that are no recovery codes, also unknown ones */
mfa_status_t mfa_flow_methods(mfa_step_t *step, mfa_strs_t *kinds)
    MFA_MUST_CHECK;

/* does policy want more than these, and is there one to set up? */
bool mfa_flow_wants_more(const mfa_step_t *step, const mfa_strs_t *kinds);

/* the record is kept and told of; nothing else (for "settings") */
mfa_status_t mfa_flow_secure_prove(mfa_step_t *step, mfa_outcome_t *outcome,
    mfa_factor_record_t *record) MFA_MUST_CHECK;

/* ten codes into flow.secret (joined by spaces) and the record; told
 * (mfa_flow_recovery.c) */
mfa_status_t mfa_flow_recovery(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

mfa_status_t mfa_flow_secure_begin(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_secure_renew(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_secure_confirm(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;
mfa_status_t mfa_flow_finish(mfa_step_t *step, mfa_outcome_t *outcome)
    MFA_MUST_CHECK;

/*
 * Remembered devices (mfa_flow_device.c). One browser may be remembered for
 * a few people: the cookie holds a device of each, joined by '.'.
 */

/* GOOD: the second factor may be skipped, and only it. COPIED: the person
 * was told, all devices are gone */
mfa_status_t mfa_flow_device_use(mfa_step_t *step,
    mfa_device_answer_t *answer) MFA_MUST_CHECK;

/* this browser from now on, where the realm allows it and the form asks */
mfa_status_t mfa_flow_device_keep(mfa_step_t *step) MFA_MUST_CHECK;


/* small words of the acts (mfa_flow_act.c) */

mfa_status_t mfa_flow_error(mfa_step_t *step, const char *field,
    mfa_str_t word) MFA_MUST_CHECK;
mfa_status_t mfa_flow_typed(mfa_step_t *step, const char *name,
    mfa_str_t value) MFA_MUST_CHECK;
mfa_status_t mfa_flow_event(mfa_step_t *step, const char *name,
    const char *result, const char *reason) MFA_MUST_CHECK;

/* the same about a factor; NULL: none */
mfa_status_t mfa_flow_factor_event(mfa_step_t *step, const char *name,
    const char *result, const char *reason, const mfa_factor_t *factor)
    MFA_MUST_CHECK;

/* passes a status on; MFA_LIMITED leaves an event of that name behind */
mfa_status_t mfa_flow_limited(mfa_work_t *work, const char *name,
    mfa_status_t st) MFA_MUST_CHECK;

/* MFA_LIMITED beyond the budget of this address for codes; gives back */
mfa_status_t mfa_flow_code_book(mfa_step_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_flow_code_refund(mfa_step_t *step) MFA_MUST_CHECK;

/* a full session for step->user, the old one of this browser ended;
 * MFA_EXPIRED: amr rests on a trusted sign-on that is no more */
mfa_status_t mfa_flow_session(mfa_step_t *step, unsigned amr) MFA_MUST_CHECK;

/* what a journey begins with: a password, or the word of a trusted service;
 * an empty session: a password */
unsigned mfa_flow_amr(const mfa_session_t *session);

/* step->session is set when one of step->user lives in this browser;
 * MFA_EXPIRED otherwise */
mfa_status_t mfa_flow_session_need(mfa_step_t *step) MFA_MUST_CHECK;

/* all sessions of the user but step->session; none is fine */
mfa_status_t mfa_flow_session_end_others(mfa_step_t *step) MFA_MUST_CHECK;

/* "22:41", the time of day where the server stands */
mfa_str_t mfa_flow_clock(mfa_step_t *step, mfa_time_t at);

/* one message to every address on record (E7) */
mfa_status_t mfa_flow_tell(mfa_step_t *step, const char *kind,
    const char *what, mfa_str_t factor) MFA_MUST_CHECK;

/* the same in two parts: what is said, and to whom */
mfa_status_t mfa_flow_tell_values(mfa_step_t *step, const char *what,
    mfa_str_t factor, mfa_pairs_t *values) MFA_MUST_CHECK;
mfa_status_t mfa_flow_tell_all(mfa_step_t *step, const char *kind,
    const mfa_pairs_t *values) MFA_MUST_CHECK;

/* that a recovery code was used, and how many are left */
mfa_status_t mfa_flow_tell_recovery(mfa_step_t *step, mfa_str_t factor,
    size_t left) MFA_MUST_CHECK;

#pragma GCC visibility pop


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
