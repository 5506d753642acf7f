/*
 * What the tests of flows, codes, limits, messages and the purge share: each
 * test runs on its own fixture, once on LMDB and once on the engine in
 * memory, which runs every update twice.
 */

#ifndef MFA_TEST_MODEL_H
#define MFA_TEST_MODEL_H

#include "mfa_fixture.h"


static inline int
open_store(void **state)
{
    *state = fixture_open(*state);

    return 0;
}


static inline int
close_store(void **state)
{
    fixture_t  *f = *state;

    fixture_close(&f);

    return 0;
}


/* in one update; a fault is left for the caller to find in its call */

static inline void
update(fixture_t *f, mfa_tx_fn fn, void *call)
{
    mfa_status_t  st;

    st = mfa_update(fixture_work(f), fn, call);

    if (!mfa_status_is_fault(st)) {
        assert_int_equal(st, MFA_OK);
    }
}


#define on(engine, test)                                                      \
    cmocka_unit_test_prestate_setup_teardown(test, open_store, close_store,   \
                                             (void *) (uintptr_t) engine)
#define each(test)  on("lmdb", test), on("memory:again", test)

#endif /* MFA_TEST_MODEL_H */
