/*
 * Codes: how long one lives, and when another may be asked for.
 */

#include "mfa_test_code.h"

#include <pthread.h>


/* B10, X74: the clock starts when the server took the mail */

static void
a_code_lives_twenty_minutes_from_its_sending(void **state)
{
    int         i;
    call_t      call;
    fixture_t  *f = *state;

    for (i = 0; i < 2; i++) {
        call = place((uint8_t) (1 + i));
        issue(f, &call);

        f->now += 5 * MFA_MINUTE;
        update(f, tx_sent, &call);
        assert_int_equal(call.st, MFA_OK);

        update(f, tx_look, &call);
        assert_int_equal(call.code.sent_at, f->now);

        f->now += 20 * MFA_MINUTE - MFA_SECOND + i * 2 * MFA_SECOND;
        assert_int_equal(use(f, &call), i == 0 ? MFA_CODE_RIGHT
                                               : MFA_CODE_EXPIRED);
    }
}


/* B10: thirty minutes from its making in any case */

static void
a_code_lives_thirty_minutes_at_most(void **state)
{
    call_t      call = place(1), unsent = place(2);
    fixture_t  *f = *state;

    issue(f, &call);
    issue(f, &unsent);

    f->now += 12 * MFA_MINUTE;
    update(f, tx_sent, &call);

    f->now += 18 * MFA_MINUTE - 1;
    call.typed = wrong(f, call.typed);
    assert_int_equal(use(f, &call), MFA_CODE_WRONG);

    f->now += 1;
    call.typed = unsent.typed;
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);
    assert_int_equal(use(f, &unsent), MFA_CODE_EXPIRED);
}


/* ML9: a mail that went out twice does not make its code live longer */

static void
a_second_sending_does_not_prolong_a_code(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    issue(f, &call);
    update(f, tx_sent, &call);
    f->now += 9 * MFA_MINUTE;
    update(f, tx_sent, &call);

    f->now += 11 * MFA_MINUTE;
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);
}


static void
the_sending_of_an_earlier_code_does_not_age_the_new_one(void **state)
{
    call_t      call = place(1), late;
    fixture_t  *f = *state;

    issue(f, &call);
    late = call;
    f->now += MFA_MINUTE;
    issue(f, &call);

    update(f, tx_sent, &late);
    update(f, tx_look, &call);
    assert_int_equal(call.code.sent_at, 0);
}


/* B10: 5 minutes from the provider's yes, whatever the mail's settings */

static void
a_code_may_live_shorter_than_those_of_mail(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    call.place.lifetime = 5 * MFA_MINUTE;
    call.place.limit = 10 * MFA_MINUTE;
    issue(f, &call);
    f->now += 2 * MFA_MINUTE;
    update(f, tx_sent, &call);

    /* whoever asks or types need not know it */

    call.place.lifetime = 0;
    call.place.limit = 0;

    f->now += 5 * MFA_MINUTE - 1;
    update(f, tx_look, &call);
    assert_int_equal(call.code.left, 5);

    f->now += 1;
    update(f, tx_look, &call);
    assert_int_equal(call.code.left, 0);
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);

    call = place(2);
    call.place.lifetime = 5 * MFA_MINUTE;
    call.place.limit = 10 * MFA_MINUTE;
    issue(f, &call);
    f->now += 9 * MFA_MINUTE;
    update(f, tx_sent, &call);
    f->now += MFA_MINUTE;
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);

    call = place(3);
    call.place.lifetime = 5 * MFA_MINUTE;
    call.place.limit = 10 * MFA_MINUTE;
    issue(f, &call);
    f->now += 10 * MFA_MINUTE - 1;
    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);
}


/* by SMS first, by mail after it: each life is the one asked for last */

static void
the_next_code_has_the_life_of_its_own_place(void **state)
{
    call_t      call = place(1);
    fixture_t  *f = *state;

    call.place.lifetime = 5 * MFA_MINUTE;
    call.place.limit = 10 * MFA_MINUTE;
    issue(f, &call);
    f->now += MFA_MINUTE;

    call.place.lifetime = 0;
    call.place.limit = 0;
    issue(f, &call);
    update(f, tx_sent, &call);
    f->now += 20 * MFA_MINUTE - 1;
    assert_int_equal(use(f, &call), MFA_CODE_RIGHT);

    call = place(2);
    call.place.lifetime = -1;
    update(f, tx_issue, &call);
    assert_int_equal(call.st, MFA_INVALID);
}


/* B12: 30 s doubling to 8 min */

static void
codes_are_spaced(void **state)
{
    size_t      i;
    call_t      call = place(1);
    mfa_str_t   reference;
    fixture_t  *f = *state;

    static const mfa_time_t  waits[] = { 30, 60, 120, 240, 480, 480 };

    for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        issue(f, &call);
        reference = call.code.reference;
        assert_int_equal(call.code.next_at,
                         f->now + waits[i] * MFA_SECOND);

        f->now += waits[i] * MFA_SECOND - 1;
        update(f, tx_issue, &call);
        assert_int_equal(call.st, MFA_LIMITED);
        assert_int_equal(call.code.code.len, 0);
        assert_int_equal(call.code.next_at, f->now + 1);
        assert_true(mfa_str_eq(call.code.reference, reference));

        f->now += 1;
    }
}


/* J13 */

static void
a_clock_that_steps_back_revives_no_code(void **state)
{
    call_t      call = place(1), other = place(2);
    fixture_t  *f = *state;

    issue(f, &call);
    f->now += 40 * MFA_MINUTE;
    issue(f, &other);

    f->now -= 40 * MFA_MINUTE;
    assert_int_equal(use(f, &call), MFA_CODE_EXPIRED);

    f->now += MFA_SECOND;
    update(f, tx_issue, &other);
    assert_int_equal(other.st, MFA_LIMITED);
}


/* asking together: each thread has a work of its own */

#define ASKERS  20

typedef struct {
    fixture_t    *f;
    call_t        call;
    mfa_status_t  st;
    pthread_t     thread;
} asker_t;


static void *
ask(void *arg)
{
    asker_t     *asker = arg;
    mfa_work_t   work = { .model = &asker->f->model };

    work.arena = mfa_arena_open(1024 * 1024);
    asker->st = mfa_update(&work, tx_issue, &asker->call);
    mfa_arena_close(&work.arena);

    return NULL;
}


/* X70, B12 */

static void
twenty_parallel_asks_give_one_code(void **state)
{
    int         i, given = 0, limited = 0;
    asker_t     askers[ASKERS];
    fixture_t  *f = *state;

    for (i = 0; i < ASKERS; i++) {
        askers[i] = (asker_t) { .f = f, .call = place(1) };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask,
                                        &askers[i]), 0);
    }

    for (i = 0; i < ASKERS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].st, MFA_OK);
        given += askers[i].call.st == MFA_OK;
        limited += askers[i].call.st == MFA_LIMITED;
    }

    assert_int_equal(given, 1);
    assert_int_equal(limited, ASKERS - 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        each(a_code_lives_twenty_minutes_from_its_sending),
        each(a_code_lives_thirty_minutes_at_most),
        each(a_second_sending_does_not_prolong_a_code),
        each(the_sending_of_an_earlier_code_does_not_age_the_new_one),
        each(a_code_may_live_shorter_than_those_of_mail),
        each(the_next_code_has_the_life_of_its_own_place),
        each(codes_are_spaced),
        each(a_clock_that_steps_back_revives_no_code),
        each(twenty_parallel_asks_give_one_code)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
