/*
 * The pages that have no address of their own: refusals and faults.
 *
 * They say what to do next and a reference, never what went wrong inside.
 */

#include "mfa_page.h"


#define STATUS_TEXT_MAX  64


/* six letters that a person can read out and an operator finds in the log */

static mfa_str_t
fault_reference(mfa_visit_t *visit, unsigned status)
{
    mfa_str_t           letters;
    const mfa_ports_t  *ports = visit->work->model->ports;

    if (mfa_random_letters(ports, 6, visit->work->arena, &letters) != MFA_OK) {
        return mfa_null;
    }

    mfa_log(ports, status >= 500 ? MFA_LOG_ERROR : MFA_LOG_INFO,
            "answered %u, reference " MFA_STR_FMT, status,
            MFA_STR_ARG(letters));

    return letters;
}


mfa_status_t
mfa_visit_fault(mfa_visit_t *visit, unsigned status)
{
    char          name[STATUS_TEXT_MAX];
    mfa_value_t  *map;
    mfa_arena_t  *arena = visit->work->arena;
    mfa_status_t  st;

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_str(map, "reference", fault_reference(visit, status));

    (void) snprintf(name, sizeof(name), "is_%u", status);
    mfa_value_set_flag(map, name, true);

    st = mfa_visit_render(visit, status, "fault.html", map);
    if (st != MFA_OK) {
        return st;
    }

    if (status == 503) {
        return mfa_reply_header(arena, visit->reply, "Retry-After",
                                mfa_str("5"));
    }

    if (status != 405) {
        return MFA_OK;
    }

    return mfa_reply_header(arena, visit->reply, "Allow",
                            (visit->page != NULL && visit->page->post != NULL)
                            ? mfa_str("GET, HEAD, POST")
                            : mfa_str("GET, HEAD"));
}


mfa_status_t
mfa_visit_no_access(mfa_visit_t *visit)
{
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    if (visit->who.verdict == MFA_VERDICT_PASS) {
        mfa_value_set_str(map, "email", visit->who.user.email);
        mfa_application_tiles(visit, map);
    }

    return mfa_visit_render(visit, 403, "no_access.html", map);
}


void
mfa_plain_reply(unsigned status, mfa_arena_t *arena, mfa_reply_t *reply)
{
    size_t  i;

    static const struct {
        unsigned   status;
        mfa_str_t  text;
    }  texts[] = {
        { 400, mfa_str_static("This request could not be understood.\n") },
        { 403, mfa_str_static("This is not possible.\n") },
        { 405, mfa_str_static("This method is not possible here.\n") },
        { 413, mfa_str_static("This request is too large.\n") },
        { 421, mfa_str_static("This name is not served here.\n") },
        { 502, mfa_str_static("The application did not answer as it should. "
                              "Please try again later.\n") },
        { 503, mfa_str_static("The service is not available for a moment. "
                              "Please try again.\n") }
    };

    memset(reply, 0, sizeof(*reply));

    reply->status = status;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].status == status) {
            reply->body = texts[i].text;
        }
    }

    if (arena == NULL) {
        return;
    }

    /* headers that do not fit into memory are left out: the text still
     * goes, and it holds nothing */

    if (mfa_reply_headers(arena, NULL, reply) != MFA_OK
        || mfa_reply_header(arena, reply, "Content-Type",
                            mfa_str("text/plain; charset=utf-8")) != MFA_OK
        || (status == 503
            && mfa_reply_header(arena, reply, "Retry-After", mfa_str("5"))
               != MFA_OK))
    {
        reply->headers.count = 0;
    }
}


void
mfa_page_plain(const mfa_page_env_t *env, unsigned status, mfa_arena_t *arena,
    mfa_reply_t *reply)
{
    mfa_plain_reply(status, arena, reply);

    if (reply->headers.count > 0 && env->send->origin.is_https
        && mfa_reply_header(arena, reply, "Strict-Transport-Security",
                            mfa_str(MFA_HSTS)) != MFA_OK)
    {
        reply->headers.count = 0;
    }
}
