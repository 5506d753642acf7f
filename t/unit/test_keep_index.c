/*
 * The index of who reports to whom in an older store: a worker that runs on
 * finishes it, not only the next one that opens the store (A5).
 */

#include "mfa_staff_fixture.h"


static world_t   *world;
static people_t   p;


/* as of before the index; schema: what the store says of itself */

static mfa_status_t
make_old(mfa_tx_t *tx, void *arg)
{
    char           schema = *(const char *) arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_MANAGER };
    mfa_status_t   st;

    st = mfa_txn_put(tx->txn, MFA_TABLE_META, mfa_str("schema"),
                     mfa_str_bytes(&schema, 1));

    if (st == MFA_OK) {
        st = mfa_txn_delete(tx->txn, MFA_TABLE_META, mfa_str("reports"));
    }

    while (st == MFA_OK || st == MFA_NOT_FOUND) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
        if (st != MFA_OK) {
            break;
        }

        st = mfa_txn_delete(tx->txn, MFA_TABLE_MANAGER, cursor.key);
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static mfa_status_t
look(mfa_tx_t *tx, void *arg)
{
    return mfa_user_reports_ready(tx, arg);
}


static bool
is_ready(void)
{
    bool  ready = false;

    world_update(world, look, &ready);

    return ready;
}


static void
keep(bool is_sweeper)
{
    mfa_job_t  *job;

    world->now += MFA_MINUTE;

    job = mfa_job_open(world->mfa);
    assert_int_equal(mfa_keep_prepare(job, world->now, is_sweeper), MFA_OK);
    assert_int_equal(mfa_keep(job), MFA_OK);
    mfa_job_close(&job);
}


static void
a_running_sweeper_finishes_the_index(void **state)
{
    char  schema = MFA_SCHEMA;

    (void) state;

    world = staff_world("memory:again", staff_lines, &p);
    world_update(world, make_old, &schema);
    assert_false(is_ready());

    keep(false);
    assert_false(is_ready());
    keep(true);
    assert_true(is_ready());
    world_close(world);
}


/* a program that knows no index may run beside us */
static void
an_index_is_not_begun_before_its_schema(void **state)
{
    char  schema = MFA_SCHEMA - 1;

    (void) state;

    world = staff_world("memory:again", staff_lines, &p);
    world_update(world, make_old, &schema);

    keep(true);
    assert_false(is_ready());
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_running_sweeper_finishes_the_index),
        cmocka_unit_test(an_index_is_not_begun_before_its_schema),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
