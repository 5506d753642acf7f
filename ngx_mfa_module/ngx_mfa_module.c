/*
 * The module: directives, how they are inherited, where it hooks in.
 */

#include "ngx_mfa_module.h"


static ngx_int_t ngx_mfa_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_mfa_postconfiguration(ngx_conf_t *cf);
static void *ngx_mfa_create_main_conf(ngx_conf_t *cf);
static void *ngx_mfa_create_srv_conf(ngx_conf_t *cf);
static void *ngx_mfa_create_loc_conf(ngx_conf_t *cf);
static char *ngx_mfa_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

static char *ngx_mfa_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_mfa_commands[] = {

    { ngx_string("mfa_realm"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_mfa_realm_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_mfa_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_allow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_mfa_rules_allow,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_level"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_mfa_rules_level,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_portal"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_mfa_portal_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_check"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_mfa_check_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_identity_headers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF
                        |NGX_CONF_TAKE1234,
      ngx_mfa_identity_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_assertion_header"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF
                        |NGX_CONF_TAKE123,
      ngx_mfa_assertion_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_upstream_basic"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_mfa_basic_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_mfa_status_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_health"),
      NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_mfa_status_health,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mfa_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_mfa_loc_conf_t, cache),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_mfa_module_ctx = {
    ngx_mfa_preconfiguration,              /* preconfiguration */
    ngx_mfa_postconfiguration,             /* postconfiguration */

    ngx_mfa_create_main_conf,              /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_mfa_create_srv_conf,               /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_mfa_create_loc_conf,               /* create location configuration */
    ngx_mfa_merge_loc_conf                 /* merge location configuration */
};


ngx_module_t  ngx_mfa_module = {
    NGX_MODULE_V1,
    &ngx_mfa_module_ctx,                   /* module context */
    ngx_mfa_commands,                      /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_mfa_worker_init,                   /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_mfa_worker_exit,                   /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* directives */

static char *
ngx_mfa_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    ngx_str_t            *value;
    ngx_mfa_main_conf_t  *mmcf;

    if (mlcf->state != NGX_MFA_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 3
        && (ngx_strcmp(value[1].data, "off") == 0
            || ngx_strcmp(value[2].data, "monitor") != 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", \"mfa\" takes "
                           "\"off\", a realm, or a realm and \"monitor\"",
                           &value[2]);
        return NGX_CONF_ERROR;
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        mlcf->state = NGX_MFA_OFF;
        return NGX_CONF_OK;
    }

    if (cf->args->nelts == 3) {
        mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);
        mmcf->is_monitor = 1;
        mlcf->is_monitor = 1;
    }

    /* the realm may come later in the file: looked up when all is read */

    mlcf->state = NGX_MFA_ON;
    mlcf->name = value[1];
    mlcf->file = cf->conf_file->file.name.data;
    mlcf->line = cf->conf_file->line;

    return NGX_CONF_OK;
}


static void
ngx_mfa_arena_cleanup(void *data)
{
    ngx_mfa_main_conf_t  *mmcf = data;

    mfa_arena_close(&mmcf->arena);
}


static void *
ngx_mfa_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t   *cln;
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_main_conf_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (mmcf == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_mfa_arena_cleanup;
    cln->data = mmcf;

    mmcf->arena = mfa_arena_open(4 * 1024 * 1024);

    if (mmcf->arena == NULL
        || ngx_array_init(&mmcf->realms, cf->pool, 2,
                          sizeof(ngx_mfa_realm_t *))
           != NGX_OK
        || ngx_array_init(&mmcf->stripped, cf->pool, 8, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_mfa_identity_collect(mmcf, &ngx_mfa_identity_default)
           != NGX_OK)
    {
        return NULL;
    }

    return mmcf;
}


static void *
ngx_mfa_create_srv_conf(ngx_conf_t *cf)
{
    ngx_mfa_srv_conf_t  *mscf;

    mscf = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_srv_conf_t));

    if (mscf == NULL
        || ngx_array_init(&mscf->portals, cf->pool, 1,
                          sizeof(ngx_mfa_portal_place_t))
           != NGX_OK)
    {
        return NULL;
    }

    return mscf;
}


static void *
ngx_mfa_create_loc_conf(ngx_conf_t *cf)
{
    ngx_mfa_loc_conf_t  *mlcf;

    /* set by ngx_pcalloc(): state = NGX_MFA_UNSET, realm = NULL, no rules */

    mlcf = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_loc_conf_t));
    if (mlcf == NULL) {
        return NULL;
    }

    mlcf->headers = NGX_CONF_UNSET_PTR;
    mlcf->assertion = NGX_CONF_UNSET_PTR;
    mlcf->basic = NGX_CONF_UNSET_PTR;
    mlcf->cache = NGX_CONF_UNSET;

    return mlcf;
}


static ngx_int_t
ngx_mfa_resolve(ngx_conf_t *cf, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_mfa_realm_t      *realm;
    ngx_mfa_main_conf_t  *mmcf;

    if (mlcf->state != NGX_MFA_ON || mlcf->realm) {
        return NGX_OK;
    }

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);
    realm = ngx_mfa_realm_find(mmcf, &mlcf->name);

    if (realm == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown realm \"%V\" in \"mfa\" directive, there is "
                      "no \"mfa_realm %V\" in %s:%ui",
                      &mlcf->name, &mlcf->name, mlcf->file, mlcf->line);
        return NGX_ERROR;
    }

    mlcf->realm = realm;

    if (realm->used_file == NULL) {
        realm->used_file = mlcf->file;
        realm->used_line = mlcf->line;
    }

    if (mlcf->is_monitor && realm->monitor_count++ == 0) {
        realm->monitor_file = mlcf->file;
        realm->monitor_line = mlcf->line;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_merge_portal(ngx_conf_t *cf, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_uint_t                 i;
    ngx_mfa_realm_t           *realm;
    ngx_mfa_srv_conf_t        *mscf;
    ngx_mfa_portal_place_t    *place;
    ngx_http_core_loc_conf_t  *clcf;

    mscf = ngx_http_conf_get_module_srv_conf(cf, ngx_mfa_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    realm = mlcf->realm;

    if (realm == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"mfa_portal\" needs \"mfa NAME\" in force, in "
                      "location \"%V\" in %s:%ui",
                      &clcf->name, mlcf->portal_file, mlcf->portal_line);
        return NGX_ERROR;
    }

    ngx_mfa_portal_limits(cf);

    place = mscf->portals.elts;

    for (i = 0; i < mscf->portals.nelts; i++) {
        if (place[i].realm == realm) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "realm \"%V\" has two portals in one server, "
                          "\"%V\" and \"%V\" in %s:%ui", &realm->name,
                          &place[i].prefix, &clcf->name, mlcf->portal_file,
                          mlcf->portal_line);
            return NGX_ERROR;
        }
    }

    if (realm->portal.len
        && (realm->portal.len != clcf->name.len
            || ngx_strncmp(realm->portal.data, clcf->name.data,
                           clcf->name.len)
               != 0))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the portal of realm \"%V\" is \"%V\" in another "
                      "server, it must be the same in all, in location "
                      "\"%V\" in %s:%ui", &realm->name, &realm->portal,
                      &clcf->name, mlcf->portal_file, mlcf->portal_line);
        return NGX_ERROR;
    }

    realm->portal = clcf->name;

    place = ngx_array_push(&mscf->portals);
    if (place == NULL) {
        return NGX_ERROR;
    }

    place->realm = realm;
    place->prefix = clcf->name;

    return NGX_OK;
}


static char *
ngx_mfa_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_mfa_loc_conf_t *prev = parent;
    ngx_mfa_loc_conf_t *conf = child;

    ngx_mfa_srv_conf_t        *mscf;
    ngx_http_core_loc_conf_t  *clcf;

    if (ngx_mfa_resolve(cf, prev) != NGX_OK
        || ngx_mfa_resolve(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->state == NGX_MFA_UNSET) {
        conf->state = prev->state;
        conf->realm = prev->realm;
        conf->is_monitor = prev->is_monitor;
    }

    if (ngx_mfa_status_merge(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->state != NGX_MFA_UNSET) {
        mscf = ngx_http_conf_get_module_srv_conf(cf, ngx_mfa_module);
        mscf->is_ours = 1;
    }

    if (ngx_mfa_rules_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_ptr_value(conf->headers, prev->headers,
                             &ngx_mfa_identity_default);
    ngx_conf_merge_value(conf->cache, prev->cache, 0);

    if (ngx_mfa_upstream_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_mfa_monitor_place(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->is_portal) {
        return ngx_mfa_merge_portal(cf, conf) == NGX_OK ? NGX_CONF_OK
                                                        : NGX_CONF_ERROR;
    }

    /* "if" and "limit_except" blocks inside a portal */

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && prev->is_portal && conf->realm == prev->realm) {
        conf->is_portal = 1;
        clcf->handler = ngx_mfa_portal_handler;
        ngx_mfa_portal_limits(cf);
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_mfa_preconfiguration(ngx_conf_t *cf)
{
    return ngx_mfa_variable_add(cf);
}


static ngx_int_t
ngx_mfa_hook(ngx_conf_t *cf, ngx_http_phases phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_postconfiguration(ngx_conf_t *cf)
{
    ngx_mfa_loc_conf_t   *mlcf;
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);
    mlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_mfa_module);

    /* "mfa" in "http" without any server */

    if (ngx_mfa_resolve(cf, mlcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mfa_status_check(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (mmcf->realms.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_mfa_realm_check(cf, mmcf) != NGX_OK
        || ngx_mfa_realm_pools(cf, mmcf) != NGX_OK
        || ngx_mfa_filter_init(cf) != NGX_OK
        || ngx_mfa_hook(cf, NGX_HTTP_POST_READ_PHASE, ngx_mfa_cookie_clean)
           != NGX_OK
        || ngx_mfa_hook(cf, NGX_HTTP_PREACCESS_PHASE, ngx_mfa_gate_preaccess)
           != NGX_OK
        || ngx_mfa_hook(cf, NGX_HTTP_ACCESS_PHASE, ngx_mfa_gate_access)
           != NGX_OK
        || ngx_mfa_held_hook(cf) != NGX_OK
        || ngx_mfa_hook(cf, NGX_HTTP_PRECONTENT_PHASE,
                        ngx_mfa_forward_handler)
           != NGX_OK
        || ngx_mfa_monitor_check(cf, mmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}
