/*
 * Ann with methods of known secrets, before the second step of a login in
 * any browser: for tests of the rules behind the pages.
 */

#ifndef MFA_FLOW_ASK_H
#define MFA_FLOW_ASK_H

#include "mfa_factor_ask.h"
#include "mfa_settings_fixture.h"


/* base32 of the secret that add_record() gives an app */
#define ANN_SECRET  "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


static inline void
flow_lines(world_t *world)
{
    all_lines(world);
    WORLD_LINE(world, "recovery_codes", "on");
}


static inline world_t *
flow_world(void (*lines)(world_t *), const char *kinds, mfa_id_t *ann)
{
    world_t  *world;

    world = world_open_with("memory:again", WORLD_ORIGIN, lines);
    world_hash_cheaply(world);

    *ann = settings_person(world, ANN, ANN_HOME, kinds);

    return world;
}


/* another browser, behind another address, at the second step */

static inline void
flow_browser(visitor_t *v, world_t *world, uint8_t address)
{
    static const char  body[] = "email=" ANN "&password=copper+kettle+nine";

    visitor_init(v, world);
    v->address = address;

    visitor_open(v, "/mfa/login", NULL);
    visitor_submit(v, body);
}


/* the same browser, logged out, at the second step again */

static inline void
flow_again(visitor_t *v)
{
    v->cookies[0][0] = '\0';

    visitor_open(v, "/mfa/login", NULL);
    visitor_submit(v, "email=" ANN "&password=copper+kettle+nine");
}


static inline bool
is_logged_in(const visitor_t *v)
{
    return v->cookies[0][0] != '\0';
}


/* a link of the flow that the page shown belongs to */

static inline void
flow_go(visitor_t *v, const char *path)
{
    char         url[256], flow[64];
    const char  *at;

    at = strstr(v->url, "flow=");
    assert_non_null(at);
    (void) snprintf(flow, sizeof(flow), "%.32s", at + 5);

    (void) snprintf(url, sizeof(url), "/mfa/%s?flow=%s", path, flow);
    visitor_open(v, url, NULL);
}


static inline size_t
events_of(const world_t *world, const char *mark)
{
    size_t       count;
    const char  *at;

    count = 0;

    for (at = world->events; (at = strstr(at, mark)) != NULL; at++) {
        count++;
    }

    return count;
}


/* a number that is none of the codes an app shows in these minutes */

static inline void
wrong_app_code(visitor_t *v)
{
    char  code[16];

    visitor_app_code(v, ANN_SECRET, 4000, code);
    submit_code(v, code, "continue");
}


static inline void
right_app_code(visitor_t *v)
{
    char  code[16];

    visitor_app_code(v, ANN_SECRET, 0, code);
    submit_code(v, code, "continue");
}


/* one record as it stands */

typedef struct {
    mfa_id_t             user;
    const char          *kind;
    mfa_factor_record_t  record;
    mfa_status_t         st;
    char                 secret[512];
    size_t               len;
} record_t;


static inline mfa_status_t
read_record(mfa_tx_t *tx, void *arg)
{
    record_t  *at = arg;

    at->st = mfa_factor_record_get(tx, &at->user, mfa_str_from(at->kind),
                                   &at->record);

    if (at->st == MFA_OK) {
        at->len = at->record.secret.len;
        assert_true(at->len <= sizeof(at->secret));
        memcpy(at->secret, at->record.secret.data, at->len);
    }

    return mfa_status_is_fault(at->st) ? at->st : MFA_OK;
}


static inline record_t
flow_record(world_t *world, mfa_id_t user, const char *kind)
{
    record_t  at;

    memset(&at, 0, sizeof(at));

    at.user = user;
    at.kind = kind;

    world_update(world, read_record, &at);

    return at;
}


/* Ann of ann_secures(), who registered by herself */

static inline mfa_status_t
world_find_ann(mfa_tx_t *tx, void *arg)
{
    mfa_id_t      *id = arg;
    mfa_user_t     user;
    mfa_status_t   st;

    st = mfa_user_by_email(tx, mfa_str(ASK_ANN), &user);

    if (st == MFA_OK) {
        *id = user.id;
    }

    return st;
}


/* as if staff or another tab had set up an app */

static inline mfa_status_t
world_give_app(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_get(tx, arg, &user);

    return (st == MFA_OK) ? add_record(tx, &user, "totp") : st;
}


static inline mfa_status_t
world_give_phone(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_get(tx, arg, &user);

    return (st == MFA_OK) ? add_record(tx, &user, "sms") : st;
}


/* as after 50 wrong codes */

static inline mfa_status_t
world_disable_sms(mfa_tx_t *tx, void *arg)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, arg, mfa_str("sms"), &record);
    if (st != MFA_OK) {
        return st;
    }

    record.is_disabled = true;

    return mfa_factor_record_put(tx, &record);
}

#endif /* MFA_FLOW_ASK_H */
