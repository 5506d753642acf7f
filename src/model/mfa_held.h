/*
 * What the files of held forms tell each other.
 *
 * Only files of this folder include this header.
 */

#ifndef MFA_HELD_H
#define MFA_HELD_H

#include "mfa_record.h"

#pragma GCC visibility push(hidden)

#define MFA_HELD_KEY   (2 * MFA_ID_SIZE)
#define MFA_HELD_NAME  (2 * MFA_HELD_KEY)       /* of a file: hex of the key */


/* rows (mfa_held_record.c): user and id */

mfa_str_t mfa_held_key(const mfa_held_t *held, uint8_t bytes[MFA_HELD_KEY]);

/* where a part of a form belongs: "form", "body", or a piece of its file, of
 * so many */
mfa_status_t mfa_held_bound(mfa_arena_t *arena, const mfa_held_t *held,
    const char *part, uint64_t piece, mfa_str_t *bound) MFA_MUST_CHECK;

/* outside of a transaction: what is said of the form, sealed; and its body,
 * unless that is in a file */
mfa_status_t mfa_held_seal(mfa_work_t *work, const mfa_held_t *held,
    mfa_str_t *form) MFA_MUST_CHECK;
mfa_status_t mfa_held_seal_body(mfa_work_t *work, mfa_held_t *held,
    mfa_str_t body) MFA_MUST_CHECK;

mfa_status_t mfa_held_write(mfa_tx_t *tx, const mfa_held_t *held,
    mfa_str_t form) MFA_MUST_CHECK;

/* what stands outside of the seal: times, size, is_file; form may be NULL */
mfa_status_t mfa_held_decode(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_held_t *held, mfa_str_t *form) MFA_MUST_CHECK;
mfa_status_t mfa_held_unseal(mfa_tx_t *tx, mfa_held_t *held, mfa_str_t form)
    MFA_MUST_CHECK;

bool mfa_held_is_past(const mfa_tx_t *tx, const mfa_held_t *held);

/* the row, and its bytes from the sum of all */
mfa_status_t mfa_held_drop(mfa_tx_t *tx, const mfa_held_t *held)
    MFA_MUST_CHECK;

/* the sum of all bytes kept: what is added and taken. MFA_LIMITED: more than
 * there may be */
mfa_status_t mfa_held_count(mfa_tx_t *tx, uint64_t added, uint64_t taken)
    MFA_MUST_CHECK;


/* files (mfa_held_file.c) */

/* *fd: to be closed once the row is there, which keeps the sweep away */
mfa_status_t mfa_held_file_write(mfa_work_t *work, const mfa_held_t *held,
    mfa_str_t body, int *fd) MFA_MUST_CHECK;
mfa_status_t mfa_held_file_read(mfa_work_t *work, const mfa_held_t *held,
    char *room) MFA_MUST_CHECK;
void mfa_held_file_remove(const mfa_work_t *work, const mfa_held_t *held);

#pragma GCC visibility pop

#endif /* MFA_HELD_H */
