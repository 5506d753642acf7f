/*
 * Ann, who forgot her password: each step of the journey in any browser,
 * and what her record says after it.
 */

#ifndef MFA_RESET_ASK_H
#define MFA_RESET_ASK_H

#include "mfa_flow_ask.h"


#define RESET_NEW_PASSWORD  "velvet+harbour+seven"

typedef struct {
    mfa_id_t    id;
    mfa_user_t  user;
    char        password[512];
    mfa_user_t  set;                /* marks and flags to be written */
    bool        is_set;
} ann_t;


static inline mfa_status_t
ann_update(mfa_tx_t *tx, void *arg)
{
    ann_t         *ann = arg;
    mfa_status_t   st;

    st = mfa_user_get(tx, &ann->id, &ann->user);
    if (st != MFA_OK) {
        return st;
    }

    (void) snprintf(ann->password, sizeof(ann->password), MFA_STR_FMT,
                    MFA_STR_ARG(ann->user.password));

    if (!ann->is_set) {
        return MFA_OK;
    }

    ann->user.mailed_password_at = ann->set.mailed_password_at;
    ann->user.mailed_device_at = ann->set.mailed_device_at;
    ann->user.is_disabled = ann->set.is_disabled;
    ann->user.is_locked = ann->set.is_locked;
    memcpy(ann->user.browser, ann->set.browser, MFA_DIGEST_SIZE);

    if (ann->set.registered_at != 0) {
        ann->user.registered_at = ann->set.registered_at;
        ann->user.secured_at = ann->set.registered_at;
    }

    return mfa_user_save(tx, &ann->user, NULL);
}


static inline ann_t
ann_read(world_t *world, mfa_id_t id)
{
    ann_t  ann;

    memset(&ann, 0, sizeof(ann));
    ann.id = id;
    world_update(world, ann_update, &ann);

    return ann;
}


static inline void
ann_write(world_t *world, mfa_id_t id, mfa_user_t set)
{
    ann_t  ann;

    memset(&ann, 0, sizeof(ann));
    ann.id = id;
    ann.set = set;
    ann.is_set = true;
    world_update(world, ann_update, &ann);
}


/* from the link of the login page; ends on the page of the code */

static inline void
reset_ask(visitor_t *v, const char *email)
{
    char  body[512];

    visitor_open(v, "/mfa/login?to=/ess/page", NULL);
    follow(v, "Forgotten password?");
    assert_true(visitor_sees(v, "<h1>Password reset</h1>"));
    assert_true(visitor_sees(v, "Please verify your email address."));

    (void) snprintf(body, sizeof(body), "email=%s", email);
    visitor_submit(v, body);
}


/* ends behind the right code, wherever that leads */

static inline void
reset_prove(visitor_t *v, const char *email)
{
    char  code[16];

    reset_ask(v, email);
    world_code(v->world, code);
    submit_code(v, code, "verify");
}


/* ends on New password */

static inline void
reset_open(visitor_t *v, const char *email)
{
    reset_prove(v, email);
    assert_true(visitor_sees(v, "Email address verified. You can now "
                                "continue."));
    visitor_submit(v, "do=continue");
    assert_true(visitor_sees(v, "<h1>New password</h1>"));
}


static inline void
reset_set(visitor_t *v)
{
    visitor_submit(v, "new_password=" RESET_NEW_PASSWORD "&confirm_password="
                   RESET_NEW_PASSWORD "&do=continue");
}


static inline bool
reset_is_done(const visitor_t *v)
{
    return visitor_sees(v, "Your password has been successfully reset.");
}


static inline bool
reset_is_closed(const visitor_t *v)
{
    return strncmp(v->url, "/mfa/password-reset/closed", 26) == 0;
}


/* the first step of a login; true: the password was right */

static inline bool
reset_login(visitor_t *v, const char *email, const char *password)
{
    char  body[512];

    v->cookies[0][0] = '\0';
    v->world->now += 2 * MFA_MINUTE;

    visitor_open(v, "/mfa/login?to=/ess/page", NULL);
    (void) snprintf(body, sizeof(body), "email=%s&password=%s", email,
                    password);
    visitor_submit(v, body);

    return !visitor_sees(v, "Invalid login.");
}

#endif /* MFA_RESET_ASK_H */
