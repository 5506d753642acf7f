/*
 * Who runs this program, and what is written down and told of it.
 *
 * Every change names the operator in its event (M3). Letters say what was
 * done and when; they never hold a pass, a reason or the operator's name.
 */

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "mfactl.h"


#define LETTER_KEEP  (7 * MFA_DAY)
#define NOBODY       ((uid_t) -1)


/* who logged in to the machine, whatever "sudo" made of them since */

static uid_t
operator_login(void)
{
    FILE           *file;
    char           *end, text[32];
    unsigned long   number;

    file = fopen("/proc/self/loginuid", "re");
    if (file == NULL) {
        return NOBODY;
    }

    if (fgets(text, sizeof(text), file) == NULL) {
        text[0] = '\0';
    }

    (void) fclose(file);                /* it was read only */

    number = strtoul(text, &end, 10);

    return end == text ? NOBODY : (uid_t) number;
}


mfactl_exit_t
mfactl_operator_look(mfactl_t *ctl)
{
    uid_t           uid;
    mfa_status_t    st;
    struct passwd  *pw;

    uid = operator_login();

    if (uid == NOBODY) {
        uid = getuid();
    }

    pw = getpwuid(uid);

    if (pw != NULL && pw->pw_name[0] != '\0') {
        st = mfa_arena_copy(ctl->arena, mfa_str_from(pw->pw_name),
                            &ctl->operator);

    } else {
        ctl->operator = mfa_arena_printf(ctl->arena, "uid %lu",
                                         (unsigned long) uid);
        st = ctl->operator.data != NULL ? MFA_OK : MFA_NO_MEMORY;
    }

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "tell who you are");
}


const mfactl_t *
mfactl_of(const mfa_tx_t *tx)
{
    return (const mfactl_t *) (const void *)
           ((const char *) tx->work - offsetof(mfactl_t, work));
}


/* an id of staff is hex: "os:" cannot be the beginning of one */

mfa_status_t
mfactl_event_add(mfa_tx_t *tx, mfa_event_t *event, const mfa_id_t *user)
{
    mfa_str_t     name;
    mfa_status_t  st;

    name = mfactl_of(tx)->operator;

    event->result = "ok";
    event->reason = "mfactl";
    event->by = mfa_arena_printf(tx->work->arena, "os:" MFA_STR_FMT,
                                 MFA_STR_ARG(name));

    if (event->by.data == NULL) {
        return MFA_NO_MEMORY;
    }

    if (user != NULL) {
        st = mfa_id_text(tx->work->arena, user, &event->user);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_event_add(tx, event);
}


mfa_status_t
mfactl_event(mfa_tx_t *tx, const char *name, const mfa_id_t *user)
{
    mfa_event_t  event = { .name = name };

    return mfactl_event_add(tx, &event, user);
}


/* the letter of the helpdesk pages, of which this is the other door */

static mfa_status_t
letter_values(mfa_tx_t *tx, const mfa_user_t *told,
    const mfactl_letter_t *letter, mfa_pairs_t *values)
{
    size_t        i;
    mfa_arena_t  *arena = tx->work->arena;
    mfa_status_t  st;

    const mfa_pair_t  pairs[] = {
        { mfa_str_from(letter->flag), mfa_str("1") },
        { mfa_str("when"), mfa_date_pack(tx->now, arena) },
        { mfa_str("name"), told->first_name },
        { mfa_str("subject"), letter->subject },
        { mfa_str("new_address"), letter->new_address },
        { mfa_str("until"), mfa_date_pack(letter->until, arena) }
    };

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        st = mfa_pairs_add(arena, values, pairs[i].name, pairs[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfactl_tell(mfa_tx_t *tx, const mfa_user_t *told,
    const mfactl_letter_t *letter)
{
    mfa_status_t   st;
    mfa_message_t  message;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str("staff");
    message.expires_at = tx->now + LETTER_KEEP;

    st = letter_values(tx, told, letter, &message.values);

    if (st == MFA_OK) {
        st = mfa_message_queue_all(tx, told, &message);
    }

    if (st != MFA_OK || letter->new_address.len == 0) {
        return st;
    }

    message.to = letter->new_address;

    return mfa_message_queue(tx, &message);
}


mfa_status_t
mfactl_note(const char *typed, mfa_str_t *note, const char **why)
{
    *why = NULL;
    *note = mfa_str_trim(mfa_str_from(typed));

    if (!mfa_text_is_utf8(*note) || mfa_text_has_control(*note)) {
        *why = "is no text of one line";

    } else if (note->len < MFA_REASON_MIN) {
        *why = "is too short: it is kept in the audit";

    } else if (note->len > MFA_REASON_MAX) {
        *why = "is longer than 500 bytes";
    }

    return *why == NULL ? MFA_OK : MFA_INVALID;
}


bool
mfactl_is_id(const char *typed)
{
    size_t  len;

    len = strlen(typed);

    return len >= MFACTL_ID_LEAST && len <= MFA_ID_TEXT
           && strspn(typed, "0123456789abcdef") == len;
}
