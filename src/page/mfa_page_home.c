/*
 * Your applications: where somebody is who wanted no page in particular
 * (L11).
 */

#include "mfa_page_staff.h"


/* a roster can be long, and this page is everybody's */
#define HOME_LOOK  (50 * MFA_SECOND / 1000)


typedef struct {
    mfa_id_t       user;
    mfa_methods_t  methods;
} home_case_t;


static mfa_status_t
home_read(mfa_tx_t *tx, void *arg)
{
    home_case_t  *at = arg;

    return mfa_methods_read(tx, &at->user, &at->methods);
}


/* the way back in runs out: better said here than when it is needed */

static mfa_status_t
home_recovery(mfa_visit_t *visit, mfa_value_t *map)
{
    home_case_t   at;
    mfa_status_t  st;

    if (!visit->env->flow->factors->recovery_codes
        || mfa_visit_is_partial(visit))
    {
        return MFA_OK;
    }

    memset(&at, 0, sizeof(at));
    at.user = visit->who.user.id;

    st = mfa_view(visit->work, home_read, &at);
    if (st != MFA_OK) {
        return st;
    }

    mfa_recovery_fill(visit, &at.methods, map);

    return MFA_OK;
}


/* a password is enough for now: the other thing is offered (Y1) */

static mfa_status_t
home_offer(mfa_visit_t *visit, mfa_value_t *map)
{
    mfa_grace_t   grace;
    mfa_status_t  st;

    if (visit->who.session.amr & MFA_AMR_TRUSTED) {
        return MFA_OK;
    }

    st = mfa_visit_grace(visit, &visit->who.user, &grace);

    if (st == MFA_OK) {
        mfa_visit_grace_values(visit, &grace, map);
    }

    return st;
}


/* links to the pages of staff and of managers, for those who have them */

static mfa_status_t
home_staff(mfa_visit_t *visit, mfa_value_t *map)
{
    bool                         is_manager;
    size_t                       waiting;
    mfa_status_t                 st;
    mfa_staff_found_t            found;
    const mfa_model_settings_t  *settings = visit->work->model->settings;

    st = mfa_staff_is_manager(visit, HOME_LOOK, &is_manager);

    /* one record that cannot be read must not close everybody's page */

    if (st != MFA_OK && st != MFA_DAMAGED && st != MFA_NEWER) {
        return st;
    }

    mfa_value_set_flag(map, "is_manager", is_manager);

    if (mfa_user_rank(settings, &visit->who.user) == MFA_RANK_USER) {
        return MFA_OK;
    }

    mfa_value_set_flag(map, "is_staff", true);

    if (mfa_visit_is_partial(visit)) {
        return MFA_OK;
    }

    st = mfa_staff_requests(visit->work, INT64_MAX, &found, &waiting);

    if (st == MFA_OK && waiting > 0) {
        mfa_value_set_str(map, "waiting",
                          mfa_arena_printf(visit->work->arena, "%zu",
                                           waiting));
    }

    return st;
}


static mfa_status_t
home_get(mfa_visit_t *visit)
{
    mfa_str_t      target, name;
    mfa_value_t   *map;
    mfa_status_t   st;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    target = mfa_visit_target(visit);

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return mfa_visit_redirect(visit, mfa_str("login"),
                                  mfa_visit_param(visit, "to", target));
    }

    if (target.len > 0) {
        return mfa_visit_go(visit, target);
    }

    st = mfa_visit_browser(visit);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_user_full_name(visit->work->arena, &visit->who.user, &name);
    if (st != MFA_OK) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_str(map, "name", name);
    mfa_value_set_str(map, "email", visit->who.user.email);

    mfa_application_tiles(visit, map);

    st = home_recovery(visit, map);

    if (st == MFA_OK) {
        st = home_offer(visit, map);
    }

    if (st == MFA_OK) {
        st = home_staff(visit, map);
    }

    if (st != MFA_OK) {
        return st;
    }

    return mfa_visit_render(visit, 200, "home.html", map);
}


const mfa_page_t  mfa_page_home = {
    .path = "",
    .get = home_get,
};
