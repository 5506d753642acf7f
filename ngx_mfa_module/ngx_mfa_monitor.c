/*
 * "mfa NAME monitor": everything passes, and what the gate would have
 * answered goes to the event log.
 *
 * Never writes a cookie, a query, a body or credentials (N2): of a request
 * only what is named here. Decides nothing.
 */

#include "ngx_mfa_monitor.h"


#define NGX_MFA_MONITOR_PATH_MAX  256


/* whoever lets everybody in says so at each start */

ngx_int_t
ngx_mfa_monitor_place(ngx_conf_t *cf, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_http_core_loc_conf_t  *clcf;

    /* the portal's pages are there for everybody and work for real */

    if (mlcf->is_portal) {
        mlcf->is_monitor = 0;
    }

    if (!mlcf->is_monitor || !mlcf->is_check) {
        return NGX_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"mfa_check\" would let everybody in where \"mfa %V "
                  "monitor\" is in force, write \"mfa %V;\" in location "
                  "\"%V\" (\"monitor\" is in %s:%ui)",
                  &mlcf->realm->name, &mlcf->realm->name, &clcf->name,
                  mlcf->realm->monitor_file, mlcf->realm->monitor_line);

    return NGX_ERROR;
}


static ngx_int_t ngx_mfa_monitor_access(ngx_http_request_t *r);


/* those who come first are asked last */

static ngx_int_t
ngx_mfa_monitor_hook(ngx_conf_t *cf)
{
    ngx_array_t                *handlers;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    handlers = &cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }

    h = handlers->elts;
    ngx_memmove(&h[1], &h[0],
                (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));
    h[0] = ngx_mfa_monitor_access;

    return NGX_OK;
}


ngx_int_t
ngx_mfa_monitor_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf)
{
    ngx_uint_t         i;
    ngx_mfa_realm_t  **realm;

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        if (realm[i]->monitor_count == 0) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "MONITOR MODE: realm \"%V\" lets everybody in without "
                      "a login, in %ui place%s, the first is \"mfa %V "
                      "monitor\" in %s:%ui",
                      &realm[i]->name, realm[i]->monitor_count,
                      realm[i]->monitor_count == 1 ? "" : "s",
                      &realm[i]->name, realm[i]->monitor_file,
                      realm[i]->monitor_line);
    }

    return mmcf->is_monitor ? ngx_mfa_monitor_hook(cf) : NGX_OK;
}


void
ngx_mfa_monitor_removed(ngx_http_request_t *r, ngx_mfa_main_conf_t *mmcf,
    const ngx_table_elt_t *h)
{
    size_t          k;
    ngx_str_t      *name;
    ngx_uint_t      i;
    ngx_mfa_ctx_t  *ctx;

    ctx = mmcf->is_monitor ? ngx_mfa_ctx_make(r) : NULL;

    if (ctx == NULL) {
        return;
    }

    name = mmcf->stripped.elts;

    for (i = 0; i < mmcf->stripped.nelts && i < 64; i++) {
        if (name[i].len != h->key.len) {
            continue;
        }

        for (k = 0; k < name[i].len; k++) {
            if (ngx_mfa_identity_fold(h->key.data[k]) != name[i].data[k]) {
                break;
            }
        }

        if (k == name[i].len) {
            ctx->removed |= (uint64_t) 1 << i;
            return;
        }
    }
}


static const char *
ngx_mfa_monitor_name(ngx_mfa_gate_answer_e answer)
{
    switch (answer) {

    case NGX_MFA_GATE_LOGIN:
        return "login";

    case NGX_MFA_GATE_STEP_UP:
        return "step_up";

    case NGX_MFA_GATE_NO_ACCESS:
        return "no_access";

    default:
        return "unavailable";
    }
}


mfa_str_t
ngx_mfa_monitor_would(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t  *ctx;

    ctx = ngx_mfa_ctx_get(r);

    return ctx && ctx->is_noted
           ? mfa_str_from(ngx_mfa_monitor_name(ctx->would)) : mfa_null;
}


/* the scheme alone, and no word that a client has made up */

static const char *
ngx_mfa_monitor_auth(ngx_http_request_t *r)
{
    size_t       len;
    ngx_str_t   *value;
    ngx_uint_t   i;

    static const char *const  schemes[] = {
        "basic", "bearer", "digest", "negotiate", "ntlm"
    };

    if (r->headers_in.authorization == NULL) {
        return NULL;
    }

    value = &r->headers_in.authorization->value;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        len = ngx_strlen(schemes[i]);

        if (value->len > len
            && value->data[len] == ' '
            && ngx_strncasecmp(value->data, (u_char *) (uintptr_t) schemes[i],
                               len)
               == 0)
        {
            return schemes[i];
        }
    }

    return "other";
}


static const char *
ngx_mfa_monitor_upgrade(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    static const ngx_str_t  websocket = ngx_string("websocket");

    if (r->headers_in.upgrade == NULL) {
        return NULL;
    }

    value = &r->headers_in.upgrade->value;

    return value->len == websocket.len
           && ngx_strncasecmp(value->data, websocket.data, websocket.len) == 0
           ? "websocket" : "other";
}


/* without what stands behind ';' in a part: old servers put session ids
 * there */

static mfa_str_t
ngx_mfa_monitor_path(ngx_str_t *uri, u_char *buf)
{
    size_t      i;
    u_char     *p;
    ngx_uint_t  is_left_out;

    p = buf;
    is_left_out = 0;

    for (i = 0; i < uri->len && p < buf + NGX_MFA_MONITOR_PATH_MAX; i++) {
        if (uri->data[i] == '/') {
            is_left_out = 0;
        }

        if (!is_left_out) {
            *p++ = uri->data[i];
        }

        if (uri->data[i] == ';') {
            is_left_out = 1;
        }
    }

    return mfa_str_bytes(buf, (size_t) (p - buf));
}


static void
ngx_mfa_monitor_write(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_ctx_t *ctx)
{
    u_char                   path[NGX_MFA_MONITOR_PATH_MAX];
    mfa_request_t            request;
    ngx_mfa_main_conf_t     *mmcf;
    ngx_mfa_monitor_fact_t   fact;

    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    ngx_memzero(&fact, sizeof(ngx_mfa_monitor_fact_t));
    ngx_mfa_exchange_request(r, &request);

    fact.realm = mlcf->realm;
    fact.stripped = &mmcf->stripped;
    fact.removed = ctx->removed;
    fact.would = mfa_str_from(ngx_mfa_monitor_name(ctx->would));
    fact.auth = ngx_mfa_monitor_auth(r);
    fact.upgrade = ngx_mfa_monitor_upgrade(r);
    fact.address = request.address;
    fact.is_page = mfa_is_page_load(&request) ? 1 : 0;
    fact.answer = ctx->would == NGX_MFA_GATE_NO_ACCESS ? 403
                  : ctx->would == NGX_MFA_GATE_UNAVAILABLE ? 503
                  : fact.is_page ? 303 : 401;

    fact.text[NGX_MFA_MONITOR_HOST] = ngx_mfa_str(&r->headers_in.server);
    fact.text[NGX_MFA_MONITOR_METHOD] = ngx_mfa_str(&r->method_name);
    fact.text[NGX_MFA_MONITOR_PATH] = ngx_mfa_monitor_path(&r->uri, path);
    fact.text[NGX_MFA_MONITOR_AGENT] = request.user_agent;
    fact.text[NGX_MFA_MONITOR_MODE] = request.sec_fetch_mode;
    fact.text[NGX_MFA_MONITOR_SITE] = request.sec_fetch_site;
    fact.text[NGX_MFA_MONITOR_DEST] = request.sec_fetch_dest;
    fact.text[NGX_MFA_MONITOR_TYPE]
        = mfa_str_trim(mfa_str_split(&request.content_type, ';'));

    ngx_mfa_monitor_add(&fact);
}


/*
 * The last of the access phase: only whom no rule of nginx refuses comes
 * here, and under "satisfy any" only whom none lets in. Where r->access_code
 * is set the request ends anyway, as it does without the gate.
 */

static ngx_int_t
ngx_mfa_monitor_access(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    if (!mlcf->is_monitor || r->access_code) {
        return NGX_DECLINED;
    }

    ctx = ngx_mfa_ctx_get(r);

    if (ctx && ctx->is_monitored) {
        ctx->is_monitored = 0;
        ctx->is_noted = 1;
        ngx_mfa_monitor_write(r, mlcf, ctx);
    }

    return NGX_DECLINED;
}


/* once a request: a page of many parts is one visit */

void
ngx_mfa_monitor_note(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_gate_answer_e answer)
{
    ngx_mfa_ctx_t  *ctx;

    if (answer == NGX_MFA_GATE_PASS || answer == NGX_MFA_GATE_NOBODY) {
        return;
    }

    ctx = ngx_mfa_ctx_make(r);

    if (ctx == NULL || ctx->is_noted) {
        return;
    }

    ctx->would = answer;

    if (r == r->main) {
        ctx->is_monitored = 1;
        return;
    }

    ctx->is_noted = 1;
    ngx_mfa_monitor_write(r, mlcf, ctx);
}
