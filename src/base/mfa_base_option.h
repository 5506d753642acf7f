/*
 * The base: options of a realm, and the small parsers they share.
 *
 * Part of mfa_base.h, whose rules hold here; not included by itself.
 */

#ifndef MFA_BASE_OPTION_H
#define MFA_BASE_OPTION_H

#pragma GCC visibility push(hidden)


/*
 * options: the lines of a realm, read by nginx or by mfactl, set through
 * tables that stand beside the code that uses them.
 */

typedef struct {
    mfa_str_t         name;
    const mfa_str_t  *args;         /* the words after the name */
    size_t            nargs;
    const char       *prefix;       /* relative paths start here, ends in / */
} mfa_line_t;

typedef struct mfa_option_s  mfa_option_t;

struct mfa_option_s {
    const char    *name;
    const char    *syntax;          /* "TIME", "on | off", "NAME [LABEL]" */
    const char    *fallback;        /* shown in the reference; NULL: none */
    const char    *help;            /* one sentence, for the reference */
    mfa_status_t (*set)(const mfa_option_t *option, const mfa_line_t *line,
        void *target, mfa_arena_t *arena, mfa_error_t *error);
    size_t         offset;          /* of the field in target */
    const void    *data;            /* for the setter: enum table, bounds */
    unsigned       is_many:1;       /* may be given more than once */
    unsigned       is_required:1;
};

#define MFA_OPTION_END  { .name = NULL }

/*
 * Finds the option and sets it in target; arena lives as long as target.
 * seen: one bit per row of the table (at most 64 rows), kept by the caller.
 * MFA_NOT_FOUND: not in this table. MFA_CONFIG: a message is in error
 * ("invalid value \"maybe\", it must be \"on\" or \"off\"", "is duplicate").
 */
mfa_status_t mfa_option_apply(const mfa_option_t *table, uint64_t *seen,
    const mfa_line_t *line, void *target, mfa_arena_t *arena,
    mfa_error_t *error) MFA_MUST_CHECK;

/* MFA_CONFIG naming the first required option that was not seen */
mfa_status_t mfa_option_complete(const mfa_option_t *table, uint64_t seen,
    mfa_error_t *error) MFA_MUST_CHECK;

/* setters; the field at offset has the type in brackets */

typedef struct {
    const char  *name;
    int          value;
} mfa_enum_t;                       /* ends with name NULL */

typedef struct {
    int64_t  least;
    int64_t  most;
} mfa_bounds_t;

#define MFA_OPTION_SETTER(name)                                               \
    mfa_status_t name(const mfa_option_t *option, const mfa_line_t *line,     \
        void *target, mfa_arena_t *arena, mfa_error_t *error)

MFA_OPTION_SETTER(mfa_option_set_flag);       /* [bool] on, off */
MFA_OPTION_SETTER(mfa_option_set_str);        /* [mfa_str_t] one word */
MFA_OPTION_SETTER(mfa_option_set_path);       /* [mfa_str_t] made absolute */
MFA_OPTION_SETTER(mfa_option_set_strs);       /* [mfa_strs_t] one or more */
MFA_OPTION_SETTER(mfa_option_set_enum);       /* [int] data: mfa_enum_t[] */
MFA_OPTION_SETTER(mfa_option_set_number);     /* [int64_t] data: mfa_bounds_t */
MFA_OPTION_SETTER(mfa_option_set_time);       /* [mfa_time_t] 30s 15m 1h 45d */
MFA_OPTION_SETTER(mfa_option_set_size);       /* [int64_t] bytes: 64k 1m 8g */

mfa_status_t mfa_parse_time(mfa_str_t text, mfa_time_t *out) MFA_MUST_CHECK;
mfa_status_t mfa_parse_size(mfa_str_t text, int64_t *out) MFA_MUST_CHECK;

/* a path made absolute with line->prefix; data ends with a zero byte */
mfa_status_t mfa_parse_path(const mfa_line_t *line, mfa_str_t text,
    mfa_arena_t *arena, mfa_str_t *out) MFA_MUST_CHECK;

/* the value of a word "name=value"; MFA_NOT_FOUND when it is another */
mfa_status_t mfa_parse_named(mfa_str_t word, const char *name,
    mfa_str_t *value) MFA_MUST_CHECK;

#pragma GCC visibility pop

#endif /* MFA_BASE_OPTION_H */
