/*
 * Recent activity: what an event is called on a page (S4).
 *
 * The name of an event is for logs and never shown. One that is not in the
 * table is called by a general word, so that a new event needs no page.
 */

#include "mfa_page_security.h"


typedef struct {
    const char  *name;
    const char  *result;        /* NULL: whatever came of it */
    mfa_str_t    word;
} activity_word_t;

static const activity_word_t  activity_words[] = {
    { "login", "ok", MFA_WORD_STATIC("Logged in") },
    { "login", "fail", MFA_WORD_STATIC("Login refused") },
    { "login", "limited",
      MFA_WORD_STATIC("Login refused: too many attempts") },
    { "login.password", "ok", MFA_WORD_STATIC("Password entered") },
    { "login.password", NULL, MFA_WORD_STATIC("Login refused") },
    { "code", "ok", MFA_WORD_STATIC("Verification code accepted") },
    { "code", "fail", MFA_WORD_STATIC("Wrong verification code") },
    { "code", "limited", MFA_WORD_STATIC("Too many verification codes") },
    { "code.send", "ok", MFA_WORD_STATIC("Verification code sent") },
    { "code.send", NULL,
      MFA_WORD_STATIC("Verification code not sent: too many were asked "
                      "for") },
    { "verify", "ok", MFA_WORD_STATIC("Verification code accepted") },
    { "verify", "fail", MFA_WORD_STATIC("Wrong verification code") },
    { "verify", "limited",
      MFA_WORD_STATIC("Verification refused: too many wrong codes") },

    { "session.start", NULL, MFA_WORD_STATIC("Session started") },
    { "session.end", NULL, MFA_WORD_STATIC("Session ended") },
    { "session.end_all", NULL, MFA_WORD_STATIC("All sessions ended") },
    { "session.end_others", NULL,
      MFA_WORD_STATIC("Logged out everywhere else") },

    { "register.start", NULL, MFA_WORD_STATIC("Registration started") },
    { "password.set", NULL, MFA_WORD_STATIC("Password set") },
    { "password.change", "ok", MFA_WORD_STATIC("Password changed") },
    { "password.change", "limited",
      MFA_WORD_STATIC("Password not changed: too many attempts") },
    { "password.change", NULL,
      MFA_WORD_STATIC("Password not changed: the current one was wrong") },

    { "password.reset", "ok",
      MFA_WORD_STATIC("Password reset with a mailed code") },
    { "password.reset", NULL,
      MFA_WORD_STATIC("Password reset refused: the mailbox alone is not "
                      "enough") },

    { "factor.add", "ok", MFA_WORD_STATIC("Verification method added") },
    { "factor.add", NULL,
      MFA_WORD_STATIC("Wrong code while setting up a verification "
                      "method") },
    { "factor.change", "ok", MFA_WORD_STATIC("Verification method changed") },
    { "factor.change", NULL,
      MFA_WORD_STATIC("Wrong code while changing a verification method") },
    { "factor.remove", NULL, MFA_WORD_STATIC("Verification method removed") },
    { "factor.disabled", NULL,
      MFA_WORD_STATIC("Verification method switched off after too many "
                      "wrong codes") },
    { "factor.held", NULL,
      MFA_WORD_STATIC("Verification method held after wrong codes") },
    { "factor.enabled", NULL,
      MFA_WORD_STATIC("Verification method switched on again") },
    { "factor.reset", NULL,
      MFA_WORD_STATIC("Reset device: a new verification method took the "
                      "place of the old ones") },
    { "device.reset", "ok", MFA_WORD_STATIC("Reset device asked for") },
    { "device.reset", NULL,
      MFA_WORD_STATIC("Reset device refused: the mailbox alone is not "
                      "enough") },
    { "request.open", "ok",
      MFA_WORD_STATIC("Reset request submitted to staff") },
    { "request.open", NULL,
      MFA_WORD_STATIC("Reset request refused: too many messages") },
    { "request.cancel", NULL, MFA_WORD_STATIC("Reset request cancelled") },
    { "pass.use", "ok", MFA_WORD_STATIC("Helpdesk pass used") },
    { "pass.use", NULL, MFA_WORD_STATIC("Wrong helpdesk pass") },
    { "recovery.make", NULL, MFA_WORD_STATIC("New recovery codes made") },
    { "recovery.use", NULL, MFA_WORD_STATIC("Recovery code used") },

    { "device.add", NULL, MFA_WORD_STATIC("Browser remembered") },
    { "device.forget", NULL, MFA_WORD_STATIC("Remembered browser forgotten") },
    { "device.end", NULL, MFA_WORD_STATIC("Remembered browser forgotten") },
    { "device.copied", NULL,
      MFA_WORD_STATIC("A remembered browser was copied; all were "
                      "forgotten") },

    { "staff.unlock", "ok", MFA_WORD_STATIC("Account unlocked by staff") },
    { "staff.end", "ok", MFA_WORD_STATIC("All sessions ended by staff") },
    { "staff.remove", "ok",
      MFA_WORD_STATIC("Verification method removed by staff") },
    { "staff.correct", "ok",
      MFA_WORD_STATIC("Email address corrected by staff") },
    { "staff.add", "ok", MFA_WORD_STATIC("Email address added by staff") },
    { "staff.disable", "ok", MFA_WORD_STATIC("Account disabled by staff") },
    { "staff.enable", "ok", MFA_WORD_STATIC("Account enabled by staff") },
    { "staff.invite", "ok", MFA_WORD_STATIC("Invitation sent by staff") },
    { "staff.pass", "ok", MFA_WORD_STATIC("Helpdesk pass made") },
    { "staff.reset", "ok",
      MFA_WORD_STATIC("Password reset suggested by staff") },
    { "staff.approve", "ok", MFA_WORD_STATIC("Reset approved by staff") },
    { "staff.extend", "ok",
      MFA_WORD_STATIC("More time to set up given by staff") },
    { "staff.refuse", "ok", MFA_WORD_STATIC("Reset refused by staff") },
    { "message.refused", NULL,
      MFA_WORD_STATIC("A mail to you could not be delivered") },

    { "user.lock", NULL, MFA_WORD_STATIC("Account locked by staff") },
    { "user.unlock", NULL, MFA_WORD_STATIC("Account unlocked by staff") },
    { "user.disable", NULL, MFA_WORD_STATIC("Account disabled by staff") },
    { "user.enable", NULL, MFA_WORD_STATIC("Account enabled by staff") },
    { "user.invite", NULL, MFA_WORD_STATIC("Invitation sent") },
    { "user.reset", NULL, MFA_WORD_STATIC("Account reset") },
    { "user.change", NULL, MFA_WORD_STATIC("Record changed by staff") },
};


mfa_str_t
mfa_activity_word(const mfa_activity_t *item)
{
    size_t                  i;
    const activity_word_t  *entry;

    for (i = 0; i < sizeof(activity_words) / sizeof(activity_words[0]); i++)
    {
        entry = &activity_words[i];

        if (mfa_str_eq_c(item->name, entry->name)
            && (entry->result == NULL
                || mfa_str_eq_c(item->result, entry->result)))
        {
            return entry->word;
        }
    }

    return MFA_WORD("Security event");
}
