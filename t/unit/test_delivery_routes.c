/*
 * Which way a message goes: backups, unclear ends, breakers, channels.
 */

#include "mfa_routes_fixture.h"


static void
the_backup_takes_over_at_once(void **state)
{
    unsigned  i;

    (void) state;

    queue_sms();
    check_asked(1, 0);
    assert_int_equal(outbox_count(), 0);

    /* down; 5xx; 429 with a wait of its own */

    for (i = 0; i < 3; i++) {
        way_does(&ways[FIRST], MFA_SEND_LATER);
        ways[FIRST].result.is_down = i == 0;
        ways[FIRST].result.retry_ms = i == 2 ? MFA_MINUTE : 0;

        queue_sms();
        check_asked(2 + i, 1 + i);
        assert_string_equal(ways[FIRST].id, ways[BACKUP].id);
        assert_string_equal(ways[BACKUP].to, "+447700900123");
        assert_true(has_event("message.sent"));
        assert_int_equal(outbox_count(), 0);
    }
}


static void
a_refusal_is_not_carried_elsewhere(void **state)
{
    (void) state;

    way_does(&ways[FIRST], MFA_SEND_REFUSED);
    queue_sms();
    check_asked(1, 0);
    assert_true(has_event("message.refused"));
    assert_true(has_event("as asked"));
    assert_int_equal(outbox_count(), 0);
}


/* by the schedule, or when the first of both wants to be asked again */

static void
what_both_put_off_waits(void **state)
{
    (void) state;

    way_does(&ways[FIRST], MFA_SEND_LATER);
    way_does(&ways[BACKUP], MFA_SEND_LATER);
    queue_sms();
    check_asked(1, 1);
    assert_true(has_event("message.retry"));

    f->now += 30 * MFA_SECOND - 1;
    check_asked(1, 1);
    ways[FIRST].result.retry_ms = 3 * MFA_MINUTE;
    ways[BACKUP].result.retry_ms = 2 * MFA_MINUTE;
    f->now += 1;
    check_asked(2, 2);

    f->now += 2 * MFA_MINUTE - 1;
    check_asked(2, 2);
    f->now += 1;
    way_does(&ways[BACKUP], MFA_SEND_DONE);
    check_asked(3, 3);
    assert_int_equal(outbox_count(), 0);
}


/* I6: once more, the same way, with the same id, and then no more */

static void
an_unclear_end_is_tried_once_more_and_given_up(void **state)
{
    char  id[64];

    (void) state;

    way_is_unclear(&ways[FIRST]);
    queue_sms();
    check_asked(1, 0);
    assert_true(has_event("message.retry"));
    snprintf(id, sizeof(id), "%s", ways[FIRST].id);

    f->now += 30 * MFA_SECOND - 1;
    check_asked(1, 0);
    f->now += 1;
    check_asked(2, 0);
    assert_string_equal(ways[FIRST].id, id);
    assert_true(has_event("message.refused"));
    assert_true(has_event("unclear"));
    assert_int_equal(outbox_count(), 0);

    f->now += MFA_HOUR;
    check_asked(2, 0);
}


static void
an_unclear_end_may_turn_out_well(void **state)
{
    (void) state;

    way_is_unclear(&ways[FIRST]);
    queue_sms();
    check_asked(1, 0);

    f->now += 30 * MFA_SECOND;
    way_does(&ways[FIRST], MFA_SEND_DONE);
    check_asked(2, 0);
    assert_true(has_event("message.sent"));
    assert_int_equal(outbox_count(), 0);
}


/* whatever the second end is, it is the last one, and never elsewhere */

static void
after_an_unclear_end_there_is_no_other_way(void **state)
{
    unsigned  i;

    (void) state;

    for (i = 0; i < 3; i++) {
        way_is_unclear(&ways[FIRST]);
        queue_sms();
        check_asked(1 + 2 * i, 0);

        way_does(&ways[FIRST], MFA_SEND_LATER);
        ways[FIRST].result.is_down = i == 1;
        ways[FIRST].result.retry_ms = i == 2 ? MFA_MINUTE : 0;
        f->now += 30 * MFA_SECOND;
        check_asked(2 + 2 * i, 0);
        assert_true(has_event("unclear"));
        assert_int_equal(outbox_count(), 0);
    }
}


static void
an_unclear_end_of_the_backup_stays_with_it(void **state)
{
    (void) state;

    way_is_down(&ways[FIRST]);
    way_is_unclear(&ways[BACKUP]);
    queue_sms();
    check_asked(1, 1);

    way_does(&ways[FIRST], MFA_SEND_DONE);
    f->now += MFA_MINUTE;
    check_asked(1, 2);
    assert_true(has_event("unclear"));
    assert_int_equal(outbox_count(), 0);
}


/* I5: five failures, then it is left alone; the other works meanwhile */

static void
the_breaker_of_a_route_is_its_own(void **state)
{
    unsigned  i;

    (void) state;

    way_is_down(&ways[FIRST]);

    for (i = 0; i < 8; i++) {
        queue_sms();
    }

    check_asked(5, 8);
    assert_non_null(strstr(f->log, "sms waits for 30 s after 5 failures"));
    assert_int_equal(outbox_count(), 0);

    f->now += 30 * MFA_SECOND - 1;
    queue_sms();
    check_asked(5, 9);

    f->now += 1;
    queue_sms();
    check_asked(6, 10);

    f->now += 30 * MFA_SECOND;
    way_does(&ways[FIRST], MFA_SEND_DONE);
    queue_sms();
    queue_sms();
    check_asked(8, 10);
}


/* one that never answers would hold each message for its whole time */

static void
the_breaker_counts_silence_too(void **state)
{
    unsigned  i;

    (void) state;

    way_is_unclear(&ways[FIRST]);

    for (i = 0; i < 8; i++) {
        queue_sms();
    }

    check_asked(5, 3);
    assert_int_equal(outbox_count(), 5);

    /* and those five get their one more try nevertheless */

    f->now += 30 * MFA_SECOND - 1;
    queue_sms();
    check_asked(5, 4);
    f->now += 1;
    check_asked(10, 4);
    assert_int_equal(outbox_count(), 0);
}


static void
with_both_down_messages_wait_a_minute_at_most(void **state)
{
    unsigned    i;
    mfa_time_t  back;

    (void) state;

    way_is_down(&ways[FIRST]);
    way_is_down(&ways[BACKUP]);

    for (i = 0; i < 7; i++) {
        queue_sms();
    }

    for (back = f->now + 5 * MFA_MINUTE; f->now < back; f->now += wait_ms) {
        (void) run(100);
        assert_true(wait_ms > 0);
    }

    assert_int_equal(outbox_count(), 7);
    assert_true(ways[FIRST].asked < 30 && ways[BACKUP].asked < 30);
    way_does(&ways[BACKUP], MFA_SEND_DONE);

    for (i = 0; i < 100 && outbox_count() > 0; i++) {
        (void) run(100);
        f->now += wait_ms;
    }

    assert_int_equal(outbox_count(), 0);
    assert_true(f->now - back <= MFA_MINUTE + 5 * MFA_SECOND);
}


/* ML1, ML4: a mail server that is not there holds up mail alone */

static void
a_channel_that_is_down_holds_up_no_other(void **state)
{
    unsigned    i, asked, probes;
    mfa_time_t  back;

    (void) state;

    answer(MFA_SEND_LATER, true);

    for (i = 0; i < 40; i++) {
        queue("notice", MFA_DAY, NULL, 0);
    }

    /* it comes back right after it was found absent once more */

    back = f->now + MFA_HOUR;
    probes = 0;

    while (f->now < back || fake.sent == probes) {
        probes = fake.sent;
        asked = ways[FIRST].asked;
        f->now += 5 * MFA_SECOND;
        queue_sms();
        check_asked(asked + 1, 0);
    }

    back = f->now;

    assert_int_equal(outbox_count(), 40);
    assert_true(fake.sent < 200);
    answer(MFA_SEND_DONE, false);
    fake.sent = 0;

    /* what was held waits for the breaker alone, the probe for its lease */

    for (i = 0; i < 100 && outbox_count() > 1; i++) {
        (void) run(100);
        f->now += wait_ms;
    }

    assert_true(f->now - back <= 35 * MFA_SECOND);

    for (i = 0; i < 100 && outbox_count() > 0; i++) {
        (void) run(100);
        f->now += wait_ms;
    }

    assert_int_equal(fake.sent, 40);
    assert_int_equal(outbox_count(), 0);
    assert_true(f->now - back <= MFA_MINUTE + 5 * MFA_SECOND);
}


/* I5: a route and its backup together, one that hangs and an unclear end */

static void
one_attempt_never_takes_longer_than_thirty_seconds(void **state)
{
    mfa_time_t  takes, started;

    (void) state;

    for (takes = 0; takes <= 20 * MFA_SECOND; takes += 1250) {
        way_is_down(&ways[FIRST]);
        way_is_down(&ways[BACKUP]);
        ways[FIRST].takes = takes;
        ways[BACKUP].takes = MFA_HOUR;
        ways[FIRST].asked = ways[BACKUP].asked = 0;
        queue_sms();

        started = f->now;
        (void) run(1);
        assert_int_equal(ways[FIRST].asked, 1);
        assert_int_equal(ways[FIRST].most, 30 * MFA_SECOND);
        assert_true(f->now - started <= 30 * MFA_SECOND);

        if (takes <= 15 * MFA_SECOND) {
            assert_int_equal(ways[BACKUP].asked, 1);
            assert_int_equal(ways[BACKUP].most, 30 * MFA_SECOND - takes);

        } else {
            assert_int_equal(ways[BACKUP].asked, 0);
        }

        (void) teardown(state);
        (void) setup_routes(state);
    }

    way_is_unclear(&ways[FIRST]);
    ways[FIRST].takes = MFA_HOUR;
    queue_sms();
    (void) run(1);
    f->now += MFA_MINUTE;
    ways[FIRST].most = 0;
    started = f->now;
    (void) run(1);
    assert_int_equal(ways[FIRST].asked, 2);
    assert_int_equal(ways[FIRST].most, 30 * MFA_SECOND);
    assert_true(f->now - started <= 30 * MFA_SECOND);
}


/* a lease must not run out while its message is on its way */

static void
a_slow_failure_leaves_the_backup_to_the_next_attempt(void **state)
{
    (void) state;

    way_does(&ways[FIRST], MFA_SEND_LATER);
    ways[FIRST].takes = 16 * MFA_SECOND;
    queue_sms();
    check_asked(1, 0);

    f->now += 30 * MFA_SECOND;
    check_asked(1, 1);
    assert_int_equal(outbox_count(), 0);
}


static void
without_a_route_a_message_is_refused(void **state)
{
    (void) state;

    settings.voice_count = 0;
    delivery_reopen();
    queue_to("voice", "+447700900123");
    check_asked(0, 0);
    assert_true(has_event("message.refused"));
    assert_true(has_event("no route"));
    assert_int_equal(outbox_count(), 0);
}


/* I6: E.164 only */

static void
what_is_no_number_is_never_sent_to(void **state)
{
    size_t                    i;

    static const char *const  bad[] = {
        "07700900123", "447700900123", "+0447700900123", "+44 7700 900123",
        "+44770090012345678", "+4477", "ann.employee@example.org", "+44a7700",
        "+447700900123,+447700900124"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        queue_to("sms", bad[i]);
        check_asked(0, 0);
        assert_true(has_event("message.refused"));
        assert_int_equal(outbox_count(), 0);
        assert_null(strstr(f->log, bad[i]));
    }
}


int
main(void)
{
    static char  memory[] = "memory", again[] = "memory:again";

    const struct CMUnitTest  tests[] = {
#define TEST(name)                                                            \
        { #name, name, setup_routes, teardown, memory },                      \
        { #name " (again)", name, setup_routes, teardown, again }
        TEST(the_backup_takes_over_at_once),
        TEST(a_refusal_is_not_carried_elsewhere),
        TEST(what_both_put_off_waits),
        TEST(an_unclear_end_is_tried_once_more_and_given_up),
        TEST(an_unclear_end_may_turn_out_well),
        TEST(after_an_unclear_end_there_is_no_other_way),
        TEST(an_unclear_end_of_the_backup_stays_with_it),
        TEST(the_breaker_of_a_route_is_its_own),
        TEST(the_breaker_counts_silence_too),
        TEST(with_both_down_messages_wait_a_minute_at_most),
        TEST(a_channel_that_is_down_holds_up_no_other),
        TEST(one_attempt_never_takes_longer_than_thirty_seconds),
        TEST(a_slow_failure_leaves_the_backup_to_the_next_attempt),
        TEST(without_a_route_a_message_is_refused),
        TEST(what_is_no_number_is_never_sent_to),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
