/*
 * The template of a body: parsed and tried out at the configuration step.
 *
 * A value never ends the string or the field it stands in; a template that
 * would let it is refused.
 */

#include "mfa_send_webhook.h"

#include <jansson.h>


#define WEBHOOK_PIECES_MAX  64


typedef enum {
    WEBHOOK_STATIC = 0,
    WEBHOOK_TO,
    WEBHOOK_TO_DIGITS,
    WEBHOOK_TEXT,
    WEBHOOK_CODE,
    WEBHOOK_LANGUAGE,
    WEBHOOK_ID,
    WEBHOOK_KINDS
} webhook_kind_t;

struct mfa_webhook_piece_s {
    webhook_kind_t  kind;
    mfa_str_t       text;           /* of a static one */
};

static const char *const  webhook_names[WEBHOOK_KINDS] = {
    [WEBHOOK_STATIC] = "",
    [WEBHOOK_TO] = "to",
    [WEBHOOK_TO_DIGITS] = "to_digits",
    [WEBHOOK_TEXT] = "text",
    [WEBHOOK_CODE] = "code",
    [WEBHOOK_LANGUAGE] = "language",
    [WEBHOOK_ID] = "id"
};


/* parsing */

static mfa_status_t
body_add(const mfa_send_conf_t *conf, mfa_webhook_body_t *body,
    webhook_kind_t kind, mfa_str_t text)
{
    if (kind == WEBHOOK_STATIC && text.len == 0) {
        return MFA_OK;
    }

    if (body->count == WEBHOOK_PIECES_MAX) {
        mfa_error_set(conf->error, "too many tags in \"body_file=\"");
        return MFA_CONFIG;
    }

    body->pieces[body->count].kind = kind;
    body->pieces[body->count].text = text;
    body->count++;

    return MFA_OK;
}


static mfa_status_t
body_add_tag(const mfa_send_conf_t *conf, mfa_webhook_body_t *body,
    mfa_str_t tag)
{
    mfa_str_t       name;
    webhook_kind_t  kind;

    name = mfa_str_trim(tag);

    if (mfa_str_has_prefix(tag, mfa_str("!"))) {
        return MFA_OK;
    }

    for (kind = WEBHOOK_TO; kind < WEBHOOK_KINDS; kind++) {
        if (mfa_str_eq_c(name, webhook_names[kind])) {
            return body_add(conf, body, kind, mfa_null);
        }
    }

    mfa_error_set(conf->error, "unknown tag \"{{" MFA_STR_FMT "}}\" in "
                  "\"body_file=\", there are {{to}}, {{to_digits}}, "
                  "{{text}}, {{code}}, {{language}} and {{id}}",
                  (int) (tag.len < 40 ? tag.len : 40), tag.data);

    return MFA_CONFIG;
}


static mfa_status_t
body_split(const mfa_send_conf_t *conf, mfa_str_t text,
    mfa_webhook_body_t *body)
{
    size_t        len;
    mfa_status_t  st;
    const char   *open, *close;

    while (text.len != 0) {
        open = memmem(text.data, text.len, "{{", 2);
        len = open != NULL ? (size_t) (open - text.data) : text.len;

        st = body_add(conf, body, WEBHOOK_STATIC,
                      mfa_str_bytes(text.data, len));

        if (st != MFA_OK || open == NULL) {
            return st;
        }

        text = mfa_str_bytes(open + 2, text.len - len - 2);
        close = text.len != 0 ? memmem(text.data, text.len, "}}", 2) : NULL;

        if (close == NULL) {
            mfa_error_set(conf->error, "unclosed tag in \"body_file=\"");
            return MFA_CONFIG;
        }

        len = (size_t) (close - text.data);

        st = body_add_tag(conf, body, mfa_str_bytes(text.data, len));
        if (st != MFA_OK) {
            return st;
        }

        text = mfa_str_bytes(close + 2, text.len - len - 2);
    }

    return MFA_OK;
}


/* trying it out */

static bool
form_is_valid(mfa_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }

    return text.len != 0 && memchr(text.data, '=', text.len) != NULL;
}


static bool
json_is_valid(mfa_str_t text)
{
    json_t  *json;

    json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    json_decref(json);

    return json != NULL;
}


/* with values that a place outside of a string does not bear */

static mfa_status_t
body_try(const mfa_send_conf_t *conf, const mfa_webhook_body_t *body)
{
    bool          is_valid;
    mfa_str_t     text;
    mfa_status_t  st;

    static const mfa_letter_t  letter = {
        .to = mfa_str_static("+441632960000"),
        .text = mfa_str_static("\"a\\\n{b}, %c&d=e+f"),
        .code = mfa_str_static("012345"),
        .language = mfa_str_static("en"),
        .id = mfa_str_static("a0")
    };

    st = mfa_webhook_render(body, &letter, conf->arena, &text);
    if (st != MFA_OK) {
        return mfa_send_conf_no_memory(conf);
    }

    is_valid = body->is_form ? form_is_valid(text) : json_is_valid(text);

    if (is_valid) {
        return MFA_OK;
    }

    mfa_error_set(conf->error, body->is_form
                  ? "\"body_file=\" must have one line of form fields, such "
                    "as \"to={{to}}&text={{text}}\""
                  : "\"body_file=\" must have JSON with each tag inside a "
                    "string, such as {\"to\":\"{{to}}\"}");

    return MFA_CONFIG;
}


/* editors put a line break at the end, which is no part of the body */

mfa_status_t
mfa_webhook_parse(const mfa_send_conf_t *conf, mfa_str_t text, bool is_form,
    mfa_webhook_body_t *body)
{
    mfa_status_t  st;

    body->is_form = is_form;
    body->count = 0;
    body->pieces = mfa_arena_alloc(conf->arena, WEBHOOK_PIECES_MAX
                                                * sizeof(*body->pieces));
    if (body->pieces == NULL) {
        return mfa_send_conf_no_memory(conf);
    }

    st = body_split(conf, mfa_str_trim(text), body);

    return st == MFA_OK ? body_try(conf, body) : st;
}


/* rendering */

static mfa_str_t
piece_value(const mfa_webhook_piece_t *piece, const mfa_letter_t *letter)
{
    switch (piece->kind) {
    case WEBHOOK_TO:
        return letter->to;
    case WEBHOOK_TO_DIGITS:
        return mfa_http_digits(letter->to);
    case WEBHOOK_TEXT:
        return letter->text;
    case WEBHOOK_CODE:
        return letter->code;
    case WEBHOOK_LANGUAGE:
        return letter->language;
    case WEBHOOK_ID:
        return letter->id;
    default:
        return mfa_null;
    }
}


mfa_status_t
mfa_webhook_render(const mfa_webhook_body_t *body, const mfa_letter_t *letter,
    mfa_arena_t *arena, mfa_str_t *out)
{
    size_t        i;
    mfa_buf_t     buf;
    mfa_str_t     value;
    mfa_status_t  st;

    mfa_buf_init(&buf, arena, MFA_HTTP_BODY_MAX);

    for (i = 0; i < body->count; i++) {
        value = piece_value(&body->pieces[i], letter);

        if (body->pieces[i].kind == WEBHOOK_STATIC) {
            mfa_buf_put(&buf, body->pieces[i].text);

        } else if (!body->is_form) {
            mfa_json_put(&buf, value);

        } else {
            st = mfa_percent_encode(arena, value, NULL, &value);
            if (st != MFA_OK) {
                return st;
            }

            mfa_buf_put(&buf, value);
        }
    }

    return mfa_buf_str(&buf, out);
}
