/*
 * mfa_metrics and mfa_health: what a monitoring system reads.
 *
 * On the event loop and from shared memory alone: never waits for the store.
 * Answers connections to this machine itself, or clients of networks that
 * the line names (N4); no cookie, no identity is looked at.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_STATUS_ARENA  (8 * 1024 * 1024)
#define NGX_MFA_STATUS_MAX    (2 * 1024 * 1024)


/* only processes of this machine reach such an address */

static ngx_uint_t
ngx_mfa_status_is_local(const struct sockaddr *sa)
{
    const struct sockaddr_in   *sin;
    const struct sockaddr_in6  *sin6;

    static const u_char  mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                        0xff, 0xff };

    switch (sa->sa_family) {

    case AF_UNIX:
        return 1;

    case AF_INET:
        sin = (const struct sockaddr_in *) (const void *) sa;
        return (ntohl(sin->sin_addr.s_addr) >> 24) == 127;

    case AF_INET6:
        sin6 = (const struct sockaddr_in6 *) (const void *) sa;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr)
               || (ngx_memcmp(sin6->sin6_addr.s6_addr, mapped, 12) == 0
                   && sin6->sin6_addr.s6_addr[12] == 127);

    default:
        return 0;
    }
}


static ngx_uint_t
ngx_mfa_status_may(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    mfa_address_t  address;

    if (mlcf->status_allow.count) {
        ngx_mfa_exchange_address(r, &address);

        return mfa_networks_have(&mlcf->status_allow, &address) ? 1 : 0;
    }

    return ngx_connection_local_sockaddr(r->connection, NULL, 0) == NGX_OK
           && ngx_mfa_status_is_local(r->connection->local_sockaddr);
}


/* NGX_OK: go on */

static ngx_int_t
ngx_mfa_status_begin(ngx_http_request_t *r, mfa_arena_t **arena)
{
    ngx_int_t            rc;
    ngx_mfa_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    if (!ngx_mfa_status_may(r, mlcf)) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "mfa: metrics and health are for this machine only, "
                      "or for networks that \"allow=\" names");
        return NGX_HTTP_FORBIDDEN;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    *arena = ngx_mfa_exchange_arena(r, NGX_MFA_STATUS_ARENA);

    return *arena ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_mfa_status_send(ngx_http_request_t *r, mfa_arena_t *arena,
    mfa_str_t type, mfa_reply_t *reply)
{
    if (mfa_pairs_add(arena, &reply->headers, mfa_str("Content-Type"), type)
        != MFA_OK
        || mfa_pairs_add(arena, &reply->headers, mfa_str("Cache-Control"),
                         mfa_str("no-store"))
           != MFA_OK
        || mfa_pairs_add(arena, &reply->headers,
                         mfa_str("X-Content-Type-Options"),
                         mfa_str("nosniff"))
           != MFA_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_mfa_exchange_send(r, reply);
}


static void
ngx_mfa_status_values(const ngx_mfa_realm_t *realm, mfa_metric_realm_t *row)
{
    ngx_uint_t  i;

    row->name = ngx_mfa_str(&realm->name);

    for (i = 0; i < MFA_METRIC_COUNT; i++) {
        row->values[i] = ngx_mfa_metric_value(realm, (mfa_metric_t) i);
    }

    row->values[MFA_METRIC_STORE_UP] = ngx_mfa_health_has_store(realm);
}


/* of the gateway, whatever the realm */

static void
ngx_mfa_status_gateway(mfa_buf_t *buf)
{
    ngx_mfa_metric_workers_t  sum;

    ngx_mfa_metric_workers(&sum);

    mfa_buf_printf(buf,
        "# HELP nginx_mfa_build_info What is running.\n"
        "# TYPE nginx_mfa_build_info gauge\n"
        "nginx_mfa_build_info{version=\"" MFA_VERSION "\","
        "nginx=\"" NGINX_VERSION "\"} 1\n"
        "# HELP nginx_mfa_workers Workers that count, leaving ones too.\n"
        "# TYPE nginx_mfa_workers gauge\n"
        "nginx_mfa_workers %lu\n"
        "# HELP nginx_mfa_hashes_waiting Requests that wait for a hash of "
        "a password, or have it made.\n"
        "# TYPE nginx_mfa_hashes_waiting gauge\n"
        "nginx_mfa_hashes_waiting %lu\n"
        "# HELP nginx_mfa_jobs_waiting Jobs in threads and their queues.\n"
        "# TYPE nginx_mfa_jobs_waiting gauge\n"
        "nginx_mfa_jobs_waiting %lu\n",
        (unsigned long) sum.workers, (unsigned long) sum.hashes,
        (unsigned long) sum.tasks);
}


static ngx_int_t
ngx_mfa_status_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    mfa_buf_t             buf;
    ngx_uint_t            i, n;
    mfa_arena_t          *arena;
    mfa_reply_t           reply;
    ngx_mfa_realm_t     **realm;
    mfa_metric_realm_t   *rows;
    ngx_mfa_main_conf_t  *mmcf;

    rc = ngx_mfa_status_begin(r, &arena);
    if (rc != NGX_OK) {
        return rc;
    }

    /* of other workers it is known what they said a second ago */

    ngx_mfa_metric_flush();

    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);
    realm = mmcf->realms.elts;

    rows = mfa_arena_alloc(arena, (NGX_MFA_METRIC_REALMS + 1)
                                  * sizeof(mfa_metric_realm_t));
    if (rows == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = 0;

    for (i = 0; i < mmcf->realms.nelts && n < NGX_MFA_METRIC_REALMS; i++) {
        if (realm[i]->metric) {
            ngx_mfa_status_values(realm[i], &rows[n++]);
        }
    }

    mfa_buf_init(&buf, arena, NGX_MFA_STATUS_MAX);
    ngx_mfa_status_gateway(&buf);
    mfa_metrics_print(&buf, rows, n);

    ngx_memzero(&reply, sizeof(mfa_reply_t));
    reply.status = NGX_HTTP_OK;

    if (mfa_buf_str(&buf, &reply.body) != MFA_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_mfa_status_send(r, arena,
                   mfa_str("text/plain; version=0.0.4; charset=utf-8"),
                   &reply);
}


static ngx_int_t
ngx_mfa_status_health_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    mfa_buf_t             buf;
    mfa_arena_t          *arena;
    mfa_reply_t           reply;
    ngx_mfa_realm_t      *realm;
    ngx_mfa_loc_conf_t   *mlcf;
    ngx_mfa_main_conf_t  *mmcf;

    rc = ngx_mfa_status_begin(r, &arena);
    if (rc != NGX_OK) {
        return rc;
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);
    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    realm = mlcf->status_realm.len
            ? ngx_mfa_realm_find(mmcf, &mlcf->status_realm) : NULL;

    ngx_memzero(&reply, sizeof(mfa_reply_t));
    mfa_buf_init(&buf, arena, NGX_MFA_STATUS_MAX);

    reply.status = (unsigned) ngx_mfa_health_print(mmcf, realm, &buf);

    if (mfa_buf_str(&buf, &reply.body) != MFA_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_mfa_status_send(r, arena, mfa_str("application/json"),
                               &reply);
}


/* directives */

static char *
ngx_mfa_status_allow(ngx_conf_t *cf, ngx_mfa_loc_conf_t *mlcf,
    ngx_str_t *word)
{
    mfa_str_t             text;
    mfa_network_t        *items;
    mfa_networks_t       *list;
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);
    list = &mlcf->status_allow;

    items = mfa_arena_alloc(mmcf->arena,
                            (list->count + 1) * sizeof(mfa_network_t));
    if (items == NULL) {
        return NGX_CONF_ERROR;
    }

    if (list->count) {
        ngx_memcpy(items, list->items, list->count * sizeof(mfa_network_t));
    }

    text = mfa_str_bytes(word->data + sizeof("allow=") - 1,
                         word->len - (sizeof("allow=") - 1));

    if (!mfa_network_parse(text, &items[list->count])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid network in \"%V\"", word);
        return NGX_CONF_ERROR;
    }

    list->items = items;
    list->count++;

    return NGX_CONF_OK;
}


static char *
ngx_mfa_status_directive(ngx_conf_t *cf, ngx_mfa_loc_conf_t *mlcf,
    ngx_http_handler_pt handler, ngx_uint_t has_name)
{
    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_mfa_srv_conf_t        *mscf;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    mscf = ngx_http_conf_get_module_srv_conf(cf, ngx_mfa_module);

    if (clcf->handler) {
        return "conflicts with another handler of this location";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_strncmp(value[i].data, "allow=", 6) == 0) {
            if (ngx_mfa_status_allow(cf, mlcf, &value[i]) != NGX_CONF_OK) {
                return NGX_CONF_ERROR;
            }

        } else if (has_name && i == 1) {
            mlcf->status_realm = value[i];

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (mlcf->status_allow.count == 0 && mscf->status_file == NULL) {
        mscf->status_file = cf->conf_file->file.name.data;
        mscf->status_line = cf->conf_file->line;
    }

    mlcf->is_status = 1;
    mlcf->portal_file = cf->conf_file->file.name.data;
    mlcf->portal_line = cf->conf_file->line;
    clcf->handler = handler;

    return NGX_CONF_OK;
}


char *
ngx_mfa_status_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_mfa_status_directive(cf, conf, ngx_mfa_status_metrics_handler,
                                    0);
}


char *
ngx_mfa_status_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_mfa_status_directive(cf, conf, ngx_mfa_status_health_handler,
                                    1);
}


ngx_int_t
ngx_mfa_status_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *conf)
{
    ngx_mfa_main_conf_t  *mmcf;

    if (!conf->is_status) {
        return NGX_OK;
    }

    conf->state = NGX_MFA_OFF;
    conf->realm = NULL;
    conf->is_monitor = 0;

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);

    if (conf->status_realm.len
        && ngx_mfa_realm_find(mmcf, &conf->status_realm) == NULL)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown realm \"%V\" in \"mfa_health\" directive in "
                      "%s:%ui", &conf->status_realm, conf->portal_file,
                      conf->portal_line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_status_check_address(ngx_conf_t *cf, ngx_http_conf_addr_t *addr)
{
    ngx_uint_t                   i;
    ngx_mfa_srv_conf_t          *mscf;
    ngx_http_core_srv_conf_t   **cscf;

    if (ngx_mfa_status_is_local(addr->opt.sockaddr)) {
        return NGX_OK;
    }

    cscf = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        mscf = cscf[i]->ctx->srv_conf[ngx_mfa_module.ctx_index];

        if (mscf->status_file) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "metrics and health would be shown to strangers: "
                          "this server listens on %V, which is not of this "
                          "machine alone; use a server on 127.0.0.1 or a "
                          "unix socket, or name who may see them with "
                          "\"allow=NETWORK\" in %s:%ui",
                          &addr->opt.addr_text, mscf->status_file,
                          mscf->status_line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mfa_status_check(ngx_conf_t *cf)
{
    ngx_uint_t                  p, a;
    ngx_http_conf_port_t       *port;
    ngx_http_conf_addr_t       *addr;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (cmcf->ports == NULL) {
        return NGX_OK;
    }

    port = cmcf->ports->elts;

    for (p = 0; p < cmcf->ports->nelts; p++) {
        addr = port[p].addrs.elts;

        for (a = 0; a < port[p].addrs.nelts; a++) {
            if (ngx_mfa_status_check_address(cf, &addr[a]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}
