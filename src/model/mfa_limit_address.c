/*
 * Limits: whom a booking counts for, a client's networks and a person.
 *
 * Counts nothing itself. Contract: mfa_model.h, "limits".
 */

#include "mfa_purge.h"


#define NET_SHARES_MAX     2
#define NET_SUBJECT        MFA_SOURCE_SIZE

#define NET_48_TIMES       4
#define NET_TRUSTED_TIMES  100

/* slots that all names nobody has share */
#define PERSON_SLOTS       16384


typedef struct {
    mfa_limit_kind_t   kind;
    size_t             count;       /* 0: nobody knows where it comes from */
    mfa_limit_share_t  shares[NET_SHARES_MAX];
    uint8_t            subjects[NET_SHARES_MAX][NET_SUBJECT];
} net_shares_t;


/*
 * An IPv4 client that came over an IPv6 socket is still that one client:
 * all of them stand in one /64.
 */

static mfa_address_t
net_plain(const mfa_address_t *address)
{
    mfa_address_t  plain;

    static const uint8_t  mapped[12] = { [10] = 0xff, [11] = 0xff };

    plain = *address;

    if (plain.len == 16 && memcmp(plain.bytes, mapped, 12) == 0) {
        plain = (mfa_address_t) { .len = 4 };
        memcpy(plain.bytes, address->bytes + 12, 4);
    }

    return plain;
}


static void
net_add(net_shares_t *net, const mfa_address_t *address, uint8_t len,
    int64_t times)
{
    uint8_t  *subject;

    subject = net->subjects[net->count];
    subject[0] = len;
    memcpy(subject + 1, address->bytes, len);

    net->shares[net->count] = (mfa_limit_share_t) {
        .kind = net->kind,
        .subject = mfa_str_bytes(subject, (size_t) len + 1),
        .times = times
    };

    net->count++;
}


static void
net_shares(const mfa_tx_t *tx, mfa_limit_kind_t kind, net_shares_t *net)
{
    int64_t                times;
    mfa_address_t          address;
    const mfa_networks_t  *trusted;

    net->kind = kind;
    net->count = 0;

    if (tx->work->address == NULL || tx->work->address->len == 0) {
        return;
    }

    address = net_plain(tx->work->address);
    trusted = &tx->work->model->settings->trusted_networks;
    times = mfa_networks_have(trusted, &address) ? NET_TRUSTED_TIMES : 1;

    if (address.len == 4) {
        net_add(net, &address, 4, times);
        return;
    }

    net_add(net, &address, 8, times);
    net_add(net, &address, 6, times * NET_48_TIMES);
}


void
mfa_limit_source(const mfa_tx_t *tx, uint8_t bytes[MFA_SOURCE_SIZE],
    mfa_str_t *source, int64_t *times)
{
    net_shares_t  net;

    *source = mfa_null;
    *times = 1;

    net_shares(tx, MFA_LIMIT_LOGIN_ADDRESS, &net);

    if (net.count == 0) {
        return;
    }

    memcpy(bytes, net.subjects[0], net.shares[0].subject.len);
    *source = mfa_str_bytes(bytes, net.shares[0].subject.len);
    *times = net.shares[0].times;
}


mfa_status_t
mfa_limit_book_address(mfa_tx_t *tx, mfa_limit_kind_t kind,
    mfa_time_t *retry_at)
{
    net_shares_t  net;

    net_shares(tx, kind, &net);

    return mfa_limit_book_all(tx, net.shares, net.count, retry_at);
}


mfa_status_t
mfa_limit_refund_address(mfa_tx_t *tx, mfa_limit_kind_t kind)
{
    size_t        i;
    mfa_status_t  st;
    net_shares_t  net;

    net_shares(tx, kind, &net);
    st = MFA_OK;

    for (i = 0; st == MFA_OK && i < net.count; i++) {
        st = mfa_limit_refund(tx, kind, net.shares[i].subject);
    }

    return st;
}


mfa_status_t
mfa_limit_person(mfa_tx_t *tx, const mfa_user_t *user, mfa_str_t typed,
    mfa_str_t *subject)
{
    uint8_t       mac[MFA_DIGEST_SIZE];
    unsigned      slot;
    mfa_str_t     parts[2], hex;
    mfa_status_t  st;

    *subject = mfa_null;

    /* done for both, so that the time does not tell who exists */

    parts[0] = mfa_str("slot");
    parts[1] = typed;

    st = mfa_keys_mac(tx->work->model->keys, MFA_KEY_SUBJECT, parts, 2, mac);
    if (st != MFA_OK) {
        return st;
    }

    slot = ((unsigned) mac[0] << 8 | mac[1]) % PERSON_SLOTS;

    if (user == NULL) {
        *subject = mfa_arena_printf(tx->work->arena, "slot:%u", slot);

    } else {
        st = mfa_id_text(tx->work->arena, &user->id, &hex);
        if (st != MFA_OK) {
            return st;
        }

        *subject = mfa_arena_printf(tx->work->arena, "user:" MFA_STR_FMT,
                                    MFA_STR_ARG(hex));
    }

    return subject->data == NULL ? MFA_NO_MEMORY : MFA_OK;
}
