/*
 * Lines of senders: their words, and the files they name.
 *
 * Files are read here, by the master, as the workers may not be allowed to.
 * What a secret file holds is kept in the settings, wiped with them, and
 * never printed.
 */

#include "mfa_send_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>


#define CONF_SECRET_MAX  1024
#define CONF_CA_MAX      (1024 * 1024)


mfa_status_t
mfa_send_conf_no_memory(const mfa_send_conf_t *conf)
{
    mfa_error_set(conf->error, "%s", mfa_status_text(MFA_NO_MEMORY));

    return MFA_NO_MEMORY;
}


/* words */

static bool
conf_take(mfa_str_t word, mfa_send_param_t *params, size_t count)
{
    size_t     i;
    mfa_str_t  value;

    for (i = 0; i < count; i++) {
        if (params[i].name != NULL
            && mfa_parse_named(word, params[i].name, &value) == MFA_OK
            && value.len != 0 && params[i].value.len == 0)
        {
            params[i].value = value;
            return true;
        }
    }

    return false;
}


mfa_status_t
mfa_send_conf_params(const mfa_send_conf_t *conf, mfa_send_param_t *params,
    size_t count)
{
    size_t             i;
    const mfa_line_t  *line = conf->line;

    for (i = 1; i < line->nargs; i++) {
        if (!conf_take(line->args[i], params, count)) {
            mfa_error_set(conf->error, "invalid or duplicate \"" MFA_STR_FMT
                          "\" in \"" MFA_STR_FMT "\"",
                          MFA_STR_ARG(line->args[i]),
                          MFA_STR_ARG(line->name));
            return MFA_CONFIG;
        }
    }

    for (i = 0; i < count; i++) {
        if (params[i].is_required && params[i].value.len == 0) {
            mfa_error_set(conf->error, "\"" MFA_STR_FMT " " MFA_STR_FMT
                          "\" needs \"%s=\"", MFA_STR_ARG(line->name),
                          MFA_STR_ARG(line->args[0]), params[i].name);
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_send_conf_words(const mfa_send_conf_t *conf, mfa_send_param_t *params,
    size_t count)
{
    mfa_str_t          rest;
    const mfa_line_t  *line = conf->line;

    rest = line->args[0];
    (void) mfa_str_split(&rest, ':');

    if (rest.data != NULL) {
        mfa_error_set(conf->error, "invalid value \"" MFA_STR_FMT "\" in \""
                      MFA_STR_FMT "\", it must be without a \":\"",
                      MFA_STR_ARG(line->args[0]), MFA_STR_ARG(line->name));
        return MFA_CONFIG;
    }

    return mfa_send_conf_params(conf, params, count);
}


/* files */

static mfa_status_t
conf_read_fd(int fd, size_t max, mfa_arena_t *arena, mfa_str_t *text)
{
    char     *data;
    size_t    len;
    ssize_t   n;

    data = mfa_arena_alloc(arena, max + 1);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    for (len = 0; len <= max; len += (size_t) n) {
        n = read(fd, data + len, max + 1 - len);

        if (n < 0 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n < 0) {
            return MFA_CONFIG;
        }

        if (n == 0) {
            break;
        }
    }

    if (len > max) {
        errno = EFBIG;
        return MFA_CONFIG;
    }

    data[len] = '\0';
    *text = mfa_str_bytes(data, len);

    return MFA_OK;
}


/* MFA_CONFIG with errno 0: the message is set */

static mfa_status_t
conf_check_fd(const mfa_send_conf_t *conf, const mfa_send_file_t *file,
    const char *path, int fd)
{
    struct stat  sb;

    if (fd == -1 || fstat(fd, &sb) != 0) {
        return MFA_CONFIG;
    }

    errno = 0;

    if (!S_ISREG(sb.st_mode)) {
        mfa_error_set(conf->error, "%s \"%s\" is not a regular file",
                      file->name, path);
        return MFA_CONFIG;
    }

    if (file->is_secret && (sb.st_mode & 077) != 0) {
        mfa_error_set(conf->error, "%s \"%s\" is open to group or world, its "
                      "mode must be 0600 or less", file->name, path);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


mfa_status_t
mfa_send_conf_file(const mfa_send_conf_t *conf, const mfa_send_file_t *file,
    mfa_str_t path, mfa_str_t *text)
{
    int           fd;
    mfa_str_t     whole;
    mfa_status_t  st;

    st = mfa_parse_path(conf->line, path, conf->arena, &whole);
    if (st != MFA_OK) {
        mfa_error_set(conf->error, "\"%s=\" needs a path", file->name);
        return MFA_CONFIG;
    }

    fd = open(whole.data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    st = conf_check_fd(conf, file, whole.data, fd);

    if (st == MFA_OK) {
        st = conf_read_fd(fd, file->max, conf->arena, text);
    }

    if (st == MFA_CONFIG && errno != 0) {
        mfa_error_set(conf->error, "%s \"%s\" cannot be read: %s",
                      file->name, whole.data, strerror(errno));
    }

    if (fd != -1) {
        (void) close(fd);
    }

    return st == MFA_NO_MEMORY ? mfa_send_conf_no_memory(conf) : st;
}


mfa_status_t
mfa_send_conf_secret(const mfa_send_conf_t *conf, const char *name,
    mfa_str_t path, mfa_str_t *secret)
{
    mfa_str_t        text;
    mfa_status_t     st;
    mfa_send_file_t  file = { name, CONF_SECRET_MAX, true };

    st = mfa_send_conf_file(conf, &file, path, &text);
    if (st != MFA_OK) {
        return st;
    }

    if (text.len != 0 && text.data[text.len - 1] == '\n') {
        text.len--;
    }

    if (text.len != 0 && text.data[text.len - 1] == '\r') {
        text.len--;
    }

    if (text.len == 0 || mfa_text_has_control(text)) {
        mfa_error_set(conf->error, "%s \"" MFA_STR_FMT "\" must have one "
                      "line", name, MFA_STR_ARG(path));
        return MFA_CONFIG;
    }

    st = mfa_arena_copy(conf->arena, text, secret);

    return st == MFA_OK ? MFA_OK : mfa_send_conf_no_memory(conf);
}


mfa_status_t
mfa_send_conf_ca(const mfa_send_conf_t *conf, mfa_str_t path, char **pem)
{
    char          *text;
    mfa_str_t      whole;
    mfa_status_t   st;

    static const mfa_send_file_t  file = { "ca_file", CONF_CA_MAX, false };

    st = mfa_send_conf_file(conf, &file, path, &whole);
    if (st != MFA_OK) {
        return st;
    }

    text = mfa_arena_cstr(conf->arena, whole);
    if (text == NULL) {
        return mfa_send_conf_no_memory(conf);
    }

    if (strstr(text, "-----BEGIN CERTIFICATE-----") == NULL
        && strstr(text, "-----BEGIN TRUSTED CERTIFICATE-----") == NULL)
    {
        mfa_error_set(conf->error, "ca_file \"" MFA_STR_FMT "\" has no "
                      "certificate in PEM form", MFA_STR_ARG(path));
        return MFA_CONFIG;
    }

    *pem = text;

    return MFA_OK;
}


/* forms of values */

static bool
is_digits(mfa_str_t s, size_t least, size_t most)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }
    }

    return s.len >= least && s.len <= most;
}


static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static bool
is_alnum(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}


bool
mfa_send_is_e164(mfa_str_t s)
{
    return s.len > 1 && s.data[0] == '+' && s.data[1] != '0'
           && is_digits(mfa_str_bytes(s.data + 1, s.len - 1), 7, 15);
}


bool
mfa_send_is_originator(mfa_str_t s)
{
    bool    has_letter;
    size_t  i;

    if (mfa_send_is_e164(s) || is_digits(s, 3, 15)) {
        return true;
    }

    has_letter = false;

    for (i = 0; i < s.len; i++) {
        if (!is_alnum(s.data[i]) && s.data[i] != ' ') {
            return false;
        }

        has_letter = has_letter || is_letter(s.data[i]);
    }

    return has_letter && s.len <= 11 && mfa_str_eq(s, mfa_str_trim(s));
}


bool
mfa_send_is_alnum(mfa_str_t s, size_t least, size_t most)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!is_alnum(s.data[i])) {
            return false;
        }
    }

    return s.len >= least && s.len <= most;
}


bool
mfa_send_is_uuid(mfa_str_t s)
{
    bool    is_dash;
    size_t  i;

    for (i = 0; i < s.len; i++) {
        is_dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_dash ? s.data[i] != '-' : mfa_hex_value(s.data[i]) < 0) {
            return false;
        }
    }

    return s.len == 36;
}
