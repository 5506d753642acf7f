/*
 * Devices: browsers that a person asked us to remember.
 *
 * A device is worth one thing, the second factor of its user, and only as
 * long as its token changes hands the way we changed it. The tokens are
 * never kept, only their SHA-256. Knows no password and no session.
 * Contract: mfa_model.h, "devices".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define DEVICE_VERSION     1
#define DEVICE_RECORD_MAX  256
#define DEVICE_KEY         (2 * MFA_ID_SIZE)
#define DEVICE_RAW         (MFA_ID_SIZE + MFA_TOKEN_SIZE)

/* two tabs that log in at once both have the same token */
#define DEVICE_GRACE       (60 * MFA_SECOND)


static mfa_str_t
device_key(const mfa_id_t *user, const mfa_id_t *id, uint8_t bytes[DEVICE_KEY])
{
    memcpy(bytes, user->bytes, MFA_ID_SIZE);
    memcpy(bytes + MFA_ID_SIZE, id->bytes, MFA_ID_SIZE);

    return mfa_str_bytes(bytes, DEVICE_KEY);
}


/* times are kept as distances from made_at, which makes them short */

static mfa_status_t
device_write(mfa_tx_t *tx, const mfa_device_t *device)
{
    uint8_t       bytes[DEVICE_KEY];
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, DEVICE_RECORD_MAX);
    mfa_pack_number(&buf, DEVICE_VERSION);
    mfa_pack_str(&buf, mfa_str_bytes(device->key, MFA_DIGEST_SIZE));
    mfa_pack_str(&buf, mfa_str_bytes(device->former, MFA_DIGEST_SIZE));
    mfa_pack_time(&buf, device->made_at);
    mfa_pack_time(&buf, device->used_at - device->made_at);
    mfa_pack_time(&buf, device->expires_at - device->made_at);
    mfa_pack_str(&buf, mfa_str_bytes(device->address.bytes,
                                     device->address.len));
    mfa_pack_str(&buf, device->agent);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_DEVICE,
                       device_key(&device->user, &device->id, bytes), record);
}


static mfa_status_t
device_decode(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    mfa_device_t *device)
{
    uint64_t      version;
    mfa_str_t     digests[2], address;
    mfa_time_t    used, life;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *device = (mfa_device_t) { .made_at = 0 };

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    digests[0] = mfa_unpack_str(&in);
    digests[1] = mfa_unpack_str(&in);
    device->made_at = mfa_unpack_time(&in);
    used = mfa_unpack_time(&in);
    life = mfa_unpack_time(&in);
    address = mfa_unpack_str(&in);
    device->agent = mfa_unpack_str(&in);

    /* a newer version may look like anything: only what is known is checked */

    in.is_damaged |= version == DEVICE_VERSION
                     && (key.len != DEVICE_KEY
                         || digests[0].len != MFA_DIGEST_SIZE
                         || digests[1].len != MFA_DIGEST_SIZE
                         || address.len > sizeof(device->address.bytes)
                         || device->made_at > INT64_MAX / 4
                         || used > INT64_MAX / 4 || life > INT64_MAX / 4);

    st = mfa_record_end(tx, &in, version, DEVICE_VERSION, "device");

    if (st != MFA_OK) {
        *device = (mfa_device_t) { .made_at = 0 };
        return st;
    }

    memcpy(device->user.bytes, key.data, MFA_ID_SIZE);
    memcpy(device->id.bytes, key.data + MFA_ID_SIZE, MFA_ID_SIZE);
    memcpy(device->key, digests[0].data, MFA_DIGEST_SIZE);
    memcpy(device->former, digests[1].data, MFA_DIGEST_SIZE);
    device->used_at = device->made_at + used;
    device->expires_at = device->made_at + life;
    device->address.len = (uint8_t) address.len;

    if (address.len > 0) {
        memcpy(device->address.bytes, address.data, address.len);
    }

    return MFA_OK;
}


/* an operator who remembers for a shorter time means those of today too */

static bool
device_is_over(const mfa_tx_t *tx, const mfa_device_t *device)
{
    mfa_time_t  remember;

    remember = tx->work->model->settings->remember_device;

    return tx->now >= device->expires_at
           || (remember > 0 && tx->now - remember >= device->made_at);
}


/* the next one of this user; *device is unset unless MFA_OK */

static mfa_status_t
device_next(mfa_tx_t *tx, mfa_cursor_t *cursor, mfa_device_t *device)
{
    mfa_status_t  st;

    st = mfa_txn_next(tx->txn, cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    return device_decode(tx, cursor->key, cursor->value, device);
}


static void
device_sort(mfa_device_t *devices, size_t count)
{
    size_t        i, j;
    mfa_device_t  device;

    for (i = 1; i < count; i++) {
        device = devices[i];

        for (j = i; j > 0 && devices[j - 1].used_at < device.used_at; j--) {
            devices[j] = devices[j - 1];
        }

        devices[j] = device;
    }
}


/*
 * The devices of a user, last used first. One that cannot be read is worth
 * nothing, and must keep nobody from seeing or adding the others.
 */

static mfa_status_t
device_gather(mfa_tx_t *tx, const mfa_id_t *user, mfa_device_t **devices,
    size_t *count)
{
    mfa_cursor_t  cursor = { .table = MFA_TABLE_DEVICE,
                             .prefix = mfa_id_str(user) };
    mfa_device_t  device, *found;
    mfa_status_t  st;

    *devices = NULL;
    *count = 0;

    found = mfa_arena_alloc(tx->work->arena,
                            MFA_LIST_MAX * sizeof(mfa_device_t));
    if (found == NULL) {
        return MFA_NO_MEMORY;
    }

    while (*count < MFA_LIST_MAX) {
        st = device_next(tx, &cursor, &device);

        if (st == MFA_NOT_FOUND) {
            break;
        }

        if (st == MFA_DAMAGED || st == MFA_NEWER) {
            continue;
        }

        if (st != MFA_OK) {
            return st;
        }

        if (!device_is_over(tx, &device)) {
            found[(*count)++] = device;
        }
    }

    device_sort(found, *count);
    *devices = found;

    return MFA_OK;
}


/* leaves room for one more: those unused for longest go */

static mfa_status_t
device_make_room(mfa_tx_t *tx, const mfa_id_t *user)
{
    size_t         count;
    mfa_status_t   st;
    mfa_device_t  *devices;

    st = device_gather(tx, user, &devices, &count);

    while (st == MFA_OK && count >= MFA_DEVICES_MAX) {
        count--;
        st = mfa_device_delete(tx, user, &devices[count].id);
    }

    return st;
}


/* a fresh token, and the text of the cookie that it makes with the id */

static mfa_status_t
device_draw(mfa_tx_t *tx, const mfa_id_t *id, uint8_t key[MFA_DIGEST_SIZE],
    mfa_str_t *cookie)
{
    uint8_t       raw[DEVICE_RAW];
    mfa_status_t  st;

    memcpy(raw, id->bytes, MFA_ID_SIZE);

    st = mfa_port_random(tx->work->model->ports, raw + MFA_ID_SIZE,
                         MFA_TOKEN_SIZE);

    if (st == MFA_OK) {
        st = mfa_sha256(mfa_str_bytes(raw + MFA_ID_SIZE, MFA_TOKEN_SIZE),
                        key);
    }

    if (st == MFA_OK) {
        st = mfa_base64url_encode(tx->work->arena,
                                  mfa_str_bytes(raw, sizeof(raw)), cookie);
    }

    mfa_wipe(raw, sizeof(raw));

    return st;
}


mfa_status_t
mfa_device_make(mfa_tx_t *tx, const mfa_id_t *user, mfa_device_t *device,
    mfa_str_t *cookie)
{
    mfa_str_t           text;
    mfa_status_t        st;
    mfa_device_t        made;
    const mfa_model_t  *model;

    *cookie = mfa_null;
    model = tx->work->model;

    if (model->settings->remember_device <= 0) {
        return MFA_INVALID;
    }

    made = (mfa_device_t) {
        .user = *user,
        .made_at = tx->now,
        .used_at = tx->now,
        .expires_at = tx->now + model->settings->remember_device,
        .address = device->address,
        .agent = mfa_agent_cut(device->agent)
    };

    if (made.address.len == 0 && tx->work->address != NULL) {
        made.address = *tx->work->address;
    }

    st = device_make_room(tx, &made.user);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_port_random(model->ports, made.id.bytes, MFA_ID_SIZE);
    if (st != MFA_OK) {
        return st;
    }

    st = device_draw(tx, &made.id, made.key, &text);
    if (st != MFA_OK) {
        return st;
    }

    st = device_write(tx, &made);
    if (st != MFA_OK) {
        return st;
    }

    *device = made;
    *cookie = text;

    return MFA_OK;
}


/* a token that is right gives way to the next one */

static mfa_status_t
device_renew(mfa_tx_t *tx, mfa_device_t *device, mfa_str_t *cookie)
{
    mfa_status_t  st;

    memcpy(device->former, device->key, MFA_DIGEST_SIZE);

    st = device_draw(tx, &device->id, device->key, cookie);
    if (st != MFA_OK) {
        return st;
    }

    device->used_at = tx->now;

    if (tx->work->address != NULL) {
        device->address = *tx->work->address;
    }

    return device_write(tx, device);
}


/*
 * Who knows the id but not the token has a cookie of before: one of two
 * browsers that have it is not the person's, and nobody can tell which.
 */

static mfa_status_t
device_answer(mfa_tx_t *tx, mfa_device_t *device,
    const uint8_t key[MFA_DIGEST_SIZE], mfa_device_answer_t *answer,
    mfa_str_t *cookie)
{
    bool          is_key, is_former;
    mfa_status_t  st;

    is_key = mfa_equal_ct(device->key, key, MFA_DIGEST_SIZE);
    is_former = mfa_equal_ct(device->former, key, MFA_DIGEST_SIZE);

    if (is_key) {
        st = device_renew(tx, device, cookie);

        if (st == MFA_OK) {
            *answer = MFA_DEVICE_GOOD;
        }

        return st;
    }

    if (is_former && tx->now - DEVICE_GRACE < device->used_at) {
        *answer = MFA_DEVICE_GOOD;
        return MFA_OK;
    }

    st = mfa_device_delete_all(tx, &device->user);

    if (st == MFA_OK) {
        *answer = MFA_DEVICE_COPIED;
    }

    return st;
}


/* MFA_NOT_FOUND: none of this user, one that is over or cannot be read */

static mfa_status_t
device_get(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *id,
    mfa_device_t *device)
{
    uint8_t       bytes[DEVICE_KEY];
    mfa_str_t     key, record;
    mfa_status_t  st;

    key = device_key(user, id, bytes);

    st = mfa_txn_get(tx->txn, MFA_TABLE_DEVICE, key, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return st;
    }

    st = device_decode(tx, key, record, device);

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_NOT_FOUND;
    }

    if (st != MFA_OK) {
        return st;
    }

    return device_is_over(tx, device) ? MFA_NOT_FOUND : MFA_OK;
}


mfa_status_t
mfa_device_use(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t text,
    mfa_device_answer_t *answer, mfa_str_t *cookie)
{
    uint8_t       raw[DEVICE_RAW], key[MFA_DIGEST_SIZE];
    mfa_id_t      id;
    mfa_str_t     fresh;
    mfa_device_t  device;
    mfa_status_t  st;

    *answer = MFA_DEVICE_UNKNOWN;
    *cookie = mfa_null;
    fresh = mfa_null;

    if (tx->work->model->settings->remember_device <= 0
        || text.len != MFA_DEVICE_TEXT
        || mfa_base64url_decode_fixed(text, raw, sizeof(raw)) != MFA_OK)
    {
        return MFA_OK;
    }

    memcpy(id.bytes, raw, MFA_ID_SIZE);
    st = mfa_sha256(mfa_str_bytes(raw + MFA_ID_SIZE, MFA_TOKEN_SIZE), key);
    mfa_wipe(raw, sizeof(raw));

    if (st != MFA_OK) {
        return st;
    }

    st = device_get(tx, user, &id, &device);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = device_answer(tx, &device, key, answer, &fresh);

    if (st == MFA_OK) {
        *cookie = fresh;
    }

    return st;
}


mfa_status_t
mfa_device_list(mfa_tx_t *tx, const mfa_id_t *user, mfa_device_t **devices,
    size_t *count)
{
    mfa_status_t  st;

    *devices = NULL;
    *count = 0;

    if (tx->work->model->settings->remember_device <= 0) {
        return MFA_OK;
    }

    st = device_gather(tx, user, devices, count);

    if (*count > MFA_DEVICES_MAX) {
        *count = MFA_DEVICES_MAX;
    }

    return st;
}


mfa_status_t
mfa_device_delete(mfa_tx_t *tx, const mfa_id_t *user, const mfa_id_t *id)
{
    uint8_t  bytes[DEVICE_KEY];

    return mfa_txn_delete(tx->txn, MFA_TABLE_DEVICE,
                          device_key(user, id, bytes));
}


mfa_status_t
mfa_device_delete_all(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_id_t      own;
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    own = *user;
    cursor = (mfa_cursor_t) { .table = MFA_TABLE_DEVICE,
                              .prefix = mfa_id_str(&own) };

    for ( ;; ) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            return mfa_known_delete_all(tx, &own);
        }

        if (st != MFA_OK) {
            return st;
        }

        st = mfa_txn_delete(tx->txn, MFA_TABLE_DEVICE, cursor.key);
        if (st != MFA_OK) {
            return st;
        }
    }
}


mfa_status_t
mfa_device_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_status_t  st;
    mfa_device_t  device;

    *is_over = false;

    st = device_decode(tx, key, record, &device);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = device_is_over(tx, &device);

    return MFA_OK;
}
