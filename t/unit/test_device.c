/*
 * Devices: remembered browsers, what they are worth and to whom.
 */

#include "mfa_test_model.h"

#define REMEMBER  (30 * MFA_DAY)


typedef struct {
    mfa_id_t              user;
    mfa_id_t              id;
    mfa_device_t          device;
    mfa_str_t             text;
    mfa_str_t             cookie;
    mfa_device_answer_t   answer;
    mfa_device_t         *devices;
    size_t                count;
    mfa_str_t             found;            /* all bytes of the table */
    mfa_str_t             key;
    mfa_str_t             bytes;
    mfa_user_t           *owner;
    mfa_status_t          st;
} call_t;


static mfa_status_t
answered(call_t *call, mfa_status_t st)
{
    call->st = st;

    return mfa_status_is_fault(st) ? st : MFA_OK;
}


static mfa_status_t
tx_make(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    call->device = (mfa_device_t) { .agent = mfa_str("Firefox on Windows") };

    return answered(call, mfa_device_make(tx, &call->user, &call->device,
                                          &call->cookie));
}


static mfa_status_t
tx_use(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_device_use(tx, &call->user, call->text,
                                         &call->answer, &call->cookie));
}


static mfa_status_t
tx_list(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_device_list(tx, &call->user, &call->devices,
                                          &call->count));
}


static mfa_status_t
tx_delete(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_device_delete(tx, &call->user, &call->id));
}


static mfa_status_t
tx_delete_all(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_device_delete_all(tx, &call->user));
}


static mfa_status_t
tx_all_bytes(mfa_tx_t *tx, void *arg)
{
    call_t        *call = arg;
    mfa_buf_t      buf;
    mfa_cursor_t   cursor = { .table = MFA_TABLE_DEVICE };
    mfa_status_t   st;

    call->count = 0;
    mfa_buf_init(&buf, tx->work->arena, 65536);

    while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena)) == MFA_OK) {
        mfa_buf_put(&buf, cursor.key);
        mfa_buf_put(&buf, cursor.value);
        call->key = cursor.key;
        call->count++;
    }

    return st == MFA_NOT_FOUND ? mfa_buf_str(&buf, &call->found) : st;
}


static mfa_status_t
tx_raw_put(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_DEVICE, call->key, call->bytes);
}


static mfa_status_t
tx_end_all(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_session_end_all(tx, call->owner));
}


static mfa_status_t
tx_user_delete(mfa_tx_t *tx, void *arg)
{
    call_t  *call = arg;

    return answered(call, mfa_user_delete(tx, &call->owner->id));
}


static call_t
of(uint8_t user)
{
    call_t  call = { .st = MFA_OK };

    memset(call.user.bytes, user, MFA_ID_SIZE);

    return call;
}


/* the text of the cookie of a new one */

static mfa_str_t
make(fixture_t *f, call_t *call)
{
    f->settings.remember_device = REMEMBER;
    update(f, tx_make, call);
    assert_int_equal(call->st, MFA_OK);
    assert_int_equal(call->cookie.len, MFA_DEVICE_TEXT);

    return call->cookie;
}


static mfa_device_answer_t
use(fixture_t *f, call_t *call, mfa_str_t text)
{
    call->text = text;
    call->answer = MFA_DEVICE_GOOD;
    update(f, tx_use, call);
    assert_int_equal(call->st, MFA_OK);

    return call->answer;
}


static size_t
count(fixture_t *f, uint8_t user)
{
    call_t  call = of(user);

    update(f, tx_list, &call);
    assert_int_equal(call.st, MFA_OK);

    return call.count;
}


static size_t
rows(fixture_t *f)
{
    call_t  call = of(0);

    update(f, tx_all_bytes, &call);

    return call.count;
}


/* L13 */

static void
a_remembered_device_is_good_and_changes_its_token(void **state)
{
    int         i;
    call_t      call = of(1);
    mfa_str_t   text, next;
    fixture_t  *f = *state;

    text = make(f, &call);
    assert_int_equal(call.device.made_at, f->now);
    assert_int_equal(call.device.expires_at, f->now + REMEMBER);
    assert_int_equal(call.device.address.len, 4);

    for (i = 0; i < 5; i++) {
        f->now += 3 * MFA_DAY;
        assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);
        next = call.cookie;
        assert_int_equal(next.len, MFA_DEVICE_TEXT);
        assert_false(mfa_str_eq(text, next));
        text = next;
    }
}


/* L13: it is no way round the end that was set when it was made */

static void
a_device_ends_though_it_is_used(void **state)
{
    call_t      call = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &call);
    f->now += REMEMBER - 1;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);
    text = call.cookie;
    assert_int_equal(count(f, 1), 1);

    f->settings.remember_device = 3 * REMEMBER;
    f->now += 1;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_UNKNOWN);
    assert_int_equal(count(f, 1), 0);

    f->now += MFA_SECOND;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_UNKNOWN);
    f->now -= 10 * MFA_DAY;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_UNKNOWN);
}


/* L13: a copy of the cookie is found out by whoever comes second */

static void
a_token_that_was_replaced_ends_all_devices_of_its_user(void **state)
{
    call_t      call = of(1), other = of(2);
    mfa_str_t   stolen, fresh, second, others;
    fixture_t  *f = *state;

    stolen = make(f, &call);
    second = make(f, &call);
    others = make(f, &other);

    f->now += MFA_HOUR;
    assert_int_equal(use(f, &call, stolen), MFA_DEVICE_GOOD);
    fresh = call.cookie;

    f->now += 60 * MFA_SECOND;
    assert_int_equal(use(f, &call, stolen), MFA_DEVICE_COPIED);
    assert_int_equal(call.cookie.len, 0);

    assert_int_equal(use(f, &call, fresh), MFA_DEVICE_UNKNOWN);
    assert_int_equal(use(f, &call, second), MFA_DEVICE_UNKNOWN);
    assert_int_equal(use(f, &other, others), MFA_DEVICE_GOOD);
    assert_int_equal(count(f, 1), 0);
}


/* not only the last one before, and never within the grace */

static void
a_token_of_long_ago_is_a_copy_at_once(void **state)
{
    call_t      call = of(1);
    mfa_str_t   stolen;
    fixture_t  *f = *state;

    stolen = make(f, &call);
    assert_int_equal(use(f, &call, stolen), MFA_DEVICE_GOOD);
    assert_int_equal(use(f, &call, call.cookie), MFA_DEVICE_GOOD);
    assert_int_equal(use(f, &call, stolen), MFA_DEVICE_COPIED);
    assert_int_equal(rows(f), 0);
}


static void
two_tabs_that_log_in_at_once_are_both_good(void **state)
{
    call_t      call = of(1);
    mfa_str_t   text, fresh;
    fixture_t  *f = *state;

    text = make(f, &call);
    f->now += MFA_HOUR;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);
    fresh = call.cookie;

    f->now += 60 * MFA_SECOND - 1;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);
    assert_int_equal(call.cookie.len, 0);

    /* that did not prolong the grace */

    f->now += 1;
    assert_int_equal(use(f, &call, fresh), MFA_DEVICE_GOOD);
    assert_int_equal(use(f, &call, text), MFA_DEVICE_COPIED);
}


/* L13: nobody else's second factor is skipped, nobody else's device ended */

static void
a_device_is_of_one_user(void **state)
{
    call_t      call = of(1), other = of(2);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &call);
    assert_int_equal(use(f, &other, text), MFA_DEVICE_UNKNOWN);
    assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);

    other.id = call.device.id;
    update(f, tx_delete, &other);
    assert_int_equal(other.st, MFA_NOT_FOUND);
    assert_int_equal(count(f, 1), 1);
}


static void
what_is_no_cookie_is_unknown(void **state)
{
    size_t      i;
    char        bad[MFA_DEVICE_TEXT + 2];
    call_t      call = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &call);
    memset(bad, 'A', sizeof(bad));

    for (i = 0; i <= MFA_DEVICE_TEXT + 1; i++) {
        assert_int_equal(use(f, &call, mfa_str_bytes(bad, i)),
                         MFA_DEVICE_UNKNOWN);
    }

    bad[5] = '=';
    assert_int_equal(use(f, &call, mfa_str_bytes(bad, MFA_DEVICE_TEXT)),
                     MFA_DEVICE_UNKNOWN);
    assert_int_equal(use(f, &call, mfa_str_bytes(text.data, 63)),
                     MFA_DEVICE_UNKNOWN);
    assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);
}


static void
nothing_is_remembered_where_it_is_off(void **state)
{
    call_t      call = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &call);
    f->settings.remember_device = 0;

    assert_int_equal(use(f, &call, text), MFA_DEVICE_UNKNOWN);
    assert_int_equal(count(f, 1), 0);
    update(f, tx_make, &call);
    assert_int_equal(call.st, MFA_INVALID);
    assert_int_equal(rows(f), 1);

    /* a shorter time is one for those that are known already */

    f->settings.remember_device = 2 * MFA_DAY;
    f->now += 2 * MFA_DAY - 1;
    assert_int_equal(count(f, 1), 1);
    f->now += 1;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_UNKNOWN);
    assert_int_equal(count(f, 1), 0);
}


/* J8: a copy of the store opens nothing */

static void
no_token_is_in_the_store(void **state)
{
    char        raw[48];
    call_t      call = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &call);
    assert_int_equal(mfa_base64url_decode_fixed(text, (uint8_t *) raw,
                                                sizeof(raw)), MFA_OK);
    update(f, tx_all_bytes, &call);
    assert_null(memmem(call.found.data, call.found.len, raw + 16, 32));
    assert_null(memmem(call.found.data, call.found.len, text.data + 24, 20));
}


static void
the_one_unused_for_longest_makes_room(void **state)
{
    int         i;
    call_t      call = of(1);
    mfa_str_t   texts[MFA_DEVICES_MAX + 1];
    fixture_t  *f = *state;

    for (i = 0; i < MFA_DEVICES_MAX; i++) {
        texts[i] = make(f, &call);
        f->now += MFA_HOUR;
    }

    assert_int_equal(use(f, &call, texts[0]), MFA_DEVICE_GOOD);
    texts[0] = call.cookie;
    f->now += MFA_HOUR;

    texts[MFA_DEVICES_MAX] = make(f, &call);
    assert_int_equal(count(f, 1), MFA_DEVICES_MAX);
    assert_int_equal(rows(f), MFA_DEVICES_MAX);
    assert_int_equal(use(f, &call, texts[1]), MFA_DEVICE_UNKNOWN);
    assert_int_equal(use(f, &call, texts[0]), MFA_DEVICE_GOOD);
    assert_int_equal(use(f, &call, texts[MFA_DEVICES_MAX]), MFA_DEVICE_GOOD);
}


/* S3 */

static void
devices_are_listed_last_used_first_and_ended_one_by_one(void **state)
{
    call_t      first = of(1), second = of(1), call = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &first);
    f->now += MFA_HOUR;
    make(f, &second);

    update(f, tx_list, &call);
    assert_int_equal(call.count, 2);
    assert_memory_equal(call.devices[0].id.bytes, second.device.id.bytes,
                        MFA_ID_SIZE);
    assert_true(mfa_str_eq_c(call.devices[0].agent, "Firefox on Windows"));
    assert_int_equal(call.devices[0].made_at, f->now);

    f->now += MFA_HOUR;
    f->address.bytes[3] = 9;
    assert_int_equal(use(f, &call, text), MFA_DEVICE_GOOD);
    update(f, tx_list, &call);
    assert_memory_equal(call.devices[0].id.bytes, first.device.id.bytes,
                        MFA_ID_SIZE);
    assert_int_equal(call.devices[0].used_at, f->now);
    assert_int_equal(call.devices[0].address.bytes[3], 9);
    assert_int_equal(call.devices[0].expires_at, FIXTURE_NOW + REMEMBER);

    call.id = first.device.id;
    update(f, tx_delete, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(count(f, 1), 1);
    update(f, tx_delete, &call);
    assert_int_equal(call.st, MFA_NOT_FOUND);

    update(f, tx_delete_all, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(count(f, 1), 0);
}


/* nobody is kept from logging in the long way, and nothing is skipped */

static void
a_row_that_cannot_be_read_is_worth_nothing(void **state)
{
    size_t      i;
    call_t      call = of(1), good = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    static const mfa_str_t  rows_of[] = {
        mfa_str_static("\001damaged"), mfa_str_static("\002newer"),
        mfa_str_static("")
    };

    text = make(f, &call);

    for (i = 0; i < 3; i++) {
        update(f, tx_all_bytes, &call);
        call.bytes = rows_of[i];
        update(f, tx_raw_put, &call);
        assert_int_equal(use(f, &call, text), MFA_DEVICE_UNKNOWN);
        assert_int_equal(count(f, 1), 0);
    }

    make(f, &good);
    assert_int_equal(count(f, 1), 1);
}


static void
devices_outlive_sessions_but_not_their_user(void **state)
{
    call_t       call = of(1);
    mfa_user_t   ann;
    fixture_t   *f = *state;

    fixture_user(f, "ann@example.org", &ann);
    call.user = ann.id;
    call.owner = &ann;
    make(f, &call);

    update(f, tx_end_all, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(rows(f), 1);

    update(f, tx_user_delete, &call);
    assert_int_equal(call.st, MFA_OK);
    assert_int_equal(rows(f), 0);
}


static void
past_devices_are_purged(void **state)
{
    size_t              removed;
    call_t              call = of(1);
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_DEVICE };

    make(f, &call);
    f->now += REMEMBER - 1;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 50, &removed),
                     MFA_OK);
    assert_int_equal(removed, 0);

    f->now += 1;
    cursor = (mfa_purge_cursor_t) { .table = MFA_TABLE_DEVICE };
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 50, &removed),
                     MFA_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(rows(f), 0);
}


static void
broken_randomness_remembers_nothing(void **state)
{
    call_t      call = of(1);
    mfa_str_t   text;
    fixture_t  *f = *state;

    text = make(f, &call);
    f->is_random_broken = true;

    update(f, tx_make, &call);
    assert_int_equal(call.st, MFA_CRYPTO);

    call.text = text;
    update(f, tx_use, &call);
    assert_int_equal(call.st, MFA_CRYPTO);
    assert_int_equal(call.answer, MFA_DEVICE_UNKNOWN);
    assert_int_equal(call.cookie.len, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_remembered_device_is_good_and_changes_its_token),
        each(a_device_ends_though_it_is_used),
        each(a_token_that_was_replaced_ends_all_devices_of_its_user),
        each(a_token_of_long_ago_is_a_copy_at_once),
        each(two_tabs_that_log_in_at_once_are_both_good),
        each(a_device_is_of_one_user),
        each(what_is_no_cookie_is_unknown),
        each(nothing_is_remembered_where_it_is_off),
        each(no_token_is_in_the_store),
        each(the_one_unused_for_longest_makes_room),
        each(devices_are_listed_last_used_first_and_ended_one_by_one),
        each(a_row_that_cannot_be_read_is_worth_nothing),
        each(devices_outlive_sessions_but_not_their_user),
        each(past_devices_are_purged),
        each(broken_randomness_remembers_nothing)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
