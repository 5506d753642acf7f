/*
 * An application for mfactl probe: writes down what reached it, says "ok".
 *
 * One thread, one connection at a time, loopback alone. Keeps the bytes of
 * one request of the probe; the mutex is for those bytes.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mfactl_probe.h"


#define LISTEN_SIZE     (256 * 1024)
#define LISTEN_WAIT_MS  2000
#define LISTEN_DRAIN_MS 100

struct probe_listen_s {
    int              fd;
    int              stop[2];
    pthread_t        thread;
    pthread_mutex_t  mutex;
    size_t           len;
    char             data[LISTEN_SIZE];
};


static ssize_t
listen_read(int fd, char *data, size_t size, int wait)
{
    struct pollfd  p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, wait) == 1 ? recv(fd, data, size, 0) : -1;
}


static void
listen_keep(probe_listen_t *app, const char *data, size_t len)
{
    (void) pthread_mutex_lock(&app->mutex);

    if (len > LISTEN_SIZE - app->len) {
        len = LISTEN_SIZE - app->len;
    }

    memcpy(app->data + app->len, data, len);
    app->len += len;

    (void) pthread_mutex_unlock(&app->mutex);
}


static void
listen_serve(probe_listen_t *app, int fd)
{
    char     data[16 * 1024], end[4];
    size_t   i, seen;
    ssize_t  n;

    static const char  answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                                  "Content-Type: text/plain\r\n"
                                  "Connection: close\r\n\r\nok\n";

    memset(end, 0, sizeof(end));

    for (seen = 0; seen < LISTEN_SIZE; seen += (size_t) n) {
        n = listen_read(fd, data, sizeof(data), LISTEN_WAIT_MS);

        if (n <= 0) {
            return;
        }

        listen_keep(app, data, (size_t) n);

        for (i = 0; i < (size_t) n && memcmp(end, "\r\n\r\n", 4) != 0; i++) {
            memmove(end, end + 1, 3);
            end[3] = data[i];
        }

        if (memcmp(end, "\r\n\r\n", 4) == 0) {
            break;
        }
    }

    if (send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0) {
        return;
    }

    /* a body that was not read would reset the connection */

    (void) shutdown(fd, SHUT_WR);

    for (seen = 0; seen < LISTEN_SIZE; seen += (size_t) n) {
        n = listen_read(fd, data, sizeof(data), LISTEN_DRAIN_MS);

        if (n <= 0) {
            return;
        }

        listen_keep(app, data, (size_t) n);
    }
}


static void *
listen_run(void *arg)
{
    int              fd;
    probe_listen_t  *app = arg;
    struct pollfd    p[2];

    for ( ;; ) {
        p[0] = (struct pollfd) { .fd = app->fd, .events = POLLIN };
        p[1] = (struct pollfd) { .fd = app->stop[0], .events = POLLIN };

        if (poll(p, 2, -1) < 0 && errno == EINTR) {
            continue;
        }

        if (p[1].revents != 0) {
            return NULL;
        }

        fd = accept4(app->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd != -1) {
            listen_serve(app, fd);
            (void) close(fd);
        }
    }
}


/* "127.0.0.1:8099" */

static bool
listen_address(const char *text, struct sockaddr_in *sin)
{
    char       host[64];
    int64_t    port;
    mfa_str_t  name, rest;

    rest = mfa_str_from(text);
    name = mfa_str_split(&rest, ':');

    if (name.len == 0 || name.len >= sizeof(host)
        || mfa_str_number(rest, &port) != MFA_OK || port < 1 || port > 65535)
    {
        return false;
    }

    memcpy(host, name.data, name.len);
    host[name.len] = '\0';

    *sin = (struct sockaddr_in) { .sin_family = AF_INET,
                                  .sin_port = htons((uint16_t) port) };

    return inet_pton(AF_INET, host, &sin->sin_addr) == 1
           && (ntohl(sin->sin_addr.s_addr) >> 24) == 127;
}


static bool
listen_socket(probe_listen_t *app, const struct sockaddr_in *sin)
{
    int  on = 1;

    app->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return app->fd != -1
           && setsockopt(app->fd, SOL_SOCKET, SO_REUSEADDR, &on,
                         sizeof(on)) == 0
           && bind(app->fd, (const struct sockaddr *) sin, sizeof(*sin))
              == 0
           && listen(app->fd, 64) == 0
           && pipe2(app->stop, O_CLOEXEC) == 0;
}


static void
listen_free(probe_listen_t *app)
{
    size_t  i;

    for (i = 0; i < 2; i++) {
        if (app->stop[i] != -1) {
            (void) close(app->stop[i]);
        }
    }

    if (app->fd != -1) {
        (void) close(app->fd);
    }

    free(app);
}


mfa_status_t
probe_listen_open(const char *address, probe_listen_t **listener,
    mfa_error_t *error)
{
    probe_listen_t      *app;
    struct sockaddr_in   sin;

    *listener = NULL;

    if (!listen_address(address, &sin)) {
        mfa_error_set(error, "--listen takes 127.0.0.1:PORT, not \"%s\"",
                      address);
        return MFA_INVALID;
    }

    app = calloc(1, sizeof(probe_listen_t));
    if (app == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    app->fd = -1;
    app->stop[0] = -1;
    app->stop[1] = -1;

    if (!listen_socket(app, &sin)) {
        mfa_error_set(error, "cannot listen on %s: %s", address,
                      strerror(errno));
        listen_free(app);
        return MFA_UNAVAILABLE;
    }

    if (pthread_mutex_init(&app->mutex, NULL) != 0
        || pthread_create(&app->thread, NULL, listen_run, app) != 0)
    {
        mfa_error_set(error, "cannot start a thread");
        listen_free(app);
        return MFA_UNAVAILABLE;
    }

    *listener = app;

    return MFA_OK;
}


void
probe_listen_close(probe_listen_t **listener)
{
    probe_listen_t  *app;

    app = *listener;
    *listener = NULL;

    if (app == NULL) {
        return;
    }

    /* a byte or the end: both wake the thread */

    (void) close(app->stop[1]);
    app->stop[1] = -1;

    (void) pthread_join(app->thread, NULL);
    (void) pthread_mutex_destroy(&app->mutex);

    listen_free(app);
}


void
probe_listen_forget(probe_listen_t *app)
{
    (void) pthread_mutex_lock(&app->mutex);
    app->len = 0;
    (void) pthread_mutex_unlock(&app->mutex);
}


bool
probe_listen_find(probe_listen_t *app, mfa_str_t mark, char *line,
    size_t size)
{
    char    *found, *start, *end;
    size_t   len;

    (void) pthread_mutex_lock(&app->mutex);

    found = memmem(app->data, app->len, mark.data, mark.len);

    if (found != NULL) {
        start = found;
        end = found + mark.len;

        while (start > app->data && start[-1] != '\n') {
            start--;
        }

        len = (size_t) (end - start) < size ? (size_t) (end - start)
                                            : size - 1;
        memcpy(line, start, len);
        line[len] = '\0';
    }

    (void) pthread_mutex_unlock(&app->mutex);

    return found != NULL;
}
