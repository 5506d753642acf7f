/*
 * The deeds of staff: each writes what it changes, and nothing else; who may
 * is judged before (mfa_flow_staff.c).
 *
 * None of them sets, shows or reads a password (A11), and none gives staff a
 * session of somebody else (C9).
 */

#include "mfa_flow_staff_case.h"


#define STAFF_LETTER_KEEP  (7 * MFA_DAY)


static mfa_status_t
stale(mfa_staff_case_t *at, mfa_str_t word)
{
    at->deed->word = word;

    return MFA_EXISTS;
}


/* sessions, remembered devices and journeys: what a change makes stale */

static mfa_status_t
settle(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_status_t  st;

    st = mfa_session_end_all(tx, &at->user);

    if (st == MFA_OK) {
        st = mfa_device_delete_all(tx, &at->user.id);
    }

    return (st == MFA_OK) ? mfa_flow_delete_all(tx, &at->user.id, NULL) : st;
}


static mfa_status_t
free_factor(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t kind)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, user, kind, &record);
    if (st != MFA_OK) {
        return st;
    }

    record.is_disabled = false;
    record.failures = 0;
    record.holds = 0;
    record.held_until = 0;
    record.day_at = 0;
    record.day_failures = 0;

    return mfa_factor_record_put(tx, &record);
}


static mfa_status_t
free_limit(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject)
{
    mfa_status_t  st;

    st = mfa_limit_clear(tx, kind, subject);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static mfa_status_t
do_unlock(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    size_t        i;
    mfa_str_t     subject;
    mfa_strs_t    kinds;
    mfa_status_t  st;

    st = mfa_factor_record_kinds(tx, &at->user.id, &kinds);

    for (i = 0; st == MFA_OK && i < kinds.count; i++) {
        st = free_factor(tx, &at->user.id, kinds.items[i]);
    }

    if (st == MFA_OK) {
        st = mfa_limit_person(tx, &at->user, at->user.email, &subject);
    }

    if (st == MFA_OK) {
        st = free_limit(tx, MFA_LIMIT_LOGIN_PERSON, subject);
    }

    if (st == MFA_OK) {
        st = mfa_password_row_clear(tx, &at->user);
    }

    if (st == MFA_OK) {
        st = free_limit(tx, MFA_LIMIT_SEND_PERSON,
                        mfa_id_str(&at->user.id));
    }

    if (st != MFA_OK) {
        return st;
    }

    at->user.is_locked = false;
    at->user.password_failures = 0;
    at->deed->word = MFA_WORD("The person is unlocked.");

    return mfa_user_save(tx, &at->user, NULL);
}


static mfa_status_t
do_end(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    at->deed->word = MFA_WORD("All sessions have ended, and no browser is "
                              "remembered any more.");

    return settle(tx, at);
}


static mfa_status_t
do_remove(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_strs_t           kinds, numbers;
    mfa_status_t         st;
    const mfa_factor_t  *factor;

    if (mfa_staff_needs_two(tx->work->model->settings, &at->user)) {
        return stale(at, MFA_WORD("For this person two members of staff must "
                                  "agree: the person asks for a reset."));
    }

    st = mfa_factor_record_kinds(tx, &at->user.id, &kinds);
    if (st != MFA_OK) {
        return st;
    }

    if (!mfa_strs_has(&kinds, at->deed->subject)) {
        return stale(at, MFA_WORD("This method is not set up any more."));
    }

    st = mfa_flow_numbers(tx, &at->user.id, &numbers);

    if (st == MFA_OK) {
        st = mfa_flow_former_keep(tx, &at->user.id, at->deed->subject);
    }

    if (st == MFA_OK) {
        st = mfa_factor_record_delete(tx, &at->user.id, at->deed->subject);
    }

    if (st == MFA_OK) {
        st = mfa_flow_numbers_tell(tx, at->step->env->send, &at->user.id,
                                   &numbers);
    }

    if (st != MFA_OK) {
        return st;
    }

    factor = mfa_factor_by_name(at->deed->subject);
    at->factor = (factor != NULL) ? factor->name : NULL;
    at->deed->word = MFA_WORD("The method was removed.");

    return settle(tx, at);
}


static mfa_status_t
do_disable(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    if (at->user.is_disabled) {
        return stale(at, MFA_WORD("The person was disabled already."));
    }

    at->user.is_disabled = true;
    at->deed->word = MFA_WORD("The person is disabled.");

    return settle(tx, at);
}


static mfa_status_t
do_enable(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    if (!at->user.is_disabled) {
        return stale(at, MFA_WORD("The person was not disabled."));
    }

    at->user.is_disabled = false;
    at->deed->word = MFA_WORD("The person is enabled.");

    return mfa_user_save(tx, &at->user, NULL);
}


/* a letter to the first address alone */

static mfa_status_t
send_letter(mfa_tx_t *tx, mfa_staff_case_t *at, const char *kind)
{
    mfa_status_t   st;
    mfa_message_t  message;

    memset(&message, 0, sizeof(message));

    message.channel = mfa_str("mail");
    message.kind = mfa_str_from(kind);
    message.to = at->user.email;
    message.expires_at = tx->now + STAFF_LETTER_KEEP;

    st = mfa_pairs_add(tx->work->arena, &message.values, mfa_str("name"),
                       at->user.first_name);
    if (st != MFA_OK) {
        return st;
    }

    at->step->has_mail = true;

    return mfa_message_queue(tx, &message);
}


static mfa_status_t
do_invite(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    if (at->user.registered_at != 0) {
        return stale(at, MFA_WORD("This person has registered already."));
    }

    if (mfa_user_may_log_in(&at->user) != MFA_VERDICT_PASS
        || at->user.email.len == 0)
    {
        return stale(at, MFA_WORD("This person cannot register now: they are "
                                  "locked or disabled, or have no address."));
    }

    at->deed->word = MFA_WORD("The invitation is on its way.");

    return send_letter(tx, at, "invite");
}


/* the mail points to the page and holds no code: staff see none, and nobody
 * gets further with it than anybody at all */

static mfa_status_t
do_reset(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    if (at->user.registered_at == 0) {
        return stale(at, MFA_WORD("This person has never registered: send "
                                  "the invitation."));
    }

    if (mfa_user_may_log_in(&at->user) != MFA_VERDICT_PASS) {
        return stale(at, MFA_WORD("This person is locked or disabled."));
    }

    at->deed->word = MFA_WORD("The mail about the password reset is on its "
                              "way.");

    return send_letter(tx, at, "password_help");
}


static mfa_status_t
do_pass(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    if (mfa_staff_needs_two(tx->work->model->settings, &at->user)) {
        return stale(at, MFA_WORD("For this person two members of staff must "
                                  "agree: the person asks for a reset."));
    }

    if (at->user.registered_at == 0
        || mfa_user_may_log_in(&at->user) != MFA_VERDICT_PASS)
    {
        return stale(at, MFA_WORD("This person cannot log in now: they are "
                                  "locked, disabled or not registered."));
    }

    at->deed->word = MFA_WORD("A helpdesk pass was made.");

    return mfa_pass_make(tx, &at->user, &at->staff, &at->deed->pass);
}


/* requests */

static mfa_status_t
do_approve(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_status_t  st;

    st = mfa_reset_request_approve(tx, &at->request, &at->staff, at->note);

    switch (st) {

    case MFA_OK:
        break;

    case MFA_EXISTS:
        return stale(at, MFA_WORD("You have approved this request already. A "
                                  "second member of staff must approve it."));

    case MFA_INVALID:
        return stale(at, MFA_WORD("This request is no longer open."));

    default:
        return st;
    }

    if (at->request.state != MFA_REQUEST_APPROVED) {
        at->deed->word = MFA_WORD("Your approval is kept. A second member of "
                                  "staff must approve as well.");

        return MFA_OK;
    }

    at->deed->word = MFA_WORD("The request is approved. The person gets a "
                              "message that says what to do.");

    return mfa_staff_tell(tx, at, "approved");
}


static mfa_status_t
do_refuse(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_status_t  st;

    st = mfa_reset_request_refuse(tx, &at->request, &at->staff, at->note);

    if (st == MFA_INVALID) {
        return stale(at, MFA_WORD("This request is no longer open."));
    }

    at->deed->word = MFA_WORD("The request is refused.");

    return st;
}


/* addresses */

static bool
address_is_of(const mfa_user_t *user, mfa_str_t email)
{
    return mfa_str_eq(user->email, email)
           || mfa_strs_has(&user->other_emails, email);
}


mfa_status_t
mfa_staff_address(mfa_tx_t *tx, mfa_staff_case_t *at, mfa_str_t *email)
{
    mfa_status_t  st;

    at->deed->field = mfa_str("address");

    st = mfa_email_canonical(tx->work->arena, at->deed->value, email);

    if (st == MFA_INVALID) {
        at->deed->word = MFA_WORD("Enter an email address like "
                                  "name@example.org.");
        return st;
    }

    if (st == MFA_OK && address_is_of(&at->user, *email)) {
        at->deed->word = MFA_WORD("The person has this address already.");
        return MFA_INVALID;
    }

    return st;
}


/*
 * Codes that are under way go to the old address, and a way to verify by
 * mail to it is none of this person's any more.
 */

static mfa_status_t
address_leave(mfa_tx_t *tx, mfa_staff_case_t *at, mfa_str_t former)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    st = mfa_factor_record_get(tx, &at->user.id, mfa_str("email"), &record);

    if (st == MFA_OK && mfa_str_eq(record.secret, former)) {
        st = mfa_factor_record_delete(tx, &at->user.id, mfa_str("email"));
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return mfa_flow_delete_all(tx, &at->user.id, NULL);
}


static mfa_status_t
address_save(mfa_tx_t *tx, mfa_staff_case_t *at, mfa_str_t email)
{
    mfa_status_t  st;

    st = mfa_user_save(tx, &at->user, NULL);

    if (st == MFA_EXISTS) {
        at->deed->word = MFA_WORD("This address is on another person's "
                                  "record.");
        return MFA_INVALID;
    }

    if (st == MFA_INVALID) {
        at->deed->word = MFA_WORD("This person has as many addresses as are "
                                  "possible.");
        return MFA_INVALID;
    }

    at->changed = email;
    at->deed->field = mfa_null;

    return st;
}


static mfa_status_t
do_correct(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    size_t        i;
    mfa_str_t     email, former = at->deed->subject;
    mfa_strs_t    others;
    mfa_status_t  st;

    if (former.len == 0 || !address_is_of(&at->user, former)) {
        return stale(at, MFA_WORD("This address is no longer on the "
                                  "record."));
    }

    st = mfa_staff_address(tx, at, &email);
    if (st != MFA_OK) {
        return st;
    }

    /* the lists of at->told must stay as they were */

    memset(&others, 0, sizeof(others));

    for (i = 0; st == MFA_OK && i < at->user.other_emails.count; i++) {
        st = mfa_strs_add(tx->work->arena, &others,
                          mfa_str_eq(at->user.other_emails.items[i], former)
                          ? email : at->user.other_emails.items[i]);
    }

    if (st != MFA_OK) {
        return st;
    }

    at->user.other_emails = others;

    if (mfa_str_eq(at->user.email, former)) {
        at->user.email = email;
    }

    st = address_save(tx, at, email);
    if (st != MFA_OK) {
        return st;
    }

    at->former = former;
    at->deed->word = MFA_WORD("The address was corrected. The old and the "
                              "new one are told.");

    return address_leave(tx, at, former);
}


static mfa_status_t
do_add(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    size_t        i;
    mfa_str_t     email;
    mfa_strs_t    others;
    mfa_status_t  st;

    st = mfa_staff_address(tx, at, &email);

    memset(&others, 0, sizeof(others));

    for (i = 0; st == MFA_OK && i < at->user.other_emails.count; i++) {
        st = mfa_strs_add(tx->work->arena, &others,
                          at->user.other_emails.items[i]);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (at->user.email.len == 0) {
        at->user.email = email;

    } else {
        st = mfa_strs_add(tx->work->arena, &others, email);
        if (st != MFA_OK) {
            return st;
        }
    }

    at->user.other_emails = others;

    st = address_save(tx, at, email);
    if (st != MFA_OK) {
        return st;
    }

    at->deed->word = MFA_WORD("The address was added. All addresses are "
                              "told.");

    return MFA_OK;
}


static const mfa_staff_kind_t  staff_kinds[] = {
    { "unlock", "staff.unlock", do_unlock, "unlocked", false, false },
    { "end", "staff.end", do_end, "ended", false, true },
    { "remove", "staff.remove", do_remove, "removed", false, false },
    { "correct", "staff.correct", do_correct, "corrected", true, false },
    { "add", "staff.add", do_add, "added", true, false },
    { "disable", "staff.disable", do_disable, "disabled", false, false },
    { "enable", "staff.enable", do_enable, "enabled", false, false },
    { "invite", "staff.invite", do_invite, NULL, false, true },
    { "pass", "staff.pass", do_pass, "pass", false, true },
    { "reset", "staff.reset", do_reset, NULL, false, true },
    { "approve", "staff.approve", do_approve, NULL, false, false },
    { "refuse", "staff.refuse", do_refuse, "refused", false, false },
    { "extend", "staff.extend", mfa_staff_extend, "extended", false, false },
};


const mfa_staff_kind_t *
mfa_staff_kind(const char *name)
{
    size_t  i;

    for (i = 0; i < sizeof(staff_kinds) / sizeof(staff_kinds[0]); i++) {
        if (strcmp(staff_kinds[i].name, name) == 0) {
            return &staff_kinds[i];
        }
    }

    return NULL;
}
