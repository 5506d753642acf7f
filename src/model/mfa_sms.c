/*
 * SMS and calls: how often they may be sent, and where to no more (H8).
 *
 * Each costs money that somebody may share in. Whoever only wants the money
 * never types the code, so a route is judged by the codes that came back.
 * Numbers and routes are kept as keyed digests only. Sends nothing.
 * Contract: mfa_model_flow.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define ROUTE_VERSION      1
#define ROUTE_DIGEST       16
#define ROUTE_RECORD_MAX   64

#define ROUTE_LAST         50       /* messages it is judged by */
#define ROUTE_LEAST        20       /* in 100 of them came back */
#define ROUTE_BITS         ((UINT64_C(1) << ROUTE_LAST) - 1)

#define ROUTE_BLOCK        MFA_DAY
#define ROUTE_KEEP         (30 * MFA_DAY)

#define NUMBER_OPEN        4        /* last digits, in which a route varies */
#define NUMBER_LEAST       7
#define NUMBER_MOST        15       /* digits, E.164 */

typedef struct {
    uint8_t     key[ROUTE_DIGEST];
    uint64_t    came_back;          /* a bit for each, the newest lowest */
    uint64_t    sent;               /* of the last 50 */
    mfa_time_t  sent_at;            /* the newest */
} route_t;


static bool
number_is_fine(mfa_str_t number)
{
    size_t  i;

    if (number.len < 1 + NUMBER_LEAST || number.len > 1 + NUMBER_MOST
        || number.data[0] != '+')
    {
        return false;
    }

    for (i = 1; i < number.len; i++) {
        if (number.data[i] < '0' || number.data[i] > '9') {
            return false;
        }
    }

    return true;
}


static mfa_str_t
number_route(mfa_str_t number)
{
    return mfa_str_bytes(number.data, number.len - NUMBER_OPEN);
}


static mfa_status_t
route_init(const mfa_tx_t *tx, mfa_str_t number, route_t *route)
{
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_str_t     parts[2];
    mfa_status_t  st;

    *route = (route_t) { .sent = 0 };

    parts[0] = mfa_str("route");
    parts[1] = number_route(number);

    st = mfa_keys_mac(tx->work->model->keys, MFA_KEY_SUBJECT, parts, 2, mac);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(route->key, mac, ROUTE_DIGEST);

    return MFA_OK;
}


static mfa_status_t
route_decode(const mfa_tx_t *tx, mfa_str_t record, route_t *route)
{
    uint64_t      version;
    mfa_unpack_t  in;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    route->sent = mfa_unpack_number(&in);
    route->came_back = mfa_unpack_number(&in);
    route->sent_at = mfa_unpack_time(&in);

    in.is_damaged |= version == ROUTE_VERSION
                     && (route->sent > ROUTE_LAST
                         || route->came_back > ROUTE_BITS
                         || route->sent_at > INT64_MAX / 2);

    return mfa_record_end(tx, &in, version, ROUTE_VERSION, "route");
}


static bool
route_is_past(const mfa_tx_t *tx, const route_t *route)
{
    return tx->now - ROUTE_KEEP >= route->sent_at;
}


/* MFA_NOT_FOUND: nothing was sent there for long */

static mfa_status_t
route_read(const mfa_tx_t *tx, mfa_str_t number, route_t *route)
{
    mfa_str_t     record;
    mfa_status_t  st;

    st = route_init(tx, number, route);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_ROUTE,
                     mfa_str_bytes(route->key, ROUTE_DIGEST),
                     tx->work->arena, &record);
    if (st != MFA_OK) {
        return st;
    }

    st = route_decode(tx, record, route);
    if (st != MFA_OK) {
        return st;
    }

    return route_is_past(tx, route) ? MFA_NOT_FOUND : MFA_OK;
}


static mfa_status_t
route_write(const mfa_tx_t *tx, const route_t *route)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, ROUTE_RECORD_MAX);
    mfa_pack_number(&buf, ROUTE_VERSION);
    mfa_pack_number(&buf, route->sent);
    mfa_pack_number(&buf, route->came_back);
    mfa_pack_time(&buf, route->sent_at);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_ROUTE,
                       mfa_str_bytes(route->key, ROUTE_DIGEST), record);
}


static bool
route_is_bad(const route_t *route)
{
    uint64_t  bits, count;

    count = 0;

    for (bits = route->came_back; bits != 0; bits &= bits - 1) {
        count++;
    }

    return route->sent == ROUTE_LAST && count * 100 < ROUTE_LEAST * ROUTE_LAST;
}


/*
 * Blocked until a day after the last message there: counted from what is
 * written already, so that a refusal has nothing to write. After that day
 * the route is judged anew.
 */

static mfa_status_t
route_open(const mfa_tx_t *tx, mfa_str_t number, route_t *route,
    mfa_time_t *retry_at)
{
    mfa_status_t  st;

    st = route_read(tx, number, route);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    if (st == MFA_OK && route_is_bad(route)) {
        if (tx->now - ROUTE_BLOCK < route->sent_at) {
            *retry_at = route->sent_at + ROUTE_BLOCK;
            return MFA_LIMITED;
        }

        st = MFA_NOT_FOUND;
    }

    if (st == MFA_NOT_FOUND) {
        route->sent = 0;
        route->came_back = 0;
    }

    return MFA_OK;
}


mfa_status_t
mfa_sms_book(mfa_tx_t *tx, mfa_str_t number, mfa_time_t *retry_at)
{
    route_t            route;
    mfa_status_t       st;
    mfa_limit_share_t  shares[3];

    *retry_at = 0;

    if (!number_is_fine(number)) {
        return MFA_INVALID;
    }

    st = route_open(tx, number, &route, retry_at);
    if (st != MFA_OK) {
        return st;
    }

    shares[0] = (mfa_limit_share_t) { MFA_LIMIT_SMS_NUMBER, number, 1 };
    shares[1] = (mfa_limit_share_t) { MFA_LIMIT_SMS_ROUTE,
                                      number_route(number), 1 };
    shares[2] = (mfa_limit_share_t) { MFA_LIMIT_SMS_ALL, mfa_str("all"), 1 };

    st = mfa_limit_book_all(tx, shares, 3, retry_at);
    if (st != MFA_OK) {
        return st;
    }

    route.came_back = (route.came_back << 1) & ROUTE_BITS;
    route.sent += route.sent < ROUTE_LAST ? 1 : 0;
    route.sent_at = tx->now;

    return route_write(tx, &route);
}


mfa_status_t
mfa_sms_bill(mfa_tx_t *tx)
{
    mfa_time_t    retry_at;
    mfa_status_t  st;

    st = mfa_limit_book(tx, MFA_LIMIT_SMS_ALL, mfa_str("all"), &retry_at);

    return (st == MFA_LIMITED) ? MFA_OK : st;
}


/* the newest that is still out; which of them it was makes no difference */

mfa_status_t
mfa_sms_done(mfa_tx_t *tx, mfa_str_t number)
{
    route_t       route;
    uint64_t      i;
    mfa_status_t  st;

    if (!number_is_fine(number)) {
        return MFA_INVALID;
    }

    st = route_read(tx, number, &route);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < route.sent; i++) {
        if ((route.came_back & UINT64_C(1) << i) == 0) {
            route.came_back |= UINT64_C(1) << i;
            return route_write(tx, &route);
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_route_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    route_t       route;
    mfa_status_t  st;

    *is_over = false;

    if (key.len != ROUTE_DIGEST) {
        return MFA_DAMAGED;
    }

    st = route_decode(tx, record, &route);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = route_is_past(tx, &route);

    return MFA_OK;
}
