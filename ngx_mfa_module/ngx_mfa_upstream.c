/*
 * More that an application is told than names: a signed assertion, or the
 * HTTP Basic that is all it knows.
 */

#include "ngx_mfa_module.h"


char *
ngx_mfa_upstream_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf)
{
    return ngx_mfa_assertion_merge(cf, prev, conf) == NGX_CONF_OK
           ? ngx_mfa_basic_merge(cf, prev, conf) : NGX_CONF_ERROR;
}


ngx_int_t
ngx_mfa_upstream_set(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    mfa_identity_t *identity)
{
    return ngx_mfa_assertion_set(r, mlcf, identity) == NGX_OK
           ? ngx_mfa_basic_set(r, mlcf, identity) : NGX_ERROR;
}
