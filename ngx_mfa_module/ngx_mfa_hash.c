/*
 * The queue of password hashes: how long it may become, and how politely
 * its threads run. What is hashed is the portal's affair.
 */

#include <sched.h>
#include <sys/resource.h>

#include "ngx_mfa_module.h"


/* requests of this worker that wait for a hash or may soon; loop only */

static ngx_uint_t  ngx_mfa_hash_strangers;

static ngx_uint_t  ngx_mfa_hash_count;
static uint64_t    ngx_mfa_hash_people[NGX_MFA_HASH_QUEUE];


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


static ngx_uint_t
ngx_mfa_hash_places(uint64_t person)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < ngx_mfa_hash_count; i++) {
        n += ngx_mfa_hash_people[i] == person;
    }

    return n;
}


/*
 * A place is taken before anything is done for a request, so that one that
 * is turned away has cost no write and no thread.
 *
 * Strangers leave some free, or a flood of their logins would shut out
 * everybody. Who has a known browser, or copies of its cookie, takes a few of
 * these and then stands among the strangers: one person cannot fill them.
 */

ngx_int_t
ngx_mfa_hash_enter(ngx_mfa_hash_place_t *place, mfa_hashing_t hashing,
    uint64_t person)
{
    place->is_known = hashing == MFA_HASHING_KNOWN
                      && ngx_mfa_hash_places(person) < NGX_MFA_HASH_PERSON;

    if (ngx_mfa_hash_strangers + ngx_mfa_hash_count >= NGX_MFA_HASH_QUEUE
        || (!place->is_known
            && ngx_mfa_hash_strangers
               >= NGX_MFA_HASH_QUEUE - NGX_MFA_HASH_KNOWN))
    {
        return NGX_BUSY;
    }

    if (place->is_known) {
        ngx_mfa_hash_people[ngx_mfa_hash_count++] = person;

    } else {
        ngx_mfa_hash_strangers++;
    }

    place->person = person;
    place->is_placed = 1;

    return NGX_OK;
}


void
ngx_mfa_hash_leave(ngx_mfa_hash_place_t *place)
{
    ngx_uint_t  i;

    if (!place->is_placed) {
        return;
    }

    place->is_placed = 0;

    if (!place->is_known) {
        ngx_mfa_hash_strangers--;
        return;
    }

    for (i = 0; i < ngx_mfa_hash_count; i++) {
        if (ngx_mfa_hash_people[i] == place->person) {
            ngx_mfa_hash_people[i] =
                                   ngx_mfa_hash_people[--ngx_mfa_hash_count];
            return;
        }
    }
}


ngx_uint_t
ngx_mfa_hash_waiting(void)
{
    return ngx_mfa_hash_strangers + ngx_mfa_hash_count;
}
