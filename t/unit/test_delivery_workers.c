/*
 * Workers that share an outbox.
 */

#include "mfa_outbox_fixture.h"

#include <pthread.h>


/* two workers, one outbox: each letter is sent by one of them */

typedef struct {
    mfa_delivery_t  *delivery;
    mfa_arena_t     *arena;
    mfa_status_t     st;
} worker_t;

static unsigned  shared_sent;


static mfa_status_t
shared_open(const void *state, const mfa_ports_t *ports, void **connection)
{
    (void) state;
    (void) ports;

    *connection = &shared_sent;

    return MFA_OK;
}


static void
shared_close(void **connection)
{
    *connection = NULL;
}


static void
shared_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    (void) letter;
    (void) arena;

    __atomic_fetch_add((unsigned *) connection, 1, __ATOMIC_RELAXED);
    result->outcome = MFA_SEND_DONE;
}


static const mfa_sender_t  shared_sender = {
    .name = "shared",
    .channel = "mail",
    .open = shared_open,
    .close = shared_close,
    .send = shared_send,
};


static void *
worker_run(void *arg)
{
    size_t       turns;
    mfa_time_t   wait;
    worker_t    *worker = arg;
    mfa_work_t   work = { .model = &f->model, .arena = worker->arena };

    wait = 0;
    worker->st = MFA_OK;

    for (turns = 0; turns < 200 && worker->st == MFA_OK && wait == 0; turns++)
    {
        memset(&work.events, 0, sizeof(work.events));
        worker->st = mfa_delivery_run(worker->delivery, &work, 5, &wait);
    }

    return NULL;
}


static void
two_workers_send_each_letter_once(void **state)
{
    size_t       i;
    worker_t     workers[2];
    pthread_t    threads[2];
    mfa_ports_t  system = mfa_ports_system;

    (void) state;

    for (i = 0; i < 40; i++) {
        queue("notice", MFA_DAY, NULL, 0);
    }

    /* the fixture's own ports are made for one thread */

    system.now = fixture_port_now;
    system.ctx = f;
    f->model.ports = &system;
    settings.mail[0].sender = &shared_sender;
    shared_sent = 0;

    for (i = 0; i < 2; i++) {
        workers[i].arena = mfa_arena_open((size_t) 16 * 1024 * 1024);
        assert_non_null(workers[i].arena);
        assert_int_equal(mfa_delivery_open(&settings, templates, NULL,
                                           &system, &workers[i].delivery),
                         MFA_OK);
        assert_int_equal(pthread_create(&threads[i], NULL, worker_run,
                                        &workers[i]), 0);
    }

    for (i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].st, MFA_OK);
        mfa_delivery_close(&workers[i].delivery);
        mfa_arena_close(&workers[i].arena);
    }

    f->model.ports = &f->ports;
    settings.mail[0].sender = &fake_sender;

    assert_int_equal(shared_sent, 40);
    assert_int_equal(outbox_count(), 0);
}


int
main(void)
{
    static char  memory[] = "memory", again[] = "memory:again";
    static char  lmdb[] = "lmdb";

    const struct CMUnitTest  tests[] = {
#define TEST(name)                                                            \
        { #name, name, setup, teardown, memory },                             \
        { #name " (again)", name, setup, teardown, again }
        TEST(two_workers_send_each_letter_once),
#undef TEST
        { "two_workers_send_each_letter_once (lmdb)",
          two_workers_send_each_letter_once, setup, teardown, lmdb },
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
