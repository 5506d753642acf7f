/*
 * The pages where a mailed code is typed: in a registration (R2), for a
 * forgotten password (P1), for a lost phone (D2), by somebody whose login is
 * held (L14), and before an unfinished registration goes on in another
 * browser (R6).
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
    mfa_value_set_flag(map, "is_long", at.code.is_long);
    mfa_value_set_str(map, "sender", visit->env->send->mail_from);

    return MFA_OK;
}


static const mfa_page_action_t  address_actions[] = {
    { "verify", MFA_EVENT_CODE, NULL },
    { "resend", MFA_EVENT_RESEND, NULL },
    { "change", MFA_EVENT_CHANGE_EMAIL, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_register_code = {
    .path = "register/code",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "register_code.html",
    .actions = address_actions,
    .fill = code_fill,
};


const mfa_page_t  mfa_page_password_reset_code = {
    .path = "password-reset/code",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "password_reset_code.html",
    .actions = address_actions,
    .fill = code_fill,
};


/* once approved the code goes to the address of the record, which somebody
 * who has the password alone need not learn */

static mfa_status_t
device_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    bool                 is_named;
    mfa_str_t            shown;
    mfa_status_t         st;
    const mfa_factor_t  *mail = mfa_factor_by_name(mfa_str("email"));

    is_named = mfa_str_eq_c(visit->step.flow.action, "reset");

    mfa_value_set_flag(map, "is_named", is_named);

    if (!is_named && mail != NULL) {
        st = mail->mask(visit->work->arena, visit->step.flow.email, &shown);
        if (st != MFA_OK) {
            return st;
        }

        mfa_value_set_str(map, "email", shown);
    }

    return code_fill(visit, map);
}


static const mfa_page_action_t  device_actions[] = {
    { "verify", MFA_EVENT_CODE, NULL },
    { "resend", MFA_EVENT_RESEND, NULL },
    { "change", MFA_EVENT_CHANGE_EMAIL, NULL },
    { "cancel", MFA_EVENT_CANCEL, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_device_reset_code = {
    .path = "device-reset/code",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "device_reset_code.html",
    .actions = device_actions,
    .fill = device_fill,
};


const mfa_page_t  mfa_page_unlock_code = {
    .path = "unlock/code",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "unlock_code.html",
    .actions = address_actions,
    .fill = code_fill,
};


static mfa_status_t
prove_fill(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_status_t  st;

    st = mfa_visit_later_values(visit, map);

    return (st == MFA_OK) ? code_fill(visit, map) : st;
}


static const mfa_page_action_t  prove_actions[] = {
    { "verify", MFA_EVENT_CODE, NULL },
    { "resend", MFA_EVENT_RESEND, NULL },
    { "later", MFA_EVENT_LATER, NULL },
    { NULL, 0, NULL }
};


const mfa_page_t  mfa_page_prove = {
    .path = "prove",
    .get = mfa_page_flow_get,
    .post = mfa_page_flow_post,
    .template = "prove.html",
    .actions = prove_actions,
    .fill = prove_fill,
};
