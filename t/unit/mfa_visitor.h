/*
 * A browser without a network: drives the core through mfa_run, keeps the
 * cookies, follows redirects, reads forms and mail. For tests of journeys.
 */

#ifndef MFA_VISITOR_H
#define MFA_VISITOR_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/mfa.h"

typedef struct {
    char          dir[64];
    mfa_time_t    now;
    mfa_ports_t   ports;
    mfa_realm_t  *realm;
    mfa_t        *mfa;
    char          events[64 * 1024];
    size_t        letters;
} world_t;

typedef struct {
    world_t      *world;
    char          cookies[3][1024];     /* session, browser, notice */
    uint8_t       address;              /* last byte of 192.0.2.x */
    unsigned      status;
    unsigned      hops;
    char          location[8192];
    char          url[8192];            /* of the page shown */
    char          action[256];          /* the form sent last, and */
    char          body[8192];           /* what was in it */
    char         *page;
} visitor_t;


static inline mfa_time_t
world_now(void *ctx)
{
    world_t  *world = ctx;

    return world->now;
}


static inline mfa_status_t
world_random(void *ctx, void *buf, size_t len)
{
    (void) ctx;

    return mfa_port_random(&mfa_ports_system, buf, len);
}


static inline void
world_log(void *ctx, mfa_log_level_t level, const char *line)
{
    (void) ctx;

    if (level <= MFA_LOG_WARN) {
        (void) fprintf(stderr, "# %s\n", line);
    }
}


static inline void
world_line(world_t *world, const char *name, const char *const *words)
{
    char         top[512];
    size_t       count;
    mfa_str_t    args[8];
    mfa_line_t   line;
    mfa_error_t  error;

    /* tests run from the top of the tree */

    assert_non_null(getcwd(top, sizeof(top) - 1));
    (void) snprintf(top + strlen(top), 2, "/");

    for (count = 0; words[count] != NULL; count++) {
        args[count] = mfa_str_from(words[count]);
    }

    memset(&line, 0, sizeof(line));

    line.name = mfa_str_from(name);
    line.args = args;
    line.nargs = count;
    line.prefix = top;

    error.text[0] = '\0';

    if (mfa_realm_line(world->realm, &line, &error) != MFA_OK) {
        fail_msg("%s: %s", name, error.text);
    }
}

#define WORLD_LINE(world, name, ...)                                          \
    world_line(world, name, (const char *const[]) { __VA_ARGS__, NULL })


static inline void
world_key(world_t *world, const char *path)
{
    int           fd;
    mfa_str_t     text;
    mfa_arena_t  *arena;

    arena = mfa_arena_open(4096);
    assert_int_equal(mfa_keys_make(&world->ports, mfa_str("k1"), arena,
                                   &text), MFA_OK);

    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0400);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.data, text.len), (ssize_t) text.len);
    assert_int_equal(close(fd), 0);

    mfa_arena_close(&arena);
}


/* registration may be NULL: the default */

static inline world_t *
world_open(const char *store, const char *registration)
{
    char          key[128], mail[128], place[128];
    world_t      *world;
    mfa_error_t   error;

    world = calloc(1, sizeof(*world));
    assert_non_null(world);

    (void) snprintf(world->dir, sizeof(world->dir), "/tmp/mfa-world-XXXXXX");
    assert_non_null(mkdtemp(world->dir));

    world->now = 1800000000000;
    world->ports.now = world_now;
    world->ports.random = world_random;
    world->ports.log = world_log;
    world->ports.ctx = world;

    assert_int_equal(mfa_crypto_open(), MFA_OK);

    (void) snprintf(key, sizeof(key), "%s/key", world->dir);
    (void) snprintf(mail, sizeof(mail), "maildir:%s/mail", world->dir);

    if (strcmp(store, "lmdb") == 0) {
        (void) snprintf(place, sizeof(place), "lmdb:%s/store", world->dir);
        assert_int_equal(mkdir(place + 5, 0700), 0);

    } else {
        (void) snprintf(place, sizeof(place), "%s", store);
    }

    world_key(world, key);

    assert_int_equal(mfa_realm_begin(mfa_str("test"), &world->ports,
                                     &world->realm), MFA_OK);

    WORLD_LINE(world, "public_url", "https://people.example.org");
    WORLD_LINE(world, "store", place);
    WORLD_LINE(world, "key_file", key);
    WORLD_LINE(world, "brand", "Example Council");
    WORLD_LINE(world, "support", "Human Resources", "mail=hr@example.org",
               "phone=01632 960000");
    WORLD_LINE(world, "application", "ESS", "/ess/", "Employee Self Service");
    WORLD_LINE(world, "application", "MSS", "/mss/", "Manager Self Service",
               "group=managers");
    WORLD_LINE(world, "mail", mail,
               "from=Example Council <no-reply@example.org>");
    WORLD_LINE(world, "html", "html");
    WORLD_LINE(world, "common_passwords", "conf/common-passwords.txt");

    if (registration != NULL) {
        WORLD_LINE(world, "registration", registration);
    }

    error.text[0] = '\0';

    if (mfa_realm_end(world->realm, &error) != MFA_OK
        || mfa_open(world->realm, &error, &world->mfa) != MFA_OK)
    {
        fail_msg("%s", error.text);
    }

    return world;
}


static inline void
world_close(world_t *world)
{
    char  command[128];

    mfa_close(&world->mfa);
    mfa_realm_free(&world->realm);

    (void) snprintf(command, sizeof(command), "rm -rf %s", world->dir);
    assert_int_equal(system(command), 0);

    mfa_crypto_close();
    free(world);
}


typedef struct {
    const char  *email;
    const char  *group;
    mfa_user_t   user;
} world_person_t;


static inline mfa_status_t
world_add_user(mfa_tx_t *tx, void *arg)
{
    mfa_user_t       user;
    mfa_status_t     st;
    world_person_t  *person = arg;

    st = mfa_user_make(tx, &user);
    if (st != MFA_OK) {
        return st;
    }

    user.email = mfa_str_from(person->email);
    user.user = user.email;
    user.first_name = mfa_str("Ann");
    user.surname = mfa_str("Employee");
    user.is_on_roster = true;
    user.added_at = tx->now;

    if (person->group != NULL) {
        st = mfa_strs_add(tx->work->arena, &user.groups,
                          mfa_str_from(person->group));
        if (st != MFA_OK) {
            return st;
        }
    }

    person->user = user;

    return mfa_user_add(tx, &user, NULL);
}


/* runs fn in an update of the world's store */

static inline void
world_update(world_t *world, mfa_tx_fn fn, void *arg)
{
    mfa_work_t  work;

    memset(&work, 0, sizeof(work));

    work.model = mfa_model_of(world->mfa);
    work.arena = mfa_arena_open(1024 * 1024);

    assert_int_equal(mfa_update(&work, fn, arg), MFA_OK);

    mfa_arena_close(&work.arena);
}


static inline void
world_person(world_t *world, const char *email, const char *group)
{
    world_person_t  person;

    memset(&person, 0, sizeof(person));

    person.email = email;
    person.group = group;

    world_update(world, world_add_user, &person);
}


static inline void
world_deliver(world_t *world)
{
    mfa_job_t   *job;
    mfa_time_t   wait_ms;

    job = mfa_job_open(world->mfa);
    assert_int_equal(mfa_deliver(job, &wait_ms), MFA_OK);
    mfa_job_close(&job);
}


static inline char *
world_read_file(const char *path)
{
    FILE    *file;
    char    *text;
    size_t   len;

    text = calloc(1, 64 * 1024);
    file = fopen(path, "r");
    assert_non_null(text);
    assert_non_null(file);

    len = fread(text, 1, 64 * 1024 - 1, file);
    text[len] = '\0';
    (void) fclose(file);

    return text;
}


/*
 * Delivers, then reads the letters that were not read yet, as a mail
 * program does: each moves from new to cur. fn may be NULL. Returns how
 * many letters were ever received.
 */

static inline size_t
world_mail(world_t *world, void (*fn)(const char *text, void *arg), void *arg)
{
    DIR            *dir;
    char            path[512], read_path[512];
    char           *text;
    struct dirent  *entry;

    world_deliver(world);

    (void) snprintf(path, sizeof(path), "%s/mail/new", world->dir);

    dir = opendir(path);
    if (dir == NULL) {
        return world->letters;
    }

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }

        (void) snprintf(path, sizeof(path), "%s/mail/new/%s", world->dir,
                        entry->d_name);
        (void) snprintf(read_path, sizeof(read_path), "%s/mail/cur/%s:2,S",
                        world->dir, entry->d_name);

        text = world_read_file(path);

        if (fn != NULL) {
            fn(text, arg);
        }

        free(text);
        assert_int_equal(rename(path, read_path), 0);
        world->letters++;
    }

    (void) closedir(dir);

    return world->letters;
}


/* the six digits that stand alone on a line of a letter */

static inline void
world_find_code(const char *text, void *arg)
{
    char        *code = arg;
    size_t       len;
    const char  *line;

    for (line = text; line != NULL && *line != '\0'; /* void */) {
        len = strcspn(line, "\r\n");

        if (len == 6 && strspn(line, "0123456789") == 6) {
            memcpy(code, line, 6);
            code[6] = '\0';
        }

        line = strchr(line, '\n');

        if (line != NULL) {
            line++;
        }
    }
}


/* the code of the letter that came since mail was read last */

static inline void
world_code(world_t *world, char code[16])
{
    code[0] = '\0';

    (void) world_mail(world, world_find_code, code);

    assert_string_not_equal(code, "");
}


static inline void
visitor_init(visitor_t *visitor, world_t *world)
{
    memset(visitor, 0, sizeof(*visitor));

    visitor->world = world;
    visitor->address = 7;
}


static inline void
visitor_done(visitor_t *visitor)
{
    free(visitor->page);
    visitor->page = NULL;
}


static inline void
visitor_take_cookie(visitor_t *visitor, mfa_str_t header)
{
    char        *slot;
    size_t       i;
    mfa_str_t    pair, name;

    static const char *const  names[] = {
        "__Host-mfa_session", "__Host-mfa_browser", "__Host-mfa_notice"
    };

    pair = mfa_str_split(&header, ';');
    name = mfa_str_split(&pair, '=');

    for (i = 0; i < 3; i++) {
        if (!mfa_str_eq_c(name, names[i])) {
            continue;
        }

        slot = visitor->cookies[i];

        if (pair.len == 0) {
            slot[0] = '\0';
            continue;
        }

        (void) snprintf(slot, sizeof(visitor->cookies[i]),
                        "%s=" MFA_STR_FMT, names[i], MFA_STR_ARG(pair));
    }
}


static inline void
visitor_take(visitor_t *visitor, mfa_job_t *job)
{
    size_t              i;
    const mfa_strs_t   *events;
    const mfa_reply_t  *reply;
    const mfa_pair_t   *header;
    size_t              used;

    reply = mfa_job_reply(job);
    events = mfa_job_events(job);

    visitor->status = reply->status;
    visitor->location[0] = '\0';

    for (i = 0; i < reply->headers.count; i++) {
        header = &reply->headers.items[i];

        if (mfa_str_eq_c(header->name, "Location")) {
            (void) snprintf(visitor->location, sizeof(visitor->location),
                            MFA_STR_FMT, MFA_STR_ARG(header->value));
        }

        if (mfa_str_eq_c(header->name, "Set-Cookie")) {
            visitor_take_cookie(visitor, header->value);
        }
    }

    free(visitor->page);
    visitor->page = strndup(reply->body.data != NULL ? reply->body.data : "",
                            reply->body.len);

    for (i = 0; i < events->count; i++) {
        used = strlen(visitor->world->events);
        (void) snprintf(visitor->world->events + used,
                        sizeof(visitor->world->events) - used,
                        MFA_STR_FMT "\n", MFA_STR_ARG(events->items[i]));
    }
}


/* one request, no redirect followed; body NULL: a GET */

static inline void
visitor_ask(visitor_t *visitor, const char *url, const char *body)
{
    char            cookies[4096];
    size_t          i;
    mfa_job_t      *job;
    mfa_str_t       path;
    mfa_request_t  *request;

    job = mfa_job_open(visitor->world->mfa);
    assert_non_null(job);

    request = mfa_job_request(job);

    path = mfa_str_from(url);
    request->path = mfa_str_split(&path, '?');
    request->query = path;
    request->address.len = 4;
    memcpy(request->address.bytes, (uint8_t[]) { 192, 0, 2,
           visitor->address }, 4);
    request->user_agent = mfa_str("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
                                  "Gecko/20100101 Firefox/128.0");

    if (body != NULL) {
        request->method = MFA_METHOD_POST;
        request->body = mfa_str_from(body);
        request->content_type = mfa_str("application/x-www-form-urlencoded");
        request->origin = mfa_str("https://people.example.org");
        request->sec_fetch_site = mfa_str("same-origin");
    }

    cookies[0] = '\0';

    for (i = 0; i < 3; i++) {
        if (visitor->cookies[i][0] != '\0') {
            (void) snprintf(cookies + strlen(cookies),
                            sizeof(cookies) - strlen(cookies), "%s%s",
                            cookies[0] != '\0' ? "; " : "",
                            visitor->cookies[i]);
        }
    }

    assert_int_equal(mfa_strs_add(mfa_job_arena(job), &request->cookies,
                                  mfa_str_from(cookies)), MFA_OK);

    while (mfa_run(job) == MFA_HASH) {
        mfa_hash(job);
    }

    visitor_take(visitor, job);
    mfa_job_close(&job);
}


/* as a browser: redirects within our pages are followed */

static inline void
visitor_open(visitor_t *visitor, const char *url, const char *body)
{
    char  next[8192];

    (void) snprintf(next, sizeof(next), "%s", url);
    visitor->hops = 0;

    for ( ;; ) {
        visitor_ask(visitor, next, body);
        body = NULL;

        (void) snprintf(visitor->url, sizeof(visitor->url), "%s", next);

        if (visitor->status != 303) {
            return;
        }

        (void) snprintf(next, sizeof(next), "%s", visitor->location);

        if (strncmp(next, "/mfa/", 5) != 0) {
            (void) snprintf(visitor->url, sizeof(visitor->url), "%s", next);
            return;
        }

        assert_true(++visitor->hops < 8);
    }
}


/* the value of a hidden field of the page shown */

static inline void
visitor_hidden(const visitor_t *visitor, const char *name, char *value,
    size_t size)
{
    char         mark[64];
    const char  *at, *end;

    (void) snprintf(mark, sizeof(mark), "name=\"%s\" value=\"", name);
    value[0] = '\0';

    at = strstr(visitor->page, mark);
    if (at == NULL) {
        return;
    }

    at += strlen(mark);
    end = strchr(at, '"');

    (void) snprintf(value, size, "%.*s", (int) (end - at), at);
}


/* the address the page's form goes to */

static inline void
visitor_action(const visitor_t *visitor, char *action, size_t size)
{
    const char  *at, *end;

    at = strstr(visitor->page, "action=\"");
    assert_non_null(at);

    at += strlen("action=\"");
    end = strchr(at, '"');

    (void) snprintf(action, size, "%.*s", (int) (end - at), at);
}


/* fills the form of the page and sends it; fields as in a body */

static inline void
visitor_submit(visitor_t *visitor, const char *fields)
{
    char          body[8192], action[256], token[128], flow[128], to[2048];
    mfa_str_t     target;
    mfa_arena_t  *arena;

    visitor_action(visitor, action, sizeof(action));
    visitor_hidden(visitor, "token", token, sizeof(token));
    visitor_hidden(visitor, "flow", flow, sizeof(flow));
    visitor_hidden(visitor, "to", to, sizeof(to));

    arena = mfa_arena_open(64 * 1024);
    assert_int_equal(mfa_percent_encode(arena, mfa_str_from(to), "/",
                                        &target), MFA_OK);

    (void) snprintf(body, sizeof(body), "token=%s%s%s%s" MFA_STR_FMT "&%s",
                    token, flow[0] != '\0' ? "&flow=" : "", flow,
                    to[0] != '\0' ? "&to=" : "", MFA_STR_ARG(target), fields);

    mfa_arena_close(&arena);

    (void) snprintf(visitor->action, sizeof(visitor->action), "%s", action);
    (void) snprintf(visitor->body, sizeof(visitor->body), "%s", body);

    visitor_open(visitor, action, body);
}


static inline bool
visitor_sees(const visitor_t *visitor, const char *text)
{
    return strstr(visitor->page, text) != NULL;
}


/* the secret that the enrolment page shows as text */

static inline void
visitor_secret(const visitor_t *visitor, char *secret, size_t size)
{
    size_t       len;
    const char  *at;

    at = strstr(visitor->page, "class=\"key\">");
    assert_non_null(at);

    len = 0;

    for (at += strlen("class=\"key\">"); *at != '<' && len + 1 < size; at++) {
        if (*at != ' ') {
            secret[len++] = *at;
        }
    }

    secret[len] = '\0';
}


/* what the app would show, some steps from now */

static inline void
visitor_app_code(const visitor_t *visitor, const char *secret, int steps,
    char code[16])
{
    mfa_str_t                  key;
    mfa_arena_t               *arena;
    const mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    arena = mfa_arena_open(4096);

    assert_int_equal(mfa_base32_decode(arena, mfa_str_from(secret), &key),
                     MFA_OK);
    assert_int_equal(mfa_totp_code(&totp, key,
                                   (uint64_t) (visitor->world->now
                                               / MFA_TOTP_STEP + steps),
                                   code), MFA_OK);

    mfa_arena_close(&arena);
}

#endif /* MFA_VISITOR_H */
