/*
 * Which language a visit is in: what its address asks for, else what was
 * chosen before, else what the browser would rather have, else the realm's
 * first. The links to the others.
 *
 * The choice proves nothing and opens nothing: whatever is sent, the answer
 * is one of the languages that were configured.
 */

#include "mfa_page.h"


#define LANGUAGE_KEEP  (365 * MFA_DAY)
#define LINK_MAX       4096


/* a link that a person followed; pictures and frames of other sites choose
 * nothing */

static bool
is_followed(const mfa_request_t *request)
{
    return request->method == MFA_METHOD_GET
           && request->cause == MFA_CAUSE_ASKED
           && (request->sec_fetch_mode.data == NULL
               || mfa_str_eq_c(request->sec_fetch_mode, "navigate"))
           && (request->sec_fetch_dest.data == NULL
               || mfa_str_eq_c(request->sec_fetch_dest, "document"));
}


static const mfa_language_t *
language_asked(mfa_visit_t *visit)
{
    mfa_str_t    lang;
    mfa_pairs_t  query = { NULL, 0 };

    if (!is_followed(visit->request)
        || mfa_form_parse(visit->work->arena, visit->request->query, &query)
           != MFA_OK)
    {
        return NULL;
    }

    lang = mfa_pairs_get(&query, mfa_str("lang"));

    return lang.len > 0 ? mfa_language_find(visit->env->languages, lang)
                        : NULL;
}


static const mfa_language_t *
language_kept(const mfa_page_env_t *env, const mfa_request_t *request)
{
    size_t     i;
    unsigned   count;
    mfa_str_t  value;

    value = mfa_null;
    count = 0;

    for (i = 0; i < request->cookies.count; i++) {
        mfa_cookie_find(request->cookies.items[i], env->language_cookie,
                        &value, &count);
    }

    return count == 1 ? mfa_language_find(env->languages, value) : NULL;
}


static const mfa_language_t *
language_preferred(const mfa_page_env_t *env, const mfa_request_t *request)
{
    const mfa_language_t  *language;

    language = mfa_language_accept(env->languages, request->accept_language);

    return language != NULL ? language : &env->languages->items[0];
}


const mfa_language_t *
mfa_request_language(const mfa_page_env_t *env, const mfa_request_t *request)
{
    const mfa_language_t  *language;

    if (env->languages == NULL || env->languages->count == 0) {
        return NULL;
    }

    language = language_kept(env, request);

    return language != NULL ? language : language_preferred(env, request);
}


void
mfa_visit_speak(mfa_visit_t *visit, const mfa_language_t *language)
{
    visit->language = language;

    visit->own = *visit->env;
    visit->own.words = language->words;
    visit->env = &visit->own;
}


void
mfa_visit_language(mfa_visit_t *visit)
{
    const mfa_language_t   *language;
    const mfa_languages_t  *languages = visit->env->languages;

    if (languages == NULL || languages->count == 0) {
        return;
    }

    if (languages->count == 1) {
        mfa_visit_speak(visit, &languages->items[0]);
        return;
    }

    visit->asked = language_asked(visit);

    language = visit->asked != NULL
               ? visit->asked : language_kept(visit->env, visit->request);

    visit->is_chosen = language != NULL;

    mfa_visit_speak(visit, language != NULL
                    ? language
                    : language_preferred(visit->env, visit->request));
}


/* of somebody who is logged in; where there is nothing to change, no write */

static mfa_status_t
language_save(mfa_tx_t *tx, void *arg)
{
    mfa_user_t     user;
    mfa_visit_t   *visit = arg;
    mfa_status_t   st;

    st = mfa_user_get(tx, &visit->who.user.id, &user);

    if (st != MFA_OK || mfa_str_eq(user.language, visit->language->code)) {
        return (st == MFA_NOT_FOUND) ? MFA_OK : st;
    }

    user.language = visit->language->code;

    return mfa_user_save(tx, &user, NULL);
}


/* a link on a page of another site is not the person's own wish for good */

static bool
is_from_here(const mfa_request_t *request)
{
    return request->sec_fetch_site.data == NULL
           || mfa_str_eq_c(request->sec_fetch_site, "same-origin")
           || mfa_str_eq_c(request->sec_fetch_site, "none");
}


mfa_status_t
mfa_visit_choose_language(mfa_visit_t *visit)
{
    mfa_status_t  st;

    if (visit->asked == NULL) {
        return MFA_OK;
    }

    st = mfa_visit_keep_cookie(visit, visit->env->language_cookie,
                               visit->asked->code, LANGUAGE_KEEP);

    if (st != MFA_OK || visit->session.len == 0
        || !is_from_here(visit->request))
    {
        return st;
    }

    st = mfa_visit_who(visit);

    if (st != MFA_OK || visit->who.verdict != MFA_VERDICT_PASS
        || mfa_str_eq(visit->who.user.language, visit->asked->code))
    {
        return st;
    }

    return mfa_update(visit->work, language_save, visit);
}


/* the query of this page without a language, ready for one more field */

static mfa_str_t
link_query(mfa_visit_t *visit)
{
    size_t             i;
    mfa_buf_t          buf;
    mfa_str_t          name, value, text;
    const mfa_pair_t  *pair;

    mfa_buf_init(&buf, visit->work->arena, LINK_MAX);

    for (i = 0; i < visit->query.count; i++) {
        pair = &visit->query.items[i];

        if (mfa_str_eq_c(pair->name, "lang")) {
            continue;
        }

        if (mfa_percent_encode(visit->work->arena, pair->name, "", &name)
            != MFA_OK
            || mfa_percent_encode(visit->work->arena, pair->value, "/",
                                  &value) != MFA_OK)
        {
            return mfa_null;
        }

        mfa_buf_put(&buf, name);
        mfa_buf_putc(&buf, '=');
        mfa_buf_put(&buf, value);
        mfa_buf_putc(&buf, '&');
    }

    return mfa_buf_str(&buf, &text) == MFA_OK ? text : mfa_null;
}


/* where it can be shown again: this page, or the first one */

static mfa_str_t
link_page(mfa_visit_t *visit, mfa_str_t *query)
{
    mfa_str_t  path;

    *query = mfa_null;
    path = mfa_null;

    if (visit->page != NULL && visit->request->cause == MFA_CAUSE_ASKED
        && visit->request->method != MFA_METHOD_POST
        && mfa_percent_encode(visit->work->arena, visit->path, "/", &path)
           == MFA_OK)
    {
        *query = link_query(visit);
    }

    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT MFA_STR_FMT "?",
                            MFA_STR_ARG(visit->env->portal),
                            MFA_STR_ARG(path));
}


void
mfa_visit_language_values(mfa_visit_t *visit, mfa_value_t *map)
{
    size_t                  i;
    mfa_str_t               page, query, link;
    mfa_value_t            *list, *item;
    const mfa_languages_t  *languages = visit->env->languages;

    mfa_value_set_str(map, "language", visit->language != NULL
                                       ? visit->language->code
                                       : mfa_str("en"));

    if (languages == NULL || languages->count < 2) {
        return;
    }

    page = link_page(visit, &query);
    list = mfa_value_set_list(map, "languages");

    for (i = 0; i < languages->count; i++) {
        link = mfa_arena_printf(visit->work->arena,
                                MFA_STR_FMT MFA_STR_FMT "lang=" MFA_STR_FMT,
                                MFA_STR_ARG(page), MFA_STR_ARG(query),
                                MFA_STR_ARG(languages->items[i].code));

        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "code", languages->items[i].code);
        mfa_value_set_str(item, "own_name", languages->items[i].name);
        mfa_value_set_str(item, "link", link);
        mfa_value_set_flag(item, "is_this",
                           visit->language == &languages->items[i]);
    }

    mfa_value_set_flag(map, "has_languages", true);
}


mfa_status_t
mfa_visit_language_headers(mfa_visit_t *visit)
{
    mfa_status_t  st;

    if (visit->language == NULL) {
        return MFA_OK;
    }

    st = mfa_reply_header(visit->work->arena, visit->reply,
                          "Content-Language", visit->language->code);

    if (st != MFA_OK || visit->env->languages->count < 2) {
        return st;
    }

    return mfa_reply_header(visit->work->arena, visit->reply, "Vary",
                            mfa_str("Accept-Language, Cookie"));
}
