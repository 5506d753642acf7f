/*
 * What staff can do to people, and what nobody can: by every rank, to
 * themselves and to higher ones, with a stale factor, twice (A3, A5, C9,
 * D13, M3, A11).
 */

#include "mfa_staff_fixture.h"


static world_t   *world;
static people_t   p;
static actor_t    sam, tom, ada, ann, max;

static const char *const  names[] = {
    "unlock", "end", "remove", "correct", "add", "disable", "enable",
    "invite", "pass", "reset"
};

#define NAMES  (sizeof(names) / sizeof(names[0]))


static void
begin(const char *store, void (*lines)(world_t *))
{
    world = staff_world(store, lines, &p);

    actor_open(&sam, world, &p.sam);
    actor_open(&tom, world, &p.tom);
    actor_open(&ada, world, &p.ada);
    actor_open(&ann, world, &p.ann);
    actor_open(&max, world, &p.max);
}


static void
end(void)
{
    actor_close(&sam);
    actor_close(&tom);
    actor_close(&ada);
    actor_close(&ann);
    actor_close(&max);
    world_close(world);
}


static mfa_staff_deed_t
deed_of(const char *name, const mfa_id_t *user)
{
    mfa_staff_deed_t  deed = { .name = name, .user = *user };

    if (strcmp(name, "remove") == 0) {
        deed.subject = mfa_str("totp");
    }

    if (strcmp(name, "correct") == 0) {
        deed.subject = mfa_str(ANN);
    }

    deed.value = mfa_str("ann.right@example.org");

    return deed;
}


/* the store without the events, which tell even of what was refused */

static size_t
changes(void (*fn)(void))
{
    size_t        table, count;
    world_dump_t  before, after;

    world_dump(world, &before);
    fn();
    world_dump(world, &after);

    count = 0;

    for (table = 0; table < MFA_STORE_TABLES; table++) {
        if (table != MFA_TABLE_AUDIT && table != MFA_TABLE_ACTIVITY
            && table != MFA_TABLE_META)
        {
            count += before.records[table] != after.records[table];
        }
    }

    return count;
}


static actor_t         *who;
static const mfa_id_t  *whom;
static mfa_status_t     expected;
static mfa_verdict_t    allowed;


static void
try_all(void)
{
    size_t            i;
    mfa_staff_deed_t  deed;

    for (i = 0; i < NAMES; i++) {
        deed = deed_of(names[i], whom);

        if (actor_do(who, &deed) != expected || who->verdict != allowed) {
            fail_msg("%s", names[i]);
        }
    }
}


static void
refused(actor_t *actor, const mfa_id_t *user, mfa_status_t st)
{
    mfa_user_t  before, after;

    who = actor;
    whom = user;
    expected = st;
    allowed = MFA_VERDICT_DENY;

    before = actor_sees(&sam, user);
    assert_int_equal(changes(try_all), 0);
    after = actor_sees(&sam, user);

    assert_int_equal(before.epoch, after.epoch);
    assert_true(mfa_str_eq(before.email, after.email));
    assert_int_equal(before.other_emails.count, after.other_emails.count);
    assert_false(after.is_disabled);
}


/* A3 C9 */
static void
nobody_acts_on_themselves_or_above_their_rank(void **state)
{
    (void) state;

    begin("memory:again", staff_lines);

    refused(&sam, &p.sam, MFA_OK);
    refused(&sam, &p.ada, MFA_OK);
    refused(&ada, &p.ada, MFA_OK);

    end();
}


/* 404 for everybody else: what is not there cannot be probed */
static void
for_users_there_is_nothing_here(void **state)
{
    mfa_staff_deed_t  deed;

    (void) state;

    begin("memory:again", staff_lines);

    refused(&ann, &p.eve, MFA_NOT_FOUND);
    refused(&ann, &p.ann, MFA_NOT_FOUND);
    refused(&ann, &p.sam, MFA_NOT_FOUND);
    refused(&max, &p.eve, MFA_NOT_FOUND);

    /* the rank goes with the group, and a session that is gone is nobody */

    deed = deed_of("unlock", &p.ann);
    (void) snprintf(sam.login.token, sizeof(sam.login.token), "%s", "x");
    assert_int_equal(actor_do(&sam, &deed), MFA_NOT_FOUND);

    deed = deed_of("nothing", &p.ann);
    assert_int_equal(actor_do(&tom, &deed), MFA_NOT_FOUND);

    end();
}


static void
a_realm_without_groups_has_no_staff(void **state)
{
    (void) state;

    begin("memory:again", settings_lines);
    refused(&sam, &p.eve, MFA_NOT_FOUND);
    refused(&ada, &p.eve, MFA_NOT_FOUND);
    end();
}


/* D13 */
static void
a_stale_factor_does_nothing(void **state)
{
    (void) state;

    begin("memory:again", staff_lines);
    world->now += 10 * MFA_MINUTE;
    refused(&sam, &p.ann, MFA_EXPIRED);
    refused(&ada, &p.sam, MFA_EXPIRED);
    end();
}


static void
a_reason_has_3_to_500_bytes_in_one_line(void **state)
{
    char              text[600];
    size_t            i;
    mfa_staff_deed_t  deed;
    const mfa_str_t   bad[] = {
        mfa_str(""), mfa_str("  ab  "), mfa_str("no\nlines"),
        mfa_str("\xff\xfe\xfd\xfc"), { text, 501 }
    };

    (void) state;

    memset(text, 'x', sizeof(text));
    begin("memory:again", staff_lines);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        deed = deed_of("disable", &p.ann);
        deed.reason = bad[i];
        assert_int_equal(actor_do(&sam, &deed), MFA_INVALID);
        assert_true(mfa_str_eq_c(deed.field, "reason"));
        assert_true(deed.word.len > 0);
    }

    assert_false(actor_sees(&sam, &p.ann).is_disabled);

    deed = deed_of("disable", &p.ann);
    deed.reason = (mfa_str_t) { text, 500 };
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_true(actor_sees(&sam, &p.ann).is_disabled);

    end();
}


static bool
event_has(actor_t *actor, const char *a, const char *b)
{
    size_t     i;
    mfa_str_t  line;

    for (i = 0; i < actor->work.events.lines.count; i++) {
        line = actor->work.events.lines.items[i];

        if (memmem(line.data, line.len, a, strlen(a)) != NULL
            && memmem(line.data, line.len, b, strlen(b)) != NULL)
        {
            return true;
        }
    }

    return false;
}


/* M3: who, to whom, why */
static void
every_deed_is_told_with_who_and_why(void **state)
{
    char              by[64];
    size_t            i;
    mfa_str_t         hex;
    mfa_staff_deed_t  deed;

    (void) state;

    begin("memory:again", staff_lines);

    assert_int_equal(mfa_id_text(sam.arena, &p.sam, &hex), MFA_OK);
    (void) snprintf(by, sizeof(by), "\"by\":\"" MFA_STR_FMT "\"",
                    MFA_STR_ARG(hex));

    for (i = 0; i < NAMES; i++) {
        deed = deed_of(names[i], &p.ann);
        (void) snprintf(world->events, sizeof(world->events),
                        "\"event\":\"staff.%s\",\"result\":\"ok\"", names[i]);

        if (strcmp(names[i], "invite") == 0) {
            assert_int_equal(actor_do(&sam, &deed), MFA_EXISTS);
            continue;
        }

        deed.value = (strcmp(names[i], "add") == 0)
                     ? mfa_str("ann.more@example.org") : deed.value;

        assert_int_equal(actor_do(&sam, &deed), MFA_OK);
        assert_int_equal(sam.verdict, MFA_VERDICT_PASS);

        if (!event_has(&sam, world->events, by)
            || !event_has(&sam, world->events, "\"note\":\"called back on"))
        {
            fail_msg("%s is not told", names[i]);
        }
    }

    /* what was refused is told as well */

    deed = deed_of("unlock", &p.ada);
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_true(event_has(&sam, "\"event\":\"staff.unlock\","
                          "\"result\":\"fail\",\"reason\":\"rank\"", by));

    end();
}


static mfa_status_t
lock_out(mfa_tx_t *tx, void *arg)
{
    size_t                i;
    mfa_id_t             *id = arg;
    mfa_str_t             subject;
    mfa_time_t            retry_at;
    mfa_user_t            user;
    mfa_status_t          st;
    mfa_factor_record_t   record;

    st = mfa_user_get(tx, id, &user);

    if (st == MFA_OK) {
        user.is_locked = true;
        st = mfa_user_save(tx, &user, NULL);
    }

    if (st == MFA_OK) {
        st = mfa_factor_record_get(tx, id, mfa_str("totp"), &record);
    }

    if (st == MFA_OK) {
        record.is_disabled = true;
        record.failures = 50;
        record.held_until = tx->now + MFA_DAY;
        st = mfa_factor_record_put(tx, &record);
    }

    if (st == MFA_OK) {
        st = mfa_limit_person(tx, &user, user.email, &subject);
    }

    for (i = 0; i < 40 && st == MFA_OK; i++) {
        st = mfa_limit_book(tx, MFA_LIMIT_LOGIN_PERSON, subject, &retry_at);
    }

    return (st == MFA_LIMITED) ? MFA_OK : st;
}


typedef struct {
    mfa_id_t             id;
    mfa_staff_view_t     view;
    mfa_factor_record_t  record;
} looked_t;


static mfa_status_t
look(mfa_tx_t *tx, void *arg)
{
    looked_t      *looked = arg;
    mfa_status_t   st;

    st = mfa_staff_look(tx, &looked->id, &looked->view);

    if (st == MFA_OK) {
        st = mfa_factor_record_get(tx, &looked->id, mfa_str("totp"),
                                   &looked->record);
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static void
unlocking_lifts_every_hold(void **state)
{
    looked_t          looked;
    mfa_staff_deed_t  deed;

    (void) state;

    begin("memory:again", staff_lines);

    world_update(world, lock_out, &p.ann);
    looked.id = p.ann;
    assert_int_equal(mfa_view(&sam.work, look, &looked), MFA_OK);
    assert_true(looked.view.limited_until > world->now);
    assert_true(looked.view.user.is_locked && looked.record.is_disabled);

    deed = deed_of("unlock", &p.ann);
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);

    assert_int_equal(mfa_view(&sam.work, look, &looked), MFA_OK);
    assert_int_equal(looked.view.limited_until, 0);
    assert_false(looked.view.user.is_locked || looked.record.is_disabled);
    assert_int_equal(looked.record.failures, 0);
    assert_int_equal(looked.record.held_until, 0);

    end();
}


/* C10: the old and the new one */
static void
a_corrected_address_is_told_to_the_old_and_the_new_one(void **state)
{
    letters_t         letters;
    mfa_user_t        user;
    mfa_staff_deed_t  deed;

    (void) state;

    begin("memory:again", staff_lines);

    deed = deed_of("correct", &p.ann);
    deed.value = mfa_str(EVE);
    assert_int_equal(actor_do(&sam, &deed), MFA_INVALID);
    assert_true(mfa_str_eq_c(deed.field, "address"));

    deed = deed_of("correct", &p.ann);
    deed.value = mfa_str("no address");
    assert_int_equal(actor_do(&sam, &deed), MFA_INVALID);

    deed = deed_of("correct", &p.ann);
    deed.value = mfa_str("Ann.Right@EXAMPLE.org");
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);

    user = actor_sees(&sam, &p.ann);
    assert_true(mfa_str_eq_c(user.email, "ann.right@example.org")
                || mfa_str_eq_c(user.email, "Ann.Right@example.org"));
    assert_true(mfa_str_eq_c(user.user, ANN));
    assert_int_equal(user.other_emails.count, 1);

    letters = settings_letters(world, "was replaced by");
    assert_int_equal(letters.ann, 1);
    assert_int_equal(letters.home, 1);
    assert_int_equal(world->letters, 3);

    /* the same form once more: its page is stale */

    deed = deed_of("correct", &p.ann);
    assert_int_equal(actor_do(&sam, &deed), MFA_EXISTS);

    end();
}


/* A5 */
static void
a_manager_corrects_and_adds_addresses_and_nothing_else(void **state)
{
    size_t            i;
    mfa_staff_deed_t  deed;

    (void) state;

    begin("memory:again", staff_lines);

    for (i = 0; i < NAMES; i++) {
        deed = deed_of(names[i], &p.ann);

        if (strcmp(names[i], "correct") != 0 && strcmp(names[i], "add") != 0)
        {
            assert_int_equal(actor_do(&max, &deed), MFA_NOT_FOUND);
            continue;
        }

        deed.value = (strcmp(names[i], "add") == 0)
                     ? mfa_str("ann.more@example.org") : deed.value;
        assert_int_equal(actor_do(&max, &deed), MFA_OK);
        assert_int_equal(max.verdict, MFA_VERDICT_PASS);
    }

    assert_int_equal(actor_sees(&sam, &p.ann).other_emails.count, 2);

    /* Sam reports to Max too, but ranks above him */

    deed = deed_of("add", &p.sam);
    deed.value = mfa_str("mine@example.org");
    assert_int_equal(actor_do(&max, &deed), MFA_NOT_FOUND);
    assert_int_equal(max.verdict, MFA_VERDICT_DENY);

    world->now += 10 * MFA_MINUTE;
    deed = deed_of("add", &p.ann);
    assert_int_equal(actor_do(&max, &deed), MFA_EXPIRED);

    end();
}


static mfa_status_t
use_pass(mfa_tx_t *tx, void *arg)
{
    mfa_status_t       st;
    mfa_verdict_t      verdict;
    mfa_staff_deed_t  *deed = arg;

    st = mfa_pass_use(tx, &deed->user, deed->pass, &verdict);

    return (st == MFA_OK && verdict != MFA_VERDICT_PASS) ? MFA_BUG : st;
}


static void
find_pass(const char *text, void *arg)
{
    const mfa_staff_deed_t  *deed = arg;

    assert_null(memmem(text, strlen(text), deed->pass.data, deed->pass.len));
}


static void
a_pass_is_made_once_told_and_in_no_letter_or_event(void **state)
{
    size_t            i;
    mfa_str_t         line;
    mfa_staff_deed_t  deed, again;

    (void) state;

    begin("memory:again", staff_lines);

    deed = deed_of("pass", &p.ann);
    assert_int_equal(actor_do(&sam, &deed), MFA_OK);
    assert_int_equal(deed.pass.len, MFA_PASS_CHARACTERS);

    again = deed_of("pass", &p.ann);
    assert_int_equal(actor_do(&tom, &again), MFA_EXISTS);
    assert_int_equal(again.pass.len, 0);

    for (i = 0; i < sam.work.events.lines.count; i++) {
        line = sam.work.events.lines.items[i];
        assert_null(memmem(line.data, line.len, deed.pass.data,
                           deed.pass.len));
    }

    assert_int_equal(world_mail(world, find_pass, &deed), 2);
    world_update(world, use_pass, &deed);

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(nobody_acts_on_themselves_or_above_their_rank),
        cmocka_unit_test(for_users_there_is_nothing_here),
        cmocka_unit_test(a_realm_without_groups_has_no_staff),
        cmocka_unit_test(a_stale_factor_does_nothing),
        cmocka_unit_test(a_reason_has_3_to_500_bytes_in_one_line),
        cmocka_unit_test(every_deed_is_told_with_who_and_why),
        cmocka_unit_test(unlocking_lifts_every_hold),
        cmocka_unit_test(
            a_corrected_address_is_told_to_the_old_and_the_new_one),
        cmocka_unit_test(
            a_manager_corrects_and_adds_addresses_and_nothing_else),
        cmocka_unit_test(a_pass_is_made_once_told_and_in_no_letter_or_event),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
