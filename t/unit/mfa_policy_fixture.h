/*
 * Lines of a realm as an operator writes them, and what they ask of a member
 * of these groups.
 */

#ifndef MFA_POLICY_FIXTURE_H
#define MFA_POLICY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/flow/mfa_flow.h"


/* 18 January 2027 */
#define FROM  ((mfa_time_t) 1800230400 * MFA_SECOND)

typedef struct {
    mfa_arena_t          *arena;
    mfa_flow_settings_t   settings;
    mfa_user_t            user;
    mfa_error_t           error;
} desk_t;


static inline void
begin(desk_t *d)
{
    memset(d, 0, sizeof(*d));
    d->arena = mfa_arena_open(1024 * 1024);
    mfa_flow_defaults(&d->settings);
}


static inline void
end(desk_t *d)
{
    mfa_arena_close(&d->arena);
}


/* a line as an operator writes it */

static inline mfa_status_t
read_line(desk_t *d, const char *text)
{
    char        *word, *rest, *copy;
    mfa_str_t    args[40];
    mfa_line_t   line;

    copy = mfa_arena_cstr(d->arena, mfa_str_from(text));

    memset(&line, 0, sizeof(line));
    line.name = mfa_str_from(strtok_r(copy, " ", &rest));
    line.args = args;

    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        args[line.nargs++] = mfa_str_from(word);
    }

    if (mfa_str_eq_c(line.name, "second_factor")) {
        return mfa_policy_read_second_factor(&line, &d->settings, d->arena,
                                             &d->error);
    }

    return mfa_str_eq_c(line.name, "device_reset")
           ? mfa_policy_read_device_reset(&line, &d->settings, d->arena,
                                          &d->error)
           : mfa_policy_read_factor_change(&line, &d->settings, d->arena,
                                           &d->error);
}


static inline void
accept(desk_t *d, const char *text)
{
    if (read_line(d, text) != MFA_OK) {
        fail_msg("%s: %s", text, d->error.text);
    }
}


static inline void
refuse(desk_t *d, const char *text, const char *word)
{
    mfa_flow_settings_t  before = d->settings;

    if (read_line(d, text) != MFA_CONFIG) {
        fail_msg("accepted: %s", text);
    }

    if (strstr(d->error.text, word) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", text, d->error.text, word);
    }

    assert_int_equal(d->settings.line_count, before.line_count);
    assert_int_equal(d->settings.policy_given, before.policy_given);
    assert_memory_equal(&d->settings.policy, &before.policy,
                        sizeof(before.policy));
}


/* of a member of these groups, "a b" */

static inline mfa_policy_t
policy_of(desk_t *d, const char *groups)
{
    char          *copy, *group, *rest;
    mfa_policy_t   policy;

    copy = mfa_arena_cstr(d->arena, mfa_str_from(groups));
    memset(&d->user.groups, 0, sizeof(d->user.groups));

    for (group = strtok_r(copy, " ", &rest); group != NULL;
         group = strtok_r(NULL, " ", &rest))
    {
        assert_int_equal(mfa_strs_add(d->arena, &d->user.groups,
                                      mfa_str_from(group)), MFA_OK);
    }

    mfa_flow_policy(&d->settings, &d->user, &policy);

    return policy;
}


static inline mfa_time_t
deadline_of(desk_t *d, const char *groups)
{
    mfa_policy_t  policy = policy_of(d, groups);

    return mfa_policy_deadline(&policy, &d->user);
}

#endif /* MFA_POLICY_FIXTURE_H */
