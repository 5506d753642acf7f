/*
 * A person of an import against the store: whom it means, what it changes.
 *
 * A column that is there is taken over, an empty one clears the field; the
 * address, the name and the password are never cleared. A password that its
 * owner has set or used since stays: the same file may be imported again.
 */

#include "mfactl.h"


static mfa_status_t
merge_bad(mfactl_person_t *person, const char *why, mfa_str_t what)
{
    person->change = MFACTL_BAD;
    mfa_error_set(&person->error, "%s \"" MFA_STR_FMT "\" belongs to another "
                  "person", why, MFA_STR_ARG(what));

    return MFA_OK;
}


/* user: who has it; MFA_NOT_FOUND: nobody */

static mfa_status_t
merge_find(mfa_tx_t *tx, mfactl_person_t *person, bool *is_known)
{
    mfa_str_t     email, name;
    mfa_user_t    other;
    mfa_status_t  st, by_name;

    *is_known = false;

    email = mfactl_value(person->columns, person->values, MFACTL_EMAIL);
    name = mfactl_value(person->columns, person->values, MFACTL_USER);
    st = MFA_NOT_FOUND;
    by_name = MFA_NOT_FOUND;

    if (email.len > 0) {
        st = mfa_user_by_email(tx, email, &person->user);
    }

    if (name.len > 0 && (st == MFA_OK || st == MFA_NOT_FOUND)) {
        by_name = mfa_user_by_name(tx, name, &other);
    }

    if ((st != MFA_OK && st != MFA_NOT_FOUND)
        || (by_name != MFA_OK && by_name != MFA_NOT_FOUND))
    {
        return st != MFA_OK && st != MFA_NOT_FOUND ? st : by_name;
    }

    if (st == MFA_OK && by_name == MFA_OK
        && memcmp(other.id.bytes, person->user.id.bytes, MFA_ID_SIZE) != 0)
    {
        return merge_bad(person, "user", name);
    }

    if (st == MFA_NOT_FOUND && by_name == MFA_OK) {
        person->user = other;
    }

    *is_known = st == MFA_OK || by_name == MFA_OK;

    return MFA_OK;
}


static bool
strs_differ(const mfa_strs_t *a, const mfa_strs_t *b)
{
    size_t  i;

    if (a->count != b->count) {
        return true;
    }

    for (i = 0; i < a->count; i++) {
        if (!mfa_str_eq(a->items[i], b->items[i])) {
            return true;
        }
    }

    return false;
}


static bool
merge_text(mfa_str_t *field, mfa_str_t value)
{
    if (mfa_str_eq(*field, value)) {
        return false;
    }

    *field = value;

    return true;
}


static bool
merge_strs(mfa_strs_t *field, const mfa_strs_t *value)
{
    if (!strs_differ(field, value)) {
        return false;
    }

    *field = *value;

    return true;
}


/*
 * A new first address. One that was among the others changes places with
 * the old one, unless the file says which the others are.
 */

static mfa_status_t
merge_email(mfa_arena_t *arena, mfactl_person_t *person, mfa_str_t email,
    bool *is_changed)
{
    size_t        i;
    mfa_str_t     word;
    mfa_strs_t    others;
    mfa_user_t   *user = &person->user;
    mfa_status_t  st;

    if (email.len == 0 || mfa_str_eq(user->email, email)) {
        return MFA_OK;
    }

    others = (mfa_strs_t) { NULL, 0 };

    for (i = 0; i < user->other_emails.count; i++) {
        word = user->other_emails.items[i];

        if (mfa_str_eq(word, email)) {
            word = user->email;
        }

        st = mfa_strs_add(arena, &others, word);
        if (st != MFA_OK) {
            return st;
        }
    }

    user->other_emails = others;
    user->email = email;
    *is_changed = true;

    return MFA_OK;
}


static mfa_status_t
merge_others(mfa_arena_t *arena, mfactl_person_t *person, mfa_str_t value,
    bool *is_changed)
{
    size_t        i;
    mfa_strs_t    words, others;
    mfa_status_t  st;

    st = mfactl_words(arena, value, &words);

    others = (mfa_strs_t) { NULL, 0 };

    for (i = 0; i < words.count && st == MFA_OK; i++) {
        if (!mfa_str_eq(words.items[i], person->user.email)) {
            st = mfa_strs_add(arena, &others, words.items[i]);
        }
    }

    *is_changed |= merge_strs(&person->user.other_emails, &others);

    return st;
}


static mfa_status_t
merge_attr(mfa_arena_t *arena, mfa_pairs_t *attrs, mfa_str_t name,
    mfa_str_t value, bool *is_changed)
{
    size_t             i;
    mfa_pairs_t        fresh;
    mfa_status_t       st;
    const mfa_pair_t  *pair;

    if (mfa_str_eq(mfa_pairs_get(attrs, name), value)) {
        return MFA_OK;
    }

    fresh = (mfa_pairs_t) { NULL, 0 };
    st = MFA_OK;

    for (i = 0; i < attrs->count && st == MFA_OK; i++) {
        pair = &attrs->items[i];

        if (!mfa_str_eq(pair->name, name)) {
            st = mfa_pairs_add(arena, &fresh, pair->name, pair->value);
        }
    }

    if (st == MFA_OK && value.len > 0) {
        st = mfa_pairs_add(arena, &fresh, name, value);
    }

    *attrs = fresh;
    *is_changed = true;

    return st;
}


static bool
merge_password(mfa_tx_t *tx, mfactl_person_t *person, mfa_str_t hash)
{
    mfa_user_t  *user = &person->user;

    if (hash.len == 0 || mfa_str_eq(user->password, hash)
        || (user->password.len > 0
            && !mfa_oldhash_is_known_form(user->password)))
    {
        return false;
    }

    user->password = hash;
    user->password_at = tx->now;
    user->password_failures = 0;
    person->has_new_password = true;

    return true;
}


static mfa_status_t
merge_column(mfa_tx_t *tx, mfactl_person_t *person, size_t i,
    bool *is_changed)
{
    mfa_str_t               value;
    mfa_strs_t              words;
    mfa_user_t             *user = &person->user;
    mfa_arena_t            *arena = tx->work->arena;
    mfa_status_t            st;
    const mfactl_column_t  *column;

    value = person->values[i];
    column = &person->columns->items[i];

    switch (column->field) {

    case MFACTL_EMAIL:                  /* done before */
        return MFA_OK;

    case MFACTL_USER:
        *is_changed |= value.len > 0 && merge_text(&user->user, value);
        return MFA_OK;

    case MFACTL_FIRST_NAME:
        *is_changed |= merge_text(&user->first_name, value);
        return MFA_OK;

    case MFACTL_SURNAME:
        *is_changed |= merge_text(&user->surname, value);
        return MFA_OK;

    case MFACTL_MANAGER:
        *is_changed |= merge_text(&user->manager, value);
        return MFA_OK;

    case MFACTL_LANGUAGE:               /* nobody's choice ends by a gap */
        *is_changed |= value.len > 0 && merge_text(&user->language, value);
        return MFA_OK;

    case MFACTL_PASSWORD_HASH:
        *is_changed |= merge_password(tx, person, value);
        return MFA_OK;

    case MFACTL_OTHER_EMAIL:
        return merge_others(arena, person, value, is_changed);

    case MFACTL_GROUPS:
        st = mfactl_words(arena, value, &words);
        *is_changed |= merge_strs(&user->groups, &words);
        return st;

    default:
        return merge_attr(arena, &user->attrs, column->name, value,
                          is_changed);
    }
}


/* addresses that the person would have and another has */

static mfa_status_t
merge_check_taken(mfa_tx_t *tx, mfactl_person_t *person)
{
    size_t        i;
    mfa_str_t     email;
    mfa_user_t    other;
    mfa_status_t  st;

    for (i = 0; i < person->user.other_emails.count; i++) {
        email = person->user.other_emails.items[i];

        st = mfa_user_by_email(tx, email, &other);

        if (st == MFA_OK
            && memcmp(other.id.bytes, person->user.id.bytes, MFA_ID_SIZE)
               != 0)
        {
            return merge_bad(person, "other_email", email);
        }

        if (st != MFA_OK && st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


/* who is new has a name, as somebody has who registers alone: the address */

static mfa_status_t
merge_begin(mfa_tx_t *tx, mfactl_person_t *person)
{
    bool           is_known;
    mfa_status_t   st;

    person->change = MFACTL_UNCHANGED;
    person->has_new_password = false;
    person->error.text[0] = '\0';

    st = merge_find(tx, person, &is_known);

    if (st != MFA_OK || person->change == MFACTL_BAD || is_known) {
        return st;
    }

    st = mfa_user_make(tx, &person->user);
    if (st != MFA_OK) {
        return st;
    }

    person->change = MFACTL_ADDED;
    person->user.email = mfactl_value(person->columns, person->values,
                                      MFACTL_EMAIL);
    person->user.user = person->user.email;

    return MFA_OK;
}


mfa_status_t
mfactl_person_look(mfa_tx_t *tx, mfactl_person_t *person)
{
    bool          is_changed;
    size_t        i;
    mfa_status_t  st;

    st = merge_begin(tx, person);
    if (st != MFA_OK || person->change == MFACTL_BAD) {
        return st;
    }

    is_changed = !person->user.is_on_roster;
    person->user.is_on_roster = true;

    st = merge_email(tx->work->arena, person,
                     mfactl_value(person->columns, person->values,
                                  MFACTL_EMAIL), &is_changed);

    for (i = 0; i < person->columns->count && st == MFA_OK; i++) {
        st = merge_column(tx, person, i, &is_changed);
    }

    if (st == MFA_INVALID) {
        person->change = MFACTL_BAD;
        mfa_error_set(&person->error, "too many groups, addresses or "
                      "attributes together with those that stand");
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (person->user.email.len == 0 && person->user.other_emails.count > 0) {
        person->change = MFACTL_BAD;
        mfa_error_set(&person->error, "other_email without email");
        return MFA_OK;
    }

    if (is_changed && person->change == MFACTL_UNCHANGED) {
        person->change = MFACTL_CHANGED;
    }

    return is_changed ? merge_check_taken(tx, person) : MFA_OK;
}


/* what was checked a moment ago may be somebody else's now */

mfa_status_t
mfactl_person_write(mfa_tx_t *tx, mfactl_person_t *person)
{
    mfa_str_t     taken;
    mfa_status_t  st;

    st = mfactl_person_look(tx, person);

    if (st != MFA_OK || person->change == MFACTL_BAD
        || person->change == MFACTL_UNCHANGED)
    {
        return st;
    }

    if (person->change == MFACTL_ADDED) {
        st = mfa_user_add(tx, &person->user, &taken);

    } else if (person->has_new_password) {
        st = mfa_session_end_all(tx, &person->user);

    } else {
        st = mfa_user_save(tx, &person->user, &taken);
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfactl_event(tx, person->change == MFACTL_ADDED ? "user.add"
                                                           : "user.change",
                        &person->user.id);
}
