/*
 * The line "store" of a realm.
 */

#include "mfa_test_store.h"


static void
wrong_settings_are_refused(void **state)
{
    size_t                 i;
    mfa_error_t            error;
    mfa_arena_t           *arena;
    mfa_store_settings_t   settings;
    static const char     *bad[] = {
        "lmdb", "lmdb:", "oracle:x", ":x", "lmdb:/x size=1", "lmdb:/x what=1",
        "lmdb:/x limit=2g size=1g", "lmdb:/x readers=0", "lmdb:/x readers=-1",
        "lmdb:/x limit=1k", "lmdb:/x 5", "lmdb:/x readers=", "lmdbx:/x",
    };

    (void) state;

    arena = mfa_arena_open(ARENA_MAX);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error.text[0] = '\0';
        assert_int_equal(apply(bad[i], "", arena, &settings, &error),
                         MFA_CONFIG);
        assert_int_not_equal(error.text[0], '\0');
    }

    assert_int_equal(apply("lmdb:store", "", arena, &settings, &error),
                     MFA_OK);
    assert_str(settings.place, "/store");
    assert_int_equal(settings.size, (int64_t) 64 << 30);
    assert_int_equal(settings.limit, (int64_t) 4 << 30);
    assert_int_equal(settings.readers, 8448);

    assert_int_equal(apply("memory:store", "size=8g limit=2m readers=3", arena,
                           &settings, &error), MFA_OK);
    assert_str(settings.place, "store");
    assert_int_equal(settings.size, (int64_t) 8 << 30);
    assert_int_equal(settings.limit, 2 << 20);
    assert_int_equal(settings.readers, 3);

    mfa_arena_close(&arena);
}


static void
closing_nothing_is_fine(void **state)
{
    mfa_store_t  *store;

    (void) state;

    store = NULL;
    mfa_store_close(&store);
    assert_null(store);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(closing_nothing_is_fine),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("store_options", tests, NULL, NULL);
}
