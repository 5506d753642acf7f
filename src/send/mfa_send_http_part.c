/*
 * The lines of providers over HTTP, and small parts of what is asked and
 * answered. Connects to nothing.
 */

#include "mfa_send_http.h"


#define HTTP_URL_MAX    1024
#define HTTP_TIMEOUT    (10 * MFA_SECOND)
#define HTTP_TIME_MOST  (25 * MFA_SECOND)

enum { ROW_URL, ROW_CA_FILE, ROW_TIMEOUT };


/* the line */

/* printable, and nothing that a template or another part would begin with */

static bool
url_path_is_valid(mfa_str_t path, bool is_whole)
{
    size_t  i;

    for (i = 0; i < path.len; i++) {
        if (path.data[i] <= ' ' || path.data[i] > '~'
            || strchr("\"#<>\\^`{|}", path.data[i]) != NULL
            || (path.data[i] == '?' && !is_whole))
        {
            return false;
        }
    }

    return true;
}


static mfa_status_t
http_url(const mfa_send_conf_t *conf, mfa_str_t url, bool is_whole,
    mfa_http_settings_t *settings)
{
    size_t        i, slashes;
    mfa_str_t     origin, path;
    mfa_origin_t  parsed;
    mfa_status_t  st;

    slashes = 0;

    for (i = 0; i < url.len && slashes < 3 && url.data[i] != '?'; i++) {
        slashes += url.data[i] == '/';
    }

    i -= slashes == 3;
    origin = mfa_str_bytes(url.data, i);
    path = mfa_str_bytes(url.data + i, url.len - i);

    while (!is_whole && path.len != 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    st = url.len <= HTTP_URL_MAX && url_path_is_valid(path, is_whole)
         ? mfa_origin_parse(conf->arena, origin, &parsed) : MFA_INVALID;

    if (st == MFA_INVALID) {
        mfa_error_set(conf->error, "invalid value \"" MFA_STR_FMT "\" of "
                      "\"url=\" in \"" MFA_STR_FMT "\", it must be a plain "
                      "address that begins with \"https://\", or with "
                      "\"http://\" and a loopback host",
                      MFA_STR_ARG(url), MFA_STR_ARG(conf->line->name));
        return MFA_CONFIG;
    }

    if (st != MFA_OK) {
        return mfa_send_conf_no_memory(conf);
    }

    settings->is_https = parsed.is_https;
    settings->base = mfa_arena_printf(conf->arena, MFA_STR_FMT MFA_STR_FMT,
                                      MFA_STR_ARG(parsed.text),
                                      MFA_STR_ARG(path));

    return settings->base.data != NULL ? MFA_OK
                                       : mfa_send_conf_no_memory(conf);
}


static mfa_status_t
http_configure(const mfa_send_conf_t *conf, const mfa_send_param_t *rows,
    mfa_str_t url, bool is_whole, mfa_http_settings_t *settings)
{
    mfa_status_t  st;

    settings->timeout = HTTP_TIMEOUT;

    st = http_url(conf, url, is_whole, settings);
    if (st != MFA_OK) {
        return st;
    }

    if (rows[ROW_TIMEOUT].value.len != 0
        && (mfa_parse_time(rows[ROW_TIMEOUT].value, &settings->timeout)
            != MFA_OK
            || settings->timeout < MFA_SECOND
            || settings->timeout > HTTP_TIME_MOST))
    {
        mfa_error_set(conf->error, "invalid value \"" MFA_STR_FMT "\" of "
                      "\"timeout=\" in \"" MFA_STR_FMT "\", it must be 1s to "
                      "25s", MFA_STR_ARG(rows[ROW_TIMEOUT].value),
                      MFA_STR_ARG(conf->line->name));
        return MFA_CONFIG;
    }

    if (rows[ROW_CA_FILE].value.len == 0) {
        return MFA_OK;
    }

    if (!settings->is_https) {
        mfa_error_set(conf->error, "\"ca_file=\" contradicts \"http:\" in \""
                      MFA_STR_FMT "\"", MFA_STR_ARG(conf->line->name));
        return MFA_CONFIG;
    }

    return mfa_send_conf_ca(conf, rows[ROW_CA_FILE].value, &settings->ca);
}


mfa_status_t
mfa_http_configure(const mfa_send_conf_t *conf, const mfa_send_param_t *rows,
    const char *base, mfa_http_settings_t *settings)
{
    mfa_str_t  url;

    url = rows[ROW_URL].value;

    return http_configure(conf, rows, url.len != 0 ? url : mfa_str_from(base),
                          false, settings);
}


mfa_status_t
mfa_http_configure_whole(const mfa_send_conf_t *conf,
    const mfa_send_param_t *rows, mfa_http_settings_t *settings)
{
    return http_configure(conf, rows, rows[ROW_URL].value, true, settings);
}


/* verdicts */

void
mfa_http_unreadable(mfa_send_result_t *result)
{
    result->outcome = MFA_SEND_LATER;
    result->is_unclear = true;
    (void) snprintf(result->reason, sizeof(result->reason),
                    "the answer of the provider cannot be read");
}


void
mfa_http_unmade(mfa_send_result_t *result, mfa_status_t st)
{
    result->outcome = st == MFA_INVALID ? MFA_SEND_REFUSED : MFA_SEND_LATER;
    (void) snprintf(result->reason, sizeof(result->reason),
                    "the request cannot be made: %s", mfa_status_text(st));
}


static void
explain(mfa_send_result_t *result, const char *text)
{
    size_t  len;

    len = strlen(result->reason);
    (void) snprintf(result->reason + len, sizeof(result->reason) - len,
                    " (%s)", text);
}


void
mfa_http_explain_number(mfa_send_result_t *result, long long number)
{
    char  text[8];

    /* a short one: it must not be a phone number or a code of a person */

    if (number > 0 && number <= 99999) {
        (void) snprintf(text, sizeof(text), "%lld", number);
        explain(result, text);
    }
}


void
mfa_http_explain_word(mfa_send_result_t *result, const char *word)
{
    size_t  len;

    len = strspn(word, "abcdefghijklmnopqrstuvwxyz"
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-");

    if (len > 0 && len <= 40 && word[len] == '\0') {
        explain(result, word);
    }
}


/* requests */

mfa_status_t
mfa_http_basic(mfa_arena_t *arena, mfa_str_t user, mfa_str_t password,
    mfa_str_t *authorization)
{
    mfa_str_t     pair, text;
    mfa_status_t  st;

    pair = mfa_arena_printf(arena, MFA_STR_FMT ":" MFA_STR_FMT,
                            MFA_STR_ARG(user), MFA_STR_ARG(password));
    if (pair.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_base64_encode(arena, pair, &text);
    if (st != MFA_OK) {
        return st;
    }

    *authorization = mfa_arena_printf(arena, "Basic " MFA_STR_FMT,
                                      MFA_STR_ARG(text));

    return authorization->data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


void
mfa_http_form_put(mfa_buf_t *buf, const char *name, mfa_str_t value)
{
    mfa_str_t  text;

    if (mfa_percent_encode(buf->arena, value, NULL, &text) != MFA_OK) {
        buf->has_failed = true;
        return;
    }

    mfa_buf_printf(buf, "%s%s=", buf->len != 0 ? "&" : "", name);
    mfa_buf_put(buf, text);
}


void
mfa_http_json_put(mfa_buf_t *buf, const char *name, mfa_str_t value)
{
    if (buf->len != 0 && buf->data[buf->len - 1] != '{') {
        mfa_buf_putc(buf, ',');
    }

    mfa_buf_printf(buf, "\"%s\":\"", name);
    mfa_json_put(buf, value);
    mfa_buf_putc(buf, '"');
}


mfa_str_t
mfa_http_digits(mfa_str_t number)
{
    if (number.len != 0 && number.data[0] == '+') {
        number.data++;
        number.len--;
    }

    return number;
}
