/*
 * What one decision of the gate costs, and what a session takes in the store.
 *
 *   bench_decision SESSIONS [ROUNDS]
 *
 * Not a test. Links as the unit tests do. Sessions belong to one user in
 * ten, as a login would make them.
 */

#include "../unit/mfa_fixture.h"

#include <inttypes.h>
#include <time.h>


#define BATCH       1000
#define PER_USER    10
#define SLOTS       4096

typedef struct {
    mfa_user_t   users[BATCH / PER_USER];
    char        *tokens;
    size_t       first;
    size_t       count;
} batch_t;


static double
seconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static mfa_status_t
users_in(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    batch_t       *batch = arg;
    mfa_user_t    *user;
    mfa_status_t   st = MFA_OK;

    for (i = 0; i * PER_USER < batch->count && st == MFA_OK; i++) {
        user = &batch->users[i];

        st = mfa_user_make(tx, user);
        if (st != MFA_OK) {
            break;
        }

        user->user = mfa_arena_printf(tx->work->arena,
                                      "user%zu@example.org",
                                      batch->first / PER_USER + i);
        user->email = user->user;
        user->first_name = mfa_str("Ann");
        user->surname = mfa_str("Employee");
        st = mfa_user_add(tx, user, NULL);
    }

    return st;
}


static mfa_status_t
sessions_in(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    batch_t       *batch = arg;
    mfa_str_t      token;
    mfa_status_t   st = MFA_OK;
    mfa_session_t  session;

    for (i = 0; i < batch->count && st == MFA_OK; i++) {
        session = (mfa_session_t) { .amr = MFA_AMR_PWD | MFA_AMR_OTP,
                                    .agent = mfa_str("Firefox on Windows") };
        st = mfa_session_issue(tx, &batch->users[i / PER_USER], &session,
                               &token);

        if (st == MFA_OK) {
            memcpy(batch->tokens + (batch->first + i) * MFA_TOKEN_TEXT,
                   token.data, MFA_TOKEN_TEXT);
        }
    }

    return st;
}


static void
batch_write(fixture_t *f, batch_t *batch, mfa_tx_fn fn)
{
    mfa_work_t    work = { .model = &f->model };
    mfa_status_t  st;

    work.arena = mfa_arena_open(FIXTURE_ARENA);
    st = mfa_update(&work, fn, batch);

    if (st != MFA_OK) {
        fprintf(stderr, "bench_decision: %s\n", mfa_status_text(st));
        exit(1);
    }

    mfa_arena_close(&work.arena);
}


static int64_t
used(fixture_t *f)
{
    mfa_store_stat_t  stat = { .used_bytes = 0 };

    assert_int_equal(mfa_store_stat(f->store, &stat), MFA_OK);

    return stat.used_bytes;
}


/* users first, so that the sessions' own bytes can be told */

static void
fill(fixture_t *f, char *tokens, size_t sessions)
{
    int64_t      before;
    size_t       i, first, n;
    batch_t     *batches;
    mfa_user_t  *user;

    n = (sessions + BATCH - 1) / BATCH;
    batches = calloc(n, sizeof(batch_t));
    assert_non_null(batches);

    for (first = 0; first < n; first++) {
        batches[first].tokens = tokens;
        batches[first].first = first * BATCH;
        batches[first].count = sessions - first * BATCH < BATCH
                               ? sessions - first * BATCH : BATCH;
        batch_write(f, &batches[first], users_in);

        /* the names lived in the arena of that batch */

        for (i = 0; i * PER_USER < batches[first].count; i++) {
            user = &batches[first].users[i];
            user->user = mfa_arena_printf(f->arena, "user%zu@example.org",
                                          batches[first].first / PER_USER
                                          + i);
            user->email = user->user;
        }
    }

    before = used(f);

    for (first = 0; first < n; first++) {
        batch_write(f, &batches[first], sessions_in);
    }

    printf("%10.0f  bytes of the store per session\n",
           (double) (used(f) - before) / (double) sessions);
    free(batches);
}


static double
ask(fixture_t *f, mfa_decisions_t *cache, const char *tokens, size_t among,
    size_t times)
{
    size_t                i, at;
    double                start;
    mfa_str_t             token;
    mfa_verdict_t         verdict;
    mfa_identity_t       *identity;
    mfa_session_state_t   state;

    start = seconds();

    for (i = 0, at = 0; i < times; i++) {
        at = (at + 7919) % among;
        token = mfa_str_bytes(tokens + at * MFA_TOKEN_TEXT, MFA_TOKEN_TEXT);

        if (mfa_decision_check(cache, token, f->now, &identity, &verdict,
                               &state) != MFA_OK
            || verdict != MFA_VERDICT_PASS)
        {
            fprintf(stderr, "bench_decision: no pass\n");
            exit(1);
        }

        mfa_identity_release(&identity);
    }

    return (seconds() - start) / (double) times * 1e9;
}


int
main(int argc, char **argv)
{
    size_t            sessions, rounds, i, few;
    char             *tokens;
    double            ns;
    uint64_t          version;
    fixture_t        *f;
    mfa_decisions_t  *cache;

    sessions = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;

    if (sessions < 1000) {
        fprintf(stderr, "usage: bench_decision SESSIONS [ROUNDS]\n");
        return 2;
    }

    f = fixture_open("lmdb");
    tokens = malloc(sessions * MFA_TOKEN_TEXT);
    assert_non_null(tokens);
    fill(f, tokens, sessions);

    assert_int_equal(mfa_decisions_open(&f->model, SLOTS, &cache), MFA_OK);
    few = 500;
    (void) ask(f, cache, tokens, few, 10 * few);

    printf("%10.0f  ns, %zu sessions that repeat\n",
           ask(f, cache, tokens, few, rounds), few);
    printf("%10.0f  ns, one session that repeats\n",
           ask(f, cache, tokens, 1, rounds));

    /* a commit between any two makes each the first at its version */

    mfa_decisions_close(&cache);
    assert_int_equal(mfa_decisions_open(&f->model, 2, &cache), MFA_OK);
    (void) ask(f, cache, tokens, sessions, sessions < 100000 ? sessions
                                                            : 100000);
    printf("%10.0f  ns, every request another of %zu, nothing cached\n",
           ask(f, cache, tokens, sessions, rounds / 4), sessions);
    mfa_decisions_close(&cache);

    ns = seconds();

    for (i = 0; i < rounds; i++) {
        if (mfa_store_version(f->store, &version) != MFA_OK) {
            return 1;
        }
    }

    printf("%10.0f  ns, the version alone\n",
           (seconds() - ns) / (double) rounds * 1e9);

    free(tokens);
    fixture_close(&f);

    return 0;
}
