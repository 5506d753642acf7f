/*
 * Messages: the rows of the outbox, written in the transaction of their
 * cause.
 *
 * Sends nothing. The key starts with the moment the message is due, so the
 * first row is the next one; the values, which may hold a code, are sealed.
 * Contract: mfa_model.h, "messages".
 */

#include "mfa_purge.h"
#include "mfa_record.h"


#define MESSAGE_VERSION      3     /* 2: moments were written out */

#define MESSAGE_KEY          (8 + MFA_ID_SIZE)
#define MESSAGE_WORD_MAX     64     /* channel, kind, language, purpose */
#define MESSAGE_SEAL_EXTRA   256
#define MESSAGE_RECORD_MAX   (MFA_MESSAGE_TEXT_MAX + 2048)

#define MESSAGE_UNCLEAR      1

/* values that stay sealed; the version of the record is bound into it */
typedef struct {
    uint64_t   version;
    mfa_str_t  values;
} message_sealed_t;


static mfa_status_t
message_key(mfa_arena_t *arena, mfa_time_t due_at, const mfa_id_t *id,
    mfa_str_t *key)
{
    int        shift;
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, MESSAGE_KEY);

    for (shift = 56; shift >= 0; shift -= 8) {
        mfa_buf_putc(&buf, (char) (uint8_t) ((uint64_t) due_at >> shift));
    }

    mfa_buf_put(&buf, mfa_id_str(id));

    return mfa_buf_str(&buf, key);
}


mfa_status_t
mfa_message_key_read(mfa_str_t key, mfa_message_t *message)
{
    size_t    i;
    uint64_t  due_at;

    if (key.len != MESSAGE_KEY) {
        return MFA_DAMAGED;
    }

    due_at = 0;

    for (i = 0; i < 8; i++) {
        due_at = due_at << 8 | (uint8_t) key.data[i];
    }

    message->due_at = (mfa_time_t) due_at;
    memcpy(message->id.bytes, key.data + 8, MFA_ID_SIZE);

    return due_at > INT64_MAX ? MFA_DAMAGED : MFA_OK;
}


/* the moment it is due is no part: it changes with each attempt */

static mfa_status_t
message_bound(mfa_arena_t *arena, const mfa_id_t *id, uint64_t version,
    mfa_str_t *bound)
{
    mfa_buf_t  buf;

    mfa_buf_init(&buf, arena, 64);
    mfa_pack_number(&buf, MFA_TABLE_MESSAGE);
    mfa_pack_str(&buf, mfa_id_str(id));
    mfa_pack_number(&buf, version);

    return mfa_buf_str(&buf, bound);
}


static mfa_status_t
message_seal(mfa_tx_t *tx, const mfa_message_t *message, mfa_str_t *sealed)
{
    mfa_buf_t           plain, out;
    mfa_str_t           values, bound;
    mfa_arena_t        *arena;
    mfa_status_t        st;
    const mfa_model_t  *model;

    arena = tx->work->arena;
    model = tx->work->model;

    mfa_buf_init(&plain, arena, MFA_MESSAGE_TEXT_MAX);
    mfa_pack_pairs(&plain, &message->values);

    st = mfa_buf_str(&plain, &values);
    if (st != MFA_OK) {
        return st;
    }

    st = message_bound(arena, &message->id, MESSAGE_VERSION, &bound);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&out, arena, MFA_MESSAGE_TEXT_MAX + MESSAGE_SEAL_EXTRA);

    st = mfa_seal(model->keys, model->ports, values, bound, &out);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_buf_str(&out, sealed);
}


mfa_status_t
mfa_message_write(mfa_tx_t *tx, const mfa_message_t *message)
{
    mfa_buf_t     buf;
    mfa_str_t     key, value, sealed;
    mfa_status_t  st;

    st = message_key(tx->work->arena, message->due_at, &message->id, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = message_seal(tx, message, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, MESSAGE_RECORD_MAX);
    mfa_pack_number(&buf, MESSAGE_VERSION);
    mfa_pack_time(&buf, message->made_at);
    mfa_pack_time(&buf, message->expires_at);
    mfa_pack_number(&buf, message->attempts);
    mfa_pack_str(&buf, message->channel);
    mfa_pack_str(&buf, message->kind);
    mfa_pack_str(&buf, message->to);
    mfa_pack_str(&buf, message->language);
    mfa_pack_str(&buf, mfa_id_str(&message->code_flow));
    mfa_pack_str(&buf, message->code_purpose);
    mfa_pack_str(&buf, sealed);
    mfa_pack_number(&buf, message->is_unclear ? MESSAGE_UNCLEAR : 0);

    st = mfa_buf_str(&buf, &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_MESSAGE, key, value);
}


/* everything but the values, which stay sealed in *sealed */

static mfa_status_t
message_decode(mfa_tx_t *tx, mfa_str_t key, mfa_str_t value,
    mfa_message_t *message, message_sealed_t *sealed)
{
    mfa_str_t     flow;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *message = (mfa_message_t) { .attempts = 0 };
    *sealed = (message_sealed_t) { .version = 0 };

    st = mfa_message_key_read(key, message);
    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, value, tx->work->arena);

    sealed->version = mfa_unpack_number(&in);
    message->made_at = mfa_unpack_time(&in);
    message->expires_at = mfa_unpack_time(&in);
    message->attempts = mfa_unpack_number(&in);
    message->channel = mfa_unpack_str(&in);
    message->kind = mfa_unpack_str(&in);
    message->to = mfa_unpack_str(&in);
    message->language = mfa_unpack_str(&in);
    flow = mfa_unpack_str(&in);
    message->code_purpose = mfa_unpack_str(&in);
    sealed->values = mfa_unpack_str(&in);
    message->is_unclear = (mfa_unpack_number(&in) & MESSAGE_UNCLEAR) != 0;

    st = mfa_record_end(tx, &in, sealed->version, MESSAGE_VERSION, "message");
    if (st != MFA_OK) {
        return st;
    }

    if (flow.len != MFA_ID_SIZE) {
        return MFA_DAMAGED;
    }

    memcpy(message->code_flow.bytes, flow.data, MFA_ID_SIZE);

    return MFA_OK;
}


mfa_status_t
mfa_message_look(mfa_tx_t *tx, mfa_str_t key, mfa_str_t value,
    mfa_message_t *message)
{
    message_sealed_t  sealed;

    return message_decode(tx, key, value, message, &sealed);
}


mfa_status_t
mfa_message_open(mfa_tx_t *tx, mfa_str_t key, mfa_str_t value,
    mfa_message_t *message)
{
    mfa_str_t          bound, plain;
    mfa_arena_t       *arena;
    mfa_unpack_t       in;
    mfa_status_t       st;
    message_sealed_t   sealed;

    arena = tx->work->arena;

    st = message_decode(tx, key, value, message, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    st = message_bound(arena, &message->id, sealed.version, &bound);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_unseal(tx->work->model->keys, sealed.values, bound, arena, &plain);
    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, plain, arena);
    mfa_unpack_pairs(&in, &message->values);

    return mfa_record_end(tx, &in, MESSAGE_VERSION, MESSAGE_VERSION,
                          "message");
}


mfa_status_t
mfa_message_remove(mfa_tx_t *tx, const mfa_message_t *message)
{
    mfa_str_t     key;
    mfa_status_t  st;

    st = message_key(tx->work->arena, message->due_at, &message->id, &key);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_delete(tx->txn, MFA_TABLE_MESSAGE, key);
}


static bool
message_word_fits(mfa_str_t word)
{
    return word.len <= MESSAGE_WORD_MAX;
}


static bool
message_fits(const mfa_message_t *message)
{
    size_t              i, len;
    const mfa_pairs_t  *values;

    values = &message->values;
    len = 2;

    if (values->count > MFA_LIST_MAX) {
        return false;
    }

    /* what the record codec adds is at most two bytes for each string */

    for (i = 0; i < values->count; i++) {
        if (values->items[i].name.len > MFA_MESSAGE_TEXT_MAX
            || values->items[i].value.len > MFA_MESSAGE_TEXT_MAX)
        {
            return false;
        }

        len += values->items[i].name.len + values->items[i].value.len + 4;
    }

    return len <= MFA_MESSAGE_TEXT_MAX
           && message->channel.len > 0
           && message->kind.len > 0
           && message->to.len > 0
           && message->to.len <= MFA_EMAIL_MAX
           && !mfa_text_has_control(message->to)
           && message_word_fits(message->channel)
           && message_word_fits(message->kind)
           && message_word_fits(message->language)
           && message_word_fits(message->code_purpose);
}


/* mail to an address on record is in the language of its person; a record
 * that cannot be read must not keep a warning from its other addresses. An
 * address of nobody costs a look for a user too (C1) */

static mfa_status_t
message_language(mfa_tx_t *tx, mfa_message_t *message)
{
    mfa_user_t    user;
    mfa_status_t  st;

    static const mfa_id_t  nobody;

    if (mfa_str_eq_c(message->channel, "sms")
        || mfa_str_eq_c(message->channel, "voice"))
    {
        return MFA_OK;
    }

    st = mfa_user_by_email(tx, message->to, &user);

    if (st == MFA_NOT_FOUND) {
        st = mfa_user_get(tx, &nobody, &user);
    }

    if (st == MFA_OK && user.language.len > 0) {
        message->language = user.language;
    }

    return (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER
            || st == MFA_INVALID)
           ? MFA_OK : st;
}


mfa_status_t
mfa_message_queue(mfa_tx_t *tx, mfa_message_t *message)
{
    mfa_status_t  st;

    st = message_language(tx, message);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_port_random(tx->work->model->ports, message->id.bytes,
                         MFA_ID_SIZE);
    if (st != MFA_OK) {
        return st;
    }

    message->made_at = tx->now;
    message->due_at = tx->now;
    message->attempts = 0;
    message->is_unclear = false;

    if (message->expires_at <= tx->now || !message_fits(message)) {
        return MFA_INVALID;
    }

    if (message->code_purpose.len > 0) {
        mfa_tally_code(tx->tally, message->channel);
    }

    return mfa_message_write(tx, message);
}


static mfa_status_t
message_queue_to(mfa_tx_t *tx, mfa_str_t address, mfa_strs_t *done,
    const mfa_message_t *message)
{
    mfa_str_t      to;
    mfa_status_t   st;
    mfa_message_t  copy;

    if (address.len == 0) {
        return MFA_OK;
    }

    st = mfa_email_canonical(tx->work->arena, address, &to);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_strs_has(done, to)) {
        return MFA_OK;
    }

    st = mfa_strs_add(tx->work->arena, done, to);
    if (st != MFA_OK) {
        return st;
    }

    copy = *message;
    copy.to = to;

    return mfa_message_queue(tx, &copy);
}


mfa_status_t
mfa_message_queue_all(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_message_t *message)
{
    size_t         i;
    mfa_strs_t     done;
    mfa_status_t   st;
    mfa_message_t  copy;

    done = (mfa_strs_t) { .count = 0 };
    copy = *message;

    /* an address that they gave up a moment ago is of nobody */

    if (user->language.len > 0) {
        copy.language = user->language;
    }

    st = message_queue_to(tx, user->email, &done, &copy);

    for (i = 0; st == MFA_OK && i < user->other_emails.count; i++) {
        st = message_queue_to(tx, user->other_emails.items[i], &done, &copy);
    }

    return st;
}


mfa_status_t
mfa_message_next(mfa_tx_t *tx, const mfa_message_t *after,
    mfa_message_t *message)
{
    mfa_cursor_t  cursor;
    mfa_status_t  st;

    cursor = (mfa_cursor_t) { .table = MFA_TABLE_MESSAGE };

    if (after != NULL) {
        st = message_key(tx->work->arena, after->due_at, &after->id,
                         &cursor.key);
        if (st != MFA_OK) {
            return st;
        }
    }

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_message_open(tx, cursor.key, cursor.value, message);
}


mfa_status_t
mfa_message_get(mfa_tx_t *tx, const mfa_message_t *place,
    mfa_message_t *message)
{
    mfa_str_t     key, value;
    mfa_status_t  st;

    st = message_key(tx->work->arena, place->due_at, &place->id, &key);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_MESSAGE, key, tx->work->arena,
                     &value);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_message_open(tx, key, value, message);
}


/* one that a worker holds is left to it: it is just being sent */

mfa_status_t
mfa_message_is_over(mfa_tx_t *tx, mfa_str_t key, mfa_str_t record,
    bool *is_over)
{
    mfa_status_t      st;
    mfa_message_t     message;
    message_sealed_t  sealed;

    *is_over = false;

    st = message_decode(tx, key, record, &message, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    *is_over = tx->now >= message.expires_at && tx->now >= message.due_at;

    return MFA_OK;
}
