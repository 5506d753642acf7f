/*
 * What the programs of the figures have in common: the people in the store,
 * and the clock.
 */

#ifndef BENCH_H
#define BENCH_H

#include <time.h>

#include "../../src/mfa.h"


#define BENCH_USER      "user%zu@example.org"
#define BENCH_PASSWORD  "correct horse 4711 staple"
#define BENCH_SECRET    "12345678901234567890"      /* of RFC 6238 */


static inline double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}

#endif /* BENCH_H */
