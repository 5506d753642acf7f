/*
 * Signed assertions: the tokens, and those that were made a moment ago.
 *
 * A signature costs a hundred times what the rest of a decision does, so one
 * serves a session, an audience and a host for half its lifetime. Whatever it
 * says of the person is compared each time: a change is in the next request.
 * Event loop only; never waits. A token must never come into a log.
 */

#include <stdlib.h>

#include "mfa_realm.h"


#define ASSERTION_SETS   1024           /* a power of two */
#define ASSERTION_WAYS   4              /* audiences of one session, mostly */
#define ASSERTION_ARENA  ((size_t) 256 * 1024)
#define CLAIMS_MAX       ((size_t) 32 * 1024)
#define GROUPS_MAX       4096           /* as in the header */
#define HOST_MAX         255
#define JTI_SIZE         16

typedef struct {
    mfa_identity_t  *identity;          /* held; NULL: free */
    mfa_str_t        audience;
    mfa_str_t        host;              /* both in box */
    mfa_str_t        token;
    mfa_time_t       lifetime;
    mfa_time_t       made_at;
    char            *box;
} assertion_slot_t;

struct mfa_assertions_s {
    const mfa_realm_t  *realm;
    assertion_slot_t    slots[ASSERTION_SETS * ASSERTION_WAYS];
};


mfa_status_t
mfa_assertions_open(const mfa_realm_t *realm, mfa_assertions_t **assertions)
{
    *assertions = NULL;

    if (realm->assertion.count == 0) {
        return MFA_OK;
    }

    *assertions = calloc(1, sizeof(mfa_assertions_t));
    if (*assertions == NULL) {
        return MFA_NO_MEMORY;
    }

    (*assertions)->realm = realm;

    return MFA_OK;
}


static void
slot_free(assertion_slot_t *slot)
{
    mfa_identity_release(&slot->identity);

    if (slot->box != NULL) {
        mfa_wipe(slot->box, slot->host.len + slot->token.len);
        free(slot->box);
    }

    *slot = (assertion_slot_t) { .identity = NULL };
}


void
mfa_assertions_close(mfa_assertions_t **assertions)
{
    size_t  i;

    if (*assertions == NULL) {
        return;
    }

    for (i = 0; i < ASSERTION_SETS * ASSERTION_WAYS; i++) {
        slot_free(&(*assertions)->slots[i]);
    }

    free(*assertions);

    *assertions = NULL;
}


/* does a token for one say the same of the other? */

static bool
is_same_person(const mfa_identity_t *one, const mfa_identity_t *other)
{
    size_t  i;

    if (one == other) {
        return true;
    }

    if (memcmp(one->key, other->key, MFA_DIGEST_SIZE) != 0
        || !mfa_str_eq(one->user, other->user)
        || !mfa_str_eq(one->email, other->email)
        || !mfa_str_eq(one->name, other->name)
        || !mfa_str_eq(one->amr, other->amr)
        || !mfa_str_eq(one->auth_time, other->auth_time)
        || one->group_list.count != other->group_list.count)
    {
        return false;
    }

    for (i = 0; i < one->group_list.count; i++) {
        if (!mfa_str_eq(one->group_list.items[i],
                        other->group_list.items[i]))
        {
            return false;
        }
    }

    return true;
}


/* a clock that went back makes none older, or younger */

static bool
is_fresh(const assertion_slot_t *slot, mfa_time_t now)
{
    return now >= slot->made_at
           && now - slot->made_at < slot->lifetime / 2;
}


static assertion_slot_t *
slot_set(mfa_assertions_t *assertions, const mfa_identity_t *identity)
{
    uint64_t  n;

    /* the key of a session is a digest */

    memcpy(&n, identity->key, sizeof(n));

    return &assertions->slots[(n & (ASSERTION_SETS - 1)) * ASSERTION_WAYS];
}


/* *free_slot: where a new one goes, over the oldest of the set if need be */

static assertion_slot_t *
slot_find(assertion_slot_t *set, const mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, assertion_slot_t **free_slot)
{
    size_t             i;
    assertion_slot_t  *slot;

    *free_slot = set;

    for (i = 0; i < ASSERTION_WAYS; i++) {
        slot = &set[i];

        if (slot->identity != NULL
            && slot->lifetime == ask->lifetime
            && mfa_str_eq(slot->audience, ask->audience)
            && mfa_str_eq(slot->host, ask->host)
            && memcmp(slot->identity->key, identity->key, MFA_DIGEST_SIZE)
               == 0)
        {
            *free_slot = slot;

            return is_fresh(slot, ask->now)
                   && is_same_person(slot->identity, identity) ? slot : NULL;
        }

        if (slot->made_at < (*free_slot)->made_at) {
            *free_slot = slot;
        }
    }

    return NULL;
}


/* claims */

static void
claim_str(mfa_buf_t *buf, const char *name, mfa_str_t value)
{
    if (value.len == 0) {
        return;
    }

    mfa_buf_printf(buf, "\"%s\":\"", name);
    mfa_json_put(buf, value);
    mfa_buf_puts(buf, "\",");
}


/* a header is percent-encoded, JSON has UTF-8 */

static void
claim_name(mfa_buf_t *buf, mfa_str_t value)
{
    char       *room;
    mfa_str_t   name;

    room = mfa_arena_alloc(buf->arena, value.len + 1);

    if (room != NULL
        && mfa_percent_decode(value, '+', room, &name) == MFA_OK)
    {
        claim_str(buf, "name", name);
    }
}


/* what is too much is left out whole, as in the header */

static void
claim_groups(mfa_buf_t *buf, const mfa_strs_t *groups)
{
    size_t  i, first;

    mfa_buf_puts(buf, "\"groups\":[");
    first = buf->len;

    for (i = 0; i < groups->count; i++) {
        if (buf->len - first + groups->items[i].len + 3 > GROUPS_MAX) {
            continue;
        }

        mfa_buf_puts(buf, buf->len > first ? ",\"" : "\"");
        mfa_json_put(buf, groups->items[i]);
        mfa_buf_putc(buf, '"');
    }

    mfa_buf_puts(buf, "],");
}


static void
claim_amr(mfa_buf_t *buf, mfa_str_t words)
{
    const char  *comma;

    mfa_buf_puts(buf, "\"amr\":[");

    for (comma = ""; words.len > 0; comma = ",") {
        mfa_buf_printf(buf, "%s\"", comma);
        mfa_json_put(buf, mfa_str_split(&words, ' '));
        mfa_buf_putc(buf, '"');
    }

    mfa_buf_puts(buf, "],");
}


static mfa_status_t
claims_make(const mfa_realm_t *realm, const mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, mfa_buf_t *buf)
{
    uint8_t       number[JTI_SIZE];
    mfa_str_t     jti;
    mfa_time_t    second;
    mfa_status_t  st;

    st = mfa_port_random(realm->ports, number, sizeof(number));
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base64url_encode(buf->arena, mfa_str_bytes(number, JTI_SIZE),
                              &jti);
    if (st != MFA_OK) {
        return st;
    }

    second = ask->now / MFA_SECOND;

    mfa_buf_putc(buf, '{');
    claim_str(buf, "iss", realm->send.origin.text);
    claim_str(buf, "aud", ask->audience);
    claim_str(buf, "sub", identity->user);
    claim_str(buf, "email", identity->email);
    claim_name(buf, identity->name);
    claim_groups(buf, &identity->group_list);
    claim_amr(buf, identity->amr);
    claim_str(buf, "host", ask->host);

    mfa_buf_printf(buf, "\"auth_time\":" MFA_STR_FMT ",\"iat\":%lld,"
                   "\"exp\":%lld,\"jti\":\"" MFA_STR_FMT "\"}",
                   MFA_STR_ARG(identity->auth_time), (long long) second,
                   (long long) (second + ask->lifetime / MFA_SECOND),
                   MFA_STR_ARG(jti));

    return MFA_OK;
}


static mfa_status_t
token_make(const mfa_realm_t *realm, const mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, mfa_arena_t *arena, mfa_str_t *token)
{
    uint8_t       signature[MFA_SIGNATURE_SIZE];
    mfa_buf_t     buf;
    mfa_str_t     text;
    mfa_status_t  st;

    mfa_buf_init(&buf, arena, CLAIMS_MAX);

    st = claims_make(realm, identity, ask, &buf);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_buf_str(&buf, &text);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base64url_encode(arena, text, &text);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, arena, 2 * CLAIMS_MAX);
    mfa_buf_put(&buf, realm->assertion.head);
    mfa_buf_put(&buf, text);

    st = mfa_buf_str(&buf, &text);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_signer_sign(realm->assertion.signers[0], text, signature);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base64url_encode(arena, mfa_str_bytes(signature,
                                                   sizeof(signature)), &text);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_putc(&buf, '.');
    mfa_buf_put(&buf, text);

    return mfa_buf_str(&buf, token);
}


static mfa_status_t
slot_fill(assertion_slot_t *slot, mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, mfa_str_t token)
{
    slot_free(slot);

    slot->box = malloc(ask->host.len + token.len + 1);
    if (slot->box == NULL) {
        return MFA_NO_MEMORY;
    }

    if (ask->host.len > 0) {
        memcpy(slot->box, ask->host.data, ask->host.len);
    }

    memcpy(slot->box + ask->host.len, token.data, token.len);

    mfa_identity_hold(identity);

    slot->identity = identity;
    slot->audience = ask->audience;
    slot->host = mfa_str_bytes(slot->box, ask->host.len);
    slot->token = mfa_str_bytes(slot->box + ask->host.len, token.len);
    slot->lifetime = ask->lifetime;
    slot->made_at = ask->now;

    return MFA_OK;
}


static mfa_status_t
slot_make(const mfa_realm_t *realm, assertion_slot_t *slot,
    mfa_identity_t *identity, const mfa_assertion_ask_t *ask)
{
    mfa_str_t      token;
    mfa_arena_t   *arena;
    mfa_status_t   st;

    arena = mfa_arena_open(ASSERTION_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = token_make(realm, identity, ask, arena, &token);

    if (st == MFA_OK) {
        st = slot_fill(slot, identity, ask, token);
    }

    mfa_arena_close(&arena);

    if (st != MFA_OK) {
        mfa_log(realm->ports, MFA_LOG_ERROR, "no assertion can be made: %s",
                mfa_status_text(st));
    }

    return st;
}


/* a client may ask for a host in bytes that are no text */

static mfa_str_t
host_of(mfa_str_t host)
{
    size_t  i;

    for (i = 0; i < host.len; i++) {
        if (host.data[i] <= 0x20 || host.data[i] >= 0x7f) {
            return mfa_null;
        }
    }

    return host.len <= HOST_MAX ? host : mfa_null;
}


mfa_status_t
mfa_assertions_give(mfa_assertions_t *assertions, mfa_identity_t *identity,
    const mfa_assertion_ask_t *ask, mfa_str_t *token)
{
    mfa_status_t          st;
    assertion_slot_t     *slot, *room;
    mfa_assertion_ask_t   asked = *ask;

    *token = mfa_null;

    if (assertions == NULL || ask->audience.len == 0) {
        return MFA_BUG;
    }

    asked.host = host_of(ask->host);

    slot = slot_find(slot_set(assertions, identity), identity, &asked, &room);

    if (slot == NULL) {
        st = slot_make(assertions->realm, room, identity, &asked);
        if (st != MFA_OK) {
            return st;
        }

        slot = room;

    } else if (slot->identity != identity) {
        /* the next request of this session is told apart by a pointer */
        mfa_identity_release(&slot->identity);
        mfa_identity_hold(identity);
        slot->identity = identity;
    }

    *token = slot->token;

    return MFA_OK;
}
