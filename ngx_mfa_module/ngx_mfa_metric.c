/*
 * Counters: in the memory of a worker, and once a second in memory that all
 * workers share.
 *
 * The zone stays over a reload, so that workers which are leaving still count
 * into it. Nothing that decides about anybody is ever read from it, and it
 * needs no lock: numbers are added, moments are set. A worker that is killed
 * takes at most its last second along.
 */

#include <time.h>

#include "ngx_mfa_module.h"


#define NGX_MFA_METRIC_MAGIC    0x6d666101
#define NGX_MFA_METRIC_NAME     64
#define NGX_MFA_METRIC_WORKERS  256
#define NGX_MFA_METRIC_ALIVE    5000    /* a worker, since its last word */
#define NGX_MFA_METRIC_FRESH    60000   /* gauges, since the last upkeep */
#define NGX_MFA_METRIC_JUMP     30000   /* between two turns of upkeep */


typedef struct {
    ngx_uint_t         len;
    u_char             name[NGX_MFA_METRIC_NAME];
    ngx_atomic_t       values[MFA_METRIC_COUNT];
    ngx_atomic_t       facts[NGX_MFA_FACT_COUNT];
} ngx_mfa_metric_block_t;

typedef struct {
    ngx_atomic_t       seen;
    ngx_atomic_t       hashes;
    ngx_atomic_t       tasks;
} ngx_mfa_metric_worker_t;

typedef struct {
    ngx_uint_t               magic;
    ngx_uint_t               size;
    ngx_uint_t               count;
    ngx_mfa_metric_block_t   blocks[NGX_MFA_METRIC_REALMS];
    ngx_mfa_metric_worker_t  workers[NGX_MFA_METRIC_WORKERS];
} ngx_mfa_metric_shm_t;


/* of this process */

static ngx_mfa_metric_shm_t  *ngx_mfa_metric_shm;
static uint32_t               ngx_mfa_metric_local[NGX_MFA_METRIC_REALMS]
                                                  [MFA_METRIC_COUNT];
static int64_t                ngx_mfa_metric_skew;  /* clock less time */


static ngx_uint_t
ngx_mfa_metric_is_named(const ngx_mfa_metric_block_t *block,
    const ngx_str_t *name)
{
    return block->len == name->len
           && ngx_memcmp(block->name, name->data,
                         ngx_min(name->len, NGX_MFA_METRIC_NAME))
              == 0;
}


static void
ngx_mfa_metric_begin(ngx_mfa_metric_block_t *block, const ngx_str_t *name)
{
    ngx_uint_t  i;

    ngx_memzero(block, sizeof(ngx_mfa_metric_block_t));

    block->len = name->len;
    ngx_memcpy(block->name, name->data,
               ngx_min(name->len, NGX_MFA_METRIC_NAME));

    for (i = 0; i < MFA_METRIC_COUNT; i++) {
        if (mfa_metric_is_gauge((mfa_metric_t) i)) {
            block->values[i] = (ngx_atomic_uint_t) MFA_METRIC_UNKNOWN;
        }
    }
}


static ngx_uint_t
ngx_mfa_metric_is_used(const ngx_mfa_main_conf_t *mmcf,
    const ngx_mfa_metric_block_t *block)
{
    ngx_uint_t         i;
    ngx_mfa_realm_t  **realm;

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        if (ngx_mfa_metric_is_named(block, &realm[i]->name)) {
            return 1;
        }
    }

    return 0;
}


/* the place of a realm, from 1; 0: there is none left */

static ngx_uint_t
ngx_mfa_metric_place(const ngx_mfa_main_conf_t *mmcf,
    ngx_mfa_metric_shm_t *shm, const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < shm->count; i++) {
        if (ngx_mfa_metric_is_named(&shm->blocks[i], name)) {
            return i + 1;
        }
    }

    if (shm->count < NGX_MFA_METRIC_REALMS) {
        ngx_mfa_metric_begin(&shm->blocks[shm->count], name);
        return ++shm->count;
    }

    /* of one that is configured no more */

    for (i = 0; i < shm->count; i++) {
        if (!ngx_mfa_metric_is_used(mmcf, &shm->blocks[i])) {
            ngx_mfa_metric_begin(&shm->blocks[i], name);
            return i + 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_mfa_metric_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_uint_t             i;
    ngx_slab_pool_t       *pool;
    ngx_mfa_realm_t      **realm;
    ngx_mfa_main_conf_t   *mmcf;
    ngx_mfa_metric_shm_t  *shm;

    mmcf = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;
    shm = pool->data;

    if (shm == NULL
        || shm->magic != NGX_MFA_METRIC_MAGIC
        || shm->size != sizeof(ngx_mfa_metric_shm_t))
    {
        shm = ngx_slab_calloc(pool, sizeof(ngx_mfa_metric_shm_t));
        if (shm == NULL) {
            return NGX_ERROR;
        }

        shm->magic = NGX_MFA_METRIC_MAGIC;
        shm->size = sizeof(ngx_mfa_metric_shm_t);
        pool->data = shm;
    }

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        realm[i]->metric = ngx_mfa_metric_place(mmcf, shm, &realm[i]->name);

        if (realm[i]->metric == 0) {
            ngx_log_error(NGX_LOG_WARN, zone->shm.log, 0,
                          "realm \"%V\" has no place among the metrics, "
                          "there is room for %d", &realm[i]->name,
                          NGX_MFA_METRIC_REALMS);
        }
    }

    ngx_mfa_metric_shm = shm;

    return NGX_OK;
}


ngx_int_t
ngx_mfa_metric_zone(ngx_conf_t *cf)
{
    size_t           size;
    ngx_str_t        name = ngx_string("ngx_mfa_metrics");
    ngx_shm_zone_t  *zone;

    /* beside it the tables of the slab */

    size = ngx_align(sizeof(ngx_mfa_metric_shm_t), ngx_pagesize)
           + 8 * ngx_pagesize;

    zone = ngx_shared_memory_add(cf, &name, size, &ngx_mfa_module);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_mfa_metric_init;
    zone->data = ngx_http_conf_get_module_main_conf(cf, ngx_mfa_module);

    return NGX_OK;
}


void
ngx_mfa_metric_add(const ngx_mfa_realm_t *realm, mfa_metric_t metric,
    ngx_uint_t n)
{
    if (realm->metric) {
        ngx_mfa_metric_local[realm->metric - 1][metric] += (uint32_t) n;
    }
}


void
ngx_mfa_metric_count(const ngx_mfa_realm_t *realm, mfa_metric_t metric)
{
    ngx_mfa_metric_add(realm, metric, 1);
}


static void
ngx_mfa_metric_fact(const ngx_mfa_realm_t *realm, ngx_uint_t fact)
{
    if (realm->metric && ngx_mfa_metric_shm) {
        ngx_mfa_metric_shm->blocks[realm->metric - 1].facts[fact] =
                                                            ngx_current_msec;
    }
}


/* what the counts of one job say of the store and of the other sides */

static void
ngx_mfa_metric_facts(const ngx_mfa_realm_t *realm, const mfa_tally_t *tally)
{
    ngx_uint_t       i;
    const uint32_t  *n;

    n = tally->counts;

    if (n[MFA_METRIC_COMMIT]) {
        ngx_mfa_metric_fact(realm, NGX_MFA_FACT_COMMIT);
    }

    if (n[MFA_METRIC_COMMIT_BUSY] || n[MFA_METRIC_COMMIT_FAULT]) {
        ngx_mfa_metric_fact(realm, NGX_MFA_FACT_COMMIT_FAILED);
    }

    if (n[MFA_METRIC_COMMIT_FULL]) {
        ngx_mfa_metric_fact(realm, NGX_MFA_FACT_FULL);
    }

    /* who refuses a letter is there */

    n = &tally->counts[MFA_METRIC_MAIL_SENT];

    for (i = 0; i < NGX_MFA_CHANNELS; i++, n += MFA_DELIVERY_REFUSED + 1) {

        if (n[MFA_DELIVERY_SENT] || n[MFA_DELIVERY_REFUSED]) {
            ngx_mfa_metric_fact(realm, NGX_MFA_FACT_TAKEN + i);
        }

        if (n[MFA_DELIVERY_LATER] || n[MFA_DELIVERY_DOWN]) {
            ngx_mfa_metric_fact(realm, NGX_MFA_FACT_NOT_TAKEN + i);
        }
    }
}


void
ngx_mfa_metric_job(const ngx_mfa_realm_t *realm, mfa_job_t *job)
{
    ngx_uint_t    i;
    mfa_tally_t  *tally;

    tally = mfa_job_tally(job);

    ngx_mfa_metric_facts(realm, tally);

    for (i = 0; i < MFA_METRIC_COUNT; i++) {
        if (tally->counts[i]) {
            ngx_mfa_metric_add(realm, (mfa_metric_t) i, tally->counts[i]);
        }
    }

    ngx_memzero(tally, sizeof(mfa_tally_t));
}


uint64_t
ngx_mfa_metric_time(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


void
ngx_mfa_metric_page(const ngx_mfa_realm_t *realm, uint64_t began)
{
    uint64_t    took;
    ngx_uint_t  i;

    static const uint64_t  bounds[] = {
        5000, 25000, 100000, 500000, 2000000, 10000000
    };

    took = ngx_mfa_metric_time() - began;

    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        if (took <= bounds[i]) {
            ngx_mfa_metric_count(realm, (mfa_metric_t) (MFA_METRIC_JOB_5MS
                                                        + i));
        }
    }

    ngx_mfa_metric_count(realm, MFA_METRIC_JOB_ALL);
    ngx_mfa_metric_count(realm, MFA_METRIC_JOB_COUNT);
    ngx_mfa_metric_add(realm, MFA_METRIC_JOB_SUM,
                       (ngx_uint_t) ngx_min(took, 600000000));
}


/* has the clock moved more than the time? */

static ngx_uint_t
ngx_mfa_metric_has_jumped(void)
{
    int64_t  skew, last;

    skew = mfa_port_now(&ngx_mfa_worker_ports)
           - (int64_t) (ngx_mfa_metric_time() / 1000);

    last = ngx_mfa_metric_skew;
    ngx_mfa_metric_skew = skew;

    return last != 0 && (skew - last > NGX_MFA_METRIC_JUMP
                         || last - skew > NGX_MFA_METRIC_JUMP);
}


void
ngx_mfa_metric_kept(const ngx_mfa_realm_t *realm, const mfa_job_t *job,
    mfa_status_t status)
{
    ngx_uint_t               i;
    ngx_mfa_metric_block_t  *block;
    const mfa_readings_t    *readings;

    if (realm->metric == 0 || ngx_mfa_metric_shm == NULL) {
        return;
    }

    if (status == MFA_OK) {
        ngx_mfa_metric_fact(realm, NGX_MFA_FACT_KEPT);
    }

    block = &ngx_mfa_metric_shm->blocks[realm->metric - 1];
    readings = mfa_job_readings(job);

    for (i = 0; i < readings->count; i++) {
        block->values[readings->items[i].metric] =
                               (ngx_atomic_uint_t) readings->items[i].value;
    }
}


static void
ngx_mfa_metric_say(ngx_mfa_metric_shm_t *shm)
{
    ngx_uint_t                i;
    ngx_mfa_metric_worker_t  *worker;

    worker = &shm->workers[(ngx_uint_t) ngx_process_slot
                           % NGX_MFA_METRIC_WORKERS];

    worker->hashes = ngx_mfa_hash_waiting();
    worker->tasks = ngx_mfa_task_running();
    worker->seen = ngx_current_msec;

    if (ngx_worker == 0 && !ngx_exiting && ngx_mfa_metric_has_jumped()) {
        for (i = 0; i < shm->count; i++) {
            shm->blocks[i].facts[NGX_MFA_FACT_JUMPED] = ngx_current_msec;
        }
    }
}


void
ngx_mfa_metric_flush(void)
{
    uint32_t              *n;
    ngx_uint_t             i, k;
    ngx_mfa_metric_shm_t  *shm;

    shm = ngx_mfa_metric_shm;

    for (i = 0; shm && i < shm->count; i++) {
        n = ngx_mfa_metric_local[i];

        for (k = 0; k < MFA_METRIC_COUNT; k++) {
            if (n[k]) {
                (void) ngx_atomic_fetch_add(&shm->blocks[i].values[k], n[k]);
                n[k] = 0;
            }
        }
    }

    if (shm) {
        ngx_mfa_metric_say(shm);
    }
}


void
ngx_mfa_metric_exit(void)
{
    ngx_mfa_metric_flush();

    if (ngx_mfa_metric_shm) {
        ngx_mfa_metric_shm->workers[(ngx_uint_t) ngx_process_slot
                                    % NGX_MFA_METRIC_WORKERS].seen = 0;
    }
}


int64_t
ngx_mfa_metric_ago(const ngx_mfa_realm_t *realm, ngx_mfa_fact_e fact)
{
    ngx_msec_t  at;

    if (realm->metric == 0 || ngx_mfa_metric_shm == NULL) {
        return -1;
    }

    at = ngx_mfa_metric_shm->blocks[realm->metric - 1].facts[fact];

    /* another worker's clock of the moment may be a little ahead of ours */

    return at == 0 ? -1
                   : ngx_max((ngx_msec_int_t) (ngx_current_msec - at), 0);
}


int64_t
ngx_mfa_metric_value(const ngx_mfa_realm_t *realm, mfa_metric_t metric)
{
    int64_t  ago;

    if (realm->metric == 0 || ngx_mfa_metric_shm == NULL) {
        return mfa_metric_is_gauge(metric) ? MFA_METRIC_UNKNOWN : 0;
    }

    if (mfa_metric_is_gauge(metric)) {
        ago = ngx_mfa_metric_ago(realm, NGX_MFA_FACT_KEPT);

        if (ago < 0 || ago > NGX_MFA_METRIC_FRESH) {
            return MFA_METRIC_UNKNOWN;
        }
    }

    return (int64_t)
           ngx_mfa_metric_shm->blocks[realm->metric - 1].values[metric];
}


void
ngx_mfa_metric_workers(ngx_mfa_metric_workers_t *sum)
{
    ngx_uint_t                i;
    ngx_mfa_metric_worker_t  *worker;

    ngx_memzero(sum, sizeof(ngx_mfa_metric_workers_t));

    for (i = 0; ngx_mfa_metric_shm && i < NGX_MFA_METRIC_WORKERS; i++) {
        worker = &ngx_mfa_metric_shm->workers[i];

        /* one that was killed says nothing any more */

        if (worker->seen == 0
            || (ngx_msec_int_t) (ngx_current_msec - worker->seen)
               > NGX_MFA_METRIC_ALIVE)
        {
            continue;
        }

        sum->workers++;
        sum->hashes += worker->hashes;
        sum->tasks += worker->tasks;
    }
}
