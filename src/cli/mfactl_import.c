/*
 * user import: a CSV file of people, checked as a whole, then applied.
 *
 * First every row is checked against the file and a view of the store, and
 * nothing is written while one of them is refused. Then the rows go in by
 * commits of a few hundred, none of which keeps the gateway's writers
 * waiting. A run that was interrupted is finished by running it again.
 */

#include <errno.h>

#include "mfactl.h"


#define IMPORT_ARENA       ((size_t) 2 * 1024 * 1024 * 1024)
#define IMPORT_LOOK        300      /* rows in one view: up to 3 reads each */
#define IMPORT_BATCH       500      /* rows in one commit, at most */
#define IMPORT_BATCH_LEAST 200     /* a slow disk is slow for fewer as well */
#define IMPORT_COMMIT      15       /* ms that a commit should take */
#define SEEN_PRIME         0x100000001b3u

typedef struct {
    mfa_str_t  text;
    char       kind;
    unsigned   line;
} seen_t;

typedef struct {
    mfactl_t            *ctl;
    mfa_arena_t         *arena;         /* of the file */
    mfactl_csv_t         csv;
    seen_t              *seen;          /* open addressing, a power of two */
    size_t               seen_size;
    mfactl_progress_t    progress;
    size_t               at;            /* the next row */
    size_t               end;           /* of this transaction */
    size_t               done;          /* rows committed */
    uint64_t             counts[4];     /* by mfactl_change_t */
    uint64_t             turn[4];       /* of this transaction */
    mfactl_row_t        *stopped;       /* the row that could not be applied */
    mfa_error_t          error;
    mfactl_change_t     *changes;       /* of this transaction */
    mfa_id_t            *ids;
} import_t;


static volatile sig_atomic_t  import_is_interrupted;


static void
import_interrupt(int signo)
{
    (void) signo;

    import_is_interrupted = 1;
}


static void
import_catch_signals(void)
{
    struct sigaction  action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = import_interrupt;

    (void) sigaction(SIGINT, &action, NULL);        /* the default would do */
    (void) sigaction(SIGTERM, &action, NULL);
    (void) sigaction(SIGHUP, &action, NULL);
}


static void
import_refuse(import_t *import, mfactl_row_t *row, const char *reason)
{
    row->reason = mfa_arena_cstr(import->arena, mfa_str_from(reason));

    if (row->reason == NULL) {
        row->reason = mfa_status_text(MFA_NO_MEMORY);
    }
}


/* what one row has no other row of the file may have */

static void
import_see(import_t *import, mfactl_row_t *row, char kind, mfa_str_t text)
{
    size_t       i;
    seen_t      *seen;
    uint64_t     hash;
    mfa_error_t  error;

    if (text.len == 0 || row->reason != NULL) {
        return;
    }

    hash = 0xcbf29ce484222325u ^ (unsigned char) kind;

    for (i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char) text.data[i]) * SEEN_PRIME;
    }

    for (i = (size_t) (hash ^ hash >> 32); /* void */ ; i++) {
        seen = &import->seen[i & (import->seen_size - 1)];

        if (seen->line == 0) {
            *seen = (seen_t) { text, kind, row->line };
            return;
        }

        if (seen->kind == kind && mfa_str_eq(seen->text, text)) {
            break;
        }
    }

    if (seen->line == row->line) {
        return;
    }

    if (kind == 'i') {
        mfa_error_set(&error, "the same person as on line %u", seen->line);

    } else {
        mfa_error_set(&error, "%s \"" MFA_STR_FMT "\" is on line %u already",
                      kind == 'u' ? "user" : "address", MFA_STR_ARG(text),
                      seen->line);
    }

    import_refuse(import, row, error.text);
}


static mfa_status_t
import_check_row(import_t *import, mfactl_row_t *row)
{
    size_t                   i;
    mfa_error_t              error;
    mfa_strs_t               others;
    mfa_status_t             st;
    const mfactl_columns_t  *columns = &import->csv.columns;

    if (row->reason != NULL) {
        return MFA_OK;
    }

    st = mfactl_person_check(columns, row->values, import->arena, &error);

    if (st == MFA_INVALID) {
        import_refuse(import, row, error.text);
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    import_see(import, row, 'e', mfactl_value(columns, row->values,
                                              MFACTL_EMAIL));
    import_see(import, row, 'u', mfactl_value(columns, row->values,
                                              MFACTL_USER));

    st = mfactl_words(import->arena, mfactl_value(columns, row->values,
                                                  MFACTL_OTHER_EMAIL),
                      &others);

    for (i = 0; i < others.count && st == MFA_OK; i++) {
        import_see(import, row, 'e', others.items[i]);
    }

    return st;
}


/* each row as it stands in the file, without the store */

static mfa_status_t
import_check_rows(import_t *import)
{
    size_t        i;
    mfa_status_t  st;

    import->seen_size = 1024;

    while (import->seen_size < import->csv.count * 8) {
        import->seen_size *= 2;
    }

    import->seen = mfa_arena_alloc(import->arena,
                                   import->seen_size * sizeof(seen_t));
    if (import->seen == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < import->csv.count; i++) {
        st = import_check_row(import, &import->csv.rows[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
import_look(mfa_tx_t *tx, void *arg)
{
    size_t            i;
    import_t         *import = arg;
    mfa_status_t      st;
    mfactl_row_t     *row;
    mfactl_person_t   person = { .columns = &import->csv.columns };

    for (i = import->at; i < import->end; i++) {
        row = &import->csv.rows[i];

        if (row->reason != NULL) {
            continue;
        }

        person.values = row->values;

        st = mfactl_person_look(tx, &person);
        if (st != MFA_OK) {
            return st;
        }

        if (person.change == MFACTL_BAD) {
            import_refuse(import, row, person.error.text);
        }

        import->changes[i - import->at] = person.change;
        import->ids[i - import->at] = person.user.id;
    }

    return MFA_OK;
}


/* counts what the view said; two rows may mean one person */

static mfa_status_t
import_looked(import_t *import)
{
    size_t         i, n;
    mfa_str_t      id;
    mfa_status_t   st;
    mfactl_row_t  *row;

    for (i = import->at; i < import->end; i++) {
        row = &import->csv.rows[i];
        n = i - import->at;

        if (row->reason == NULL && import->changes[n] != MFACTL_ADDED) {
            st = mfa_arena_copy(import->arena, mfa_id_str(&import->ids[n]),
                                &id);
            if (st != MFA_OK) {
                return st;
            }

            import_see(import, row, 'i', id);
        }

        import->counts[row->reason != NULL ? MFACTL_BAD
                                           : import->changes[n]]++;
    }

    return MFA_OK;
}


static mfa_status_t
import_check(import_t *import)
{
    mfa_status_t  st;

    st = import_check_rows(import);

    for (import->at = 0; st == MFA_OK && import->at < import->csv.count;
         import->at = import->end)
    {
        import->end = import->at + IMPORT_LOOK;

        if (import->end > import->csv.count) {
            import->end = import->csv.count;
        }

        st = mfactl_turn(import->ctl, MFACTL_VIEW, import_look, import);

        if (st == MFA_OK) {
            st = import_looked(import);
        }

        mfactl_progress_tell(&import->progress, "checked", import->end,
                             import->csv.count);
    }

    return st;
}


static mfa_status_t
import_write(mfa_tx_t *tx, void *arg)
{
    size_t            i;
    import_t         *import = arg;
    mfa_status_t      st;
    mfactl_row_t     *row;
    mfactl_person_t   person = { .columns = &import->csv.columns };

    memset(import->turn, 0, sizeof(import->turn));
    import->stopped = NULL;

    for (i = import->at; i < import->end; i++) {
        row = &import->csv.rows[i];

        if (row->reason != NULL) {
            import->turn[MFACTL_BAD]++;
            continue;
        }

        person.values = row->values;

        st = mfactl_person_write(tx, &person);

        if (st == MFA_OK && person.change == MFACTL_BAD) {
            st = MFA_EXISTS;
        }

        if (st != MFA_OK) {
            import->stopped = row;
            import->error = person.error;
            return st;
        }

        import->turn[person.change]++;
    }

    return MFA_OK;
}


static mfa_status_t
import_apply(import_t *import)
{
    size_t        i, batch;
    mfa_time_t    began, took;
    mfa_status_t  st;

    memset(import->counts, 0, sizeof(import->counts));
    batch = IMPORT_BATCH;
    st = MFA_OK;

    for (import->at = 0; import->at < import->csv.count;
         import->at = import->end)
    {
        if (import_is_interrupted) {
            return MFA_AGAIN;
        }

        import->end = import->at + batch;

        if (import->end > import->csv.count) {
            import->end = import->csv.count;
        }

        began = mfa_port_now(&mfa_ports_system);

        st = mfactl_turn(import->ctl, MFACTL_UPDATE, import_write, import);
        if (st != MFA_OK) {
            return st;
        }

        import->done = import->end;

        for (i = 0; i < 4; i++) {
            import->counts[i] += import->turn[i];
        }

        took = mfa_port_now(&mfa_ports_system) - began;

        if (took > IMPORT_COMMIT && batch > IMPORT_BATCH_LEAST) {
            batch -= batch / 4;

        } else if (took < IMPORT_COMMIT / 2 && batch < IMPORT_BATCH) {
            batch += batch / 4;
        }

        mfactl_progress_tell(&import->progress, "applied", import->end,
                             import->csv.count);
    }

    return MFA_OK;
}


static void
import_report(import_t *import, bool is_applied)
{
    size_t               i;
    json_t              *object, *rows, *item;
    const uint64_t      *counts = import->counts;
    const mfactl_row_t  *row;

    rows = json_array();

    for (i = 0; i < import->csv.count; i++) {
        row = &import->csv.rows[i];

        if (row->reason == NULL) {
            continue;
        }

        mfactl_say(import->ctl, "line %u: %s", row->line, row->reason);

        if (import->ctl->is_json) {
            item = json_object();
            json_object_set_new(item, "line", json_integer(row->line));
            mfactl_set(item, "reason", mfa_str_from(row->reason));
            json_array_append_new(rows, item);
        }
    }

    object = json_object();
    json_object_set_new(object, "applied", json_boolean(is_applied));
    json_object_set_new(object, "rows",
                        json_integer((json_int_t) import->csv.count));
    json_object_set_new(object, "added",
                        json_integer((json_int_t) counts[MFACTL_ADDED]));
    json_object_set_new(object, "changed",
                        json_integer((json_int_t) counts[MFACTL_CHANGED]));
    json_object_set_new(object, "unchanged",
                        json_integer((json_int_t) counts[MFACTL_UNCHANGED]));
    json_object_set_new(object, "refused",
                        json_integer((json_int_t) counts[MFACTL_BAD]));

    if (import->ctl->is_json) {
        json_object_set_new(object, "refused_rows", rows);
        mfactl_put(import->ctl, object);
        return;
    }

    json_decref(rows);
    mfactl_put(import->ctl, object);
}


/* some rows are in the store, the rest is not: says which, and what to do */

static mfactl_exit_t
import_stopped(import_t *import, mfa_status_t st)
{
    mfactl_t     *ctl = import->ctl;
    const char   *why;
    mfa_error_t   where;

    why = st == MFA_AGAIN ? "interrupted"
          : import->error.text[0] != '\0' ? import->error.text
          : mfa_status_text(st);

    if (import->stopped != NULL) {
        mfa_error_set(&where, " at line %u", import->stopped->line);

    } else {
        where.text[0] = '\0';
    }

    return mfactl_fail(ctl, mfa_status_is_fault(st) ? MFACTL_FAULT
                                                    : MFACTL_REFUSED,
                       "stopped%s: %s; %zu of %zu rows are applied%s%s",
                       where.text, why, import->done, import->csv.count,
                       import->done > 0 ? ", the last on line " : "",
                       import->done == 0 ? "" : mfa_arena_printf(import->arena,
                           "%u; run it again to finish",
                           import->csv.rows[import->done - 1].line).data);
}


static mfactl_exit_t
import_run(import_t *import)
{
    bool           is_bad;
    mfactl_t      *ctl = import->ctl;
    mfa_status_t   st;

    mfactl_progress_begin(ctl, &import->progress);

    st = import_check(import);

    if (st != MFA_OK) {
        mfactl_progress_end(&import->progress);
        return mfactl_fail_status(ctl, st, "check the rows");
    }

    is_bad = import->counts[MFACTL_BAD] > 0;

    if (!ctl->is_apply || (is_bad && !ctl->is_skip_bad)) {
        mfactl_progress_end(&import->progress);
        import_report(import, false);
        mfactl_say(ctl, is_bad && !ctl->is_skip_bad
                        ? "Nothing was written: rows are refused."
                        : "Nothing was written; --apply does it.");

        return is_bad ? MFACTL_REFUSED : MFACTL_DONE;
    }

    import_catch_signals();

    st = import_apply(import);
    mfactl_progress_end(&import->progress);

    if (st != MFA_OK) {
        return import_stopped(import, st);
    }

    import_report(import, true);

    return is_bad ? MFACTL_REFUSED : MFACTL_DONE;
}


static mfactl_exit_t
import_read(import_t *import, FILE *file)
{
    mfactl_t     *ctl = import->ctl;
    mfa_error_t   error;

    if (mfactl_csv_read(file, import->arena, &import->csv, &error)
        != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_REFUSED, "\"%s\": %s", ctl->args[0],
                           error.text);
    }

    import->changes = mfa_arena_alloc(import->arena, IMPORT_LOOK
                                      * sizeof(mfactl_change_t));
    import->ids = mfa_arena_alloc(import->arena,
                                  IMPORT_LOOK * sizeof(mfa_id_t));

    if (import->changes == NULL || import->ids == NULL) {
        return mfactl_fail_status(ctl, MFA_NO_MEMORY, "read the file");
    }

    return MFACTL_DONE;
}


/* the file is opened before root's rights are given up */

mfactl_exit_t
mfactl_user_import(mfactl_t *ctl)
{
    FILE           *file;
    import_t        import = { .ctl = ctl };
    mfactl_exit_t   code;

    file = strcmp(ctl->args[0], "-") == 0 ? stdin : fopen(ctl->args[0], "re");
    if (file == NULL) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "cannot read \"%s\": %s",
                           ctl->args[0], strerror(errno));
    }

    import.arena = mfa_arena_open(IMPORT_ARENA);

    code = import.arena != NULL
           ? mfactl_open(ctl)
           : mfactl_fail_status(ctl, MFA_NO_MEMORY, "start");

    if (code == MFACTL_DONE) {
        code = import_read(&import, file);
    }

    if (file != stdin) {
        (void) fclose(file);            /* was only read */
    }

    if (code == MFACTL_DONE) {
        code = import_run(&import);
    }

    mfa_arena_close(&import.arena);

    return code;
}
