/*
 * Flows, third part: what staff do to other people and look at.
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_STAFF_H
#define MFA_FLOW_STAFF_H

#pragma GCC visibility push(hidden)


/*
 * staff (mfa_flow_staff*.c): members of helpdesk_group and admin_group, and
 * the managers of the roster, do something to somebody else (A3, A5, M3).
 *
 * One deed is one update: who does it is looked up in it, by the session of
 * this browser and the groups of now; its letters and its event "staff.NAME"
 * (with by and note) are in it.
 */

#define MFA_REASON_MIN  3           /* bytes of a reason or statement */
#define MFA_REASON_MAX  500

typedef struct {
    const char  *name;      /* "unlock" "end" "remove" "correct" "add"
                               "disable" "enable" "invite" "pass" "reset"
                               "approve" "refuse" "extend" */
    mfa_id_t     user;      /* of approve and refuse: set here */
    mfa_id_t     request;   /* of approve and refuse */
    mfa_str_t    reason;    /* as typed; of approve: the statement */
    mfa_str_t    subject;   /* remove: kind; correct: the address as it is */
    mfa_str_t    value;     /* correct, add: the new address, as typed;
                               extend: the day */

    /* what came of it */
    mfa_str_t    field;     /* with MFA_INVALID: "reason", "address",
                               "date" */
    mfa_str_t    word;      /* of what was done, or why not */
    mfa_str_t    also;      /* with field "reason": what is wrong with the
                               address as well; empty: nothing */
    mfa_str_t    pass;      /* of "pass"; to be shown once */
} mfa_staff_deed_t;

/*
 * MFA_OK         done; word
 * MFA_NOT_FOUND  no session, or of nobody who has these pages; or no such
 *                person, request
 * MFA_EXPIRED    the second factor is not within factor_fresh (D13)
 * MFA_INVALID    field and word say what is wrong with what was typed
 * MFA_EXISTS     not possible as things stand, or done a moment ago; word
 *
 * *verdict DENY with MFA_OK: to oneself, above one's rank, or none of a
 * manager's business; nothing was done, the event tells of it.
 */
mfa_status_t mfa_staff_do(mfa_step_t *step, mfa_staff_deed_t *deed,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;

/* is somebody's second factor fresh enough to see and do this? */
bool mfa_staff_is_fresh(const mfa_flow_env_t *env,
    const mfa_session_t *session, mfa_time_t now);

/* must two approve what concerns the second factor of this person? Then one
 * alone can neither remove a method nor make a pass */
bool mfa_staff_needs_two(const mfa_model_settings_t *settings,
    const mfa_user_t *user);

/* is it one of the people whose roster column "manager" names an address of
 * this one, of no higher rank, and somebody else? Deny first */
mfa_verdict_t mfa_manager_may(const mfa_model_settings_t *settings,
    const mfa_user_t *manager, const mfa_user_t *user);

/* looking (mfa_flow_staff_look.c): in short views, each with memory of its
 * own; a walk ends when its time is over */

#define MFA_STAFF_TIME   (2 * MFA_SECOND)
#define MFA_STAFF_PAGE   20
#define MFA_STAFF_MOST   200

typedef struct {
    mfa_id_t  ids[MFA_STAFF_MOST];
    size_t    count;
    mfa_id_t  last;             /* looked at; go on behind it */
    bool      has_more;         /* there may be more behind it */
    bool      is_cut;           /* because the time was over */
} mfa_staff_found_t;

/* the next people, at most MFA_STAFF_PAGE, who have every word of the query
 * in a name, an address or an attribute; after NULL starts */
mfa_status_t mfa_staff_search(mfa_work_t *work, mfa_str_t query,
    const mfa_id_t *after, mfa_staff_found_t *found) MFA_MUST_CHECK;

/* whom a manager may help; most: stop there */
mfa_status_t mfa_staff_team(mfa_work_t *work, const mfa_user_t *manager,
    size_t most, mfa_time_t time, mfa_staff_found_t *found) MFA_MUST_CHECK;

/* requests that are open, or were decided after since; ids are of requests */
mfa_status_t mfa_staff_requests(mfa_work_t *work, mfa_time_t since,
    mfa_staff_found_t *found, size_t *open) MFA_MUST_CHECK;

/* a person as the tables of staff show them */

typedef struct {
    mfa_user_t           user;
    bool                 has_factor;
    bool                 has_request;
    mfa_reset_request_t  request;       /* open or approved */
    bool                 has_pass;
    mfa_time_t           limited_until; /* wrong passwords; 0: free */
    bool                 is_row_closed; /* only known browsers may try (A12) */
} mfa_staff_view_t;

mfa_status_t mfa_staff_look(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_staff_view_t *view) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_STAFF_H */
