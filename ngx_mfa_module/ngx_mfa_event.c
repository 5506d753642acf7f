/*
 * The event log: what the core tells of, one JSON line each.
 *
 * On the event loop only, one write a line. A flood of refusals is counted
 * instead of written, so that an attacker cannot fill the disk; what let
 * somebody in or changed something is always written.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_EVENT_REFUSALS  20  /* lines a second, realm and worker */


static void
ngx_mfa_event_file(const ngx_mfa_realm_t *realm, mfa_str_t line)
{
    ssize_t     n;
    u_char     *buf;
    ngx_log_t  *log;

    log = ngx_cycle->log;

    /* one write a line: others append to the same file */

    buf = ngx_alloc(line.len + 1, log);
    if (buf == NULL) {
        return;
    }

    ngx_memcpy(buf, line.data, line.len);
    buf[line.len] = '\n';

    n = ngx_write_fd(realm->event_log->fd, buf, line.len + 1);

    if (n != (ssize_t) line.len + 1) {
        ngx_mfa_metric_count(realm, MFA_METRIC_EVENT_FILE);
        ngx_log_error(NGX_LOG_ERR, log, n == -1 ? ngx_errno : 0,
                      "mfa: event could not be written to \"%V\": %*s",
                      &realm->event_log->name, line.len, line.data);
    }

    ngx_free(buf);
}


static void
ngx_mfa_event_put(const ngx_mfa_realm_t *realm, mfa_str_t line)
{
    if (realm->syslog) {
        ngx_mfa_syslog_send(realm, line);
    }

    if (realm->event_log && realm->event_log->fd != NGX_INVALID_FILE) {
        ngx_mfa_event_file(realm, line);
        return;
    }

    if (realm->event_log) {
        ngx_mfa_metric_count(realm, MFA_METRIC_EVENT_FILE);
    }

    if (realm->event_log || realm->syslog == NULL) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "mfa: event %*s",
                      line.len, line.data);
    }
}


static ngx_uint_t
ngx_mfa_event_is_refusal(mfa_str_t line)
{
    static const char  mark[] = "\"result\":\"limited\"";

    return memmem(line.data, line.len, mark, sizeof(mark) - 1) != NULL;
}


static void
ngx_mfa_event_summary(const ngx_mfa_realm_t *realm, ngx_uint_t dropped)
{
    char    text[MFA_TIME_TEXT_SIZE];
    u_char  buf[160];
    u_char  *last;

    mfa_time_text(mfa_port_now(&ngx_mfa_worker_ports), text);

    last = ngx_snprintf(buf, sizeof(buf), "{\"time\":\"%s\",\"event\":"
                        "\"events.dropped\",\"result\":\"limited\","
                        "\"count\":%ui}", text, dropped);

    ngx_mfa_event_put(realm, mfa_str_bytes(buf, (size_t) (last - buf)));
}


/* refusals beyond so many a second are counted; the count is written with
 * the first line of a later second */

static ngx_uint_t
ngx_mfa_event_is_flood(const ngx_mfa_realm_t *realm, mfa_str_t line)
{
    ngx_mfa_flood_t  *flood;

    flood = ngx_mfa_worker_flood(realm);

    if (flood == NULL) {
        return 0;
    }

    if (ngx_time() != flood->second) {
        flood->second = ngx_time();
        flood->written = 0;

        if (flood->dropped) {
            ngx_mfa_event_summary(realm, flood->dropped);
            flood->dropped = 0;
        }
    }

    if (!ngx_mfa_event_is_refusal(line)) {
        return 0;
    }

    if (flood->written < NGX_MFA_EVENT_REFUSALS) {
        flood->written++;
        return 0;
    }

    flood->dropped++;
    ngx_mfa_metric_count(realm, MFA_METRIC_EVENT_DROPPED);

    return 1;
}


void
ngx_mfa_event_write(const ngx_mfa_realm_t *realm, mfa_job_t *job,
    size_t *from)
{
    mfa_str_t          line;
    const mfa_strs_t  *lines;

    ngx_mfa_metric_job(realm, job);

    lines = mfa_job_events(job);

    while (*from < lines->count) {
        line = lines->items[*from];
        (*from)++;

        if (!ngx_mfa_event_is_flood(realm, line)) {
            ngx_mfa_event_put(realm, line);
        }
    }
}


void
ngx_mfa_event_line(const ngx_mfa_realm_t *realm, mfa_str_t line)
{
    if (!ngx_mfa_event_is_flood(realm, line)) {
        ngx_mfa_event_put(realm, line);
    }
}
