/*
 * The model, third part: what happens when people are stuck. Requests for a
 * reset with approval, helpdesk passes, replaced secrets, the audit.
 *
 * Part of mfa_model.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_MODEL_STAFF_H
#define MFA_MODEL_STAFF_H

#pragma GCC visibility push(hidden)


/* ranks: admins over helpdesk over users (A3); by the realm's groups */

typedef enum {
    MFA_RANK_USER = 0,
    MFA_RANK_HELPDESK,
    MFA_RANK_ADMIN
} mfa_rank_t;

mfa_rank_t mfa_user_rank(const mfa_model_settings_t *settings,
    const mfa_user_t *user);

/*
 * May staff do something to this user at all? PASS: helpdesk or admin, not
 * to themselves, not to somebody of a higher rank. Deny first.
 */
mfa_verdict_t mfa_staff_may(const mfa_model_settings_t *settings,
    const mfa_user_t *staff, const mfa_user_t *user);


/*
 * requests: a person asks to set up the second factor anew, staff approve
 * (section 6 of the product). One open request of a user at a time.
 */

typedef enum {
    MFA_REQUEST_OPEN = 1,
    MFA_REQUEST_APPROVED,           /* until used or expires_at */
    MFA_REQUEST_REFUSED,
    MFA_REQUEST_CANCELLED,
    MFA_REQUEST_USED,
    MFA_REQUEST_EXPIRED
} mfa_request_state_t;

#define MFA_APPROVALS_MAX   4
#define MFA_STATEMENT_MAX   500     /* bytes: "I have verified ... by" */

typedef struct {
    mfa_id_t    staff;
    mfa_str_t   name;               /* of the staff member, then */
    mfa_str_t   statement;
    mfa_time_t  at;
} mfa_approval_t;

typedef struct {
    mfa_id_t             id;
    mfa_id_t             user;
    mfa_request_state_t  state;
    mfa_str_t            phrase;        /* two words, shown to both sides */
    mfa_time_t           made_at;
    mfa_time_t           decided_at;
    mfa_time_t           expires_at;    /* open: 14 d; approved: 72 h */
    mfa_address_t        address;
    mfa_str_t            agent;
    uint8_t              cancel[MFA_DIGEST_SIZE];   /* SHA-256 of the token
                                                       in the mailed link */
    mfa_approval_t       approvals[MFA_APPROVALS_MAX];
    size_t               approval_count;
    size_t               approvals_needed;          /* 1 or 2 */
    mfa_approval_t       refusal;       /* who refused it, why; no name: not
                                           refused, or nobody kept who */
} mfa_reset_request_t;

/*
 * A new open request; *cancel_token for the link (base64url). MFA_EXISTS:
 * there is an open or approved one already, which is then in *request.
 */
mfa_status_t mfa_reset_request_open(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_reset_request_t *request, mfa_str_t *cancel_token) MFA_MUST_CHECK;

/* MFA_NOT_FOUND. State is as of now: what is past is EXPIRED */
mfa_status_t mfa_reset_request_get(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_reset_request_t *request) MFA_MUST_CHECK;
/* the open or approved one of a user; MFA_NOT_FOUND */
mfa_status_t mfa_reset_request_of(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_reset_request_t *request) MFA_MUST_CHECK;
/* in the order of ids, any state; after NULL starts */
mfa_status_t mfa_reset_request_next(mfa_tx_t *tx, const mfa_id_t *after,
    mfa_reset_request_t *request) MFA_MUST_CHECK;

/*
 * One approval. MFA_EXISTS: this staff member has approved it already.
 * MFA_INVALID: not open, or the statement is empty. With the last one that
 * is needed the state is APPROVED for 72 hours. Who may is the caller's
 * question (mfa_staff_may).
 */
mfa_status_t mfa_reset_request_approve(mfa_tx_t *tx,
    mfa_reset_request_t *request, const mfa_user_t *staff,
    mfa_str_t statement) MFA_MUST_CHECK;

/* to REFUSED, and who did it and why is kept; MFA_INVALID: it does not stand
 * any more, or the reason is empty */
mfa_status_t mfa_reset_request_refuse(mfa_tx_t *tx,
    mfa_reset_request_t *request, const mfa_user_t *staff, mfa_str_t reason)
    MFA_MUST_CHECK;

/* to REFUSED, CANCELLED or USED; MFA_INVALID: not from this state */
mfa_status_t mfa_reset_request_close(mfa_tx_t *tx,
    mfa_reset_request_t *request, mfa_request_state_t state) MFA_MUST_CHECK;


/*
 * passes: ten characters that staff read to a person verified by phone; it
 * lives an hour, works once, for that person, after the password.
 */

#define MFA_PASS_CHARACTERS  10

mfa_status_t mfa_pass_make(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *staff, mfa_str_t *pass) MFA_MUST_CHECK;
/* counts a try before it is looked at: 5, then it is gone; deny first */
mfa_status_t mfa_pass_use(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t typed,
    mfa_verdict_t *verdict) MFA_MUST_CHECK;
/* is there one that is alive? */
mfa_status_t mfa_pass_look(mfa_tx_t *tx, const mfa_id_t *user, bool *is_alive)
    MFA_MUST_CHECK;


/*
 * former secrets of replaced apps, sealed, 30 days: only to tell the owner
 * that a code comes from the old entry; never accepted.
 */

mfa_status_t mfa_former_put(mfa_tx_t *tx, const mfa_factor_record_t *record)
    MFA_MUST_CHECK;
/* MFA_NOT_FOUND; record->added_at is when it was replaced */
mfa_status_t mfa_former_get(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_str_t kind, mfa_factor_record_t *record) MFA_MUST_CHECK;


/*
 * The audit: every event of an update as a row, chained by a MAC under the
 * realm's key over the row before it, so that a row that is removed, changed
 * or put in is found. Written by mfa_event_add's update; kept audit_keep.
 */

typedef struct {
    uint64_t   number;              /* from 1, without a gap */
    mfa_str_t  line;                /* the JSON line of the event log */
} mfa_audit_t;

/* the row after this number; MFA_NOT_FOUND: the last one was reached */
mfa_status_t mfa_audit_next(mfa_tx_t *tx, uint64_t after, mfa_audit_t *row)
    MFA_MUST_CHECK;

/*
 * Checks rows from *number on, at most most of them, in one view; *number
 * moves on. MFA_OK: so far good; MFA_NOT_FOUND: good to the end, whose
 * number and MAC are those of the store's mark; MFA_DAMAGED: row *number is
 * missing, changed or foreign.
 */
mfa_status_t mfa_audit_check(mfa_tx_t *tx, uint64_t *number, uint8_t
    mac[MFA_DIGEST_SIZE], size_t most) MFA_MUST_CHECK;

/* rows older than audit_keep, some at a turn; the chain's foot moves */
mfa_status_t mfa_audit_purge(mfa_work_t *work, size_t most,
    size_t *removed) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_MODEL_STAFF_H */
