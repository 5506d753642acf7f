/* A5: the people who report to somebody, by the index of the roster's
 * column, and how a store of before it gets it. */

#include "mfa_fixture.h"

#include "../../src/flow/mfa_flow.h"


#define ANN   "ann.employee@example.org"
#define BEN   "ben.employee@example.org"
#define MAX   "max.manager@example.org"
#define HOME  "max.home@example.org"
#define ZOE   "zoe.manager@example.org"

#define PEOPLE  10000
#define BATCH   1000


static mfa_status_t
save_in(mfa_tx_t *tx, void *arg)
{
    return mfa_user_save(tx, arg, NULL);
}


static mfa_status_t
delete_in(mfa_tx_t *tx, void *arg)
{
    return mfa_user_delete(tx, arg);
}


static void
save(fixture_t *f, mfa_user_t *user)
{
    assert_int_equal(mfa_update(fixture_work(f), save_in, user), MFA_OK);
}


static void
reports_to(fixture_t *f, mfa_user_t *user, const char *manager)
{
    user->manager = mfa_str_from(manager);
    save(f, user);
}


/* what the index says, and what the page of a manager makes of it */

typedef struct {
    const mfa_user_t  *manager;
    size_t             count;
    mfa_id_t           first;
    bool               is_ready;
} team_t;


static mfa_status_t
team_in(mfa_tx_t *tx, void *arg)
{
    team_t                *team = arg;
    mfa_user_t             user;
    mfa_status_t           st;
    mfa_reports_cursor_t   cursor = { .address = 0 };

    team->count = 0;

    st = mfa_user_reports_ready(tx, &team->is_ready);

    while (st == MFA_OK) {
        st = mfa_user_reports_next(tx, team->manager, &cursor, &user);

        if (st == MFA_OK && team->count++ == 0) {
            team->first = user.id;
        }
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static void
check_team(fixture_t *f, const mfa_user_t *manager, size_t count)
{
    team_t             team = { .manager = manager };
    mfa_staff_found_t  found;

    assert_int_equal(mfa_view(fixture_work(f), team_in, &team), MFA_OK);
    assert_true(team.is_ready);
    assert_int_equal(team.count, count);

    assert_int_equal(mfa_staff_team(fixture_work(f), manager, MFA_STAFF_MOST,
                                    MFA_MINUTE, &found), MFA_OK);
    assert_int_equal(found.count, count);

    if (count > 0) {
        assert_memory_equal(&found.ids[0], &team.first, sizeof(mfa_id_t));
    }
}


static mfa_status_t
entries_in(mfa_tx_t *tx, void *arg)
{
    size_t        *count = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_MANAGER };
    mfa_status_t   st;

    for (*count = 0;
         (st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK;
         (*count)++)
    {
        assert_int_equal(cursor.key.len, MFA_DIGEST_SIZE + MFA_ID_SIZE);
        assert_int_equal(cursor.value.len, 0);
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static size_t
entries(fixture_t *f)
{
    size_t  count;

    assert_int_equal(mfa_view(fixture_work(f), entries_in, &count), MFA_OK);

    return count;
}


static void
a_change_of_manager_moves_a_person(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, max, zoe;

    fixture_user(f, ANN, &ann);
    fixture_user(f, MAX, &max);
    fixture_user(f, ZOE, &zoe);
    check_team(f, &max, 0);

    reports_to(f, &ann, MAX);
    check_team(f, &max, 1);
    check_team(f, &zoe, 0);
    check_team(f, &ann, 0);

    reports_to(f, &ann, MAX);
    assert_int_equal(entries(f), 1);

    reports_to(f, &ann, ZOE);
    check_team(f, &max, 0);
    check_team(f, &zoe, 1);
    assert_int_equal(entries(f), 1);

    reports_to(f, &ann, "");
    check_team(f, &zoe, 0);
    assert_int_equal(entries(f), 0);
}


static void
any_address_of_the_manager_counts(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, ben, max, zoe;

    fixture_user(f, ANN, &ann);
    fixture_user(f, BEN, &ben);
    fixture_user(f, MAX, &max);
    fixture_user(f, ZOE, &zoe);
    reports_to(f, &ann, MAX);
    reports_to(f, &ben, HOME);
    check_team(f, &max, 1);

    assert_int_equal(mfa_strs_add(f->arena, &max.other_emails,
                                  mfa_str(HOME)), MFA_OK);
    save(f, &max);
    check_team(f, &max, 2);

    /* the other way round, and one that is no longer theirs */

    max.email = mfa_str(HOME);
    max.other_emails = (mfa_strs_t) { NULL, 0 };
    save(f, &max);
    check_team(f, &max, 1);

    /* who has the address now is the manager now */

    zoe.email = mfa_str(MAX);
    save(f, &zoe);
    check_team(f, &zoe, 1);

    /* without any address there is nobody */

    max.email = mfa_null;
    save(f, &max);
    check_team(f, &max, 0);
}


static void
who_is_deleted_leaves_no_entry(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, ben, max;

    fixture_user(f, ANN, &ann);
    fixture_user(f, BEN, &ben);
    fixture_user(f, MAX, &max);
    reports_to(f, &ann, MAX);
    reports_to(f, &ben, MAX);

    assert_int_equal(mfa_update(fixture_work(f), delete_in, &ann.id), MFA_OK);
    check_team(f, &max, 1);
    assert_int_equal(entries(f), 1);

    assert_int_equal(mfa_update(fixture_work(f), delete_in, &max.id), MFA_OK);
    assert_int_equal(mfa_update(fixture_work(f), delete_in, &ben.id), MFA_OK);
    assert_int_equal(entries(f), 0);
}


/* an older program that runs beside us deletes a user and knows no index */

static mfa_status_t
delete_bare_in(mfa_tx_t *tx, void *arg)
{
    return mfa_txn_delete(tx->txn, MFA_TABLE_USER, mfa_id_str(arg));
}


static mfa_status_t
put_wrong_in(mfa_tx_t *tx, void *arg)
{
    uint8_t      key[MFA_DIGEST_SIZE + MFA_ID_SIZE];
    mfa_user_t  *user = arg;

    assert_int_equal(mfa_sha256(mfa_str(MAX), key), MFA_OK);
    memcpy(key + MFA_DIGEST_SIZE, user->id.bytes, MFA_ID_SIZE);

    return mfa_txn_put(tx->txn, MFA_TABLE_MANAGER,
                       mfa_str_bytes(key, sizeof(key)), mfa_null);
}


static void
an_entry_without_its_record_gives_nobody(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, ben, max, zoe;

    fixture_user(f, ANN, &ann);
    fixture_user(f, BEN, &ben);
    fixture_user(f, MAX, &max);
    fixture_user(f, ZOE, &zoe);
    reports_to(f, &ann, MAX);
    reports_to(f, &ben, MAX);

    assert_int_equal(mfa_update(fixture_work(f), delete_bare_in, &ann.id),
                     MFA_OK);
    check_team(f, &max, 1);

    /* an entry alone makes nobody a report */

    assert_int_equal(mfa_update(fixture_work(f), put_wrong_in, &zoe), MFA_OK);
    assert_int_equal(entries(f), 3);
    check_team(f, &max, 1);
}


/* the store as the last version left it */

static mfa_status_t
make_old_in(mfa_tx_t *tx, void *arg)
{
    size_t        *left = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_MANAGER };
    mfa_status_t   st;

    for (*left = BATCH;
         *left > 0 && (st = mfa_txn_next(tx->txn, &cursor, tx->work->arena))
                      == MFA_OK;
         (*left)--)
    {
        st = mfa_txn_delete(tx->txn, MFA_TABLE_MANAGER, cursor.key);
        assert_int_equal(st, MFA_OK);
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_META, mfa_str("reports"));
    assert_true(st == MFA_OK || st == MFA_NOT_FOUND);

    return mfa_txn_put(tx->txn, MFA_TABLE_META, mfa_str("schema"),
                       mfa_str("\x01"));
}


static void
make_old(fixture_t *f)
{
    size_t  left;

    do {
        assert_int_equal(mfa_update(fixture_work(f), make_old_in, &left),
                         MFA_OK);
    } while (left == 0);
}


static mfa_status_t
ready_in(mfa_tx_t *tx, void *arg)
{
    return mfa_user_reports_ready(tx, arg);
}


static bool
is_ready(fixture_t *f)
{
    bool  is = true;

    assert_int_equal(mfa_view(fixture_work(f), ready_in, &is), MFA_OK);

    return is;
}


static void
prepare(fixture_t *f)
{
    mfa_error_t  error = { "" };

    assert_int_equal(mfa_model_prepare(fixture_work(f), &error), MFA_OK);
    assert_string_equal(error.text, "");
}


/* every tenth reports to Max */

static mfa_status_t
crowd_in(mfa_tx_t *tx, void *arg)
{
    size_t        i, *first = arg;
    mfa_user_t    user;
    mfa_status_t  st;

    for (i = *first, st = MFA_OK; i < *first + BATCH && st == MFA_OK; i++) {
        st = mfa_user_make(tx, &user);

        user.user = mfa_arena_printf(tx->work->arena, "person%zu", i);
        user.email = mfa_arena_printf(tx->work->arena,
                                      "person%zu@example.org", i);
        user.manager = i % 10 == 0 ? mfa_str(MAX) : mfa_str(ZOE);
        user.is_on_roster = true;

        if (st == MFA_OK) {
            st = mfa_user_add(tx, &user, NULL);
        }
    }

    return st;
}


static void
crowd(fixture_t *f)
{
    size_t        first;
    mfa_work_t    work;
    mfa_status_t  st;

    for (first = 0; first < PEOPLE; first += BATCH) {
        work = *fixture_work(f);
        work.arena = mfa_arena_open(FIXTURE_ARENA);
        assert_non_null(work.arena);
        st = mfa_update(&work, crowd_in, &first);
        mfa_arena_close(&work.arena);
        assert_int_equal(st, MFA_OK);
    }
}


static mfa_time_t
passing_now(void *ctx)
{
    fixture_t  *f = ctx;

    return f->now += 100;
}


/* J14: what came before goes on working, and is brought forward in steps */

static void
an_older_store_gets_its_index_in_short_steps(void **state)
{
    uint64_t            before, after;
    fixture_t          *f = *state;
    mfa_user_t          max;
    mfa_staff_found_t   found;

    fixture_user(f, MAX, &max);
    crowd(f);
    assert_int_equal(entries(f), PEOPLE);

    make_old(f);
    assert_int_equal(entries(f), 0);
    assert_false(is_ready(f));

    /* as long as there is none people are found as they were before */

    assert_int_equal(mfa_staff_team(fixture_work(f), &max, 3, MFA_MINUTE,
                                    &found), MFA_OK);
    assert_int_equal(found.count, 3);

    /* a second is over before the end: the next one goes on */

    f->ports.now = passing_now;
    prepare(f);
    f->ports.now = fixture_port_now;
    assert_false(is_ready(f));
    assert_in_range(entries(f), 1, PEOPLE - 1);

    assert_int_equal(mfa_store_version(f->store, &before), MFA_OK);
    prepare(f);
    assert_int_equal(mfa_store_version(f->store, &after), MFA_OK);
    assert_true(is_ready(f));
    assert_int_equal(entries(f), PEOPLE);
    assert_true(after - before > 3);

    assert_int_equal(mfa_staff_team(fixture_work(f), &max, MFA_STAFF_MOST,
                                    MFA_MINUTE, &found), MFA_OK);
    assert_int_equal(found.count, MFA_STAFF_MOST);
    assert_true(found.has_more);

    /* and there is nothing to do any more */

    prepare(f);
    assert_int_equal(mfa_store_version(f->store, &before), MFA_OK);
    assert_int_equal(before, after);
}


static void
who_is_saved_while_it_is_made_is_in_it(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, ben, max;

    fixture_user(f, ANN, &ann);
    fixture_user(f, BEN, &ben);
    fixture_user(f, MAX, &max);
    reports_to(f, &ann, MAX);
    make_old(f);

    save(f, &ann);
    assert_int_equal(entries(f), 1);
    reports_to(f, &ben, MAX);
    prepare(f);
    check_team(f, &max, 2);
}


static mfa_status_t
damage_in(mfa_tx_t *tx, void *arg)
{
    return mfa_txn_put(tx->txn, MFA_TABLE_USER, mfa_id_str(arg),
                       mfa_str("\x01garbage"));
}


static void
a_damaged_record_does_not_stop_the_making(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, ben, max;

    fixture_user(f, ANN, &ann);
    fixture_user(f, BEN, &ben);
    fixture_user(f, MAX, &max);
    reports_to(f, &ann, MAX);
    reports_to(f, &ben, MAX);
    make_old(f);
    assert_int_equal(mfa_update(fixture_work(f), damage_in, &ben.id), MFA_OK);

    prepare(f);
    check_team(f, &max, 1);
}


static mfa_status_t
damage_mark_in(mfa_tx_t *tx, void *arg)
{
    (void) arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_META, mfa_str("reports"),
                       mfa_str("\xff"));
}


/* the gate opens without it */

static void
a_mark_that_cannot_be_read_closes_nothing(void **state)
{
    fixture_t  *f = *state;

    assert_int_equal(mfa_update(fixture_work(f), damage_mark_in, NULL),
                     MFA_OK);
    prepare(f);
    assert_non_null(strstr(f->log, "who reports to whom"));
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_change_of_manager_moves_a_person),
        FIXTURE_TEST(any_address_of_the_manager_counts),
        FIXTURE_TEST(who_is_deleted_leaves_no_entry),
        FIXTURE_TEST(an_entry_without_its_record_gives_nobody),
        FIXTURE_TEST_ON(an_older_store_gets_its_index_in_short_steps, "lmdb"),
        FIXTURE_TEST(who_is_saved_while_it_is_made_is_in_it),
        FIXTURE_TEST(a_damaged_record_does_not_stop_the_making),
        FIXTURE_TEST(a_mark_that_cannot_be_read_closes_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
