/*
 * One request to a provider over HTTP, through libcurl, and what is made of
 * the way it ended.
 *
 * Bounded in time and size; certificates are verified, redirects are not
 * followed, nothing is ever sent again by itself: a connection serves one
 * request, because libcurl repeats one whose old connection has died. Never
 * prints what was asked or answered, nor a key, nor a number.
 */

#include "mfa_send_curl.h"
#include "mfa_send_http.h"

#include <stdlib.h>
#include <strings.h>


#define HTTP_CONNECT_MS  5000L


/* the exchange, as libcurl tells of it */

static size_t
http_on_body(char *data, size_t size, size_t count, void *arg)
{
    size_t       len;
    mfa_http_t  *http = arg;

    len = size * count;

    if (len > MFA_HTTP_REPLY_MAX - http->len) {
        http->is_endless = true;
        return 0;
    }

    memcpy(http->body + http->len, data, len);
    http->len += len;

    return len;
}


static size_t
http_on_header(char *data, size_t size, size_t count, void *arg)
{
    mfa_str_t    line, value;
    mfa_http_t  *http = arg;

    line = mfa_str_bytes(data, size * count);

    if (line.len > MFA_HTTP_REPLY_MAX - http->head) {
        http->is_endless = true;
        return 0;
    }

    http->head += line.len;

    if (mfa_str_has_prefix(line, mfa_str("HTTP/"))) {
        http->retry_after[0] = '\0';

    } else if (line.len > 12 && strncasecmp(line.data, "Retry-After:", 12)
                                == 0)
    {
        value = mfa_str_trim(mfa_str_bytes(line.data + 12, line.len - 12));
        (void) snprintf(http->retry_after, sizeof(http->retry_after),
                        MFA_STR_FMT, MFA_STR_ARG(value));
    }

    return size * count;
}


/* sees keys and codes go out: only that they did is noted */

static int
http_on_debug(CURL *curl, curl_infotype type, char *data, size_t len,
    void *arg)
{
    mfa_http_t  *http = arg;

    (void) curl;
    (void) data;
    (void) len;

    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) {
        http->is_sent = true;
    }

    return 0;
}


/* a connection */

static CURLcode
http_set(CURL *curl, mfa_http_t *http)
{
    long                        timeout;
    CURLcode                    rc;
    const mfa_http_settings_t  *settings = http->settings;

    timeout = (long) settings->timeout;

    rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
                           settings->is_https ? "https" : "http");
    rc |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    rc |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    rc |= curl_easy_setopt(curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    rc |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
                           (long) CURL_HTTP_VERSION_1_1);
    rc |= curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "ngx_mfa_module");

    rc |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                           timeout < HTTP_CONNECT_MS ? timeout
                                                     : HTTP_CONNECT_MS);
    rc |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_on_body);
    rc |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    rc |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, http_on_header);
    rc |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
    rc |= curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, http_on_debug);
    rc |= curl_easy_setopt(curl, CURLOPT_DEBUGDATA, http);
    rc |= curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);

    return rc | mfa_curl_trust(curl, settings->ca);
}


void
mfa_http_close(void **connection)
{
    mfa_http_t  *http = *connection;

    if (http != NULL) {
        curl_easy_cleanup(http->curl);
        free(http);
    }

    *connection = NULL;
}


mfa_status_t
mfa_http_open(const void *settings, const mfa_ports_t *ports,
    void **connection)
{
    mfa_http_t    *http;
    mfa_status_t   st;

    *connection = NULL;

    st = mfa_curl_ready(ports);
    if (st != MFA_OK) {
        return st;
    }

    http = calloc(1, sizeof(mfa_http_t));
    if (http == NULL) {
        return MFA_NO_MEMORY;
    }

    http->settings = settings;
    http->ports = ports;
    http->curl = curl_easy_init();
    *connection = http;

    if (http->curl == NULL) {
        mfa_http_close(connection);
        return MFA_NO_MEMORY;
    }

    if (http_set(http->curl, http) != CURLE_OK) {
        mfa_log(ports, MFA_LOG_ERROR, "libcurl lacks what HTTP needs");
        mfa_http_close(connection);
        return MFA_UNAVAILABLE;
    }

    return MFA_OK;
}


/* a request */

static bool
http_header(struct curl_slist **list, mfa_arena_t *arena, const char *name,
    mfa_str_t value)
{
    mfa_str_t           text;
    struct curl_slist  *more;

    text = mfa_arena_printf(arena, "%s" MFA_STR_FMT, name,
                            MFA_STR_ARG(value));
    if (text.data == NULL) {
        return false;
    }

    more = curl_slist_append(*list, text.data);
    if (more == NULL) {
        return false;
    }

    *list = more;

    return true;
}


/* "Expect:" without a value: a provider that knows it would make us wait */

static bool
http_headers(const mfa_http_request_t *request, mfa_arena_t *arena,
    struct curl_slist **list)
{
    bool    is_ok;
    size_t  i;

    is_ok = http_header(list, arena, "Content-Type: ", request->content_type)
            && http_header(list, arena, "Idempotency-Key: ", request->id)
            && http_header(list, arena, "Expect:", mfa_null);

    if (is_ok && request->authorization.len != 0) {
        is_ok = http_header(list, arena, "Authorization: ",
                            request->authorization);
    }

    for (i = 0; is_ok && request->headers != NULL
                && i < request->headers->count; i++)
    {
        is_ok = http_header(list, arena, "", request->headers->items[i]);
    }

    return is_ok;
}


static CURLcode
http_perform(mfa_http_t *http, const mfa_http_request_t *request,
    mfa_arena_t *arena)
{
    CURL                       *curl = http->curl;
    CURLcode                    rc;
    mfa_str_t                   url;
    struct curl_slist          *headers;
    const mfa_http_settings_t  *settings = http->settings;

    headers = NULL;
    url = mfa_arena_printf(arena, MFA_STR_FMT MFA_STR_FMT,
                           MFA_STR_ARG(settings->base),
                           MFA_STR_ARG(request->path));

    if (url.data == NULL || !http_headers(request, arena, &headers)) {
        curl_slist_free_all(headers);
        return CURLE_OUT_OF_MEMORY;
    }

    rc = curl_easy_setopt(curl, CURLOPT_URL, url.data);
    rc |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    rc |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    rc |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data);
    rc |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t) request->body.len);

    rc |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                           request->time > 0
                           && request->time < settings->timeout
                           ? (long) request->time : (long) settings->timeout);

    if (rc == CURLE_OK) {
        rc = curl_easy_perform(curl);
    }

    (void) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    (void) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    curl_slist_free_all(headers);

    return rc;
}


/* how it ended */

/* RFC 9110 section 10.2.3: seconds, or a date; 0: it does not say */

static mfa_time_t
http_retry_ms(const mfa_http_t *http)
{
    time_t      at;
    int64_t     seconds;
    mfa_time_t  wait;

    if (mfa_str_number(mfa_str_from(http->retry_after), &seconds) == MFA_OK) {
        wait = seconds < MFA_HOUR ? seconds * MFA_SECOND : MFA_HOUR;

    } else {
        at = http->retry_after[0] != '\0'
             ? curl_getdate(http->retry_after, NULL) : -1;
        wait = at > 0 ? (mfa_time_t) at * MFA_SECOND
                        - mfa_port_now(http->ports) : 0;
    }

    if (wait < 0) {
        return 0;
    }

    return wait < MFA_HTTP_RETRY_MOST ? wait : MFA_HTTP_RETRY_MOST;
}


/* there is a status, and it is not of the class 2xx */

static void
http_judge_status(const mfa_http_t *http, long status,
    mfa_send_result_t *result)
{
    (void) snprintf(result->reason, sizeof(result->reason),
                    "the provider answered %ld", status);

    if (status >= 500 || status == 408 || status == 425 || status == 429) {
        result->outcome = MFA_SEND_LATER;
        result->retry_ms = http_retry_ms(http);
        return;
    }

    result->outcome = MFA_SEND_REFUSED;

    if (status < 400) {
        (void) snprintf(result->reason, sizeof(result->reason),
                        "the provider answered %ld, a redirect is not "
                        "followed", status);
    }

    if (status < 400 || status == 401 || status == 403) {
        mfa_log(http->ports, MFA_LOG_ERROR, "a message is not taken: %s; "
                "check the provider's line in the realm and its key",
                result->reason);
    }
}


/* there is none, or an answer that was cut short */

static void
http_judge_fault(const mfa_http_t *http, CURLcode rc,
    mfa_send_result_t *result)
{
    const char  *why;

    if (mfa_curl_is_tls_fault(rc)) {
        why = "no trusted TLS with the provider";
        mfa_log(http->ports, MFA_LOG_ERROR, "a message is not sent: %s: %s",
                why, curl_easy_strerror(rc));

    } else if (rc == CURLE_COULDNT_RESOLVE_HOST) {
        why = "the name of the provider cannot be resolved";

    } else if (rc == CURLE_COULDNT_CONNECT) {
        why = "the provider does not accept connections";

    } else if (rc == CURLE_OPERATION_TIMEDOUT) {
        why = "the provider does not answer in time";

    } else if (rc == CURLE_OUT_OF_MEMORY) {
        why = mfa_status_text(MFA_NO_MEMORY);

    } else if (http->is_endless) {
        why = "the provider answers without end";

    } else {
        why = "the connection to the provider broke";
    }

    result->outcome = MFA_SEND_LATER;
    result->is_unclear = http->is_sent;
    result->is_down = !http->is_sent && rc != CURLE_OUT_OF_MEMORY;

    (void) snprintf(result->reason, sizeof(result->reason), "%s", why);
}


bool
mfa_http_ask(mfa_http_t *http, const mfa_http_request_t *request,
    mfa_arena_t *arena, mfa_http_answer_t *answer, mfa_send_result_t *result)
{
    long      status;
    CURLcode  rc;

    memset(answer, 0, sizeof(mfa_http_answer_t));

    http->len = 0;
    http->head = 0;
    http->is_sent = false;
    http->is_endless = false;
    http->retry_after[0] = '\0';
    http->body = mfa_arena_alloc(arena, MFA_HTTP_REPLY_MAX);

    rc = http->body != NULL ? http_perform(http, request, arena)
                            : CURLE_OUT_OF_MEMORY;

    status = 0;

    if (http->is_sent) {
        (void) curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE,
                                 &status);
    }

    answer->status = status;
    answer->body = mfa_str_bytes(http->body, http->len);
    http->body = NULL;

    if (status >= 300 && status <= 599) {
        http_judge_status(http, status, result);
        return false;
    }

    if (rc == CURLE_OK && status >= 200 && status <= 299) {
        return true;
    }

    http_judge_fault(http, rc, result);

    return false;
}
