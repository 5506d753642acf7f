/*
 * user invite: queues the mail that asks people to register.
 *
 * Sends nothing: the gateway delivers what is in the outbox. People who have
 * registered, and those who may not log in, are passed over.
 */

#include "mfactl.h"


#define INVITE_KEEP   (7 * MFA_DAY)
#define INVITE_BATCH  200

typedef struct {
    const char        *typed;           /* one user, or */
    const mfa_id_t    *ids;             /* the users of a batch */
    size_t             count;
    uint64_t           queued;
    uint64_t           passed;          /* over */
    const char        *why;             /* the last was passed over */
} invite_t;


static mfa_status_t
invite_queue(mfa_tx_t *tx, const mfa_user_t *user)
{
    mfa_status_t   st;
    mfa_message_t  message;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str("invite");
    message.to = user->email;
    message.expires_at = tx->now + INVITE_KEEP;

    st = mfa_pairs_add(tx->work->arena, &message.values, mfa_str("name"),
                       user->first_name);

    if (st == MFA_OK) {
        st = mfa_message_queue(tx, &message);
    }

    return st == MFA_OK ? mfactl_event(tx, "user.invite", &user->id) : st;
}


static mfa_status_t
invite_user(mfa_tx_t *tx, invite_t *invite, const mfa_user_t *user)
{
    invite->why = NULL;

    if (user->registered_at != 0) {
        invite->why = "has registered already";

    } else if (mfa_user_may_log_in(user) != MFA_VERDICT_PASS) {
        invite->why = "is locked or disabled";

    } else if (user->email.len == 0) {
        invite->why = "has no address";
    }

    if (invite->why != NULL) {
        invite->passed++;
        return MFA_OK;
    }

    invite->queued++;

    return invite_queue(tx, user);
}


static mfa_status_t
invite_run(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    invite_t      *invite = arg;
    mfa_user_t     user;
    mfa_status_t   st;

    invite->queued = 0;
    invite->passed = 0;

    if (invite->typed != NULL) {
        st = mfactl_user_find(tx, invite->typed, &user);

        return st == MFA_OK ? invite_user(tx, invite, &user) : st;
    }

    for (i = 0; i < invite->count; i++) {
        st = mfa_user_get(tx, &invite->ids[i], &user);

        if (st == MFA_NOT_FOUND) {
            continue;
        }

        if (st == MFA_OK) {
            st = invite_user(tx, invite, &user);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfactl_exit_t
invite_report(mfactl_t *ctl, uint64_t queued, uint64_t passed)
{
    json_t  *object;

    object = json_object();
    mfactl_set(object, "done", mfa_str("user.invite"));
    json_object_set_new(object, "queued", json_integer((json_int_t) queued));
    json_object_set_new(object, "passed_over",
                        json_integer((json_int_t) passed));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


static mfactl_exit_t
invite_one(mfactl_t *ctl)
{
    invite_t      invite = { .typed = ctl->args[0] };
    mfa_status_t  st;

    st = mfactl_turn(ctl, MFACTL_UPDATE, invite_run, &invite);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           invite.typed);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "invite the user");
    }

    if (invite.why != NULL) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "\"%s\" %s", invite.typed,
                           invite.why);
    }

    return invite_report(ctl, invite.queued, invite.passed);
}


/* the ids of a group, gathered first: the outbox grows only after that */

static mfa_status_t
invite_gather(mfactl_t *ctl, mfa_id_t **ids, size_t *count)
{
    size_t         i, room;
    mfa_id_t      *grown;
    mfa_status_t   st;
    mfactl_page_t  page = { .count = 0 };

    room = 0;
    *count = 0;

    do {
        st = mfactl_user_page(ctl, &page);

        for (i = 0; i < page.count; i++) {
            if (!mfa_strs_has(&page.users[i].groups,
                              mfa_str_from(ctl->group)))
            {
                continue;
            }

            if (*count == room) {
                room = room == 0 ? 256 : 2 * room;

                grown = mfa_arena_alloc(ctl->arena, room * sizeof(mfa_id_t));
                if (grown == NULL) {
                    return MFA_NO_MEMORY;
                }

                if (*count > 0) {
                    memcpy(grown, *ids, *count * sizeof(mfa_id_t));
                }

                *ids = grown;
            }

            (*ids)[(*count)++] = page.users[i].id;
        }

    } while (!page.is_end);

    return st;
}


static mfactl_exit_t
invite_group(mfactl_t *ctl)
{
    size_t             at, count;
    uint64_t           queued, passed;
    invite_t           invite = { .typed = NULL };
    mfa_id_t          *ids;
    mfa_status_t       st;
    mfactl_progress_t  progress;

    ids = NULL;
    queued = 0;
    passed = 0;

    mfactl_progress_begin(ctl, &progress);

    st = invite_gather(ctl, &ids, &count);

    if (st == MFA_OK && count == 0) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "nobody is in the group "
                           "\"%s\"", ctl->group);
    }

    for (at = 0; st == MFA_OK && at < count; at += invite.count) {
        invite.ids = ids + at;
        invite.count = count - at < INVITE_BATCH ? count - at : INVITE_BATCH;

        st = mfactl_turn(ctl, MFACTL_UPDATE, invite_run, &invite);

        if (st == MFA_OK) {
            queued += invite.queued;
            passed += invite.passed;
        }

        mfactl_progress_tell(&progress, "looked at", at + invite.count,
                             count);
    }

    mfactl_progress_end(&progress);

    if (st != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_FAULT, "stopped: %s; %llu mails are "
                           "queued", mfa_status_text(st),
                           (unsigned long long) queued);
    }

    return invite_report(ctl, queued, passed);
}


mfactl_exit_t
mfactl_user_invite(mfactl_t *ctl)
{
    mfactl_exit_t  code;

    if ((ctl->nargs == 1) == (ctl->group != NULL)) {
        return mfactl_fail(ctl, MFACTL_USAGE, "user invite takes EMAIL or "
                           "--group GROUP");
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    return ctl->group != NULL ? invite_group(ctl) : invite_one(ctl);
}
