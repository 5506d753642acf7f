/*
 * Unlock: for somebody who is held after wrong passwords in a browser that
 * nobody knows (L14, H2). The page of its code is in mfa_page_code.c.
 */

#include "mfa_page.h"


const mfa_page_t  mfa_page_unlock = {
    .path = "unlock",
    .get = mfa_page_start_get,
    .post = mfa_page_start_post,
    .start = mfa_unlock_start,
    .template = "unlock.html",
};


const mfa_page_t  mfa_page_unlock_done = {
    .path = "unlock/done",
    .get = mfa_page_flow_get,
    .template = "unlock_done.html",
};
