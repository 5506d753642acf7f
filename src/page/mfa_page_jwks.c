/*
 * The public keys of signed assertions (RFC 7517), for applications that
 * check them. Public by design; the same for everybody who asks.
 */

#include "mfa_page.h"


/* as long as a new key must be published before it may sign */
#define JWKS_CACHE  "public, max-age=300"


static mfa_status_t
jwks_get(mfa_visit_t *visit)
{
    size_t        i;
    mfa_pair_t   *pair;
    mfa_reply_t  *reply = visit->reply;
    mfa_status_t  st;

    if (visit->env->jwks.len == 0) {
        return mfa_visit_fault(visit, 404);
    }

    reply->status = 200;
    reply->body = visit->env->jwks;

    st = mfa_reply_headers(visit->work->arena, visit->env, reply);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < reply->headers.count; i++) {
        pair = &reply->headers.items[i];

        if (mfa_str_eq_c(pair->name, "Cache-Control")) {
            pair->value = mfa_str(JWKS_CACHE);
        }
    }

    return mfa_reply_header(visit->work->arena, reply, "Content-Type",
                            mfa_str("application/json"));
}


const mfa_page_t  mfa_page_jwks = {
    .is_anywhere = true,
    .path = "jwks.json",
    .get = jwks_get,
};
