/*
 * Tasks: the only caller of ngx_thread_task_post.
 *
 * While a task of a request runs, count and blocked of the main request are
 * raised and a timer is armed, so that neither the request's memory nor a
 * leaving worker goes away. A task never touches a pool: memory it needs is
 * there before it is posted.
 */

#include "ngx_mfa_module.h"


/* a leaving worker has no timers left and exits; one that has waits */

#define NGX_MFA_TASK_TIMER  60000


static ngx_uint_t  ngx_mfa_task_count;     /* loop only */


static void
ngx_mfa_task_thread(void *data, ngx_log_t *log)
{
    ngx_mfa_task_t  *task = data;

    task->run(task->data);
}


static void
ngx_mfa_task_resume(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    r->main->blocked--;
    r->main->count--;

    if (c->error) {
        /*
         * The client left while the thread ran: nginx waited for blocked
         * to fall. Which request got its finalizer differs by version, so
         * the one at hand is finalized here.
         */

        ngx_http_finalize_request(r, NGX_ERROR);

    } else {
        r->write_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_mfa_task_event(ngx_event_t *ev)
{
    ngx_mfa_task_t  *task = ev->data;

    if (ev->timedout) {
        /* mail servers are slow: the task goes on, and so does the timer */
        ev->timedout = 0;
        ngx_add_timer(ev, NGX_MFA_TASK_TIMER);
        return;
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    task->is_busy = 0;
    ngx_mfa_task_count--;

    if (task->done) {
        task->done(task->data);
    }

    if (task->request) {
        ngx_mfa_task_resume(task->request);
    }
}


ngx_int_t
ngx_mfa_task_post(ngx_mfa_task_t *task, ngx_thread_pool_t *pool)
{
    ngx_http_request_t  *r;

    r = task->request;

    ngx_memzero(&task->task, sizeof(ngx_thread_task_t));

    task->task.ctx = task;
    task->task.handler = ngx_mfa_task_thread;
    task->task.event.data = task;
    task->task.event.handler = ngx_mfa_task_event;
    task->task.event.log = r ? r->connection->log : ngx_cycle->log;

    if (r) {
        r->main->count++;
        r->main->blocked++;
    }

    task->is_busy = 1;
    ngx_add_timer(&task->task.event, NGX_MFA_TASK_TIMER);

    if (ngx_thread_task_post(pool, &task->task) == NGX_OK) {
        ngx_mfa_task_count++;
        return NGX_OK;
    }

    ngx_del_timer(&task->task.event);
    task->is_busy = 0;

    if (r) {
        r->main->blocked--;
        r->main->count--;
    }

    return NGX_ERROR;
}


ngx_uint_t
ngx_mfa_task_running(void)
{
    return ngx_mfa_task_count;
}
