/*
 * The model, fifth part: what is counted, for those who watch a gateway.
 *
 * Numbers only: no name, address or token is in a series, and the labels
 * are those of mfa_metric.def. Part of mfa_model.h, whose rules hold here;
 * not included by itself.
 */

#ifndef MFA_MODEL_METRIC_H
#define MFA_MODEL_METRIC_H

#pragma GCC visibility push(hidden)


typedef enum {
#define MFA_METRIC(id, family, labels, event, result, reason, factor)         \
    MFA_METRIC_##id,
#include "mfa_metric.def"
    MFA_METRIC_COUNT
} mfa_metric_t;


/* what one piece of work has to count: mfa_work_t.tally */

struct mfa_tally_s {
    uint32_t  counts[MFA_METRIC_COUNT];
};

/* tally may be NULL: nobody counts */
void mfa_tally_count(mfa_tally_t *tally, mfa_metric_t metric);
void mfa_tally_add(mfa_tally_t *tally, const mfa_tally_t *more);
void mfa_tally_event(mfa_tally_t *tally, const mfa_event_t *event);
/* of a commit: what came of it */
void mfa_tally_commit(mfa_tally_t *tally, mfa_status_t status);
/* a message with a code went into the outbox */
void mfa_tally_code(mfa_tally_t *tally, mfa_str_t channel);

typedef enum {                  /* in the order of mfa_metric.def */
    MFA_DELIVERY_SENT = 0,
    MFA_DELIVERY_LATER,
    MFA_DELIVERY_DOWN,          /* the other side is not there */
    MFA_DELIVERY_REFUSED
} mfa_delivery_end_t;

void mfa_tally_delivery(mfa_tally_t *tally, mfa_str_t channel,
    mfa_delivery_end_t end);


/* gauges, read from the store */

typedef struct {
    unsigned      count;
    struct {
        mfa_metric_t  metric;
        int64_t       value;
    } items[16];
} mfa_readings_t;

/* of a count of the sessions that goes on over several turns */
typedef struct {
    bool     has_last;
    uint8_t  last[MFA_DIGEST_SIZE];
    int64_t  live;
} mfa_gauge_cursor_t;

/* the outbox, the room of the store, the clock; bounded */
mfa_status_t mfa_gauges_read(mfa_work_t *work, mfa_readings_t *readings)
    MFA_MUST_CHECK;

/* looks at the next few sessions; *is_over: that were all, and their number
 * is among the readings */
mfa_status_t mfa_gauge_sessions(mfa_work_t *work, mfa_gauge_cursor_t *cursor,
    size_t look, mfa_readings_t *readings, bool *is_over) MFA_MUST_CHECK;


/* Prometheus text, format 0.0.4: every series of every realm */

#define MFA_METRIC_UNKNOWN  (-1)        /* a value that is not shown */

typedef struct {
    mfa_str_t  name;
    int64_t    values[MFA_METRIC_COUNT];
} mfa_metric_realm_t;

void mfa_metrics_print(mfa_buf_t *buf, const mfa_metric_realm_t *realms,
    size_t count);

/* a number that is read, not counted */
bool mfa_metric_is_gauge(mfa_metric_t metric);

/* a value of a label: \, " and newline escaped */
void mfa_metric_label(mfa_buf_t *buf, mfa_str_t value);

#pragma GCC visibility pop

#endif /* MFA_MODEL_METRIC_H */
