/*
 * Security settings: the person's sessions, the browsers that are
 * remembered, and what happened lately (S3, S4). Shows what stands; changes
 * nothing.
 */

#include <time.h>

#include "mfa_page_security.h"


mfa_status_t
mfa_traces_read(mfa_tx_t *tx, const mfa_id_t *user, mfa_traces_t *traces)
{
    mfa_status_t  st;

    memset(traces, 0, sizeof(*traces));

    st = mfa_session_list(tx, user, &traces->sessions,
                          &traces->session_count);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_device_list(tx, user, &traces->devices, &traces->device_count);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_activity_list(tx, user, &traces->activity,
                             &traces->activity_count);
}


/* "12 March 2027, 14:02" */

static mfa_str_t
moment_text(mfa_visit_t *visit, mfa_time_t at)
{
    time_t     seconds;
    struct tm  tm;
    mfa_str_t  date;

    date = mfa_visit_date(visit, at);
    seconds = (time_t) (at / MFA_SECOND);

    if (date.len == 0 || localtime_r(&seconds, &tm) == NULL) {
        return date;
    }

    return mfa_arena_printf(visit->work->arena, MFA_STR_FMT ", %02d:%02d",
                            MFA_STR_ARG(date), tm.tm_hour, tm.tm_min);
}


static mfa_str_t
place_text(mfa_visit_t *visit, const mfa_address_t *address)
{
    char  text[MFA_ADDRESS_TEXT_SIZE];

    if (address->len == 0) {
        return mfa_null;
    }

    mfa_address_text(address, text);

    return mfa_arena_printf(visit->work->arena, "%s", text);
}


static void
browser_fill(mfa_visit_t *visit, mfa_str_t agent,
    const mfa_address_t *address, mfa_value_t *item)
{
    if (agent.len == 0) {
        agent = MFA_WORD("Browser");
    }

    mfa_value_set_str(item, "browser",
                      mfa_agent_text(agent, visit->env->words,
                                     visit->work->arena));
    mfa_value_set_str(item, "place", place_text(visit, address));
}


static mfa_status_t
session_add(mfa_visit_t *visit, const mfa_session_t *session, bool is_this,
    mfa_value_t *list)
{
    mfa_str_t      reference;
    mfa_value_t   *item;
    mfa_status_t   st;

    st = mfa_settings_reference(visit->work->arena, session->key,
                                &reference);
    if (st != MFA_OK) {
        return st;
    }

    item = mfa_value_add_map(list);

    browser_fill(visit, session->agent, &session->address, item);
    mfa_value_set_str(item, "started",
                      moment_text(visit, session->started_at));
    mfa_value_set_str(item, "active", moment_text(visit, session->seen_at));
    mfa_value_set_flag(item, "is_this", is_this);
    mfa_value_set_str(item, "ref", reference);

    return MFA_OK;
}


static mfa_status_t
sessions_fill(mfa_visit_t *visit, const mfa_traces_t *traces,
    mfa_value_t *map)
{
    bool           is_this;
    size_t         i, round;
    mfa_value_t   *list;
    mfa_status_t   st;

    list = mfa_value_set_list(map, "sessions");

    for (round = 0; round < 2; round++) {
        for (i = 0; i < traces->session_count; i++) {
            is_this = memcmp(traces->sessions[i].key,
                             visit->who.session.key, MFA_DIGEST_SIZE) == 0;

            if (is_this != (round == 0)) {
                continue;
            }

            st = session_add(visit, &traces->sessions[i], is_this, list);
            if (st != MFA_OK) {
                return st;
            }
        }
    }

    mfa_value_set_flag(map, "has_others", traces->session_count > 1);

    return MFA_OK;
}


static mfa_status_t
devices_fill(mfa_visit_t *visit, const mfa_traces_t *traces, mfa_value_t *map)
{
    size_t               i;
    mfa_str_t            reference;
    mfa_value_t         *list, *item;
    mfa_status_t         st;
    const mfa_device_t  *device;

    list = mfa_value_set_list(map, "devices");

    mfa_value_set_flag(map, "has_devices",
                       visit->work->model->settings->remember_device > 0
                       || traces->device_count > 0);

    for (i = 0; i < traces->device_count; i++) {
        device = &traces->devices[i];

        st = mfa_settings_reference(visit->work->arena, device->id.bytes,
                                    &reference);
        if (st != MFA_OK) {
            return st;
        }

        item = mfa_value_add_map(list);

        browser_fill(visit, device->agent, &device->address, item);
        mfa_value_set_str(item, "made", mfa_visit_date(visit,
                                                       device->made_at));
        mfa_value_set_str(item, "active", moment_text(visit,
                                                      device->used_at));
        mfa_value_set_str(item, "until", mfa_visit_date(visit,
                                                        device->expires_at));
        mfa_value_set_str(item, "ref", reference);
    }

    return MFA_OK;
}


static void
activity_fill(mfa_visit_t *visit, const mfa_traces_t *traces,
    mfa_value_t *map)
{
    size_t                 i;
    mfa_value_t           *list, *item;
    const mfa_factor_t    *factor;
    const mfa_activity_t  *event;

    list = mfa_value_set_list(map, "activity");

    for (i = 0; i < traces->activity_count && i < MFA_ACTIVITY_MAX; i++) {
        event = &traces->activity[i];
        item = mfa_value_add_map(list);

        mfa_value_set_str(item, "what",
                          mfa_words_get(visit->env->words,
                                        mfa_activity_word(event)));
        mfa_value_set_str(item, "at", moment_text(visit, event->at));
        mfa_value_set_str(item, "place", place_text(visit, &event->address));
        mfa_value_set_str(item, "browser",
                          mfa_agent_text(event->agent, visit->env->words,
                                         visit->work->arena));

        factor = mfa_factor_by_name(event->factor);

        if (factor != NULL) {
            mfa_value_set_str(item, "method",
                              mfa_words_get(visit->env->words,
                                            factor->label));
        }
    }
}


mfa_status_t
mfa_traces_fill(mfa_visit_t *visit, const mfa_traces_t *traces,
    mfa_value_t *map)
{
    mfa_status_t  st;

    st = sessions_fill(visit, traces, map);
    if (st != MFA_OK) {
        return st;
    }

    st = devices_fill(visit, traces, map);
    if (st != MFA_OK) {
        return st;
    }

    activity_fill(visit, traces, map);

    return MFA_OK;
}
