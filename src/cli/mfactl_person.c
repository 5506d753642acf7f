/*
 * A person as columns: names checked, values made canonical, compared with
 * the store, written.
 *
 * The bounds are those of the record of a user (mfa_model.h); they are
 * checked here to be told field by field, and again by the model.
 * No message holds a password hash.
 */

#include "mfactl.h"


#define PERSON_ATTR_NAME   64
#define PERSON_ATTR_VALUE  512
#define PERSON_COLUMNS     (MFA_LIST_MAX + MFACTL_ATTR)

static const char *const  person_names[MFACTL_ATTR] = {
    [MFACTL_EMAIL] = "email",
    [MFACTL_USER] = "user",
    [MFACTL_FIRST_NAME] = "first_name",
    [MFACTL_SURNAME] = "surname",
    [MFACTL_GROUPS] = "groups",
    [MFACTL_OTHER_EMAIL] = "other_email",
    [MFACTL_MANAGER] = "manager",
    [MFACTL_LANGUAGE] = "language",
    [MFACTL_PASSWORD_HASH] = "password_hash",
};


static mfactl_field_t
person_field(mfa_str_t name)
{
    unsigned  field;

    for (field = 0; field < MFACTL_ATTR; field++) {
        if (mfa_str_eq_c(name, person_names[field])) {
            break;
        }
    }

    return (mfactl_field_t) field;
}


/*
 * An attribute reaches applications as $mfa_attr_NAME. A misspelt
 * "password_hash" must not, so what sounds like it is refused.
 */

static mfa_status_t
person_check_attr(mfa_str_t name, mfa_error_t *error)
{
    char    c;
    size_t  i;

    if (name.len == 0 || name.len > PERSON_ATTR_NAME) {
        mfa_error_set(error, "a column needs a name of 1 to %d bytes",
                      PERSON_ATTR_NAME);
        return MFA_INVALID;
    }

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') {
            mfa_error_set(error, "column \"" MFA_STR_FMT "\": a name has "
                          "letters, digits and \"_\" only",
                          MFA_STR_ARG(name));
            return MFA_INVALID;
        }
    }

    if (memmem(name.data, name.len, "pass", 4) != NULL
        || memmem(name.data, name.len, "hash", 4) != NULL)
    {
        mfa_error_set(error, "column \"" MFA_STR_FMT "\": applications would "
                      "see it; the column of hashes is \"password_hash\"",
                      MFA_STR_ARG(name));
        return MFA_INVALID;
    }

    return MFA_OK;
}


static mfa_str_t
person_lower(mfa_arena_t *arena, mfa_str_t name)
{
    char    *text;
    size_t   i;

    text = mfa_arena_cstr(arena, name);
    if (text == NULL) {
        return mfa_null;
    }

    for (i = 0; i < name.len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char) (text[i] | 0x20);
        }
    }

    return mfa_str_bytes(text, name.len);
}


mfa_status_t
mfactl_columns_add(mfactl_columns_t *columns, mfa_str_t name,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t           i;
    mfa_status_t     st;
    mfactl_field_t   field;

    name = person_lower(arena, mfa_str_trim(name));
    field = person_field(name);

    if (field == MFACTL_ATTR) {
        st = person_check_attr(name, error);
        if (st != MFA_OK) {
            return st;
        }
    }

    for (i = 0; i < columns->count; i++) {
        if (mfa_str_eq(columns->items[i].name, name)) {
            mfa_error_set(error, "column \"" MFA_STR_FMT "\" is there twice",
                          MFA_STR_ARG(name));
            return MFA_INVALID;
        }
    }

    if (columns->items == NULL) {
        columns->items = mfa_arena_alloc(arena, PERSON_COLUMNS
                                                * sizeof(mfactl_column_t));
    }

    if (columns->items == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    if (columns->count == PERSON_COLUMNS) {
        mfa_error_set(error, "more than %d columns", PERSON_COLUMNS);
        return MFA_INVALID;
    }

    columns->items[columns->count++] = (mfactl_column_t) { field, name };

    return MFA_OK;
}


bool
mfactl_columns_have(const mfactl_columns_t *columns, mfactl_field_t field)
{
    size_t  i;

    for (i = 0; i < columns->count; i++) {
        if (columns->items[i].field == field) {
            return true;
        }
    }

    return false;
}


mfa_str_t
mfactl_value(const mfactl_columns_t *columns, const mfa_str_t *values,
    mfactl_field_t field)
{
    size_t  i;

    for (i = 0; i < columns->count; i++) {
        if (columns->items[i].field == field) {
            return values[i];
        }
    }

    return mfa_null;
}


mfa_status_t
mfactl_words(mfa_arena_t *arena, mfa_str_t text, mfa_strs_t *words)
{
    char          c;
    size_t        i;
    mfa_str_t     word;
    mfa_status_t  st;

    *words = (mfa_strs_t) { NULL, 0 };

    while (text.len > 0) {
        for (i = 0; i < text.len; i++) {
            c = text.data[i];

            if (c == ';' || c == ',' || c == ' ' || c == '\t') {
                break;
            }
        }

        word = mfa_str_bytes(text.data, i);
        i += i < text.len;
        text = mfa_str_bytes(text.data + i, text.len - i);

        if (word.len == 0 || mfa_strs_has(words, word)) {
            continue;
        }

        st = mfa_strs_add(arena, words, word);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
person_check_text(const mfactl_column_t *column, mfa_str_t value, size_t max,
    mfa_error_t *error)
{
    const char  *why;

    why = NULL;

    if (value.len > max) {
        mfa_error_set(error, MFA_STR_FMT ": longer than %zu bytes",
                      MFA_STR_ARG(column->name), max);
        return MFA_INVALID;
    }

    if (!mfa_text_is_utf8(value)) {
        why = "not UTF-8";

    } else if (mfa_text_has_control(value)) {
        why = "has control characters";
    }

    if (why != NULL) {
        mfa_error_set(error, MFA_STR_FMT ": %s", MFA_STR_ARG(column->name),
                      why);
        return MFA_INVALID;
    }

    return MFA_OK;
}


static mfa_status_t
person_check_email(const mfactl_column_t *column, mfa_str_t *value,
    mfa_arena_t *arena, mfa_error_t *error)
{
    mfa_str_t     email;
    mfa_status_t  st;

    if (value->len == 0) {
        return MFA_OK;
    }

    st = mfa_email_canonical(arena, *value, &email);

    if (st == MFA_INVALID) {
        mfa_error_set(error, MFA_STR_FMT ": \"%.*s\" is no e-mail address",
                      MFA_STR_ARG(column->name),
                      (int) (value->len > 80 ? 80 : value->len), value->data);
    }

    *value = email;

    return st;
}


/* canonical addresses, separated by spaces */

static mfa_status_t
person_check_emails(const mfactl_column_t *column, mfa_str_t *value,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t        i;
    mfa_buf_t     buf;
    mfa_strs_t    words;
    mfa_status_t  st;

    st = mfactl_words(arena, *value, &words);

    if (st == MFA_INVALID || words.count > MFA_ADDRESSES_MAX - 1) {
        mfa_error_set(error, MFA_STR_FMT ": more than %d addresses",
                      MFA_STR_ARG(column->name), MFA_ADDRESSES_MAX - 1);
        return MFA_INVALID;
    }

    mfa_buf_init(&buf, arena, MFA_ADDRESSES_MAX * (MFA_EMAIL_MAX + 1));

    for (i = 0; i < words.count && st == MFA_OK; i++) {
        st = person_check_email(column, &words.items[i], arena, error);

        mfa_buf_puts(&buf, i > 0 ? " " : "");
        mfa_buf_put(&buf, words.items[i]);
    }

    return st == MFA_OK ? mfa_buf_str(&buf, value) : st;
}


static mfa_status_t
person_check_groups(const mfactl_column_t *column, mfa_str_t value,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t        i;
    mfa_strs_t    words;
    mfa_status_t  st;

    st = mfactl_words(arena, value, &words);

    if (st == MFA_INVALID) {
        mfa_error_set(error, MFA_STR_FMT ": more than %d groups",
                      MFA_STR_ARG(column->name), MFA_LIST_MAX);
    }

    for (i = 0; i < words.count && st == MFA_OK; i++) {
        st = person_check_text(column, words.items[i], MFA_GROUP_MAX, error);
    }

    return st;
}


/* "cy_GB" and "CY" are what other systems write */

static mfa_status_t
person_check_language(mfa_str_t *value, mfa_arena_t *arena,
    mfa_error_t *error)
{
    char    *text;
    size_t   i;

    if (value->len == 0) {
        return MFA_OK;
    }

    text = mfa_arena_cstr(arena, person_lower(arena, *value));
    if (text == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    for (i = 0; i < value->len; i++) {
        if (text[i] == '_') {
            text[i] = '-';
        }
    }

    if (!mfa_language_is_tag(mfa_str_bytes(text, value->len))) {
        mfa_error_set(error, "language: \"" MFA_STR_FMT "\" is no tag of a "
                      "language, such as \"cy\"", MFA_STR_ARG(*value));
        return MFA_INVALID;
    }

    *value = mfa_str_bytes(text, value->len);

    return MFA_OK;
}


static mfa_status_t
person_check_value(const mfactl_column_t *column, mfa_str_t *value,
    mfa_arena_t *arena, mfa_error_t *error)
{
    switch (column->field) {

    case MFACTL_EMAIL:
    case MFACTL_MANAGER:
        return person_check_email(column, value, arena, error);

    case MFACTL_OTHER_EMAIL:
        return person_check_emails(column, value, arena, error);

    case MFACTL_GROUPS:
        return person_check_groups(column, *value, arena, error);

    case MFACTL_USER:
        return person_check_text(column, *value, MFA_USER_NAME_MAX, error);

    case MFACTL_FIRST_NAME:
    case MFACTL_SURNAME:
        return person_check_text(column, *value, MFA_NAME_MAX, error);

    case MFACTL_LANGUAGE:
        return person_check_language(value, arena, error);

    case MFACTL_PASSWORD_HASH:
        if (value->len > 0 && !mfa_pwhash_is_known_form(*value)) {
            mfa_error_set(error, "password_hash: a form that is not known");
            return MFA_INVALID;
        }

        return MFA_OK;

    default:
        break;
    }

    if (mfa_pwhash_is_known_form(*value)) {
        mfa_error_set(error, MFA_STR_FMT ": this is a password hash, which "
                      "applications would see", MFA_STR_ARG(column->name));
        return MFA_INVALID;
    }

    return person_check_text(column, *value, PERSON_ATTR_VALUE, error);
}


mfa_status_t
mfactl_person_check(const mfactl_columns_t *columns, mfa_str_t *values,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t        i;
    mfa_str_t     email, user;
    mfa_status_t  st;

    for (i = 0; i < columns->count; i++) {
        values[i] = mfa_str_trim(values[i]);

        st = person_check_value(&columns->items[i], &values[i], arena, error);
        if (st != MFA_OK) {
            return st;
        }
    }

    email = mfactl_value(columns, values, MFACTL_EMAIL);
    user = mfactl_value(columns, values, MFACTL_USER);

    if (email.len == 0 && user.len == 0) {
        mfa_error_set(error, "neither email nor user");
        return MFA_INVALID;
    }

    return MFA_OK;
}
