/*
 * What the files of the model tell each other and nobody else: whether a
 * record is over, and what goes along with another noun.
 *
 * Only files of this folder include this header.
 */

#ifndef MFA_PURGE_H
#define MFA_PURGE_H

#include "mfa_model.h"

#pragma GCC visibility push(hidden)


/*
 * Is this record of no more use at tx->now? False is set first. A record
 * that is damaged, or of a newer version, gives that status and stays.
 */
mfa_status_t mfa_session_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
/* by time alone, for counting */
mfa_status_t mfa_session_is_live(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_live) MFA_MUST_CHECK;
mfa_status_t mfa_flow_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_code_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_limit_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_message_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_device_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_route_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_reset_request_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_pass_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_former_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;

mfa_status_t mfa_known_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_spray_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_reminded_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;

mfa_status_t mfa_session_host_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_session_hosts_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_revoked_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_ticket_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;
mfa_status_t mfa_held_is_over(mfa_tx_t *tx, mfa_str_t key,
    mfa_str_t record, bool *is_over) MFA_MUST_CHECK;

/* the row of a form, and its bytes from the sum of all */
mfa_status_t mfa_held_remove(mfa_tx_t *tx, mfa_str_t key) MFA_MUST_CHECK;

/* the row of a request, and what points to it */
mfa_status_t mfa_reset_request_remove(mfa_tx_t *tx, mfa_str_t key)
    MFA_MUST_CHECK;

/* the row of a message that is over goes; an event and its code tell */
mfa_status_t mfa_message_expire(mfa_tx_t *tx, mfa_str_t key) MFA_MUST_CHECK;

/* a row of the outbox; remove: MFA_NOT_FOUND when another worker has it */
mfa_status_t mfa_message_key_read(mfa_str_t key, mfa_message_t *message)
    MFA_MUST_CHECK;
mfa_status_t mfa_message_look(mfa_tx_t *tx, mfa_str_t key, mfa_str_t value,
    mfa_message_t *message) MFA_MUST_CHECK;     /* values stay sealed */
mfa_status_t mfa_message_open(mfa_tx_t *tx, mfa_str_t key, mfa_str_t value,
    mfa_message_t *message) MFA_MUST_CHECK;
mfa_status_t mfa_message_write(mfa_tx_t *tx, const mfa_message_t *message)
    MFA_MUST_CHECK;
mfa_status_t mfa_message_remove(mfa_tx_t *tx, const mfa_message_t *message)
    MFA_MUST_CHECK;

/*
 * What became of the message that a code rides in: it was taken, so that
 * the code's life starts, or it will never arrive. Changes nothing unless
 * the code with the message's reference is the one that stands.
 */
mfa_status_t mfa_code_sent(mfa_tx_t *tx, const mfa_message_t *message)
    MFA_MUST_CHECK;
mfa_status_t mfa_code_refused(mfa_tx_t *tx, const mfa_message_t *message)
    MFA_MUST_CHECK;

/* codes of any purpose */
mfa_status_t mfa_code_delete_all(mfa_tx_t *tx, const mfa_id_t *flow)
    MFA_MUST_CHECK;

/* bookings that are made all or none */

typedef struct {
    mfa_limit_kind_t  kind;
    mfa_str_t         subject;
    int64_t           times;        /* of the rule's budget, 1 and up */
} mfa_limit_share_t;

mfa_status_t mfa_limit_book_all(mfa_tx_t *tx, const mfa_limit_share_t *shares,
    size_t count, mfa_time_t *retry_at) MFA_MUST_CHECK;

/* the narrowest network of the client that is counted, and how many times a
 * budget it has; *source is empty where there is no address */

#define MFA_SOURCE_SIZE  17

void mfa_limit_source(const mfa_tx_t *tx, uint8_t bytes[MFA_SOURCE_SIZE],
    mfa_str_t *source, int64_t *times);

#pragma GCC visibility pop

#endif /* MFA_PURGE_H */
