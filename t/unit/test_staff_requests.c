/*
 * Requests for a reset: who may approve them, how often, until when; two
 * pairs of eyes; many approvals at once (A3, C9, M3, X89).
 */

#include <pthread.h>

#include "mfa_staff_fixture.h"


static world_t   *world;
static people_t   p;
static actor_t    sam, tom, ada, ann;


static void
begin(const char *store, void (*lines)(world_t *))
{
    world = staff_world(store, lines, &p);

    actor_open(&sam, world, &p.sam);
    actor_open(&tom, world, &p.tom);
    actor_open(&ada, world, &p.ada);
    actor_open(&ann, world, &p.ann);
}


static void
end(void)
{
    actor_close(&sam);
    actor_close(&tom);
    actor_close(&ada);
    actor_close(&ann);
    world_close(world);
}


/* X89 */
static void
an_approval_needs_a_statement_and_somebody_else(void **state)
{
    asked_t           of_ann = { .user = &p.ann }, of_sam = { .user = &p.sam };
    asked_t           of_ada = { .user = &p.ada };
    mfa_staff_deed_t  deed;

    (void) state;

    begin("memory:again", staff_lines);
    world_update(world, ask_reset, &of_ann);
    world_update(world, ask_reset, &of_sam);
    world_update(world, ask_reset, &of_ada);

    deed = (mfa_staff_deed_t) { .name = "approve",
                                .request = of_ann.request.id,
                                .reason = mfa_str(" ") };
    assert_int_equal(actor_do(&sam, &deed), MFA_INVALID);
    assert_int_equal(state_of(world, &of_ann), MFA_REQUEST_OPEN);

    deed = (mfa_staff_deed_t) { .name = "approve",
                                .request = of_sam.request.id };
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(sam.verdict, MFA_VERDICT_DENY);
    assert_int_equal(state_of(world, &of_sam), MFA_REQUEST_OPEN);

    deed.request = of_ada.request.id;
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(sam.verdict, MFA_VERDICT_DENY);
    assert_int_equal(state_of(world, &of_ada), MFA_REQUEST_OPEN);

    deed.request = of_ann.request.id;
    assert_int_equal(actor_do(&ann, &deed), MFA_NOT_FOUND);
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(sam.verdict, MFA_VERDICT_PASS);
    assert_int_equal(state_of(world, &of_ann), MFA_REQUEST_APPROVED);
    assert_true(settings_has(world, p.ann, "totp"));
    assert_int_equal(settings_letters(world, "is approved").ann, 1);

    assert_int_equal(actor_do(&tom, &deed), MFA_EXISTS);

    /* who has been approved can still be refused; then nobody approves */

    deed.name = "refuse";
    assert_int_equal(actor_do(&tom, &deed), MFA_OK);
    assert_int_equal(state_of(world, &of_ann), MFA_REQUEST_REFUSED);
    deed.name = "approve";
    assert_int_equal(actor_do(&sam, &deed), MFA_EXISTS);

    end();
}


/* X89 */
static void
what_was_cancelled_or_is_past_is_not_approved(void **state)
{
    asked_t           asked = { .user = &p.ann };
    mfa_staff_deed_t  deed = { .name = "approve" };

    (void) state;

    begin("memory:again", staff_lines);

    world_update(world, ask_reset, &asked);
    world_update(world, cancel_reset, &asked);
    deed.request = asked.request.id;
    assert_int_equal(actor_do(&tom, &deed), MFA_EXISTS);
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_CANCELLED);

    world_update(world, ask_reset, &asked);
    deed.request = asked.request.id;
    world->now += 14 * MFA_DAY;
    actor_close(&tom);
    actor_open(&tom, world, &p.tom);
    assert_int_equal(actor_do(&tom, &deed), MFA_EXISTS);
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_EXPIRED);

    deed.request.bytes[0] ^= 1;
    assert_int_equal(actor_do(&tom, &deed), MFA_NOT_FOUND);

    end();
}


/* X89: four eyes, and no way around them */
static void
where_two_must_agree_one_is_not_enough(void **state)
{
    asked_t           asked = { .user = &p.ann };
    mfa_staff_deed_t  deed = { .name = "approve" };

    (void) state;

    begin("memory:again", staff_two_lines);

    world_update(world, ask_reset, &asked);
    deed.request = asked.request.id;

    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_OPEN);
    assert_int_equal(actor_do(&sam, &deed), MFA_EXISTS);
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_OPEN);
    assert_int_equal(settings_letters(world, "is approved").ann, 0);

    assert_int_equal(actor_do(&tom, &deed), MFA_OK);
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_APPROVED);
    assert_int_equal(settings_letters(world, "is approved").ann, 1);

    deed = (mfa_staff_deed_t) { .name = "remove", .user = p.ann,
                                .subject = mfa_str("totp") };
    assert_int_equal(actor_do(&ada, &deed), MFA_EXISTS);
    deed = (mfa_staff_deed_t) { .name = "pass", .user = p.ann };
    assert_int_equal(actor_do(&ada, &deed), MFA_EXISTS);
    assert_int_equal(deed.pass.len, 0);
    assert_true(settings_has(world, p.ann, "totp"));

    end();
}


typedef struct {
    actor_t       actor;
    asked_t      *asked;
    mfa_status_t  st;
} racer_t;


static void *
race(void *arg)
{
    racer_t           *racer = arg;
    mfa_staff_deed_t   deed = { .name = "approve" };

    deed.request = racer->asked->request.id;
    deed.reason = mfa_str("met in person");
    racer->st = actor_do(&racer->actor, &deed);

    return NULL;
}


static void
parallel_approvals_have_one_effect(void **state)
{
    size_t     i, done;
    racer_t    racers[8];
    asked_t    asked = { .user = &p.ann };
    pthread_t  threads[8];

    (void) state;

    begin("memory:race", staff_lines);
    world_update(world, ask_reset, &asked);

    for (i = 0; i < 8; i++) {
        racers[i].asked = &asked;
        actor_open(&racers[i].actor, world, i % 2 ? &p.sam : &p.tom);
    }

    for (i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]),
                         0);
    }

    for (done = 0, i = 0; i < 8; i++) {
        (void) pthread_join(threads[i], NULL);
        done += racers[i].st == MFA_OK;
        assert_true(racers[i].st == MFA_OK || racers[i].st == MFA_EXISTS);
        actor_close(&racers[i].actor);
    }

    assert_int_equal(done, 1);
    assert_int_equal(state_of(world, &asked), MFA_REQUEST_APPROVED);
    assert_int_equal(asked.request.approval_count, 1);
    assert_int_equal(settings_letters(world, "is approved").ann, 1);

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_approval_needs_a_statement_and_somebody_else),
        cmocka_unit_test(what_was_cancelled_or_is_past_is_not_approved),
        cmocka_unit_test(where_two_must_agree_one_is_not_enough),
        cmocka_unit_test(parallel_approvals_have_one_effect),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
