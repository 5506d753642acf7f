/*
 * What lives in a worker: the opened realms and their timers.
 *
 * Opens after fork, keeps (touches, purge) once a second, delivers mail,
 * closes at exit. Timers are cancelable, or an old worker would never
 * leave; a running task arms one that is not (ngx_mfa_task.c). Nothing here
 * waits on the event loop but the opening at the start of a worker.
 */

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>

#include "ngx_mfa_module.h"


#define NGX_MFA_KEEP_INTERVAL  1000
#define NGX_MFA_MAIL_IDLE      5000
#define NGX_MFA_MAIL_FIRST     1000

/* one connection each: a mail server sees no more of us (I5) */
#define NGX_MFA_MAIL_WORKERS   4


typedef struct {
    ngx_connection_t         dummy;     /* what nginx logs of the timers */
    const ngx_mfa_realm_t   *realm;
    ngx_mfa_main_conf_t     *conf;
    mfa_t                   *mfa;       /* NULL: could not be opened yet */

    ngx_event_t              keep_timer;
    ngx_mfa_task_t           keep_task;
    mfa_job_t               *keep_job;
    mfa_status_t             keep_status;

    ngx_event_t              mail_timer;
    ngx_mfa_task_t           mail_task;
    mfa_job_t               *mail_job;
    mfa_status_t             mail_status;
    mfa_time_t               mail_wait;
    unsigned                 is_mail_wanted:1;

    ngx_mfa_flood_t          flood;

    ngx_mfa_task_t           open_task;
    mfa_t                   *opened;
    mfa_status_t             open_status;
    mfa_error_t              open_error;
} ngx_mfa_worker_t;


static void ngx_mfa_worker_log(void *ctx, mfa_log_level_t level,
    const char *line);
static mfa_time_t ngx_mfa_worker_now(void *ctx);
static mfa_status_t ngx_mfa_worker_random(void *ctx, void *buf, size_t len);


const mfa_ports_t  ngx_mfa_worker_ports = {
    .now = ngx_mfa_worker_now,
    .random = ngx_mfa_worker_random,
    .log = ngx_mfa_worker_log
};


/* of this process; a realm is found by its address, so that one of another
 * configuration (reload without a master) is not open */

static ngx_mfa_worker_t  *ngx_mfa_workers;
static ngx_uint_t         ngx_mfa_worker_count;
static ngx_cycle_t       *ngx_mfa_worker_cycle;


static mfa_time_t
ngx_mfa_worker_now(void *ctx)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (mfa_time_t) ts.tv_sec * MFA_SECOND + ts.tv_nsec / 1000000;
}


static mfa_status_t
ngx_mfa_worker_random(void *ctx, void *buf, size_t len)
{
    ssize_t   n;
    uint8_t  *p = buf;

    while (len) {
        n = getrandom(p, len, 0);

        if (n < 0) {
            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            return MFA_CRYPTO;
        }

        p += n;
        len -= (size_t) n;
    }

    return MFA_OK;
}


static void
ngx_mfa_worker_log(void *ctx, mfa_log_level_t level, const char *line)
{
    static const ngx_uint_t  levels[] = {
        NGX_LOG_ERR, NGX_LOG_WARN, NGX_LOG_NOTICE, NGX_LOG_INFO, NGX_LOG_DEBUG
    };

    ngx_uint_t  n;

    n = (ngx_uint_t) level <= MFA_LOG_DEBUG ? levels[level] : NGX_LOG_ERR;

    if (n == NGX_LOG_DEBUG) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0, "mfa: %s",
                       line);
        return;
    }

    ngx_log_error(n, ngx_cycle->log, 0, "mfa: %s", line);
}


/* A reload without a master leaves this process with a configuration it has
 * not opened: that answers 503, and what was opened must not be used after
 * nginx has freed the old one. */

static ngx_uint_t
ngx_mfa_worker_is_left(void)
{
    return ngx_mfa_worker_cycle != ngx_cycle;
}


static ngx_mfa_worker_t *
ngx_mfa_worker_find(const ngx_mfa_realm_t *realm)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_mfa_worker_count; i++) {
        if (ngx_mfa_workers[i].realm == realm) {
            return &ngx_mfa_workers[i];
        }
    }

    return NULL;
}


mfa_t *
ngx_mfa_worker_mfa(const ngx_mfa_realm_t *realm)
{
    ngx_mfa_worker_t  *w;

    w = ngx_mfa_worker_find(realm);

    return w ? w->mfa : NULL;
}


mfa_status_t
ngx_mfa_worker_status(const ngx_mfa_realm_t *realm)
{
    ngx_mfa_worker_t  *w;

    w = ngx_mfa_worker_find(realm);

    return w ? w->open_status : MFA_UNAVAILABLE;
}


ngx_mfa_flood_t *
ngx_mfa_worker_flood(const ngx_mfa_realm_t *realm)
{
    ngx_mfa_worker_t  *w;

    w = ngx_mfa_worker_find(realm);

    return w ? &w->flood : NULL;
}


/* the end of a job that belongs to no request */

static void
ngx_mfa_worker_job_end(ngx_mfa_worker_t *w, mfa_job_t **job)
{
    size_t  from;

    from = 0;
    ngx_mfa_event_write(w->realm, *job, &from);

    if (mfa_job_has_mail(*job)) {
        ngx_mfa_worker_mail(w->realm);
    }

    mfa_job_close(job);
}


/* a store that was not there when the worker started */

static void
ngx_mfa_worker_open_run(void *data)
{
    ngx_mfa_worker_t  *w = data;

    w->open_status = mfa_open(w->realm->realm, &w->open_error, &w->opened);
}


static void
ngx_mfa_worker_open_done(void *data)
{
    ngx_mfa_worker_t  *w = data;

    if (w->open_status != MFA_OK) {
        return;
    }

    w->mfa = w->opened;
    w->opened = NULL;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "mfa: realm \"%V\" is open now", &w->realm->name);
}


static void
ngx_mfa_worker_open_again(ngx_mfa_worker_t *w)
{
    if (w->open_task.is_busy || ngx_exiting) {
        return;
    }

    w->open_task.run = ngx_mfa_worker_open_run;
    w->open_task.done = ngx_mfa_worker_open_done;
    w->open_task.data = w;

    (void) ngx_mfa_task_post(&w->open_task, w->conf->pool);
}


/* touches, purge */

static void
ngx_mfa_worker_keep_run(void *data)
{
    ngx_mfa_worker_t  *w = data;

    /* where it fails the core has logged it; the next turn tries again */

    w->keep_status = mfa_keep(w->keep_job);

    mfa_gauge(w->keep_job);
}


static void
ngx_mfa_worker_keep_done(void *data)
{
    ngx_mfa_worker_t  *w = data;

    if (ngx_worker == 0 && !ngx_exiting) {
        ngx_mfa_metric_kept(w->realm, w->keep_job, w->keep_status);
    }

    ngx_mfa_worker_job_end(w, &w->keep_job);
}


static void
ngx_mfa_worker_keep(ngx_mfa_worker_t *w)
{
    ngx_uint_t  is_sweeper;

    if (w->keep_task.is_busy) {
        return;
    }

    w->keep_job = mfa_job_open(w->mfa);
    if (w->keep_job == NULL) {
        return;
    }

    is_sweeper = ngx_worker == 0 && !ngx_exiting;

    if (mfa_keep_prepare(w->keep_job, ngx_mfa_worker_now(NULL),
                         is_sweeper ? true : false)
        != MFA_OK)
    {
        mfa_job_close(&w->keep_job);
        return;
    }

    w->keep_task.run = ngx_mfa_worker_keep_run;
    w->keep_task.done = ngx_mfa_worker_keep_done;
    w->keep_task.data = w;

    if (ngx_mfa_task_post(&w->keep_task, w->conf->pool) != NGX_OK) {
        mfa_job_close(&w->keep_job);
    }
}


static void
ngx_mfa_worker_keep_timer(ngx_event_t *ev)
{
    ngx_mfa_worker_t  *w = ((ngx_connection_t *) ev->data)->data;

    if (ngx_mfa_worker_is_left()) {
        return;
    }

    ngx_mfa_metric_flush();

    if (w->mfa == NULL) {
        ngx_mfa_worker_open_again(w);

    } else {
        ngx_mfa_worker_keep(w);
    }

    ngx_add_timer(ev, NGX_MFA_KEEP_INTERVAL);
}


/* mail */

static void
ngx_mfa_worker_mail_run(void *data)
{
    ngx_mfa_worker_t  *w = data;

    w->mail_status = mfa_deliver(w->mail_job, &w->mail_wait);
}


static void
ngx_mfa_worker_mail_done(void *data)
{
    ngx_mfa_worker_t *w = data;

    ngx_msec_t  wait;

    wait = NGX_MFA_MAIL_IDLE;

    if (w->mail_status == MFA_OK && w->mail_wait < NGX_MFA_MAIL_IDLE) {
        wait = w->mail_wait > 0 ? (ngx_msec_t) w->mail_wait : 1;
    }

    if (w->is_mail_wanted) {
        w->is_mail_wanted = 0;
        wait = 1;
    }

    ngx_mfa_worker_job_end(w, &w->mail_job);

    ngx_add_timer(&w->mail_timer, wait);
}


static void
ngx_mfa_worker_mail_timer(ngx_event_t *ev)
{
    ngx_mfa_worker_t  *w = ((ngx_connection_t *) ev->data)->data;

    if (w->mail_task.is_busy || ngx_exiting || ngx_mfa_worker_is_left()) {
        /* the new workers deliver what an old one leaves */
        return;
    }

    w->mail_job = w->mfa ? mfa_job_open(w->mfa) : NULL;

    if (w->mail_job) {
        w->mail_status = MFA_UNAVAILABLE;
        w->mail_task.run = ngx_mfa_worker_mail_run;
        w->mail_task.done = ngx_mfa_worker_mail_done;
        w->mail_task.data = w;

        if (ngx_mfa_task_post(&w->mail_task, w->conf->send_pool) == NGX_OK) {
            return;
        }

        mfa_job_close(&w->mail_job);
    }

    ngx_add_timer(ev, NGX_MFA_MAIL_IDLE);
}


void
ngx_mfa_worker_mail(const ngx_mfa_realm_t *realm)
{
    ngx_mfa_worker_t  *w;

    w = ngx_mfa_worker_find(realm);

    if (w == NULL || ngx_worker >= NGX_MFA_MAIL_WORKERS) {
        return;
    }

    if (w->mail_task.is_busy) {
        w->is_mail_wanted = 1;
        return;
    }

    if (w->mail_timer.timer_set) {
        ngx_del_timer(&w->mail_timer);
    }

    ngx_add_timer(&w->mail_timer, 1);
}


static void
ngx_mfa_worker_timer(ngx_mfa_worker_t *w, ngx_event_t *ev,
    ngx_event_handler_pt handler, ngx_msec_t first)
{
    ev->data = &w->dummy;
    ev->handler = handler;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, first);
}


static void
ngx_mfa_worker_start(ngx_mfa_worker_t *w, ngx_cycle_t *cycle)
{
    w->dummy.fd = (ngx_socket_t) -1;
    w->dummy.data = w;

    w->open_status = mfa_open(w->realm->realm, &w->open_error, &w->mfa);

    if (w->open_status != MFA_OK) {
        w->mfa = NULL;
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "mfa: realm \"%V\" cannot be opened, it answers 503 "
                      "until it can: %s", &w->realm->name,
                      w->open_error.text);
    }

    ngx_mfa_worker_timer(w, &w->keep_timer, ngx_mfa_worker_keep_timer,
                         NGX_MFA_KEEP_INTERVAL);

    if (ngx_worker < NGX_MFA_MAIL_WORKERS) {
        ngx_mfa_worker_timer(w, &w->mail_timer, ngx_mfa_worker_mail_timer,
                             NGX_MFA_MAIL_FIRST);
    }
}


ngx_int_t
ngx_mfa_worker_init(ngx_cycle_t *cycle)
{
    ngx_uint_t             i;
    ngx_mfa_realm_t      **realm;
    ngx_mfa_main_conf_t   *mmcf;

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    mmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_mfa_module);

    if (mmcf == NULL || mmcf->realms.nelts == 0) {
        return NGX_OK;
    }

    /* nginx has just allowed core dumps; this process holds keys (J11) */

    (void) prctl(PR_SET_DUMPABLE, 0);

    /*
     * A hash thread of low priority may be stopped while it holds the lock
     * of the address space: the loop must not need it for every request, so
     * memory once got from the system stays.
     */

    (void) mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
    (void) mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
    (void) mallopt(M_TOP_PAD, 1024 * 1024);

    if (mfa_crypto_open() != MFA_OK) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "mfa: the cryptography library lacks an algorithm, "
                      "guarded locations answer 503");
        return NGX_OK;
    }

    ngx_mfa_workers = ngx_calloc(mmcf->realms.nelts
                                 * sizeof(ngx_mfa_worker_t), cycle->log);
    if (ngx_mfa_workers == NULL) {
        return NGX_ERROR;
    }

    realm = mmcf->realms.elts;

    for (i = 0; i < mmcf->realms.nelts; i++) {
        ngx_mfa_workers[i].realm = realm[i];
        ngx_mfa_workers[i].conf = mmcf;
        ngx_mfa_worker_start(&ngx_mfa_workers[i], cycle);
    }

    ngx_mfa_worker_count = mmcf->realms.nelts;
    ngx_mfa_worker_cycle = cycle;

    return ngx_mfa_tunnel_init(cycle, mmcf);
}


/*
 * nginx has told the threads of all pools to end and they have taken their
 * last task, but it does not wait until they are gone: their libraries may
 * still tidy up. Linux counts a process's threads as links of a folder.
 */

static void
ngx_mfa_worker_last_thread(void)
{
    ngx_uint_t       i;
    ngx_file_info_t  info;

    for (i = 0; i < 200; i++) {
        if (ngx_file_info("/proc/self/task", &info) == NGX_FILE_ERROR
            || info.st_nlink <= 3)
        {
            return;
        }

        ngx_msleep(1);
    }
}


void
ngx_mfa_worker_exit(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_mfa_worker_t  *w;

    ngx_mfa_monitor_exit();

    if (ngx_mfa_worker_count) {
        ngx_mfa_worker_last_thread();
    }

    for (i = 0; i < ngx_mfa_worker_count; i++) {
        w = &ngx_mfa_workers[i];

        mfa_job_close(&w->keep_job);
        mfa_job_close(&w->mail_job);

        if (w->opened) {
            mfa_close(&w->opened);
        }

        if (w->mfa) {
            mfa_close(&w->mfa);
        }
    }

    ngx_mfa_tunnel_exit();

    if (ngx_mfa_worker_count) {
        ngx_mfa_metric_exit();
        mfa_crypto_close();
    }

    ngx_mfa_worker_count = 0;

    ngx_free(ngx_mfa_workers);
    ngx_mfa_workers = NULL;
}
