/*
 * A deed of staff: more time to set up a second factor (Y1, C11).
 *
 * The only thing that moves a person's deadline; the audit has the day.
 */

#include "mfa_flow_staff_case.h"


mfa_status_t
mfa_staff_extend(mfa_tx_t *tx, mfa_staff_case_t *at)
{
    mfa_str_t     word, day;
    mfa_status_t  st;

    word = mfa_null;
    day = mfa_str_trim(at->deed->value);

    st = mfa_flow_extend(tx, at->step->env->settings, &at->user, day, &word);
    if (st != MFA_OK) {
        at->deed->field = (st == MFA_INVALID) ? mfa_str("date") : mfa_null;
        at->deed->word = word;

        return st;
    }

    at->until = at->user.deadline_at;
    at->note = mfa_arena_printf(tx->work->arena,
                                "until " MFA_STR_FMT ": " MFA_STR_FMT,
                                MFA_STR_ARG(day), MFA_STR_ARG(at->note));

    if (at->note.data == NULL) {
        return MFA_NO_MEMORY;
    }

    at->deed->word = MFA_WORD("The person has more time. All addresses are "
                              "told.");

    return mfa_user_save(tx, &at->user, NULL);
}
