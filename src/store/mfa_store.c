/*
 * The store: what all engines share. Sizes, tables, copies into the arena,
 * the choice of the engine, the guard against use after a fork.
 * Contract: mfa_store.h. Knows no engine but by its line in registry.def.
 */

#include <sys/mman.h>
#include <sys/types.h>
#include <stdlib.h>
#include <unistd.h>

#include "mfa_store.h"

#define STORE_SIZE      ((int64_t) 64 << 30)
#define STORE_LIMIT     ((int64_t) 4 << 30)
#define STORE_READERS   8448
#define STORE_SIZE_MIN  ((int64_t) 1 << 20)

struct mfa_store_s {
    const mfa_store_engine_t  *engine;
    void                      *state;
    uint8_t                   *mark;    /* 1 here, 0 in a forked child */
    pid_t                      pid;
};

typedef struct {
    char       bytes[1 + MFA_STORE_KEY_MAX];
    mfa_str_t  str;
} store_key_t;

#pragma GCC visibility push(hidden)
#define MFA_STORE(name)  extern const mfa_store_engine_t  mfa_store_##name;
#include "registry.def"
#undef MFA_STORE
#pragma GCC visibility pop

static const mfa_store_engine_t *const  store_engines[] = {
#define MFA_STORE(name)  &mfa_store_##name,
#include "registry.def"
#undef MFA_STORE
};

#define STORE_ENGINES  (sizeof(store_engines) / sizeof(store_engines[0]))


static mfa_status_t
store_set_engine(const mfa_line_t *line, mfa_store_settings_t *settings,
    mfa_arena_t *arena, mfa_error_t *error)
{
    size_t     i;
    mfa_str_t  name, place;

    place = line->args[0];
    name = mfa_str_split(&place, ':');

    for (i = 0; i < STORE_ENGINES; i++) {
        if (mfa_str_eq_c(name, store_engines[i]->name)) {
            settings->engine = store_engines[i];
            break;
        }
    }

    if (i == STORE_ENGINES) {
        mfa_error_set(error, "unknown store engine \"" MFA_STR_FMT "\"",
                      MFA_STR_ARG(name));
        return MFA_CONFIG;
    }

    if (place.len == 0) {
        mfa_error_set(error, "store engine \"%s\" needs a place: \"%s:PLACE\"",
                      settings->engine->name, settings->engine->name);
        return MFA_CONFIG;
    }

    /* an engine with a probe lives in a folder, so its place is a path */

    if (settings->engine->probe != NULL) {
        return mfa_parse_path(line, place, arena, &settings->place);
    }

    return mfa_arena_copy(arena, place, &settings->place);
}


static mfa_status_t
store_set_named(mfa_str_t word, mfa_store_settings_t *settings,
    mfa_error_t *error)
{
    mfa_str_t     value;
    mfa_status_t  st;

    if (mfa_parse_named(word, "size", &value) == MFA_OK) {
        st = mfa_parse_size(value, &settings->size);

    } else if (mfa_parse_named(word, "limit", &value) == MFA_OK) {
        st = mfa_parse_size(value, &settings->limit);

    } else if (mfa_parse_named(word, "readers", &value) == MFA_OK) {
        st = mfa_str_number(value, &settings->readers);

    } else {
        st = MFA_INVALID;
    }

    if (st != MFA_OK) {
        mfa_error_set(error, "invalid parameter \"" MFA_STR_FMT "\"",
                      MFA_STR_ARG(word));
        return MFA_CONFIG;
    }

    return MFA_OK;
}


static
MFA_OPTION_SETTER(store_set)
{
    size_t                 i;
    mfa_status_t           st;
    mfa_store_settings_t  *settings;

    (void) option;

    settings = target;

    if (line->nargs == 0) {
        mfa_error_set(error, "invalid number of arguments");
        return MFA_CONFIG;
    }

    settings->size = STORE_SIZE;
    settings->limit = STORE_LIMIT;
    settings->readers = STORE_READERS;

    st = store_set_engine(line, settings, arena, error);

    for (i = 1; i < line->nargs && st == MFA_OK; i++) {
        st = store_set_named(line->args[i], settings, error);
    }

    if (st != MFA_OK) {
        return st;
    }

    if (settings->limit < STORE_SIZE_MIN || settings->size < settings->limit) {
        mfa_error_set(error, "\"limit\" must be at least 1m and at most "
                      "\"size\"");
        return MFA_CONFIG;
    }

    if (settings->readers < 1 || settings->readers > 1000000) {
        mfa_error_set(error, "\"readers\" must be between 1 and 1000000");
        return MFA_CONFIG;
    }

    return MFA_OK;
}


const mfa_option_t  mfa_store_options[] = {
    { .name = "store",
      .syntax = "ENGINE:PLACE [size=SIZE] [limit=SIZE] [readers=NUMBER]",
      .fallback = NULL,
      .help = "Where everything is kept; \"lmdb:FOLDER\" is the engine for "
              "one machine, \"limit\" (4g) bounds the content, \"size\" (64g) "
              "the address space, \"readers\" (8448) the threads of all "
              "processes.",
      .set = store_set,
      .is_required = 1 },

    MFA_OPTION_END
};


mfa_status_t
mfa_store_probe(const mfa_store_settings_t *settings, mfa_error_t *error)
{
    if (settings->engine == NULL) {
        mfa_error_set(error, "no store is set");
        return MFA_CONFIG;
    }

    if (settings->engine->probe == NULL) {
        return MFA_OK;
    }

    return settings->engine->probe(settings, error);
}


static void
store_free(mfa_store_t *store)
{
    if (store->mark != NULL) {
        (void) munmap(store->mark, 1);
    }

    free(store);
}


/*
 * A byte that the kernel zeroes in a forked child: one load tells whether we
 * are still where we were opened, getpid(2) would cost more than a read.
 */

static void
store_set_mark(mfa_store_t *store)
{
    void  *page;

    store->pid = getpid();

    page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (page == MAP_FAILED) {
        return;
    }

    if (madvise(page, 1, MADV_WIPEONFORK) != 0) {
        (void) munmap(page, 1);
        return;
    }

    store->mark = page;
    *store->mark = 1;
}


static bool
store_is_foreign(const mfa_store_t *store)
{
    if (store->mark != NULL) {
        return *store->mark == 0;
    }

    return store->pid != getpid();
}


mfa_status_t
mfa_store_open(const mfa_store_settings_t *settings, const mfa_ports_t *ports,
    mfa_error_t *error, mfa_store_t **store)
{
    mfa_store_t   *opened;
    mfa_status_t   st;

    *store = NULL;

    if (settings->engine == NULL) {
        mfa_error_set(error, "no store is set");
        return MFA_CONFIG;
    }

    opened = calloc(1, sizeof(mfa_store_t));
    if (opened == NULL) {
        mfa_error_set(error, "out of memory");
        return MFA_NO_MEMORY;
    }

    opened->engine = settings->engine;

    st = settings->engine->open(settings, ports, error, &opened->state);
    if (st != MFA_OK) {
        free(opened);
        return st;
    }

    store_set_mark(opened);
    *store = opened;

    return MFA_OK;
}


void
mfa_store_close(mfa_store_t **store)
{
    if (*store == NULL) {
        return;
    }

    (*store)->engine->close((*store)->state);
    store_free(*store);
    *store = NULL;
}


mfa_status_t
mfa_store_view(mfa_store_t *store, mfa_txn_fn fn, void *arg)
{
    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    return store->engine->view(store->state, true, fn, arg);
}


mfa_status_t
mfa_store_peek(mfa_store_t *store, mfa_txn_fn fn, void *arg)
{
    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    return store->engine->view(store->state, false, fn, arg);
}


mfa_status_t
mfa_store_update(mfa_store_t *store, mfa_txn_fn fn, void *arg)
{
    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    return store->engine->update(store->state, false, fn, arg);
}


mfa_status_t
mfa_store_update_reserved(mfa_store_t *store, mfa_txn_fn fn, void *arg)
{
    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    return store->engine->update(store->state, true, fn, arg);
}


mfa_status_t
mfa_store_version(mfa_store_t *store, uint64_t *version)
{
    *version = 0;

    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    if (store->engine->version == NULL) {
        return MFA_NOT_FOUND;
    }

    return store->engine->version(store->state, version);
}


uint64_t
mfa_txn_version(const mfa_txn_t *txn)
{
    return txn->engine->txn_version == NULL ? 0
                                            : txn->engine->txn_version(txn);
}


static mfa_status_t
store_make_key(unsigned table, mfa_str_t key, store_key_t *whole)
{
    if (table >= MFA_STORE_TABLES) {
        return MFA_BUG;
    }

    if (key.len > MFA_STORE_KEY_MAX) {
        return MFA_INVALID;
    }

    whole->bytes[0] = (char) table;

    if (key.len != 0) {
        memcpy(whole->bytes + 1, key.data, key.len);
    }

    whole->str = mfa_str_bytes(whole->bytes, key.len + 1);

    return MFA_OK;
}


mfa_status_t
mfa_txn_get(mfa_txn_t *txn, unsigned table, mfa_str_t key, mfa_arena_t *arena,
    mfa_str_t *value)
{
    mfa_str_t     found;
    store_key_t   whole;
    mfa_status_t  st;

    *value = mfa_null;

    st = store_make_key(table, key, &whole);
    if (st != MFA_OK) {
        return st;
    }

    st = txn->engine->get(txn, whole.str, &found);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_arena_copy(arena, found, value);
}


mfa_status_t
mfa_txn_put(mfa_txn_t *txn, unsigned table, mfa_str_t key, mfa_str_t value)
{
    store_key_t   whole;
    mfa_status_t  st;

    st = store_make_key(table, key, &whole);
    if (st != MFA_OK) {
        return st;
    }

    if (value.len > MFA_STORE_VALUE_MAX) {
        return MFA_INVALID;
    }

    return txn->engine->put(txn, whole.str, value);
}


mfa_status_t
mfa_txn_delete(mfa_txn_t *txn, unsigned table, mfa_str_t key)
{
    store_key_t   whole;
    mfa_status_t  st;

    st = store_make_key(table, key, &whole);
    if (st != MFA_OK) {
        return st;
    }

    return txn->engine->del(txn, whole.str);
}


mfa_status_t
mfa_txn_next(mfa_txn_t *txn, mfa_cursor_t *cursor, mfa_arena_t *arena)
{
    mfa_str_t     key, value, after;
    store_key_t   prefix, left;
    mfa_status_t  st;

    st = store_make_key(cursor->table, cursor->prefix, &prefix);
    if (st != MFA_OK) {
        return st;
    }

    after = mfa_null;

    if (cursor->key.data != NULL) {
        st = store_make_key(cursor->table, cursor->key, &left);
        if (st != MFA_OK) {
            return st;
        }

        after = left.str;
    }

    st = txn->engine->next(txn, prefix.str, after, &key, &value);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_arena_copy(arena, mfa_str_bytes(key.data + 1, key.len - 1),
                        &cursor->key);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_arena_copy(arena, value, &cursor->value);
}


mfa_status_t
mfa_store_stat(mfa_store_t *store, mfa_store_stat_t *stat)
{
    memset(stat, 0, sizeof(mfa_store_stat_t));

    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    return store->engine->stat(store->state, stat);
}


mfa_status_t
mfa_store_clean(mfa_store_t *store)
{
    if (store_is_foreign(store)) {
        return MFA_BUG;
    }

    return store->engine->clean(store->state);
}


mfa_status_t
mfa_store_check(mfa_store_t *store,
    void (*progress)(unsigned percent, void *arg), void *arg,
    uint64_t *records, mfa_error_t *error)
{
    *records = 0;

    if (store_is_foreign(store)) {
        mfa_error_set(error, "the store was opened by another process");
        return MFA_BUG;
    }

    return store->engine->check(store->state, progress, arg, records, error);
}
