/*
 * The values a template shows: maps, lists, strings and flags in an arena.
 *
 * Builders never fail aloud. Out of memory is remembered by the arena, where
 * the rendering finds it; what is built on a NULL is nothing.
 */

#include "mfa_template_parse.h"


static mfa_value_t *
value_make(mfa_arena_t *arena, mfa_value_kind_t kind)
{
    mfa_value_t  *value;

    value = mfa_arena_alloc(arena, sizeof(mfa_value_t));
    if (value == NULL) {
        return NULL;
    }

    value->kind = kind;
    value->arena = arena;

    return value;
}


static void
value_append(mfa_value_t *parent, mfa_value_t *child)
{
    if (parent->last == NULL) {
        parent->first = child;

    } else {
        parent->last->next = child;
    }

    parent->last = child;
}


static mfa_value_t *
value_find(const mfa_value_t *map, mfa_str_t name)
{
    mfa_value_t  *child;

    for (child = map->first; child != NULL; child = child->next) {
        if (mfa_str_eq(child->name, name)) {
            return child;
        }
    }

    return NULL;
}


/* the value of that name, emptied when it is there already */

static mfa_value_t *
value_set(mfa_value_t *map, const char *name, mfa_value_kind_t kind)
{
    mfa_value_t  *child;

    if (map == NULL || map->kind != MFA_VALUE_MAP) {
        return NULL;
    }

    child = value_find(map, mfa_str_from(name));

    if (child != NULL) {
        child->kind = kind;
        child->text = mfa_null;
        child->flag = false;
        child->first = NULL;
        child->last = NULL;

        return child;
    }

    child = value_make(map->arena, kind);
    if (child == NULL) {
        return NULL;
    }

    child->name = mfa_str_from(name);
    value_append(map, child);

    return child;
}


mfa_value_t *
mfa_value_map(mfa_arena_t *arena)
{
    return value_make(arena, MFA_VALUE_MAP);
}


void
mfa_value_set_str(mfa_value_t *map, const char *name, mfa_str_t s)
{
    mfa_value_t  *value;

    value = value_set(map, name, MFA_VALUE_STR);
    if (value != NULL) {
        value->text = s;
    }
}


void
mfa_value_set_flag(mfa_value_t *map, const char *name, bool flag)
{
    mfa_value_t  *value;

    value = value_set(map, name, MFA_VALUE_FLAG);
    if (value != NULL) {
        value->flag = flag;
    }
}


mfa_value_t *
mfa_value_set_map(mfa_value_t *map, const char *name)
{
    return value_set(map, name, MFA_VALUE_MAP);
}


mfa_value_t *
mfa_value_set_list(mfa_value_t *map, const char *name)
{
    return value_set(map, name, MFA_VALUE_LIST);
}


mfa_value_t *
mfa_value_add_map(mfa_value_t *list)
{
    mfa_value_t  *item;

    if (list == NULL || list->kind != MFA_VALUE_LIST) {
        return NULL;
    }

    item = mfa_value_map(list->arena);
    if (item != NULL) {
        value_append(list, item);
    }

    return item;
}


const mfa_value_t *
mfa_value_get(const mfa_value_t *value, mfa_str_t name)
{
    if (value == NULL || value->kind != MFA_VALUE_MAP) {
        return NULL;
    }

    return value_find(value, name);
}
