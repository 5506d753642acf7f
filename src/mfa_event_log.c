/*
 * The option "event_log": a file, or a server of syslog.
 *
 * The core keeps the file; of a server only that there is one, since nginx
 * sends to it and reads its parameters. mfactl takes the
 * line as nginx does and sends nothing.
 */

#include "mfa_realm.h"


static mfa_status_t
event_log_refuse(mfa_error_t *error, const char *what)
{
    mfa_error_set(error, "duplicate \"event_log\": only one %s is possible",
                  what);

    return MFA_CONFIG;
}


MFA_OPTION_SETTER(mfa_event_log_set)
{
    mfa_option_t   file;
    mfa_realm_t   *realm = target;

    if (line->nargs == 1
        && mfa_str_has_prefix(line->args[0], mfa_str("syslog:")))
    {
        if (realm->has_syslog) {
            return event_log_refuse(error, "server of syslog");
        }

        realm->has_syslog = true;

        return MFA_OK;
    }

    if (realm->event_log.len > 0) {
        return event_log_refuse(error, "file");
    }

    file = *option;
    file.offset = offsetof(mfa_realm_t, event_log);

    return mfa_option_set_path(&file, line, target, arena, error);
}
