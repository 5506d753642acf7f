/*
 * A browser without a network: drives the core through mfa_run, keeps the
 * cookies, follows redirects, reads forms and mail. For tests of journeys.
 */

#ifndef MFA_VISITOR_H
#define MFA_VISITOR_H

#include "mfa_world.h"


typedef struct {
    world_t      *world;
    char          cookies[4][1024];     /* session, browser, notice, device */
    uint8_t       address;              /* last byte of 192.0.2.x */
    const char   *trusted;              /* by another service, or NULL */
    const char   *trusted_amr;
    unsigned      status;
    unsigned      hops;
    char          location[8192];
    char          url[8192];            /* of the page shown */
    char          action[256];          /* the form sent last, and */
    char          body[8192];           /* what was in it */
    char         *page;
} visitor_t;


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
        "__Host-mfa_session", "__Host-mfa_browser", "__Host-mfa_notice",
        "__Host-mfa_device"
    };

    pair = mfa_str_split(&header, ';');
    name = mfa_str_split(&pair, '=');

    for (i = 0; i < 4; i++) {
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

    if (visitor->trusted != NULL) {
        request->trusted = mfa_str_from(visitor->trusted);
        request->trusted_amr = mfa_str_from(visitor->trusted_amr);
    }

    if (body != NULL) {
        request->method = MFA_METHOD_POST;
        request->body = mfa_str_from(body);
        request->content_type = mfa_str("application/x-www-form-urlencoded");
        request->origin = mfa_str("https://people.example.org");
        request->sec_fetch_site = mfa_str("same-origin");
    }

    cookies[0] = '\0';

    for (i = 0; i < 4; i++) {
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
