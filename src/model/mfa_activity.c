/*
 * Activity: the last events of each person, for the person to read (S4).
 *
 * One small record per user, written in the transaction of the event. It is
 * a copy for reading and decides nothing: damage costs the past, never the
 * update. Holds what an event holds and no more, see mfa_event.c.
 * Contract: mfa_model.h, mfa_record.h.
 */

#include "mfa_record.h"


#define ACTIVITY_VERSION     1
#define ACTIVITY_RECORD_MAX  4096
#define ACTIVITY_WORD_MAX    32
#define ACTIVITY_SAID_MAX    (2 * MFA_ACTIVITY_MAX)

/*
 * Words kept as numbers; a number once given keeps its meaning, so new ones
 * go at the end. 0 stands before a word that is not here.
 */

static const char *const  activity_names[] = {
    "login", "login.password", "code", "code.send", "verify",
    "session.start", "session.end", "session.end_all", "session.end_others",
    "register.start", "password.set", "password.change",
    "factor.add", "factor.change", "factor.remove", "factor.disabled",
    "factor.enabled", "recovery.make", "recovery.use",
    "device.add", "device.end", "device.copied",
    "user.lock", "user.unlock", "user.disable", "user.enable", "user.change",
    "user.reset", "user.invite", "factor.held", "password.reset",
    "factor.reset", "device.reset", "request.open", "request.cancel",
    "pass.use"
};

static const char *const  activity_results[] = { "ok", "fail", "limited" };

static const char *const  activity_factors[] = {
    "", "totp", "sms", "voice", "email", "recovery", "password", "device",
    "passkey"
};

#define words(list)  { list, sizeof(list) / sizeof(list[0]) }

typedef struct {
    const char *const  *items;
    size_t              count;
} activity_words_t;

static const activity_words_t  activity_tables[] = {
    words(activity_names),
    words(activity_results),
    words(activity_factors)
};

typedef enum {
    ACTIVITY_NAME,
    ACTIVITY_RESULT,
    ACTIVITY_FACTOR
} activity_table_t;


/* not about the person's security, or of every person at once */

static bool
activity_is_other(const char *name)
{
    mfa_str_t  text;

    text = mfa_str_from(name);

    return text.len == 0
           || mfa_str_eq_c(text, "purge")
           || mfa_str_eq_c(text, "user.add")
           || mfa_str_eq_c(text, "session.start")  /* "login" says it */
           || (mfa_str_has_prefix(text, mfa_str("message."))
               && !mfa_str_eq_c(text, "message.refused"));
}


static void
activity_pack_word(mfa_buf_t *buf, activity_table_t table, mfa_str_t word)
{
    size_t                   i;
    const activity_words_t  *words;

    words = &activity_tables[table];

    for (i = 0; i < words->count; i++) {
        if (mfa_str_eq_c(word, words->items[i])) {
            mfa_pack_number(buf, i + 1);
            return;
        }
    }

    if (word.len > ACTIVITY_WORD_MAX) {
        word.len = ACTIVITY_WORD_MAX;
    }

    mfa_pack_number(buf, 0);
    mfa_pack_str(buf, word);
}


/* a number that a newer program gave is a word that we do not know */

static mfa_str_t
activity_unpack_word(mfa_unpack_t *in, activity_table_t table)
{
    uint64_t                 n;
    const activity_words_t  *words;

    n = mfa_unpack_number(in);

    if (n == 0) {
        return mfa_unpack_str(in);
    }

    words = &activity_tables[table];

    return n <= words->count ? mfa_str_from(words->items[n - 1])
                             : mfa_str("unknown");
}


/*
 * Browsers and addresses are few and long: each is said once, in front, and
 * named by its number after that; 0 is none.
 */

static mfa_str_t
activity_address(const mfa_activity_t *item)
{
    return mfa_str_bytes(item->address.bytes, item->address.len);
}


static uint64_t
activity_number(const mfa_strs_t *said, mfa_str_t s)
{
    size_t  i;

    for (i = 0; s.len > 0 && i < said->count; i++) {
        if (mfa_str_eq(said->items[i], s)) {
            return i + 1;
        }
    }

    return 0;
}


static void
activity_say(mfa_strs_t *said, mfa_str_t s)
{
    if (s.len > 0 && activity_number(said, s) == 0) {
        said->items[said->count++] = s;
    }
}


static mfa_str_t
activity_said(mfa_unpack_t *in, const mfa_strs_t *said)
{
    uint64_t  n;

    n = mfa_unpack_number(in);

    if (n > said->count) {
        in->is_damaged = true;
        return mfa_null;
    }

    return n == 0 ? mfa_null : said->items[n - 1];
}


/* newest first; each moment is a distance from the one after it */

static mfa_status_t
activity_encode(mfa_tx_t *tx, const mfa_activity_t *items, size_t count,
    mfa_str_t *record)
{
    size_t      i;
    mfa_buf_t   buf;
    mfa_str_t   room[ACTIVITY_SAID_MAX];
    mfa_strs_t  said = { .items = room };
    mfa_time_t  at;

    for (i = 0; i < count; i++) {
        activity_say(&said, items[i].agent);
        activity_say(&said, activity_address(&items[i]));
    }

    mfa_buf_init(&buf, tx->work->arena, ACTIVITY_RECORD_MAX);
    mfa_pack_number(&buf, ACTIVITY_VERSION);
    mfa_pack_strs(&buf, &said);
    mfa_pack_number(&buf, count);

    at = count > 0 ? items[0].at : 0;
    mfa_pack_time(&buf, at);

    for (i = 0; i < count; i++) {
        mfa_pack_time(&buf, at - items[i].at);
        activity_pack_word(&buf, ACTIVITY_NAME, items[i].name);
        activity_pack_word(&buf, ACTIVITY_RESULT, items[i].result);
        activity_pack_word(&buf, ACTIVITY_FACTOR, items[i].factor);
        mfa_pack_number(&buf, activity_number(&said, items[i].agent));
        mfa_pack_number(&buf, activity_number(&said,
                                              activity_address(&items[i])));
        at = items[i].at;
    }

    return mfa_buf_str(&buf, record);
}


static void
activity_unpack(mfa_unpack_t *in, const mfa_strs_t *said, mfa_time_t *at,
    mfa_activity_t *item)
{
    mfa_str_t   address;
    mfa_time_t  before;

    before = mfa_unpack_time(in);
    item->name = activity_unpack_word(in, ACTIVITY_NAME);
    item->result = activity_unpack_word(in, ACTIVITY_RESULT);
    item->factor = activity_unpack_word(in, ACTIVITY_FACTOR);
    item->agent = activity_said(in, said);
    address = activity_said(in, said);

    if (before > *at || address.len > sizeof(item->address.bytes)) {
        in->is_damaged = true;
        return;
    }

    *at -= before;
    item->at = *at;
    item->address.len = (uint8_t) address.len;

    if (address.len > 0) {
        memcpy(item->address.bytes, address.data, address.len);
    }
}


/* room for one more than there can be; *count is 0 unless MFA_OK */

static mfa_status_t
activity_decode(mfa_tx_t *tx, mfa_str_t record,
    mfa_activity_t items[MFA_ACTIVITY_MAX + 1], size_t *count)
{
    size_t        i;
    uint64_t      version, n;
    mfa_strs_t    said = { .count = 0 };
    mfa_time_t    at;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *count = 0;

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);

    if (version > ACTIVITY_VERSION) {
        return mfa_record_end(tx, &in, version, ACTIVITY_VERSION, "activity");
    }

    mfa_unpack_strs(&in, &said);
    n = mfa_unpack_number(&in);
    at = mfa_unpack_time(&in);

    if (n > MFA_ACTIVITY_MAX) {
        in.is_damaged = true;
        n = 0;
    }

    for (i = 0; i < n && !in.is_damaged; i++) {
        items[i] = (mfa_activity_t) { .at = 0 };
        activity_unpack(&in, &said, &at, &items[i]);
    }

    st = mfa_record_end(tx, &in, version, ACTIVITY_VERSION, "activity");

    if (st == MFA_OK) {
        *count = (size_t) n;
    }

    return st;
}


static mfa_status_t
activity_read(mfa_tx_t *tx, const mfa_id_t *user, mfa_activity_t **items,
    size_t *count)
{
    mfa_str_t     record;
    mfa_status_t  st;

    *count = 0;

    *items = mfa_arena_alloc(tx->work->arena, (MFA_ACTIVITY_MAX + 1)
                                              * sizeof(mfa_activity_t));
    if (*items == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_ACTIVITY, mfa_id_str(user),
                     tx->work->arena, &record);

    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    return activity_decode(tx, record, *items, count);
}


static mfa_activity_t
activity_of(const mfa_tx_t *tx, const mfa_event_t *event)
{
    mfa_activity_t  item;

    item = (mfa_activity_t) {
        .at = tx->now,
        .name = mfa_str_from(event->name),
        .result = mfa_str_from(event->result),
        .factor = mfa_str_from(event->factor),
        .agent = mfa_agent_cut(event->agent)
    };

    if (tx->work->address != NULL) {
        item.address = *tx->work->address;
    }

    return item;
}


static bool
activity_user(const mfa_event_t *event, mfa_id_t *id)
{
    int     high, low;
    size_t  i;

    if (event->user.len != MFA_ID_TEXT) {
        return false;
    }

    for (i = 0; i < MFA_ID_SIZE; i++) {
        high = mfa_hex_value(event->user.data[2 * i]);
        low = mfa_hex_value(event->user.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        id->bytes[i] = (uint8_t) (high << 4 | low);
    }

    return true;
}


/*
 * Whose record it goes into. What a stranger did under a name that nobody
 * has goes into one record of nobody, with the id 0, which is never shown:
 * without it the answer to such a name would come sooner (A7).
 */

static mfa_status_t
activity_owner(mfa_tx_t *tx, const mfa_event_t *event, mfa_id_t *user,
    bool *has_owner)
{
    bool          is_nobody;
    mfa_str_t     record;
    mfa_status_t  st;

    is_nobody = event->user.len == 0 && tx->work->address != NULL;
    memset(user, 0, sizeof(mfa_id_t));
    *has_owner = false;

    if (activity_is_other(event->name)
        || (!is_nobody && !activity_user(event, user)))
    {
        return MFA_OK;
    }

    st = mfa_txn_get(tx->txn, MFA_TABLE_USER, mfa_id_str(user),
                     tx->work->arena, &record);

    *has_owner = st == MFA_OK || (st == MFA_NOT_FOUND && is_nobody);

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}


mfa_status_t
mfa_activity_add(mfa_tx_t *tx, const mfa_event_t *event)
{
    bool             has_owner;
    size_t           count;
    mfa_id_t         user;
    mfa_str_t        record;
    mfa_status_t     st;
    mfa_activity_t  *items;

    st = activity_owner(tx, event, &user, &has_owner);
    if (st != MFA_OK || !has_owner) {
        return st;
    }

    st = activity_read(tx, &user, &items, &count);

    /* a newer program's record is left to it, a damaged one begun anew */

    if (st == MFA_NEWER) {
        return MFA_OK;
    }

    if (st != MFA_OK && st != MFA_DAMAGED) {
        return st;
    }

    memmove(items + 1, items, count * sizeof(mfa_activity_t));
    items[0] = activity_of(tx, event);

    if (count > 0 && items[0].at < items[1].at) {
        items[0].at = items[1].at;
    }

    count = count < MFA_ACTIVITY_MAX ? count + 1 : MFA_ACTIVITY_MAX;

    st = activity_encode(tx, items, count, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_ACTIVITY, mfa_id_str(&user),
                       record);
}


mfa_status_t
mfa_activity_list(mfa_tx_t *tx, const mfa_id_t *user, mfa_activity_t **items,
    size_t *count)
{
    mfa_status_t  st;

    st = activity_read(tx, user, items, count);

    /* told in the log; the page that shows it has more to show */

    return (st == MFA_DAMAGED || st == MFA_NEWER) ? MFA_OK : st;
}


mfa_status_t
mfa_activity_delete(mfa_tx_t *tx, const mfa_id_t *user)
{
    mfa_status_t  st;

    st = mfa_txn_delete(tx->txn, MFA_TABLE_ACTIVITY, mfa_id_str(user));

    return st == MFA_NOT_FOUND ? MFA_OK : st;
}
