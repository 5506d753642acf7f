/*
 * Who reports to whom: an index from the address in the roster column
 * "manager" to the people who have it (A5).
 *
 * An entry is a hint and never an answer: the column of the record decides.
 * A store of before the index gets it in short steps when it is opened;
 * until that is done mfa_user_reports_ready says so.
 */

#include "mfa_record.h"


#define REPORTS_VERSION  1
#define REPORTS_KEY      (MFA_DIGEST_SIZE + MFA_ID_SIZE)
#define REPORTS_META     mfa_str("reports")
#define REPORTS_MAX      32             /* bytes of the mark */

/* one step holds the writers' lock for a few milliseconds */
#define BUILD_STEP       500
#define BUILD_BYTES      ((size_t) 1024 * 1024)
#define BUILD_ARENA      ((size_t) 16 * 1024 * 1024)
#define BUILD_TIME       MFA_SECOND

/* how far the index of an older store has been made */

typedef struct {
    bool       is_done;
    bool       has_last;
    mfa_id_t   last;
} reports_mark_t;


static mfa_status_t
reports_key(mfa_str_t manager, const mfa_id_t *id, uint8_t key[REPORTS_KEY])
{
    mfa_status_t  st;

    st = mfa_sha256(manager, key);

    if (st == MFA_OK && id != NULL) {
        memcpy(key + MFA_DIGEST_SIZE, id->bytes, MFA_ID_SIZE);
    }

    return st;
}


/* a page that would not change is not written: most saves are log-ins */

static mfa_status_t
reports_put(mfa_tx_t *tx, const mfa_user_t *user)
{
    uint8_t       bytes[REPORTS_KEY];
    mfa_str_t     key, value;
    mfa_status_t  st;

    st = reports_key(user->manager, &user->id, bytes);
    if (st != MFA_OK) {
        return st;
    }

    key = mfa_str_bytes(bytes, sizeof(bytes));

    st = mfa_txn_get(tx->txn, MFA_TABLE_MANAGER, key, tx->work->arena,
                     &value);

    return st == MFA_NOT_FOUND
           ? mfa_txn_put(tx->txn, MFA_TABLE_MANAGER, key, mfa_null) : st;
}


mfa_status_t
mfa_user_reports_move(mfa_tx_t *tx, const mfa_user_t *user,
    const mfa_user_t *old)
{
    uint8_t       bytes[REPORTS_KEY];
    mfa_status_t  st;

    if (old->manager.len > 0 && !mfa_str_eq(old->manager, user->manager)) {
        st = reports_key(old->manager, &user->id, bytes);

        if (st == MFA_OK) {
            st = mfa_txn_delete(tx->txn, MFA_TABLE_MANAGER,
                                mfa_str_bytes(bytes, sizeof(bytes)));
        }

        if (st != MFA_OK && st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return user->manager.len > 0 ? reports_put(tx, user) : MFA_OK;
}


/* no mark yet: nothing has been made */

static mfa_status_t
reports_mark_read(mfa_tx_t *tx, reports_mark_t *mark)
{
    uint64_t      version;
    mfa_str_t     record, id;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *mark = (reports_mark_t) { .is_done = false };

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, REPORTS_META, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    id = mfa_unpack_str(&in);

    st = mfa_record_end(tx, &in, version, REPORTS_VERSION, "reports");
    if (st != MFA_OK) {
        return st;
    }

    mark->is_done = id.len == 0;
    mark->has_last = id.len == MFA_ID_SIZE;

    if (mark->has_last) {
        memcpy(mark->last.bytes, id.data, MFA_ID_SIZE);
    }

    return MFA_OK;
}


static mfa_status_t
reports_mark_write(mfa_tx_t *tx, const reports_mark_t *mark)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    mfa_buf_init(&buf, tx->work->arena, REPORTS_MAX);
    mfa_pack_number(&buf, REPORTS_VERSION);
    mfa_pack_str(&buf, mark->is_done ? mfa_null : mfa_id_str(&mark->last));

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, REPORTS_META, record);
}


mfa_status_t
mfa_user_reports_ready(mfa_tx_t *tx, bool *is_ready)
{
    mfa_status_t    st;
    reports_mark_t  mark;

    *is_ready = false;

    st = reports_mark_read(tx, &mark);
    if (st == MFA_OK) {
        *is_ready = mark.is_done;
    }

    return st;
}


/* one who cannot be read is nobody's report, here as everywhere */

static mfa_status_t
build_user(mfa_tx_t *tx, const mfa_cursor_t *cursor)
{
    mfa_id_t      id;
    mfa_user_t    user;
    mfa_status_t  st;

    if (cursor->key.len != MFA_ID_SIZE) {
        return MFA_OK;
    }

    memcpy(id.bytes, cursor->key.data, MFA_ID_SIZE);

    st = mfa_user_unpack(tx, &id, cursor->value, &user);

    if (st == MFA_DAMAGED || st == MFA_NEWER) {
        return MFA_OK;
    }

    return st == MFA_OK && user.manager.len > 0 ? reports_put(tx, &user) : st;
}


/* those who are saved meanwhile get their entries by that */

static mfa_status_t
build_step(mfa_tx_t *tx, void *arg)
{
    size_t           i, bytes;
    mfa_cursor_t     cursor = { .table = MFA_TABLE_USER };
    mfa_status_t     st;
    reports_mark_t  *mark = arg;

    st = reports_mark_read(tx, mark);
    if (st != MFA_OK || mark->is_done) {
        return st;
    }

    if (mark->has_last) {
        cursor.key = mfa_id_str(&mark->last);
    }

    for (i = bytes = 0; i < BUILD_STEP && bytes < BUILD_BYTES; i++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_NOT_FOUND) {
            mark->is_done = true;
            break;
        }

        bytes += cursor.value.len;

        if (st == MFA_OK) {
            st = build_user(tx, &cursor);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    if (!mark->is_done && cursor.key.len == MFA_ID_SIZE) {
        memcpy(mark->last.bytes, cursor.key.data, MFA_ID_SIZE);
    }

    return reports_mark_write(tx, mark);
}


static mfa_status_t
build_look(mfa_tx_t *tx, void *arg)
{
    return reports_mark_read(tx, arg);
}


static mfa_status_t
build_turn(mfa_work_t *work, bool is_look, reports_mark_t *mark)
{
    mfa_work_t    turn;
    mfa_status_t  st;

    turn = *work;

    turn.arena = mfa_arena_open(BUILD_ARENA);
    if (turn.arena == NULL) {
        return MFA_NO_MEMORY;
    }

    st = is_look ? mfa_view(&turn, build_look, mark)
                 : mfa_update(&turn, build_step, mark);

    mfa_arena_close(&turn.arena);

    return st;
}


void
mfa_user_reports_build(mfa_work_t *work)
{
    mfa_time_t      end;
    mfa_status_t    st;
    reports_mark_t  mark;

    end = mfa_port_now(work->model->ports) + BUILD_TIME;

    for (st = build_turn(work, true, &mark);
         st == MFA_OK && !mark.is_done
             && mfa_port_now(work->model->ports) <= end;
         st = build_turn(work, false, &mark))
    {
        /* until the end, or until others have waited long enough for us */
    }

    if (st != MFA_OK) {
        mfa_log(work->model->ports, MFA_LOG_WARN,
                "the index of who reports to whom is not made yet: %s",
                mfa_status_text(st));
    }
}


static mfa_str_t
reports_address(const mfa_user_t *manager, size_t n)
{
    return n == 0 ? manager->email : manager->other_emails.items[n - 1];
}


/* the record behind an entry; MFA_NOT_FOUND: what it says is no longer so */

static mfa_status_t
reports_user(mfa_tx_t *tx, mfa_str_t key, mfa_str_t address,
    mfa_reports_cursor_t *cursor, mfa_user_t *user)
{
    mfa_status_t  st;

    if (key.len != REPORTS_KEY) {
        return MFA_DAMAGED;
    }

    memcpy(cursor->last.bytes, key.data + MFA_DIGEST_SIZE, MFA_ID_SIZE);
    cursor->has_last = true;

    st = mfa_user_get(tx, &cursor->last, user);

    if (st == MFA_OK && !mfa_str_eq(user->manager, address)) {
        *user = (mfa_user_t) { .is_disabled = true };
        st = MFA_NOT_FOUND;
    }

    return st;
}


mfa_status_t
mfa_user_reports_next(mfa_tx_t *tx, const mfa_user_t *manager,
    mfa_reports_cursor_t *cursor, mfa_user_t *user)
{
    uint8_t       bytes[REPORTS_KEY];
    mfa_str_t     address;
    mfa_cursor_t  at;
    mfa_status_t  st;

    *user = (mfa_user_t) { .is_disabled = true };

    while (cursor->address <= manager->other_emails.count) {
        address = reports_address(manager, cursor->address);

        st = address.len == 0 ? MFA_NOT_FOUND
                              : reports_key(address, &cursor->last, bytes);

        if (st == MFA_OK) {
            at = (mfa_cursor_t) {
                .table = MFA_TABLE_MANAGER,
                .prefix = mfa_str_bytes(bytes, MFA_DIGEST_SIZE),
                .key = cursor->has_last ? mfa_str_bytes(bytes, REPORTS_KEY)
                                        : mfa_null
            };

            st = mfa_txn_next(tx->txn, &at, tx->work->arena);
        }

        if (st == MFA_NOT_FOUND) {
            cursor->address++;
            cursor->has_last = false;
            continue;
        }

        if (st == MFA_OK) {
            st = reports_user(tx, at.key, address, cursor, user);
        }

        if (st != MFA_NOT_FOUND) {
            return st;
        }
    }

    return MFA_NOT_FOUND;
}
