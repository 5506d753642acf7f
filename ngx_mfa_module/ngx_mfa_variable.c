/*
 * Variables: $mfa_user and its kin, for log lines and CGI parameters.
 *
 * They show the identity the location's own realm has let in, and are empty
 * where there is none.
 */

#include "ngx_mfa_module.h"


static mfa_identity_t *
ngx_mfa_variable_held(ngx_http_request_t *r)
{
    ngx_mfa_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    return mlcf->realm ? ngx_mfa_gate_identity(r, mlcf->realm) : NULL;
}


static void
ngx_mfa_variable_value(ngx_http_variable_value_t *v, mfa_str_t s)
{
    v->data = (u_char *) (uintptr_t) s.data;
    v->len = (unsigned) s.len & 0xfffffff;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = s.len == 0;
}


static ngx_int_t
ngx_mfa_variable_get(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    mfa_identity_t  *identity;

    identity = ngx_mfa_variable_held(r);

    ngx_mfa_variable_value(v, identity
                            ? *(mfa_str_t *) ((char *) identity + data)
                            : mfa_null);

    return NGX_OK;
}


static ngx_uint_t
ngx_mfa_variable_is_attr(mfa_str_t name, u_char *wanted, size_t len)
{
    size_t  i;

    if (name.len != len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        u_char  a = ngx_mfa_identity_fold((u_char) name.data[i]);
        u_char  b = ngx_mfa_identity_fold(wanted[i]);

        if (a != b) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_mfa_variable_attr(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t *name = (ngx_str_t *) data;

    size_t           i, len;
    u_char          *wanted;
    mfa_str_t        value;
    mfa_identity_t  *identity;

    wanted = name->data + sizeof("mfa_attr_") - 1;
    len = name->len - (sizeof("mfa_attr_") - 1);

    value = mfa_null;
    identity = ngx_mfa_variable_held(r);

    for (i = 0; identity && i < identity->attrs.count; i++) {
        if (ngx_mfa_variable_is_attr(identity->attrs.items[i].name, wanted,
                                     len))
        {
            value = identity->attrs.items[i].value;
            break;
        }
    }

    ngx_mfa_variable_value(v, value);

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_variable_monitor(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_mfa_variable_value(v, ngx_mfa_monitor_would(r));

    return NGX_OK;
}


#define ngx_mfa_variable(name, member)                                        \
    { ngx_string(name), NULL, ngx_mfa_variable_get,                      \
      offsetof(mfa_identity_t, member), NGX_HTTP_VAR_NOCACHEABLE, 0 }

static ngx_http_variable_t  ngx_mfa_variable_vars[] = {
    ngx_mfa_variable("mfa_user", user),
    ngx_mfa_variable("mfa_email", email),
    ngx_mfa_variable("mfa_name", name),
    ngx_mfa_variable("mfa_groups", groups),
    ngx_mfa_variable("mfa_amr", amr),
    ngx_mfa_variable("mfa_auth_time", auth_time),
    ngx_mfa_variable("mfa_session", session),

    { ngx_string("mfa_monitor"), NULL, ngx_mfa_variable_monitor, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mfa_attr_"), NULL, ngx_mfa_variable_attr, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


/*
 * Not cacheable, since one asked for before the gate has decided is empty
 * and another location may have another realm. Between two reads in one
 * location nothing changes: the identity is held by the request (G6).
 */

ngx_int_t
ngx_mfa_variable_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_mfa_variable_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}
