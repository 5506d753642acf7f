/*
 * How long an event loop is held: a preload around epoll_wait.
 *
 * From the return of one wait to the begin of the next, in wall time and in
 * the processor time of the thread, so that a loop that was slow can be told
 * from one whose processor was given to others. Counts go into the file of
 * MFA_LOOP_FILE, which whoever measures reads as it grows: two histograms
 * (wall, processor) of STEPS numbers of 64 bits, a step being 10 us.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>


#define STEPS    2000
#define STEP_NS  10000


typedef int (*wait_fn)(int fd, struct epoll_event *events, int max,
    int timeout);

static uint64_t  *counts;
static wait_fn    real_wait;
static int64_t    since[2];


__attribute__((constructor))
static void
loop_open(void)
{
    int          fd;
    void        *map;
    const char  *name;

    real_wait = (wait_fn) dlsym(RTLD_NEXT, "epoll_wait");

    name = getenv("MFA_LOOP_FILE");
    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, 2 * STEPS * sizeof(uint64_t)) != 0) {
        abort();
    }

    map = mmap(NULL, 2 * STEPS * sizeof(uint64_t), PROT_READ | PROT_WRITE,
               MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        abort();
    }

    counts = map;
    (void) close(fd);
}


static int64_t
nanoseconds(clockid_t clock)
{
    struct timespec  ts;

    (void) clock_gettime(clock, &ts);

    return (int64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


static void
count(uint64_t *histogram, int64_t time)
{
    int64_t  step;

    step = time / STEP_NS;
    histogram[step < STEPS ? step : STEPS - 1]++;
}


int
epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    int  n;

    if (counts != NULL && since[0] != 0) {
        count(counts, nanoseconds(CLOCK_MONOTONIC) - since[0]);
        count(counts + STEPS, nanoseconds(CLOCK_THREAD_CPUTIME_ID)
                              - since[1]);
    }

    n = real_wait(fd, events, max, timeout);

    since[0] = nanoseconds(CLOCK_MONOTONIC);
    since[1] = nanoseconds(CLOCK_THREAD_CPUTIME_ID);

    return n;
}
