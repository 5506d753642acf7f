/*
 * The way from one host to another (D12, R8): a browser that is logged in at
 * public_url is known on the host of an application too.
 *
 *   there   no session: on to public_url, with a digest of what this browser
 *           holds there
 *   here    logged in, or after a login: back there with a ticket
 *   there   the ticket is used, once: the session has a token of that host
 *
 * Only hosts of the realm's applications are ever led to, and only paths on
 * them. Nothing here leads on by itself a second time.
 */

#include "mfa_page.h"


typedef struct {
    const mfa_application_t  *application;
    mfa_str_t                 state;        /* base64url of the digest */
    uint8_t                   browser[MFA_DIGEST_SIZE];
    mfa_str_t                 to;           /* on its host; never empty */
} ticket_way_t;

typedef struct {
    mfa_visit_t         *visit;
    const ticket_way_t  *way;
    mfa_str_t            text;          /* ticket made, token given */
    mfa_str_t            ticket;        /* as it came */
    bool                 is_known;
    mfa_id_t             user;          /* whose it was */
} ticket_work_t;


static void
way_aim(const mfa_visit_t *visit, const mfa_pairs_t *query, ticket_way_t *way)
{
    way->to = mfa_pairs_get(query, mfa_str("to"));

    if (!mfa_target_is_safe(way->to, visit->env->portal)
        && !mfa_held_is_page(way->to, visit->env->portal))
    {
        way->to = way->application->path;
    }
}


/* the application on another host, which has cookies of its own */

static const mfa_application_t *
way_application(const mfa_visit_t *visit, mfa_str_t host, mfa_str_t path)
{
    const mfa_application_t  *application;

    application = mfa_application_at(visit->env->settings, host, path);

    return (application != NULL && !application->is_shared) ? application
                                                            : NULL;
}


static mfa_status_t
way_read(const mfa_visit_t *visit, const mfa_pairs_t *query, ticket_way_t *way)
{
    memset(way, 0, sizeof(*way));

    way->application = way_application(visit,
                                       mfa_pairs_get(query, mfa_str("host")),
                                       mfa_pairs_get(query, mfa_str("to")));
    way->state = mfa_pairs_get(query, mfa_str("state"));

    if (way->application == NULL
        || mfa_base64url_decode_fixed(way->state, way->browser,
                                      sizeof(way->browser)) != MFA_OK)
    {
        return MFA_INVALID;
    }

    way_aim(visit, query, way);

    return MFA_OK;
}


/* the page that makes the ticket, as a path of public_url: what was read is
 * written again, and only so is it a target */

static mfa_str_t
way_address(const mfa_visit_t *visit, const ticket_way_t *way)
{
    mfa_str_t     host, to;
    mfa_arena_t  *arena = visit->work->arena;

    if (mfa_percent_encode(arena, way->application->host, "", &host) != MFA_OK
        || mfa_percent_encode(arena, way->to, "/", &to) != MFA_OK)
    {
        return mfa_null;
    }

    return mfa_arena_printf(arena, MFA_STR_FMT "ticket?host=" MFA_STR_FMT
                            "&state=" MFA_STR_FMT "&to=" MFA_STR_FMT,
                            MFA_STR_ARG(visit->env->portal),
                            MFA_STR_ARG(host), MFA_STR_ARG(way->state),
                            MFA_STR_ARG(to));
}


/* one that would be too long as a target leads to the application's start */

static mfa_str_t
way_target(const mfa_visit_t *visit, ticket_way_t *way)
{
    mfa_str_t  address;

    address = way_address(visit, way);

    if (address.len > MFA_TARGET_MAX) {
        way->to = way->application->path;
        address = way_address(visit, way);
    }

    return address;
}


const mfa_application_t *
mfa_ticket_application(const mfa_visit_t *visit, mfa_str_t target)
{
    mfa_str_t     page, query, address;
    mfa_pairs_t   fields;
    ticket_way_t  way;

    memset(&fields, 0, sizeof(fields));

    query = target;
    page = mfa_str_split(&query, '?');

    if (target.len > MFA_TARGET_MAX
        || visit->request->host.len > 0
        || !mfa_str_has_prefix(page, visit->env->portal)
        || page.len != visit->env->portal.len + strlen("ticket")
        || memcmp(page.data + visit->env->portal.len, "ticket",
                  strlen("ticket")) != 0
        || mfa_form_parse(visit->work->arena, query, &fields) != MFA_OK
        || way_read(visit, &fields, &way) != MFA_OK)
    {
        return NULL;
    }

    address = way_address(visit, &way);

    return mfa_str_eq(address, target) ? way.application : NULL;
}


/* what this browser holds on this host, in a form that may be told */

static mfa_status_t
ticket_browser(mfa_visit_t *visit, uint8_t digest[MFA_DIGEST_SIZE])
{
    const mfa_str_t  parts[] = {
        visit->browser, mfa_str("ticket"), visit->request->host
    };

    return mfa_keys_mac(visit->env->keys, MFA_KEY_FORM, parts, 3, digest);
}


/* a page with a link, and nothing that goes on by itself */

static mfa_status_t
ticket_page(mfa_visit_t *visit, const ticket_way_t *way, unsigned status)
{
    mfa_value_t  *map;

    map = mfa_visit_values(visit, NULL, way->to);

    mfa_value_set_flag(map, "is_in", status == 200);

    return mfa_visit_render(visit, status, "ticket.html", map);
}


/* what was chosen here is so on the other host too */

static mfa_str_t
ticket_language(mfa_visit_t *visit)
{
    return visit->is_chosen
           ? mfa_arena_printf(visit->work->arena, "&lang=" MFA_STR_FMT,
                              MFA_STR_ARG(visit->language->code))
           : mfa_str("");
}


/* there, first time: "step" and "level" open nothing, they only say what the
 * gate found missing */

static mfa_status_t
ticket_leave(mfa_visit_t *visit, ticket_way_t *way)
{
    mfa_str_t     address;
    const char   *more;
    mfa_status_t  st;

    more = "";

    if (mfa_str_eq_c(mfa_pairs_get(&visit->query, mfa_str("step")), "up")) {
        more = "&step=up";

    } else if (visit->who.verdict == MFA_VERDICT_PASS) {
        return ticket_page(visit, way, 200);

    } else if (mfa_str_eq_c(mfa_pairs_get(&visit->query, mfa_str("level")),
                            "one"))
    {
        more = "&level=one";
    }

    st = mfa_visit_browser(visit);

    if (st == MFA_OK) {
        st = ticket_browser(visit, way->browser);
    }

    if (st == MFA_OK) {
        st = mfa_base64url_encode(visit->work->arena,
                                  mfa_str_bytes(way->browser,
                                                sizeof(way->browser)),
                                  &way->state);
    }

    if (st != MFA_OK) {
        return st;
    }

    address = way_target(visit, way);
    if (address.data == NULL) {
        return MFA_NO_MEMORY;
    }

    return mfa_visit_redirect_to(visit,
                                 mfa_arena_printf(visit->work->arena,
                                     MFA_STR_FMT MFA_STR_FMT "%s" MFA_STR_FMT,
                                     MFA_STR_ARG(visit->env->send->origin.text),
                                     MFA_STR_ARG(address), more,
                                     MFA_STR_ARG(ticket_language(visit))));
}


static mfa_status_t
ticket_look_in(mfa_tx_t *tx, void *arg)
{
    ticket_work_t  *work = arg;

    return mfa_ticket_look(tx, work->ticket, &work->is_known);
}


/* what was refused stays removed */

static mfa_status_t
ticket_use_in(mfa_tx_t *tx, void *arg)
{
    mfa_status_t         st;
    ticket_work_t       *work = arg;
    mfa_session_view_t   view;

    st = mfa_ticket_use(tx, work->ticket, work->visit->request->host,
                        work->way->browser, &work->text);

    if (st == MFA_OK) {
        st = mfa_session_read(tx, work->text, &view);
        work->user = view.session.user;
    }

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static mfa_status_t
ticket_use(mfa_visit_t *visit, ticket_way_t *way, ticket_work_t *work)
{
    mfa_status_t  st;

    if (visit->browser.len == 0) {
        return MFA_OK;
    }

    st = ticket_browser(visit, way->browser);

    if (st == MFA_OK) {
        st = mfa_view(visit->work, ticket_look_in, work);
    }

    if (st != MFA_OK || !work->is_known) {
        return st;
    }

    return mfa_update(visit->work, ticket_use_in, work);
}


/* there, second time */

static mfa_status_t
ticket_arrive(mfa_visit_t *visit, ticket_way_t *way, mfa_str_t ticket)
{
    mfa_status_t   st;
    ticket_work_t  work = { .visit = visit, .way = way, .ticket = ticket };

    st = ticket_use(visit, way, &work);
    if (st != MFA_OK) {
        return st;
    }

    if (work.text.len > 0) {
        st = mfa_visit_set_cookie(visit, visit->env->session_cookie,
                                  work.text);

        if (st == MFA_OK) {
            st = mfa_visit_enter(visit, mfa_id_str(&work.user));
        }

        if (st != MFA_OK) {
            return st;
        }

    } else if (visit->who.verdict != MFA_VERDICT_PASS) {
        return ticket_page(visit, way, 403);
    }

    return mfa_visit_redirect_to(visit, way->to);
}


/* cookies reach that host anyway */

static mfa_status_t
ticket_shared(mfa_visit_t *visit, const mfa_application_t *application)
{
    mfa_str_t  to;

    to = mfa_visit_param(visit, "to", application->link);

    return mfa_visit_redirect_to(visit,
                                 mfa_arena_printf(visit->work->arena,
                                     MFA_STR_FMT MFA_STR_FMT "login?"
                                     MFA_STR_FMT,
                                     MFA_STR_ARG(visit->env->send->origin.text),
                                     MFA_STR_ARG(visit->env->portal),
                                     MFA_STR_ARG(to)));
}


static mfa_status_t
ticket_there(mfa_visit_t *visit)
{
    mfa_str_t     ticket;
    mfa_status_t  st;
    ticket_way_t  way;

    memset(&way, 0, sizeof(way));

    way.application = mfa_application_at(visit->env->settings,
                                         visit->request->host,
                                         mfa_pairs_get(&visit->query,
                                                       mfa_str("to")));
    if (way.application == NULL) {
        return mfa_visit_fault(visit, 421);
    }

    if (way.application->is_shared) {
        return ticket_shared(visit, way.application);
    }

    way_aim(visit, &visit->query, &way);

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    ticket = mfa_pairs_get(&visit->query, mfa_str("ticket"));

    /* a HEAD, of whoever looks where a link leads, spends no ticket */

    if (visit->request->method != MFA_METHOD_GET) {
        return ticket_page(visit, &way, 200);
    }

    return (ticket.data != NULL) ? ticket_arrive(visit, &way, ticket)
                                 : ticket_leave(visit, &way);
}


static mfa_status_t
ticket_make_in(mfa_tx_t *tx, void *arg)
{
    ticket_work_t  *work = arg;

    return mfa_ticket_make(tx, work->visit->who.session.key,
                           work->way->application->host, work->way->browser,
                           &work->text);
}


static mfa_status_t
ticket_send(mfa_visit_t *visit, const ticket_way_t *way)
{
    mfa_status_t   st;
    ticket_work_t  work = { .visit = visit, .way = way };

    st = mfa_update(visit->work, ticket_make_in, &work);

    /* ended a moment ago: as for somebody who is not logged in */

    if (st == MFA_NOT_FOUND) {
        return mfa_visit_redirect(visit, mfa_str("login"),
                                  mfa_visit_param(visit, "to",
                                                  way_address(visit, way)));
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_redirect_to(visit,
                                 mfa_arena_printf(visit->work->arena,
                                     MFA_STR_FMT MFA_STR_FMT "ticket?ticket="
                                     MFA_STR_FMT "&" MFA_STR_FMT MFA_STR_FMT,
                                     MFA_STR_ARG(way->application->origin.text),
                                     MFA_STR_ARG(visit->env->portal),
                                     MFA_STR_ARG(work.text),
                                     MFA_STR_ARG(mfa_visit_param(visit, "to",
                                                                 way->to)),
                                     MFA_STR_ARG(ticket_language(visit))));
}


/* at public_url, with the way checked again */

static mfa_status_t
ticket_here(mfa_visit_t *visit)
{
    bool          is_one;
    mfa_str_t     query;
    mfa_status_t  st;
    ticket_way_t  way;

    if (way_read(visit, &visit->query, &way) != MFA_OK) {
        return mfa_visit_fault(visit, 400);
    }

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    query = mfa_visit_param(visit, "to", way_target(visit, &way));
    if (query.data == NULL) {
        return MFA_NO_MEMORY;
    }

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        is_one = mfa_str_eq_c(mfa_pairs_get(&visit->query, mfa_str("level")),
                              "one");

        return mfa_visit_redirect(visit, mfa_str("login"),
                                  mfa_arena_printf(visit->work->arena,
                                                   MFA_STR_FMT "%s",
                                                   MFA_STR_ARG(query),
                                                   is_one ? "&level=one"
                                                          : ""));
    }

    if (mfa_str_eq_c(mfa_pairs_get(&visit->query, mfa_str("step")), "up")) {
        return mfa_visit_redirect(visit, mfa_str("step-up"), query);
    }

    if (visit->request->method != MFA_METHOD_GET) {
        return mfa_visit_redirect(visit, mfa_null, mfa_null);
    }

    return ticket_send(visit, &way);
}


static mfa_status_t
ticket_get(mfa_visit_t *visit)
{
    return (visit->request->host.len > 0) ? ticket_there(visit)
                                          : ticket_here(visit);
}


const mfa_page_t  mfa_page_ticket = {
    .path = "ticket",
    .get = ticket_get,
    .is_anywhere = true
};
