/*
 * The writer lock: whose turn it is to write, among the threads of all
 * processes that have a store open. Private to src/store.
 *
 * It only gives order and a time-out. What makes writers exclude each other
 * is the engine's own lock, so a lost or doubled lock file costs no data.
 */

#ifndef MFA_STORE_LOCK_H
#define MFA_STORE_LOCK_H

#include <pthread.h>

#include "mfa_store.h"

#pragma GCC visibility push(hidden)


#define MFA_STORE_LOCK_NAME  "writer.lock"

typedef struct mfa_store_lock_s  mfa_store_lock_t;

/*
 * Opens or makes the lock in the folder (a descriptor). The caller holds
 * flock(2) on the folder, so that one process at a time is in here.
 * *is_alone: nobody else has this lock open.
 */
mfa_status_t mfa_store_lock_open(int folder, mfa_error_t *error,
    bool *is_alone, mfa_store_lock_t **lock) MFA_MUST_CHECK;

/* NULL is fine; nobody in this process may hold or wait */
void mfa_store_lock_close(mfa_store_lock_t **lock);

/*
 * MFA_STORE_BUSY after that many milliseconds; MFA_BUG when this thread
 * holds it already.
 */
mfa_status_t mfa_store_lock_take(mfa_store_lock_t *lock, int64_t timeout_ms)
    MFA_MUST_CHECK;
void mfa_store_lock_give(mfa_store_lock_t *lock);

/*
 * A number that all who share the lock must agree on; 0 until it is set.
 */
uint64_t mfa_store_lock_tag(const mfa_store_lock_t *lock);
void mfa_store_lock_set_tag(mfa_store_lock_t *lock, uint64_t tag);

/* the file that the folder has under our name is still the one we use */
bool mfa_store_lock_is_current(const mfa_store_lock_t *lock, int folder);

/*
 * pthread_mutex_lock with an end on the clock below. A dead owner has left
 * nothing half-done that the mutex guards.
 */
int mfa_store_lock_wait(pthread_mutex_t *mutex, int64_t until_ms);

/* milliseconds of a clock that nobody sets */
int64_t mfa_store_clock_ms(void);

#pragma GCC visibility pop

#endif /* MFA_STORE_LOCK_H */
