/*
 * mfactl probe: does anything that a client forges reach an application?
 *
 * Asks a running gateway for each location with every spelling of the
 * identity headers and of the address. Sees what arrived where answers
 * repeat it, or by an application of its own (--listen). Changes nothing.
 */

#include "mfactl_probe.h"


#define PROBE_LEAKS_MAX   1000
#define PROBE_UNDERSCORES 4             /* a spelling for all addresses */

typedef struct {
    mfa_str_t    path;
    mfa_str_t    name;
    const char  *spelling;
    const char  *target;
    mfa_str_t    seen;                  /* "in the answer", or its line */
} leak_t;

typedef struct {
    mfactl_t        *ctl;
    probe_wire_t     wire;
    probe_forge_t    forge;
    probe_where_t    where;
    probe_listen_t  *app;
    size_t           arrived[PROBE_PATHS_MAX];
    size_t           passed[PROBE_PATHS_MAX];   /* answered with 2xx */
    leak_t           leaks[PROBE_LEAKS_MAX];
    size_t           leak_count;
    mfactl_progress_t  progress;
    mfa_error_t      error;
} probe_t;


/* "https://host:port/path": where to connect, and what "Host" says */

static bool
probe_url(probe_t *probe, const char *text)
{
    mfa_str_t   rest, host;
    const char  *scheme;

    rest = mfa_str_from(text);
    scheme = mfa_str_has_prefix(rest, mfa_str("https://")) ? "https" : "http";

    if (!mfa_str_has_prefix(rest, mfa_str("https://"))
        && !mfa_str_has_prefix(rest, mfa_str("http://")))
    {
        return false;
    }

    rest.data += strlen(scheme) + 3;
    rest.len -= strlen(scheme) + 3;

    host = rest;
    host = mfa_str_split(&rest, '/');
    rest = mfa_str_bytes(host.data + host.len,
                         strlen(text) - (size_t) (host.data + host.len
                                                  - text));

    if (host.len == 0 || host.len > 255
        || memchr(host.data, '@', host.len) != NULL
        || mfa_text_has_control(host))
    {
        return false;
    }

    probe->forge.scheme = scheme;
    probe->forge.host = host;
    probe->wire.url = mfa_arena_printf(probe->ctl->arena,
                                       "%s://" MFA_STR_FMT "/", scheme,
                                       MFA_STR_ARG(host)).data;

    return probe->wire.url != NULL
           && (rest.len < 2
               || probe_where_path(&probe->where, rest) == MFA_OK);
}


static mfa_str_t
probe_file(mfa_arena_t *arena, const char *name)
{
    char        data[PROBE_ANSWER_MAX];
    FILE       *file;
    size_t      len;
    mfa_str_t   text;

    file = fopen(name, "re");
    if (file == NULL) {
        return mfa_null;
    }

    len = fread(data, 1, sizeof(data), file);
    (void) fclose(file);                /* was only read */

    return mfa_arena_copy(arena, mfa_str_bytes(data, len), &text) == MFA_OK
           ? text : mfa_null;
}


/* a line "name=value; name=value", or the file of "curl -c" */

static bool
probe_cookie(probe_t *probe, const char *name)
{
    int        column;
    mfa_str_t  text, line, word, field;
    mfa_buf_t  buf;

    text = probe_file(probe->ctl->arena, name);
    mfa_buf_init(&buf, probe->ctl->arena, 8192);

    while (text.len > 0) {
        line = mfa_str_trim(mfa_str_split(&text, '\n'));

        if (mfa_str_has_prefix(line, mfa_str("#HttpOnly_"))) {
            line.data++;
            line.len--;
        }

        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }

        if (buf.len > 0) {
            mfa_buf_puts(&buf, "; ");
        }

        if (memchr(line.data, '\t', line.len) == NULL) {
            mfa_buf_put(&buf, line);
            continue;
        }

        field = mfa_null;

        for (column = 0; line.len > 0; column++) {
            word = mfa_str_split(&line, '\t');

            if (column == 5) {
                field = word;

            } else if (column == 6) {
                mfa_buf_put(&buf, field);
                mfa_buf_putc(&buf, '=');
                mfa_buf_put(&buf, word);
            }
        }
    }

    return mfa_buf_str(&buf, &probe->forge.cookie) == MFA_OK
           && probe->forge.cookie.len > 0
           && !mfa_text_has_control(probe->forge.cookie);
}


static mfactl_exit_t
probe_names(probe_t *probe)
{
    size_t     i;
    mfa_str_t  list, name;

    static const char *const  always[] = { "Remote-User", "Remote-Email",
                                           "Remote-Name", "Remote-Groups" };

    list = mfa_str_from(probe->ctl->header);

    while (list.len > 0) {
        name = mfa_str_trim(mfa_str_split(&list, ','));

        if (probe_where_name(&probe->where, name) != MFA_OK) {
            return mfactl_fail(probe->ctl, MFACTL_USAGE, "\"" MFA_STR_FMT
                               "\" is no name of a header", MFA_STR_ARG(name));
        }
    }

    for (i = 0; i < 4; i++) {
        if (probe_where_name(&probe->where, mfa_str_from(always[i]))
            != MFA_OK)
        {
            return mfactl_fail(probe->ctl, MFACTL_USAGE, "too many headers");
        }
    }

    return MFACTL_DONE;
}


static mfactl_exit_t
probe_where(probe_t *probe)
{
    size_t          i;
    mfa_str_t       host, port;
    mfactl_t       *ctl;
    mfactl_exit_t   code;

    ctl = probe->ctl;

    for (i = 1; i < ctl->nargs; i++) {
        if (probe_where_path(&probe->where, mfa_str_from(ctl->args[i]))
            != MFA_OK)
        {
            return mfactl_fail(ctl, MFACTL_USAGE, "\"%s\" is no path",
                               ctl->args[i]);
        }
    }

    code = probe_names(probe);
    if (code != MFACTL_DONE) {
        return code;
    }

    port = probe->forge.host;
    host = mfa_str_split(&port, ':');

    if (ctl->nginx_file != NULL
        && probe_where_conf(ctl->arena, ctl->nginx_file, host, &probe->where,
                            &probe->error)
           != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "%s", probe->error.text);
    }

    if (probe->where.count == 0) {
        probe->where.paths[probe->where.count++] = mfa_str("/");
    }

    probe->forge.names = probe->where.names;
    probe->forge.count = probe->where.name_count;

    return MFACTL_DONE;
}


static void
probe_leak(probe_t *probe, size_t path, size_t name, size_t header,
    size_t target, const char *line)
{
    leak_t  *leak;

    if (probe->leak_count == PROBE_LEAKS_MAX) {
        return;
    }

    leak = &probe->leaks[probe->leak_count++];
    *leak = (leak_t) { .path = probe->where.paths[path],
                       .name = probe->where.names[name],
                       .spelling = probe_header_name(header),
                       .target = probe_target_name(target) };

    /* out of memory: ctl's arena remembers it, and that ends the run */

    leak->seen = line == NULL
                 ? mfa_str("in the answer")
                 : mfa_arena_printf(probe->ctl->arena, "as \"%s\"", line);
}


static void
probe_judge(probe_t *probe, mfa_arena_t *arena, size_t path, size_t header,
    size_t target, mfa_str_t answer)
{
    bool        is_seen;
    char        line[256];
    size_t      i;
    mfa_str_t   mark;

    for (i = 0; i <= probe->forge.count; i++) {
        mark = probe_mark(arena, &probe->forge, i);

        is_seen = probe->app != NULL
                  && probe_listen_find(probe->app, mark, line, sizeof(line));

        if (!is_seen && (answer.len == 0
                         || memmem(answer.data, answer.len, mark.data,
                                   mark.len) == NULL))
        {
            continue;
        }

        if (i == probe->forge.count) {
            probe->arrived[path]++;

        } else {
            probe_leak(probe, path, i, header, target,
                       is_seen ? line : NULL);
        }
    }

    if (answer.len > 12 && mfa_str_has_prefix(answer, mfa_str("HTTP/1."))
        && answer.data[9] == '2')
    {
        probe->passed[path]++;
    }
}


static mfa_status_t
probe_ask(probe_t *probe, size_t path, size_t header, size_t target)
{
    mfa_str_t     request, answer;
    mfa_arena_t  *arena;
    mfa_status_t  st;

    arena = mfa_arena_open(1024 * 1024);
    if (arena == NULL) {
        mfa_error_set(&probe->error, "out of memory");
        return MFA_NO_MEMORY;
    }

    probe->forge.number++;

    if (probe->app != NULL) {
        probe_listen_forget(probe->app);
    }

    st = probe_forge(arena, &probe->forge, header, target,
                     probe->where.paths[path], &request);

    if (st == MFA_OK) {
        st = probe_wire_ask(&probe->wire, request, arena, &answer,
                            &probe->error);
    }

    if (st == MFA_OK) {
        probe_judge(probe, arena, path, header, target, answer);

    } else if (probe->error.text[0] == '\0') {
        mfa_error_set(&probe->error, "cannot make a request: %s",
                      mfa_status_text(st));
    }

    mfa_arena_close(&arena);

    return st;
}


static mfa_status_t
probe_run(probe_t *probe)
{
    size_t        path, i, all;
    mfa_status_t  st;

    all = probe->where.count * (probe_headers() + 2 * (probe_targets() - 1));
    st = MFA_OK;

    mfactl_progress_begin(probe->ctl, &probe->progress);

    for (path = 0; path < probe->where.count && st == MFA_OK; path++) {
        for (i = 0; i < probe_headers() && st == MFA_OK; i++) {
            st = probe_ask(probe, path, i, 0);
            mfactl_progress_tell(&probe->progress, "request",
                                 probe->forge.number, all);
        }

        for (i = 1; i < probe_targets() && st == MFA_OK; i++) {
            st = probe_ask(probe, path, 0, i);

            if (st == MFA_OK) {
                st = probe_ask(probe, path, PROBE_UNDERSCORES, i);
            }

            mfactl_progress_tell(&probe->progress, "request",
                                 probe->forge.number, all);
        }
    }

    mfactl_progress_end(&probe->progress);

    return st;
}


static json_t *
probe_json(const probe_t *probe)
{
    size_t   i;
    json_t  *all, *list, *row;

    all = json_object();
    json_object_set_new(all, "requests", json_integer(probe->forge.number));
    json_object_set_new(all, "spellings",
                        json_integer((json_int_t) probe_headers()));
    json_object_set_new(all, "addresses",
                        json_integer((json_int_t) probe_targets()));

    list = json_array();

    for (i = 0; i < probe->where.name_count; i++) {
        json_array_append_new(list, json_stringn(probe->where.names[i].data,
                                                 probe->where.names[i].len));
    }

    json_object_set_new(all, "headers", list);
    list = json_array();

    for (i = 0; i < probe->where.count; i++) {
        row = json_object();
        mfactl_set(row, "path", probe->where.paths[i]);
        json_object_set_new(row, "arrived",
                            json_integer((json_int_t) probe->arrived[i]));
        json_object_set_new(row, "passed",
                            json_integer((json_int_t) probe->passed[i]));
        json_array_append_new(list, row);
    }

    json_object_set_new(all, "locations", list);
    mfactl_set_list(all, "not_asked", &probe->where.left);
    list = json_array();

    for (i = 0; i < probe->leak_count; i++) {
        row = json_object();
        mfactl_set(row, "path", probe->leaks[i].path);
        mfactl_set(row, "header", probe->leaks[i].name);
        mfactl_set(row, "spelling", mfa_str_from(probe->leaks[i].spelling));
        mfactl_set(row, "address", mfa_str_from(probe->leaks[i].target));
        mfactl_set(row, "seen", probe->leaks[i].seen);
        json_array_append_new(list, row);
    }

    json_object_set_new(all, "leaks", list);

    return all;
}


static void
probe_print(const probe_t *probe)
{
    size_t         i;
    const leak_t  *leak;
    mfactl_t      *ctl;

    ctl = probe->ctl;

    for (i = 0; i < probe->leak_count; i++) {
        leak = &probe->leaks[i];

        mfactl_say(ctl, "leak: " MFA_STR_FMT ": " MFA_STR_FMT " (%s; address "
                   "%s) reached the application, seen " MFA_STR_FMT,
                   MFA_STR_ARG(leak->path), MFA_STR_ARG(leak->name),
                   leak->spelling, leak->target, MFA_STR_ARG(leak->seen));
    }

    for (i = 0; i < probe->where.count; i++) {
        mfactl_say(ctl, MFA_STR_FMT ": %s", MFA_STR_ARG(probe->where.paths[i]),
                   probe->arrived[i] > 0
                   ? "requests seen at the application"
                   : probe->passed[i] > 0
                     ? "answered, but what the application got cannot be "
                       "seen: it does not repeat headers; see --listen"
                     : "no request came through; with --cookie-file they "
                       "would");
    }

    for (i = 0; i < probe->where.left.count; i++) {
        mfactl_say(ctl, "not asked for: location ~ " MFA_STR_FMT
                   "; give a PATH that fits it",
                   MFA_STR_ARG(probe->where.left.items[i]));
    }

    mfactl_say(ctl, "%u requests: %zu headers in %zu spellings, %zu forms of "
               "the address, %zu locations; %zu forged value%s reached an "
               "application", probe->forge.number, probe->where.name_count,
               probe_headers(), probe_targets(), probe->where.count,
               probe->leak_count, probe->leak_count == 1 ? "" : "s");
}


static mfactl_exit_t
probe_open(probe_t *probe)
{
    uint8_t    bytes[4];
    mfa_str_t  run;
    mfactl_t  *ctl;

    ctl = probe->ctl;

    if (!probe_url(probe, ctl->args[0])) {
        return mfactl_fail(ctl, MFACTL_USAGE, "\"%s\" is no URL of a gateway",
                           ctl->args[0]);
    }

    if (ctl->cookie_file != NULL && !probe_cookie(probe, ctl->cookie_file)) {
        return mfactl_fail(ctl, MFACTL_USAGE, "cannot read a cookie from "
                           "\"%s\"", ctl->cookie_file);
    }

    if (ctl->ca_file != NULL) {
        probe->wire.ca = mfa_arena_cstr(ctl->arena,
                                        probe_file(ctl->arena, ctl->ca_file));

        if (probe->wire.ca == NULL || probe->wire.ca[0] == '\0') {
            return mfactl_fail(ctl, MFACTL_USAGE, "cannot read \"%s\"",
                               ctl->ca_file);
        }
    }

    probe->wire.connect = ctl->connect;

    if (probe_wire_ready() != MFA_OK
        || mfa_port_random(&mfa_ports_system, bytes, sizeof(bytes)) != MFA_OK
        || mfa_hex_encode(ctl->arena, mfa_str_bytes(bytes, sizeof(bytes)),
                          &run) != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "cannot begin");
    }

    probe->forge.run = mfa_arena_cstr(ctl->arena, run);

    if (probe->forge.run == NULL) {
        return mfactl_fail(ctl, MFACTL_USAGE, "out of memory");
    }

    return probe_where(probe);
}


static mfactl_exit_t
probe_all(probe_t *probe)
{
    mfactl_exit_t  code;

    code = probe_open(probe);
    if (code != MFACTL_DONE) {
        return code;
    }

    if (probe->ctl->listen != NULL
        && probe_listen_open(probe->ctl->listen, &probe->app, &probe->error)
           != MFA_OK)
    {
        return mfactl_fail(probe->ctl, MFACTL_USAGE, "%s", probe->error.text);
    }

    if (probe_run(probe) != MFA_OK
        || mfa_arena_has_failed(probe->ctl->arena))
    {
        return mfactl_fail(probe->ctl, MFACTL_USAGE, "%s",
                           probe->error.text[0] != '\0' ? probe->error.text
                                                        : "out of memory");
    }

    if (probe->ctl->is_json) {
        mfactl_put(probe->ctl, probe_json(probe));

    } else {
        probe_print(probe);
    }

    return probe->leak_count > 0 ? MFACTL_REFUSED : MFACTL_DONE;
}


mfactl_exit_t
mfactl_probe(mfactl_t *ctl)
{
    probe_t        *probe;
    mfactl_exit_t   code;

    probe = mfa_arena_alloc(ctl->arena, sizeof(probe_t));
    if (probe == NULL) {
        return mfactl_fail(ctl, MFACTL_USAGE, "out of memory");
    }

    probe->ctl = ctl;

    code = probe_all(probe);

    probe_listen_close(&probe->app);

    return code;
}
