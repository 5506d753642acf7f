/*
 * Sprays: one source that fails at many people (H11).
 *
 * A row for each source holds two bytes of a keyed digest for each person,
 * which is exact enough for a count and tells nobody who they are; its size
 * is bound by the count that holds the source. A name that nobody has is a
 * person here, or a hold would tell who exists. Contract: mfa_model_flow.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define SPRAY_VERSION     1
#define SPRAY_PEOPLE      10            /* times that of the network */
#define SPRAY_TIMES_MOST  100
#define SPRAY_WINDOW      (10 * MFA_MINUTE)
#define SPRAY_HOLD        MFA_HOUR

#define SPRAY_MARK        2
#define SPRAY_MARKS_MAX   (SPRAY_MARK * SPRAY_PEOPLE * SPRAY_TIMES_MOST)
#define SPRAY_RECORD_MAX  (SPRAY_MARKS_MAX + 64)
#define SPRAY_DIGEST      16


typedef struct {
    uint8_t     key[SPRAY_DIGEST];
    bool        has_source;
    size_t      most;
    mfa_time_t  start_at;               /* 0: no window runs */
    mfa_time_t  held_until;             /* 0: not held */
    mfa_str_t   people;                 /* marks, joined */
} spray_t;


static mfa_status_t
spray_digest(const mfa_tx_t *tx, const char *what, mfa_str_t text,
    uint8_t mac[MFA_DIGEST_SIZE])
{
    mfa_str_t  parts[2];

    parts[0] = mfa_str_from(what);
    parts[1] = text;

    return mfa_keys_mac(tx->work->model->keys, MFA_KEY_SUBJECT, parts, 2,
                        mac);
}


static mfa_status_t
spray_decode(const mfa_tx_t *tx, mfa_str_t record, spray_t *spray)
{
    uint64_t      version;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    spray->start_at = mfa_unpack_time(&in);
    spray->held_until = mfa_unpack_time(&in);
    spray->people = mfa_unpack_str(&in);

    st = mfa_record_end(tx, &in, version, SPRAY_VERSION, "source");
    if (st != MFA_OK) {
        return st;
    }

    return (spray->people.len > SPRAY_MARKS_MAX
            || spray->people.len % SPRAY_MARK != 0) ? MFA_DAMAGED : MFA_OK;
}


static bool
spray_is_past(const mfa_tx_t *tx, const spray_t *spray)
{
    return tx->now >= spray->held_until
           && (spray->held_until != 0
               || tx->now - SPRAY_WINDOW >= spray->start_at);
}


/* the row of this client's source as it counts now */

static mfa_status_t
spray_read(const mfa_tx_t *tx, spray_t *spray)
{
    int64_t       times;
    uint8_t       bytes[MFA_SOURCE_SIZE], mac[MFA_DIGEST_SIZE];
    mfa_str_t     source, record;
    mfa_status_t  st;

    *spray = (spray_t) { .start_at = 0 };

    mfa_limit_source(tx, bytes, &source, &times);

    if (source.len == 0) {
        return MFA_OK;
    }

    st = spray_digest(tx, "source", source, mac);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_SOURCE,
                     mfa_str_bytes(mac, SPRAY_DIGEST), tx->work->arena,
                     &record);

    if (st == MFA_OK) {
        st = spray_decode(tx, record, spray);
    }

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    if (st == MFA_NOT_FOUND || spray_is_past(tx, spray)) {
        *spray = (spray_t) { .start_at = 0 };
    }

    times = (times < SPRAY_TIMES_MOST) ? times : SPRAY_TIMES_MOST;

    memcpy(spray->key, mac, SPRAY_DIGEST);
    spray->has_source = true;
    spray->most = (size_t) times * SPRAY_PEOPLE;

    return MFA_OK;
}


static mfa_status_t
spray_write(const mfa_tx_t *tx, const spray_t *spray)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, SPRAY_RECORD_MAX);
    mfa_pack_number(&buf, SPRAY_VERSION);
    mfa_pack_time(&buf, spray->start_at);
    mfa_pack_time(&buf, spray->held_until);
    mfa_pack_str(&buf, spray->people);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_SOURCE,
                       mfa_str_bytes(spray->key, SPRAY_DIGEST), record);
}


mfa_status_t
mfa_spray_look(mfa_tx_t *tx, mfa_time_t *retry_at)
{
    spray_t       spray;
    mfa_status_t  st;

    *retry_at = 0;

    st = spray_read(tx, &spray);
    if (st != MFA_OK || spray.held_until == 0) {
        return st;
    }

    *retry_at = spray.held_until;

    return MFA_LIMITED;
}


static bool
spray_has(const spray_t *spray, const uint8_t mark[SPRAY_MARK])
{
    size_t  i;

    for (i = 0; i < spray->people.len; i += SPRAY_MARK) {
        if (memcmp(spray->people.data + i, mark, SPRAY_MARK) == 0) {
            return true;
        }
    }

    return false;
}


static mfa_status_t
spray_add(const mfa_tx_t *tx, spray_t *spray, const uint8_t mark[SPRAY_MARK])
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, tx->work->arena, spray->people.len + SPRAY_MARK);
    mfa_buf_put(&buf, spray->people);
    mfa_buf_put(&buf, mfa_str_bytes(mark, SPRAY_MARK));

    return mfa_buf_str(&buf, &spray->people);
}


static mfa_status_t
spray_hold(mfa_tx_t *tx, spray_t *spray)
{
    mfa_status_t  st;

    spray->held_until = tx->now + SPRAY_HOLD;
    spray->people = mfa_null;

    st = spray_write(tx, spray);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_alarm(tx, "spray");
}


mfa_status_t
mfa_spray_failed(mfa_tx_t *tx, mfa_str_t person)
{
    spray_t       spray;
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_status_t  st;

    st = spray_read(tx, &spray);
    if (st != MFA_OK || !spray.has_source || spray.held_until != 0) {
        return st;
    }

    st = spray_digest(tx, "person", person, mac);
    if (st != MFA_OK || spray_has(&spray, mac)) {
        return st;
    }

    if (spray.people.len >= SPRAY_MARK * spray.most) {
        return spray_hold(tx, &spray);
    }

    if (spray.people.len == 0) {
        spray.start_at = tx->now;
    }

    st = spray_add(tx, &spray, mac);
    if (st != MFA_OK) {
        return st;
    }

    return spray_write(tx, &spray);
}


mfa_status_t
mfa_spray_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    spray_t       spray;
    mfa_status_t  st;

    *is_over = false;

    if (key.len != SPRAY_DIGEST) {
        return MFA_DAMAGED;
    }

    st = spray_decode(tx, record, &spray);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = spray_is_past(tx, &spray);

    return MFA_OK;
}
