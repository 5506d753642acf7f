/*
 * Text messages through GOV.UK Notify.
 *
 * The words are those of a template on their side, with ((code)) in it: of
 * the letter only the code is sent. A token is made for each request from
 * the key, which never leaves this machine.
 */

#include "mfa_send_http.h"

#include <jansson.h>


#define NOTIFY_UUID  36

typedef struct {
    mfa_http_settings_t  http;          /* first, see mfa_send_http.h */
    mfa_str_t            service;       /* UUIDs */
    mfa_str_t            secret;
    mfa_str_t            template;
    mfa_str_t            sender;        /* may be empty */
} notify_settings_t;

enum {
    NOTIFY_KEY_FILE, NOTIFY_TEMPLATE, NOTIFY_SENDER, NOTIFY_HTTP,
    NOTIFY_PARAMS = NOTIFY_HTTP + MFA_HTTP_PARAMS
};


/* "NAME-SERVICE-SECRET", as they show it; both at the end are UUIDs */

static mfa_status_t
notify_key(const mfa_send_conf_t *conf, mfa_str_t path,
    notify_settings_t *notify)
{
    mfa_str_t     key;
    const char   *end;
    mfa_status_t  st;

    st = mfa_send_conf_secret(conf, "key_file", path, &key);
    if (st != MFA_OK) {
        return st;
    }

    if (key.len > 2 * NOTIFY_UUID + 1) {
        end = key.data + key.len;
        notify->secret = mfa_str_bytes(end - NOTIFY_UUID, NOTIFY_UUID);
        notify->service = mfa_str_bytes(end - 2 * NOTIFY_UUID - 1,
                                        NOTIFY_UUID);
    }

    if (!mfa_send_is_uuid(notify->secret)
        || !mfa_send_is_uuid(notify->service))
    {
        mfa_error_set(conf->error, "key_file \"" MFA_STR_FMT "\" must have "
                      "an API key of GOV.UK Notify, with its name and the id "
                      "of the service", MFA_STR_ARG(path));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static mfa_status_t
notify_check(const mfa_send_conf_t *conf, const notify_settings_t *notify)
{
    if (mfa_send_is_uuid(notify->template)
        && (notify->sender.len == 0 || mfa_send_is_uuid(notify->sender)))
    {
        return MFA_OK;
    }

    mfa_error_set(conf->error, "\"template=\" and \"sender=\" must be ids of "
                  "GOV.UK Notify in \"" MFA_STR_FMT " govuk_notify\"",
                  MFA_STR_ARG(conf->line->name));

    return MFA_CONFIG;
}


static mfa_status_t
notify_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_status_t        st;
    mfa_send_conf_t     conf = { line, arena, error };
    notify_settings_t  *notify;

    mfa_send_param_t  params[NOTIFY_PARAMS] = {
        [NOTIFY_KEY_FILE] = { .name = "key_file", .is_required = true },
        [NOTIFY_TEMPLATE] = { .name = "template", .is_required = true },
        [NOTIFY_SENDER] = { .name = "sender" },
        MFA_HTTP_PARAM_ROWS
    };

    *settings = NULL;

    notify = mfa_arena_alloc(arena, sizeof(notify_settings_t));
    if (notify == NULL) {
        return mfa_send_conf_no_memory(&conf);
    }

    st = mfa_send_conf_words(&conf, params, NOTIFY_PARAMS);
    if (st != MFA_OK) {
        return st;
    }

    notify->template = params[NOTIFY_TEMPLATE].value;
    notify->sender = params[NOTIFY_SENDER].value;

    st = notify_key(&conf, params[NOTIFY_KEY_FILE].value, notify);

    if (st == MFA_OK) {
        st = notify_check(&conf, notify);
    }

    if (st == MFA_OK) {
        st = mfa_http_configure(&conf, &params[NOTIFY_HTTP],
                                "https://api.notifications.service.gov.uk",
                                &notify->http);
    }

    if (st == MFA_OK) {
        *settings = notify;
    }

    return st;
}


/* RFC 7519 with HS256; they take it for 30 s around iat */

static mfa_status_t
notify_token(const notify_settings_t *notify, mfa_time_t now,
    mfa_arena_t *arena, mfa_str_t *authorization)
{
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_str_t     head, claims, text, tail;
    mfa_status_t  st;

    text = mfa_arena_printf(arena, "{\"iss\":\"" MFA_STR_FMT "\",\"iat\":%lld"
                            "}", MFA_STR_ARG(notify->service),
                            (long long) (now / MFA_SECOND));

    st = mfa_base64url_encode(arena,
                              mfa_str("{\"typ\":\"JWT\",\"alg\":\"HS256\"}"),
                              &head);

    if (st == MFA_OK) {
        st = mfa_base64url_encode(arena, text, &claims);
    }

    if (st != MFA_OK) {
        return st;
    }

    text = mfa_arena_printf(arena, MFA_STR_FMT "." MFA_STR_FMT,
                            MFA_STR_ARG(head), MFA_STR_ARG(claims));

    st = mfa_hmac_sha256(notify->secret, text, mac);

    if (st == MFA_OK) {
        st = mfa_base64url_encode(arena, mfa_str_bytes(mac, sizeof(mac)),
                                  &tail);
    }

    if (st != MFA_OK) {
        return st;
    }

    *authorization = mfa_arena_printf(arena, "Bearer " MFA_STR_FMT "."
                                      MFA_STR_FMT, MFA_STR_ARG(text),
                                      MFA_STR_ARG(tail));

    return mfa_arena_has_failed(arena) ? MFA_NO_MEMORY : MFA_OK;
}


static mfa_status_t
notify_body(const notify_settings_t *notify, const mfa_letter_t *letter,
    mfa_arena_t *arena, mfa_str_t *body)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, MFA_HTTP_BODY_MAX);
    mfa_buf_putc(&buf, '{');
    mfa_http_json_put(&buf, "phone_number", letter->to);
    mfa_http_json_put(&buf, "template_id", notify->template);
    mfa_buf_puts(&buf, ",\"personalisation\":{");
    mfa_http_json_put(&buf, "code", letter->code);
    mfa_buf_putc(&buf, '}');
    mfa_http_json_put(&buf, "reference", letter->id);

    if (notify->sender.len != 0) {
        mfa_http_json_put(&buf, "sms_sender_id", notify->sender);
    }

    mfa_buf_putc(&buf, '}');

    return mfa_buf_str(&buf, body);
}


static void
notify_judge(const mfa_http_answer_t *answer, bool is_good,
    mfa_send_result_t *result)
{
    json_t      *json;
    const char  *word;

    json = json_loadb(answer->body.data, answer->body.len, 0, NULL);

    if (is_good) {
        word = json_string_value(json_object_get(json, "id"));

        if (word != NULL && word[0] != '\0') {
            result->outcome = MFA_SEND_DONE;

        } else {
            mfa_http_unreadable(result);
        }

    } else if (answer->status >= 400) {
        word = json_string_value(json_object_get(json_array_get(
                   json_object_get(json, "errors"), 0), "error"));

        if (word != NULL) {
            mfa_http_explain_word(result, word);
        }
    }

    json_decref(json);
}


static void
notify_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    bool                      is_good;
    mfa_http_t               *http = connection;
    mfa_status_t              st;
    mfa_http_answer_t         answer;
    mfa_http_request_t        request = { .content_type = MFA_HTTP_JSON };
    const notify_settings_t  *notify = http->settings;

    if (letter->code.len == 0) {
        mfa_http_unmade(result, MFA_INVALID);
        return;
    }

    request.path = mfa_str("/v2/notifications/sms");
    request.time = letter->time;
    request.id = letter->id;

    st = notify_body(notify, letter, arena, &request.body);

    if (st == MFA_OK) {
        st = notify_token(notify, mfa_port_now(http->ports), arena,
                          &request.authorization);
    }

    if (st != MFA_OK) {
        mfa_http_unmade(result, st);
        return;
    }

    is_good = mfa_http_ask(http, &request, arena, &answer, result);
    notify_judge(&answer, is_good, result);
}


static const char *const  notify_schemes[] = { "govuk_notify", NULL };


const mfa_sender_t  mfa_sender_govuk_notify = {
    .name = "govuk_notify",
    .channel = "sms",
    .schemes = notify_schemes,
    .configure = notify_configure,
    .open = mfa_http_open,
    .close = mfa_http_close,
    .send = notify_send,
};
