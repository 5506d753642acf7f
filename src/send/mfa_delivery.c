/*
 * The delivery of the outbox in one worker: lease, render, send, record.
 *
 * No transaction is open while a letter is made or sent. A worker that dies
 * in between leaves a lease that runs out, so a letter may come twice and is
 * never lost (I4, ML9). Never logs an address or what a letter says.
 */

#include "mfa_delivery_lane.h"

#include <stdlib.h>


/* longer than an attempt by all its routes (mfa_delivery_lane.c) and than the
 * record of what came of it, shorter than the minute of ML1 */
#define DELIVERY_LEASE      (50 * MFA_SECOND)

/* no message is begun later than this */
#define DELIVERY_RUN        (30 * MFA_SECOND)
#define DELIVERY_IDLE       (5 * MFA_SECOND)
#define DELIVERY_ARENA      (16 * 1024 * 1024)
#define DELIVERY_TRIES      3       /* to record what was sent */


struct mfa_delivery_s {
    mfa_letter_place_t  place;
    mfa_lanes_t         lanes;
    mfa_time_t          lease;              /* of the next message */
};


mfa_status_t
mfa_delivery_open(const mfa_send_settings_t *settings,
    const mfa_templates_t *templates, const mfa_languages_t *languages,
    const mfa_ports_t *ports, mfa_delivery_t **delivery)
{
    mfa_status_t     st;
    mfa_delivery_t  *made;

    *delivery = NULL;

    made = calloc(1, sizeof(mfa_delivery_t));
    if (made == NULL) {
        return MFA_NO_MEMORY;
    }

    made->place.settings = settings;
    made->place.templates = templates;
    made->place.languages = languages;
    made->place.ports = ports;

    st = mfa_lanes_open(settings, ports, &made->lanes);
    if (st != MFA_OK) {
        free(made);
        return st;
    }

    *delivery = made;

    return MFA_OK;
}


void
mfa_delivery_close(mfa_delivery_t **delivery)
{
    if (*delivery == NULL) {
        return;
    }

    mfa_lanes_disconnect(&(*delivery)->lanes);
    free(*delivery);
    *delivery = NULL;
}


/* what a later try cannot mend: a template that is not there, a number that
 * is none */

static void
delivery_unmade(mfa_delivery_t *delivery, const mfa_message_t *message,
    mfa_status_t st, mfa_send_result_t *result)
{
    if (st == MFA_NOT_FOUND || st == MFA_CONFIG || st == MFA_INVALID) {
        result->outcome = MFA_SEND_REFUSED;
    }

    (void) snprintf(result->reason, sizeof(result->reason),
                    "the letter cannot be made: %s",
                    mfa_status_text(st));

    mfa_log(delivery->place.ports, MFA_LOG_ERROR, "a message of the kind \""
            MFA_STR_FMT "\" cannot be made: %s",
            MFA_STR_ARG(message->kind), mfa_status_text(st));
}


static void
delivery_send(mfa_delivery_t *delivery, mfa_message_t *message,
    mfa_arena_t *arena, mfa_send_result_t *result)
{
    mfa_lane_t       *lane;
    mfa_status_t      st;
    mfa_lane_load_t   load = { .message = message, .arena = arena };

    memset(result, 0, sizeof(mfa_send_result_t));

    if (mfa_str_eq_c(message->channel, MFA_CHANNEL_NONE)) {
        result->outcome = MFA_SEND_DONE;
        return;
    }

    lane = mfa_lane_find(&delivery->lanes, message->channel);

    if (lane == NULL) {
        result->outcome = MFA_SEND_REFUSED;
        (void) snprintf(result->reason, sizeof(result->reason), "no route");
        return;
    }

    st = mfa_letter_make(&delivery->place, message, arena, &load.letter);

    if (st == MFA_OK) {
        mfa_lane_send(&delivery->lanes, lane, &load, result);

    } else {
        delivery_unmade(delivery, message, st, result);
    }
}


/* transactions */

typedef struct {
    mfa_message_t             message;
    const mfa_send_result_t  *result;
    mfa_time_t                lease;
    mfa_time_t                now;          /* as the outbox sees it */
} delivery_tx_t;


static mfa_status_t
delivery_tx_next(mfa_tx_t *tx, void *arg)
{
    delivery_tx_t  *work = arg;

    work->now = tx->now;

    return mfa_message_next(tx, NULL, &work->message);
}


static mfa_status_t
delivery_tx_lease(mfa_tx_t *tx, void *arg)
{
    mfa_status_t    st;
    delivery_tx_t  *work = arg;

    work->message.to = mfa_null;

    st = mfa_message_lease(tx, work->lease, &work->message);

    /* expired ones may have been removed on the way: that is to be kept */

    if (st == MFA_NOT_FOUND) {
        work->message.to = mfa_null;
        return MFA_OK;
    }

    return st;
}


static mfa_status_t
delivery_tx_record(mfa_tx_t *tx, void *arg)
{
    mfa_status_t    st;
    delivery_tx_t  *work = arg;

    switch (work->result->outcome) {
    case MFA_SEND_DONE:
        st = mfa_message_sent(tx, &work->message);
        break;
    case MFA_SEND_REFUSED:
        st = mfa_message_refused(tx, &work->message, work->result->reason);
        break;
    default:
        st = mfa_message_retry(tx, &work->message,
                               tx->now + work->result->retry_ms,
                               work->result->reason);
    }

    /* its lease ran out and somebody else has dealt with it */

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


/*
 * A letter that was sent and is not recorded is sent again when its lease
 * ends, so this is tried more than once, and may use the reserve of a full
 * store: its row goes.
 */

static mfa_status_t
delivery_record(mfa_delivery_t *delivery, mfa_work_t *work,
    delivery_tx_t *tx)
{
    unsigned      tries;
    mfa_status_t  st;

    st = MFA_STORE_BUSY;

    for (tries = 0; tries < DELIVERY_TRIES && st == MFA_STORE_BUSY; tries++) {
        st = mfa_update_reserved(work, delivery_tx_record, tx);
    }

    if (st != MFA_OK) {
        mfa_log(delivery->place.ports, MFA_LOG_ERROR,
                "the outcome of a message is not recorded: %s",
                mfa_status_text(st));
    }

    return st;
}


/* how long all routes of a message are to be left alone; 0: send it */

static mfa_time_t
delivery_hold(mfa_delivery_t *delivery, const mfa_message_t *message)
{
    mfa_lane_t  *lane;

    lane = mfa_lane_find(&delivery->lanes, message->channel);

    return lane != NULL && !message->is_unclear
           ? mfa_lane_wait(&delivery->lanes, lane) : 0;
}


static void
delivery_count(mfa_work_t *work, const mfa_message_t *message,
    const mfa_send_result_t *result)
{
    mfa_delivery_end_t  end;

    switch (result->outcome) {
    case MFA_SEND_DONE:
        end = MFA_DELIVERY_SENT;
        break;
    case MFA_SEND_REFUSED:
        end = MFA_DELIVERY_REFUSED;
        break;
    default:
        end = result->is_down ? MFA_DELIVERY_DOWN : MFA_DELIVERY_LATER;
    }

    mfa_tally_delivery(work->tally, message->channel, end);
}


/*
 * One message, from lease to outcome. MFA_NOT_FOUND: none is due. With a
 * server that is down the lease is left to run out: the message is due again
 * within a minute of the server's return, whatever its schedule (ML1).
 */

static mfa_status_t
delivery_one(mfa_delivery_t *delivery, mfa_work_t *work)
{
    mfa_status_t       st;
    delivery_tx_t      tx;
    mfa_send_result_t  result;

    memset(&tx, 0, sizeof(tx));
    tx.lease = delivery->lease;

    st = mfa_update_reserved(work, delivery_tx_lease, &tx);
    if (st != MFA_OK) {
        return st;
    }

    if (tx.message.to.data == NULL) {
        return MFA_NOT_FOUND;
    }

    /* held until its routes may be asked again; a short lease is for no send */

    if (tx.lease < DELIVERY_LEASE
        || delivery_hold(delivery, &tx.message) > 0)
    {
        return MFA_OK;
    }

    delivery_send(delivery, &tx.message, work->arena, &result);
    delivery_count(work, &tx.message, &result);

    if (result.is_down && result.outcome == MFA_SEND_LATER) {
        return MFA_OK;
    }

    tx.result = &result;

    return delivery_record(delivery, work, &tx);
}


/* lines of events are to outlive the arena of their message */

static mfa_status_t
delivery_keep_events(mfa_work_t *to, const mfa_work_t *from)
{
    size_t             i;
    mfa_str_t         *items;
    mfa_strs_t        *lines;
    mfa_status_t       st;
    const mfa_strs_t  *more;

    lines = &to->events.lines;
    more = &from->events.lines;

    if (more->count == 0) {
        return MFA_OK;
    }

    items = mfa_arena_alloc(to->arena, (lines->count + more->count)
                                       * sizeof(mfa_str_t));
    if (items == NULL) {
        return MFA_NO_MEMORY;
    }

    if (lines->count != 0) {
        memcpy(items, lines->items, lines->count * sizeof(mfa_str_t));
    }

    for (i = 0; i < more->count; i++) {
        st = mfa_arena_copy(to->arena, more->items[i],
                            &items[lines->count + i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    lines->items = items;
    lines->count += more->count;

    return MFA_OK;
}


typedef mfa_status_t (*delivery_fn)(mfa_delivery_t *delivery,
    mfa_work_t *work);


/* in an arena of its own: a code does not stay in memory after its letter */

static mfa_status_t
delivery_apart(mfa_delivery_t *delivery, mfa_work_t *work, delivery_fn fn)
{
    mfa_work_t     inner;
    mfa_arena_t   *arena;
    mfa_status_t   st, kept;

    arena = mfa_arena_open(DELIVERY_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    inner = *work;
    inner.arena = arena;
    memset(&inner.events, 0, sizeof(inner.events));

    st = fn(delivery, &inner);
    kept = delivery_keep_events(work, &inner);

    mfa_arena_close(&arena);

    return (st == MFA_OK || st == MFA_NOT_FOUND) && kept != MFA_OK ? kept : st;
}


/*
 * When the first message is due: ms from now, 0: it is; MFA_NOT_FOUND. One
 * whose routes are all left alone is not to stand in the way of the others:
 * it is leased for as long as they are.
 */

static mfa_status_t
delivery_look(mfa_delivery_t *delivery, mfa_work_t *work,
    mfa_time_t *wait_ms)
{
    mfa_time_t      hold;
    mfa_work_t      inner;
    mfa_arena_t    *arena;
    mfa_status_t    st;
    delivery_tx_t   tx;

    *wait_ms = 0;
    delivery->lease = DELIVERY_LEASE;
    memset(&tx, 0, sizeof(tx));

    arena = mfa_arena_open(DELIVERY_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    inner = *work;
    inner.arena = arena;

    st = mfa_view(&inner, delivery_tx_next, &tx);

    if (st == MFA_OK && tx.message.due_at > tx.now) {
        *wait_ms = tx.message.due_at - tx.now;

    } else if (st == MFA_OK) {
        hold = delivery_hold(delivery, &tx.message);
        delivery->lease = hold > 0 ? hold : DELIVERY_LEASE;
    }

    mfa_arena_close(&arena);

    return st;
}


/* until nothing is due, or the turn is over */

static mfa_status_t
delivery_turn(mfa_delivery_t *delivery, mfa_work_t *work, size_t most)
{
    size_t        n;
    mfa_time_t    wait, started, spent;
    mfa_status_t  st;

    started = mfa_port_now(delivery->place.ports);

    for (n = 0; n < most; n++) {
        spent = mfa_port_now(delivery->place.ports) - started;

        if (spent < 0 || spent >= DELIVERY_RUN
            || mfa_lanes_wait(&delivery->lanes) > 0)
        {
            return MFA_OK;
        }

        /* a look costs no writer; most turns find nothing */

        st = delivery_look(delivery, work, &wait);

        if (st == MFA_OK && wait > 0) {
            return MFA_OK;
        }

        /* a first row that cannot be read is for the lease to deal with */

        if (st == MFA_OK || st == MFA_DAMAGED || st == MFA_NEWER) {
            st = delivery_apart(delivery, work, delivery_one);
        }

        if (st != MFA_OK) {
            return st == MFA_NOT_FOUND ? MFA_OK : st;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_delivery_run(mfa_delivery_t *delivery, mfa_work_t *work, size_t most,
    mfa_time_t *wait_ms)
{
    mfa_time_t    wait;
    mfa_status_t  st;

    *wait_ms = DELIVERY_IDLE;

    st = delivery_turn(delivery, work, most);
    if (st != MFA_OK) {
        mfa_lanes_disconnect(&delivery->lanes);
        return st;
    }

    wait = mfa_lanes_wait(&delivery->lanes);

    if (wait > 0) {
        *wait_ms = wait;
        mfa_lanes_disconnect(&delivery->lanes);
        return MFA_OK;
    }

    st = delivery_look(delivery, work, &wait);

    if (st == MFA_OK && wait < DELIVERY_IDLE) {
        *wait_ms = wait;
    }

    if (*wait_ms != 0) {
        mfa_lanes_disconnect(&delivery->lanes);
    }

    return (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER)
           ? MFA_OK : st;
}
