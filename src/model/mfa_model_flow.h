/*
 * The model, second part: flows, codes, limits, messages, purge.
 *
 * Part of mfa_model.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_MODEL_FLOW_H
#define MFA_MODEL_FLOW_H

#pragma GCC visibility push(hidden)


/*
 * flows: a journey in progress, bound to one browser. States and what may
 * follow them are the affair of flow/; here is what is kept.
 */

typedef struct {
    mfa_id_t     id;
    uint8_t      browser[MFA_DIGEST_SIZE];  /* SHA-256 of the cookie */
    mfa_str_t    kind;                  /* "login" */
    unsigned     state;                 /* of that kind's table; 0: ended */
    mfa_id_t     user;                  /* all zero: nobody known yet */
    bool         has_user;
    mfa_str_t    email;                 /* as typed, canonical */
    mfa_str_t    target;                /* where the person wanted to go */
    mfa_str_t    notice;                /* word shown on the next page */
    mfa_pairs_t  errors;                /* field -> word */
    mfa_pairs_t  typed;                 /* field -> value, never secrets */
    mfa_str_t    secret;                /* sealed at rest: a pending secret */
    unsigned     amr;                   /* proved so far */
    uint64_t     revision;              /* raised by each save */
    mfa_time_t   started_at;
    mfa_time_t   expires_at;
} mfa_flow_t;

/* a fresh id and times; not written yet */
mfa_status_t mfa_flow_make(mfa_tx_t *tx, mfa_str_t kind, mfa_time_t lifetime,
    mfa_flow_t *flow) MFA_MUST_CHECK;

/* writes; keeps MFA_TABLE_FLOW_USER; MFA_INVALID: a field is too long */
mfa_status_t mfa_flow_save(mfa_tx_t *tx, mfa_flow_t *flow) MFA_MUST_CHECK;

/* MFA_NOT_FOUND: none, or of another browser; MFA_EXPIRED: *flow is set all
 * the same, without its secret */
mfa_status_t mfa_flow_get(mfa_tx_t *tx, const mfa_id_t *id,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_flow_t *flow) MFA_MUST_CHECK;

mfa_status_t mfa_flow_delete(mfa_tx_t *tx, const mfa_id_t *id) MFA_MUST_CHECK;

/* all flows of a user but one (NULL: all): after a password or factor
 * change */
mfa_status_t mfa_flow_delete_all(mfa_tx_t *tx, const mfa_id_t *user,
    const mfa_id_t *but) MFA_MUST_CHECK;


/*
 * codes: made for one flow, purpose, account and destination; one use.
 * Only a keyed hash is kept.
 */

typedef struct {
    mfa_id_t     flow;
    mfa_str_t    purpose;               /* "register", "resume" */
    mfa_id_t     user;                  /* zero: nobody known */
    mfa_str_t    destination;           /* the address it went to */
} mfa_code_place_t;

#define MFA_CODE_REFERENCE  4           /* letters, shown on page and mail */

typedef struct {
    mfa_str_t   code;                   /* only from mfa_code_issue */
    mfa_str_t   reference;
    mfa_time_t  made_at;
    mfa_time_t  sent_at;                /* 0: not yet taken by the server */
    mfa_time_t  next_at;                /* another may be asked for then */
    uint64_t    left;                   /* tries */
} mfa_code_t;

/*
 * A new code; the one before it dies, but its hash is kept to tell its
 * owner that a newer one was sent. MFA_LIMITED: asked again too soon
 * (30 s doubling to 8 min); *code then describes the code that stands.
 */
mfa_status_t mfa_code_issue(mfa_tx_t *tx, const mfa_code_place_t *place,
    mfa_code_t *code) MFA_MUST_CHECK;

/* what stands, without the code itself; MFA_NOT_FOUND */
mfa_status_t mfa_code_look(mfa_tx_t *tx, const mfa_code_place_t *place,
    mfa_code_t *code) MFA_MUST_CHECK;

typedef enum {
    MFA_CODE_WRONG = 0,
    MFA_CODE_RIGHT,
    MFA_CODE_EXPIRED,                   /* dead; ask for a new one */
    MFA_CODE_SPENT,                     /* no tries left; dead */
    MFA_CODE_EARLIER                    /* right once; a newer was sent */
} mfa_code_answer_t;

/*
 * Counts a try, then compares in constant time; a right code is gone. The
 * caller commits whatever the answer. typed is clean digits or letters.
 */
mfa_status_t mfa_code_use(mfa_tx_t *tx, const mfa_code_place_t *place,
    mfa_str_t typed, mfa_code_answer_t *answer, uint64_t *left)
    MFA_MUST_CHECK;


/*
 * limits: counters over windows. A try is booked before it is evaluated;
 * what turned out well may be given back.
 */

/*
 * MFA_OK: booked. MFA_LIMITED: not booked, *retry_at says when to come
 * back. subject is what is counted, at most 254 bytes; it is stored as a
 * keyed digest. MFA_LIMIT_LOGIN_PERSON also waits 2-4-8..60 s between tries
 * from the sixth failure in a row.
 */
mfa_status_t mfa_limit_book(mfa_tx_t *tx, mfa_limit_kind_t kind,
    mfa_str_t subject, mfa_time_t *retry_at) MFA_MUST_CHECK;
mfa_status_t mfa_limit_refund(mfa_tx_t *tx, mfa_limit_kind_t kind,
    mfa_str_t subject) MFA_MUST_CHECK;

/* staff lift it: as if nothing had ever been booked. MFA_NOT_FOUND: it was
 * so already */
mfa_status_t mfa_limit_clear(mfa_tx_t *tx, mfa_limit_kind_t kind,
    mfa_str_t subject) MFA_MUST_CHECK;

/* is it free, without booking? */
mfa_status_t mfa_limit_look(mfa_tx_t *tx, mfa_limit_kind_t kind,
    mfa_str_t subject, mfa_time_t *retry_at) MFA_MUST_CHECK;

/*
 * The same for the client of this work: /32 or /64, and /48 with 4 times
 * the budget; 100 times for trusted_networks. No address: always free.
 */
mfa_status_t mfa_limit_book_address(mfa_tx_t *tx, mfa_limit_kind_t kind,
    mfa_time_t *retry_at) MFA_MUST_CHECK;
mfa_status_t mfa_limit_refund_address(mfa_tx_t *tx, mfa_limit_kind_t kind)
    MFA_MUST_CHECK;

/*
 * The subject for a person: the id of a user, or, for a name that nobody
 * has, one of 16,384 slots, so that a flood of names cannot grow the store.
 */
mfa_status_t mfa_limit_person(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_str_t typed, mfa_str_t *subject) MFA_MUST_CHECK;


/* messages: the outbox; a row is written in the transaction of its cause */

/* a row that is never sent: the same work for an address that gets nothing */
#define MFA_CHANNEL_NONE  "none"

typedef struct {
    mfa_id_t     id;
    mfa_str_t    channel;               /* "mail" */
    mfa_str_t    kind;                  /* template: "code", "notice" */
    mfa_str_t    to;                    /* canonical address */
    mfa_pairs_t  values;                /* for the template; sealed */
    mfa_str_t    language;              /* "en" */
    mfa_id_t     code_flow;             /* a code rides in it: its place, */
    mfa_str_t    code_purpose;          /* so that its life starts at 250 */
    mfa_time_t   made_at;
    mfa_time_t   due_at;
    mfa_time_t   expires_at;
    uint64_t     attempts;
} mfa_message_t;

#define MFA_MESSAGE_TEXT_MAX  4096

/* id, made_at, due_at are set here; sends nothing */
mfa_status_t mfa_message_queue(mfa_tx_t *tx, mfa_message_t *message)
    MFA_MUST_CHECK;

/* one message to each address of the user (E7) */
mfa_status_t mfa_message_queue_all(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_message_t *message) MFA_MUST_CHECK;

/*
 * Takes the first due message and holds it for lease_ms; MFA_NOT_FOUND when
 * nothing is due. Expired ones on the way are removed (with an event).
 */
mfa_status_t mfa_message_lease(mfa_tx_t *tx, mfa_time_t lease_ms,
    mfa_message_t *message) MFA_MUST_CHECK;

/* handed over: the row goes; the code in it starts to age */
mfa_status_t mfa_message_sent(mfa_tx_t *tx, const mfa_message_t *message)
    MFA_MUST_CHECK;

/* again at due_at, 30 s, 1, 2, 4 min ... after the attempts so far; removed
 * when that is after its end. Event either way. */
mfa_status_t mfa_message_retry(mfa_tx_t *tx, const mfa_message_t *message,
    const char *reason) MFA_MUST_CHECK;

/* refused for good: the row goes, an event tells */
mfa_status_t mfa_message_refused(mfa_tx_t *tx, const mfa_message_t *message,
    const char *reason) MFA_MUST_CHECK;

mfa_status_t mfa_message_next(mfa_tx_t *tx, const mfa_message_t *after,
    mfa_message_t *message) MFA_MUST_CHECK;      /* for listing; NULL starts */


/*
 * purge: what is past its time goes, a few records at a turn. Looks at up
 * to look records from *cursor on, round all tables, in one view, then
 * removes what is dead in one short update. No commit over 5 ms.
 */

typedef struct {
    unsigned     table;
    uint8_t      key[MFA_STORE_KEY_MAX];
    size_t       len;
} mfa_purge_cursor_t;

mfa_status_t mfa_purge(mfa_work_t *work, mfa_purge_cursor_t *cursor,
    size_t look, size_t *removed) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_MODEL_FLOW_H */
