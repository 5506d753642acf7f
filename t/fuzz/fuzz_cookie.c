/*
 * Fuzz: the Cookie header.
 *
 * A value lies inside the header and holds no semicolon; the name was seen
 * at least that often; a second cookie of the name takes the value away.
 */

#include "../../src/base/mfa_base.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(bool holds)
{
    if (!holds) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned   count, again;
    mfa_str_t  header, value;

    header = mfa_str_bytes(data, size);
    value = mfa_null;
    count = 0;

    mfa_cookie_find(header, mfa_str("mfa"), &value, &count);

    if (value.len != 0) {
        check(count == 1);
        check(value.data >= header.data + 4);
        check(value.data + value.len <= header.data + header.len);
        check(memchr(value.data, ';', value.len) == NULL);
        check(value.data[0] != ' ' && value.data[value.len - 1] != ' ');
    }

    if (count != 0) {
        check(memmem(data, size, "mfa", 3) != NULL);
    }

    again = count;
    mfa_cookie_find(mfa_str("mfa=more"), mfa_str("mfa"), &value, &again);

    check(again == count + 1);
    check(count == 0 ? mfa_str_eq_c(value, "more") : value.len == 0);

    return 0;
}
