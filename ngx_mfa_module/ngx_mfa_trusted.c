/*
 * Trusted single sign-on: the variables of "trusted_identity" and whom they
 * name in a request.
 *
 * Only reads. A value is believed where the line says so and nowhere else:
 * a header from the networks of its line, a certificate that was verified.
 */

#include "ngx_mfa_module.h"


/* one line of a realm */

struct ngx_mfa_trusted_s {
    const mfa_trusted_t  *line;
    ngx_int_t             index;        /* of the variable */
    ngx_int_t             verify;       /* of $ssl_client_verify; or -1 */
    ngx_int_t             address;      /* of $realip_remote_addr; or -1 */
    u_char               *file;
    ngx_uint_t            number;
};


/* after the core took the line: where it stands */

char *
ngx_mfa_trusted_line(ngx_conf_t *cf, ngx_mfa_realm_t *realm)
{
    size_t              count;
    ngx_mfa_trusted_t  *trusted;

    (void) mfa_realm_trusted(realm->realm, &count);

    if (realm->trusted == NULL) {
        realm->trusted = ngx_pcalloc(cf->pool, MFA_TRUSTED_MAX
                                               * sizeof(ngx_mfa_trusted_t));
        if (realm->trusted == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    trusted = &realm->trusted[count - 1];
    trusted->file = cf->conf_file->file.name.data;
    trusted->number = cf->conf_file->line;

    return NGX_CONF_OK;
}


/* nginx itself would say that a variable is unknown, but not where */

static ngx_uint_t
ngx_mfa_trusted_is_known(ngx_conf_t *cf, const ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_hash_key_t             *key;
    ngx_http_variable_t        *prefix;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (key[i].key.len == name->len
            && ngx_strncmp(key[i].key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    prefix = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (prefix[i].name.len < name->len
            && ngx_strncmp(prefix[i].name.data, name->data,
                           prefix[i].name.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* index of a variable by name, -1 where this nginx has none of it */

static ngx_int_t
ngx_mfa_trusted_index(ngx_conf_t *cf, const char *text)
{
    ngx_str_t  name;

    name.data = (u_char *) (uintptr_t) text;
    name.len = ngx_strlen(text);

    if (!ngx_mfa_trusted_is_known(cf, &name)) {
        return -1;
    }

    return ngx_http_get_variable_index(cf, &name);
}


/* this module takes headers of identity away before anything reads them */

static ngx_uint_t
ngx_mfa_trusted_is_stripped(const ngx_mfa_main_conf_t *mmcf,
    const ngx_str_t *name)
{
    ngx_table_elt_t  h;

    if (name->len <= 5 || ngx_strncmp(name->data, "http_", 5) != 0) {
        return 0;
    }

    ngx_memzero(&h, sizeof(ngx_table_elt_t));

    h.key.data = name->data + 5;
    h.key.len = name->len - 5;

    return ngx_mfa_identity_is_ours(mmcf, &h);
}


static ngx_int_t
ngx_mfa_trusted_compile(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_trusted_t *trusted)
{
    ngx_str_t  name;

    name.data = (u_char *) (uintptr_t) trusted->line->variable.data;
    name.len = trusted->line->variable.len;

    if (!ngx_mfa_trusted_is_known(cf, &name)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown variable \"$%V\" in \"trusted_identity\" in "
                      "%s:%ui", &name, trusted->file, trusted->number);
        return NGX_ERROR;
    }

    if (ngx_mfa_trusted_is_stripped(mmcf, &name)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"$%V\" in \"trusted_identity\" is always empty: the "
                      "module removes headers of this name from requests, "
                      "let the proxy use another one, in %s:%ui",
                      &name, trusted->file, trusted->number);
        return NGX_ERROR;
    }

    trusted->index = ngx_http_get_variable_index(cf, &name);
    trusted->verify = -1;
    trusted->address = ngx_mfa_trusted_index(cf, "realip_remote_addr");

    if (trusted->index == NGX_ERROR) {
        return NGX_ERROR;
    }

    /* "optional_no_ca" fills these also where nobody vouches for them */

    if (name.len > 11 && ngx_strncmp(name.data, "ssl_client_", 11) == 0) {
        trusted->verify = ngx_mfa_trusted_index(cf, "ssl_client_verify");

        if (trusted->verify < 0) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mfa_trusted_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_realm_t *realm)
{
    size_t                i, count;
    const mfa_trusted_t  *lines;

    lines = mfa_realm_trusted(realm->realm, &count);

    for (i = 0; i < count; i++) {
        realm->trusted[i].line = &lines[i];

        if (ngx_mfa_trusted_compile(cf, mmcf, &realm->trusted[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    realm->trusted_count = count;

    return NGX_OK;
}


static mfa_str_t
ngx_mfa_trusted_text(ngx_http_request_t *r, ngx_int_t index)
{
    ngx_http_variable_value_t  *vv;

    vv = ngx_http_get_flushed_variable(r, (ngx_uint_t) index);

    if (vv == NULL || vv->not_found || !vv->valid || vv->len == 0) {
        return mfa_null;
    }

    return mfa_str_bytes(vv->data, vv->len);
}


/* who is at the other end of the connection, whatever a header says */

static ngx_uint_t
ngx_mfa_trusted_is_near(ngx_http_request_t *r,
    const ngx_mfa_trusted_t *trusted)
{
    mfa_str_t      text;
    mfa_address_t  address;
    mfa_network_t  network;

    if (trusted->line->networks.count == 0) {
        return 1;
    }

    if (trusted->address < 0) {
        ngx_mfa_exchange_address(r, &address);

    } else {
        text = ngx_mfa_trusted_text(r, trusted->address);

        if (!mfa_network_parse(text, &network)) {
            return 0;
        }

        address = network.base;
    }

    return mfa_networks_have(&trusted->line->networks, &address);
}


static ngx_uint_t
ngx_mfa_trusted_is_verified(ngx_http_request_t *r,
    const ngx_mfa_trusted_t *trusted)
{
    return trusted->verify < 0
           || mfa_str_eq(ngx_mfa_trusted_text(r, trusted->verify),
                         mfa_str("SUCCESS"));
}


mfa_str_t
ngx_mfa_trusted_value(ngx_http_request_t *r, const ngx_mfa_realm_t *realm,
    mfa_str_t *amr)
{
    size_t                    i;
    mfa_str_t                 value;
    const ngx_mfa_trusted_t  *trusted;

    *amr = mfa_null;

    for (i = 0; i < realm->trusted_count; i++) {
        trusted = &realm->trusted[i];

        value = ngx_mfa_trusted_text(r, trusted->index);

        if (value.len
            && ngx_mfa_trusted_is_near(r, trusted)
            && ngx_mfa_trusted_is_verified(r, trusted))
        {
            *amr = trusted->line->amr;
            return value;
        }
    }

    return mfa_null;
}


mfa_verdict_t
ngx_mfa_trusted_judge(ngx_http_request_t *r, const ngx_mfa_realm_t *realm,
    const mfa_identity_t *identity)
{
    mfa_str_t      value, amr;
    mfa_verdict_t  verdict;

    value = ngx_mfa_trusted_value(r, realm, &amr);

    verdict = mfa_trusted_judge(realm->realm, identity, value);

    if (verdict != MFA_VERDICT_PASS) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "mfa: a session does not count: \"trusted_identity\" "
                      "says %s than at its login", value.len ? "another"
                                                             : "less");
    }

    return verdict;
}
