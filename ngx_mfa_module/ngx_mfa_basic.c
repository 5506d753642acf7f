/*
 * mfa_upstream_basic: HTTP Basic for an application that knows nothing else
 * (U4, RFC 7617).
 *
 * A client's own Authorization never reaches such an application, and its
 * challenge never reaches a browser. What stands here must never be logged:
 * nginx writes whole requests to applications at the level debug, so that is
 * switched off for the rest of the request.
 */

#include "ngx_mfa_module.h"


#define NGX_MFA_BASIC_USER_MAX  255
#define NGX_MFA_BASIC_FILE_MAX  1024

struct ngx_mfa_basic_s {
    ngx_http_complex_value_t  *user;        /* NULL: off */
    ngx_str_t                  password;
    u_char                    *file;
    ngx_uint_t                 line;
};

/* by its address, how our own header is told from others */
static u_char  ngx_mfa_basic_key[] = "Authorization";
static u_char  ngx_mfa_basic_lowcase[] = "authorization";


/* the directive */

static void
ngx_mfa_basic_cleanup(void *data)
{
    ngx_str_t  *password = data;

    mfa_wipe(password->data, password->len);
}


/* the first line of the file, in memory that is wiped with its pool */

static ngx_int_t
ngx_mfa_basic_read(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *password)
{
    char                 buf[NGX_MFA_BASIC_FILE_MAX];
    mfa_str_t            text;
    mfa_error_t          error;
    mfa_status_t         st;
    mfa_keyfile_t        file;
    ngx_pool_cleanup_t  *cln;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    file.what = "password file";
    file.path = (char *) path->data;
    file.size = sizeof(buf);
    error.text[0] = '\0';

    st = mfa_keyfile_read(&file, buf, &text, &error);

    if (st != MFA_OK) {
        mfa_wipe(buf, sizeof(buf));
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error.text);
        return NGX_ERROR;
    }

    text = mfa_str_split(&text, '\n');

    if (text.len && text.data[text.len - 1] == '\r') {
        text.len--;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    password->data = ngx_pnalloc(cf->pool, text.len + 1);

    if (cln && password->data) {
        password->len = text.len;
        ngx_memcpy(password->data, text.data, text.len);
        cln->handler = ngx_mfa_basic_cleanup;
        cln->data = password;
    }

    mfa_wipe(buf, sizeof(buf));

    return cln && password->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_mfa_basic_password(ngx_conf_t *cf, ngx_str_t *word, ngx_str_t *password)
{
    mfa_str_t  value;
    ngx_str_t  text;

    if (mfa_parse_named(ngx_mfa_str(word), "password", &value) == MFA_OK) {
        password->data = (u_char *) (uintptr_t) value.data;
        password->len = value.len;

    } else if (mfa_parse_named(ngx_mfa_str(word), "password_file", &value)
               == MFA_OK)
    {
        text.data = (u_char *) (uintptr_t) value.data;
        text.len = value.len;

        if (ngx_mfa_basic_read(cf, &text, password) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        /* the word may be a password: it is not repeated */
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"mfa_upstream_basic\" needs \"password=TEXT\" "
                           "or \"password_file=FILE\" behind the user");
        return NGX_ERROR;
    }

    value = ngx_mfa_str(password);

    if (value.len && mfa_text_is_utf8(value) && !mfa_text_has_control(value)) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "the password of \"mfa_upstream_basic\" must be a "
                       "line of UTF-8 that is not empty");

    return NGX_ERROR;
}


char *
ngx_mfa_basic_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mfa_loc_conf_t *mlcf = conf;

    ngx_str_t                         *value;
    ngx_mfa_basic_t                   *basic;
    ngx_http_compile_complex_value_t   ccv;

    if (mlcf->basic != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    basic = ngx_pcalloc(cf->pool, sizeof(ngx_mfa_basic_t));
    if (basic == NULL) {
        return NGX_CONF_ERROR;
    }

    mlcf->basic = basic;
    value = cf->args->elts;

    if (cf->args->nelts == 2) {
        return ngx_strcmp(value[1].data, "off") == 0
               ? NGX_CONF_OK
               : "needs a user, and \"password=TEXT\" or "
                 "\"password_file=FILE\"";
    }

    if (value[1].len == 0) {
        return "needs a user that is not empty";
    }

    basic->file = cf->conf_file->file.name.data;
    basic->line = cf->conf_file->line;
    basic->user = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));

    if (basic->user == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = basic->user;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (basic->user->lengths == NULL
        && ngx_strlchr(value[1].data, value[1].data + value[1].len, ':'))
    {
        return "cannot have a \":\" in the user";
    }

    return ngx_mfa_basic_password(cf, &value[2], &basic->password) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_mfa_basic_merge(ngx_conf_t *cf, ngx_mfa_loc_conf_t *prev,
    ngx_mfa_loc_conf_t *conf)
{
    ngx_uint_t  is_own;

    is_own = conf->basic != NGX_CONF_UNSET_PTR;
    ngx_conf_merge_ptr_value(conf->basic, prev->basic, NULL);

    if (conf->basic == NULL || conf->basic->user == NULL) {
        conf->basic = NULL;
        return NGX_CONF_OK;
    }

    if (conf->realm) {
        return NGX_CONF_OK;
    }

    if (!is_own) {
        conf->basic = NULL;
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"mfa_upstream_basic\" would let everybody in where no "
                  "\"mfa NAME\" is in force in %s:%ui",
                  conf->basic->file, conf->basic->line);

    return NGX_CONF_ERROR;
}


/* requests */

ngx_uint_t
ngx_mfa_basic_is_ours(const ngx_table_elt_t *h)
{
    return h->key.data == ngx_mfa_basic_key;
}


static ngx_uint_t
ngx_mfa_basic_is_authorization(const ngx_table_elt_t *h)
{
    return h->key.len == sizeof(ngx_mfa_basic_lowcase) - 1
           && ngx_strncasecmp(h->key.data, ngx_mfa_basic_lowcase, h->key.len)
              == 0;
}


static ngx_int_t
ngx_mfa_basic_copy(ngx_http_request_t *r, ngx_list_t *to,
    ngx_uint_t *is_found)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *copy;

    *is_found = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_mfa_basic_is_authorization(&h[i])) {
                *is_found = 1;
                continue;
            }

            copy = ngx_list_push(to);
            if (copy == NULL) {
                return NGX_ERROR;
            }

            *copy = h[i];
        }
    }

    return NGX_OK;
}


/*
 * The application does not get it. headers_in.authorization still points to
 * it: under "satisfy any" the module auth_basic may be asked next.
 */

static ngx_int_t
ngx_mfa_basic_drop(ngx_http_request_t *r)
{
    ngx_list_t  list;
    ngx_uint_t  is_found;

    if (ngx_list_init(&list, r->pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK
        || ngx_mfa_basic_copy(r, &list, &is_found) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (is_found) {
        r->headers_in.headers = list;

        /* a list that has one part points to itself */

        if (list.last == &list.part) {
            r->headers_in.headers.last = &r->headers_in.headers.part;
        }
    }

    return NGX_OK;
}


/* $remote_user is read from it, once */

static void
ngx_mfa_basic_point(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    r->headers_in.authorization = h;
    ngx_str_null(&r->headers_in.user);
    ngx_str_null(&r->headers_in.passwd);
}


void
ngx_mfa_basic_forget(ngx_http_request_t *r)
{
    if (r->headers_in.authorization
        && ngx_mfa_basic_is_ours(r->headers_in.authorization))
    {
        ngx_mfa_basic_point(r, NULL);
    }
}


/* "user:password" in Base64 behind the scheme */

static ngx_int_t
ngx_mfa_basic_value(ngx_http_request_t *r, const ngx_str_t *user,
    const ngx_str_t *password, ngx_str_t *value)
{
    u_char     *p;
    ngx_str_t   plain, coded;

    plain.len = user->len + 1 + password->len;
    plain.data = ngx_pnalloc(r->pool, plain.len);

    value->data = ngx_pnalloc(r->pool, sizeof("Basic ") - 1
                                       + ngx_base64_encoded_length(plain.len)
                                       + 1);

    if (plain.data == NULL || value->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(plain.data, user->data, user->len);
    *p++ = ':';
    ngx_memcpy(p, password->data, password->len);

    p = ngx_cpymem(value->data, "Basic ", sizeof("Basic ") - 1);
    coded.data = p;
    ngx_encode_base64(&coded, &plain);
    p[coded.len] = '\0';

    value->len = sizeof("Basic ") - 1 + coded.len;

    mfa_wipe(plain.data, plain.len);

    return NGX_OK;
}


/* nginx shows an application's request at debug, with all its headers */

static void
ngx_mfa_basic_hush(ngx_http_request_t *r)
{
    if (!(r->connection->log->log_level & NGX_LOG_DEBUG_HTTP)) {
        return;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "mfa: a password follows, no more of this request is "
                   "shown at this level");

    r->connection->log->log_level &= ~(ngx_uint_t) NGX_LOG_DEBUG_HTTP;
}


static ngx_int_t
ngx_mfa_basic_push(ngx_http_request_t *r, const ngx_str_t *user,
    const ngx_str_t *password)
{
    ngx_str_t         value;
    ngx_table_elt_t  *h;

    if (ngx_mfa_basic_value(r, user, password, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_key(ngx_mfa_basic_lowcase,
                           sizeof(ngx_mfa_basic_lowcase) - 1);
    h->key.data = ngx_mfa_basic_key;
    h->key.len = sizeof(ngx_mfa_basic_key) - 1;
    h->lowcase_key = ngx_mfa_basic_lowcase;
    h->value = value;
    ngx_mfa_set_next(h);

    ngx_mfa_basic_point(r, h);
    ngx_mfa_basic_hush(r);

    return NGX_OK;
}


/* RFC 7617 section 2: no colon in the user, no control character */

static ngx_uint_t
ngx_mfa_basic_is_user(ngx_http_request_t *r, const ngx_str_t *user)
{
    mfa_str_t  text;

    text = ngx_mfa_str(user);

    if (user->len <= NGX_MFA_BASIC_USER_MAX
        && mfa_text_is_utf8(text)
        && !mfa_text_has_control(text)
        && memchr(user->data, ':', user->len) == NULL)
    {
        return 1;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "mfa: the user of \"mfa_upstream_basic\" cannot stand in "
                  "a header of HTTP Basic, which is left out");

    return 0;
}


ngx_int_t
ngx_mfa_basic_leave(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf)
{
    ngx_mfa_ctx_t  *ctx;

    if (mlcf->basic == NULL) {
        return NGX_OK;
    }

    ctx = ngx_mfa_ctx_make(r);

    if (ctx == NULL || ngx_mfa_basic_drop(r) != NGX_OK) {
        return NGX_ERROR;
    }

    /* nobody waits for what a background request is answered */

    if (!r->background) {
        ctx->basic = NGX_MFA_BASIC_NOBODY;
    }

    return NGX_OK;
}


ngx_int_t
ngx_mfa_basic_set(ngx_http_request_t *r, ngx_mfa_loc_conf_t *mlcf,
    const mfa_identity_t *identity)
{
    ngx_str_t       user;
    ngx_mfa_ctx_t  *ctx;

    /* an application that is only watched keeps what it knows */

    if (mlcf->basic == NULL || (mlcf->is_monitor && identity == NULL)) {
        return NGX_OK;
    }

    if (ngx_mfa_basic_leave(r, mlcf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_mfa_basic_point(r, NULL);

    if (identity == NULL) {
        return NGX_OK;
    }

    ctx = ngx_mfa_ctx_get(r);

    if (!r->background) {
        ctx->basic = NGX_MFA_BASIC_SOMEBODY;
    }

    if (ngx_http_complex_value(r, mlcf->basic->user, &user) != NGX_OK) {
        return NGX_ERROR;
    }

    if (user.len == 0 || !ngx_mfa_basic_is_user(r, &user)) {
        return NGX_OK;
    }

    return ngx_mfa_basic_push(r, &user, &mlcf->basic->password);
}


/*
 * Is this the 401 of an application that wants another password? A browser
 * would ask the person for one, who has none (L12).
 */

ngx_uint_t
ngx_mfa_basic_is_refused(ngx_http_request_t *r, const ngx_mfa_ctx_t *ctx)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static const ngx_str_t  name = ngx_string("WWW-Authenticate");

    if (ctx->basic == NGX_MFA_BASIC_NONE
        || r->headers_out.status != NGX_HTTP_UNAUTHORIZED)
    {
        return 0;
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash
                && h[i].key.len == name.len
                && ngx_strncasecmp(h[i].key.data, name.data, name.len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}
