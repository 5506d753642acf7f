/*
 * Time-based one-time passwords: the arithmetic of RFC 4226 and RFC 6238.
 *
 * Knows no user and no page. Contract: mfa_factor.h.
 */

#include "mfa_factor.h"


#define DRIFT_STEPS  10


static mfa_status_t
totp_mac(const mfa_totp_settings_t *settings, mfa_str_t secret,
    mfa_str_t counter, uint8_t mac[MFA_DIGEST_SIZE], size_t *len)
{
    if (settings->algorithm == MFA_TOTP_SHA256) {
        *len = MFA_DIGEST_SIZE;
        return mfa_hmac_sha256(secret, counter, mac);
    }

    *len = MFA_SHA1_SIZE;

    return mfa_hmac_sha1(secret, counter, mac);
}


mfa_status_t
mfa_totp_code(const mfa_totp_settings_t *settings, mfa_str_t secret,
    uint64_t step, char code[MFA_TOTP_DIGITS_MAX + 1])
{
    size_t        i, len, from;
    uint8_t       mac[MFA_DIGEST_SIZE], counter[8];
    uint32_t      value;
    mfa_status_t  st;

    for (i = 0; i < sizeof(counter); i++) {
        counter[i] = (uint8_t) (step >> (8 * (7 - i)));
    }

    st = totp_mac(settings, secret, mfa_str_bytes(counter, sizeof(counter)),
                  mac, &len);
    if (st != MFA_OK) {
        return st;
    }

    /* dynamic truncation, RFC 4226 section 5.3 */

    from = mac[len - 1] & 0x0f;

    value = ((uint32_t) (mac[from] & 0x7f) << 24)
            | ((uint32_t) mac[from + 1] << 16)
            | ((uint32_t) mac[from + 2] << 8)
            | (uint32_t) mac[from + 3];

    for (i = (size_t) settings->digits; i > 0; i--) {
        code[i - 1] = (char) ('0' + value % 10);
        value /= 10;
    }

    code[settings->digits] = '\0';

    mfa_wipe(mac, sizeof(mac));

    return MFA_OK;
}


/*
 * The latest step of the range whose code is the typed one; 0 when there is
 * none. Every step is computed and compared, so that time tells nothing.
 */

static mfa_status_t
totp_find(const mfa_totp_settings_t *settings, mfa_str_t secret,
    mfa_str_t typed, const uint64_t range[2], uint64_t *found)
{
    char          code[MFA_TOTP_DIGITS_MAX + 1];
    uint64_t      step;
    mfa_status_t  st;

    *found = 0;

    if (typed.len != (size_t) settings->digits) {
        return MFA_OK;
    }

    for (step = range[0]; step <= range[1]; step++) {
        st = mfa_totp_code(settings, secret, step, code);
        if (st != MFA_OK) {
            *found = 0;
            return st;
        }

        if (mfa_equal_ct(code, typed.data, typed.len)) {
            *found = step;
        }
    }

    mfa_wipe(code, sizeof(code));

    return MFA_OK;
}


static void
totp_range(mfa_time_t now, uint64_t around, uint64_t range[2])
{
    uint64_t  step;

    step = (now > 0) ? (uint64_t) (now / MFA_TOTP_STEP) : 0;

    range[0] = (step > around) ? step - around : 0;
    range[1] = step + around;
}


mfa_status_t
mfa_totp_match(const mfa_totp_settings_t *settings,
    const mfa_factor_record_t *record, mfa_str_t typed, mfa_time_t now,
    uint64_t *step)
{
    uint64_t      range[2];
    mfa_status_t  st;

    totp_range(now, (uint64_t) settings->window, range);

    st = totp_find(settings, record->secret, typed, range, step);
    if (st != MFA_OK) {
        return st;
    }

    return (*step > record->last_step && *step != record->told_step)
           ? MFA_OK : MFA_NOT_FOUND;
}


mfa_status_t
mfa_totp_is_drift(const mfa_totp_settings_t *settings, mfa_str_t secret,
    mfa_str_t typed, mfa_time_t now, bool *is_drift, int *drift)
{
    uint64_t      step, here[2], range[2];
    mfa_status_t  st;

    totp_range(now, 0, here);
    totp_range(now, DRIFT_STEPS, range);

    st = totp_find(settings, secret, typed, range, &step);

    *is_drift = (st == MFA_OK && step != 0);
    *drift = *is_drift ? (int) ((int64_t) step - (int64_t) here[0]) : 0;

    return st;
}


mfa_status_t
mfa_totp_uri(const mfa_totp_settings_t *settings, mfa_str_t issuer,
    mfa_str_t email, mfa_str_t secret, mfa_arena_t *arena, mfa_str_t *uri)
{
    mfa_str_t     name, address, key;
    mfa_buf_t     buf;
    mfa_status_t  st;

    st = mfa_percent_encode(arena, issuer, "", &name);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_percent_encode(arena, email, "@", &address);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_base32_encode(arena, secret, &key);
    if (st != MFA_OK) {
        return st;
    }

    mfa_buf_init(&buf, arena, 2048);

    mfa_buf_puts(&buf, "otpauth://totp/");
    mfa_buf_put(&buf, name);
    mfa_buf_putc(&buf, ':');
    mfa_buf_put(&buf, address);
    mfa_buf_puts(&buf, "?secret=");
    mfa_buf_put(&buf, key);
    mfa_buf_puts(&buf, "&issuer=");
    mfa_buf_put(&buf, name);

    /* apps that know only the defaults are told only what differs */

    if (settings->digits != 6) {
        mfa_buf_printf(&buf, "&digits=%d", (int) settings->digits);
    }

    if (settings->algorithm == MFA_TOTP_SHA256) {
        mfa_buf_puts(&buf, "&algorithm=SHA256");
    }

    return mfa_buf_str(&buf, uri);
}
