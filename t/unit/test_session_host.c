/* Sessions on other hosts: tickets and second tokens. D12, X44 */

#include "mfa_fixture.h"

#include "../../src/mfa.h"


#define ANN  "ann.employee@example.org"
#define PAY  "pay.example.net"
#define DOC  "doc.example.com:8443"

typedef struct {
    mfa_user_t           user;
    mfa_session_t        session;
    mfa_session_view_t   view;
    mfa_str_t            token;         /* of the session itself */
    mfa_str_t            ticket;
    mfa_str_t            second;
    mfa_str_t            host;
    uint8_t              browser[MFA_DIGEST_SIZE];
    mfa_status_t         answer;
    mfa_str_t            asked;         /* by look_in */
    bool                 is_known;
    size_t               rows[3];
} step_t;


static mfa_status_t
issue_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_id_t       id = step->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &step->user);

    return st == MFA_OK ? mfa_session_issue(tx, &step->user, &step->session,
                                            &step->token)
                        : st;
}


static mfa_status_t
make_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_ticket_make(tx, step->session.key, step->host, step->browser,
                           &step->ticket);
}


/* commits what a refusal removed, as the page does */

static mfa_status_t
use_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    step->answer = mfa_ticket_use(tx, step->ticket, step->host,
                                  step->browser, &step->second);

    return step->answer == MFA_NOT_FOUND ? MFA_OK : step->answer;
}


static mfa_status_t
look_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_session_look(tx, step->asked, &step->view);
}


static mfa_status_t
known_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_ticket_look(tx, step->ticket, &step->is_known);
}


static mfa_status_t
end_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_session_end(tx, step->session.key);
}


static mfa_status_t
end_all_in(mfa_tx_t *tx, void *arg)
{
    step_t        *step = arg;
    mfa_id_t       id = step->user.id;
    mfa_status_t   st;

    st = mfa_user_get(tx, &id, &step->user);

    return st == MFA_OK ? mfa_session_end_all(tx, &step->user) : st;
}


/* the row of the session alone, as no code of ours leaves it */

static mfa_status_t
orphan_in(mfa_tx_t *tx, void *arg)
{
    step_t  *step = arg;

    return mfa_txn_delete(tx->txn, MFA_TABLE_SESSION,
                          mfa_str_bytes(step->session.key, MFA_DIGEST_SIZE));
}


static mfa_status_t
rows_in(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    step_t        *step = arg;
    mfa_status_t   st;

    for (i = 0; i < 3; i++) {
        mfa_cursor_t  cursor = { .table = (unsigned) (MFA_TABLE_SESSION_HOST
                                                      + i) };

        step->rows[i] = 0;

        while ((st = mfa_txn_next(tx->txn, &cursor, tx->work->arena))
               == MFA_OK)
        {
            step->rows[i]++;
        }

        if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_OK;
}


/* tokens, entries of the index, tickets */

static void
assert_rows(fixture_t *f, step_t *step, size_t tokens, size_t entries,
    size_t tickets)
{
    assert_int_equal(mfa_view(fixture_work(f), rows_in, step), MFA_OK);
    assert_int_equal(step->rows[0], tokens);
    assert_int_equal(step->rows[1], entries);
    assert_int_equal(step->rows[2], tickets);
}


/* what outlives the next work */

static mfa_str_t
keep(fixture_t *f, mfa_str_t s)
{
    mfa_str_t  copy;

    assert_int_equal(mfa_arena_copy(f->arena, s, &copy), MFA_OK);

    return copy;
}


static void
start(fixture_t *f, step_t *step)
{
    memset(step, 0, sizeof(*step));

    fixture_user(f, ANN, &step->user);
    step->session.amr = MFA_AMR_PWD | MFA_AMR_OTP;
    step->host = mfa_str(PAY);
    memset(step->browser, 7, MFA_DIGEST_SIZE);

    assert_int_equal(mfa_update(fixture_work(f), issue_in, step), MFA_OK);
    step->token = keep(f, step->token);
}


static void
make(fixture_t *f, step_t *step)
{
    assert_int_equal(mfa_update(fixture_work(f), make_in, step), MFA_OK);
    assert_int_equal(step->ticket.len, MFA_TOKEN_TEXT);
    step->ticket = keep(f, step->ticket);
}


static mfa_status_t
use(fixture_t *f, step_t *step)
{
    assert_int_equal(mfa_update(fixture_work(f), use_in, step), MFA_OK);
    step->second = keep(f, step->second);
    assert_int_equal(step->second.len,
                     step->answer == MFA_OK ? MFA_TOKEN_TEXT : 0);

    return step->answer;
}


static mfa_session_state_t
look(fixture_t *f, step_t *step, mfa_str_t token, const char *host)
{
    mfa_work_t  *work = fixture_work(f);

    step->asked = token;
    work->host = mfa_str_from(host);

    assert_int_equal(mfa_view(work, look_in, step), MFA_OK);
    work->host = mfa_null;

    assert_int_equal(step->view.verdict,
                     step->view.state == MFA_SESSION_LIVE ? MFA_VERDICT_PASS
                                                          : MFA_VERDICT_DENY);

    return step->view.state;
}


/* D12 */

static void
a_second_token_is_the_session_on_its_own_host_alone(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    start(f, &step);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);

    assert_int_equal(look(f, &step, step.second, PAY), MFA_SESSION_LIVE);
    assert_memory_equal(step.view.session.key, step.session.key,
                        MFA_DIGEST_SIZE);
    assert_true(mfa_str_eq_c(step.view.host, PAY));

    assert_int_equal(look(f, &step, step.second, ""), MFA_SESSION_NONE);
    assert_true(step.view.user.is_disabled);
    assert_int_equal(step.view.host.len, 0);
    assert_int_equal(look(f, &step, step.second, DOC), MFA_SESSION_NONE);
    assert_int_equal(look(f, &step, step.second, PAY ":443"),
                     MFA_SESSION_NONE);

    /* the session's own token is what it was */

    assert_int_equal(look(f, &step, step.token, ""), MFA_SESSION_LIVE);
    assert_int_equal(look(f, &step, step.token, PAY), MFA_SESSION_LIVE);
    assert_int_equal(step.view.host.len, 0);

    /* a ticket is neither */

    make(f, &step);
    assert_int_equal(look(f, &step, step.ticket, PAY), MFA_SESSION_NONE);
    assert_int_equal(look(f, &step, step.ticket, ""), MFA_SESSION_NONE);
}


/* X44 */

static void
a_ticket_is_good_once(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    start(f, &step);
    make(f, &step);

    assert_int_equal(mfa_view(fixture_work(f), known_in, &step), MFA_OK);
    assert_true(step.is_known);

    assert_int_equal(use(f, &step), MFA_OK);
    assert_int_equal(use(f, &step), MFA_NOT_FOUND);
    assert_rows(f, &step, 1, 1, 0);

    assert_int_equal(mfa_view(fixture_work(f), known_in, &step), MFA_OK);
    assert_false(step.is_known);

    /* a new one for the same host replaces the token */

    step.asked = step.second;
    make(f, &step);
    {
        mfa_str_t  former = step.second;

        assert_int_equal(use(f, &step), MFA_OK);
        assert_int_equal(look(f, &step, former, PAY), MFA_SESSION_NONE);
    }
    assert_int_equal(look(f, &step, step.second, PAY), MFA_SESSION_LIVE);
    assert_rows(f, &step, 1, 1, 0);

    step.host = mfa_str(DOC);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);
    assert_rows(f, &step, 2, 2, 0);
}


/* X44 */

static void
a_ticket_is_refused_elsewhere_and_gone_by_the_try(void **state)
{
    size_t      i;
    step_t      step;
    fixture_t  *f = *state;

    start(f, &step);

    for (i = 0; i < 5; i++) {
        step.host = mfa_str(PAY);
        memset(step.browser, 7, MFA_DIGEST_SIZE);
        make(f, &step);

        switch (i) {
        case 0: step.host = mfa_str(DOC); break;
        case 1: step.host = mfa_null; break;
        case 2: step.browser[MFA_DIGEST_SIZE - 1] ^= 1; break;
        case 3: f->now += MFA_TICKET_LIFE; break;
        default: step.host = mfa_str("PAY.example.net"); break;
        }

        assert_int_equal(use(f, &step), MFA_NOT_FOUND);
        assert_rows(f, &step, 0, 0, 0);

        step.host = mfa_str(PAY);
        memset(step.browser, 7, MFA_DIGEST_SIZE);
        assert_int_equal(use(f, &step), MFA_NOT_FOUND);
    }

    make(f, &step);
    f->now += MFA_TICKET_LIFE - 1;
    assert_int_equal(use(f, &step), MFA_OK);
}


static void
what_is_no_ticket_is_not_found(void **state)
{
    size_t      i;
    step_t      step;
    fixture_t  *f = *state;

    const char *const  bad[] = {
        "", "A", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "***********************************************"
    };

    start(f, &step);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        step.ticket = mfa_str_from(bad[i]);
        assert_int_equal(use(f, &step), MFA_NOT_FOUND);
        assert_int_equal(mfa_view(fixture_work(f), known_in, &step), MFA_OK);
        assert_false(step.is_known);
    }

    /* nor is a token */

    step.ticket = step.token;
    assert_int_equal(use(f, &step), MFA_NOT_FOUND);

    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);
    step.ticket = step.second;
    assert_int_equal(use(f, &step), MFA_NOT_FOUND);
    assert_int_equal(look(f, &step, step.ticket, PAY), MFA_SESSION_LIVE);

    step.host = mfa_null;
    assert_int_equal(mfa_update(fixture_work(f), make_in, &step),
                     MFA_INVALID);
}


/* D12, D6 */

static void
a_session_that_ends_takes_its_tokens_along(void **state)
{
    step_t      step;
    mfa_str_t   second;
    fixture_t  *f = *state;

    start(f, &step);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);
    step.host = mfa_str(DOC);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);
    make(f, &step);

    assert_int_equal(mfa_update(fixture_work(f), end_in, &step), MFA_OK);
    assert_rows(f, &step, 0, 0, 1);
    assert_int_equal(look(f, &step, step.second, DOC), MFA_SESSION_NONE);
    assert_int_equal(use(f, &step), MFA_NOT_FOUND);
    assert_int_equal(mfa_update(fixture_work(f), make_in, &step),
                     MFA_NOT_FOUND);

    assert_int_equal(mfa_update(fixture_work(f), issue_in, &step), MFA_OK);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);
    second = step.second;
    make(f, &step);
    assert_int_equal(mfa_update(fixture_work(f), end_all_in, &step), MFA_OK);
    assert_rows(f, &step, 0, 0, 1);
    assert_int_equal(use(f, &step), MFA_NOT_FOUND);
    assert_int_equal(look(f, &step, second, DOC), MFA_SESSION_NONE);
}


/* D12: idle time and limit are those of the session */

static void
a_second_token_lives_and_dies_with_the_session(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    start(f, &step);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);

    f->now += f->settings.idle_timeout - 1;
    assert_int_equal(look(f, &step, step.second, PAY), MFA_SESSION_LIVE);
    make(f, &step);
    f->now += 1;
    assert_int_equal(look(f, &step, step.second, PAY), MFA_SESSION_IDLE);
    assert_int_equal(use(f, &step), MFA_NOT_FOUND);
    assert_int_equal(mfa_update(fixture_work(f), make_in, &step),
                     MFA_NOT_FOUND);
}


static void
purge_removes_old_tickets_and_what_was_left_behind(void **state)
{
    size_t              removed;
    step_t              step;
    fixture_t          *f = *state;
    mfa_purge_cursor_t  cursor = { .table = MFA_TABLE_TICKET };

    start(f, &step);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);
    make(f, &step);

    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                     MFA_OK);
    assert_rows(f, &step, 1, 1, 1);

    f->now += MFA_TICKET_LIFE;
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                     MFA_OK);
    assert_rows(f, &step, 1, 1, 0);

    assert_int_equal(mfa_update(fixture_work(f), orphan_in, &step), MFA_OK);
    assert_int_equal(look(f, &step, step.second, PAY), MFA_SESSION_NONE);

    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                     MFA_OK);
    assert_int_equal(mfa_purge(fixture_work(f), &cursor, 1000, &removed),
                     MFA_OK);
    assert_rows(f, &step, 0, 0, 0);
}


static void
randomness_that_fails_makes_nothing(void **state)
{
    step_t      step;
    fixture_t  *f = *state;

    start(f, &step);
    make(f, &step);

    f->is_random_broken = true;
    assert_int_not_equal(mfa_update(fixture_work(f), make_in, &step), MFA_OK);
    assert_int_equal(step.ticket.len, 0);
    f->is_random_broken = false;

    assert_rows(f, &step, 0, 0, 1);
}


/* D12: the gate is told for which host a token is */

static void
an_identity_says_where_it_is_good(void **state)
{
    step_t                step;
    fixture_t            *f = *state;
    mfa_identity_t       *identity;
    mfa_verdict_t         verdict;
    mfa_session_state_t   is;

    start(f, &step);
    make(f, &step);
    assert_int_equal(use(f, &step), MFA_OK);

    assert_int_equal(mfa_decision_read(&f->model, step.second, &identity,
                                       &verdict, &is), MFA_OK);
    assert_int_equal(verdict, MFA_VERDICT_PASS);
    assert_true(mfa_str_eq_c(identity->host, PAY));
    assert_int_equal(mfa_identity_judge_host(identity, mfa_str(PAY)),
                     MFA_VERDICT_PASS);
    assert_int_equal(mfa_identity_judge_host(identity, mfa_str(DOC)),
                     MFA_VERDICT_DENY);
    assert_int_equal(mfa_identity_judge_host(identity, mfa_null),
                     MFA_VERDICT_DENY);
    mfa_identity_release(&identity);

    assert_int_equal(mfa_decision_read(&f->model, step.token, &identity,
                                       &verdict, &is), MFA_OK);
    assert_int_equal(identity->host.len, 0);
    assert_int_equal(mfa_identity_judge_host(identity, mfa_str(DOC)),
                     MFA_VERDICT_PASS);
    mfa_identity_release(&identity);
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(a_second_token_is_the_session_on_its_own_host_alone),
        FIXTURE_TEST(a_ticket_is_good_once),
        FIXTURE_TEST(a_ticket_is_refused_elsewhere_and_gone_by_the_try),
        FIXTURE_TEST(what_is_no_ticket_is_not_found),
        FIXTURE_TEST(a_session_that_ends_takes_its_tokens_along),
        FIXTURE_TEST(a_second_token_lives_and_dies_with_the_session),
        FIXTURE_TEST(purge_removes_old_tickets_and_what_was_left_behind),
        FIXTURE_TEST(randomness_that_fails_makes_nothing),
        FIXTURE_TEST(an_identity_says_where_it_is_good),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
