/*
 * The client of mfactl probe: sends bytes that no HTTP library would.
 *
 * libcurl makes the connection and TLS and sees nothing of the request. One
 * request, one connection; all of it is bounded in size and time.
 */

#include <poll.h>

#include <curl/curl.h>

#include "mfactl_probe.h"


#define WIRE_SECONDS  10L


mfa_status_t
probe_wire_ready(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
           ? MFA_OK : MFA_UNAVAILABLE;
}


static CURLcode
wire_options(CURL *curl, const probe_wire_t *wire, struct curl_slist *to)
{
    CURLcode          rc;
    struct curl_blob  blob;

    rc = curl_easy_setopt(curl, CURLOPT_URL, wire->url);

    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    }

    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    }

    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }

    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    }

    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(curl, CURLOPT_TIMEOUT, WIRE_SECONDS);
    }

    /* no HTTP/2: the bytes are those of HTTP/1.1 */

    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    }

    if (rc == CURLE_OK && to != NULL) {
        rc = curl_easy_setopt(curl, CURLOPT_CONNECT_TO, to);
    }

    if (rc == CURLE_OK && wire->ca != NULL) {
        blob = (struct curl_blob) { .data = wire->ca,
                                    .len = strlen(wire->ca),
                                    .flags = CURL_BLOB_COPY };
        rc = curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
    }

    return rc;
}


/* false: nothing more will come in time */

static bool
wire_wait(CURL *curl, short events, mfa_time_t until)
{
    mfa_time_t     left;
    curl_socket_t  fd;
    struct pollfd  p;

    left = until - mfa_port_now(&mfa_ports_system);

    if (left <= 0
        || curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK
        || fd == CURL_SOCKET_BAD)
    {
        return false;
    }

    p = (struct pollfd) { .fd = fd, .events = events };

    return poll(&p, 1, (int) left) > 0;
}


/* the other side may answer and close before it has read all */

static void
wire_send(CURL *curl, mfa_str_t request, mfa_time_t until)
{
    size_t    n;
    CURLcode  rc;

    while (request.len > 0) {
        n = 0;
        rc = curl_easy_send(curl, request.data, request.len, &n);

        if (rc == CURLE_AGAIN && wire_wait(curl, POLLOUT, until)) {
            continue;
        }

        if (rc != CURLE_OK) {
            return;
        }

        request.data += n;
        request.len -= n;
    }
}


static size_t
wire_receive(CURL *curl, char *data, size_t size, mfa_time_t until)
{
    size_t    len, n;
    CURLcode  rc;

    len = 0;

    while (len < size) {
        n = 0;
        rc = curl_easy_recv(curl, data + len, size - len, &n);

        if (rc == CURLE_AGAIN && wire_wait(curl, POLLIN, until)) {
            continue;
        }

        if (rc != CURLE_OK || n == 0) {
            break;
        }

        len += n;
    }

    return len;
}


mfa_status_t
probe_wire_ask(const probe_wire_t *wire, mfa_str_t request,
    mfa_arena_t *arena, mfa_str_t *answer, mfa_error_t *error)
{
    CURL               *curl;
    char               *data;
    CURLcode            rc;
    mfa_str_t           to_text;
    mfa_time_t          until;
    struct curl_slist  *to;

    *answer = mfa_null;
    to = NULL;

    data = mfa_arena_alloc(arena, PROBE_ANSWER_MAX);
    curl = curl_easy_init();

    if (wire->connect != NULL) {
        to_text = mfa_arena_printf(arena, "::%s", wire->connect);
        to = to_text.data == NULL ? NULL
                                  : curl_slist_append(NULL, to_text.data);
    }

    if (data == NULL || curl == NULL || (wire->connect != NULL && to == NULL))
    {
        curl_slist_free_all(to);
        curl_easy_cleanup(curl);
        return MFA_NO_MEMORY;
    }

    until = mfa_port_now(&mfa_ports_system) + WIRE_SECONDS * MFA_SECOND;

    rc = wire_options(curl, wire, to);

    if (rc == CURLE_OK) {
        rc = curl_easy_perform(curl);
    }

    if (rc == CURLE_OK) {
        wire_send(curl, request, until);
        *answer = mfa_str_bytes(data, wire_receive(curl, data,
                                                   PROBE_ANSWER_MAX, until));

    } else {
        mfa_error_set(error, "cannot connect to %s: %s", wire->url,
                      curl_easy_strerror(rc));
    }

    curl_easy_cleanup(curl);
    curl_slist_free_all(to);

    return rc == CURLE_OK ? MFA_OK : MFA_UNAVAILABLE;
}
