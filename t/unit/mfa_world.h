/*
 * A realm with its store, its templates and a mailbox in a folder of its own,
 * the clock set by hand: for tests that go through the whole core.
 */

#ifndef MFA_WORLD_H
#define MFA_WORLD_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/mfa.h"

typedef struct {
    char          dir[64];
    mfa_time_t    now;
    mfa_ports_t   ports;
    mfa_realm_t  *realm;
    mfa_t        *mfa;
    char          events[64 * 1024];
    size_t        letters;
} world_t;

static inline mfa_time_t
world_now(void *ctx)
{
    world_t  *world = ctx;

    return world->now;
}


static inline mfa_status_t
world_random(void *ctx, void *buf, size_t len)
{
    (void) ctx;

    return mfa_port_random(&mfa_ports_system, buf, len);
}


static inline void
world_log(void *ctx, mfa_log_level_t level, const char *line)
{
    (void) ctx;

    if (level <= MFA_LOG_WARN) {
        (void) fprintf(stderr, "# %s\n", line);
    }
}


static inline void
world_line(world_t *world, const char *name, const char *const *words)
{
    char         top[512];
    size_t       count;
    mfa_str_t    args[8];
    mfa_line_t   line;
    mfa_error_t  error;

    /* tests run from the top of the tree */

    assert_non_null(getcwd(top, sizeof(top) - 1));
    (void) snprintf(top + strlen(top), 2, "/");

    for (count = 0; words[count] != NULL; count++) {
        args[count] = mfa_str_from(words[count]);
    }

    memset(&line, 0, sizeof(line));

    line.name = mfa_str_from(name);
    line.args = args;
    line.nargs = count;
    line.prefix = top;

    error.text[0] = '\0';

    if (mfa_realm_line(world->realm, &line, &error) != MFA_OK) {
        fail_msg("%s: %s", name, error.text);
    }
}

#define WORLD_LINE(world, name, ...)                                          \
    world_line(world, name, (const char *const[]) { __VA_ARGS__, NULL })


static inline void
world_key(world_t *world, const char *path)
{
    int           fd;
    mfa_str_t     text;
    mfa_arena_t  *arena;

    arena = mfa_arena_open(4096);
    assert_int_equal(mfa_keys_make(&world->ports, mfa_str("k1"), arena,
                                   &text), MFA_OK);

    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0400);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.data, text.len), (ssize_t) text.len);
    assert_int_equal(close(fd), 0);

    mfa_arena_close(&arena);
}


/* registration may be NULL: the default */

static inline world_t *
world_open(const char *store, const char *registration)
{
    char          key[128], mail[128], place[128];
    world_t      *world;
    mfa_error_t   error;

    world = calloc(1, sizeof(*world));
    assert_non_null(world);

    (void) snprintf(world->dir, sizeof(world->dir), "/tmp/mfa-world-XXXXXX");
    assert_non_null(mkdtemp(world->dir));

    world->now = 1800000000000;
    world->ports.now = world_now;
    world->ports.random = world_random;
    world->ports.log = world_log;
    world->ports.ctx = world;

    assert_int_equal(mfa_crypto_open(), MFA_OK);

    (void) snprintf(key, sizeof(key), "%s/key", world->dir);
    (void) snprintf(mail, sizeof(mail), "maildir:%s/mail", world->dir);

    if (strcmp(store, "lmdb") == 0) {
        (void) snprintf(place, sizeof(place), "lmdb:%s/store", world->dir);
        assert_int_equal(mkdir(place + 5, 0700), 0);

    } else {
        (void) snprintf(place, sizeof(place), "%s", store);
    }

    world_key(world, key);

    assert_int_equal(mfa_realm_begin(mfa_str("test"), &world->ports,
                                     &world->realm), MFA_OK);

    WORLD_LINE(world, "public_url", "https://people.example.org");
    WORLD_LINE(world, "store", place);
    WORLD_LINE(world, "key_file", key);
    WORLD_LINE(world, "brand", "Example Council");
    WORLD_LINE(world, "support", "Human Resources", "mail=hr@example.org",
               "phone=01632 960000");
    WORLD_LINE(world, "application", "ESS", "/ess/", "Employee Self Service");
    WORLD_LINE(world, "application", "MSS", "/mss/", "Manager Self Service",
               "group=managers");
    WORLD_LINE(world, "mail", mail,
               "from=Example Council <no-reply@example.org>");
    WORLD_LINE(world, "html", "html");
    WORLD_LINE(world, "common_passwords", "conf/common-passwords.txt");

    if (registration != NULL) {
        WORLD_LINE(world, "registration", registration);
    }

    error.text[0] = '\0';

    if (mfa_realm_end(world->realm, &error) != MFA_OK
        || mfa_open(world->realm, &error, &world->mfa) != MFA_OK)
    {
        fail_msg("%s", error.text);
    }

    return world;
}


static inline void
world_close(world_t *world)
{
    char  command[128];

    mfa_close(&world->mfa);
    mfa_realm_free(&world->realm);

    (void) snprintf(command, sizeof(command), "rm -rf %s", world->dir);
    assert_int_equal(system(command), 0);

    mfa_crypto_close();
    free(world);
}


typedef struct {
    const char  *email;
    const char  *group;
    mfa_user_t   user;
} world_person_t;


static inline mfa_status_t
world_add_user(mfa_tx_t *tx, void *arg)
{
    mfa_user_t       user;
    mfa_status_t     st;
    world_person_t  *person = arg;

    st = mfa_user_make(tx, &user);
    if (st != MFA_OK) {
        return st;
    }

    user.email = mfa_str_from(person->email);
    user.user = user.email;
    user.first_name = mfa_str("Ann");
    user.surname = mfa_str("Employee");
    user.is_on_roster = true;
    user.added_at = tx->now;

    if (person->group != NULL) {
        st = mfa_strs_add(tx->work->arena, &user.groups,
                          mfa_str_from(person->group));
        if (st != MFA_OK) {
            return st;
        }
    }

    person->user = user;

    return mfa_user_add(tx, &user, NULL);
}


/* runs fn in an update of the world's store */

static inline void
world_update(world_t *world, mfa_tx_fn fn, void *arg)
{
    mfa_work_t  work;

    memset(&work, 0, sizeof(work));

    work.model = mfa_model_of(world->mfa);
    work.arena = mfa_arena_open(1024 * 1024);

    assert_int_equal(mfa_update(&work, fn, arg), MFA_OK);

    mfa_arena_close(&work.arena);
}


static inline void
world_person(world_t *world, const char *email, const char *group)
{
    world_person_t  person;

    memset(&person, 0, sizeof(person));

    person.email = email;
    person.group = group;

    world_update(world, world_add_user, &person);
}


static inline void
world_deliver(world_t *world)
{
    mfa_job_t   *job;
    mfa_time_t   wait_ms;

    job = mfa_job_open(world->mfa);
    assert_int_equal(mfa_deliver(job, &wait_ms), MFA_OK);
    mfa_job_close(&job);
}


static inline char *
world_read_file(const char *path)
{
    FILE    *file;
    char    *text;
    size_t   len;

    text = calloc(1, 64 * 1024);
    file = fopen(path, "r");
    assert_non_null(text);
    assert_non_null(file);

    len = fread(text, 1, 64 * 1024 - 1, file);
    text[len] = '\0';
    (void) fclose(file);

    return text;
}


/*
 * Delivers, then reads the letters that were not read yet, as a mail
 * program does: each moves from new to cur. fn may be NULL. Returns how
 * many letters were ever received.
 */

static inline size_t
world_mail(world_t *world, void (*fn)(const char *text, void *arg), void *arg)
{
    DIR            *dir;
    char            path[512], read_path[512];
    char           *text;
    struct dirent  *entry;

    world_deliver(world);

    (void) snprintf(path, sizeof(path), "%s/mail/new", world->dir);

    dir = opendir(path);
    if (dir == NULL) {
        return world->letters;
    }

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }

        (void) snprintf(path, sizeof(path), "%s/mail/new/%s", world->dir,
                        entry->d_name);
        (void) snprintf(read_path, sizeof(read_path), "%s/mail/cur/%s:2,S",
                        world->dir, entry->d_name);

        text = world_read_file(path);

        if (fn != NULL) {
            fn(text, arg);
        }

        free(text);
        assert_int_equal(rename(path, read_path), 0);
        world->letters++;
    }

    (void) closedir(dir);

    return world->letters;
}


/* the six digits that stand alone on a line of a letter */

static inline void
world_find_code(const char *text, void *arg)
{
    char        *code = arg;
    size_t       len;
    const char  *line;

    for (line = text; line != NULL && *line != '\0'; /* void */) {
        len = strcspn(line, "\r\n");

        if (len == 6 && strspn(line, "0123456789") == 6) {
            memcpy(code, line, 6);
            code[6] = '\0';
        }

        line = strchr(line, '\n');

        if (line != NULL) {
            line++;
        }
    }
}


/* the code of the letter that came since mail was read last */

static inline void
world_code(world_t *world, char code[16])
{
    code[0] = '\0';

    (void) world_mail(world, world_find_code, code);

    assert_string_not_equal(code, "");
}

#endif /* MFA_WORLD_H */
