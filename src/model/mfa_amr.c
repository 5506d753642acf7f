/*
 * What was proved at a login, in the words of RFC 8176 and three of our own.
 *
 * Contract: mfa_model.h, "sessions".
 */

#include "mfa_record.h"


bool
mfa_amr_has_factor(unsigned amr)
{
    return (amr & ~MFA_AMR_NO_FACTOR) != 0;
}


mfa_str_t
mfa_amr_text(unsigned amr, mfa_arena_t *arena)
{
    bool       has_other;
    size_t     i;
    mfa_buf_t  buf;
    mfa_str_t  text;

    static const mfa_enum_t  names[] = {
        { "pwd", MFA_AMR_PWD },
        { "otp", MFA_AMR_OTP },
        { "sms", MFA_AMR_SMS },
        { "tel", MFA_AMR_TEL },
        { "email", MFA_AMR_EMAIL },
        { "recovery", MFA_AMR_RECOVERY },
        { "device", MFA_AMR_DEVICE },
        { NULL, 0 }
    };

    mfa_buf_init(&buf, arena, 64);

    for (i = 0; names[i].name != NULL; i++) {
        if (amr & (unsigned) names[i].value) {
            mfa_buf_puts(&buf, buf.len > 0 ? " " : "");
            mfa_buf_puts(&buf, names[i].name);
        }
    }

    /*
     * What one knows is one kind, all the others are what one has; but a
     * device that is remembered proves nothing of itself.
     */

    has_other = mfa_amr_has_factor(amr);

    if ((amr & MFA_AMR_PWD) && has_other) {
        mfa_buf_puts(&buf, " mfa");
    }

    return mfa_buf_str(&buf, &text) == MFA_OK ? text : mfa_null;
}


mfa_str_t
mfa_session_amr(const mfa_session_t *session, mfa_arena_t *arena)
{
    mfa_str_t  own;

    own = mfa_amr_text(session->amr, arena);

    if (session->trusted.len == 0 || own.len == 0) {
        return session->trusted.len > 0 ? session->trusted : own;
    }

    return mfa_arena_printf(arena, MFA_STR_FMT " " MFA_STR_FMT,
                            MFA_STR_ARG(session->trusted), MFA_STR_ARG(own));
}
