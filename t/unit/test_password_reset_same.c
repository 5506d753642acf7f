/*
 * A forgotten password: what people who do not own the mailbox learn of it,
 * and what their codes are good for - nothing.
 */

#include "mfa_reset_ask.h"


static world_t    *world;
static visitor_t   v;
static mfa_id_t    ann;


static void
begin(void)
{
    world = flow_world(flow_lines, "totp", &ann);
    visitor_init(&v, world);
}


static void
end(void)
{
    visitor_done(&v);
    world_close(world);
}


/* a page without what differs by chance or by what was typed */

static char *
masked(const char *page)
{
    char        *copy, *at, *end;
    size_t       i;

    static const char *const  marks[] = {
        "name=\"token\" value=\"", "name=\"flow\" value=\"", "<dd>"
    };

    copy = strdup(page);
    assert_non_null(copy);

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        for (at = copy; (at = strstr(at, marks[i])) != NULL; /* void */) {
            at += strlen(marks[i]);
            end = at + strcspn(at, "\"<");
            memmove(at, end, strlen(end) + 1);
        }
    }

    return copy;
}


typedef struct {
    char    *page;
    size_t   records;
    size_t   letters;
} seen_t;


static seen_t
seen_by(const char *email, uint8_t address)
{
    seen_t        seen;
    visitor_t     who;
    world_dump_t  before, after;

    visitor_init(&who, world);
    who.address = address;

    world_dump(world, &before);
    reset_ask(&who, email);
    world_dump(world, &after);

    seen.page = masked(who.page);
    seen.records = after.count - before.count;

    (void) settings_letters(world, "none");
    seen.letters = world->letters;
    visitor_done(&who);

    return seen;
}


/* C1 A6: one page, one work; a letter only for who has a password here */
static void
every_address_is_answered_the_same(void **state)
{
    size_t      i, letters;
    mfa_id_t    id;
    mfa_user_t  set;
    seen_t      known, other;

    static const char *const  foes[] = {
        "nobody@example.org", "disabled@example.org", "locked@example.org",
        "roster@example.org", "x@elsewhere.example.com"
    };

    (void) state;

    begin();

    memset(&set, 0, sizeof(set));
    id = settings_person(world, foes[1], NULL, "totp");
    set.is_disabled = true;
    ann_write(world, id, set);

    memset(&set, 0, sizeof(set));
    id = settings_person(world, foes[2], NULL, "totp");
    set.is_locked = true;
    ann_write(world, id, set);

    world_person(world, foes[3], NULL);

    /* the first of all leaves a mark of the clock too */

    other = seen_by("first@example.org", 19);
    free(other.page);

    known = seen_by(ANN, 20);
    letters = known.letters;
    assert_int_equal(letters, 1);

    for (i = 0; i < sizeof(foes) / sizeof(foes[0]); i++) {
        other = seen_by(foes[i], (uint8_t) (30 + i));

        assert_string_equal(other.page, known.page);
        assert_int_equal(other.records, known.records);
        assert_int_equal(other.letters, letters);
        free(other.page);
    }

    free(known.page);
    end();
}


/* H9: three an hour to a mailbox, quietly; then the page is the same */
static void
a_mailbox_is_not_flooded(void **state)
{
    size_t     i;
    visitor_t  who;

    (void) state;

    begin();

    for (i = 0; i < 5; i++) {
        visitor_init(&who, world);
        who.address = (uint8_t) (40 + i);
        reset_ask(&who, ANN);
        assert_true(visitor_sees(&who, "Verification code has been sent"));
        visitor_done(&who);
    }

    assert_int_equal(world_mail(world, NULL, NULL), 3);
    assert_non_null(strstr(world->events, "\"code.send\""));

    end();
}


/* B9: made for one journey, one purpose, one browser */
static void
a_code_serves_only_the_journey_it_was_sent_for(void **state)
{
    char       code[16], url[256];
    visitor_t  other;

    (void) state;

    begin();

    /* of a registration of the same address in the same browser */

    visitor_open(&v, "/mfa/register", NULL);
    visitor_submit(&v, "email=" ANN);
    world_code(world, code);

    reset_ask(&v, ANN);
    assert_int_equal(world_mail(world, NULL, NULL), 2);
    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "Invalid verification code."));

    /* of another reset of the same address */

    world->now += MFA_HOUR;
    reset_ask(&v, ANN);
    world_code(world, code);
    (void) snprintf(url, sizeof(url), "%.255s", v.url);
    world->now += MFA_MINUTE;
    reset_ask(&v, ANN);
    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "Invalid verification code."));

    /* in another browser there is no such journey */

    visitor_init(&other, world);
    visitor_open(&other, url, NULL);
    assert_true(visitor_sees(&other, "had been open for too long"));
    visitor_done(&other);

    /* where it was sent for it is right, once */

    visitor_open(&v, url, NULL);
    submit_code(&v, code, "verify");
    assert_true(visitor_sees(&v, "Email address verified."));

    end();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_address_is_answered_the_same),
        cmocka_unit_test(a_mailbox_is_not_flooded),
        cmocka_unit_test(a_code_serves_only_the_journey_it_was_sent_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
