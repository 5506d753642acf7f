/*
 * What the tests of the model and of all above it start from: a store, keys,
 * a clock that is set by hand and randomness that repeats.
 *
 *   f = fixture_open("lmdb");           or "memory", "memory:again"
 *   f->now += MFA_HOUR;
 *   st = mfa_update(fixture_work(f), fn, &arg);
 *   fixture_close(&f);
 *
 * A failing set-up fails the test that asked for it.
 */

#ifndef MFA_FIXTURE_H
#define MFA_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/model/mfa_model.h"


#define FIXTURE_NOW    INT64_C(1790000000000)       /* 2026-09-21 */
#define FIXTURE_ARENA  ((size_t) 256 * 1024 * 1024)

typedef struct {
    mfa_time_t            now;              /* set it */
    bool                  is_random_broken; /* set it */
    uint64_t              seed;
    unsigned              errors;           /* lines logged as errors */
    char                  log[1001];        /* the last line logged */
    char                  engine[32];
    char                  dir[64];          /* of its own, removed at close */
    mfa_ports_t           ports;
    mfa_keys_t           *keys;
    mfa_store_settings_t  store_settings;
    mfa_store_t          *store;
    mfa_model_settings_t  settings;         /* may be changed between works */
    mfa_model_t           model;
    mfa_address_t         address;          /* 203.0.113.7, of the client */
    mfa_arena_t          *arena;            /* lives until the close */
    mfa_work_t            work;
} fixture_t;


static inline mfa_time_t
fixture_port_now(void *ctx)
{
    fixture_t  *f = ctx;

    return f->now;
}


static inline mfa_status_t
fixture_port_random(void *ctx, void *buf, size_t len)
{
    size_t      i;
    uint64_t    x;
    uint8_t    *p = buf;
    fixture_t  *f = ctx;

    if (f->is_random_broken) {
        return MFA_CRYPTO;
    }

    for (i = 0, x = 0; i < len; i++) {
        if (i % 8 == 0) {
            f->seed += UINT64_C(0x9e3779b97f4a7c15);        /* splitmix64 */
            x = f->seed;
            x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
            x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
            x ^= x >> 31;
        }

        p[i] = (uint8_t) (x >> (8 * (i % 8)));
    }

    return MFA_OK;
}


static inline void
fixture_port_log(void *ctx, mfa_log_level_t level, const char *line)
{
    fixture_t  *f = ctx;

    f->errors += level == MFA_LOG_ERROR ? 1 : 0;
    snprintf(f->log, sizeof(f->log), "%s", line);
}


static inline void
fixture_remove(const char *dir)
{
    char            path[512];
    DIR            *d;
    struct dirent  *e;

    d = opendir(dir);
    if (d == NULL) {
        return;
    }

    while ((e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }

        if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name)
            >= (int) sizeof(path))
        {
            continue;
        }

        if (unlink(path) != 0) {
            fixture_remove(path);
        }
    }

    closedir(d);
    rmdir(dir);
}


/* the text of a file below the fixture's folder, mode 0600 */

static inline void
fixture_file(fixture_t *f, const char *name, mfa_str_t text)
{
    int      fd;
    char     path[128];
    ssize_t  n;

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);

    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);

    n = write(fd, text.data, text.len);
    assert_true(n == (ssize_t) text.len);
    close(fd);
}


static inline void
fixture_keys_open(fixture_t *f)
{
    char          path[128];
    mfa_str_t     text;
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    assert_int_equal(mfa_keys_make(&f->ports, mfa_str("k1"), f->arena, &text),
                     MFA_OK);
    fixture_file(f, "keys", text);

    snprintf(path, sizeof(path), "%s/keys", f->dir);
    st = mfa_keys_open(path, &error, &f->keys);

    if (st != MFA_OK) {
        fail_msg("keys: %s: %s", mfa_status_text(st), error.text);
    }
}


/* opens the store at its place; what was written is found again by lmdb */

static inline void
fixture_store_open(fixture_t *f)
{
    char          place[128];
    uint64_t      seen = 0;
    mfa_str_t     args[4];
    mfa_line_t    line;
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    if (strcmp(f->engine, "lmdb") == 0) {
        snprintf(place, sizeof(place), "lmdb:%s/store", f->dir);

    } else if (strchr(f->engine, ':') == NULL) {
        snprintf(place, sizeof(place), "%s:plain", f->engine);

    } else {
        snprintf(place, sizeof(place), "%s", f->engine);
    }

    assert_int_equal(mfa_arena_copy(f->arena, mfa_str_from(place), &args[0]),
                     MFA_OK);
    args[1] = mfa_str("readers=64");
    args[2] = mfa_str("limit=2g");
    args[3] = mfa_str("size=4g");           /* what valgrind can map */

    line = (mfa_line_t) { .name = mfa_str("store"), .args = args,
                          .nargs = strcmp(f->engine, "lmdb") == 0 ? 4 : 1,
                          .prefix = "/" };

    f->store_settings = (mfa_store_settings_t) { .engine = NULL };
    st = mfa_option_apply(mfa_store_options, &seen, &line, &f->store_settings,
                          f->arena, &error);

    if (st == MFA_OK) {
        st = mfa_store_open(&f->store_settings, &f->ports, &error, &f->store);
    }

    if (st != MFA_OK) {
        fail_msg("store %s: %s: %s", place, mfa_status_text(st), error.text);
    }

    f->model = (mfa_model_t) { .store = f->store, .keys = f->keys,
                               .ports = &f->ports, .settings = &f->settings };
}


/* one piece of work: no events yet, the address of the fixture */

static inline mfa_work_t *
fixture_work(fixture_t *f)
{
    f->work = (mfa_work_t) { .model = &f->model, .arena = f->arena,
                             .address = &f->address };

    return &f->work;
}


/* as a restarted worker: closes the store and opens it again */

static inline void
fixture_restart(fixture_t *f)
{
    mfa_store_close(&f->store);
    fixture_store_open(f);
}


static inline fixture_t *
fixture_open(const char *engine)
{
    char          path[128];
    fixture_t    *f;
    mfa_error_t   error = { "" };
    mfa_status_t  st;

    static const mfa_address_t  client = {
        .bytes = { 203, 0, 113, 7 }, .len = 4
    };

    assert_int_equal(mfa_crypto_open(), MFA_OK);

    f = calloc(1, sizeof(fixture_t));
    assert_non_null(f);

    f->now = FIXTURE_NOW;
    f->seed = 1;
    f->address = client;
    f->ports = (mfa_ports_t) { .now = fixture_port_now,
                               .random = fixture_port_random,
                               .log = fixture_port_log, .ctx = f };
    snprintf(f->engine, sizeof(f->engine), "%s", engine);

    snprintf(f->dir, sizeof(f->dir), "/tmp/mfa_unit.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(path, sizeof(path), "%s/store", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);

    f->arena = mfa_arena_open(FIXTURE_ARENA);
    assert_non_null(f->arena);

    fixture_keys_open(f);
    mfa_model_defaults(&f->settings);
    fixture_store_open(f);

    st = mfa_model_prepare(fixture_work(f), &error);

    if (st != MFA_OK) {
        fail_msg("prepare: %s: %s", mfa_status_text(st), error.text);
    }

    return f;
}


static inline void
fixture_close(fixture_t **fixture)
{
    fixture_t  *f = *fixture;

    if (f == NULL) {
        return;
    }

    mfa_store_close(&f->store);
    mfa_keys_close(&f->keys);
    mfa_arena_close(&f->arena);
    fixture_remove(f->dir);
    free(f);
    *fixture = NULL;
}


static inline mfa_status_t
fixture_user_add(mfa_tx_t *tx, void *arg)
{
    mfa_str_t     email;
    mfa_user_t   *user = arg;
    mfa_status_t  st;

    email = user->email;

    st = mfa_user_make(tx, user);
    if (st != MFA_OK) {
        return st;
    }

    user->user = email;
    user->email = email;
    user->first_name = mfa_str("Ann");
    user->surname = mfa_str("Employee");
    user->registered_at = tx->now;
    user->is_on_roster = true;

    return mfa_user_add(tx, user, NULL);
}


/* adds a registered user without password and factor */

static inline void
fixture_user(fixture_t *f, const char *email, mfa_user_t *user)
{
    mfa_status_t  st;

    *user = (mfa_user_t) { .email = mfa_str_from(email) };

    st = mfa_update(fixture_work(f), fixture_user_add, user);

    if (st != MFA_OK) {
        fail_msg("user %s: %s", email, mfa_status_text(st));
    }
}


/*
 * A test on each of two engines; *state is its fixture_t:
 *
 *   static const struct CMUnitTest  tests[] = {
 *       FIXTURE_TEST(a_name_is_found_again),
 *   };
 */

#define FIXTURE_TEST_ON(test, engine)                                         \
    { #test " (" engine ")", test, fixture_setup, fixture_teardown,           \
      (void *) (uintptr_t) engine }

#define FIXTURE_TEST(test)                                                    \
    FIXTURE_TEST_ON(test, "lmdb"), FIXTURE_TEST_ON(test, "memory:again")

static inline int
fixture_setup(void **state)
{
    *state = fixture_open(*state);

    return 0;
}


static inline int
fixture_teardown(void **state)
{
    fixture_t  *f = *state;

    fixture_close(&f);

    return 0;
}

#endif /* MFA_FIXTURE_H */
