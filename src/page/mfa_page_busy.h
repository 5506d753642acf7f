/*
 * Too many at once: what is said to those for whom there is no room now.
 */

#ifndef MFA_PAGE_BUSY_H
#define MFA_PAGE_BUSY_H

#include "mfa_page.h"

#pragma GCC visibility push(hidden)


/*
 * 503 "Please wait a minute", one reply for all who speak a language, made at
 * open. env has to live until the close, as the reply does, which is not to
 * be changed; model is for the open alone. mfa_busy_reply: any thread, no
 * memory, no wait.
 */
typedef struct mfa_busy_s  mfa_busy_t;

mfa_status_t mfa_busy_open(const mfa_page_env_t *env,
    const mfa_model_t *model, mfa_busy_t **busy) MFA_MUST_CHECK;
void mfa_busy_close(mfa_busy_t **busy);
const mfa_reply_t *mfa_busy_reply(const mfa_busy_t *busy,
    const mfa_request_t *request);

#pragma GCC visibility pop

#endif /* MFA_PAGE_BUSY_H */
