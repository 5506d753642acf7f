/*
 * One person, for staff: what stands, what blocks them, what may be done
 * (A3, C9). A deed is a form with a reason; there is none for oneself and
 * for people of a higher rank.
 */

#include "mfa_page_staff.h"


typedef struct {
    const char  *name;
    mfa_str_t    label;             /* of the box and of its button */
    mfa_str_t    help;
    bool         is_danger;
    bool         has_address;
    bool         has_date;
} person_deed_t;

typedef enum {
    DEED_UNLOCK,
    DEED_END,
    DEED_INVITE,
    DEED_RESET,
    DEED_PASS,
    DEED_REMOVE,
    DEED_CORRECT,
    DEED_ADD,
    DEED_DISABLE,
    DEED_ENABLE,
    DEED_EXTEND,
    DEED_COUNT
} person_deed_kind_t;

static const person_deed_t  person_deeds[DEED_COUNT] = {
    [DEED_UNLOCK] = { "unlock", MFA_WORD_STATIC("Unlock"),
      MFA_WORD_STATIC("Waits after wrong passwords and codes end, and "
                      "methods that were switched off work again."),
      false, false, false },
    [DEED_END] = { "end", MFA_WORD_STATIC("End all sessions"),
      MFA_WORD_STATIC("The person is logged out everywhere, and no browser "
                      "is remembered any more."), false, false, false },
    [DEED_INVITE] = { "invite", MFA_WORD_STATIC("Send the invitation"),
      MFA_WORD_STATIC("A mail asks the person to register."),
      false, false, false },
    [DEED_RESET] = { "reset", MFA_WORD_STATIC("Start a password reset"),
      MFA_WORD_STATIC("A mail tells the person how to choose a new password. "
                      "You never see a code or a password."),
      false, false, false },
    [DEED_PASS] = { "pass", MFA_WORD_STATIC("Make a helpdesk pass"),
      MFA_WORD_STATIC("For somebody whose identity you have verified by "
                      "phone: ten characters that you read to them. After "
                      "the password they let the person set up a new device, "
                      "once, within an hour."), false, false, false },
    [DEED_REMOVE] = { "remove", MFA_WORD_STATIC("Remove"),
      MFA_WORD_STATIC("It cannot be used to log in any more, and the person "
                      "is logged out everywhere. Without another method they "
                      "set one up at the next login."), true, false, false },
    [DEED_CORRECT] = { "correct", MFA_WORD_STATIC("Correct"),
      MFA_WORD_STATIC("The new address takes the place of this one. Both "
                      "are told."), false, true, false },
    [DEED_ADD] = { "add", MFA_WORD_STATIC("Add an email address"),
      MFA_WORD_STATIC("All addresses are told."), false, true, false },
    [DEED_DISABLE] = { "disable", MFA_WORD_STATIC("Disable"),
      MFA_WORD_STATIC("The person is logged out everywhere and cannot log in "
                      "until somebody enables them."), true, false, false },
    [DEED_ENABLE] = { "enable", MFA_WORD_STATIC("Enable"),
      MFA_WORD_STATIC("The person can log in again as before."), false,
      false, false },
    [DEED_EXTEND] = { "extend",
      MFA_WORD_STATIC("Give more time to set up a second factor"),
      MFA_WORD_STATIC("Until the end of that day the person can log in with "
                      "the password alone. It can be 45 days from today at "
                      "most. The person is told."), false, false, true },
};


typedef struct {
    mfa_visit_t             *visit;
    const mfa_person_t      *person;
    const mfa_staff_left_t  *left;
    mfa_str_t                whom;
    mfa_value_t             *map;
    mfa_value_t             *list;
} deeds_case_t;


static void
deed_add(deeds_case_t *at, person_deed_kind_t kind, mfa_str_t subject,
    mfa_str_t label)
{
    mfa_str_t             key;
    mfa_value_t          *item;
    mfa_visit_t          *visit = at->visit;
    const person_deed_t  *deed = &person_deeds[kind];

    item = mfa_value_add_map(at->list);
    key = mfa_arena_printf(visit->work->arena, "%s-" MFA_STR_FMT, deed->name,
                           MFA_STR_ARG(subject));

    mfa_value_set_str(item, "deed", mfa_str_from(deed->name));
    mfa_value_set_str(item, "label",
                      mfa_words_get(visit->env->words, deed->label));
    mfa_value_set_str(item, "of", label);
    mfa_value_set_str(item, "help",
                      mfa_words_get(visit->env->words, deed->help));
    mfa_value_set_str(item, "subject", subject);
    mfa_value_set_str(item, "key", key);
    mfa_value_set_flag(item, "is_danger", deed->is_danger);
    mfa_value_set_flag(item, "has_address", deed->has_address);
    mfa_value_set_flag(item, "has_date", deed->has_date);
    mfa_value_set_flag(item, "is_open", false);
    mfa_value_set_str(item, "reason", mfa_null);
    mfa_value_set_str(item, "address", mfa_null);
    mfa_value_set_str(item, "wrong_reason", mfa_null);
    mfa_value_set_str(item, "wrong_address", mfa_null);
    mfa_value_set_str(item, "wrong_date", mfa_null);

    if (mfa_staff_is_of(at->left, deed->name, subject, at->whom)) {
        mfa_staff_form(visit, at->left, key, at->map, item);
    }
}


static void
deeds_of_methods(deeds_case_t *at)
{
    size_t               i;
    const mfa_factor_t  *factor;

    for (i = 0; i < at->person->methods.count; i++) {
        factor = mfa_factor_by_name(at->person->methods.records[i].kind);

        if (factor != NULL) {
            deed_add(at, DEED_REMOVE, mfa_str_from(factor->name),
                     mfa_words_get(at->visit->env->words, factor->label));
        }
    }
}


static void
deeds_of_addresses(deeds_case_t *at)
{
    size_t             i;
    const mfa_user_t  *user = &at->person->view.user;

    if (user->email.len > 0) {
        deed_add(at, DEED_CORRECT, user->email, user->email);
    }

    for (i = 0; i < user->other_emails.count; i++) {
        deed_add(at, DEED_CORRECT, user->other_emails.items[i],
                 user->other_emails.items[i]);
    }

    deed_add(at, DEED_ADD, mfa_null, mfa_null);
}


static void
deeds_fill(deeds_case_t *at)
{
    bool               may_log_in, needs_two;
    const mfa_user_t  *user = &at->person->view.user;

    at->list = mfa_value_set_list(at->map, "deeds");

    may_log_in = mfa_user_may_log_in(user) == MFA_VERDICT_PASS;
    needs_two = mfa_staff_needs_two(at->visit->work->model->settings, user);

    mfa_value_set_flag(at->map, "needs_two", needs_two);

    deed_add(at, DEED_UNLOCK, mfa_null, mfa_null);
    deed_add(at, DEED_END, mfa_null, mfa_null);

    if (may_log_in && user->registered_at == 0) {
        deed_add(at, DEED_INVITE, mfa_null, mfa_null);
    }

    if (at->person->grace.has_deadline) {
        deed_add(at, DEED_EXTEND, mfa_null, mfa_null);
    }

    if (may_log_in && user->registered_at != 0) {
        deed_add(at, DEED_RESET, mfa_null, mfa_null);
    }

    if (may_log_in && user->registered_at != 0 && !needs_two) {
        deed_add(at, DEED_PASS, mfa_null, mfa_null);
    }

    if (!needs_two) {
        deeds_of_methods(at);
    }

    deeds_of_addresses(at);

    deed_add(at, user->is_disabled ? DEED_ENABLE : DEED_DISABLE, mfa_null,
             mfa_null);
}


static void
person_may(deeds_case_t *at)
{
    bool                         is_self;
    mfa_visit_t                 *visit = at->visit;
    const mfa_user_t            *user = &at->person->view.user;
    const mfa_model_settings_t  *settings = visit->work->model->settings;

    is_self = memcmp(user->id.bytes, visit->who.user.id.bytes, MFA_ID_SIZE)
              == 0;

    mfa_value_set_flag(at->map, "is_self", is_self);

    if (mfa_staff_may(settings, &visit->who.user, user) == MFA_VERDICT_PASS) {
        mfa_value_set_flag(at->map, "may_act", true);
        deeds_fill(at);

    } else {
        mfa_value_set_flag(at->map, "is_above", !is_self);
    }
}


static mfa_status_t
person_get(mfa_visit_t *visit)
{
    bool              is_here;
    mfa_value_t      *map;
    mfa_person_t      person;
    mfa_status_t      st;
    deeds_case_t      at;
    mfa_staff_left_t  left;

    st = mfa_staff_gate(visit, false, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    memset(&person, 0, sizeof(person));
    person.settings = visit->env->flow->settings;

    st = mfa_staff_id(visit->rest, &person.id);

    if (st == MFA_OK) {
        st = mfa_view(visit->work, mfa_person_read, &person);
    }

    if (st == MFA_NOT_FOUND) {
        return mfa_visit_fault(visit, 404);
    }

    if (st == MFA_OK) {
        st = mfa_staff_take(visit, &left);
    }

    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);
    at = (deeds_case_t) { visit, &person, &left, visit->rest, map, NULL };

    mfa_value_set_str(map, "whom", visit->rest);

    if (left.field.len == 0) {
        mfa_value_set_str(map, "notice",
                          mfa_words_get(visit->env->words, left.word));
    }

    if (left.pass.len > 0 && mfa_str_eq(left.whom, visit->rest)) {
        mfa_value_set_str(map, "pass", left.pass);
    }

    person_may(&at);

    st = mfa_person_fill(visit, &person, map);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_render(visit, 200, "person.html", map);
}


static mfa_status_t
person_post(mfa_visit_t *visit)
{
    bool              is_here;
    size_t            i;
    mfa_str_t         pressed;
    mfa_status_t      st;
    mfa_staff_deed_t  deed;

    st = mfa_staff_gate(visit, false, &is_here);
    if (st != MFA_OK || !is_here) {
        return st;
    }

    memset(&deed, 0, sizeof(deed));

    pressed = mfa_pairs_get(&visit->form, mfa_str("do"));

    for (i = 0; i < DEED_COUNT; i++) {
        if (mfa_str_eq_c(pressed, person_deeds[i].name)) {
            deed.name = person_deeds[i].name;
        }
    }

    if (mfa_staff_id(visit->rest, &deed.user) != MFA_OK) {
        return mfa_visit_fault(visit, 404);
    }

    if (deed.name == NULL) {
        return mfa_visit_redirect(visit, visit->path, mfa_null);
    }

    deed.reason = mfa_pairs_get(&visit->form, mfa_str("reason"));
    deed.subject = mfa_pairs_get(&visit->form, mfa_str("subject"));
    deed.value = mfa_staff_value(visit);

    return mfa_staff_press(visit, &deed);
}


const mfa_page_t  mfa_page_person = {
    .path = "people/",
    .get = person_get,
    .post = person_post,
};
