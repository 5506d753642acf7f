/*
 * The line  mail smtp://HOST ...  : what it must say, and the files it names.
 *
 * Files are read here, by the master, as the workers may not be allowed to.
 * A password is kept in the settings, wiped with them, and never printed.
 */

#include "mfa_send_smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>


#define SMTP_PASSWORD_MAX  1024
#define SMTP_USER_MAX      256
#define SMTP_CA_MAX        (1024 * 1024)


static mfa_status_t
smtp_error_memory(mfa_error_t *error)
{
    mfa_error_set(error, "%s", mfa_status_text(MFA_NO_MEMORY));

    return MFA_NO_MEMORY;
}


static mfa_status_t
smtp_read_fd(int fd, size_t max, mfa_arena_t *arena, mfa_str_t *text)
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


typedef struct {
    const char  *name;          /* "password_file" */
    size_t       max;
    bool         is_secret;     /* must be closed to group and world */
} smtp_file_t;


static mfa_status_t
smtp_read(const smtp_file_t *file, const char *path, mfa_arena_t *arena,
    mfa_error_t *error, mfa_str_t *text)
{
    int           fd;
    struct stat   sb;
    mfa_status_t  st;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1 || fstat(fd, &sb) != 0) {
        mfa_error_set(error, "%s \"%s\" cannot be read: %s", file->name, path,
                      strerror(errno));
        st = MFA_CONFIG;

    } else if (!S_ISREG(sb.st_mode)) {
        mfa_error_set(error, "%s \"%s\" is not a regular file", file->name,
                      path);
        st = MFA_CONFIG;

    } else if (file->is_secret && (sb.st_mode & 077) != 0) {
        mfa_error_set(error, "%s \"%s\" is open to group or world, its mode "
                      "must be 0600 or less", file->name, path);
        st = MFA_CONFIG;

    } else {
        st = smtp_read_fd(fd, file->max, arena, text);

        if (st == MFA_CONFIG) {
            mfa_error_set(error, "%s \"%s\" cannot be read: %s", file->name,
                          path, strerror(errno));
        }
    }

    if (fd != -1) {
        (void) close(fd);
    }

    return st == MFA_NO_MEMORY ? smtp_error_memory(error) : st;
}


static mfa_status_t
smtp_password(const mfa_line_t *line, mfa_str_t value, mfa_arena_t *arena,
    mfa_error_t *error, mfa_smtp_settings_t *smtp)
{
    mfa_str_t     path, text;
    mfa_status_t  st;

    static const smtp_file_t  file = {
        "password_file", SMTP_PASSWORD_MAX, true
    };

    st = mfa_parse_path(line, value, arena, &path);
    if (st != MFA_OK) {
        mfa_error_set(error, "\"password_file=\" needs a path");
        return MFA_CONFIG;
    }

    st = smtp_read(&file, path.data, arena, error, &text);
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
        mfa_error_set(error, "password_file \"%s\" must have one line",
                      path.data);
        return MFA_CONFIG;
    }

    st = mfa_arena_copy(arena, text, &smtp->password);

    return st == MFA_OK ? MFA_OK : smtp_error_memory(error);
}


static mfa_status_t
smtp_ca(const mfa_line_t *line, mfa_str_t value, mfa_arena_t *arena,
    mfa_error_t *error, mfa_smtp_settings_t *smtp)
{
    mfa_str_t     path, text;
    mfa_status_t  st;

    static const smtp_file_t  file = { "ca_file", SMTP_CA_MAX, false };

    st = mfa_parse_path(line, value, arena, &path);
    if (st != MFA_OK) {
        mfa_error_set(error, "\"ca_file=\" needs a path");
        return MFA_CONFIG;
    }

    st = smtp_read(&file, path.data, arena, error, &text);
    if (st != MFA_OK) {
        return st;
    }

    smtp->ca = mfa_arena_cstr(arena, text);
    if (smtp->ca == NULL) {
        return smtp_error_memory(error);
    }

    if (strstr(smtp->ca, "-----BEGIN CERTIFICATE-----") == NULL
        && strstr(smtp->ca, "-----BEGIN TRUSTED CERTIFICATE-----") == NULL)
    {
        mfa_error_set(error, "ca_file \"%s\" has no certificate in PEM form",
                      path.data);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


/* the host is checked as that of an origin is; 443 means: none written */

static mfa_status_t
smtp_url(mfa_str_t url, mfa_arena_t *arena, mfa_error_t *error,
    mfa_smtp_settings_t *smtp)
{
    unsigned      port;
    mfa_str_t     rest, scheme;
    mfa_origin_t  origin;
    mfa_status_t  st;

    rest = url;
    scheme = mfa_str_split(&rest, ':');
    smtp->is_implicit = mfa_str_eq_c(scheme, "smtps");

    st = mfa_origin_parse(arena,
                          mfa_arena_printf(arena, "https:" MFA_STR_FMT,
                                           MFA_STR_ARG(rest)), &origin);
    if (st == MFA_NO_MEMORY || mfa_arena_has_failed(arena)) {
        return smtp_error_memory(error);
    }

    if (st != MFA_OK) {
        mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \"mail\", "
                      "it must be \"smtp://HOST\" or \"smtp://HOST:PORT\"",
                      MFA_STR_ARG(url));
        return MFA_CONFIG;
    }

    port = origin.port;

    if (port == 443) {
        port = smtp->is_implicit ? 465 : 587;
    }

    smtp->is_loopback = origin.is_loopback;
    smtp->url = mfa_arena_printf(arena, "%s://" MFA_STR_FMT ":%u",
                                 smtp->is_implicit ? "smtps" : "smtp",
                                 MFA_STR_ARG(origin.host), port);

    return smtp->url.data != NULL ? MFA_OK : smtp_error_memory(error);
}


typedef struct {
    mfa_str_t  user;
    mfa_str_t  password_file;
    mfa_str_t  tls;
    mfa_str_t  ca_file;
} smtp_words_t;


static mfa_status_t
smtp_words(const mfa_line_t *line, mfa_error_t *error, smtp_words_t *words)
{
    size_t      i, k;
    mfa_str_t   value;

    static const char *const  names[] = {
        "user", "password_file", "tls", "ca_file"
    };

    mfa_str_t *const  fields[] = {
        &words->user, &words->password_file, &words->tls, &words->ca_file
    };

    for (i = 1; i < line->nargs; i++) {
        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            if (mfa_parse_named(line->args[i], names[k], &value) == MFA_OK
                && value.len != 0 && fields[k]->len == 0)
            {
                *fields[k] = value;
                break;
            }
        }

        if (k == sizeof(names) / sizeof(names[0])) {
            mfa_error_set(error, "invalid or duplicate \"" MFA_STR_FMT "\" "
                          "in \"mail\"", MFA_STR_ARG(line->args[i]));
            return MFA_CONFIG;
        }
    }

    return MFA_OK;
}


/* what must and must not stand together; sets has_tls */

static mfa_status_t
smtp_check_words(const smtp_words_t *words, mfa_error_t *error,
    mfa_smtp_settings_t *smtp)
{
    bool         is_off;
    const char  *fault;

    is_off = mfa_str_eq_c(words->tls, "off");

    if (words->tls.len != 0 && !is_off && !mfa_str_eq_c(words->tls, "on")) {
        fault = "\"tls=\" must be \"on\" or \"off\"";

    } else if (words->user.len != 0 && words->password_file.len == 0) {
        fault = "\"user=\" needs \"password_file=\"";

    } else if (words->user.len == 0 && words->password_file.len != 0) {
        fault = "\"password_file=\" needs \"user=\"";

    } else if (is_off && (smtp->is_implicit || words->ca_file.len != 0)) {
        fault = "\"tls=off\" contradicts \"smtps:\" and \"ca_file=\"";

    } else if (is_off && words->user.len != 0 && !smtp->is_loopback) {
        fault = "\"tls=off\" would send the password in the clear";

    } else if (words->user.len > SMTP_USER_MAX
               || mfa_text_has_control(words->user))
    {
        fault = "\"user=\" is malformed";

    } else {
        smtp->has_tls = smtp->is_implicit || words->tls.len != 0
                        || words->ca_file.len != 0 || !smtp->is_loopback;
        smtp->has_tls = smtp->has_tls && !is_off;

        return MFA_OK;
    }

    mfa_error_set(error, "%s in \"mail\"", fault);

    return MFA_CONFIG;
}


mfa_status_t
mfa_smtp_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_status_t      st;
    smtp_words_t      words;
    mfa_smtp_settings_t  *smtp;

    memset(&words, 0, sizeof(words));

    smtp = mfa_arena_alloc(arena, sizeof(mfa_smtp_settings_t));
    if (smtp == NULL) {
        return smtp_error_memory(error);
    }

    st = smtp_url(line->args[0], arena, error, smtp);

    if (st == MFA_OK) {
        st = smtp_words(line, error, &words);
    }

    if (st == MFA_OK) {
        st = smtp_check_words(&words, error, smtp);
    }

    if (st == MFA_OK && words.user.len != 0) {
        st = mfa_arena_copy(arena, words.user, &smtp->user);
    }

    if (st == MFA_OK && words.password_file.len != 0) {
        st = smtp_password(line, words.password_file, arena, error, smtp);
    }

    if (st == MFA_OK && words.ca_file.len != 0) {
        st = smtp_ca(line, words.ca_file, arena, error, smtp);
    }

    *settings = st == MFA_OK ? smtp : NULL;

    return st;
}
