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
    mfa_str_t    destination;           /* sealed at rest: pending number or
                                           address of an enrolment */
    mfa_str_t    action;                /* of "settings": "add", "remove" */
    mfa_str_t    subject;               /* kind of factor it is about */
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
    mfa_str_t    purpose;               /* "register", "verify.sms" */
    mfa_id_t     user;                  /* zero: nobody known */
    mfa_str_t    destination;           /* the address it went to */

    /* only for mfa_code_issue; 0: those of the settings for mail */
    mfa_time_t   lifetime;              /* from the moment it was taken */
    mfa_time_t   limit;                 /* from its making */
    bool         is_long;               /* MFA_CODE_LONG letters and digits */
    bool         is_corrected;          /* the first went to a wrong place */
} mfa_code_place_t;

#define MFA_CODE_REFERENCE  4           /* letters, shown on page and mail */
#define MFA_CODE_LONG       10          /* Crockford's base 32: 50 bits */

typedef struct {
    mfa_str_t   code;                   /* only from mfa_code_issue */
    mfa_str_t   reference;
    mfa_time_t  made_at;
    mfa_time_t  sent_at;                /* 0: not yet taken by the server */
    mfa_time_t  refused_at;             /* 0: not; it will never arrive */
    mfa_time_t  next_at;                /* another may be asked for then */
    uint64_t    left;                   /* tries */
    bool        is_long;
    bool        is_first;               /* none was made before it */
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

/* a long code as it was typed: letters in any case, O, I and L as the digits
 * they look like, hyphens and spaces dropped. MFA_INVALID: not the form */
mfa_status_t mfa_code_long_clean(mfa_arena_t *arena, mfa_str_t typed,
    mfa_str_t *out) MFA_MUST_CHECK;

/* "XXXXX-XXXXX" for a long code, others as they are */
mfa_str_t mfa_code_show(mfa_arena_t *arena, mfa_str_t code, bool is_long);

/*
 * The breaker of the fleet (B14). wrong: a code was wrong in a flow where
 * nothing was proved; beyond limits[MFA_LIMIT_FLEET_CODES] is_on is true for
 * an hour, with an event "alarm". Nobody is refused by it.
 */
mfa_status_t mfa_fleet_wrong(mfa_tx_t *tx) MFA_MUST_CHECK;
mfa_status_t mfa_fleet_is_on(mfa_tx_t *tx, bool *is_on) MFA_MUST_CHECK;

/*
 * The rate of failed logins of all people (H11): one more. When an hour has
 * more than 5 times the median of the hours of the last week, and of at
 * least 10, an event "alarm", once in that hour; not before a day is known.
 */
mfa_status_t mfa_fleet_failed(mfa_tx_t *tx) MFA_MUST_CHECK;


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


/*
 * Known browsers (H2): those in which a user once completed a login with a
 * second factor, or typed a mailed unlock code. Such a browser has a budget
 * of its own for passwords of that user, and nothing else. browser: SHA-256
 * of its cookie.
 */

#define MFA_KNOWN_MAX   20              /* of one user; the oldest goes */
#define MFA_KNOWN_KEEP  (400 * MFA_DAY) /* since it was last used */

/* false first */
mfa_status_t mfa_known_look(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t browser[MFA_DIGEST_SIZE], bool *is_known) MFA_MUST_CHECK;

/* from now on, or once more */
mfa_status_t mfa_known_add(mfa_tx_t *tx, const mfa_id_t *user,
    const uint8_t browser[MFA_DIGEST_SIZE]) MFA_MUST_CHECK;

/* also done by mfa_device_delete_all; none is fine */
mfa_status_t mfa_known_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;

/*
 * Wrong passwords in a row (A12), of a user, or of the slot of a name that
 * nobody has (NULL). A new password starts a row of its own. book: one more,
 * before it is looked at; *is_closed: the row is full, only known browsers
 * may try; *is_last: this one filled it. clear: a right one; none is fine.
 */
mfa_status_t mfa_password_row_book(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_str_t typed, bool *is_closed, bool *is_last) MFA_MUST_CHECK;
mfa_status_t mfa_password_row_look(mfa_tx_t *tx, const mfa_user_t *user,
    bool *is_closed) MFA_MUST_CHECK;
mfa_status_t mfa_password_row_clear(mfa_tx_t *tx, const mfa_user_t *user)
    MFA_MUST_CHECK;

/*
 * Sources of a spray (H11): the /32 or /64 of the client of this work. More
 * than 10 people (1000 in trusted_networks) failing there within 10 minutes
 * hold it for an hour, with an event "alarm". No address: never held.
 * person: a subject of mfa_limit_person. look: MFA_LIMITED, *retry_at.
 */
mfa_status_t mfa_spray_look(mfa_tx_t *tx, mfa_time_t *retry_at)
    MFA_MUST_CHECK;
mfa_status_t mfa_spray_failed(mfa_tx_t *tx, mfa_str_t person)
    MFA_MUST_CHECK;

/*
 * An event "alarm" for the operator, and a line in the log at warn. It has a
 * row in the audit although nobody's name is in it: 10 an hour and 50 a day
 * of one reason, as a stranger decides how many there are (H7).
 */
mfa_status_t mfa_alarm(mfa_tx_t *tx, const char *reason) MFA_MUST_CHECK;


/*
 * SMS and calls cost money, and whoever owns a number may earn it (H8). One
 * booking for a number in E.164 form: of the number, of its route (the
 * number without its last 4 digits), of all; and MFA_LIMITED too while fewer
 * than 20 in 100 of the last 50 messages of the route led to a right code
 * (for a day then). All or none; *retry_at.
 */
mfa_status_t mfa_sms_book(mfa_tx_t *tx, mfa_str_t number,
    mfa_time_t *retry_at) MFA_MUST_CHECK;

/* one that is sent whatever was booked before: counted on the bill of the day
 * as long as that has room */
mfa_status_t mfa_sms_bill(mfa_tx_t *tx) MFA_MUST_CHECK;

/* a code sent there came back right */
mfa_status_t mfa_sms_done(mfa_tx_t *tx, mfa_str_t number) MFA_MUST_CHECK;


/* messages: the outbox; a row is written in the transaction of its cause */

/* a row that is never sent: the same work for an address that gets nothing */
#define MFA_CHANNEL_NONE  "none"

typedef struct {
    mfa_id_t     id;
    mfa_str_t    channel;               /* "mail", "sms", "voice" */
    mfa_str_t    kind;                  /* template: "code", "notice" */
    mfa_str_t    to;                    /* canonical address, or E.164 */
    mfa_pairs_t  values;                /* for the template; sealed */
    mfa_str_t    language;              /* "cy"; empty: the realm's first */
    mfa_id_t     code_flow;             /* a code rides in it: its place, */
    mfa_str_t    code_purpose;          /* so that its life starts at 250 */
    mfa_time_t   made_at;
    mfa_time_t   due_at;
    mfa_time_t   expires_at;
    uint64_t     attempts;
    bool         is_unclear;            /* one attempt ended without an
                                           answer: it may have been taken */
} mfa_message_t;

#define MFA_MESSAGE_TEXT_MAX  4096

/* id, made_at, due_at are set here, and of a mail the language where its
 * address is of somebody whose language is known; sends nothing */
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

/* again 30 s, 1, 2, 4 min ... after the attempts so far, but not before
 * due_at, which the other side named (Retry-After; 0: nothing); removed when
 * that is after its end. Event either way; is_unclear of *message is kept */
mfa_status_t mfa_message_retry(mfa_tx_t *tx, const mfa_message_t *message,
    mfa_time_t due_at, const char *reason) MFA_MUST_CHECK;

/* refused for good, or out of time: the row goes, an event tells, the code
 * that rode in it says so (refused_at) */
mfa_status_t mfa_message_refused(mfa_tx_t *tx, const mfa_message_t *message,
    const char *reason) MFA_MUST_CHECK;

mfa_status_t mfa_message_next(mfa_tx_t *tx, const mfa_message_t *after,
    mfa_message_t *message) MFA_MUST_CHECK;      /* for listing; NULL starts */

/* the one of this due_at and id, as it stands; MFA_NOT_FOUND: it is gone, or
 * another attempt has moved it */
mfa_status_t mfa_message_get(mfa_tx_t *tx, const mfa_message_t *place,
    mfa_message_t *message) MFA_MUST_CHECK;

/* due at once: staff do not want to wait. One that a worker is just sending
 * may arrive twice. MFA_NOT_FOUND as above */
mfa_status_t mfa_message_hurry(mfa_tx_t *tx, const mfa_message_t *message)
    MFA_MUST_CHECK;


/*
 * reminders: the last one that a person got about a deadline (Y1), written
 * in the transaction of its message. Of another deadline it says nothing.
 */

typedef struct {
    mfa_time_t  deadline_at;
    uint64_t    days;                   /* before it: 14, 7 or 1 */
} mfa_reminded_t;

/* MFA_NOT_FOUND: none yet */
mfa_status_t mfa_reminded_get(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_reminded_t *reminded) MFA_MUST_CHECK;
mfa_status_t mfa_reminded_put(mfa_tx_t *tx, const mfa_id_t *user,
    const mfa_reminded_t *reminded) MFA_MUST_CHECK;

/* the user behind after, also one whose record cannot be read; NULL starts */
mfa_status_t mfa_reminded_next(mfa_tx_t *tx, const mfa_id_t *after,
    mfa_id_t *user) MFA_MUST_CHECK;

/* is the outbox so empty that many letters keep no code waiting? Fewer than
 * most are due, and not very many wait for another try */
mfa_status_t mfa_reminded_room(mfa_tx_t *tx, size_t most, bool *has_room)
    MFA_MUST_CHECK;


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
