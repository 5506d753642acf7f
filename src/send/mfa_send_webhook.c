/*
 * Text messages through any provider or gateway that speaks HTTP: "sms http".
 *
 * The address stands in the line and holds no value of a message; headers
 * with keys come from a file, the body from a template.
 */

#include "mfa_send_webhook.h"

#include <regex.h>
#include <strings.h>


#define WEBHOOK_FILE_MAX     (16 * 1024)
#define WEBHOOK_HEADERS_MAX  16
#define WEBHOOK_PATTERN_MAX  256


typedef struct {
    mfa_http_settings_t  http;          /* first, see mfa_send_http.h */
    mfa_webhook_body_t   body;
    mfa_strs_t           headers;
    mfa_str_t            content_type;
    const char          *method;
    const char          *success;       /* POSIX extended; NULL: any body */
} webhook_settings_t;

enum {
    WEBHOOK_BODY_FILE, WEBHOOK_HEADER_FILE, WEBHOOK_SUCCESS,
    WEBHOOK_CONTENT_TYPE, WEBHOOK_METHOD, WEBHOOK_HTTP,
    WEBHOOK_PARAMS = WEBHOOK_HTTP + MFA_HTTP_PARAMS
};


/* headers */

static bool
is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '_';
}


/* "Name: value" of printable ASCII, and not one that we or libcurl make */

static bool
header_is_valid(mfa_str_t line)
{
    size_t     i;
    mfa_str_t  name, value;

    static const char *const  ours[] = {
        "Content-Type", "Content-Length", "Transfer-Encoding", "Expect",
        "Host", "Connection", "Idempotency-Key"
    };

    value = line;
    name = mfa_str_split(&value, ':');

    for (i = 0; i < name.len; i++) {
        if (!is_token_char(name.data[i])) {
            return false;
        }
    }

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < ' ' || value.data[i] > '~') {
            return false;
        }
    }

    for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (name.len == strlen(ours[i])
            && strncasecmp(name.data, ours[i], name.len) == 0)
        {
            return false;
        }
    }

    return name.len != 0 && mfa_str_trim(value).len != 0;
}


/* a line that is wrong is named by its number: it may hold a secret */

static mfa_status_t
webhook_headers(const mfa_send_conf_t *conf, mfa_str_t path,
    mfa_strs_t *headers)
{
    unsigned      n;
    mfa_str_t     text, line;
    mfa_status_t  st;

    static const mfa_send_file_t  file = {
        "header_file", WEBHOOK_FILE_MAX, true
    };

    st = mfa_send_conf_file(conf, &file, path, &text);

    for (n = 1; st == MFA_OK && text.len != 0; n++) {
        line = mfa_str_trim(mfa_str_split(&text, '\n'));

        if (line.len == 0) {
            continue;
        }

        if (headers->count == WEBHOOK_HEADERS_MAX || !header_is_valid(line)) {
            mfa_error_set(conf->error, "header_file \"" MFA_STR_FMT "\" line "
                          "%u is no header that may be set, \"Name: value\"",
                          MFA_STR_ARG(path), n);
            return MFA_CONFIG;
        }

        st = mfa_strs_add(conf->arena, headers, line);
    }

    return st == MFA_NO_MEMORY ? mfa_send_conf_no_memory(conf) : st;
}


/* the other words */

static bool
type_is_printable(mfa_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < ' ' || s.data[i] > '~') {
            return false;
        }
    }

    return s.len <= 128;
}


static mfa_status_t
webhook_body(const mfa_send_conf_t *conf, const mfa_send_param_t *params,
    webhook_settings_t *webhook)
{
    bool          is_form, is_json;
    mfa_str_t     type, bare, text;
    mfa_status_t  st;

    static const mfa_send_file_t  file = {
        "body_file", WEBHOOK_FILE_MAX, false
    };

    type = params[WEBHOOK_CONTENT_TYPE].value;

    if (type.len == 0) {
        type = MFA_HTTP_JSON;
    }

    bare = type;
    bare = mfa_str_trim(mfa_str_split(&bare, ';'));
    is_form = mfa_str_eq(bare, MFA_HTTP_FORM);
    is_json = mfa_str_eq(bare, MFA_HTTP_JSON)
              || (bare.len > 5 && memcmp(bare.data + bare.len - 5, "+json", 5)
                                  == 0);

    if ((!is_form && !is_json) || !type_is_printable(type)) {
        mfa_error_set(conf->error, "invalid value \"" MFA_STR_FMT "\" of "
                      "\"content_type=\", it must be \"application/json\" or "
                      "\"application/x-www-form-urlencoded\"",
                      MFA_STR_ARG(type));
        return MFA_CONFIG;
    }

    webhook->content_type = type;

    st = mfa_send_conf_file(conf, &file, params[WEBHOOK_BODY_FILE].value,
                            &text);
    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_text_is_utf8(text)) {
        mfa_error_set(conf->error, "\"body_file=\" is not UTF-8");
        return MFA_CONFIG;
    }

    return mfa_webhook_parse(conf, text, is_form, &webhook->body);
}


static mfa_status_t
webhook_success(const mfa_send_conf_t *conf, mfa_str_t pattern,
    webhook_settings_t *webhook)
{
    regex_t  regex;

    webhook->success = mfa_arena_cstr(conf->arena, pattern);
    if (webhook->success == NULL) {
        return mfa_send_conf_no_memory(conf);
    }

    if (pattern.len <= WEBHOOK_PATTERN_MAX
        && regcomp(&regex, webhook->success, REG_EXTENDED | REG_NOSUB) == 0)
    {
        regfree(&regex);
        return MFA_OK;
    }

    mfa_error_set(conf->error, "\"success=\" is no regular expression "
                  "(POSIX, extended) of at most %d bytes",
                  WEBHOOK_PATTERN_MAX);

    return MFA_CONFIG;
}


static mfa_status_t
webhook_method(const mfa_send_conf_t *conf, mfa_str_t method,
    webhook_settings_t *webhook)
{
    size_t  i;

    static const char *const  methods[] = { "POST", "PUT", "PATCH" };

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (mfa_str_eq_c(method, methods[i])) {
            webhook->method = methods[i];
            return MFA_OK;
        }
    }

    mfa_error_set(conf->error, "\"method=\" must be \"POST\", \"PUT\" or "
                  "\"PATCH\"");

    return MFA_CONFIG;
}


static mfa_status_t
webhook_words(const mfa_send_conf_t *conf, const mfa_send_param_t *params,
    webhook_settings_t *webhook)
{
    mfa_status_t  st;

    st = mfa_http_configure_whole(conf, &params[WEBHOOK_HTTP],
                                  &webhook->http);

    if (st == MFA_OK && params[WEBHOOK_METHOD].value.len != 0) {
        st = webhook_method(conf, params[WEBHOOK_METHOD].value, webhook);
    }

    if (st == MFA_OK) {
        st = webhook_body(conf, params, webhook);
    }

    if (st == MFA_OK && params[WEBHOOK_HEADER_FILE].value.len != 0) {
        st = webhook_headers(conf, params[WEBHOOK_HEADER_FILE].value,
                             &webhook->headers);
    }

    if (st == MFA_OK && params[WEBHOOK_SUCCESS].value.len != 0) {
        st = webhook_success(conf, params[WEBHOOK_SUCCESS].value, webhook);
    }

    return st;
}


static mfa_status_t
webhook_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_status_t         st;
    mfa_send_conf_t      conf = { line, arena, error };
    webhook_settings_t  *webhook;

    mfa_send_param_t  params[WEBHOOK_PARAMS] = {
        [WEBHOOK_BODY_FILE] = { .name = "body_file", .is_required = true },
        [WEBHOOK_HEADER_FILE] = { .name = "header_file" },
        [WEBHOOK_SUCCESS] = { .name = "success" },
        [WEBHOOK_CONTENT_TYPE] = { .name = "content_type" },
        [WEBHOOK_METHOD] = { .name = "method" },
        MFA_HTTP_PARAM_ROWS
    };

    *settings = NULL;
    params[WEBHOOK_HTTP].is_required = true;

    webhook = mfa_arena_alloc(arena, sizeof(webhook_settings_t));
    if (webhook == NULL) {
        return mfa_send_conf_no_memory(&conf);
    }

    st = mfa_send_conf_words(&conf, params, WEBHOOK_PARAMS);

    if (st == MFA_OK) {
        st = webhook_words(&conf, params, webhook);
    }

    if (st == MFA_OK) {
        *settings = webhook;
    }

    return st;
}


/* a whole answer of 2xx, and the words that mean yes are not in it */

static void
webhook_judge(const webhook_settings_t *webhook, mfa_str_t body,
    mfa_arena_t *arena, mfa_send_result_t *result)
{
    int       rc;
    char     *text;
    regex_t   regex;

    if (webhook->success == NULL) {
        result->outcome = MFA_SEND_DONE;
        return;
    }

    text = mfa_arena_cstr(arena, body);

    if (text == NULL
        || regcomp(&regex, webhook->success, REG_EXTENDED | REG_NOSUB) != 0)
    {
        mfa_http_unreadable(result);
        return;
    }

    rc = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);

    if (rc == 0) {
        result->outcome = MFA_SEND_DONE;

    } else if (rc == REG_NOMATCH) {
        result->outcome = MFA_SEND_REFUSED;
        (void) snprintf(result->reason, sizeof(result->reason),
                        "the answer is not that of \"success=\"");

    } else {
        mfa_http_unreadable(result);
    }
}


static void
webhook_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    mfa_http_t                *http = connection;
    mfa_status_t               st;
    mfa_http_answer_t          answer;
    mfa_http_request_t         request;
    const webhook_settings_t  *webhook = http->settings;

    memset(&request, 0, sizeof(request));

    request.method = webhook->method;
    request.time = letter->time;
    request.content_type = webhook->content_type;
    request.headers = &webhook->headers;
    request.id = letter->id;

    st = mfa_webhook_render(&webhook->body, letter, arena, &request.body);

    if (st != MFA_OK) {
        mfa_http_unmade(result, st);

    } else if (mfa_http_ask(http, &request, arena, &answer, result)) {
        webhook_judge(webhook, answer.body, arena, result);
    }
}


static const char *const  webhook_schemes[] = { "http", NULL };


const mfa_sender_t  mfa_sender_http = {
    .name = "http",
    .channel = "sms",
    .schemes = webhook_schemes,
    .configure = webhook_configure,
    .open = mfa_http_open,
    .close = mfa_http_close,
    .send = webhook_send,
};
