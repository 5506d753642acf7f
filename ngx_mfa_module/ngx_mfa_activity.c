/*
 * What a request says of who started it (L8). Decides nothing: the core
 * does.
 *
 * For every request of a guarded place: one walk over the headers, and no
 * copy.
 */

#include "ngx_mfa_module.h"


/* all four have the same length */

static mfa_str_t *
ngx_mfa_activity_fetch(const ngx_table_elt_t *h, mfa_signs_t *signs)
{
    if (ngx_strncmp(h->lowcase_key, "sec-fetch-", 10) != 0) {
        return NULL;
    }

    switch (h->lowcase_key[10]) {

    case 's':
        return &signs->site;

    case 'm':
        return &signs->mode;

    case 'd':
        return &signs->dest;

    case 'u':
        return &signs->user;

    default:
        return NULL;
    }
}


static mfa_str_t *
ngx_mfa_activity_sign(const ngx_table_elt_t *h, mfa_signs_t *signs)
{
    switch (h->key.len) {

    case sizeof("sec-fetch-site") - 1:
        return ngx_mfa_activity_fetch(h, signs);

    case sizeof("sec-purpose") - 1:
        return ngx_strncmp(h->lowcase_key, "sec-purpose", 11) == 0
               ? &signs->purpose : NULL;

    case sizeof("purpose") - 1:
        return ngx_strncmp(h->lowcase_key, "purpose", 7) == 0
               ? &signs->purpose : NULL;

    default:
        return NULL;
    }
}


ngx_uint_t
ngx_mfa_activity_is_person(ngx_http_request_t *r,
    const ngx_mfa_realm_t *realm)
{
    ngx_uint_t        i;
    mfa_str_t        *sign;
    mfa_signs_t       signs;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    /* a subrequest has no start of its own */

    r = r->main;

    ngx_memzero(&signs, sizeof(mfa_signs_t));

    signs.path = ngx_mfa_str(&r->uri);
    signs.is_upgrade = r->headers_in.upgrade != NULL;

    if (r->headers_in.user_agent) {
        signs.user_agent = ngx_mfa_str(&r->headers_in.user_agent->value);
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            sign = ngx_mfa_activity_sign(&h[i], &signs);

            if (sign) {
                *sign = ngx_mfa_str(&h[i].value);
            }
        }
    }

    return mfa_legacy_is_person(mfa_realm_legacy(realm->realm), &signs);
}
