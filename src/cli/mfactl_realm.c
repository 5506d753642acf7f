/*
 * The realm: found in nginx's configuration, loaded, opened.
 *
 * As root, nothing in the store's folder may become root's: the process
 * becomes the folder's owner before it opens anything there, for good. What
 * only root can read - the configuration, the key file, the file of an
 * import - is read before that.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfactl.h"


static void
realm_log(void *ctx, mfa_log_level_t level, const char *line)
{
    (void) ctx;

    if (level <= MFA_LOG_WARN) {
        fprintf(stderr, "mfactl: %s\n", line);
    }
}


static mfa_time_t
realm_now(void *ctx)
{
    return mfa_ports_system.now(ctx);
}


static mfa_status_t
realm_random(void *ctx, void *buf, size_t len)
{
    return mfa_ports_system.random(ctx, buf, len);
}


static const mfa_ports_t  realm_ports = {
    .now = realm_now,
    .random = realm_random,
    .log = realm_log,
};


/* a relative -c: below -p as with nginx, or from where we stand */

mfactl_exit_t
mfactl_conf_open(mfactl_t *ctl)
{
    char         here[PATH_MAX];
    bool         has_slash;
    mfa_str_t    file;
    mfa_error_t  error;
    const char  *folder;

    folder = "";
    has_slash = true;

    if (ctl->conf_file[0] != '/') {
        folder = ctl->prefix;

        if (folder == NULL || folder[0] != '/') {
            if (getcwd(here, sizeof(here)) == NULL) {
                return mfactl_fail(ctl, MFACTL_FAULT, "cannot tell the "
                                   "current folder: %s", strerror(errno));
            }

            folder = here;
        }

        has_slash = folder[strlen(folder) - 1] == '/';
    }

    if (folder == here && ctl->prefix != NULL) {
        file = mfa_arena_printf(ctl->arena, "%s/%s/%s", here, ctl->prefix,
                                ctl->conf_file);

    } else {
        file = mfa_arena_printf(ctl->arena, "%s%s%s", folder,
                                has_slash ? "" : "/", ctl->conf_file);
    }

    if (file.data == NULL) {
        return mfactl_fail_status(ctl, MFA_NO_MEMORY, "read");
    }

    error.text[0] = '\0';

    if (mfactl_conf_read(ctl->arena, file.data, &ctl->conf, &error)
        != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_REFUSED, "%s", error.text);
    }

    return MFACTL_DONE;
}


static mfa_str_t
realm_names(mfactl_t *ctl)
{
    size_t     i;
    mfa_buf_t  buf;
    mfa_str_t  names;

    mfa_buf_init(&buf, ctl->arena, 1024);

    for (i = 0; i < ctl->conf.count; i++) {
        mfa_buf_puts(&buf, i > 0 ? ", " : "");
        mfa_buf_put(&buf, ctl->conf.blocks[i].name);
    }

    return mfa_buf_str(&buf, &names) == MFA_OK ? names : mfa_str("many");
}


mfactl_exit_t
mfactl_block(mfactl_t *ctl, const mfactl_block_t **block)
{
    size_t     i;
    mfa_str_t  names;

    *block = NULL;

    if (ctl->conf.count == 0) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no \"mfa_realm\" in "
                           "\"%s\"; -c names another configuration",
                           ctl->conf_file);
    }

    names = realm_names(ctl);

    if (ctl->realm_name == NULL && ctl->conf.count > 1) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is more than one "
                           "realm, choose with -r: " MFA_STR_FMT,
                           MFA_STR_ARG(names));
    }

    for (i = 0; i < ctl->conf.count; i++) {
        if (ctl->realm_name == NULL
            || mfa_str_eq_c(ctl->conf.blocks[i].name, ctl->realm_name))
        {
            *block = &ctl->conf.blocks[i];
            return MFACTL_DONE;
        }
    }

    return mfactl_fail(ctl, MFACTL_REFUSED, "there is no realm \"%s\", there "
                       "is: " MFA_STR_FMT, ctl->realm_name,
                       MFA_STR_ARG(names));
}


static mfactl_exit_t
realm_load(mfactl_t *ctl)
{
    size_t                 i;
    mfa_error_t            error;
    mfactl_exit_t          code;
    const mfactl_line_t   *line;
    const mfactl_block_t  *block;

    code = mfactl_conf_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    code = mfactl_block(ctl, &block);
    if (code != MFACTL_DONE) {
        return code;
    }

    if (mfa_realm_begin(block->name, &realm_ports, &ctl->realm) != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "invalid name of a realm in "
                           "%s:%u", block->file, block->number);
    }

    for (i = 0; i < block->count; i++) {
        line = &block->lines[i];
        error.text[0] = '\0';

        if (mfa_realm_line(ctl->realm, &line->line, &error) != MFA_OK) {
            return mfactl_fail(ctl, MFACTL_REFUSED, "%s in %s:%u", error.text,
                               line->file, line->number);
        }
    }

    error.text[0] = '\0';

    if (mfa_realm_end_store(ctl->realm, &error) != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "realm \"" MFA_STR_FMT
                           "\": %s in %s:%u", MFA_STR_ARG(block->name),
                           error.text, block->file, block->number);
    }

    return MFACTL_DONE;
}


/* opened, never made; a link or a pipe in its place is left alone */

static void
realm_open_events(mfactl_t *ctl)
{
    int          fd;
    char        *path;
    struct stat  sb;

    path = mfa_arena_cstr(ctl->arena, mfa_realm_event_log(ctl->realm));

    if (path == NULL || path[0] == '\0') {
        return;
    }

    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY
              | O_NONBLOCK);
    if (fd < 0) {
        return;
    }

    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode) || sb.st_nlink != 1) {
        (void) close(fd);               /* nothing was written */
        return;
    }

    ctl->event_fd = fd;
}


/* the place of the store; NULL for an engine without a folder */

static char *
realm_folder(mfactl_t *ctl)
{
    mfa_str_t   place, engine, path;
    mfa_line_t  line = { .prefix = ctl->conf.prefix };

    place = mfa_realm_store(ctl->realm);
    engine = mfa_str_split(&place, ':');

    if (!mfa_str_eq_c(engine, "lmdb")
        || mfa_parse_path(&line, place, ctl->arena, &path) != MFA_OK)
    {
        return NULL;
    }

    return mfa_arena_cstr(ctl->arena, path);
}


static mfactl_exit_t
realm_become(mfactl_t *ctl, uid_t uid, gid_t gid)
{
    if (setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0
        || setresuid(uid, uid, uid) != 0)
    {
        return mfactl_fail(ctl, MFACTL_FAULT, "cannot become user %u: %s",
                           (unsigned) uid, strerror(errno));
    }

    if (setuid(0) == 0) {
        return mfactl_fail(ctl, MFACTL_FAULT, "cannot give up the rights of "
                           "root");
    }

    return MFACTL_DONE;
}


static mfactl_exit_t
realm_drop(mfactl_t *ctl)
{
    char         *folder;
    mfa_str_t     user;
    struct stat   sb;

    folder = realm_folder(ctl);
    if (folder == NULL) {
        return MFACTL_DONE;
    }

    if (stat(folder, &sb) != 0) {
        if (errno != ENOENT) {
            return mfactl_fail(ctl, MFACTL_FAULT, "cannot look at the folder "
                               "of the store \"%s\": %s", folder,
                               strerror(errno));
        }

        user = ctl->conf.user.len > 0 ? ctl->conf.user : mfa_str("www-data");

        return mfactl_fail(ctl, MFACTL_FAULT, "the folder of the store is "
                           "missing; make it: install -d -o " MFA_STR_FMT
                           " -g " MFA_STR_FMT " -m 0700 %s",
                           MFA_STR_ARG(user), MFA_STR_ARG(user), folder);
    }

    if (geteuid() == 0 && sb.st_uid != 0) {
        return realm_become(ctl, sb.st_uid, sb.st_gid);
    }

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_open(mfactl_t *ctl)
{
    mfa_error_t    error;
    mfa_status_t   st;
    mfactl_exit_t  code;

    /* keys are in memory from here on */

    (void) prctl(PR_SET_DUMPABLE, 0);
    (void) setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });

    if (mfa_crypto_open() != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_FAULT, "the cryptography library "
                           "lacks an algorithm that is needed");
    }

    code = mfactl_operator_look(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    code = realm_load(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    realm_open_events(ctl);

    code = realm_drop(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    error.text[0] = '\0';

    st = mfa_open(ctl->realm, &error, &ctl->mfa);
    if (st != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_FAULT, "cannot open the store: %s",
                           error.text);
    }

    ctl->work.model = mfa_model_of(ctl->mfa);

    return MFACTL_DONE;
}


void
mfactl_close(mfactl_t *ctl)
{
    mfactl_turn_end(ctl);
    mfa_close(&ctl->mfa);
    mfa_realm_free(&ctl->realm);
    mfa_arena_close(&ctl->arena);
    mfa_crypto_close();

    if (ctl->event_fd != -1) {
        (void) close(ctl->event_fd);    /* each write was complete */
    }
}


/* one write for each line, so that lines of others do not mix with it */

static void
turn_write_events(mfactl_t *ctl)
{
    size_t       i;
    mfa_str_t    line;
    mfa_strs_t  *lines;

    lines = &ctl->work.events.lines;

    for (i = 0; i < lines->count && ctl->event_fd != -1; i++) {
        line = mfa_arena_printf(ctl->work.arena, MFA_STR_FMT "\n",
                                MFA_STR_ARG(lines->items[i]));

        if (line.data == NULL
            || write(ctl->event_fd, line.data, line.len)
               != (ssize_t) line.len)
        {
            fprintf(stderr, "mfactl: cannot write to the event log\n");
            (void) close(ctl->event_fd);
            ctl->event_fd = -1;
        }
    }

    ctl->work.events = (mfa_events_t) { .lines = { NULL, 0 } };
}


mfa_status_t
mfactl_turn(mfactl_t *ctl, mfactl_turn_t kind, mfa_tx_fn fn, void *arg)
{
    mfa_status_t  st;

    mfactl_turn_end(ctl);

    ctl->work.arena = mfa_arena_open(MFACTL_TURN_MAX);
    if (ctl->work.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    switch (kind) {
    case MFACTL_UPDATE:
        st = mfa_update(&ctl->work, fn, arg);
        break;
    case MFACTL_UPDATE_RESERVED:
        st = mfa_update_reserved(&ctl->work, fn, arg);
        break;
    default:
        st = mfa_view(&ctl->work, fn, arg);
        break;
    }

    turn_write_events(ctl);

    return st;
}


void
mfactl_turn_end(mfactl_t *ctl)
{
    mfa_arena_close(&ctl->work.arena);
}
