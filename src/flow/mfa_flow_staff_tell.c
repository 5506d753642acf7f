/*
 * Letters about what staff did (C10): to every address from before the deed,
 * and to the one that is new. They name no member of staff, and never hold a
 * pass, a code or the reason.
 */

#include "mfa_flow_staff_case.h"


#define TELL_KEEP  (7 * MFA_DAY)


mfa_status_t
mfa_staff_tell(mfa_tx_t *tx, const mfa_staff_case_t *at, const char *flag)
{
    size_t               i;
    mfa_str_t            label;
    mfa_arena_t         *arena = tx->work->arena;
    mfa_status_t         st;
    mfa_message_t        message;
    const mfa_factor_t  *factor;

    memset(&message, 0, sizeof(message));

    factor = (at->factor != NULL) ? mfa_factor_by_name(mfa_str_from(at->factor))
                                  : NULL;
    label = (factor != NULL) ? factor->label : at->former;

    {
        const mfa_pair_t  pairs[] = {
            { mfa_str_from(flag), mfa_str("1") },
            { mfa_str("when"), mfa_date_pack(tx->now, arena) },
            { mfa_str("name"), at->user.first_name },
            { mfa_str("subject"), label },
            { mfa_str("new_address"), at->changed },
            { mfa_str("until"), mfa_date_pack(at->until != 0
                                              ? at->until
                                              : at->request.expires_at,
                                              arena) }
        };

        for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
            st = mfa_pairs_add(arena, &message.values, pairs[i].name,
                               pairs[i].value);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    message.channel = mfa_str("mail");
    message.kind = mfa_str("staff");
    message.expires_at = tx->now + TELL_KEEP;

    at->step->has_mail = true;

    st = mfa_message_queue_all(tx, &at->told, &message);

    if (st != MFA_OK || at->changed.len == 0) {
        return st;
    }

    message.to = at->changed;

    return mfa_message_queue(tx, &message);
}
