/*
 * Limits: how often something may be tried.
 *
 * A try is booked before it is looked at, so that parallel tries cannot
 * overshoot; what turned out well gives back exactly its own booking. A
 * refused booking writes nothing. Subjects are kept as keyed digests only.
 * Contract: mfa_model.h, "limits".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define LIMIT_VERSION      1

#define LIMIT_SUBJECT_MAX  254
#define LIMIT_DIGEST       16
#define LIMIT_KEY          (1 + LIMIT_DIGEST)
#define LIMIT_RECORD_MAX   128

#define LIMIT_FREE_TRIES   5
#define LIMIT_WAIT_FIRST   (2 * MFA_SECOND)
#define LIMIT_WAIT_MOST    (60 * MFA_SECOND)

/* counters that are booked together */
#define LIMIT_TOGETHER_MAX  4


typedef struct {
    mfa_time_t  start_at[MFA_LIMIT_WINDOWS];    /* its first booking */
    uint64_t    count[MFA_LIMIT_WINDOWS];
    uint64_t    row;                /* tries without a success in between */
    mfa_time_t  next_at;            /* the wait that the row earned */
} limit_record_t;

/* one counter that takes part in a booking */

typedef struct {
    mfa_limit_kind_t  kind;
    int64_t           times;        /* of the rule's budget */
    uint8_t           key[LIMIT_KEY];
    limit_record_t    record;
} limit_t;


static const mfa_limit_rule_t *
limit_rule(const mfa_tx_t *tx, mfa_limit_kind_t kind)
{
    return &tx->work->model->settings->limits[kind];
}


static mfa_status_t
limit_init(const mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject,
    int64_t times, limit_t *limit)
{
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_str_t     parts[2];
    mfa_status_t  st;

    if ((unsigned) kind >= MFA_LIMIT_COUNT || subject.len == 0
        || subject.len > LIMIT_SUBJECT_MAX)
    {
        return MFA_INVALID;
    }

    *limit = (limit_t) { .kind = kind, .times = times };

    parts[0] = mfa_str("limit");
    parts[1] = subject;

    st = mfa_keys_mac(tx->work->model->keys, MFA_KEY_SUBJECT, parts, 2, mac);
    if (st != MFA_OK) {
        return st;
    }

    limit->key[0] = (uint8_t) kind;
    memcpy(limit->key + 1, mac, LIMIT_DIGEST);

    return MFA_OK;
}


static bool
limit_window_runs(const mfa_tx_t *tx, const mfa_limit_rule_t *rule,
    const limit_record_t *record, size_t i)
{
    return rule->most[i] > 0
           && record->count[i] > 0
           && tx->now - rule->window[i] < record->start_at[i];
}


/* no window runs and nobody has to wait: as if it had never been */

static bool
limit_is_past(const mfa_tx_t *tx, const mfa_limit_rule_t *rule,
    const limit_record_t *record)
{
    size_t  i;

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        if (limit_window_runs(tx, rule, record, i)) {
            return false;
        }
    }

    return tx->now >= record->next_at;
}


static mfa_status_t
limit_decode(const mfa_tx_t *tx, mfa_str_t value, limit_record_t *record)
{
    size_t        i;
    uint64_t      version;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, value, tx->work->arena);

    version = mfa_unpack_number(&in);

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        record->start_at[i] = mfa_unpack_time(&in);
        record->count[i] = mfa_unpack_number(&in);
    }

    record->row = mfa_unpack_number(&in);
    record->next_at = mfa_unpack_time(&in);

    st = mfa_record_end(tx, &in, version, LIMIT_VERSION, "limit");
    if (st != MFA_OK) {
        return st;
    }

    /* windows are added to these */

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        if (record->start_at[i] > INT64_MAX / 2) {
            return MFA_DAMAGED;
        }
    }

    return MFA_OK;
}


/* the record as it counts now: what is past is zero */

static mfa_status_t
limit_read(const mfa_tx_t *tx, limit_t *limit)
{
    size_t                   i;
    mfa_str_t                value;
    mfa_status_t             st;
    limit_record_t          *record;
    const mfa_limit_rule_t  *rule;

    record = &limit->record;
    rule = limit_rule(tx, limit->kind);

    st = mfa_txn_get(tx->txn, MFA_TABLE_LIMIT,
                     mfa_str_bytes(limit->key, LIMIT_KEY), tx->work->arena,
                     &value);
    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = limit_decode(tx, value, record);
    if (st != MFA_OK) {
        return st;
    }

    if (limit_is_past(tx, rule, record)) {
        *record = (limit_record_t) { .row = 0 };
    }

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        if (!limit_window_runs(tx, rule, record, i)) {
            record->start_at[i] = 0;
            record->count[i] = 0;
        }
    }

    return MFA_OK;
}


static mfa_status_t
limit_write(const mfa_tx_t *tx, const limit_t *limit)
{
    size_t                 i;
    mfa_buf_t              buf;
    mfa_str_t              value;
    mfa_status_t           st;
    const limit_record_t  *record;

    record = &limit->record;

    mfa_buf_init(&buf, tx->work->arena, LIMIT_RECORD_MAX);
    mfa_pack_number(&buf, LIMIT_VERSION);

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        mfa_pack_time(&buf, record->start_at[i]);
        mfa_pack_number(&buf, record->count[i]);
    }

    mfa_pack_number(&buf, record->row);
    mfa_pack_time(&buf, record->next_at);

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_LIMIT,
                       mfa_str_bytes(limit->key, LIMIT_KEY), value);
}


/* raises *retry_at to the moment this counter has room; now: it has */

static void
limit_check(const mfa_tx_t *tx, const limit_t *limit, mfa_time_t *retry_at)
{
    size_t                   i;
    uint64_t                 most;
    mfa_time_t               free_at;
    const limit_record_t    *record;
    const mfa_limit_rule_t  *rule;

    record = &limit->record;
    rule = limit_rule(tx, limit->kind);

    if (record->next_at > *retry_at) {
        *retry_at = record->next_at;
    }

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        most = (uint64_t) rule->most[i] * (uint64_t) limit->times;

        if (rule->most[i] <= 0 || record->count[i] < most) {
            continue;
        }

        free_at = record->start_at[i] + rule->window[i];

        if (free_at > *retry_at) {
            *retry_at = free_at;
        }
    }
}


static mfa_time_t
limit_wait(uint64_t row)
{
    uint64_t    i;
    mfa_time_t  wait;

    if (row <= LIMIT_FREE_TRIES) {
        return 0;
    }

    wait = LIMIT_WAIT_FIRST;

    for (i = LIMIT_FREE_TRIES + 1; i < row && wait < LIMIT_WAIT_MOST; i++) {
        wait *= 2;
    }

    return wait < LIMIT_WAIT_MOST ? wait : LIMIT_WAIT_MOST;
}


static void
limit_count(const mfa_tx_t *tx, limit_t *limit)
{
    size_t                   i;
    mfa_time_t               wait;
    limit_record_t          *record;
    const mfa_limit_rule_t  *rule;

    record = &limit->record;
    rule = limit_rule(tx, limit->kind);

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        if (rule->most[i] <= 0) {
            continue;
        }

        if (record->count[i] == 0) {
            record->start_at[i] = tx->now;
        }

        record->count[i]++;
    }

    if (limit->kind != MFA_LIMIT_LOGIN_PERSON) {
        return;
    }

    record->row++;
    wait = limit_wait(record->row);
    record->next_at = wait > 0 ? tx->now + wait : 0;
}


/* all or none */

static mfa_status_t
limit_book(const mfa_tx_t *tx, limit_t *limits, size_t count,
    mfa_time_t *retry_at)
{
    size_t        i;
    mfa_time_t    free_at;
    mfa_status_t  st;

    free_at = tx->now;

    for (i = 0; i < count; i++) {
        st = limit_read(tx, &limits[i]);
        if (st != MFA_OK) {
            return st;
        }

        limit_check(tx, &limits[i], &free_at);
    }

    *retry_at = free_at;

    if (free_at > tx->now) {
        return MFA_LIMITED;
    }

    for (i = 0; i < count; i++) {
        limit_count(tx, &limits[i]);

        st = limit_write(tx, &limits[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


/*
 * One booking back in each window that runs, and no wait; the failures
 * booked before stay counted, or a daily success of the owner would refill
 * the budget of whoever guesses meanwhile.
 */

static mfa_status_t
limit_give_back(const mfa_tx_t *tx, limit_t *limit)
{
    size_t        i;
    bool          is_empty;
    mfa_status_t  st;

    st = limit_read(tx, limit);
    if (st != MFA_OK) {
        return st;
    }

    is_empty = true;
    limit->record.row = 0;
    limit->record.next_at = 0;

    for (i = 0; i < MFA_LIMIT_WINDOWS; i++) {
        if (limit->record.count[i] > 0) {
            limit->record.count[i]--;
        }

        is_empty = is_empty && limit->record.count[i] == 0;
    }

    if (!is_empty) {
        return limit_write(tx, limit);
    }

    st = mfa_txn_delete(tx->txn, MFA_TABLE_LIMIT,
                        mfa_str_bytes(limit->key, LIMIT_KEY));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_limit_book_all(mfa_tx_t *tx, const mfa_limit_share_t *shares,
    size_t count, mfa_time_t *retry_at)
{
    size_t        i;
    limit_t       limits[LIMIT_TOGETHER_MAX];
    mfa_status_t  st;

    *retry_at = 0;

    if (count > LIMIT_TOGETHER_MAX) {
        return MFA_BUG;
    }

    for (i = 0; i < count; i++) {
        st = limit_init(tx, shares[i].kind, shares[i].subject, shares[i].times,
                        &limits[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    return limit_book(tx, limits, count, retry_at);
}


mfa_status_t
mfa_limit_book(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject,
    mfa_time_t *retry_at)
{
    mfa_limit_share_t  share;

    share = (mfa_limit_share_t) { .kind = kind, .subject = subject,
                                  .times = 1 };

    return mfa_limit_book_all(tx, &share, 1, retry_at);
}


mfa_status_t
mfa_limit_refund(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject)
{
    limit_t       limit;
    mfa_status_t  st;

    st = limit_init(tx, kind, subject, 1, &limit);
    if (st != MFA_OK) {
        return st;
    }

    return limit_give_back(tx, &limit);
}


mfa_status_t
mfa_limit_clear(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject)
{
    limit_t       limit;
    mfa_status_t  st;

    st = limit_init(tx, kind, subject, 1, &limit);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_LIMIT,
                          mfa_str_bytes(limit.key, sizeof(limit.key)));
}


mfa_status_t
mfa_limit_look(mfa_tx_t *tx, mfa_limit_kind_t kind, mfa_str_t subject,
    mfa_time_t *retry_at)
{
    limit_t       limit;
    mfa_status_t  st;

    *retry_at = 0;

    st = limit_init(tx, kind, subject, 1, &limit);
    if (st != MFA_OK) {
        return st;
    }

    st = limit_read(tx, &limit);
    if (st != MFA_OK) {
        return st;
    }

    *retry_at = tx->now;
    limit_check(tx, &limit, retry_at);

    return *retry_at > tx->now ? MFA_LIMITED : MFA_OK;
}


mfa_status_t
mfa_limit_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    unsigned        kind;
    mfa_status_t    st;
    limit_record_t  found;

    *is_over = false;

    if (key.len != LIMIT_KEY) {
        return MFA_DAMAGED;
    }

    kind = (uint8_t) key.data[0];

    if (kind >= MFA_LIMIT_COUNT) {
        return MFA_NEWER;
    }

    st = limit_decode(tx, record, &found);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = limit_is_past(tx, limit_rule(tx, (mfa_limit_kind_t) kind),
                             &found);

    return MFA_OK;
}
