/*
 * user set-email, add-email, remove-email: the addresses of a person.
 *
 * In the same commit every address from before and the new one are told
 * (E7), journeys whose codes went to an address that leaves end, and a way
 * to verify by mail to it is taken away.
 */

#include "mfactl.h"


typedef enum {
    ADDRESS_SET,
    ADDRESS_ADD,
    ADDRESS_REMOVE
} address_kind_t;

typedef struct {
    address_kind_t   kind;
    const char      *done;
    const char      *event;
    const char      *flag;              /* of the letter */
    const char      *typed;
    const char      *value;
    const char      *why;
    mfa_user_t       user;
    mfa_str_t        former;
    mfa_str_t        email;             /* the value, canonical */
    bool             has_user;
    bool             is_factor_removed;
} address_t;


static bool
address_is_of(const mfa_user_t *user, mfa_str_t email)
{
    return mfa_str_eq(user->email, email)
           || mfa_strs_has(&user->other_emails, email);
}


static mfa_status_t
address_refuse(address_t *self, const char *why)
{
    self->why = why;

    return MFA_INVALID;
}


/* the address that was typed to name the person, else the first one */

static mfa_status_t
address_former(mfa_tx_t *tx, address_t *self)
{
    mfa_str_t     typed;
    mfa_status_t  st;

    st = mfa_email_canonical(tx->work->arena, mfa_str_from(self->typed),
                             &typed);

    if (st != MFA_OK && st != MFA_INVALID) {
        return st;
    }

    self->former = st == MFA_OK && address_is_of(&self->user, typed)
                   ? typed : self->user.email;

    return MFA_OK;
}


/* others: the list without one, or with another in its place */

static mfa_status_t
address_others(mfa_tx_t *tx, address_t *self, mfa_str_t in_place)
{
    size_t            i;
    mfa_str_t         item;
    mfa_strs_t        others = { NULL, 0 };
    mfa_status_t      st;
    const mfa_strs_t  *list = &self->user.other_emails;

    st = MFA_OK;

    for (i = 0; i < list->count && st == MFA_OK; i++) {
        item = mfa_str_eq(list->items[i], self->former) ? in_place
                                                        : list->items[i];
        if (item.len > 0) {
            st = mfa_strs_add(tx->work->arena, &others, item);
        }
    }

    self->user.other_emails = others;

    return st;
}


static mfa_status_t
address_set(mfa_tx_t *tx, address_t *self)
{
    mfa_status_t  st;

    if (address_is_of(&self->user, self->email)) {
        return address_refuse(self, "the person has this address already");
    }

    st = address_former(tx, self);

    if (st == MFA_OK) {
        st = address_others(tx, self, self->email);
    }

    if (mfa_str_eq(self->user.email, self->former)) {
        self->user.email = self->email;
    }

    return st;
}


static mfa_status_t
address_add(mfa_tx_t *tx, address_t *self)
{
    mfa_status_t  st;

    if (address_is_of(&self->user, self->email)) {
        return address_refuse(self, "the person has this address already");
    }

    if (self->user.email.len == 0) {
        self->user.email = self->email;
        return MFA_OK;
    }

    /* a copy: the letters go to the list from before */

    st = address_others(tx, self, mfa_null);

    return st == MFA_OK ? mfa_strs_add(tx->work->arena,
                                       &self->user.other_emails, self->email)
                        : st;
}


/* the first of the others takes the place of the first address */

static mfa_status_t
address_remove(mfa_tx_t *tx, address_t *self)
{
    mfa_status_t  st;

    if (!address_is_of(&self->user, self->email)) {
        return address_refuse(self, "the person does not have this address");
    }

    if (self->user.other_emails.count == 0) {
        return address_refuse(self, "this is the person's only address; "
                              "correct it with \"user set-email\"");
    }

    self->former = self->email;

    if (mfa_str_eq(self->user.email, self->former)) {
        self->user.email = self->user.other_emails.items[0];
        self->former = self->user.email;
        st = address_others(tx, self, mfa_null);
        self->former = self->email;
        return st;
    }

    return address_others(tx, self, mfa_null);
}


static mfa_status_t
address_change(mfa_tx_t *tx, address_t *self)
{
    switch (self->kind) {
    case ADDRESS_SET:
        return address_set(tx, self);
    case ADDRESS_ADD:
        return address_add(tx, self);
    default:
        return address_remove(tx, self);
    }
}


static mfa_status_t
address_save(mfa_tx_t *tx, address_t *self)
{
    mfa_status_t  st;

    st = mfa_user_save(tx, &self->user, NULL);

    if (st == MFA_EXISTS) {
        return address_refuse(self, "this address is on another person's "
                              "record");
    }

    if (st == MFA_INVALID) {
        return address_refuse(self, "the person has as many addresses as are "
                              "possible");
    }

    return st;
}


/* what an address opens ends with it */

static mfa_status_t
address_leave(mfa_tx_t *tx, address_t *self)
{
    mfa_status_t         st;
    mfa_factor_record_t  record;

    if (self->former.len == 0) {
        return MFA_OK;
    }

    st = mfa_flow_delete_all(tx, &self->user.id, NULL);

    if (st == MFA_OK) {
        st = mfa_factor_record_get(tx, &self->user.id, mfa_str("email"),
                                   &record);
    }

    if (st != MFA_OK || !mfa_str_eq(record.secret, self->former)) {
        return st == MFA_NOT_FOUND ? MFA_OK : st;
    }

    self->is_factor_removed = true;

    st = mfa_factor_record_delete(tx, &self->user.id, mfa_str("email"));

    if (st == MFA_OK) {
        st = mfa_device_delete_all(tx, &self->user.id);
    }

    return st == MFA_OK ? mfa_session_end_all(tx, &self->user) : st;
}


static mfa_status_t
address_tell(mfa_tx_t *tx, const address_t *self, const mfa_user_t *told)
{
    mfa_status_t     st;
    mfa_event_t      event = { .name = self->event };
    mfactl_letter_t  letter = { .flag = self->flag };

    letter.subject = self->former;

    if (self->kind != ADDRESS_REMOVE) {
        letter.new_address = self->email;
    }

    if (self->is_factor_removed) {
        event.factor = "email";
    }

    st = mfactl_tell(tx, told, &letter);

    return st == MFA_OK ? mfactl_event_add(tx, &event, &told->id) : st;
}


static mfa_status_t
address_run(mfa_tx_t *tx, void *arg)
{
    address_t     *self = arg;
    mfa_user_t     told;
    mfa_status_t   st;

    self->has_user = false;
    self->is_factor_removed = false;
    self->why = NULL;
    self->former = mfa_null;

    st = mfactl_user_find(tx, self->typed, &self->user);
    if (st != MFA_OK) {
        return st;
    }

    self->has_user = true;
    told = self->user;

    st = mfa_email_canonical(tx->work->arena, mfa_str_from(self->value),
                             &self->email);
    if (st == MFA_INVALID) {
        return address_refuse(self, "the second word is no e-mail address");
    }

    if (st == MFA_OK) {
        st = address_change(tx, self);
    }

    if (st == MFA_OK) {
        st = address_save(tx, self);
    }

    if (st == MFA_OK) {
        st = address_leave(tx, self);
    }

    return st == MFA_OK ? address_tell(tx, self, &told) : st;
}


static mfactl_exit_t
address_do(mfactl_t *ctl, address_t *self)
{
    json_t         *object;
    mfa_status_t    st;
    mfactl_exit_t   code;

    self->typed = ctl->args[0];
    self->value = ctl->args[1];

    code = mfactl_open(ctl);
    if (code != MFACTL_DONE) {
        return code;
    }

    st = mfactl_turn(ctl, MFACTL_UPDATE, address_run, self);

    if (st == MFA_NOT_FOUND && !self->has_user) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "there is no user \"%s\"",
                           self->typed);
    }

    if (st == MFA_INVALID && self->why != NULL) {
        return mfactl_fail(ctl, MFACTL_REFUSED, "%s", self->why);
    }

    if (st != MFA_OK) {
        return mfactl_fail_status(ctl, st, "change the addresses");
    }

    object = json_object();
    mfactl_set(object, "done", mfa_str_from(self->done));
    mfactl_set(object, "email", self->user.email);
    mfactl_set(object, "user", self->user.user);
    mfactl_set_list(object, "other_emails", &self->user.other_emails);
    json_object_set_new(object, "factor_removed",
                        json_boolean(self->is_factor_removed));
    mfactl_put(ctl, object);

    return MFACTL_DONE;
}


mfactl_exit_t
mfactl_user_set_email(mfactl_t *ctl)
{
    return address_do(ctl, &(address_t) {
        .kind = ADDRESS_SET,
        .done = "user.set-email",
        .event = "staff.correct",
        .flag = "corrected"
    });
}


mfactl_exit_t
mfactl_user_add_email(mfactl_t *ctl)
{
    return address_do(ctl, &(address_t) {
        .kind = ADDRESS_ADD,
        .done = "user.add-email",
        .event = "staff.add",
        .flag = "added"
    });
}


mfactl_exit_t
mfactl_user_remove_email(mfactl_t *ctl)
{
    return address_do(ctl, &(address_t) {
        .kind = ADDRESS_REMOVE,
        .done = "user.remove-email",
        .event = "staff.remove_address",
        .flag = "address_removed"
    });
}
