/*
 * Several realms of one configuration: what they must not share is an error,
 * and where a browser would mix their cookies these get names of their own.
 * Changes nothing on disk.
 */

#include "ngx_mfa_module.h"


ngx_int_t
ngx_mfa_apart_end(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_realm_t *realm)
{
    ngx_uint_t         i;
    mfa_error_t        error;
    ngx_mfa_realm_t  **other;

    other = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        if (other[i] == realm) {
            continue;
        }

        error.text[0] = '\0';

        if (mfa_realm_apart(other[i]->realm, realm->realm, &error)
            != MFA_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error.text);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* events do not name their realm */

static void
ngx_mfa_apart_log(ngx_conf_t *cf, const ngx_mfa_realm_t *one,
    const ngx_mfa_realm_t *other)
{
    if (one->event_log == NULL || one->event_log != other->event_log) {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "realms \"%V\" and \"%V\" have the same \"event_log\", "
                  "whose lines do not say which of them they are of, in "
                  "%s:%ui", &one->name, &other->name, other->file,
                  other->line);
}


static ngx_int_t
ngx_mfa_apart_cookies(ngx_mfa_main_conf_t *mmcf, ngx_mfa_realm_t *realm)
{
    size_t             i;
    const mfa_strs_t  *list;

    list = mfa_realm_cookies(realm->realm);

    for (i = 0; i < list->count; i++) {
        if (!mfa_strs_has(&mmcf->cookies, list->items[i])
            && mfa_strs_add(mmcf->arena, &mmcf->cookies, list->items[i])
               != MFA_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mfa_apart_check(ngx_conf_t *cf, ngx_mfa_main_conf_t *mmcf)
{
    ngx_uint_t         i, n, meets;
    mfa_error_t        error;
    ngx_mfa_realm_t  **realm;

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        meets = 0;

        for (n = 0; n < mmcf->realms.nelts; n++) {
            if (n == i) {
                continue;
            }

            if (n > i) {
                ngx_mfa_apart_log(cf, realm[i], realm[n]);
            }

            /* a realm without a portal sets no cookie */

            meets |= realm[i]->portal.len && realm[n]->portal.len
                     && mfa_realm_meets(realm[i]->realm, realm[n]->realm);
        }

        error.text[0] = '\0';

        if (meets
            && mfa_realm_name_cookies(realm[i]->realm, &error) != MFA_OK)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "realm \"%V\": %s, in %s:%ui", &realm[i]->name,
                          error.text, realm[i]->file, realm[i]->line);
            return NGX_ERROR;
        }

        if (ngx_mfa_apart_cookies(mmcf, realm[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
