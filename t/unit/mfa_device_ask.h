/*
 * Ann, who lost her phone: each step of the journey in any browser, and what
 * her old and her new device are worth.
 */

#ifndef MFA_DEVICE_ASK_H
#define MFA_DEVICE_ASK_H

#include "mfa_reset_ask.h"


/* from the verify page; ends on the page that asks for an address */

static inline void
device_open(visitor_t *v)
{
    follow(v, "Reset device");
    assert_true(visitor_sees(v, "<h1>Reset device</h1>"));
    assert_true(visitor_sees(v, "Please verify your email address."));
}


/* ends on the page of the code */

static inline void
device_ask(visitor_t *v, const char *email)
{
    char  body[512];

    device_open(v);
    (void) snprintf(body, sizeof(body), "email=%s&do=send", email);
    visitor_submit(v, body);
}


/* ends on "Email address verified." */

static inline void
device_prove(visitor_t *v, const char *email)
{
    char  code[16];

    device_ask(v, email);
    world_code(v->world, code);
    submit_code(v, code, "verify");
    assert_true(visitor_sees(v, "Email address verified. You can now "
                                "continue."));
}


/* ends on the page of the new app, whose secret it gives */

static inline void
device_app(visitor_t *v, char secret[64])
{
    if (visitor_sees(v, ">Authenticator app</a>")) {
        follow(v, "Authenticator app");
    }

    visitor_secret(v, secret, 64);
}


static inline bool
device_is_done(const visitor_t *v)
{
    return strncmp(v->url, "/mfa/device-reset/done", 22) == 0
           && visitor_sees(v, "Please visit your normal login URL and enter "
                              "your new authentication details.");
}


/* a login in another browser with that secret: does it lead in? */

static inline bool
device_opens(world_t *world, const char *secret)
{
    bool       is_in;
    char       code[16];
    visitor_t  other;

    world->now += 2 * MFA_MINUTE;

    visitor_init(&other, world);
    other.address = 99;
    (void) reset_login(&other, ANN, "copper+kettle+nine");

    if (visitor_sees(&other, ">Authenticator app</a>")) {
        follow(&other, "Authenticator app");
    }

    visitor_app_code(&other, secret, 0, code);
    submit_code(&other, code, "continue");
    is_in = is_logged_in(&other);
    visitor_done(&other);

    return is_in;
}


/* a request of Ann's, and what staff do about it behind their pages */

typedef struct {
    mfa_id_t             user;
    mfa_reset_request_t  request;
    char                 phrase[64];
    char                 pass[32];
    mfa_status_t         st;
    bool                 approve;
    mfa_request_state_t  close;         /* 0: leave it */
} desk_t;


static inline mfa_status_t
desk_work(mfa_tx_t *tx, void *arg)
{
    desk_t        *desk = arg;
    mfa_user_t     staff;
    mfa_status_t   st;

    memset(&staff, 0, sizeof(staff));
    memset(staff.id.bytes, 7, MFA_ID_SIZE);
    staff.email = mfa_str("sam.staff@example.org");

    desk->st = mfa_reset_request_of(tx, &desk->user, &desk->request);
    if (desk->st != MFA_OK) {
        return mfa_status_is_fault(desk->st) ? desk->st : MFA_OK;
    }

    (void) snprintf(desk->phrase, sizeof(desk->phrase), MFA_STR_FMT,
                    MFA_STR_ARG(desk->request.phrase));

    st = MFA_OK;

    if (desk->approve) {
        st = mfa_reset_request_approve(tx, &desk->request, &staff,
                                       mfa_str("a call to the desk phone"));
    }

    if (st == MFA_OK && desk->close != 0) {
        st = mfa_reset_request_close(tx, &desk->request, desk->close);
    }

    return st;
}


static inline desk_t
desk_read(world_t *world, mfa_id_t user)
{
    desk_t  desk = { .user = user };

    world_update(world, desk_work, &desk);

    return desk;
}


static inline void
desk_approve(world_t *world, mfa_id_t user)
{
    desk_t  desk = { .user = user, .approve = true };

    world_update(world, desk_work, &desk);
    assert_int_equal(desk.st, MFA_OK);
}


static inline mfa_status_t
desk_make_pass(mfa_tx_t *tx, void *arg)
{
    desk_t        *desk = arg;
    mfa_str_t      pass;
    mfa_user_t     user, staff;
    mfa_status_t   st;

    memset(&staff, 0, sizeof(staff));
    memset(staff.id.bytes, 7, MFA_ID_SIZE);

    st = mfa_user_get(tx, &desk->user, &user);

    if (st == MFA_OK) {
        st = mfa_pass_make(tx, &user, &staff, &pass);
    }

    if (st == MFA_OK) {
        (void) snprintf(desk->pass, sizeof(desk->pass), MFA_STR_FMT,
                        MFA_STR_ARG(pass));
    }

    return st;
}


static inline desk_t
desk_pass(world_t *world, mfa_id_t user)
{
    desk_t  desk = { .user = user };

    world_update(world, desk_make_pass, &desk);

    return desk;
}

#endif /* MFA_DEVICE_ASK_H */
