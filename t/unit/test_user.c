/* Users: their record, their indexes, their end. */

#include "mfa_fixture.h"


#define ANN  "ann.employee@example.org"
#define BOB  "bob.manager@example.org"

/* one call of the model and what it is to give */

typedef struct {
    mfa_user_t     user;
    mfa_str_t      text;
    mfa_str_t      taken;
    mfa_status_t (*call)(mfa_tx_t *tx, mfa_str_t text, mfa_user_t *user);
} step_t;


static mfa_status_t
find_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return step->call(tx, step->text, &step->user);
}


static mfa_status_t
save_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_user_save(tx, &step->user, &step->taken);
}


static mfa_status_t
add_in(mfa_tx_t *tx, void *arg)
{
    mfa_id_t       id;
    step_t        *step = arg;
    mfa_user_t     made;
    mfa_status_t   st;

    st = mfa_user_make(tx, &made);
    id = made.id;
    step->user.id = id;

    return st == MFA_OK ? mfa_user_add(tx, &step->user, &step->taken) : st;
}


static mfa_status_t
get_in(mfa_tx_t *tx, void *arg)
{
    mfa_user_t  *user = arg;

    return mfa_user_get(tx, &user->id, user);
}


static mfa_status_t
delete_in(mfa_tx_t *tx, void *arg)
{
    return mfa_user_delete(tx, arg);
}


static mfa_status_t
by_email(fixture_t *f, const char *email, mfa_user_t *user)
{
    mfa_status_t  st;
    step_t        step = { .call = mfa_user_by_email,
                           .text = mfa_str_from(email) };

    st = mfa_view(fixture_work(f), find_in, &step);
    *user = step.user;

    return st;
}


static mfa_status_t
by_name(fixture_t *f, const char *name, mfa_user_t *user)
{
    mfa_status_t  st;
    step_t        step = { .call = mfa_user_by_name,
                           .text = mfa_str_from(name) };

    st = mfa_view(fixture_work(f), find_in, &step);
    *user = step.user;

    return st;
}


static mfa_status_t
save(fixture_t *f, const mfa_user_t *user, mfa_str_t *taken)
{
    step_t        step = { .user = *user };
    mfa_status_t  st;

    st = mfa_update(fixture_work(f), save_in, &step);

    if (taken != NULL) {
        *taken = step.taken;
    }

    return st;
}


static void
fill(fixture_t *f, mfa_user_t *user)
{
    user->first_name = mfa_str("Zo\xc3\xab");
    user->surname = mfa_str("O'Neill");
    user->manager = mfa_str(BOB);
    user->password = mfa_str("k1$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$bWFj");
    user->password_at = 11;
    user->added_at = 12;
    user->registered_at = 13;
    user->login_at = 14;
    user->epoch = 15;
    user->password_failures = 16;
    user->is_locked = true;
    user->is_on_roster = false;
    memset(user->browser, 0xa5, sizeof(user->browser));

    assert_int_equal(mfa_strs_add(f->arena, &user->other_emails,
                                  mfa_str("ann@example.org")), MFA_OK);
    assert_int_equal(mfa_strs_add(f->arena, &user->groups,
                                  mfa_str("staff, all")), MFA_OK);
    assert_int_equal(mfa_strs_add(f->arena, &user->groups,
                                  mfa_str("ess")), MFA_OK);
    assert_int_equal(mfa_pairs_add(f->arena, &user->attrs, mfa_str("cost"),
                                   mfa_str("4711")), MFA_OK);
}


static void
all_fields_come_back(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   user, back;

    fixture_user(f, ANN, &user);
    fill(f, &user);
    assert_int_equal(save(f, &user, NULL), MFA_OK);

    back = (mfa_user_t) { .id = user.id };
    assert_int_equal(mfa_view(fixture_work(f), get_in, &back), MFA_OK);

    assert_memory_equal(&back.id, &user.id, sizeof(mfa_id_t));
    assert_true(mfa_str_eq(back.user, user.user));
    assert_true(mfa_str_eq(back.email, user.email));
    assert_true(mfa_str_eq(back.first_name, user.first_name));
    assert_true(mfa_str_eq(back.surname, user.surname));
    assert_true(mfa_str_eq(back.manager, user.manager));
    assert_true(mfa_str_eq(back.password, user.password));
    assert_int_equal(back.other_emails.count, 1);
    assert_int_equal(back.groups.count, 2);
    assert_true(mfa_str_eq_c(back.groups.items[0], "staff, all"));
    assert_true(mfa_str_eq_c(mfa_pairs_get(&back.attrs, mfa_str("cost")),
                             "4711"));
    assert_int_equal(back.password_at, 11);
    assert_int_equal(back.added_at, 12);
    assert_int_equal(back.registered_at, 13);
    assert_int_equal(back.login_at, 14);
    assert_int_equal(back.epoch, 15);
    assert_int_equal(back.password_failures, 16);
    assert_memory_equal(back.browser, user.browser, MFA_DIGEST_SIZE);
    assert_true(back.is_locked);
    assert_false(back.is_disabled);
    assert_false(back.is_on_roster);
}


static void
a_user_is_found_by_every_address_and_the_name(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   user, found;

    fixture_user(f, ANN, &user);
    fill(f, &user);
    user.user = mfa_str("ann");
    assert_int_equal(save(f, &user, NULL), MFA_OK);

    assert_int_equal(by_email(f, ANN, &found), MFA_OK);
    assert_memory_equal(&found.id, &user.id, sizeof(mfa_id_t));
    assert_int_equal(by_email(f, "ann@example.org", &found), MFA_OK);
    assert_memory_equal(&found.id, &user.id, sizeof(mfa_id_t));
    assert_int_equal(by_name(f, "ann", &found), MFA_OK);
    assert_memory_equal(&found.id, &user.id, sizeof(mfa_id_t));

    assert_int_equal(by_name(f, ANN, &found), MFA_NOT_FOUND);
    assert_int_equal(by_email(f, "", &found), MFA_NOT_FOUND);
    assert_int_equal(by_email(f, BOB, &found), MFA_NOT_FOUND);
    assert_int_equal(mfa_user_may_log_in(&found), MFA_VERDICT_DENY);
}


static void
an_old_address_is_free_again(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   ann, bob, found;
    mfa_str_t    others[] = { mfa_str(ANN) };

    fixture_user(f, ANN, &ann);
    ann.email = mfa_str("ann@example.org");
    assert_int_equal(save(f, &ann, NULL), MFA_OK);
    assert_int_equal(by_email(f, ANN, &found), MFA_NOT_FOUND);
    assert_int_equal(by_email(f, "ann@example.org", &found), MFA_OK);

    fixture_user(f, BOB, &bob);
    bob.other_emails = (mfa_strs_t) { others, 1 };
    assert_int_equal(save(f, &bob, NULL), MFA_OK);
    assert_int_equal(by_email(f, ANN, &found), MFA_OK);
    assert_memory_equal(&found.id, &bob.id, sizeof(mfa_id_t));

    /* an address that moves within one user stays that user's */

    others[0] = mfa_str(BOB);
    bob.email = mfa_str(ANN);
    assert_int_equal(save(f, &bob, NULL), MFA_OK);
    assert_int_equal(by_email(f, ANN, &found), MFA_OK);
    assert_int_equal(by_email(f, BOB, &found), MFA_OK);
    assert_memory_equal(&found.id, &bob.id, sizeof(mfa_id_t));
}


/* A9 */

static void
an_address_of_another_is_refused_and_nothing_changes(void **state)
{
    fixture_t   *f = *state;
    mfa_str_t    taken, others[] = { mfa_str("b@example.org"), mfa_str(ANN) };
    mfa_user_t   ann, bob, found;

    fixture_user(f, ANN, &ann);
    fixture_user(f, BOB, &bob);

    bob.other_emails = (mfa_strs_t) { others, 2 };
    bob.surname = mfa_str("Changed");
    assert_int_equal(save(f, &bob, &taken), MFA_EXISTS);
    assert_true(mfa_str_eq_c(taken, ANN));
    assert_int_equal(by_email(f, "b@example.org", &found), MFA_NOT_FOUND);
    assert_int_equal(by_email(f, BOB, &found), MFA_OK);
    assert_true(mfa_str_eq_c(found.surname, "Employee"));
    assert_int_equal(by_email(f, ANN, &found), MFA_OK);
    assert_memory_equal(&found.id, &ann.id, sizeof(mfa_id_t));

    bob.other_emails.count = 0;
    bob.user = mfa_str(ANN);
    assert_int_equal(save(f, &bob, &taken), MFA_EXISTS);
    assert_true(mfa_str_eq_c(taken, ANN));
}


static void
adding_an_address_twice_is_refused(void **state)
{
    fixture_t   *f = *state;
    step_t       step = { .user = { .user = mfa_str("other"),
                                    .email = mfa_str(ANN) } };
    mfa_user_t   ann, found;

    fixture_user(f, ANN, &ann);

    assert_int_equal(mfa_update(fixture_work(f), add_in, &step), MFA_EXISTS);
    assert_true(mfa_str_eq_c(step.taken, ANN));
    assert_int_equal(by_name(f, "other", &found), MFA_NOT_FOUND);

    step.user.email = mfa_null;
    assert_int_equal(mfa_update(fixture_work(f), add_in, &step), MFA_OK);
    assert_int_equal(by_name(f, "other", &found), MFA_OK);
    assert_int_equal(by_email(f, "", &found), MFA_NOT_FOUND);
}


static void
fields_out_of_bounds_are_refused(void **state)
{
    size_t       i;
    char         wide[200];
    fixture_t   *f = *state;
    mfa_str_t    long_text, items[9];
    mfa_user_t   good, user;

    memset(wide, 'x', sizeof(wide));
    long_text = mfa_str_bytes(wide, 129);
    fixture_user(f, ANN, &good);

#define refused(change)                                                       \
    user = good;                                                              \
    change;                                                                   \
    assert_int_equal(save(f, &user, NULL), MFA_INVALID)

    refused(user.user = mfa_null);
    refused(user.user = long_text);
    refused(user.user = mfa_str("a\nb"));
    refused(user.first_name = long_text);
    refused(user.surname = mfa_str("\xff"));
    refused(user.surname = mfa_str("a\x00" "b"));
    refused(user.email = mfa_str("Ann.Employee@example.org"));
    refused(user.email = mfa_str(" " ANN));
    refused(user.email = mfa_str("ann"));

    items[0] = mfa_str_bytes(wide, 65);
    refused(user.groups = ((mfa_strs_t) { items, 1 }));
    items[0] = mfa_null;
    refused(user.groups = ((mfa_strs_t) { items, 1 }));

    for (i = 0; i < 8; i++) {
        items[i] = mfa_arena_printf(f->arena, "a%zu@example.org", i);
    }

    refused(user.other_emails = ((mfa_strs_t) { items, 8 }));
#undef refused

    good.other_emails = (mfa_strs_t) { items, 7 };
    assert_int_equal(save(f, &good, NULL), MFA_OK);
}


static void
saving_nobody_is_not_adding(void **state)
{
    fixture_t   *f = *state;
    mfa_user_t   user = { .user = mfa_str("ghost") }, found;

    assert_int_equal(save(f, &user, NULL), MFA_NOT_FOUND);
    assert_int_equal(by_name(f, "ghost", &found), MFA_NOT_FOUND);
}


static mfa_status_t
dress_in(mfa_tx_t *tx, void *arg)
{
    mfa_user_t           *user = arg;
    mfa_str_t             token;
    mfa_status_t          st;
    mfa_session_t         session = { .amr = MFA_AMR_PWD };
    mfa_factor_record_t   record = { .user = user->id,
                                     .kind = mfa_str("totp"),
                                     .secret = mfa_str("secret") };

    st = mfa_factor_record_put(tx, &record);

    return st == MFA_OK ? mfa_session_issue(tx, user, &session, &token) : st;
}


static mfa_status_t
count_in(mfa_tx_t *tx, void *arg)
{
    size_t        *count = arg;
    unsigned       table;
    mfa_status_t   st;

    *count = 0;

    for (table = MFA_TABLE_USER; table <= MFA_TABLE_FLOW_USER; table++) {
        mfa_cursor_t  cursor = { .table = table };

        while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena))
               == MFA_OK)
        {
            (*count)++;
        }

        if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


/* D7 */

static void
a_deleted_user_leaves_nothing(void **state)
{
    size_t       count;
    fixture_t   *f = *state;
    mfa_user_t   user;

    fixture_user(f, ANN, &user);
    fill(f, &user);
    user.is_locked = false;
    assert_int_equal(save(f, &user, NULL), MFA_OK);
    assert_int_equal(mfa_update(fixture_work(f), dress_in, &user), MFA_OK);

    assert_int_equal(mfa_view(fixture_work(f), count_in, &count), MFA_OK);
    assert_int_equal(count, 7);

    assert_int_equal(mfa_update(fixture_work(f), delete_in, &user.id), MFA_OK);
    assert_int_equal(mfa_view(fixture_work(f), count_in, &count), MFA_OK);
    assert_int_equal(count, 0);

    assert_int_equal(mfa_update(fixture_work(f), delete_in, &user.id),
                     MFA_NOT_FOUND);
}


static mfa_status_t
walk_in(mfa_tx_t *tx, void *arg)
{
    size_t        *count = arg;
    mfa_id_t       last;
    mfa_user_t     user;
    mfa_status_t   st;

    *count = 0;

    for (st = mfa_user_next(tx, NULL, &user);
         st == MFA_OK;
         st = mfa_user_next(tx, &user.id, &user))
    {
        assert_true(*count == 0
                    || memcmp(last.bytes, user.id.bytes, MFA_ID_SIZE) < 0);
        last = user.id;
        (*count)++;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


static void
users_are_walked_in_order(void **state)
{
    size_t       i, count;
    fixture_t   *f = *state;
    mfa_user_t   user;

    for (i = 0; i < 20; i++) {
        fixture_user(f, mfa_arena_printf(f->arena, "u%zu@example.org%c", i,
                                         '\0').data, &user);
    }

    assert_int_equal(mfa_view(fixture_work(f), walk_in, &count), MFA_OK);
    assert_int_equal(count, 20);
}


static mfa_status_t
spoil_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_txn_put(tx->txn, MFA_TABLE_USER, mfa_id_str(&step->user.id),
                       step->text);
}


/* J14 */

static void
a_record_of_a_newer_version_is_refused(void **state)
{
    fixture_t   *f = *state;
    step_t       step = { .text = mfa_str("\x7fwhatever") };
    mfa_user_t   found;

    fixture_user(f, ANN, &step.user);

    assert_int_equal(mfa_update(fixture_work(f), spoil_in, &step), MFA_OK);
    assert_int_equal(by_email(f, ANN, &found), MFA_NEWER);
    assert_int_equal(mfa_user_may_log_in(&found), MFA_VERDICT_DENY);
    assert_int_equal(save(f, &step.user, NULL), MFA_NEWER);

    step.text = mfa_str("\x01\x00\x00\x7f" "a");
    assert_int_equal(mfa_update(fixture_work(f), spoil_in, &step), MFA_OK);
    assert_int_equal(by_email(f, ANN, &found), MFA_DAMAGED);
    assert_int_equal(mfa_user_may_log_in(&found), MFA_VERDICT_DENY);
    assert_true(f->errors > 0);
}


static void
a_disabled_or_locked_user_may_not_log_in(void **state)
{
    mfa_user_t  user = { .is_disabled = false };

    (void) state;

    assert_int_equal(mfa_user_may_log_in(&user), MFA_VERDICT_PASS);
    user.is_disabled = true;
    assert_int_equal(mfa_user_may_log_in(&user), MFA_VERDICT_DENY);
    user = (mfa_user_t) { .is_locked = true };
    assert_int_equal(mfa_user_may_log_in(&user), MFA_VERDICT_DENY);
}


static void
a_full_name_falls_back_to_the_address(void **state)
{
    fixture_t   *f = *state;
    mfa_str_t    name;
    mfa_user_t   user = { .email = mfa_str(ANN), .surname = mfa_str("Lee") };

    assert_int_equal(mfa_user_full_name(f->arena, &user, &name), MFA_OK);
    assert_true(mfa_str_eq_c(name, "Lee"));
    user.first_name = mfa_str("Ann");
    assert_int_equal(mfa_user_full_name(f->arena, &user, &name), MFA_OK);
    assert_true(mfa_str_eq_c(name, "Ann Lee"));
    user.first_name = user.surname = mfa_null;
    assert_int_equal(mfa_user_full_name(f->arena, &user, &name), MFA_OK);
    assert_true(mfa_str_eq_c(name, ANN));
}


/* J12 */

static void
no_user_is_made_without_randomness(void **state)
{
    fixture_t   *f = *state;
    step_t       step = { .user = { .user = mfa_str("x") } };
    mfa_user_t   found;

    f->is_random_broken = true;
    assert_int_equal(mfa_update(fixture_work(f), add_in, &step), MFA_CRYPTO);
    f->is_random_broken = false;
    assert_int_equal(by_name(f, "x", &found), MFA_NOT_FOUND);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(all_fields_come_back),
        FIXTURE_TEST(a_user_is_found_by_every_address_and_the_name),
        FIXTURE_TEST(an_old_address_is_free_again),
        FIXTURE_TEST(an_address_of_another_is_refused_and_nothing_changes),
        FIXTURE_TEST(adding_an_address_twice_is_refused),
        FIXTURE_TEST(fields_out_of_bounds_are_refused),
        FIXTURE_TEST(saving_nobody_is_not_adding),
        FIXTURE_TEST(a_deleted_user_leaves_nothing),
        FIXTURE_TEST(users_are_walked_in_order),
        FIXTURE_TEST(a_record_of_a_newer_version_is_refused),
        FIXTURE_TEST(a_disabled_or_locked_user_may_not_log_in),
        FIXTURE_TEST(a_full_name_falls_back_to_the_address),
        FIXTURE_TEST(no_user_is_made_without_randomness),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
