/*
 * Text messages through Vonage's SMS API.
 *
 * It answers 200 to everything: the verdict is the status inside the body.
 */

#include "mfa_send_http.h"

#include <jansson.h>


typedef struct {
    mfa_http_settings_t  http;          /* first, see mfa_send_http.h */
    mfa_str_t            key;
    mfa_str_t            secret;
    mfa_str_t            from;
} vonage_settings_t;

enum {
    VONAGE_KEY, VONAGE_KEY_FILE, VONAGE_FROM, VONAGE_HTTP,
    VONAGE_PARAMS = VONAGE_HTTP + MFA_HTTP_PARAMS
};

/* of messages[0].status: what may be different a little later */
#define VONAGE_OK        0
#define VONAGE_THROTTLED 1
#define VONAGE_INTERNAL  5
#define VONAGE_BUSY      10


static mfa_status_t
vonage_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_status_t        st;
    mfa_send_conf_t     conf = { line, arena, error };
    vonage_settings_t  *vonage;

    mfa_send_param_t  params[VONAGE_PARAMS] = {
        [VONAGE_KEY] = { .name = "key", .is_required = true },
        [VONAGE_KEY_FILE] = { .name = "key_file", .is_required = true },
        [VONAGE_FROM] = { .name = "from", .is_required = true },
        MFA_HTTP_PARAM_ROWS
    };

    *settings = NULL;

    vonage = mfa_arena_alloc(arena, sizeof(vonage_settings_t));
    if (vonage == NULL) {
        return mfa_send_conf_no_memory(&conf);
    }

    st = mfa_send_conf_words(&conf, params, VONAGE_PARAMS);
    if (st != MFA_OK) {
        return st;
    }

    vonage->key = params[VONAGE_KEY].value;
    vonage->from = params[VONAGE_FROM].value;

    st = mfa_send_conf_secret(&conf, "key_file",
                              params[VONAGE_KEY_FILE].value, &vonage->secret);

    if (st == MFA_OK && (!mfa_send_is_alnum(vonage->key, 1, 64)
                         || !mfa_send_is_originator(vonage->from)))
    {
        mfa_error_set(error, "\"key=\" must be letters and digits, \"from=\" "
                      "a number or a name of at most 11 letters and digits "
                      "in \"" MFA_STR_FMT " vonage\"",
                      MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    if (st == MFA_OK) {
        st = mfa_http_configure(&conf, &params[VONAGE_HTTP],
                                "https://rest.nexmo.com", &vonage->http);
    }

    if (st == MFA_OK) {
        *settings = vonage;
    }

    return st;
}


/*
 * Can it go in the 7-bit alphabet of 3GPP TS 23.038? Anything else makes
 * three messages of two, and must be asked for.
 */

static bool
is_gsm7(mfa_str_t s)
{
    size_t       i, len;

    static const char  plain[] =
        "@\xc2\xa3$\xc2\xa5\xc3\xa8\xc3\xa9\xc3\xb9\xc3\xac\xc3\xb2\xc3\x87"
        "\n\xc3\x98\xc3\xb8\r\xc3\x85\xc3\xa5\xce\x94_\xce\xa6\xce\x93\xce"
        "\x9b\xce\xa9\xce\xa0\xce\xa8\xce\xa3\xce\x98\xce\x9e\xc3\x86\xc3"
        "\xa6\xc3\x9f\xc3\x89 !\"#\xc2\xa4%&'()*+,-./0123456789:;<=>?\xc2"
        "\xa1""ABCDEFGHIJKLMNOPQRSTUVWXYZ\xc3\x84\xc3\x96\xc3\x91\xc3\x9c"
        "\xc2\xa7\xc2\xbf""abcdefghijklmnopqrstuvwxyz\xc3\xa4\xc3\xb6\xc3"
        "\xb1\xc3\xbc\xc3\xa0^{}\\[~]|\xe2\x82\xac";

    for (i = 0; i < s.len; i += len) {
        for (len = 1; i + len < s.len
                      && ((unsigned char) s.data[i + len] & 0xc0) == 0x80;
             len++)
        {
            /* void */
        }

        if (memmem(plain, sizeof(plain) - 1, s.data + i, len) == NULL) {
            return false;
        }
    }

    return true;
}


static mfa_status_t
vonage_body(const vonage_settings_t *vonage, const mfa_letter_t *letter,
    mfa_arena_t *arena, mfa_str_t *body)
{
    mfa_buf_t  form;

    mfa_buf_init(&form, arena, MFA_HTTP_BODY_MAX);
    mfa_http_form_put(&form, "api_key", vonage->key);
    mfa_http_form_put(&form, "api_secret", vonage->secret);
    mfa_http_form_put(&form, "from", mfa_http_digits(vonage->from));
    mfa_http_form_put(&form, "to", mfa_http_digits(letter->to));
    mfa_http_form_put(&form, "text", letter->text);

    if (!is_gsm7(letter->text)) {
        mfa_http_form_put(&form, "type", mfa_str("unicode"));
    }

    mfa_http_form_put(&form, "client-ref", letter->id);

    return mfa_buf_str(&form, body);
}


static void
vonage_judge_status(int64_t status, mfa_send_result_t *result)
{
    if (status == VONAGE_OK) {
        result->outcome = MFA_SEND_DONE;
        return;
    }

    result->outcome = status == VONAGE_THROTTLED || status == VONAGE_INTERNAL
                      || status == VONAGE_BUSY
                      ? MFA_SEND_LATER : MFA_SEND_REFUSED;

    (void) snprintf(result->reason, sizeof(result->reason),
                    "the provider did not take it");
    mfa_http_explain_number(result, status);
}


/* "status" is a string of digits */

static void
vonage_judge(mfa_str_t body, mfa_send_result_t *result)
{
    json_t      *json;
    int64_t      status;
    const char  *text;

    json = json_loadb(body.data, body.len, 0, NULL);
    text = json_string_value(json_object_get(json_array_get(
               json_object_get(json, "messages"), 0), "status"));

    if (mfa_str_number(mfa_str_from(text), &status) == MFA_OK) {
        vonage_judge_status(status, result);

    } else {
        mfa_http_unreadable(result);
    }

    json_decref(json);
}


static void
vonage_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    mfa_http_t          *http = connection;
    mfa_status_t         st;
    mfa_http_answer_t    answer;
    mfa_http_request_t   request = { .content_type = MFA_HTTP_FORM };

    request.path = mfa_str("/sms/json");
    request.id = letter->id;
    request.time = letter->time;

    st = vonage_body(http->settings, letter, arena, &request.body);

    if (st != MFA_OK) {
        mfa_http_unmade(result, st);

    } else if (mfa_http_ask(http, &request, arena, &answer, result)) {
        vonage_judge(answer.body, result);
    }
}


static const char *const  vonage_schemes[] = { "vonage", NULL };


const mfa_sender_t  mfa_sender_vonage = {
    .name = "vonage",
    .channel = "sms",
    .schemes = vonage_schemes,
    .configure = vonage_configure,
    .open = mfa_http_open,
    .close = mfa_http_close,
    .send = vonage_send,
};
