/*
 * Events: one JSON line for each thing that happened.
 *
 * Never holds a password, code, secret, cookie, token or body, and nothing
 * that a visitor typed but the reasons of staff. Contract: mfa_model.h.
 */

#include "mfa_record.h"


#define EVENT_MAX  2048


/*
 * A list without the bound of mfa_strs_add, as one update may end a thousand
 * sessions. Its room doubles whenever the count is a power of two.
 */

mfa_status_t
mfa_events_add(mfa_arena_t *arena, mfa_events_t *events, mfa_str_t line)
{
    size_t       count;
    mfa_str_t   *items;
    mfa_strs_t  *list;

    list = &events->lines;
    count = list->count;

    if ((count & (count - 1)) == 0) {
        items = mfa_arena_alloc(arena, (count == 0 ? 1 : 2 * count)
                                       * sizeof(mfa_str_t));
        if (items == NULL) {
            return MFA_NO_MEMORY;
        }

        if (count > 0) {
            memcpy(items, list->items, count * sizeof(mfa_str_t));
        }

        list->items = items;
    }

    list->items[count] = line;
    list->count = count + 1;

    return MFA_OK;
}


static void
event_member(mfa_buf_t *buf, const char *name, mfa_str_t value)
{
    if (value.len == 0) {
        return;
    }

    mfa_buf_putc(buf, buf->len == 0 ? '{' : ',');
    mfa_buf_putc(buf, '"');
    mfa_buf_puts(buf, name);
    mfa_buf_puts(buf, "\":\"");
    mfa_json_put(buf, value);
    mfa_buf_putc(buf, '"');
}


static mfa_status_t
event_line(const mfa_work_t *work, mfa_time_t now, const mfa_event_t *event,
    mfa_str_t *line)
{
    char       time[MFA_TIME_TEXT_SIZE];
    char       address[MFA_ADDRESS_TEXT_SIZE] = "";
    mfa_buf_t  buf;

    if (work->address != NULL) {
        mfa_address_text(work->address, address);
    }

    mfa_time_text(now, time);

    mfa_buf_init(&buf, work->arena, EVENT_MAX);
    event_member(&buf, "time", mfa_str_from(time));
    event_member(&buf, "event", mfa_str_from(event->name));
    event_member(&buf, "result", mfa_str_from(event->result));
    event_member(&buf, "reason", mfa_str_from(event->reason));
    event_member(&buf, "user", event->user);
    event_member(&buf, "address", mfa_str_from(address));
    event_member(&buf, "flow", event->flow);
    event_member(&buf, "factor", mfa_str_from(event->factor));
    event_member(&buf, "agent", event->agent);
    event_member(&buf, "by", event->by);
    event_member(&buf, "note", event->note);
    mfa_buf_putc(&buf, '}');

    return mfa_buf_str(&buf, line);
}


/* the first alarms of a reason, see mfa_alarm() */

static mfa_status_t
event_alarm_has_row(mfa_tx_t *tx, const mfa_event_t *event, bool *has_row)
{
    mfa_time_t    retry_at;
    mfa_status_t  st;

    *has_row = false;

    if (strcmp(event->name, MFA_ALARM_NAME) != 0) {
        return MFA_OK;
    }

    st = mfa_limit_book(tx, MFA_LIMIT_ALARM_ROWS,
                        mfa_str_from(event->reason), &retry_at);

    *has_row = (st == MFA_OK);

    return (st == MFA_LIMITED) ? MFA_OK : st;
}


/*
 * Each event of an update has a row, but for what strangers do: without an
 * end to their names, addresses and tries there would be none to the rows.
 * Timers and the operator have no address.
 */

static mfa_status_t
event_audit(mfa_tx_t *tx, const mfa_event_t *event, mfa_str_t line)
{
    bool          has_row;
    mfa_status_t  st;

    has_row = event->user.len > 0 || tx->work->address == NULL;

    if (!has_row && !tx->is_full) {
        st = event_alarm_has_row(tx, event, &has_row);
        if (st != MFA_OK) {
            return st;
        }
    }

    return (has_row && !tx->is_full) ? mfa_audit_append(tx, line)
                                     : mfa_audit_count(tx, line);
}


mfa_status_t
mfa_event_add(mfa_tx_t *tx, const mfa_event_t *event)
{
    mfa_str_t     line;
    mfa_status_t  st;

    st = event_line(tx->work, tx->now, event, &line);
    if (st != MFA_OK) {
        return st;
    }

    st = mfa_activity_add(tx, event);
    if (st != MFA_OK) {
        return st;
    }

    st = event_audit(tx, event, line);
    if (st != MFA_OK) {
        return st;
    }

    mfa_tally_event(tx->tally, event);

    return mfa_events_add(tx->work->arena, &tx->events, line);
}


mfa_status_t
mfa_event_note(mfa_work_t *work, const mfa_event_t *event)
{
    mfa_str_t     line;
    mfa_status_t  st;

    st = event_line(work, mfa_port_now(work->model->ports), event, &line);
    if (st != MFA_OK) {
        return st;
    }

    mfa_tally_event(work->tally, event);

    return mfa_events_add(work->arena, &work->events, line);
}
