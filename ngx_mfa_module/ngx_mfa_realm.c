/*
 * The block  mfa_realm NAME { ... }  and what is checked of all realms.
 *
 * Each line goes to the core's option tables as it stands; this file knows
 * no option. Nothing here changes anything on disk: the configuration is
 * read by nginx -t, by reload and by the master.
 */

#include "ngx_mfa_module.h"


ngx_mfa_realm_t *
ngx_mfa_realm_find(ngx_mfa_main_conf_t *mmcf, ngx_str_t *name)
{
    ngx_uint_t         i;
    ngx_mfa_realm_t  **realm;

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        if (realm[i]->name.len == name->len
            && ngx_strncmp(realm[i]->name.data, name->data, name->len) == 0)
        {
            return realm[i];
        }
    }

    return NULL;
}


mfa_line_t *
ngx_mfa_realm_words(ngx_conf_t *cf)
{
    char        *prefix;
    mfa_str_t   *args;
    ngx_str_t   *value;
    ngx_uint_t   i, n;
    mfa_line_t  *line;

    n = cf->args->nelts;
    value = cf->args->elts;

    line = ngx_pcalloc(cf->pool, sizeof(mfa_line_t));
    args = ngx_pcalloc(cf->pool, n * sizeof(mfa_str_t));
    prefix = ngx_pnalloc(cf->pool, cf->cycle->conf_prefix.len + 1);

    if (line == NULL || args == NULL || prefix == NULL) {
        return NULL;
    }

    (void) ngx_cpystrn((u_char *) prefix, cf->cycle->conf_prefix.data,
                       cf->cycle->conf_prefix.len + 1);

    for (i = 1; i < n; i++) {
        args[i - 1] = ngx_mfa_str(&value[i]);
    }

    line->name = ngx_mfa_str(&value[0]);
    line->args = args;
    line->nargs = n - 1;
    line->prefix = prefix;

    return line;
}


static char *
ngx_mfa_realm_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_mfa_realm_t *realm = conf;

    ngx_str_t    *value;
    mfa_line_t   *line;
    mfa_error_t   error;

    value = cf->args->elts;

    if (value[0].len == sizeof("include") - 1
        && ngx_strcmp(value[0].data, "include") == 0)
    {
        if (cf->args->nelts != 2) {
            return "invalid number of arguments in \"include\" directive";
        }

        return ngx_conf_include(cf, dummy, conf);
    }

    line = ngx_mfa_realm_words(cf);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    error.text[0] = '\0';

    if (mfa_realm_line(realm->realm, line, &error) == MFA_OK) {
        if (ngx_strcmp(value[0].data, "event_log") == 0) {
            return ngx_mfa_syslog_line(cf, realm);
        }

        return ngx_strcmp(value[0].data, "trusted_identity") == 0
               ? ngx_mfa_trusted_line(cf, realm) : NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error.text);

    return NGX_CONF_ERROR;
}


static void
ngx_mfa_realm_cleanup(void *data)
{
    ngx_mfa_realm_t  *realm = data;

    mfa_realm_free(&realm->realm);
}


static ngx_mfa_realm_t *
ngx_mfa_realm_begin(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_str_t *name)
{
    ngx_mfa_realm_t     *realm, **slot;
    ngx_pool_cleanup_t  *cln;

    realm = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_realm_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    slot = ngx_array_push(&mmcf->realms);

    if (realm == NULL || cln == NULL || slot == NULL) {
        return NULL;
    }

    *slot = realm;

    realm->name = *name;
    realm->file = cf->conf_file->file.name.data;
    realm->line = cf->conf_file->line;

    if (mfa_crypto_open() != MFA_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the cryptography library lacks an algorithm "
                           "that \"mfa_realm\" needs");
        return NULL;
    }

    if (mfa_realm_begin(ngx_mfa_str(name), &ngx_mfa_worker_ports,
                        &realm->realm)
        != MFA_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid name \"%V\" of a realm", name);
        return NULL;
    }

    cln->handler = ngx_mfa_realm_cleanup;
    cln->data = realm;

    return realm;
}


static ngx_int_t
ngx_mfa_realm_end(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_realm_t *realm)
{
    size_t             i;
    ngx_str_t          path;
    mfa_str_t          s;
    mfa_error_t        error;
    const mfa_strs_t  *list;

    error.text[0] = '\0';

    if (mfa_realm_end(realm->realm, &error) != MFA_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "realm \"%V\": %s",
                           &realm->name, error.text);
        return NGX_ERROR;
    }

    if (ngx_mfa_apart_end(cf, mmcf, realm) != NGX_OK) {
        return NGX_ERROR;
    }

    list = mfa_realm_warnings(realm->realm);

    for (i = 0; i < list->count; i++) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "realm \"%V\": %*s",
                           &realm->name, list->items[i].len,
                           list->items[i].data);
    }

    s = mfa_realm_event_log(realm->realm);

    if (s.len) {
        path.data = (u_char *) (uintptr_t) s.data;
        path.len = s.len;

        realm->event_log = ngx_conf_open_file(cf->cycle, &path);
        if (realm->event_log == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


char *
ngx_mfa_realm_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_main_conf_t *mmcf = conf;

    char             *rv;
    ngx_str_t        *value;
    ngx_conf_t        save;
    ngx_mfa_realm_t  *realm;

    value = cf->args->elts;

    if (ngx_mfa_realm_find(mmcf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate realm \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    realm = ngx_mfa_realm_begin(cf, mmcf, &value[1]);
    if (realm == NULL || ngx_mfa_metric_zone(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    save = *cf;
    cf->handler = ngx_mfa_realm_line;
    cf->handler_conf = (char *) realm;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_mfa_realm_end(cf, mmcf, realm) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* does a server of this listening socket answer for the host? */

static ngx_uint_t
ngx_mfa_realm_is_served(ngx_http_conf_addr_t *addr, const mfa_origin_t *origin)
{
    ngx_uint_t                   i, n;
    ngx_mfa_srv_conf_t          *mscf;
    ngx_http_server_name_t      *name;
    ngx_http_core_srv_conf_t   **cscf;

    /* names are not asked for in the one server people land in anyway */

    mscf = addr->default_server->ctx->srv_conf[ngx_mfa_module.ctx_index];

    if (mscf->portals.nelts) {
        return 1;
    }

    cscf = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        name = cscf[i]->server_names.elts;

        for (n = 0; n < cscf[i]->server_names.nelts; n++) {
#if (NGX_PCRE)
            if (name[n].regex) {
                return 1;
            }
#endif

            if (name[n].name.len == origin->host.len
                && ngx_strncasecmp(name[n].name.data,
                                   (u_char *) (uintptr_t) origin->host.data,
                                   origin->host.len)
                   == 0)
            {
                return 1;
            }

            if (name[n].name.len && (name[n].name.data[0] == '*'
                                     || name[n].name.data[0] == '.'))
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_mfa_realm_is_listened(ngx_conf_t *cf, const mfa_origin_t *origin)
{
    ngx_uint_t                  p, a;
    ngx_http_conf_port_t       *port;
    ngx_http_conf_addr_t       *addr;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (cmcf->ports == NULL) {
        return 0;
    }

    port = cmcf->ports->elts;

    for (p = 0; p < cmcf->ports->nelts; p++) {
        if (port[p].port != (in_port_t) origin->port) {
            continue;
        }

        addr = port[p].addrs.elts;

        for (a = 0; a < port[p].addrs.nelts; a++) {
            if (ngx_mfa_realm_is_served(&addr[a], origin)) {
                return 1;
            }
        }
    }

    return 0;
}


/* after all servers and locations are there */

ngx_int_t
ngx_mfa_realm_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf)
{
    ngx_uint_t            i;
    mfa_error_t           error;
    ngx_mfa_realm_t     **realm;
    const mfa_origin_t   *origin;

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {

        if (ngx_mfa_trusted_check(cf, mmcf, realm[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        if (realm[i]->portal.len == 0) {
            if (realm[i]->used_file == NULL) {
                continue;
            }

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "portal missing: no location has \"mfa_portal\" "
                          "with \"mfa %V\" in force, which is used in %s:%ui",
                          &realm[i]->name, realm[i]->used_file,
                          realm[i]->used_line);
            return NGX_ERROR;
        }

        if (mfa_realm_set_portal(realm[i]->realm,
                                 ngx_mfa_str(&realm[i]->portal))
            != MFA_OK)
        {
            return NGX_ERROR;
        }

        if (mfa_realm_check_portal(realm[i]->realm, &error) != MFA_OK) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "realm \"%V\": %s in "
                          "%s:%ui", &realm[i]->name, error.text,
                          realm[i]->file, realm[i]->line);
            return NGX_ERROR;
        }

        origin = mfa_realm_origin(realm[i]->realm);

        if (!ngx_mfa_realm_is_listened(cf, origin)) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "no server listens for \"public_url\" \"%*s\" of "
                          "realm \"%V\" in %s:%ui", origin->text.len,
                          origin->text.data, &realm[i]->name,
                          realm[i]->file, realm[i]->line);
        }
    }

    return ngx_mfa_apart_check(cf, mmcf);
}


/* thread pools: the operator's, declared above "http", or our own */

static ngx_command_t *
ngx_mfa_realm_thread_pool(ngx_conf_t *cf)
{
    ngx_uint_t      i;
    ngx_command_t  *cmd;

    for (i = 0; cf->cycle->modules[i]; i++) {
        cmd = cf->cycle->modules[i]->commands;

        for ( /* void */ ; cmd && cmd->name.len; cmd++) {
            if (ngx_strcmp(cmd->name.data, "thread_pool") == 0) {
                return cmd;
            }
        }
    }

    return NULL;
}


static ngx_thread_pool_t *
ngx_mfa_realm_pool(ngx_conf_t *cf, const char *name, ngx_uint_t threads,
    ngx_uint_t queue)
{
    u_char             *p;
    ngx_str_t          *value, pool;
    ngx_conf_t          conf;
    ngx_array_t         args;
    ngx_command_t      *cmd;
    ngx_thread_pool_t  *tp;

    pool.data = (u_char *) (uintptr_t) name;
    pool.len = ngx_strlen(name);

    tp = ngx_thread_pool_get(cf->cycle, &pool);
    if (tp) {
        return tp;
    }

    cmd = ngx_mfa_realm_thread_pool(cf);

    if (cmd == NULL
        || ngx_array_init(&args, cf->pool, 4, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NULL;
    }

    value = ngx_array_push_n(&args, 4);
    p = ngx_pnalloc(cf->pool, 2 * 64);

    if (value == NULL || p == NULL) {
        return NULL;
    }

    value[0] = cmd->name;
    value[1] = pool;
    value[2].data = p;
    value[2].len = (size_t) (ngx_sprintf(p, "threads=%ui%Z", threads) - p) - 1;
    p += 64;
    value[3].data = p;
    value[3].len = (size_t) (ngx_sprintf(p, "max_queue=%ui%Z", queue) - p) - 1;

    conf = *cf;
    conf.args = &args;

    if (cmd->set(&conf, cmd, NULL) != NGX_CONF_OK) {
        return NULL;
    }

    return ngx_thread_pool_get(cf->cycle, &pool);
}


ngx_int_t
ngx_mfa_realm_pools(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf)
{
    ngx_int_t         workers;
    ngx_uint_t        hash;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    /* one hash a core over all workers */

    workers = ccf->worker_processes > 0 ? ccf->worker_processes : 1;
    hash = (ngx_uint_t) ngx_max(ngx_ncpu / workers, 1);

    mmcf->pool = ngx_mfa_realm_pool(cf, "mfa", 4, 1024);
    mmcf->hash_pool = ngx_mfa_realm_pool(cf, "mfa_hash", hash,
                                         NGX_MFA_HASH_QUEUE);
    mmcf->send_pool = ngx_mfa_realm_pool(cf, "mfa_send", 2, 64);

    if (mmcf->pool == NULL
        || mmcf->hash_pool == NULL
        || mmcf->send_pool == NULL)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the thread pools of \"mfa_realm\" cannot be made: "
                      "nginx must be built with threads");
        return NGX_ERROR;
    }

    return NGX_OK;
}
