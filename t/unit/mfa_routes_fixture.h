/*
 * What the tests of routes start from: the outbox, with a mail server, two
 * providers of text messages and one of calls that do as the test says.
 */

#ifndef MFA_ROUTES_FIXTURE_H
#define MFA_ROUTES_FIXTURE_H

#include "mfa_outbox_fixture.h"


typedef struct {
    mfa_send_result_t  result;      /* set it */
    mfa_time_t         takes;       /* set it: how long an answer takes */
    mfa_time_t         most;        /* what the last letter left it */
    unsigned           asked;
    char               id[64];      /* of the last letter */
    char               to[64];
    char               text[1024];
    char               code[16];
} way_t;

enum { FIRST, BACKUP, CALLS, WAYS };

static way_t  ways[WAYS];


static inline mfa_status_t
way_open(const void *state, const mfa_ports_t *ports, void **connection)
{
    (void) ports;

    *connection = &ways[(const way_t *) state - ways];

    return MFA_OK;
}


static inline void
way_close(void **connection)
{
    *connection = NULL;
}


static inline void
way_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    way_t  *way = connection;

    (void) arena;

    assert_int_equal(result->outcome, MFA_SEND_LATER);
    assert_false(result->is_unclear || result->is_down);

    way->asked++;
    way->most = letter->time;
    f->now += way->takes < letter->time ? way->takes : letter->time;
    fake_copy(way->id, sizeof(way->id), letter->id);
    fake_copy(way->to, sizeof(way->to), letter->to);
    fake_copy(way->text, sizeof(way->text), letter->text);
    fake_copy(way->code, sizeof(way->code), letter->code);
    *result = way->result;
}


static const mfa_sender_t  way_sender = {
    .name = "way",
    .channel = "sms",
    .open = way_open,
    .close = way_close,
    .send = way_send,
};


static inline void
way_does(way_t *way, mfa_send_outcome_t outcome)
{
    memset(&way->result, 0, sizeof(way->result));
    way->result.outcome = outcome;
    snprintf(way->result.reason, sizeof(way->result.reason), "as asked");
}


static inline void
way_is_down(way_t *way)
{
    way_does(way, MFA_SEND_LATER);
    way->result.is_down = true;
}


static inline void
way_is_unclear(way_t *way)
{
    way_does(way, MFA_SEND_LATER);
    way->result.is_unclear = true;
}


static inline int
setup_routes(void **state)
{
    size_t  i;

    (void) setup(state);

    memset(ways, 0, sizeof(ways));

    for (i = 0; i < WAYS; i++) {
        way_does(&ways[i], MFA_SEND_DONE);
    }

    settings.sms[0] = (mfa_route_t) { &way_sender, &ways[FIRST] };
    settings.sms[1] = (mfa_route_t) { &way_sender, &ways[BACKUP] };
    settings.sms_count = 2;
    settings.voice[0] = (mfa_route_t) { &way_sender, &ways[CALLS] };
    settings.voice_count = 1;
    delivery_reopen();

    return 0;
}


static inline void
queue_to(const char *channel, const char *to)
{
    mfa_message_t  message = { .kind = mfa_str("code") };

    message.channel = mfa_str_from(channel);
    message.to = mfa_str_from(to);
    message.language = mfa_str("en");
    message.expires_at = f->now + 10 * MFA_MINUTE;
    message.values = (mfa_pairs_t) { code_pairs, 3 };

    assert_int_equal(mfa_update(fixture_work(f), tx_queue, &message), MFA_OK);
}


static inline void
queue_sms(void)
{
    queue_to("sms", "+447700900123");
}


/* one turn, then how often each provider was asked since the start */

static inline void
check_asked(unsigned first, unsigned backup)
{
    (void) run(100);

    if (ways[FIRST].asked != first || ways[BACKUP].asked != backup) {
        fail_msg("asked %u and %u times, not %u and %u", ways[FIRST].asked,
                 ways[BACKUP].asked, first, backup);
    }
}

#endif /* MFA_ROUTES_FIXTURE_H */
