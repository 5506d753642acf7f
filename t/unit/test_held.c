/* Forms that came after the end of a session: whose they are, how many, and
 * that each is spent once. L9, F8, J8 */

#include "mfa_held_fixture.h"


static mfa_status_t
tx_end(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_session_end(tx, call->session.key);
}


static mfa_status_t
tx_count(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_HELD };
    mfa_status_t   st;

    call->rows = 0;
    call->is_found = false;

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        call->rows += cursor.key.len == 2 * MFA_ID_SIZE;
        call->is_found |= memmem(cursor.value.data, cursor.value.len,
                                 "kept-away", 9) != NULL
                          || memmem(cursor.value.data, cursor.value.len,
                                    "/ess/claim", 10) != NULL;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


/* the row to another person, under its own id */

static mfa_status_t
tx_move(mfa_tx_t *tx, void *arg)
{
    char           key[2 * MFA_ID_SIZE];
    call_t        *call = arg;
    mfa_str_t      record;
    mfa_status_t   st;

    memcpy(key, call->held.user.bytes, MFA_ID_SIZE);
    memcpy(key + MFA_ID_SIZE, call->held.id.bytes, MFA_ID_SIZE);

    st = mfa_txn_get(tx->txn, MFA_TABLE_HELD, mfa_str_bytes(key, sizeof(key)),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(key, call->user.id.bytes, MFA_ID_SIZE);

    return mfa_txn_put(tx->txn, MFA_TABLE_HELD,
                       mfa_str_bytes(key, sizeof(key)), record);
}


/* the record says that a later program wrote it */

static mfa_status_t
tx_newer(mfa_tx_t *tx, void *arg)
{
    char          *bytes, key[2 * MFA_ID_SIZE];
    call_t        *call = arg;
    mfa_str_t      record;
    mfa_status_t   st;

    memcpy(key, call->held.user.bytes, MFA_ID_SIZE);
    memcpy(key + MFA_ID_SIZE, call->held.id.bytes, MFA_ID_SIZE);

    st = mfa_txn_get(tx->txn, MFA_TABLE_HELD, mfa_str_bytes(key, sizeof(key)),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    bytes = (char *) (uintptr_t) record.data;
    bytes[0] = 9;

    return mfa_txn_put(tx->txn, MFA_TABLE_HELD,
                       mfa_str_bytes(key, sizeof(key)), record);
}


/* L9 */

static void
a_form_is_kept_for_who_has_or_had_the_session(void **state)
{
    char        room[sizeof(BODY)];
    call_t      call;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);

    f->now += 61 * MFA_MINUTE;              /* idle_timeout */
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_true(mfa_str_eq_c(call.found.address, ADDRESS));
    assert_true(mfa_str_eq_c(call.found.type, "text/plain"));
    assert_int_equal(call.found.size, sizeof(BODY) - 1);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_OK);
    assert_memory_equal(room, BODY, sizeof(BODY) - 1);

    update(f, tx_count, &call);             /* J8 */
    assert_false(call.is_found);
}


/* L9: a login in another browser leaves the old session where it is, for as
 * long as a form of it may come */

static void
a_login_elsewhere_does_not_lose_the_form(void **state)
{
    call_t      call, other;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");
    other = call;

    f->now += MFA_HOUR + MFA_HELD_LIFE - 1;
    update(f, tx_issue, &other);
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);

    f->now += 1;
    update(f, tx_issue, &other);
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_NOT_FOUND);
}


static void
after_a_logout_nothing_is_kept(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");
    update(f, tx_end, &call);
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_NOT_FOUND);

    begin(f, &call, "max@example.org");
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
    update(f, tx_end_all, &call);
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_NOT_FOUND);
}


static void
what_is_no_form_is_refused(void **state)
{
    char       *big;
    call_t      call;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str("")), MFA_INVALID);

    big = calloc(1, MFA_HELD_BYTES + 1);
    assert_non_null(big);
    assert_int_equal(keep(f, &call, mfa_str_bytes(big, MFA_HELD_BYTES + 1)),
                     MFA_INVALID);
    free(big);

    call.held = (mfa_held_t) { .method = mfa_str("POST") };
    assert_int_equal(mfa_held_keep(fixture_work(f), call.session.key,
                                   &call.held, mfa_str(BODY)), MFA_INVALID);
}


/* L9: nobody else's id finds it, nobody else's place opens it */

static void
another_person_finds_nothing(void **state)
{
    call_t      ann, max;
    fixture_t  *f = *state;

    begin(f, &ann, "ann@example.org");
    begin(f, &max, "max@example.org");
    assert_int_equal(keep(f, &ann, mfa_str(BODY)), MFA_OK);

    max.id = ann.id;
    assert_int_equal(get(f, &max), MFA_NOT_FOUND);
    assert_int_equal(mfa_held_discard(fixture_work(f), &max.user.id, &max.id),
                     MFA_NOT_FOUND);

    max.held = ann.held;
    update(f, tx_move, &max);
    assert_int_equal(get(f, &max), MFA_DAMAGED);
    assert_int_equal(get(f, &ann), MFA_OK);
}


static void
a_newer_record_is_refused(void **state)
{
    call_t      call;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
    update(f, tx_newer, &call);
    assert_int_equal(get(f, &call), MFA_NEWER);
}


static void
a_form_is_spent_once(void **state)
{
    char        room[sizeof(BODY)];
    call_t      call;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
    assert_int_equal(get(f, &call), MFA_OK);
    assert_int_equal(mfa_held_spend(fixture_work(f), &call.found), MFA_OK);
    assert_int_equal(mfa_held_spend(fixture_work(f), &call.found),
                     MFA_EXISTS);

    assert_int_equal(get(f, &call), MFA_OK);
    assert_true(call.found.sent_at == f->now);
    assert_int_equal(call.found.size, 0);
    assert_int_equal(mfa_held_body(fixture_work(f), &call.found, room),
                     MFA_NOT_FOUND);
    assert_int_equal(mfa_held_discard(fixture_work(f), &call.user.id,
                                      &call.id), MFA_NOT_FOUND);
}


static void
half_an_hour_is_its_time(void **state)
{
    size_t               removed;
    call_t               call;
    fixture_t           *f = *state;
    mfa_purge_cursor_t   cursor = { .len = 0 };

    begin(f, &call, "ann@example.org");
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);

    f->now += MFA_HELD_LIFE - 1;
    assert_int_equal(get(f, &call), MFA_OK);
    f->now += 1;
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);

    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                     MFA_OK);
    update(f, tx_count, &call);
    assert_int_equal(call.rows, 0);
}


static void
the_fifth_pushes_out_the_first(void **state)
{
    size_t      i;
    call_t      call;
    mfa_id_t    ids[5];
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");

    for (i = 0; i < 5; i++) {
        f->now += MFA_SECOND;
        assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
        ids[i] = call.id;
    }

    call.id = ids[0];
    assert_int_equal(get(f, &call), MFA_NOT_FOUND);
    call.id = ids[1];
    assert_int_equal(get(f, &call), MFA_OK);
}


static void
who_keeps_on_sending_is_stopped(void **state)
{
    size_t      i;
    call_t      call;
    fixture_t  *f = *state;

    begin(f, &call, "ann@example.org");

    for (i = 0; i < 30; i++) {
        assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_OK);
    }

    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_LIMITED);
}


/* the bound of all is given back by whatever removes a form */

static void
all_of_them_together_have_a_bound(void **state)
{
    char       *big;
    size_t      i;
    call_t      call;
    char        email[64];
    mfa_str_t   body;
    fixture_t  *f = *state;

    big = calloc(1, MFA_HELD_BYTES);
    assert_non_null(big);
    body = mfa_str_bytes(big, MFA_HELD_BYTES);

    for (i = 0; i < MFA_HELD_ALL / MFA_HELD_BYTES; i++) {
        snprintf(email, sizeof(email), "p%zu@example.org", i);
        begin(f, &call, email);
        assert_int_equal(keep(f, &call, body), MFA_OK);
    }

    begin(f, &call, "last@example.org");
    assert_int_equal(keep(f, &call, mfa_str(BODY)), MFA_LIMITED);

    f->now += MFA_HELD_LIFE;

    {
        size_t              removed;
        mfa_purge_cursor_t  cursor = { .len = 0 };

        assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                         MFA_OK);
    }

    assert_int_equal(keep(f, &call, body), MFA_OK);
    free(big);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_form_is_kept_for_who_has_or_had_the_session),
        each(a_login_elsewhere_does_not_lose_the_form),
        each(after_a_logout_nothing_is_kept),
        each(what_is_no_form_is_refused),
        each(another_person_finds_nothing),
        each(a_newer_record_is_refused),
        each(a_form_is_spent_once),
        each(half_an_hour_is_its_time),
        each(the_fifth_pushes_out_the_first),
        each(who_keeps_on_sending_is_stopped),
        on("lmdb", all_of_them_together_have_a_bound),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
