/*
 * Passes: ten characters that staff read to somebody they have verified.
 *
 * The pass leaves this file once, from mfa_pass_make; only its keyed hash is
 * kept. It opens nothing by itself: the password came first, and all it lets
 * a person do is set up a new device. Contract: mfa_model_staff.h.
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define PASS_VERSION     1
#define PASS_RECORD_MAX  128
#define PASS_TRIES       5
#define PASS_LIFETIME    MFA_HOUR
#define PASS_TYPED_MAX   64

/* Crockford's: no I, L, O, U */
static const char  pass_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

typedef struct {
    mfa_str_t   mac;
    mfa_str_t   staff;              /* an id, or empty: the operator */
    mfa_time_t  made_at;
    mfa_time_t  expires_at;
    uint64_t    tries;
} pass_record_t;


static mfa_status_t
pass_write(mfa_tx_t *tx, const mfa_id_t *user, const pass_record_t *record)
{
    mfa_buf_t     buf;
    mfa_str_t     value;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, PASS_RECORD_MAX);
    mfa_pack_number(&buf, PASS_VERSION);
    mfa_pack_str(&buf, record->mac);
    mfa_pack_str(&buf, record->staff);
    mfa_pack_time(&buf, record->made_at);
    mfa_pack_time(&buf, record->expires_at);
    mfa_pack_number(&buf, record->tries);

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_PASS, mfa_id_str(user), value);
}


static mfa_status_t
pass_decode(mfa_tx_t *tx, mfa_str_t value, pass_record_t *record)
{
    uint64_t      version;
    mfa_unpack_t  in;
    mfa_status_t  st;

    mfa_unpack_init(&in, value, tx->work->arena);
    version = mfa_unpack_number(&in);
    record->mac = mfa_unpack_str(&in);
    record->staff = mfa_unpack_str(&in);
    record->made_at = mfa_unpack_time(&in);
    record->expires_at = mfa_unpack_time(&in);
    record->tries = mfa_unpack_number(&in);

    in.is_damaged |= version == PASS_VERSION
                     && record->mac.len != MFA_DIGEST_SIZE;

    st = mfa_record_end(tx, &in, version, PASS_VERSION, "pass");

    if (st != MFA_OK) {
        *record = (pass_record_t) { .tries = PASS_TRIES };
    }

    return st;
}


static bool
pass_is_over(const mfa_tx_t *tx, const pass_record_t *record)
{
    return tx->now >= record->expires_at
           || tx->now - PASS_LIFETIME >= record->made_at
           || record->tries >= PASS_TRIES;
}


/* MFA_NOT_FOUND: none that is alive */

static mfa_status_t
pass_get(mfa_tx_t *tx, const mfa_id_t *user, pass_record_t *record)
{
    mfa_str_t     value;
    mfa_status_t  st;

    *record = (pass_record_t) { .tries = PASS_TRIES };

    st = mfa_txn_get(tx->txn, MFA_TABLE_PASS, mfa_id_str(user),
                     tx->work->arena, &value);
    if (st != MFA_OK) {
        return st;
    }

    st = pass_decode(tx, value, record);
    if (st != MFA_OK) {
        return st;
    }

    return pass_is_over(tx, record) ? MFA_NOT_FOUND : MFA_OK;
}


/* bound to the user: a row copied to another person opens nothing there */

#define PASS_PARTS  3

static void
pass_parts(const mfa_id_t *user, mfa_str_t text, mfa_str_t parts[PASS_PARTS])
{
    parts[0] = mfa_str("pass");
    parts[1] = mfa_id_str(user);
    parts[2] = text;
}


/* 32 symbols: each byte names each of them as often as any other */

static mfa_status_t
pass_draw(mfa_tx_t *tx, mfa_str_t *pass)
{
    char          text[MFA_PASS_CHARACTERS];
    size_t        i;
    uint8_t       bytes[MFA_PASS_CHARACTERS];
    mfa_status_t  st;

    st = mfa_port_random(tx->work->model->ports, bytes, sizeof(bytes));

    if (st == MFA_OK) {
        for (i = 0; i < sizeof(bytes); i++) {
            text[i] = pass_alphabet[bytes[i] & 0x1f];
        }

        st = mfa_arena_copy(tx->work->arena, mfa_str_bytes(text, sizeof(text)),
                            pass);
    }

    mfa_wipe(bytes, sizeof(bytes));
    mfa_wipe(text, sizeof(text));

    return st;
}


mfa_status_t
mfa_pass_make(mfa_tx_t *tx, const mfa_user_t *user, const mfa_user_t *staff,
    mfa_str_t *pass)
{
    uint8_t        mac[MFA_DIGEST_SIZE];
    mfa_str_t      made, parts[PASS_PARTS];
    mfa_status_t   st;
    pass_record_t  record;

    *pass = mfa_null;

    record = (pass_record_t) {
        .made_at = tx->now,
        .expires_at = tx->now + PASS_LIFETIME
    };

    if (staff != NULL) {
        record.staff = mfa_id_str(&staff->id);

        /* nobody lets themselves in */

        if (mfa_str_eq(record.staff, mfa_id_str(&user->id))) {
            return MFA_INVALID;
        }
    }

    st = pass_draw(tx, &made);
    if (st != MFA_OK) {
        return st;
    }

    pass_parts(&user->id, made, parts);

    st = mfa_keys_mac(tx->work->model->keys, MFA_KEY_CODE, parts, PASS_PARTS,
                      mac);
    if (st != MFA_OK) {
        return st;
    }

    record.mac = mfa_str_bytes(mac, sizeof(mac));

    st = pass_write(tx, &user->id, &record);
    if (st != MFA_OK) {
        return st;
    }

    *pass = made;

    return MFA_OK;
}


/* a letter as it is meant; 0: no symbol of the alphabet */

static char
pass_symbol(char c)
{
    if (c >= 'a' && c <= 'z') {
        c = (char) (c - 'a' + 'A');
    }

    if (c == 'O') {
        return '0';
    }

    if (c == 'I' || c == 'L') {
        return '1';
    }

    return (c != '\0' && strchr(pass_alphabet, c) != NULL) ? c : '\0';
}


static bool
pass_clean(mfa_str_t typed, char text[MFA_PASS_CHARACTERS])
{
    char    c;
    size_t  i, len;

    if (typed.len > PASS_TYPED_MAX) {
        return false;
    }

    len = 0;

    for (i = 0; i < typed.len; i++) {
        if (strchr(" \t-", typed.data[i]) != NULL && typed.data[i] != '\0') {
            continue;
        }

        c = pass_symbol(typed.data[i]);

        if (c == '\0' || len == MFA_PASS_CHARACTERS) {
            return false;
        }

        text[len++] = c;
    }

    return len == MFA_PASS_CHARACTERS;
}


/* what is no pass is compared all the same, and is none */

static mfa_status_t
pass_match(mfa_tx_t *tx, const mfa_id_t *user, const pass_record_t *record,
    mfa_str_t typed, mfa_verdict_t *verdict)
{
    bool          is_clean;
    char          text[MFA_PASS_CHARACTERS] = { 0 };
    uint8_t       mac[MFA_DIGEST_SIZE];
    mfa_str_t     parts[PASS_PARTS];
    mfa_status_t  st;

    *verdict = MFA_VERDICT_DENY;

    is_clean = pass_clean(typed, text);
    memcpy(mac, record->mac.data, sizeof(mac));
    pass_parts(user, mfa_str_bytes(text, sizeof(text)), parts);

    st = mfa_keys_mac_check(tx->work->model->keys, MFA_KEY_CODE, parts,
                            PASS_PARTS, mac);
    mfa_wipe(text, sizeof(text));

    if (st == MFA_OK && is_clean) {
        *verdict = MFA_VERDICT_PASS;
    }

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_pass_use(mfa_tx_t *tx, const mfa_id_t *user, mfa_str_t typed,
    mfa_verdict_t *verdict)
{
    mfa_status_t   st;
    mfa_verdict_t  found;
    pass_record_t  record;

    *verdict = MFA_VERDICT_DENY;

    st = pass_get(tx, user, &record);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    record.tries++;

    st = pass_write(tx, user, &record);
    if (st != MFA_OK) {
        return st;
    }

    st = pass_match(tx, user, &record, typed, &found);
    if (st != MFA_OK) {
        return st;
    }

    if (found == MFA_VERDICT_PASS || record.tries >= PASS_TRIES) {
        st = mfa_pass_delete(tx, user);
        if (st != MFA_OK) {
            return st;
        }
    }

    *verdict = found;

    return MFA_OK;
}


mfa_status_t
mfa_pass_look(mfa_tx_t *tx, const mfa_id_t *user, bool *is_alive)
{
    mfa_status_t   st;
    pass_record_t  record;

    *is_alive = false;

    st = pass_get(tx, user, &record);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    *is_alive = true;

    return MFA_OK;
}


mfa_status_t
mfa_pass_delete(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_status_t  st;

    st = mfa_txn_delete(tx->txn, MFA_TABLE_PASS, mfa_id_str(user));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_pass_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record, bool *is_over)
{
    mfa_status_t   st;
    pass_record_t  found;

    (void) key;                 /* the record alone tells */

    *is_over = false;

    st = pass_decode(tx, record, &found);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = pass_is_over(tx, &found);

    return MFA_OK;
}
