/*
 * user reset-password, user pass: the ways back in that staff can start.
 *
 * A reset is a mail that names the page: it holds no code, and nobody but
 * the person sets or sees the password. A pass is shown once, here.
 */

#include <unistd.h>

#include "mfactl.h"


#define LETTER_KEEP  (7 * MFA_DAY)
#define PASS_HALF    (MFA_PASS_CHARACTERS / 2)

typedef struct {
    const char  *typed;
    const char  *why;
    mfa_user_t   user;
    mfa_str_t    pass;
} help_t;


/* MFA_INVALID: there is nothing that they could do with it */

static mfa_status_t
help_find(mfa_tx_t *tx, help_t *help)
{
    mfa_status_t  st;

    help->why = NULL;

    st = mfactl_user_find(tx, help->typed, &help->user);
    if (st != MFA_OK) {
        return st;
    }

    if (help->user.registered_at == 0) {
        help->why = "never registered: see \"user invite\"";

    } else if (mfa_user_may_log_in(&help->user) != MFA_VERDICT_PASS) {
        help->why = "is locked or disabled";

    } else if (help->user.email.len == 0) {
        help->why = "has no address";
    }

    return help->why == NULL ? MFA_OK : MFA_INVALID;
}


static mfa_status_t
reset_run(mfa_tx_t *tx, void *arg)
{
    help_t         *help = arg;
    mfa_status_t    st;
    mfa_message_t   message;

    st = help_find(tx, help);
    if (st != MFA_OK) {
        return st;
    }

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str("password_help");
    message.to = help->user.email;
    message.expires_at = tx->now + LETTER_KEEP;

    st = mfa_pairs_add(tx->work->arena, &message.values, mfa_str("name"),
                       help->user.first_name);

    if (st == MFA_OK) {
        st = mfa_message_queue(tx, &message);
    }

    return st == MFA_OK ? mfactl_event(tx, "staff.reset", &help->user.id)
                        : st;
}


static mfa_status_t
pass_run(mfa_tx_t *tx, void *arg)
{
    help_t           *help = arg;
    mfa_status_t      st;
    mfactl_letter_t   letter = { .flag = "pass" };

    help->pass = mfa_null;

    st = help_find(tx, help);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_staff_needs_two(tx->work->model->settings, &help->user)) {
        help->why = "needs the approval of two: they ask for a reset, see "
                    "\"request list\"";
        return MFA_INVALID;
    }

    st = mfa_pass_make(tx, &help->user, NULL, &help->pass);

    if (st == MFA_OK) {
        st = mfactl_tell(tx, &help->user, &letter);
    }

    return st == MFA_OK ? mfactl_event(tx, "staff.pass", &help->user.id)
                        : st;
}


static mfactl_exit_t
help_do(mfactl_t *ctl, help_t *help, mfa_tx_fn fn)
{
    mfa_status_t    st;
    mfactl_exit_t   code;

    help->typed = ctl->args[0];

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_UPDATE, fn, help);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           help->typed);
    }

    if (st == MFA_INVALID && help->why != NULL) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "\"%s\" %s", help->typed,
                           help->why);
    }

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "do this");
}


mfactl_exit_t
mfactl_user_reset_password(mfactl_t *ctl)
{
    json_t         *object;
    help_t          help = { .typed = NULL };
    mfactl_exit_t   code;

    code = help_do(ctl, &help, reset_run);
    if (code != MFACTL_DONE) {
        return code;
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("user.reset-password"));
    mfactl_set(object, "email", help.user.email);
    mfactl_set(object, "user", help.user.user);
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


/* two groups are easier to read out; blanks and "-" do not count */

static void
pass_set(json_t *object, mfa_str_t pass)
{
    char  text[MFA_PASS_CHARACTERS + 2];

    (void) snprintf(text, sizeof(text), "%.*s-%.*s", PASS_HALF, pass.data,
                    MFA_PASS_CHARACTERS - PASS_HALF, pass.data + PASS_HALF);
    mfactl_set(object, "pass", mfa_str_from(text));
    mfa_wipe(text, sizeof(text));
}


/* looked at first: a pass that nobody sees would still replace the last */

mfactl_exit_t
mfactl_user_pass(mfactl_t *ctl)
{
    json_t         *object;
    help_t          help = { .typed = NULL };
    mfactl_exit_t   code;

    if (!ctl->is_reveal && !isatty(STDOUT_FILENO)) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "a pass is shown on a "
                           "terminal only; --reveal prints it all the same");
    }

    code = help_do(ctl, &help, pass_run);
    if (code != MFACTL_DONE) {
        return code;
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("user.pass"));
    mfactl_set(object, "email", help.user.email);
    mfactl_set(object, "user", help.user.user);
    pass_set(object, help.pass);
    mfactl_put(ctl, object);

    mfactl_say(ctl, "It works once, within the hour, after the password. "
               "It is not shown again.");

    return MFACTL_DONE;
}
