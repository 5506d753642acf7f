/*
 * The style sheet.
 */

#include "mfa_page.h"


static mfa_status_t
style_get(mfa_visit_t *visit)
{
    mfa_status_t  st;

    visit->reply->status = 200;
    visit->reply->body = visit->env->style;

    st = mfa_reply_headers(visit->work->arena, visit->env,
                           visit->reply);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(visit->work->arena, visit->reply, "Content-Type",
                            mfa_str("text/css; charset=utf-8"));
}


const mfa_page_t  mfa_page_style = {
    .is_anywhere = true,
    .path = "style.css",
    .get = style_get,
};
