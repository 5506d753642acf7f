/*
 * Who the person is, for the applications.
 *
 * Every client-sent spelling of our identity headers goes (called by
 * ngx_mfa_cookie.c after the header of a request is read); where the guard
 * is on each header is set once. Says nothing about who may pass.
 */

#include "ngx_mfa_module.h"


#define ngx_mfa_header(name, low)                                             \
    { ngx_string(name), ngx_string(low), 0 }

ngx_mfa_headers_t  ngx_mfa_identity_default = {
    { ngx_mfa_header("Remote-User", "remote-user"),
      ngx_mfa_header("Remote-Email", "remote-email"),
      ngx_mfa_header("Remote-Name", "remote-name"),
      ngx_mfa_header("Remote-Groups", "remote-groups") },
    NGX_MFA_IDENTITY_COUNT
};


/* headers that nginx reads or writes itself */

static ngx_str_t  ngx_mfa_identity_forbidden[] = {
    ngx_string("host"),
    ngx_string("connection"),
    ngx_string("cookie"),
    ngx_string("content-length"),
    ngx_string("content-type"),
    ngx_string("transfer-encoding"),
    ngx_string("te"),
    ngx_string("upgrade"),
    ngx_string("expect"),
    ngx_string("range"),
    ngx_string("keep-alive"),
    ngx_string("authorization"),
    ngx_null_string
};


/* what is no letter and no digit is all one for WSGI, CGI and friends (G1) */

u_char
ngx_mfa_identity_fold(u_char c)
{
    c = ngx_tolower(c);

    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}


static ngx_uint_t
ngx_mfa_identity_is_name(const ngx_str_t *name, const ngx_str_t *key)
{
    size_t  i;

    if (key->len != name->len) {
        return 0;
    }

    for (i = 0; i < key->len; i++) {
        if (ngx_mfa_identity_fold(key->data[i]) != name->data[i]) {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
ngx_mfa_identity_is_ours(const ngx_mfa_main_conf_t *mmcf,
    const ngx_table_elt_t *h)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    /* of most headers no more than the length is looked at */

    if (h->key.len > 63 || !(mmcf->lengths & ((uint64_t) 1 << h->key.len))) {
        return 0;
    }

    name = mmcf->stripped.elts;

    for (i = 0; i < mmcf->stripped.nelts; i++) {
        if (ngx_mfa_identity_is_name(&name[i], &h->key)) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_mfa_identity_collect_name(ngx_mfa_main_conf_t *mmcf, ngx_str_t *lowcase)
{
    size_t       k;
    ngx_str_t   *name;
    ngx_uint_t   n;

    name = mmcf->stripped.elts;

    for (n = 0; n < mmcf->stripped.nelts; n++) {
        if (ngx_mfa_identity_is_name(&name[n], lowcase)) {
            return NGX_OK;
        }
    }

    name = ngx_array_push(&mmcf->stripped);
    if (name == NULL) {
        return NGX_ERROR;
    }

    name->len = lowcase->len;
    name->data = ngx_pnalloc(mmcf->stripped.pool, name->len);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    for (k = 0; k < name->len; k++) {
        name->data[k] = ngx_mfa_identity_fold(lowcase->data[k]);
    }

    mmcf->lengths |= (uint64_t) 1 << name->len;

    return NGX_OK;
}


ngx_int_t
ngx_mfa_identity_collect(ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_headers_t *headers)
{
    ngx_uint_t         i;
    ngx_mfa_header_t  *header;

    /* those that conf/mfa_proxy_params sets, for locations without it */

    static ngx_str_t  params[] = {
        ngx_string("x-mfa-method"),
        ngx_string("x-mfa-auth-time"),
        ngx_null_string
    };

    for (i = 0; params[i].len; i++) {
        if (ngx_mfa_identity_collect_name(mmcf, &params[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < headers->count; i++) {
        header = &headers->header[i];
        header->hash = ngx_hash_key(header->lowcase.data,
                                    header->lowcase.len);

        if (ngx_mfa_identity_collect_name(mmcf, &header->lowcase) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_mfa_identity_is_token(const ngx_str_t *s)
{
    size_t  i;
    u_char  c;

    if (s->len == 0 || s->len > 63) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {
        c = ngx_tolower(s->data[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
              || c == '_'))
        {
            return 0;
        }
    }

    return 1;
}


const char *
ngx_mfa_identity_header(ngx_conf_t *cf, ngx_mfa_headers_t *headers,
    ngx_str_t *name)
{
    u_char            *p;
    ngx_str_t          folded;
    ngx_uint_t         i;
    ngx_mfa_header_t  *header;

    if (!ngx_mfa_identity_is_token(name)) {
        return "takes names of 1 to 63 letters, digits, \"-\" and \"_\"";
    }

    p = ngx_pnalloc(cf->pool, 2 * name->len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    header = &headers->header[headers->count];
    header->key = *name;
    header->lowcase.len = name->len;
    header->lowcase.data = p;
    ngx_strlow(p, name->data, name->len);

    folded.len = name->len;
    folded.data = p + name->len;

    for (i = 0; i < name->len; i++) {
        folded.data[i] = ngx_mfa_identity_fold(name->data[i]);
    }

    for (i = 0; ngx_mfa_identity_forbidden[i].len; i++) {
        if (ngx_mfa_identity_is_name(&ngx_mfa_identity_forbidden[i],
                                     &folded))
        {
            return "names a header that nginx needs itself";
        }
    }

    for (i = 0; i < headers->count; i++) {
        if (ngx_mfa_identity_is_name(&folded,
                                     &headers->header[i].lowcase))
        {
            return "names a header twice";
        }
    }

    headers->count++;

    return NULL;
}


char *
ngx_mfa_identity_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    const char           *error;
    ngx_str_t            *value;
    ngx_uint_t            i;
    ngx_mfa_headers_t    *headers;
    ngx_mfa_main_conf_t  *mmcf;

    if (mlcf->headers != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    headers = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_headers_t));
    if (headers == NULL) {
        return NGX_CONF_ERROR;
    }

    mlcf->headers = headers;
    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        error = ngx_mfa_identity_header(cf, headers, &value[i]);

        if (error) {
            return (char *) (uintptr_t) error;
        }
    }

    mmcf = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);

    if (ngx_mfa_identity_collect(mmcf, headers) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * A fresh list without our headers. Elements are copied: pointers in
 * headers_in go on pointing to the old ones, which say the same. A
 * subrequest gets a list of its own that way; its copy of the main request's
 * list cannot be pushed to.
 */

ngx_int_t
ngx_mfa_identity_strip(ngx_http_request_t *r)
{
    ngx_uint_t            i;
    ngx_list_t            old;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h, *copy;
    ngx_mfa_main_conf_t  *mmcf;

    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    old = r->headers_in.headers;

    if (ngx_list_init(&r->headers_in.headers, r->pool, 20,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &old.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == 0
                || ngx_mfa_basic_is_ours(&h[i])
                || ngx_mfa_identity_is_ours(mmcf, &h[i]))
            {
                continue;
            }

            copy = ngx_list_push(&r->headers_in.headers);
            if (copy == NULL) {
                return NGX_ERROR;
            }

            *copy = h[i];
        }
    }

    ngx_mfa_basic_forget(r);

    return NGX_OK;
}


mfa_str_t
ngx_mfa_identity_value(const mfa_identity_t *identity, ngx_uint_t which)
{
    if (identity == NULL) {
        return mfa_str("");
    }

    switch (which) {

    case NGX_MFA_USER:
        return identity->user;

    case NGX_MFA_EMAIL:
        return identity->email;

    case NGX_MFA_NAME:
        return identity->name;

    default:
        return identity->groups;
    }
}


ngx_int_t
ngx_mfa_identity_set(ngx_http_request_t *r, ngx_mfa_headers_t *headers,
    const mfa_identity_t *identity)
{
    mfa_str_t         value;
    ngx_uint_t        i;
    ngx_mfa_ctx_t    *ctx;
    ngx_table_elt_t  *h;

    ctx = ngx_mfa_ctx_make(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if ((ctx->is_identity_set || r != r->main)
        && ngx_mfa_identity_strip(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (headers == NULL) {
        return NGX_OK;
    }

    /* the main request shows its subrequests what it was given */
    ctx->is_identity_set = 1;

    for (i = 0; i < headers->count; i++) {
        value = ngx_mfa_identity_value(identity, i);

        h = ngx_list_push(&r->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->hash = headers->header[i].hash;
        h->key = headers->header[i].key;
        h->lowcase_key = headers->header[i].lowcase.data;
        h->value.data = (u_char *) (uintptr_t) (value.data ? value.data : "");
        h->value.len = value.len;
        ngx_mfa_set_next(h);
    }

    return NGX_OK;
}
