/*
 * Try again later: too many attempts (L14). The same for everybody.
 */

#include "mfa_page.h"


#define WAIT_MAX  (24 * 60 * 60)


static mfa_status_t
later_get(mfa_visit_t *visit)
{
    int64_t        seconds;
    mfa_str_t      text;
    mfa_value_t   *map;
    mfa_arena_t   *arena = visit->work->arena;
    mfa_status_t   st;

    st = mfa_str_number(mfa_pairs_get(&visit->query, mfa_str("seconds")),
                        &seconds);

    if (st != MFA_OK || seconds < 1 || seconds > WAIT_MAX) {
        seconds = 60;
    }

    text = mfa_arena_printf(arena, "%lld", (long long) seconds);
    map = mfa_visit_values(visit, NULL, mfa_visit_target(visit));

    /* any page of the flow leads to where the person was */

    mfa_value_set_str(map, "back",
                      mfa_visit_param(visit, "flow",
                                      mfa_pairs_get(&visit->query,
                                                    mfa_str("flow"))));

    /* a login that is held can be freed with a mailed code */

    mfa_value_set_flag(map, "is_login",
                       mfa_str_eq_c(mfa_pairs_get(&visit->query,
                                                  mfa_str("unlock")), "1"));

    if (seconds >= 90) {
        mfa_value_set_str(map, "minutes",
                          mfa_arena_printf(arena, "%lld",
                                           (long long) (seconds + 59) / 60));

    } else {
        mfa_value_set_str(map, "seconds", text);
    }

    st = mfa_visit_render(visit, 429, "later.html", map);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_reply_header(arena, visit->reply, "Retry-After", text);
}


const mfa_page_t  mfa_page_later = {
    .path = "later",
    .get = later_get,
};
