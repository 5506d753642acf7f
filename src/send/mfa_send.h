/*
 * Sending: ways to reach a person, and what every message says of us.
 *
 * Rank 3. Takes due messages from the outbox of the model, makes them into
 * letters with the templates, and hands each to the sender of its channel.
 * Runs in the threads of the pool "mfa_send" and may block there, never
 * longer than 30 s for one message, all its routes together.
 */

#ifndef MFA_SEND_H
#define MFA_SEND_H

#include "../model/mfa_model.h"

#pragma GCC visibility push(hidden)


/* who we are: on every page and in every message */

typedef struct {
    mfa_str_t  name;                /* "Human Resources" */
    mfa_str_t  mail;                /* any of these may be empty */
    mfa_str_t  phone;
    mfa_str_t  chat;                /* an https address */
} mfa_support_t;

typedef struct {
    mfa_str_t  text;                /* "https://people.example.org" */
    mfa_str_t  host;                /* without port; lower case */
    unsigned   port;                /* the scheme's where none is written */
    bool       is_https;
    bool       is_loopback;
} mfa_origin_t;

/* https, or http for a loopback host; no path, user or query. MFA_INVALID */
mfa_status_t mfa_origin_parse(mfa_arena_t *arena, mfa_str_t url,
    mfa_origin_t *origin) MFA_MUST_CHECK;


/*
 * A letter: a message ready to be handed over. For SMS and voice only to
 * (E.164), text, language, code, id and date are set; text of an SMS ends
 * with the line "@HOST #CODE" (origin-bound one-time codes).
 */

typedef struct {
    mfa_str_t   from_name;
    mfa_str_t   from;               /* addresses are canonical */
    mfa_str_t   to;
    mfa_str_t   id;                 /* left of the @ of Message-ID */
    mfa_str_t   host;               /* right of it: host of public_url */
    mfa_str_t   subject;
    mfa_str_t   text;
    mfa_str_t   html;               /* may be empty */
    mfa_str_t   language;
    mfa_str_t   code;               /* alone: voice, templates of providers */
    mfa_time_t  date;
    mfa_time_t  time;               /* the sender gives up after it; 0: after
                                       the longest that it may take */
} mfa_letter_t;

/*
 * RFC 5322 and MIME: multipart/alternative, text first, quoted-printable,
 * CRLF, lines <= 76; Auto-Submitted (RFC 3834), X-Auto-Response-Suppress,
 * Content-Language; RFC 2047 where a header is not ASCII. MFA_INVALID for
 * an address or header value with control bytes.
 */
mfa_status_t mfa_mime_build(const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_str_t *mime) MFA_MUST_CHECK;


/* senders: one file each, and one line in registry.def */

typedef enum {
    MFA_SEND_LATER = 0,             /* try again by the schedule */
    MFA_SEND_DONE,                  /* the other side took it */
    MFA_SEND_REFUSED                /* will never be taken */
} mfa_send_outcome_t;

typedef struct {
    mfa_send_outcome_t  outcome;
    char                reason[128];    /* for the log; no address, no code */
    bool                is_down;        /* the other side is not there at
                                           all: counts for the breaker */
    bool                is_unclear;     /* with LATER: it may have been taken
                                           (asked, then no answer) */
    mfa_time_t          retry_ms;       /* with LATER: the other side asked
                                           for this wait; 0: it did not */
} mfa_send_result_t;

typedef struct mfa_sender_s  mfa_sender_t;

struct mfa_sender_s {
    const char         *name;           /* "smtp" */
    const char         *channel;        /* "mail", "sms", "voice" */
    const char *const  *schemes;        /* "smtp", "smtps", NULL; a sender is
                                           meant by "SCHEME:..." or by a bare
                                           word that is one of them */

    /* from the line in the realm; line->args[0] is the address or the bare
       word. May read and check files, changes nothing; memory from arena */
    mfa_status_t (*configure)(const mfa_line_t *line, mfa_arena_t *arena,
        mfa_error_t *error, void **settings);

    /* in a worker; one connection's worth of state, used by one thread */
    mfa_status_t (*open)(const void *settings, const mfa_ports_t *ports,
        void **connection);
    void         (*close)(void **connection);

    /* of calls: is there a voice for it? NULL: for every language */
    bool         (*speaks)(mfa_str_t language);

    /* blocks, at most 30 s and letter->time; result starts as LATER */
    void         (*send)(void *connection, const mfa_letter_t *letter,
        mfa_arena_t *arena, mfa_send_result_t *result);
};


/* settings: brand, support, public_url, mail, sms, voice */

#define MFA_ROUTES_MAX  2               /* the second is the backup */

typedef struct {
    const mfa_sender_t  *sender;
    void                *settings;
} mfa_route_t;

typedef struct {
    mfa_str_t            brand;
    mfa_support_t        support;
    mfa_origin_t         origin;        /* public_url */
    mfa_route_t          mail[MFA_ROUTES_MAX];
    size_t               mail_count;
    mfa_route_t          sms[MFA_ROUTES_MAX];
    size_t               sms_count;     /* 0: no SMS is sent */
    mfa_route_t          voice[MFA_ROUTES_MAX];
    size_t               voice_count;
    mfa_str_t            mail_from_name;
    mfa_str_t            mail_from;     /* named on the pages (R2) */
} mfa_send_settings_t;

extern const mfa_option_t  mfa_send_options[];


/* the outbox's delivery in one worker */

typedef struct mfa_delivery_s  mfa_delivery_t;

mfa_status_t mfa_delivery_open(const mfa_send_settings_t *settings,
    const mfa_templates_t *templates, const mfa_languages_t *languages,
    const mfa_ports_t *ports, mfa_delivery_t **delivery) MFA_MUST_CHECK;
void mfa_delivery_close(mfa_delivery_t **delivery);

/* has each of its providers of calls a voice for this language? */
bool mfa_send_speaks(const mfa_send_settings_t *settings, mfa_str_t language);

/* has the realm a way to send on this channel? */
bool mfa_send_has(const mfa_send_settings_t *settings, const char *channel);

/*
 * Sends what is due, at most `most` messages, one connection for each route.
 * After 30 s it begins no other message; with connections that part slowly
 * it is back within about 70. A route that is down or said "later" leaves
 * the next attempt of a message to the backup; an unclear end is tried again
 * once, on the same route with the same id, and then given up. Each: lease
 * in one update, render, send outside any transaction, record the
 * outcome. *wait_ms: when to be called again (0: at once, there is more).
 * After 5 failures of an absent server the breaker leaves it alone 30 s.
 * One call at a time for one mfa_delivery_t.
 */
mfa_status_t mfa_delivery_run(mfa_delivery_t *delivery, mfa_work_t *work,
    size_t most, mfa_time_t *wait_ms) MFA_MUST_CHECK;

/*
 * What every template of a message finds besides the message's own values:
 * brand, support (a map: name, mail, phone, chat), origin; names as the words
 * have them. Also used by the pages.
 */
void mfa_send_values(const mfa_send_settings_t *settings,
    const mfa_words_t *words, mfa_value_t *map);

#pragma GCC visibility pop

#endif /* MFA_SEND_H */
