/*
 * Requests of every shape, for tests of pages: what a browser would never
 * send, the reply as it stands, and the bytes of the store before and after.
 * Adds to mfa_visitor.h; for worlds with lines of their own as well.
 */

#ifndef MFA_VISITOR_ASK_H
#define MFA_VISITOR_ASK_H

#include "mfa_visitor.h"


/* one request; what is NULL is not sent */

typedef struct {
    mfa_method_t  method;
    mfa_cause_t   cause;
    const char   *url;
    const char   *body;
    const char   *asked;
    const char   *cookies;          /* instead of the visitor's */
    const char   *content_type;
    const char   *origin;
    const char   *referer;
    const char   *agent;
    const char   *fetch_site;
    const char   *fetch_mode;
} ask_t;

typedef struct {
    unsigned      status;
    mfa_pairs_t   headers;
    mfa_str_t     body;             /* a zero byte follows */
    mfa_arena_t  *arena;
} answer_t;

#define WORLD_ORIGIN  "https://people.example.org"
#define FORM_TYPE     "application/x-www-form-urlencoded"


/* a POST as our own page sends it */

static inline ask_t
ask_form(const char *url, const char *body)
{
    ask_t  ask = {
        .method = MFA_METHOD_POST, .url = url, .body = body,
        .content_type = FORM_TYPE, .origin = WORLD_ORIGIN,
        .fetch_site = "same-origin"
    };

    return ask;
}


/*
 * Opens a world whose lines differ: url is its public_url, more (may be
 * NULL) adds lines before it is complete.
 */

static inline world_t *
world_open_with(const char *store, const char *url, void (*more)(world_t *))
{
    char          key[128], mail[128], place[128];
    world_t      *world;
    mfa_error_t   error = { "" };

    world = calloc(1, sizeof(*world));
    assert_non_null(world);

    (void) snprintf(world->dir, sizeof(world->dir), "/tmp/mfa-world-XXXXXX");
    assert_non_null(mkdtemp(world->dir));

    world->now = 1800000000000;
    world->ports = (mfa_ports_t) { world_now, world_random, world_log, world };

    assert_int_equal(mfa_crypto_open(), MFA_OK);

    (void) snprintf(key, sizeof(key), "%s/key", world->dir);
    (void) snprintf(mail, sizeof(mail), "maildir:%s/mail", world->dir);
    (void) snprintf(place, sizeof(place), "%s", store);

    if (strcmp(store, "lmdb") == 0) {
        (void) snprintf(place, sizeof(place), "lmdb:%s/store", world->dir);
        assert_int_equal(mkdir(place + 5, 0700), 0);
    }

    world_key(world, key);

    assert_int_equal(mfa_realm_begin(mfa_str("test"), &world->ports,
                                     &world->realm), MFA_OK);

    WORLD_LINE(world, "public_url", url);
    WORLD_LINE(world, "store", place);
    WORLD_LINE(world, "key_file", key);
    WORLD_LINE(world, "brand", "Example Council");
    WORLD_LINE(world, "support", "Human Resources", "mail=hr@example.org");
    WORLD_LINE(world, "application", "ESS", "/ess/", "Employee Self Service");
    WORLD_LINE(world, "mail", mail,
               "from=Example Council <no-reply@example.org>");
    WORLD_LINE(world, "html", "html");
    WORLD_LINE(world, "common_passwords", "conf/common-passwords.txt");

    if (more != NULL) {
        more(world);
    }

    if (mfa_realm_end(world->realm, &error) != MFA_OK
        || mfa_open(world->realm, &error, &world->mfa) != MFA_OK)
    {
        fail_msg("%s", error.text);
    }

    return world;
}


static inline void
visitor_cookie_header(const visitor_t *visitor, char *text, size_t size)
{
    size_t  i;

    text[0] = '\0';

    for (i = 0; i < 4; i++) {
        if (visitor->cookies[i][0] != '\0') {
            (void) snprintf(text + strlen(text), size - strlen(text), "%s%s",
                            text[0] != '\0' ? "; " : "",
                            visitor->cookies[i]);
        }
    }
}


/* fills the request of a job; strings are borrowed */

static inline void
ask_fill(const visitor_t *visitor, const ask_t *ask, const char *cookies,
    mfa_job_t *job)
{
    mfa_str_t       path;
    mfa_request_t  *request;

    request = mfa_job_request(job);

    path = mfa_str_from(ask->url);

    request->method = ask->method;
    request->cause = ask->cause;
    request->path = mfa_str_split(&path, '?');
    request->query = path;
    request->body = mfa_str_from(ask->body);
    request->asked = mfa_str_from(ask->asked);
    request->content_type = mfa_str_from(ask->content_type);
    request->origin = mfa_str_from(ask->origin);
    request->referer = mfa_str_from(ask->referer);
    request->user_agent = mfa_str_from(ask->agent);
    request->sec_fetch_site = mfa_str_from(ask->fetch_site);
    request->sec_fetch_mode = mfa_str_from(ask->fetch_mode);
    request->address.len = 4;
    memcpy(request->address.bytes, (uint8_t[]) { 192, 0, 2,
           visitor->address }, 4);

    assert_int_equal(mfa_strs_add(mfa_job_arena(job), &request->cookies,
                                  mfa_str_from(cookies)), MFA_OK);
}


/* the visitor keeps the cookies that come back, as after visitor_ask */

static inline void
ask_send(visitor_t *visitor, const ask_t *ask, answer_t *answer)
{
    char                cookies[4096];
    size_t              i;
    mfa_str_t           name, value;
    mfa_job_t          *job;
    const mfa_reply_t  *reply;

    visitor_cookie_header(visitor, cookies, sizeof(cookies));

    job = mfa_job_open(visitor->world->mfa);
    assert_non_null(job);

    ask_fill(visitor, ask, ask->cookies != NULL ? ask->cookies : cookies,
             job);

    while (mfa_run(job) == MFA_HASH) {
        mfa_hash(job);
    }

    visitor_take(visitor, job);

    memset(answer, 0, sizeof(*answer));

    reply = mfa_job_reply(job);
    answer->arena = mfa_arena_open(1024 * 1024);
    answer->status = reply->status;

    for (i = 0; i < reply->headers.count; i++) {
        assert_int_equal(mfa_arena_copy(answer->arena,
                                        reply->headers.items[i].name, &name),
                         MFA_OK);
        assert_int_equal(mfa_arena_copy(answer->arena,
                                        reply->headers.items[i].value,
                                        &value), MFA_OK);
        assert_int_equal(mfa_pairs_add(answer->arena, &answer->headers, name,
                                       value), MFA_OK);
    }

    assert_int_equal(mfa_arena_copy(answer->arena, reply->body,
                                    &answer->body), MFA_OK);
    mfa_job_close(&job);
}


static inline void
answer_done(answer_t *answer)
{
    mfa_arena_close(&answer->arena);
}


/* the value of the first header of that name, "" when there is none */

static inline const char *
answer_header(const answer_t *answer, const char *name)
{
    mfa_str_t  value;

    value = mfa_pairs_get(&answer->headers, mfa_str_from(name));

    return value.data != NULL ? value.data : "";
}


/* sends, and gives back the status alone */

static inline unsigned
ask_status(visitor_t *visitor, const ask_t *ask)
{
    answer_t  answer;
    unsigned  status;

    ask_send(visitor, ask, &answer);
    status = answer.status;
    answer_done(&answer);

    return status;
}


/* every byte of the store in one digest */

typedef struct {
    uint8_t  digest[MFA_DIGEST_SIZE];
    size_t   records[MFA_STORE_TABLES];
    size_t   count;
} world_dump_t;


static inline mfa_status_t
world_dump_table(mfa_tx_t *tx, unsigned table, world_dump_t *dump)
{
    uint8_t       before[MFA_DIGEST_SIZE];
    mfa_str_t     parts[3];
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    memset(&cursor, 0, sizeof(cursor));
    cursor.table = table;

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st != MFA_OK) {
            return (st == MFA_NOT_FOUND) ? MFA_OK : st;
        }

        memcpy(before, dump->digest, MFA_DIGEST_SIZE);

        parts[0] = mfa_str_bytes(before, MFA_DIGEST_SIZE);
        parts[1] = cursor.key;
        parts[2] = cursor.value;

        st = mfa_hmac_sha256_parts(mfa_str("dump"), parts, 3, dump->digest);
        if (st != MFA_OK) {
            return st;
        }

        dump->records[table]++;
        dump->count++;
    }
}


static inline mfa_status_t
world_dump_all(mfa_tx_t *tx, void *arg)
{
    unsigned      table;
    mfa_status_t  st;

    memset(arg, 0, sizeof(world_dump_t));

    for (table = 0; table < MFA_STORE_TABLES; table++) {
        st = world_dump_table(tx, table, arg);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static inline void
world_dump(world_t *world, world_dump_t *dump)
{
    mfa_work_t  work;

    memset(&work, 0, sizeof(work));

    work.model = mfa_model_of(world->mfa);
    work.arena = mfa_arena_open((size_t) 64 * 1024 * 1024);

    assert_int_equal(mfa_view(&work, world_dump_all, dump), MFA_OK);

    mfa_arena_close(&work.arena);
}


static inline bool
world_dump_equal(const world_dump_t *a, const world_dump_t *b)
{
    return memcmp(a->digest, b->digest, MFA_DIGEST_SIZE) == 0
           && a->count == b->count;
}


/*
 * The cost of a hash cut to the least that argon2id takes: for tests of
 * thousands of logins. Before the first job.
 */

static inline void
world_hash_cheaply(world_t *world)
{
    mfa_model_settings_t  *settings;

    settings = (mfa_model_settings_t *) (uintptr_t)
               mfa_model_of(world->mfa)->settings;

    settings->hash_cost = (mfa_pwhash_cost_t) { 8, 1 };
}


/* journeys of Ann, who stands on the roster */

#define ASK_ANN       "ann.employee@example.org"
#define ASK_PASSWORD  "copper+kettle+nine"


static inline void
visitor_send_code(visitor_t *visitor)
{
    char  code[16], body[64];

    world_code(visitor->world, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=verify", code);
    visitor_submit(visitor, body);
}


static inline void
visitor_send_app_code(visitor_t *visitor, const char *secret, int steps)
{
    char  code[16], body[64];

    visitor_app_code(visitor, secret, steps, code);
    (void) snprintf(body, sizeof(body), "code=%s&do=continue", code);
    visitor_submit(visitor, body);
}


/* ends on "Secure your account" */

static inline void
visitor_register(visitor_t *visitor, const char *email)
{
    char  body[512];

    visitor_open(visitor, "/mfa/register", NULL);
    (void) snprintf(body, sizeof(body), "email=%s", email);
    visitor_submit(visitor, body);
    visitor_send_code(visitor);
    visitor_submit(visitor, "new_password=" ASK_PASSWORD "&confirm_password="
                   ASK_PASSWORD "&first_name=Ann&surname=Employee"
                   "&do=continue");
    assert_true(visitor_sees(visitor, "Secure your account"));
}


/* registered, with an app, and logged out of this browser */

static inline void
visitor_enrol(visitor_t *visitor, const char *email, char secret[64])
{
    visitor_register(visitor, email);
    visitor_secret(visitor, secret, 64);
    visitor_send_app_code(visitor, secret, 0);
    assert_true(visitor_sees(visitor, "Thank you for registering"));

    visitor->cookies[0][0] = '\0';
    visitor->world->now += 2 * MFA_MINUTE;
}


/* ends on Verify */

static inline void
visitor_login(visitor_t *visitor, const char *url, const char *email)
{
    char  body[512];

    visitor_open(visitor, url, NULL);
    (void) snprintf(body, sizeof(body), "email=%s&password=" ASK_PASSWORD,
                    email);
    visitor_submit(visitor, body);
}

#endif /* MFA_VISITOR_ASK_H */
