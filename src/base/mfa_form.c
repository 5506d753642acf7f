/*
 * Fields of a form: application/x-www-form-urlencoded.
 *
 * Stricter than browsers need: whatever another parser might read in a
 * second way (a field given twice, an array, a broken escape) is refused as
 * a whole. Which bytes a value may hold is the business of its reader.
 */

#include "mfa_base.h"


static mfa_status_t
form_decode(mfa_arena_t *arena, mfa_str_t text, mfa_str_t *out)
{
    char  *data;

    data = mfa_arena_alloc(arena, text.len + 1);
    if (data == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_percent_decode(text, ' ', data, out);
}


static bool
form_has(const mfa_pairs_t *fields, mfa_str_t name)
{
    size_t  i;

    for (i = 0; i < fields->count; i++) {
        if (mfa_str_eq(fields->items[i].name, name)) {
            return true;
        }
    }

    return false;
}


static mfa_status_t
form_add(mfa_arena_t *arena, mfa_str_t field, mfa_pairs_t *fields)
{
    mfa_str_t     raw, name, value;
    mfa_status_t  st;

    raw = mfa_str_split(&field, '=');

    /* bounded before it is copied */

    if (raw.len == 0 || raw.len > 3 * MFA_FORM_NAME_MAX
        || fields->count == MFA_FORM_FIELDS_MAX)
    {
        return MFA_INVALID;
    }

    st = form_decode(arena, raw, &name);
    if (st != MFA_OK) {
        return st;
    }

    if (name.len > MFA_FORM_NAME_MAX || name.data[name.len - 1] == ']'
        || form_has(fields, name))
    {
        return MFA_INVALID;
    }

    st = form_decode(arena, field, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_pairs_add(arena, fields, name, value);
}


mfa_status_t
mfa_form_parse(mfa_arena_t *arena, mfa_str_t text, mfa_pairs_t *fields)
{
    mfa_str_t     field;
    mfa_pairs_t   found;
    mfa_status_t  st;

    fields->items = NULL;
    fields->count = 0;
    found = *fields;

    while (text.len != 0) {
        field = mfa_str_split(&text, '&');

        if (field.len == 0) {
            continue;
        }

        st = form_add(arena, field, &found);
        if (st != MFA_OK) {
            return st;
        }
    }

    *fields = found;

    return MFA_OK;
}
