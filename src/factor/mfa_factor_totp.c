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


static bool
totp_has_form(const mfa_factor_settings_t *settings, mfa_arena_t *arena,
    mfa_str_t typed)
{
    mfa_str_t  digits;

    return mfa_digits_clean(arena, typed, (size_t) settings->totp.digits,
                            &digits) == MFA_OK;
}


static mfa_status_t
totp_verify(const mfa_factor_case_t *at, mfa_factor_record_t *record,
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


static mfa_str_t
totp_word(bool is_fast, int minutes)
{
    if (is_fast && minutes == 0) {
        return MFA_WORD("The clock of your phone is less than a minute fast. "
                        "Set it to automatic, wait for the next code, and "
                        "type that one.");
    }

    if (is_fast && minutes == 1) {
        return MFA_WORD("The clock of your phone is about one minute fast. "
                        "Set it to automatic, wait for the next code, and "
                        "type that one.");
    }

    if (is_fast) {
        return MFA_WORD("The clock of your phone is about {{minutes}} minutes "
                        "fast. Set it to automatic, wait for the next code, "
                        "and type that one.");
    }

    if (minutes == 0) {
        return MFA_WORD("The clock of your phone is less than a minute slow. "
                        "Set it to automatic, wait for the next code, and "
                        "type that one.");
    }

    if (minutes == 1) {
        return MFA_WORD("The clock of your phone is about one minute slow. "
                        "Set it to automatic, wait for the next code, and "
                        "type that one.");
    }

    return MFA_WORD("The clock of your phone is about {{minutes}} minutes "
                    "slow. Set it to automatic, wait for the next code, and "
                    "type that one.");
}


/*
 * A code of a step to come will be right in a while. Somebody who guesses
 * and is told so would have won: nine such steps beside three that let in
 * make guessing four times as good. So a step that was told of is noted in
 * the record, and its code is never accepted. The owner types another one
 * anyway, as the page says.
 */

static mfa_status_t
totp_advise(const mfa_factor_case_t *at, mfa_factor_record_t *record,
    mfa_str_t typed, mfa_str_t *word, mfa_pairs_t *values)
{
    int                         drift, minutes;
    bool                        is_drift;
    uint64_t                    step;
    mfa_str_t                   digits, number;
    mfa_arena_t                *arena;
    mfa_status_t                st;
    const mfa_totp_settings_t  *totp;

    *word = mfa_null;

    totp = &at->settings->totp;
    arena = at->tx->work->arena;

    st = mfa_digits_clean(arena, typed, (size_t) totp->digits, &digits);
    if (st != MFA_OK) {
        return (st == MFA_INVALID) ? MFA_OK : st;
    }

    /* a right code that was refused for another reason is not talked about */

    st = mfa_totp_match(totp, record, digits, at->tx->now, &step);
    if (st != MFA_NOT_FOUND) {
        return st;
    }

    st = mfa_totp_is_drift(totp, record->secret, digits, at->tx->now,
                           &is_drift, &drift);
    if (st != MFA_OK || !is_drift) {
        return st;
    }

    /* within the window the clock is right, and the code was used before */

    if ((drift < 0 ? -drift : drift) <= totp->window) {
        *word = MFA_WORD("This code was used before. Wait for the next code, "
                         "and type that one.");
        return MFA_OK;
    }

    if (drift > 0) {
        record->told_step = (uint64_t) (at->tx->now / MFA_TOTP_STEP + drift);
    }

    minutes = (drift < 0 ? -drift : drift) / 2;

    number = mfa_arena_printf(arena, "%d", minutes);
    if (number.data == NULL) {
        return MFA_NO_MEMORY;
    }

    st = mfa_pairs_add(arena, values, mfa_str("minutes"), number);
    if (st != MFA_OK) {
        return st;
    }

    *word = totp_word(drift > 0, minutes);

    return MFA_OK;
}


const mfa_factor_t  mfa_factor_totp = {
    .name = "totp",
    .amr = MFA_AMR_OTP,
    .label = MFA_WORD_STATIC("Authenticator app"),
    .secure_template = "secure_totp.html",
    .verify_template = "verify_totp.html",
    .begin = totp_begin,
    .show = totp_show,
    .has_form = totp_has_form,
    .verify = totp_verify,
    .advise = totp_advise,
};
