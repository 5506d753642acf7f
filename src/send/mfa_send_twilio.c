/*
 * Text messages and calls through Twilio's API of 2010-04-01.
 *
 * A call says the words of the letter; the account's token is only ever put
 * into the header of the request.
 */

#include "mfa_send_http.h"

#include <jansson.h>


typedef struct {
    mfa_http_settings_t  http;          /* first, see mfa_send_http.h */
    mfa_str_t            account;
    mfa_str_t            authorization;
    mfa_str_t            from;          /* one of the two is empty */
    mfa_str_t            service;
} twilio_settings_t;

enum {
    TWILIO_ACCOUNT, TWILIO_KEY_FILE, TWILIO_FROM, TWILIO_SERVICE,
    TWILIO_HTTP, TWILIO_PARAMS = TWILIO_HTTP + MFA_HTTP_PARAMS
};


static bool
is_sid(mfa_str_t s, const char *prefix)
{
    return mfa_str_has_prefix(s, mfa_str_from(prefix))
           && mfa_send_is_alnum(s, 4, 64);
}


static mfa_status_t
twilio_check(const mfa_send_conf_t *conf, const twilio_settings_t *twilio,
    bool is_voice)
{
    const char  *fault;

    if (!is_sid(twilio->account, "AC")) {
        fault = "\"account=\" must be the account's SID, \"AC...\"";

    } else if (is_voice && !mfa_send_is_e164(twilio->from)) {
        fault = "\"from=\" must be a number such as \"+441632960000\"";

    } else if (is_voice) {
        return MFA_OK;

    } else if ((twilio->from.len == 0) == (twilio->service.len == 0)) {
        fault = "one of \"from=\" and \"service=\" is needed";

    } else if (twilio->from.len != 0
               && !mfa_send_is_originator(twilio->from))
    {
        fault = "\"from=\" must be a number such as \"+441632960000\", or a "
                "name of at most 11 letters and digits";

    } else if (twilio->service.len != 0 && !is_sid(twilio->service, "MG")) {
        fault = "\"service=\" must be the SID of a messaging service, "
                "\"MG...\"";

    } else {
        return MFA_OK;
    }

    mfa_error_set(conf->error, "%s in \"" MFA_STR_FMT " twilio\"", fault,
                  MFA_STR_ARG(conf->line->name));

    return MFA_CONFIG;
}


/* the key file: the account's token, or "SK...:SECRET" of an API key */

static mfa_status_t
twilio_key(const mfa_send_conf_t *conf, mfa_str_t path,
    twilio_settings_t *twilio)
{
    mfa_str_t     key, user, password;
    mfa_status_t  st;

    st = mfa_send_conf_secret(conf, "key_file", path, &key);
    if (st != MFA_OK) {
        return st;
    }

    password = key;
    user = mfa_str_split(&password, ':');

    if (password.len == 0) {
        user = twilio->account;
        password = key;
    }

    st = mfa_http_basic(conf->arena, user, password, &twilio->authorization);

    return st == MFA_OK ? MFA_OK : mfa_send_conf_no_memory(conf);
}


static mfa_status_t
twilio_configure_any(const mfa_send_conf_t *conf, bool is_voice,
    void **settings)
{
    mfa_status_t        st;
    twilio_settings_t  *twilio;

    mfa_send_param_t  params[TWILIO_PARAMS] = {
        [TWILIO_ACCOUNT] = { .name = "account", .is_required = true },
        [TWILIO_KEY_FILE] = { .name = "key_file", .is_required = true },
        [TWILIO_FROM] = { .name = "from", .is_required = is_voice },
        [TWILIO_SERVICE] = { .name = is_voice ? NULL : "service" },
        MFA_HTTP_PARAM_ROWS
    };

    *settings = NULL;

    twilio = mfa_arena_alloc(conf->arena, sizeof(twilio_settings_t));
    if (twilio == NULL) {
        return mfa_send_conf_no_memory(conf);
    }

    st = mfa_send_conf_words(conf, params, TWILIO_PARAMS);
    if (st != MFA_OK) {
        return st;
    }

    twilio->account = params[TWILIO_ACCOUNT].value;
    twilio->from = params[TWILIO_FROM].value;
    twilio->service = params[TWILIO_SERVICE].value;

    st = twilio_key(conf, params[TWILIO_KEY_FILE].value, twilio);

    if (st == MFA_OK) {
        st = twilio_check(conf, twilio, is_voice);
    }

    if (st == MFA_OK) {
        st = mfa_http_configure(conf, &params[TWILIO_HTTP],
                                "https://api.twilio.com", &twilio->http);
    }

    if (st == MFA_OK) {
        *settings = twilio;
    }

    return st;
}


static mfa_status_t
twilio_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_send_conf_t  conf = { line, arena, error };

    return twilio_configure_any(&conf, false, settings);
}


static mfa_status_t
twilio_configure_voice(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_send_conf_t  conf = { line, arena, error };

    return twilio_configure_any(&conf, true, settings);
}


/* 201 with a SID; a message may have failed already by then */

static void
twilio_judge(mfa_str_t body, mfa_send_result_t *result)
{
    size_t       i;
    json_t      *json;
    const char  *sid, *status;

    static const char *const  failed[] = {
        "failed", "undelivered", "canceled", "busy", "no-answer"
    };

    json = json_loadb(body.data, body.len, 0, NULL);
    sid = json_string_value(json_object_get(json, "sid"));
    status = json_string_value(json_object_get(json, "status"));

    if (sid == NULL || sid[0] == '\0') {
        mfa_http_unreadable(result);
        json_decref(json);
        return;
    }

    result->outcome = MFA_SEND_DONE;

    for (i = 0; i < sizeof(failed) / sizeof(failed[0]); i++) {
        if (status != NULL && strcmp(status, failed[i]) == 0) {
            result->outcome = MFA_SEND_REFUSED;
            (void) snprintf(result->reason, sizeof(result->reason),
                            "the provider gave up (%s)", failed[i]);
        }
    }

    json_decref(json);
}


static void
twilio_ask(mfa_http_t *http, const mfa_http_request_t *request,
    mfa_arena_t *arena, mfa_send_result_t *result)
{
    json_t             *json;
    mfa_http_answer_t   answer;

    if (mfa_http_ask(http, request, arena, &answer, result)) {
        twilio_judge(answer.body, result);
        return;
    }

    if (answer.status >= 400 && answer.status < 500) {
        json = json_loadb(answer.body.data, answer.body.len, 0, NULL);
        mfa_http_explain_number(result, json_integer_value(
                                json_object_get(json, "code")));
        json_decref(json);
    }
}


static void
twilio_post(mfa_http_t *http, const char *what, const mfa_buf_t *form,
    const mfa_letter_t *letter, mfa_send_result_t *result)
{
    mfa_arena_t              *arena = form->arena;
    mfa_status_t              st;
    mfa_http_request_t        request = { .content_type = MFA_HTTP_FORM };
    const twilio_settings_t  *twilio = http->settings;

    request.id = letter->id;
    request.time = letter->time;
    request.authorization = twilio->authorization;
    request.path = mfa_arena_printf(arena, "/2010-04-01/Accounts/"
                                    MFA_STR_FMT "/%s.json",
                                    MFA_STR_ARG(twilio->account), what);

    st = mfa_buf_str(form, &request.body);

    if (st != MFA_OK || request.path.data == NULL) {
        mfa_http_unmade(result, MFA_NO_MEMORY);
        return;
    }

    twilio_ask(http, &request, arena, result);
}


static void
twilio_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    mfa_buf_t                 form;
    mfa_http_t               *http = connection;
    const twilio_settings_t  *twilio = http->settings;

    mfa_buf_init(&form, arena, MFA_HTTP_BODY_MAX);
    mfa_http_form_put(&form, "To", letter->to);

    if (twilio->service.len != 0) {
        mfa_http_form_put(&form, "MessagingServiceSid", twilio->service);

    } else {
        mfa_http_form_put(&form, "From", twilio->from);
    }

    mfa_http_form_put(&form, "Body", letter->text);
    twilio_post(http, "Messages", &form, letter, result);
}


/* calls */

static void
put_xml(mfa_buf_t *buf, mfa_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        switch (s.data[i]) {
        case '&':
            mfa_buf_puts(buf, "&amp;");
            break;
        case '<':
            mfa_buf_puts(buf, "&lt;");
            break;
        case '>':
            mfa_buf_puts(buf, "&gt;");
            break;
        case '"':
            mfa_buf_puts(buf, "&quot;");
            break;
        case '\'':
            mfa_buf_puts(buf, "&apos;");
            break;
        default:
            mfa_buf_putc(buf, s.data[i]);
        }
    }
}


/* languages that it has a voice for, and where not the first one of the
 * language, which */

typedef struct {
    const char  *language;
    const char  *tag;
    const char  *voice;         /* NULL: the one of the language */
} twilio_voice_t;

static const twilio_voice_t  twilio_voices[] = {
    { "en", "en-GB", NULL },
    { "cy", "cy-GB", "Polly.Gwyneth" },
    { "da", "da-DK", NULL },
    { "de", "de-DE", NULL },
    { "es", "es-ES", NULL },
    { "fi", "fi-FI", NULL },
    { "fr", "fr-FR", NULL },
    { "it", "it-IT", NULL },
    { "nb", "nb-NO", NULL },
    { "nl", "nl-NL", NULL },
    { "pl", "pl-PL", NULL },
    { "pt", "pt-PT", NULL },
    { "sv", "sv-SE", NULL },
    { NULL, NULL, NULL }
};


static const twilio_voice_t *
twilio_voice_find(mfa_str_t language)
{
    const twilio_voice_t  *voice;

    language = mfa_str_split(&language, '-');

    for (voice = twilio_voices; voice->language != NULL; voice++) {
        if (mfa_str_eq_c(language, voice->language)) {
            return voice;
        }
    }

    return NULL;
}


static bool
twilio_speaks(mfa_str_t language)
{
    return twilio_voice_find(language) != NULL;
}


static void
put_say(mfa_buf_t *twiml, const mfa_letter_t *letter)
{
    const twilio_voice_t  *voice;

    voice = twilio_voice_find(letter->language);

    mfa_buf_puts(twiml, "<Say language=\"");

    if (voice == NULL
        || memchr(letter->language.data, '-', letter->language.len) != NULL)
    {
        put_xml(twiml, letter->language);

    } else {
        mfa_buf_puts(twiml, voice->tag);
    }

    if (voice != NULL && voice->voice != NULL) {
        mfa_buf_puts(twiml, "\" voice=\"");
        mfa_buf_puts(twiml, voice->voice);
    }

    mfa_buf_puts(twiml, "\">");
    put_xml(twiml, letter->text);
    mfa_buf_puts(twiml, "</Say>");
}


static void
twilio_call(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    mfa_buf_t                 form, twiml;
    mfa_str_t                 words;
    mfa_http_t               *http = connection;
    const twilio_settings_t  *twilio = http->settings;

    mfa_buf_init(&twiml, arena, MFA_HTTP_BODY_MAX);
    mfa_buf_puts(&twiml, "<Response>");
    put_say(&twiml, letter);
    mfa_buf_puts(&twiml, "</Response>");

    if (mfa_buf_str(&twiml, &words) != MFA_OK) {
        mfa_http_unmade(result, MFA_NO_MEMORY);
        return;
    }

    mfa_buf_init(&form, arena, MFA_HTTP_BODY_MAX);
    mfa_http_form_put(&form, "To", letter->to);
    mfa_http_form_put(&form, "From", twilio->from);
    mfa_http_form_put(&form, "Twiml", words);
    twilio_post(http, "Calls", &form, letter, result);
}


static const char *const  twilio_schemes[] = { "twilio", NULL };


const mfa_sender_t  mfa_sender_twilio = {
    .name = "twilio",
    .channel = "sms",
    .schemes = twilio_schemes,
    .configure = twilio_configure,
    .open = mfa_http_open,
    .close = mfa_http_close,
    .send = twilio_send,
};


const mfa_sender_t  mfa_sender_twilio_voice = {
    .name = "twilio_voice",
    .channel = "voice",
    .schemes = twilio_schemes,
    .configure = twilio_configure_voice,
    .open = mfa_http_open,
    .close = mfa_http_close,
    .speaks = twilio_speaks,
    .send = twilio_call,
};
