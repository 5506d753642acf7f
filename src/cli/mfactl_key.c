/*
 * key new: a key file, which seals what is secret in a store; key
 * new-assertion: a key that signs for applications.
 *
 * Never overwrites, never prints the key, and leaves no half-written file.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "mfactl.h"


static bool
key_write(int fd, mfa_str_t text)
{
    ssize_t  n;

    while (text.len > 0) {
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


static mfactl_exit_t
key_save(mfactl_t *ctl, const char *path, mfa_str_t text, const char *loss)
{
    int   fd;
    bool  is_written;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0400);

    if (fd < 0 && errno == EEXIST) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "\"%s\" is there already and "
                           "stays as it is; without it %s", path, loss);
    }

    if (fd < 0) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "cannot make \"%s\": %s",
                           path, strerror(errno));
    }

    is_written = key_write(fd, text);

    if (close(fd) != 0 || !is_written) {
        (void) unlink(path);            /* half a key file is none */
        return mfactl_fail(ctl, MFACTL_FAULT, "cannot write \"%s\"", path);
    }

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_key_new(mfactl_t *ctl)
{
    char            whole[PATH_MAX];
    json_t         *object;
    mfa_str_t       id, text;
    const char     *path;
    mfa_status_t    st;
    mfactl_exit_t   code;

    path = ctl->args[0];
    id = mfa_str_from(ctl->id != NULL ? ctl->id : "k1");

    if (mfa_crypto_open() != MFA_OK) {
        return mfactl_fail_status(ctl, MFA_CRYPTO, "make a key");
    }

    st = mfa_keys_make(&mfa_ports_system, id, ctl->arena, &text);

    if (st == MFA_INVALID) {
        return mfactl_fail(ctl, MFACTL_USAGE, "--id: 1 to 16 of a-z and 0-9");
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "make a key");
    }

    code = key_save(ctl, path, text, "what it sealed is lost");
    if (code != MFACTL_DONE) {
        return code;
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("key.new"));
    mfactl_set(object, "file", mfa_str_from(path));
    mfactl_set(object, "id", id);
    mfactl_put(ctl, object);

    mfactl_say(ctl, "Name it in the realm: key_file %s;",
               realpath(path, whole) != NULL ? whole : path);
    mfactl_say(ctl, "Keep a copy apart from copies of the store: without the "
               "key nobody can read what is sealed in it.");

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_key_assertion(mfactl_t *ctl)
{
    char            whole[PATH_MAX];
    json_t         *object;
    mfa_str_t       text;
    const char     *path;
    mfa_status_t    st;
    mfactl_exit_t   code;

    path = ctl->args[0];

    st = mfa_crypto_open();

    if (st == MFA_OK) {
        st = mfa_signer_make(ctl->arena, &text);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "make a key");
    }

    code = key_save(ctl, path, text, "applications believe no assertion");
    if (code != MFACTL_DONE) {
        return code;
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("key.new-assertion"));
    mfactl_set(object, "file", mfa_str_from(path));
    mfactl_put(ctl, object);

    mfactl_say(ctl, "Name it in the realm: assertion_key %s;",
               realpath(path, whole) != NULL ? whole : path);
    mfactl_say(ctl, "Where there is one already, name this one second, "
               "reload, and let it sign after ten minutes.");

    return MFACTL_DONE;
}
