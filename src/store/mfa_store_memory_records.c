/*
 * The memory engine: the array of records inside a transaction. A writer
 * works on a copy of its own. Frees nothing but that copy.
 */

#include <stdlib.h>

#include "mfa_store_memory.h"

#define MEMORY_OVERHEAD  64             /* of a record, about */


mfa_str_t
mfa_store_memory_key(const memory_record_t *record)
{
    return mfa_str_bytes(record->bytes, record->key_len);
}


static mfa_str_t
memory_value(const memory_record_t *record)
{
    return mfa_str_bytes(record->bytes + record->key_len, record->value_len);
}


static int64_t
memory_size(const memory_record_t *record)
{
    return (int64_t) (record->key_len + record->value_len) + MEMORY_OVERHEAD;
}


/* where key is, or would be */

static size_t
memory_find(const memory_array_t *array, mfa_str_t key, bool *is_there)
{
    int     order;
    size_t  low, high, middle;

    low = 0;
    high = array->count;
    *is_there = false;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = mfa_str_cmp(mfa_store_memory_key(array->records[middle]), key);

        if (order == 0) {
            *is_there = true;
            return middle;
        }

        if (order < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


memory_array_t *
mfa_store_memory_copy(const memory_array_t *from, size_t size)
{
    memory_array_t  *array;

    array = malloc(sizeof(memory_array_t) + size * sizeof(memory_record_t *));
    if (array == NULL) {
        return NULL;
    }

    array->gone = NULL;
    array->version = from == NULL ? 1 : from->version;
    array->used = from == NULL ? 0 : from->used;
    array->count = from == NULL ? 0 : from->count;
    array->size = size;

    if (array->count != 0) {
        memcpy(array->records, from->records,
               array->count * sizeof(memory_record_t *));
    }

    return array;
}


mfa_status_t
mfa_store_memory_get(mfa_txn_t *base, mfa_str_t key, mfa_str_t *value)
{
    bool                 is_there;
    size_t               i;
    const memory_txn_t  *txn;

    txn = (const memory_txn_t *) base;

    i = memory_find(txn->array, key, &is_there);
    if (!is_there) {
        return MFA_NOT_FOUND;
    }

    *value = memory_value(txn->array->records[i]);

    return MFA_OK;
}


mfa_status_t
mfa_store_memory_next(mfa_txn_t *base, mfa_str_t prefix, mfa_str_t after,
    mfa_str_t *key, mfa_str_t *value)
{
    bool                 is_after, is_there;
    size_t               i;
    const memory_txn_t  *txn;

    txn = (const memory_txn_t *) base;

    is_after = after.data != NULL && mfa_str_cmp(after, prefix) >= 0;

    i = memory_find(txn->array, is_after ? after : prefix, &is_there);

    if (is_after && is_there) {
        i++;
    }

    if (i == txn->array->count) {
        return MFA_NOT_FOUND;
    }

    *key = mfa_store_memory_key(txn->array->records[i]);
    *value = memory_value(txn->array->records[i]);

    return mfa_str_has_prefix(*key, prefix) ? MFA_OK : MFA_NOT_FOUND;
}


/* an array of our own, with room for one more */

static mfa_status_t
memory_own(memory_txn_t *txn)
{
    memory_array_t  *array;

    if (!txn->is_writer) {
        txn->fault = MFA_BUG;
        return MFA_BUG;
    }

    if (txn->is_copied && txn->array->count < txn->array->size) {
        return MFA_OK;
    }

    array = mfa_store_memory_copy(txn->array, txn->array->count * 5 / 4 + 16);
    if (array == NULL) {
        txn->fault = MFA_NO_MEMORY;
        return MFA_NO_MEMORY;
    }

    if (txn->is_copied) {
        free(txn->array);

    } else {
        array->version++;
    }

    txn->array = array;
    txn->is_copied = true;

    return MFA_OK;
}


static void
memory_drop(memory_txn_t *txn, size_t i)
{
    memory_record_t  *record;

    record = txn->array->records[i];
    record->gone = txn->gone;
    txn->gone = record;
    txn->array->used -= memory_size(record);
}


mfa_status_t
mfa_store_memory_put(mfa_txn_t *base, mfa_str_t key, mfa_str_t value)
{
    bool              is_there;
    size_t            i;
    mfa_status_t      st;
    memory_txn_t     *txn;
    memory_array_t   *array;
    memory_record_t  *record;

    txn = (memory_txn_t *) base;

    st = memory_own(txn);
    if (st != MFA_OK) {
        return st;
    }

    record = malloc(sizeof(memory_record_t) + key.len + value.len);
    if (record == NULL) {
        txn->fault = MFA_NO_MEMORY;
        return MFA_NO_MEMORY;
    }

    record->gone = NULL;
    record->made = txn->made;
    txn->made = record;

    record->key_len = key.len;
    record->value_len = value.len;
    memcpy(record->bytes, key.data, key.len);

    if (value.len != 0) {
        memcpy(record->bytes + key.len, value.data, value.len);
    }

    array = txn->array;
    i = memory_find(array, key, &is_there);

    if (is_there) {
        memory_drop(txn, i);

    } else {
        memmove(&array->records[i + 1], &array->records[i],
                (array->count - i) * sizeof(memory_record_t *));
        array->count++;
    }

    array->records[i] = record;
    array->used += memory_size(record);

    return MFA_OK;
}


mfa_status_t
mfa_store_memory_del(mfa_txn_t *base, mfa_str_t key)
{
    bool             is_there;
    size_t           i;
    mfa_status_t     st;
    memory_txn_t    *txn;
    memory_array_t  *array;

    txn = (memory_txn_t *) base;

    st = memory_own(txn);
    if (st != MFA_OK) {
        return st;
    }

    array = txn->array;

    i = memory_find(array, key, &is_there);
    if (!is_there) {
        return MFA_NOT_FOUND;
    }

    memory_drop(txn, i);
    array->count--;
    memmove(&array->records[i], &array->records[i + 1],
            (array->count - i) * sizeof(memory_record_t *));

    return MFA_OK;
}
