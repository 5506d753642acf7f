/*
 * Events to a server of syslog, by nginx's own sender: datagrams that are
 * never waited for. One that cannot be sent is counted and gone; the file,
 * where there is one, has the line.
 */

#include "ngx_mfa_module.h"


/* "<255>Jan 01 00:00:00 ", the host, a tag of 32 bytes, ": " */
#define NGX_MFA_SYSLOG_HEADER  64


char *
ngx_mfa_syslog_line(ngx_conf_t *cf, ngx_mfa_realm_t *realm)
{
    ngx_str_t          *value;
    ngx_syslog_peer_t  *peer;

    value = cf->args->elts;

    if (value[1].len < sizeof("syslog:") - 1
        || ngx_strncmp(value[1].data, "syslog:", sizeof("syslog:") - 1) != 0)
    {
        return NGX_CONF_OK;
    }

    peer = ngx_pcalloc(cf->pool, sizeof(ngx_syslog_peer_t));
    if (peer == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_syslog_process_conf(cf, peer) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    realm->syslog = peer;

    return NGX_CONF_OK;
}


void
ngx_mfa_syslog_send(const ngx_mfa_realm_t *realm, mfa_str_t line)
{
    u_char   *buf, *p;
    ssize_t   n;

    buf = ngx_alloc(NGX_MFA_SYSLOG_HEADER + ngx_cycle->hostname.len
                    + line.len, ngx_cycle->log);
    if (buf == NULL) {
        return;
    }

    p = ngx_syslog_add_header(realm->syslog, buf);
    p = ngx_cpymem(p, line.data, line.len);

    n = ngx_syslog_send(realm->syslog, buf, (size_t) (p - buf));

    if (n != p - buf) {
        ngx_mfa_metric_count(realm, MFA_METRIC_EVENT_SYSLOG);
    }

    ngx_free(buf);
}
