/*
 * Origins: scheme, host and port of the address that people know us by.
 *
 * One spelling of each: what is compared with a Host header or stands in a
 * message is lower-case and has no port that goes without saying.
 */

#include "mfa_send.h"

#include <arpa/inet.h>


#define ORIGIN_HOST_MAX   253       /* RFC 1035 section 2.3.4, as text */
#define ORIGIN_LABEL_MAX  63


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}


static bool
label_is_valid(mfa_str_t label)
{
    char    c;
    size_t  i;

    if (label.len == 0 || label.len > ORIGIN_LABEL_MAX
        || label.data[0] == '-' || label.data[label.len - 1] == '-')
    {
        return false;
    }

    for (i = 0; i < label.len; i++) {
        c = label.data[i];

        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-') {
            return false;
        }
    }

    return true;
}


/*
 * host is lower-case and zero-terminated. A last label that begins with a
 * digit makes it an address for every URL parser, so it must be a whole one.
 */

static bool
host_is_valid(const char *host, bool *is_loopback)
{
    uint8_t    bytes[4];
    mfa_str_t  rest, label;

    label = mfa_null;
    rest = mfa_str_from(host);

    if (rest.len == 0 || rest.len > ORIGIN_HOST_MAX) {
        return false;
    }

    while (rest.data != NULL) {
        label = mfa_str_split(&rest, '.');

        if (!label_is_valid(label)) {
            return false;
        }
    }

    if (is_digit(label.data[0])) {
        if (inet_pton(AF_INET, host, bytes) != 1) {
            return false;
        }

        *is_loopback = bytes[0] == 127;

        return true;
    }

    *is_loopback = mfa_str_eq_c(label, "localhost");

    return true;
}


/* in brackets; the one form that is compared is the one inet_ntop writes */

static bool
host6_is_valid(char *host, size_t len, bool *is_loopback)
{
    char                   text[INET6_ADDRSTRLEN];
    struct in6_addr        in6;
    const struct in6_addr  loopback = IN6ADDR_LOOPBACK_INIT;

    if (len < 4 || host[len - 1] != ']') {
        return false;
    }

    host[len - 1] = '\0';

    if (inet_pton(AF_INET6, host + 1, &in6) != 1
        || inet_ntop(AF_INET6, &in6, text, sizeof(text)) == NULL
        || strcmp(text, host + 1) != 0)
    {
        return false;
    }

    host[len - 1] = ']';
    *is_loopback = memcmp(&in6, &loopback, sizeof(in6)) == 0;

    return true;
}


static bool
port_parse(mfa_str_t text, unsigned *port)
{
    int64_t  n;

    if (text.len == 0 || text.len > 5 || text.data[0] == '0'
        || mfa_str_number(text, &n) != MFA_OK || n > 65535)
    {
        return false;
    }

    *port = (unsigned) n;

    return true;
}


/* cuts ":PORT" from the end of *host; no port leaves *port as it is */

static bool
port_cut(mfa_str_t *host, unsigned *port)
{
    size_t  i;

    for (i = host->len; i != 0 && is_digit(host->data[i - 1]); i--) {
        /* void */
    }

    if (i == 0 || host->data[i - 1] != ':') {
        return true;
    }

    if (!port_parse(mfa_str_bytes(host->data + i, host->len - i), port)) {
        return false;
    }

    host->len = i - 1;

    return true;
}


static char *
host_lower(mfa_arena_t *arena, mfa_str_t host)
{
    char    *text;
    size_t   i;

    text = mfa_arena_alloc(arena, host.len + 1);

    for (i = 0; text != NULL && i < host.len; i++) {
        text[i] = host.data[i];

        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char) (text[i] | 0x20);
        }
    }

    return text;
}


mfa_status_t
mfa_origin_parse(mfa_arena_t *arena, mfa_str_t url, mfa_origin_t *origin)
{
    bool          is_valid;
    char         *host;
    unsigned      usual;
    mfa_str_t     rest;
    const char   *scheme;
    mfa_origin_t  found = { .is_https = true };

    *origin = (mfa_origin_t) { .port = 0 };

    if (mfa_str_has_prefix(url, mfa_str("https://"))) {
        scheme = "https";

    } else if (mfa_str_has_prefix(url, mfa_str("http://"))) {
        scheme = "http";
        found.is_https = false;

    } else {
        return MFA_INVALID;
    }

    rest = mfa_str_bytes(url.data + strlen(scheme) + 3,
                         url.len - strlen(scheme) - 3);
    usual = found.is_https ? 443 : 80;
    found.port = usual;

    if (!port_cut(&rest, &found.port) || rest.len == 0
        || memchr(rest.data, '\0', rest.len) != NULL)
    {
        return MFA_INVALID;
    }

    host = host_lower(arena, rest);
    if (host == NULL) {
        return MFA_NO_MEMORY;
    }

    is_valid = host[0] == '['
               ? host6_is_valid(host, rest.len, &found.is_loopback)
               : host_is_valid(host, &found.is_loopback);

    if (!is_valid || (!found.is_https && !found.is_loopback)) {
        return MFA_INVALID;
    }

    found.host = mfa_str_from(host);
    found.text = found.port == usual
                 ? mfa_arena_printf(arena, "%s://%s", scheme, host)
                 : mfa_arena_printf(arena, "%s://%s:%u", scheme, host,
                                    found.port);

    if (found.text.data == NULL) {
        return MFA_NO_MEMORY;
    }

    *origin = found;

    return MFA_OK;
}
