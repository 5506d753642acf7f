/*
 * Remembered devices in a login (L13): they skip the second factor of their
 * own user and nothing else.
 *
 * The cookie holds a device of each of a few people who share a browser;
 * what is not one of the person's own is kept for the others and counts for
 * nothing.
 */

#include "mfa_flow.h"


#define DEVICES_HELD  3         /* people of one browser */


static mfa_status_t
device_texts(mfa_step_t *step, mfa_strs_t *texts)
{
    mfa_str_t     rest, text;
    mfa_status_t  st;

    memset(texts, 0, sizeof(*texts));

    rest = step->old_device;

    while (rest.data != NULL && texts->count < DEVICES_HELD) {
        text = mfa_str_split(&rest, '.');

        if (text.len != MFA_DEVICE_TEXT) {
            continue;
        }

        st = mfa_strs_add(step->work->arena, texts, text);
        if (st != MFA_OK) {
            return st;
        }
    }

    return MFA_OK;
}


static mfa_status_t
device_join(mfa_step_t *step, const mfa_strs_t *texts)
{
    size_t     i, count;
    mfa_buf_t  buf;

    count = (texts->count < DEVICES_HELD) ? texts->count : DEVICES_HELD;

    mfa_buf_init(&buf, step->work->arena,
                 DEVICES_HELD * (MFA_DEVICE_TEXT + 1));

    for (i = 0; i < count; i++) {
        if (i > 0) {
            mfa_buf_putc(&buf, '.');
        }

        mfa_buf_put(&buf, texts->items[i]);
    }

    return mfa_buf_str(&buf, &step->device);
}


/* somebody else holds a copy of the cookie, or did */

static mfa_status_t
device_copied(mfa_step_t *step)
{
    mfa_status_t  st;

    st = mfa_device_delete_all(step->tx, &step->user.id);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_flow_tell(step, "notice", "device_copied", mfa_null);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "device.copied", "fail", NULL);
}


mfa_status_t
mfa_flow_device_use(mfa_step_t *step, mfa_device_answer_t *answer)
{
    size_t               i;
    mfa_str_t            cookie;
    mfa_strs_t           texts;
    mfa_status_t         st;
    mfa_device_answer_t  found;

    *answer = MFA_DEVICE_UNKNOWN;

    st = device_texts(step, &texts);
    if (st != MFA_OK) {
        return st;
    }

    for (i = 0; i < texts.count; i++) {
        st = mfa_device_use(step->tx, &step->user.id, texts.items[i], &found,
                            &cookie);
        if (st != MFA_OK) {
            return st;
        }

        if (found == MFA_DEVICE_COPIED) {
            *answer = MFA_DEVICE_COPIED;

            return device_copied(step);
        }

        if (found != MFA_DEVICE_GOOD) {
            continue;
        }

        if (cookie.len > 0) {
            texts.items[i] = cookie;

            st = device_join(step, &texts);
            if (st != MFA_OK) {
                return st;
            }
        }

        *answer = MFA_DEVICE_GOOD;

        return MFA_OK;
    }

    return MFA_OK;
}


mfa_status_t
mfa_flow_device_keep(mfa_step_t *step)
{
    size_t        i;
    mfa_str_t     cookie;
    mfa_strs_t    former, texts;
    mfa_device_t  device;
    mfa_status_t  st;

    if (step->work->model->settings->remember_device == 0
        || !mfa_str_eq_c(mfa_pairs_get(step->fields, mfa_str("remember")),
                         "1"))
    {
        return MFA_OK;
    }

    memset(&device, 0, sizeof(device));

    device.agent = mfa_agent_name(step->agent, step->work->arena);

    if (step->work->address != NULL) {
        device.address = *step->work->address;
    }

    st = mfa_device_make(step->tx, &step->user.id, &device, &cookie);
    if (st != MFA_OK) {
        return st;
    }

    st = device_texts(step, &former);
    if (st != MFA_OK) {
        return st;
    }

    /* the newest first: whoever came here longest ago falls out */

    memset(&texts, 0, sizeof(texts));

    st = mfa_strs_add(step->work->arena, &texts, cookie);

    for (i = 0; st == MFA_OK && i < former.count; i++) {
        st = mfa_strs_add(step->work->arena, &texts, former.items[i]);
    }

    if (st != MFA_OK) {
        return st;
    }

    st = device_join(step, &texts);
    if (st != MFA_OK) {
        return st;
    }

    return mfa_flow_event(step, "device.add", "ok", NULL);
}
