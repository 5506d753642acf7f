/*
 * The delivery of the outbox: when, how often, and how long not.
 */

#include "mfa_outbox_fixture.h"


static void
a_due_message_is_sent_once(void **state)
{
    (void) state;

    assert_int_equal(run(10), 0);
    assert_int_equal(wait_ms, 5 * MFA_SECOND);

    queue_code();
    assert_int_equal(run(10), 1);
    assert_string_equal(fake.to, "ann.employee@example.org");
    assert_true(has_event("message.sent"));
    assert_int_equal(outbox_count(), 0);

    f->now += MFA_HOUR;
    assert_int_equal(run(10), 0);
}


/* B10: the life of a code starts when the server took it */

static void
a_code_ages_from_the_servers_answer(void **state)
{
    coded_t  coded;
    char     text[16];

    (void) state;

    coded = issue();
    snprintf(text, sizeof(text), "\n" MFA_STR_FMT "\n",
             MFA_STR_ARG(coded.code.code));

    answer(MFA_SEND_LATER, false);
    assert_int_equal(run(10), 1);
    assert_int_equal(mfa_view(fixture_work(f), tx_look, &coded), MFA_OK);
    assert_int_equal(coded.code.sent_at, 0);

    f->now += 30 * MFA_SECOND;
    answer(MFA_SEND_DONE, false);
    assert_int_equal(run(10), 1);
    assert_non_null(strstr(fake.text, text));
    assert_int_equal(mfa_view(fixture_work(f), tx_look, &coded), MFA_OK);
    assert_int_equal(coded.code.sent_at, f->now);
}


/* I4, ML2: 30 s, 1, 2, 4 min, until the message's end */

static void
a_letter_put_off_is_tried_by_the_schedule(void **state)
{
    size_t                   i;

    static const mfa_time_t  waits[] = {
        30 * MFA_SECOND, MFA_MINUTE, 2 * MFA_MINUTE, 4 * MFA_MINUTE,
        8 * MFA_MINUTE
    };

    (void) state;

    answer(MFA_SEND_LATER, false);
    queue_code();
    assert_int_equal(run(10), 1);
    assert_true(has_event("message.retry"));

    for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        f->now += waits[i] - 1;
        assert_int_equal(run(10), 0);
        assert_int_equal(wait_ms, 1);

        f->now += 1;
        assert_int_equal(run(10), 1);
    }

    assert_int_equal(outbox_count(), 0);
    assert_true(has_event("message.expired"));
}


/* I4, ML3 */

static void
a_refused_letter_is_not_tried_again(void **state)
{
    (void) state;

    answer(MFA_SEND_REFUSED, false);
    queue_code();
    assert_int_equal(run(10), 1);
    assert_true(has_event("message.refused"));
    assert_true(has_event("as asked"));
    assert_int_equal(outbox_count(), 0);
}


static void
an_expired_message_is_never_sent(void **state)
{
    (void) state;

    queue_code();
    f->now += 30 * MFA_MINUTE;
    assert_int_equal(run(10), 0);
    assert_true(has_event("message.expired"));
    assert_int_equal(outbox_count(), 0);
}


/* a heap of them, with one event each, stops nothing and loses no line */

static void
many_expired_messages_do_not_stop_the_next(void **state)
{
    unsigned  i, turns, sent;
    size_t    events;

    (void) state;

    for (i = 0; i < 70; i++) {
        queue("notice", MFA_DAY, NULL, 0);
    }

    f->now++;

    for (i = 0; i < 130; i++) {
        queue("code", MFA_MINUTE, code_pairs, 4);
    }

    f->now += MFA_MINUTE;
    queue_code();
    sent = 0;
    events = 0;

    for (turns = 0; turns < 10 && sent < 71; turns++) {
        sent += run(100);
        events += f->work.events.lines.count;
    }

    assert_int_equal(sent, 71);
    assert_int_equal(events, 70 + 130 + 1);
    assert_int_equal(outbox_count(), 0);
}


/* I5, ML1: five failures open it, it is tried again 30 s later */

static void
the_breaker_leaves_an_absent_server_alone(void **state)
{
    unsigned  i;

    (void) state;

    for (i = 0; i < 8; i++) {
        queue_code();
    }

    answer(MFA_SEND_LATER, true);
    assert_int_equal(run(100), 5);
    assert_int_equal(wait_ms, 30 * MFA_SECOND);
    assert_non_null(strstr(f->log, "mail waits for 30 s"));

    f->now += 30 * MFA_SECOND - 1;
    assert_int_equal(run(100), 0);
    assert_int_equal(wait_ms, 1);

    f->now += 1;
    assert_int_equal(run(100), 1);
    assert_int_equal(wait_ms, 30 * MFA_SECOND);
    assert_int_equal(outbox_count(), 8);

    f->now += 30 * MFA_SECOND;
    answer(MFA_SEND_DONE, false);
    assert_int_equal(run(100), 7);
    f->now += 20 * MFA_SECOND;
    assert_int_equal(run(100), 1);
    assert_int_equal(outbox_count(), 0);
}


/* ML1: all is there within a minute of the return, however long it took */

static void
mail_flows_within_a_minute_of_the_return(void **state)
{
    unsigned    i;
    mfa_time_t  back;

    (void) state;

    for (i = 0; i < 7; i++) {
        queue("notice", MFA_DAY, NULL, 0);
    }

    answer(MFA_SEND_LATER, true);

    for (back = f->now + MFA_HOUR; f->now < back; f->now += wait_ms) {
        (void) run(100);
        assert_true(wait_ms > 0);
    }

    assert_int_equal(outbox_count(), 7);
    answer(MFA_SEND_DONE, false);

    for (i = 0; i < 100 && outbox_count() > 0; i++) {
        (void) run(100);
        f->now += wait_ms;
    }

    assert_int_equal(outbox_count(), 0);
    assert_true(f->now - back <= MFA_MINUTE + 5 * MFA_SECOND);
}


static void
a_server_that_puts_off_is_not_absent(void **state)
{
    unsigned  i;

    (void) state;

    for (i = 0; i < 8; i++) {
        queue_code();
    }

    answer(MFA_SEND_LATER, false);
    assert_int_equal(run(100), 8);
}


static mfa_status_t
tx_lease(mfa_tx_t *tx, void *arg)
{
    return mfa_message_lease(tx, 50 * MFA_SECOND, arg);
}


/* ML9: a worker killed after its lease loses nothing */

static void
what_a_dead_worker_held_is_sent_later(void **state)
{
    coded_t        coded;
    char           text[16];
    mfa_message_t  message;

    (void) state;

    coded = issue();
    snprintf(text, sizeof(text), "\n" MFA_STR_FMT "\n",
             MFA_STR_ARG(coded.code.code));

    assert_int_equal(mfa_update(fixture_work(f), tx_lease, &message), MFA_OK);

    assert_int_equal(run(10), 0);
    f->now += 50 * MFA_SECOND - 1;
    assert_int_equal(run(10), 0);
    f->now += 1;
    assert_int_equal(run(10), 1);
    assert_non_null(strstr(fake.text, text));
    assert_int_equal(outbox_count(), 0);
}


/*
 * ML5, ML9: killed between the server's answer and the record of it, or the
 * connection broke after the final dot: the same letter once more, no third
 */

static void
a_letter_may_come_twice_and_is_the_same(void **state)
{
    coded_t  coded;
    char     first[sizeof(fake.text)], id[sizeof(fake.id)];

    (void) state;

    coded = issue();

    answer(MFA_SEND_LATER, true);           /* taken, and nobody knows */
    assert_int_equal(run(10), 1);
    snprintf(first, sizeof(first), "%s", fake.text);
    snprintf(id, sizeof(id), "%s", fake.id);

    delivery_reopen();
    f->now += 50 * MFA_SECOND;
    answer(MFA_SEND_DONE, false);
    assert_int_equal(run(10), 1);
    assert_string_equal(fake.text, first);
    assert_string_equal(fake.id, id);

    f->now += MFA_HOUR;
    assert_int_equal(run(10), 0);
    (void) coded;
}


static void
a_turn_is_bounded(void **state)
{
    unsigned  i;

    (void) state;

    for (i = 0; i < 30; i++) {
        queue_code();
    }

    assert_int_equal(run(3), 3);
    assert_int_equal(wait_ms, 0);
    assert_int_equal(fake.opened - fake.closed, 1);

    for (i = 0; i < 30 && wait_ms == 0; i++) {
        (void) run(100);
    }

    assert_int_equal(fake.sent, 30);
    assert_int_equal(outbox_count(), 0);
    assert_int_equal(fake.opened, 1);
    assert_int_equal(fake.closed, 1);
}


/* X60: neither an address nor a code in the log or in an event */

static void
nothing_secret_is_logged(void **state)
{
    size_t     i;
    mfa_str_t  line;

    (void) state;

    queue_code();
    answer(MFA_SEND_LATER, true);

    for (i = 0; i < 6; i++) {
        (void) run(10);
        f->now += 50 * MFA_SECOND;

        assert_null(strstr(f->log, "482193"));
        assert_null(strstr(f->log, "@"));
    }

    answer(MFA_SEND_REFUSED, false);
    (void) run(10);
    assert_true(f->work.events.lines.count > 0);

    for (i = 0; i < f->work.events.lines.count; i++) {
        line = f->work.events.lines.items[i];
        assert_null(memmem(line.data, line.len, "482193", 6));
        assert_null(memmem(line.data, line.len, "@", 1));
    }
}


int
main(void)
{
    static char  memory[] = "memory", again[] = "memory:again";

    const struct CMUnitTest  tests[] = {
#define TEST(name)                                                            \
        { #name, name, setup, teardown, memory },                             \
        { #name " (again)", name, setup, teardown, again }
        TEST(a_due_message_is_sent_once),
        TEST(a_code_ages_from_the_servers_answer),
        TEST(a_letter_put_off_is_tried_by_the_schedule),
        TEST(a_refused_letter_is_not_tried_again),
        TEST(an_expired_message_is_never_sent),
        TEST(many_expired_messages_do_not_stop_the_next),
        TEST(the_breaker_leaves_an_absent_server_alone),
        TEST(mail_flows_within_a_minute_of_the_return),
        TEST(a_server_that_puts_off_is_not_absent),
        TEST(what_a_dead_worker_held_is_sent_later),
        TEST(a_letter_may_come_twice_and_is_the_same),
        TEST(a_turn_is_bounded),
        TEST(nothing_secret_is_logged),
#undef TEST
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
