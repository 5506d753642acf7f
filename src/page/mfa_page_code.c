/*
 * The pages where a mailed code is typed: in a registration (R2), and
 * before an unfinished one goes on in another browser (R6).
 */

#include "mfa_page.h"


typedef struct {
    mfa_step_t  *step;
    mfa_code_t   code;
} code_case_t;


static mfa_status_t
look_code(mfa_tx_t *tx, void *arg)
{
    code_case_t       *at = arg;
    mfa_code_place_t   place;

    place = mfa_flow_code_place(&at->step->flow);

    return mfa_code_look(tx, &place, &at->code);
}


static mfa_status_t
code_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    code_case_t   at;
    mfa_status_t  st;

    memset(&at, 0, sizeof(at));

    at.step = &visit->step;

    st = mfa_view(visit->work, look_code, &at);
    if (st != MFA_OK && st != MFA_NOT_FOUND && st != MFA_EXPIRED) {
        return st;
    }

    mfa_value_set_str(map, "reference", at.code.reference);
    mfa_value_set_str(map, "sender", visit->env->send->mail_from);

    return MFA_OK;
}


static const mfa_page_action_t  register_actions[] = {
    { "verify", MFA_EVENT_CODE },
    { "resend", MFA_EVENT_RESEND },
    { "change", MFA_EVENT_CHANGE_EMAIL },
    { NULL, 0 }
};


const mfa_page_t  mfa_page_register_code = {
    .path = "register/code",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "register_code.html",
    .actions = register_actions,
    .fill = code_fill,
};


static const mfa_page_action_t  prove_actions[] = {
    { "verify", MFA_EVENT_CODE },
    { "resend", MFA_EVENT_RESEND },
    { NULL, 0 }
};


const mfa_page_t  mfa_page_prove = {
    .path = "prove",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "prove.html",
    .actions = prove_actions,
    .fill = code_fill,
};
