/*
 * The mark of a browser that has shown whose it is: behind the browser's
 * number in the same cookie, "NUMBER.MARK". Behind both stands who was here
 * last, "NUMBER.MARK~LAST", which is no mark: it is compared, worth nothing.
 *
 * It says so on the event loop, where nobody may ask the store, and is worth
 * a place among those who wait for a hash (security.md 4.6), nothing else:
 * never a step of a login, never a budget. A mark is bound to its browser's
 * number and cannot be made without the key file; it names its person by a
 * keyed digest, so that one person has few places however many browsers,
 * copies or marks from before a change of password there are.
 */

#include "mfa_page.h"


#define MARK_PERSON  sizeof(uint64_t)
#define MARK_BYTES   (MARK_PERSON + MFA_DIGEST_SIZE)
#define LAST_BYTES   6


static mfa_status_t
mark_person(const mfa_keys_t *keys, mfa_str_t person,
    uint8_t bytes[MARK_PERSON])
{
    uint8_t          mac[MFA_DIGEST_SIZE];
    mfa_status_t     st;
    const mfa_str_t  parts[] = { mfa_str("mark.person"), person };

    st = mfa_keys_mac(keys, MFA_KEY_SUBJECT, parts, 2, mac);
    if (st != MFA_OK) {
        return st;
    }

    memcpy(bytes, mac, MARK_PERSON);

    return MFA_OK;
}


mfa_status_t
mfa_mark_make(const mfa_keys_t *keys, mfa_arena_t *arena, mfa_str_t browser,
    mfa_str_t person, mfa_str_t *mark)
{
    uint8_t          bytes[MARK_BYTES] = { 0 };
    mfa_status_t     st;
    const mfa_str_t  parts[] = {
        mfa_str("mark"), browser, mfa_str_bytes(bytes, MARK_PERSON)
    };

    *mark = mfa_null;

    st = mark_person(keys, person, bytes);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_keys_mac(keys, MFA_KEY_SUBJECT, parts, 3, bytes + MARK_PERSON);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_base64url_encode(arena, mfa_str_bytes(bytes, MARK_BYTES),
                                mark);
}


bool
mfa_mark_has_form(mfa_str_t mark)
{
    uint8_t  bytes[MARK_BYTES];

    return mfa_base64url_decode_fixed(mark, bytes, MARK_BYTES) == MFA_OK;
}


mfa_verdict_t
mfa_mark_judge(const mfa_keys_t *keys, mfa_str_t browser, mfa_str_t mark,
    uint64_t *person)
{
    uint8_t          bytes[MARK_BYTES] = { 0 };
    const mfa_str_t  parts[] = {
        mfa_str("mark"), browser, mfa_str_bytes(bytes, MARK_PERSON)
    };

    *person = 0;

    if (mfa_base64url_decode_fixed(mark, bytes, MARK_BYTES) != MFA_OK
        || mfa_keys_mac_check(keys, MFA_KEY_SUBJECT, parts, 3,
                              bytes + MARK_PERSON)
           != MFA_OK)
    {
        return MFA_VERDICT_DENY;
    }

    memcpy(person, bytes, MARK_PERSON);

    return MFA_VERDICT_PASS;
}


mfa_status_t
mfa_last_make(const mfa_keys_t *keys, mfa_arena_t *arena, mfa_str_t browser,
    mfa_str_t person, mfa_str_t *last)
{
    uint8_t          mac[MFA_DIGEST_SIZE];
    mfa_status_t     st;
    const mfa_str_t  parts[] = { mfa_str("mark.last"), browser, person };

    *last = mfa_null;

    st = mfa_keys_mac(keys, MFA_KEY_SUBJECT, parts, 3, mac);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_base64url_encode(arena, mfa_str_bytes(mac, LAST_BYTES), last);
}
