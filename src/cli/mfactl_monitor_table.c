/*
 * The notes of monitor mode, added up by client: an address and what it says
 * it is. Memory is bounded whatever a log holds; what finds no room is
 * counted, and clients from outside cannot push out those inside.
 */

#include <stdlib.h>

#include "mfactl_monitor.h"


#define TABLE_BUCKETS  8192
#define TABLE_OUTSIDE  (MONITOR_CLIENTS_MAX / 5 * 4)

/* a pause of a poll may be that much longer than the shortest */
#define REGULAR_GAPS   4
#define REGULAR_MAX    (15 * MFA_MINUTE)


mfa_status_t
monitor_table_init(monitor_table_t *table, mfa_arena_t *arena)
{
    *table = (monitor_table_t) { .arena = arena };

    table->clients = mfa_arena_alloc(arena, MONITOR_CLIENTS_MAX
                                            * sizeof(monitor_client_t));
    table->buckets = mfa_arena_alloc(arena, TABLE_BUCKETS
                                            * sizeof(monitor_client_t *));

    if (table->clients == NULL || table->buckets == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_port_random(&mfa_ports_system, &table->seed,
                           sizeof(table->seed));
}


static monitor_client_t **
table_bucket(const monitor_table_t *table, const monitor_note_t *note)
{
    size_t    i;
    uint64_t  hash;

    hash = table->seed;

    for (i = 0; i < note->address.len; i++) {
        hash = (hash ^ note->address.bytes[i]) * 0x100000001b3u;
    }

    for (i = 0; i < note->agent.len; i++) {
        hash = (hash ^ (unsigned char) note->agent.data[i]) * 0x100000001b3u;
    }

    return &table->buckets[(hash >> 32) % TABLE_BUCKETS];
}


static bool
same_address(const mfa_address_t *a, const mfa_address_t *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}


static void
table_unlink(monitor_table_t *table, monitor_client_t *client)
{
    size_t              i;
    monitor_client_t  **link;

    for (i = 0; i < TABLE_BUCKETS; i++) {
        for (link = &table->buckets[i]; *link != NULL;
             link = &(*link)->next)
        {
            if (*link == client) {
                *link = client->next;
                return;
            }
        }
    }
}


/* those from outside that came once or twice make room */

static void
table_sweep(monitor_table_t *table)
{
    size_t             i;
    monitor_client_t  *client;

    for (i = 0; i < table->count; i++) {
        client = &table->clients[i];

        if (client->is_used && client->count <= 2
            && !monitor_is_private(&client->address))
        {
            table_unlink(table, client);
            table->unlisted += client->count;
            table->outside--;
            table->free_count++;
            client->is_used = false;
        }
    }
}


static monitor_client_t *
table_slot(monitor_table_t *table, bool is_outside)
{
    size_t  i;

    if ((is_outside && table->outside == TABLE_OUTSIDE)
        || (table->count == MONITOR_CLIENTS_MAX && table->free_count == 0))
    {
        /* each turn looks at all: not for every line of a flood */

        if (table->unlisted % 1000 == 0) {
            table_sweep(table);
        }
    }

    if (is_outside && table->outside >= TABLE_OUTSIDE) {
        return NULL;
    }

    if (table->count < MONITOR_CLIENTS_MAX) {
        return &table->clients[table->count++];
    }

    for (i = 0; table->free_count > 0 && i < table->count; i++) {
        if (!table->clients[i].is_used) {
            table->free_count--;
            return &table->clients[i];
        }
    }

    return NULL;
}


static mfa_status_t
table_keep(monitor_table_t *table, mfa_str_t value, mfa_str_t *kept)
{
    *kept = mfa_null;

    return value.len == 0 ? MFA_OK
                          : mfa_arena_copy(table->arena, value, kept);
}


/* *found NULL: there is no room */

static mfa_status_t
table_client(monitor_table_t *table, const monitor_note_t *note,
    monitor_client_t **found)
{
    bool                is_outside;
    mfa_status_t        st;
    monitor_client_t   *client, **bucket;

    bucket = table_bucket(table, note);

    for (client = *bucket; client != NULL; client = client->next) {
        if (same_address(&client->address, &note->address)
            && mfa_str_eq(client->agent, note->agent))
        {
            *found = client;
            return MFA_OK;
        }
    }

    is_outside = !monitor_is_private(&note->address);
    client = table_slot(table, is_outside);
    *found = client;

    if (client == NULL) {
        return MFA_OK;
    }

    *client = (monitor_client_t) { .address = note->address,
                                   .kind = monitor_kind(note),
                                   .first_at = note->first_at,
                                   .is_used = true,
                                   .next = *bucket };
    *bucket = client;
    table->outside += is_outside ? 1 : 0;

    st = table_keep(table, note->agent, &client->agent);

    return st;
}


static mfa_status_t
table_path(monitor_table_t *table, monitor_client_t *client,
    const monitor_note_t *note)
{
    size_t           i;
    mfa_status_t     st;
    monitor_path_t  *path;

    for (i = 0; i < client->path_count; i++) {
        path = &client->paths[i];

        if (mfa_str_eq(path->path, note->path)
            && mfa_str_eq(path->host, note->host)
            && path->is_below == note->is_below)
        {
            break;
        }
    }

    if (i == MONITOR_PATHS_MAX) {
        client->other_paths += note->count;
        return MFA_OK;
    }

    path = &client->paths[i];

    if (i == client->path_count) {
        client->path_count++;
        *path = (monitor_path_t) { .is_below = note->is_below };

        st = table_keep(table, note->path, &path->path);
        st = st == MFA_OK ? table_keep(table, note->host, &path->host) : st;
        st = st == MFA_OK ? table_keep(table, note->method, &path->method)
                          : st;
        if (st != MFA_OK) {
            return st;
        }
    }

    path->count += note->count;

    if (note->gap_least > 0) {
        path->gaps += note->count;
        path->gap_least = path->gap_least == 0
                          || note->gap_least < path->gap_least
                          ? note->gap_least : path->gap_least;
        path->gap_most = note->gap_most > path->gap_most ? note->gap_most
                                                         : path->gap_most;
    }

    return MFA_OK;
}


static mfa_status_t
table_count(monitor_table_t *table, monitor_client_t *client,
    const monitor_note_t *note)
{
    mfa_status_t    st;
    monitor_kind_t  kind;

    kind = monitor_kind(note);

    /* the kind that says most: a method of WebDAV, a header that names */

    if (kind == MONITOR_SERVER || (kind == MONITOR_OFFICE
                                   && client->kind != MONITOR_SERVER))
    {
        client->kind = kind;
    }

    client->count += note->count;
    client->pages += note->is_page ? note->count : 0;
    client->is_error_log = client->is_error_log || note->is_error_log;

    client->first_at = note->first_at < client->first_at ? note->first_at
                                                         : client->first_at;
    client->last_at = note->at > client->last_at ? note->at
                                                 : client->last_at;
    st = MFA_OK;

    if (client->auth.len == 0) {
        st = table_keep(table, note->auth, &client->auth);
    }

    if (st == MFA_OK && client->upgrade.len == 0) {
        st = table_keep(table, note->upgrade, &client->upgrade);
    }

    if (st == MFA_OK && client->removed.len == 0) {
        st = table_keep(table, note->removed, &client->removed);
    }

    return st == MFA_OK ? table_path(table, client, note) : st;
}


static mfa_status_t
table_add(monitor_table_t *table, const monitor_note_t *note)
{
    mfa_status_t       st;
    monitor_client_t  *client;

    table->requests += note->count;
    table->would[note->would] += note->count;
    table->error_log += note->is_error_log ? 1 : 0;

    if (table->first_at == 0 || note->first_at < table->first_at) {
        table->first_at = note->first_at;
    }

    table->last_at = note->at > table->last_at ? note->at : table->last_at;

    if (note->would != MONITOR_LOGIN) {
        return MFA_OK;
    }

    st = table_client(table, note, &client);
    if (st != MFA_OK) {
        return st;
    }

    if (client == NULL) {
        table->unlisted += note->count;
        return MFA_OK;
    }

    if (note->is_page && client->kind == MONITOR_BROWSER) {
        table->pages += note->count;
    }

    return table_count(table, client, note);
}


mfa_status_t
monitor_table_line(monitor_table_t *table, mfa_str_t text)
{
    mfa_status_t    st;
    monitor_line_t  kind;
    monitor_note_t  note;

    kind = monitor_line_read(text, &note);
    table->lines[kind]++;

    if (kind != MONITOR_NOTE && kind != MONITOR_DROPPED) {
        return MFA_OK;
    }

    st = MFA_OK;

    if (note.at < table->since) {
        table->old++;

    } else if (kind == MONITOR_DROPPED) {
        table->dropped += note.count;

    } else {
        st = table_add(table, &note);
    }

    monitor_line_end(&note);

    return st;
}


bool
monitor_is_person(const monitor_client_t *client)
{
    return client->kind == MONITOR_BROWSER && client->pages > 0;
}


bool
monitor_is_shared(const monitor_table_t *table, const mfa_address_t *address)
{
    size_t                   i;
    const monitor_client_t  *client;

    for (i = 0; i < table->count; i++) {
        client = &table->clients[i];

        if (client->is_used
            && (client->kind == MONITOR_BROWSER
                || client->kind == MONITOR_SERVER)
            && same_address(&client->address, address))
        {
            return true;
        }
    }

    return false;
}


bool
monitor_is_regular(const monitor_path_t *path)
{
    return path->gaps >= REGULAR_GAPS
           && path->gap_least >= MFA_SECOND / 2
           && path->gap_most <= REGULAR_MAX
           && path->gap_most <= path->gap_least + path->gap_least / 2
                                + MFA_SECOND;
}
