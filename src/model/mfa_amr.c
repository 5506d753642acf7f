/*
 * What was proved at a login, in the words of RFC 8176 and three of our own.
 *
 * Contract: mfa_model.h, "sessions".
 */

#include "mfa_record.h"


/* all the words and a space before each */
#define AMR_TEXT_SIZE  64

typedef struct {
    unsigned   bit;
    mfa_str_t  word;
} amr_name_t;


bool
mfa_amr_has_factor(unsigned amr)
{
    return (amr & ~MFA_AMR_NO_FACTOR) != 0;
}


/* the gate asks for it at each session it reads: no buffer that grows */

static void
amr_add(char text[AMR_TEXT_SIZE], size_t *len, mfa_str_t word)
{
    if (*len > 0) {
        text[(*len)++] = ' ';
    }

    memcpy(text + *len, word.data, word.len);
    *len += word.len;
}


mfa_str_t
mfa_amr_text(unsigned amr, mfa_arena_t *arena)
{
    char    *text;
    size_t   i, len;

    static const amr_name_t  names[] = {
        { MFA_AMR_PWD, mfa_str_static("pwd") },
        { MFA_AMR_OTP, mfa_str_static("otp") },
        { MFA_AMR_SMS, mfa_str_static("sms") },
        { MFA_AMR_TEL, mfa_str_static("tel") },
        { MFA_AMR_EMAIL, mfa_str_static("email") },
        { MFA_AMR_RECOVERY, mfa_str_static("recovery") },
        { MFA_AMR_DEVICE, mfa_str_static("device") }
    };

    text = mfa_arena_alloc(arena, AMR_TEXT_SIZE);
    if (text == NULL) {
        return mfa_null;
    }

    len = 0;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (amr & names[i].bit) {
            amr_add(text, &len, names[i].word);
        }
    }

    /*
     * What one knows is one kind, all the others are what one has; but a
     * device that is remembered proves nothing of itself.
     */

    if ((amr & MFA_AMR_PWD) && mfa_amr_has_factor(amr)) {
        amr_add(text, &len, mfa_str("mfa"));
    }

    return mfa_str_bytes(text, len);
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
