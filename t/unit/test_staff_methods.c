/* A method that staff remove: gone as a way in, kept for its owner's hint. */

#include "mfa_staff_fixture.h"


static world_t   *world;
static people_t   p;
static actor_t    sam;


typedef struct {
    mfa_id_t             user;
    mfa_status_t         st;
    mfa_factor_record_t  now, former;
} removed_t;


static mfa_status_t
see_methods(mfa_tx_t *tx, void *arg)
{
    removed_t     *seen = arg;
    mfa_status_t   st;

    st = mfa_factor_record_get(tx, &seen->user, mfa_str("totp"), &seen->now);

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    seen->st = mfa_former_get(tx, &seen->user, mfa_str("totp"),
                              &seen->former);

    return MFA_OK;
}


/* the owner who types a code of the entry that is still in the app is told */
static void
a_removed_app_is_kept_for_the_hint_alone(void **state)
{
    removed_t         before, after;
    mfa_staff_deed_t  deed = { .name = "remove",
                               .subject = mfa_str("totp") };

    (void) state;

    world = staff_world("memory:again", staff_lines, &p);
    actor_open(&sam, world, &p.sam);

    before.user = after.user = p.ann;
    assert_int_equal(mfa_view(&sam.work, see_methods, &before), MFA_OK);
    assert_true(before.now.secret.len > 0);
    assert_int_equal(before.st, MFA_NOT_FOUND);

    deed.user = p.ann;
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);

    assert_int_equal(mfa_view(&sam.work, see_methods, &after), MFA_OK);
    assert_int_equal(after.now.secret.len, 0);
    assert_int_equal(after.st, MFA_OK);
    assert_true(after.former.is_disabled);
    assert_true(mfa_str_eq(after.former.secret, before.now.secret));

    actor_close(&sam);
    world_close(world);
}


static mfa_status_t
give_number(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_get(tx, arg, &user);

    return (st == MFA_OK) ? add_record(tx, &user, "sms") : st;
}


/* how many notices wait for a phone */

static mfa_status_t
count_texts(mfa_tx_t *tx, void *arg)
{
    bool            has_last = false;
    size_t         *count = arg;
    mfa_status_t    st;
    mfa_message_t   message, last;

    for (*count = 0;;) {
        st = mfa_message_next(tx, has_last ? &last : NULL, &message);
        if (st != MFA_OK) {
            return st == MFA_NOT_FOUND ? MFA_OK : st;
        }

        if (mfa_str_eq_c(message.channel, "sms")) {
            assert_true(mfa_str_eq_c(message.to, ANN_NUMBER));
            assert_true(mfa_str_eq_c(message.kind, "notice"));
            (*count)++;
        }

        last = message;
        has_last = true;
    }
}


/* C7: whoever holds the phone hears of it too */
static void
a_number_that_staff_remove_is_told(void **state)
{
    size_t            count;
    mfa_staff_deed_t  deed = { .name = "remove", .subject = mfa_str("sms") };

    (void) state;

    world = staff_world("memory:again", staff_lines, &p);
    world_update(world, give_number, &p.ann);
    actor_open(&sam, world, &p.sam);

    deed.user = p.sam;
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(sam.verdict, MFA_VERDICT_DENY);
    world_update(world, count_texts, &count);
    assert_int_equal(count, 0);

    deed.user = p.ann;
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(sam.verdict, MFA_VERDICT_PASS);
    world_update(world, count_texts, &count);
    assert_int_equal(count, 1);

    actor_close(&sam);
    world_close(world);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_removed_app_is_kept_for_the_hint_alone),
        cmocka_unit_test(a_number_that_staff_remove_is_told),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
