/*
 * Reminders by mail before the time to set up a second factor ends, and who
 * is ready for it (Y1).
 *
 * Looks in a view, a few people at a turn; queues in an update that judges
 * again, where the mark that it was sent is written with the letter. Never
 * fills the outbox: the codes of people who log in wait behind what is there.
 * Contract: mfa_flow_remind.h.
 */

#include "mfa_flow.h"


/*
 * A turn is a second. A round over 100,000 people takes 500 s, and one over
 * 700,000 still less than an hour, as long as nobody is to be reminded; then
 * the mail server is the limit.
 */
#define REMIND_LOOK    200
#define REMIND_ROUND   (15 * MFA_MINUTE)    /* from one beginning to the next */

/* letters of one update: with rows and events less than a ms of work */
#define REMIND_LETTERS 20

/* letters that may be due before those of a turn join them */
#define REMIND_QUEUE   40

#define REMIND_KEEP    (2 * MFA_DAY)
#define REMIND_ARENA   ((size_t) 64 * 1024 * 1024)


/* days before the deadline, the last one first */

static const uint64_t  remind_days[] = { 1, 7, 14 };

#define REMIND_DAYS  (sizeof(remind_days) / sizeof(remind_days[0]))


typedef struct {
    mfa_user_t  user;
    mfa_time_t  deadline;
    uint64_t    days;               /* which reminder is due; 0: none */
} remind_due_t;

typedef struct {
    const mfa_flow_settings_t  *settings;
    mfa_remind_cursor_t         from;
    mfa_remind_cursor_t         cursor;
    mfa_id_t                    due[REMIND_LETTERS];
    size_t                      count;
    size_t                      sent;
} remind_t;


/* is there more than recovery codes? By the function that a login asks */

static mfa_status_t
ready_methods(mfa_tx_t *tx, const mfa_user_t *user, bool *has_factor)
{
    mfa_step_t    step;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    *has_factor = false;

    memset(&step, 0, sizeof(step));

    step.tx = tx;
    step.work = tx->work;
    step.user.id = user->id;

    st = mfa_flow_methods(&step, &kinds);

    if (st == MFA_OK) {
        *has_factor = kinds.count > 0;
    }

    return st;
}


/* in the order of login_without() in mfa_flow_login.c */

static mfa_ready_state_t
ready_state(const mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_grace_t *grace, bool has_factor)
{
    if (mfa_user_may_log_in(user) != MFA_VERDICT_PASS) {
        return MFA_READY_SHUT;
    }

    if (has_factor) {
        return MFA_READY_ENROLLED;
    }

    if (grace->has_methods) {
        return MFA_READY_AT_LOGIN;
    }

    if (grace->is_late || mfa_flow_mail_is_alone(tx, user)) {
        return MFA_READY_BLOCKED;
    }

    if (!grace->may_wait) {
        return MFA_READY_AT_LOGIN;
    }

    return grace->policy.is_optional ? MFA_READY_OPTIONAL : MFA_READY_WAITING;
}


mfa_status_t
mfa_flow_ready(mfa_tx_t *tx, const mfa_flow_settings_t *settings,
    const mfa_user_t *user, mfa_time_t at, mfa_ready_t *ready)
{
    bool          has_factor;
    mfa_tx_t      then;
    mfa_grace_t   grace;
    mfa_status_t  st;

    *ready = (mfa_ready_t) { .state = MFA_READY_SHUT };

    then = *tx;                     /* reads alone: nothing of it is lost */
    then.now = at;

    st = mfa_flow_grace(&then, settings, user, &grace);

    if (st == MFA_OK) {
        st = ready_methods(&then, user, &has_factor);
    }

    if (st != MFA_OK) {
        return st;
    }

    ready->state = ready_state(&then, user, &grace, has_factor);

    if (grace.has_deadline && user->secured_at == 0) {
        ready->deadline = grace.deadline;
    }

    return MFA_OK;
}


static bool
remind_has_date(const mfa_flow_settings_t *settings)
{
    size_t  i;

    for (i = 0; i < settings->line_count; i++) {
        if (settings->lines[i].policy.from > 0) {
            return true;
        }
    }

    return settings->policy.from > 0;
}


/*
 * The last reminder whose moment is over; 0: none. One whose moment was over
 * before the person was there is none of theirs.
 */

static uint64_t
remind_is_due(const mfa_user_t *user, mfa_time_t deadline, mfa_time_t now)
{
    size_t      i;
    mfa_time_t  moment;

    if (now >= deadline) {
        return 0;
    }

    for (i = 0; i < REMIND_DAYS; i++) {
        moment = deadline - (mfa_time_t) remind_days[i] * MFA_DAY;

        if (moment <= now) {
            return moment > user->added_at ? remind_days[i] : 0;
        }
    }

    return 0;
}


/* *is_new: it was not sent for this deadline, nor was a later one */

static mfa_status_t
remind_is_new(mfa_tx_t *tx, const remind_due_t *due, bool *is_new)
{
    mfa_status_t    st;
    mfa_reminded_t  reminded;

    *is_new = false;

    st = mfa_reminded_get(tx, &due->user.id, &reminded);

    if (st == MFA_NEWER) {
        return MFA_OK;              /* a newer worker knows */
    }

    /* what cannot be read is written anew: one letter more, not none */

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED) {
        reminded.deadline_at = 0;
        st = MFA_OK;
    }

    *is_new = reminded.deadline_at != due->deadline
              || reminded.days > due->days;

    return st;
}


static mfa_status_t
remind_judge(mfa_tx_t *tx, const mfa_flow_settings_t *settings,
    const mfa_id_t *id, remind_due_t *due)
{
    bool          has_factor, is_new;
    uint64_t      days;
    mfa_policy_t  policy;
    mfa_status_t  st;

    *due = (remind_due_t) { .days = 0 };

    st = mfa_user_get(tx, id, &due->user);

    /* one record that cannot be read must not keep all others for ever */

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    /* who had a second factor once is not blocked, see mfa_flow_grace() */

    if (st != MFA_OK
        || mfa_user_may_log_in(&due->user) != MFA_VERDICT_PASS
        || due->user.secured_at != 0
        || due->user.password.len == 0
        || due->user.email.len == 0)
    {
        return st;
    }

    mfa_flow_policy(settings, &due->user, &policy);
    due->deadline = mfa_policy_deadline(&policy, &due->user);
    days = remind_is_due(&due->user, due->deadline, tx->now);

    if (days == 0) {
        return MFA_OK;
    }

    st = ready_methods(tx, &due->user, &has_factor);
    if (st != MFA_OK || has_factor) {
        return st;
    }

    due->days = days;

    st = remind_is_new(tx, due, &is_new);

    if (st != MFA_OK || !is_new) {
        due->days = 0;
    }

    return st;
}


/* one person; *is_full: there is no room for their letter now */

static mfa_status_t
remind_look_one(mfa_tx_t *tx, remind_t *remind, const mfa_id_t *id,
    bool *is_full)
{
    bool          has_room;
    mfa_status_t  st;
    remind_due_t  due;

    *is_full = false;

    st = remind_judge(tx, remind->settings, id, &due);
    if (st != MFA_OK || due.days == 0) {
        return st;
    }

    if (remind->count == 0) {
        st = mfa_reminded_room(tx, REMIND_QUEUE, &has_room);
        if (st != MFA_OK) {
            return st;
        }

        *is_full = !has_room;
    }

    if (remind->count == REMIND_LETTERS) {
        *is_full = true;
    }

    if (!*is_full) {
        remind->due[remind->count++] = *id;
    }

    return MFA_OK;
}


static mfa_status_t
remind_look(mfa_tx_t *tx, void *arg)
{
    bool                  is_full;
    size_t                looked;
    mfa_id_t              id;
    remind_t             *remind = arg;
    mfa_status_t          st;
    mfa_remind_cursor_t  *cursor = &remind->cursor;

    remind->count = 0;
    *cursor = remind->from;

    if (!cursor->has_after) {
        cursor->has_begun = true;
        cursor->began_at = tx->now;
    }

    for (looked = 0; looked < REMIND_LOOK; looked++) {
        st = mfa_reminded_next(tx, cursor->has_after ? &cursor->after : NULL,
                               &id);

        if (st == MFA_NOT_FOUND) {
            cursor->has_after = false;
            return MFA_OK;
        }

        if (st == MFA_OK) {
            st = remind_look_one(tx, remind, &id, &is_full);
        }

        if (st != MFA_OK || is_full) {
            return st;
        }

        cursor->after = id;
        cursor->has_after = true;
    }

    return MFA_OK;
}


/* a day that has begun counts */

static uint64_t
remind_left(const mfa_tx_t *tx, const remind_due_t *due)
{
    return (uint64_t) ((due->deadline - tx->now + MFA_DAY - 1) / MFA_DAY);
}


static mfa_status_t
remind_values(mfa_tx_t *tx, const remind_due_t *due, mfa_pairs_t *values)
{
    size_t            i;
    uint64_t          left = remind_left(tx, due);
    mfa_arena_t      *arena = tx->work->arena;
    mfa_status_t      st;
    const mfa_pair_t  pairs[] = {
        { mfa_str("name"), due->user.first_name },
        { mfa_str_from(left > 1 ? "days" : "one_day"),
          mfa_arena_printf(arena, "%llu", (unsigned long long) left) },
        { mfa_str("until"), mfa_date_pack(due->deadline, arena) }
    };

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        st = mfa_pairs_add(arena, values, pairs[i].name, pairs[i].value);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
remind_letter(mfa_tx_t *tx, const remind_due_t *due)
{
    mfa_status_t   st;
    mfa_message_t  message;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str("reminder");
    message.to = due->user.email;
    message.expires_at = tx->now + REMIND_KEEP;

    if (message.expires_at > due->deadline) {
        message.expires_at = due->deadline;
    }

    st = remind_values(tx, due, &message.values);

    return (st == MFA_OK) ? mfa_message_queue(tx, &message) : st;
}


static mfa_status_t
remind_event(mfa_tx_t *tx, const remind_due_t *due)
{
    mfa_event_t   event = { .name = "message.reminder", .result = "ok" };
    mfa_status_t  st;

    event.reason = due->days == 14 ? "14d" : due->days == 7 ? "7d" : "1d";

    st = mfa_id_text(tx->work->arena, &due->user.id, &event.user);

    return (st == MFA_OK) ? mfa_event_add(tx, &event) : st;
}


static mfa_status_t
remind_one(mfa_tx_t *tx, remind_t *remind, const mfa_id_t *id)
{
    mfa_status_t    st;
    remind_due_t    due;
    mfa_reminded_t  reminded;

    /* between the view and here a person may have set one up, or another
     * gateway may have sent it */

    st = remind_judge(tx, remind->settings, id, &due);
    if (st != MFA_OK || due.days == 0) {
        return st;
    }

    reminded = (mfa_reminded_t) { .deadline_at = due.deadline,
                                  .days = due.days };

    st = mfa_reminded_put(tx, id, &reminded);

    if (st == MFA_OK) {
        st = remind_letter(tx, &due);
    }

    if (st == MFA_OK) {
        st = remind_event(tx, &due);
    }

    if (st == MFA_OK) {
        remind->sent++;
    }

    return st;
}


static mfa_status_t
remind_send(mfa_tx_t *tx, void *arg)
{
    size_t        i;
    remind_t     *remind = arg;
    mfa_status_t  st;

    remind->sent = 0;

    for (i = 0; i < remind->count; i++) {
        st = remind_one(tx, remind, &remind->due[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/* between two rounds; a clock that was set back ends the rest */

static bool
remind_rests(const mfa_remind_cursor_t *cursor, mfa_time_t now)
{
    return cursor->has_begun && !cursor->has_after
           && now >= cursor->began_at
           && now - cursor->began_at < REMIND_ROUND;
}


mfa_status_t
mfa_flow_remind(mfa_work_t *work, const mfa_flow_settings_t *settings,
    mfa_remind_cursor_t *cursor, size_t *sent)
{
    remind_t      remind;
    mfa_work_t    looking;
    mfa_status_t  st;

    *sent = 0;

    if (!remind_has_date(settings)
        || remind_rests(cursor, mfa_port_now(work->model->ports)))
    {
        return MFA_OK;
    }

    memset(&remind, 0, sizeof(remind));

    remind.settings = settings;
    remind.from = *cursor;

    looking = (mfa_work_t) {
        .model = work->model,
        .arena = mfa_arena_open(REMIND_ARENA)
    };

    if (looking.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_view(&looking, remind_look, &remind);

    mfa_arena_close(&looking.arena);

    if (st != MFA_OK) {
        return st;
    }

    /* what cannot be queued has its next turn in the next round */

    *cursor = remind.cursor;

    if (remind.count == 0) {
        return MFA_OK;
    }

    st = mfa_update(work, remind_send, &remind);

    if (st == MFA_OK) {
        *sent = remind.sent;
    }

    return st;
}
