/*
 * Gauges: how much of what is in the store.
 *
 * Only looks, and never at more than a bounded number of rows. Contract:
 * mfa_model_metric.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define GAUGE_CHANNELS     3
#define GAUGE_MESSAGES     1000
#define GAUGE_ARENA        ((size_t) 8 * 1024 * 1024)

typedef struct {
    int64_t     count[GAUGE_CHANNELS];
    mfa_time_t  made_at[GAUGE_CHANNELS];    /* of the oldest; 0: none */
    mfa_time_t  now;
    mfa_time_t  behind;
} gauge_look_t;

typedef struct {
    const mfa_gauge_cursor_t  *from;
    mfa_gauge_cursor_t         cursor;
    size_t                     look;
    bool                       is_over;
} gauge_sessions_t;


static void
gauge_set(mfa_readings_t *readings, mfa_metric_t metric, int64_t value)
{
    if (readings->count < sizeof(readings->items)
                          / sizeof(readings->items[0]))
    {
        readings->items[readings->count].metric = metric;
        readings->items[readings->count].value = value;
        readings->count++;
    }
}


static void
gauge_message(gauge_look_t *look, const mfa_message_t *message)
{
    size_t  i;

    static const char *const  channels[GAUGE_CHANNELS] = {
        "mail", "sms", "voice"
    };

    for (i = 0; i < GAUGE_CHANNELS; i++) {
        if (!mfa_str_eq_c(message->channel, channels[i])) {
            continue;
        }

        look->count[i]++;

        if (look->made_at[i] == 0 || message->made_at < look->made_at[i]) {
            look->made_at[i] = message->made_at;
        }
    }
}


static mfa_status_t
gauge_look(mfa_tx_t *tx, void *arg)
{
    size_t         n;
    mfa_cursor_t   cursor;
    mfa_status_t   st;
    mfa_message_t  message;
    gauge_look_t  *look = arg;

    *look = (gauge_look_t) { .now = tx->now };

    look->behind = tx->now - mfa_port_now(tx->work->model->ports);
    cursor = (mfa_cursor_t) { .table = MFA_TABLE_MESSAGE };

    for (n = 0; n < GAUGE_MESSAGES; n++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (mfa_message_look(tx, cursor.key, cursor.value, &message)
            == MFA_OK)
        {
            gauge_message(look, &message);
        }
    }

    return MFA_OK;
}


/* in an arena of its own, which does not stay with a long piece of work */

static mfa_status_t
gauge_view(mfa_work_t *work, mfa_tx_fn fn, void *arg)
{
    mfa_work_t    looking;
    mfa_status_t  st;

    looking = (mfa_work_t) {
        .model = work->model,
        .arena = mfa_arena_open(GAUGE_ARENA)
    };

    if (looking.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_view(&looking, fn, arg);

    mfa_arena_close(&looking.arena);

    return st;
}


mfa_status_t
mfa_gauges_read(mfa_work_t *work, mfa_readings_t *readings)
{
    size_t            i;
    mfa_status_t      st;
    gauge_look_t      look;
    mfa_store_stat_t  stat;

    st = gauge_view(work, gauge_look, &look);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < GAUGE_CHANNELS; i++) {
        gauge_set(readings, (mfa_metric_t) (MFA_METRIC_OUTBOX_MAIL + i),
                  look.count[i]);
        gauge_set(readings, (mfa_metric_t) (MFA_METRIC_OLDEST_MAIL + i),
                  look.made_at[i] == 0 || look.made_at[i] > look.now
                  ? 0 : look.now - look.made_at[i]);
    }

    gauge_set(readings, MFA_METRIC_CLOCK_BEHIND,
              look.behind > 0 ? look.behind : 0);

    st = mfa_store_stat(work->model->store, &stat);
    if (st != MFA_OK) {
        return st;
    }

    gauge_set(readings, MFA_METRIC_STORE_USED, stat.used_bytes);
    gauge_set(readings, MFA_METRIC_STORE_LIMIT, stat.limit_bytes);

    return MFA_OK;
}


static mfa_status_t
gauge_count(mfa_tx_t *tx, void *arg)
{
    bool               is_live;
    size_t             n;
    mfa_cursor_t       cursor;
    mfa_status_t       st;
    gauge_sessions_t  *count = arg;

    count->cursor = *count->from;
    count->is_over = false;

    cursor = (mfa_cursor_t) { .table = MFA_TABLE_SESSION };

    if (count->cursor.has_last) {
        cursor.key = mfa_str_bytes(count->cursor.last, MFA_DIGEST_SIZE);
    }

    for (n = 0; n < count->look; n++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            count->is_over = true;
            return MFA_OK;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (mfa_session_is_live(tx, cursor.key, cursor.value, &is_live)
            == MFA_OK && is_live)
        {
            count->cursor.live++;
        }
    }

    if (n > 0 && cursor.key.len == MFA_DIGEST_SIZE) {
        memcpy(count->cursor.last, cursor.key.data, MFA_DIGEST_SIZE);
        count->cursor.has_last = true;
    }

    return MFA_OK;
}


mfa_status_t
mfa_gauge_sessions(mfa_work_t *work, mfa_gauge_cursor_t *cursor, size_t look,
    mfa_readings_t *readings, bool *is_over)
{
    mfa_status_t      st;
    gauge_sessions_t  count = { .from = cursor, .look = look };

    *is_over = false;

    st = gauge_view(work, gauge_count, &count);
    if (st != MFA_OK) {
        return st;
    }

    *cursor = count.cursor;
    *is_over = count.is_over;

    if (count.is_over) {
        gauge_set(readings, MFA_METRIC_SESSIONS, count.cursor.live);
        *cursor = (mfa_gauge_cursor_t) { .live = 0 };
    }

    return MFA_OK;
}
