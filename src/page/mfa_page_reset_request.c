/*
 * A reset with approval (A1, A2): what will happen, for who comes from
 * Verify or from the settings; the request that was sent; and the page behind
 * the link that stops it.
 *
 * The link needs no session and no flow, and a GET of it changes nothing:
 * programs that look into mail follow links. The phrase is on the page of the
 * person who asked and nowhere else: it must not help who reads a mailbox.
 */

#include "mfa_page.h"


static mfa_status_t
request_choose(mfa_visit_t *visit)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    /* the settings judge for themselves, and show the request */

    if (!mfa_str_eq_c(visit->step.flow.kind, "login")) {
        return MFA_OK;
    }

    st = mfa_visit_reset_offer(visit, &offer);
    if (st != MFA_OK) {
        return st;
    }

    if (offer.has_request) {
        visit->go = "reset-request/sent";

    } else if (!offer.is_request) {
        visit->go = "verify";
    }

    return MFA_OK;
}


/* a form that names no button asks for nothing */

static const mfa_page_action_t  request_actions[] = {
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { "submit", MFA_EVENT_REQUEST, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_reset_request = {
    .path = "reset-request",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "reset_request.html",
    .actions = request_actions,
    .choose = request_choose,
};


static mfa_status_t
sent_choose(mfa_visit_t *visit)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    st = mfa_visit_reset_offer(visit, &offer);

    if (st == MFA_OK && !offer.has_request) {
        visit->go = "verify";
    }

    return st;
}


static mfa_status_t
sent_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_status_t       st;
    mfa_reset_offer_t  offer;

    st = mfa_visit_reset_offer(visit, &offer);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_flag(map, "is_approved", offer.is_approved);
    mfa_value_set_str(map, "phrase", offer.request.phrase);
    mfa_value_set_str(map, "made",
                      mfa_visit_date(visit, offer.request.made_at));

    return MFA_OK;
}


const mfa_page_t  mfa_page_reset_request_sent = {
    .path = "reset-request/sent",
    .get = mfa_page_flow_get,
    .template = "reset_request_sent.html",
    .fill = sent_fill,
    .choose = sent_choose,
};


/* done: it was stopped just now */

static mfa_status_t
cancel_show(mfa_visit_t *visit, mfa_str_t reference, mfa_str_t token)
{
    mfa_value_t          *map;
    mfa_status_t          st;
    mfa_reset_request_t   request;

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_flag(map, "is_done",
                       mfa_pairs_get(&visit->query, mfa_str("done")).data
                       != NULL);

    st = mfa_flow_request_read(&visit->step, reference, token, &request);

    if (st == MFA_OK) {
        mfa_value_set_flag(map, "is_open", true);
        mfa_value_set_flag(map, "is_done", false);
        mfa_value_set_str(map, "made", mfa_visit_date(visit,
                                                      request.made_at));
        mfa_value_set_str(map, "from_agent",
                          mfa_agent_text(request.agent, visit->env->words,
                                         visit->work->arena));
        mfa_value_set_str(map, "reference", reference);
        mfa_value_set_str(map, "cancel", token);

    } else if (st != MFA_NOT_FOUND) {
        return st;
    }

    return mfa_visit_render(visit, 200, "reset_request_cancel.html", map);
}


static mfa_status_t
cancel_step(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_step(visit);

    return (st == MFA_NOT_FOUND) ? MFA_OK : st;
}


static mfa_status_t
cancel_get(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = mfa_visit_browser(visit);

    if (st == MFA_OK) {
        st = cancel_step(visit);
    }

    if (st != MFA_OK) {
        return st;
    }

    return cancel_show(visit, mfa_pairs_get(&visit->query, mfa_str("r")),
                       mfa_pairs_get(&visit->query, mfa_str("t")));
}


static mfa_status_t
cancel_post(mfa_visit_t *visit)
{
    mfa_status_t  st;

    st = cancel_step(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_request_cancel(&visit->step,
                                 mfa_pairs_get(&visit->form, mfa_str("r")),
                                 mfa_pairs_get(&visit->form, mfa_str("t")));
    if (st == MFA_NOT_FOUND) {
        return mfa_visit_redirect(visit, mfa_str("reset-request/cancel"),
                                  mfa_null);
    }

    if (st != MFA_OK) {
        return st;
    }

    visit->has_mail = visit->step.has_mail;

    return mfa_visit_redirect(visit, mfa_str("reset-request/cancel"),
                              mfa_str("done=1"));
}


const mfa_page_t  mfa_page_reset_request_cancel = {
    .path = "reset-request/cancel",
    .get = cancel_get,
    .post = cancel_post,
};
