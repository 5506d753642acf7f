/*
 * The model, sixth part: the log of revocations, for what stays open longer
 * than a request.
 *
 * A row says that sessions of a user may have ended; it is written in the
 * update that ends them. It says no more: who holds something open for that
 * user asks about the session, and the store decides. What ends by time
 * alone has no row; who holds something open asks again when it is due.
 *
 * Part of mfa_model.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_MODEL_REVOKED_H
#define MFA_MODEL_REVOKED_H

#pragma GCC visibility push(hidden)


#define MFA_REVOKED_KEEP  (10 * MFA_MINUTE)     /* then purge takes a row */
#define MFA_REVOKED_MOST  1000                  /* rows of one look */
#define MFA_ASKS_MOST     256                   /* sessions of one look */

/*
 * Called by what ends a session before its time: mfa_session_end, a session
 * beyond sessions_per_user, and mfa_user_save where the epoch has changed or
 * the user may not log in any more. In a full store the row is left out and
 * only the count goes up, which tells every reader to ask about everybody.
 */
mfa_status_t mfa_revoked_add(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;

typedef struct {
    mfa_id_t             user;
    uint8_t              key[MFA_DIGEST_SIZE];      /* of the session */
    mfa_session_state_t  state;         /* out; NONE where nothing is known */
    mfa_time_t           over_at;       /* out; LIVE: by then, unless used */
} mfa_ask_t;

typedef struct {
    uint64_t             number;        /* in, out: of the last row read */
    bool                 has_number;    /* in, out; false: this is the first
                                           look, earlier rows say nothing */
    size_t               ask_count;
    mfa_ask_t            asks[MFA_ASKS_MOST];
    bool                 is_all;        /* out: rows are missing or too many,
                                           ask about everybody */
    size_t               user_count;
    mfa_id_t             users[MFA_REVOKED_MOST];   /* out: of the rows; one
                                                       may come twice */
} mfa_watch_t;

/*
 * Rows behind number, and answers to the asks, of one moment. Changes *watch
 * only with MFA_OK. What cannot be read is no live session, a row that
 * cannot be read a missing one.
 */
mfa_status_t mfa_watch_look(mfa_work_t *work, mfa_watch_t *watch)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_MODEL_REVOKED_H */
