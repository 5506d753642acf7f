/*
 * mfactl monitor report: whom the gate would stop, and what would fit them.
 *
 * Reads logs from beginning to end in bounded memory; asks no server and
 * opens no store. Opens nothing by itself: it prints.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mfactl_monitor.h"


#define REPORT_LINE_MAX    (64 * 1024)
#define REPORT_TEXT_MAX    (4 * 1024 * 1024)
#define REPORT_ROWS        200
#define REPORT_COLUMNS     "address:15 kind:12 count:7 path:28 last:24 agent"
#define REPORT_DAYS_MAX    3660

typedef struct {
    mfactl_t            *ctl;
    monitor_table_t      table;
    mfactl_progress_t    progress;
    uint64_t             done;          /* bytes */
    uint64_t             all;
    char                *buf;
} report_t;


/* one line without its end; what is longer than the buffer is broken */

static mfa_status_t
report_lines(report_t *report, FILE *file)
{
    int           c;
    size_t        n;
    mfa_status_t  st;

    n = 0;

    while ((c = getc_unlocked(file)) != EOF) {
        report->done++;

        if (c != '\n') {
            n += n < REPORT_LINE_MAX ? 1 : 0;
            report->buf[n - 1] = (char) c;
            continue;
        }

        st = monitor_table_line(&report->table, n == REPORT_LINE_MAX
                                ? mfa_str("{") : mfa_str_bytes(report->buf,
                                                               n));
        if (st != MFA_OK) {
            return st;
        }

        n = 0;

        if (report->table.lines[MONITOR_NOTE] % 4096 == 0) {
            mfactl_progress_tell(&report->progress, "read bytes",
                                 report->done, report->all);
        }
    }

    /* the last line has no end yet: the gateway may be writing it */

    return n == 0 ? MFA_OK
                  : monitor_table_line(&report->table,
                                       mfa_str_bytes(report->buf, n));
}


static mfactl_exit_t
report_file(report_t *report, const char *name)
{
    FILE          *file;
    bool           is_good, is_input;
    struct stat    sb;
    mfa_status_t   st;

    is_input = strcmp(name, "-") == 0;
    memset(&sb, 0, sizeof(sb));

    file = is_input ? stdin : fopen(name, "re");

    if (file == NULL || fstat(fileno(file), &sb) != 0) {
        return mfactl_fail(report->ctl, MFACTL_REFUSED, "cannot read \"%s\": "
                           "%s", name, strerror(errno));
    }

    report->all = report->done + (S_ISREG(sb.st_mode)
                                  ? (uint64_t) sb.st_size : 0);

    st = report_lines(report, file);
    is_good = !ferror(file);

    if (!is_input) {
        (void) fclose(file);            /* was only read */
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(report->ctl, st, "read the log");
    }

    return is_good ? MFACTL_DONE
                   : mfactl_fail(report->ctl, MFACTL_FAULT, "cannot read all "
                                 "of \"%s\"", name);
}


/* without a file: the event log of the realm */

static mfactl_exit_t
report_own_log(report_t *report)
{
    size_t                 i;
    mfa_str_t              path;
    mfactl_t              *ctl = report->ctl;
    mfactl_exit_t          code;
    const mfactl_line_t   *line;
    const mfactl_block_t  *block;

    code = mfactl_conf_open(ctl);
    code = code == MFACTL_DONE ? mfactl_block(ctl, &block) : code;

    if (code != MFACTL_DONE) {
        return code;
    }

    for (i = 0; i < block->count; i++) {
        line = &block->lines[i];

        if (mfa_str_eq_c(line->line.name, "event_log")
            && line->line.nargs == 1
            && mfa_parse_path(&line->line, line->line.args[0], ctl->arena,
                              &path)
               == MFA_OK)
        {
            return report_file(report, mfa_arena_cstr(ctl->arena, path));
        }
    }

    return mfactl_fail(ctl, MFACTL_REFUSED, "realm \"" MFA_STR_FMT "\" has no "
                       "event_log: name the file, such as nginx's error log",
                       MFA_STR_ARG(block->name));
}


static mfactl_exit_t
report_read(report_t *report)
{
    size_t         i;
    mfactl_exit_t  code;

    if (report->ctl->nargs == 0) {
        return report_own_log(report);
    }

    for (i = 0; i < report->ctl->nargs; i++) {
        code = report_file(report, report->ctl->args[i]);
        if (code != MFACTL_DONE) {
            return code;
        }
    }

    return MFACTL_DONE;
}


static void
set_count(json_t *object, const char *name, uint64_t n)
{
    json_object_set_new(object, name, json_integer((json_int_t) n));
}


static uint64_t
count_breaking(const monitor_table_t *table, bool is_clients)
{
    size_t                   i;
    uint64_t                 n;
    const monitor_client_t  *client;

    n = 0;

    for (i = 0; i < table->count; i++) {
        client = &table->clients[i];

        if (client->is_used && !monitor_is_person(client)) {
            n += is_clients ? 1 : client->count;
        }
    }

    return n;
}


static json_t *
report_summary(const monitor_table_t *table)
{
    uint64_t   breaking;
    json_t    *object;

    object = json_object();
    breaking = count_breaking(table, false);

    mfactl_set_time(object, "from", table->first_at);
    mfactl_set_time(object, "to", table->last_at);
    set_count(object, "lines", table->lines[MONITOR_NOTE]);
    set_count(object, "other_lines", table->lines[MONITOR_OTHER]
                                     + table->lines[MONITOR_DROPPED]
                                     + table->lines[MONITOR_FOREIGN]);
    set_count(object, "broken_lines", table->lines[MONITOR_BROKEN]);
    set_count(object, "error_log_lines", table->error_log);
    set_count(object, "requests", table->requests);
    set_count(object, "people", table->would[MONITOR_LOGIN] > breaking
                                + table->unlisted
                                ? table->would[MONITOR_LOGIN] - breaking
                                  - table->unlisted : 0);
    set_count(object, "page_loads", table->pages);
    set_count(object, "breaking", breaking);
    set_count(object, "clients", count_breaking(table, true));
    set_count(object, "step_up", table->would[MONITOR_STEP_UP]);
    set_count(object, "no_access", table->would[MONITOR_NO_ACCESS]);
    set_count(object, "unavailable", table->would[MONITOR_UNAVAILABLE]);
    set_count(object, "not_logged", table->dropped);
    set_count(object, "not_listed", table->unlisted);

    return object;
}


static json_t *
report_path(const monitor_path_t *path)
{
    json_t  *object;

    object = json_object();
    mfactl_set(object, "host", path->host);
    mfactl_set(object, "path", path->path);
    mfactl_set(object, "method", path->method);
    json_object_set_new(object, "below", json_boolean(path->is_below));
    set_count(object, "count", path->count);
    json_object_set_new(object, "regular",
                        json_boolean(monitor_is_regular(path)));

    return object;
}


static json_t *
report_client(const monitor_client_t *client)
{
    char     address[MFA_ADDRESS_TEXT_SIZE];
    size_t   i;
    json_t  *object, *paths;

    mfa_address_text(&client->address, address);

    object = json_object();
    mfactl_set(object, "address", mfa_str_from(address));
    json_object_set_new(object, "inside", json_boolean(
                        monitor_is_private(&client->address)));
    mfactl_set(object, "kind",
               mfa_str_from(monitor_kind_name(client->kind)));
    mfactl_set(object, "why", mfa_str_from(monitor_kind_why(client->kind)));
    mfactl_set(object, "agent", client->agent);
    set_count(object, "count", client->count);
    mfactl_set_time(object, "first", client->first_at);
    mfactl_set_time(object, "last", client->last_at);
    mfactl_set(object, "auth", client->auth);
    mfactl_set(object, "upgrade", client->upgrade);
    mfactl_set(object, "removed", client->removed);
    mfactl_set(object, "path", client->paths[0].path);

    paths = json_array();

    for (i = 0; i < client->path_count; i++) {
        json_array_append_new(paths, report_path(&client->paths[i]));
    }

    json_object_set_new(object, "paths", paths);
    set_count(object, "other_paths", client->other_paths);

    return object;
}


static int
by_count(const void *a, const void *b)
{
    const monitor_client_t  *x = *(const monitor_client_t *const *) a;
    const monitor_client_t  *y = *(const monitor_client_t *const *) b;

    return (x->count < y->count) - (x->count > y->count);
}


/* those that break, the most frequent first */

static json_t *
report_clients(report_t *report)
{
    size_t                    i, n;
    json_t                   *list;
    monitor_table_t          *table = &report->table;
    const monitor_client_t  **sorted;

    list = json_array();
    sorted = mfa_arena_alloc(report->ctl->arena, (table->count + 1)
                                                 * sizeof(sorted[0]));
    if (sorted == NULL) {
        return list;
    }

    n = 0;

    for (i = 0; i < table->count; i++) {
        if (table->clients[i].is_used
            && !monitor_is_person(&table->clients[i]))
        {
            sorted[n++] = &table->clients[i];
        }
    }

    qsort(sorted, n, sizeof(sorted[0]), by_count);

    for (i = 0; i < n; i++) {
        json_array_append_new(list, report_client(sorted[i]));
    }

    return list;
}


static void
print_text(mfactl_t *ctl, const char *head, mfa_str_t text)
{
    mfa_str_t  line;

    if (text.len == 0) {
        return;
    }

    mfactl_say(ctl, "%s", "");
    mfactl_say(ctl, "# --- %s; CHECK BEFORE YOU PASTE ---", head);

    while (text.len > 0) {
        line = mfa_str_split(&text, '\n');
        mfactl_print(stdout, line);
        putchar('\n');
    }
}


static void
report_print(report_t *report, json_t *summary, json_t *clients,
    mfa_str_t server, mfa_str_t realm)
{
    size_t     i;
    json_t    *row;
    mfactl_t  *ctl = report->ctl;

    if (ctl->is_json) {
        json_object_set_new(summary, "breaks", clients);
        mfactl_set(summary, "server_lines", server);
        mfactl_set(summary, "realm_lines", realm);
        mfactl_put(ctl, summary);
        return;
    }

    mfactl_put(ctl, summary);
    mfactl_say(ctl, "%s", "");

    if (json_array_size(clients) == 0) {
        mfactl_say(ctl, "no client would break: all that came were people in "
                   "browsers");

    } else {
        mfactl_say(ctl, "clients that would break:");
        mfactl_list_begin(ctl, REPORT_COLUMNS);

        json_array_foreach(clients, i, row) {
            if (i < REPORT_ROWS) {
                mfactl_list_row(ctl, REPORT_COLUMNS, json_incref(row));
            }
        }

        mfactl_list_end(ctl);
    }

    if (json_array_size(clients) > REPORT_ROWS) {
        mfactl_say(ctl, "and %zu more, see --json",
                   json_array_size(clients) - REPORT_ROWS);
    }

    print_text(ctl, "for servers", server);
    print_text(ctl, "for the realm", realm);
    json_decref(clients);
}


/* what there is of nginx's configuration; NULL where there is none */

static const lint_t *
report_lint(mfactl_t *ctl, lint_t *lint)
{
    mfa_error_t     error;
    mfactl_node_t  *root;

    error.text[0] = '\0';

    if (mfactl_tree_read(ctl->arena, ctl->conf_file, &root, &error)
        != MFA_OK)
    {
        mfactl_say(ctl, "the configuration cannot be read, so that no "
                   "location is known: %s", error.text);
        return NULL;
    }

    *lint = (lint_t) { .arena = ctl->arena, .root = root };
    lint_places(lint);

    return lint->http == NULL || lint->has_failed ? NULL : lint;
}


static mfactl_exit_t
report_days(report_t *report)
{
    int64_t   days;
    mfactl_t *ctl = report->ctl;

    if (ctl->days == NULL) {
        return MFACTL_DONE;
    }

    if (mfa_str_number(mfa_str_from(ctl->days), &days) != MFA_OK
        || days < 1 || days > REPORT_DAYS_MAX)
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "--days takes a number from 1 "
                           "to %d", REPORT_DAYS_MAX);
    }

    report->table.since = mfa_port_now(&mfa_ports_system) - days * MFA_DAY;

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_monitor_report(mfactl_t *ctl)
{
    lint_t          lint;
    report_t        report = { .ctl = ctl };
    mfa_str_t       server_text, realm_text;
    mfa_buf_t       server, realm;
    mfa_status_t    st;
    mfactl_exit_t   code;

    report.buf = mfa_arena_alloc(ctl->arena, REPORT_LINE_MAX);

    if (report.buf == NULL
        || monitor_table_init(&report.table, ctl->arena) != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_FAULT, "out of memory");
    }

    code = report_days(&report);
    if (code != MFACTL_DONE) {
        return code;
    }

    mfactl_progress_begin(ctl, &report.progress);
    code = report_read(&report);
    mfactl_progress_end(&report.progress);

    if (code != MFACTL_DONE) {
        return code;
    }

    mfa_buf_init(&server, ctl->arena, REPORT_TEXT_MAX);
    mfa_buf_init(&realm, ctl->arena, REPORT_TEXT_MAX);

    st = monitor_fit(&report.table, report_lint(ctl, &lint), &server, &realm);

    st = st == MFA_OK ? mfa_buf_str(&server, &server_text) : st;
    st = st == MFA_OK ? mfa_buf_str(&realm, &realm_text) : st;

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "write the report");
    }

    report_print(&report, report_summary(&report.table),
                 report_clients(&report), server_text, realm_text);

    return MFACTL_DONE;
}
