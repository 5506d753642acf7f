/*
 * user extend: more time to set up a second factor (Y1, C11).
 *
 * Told to every address of the person in the same commit; the audit has the
 * day and the reason.
 */

#include "mfactl.h"
#include "../mfa_realm.h"


typedef struct {
    const char                 *typed;
    mfa_str_t                   day;
    mfa_str_t                   note;
    const mfa_flow_settings_t  *settings;
    mfa_user_t                  user;
    mfa_str_t                   word;       /* why not */
    bool                        has_user;
} extend_t;


static mfa_status_t
extend_tell(mfa_tx_t *tx, extend_t *self)
{
    mfa_event_t            event = { .name = "staff.extend" };
    mfa_status_t           st;
    const mfactl_letter_t  letter = { .flag = "extended",
                                      .until = self->user.deadline_at };

    event.note = mfa_arena_printf(tx->work->arena,
                                  "until " MFA_STR_FMT ": " MFA_STR_FMT,
                                  MFA_STR_ARG(self->day),
                                  MFA_STR_ARG(self->note));

    if (event.note.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfactl_tell(tx, &self->user, &letter);

    return st == MFA_OK ? mfactl_event_add(tx, &event, &self->user.id) : st;
}


static mfa_status_t
extend_run(mfa_tx_t *tx, void *arg)
{
    extend_t      *self = arg;
    mfa_status_t   st;

    self->word = mfa_null;
    self->has_user = false;

    st = mfactl_user_find(tx, self->typed, &self->user);
    if (st != MFA_OK) {
        return st;
    }

    self->has_user = true;

    st = mfa_flow_extend(tx, self->settings, &self->user, self->day,
                         &self->word);

    if (st == MFA_OK) {
        st = mfa_user_save(tx, &self->user, NULL);
    }

    return st == MFA_OK ? extend_tell(tx, self) : st;
}


mfactl_exit_t
mfactl_user_extend(mfactl_t *ctl)
{
    json_t         *object;
    extend_t        self = { .typed = ctl->args[0] };
    const char     *why;
    mfa_status_t    st;
    mfactl_exit_t   code;

    if (ctl->reason == NULL) {
        return mfactl_fail(ctl, MFACTL_USAGE, "say why: --reason TEXT");
    }

    if (mfactl_note(ctl->reason, &self.note, &why) != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_USAGE, "the reason %s", why);
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    self.day = mfa_str_from(ctl->args[1]);
    self.settings = &ctl->realm->flow;

    st = mfactl_turn(ctl, MFACTL_UPDATE, extend_run, &self);

    if (st == MFA_NOT_FOUND && !self.has_user) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           self.typed);
    }

    if ((st == MFA_INVALID || st == MFA_EXISTS) && self.word.len > 0) {
        return mfactl_fail(ctl, MFACTL_REFUSED, MFA_STR_FMT,
                           MFA_STR_ARG(self.word));
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "give more time");
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("user.extend"));
    mfactl_set(object, "email", self.user.email);
    mfactl_set(object, "user", self.user.user);
    mfactl_set_time(object, "deadline_at", self.user.deadline_at);
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}
