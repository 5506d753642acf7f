/*
 * Transactions of the model: the clock that never steps back, the events
 * that are told only when they are true, the schema of the store.
 *
 * Knows no noun but where a schema has to. Contract: mfa_model.h.
 */

#include "mfa_record.h"


#define CLOCK_VERSION  1
#define CLOCK_STEP     MFA_SECOND       /* the mark is written this seldom */
#define META_MAX       32

#define META_CLOCK     mfa_str("clock")
#define META_SCHEMA    mfa_str("schema")

typedef enum {
    MODEL_VIEW,
    MODEL_UPDATE
} model_mode_t;

typedef struct {
    mfa_work_t    *work;
    mfa_tx_fn      fn;
    void          *arg;
    model_mode_t   mode;
    mfa_events_t   events;      /* of the work, with those of the last run */
    bool           is_full;
    mfa_tally_t    tally;       /* of the last run */
} model_run_t;

typedef struct {
    uint64_t  schema;
    bool      is_new;
} model_schema_t;


mfa_status_t
mfa_record_end(const mfa_tx_t *tx, const mfa_unpack_t *in, uint64_t version,
    uint64_t newest, const char *noun)
{
    mfa_status_t        st;
    const mfa_ports_t  *ports;

    ports = tx->work->model->ports;

    if (mfa_arena_has_failed(tx->work->arena)) {
        return MFA_NO_MEMORY;
    }

    if (version > newest) {
        mfa_log(ports, MFA_LOG_ERROR,
                "a %s record was written by a newer version of this program",
                noun);
        return MFA_NEWER;
    }

    st = version == 0 ? MFA_DAMAGED : mfa_unpack_end(in);

    if (st != MFA_OK) {
        mfa_log(ports, MFA_LOG_ERROR, "a %s record is damaged", noun);
    }

    return st;
}


/* no mark yet is the mark 0 */

static mfa_status_t
clock_read(const mfa_tx_t *tx, mfa_time_t *mark)
{
    uint64_t      version;
    mfa_str_t     record;
    mfa_unpack_t  in;
    mfa_status_t  st;

    *mark = 0;

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_CLOCK, tx->work->arena,
                     &record);
    if (st != MFA_OK) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    version = mfa_unpack_number(&in);
    *mark = mfa_unpack_time(&in);

    return mfa_record_end(tx, &in, version, CLOCK_VERSION, "clock");
}


static mfa_status_t
clock_write(const mfa_tx_t *tx, mfa_time_t mark)
{
    mfa_buf_t     buf;
    mfa_str_t     record;
    mfa_status_t  st;

    if (tx->now < mark + CLOCK_STEP) {
        return MFA_OK;
    }

    mfa_buf_init(&buf, tx->work->arena, META_MAX);
    mfa_pack_number(&buf, CLOCK_VERSION);
    mfa_pack_time(&buf, tx->now);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, META_CLOCK, record);
}


static mfa_status_t
tx_begin(mfa_tx_t *tx, mfa_work_t *work, mfa_txn_t *txn, mfa_time_t *mark)
{
    mfa_status_t  st;

    *tx = (mfa_tx_t) { .work = work, .txn = txn };

    st = clock_read(tx, mark);
    if (st != MFA_OK) {
        return st;
    }

    tx->now = mfa_port_now(work->model->ports);

    if (tx->now < *mark) {
        tx->now = *mark;
    }

    return MFA_OK;
}


mfa_status_t
mfa_tx_begin(mfa_tx_t *tx, mfa_work_t *work, mfa_txn_t *txn)
{
    mfa_time_t  mark;

    return tx_begin(tx, work, txn, &mark);
}


/*
 * The events of this run, behind those of the work: joined before the commit,
 * because after it nothing may fail any more.
 */

static mfa_status_t
model_join_events(model_run_t *run, const mfa_tx_t *tx)
{
    size_t        i;
    mfa_arena_t  *arena;
    mfa_status_t  st;

    arena = run->work->arena;
    run->events = run->work->events;

    if (tx->events.lines.count == 0) {
        return MFA_OK;
    }

    run->events = (mfa_events_t) { .lines = { NULL, 0 } };

    for (i = 0; i < run->work->events.lines.count; i++) {
        st = mfa_events_add(arena, &run->events,
                            run->work->events.lines.items[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    for (i = 0; i < tx->events.lines.count; i++) {
        st = mfa_events_add(arena, &run->events, tx->events.lines.items[i]);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
model_run(mfa_txn_t *txn, void *arg)
{
    mfa_tx_t      tx;
    mfa_time_t    mark;
    model_run_t  *run;
    mfa_status_t  st;

    run = arg;

    st = tx_begin(&tx, run->work, txn, &mark);
    if (st != MFA_OK) {
        return st;
    }

    tx.is_full = run->is_full;

    if (run->work->tally != NULL && run->mode == MODEL_UPDATE) {
        memset(&run->tally, 0, sizeof(run->tally));
        tx.tally = &run->tally;
    }

    st = run->fn(&tx, run->arg);
    if (st != MFA_OK || run->mode == MODEL_VIEW) {
        return st;
    }

    st = clock_write(&tx, mark);
    if (st != MFA_OK) {
        return st;
    }

    return model_join_events(run, &tx);
}


/* what happened is told and counted once it is true */

static mfa_status_t
model_done(model_run_t *run, mfa_status_t st)
{
    if (st == MFA_OK) {
        run->work->events = run->events;
        mfa_tally_add(run->work->tally, &run->tally);
    }

    mfa_tally_commit(run->work->tally, st);

    return st;
}


mfa_status_t
mfa_view(mfa_work_t *work, mfa_tx_fn fn, void *arg)
{
    model_run_t  run = { .work = work, .fn = fn, .arg = arg,
                         .mode = MODEL_VIEW };

    return mfa_store_view(work->model->store, model_run, &run);
}


mfa_status_t
mfa_update(mfa_work_t *work, mfa_tx_fn fn, void *arg)
{
    model_run_t   run = { .work = work, .fn = fn, .arg = arg,
                          .mode = MODEL_UPDATE };
    mfa_status_t  st;

    st = mfa_store_update(work->model->store, model_run, &run);

    return model_done(&run, st);
}


mfa_status_t
mfa_update_reserved(mfa_work_t *work, mfa_tx_fn fn, void *arg)
{
    model_run_t   run = { .work = work, .fn = fn, .arg = arg,
                          .mode = MODEL_UPDATE };
    mfa_status_t  st;

    st = mfa_store_update_reserved(work->model->store, model_run, &run);

    /* what makes things safer must not fail for the rows that tell of it */

    if (st == MFA_STORE_FULL) {
        run.is_full = true;
        st = mfa_store_update_reserved(work->model->store, model_run, &run);
    }

    return model_done(&run, st);
}


static mfa_status_t
model_schema_read(mfa_tx_t *tx, void *arg)
{
    mfa_str_t        record;
    mfa_unpack_t     in;
    mfa_status_t     st;
    model_schema_t  *found;

    found = arg;
    *found = (model_schema_t) { .schema = 0 };

    st = mfa_txn_get(tx->txn, MFA_TABLE_META, META_SCHEMA, tx->work->arena,
                     &record);

    if (st == MFA_NOT_FOUND) {
        found->is_new = true;
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, record, tx->work->arena);
    found->schema = mfa_unpack_number(&in);

    if (found->schema > MFA_SCHEMA) {
        return MFA_NEWER;
    }

    return found->schema == 0 ? MFA_DAMAGED : mfa_unpack_end(&in);
}


/* another worker may have been first: then there is nothing to write */

static mfa_status_t
model_schema_write(mfa_tx_t *tx, void *arg)
{
    mfa_buf_t        buf;
    mfa_str_t        record;
    mfa_status_t     st;
    model_schema_t  *found;

    found = arg;

    st = model_schema_read(tx, found);
    if (st != MFA_OK || found->schema == MFA_SCHEMA) {
        return st;
    }

    mfa_buf_init(&buf, tx->work->arena, META_MAX);
    mfa_pack_number(&buf, MFA_SCHEMA);

    st = mfa_buf_str(&buf, &record);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_txn_put(tx->txn, MFA_TABLE_META, META_SCHEMA, record);
}


/*
 * An older store can be used as it is, so that one that is full or read-only
 * is no reason to refuse; what the newer schema promises is not begun then.
 */

static mfa_status_t
model_schema_raise(mfa_work_t *work, model_schema_t *found)
{
    mfa_status_t  st;

    if (found->is_new) {
        st = mfa_update(work, model_schema_write, found);

    } else {
        st = mfa_update_reserved(work, model_schema_write, found);

        if (st != MFA_OK && st != MFA_NEWER) {
            mfa_log(work->model->ports, MFA_LOG_WARN,
                    "the store stays with schema %llu for now: %s",
                    (unsigned long long) found->schema, mfa_status_text(st));
            return MFA_OK;
        }
    }

    if (st == MFA_OK) {
        found->schema = MFA_SCHEMA;
    }

    return st;
}


mfa_status_t
mfa_model_prepare(mfa_work_t *work, mfa_error_t *error)
{
    mfa_status_t    st;
    model_schema_t  found = { .schema = 0 };

    st = mfa_view(work, model_schema_read, &found);

    if (st == MFA_OK) {
        st = mfa_model_key_check(work, error);
        if (st != MFA_OK) {
            return st;
        }
    }

    if (st == MFA_OK && found.schema < MFA_SCHEMA) {
        st = model_schema_raise(work, &found);
    }

    if (st == MFA_OK && found.schema == MFA_SCHEMA) {
        mfa_user_reports_build(work);
    }

    if (st == MFA_NEWER) {
        mfa_error_set(error, "the store was written by a newer version of "
                      "this program, schema %llu; this one knows schema %d",
                      (unsigned long long) found.schema, MFA_SCHEMA);

    } else if (st != MFA_OK) {
        mfa_error_set(error, "cannot read the schema of the store: %s",
                      mfa_status_text(st));
    }

    return st;
}


void
mfa_model_finish(mfa_work_t *work)
{
    model_schema_t  found = { .schema = 0 };

    if (mfa_view(work, model_schema_read, &found) == MFA_OK
        && found.schema == MFA_SCHEMA)
    {
        mfa_user_reports_build(work);
    }
}
