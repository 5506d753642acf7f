/*
 * Mail to a relay over SMTP, through libcurl.
 *
 * Nothing is said in the clear but to a loopback host or where the operator
 * wrote tls=off: without TLS, or with a certificate that cannot be verified,
 * there is no letter and no password on the wire (I1). Never prints what the
 * relay said, nor an address, nor a password.
 */

#include "mfa_send_curl.h"
#include "mfa_send_smtp.h"

#include <stdlib.h>


/* I5; a test may want them shorter */
#ifndef SMTP_CONNECT_SEC
#define SMTP_CONNECT_SEC  5L
#define SMTP_COMMAND_SEC  10L
#define SMTP_TOTAL_SEC    30L
#endif

/* all that a relay may say about one letter; libcurl bounds a line itself */
#define SMTP_REPLY_MAX  (64 * 1024)


typedef enum {
    SMTP_CONNECT = 0,           /* up to STARTTLS and EHLO */
    SMTP_AUTH,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,                  /* the command, the text and its end */
    SMTP_STAGES
} smtp_stage_t;

typedef struct {
    CURL                   *curl;
    const mfa_smtp_settings_t  *settings;
    const mfa_ports_t      *ports;
    mfa_str_t               rest;       /* of the letter being sent */
    size_t                  replied;    /* bytes */
    smtp_stage_t            stage;      /* of the last command that went out */
} smtp_t;


static const char *const  smtp_stage_names[SMTP_STAGES] = {
    "the connection", "AUTH", "MAIL", "RCPT", "DATA"
};


/* a connection */

static size_t
smtp_on_read(char *to, size_t size, size_t count, void *arg)
{
    size_t   len;
    smtp_t  *smtp = arg;

    len = size * count;

    if (len > smtp->rest.len) {
        len = smtp->rest.len;
    }

    memcpy(to, smtp->rest.data, len);
    smtp->rest.data += len;
    smtp->rest.len -= len;

    return len;
}


/* each line of a reply (ML7): a short count makes libcurl drop the relay */

static size_t
smtp_on_reply(char *data, size_t size, size_t count, void *arg)
{
    smtp_t  *smtp = arg;

    (void) data;

    smtp->replied += size * count;

    return smtp->replied <= SMTP_REPLY_MAX ? size * count : 0;
}


/*
 * Sees commands go out, passwords among them: only how far we are is noted.
 */

static int
smtp_on_command(CURL *curl, curl_infotype type, char *data, size_t len,
    void *arg)
{
    smtp_t        *smtp = arg;
    mfa_str_t      line;
    smtp_stage_t   stage;

    static const mfa_str_t  commands[SMTP_STAGES] = {
        [SMTP_CONNECT] = mfa_str_static("EHLO "),
        [SMTP_AUTH] = mfa_str_static("AUTH "),
        [SMTP_MAIL] = mfa_str_static("MAIL FROM:"),
        [SMTP_RCPT] = mfa_str_static("RCPT TO:"),
        [SMTP_DATA] = mfa_str_static("DATA\r\n")
    };

    (void) curl;

    line = mfa_str_bytes(data, len);

    for (stage = 0; type == CURLINFO_HEADER_OUT && stage < SMTP_STAGES;
         stage++)
    {
        if (mfa_str_has_prefix(line, commands[stage])) {
            smtp->stage = stage;
        }
    }

    return 0;
}


static long
smtp_time(const mfa_letter_t *letter)
{
    long  time;

    time = SMTP_TOTAL_SEC * 1000;

    return letter->time > 0 && letter->time < time ? (long) letter->time
                                                   : time;
}


static CURLcode
smtp_set(CURL *curl, smtp_t *smtp)
{
    CURLcode                rc;
    const mfa_smtp_settings_t  *settings = smtp->settings;

    rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    rc |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    rc |= curl_easy_setopt(curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    rc |= curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);

    rc |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, SMTP_CONNECT_SEC);
    rc |= curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                           SMTP_COMMAND_SEC);
    rc |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SMTP_COMMAND_SEC);

    rc |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, smtp_on_read);
    rc |= curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
    rc |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, smtp_on_reply);
    rc |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, smtp);
    rc |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, smtp_on_reply);
    rc |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, smtp);
    rc |= curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, smtp_on_command);
    rc |= curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
    rc |= curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);

    if (settings->user.len != 0) {
        rc |= curl_easy_setopt(curl, CURLOPT_USERNAME, settings->user.data);
        rc |= curl_easy_setopt(curl, CURLOPT_PASSWORD,
                               settings->password.data);
    }

    rc |= curl_easy_setopt(curl, CURLOPT_USE_SSL,
                           settings->has_tls ? (long) CURLUSESSL_ALL
                                             : (long) CURLUSESSL_NONE);

    return rc | mfa_curl_trust(curl, settings->ca);
}


static void
smtp_close(void **connection)
{
    smtp_t  *smtp = *connection;

    if (smtp != NULL) {
        curl_easy_cleanup(smtp->curl);
        free(smtp);
    }

    *connection = NULL;
}


static mfa_status_t
smtp_open(const void *settings, const mfa_ports_t *ports, void **connection)
{
    smtp_t        *smtp;
    mfa_status_t   st;

    *connection = NULL;

    st = mfa_curl_ready(ports);
    if (st != MFA_OK) {
        return st;
    }

    smtp = calloc(1, sizeof(smtp_t));
    if (smtp == NULL) {
        return MFA_NO_MEMORY;
    }

    smtp->settings = settings;
    smtp->ports = ports;
    smtp->curl = curl_easy_init();
    *connection = smtp;

    if (smtp->curl == NULL) {
        smtp_close(connection);
        return MFA_NO_MEMORY;
    }

    if (smtp_set(smtp->curl, smtp) != CURLE_OK) {
        mfa_log(ports, MFA_LOG_ERROR, "libcurl lacks what SMTP needs");
        smtp_close(connection);
        return MFA_UNAVAILABLE;
    }

    return MFA_OK;
}


/* a letter */

/*
 * The name we greet with is the host that people know us by, not the name of
 * this machine; where that is an address it would need another form.
 */

static mfa_str_t
smtp_letter_url(const smtp_t *smtp, const mfa_letter_t *letter,
    mfa_arena_t *arena)
{
    char       last;
    mfa_str_t  host;

    host = letter->host;
    last = host.len != 0 ? host.data[host.len - 1] : ']';

    if (last == ']' || (last >= '0' && last <= '9')) {
        host = mfa_str("localhost");
    }

    return mfa_arena_printf(arena, "%s/" MFA_STR_FMT,
                            smtp->settings->url.data, MFA_STR_ARG(host));
}


static CURLcode
smtp_perform(smtp_t *smtp, const mfa_letter_t *letter, mfa_arena_t *arena)
{
    char               *from, *to;
    CURLcode            rc;
    mfa_str_t           url;
    struct curl_slist  *rcpt;

    url = smtp_letter_url(smtp, letter, arena);
    from = mfa_arena_cstr(arena, letter->from);
    to = mfa_arena_cstr(arena, letter->to);

    if (url.data == NULL || from == NULL || to == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }

    rcpt = curl_slist_append(NULL, to);
    if (rcpt == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }

    smtp->stage = SMTP_CONNECT;
    smtp->replied = 0;

    rc = curl_easy_setopt(smtp->curl, CURLOPT_URL, url.data);
    rc |= curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, from);
    rc |= curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, rcpt);
    rc |= curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE,
                           (curl_off_t) smtp->rest.len);

    rc |= curl_easy_setopt(smtp->curl, CURLOPT_TIMEOUT_MS,
                           smtp_time(letter));

    if (rc == CURLE_OK) {
        rc = curl_easy_perform(smtp->curl);
    }

    (void) curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(rcpt);

    return rc;
}


/* the relay gave a code from 400 on: was it about this letter, or about us? */

static void
smtp_judge_code(smtp_t *smtp, long code, mfa_send_result_t *result)
{
    (void) snprintf(result->reason, sizeof(result->reason),
                    "the mail server answered %ld at %s", code,
                    smtp_stage_names[smtp->stage]);

    if (code < 500) {
        return;
    }

    if (smtp->stage >= SMTP_RCPT) {
        result->outcome = MFA_SEND_REFUSED;
        return;
    }

    mfa_log(smtp->ports, MFA_LOG_ERROR, "mail is not taken: %s; check the "
            "line \"mail\" and the mail server", result->reason);
}


/* there was no such code: the connection itself failed */

static void
smtp_judge_fault(smtp_t *smtp, CURLcode rc, mfa_send_result_t *result)
{
    const char  *why;

    if (mfa_curl_is_tls_fault(rc)) {
        why = "no trusted TLS with the mail server";
        mfa_log(smtp->ports, MFA_LOG_ERROR, "mail is not sent: %s: %s", why,
                curl_easy_strerror(rc));

    } else if (rc == CURLE_COULDNT_RESOLVE_HOST) {
        why = "the name of the mail server cannot be resolved";

    } else if (rc == CURLE_COULDNT_CONNECT) {
        why = "the mail server does not accept connections";

    } else if (rc == CURLE_OPERATION_TIMEDOUT) {
        why = "the mail server does not answer in time";

    } else if (rc == CURLE_OUT_OF_MEMORY) {
        why = mfa_status_text(MFA_NO_MEMORY);

    } else if (smtp->replied > SMTP_REPLY_MAX) {
        why = "the mail server answers without end";

    } else {
        why = "the connection to the mail server broke";
    }

    /* from DATA on it may be this one letter that the server chokes on */

    result->is_down = smtp->stage < SMTP_DATA && rc != CURLE_OUT_OF_MEMORY;

    (void) snprintf(result->reason, sizeof(result->reason), "%s (at %s)", why,
                    smtp_stage_names[smtp->stage]);
}


static void
smtp_judge(smtp_t *smtp, CURLcode rc, mfa_send_result_t *result)
{
    long  code;

    if (rc == CURLE_OK) {
        result->outcome = MFA_SEND_DONE;
        return;
    }

    code = 0;
    (void) curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &code);

    if (code >= 400 && code <= 599 && rc != CURLE_OPERATION_TIMEDOUT) {
        smtp_judge_code(smtp, code, result);

    } else {
        smtp_judge_fault(smtp, rc, result);
    }
}


static void
smtp_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    smtp_t        *smtp = connection;
    mfa_status_t   st;

    st = mfa_mime_build(letter, arena, &smtp->rest);

    if (st == MFA_OK) {
        smtp_judge(smtp, smtp_perform(smtp, letter, arena), result);

    } else {
        result->outcome = st == MFA_INVALID ? MFA_SEND_REFUSED
                                            : MFA_SEND_LATER;
        (void) snprintf(result->reason, sizeof(result->reason),
                        "the letter cannot be made: %s", mfa_status_text(st));
    }

    smtp->rest = mfa_null;
}


static const char *const  smtp_schemes[] = { "smtp", "smtps", NULL };


const mfa_sender_t  mfa_sender_smtp = {
    .name = "smtp",
    .channel = "mail",
    .schemes = smtp_schemes,
    .configure = mfa_smtp_configure,
    .open = smtp_open,
    .close = smtp_close,
    .send = smtp_send,
};
