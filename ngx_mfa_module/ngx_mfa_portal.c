/*
 * The portal: the content handler of a location with "mfa_portal".
 *
 * Body in (small, in memory only), job out to a thread, answer when it is
 * back. The job has one holder at a time: loop, thread, loop; its pool
 * cleanup cannot run while the task is posted.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_BODY_TIMEOUT  10000     /* all of it, and between two reads */
#define NGX_MFA_BODY_BUFFER   (2 * MFA_BODY_MAX)


struct ngx_mfa_portal_s {
    ngx_http_request_t      *request;
    const ngx_mfa_realm_t   *realm;
    mfa_job_t               *job;
    mfa_cause_t              cause;
    mfa_status_t             status;    /* of the last mfa_run */
    size_t                   events;    /* written so far */
    ngx_mfa_task_t           task;
    ngx_event_t              timer;     /* of the body */
    ngx_connection_t         dummy;     /* what nginx logs of the timer */
    ngx_mfa_hash_place_t     hash_place;
    uint64_t                 began;     /* the body is there */
};


/* in a thread of the pool "mfa" */

static void
ngx_mfa_portal_run(void *data)
{
    ngx_mfa_portal_t  *portal = data;

    portal->status = mfa_run(portal->job);
}


/* in a thread of the pool "mfa_hash" */

static void
ngx_mfa_portal_hash(void *data)
{
    ngx_mfa_portal_t  *portal = data;

    ngx_mfa_hash_thread();

    mfa_hash(portal->job);
}


/* on the loop, also when the client has left: what happened is told */

static void
ngx_mfa_portal_done(void *data)
{
    ngx_mfa_portal_t  *portal = data;

    ngx_mfa_event_write(portal->realm, portal->job, &portal->events);

    if (mfa_job_has_mail(portal->job)) {
        ngx_mfa_worker_mail(portal->realm);
    }
}


static void
ngx_mfa_portal_answer(ngx_mfa_portal_t *portal)
{
    ngx_http_request_t  *r = portal->request;

    ngx_mfa_metric_page(portal->realm, portal->began);

    ngx_http_finalize_request(r,
                      ngx_mfa_exchange_send(r, mfa_job_reply(portal->job)));
}


static ngx_int_t
ngx_mfa_portal_post(ngx_mfa_portal_t *portal, void (*run)(void *data),
    ngx_thread_pool_t *pool)
{
    portal->task.request = portal->request;
    portal->task.run = run;
    portal->task.done = ngx_mfa_portal_done;
    portal->task.data = portal;

    return ngx_mfa_task_post(&portal->task, pool);
}


/* the job is back: on with it, or out with the reply */

static void
ngx_mfa_portal_resume(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_mfa_portal_t     *portal;
    ngx_mfa_main_conf_t  *mmcf;

    portal = ngx_mfa_ctx_get(r)->portal;

    if (portal->task.is_busy) {
        return;
    }

    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    if (portal->task.run == ngx_mfa_portal_hash) {
        ngx_mfa_hash_leave(&portal->hash_place);
        rc = ngx_mfa_portal_post(portal, ngx_mfa_portal_run, mmcf->pool);

    } else if (portal->status == MFA_HASH) {
        rc = ngx_mfa_portal_post(portal, ngx_mfa_portal_hash,
                                 mmcf->hash_pool);

    } else {
        ngx_mfa_hash_leave(&portal->hash_place);
        ngx_mfa_portal_answer(portal);
        return;
    }

    if (rc != NGX_OK) {
        ngx_mfa_metric_count(portal->realm, MFA_METRIC_REFUSED_PAGE);
        mfa_job_busy(portal->job);
        ngx_mfa_portal_answer(portal);
    }
}


/* the body as one piece; NULL data: it was too large for the memory */

static mfa_str_t
ngx_mfa_portal_body(ngx_http_request_t *r)
{
    u_char       *p, *body;
    size_t        len;
    ngx_chain_t  *cl;

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return mfa_str("");
    }

    if (r->request_body->temp_file) {
        return mfa_null;
    }

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        len += (size_t) (cl->buf->last - cl->buf->pos);
    }

    if (len > MFA_BODY_MAX) {
        return mfa_null;
    }

    body = ngx_pnalloc(r->pool, len + 1);
    if (body == NULL) {
        return mfa_null;
    }

    p = body;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    return mfa_str_bytes(body, len);
}


/* the job has its own copy, which it wipes; nginx's must not outlive it */

static void
ngx_mfa_portal_wipe(ngx_http_request_t *r, mfa_str_t body)
{
    ngx_chain_t  *cl;

    mfa_wipe((void *) (uintptr_t) body.data, body.len);

    if (r->request_body == NULL || r->request_body->temp_file) {
        return;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        mfa_wipe(cl->buf->pos, (size_t) (cl->buf->last - cl->buf->pos));
    }
}


/* fills the job and posts it; what is returned ends the request */

static ngx_int_t
ngx_mfa_portal_start(ngx_mfa_portal_t *portal, mfa_str_t body)
{
    mfa_t                *mfa;
    mfa_request_t         request;
    ngx_http_request_t   *r;
    ngx_mfa_main_conf_t  *mmcf;

    r = portal->request;
    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    mfa = ngx_mfa_worker_mfa(portal->realm);

    if (mfa) {
        portal->job = mfa_job_open(mfa);
    }

    if (portal->job == NULL) {
        return ngx_mfa_exchange_plain(r, 503);
    }

    ngx_mfa_exchange_request(r, &request);

    request.cause = portal->cause;
    request.body = body;
    request.trusted = ngx_mfa_trusted_value(r, portal->realm,
                                            &request.trusted_amr);

    if (portal->cause == MFA_CAUSE_NO_ACCESS
        || portal->cause == MFA_CAUSE_UNAVAILABLE)
    {
        request.asked = ngx_mfa_str(&r->unparsed_uri);
    }

    if (portal->cause == MFA_CAUSE_LOGOUT) {
        request.asked = ngx_mfa_str(&ngx_mfa_ctx_get(r)->asked);
        request.forwarded = ngx_mfa_forward_cookies(ngx_mfa_ctx_get(r));
    }

    if (ngx_mfa_exchange_copy(&request, mfa_job_arena(portal->job),
                              mfa_job_request(portal->job))
        != NGX_OK)
    {
        return ngx_mfa_exchange_plain(r, 503);
    }

    if (body.len) {
        ngx_mfa_portal_wipe(r, body);
    }

    r->write_event_handler = ngx_mfa_portal_resume;

    portal->began = ngx_mfa_metric_time();

    if (ngx_mfa_portal_post(portal, ngx_mfa_portal_run, mmcf->pool)
        != NGX_OK)
    {
        ngx_mfa_metric_count(portal->realm, MFA_METRIC_REFUSED_PAGE);
        mfa_job_busy(portal->job);
        return ngx_mfa_exchange_send(r, mfa_job_reply(portal->job));
    }

    return NGX_AGAIN;
}


static void
ngx_mfa_portal_timer_stop(ngx_mfa_portal_t *portal)
{
    if (portal->timer.timer_set) {
        ngx_del_timer(&portal->timer);
    }
}


static void
ngx_mfa_portal_body_ready(ngx_http_request_t *r)
{
    ngx_int_t          rc;
    mfa_str_t          body;
    ngx_mfa_portal_t  *portal;

    portal = ngx_mfa_ctx_get(r)->portal;

    ngx_mfa_portal_timer_stop(portal);

    body = ngx_mfa_portal_body(r);

    if (body.data == NULL) {
        portal->cause = MFA_CAUSE_MALFORMED;
        body = mfa_str("");
    }

    rc = ngx_mfa_portal_start(portal, body);

    if (rc != NGX_AGAIN || !portal->task.is_busy) {
        ngx_http_finalize_request(r, rc);
    }
}


/* client_body_timeout is about two reads; a slow drip ends here */

static void
ngx_mfa_portal_timeout(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ((ngx_connection_t *) ev->data)->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    c->timedout = 1;

    ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_mfa_portal_read(ngx_http_request_t *r, ngx_mfa_portal_t *portal)
{
    ngx_int_t  rc;

    portal->dummy.data = r;
    portal->dummy.fd = r->connection->fd;
    portal->timer.data = &portal->dummy;
    portal->timer.handler = ngx_mfa_portal_timeout;
    portal->timer.log = r->connection->log;
    ngx_add_timer(&portal->timer, NGX_MFA_BODY_TIMEOUT);

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_mfa_portal_body_ready);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_mfa_portal_timer_stop(portal);
        return rc;
    }

    return NGX_DONE;
}


void
ngx_mfa_portal_free(ngx_mfa_portal_t *portal)
{
    ngx_mfa_portal_timer_stop(portal);
    ngx_mfa_hash_leave(&portal->hash_place);
    mfa_job_close(&portal->job);
}


/* NGX_BUSY: it may need a hash, and there is no place to wait for one */

static ngx_int_t
ngx_mfa_portal_enter(ngx_http_request_t *r, ngx_mfa_portal_t *portal)
{
    uint64_t        person;
    mfa_request_t   request;
    mfa_hashing_t   hashing;

    if (portal->cause != MFA_CAUSE_ASKED || r->method != NGX_HTTP_POST) {
        return NGX_OK;
    }

    request.method = MFA_METHOD_POST;
    request.path = ngx_mfa_str(&r->uri);
    request.cookies = ngx_mfa_ctx_get(r)->cookies;

    hashing = mfa_hashing(portal->realm->realm, &request, &person);

    if (hashing == MFA_HASHING_NONE) {
        return NGX_OK;
    }

    return ngx_mfa_hash_enter(&portal->hash_place, hashing, person);
}


static ngx_int_t
ngx_mfa_portal_busy(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    mfa_t              *mfa;
    mfa_request_t       request;
    const mfa_reply_t  *busy;

    mfa = ngx_mfa_worker_mfa(realm);
    busy = NULL;

    if (mfa) {
        ngx_mfa_exchange_request(r, &request);
        busy = mfa_busy(mfa, &request);
    }

    return busy ? ngx_mfa_exchange_send(r, busy)
                : ngx_mfa_exchange_plain(r, NGX_HTTP_SERVICE_UNAVAILABLE);
}


static ngx_uint_t
ngx_mfa_portal_has_body(ngx_http_request_t *r)
{
    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}


static mfa_cause_t
ngx_mfa_portal_cause(ngx_http_request_t *r, ngx_mfa_ctx_t *ctx,
    const ngx_mfa_realm_t *realm)
{
    mfa_cause_t  cause;

    if (ctx->cause != MFA_CAUSE_ASKED) {
        cause = ctx->cause;
        ctx->cause = MFA_CAUSE_ASKED;
        return cause;
    }

    if (!ngx_mfa_host_is_public(r, realm)
        && ngx_mfa_host_other(r, realm).len == 0)
    {
        return MFA_CAUSE_MISDIRECTED;
    }

    /* framing of chunks has no bound; no form comes so */

    if (r->method == NGX_HTTP_POST
        && (r->headers_in.chunked
            || r->headers_in.content_length_n > MFA_BODY_MAX))
    {
        return MFA_CAUSE_MALFORMED;
    }

    return MFA_CAUSE_ASKED;
}


ngx_int_t
ngx_mfa_portal_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_portal_t    *portal;
    ngx_mfa_loc_conf_t  *mlcf;

    if (r != r->main) {
        return NGX_HTTP_FORBIDDEN;
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);
    ctx = ngx_mfa_ctx_make(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->cause == MFA_CAUSE_ASKED
        && !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST)))
    {
        ngx_mfa_exchange_drain(r);
        return ngx_mfa_exchange_plain(r, NGX_HTTP_NOT_ALLOWED);
    }

    portal = ngx_pcalloc(r->pool, sizeof(ngx_mfa_portal_t));
    if (portal == NULL || ctx->portal) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    portal->request = r;
    portal->realm = mlcf->realm;
    portal->status = MFA_UNAVAILABLE;
    portal->cause = ngx_mfa_portal_cause(r, ctx, mlcf->realm);
    ctx->portal = portal;

    if (ngx_mfa_portal_enter(r, portal) != NGX_OK) {
        ngx_mfa_metric_count(portal->realm, MFA_METRIC_REFUSED_HASH);
        ngx_mfa_exchange_drain(r);
        return ngx_mfa_portal_busy(r, portal->realm);
    }

    if (portal->cause == MFA_CAUSE_ASKED
        && r->method == NGX_HTTP_POST
        && ngx_mfa_portal_has_body(r)
        && ngx_mfa_worker_mfa(portal->realm))
    {
        return ngx_mfa_portal_read(r, portal);
    }

    ngx_mfa_exchange_drain(r);

    rc = ngx_mfa_portal_start(portal, mfa_str(""));

    if (rc == NGX_AGAIN && portal->task.is_busy) {
        /* until the answer; nginx lowers it for NGX_DONE */
        r->main->count++;
        return NGX_DONE;
    }

    return rc;
}


/* a form is small and stays in memory, whatever the operator allows his
 * applications (F10) */

void
ngx_mfa_portal_limits(ngx_conf_t *cf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    clcf->client_max_body_size = NGX_MFA_BODY_BUFFER;
    clcf->client_body_buffer_size = NGX_MFA_BODY_BUFFER;
    clcf->client_body_timeout = NGX_MFA_BODY_TIMEOUT;
    clcf->client_body_in_file_only = 0;
}


char *
ngx_mfa_portal_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (mlcf->is_portal) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named
        || clcf->exact_match
        || clcf->noname
#if (NGX_PCRE)
        || clcf->regex
#endif
        || clcf->name.len < 2
        || clcf->name.data[0] != '/'
        || clcf->name.data[clcf->name.len - 1] != '/')
    {
        return "needs a prefix location that ends in \"/\", as \"/mfa/\"";
    }

    mlcf->is_portal = 1;
    mlcf->portal_file = cf->conf_file->file.name.data;
    mlcf->portal_line = cf->conf_file->line;

    clcf->handler = ngx_mfa_portal_handler;

    /* a regular expression for, say, images must not take our pages away */
    clcf->noregex = 1;

    return NGX_CONF_OK;
}
