/*
 * Factors: ways to prove who one is.
 *
 * Rank 4. A factor judges what a person typed against a record; it never
 * writes a session or the state of a journey, and keeps nothing in a
 * static. A second factor is one file with one descriptor and one line in
 * registry.def, in the order in which people are offered them. The password
 * is a factor too, but not in that list: its check needs a hash thread, so
 * only its rules stand here and the journeys run the hash.
 */

#ifndef MFA_FACTOR_H
#define MFA_FACTOR_H

#include "../send/mfa_send.h"

#pragma GCC visibility push(hidden)


/* settings: totp, password_min, common_passwords */

typedef enum {
    MFA_TOTP_SHA1 = 0,
    MFA_TOTP_SHA256
} mfa_totp_algorithm_t;

typedef struct {
    int64_t               digits;       /* 6 or 8 */
    int64_t               window;       /* steps either side: 0 or 1 */
    mfa_totp_algorithm_t  algorithm;
} mfa_totp_settings_t;

typedef struct {
    mfa_totp_settings_t  totp;
    int64_t              password_min;      /* code points; 12 */
    mfa_str_t            common_passwords;  /* path of the sorted list */
} mfa_factor_settings_t;

extern const mfa_option_t  mfa_factor_options[];

void mfa_factor_defaults(mfa_factor_settings_t *settings);


/* what a factor is told; the same for every call */

typedef struct {
    const mfa_factor_settings_t  *settings;
    const mfa_send_settings_t    *send;
    mfa_tx_t                     *tx;
    const mfa_user_t             *user;
} mfa_factor_case_t;

typedef struct mfa_factor_s  mfa_factor_t;

struct mfa_factor_s {
    const char  *name;              /* kind of the record: "totp" */
    unsigned     amr;
    mfa_str_t    label;             /* word: "Authenticator app" */

    /* a fresh secret for an enrolment */
    mfa_status_t (*begin)(const mfa_factor_case_t *at, mfa_str_t *secret);

    /* what the enrolment page shows of it, outside any transaction */
    mfa_status_t (*show)(const mfa_factor_settings_t *settings,
        const mfa_send_settings_t *send, mfa_str_t email, mfa_str_t secret,
        mfa_arena_t *arena, mfa_value_t *map);

    /*
     * Judges a typed proof. record->secret and last_step are read, nothing
     * is written; *step is what the record's last_step becomes when the
     * verdict is PASS. MFA_INVALID: not even the form of a proof.
     */
    mfa_status_t (*verify)(const mfa_factor_case_t *at,
        const mfa_factor_record_t *record, mfa_str_t typed,
        mfa_verdict_t *verdict, uint64_t *step);
};

/* in the order of registry.def; *count of them */
const mfa_factor_t *const *mfa_factors(size_t *count);

/* NULL when there is none of that name */
const mfa_factor_t *mfa_factor_by_name(mfa_str_t name);


/* time-based one-time passwords, RFC 6238 over RFC 4226 */

#define MFA_TOTP_STEP         (30 * MFA_SECOND)
#define MFA_TOTP_SECRET_SIZE  20        /* 160 bits, RFC 4226 R6 */
#define MFA_TOTP_DIGITS_MAX   8

/* the code of one step as zero-terminated digits; secret is raw bytes */
mfa_status_t mfa_totp_code(const mfa_totp_settings_t *settings,
    mfa_str_t secret, uint64_t step, char code[MFA_TOTP_DIGITS_MAX + 1])
    MFA_MUST_CHECK;

/*
 * The step whose code was typed, among those of the window that are later
 * than last_step; all of them are always computed. MFA_NOT_FOUND: none.
 * *is_drift: it would have fitted within 10 steps either side (B2).
 */
mfa_status_t mfa_totp_match(const mfa_totp_settings_t *settings,
    const mfa_factor_record_t *record, mfa_str_t typed, mfa_time_t now,
    uint64_t *step) MFA_MUST_CHECK;
mfa_status_t mfa_totp_is_drift(const mfa_totp_settings_t *settings,
    mfa_str_t secret, mfa_str_t typed, mfa_time_t now, bool *is_drift)
    MFA_MUST_CHECK;

/* otpauth://totp/ISSUER:ADDRESS?secret=..&issuer=.. (the Key Uri Format) */
mfa_status_t mfa_totp_uri(const mfa_totp_settings_t *settings,
    mfa_str_t issuer, mfa_str_t email, mfa_str_t secret, mfa_arena_t *arena,
    mfa_str_t *uri) MFA_MUST_CHECK;


/* passwords: what may become one (NIST SP 800-63B-4 3.1.1.2) */

/* bytes as received are fit to be hashed: 1 to 1,024, UTF-8 (A3) */
bool mfa_password_is_sane(mfa_str_t password);

/*
 * The reason why it may not be set, as a word for the page, or an empty
 * string when it may. context: words an attacker tries first (brand, host
 * labels, own names and address), compared without case.
 */
mfa_str_t mfa_password_fault(const mfa_factor_settings_t *settings,
    const mfa_passlist_t *common, const mfa_strs_t *context,
    mfa_str_t password);

#pragma GCC visibility pop

#endif /* MFA_FACTOR_H */
