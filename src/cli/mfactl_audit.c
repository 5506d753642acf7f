/*
 * audit list: what happened, oldest first.
 *
 * Reads in short views, however long the audit is. A row that cannot be read
 * is shown as that, and the ones behind it all the same.
 */

#include <time.h>

#include "mfactl.h"


#define LIST_COLUMNS   "number:7 time:24 event:20 result:7 email:30 by:18 " \
                       "address:15 reason:12 note"
#define AUDIT_BATCH    (MFACTL_VIEW_MAX / 4)
#define TIME_FIELD     "{\"time\":\""
#define TIME_LEAST     10               /* bytes of a date */

typedef struct {
    uint64_t     after;
    bool         is_end;
    bool         is_damaged;            /* a row could not be read */
    const char  *event;
    mfa_str_t    since;                 /* the first bytes of a moment */
    const char  *user;
    char         user_id[MFA_ID_TEXT + 1];
    json_t      *rows;
} list_t;


/*
 * A moment in UTC as the lines have it, or the first part of one: they are
 * in the order of their bytes. MFA_INVALID: no moment.
 */

static mfa_status_t
since_parse(mfa_arena_t *arena, const char *typed, mfa_str_t *since)
{
    char       *text, *end;
    size_t      i, len;
    struct tm   tm;

    static const struct {
        size_t       len;               /* a line has every digit */
        const char  *form;
    }  forms[] = {
        { 10, "%Y-%m-%d" },
        { 16, "%Y-%m-%dT%H:%M" },
        { 19, "%Y-%m-%dT%H:%M:%S" }
    };

    text = mfa_arena_cstr(arena, mfa_str_from(typed));
    if (text == NULL) {
        return MFA_NO_MEMORY;
    }

    len = strlen(text);

    if (len > TIME_LEAST && text[TIME_LEAST] == ' ') {
        text[TIME_LEAST] = 'T';
    }

    if (len > 0 && text[len - 1] == 'Z') {
        text[--len] = '\0';
    }

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        memset(&tm, 0, sizeof(tm));
        end = strptime(text, forms[i].form, &tm);

        if (end != NULL && *end == '\0' && len == forms[i].len) {
            *since = mfa_str_bytes(text, len);
            return MFA_OK;
        }
    }

    return MFA_INVALID;
}


static bool
line_is_since(const list_t *list, mfa_str_t line)
{
    size_t  at;

    at = sizeof(TIME_FIELD) - 1;

    return list->since.len == 0 || line.len < at + list->since.len
           || memcmp(line.data + at, list->since.data, list->since.len) >= 0;
}


static bool
member_is(const json_t *row, const char *name, const char *value)
{
    const char  *found;

    found = json_string_value(json_object_get(row, name));

    return found != NULL && strcmp(found, value) == 0;
}


static bool
row_is_wanted(const list_t *list, const json_t *row)
{
    return (list->event == NULL || member_is(row, "event", list->event))
           && (list->user == NULL || member_is(row, "user", list->user_id)
               || member_is(row, "by", list->user_id));
}


static bool
id_parse(const char *hex, mfa_id_t *id)
{
    int     high, low;
    size_t  i;

    if (hex == NULL || strlen(hex) != MFA_ID_TEXT) {
        return false;
    }

    for (i = 0; i < MFA_ID_SIZE; i++) {
        high = mfa_hex_value(hex[2 * i]);
        low = mfa_hex_value(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        id->bytes[i] = (uint8_t) (high * 16 + low);
    }

    return true;
}


/* whose id it is, today; nothing for somebody who was deleted */

static mfa_status_t
row_email(mfa_tx_t *tx, const char *member, const char *shown, json_t *row)
{
    mfa_id_t      id;
    mfa_user_t    user;
    mfa_status_t  st;

    if (!id_parse(json_string_value(json_object_get(row, member)), &id)) {
        return MFA_OK;
    }

    st = mfa_user_get(tx, &id, &user);

    if (st == MFA_OK) {
        mfactl_set(row, shown, user.email);
    }

    return st == MFA_NOT_FOUND || st == MFA_DAMAGED ? MFA_OK : st;
}


static mfa_status_t
row_names(mfa_tx_t *tx, json_t *row)
{
    mfa_status_t  st;

    st = row_email(tx, "user", "email", row);

    if (st == MFA_OK) {
        st = row_email(tx, "by", mfactl_of(tx)->is_json ? "by_email" : "by",
                       row);
    }

    if (!mfactl_of(tx)->is_json && json_object_get(row, "email") == NULL) {
        json_object_set(row, "email", json_object_get(row, "user"));
    }

    return st;
}


static json_t *
row_damaged(void)
{
    json_t  *row;

    row = json_object();
    mfactl_set(row, "event", mfa_str("(cannot be read)"));

    return row;
}


static mfa_status_t
list_add(mfa_tx_t *tx, list_t *list, const mfa_audit_t *audit)
{
    json_t        *row;
    mfa_status_t   st;

    if (audit->line.data != NULL && !line_is_since(list, audit->line)) {
        return MFA_OK;
    }

    row = audit->line.data == NULL
          ? NULL : json_loadb(audit->line.data, audit->line.len, 0, NULL);

    if (!json_is_object(row)) {
        json_decref(row);
        row = row_damaged();
        list->is_damaged = true;

    } else if (!row_is_wanted(list, row)) {
        json_decref(row);
        return MFA_OK;
    }

    json_object_set_new(row, "number",
                        json_integer((json_int_t) audit->number));

    st = row_names(tx, row);

    json_array_append_new(list->rows, row);

    return st;
}


static mfa_status_t
list_user(mfa_tx_t *tx, list_t *list)
{
    mfa_id_t      id;
    mfa_str_t     hex;
    mfa_user_t    user;
    mfa_status_t  st;

    if (list->user == NULL || list->user_id[0] != '\0') {
        return MFA_OK;
    }

    /* somebody who was deleted is in the audit by the id alone */

    if (id_parse(list->user, &id)) {
        hex = mfa_str_from(list->user);

    } else {
        st = mfactl_user_find(tx, list->user, &user);

        if (st == MFA_OK) {
            st = mfa_id_text(tx->work->arena, &user.id, &hex);
        }

        if (st != MFA_OK) {
            return st;
        }
    }

    memcpy(list->user_id, hex.data, MFA_ID_TEXT);
    list->user_id[MFA_ID_TEXT] = '\0';

    return MFA_OK;
}


static mfa_status_t
list_read(mfa_tx_t *tx, void *arg)
{
    size_t         i;
    list_t        *list = arg;
    uint64_t       after;
    mfa_audit_t    row;
    mfa_status_t   st;

    json_array_clear(list->rows);
    list->is_end = false;
    after = list->after;

    st = list_user(tx, list);

    for (i = 0; st == MFA_OK && i < AUDIT_BATCH; i++) {
        st = mfa_audit_next(tx, after, &row);

        if (st == MFA_NOT_FOUND) {
            list->is_end = true;
            return MFA_OK;
        }

        /* one that cannot be read is shown as that, and the next is */

        if ((st == MFA_DAMAGED || st == MFA_NEWER) && row.number > after) {
            row.line = mfa_null;
            st = MFA_OK;
        }

        if (st == MFA_OK) {
            st = list_add(tx, list, &row);
        }

        after = row.number;
    }

    if (st == MFA_OK) {
        list->after = after;
    }

    return st;
}


static mfa_status_t
list_print(mfactl_t *ctl, list_t *list)
{
    size_t         i;
    json_t        *row;
    mfa_status_t   st;

    st = mfactl_turn(ctl, MFACTL_VIEW, list_read, list);

    if (st == MFA_OK) {
        mfactl_list_begin(ctl, LIST_COLUMNS);
    }

    while (st == MFA_OK) {
        json_array_foreach(list->rows, i, row) {
            mfactl_list_row(ctl, LIST_COLUMNS, json_incref(row));
        }

        if (list->is_end) {
            break;
        }

        st = mfactl_turn(ctl, MFACTL_VIEW, list_read, list);
    }

    if (ctl->has_list) {
        mfactl_list_end(ctl);
    }

    return st;
}


mfactl_exit_t
mfactl_audit_list(mfactl_t *ctl)
{
    list_t          list = { .event = ctl->event, .user = ctl->user };
    mfa_status_t    st;
    mfactl_exit_t   code;

    if (ctl->since != NULL
        && since_parse(ctl->arena, ctl->since, &list.since) != MFA_OK)
    {
        return mfactl_fail(ctl, MFACTL_USAGE, "--since takes a moment in UTC "
                           "like 2026-11-22 or 2026-11-22T21:40");
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    list.rows = json_array();

    st = list_print(ctl, &list);

    json_decref(list.rows);

    if (st == MFA_NOT_FOUND && !ctl->has_list) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           ctl->user);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "list the audit");
    }

    return !list.is_damaged ? MFACTL_DONE
           : mfactl_fail(ctl, MFACTL_REFUSED, "rows cannot be read; see "
                         "\"audit verify\"");
}
