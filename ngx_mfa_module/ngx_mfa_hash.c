/*
 * The queue of password hashes: how long it may become, and how politely
 * its threads run. What is hashed is the portal's affair.
 */

#include <sched.h>
#include <sys/resource.h>

#include "ngx_mfa_module.h"


/* requests of this worker that wait for a hash or may soon; loop only */

static ngx_uint_t  ngx_mfa_hash_waiting;


/*
 * The pool does nothing else: what is served must not wait for what is
 * hashed. Any other thread that wakes takes the processor from a thread of
 * SCHED_IDLE at once; one that is merely nice keeps it for a slice of
 * several milliseconds.
 */

void
ngx_mfa_hash_thread(void)
{
    static __thread ngx_uint_t  is_nice;

    struct sched_param  none;

    if (is_nice) {
        return;
    }

    /* on Linux these are about the calling thread alone */

    ngx_memzero(&none, sizeof(none));
    (void) setpriority(PRIO_PROCESS, 0, 19);
    (void) sched_setscheduler(0, SCHED_IDLE, &none);

    is_nice = 1;
}


/*
 * A place is taken before anything is done for a request, so that one that
 * is turned away has cost no write and no thread.
 */

ngx_int_t
ngx_mfa_hash_enter(ngx_uint_t *is_placed)
{
    if (ngx_mfa_hash_waiting >= NGX_MFA_HASH_QUEUE) {
        return NGX_BUSY;
    }

    ngx_mfa_hash_waiting++;
    *is_placed = 1;

    return NGX_OK;
}


void
ngx_mfa_hash_leave(ngx_uint_t *is_placed)
{
    if (*is_placed) {
        ngx_mfa_hash_waiting--;
        *is_placed = 0;
    }
}
