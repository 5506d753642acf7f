/*
 * A realm with staff: Sam and Tom of the helpdesk, Ada who is an admin, Ann
 * and Eve who are neither, Max whom Ann reports to. All have an app.
 */

#ifndef MFA_STAFF_FIXTURE_H
#define MFA_STAFF_FIXTURE_H

#include "mfa_settings_fixture.h"


#define SAM  "sam.helpdesk@example.org"
#define TOM  "tom.helpdesk@example.org"
#define ADA  "ada.admin@example.org"
#define MAX  "max.manager@example.org"

typedef struct {
    mfa_id_t  ann, eve, sam, tom, ada, max;
} people_t;


static inline void
staff_lines(world_t *world)
{
    settings_lines(world);
    WORLD_LINE(world, "helpdesk_group", "helpdesk");
    WORLD_LINE(world, "admin_group", "admins");
}


static inline void
staff_two_lines(world_t *world)
{
    staff_lines(world);
    WORLD_LINE(world, "approvals", "2");
}


typedef struct {
    const mfa_id_t  *id;
    const char      *group, *manager, *first, *surname;
} staff_set_t;


static inline mfa_status_t
staff_set(mfa_tx_t *tx, void *arg)
{
    mfa_user_t     user;
    mfa_status_t   st;
    staff_set_t   *set = arg;

    st = mfa_user_get(tx, set->id, &user);

    if (st == MFA_OK && set->group != NULL) {
        st = mfa_strs_add(tx->work->arena, &user.groups,
                          mfa_str_from(set->group));
    }

    if (st != MFA_OK) {
        return st;
    }

    user.manager = mfa_str_from(set->manager);
    user.first_name = mfa_str_from(set->first);
    user.surname = mfa_str_from(set->surname);

    return mfa_user_save(tx, &user, NULL);
}


static inline void
staff_person(world_t *world, mfa_id_t *id, const char *email,
    const char *other, staff_set_t set)
{
    *id = settings_person(world, email, other, "totp");
    set.id = id;
    world_update(world, staff_set, &set);
}


static inline world_t *
staff_world(const char *store, void (*lines)(world_t *), people_t *p)
{
    world_t  *world;

    world = world_open_with(store, WORLD_ORIGIN, lines);
    world_hash_cheaply(world);

    staff_person(world, &p->ann, ANN, ANN_HOME,
                 (staff_set_t) { .manager = MAX, .first = "Ann",
                                 .surname = "Employee" });
    staff_person(world, &p->eve, EVE, NULL,
                 (staff_set_t) { .first = "Eve", .surname = "Other" });
    staff_person(world, &p->sam, SAM, NULL,
                 (staff_set_t) { .group = "helpdesk", .manager = MAX,
                                 .first = "Sam", .surname = "Helper" });
    staff_person(world, &p->tom, TOM, NULL,
                 (staff_set_t) { .group = "helpdesk", .first = "Tom",
                                 .surname = "Helper" });
    staff_person(world, &p->ada, ADA, NULL,
                 (staff_set_t) { .group = "admins", .first = "Ada",
                                 .surname = "Admin" });
    staff_person(world, &p->max, MAX, NULL,
                 (staff_set_t) { .first = "Max", .surname = "Manager" });

    return world;
}


/* one deed by the flow alone; the session is of this person */

typedef struct {
    world_t       *world;
    mfa_arena_t   *arena;
    mfa_work_t     work;
    mfa_step_t     step;
    mfa_verdict_t  verdict;
    login_t        login;
} actor_t;


static inline void
actor_open(actor_t *actor, world_t *world, const mfa_id_t *who)
{
    memset(actor, 0, sizeof(*actor));

    actor->world = world;
    actor->login = (login_t) { .user = who, .agent = "Firefox on Linux" };
    world_update(world, add_session, &actor->login);

    actor->arena = mfa_arena_open(4 * 1024 * 1024);
    actor->work.model = mfa_model_of(world->mfa);
    actor->work.arena = actor->arena;
}


static inline void
actor_close(actor_t *actor)
{
    mfa_arena_close(&actor->arena);
}


static inline mfa_status_t
actor_do(actor_t *actor, mfa_staff_deed_t *deed)
{
    static _Thread_local mfa_flow_settings_t    settings;
    static _Thread_local mfa_factor_settings_t  factors;
    static _Thread_local mfa_send_settings_t    send = { .sms_count = 1 };
    static _Thread_local mfa_flow_env_t         env;

    mfa_flow_defaults(&settings);
    env.settings = &settings;
    env.factors = &factors;
    env.send = &send;

    memset(&actor->step, 0, sizeof(actor->step));

    actor->step.env = &env;
    actor->step.work = &actor->work;
    actor->step.old_session = mfa_str_from(actor->login.token);

    if (deed->reason.data == NULL) {
        deed->reason = mfa_str("called back on 01632 960001");
    }

    return mfa_staff_do(&actor->step, deed, &actor->verdict);
}


/* the user as the store has it */

typedef struct {
    mfa_id_t     id;
    mfa_user_t   user;
    mfa_arena_t *arena;
} seen_t;


static inline mfa_status_t
see_user(mfa_tx_t *tx, void *arg)
{
    seen_t  *seen = arg;

    return mfa_user_get(tx, &seen->id, &seen->user);
}


static inline mfa_user_t
actor_sees(actor_t *actor, const mfa_id_t *id)
{
    seen_t  seen = { .id = *id };

    assert_int_equal(mfa_view(&actor->work, see_user, &seen), MFA_OK);

    return seen.user;
}


/* a request of a person */

typedef struct {
    const mfa_id_t       *user;
    mfa_reset_request_t   request;
    char                  phrase[64];
} asked_t;


static inline mfa_status_t
ask_reset(mfa_tx_t *tx, void *arg)
{
    asked_t       *asked = arg;
    mfa_str_t      token;
    mfa_user_t     user;
    mfa_status_t   st;

    memset(&asked->request, 0, sizeof(asked->request));
    asked->request.address = (mfa_address_t) { { 198, 51, 100, 44 }, 4 };
    asked->request.agent = mfa_str("Safari on iPhone");

    st = mfa_user_get(tx, asked->user, &user);

    if (st == MFA_OK) {
        st = mfa_reset_request_open(tx, &user, &asked->request, &token);
    }

    (void) snprintf(asked->phrase, sizeof(asked->phrase), MFA_STR_FMT,
                    MFA_STR_ARG(asked->request.phrase));

    return st;
}


static inline mfa_status_t
cancel_reset(mfa_tx_t *tx, void *arg)
{
    asked_t  *asked = arg;

    return mfa_reset_request_close(tx, &asked->request,
                                   MFA_REQUEST_CANCELLED);
}


static inline mfa_status_t
see_request(mfa_tx_t *tx, void *arg)
{
    asked_t              *asked = arg;
    mfa_status_t          st;
    mfa_reset_request_t   found;

    st = mfa_reset_request_get(tx, &asked->request.id, &found);

    if (st == MFA_OK) {
        asked->request.state = found.state;
        asked->request.approval_count = found.approval_count;
    }

    return st;
}


static inline mfa_request_state_t
state_of(world_t *world, asked_t *asked)
{
    world_update(world, see_request, asked);

    return asked->request.state;
}


static inline mfa_status_t
refuse_mail(mfa_tx_t *tx, void *arg)
{
    mfa_status_t   st;
    mfa_message_t  message;

    (void) arg;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str("invite");
    message.language = mfa_str("en");
    message.to = mfa_str(ANN_HOME);
    message.expires_at = tx->now + MFA_DAY;

    st = mfa_message_queue(tx, &message);

    return (st == MFA_OK) ? mfa_message_refused(tx, &message, "550") : st;
}


/* wrong passwords in a row */

typedef struct {
    const mfa_id_t  *user;
    int              count;
} row_t;


static inline mfa_status_t
fail_password(mfa_tx_t *tx, void *arg)
{
    int            i;
    bool           is_closed, is_last;
    row_t         *row = arg;
    mfa_user_t     user;
    mfa_status_t   st;

    st = mfa_user_get(tx, row->user, &user);

    for (i = 0; st == MFA_OK && i < row->count; i++) {
        st = mfa_password_row_book(tx, &user, user.email, &is_closed,
                                   &is_last);
    }

    return st;
}


/* 45 people who have never registered */

static inline mfa_status_t
add_many(mfa_tx_t *tx, void *arg)
{
    int            i;
    mfa_user_t     user;
    mfa_status_t   st = MFA_OK;

    (void) arg;

    for (i = 0; st == MFA_OK && i < 45; i++) {
        st = mfa_user_make(tx, &user);

        if (st == MFA_OK) {
            user.email = mfa_arena_printf(tx->work->arena,
                                          "crew.%d@example.org", i);
            user.user = user.email;
            user.added_at = tx->now;
            st = mfa_user_add(tx, &user, NULL);
        }
    }

    return st;
}

#endif /* MFA_STAFF_FIXTURE_H */
