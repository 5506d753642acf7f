/*
 * What the files of the model tell each other about transactions and about
 * the bytes of a record.
 *
 * Only files of this folder include this header.
 */

#ifndef MFA_RECORD_H
#define MFA_RECORD_H

#include "mfa_model.h"

#pragma GCC visibility push(hidden)


/* a transaction of the model in txn: tx->now is the clock, but never below
 * the mark that the store holds */
mfa_status_t mfa_tx_begin(mfa_tx_t *tx, mfa_work_t *work, mfa_txn_t *txn)
    MFA_MUST_CHECK;

/*
 * The end of a decoding: versions 1 to newest can be read, and nothing may
 * be left. noun names the record in the log, where damage is told.
 */
mfa_status_t mfa_record_end(const mfa_tx_t *tx, const mfa_unpack_t *in,
    uint64_t version, uint64_t newest, const char *noun) MFA_MUST_CHECK;

/* as mfa_strs_add, without its bound */
mfa_status_t mfa_events_add(mfa_arena_t *arena, mfa_events_t *events,
    mfa_str_t line) MFA_MUST_CHECK;

/* the record of a user; the id is its key. Packing checks the fields:
 * MFA_INVALID as mfa_user_save */
mfa_status_t mfa_user_pack(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_str_t *record) MFA_MUST_CHECK;
mfa_status_t mfa_user_unpack(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_str_t record, mfa_user_t *user) MFA_MUST_CHECK;

/* sessions: the row, its entry in the index, both */

#define MFA_SESSION_USER_KEY  (MFA_ID_SIZE + MFA_DIGEST_SIZE)

mfa_str_t mfa_session_key(const uint8_t key[MFA_DIGEST_SIZE]);
mfa_str_t mfa_session_user_key(const mfa_id_t *user,
    const uint8_t key[MFA_DIGEST_SIZE], uint8_t bytes[MFA_SESSION_USER_KEY]);
mfa_status_t mfa_session_get(mfa_tx_t *tx,
    const uint8_t key[MFA_DIGEST_SIZE], mfa_session_t *session)
    MFA_MUST_CHECK;
mfa_status_t mfa_session_put(mfa_tx_t *tx, const mfa_session_t *session)
    MFA_MUST_CHECK;
mfa_status_t mfa_session_delete(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t key[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/* by time alone, at a moment; of two ends the earlier one is told */
mfa_session_state_t mfa_session_age(const mfa_model_settings_t *settings,
    const mfa_session_t *session, mfa_time_t at);

/* now, with its user; NULL: there is none any more */
mfa_session_state_t mfa_session_judge(const mfa_tx_t *tx,
    const mfa_session_t *session, const mfa_user_t *user);

/*
 * The identity that a session gives, held once for the caller; NULL where
 * there is no session. Judging is by time alone: noted_at is a use that the
 * store may not know yet, or 0.
 */
mfa_status_t mfa_identity_make(mfa_tx_t *tx, const mfa_session_view_t *view,
    mfa_identity_t **identity) MFA_MUST_CHECK;
mfa_verdict_t mfa_identity_judge(const mfa_identity_t *identity,
    mfa_time_t noted_at, mfa_time_t now, mfa_session_state_t *state);

#pragma GCC visibility pop

#endif /* MFA_RECORD_H */
