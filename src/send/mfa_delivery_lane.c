/*
 * Which way a message goes: routes, backups, breakers.
 *
 * A message that may have been taken never goes another way, so that nobody
 * gets a code twice; all else moves on at once. Knows no store.
 */

#include "mfa_delivery_lane.h"


#define BREAKER_FAILURES  5
#define BREAKER_PAUSE     (30 * MFA_SECOND)

/* of one attempt, whatever routes it takes */
#define LANE_TIME         (30 * MFA_SECOND)

/* a route that took longer to fail leaves too little of it for another */
#define LANE_AT_ONCE      (15 * MFA_SECOND)


mfa_status_t
mfa_lanes_open(const mfa_send_settings_t *settings, const mfa_ports_t *ports,
    mfa_lanes_t *lanes)
{
    size_t              i, k;
    mfa_lane_t         *lane;
    mfa_status_t        st;
    mfa_lane_route_t   *item;
    const mfa_route_t  *routes;

    static const char *const  channels[MFA_LANES] = { "mail", "sms", "voice" };

    memset(lanes, 0, sizeof(mfa_lanes_t));
    lanes->ports = ports;

    for (i = 0; i < MFA_LANES; i++) {
        lane = &lanes->items[i];
        lane->channel = channels[i];
        routes = mfa_send_routes(settings, mfa_str_from(channels[i]),
                                 &lane->count);

        for (k = 0; k < lane->count; k++) {
            item = &lane->routes[k];
            item->route = &routes[k];

            st = routes[k].sender->open(routes[k].settings, ports,
                                        &item->connection);
            if (st != MFA_OK) {
                mfa_lanes_disconnect(lanes);
                return st;
            }
        }
    }

    return MFA_OK;
}


void
mfa_lanes_disconnect(mfa_lanes_t *lanes)
{
    size_t             i, k;
    mfa_lane_route_t  *item;

    for (i = 0; i < MFA_LANES; i++) {
        for (k = 0; k < lanes->items[i].count; k++) {
            item = &lanes->items[i].routes[k];

            if (item->connection != NULL) {
                item->route->sender->close(&item->connection);
            }
        }
    }
}


mfa_lane_t *
mfa_lane_find(mfa_lanes_t *lanes, mfa_str_t channel)
{
    size_t  i;

    for (i = 0; i < MFA_LANES; i++) {
        if (mfa_str_eq_c(channel, lanes->items[i].channel)
            && lanes->items[i].count != 0)
        {
            return &lanes->items[i];
        }
    }

    return NULL;
}


/* the breaker: another side that is not there is left alone for a while */

/* one that lets us wait without an answer is as good as absent */

static void
breaker_note(mfa_lanes_t *lanes, mfa_lane_t *lane, size_t at,
    const mfa_send_result_t *result)
{
    mfa_lane_route_t  *item = &lane->routes[at];

    if (!result->is_down && !result->is_unclear) {
        item->failures = 0;
        return;
    }

    if (item->failures < BREAKER_FAILURES) {
        item->failures++;
    }

    if (item->failures == BREAKER_FAILURES) {
        item->open_until = mfa_port_now(lanes->ports) + BREAKER_PAUSE;
        mfa_log(lanes->ports, MFA_LOG_WARN,
                "%s%s waits for %d s after %d failures: %s", lane->channel,
                at == 0 ? "" : " (backup)",
                (int) (BREAKER_PAUSE / MFA_SECOND), BREAKER_FAILURES,
                result->reason);
    }
}


/* how long it still stands open; a clock set back does not prolong it */

static mfa_time_t
breaker_wait(const mfa_lanes_t *lanes, mfa_lane_route_t *item)
{
    mfa_time_t  left;

    left = item->open_until - mfa_port_now(lanes->ports);

    if (left <= 0 || left > BREAKER_PAUSE) {
        item->open_until = 0;
        return 0;
    }

    return left;
}


mfa_time_t
mfa_lane_wait(mfa_lanes_t *lanes, mfa_lane_t *lane)
{
    size_t      k;
    mfa_time_t  wait, least;

    least = BREAKER_PAUSE;

    for (k = 0; k < lane->count; k++) {
        wait = breaker_wait(lanes, &lane->routes[k]);
        least = wait < least ? wait : least;
    }

    return least;
}


mfa_time_t
mfa_lanes_wait(mfa_lanes_t *lanes)
{
    size_t      i;
    mfa_time_t  wait, least;

    least = BREAKER_PAUSE;

    for (i = 0; i < MFA_LANES; i++) {
        if (lanes->items[i].count != 0) {
            wait = mfa_lane_wait(lanes, &lanes->items[i]);
            least = wait < least ? wait : least;
        }
    }

    return least;
}


/* one route, with the time that load->letter says */

static void
route_send(mfa_lanes_t *lanes, mfa_lane_t *lane, size_t at,
    const mfa_lane_load_t *load, mfa_send_result_t *result)
{
    mfa_status_t        st;
    mfa_lane_route_t   *item = &lane->routes[at];
    const mfa_route_t  *route = item->route;

    memset(result, 0, sizeof(mfa_send_result_t));
    st = MFA_OK;

    if (item->connection == NULL) {
        st = route->sender->open(route->settings, lanes->ports,
                                 &item->connection);
    }

    if (st != MFA_OK) {
        (void) snprintf(result->reason, sizeof(result->reason),
                        "no connection can be made: %s", mfa_status_text(st));
        return;
    }

    route->sender->send(item->connection, &load->letter, load->arena, result);
    breaker_note(lanes, lane, at, result);
}


/*
 * Attempt n begins with route n - 1, round and round: a message needs no
 * field that says where it has been. The attempt after an unclear end goes
 * where that one went; its number was made to fit.
 */

static size_t
lane_start(const mfa_lane_t *lane, const mfa_message_t *message)
{
    uint64_t  n;

    n = message->attempts - (message->is_unclear ? 2 : 1);

    return (size_t) (n % lane->count);
}


static void
lane_note_unclear(const mfa_lane_t *lane, size_t at, mfa_message_t *message)
{
    message->is_unclear = true;

    while ((message->attempts - 1) % lane->count != at) {
        message->attempts++;
    }
}


/* I6: once more by the same route with the same id, whatever its breaker
 * says, and then no more */

static void
lane_send_again(mfa_lanes_t *lanes, mfa_lane_t *lane,
    const mfa_lane_load_t *load, mfa_send_result_t *result)
{
    route_send(lanes, lane, lane_start(lane, load->message), load, result);

    if (result->outcome == MFA_SEND_LATER) {
        result->outcome = MFA_SEND_REFUSED;
        (void) snprintf(result->reason, sizeof(result->reason), "unclear");
    }
}


/* what another route may take; 0: too little is left. A clock set back does
 * not prolong it */

static mfa_time_t
lane_time_left(const mfa_lanes_t *lanes, mfa_time_t started)
{
    mfa_time_t  spent;

    spent = mfa_port_now(lanes->ports) - started;

    return spent >= 0 && spent <= LANE_AT_ONCE ? LANE_TIME - spent : 0;
}


/* of several that put it off: when the first of them wants to be asked */

static void
lane_merge(mfa_send_result_t *all, const mfa_send_result_t *one)
{
    bool        is_down;
    mfa_time_t  wait;

    is_down = all->is_down && one->is_down;
    wait = all->retry_ms < one->retry_ms ? all->retry_ms : one->retry_ms;

    *all = *one;
    all->is_down = is_down;
    all->retry_ms = wait;
}


void
mfa_lane_send(mfa_lanes_t *lanes, mfa_lane_t *lane,
    const mfa_lane_load_t *load, mfa_send_result_t *result)
{
    size_t             i, at, tried;
    mfa_time_t         started;
    mfa_lane_load_t    turn;
    mfa_send_result_t  one;

    turn = *load;
    turn.letter.time = LANE_TIME;

    if (load->message->is_unclear) {
        lane_send_again(lanes, lane, &turn, result);
        return;
    }

    *result = (mfa_send_result_t) { .is_down = true,
                                    .reason = "it is left alone for now" };
    started = mfa_port_now(lanes->ports);
    tried = 0;

    for (i = 0; i < lane->count; i++) {
        at = (lane_start(lane, load->message) + i) % lane->count;

        if (breaker_wait(lanes, &lane->routes[at]) > 0) {
            continue;
        }

        if (tried != 0) {
            turn.letter.time = lane_time_left(lanes, started);

            if (turn.letter.time == 0) {
                continue;
            }
        }

        route_send(lanes, lane, at, &turn, &one);

        if (tried++ == 0 || one.outcome != MFA_SEND_LATER || one.is_unclear) {
            *result = one;

        } else {
            lane_merge(result, &one);
        }

        if (one.outcome != MFA_SEND_LATER) {
            return;
        }

        if (one.is_unclear) {
            lane_note_unclear(lane, at, load->message);
            return;
        }
    }
}
