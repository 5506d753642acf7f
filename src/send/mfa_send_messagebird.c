/*
 * Text messages through MessageBird (Bird).
 */

#include "mfa_send_http.h"

#include <jansson.h>


typedef struct {
    mfa_http_settings_t  http;          /* first, see mfa_send_http.h */
    mfa_str_t            authorization;
    mfa_str_t            from;
} bird_settings_t;

enum {
    BIRD_KEY_FILE, BIRD_FROM, BIRD_HTTP,
    BIRD_PARAMS = BIRD_HTTP + MFA_HTTP_PARAMS
};


static mfa_status_t
bird_key(const mfa_send_conf_t *conf, mfa_str_t path, bird_settings_t *bird)
{
    mfa_str_t     key;
    mfa_status_t  st;

    st = mfa_send_conf_secret(conf, "key_file", path, &key);
    if (st != MFA_OK) {
        return st;
    }

    bird->authorization = mfa_arena_printf(conf->arena, "AccessKey "
                                           MFA_STR_FMT, MFA_STR_ARG(key));

    return bird->authorization.data != NULL ? MFA_OK
                                            : mfa_send_conf_no_memory(conf);
}


static mfa_status_t
bird_configure(const mfa_line_t *line, mfa_arena_t *arena, mfa_error_t *error,
    void **settings)
{
    mfa_status_t      st;
    mfa_send_conf_t   conf = { line, arena, error };
    bird_settings_t  *bird;

    mfa_send_param_t  params[BIRD_PARAMS] = {
        [BIRD_KEY_FILE] = { .name = "key_file", .is_required = true },
        [BIRD_FROM] = { .name = "from", .is_required = true },
        MFA_HTTP_PARAM_ROWS
    };

    *settings = NULL;

    bird = mfa_arena_alloc(arena, sizeof(bird_settings_t));
    if (bird == NULL) {
        return mfa_send_conf_no_memory(&conf);
    }

    st = mfa_send_conf_words(&conf, params, BIRD_PARAMS);
    if (st != MFA_OK) {
        return st;
    }

    bird->from = params[BIRD_FROM].value;

    st = bird_key(&conf, params[BIRD_KEY_FILE].value, bird);

    if (st == MFA_OK && !mfa_send_is_originator(bird->from)) {
        mfa_error_set(error, "\"from=\" must be a number or a name of at "
                      "most 11 letters and digits in \"" MFA_STR_FMT
                      " messagebird\"", MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    if (st == MFA_OK) {
        st = mfa_http_configure(&conf, &params[BIRD_HTTP],
                                "https://rest.messagebird.com", &bird->http);
    }

    if (st == MFA_OK) {
        *settings = bird;
    }

    return st;
}


static mfa_status_t
bird_body(const bird_settings_t *bird, const mfa_letter_t *letter,
    mfa_arena_t *arena, mfa_str_t *body)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, MFA_HTTP_BODY_MAX);
    mfa_buf_putc(&buf, '{');
    mfa_http_json_put(&buf, "originator", mfa_http_digits(bird->from));
    mfa_buf_puts(&buf, ",\"recipients\":[\"");
    mfa_json_put(&buf, mfa_http_digits(letter->to));
    mfa_buf_puts(&buf, "\"]");
    mfa_http_json_put(&buf, "body", letter->text);
    mfa_http_json_put(&buf, "reference", letter->id);
    mfa_http_json_put(&buf, "datacoding", mfa_str("auto"));
    mfa_buf_putc(&buf, '}');

    return mfa_buf_str(&buf, body);
}


static void
bird_judge(const mfa_http_answer_t *answer, bool is_good,
    mfa_send_result_t *result)
{
    json_t      *json;
    const char  *id;

    json = json_loadb(answer->body.data, answer->body.len, 0, NULL);

    if (is_good) {
        id = json_string_value(json_object_get(json, "id"));

        if (id != NULL && id[0] != '\0') {
            result->outcome = MFA_SEND_DONE;

        } else {
            mfa_http_unreadable(result);
        }

    } else if (answer->status >= 400) {
        mfa_http_explain_number(result, json_integer_value(json_object_get(
            json_array_get(json_object_get(json, "errors"), 0), "code")));
    }

    json_decref(json);
}


static void
bird_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    bool                    is_good;
    mfa_str_t               accept = mfa_str("Accept: application/json");
    mfa_strs_t              headers = { &accept, 1 };
    mfa_http_t             *http = connection;
    mfa_status_t            st;
    mfa_http_answer_t       answer;
    mfa_http_request_t      request = { .content_type = MFA_HTTP_JSON };
    const bird_settings_t  *bird = http->settings;

    request.path = mfa_str("/messages");
    request.headers = &headers;
    request.authorization = bird->authorization;
    request.id = letter->id;
    request.time = letter->time;

    st = bird_body(bird, letter, arena, &request.body);
    if (st != MFA_OK) {
        mfa_http_unmade(result, st);
        return;
    }

    is_good = mfa_http_ask(http, &request, arena, &answer, result);
    bird_judge(&answer, is_good, result);
}


static const char *const  bird_schemes[] = { "messagebird", NULL };


const mfa_sender_t  mfa_sender_messagebird = {
    .name = "messagebird",
    .channel = "sms",
    .schemes = bird_schemes,
    .configure = bird_configure,
    .open = mfa_http_open,
    .close = mfa_http_close,
    .send = bird_send,
};
