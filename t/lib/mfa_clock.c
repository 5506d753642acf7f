/*
 * Moves the wall clock of a program under test (LD_PRELOAD).
 *
 * The file that $MFA_TEST_CLOCK names holds one int64_t, the seconds to add;
 * it is mapped, so that another process moves the clock of a running one and
 * of its children. The monotonic clock stays: timers run as ever. Unlike
 * libfaketime it works beside the sanitizers.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>


static const volatile int64_t  *moved;


__attribute__((constructor))
static void
clock_map(void)
{
    int          fd;
    void        *map;
    const char  *path;

    path = getenv("MFA_TEST_CLOCK");
    fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }

    map = mmap(NULL, sizeof(*moved), PROT_READ, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) {
        moved = map;
    }

    close(fd);
}


static time_t
clock_moved(void)
{
    return moved ? (time_t) *moved : 0;
}


int
clock_gettime(clockid_t id, struct timespec *ts)
{
    if (syscall(SYS_clock_gettime, id, ts) != 0) {
        return -1;
    }

    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
        ts->tv_sec += clock_moved();
    }

    return 0;
}


int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec  ts;

    (void) zone;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return -1;
    }

    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = (suseconds_t) (ts.tv_nsec / 1000);
    return 0;
}


time_t
time(time_t *out)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return (time_t) -1;
    }

    if (out) {
        *out = ts.tv_sec;
    }

    return ts.tv_sec;
}


/* the kernel compares deadlines with the real clock */

int
pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
    const struct timespec *restrict deadline)
{
    int  (*next)(pthread_mutex_t *, const struct timespec *);
    struct timespec  real;

    *(void **) &next = dlsym(RTLD_NEXT, "pthread_mutex_timedlock");

    real = *deadline;
    real.tv_sec -= clock_moved();
    return next(mutex, &real);
}
