/*
 * The router: from a request to a page, and the last resort of every visit.
 *
 * Whatever a page returns, a reply comes out of here; a fault is a 503 that
 * says nothing of itself.
 */

#include "mfa_page.h"


/* people who share a browser: the devices of three of them, one after the
 * other */
#define DEVICE_MAX  (3 * (MFA_DEVICE_TEXT + 1))


#pragma GCC visibility push(hidden)
#define MFA_PAGE(name)  extern const mfa_page_t  mfa_page_##name;
#include "registry.def"
#undef MFA_PAGE
#pragma GCC visibility pop

static const mfa_page_t *const  pages[] = {
#define MFA_PAGE(name)  &mfa_page_##name,
#include "registry.def"
#undef MFA_PAGE
};


/* of pages below it, and no page itself */

static bool
is_folder(mfa_str_t path)
{
    return path.len > 0 && path.data[path.len - 1] == '/';
}


/* *rest is the one segment behind a page that is a folder */

static bool
page_holds(const mfa_page_t *page, mfa_str_t path, mfa_str_t *rest)
{
    mfa_str_t  folder;

    folder = mfa_str_from(page->path);

    if (!is_folder(folder) || path.len <= folder.len
        || !mfa_str_has_prefix(path, folder))
    {
        return false;
    }

    rest->data = path.data + folder.len;
    rest->len = path.len - folder.len;

    return memchr(rest->data, '/', rest->len) == NULL;
}


static const mfa_page_t *
page_find(mfa_str_t path, mfa_str_t *rest)
{
    size_t  i;

    *rest = mfa_null;

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (mfa_str_eq_c(path, pages[i]->path) && !is_folder(path)) {
            return pages[i];
        }
    }

    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (page_holds(pages[i], path, rest)) {
            return pages[i];
        }
    }

    *rest = mfa_null;

    return NULL;
}


static void
find_cookie(const mfa_request_t *request, mfa_str_t name, mfa_str_t *value)
{
    size_t    i;
    unsigned  count;

    *value = mfa_null;
    count = 0;

    for (i = 0; i < request->cookies.count; i++) {
        mfa_cookie_find(request->cookies.items[i], name, value, &count);
    }

    if (count != 1) {
        *value = mfa_null;
    }
}


/* the browser's own number, the mark, and who was here last: the last two may
 * stand behind it */

static void
find_browser(const mfa_page_env_t *env, const mfa_request_t *request,
    mfa_str_t *browser, mfa_str_t *last, mfa_str_t *mark)
{
    find_cookie(request, env->browser_cookie, last);

    *mark = mfa_str_split(last, '~');
    *browser = mfa_str_split(mark, '.');

    if (browser->len != MFA_TOKEN_TEXT) {
        *browser = mfa_null;
    }

    if (browser->len == 0 || !mfa_mark_has_form(*mark)) {
        *mark = mfa_null;
    }

    if (browser->len == 0 || last->len != MFA_LAST_TEXT) {
        *last = mfa_null;
    }
}


mfa_hashing_t
mfa_page_hashing(const mfa_page_env_t *env, const mfa_request_t *request,
    uint64_t *person)
{
    mfa_str_t          path, rest, browser, last, mark;
    const mfa_page_t  *page;

    *person = 0;

    path = request->path;

    if (request->method != MFA_METHOD_POST
        || !mfa_str_has_prefix(path, env->portal))
    {
        return MFA_HASHING_NONE;
    }

    path.data += env->portal.len;
    path.len -= env->portal.len;

    page = page_find(path, &rest);

    if (page == NULL || !page->is_hashing) {
        return MFA_HASHING_NONE;
    }

    find_browser(env, request, &browser, &last, &mark);

    return mfa_mark_judge(env->keys, browser, mark, person)
           == MFA_VERDICT_PASS ? MFA_HASHING_KNOWN : MFA_HASHING_STRANGER;
}


static mfa_status_t
visit_cookies(mfa_visit_t *visit)
{
    find_cookie(visit->request, visit->env->session_cookie, &visit->session);
    find_browser(visit->env, visit->request, &visit->browser, &visit->last,
                 &visit->mark);
    find_cookie(visit->request, visit->env->device_cookie, &visit->device);
    find_cookie(visit->request, visit->env->held_cookie, &visit->held);

    if (visit->session.len != MFA_TOKEN_TEXT) {
        visit->session = mfa_null;
    }

    if (visit->device.len > DEVICE_MAX) {
        visit->device = mfa_null;
    }

    return MFA_OK;
}


static bool
is_form(mfa_str_t content_type)
{
    mfa_str_t  type;

    type = mfa_str_split(&content_type, ';');

    return mfa_str_eq_c(mfa_str_trim(type),
                        "application/x-www-form-urlencoded");
}


/* no field may stand in both; a parser further on might read the other */

static bool
have_common_name(const mfa_pairs_t *a, const mfa_pairs_t *b)
{
    size_t  i;

    for (i = 0; i < a->count; i++) {
        if (mfa_pairs_get(b, a->items[i].name).data != NULL) {
            return true;
        }
    }

    return false;
}


/* a script's own POST, often without a body */

static mfa_status_t
visit_post_bare(mfa_visit_t *visit)
{
    return mfa_visit_judge_origin(visit) == MFA_VERDICT_PASS
           ? visit->page->post(visit) : mfa_visit_fault(visit, 403);
}


static mfa_status_t
visit_post(mfa_visit_t *visit)
{
    mfa_status_t   st;
    mfa_verdict_t  verdict;

    if (!is_form(visit->request->content_type)) {
        return mfa_visit_fault(visit, 415);
    }

    st = mfa_form_parse(visit->work->arena, visit->request->body,
                        &visit->form);
    if (st == MFA_INVALID
        || (st == MFA_OK && have_common_name(&visit->query, &visit->form)))
    {
        return mfa_visit_fault(visit, 400);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_judge_form(visit, &verdict);
    if (st != MFA_OK) {
        return st;
    }

    if (verdict != MFA_VERDICT_PASS) {
        return mfa_visit_fault(visit, 403);
    }

    return visit->page->post(visit);
}


/* through the step-up, and back to the page itself */

static mfa_status_t
visit_judge_full(mfa_visit_t *visit, bool *is_here)
{
    mfa_str_t     here;
    mfa_status_t  st;

    *is_here = false;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (mfa_visit_is_partial(visit)) {
        here = mfa_arena_printf(visit->work->arena, MFA_STR_FMT MFA_STR_FMT,
                                MFA_STR_ARG(visit->env->portal),
                                MFA_STR_ARG(visit->path));

        return mfa_visit_redirect(visit, mfa_str("step-up"),
                                  mfa_visit_param(visit, "to", here));
    }

    *is_here = true;

    return MFA_OK;
}


/* on the host of an application: the same page, where all of them are */

static mfa_status_t
visit_elsewhere(mfa_visit_t *visit)
{
    size_t        i;
    mfa_str_t     path, query;
    mfa_status_t  st;

    st = mfa_percent_encode(visit->work->arena, visit->path, "/", &path);
    if (st != MFA_OK) {
        return st;
    }

    query = visit->request->query;

    for (i = 0; i < query.len; i++) {
        if (query.data[i] <= 0x20 || query.data[i] >= 0x7f) {
            query = mfa_null;
        }
    }

    return mfa_visit_redirect_to(visit,
                                 mfa_arena_printf(visit->work->arena,
                                     MFA_STR_FMT MFA_STR_FMT MFA_STR_FMT "%s"
                                     MFA_STR_FMT,
                                     MFA_STR_ARG(visit->env->send->origin.text),
                                     MFA_STR_ARG(visit->env->portal),
                                     MFA_STR_ARG(path),
                                     query.len > 0 ? "?" : "",
                                     MFA_STR_ARG(query)));
}


static mfa_status_t
visit_asked(mfa_visit_t *visit)
{
    bool          is_here;
    mfa_status_t  st;

    visit->page = page_find(visit->path, &visit->rest);
    if (visit->page == NULL) {
        return mfa_visit_fault(visit, 404);
    }

    if (visit->request->host.len > 0 && !visit->page->is_anywhere) {
        return visit_elsewhere(visit);
    }

    if (visit->request->method == MFA_METHOD_OTHER
        || (visit->request->method == MFA_METHOD_POST
            && visit->page->post == NULL))
    {
        return mfa_visit_fault(visit, 405);
    }

    st = mfa_form_parse(visit->work->arena, visit->request->query,
                        &visit->query);
    if (st == MFA_INVALID) {
        return mfa_visit_fault(visit, 400);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_choose_language(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->page->needs_full) {
        st = visit_judge_full(visit, &is_here);
        if (st != MFA_OK || !is_here) {
            return st;
        }
    }

    if (visit->request->method == MFA_METHOD_POST) {
        return visit->page->has_no_token ? visit_post_bare(visit)
                                         : visit_post(visit);
    }

    return visit->page->get(visit);
}


static mfa_status_t
visit_start(mfa_visit_t *visit)
{
    mfa_str_t     portal;
    mfa_status_t  st;

    st = visit_cookies(visit);
    if (st != MFA_OK) {
        return st;
    }

    mfa_visit_language(visit);

    switch (visit->request->cause) {

    case MFA_CAUSE_NO_ACCESS:
        return mfa_visit_no_access(visit);

    case MFA_CAUSE_UNAVAILABLE:
        return mfa_visit_fault(visit, 503);

    case MFA_CAUSE_MALFORMED:
        return mfa_visit_fault(visit, 400);

    case MFA_CAUSE_MISDIRECTED:
        return mfa_visit_fault(visit, 421);

    case MFA_CAUSE_LOGOUT:
        return mfa_visit_logout(visit);

    default:
        break;
    }

    portal = visit->env->portal;
    visit->path = visit->request->path;

    if (!mfa_str_has_prefix(visit->path, portal)) {
        return mfa_visit_fault(visit, 404);
    }

    visit->path.data += portal.len;
    visit->path.len -= portal.len;

    return visit_asked(visit);
}


/* nothing half-made goes out: the headers of a failed page are dropped */

static void
visit_failed(mfa_visit_t *visit, mfa_status_t st)
{
    const mfa_ports_t  *ports = visit->work->model->ports;

    mfa_log(ports, MFA_LOG_ERROR, "page \"" MFA_STR_FMT "\" failed: %s",
            MFA_STR_ARG(visit->path), mfa_status_text(st));

    memset(visit->reply, 0, sizeof(*visit->reply));

    if (mfa_visit_fault(visit, 503) == MFA_OK) {
        return;
    }

    memset(visit->reply, 0, sizeof(*visit->reply));

    mfa_page_plain(visit->env, 503, visit->work->arena, visit->reply);
}


mfa_status_t
mfa_visit_run(mfa_visit_t *visit)
{
    mfa_status_t  st;
    mfa_visit_fn  resume;

    resume = visit->resume;
    visit->resume = NULL;

    st = (resume != NULL) ? resume(visit) : visit_start(visit);

    if (st == MFA_HASH && visit->resume != NULL) {
        return MFA_HASH;
    }

    if (st != MFA_OK) {
        visit_failed(visit, st);
    }

    return MFA_OK;
}


bool
mfa_is_page_load(const mfa_request_t *request)
{
    mfa_str_t  accept, type;

    if (request->method == MFA_METHOD_OTHER) {
        return false;
    }

    if (request->sec_fetch_mode.data != NULL) {
        return mfa_str_eq_c(request->sec_fetch_mode, "navigate");
    }

    if (request->sec_fetch_site.data != NULL
        || request->x_requested_with.data != NULL)
    {
        return false;
    }

    accept = request->accept;

    while (accept.data != NULL) {
        type = mfa_str_split(&accept, ',');
        type = mfa_str_trim(mfa_str_split(&type, ';'));

        if (mfa_str_eq_c(type, "text/html")) {
            return true;
        }
    }

    return false;
}


void
mfa_hash_do(const mfa_model_t *model, mfa_arena_t *arena,
    mfa_hash_job_t *hash)
{
    const mfa_pwhash_cost_t  *cost = &model->settings->hash_cost;

    hash->verdict = MFA_VERDICT_DENY;
    hash->made = mfa_null;

    if (!hash->is_check) {
        hash->status = mfa_pwhash_make(model->keys, model->ports, cost,
                                       hash->password, arena, &hash->made);
        return;
    }

    hash->status = mfa_pwhash_check(model->keys, cost, hash->password,
                                    hash->encoded, &hash->verdict);

    if (hash->status != MFA_OK || hash->verdict != MFA_VERDICT_PASS
        || !mfa_pwhash_is_outdated(model->keys, cost, hash->encoded))
    {
        return;
    }

    hash->status = mfa_pwhash_make(model->keys, model->ports, cost,
                                   hash->password, arena, &hash->made);
}
