/*
 * Messages into a folder of the Maildir format: for the demo and for tests.
 * What would go to a phone gets the few headers that readers look for.
 *
 * A letter is whole under tmp before it appears under new, so a reader never
 * sees half of one. Folders are made when a letter comes, by the worker that
 * owns them then; the configuration step only looks.
 */

#include "mfa_send.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


typedef struct {
    mfa_str_t  path;            /* zero-terminated */
    bool       is_mail;         /* else an SMS, or the words of a call */
} maildir_settings_t;

typedef struct {
    const maildir_settings_t  *settings;
    const mfa_ports_t         *ports;
} maildir_t;


static mfa_status_t
maildir_check_parent(mfa_str_t path, mfa_arena_t *arena, mfa_error_t *error)
{
    char         *parent, *slash;
    struct stat   sb;

    parent = mfa_arena_cstr(arena, path);
    if (parent == NULL) {
        mfa_error_set(error, "%s", mfa_status_text(MFA_NO_MEMORY));
        return MFA_NO_MEMORY;
    }

    slash = strrchr(parent, '/');

    if (slash != NULL) {
        slash[slash == parent ? 1 : 0] = '\0';
    }

    if (stat(parent, &sb) != 0) {
        mfa_error_set(error, "the folder \"%s\" for \"maildir:\" cannot be "
                      "found: %s", parent, strerror(errno));
        return MFA_CONFIG;
    }

    if (!S_ISDIR(sb.st_mode)) {
        mfa_error_set(error, "\"%s\" is not a folder", parent);
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static mfa_status_t
maildir_configure_text(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_str_t            path;
    mfa_status_t         st;
    maildir_settings_t  *maildir;

    *settings = NULL;

    if (line->nargs != 1) {
        mfa_error_set(error, "invalid \"" MFA_STR_FMT "\" after \"maildir:\"",
                      MFA_STR_ARG(line->args[1]));
        return MFA_CONFIG;
    }

    maildir = mfa_arena_alloc(arena, sizeof(maildir_settings_t));
    if (maildir == NULL) {
        mfa_error_set(error, "%s", mfa_status_text(MFA_NO_MEMORY));
        return MFA_NO_MEMORY;
    }

    path = line->args[0];
    (void) mfa_str_split(&path, ':');

    while (path.len > 1 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    st = mfa_parse_path(line, path, arena, &maildir->path);
    if (st != MFA_OK) {
        mfa_error_set(error, "invalid value \"" MFA_STR_FMT "\" in \""
                      MFA_STR_FMT "\", it must be \"maildir:PATH\"",
                      MFA_STR_ARG(line->args[0]), MFA_STR_ARG(line->name));
        return st == MFA_INVALID ? MFA_CONFIG : st;
    }

    *settings = maildir;

    return maildir_check_parent(maildir->path, arena, error);
}


static mfa_status_t
maildir_configure(const mfa_line_t *line, mfa_arena_t *arena,
    mfa_error_t *error, void **settings)
{
    mfa_status_t         st;
    maildir_settings_t  *maildir;

    st = maildir_configure_text(line, arena, error, settings);

    if (st == MFA_OK) {
        maildir = *settings;
        maildir->is_mail = true;
    }

    return st;
}


static mfa_status_t
maildir_open(const void *settings, const mfa_ports_t *ports,
    void **connection)
{
    maildir_t  *maildir;

    *connection = NULL;

    maildir = calloc(1, sizeof(maildir_t));
    if (maildir == NULL) {
        return MFA_NO_MEMORY;
    }

    maildir->settings = settings;
    maildir->ports = ports;
    *connection = maildir;

    return MFA_OK;
}


static void
maildir_close(void **connection)
{
    free(*connection);
    *connection = NULL;
}


/* a folder below dir (-1: the path is whole); made when it is missing */

static int
maildir_folder(int dir, const char *name)
{
    if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST) {
        return -1;
    }

    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}


/* readers of the format expect the machine's own line ends */

static mfa_status_t
maildir_text(mfa_str_t mime, mfa_arena_t *arena, mfa_str_t *text)
{
    size_t     i;
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, mime.len);

    for (i = 0; i < mime.len; i++) {
        if (mime.data[i] != '\r') {
            mfa_buf_putc(&buf, mime.data[i]);
        }
    }

    return mfa_buf_str(&buf, text);
}


static bool
maildir_write_all(int fd, mfa_str_t text)
{
    ssize_t  n;

    while (text.len != 0) {
        n = write(fd, text.data, text.len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return false;
        }

        text.data += n;
        text.len -= (size_t) n;
    }

    return fsync(fd) == 0;
}


/* from nothing to a file under new; errno tells why not */

static bool
maildir_put(int root, const char *name, mfa_str_t text)
{
    int   tmp, new, fd, saved;
    bool  is_done;

    fd = -1;
    new = -1;
    is_done = false;

    tmp = maildir_folder(root, "tmp");
    if (tmp == -1) {
        goto done;
    }

    new = maildir_folder(root, "new");
    if (new == -1) {
        goto done;
    }

    fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd == -1) {
        goto done;
    }

    if (!maildir_write_all(fd, text)
        || renameat(tmp, name, new, name) != 0)
    {
        saved = errno;
        (void) unlinkat(tmp, name, 0);
        errno = saved;
        goto done;
    }

    /* a failing fsync here would send twice what can be seen already */

    (void) fsync(new);
    is_done = true;

done:

    saved = errno;

    if (fd != -1) {
        (void) close(fd);
    }

    if (new != -1) {
        (void) close(new);
    }

    if (tmp != -1) {
        (void) close(tmp);
    }

    errno = saved;

    return is_done;
}


/* opens the Maildir itself, with the folder cur that readers look for */

static int
maildir_root(const maildir_settings_t *settings)
{
    int  root, cur;

    root = maildir_folder(AT_FDCWD, settings->path.data);
    if (root == -1) {
        return -1;
    }

    cur = maildir_folder(root, "cur");

    if (cur == -1) {
        (void) close(root);
        return -1;
    }

    (void) close(cur);

    return root;
}


/* no MIME of a mail: there is no sender, and the number is no address */

static mfa_status_t
maildir_compose(const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_str_t *text)
{
    char       date[MFA_TIME_TEXT_SIZE];
    mfa_buf_t  buf;

    if (mfa_text_has_control(letter->to)
        || mfa_text_has_control(letter->language)
        || !mfa_text_is_utf8(letter->text))
    {
        return MFA_INVALID;
    }

    mfa_time_text(letter->date, date);
    mfa_buf_init(&buf, arena, MFA_PAGE_MAX);

    mfa_buf_printf(&buf, "To: " MFA_STR_FMT "\n", MFA_STR_ARG(letter->to));
    mfa_buf_printf(&buf, "X-Date: %s\n", date);
    mfa_buf_printf(&buf, "X-Message-Id: " MFA_STR_FMT "\n",
                   MFA_STR_ARG(letter->id));
    mfa_buf_printf(&buf, "Content-Language: " MFA_STR_FMT "\n",
                   MFA_STR_ARG(letter->language));
    mfa_buf_puts(&buf, "MIME-Version: 1.0\n"
                       "Content-Type: text/plain; charset=UTF-8\n"
                       "Content-Transfer-Encoding: 8bit\n\n");
    mfa_buf_put(&buf, letter->text);

    return mfa_buf_str(&buf, text);
}


static mfa_status_t
maildir_name(const maildir_t *maildir, const mfa_letter_t *letter,
    mfa_arena_t *arena, mfa_str_t *name)
{
    uint64_t      unique;
    mfa_status_t  st;

    st = mfa_port_random(maildir->ports, &unique, sizeof(unique));
    if (st != MFA_OK) {
        return st;
    }

    *name = mfa_arena_printf(arena, "%lld.R%016llx." MFA_STR_FMT,
                             (long long) (letter->date / MFA_SECOND),
                             (unsigned long long) unique,
                             MFA_STR_ARG(letter->id));

    return name->data != NULL ? MFA_OK : MFA_NO_MEMORY;
}


static void
maildir_send(void *connection, const mfa_letter_t *letter, mfa_arena_t *arena,
    mfa_send_result_t *result)
{
    int           root;
    mfa_str_t     text, name;
    maildir_t    *maildir = connection;
    mfa_status_t  st;

    st = maildir->settings->is_mail ? mfa_mime_build(letter, arena, &text)
                                    : maildir_compose(letter, arena, &text);
    if (st == MFA_INVALID) {
        result->outcome = MFA_SEND_REFUSED;
        (void) snprintf(result->reason, sizeof(result->reason),
                        "the letter is malformed");
        return;
    }

    if (st == MFA_OK) {
        st = maildir_text(text, arena, &text);
    }

    if (st == MFA_OK) {
        st = maildir_name(maildir, letter, arena, &name);
    }

    if (st != MFA_OK) {
        (void) snprintf(result->reason, sizeof(result->reason), "%s",
                        mfa_status_text(st));
        return;
    }

    root = maildir_root(maildir->settings);

    if (root != -1 && maildir_put(root, name.data, text)) {
        result->outcome = MFA_SEND_DONE;

    } else {
        result->is_down = true;
        (void) snprintf(result->reason, sizeof(result->reason),
                        "the folder cannot be written: %s", strerror(errno));
    }

    if (root != -1) {
        (void) close(root);
    }
}


static const char *const  maildir_schemes[] = { "maildir", NULL };


const mfa_sender_t  mfa_sender_maildir = {
    .name = "maildir",
    .channel = "mail",
    .schemes = maildir_schemes,
    .configure = maildir_configure,
    .open = maildir_open,
    .close = maildir_close,
    .send = maildir_send,
};


const mfa_sender_t  mfa_sender_maildir_sms = {
    .name = "maildir_sms",
    .channel = "sms",
    .schemes = maildir_schemes,
    .configure = maildir_configure_text,
    .open = maildir_open,
    .close = maildir_close,
    .send = maildir_send,
};


const mfa_sender_t  mfa_sender_maildir_voice = {
    .name = "maildir_voice",
    .channel = "voice",
    .schemes = maildir_schemes,
    .configure = maildir_configure_text,
    .open = maildir_open,
    .close = maildir_close,
    .send = maildir_send,
};
