/*
 * Purge: what is past its time goes, and nothing else.
 */

#include "mfa_test_model.h"


#define TURNS  20
#define LOOK   100


typedef struct {
    mfa_user_t     user;
    mfa_id_t       flow;
    uint8_t        first;
    size_t         many;
    unsigned       table;
    size_t         count;
    mfa_status_t   st;
} call_t;


/* many flows with a code, a message and a booking each */

static mfa_status_t
tx_fill(mfa_tx_t *tx, void *arg)
{
    size_t             i;
    call_t            *call = arg;
    mfa_flow_t         flow;
    mfa_code_t         code;
    mfa_time_t         retry_at;
    mfa_status_t       st;
    mfa_message_t      message;
    mfa_code_place_t   place = { .purpose = mfa_str("register") };

    for (i = 0; i < call->many; i++) {
        st = mfa_flow_make(tx, mfa_str("login"), MFA_HOUR, &flow);
        if (st != MFA_OK) {
            return st;
        }

        flow.user.bytes[0] = 1;
        flow.has_user = true;

        st = mfa_flow_save(tx, &flow);
        if (st != MFA_OK) {
            return st;
        }

        place.flow = flow.id;

        st = mfa_code_issue(tx, &place, &code);
        if (st != MFA_OK) {
            return st;
        }

        message = (mfa_message_t) {
            .channel = mfa_str("mail"),
            .kind = mfa_str("code"),
            .to = mfa_str("ann@example.org"),
            .expires_at = tx->now + MFA_HOUR
        };

        st = mfa_message_queue(tx, &message);
        if (st != MFA_OK) {
            return st;
        }

        st = mfa_limit_book(tx, MFA_LIMIT_SEND_MAILBOX,
                            mfa_id_str(&flow.id), &retry_at);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = call->table };
    mfa_status_t   st;

    call->count = 0;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        call->count++;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static size_t
count(fixture_t *f, unsigned table)
{
    call_t  call = { .table = table };

    assert_int_equal(mfa_view(fixture_work(f), tx_count, &call), MFA_OK);

    return call.count;
}


static void
fill(fixture_t *f, size_t many)
{
    call_t  call = { .many = many };

    assert_int_equal(mfa_update(fixture_work(f), tx_fill, &call), MFA_OK);
}


/* several times round all tables; how many went */

static size_t
purge(fixture_t *f)
{
    int                 i;
    size_t              removed, sum = 0;
    mfa_purge_cursor_t  cursor = { .table = 0 };

    for (i = 0; i < TURNS; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, LOOK, &removed),
                         MFA_OK);
        assert_in_range(removed, 0, 50);
        sum += removed;
    }

    return sum;
}


static void
what_lives_stays(void **state)
{
    fixture_t  *f = *state;

    fill(f, 10);
    f->now += 29 * MFA_MINUTE;
    assert_int_equal(purge(f), 0);
    assert_int_equal(count(f, MFA_TABLE_FLOW), 10);
    assert_int_equal(count(f, MFA_TABLE_CODE), 10);
    assert_int_equal(count(f, MFA_TABLE_LIMIT), 10);
    assert_int_equal(count(f, MFA_TABLE_MESSAGE), 10);
}


static void
each_noun_goes_at_its_time(void **state)
{
    fixture_t  *f = *state;

    fill(f, 10);

    f->now += 30 * MFA_MINUTE;
    assert_int_equal(purge(f), 10);
    assert_int_equal(count(f, MFA_TABLE_CODE), 0);

    f->now += 30 * MFA_MINUTE;
    assert_int_equal(purge(f), 10);
    assert_int_equal(count(f, MFA_TABLE_MESSAGE), 0);

    /* an ended journey can still be told from none for an hour */

    f->now += MFA_HOUR;
    assert_int_equal(purge(f), 10);
    assert_int_equal(count(f, MFA_TABLE_FLOW), 0);
    assert_int_equal(count(f, MFA_TABLE_FLOW_USER), 0);

    f->now += MFA_DAY - 2 * MFA_HOUR - 1;
    assert_int_equal(purge(f), 0);
    f->now += 1;
    assert_int_equal(purge(f), 10);
    assert_int_equal(count(f, MFA_TABLE_LIMIT), 0);
}


static void
one_turn_removes_a_bounded_number(void **state)
{
    size_t              removed, left;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_CODE };

    fill(f, 120);
    f->now += 31 * MFA_MINUTE;

    for (left = 120; left > 0; left -= removed) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                         MFA_OK);
        assert_int_equal(removed, left > 50 ? 50 : left);
        assert_int_equal(count(f, MFA_TABLE_CODE), left - removed);
    }
}


static void
one_turn_looks_at_a_bounded_number(void **state)
{
    int                 i;
    size_t              removed;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_CODE };

    fill(f, 20);
    f->now += 31 * MFA_MINUTE;

    for (i = 0; i < 5; i++) {
        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 4, &removed),
                         MFA_OK);
        assert_int_equal(removed, 4);
    }

    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 4, &removed),
                     MFA_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(cursor.table, MFA_TABLE_LIMIT);

    /* of a table that is not looked at, or is not there any more */

    cursor.table = 31;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 4, &removed),
                     MFA_OK);
    assert_int_equal(cursor.table, MFA_TABLE_FLOW);
}


static void
an_empty_store_is_no_trouble(void **state)
{
    fixture_t  *f = *state;

    assert_int_equal(purge(f), 0);
}


static void
an_expired_message_is_told(void **state)
{
    size_t              removed;
    mfa_str_t           line;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_MESSAGE };

    fill(f, 1);
    f->now += MFA_HOUR;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, LOOK, &removed),
                     MFA_OK);

    assert_int_equal(f->work.events.lines.count, 1);
    line = f->work.events.lines.items[0];
    assert_non_null(memmem(line.data, line.len, "message.expired", 15));
    assert_null(memmem(line.data, line.len, "example.org", 11));
}


static mfa_status_t
tx_lease(mfa_tx_t *tx, void *arg)
{
    return mfa_message_lease(tx, MFA_MINUTE, arg);
}


/* a worker that is just sending it ends it in its own way */

static void
a_message_held_by_a_worker_is_left_to_it(void **state)
{
    fixture_t      *f = *state;
    mfa_message_t   message;

    fill(f, 1);
    f->now += MFA_HOUR - 1;
    assert_int_equal(mfa_update(fixture_work(f), tx_lease, &message), MFA_OK);

    f->now += 1;
    purge(f);
    assert_int_equal(count(f, MFA_TABLE_MESSAGE), 1);

    f->now += MFA_MINUTE;
    purge(f);
    assert_int_equal(count(f, MFA_TABLE_MESSAGE), 0);
}


static mfa_status_t
tx_damage(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_str_t      key = mfa_str("\000\000\000\000");
    mfa_status_t   st;

    st = mfa_txn_put(tx->txn, call->table, key, mfa_str("\001\377\377"));

    if (st == MFA_OK) {
        st = mfa_txn_put(tx->txn, call->table, mfa_str("\000\000\000\001"),
                         mfa_str("\002newer"));
    }

    return st;
}


static void
what_cannot_be_read_stays_and_stops_nobody(void **state)
{
    size_t      i;
    call_t      call = { .table = 0 };
    fixture_t  *f = *state;

    static const unsigned  tables[] = {
        MFA_TABLE_SESSION, MFA_TABLE_FLOW, MFA_TABLE_CODE, MFA_TABLE_LIMIT,
        MFA_TABLE_MESSAGE, MFA_TABLE_USER
    };

    fill(f, 10);

    for (i = 0; i < 6; i++) {
        call.table = tables[i];
        assert_int_equal(mfa_update(fixture_work(f), tx_damage, &call),
                         MFA_OK);
    }

    f->now += 2 * MFA_DAY;
    purge(f);

    for (i = 0; i < 6; i++) {
        assert_int_equal(count(f, tables[i]), 2);
    }
}


/*
 * Between the look and the removal a record may come to life again. Here the
 * clock stands later for the look than for the update.
 */

static mfa_time_t
early_second_time(void *ctx)
{
    fixture_t  *f = ctx;
    mfa_time_t  now = f->now;

    f->now = FIXTURE_NOW;

    return now;
}


static void
what_came_back_meanwhile_stays(void **state)
{
    size_t              removed;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_CODE };

    fill(f, 10);
    f->now += MFA_HOUR;
    f->ports.now = early_second_time;

    assert_int_equal(mfa_purge(fixture_work(f), &cursor, LOOK, &removed),
                     MFA_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(f->now, FIXTURE_NOW);
    assert_int_equal(count(f, MFA_TABLE_CODE), 10);
}


static mfa_status_t
tx_session(mfa_tx_t *tx, void *arg)
{
    call_t         *call = arg;
    mfa_str_t       token;
    mfa_session_t   session = { .user = call->user.id };

    return mfa_session_issue(tx, &call->user, &session, &token);
}


static void
old_sessions_go_with_their_index(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    fixture_user(f, "ann@example.org", &call.user);
    assert_int_equal(mfa_update(fixture_work(f), tx_session, &call), MFA_OK);

    f->now += 50 * MFA_MINUTE;
    assert_int_equal(mfa_update(fixture_work(f), tx_session, &call), MFA_OK);
    purge(f);
    assert_int_equal(count(f, MFA_TABLE_SESSION), 2);

    f->now += 30 * MFA_DAY;
    purge(f);
    assert_int_equal(count(f, MFA_TABLE_SESSION), 0);
    assert_int_equal(count(f, MFA_TABLE_SESSION_USER), 0);
    assert_int_equal(count(f, MFA_TABLE_USER), 1);
}


static mfa_status_t
tx_user_save(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_user_save(tx, &call->user, NULL);
}


static mfa_status_t
tx_user_get(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->st = mfa_user_get(tx, &call->user.id, &call->user);

    return MFA_OK;
}


static mfa_status_t
tx_factor(mfa_tx_t *tx, void *arg)
{
    call_t               *call = arg;
    mfa_factor_record_t   record = { .user = call->user.id };

    record.kind = mfa_str("totp");
    record.secret = mfa_str("12345678901234567890");
    record.added_at = tx->now;

    return mfa_factor_record_put(tx, &record);
}


/* a password and no factor; not registered, not on the roster */

static call_t
unfinished(fixture_t *f, const char *email)
{
    call_t  call = { .st = MFA_OK };

    fixture_user(f, email, &call.user);
    call.user.password = mfa_str("k1$argon2id$v=19$m=19456,t=2,p=1$AA$AA");
    call.user.password_at = f->now;
    call.user.registered_at = 0;
    call.user.is_on_roster = false;
    memset(call.user.browser, 9, MFA_DIGEST_SIZE);

    assert_int_equal(mfa_update(fixture_work(f), tx_user_save, &call),
                     MFA_OK);

    return call;
}


static void
save(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_update(fixture_work(f), tx_user_save, call), MFA_OK);
}


static mfa_status_t
read_user(fixture_t *f, call_t *call)
{
    assert_int_equal(mfa_view(fixture_work(f), tx_user_get, call), MFA_OK);

    return call->st;
}


/* C2, R6: an account without a factor stays 90 days */

static void
an_unfinished_user_goes_after_its_time(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    call = unfinished(f, "ann@example.org");

    f->now += 90 * MFA_DAY - 1;
    assert_int_equal(purge(f), 0);
    assert_int_equal(read_user(f, &call), MFA_OK);

    f->now += 1;
    assert_int_equal(purge(f), 1);
    assert_int_equal(read_user(f, &call), MFA_NOT_FOUND);
    assert_int_equal(count(f, MFA_TABLE_USER_EMAIL), 0);
}


/* C2: the person stays on the roster, the password of whoever came goes */

static void
an_unfinished_user_of_the_roster_is_wiped(void **state)
{
    size_t      i;
    call_t      call;
    fixture_t  *f = *state;

    call = unfinished(f, "ann@example.org");
    call.user.is_on_roster = true;
    save(f, &call);

    f->now += 90 * MFA_DAY;
    assert_int_equal(purge(f), 1);
    assert_int_equal(read_user(f, &call), MFA_OK);
    assert_int_equal(call.user.password.len, 0);
    assert_true(call.user.is_on_roster);
    assert_true(mfa_str_eq_c(call.user.email, "ann@example.org"));

    for (i = 0; i < MFA_DIGEST_SIZE; i++) {
        assert_int_equal(call.user.browser[i], 0);
    }

    assert_int_equal(purge(f), 0);
}


/* R9: what the operator imported is not somebody's unfinished journey */

static void
finished_and_held_users_stay(void **state)
{
    size_t      i;
    call_t      call[6];
    fixture_t  *f = *state;

    call[0] = unfinished(f, "registered@example.org");
    call[0].user.registered_at = f->now;
    save(f, &call[0]);

    call[1] = unfinished(f, "factor@example.org");
    assert_int_equal(mfa_update(fixture_work(f), tx_factor, &call[1]),
                     MFA_OK);

    call[2] = unfinished(f, "locked@example.org");
    call[2].user.is_locked = true;
    save(f, &call[2]);

    call[3] = unfinished(f, "disabled@example.org");
    call[3].user.is_disabled = true;
    save(f, &call[3]);

    call[4] = unfinished(f, "imported@example.org");
    call[4].user.is_on_roster = true;
    memset(call[4].user.browser, 0, MFA_DIGEST_SIZE);
    save(f, &call[4]);

    call[5] = unfinished(f, "back@example.org");
    call[5].user.login_at = f->now + 80 * MFA_DAY;
    save(f, &call[5]);

    /* what told of the two who may not log in any more */

    f->now += MFA_REVOKED_KEEP;
    assert_int_equal(purge(f), 2);

    f->now += 100 * MFA_DAY;
    assert_int_equal(purge(f), 0);

    for (i = 0; i < 6; i++) {
        assert_int_equal(read_user(f, &call[i]), MFA_OK);
        assert_true(call[i].user.password.len > 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(what_lives_stays),
        each(each_noun_goes_at_its_time),
        each(one_turn_removes_a_bounded_number),
        each(one_turn_looks_at_a_bounded_number),
        each(an_empty_store_is_no_trouble),
        each(an_expired_message_is_told),
        each(a_message_held_by_a_worker_is_left_to_it),
        each(what_cannot_be_read_stays_and_stops_nobody),
        each(what_came_back_meanwhile_stays),
        each(old_sessions_go_with_their_index),
        each(an_unfinished_user_goes_after_its_time),
        each(an_unfinished_user_of_the_roster_is_wiped),
        each(finished_and_held_users_stay)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
