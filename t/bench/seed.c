/*
 * Fills the store of a realm for the figures: people who share one password
 * and one secret of an authenticator app, and sessions of theirs.
 *
 *   seed STORE KEY_FILE USERS SESSIONS > tokens
 *
 * STORE and KEY_FILE as in the realm's block; nginx must not run yet. People
 * are user0@example.org and on; ten sessions each, as far as asked for. The
 * tokens of the sessions go to standard output, one a line.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"


#define BATCH     1000
#define PER_USER  10

typedef struct {
    mfa_str_t   password;           /* hashed, the same for all */
    size_t      first;              /* user of this batch */
    size_t      users;
    size_t      sessions;           /* still wanted */
    size_t      issued;
    char       *tokens;             /* MFA_TOKEN_TEXT bytes each */
} seed_t;


static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "seed: %s: %s\n", what, why);
    exit(1);
}


static void
must(mfa_status_t st, const char *what)
{
    if (st != MFA_OK) {
        fail(what, mfa_status_text(st));
    }
}


static void
line(mfa_realm_t *realm, const char *name, const char *value,
    const char *more)
{
    mfa_str_t    args[2];
    mfa_error_t  error = { .text = "" };
    mfa_line_t   words = { .name = mfa_str_from(name), .args = args,
                           .nargs = more != NULL ? 2 : 1, .prefix = "/" };

    args[0] = mfa_str_from(value);
    args[1] = mfa_str_from(more != NULL ? more : "");

    if (mfa_realm_line(realm, &words, &error) != MFA_OK) {
        fail(name, error.text);
    }
}


/* as mfactl: what only root can read first, then as the folder's owner */

static mfa_realm_t *
load(const char *store, const char *key_file)
{
    const char   *folder;
    mfa_error_t   error = { .text = "" };
    struct stat   sb;
    mfa_realm_t  *realm;

    must(mfa_realm_begin(mfa_str("bench"), &mfa_ports_system, &realm),
         "realm");
    line(realm, "public_url", "http://127.0.0.1:8080", NULL);
    line(realm, "store", store, NULL);
    line(realm, "key_file", key_file, NULL);
    line(realm, "brand", "Example Council", NULL);
    line(realm, "support", "Human Resources", "mail=hr@example.org");
    line(realm, "application", "ESS", "/ess/");
    line(realm, "mail", "maildir:/nonexistent", "from=Council <no-reply@example.org>");

    if (mfa_realm_end_store(realm, &error) != MFA_OK) {
        fail("realm", error.text);
    }

    folder = strchr(store, ':');

    if (folder == NULL || stat(folder + 1, &sb) != 0
        || (geteuid() == 0
            && (setgid(sb.st_gid) != 0 || setuid(sb.st_uid) != 0)))
    {
        fail(store, "cannot become the owner of its folder");
    }

    return realm;
}


static mfa_status_t
add_factor(mfa_tx_t *tx, const mfa_user_t *user)
{
    mfa_factor_record_t  record = { .kind = mfa_str("totp"),
                                    .secret = mfa_str(BENCH_SECRET) };

    record.user = user->id;
    record.added_at = tx->now;

    return mfa_factor_record_put(tx, &record);
}


static mfa_status_t
add_sessions(mfa_tx_t *tx, seed_t *seed, mfa_user_t *user)
{
    size_t         i;
    mfa_str_t      token;
    mfa_status_t   st;
    mfa_session_t  session;

    for (i = 0; i < PER_USER && seed->issued < seed->sessions; i++) {
        session = (mfa_session_t) { .amr = MFA_AMR_PWD | MFA_AMR_OTP,
                                    .agent = mfa_str("Firefox on Windows") };

        st = mfa_session_issue(tx, user, &session, &token);
        if (st != MFA_OK) {
            return st;
        }

        memcpy(seed->tokens + seed->issued++ * MFA_TOKEN_TEXT, token.data,
               MFA_TOKEN_TEXT);
    }

    return MFA_OK;
}


static mfa_status_t
add_batch(mfa_tx_t *tx, void *arg)
{
    size_t        i;
    seed_t       *seed = arg;
    mfa_user_t    user;
    mfa_status_t  st;

    seed->issued = 0;

    for (i = 0; i < seed->users; i++) {
        st = mfa_user_make(tx, &user);
        if (st != MFA_OK) {
            return st;
        }

        user.user = mfa_arena_printf(tx->work->arena, BENCH_USER,
                                     seed->first + i);
        user.email = user.user;
        user.first_name = mfa_str("Ann");
        user.surname = mfa_str("Employee");
        user.password = seed->password;
        user.password_at = tx->now;
        user.added_at = tx->now;
        user.registered_at = tx->now;
        user.is_on_roster = true;

        st = mfa_user_add(tx, &user, NULL);

        if (st == MFA_OK) {
            st = add_factor(tx, &user);
        }

        if (st == MFA_OK) {
            st = add_sessions(tx, seed, &user);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static void
fill(mfa_t *mfa, size_t users, size_t sessions)
{
    size_t        i;
    seed_t        seed = { .first = 0 };
    mfa_work_t    work = { .model = mfa_model_of(mfa) };
    mfa_arena_t  *arena;

    arena = mfa_arena_open(4096);
    seed.tokens = malloc(BATCH * PER_USER * MFA_TOKEN_TEXT);

    if (seed.tokens == NULL) {
        fail("tokens", "out of memory");
    }

    must(mfa_pwhash_make(work.model->keys, work.model->ports,
                         &work.model->settings->hash_cost,
                         mfa_str(BENCH_PASSWORD), arena, &seed.password),
         "password");

    for (/* void */; seed.first < users; seed.first += seed.users) {
        seed.users = users - seed.first < BATCH ? users - seed.first : BATCH;
        seed.sessions = sessions;
        work.arena = mfa_arena_open((size_t) 512 * 1024 * 1024);

        must(mfa_update(&work, add_batch, &seed), "users");

        for (i = 0; i < seed.issued; i++) {
            printf("%.*s\n", MFA_TOKEN_TEXT,
                   seed.tokens + i * MFA_TOKEN_TEXT);
        }

        sessions -= seed.issued;
        mfa_arena_close(&work.arena);
    }

    free(seed.tokens);
    mfa_arena_close(&arena);
}


int
main(int argc, char **argv)
{
    mfa_t        *mfa;
    mfa_error_t   error = { .text = "" };
    mfa_realm_t  *realm;

    if (argc != 5) {
        fprintf(stderr, "usage: seed STORE KEY_FILE USERS SESSIONS\n");
        return 2;
    }

    must(mfa_crypto_open(), "crypto");
    realm = load(argv[1], argv[2]);

    if (mfa_open(realm, &error, &mfa) != MFA_OK) {
        fail(argv[1], error.text);
    }

    fill(mfa, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));

    mfa_close(&mfa);
    mfa_realm_free(&realm);
    mfa_crypto_close();

    return fflush(stdout) == 0 ? 0 : 1;
}
