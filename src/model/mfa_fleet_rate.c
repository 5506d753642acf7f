/*
 * How often logins fail over all people, against what is usual (H11).
 *
 * One row for the realm: how many failed in each hour of the last week, and
 * whether this hour has had its alarm. It tells the operator of a flood that
 * no single source and no single person shows; it refuses nobody. Holds
 * numbers only. Contract: mfa_model_flow.h, "fleet".
 */

#include "mfa_record.h"

#include <stdlib.h>


#define RATE_VERSION  1
#define RATE_HOURS    (7 * 24)
#define RATE_TIMES    5
#define RATE_COUNT    UINT32_MAX

/* a row of that many numbers of at most five bytes, and what is before */
#define RATE_MAX      (RATE_HOURS * 5 + 64)

/* before, "usual" means nothing; below, one forgetful person is a flood */
#define RATE_HOURS_LEAST   24
#define RATE_MEDIAN_LEAST  10

#define META_RATE     mfa_str("fleet.failures")


typedef struct {
    uint64_t  hour;                 /* since 1970, of count */
    uint64_t  count;                /* in this hour, so far */
    bool      is_told;
    uint64_t  past_count;           /* hours that are known, latest first */
    uint64_t  past[RATE_HOURS];
} rate_t;


static mfa_status_t
rate_decode(const mfa_tx_t *tx, mfa_str_t record, rate_t *rate)
{
    uint64_t      i, version, told;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    rate->hour = mfa_unpack_number(&in);
    rate->count = mfa_unpack_number(&in);
    told = mfa_unpack_number(&in);
    rate->past_count = mfa_unpack_number(&in);

    for (i = 0; i < rate->past_count && i < RATE_HOURS; i++) {
        rate->past[i] = mfa_unpack_number(&in);
    }

    rate->is_told = (told != 0);

    st = mfa_record_end(tx, &in, version, RATE_VERSION, "fleet");

    return (st == MFA_OK && rate->past_count > RATE_HOURS) ? MFA_DAMAGED : st;
}


static void
rate_begin(rate_t *rate, uint64_t hour)
{
    memset(rate, 0, sizeof(*rate));

    rate->hour = hour;
}


/* an hour is over: it joins those before it, and the oldest goes */

static void
rate_push(rate_t *rate, uint64_t count)
{
    memmove(rate->past + 1, rate->past,
            (RATE_HOURS - 1) * sizeof(rate->past[0]));

    rate->past[0] = count;
    rate->past_count += (rate->past_count < RATE_HOURS);
}


/* hours in which nothing failed have no row of their own: they are zero */

static void
rate_turn(rate_t *rate, uint64_t hour)
{
    uint64_t  quiet;

    if (hour <= rate->hour) {
        return;
    }

    rate_push(rate, rate->count);

    quiet = hour - rate->hour - 1;
    quiet = (quiet < RATE_HOURS) ? quiet : RATE_HOURS;

    while (quiet-- > 0) {
        rate_push(rate, 0);
    }

    rate->hour = hour;
    rate->count = 0;
    rate->is_told = false;
}


/* what is damaged is begun anew: it is worth no login of anybody */

static mfa_status_t
rate_read(const mfa_tx_t *tx, rate_t *rate)
{
    uint64_t      hour;
    mfa_str_t     record;
    mfa_status_t  st;

    hour = (uint64_t) (tx->now / MFA_HOUR);

    rate_begin(rate, hour);

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_RATE, tx->work->arena,
                     &record);

    if (st == MFA_OK) {
        st = rate_decode(tx, record, rate);
    }

    if (st == MFA_DAMAGED) {
        rate_begin(rate, hour);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND && st != MFA_DAMAGED) {
        return st;
    }

    rate_turn(rate, hour);

    return MFA_OK;
}


static mfa_status_t
rate_write(const mfa_tx_t *tx, const rate_t *rate)
{
    uint64_t      i;
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, RATE_MAX);
    mfa_pack_number(&buf, RATE_VERSION);
    mfa_pack_number(&buf, rate->hour);
    mfa_pack_number(&buf, rate->count);
    mfa_pack_number(&buf, rate->is_told);
    mfa_pack_number(&buf, rate->past_count);

    for (i = 0; i < rate->past_count; i++) {
        mfa_pack_number(&buf, rate->past[i]);
    }

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, META_RATE, record);
}


static int
rate_compare(const void *a, const void *b)
{
    const uint64_t  *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}


static uint64_t
rate_median(const rate_t *rate)
{
    uint64_t  sorted[RATE_HOURS], median;

    memcpy(sorted, rate->past, sizeof(sorted));
    qsort(sorted, rate->past_count, sizeof(sorted[0]), rate_compare);

    median = sorted[rate->past_count / 2];

    return (median > RATE_MEDIAN_LEAST) ? median : RATE_MEDIAN_LEAST;
}


static bool
rate_is_high(const rate_t *rate)
{
    return rate->past_count >= RATE_HOURS_LEAST
           && rate->count > RATE_TIMES * RATE_MEDIAN_LEAST
           && rate->count > RATE_TIMES * rate_median(rate);
}


mfa_status_t
mfa_fleet_failed(mfa_tx_t *tx)
{
    bool          is_news;
    rate_t        rate;
    mfa_status_t  st;

    st = rate_read(tx, &rate);
    if (st != MFA_OK) {
        return (st == MFA_NEWER) ? MFA_OK : st;
    }

    rate.count += (rate.count < RATE_COUNT);

    is_news = !rate.is_told && rate_is_high(&rate);
    rate.is_told = rate.is_told || is_news;

    st = rate_write(tx, &rate);
    if (st != MFA_OK || !is_news) {
        return st;
    }

    return mfa_alarm(tx, "failures");
}
