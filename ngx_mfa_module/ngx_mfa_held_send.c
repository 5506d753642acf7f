/*
 * A form that was kept takes the place of the request that asks for it (L9).
 *
 * Only for those who pass, at the address it was sent to at first, and once:
 * it is spent, on disk, before the application sees any of it. So the
 * application gets it once or, where it fails in that moment, never. That
 * comes last, just before the content: whom another rule of the location
 * refuses still has the form.
 */

#include "ngx_mfa_held.h"


#define NGX_MFA_HELD_TYPE  "application/x-www-form-urlencoded"


/* in a thread */

static void
ngx_mfa_held_take(void *data)
{
    ngx_mfa_held_t *held = data;

    held->status = mfa_resend_take(held->job, &held->resend);
}


static void
ngx_mfa_held_taken(ngx_http_request_t *r)
{
    if (ngx_mfa_ctx_get(r)->held->task.is_busy) {
        return;
    }

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


static void
ngx_mfa_held_field_read(ngx_http_request_t *r)
{
    ngx_mfa_ctx_get(r)->held->state = NGX_MFA_HELD_ASKED;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


/* a request of an application that only looks like one keeps its body */

static ngx_int_t
ngx_mfa_held_field(ngx_http_request_t *r, u_char field[MFA_RESEND_FIELD])
{
    size_t        n, len;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (b->in_file) {
            n = (size_t) (b->file_last - b->file_pos);

            if (n != MFA_RESEND_FIELD
                || ngx_read_file(b->file, field, n, b->file_pos)
                   != (ssize_t) n)
            {
                return NGX_DECLINED;
            }

            return NGX_OK;
        }

        n = (size_t) (b->last - b->pos);

        /* HTTP/2: the end alone, which points nowhere */

        if (n == 0) {
            continue;
        }

        if (n > MFA_RESEND_FIELD - len) {
            return NGX_DECLINED;
        }

        ngx_memcpy(field + len, b->pos, n);
        len += n;
    }

    return len == MFA_RESEND_FIELD ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_mfa_held_plain(ngx_http_request_t *r, unsigned status)
{
    return ngx_mfa_answer_final(r, ngx_mfa_exchange_plain(r, status));
}


static ngx_int_t
ngx_mfa_held_look(ngx_mfa_held_t *held, const mfa_identity_t *identity)
{
    u_char               field[MFA_RESEND_FIELD];
    ngx_uint_t           failed;
    mfa_request_t        request, *copy;
    ngx_http_request_t  *r;

    r = held->request;

    if (ngx_mfa_held_field(r, field) != NGX_OK
        || !mfa_resend_is_field(mfa_str_bytes(field, sizeof(field))))
    {
        held->state = NGX_MFA_HELD_DONE;
        return NGX_DECLINED;
    }

    ngx_mfa_exchange_request(r, &request);

    if (mfa_hold_judge(held->conf->realm->realm, &request)
        != MFA_VERDICT_PASS)
    {
        return ngx_mfa_held_plain(r, 403);
    }

    held->job = held->mfa ? mfa_job_open(held->mfa) : NULL;
    if (held->job == NULL) {
        return ngx_mfa_held_plain(r, 503);
    }

    copy = mfa_job_request(held->job);

    failed = 0;
    failed |= ngx_mfa_exchange_copy(&request, mfa_job_arena(held->job), copy)
              != NGX_OK;
    failed |= ngx_mfa_held_copy(held, ngx_mfa_held_address(r),
                                &held->resend.address) != NGX_OK;
    failed |= ngx_mfa_held_copy(held, mfa_str_bytes(field, sizeof(field)),
                                &held->resend.field) != NGX_OK;

    ngx_memcpy(held->resend.session, identity->key, MFA_DIGEST_SIZE);
    held->resend.host = copy->host;
    held->resend.cookies = copy->cookies;
    held->resend.room = ngx_mfa_held_room;
    held->resend.ctx = held;
    held->state = NGX_MFA_HELD_TAKING;

    if (failed
        || ngx_mfa_held_post(held, ngx_mfa_held_take, ngx_mfa_held_taken)
           != NGX_OK)
    {
        return ngx_mfa_held_plain(r, 503);
    }

    return NGX_AGAIN;
}


/*
 * Both the list, which goes to the application, and the pointer, which is
 * for variables: they may be two copies. An empty value: none.
 */

static ngx_int_t
ngx_mfa_held_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_table_elt_t **known, mfa_str_t value)
{
    ngx_uint_t        i, is_there;
    ngx_str_t         text;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    is_there = 0;
    text.len = value.len;
    text.data = (u_char *) (uintptr_t) value.data;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len != name->len
                || ngx_strncasecmp(h[i].key.data, name->data, name->len) != 0)
            {
                continue;
            }

            /* the strip takes away what has no name */

            if (is_there || value.len == 0) {
                h[i].key.len = 0;
            }

            h[i].value = text;
            is_there = 1;
        }
    }

    if (value.len == 0) {
        *known = NULL;
        return NGX_OK;
    }

    if (*known) {
        (*known)->value = text;
    }

    if (is_there) {
        return NGX_OK;
    }

    h = ngx_list_push(&r->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key = *name;
    h->value = text;
    h->lowcase_key = ngx_pnalloc(r->pool, name->len);
    ngx_mfa_set_next(h);

    if (h->lowcase_key == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, name->data, name->len);
    *known = h;

    return NGX_OK;
}


static ngx_int_t
ngx_mfa_held_headers(ngx_mfa_held_t *held)
{
    u_char              *p;
    size_t               i;
    mfa_str_t            values[4];
    ngx_table_elt_t     *origin, **known[4];
    ngx_http_request_t  *r;
    const mfa_held_t    *form;

    static ngx_str_t  names[] = {
        ngx_string("Content-Type"), ngx_string("Content-Length"),
        ngx_string("Referer"), ngx_string("Origin")
    };

    r = held->request;
    form = &held->resend.held;
    origin = NULL;

    p = ngx_pnalloc(r->pool, NGX_OFF_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    values[0] = form->type;
    values[1] = mfa_str_bytes(p, (size_t) (ngx_sprintf(p, "%uz", held->size)
                                           - p));
    values[2] = form->referer;
    values[3] = form->origin;

    known[0] = &r->headers_in.content_type;
    known[1] = &r->headers_in.content_length;
    known[2] = &r->headers_in.referer;
    known[3] = &origin;

    for (i = 0; i < 4; i++) {
        if (ngx_mfa_held_header(r, &names[i], known[i], values[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    r->headers_in.content_length_n = (off_t) held->size;
    r->headers_in.chunked = 0;

    return ngx_mfa_identity_strip(r);
}


/*
 * In memory to the end, and so never in clear in a file: nginx writes only
 * what it reads from a client, and this it did not read.
 */

static ngx_int_t
ngx_mfa_held_put(ngx_mfa_held_t *held)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_request_t       *r;
    ngx_http_request_body_t  *rb;

    r = held->request;

    rb = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (rb == NULL || b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->start = (u_char *) held->body;
    b->pos = b->start;
    b->last = b->start + held->size;
    b->end = b->last;
    b->memory = 1;
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    rb->bufs = cl;
    rb->rest = 0;
    rb->received = (off_t) held->size;
    rb->last_saved = 1;

    r->request_body = rb;
    r->request_body_no_buffering = 0;

    return ngx_mfa_held_headers(held);
}


/* the strip took away what the gate had said of the person */

static ngx_int_t
ngx_mfa_held_dress(ngx_mfa_held_t *held, mfa_identity_t *identity)
{
    ngx_http_request_t  *r;

    r = held->request;

    return ngx_mfa_held_put(held) == NGX_OK
           && ngx_mfa_identity_set(r, held->conf->headers, identity) == NGX_OK
           && ngx_mfa_upstream_set(r, held->conf, identity) == NGX_OK
           ? NGX_DECLINED : ngx_mfa_held_plain(r, 503);
}


static ngx_int_t
ngx_mfa_held_apply(ngx_mfa_held_t *held, mfa_identity_t *identity)
{
    mfa_arena_t         *arena;
    mfa_reply_t          reply;
    ngx_http_request_t  *r;

    r = held->request;
    held->state = NGX_MFA_HELD_DONE;

    if (held->status == MFA_OK) {
        return ngx_mfa_held_dress(held, identity);
    }

    ngx_mfa_held_wipe(held);

    if (mfa_status_is_fault(held->status) && held->status != MFA_DAMAGED) {
        return ngx_mfa_held_plain(r, 503);
    }

    arena = ngx_mfa_exchange_arena(r, 64 * 1024);

    if (arena == NULL
        || mfa_resend_page(held->conf->realm->realm, held->resend.host,
                           held->resend.id, arena, &reply)
           != MFA_OK)
    {
        return ngx_mfa_held_plain(r, 503);
    }

    return ngx_mfa_answer_final(r, ngx_mfa_exchange_send(r, &reply));
}


static ngx_uint_t
ngx_mfa_held_may_send(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    ngx_mfa_ctx_t *ctx)
{
    ngx_table_elt_t  *type;

    type = r->headers_in.content_type;

    return r == r->main
           && r->method == NGX_HTTP_POST
           && r->headers_in.content_length_n == (off_t) MFA_RESEND_FIELD
           && !r->headers_in.chunked
           && !mlcf->is_check
           && r->request_body == NULL
           && !r->discard_body
           && type
           && type->value.len >= sizeof(NGX_MFA_HELD_TYPE) - 1
           && ngx_strncasecmp(type->value.data, (u_char *) NGX_MFA_HELD_TYPE,
                              sizeof(NGX_MFA_HELD_TYPE) - 1) == 0
           && mfa_resend_has_cookie(mlcf->realm->realm, &ctx->cookies)
           && ngx_mfa_held_is_host(r, mlcf->realm);
}


static ngx_int_t
ngx_mfa_held_ask(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_int_t        rc;
    ngx_mfa_held_t  *held;

    held = ngx_mfa_held_make(r, mlcf);
    if (held == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    held->state = NGX_MFA_HELD_ASKING;

    rc = ngx_http_read_client_request_body(r, ngx_mfa_held_field_read);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    /* the reference that the reading took */

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


ngx_int_t
ngx_mfa_held_send(ngx_http_request_t *r)
{
    ngx_mfa_ctx_t       *ctx;
    mfa_identity_t      *identity;
    ngx_mfa_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);
    ctx = ngx_mfa_ctx_get(r);

    if (r != r->main || mlcf->realm == NULL || ctx == NULL || !ctx->is_passed)
    {
        return NGX_DECLINED;
    }

    identity = ngx_mfa_gate_identity(r, mlcf->realm);

    if (identity == NULL) {
        return NGX_DECLINED;
    }

    if (ctx->held == NULL) {
        return ngx_mfa_held_may_send(r, mlcf, ctx) ? ngx_mfa_held_ask(r, mlcf)
                                                   : NGX_DECLINED;
    }

    switch (ctx->held->state) {

    case NGX_MFA_HELD_ASKED:
        return ngx_mfa_held_look(ctx->held, identity);

    case NGX_MFA_HELD_TAKING:
        return ngx_mfa_held_apply(ctx->held, identity);

    default:
        return NGX_DECLINED;
    }
}


/*
 * Handlers are asked from the last to the first: nginx's "try_files" before,
 * for it may lead to where other rules are in force, its "mirror" behind, for
 * it is to see the form.
 */

ngx_int_t
ngx_mfa_held_hook(ngx_conf_t *cf)
{
    ngx_uint_t                  i, n;
    ngx_array_t                *handlers;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    handlers = &cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }

    h = handlers->elts;
    n = handlers->nelts > 2 ? 1 : 0;

    for (i = handlers->nelts - 1; i > n; i--) {
        h[i] = h[i - 1];
    }

    h[n] = ngx_mfa_held_send;

    return NGX_OK;
}
