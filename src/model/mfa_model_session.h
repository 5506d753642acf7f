/*
 * The model, fourth part: sessions, remembered devices, the decisions of the
 * gate.
 *
 * Part of mfa_model.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_MODEL_SESSION_H
#define MFA_MODEL_SESSION_H

#pragma GCC visibility push(hidden)


/* sessions */

typedef enum {                      /* what was proved; RFC 8176 */
    MFA_AMR_PWD = 1,
    MFA_AMR_OTP = 2,
    MFA_AMR_SMS = 4,
    MFA_AMR_TEL = 8,
    MFA_AMR_EMAIL = 16,             /* private name, RFC 8176 has none */
    MFA_AMR_RECOVERY = 32,          /* private name */
    MFA_AMR_DEVICE = 64,            /* private name; a remembered device,
                                       which is no factor: never "mfa" */
    MFA_AMR_TRUSTED = 128,          /* no word of its own: another service
                                       proved them, in session->trusted */
    MFA_AMR_TRUSTED_MFA = 256       /* with "mfa" among its words */
} mfa_amr_t;

/* "pwd otp mfa": mfa only where two kinds of factor were proved */
mfa_str_t mfa_amr_text(unsigned amr, mfa_arena_t *arena);

/* more than a password, a remembered device, or the word of a service that
 * asked for one thing only */
bool mfa_amr_has_factor(unsigned amr);

#define MFA_AGENT_MAX  64

typedef struct {
    uint8_t        key[MFA_DIGEST_SIZE];    /* SHA-256 of the token */
    mfa_id_t       user;
    uint64_t       epoch;
    unsigned       amr;
    mfa_time_t     started_at;
    mfa_time_t     seen_at;
    mfa_time_t     factor_at;               /* last second factor */
    mfa_address_t  address;
    mfa_str_t      agent;                   /* "Firefox on Windows" */
    bool           is_partial;              /* more was due at the login: good
                                               for "mfa_level one" alone */
    mfa_str_t      trusted;                 /* words of a trusted single
                                               sign-on; or empty */
    uint8_t        proof[MFA_DIGEST_SIZE];  /* SHA-256 of its value */
} mfa_session_t;

/* the words of the trusted service, then those of what was proved here */
mfa_str_t mfa_session_amr(const mfa_session_t *session, mfa_arena_t *arena);

/*
 * A new session with a fresh token (base64url, MFA_TOKEN_TEXT bytes); key,
 * epoch and times of *session are set here. Beyond sessions_per_user the
 * one seen longest ago ends. Also sets the user's login_at.
 */
mfa_status_t mfa_session_issue(mfa_tx_t *tx, mfa_user_t *user,
    mfa_session_t *session, mfa_str_t *token) MFA_MUST_CHECK;

typedef enum {                      /* why a session does not count */
    MFA_SESSION_LIVE = 0,
    MFA_SESSION_NONE,               /* no cookie, or not one of ours */
    MFA_SESSION_IDLE,               /* idle too long */
    MFA_SESSION_OLD,                /* over the absolute limit */
    MFA_SESSION_REVOKED,            /* ended, or the user may not log in */
    MFA_SESSION_UNPROVED            /* alive, but the trusted sign-on of this
                                       request is not the one it began with */
} mfa_session_state_t;

/*
 * MFA_OK with verdict, state, session and user; a fault leaves DENY. A
 * session that is not live leaves session and user as far as known. A token
 * made for another host is none unless work->host is that host.
 */
typedef struct {
    mfa_verdict_t        verdict;
    mfa_session_state_t  state;
    mfa_session_t        session;
    mfa_user_t           user;
    mfa_str_t            host;      /* the token is good there alone; empty:
                                       it is the session's own */
} mfa_session_view_t;

/*
 * look: for the request of this work. A session that a trusted single sign-on
 * began counts only where that says the same again, one of our own login only
 * where it says nothing (Y4). read: without that; for the gate, which asks
 * mfa_session_is_bound by itself.
 */
mfa_status_t mfa_session_look(mfa_tx_t *tx, mfa_str_t token,
    mfa_session_view_t *view) MFA_MUST_CHECK;
mfa_status_t mfa_session_read(mfa_tx_t *tx, mfa_str_t token,
    mfa_session_view_t *view) MFA_MUST_CHECK;

/* amr and proof of a session; claimed: of the request, or NULL */
bool mfa_session_is_bound(unsigned amr, const uint8_t proof[MFA_DIGEST_SIZE],
    const uint8_t *claimed);

mfa_status_t mfa_session_end(mfa_tx_t *tx, const uint8_t key[MFA_DIGEST_SIZE])
    MFA_MUST_CHECK;

/* raises the user's epoch (all sessions die at once) and removes them;
 * user is saved */
mfa_status_t mfa_session_end_all(mfa_tx_t *tx, mfa_user_t *user)
    MFA_MUST_CHECK;

/* sets seen_at if it is later than the stored one; unknown keys are fine */
mfa_status_t mfa_session_touch(mfa_tx_t *tx,
    const uint8_t key[MFA_DIGEST_SIZE], mfa_time_t seen_at) MFA_MUST_CHECK;

/* the user's sessions, newest first, dead ones left out; at most 64 */
mfa_status_t mfa_session_list(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_session_t **sessions, size_t *count) MFA_MUST_CHECK;

/* "Firefox on Windows" from a User-Agent; "Browser" when it says nothing */
mfa_str_t mfa_agent_name(mfa_str_t user_agent, mfa_arena_t *arena);

/* the same for a reader, of what mfa_agent_name made */
mfa_str_t mfa_agent_text(mfa_str_t name, const mfa_words_t *words,
    mfa_arena_t *arena);


/*
 * Applications on other hosts: a second token for the same session, good on
 * one host alone, and the ticket that carries a browser there (D12). What
 * ends or renews the session does so on all hosts; a session that is issued
 * anew needs a new ticket.
 */

#define MFA_HOST_MAX     260            /* "pay.example.net:8443" */
#define MFA_TICKET_LIFE  (30 * MFA_SECOND)

/* for the live session with this key; browser: digest of what the browser
 * holds on that host; ticket: MFA_TOKEN_TEXT bytes. MFA_NOT_FOUND: no such
 * session. MFA_INVALID: no such host */
mfa_status_t mfa_ticket_make(mfa_tx_t *tx,
    const uint8_t session[MFA_DIGEST_SIZE], mfa_str_t host,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_str_t *ticket)
    MFA_MUST_CHECK;

/* is there such a row at all? For those who bring a false one: no writing */
mfa_status_t mfa_ticket_look(mfa_tx_t *tx, mfa_str_t ticket, bool *is_known)
    MFA_MUST_CHECK;

/*
 * Once: the ticket is removed before anything else is looked at, so commit
 * also after MFA_NOT_FOUND, which is the answer to an unknown, spent or past
 * one, to another host or browser, and where the session is over. *token is
 * empty first; it replaces the one of this session for this host.
 */
mfa_status_t mfa_ticket_use(mfa_tx_t *tx, mfa_str_t ticket, mfa_str_t host,
    const uint8_t browser[MFA_DIGEST_SIZE], mfa_str_t *token) MFA_MUST_CHECK;


/*
 * devices: browsers a person asked us to remember (L13). A device skips the
 * second factor of its user and nothing else. Its cookie is a random id and
 * a random token, which changes with each use; only hashes are kept. A token
 * that was replaced and comes back means a copy: all devices of the user go.
 */

#define MFA_DEVICE_TEXT  64             /* base64url of id and token */
#define MFA_DEVICES_MAX  10             /* of one user; the oldest goes */

typedef struct {
    mfa_id_t       id;
    mfa_id_t       user;
    uint8_t        key[MFA_DIGEST_SIZE];        /* SHA-256 of the token */
    uint8_t        former[MFA_DIGEST_SIZE];     /* of the one before it */
    mfa_time_t     made_at;
    mfa_time_t     used_at;
    mfa_time_t     expires_at;          /* never later than made */
    mfa_address_t  address;             /* of the last use */
    mfa_str_t      agent;               /* "Firefox on Windows" */
} mfa_device_t;

/* for the user, from tx->now on for settings->remember_device; agent and
 * address of *device are the caller's; cookie: MFA_DEVICE_TEXT bytes */
mfa_status_t mfa_device_make(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_device_t *device, mfa_str_t *cookie) MFA_MUST_CHECK;

typedef enum {
    MFA_DEVICE_UNKNOWN = 0,             /* none of this user, or past */
    MFA_DEVICE_GOOD,
    MFA_DEVICE_COPIED                   /* an old token: all are removed */
} mfa_device_answer_t;

/*
 * Deny first: *answer is UNKNOWN unless everything is right. GOOD: the
 * token is replaced, *cookie is the new one. Within 60 s of a replacement
 * the token before it is still good (two tabs) and *cookie empty: keep
 * yours. Always UNKNOWN where remember_device is off.
 */
mfa_status_t mfa_device_use(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_str_t text, mfa_device_answer_t *answer, mfa_str_t *cookie)
    MFA_MUST_CHECK;

/* last used first, past ones left out; at most MFA_DEVICES_MAX */
mfa_status_t mfa_device_list(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_device_t **devices, size_t *count) MFA_MUST_CHECK;

/* MFA_NOT_FOUND */
mfa_status_t mfa_device_delete(mfa_tx_t *tx, const mfa_id_t *user,
    const mfa_id_t *id) MFA_MUST_CHECK;

/* after a change of password or factor; none is fine. Known browsers of
 * mfa_model_flow.h go too */
mfa_status_t mfa_device_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
    MFA_MUST_CHECK;


/*
 * decisions: the gate's answer for a request, from a cache in this worker
 * while the store's version stands.
 *
 * An identity is one allocation that many requests share; its strings are
 * safe in a header (mfa_header_value). Counted by holders; not thread-safe:
 * hold and release on the event loop only, or by the single owner.
 */

typedef struct {
    mfa_str_t            session;       /* hex of the session key */
    mfa_id_t             user_id;
    mfa_str_t            host;          /* good there alone; empty: anywhere */
    mfa_str_t            user;
    mfa_str_t            email;
    mfa_str_t            name;
    mfa_str_t            groups;        /* "managers,staff" */
    mfa_str_t            amr;
    mfa_str_t            auth_time;     /* decimal seconds */
    mfa_strs_t           group_list;    /* as they are on the record */
    mfa_pairs_t          attrs;
    mfa_time_t           idle_at;       /* dead from then on, as last read */
    mfa_time_t           limit_at;
    mfa_time_t           factor_at;
    mfa_time_t           seen_at;       /* as stored */
    unsigned             amr_bits;
    bool                 is_partial;
    mfa_time_t           added_at;      /* of the user, for the deadline of */
    mfa_time_t           deadline_at;   /* policy; 0: not extended */
    uint8_t              proof[MFA_DIGEST_SIZE];    /* with MFA_AMR_TRUSTED */
    mfa_verdict_t        verdict;       /* of the session alone */
    mfa_session_state_t  state;
    unsigned             holders;
    uint8_t              key[MFA_DIGEST_SIZE];
} mfa_identity_t;

void mfa_identity_hold(mfa_identity_t *identity);
void mfa_identity_release(mfa_identity_t **identity);

typedef struct mfa_decisions_s  mfa_decisions_t;

/* slots: entries of the cache, a power of two; memory about 1 KB each used */
mfa_status_t mfa_decisions_open(const mfa_model_t *model, size_t slots,
    mfa_decisions_t **decisions) MFA_MUST_CHECK;
void mfa_decisions_close(mfa_decisions_t **decisions);

/*
 * Event loop only; never waits, never writes. Verdict DENY first. On
 * MFA_OK *identity is set (held once for the caller) when the token is of a
 * session that exists or did exist, and verdict and state say what it is
 * worth. MFA_AGAIN: ask mfa_decision_read in a thread. A pass notes the
 * session for the next touches.
 */
mfa_status_t mfa_decision_check(mfa_decisions_t *decisions, mfa_str_t token,
    mfa_time_t now, mfa_identity_t **identity, mfa_verdict_t *verdict,
    mfa_session_state_t *state) MFA_MUST_CHECK;

/* the same, and the session is not seen: it goes on towards its idle end */
mfa_status_t mfa_decision_check_unseen(mfa_decisions_t *decisions,
    mfa_str_t token, mfa_time_t now, mfa_identity_t **identity,
    mfa_verdict_t *verdict, mfa_session_state_t *state) MFA_MUST_CHECK;

/* the same from the store, in any thread; may wait */
mfa_status_t mfa_decision_read(const mfa_model_t *model, mfa_str_t token,
    mfa_identity_t **identity, mfa_verdict_t *verdict,
    mfa_session_state_t *state) MFA_MUST_CHECK;

/* event loop only: a pass that mfa_decision_read gave is noted too */
void mfa_decision_note(mfa_decisions_t *decisions,
    const mfa_identity_t *identity, mfa_time_t now);

typedef struct {
    uint8_t     key[MFA_DIGEST_SIZE];
    mfa_time_t  seen_at;
} mfa_touch_t;

/*
 * Event loop only: moves up to most noted sessions whose stored seen_at is
 * a minute or more behind into touches; returns how many. The caller has
 * them written by mfa_touches_write in a thread.
 */
size_t mfa_decision_touches(mfa_decisions_t *decisions, mfa_time_t now,
    mfa_touch_t *touches, size_t most);

/*
 * In transactions of 500 at most, for none shall hold the write lock long
 * or keep many pages in memory; may block. When one fails, those before it
 * stand.
 */
mfa_status_t mfa_touches_write(mfa_work_t *work, const mfa_touch_t *touches,
    size_t count) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_MODEL_SESSION_H */
