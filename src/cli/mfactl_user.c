/*
 * user add, list, show, lock, unlock, disable, enable, delete.
 *
 * What makes things safer may use the reserved part of the store and ends
 * all sessions in the same commit.
 */

#include "mfactl.h"


#define LIST_COLUMNS  "email:36 user:20 name:24 state:12 login_at:24 groups"


mfa_status_t
mfactl_user_find(mfa_tx_t *tx, const char *typed, mfa_user_t *user)
{
    mfa_str_t     email;
    mfa_status_t  st;

    if (strchr(typed, '@') == NULL) {
        return mfa_user_by_name(tx, mfa_str_from(typed), user);
    }

    st = mfa_email_canonical(tx->work->arena, mfa_str_from(typed), &email);

    if (st == MFA_OK) {
        st = mfa_user_by_email(tx, email, user);
    }

    /* a name may look like an address that the person no longer has */

    if (st == MFA_NOT_FOUND || st == MFA_INVALID) {
        st = mfa_user_by_name(tx, mfa_str_from(typed), user);
    }

    return st;
}


const char *
mfactl_user_state(const mfa_user_t *user)
{
    return user->is_disabled ? "disabled"
           : user->is_locked ? "locked"
           : user->registered_at == 0 ? "unregistered" : "active";
}


static mfa_status_t
user_page(mfa_tx_t *tx, void *arg)
{
    mfa_id_t        after;
    mfa_status_t    st;
    mfactl_page_t  *page = arg;

    page->count = 0;
    page->is_end = false;
    after = page->after;

    page->users = mfa_arena_alloc(tx->work->arena,
                                  MFACTL_VIEW_MAX * sizeof(mfa_user_t));
    if (page->users == NULL) {
        return MFA_NO_MEMORY;
    }

    while (page->count < MFACTL_VIEW_MAX) {
        st = mfa_user_next(tx, page->has_after || page->count > 0 ? &after
                                                                  : NULL,
                           &page->users[page->count]);

        if (st == MFA_NOT_FOUND) {
            page->is_end = true;
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        after = page->users[page->count++].id;
    }

    return MFA_OK;
}


mfa_status_t
mfactl_user_page(mfactl_t *ctl, mfactl_page_t *page)
{
    mfa_status_t  st;

    if (page->count > 0) {
        page->after = page->users[page->count - 1].id;
        page->has_after = true;
    }

    st = mfactl_turn(ctl, MFACTL_VIEW, user_page, page);

    if (st != MFA_OK) {
        page->count = 0;
        page->is_end = true;
    }

    return st;
}


static json_t *
user_row(mfactl_t *ctl, const mfa_user_t *user)
{
    json_t     *row;
    mfa_str_t   id, name;

    row = json_object();

    if (mfa_id_text(ctl->work.arena, &user->id, &id) != MFA_OK
        || mfa_user_full_name(ctl->work.arena, user, &name) != MFA_OK)
    {
        id = mfa_null;
        name = mfa_null;
    }

    mfactl_set(row, "id", id);
    mfactl_set(row, "email", user->email);
    mfactl_set(row, "user", user->user);
    mfactl_set(row, "name", name);
    mfactl_set(row, "state", mfa_str_from(mfactl_user_state(user)));
    mfactl_set_time(row, "login_at", user->login_at);
    mfactl_set_list(row, "groups", &user->groups);

    return row;
}


static bool
user_is_wanted(const mfactl_t *ctl, const mfa_user_t *user)
{
    return (ctl->group == NULL
            || mfa_strs_has(&user->groups, mfa_str_from(ctl->group)))
           && (ctl->state == NULL
               || strcmp(ctl->state, mfactl_user_state(user)) == 0);
}


mfactl_exit_t
mfactl_user_list(mfactl_t *ctl)
{
    size_t         i;
    mfa_status_t   st;
    mfactl_exit_t  code;
    mfactl_page_t  page = { .count = 0 };

    static const char  states[] = " active unregistered locked disabled ";

    if (ctl->state != NULL
        && (strchr(ctl->state, ' ') != NULL
            || strstr(states, mfa_arena_printf(ctl->arena, " %s ",
                                               ctl->state).data) == NULL))
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "a state is one of:%s", states);
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    /* a fault of the first page is told before a list is begun */

    st = mfactl_user_page(ctl, &page);
    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "list the users");
    }

    mfactl_list_begin(ctl, LIST_COLUMNS);

    for ( ;; ) {
        for (i = 0; i < page.count; i++) {
            if (user_is_wanted(ctl, &page.users[i])) {
                mfactl_list_row(ctl, LIST_COLUMNS,
                                user_row(ctl, &page.users[i]));
            }
        }

        if (page.is_end) {
            break;
        }

        st = mfactl_user_page(ctl, &page);
    }

    mfactl_list_end(ctl);

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "list the users");
}


/* show */

typedef struct {
    const char  *typed;
    mfa_user_t   user;
    json_t      *factors;
    size_t       sessions;
    size_t       devices;
    bool         is_row_closed;         /* what holds them, 0: nothing */
    mfa_time_t   passwords_until;
    mfa_time_t   codes_until;
    mfa_time_t   mail_until;
} show_t;


static mfa_status_t
show_limit(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject,
    mfa_time_t *until)
{
    mfa_status_t  st;

    st = mfa_limit_look(tx, kind, subject, until);

    if (st != MFA_LIMITED) {
        *until = 0;
        return st;
    }

    return MFA_OK;
}


/* in browsers where they are not known, and until when */

static mfa_status_t
show_holds(mfa_tx_t *tx, show_t *show)
{
    mfa_str_t          subject;
    mfa_status_t       st;
    const mfa_user_t  *user = &show->user;

    st = mfa_password_row_look(tx, user, &show->is_row_closed);

    if (st == MFA_OK) {
        st = mfa_limit_person(tx, user, user->email, &subject);
    }

    if (st == MFA_OK) {
        st = show_limit(tx, MFA_LIMIT_LOGIN_PERSON, subject,
                        &show->passwords_until);
    }

    if (st == MFA_OK) {
        st = show_limit(tx, MFA_LIMIT_SEND_PERSON, mfa_id_str(&user->id),
                        &show->codes_until);
    }

    if (st == MFA_OK && user->email.len > 0) {
        st = show_limit(tx, MFA_LIMIT_SEND_MAILBOX, user->email,
                        &show->mail_until);
    }

    return st;
}


static mfa_status_t
show_read(mfa_tx_t *tx, void *arg)
{
    show_t         *show = arg;
    mfa_status_t    st;
    mfa_device_t   *devices;
    mfa_session_t  *sessions;

    json_decref(show->factors);
    show->factors = NULL;

    st = mfactl_user_find(tx, show->typed, &show->user);

    if (st == MFA_OK) {
        st = mfactl_factors(tx, &show->user.id, &show->factors);
    }

    if (st == MFA_OK) {
        st = mfa_session_list(tx, &show->user.id, &sessions,
                              &show->sessions);
    }

    if (st == MFA_OK) {
        st = mfa_device_list(tx, &show->user.id, &devices, &show->devices);
    }

    return (st == MFA_OK) ? show_holds(tx, show) : st;
}


static json_t *
show_object(mfactl_t *ctl, show_t *show)
{
    size_t             i;
    json_t            *object, *attrs;
    char              *name;
    const mfa_user_t  *user = &show->user;

    object = user_row(ctl, user);
    attrs = json_object();

    for (i = 0; i < user->attrs.count; i++) {
        name = mfa_arena_cstr(ctl->work.arena, user->attrs.items[i].name);

        if (name != NULL) {
            mfactl_set(attrs, name, user->attrs.items[i].value);
        }
    }

    mfactl_set(object, "first_name", user->first_name);
    mfactl_set(object, "surname", user->surname);
    mfactl_set_list(object, "other_emails", &user->other_emails);
    mfactl_set(object, "manager", user->manager);
    mfactl_set(object, "language", user->language);
    json_object_set_new(object, "attrs", attrs);
    json_object_set_new(object, "has_password",
                        json_boolean(user->password.len > 0));
    mfactl_set_time(object, "password_at", user->password_at);
    json_object_set_new(object, "is_on_roster",
                        json_boolean(user->is_on_roster));
    mfactl_set_time(object, "added_at", user->added_at);
    mfactl_set_time(object, "registered_at", user->registered_at);
    mfactl_set_time(object, "secured_at", user->secured_at);
    mfactl_set_time(object, "deadline_at", user->deadline_at);
    json_object_set(object, "factors", show->factors);
    json_object_set_new(object, "sessions",
                        json_integer((json_int_t) show->sessions));
    json_object_set_new(object, "devices",
                        json_integer((json_int_t) show->devices));
    json_object_set_new(object, "is_password_closed",
                        json_boolean(show->is_row_closed));
    mfactl_set_time(object, "passwords_held_until", show->passwords_until);
    mfactl_set_time(object, "codes_held_until", show->codes_until);
    mfactl_set_time(object, "mail_held_until", show->mail_until);

    return object;
}


mfactl_exit_t
mfactl_user_show(mfactl_t *ctl)
{
    show_t         show = { .typed = ctl->args[0] };
    mfa_status_t   st;
    mfactl_exit_t  code;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_VIEW, show_read, &show);

    if (st == MFA_OK) {
        mfactl_put(ctl, show_object(ctl, &show));
    }

    json_decref(show.factors);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           ctl->args[0]);
    }

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "show the user");
}


/* add */

static mfa_status_t
add_write(mfa_tx_t *tx, void *arg)
{
    mfa_status_t      st;
    mfactl_person_t  *person = arg;

    st = mfactl_person_look(tx, person);

    if (st == MFA_OK && person->change != MFACTL_ADDED) {
        return MFA_EXISTS;
    }

    return st == MFA_OK ? mfactl_person_write(tx, person) : st;
}


/* EMAIL and "name=value" as columns; a hash would be in the list of
 * processes and in the shell's history */

static mfa_status_t
add_columns(mfactl_t *ctl, mfactl_columns_t *columns, mfa_str_t *values,
    mfa_error_t *error)
{
    size_t        i;
    mfa_str_t     word, name;
    mfa_status_t  st;

    st = mfactl_columns_add(columns, mfa_str("email"), ctl->arena, error);
    values[0] = mfa_str_from(ctl->args[0]);

    for (i = 1; i < ctl->nargs && st == MFA_OK; i++) {
        word = mfa_str_from(ctl->args[i]);

        if (strchr(ctl->args[i], '=') == NULL) {
            mfa_error_set(error, "\"%s\" is no NAME=VALUE", ctl->args[i]);
            return MFA_INVALID;
        }

        name = mfa_str_split(&word, '=');
        values[i] = word;

        st = mfactl_columns_add(columns, name, ctl->arena, error);
    }

    if (st == MFA_OK && mfactl_columns_have(columns, MFACTL_PASSWORD_HASH)) {
        mfa_error_set(error, "a password hash is no argument; use \"user "
                      "import\"");
        return MFA_INVALID;
    }

    return st;
}


mfactl_exit_t
mfactl_user_add(mfactl_t *ctl)
{
    json_t            *object;
    mfa_str_t         *values, id;
    mfa_error_t        error;
    mfa_status_t       st;
    mfactl_exit_t      code;
    mfactl_person_t    person = { .change = MFACTL_BAD };
    mfactl_columns_t   columns = { .count = 0 };

    error.text[0] = '\0';

    values = mfa_arena_alloc(ctl->arena, ctl->nargs * sizeof(mfa_str_t));

    if (values == NULL
        || add_columns(ctl, &columns, values, &error) != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "%s", error.text);
    }

    if (mfactl_person_check(&columns, values, ctl->arena, &error) != MFA_OK) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "%s", error.text);
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    person.columns = &columns;
    person.values = values;

    st = mfactl_turn(ctl, MFACTL_UPDATE, add_write, &person);

    if (st == MFA_EXISTS) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "%s",
                           person.error.text[0] != '\0' ? person.error.text
                           : "there is such a user already");
    }

    if (st != MFA_OK || mfa_id_text(ctl->work.arena, &person.user.id, &id)
                        != MFA_OK)
    {
        return mfactl_fail_status(ctl, st, "add the user");
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("user.add"));
    mfactl_set(object, "id", id);
    mfactl_set(object, "email", person.user.email);
    mfactl_set(object, "user", person.user.user);
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}
