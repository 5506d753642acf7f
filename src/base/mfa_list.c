/*
 * Small lists of strings and of pairs.
 *
 * A list keeps no room to spare, because nobody could tell whether the array
 * behind it has any: each addition moves it. Lists are short.
 */

#include "mfa_base.h"


mfa_status_t
mfa_strs_add(mfa_arena_t *arena, mfa_strs_t *list, mfa_str_t s)
{
    mfa_str_t  *items;

    if (list->count >= MFA_LIST_MAX) {
        return MFA_INVALID;
    }

    items = mfa_arena_alloc(arena, (list->count + 1) * sizeof(mfa_str_t));
    if (items == NULL) {
        return MFA_NO_MEMORY;
    }

    if (list->count > 0) {
        memcpy(items, list->items, list->count * sizeof(mfa_str_t));
    }

    items[list->count] = s;

    list->items = items;
    list->count++;

    return MFA_OK;
}


mfa_status_t
mfa_pairs_add(mfa_arena_t *arena, mfa_pairs_t *list, mfa_str_t name,
    mfa_str_t value)
{
    mfa_pair_t  *items;

    if (list->count >= MFA_LIST_MAX) {
        return MFA_INVALID;
    }

    items = mfa_arena_alloc(arena, (list->count + 1) * sizeof(mfa_pair_t));
    if (items == NULL) {
        return MFA_NO_MEMORY;
    }

    if (list->count > 0) {
        memcpy(items, list->items, list->count * sizeof(mfa_pair_t));
    }

    items[list->count] = (mfa_pair_t) { name, value };

    list->items = items;
    list->count++;

    return MFA_OK;
}


bool
mfa_strs_has(const mfa_strs_t *list, mfa_str_t s)
{
    size_t  i;

    for (i = 0; i < list->count; i++) {
        if (mfa_str_eq(list->items[i], s)) {
            return true;
        }
    }

    return false;
}


mfa_str_t
mfa_pairs_get(const mfa_pairs_t *list, mfa_str_t name)
{
    size_t  i;

    for (i = 0; i < list->count; i++) {
        if (mfa_str_eq(list->items[i].name, name)) {
            return list->items[i].value;
        }
    }

    return mfa_null;
}
