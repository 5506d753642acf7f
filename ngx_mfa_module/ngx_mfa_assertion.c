/*
 * mfa_assertion_header: a signed token for the application (U3).
 *
 * The core makes it; here its header is named and set. Never for nobody, and
 * never in a log.
 */

#include "ngx_mfa_module.h"


struct ngx_mfa_assertion_s {
    mfa_assertion_rule_t       rule;
    ngx_mfa_headers_t          headers;     /* the one */
    u_char                    *file;
    ngx_uint_t                 line;
    ngx_uint_t                 is_location; /* stands in one */
};


char *
ngx_mfa_assertion_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    mfa_line_t           *line;
    mfa_error_t           error;
    const char           *why;
    ngx_str_t            *value;
    ngx_mfa_assertion_t  *assertion;
    ngx_mfa_main_conf_t  *mmcf;

    if (mlcf->assertion != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    assertion = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_assertion_t));
    line = ngx_mfa_realm_words(cf);

    if (assertion == NULL || line == NULL) {
        return NGX_CONF_ERROR;
    }

    error.text[0] = '\0';

    if (mfa_assertion_rule(&assertion->rule, line, &error) != MFA_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error.text);
        return NGX_CONF_ERROR;
    }

    mlcf->assertion = assertion;

    if (assertion->rule.header.len == 0) {
        return NGX_CONF_OK;
    }

    assertion->file = cf->conf_file->file.name.data;
    assertion->line = cf->conf_file->line;
    assertion->is_location = (cf->cmd_type & NGX_HTTP_LOC_CONF) ? 1 : 0;

    value = cf->args->elts;
    why = ngx_mfa_identity_header(cf, &assertion->headers, &value[1]);

    if (why) {
        return (char *) (uintptr_t) why;
    }

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);

    return ngx_mfa_identity_collect(mmcf, &assertion->headers) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_mfa_assertion_is_taken(const ngx_mfa_assertion_t *assertion,
    const ngx_mfa_headers_t *headers)
{
    size_t      k;
    ngx_str_t   own, other;
    ngx_uint_t  i;

    own = assertion->headers.header[0].lowcase;

    for (i = 0; i < headers->count; i++) {
        other = headers->header[i].lowcase;

        for (k = 0; k < own.len && own.len == other.len; k++) {
            if (ngx_mfa_identity_fold(own.data[k])
                != ngx_mfa_identity_fold(other.data[k]))
            {
                break;
            }
        }

        if (own.len == other.len && k == own.len) {
            return 1;
        }
    }

    return 0;
}


char *
ngx_mfa_assertion_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf)
{
    ngx_uint_t            is_own;
    const char           *why;
    ngx_mfa_assertion_t  *assertion;

    is_own = conf->assertion != NGX_CONF_UNSET_PTR;
    ngx_conf_merge_ptr_value(conf->assertion, prev->assertion, NULL);

    assertion = conf->assertion;
    why = NULL;

    if (assertion == NULL || assertion->rule.header.len == 0) {
        return NGX_CONF_OK;
    }

    if (conf->realm == NULL) {
        if (is_own && assertion->is_location) {
            why = "has nobody to tell of where no \"mfa NAME\" is in force";
        }

    } else if (!mfa_realm_has_assertion(conf->realm->realm)) {
        why = "needs \"assertion_key FILE\" in its \"mfa_realm\", make a key "
              "with \"mfactl key new-assertion\"";

    } else if (ngx_mfa_assertion_is_taken(assertion, conf->headers)) {
        why = "has the name of a header of \"mfa_identity_headers\"";
    }

    if (why == NULL) {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"mfa_assertion_header\" %s in %s:%ui", why,
                  assertion->file, assertion->line);

    return NGX_CONF_ERROR;
}


/* an operator looks at the log, not at each request */

static void
ngx_mfa_assertion_complain(ngx_http_request_t *r)
{
    static time_t  last;

    if (last == ngx_time()) {
        return;
    }

    last = ngx_time();

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "mfa: no \"application\" of the realm holds this path, so "
                  "\"mfa_assertion_header\" is left out: add one or write "
                  "\"audience=\"");
}


static ngx_int_t
ngx_mfa_assertion_push(ngx_http_request_t *r, const ngx_mfa_header_t *header,
    mfa_str_t token)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    /* the core's own copy may be replaced while the application is asked */

    p = ngx_pnalloc(r->pool, token.len);
    h = p ? ngx_list_push(&r->headers_in.headers) : NULL;

    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, token.data, token.len);

    h->hash = header->hash;
    h->key = header->key;
    h->lowcase_key = header->lowcase.data;
    h->value.data = p;
    h->value.len = token.len;
    ngx_mfa_set_next(h);

    return NGX_OK;
}


ngx_int_t
ngx_mfa_assertion_set(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    mfa_identity_t *identity)
{
    mfa_t                 *mfa;
    mfa_str_t              token;
    ngx_mfa_assertion_t   *assertion = mlcf->assertion;
    mfa_assertion_ask_t    ask;

    if (identity == NULL
        || assertion == NULL
        || assertion->rule.header.len == 0)
    {
        return NGX_OK;
    }

    ask.audience = assertion->rule.audience;
    ask.host = ngx_mfa_str(&r->headers_in.server);
    ask.lifetime = assertion->rule.lifetime;
    ask.now = mfa_port_now(&ngx_mfa_worker_ports);

    if (ask.audience.len == 0) {
        ask.audience = mfa_realm_application(mlcf->realm->realm,
                           ngx_mfa_host_other(r, mlcf->realm),
                           ngx_mfa_str(&r->uri));
    }

    if (ask.audience.len == 0) {
        ngx_mfa_assertion_complain(r);
        return NGX_OK;
    }

    mfa = ngx_mfa_worker_mfa(mlcf->realm);

    if (mfa == NULL || mfa_assert(mfa, identity, &ask, &token) != MFA_OK) {
        return NGX_ERROR;
    }

    return ngx_mfa_assertion_push(r, &assertion->headers.header[0], token);
}
