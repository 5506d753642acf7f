/*
 * Lanes: the routes of each channel in one worker, their connections and
 * breakers; private to the delivery.
 */

#ifndef MFA_DELIVERY_LANE_H
#define MFA_DELIVERY_LANE_H

#include "mfa_letter.h"
#include "mfa_send_route.h"

#pragma GCC visibility push(hidden)


#define MFA_LANES  3

typedef struct {
    const mfa_route_t  *route;
    void               *connection;     /* NULL between turns */
    unsigned            failures;       /* in a row, of the other side */
    mfa_time_t          open_until;     /* the breaker's */
} mfa_lane_route_t;

typedef struct {
    const char         *channel;
    mfa_lane_route_t    routes[MFA_ROUTES_MAX];
    size_t              count;          /* 0: nothing sends on it */
} mfa_lane_t;

typedef struct {
    const mfa_ports_t  *ports;
    mfa_lane_t          items[MFA_LANES];
} mfa_lanes_t;

typedef struct {
    mfa_message_t  *message;
    mfa_letter_t    letter;
    mfa_arena_t    *arena;
} mfa_lane_load_t;

/* connects to nothing; libraries are set up before there are threads */
mfa_status_t mfa_lanes_open(const mfa_send_settings_t *settings,
    const mfa_ports_t *ports, mfa_lanes_t *lanes) MFA_MUST_CHECK;
void mfa_lanes_disconnect(mfa_lanes_t *lanes);

/* NULL: no route */
mfa_lane_t *mfa_lane_find(mfa_lanes_t *lanes, mfa_str_t channel);

/* how long every route of a lane, or of all of them, is to be left alone;
 * 0: at least one is not */
mfa_time_t mfa_lane_wait(mfa_lanes_t *lanes, mfa_lane_t *lane);
mfa_time_t mfa_lanes_wait(mfa_lanes_t *lanes);

/*
 * One attempt of a message that was leased: by the route whose turn it is,
 * and at once by the other if that one is down or puts it off. An end that
 * is unclear is kept in *load->message, for the one attempt that follows it
 * by the same route; if that is no better the message is refused.
 */
void mfa_lane_send(mfa_lanes_t *lanes, mfa_lane_t *lane,
    const mfa_lane_load_t *load, mfa_send_result_t *result);

#pragma GCC visibility pop

#endif /* MFA_DELIVERY_LANE_H */
