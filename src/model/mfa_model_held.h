/*
 * The model, fifth part: forms that came after the end of a session (L9).
 *
 * A form is kept, sealed, for the person whose session it came with, for half
 * an hour; it can be sent once. Its body is in the row, or, where it is too
 * long for one, in a file of its own beside the store, sealed piece by piece.
 * What the body says is looked at by nobody.
 *
 * Part of mfa_model.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_MODEL_HELD_H
#define MFA_MODEL_HELD_H

#pragma GCC visibility push(hidden)


/* as long as a login plausibly takes, with a code that comes by mail */
#define MFA_HELD_LIFE         (30 * MFA_MINUTE)

/* one more, and the oldest of this person goes */
#define MFA_HELD_FORMS        4

/* the forms of one person, together; the largest that can be kept */
#define MFA_HELD_BYTES        ((uint64_t) 32 * 1024 * 1024)

/* of a realm: nobody can fill the disk */
#define MFA_HELD_ALL          ((uint64_t) 256 * 1024 * 1024)

/* longer bodies go to a file; a value of the store has 64 KiB */
#define MFA_HELD_INLINE       ((size_t) 48 * 1024)
#define MFA_HELD_PIECE        ((size_t) 64 * 1024)

#define MFA_HELD_ADDRESS_MAX  4096
#define MFA_HELD_HEADER_MAX   2048

typedef struct {
    mfa_id_t     user;
    mfa_id_t     id;
    mfa_str_t    method;
    mfa_str_t    host;              /* of an application on another host; or
                                       empty: public_url's */
    mfa_str_t    address;           /* path and query as they were asked */
    mfa_str_t    type;              /* of the content; or empty */
    mfa_str_t    origin;            /* headers; or empty */
    mfa_str_t    referer;
    mfa_time_t   kept_at;
    mfa_time_t   sent_at;           /* 0: not yet */
    uint64_t     size;              /* of the body; 0: it is gone */
    bool         is_file;
    mfa_str_t    sealed;            /* body in the row */
} mfa_held_t;

/*
 * For the person whose session has this key, live or past its time. Sets
 * user, id and kept_at of *held; the rest is the caller's.
 *
 * MFA_NOT_FOUND  no such session, it was ended, or the user may not log in
 * MFA_INVALID    a field or the body is too long, or empty
 * MFA_LIMITED    too many of this person, or of all
 *
 * Files and an update of its own: may wait, never inside a transaction.
 */
mfa_status_t mfa_held_keep(mfa_work_t *work,
    const uint8_t session[MFA_DIGEST_SIZE], mfa_held_t *held, mfa_str_t body)
    MFA_MUST_CHECK;

/* MFA_NOT_FOUND: none of this person, or past its time. One that was sent
 * is known until then, without its body */
mfa_status_t mfa_held_get(mfa_tx_t *tx, const mfa_id_t *user,
    const mfa_id_t *id, mfa_held_t *held) MFA_MUST_CHECK;

/* the same for the person whose session has this key, live or past its time */
mfa_status_t mfa_held_find(mfa_tx_t *tx,
    const uint8_t session[MFA_DIGEST_SIZE], const mfa_id_t *id,
    mfa_held_t *held) MFA_MUST_CHECK;

/*
 * The body of one that mfa_held_get gave, into room of held->size bytes.
 * MFA_DAMAGED: a piece is missing, changed, or of another form; MFA_NOT_FOUND:
 * the file is gone. Reads a file: never inside a transaction.
 */
mfa_status_t mfa_held_body(mfa_work_t *work, const mfa_held_t *held,
    char *room) MFA_MUST_CHECK;

/*
 * From now on it was sent. Once: MFA_EXISTS, it was before; MFA_NOT_FOUND,
 * it is gone. An update of its own, which is on disk after MFA_OK.
 */
mfa_status_t mfa_held_spend(mfa_work_t *work, const mfa_held_t *held)
    MFA_MUST_CHECK;

/* MFA_NOT_FOUND: none, or past, or sent. An update of its own */
mfa_status_t mfa_held_discard(mfa_work_t *work, const mfa_id_t *user,
    const mfa_id_t *id) MFA_MUST_CHECK;

/* all of a person, with a logout or a user who goes; none is fine. Files are
 * left to mfa_held_sweep */
mfa_status_t mfa_held_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;

/* removes files that no row names, but those that are being written; some
 * at a turn. Nothing where there is no folder */
mfa_status_t mfa_held_sweep(mfa_work_t *work) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_MODEL_HELD_H */
