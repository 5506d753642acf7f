/*
 * The page for those for whom there is no room now: said at once, on the
 * event loop, however many ask.
 *
 * So it is made before anybody does, once in each language, and holds
 * nothing of anybody. Contract: mfa_page_busy.h.
 */

#include "mfa_page_busy.h"

#include <stdlib.h>


#define BUSY_ARENA  ((size_t) 4 * 1024 * 1024)

struct mfa_busy_s {
    const mfa_page_env_t  *env;
    mfa_arena_t           *arena;           /* of all replies */
    mfa_reply_t            replies[MFA_LANGUAGES_MAX];
};


static size_t
busy_languages(const mfa_page_env_t *env)
{
    return env->languages != NULL ? env->languages->count : 0;
}


static mfa_status_t
busy_render(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_render(visit, 503, "busy.html",
                          mfa_visit_values(visit, NULL, mfa_null));

    return st != MFA_OK ? st
           : mfa_reply_header(visit->work->arena, visit->reply, "Retry-After",
                              mfa_str("5"));
}


static mfa_status_t
busy_make(mfa_busy_t *busy, const mfa_model_t *model, size_t i)
{
    mfa_work_t      work = { .model = model, .arena = busy->arena };
    mfa_visit_t    *visit;
    mfa_request_t   request = { .cause = MFA_CAUSE_UNAVAILABLE };

    visit = mfa_arena_alloc(busy->arena, sizeof(mfa_visit_t));
    if (visit == NULL) {
        return MFA_NO_MEMORY;
    }

    visit->env = busy->env;
    visit->work = &work;
    visit->request = &request;
    visit->reply = &busy->replies[i];

    if (i < busy_languages(busy->env)) {
        mfa_visit_speak(visit, &busy->env->languages->items[i]);
    }

    return busy_render(visit);
}


mfa_status_t
mfa_busy_open(const mfa_page_env_t *env, const mfa_model_t *model,
    mfa_busy_t **busy)
{
    size_t         i;
    mfa_status_t   st;
    mfa_busy_t    *opened;

    *busy = NULL;

    opened = calloc(1, sizeof(mfa_busy_t));
    if (opened == NULL) {
        return MFA_NO_MEMORY;
    }

    opened->env = env;
    opened->arena = mfa_arena_open(BUSY_ARENA);

    st = opened->arena != NULL ? busy_make(opened, model, 0) : MFA_NO_MEMORY;

    for (i = 1; i < busy_languages(env) && st == MFA_OK; i++) {
        st = busy_make(opened, model, i);
    }

    if (st != MFA_OK) {
        mfa_busy_close(&opened);
        return st;
    }

    *busy = opened;

    return MFA_OK;
}


void
mfa_busy_close(mfa_busy_t **busy)
{
    if (*busy == NULL) {
        return;
    }

    mfa_arena_close(&(*busy)->arena);
    free(*busy);
    *busy = NULL;
}


const mfa_reply_t *
mfa_busy_reply(const mfa_busy_t *busy, const mfa_request_t *request)
{
    const mfa_language_t  *language;

    language = mfa_request_language(busy->env, request);

    return &busy->replies[language != NULL
                          ? language - busy->env->languages->items : 0];
}
