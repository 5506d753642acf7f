/*
 * Ann among all second factors: lines of a realm that allows them, links
 * pressed by their text, codes read from the messages of every channel.
 */

#ifndef MFA_FACTOR_ASK_H
#define MFA_FACTOR_ASK_H

#include "mfa_visitor_ask.h"


#define FACTORS  "totp", "sms", "voice", "email"


static inline void
all_lines(world_t *world)
{
    char  sms[128], voice[128];

    (void) snprintf(sms, sizeof(sms), "maildir:%s/sms", world->dir);
    (void) snprintf(voice, sizeof(voice), "maildir:%s/voice", world->dir);

    WORLD_LINE(world, "factors", FACTORS);
    WORLD_LINE(world, "sms", sms);
    WORLD_LINE(world, "voice", voice);
    WORLD_LINE(world, "default_country", "GB");
    WORLD_LINE(world, "sms_countries", "GB", "DE");
    WORLD_LINE(world, "remember_device", "30d");
}


static inline mfa_status_t
add_ann(mfa_tx_t *tx, void *arg)
{
    mfa_user_t    user;
    mfa_status_t  st;

    st = mfa_user_make(tx, &user);

    if (st == MFA_OK && arg != NULL) {
        st = mfa_strs_add(tx->work->arena, &user.other_emails,
                          mfa_str_from(arg));
    }

    if (st != MFA_OK) {
        return st;
    }

    user.email = mfa_str(ASK_ANN);
    user.user = mfa_str("ann");
    user.first_name = mfa_str("Ann");
    user.surname = mfa_str("Employee");
    user.is_on_roster = true;
    user.added_at = tx->now;

    return mfa_user_add(tx, &user, NULL);
}


/* Ann stands before "Secure your account"; home: her other address */

static inline world_t *
ann_secures(visitor_t *v, void (*lines)(world_t *), const char *home)
{
    char      other[64];
    world_t  *world;

    (void) snprintf(other, sizeof(other), "%s", home != NULL ? home : "");

    world = world_open_with("memory:factors", WORLD_ORIGIN, lines);
    world_hash_cheaply(world);
    world_update(world, add_ann, home != NULL ? other : NULL);

    visitor_init(v, world);
    visitor_register(v, ASK_ANN);

    return world;
}


static inline void
ann_leaves(visitor_t *v)
{
    world_t  *world = v->world;

    visitor_done(v);
    world_close(world);
}


/* presses the link of that text */

static inline void
follow(visitor_t *v, const char *text)
{
    char         url[1024], mark[256];
    size_t       len;
    const char  *at, *start;

    (void) snprintf(mark, sizeof(mark), ">%s</a>", text);

    at = strstr(v->page, mark);

    if (at == NULL) {
        fail_msg("no link \"%s\" in:\n%s", text, v->page);
    }

    for (start = at; strncmp(start, "href=\"", 6) != 0; start--) {
        assert_true(start > v->page);
    }

    len = 0;

    for (start += 6; *start != '"'; start++) {
        assert_true(len + 1 < sizeof(url));
        url[len++] = *start;

        if (strncmp(start, "&amp;", 5) == 0) {
            start += 4;
        }
    }

    url[len] = '\0';
    visitor_open(v, url, NULL);
}


/* the code in the last message of that channel, as it waits to be sent */

typedef struct {
    const char  *channel;
    char        *code;
} waiting_t;


static inline mfa_status_t
read_waiting(mfa_tx_t *tx, void *arg)
{
    mfa_str_t       code;
    waiting_t      *waiting = arg;
    mfa_status_t    st;
    mfa_message_t   message, *last;

    last = NULL;

    for ( ;; ) {
        st = mfa_message_next(tx, last, &message);
        last = &message;

        if (st != MFA_OK) {
            return (st == MFA_NOT_FOUND) ? MFA_OK : st;
        }

        code = mfa_pairs_get(&message.values, mfa_str("code"));

        if (mfa_str_eq_c(message.channel, waiting->channel) && code.len > 0) {
            (void) snprintf(waiting->code, 16, MFA_STR_FMT,
                            MFA_STR_ARG(code));
        }
    }
}


/* reads it and has it delivered */

static inline void
sent_code(visitor_t *v, const char *channel, char code[16])
{
    waiting_t  waiting = { channel, code };

    code[0] = '\0';
    world_update(v->world, read_waiting, &waiting);
    assert_string_not_equal(code, "");
    world_deliver(v->world);
}


static inline void
submit_code(visitor_t *v, const char *code, const char *button)
{
    char  body[96];

    (void) snprintf(body, sizeof(body), "code=%s&do=%s", code, button);
    visitor_submit(v, body);
}


static inline void
submit_sent_code(visitor_t *v, const char *folder)
{
    char  code[16];

    sent_code(v, folder, code);
    submit_code(v, code, "verify");
}


/* a text message to Ann's phone; ends on the end page */

static inline void
ann_sets_up_sms(visitor_t *v)
{
    follow(v, "Text message");
    visitor_submit(v, "country=GB&phone=07700+900123&do=send");
    submit_sent_code(v, "sms");
    assert_true(visitor_sees(v, "Thank you for registering"));
}


/* out, and to the second step of the next login */

static inline void
ann_logs_in(visitor_t *v)
{
    v->cookies[0][0] = '\0';
    v->world->now += 10 * MFA_MINUTE;
    visitor_login(v, "/mfa/login?to=/ess/page", ASK_ANN);
}


static inline bool
stands_before(const visitor_t *v, const char *a, const char *b)
{
    const char  *first, *second;

    first = strstr(v->page, a);
    second = strstr(v->page, b);

    return first != NULL && second != NULL && first < second;
}


static inline void
two_lines(world_t *world)
{
    all_lines(world);
    WORLD_LINE(world, "second_factor", "required", "methods=2");
}


/* sets up a phone and an app; the way to both is kept in the end page */

static inline void
ann_sets_up_two(visitor_t *v, char secret[64])
{
    follow(v, "Text message");
    visitor_submit(v, "country=GB&phone=07700+900123&do=send");
    submit_sent_code(v, "sms");

    assert_true(visitor_sees(v, "✓ Text message"));
    assert_false(visitor_sees(v, ">Text message</a>"));

    follow(v, "Authenticator app");
    visitor_secret(v, secret, 64);
    visitor_send_app_code(v, secret, 0);
    assert_true(visitor_sees(v, "Thank you for registering"));
}

#endif /* MFA_FACTOR_ASK_H */
