/*
 * What a worker asks the store about connections that stay open.
 *
 * Contract: mfa.h, mfa_model_revoked.h.
 */

#include "mfa_realm.h"


#define WATCH_ARENA  (8 * 1024 * 1024)


mfa_status_t
mfa_watch(mfa_t *mfa, mfa_watch_t *watch)
{
    mfa_work_t    work = { .model = mfa_model_of(mfa) };
    mfa_status_t  st;

    work.arena = mfa_arena_open(WATCH_ARENA);
    if (work.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_watch_look(&work, watch);

    mfa_arena_close(&work.arena);

    return st;
}


bool
mfa_has_changed(mfa_t *mfa, uint64_t *version)
{
    uint64_t  now;

    if (mfa_store_version(mfa_store_of(mfa), &now) != MFA_OK) {
        return true;
    }

    if (now == *version) {
        return false;
    }

    *version = now;

    return true;
}
