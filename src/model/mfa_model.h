/*
 * The model: users, factor records, sessions, flows, codes, limits,
 * messages, events. What is kept, and the rules of each noun.
 *
 * Rank 2. Knows no page and no journey: it says what a code is, not when a
 * person is asked for one.
 *
 * Every call that takes an mfa_tx_t runs inside a transaction, reads and
 * writes nothing but the store, does not block, and may be run again.
 * Records are encoded and decoded in the file of their noun and nowhere
 * else; the first field of each is its version: an older one is read, the
 * newest written, a newer one refused with MFA_NEWER.
 */

#ifndef MFA_MODEL_H
#define MFA_MODEL_H

#include "../store/mfa_store.h"

#pragma GCC visibility push(hidden)


/* tables of the store; a number once given keeps its meaning */

typedef enum {
    MFA_TABLE_META = 0,         /* name -> schema, clock mark, key */
    MFA_TABLE_USER = 1,         /* user id -> user */
    MFA_TABLE_USER_EMAIL = 2,   /* SHA-256 of the address -> user id */
    MFA_TABLE_USER_NAME = 3,    /* SHA-256 of the name -> user id */
    MFA_TABLE_FACTOR = 4,       /* user id, kind -> factor record */
    MFA_TABLE_SESSION = 5,      /* SHA-256 of the token -> session */
    MFA_TABLE_SESSION_USER = 6, /* user id, session key -> nothing */
    MFA_TABLE_FLOW = 7,         /* flow id -> flow */
    MFA_TABLE_CODE = 8,         /* flow id, purpose -> code */
    MFA_TABLE_LIMIT = 9,        /* kind, subject -> counters */
    MFA_TABLE_MESSAGE = 10,     /* due moment, id -> message */
    MFA_TABLE_FLOW_USER = 11,   /* user id, flow id -> nothing */
    MFA_TABLE_DEVICE = 12,      /* user id, device id -> device */
    MFA_TABLE_ACTIVITY = 13,    /* user id -> the last events */
    MFA_TABLE_ROUTE = 14,       /* digest of a route of SMS -> its last 50 */
    MFA_TABLE_REQUEST = 15,     /* request id -> request for a reset */
    MFA_TABLE_REQUEST_USER = 16,    /* user id -> id of the one that is open */
    MFA_TABLE_PASS = 17,        /* user id -> helpdesk pass */
    MFA_TABLE_FORMER = 18,      /* user id, kind -> replaced secret */
    MFA_TABLE_AUDIT = 19,       /* number -> event, chained */
    MFA_TABLE_KNOWN = 20,       /* user id, browser digest -> last used */
    MFA_TABLE_SOURCE = 21,      /* digest of a source -> who failed there */
    MFA_TABLE_MANAGER = 22,     /* SHA-256 of the manager's address, user id
                                   -> nothing */
    MFA_TABLE_SESSION_HOST = 23,    /* SHA-256 of a token for another host
                                       -> session key, host */
    MFA_TABLE_SESSION_HOSTS = 24,   /* session key, SHA-256 of the host
                                       -> key of the row in 23 */
    MFA_TABLE_TICKET = 25,      /* SHA-256 of the ticket -> session key, host,
                                   browser digest */
    MFA_TABLE_REMINDED = 26,    /* user id -> deadline, last reminder of it */
    MFA_TABLE_HELD = 27,        /* user id, form id -> form that was kept */
    MFA_TABLE_REVOKED = 28      /* number -> user whose sessions ended */
} mfa_table_t;

#define MFA_SCHEMA  2           /* 1: without the index of reports */


/* an address of a client; IPv4 in the first 4 bytes */

typedef struct {
    uint8_t  bytes[16];
    uint8_t  len;               /* 4 or 16; 0: unknown (a unix socket) */
} mfa_address_t;

#define MFA_ADDRESS_TEXT_SIZE  46
void mfa_address_text(const mfa_address_t *address,
    char text[MFA_ADDRESS_TEXT_SIZE]);

typedef struct {
    mfa_address_t  base;
    unsigned       bits;
} mfa_network_t;

typedef struct {
    mfa_network_t  *items;
    size_t          count;
} mfa_networks_t;

bool mfa_networks_have(const mfa_networks_t *networks,
    const mfa_address_t *address);

/* "10.0.0.0/8", "2001:db8::/32", one address alone; false: not one */
bool mfa_network_parse(mfa_str_t text, mfa_network_t *network);


/* settings, set through mfa_model_options[] */

typedef enum {
    MFA_LIMIT_LOGIN_PERSON = 0, /* password tries for one person */
    MFA_LIMIT_LOGIN_ADDRESS,    /* failed logins from one address */
    MFA_LIMIT_START_ADDRESS,    /* registrations, resets from one address */
    MFA_LIMIT_SEND_MAILBOX,     /* sends to a mailbox, nothing proved */
    MFA_LIMIT_SEND_PERSON,      /* sends to a person, password proved */
    MFA_LIMIT_CODE_ADDRESS,     /* wrong or malformed codes from an address */
    MFA_LIMIT_SMS_NUMBER,       /* SMS and calls to one number */
    MFA_LIMIT_SMS_ROUTE,        /* to numbers that differ in 4 digits */
    MFA_LIMIT_SMS_ALL,          /* to all numbers: the bill of a day */
    MFA_LIMIT_LOGIN_BROWSER,    /* password tries of a known browser */
    MFA_LIMIT_FLEET_CODES,      /* wrong codes, nothing proved, all people */
    MFA_LIMIT_PASSWORD_ROW,     /* wrong passwords in a row; no setting */
    MFA_LIMIT_SEND_KNOWN,       /* sends beyond it, to a known browser */
    MFA_LIMIT_ALARM_ROWS,       /* alarms kept in the audit; no setting */
    MFA_LIMIT_HELD_FORMS,       /* forms kept for one person; no setting */
    MFA_LIMIT_COUNT
} mfa_limit_kind_t;

#define MFA_LIMIT_WINDOWS  2

typedef struct {
    int64_t     most[MFA_LIMIT_WINDOWS];      /* 0: this window is unused */
    mfa_time_t  window[MFA_LIMIT_WINDOWS];
    bool        is_given;                     /* by a line, not a default */
} mfa_limit_rule_t;

typedef struct {
    mfa_time_t         idle_timeout;          /* 1h */
    mfa_time_t         session_limit;         /* 12h */
    int64_t            sessions_per_user;     /* 10 */
    mfa_time_t         login_time;            /* 30m, a login flow */
    mfa_time_t         registration_time;     /* 60m, a registration flow */
    mfa_time_t         unfinished_keep;       /* 90d, user without a factor */
    int64_t            code_digits;           /* 6, 6 to 10 */
    mfa_time_t         code_lifetime;         /* 20m from the server's 250 */
    mfa_time_t         code_limit;            /* 30m from its making */
    mfa_time_t         sms_lifetime;          /* 5m from the provider's yes */
    mfa_time_t         sms_limit;             /* 10m from its making */
    mfa_time_t         remember_device;       /* 0: off; at most 90d */
    mfa_str_t          helpdesk_group;        /* empty: nobody is */
    mfa_str_t          admin_group;
    int64_t            approvals;             /* 1 or 2, for everybody */
    mfa_strs_t         approvals_groups;      /* these need 2 (four eyes) */
    mfa_time_t         audit_keep;            /* 400d */
    mfa_time_t         recovery_hold;         /* 0: never opens by time */
    int64_t            code_tries;            /* 5 */
    int64_t            totp_tries;            /* 5, then a hold */
    int64_t            totp_day;              /* 10 failures in 24 h */
    int64_t            totp_most;             /* 50, then disabled */
    unsigned           given;                 /* of these four: by a line */
    mfa_limit_rule_t   limits[MFA_LIMIT_COUNT];
    mfa_networks_t     trusted_networks;
    mfa_pwhash_cost_t  hash_cost;             /* 19456 KiB, 2 passes */
} mfa_model_settings_t;

/*
 * idle_timeout session_limit sessions_per_user code_digits code_lifetime
 * code_limit sms_lifetime sms_limit registration_time login_time
 * unfinished_keep hash_cost trusted_networks remember_device limit
 * helpdesk_group admin_group approvals audit_keep recovery_hold
 *
 * limit NAME VALUE...: NAME as above in lower case ("login_person",
 * "send_mailbox") with values "10/1h 30/1d", or one of code_tries,
 * totp_tries, totp_day, totp_most with a number; bounds of security.md 4.6.
 */
extern const mfa_option_t  mfa_model_options[];

void mfa_model_defaults(mfa_model_settings_t *settings);


/* the model of one realm: settings and what they need; read-only */

typedef struct {
    mfa_store_t                 *store;
    const mfa_keys_t            *keys;
    const mfa_ports_t           *ports;
    const mfa_model_settings_t  *settings;
    mfa_str_t                    held_folder;   /* of long bodies of held
                                                   forms; empty: none */
} mfa_model_t;


/* events: what happened, one JSON line each, for the event log */

typedef struct {
    const char  *name;          /* "login", "factor.add", "session.end" */
    const char  *result;        /* "ok", "fail", "limited" */
    const char  *reason;        /* "password", "code", "unknown", or NULL */
    const char  *factor;        /* "totp", or NULL */
    mfa_str_t    user;          /* user id in hex, or empty */
    mfa_str_t    flow;          /* short reference of the flow, or empty */
    mfa_str_t    agent;         /* "Firefox on Windows", or empty */
    mfa_str_t    by;            /* staff: their user id in hex, or empty */
    mfa_str_t    note;          /* their reason, or empty */
} mfa_event_t;

typedef struct {
    mfa_strs_t  lines;          /* JSON, without newline */
} mfa_events_t;


/* what is counted of a piece of work: mfa_model_metric.h */
typedef struct mfa_tally_s  mfa_tally_t;


/* one piece of work: a request, a timer's turn, a command of mfactl */

typedef struct {
    const mfa_model_t    *model;
    mfa_arena_t          *arena;
    const mfa_address_t  *address;      /* of the client, or NULL */
    mfa_str_t             host;         /* of an application on another host,
                                           as asked; empty: public_url's */
    const uint8_t        *proof;        /* SHA-256 of what a trusted single
                                           sign-on says of this request, or
                                           NULL: nothing */
    mfa_events_t          events;       /* lines of committed updates only */
    mfa_tally_t          *tally;        /* or NULL: nobody counts */
} mfa_work_t;

/* one transaction */

typedef struct {
    mfa_work_t   *work;
    mfa_txn_t    *txn;
    mfa_time_t    now;          /* the clock, never below its stored mark */
    mfa_events_t  events;
    bool          is_full;      /* the store: events get no row in the audit */
    mfa_tally_t  *tally;        /* of this run alone, or NULL */
} mfa_tx_t;

typedef mfa_status_t (*mfa_tx_fn)(mfa_tx_t *tx, void *arg);

/*
 * As mfa_store_view, _peek, _update, _update_reserved. An update raises the
 * stored clock mark to now (at most once a second), so that a clock that
 * steps back revives nothing; its events join work->events after the commit.
 */
mfa_status_t mfa_view(mfa_work_t *work, mfa_tx_fn fn, void *arg)
    MFA_MUST_CHECK;
mfa_status_t mfa_update(mfa_work_t *work, mfa_tx_fn fn, void *arg)
    MFA_MUST_CHECK;
mfa_status_t mfa_update_reserved(mfa_work_t *work, mfa_tx_fn fn, void *arg)
    MFA_MUST_CHECK;

/*
 * Once after mfa_store_open: writes the schema number into a new store and
 * brings an older one forward, in short updates and for at most about a
 * second; the next one to open it goes on. MFA_NEWER when the store is of a
 * later schema, MFA_CONFIG when it was begun with none of the keys of ours.
 */
mfa_status_t mfa_model_prepare(mfa_work_t *work, mfa_error_t *error)
    MFA_MUST_CHECK;

/* what an older store still lacks, for at most a second; nothing to do, and
 * no write, once that is done or while the schema is not ours */
void mfa_model_finish(mfa_work_t *work);

/* adds to the events of the transaction; failing memory fails the commit */
mfa_status_t mfa_event_add(mfa_tx_t *tx, const mfa_event_t *event)
    MFA_MUST_CHECK;

/*
 * The last MFA_ACTIVITY_MAX events of a user that are about security (S4),
 * newest first; mfa_event_add keeps them where event->user is set. Names are
 * those of the events.
 */

#define MFA_ACTIVITY_MAX  20

typedef struct {
    mfa_time_t     at;
    mfa_str_t      name;        /* "login", "factor.add" */
    mfa_str_t      result;      /* "ok", "fail", "limited" */
    mfa_str_t      factor;      /* or empty */
    mfa_str_t      agent;       /* or empty */
    mfa_address_t  address;     /* len 0: unknown */
} mfa_activity_t;

/* outside of any: something was refused before anything was written */
mfa_status_t mfa_event_note(mfa_work_t *work, const mfa_event_t *event)
    MFA_MUST_CHECK;


/* users */

#define MFA_ID_SIZE  16
#define MFA_ID_TEXT  32         /* hex */

typedef struct {
    uint8_t  bytes[MFA_ID_SIZE];
} mfa_id_t;

#define MFA_NAME_MAX        128     /* bytes of a first name or surname */
#define MFA_USER_NAME_MAX   128     /* bytes of the name applications see */
#define MFA_GROUP_MAX       64
#define MFA_ADDRESSES_MAX   8       /* e-mail addresses of one user */

typedef struct {
    mfa_id_t     id;
    mfa_str_t    user;              /* the name applications see; unique */
    mfa_str_t    email;             /* canonical; unique with the others */
    mfa_strs_t   other_emails;      /* canonical */
    mfa_str_t    first_name;
    mfa_str_t    surname;
    mfa_strs_t   groups;
    mfa_str_t    manager;           /* the manager's address, or empty */
    mfa_pairs_t  attrs;             /* roster columns of the operator */
    mfa_str_t    language;          /* a tag: of messages; empty: not known */
    mfa_str_t    password;          /* mfa_pwhash text; empty: none */
    mfa_time_t   password_at;
    mfa_time_t   added_at;
    mfa_time_t   registered_at;     /* 0: never finished registering */
    mfa_time_t   secured_at;        /* a second factor was set up; 0: never,
                                       or they gave up the last one */
    mfa_time_t   deadline_at;       /* to set up a second factor, as staff
                                       extended it; 0: that of policy (Y1) */
    mfa_time_t   login_at;          /* last full login; 0: never */
    uint64_t     epoch;             /* sessions of another epoch are dead */
    uint64_t     password_failures; /* in a row */
    uint8_t      browser[MFA_DIGEST_SIZE];  /* that set the password, R6 */
    mfa_time_t   mailed_password_at;    /* a mailed reset that no login with */
    mfa_time_t   mailed_device_at;      /* a second factor came after (C6) */
    bool         is_disabled;       /* by the operator */
    bool         is_locked;         /* by staff or by a rule */
    bool         is_on_roster;      /* imported or added by the operator */
} mfa_user_t;

/* a zeroed user with a fresh id, for mfa_user_add */
mfa_status_t mfa_user_make(mfa_tx_t *tx, mfa_user_t *user) MFA_MUST_CHECK;

/*
 * Add writes a new user, save an old one; both keep the address and name
 * indexes. MFA_EXISTS: the name or an address belongs to another user
 * (which is then in *taken, unless taken is NULL). MFA_INVALID: a field is
 * too long, not UTF-8, has control bytes, or there are too many addresses.
 */
mfa_status_t mfa_user_add(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_str_t *taken) MFA_MUST_CHECK;
mfa_status_t mfa_user_save(mfa_tx_t *tx, const mfa_user_t *user,
    mfa_str_t *taken) MFA_MUST_CHECK;

/* with factors, sessions, flows, devices and activity */
mfa_status_t mfa_user_delete(mfa_tx_t *tx, const mfa_id_t *id) MFA_MUST_CHECK;

/* MFA_NOT_FOUND when there is none; email is canonical */
mfa_status_t mfa_user_get(mfa_tx_t *tx, const mfa_id_t *id, mfa_user_t *user)
    MFA_MUST_CHECK;
mfa_status_t mfa_user_by_email(mfa_tx_t *tx, mfa_str_t email,
    mfa_user_t *user) MFA_MUST_CHECK;
mfa_status_t mfa_user_by_name(mfa_tx_t *tx, mfa_str_t name, mfa_user_t *user)
    MFA_MUST_CHECK;

/* the user after *after in the order of ids; NULL starts */
mfa_status_t mfa_user_next(mfa_tx_t *tx, const mfa_id_t *after,
    mfa_user_t *user) MFA_MUST_CHECK;

/*
 * Those whose column "manager" is any of the manager's addresses, one after
 * another; the cursor starts zeroed, MFA_NOT_FOUND ends. Only while it is
 * ready: a store of before this index gets it after the first opening.
 */

typedef struct {
    size_t      address;            /* of the manager, the first is 0 */
    bool        has_last;
    mfa_id_t    last;
} mfa_reports_cursor_t;

mfa_status_t mfa_user_reports_ready(mfa_tx_t *tx, bool *is_ready)
    MFA_MUST_CHECK;
mfa_status_t mfa_user_reports_next(mfa_tx_t *tx, const mfa_user_t *manager,
    mfa_reports_cursor_t *cursor, mfa_user_t *user) MFA_MUST_CHECK;

/* "First Surname", or the address where there is neither */
mfa_status_t mfa_user_full_name(mfa_arena_t *arena, const mfa_user_t *user,
    mfa_str_t *name) MFA_MUST_CHECK;

/* may this user pass any step at all? deny first */
mfa_verdict_t mfa_user_may_log_in(const mfa_user_t *user);

/* see mfa_activity_t; at most MFA_ACTIVITY_MAX */
mfa_status_t mfa_activity_list(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_activity_t **items, size_t *count) MFA_MUST_CHECK;

mfa_str_t mfa_id_str(const mfa_id_t *id);               /* borrows id */
mfa_status_t mfa_id_text(mfa_arena_t *arena, const mfa_id_t *id,
    mfa_str_t *hex) MFA_MUST_CHECK;


/* factor records: what a user proves a factor with; the secret is sealed */

typedef struct {
    mfa_id_t    user;
    mfa_str_t   kind;               /* "totp" */
    mfa_str_t   secret;             /* in the clear only in memory */
    mfa_time_t  added_at;
    mfa_time_t  used_at;            /* 0: never since it was added */
    uint64_t    last_step;          /* TOTP: no step up to this one again */
    uint64_t    told_step;          /* TOTP: a step to come whose code was
                                       said to be right: never accepted */
    uint64_t    failures;           /* in a row */
    uint64_t    holds;              /* so far, in a row */
    mfa_time_t  held_until;         /* 0: not held */
    mfa_time_t  day_at;             /* start of the 24 h being counted */
    uint64_t    day_failures;
    bool        is_disabled;        /* too many failures */
} mfa_factor_record_t;

mfa_status_t mfa_factor_record_get(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_str_t kind, mfa_factor_record_t *record) MFA_MUST_CHECK;
mfa_status_t mfa_factor_record_put(mfa_tx_t *tx,
    const mfa_factor_record_t *record) MFA_MUST_CHECK;
mfa_status_t mfa_factor_record_delete(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_str_t kind) MFA_MUST_CHECK;

/* kinds the user has, disabled ones too; at most MFA_LIST_MAX */
mfa_status_t mfa_factor_record_kinds(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_strs_t *kinds) MFA_MUST_CHECK;

/*
 * Book a try before it is looked at (H1, B5, B6): counts one failure, sets
 * the hold that it earns, writes. MFA_LIMITED: held or over the day's
 * budget or disabled; nothing is counted then; *retry_at says until when
 * (0: staff must help). *left: tries left before the next hold.
 */
mfa_status_t mfa_factor_record_book(mfa_tx_t *tx, mfa_factor_record_t *record,
    uint64_t *left, mfa_time_t *retry_at) MFA_MUST_CHECK;

/* it was right: takes the booking back, ends the row of failures, writes */
mfa_status_t mfa_factor_record_pass(mfa_tx_t *tx, mfa_factor_record_t *record,
    uint64_t step) MFA_MUST_CHECK;


#pragma GCC visibility pop


/* sessions, remembered devices, decisions of the gate */

#include "mfa_model_session.h"

/* the log of revocations */

#include "mfa_model_revoked.h"

/* flows, codes, limits, messages, purge */

#include "mfa_model_flow.h"

/* requests, passes, replaced secrets, the audit */

#include "mfa_model_staff.h"

/* metrics */

#include "mfa_model_metric.h"

/* forms that came after the end of a session */

#include "mfa_model_held.h"


#endif /* MFA_MODEL_H */
