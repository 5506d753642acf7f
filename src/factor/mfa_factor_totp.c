/*
 * The authenticator app as a second factor.
 *
 * Never accepts a step twice and never a step up to the one that confirmed
 * the enrolment: the record's last_step says so. Contract: mfa_factor.h.
 */

#include "mfa_factor.h"


static mfa_status_t
totp_begin(const mfa_factor_case_t *at, mfa_str_t *secret)
{
    void         *bytes;
    mfa_status_t  st;

    bytes = mfa_arena_alloc(at->tx->work->arena, MFA_TOTP_SECRET_SIZE);
    if (bytes == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_port_random(at->tx->work->model->ports, bytes,
                         MFA_TOTP_SECRET_SIZE);
    if (st != MFA_OK) {
        return st;
    }

    *secret = mfa_str_bytes(bytes, MFA_TOTP_SECRET_SIZE);

    return MFA_OK;
}


/* base32 in groups of four, for people who type it */

static mfa_status_t
totp_groups(mfa_arena_t *arena, mfa_str_t secret, mfa_str_t *text)
{
    size_t        i;
    mfa_str_t     key;
    mfa_buf_t     buf;
    mfa_status_t  st;

    st = mfa_base32_encode(arena, secret, &key);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, arena, 128);

    for (i = 0; i < key.len; i++) {
        if (i > 0 && i % 4 == 0) {
            mfa_buf_putc(&buf, ' ');
        }

        mfa_buf_putc(&buf, key.data[i]);
    }

    return mfa_buf_str(&buf, text);
}


static mfa_status_t
totp_show(const mfa_factor_settings_t *settings,
    const mfa_send_settings_t *send, mfa_str_t email, mfa_str_t secret,
    mfa_arena_t *arena, mfa_value_t *map)
{
    mfa_str_t     uri, svg, groups;
    mfa_status_t  st;

    st = mfa_totp_uri(&settings->totp, send->brand, email, secret, arena,
                      &uri);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_qr_svg(arena, uri, mfa_str("QR code for your authenticator app"),
                    &svg);
    if (st != MFA_OK) {
        return st;
    }

    st = totp_groups(arena, secret, &groups);
    if (st != MFA_OK) {
        return st;
    }

    mfa_value_set_str(map, "qr", svg);
    mfa_value_set_str(map, "otpauth", uri);
    mfa_value_set_str(map, "secret", groups);

    return MFA_OK;
}


static mfa_status_t
totp_verify(const mfa_factor_case_t *at, const mfa_factor_record_t *record,
    mfa_str_t typed, mfa_verdict_t *verdict, uint64_t *step)
{
    mfa_str_t                   digits;
    mfa_status_t                st;
    const mfa_totp_settings_t  *totp;

    *verdict = MFA_VERDICT_DENY;

    totp = &at->settings->totp;

    st = mfa_digits_clean(at->tx->work->arena, typed, (size_t) totp->digits,
                          &digits);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_totp_match(totp, record, digits, at->tx->now, step);
    if (st == MFA_NOT_FOUND) {
        return MFA_OK;
    }

    if (st != MFA_OK) {
        return st;
    }

    *verdict = MFA_VERDICT_PASS;

    return MFA_OK;
}


const mfa_factor_t  mfa_factor_totp = {
    .name = "totp",
    .amr = MFA_AMR_OTP,
    .label = MFA_WORD_STATIC("Authenticator app"),
    .begin = totp_begin,
    .show = totp_show,
    .verify = totp_verify,
};
