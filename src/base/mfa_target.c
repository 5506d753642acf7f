/*
 * Return targets: where a browser is sent after login.
 *
 * Browsers, nginx and applications each read a path a little differently.
 * So this does not normalise and then trust: a path that would need dot
 * segments resolved is refused, and what is left is read the same by all.
 */

#include "mfa_base.h"


static bool
target_is_local(mfa_str_t s)
{
    if (s.len == 0 || s.data[0] != '/') {
        return false;
    }

    if (s.len > 1 && s.data[1] == '/') {
        return false;
    }

    return memchr(s.data, '\\', s.len) == NULL && !mfa_text_has_control(s);
}


static mfa_str_t
target_path(mfa_str_t target)
{
    size_t  len;

    for (len = 0; len < target.len; len++) {
        if (target.data[len] == '?' || target.data[len] == '#') {
            break;
        }
    }

    return mfa_str_bytes(target.data, len);
}


static bool
target_has_dots(mfa_str_t path)
{
    mfa_str_t  segment;

    while (path.len != 0) {
        segment = mfa_str_split(&path, '/');

        if (mfa_str_eq_c(segment, ".") || mfa_str_eq_c(segment, "..")) {
            return true;
        }
    }

    return false;
}


/* nginx takes a row of slashes for one; path is changed in place */

static mfa_str_t
target_merge_slashes(char *data, size_t len)
{
    size_t  i, kept;

    kept = 0;

    for (i = 0; i < len; i++) {
        if (data[i] != '/' || kept == 0 || data[kept - 1] != '/') {
            data[kept++] = data[i];
        }
    }

    return mfa_str_bytes(data, kept);
}


static bool
target_is_below(mfa_str_t path, mfa_str_t portal)
{
    if (portal.len != 0 && portal.data[portal.len - 1] == '/') {
        portal.len--;
    }

    return mfa_str_has_prefix(path, portal)
           && (path.len == portal.len || path.data[portal.len] == '/');
}


bool
mfa_target_is_safe(mfa_str_t target, mfa_str_t portal)
{
    char       buf[MFA_TARGET_MAX];
    mfa_str_t  decoded, path;

    if (target.len > MFA_TARGET_MAX || !target_is_local(target)) {
        return false;
    }

    if (mfa_percent_decode(target, '+', buf, &decoded) != MFA_OK
        || !target_is_local(decoded))
    {
        return false;
    }

    /* the path ends where it does in the raw bytes: "%3f" is part of it */

    if (mfa_percent_decode(target_path(target), '+', buf, &path) != MFA_OK
        || target_has_dots(path))
    {
        return false;
    }

    path = target_merge_slashes(buf, path.len);

    return portal.len == 0 || !target_is_below(path, portal);
}
