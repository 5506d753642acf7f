/*
 * The audit: the bytes and MACs of its rows, and of the mark of its ends.
 *
 * A row's MAC covers the MAC of the row before it, its number, its moment
 * and its line. The mark says which rows there must be; it has a MAC of its
 * own, or whoever cuts off the end would write a mark that fits.
 * Contract: mfa_record.h.
 */

#include "mfa_record.h"


#define AUDIT_ROW_VERSION   1
#define AUDIT_ROW_MAX       4096
#define AUDIT_MARK_VERSION  1
#define AUDIT_MARK_MAX      256

#define META_AUDIT          mfa_str("audit")


mfa_str_t
mfa_audit_key(uint64_t number, uint8_t bytes[MFA_AUDIT_KEY])
{
    size_t  i;

    for (i = 0; i < MFA_AUDIT_KEY; i++) {
        bytes[i] = (uint8_t) (number >> (8 * (MFA_AUDIT_KEY - 1 - i)));
    }

    return mfa_str_bytes(bytes, MFA_AUDIT_KEY);
}


static mfa_str_t
audit_digest(const uint8_t mac[MFA_DIGEST_SIZE])
{
    return mfa_str_bytes(mac, MFA_DIGEST_SIZE);
}


static void
audit_unpack_digest(mfa_unpack_t *in, uint8_t mac[MFA_DIGEST_SIZE])
{
    mfa_str_t  s;

    s = mfa_unpack_str(in);

    if (s.len != MFA_DIGEST_SIZE) {
        in->is_damaged = true;
        return;
    }

    memcpy(mac, s.data, MFA_DIGEST_SIZE);
}


/* rows and marks have different first parts: neither can pass for the other */

#define AUDIT_ROW_PARTS  5

static void
audit_row_parts(const mfa_audit_row_t *row,
    const uint8_t before[MFA_DIGEST_SIZE],
    uint8_t numbers[2][MFA_AUDIT_KEY], mfa_str_t parts[AUDIT_ROW_PARTS])
{
    parts[0] = mfa_str("row");
    parts[1] = audit_digest(before);
    parts[2] = mfa_audit_key(row->number, numbers[0]);
    parts[3] = mfa_audit_key((uint64_t) row->at, numbers[1]);
    parts[4] = row->line;
}


mfa_status_t
mfa_audit_row_write(mfa_tx_t *tx, mfa_audit_row_t *row,
    const uint8_t before[MFA_DIGEST_SIZE])
{
    uint8_t       key[MFA_AUDIT_KEY], numbers[2][MFA_AUDIT_KEY];
    mfa_buf_t     buf;
    mfa_str_t     record, parts[AUDIT_ROW_PARTS];
    mfa_status_t  st;

    audit_row_parts(row, before, numbers, parts);

    st = mfa_keys_mac(tx->work->model->keys, MFA_KEY_AUDIT, parts,
                      AUDIT_ROW_PARTS, row->mac);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, AUDIT_ROW_MAX);
    mfa_pack_number(&buf, AUDIT_ROW_VERSION);
    mfa_pack_time(&buf, row->at);
    mfa_pack_str(&buf, row->line);
    mfa_pack_str(&buf, audit_digest(row->mac));

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_AUDIT,
                       mfa_audit_key(row->number, key), record);
}


static bool
audit_number(mfa_str_t key, uint64_t *number)
{
    size_t  i;

    *number = 0;

    if (key.len != MFA_AUDIT_KEY) {
        return false;
    }

    for (i = 0; i < MFA_AUDIT_KEY; i++) {
        *number = *number << 8 | (uint8_t) key.data[i];
    }

    return true;
}


mfa_status_t
mfa_audit_row_decode(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_audit_row_t *row)
{
    uint64_t      version;
    mfa_unpack_t  in;

    *row = (mfa_audit_row_t) { .number = 0 };

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    row->at = mfa_unpack_time(&in);
    row->line = mfa_unpack_str(&in);

    if (version <= AUDIT_ROW_VERSION) {
        audit_unpack_digest(&in, row->mac);
        in.is_damaged |= !audit_number(key, &row->number);
    }

    return mfa_record_end(tx, &in, version, AUDIT_ROW_VERSION, "audit");
}


mfa_status_t
mfa_audit_row_check(mfa_tx_t *tx, const mfa_audit_row_t *row,
    const uint8_t before[MFA_DIGEST_SIZE])
{
    uint8_t    numbers[2][MFA_AUDIT_KEY];
    mfa_str_t  parts[AUDIT_ROW_PARTS];

    audit_row_parts(row, before, numbers, parts);

    return mfa_keys_mac_check(tx->work->model->keys, MFA_KEY_AUDIT, parts,
                              AUDIT_ROW_PARTS, row->mac);
}


#define AUDIT_MARK_PARTS  6

static void
audit_mark_parts(const mfa_audit_mark_t *mark,
    uint8_t numbers[3][MFA_AUDIT_KEY], mfa_str_t parts[AUDIT_MARK_PARTS])
{
    parts[0] = mfa_str("mark");
    parts[1] = mfa_audit_key(mark->number, numbers[0]);
    parts[2] = audit_digest(mark->mac);
    parts[3] = mfa_audit_key(mark->foot, numbers[1]);
    parts[4] = audit_digest(mark->foot_mac);
    parts[5] = mfa_audit_key(mark->counted, numbers[2]);
}


mfa_status_t
mfa_audit_mark_write(mfa_tx_t *tx, const mfa_audit_mark_t *mark)
{
    uint8_t       mac[MFA_DIGEST_SIZE], numbers[3][MFA_AUDIT_KEY];
    mfa_buf_t     buf;
    mfa_str_t     record, parts[AUDIT_MARK_PARTS];
    mfa_status_t  st;

    audit_mark_parts(mark, numbers, parts);

    st = mfa_keys_mac(tx->work->model->keys, MFA_KEY_AUDIT, parts,
                      AUDIT_MARK_PARTS, mac);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, AUDIT_MARK_MAX);
    mfa_pack_number(&buf, AUDIT_MARK_VERSION);
    mfa_pack_number(&buf, mark->number);
    mfa_pack_str(&buf, audit_digest(mark->mac));
    mfa_pack_number(&buf, mark->foot);
    mfa_pack_str(&buf, audit_digest(mark->foot_mac));
    mfa_pack_number(&buf, mark->counted);
    mfa_pack_str(&buf, audit_digest(mac));

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, META_AUDIT, record);
}


static mfa_status_t
audit_mark_decode(mfa_tx_t *tx, mfa_str_t record, mfa_audit_mark_t *mark,
    uint8_t mac[MFA_DIGEST_SIZE])
{
    uint64_t      version;
    mfa_unpack_t  in;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);

    if (version <= AUDIT_MARK_VERSION) {
        mark->number = mfa_unpack_number(&in);
        audit_unpack_digest(&in, mark->mac);
        mark->foot = mfa_unpack_number(&in);
        audit_unpack_digest(&in, mark->foot_mac);
        mark->counted = mfa_unpack_number(&in);
        audit_unpack_digest(&in, mac);
    }

    return mfa_record_end(tx, &in, version, AUDIT_MARK_VERSION, "audit mark");
}


/* *mark is that of an empty audit unless MFA_OK */

mfa_status_t
mfa_audit_mark_read(mfa_tx_t *tx, mfa_audit_mark_t *mark)
{
    uint8_t           mac[MFA_DIGEST_SIZE], numbers[3][MFA_AUDIT_KEY];
    mfa_str_t         record, parts[AUDIT_MARK_PARTS];
    mfa_status_t      st;
    mfa_audit_mark_t  found = { .foot = 1 };

    *mark = found;

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_AUDIT, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return st;
    }

    st = audit_mark_decode(tx, record, &found, mac);
    if (st != MFA_OK) {
        return st;
    }

    audit_mark_parts(&found, numbers, parts);

    st = mfa_keys_mac_check(tx->work->model->keys, MFA_KEY_AUDIT, parts,
                            AUDIT_MARK_PARTS, mac);

    if (st == MFA_NOT_FOUND || (st == MFA_OK && found.foot == 0)) {
        return MFA_DAMAGED;
    }

    if (st == MFA_OK) {
        *mark = found;
    }

    return st;
}
