/*
 * Addresses of clients and networks: their text, and which has which.
 *
 * An IPv4 address that came in IPv6 clothes (::ffff:0:0/96) is the IPv4
 * address. Contract: mfa_model.h.
 */

#include "mfa_model.h"

#include <arpa/inet.h>


static mfa_address_t
address_plain(const mfa_address_t *address)
{
    mfa_address_t  plain;

    static const uint8_t  mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (address->len != 16
        || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
    {
        return *address;
    }

    plain = (mfa_address_t) { .len = 4 };
    memcpy(plain.bytes, address->bytes + 12, 4);

    return plain;
}


void
mfa_address_text(const mfa_address_t *address,
    char text[MFA_ADDRESS_TEXT_SIZE])
{
    int            family;
    mfa_address_t  plain;

    text[0] = '\0';

    plain = address_plain(address);

    if (plain.len != 4 && plain.len != 16) {
        return;
    }

    family = plain.len == 4 ? AF_INET : AF_INET6;

    if (inet_ntop(family, plain.bytes, text, MFA_ADDRESS_TEXT_SIZE) == NULL) {
        text[0] = '\0';
    }
}


static bool
network_has(const mfa_network_t *network, const mfa_address_t *address)
{
    size_t    whole;
    uint8_t   mask;
    unsigned  rest;

    if (network->base.len != address->len
        || network->bits > 8 * (unsigned) address->len)
    {
        return false;
    }

    whole = network->bits / 8;
    rest = network->bits % 8;

    if (memcmp(network->base.bytes, address->bytes, whole) != 0) {
        return false;
    }

    if (rest == 0) {
        return true;
    }

    mask = (uint8_t) (0xff << (8 - rest));

    return (network->base.bytes[whole] & mask)
           == (address->bytes[whole] & mask);
}


bool
mfa_networks_have(const mfa_networks_t *networks,
    const mfa_address_t *address)
{
    size_t         i;
    mfa_address_t  plain;

    plain = address_plain(address);

    if (plain.len == 0) {
        return false;
    }

    for (i = 0; i < networks->count; i++) {
        if (network_has(&networks->items[i], &plain)) {
            return true;
        }
    }

    return false;
}


/* the bits beyond the prefix must be zero: "10.1.2.3/8" is a slip */

static bool
network_is_exact(const mfa_network_t *network)
{
    unsigned  bit;

    for (bit = network->bits; bit < 8 * (unsigned) network->base.len; bit++) {
        if (network->base.bytes[bit / 8] & (0x80 >> (bit % 8))) {
            return false;
        }
    }

    return true;
}


bool
mfa_network_parse(mfa_str_t text, mfa_network_t *network)
{
    char       cstr[MFA_ADDRESS_TEXT_SIZE];
    int64_t    bits;
    mfa_str_t  address;

    *network = (mfa_network_t) { .bits = 0 };

    address = mfa_str_split(&text, '/');

    if (address.len == 0 || address.len >= sizeof(cstr)) {
        return false;
    }

    memcpy(cstr, address.data, address.len);
    cstr[address.len] = '\0';

    if (inet_pton(AF_INET, cstr, network->base.bytes) == 1) {
        network->base.len = 4;

    } else if (inet_pton(AF_INET6, cstr, network->base.bytes) == 1) {
        network->base.len = 16;

    } else {
        return false;
    }

    bits = 8 * network->base.len;

    if (text.data != NULL
        && (mfa_str_number(text, &bits) != MFA_OK
            || bits > 8 * network->base.len))
    {
        return false;
    }

    network->bits = (unsigned) bits;

    return network_is_exact(network);
}
