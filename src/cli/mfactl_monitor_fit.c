/*
 * Lines of configuration for the clients that cannot log in.
 *
 * A line that opens something is written for addresses inside alone; what
 * comes from outside, or from where people sit as well, is written as a
 * comment, so that a person decides. Words of a log stand in comments, quoted,
 * or are plain.
 */

#include "mfactl_monitor.h"


#define FIT_MAX          200
#define FIT_CLIENTS_MAX  16
#define FIT_POLLS_MAX    20

/* from outside; fewer are not worth a question */
#define FIT_OUTSIDE_LEAST  10
#define FIT_OUTSIDE_SPAN   MFA_DAY

typedef struct {
    const lint_place_t      *server;
    mfa_str_t                host;
    mfa_str_t                path;
    bool                     is_below;
    const monitor_client_t  *clients[FIT_CLIENTS_MAX];
    uint64_t                 counts[FIT_CLIENTS_MAX];
    size_t                   count;
    size_t                   more;
} fit_t;

typedef struct {
    const monitor_table_t  *table;
    const lint_t           *lint;
    fit_t                  *fits;
    size_t                  count;
    size_t                  more;
} fits_t;


static void
fits_add(fits_t *fits, const monitor_client_t *client,
    const monitor_path_t *path)
{
    fit_t               *fit;
    size_t               i;
    const lint_place_t  *server;

    server = monitor_place_server(fits->lint, path->host);

    for (i = 0; i < fits->count; i++) {
        fit = &fits->fits[i];

        if (mfa_str_eq(fit->path, path->path)
            && fit->is_below == path->is_below
            && fit->server == server
            && (server != NULL || mfa_str_eq(fit->host, path->host)))
        {
            break;
        }
    }

    if (i == FIT_MAX) {
        fits->more++;
        return;
    }

    fit = &fits->fits[i];

    if (i == fits->count) {
        fits->count++;
        fit->server = server;
        fit->host = path->host;
        fit->path = path->path;
        fit->is_below = path->is_below;
    }

    /* several programs of one address are one line */

    for (i = 0; i < fit->count; i++) {
        if (fit->clients[i]->address.len == client->address.len
            && memcmp(fit->clients[i]->address.bytes, client->address.bytes,
                      client->address.len) == 0)
        {
            fit->counts[i] += path->count;
            return;
        }
    }

    if (fit->count == FIT_CLIENTS_MAX) {
        fit->more++;
        return;
    }

    fit->clients[fit->count] = client;
    fit->counts[fit->count++] = path->count;
}


/* why an address is not let in by a line that takes effect, or NULL */

static const char *
fit_why_not(const fits_t *fits, const monitor_client_t *client)
{
    if (client->is_error_log) {
        return "from an error log, where visitors can write lines: set "
               "event_log";
    }

    if (!monitor_is_private(&client->address)) {
        return client->count >= FIT_OUTSIDE_LEAST
               && client->last_at - client->first_at >= FIT_OUTSIDE_SPAN
               ? "from outside: only if you know who it is"
               : "from outside, and hardly ever: find out who it is";
    }

    return monitor_is_shared(fits->table, &client->address)
           ? "people with browsers come from there too, and would pass "
             "without a login"
           : NULL;
}


/* returns how many take effect */

static size_t
fit_allow(const fits_t *fits, const fit_t *fit, mfa_buf_t *buf)
{
    char                     address[MFA_ADDRESS_TEXT_SIZE];
    size_t                   i, active;
    const char              *why;
    const monitor_client_t  *client;

    active = 0;

    for (i = 0; i < fit->count; i++) {
        client = fit->clients[i];

        if (client->address.len == 0) {
            continue;
        }

        why = fit_why_not(fits, client);
        active += why == NULL ? 1 : 0;

        mfa_address_text(&client->address, address);
        mfa_buf_printf(buf, "    %sallow %s;  # %s ", why == NULL ? "" : "# ",
                       address, monitor_kind_name(client->kind));
        monitor_quote(buf, client->agent);
        mfa_buf_printf(buf, ", %llu times%s%s\n",
                       (unsigned long long) fit->counts[i],
                       why == NULL ? "" : "; ", why == NULL ? "" : why);
    }

    if (fit->more > 0) {
        mfa_buf_printf(buf, "    # and %zu more addresses\n", fit->more);
    }

    return active;
}


/* "/ess/api/", not "/ess/": not so much at once */

static bool
fit_is_narrow(const fit_t *fit)
{
    size_t  i, slashes;

    slashes = 0;

    for (i = 0; i < fit->path.len; i++) {
        slashes += fit->path.data[i] == '/' ? 1 : 0;
    }

    return !fit->is_below
           || (slashes >= 3 && fit->path.data[fit->path.len - 1] == '/');
}


static void
fit_lines(mfa_buf_t *buf, mfa_str_t lines, const char *before)
{
    while (lines.len > 0) {
        mfa_buf_puts(buf, before);
        mfa_buf_put(buf, mfa_str_split(&lines, '\n'));
        mfa_buf_putc(buf, '\n');
    }
}


static void
fit_hint(const fit_t *fit, mfa_buf_t *buf)
{
    size_t  i;

    for (i = 0; i < fit->count; i++) {
        if (fit->clients[i]->kind == MONITOR_HEALTH) {
            mfa_buf_puts(buf, "# where nothing but \"it works\" is answered, "
                         "\"mfa off;\" in place of satisfy,\n# allow and "
                         "deny lets everybody ask\n");
            return;
        }
    }

    if (fit->more > 0) {
        mfa_buf_puts(buf, "# if everybody may read this: \"mfa_level open;\" "
                     "in place of satisfy, allow\n# and deny\n");
    }
}


static void
fit_head(const fit_t *fit, const monitor_place_t *place, mfa_buf_t *buf)
{
    mfa_buf_puts(buf, "# in the server ");
    monitor_quote(buf, fit->host);
    mfa_buf_putc(buf, '\n');

    if (place->name.len > 0) {
        mfa_buf_puts(buf, "# today it is served by ");
        monitor_quote(buf, place->name);
        mfa_buf_puts(buf, " in ");
        monitor_quote(buf, place->where);
        mfa_buf_putc(buf, '\n');
    }

    fit_hint(fit, buf);
}


static mfa_status_t
fit_write(const fits_t *fits, const fit_t *fit, mfa_buf_t *buf)
{
    size_t           active;
    mfa_buf_t        own, lines;
    mfa_str_t        text;
    const char      *why;
    mfa_status_t     st;
    monitor_place_t  place = { .host = fit->host, .path = fit->path,
                               .is_below = fit->is_below };

    mfa_buf_init(&own, buf->arena, 64 * 1024);
    mfa_buf_init(&lines, buf->arena, 64 * 1024);

    if (!monitor_is_plain_path(fit->path)
        || (fit->host.len > 0 && !monitor_is_plain_host(fit->host)))
    {
        mfa_buf_puts(buf, "# nothing is suggested for ");
        monitor_quote(buf, fit->path);
        mfa_buf_puts(buf, ": it has characters that may\n# mean something "
                     "in a configuration\n\n");
        return MFA_OK;
    }

    why = monitor_place_copy(fits->lint, &place, &lines) ? NULL : place.why;

    mfa_buf_printf(&own, "location %s" MFA_STR_FMT " {\n    satisfy any;\n",
                   fit->is_below ? "" : "= ", MFA_STR_ARG(fit->path));
    active = fit_allow(fits, fit, &own);
    mfa_buf_puts(&own, "    deny all;\n");

    st = mfa_buf_str(&lines, &text);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_put(&own, text);
    mfa_buf_puts(&own, "}\n");

    st = mfa_buf_str(&own, &text);
    if (st != MFA_OK) {
        return st;
    }

    fit_head(fit, &place, buf);

    why = why != NULL ? why
          : !fit_is_narrow(fit) ? "this is much at once"
          : active == 0 ? "no address is inside, or is one that no people "
                          "use"
          : NULL;

    if (why != NULL) {
        mfa_buf_printf(buf, "# a comment, because: %s\n", why);
    }

    fit_lines(buf, text, why != NULL ? "# " : "");
    mfa_buf_putc(buf, '\n');

    return MFA_OK;
}


/* headers that name people, sent by something else than the gate */

static void
realm_senders(const monitor_table_t *table, mfa_buf_t *buf)
{
    char                     address[MFA_ADDRESS_TEXT_SIZE];
    size_t                   i, n;
    const monitor_client_t  *client;

    n = 0;

    for (i = 0; i < table->count && n < FIT_POLLS_MAX; i++) {
        client = &table->clients[i];

        if (!client->is_used || client->removed.len == 0
            || client->address.len == 0)
        {
            continue;
        }

        n++;
        mfa_address_text(&client->address, address);
        mfa_buf_printf(buf, "# %s sends ", address);
        monitor_quote(buf, client->removed);
        mfa_buf_printf(buf, " (%llu times), which is removed",
                       (unsigned long long) client->count);

        if (!monitor_is_private(&client->address)) {
            mfa_buf_puts(buf, ";\n# it is outside: this may be an attack\n");
            continue;
        }

        mfa_buf_printf(buf, ".\n# If it is a proxy that logs people in, have "
                       "it send another name, and write:\n"
                       "#     trusted_identity $http_x_sso_user amr=pwd "
                       "network=%s;\n", address);
    }
}


static bool
poll_is_told(const monitor_path_t *const *told, size_t count,
    const monitor_path_t *path)
{
    size_t  i;

    for (i = 0; i < count; i++) {
        if (mfa_str_eq(told[i]->path, path->path)) {
            return true;
        }
    }

    return false;
}


/* asked for by browsers again and again: no sign of a person */

static void
realm_polls(const monitor_table_t *table, mfa_buf_t *buf)
{
    size_t                   i, k, count;
    const monitor_path_t    *told[FIT_POLLS_MAX], *path;
    const monitor_client_t  *client;

    count = 0;

    for (i = 0; i < table->count; i++) {
        client = &table->clients[i];

        for (k = 0; client->is_used && client->kind == MONITOR_BROWSER
                    && k < client->path_count; k++)
        {
            path = &client->paths[k];

            if (count == FIT_POLLS_MAX || !monitor_is_regular(path)
                || !monitor_is_plain_path(path->path)
                || client->is_error_log
                || (path->is_below && !mfa_str_eq_c(mfa_str_bytes(
                        path->path.data + path->path.len - 1, 1), "/"))
                || mfa_str_eq_c(path->path, "/")
                || poll_is_told(told, count, path))
            {
                continue;
            }

            told[count++] = path;
            mfa_buf_printf(buf, "# asked for every %lld s by a browser: no "
                           "sign of a person\nidle_ignore " MFA_STR_FMT
                           ";\n",
                           (long long) ((path->gap_most + 500) / 1000),
                           MFA_STR_ARG(path->path));
        }
    }
}


mfa_status_t
monitor_fit(const monitor_table_t *table, const lint_t *lint,
    mfa_buf_t *server, mfa_buf_t *realm)
{
    size_t                   i, k;
    fits_t                   fits = { .table = table, .lint = lint };
    mfa_status_t             st;
    const monitor_client_t  *client;

    fits.fits = mfa_arena_alloc(server->arena, FIT_MAX * sizeof(fit_t));
    if (fits.fits == NULL) {
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < table->count; i++) {
        client = &table->clients[i];

        /* behind a proxy that names people there are people */

        for (k = 0; client->is_used && client->kind != MONITOR_BROWSER
                    && client->kind != MONITOR_SERVER
                    && k < client->path_count; k++)
        {
            fits_add(&fits, client, &client->paths[k]);
        }
    }

    for (i = 0; i < fits.count; i++) {
        st = fit_write(&fits, &fits.fits[i], server);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (fits.more > 0) {
        mfa_buf_printf(server, "# %zu more are left out\n", fits.more);
    }

    realm_polls(table, realm);
    realm_senders(table, realm);

    return MFA_OK;
}
