/*
 * A form that came after the end of a session, or where more is asked for
 * than the session has proved, is kept until its owner can send it (L9).
 *
 * Decides nothing about people: the gate says who is refused. The body is
 * read piece by piece into memory of ours, wiped as soon as it is sealed, and
 * never into a file of nginx's. Whatever is wrong, the request is refused as
 * ever.
 */

#include "ngx_mfa_held.h"


/* of all requests of this worker; threads count as well */
static ngx_atomic_t  ngx_mfa_held_used;

/* bodies that are read for keeping; loop only */
static ngx_queue_t   ngx_mfa_held_reading = {
    &ngx_mfa_held_reading, &ngx_mfa_held_reading
};


void
ngx_mfa_held_wipe(ngx_mfa_held_t *held)
{
    if (held->reading.next) {
        ngx_queue_remove(&held->reading);
        held->reading.next = NULL;
    }

    if (held->body == NULL) {
        return;
    }

    mfa_wipe(held->body, held->size);
    ngx_free(held->body);
    held->body = NULL;

    (void) ngx_atomic_fetch_add(&ngx_mfa_held_used,
                                -(ngx_atomic_int_t) held->size);
}


char *
ngx_mfa_held_room(void *data, size_t size)
{
    ngx_mfa_held_t *held = data;

    ngx_atomic_int_t  before;

    if (held->body || size > NGX_MFA_HELD_MEMORY) {
        return NULL;
    }

    before = ngx_atomic_fetch_add(&ngx_mfa_held_used,
                                  (ngx_atomic_int_t) size);

    if (before + (ngx_atomic_int_t) size <= NGX_MFA_HELD_MEMORY) {
        held->body = malloc(size);
    }

    if (held->body == NULL) {
        (void) ngx_atomic_fetch_add(&ngx_mfa_held_used,
                                    -(ngx_atomic_int_t) size);
        return NULL;
    }

    held->size = size;

    return held->body;
}


static void
ngx_mfa_held_cleanup(void *data)
{
    ngx_mfa_held_t *held = data;

    ngx_mfa_held_wipe(held);
    mfa_job_close(&held->job);
}


ngx_mfa_held_t *
ngx_mfa_held_make(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_mfa_ctx_t       *ctx;
    ngx_mfa_held_t      *held;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_mfa_ctx_make(r);
    if (ctx == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_mfa_held_t));
    if (cln == NULL) {
        return NULL;
    }

    held = cln->data;
    ngx_memzero(held, sizeof(ngx_mfa_held_t));

    cln->handler = ngx_mfa_held_cleanup;

    held->request = r;
    held->conf = mlcf;
    held->mfa = ngx_mfa_worker_mfa(mlcf->realm);
    held->status = MFA_UNAVAILABLE;
    ctx->held = held;

    return held;
}


ngx_int_t
ngx_mfa_held_copy(ngx_mfa_held_t *held, mfa_str_t s, mfa_str_t *copy)
{
    *copy = mfa_str("");

    if (s.len == 0) {
        return NGX_OK;
    }

    return mfa_arena_copy(mfa_job_arena(held->job), s, copy) == MFA_OK
           ? NGX_OK : NGX_ERROR;
}


/* on the loop, also when the client has left: what happened is told */

static void
ngx_mfa_held_done(void *data)
{
    ngx_mfa_held_t *held = data;

    ngx_mfa_event_write(held->conf->realm, held->job, &held->events);
}


ngx_int_t
ngx_mfa_held_post(ngx_mfa_held_t *held, void (*run)(void *data),
    ngx_http_event_handler_pt resume)
{
    ngx_http_request_t   *r;
    ngx_mfa_main_conf_t  *mmcf;

    r = held->request;
    mmcf = ngx_http_get_module_main_conf(r, ngx_mfa_module);

    held->task.request = r;
    held->task.run = run;
    held->task.done = ngx_mfa_held_done;
    held->task.data = held;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = resume;

    return ngx_mfa_task_post(&held->task, mmcf->pool);
}


ngx_uint_t
ngx_mfa_held_is_host(ngx_http_request_t *r, const ngx_mfa_realm_t *realm)
{
    return ngx_mfa_host_is_public(r, realm)
           || ngx_mfa_host_other(r, realm).len > 0;
}


mfa_str_t
ngx_mfa_held_address(ngx_http_request_t *r)
{
    size_t      i;
    ngx_str_t  *uri;

    uri = &r->unparsed_uri;

    if (uri->len == 0
        || uri->len > MFA_HELD_ADDRESS_MAX
        || uri->data[0] != '/')
    {
        return mfa_str("");
    }

    for (i = 0; i < uri->len; i++) {
        if (uri->data[i] <= ' ' || uri->data[i] >= 0x7f) {
            return mfa_str("");
        }
    }

    return ngx_mfa_str(uri);
}


mfa_str_t
ngx_mfa_held_id(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t  *ctx;

    ctx = ngx_mfa_ctx_get(r);

    return ctx && ctx->held && ctx->held->state == NGX_MFA_HELD_KEEPING
           && !ctx->held->task.is_busy
           ? ctx->held->hold.id : mfa_str("");
}


/* in a thread */

static void
ngx_mfa_held_run(void *data)
{
    ngx_mfa_held_t *held = data;

    mfa_hold(held->job, &held->hold);
}


/* on the loop: kept or not, the answer is that of a refusal */

static void
ngx_mfa_held_resume(ngx_http_request_t *r)
{
    ngx_mfa_held_t  *held;

    held = ngx_mfa_ctx_get(r)->held;

    if (held->task.is_busy) {
        return;
    }

    ngx_mfa_held_wipe(held);

    (void) ngx_mfa_answer_refuse(r, held->conf, held->is_step_up);
}


static ngx_int_t
ngx_mfa_held_start(ngx_mfa_held_t *held)
{
    ngx_uint_t           failed;
    mfa_held_t          *form;
    mfa_request_t        request;
    ngx_http_request_t  *r;

    r = held->request;
    form = &held->hold.held;

    held->job = mfa_job_open(held->mfa);
    if (held->job == NULL) {
        return NGX_ERROR;
    }

    ngx_mfa_exchange_request(r, &request);

    failed = 0;
    failed |= ngx_mfa_exchange_copy(&request, mfa_job_arena(held->job),
                                    mfa_job_request(held->job)) != NGX_OK;
    failed |= ngx_mfa_held_copy(held, ngx_mfa_held_address(r), &form->address)
              != NGX_OK;

    form->method = mfa_str("POST");
    form->host = mfa_job_request(held->job)->host;
    form->type = mfa_job_request(held->job)->content_type;
    form->origin = mfa_job_request(held->job)->origin;
    form->referer = mfa_job_request(held->job)->referer;

    held->hold.body = mfa_str_bytes(held->body, held->len);

    if (failed) {
        return NGX_ERROR;
    }

    return ngx_mfa_held_post(held, ngx_mfa_held_run, ngx_mfa_held_resume);
}


/* what nginx has read so far; its own copy is wiped */

static void
ngx_mfa_held_collect(ngx_mfa_held_t *held)
{
    size_t               n;
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = held->request;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;
        n = (size_t) (b->last - b->pos);

        /* HTTP/2: the end alone, which points nowhere */

        if (n == 0) {
            continue;
        }

        if (n > held->size - held->len) {
            n = held->size - held->len;
        }

        ngx_memcpy(held->body + held->len, b->pos, n);
        mfa_wipe(b->pos, n);

        held->len += n;
        b->pos = b->last;
    }

    r->request_body->bufs = NULL;
}


/*
 * As the upstream module reads a body that it does not buffer. All of it must
 * be here: a body that ends early never gets as far.
 */

static void
ngx_mfa_held_read(ngx_http_request_t *r)
{
    ngx_int_t        rc;
    ngx_mfa_held_t  *held;

    held = ngx_mfa_ctx_get(r)->held;

    for ( ;; ) {
        ngx_mfa_held_collect(held);

        if (!r->reading_body) {
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    if (held->len != held->size || ngx_mfa_held_start(held) != NGX_OK) {
        (void) ngx_mfa_answer_refuse(r, held->conf, held->is_step_up);
    }
}


static void
ngx_mfa_held_body(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_mfa_held_read;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_mfa_held_read(r);
}


/* whoever waits for 100 Continue may never send the body (F9), and framing
 * of chunks has no bound */

static ngx_uint_t
ngx_mfa_held_may_keep(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    off_t           most;
    mfa_request_t   request;
    ngx_mfa_ctx_t  *ctx;

    most = (off_t) mfa_realm_legacy(mlcf->realm->realm)->held_form;
    ctx = ngx_mfa_ctx_get(r);

    if (r != r->main
        || r->method != NGX_HTTP_POST
        || mlcf->is_check
        || ctx == NULL
        || ctx->held
        || r->request_body
        || r->discard_body
        || r->headers_in.chunked
        || r->headers_in.expect
        || r->headers_in.content_length_n <= 0
        || r->headers_in.content_length_n > most)
    {
        return 0;
    }

    ngx_mfa_exchange_request(r, &request);

    return mfa_is_page_load(&request)
           && mfa_hold_judge(mlcf->realm->realm, &request) == MFA_VERDICT_PASS
           && ngx_mfa_held_is_host(r, mlcf->realm)
           && ngx_mfa_held_address(r).len > 0
           && ngx_mfa_worker_mfa(mlcf->realm);
}


static ngx_uint_t
ngx_mfa_held_is_greedy(const mfa_identity_t *identity)
{
    ngx_uint_t       n;
    ngx_queue_t     *q;
    ngx_mfa_held_t  *held;

    n = 0;

    for (q = ngx_queue_head(&ngx_mfa_held_reading);
         q != ngx_queue_sentinel(&ngx_mfa_held_reading);
         q = ngx_queue_next(q))
    {
        held = ngx_queue_data(q, ngx_mfa_held_t, reading);

        if (ngx_memcmp(held->user.bytes, identity->user_id.bytes, MFA_ID_SIZE)
            == 0)
        {
            n++;
        }
    }

    return n >= NGX_MFA_HELD_PERSON;
}


ngx_int_t
ngx_mfa_held_keep(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_decision_t *d, ngx_uint_t is_step_up)
{
    ngx_int_t              rc;
    ngx_mfa_held_t        *held;
    const mfa_identity_t  *identity;

    identity = is_step_up ? d->identity : d->past;

    if (identity == NULL
        || !ngx_mfa_held_may_keep(r, mlcf)
        || ngx_mfa_held_is_greedy(identity))
    {
        return NGX_DECLINED;
    }

    held = ngx_mfa_held_make(r, mlcf);

    if (held == NULL
        || ngx_mfa_held_room(held, (size_t) r->headers_in.content_length_n)
           == NULL)
    {
        return NGX_DECLINED;
    }

    held->is_step_up = is_step_up;
    ngx_memcpy(held->hold.session, identity->key, MFA_DIGEST_SIZE);

    held->user = identity->user_id;
    ngx_queue_insert_tail(&ngx_mfa_held_reading, &held->reading);

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_mfa_held_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    /* the reference that the reading took */

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}
