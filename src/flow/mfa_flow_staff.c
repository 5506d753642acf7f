/*
 * Staff: who may do what to whom, and the one transaction around every deed
 * (A3, A5, C9, D13, M3).
 *
 * Denies first. Who acts is what the session of this browser and the groups
 * of now say inside the update of the deed, not what a page has seen before.
 */

#include "mfa_flow_settings.h"
#include "mfa_flow_staff_case.h"


/* the same thing to the same person again: a second press, not a second
 * wish */
#define STAFF_AGAIN  (30 * MFA_SECOND)


bool
mfa_staff_is_fresh(const mfa_flow_env_t *env, const mfa_session_t *session,
    mfa_time_t now)
{
    mfa_step_t  step;

    memset(&step, 0, sizeof(step));

    step.env = env;
    step.session = *session;

    return mfa_settings_is_fresh(&step, now);
}


bool
mfa_staff_needs_two(const mfa_model_settings_t *settings,
    const mfa_user_t *user)
{
    size_t  i;

    for (i = 0; i < settings->approvals_groups.count; i++) {
        if (mfa_strs_has(&user->groups, settings->approvals_groups.items[i])) {
            return true;
        }
    }

    return settings->approvals > 1;
}


mfa_verdict_t
mfa_manager_may(const mfa_model_settings_t *settings,
    const mfa_user_t *manager, const mfa_user_t *user)
{
    mfa_verdict_t  verdict;

    verdict = MFA_VERDICT_DENY;

    if (user->manager.len > 0
        && (mfa_str_eq(user->manager, manager->email)
            || mfa_strs_has(&manager->other_emails, user->manager))
        && memcmp(user->id.bytes, manager->id.bytes, MFA_ID_SIZE) != 0
        && mfa_user_may_log_in(manager) == MFA_VERDICT_PASS
        && mfa_user_rank(settings, user) <= mfa_user_rank(settings, manager))
    {
        verdict = MFA_VERDICT_PASS;
    }

    return verdict;
}


static mfa_status_t
staff_word(mfa_staff_deed_t *deed, const char *field, mfa_str_t word)
{
    deed->field = mfa_str_from(field);
    deed->word = word;

    return MFA_INVALID;
}


static mfa_status_t
staff_reason(mfa_staff_case_t *at)
{
    mfa_str_t  reason;

    reason = mfa_str_trim(at->deed->reason);

    if (!mfa_text_is_utf8(reason) || mfa_text_has_control(reason)) {
        return staff_word(at->deed, "reason",
                          MFA_WORD("Use letters, digits and punctuation "
                                   "only, in one line."));
    }

    if (reason.len < MFA_REASON_MIN) {
        return staff_word(at->deed, "reason",
                          strcmp(at->deed->name, "approve") == 0
                          ? MFA_WORD("Enter how you have verified this "
                                     "person's identity.")
                          : MFA_WORD("Enter a reason. It is kept in the "
                                     "audit."));
    }

    if (reason.len > MFA_REASON_MAX) {
        return staff_word(at->deed, "reason",
                          MFA_WORD("This is too long. Shorten it to 500 "
                                   "characters."));
    }

    at->note = reason;

    return MFA_OK;
}


/* both fields of a form are judged, so that nobody learns of the second fault
 * only when the first is mended */

static mfa_status_t
staff_typed(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_str_t          email, field, word;
    mfa_status_t       st, address;
    mfa_staff_deed_t  *deed = at->deed;

    st = staff_reason(at);

    if (st != MFA_INVALID
        || (strcmp(deed->name, "correct") != 0
            && strcmp(deed->name, "add") != 0))
    {
        return st;
    }

    field = deed->field;
    word = deed->word;

    address = mfa_staff_address(tx, at, &email);

    if (address == MFA_INVALID) {
        deed->also = deed->word;

    } else if (address != MFA_OK) {
        return address;
    }

    deed->field = field;
    deed->word = word;

    return st;
}


/* who acts: a live session; MFA_NOT_FOUND */

static mfa_status_t
staff_who(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_status_t        st;
    mfa_session_view_t  view;

    at->step->tx = tx;
    at->step->has_mail = false;

    st = mfa_session_look(tx, at->step->old_session, &view);
    if (st != MFA_OK) {
        return st;
    }

    if (view.verdict != MFA_VERDICT_PASS) {
        return MFA_NOT_FOUND;
    }

    at->staff = view.user;
    at->step->session = view.session;

    return MFA_OK;
}


/* to whom: the person, or the one who asked for the reset */

static mfa_status_t
staff_whom(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_status_t       st;
    mfa_staff_deed_t  *deed = at->deed;

    if (strcmp(deed->name, "approve") == 0
        || strcmp(deed->name, "refuse") == 0)
    {
        st = mfa_reset_request_get(tx, &deed->request, &at->request);
        if (st != MFA_OK) {
            return st;
        }

        deed->user = at->request.user;
    }

    st = mfa_user_get(tx, &deed->user, &at->user);

    if (st == MFA_OK) {
        at->told = at->user;
    }

    return st;
}


/*
 * *verdict PASS: they may. MFA_NOT_FOUND: these pages are not for them at
 * all, and so they do not exist.
 */

static mfa_status_t
staff_judge(const mfa_tx_t *tx, const mfa_staff_case_t *at,
    const mfa_staff_kind_t *kind, mfa_verdict_t *verdict)
{
    const mfa_model_settings_t  *settings = tx->work->model->settings;

    *verdict = MFA_VERDICT_DENY;

    if (mfa_user_rank(settings, &at->staff) > MFA_RANK_USER) {
        *verdict = mfa_staff_may(settings, &at->staff, &at->user);

        if (*verdict == MFA_VERDICT_PASS) {
            return MFA_OK;
        }

    } else if (!kind->is_for_manager) {
        return MFA_NOT_FOUND;
    }

    if (kind->is_for_manager) {
        *verdict = mfa_manager_may(settings, &at->staff, &at->user);
    }

    if (*verdict != MFA_VERDICT_PASS
        && mfa_user_rank(settings, &at->staff) == MFA_RANK_USER)
    {
        return MFA_NOT_FOUND;
    }

    return MFA_OK;
}


static mfa_status_t
staff_event(mfa_tx_t *tx, const mfa_staff_case_t *at,
    const mfa_staff_kind_t *kind, mfa_verdict_t verdict)
{
    mfa_event_t   event;
    mfa_arena_t  *arena = tx->work->arena;
    mfa_status_t  st;

    memset(&event, 0, sizeof(event));

    event.name = kind->event;
    event.result = (verdict == MFA_VERDICT_PASS) ? "ok" : "fail";
    event.reason = (verdict == MFA_VERDICT_PASS) ? NULL : "rank";
    event.factor = at->factor;
    event.agent = mfa_agent_name(at->step->agent, arena);
    event.note = at->note;

    st = mfa_id_text(arena, &at->staff.id, &event.by);

    if (st == MFA_OK) {
        st = mfa_id_text(arena, &at->user.id, &event.user);
    }

    return (st == MFA_OK) ? mfa_event_add(tx, &event) : st;
}


/* *is_again: the same was done to this person a moment ago */

static mfa_status_t
staff_is_again(mfa_tx_t *tx, const mfa_staff_case_t *at,
    const mfa_staff_kind_t *kind, bool *is_again)
{
    size_t           i, count;
    mfa_status_t     st;
    mfa_activity_t  *items;

    *is_again = false;

    st = mfa_activity_list(tx, &at->user.id, &items, &count);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < count; i++) {
        if (mfa_str_eq_c(items[i].name, kind->event)
            && mfa_str_eq_c(items[i].result, "ok")
            && tx->now - items[i].at < STAFF_AGAIN)
        {
            *is_again = true;
        }
    }

    return MFA_OK;
}


typedef struct {
    mfa_staff_case_t         at;
    const mfa_staff_kind_t  *kind;
    mfa_verdict_t           *verdict;
} staff_turn_t;


static mfa_status_t
staff_act(mfa_tx_t *tx, staff_turn_t *turn)
{
    bool               is_again;
    mfa_status_t       st;
    mfa_staff_case_t  *at = &turn->at;

    st = staff_typed(tx, at);
    if (st != MFA_OK) {
        return st;
    }

    if (turn->kind->is_sending) {
        st = staff_is_again(tx, at, turn->kind, &is_again);
        if (st != MFA_OK) {
            return st;
        }

        if (is_again) {
            at->deed->word = MFA_WORD("This was done a moment ago.");
            return MFA_EXISTS;
        }
    }

    st = turn->kind->fn(tx, at);
    if (st != MFA_OK) {
        return st;
    }

    if (turn->kind->letter != NULL) {
        st = mfa_staff_tell(tx, at, turn->kind->letter);
        if (st != MFA_OK) {
            return st;
        }
    }

    return staff_event(tx, at, turn->kind, MFA_VERDICT_PASS);
}


static mfa_status_t
staff_run(mfa_tx_t *tx, void *arg)
{
    mfa_status_t       st, found;
    staff_turn_t      *turn = arg;
    mfa_staff_case_t  *at = &turn->at;

    /* it may be run again */

    *turn->verdict = MFA_VERDICT_DENY;
    at->deed->field = mfa_null;
    at->deed->word = mfa_null;
    at->deed->also = mfa_null;
    at->deed->pass = mfa_null;
    at->note = mfa_null;
    at->former = mfa_null;
    at->changed = mfa_null;
    at->factor = NULL;
    at->until = 0;

    st = staff_who(tx, at);
    if (st != MFA_OK) {
        return st;
    }

    /* first whether these pages exist for them, then all the rest */

    found = staff_whom(tx, at);
    if (found != MFA_OK && found != MFA_NOT_FOUND) {
        return found;
    }

    st = staff_judge(tx, at, turn->kind, turn->verdict);

    if (st == MFA_OK && found == MFA_NOT_FOUND) {
        *turn->verdict = MFA_VERDICT_DENY;
        st = MFA_NOT_FOUND;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_settings_is_fresh(at->step, tx->now)) {
        *turn->verdict = MFA_VERDICT_DENY;
        return MFA_EXPIRED;
    }

    return (*turn->verdict == MFA_VERDICT_PASS)
           ? staff_act(tx, turn)
           : staff_event(tx, at, turn->kind, MFA_VERDICT_DENY);
}


mfa_status_t
mfa_staff_do(mfa_step_t *step, mfa_staff_deed_t *deed, mfa_verdict_t *verdict)
{
    staff_turn_t  turn;

    *verdict = MFA_VERDICT_DENY;

    memset(&turn, 0, sizeof(turn));

    turn.at.step = step;
    turn.at.deed = deed;
    turn.verdict = verdict;
    turn.kind = mfa_staff_kind(deed->name);

    if (turn.kind == NULL) {
        return MFA_NOT_FOUND;
    }

    return mfa_update(step->work, staff_run, &turn);
}
