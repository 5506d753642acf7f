/*
 * The writer lock: two robust, process-shared mutexes in a mapped file.
 * Contract: mfa_store_lock.h.
 *
 * Everyone who uses the file holds flock(2) on it, shared, for as long. Who
 * gets it exclusively is alone and sets the mutexes up anew: after a power
 * cut, or in a copied folder, they may say "held" by a thread that is not.
 *
 * Turns: a writer first takes "next", then "writer", then gives "next" back.
 * "next" inherits priority, for the sake of what the kernel then does: it
 * hands the mutex to the first in its queue, where a plain one goes to who
 * is awake, and that is who has just written. It is only politeness: a
 * process that is stopped while it waits may be handed it, and is gone past
 * by who finds "writer" free after a while.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mfa_store_lock.h"

#define LOCK_MAGIC       0x4d46414c
#define LOCK_POLITE_MS   250

typedef struct {
    uint32_t          magic;
    uint32_t          size;
    _Atomic uint64_t  tag;
    pthread_mutex_t   next;
    pthread_mutex_t   writer;
} lock_page_t;

struct mfa_store_lock_s {
    lock_page_t  *page;
    int           fd;
};


int64_t
mfa_store_clock_ms(void)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0) {
        return 0;
    }

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static int
lock_init_mutex(pthread_mutex_t *mutex, int protocol)
{
    int                  rc;
    pthread_mutexattr_t  attr;

    rc = pthread_mutexattr_init(&attr);
    if (rc != 0) {
        return rc;
    }

    rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);

    if (rc == 0) {
        rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    }

    if (rc == 0) {
        rc = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    }

    if (rc == 0) {
        rc = pthread_mutexattr_setprotocol(&attr, protocol);
    }

    if (rc == 0) {
        rc = pthread_mutex_init(mutex, &attr);
    }

    (void) pthread_mutexattr_destroy(&attr);    /* cannot fail on Linux */

    return rc;
}


static mfa_status_t
lock_map(mfa_store_lock_t *lock, mfa_error_t *error)
{
    void  *page;

    page = mmap(NULL, sizeof(lock_page_t), PROT_READ | PROT_WRITE, MAP_SHARED,
                lock->fd, 0);

    if (page == MAP_FAILED) {
        mfa_error_set(error, "cannot map " MFA_STORE_LOCK_NAME ": %s",
                      strerror(errno));
        return MFA_STORE;
    }

    lock->page = page;

    return MFA_OK;
}


static mfa_status_t
lock_make(mfa_store_lock_t *lock, mfa_error_t *error)
{
    int           rc;
    mfa_status_t  st;

    /* a page that the full disk cannot give would be a SIGBUS later */

    rc = 0;

    if (ftruncate(lock->fd, 0) != 0
        || ftruncate(lock->fd, (off_t) sizeof(lock_page_t)) != 0)
    {
        rc = errno;

    } else if (fallocate(lock->fd, 0, 0, (off_t) sizeof(lock_page_t)) != 0
               && errno != EOPNOTSUPP)
    {
        rc = errno;
    }

    if (rc != 0) {
        mfa_error_set(error, "cannot write " MFA_STORE_LOCK_NAME ": %s",
                      strerror(rc));
        return MFA_STORE;
    }

    st = lock_map(lock, error);
    if (st != MFA_OK) {
        return st;
    }

    if (lock_init_mutex(&lock->page->next, PTHREAD_PRIO_INHERIT) != 0
        || lock_init_mutex(&lock->page->writer, PTHREAD_PRIO_NONE) != 0)
    {
        mfa_error_set(error, "this system has no robust shared mutexes");
        return MFA_STORE;
    }

    atomic_store(&lock->page->tag, 0);
    lock->page->size = sizeof(lock_page_t);
    lock->page->magic = LOCK_MAGIC;

    return MFA_OK;
}


static mfa_status_t
lock_join(mfa_store_lock_t *lock, mfa_error_t *error)
{
    struct stat   sb;
    mfa_status_t  st;

    if (fstat(lock->fd, &sb) != 0
        || sb.st_size != (off_t) sizeof(lock_page_t))
    {
        mfa_error_set(error, MFA_STORE_LOCK_NAME " is not a lock file of "
                      "this version; stop every process that uses the store");
        return MFA_DAMAGED;
    }

    st = lock_map(lock, error);
    if (st != MFA_OK) {
        return st;
    }

    if (lock->page->magic != LOCK_MAGIC
        || lock->page->size != sizeof(lock_page_t))
    {
        mfa_error_set(error, MFA_STORE_LOCK_NAME " is damaged; stop every "
                      "process that uses the store");
        return MFA_DAMAGED;
    }

    return MFA_OK;
}


static mfa_status_t
lock_setup(mfa_store_lock_t *lock, mfa_error_t *error, bool *is_alone)
{
    mfa_status_t  st;

    *is_alone = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;

    if (*is_alone) {
        st = lock_make(lock, error);
        if (st != MFA_OK) {
            return st;
        }
    }

    /* from exclusive to shared there is a gap, and the folder's lock fills
     * it: nobody else is in here */

    if (flock(lock->fd, LOCK_SH | LOCK_NB) != 0) {
        mfa_error_set(error, MFA_STORE_LOCK_NAME
                      " is locked by another program");
        return MFA_STORE_BUSY;
    }

    return *is_alone ? MFA_OK : lock_join(lock, error);
}


mfa_status_t
mfa_store_lock_open(int folder, mfa_error_t *error, bool *is_alone,
    mfa_store_lock_t **lock)
{
    struct stat        sb;
    mfa_status_t       st;
    mfa_store_lock_t  *made;

    *lock = NULL;
    *is_alone = false;

    made = calloc(1, sizeof(mfa_store_lock_t));
    if (made == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    made->fd = openat(folder, MFA_STORE_LOCK_NAME,
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (made->fd == -1) {
        mfa_error_set(error, "cannot open " MFA_STORE_LOCK_NAME ": %s",
                      strerror(errno));
        st = errno == ENOSPC || errno == EROFS || errno == EMFILE
             ? MFA_STORE : MFA_CONFIG;

    } else if (fstat(made->fd, &sb) != 0 || !S_ISREG(sb.st_mode)
               || sb.st_uid != geteuid() || (sb.st_mode & 077) != 0)
    {
        mfa_error_set(error, MFA_STORE_LOCK_NAME " must be a file of this "
                      "user with mode 0600");
        st = MFA_CONFIG;

    } else {
        st = lock_setup(made, error, is_alone);
    }

    if (st != MFA_OK) {
        mfa_store_lock_close(&made);
        return st;
    }

    *lock = made;

    return MFA_OK;
}


void
mfa_store_lock_close(mfa_store_lock_t **lock)
{
    if (*lock == NULL) {
        return;
    }

    if ((*lock)->page != NULL) {
        (void) munmap((*lock)->page, sizeof(lock_page_t));
    }

    if ((*lock)->fd != -1) {
        (void) close((*lock)->fd);      /* nothing was written through it */
    }

    free(*lock);
    *lock = NULL;
}


int
mfa_store_lock_wait(pthread_mutex_t *mutex, int64_t until_ms)
{
    int              rc;
    struct timespec  ts;

    rc = pthread_mutex_trylock(mutex);

    if (rc == EBUSY) {
        ts.tv_sec = (time_t) (until_ms / 1000);
        ts.tv_nsec = (long) (until_ms % 1000) * 1000000;

#ifdef __SANITIZE_THREAD__

        /* the thread sanitizer of gcc 12 does not see a clocklock */

        (void) clock_gettime(CLOCK_REALTIME, &ts);
        ts.tv_sec += (time_t) ((until_ms - mfa_store_clock_ms()) / 1000 + 1);
        rc = pthread_mutex_timedlock(mutex, &ts);
#else
        rc = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &ts);
#endif
    }

    if (rc == EOWNERDEAD) {
        rc = pthread_mutex_consistent(mutex);
    }

    return rc;
}


static int
lock_queue(lock_page_t *page, int64_t until_ms)
{
    int      rc;
    int64_t  polite;

    do {
        polite = mfa_store_clock_ms() + LOCK_POLITE_MS;
        polite = polite < until_ms ? polite : until_ms;

        rc = mfa_store_lock_wait(&page->next, polite);

        if (rc == 0) {
            rc = mfa_store_lock_wait(&page->writer, until_ms);
            (void) pthread_mutex_unlock(&page->next);       /* it is ours */
            return rc;
        }

        /* no turns on this kernel, which is older than Linux 5.14 */

        if (rc != ETIMEDOUT) {
            return mfa_store_lock_wait(&page->writer, until_ms);
        }

        /* only if it is free now: who waits here in a crowd starves */

        rc = mfa_store_lock_wait(&page->writer, 0);

    } while (rc == ETIMEDOUT && polite < until_ms);

    return rc;
}


mfa_status_t
mfa_store_lock_take(mfa_store_lock_t *lock, int64_t timeout_ms)
{
    int  rc;

    rc = lock_queue(lock->page, mfa_store_clock_ms() + timeout_ms);

    switch (rc) {

    case 0:
        return MFA_OK;

    case ETIMEDOUT:
        return MFA_STORE_BUSY;

    case EDEADLK:
        return MFA_BUG;

    default:
        return MFA_STORE;
    }
}


void
mfa_store_lock_give(mfa_store_lock_t *lock)
{
    (void) pthread_mutex_unlock(&lock->page->writer);       /* it is ours */
}


uint64_t
mfa_store_lock_tag(const mfa_store_lock_t *lock)
{
    return atomic_load(&lock->page->tag);
}


void
mfa_store_lock_set_tag(mfa_store_lock_t *lock, uint64_t tag)
{
    atomic_store(&lock->page->tag, tag);
}


bool
mfa_store_lock_is_current(const mfa_store_lock_t *lock, int folder)
{
    struct stat  mine, named;

    return fstat(lock->fd, &mine) == 0
           && fstatat(folder, MFA_STORE_LOCK_NAME, &named,
                      AT_SYMLINK_NOFOLLOW) == 0
           && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}
