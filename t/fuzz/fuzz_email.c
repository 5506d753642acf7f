/*
 * Fuzz: e-mail addresses.
 *
 * What is accepted is printable ASCII with one @ and nothing that ends an
 * SMTP command, and is its own canonical form.
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


static void
check_address(mfa_arena_t *arena, mfa_str_t address)
{
    char       c;
    size_t     i, ats;
    mfa_str_t  again;

    check(address.len >= 5 && address.len <= MFA_EMAIL_MAX);

    ats = 0;

    for (i = 0; i < address.len; i++) {
        c = address.data[i];

        check(c > ' ' && c < '\x7f');
        check(c < 'A' || c > 'Z');
        check(memchr("<>()[],;:\\\"", c, 11) == NULL);

        if (c == '@') {
            ats++;
        }
    }

    check(ats == 1);

    check(mfa_email_canonical(arena, address, &again) == MFA_OK);
    check(mfa_str_eq(address, again));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mfa_str_t      address;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    arena = mfa_arena_open(64 * 1024);
    if (arena == NULL) {
        return 0;
    }

    st = mfa_email_canonical(arena, mfa_str_bytes(data, size), &address);

    if (st == MFA_OK) {
        check_address(arena, address);

    } else {
        check(st == MFA_INVALID && address.len == 0);
    }

    mfa_arena_close(&arena);

    return 0;
}
