/*
 * Flows, first part: settings, and what the organisation asks of a person.
 *
 * Part of mfa_flow.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_FLOW_POLICY_H
#define MFA_FLOW_POLICY_H

#pragma GCC visibility push(hidden)


typedef enum {
    MFA_REGISTRATION_ROSTER = 0,
    MFA_REGISTRATION_DOMAINS,
    MFA_REGISTRATION_OPEN,
    MFA_REGISTRATION_OFF
} mfa_registration_t;

/* from lax to strict: the larger one counts where two meet */

typedef enum {                      /* D1 */
    MFA_DEVICE_RESET_EMAIL = 0,
    MFA_DEVICE_RESET_APPROVAL,
    MFA_DEVICE_RESET_OFF
} mfa_device_reset_t;

typedef enum {                      /* D5 */
    MFA_FACTOR_CHANGE_SELF = 0,
    MFA_FACTOR_CHANGE_APPROVAL
} mfa_factor_change_t;

typedef struct {
    bool        is_optional;        /* second_factor optional (Y1) */
    int64_t     methods;            /* 1 or 2 */
    mfa_time_t  from;               /* 0: at once, else the start of that
                                       day, UTC */
    mfa_time_t  grace;              /* from + grace is the deadline of
                                       everybody then on the roster */
    int         device_reset;       /* mfa_device_reset_t */
    int         factor_change;      /* mfa_factor_change_t */
} mfa_policy_t;


/* lines of the realm: one for all and one of each group, of each part */

typedef enum {
    MFA_POLICY_SECOND_FACTOR = 0,
    MFA_POLICY_DEVICE_RESET,
    MFA_POLICY_FACTOR_CHANGE
} mfa_policy_part_t;

#define MFA_POLICY_LINES_MAX  256
#define MFA_GRACE_MAX         (45 * MFA_DAY)        /* C11 */

typedef struct {
    mfa_str_t          group;
    mfa_policy_part_t  part;
    mfa_policy_t       policy;      /* of which only the part counts */
} mfa_policy_line_t;

typedef struct {
    mfa_registration_t   registration;
    mfa_strs_t           domains;       /* lower case */
    mfa_time_t           factor_fresh;  /* 10m, at most 20m (D13) */

    /* read through mfa_flow_policy() only */
    mfa_policy_t         policy;        /* for all */
    unsigned             policy_given;  /* bits of the parts with a line
                                           for all */
    mfa_policy_line_t   *lines;         /* of groups */
    size_t               line_count;
} mfa_flow_settings_t;

extern const mfa_option_t  mfa_flow_options[];

void mfa_flow_defaults(mfa_flow_settings_t *settings);


/*
 * What the organisation asks of this person: of each part the strictest of
 * the lines of their groups, else the line for all. Several methods are asked
 * of whom any of their groups' lines asks for them.
 */
void mfa_flow_policy(const mfa_flow_settings_t *settings,
    const mfa_user_t *user, mfa_policy_t *policy);

/* the moment from which no login without a second factor is possible; 0: at
 * once; INT64_MAX: never (optional). Staff's extension counts where it is later
 * and policy has a date */
mfa_time_t mfa_policy_deadline(const mfa_policy_t *policy,
    const mfa_user_t *user);

/*
 * Is a live session of this user enough where a location asks for no level of
 * its own? amr: mfa_amr_t of what was proved. Of the user only groups,
 * added_at and deadline_at are read. Deny first.
 */
mfa_verdict_t mfa_policy_judge(const mfa_flow_settings_t *settings,
    const mfa_user_t *user, unsigned amr, bool is_partial, mfa_time_t now);


/* "2027-01-18": the start of that day, UTC; MFA_INVALID: there is none */
mfa_status_t mfa_policy_day(mfa_str_t text, mfa_time_t *at) MFA_MUST_CHECK;

/* that part of from instead of what stands in policy */
void mfa_policy_copy(mfa_policy_t *policy, mfa_policy_part_t part,
    const mfa_policy_t *from);

/*
 * Lines read into settings (mfa_flow_policy_read.c); group names are copied.
 * MFA_CONFIG: the message is in error, and settings are as they were.
 *
 * second_factor: "required [methods=N] [from=YYYY-MM-DD grace=TIME]
 * [group=NAME...]" or "optional [group=NAME...]". The other two: one of the
 * words, then groups.
 */
mfa_status_t mfa_policy_read_second_factor(const mfa_line_t *line,
    mfa_flow_settings_t *settings, mfa_arena_t *arena, mfa_error_t *error)
    MFA_MUST_CHECK;
mfa_status_t mfa_policy_read_device_reset(const mfa_line_t *line,
    mfa_flow_settings_t *settings, mfa_arena_t *arena, mfa_error_t *error)
    MFA_MUST_CHECK;
mfa_status_t mfa_policy_read_factor_change(const mfa_line_t *line,
    mfa_flow_settings_t *settings, mfa_arena_t *arena, mfa_error_t *error)
    MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_FLOW_POLICY_H */
