/*
 * nginx request -> mfa_request_t, mfa_reply_t -> nginx answer.
 *
 * The one edge between both worlds; takes no decision. What goes into a job
 * is copied, so that a thread never reads a request.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_DRAIN_MAX  (64 * 1024)


/* request headers the core reads; absent ones stay NULL */

typedef struct {
    ngx_str_t  name;
    size_t     offset;
} ngx_mfa_exchange_field_t;

#define ngx_mfa_field(name, member)                                           \
    { ngx_string(name), offsetof(mfa_request_t, member) }

static const ngx_mfa_exchange_field_t  ngx_mfa_exchange_fields[] = {
    ngx_mfa_field("content-type", content_type),
    ngx_mfa_field("origin", origin),
    ngx_mfa_field("referer", referer),
    ngx_mfa_field("accept", accept),
    ngx_mfa_field("accept-language", accept_language),
    ngx_mfa_field("user-agent", user_agent),
    ngx_mfa_field("x-requested-with", x_requested_with),
    ngx_mfa_field("sec-fetch-site", sec_fetch_site),
    ngx_mfa_field("sec-fetch-mode", sec_fetch_mode),
    ngx_mfa_field("sec-fetch-dest", sec_fetch_dest),
    ngx_mfa_field("sec-purpose", sec_purpose),
    ngx_mfa_field("purpose", purpose)
};

#define NGX_MFA_FIELDS                                                        \
    (sizeof(ngx_mfa_exchange_fields) / sizeof(ngx_mfa_exchange_fields[0]))


static void
ngx_mfa_exchange_arena_close(void *data)
{
    mfa_arena_t  *arena = data;

    mfa_arena_close(&arena);
}


mfa_arena_t *
ngx_mfa_exchange_arena(ngx_http_request_t *r, size_t limit)
{
    mfa_arena_t         *arena;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    arena = mfa_arena_open(limit);
    if (arena == NULL) {
        return NULL;
    }

    cln->handler = ngx_mfa_exchange_arena_close;
    cln->data = arena;

    return arena;
}


/* a header that comes twice is one list (RFC 9110 section 5.2); none of
 * those that decide something is then what a browser sends */

static void
ngx_mfa_exchange_field(ngx_http_request_t *r, mfa_str_t *field,
    ngx_table_elt_t *h)
{
    u_char  *p;
    size_t   len;

    if (field->data == NULL) {
        *field = ngx_mfa_str(&h->value);
        return;
    }

    len = field->len + 2 + h->value.len;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        *field = mfa_str(",");
        return;
    }

    ngx_memcpy(p, field->data, field->len);
    ngx_memcpy(p + field->len, ", ", 2);
    ngx_memcpy(p + field->len + 2, h->value.data, h->value.len);

    *field = mfa_str_bytes(p, len);
}


static void
ngx_mfa_exchange_header(ngx_http_request_t *r, mfa_request_t *request,
    ngx_table_elt_t *h)
{
    size_t                           i;
    const ngx_mfa_exchange_field_t  *f;

    for (i = 0; i < NGX_MFA_FIELDS; i++) {
        f = &ngx_mfa_exchange_fields[i];

        if (h->key.len == f->name.len
            && ngx_strncmp(h->lowcase_key, f->name.data, f->name.len) == 0)
        {
            ngx_mfa_exchange_field(r, (mfa_str_t *)
                                   ((char *) request + f->offset), h);
            return;
        }
    }
}


static mfa_method_t
ngx_mfa_exchange_method(ngx_http_request_t *r)
{
    switch (r->method) {

    case NGX_HTTP_GET:
        return MFA_METHOD_GET;

    case NGX_HTTP_HEAD:
        return MFA_METHOD_HEAD;

    case NGX_HTTP_POST:
        return MFA_METHOD_POST;

    default:
        return MFA_METHOD_OTHER;
    }
}


/* the address nginx holds for the client's: its realip module has put the
 * right one there, and no header is looked at (G7) */

void
ngx_mfa_exchange_address(ngx_http_request_t *r, mfa_address_t *address)
{
    struct sockaddr      *sa;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    sa = r->connection->sockaddr;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        address->len = 4;
        ngx_memcpy(address->bytes, &sin->sin_addr.s_addr, 4);
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;

        if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            address->len = 4;
            ngx_memcpy(address->bytes, &sin6->sin6_addr.s6_addr[12], 4);
            break;
        }

        address->len = 16;
        ngx_memcpy(address->bytes, sin6->sin6_addr.s6_addr, 16);
        break;
#endif

    default:
        address->len = 0;
    }
}


void
ngx_mfa_exchange_request(ngx_http_request_t *r, mfa_request_t *request)
{
    ngx_uint_t           i;
    ngx_mfa_ctx_t       *ctx;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h;
    ngx_mfa_loc_conf_t  *mlcf;

    ngx_memzero(request, sizeof(mfa_request_t));

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    request->host = ngx_mfa_host_other(r, mlcf->realm);
    request->method = ngx_mfa_exchange_method(r);
    request->path = ngx_mfa_str(&r->uri);
    request->query = ngx_mfa_str(&r->args);

    ctx = ngx_mfa_ctx_get(r);

    if (ctx) {
        request->cookies = ctx->cookies;
    }

    ngx_mfa_exchange_address(r, &request->address);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            ngx_mfa_exchange_header(r, request, &h[i]);
        }
    }
}


void
ngx_mfa_exchange_asked(ngx_http_request_t *r, mfa_str_t *path,
    mfa_str_t *query)
{
    u_char     *p;
    ngx_str_t  *uri;

    uri = &r->unparsed_uri;

    p = uri->len ? ngx_strlchr(uri->data, uri->data + uri->len, '?') : NULL;

    if (p == NULL) {
        *path = ngx_mfa_str(uri);
        *query = mfa_null;
        return;
    }

    *path = mfa_str_bytes(uri->data, (size_t) (p - uri->data));
    p++;
    *query = mfa_str_bytes(p, (size_t) (uri->data + uri->len - p));
}


static ngx_int_t
ngx_mfa_exchange_dup(mfa_arena_t *arena, mfa_str_t *s)
{
    if (s->data == NULL) {
        return NGX_OK;
    }

    return mfa_arena_copy(arena, *s, s) == MFA_OK ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_mfa_exchange_dup_all(mfa_arena_t *arena, mfa_strs_t *list)
{
    size_t       i;
    mfa_str_t    s;
    mfa_strs_t   copy;
    ngx_uint_t   failed;

    failed = 0;
    ngx_memzero(&copy, sizeof(mfa_strs_t));

    for (i = 0; i < list->count; i++) {
        s = list->items[i];
        failed |= ngx_mfa_exchange_dup(arena, &s) != NGX_OK;
        failed |= mfa_strs_add(arena, &copy, s) != MFA_OK;
    }

    *list = copy;

    return failed;
}


ngx_int_t
ngx_mfa_exchange_copy(const mfa_request_t *request, mfa_arena_t *arena,
    mfa_request_t *copy)
{
    size_t       i;
    ngx_uint_t   failed;

    *copy = *request;

    failed = 0;
    failed |= ngx_mfa_exchange_dup(arena, &copy->path) != NGX_OK;
    failed |= ngx_mfa_exchange_dup(arena, &copy->query) != NGX_OK;
    failed |= ngx_mfa_exchange_dup(arena, &copy->asked) != NGX_OK;
    failed |= ngx_mfa_exchange_dup(arena, &copy->body) != NGX_OK;
    failed |= ngx_mfa_exchange_dup(arena, &copy->trusted) != NGX_OK;
    failed |= ngx_mfa_exchange_dup(arena, &copy->trusted_amr) != NGX_OK;

    for (i = 0; i < NGX_MFA_FIELDS; i++) {
        failed |= ngx_mfa_exchange_dup(arena, (mfa_str_t *)
                            ((char *) copy
                             + ngx_mfa_exchange_fields[i].offset)) != NGX_OK;
    }

    failed |= ngx_mfa_exchange_dup_all(arena, &copy->cookies);
    failed |= ngx_mfa_exchange_dup_all(arena, &copy->forwarded);

    return failed ? NGX_ERROR : NGX_OK;
}


void
ngx_mfa_exchange_drain(ngx_http_request_t *r)
{
    if (r != r->main || r->request_body || r->discard_body) {
        return;
    }

    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return;
    }

    /* who waits for 100 Continue may never send the body: the next request
     * on this connection could not be told from it */

    if (r->http_version < NGX_HTTP_VERSION_20
        && ((r->headers_in.expect && !r->expect_tested)
            || r->headers_in.chunked
            || r->headers_in.content_length_n > NGX_MFA_DRAIN_MAX))
    {
        r->expect_tested = 1;
        r->keepalive = 0;
        r->lingering_close = 1;
        return;
    }

    r->expect_tested = 1;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }
}


static void
ngx_mfa_exchange_type(ngx_http_request_t *r, const mfa_str_t *value)
{
    u_char     *p, *last;
    ngx_str_t   type;

    type.data = (u_char *) (uintptr_t) value->data;
    type.len = value->len;
    last = type.data + type.len;

    r->headers_out.content_type = type;
    r->headers_out.content_type_len = type.len;
    r->headers_out.content_type_lowcase = NULL;

    /* nginx's charset filter must not add another one */

    p = ngx_strlcasestrn(type.data, last, (u_char *) "; charset=",
                         sizeof("; charset=") - 2);
    if (p == NULL) {
        return;
    }

    r->headers_out.content_type_len = (size_t) (p - type.data);
    r->headers_out.charset.data = p + sizeof("; charset=") - 1;
    r->headers_out.charset.len = (size_t) (last - r->headers_out.charset.data);
}


static ngx_int_t
ngx_mfa_exchange_push(ngx_http_request_t *r, const mfa_pair_t *pair)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    /*
     * headers_out.location stays NULL, or nginx would make an address from
     * the Host header of a path.
     */

    h->hash = 1;
    h->key.data = (u_char *) (uintptr_t) pair->name.data;
    h->key.len = pair->name.len;
    h->value.data = (u_char *) (uintptr_t) pair->value.data;
    h->value.len = pair->value.len;
    h->lowcase_key = NULL;
    ngx_mfa_set_next(h);

    if (pair->name.len == sizeof("ETag") - 1
        && ngx_strncasecmp(h->key.data, (u_char *) "ETag", h->key.len) == 0)
    {
        r->headers_out.etag = h;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_mfa_exchange_is(const mfa_pair_t *pair, const char *name)
{
    return pair->name.len == ngx_strlen(name)
           && ngx_strncasecmp((u_char *) (uintptr_t) pair->name.data,
                              (u_char *) (uintptr_t) name, pair->name.len)
              == 0;
}


ngx_int_t
ngx_mfa_exchange_headers(ngx_http_request_t *r, const mfa_reply_t *reply)
{
    size_t             i;
    const mfa_pair_t  *pair;

    ngx_http_clean_header(r);

    r->err_status = 0;
    r->headers_out.status = reply->status;
    r->headers_out.content_length_n = (off_t) reply->body.len;

    for (i = 0; i < reply->headers.count; i++) {
        pair = &reply->headers.items[i];

        if (ngx_mfa_exchange_is(pair, "Content-Type")) {
            ngx_mfa_exchange_type(r, &pair->value);
            continue;
        }

        if (ngx_mfa_exchange_push(r, pair) != NGX_OK) {
            return NGX_ERROR;
        }
    }

#if (NGX_HTTP_GZIP)
    /* pages carry tokens beside typed text: they are never compressed */
    r->gzip_tested = 1;
    r->gzip_ok = 0;
#endif

    return NGX_OK;
}


ngx_int_t
ngx_mfa_exchange_body(ngx_http_request_t *r, const mfa_reply_t *reply)
{
    ngx_buf_t    *b;
    ngx_chain_t   out;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = (u_char *) (uintptr_t) reply->body.data;
    b->last = b->pos + reply->body.len;
    b->start = b->pos;
    b->end = b->last;
    b->memory = reply->body.len ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_mfa_exchange_send(ngx_http_request_t *r, const mfa_reply_t *reply)
{
    ngx_int_t       rc;
    ngx_mfa_ctx_t  *ctx;

    ctx = ngx_mfa_ctx_make(r);

    if (ctx == NULL || ngx_mfa_exchange_headers(r, reply) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->is_sent = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_mfa_exchange_body(r, reply);
}


/* what a program that is no browser reads */

static const mfa_str_t *
ngx_mfa_exchange_json(unsigned status)
{
    static const mfa_str_t  no_access =
        mfa_str_static("{\"error\":\"no_access\"}\n");
    static const mfa_str_t  unavailable =
        mfa_str_static("{\"error\":\"unavailable\"}\n");

    return status == 403 ? &no_access : &unavailable;
}


void
ngx_mfa_exchange_text(ngx_http_request_t *r, unsigned status,
    ngx_uint_t is_page, mfa_reply_t *reply)
{
    size_t               i;
    mfa_arena_t         *arena;
    ngx_mfa_loc_conf_t  *mlcf;

    arena = ngx_mfa_exchange_arena(r, 8192);

    mlcf = ngx_http_get_module_loc_conf(r, ngx_mfa_module);

    if (mlcf->realm) {
        mfa_realm_plain(mlcf->realm->realm, status, arena, reply);

    } else {
        mfa_plain_reply(status, arena, reply);
    }

    if (arena && status == NGX_HTTP_NOT_ALLOWED
        && mfa_pairs_add(arena, &reply->headers, mfa_str("Allow"),
                         mfa_str("GET, HEAD, POST"))
           != MFA_OK)
    {
        reply->headers.count = 0;
    }

    if (is_page || (status != 403 && status != 503)) {
        return;
    }

    for (i = 0; i < reply->headers.count; i++) {
        if (ngx_mfa_exchange_is(&reply->headers.items[i], "Content-Type")) {
            reply->headers.items[i].value = mfa_str("application/json");
            reply->body = *ngx_mfa_exchange_json(status);
            return;
        }
    }
}


ngx_int_t
ngx_mfa_exchange_plain(ngx_http_request_t *r, unsigned status)
{
    mfa_reply_t    reply;
    mfa_request_t  request;

    ngx_mfa_exchange_request(r, &request);
    ngx_mfa_exchange_text(r, status, mfa_is_page_load(&request), &reply);

    return ngx_mfa_exchange_send(r, &reply);
}
