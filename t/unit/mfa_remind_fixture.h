/*
 * What the tests of reminders share: people and a date, turns of the sweeper,
 * and what the delivery then finds.
 */

#ifndef MFA_REMIND_FIXTURE_H
#define MFA_REMIND_FIXTURE_H

#include "mfa_test_model.h"

#include "../../src/flow/mfa_flow.h"
#include "../../src/model/mfa_purge.h"


typedef struct {
    const char  *email;
    const char  *group;
    const char  *factor;            /* kind of a record, or NULL */
    mfa_time_t   added_at;          /* 0: now */
    mfa_time_t   deadline_at;
    bool         has_no_password;
    bool         is_disabled;
    bool         is_locked;
    bool         is_secured;        /* had a second factor once */
    bool         is_extended;       /* is to have a deadline_at */
    mfa_user_t   user;
} person_t;

static mfa_flow_settings_t  settings;
static mfa_remind_cursor_t  cursor;


/* a date for everybody that many days from now */

static inline void
deadline_in(fixture_t *f, int days)
{
    mfa_flow_defaults(&settings);

    settings.policy.from = f->now + (days - 30) * MFA_DAY;
    settings.policy.grace = 30 * MFA_DAY;
}


static inline mfa_status_t
tx_factor(mfa_tx_t *tx, const mfa_id_t *user, const char *kind)
{
    mfa_factor_record_t  record;

    memset(&record, 0, sizeof(record));

    record.user = *user;
    record.kind = mfa_str_from(kind);
    record.secret = mfa_str("secret");
    record.added_at = tx->now;

    return mfa_factor_record_put(tx, &record);
}


static inline mfa_status_t
tx_person(mfa_tx_t *tx, void *arg)
{
    person_t      *person = arg;
    mfa_user_t    *user = &person->user;
    mfa_status_t   st;

    st = mfa_user_make(tx, user);
    if (st != MFA_OK) {
        return st;
    }

    user->email = mfa_str_from(person->email);
    user->user = user->email;
    user->first_name = mfa_str("Ann");
    user->is_on_roster = true;
    user->is_disabled = person->is_disabled;
    user->is_locked = person->is_locked;
    user->deadline_at = person->deadline_at;
    user->secured_at = person->is_secured ? tx->now : 0;

    if (!person->has_no_password) {
        user->password = mfa_str("$argon2id$none");
    }

    if (person->added_at != 0) {
        user->added_at = person->added_at;
    }

    if (person->group != NULL) {
        st = mfa_strs_add(tx->work->arena, &user->groups,
                          mfa_str_from(person->group));
    }

    if (st == MFA_OK) {
        st = mfa_user_add(tx, user, NULL);
    }

    return (st == MFA_OK && person->factor != NULL)
           ? tx_factor(tx, &user->id, person->factor) : st;
}


static inline void
add(fixture_t *f, person_t *person)
{
    assert_int_equal(mfa_update(fixture_work(f), tx_person, person), MFA_OK);
}


static inline void
add_many(fixture_t *f, size_t count)
{
    char      email[64];
    size_t    i;
    person_t  person;

    for (i = 0; i < count; i++) {
        memset(&person, 0, sizeof(person));
        snprintf(email, sizeof(email), "ann%zu@example.org", i);
        person.email = email;
        person.added_at = f->now - 100 * MFA_DAY;
        add(f, &person);
    }
}


/* one turn; how many letters it queued */

static inline size_t
turn(fixture_t *f)
{
    size_t       sent;
    mfa_work_t  *work = fixture_work(f);

    work->address = NULL;

    assert_int_equal(mfa_flow_remind(work, &settings, &cursor, &sent),
                     MFA_OK);

    return sent;
}


typedef struct {
    size_t         count;
    mfa_message_t  last;
} outbox_t;


static inline mfa_status_t
tx_outbox(mfa_tx_t *tx, void *arg)
{
    outbox_t       *outbox = arg;
    mfa_status_t    st;
    mfa_message_t  *after = NULL;

    outbox->count = 0;

    while ((st = mfa_message_next(tx, after, &outbox->last)) == MFA_OK) {
        outbox->count++;
        after = &outbox->last;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static inline size_t
waiting(fixture_t *f)
{
    outbox_t  outbox;

    assert_int_equal(mfa_view(fixture_work(f), tx_outbox, &outbox), MFA_OK);

    return outbox.count;
}


typedef struct {
    char      to[64];
    char      days[8];
    char      until[64];
    bool      is_last;
    size_t    count;
} letter_t;


/* takes all letters out, as the delivery does; the last one is described */

static inline mfa_status_t
tx_deliver(mfa_tx_t *tx, void *arg)
{
    letter_t       *letter = arg;
    mfa_str_t       days;
    mfa_status_t    st;
    mfa_message_t   message;

    memset(letter, 0, sizeof(*letter));

    while ((st = mfa_message_lease(tx, MFA_MINUTE, &message)) == MFA_OK) {
        assert_true(mfa_str_eq_c(message.kind, "reminder"));
        assert_true(mfa_str_eq_c(message.channel, "mail"));

        days = mfa_pairs_get(&message.values, mfa_str("days"));

        snprintf(letter->to, sizeof(letter->to), MFA_STR_FMT,
                 MFA_STR_ARG(message.to));
        snprintf(letter->days, sizeof(letter->days), MFA_STR_FMT,
                 MFA_STR_ARG(days));
        snprintf(letter->until, sizeof(letter->until), MFA_STR_FMT,
                 MFA_STR_ARG(mfa_pairs_get(&message.values,
                                           mfa_str("until"))));
        letter->is_last = mfa_pairs_get(&message.values,
                                        mfa_str("one_day")).len > 0;
        letter->count++;

        st = mfa_message_sent(tx, &message);
        if (st != MFA_OK) {
            return st;
        }
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static inline letter_t
deliver(fixture_t *f)
{
    letter_t  letter;

    assert_int_equal(mfa_update(fixture_work(f), tx_deliver, &letter), MFA_OK);

    return letter;
}


/* whole rounds until nothing more comes; how many letters */

static inline letter_t
round_of(fixture_t *f)
{
    size_t    i, sum = 0;
    letter_t  letter, last = { .count = 0 };

    for (i = 0; i < 100; i++) {
        (void) turn(f);
        letter = deliver(f);

        if (letter.count > 0) {
            last = letter;
        }

        sum += letter.count;

        if (cursor.has_begun && !cursor.has_after) {
            break;
        }
    }

    assert_true(i < 100);

    /* the rest before the next round is over */

    cursor.has_begun = false;
    last.count = sum;

    return last;
}


static inline void
begin(fixture_t *f, int days)
{
    memset(&cursor, 0, sizeof(cursor));
    deadline_in(f, days);
}

#endif /* MFA_REMIND_FIXTURE_H */
