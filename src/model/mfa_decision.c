/*
 * Decisions: the gate's answers, kept in this worker while the store's
 * version stands.
 *
 * An entry says what the store said at one version; at another version it is
 * read again. So a commit of any process, a revocation above all, is seen by
 * the next request. Unknown tokens leave no trace here. Never writes: uses
 * are noted in a ring, which others take to the store. Contract: mfa_model.h.
 */

#include "mfa_record.h"

#include <stdlib.h>


#define DECISION_WAYS     2
#define DECISION_ARENA    ((size_t) 1024 * 1024)
#define DECISION_TOUCHES  8192          /* a power of two */
#define DECISION_NOTES    4096          /* a power of two */
#define DECISION_TOUCH    MFA_MINUTE    /* between two touches of a session */
#define DECISION_PIECE    500           /* touches of one transaction */

/* keyed by the token as it came: only one text of it can be decoded */

typedef struct {
    char             token[MFA_TOKEN_TEXT];
    mfa_identity_t  *identity;          /* NULL: the slot is free */
    uint64_t         version;           /* at which it was read */
    mfa_time_t       noted_at;          /* last pass in this worker */
} decision_slot_t;

/* sessions whose touch is on its way, so that it is not noted again */

typedef struct {
    uint64_t         tag;               /* of the session's key */
    mfa_time_t       at;
} decision_note_t;

struct mfa_decisions_s {
    const mfa_model_t  *model;
    mfa_arena_t        *arena;          /* of one reading after another */
    decision_slot_t    *slots;
    size_t              sets;           /* of DECISION_WAYS slots */
    mfa_time_t          clock;          /* no decision is made before it */
    uint64_t            version;        /* at which it was read last */
    uint64_t            first;          /* touch in the ring, */
    uint64_t            end;            /* and behind the last */
    decision_note_t     notes[DECISION_NOTES];
    mfa_touch_t         touches[DECISION_TOUCHES];
};

typedef struct {
    mfa_work_t       work;
    uint8_t          key[MFA_DIGEST_SIZE];
    mfa_identity_t  *identity;
    uint64_t         version;
    mfa_time_t       now;
    bool             is_known;          /* now is right at that version */
} decision_read_t;


mfa_status_t
mfa_decisions_open(const mfa_model_t *model, size_t slots,
    mfa_decisions_t **decisions)
{
    mfa_decisions_t  *opened;

    *decisions = NULL;

    if (slots < DECISION_WAYS || (slots & (slots - 1)) != 0) {
        return MFA_BUG;
    }

    opened = calloc(1, sizeof(mfa_decisions_t));
    if (opened == NULL) {
        return MFA_NO_MEMORY;
    }

    opened->slots = calloc(slots, sizeof(decision_slot_t));
    opened->arena = mfa_arena_open(DECISION_ARENA);

    if (opened->slots == NULL || opened->arena == NULL) {
        mfa_arena_close(&opened->arena);
        free(opened->slots);
        free(opened);
        return MFA_NO_MEMORY;
    }

    opened->model = model;
    opened->sets = slots / DECISION_WAYS;
    *decisions = opened;

    return MFA_OK;
}


static void
slot_free(decision_slot_t *slot)
{
    mfa_identity_release(&slot->identity);
    mfa_wipe(slot, sizeof(decision_slot_t));
}


void
mfa_decisions_close(mfa_decisions_t **decisions)
{
    size_t            i;
    mfa_decisions_t  *d;

    d = *decisions;

    if (d == NULL) {
        return;
    }

    for (i = 0; i < d->sets * DECISION_WAYS; i++) {
        slot_free(&d->slots[i]);
    }

    mfa_arena_close(&d->arena);
    free(d->slots);
    free(d);
    *decisions = NULL;
}


/*
 * The token is random: its first letters, spread over the upper bits by the
 * golden ratio, are as good as any hash.
 */

static decision_slot_t *
decision_set(const mfa_decisions_t *d, const char token[MFA_TOKEN_TEXT])
{
    uint64_t  n;

    memcpy(&n, token, sizeof(n));
    n = (n * UINT64_C(0x9e3779b97f4a7c15)) >> 32;

    return &d->slots[(n & (d->sets - 1)) * DECISION_WAYS];
}


/*
 * As mfa_equal_ct, by eight bytes at a time: every request pays for it. All
 * of both is always read; the last eight overlap those before.
 */

static bool
decision_is_token(const char kept[MFA_TOKEN_TEXT],
    const char token[MFA_TOKEN_TEXT])
{
    size_t             i;
    uint64_t           a, b;
    volatile uint64_t  differ;

    memcpy(&a, kept + MFA_TOKEN_TEXT - sizeof(a), sizeof(a));
    memcpy(&b, token + MFA_TOKEN_TEXT - sizeof(b), sizeof(b));
    differ = a ^ b;

    for (i = 0; i + sizeof(a) <= MFA_TOKEN_TEXT; i += sizeof(a)) {
        memcpy(&a, kept + i, sizeof(a));
        memcpy(&b, token + i, sizeof(b));
        differ = differ | (a ^ b);
    }

    return differ == 0;
}


static decision_slot_t *
decision_find(const mfa_decisions_t *d, const char token[MFA_TOKEN_TEXT])
{
    size_t            i;
    decision_slot_t  *set;

    set = decision_set(d, token);

    for (i = 0; i < DECISION_WAYS; i++) {
        if (set[i].identity != NULL
            && decision_is_token(set[i].token, token))
        {
            return &set[i];
        }
    }

    return NULL;
}


/* a free slot of the set, or the one that was of use longest ago */

static decision_slot_t *
decision_make_slot(const mfa_decisions_t *d,
    const char token[MFA_TOKEN_TEXT])
{
    size_t            i;
    decision_slot_t  *set, *slot;

    set = decision_set(d, token);
    slot = set;

    for (i = 1; i < DECISION_WAYS && slot->identity != NULL; i++) {
        if (set[i].identity == NULL || set[i].noted_at < slot->noted_at) {
            slot = &set[i];
        }
    }

    slot_free(slot);
    memcpy(slot->token, token, MFA_TOKEN_TEXT);

    return slot;
}


/* the mark of the clock cannot have changed at one version of the store */

static mfa_status_t
decision_begin(mfa_tx_t *tx, mfa_txn_t *txn, decision_read_t *read)
{
    if (read->is_known && read->version == mfa_txn_version(txn)) {
        *tx = (mfa_tx_t) { .work = &read->work, .txn = txn,
                           .now = read->now };
        return MFA_OK;
    }

    return mfa_tx_begin(tx, &read->work, txn);
}


static mfa_status_t
decision_read_in(mfa_txn_t *txn, void *arg)
{
    mfa_tx_t             tx;
    mfa_status_t         st;
    decision_read_t     *read;
    mfa_session_view_t   view;

    read = arg;
    mfa_identity_release(&read->identity);

    st = decision_begin(&tx, txn, read);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_read_key(&tx, read->key, &view);
    if (st != MFA_OK) {
        return st;
    }

    read->now = tx.now;
    read->version = mfa_txn_version(txn);

    return mfa_identity_make(&tx, &view, &read->identity);
}


/* get: mfa_store_peek on the event loop, mfa_store_view in a thread */

static mfa_status_t
decision_read_by(
    mfa_status_t (*get)(mfa_store_t *store, mfa_txn_fn fn, void *arg),
    const mfa_model_t *model, mfa_arena_t *arena, decision_read_t *read)
{
    mfa_status_t  st;

    read->work = (mfa_work_t) { .model = model, .arena = arena };
    read->identity = NULL;

    st = get(model->store, decision_read_in, read);

    if (st != MFA_OK) {
        mfa_identity_release(&read->identity);

        /* a row that is not there is an answer, and given as one already */

        if (st == MFA_NOT_FOUND) {
            st = MFA_BUG;
        }
    }

    return st;
}


mfa_status_t
mfa_decision_read(const mfa_model_t *model, mfa_str_t token,
    mfa_identity_t **identity, mfa_verdict_t *verdict,
    mfa_session_state_t *state)
{
    mfa_arena_t     *arena;
    mfa_status_t     st;
    decision_read_t  read = { .is_known = false };

    *verdict = MFA_VERDICT_DENY;
    *state = MFA_SESSION_NONE;
    *identity = NULL;

    st = mfa_token_key(token, read.key);
    if (st != MFA_OK) {
        return st == MFA_INVALID ? MFA_OK : st;
    }

    arena = mfa_arena_open(DECISION_ARENA);
    if (arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = decision_read_by(mfa_store_view, model, arena, &read);
    mfa_arena_close(&arena);

    if (st != MFA_OK || read.identity == NULL) {
        return st;
    }

    *identity = read.identity;
    *verdict = mfa_identity_judge(read.identity, 0, read.now, state);

    return MFA_OK;
}


void
mfa_decision_note(mfa_decisions_t *decisions, const mfa_identity_t *identity,
    mfa_time_t now)
{
    uint64_t          tag;
    mfa_touch_t      *touch;
    decision_note_t  *note;

    if (now - identity->seen_at < DECISION_TOUCH) {
        return;
    }

    memcpy(&tag, identity->key, sizeof(tag));
    note = &decisions->notes[tag & (DECISION_NOTES - 1)];

    if (note->tag == tag && now >= note->at
        && now - note->at < DECISION_TOUCH)
    {
        return;
    }

    /* dropped when the ring is full: the next request notes it again */

    if (decisions->end - decisions->first >= DECISION_TOUCHES) {
        return;
    }

    touch = &decisions->touches[decisions->end & (DECISION_TOUCHES - 1)];
    memcpy(touch->key, identity->key, MFA_DIGEST_SIZE);
    touch->seen_at = now;
    decisions->end++;

    *note = (decision_note_t) { .tag = tag, .at = now };
}


/* reads the session again and puts it into its slot, or empties that */

static mfa_status_t
decision_renew(mfa_decisions_t *d, mfa_str_t token, const uint64_t *version,
    decision_slot_t **slot)
{
    mfa_status_t     st;
    decision_read_t  read = { .version = d->version, .now = d->clock,
                              .is_known = version != NULL && d->clock > 0 };

    /* what is no token at all is refused without a look into the store */

    st = mfa_token_key(token, read.key);
    if (st != MFA_OK) {
        return st == MFA_INVALID ? MFA_OK : st;
    }

    st = decision_read_by(mfa_store_peek, d->model, d->arena, &read);
    mfa_arena_clear(d->arena);

    if (st != MFA_OK) {
        return st;
    }

    /* a new version may have set the clock's mark back on purpose */

    if (d->version != read.version || d->clock < read.now) {
        d->clock = read.now;
        d->version = read.version;
    }

    if (read.identity == NULL) {
        if (*slot != NULL) {
            slot_free(*slot);
            *slot = NULL;
        }

        return MFA_OK;
    }

    if (*slot == NULL) {
        *slot = decision_make_slot(d, token.data);
    }

    mfa_identity_release(&(*slot)->identity);
    (*slot)->identity = read.identity;
    (*slot)->version = read.version;

    return MFA_OK;
}


/*
 * version: of the store now, or NULL where the engine has none; then each
 * request reads, and a slot only remembers when it was last of use.
 */

static mfa_status_t
decision_look(mfa_decisions_t *d, mfa_str_t token, const uint64_t *version,
    decision_slot_t **slot)
{
    *slot = decision_find(d, token.data);

    if (*slot != NULL && version != NULL && (*slot)->version == *version) {
        return MFA_OK;
    }

    return decision_renew(d, token, version, slot);
}


/* the slot of a session that exists or did, up to date; NULL: there is none */

static mfa_status_t
decision_slot(mfa_decisions_t *d, mfa_str_t token, decision_slot_t **slot)
{
    uint64_t      version;
    mfa_status_t  st;

    *slot = NULL;

    if (token.len != MFA_TOKEN_TEXT) {
        return MFA_OK;
    }

    st = mfa_store_version(d->model->store, &version);

    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    return decision_look(d, token, st == MFA_OK ? &version : NULL, slot);
}


/* *now: not before any other decision */

static void
decision_judge(mfa_decisions_t *d, const decision_slot_t *slot,
    mfa_time_t *now, mfa_verdict_t *verdict, mfa_session_state_t *state)
{
    if (*now < d->clock) {
        *now = d->clock;
    }

    d->clock = *now;

    *verdict = mfa_identity_judge(slot->identity, slot->noted_at, *now,
                                  state);
    mfa_identity_hold(slot->identity);
}


mfa_status_t
mfa_decision_check(mfa_decisions_t *decisions, mfa_str_t token,
    mfa_time_t now, mfa_identity_t **identity, mfa_verdict_t *verdict,
    mfa_session_state_t *state)
{
    mfa_status_t      st;
    decision_slot_t  *slot;

    *verdict = MFA_VERDICT_DENY;
    *state = MFA_SESSION_NONE;
    *identity = NULL;

    st = decision_slot(decisions, token, &slot);
    if (st != MFA_OK || slot == NULL) {
        return st;
    }

    decision_judge(decisions, slot, &now, verdict, state);
    *identity = slot->identity;

    if (*verdict == MFA_VERDICT_PASS) {
        slot->noted_at = now;
        mfa_decision_note(decisions, slot->identity, now);
    }

    return MFA_OK;
}


mfa_status_t
mfa_decision_check_unseen(mfa_decisions_t *decisions, mfa_str_t token,
    mfa_time_t now, mfa_identity_t **identity, mfa_verdict_t *verdict,
    mfa_session_state_t *state)
{
    mfa_status_t      st;
    decision_slot_t  *slot;

    *verdict = MFA_VERDICT_DENY;
    *state = MFA_SESSION_NONE;
    *identity = NULL;

    st = decision_slot(decisions, token, &slot);
    if (st != MFA_OK || slot == NULL) {
        return st;
    }

    decision_judge(decisions, slot, &now, verdict, state);
    *identity = slot->identity;

    return MFA_OK;
}


size_t
mfa_decision_touches(mfa_decisions_t *decisions, mfa_time_t now,
    mfa_touch_t *touches, size_t most)
{
    size_t  count;

    (void) now;             /* each was a minute behind when it was noted */

    for (count = 0;
         count < most && decisions->first < decisions->end;
         count++, decisions->first++)
    {
        touches[count] = decisions->touches[decisions->first
                                            & (DECISION_TOUCHES - 1)];
    }

    return count;
}


typedef struct {
    const mfa_touch_t  *touches;
    size_t              count;
} touches_write_t;

static mfa_status_t
touches_write_in(mfa_tx_t *tx, void *arg)
{
    size_t                  i;
    mfa_status_t            st;
    const touches_write_t  *write;

    write = arg;

    for (i = 0; i < write->count; i++) {
        st = mfa_session_touch(tx, write->touches[i].key,
                               write->touches[i].seen_at);

        /* one damaged session must not keep the others from being seen */

        if (st != MFA_OK && st != MFA_DAMAGED && st != MFA_NEWER) {
            return st;
        }
    }

    return MFA_OK;
}


mfa_status_t
mfa_touches_write(mfa_work_t *work, const mfa_touch_t *touches, size_t count)
{
    mfa_status_t     st;
    touches_write_t  write = { .touches = touches };

    for (st = MFA_OK; count > 0 && st == MFA_OK; count -= write.count) {
        write.count = count < DECISION_PIECE ? count : DECISION_PIECE;
        st = mfa_update(work, touches_write_in, &write);
        write.touches += write.count;
    }

    return st;
}
