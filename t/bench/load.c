/*
 * Load for the figures, with little cost of its own: one thread, many
 * connections that stay open, HTTP/1.1 to 127.0.0.1.
 *
 *   load [options] login|first|get
 *
 *   login   login page, address and password, verify page, code: a session;
 *           each of a fresh browser and of another user of seed
 *   first   the first two of them; a 503 is counted, not an error
 *   get     one path again and again
 *
 *   -p PORT -H HOST (header) -o ORIGIN   where to
 *   -s SECONDS -c CONNECTIONS            how long, how many at a time
 *   -r RATE                              starts a second; 0: as one ends
 *   -u FIRST -n USERS                    which users of seed
 *   -P PATH -C COOKIE                    for get
 *
 * With a rate a start that is due waits for a free connection, and its time
 * counts from when it was due. Prints NAME VALUE lines; times in ms.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench.h"


#define CONNECTIONS_MAX  1024
#define IN_SIZE          (128 * 1024)
#define FIELD            512

typedef enum {
    STEP_PAGE = 0,              /* GET of the login page, or of the path */
    STEP_PASSWORD,
    STEP_VERIFY,
    STEP_CODE,
    STEP_COUNT,
    STEP_WHOLE = STEP_COUNT,    /* all steps of a login together */
    STEP_REFUSED,               /* a 503 */
    STEP_KINDS
} step_t;

static const char *const  step_names[] = {
    "page", "password", "verify", "code", "whole", "refused"
};

typedef struct {
    double  *times;
    size_t   count;
    size_t   room;
} series_t;

typedef struct {
    int      fd;
    bool     is_busy;
    step_t   step;
    size_t   user;
    double   due;               /* of the first step */
    double   sent;              /* of this step */
    size_t   used;
    char    *in;
    char     cookie[FIELD];
    char     token[FIELD];
    char     flow[FIELD];
    char     location[FIELD];
} conn_t;

typedef struct {
    const char  *mode;
    const char  *host;
    const char  *origin;
    const char  *path;
    const char  *cookie;
    unsigned     port;
    double       seconds;
    size_t       connections;
    double       rate;
    size_t       user;          /* the next */
    size_t       user_end;
    int          epoll;
    double       start;
    double       end;
    double       due;           /* of the next start, with a rate */
    size_t       done;
    size_t       busy;
    conn_t       conns[CONNECTIONS_MAX];
    series_t     series[STEP_KINDS];
} load_t;


static void
fail(const char *what, const char *text)
{
    fprintf(stderr, "load: %s\n%.2000s\n", what, text);
    exit(1);
}


static void
note(load_t *load, step_t kind, double time)
{
    series_t  *series = &load->series[kind];

    if (series->count == series->room) {
        series->room = series->room * 2 + 4096;
        series->times = realloc(series->times,
                                series->room * sizeof(double));
        if (series->times == NULL) {
            fail("out of memory", "");
        }
    }

    series->times[series->count++] = time;
}


static void
open_one(load_t *load, conn_t *conn)
{
    int                 one = 1;
    struct epoll_event  event = { .events = EPOLLIN, .data.ptr = conn };
    struct sockaddr_in  to = { .sin_family = AF_INET };

    to.sin_port = htons((uint16_t) load->port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (conn->fd < 0
        || connect(conn->fd, (struct sockaddr *) &to, sizeof(to)) != 0
        || setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one))
           != 0
        || fcntl(conn->fd, F_SETFL, O_NONBLOCK) != 0
        || epoll_ctl(load->epoll, EPOLL_CTL_ADD, conn->fd, &event) != 0)
    {
        fail("cannot connect", strerror(errno));
    }

    if (conn->in == NULL && (conn->in = malloc(IN_SIZE)) == NULL) {
        fail("out of memory", "");
    }
}


static void
send_text(conn_t *conn, const char *text, int len)
{
    conn->sent = now();
    conn->used = 0;

    /* a request is far smaller than the socket's buffer */

    if (send(conn->fd, text, (size_t) len, MSG_NOSIGNAL) != len) {
        fail("cannot send", strerror(errno));
    }
}


static void
send_get(load_t *load, conn_t *conn, const char *path, const char *cookie)
{
    int   len;
    char  text[4096];

    len = snprintf(text, sizeof(text),
                   "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 "
                   "(X11; Linux x86_64; rv:128.0) Gecko/20100101 "
                   "Firefox/128.0\r\nAccept: text/html\r\n%s%s%s\r\n",
                   path, load->host, cookie[0] != '\0' ? "Cookie: " : "",
                   cookie, cookie[0] != '\0' ? "\r\n" : "");

    send_text(conn, text, len);
}


static void
send_form(load_t *load, conn_t *conn, const char *path, const char *body)
{
    int   len;
    char  text[4096];

    len = snprintf(text, sizeof(text),
                   "POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n"
                   "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
                   "Gecko/20100101 Firefox/128.0\r\nAccept: text/html\r\n"
                   "Cookie: %s\r\nContent-Type: "
                   "application/x-www-form-urlencoded\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   path, load->host, load->origin, conn->cookie,
                   strlen(body), body);

    send_text(conn, text, len);
}


static void
send_password(load_t *load, conn_t *conn)
{
    char  email[64], body[1024];

    (void) snprintf(email, sizeof(email), BENCH_USER, conn->user);
    (void) snprintf(body, sizeof(body), "token=%s&to=%%2F&email=%s&"
                    "password=correct+horse+4711+staple", conn->token, email);

    send_form(load, conn, "/mfa/login", body);
}


static void
send_code(load_t *load, conn_t *conn)
{
    char                       code[MFA_TOTP_DIGITS_MAX + 1], body[2048];
    mfa_time_t                 time;
    const mfa_totp_settings_t  totp = { 6, 1, MFA_TOTP_SHA1 };

    time = mfa_port_now(&mfa_ports_system);

    if (mfa_totp_code(&totp, mfa_str(BENCH_SECRET),
                      (uint64_t) (time / MFA_TOTP_STEP), code) != MFA_OK)
    {
        fail("cannot make a code", "");
    }

    (void) snprintf(body, sizeof(body), "token=%s&flow=%s&code=%s&"
                    "do=continue", conn->token, conn->flow, code);

    send_form(load, conn, "/mfa/verify", body);
}


static bool
between(const char *text, const char *before, char end, char *value)
{
    const char  *at, *stop;

    at = strstr(text, before);
    if (at == NULL) {
        return false;
    }

    at += strlen(before);
    stop = strchr(at, end);

    if (stop == NULL || stop - at >= FIELD) {
        return false;
    }

    memcpy(value, at, (size_t) (stop - at));
    value[stop - at] = '\0';

    return true;
}


static void
start_one(load_t *load, conn_t *conn, double due)
{
    conn->is_busy = true;
    conn->step = STEP_PAGE;
    conn->due = due;
    conn->user = load->user++;
    load->busy++;

    if (strcmp(load->mode, "first") == 0 && load->user == load->user_end) {
        load->user = 0;
    }

    if (strcmp(load->mode, "get") == 0) {
        send_get(load, conn, load->path, load->cookie);
        return;
    }

    send_get(load, conn, "/mfa/login", "");
}


static void
end_one(load_t *load, conn_t *conn)
{
    note(load, STEP_WHOLE, now() - conn->due);

    conn->is_busy = false;
    load->busy--;
    load->done++;
}


/* the browser's cookie and the form of the page that came */

static void
take_page(conn_t *conn)
{
    char  cookie[FIELD];

    if (between(conn->in, "\r\nSet-Cookie: ", ';', cookie)) {
        memcpy(conn->cookie, cookie, FIELD);
    }

    if (!between(conn->in, "name=\"token\" value=\"", '"', conn->token)) {
        fail("not the page expected", conn->in);
    }
}


static void
go_on(load_t *load, conn_t *conn, unsigned status)
{
    bool  is_first = strcmp(load->mode, "first") == 0;

    if (strcmp(load->mode, "get") == 0 && status != 200) {
        fail("not 200", conn->in);
    }

    if (status == 503 && is_first) {
        note(load, STEP_REFUSED, now() - conn->sent);
        conn->is_busy = false;
        load->busy--;
        return;
    }

    note(load, conn->step, now() - conn->sent);

    if (strcmp(load->mode, "get") == 0) {
        end_one(load, conn);
        return;
    }

    switch (conn->step++) {

    case STEP_PAGE:
        take_page(conn);
        send_password(load, conn);
        break;

    case STEP_PASSWORD:
        if (status != 303
            || !between(conn->in, "\r\nLocation: ", '\r', conn->location)
            || strstr(conn->location, "/mfa/verify") == NULL)
        {
            fail("the password was refused", conn->in);
        }

        if (is_first) {
            end_one(load, conn);
            break;
        }

        send_get(load, conn, strstr(conn->location, "/mfa/verify"),
                 conn->cookie);
        break;

    case STEP_VERIFY:
        take_page(conn);

        if (!between(conn->in, "name=\"flow\" value=\"", '"', conn->flow)) {
            fail("no flow", conn->in);
        }

        send_code(load, conn);
        break;

    default:
        if (status != 303 || strstr(conn->in, "mfa_session=") == NULL) {
            fail("the code was refused", conn->in);
        }

        end_one(load, conn);
        break;
    }
}


/* the size of the answer as far as it is known, or 0 */

static size_t
answer_size(const char *in)
{
    char         length[FIELD];
    const char  *body;

    body = strstr(in, "\r\n\r\n");
    if (body == NULL) {
        return 0;
    }

    if (!between(in, "\r\nContent-Length: ", '\r', length)) {
        fail("no Content-Length", in);
    }

    return (size_t) (body + 4 - in) + strtoul(length, NULL, 10);
}


static void
read_one(load_t *load, conn_t *conn)
{
    size_t   size;
    ssize_t  n;

    n = recv(conn->fd, conn->in + conn->used, IN_SIZE - 1 - conn->used, 0);

    if (n < 0 && errno == EAGAIN) {
        return;
    }

    if (n <= 0) {
        if (conn->is_busy) {
            fail("the connection was closed", conn->in);
        }

        (void) close(conn->fd);
        open_one(load, conn);
        return;
    }

    conn->used += (size_t) n;
    conn->in[conn->used] = '\0';

    size = answer_size(conn->in);

    if (size > 0 && conn->used >= size) {
        go_on(load, conn, (unsigned) strtoul(conn->in + 9, NULL, 10));
    }
}


/* what is due on connections that are free; how long until the next */

static double
start_due(load_t *load)
{
    size_t  i;
    double  time;

    time = now();

    for (i = 0; i < load->connections && time < load->end; i++) {
        if (load->conns[i].is_busy || load->user >= load->user_end) {
            continue;
        }

        if (load->rate == 0) {
            start_one(load, &load->conns[i], time);
            continue;
        }

        if (load->due > time) {
            return load->due - time;
        }

        start_one(load, &load->conns[i], load->due);
        load->due += 1 / load->rate;
    }

    return 0.05;
}


static void
run(load_t *load)
{
    int                 i, n;
    double              wait;
    struct timespec     ts;
    struct epoll_event  events[64];

    load->start = now();
    load->end = load->start + load->seconds;
    load->due = load->start;

    for ( ;; ) {
        wait = start_due(load);

        if (load->busy == 0
            && (now() >= load->end || load->user >= load->user_end))
        {
            break;
        }

        ts.tv_sec = 0;
        ts.tv_nsec = (long) (wait * 1e9);
        n = epoll_pwait2(load->epoll, events, 64, &ts, NULL);

        for (i = 0; i < n; i++) {
            read_one(load, events[i].data.ptr);
        }
    }
}


static int
compare(const void *a, const void *b)
{
    double  x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}


static void
print(load_t *load)
{
    size_t     i, n;
    double     seconds;
    series_t  *series;

    seconds = now() - load->start;

    printf("done %zu\nseconds %.3f\nrate %.2f\nnext_user %zu\n", load->done,
           seconds, (double) load->done / seconds, load->user);

    for (i = 0; i < STEP_KINDS; i++) {
        series = &load->series[i];
        n = series->count;

        if (n == 0) {
            continue;
        }

        qsort(series->times, n, sizeof(double), compare);
        printf("%s_count %zu\n%s_p50 %.3f\n%s_p99 %.3f\n%s_p999 %.3f\n",
               step_names[i], n,
               step_names[i], 1e3 * series->times[n / 2],
               step_names[i], 1e3 * series->times[n * 99 / 100],
               step_names[i], 1e3 * series->times[n * 999 / 1000]);
    }
}


static void
options(load_t *load, int argc, char **argv)
{
    int  c;

    while ((c = getopt(argc, argv, "p:H:o:s:c:r:u:n:P:C:")) != -1) {
        switch (c) {
        case 'p': load->port = (unsigned) atoi(optarg); break;
        case 'H': load->host = optarg; break;
        case 'o': load->origin = optarg; break;
        case 's': load->seconds = strtod(optarg, NULL); break;
        case 'c': load->connections = strtoul(optarg, NULL, 10); break;
        case 'r': load->rate = strtod(optarg, NULL); break;
        case 'u': load->user = strtoul(optarg, NULL, 10); break;
        case 'n': load->user_end = strtoul(optarg, NULL, 10); break;
        case 'P': load->path = optarg; break;
        case 'C': load->cookie = optarg; break;
        default: exit(2);
        }
    }

    load->mode = optind < argc ? argv[optind] : "";

    if (strcmp(load->mode, "get") == 0) {
        load->user_end = SIZE_MAX;

    } else {
        load->user_end += load->user;
    }

    if (load->connections == 0 || load->connections > CONNECTIONS_MAX) {
        fail("usage: see the head of load.c", "");
    }
}


int
main(int argc, char **argv)
{
    size_t         i;
    static load_t  load = { .seconds = 3, .connections = 8, .path = "/",
                            .cookie = "", .host = "127.0.0.1",
                            .origin = "" };

    options(&load, argc, argv);
    (void) prctl(PR_SET_TIMERSLACK, 1UL);

    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.epoll < 0 || mfa_crypto_open() != MFA_OK) {
        return 1;
    }

    for (i = 0; i < load.connections; i++) {
        open_one(&load, &load.conns[i]);
    }

    run(&load);
    print(&load);
    mfa_crypto_close();

    return 0;
}
