/*
 * Whose store it is: the row that names the key file (Y5, J9).
 */

#include "mfa_fixture.h"


#define KEY_A  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B  "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"


static mfa_keys_t *
keys_open(fixture_t *f, const char *text)
{
    char          path[128];
    mfa_keys_t   *keys;
    mfa_error_t   error = { "" };

    fixture_file(f, "keys", mfa_str_from(text));
    snprintf(path, sizeof(path), "%s/keys", f->dir);
    assert_int_equal(mfa_keys_open(path, &error, &keys), MFA_OK);

    return keys;
}


/* another key file, and the store is opened anew */

static mfa_status_t
open_with(fixture_t *f, const char *text)
{
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    mfa_keys_close(&f->keys);
    f->keys = keys_open(f, text);
    f->model.keys = f->keys;

    st = mfa_model_prepare(fixture_work(f), &error);

    assert_true((st == MFA_OK) == (error.text[0] == '\0'));
    assert_true((st == MFA_CONFIG)
                == (strstr(error.text, "belongs to another key") != NULL));

    return st;
}


static mfa_status_t
delete_in(mfa_tx_t *tx, void *arg)
{
    (void) arg;
    return mfa_txn_delete(tx->txn, MFA_TABLE_META, mfa_str("key"));
}


static mfa_status_t
put_in(mfa_tx_t *tx, void *arg)
{
    return mfa_txn_put(tx->txn, MFA_TABLE_META, mfa_str("key"),
                       *(mfa_str_t *) arg);
}


/* a store of before the row, with the key that comes first */

static void
begin(fixture_t *f, const char *text)
{
    assert_int_equal(mfa_update(fixture_work(f), delete_in, NULL), MFA_OK);
    assert_int_equal(open_with(f, text), MFA_OK);
}


/* Y5 */
static void
a_store_opens_with_its_own_key_alone(void **state)
{
    fixture_t  *f = *state;

    begin(f, "k1 " KEY_A "\n");
    assert_int_equal(open_with(f, "k1 " KEY_A "\n"), MFA_OK);
    assert_int_equal(open_with(f, "k1 " KEY_B "\n"), MFA_CONFIG);
    assert_int_equal(open_with(f, "k1 " KEY_B "\n"), MFA_CONFIG);
    assert_int_equal(open_with(f, "k1 " KEY_A "\n"), MFA_OK);
}


static void
the_name_of_a_key_does_not_matter(void **state)
{
    fixture_t  *f = *state;

    begin(f, "k1 " KEY_A "\n");
    assert_int_equal(open_with(f, "k9 " KEY_A "\n"), MFA_OK);
}


/* J9 */
static void
a_store_goes_with_a_key_that_is_turned(void **state)
{
    fixture_t  *f = *state;

    begin(f, "k1 " KEY_A "\n");
    assert_int_equal(open_with(f, "k1 " KEY_A "\nk2 " KEY_B "\n"), MFA_OK);
    assert_int_equal(open_with(f, "k2 " KEY_B "\n"), MFA_CONFIG);
    assert_int_equal(open_with(f, "k2 " KEY_B "\nk1 " KEY_A "\n"), MFA_OK);
    assert_int_equal(open_with(f, "k1 " KEY_A "\n"), MFA_CONFIG);
    assert_int_equal(open_with(f, "k2 " KEY_B "\n"), MFA_OK);
}


static void
a_row_that_is_damaged_or_newer_is_refused(void **state)
{
    size_t      i;
    fixture_t  *f = *state;

    static const struct {
        mfa_str_t     row;
        mfa_status_t  status;
    } bad[] = {
        { mfa_str_static("\x01\x09" "abc"), MFA_DAMAGED },
        { mfa_str_static("\x01"), MFA_DAMAGED },
        { mfa_str_static("\x01\x03" "abc"), MFA_DAMAGED },
        { mfa_str_static("\x02\x03" "abc"), MFA_NEWER }
    };

    begin(f, "k1 " KEY_A "\n");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mfa_str_t  row = bad[i].row;

        assert_int_equal(mfa_update(fixture_work(f), put_in, &row), MFA_OK);
        assert_int_equal(open_with(f, "k1 " KEY_A "\n"), bad[i].status);
    }
}


/* Y5 */
static void
a_key_that_stands_in_two_files_is_found(void **state)
{
    size_t       i;
    fixture_t   *f = *state;
    mfa_keys_t  *one, *other;

    static const struct {
        const char  *text;
        bool         is_shared;
    } files[] = {
        { "k1 " KEY_B "\n", false },
        { "k1 " KEY_A "\n", true },
        { "other " KEY_A "\n", true },
        { "k1 " KEY_B "\nold " KEY_A "\n", true }
    };

    one = keys_open(f, "k1 " KEY_A "\n");

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        other = keys_open(f, files[i].text);
        assert_int_equal(mfa_keys_are_shared(one, other),
                         files[i].is_shared);
        assert_int_equal(mfa_keys_are_shared(other, one),
                         files[i].is_shared);
        mfa_keys_close(&other);
    }

    mfa_keys_close(&one);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_store_opens_with_its_own_key_alone),
        FIXTURE_TEST(the_name_of_a_key_does_not_matter),
        FIXTURE_TEST(a_store_goes_with_a_key_that_is_turned),
        FIXTURE_TEST(a_row_that_is_damaged_or_newer_is_refused),
        FIXTURE_TEST(a_key_that_stands_in_two_files_is_found),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
