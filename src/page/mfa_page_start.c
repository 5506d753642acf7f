/*
 * The first page of a journey that begins with an address to be verified:
 * Register (R1), Password reset (P1).
 */

#include "mfa_page.h"


mfa_status_t
mfa_visit_to_flow(mfa_visit_t *visit)
{
    mfa_str_t          id;
    mfa_status_t       st;
    const mfa_flow_t  *flow = &visit->step.flow;

    st = mfa_id_text(visit->work->arena, &flow->id, &id);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_redirect(visit, mfa_flow_screen(flow),
                              mfa_visit_param(visit, "flow", id));
}


mfa_status_t
mfa_page_start_get(mfa_visit_t *visit)
{
    mfa_value_t   *map;
    mfa_status_t   st;
    mfa_notice_t   notice;

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_visit_target(visit));

    st = mfa_notice_take(visit, &notice);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    mfa_value_set_str(map, "email", notice.email);

    if (notice.word.len > 0) {
        mfa_visit_error(visit, map, notice.field, notice.word);
    }

    mfa_value_set_flag(map, "is_ended",
                       mfa_str_eq_c(mfa_pairs_get(&visit->query,
                                                  mfa_str("notice")),
                                    "ended"));

    if (visit->page->fill != NULL) {
        st = visit->page->fill(visit, map);
        if (st != MFA_OK) {
            return st;
        }
    }

    return mfa_visit_render(visit, 200, visit->page->template, map);
}


mfa_status_t
mfa_page_start_post(mfa_visit_t *visit)
{
    mfa_str_t     typed;
    mfa_status_t  st;

    st = mfa_visit_step(visit);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    typed = mfa_pairs_get(&visit->form, mfa_str("email"));

    st = visit->page->start(&visit->step, typed);

    if (st == MFA_INVALID) {
        return mfa_notice_refuse(visit, mfa_str_trim(typed),
                                 MFA_WORD("Enter an email address in the "
                                          "form name@example.org."));
    }

    if (st == MFA_LIMITED) {
        return mfa_visit_later(visit, visit->step.retry_at);
    }

    if (st != MFA_OK) {
        return st;
    }

    visit->has_mail = visit->step.has_mail;

    return mfa_visit_to_flow(visit);
}
