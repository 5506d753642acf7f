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

/* is the store of this key file? A new one is from now on. MFA_CONFIG: no */
mfa_status_t mfa_model_key_check(mfa_work_t *work, mfa_error_t *error)
    MFA_MUST_CHECK;

/*
 * The end of a decoding: versions 1 to newest can be read, and nothing may
 * be left. noun names the record in the log, where damage is told.
 */
mfa_status_t mfa_record_end(const mfa_tx_t *tx, const mfa_unpack_t *in,
    uint64_t version, uint64_t newest, const char *noun) MFA_MUST_CHECK;

/* of what was proved: no second factor */
#define MFA_AMR_NO_FACTOR                                                   \
    ((unsigned) (MFA_AMR_PWD | MFA_AMR_DEVICE | MFA_AMR_TRUSTED))

/* the name of a browser, cut at MFA_AGENT_MAX between two characters */
mfa_str_t mfa_agent_cut(mfa_str_t agent);

/* as mfa_strs_add, without its bound */
mfa_status_t mfa_events_add(mfa_arena_t *arena, mfa_events_t *events,
    mfa_str_t line) MFA_MUST_CHECK;

/* the record of a user; the id is its key. Packing checks the fields:
 * MFA_INVALID as mfa_user_save */
mfa_status_t mfa_user_pack(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_str_t *record) MFA_MUST_CHECK;
mfa_status_t mfa_user_unpack(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_str_t record, mfa_user_t *user) MFA_MUST_CHECK;

/*
 * The indexes of users, changed with the record: from what old has to what
 * user has. check: is all of it free? MFA_EXISTS as mfa_user_save. For a new
 * user old is zeroed but for its id, for one who goes user is.
 */
mfa_status_t mfa_user_index_check(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *old, mfa_str_t *taken) MFA_MUST_CHECK;
mfa_status_t mfa_user_index_move(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *old) MFA_MUST_CHECK;
mfa_status_t mfa_user_reports_move(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *old) MFA_MUST_CHECK;

/* in a store of before it: for at most a second, and the rest next time */
void mfa_user_reports_build(mfa_work_t *work);

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

/* SHA-256 of what a token of MFA_TOKEN_TEXT bytes stands for; MFA_INVALID */
mfa_status_t mfa_token_key(mfa_str_t token, uint8_t key[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/* mfa_session_read, by the key of a token */
mfa_status_t mfa_session_read_key(mfa_tx_t *tx,
    const uint8_t key[MFA_DIGEST_SIZE], mfa_session_view_t *view)
    MFA_MUST_CHECK;

/* tokens for other hosts: whose session, and where; MFA_NOT_FOUND */
mfa_status_t mfa_session_host_get(mfa_tx_t *tx,
    const uint8_t key[MFA_DIGEST_SIZE], uint8_t session[MFA_DIGEST_SIZE],
    mfa_str_t *host) MFA_MUST_CHECK;

/* with a session that goes; none is fine */
mfa_status_t mfa_session_hosts_delete(mfa_tx_t *tx,
    const uint8_t session[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

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

/*
 * codes: the row of a code. read: MFA_NOT_FOUND for none, or one that is so
 * long over that not even the waiting for the next one counts.
 */

typedef struct {
    mfa_str_t   mac;                /* empty: no tries left, destroyed */
    mfa_str_t   reference;
    mfa_str_t   earlier_mac;        /* empty: there was none */
    mfa_time_t  made_at;
    mfa_time_t  sent_at;
    mfa_time_t  next_at;
    uint64_t    tries;
    uint64_t    issues;
    mfa_time_t  lifetime;           /* this one and the next, 0: settings */
    mfa_time_t  limit;
    mfa_time_t  refused_at;
    bool        is_long;
} mfa_code_record_t;

mfa_status_t mfa_code_record_key(mfa_arena_t *arena, const mfa_id_t *flow,
    mfa_str_t purpose, mfa_str_t *key) MFA_MUST_CHECK;
mfa_status_t mfa_code_record_read(mfa_tx_t *tx, mfa_str_t key,
    mfa_code_record_t *record) MFA_MUST_CHECK;
mfa_status_t mfa_code_record_write(mfa_tx_t *tx, mfa_str_t key,
    const mfa_code_record_t *record) MFA_MUST_CHECK;

/* the text of a long code, ten symbols */
mfa_status_t mfa_code_long_make(const mfa_ports_t *ports, mfa_arena_t *arena,
    mfa_str_t *code) MFA_MUST_CHECK;

bool mfa_code_record_is_expired(const mfa_tx_t *tx,
    const mfa_code_record_t *record);

/*
 * An event of a user joins the last ones of that user, if it is about
 * security and there is such a user. What cannot be read is begun anew.
 */
mfa_status_t mfa_activity_add(mfa_tx_t *tx, const mfa_event_t *event)
    MFA_MUST_CHECK;

/* none is fine */
mfa_status_t mfa_activity_delete(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;

/* match phrases: one of the words, of which there are as many as bytes */

#define MFA_REQUEST_WORDS  256
mfa_str_t mfa_request_word(uint8_t n);

/*
 * requests: the row. get: as it stands, whatever the time; MFA_NOT_FOUND.
 * The strings of what is written are checked: MFA_INVALID.
 */
mfa_status_t mfa_reset_request_read(mfa_tx_t *tx, const mfa_id_t *id,
    mfa_reset_request_t *request) MFA_MUST_CHECK;
mfa_status_t mfa_reset_request_decode(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, mfa_reset_request_t *request) MFA_MUST_CHECK;
mfa_status_t mfa_reset_request_write(mfa_tx_t *tx,
    const mfa_reset_request_t *request) MFA_MUST_CHECK;

/* secrets at rest (mfa_secret.c): the key of a row, and its place */

#define MFA_KIND_MAX  32

typedef struct {
    char       bytes[MFA_ID_SIZE + MFA_KIND_MAX];
    mfa_str_t  str;                 /* of bytes */
} mfa_secret_key_t;

typedef struct {
    mfa_table_t  table;
    uint64_t     version;           /* of the record that holds it */
    mfa_str_t    key;
} mfa_secret_place_t;

/* MFA_INVALID: no kind, or too long a one */
mfa_status_t mfa_secret_key(const mfa_id_t *user, mfa_str_t kind,
    mfa_secret_key_t *key) MFA_MUST_CHECK;
/* MFA_INVALID: too long */
mfa_status_t mfa_secret_seal(mfa_tx_t *tx, const mfa_secret_place_t *place,
    mfa_str_t secret, mfa_str_t *sealed) MFA_MUST_CHECK;
/* MFA_DAMAGED: moved, changed, or its key is missing */
mfa_status_t mfa_secret_unseal(mfa_tx_t *tx, const mfa_secret_place_t *place,
    mfa_str_t sealed, mfa_str_t *secret) MFA_MUST_CHECK;


/* with a user who goes; none is fine. Closed requests are left to purge */
mfa_status_t mfa_reset_request_forget(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;
mfa_status_t mfa_pass_delete(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;
mfa_status_t mfa_former_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;

/* the name of an event that is no person's and all the same kept */
#define MFA_ALARM_NAME  "alarm"

/*
 * The audit: adds a row in this update, MFA_OK or the update must fail. An
 * event that is not kept is counted, which costs no room, see mfa_audit.c.
 */
mfa_status_t mfa_audit_append(mfa_tx_t *tx, mfa_str_t line) MFA_MUST_CHECK;
mfa_status_t mfa_audit_count(mfa_tx_t *tx, mfa_str_t line) MFA_MUST_CHECK;

typedef struct {
    uint64_t    number;             /* of the last row; 0: there was none */
    uint8_t     mac[MFA_DIGEST_SIZE];
    uint64_t    foot;               /* of the first row that is kept */
    uint8_t     foot_mac[MFA_DIGEST_SIZE];      /* of the row before it */
    uint64_t    counted;            /* events that have no row */
} mfa_audit_mark_t;

typedef struct {
    uint64_t    number;
    mfa_time_t  at;
    mfa_str_t   line;
    uint8_t     mac[MFA_DIGEST_SIZE];
} mfa_audit_row_t;

#define MFA_AUDIT_KEY  8

mfa_str_t mfa_audit_key(uint64_t number, uint8_t bytes[MFA_AUDIT_KEY]);

/* MFA_NOT_FOUND: no mark; MFA_DAMAGED: not one that we wrote */
mfa_status_t mfa_audit_mark_read(mfa_tx_t *tx, mfa_audit_mark_t *mark)
    MFA_MUST_CHECK;
mfa_status_t mfa_audit_mark_write(mfa_tx_t *tx, const mfa_audit_mark_t *mark)
    MFA_MUST_CHECK;

/* decode checks no MAC; check: MFA_NOT_FOUND, it does not follow before */
mfa_status_t mfa_audit_row_decode(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, mfa_audit_row_t *row) MFA_MUST_CHECK;
mfa_status_t mfa_audit_row_check(mfa_tx_t *tx, const mfa_audit_row_t *row,
    const uint8_t before[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;
/* sets row->mac and writes */
mfa_status_t mfa_audit_row_write(mfa_tx_t *tx, mfa_audit_row_t *row,
    const uint8_t before[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_RECORD_H */
