/*
 * Memory that fails on demand: malloc and calloc of this program. For one
 * source file of a program. Calls from libraries are let through.
 *
 *   arm(3);  ...  is_over = disarm();      the third call fails
 *
 * ThreadSanitizer has its own malloc in use before ours could be called, so
 * there it is left alone: malloc_can_fail is false.
 */

#ifndef MFA_TEST_MALLOC_H
#define MFA_TEST_MALLOC_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__SANITIZE_THREAD__)
static const bool  malloc_can_fail = false;
#else
static const bool  malloc_can_fail = true;
#endif


/* what belongs to this program, as opposed to the libraries it uses */

extern const char  __executable_start[];
extern const char  etext[];

static bool  is_armed;
static long  fail_at;           /* counts down to 1, which fails */


#if !defined(__SANITIZE_THREAD__)

static inline bool
must_fail(const void *caller)
{
    if (!is_armed || (const char *) caller < __executable_start
        || (const char *) caller >= etext)
    {
        return false;
    }

    return --fail_at == 0;
}


void *
malloc(size_t size)
{
    static void *(*real)(size_t);

    if (must_fail(__builtin_return_address(0))) {
        return NULL;
    }

    if (real == NULL) {
        *(void **) &real = dlsym(RTLD_NEXT, "malloc");
    }

    return real(size);
}


void *
calloc(size_t count, size_t size)
{
    static void *(*real)(size_t, size_t);

    if (must_fail(__builtin_return_address(0))) {
        return NULL;
    }

    if (real == NULL) {
        *(void **) &real = dlsym(RTLD_NEXT, "calloc");
    }

    return real(count, size);
}

#endif


static inline void
arm(long n)
{
    is_armed = true;
    fail_at = n;
}


static inline bool
disarm(void)
{
    is_armed = false;

    return fail_at > 0;         /* it was never reached */
}

#endif /* MFA_TEST_MALLOC_H */
