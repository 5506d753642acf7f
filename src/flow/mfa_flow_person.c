/*
 * What a person ends with one press in the settings: sessions and
 * remembered devices (S3). Never those of somebody else.
 */

#include "mfa_flow_settings.h"


#define REFERENCE_BYTES  8


typedef struct {
    mfa_step_t  *step;
    mfa_str_t    reference;
} person_case_t;


mfa_status_t
mfa_settings_reference(mfa_arena_t *arena, const uint8_t *bytes,
    mfa_str_t *reference)
{
    return mfa_hex_encode(arena, mfa_str_bytes(bytes, REFERENCE_BYTES),
                          reference);
}


static mfa_status_t
is_meant(const person_case_t *at, const uint8_t *bytes, bool *is_it)
{
    mfa_str_t     reference;
    mfa_status_t  st;

    *is_it = false;

    st = mfa_settings_reference(at->step->work->arena, bytes, &reference);

    if (st == MFA_OK) {
        *is_it = mfa_str_eq(reference, at->reference);
    }

    return st;
}


static mfa_status_t
end_session(mfa_tx_t *tx, void *arg)
{
    bool            is_it;
    size_t          i, count;
    mfa_status_t    st;
    person_case_t  *at = arg;
    mfa_session_t  *sessions;

    st = mfa_settings_who(tx, at->step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_session_list(tx, &at->step->user.id, &sessions, &count);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < count; i++) {
        st = is_meant(at, sessions[i].key, &is_it);
        if (st != MFA_OK) {
            return st;
        }

        if (!is_it) {
            continue;
        }

        st = mfa_session_end(tx, sessions[i].key);
        if (st != MFA_OK) {
            return st;
        }

        return mfa_flow_event(at->step, "session.end", "ok", "user");
    }

    return MFA_NOT_FOUND;
}


mfa_status_t
mfa_settings_end_session(mfa_step_t *step, mfa_str_t reference)
{
    person_case_t  at;

    at.step = step;
    at.reference = reference;

    return mfa_update(step->work, end_session, &at);
}


static mfa_status_t
end_others(mfa_tx_t *tx, void *arg)
{
    mfa_step_t    *step = arg;
    mfa_status_t   st;

    st = mfa_settings_who(tx, step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_session_end_others(step);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "session.end", "ok", "others");
}


mfa_status_t
mfa_settings_end_others(mfa_step_t *step)
{
    return mfa_update(step->work, end_others, step);
}


static mfa_status_t
forget_device(mfa_tx_t *tx, void *arg)
{
    bool            is_it;
    size_t          i, count;
    mfa_device_t   *devices;
    mfa_status_t    st;
    person_case_t  *at = arg;

    st = mfa_settings_who(tx, at->step);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_device_list(tx, &at->step->user.id, &devices, &count);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < count; i++) {
        st = is_meant(at, devices[i].id.bytes, &is_it);
        if (st != MFA_OK) {
            return st;
        }

        if (!is_it) {
            continue;
        }

        st = mfa_device_delete(tx, &at->step->user.id, &devices[i].id);
        if (st != MFA_OK) {
            return st;
        }

        return mfa_flow_event(at->step, "device.forget", "ok", NULL);
    }

    return MFA_NOT_FOUND;
}


mfa_status_t
mfa_settings_forget_device(mfa_step_t *step, mfa_str_t reference)
{
    person_case_t  at;

    at.step = step;
    at.reference = reference;

    return mfa_update(step->work, forget_device, &at);
}
