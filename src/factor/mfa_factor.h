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


/* settings: factors, recovery_codes, totp, password_min, common_passwords,
 * default_country, sms_countries */

#define MFA_FACTORS_MAX  8

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

    /* factors people may set up, in the order of the line; "totp" alone
     * unless the line says more. Never recovery, which has its own switch */
    const struct mfa_factor_s  *allowed[MFA_FACTORS_MAX];
    size_t                      allowed_count;
    bool                        recovery_codes;     /* on */

    mfa_str_t            default_country;   /* ISO 3166: "GB" */
    mfa_strs_t           sms_countries;     /* as written: mfa_factor_countries
                                               has the default */
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

    /* NULL: the person has the proof already (app, recovery codes). Else
     * codes of model/ are sent there: "sms", "voice", "mail"; the record's
     * secret is the destination (E.164 number, canonical address) */
    const char  *channel;

    /* templates of its pages: "secure_totp.html", "verify_totp.html" */
    const char  *secure_template;   /* NULL: set up in another way */
    const char  *verify_template;

    /* a fresh secret for an enrolment; NULL where codes are sent */
    mfa_status_t (*begin)(const mfa_factor_case_t *at, mfa_str_t *secret);

    /* what the enrolment page shows of it, outside any transaction; NULL:
     * nothing. secret: of the flow */
    mfa_status_t (*show)(const mfa_factor_settings_t *settings,
        const mfa_send_settings_t *send, mfa_str_t email, mfa_str_t secret,
        mfa_arena_t *arena, mfa_value_t *map);

    /*
     * Where codes are sent: reads the form of the enrolment page into the
     * destination. MFA_INVALID: *field and *word say what is wrong.
     */
    mfa_status_t (*destination)(const mfa_factor_case_t *at,
        const mfa_pairs_t *form, mfa_str_t *destination, const char **field,
        mfa_str_t *word);

    /* how a destination is shown: "XXX-XXX-76098", "a***@example.org" */
    mfa_status_t (*mask)(mfa_arena_t *arena, mfa_str_t destination,
        mfa_str_t *shown);

    /* is it the form of a proof at all? what is not costs no try (B7);
     * NULL where codes are sent */
    bool (*has_form)(const mfa_factor_settings_t *settings, mfa_arena_t *arena,
        mfa_str_t typed);

    /*
     * Judges a typed proof; NULL where codes are sent. Nothing is written;
     * on PASS *step is what the record's last_step becomes, and
     * record->secret may have been replaced (a spent recovery code is no
     * longer in it). MFA_INVALID: not even the form of a proof.
     */
    mfa_status_t (*verify)(const mfa_factor_case_t *at,
        mfa_factor_record_t *record, mfa_str_t typed,
        mfa_verdict_t *verdict, uint64_t *step);

    /*
     * After a wrong proof of somebody whose password is proved: a word that
     * helps, with values for it, or an empty one. NULL: none. It may change
     * record->told_step: the caller then writes the record.
     */
    mfa_status_t (*advise)(const mfa_factor_case_t *at,
        mfa_factor_record_t *record, mfa_str_t typed, mfa_str_t *word,
        mfa_pairs_t *values);
};

/* in the order of registry.def; *count of them */
const mfa_factor_t *const *mfa_factors(size_t *count);

/* NULL when there is none of that name */
const mfa_factor_t *mfa_factor_by_name(mfa_str_t name);

/* may people of this realm set it up? NULL: no */
bool mfa_factor_is_allowed(const mfa_factor_settings_t *settings,
    const mfa_factor_t *factor);

/*
 * ISO codes of the countries that codes may be sent to, in the order of the
 * line; default_country alone where there is no line. Borrows settings.
 */
void mfa_factor_countries(const mfa_factor_settings_t *settings,
    const mfa_str_t **items, size_t *count);
bool mfa_factor_has_country(const mfa_factor_settings_t *settings,
    mfa_str_t iso);


/*
 * Recovery codes (E8, B15): ten, of 80 bits each, as XXXX-XXXX-XXXX-XXXX in
 * Crockford's base 32; each counts once. The record's secret holds keyed
 * hashes of those that are left.
 */

#define MFA_RECOVERY_CODES  10
#define MFA_RECOVERY_LOW    3           /* from here on people are warned */

/* *codes: to be shown once, MFA_RECOVERY_CODES of them; *secret: for the
 * record */
mfa_status_t mfa_recovery_make(mfa_tx_t *tx, const mfa_id_t *user,
    mfa_strs_t *codes, mfa_str_t *secret) MFA_MUST_CHECK;
size_t mfa_recovery_left(const mfa_factor_record_t *record);


/*
 * Phone numbers: ITU-T E.164, "+" and at most 15 digits.
 */

typedef struct {
    const char  *iso;               /* "GB", ISO 3166-1 alpha-2 */
    const char  *code;              /* "44" */
    mfa_str_t    name;              /* word: "United Kingdom" */
} mfa_country_t;

/* of all countries, in the order of their English names */
const mfa_country_t *mfa_countries(size_t *count);
const mfa_country_t *mfa_country_by_iso(mfa_str_t iso);     /* or NULL */

/*
 * A number as people type it: national with its leading 0 or without, or
 * with +CODE or 00CODE; spaces, hyphens, dots, slashes, brackets, "(0)".
 * MFA_INVALID: no number of that country; *is_premium: it is one, but of a
 * premium, shared-cost or similar range, which is refused. *number: E.164
 * with "+", from arena.
 */
mfa_status_t mfa_phone_parse(mfa_arena_t *arena, const mfa_country_t *country,
    mfa_str_t typed, mfa_str_t *number, bool *is_premium) MFA_MUST_CHECK;

/* "XXX-XXX-76098": always the last five digits (E4) */
mfa_status_t mfa_phone_mask(mfa_arena_t *arena, mfa_str_t number,
    mfa_str_t *shown) MFA_MUST_CHECK;


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
 * than last_step and not told_step; all of them are always computed.
 * MFA_NOT_FOUND: none.
 * *is_drift: it would have fitted within 10 steps either side (B2).
 */
mfa_status_t mfa_totp_match(const mfa_totp_settings_t *settings,
    const mfa_factor_record_t *record, mfa_str_t typed, mfa_time_t now,
    uint64_t *step) MFA_MUST_CHECK;
/* *drift: by how many steps the phone's clock is fast (> 0) or slow */
mfa_status_t mfa_totp_is_drift(const mfa_totp_settings_t *settings,
    mfa_str_t secret, mfa_str_t typed, mfa_time_t now, bool *is_drift,
    int *drift) MFA_MUST_CHECK;

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
