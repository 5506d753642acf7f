/*
 * The baseline of logins: bare argon2id of libsodium with the module's cost
 * in as many threads, as nice as its own.
 *
 *   hash SECONDS THREADS
 */

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench.h"


#define THREADS_MAX  256

typedef struct {
    pthread_t  thread;
    double     seconds;
    double     rate;
} hasher_t;


static void *
run(void *arg)
{
    size_t         count;
    double         start;
    hasher_t      *hasher = arg;
    unsigned char  out[32];

    static const unsigned char  salt[crypto_pwhash_SALTBYTES] = { 1 };

    (void) setpriority(PRIO_PROCESS, 0, 19);

    start = now();

    for (count = 0; now() - start < hasher->seconds; count++) {
        if (crypto_pwhash(out, sizeof(out), BENCH_PASSWORD,
                          sizeof(BENCH_PASSWORD) - 1, salt, 2,
                          (size_t) 19456 * 1024,
                          crypto_pwhash_ALG_ARGON2ID13) != 0)
        {
            return NULL;
        }
    }

    hasher->rate = (double) count / (now() - start);

    return NULL;
}


int
main(int argc, char **argv)
{
    double    rate;
    size_t    i, threads;
    hasher_t  hashers[THREADS_MAX] = { { .rate = 0 } };

    threads = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

    if (threads == 0 || threads > THREADS_MAX || sodium_init() < 0) {
        fprintf(stderr, "usage: hash SECONDS THREADS\n");
        return 2;
    }

    for (i = 0; i < threads; i++) {
        hashers[i].seconds = strtod(argv[1], NULL);

        if (pthread_create(&hashers[i].thread, NULL, run, &hashers[i]) != 0) {
            return 1;
        }
    }

    rate = 0;

    for (i = 0; i < threads; i++) {
        (void) pthread_join(hashers[i].thread, NULL);
        rate += hashers[i].rate;
    }

    printf("%.2f\n", rate);

    return 0;
}
