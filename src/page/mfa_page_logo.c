/*
 * The logo, from memory. Its address names its bytes, so that browsers may
 * keep it; opened by itself it is a picture that can do nothing.
 */

#include "mfa_page.h"


static void
set_header(mfa_reply_t *reply, const char *name, mfa_str_t value)
{
    size_t  i;

    for (i = 0; i < reply->headers.count; i++) {
        if (mfa_str_eq_c(reply->headers.items[i].name, name)) {
            reply->headers.items[i].value = value;
        }
    }
}


static mfa_status_t
logo_get(mfa_visit_t *visit)
{
    mfa_reply_t       *reply = visit->reply;
    mfa_status_t       st;
    const mfa_logo_t  *logo = &visit->env->brand->logo;

    if (logo->name.len == 0 || !mfa_str_eq(visit->rest, logo->name)) {
        return mfa_visit_fault(visit, 404);
    }

    reply->status = 200;
    reply->body = logo->body;

    st = mfa_reply_headers(visit->work->arena, visit->env, reply);
    if (st != MFA_OK) {
        return st;
    }

    set_header(reply, "Cache-Control",
               mfa_str("public, max-age=31536000, immutable"));
    set_header(reply, "Content-Security-Policy",
               mfa_str("default-src 'none'; style-src 'unsafe-inline'; "
                       "sandbox"));

    return mfa_reply_header(visit->work->arena, reply, "Content-Type",
                            logo->type);
}


const mfa_page_t  mfa_page_logo = {
    .is_anywhere = true,
    .path = "logo/",
    .get = logo_get,
};
