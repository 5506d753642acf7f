/*
 * device list, device end: browsers that skip the second factor.
 *
 * A device is named by the first digits of its id, as on the person's own
 * page. The token in its cookie is nowhere in the store.
 */

#include "mfactl.h"


#define LIST_COLUMNS  "id:18 made_at:24 used_at:24 expires_at:24 " \
                      "address:15 agent"

typedef struct {
    const char  *typed;
    const char  *digits;                /* of the id; NULL: all of them */
    mfa_user_t   user;
    json_t      *rows;
    bool         has_user;
    bool         is_doubtful;           /* the digits fit more than one */
    size_t       ended;
} device_t;


static mfa_status_t
device_row(mfa_tx_t *tx, const mfa_device_t *device, json_t *rows)
{
    char          address[MFA_ADDRESS_TEXT_SIZE];
    json_t       *row;
    mfa_str_t     id;
    mfa_status_t  st;

    st = mfa_id_text(tx->work->arena, &device->id, &id);
    if (st != MFA_OK) {
        return st;
    }

    id.len = MFACTL_ID_SHOWN;
    mfa_address_text(&device->address, address);

    row = json_object();
    mfactl_set(row, "id", id);
    mfactl_set_time(row, "made_at", device->made_at);
    mfactl_set_time(row, "used_at", device->used_at);
    mfactl_set_time(row, "expires_at", device->expires_at);
    mfactl_set(row, "address", mfa_str_from(address));
    mfactl_set(row, "agent", device->agent);
    json_array_append_new(rows, row);

    return MFA_OK;
}


static mfa_status_t
device_read(mfa_tx_t *tx, void *arg)
{
    size_t         i, count;
    device_t      *self = arg;
    mfa_status_t   st;
    mfa_device_t  *devices;

    json_array_clear(self->rows);
    count = 0;

    st = mfactl_user_find(tx, self->typed, &self->user);

    if (st == MFA_OK) {
        st = mfa_device_list(tx, &self->user.id, &devices, &count);
    }

    for (i = 0; st == MFA_OK && i < count; i++) {
        st = device_row(tx, &devices[i], self->rows);
    }

    return st;
}


mfactl_exit_t
mfactl_device_list(mfactl_t *ctl)
{
    size_t         i;
    json_t        *row;
    device_t       self = { .typed = ctl->args[0] };
    mfa_status_t   st;
    mfactl_exit_t  code;

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    self.rows = json_array();

    st = mfactl_turn(ctl, MFACTL_VIEW, device_read, &self);

    if (st == MFA_OK) {
        mfactl_list_begin(ctl, LIST_COLUMNS);

        json_array_foreach(self.rows, i, row) {
            mfactl_list_row(ctl, LIST_COLUMNS, json_incref(row));
        }

        mfactl_list_end(ctl);
    }

    json_decref(self.rows);

    if (st == MFA_NOT_FOUND) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           self.typed);
    }

    return st == MFA_OK ? MFACTL_DONE
                        : mfactl_fail_status(ctl, st, "list the devices");
}


/* end */

static mfa_status_t
end_one(mfa_tx_t *tx, device_t *self, const mfa_device_t *devices,
    size_t count)
{
    size_t         i, found;
    mfa_id_t       id;
    mfa_str_t      hex;
    mfa_status_t   st;

    found = 0;

    for (i = 0; i < count; i++) {
        st = mfa_id_text(tx->work->arena, &devices[i].id, &hex);
        if (st != MFA_OK) {
            return st;
        }

        if (mfa_str_has_prefix(hex, mfa_str_from(self->digits))) {
            id = devices[i].id;
            found++;
        }
    }

    if (found == 0) {
        return MFA_NOT_FOUND;
    }

    if (found > 1) {
        self->is_doubtful = true;
        return MFA_INVALID;
    }

    self->ended = 1;

    return mfa_device_delete(tx, &self->user.id, &id);
}


static mfa_status_t
end_run(mfa_tx_t *tx, void *arg)
{
    size_t         count;
    device_t      *self = arg;
    mfa_status_t   st;
    mfa_device_t  *devices;

    self->has_user = false;
    self->is_doubtful = false;

    st = mfactl_user_find(tx, self->typed, &self->user);
    if (st != MFA_OK) {
        return st;
    }

    self->has_user = true;

    st = mfa_device_list(tx, &self->user.id, &devices, &count);
    if (st != MFA_OK) {
        return st;
    }

    if (self->digits != NULL) {
        st = end_one(tx, self, devices, count);

    } else {
        self->ended = count;
        st = mfa_device_delete_all(tx, &self->user.id);
    }

    return st == MFA_OK
           ? mfactl_event(tx, "device.forget", &self->user.id) : st;
}


mfactl_exit_t
mfactl_device_end(mfactl_t *ctl)
{
    json_t        *object;
    device_t       self = { .typed = ctl->args[0] };
    mfa_status_t   st;
    mfactl_exit_t  code;

    if ((ctl->nargs == 2) == ctl->is_all) {
        return mfactl_fail(ctl, MFACTL_USAGE, "device end takes a person and "
                           "one of ID, --all");
    }

    if (ctl->nargs == 2) {
        self.digits = ctl->args[1];

        if (!mfactl_is_id(self.digits)) {
            return mfactl_fail(ctl, MFACTL_USAGE, "an ID is %d or more "
                               "digits of those that \"device list\" shows",
                               MFACTL_ID_LEAST);
        }
    }

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_UPDATE_RESERVED, end_run, &self);

    if (st == MFA_NOT_FOUND || self.is_doubtful) {
        return mfactl_fail(ctl, MFACTL_REFUSED, self.is_doubtful
                           ? "more than one device begins with \"%s\""
                           : self.has_user ? "there is no device \"%s\""
                           : "there is no user \"%s\"",
                           self.has_user ? self.digits : self.typed);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "end devices");
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str("device.end"));
    mfactl_set(object, "email", self.user.email);
    json_object_set_new(object, "ended",
                        json_integer((json_int_t) self.ended));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}
