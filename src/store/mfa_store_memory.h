/*
 * Between the two files of the memory engine; nobody else includes this.
 *
 *   mfa_store_memory.c          open, close, views and updates
 *   mfa_store_memory_records.c  the array of records inside a transaction
 */

#ifndef MFA_STORE_MEMORY_H
#define MFA_STORE_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>

#include "mfa_store.h"

#pragma GCC visibility push(hidden)


typedef struct memory_record_s  memory_record_t;

struct memory_record_s {
    memory_record_t  *made;             /* next one made in this update */
    memory_record_t  *gone;             /* next one to be freed */
    size_t            key_len;
    size_t            value_len;
    char              bytes[];          /* key, value */
};

typedef struct memory_array_s  memory_array_t;

struct memory_array_s {
    memory_array_t   *gone;
    uint64_t          version;
    int64_t           used;
    size_t            count;
    size_t            size;
    memory_record_t  *records[];
};

typedef struct {
    pthread_mutex_t   writer;           /* held for a whole update */
    pthread_mutex_t   mutex;            /* guards what follows */
    memory_array_t   *current;
    memory_array_t   *old_arrays;
    memory_record_t  *old_records;
    unsigned          inside;
    _Atomic uint32_t  questions;
    int64_t           limit;
    bool              is_again;
} memory_t;

typedef struct {
    mfa_txn_t         base;
    memory_t         *memory;
    memory_array_t   *array;
    memory_record_t  *made;
    memory_record_t  *gone;
    mfa_status_t      fault;
    bool              is_writer;
    bool              is_copied;
} memory_txn_t;

/* a copy with room for size records; from NULL: an empty one */
memory_array_t *mfa_store_memory_copy(const memory_array_t *from,
    size_t size);

mfa_str_t mfa_store_memory_key(const memory_record_t *record);

/* the four of the descriptor */
mfa_status_t mfa_store_memory_get(mfa_txn_t *base, mfa_str_t key,
    mfa_str_t *value) MFA_MUST_CHECK;
mfa_status_t mfa_store_memory_next(mfa_txn_t *base, mfa_str_t prefix,
    mfa_str_t after, mfa_str_t *key, mfa_str_t *value) MFA_MUST_CHECK;
mfa_status_t mfa_store_memory_put(mfa_txn_t *base, mfa_str_t key,
    mfa_str_t value) MFA_MUST_CHECK;
mfa_status_t mfa_store_memory_del(mfa_txn_t *base, mfa_str_t key)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_STORE_MEMORY_H */
