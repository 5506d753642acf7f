/*
 * What monitor mode has noted, in a table of fixed size in each worker.
 *
 * The first request of a client to a place is a line at once, then there is
 * at most one a minute with their count. Lines of all clients together are
 * bounded a second: what is beyond waits in the table, and what finds no
 * room there is counted (N3).
 */

#include "ngx_mfa_monitor.h"


#define NGX_MFA_MONITOR_SETS    256
#define NGX_MFA_MONITOR_WAYS    4
#define NGX_MFA_MONITOR_LINES   20                  /* a second */
#define NGX_MFA_MONITOR_SILENT  (60 * MFA_SECOND)
#define NGX_MFA_MONITOR_SWEEP   1000                /* ms */

typedef struct {
    ngx_cycle_t              *cycle;
    ngx_mfa_monitor_entry_t  *entries;
    ngx_uint_t                left;     /* lines of this second */
    time_t                    second;
    ngx_uint_t                dropped;
    const ngx_mfa_realm_t    *dropped_realm;
    uint32_t                  seed;
    ngx_event_t               timer;
    ngx_connection_t          dummy;
} ngx_mfa_monitor_table_t;

static ngx_mfa_monitor_table_t  ngx_mfa_monitor_table;

#define NGX_MFA_MONITOR_ENTRIES                                               \
    (NGX_MFA_MONITOR_SETS * NGX_MFA_MONITOR_WAYS)


static void
ngx_mfa_monitor_flush(ngx_mfa_monitor_entry_t *entry, mfa_time_t now)
{
    ngx_mfa_monitor_line(entry);

    entry->count = 0;
    entry->least = 0;
    entry->most = 0;
    entry->written_at = now;
}


static void
ngx_mfa_monitor_tell_dropped(ngx_mfa_monitor_table_t *table, mfa_time_t now)
{
    char    text[MFA_TIME_TEXT_SIZE];
    u_char  buf[128];
    u_char  *last;

    mfa_time_text(now, text);

    last = ngx_snprintf(buf, sizeof(buf), "{\"time\":\"%s\",\"event\":"
                        "\"monitor.dropped\",\"count\":%ui}", text,
                        table->dropped);

    table->dropped = 0;
    ngx_mfa_event_line(table->dropped_realm,
                       mfa_str_bytes(buf, (size_t) (last - buf)));
}


static ngx_uint_t
ngx_mfa_monitor_may_write(ngx_mfa_monitor_table_t *table, mfa_time_t now)
{
    if (ngx_time() != table->second) {
        table->second = ngx_time();
        table->left = NGX_MFA_MONITOR_LINES;

        if (table->dropped) {
            table->left--;
            ngx_mfa_monitor_tell_dropped(table, now);
        }
    }

    if (table->left == 0) {
        return 0;
    }

    table->left--;

    return 1;
}


static void
ngx_mfa_monitor_sweep(ngx_event_t *ev)
{
    mfa_time_t                now;
    ngx_uint_t                i, has_more;
    ngx_mfa_monitor_table_t  *table;
    ngx_mfa_monitor_entry_t  *entry;

    table = &ngx_mfa_monitor_table;

    if (table->cycle != ngx_cycle) {
        return;
    }

    now = mfa_port_now(&ngx_mfa_worker_ports);
    has_more = table->dropped != 0;

    if (has_more) {
        (void) ngx_mfa_monitor_may_write(table, now);   /* tells of them */
    }

    for (i = 0; i < NGX_MFA_MONITOR_ENTRIES; i++) {
        entry = &table->entries[i];

        if (entry->fact.realm == NULL || entry->count == 0) {
            continue;
        }

        if ((entry->written_at == 0
             || now - entry->written_at >= NGX_MFA_MONITOR_SILENT)
            && ngx_mfa_monitor_may_write(table, now))
        {
            ngx_mfa_monitor_flush(entry, now);
            continue;
        }

        has_more = 1;
    }

    if (has_more) {
        ngx_add_timer(ev, NGX_MFA_MONITOR_SWEEP);
    }
}


/* a reload without a master leaves entries of a configuration that is gone */

static ngx_mfa_monitor_table_t *
ngx_mfa_monitor_get(void)
{
    ngx_mfa_monitor_table_t  *table;

    table = &ngx_mfa_monitor_table;

    if (table->cycle == ngx_cycle) {
        return table;
    }

    if (table->timer.timer_set) {
        ngx_del_timer(&table->timer);
    }

    ngx_free(table->entries);
    ngx_memzero(table, sizeof(ngx_mfa_monitor_table_t));

    table->entries = ngx_calloc(NGX_MFA_MONITOR_ENTRIES
                                * sizeof(ngx_mfa_monitor_entry_t),
                                ngx_cycle->log);
    if (table->entries == NULL) {
        return NULL;
    }

    table->cycle = (ngx_cycle_t *) ngx_cycle;
    table->seed = (uint32_t) ngx_random();
    table->dummy.fd = (ngx_socket_t) -1;
    table->timer.data = &table->dummy;
    table->timer.handler = ngx_mfa_monitor_sweep;
    table->timer.log = ngx_cycle->log;
    table->timer.cancelable = 1;

    return table;
}


/* "/ess/api" of "/ess/api/people/7" */

static size_t
ngx_mfa_monitor_parts(mfa_str_t path)
{
    size_t  i, slashes;

    for (i = 0, slashes = 0; i < path.len; i++) {
        if (path.data[i] == '/' && ++slashes == 3) {
            break;
        }
    }

    return i;
}


static ngx_uint_t
ngx_mfa_monitor_is_same(const ngx_mfa_monitor_entry_t *entry,
    const ngx_mfa_monitor_fact_t *fact, size_t key)
{
    mfa_str_t                      a, b;
    ngx_uint_t                     i;
    const ngx_mfa_monitor_fact_t  *own;

    own = &entry->fact;

    if (own->realm != fact->realm
        || own->removed != fact->removed
        || own->answer != fact->answer
        || own->is_page != fact->is_page
        || own->auth != fact->auth
        || own->upgrade != fact->upgrade
        || !mfa_str_eq(own->would, fact->would)
        || own->address.len != fact->address.len
        || ngx_memcmp(own->address.bytes, fact->address.bytes,
                      fact->address.len) != 0
        || entry->key != key)
    {
        return 0;
    }

    for (i = 0; i <= NGX_MFA_MONITOR_DEST; i++) {
        a = own->text[i];
        b = fact->text[i];

        if (i == NGX_MFA_MONITOR_PATH) {
            a.len = key;
            b.len = key;
        }

        if (!mfa_str_eq(a, b)) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_mfa_monitor_take_path(ngx_mfa_monitor_entry_t *entry, mfa_str_t path)
{
    ngx_memcpy(entry->bytes[NGX_MFA_MONITOR_PATH], path.data, path.len);

    entry->fact.text[NGX_MFA_MONITOR_PATH]
        = mfa_str_bytes(entry->bytes[NGX_MFA_MONITOR_PATH], path.len);
    entry->shared = path.len;
}


/* what the paths have in common, up to its last '/' */

static void
ngx_mfa_monitor_share_path(ngx_mfa_monitor_entry_t *entry, mfa_str_t path)
{
    size_t     n;
    mfa_str_t  own;

    own = entry->fact.text[NGX_MFA_MONITOR_PATH];

    if (entry->count == 0) {
        ngx_mfa_monitor_take_path(entry, path);
        return;
    }

    if (mfa_str_eq(own, path)) {
        return;
    }

    for (n = 0; n < own.len && n < path.len; n++) {
        if (own.data[n] != path.data[n]) {
            break;
        }
    }

    while (n && own.data[n - 1] != '/') {
        n--;
    }

    if (n == own.len) {
        /* the one before is where the others are below */
        ngx_mfa_monitor_take_path(entry, path);
    }

    entry->shared = n < entry->shared ? n : entry->shared;
}


static void
ngx_mfa_monitor_count(ngx_mfa_monitor_entry_t *entry,
    const ngx_mfa_monitor_fact_t *fact, mfa_time_t now)
{
    mfa_time_t  gap;

    ngx_mfa_monitor_share_path(entry, fact->text[NGX_MFA_MONITOR_PATH]);

    if (entry->count == 0) {
        entry->first_at = now;
    }

    gap = now - entry->last_at;

    if (entry->last_at && gap > 0) {
        entry->least = entry->least && entry->least < gap ? entry->least
                                                          : gap;
        entry->most = entry->most > gap ? entry->most : gap;
    }

    entry->last_at = now;
    entry->count++;
}


static void
ngx_mfa_monitor_fill(ngx_mfa_monitor_entry_t *entry,
    const ngx_mfa_monitor_fact_t *fact, size_t key)
{
    mfa_str_t   value;
    ngx_uint_t  i;

    ngx_memzero(entry, sizeof(ngx_mfa_monitor_entry_t));

    entry->fact = *fact;
    entry->key = key;

    for (i = 0; i < NGX_MFA_MONITOR_TEXTS; i++) {
        value = fact->text[i];

        if (value.len) {
            ngx_memcpy(entry->bytes[i], value.data, value.len);
        }

        entry->fact.text[i] = mfa_str_bytes(entry->bytes[i], value.len);
    }
}


/* the one that is the same, else a free one, else who came longest ago */

static ngx_mfa_monitor_entry_t *
ngx_mfa_monitor_find(ngx_mfa_monitor_table_t *table,
    const ngx_mfa_monitor_fact_t *fact, size_t key, mfa_time_t now)
{
    uint32_t                  hash;
    mfa_str_t                 agent;
    ngx_uint_t                i;
    ngx_mfa_monitor_entry_t  *set, *oldest;

    agent = fact->text[NGX_MFA_MONITOR_AGENT];

    hash = ngx_murmur_hash2((u_char *) (uintptr_t)
                            fact->text[NGX_MFA_MONITOR_PATH].data, key);
    hash = hash * 31 + (agent.len ? ngx_murmur_hash2((u_char *) (uintptr_t)
                                                     agent.data, agent.len)
                                  : 0);
    hash = hash * 31 + ngx_murmur_hash2((u_char *) (uintptr_t)
                                        fact->address.bytes,
                                        fact->address.len);
    hash = (hash ^ table->seed) * 0x9e3779b1u;

    set = &table->entries[(hash >> 24) * NGX_MFA_MONITOR_WAYS];
    oldest = set;

    for (i = 0; i < NGX_MFA_MONITOR_WAYS; i++) {
        if (set[i].fact.realm
            && ngx_mfa_monitor_is_same(&set[i], fact, key))
        {
            return &set[i];
        }

        if (set[i].last_at < oldest->last_at) {
            oldest = &set[i];
        }
    }

    if (oldest->count && ngx_mfa_monitor_may_write(table, now)) {
        ngx_mfa_monitor_flush(oldest, now);
    }

    table->dropped += oldest->count;
    table->dropped_realm = fact->realm;

    ngx_mfa_monitor_fill(oldest, fact, key);

    return oldest;
}


void
ngx_mfa_monitor_add(const ngx_mfa_monitor_fact_t *given)
{
    size_t                    key;
    mfa_time_t                now;
    ngx_uint_t                i;
    ngx_mfa_monitor_fact_t    fact;
    ngx_mfa_monitor_table_t  *table;
    ngx_mfa_monitor_entry_t  *entry;

    table = ngx_mfa_monitor_get();

    if (table == NULL) {
        return;
    }

    fact = *given;

    for (i = 0; i < NGX_MFA_MONITOR_TEXTS; i++) {
        if (fact.text[i].len > ngx_mfa_monitor_max[i]) {
            fact.text[i].len = ngx_mfa_monitor_max[i];
        }
    }

    now = mfa_port_now(&ngx_mfa_worker_ports);
    key = ngx_mfa_monitor_parts(fact.text[NGX_MFA_MONITOR_PATH]);
    entry = ngx_mfa_monitor_find(table, &fact, key, now);

    ngx_mfa_monitor_count(entry, &fact, now);

    if ((entry->written_at == 0
         || now - entry->written_at >= NGX_MFA_MONITOR_SILENT)
        && ngx_mfa_monitor_may_write(table, now))
    {
        ngx_mfa_monitor_flush(entry, now);

    } else if (!table->timer.timer_set && !ngx_exiting) {
        ngx_add_timer(&table->timer, NGX_MFA_MONITOR_SWEEP);
    }
}


void
ngx_mfa_monitor_exit(void)
{
    mfa_time_t                now;
    ngx_uint_t                i;
    ngx_mfa_monitor_table_t  *table;

    table = &ngx_mfa_monitor_table;

    if (table->cycle != ngx_cycle || table->entries == NULL) {
        return;
    }

    now = mfa_port_now(&ngx_mfa_worker_ports);

    for (i = 0; i < NGX_MFA_MONITOR_ENTRIES; i++) {
        if (table->entries[i].fact.realm && table->entries[i].count) {
            ngx_mfa_monitor_flush(&table->entries[i], now);
        }
    }

    if (table->dropped) {
        ngx_mfa_monitor_tell_dropped(table, now);
    }

    ngx_free(table->entries);
    ngx_memzero(table, sizeof(ngx_mfa_monitor_table_t));
}
