/*
 * What nginx -t says of a realm that is right, and perhaps not what its
 * operator means. Refuses nothing. Contract: mfa.h, mfa_realm_warnings.
 */

#include "mfa_realm.h"


static mfa_status_t
realm_warn(mfa_realm_t *realm, const char *text)
{
    return mfa_strs_add(realm->arena, &realm->warnings, mfa_str_from(text));
}


typedef struct {
    bool  needs_staff;          /* somebody's requests wait for an approval */
    bool  has_gap;              /* a change is approved, a reset is not */
} realm_approval_t;


/* of people of this group alone; empty: of none that has a line */

static void
approval_look(const mfa_realm_t *realm, mfa_str_t group,
    realm_approval_t *found)
{
    mfa_user_t    user;
    mfa_policy_t  policy;

    memset(&user, 0, sizeof(user));

    user.groups.items = &group;
    user.groups.count = (group.len > 0) ? 1 : 0;

    mfa_flow_policy(&realm->flow, &user, &policy);

    if (policy.device_reset == MFA_DEVICE_RESET_APPROVAL
        || policy.factor_change == MFA_FACTOR_CHANGE_APPROVAL)
    {
        found->needs_staff = true;
    }

    if (policy.device_reset == MFA_DEVICE_RESET_EMAIL
        && policy.factor_change == MFA_FACTOR_CHANGE_APPROVAL)
    {
        found->has_gap = true;
    }
}


static mfa_status_t
realm_warn_approval(mfa_realm_t *realm)
{
    size_t            i;
    mfa_status_t      st;
    realm_approval_t  found = { .needs_staff = false };

    approval_look(realm, mfa_null, &found);

    for (i = 0; i < realm->flow.line_count; i++) {
        approval_look(realm, realm->flow.lines[i].group, &found);
    }

    st = MFA_OK;

    if (found.needs_staff && realm->model.helpdesk_group.len == 0
        && realm->model.admin_group.len == 0)
    {
        st = realm_warn(realm, "\"approval\" without \"helpdesk_group\" or "
                        "\"admin_group\": there is nobody who could approve "
                        "a request on the pages");
    }

    if (st == MFA_OK && found.has_gap) {
        st = realm_warn(realm, "\"factor_change approval\" together with "
                        "\"device_reset email\": a phone can still be "
                        "replaced with a mailed code, which nobody approves");
    }

    return st;
}


mfa_status_t
mfa_realm_warn(mfa_realm_t *realm)
{
    mfa_status_t         st;
    const mfa_factor_t  *email;

    st = MFA_OK;

    if (!realm->send.origin.is_https) {
        st = realm_warn(realm, "\"public_url\" is http: cookies go without "
                        "\"Secure\", for a demonstration on this machine "
                        "only");
    }

    email = mfa_factor_by_name(mfa_str("email"));

    if (st == MFA_OK && email != NULL
        && mfa_factor_is_allowed(&realm->factor, email))
    {
        st = realm_warn(realm, "\"factors\" has \"email\": whoever reads the "
                        "mailbox of a person needs no more than the password "
                        "to log in as them");
    }

    return (st == MFA_OK) ? realm_warn_approval(realm) : st;
}
