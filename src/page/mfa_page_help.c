/*
 * Pages that say whom to ask: a forgotten password, and a person's own
 * security settings as they stand.
 */

#include <time.h>

#include "mfa_page.h"


static mfa_status_t
password_reset_get(mfa_visit_t *visit)
{
    mfa_value_t  *map;

    map = mfa_visit_values(visit, NULL, mfa_visit_target(visit));

    return mfa_visit_render(visit, 200, "password_reset.html", map);
}


const mfa_page_t  mfa_page_password_reset = {
    .path = "password-reset",
    .get = password_reset_get,
};


typedef struct {
    mfa_id_t             user;
    mfa_factor_record_t  record;
} security_case_t;


static mfa_status_t
look_record(mfa_tx_t *tx, void *arg)
{
    security_case_t  *at = arg;

    return mfa_factor_record_get(tx, &at->user, mfa_str("totp"),
                                 &at->record);
}


static void
set_date(mfa_visit_t *visit, mfa_value_t *map, const char *name,
    mfa_time_t at)
{
    char       text[64];
    time_t     seconds;
    struct tm  tm;
    mfa_str_t  copy;

    seconds = (time_t) (at / MFA_SECOND);

    if (at == 0 || localtime_r(&seconds, &tm) == NULL
        || strftime(text, sizeof(text), "%d %B %Y", &tm) == 0
        || mfa_arena_copy(visit->work->arena, mfa_str_from(text), &copy)
           != MFA_OK)
    {
        return;
    }

    mfa_value_set_str(map, name, copy);
}


static mfa_status_t
security_get(mfa_visit_t *visit)
{
    mfa_value_t      *map;
    mfa_status_t      st;
    security_case_t   at;

    st = mfa_visit_who(visit);
    if (st != MFA_OK) {
        return st;
    }

    if (visit->who.verdict != MFA_VERDICT_PASS) {
        return mfa_visit_redirect(visit, mfa_str("login"), mfa_null);
    }

    memset(&at, 0, sizeof(at));

    at.user = visit->who.user.id;

    st = mfa_view(visit->work, look_record, &at);
    if (st != MFA_OK && st != MFA_NOT_FOUND) {
        return st;
    }

    map = mfa_visit_values(visit, NULL, mfa_null);

    mfa_value_set_str(map, "email", visit->who.user.email);

    set_date(visit, map, "password_date", visit->who.user.password_at);
    set_date(visit, map, "totp_date", at.record.added_at);
    set_date(visit, map, "totp_used", at.record.used_at);

    return mfa_visit_render(visit, 200, "security.html", map);
}


const mfa_page_t  mfa_page_security = {
    .path = "security",
    .get = security_get,
};
