/*
 * The audit: what happened, row after row, so that nothing can be taken out
 * or put in unseen by somebody who has the store but not the key file.
 *
 * It shows what was done to the rows, it does not prevent it; and a whole
 * store that is put back to an earlier copy shows nothing at all: that is
 * what the event log on another machine is for. Holds what an event holds
 * and no more, see mfa_event.c. Contract: mfa_model_staff.h, mfa_record.h.
 */

#include "mfa_record.h"


typedef struct {
    size_t            most;
    size_t            removed;
    bool              is_removing;
    mfa_audit_mark_t  mark;
} audit_purge_t;


/* the first row behind a number; 0: none */

static mfa_status_t
audit_behind(mfa_tx_t *tx, uint64_t number, uint64_t *found)
{
    size_t        i;
    uint8_t       key[MFA_AUDIT_KEY];
    mfa_cursor_t  cursor = { .table = MFA_TABLE_AUDIT };
    mfa_status_t  st;

    *found = 0;
    cursor.key = mfa_audit_key(number, key);

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    /* of a key that is none of ours, what there is of it */

    for (i = 0; i < MFA_AUDIT_KEY; i++) {
        *found = *found << 8
                 | (i < cursor.key.len ? (uint8_t) cursor.key.data[i] : 0);
    }

    if (*found <= number) {
        *found = number + 1;
    }

    return MFA_OK;
}


/* the number of the last row there is, whatever the mark says; 0: none */

static mfa_status_t
audit_last(mfa_tx_t *tx, uint64_t *last)
{
    uint64_t      least, most, middle, found;
    mfa_status_t  st;

    least = 0;
    most = UINT64_MAX - 1;

    while (least < most) {
        middle = least + (most - least) / 2;

        st = audit_behind(tx, middle, &found);
        if (st != MFA_OK) {
            return st;
        }

        if (found == 0) {
            most = middle;

        } else {
            least = found;
        }
    }

    *last = least;

    return MFA_OK;
}


/*
 * A store without a mark is a new one, unless it has rows. Where the mark
 * was taken away or changed, people must still be able to log in and staff
 * to act; but the chain goes on behind a number that is left out, which no
 * later check can overlook.
 */

static mfa_status_t
audit_mark_open(mfa_tx_t *tx, mfa_audit_mark_t *mark)
{
    uint64_t      last;
    mfa_status_t  st, missing;

    missing = mfa_audit_mark_read(tx, mark);

    if (missing != MFA_NOT_FOUND && missing != MFA_DAMAGED) {
        return missing;
    }

    st = audit_last(tx, &last);
    if (st != MFA_OK || (missing == MFA_NOT_FOUND && last == 0)) {
        return st;
    }

    mfa_log(tx->work->model->ports, MFA_LOG_ERROR,
            "the mark of the audit is %s: somebody changed the store, or its "
            "key is gone; the audit goes on after a gap at number %llu",
            missing == MFA_NOT_FOUND ? "missing" : "damaged",
            (unsigned long long) last + 1);

    if (last >= UINT64_MAX - 2) {
        return MFA_DAMAGED;
    }

    st = audit_behind(tx, 0, &mark->foot);

    mark->foot = mark->foot > 0 ? mark->foot : 1;
    mark->number = last + 1;

    return st;
}


mfa_status_t
mfa_audit_append(mfa_tx_t *tx, mfa_str_t line)
{
    mfa_status_t      st;
    mfa_audit_row_t   row;
    mfa_audit_mark_t  mark;

    st = audit_mark_open(tx, &mark);
    if (st != MFA_OK) {
        return st;
    }

    row = (mfa_audit_row_t) {
        .number = mark.number + 1,
        .at = tx->now,
        .line = line
    };

    st = mfa_audit_row_write(tx, &row, mark.mac);
    if (st != MFA_OK) {
        return st;
    }

    mark.number = row.number;
    memcpy(mark.mac, row.mac, MFA_DIGEST_SIZE);

    return mfa_audit_mark_write(tx, &mark);
}


/*
 * What strangers do has no row, or they would fill the store (H7). The row
 * that it would have is written all the same, and taken out again: the same
 * pages are changed, so that the time of the commit tells nobody who is known
 * (A7).
 */

mfa_status_t
mfa_audit_count(mfa_tx_t *tx, mfa_str_t line)
{
    uint8_t           key[MFA_AUDIT_KEY];
    mfa_status_t      st;
    mfa_audit_row_t   row = { .at = tx->now, .line = line };
    mfa_audit_mark_t  mark;

    st = audit_mark_open(tx, &mark);
    if (st != MFA_OK) {
        return st;
    }

    if (!tx->is_full) {
        row.number = mark.number + 1;

        st = mfa_audit_row_write(tx, &row, mark.mac);

        if (st == MFA_OK) {
            st = mfa_txn_delete(tx->txn, MFA_TABLE_AUDIT,
                                mfa_audit_key(row.number, key));
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    mark.counted++;

    return mfa_audit_mark_write(tx, &mark);
}


mfa_status_t
mfa_audit_next(mfa_tx_t *tx, uint64_t after, mfa_audit_t *row)
{
    uint8_t          key[MFA_AUDIT_KEY];
    mfa_cursor_t     cursor = { .table = MFA_TABLE_AUDIT };
    mfa_status_t     st;
    mfa_audit_row_t  found;

    *row = (mfa_audit_t) { .number = after };
    cursor.key = mfa_audit_key(after, key);

    st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_audit_row_decode(tx, cursor.key, cursor.value, &found);

    if (found.number > after) {
        row->number = found.number;
    }

    if (st == MFA_OK) {
        row->line = found.line;
    }

    return st;
}


/*
 * Where the check begins, or goes on; the foot may have moved meanwhile. From
 * the foot on nothing may stand before it either.
 */

static void
audit_check_begin(const mfa_audit_mark_t *mark, uint64_t *number,
    uint8_t mac[MFA_DIGEST_SIZE], uint8_t key[MFA_AUDIT_KEY],
    mfa_cursor_t *cursor)
{
    *cursor = (mfa_cursor_t) { .table = MFA_TABLE_AUDIT, .key = mfa_null };

    if (*number > mark->foot) {
        cursor->key = mfa_audit_key(*number - 1, key);
        return;
    }

    *number = mark->foot;
    memcpy(mac, mark->foot_mac, MFA_DIGEST_SIZE);
}


/* MFA_NOT_FOUND: there is no row any more, and there should be none */

static mfa_status_t
audit_check_row(mfa_tx_t *tx, mfa_cursor_t *cursor,
    const mfa_audit_mark_t *mark, uint64_t number,
    uint8_t mac[MFA_DIGEST_SIZE])
{
    uint8_t          key[MFA_AUDIT_KEY];
    mfa_status_t     st;
    mfa_audit_row_t  row;

    st = mfa_txn_next(tx->txn, cursor, tx->work->arena);

    if (st == MFA_NOT_FOUND) {
        return number > mark->number ? MFA_NOT_FOUND : MFA_DAMAGED;
    }

    if (st != MFA_OK) {
        return st;
    }

    if (number > mark->number
        || !mfa_str_eq(cursor->key, mfa_audit_key(number, key)))
    {
        return MFA_DAMAGED;
    }

    st = mfa_audit_row_decode(tx, cursor->key, cursor->value, &row);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_audit_row_check(tx, &row, mac);

    if (st == MFA_OK) {
        memcpy(mac, row.mac, MFA_DIGEST_SIZE);
    }

    return st == MFA_NOT_FOUND ? MFA_DAMAGED : st;
}


/* the mark: number 0 stands for it where it is what is wrong */

static mfa_status_t
audit_check_mark(mfa_tx_t *tx, uint64_t *number, mfa_audit_mark_t *mark)
{
    uint64_t      first;
    mfa_status_t  st;

    st = mfa_audit_mark_read(tx, mark);
    if (st == MFA_OK) {
        return MFA_OK;
    }

    *number = 0;

    if (st != MFA_NOT_FOUND) {
        return st;
    }

    st = audit_behind(tx, 0, &first);
    if (st != MFA_OK) {
        return st;
    }

    return first == 0 ? MFA_OK : MFA_DAMAGED;
}


mfa_status_t
mfa_audit_check(mfa_tx_t *tx, uint64_t *number, uint8_t mac[MFA_DIGEST_SIZE],
    size_t most)
{
    size_t            i;
    uint8_t           key[MFA_AUDIT_KEY];
    mfa_cursor_t      cursor;
    mfa_status_t      st;
    mfa_audit_mark_t  mark;

    st = audit_check_mark(tx, number, &mark);
    if (st != MFA_OK) {
        return st;
    }

    audit_check_begin(&mark, number, mac, key, &cursor);

    for (i = 0; i < most; i++) {
        st = audit_check_row(tx, &cursor, &mark, *number, mac);

        if (st == MFA_NOT_FOUND
            && !mfa_equal_ct(mac, mark.mac, MFA_DIGEST_SIZE))
        {
            *number = mark.number;
            return MFA_DAMAGED;
        }

        if (st != MFA_OK) {
            return st;
        }

        (*number)++;
    }

    return MFA_OK;
}


/*
 * Which of the first rows are old. A row whose MAC does not fit may have a
 * false moment, so that a purge would destroy the traces of who changed it:
 * such a row goes only along with a good one behind it that is old.
 */

static mfa_status_t
audit_purge_look(mfa_tx_t *tx, audit_purge_t *purge)
{
    size_t           i;
    uint8_t          before[MFA_DIGEST_SIZE];
    mfa_time_t       edge;
    mfa_cursor_t     cursor = { .table = MFA_TABLE_AUDIT };
    mfa_status_t     st;
    mfa_audit_row_t  row;

    memcpy(before, purge->mark.foot_mac, MFA_DIGEST_SIZE);
    edge = tx->now - tx->work->model->settings->audit_keep;

    for (i = 0; i < purge->most; i++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);
        if (st != MFA_OK) {
            return st == MFA_NOT_FOUND ? MFA_OK : st;
        }

        st = mfa_audit_row_decode(tx, cursor.key, cursor.value, &row);

        if (st == MFA_OK) {
            st = mfa_audit_row_check(tx, &row, before);
        }

        memcpy(before, row.mac, MFA_DIGEST_SIZE);

        if (st == MFA_NOT_FOUND || st == MFA_DAMAGED || st == MFA_NEWER) {
            continue;
        }

        if (st != MFA_OK || row.at > edge || row.number > purge->mark.number)
        {
            return st;
        }

        purge->removed = i + 1;

        /* a row that was put back moves nothing */

        if (row.number >= purge->mark.foot) {
            purge->mark.foot = row.number + 1;
            memcpy(purge->mark.foot_mac, row.mac, MFA_DIGEST_SIZE);
        }
    }

    return MFA_OK;
}


static mfa_status_t
audit_purge_remove(mfa_tx_t *tx, const audit_purge_t *purge)
{
    size_t        i;
    mfa_cursor_t  cursor = { .table = MFA_TABLE_AUDIT };
    mfa_status_t  st;

    for (i = 0; i < purge->removed; i++) {
        st = mfa_txn_next(tx->txn, &cursor, tx->work->arena);

        if (st == MFA_OK) {
            st = mfa_txn_delete(tx->txn, MFA_TABLE_AUDIT, cursor.key);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_audit_mark_write(tx, &purge->mark);
}


static mfa_status_t
audit_purge_run(mfa_tx_t *tx, void *arg)
{
    mfa_status_t    st;
    audit_purge_t  *purge = arg;

    purge->removed = 0;

    st = mfa_audit_mark_read(tx, &purge->mark);

    /* no row yet; or the next event of all mends it */

    if (st == MFA_NOT_FOUND || st == MFA_DAMAGED) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    st = audit_purge_look(tx, purge);

    if (st != MFA_OK || purge->removed == 0 || !purge->is_removing) {
        return st;
    }

    return audit_purge_remove(tx, purge);
}


mfa_status_t
mfa_audit_purge(mfa_work_t *work, size_t most, size_t *removed)
{
    mfa_status_t   st;
    audit_purge_t  purge = { .most = most };

    *removed = 0;

    st = mfa_view(work, audit_purge_run, &purge);
    if (st != MFA_OK || purge.removed == 0) {
        return st;
    }

    purge.is_removing = true;

    st = mfa_update_reserved(work, audit_purge_run, &purge);

    if (st == MFA_OK) {
        *removed = purge.removed;
    }

    return st;
}
