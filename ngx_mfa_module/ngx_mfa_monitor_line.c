/*
 * The line that monitor mode writes of a request: JSON, bounded, so that an
 * error log holds it whole, and no character that ends it (N3).
 */

#include "ngx_mfa_monitor.h"


#define NGX_MFA_MONITOR_LINE  1900


const size_t  ngx_mfa_monitor_max[NGX_MFA_MONITOR_TEXTS] = {
    100, 24, 256, 160, 16, 16, 16, 60
};

typedef struct {
    const char  *name;
    size_t       room;                  /* bytes in the line, escaped */
} ngx_mfa_monitor_kind_t;

static const ngx_mfa_monitor_kind_t  ngx_mfa_monitor_kinds[] = {
    { "host", 160 },
    { "method", 48 },
    { "path", 512 },
    { "agent", 320 },
    { "mode", 32 },
    { "site", 32 },
    { "dest", 32 },
    { "type", 100 }
};


/* was all of it written? */

static ngx_uint_t
ngx_mfa_monitor_member(mfa_buf_t *buf, const char *name, mfa_str_t value,
    size_t room)
{
    size_t     end, len;
    u_char     c;
    mfa_str_t  part;

    if (value.len == 0) {
        return 1;
    }

    mfa_buf_printf(buf, ",\"%s\":\"", name);

    /* an escape or a character is written as a whole or not at all */

    end = buf->len + room - 12;

    while (value.len && buf->len < end) {
        c = (u_char) value.data[0];
        len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        part = mfa_str_bytes(value.data, len < value.len ? len : value.len);

        mfa_json_put(buf, part);

        value.data += part.len;
        value.len -= part.len;
    }

    mfa_buf_putc(buf, '"');

    return value.len == 0;
}


static void
ngx_mfa_monitor_removed_names(mfa_buf_t *buf,
    const ngx_mfa_monitor_fact_t *fact)
{
    ngx_str_t   *name;
    ngx_uint_t   i, n;

    name = fact->stripped->elts;

    for (i = 0, n = 0; i < fact->stripped->nelts && i < 64 && n < 8; i++) {
        if (fact->removed & ((uint64_t) 1 << i)) {
            mfa_buf_puts(buf, n++ ? ",\"" : ",\"removed\":[\"");
            mfa_json_put(buf, ngx_mfa_str(&name[i]));
            mfa_buf_putc(buf, '"');
        }
    }

    if (n) {
        mfa_buf_putc(buf, ']');
    }
}


static void
ngx_mfa_monitor_counts(mfa_buf_t *buf, const ngx_mfa_monitor_entry_t *entry)
{
    char  text[MFA_TIME_TEXT_SIZE];

    mfa_buf_printf(buf, ",\"count\":%lu", (unsigned long) entry->count);

    if (entry->count > 1) {
        mfa_time_text(entry->first_at, text);
        mfa_buf_printf(buf, ",\"first\":\"%s\"", text);
    }

    if (entry->most) {
        mfa_buf_printf(buf, ",\"gap\":[%lld,%lld]",
                       (long long) entry->least, (long long) entry->most);
    }

    mfa_buf_putc(buf, '}');
}


void
ngx_mfa_monitor_line(const ngx_mfa_monitor_entry_t *entry)
{
    char                           text[MFA_ADDRESS_TEXT_SIZE];
    char                           time[MFA_TIME_TEXT_SIZE];
    mfa_str_t                      line, value;
    mfa_buf_t                      buf;
    ngx_uint_t                     i, is_below, is_whole;
    mfa_arena_t                   *arena;
    const ngx_mfa_monitor_fact_t  *fact;

    arena = mfa_arena_open(16 * 1024);
    if (arena == NULL) {
        return;
    }

    fact = &entry->fact;
    mfa_address_text(&fact->address, text);
    mfa_time_text(entry->last_at, time);

    mfa_buf_init(&buf, arena, NGX_MFA_MONITOR_LINE);
    mfa_buf_printf(&buf, "{\"time\":\"%s\",\"event\":\"monitor\"", time);
    (void) ngx_mfa_monitor_member(&buf, "would", fact->would, 32);
    mfa_buf_printf(&buf, ",\"answer\":%lu", (unsigned long) fact->answer);
    (void) ngx_mfa_monitor_member(&buf, "address", mfa_str_from(text), 64);

    is_below = entry->shared < fact->text[NGX_MFA_MONITOR_PATH].len
               || entry->shared == ngx_mfa_monitor_max[NGX_MFA_MONITOR_PATH];

    for (i = 0; i < NGX_MFA_MONITOR_TEXTS; i++) {
        value = fact->text[i];

        if (i == NGX_MFA_MONITOR_PATH) {
            value.len = entry->shared;
        }

        is_whole = ngx_mfa_monitor_member(&buf, ngx_mfa_monitor_kinds[i].name,
                                          value,
                                          ngx_mfa_monitor_kinds[i].room);

        if (i == NGX_MFA_MONITOR_PATH && !is_whole) {
            is_below = 1;
        }
    }

    if (is_below) {
        mfa_buf_puts(&buf, ",\"below\":true");
    }

    mfa_buf_printf(&buf, ",\"load\":\"%s\"", fact->is_page ? "page" : "call");
    (void) ngx_mfa_monitor_member(&buf, "auth", mfa_str_from(fact->auth), 32);
    (void) ngx_mfa_monitor_member(&buf, "upgrade",
                                  mfa_str_from(fact->upgrade), 32);
    ngx_mfa_monitor_removed_names(&buf, fact);
    ngx_mfa_monitor_counts(&buf, entry);

    if (mfa_buf_str(&buf, &line) == MFA_OK) {
        ngx_mfa_event_line(fact->realm, line);
    }

    mfa_arena_close(&arena);
}
