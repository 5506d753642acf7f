/*
 * What a refused first step leaves for the page after it, when there is no
 * flow yet that could keep it: a sealed cookie of five minutes.
 */

#include "mfa_page.h"


#define NOTICE_TIME  (5 * MFA_MINUTE)
#define NOTICE_MAX   2048


static mfa_str_t
notice_bound(const mfa_visit_t *visit)
{
    return visit->browser;
}


mfa_status_t
mfa_notice_set(mfa_visit_t *visit, const mfa_notice_t *notice)
{
    mfa_buf_t          plain, sealed;
    mfa_str_t          bytes, text;
    mfa_status_t       st;
    mfa_arena_t       *arena = visit->work->arena;
    const mfa_ports_t *ports = visit->work->model->ports;

    mfa_buf_init(&plain, arena, NOTICE_MAX);
    mfa_pack_time(&plain, mfa_port_now(ports) + NOTICE_TIME);
    mfa_pack_str(&plain, notice->page);
    mfa_pack_str(&plain, notice->email);
    mfa_pack_str(&plain, notice->field);
    mfa_pack_str(&plain, notice->word);

    st = mfa_buf_str(&plain, &bytes);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&sealed, arena, 2 * NOTICE_MAX);

    st = mfa_seal(visit->env->keys, ports, bytes, notice_bound(visit),
                  &sealed);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_buf_str(&sealed, &bytes);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base64url_encode(arena, bytes, &text);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_set_cookie(visit, visit->env->notice_cookie, text);
}


static mfa_status_t
notice_cookie(mfa_visit_t *visit, mfa_str_t *value)
{
    size_t    i;
    unsigned  count;

    *value = mfa_null;
    count = 0;

    for (i = 0; i < visit->request->cookies.count; i++) {
        mfa_cookie_find(visit->request->cookies.items[i],
                        visit->env->notice_cookie, value, &count);
    }

    return (count == 1 && value->len > 0) ? MFA_OK : MFA_NOT_FOUND;
}


static mfa_status_t
notice_open(mfa_visit_t *visit, mfa_str_t text, mfa_notice_t *notice,
    mfa_time_t *end)
{
    mfa_str_t      sealed, plain;
    mfa_unpack_t   in;
    mfa_status_t   st;
    mfa_arena_t   *arena = visit->work->arena;

    st = mfa_base64url_decode(arena, text, &sealed);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_unseal(visit->env->keys, sealed, notice_bound(visit), arena,
                    &plain);
    if (st != MFA_OK) {
        return st;
    }

    mfa_unpack_init(&in, plain, arena);

    *end = mfa_unpack_time(&in);
    notice->page = mfa_unpack_str(&in);
    notice->email = mfa_unpack_str(&in);
    notice->field = mfa_unpack_str(&in);
    notice->word = mfa_unpack_str(&in);

    return mfa_unpack_end(&in);
}


mfa_status_t
mfa_notice_take(mfa_visit_t *visit, mfa_notice_t *notice)
{
    mfa_str_t     text;
    mfa_time_t    end;
    mfa_status_t  st;

    memset(notice, 0, sizeof(*notice));

    st = notice_cookie(visit, &text);
    if (st != MFA_OK) {
        return st;
    }

    /* shown once; a forged or foreign one goes the same way, unseen */

    st = mfa_visit_set_cookie(visit, visit->env->notice_cookie, mfa_null);
    if (st != MFA_OK) {
        return st;
    }

    st = notice_open(visit, text, notice, &end);

    if (st != MFA_OK || end < mfa_port_now(visit->work->model->ports)
        || !mfa_str_eq_c(notice->page, visit->page->path))
    {
        memset(notice, 0, sizeof(*notice));

        return (st == MFA_NO_MEMORY) ? st : MFA_NOT_FOUND;
    }

    return MFA_OK;
}


mfa_status_t
mfa_notice_refuse(mfa_visit_t *visit, mfa_str_t typed, mfa_str_t word)
{
    mfa_str_t     query;
    mfa_status_t  st;
    mfa_notice_t  notice;

    notice.page = mfa_str_from(visit->page->path);
    notice.email = typed;
    notice.field = mfa_str("email");
    notice.word = word;

    if (typed.len > MFA_EMAIL_MAX || !mfa_text_is_utf8(typed)
        || mfa_text_has_control(typed))
    {
        notice.email = mfa_null;
    }

    st = mfa_notice_set(visit, &notice);
    if (st != MFA_OK) {
        return st;
    }

    query = mfa_visit_param(visit, "to", visit->step.target);

    if (visit->step.is_one) {
        query = mfa_arena_printf(visit->work->arena, MFA_STR_FMT "%slevel=one",
                                 MFA_STR_ARG(query), query.len > 0 ? "&" : "");
    }

    if (mfa_pairs_get(&visit->form, mfa_str("again")).len > 0) {
        query = mfa_arena_printf(visit->work->arena, MFA_STR_FMT "%sagain=1",
                                 MFA_STR_ARG(query), query.len > 0 ? "&" : "");
    }

    return mfa_visit_redirect(visit, notice.page, query);
}
