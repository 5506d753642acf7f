/*
 * mfactl: the operator's command line.
 *
 * Works on the store of one realm, beside a running gateway or without one.
 * A command is one function and one row of the table in mfactl.c. None ever
 * prints a secret, a password hash or a token, nor takes one as an argument.
 */

#ifndef MFACTL_H
#define MFACTL_H

#include <jansson.h>
#include <signal.h>

#include "../mfa.h"

#pragma GCC visibility push(hidden)

#define MFACTL_VERSION  MFA_VERSION

/* records one transaction looks at, so that no reader holds old pages long */
#define MFACTL_VIEW_MAX   1000

/* what the memory of one transaction may grow to */
#define MFACTL_TURN_MAX   ((size_t) 64 * 1024 * 1024)


/* exit codes; documented in docs/mfactl.8 */

typedef enum {
    MFACTL_DONE = 0,
    MFACTL_REFUSED = 1,         /* not found, refused, bad input */
    MFACTL_USAGE = 2,
    MFACTL_FAULT = 3            /* the store, the machine, a bug */
} mfactl_exit_t;


/* nginx's configuration, as far as realms are in it */

typedef struct {
    mfa_line_t   line;
    const char  *file;
    unsigned     number;
} mfactl_line_t;

typedef struct {
    mfa_str_t       name;
    const char     *file;
    unsigned        number;
    mfactl_line_t  *lines;
    size_t          count;
    size_t          room;
} mfactl_block_t;

typedef struct {
    const char      *prefix;    /* the folder of the main file, ends in '/' */
    mfa_str_t        user;      /* of the workers, or empty */
    mfactl_block_t  *blocks;
    size_t           count;
    size_t           room;
} mfactl_conf_t;

/*
 * Reads file as nginx would, following "include". MFA_CONFIG with file and
 * line in error. Memory from arena.
 */
mfa_status_t mfactl_conf_read(mfa_arena_t *arena, const char *file,
    mfactl_conf_t *conf, mfa_error_t *error) MFA_MUST_CHECK;


/* mfactl_word.c: one line of it */

typedef struct {
    const char  *name;
    const char  *data;
    size_t       len;
    size_t       pos;
    unsigned     line;
} mfactl_file_t;

typedef enum {
    MFACTL_END_LINE,            /* ; */
    MFACTL_END_BLOCK_START,     /* { */
    MFACTL_END_BLOCK,           /* } */
    MFACTL_END_FILE
} mfactl_end_t;

typedef struct {
    mfa_arena_t   *arena;
    mfa_error_t   *error;
    mfa_str_t     *items;
    size_t         count;
    unsigned       number;      /* of the line where it ends, as nginx */
    mfactl_end_t   end;
    bool           is_kept;     /* false: only what ends it matters */
} mfactl_words_t;

/* the words up to what ends the line; MFA_CONFIG with file and line */
mfa_status_t mfactl_words_read(mfactl_words_t *line, mfactl_file_t *file)
    MFA_MUST_CHECK;


/* one run of the program */

typedef struct mfactl_s  mfactl_t;

struct mfactl_s {
    const char     *conf_file;          /* -c */
    const char     *prefix;             /* -p, or NULL */
    const char     *realm_name;         /* -r, or NULL */
    const char     *id;                 /* --id */
    const char     *group;              /* --group */
    const char     *state;              /* --state */
    const char     *user;               /* --user */
    const char     *statement;          /* --statement */
    const char     *reason;             /* --reason */
    const char     *since;              /* --since */
    const char     *event;              /* --event */
    const char     *on;                 /* --on */
    const char     *cookie_file;        /* --cookie-file */
    const char     *nginx_file;         /* --conf */
    const char     *listen;             /* --listen */
    const char     *header;             /* --header */
    const char     *ca_file;            /* --ca-file */
    const char     *connect;            /* --connect */
    const char     *days;               /* --days */
    bool            is_json;            /* --json */
    bool            is_apply;           /* --apply */
    bool            is_skip_bad;        /* --skip-bad */
    bool            is_all;             /* --all */
    bool            is_list;            /* --list */
    bool            is_reveal;          /* --reveal */

    const char    **args;               /* behind the name of the command */
    size_t          nargs;

    mfa_arena_t    *arena;              /* until the end of the program */
    mfactl_conf_t   conf;
    mfa_realm_t    *realm;
    mfa_t          *mfa;
    mfa_work_t      work;
    mfa_str_t       operator;           /* name of the user of the system */
    int             event_fd;           /* of the realm's event_log, or -1 */
    bool            is_list_begun;      /* a row was printed */
    bool            has_list;           /* no other JSON may follow */
};


/* mfactl_realm.c */

/* reads the configuration; the block asked for, or the only one */
mfactl_exit_t mfactl_conf_open(mfactl_t *ctl);
mfactl_exit_t mfactl_block(mfactl_t *ctl, const mfactl_block_t **block);

/*
 * The realm and its store, opened. As root this process becomes the owner of
 * the store's folder: open what root alone can read before.
 */
mfactl_exit_t mfactl_open(mfactl_t *ctl);
void mfactl_close(mfactl_t *ctl);

/*
 * One transaction with memory of its own, which mfactl_turn_end frees. The
 * events of an update are written to the event log.
 */
typedef enum {
    MFACTL_VIEW,
    MFACTL_UPDATE,
    MFACTL_UPDATE_RESERVED              /* for what makes things safer */
} mfactl_turn_t;

mfa_status_t mfactl_turn(mfactl_t *ctl, mfactl_turn_t kind, mfa_tx_fn fn,
    void *arg) MFA_MUST_CHECK;
void mfactl_turn_end(mfactl_t *ctl);


/* mfactl_operator.c: who did it, and who hears of it */

/* sets ctl->operator; before the rights of root are given up */
mfactl_exit_t mfactl_operator_look(mfactl_t *ctl);

/* of a transaction that mfactl_turn began */
const mfactl_t *mfactl_of(const mfa_tx_t *tx);

/* an event with the reason "mfactl" by "os:NAME"; user may be NULL */
mfa_status_t mfactl_event(mfa_tx_t *tx, const char *name,
    const mfa_id_t *user) MFA_MUST_CHECK;
mfa_status_t mfactl_event_add(mfa_tx_t *tx, mfa_event_t *event,
    const mfa_id_t *user) MFA_MUST_CHECK;

/* what staff did, as the helpdesk pages tell it */
typedef struct {
    const char  *flag;                  /* "pass", "corrected" */
    mfa_str_t    subject;               /* an address from before */
    mfa_str_t    new_address;           /* is told as well */
    mfa_time_t   until;
} mfactl_letter_t;

/* to every address of told */
mfa_status_t mfactl_tell(mfa_tx_t *tx, const mfa_user_t *told,
    const mfactl_letter_t *letter) MFA_MUST_CHECK;

/* a reason or a statement for the audit; MFA_INVALID: *why "is too short" */
mfa_status_t mfactl_note(const char *typed, mfa_str_t *note,
    const char **why) MFA_MUST_CHECK;

/* are these digits of an id as the lists show them? */
#define MFACTL_ID_LEAST  8
#define MFACTL_ID_SHOWN  16
bool mfactl_is_id(const char *typed);


/* mfactl_out.c: what is printed; control bytes never reach a terminal */

/* an error, once; returns code */
mfactl_exit_t mfactl_fail(mfactl_t *ctl, mfactl_exit_t code,
    const char *fmt, ...) MFA_PRINTF(3, 4);

/* the same for a status; what is "lock the user" */
mfactl_exit_t mfactl_fail_status(mfactl_t *ctl, mfa_status_t st,
    const char *what);

/* a line for people, nothing with --json */
void mfactl_say(const mfactl_t *ctl, const char *fmt, ...) MFA_PRINTF(2, 3);

/* fields of an object; bytes that are no text become '?' */
void mfactl_set(json_t *object, const char *name, mfa_str_t value);
void mfactl_set_time(json_t *object, const char *name, mfa_time_t at);
void mfactl_set_list(json_t *object, const char *name,
    const mfa_strs_t *list);

/* prints "name: value" lines, or the object; takes the reference over */
void mfactl_put(mfactl_t *ctl, json_t *object);

/*
 * A list: rows are printed as they come. columns is "email:36 user:16 state",
 * widths for people; a row may have more fields, which --json shows. Row
 * takes the reference over.
 */
void mfactl_list_begin(mfactl_t *ctl, const char *columns);
void mfactl_list_row(mfactl_t *ctl, const char *columns, json_t *row);
void mfactl_list_end(mfactl_t *ctl);

/* bytes as they are but for control bytes, which become \xNN */
void mfactl_print(FILE *file, mfa_str_t s);

/* MFACTL_FAULT when not all of the output could be written */
mfactl_exit_t mfactl_out_end(mfactl_t *ctl, mfactl_exit_t code);

/* progress on standard error: on a terminal, or when it takes long */
typedef struct {
    mfa_time_t  began_at;
    mfa_time_t  told_at;
    bool        is_terminal;
    bool        is_silent;
} mfactl_progress_t;

void mfactl_progress_begin(const mfactl_t *ctl, mfactl_progress_t *progress);
void mfactl_progress_tell(mfactl_progress_t *progress, const char *what,
    uint64_t done, uint64_t all);
void mfactl_progress_end(const mfactl_progress_t *progress);


/* mfactl_person.c: columns of a person, from CSV or from "name=value" */

typedef enum {
    MFACTL_EMAIL,
    MFACTL_USER,
    MFACTL_FIRST_NAME,
    MFACTL_SURNAME,
    MFACTL_GROUPS,
    MFACTL_OTHER_EMAIL,
    MFACTL_MANAGER,
    MFACTL_LANGUAGE,
    MFACTL_PASSWORD_HASH,
    MFACTL_ATTR
} mfactl_field_t;

typedef struct {
    mfactl_field_t  field;
    mfa_str_t       name;
} mfactl_column_t;

typedef struct {
    mfactl_column_t  *items;
    size_t            count;
} mfactl_columns_t;

/* MFA_INVALID with a reason: not a name, or there already */
mfa_status_t mfactl_columns_add(mfactl_columns_t *columns, mfa_str_t name,
    mfa_arena_t *arena, mfa_error_t *error) MFA_MUST_CHECK;

bool mfactl_columns_have(const mfactl_columns_t *columns,
    mfactl_field_t field);

/* the value of the first column of that field, or empty */
mfa_str_t mfactl_value(const mfactl_columns_t *columns,
    const mfa_str_t *values, mfactl_field_t field);

/*
 * Checks each value and makes it canonical. MFA_INVALID with a reason, which
 * never holds a password hash.
 */
mfa_status_t mfactl_person_check(const mfactl_columns_t *columns,
    mfa_str_t *values, mfa_arena_t *arena, mfa_error_t *error) MFA_MUST_CHECK;

/* words between ';', ',' and spaces, each once */
mfa_status_t mfactl_words(mfa_arena_t *arena, mfa_str_t text,
    mfa_strs_t *words) MFA_MUST_CHECK;

typedef enum {
    MFACTL_ADDED,
    MFACTL_CHANGED,
    MFACTL_UNCHANGED,
    MFACTL_BAD
} mfactl_change_t;

typedef struct {
    const mfactl_columns_t  *columns;
    const mfa_str_t         *values;
    mfa_user_t               user;      /* out: as it is to be */
    mfactl_change_t          change;
    bool                     has_new_password;
    mfa_error_t              error;     /* why it is bad */
} mfactl_person_t;

/* finds whom the values speak of and says what they would change */
mfa_status_t mfactl_person_look(mfa_tx_t *tx, mfactl_person_t *person)
    MFA_MUST_CHECK;

/* the same, and writes it with an event */
mfa_status_t mfactl_person_write(mfa_tx_t *tx, mfactl_person_t *person)
    MFA_MUST_CHECK;


/* mfactl_csv.c: the rows of a file, read as a whole */

typedef struct {
    unsigned     line;                  /* where it begins, from 1 */
    mfa_str_t   *values;                /* as many as columns */
    const char  *reason;                /* why it is refused, or NULL */
} mfactl_row_t;

typedef struct {
    mfactl_columns_t  columns;
    mfactl_row_t     *rows;
    size_t            count;
    size_t            room;
} mfactl_csv_t;

/*
 * MFA_INVALID with a message: no header, a column twice, quotes in disorder.
 * A row of another length than the header has its reason.
 */
mfa_status_t mfactl_csv_read(FILE *file, mfa_arena_t *arena,
    mfactl_csv_t *csv, mfa_error_t *error) MFA_MUST_CHECK;


/* mfactl_user.c */

/* by address, or by name where there is no '@'; MFA_NOT_FOUND */
mfa_status_t mfactl_user_find(mfa_tx_t *tx, const char *typed,
    mfa_user_t *user) MFA_MUST_CHECK;

const char *mfactl_user_state(const mfa_user_t *user);

/* mfactl_factor.c */

/*
 * What may be shown of a user's factors, an array: kinds, states, moments,
 * where codes go with all but the end hidden, recovery codes left. Never a
 * secret.
 */
mfa_status_t mfactl_factors(mfa_tx_t *tx, const mfa_id_t *user,
    json_t **list) MFA_MUST_CHECK;

/* a page of users in the order of their ids */
typedef struct {
    mfa_id_t     after;
    bool         has_after;
    bool         is_end;
    mfa_user_t  *users;                 /* until mfactl_turn_end */
    size_t       count;
} mfactl_page_t;

mfa_status_t mfactl_user_page(mfactl_t *ctl, mfactl_page_t *page)
    MFA_MUST_CHECK;


/* commands */

mfactl_exit_t mfactl_key_new(mfactl_t *ctl);
mfactl_exit_t mfactl_key_assertion(mfactl_t *ctl);
mfactl_exit_t mfactl_user_import(mfactl_t *ctl);
mfactl_exit_t mfactl_user_add(mfactl_t *ctl);
mfactl_exit_t mfactl_user_invite(mfactl_t *ctl);
mfactl_exit_t mfactl_user_list(mfactl_t *ctl);
mfactl_exit_t mfactl_user_show(mfactl_t *ctl);
mfactl_exit_t mfactl_user_lock(mfactl_t *ctl);
mfactl_exit_t mfactl_user_unlock(mfactl_t *ctl);
mfactl_exit_t mfactl_user_disable(mfactl_t *ctl);
mfactl_exit_t mfactl_user_enable(mfactl_t *ctl);
mfactl_exit_t mfactl_user_delete(mfactl_t *ctl);
mfactl_exit_t mfactl_user_remove_factor(mfactl_t *ctl);
mfactl_exit_t mfactl_user_set_email(mfactl_t *ctl);
mfactl_exit_t mfactl_user_add_email(mfactl_t *ctl);
mfactl_exit_t mfactl_user_remove_email(mfactl_t *ctl);
mfactl_exit_t mfactl_user_reset_password(mfactl_t *ctl);
mfactl_exit_t mfactl_user_extend(mfactl_t *ctl);
mfactl_exit_t mfactl_user_pass(mfactl_t *ctl);
mfactl_exit_t mfactl_request_list(mfactl_t *ctl);
mfactl_exit_t mfactl_request_show(mfactl_t *ctl);
mfactl_exit_t mfactl_request_approve(mfactl_t *ctl);
mfactl_exit_t mfactl_request_refuse(mfactl_t *ctl);
mfactl_exit_t mfactl_outbox_list(mfactl_t *ctl);
mfactl_exit_t mfactl_outbox_retry(mfactl_t *ctl);
mfactl_exit_t mfactl_outbox_drop(mfactl_t *ctl);
mfactl_exit_t mfactl_audit_list(mfactl_t *ctl);
mfactl_exit_t mfactl_audit_verify(mfactl_t *ctl);
mfactl_exit_t mfactl_device_list(mfactl_t *ctl);
mfactl_exit_t mfactl_device_end(mfactl_t *ctl);
mfactl_exit_t mfactl_session_list(mfactl_t *ctl);
mfactl_exit_t mfactl_session_end(mfactl_t *ctl);
mfactl_exit_t mfactl_rollout(mfactl_t *ctl);
mfactl_exit_t mfactl_store_check(mfactl_t *ctl);
mfactl_exit_t mfactl_store_stat(mfactl_t *ctl);
mfactl_exit_t mfactl_conf_dump(mfactl_t *ctl);
mfactl_exit_t mfactl_lint(mfactl_t *ctl);
mfactl_exit_t mfactl_probe(mfactl_t *ctl);
mfactl_exit_t mfactl_monitor_report(mfactl_t *ctl);

#pragma GCC visibility pop

#endif /* MFACTL_H */
