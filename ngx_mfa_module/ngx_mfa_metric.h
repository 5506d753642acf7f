/*
 * Events, metrics and health between the files of the glue: what is told and
 * counted, where, and who may see it. Part of ngx_mfa_module.h; not included
 * by itself.
 */

#ifndef NGX_MFA_METRIC_H
#define NGX_MFA_METRIC_H

#pragma GCC visibility push(hidden)


#define NGX_MFA_METRIC_REALMS  64
#define NGX_MFA_CHANNELS       3        /* mail, sms, voice */


/* moments in ms of ngx_current_msec, which is one for all processes and
 * never steps; 0: never */

typedef enum {
    NGX_MFA_FACT_KEPT = 0,              /* upkeep worked */
    NGX_MFA_FACT_COMMIT,
    NGX_MFA_FACT_COMMIT_FAILED,
    NGX_MFA_FACT_FULL,                  /* a commit failed for want of room */
    NGX_MFA_FACT_JUMPED,                /* the clock, and not the time */
    NGX_MFA_FACT_TAKEN,                 /* by a mail server ... */
    NGX_MFA_FACT_NOT_TAKEN = NGX_MFA_FACT_TAKEN + NGX_MFA_CHANNELS,
    NGX_MFA_FACT_COUNT = NGX_MFA_FACT_NOT_TAKEN + NGX_MFA_CHANNELS
} ngx_mfa_fact_e;


/* ngx_mfa_event.c */

/* on the loop: the lines of a job from *from on, to the realm's event log;
 * and what it counted */
void ngx_mfa_event_write(const ngx_mfa_realm_t *realm, mfa_job_t *job,
    size_t *from);
/* one line that is no core's */
void ngx_mfa_event_line(const ngx_mfa_realm_t *realm, mfa_str_t line);

/* ngx_mfa_worker.c */

/* of the event log of one realm, in this worker */

typedef struct {
    time_t      second;
    ngx_uint_t  written;
    ngx_uint_t  dropped;
} ngx_mfa_flood_t;

/* NULL: a realm of another configuration */
ngx_mfa_flood_t *ngx_mfa_worker_flood(const ngx_mfa_realm_t *realm);
/* why is it not open in this worker? */
mfa_status_t ngx_mfa_worker_status(const ngx_mfa_realm_t *realm);


/* ngx_mfa_metric.c */

/* the zone; while the configuration is read */
ngx_int_t ngx_mfa_metric_zone(ngx_conf_t *cf);

/* on the loop: cheap, in this worker until the next flush */
void ngx_mfa_metric_count(const ngx_mfa_realm_t *realm, mfa_metric_t metric);
void ngx_mfa_metric_add(const ngx_mfa_realm_t *realm, mfa_metric_t metric,
    ngx_uint_t n);
/* takes what a job has counted */
void ngx_mfa_metric_job(const ngx_mfa_realm_t *realm, mfa_job_t *job);
/* microseconds of a clock that never steps; of a page that is done */
uint64_t ngx_mfa_metric_time(void);
void ngx_mfa_metric_page(const ngx_mfa_realm_t *realm, uint64_t began);
/* the upkeep of one realm is back, in the worker that sweeps */
void ngx_mfa_metric_kept(const ngx_mfa_realm_t *realm, const mfa_job_t *job,
    mfa_status_t status);
/* once a second, and at the end of a worker */
void ngx_mfa_metric_flush(void);
void ngx_mfa_metric_exit(void);

/* what is known in all workers; a gauge may be MFA_METRIC_UNKNOWN */
int64_t ngx_mfa_metric_value(const ngx_mfa_realm_t *realm,
    mfa_metric_t metric);
/* how long ago in ms; -1: never */
int64_t ngx_mfa_metric_ago(const ngx_mfa_realm_t *realm,
    ngx_mfa_fact_e fact);

typedef struct {
    ngx_uint_t  workers;
    ngx_uint_t  hashes;                 /* that wait, or run */
    ngx_uint_t  tasks;                  /* in all threads and their queues */
} ngx_mfa_metric_workers_t;

void ngx_mfa_metric_workers(ngx_mfa_metric_workers_t *sum);


/* ngx_mfa_status.c */

char *ngx_mfa_status_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_mfa_status_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* such a location is never guarded by us */
ngx_int_t ngx_mfa_status_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *conf);
/* when all is read: none where strangers could see it (N4) */
ngx_int_t ngx_mfa_status_check(ngx_conf_t *cf);


/* ngx_mfa_health.c */

/* JSON of one realm, or of all (NULL); the status of the answer */
ngx_uint_t ngx_mfa_health_print(ngx_mfa_main_conf_t *mmcf,
    const ngx_mfa_realm_t *realm, mfa_buf_t *buf);
/* is the store open in this worker, and kept? */
ngx_uint_t ngx_mfa_health_has_store(const ngx_mfa_realm_t *realm);


/* ngx_mfa_syslog.c */

/* a line "event_log syslog:..." of a realm */
char *ngx_mfa_syslog_line(ngx_conf_t *cf, ngx_mfa_realm_t *realm);
void ngx_mfa_syslog_send(const ngx_mfa_realm_t *realm, mfa_str_t line);

/* ngx_mfa_hash.c */
ngx_uint_t ngx_mfa_hash_waiting(void);
/* ngx_mfa_task.c: posted, and not back yet */
ngx_uint_t ngx_mfa_task_running(void);

#pragma GCC visibility pop

#endif /* NGX_MFA_METRIC_H */
