/*
 * The breaker of the fleet (B14): somebody tries codes over many journeys
 * in which nothing was proved.
 *
 * One row for the realm, counted as any other limit, and the moment until
 * which codes are long. It refuses nobody: a breaker that did would be a
 * switch-off button. Contract: mfa_model_flow.h, "codes".
 */

#include "mfa_record.h"


#define FLEET_VERSION  1
#define FLEET_MAX      32
#define FLEET_HOLD     MFA_HOUR

#define META_FLEET     mfa_str("fleet.codes")


mfa_status_t
mfa_alarm(mfa_tx_t *tx, const char *reason)
{
    char         address[MFA_ADDRESS_TEXT_SIZE] = "";
    mfa_event_t  event;

    event = (mfa_event_t) {
        .name = MFA_ALARM_NAME,
        .result = "limited",
        .reason = reason
    };

    if (tx->work->address != NULL) {
        mfa_address_text(tx->work->address, address);
    }

    mfa_log(tx->work->model->ports, MFA_LOG_WARN,
            "alarm: %s, the last from \"%s\"", reason, address);

    return mfa_event_add(tx, &event);
}


/* 0: never */

static mfa_status_t
fleet_until(mfa_tx_t *tx, mfa_time_t *until)
{
    uint64_t      version;
    mfa_str_t     record;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *until = 0;

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_FLEET, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    *until = mfa_unpack_time(&in);

    return mfa_record_end(tx, &in, version, FLEET_VERSION, "fleet");
}


static mfa_status_t
fleet_trip(mfa_tx_t *tx)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, FLEET_MAX);
    mfa_pack_number(&buf, FLEET_VERSION);
    mfa_pack_time(&buf, tx->now + FLEET_HOLD);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_put(tx->txn, MFA_TABLE_META, META_FLEET, record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_alarm(tx, "codes");
}


mfa_status_t
mfa_fleet_wrong(mfa_tx_t *tx)
{
    mfa_time_t    retry_at, until;
    mfa_status_t  st;

    st = mfa_limit_book(tx, MFA_LIMIT_FLEET_CODES, mfa_str("codes"),
                        &retry_at);
    if (st != MFA_LIMITED) {
        return st;
    }

    st = fleet_until(tx, &until);
    if (st != MFA_OK || tx->now < until) {
        return st;
    }

    return fleet_trip(tx);
}


mfa_status_t
mfa_fleet_is_on(mfa_tx_t *tx, bool *is_on)
{
    mfa_time_t    until;
    mfa_status_t  st;

    *is_on = true;

    st = fleet_until(tx, &until);
    if (st != MFA_OK) {
        return st;
    }

    *is_on = tx->now < until;

    return MFA_OK;
}
